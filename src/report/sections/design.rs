//! What the within-person design did: correlation of the knees, gain of pairing, one-knee patients, sides, carry-across, the
//! block for meta-analysts.

use crate::report::compose::section as titled;
use crate::report::document::{Block, Part, Section};
use crate::report::exhibits::{Material, within};
use crate::report::sentences;

/// The section.
pub fn section(material: &Material) -> Section {
    let words = material.words;
    let mut section = titled(material, "design");
    if let Some(rationale) = &material.plan.trial.rationale {
        section.blocks.push(Block::Paragraph(rationale.clone()));
    }
    section.blocks.push(Block::Paragraph(words.get("text.carry_across")));
    section.blocks.extend(sentences::placebo_change(material).into_iter().map(Block::Paragraph));
    section.blocks.extend(within::sample_size(material, "14.5.5").map(Block::Table));
    section
}

/// Correlation of the knees, the grid of carry-across, what one-knee patients add, sides, the block for meta-analysts.
pub fn annex(material: &Material) -> Section {
    let mut section = titled(material, "annex_design");
    section.part = Part::Annex;
    let correlation = within::correlation(material, "14.5.1");
    section.blocks.extend((!correlation.rows.is_empty()).then_some(Block::Table(correlation)));
    section.blocks.extend(within::carry_across(material, "14.5.3").map(Block::Table));
    section.blocks.extend(within::one_knee(material, "14.5.2").map(Block::Table));
    section.blocks.extend(within::sides(material, "14.5.6").map(Block::Table));
    section.blocks.extend(within::meta_analysis(material, "14.5.4").map(Block::Table));
    section
}
