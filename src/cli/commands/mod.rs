//! One file per command.

mod check;
mod compare;
mod demo;
mod gee;
mod init;
mod lock;
mod model;
mod run;
mod schema;
mod score;
mod shell;
mod summary;
mod test;
mod validate;

use super::args::Command;
use super::error::CliError;
use std::process::ExitCode;

/// Runs a command.
///
/// # Errors
/// Why it stopped, with its exit code.
pub fn run(command: Command) -> Result<ExitCode, CliError> {
    match command {
        Command::Check(args) => return check::run(&args),
        Command::Compare(args) => return compare::run(&args),
        Command::Validate(args) => return validate::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Lock(args) => lock::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Model(args) => model::run(&args),
        Command::Gee(args) => gee::run(&args),
        Command::Score(args) => score::run(&args),
        Command::Summary(args) => summary::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Completions(args) => shell::completions(&args),
        Command::Man => shell::manual(),
    }?;
    Ok(ExitCode::SUCCESS)
}
