//! What a linear model was asked beyond its tables, as text for people.

use super::model_text::{heading, interval_title, limits, short_df};
use super::terminal::{columns, number, optional, p_value, significant};
use crate::model::r_squared::{ExplainedVariance, PairCorrelation};
use crate::model::{LinearRecord, ModelComparison, ModelReport, Profile};
use crate::table::rounding::fixed;

/// Linear combinations, profile intervals, comparison, explained variance, correlations within pairs and diagnostics of
/// `report`, as far as they were asked for.
pub fn text(report: &ModelReport, conf_level: f64) -> String {
    let mut text = String::new();
    linear(&mut text, &report.linear, conf_level);
    if let Some(found) = &report.profile {
        profile(&mut text, found, conf_level);
    }
    if let Some(found) = &report.comparison {
        comparison(&mut text, found);
    }
    if let Some(found) = &report.explained {
        explained(&mut text, found);
    }
    pairs(&mut text, &report.pair_correlations);
    if let Some(found) = &report.diagnostics {
        heading(&mut text, "Diagnostics");
        found.words.iter().for_each(|words| text.push_str(&format!("{words}\n")));
    }
    text
}

fn linear(text: &mut String, records: &[LinearRecord], conf_level: f64) {
    if records.is_empty() {
        return;
    }
    heading(text, "Linear combinations");
    let rows: Vec<Vec<String>> = records
        .iter()
        .map(|record| {
            let said = record.null == 0.0 || record.rows.contains(&record.label);
            let label = if said { record.label.clone() } else { format!("{} (against {})", record.label, record.null) };
            let df = record.df.map_or_else(|| "∞".to_owned(), short_df);
            let (df, kind) = match record.num_df {
                Some(num_df) => (format!("{num_df}, {df}"), "F"),
                None => (df, "t"),
            };
            let statistic =
                record.statistic.map_or_else(|| "–".to_owned(), |value| format!("{kind} {}", fixed(value, 2)));
            let interval = limits(record.conf_low, record.conf_high);
            let (estimate, error) = (optional(record.estimate), optional(record.std_error));
            vec![label, estimate, error, df, statistic, p_value(record.p_value), interval]
        })
        .collect();
    let interval = interval_title(conf_level);
    text.push_str(&columns(&["Combination", "Estimate", "SE", "df", "Test", "p", &interval], &rows));
}

fn profile(text: &mut String, profile: &Profile, conf_level: f64) {
    heading(text, &format!("Profile-likelihood intervals ({})", profile.method));
    let rows: Vec<Vec<String>> = profile
        .intervals
        .iter()
        .map(|one| vec![one.name.clone(), optional(one.estimate), limits(one.conf_low, one.conf_high)])
        .collect();
    text.push_str(&columns(&["Quantity", "Estimate", &interval_title(conf_level)], &rows));
    for name in &profile.left_out {
        text.push_str(&format!("no interval for {name}\n"));
    }
}

fn comparison(text: &mut String, comparison: &ModelComparison) {
    heading(text, &format!("Likelihood ratio ({})", comparison.method));
    let row = |formula: &str, parameters: usize, log_lik: f64, aic: f64| {
        vec![formula.to_owned(), parameters.to_string(), significant(log_lik, 9), significant(aic, 9)]
    };
    let rows = [
        row(
            &comparison.smaller,
            comparison.n_parameters_smaller,
            comparison.log_lik_smaller,
            comparison.aic_all_smaller,
        ),
        row(&comparison.larger, comparison.n_parameters_larger, comparison.log_lik_larger, comparison.aic_all_larger),
    ];
    text.push_str(&columns(&["Model", "Parameters", "Log-likelihood", "AIC (all)"], &rows));
    let test = &comparison.test;
    let chi = format!("χ² = {} on {} df", number(test.statistic), test.df);
    text.push_str(&format!("{chi}, p {}", relation(test.p_value)));
    if let (Some(p), Some(mixture)) = (test.p_value_mixture, &test.mixture) {
        text.push_str(&format!("; on the boundary, by {mixture}: p {}", relation(p)));
    }
    text.push('\n');
    if let Some(note) = &test.note {
        text.push_str(&format!("note: {note}\n"));
    }
}

/// `= 0.012` or `< 0.0001`.
fn relation(p: f64) -> String {
    let text = p_value(Some(p));
    if text.starts_with(['<', '>']) { text } else { format!("= {text}") }
}

fn explained(text: &mut String, explained: &ExplainedVariance) {
    heading(text, "Explained variance");
    let mut rows = vec![vec!["marginal R² (fixed effects)".to_owned(), number(explained.r2_marginal)]];
    if let Some(conditional) = explained.r2_conditional {
        rows.push(vec!["conditional R² (with random effects)".to_owned(), number(conditional)]);
    }
    if let Some(icc) = explained.icc {
        rows.push(vec!["intraclass correlation (all random effects)".to_owned(), number(icc)]);
    }
    if explained.icc_by_group.len() > 1 {
        rows.extend(explained.icc_by_group.iter().map(|one| vec![format!("  of it {}", one.group), number(one.icc)]));
    }
    text.push_str(&columns(&["", "Share"], &rows));
}

fn pairs(text: &mut String, pairs: &[PairCorrelation]) {
    if pairs.is_empty() {
        return;
    }
    heading(text, "Correlation within pairs that the model implies");
    let rows: Vec<Vec<String>> =
        pairs.iter().map(|pair| vec![pair.visit.clone(), number(pair.correlation), pair.n_pairs.to_string()]).collect();
    text.push_str(&columns(&["", "Correlation", "Pairs"], &rows));
}
