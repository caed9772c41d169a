//! One endpoint. A primary endpoint has a section of its own with what answers its question; the annex has the details of
//! every endpoint: all analyses, scores by visit, grades, the model and its diagnostics.

use crate::figure::{FigureError, Style};
use crate::report::compose::primary_visit;
use crate::report::document::{Block, Part, Section};
use crate::report::exhibits::{
    Material, contrasts, course, families, figures, grades, interim, models, posterior, repeated, responders, survival,
    tables,
};
use crate::report::{sentences, sources};
use crate::trial::Kind;

/// Where the exhibits of endpoints are counted.
const CHAPTER: &str = "14.2";

/// The section of a primary endpoint.
///
/// # Errors
/// A figure that cannot be drawn.
pub fn primary(material: &Material, endpoint: usize, style: &Style) -> Result<Section, FigureError> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let title = words.say("section.primary", &[("endpoint", about.name.as_str())]);
    let mut section = Section::new(&format!("endpoint-{}", material.key(endpoint)), title);
    section.endpoint = Some(about.name.clone());
    let visit = primary_visit(material, endpoint);
    opening(material, endpoint, &mut section);
    let blocks = &mut section.blocks;
    if survival::is(material, endpoint) {
        of_times(material, endpoint, style, blocks)?;
        return Ok(section);
    }
    if graded(material, endpoint) {
        blocks.extend(grades::bars(material, endpoint, CHAPTER, style)?.map(Block::Figure));
        blocks.push(Block::Table(tables::comparisons(material, endpoint, CHAPTER)));
        blocks.extend(models::ls_means(material, endpoint, CHAPTER).map(Block::Table));
        blocks.extend(grades::pairs(material, endpoint, visit, CHAPTER).map(Block::Table));
        of_subgroups(material, endpoint, style, blocks)?;
        return Ok(section);
    }
    match models::ls_means(material, endpoint, CHAPTER) {
        Some(table) => blocks.push(Block::Table(table)),
        None => blocks.push(Block::Table(tables::comparisons(material, endpoint, CHAPTER))),
    }
    blocks.extend(course::figure(material, endpoint, CHAPTER, style)?.map(Block::Figure));
    of_contrasts(material, endpoint, style, blocks)?;
    blocks.extend(interim::sentence(material, endpoint, false).map(Block::Paragraph));
    blocks.extend(interim::standing(material, endpoint, CHAPTER).map(Block::Table));
    blocks.extend(interim::bounds(material, endpoint, CHAPTER).map(Block::Table));
    blocks.extend(figures::sensitivity(material, endpoint, visit, CHAPTER, style)?.map(Block::Figure));
    blocks.extend(figures::slopes(material, endpoint, visit, CHAPTER, style)?.map(Block::Figure));
    blocks.extend(sentences::residuals(material, endpoint).map(Block::Paragraph));
    blocks.extend(responders::table(material, endpoint, CHAPTER).map(Block::Table));
    of_subgroups(material, endpoint, style, blocks)?;
    Ok(section)
}

/// The details of an endpoint.
///
/// # Errors
/// A figure that cannot be drawn.
pub fn annex(material: &Material, endpoint: usize, style: &Style) -> Result<Section, FigureError> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let primary = material.primary_endpoints().contains(&endpoint);
    let title = words.say("section.annex", &[("endpoint", about.name.as_str())]);
    let kind = if primary { "annex" } else { "endpoint" };
    let mut section = Section::new(&format!("{kind}-{}", material.key(endpoint)), title);
    section.endpoint = Some(about.name.clone());
    section.part = Part::Annex;
    let visit = primary_visit(material, endpoint);
    if !primary {
        opening(material, endpoint, &mut section);
    }
    let blocks = &mut section.blocks;
    if survival::is(material, endpoint) {
        if primary {
            // Its own section has everything.
            section.blocks.clear();
        } else {
            of_times(material, endpoint, style, blocks)?;
        }
        return Ok(section);
    }
    if graded(material, endpoint) {
        if !primary {
            blocks.extend(grades::bars(material, endpoint, CHAPTER, style)?.map(Block::Figure));
            blocks.push(Block::Table(tables::comparisons(material, endpoint, CHAPTER)));
            blocks.extend(models::ls_means(material, endpoint, CHAPTER).map(Block::Table));
            blocks.extend(grades::pairs(material, endpoint, visit, CHAPTER).map(Block::Table));
            of_subgroups(material, endpoint, style, blocks)?;
        }
        blocks.extend(grades::shifts(material, endpoint, visit, CHAPTER).map(Block::Table));
        blocks.extend(repeated::table(material, endpoint, CHAPTER).map(Block::Table));
        blocks.extend(repeated::further(material, endpoint, CHAPTER).map(Block::Table));
        return Ok(section);
    }
    if !primary {
        blocks.extend(course::figure(material, endpoint, CHAPTER, style)?.map(Block::Figure));
        blocks.extend(models::ls_means(material, endpoint, CHAPTER).map(Block::Table));
        of_contrasts(material, endpoint, style, blocks)?;
    }
    if !primary || models::fit(material, endpoint).is_some() {
        blocks.push(Block::Table(tables::comparisons(material, endpoint, CHAPTER)));
    }
    blocks.push(Block::Table(tables::by_visit(material, endpoint, CHAPTER)));
    blocks.extend(posterior::table(material, endpoint, CHAPTER).map(Block::Table));
    if primary {
        blocks.extend(figures::differences(material, endpoint, visit, CHAPTER, style)?.map(Block::Figure));
        blocks.extend(figures::waterfall(material, endpoint, visit, CHAPTER, style)?.map(Block::Figure));
        blocks.extend(responders::curve(material, endpoint, visit, CHAPTER, style)?.map(Block::Figure));
        if let Some(text) = sentences::second_opinion(material, endpoint, visit) {
            blocks.push(Block::Paragraph(text));
            blocks.extend(sources::block(material.outcomes.comparison(endpoint, visit, "second-opinion")));
        }
        blocks.extend(sentences::engine(material, endpoint).map(Block::Paragraph));
        blocks.extend(models::detail(material, endpoint, CHAPTER).map(Block::Table));
        blocks.extend(models::residual_panels(material, endpoint, CHAPTER, style)?.map(Block::Figure));
        blocks.extend(figures::agreement(material, endpoint, visit, CHAPTER, style)?.map(Block::Figure));
    } else {
        blocks.extend(responders::table(material, endpoint, CHAPTER).map(Block::Table));
        of_subgroups(material, endpoint, style, blocks)?;
    }
    blocks.extend(repeated::table(material, endpoint, CHAPTER).map(Block::Table));
    blocks.extend(repeated::further(material, endpoint, CHAPTER).map(Block::Table));
    Ok(section)
}

/// The time to an event: curves, arms, comparisons.
fn of_times(material: &Material, endpoint: usize, style: &Style, blocks: &mut Vec<Block>) -> Result<(), FigureError> {
    blocks.extend(survival::figure(material, endpoint, CHAPTER, style)?.map(Block::Figure));
    blocks.push(Block::Table(survival::arms(material, endpoint, CHAPTER)));
    blocks.push(Block::Table(survival::comparisons(material, endpoint, CHAPTER)));
    Ok(())
}

/// The declared contrasts of the arms: the forest at the visit that decides, and the table.
fn of_contrasts(
    material: &Material,
    endpoint: usize,
    style: &Style,
    blocks: &mut Vec<Block>,
) -> Result<(), FigureError> {
    let visit = primary_visit(material, endpoint);
    blocks.extend(contrasts::figure(material, endpoint, visit, CHAPTER, style)?.map(Block::Figure));
    blocks.extend(contrasts::table(material, endpoint, CHAPTER).map(Block::Table));
    Ok(())
}

/// The subgroups of patients: the forest with the interactions, and the table.
fn of_subgroups(
    material: &Material,
    endpoint: usize,
    style: &Style,
    blocks: &mut Vec<Block>,
) -> Result<(), FigureError> {
    let visit = primary_visit(material, endpoint);
    blocks.extend(families::subgroup_forest(material, endpoint, visit, CHAPTER, style)?.into_iter().map(Block::Figure));
    blocks.extend(families::subgroups(material, endpoint, CHAPTER).map(Block::Table));
    Ok(())
}

fn graded(material: &Material, endpoint: usize) -> bool {
    matches!(material.endpoint(endpoint).kind, Kind::Ordinal | Kind::Binary)
}

/// The conclusion and the results in words, with the records behind them.
fn opening(material: &Material, endpoint: usize, section: &mut Section) {
    let visit = primary_visit(material, endpoint);
    if let Some(record) = material.outcomes.deciding(endpoint, visit) {
        section.blocks.push(Block::Conclusion(sentences::conclusion(material, record)));
        section.blocks.extend(sources::block([record]));
    }
    if let Some(text) = sentences::results(material, endpoint, visit) {
        section.blocks.push(Block::Paragraph(text));
        section.blocks.extend(sources::block(sources::results(material, endpoint, visit)));
    }
}
