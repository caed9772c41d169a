//! One file per command.

mod check;
mod check_read;
mod compare;
mod demo;
mod export;
mod gee;
mod impute;
mod impute_covariates;
mod init;
mod lock;
mod model;
mod power;
mod randomise;
pub mod run;
mod run_look;
mod schema;
mod score;
mod shell;
mod simulate;
mod summary;
mod survival;
mod test;
mod test_further;
mod validate;

use super::args::{Command, ReplaceArgs};
use super::error::CliError;
use crate::data::Date;
use crate::data::date::DateOrder;
use crate::pipeline::{Reading, Secret};
use crate::plan::redaction;
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
        Command::Export(args) => export::run(&args),
        Command::Lock(args) => lock::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Power(args) => power::run(&args),
        Command::Randomise(args) => randomise::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Model(args) => model::run(&args),
        Command::Gee(args) => gee::run(&args),
        Command::Survival(args) => survival::run(&args),
        Command::Impute(args) => impute::run(&args),
        Command::Score(args) => score::run(&args),
        Command::Summary(args) => summary::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Completions(args) => shell::completions(&args),
        Command::Man => shell::manual(),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// A day given on the command line.
///
/// # Errors
/// It is no date.
fn day<'a>(flag: &str, text: &'a str) -> Result<&'a str, CliError> {
    match Date::parse(text, DateOrder::Iso).filter(|_| text.len() == 10) {
        Some(_) => Ok(text),
        None => Err(CliError::Usage(format!("{flag} {text}: not a date; write it as YYYY-MM-DD"))),
    }
}

/// What the arguments say is replaced on reading.
///
/// # Errors
/// The file of the secret cannot be read, or holds too short a one.
fn reading(args: &ReplaceArgs) -> Result<Reading, CliError> {
    let secret = |path: &std::path::PathBuf| {
        let failed = |error: std::io::Error| {
            let help = redaction::secret_remedy(&error);
            CliError::Usage(format!(
                "--redact-key {}: the secret cannot be read: {error}\n  help: {help}",
                path.display()
            ))
        };
        redaction::read_secret(path).map(Secret).map_err(failed)
    };
    let redact_key = args.redact_key.as_ref().map(secret).transpose()?;
    Ok(Reading { blinded: args.blinded, redact_ids: args.redact_ids, redact_key })
}
