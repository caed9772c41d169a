//! Estimands: what happened after treatment and the estimates; in the annex what is asked, what became of every cell, and
//! how it was imputed.

use crate::figure::{FigureError, Style};
use crate::report::compose::section as titled;
use crate::report::document::{Block, Part, Section};
use crate::report::exhibits::{Material, estimands, imputation, tipping};
use crate::report::sources;

/// The section; `None` where the plan declares no estimand, or where the analyses of the endpoints estimate it.
///
/// # Errors
/// A figure that cannot be drawn.
pub fn section(material: &Material, style: &Style) -> Result<Option<Section>, FigureError> {
    let estimated = estimands::estimated(material);
    if estimated.is_empty() {
        return Ok(None);
    }
    let mut section = titled(material, "estimands");
    for own in &estimated {
        section.blocks.push(Block::Paragraph(estimands::paragraph(material, own)));
        section.blocks.extend(sources::block(own.main()));
    }
    section.blocks.extend(estimands::events(material, "14.4.4").map(Block::Table));
    section.blocks.extend(estimands::estimates(material, "14.4.6").map(Block::Table));
    section.blocks.extend(estimands::forest(material, "14.4.8", style)?.into_iter().map(Block::Figure));
    Ok(Some(section))
}

/// What is asked, what became of every cell, and how it was imputed; `None` where the plan declares no estimand.
///
/// # Errors
/// A figure that cannot be drawn.
pub fn annex(material: &Material, style: &Style) -> Result<Option<Section>, FigureError> {
    let Some(declared) = estimands::table(material, "14.4.3") else { return Ok(None) };
    let mut section = titled(material, "annex_estimands");
    section.part = Part::Annex;
    section.blocks.push(Block::Table(declared));
    section.blocks.extend(estimands::cells(material, "14.4.5").map(Block::Table));
    section.blocks.extend(imputation::courses(material, "14.4.10", style)?.into_iter().map(Block::Figure));
    section.blocks.extend(tipping::tipping(material, "14.4.7").map(Block::Table));
    section.blocks.extend(tipping::maps(material, "14.4.9", style)?.into_iter().map(Block::Figure));
    section.blocks.extend(imputation::diagnostics(material, "14.4.11", style)?.into_iter().map(Block::Figure));
    section.blocks.extend(imputation::quality(material, "14.4.12").map(Block::Table));
    section.blocks.extend(imputation::influence(material, "14.4.13").map(Block::Table));
    Ok(Some(section))
}
