//! Adjusted p-values and pooled estimates.

use super::case::{self, Case};
use super::{Check, Comparison, Figure};
use crate::multiplicity::adjust::{Adjustment, adjust};
use crate::paired::Options;
use crate::paired::pool::pool;
use serde_json::Value;

/// The checks of both cases.
pub fn checks() -> Vec<Check> {
    let mut checks = adjusted();
    checks.extend(pooled());
    checks
}

fn adjusted() -> Vec<Check> {
    let case = Case::new(
        "multiplicity",
        include_str!("../../tests/reference/r/multiplicity/expected.json"),
        include_bytes!("../../tests/reference/r/multiplicity/data.csv"),
    );
    let (vectors, all) = (case.text("vector"), case.complete("p"));
    let p: Vec<f64> = vectors.iter().zip(&all).filter(|(name, _)| *name == "six").map(|(_, p)| *p).collect();
    let mut found = Comparison::new(case);
    for method in Adjustment::ALL {
        let ours = adjust(method, &p).unwrap_or_default();
        let name = match method.name() {
            "bh" => "BH",
            "by" => "BY",
            other => other,
        };
        let reference = found.case.reference(&format!("six/{name}"));
        for place in 0..p.len() {
            let expected = case::number(case::at(&reference.values, &format!("adjusted.{place}")));
            found.number(&reference, &format!("adjusted p {}", place + 1), expected, ours.get(place).copied(), 1e-12);
        }
    }
    found.checks
}

fn pooled() -> Vec<Check> {
    let case = Case::new(
        "rubin",
        include_str!("../../tests/reference/r/rubin/expected.json"),
        include_bytes!("../../tests/reference/r/rubin/data.csv"),
    );
    let (sets, estimates, errors) = (case.text("set"), case.complete("estimate"), case.complete("se"));
    let df = case.numbers("complete_df");
    let mut found = Comparison::new(case);
    for set in ["r1", "r4"] {
        let rows: Vec<usize> = (0..sets.len()).filter(|&row| sets[row] == set).collect();
        let pick = |values: &[f64]| rows.iter().filter_map(|&row| values.get(row).copied()).collect::<Vec<f64>>();
        let complete = rows.first().and_then(|&row| df.get(row).copied().flatten());
        let ours = pool(&pick(&estimates), &pick(&errors), complete, &Options::default()).ok();
        let ours = ours.and_then(|pooled| serde_json::to_value(pooled).ok()).unwrap_or(Value::Null);
        let figures: [Figure; 6] = [
            ("qbar", "estimate", 1e-12),
            ("se", "std_error", 1e-12),
            ("df", "df", 1e-10),
            ("p_value", "p_value", 1e-8),
            ("fmi", "fmi", 1e-10),
            ("r", "riv", 1e-10),
        ];
        found.fields(&format!("{set}/pool.scalar.barnard_rubin"), &ours, &figures);
    }
    found.checks
}
