//! The design's own numbers: what the pairing gained, whether side or dominance matter, how alike the knees began.
//!
//! The correlation between the knees is what CONSORT for within-person trials asks to be reported (Pandis N et al. 2017,
//! BMJ 357:j2835, item 17a) and what makes the design efficient.

use super::proportion::Tails;
use super::Refusal;
use crate::math::descriptive::{mean, sd};
use crate::math::dist::student_t;
use serde::Serialize;

/// What the pairing of one endpoint at one visit gained.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pairing {
    /// Patients with both knees observed.
    pub n_pairs: usize,
    /// Patients with the treated knee only.
    pub n_treated_only: usize,
    /// Patients with the control knee only.
    pub n_control_only: usize,
    /// Patients with neither.
    pub n_neither: usize,
    /// SD of the treated knees (of the pairs).
    pub sd_treated: Option<f64>,
    /// SD of the control knees (of the pairs).
    pub sd_control: Option<f64>,
    /// SD of the differences.
    pub sd_diff: Option<f64>,
    /// Pearson correlation between the knees of a patient; absent when a knee's values do not vary.
    pub correlation: Option<f64>,
    /// Its lower limit (Fisher's z, four pairs or more).
    pub correlation_low: Option<f64>,
    /// Its upper limit.
    pub correlation_high: Option<f64>,
    /// Share of the variance of the mean difference that pairing saved: 1 − SD_diff²/(SD₁² + SD₂²). Negative when the
    /// knees are negatively correlated.
    pub variance_saved: Option<f64>,
    /// (SD₁² + SD₂²)/SD_diff²: knees per arm that independent groups would need for one pair's worth of precision.
    pub relative_efficiency: Option<f64>,
    /// Reasons for absent values.
    pub notes: Vec<String>,
}

/// The gain from pairing; `treated[i]` and `control[i]` are the knees of patient i, `None` where not observed.
///
/// # Errors
/// When the columns differ in length, a value is not finite, or the confidence level is invalid.
pub fn pairing(treated: &[Option<f64>], control: &[Option<f64>], conf_level: f64) -> Result<Pairing, Refusal> {
    let (deviate, _) = Tails::two_sided(conf_level)?.deviates();
    let (first, second) = complete_pairs(treated, control)?;
    let count = |pattern: (bool, bool)| {
        treated.iter().zip(control).filter(|(a, b)| (a.is_some(), b.is_some()) == pattern).count()
    };
    let differences: Vec<f64> = first.iter().zip(&second).map(|(a, b)| a - b).collect();
    let (sd_treated, sd_control, sd_diff) = (sd(&first), sd(&second), sd(&differences));
    let mut notes = Vec::new();
    let correlation = pearson(&first, &second);
    if correlation.is_none() {
        notes.push("no correlation: fewer than two pairs, or a knee whose values do not vary".into());
    }
    let fisher = correlation.filter(|r| r.abs() < 1.0 && first.len() >= 4).map(|r| {
        let reach = deviate / (first.len() as f64 - 3.0).sqrt();
        ((r.atanh() - reach).tanh(), (r.atanh() + reach).tanh())
    });
    if correlation.is_some() && fisher.is_none() {
        notes.push("no interval for the correlation: fewer than four pairs, or a correlation of ±1".into());
    }
    // Ratios of SDs first: the squares of very large or small SDs do not exist as doubles.
    let ratio = sd_treated.zip(sd_control).zip(sd_diff).and_then(|((treated, control), difference)| {
        let total = treated.hypot(control);
        (total > 0.0).then(|| (difference / total).powi(2))
    });
    Ok(Pairing {
        n_pairs: first.len(),
        n_treated_only: count((true, false)),
        n_control_only: count((false, true)),
        n_neither: count((false, false)),
        sd_treated,
        sd_control,
        sd_diff,
        correlation,
        correlation_low: fisher.map(|(low, _)| low),
        correlation_high: fisher.map(|(_, high)| high),
        variance_saved: ratio.map(|ratio| 1.0 - ratio),
        relative_efficiency: ratio.filter(|ratio| *ratio > 0.0).map(|ratio| 1.0 / ratio),
        notes,
    })
}

/// The effect of a knee's own side (right against left) or of dominance, and the treatment effect adjusted for it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SideEffect {
    /// Patients whose treated knee is on the reference side (right, or dominant).
    pub n_on_reference: usize,
    /// Patients whose treated knee is on the other side.
    pub n_on_other: usize,
    /// Mean treated − control difference of the former.
    pub mean_on_reference: Option<f64>,
    /// Mean treated − control difference of the latter.
    pub mean_on_other: Option<f64>,
    /// Effect of the side, reference − other: half the difference of the two means.
    pub side: Option<Estimate>,
    /// Treatment effect adjusted for the side: the average of the two means.
    pub treatment: Option<Estimate>,
    /// Reasons for absent values.
    pub notes: Vec<String>,
}

/// An estimate with its t inference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// Estimate.
    pub estimate: f64,
    /// Standard error.
    pub std_error: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// t statistic; absent when the standard error is 0.
    pub statistic: Option<f64>,
    /// Two-sided p-value; absent when the standard error is 0.
    pub p_value: Option<f64>,
    /// Lower confidence limit.
    pub conf_low: f64,
    /// Upper confidence limit.
    pub conf_high: f64,
}

/// Side (or dominance) effect from the differences of pairs, by the argument for period effects in a two-period design
/// (Hills M, Armitage P 1979, Br J Clin Pharmacol 8:7–20): a side effect σ enters the treated − control difference as
/// +σ where the treated knee is on the reference side and −σ where it is not.
///
/// `differences[i]` is treated − control of patient i, `on_reference[i]` whether the treated knee is on the reference
/// side (`None` unknown: the patient is left out and noted). Both estimates pool the variance of the two groups.
///
/// # Errors
/// When the columns differ in length, a difference is not finite, or the confidence level is invalid.
pub fn side_effect(
    differences: &[f64],
    on_reference: &[Option<bool>],
    conf_level: f64,
) -> Result<SideEffect, Refusal> {
    Tails::two_sided(conf_level)?;
    if differences.len() != on_reference.len() {
        return Err(Refusal(format!("{} differences but {} sides", differences.len(), on_reference.len())));
    }
    if differences.iter().any(|value| !value.is_finite()) {
        return Err(Refusal("a difference is not a finite number".into()));
    }
    let of = |side: bool| -> Vec<f64> {
        differences.iter().zip(on_reference).filter(|(_, on)| **on == Some(side)).map(|(value, _)| *value).collect()
    };
    let (reference, other) = (of(true), of(false));
    let (n1, n2) = (reference.len() as f64, other.len() as f64);
    let mut notes = Vec::new();
    let unknown = differences.len() - reference.len() - other.len();
    if unknown > 0 {
        notes.push(format!("{unknown} patient(s) left out: the side is not recorded"));
    }
    let (mean_on_reference, mean_on_other) = (mean(&reference), mean(&other));
    let mut effect = SideEffect {
        n_on_reference: reference.len(),
        n_on_other: other.len(),
        mean_on_reference,
        mean_on_other,
        side: None,
        treatment: None,
        notes,
    };
    let (Some(first), Some(second)) = (mean_on_reference, mean_on_other) else {
        effect.notes.push("all treated knees are on one side: the side and the treatment cannot be told apart".into());
        return Ok(effect);
    };
    let df = n1 + n2 - 2.0;
    if df < 1.0 {
        effect.notes.push("too few patients for the side effect: one on each side".into());
        return Ok(effect);
    }
    // √((n₁ − 1)s₁² + (n₂ − 1)s₂²) by hypot, which survives extreme scales.
    let scatter = |values: &[f64]| sd(values).unwrap_or(0.0) * (values.len() as f64 - 1.0).sqrt();
    let pooled = scatter(&reference).hypot(scatter(&other)) / df.sqrt();
    let std_error = 0.5 * pooled * (1.0 / n1 + 1.0 / n2).sqrt();
    let quantile = student_t::quantile(0.5 + conf_level / 2.0, df);
    let answer = |estimate: f64| {
        let statistic = (std_error > 0.0).then(|| estimate / std_error);
        Estimate {
            estimate,
            std_error,
            df,
            statistic,
            p_value: statistic.map(|t| (2.0 * student_t::sf(t.abs(), df)).min(1.0)),
            conf_low: estimate - quantile * std_error,
            conf_high: estimate + quantile * std_error,
        }
    };
    effect.side = Some(answer(first / 2.0 - second / 2.0));
    effect.treatment = Some(answer(first / 2.0 + second / 2.0));
    if std_error == 0.0 {
        effect.notes.push("the differences do not vary within a side: no test".into());
    }
    Ok(effect)
}

/// How alike the two knees were before treatment. Deliberately without a p-value: any baseline difference between
/// randomised knees arose by chance (CONSORT 2010, item 15).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BaselineDifference {
    /// Pairs with both baselines.
    pub n_pairs: usize,
    /// Mean treated − control difference.
    pub estimate: f64,
    /// SD of the differences; absent for one pair.
    pub sd_diff: Option<f64>,
    /// Lower confidence limit of the mean difference (paired t); absent for one pair.
    pub conf_low: Option<f64>,
    /// Upper confidence limit.
    pub conf_high: Option<f64>,
    /// Standardised difference: mean difference over the root mean square of the two knees' SDs.
    pub standardised: Option<f64>,
}

/// Baseline difference between the knees.
///
/// # Errors
/// When the columns differ in length, a value is not finite, no pair is complete, or the confidence level is invalid.
pub fn baseline_difference(
    treated: &[Option<f64>],
    control: &[Option<f64>],
    conf_level: f64,
) -> Result<BaselineDifference, Refusal> {
    Tails::two_sided(conf_level)?;
    let (first, second) = complete_pairs(treated, control)?;
    let differences: Vec<f64> = first.iter().zip(&second).map(|(a, b)| a - b).collect();
    let estimate = mean(&differences).ok_or_else(|| Refusal("no patient has both knees at baseline".into()))?;
    let sd_diff = sd(&differences);
    let n = differences.len() as f64;
    let reach = sd_diff.map(|sd| student_t::quantile(0.5 + conf_level / 2.0, n - 1.0) * sd / n.sqrt());
    let spread = sd(&first).zip(sd(&second)).map(|(a, b)| a.hypot(b) / std::f64::consts::SQRT_2);
    Ok(BaselineDifference {
        n_pairs: differences.len(),
        estimate,
        sd_diff,
        conf_low: reach.map(|reach| estimate - reach),
        conf_high: reach.map(|reach| estimate + reach),
        standardised: spread.filter(|spread| *spread > 0.0).map(|spread| estimate / spread),
    })
}

/// The complete pairs, after checking lengths and values.
fn complete_pairs(treated: &[Option<f64>], control: &[Option<f64>]) -> Result<(Vec<f64>, Vec<f64>), Refusal> {
    if treated.len() != control.len() {
        return Err(Refusal(format!("{} treated and {} control knees: one of each per patient", treated.len(), control.len())));
    }
    if treated.iter().chain(control).flatten().any(|value| !value.is_finite()) {
        return Err(Refusal("a value is not a finite number".into()));
    }
    Ok(treated.iter().zip(control).filter_map(|(a, b)| Some(((*a)?, (*b)?))).unzip())
}

/// Pearson's correlation on standardised values, so that no scale overflows; `None` when it does not exist.
fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    let (mean_x, mean_y) = (mean(x)?, mean(y)?);
    let (sd_x, sd_y) = (sd(x).filter(|sd| *sd > 0.0)?, sd(y).filter(|sd| *sd > 0.0)?);
    let products: f64 = x.iter().zip(y).map(|(a, b)| (a - mean_x) / sd_x * ((b - mean_y) / sd_y)).sum();
    Some((products / (x.len() as f64 - 1.0)).clamp(-1.0, 1.0))
}
