//! `manifest.json`: what went in, what came out, and with which program.

use super::bundle::Bundle;
use crate::analysis::Run;
use crate::disk;
use serde_json::{Value, json};

/// SHA-256 of the program that ran; `null` in a development build, which is large and is nobody's installation.
fn executable() -> Option<String> {
    if cfg!(debug_assertions) {
        return None;
    }
    disk::read::sha256(&std::env::current_exe().ok()?).ok()
}

/// The manifest of a run whose outputs are `bundle`.
///
/// # Errors
/// Never in practice: the document holds only text and numbers.
pub fn render(run: &Run, bundle: &Bundle) -> Result<String, serde_json::Error> {
    let inputs: Vec<Value> = run
        .sources
        .provenance()
        .iter()
        .map(|(name, file)| json!({"path": name, "sha256": file.sha256, "format": file.format.title(), "rows": file.rows}))
        .collect();
    let outputs = bundle.listed();
    let document = json!({
        "splitknee": env!("CARGO_PKG_VERSION"),
        "executable_sha256": executable(),
        "plan": {"path": run.plan.file_name, "sha256": run.plan.sha256, "lock": run.lock},
        "dummy_treatment": run.reading.blinded,
        "redacted_ids": run.reading.redact_ids,
        "redacted_with_key": run.reading.redact_ids && run.reading.redact_key.is_some(),
        "inputs": inputs,
        "seed": run.plan.analysis.seed,
        "outputs": outputs,
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&document)?))
}
