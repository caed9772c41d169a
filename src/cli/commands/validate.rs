//! `splitknee validate`: recomputes the reference values inside the program.

use crate::cli::args::ValidateArgs;
use crate::cli::error::CliError;
use crate::cli::output::write_whole;
use crate::cli::terminal;
use crate::data::source::sha256_hex;
use crate::qualification::{qualify, report};
use std::process::ExitCode;

/// Runs the command: exit code 1 where a value fails.
///
/// # Errors
/// The report cannot be written.
pub fn run(args: &ValidateArgs) -> Result<ExitCode, CliError> {
    let mut qualification = qualify();
    let program = std::env::current_exe().and_then(std::fs::read);
    qualification.executable_sha256 = program.ok().map(|bytes| sha256_hex(&bytes));
    if let Some(folder) = &args.out {
        let fail = |error: &dyn std::fmt::Display| CliError::Output(format!("{}: {error}", folder.display()));
        std::fs::create_dir_all(folder).map_err(|error| fail(&error))?;
        for (name, text) in report::files(&qualification).map_err(|error| fail(&error))? {
            write_whole(&folder.join(name), &text)?;
        }
    }
    if args.format == "json" {
        terminal::json(&qualification)?;
    } else {
        terminal::print(&report::summary(&qualification))?;
        if let Some(folder) = &args.out {
            terminal::print(&format!("Report: {}\n", folder.join("qualification.html").display()))?;
        }
    }
    Ok(ExitCode::from(u8::from(qualification.failed > 0)))
}
