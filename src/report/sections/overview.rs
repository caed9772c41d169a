//! All endpoints together: the decisions of the multiplicity procedure, the diagnostics of the models.

use crate::report::compose::section as titled;
use crate::report::document::{Block, Part, Section};
use crate::report::exhibits::{Material, families, models};

/// The section; `None` where it would be empty.
pub fn section(material: &Material) -> Option<Section> {
    let mut section = titled(material, "overview");
    section.part = Part::Annex;
    if let Some(table) = families::multiplicity(material, "14.2") {
        section.blocks.push(Block::Paragraph(super::methods::multiplicity(material)));
        section.blocks.push(Block::Table(table));
    }
    section.blocks.extend(models::overview(material, "14.2").map(Block::Table));
    (!section.blocks.is_empty()).then_some(section)
}
