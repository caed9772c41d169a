//! `splitknee run`: from a plan and its data to results, tables, figures and report.

use crate::analysis::{Conclusion, Interval, Record, Withheld};
use crate::cli::args::RunArgs;
use crate::cli::error::CliError;
use crate::cli::terminal;
use crate::disk::folder::Claim;
use crate::pipeline::{self, Inputs, Run};
use crate::report::template::{FILES, Template};
use crate::table::rounding;
use crate::trial::{Finding, Measure, Role};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};

/// Runs the command.
///
/// # Errors
/// Findings in plan or data; an output that could not be written.
pub fn run(args: &RunArgs) -> Result<(), CliError> {
    let out = args.out.clone().unwrap_or_else(|| beside(&args.plan));
    let reading = super::reading(&args.replace)?;
    let read = || {
        let inputs = pipeline::read_as(&args.plan, reading.clone())?;
        match inputs.lock.refusal(&inputs.plan).filter(|_| args.require_lock) {
            Some(refusal) => Err(vec![refusal]),
            None => Ok(inputs),
        }
    };
    let mut reads: Vec<PathBuf> = args.replace.redact_key.iter().cloned().collect();
    reads.extend(args.template.iter().flat_map(|folder| FILES.map(|name| folder.join(name))));
    let output = Output { out: &out, force: args.force, plan: Some(&args.plan), reads };
    complete(read, &output, args.template.as_deref(), Vec::new())
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
/// `companions` beside them, progress on stderr and a summary on stdout.
///
/// # Errors
/// As [`run`].
pub fn complete(
    read: impl FnOnce() -> Result<Inputs, Vec<Finding>>,
    output: &Output,
    template: Option<&Path>,
    companions: Vec<(String, Vec<u8>)>,
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
    let bundle = pipeline::write_up_beside(&run, template, companions)?;
    progress.inc(1);
    progress.set_message("writing");
    let notes = claim.write(bundle.files())?;
    progress.finish_and_clear();
    notes.iter().chain(&bundle.remarks).for_each(|note| terminal::say(&format!("note: {note}")));
    terminal::print(&summary(&run, output.out))?;
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

/// What was found, in a table that fits 80 columns, and where the report is.
pub fn summary(run: &Run, out: &Path) -> String {
    let design = &run.trial.design;
    let set = &run.trial.sets[0];
    let mut text = format!("{}: {}\n", run.plan.trial.id, run.plan.trial.title);
    if run.plan.trial.synthetic {
        text.push_str("SYNTHETIC DATA\n");
    }
    if run.reading.blinded {
        text.push_str("DUMMY TREATMENT: a blinded dry run, no result is real\n");
    }
    text.push_str(&format!("Plan: {}\n", run.lock.describe()));
    text.push_str(&format!(
        "{}: {} patients; differences are {} − {} within the patient\n\n",
        set.label,
        set.size(),
        design.arms.active,
        design.arms.placebo
    ));
    let rows: Vec<Vec<String>> = (0..design.endpoints.len())
        .flat_map(|endpoint| {
            design.follow_up(&design.endpoints[endpoint]).into_iter().filter_map(move |visit| {
                run.outcomes.deciding(endpoint, visit).map(|record| row(run, endpoint, visit, record))
            })
        })
        .collect();
    let level = rounding::fixed(100.0 * (1.0 - run.plan.analysis.alpha), 4);
    let level = level.trim_end_matches('0').trim_end_matches('.');
    let difference = format!("Difference ({level} % CI)");
    text.push_str(&terminal::columns(&["Endpoint", "Visit", &difference, "p", "Conclusion"], &rows));
    for line in withheld(run) {
        text.push_str(&format!("{line}\n"));
    }
    if let Some(line) = local_events(run) {
        text.push_str(&format!("\n{line}\n"));
    }
    let warnings = run.findings.len();
    if warnings > 0 {
        text.push_str(&format!(
            "\n{warnings} finding(s) in the data did not stop the analysis: see `splitknee check`\n"
        ));
    }
    text.push_str(&format!("\nReport: {}\n", out.join("report.html").display()));
    text
}

/// Why comparisons whose interval would allow a claim claim nothing, one line for each reason.
fn withheld(run: &Run) -> Vec<String> {
    let shown = run.outcomes.records.iter().filter(|record| {
        record.arm.is_none()
            && matches!(record.role, Role::Primary | Role::Secondary)
            && record.verdict.is_some_and(|verdict| verdict.interval != Interval::Undefined)
    });
    let found: Vec<Withheld> = shown.filter_map(|record| record.verdict?.withheld).collect();
    let reasons = [
        (Withheld::Test, "the test of the plan does not reject"),
        (Withheld::Family, "not confirmed after adjustment for the family"),
        (Withheld::Procedure, "the procedure for several hypotheses could not be carried out"),
        (Withheld::Gate, "the primary objective was not met"),
        (Withheld::Exploratory, "in no family of hypotheses, described"),
    ];
    let counts =
        reasons.into_iter().map(|(reason, text)| (found.iter().filter(|known| **known == reason).count(), text));
    counts.filter(|(n, _)| *n > 0).map(|(n, text)| format!("* not claimed: {text} ({n})")).collect()
}

/// Local adverse events by arm with the risk difference and its interval.
fn local_events(run: &Run) -> Option<String> {
    let record = run.outcomes.records.iter().find(|record| record.id == "safety.compare.any")?;
    let result = &record.result;
    let print = |value: Option<f64>| value.map(|value| rounding::print(value, 3));
    let (d, l, u) = (print(result.estimate)?, print(result.conf_low)?, print(result.conf_high)?);
    let arms = &run.trial.design.arms;
    let place = match record.verdict?.interval {
        Interval::FavoursPlacebo => format!("; the interval lies against {}", arms.active),
        _ => String::new(),
    };
    Some(format!("Local adverse events, {} − {}: risk difference {d} ({l} to {u}){place}", arms.active, arms.placebo))
}

fn row(run: &Run, endpoint: usize, visit: usize, record: &Record) -> Vec<String> {
    let design = &run.trial.design;
    let about = &design.endpoints[endpoint];
    let result = &record.result;
    let decimals = rounding::interval_decimals(result.conf_low, result.conf_high, about.decimals + 1);
    let print = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |v| rounding::print(v, decimals));
    let difference = if crate::analysis::pairs::is_difference(result.method) && result.estimate.is_some() {
        format!("{} ({} to {})", print(result.estimate), print(result.conf_low), print(result.conf_high))
    } else {
        "–".to_owned()
    };
    let mark = match record.verdict.and_then(|verdict| verdict.withheld) {
        Some(_) => "*",
        None => "",
    };
    let conclusion = format!("{}{mark}", record.conclusion().name());
    let visit = design.visits[visit].label.clone();
    let p = result.p_value.map_or_else(|| "–".to_owned(), rounding::p_value);
    let name = match record.measure {
        Measure::Value => shorten(&about.name, 20),
        Measure::Change => format!("{} (change)", shorten(&about.name, 12)),
    };
    vec![name, shorten(&visit, 12), difference, p, conclusion]
}

/// At most `most` characters, the last an ellipsis where something was cut.
fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 1).collect();
    format!("{}…", kept.trim_end())
}
