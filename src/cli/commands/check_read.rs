//! What `splitknee check` read, in a few lines at its end: rows, patients, knees, visits, arms, endpoints, columns.

use crate::analysis::methods;
use crate::cli::terminal;
use crate::pipeline::Inputs;
use crate::report::site::Site;
use crate::terms::Language;
use crate::trial::Trial;
use crate::trial::columns::ColumnKind;
use std::collections::BTreeSet;

/// The lines.
pub fn what_was_read(inputs: &Inputs, trial: &Trial) -> String {
    let design = &trial.design;
    let plural = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    let mut lines = Vec::new();
    let files: Vec<String> = inputs
        .sources
        .provenance()
        .iter()
        .map(|(file, read)| {
            let kept = read.notes.iter().find(|note| note.starts_with("`where` keeps"));
            let kept = kept.map_or_else(String::new, |note| format!("; {note}"));
            format!("{file} ({}{kept})", plural(read.rows, "row", "rows"))
        })
        .collect();
    lines.push(("files", files.join(", ")));
    let site = Site::of(&inputs.plan.trial, Language::English);
    let one_knee = trial.patients.iter().filter(|patient| patient.knees().len() == 1).count();
    let mut who = format!("{}, {}", plural(trial.patients.len(), "patient", "patients"), site.counted(trial.knees()));
    if one_knee > 0 {
        who.push_str(&format!(" ({one_knee} with {} only)", site.named("one knee")));
    }
    if trial.randomised > trial.patients.len() {
        who.push_str(&format!("; {} randomised", trial.randomised));
    }
    lines.push(("read", who));
    let arms: Vec<String> = design
        .arms
        .labels()
        .iter()
        .enumerate()
        .map(|(arm, label)| {
            let knees = trial.patients.iter().filter(|patient| patient.knee(arm).is_some()).count();
            format!("{label} ({})", site.counted(knees))
        })
        .collect();
    lines.push(("arms", arms.join(", ")));
    let visits = design.visits.iter().enumerate().map(|(number, visit)| {
        let role = match (design.baseline, number == design.primary) {
            (Some(baseline), _) if number == baseline => " (baseline)",
            (Some(baseline), _) if number < baseline => " (before baseline: described only)",
            (_, true) => " (primary)",
            _ => "",
        };
        format!("{}{role}", visit.label)
    });
    lines.push(("visits", visits.collect::<Vec<_>>().join(", ")));
    for (number, endpoint) in design.endpoints.iter().enumerate() {
        let knees = || trial.patients.iter().flat_map(|patient| patient.knees());
        if endpoint.survival.is_some() {
            let times: Vec<_> = knees().filter_map(|knee| knee.values.timed(number)).collect();
            let events = times.iter().filter(|timed| timed.event).count();
            let times = site.counted(times.len());
            let events = plural(events, "event", "events");
            lines.push(("endpoint", format!("{} ({}): {events} in {times}", endpoint.name, endpoint.role.name())));
            continue;
        }
        let values: usize = knees().filter_map(|knee| knee.values.get(number)).flatten().flatten().count();
        let with = trial.patients.iter().filter(|patient| {
            patient
                .knees()
                .iter()
                .any(|knee| knee.values.get(number).is_some_and(|cells| cells.iter().any(Option::is_some)))
        });
        let values = plural(values, "value", "values");
        let patients = plural(with.count(), "patient", "patients");
        let (name, role) = (&endpoint.name, endpoint.role.name());
        let decided = methods::decided_by(&inputs.plan, trial, number);
        lines.push(("endpoint", format!("{name} ({role}): {values} of {patients}; decided by {decided}")));
    }
    for set in &trial.sets {
        lines.push(("set", format!("{}: {}", set.name, plural(set.size(), "patient", "patients"))));
    }
    for column in &trial.columns {
        let found = match column.kind {
            ColumnKind::Number => {
                let cells = trial.patients.iter().filter_map(|patient| patient.attributes.get(&column.name));
                let numbers: Vec<f64> = cells.filter_map(|cell| cell.trim().parse().ok()).collect();
                let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
                let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                match numbers.is_empty() {
                    true => "number, no value".to_owned(),
                    false => format!("number, {low} to {high} in {}", plural(numbers.len(), "patient", "patients")),
                }
            }
            ColumnKind::Factor => {
                let cells = trial.patients.iter().filter_map(|patient| patient.attributes.get(&column.name));
                let used: BTreeSet<&str> = cells.map(String::as_str).collect();
                let levels: Vec<&str> =
                    column.levels.iter().map(String::as_str).filter(|level| used.contains(level)).collect();
                format!("factor, {}", levels.join(" / "))
            }
        };
        lines.push(("column", format!("{}: {found}", column.name)));
    }
    let mut text = String::new();
    for (what, line) in lines {
        text.push_str(&format!("{what:<9} {}\n", terminal::visible(&line)));
    }
    text
}
