//! `splitknee survival`: time to an event in the two knees of a patient.

use crate::cli::args::survival::SurvivalArgs;
use crate::cli::error::CliError;
use crate::cli::input::{self, Source};
use crate::cli::input_checks;
use crate::cli::terminal::{self, optional, p_value};
use serde_json::{Value, json};
use splitknee_stats::survival::within_pairs::{self, Firsts, Ties};
use splitknee_stats::survival::{Cohort, Subject, cox, kaplan_meier, rmst, scores};
use std::collections::BTreeMap;

/// Runs the command.
///
/// # Errors
/// Wrong usage, a file that cannot be read, times or statuses that are none.
pub fn run(args: &SurvivalArgs) -> Result<(), CliError> {
    if !(args.conf_level > 0.0 && args.conf_level < 1.0) {
        return Err(CliError::Usage(format!("--conf-level {}: between 0 and 1, for instance 0.95", args.conf_level)));
    }
    let times = input::numbers("--at", &args.at)?;
    let (cohort, dropped) = cohort(args)?;
    let level = args.conf_level;
    let ties = match args.ties.as_str() {
        "efron" => Ties::Efron,
        "breslow" => Ties::Breslow,
        _ => Ties::Exact,
    };
    let firsts = Firsts::of(&cohort);
    let mut notes = Vec::new();
    let mut note = |code: &str, values: Value, text: String| {
        notes.push(json!({"code": code, "values": values, "text": text}));
    };
    let arms: Vec<Value> = [(true, &args.active), (false, &args.placebo)]
        .iter()
        .map(|(active, label)| {
            let curve = kaplan_meier::kaplan_meier(&cohort.arm(*active), level);
            if curve.n_events == 0 {
                note("no_event", json!({"arm": label}), format!("no event in {label} knees"));
            }
            let mut value = json!(curve);
            value["arm"] = json!(label);
            value
        })
        .collect();
    let stratified = within_pairs::stratified_cox(&firsts, ties, level);
    let exact = within_pairs::exact(&firsts, level);
    if firsts.active + firsts.placebo == 0 {
        let text = "no pair tells which knee had its event first: nothing to test within patients";
        note("no_informative_pair", json!({}), text.to_owned());
    } else if stratified.estimate.is_none() {
        let text = "the event came first in one arm only: the hazard ratio within patients is 0 or infinite; see the exact limits";
        note("infinite_ratio", json!({}), text.to_owned());
    }
    let marginal = cox::marginal_cox(&cohort, ties, args.small_sample, level);
    if ties == Ties::Exact {
        let text = "the marginal Cox model treats ties by Efron's method: the exact likelihood has no score residuals";
        note("marginal_ties", json!({"ties": "efron"}), text.to_owned());
    }
    let tau = args.tau.or_else(|| rmst::longest(&cohort));
    let mean = match tau {
        None => None,
        Some(tau) => match rmst::rmst(&cohort, tau, args.small_sample, level) {
            Ok(mean) => Some(mean),
            Err(refusal) if args.tau.is_some() => return Err(CliError::Usage(format!("--tau {tau}: {}", refusal.0))),
            Err(refusal) => {
                note("no_rmst", json!({"reason": refusal.0}), format!("no restricted mean: {}", refusal.0));
                None
            }
        },
    };
    let at: Vec<_> =
        times.iter().map(|time| rmst::survival_difference(&cohort, *time, args.small_sample, level)).collect();
    let answer = json!({
        "method": "survival",
        "n_patients": cohort.patients(),
        "n_pairs": cohort.pairs().len(),
        "n_dropped": dropped,
        "conf_level": level,
        "arms": arms,
        "logrank": within_pairs::log_rank(&cohort),
        "cox_stratified": stratified,
        "exact": exact,
        "cox_marginal": marginal,
        "rmst": mean,
        "survival_difference": at,
        "prentice_wilcoxon": scores::prentice_wilcoxon(&cohort),
        "akritas": scores::akritas(&cohort, level),
        "notes": notes,
    });
    if args.format == "json" { terminal::json(&answer) } else { terminal::print(&text(args, &answer)) }
}

/// The knees of the file, and how many rows of the two arms had no time or status.
fn cohort(args: &SurvivalArgs) -> Result<(Cohort, usize), CliError> {
    if args.active == args.placebo {
        return Err(CliError::Usage(format!("--active and --placebo both name `{}`", args.active)));
    }
    let source = Source::open(&args.data, &args.conditions, &args.file, std::slice::from_ref(&args.id))?;
    let (ids, arms) = (source.identifiers(&args.id)?, source.labels(&args.arm)?);
    let (times, statuses) = (source.numbers(&args.time)?, source.numbers(&args.status)?);
    input::levels_occur(&source, &args.arm, &arms, &[&args.active, &args.placebo])?;
    let mut wrong = Vec::new();
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut seen: BTreeMap<(usize, bool), usize> = BTreeMap::new();
    input::of_two_arms(&source, &args.id, &ids, &args.arm, &arms, [&args.active, &args.placebo]);
    let (mut subjects, mut dropped) = (Vec::new(), Vec::new());
    for row in 0..source.height() {
        let (Some(id), Some(arm)) = (&ids[row], &arms[row]) else { continue };
        let active = arm == &args.active;
        if !active && arm != &args.placebo {
            continue;
        }
        let (Some(time), Some(status)) = (times[row], statuses[row]) else {
            dropped.push(row);
            continue;
        };
        let place = format!("{}:{}", source.name(), source.file_row(row));
        if time <= 0.0 || !time.is_finite() {
            wrong.push(format!("{place}: {} = {time}: a time to event is positive", args.time));
        }
        if status != 0.0 && status != 1.0 {
            wrong.push(format!("{place}: {} = {status}: the status is 1 for an event, 0 for censored", args.status));
        }
        let next = numbers.len();
        let patient = *numbers.entry(id).or_insert(next);
        if let Some(first) = seen.insert((patient, active), source.file_row(row)) {
            wrong.push(format!(
                "{place}: `{id}` has a second row with {} = `{arm}` (the first is row {first})",
                args.arm
            ));
        }
        subjects.push(Subject { patient, active, time, event: status == 1.0 });
    }
    if !wrong.is_empty() {
        let more = wrong.len().saturating_sub(10);
        let tail = if more > 0 { format!("\n… and {more} more") } else { String::new() };
        return Err(CliError::Refused(format!("{}{tail}", wrong[..wrong.len().min(10)].join("\n"))));
    }
    input_checks::rows_left_out(&source, &dropped, "because the time or the status is not filled in");
    Ok((Cohort::new(subjects)?, dropped.len()))
}

fn text(args: &SurvivalArgs, answer: &Value) -> String {
    let number = |value: &Value| optional(value.as_f64());
    let interval = |part: &Value, low: &str, high: &str| format!("{} to {}", number(&part[low]), number(&part[high]));
    let mut out = format!(
        "{} patients, {} pairs; ratios and differences are {} to {}\n\n",
        answer["n_patients"], answer["n_pairs"], args.active, args.placebo
    );
    let arms: Vec<Vec<String>> = answer["arms"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|arm| {
            let median = &arm["quantiles"][1];
            let label = arm["arm"].as_str().unwrap_or_default().to_owned();
            vec![
                label,
                arm["n"].to_string(),
                arm["n_events"].to_string(),
                number(&median["time"]),
                interval(median, "conf_low", "conf_high"),
            ]
        })
        .collect();
    out.push_str(&terminal::columns(&["Arm", "knees", "events", "median time", "CI"], &arms));
    let row = |name: &str, part: &Value, estimate: &str, low: &str, high: &str| {
        vec![name.to_owned(), number(&part[estimate]), interval(part, low, high), p_value(part["p_value"].as_f64())]
    };
    let ratio =
        |name: &str, key: &str| row(name, &answer[key], "hazard_ratio", "hazard_ratio_low", "hazard_ratio_high");
    let mut rows = vec![
        ratio("within patients: hazard ratio, exact", "exact"),
        ratio("within patients: stratified Cox", "cox_stratified"),
        vec![
            "within patients: stratified log-rank".to_owned(),
            "–".to_owned(),
            "–".to_owned(),
            p_value(answer["logrank"]["p_value"].as_f64()),
        ],
        ratio("marginal: Cox, robust over patients", "cox_marginal"),
    ];
    if answer["rmst"].is_object() {
        let name = format!("marginal: restricted mean to {}", number(&answer["rmst"]["tau"]));
        rows.push(row(&name, &answer["rmst"], "estimate", "conf_low", "conf_high"));
    }
    for at in answer["survival_difference"].as_array().into_iter().flatten() {
        let name = format!("marginal: survival at {}", number(&at["time"]));
        rows.push(row(&name, at, "estimate", "conf_low", "conf_high"));
    }
    out.push('\n');
    out.push_str(&terminal::columns(&["", "estimate", "CI", "p"], &rows));
    for note in answer["notes"].as_array().into_iter().flatten() {
        out.push_str(&format!("note: {}\n", note["text"].as_str().unwrap_or_default()));
    }
    out
}
