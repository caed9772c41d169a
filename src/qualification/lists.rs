//! Adjusted p-values and pooled estimates.

use super::case::Case;
use super::coverage::Coverage;
use crate::multiplicity::adjust::{Adjustment, adjust};
use crate::paired::Options;
use crate::paired::pool::pool;

/// Closed forms.
const CLOSED: f64 = 1e-10;
/// Asymptotic p-values and quantiles.
const ASYMPTOTIC: f64 = 1e-8;

/// `p.adjust` of R.
pub fn adjusted(case: &Case) -> Coverage {
    let mut coverage = Coverage::new(case);
    for result in &case.results {
        let (vector, method) = result.id.split_once('/').unwrap_or_default();
        let p_values: Vec<f64> = case.data.filter("vector", vector).complete("p");
        let Some(method) = Adjustment::from_name(method.split('.').next().unwrap_or_default()) else {
            coverage.exclude(result, "not an adjustment that is offered");
            continue;
        };
        let ours = adjust(method, &p_values).unwrap_or_default();
        let expected = result.values["adjusted"].as_array().map_or(0, Vec::len);
        for i in 0..expected {
            coverage.close(result, &format!("adjusted.{i}"), ours.get(i).copied(), 1e-12);
        }
    }
    coverage
}

/// Rubin's rules.
pub fn pooled(case: &Case) -> Coverage {
    let mut coverage = Coverage::new(case);
    for result in &case.results {
        let (set, rule) = result.id.split_once('/').unwrap_or_default();
        let rows = case.data.filter("set", set);
        let column = |name: &str| rows.numbers(name).into_iter().flatten().collect::<Vec<f64>>();
        let complete = rule.ends_with("barnard_rubin").then(|| column("complete_df").first().copied()).flatten();
        let Ok(ours) = pool(&column("estimate"), &column("se"), complete, &Options::default()) else { continue };
        for (name, ours, tolerance) in [
            ("m", Some(ours.n_imputations as f64), CLOSED),
            ("qbar", Some(ours.estimate), CLOSED),
            ("ubar", Some(ours.within_variance), CLOSED),
            ("b", Some(ours.between_variance), CLOSED),
            ("t", Some(ours.std_error.powi(2)), CLOSED),
            ("df", Some(ours.df), CLOSED),
            ("r", ours.riv, CLOSED),
            ("fmi", ours.fmi, ASYMPTOTIC),
            ("se", Some(ours.std_error), CLOSED),
            ("statistic", ours.statistic, CLOSED),
            ("p_value", ours.p_value, ASYMPTOTIC),
            ("conf_low", ours.conf_low, ASYMPTOTIC),
            ("conf_high", ours.conf_high, ASYMPTOTIC),
        ] {
            if result.number(name).is_some() {
                coverage.close(result, name, ours, tolerance);
            }
        }
    }
    coverage
}
