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
    section.blocks.push(Block::Conclusion(safety_sentence(material)));
    section.blocks.extend(sources::block(material.record("safety.serious")));
    if let Some(text) = sentences::harms(material) {
        section.blocks.push(Block::Paragraph(text));
        section.blocks.extend(sources::block(sources::harms(material)));
    }
    section.blocks.push(Block::Table(harms::overview(material, "14.3.1")));
    section.blocks.extend(harms::by_term(material, "14.3.2").map(Block::Table));
    section.blocks.extend(harms::listing(material, "14.3.3", true).map(Block::Table));
    section.blocks.extend(harms::timeline(material, "14.3.1", style)?.into_iter().map(Block::Figure));
    Ok(Some(section))
}
