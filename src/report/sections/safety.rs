//! Harms of knees and of patients. Without adverse-event data there is no section; the first screen says so.

use super::summary::safety_sentence;
use crate::figure::{FigureError, Style};
use crate::report::compose::section as titled;
use crate::report::document::{Block, Section};
use crate::report::exhibits::{Material, harms};
use crate::report::{sentences, sources};

/// The section.
///
/// # Errors
/// A figure that cannot be drawn.
pub fn section(material: &Material, style: &Style) -> Result<Option<Section>, FigureError> {
    if material.trial.events.is_none() {
        return Ok(None);
    }
    let mut section = titled(material, "safety");
    let verdict: Vec<String> =
        std::iter::once(safety_sentence(material)).chain(sentences::harms_compared(material)).collect();
    section.blocks.push(Block::Conclusion(sentences::join(material, &verdict)));
    let about = ["safety.serious", "safety.compare.any"].into_iter().filter_map(|id| material.record(id));
    section.blocks.extend(sources::block(about));
    let found: Vec<String> = sentences::harms(material).into_iter().collect();
    if !found.is_empty() {
        section.blocks.push(Block::Paragraph(sentences::join(material, &found)));
        section.blocks.extend(sources::block(sources::harms(material)));
    }
    section.blocks.extend(harms::risks(material, "14.3", style)?.map(Block::Figure));
    section.blocks.push(Block::Table(harms::overview(material, "14.3.1")));
    section.blocks.extend(harms::compared(material, "14.3.3").map(Block::Table));
    section.blocks.extend(harms::by_term(material, "14.3.2").map(Block::Table));
    section.blocks.extend(harms::timing(material, "14.3.4").map(Block::Table));
    section.blocks.extend(harms::listing(material, "14.3.5", true).map(Block::Table));
    section.blocks.extend(harms::timeline(material, "14.3.1", style)?.into_iter().map(Block::Figure));
    Ok(Some(section))
}
