//! Shift tables of grades and yes/no endpoints: from which grade at baseline to which at the visit, by arm.

use super::Context;
use super::counted::percent;
use super::notes::remark;
use super::pairs;
use super::record::{Record, Rows};
use crate::paired::shift_table::shift_table;
use crate::paired::{Field, TestResult};
use crate::trial::{Kind, Measure, Role, Trial};
use serde_json::{Value, json};

/// One shift table per arm at every visit after baseline, for an ordinal or binary endpoint measured at baseline.
pub fn shifts(context: &Context, endpoint: usize) -> Vec<Record> {
    let trial = context.trial;
    let design = &trial.design;
    let about = &design.endpoints[endpoint];
    let graded = matches!(about.kind, Kind::Ordinal | Kind::Binary);
    let (Some(baseline), true, true) = (design.baseline, design.has_baseline(about), graded) else { return Vec::new() };
    let levels = pairs::levels(trial, endpoint);
    let mut records = Vec::new();
    for visit in context.visits(endpoint) {
        for (arm, label) in design.arms.labels().into_iter().enumerate() {
            let at = |visit: usize| -> Vec<Option<f64>> {
                let knees = context.members().filter_map(|patient| trial.patients[patient].knee(arm));
                knees.map(|knee| knee.values[endpoint][visit]).collect()
            };
            let (before, after) = (at(baseline), at(visit));
            let complete =
                before.iter().zip(&after).filter(|(before, after)| before.is_some() && after.is_some()).count();
            let mut result = TestResult::new("shift-table", complete, &context.options());
            let mut rows = Rows { used: complete, ..Rows::default() };
            rows.leave_out(remark!(no_grade), before.len() - complete);
            match shift_table(&before, &after, &levels, about.better) {
                Ok(table) => {
                    result.extra = vec![
                        ("levels", Field::Numbers(levels.iter().copied().map(Some).collect())),
                        ("row_totals", row_totals(&table.counts)),
                        ("table", Field::Table(table.counts)),
                        ("improved", Field::Count(table.improved)),
                        ("unchanged", Field::Count(table.unchanged)),
                        ("worsened", Field::Count(table.worsened)),
                        ("missing_at_visit", Field::Table(vec![table.missing_at_visit])),
                        ("missing_at_baseline", Field::Table(vec![table.missing_at_baseline])),
                        ("missing_both", Field::Count(table.missing_both)),
                    ];
                    result.notes.push(remark!(shift_rows));
                }
                Err(refusal) => result.notes.push(refusal.0),
            }
            let id = format!("{}.shift.{}", context.stem(endpoint, visit), super::slug(label));
            let mut record = context.record(id, endpoint, visit, Measure::Value, Role::Descriptive, result, rows);
            record.arm = Some(label.to_owned());
            record.reference = "CONSORT 2010, item 17a";
            records.push(record);
        }
    }
    records
}

/// The knees with each grade among `values`: `grades`, each with `n` and the percentage of the values.
pub fn by_grade(trial: &Trial, endpoint: usize, values: &[f64]) -> Field {
    let count = |grade: f64| {
        let n = values.iter().filter(|value| **value == grade).count();
        json!({"grade": grade, "n": n, "percent": percent(n, values.len())})
    };
    Field::Json(Value::Array(pairs::levels(trial, endpoint).into_iter().map(count).collect()))
}

/// `<endpoint>.<visit>.paired-table`: the patients' pairs, grade of the active knee (rows) by grade of the placebo knee
/// (columns). `None` for an endpoint without grades.
pub fn paired_table(context: &Context, endpoint: usize, visit: usize) -> Option<Record> {
    let trial = context.trial;
    let about = &trial.design.endpoints[endpoint];
    if !matches!(about.kind, Kind::Ordinal | Kind::Binary) {
        return None;
    }
    let paired = trial.paired(endpoint, visit, Measure::Value, context.set);
    let levels = pairs::levels(trial, endpoint);
    let cell = |row: f64, column: f64| {
        paired.pairs.iter().filter(|pair| pair.active == row && pair.placebo == column).count() as u64
    };
    let table: Vec<Vec<u64>> =
        levels.iter().map(|row| levels.iter().map(|column| cell(*row, *column)).collect()).collect();
    let mut result = TestResult::new("paired-table", paired.pairs.len(), &context.options());
    result.n_dropped = paired.dropped.len();
    result.extra = vec![
        ("levels", Field::Numbers(levels.iter().copied().map(Some).collect())),
        ("row_totals", row_totals(&table)),
        ("table", Field::Table(table)),
    ];
    let rows = context.paired_rows(endpoint, visit, &paired);
    let id = format!("{}.paired-table", context.stem(endpoint, visit));
    let mut record = context.record(id, endpoint, visit, Measure::Value, Role::Descriptive, result, rows);
    record.reference = "CONSORT extension for within-person trials, item 17b";
    Some(record)
}

fn row_totals(table: &[Vec<u64>]) -> Field {
    Field::Numbers(table.iter().map(|row| Some(row.iter().sum::<u64>() as f64)).collect())
}
