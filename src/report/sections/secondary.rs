//! All endpoints that are not primary, in one table; responders by criteria over several endpoints.

use crate::report::compose::section as titled;
use crate::report::document::{Block, Section};
use crate::report::exhibits::{Material, responders, secondary};

/// The section; `None` where every endpoint is primary.
pub fn section(material: &Material) -> Option<Section> {
    let mut section = titled(material, "secondary");
    if let Some(table) = secondary::table(material, "14.2") {
        section.blocks.push(Block::Paragraph(super::methods::multiplicity(material)));
        section.blocks.push(Block::Table(table));
    }
    section.blocks.extend(responders::omeract(material, "14.2").map(Block::Table));
    (!section.blocks.is_empty()).then_some(section)
}
