//! Protocol deviations: the file read into deviations of a patient, or of one knee. They are counted and listed, and decide
//! no analysis: which patients an analysis set leaves out is the set's own condition.

use super::allocated::same;
use super::coded::Coded;
use super::findings::{Findings, place};
use super::patients::Trial;
use super::rows::{has_column, shorten, whose};
use super::side::{is_both, is_systemic, yes_or_no};
use super::sources::Deviations;
use std::collections::HashMap;

/// One protocol deviation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// Index of the patient in [`Trial::patients`].
    pub patient: usize,
    /// Arm of the knee concerned; `None` for a deviation of the whole patient.
    pub arm: Option<usize>,
    /// What it was, as recorded.
    pub what: String,
    /// Its date as recorded; empty where the file has none.
    pub date: String,
    /// Whether it was important; `None` where the file does not say.
    pub important: Option<bool>,
}

/// The deviations; `None` where the file lacks a column.
pub fn read(trial: &Trial, given: &Deviations, patient: &str, findings: &mut Findings) -> Option<Vec<Deviation>> {
    let (file, table) = (given.source.file.as_str(), &given.source.table);
    let roles = [("patient", Some(patient)), ("deviation", Some(given.what.as_str()))].into_iter().chain([
        ("knee", given.knee.as_deref()),
        ("date", given.date.as_deref()),
        ("important", given.important.as_deref()),
    ]);
    let mut complete = true;
    for (role, column) in roles {
        complete &= column.is_none_or(|column| has_column(file, table, column, role, findings));
    }
    if !complete {
        return None;
    }
    let column = |name: &str| Coded::read(table, name).unwrap_or_default();
    let optional = |name: &Option<String>| name.as_deref().map(column).unwrap_or_default();
    let (ids, whats) = (column(patient), column(&given.what));
    let (knees, dates, important) = (optional(&given.knee), optional(&given.date), optional(&given.important));
    let number: HashMap<&str, usize> =
        trial.patients.iter().enumerate().map(|(number, patient)| (patient.id.as_str(), number)).collect();
    let known: Vec<&str> = trial.patients.iter().map(|patient| patient.id.as_str()).collect();
    let mut found = Vec::with_capacity(table.height());
    for row in 0..table.height() {
        let at = |column: &str| place(file, Some(table.file_row(row)), Some(column));
        let Some(of) = ids.get(row).and_then(|id| number.get(id).copied()) else {
            let id = ids.get(row).unwrap_or_default();
            let message = format!("a protocol deviation of patient `{}`, who is not in the trial's data", shorten(id));
            findings.add("SK719", at(patient), message, whose(id, &known));
            continue;
        };
        let Some(what) = whats.get(row).filter(|what| !what.is_empty()) else {
            let message = "the protocol deviation has no description".to_owned();
            findings.add("SK720", at(&given.what), message, "fill it in");
            continue;
        };
        let about = &trial.patients[of];
        let label = knees.get(row).unwrap_or_default();
        let whole = label.is_empty() || is_systemic(label) || is_both(label);
        let arm = about.knees().iter().find(|knee| same(&knee.side, label)).map(|knee| knee.arm);
        if let (false, None, Some(column)) = (whole, arm, &given.knee) {
            let sides: Vec<&str> = about.knees().iter().map(|knee| knee.side.as_str()).collect();
            let message = format!(
                "a protocol deviation at `{}` of patient {}, whose knees in the trial are {}",
                shorten(label),
                about.id,
                sides.join(" and ")
            );
            findings.add("SK721", at(column), message, "correct the side, or leave it empty for the whole patient");
            continue;
        }
        let flag = important.get(row).unwrap_or_default();
        let important = yes_or_no(flag).filter(|_| !flag.is_empty());
        if let (Some(column), None) = (&given.important, important) {
            let message = format!("`{}` is neither yes nor no", shorten(flag));
            findings.add("SK721", at(column), message, "write Y or N");
            continue;
        }
        let date = dates.get(row).unwrap_or_default().to_owned();
        found.push(Deviation { patient: of, arm: arm.filter(|_| !whole), what: what.to_owned(), date, important });
    }
    Some(found)
}
