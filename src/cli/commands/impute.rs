//! `splitknee impute`: long data and events in, completed values and the estimate out.

use super::impute_covariates;
use crate::cli::args::impute::ImputeArgs;
use crate::cli::error::CliError;
use crate::cli::input::Source;
use crate::cli::input_checks;
use crate::cli::terminal::{self, columns, number, p_value};
use crate::missing::analysis::Analysis;
use crate::missing::bayes::Prior;
use crate::missing::delta::DeltaCells;
use crate::missing::run::Inference;
use crate::missing::trial::FitValues;
use crate::missing::{Answer, Covariance, Event, Method, Patient, Request, Strategy, Trial, run_with};
use crate::model::cells::CellStructure;
use crate::note;
use crate::note::Note;
use std::collections::BTreeMap;

/// Runs the command.
///
/// # Errors
/// Wrong usage, a file that cannot be read, data that do not allow an answer.
pub fn run(args: &ImputeArgs) -> Result<(), CliError> {
    let request = request(args)?;
    let mut notes = Vec::new();
    let trial = trial(args, &mut notes)?;
    let fallback: Vec<CellStructure> = args.fallback.iter().map(|name| structure(name)).collect();
    let mut found = run_with(&trial, &request, &fallback)?;
    let name = |arm: &mut String| *arm = if arm == "active" { args.active.clone() } else { args.placebo.clone() };
    found.imputed.iter_mut().for_each(|value| name(&mut value.arm));
    found.sets.iter_mut().for_each(|set| name(&mut set.arm));
    found.course.iter_mut().for_each(|course| name(&mut course.arm));
    found.notes.splice(0..0, notes);
    if args.format == "json" { terminal::json(&found) } else { terminal::print(&text(args, &found)) }
}

fn request(args: &ImputeArgs) -> Result<Request, CliError> {
    let usage = |text: String| Err(CliError::Usage(text));
    if args.active == args.placebo {
        return usage(format!("--active and --placebo both name `{}`", args.active));
    }
    if !(args.conf_level > 0.0 && args.conf_level < 1.0) {
        return usage(format!("--conf-level {}: between 0 and 1, for instance 0.95", args.conf_level));
    }
    for (flag, value) in
        [("--delta-active", args.delta_active), ("--delta-placebo", args.delta_placebo), ("--margin", args.margin)]
    {
        if !value.is_finite() {
            return usage(format!("{flag} {value}: a number"));
        }
    }
    for (i, visit) in args.visits.iter().enumerate() {
        if visit.trim().is_empty() || args.visits[..i].contains(visit) {
            return usage(format!("--visits: `{visit}` is empty or named twice"));
        }
    }
    let at = match &args.at {
        None => args.visits.len() - 1,
        Some(at) => match args.visits.iter().position(|visit| visit == at) {
            Some(place) => place,
            None => return usage(format!("--at {at}: not among the visits {}", args.visits.join(", "))),
        },
    };
    let draws = args.method != "conditional-mean";
    let misplaced = [
        ("--inference", args.inference.is_some() && draws, "conditional-mean"),
        ("--m", args.m.is_some() && !draws, "bayes and approximate-bayes"),
        ("--seed", args.seed.is_some() && !draws, "bayes and approximate-bayes"),
        ("--prior", args.prior.is_some() && args.method != "bayes", "bayes"),
    ];
    if let Some((flag, _, method)) = misplaced.iter().find(|m| m.1) {
        return usage(format!("{flag} is an option of --method {method}, not of {}", args.method));
    }
    let method = match args.method.as_str() {
        "bayes" => Method::Bayes(if args.prior.as_deref() == Some("reml") { Prior::Reml } else { Prior::Jeffreys }),
        "approximate-bayes" => Method::ApproximateBayes,
        _ => Method::ConditionalMean(match args.inference.as_deref() {
            Some("jackknife-normal") => Inference::JackknifeNormal,
            Some("information-anchored") => Inference::InformationAnchored,
            _ => Inference::JackknifeT,
        }),
    };
    Ok(Request {
        analysis: match args.analysis.as_str() {
            "ancova" => Analysis::Ancova,
            "mixed" => Analysis::Mixed,
            _ => Analysis::MeanDifference,
        },
        at,
        method,
        structure: structure(&args.structure),
        covariance: if args.covariance == "reference" { Covariance::Reference } else { Covariance::Shared },
        conf_level: args.conf_level,
        margin: args.margin,
        delta: [args.delta_active, args.delta_placebo],
        delta_cells: match args.delta_cells.as_str() {
            "after-event" => DeltaCells::AfterEvent,
            "per-visit" => DeltaCells::PerVisit,
            _ => DeltaCells::All,
        },
        tipping: args.tipping,
        m: args.m.map(|m| m as usize),
        seed: args.seed.unwrap_or(1),
    })
}

fn structure(name: &str) -> CellStructure {
    match name {
        "kron-us-us" => CellStructure::KronUsUs,
        "kron-cs-us" => CellStructure::KronCsUs,
        _ => CellStructure::Us,
    }
}

/// A patient while the rows are read.
#[derive(Default)]
struct Seen {
    knees: [bool; 2],
    baseline: [Option<(f64, usize)>; 2],
    cells: BTreeMap<usize, (usize, Option<f64>)>,
}

fn trial(args: &ImputeArgs, notes: &mut Vec<Note>) -> Result<Trial, CliError> {
    let source = Source::open(&args.data, &args.conditions, &args.file, std::slice::from_ref(&args.id))?;
    let refuse = |text: String| Err(CliError::Refused(format!("{}: {text}", source.name())));
    let (ids, arms) = (source.identifiers(&args.id)?, source.labels(&args.arm)?);
    let visits = source.labels(&args.visit)?;
    let values = source.numbers(&args.value)?;
    let baselines = args.baseline.as_ref().map(|column| source.numbers(column)).transpose()?;
    let width = args.visits.len();
    let mut patients: BTreeMap<String, Seen> = BTreeMap::new();
    let mut counts = [0_usize; 2];
    let mut rows: Vec<(&str, usize)> = Vec::with_capacity(source.height());
    let mut elsewhere: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for row in 0..source.height() {
        let line = source.file_row(row);
        let Some(id) = &ids[row] else { return refuse(format!("row {line}: `{}` is empty", args.id)) };
        let arm = match &arms[row] {
            Some(arm) if *arm == args.active => 0,
            Some(arm) if *arm == args.placebo => 1,
            Some(arm) => {
                return refuse(format!(
                    "row {line}: `{}` is `{arm}`, neither {} nor {}; keep two arms with --where",
                    args.arm, args.active, args.placebo
                ));
            }
            None => return refuse(format!("row {line}: `{}` is empty: the knee has no arm", args.arm)),
        };
        counts[arm] += 1;
        rows.push((id, arm));
        let seen = patients.entry(id.clone()).or_default();
        seen.knees[arm] = true;
        if let Some(value) = baselines.as_ref().and_then(|column| column[row]) {
            match seen.baseline[arm] {
                Some((other, first)) if other != value => {
                    return refuse(format!(
                        "rows {first} and {line}: two baselines of patient {id}'s {} knee, {other} and {value}",
                        [&args.active, &args.placebo][arm]
                    ));
                }
                Some(_) => {}
                None => seen.baseline[arm] = Some((value, line)),
            }
        }
        let Some(place) = visits[row].as_ref().and_then(|visit| args.visits.iter().position(|v| v == visit)) else {
            elsewhere.entry(visits[row].as_deref()).or_default().push(row);
            continue;
        };
        if let Some((first, _)) = seen.cells.insert(arm * width + place, (line, values[row])) {
            return refuse(format!(
                "rows {first} and {line}: patient {id} has two rows of the {} knee at visit {}; keep one",
                [&args.active, &args.placebo][arm],
                args.visits[place]
            ));
        }
    }
    for (visit, rows) in elsewhere {
        let why = match visit {
            Some(visit) => format!("because --visits does not name `{visit}`"),
            None => format!("because `{}` is empty", args.visit),
        };
        input_checks::rows_left_out(&source, &rows, &why);
    }
    for (arm, label) in [&args.active, &args.placebo].into_iter().enumerate() {
        if counts[arm] == 0 {
            return refuse(format!("no row has {} = `{label}`", args.arm));
        }
    }
    for (place, visit) in args.visits.iter().enumerate() {
        if !patients.values().any(|p| p.cells.contains_key(&place) || p.cells.contains_key(&(width + place))) {
            return refuse(format!("no row is of visit `{visit}`; correct --visits or leave the visit out"));
        }
    }
    let mut list = Vec::with_capacity(patients.len());
    for (label, seen) in &patients {
        for (arm, name) in [&args.active, &args.placebo].into_iter().enumerate() {
            if !seen.knees[arm] && args.baseline.is_none() {
                notes.push(note!(mi_knee_without_rows, patient = label, arm = name.as_str()));
            }
            if args.baseline.is_some() && seen.baseline[arm].is_none() {
                return refuse(format!(
                    "the baseline of patient {label}'s {name} knee is missing: the imputation model and the change need \
                     it\n  help: find it, or leave --baseline out"
                ));
            }
        }
        let baseline = [0, 1].map(|arm| seen.baseline[arm].map_or(f64::NAN, |b| b.0));
        let values = (0..2 * width)
            .map(|cell| {
                let value = seen.cells.get(&cell).and_then(|c| c.1)?;
                Some(if args.score { value - baseline[cell / width] } else { value })
            })
            .collect();
        list.push(Patient { label: label.clone(), baseline, values, events: [None, None], covariates: Vec::new() });
    }
    let place: BTreeMap<&str, usize> = patients.keys().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
    let places: Vec<impute_covariates::Place> = rows.iter().map(|(id, arm)| (place[id], *arm)).collect();
    let covariates = impute_covariates::read(args, &source, &places, &mut list)?;
    let mut trial = Trial {
        visits: args.visits.clone(),
        patients: list,
        has_baseline: args.baseline.is_some(),
        covariates,
        fit_values: match args.fit.as_deref() {
            Some("observed") => FitValues::Observed,
            Some(_) => FitValues::PostEventExcluded,
            None => FitValues::ByStrategy,
        },
        discard: args.discard,
    };
    events(args, &mut trial, &patients, notes)?;
    Ok(trial)
}

/// Reads the events: columns by name (those of the data, or patient, arm, visit, strategy), else by position.
fn events(
    args: &ImputeArgs,
    trial: &mut Trial,
    patients: &BTreeMap<String, Seen>,
    notes: &mut Vec<Note>,
) -> Result<(), CliError> {
    let default = Strategy::parse(&args.strategy).map_err(|error| CliError::Usage(format!("--strategy: {error}")))?;
    let Some(file) = &args.events else {
        if default != Strategy::TreatmentPolicy {
            return Err(CliError::Usage(format!(
                "--strategy {} says what happens after an event, but there is no --events file",
                args.strategy
            )));
        }
        return Ok(());
    };
    let source = Source::open(file, &[], &args.file, std::slice::from_ref(&args.id))?;
    let refuse = |text: String| Err(CliError::Refused(format!("{}: {text}", source.name())));
    let names = source.column_names();
    let find = |wanted: &[&str], place: usize| -> Option<String> {
        let named = names.iter().find(|n| wanted.iter().any(|w| n.eq_ignore_ascii_case(w)));
        named.or_else(|| names.get(place)).cloned()
    };
    let id = find(&[&args.id, "id", "patient", "usubjid"], 0);
    let arm = find(&[&args.arm, "arm", "treatment"], 1);
    let visit = find(&[&args.visit, "first_affected_visit", "first_visit", "visit"], 2);
    let (Some(id), Some(arm), Some(visit)) = (id, arm, visit) else {
        return refuse(
            "an events file has the columns patient, arm (empty: both knees), first affected visit, strategy".into(),
        );
    };
    if id == arm || arm == visit || id == visit {
        return refuse(format!(
            "the columns of patient, arm and first affected visit cannot be told apart among {}; name them `{}`, `{}`, `{}`",
            names.join(", "),
            args.id,
            args.arm,
            args.visit
        ));
    }
    let strategy = find(&["strategy"], 3).filter(|s| *s != id && *s != arm && *s != visit);
    let (ids, arms, visits) = (source.text(&id)?, source.text(&arm)?, source.text(&visit)?);
    let strategies = strategy.map(|column| source.text(&column)).transpose()?;
    let mut overlaps = 0;
    for row in 0..source.height() {
        let line = source.file_row(row);
        let Some(label) = &ids[row] else { return refuse(format!("row {line}: `{id}` is empty: whose event is it?")) };
        let Some(patient) = trial.patients.iter_mut().find(|p| p.label == *label) else {
            return refuse(format!("row {line}: patient {label} is not in {}", args.data.display()));
        };
        let Some(name) = &visits[row] else {
            return refuse(format!("row {line}: `{visit}` is empty: from which visit on is patient {label} affected?"));
        };
        let Some(place) = args.visits.iter().position(|v| v == name) else {
            return refuse(format!(
                "row {line}: the event of patient {label} is at `{name}`, which is not among the visits {}; an event after \
                 the last visit affects no value",
                args.visits.join(", ")
            ));
        };
        let strategy = match strategies.as_ref().and_then(|column| column[row].as_deref()) {
            Some(text) => Strategy::parse(text)
                .map_err(|error| CliError::Refused(format!("{}: row {line}: {error}", source.name())))?,
            None => default,
        };
        let knees: &[usize] = match arms[row].as_deref() {
            None => &[0, 1],
            Some(arm) if arm == args.active => &[0],
            Some(arm) if arm == args.placebo => &[1],
            Some(other) => {
                return refuse(format!(
                    "row {line}: `{arm}` is `{other}`: write {}, {} or leave it empty for both knees",
                    args.active, args.placebo
                ));
            }
        };
        if let (&[knee], Some(seen)) = (knees, patients.get(label))
            && !seen.knees[knee]
        {
            return refuse(format!(
                "row {line}: the event is of patient {label}'s {} knee, which the patient does not have in {}",
                [&args.active, &args.placebo][knee],
                args.data.display()
            ));
        }
        for &knee in knees {
            let event = Event { visit: place, strategy };
            match &mut patient.events[knee] {
                empty @ None => *empty = Some(event),
                Some(first) => {
                    overlaps += 1;
                    let later = (event.visit, std::cmp::Reverse(event.strategy.precedence()));
                    if later < (first.visit, std::cmp::Reverse(first.strategy.precedence())) {
                        *first = event;
                    }
                }
            }
        }
    }
    if overlaps > 0 {
        notes.push(note!(mi_overlapping_events, n = overlaps));
    }
    Ok(())
}

fn text(args: &ImputeArgs, found: &Answer) -> String {
    let mut out = format!(
        "{} − {} at {}: {} ({}% CI {} to {}), SE {} ({}{}), p = {}\n",
        args.active,
        args.placebo,
        found.at,
        number(found.estimate),
        (1e10 * found.conf_level).round() / 1e8,
        number(found.conf_low),
        number(found.conf_high),
        number(found.std_error),
        found.inference,
        found.df.map_or(String::new(), |df| match df.fract() == 0.0 {
            true => format!(", {df:.0} df"),
            false => format!(", {} df", number(df)),
        }),
        p_value(Some(found.p_value)),
    );
    out.push_str(&format!(
        "{} patients; imputed at {}: {} {} {}, {} {} {}; {}, {}, covariance {} ({}){}\n\n",
        found.n_patients,
        found.at,
        found.n_imputed_active,
        args.active,
        if found.n_imputed_active == 1 { "knee" } else { "knees" },
        found.n_imputed_placebo,
        args.placebo,
        if found.n_imputed_placebo == 1 { "knee" } else { "knees" },
        found.method,
        found.analysis,
        found.structure,
        found.covariance,
        match found.covariates.as_slice() {
            [] => String::new(),
            covariates => format!("; covariates {}", terminal::visible(&covariates.join(", "))),
        }
    ));
    let sets: Vec<Vec<String>> = found
        .sets
        .iter()
        .map(|s| vec![s.arm.clone(), s.visit.clone(), s.fit.to_string(), s.condition.to_string(), s.target.to_string()])
        .collect();
    out.push_str(&columns(&["arm", "visit", "fitted", "kept", "imputed"], &sets));
    if let (Some(m), Some(within), Some(between), Some(mcse)) = (found.m, found.within, found.between, found.mcse) {
        out.push_str(&format!(
            "\n{m} imputations: within {}, between {}, Monte Carlo error of the estimate {}\n",
            number(within),
            number(between),
            number(mcse)
        ));
    }
    if let Some(tipping) = &found.tipping {
        let roots = |list: &[f64]| {
            if list.is_empty() {
                "none".to_owned()
            } else {
                list.iter().map(|v| number(*v)).collect::<Vec<_>>().join(", ")
            }
        };
        out.push_str(&format!(
            "\nThe conclusion tips at\n  delta active alone   {}\n  delta placebo alone  {}\n  both equal           {}\n  \
             opposite (active)    {}\n",
            roots(&tipping.delta_active),
            roots(&tipping.delta_placebo),
            roots(&tipping.equal),
            roots(&tipping.opposite)
        ));
    }
    if !found.imputed.is_empty() {
        let rows: Vec<Vec<String>> = found
            .imputed
            .iter()
            .map(|v| vec![terminal::visible(&v.patient).into_owned(), v.arm.clone(), v.visit.clone(), number(v.value)])
            .collect();
        out.push('\n');
        out.push_str(&columns(&["patient", "arm", "visit", "imputed"], &rows));
    }
    for note in &found.notes {
        out.push_str(&format!("note: {}\n", terminal::visible(&note.text())));
    }
    out
}
