//! Restricted mean survival time of both arms to a common τ, and survival at a time, compared within patients.
//!
//! RMST = ∫₀^τ S(t) dt, the area under the Kaplan–Meier curve. The influence of knee i on it is
//! ψᵢ = −Σ_{s ≤ tᵢ} A(s) [dNᵢ(s) n(s) − d(s)]/(n(s)(n(s) − d(s))) with A(s) the area from s to τ (Andersen, Hansen & Klein 2004);
//! within an arm Σψ² is Greenwood's variance. The difference of arms has the variance Σ over patients of
//! (ψ_active − ψ_placebo)² (Murray 2001), so that pairing enters and a patient with one knee counts in the arm it has.
//! The normal test is anti-conservative in small trials (Jesse, Huber & Friede 2024): `small_sample` takes the jackknife
//! over patients with t on n − 1 degrees of freedom.

use super::kaplan_meier::{Step, kaplan_meier, survival_at};
use super::{Cohort, Subject};
use crate::math::dist::{normal, student_t};
use crate::note;
use crate::paired::Refusal;
use serde::Serialize;

/// The difference of restricted means.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rmst {
    /// The horizon.
    pub tau: f64,
    /// Restricted mean of active.
    pub rmst_active: f64,
    /// Restricted mean of placebo.
    pub rmst_placebo: f64,
    /// Standard error of the mean of active.
    pub std_error_active: f64,
    /// Standard error of the mean of placebo.
    pub std_error_placebo: f64,
    /// Active − placebo.
    pub estimate: f64,
    /// Its standard error, pairing kept.
    pub std_error: f64,
    /// Its jackknife standard error over patients.
    pub std_error_jackknife: Option<f64>,
    /// Degrees of freedom of the test; absent where it is normal.
    pub df: Option<f64>,
    /// estimate/std_error.
    pub statistic: Option<f64>,
    /// Its p-value.
    pub p_value: Option<f64>,
    /// Lower limit.
    pub conf_low: f64,
    /// Upper limit.
    pub conf_high: f64,
    /// Ratio of the means.
    pub ratio: Option<f64>,
    /// Standard error of the log ratio.
    pub log_ratio_std_error: Option<f64>,
}

/// A difference of survival at one time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SurvivalDifference {
    /// The time.
    pub time: f64,
    /// S(active) − S(placebo); absent where a curve does not reach so far.
    pub estimate: Option<f64>,
    /// Share of active knees without the event.
    pub surv_active: Option<f64>,
    /// Share of placebo knees without the event.
    pub surv_placebo: Option<f64>,
    /// Its standard error, pairing kept.
    pub std_error: Option<f64>,
    /// Its jackknife standard error over patients.
    pub std_error_jackknife: Option<f64>,
    /// Degrees of freedom of the test; absent where it is normal.
    pub df: Option<f64>,
    /// estimate/std_error.
    pub statistic: Option<f64>,
    /// Its p-value.
    pub p_value: Option<f64>,
    /// Lower limit.
    pub conf_low: Option<f64>,
    /// Upper limit.
    pub conf_high: Option<f64>,
}

/// The largest τ that both arms reach: their last time, the shorter of the two (or any beyond where that arm has no knee
/// left at risk).
pub fn longest(cohort: &Cohort) -> Option<f64> {
    let last = |active: bool| cohort.arm(active).iter().map(|s| s.time).max_by(f64::total_cmp);
    Some(last(true)?.min(last(false)?))
}

/// The largest τ for which the jackknife over patients exists whatever the last times are: that which two knees of either
/// arm reach; `None` where an arm has fewer.
pub fn reached_by_two(cohort: &Cohort) -> Option<f64> {
    let second = |active: bool| {
        let mut times: Vec<f64> = cohort.arm(active).iter().map(|s| s.time).collect();
        times.sort_by(f64::total_cmp);
        times.len().checked_sub(2).and_then(|at| times.get(at).copied())
    };
    Some(second(true)?.min(second(false)?))
}

/// The difference of restricted means to `tau`.
///
/// # Errors
/// An arm without a knee, or one that ends censored before `tau`.
pub fn rmst(cohort: &Cohort, tau: f64, small_sample: bool, level: f64) -> Result<Rmst, Refusal> {
    if !(tau > 0.0 && tau.is_finite()) {
        return Err(Refusal(note!(tau_positive, tau = tau)));
    }
    for active in [true, false] {
        let name = || if active { note!(mi_active) } else { note!(mi_placebo) };
        let arm = cohort.arm(active);
        let last = arm.iter().map(|s| s.time).max_by(f64::total_cmp);
        let last = last.ok_or_else(|| Refusal(note!(rmst_no_knee, arm = name())))?;
        let ends_censored = arm.iter().any(|s| s.time == last && !s.event);
        if tau > last && ends_censored {
            return Err(Refusal(note!(tau_beyond, tau = tau, arm = name(), last = last)));
        }
    }
    let (means, influence) = areas(cohort, tau);
    let patients = cohort.within_patients(&signed(cohort, &influence));
    let squares = |values: &[f64]| values.iter().map(|v| v * v).sum::<f64>().sqrt();
    let of_arm = |active: bool| -> Vec<f64> {
        cohort.subjects().iter().zip(&influence).filter(|(s, _)| s.active == active).map(|(_, v)| *v).collect()
    };
    let estimate = means[1] - means[0];
    let n = cohort.patients() as f64;
    let jackknife = jackknife(cohort, &|without| mean_difference(without, tau));
    let (std_error, df) = match (small_sample, jackknife) {
        (true, Some(error)) => (error, Some(n - 1.0)),
        _ => (squares(&patients), None),
    };
    let tail = 0.5 * (1.0 - level);
    let quantile = df.map_or_else(|| normal::upper_quantile(tail), |df| student_t::upper_quantile(tail, df));
    let statistic = (std_error > 0.0).then(|| estimate / std_error);
    let p = |t: f64| df.map_or_else(|| normal::two_sided(t), |df| student_t::two_sided(t, df));
    let on_log: Vec<f64> = cohort
        .subjects()
        .iter()
        .zip(&influence)
        .map(|(s, v)| if s.active { v / means[1] } else { -v / means[0] })
        .collect();
    Ok(Rmst {
        tau,
        rmst_active: means[1],
        rmst_placebo: means[0],
        std_error_active: squares(&of_arm(true)),
        std_error_placebo: squares(&of_arm(false)),
        estimate,
        std_error,
        std_error_jackknife: jackknife,
        df,
        statistic,
        p_value: statistic.map(p),
        conf_low: estimate - quantile * std_error,
        conf_high: estimate + quantile * std_error,
        ratio: (means[0] > 0.0).then(|| means[1] / means[0]),
        log_ratio_std_error: (means[0] > 0.0).then(|| squares(&cohort.within_patients(&on_log))),
    })
}

/// The difference of survival at `time`; with `small_sample` by the jackknife over patients and t on n − 1 degrees of
/// freedom, where the jackknife exists.
pub fn survival_difference(cohort: &Cohort, time: f64, small_sample: bool, level: f64) -> SurvivalDifference {
    let mut at = [None; 2];
    let mut influence = vec![0.0; cohort.subjects().len()];
    for active in [false, true] {
        let arm = cohort.arm(active);
        let curve = kaplan_meier(&arm, level).curve;
        let surv = survival_at(&curve, time);
        at[usize::from(active)] = surv;
        fill(cohort, active, &curve, &mut influence, |s| if s <= time { surv.unwrap_or(0.0) } else { 0.0 });
    }
    let estimate = at[1].zip(at[0]).map(|(active, placebo)| active - placebo);
    let patients = cohort.within_patients(&signed(cohort, &influence));
    let std_error = estimate.map(|_| patients.iter().map(|v| v * v).sum::<f64>().sqrt());
    let std_error_jackknife = estimate.and_then(|_| {
        jackknife(cohort, &|without| {
            let at = |active: bool| survival_at(&kaplan_meier(&without.arm(active), level).curve, time);
            Some(at(true)? - at(false)?)
        })
    });
    let (std_error, df) = match std_error_jackknife.filter(|_| small_sample) {
        Some(error) => (Some(error), Some(cohort.patients() as f64 - 1.0)),
        None => (std_error, None),
    };
    let tail = 0.5 * (1.0 - level);
    let quantile = df.map_or_else(|| normal::upper_quantile(tail), |df| student_t::upper_quantile(tail, df));
    let p = |t: f64| df.map_or_else(|| normal::two_sided(t), |df| student_t::two_sided(t, df));
    let statistic = estimate.zip(std_error).filter(|(_, error)| *error > 0.0).map(|(d, error)| d / error);
    SurvivalDifference {
        time,
        estimate,
        surv_active: at[1],
        surv_placebo: at[0],
        std_error,
        std_error_jackknife,
        df,
        statistic,
        p_value: statistic.map(p),
        conf_low: estimate.zip(std_error).map(|(d, error)| d - quantile * error),
        conf_high: estimate.zip(std_error).map(|(d, error)| d + quantile * error),
    }
}

/// The restricted means of placebo and active, and the influence of each knee on that of its arm.
fn areas(cohort: &Cohort, tau: f64) -> ([f64; 2], Vec<f64>) {
    let mut influence = vec![0.0; cohort.subjects().len()];
    let mut means = [0.0; 2];
    for active in [false, true] {
        let curve = kaplan_meier(&cohort.arm(active), 0.95).curve;
        means[usize::from(active)] = area(&curve, 0.0, tau);
        fill(cohort, active, &curve, &mut influence, |s| area(&curve, s.min(tau), tau));
    }
    (means, influence)
}

/// The area under the curve from `from` to `to`.
fn area(curve: &[Step], from: f64, to: f64) -> f64 {
    let (mut sum, mut before, mut surv) = (0.0, 0.0_f64, 1.0);
    for step in curve {
        sum += surv * (step.time.min(to) - before.max(from)).max(0.0);
        (before, surv) = (step.time, step.surv);
    }
    sum + surv * (to - before.max(from)).max(0.0)
}

/// The influence of the knees of one arm on Σ weight-ed drops of its curve.
fn fill(cohort: &Cohort, active: bool, curve: &[Step], influence: &mut [f64], weight: impl Fn(f64) -> f64) {
    let drops: Vec<(f64, f64, f64, f64)> = curve
        .iter()
        .filter(|step| step.n_event > 0 && step.n_event < step.n_risk)
        .map(|step| (step.time, step.n_risk as f64, step.n_event as f64, weight(step.time)))
        .collect();
    let of = |subject: &Subject| {
        let seen = drops.iter().take_while(|(time, ..)| *time <= subject.time);
        -seen
            .map(|&(time, n, d, weight)| {
                let own = if subject.event && subject.time == time { n } else { 0.0 };
                weight * (own - d) / (n * (n - d))
            })
            .sum::<f64>()
    };
    for (subject, value) in cohort.subjects().iter().zip(influence).filter(|(s, _)| s.active == active) {
        *value = of(subject);
    }
}

/// Influence on active − placebo.
fn signed(cohort: &Cohort, influence: &[f64]) -> Vec<f64> {
    cohort.subjects().iter().zip(influence).map(|(s, v)| if s.active { *v } else { -v }).collect()
}

/// The difference of the restricted means; `None` where an arm ends censored before τ.
fn mean_difference(cohort: &Cohort, tau: f64) -> Option<f64> {
    for active in [true, false] {
        let arm = cohort.arm(active);
        let last = arm.iter().map(|s| s.time).max_by(f64::total_cmp)?;
        if last < tau && arm.iter().any(|s| s.time == last && !s.event) {
            return None;
        }
    }
    let (means, _) = areas(cohort, tau);
    Some(means[1] - means[0])
}

/// The jackknife standard error over patients of `estimate`; `None` where leaving one out takes the estimate away.
fn jackknife(cohort: &Cohort, estimate: &dyn Fn(&Cohort) -> Option<f64>) -> Option<f64> {
    let n = cohort.patients();
    let left: Option<Vec<f64>> = (0..n).map(|position| estimate(&cohort.without(position)?)).collect();
    let left = left?;
    let mean = left.iter().sum::<f64>() / n as f64;
    let squares: f64 = left.iter().map(|value| (value - mean).powi(2)).sum();
    Some(((n as f64 - 1.0) / n as f64 * squares).sqrt())
}
