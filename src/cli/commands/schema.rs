//! `splitknee schema`: JSON Schema of the plan and of the results.

use crate::cli::args::SchemaArgs;
use crate::cli::error::CliError;
use crate::cli::terminal;
use crate::plan;
use crate::report::results_schema;

/// Runs the command.
///
/// # Errors
/// Stdout cannot be written.
pub fn run(args: &SchemaArgs) -> Result<(), CliError> {
    match args.of.as_str() {
        "results" => terminal::print(results_schema::SCHEMA),
        _ => terminal::json(&plan::schema::schema()),
    }
}
