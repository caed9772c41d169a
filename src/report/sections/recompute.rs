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
    facts.extend(run.sources.tables().into_iter().map(|(name, table)| {
        let file = &table.provenance;
        let rows = match file.notes.iter().any(|note| note.starts_with("`where` keeps")) {
            true => {
                let counts = [("n", table.height().to_string()), ("all", file.rows.to_string())];
                words.say("recompute.kept", &counts.each_ref().map(|(name, count)| (*name, count.as_str())))
            }
            false => words.say("recompute.rows", &[("n", &file.rows.to_string())]),
        };
        // What the reader decided; the table of findings shows the first of a rule only.
        let decided: Vec<&str> =
            file.notes.iter().map(String::as_str).filter(|note| !note.starts_with("`where` keeps")).collect();
        let said = if decided.is_empty() { String::new() } else { format!(". {}", decided.join("; ")) };
        (name.to_owned(), format!("SHA-256 {} ({rows}){said}", file.sha256))
    }));
    section.blocks.push(Block::Facts(facts));
    section
}
