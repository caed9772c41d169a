//! Intercurrent events: the file read into events that affect a knee, or both knees of a patient, from a visit on.
//!
//! An event with a date affects the visits after that day: a visit on the day itself was before it. A visit that did not
//! take place is placed at its nominal month.

use super::allocated::same;
use super::coded::Coded;
use super::findings::{Findings, place};
use super::knees::Knees;
use super::patients::{Patient, Trial};
use super::rows::{Rows, dates, did_you_mean, has_column, shorten};
use super::side::{is_both, is_systemic};
use super::sources::Intercurrent;
use super::strangers::Strangers;
use crate::data::Date;
use serde::Serialize;
use std::collections::HashMap;

/// One intercurrent event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IntercurrentEvent {
    /// Index of the patient in [`Trial::patients`].
    pub patient: usize,
    /// Arm of the knee concerned; `None` for an event of the whole patient.
    pub arm: Option<usize>,
    /// Its name, as the plan spells it.
    pub event: String,
    /// Index of the first affected visit; `None` where it came after the last visit.
    pub visit: Option<usize>,
    /// Row of the file.
    pub row: usize,
}

/// Days of a month on average.
const MONTH: f64 = 365.25 / 12.0;

/// The events; `None` where the file lacks a column.
pub fn read(
    trial: &Trial,
    given: &Intercurrent,
    rows: &Rows,
    knees: &Knees,
    strangers: &Strangers<'_>,
    findings: &mut Findings,
) -> Option<Vec<IntercurrentEvent>> {
    let (file, table) = (given.source.file.as_str(), &given.source.table);
    let mut complete = has_column(file, table, &given.patient, "patient", findings);
    complete &= has_column(file, table, &given.event, "event", findings);
    for (role, column) in [("visit", &given.visit), ("date", &given.date)] {
        if let Some(column) = column {
            complete &= has_column(file, table, column, role, findings);
        }
    }
    if given.visit.is_none() && given.date.is_none() {
        complete &= has_column(file, table, "first_affected_visit", "first affected visit (or date)", findings);
    }
    let has_knee = table.has_column(&given.knee);
    // A file of events of patients alone may leave the column out.
    if !has_knee && given.handled.iter().any(|event| !event.of_patient) {
        complete &= has_column(file, table, &given.knee, "knee", findings);
    }
    if !complete {
        return None;
    }
    let column = |name: &str| Coded::read(table, name).unwrap_or_default();
    let (ids, names) = (column(&given.patient), column(&given.event));
    let labels = if has_knee { column(&given.knee) } else { Coded::default() };
    let visits = given.visit.as_ref().map(|name| (name, column(name)));
    let days = given.date.as_ref().map(|name| (name, dates(file, table, name, findings)));
    let written_days = given.date.as_ref().map(|name| column(name)).unwrap_or_default();
    let unread = days.as_ref().is_some_and(|(_, days)| days.iter().all(Option::is_none));
    let written = |row: usize| unread && written_days.get(row).is_some();
    let number: HashMap<&str, usize> =
        trial.patients.iter().enumerate().map(|(number, patient)| (patient.id.as_str(), number)).collect();
    let handled: Vec<&str> = given.handled.iter().map(|event| event.event.as_str()).collect();
    let calendar = Calendar::of(trial, rows, knees);
    let mut events: Vec<IntercurrentEvent> = Vec::with_capacity(table.height());
    for row in 0..table.height() {
        let at = |column: &str| place(file, Some(table.file_row(row)), Some(column));
        let Some(patient) = ids.get(row).and_then(|id| number.get(id).copied()) else {
            let id = ids.get(row).unwrap_or_default();
            let (said, remedy) = strangers.about(id);
            let message = format!("an intercurrent event of patient `{}`, {said}", shorten(id));
            findings.add("SK801", at(&given.patient), message, remedy);
            continue;
        };
        let about = &trial.patients[patient];
        let name = names.get(row).unwrap_or_default();
        let Some(planned) = given.handled.iter().find(|event| event.event.eq_ignore_ascii_case(name)) else {
            let message = match name {
                "" => "the event has no name, so that no estimand says how it is handled".to_owned(),
                _ => format!("no estimand of the plan says how `{}` is handled", shorten(name)),
            };
            let remedy = match handled.is_empty() {
                true => "add an [[estimand.intercurrent_event]] for it to every estimand".to_owned(),
                false => format!("{}; or add an [[estimand.intercurrent_event]] for it", did_you_mean(name, &handled)),
            };
            findings.add("SK802", at(&given.event), message, remedy);
            continue;
        };
        let label = labels.get(row).unwrap_or_default();
        let whole = label.is_empty() || is_systemic(label) || is_both(label);
        let arm = match (whole, planned.of_patient) {
            (true, true) => None,
            (true, false) => {
                let message = format!(
                    "`{}` is an event of one knee, and no knee of patient {} is named",
                    planned.event, about.id
                );
                let remedy = "name the knee; for an event of the whole patient write `level = \"patient\"` in the plan";
                findings.add("SK803", at(&given.knee), message, remedy);
                continue;
            }
            (false, of_patient) => match arm_of(trial, about, label) {
                None => {
                    let sides: Vec<&str> = about.knees().iter().map(|knee| knee.side.as_str()).collect();
                    let message = format!(
                        "an event at `{}` of patient {}, whose knees in the trial are {}",
                        shorten(label),
                        about.id,
                        sides.join(" and ")
                    );
                    findings.add("SK803", at(&given.knee), message, "correct the side");
                    continue;
                }
                Some(_) if of_patient => {
                    let message =
                        format!("`{}` is an event of the whole patient, and this row names a knee", planned.event);
                    let remedy =
                        "leave the cell empty, or write `level = \"knee\"` in the plan; it is taken for both knees";
                    findings.add("SK804", at(&given.knee), message, remedy);
                    None
                }
                arm => arm,
            },
        };
        let named = visits.as_ref().and_then(|(name, column)| Some((*name, column.get(row)?)));
        let day = days.as_ref().and_then(|(name, days)| Some((*name, days.get(row).copied().flatten()?)));
        let first = match (named, day) {
            (Some((column, label)), _) => match trial.design.visits.iter().position(|visit| visit.label == label) {
                Some(visit) => First::At(visit, column),
                None => {
                    let labels: Vec<&str> = trial.design.visits.iter().map(|visit| visit.label.as_str()).collect();
                    let message = format!("`{}` is no visit of the plan", shorten(label));
                    findings.add("SK805", at(column), message, did_you_mean(label, &labels));
                    continue;
                }
            },
            (None, Some((column, day))) => calendar.first_after(trial, patient, day, column),
            // A date that cannot be read was reported, and takes all of its column with it.
            (None, None) if written(row) => continue,
            (None, None) => {
                let column = given.visit.as_ref().or(given.date.as_ref()).unwrap_or(&given.event);
                let message =
                    "neither a visit nor a date: from when on the event affects values is not known".to_owned();
                findings.add("SK805", at(column), message, "fill in the first affected visit or the date");
                continue;
            }
        };
        let visit = match first {
            First::Never(column) => {
                let message = format!(
                    "`{}` of patient {} came after the last visit: it affects no value",
                    planned.event, about.id
                );
                findings.add("SK806", at(column), message, "check the date; the event is counted and changes nothing");
                None
            }
            First::At(visit, column) if !trial.design.is_after_baseline(visit) => {
                let message = format!(
                    "`{}` of patient {} is at or before baseline: it is not an event after treatment",
                    planned.event, about.id
                );
                findings.add("SK807", at(column), message, "correct the visit or date, or delete the row");
                continue;
            }
            First::At(visit, _) => Some(visit),
        };
        let event = IntercurrentEvent { patient, arm, event: planned.event.clone(), visit, row: table.file_row(row) };
        if planned.arthroplasty {
            arthroplasty(trial, given, &event, &events, findings);
        }
        events.push(event);
    }
    Some(events)
}

/// The first affected visit, and the column that says so.
enum First<'c> {
    At(usize, &'c str),
    Never(&'c str),
}

/// SK808, SK809: a knee is replaced once, and has no values of the outcome afterwards.
fn arthroplasty(
    trial: &Trial,
    given: &Intercurrent,
    event: &IntercurrentEvent,
    before: &[IntercurrentEvent],
    findings: &mut Findings,
) {
    let at = |column: &str| place(&given.source.file, Some(event.row), Some(column));
    let about = &trial.patients[event.patient];
    let arthroplasty = |name: &str| given.handled.iter().any(|known| known.event == name && known.arthroplasty);
    let same_knee = |other: &&IntercurrentEvent| {
        other.patient == event.patient && other.arm == event.arm && arthroplasty(&other.event)
    };
    if let Some(first) = before.iter().find(same_knee) {
        let message = format!("patient {} has an arthroplasty of this knee in row {} already", about.id, first.row);
        findings.add("SK808", at(&given.event), message, "correct the side or delete one; the earlier one rules");
    }
    let Some(visit) = event.visit else { return };
    let knees = about.knees().iter().filter(|knee| event.arm.is_none_or(|arm| knee.arm == arm));
    for knee in knees {
        let later = (visit..trial.design.visits.len()).find(|v| knee.values.iter().any(|values| values[*v].is_some()));
        if let Some(later) = later {
            let message = format!(
                "the {} knee of patient {} has values at {} and was replaced before",
                knee.side, about.id, trial.design.visits[later].label
            );
            let remedy = "they are not values of the treated knee: an estimand drops them unless it says `discard = false`; \
                          analyses without events use them";
            findings.add("SK809", at(&given.event), message, remedy);
        }
    }
}

/// The days on which patients were seen.
struct Calendar {
    days: Vec<Vec<Option<i32>>>,
}

impl Calendar {
    fn of(trial: &Trial, rows: &Rows, knees: &Knees) -> Self {
        let mut days = vec![vec![None; trial.design.visits.len()]; trial.patients.len()];
        let number: HashMap<&str, usize> =
            trial.patients.iter().enumerate().map(|(number, patient)| (patient.id.as_str(), number)).collect();
        let of_row: Vec<Option<usize>> = rows.patients.iter().map(|id| number.get(id.as_str()).copied()).collect();
        debug_assert!(knees.patients.len() >= rows.patients.len());
        for (row, day) in rows.date.iter().flatten().enumerate() {
            let (Some(day), Some(visit)) = (day, rows.visit.get(row).and_then(|v| usize::try_from(*v).ok())) else {
                continue;
            };
            let patient = rows.patient.get(row).and_then(|p| usize::try_from(*p).ok());
            let patient = patient.and_then(|p| of_row.get(p).copied().flatten());
            if let Some(cell) = patient.and_then(|p| days.get_mut(p)).and_then(|cells| cells.get_mut(visit)) {
                let day = day.days;
                *cell = Some(cell.map_or(day, |known: i32| known.min(day)));
            }
        }
        Self { days }
    }

    /// The first visit after `day`: a visit without a date stands at its nominal month after baseline where both are known,
    /// else just before the next dated one.
    fn first_after<'c>(&self, trial: &Trial, patient: usize, day: Date, column: &'c str) -> First<'c> {
        let design = &trial.design;
        let seen = &self.days[patient];
        let day = day.days;
        let start = design.baseline.and_then(|baseline| seen[baseline]);
        let on = |visit: usize| {
            seen[visit].map(f64::from).or_else(|| {
                let months = design.visits[visit].month?;
                Some(f64::from(start?) + (months * MONTH).round())
            })
        };
        let last = (0..design.visits.len()).rev().find(|visit| on(*visit).is_some_and(|at| at <= f64::from(day)));
        let first = last.map_or(0, |visit| visit + 1);
        if first < design.visits.len() { First::At(first, column) } else { First::Never(column) }
    }
}

/// The arm of the patient's knee with this label; where the data have no sides, the label is the arm's.
fn arm_of(trial: &Trial, patient: &Patient, label: &str) -> Option<usize> {
    let by_side = patient.knees().iter().find(|knee| same(&knee.side, label)).map(|knee| knee.arm);
    by_side.or_else(|| trial.design.arms.index(label).filter(|arm| patient.knee(*arm).is_some()))
}
