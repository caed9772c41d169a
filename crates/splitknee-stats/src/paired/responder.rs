//! Responders: knees that improve by at least a threshold, absolute (MCID in points) or relative (share of baseline).
//!
//! The choice of threshold decides the answer, so [`cumulative_curve`] shows all of them at once (Farrar JT et al. 2006,
//! J Pain Symptom Manage 31:369–377).

use super::mcnemar::{McNemarOptions, mcnemar};
use super::pair_table::PairTable;
use super::proportion::{Tails, wilson};
use super::risk_difference::newcombe;
use super::{Better, Options, Refusal, TestResult};
use crate::note;
use serde::Serialize;

/// What counts as a response.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Threshold {
    /// Improvement from baseline of at least this many points.
    Absolute(f64),
    /// Improvement of at least this share of the baseline value (0.30 for 30 %).
    Relative(f64),
}

/// Whether an improvement reaches a threshold. Values at the threshold count, and so do values that miss it by rounding
/// only (1e-9 relative): 20 of 100 points must reach 20 % however the score was rescaled.
pub fn reaches(improvement: f64, threshold: f64) -> bool {
    improvement >= threshold - 1e-9 * threshold.abs()
}

/// Whether each knee responds: `None` where a value is missing, or the baseline is 0 and the threshold relative.
///
/// # Errors
/// When the columns differ in length or the threshold is not a positive finite number.
pub fn responders(
    baseline: &[Option<f64>],
    visit: &[Option<f64>],
    better: Better,
    threshold: Threshold,
) -> Result<Vec<Option<bool>>, Refusal> {
    if baseline.len() != visit.len() {
        return Err(Refusal(note!(unequal_baseline, visit = visit.len(), baseline = baseline.len())));
    }
    let (Threshold::Absolute(size) | Threshold::Relative(size)) = threshold;
    if !(size.is_finite() && size > 0.0) {
        return Err(Refusal(note!(threshold_positive, size = size)));
    }
    Ok(baseline
        .iter()
        .zip(visit)
        .map(|(before, after)| {
            let (before, after) = (before.filter(|value| value.is_finite())?, after.filter(|value| value.is_finite())?);
            let improvement = better.improvement(before, after);
            match threshold {
                Threshold::Absolute(points) => Some(reaches(improvement, points)),
                Threshold::Relative(_) if before == 0.0 => None,
                Threshold::Relative(share) => Some(reaches(improvement, share * before.abs())),
            }
        })
        .collect())
}

/// Responders in both arms, compared within patients by McNemar's test.
///
/// `treated[i]` and `control[i]` are the two knees of patient i; pairs with an undetermined knee are dropped and
/// counted. The answer is that of [`mcnemar`] with method `responder`.
///
/// # Errors
/// When the columns differ in length or no pair is complete.
pub fn compare_responders(
    treated: &[Option<bool>],
    control: &[Option<bool>],
    options: &Options,
    method: &McNemarOptions,
) -> Result<TestResult, Refusal> {
    if treated.len() != control.len() {
        return Err(Refusal(note!(unequal_pair, treated = treated.len(), control = control.len())));
    }
    let pairs: (Vec<bool>, Vec<bool>) =
        treated.iter().zip(control).filter_map(|(treated, control)| Some(((*treated)?, (*control)?))).unzip();
    let table = PairTable::from_pairs(&pairs.0, &pairs.1)?;
    let mut result = mcnemar(&table, options, method)?;
    result.method = "responder";
    result.n_dropped = treated.len() - pairs.0.len();
    Ok(result)
}

/// One threshold of the cumulative responder curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Improvement of at least this much counts as response.
    pub threshold: f64,
    /// Share of treated knees that respond.
    pub treated: f64,
    /// Its Wilson interval.
    pub treated_low: f64,
    /// Upper limit.
    pub treated_high: f64,
    /// Share of control knees that respond.
    pub control: f64,
    /// Its Wilson interval.
    pub control_low: f64,
    /// Upper limit.
    pub control_high: f64,
    /// Treated − control, with Newcombe's paired interval.
    pub difference: f64,
    /// Lower limit.
    pub difference_low: f64,
    /// Upper limit.
    pub difference_high: f64,
}

/// The share of knees of each arm that improve by at least x, for every x at which either share changes.
///
/// `treated[i]` and `control[i]` are the improvements (positive = better) of the two knees of patient i, complete pairs
/// only. Between two thresholds the shares are those of the higher one.
///
/// # Errors
/// When the columns differ in length, a value is not finite, there is no pair, or the confidence level is invalid.
pub fn cumulative_curve(treated: &[f64], control: &[f64], conf_level: f64) -> Result<Vec<CurvePoint>, Refusal> {
    if treated.len() != control.len() {
        return Err(Refusal(note!(unequal_pair, treated = treated.len(), control = control.len())));
    }
    if treated.is_empty() {
        return Err(Refusal(note!(no_complete_pair_short)));
    }
    if treated.iter().chain(control).any(|value| !value.is_finite()) {
        return Err(Refusal(note!(value_finite)));
    }
    let tails = Tails::two_sided(conf_level)?;
    let (deviate, _) = tails.deviates();
    let n = treated.len() as f64;
    let mut thresholds: Vec<f64> = treated.iter().chain(control).copied().collect();
    thresholds.sort_by(f64::total_cmp);
    thresholds.dedup();
    // A pair is concordant or discordant at a threshold according to where it lies between its two improvements, so
    // that counting how many of each kind lie at or above the threshold gives the whole 2 × 2 table.
    let ascending = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values
    };
    let treated_sorted = ascending(treated.to_vec());
    let control_sorted = ascending(control.to_vec());
    let both_sorted = ascending(treated.iter().zip(control).map(|(a, b)| a.min(*b)).collect());
    let at_least = |sorted: &[f64], threshold: f64| (sorted.len() - sorted.partition_point(|x| *x < threshold)) as u64;
    thresholds
        .into_iter()
        .map(|threshold| {
            let yes_treated = at_least(&treated_sorted, threshold);
            let yes_control = at_least(&control_sorted, threshold);
            let a = at_least(&both_sorted, threshold);
            let (b, c) = (yes_treated - a, yes_control - a);
            let table = PairTable { a, b, c, d: treated.len() as u64 - a - b - c };
            let missing = || Refusal(note!(no_complete_pair_short));
            let (difference_low, difference_high) = newcombe(&table, tails).ok_or_else(missing)?;
            let (treated_low, treated_high) = wilson(yes_treated as f64, n, deviate);
            let (control_low, control_high) = wilson(yes_control as f64, n, deviate);
            Ok(CurvePoint {
                threshold,
                treated: yes_treated as f64 / n,
                treated_low,
                treated_high,
                control: yes_control as f64 / n,
                control_low,
                control_high,
                difference: table.risk_difference().ok_or_else(missing)?,
                difference_low,
                difference_high,
            })
        })
        .collect()
}
