//! One endpoint: the conclusion, the results in words, profiles, comparisons, differences, sensitivity analyses; grades
//! have bars and shift tables instead of profiles.

use crate::figure::{FigureError, Style};
use crate::report::compose::primary_visit;
use crate::report::document::{Block, Section};
use crate::report::exhibits::{Material, families, figures, grades, models, repeated, responders, tables};
use crate::report::{sentences, sources};
use crate::trial::Kind;

/// The section of `endpoint`, whose exhibits are numbered from `14.2.<position>.1`.
///
/// # Errors
/// A figure that cannot be drawn.
pub fn section(material: &Material, endpoint: usize, position: usize, style: &Style) -> Result<Section, FigureError> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let primary = material.primary_endpoints().contains(&endpoint);
    let key = if primary { "section.primary" } else { "section.other" };
    let title = words.say(key, &[("endpoint", about.name.as_str())]);
    let mut section = Section::new(&format!("endpoint-{}", material.key(endpoint)), title);
    section.endpoint = Some(about.name.clone());
    let visit = primary_visit(material, endpoint);
    if let Some(record) = material.outcomes.deciding(endpoint, visit) {
        section.blocks.push(Block::Conclusion(sentences::conclusion(material, record)));
        section.blocks.extend(sources::block([record]));
    }
    if let Some(text) = sentences::results(material, endpoint, visit) {
        section.blocks.push(Block::Paragraph(text));
        section.blocks.extend(sources::block(sources::results(material, endpoint, visit)));
    }
    // Every kind of output has its own number, whether or not the others are there.
    let number = |place: usize| format!("14.2.{position}.{place}");
    let blocks = &mut section.blocks;
    if matches!(about.kind, Kind::Ordinal | Kind::Binary) {
        blocks.extend(grades::bars(material, endpoint, &number(1), style)?.map(Block::Figure));
        blocks.push(Block::Table(tables::comparisons(material, endpoint, &number(2))));
        blocks.extend(models::ls_means(material, endpoint, &number(3)).map(Block::Table));
        blocks.extend(grades::pairs(material, endpoint, visit, &number(7)).map(Block::Table));
        blocks.extend(grades::shifts(material, endpoint, visit, &number(8)).map(Block::Table));
        blocks.extend(repeated::table(material, endpoint, &number(9)).map(Block::Table));
        blocks.extend(repeated::further(material, endpoint, &number(10)).map(Block::Table));
        return Ok(section);
    }
    if about.visits.len() > 1 {
        blocks.extend(figures::profiles(material, endpoint, &number(1), style)?.map(Block::Figure));
    }
    blocks.push(Block::Table(tables::by_visit(material, endpoint, &number(1))));
    blocks.push(Block::Table(tables::comparisons(material, endpoint, &number(2))));
    blocks.extend(figures::differences(material, endpoint, visit, &number(2), style)?.map(Block::Figure));
    if primary {
        blocks.extend(figures::slopes(material, endpoint, visit, &number(3), style)?.map(Block::Figure));
        blocks.extend(figures::waterfall(material, endpoint, visit, &number(4), style)?.map(Block::Figure));
    }
    blocks.extend(models::ls_means(material, endpoint, &number(3)).map(Block::Table));
    if primary {
        blocks.extend(models::detail(material, endpoint, &number(4)).map(Block::Table));
        blocks.extend(figures::sensitivity(material, endpoint, visit, &number(5), style)?.map(Block::Figure));
        if let Some(text) = sentences::second_opinion(material, endpoint, visit) {
            blocks.push(Block::Paragraph(text));
            blocks.extend(sources::block(material.outcomes.comparison(endpoint, visit, "second-opinion")));
        }
        blocks.extend(sentences::assumptions(material, endpoint).map(Block::Paragraph));
        blocks.extend(models::residual_panels(material, endpoint, &number(6), style)?.map(Block::Figure));
        blocks.extend(figures::agreement(material, endpoint, visit, &number(7), style)?.map(Block::Figure));
        blocks.extend(responders::curve(material, endpoint, visit, &number(8), style)?.map(Block::Figure));
    }
    blocks.extend(responders::table(material, endpoint, &number(5)).map(Block::Table));
    blocks.extend(repeated::table(material, endpoint, &number(9)).map(Block::Table));
    blocks.extend(repeated::further(material, endpoint, &number(10)).map(Block::Table));
    blocks.extend(families::subgroups(material, endpoint, &number(6)).map(Block::Table));
    Ok(section)
}
