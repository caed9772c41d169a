//! What pairs say about time to event: whose came first.
//!
//! With one stratum per patient only pairs count in which one knee had its event while the other was still at risk. Let
//! n₁₀ be those in which the active knee came first and n₀₁ those in which the placebo knee did.
//!
//! - *Stratified log-rank*: (n₁₀ − n₀₁)²/(n₁₀ + n₀₁), McNemar's statistic (Mantel 1966).
//! - *Cox stratified by patient*: log hazard ratio ln(n₁₀/n₀₁), variance 1/n₁₀ + 1/n₀₁ (Holt & Prentice 1974). Pairs whose
//!   two events fall on the same time tell nothing in the exact likelihood, the default; Efron's and Breslow's count each
//!   as half evidence both ways and shrink the estimate.
//! - *Exact*: n₁₀ given n₁₀ + n₀₁ is binomial; Clopper–Pearson limits p/(1 − p).

use super::Cohort;
use crate::math::dist::{binomial, chi_squared, normal};
use crate::paired::proportion::{Tails, clopper_pearson};
use serde::Serialize;

/// How events of both knees at the same time enter the stratified Cox model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ties {
    /// They tell nothing.
    #[default]
    Exact,
    /// Efron 1977.
    Efron,
    /// Breslow 1974.
    Breslow,
}

/// Who came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Firsts {
    /// Pairs in which the active knee came first.
    pub active: u64,
    /// Pairs in which the placebo knee came first.
    pub placebo: u64,
    /// Pairs with both events at one time.
    pub tied: u64,
    /// Pairs that do not tell: no event, or the first to leave was censored.
    pub uninformative: u64,
}

impl Firsts {
    /// Counts the pairs of `cohort`; an event at the time at which the other is censored came first.
    pub fn of(cohort: &Cohort) -> Self {
        let mut firsts = Self::default();
        for (active, placebo) in cohort.pairs() {
            let first =
                |a: &super::Subject, b: &super::Subject| a.event && (a.time < b.time || (a.time == b.time && !b.event));
            if active.event && placebo.event && active.time == placebo.time {
                firsts.tied += 1;
            } else if first(&active, &placebo) {
                firsts.active += 1;
            } else if first(&placebo, &active) {
                firsts.placebo += 1;
            } else {
                firsts.uninformative += 1;
            }
        }
        firsts
    }
}

/// The stratified log-rank test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LogRank {
    /// Chi-squared statistic; absent where no pair tells.
    pub statistic: Option<f64>,
    /// Its degrees of freedom.
    pub df: u32,
    /// p-value; absent where no pair tells.
    pub p_value: Option<f64>,
    /// Events on active, those of patients with one knee included.
    pub observed_active: f64,
    /// Expected on active.
    pub expected_active: f64,
    /// Events on placebo.
    pub observed_placebo: f64,
    /// Expected on placebo.
    pub expected_placebo: f64,
    /// Variance of observed − expected.
    pub variance: f64,
}

/// The log-rank test with one stratum per patient.
pub fn log_rank(cohort: &Cohort) -> LogRank {
    let (mut observed, mut expected, mut variance) = ([0.0_f64; 2], [0.0_f64; 2], 0.0);
    let paired: Vec<usize> = cohort.pairs().iter().map(|(active, _)| active.patient).collect();
    for subject in cohort.subjects().iter().filter(|s| paired.binary_search(&s.patient).is_err() && s.event) {
        // A stratum of one knee: observed and expected are both 1.
        observed[usize::from(!subject.active)] += 1.0;
        expected[usize::from(!subject.active)] += 1.0;
    }
    for (active, placebo) in cohort.pairs() {
        let both = [active, placebo];
        let mut times: Vec<f64> = both.iter().filter(|s| s.event).map(|s| s.time).collect();
        times.sort_by(f64::total_cmp);
        times.dedup();
        for time in times {
            let at_risk: Vec<bool> = both.iter().map(|s| s.time >= time).collect();
            let n = at_risk.iter().filter(|r| **r).count() as f64;
            let d = both.iter().filter(|s| s.event && s.time == time).count() as f64;
            for side in 0..2 {
                observed[side] += f64::from(u8::from(both[side].event && both[side].time == time));
                expected[side] += if at_risk[side] { d / n } else { 0.0 };
            }
            if n > 1.0 {
                variance += d * 0.25 * (n - d) / (n - 1.0);
            }
        }
    }
    let statistic = (variance > 0.0).then(|| (observed[0] - expected[0]).powi(2) / variance);
    LogRank {
        statistic,
        df: 1,
        p_value: statistic.map(|x| chi_squared::sf(x, 1.0)),
        observed_active: observed[0],
        expected_active: expected[0],
        observed_placebo: observed[1],
        expected_placebo: expected[1],
        variance,
    }
}

/// The Cox model with one stratum per patient.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StratifiedCox {
    /// Log hazard ratio, active to placebo, within the patient; absent where it is infinite or nothing tells.
    pub estimate: Option<f64>,
    /// Hazard ratio.
    pub hazard_ratio: Option<f64>,
    /// Lower Wald limit of the hazard ratio.
    pub hazard_ratio_low: Option<f64>,
    /// Upper Wald limit of the hazard ratio.
    pub hazard_ratio_high: Option<f64>,
    /// Standard error of the log hazard ratio.
    pub std_error: Option<f64>,
    /// Wald statistic.
    pub statistic: Option<f64>,
    /// Its normal p-value.
    pub p_value: Option<f64>,
    /// Log partial likelihood at the estimate.
    pub log_lik: Option<f64>,
    /// Log partial likelihood at a hazard ratio of 1.
    pub log_lik_null: f64,
    /// How ties were treated.
    pub ties: Ties,
}

/// The stratified Cox model from who came first.
pub fn stratified_cox(firsts: &Firsts, ties: Ties, level: f64) -> StratifiedCox {
    let tied = if ties == Ties::Exact { 0 } else { firsts.tied } as f64;
    let (active, placebo) = (firsts.active as f64 + tied, firsts.placebo as f64 + tied);
    let constant = if ties == Ties::Efron { tied * std::f64::consts::LN_2 } else { 0.0 };
    let total = active + placebo;
    let estimable = active > 0.0 && placebo > 0.0;
    let estimate = estimable.then(|| (active / placebo).ln());
    let std_error = estimable.then(|| (1.0 / active + 1.0 / placebo).sqrt());
    let z = normal::upper_quantile(0.5 * (1.0 - level));
    let limit = |sign: f64| Some((estimate? + sign * z * std_error?).exp());
    let statistic = estimate.zip(std_error).map(|(estimate, error)| estimate / error);
    StratifiedCox {
        estimate,
        hazard_ratio: estimable.then(|| active / placebo),
        hazard_ratio_low: limit(-1.0),
        hazard_ratio_high: limit(1.0),
        std_error,
        statistic,
        p_value: statistic.map(normal::two_sided),
        log_lik: estimable.then(|| active * (active / total).ln() + placebo * (placebo / total).ln() + constant),
        log_lik_null: -total * std::f64::consts::LN_2 + constant,
        ties,
    }
}

/// The exact conditional analysis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExactPairs {
    /// Pairs.
    pub n_pairs: usize,
    /// Pairs in which the active knee came first.
    pub n_active_first: u64,
    /// Pairs in which the placebo knee came first.
    pub n_placebo_first: u64,
    /// Pairs with both events at one time.
    pub n_tied: u64,
    /// Pairs that do not tell.
    pub n_uninformative: u64,
    /// Hazard ratio; absent where nothing tells or it is infinite.
    pub hazard_ratio: Option<f64>,
    /// Clopper–Pearson limit; absent where nothing tells.
    pub hazard_ratio_low: Option<f64>,
    /// Clopper–Pearson limit; absent where nothing tells or it is infinite.
    pub hazard_ratio_high: Option<f64>,
    /// Exact binomial p-value, two-sided.
    pub p_value: Option<f64>,
    /// Its mid-p.
    pub p_value_mid_p: Option<f64>,
}

/// The exact conditional analysis of who came first.
pub fn exact(firsts: &Firsts, level: f64) -> ExactPairs {
    let (first, n) = (firsts.active, firsts.active + firsts.placebo);
    let odds = |(share, rest): (f64, f64)| (rest > 0.0).then(|| share / rest);
    let least = first.min(n - first);
    let limits = Tails::two_sided(level).ok().filter(|_| n > 0).map(|tails| clopper_pearson(first, n, tails));
    ExactPairs {
        n_pairs: (n + firsts.tied + firsts.uninformative) as usize,
        n_active_first: first,
        n_placebo_first: firsts.placebo,
        n_tied: firsts.tied,
        n_uninformative: firsts.uninformative,
        hazard_ratio: (firsts.placebo > 0).then(|| first as f64 / firsts.placebo as f64),
        hazard_ratio_low: limits.and_then(|(low, _)| odds(low)),
        hazard_ratio_high: limits.and_then(|(_, high)| odds(high)),
        p_value: (n > 0).then(|| (2.0 * binomial::cdf(least, n, 0.5)).min(1.0)),
        p_value_mid_p: (n > 0).then(|| (2.0 * binomial::cdf(least, n, 0.5) - binomial::pmf(least, n, 0.5)).min(1.0)),
    }
}
