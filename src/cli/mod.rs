//! The command line: arguments in, exit code out. Everything it does is a call into the library.
//!
//! Exit codes: 0 done; 1 findings that stop the analysis (bad data or plan); 2 wrong usage; 3 an output could not be
//! written; 4 everything was written, but a primary endpoint could not be assessed. Results go to stdout, progress and errors to stderr.

pub mod args;
pub mod commands;
pub mod error;
mod findings_text;
pub mod input;
mod input_checks;
pub mod model_figure;
mod model_further;
pub mod model_input;
pub mod model_text;
pub mod output;
pub mod power;
pub mod run_summary;
mod simulation_page;
pub mod terminal;
mod visit_order;

use clap::FromArgMatches;
use error::CliError;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program on `arguments` (the program's name first).
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let read = args::command().try_get_matches_from(arguments);
    let cli = match read.and_then(|mut matches| args::Cli::from_arg_matches_mut(&mut matches)) {
        Ok(cli) => cli,
        Err(error) => {
            terminal::usage(&error);
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    crate::disk::interrupt::listen();
    match commands::run(cli.command) {
        Ok(code) => code,
        Err(error) => {
            terminal::report(&error);
            ExitCode::from(error.code())
        }
    }
}

impl From<CliError> for ExitCode {
    fn from(error: CliError) -> Self {
        ExitCode::from(error.code())
    }
}
