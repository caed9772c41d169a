//! Who took part: flow of patients and knees, disposition, baseline in two panels, exposure.

use crate::figure::{FigureError, Style};
use crate::report::compose::section as titled;
use crate::report::document::{Block, Section};
use crate::report::exhibits::{Material, exposure, populations};

/// The section.
///
/// # Errors
/// A figure that cannot be drawn.
pub fn section(material: &Material, style: &Style) -> Result<Section, FigureError> {
    let mut section = titled(material, "patients");
    match populations::flow(material, "14.1.1", style)? {
        Some(figure) => section.blocks.push(Block::Figure(figure)),
        None => section.blocks.push(Block::Paragraph(material.words.get("flow.does_not_add_up"))),
    }
    section.blocks.push(Block::Table(populations::disposition(material, "14.1.1")));
    section.blocks.extend(populations::patients(material, "14.1.2").map(Block::Table));
    section.blocks.extend(populations::knees(material, "14.1.3").map(Block::Table));
    section.blocks.push(Block::Table(exposure::table(material, "14.1.4")));
    section.blocks.extend(populations::deviations(material, "14.1.5").map(Block::Table));
    Ok(section)
}
