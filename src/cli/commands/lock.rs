//! `splitknee lock`: seals a plan before unblinding.

use crate::cli::args::LockArgs;
use crate::cli::error::CliError;
use crate::cli::output::write_new;
use crate::cli::terminal;
use crate::disk::inputs::Inputs;
use crate::pipeline;
use crate::plan::{self, lock};
use std::path::Path;

/// Runs the command.
///
/// # Errors
/// Findings in the plan, a date that is none, an earlier seal, a seal that cannot be written.
pub fn run(args: &LockArgs) -> Result<(), CliError> {
    super::day("--date", &args.date)?;
    let plan = pipeline::load_plan(&args.plan).map_err(CliError::Findings)?;
    let folder = args.plan.parent().unwrap_or(Path::new(""));
    let data = lock::data_hashes(&plan, folder);
    let seal = lock::seal_with(&plan, &args.date, data).map_err(CliError::Findings)?;
    if lock::in_the_future(&args.date) {
        terminal::say(&format!(
            "warning: {} is after today by this computer's clock; the report will repeat it as the day of the seal",
            args.date
        ));
    }
    let path = lock::path_of(&args.plan);
    if path.exists() && !args.replace {
        let message =
            "the plan has been sealed before\n  help: keep that seal, or give --replace to seal the plan anew";
        return Err(CliError::Refused(format!("{}: {message}", path.display())));
    }
    let named = plan::files(&plan, folder);
    let read = Inputs::of(named.into_iter().chain([args.plan.clone()]));
    write_new(&path, seal.as_bytes(), &read, args.replace)?;
    terminal::print(&format!("{}\nsha256 of the plan: {}\n", path.display(), plan.sha256))
}
