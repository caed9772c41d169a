//! The file of adverse events, read into [`AdverseEvent`]s that belong to a patient and, where local, to one knee.

use super::allocated::same;
use super::coded::Coded;
use super::events::AdverseEvent;
use super::findings::{Findings, place};
use super::number_cells::numbers;
use super::patients::{Patient, Trial};
use super::rows::{has_column, shorten};
use super::side::{is_both, is_systemic, yes_or_no};
use super::sources::Events;
use super::spelling::{self, one_spelling};
use super::strangers::Strangers;
use std::collections::HashMap;

/// The events; `None` where the file lacks a column.
pub fn read(
    trial: &Trial,
    given: &Events,
    patient_column: &str,
    strangers: &Strangers<'_>,
    findings: &mut Findings,
) -> Option<Vec<AdverseEvent>> {
    let (file, table) = (given.source.file.as_str(), &given.source.table);
    let mut complete = true;
    for (role, column) in [
        ("patient", &patient_column.to_owned()),
        ("knee", &given.knee),
        ("term", &given.term),
        ("severity", &given.severity),
        ("serious", &given.serious),
        ("related", &given.related),
        ("start day", &given.start_day),
        ("end day", &given.end_day),
    ]
    .into_iter()
    .chain(given.emergent.iter().map(|column| ("emergent", column)))
    .chain(given.organ_class.iter().map(|column| ("system organ class", column)))
    .chain(given.listed.iter().flatten().map(|column| ("listing", column)))
    {
        complete &= has_column(file, table, column, role, findings);
    }
    if !complete {
        return None;
    }
    let column = |name: &str| Coded::read(table, name).unwrap_or_default();
    let ids = column(patient_column);
    let (knees, terms, severities) = (column(&given.knee), column(&given.term), column(&given.severity));
    let (serious, related) = (column(&given.serious), column(&given.related));
    let emergent = given.emergent.as_ref().map(|name| (name, column(name)));
    let spelled = one_spelling(&terms);
    terms_spelled_once(file, given, &terms, &spelled, findings);
    slips(file, given, &terms, findings);
    let classes = given.organ_class.as_ref().map(|name| (name, column(name)));
    let class_spelled = classes.as_ref().map(|(_, column)| one_spelling(column)).unwrap_or_default();
    let listed = given.listed.each_ref().map(|name| name.as_ref().map(|name| column(name)));
    let mut class_of: HashMap<&str, (String, usize)> = HashMap::new();
    let starts = numbers(file, table, &given.start_day, findings);
    let ends = numbers(file, table, &given.end_day, findings);
    let number: HashMap<&str, usize> =
        trial.patients.iter().enumerate().map(|(number, patient)| (patient.id.as_str(), number)).collect();
    let mut recorded = HashMap::new();
    let mut events = Vec::with_capacity(table.height());
    let mut at_both = Vec::new();
    for row in 0..table.height() {
        let at = |column: &str| place(file, Some(table.file_row(row)), Some(column));
        let Some(patient) = ids.get(row).and_then(|id| number.get(id).copied()) else {
            let id = ids.get(row).unwrap_or_default();
            let (said, remedy) = strangers.about(id);
            findings.add("SK701", at(patient_column), format!("an event of patient `{}`, {said}", shorten(id)), remedy);
            continue;
        };
        let label = knees.get(row).unwrap_or_default();
        let arm = match (is_systemic(label) || is_both(label), trial.patients.get(patient)) {
            (true, _) | (_, None) => None,
            (false, Some(patient)) => match arm_of(trial, patient, label) {
                Some(arm) => Some(arm),
                None => {
                    let sides: Vec<&str> = patient.knees().iter().map(|knee| knee.side.as_str()).collect();
                    findings.add(
                        "SK702",
                        at(&given.knee),
                        format!(
                            "an event at `{}` of patient {}, whose knees in the trial are {}",
                            shorten(label),
                            patient.id,
                            sides.join(" and ")
                        ),
                        "correct the side, or declare its code in `[sides]` (`left`, `right`, `both`, `systemic`); write BOTH for an event \
                         at both; leave it empty for an event of the whole patient",
                    );
                    continue;
                }
            },
        };
        let mut flag = |column: &Coded, name: &str| {
            let label = column.get(row).unwrap_or_default();
            match yes_or_no(label) {
                Some(flag) => flag,
                None => {
                    let message = format!("`{}` is neither yes nor no", shorten(label));
                    findings.add(
                        "SK705",
                        at(name),
                        message,
                        "write Y or N, or declare the words or codes: `[data] yes = \"1\"`, `no = \"2\"`",
                    );
                    false
                }
            }
        };
        let (serious, related) = (flag(&serious, &given.serious), flag(&related, &given.related));
        let declared = emergent.as_ref().map(|(name, column)| flag(column, name));
        let Some(term) = terms.level(row).and_then(|level| spelled.get(level)) else {
            findings.add("SK703", at(&given.term), "the event has no term".to_owned(), "fill it in");
            continue;
        };
        // One spelling of a severity counts, the plan's.
        let recorded_as = severities.get(row).unwrap_or_default();
        let planned = given.severities.iter().find(|known| known.to_lowercase() == recorded_as.to_lowercase());
        let severity = planned.cloned().unwrap_or_else(|| recorded_as.to_owned());
        if planned.is_none() {
            let known: Vec<&str> = given.severities.iter().map(String::as_str).collect();
            let (message, remedy) = match recorded_as {
                "" => ("the event has no severity".to_owned(), "fill it in; it is counted as not graded"),
                _ => (
                    format!("severity `{}` is not one of {}", shorten(recorded_as), known.join(", ")),
                    "correct it, or list it in `safety.severities`; it has a row of its own under its term",
                ),
            };
            findings.add("SK704", at(&given.severity), message, remedy);
        }
        let day = |days: &[Option<f64>]| days.get(row).copied().flatten();
        let (start_day, end_day) = (day(&starts), day(&ends));
        if let (Some(start), Some(end)) = (start_day, end_day)
            && end < start
        {
            let message = format!("the event ends on day {end} before it begins on day {start}");
            findings.add("SK706", at(&given.end_day), message, "exchange or correct the days");
        }
        if given.first_day == Some(1) && start_day == Some(0.0) {
            let message = "the event begins on day 0, and the day of treatment is day 1 (`first_day`)".to_owned();
            findings.add(
                "SK706",
                at(&given.start_day),
                message,
                "write 1 for the day of treatment, −1 for the day before",
            );
        }
        let mildest = given.severities.first().is_some_and(|mildest| mildest.eq_ignore_ascii_case(&severity));
        if serious && mildest && given.severities.len() > 1 {
            let message = format!("`{term}` is serious and of severity {severity}");
            findings.add("SK708", at(&given.severity), message, "see that both are meant");
        }
        let class = classes.as_ref().and_then(|(name, column)| Some((*name, class_spelled.get(column.level(row)?)?)));
        if let Some((name, class)) = class {
            let (first, at_row) = class_of.entry(term.as_str()).or_insert_with(|| (class.clone(), table.file_row(row)));
            if first != class {
                let message =
                    format!("`{term}` is of `{}` here and of `{}` in row {at_row}", shorten(class), shorten(first));
                findings.add("SK718", at(name), message, "code the term to one class; it is counted under the first");
            }
        }
        let key = (patient, arm, term.to_lowercase(), start_day.map(f64::to_bits));
        if let Some(before) = recorded.insert(key, row) {
            let message = format!("`{term}` is recorded already in row {}", table.file_row(before));
            findings.add("SK707", at(&given.term), message, "delete one, if it is the same event");
        }
        if is_both(label) {
            at_both.push(events.len());
        }
        events.push(AdverseEvent {
            patient,
            arm,
            term: term.clone(),
            severity,
            serious,
            related,
            // What ended before the injection was no effect of it, whenever it began.
            emergent: declared.unwrap_or_else(|| [start_day, end_day].iter().flatten().all(|day| *day >= 0.0)),
            row: table.file_row(row),
            start_day,
            end_day,
            organ_class: None,
            listed: listed.each_ref().map(|column| column.as_ref()?.get(row).map(str::to_owned)),
        });
    }
    for event in &mut events {
        event.organ_class = class_of.get(event.term.as_str()).map(|(class, _)| class.clone());
    }
    Some(in_each_knee(trial, events, &at_both))
}

/// The events, those numbered in `at_both` once for every knee of their patient in the trial: a local event at both knees
/// is an event in each of them, which a comparison within the patient counts as a concordant pair.
fn in_each_knee(trial: &Trial, events: Vec<AdverseEvent>, at_both: &[usize]) -> Vec<AdverseEvent> {
    let mut all = Vec::with_capacity(events.len() + at_both.len());
    for (number, event) in events.into_iter().enumerate() {
        let patient = trial.patients.get(event.patient).filter(|_| at_both.binary_search(&number).is_ok());
        match patient.map(|patient| patient.knees()) {
            Some(knees) => all.extend(knees.iter().map(|knee| AdverseEvent { arm: Some(knee.arm), ..event.clone() })),
            None => all.push(event),
        }
    }
    all
}

/// SK716: a rare term that a slip of the pen tells apart from a frequent one.
fn slips(file: &str, given: &Events, terms: &Coded, findings: &mut Findings) {
    let (counts, first) = (terms.counts(), terms.first_rows());
    let of = |level: usize| counts.get(level).copied().unwrap_or_default();
    // Terms are few; a list of many is coded, and not typed.
    if terms.levels.len() > MOST_TERMS {
        return;
    }
    for (level, term) in terms.levels.iter().enumerate().filter(|(level, _)| of(*level) == 1) {
        let near = terms.levels.iter().enumerate().find(|(other, known)| {
            *other != level
                && (of(*other) > 1 || *other < level)
                && term.chars().count() >= LONG
                && spelling::bare(term) != spelling::bare(known)
                && spelling::is_slip(term, known)
        });
        if let Some((_, known)) = near {
            let row = first.get(level).map(|row| given.source.table.file_row(*row));
            findings.add(
                "SK716",
                place(file, row, Some(&given.term)),
                format!("`{term}` and `{known}` are counted as two terms"),
                "write one, if they are one event",
            );
        }
    }
}

/// Most different terms that are compared with each other.
const MOST_TERMS: usize = 200;
/// Fewest letters of a term that a slip makes of another.
const LONG: usize = 6;

/// SK716: terms that differ in case or blanks only are one term.
fn terms_spelled_once(file: &str, given: &Events, terms: &Coded, spelled: &[String], findings: &mut Findings) {
    let first = terms.first_rows();
    for (level, (term, kept)) in terms.levels.iter().zip(spelled).enumerate() {
        if term != kept {
            let row = first.get(level).map(|row| given.source.table.file_row(*row));
            findings.add(
                "SK716",
                place(file, row, Some(&given.term)),
                format!("`{}` and `{}` are counted as one term", shorten(term), shorten(kept)),
                "use one spelling in the data",
            );
        }
    }
}

/// The arm of the patient's knee with this label; where the data have no sides, the label is the arm's.
fn arm_of(trial: &Trial, patient: &Patient, label: &str) -> Option<usize> {
    let by_side = patient.knees().iter().find(|knee| same(&knee.side, label)).map(|knee| knee.arm);
    by_side.or_else(|| trial.design.arms.index(label).filter(|arm| patient.knee(*arm).is_some()))
}
