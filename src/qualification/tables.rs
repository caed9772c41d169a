//! Paired counts: the 2 × 2 tables of the literature and a k × k table of grades.

use super::case::Case;
use super::{Check, Comparison, Figure};
use crate::paired::Options;
use crate::paired::catalogue::{Settings, run};
use crate::paired::mcnemar::PValue;
use serde_json::Value;

/// The checks of both cases.
pub fn checks() -> Vec<Check> {
    let mut checks = two_by_two();
    checks.extend(grades());
    checks
}

fn ask(method: &str, treated: &[f64], control: &[f64], settings: &Settings) -> Value {
    let result = run(method, treated, control, &Options::default(), settings).ok();
    result.and_then(|result| serde_json::to_value(result).ok()).unwrap_or_default()
}

/// Agresti's approval ratings and Bentur's airway study, as quoted by Fagerland, Lydersen & Laake.
fn two_by_two() -> Vec<Check> {
    let case = Case::new(
        "mcnemar_tables",
        include_str!("../../tests/reference/r/mcnemar_tables/expected.json"),
        include_bytes!("../../tests/reference/r/mcnemar_tables/data.csv"),
    );
    let names = case.text("table");
    let counts = ["n11", "n12", "n21", "n22"].map(|column| case.complete(column));
    let mut found = Comparison::new(case);
    for table in ["agresti_approval", "bentur_2009"] {
        let Some(row) = names.iter().position(|name| name == table) else { continue };
        let (mut treated, mut control) = (Vec::new(), Vec::new());
        for (cell, (yes, other)) in counts.iter().zip([(1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)]) {
            let n = cell.get(row).copied().unwrap_or_default() as usize;
            treated.extend(std::iter::repeat_n(yes, n));
            control.extend(std::iter::repeat_n(other, n));
        }
        let with = |p: PValue, continuity: bool| {
            let mut settings = Settings::default();
            settings.mcnemar.p = p;
            settings.mcnemar.continuity = continuity;
            ask("mcnemar", &treated, &control, &settings)
        };
        let id = |name: &str| format!("{table}/{name}");
        let both: [Figure; 2] = [("statistic", "statistic", 1e-10), ("p_value", "p_value", 1e-8)];
        found.fields(&id("mcnemar.cc"), &with(PValue::Asymptotic, true), &both);
        found.fields(&id("mcnemar.nocc"), &with(PValue::Asymptotic, false), &both);
        let exact = with(PValue::Exact, false);
        found.fields(&id("mcnemar.exact.exact2x2"), &exact, &[("p_value", "p_value", 1e-10)]);
        let ours = with(PValue::MidP, false);
        found.fields(&id("McNemar_midP_test_paired_2x2"), &ours, &[("midP", "p_value", 1e-10)]);
        let figures: [Figure; 3] =
            [("or", "odds_ratio", 1e-10), ("or_low", "odds_ratio_low", 1e-8), ("or_high", "odds_ratio_high", 1e-8)];
        found.fields(&id("binom.ci"), &exact, &figures);
        let figures: [Figure; 3] =
            [("estimate", "risk_difference", 1e-10), ("lower", "tango_low", 1e-8), ("upper", "tango_high", 1e-8)];
        found.fields(&id("own.tango"), &exact, &figures);
        let figures: [Figure; 2] = [("lower", "newcombe_low", 1e-8), ("upper", "newcombe_high", 1e-8)];
        found.fields(&id("Newcombe_square_and_add_CI_paired_2x2"), &exact, &figures);
    }
    found.checks
}

fn grades() -> Vec<Check> {
    let case = Case::new(
        "marginal_grades_sim",
        include_str!("../../tests/reference/r/marginal_grades_sim/expected.json"),
        include_bytes!("../../tests/reference/r/marginal_grades_sim/data.csv"),
    );
    let (treated, control) = (case.complete("knee_ev"), case.complete("knee_placebo"));
    let settings = Settings { levels: vec![0.0, 1.0, 2.0, 3.0], ..Settings::default() };
    let mut found = Comparison::new(case);
    let figures: [Figure; 3] = [("statistic", "statistic", 1e-10), ("df", "df", 0.0), ("p_value", "p_value", 1e-8)];
    found.fields("grades/stuart_maxwell.coin", &ask("stuart-maxwell", &treated, &control, &settings), &figures);
    found.fields("grades/bowker.statsmodels", &ask("bowker", &treated, &control, &settings), &figures);
    found.checks
}
