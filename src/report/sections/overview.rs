//! All endpoints together: every difference at every visit, the decisions of the multiplicity procedure, the diagnostics
//! of the models.

use crate::figure::{FigureError, Style};
use crate::report::compose::section as titled;
use crate::report::document::{Block, Section};
use crate::report::exhibits::{Material, families, figures, models, responders};

/// The section; `None` where it would be empty.
///
/// # Errors
/// A figure that cannot be drawn.
pub fn section(material: &Material, style: &Style) -> Result<Option<Section>, FigureError> {
    let words = material.words;
    let mut section = titled(material, "overview");
    let forest = figures::forest_all(material, "14.2.0.2", style)?;
    if forest.is_empty() {
        section.blocks.push(Block::Paragraph(words.get("text.no_forest")));
    }
    section.blocks.extend(forest.into_iter().map(Block::Figure));
    if let Some(table) = families::multiplicity(material, "14.2.0.1") {
        section.blocks.push(Block::Paragraph(super::methods::multiplicity(material)));
        section.blocks.push(Block::Table(table));
    }
    section.blocks.extend(responders::omeract(material, "14.2.0.2").map(Block::Table));
    section.blocks.extend(models::overview(material, "14.2.0.3").map(Block::Table));
    Ok((!section.blocks.is_empty()).then_some(section))
}
