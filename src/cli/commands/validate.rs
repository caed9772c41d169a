//! `splitknee validate`: recomputes the reference values inside the program.

use crate::cli::args::ValidateArgs;
use crate::cli::error::CliError;
use crate::cli::terminal;
use crate::data::source::sha256_hex;
use crate::disk::folder::Claim;
use crate::disk::inputs::Inputs;
use crate::qualification::{qualify, report};
use crate::report::bundle::Bundle;
use std::process::ExitCode;

/// Runs the command: exit code 1 where a value fails.
///
/// # Errors
/// The report cannot be written.
pub fn run(args: &ValidateArgs) -> Result<ExitCode, CliError> {
    // Before the work: a folder that cannot be used costs no time.
    let claim = args.out.as_deref().map(|out| Claim::new(out, &Inputs::default(), args.force)).transpose()?;
    let mut qualification = qualify();
    let program = std::env::current_exe().and_then(std::fs::read);
    qualification.executable_sha256 = program.ok().map(|bytes| sha256_hex(&bytes));
    if let Some(claim) = claim {
        let mut bundle = Bundle::default();
        for (name, text) in report::files(&qualification).map_err(|error| CliError::Output(error.to_string()))? {
            bundle.add(name, text);
        }
        bundle.add_manifest();
        claim.write(bundle.files())?.iter().for_each(|note| terminal::say(&format!("note: {note}")));
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
