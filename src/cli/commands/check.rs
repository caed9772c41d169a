//! `splitknee check`: every finding in plan and data; nothing is written.

use crate::cli::args::CheckArgs;
use crate::cli::error::CliError;
use crate::cli::terminal;
use crate::pipeline::{self, Inputs};
use crate::trial::{Finding, Severity, build};
use std::process::ExitCode;

/// Runs the command: exit code 1 where a finding is an error.
///
/// # Errors
/// Stdout cannot be written.
pub fn run(args: &CheckArgs) -> Result<ExitCode, CliError> {
    let (findings, stopped) = match pipeline::read(&args.plan).and_then(|inputs| validate(&inputs)) {
        Ok(findings) => (findings, false),
        Err(findings) => (findings, true),
    };
    if args.format == "json" {
        terminal::json(&findings)?;
    } else {
        terminal::print(&text(&findings))?;
    }
    Ok(ExitCode::from(u8::from(stopped)))
}

fn validate(inputs: &Inputs) -> Result<Vec<Finding>, Vec<Finding>> {
    build::build(&inputs.plan.design(), &inputs.sources).map(|(_, findings)| findings)
}

fn text(findings: &[Finding]) -> String {
    let mut text: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    text.push_str(&format!(
        "{} error(s), {} warning(s), {} note(s)\n",
        count(Severity::Error),
        count(Severity::Warning),
        count(Severity::Note)
    ));
    text
}
