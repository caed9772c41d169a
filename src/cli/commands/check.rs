//! `splitknee check`: every finding in plan and data; nothing is written.

use crate::cli::args::CheckArgs;
use crate::cli::error::CliError;
use crate::cli::terminal;
use crate::pipeline::{self, Inputs};
use crate::plan::waivers::{Review, review};
use crate::trial::{Finding, Severity, build};
use std::process::ExitCode;

/// Runs the command: exit code 1 where a finding is an error.
///
/// # Errors
/// Stdout cannot be written.
pub fn run(args: &CheckArgs) -> Result<ExitCode, CliError> {
    let reviewed = match pipeline::read(&args.plan) {
        Ok(inputs) => validate(&inputs),
        Err(open) => Review { open, ..Review::default() },
    };
    let stopped = reviewed.open.iter().any(|finding| finding.severity == Severity::Error);
    if args.format == "json" {
        terminal::json(&listed(&reviewed)?)?;
    } else {
        terminal::print(&text(&reviewed))?;
    }
    Ok(ExitCode::from(u8::from(stopped)))
}

fn validate(inputs: &Inputs) -> Review {
    let findings = match build::build(&inputs.plan.design(), &inputs.sources) {
        Ok((_, findings)) | Err(findings) => findings,
    };
    review(&inputs.plan, findings)
}

/// One object per finding; a waived one with the plan's reason.
fn listed(reviewed: &Review) -> Result<Vec<serde_json::Value>, CliError> {
    let object =
        |finding: &Finding| serde_json::to_value(finding).map_err(|error| CliError::Output(format!("stdout: {error}")));
    let mut list = reviewed.open.iter().map(object).collect::<Result<Vec<_>, _>>()?;
    for waived in &reviewed.waived {
        let mut value = object(&waived.finding)?;
        if let Some(fields) = value.as_object_mut() {
            fields.insert("waived".to_owned(), waived.reason.clone().into());
        }
        list.push(value);
    }
    Ok(list)
}

fn text(reviewed: &Review) -> String {
    let mut text: String = reviewed.open.iter().map(|finding| format!("{finding}\n")).collect();
    for waived in &reviewed.waived {
        let finding = &waived.finding;
        text.push_str(&format!("waived[{}] {}: {}\n", finding.rule, finding.location, finding.message));
        text.push_str(&format!("  reason: {}\n", waived.reason));
    }
    for rule in &reviewed.unused {
        text.push_str(&format!("note: the plan waives {rule}, of which nothing was found\n"));
    }
    let count = |severity| reviewed.open.iter().filter(|finding| finding.severity == severity).count();
    text.push_str(&format!(
        "{} error(s), {} warning(s), {} note(s), {} waived\n",
        count(Severity::Error),
        count(Severity::Warning),
        count(Severity::Note),
        reviewed.waived.len()
    ));
    text
}
