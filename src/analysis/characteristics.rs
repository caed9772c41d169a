//! Patient-level characteristics of the analysis set, for the baseline table: described, never tested.

use super::Context;
use super::counted::percent;
use super::descriptive::summarise;
use super::notes::remark;
use super::record::{Record, Rows};
use crate::paired::{Field, TestResult};
use crate::trial::columns::{self, ColumnKind};
use crate::trial::{Measure, Role};
use std::collections::BTreeSet;

/// Most categories a characteristic may have before it counts as an identifier or free text and is left out.
const MOST_CATEGORIES: usize = 8;

/// One record per characteristic: a numeric one is summarised, another counted by category (`patients.sex`). The
/// columns are those of the plan, else every patient-level column that is numeric or has few categories.
pub fn describe(context: &Context) -> Vec<Record> {
    let trial = context.trial;
    let chosen: BTreeSet<String> = match &context.plan.report.demographics {
        Some(columns) => return columns.iter().filter_map(|column| describe_one(context, column, true)).collect(),
        None => context.members().flat_map(|patient| trial.patients[patient].attributes.keys().cloned()).collect(),
    };
    chosen.iter().filter_map(|column| describe_one(context, column, false)).collect()
}

/// A column that the plan lists (`asked`) is described however many categories it has.
fn describe_one(context: &Context, column: &str, asked: bool) -> Option<Record> {
    let trial = context.trial;
    let mut rows = Rows::default();
    let mut cells: Vec<&str> = Vec::new();
    for patient in context.members() {
        match trial.patients[patient].attributes.get(column) {
            Some(cell) if !cell.is_empty() => cells.push(cell),
            _ => rows.leave_out(remark!(value_missing), 1),
        }
    }
    rows.used = cells.len();
    if cells.is_empty() {
        return None;
    }
    let options = context.options();
    let mut categories: Vec<&str> = cells.clone();
    categories.sort_unstable();
    categories.dedup();
    let declared = trial.column(column).filter(|_| context.plan.covariates.iter().any(|known| known.name == column));
    if let Some(factor) = declared.filter(|declared| declared.kind == ColumnKind::Factor) {
        // Every declared level has its row, in the plan's order.
        categories = factor.levels.iter().map(String::as_str).collect();
    }
    let all: Vec<&str> = columns::cells(trial, column).collect();
    let coded = declared.is_none() && columns::are_codes(column, &all);
    if coded {
        categories = columns::in_order(categories.into_iter().collect())
            .iter()
            .filter_map(|level| cells.iter().find(|cell| *cell == level).copied())
            .collect();
    }
    let is_factor = coded || declared.is_some_and(|declared| declared.kind == ColumnKind::Factor);
    let is_number = declared.is_some_and(|declared| declared.kind == ColumnKind::Number);
    let numbers: Option<Vec<f64>> =
        cells.iter().map(|cell| cell.parse().ok().filter(|v: &f64| v.is_finite())).collect();
    let result = match numbers {
        Some(numbers) if !is_factor && (is_number || categories.len() > 2) => {
            let mut result = summarise(&numbers, &options);
            let decimals = cells.iter().map(|cell| cell.split_once('.').map_or(0, |(_, tail)| tail.len())).max();
            result.extra.push(("decimals", Field::Count(decimals.unwrap_or(0).min(6) as u64)));
            result
        }
        _ if is_factor || asked || categories.len() <= MOST_CATEGORIES => {
            let mut result = TestResult::new("counts", cells.len(), &options);
            let counts = categories
                .iter()
                .map(|category| {
                    let n = cells.iter().filter(|cell| *cell == category).count();
                    serde_json::json!({"category": category, "n": n, "percent": percent(n, cells.len())})
                })
                .collect();
            result.extra = vec![("categories", Field::Json(serde_json::Value::Array(counts)))];
            result
        }
        _ => return None,
    };
    Some(Record {
        id: format!("patients.{}", super::slug(column)),
        endpoint: None,
        endpoint_name: Some(column.to_owned()),
        visit: None,
        visit_label: None,
        arm: None,
        analysis_set: context.set.name.clone(),
        measure: Measure::Value,
        role: Role::Descriptive,
        result,
        p_adjusted: None,
        verdict: None,
        reference: super::descriptive::REFERENCE,
        rows,
    })
}
