//! Paired rank tests of time to event: the scores of both knees come from the pooled knees of all pairs, their difference
//! within the pair is tested.
//!
//! - *Paired Prentice–Wilcoxon* (O'Brien & Fleming 1987): with S̃(t) = ∏ (n − d + 1)/(n + 1) over the pooled event times, an
//!   event scores 1 − 2S̃, a censored time 1 − S̃; Z = ΣD/√ΣD², normal, without continuity correction. A positive Z says
//!   that active fails later.
//! - *Akritas* (1992): scores 1 − S(t) (event) or 1 − S(t)/2 (censored) from the pooled Kaplan–Meier curve; paired t-test
//!   of their differences; needs the same censoring pattern within pairs.

use super::kaplan_meier::kaplan_meier;
use super::{Cohort, Subject, risk_table};
use crate::math::dist::normal;
use crate::paired::paired_t::paired_t;
use crate::paired::{Options, TestResult};
use serde::Serialize;

/// The paired Prentice–Wilcoxon test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PrenticeWilcoxon {
    /// Z; absent where all differences are 0.
    pub statistic: Option<f64>,
    /// Normal p-value.
    pub p_value: Option<f64>,
    /// Pairs.
    pub n_pairs: usize,
    /// Pairs whose scores are equal.
    pub n_zero: usize,
}

/// The paired Prentice–Wilcoxon test.
pub fn prentice_wilcoxon(cohort: &Cohort) -> PrenticeWilcoxon {
    let mut surv = 1.0;
    let mut curve: Vec<(f64, f64)> = Vec::new();
    for row in risk_table(&pooled(cohort)).iter().filter(|row| row.events > 0) {
        surv *= (row.at_risk - row.events + 1) as f64 / (row.at_risk + 1) as f64;
        curve.push((row.time, surv));
    }
    let score = |s: &Subject| {
        let at = curve.iter().take_while(|(time, _)| *time <= s.time).last().map_or(1.0, |(_, surv)| *surv);
        1.0 - if s.event { 2.0 * at } else { at }
    };
    let differences: Vec<f64> = cohort.pairs().iter().map(|(a, p)| score(a) - score(p)).collect();
    let squares: f64 = differences.iter().map(|d| d * d).sum();
    let statistic = (squares > 0.0).then(|| differences.iter().sum::<f64>() / squares.sqrt());
    PrenticeWilcoxon {
        statistic,
        p_value: statistic.map(normal::two_sided),
        n_pairs: differences.len(),
        n_zero: differences.iter().filter(|d| **d == 0.0).count(),
    }
}

/// Akritas' paired t-test of pooled scores; `None` where it cannot be computed.
pub fn akritas(cohort: &Cohort, level: f64) -> Option<TestResult> {
    let curve = kaplan_meier(&pooled(cohort), level).curve;
    let score = |s: &Subject| {
        let at = curve.iter().take_while(|step| step.time <= s.time).last().map_or(1.0, |step| step.surv);
        1.0 - if s.event { at } else { 0.5 * at }
    };
    let (active, placebo): (Vec<f64>, Vec<f64>) = cohort.pairs().iter().map(|(a, p)| (score(a), score(p))).unzip();
    paired_t(&active, &placebo, &Options { conf_level: level, ..Options::default() }).ok()
}

/// The knees of all pairs.
fn pooled(cohort: &Cohort) -> Vec<Subject> {
    cohort.pairs().into_iter().flat_map(|(active, placebo)| [active, placebo]).collect()
}
