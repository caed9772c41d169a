//! How to recompute: files with their hashes, seed, version, the programs in `verify/`.

use crate::analysis::Run;
use crate::report::compose::section as titled;
use crate::report::document::{Block, Section};
use crate::report::exhibits::Material;

/// The section.
pub fn section(material: &Material, run: &Run) -> Section {
    let words = material.words;
    let mut section = titled(material, "recompute");
    section.blocks.push(Block::Paragraph(words.get("text.recompute")));
    section.blocks.push(Block::Paragraph(words.get("text.verify")));
    section.blocks.extend(run.plan.trial.source.clone().map(Block::Paragraph));
    let mut facts = vec![
        (words.get("recompute.program"), format!("splitknee {}", env!("CARGO_PKG_VERSION"))),
        (words.get("recompute.seed"), run.plan.analysis.seed.to_string()),
        (run.plan.file_name.clone(), format!("SHA-256 {}", run.plan.sha256)),
    ];
    let sources = run.sources.provenance().into_iter();
    facts.extend(sources.map(|(name, file)| {
        let rows = words.say("recompute.rows", &[("n", &file.rows.to_string())]);
        (name.to_owned(), format!("SHA-256 {} ({rows})", file.sha256))
    }));
    section.blocks.push(Block::Facts(facts));
    section
}
