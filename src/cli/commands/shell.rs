//! `splitknee completions` and `splitknee man`: the command line described for shells and for `man`.

use crate::cli::args::{Cli, CompletionsArgs};
use crate::cli::error::CliError;
use crate::cli::terminal;
use clap::CommandFactory;

/// Prints the completion script of a shell.
///
/// # Errors
/// Stdout cannot be written.
pub fn completions(args: &CompletionsArgs) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "splitknee", &mut script);
    terminal::print(&String::from_utf8_lossy(&script))
}

/// Prints the manual: the page of the program and one section per command.
///
/// # Errors
/// Stdout cannot be written.
pub fn manual() -> Result<(), CliError> {
    let mut page = Vec::new();
    let mut command = Cli::command();
    command.build();
    let failed = |error: std::io::Error| CliError::Output(format!("stdout: {error}"));
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(failed)?;
    for sub in command.get_subcommands() {
        page.extend(format!(".SH \"SPLITKNEE {}\"\n", sub.get_name().to_uppercase()).into_bytes());
        let man = clap_mangen::Man::new(sub.clone());
        man.render_description_section(&mut page).map_err(failed)?;
        man.render_synopsis_section(&mut page).map_err(failed)?;
        man.render_options_section(&mut page).map_err(failed)?;
    }
    terminal::print(&String::from_utf8_lossy(&page))
}
