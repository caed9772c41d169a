//! What was not observed, and what the analyses assume about it.

use crate::figure::{FigureError, Style};
use crate::report::compose::section as titled;
use crate::report::document::{Block, Part, Section};
use crate::report::exhibits::{Material, missing, survival};
use crate::report::sources;

/// The section.
///
/// # Errors
/// A figure that cannot be drawn.
pub fn section(material: &Material, style: &Style) -> Result<Section, FigureError> {
    let words = material.words;
    let mut section = titled(material, "missing");
    for (position, endpoint) in material.primary_endpoints().into_iter().enumerate() {
        if survival::is(material, endpoint) {
            let name = [("endpoint", material.endpoint(endpoint).name.as_str())];
            section.blocks.push(Block::Paragraph(words.say("text.censored_intro", &name)));
            continue;
        }
        let (observed, scheduled) = missing::observed(material, endpoint);
        let values = [
            ("endpoint", material.endpoint(endpoint).name.as_str()),
            ("observed", &observed.to_string()),
            ("scheduled", &scheduled.to_string()),
        ];
        section.blocks.push(Block::Paragraph(words.say("text.missing_intro", &values)));
        section.blocks.extend(sources::block(sources::observed(material, endpoint)));
        if observed == scheduled {
            continue;
        }
        let number = format!("14.4.{}", position + 1);
        section.blocks.extend(missing::map(material, endpoint, &number, style)?.map(Block::Figure));
    }
    let measured = (0..material.trial.design.endpoints.len()).any(|endpoint| !survival::is(material, endpoint));
    section.blocks.extend(measured.then(|| Block::Paragraph(words.get("text.missing_assumption"))));
    for (position, endpoint) in material.primary_endpoints().into_iter().enumerate() {
        let (observed, scheduled) = missing::observed(material, endpoint);
        if survival::is(material, endpoint) || observed == scheduled {
            continue;
        }
        let number = format!("14.4.2.{}", position + 1);
        section.blocks.extend(missing::patterns(material, endpoint, &number).map(Block::Table));
    }
    Ok(section)
}

/// Observed knees of every endpoint.
pub fn annex(material: &Material) -> Section {
    let mut section = titled(material, "annex_missing");
    section.part = Part::Annex;
    let counts = missing::counts(material, "14.4.1");
    section.blocks.extend((!counts.rows.is_empty()).then_some(Block::Table(counts)));
    section
}
