//! Counts of patients and of their knees as records, so that every count of a table leads to the rows it was counted in.
//!
//! One record per row of a table: `about` and `item` say which row (`exposure`, `last_visit`), `value` what of (a visit, a
//! reason, a category), `patients` and `knees` (one entry per arm) are the counts, `percent` of what a percentage is printed.

use super::Context;
use super::record::{Record, Rows};
use crate::paired::{Field, TestResult};
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{Knee, Patient, Role};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Source of the counts.
pub const REFERENCE: &str = "CONSORT extension for within-person trials, items 13, 15 and 16";

/// Which row of which table a count is.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The table, for instance `exposure`.
    pub table: &'static str,
    /// The kind of row, for instance `last_visit`.
    pub item: &'static str,
    /// What of, for instance the label of a visit.
    pub value: Option<&'a str>,
}

impl Place<'_> {
    fn id(&self) -> String {
        let value = self.value.map(super::slug).filter(|slug| !slug.is_empty());
        let value = value.map(|value| format!(".{value}")).unwrap_or_default();
        format!("counts.{}.{}{value}", self.table, self.item.replace('_', "-"))
    }
}

/// The arms in the order of the tables: active, placebo, then the others.
pub fn arm_order(context: &Context) -> Vec<usize> {
    let arms = context.trial.design.arms.labels().len();
    [ACTIVE, PLACEBO].into_iter().chain(2..arms).collect()
}

/// One entry per arm, in the order of the tables: `{arm, n}`, and `percent` of the numbers in `of`.
pub fn by_arm(context: &Context, count: &dyn Fn(usize) -> usize, of: Option<&dyn Fn(usize) -> usize>) -> Value {
    let labels = context.trial.design.arms.labels();
    let entry = |arm: usize| {
        let mut entry = json!({"arm": labels[arm], "n": count(arm)});
        if let Some(of) = of {
            entry["of"] = json!(of(arm));
            entry["percent"] = json!(percent(count(arm), of(arm)));
        }
        entry
    };
    Value::Array(arm_order(context).into_iter().map(entry).collect())
}

/// `count` of `of` in per cent, as tables print it.
pub fn percent(count: usize, of: usize) -> f64 {
    100.0 * count as f64 / of.max(1) as f64
}

/// The record of a row: `patients`, and `knees` by arm.
pub fn record(context: &Context, place: Place, patients: usize, knees: Value) -> Record {
    let mut result = TestResult::new("counts", patients, &context.options());
    result.extra = vec![("about", Field::Text(place.table.to_owned())), ("item", Field::Text(place.item.to_owned()))];
    if let Some(value) = place.value {
        result.extra.push(("value", Field::Text(value.to_owned())));
    }
    result.extra.push(("patients", Field::Count(patients as u64)));
    result.extra.push(("knees", Field::Json(knees)));
    let rows = Rows { used: patients, ..Rows::default() };
    let mut record = context.trial_record(place.id(), Role::Descriptive, result, rows);
    record.reference = REFERENCE;
    record
}

/// The record of a row that counts `patients` and those of their knees that `knees` chooses.
pub fn of_knees(context: &Context, place: Place, patients: &[&Patient], knees: &dyn Fn(&Knee) -> bool) -> Record {
    let with = patients.iter().filter(|patient| patient.knees().iter().any(knees)).count();
    let count = |arm: usize| patients.iter().filter_map(|p| p.knee(arm)).filter(|knee| knees(knee)).count();
    record(context, place, with, by_arm(context, &count, None))
}

/// Adds how many of either arm, and how many per cent, have the event or the response of a paired comparison whose cells are
/// `a` (both), `b` (active only), `c` (placebo only) and `d`.
pub fn shares(result: &mut TestResult) {
    let cell = |name: &str| result.number(name).map(|count| count as usize);
    let (Some(both), Some(active), Some(placebo)) = (cell("a"), cell("b"), cell("c")) else { return };
    let n = result.n_pairs;
    result.extra.extend([
        ("n_treated", Field::Count((both + active) as u64)),
        ("percent_treated", Field::Number(Some(percent(both + active, n)))),
        ("n_control", Field::Count((both + placebo) as u64)),
        ("percent_control", Field::Number(Some(percent(both + placebo, n)))),
    ]);
}

/// Labels that differ in punctuation only would share an identifier: the second gets a number.
pub fn distinct(mut records: Vec<Record>) -> Vec<Record> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for record in &mut records {
        let times = seen.entry(record.id.clone()).or_default();
        *times += 1;
        if *times > 1 {
            record.id = format!("{}-{times}", record.id);
        }
    }
    records
}
