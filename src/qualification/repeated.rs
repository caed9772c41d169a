//! Repeated measurements of trial A: the two-way repeated-measures ANOVA and Friedman's test.

use super::case::Case;
use super::{Check, Comparison, Figure};
use crate::paired::within::{Factor, WithinTable};
use crate::paired::{Options, friedman, rm_anova};
use serde_json::Value;

/// The checks of the case.
pub fn checks() -> Vec<Check> {
    let case = Case::new(
        "rmanova_simA",
        include_str!("../../tests/reference/r/rmanova_simA/expected.json"),
        include_bytes!("../../tests/reference/r/rmanova_simA/data.csv"),
    );
    let factor = |name: &str, levels: &[&str]| {
        let levels = levels.iter().map(|level| (*level).to_owned()).collect();
        Factor { name: name.to_owned(), levels }
    };
    let both = [
        (factor("treatment", &["EV", "PLACEBO"]), case.text("treatment")),
        (factor("visit", &["0", "1", "3", "6"]), case.text("month")),
    ];
    let table = WithinTable::from_long(&case.text("usubjid"), &case.numbers("vas"), &both).ok();
    let mut found = Comparison::new(case);
    let options = Options::default();
    let rows = |arm: usize| -> Vec<Vec<f64>> {
        let cells = |row: &Vec<f64>| row.get(4 * arm..4 * arm + 4).unwrap_or_default().to_vec();
        table.iter().flat_map(|table| table.rows.iter().map(cells)).collect()
    };
    let figures: [Figure; 3] = [("statistic", "statistic", 1e-10), ("df", "df", 0.0), ("p_value", "p_value", 1e-8)];
    for (arm, name) in ["EV", "PLACEBO"].iter().enumerate() {
        let ours = friedman::friedman(&rows(arm), &options).ok();
        let ours = ours.and_then(|result| serde_json::to_value(result).ok()).unwrap_or_default();
        found.fields(&format!("vas.raw/friedman.{name}"), &ours, &figures);
    }
    let anova = table.as_ref().and_then(|table| rm_anova::rm_anova(table, &options).ok());
    let anova = anova.and_then(|result| serde_json::to_value(result).ok()).unwrap_or_default();
    let effect = |term: &str| -> Value {
        let effects = anova.get("effects").and_then(Value::as_array);
        effects.into_iter().flatten().find(|effect| effect["term"] == term).cloned().unwrap_or_default()
    };
    let f: [Figure; 4] =
        [("F", "f", 1e-9), ("num_df", "num_df", 0.0), ("den_df", "den_df", 0.0), ("p", "p_value", 1e-8)];
    let corrected: [Figure; 2] = [("p_GG", "p_gg", 1e-8), ("p_HF", "p_hf", 1e-8)];
    for (id, term) in [("treatment", "treatment"), ("visit", "visit"), ("interaction", "treatment:visit")] {
        found.fields(&format!("vas.raw/anova.mlm.{id}"), &effect(term), &f);
        if term != "treatment" {
            found.fields(&format!("vas.raw/anova.mlm.{id}"), &effect(term), &corrected);
            let mauchly: [Figure; 2] = [("statistic", "mauchly_w", 1e-9), ("p_value", "mauchly_p", 1e-8)];
            found.fields(&format!("vas.raw/mauchly.{id}"), &effect(term), &mauchly);
        }
    }
    found.checks
}
