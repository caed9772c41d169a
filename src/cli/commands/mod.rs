//! One file per command.

mod check;
mod demo;
mod gee;
mod model;
mod run;
mod test;

use super::args::Command;
use super::error::CliError;
use std::process::ExitCode;

/// Runs a command.
///
/// # Errors
/// Why it stopped, with its exit code.
pub fn run(command: Command) -> Result<ExitCode, CliError> {
    match command {
        Command::Demo(args) => demo::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Run(args) => run::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Check(args) => check::run(&args),
        Command::Test(args) => test::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Model(args) => model::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Gee(args) => gee::run(&args).map(|()| ExitCode::SUCCESS),
    }
}
