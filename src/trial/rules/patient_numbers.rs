//! SK616: patient-level numbers that are codes for missing, no ages, or ten times as large or small as all others.

use super::Context;
use super::coding::patient_level;
use super::missing_codes::{CODES, akin};
use crate::trial::findings::Findings;
use std::collections::BTreeMap;

/// Fewest other ages beside which one can be far from all.
const FEWEST_AGES: usize = 5;

/// SK616: codes for missing, and ages that nobody has, among the patient-level numbers.
pub fn check(context: &Context<'_>, findings: &mut Findings) {
    let mut columns: BTreeMap<&str, Vec<(f64, &str)>> = BTreeMap::new();
    for patient in &context.trial.patients {
        for (column, cell) in &patient.attributes {
            if let Ok(value) = cell.parse::<f64>() {
                columns.entry(column).or_default().push((value, &patient.id));
            }
        }
    }
    ages_as_dates(context, findings);
    for (column, values) in columns {
        let age = is_age(column);
        let mut sorted: Vec<f64> = values.iter().map(|(value, _)| *value).collect();
        sorted.sort_by(f64::total_cmp);
        let mut distinct = sorted.clone();
        distinct.dedup();
        // Every value is looked at once, whoever has it.
        let mut odd: BTreeMap<u64, String> = BTreeMap::new();
        for value in &distinct {
            if let Some(beside) = is_odd(*value, age, &sorted, &distinct) {
                odd.insert(value.to_bits(), beside);
            }
        }
        if odd.is_empty() {
            continue;
        }
        for (value, patient) in &values {
            let Some(beside) = odd.get(&value.to_bits()) else { continue };
            findings.add(
                "SK616",
                patient_level(context, column),
                format!("`{column}` of patient {patient} is {value}{beside}"),
                format!(
                    "correct the cell; if {value} means missing, declare it for this column: {}",
                    super::declared_missing::by_column(column, &value.to_string())
                ),
            );
        }
    }
}

/// What is said beside a patient-level number that is a code for missing, no age, or ten times as large or small as all others;
/// `None` where it is a number like the others. `sorted` are all values, `distinct` each once.
fn is_odd(value: f64, age: bool, sorted: &[f64], distinct: &[f64]) -> Option<String> {
    let code = CODES.contains(&value);
    let other = |other: &&f64| **other != value && !(CODES.contains(*other) && akin(**other, value));
    // Few values are codes: the ends of the others are found within some steps.
    let (lowest, highest) = (*distinct.iter().find(other)?, *distinct.iter().rev().find(other)?);
    let equal = |wanted: f64| {
        sorted.partition_point(|known| *known <= wanted) - sorted.partition_point(|known| *known < wanted)
    };
    let cells = equal(value);
    let kin: usize =
        CODES.iter().filter(|known| **known != value && akin(**known, value)).map(|known| equal(*known)).sum();
    let others = sorted.len() - cells - kin;
    // Far from all others; or, where it is written more than once, beyond a gap.
    let apart = others > 1
        && match (value < 0.0, value > 9.0) {
            (true, _) => lowest >= 0.0,
            (_, true) => highest < value / 5.0 || (cells > 1 && value - highest >= 0.25 * (highest - lowest)),
            (_, false) => cells > 1 && highest <= 3.0,
        };
    // An age far from those of all other patients: further than half of what they are apart, and ten years.
    let gap = (value - highest).max(lowest - value);
    let outlying = age && others >= FEWEST_AGES && gap >= 10.0 && gap >= 0.5 * (highest - lowest);
    // A decimal point that moved: the others are much alike, and it is one of them when the point is put back.
    let alike = lowest > 0.0 && highest <= 3.0 * lowest && others >= FEWEST_AGES && distinct.len() > FEWEST_AGES;
    let far = value > 3.0 * highest || (value > 0.0 && 3.0 * value < lowest);
    let back = |by: f64| (0.8 * lowest..=1.2 * highest).contains(&(value * by));
    let moved = alike && far && [0.01, 0.1, 10.0, 100.0].into_iter().any(back);
    let beside = match outlying || moved {
        true => format!(", and those of all others are {lowest} to {highest}"),
        false => String::new(),
    };
    ((code && apart) || (age && !(0.0..=120.0).contains(&value)) || outlying || moved).then_some(beside)
}

/// Whether a column is called the age of the patients.
fn is_age(column: &str) -> bool {
    let lower = column.to_lowercase();
    lower == "age" || lower.starts_with("age_") || lower.ends_with("_age") || column == "年齢"
}

/// SK616: dates (of birth) in a column that is called age.
fn ages_as_dates(context: &Context<'_>, findings: &mut Findings) {
    let dated = |cell: &str| {
        use crate::data::date::DateOrder;
        cell.parse::<f64>().is_err() && crate::data::Date::parse(cell, DateOrder::Iso).is_some()
    };
    let mut first: BTreeMap<&str, (usize, &str, &str)> = BTreeMap::new();
    for patient in &context.trial.patients {
        for (column, cell) in patient.attributes.iter().filter(|(column, cell)| is_age(column) && dated(cell)) {
            first.entry(column).and_modify(|found| found.0 += 1).or_insert((1, cell, &patient.id));
        }
    }
    for (column, (count, cell, patient)) in first {
        let patients = if count == 1 { "1 patient".to_owned() } else { format!("{count} patients") };
        findings.add(
            "SK616",
            patient_level(context, column),
            format!("`{column}` is a date in {patients}, first {cell} of patient {patient}"),
            "write the age in years; a date of birth is described by nobody",
        );
    }
}
