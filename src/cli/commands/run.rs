//! `splitknee run`: from a plan and its data to results, tables, figures and report.

use crate::analysis::Conclusion;
use crate::cli::args::RunArgs;
use crate::cli::error::CliError;
use crate::cli::{run_summary, terminal};
use crate::disk::folder::Claim;
use crate::figure::font::FontSet;
use crate::pipeline::{self, Inputs, Run};
use crate::report::options::Options;
use crate::report::template::{FILES, Template};
use crate::trial::{Finding, Role};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};

/// Runs the command.
///
/// # Errors
/// Findings in plan or data; an output that could not be written.
pub fn run(args: &RunArgs) -> Result<(), CliError> {
    if let Some(look) = args.look {
        return super::run_look::run(args, look);
    }
    let out = args.out.clone().unwrap_or_else(|| beside(&args.plan));
    let reading = super::reading(&args.replace)?;
    let read = || {
        let mut inputs = pipeline::read_as(&args.plan, reading.clone())?;
        if args.stopped_at.is_some() || !args.earlier.is_empty() {
            inputs.plan = inputs.plan.at_look(args.stopped_at, &args.earlier)?;
        }
        match inputs.lock.refusal(&inputs.plan).filter(|_| args.require_lock) {
            Some(refusal) => Err(vec![refusal]),
            None => Ok(inputs),
        }
    };
    let mut reads: Vec<PathBuf> = args.replace.redact_key.iter().cloned().collect();
    reads.extend(args.font.iter().cloned());
    reads.extend(args.template.iter().flat_map(|folder| FILES.map(|name| folder.join(name))));
    let output = Output { out: &out, force: args.force, plan: Some(&args.plan), reads };
    let look = Options { fonts: fonts(&args.font)?, run_date: date(args.date.as_deref())?, ..Options::default() };
    complete(read, &output, args.template.as_deref(), look)
}

/// The font files, each looked at before anything is computed.
fn fonts(paths: &[PathBuf]) -> Result<Vec<Vec<u8>>, CliError> {
    let read = |path: &PathBuf| {
        let wrong = |why: String| CliError::Usage(format!("--font {}: {why}", path.display()));
        let bytes = std::fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let bytes = vec![bytes];
        FontSet::with_extra(&bytes).map_err(|error| wrong(format!("{error}; give a .ttf, .otf or .ttc file")))?;
        Ok(bytes)
    };
    Ok(paths.iter().map(read).collect::<Result<Vec<_>, CliError>>()?.concat())
}

/// The day of the run as it is printed.
fn date(given: Option<&str>) -> Result<Option<String>, CliError> {
    given.map(|text| super::day("--date", text).map(str::to_owned)).transpose()
}

/// Where the files of a run go.
#[derive(Debug)]
pub struct Output<'a> {
    /// The folder.
    pub out: &'a Path,
    /// Whether edited outputs may be replaced.
    pub force: bool,
    /// The plan, where it is a file.
    pub plan: Option<&'a Path>,
    /// Files that are read beside plan and data.
    pub reads: Vec<PathBuf>,
}

/// `results` beside the plan.
fn beside(plan: &Path) -> PathBuf {
    plan.parent().unwrap_or(Path::new("")).join("results")
}

/// The main job from `read` inputs to files in the folder of `output` in the look of the folder `template`, with
/// what else `look` says beside them, progress on stderr and a summary on stdout.
///
/// # Errors
/// As [`run`].
pub fn complete(
    read: impl FnOnce() -> Result<Inputs, Vec<Finding>>,
    output: &Output,
    template: Option<&Path>,
    look: Options,
) -> Result<(), CliError> {
    let template = template.map(Template::read).transpose()?.unwrap_or_default();
    let progress = progress();
    progress.set_message("reading plan and data");
    let inputs = read().map_err(CliError::Findings)?;
    // Before the analysis: a folder that cannot be used costs no time.
    let mut protected = output.plan.map(|plan| pipeline::files(&inputs, plan)).unwrap_or_default();
    output.reads.iter().for_each(|path| protected.add(path));
    let claim = Claim::new(output.out, &protected, output.force)?;
    progress.inc(1);
    progress.set_message("validating and analysing");
    let run = pipeline::analyse(inputs).map_err(CliError::Findings)?;
    progress.inc(1);
    progress.set_message("drawing tables, figures and report");
    let bundle = pipeline::write_up_as(&run, Options { template, ..look })?;
    progress.inc(1);
    progress.set_message("writing");
    let notes = claim.write(bundle.files())?;
    progress.finish_and_clear();
    notes.iter().for_each(|note| terminal::say(&format!("note: {note}")));
    bundle.remarks.iter().for_each(|remark| terminal::say(&format!("warning: {}", terminal::visible(remark))));
    terminal::print(&run_summary::summary(&run, output.out, terminal::columns_wide()))?;
    if !bundle.lost().is_empty() {
        let out = output.out.join("results.json");
        let lost = bundle.lost().join("\n  ");
        return Err(CliError::Output(format!(
            "the results are in {}, but not all of the report:\n  {lost}",
            out.display()
        )));
    }
    let not_assessed = not_assessed(&run);
    if not_assessed.is_empty() { Ok(()) } else { Err(CliError::NotAssessed(not_assessed.join("; "))) }
}

/// The primary endpoints that the deciding method could not compare, each with the reason.
fn not_assessed(run: &Run) -> Vec<String> {
    let design = &run.trial.design;
    let primary = |endpoint: &usize| design.endpoints[*endpoint].role == Role::Primary;
    (0..design.endpoints.len())
        .filter(primary)
        .filter_map(|endpoint| {
            let name = &design.endpoints[endpoint].name;
            let Some(record) = run.outcomes.deciding(endpoint, design.primary) else {
                return Some(format!("{name} could not be assessed: no method of the plan compares the arms in it"));
            };
            let reason = record.result.notes.reason().map(|note| format!(": {note}")).unwrap_or_default();
            (record.conclusion() == Conclusion::NotAssessed).then(|| format!("{name} could not be assessed{reason}"))
        })
        .collect()
}

/// A progress bar on stderr; hidden where stderr is not a terminal.
fn progress() -> ProgressBar {
    let bar = ProgressBar::new(4);
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {msg}") {
        bar.set_style(style);
    }
    bar
}
