//! `results.json`: every number of a run, unrounded, under a stable identifier.

use crate::analysis::Run;
use serde_json::{Value, json};

/// Identifier of the layout of `results.json`; it changes when a field changes its meaning.
pub const SCHEMA: &str = "splitknee-results-1";

/// The results of a run as one JSON document.
///
/// # Errors
/// A record that cannot be serialised, which no record is.
pub fn render(run: &Run) -> Result<String, serde_json::Error> {
    let design = &run.trial.design;
    let sets: Vec<Value> = run
        .trial
        .sets
        .iter()
        .map(|set| json!({"name": set.name, "label": set.label, "patients": set.size()}))
        .collect();
    let trial = json!({
        "id": run.plan.trial.id,
        "title": run.plan.trial.title,
        "synthetic": run.plan.trial.synthetic,
        "patients": run.trial.patients.len(),
        "knees": run.trial.knees(),
        "randomised": run.trial.randomised,
        "arms": design.arms,
        "visits": design.visits.iter().map(|visit| &visit.label).collect::<Vec<_>>(),
        "analysis_sets": sets,
    });
    let document = json!({
        "schema": SCHEMA,
        "splitknee": env!("CARGO_PKG_VERSION"),
        "trial": trial,
        "results": run.outcomes.records.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?,
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&document)?))
}
