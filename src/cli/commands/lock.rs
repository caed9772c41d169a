//! `splitknee lock`: seals a plan before unblinding.

use crate::cli::args::LockArgs;
use crate::cli::error::CliError;
use crate::cli::output::write_whole;
use crate::cli::terminal;
use crate::pipeline;
use crate::plan::lock;
use std::path::Path;

/// Runs the command.
///
/// # Errors
/// Findings in the plan, a date that is none, an earlier seal, a seal that cannot be written.
pub fn run(args: &LockArgs) -> Result<(), CliError> {
    let plan = pipeline::load_plan(&args.plan).map_err(CliError::Findings)?;
    let data = lock::data_hashes(&plan, args.plan.parent().unwrap_or(Path::new("")));
    let seal = lock::seal_with(&plan, &args.date, data).map_err(CliError::Findings)?;
    let path = lock::path_of(&args.plan);
    if path.exists() && !args.replace {
        let message =
            "the plan has been sealed before\n  help: keep that seal, or give --replace to seal the plan anew";
        return Err(CliError::Refused(format!("{}: {message}", path.display())));
    }
    write_whole(&path, &seal)?;
    terminal::print(&format!("{}\nsha256 of the plan: {}\n", path.display(), plan.sha256))
}
