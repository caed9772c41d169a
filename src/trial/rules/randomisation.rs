//! How knees were allocated.

use super::{Context, Rule};
use crate::data::Date;
use crate::data::date::DateOrder;
use crate::math::dist::binomial;
use crate::trial::design::ACTIVE;
use crate::trial::finding::Severity::{Error, Note, Warning};
use crate::trial::findings::{Findings, place};
use crate::trial::patients::Patient;
use crate::trial::side::{Side, side};
use std::collections::BTreeMap;

/// The rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: "SK401",
        severity: Note,
        title: "The active treatment is on left and right knees alike.",
        example: "Active on the left in 24 of 29 patients (exact binomial p < 0.01).",
        remedy: "Check the allocation; a side effect cannot be told from treatment.",
    },
    Rule {
        id: "SK402",
        severity: Warning,
        title: "The active treatment is not always on one side.",
        example: "Active on the left in all patients.",
        remedy: "Check the columns: side and treatment are confounded.",
    },
    Rule {
        id: "SK403",
        severity: Warning,
        title: "The allocation list has every number once.",
        example: "17 twice; 21 missing.",
        remedy: "Explain gaps and repeats in the list.",
    },
    Rule {
        id: "SK404",
        severity: Warning,
        title: "The next allocation cannot be guessed.",
        example: "Left and right strictly in turn over 31 patients.",
        remedy: "Explain how the list was made.",
    },
    Rule {
        id: "SK405",
        severity: Warning,
        title: "Patients were randomised in the order of the list.",
        example: "Number 18 randomised before number 17.",
        remedy: "Explain the order.",
    },
    Rule {
        id: "SK406",
        severity: Error,
        title: "A blinded run can give dummy treatments.",
        example: "Wide data whose columns are named by treatment.",
        remedy: "Name the columns by side.",
    },
    Rule {
        id: "SK407",
        severity: Warning,
        title: "The allocation list has one date per patient.",
        example: "Patient 007 randomised on 18 March by one row and on 20 March by another.",
        remedy: "Correct the list; the first date is used.",
    },
];

/// Patients a list needs before its pattern says anything.
const ENOUGH: usize = 10;

/// Looks at the balance of sides and at the order of the allocation list.
pub fn check(context: &Context<'_>, findings: &mut Findings) {
    balance(context, findings);
    numbers(context, findings);
    alternation(context, findings);
    order_of_dates(context, findings);
}

fn active_side(patient: &Patient) -> Option<Side> {
    side(&patient.knee(ACTIVE)?.side)
}

/// SK401 and SK402: the active treatment on left and right knees.
fn balance(context: &Context<'_>, findings: &mut Findings) {
    let sides: Vec<Side> = context.trial.patients.iter().filter_map(active_side).collect();
    let left = sides.iter().filter(|side| **side == Side::Left).count();
    let fewer = left.min(sides.len() - left);
    let at = context.rows.place(None, context.sources.roles.knee.as_deref());
    if sides.len() >= 5 && fewer == 0 {
        let word = if left > 0 { "left" } else { "right" };
        findings.add(
            "SK402",
            at,
            format!("the active treatment is on the {word} in all {} patients", sides.len()),
            "check the columns: side and treatment cannot be told apart",
        );
        return;
    }
    let (Ok(k), Ok(n)) = (u64::try_from(fewer), u64::try_from(sides.len())) else { return };
    let p = (2.0 * binomial::cdf(k, n, 0.5)).min(1.0);
    if n > 0 && p < 0.01 {
        findings.add(
            "SK401",
            at,
            format!("the active treatment is on the left in {left} of {n} patients (exact binomial p = {p:.4})"),
            "check the allocation, and give the model a `side` term",
        );
    }
}

/// SK403: numbers of the allocation list.
fn numbers(context: &Context<'_>, findings: &mut Findings) {
    let Some(list) = context.sources.allocation.as_ref() else { return };
    let Some(order) = &list.order else { return };
    let mut holders: BTreeMap<i64, String> = BTreeMap::new();
    for (id, (number, row)) in context.list_order() {
        // Numbers beyond 2^53 are not whole in a double.
        if number.fract() != 0.0 || number.abs() > 9e15 {
            continue;
        }
        if let Some(before) = holders.insert(number as i64, id.to_owned()) {
            findings.add(
                "SK403",
                place(&list.source.file, Some(row), Some(order)),
                format!("number {number} is given to patient {before} and to patient {id}"),
                "explain or correct the list",
            );
        }
    }
    let (Some(first), Some(last)) = (holders.keys().next(), holders.keys().next_back()) else { return };
    let span = usize::try_from(last - first + 1).unwrap_or(usize::MAX);
    if span > holders.len() && span <= holders.len() * 10 + 100 {
        let absent: Vec<String> = (*first..=*last)
            .filter(|number| !holders.contains_key(number))
            .take(5)
            .map(|number| number.to_string())
            .collect();
        findings.add(
            "SK403",
            place(&list.source.file, None, Some(order)),
            format!(
                "{} numbers between {first} and {last} are missing, among them {}",
                span - holders.len(),
                absent.join(", ")
            ),
            "explain the gaps, for instance as screen failures",
        );
    }
}

/// SK404: strict alternation.
fn alternation(context: &Context<'_>, findings: &mut Findings) {
    let Some(list) = context.sources.allocation.as_ref() else { return };
    let order = context.list_order();
    let mut patients: Vec<(f64, Side)> = context
        .trial
        .patients
        .iter()
        .filter_map(|patient| Some((order.get(patient.id.as_str())?.0, active_side(patient)?)))
        .collect();
    patients.sort_by(|a, b| a.0.total_cmp(&b.0));
    let alternates = patients.windows(2).all(|pair| matches!(pair, [a, b] if a.1 != b.1));
    if patients.len() >= ENOUGH && alternates {
        findings.add(
            "SK404",
            place(&list.source.file, None, None),
            format!(
                "the active side alternates strictly over {} patients, so that the next allocation can be guessed",
                patients.len()
            ),
            "explain how the list was made: alternation is not randomisation",
        );
    }
}

/// SK405: dates of randomisation along the list.
fn order_of_dates(context: &Context<'_>, findings: &mut Findings) {
    let Some(list) = context.sources.allocation.as_ref() else { return };
    if list.order.is_none() {
        return;
    }
    let order = context.list_order();
    let mut patients: Vec<(f64, usize, &str, Date)> = context
        .trial
        .patients
        .iter()
        .filter_map(|patient| {
            let (number, row) = order.get(patient.id.as_str())?;
            Some((*number, *row, patient.id.as_str(), context.randomised_on(patient)?))
        })
        .collect();
    patients.sort_by(|a, b| a.0.total_cmp(&b.0));
    for pair in patients.windows(2) {
        let [(_, _, before, earlier), (_, row, id, date)] = pair else { continue };
        if date < earlier {
            findings.add(
                "SK405",
                place(&list.source.file, Some(*row), list.order.as_deref()),
                format!(
                    "patient {id} was randomised on {}, before patient {before} ({}), who comes earlier in the list",
                    date, earlier
                ),
                "explain the order, or correct the dates",
            );
        }
    }
}

impl Context<'_> {
    /// Place in the allocation list by patient, and the row: the list's own number, else the order of its rows.
    fn list_order(&self) -> BTreeMap<&str, (f64, usize)> {
        let (Some(list), Some(allocated)) = (self.sources.allocation.as_ref(), self.knees.allocated.as_ref()) else {
            return BTreeMap::new();
        };
        let table = &list.source.table;
        let numbers = list.order.as_ref().and_then(|order| table.numbers(order).ok());
        let by_row: BTreeMap<usize, f64> = numbers
            .iter()
            .flatten()
            .enumerate()
            .filter_map(|(index, number)| Some((table.file_row(index), (*number)?)))
            .collect();
        let mut order = BTreeMap::new();
        for (id, knees) in &allocated.knees {
            let Some(row) = knees.iter().map(|knee| knee.row).min() else { continue };
            let number = match list.order {
                Some(_) => by_row.get(&row).copied(),
                // A file has far fewer rows than a double can count.
                None => Some(row as f64),
            };
            if let Some(number) = number {
                order.insert(id.as_str(), (number, row));
            }
        }
        order
    }

    /// The date on which a patient was randomised, where the files say.
    pub(in crate::trial) fn randomised_on(&self, patient: &Patient) -> Option<Date> {
        if let Some(date) = self.knees.allocated.as_ref().and_then(|list| list.dates.get(&patient.id)) {
            return Some(*date);
        }
        let column = self.sources.randomisation_date.as_ref()?;
        Date::parse(patient.attributes.get(column)?, DateOrder::Iso)
    }
}
