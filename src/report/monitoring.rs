//! The report of an interim look for the monitoring committee: it alone has what an interim look shows.

use super::bundle::Bundle;
use super::document::{Block, Section};
use super::exhibits::{Material, interim, tables};
use super::options::Options;
use super::{ReportError, compose, numbering, pages};
use crate::analysis::Run;
use serde_json::json;

/// The files for the committee: page and numbers.
///
/// # Errors
/// The page cannot be made, or the numbers not be written as JSON.
pub fn files(run: &Run, options: &Options) -> Result<Bundle, ReportError> {
    let words = compose::words(&run.plan);
    let material = Material { plan: &run.plan, trial: &run.trial, outcomes: &run.outcomes, words: &words, options };
    let mut section = Section::new("monitoring", words.get("section.monitoring"));
    section.blocks.push(Block::Paragraph(words.get("methods.monitoring")));
    let mut records = Vec::new();
    for endpoint in material.primary_endpoints() {
        section.blocks.extend(interim::sentence(&material, endpoint, true).map(Block::Conclusion));
        section.blocks.extend(interim::standing(&material, endpoint, "1").map(Block::Table));
        section.blocks.extend(interim::bounds(&material, endpoint, "1").map(Block::Table));
        section.blocks.push(Block::Table(tables::comparisons(&material, endpoint, "1")));
        let of = |record: &&crate::analysis::Record| record.endpoint == Some(endpoint);
        records.extend(run.outcomes.records.iter().filter(of));
    }
    let mut sections = vec![section];
    numbering::assign(&mut sections);
    let document = compose::around(&material, run, sections);
    let mut bundle = Bundle::default();
    for (name, text) in pages::render(&document, &words, &[], &options.template)? {
        bundle.add(name.replace("report", "dmc-report"), text);
    }
    let results = json!({
        "splitknee": env!("CARGO_PKG_VERSION"),
        "plan_sha256": run.plan.sha256,
        "plan_lock": run.lock.describe(),
        "results": records,
    });
    bundle.add("dmc-results.json", serde_json::to_string_pretty(&results)?);
    Ok(bundle)
}
