//! `splitknee init`: a commented plan, a data template and a data dictionary to start from.

use crate::cli::args::InitArgs;
use crate::cli::error::CliError;
use crate::cli::terminal;
use crate::disk::remedy;
use crate::plan::init;
use std::io::ErrorKind;

/// Runs the command.
///
/// # Errors
/// A file of that name is there already, or one cannot be written.
pub fn run(args: &InitArgs) -> Result<(), CliError> {
    let paths = init::init(&args.folder).map_err(|error| {
        CliError::Output(format!(
            "{}: {error}\n  help: {}",
            args.folder.display(),
            match error.kind() {
                ErrorKind::AlreadyExists | ErrorKind::NotADirectory => "name a new or empty folder",
                _ => remedy::of(&error),
            }
        ))
    })?;
    let mut text: String = paths.iter().map(|path| format!("{}\n", path.display())).collect();
    let plan = args.folder.join("plan.toml");
    text.push_str(&format!("\nNext: edit {0}, then splitknee check {0}\n", plan.display()));
    terminal::print(&text)
}
