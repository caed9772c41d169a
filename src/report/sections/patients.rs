//! Who took part: flow of patients and knees, disposition, baseline in two panels, exposure.

use crate::analysis::participants;
use crate::figure::{FigureError, Style};
use crate::report::compose::section as titled;
use crate::report::document::{Block, Section};
use crate::report::exhibits::{Material, exposure, populations};
use crate::report::{sentences, sources};
use crate::trial::dates::Span;

/// The section.
///
/// # Errors
/// A figure that cannot be drawn.
pub fn section(material: &Material, style: &Style) -> Result<Section, FigureError> {
    let mut section = titled(material, "patients");
    if let Some(sentence) = dates(material) {
        section.blocks.push(Block::Paragraph(sentence));
        section.blocks.extend(sources::block(material.record(participants::DATES)));
    }
    section.blocks.push(Block::Table(populations::disposition(material, "14.1.1")));
    match populations::flow(material, "14.1.1", style)? {
        Some(figure) => section.blocks.push(Block::Figure(figure)),
        None => section.blocks.push(Block::Paragraph(material.words.get("flow.does_not_add_up"))),
    }
    section.blocks.extend(populations::patients(material, "14.1.2").map(Block::Table));
    section.blocks.extend(populations::knees(material, "14.1.3").map(Block::Table));
    section.blocks.push(Block::Table(exposure::table(material, "14.1.4")));
    section.blocks.extend(populations::deviations(material, "14.1.5").map(Block::Table));
    Ok(section)
}

/// The days of recruitment and of follow-up; `None` where the files have no dates.
pub fn dates(material: &Material) -> Option<String> {
    let words = material.words;
    let dates = &material.trial.dates;
    let said = |key: &str, span: &Span| {
        let of = material.trial.patients.len();
        let key = if span.patients == of { key.to_owned() } else { format!("{key}_of") };
        let (n, of) = (span.patients.to_string(), of.to_string());
        words.say(&format!("text.{key}"), &[("first", &*span.first), ("last", &span.last), ("n", &n), ("of", &of)])
    };
    let randomised = dates.randomised.as_ref().map(|span| said("dates_randomised", span));
    let visits = dates.visits.as_ref().map(|span| said("dates_visits", span));
    let said: Vec<String> = randomised.into_iter().chain(visits).collect();
    (!said.is_empty()).then(|| sentences::join(material, &said))
}
