//! One endpoint: the conclusion, the results in words, profiles, comparisons, differences, sensitivity analyses; grades
//! have bars and shift tables instead of profiles.

use crate::figure::{FigureError, Style};
use crate::report::compose::primary_visit;
use crate::report::document::{Block, Section};
use crate::report::exhibits::{Material, families, figures, grades, repeated, responders, tables};
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
    let mut number = Numbers { stem: format!("14.2.{position}"), figures: 0, tables: 0 };
    let graded = matches!(about.kind, Kind::Ordinal | Kind::Binary);
    if graded {
        section.blocks.extend(grades::bars(material, endpoint, &number.figure(), style)?.map(Block::Figure));
    } else if about.visits.len() > 1 {
        let profiles = figures::profiles(material, endpoint, &number.figure(), style)?;
        section.blocks.extend(profiles.map(Block::Figure));
    }
    section.blocks.push(Block::Table(tables::comparisons(material, endpoint, &number.table())));
    if graded {
        section.blocks.extend(grades::pairs(material, endpoint, visit, &number.table()).map(Block::Table));
        if let Some(table) = grades::shifts(material, endpoint, visit, &number.next_table()) {
            number.tables += 1;
            section.blocks.push(Block::Table(table));
        }
        further(material, endpoint, &mut number, &mut section);
        return Ok(section);
    }
    let differences = figures::differences(material, endpoint, visit, &number.figure(), style)?;
    section.blocks.extend(differences.map(Block::Figure));
    if primary {
        let slopes = figures::slopes(material, endpoint, visit, &number.figure(), style)?;
        section.blocks.extend(slopes.map(Block::Figure));
        let waterfall = figures::waterfall(material, endpoint, visit, &number.figure(), style)?;
        section.blocks.extend(waterfall.map(Block::Figure));
        let sensitivity = figures::sensitivity(material, endpoint, visit, &number.figure(), style)?;
        section.blocks.extend(sensitivity.map(Block::Figure));
        if let Some(text) = sentences::second_opinion(material, endpoint, visit) {
            section.blocks.push(Block::Paragraph(text));
            section.blocks.extend(sources::block(material.outcomes.comparison(endpoint, visit, "second-opinion")));
        }
        section.blocks.extend(sentences::assumptions(material, endpoint).map(Block::Paragraph));
        let curve = responders::curve(material, endpoint, visit, &number.figure(), style)?;
        section.blocks.extend(curve.map(Block::Figure));
    }
    section.blocks.push(Block::Table(tables::by_visit(material, endpoint, &number.table())));
    if let Some(table) = responders::table(material, endpoint, &number.next_table()) {
        number.tables += 1;
        section.blocks.push(Block::Table(table));
    }
    further(material, endpoint, &mut number, &mut section);
    section.blocks.extend(families::subgroups(material, endpoint, &number.next_table()).map(Block::Table));
    Ok(section)
}

/// The tests over all visits, and those that describe the pairs, where the plan asks for them.
fn further(material: &Material, endpoint: usize, number: &mut Numbers, section: &mut Section) {
    for exhibit in [repeated::table, repeated::further] {
        if let Some(table) = exhibit(material, endpoint, &number.next_table()) {
            number.tables += 1;
            section.blocks.push(Block::Table(table));
        }
    }
}

/// Running numbers of the figures and tables of a section.
struct Numbers {
    stem: String,
    figures: usize,
    tables: usize,
}

impl Numbers {
    fn figure(&mut self) -> String {
        self.figures += 1;
        format!("{}.{}", self.stem, self.figures)
    }

    fn table(&mut self) -> String {
        self.tables += 1;
        format!("{}.{}", self.stem, self.tables)
    }

    /// The number the next table would have.
    fn next_table(&self) -> String {
        format!("{}.{}", self.stem, self.tables + 1)
    }
}
