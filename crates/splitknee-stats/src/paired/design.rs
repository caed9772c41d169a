//! The design's own numbers: what the pairing gained, whether side or dominance matter, how alike the knees began.
//!
//! The correlation between the knees is what CONSORT for within-person trials asks to be reported (Pandis N et al. 2017,
//! BMJ 357:j2835, item 17a) and what makes the design efficient.

use super::correlation::{Kind, correlation};
use super::proportion::Tails;
use super::{Options, Refusal};
use crate::math::decimal::subtract;
use crate::math::descriptive::{mean, sd};
use crate::math::dist::student_t;
use crate::note;
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
    pub notes: crate::note::Notes,
}

/// The gain from pairing; `treated[i]` and `control[i]` are the knees of patient i, `None` where not observed.
///
/// # Errors
/// When the columns differ in length, a value is not finite, or the confidence level is invalid.
pub fn pairing(treated: &[Option<f64>], control: &[Option<f64>], conf_level: f64) -> Result<Pairing, Refusal> {
    Tails::two_sided(conf_level)?;
    let (first, second) = complete_pairs(treated, control)?;
    let count = |pattern: (bool, bool)| {
        treated.iter().zip(control).filter(|(a, b)| (a.is_some(), b.is_some()) == pattern).count()
    };
    let differences: Vec<f64> = first.iter().zip(&second).map(|(a, b)| subtract(*a, *b)).collect();
    let (sd_treated, sd_control, sd_diff) = (sd(&first), sd(&second), sd(&differences));
    let mut notes = crate::note::Notes::new();
    let pearson = correlation(&first, &second, Kind::Pearson, &Options { conf_level, ..Options::default() });
    let limits = match &pearson {
        Ok(answer) => {
            notes.extend(answer.notes.iter().cloned());
            [answer.estimate, answer.conf_low, answer.conf_high]
        }
        Err(Refusal(reason)) => {
            notes.push(note!(no_correlation, reason = reason));
            [None; 3]
        }
    };
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
        correlation: limits[0],
        correlation_low: limits[1],
        correlation_high: limits[2],
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
    pub notes: crate::note::Notes,
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
pub fn side_effect(differences: &[f64], on_reference: &[Option<bool>], conf_level: f64) -> Result<SideEffect, Refusal> {
    Tails::two_sided(conf_level)?;
    if differences.len() != on_reference.len() {
        return Err(Refusal(note!(unequal_sides, n = differences.len(), sides = on_reference.len())));
    }
    if differences.iter().any(|value| !value.is_finite()) {
        return Err(Refusal(note!(difference_finite)));
    }
    let of = |side: bool| -> Vec<f64> {
        differences.iter().zip(on_reference).filter(|(_, on)| **on == Some(side)).map(|(value, _)| *value).collect()
    };
    let (reference, other) = (of(true), of(false));
    let (n1, n2) = (reference.len() as f64, other.len() as f64);
    let mut notes = crate::note::Notes::new();
    let unknown = differences.len() - reference.len() - other.len();
    if unknown > 0 {
        notes.push(note!(sides_unknown, n = unknown));
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
        effect.notes.push(note!(sides_one));
        return Ok(effect);
    };
    let df = n1 + n2 - 2.0;
    if df < 1.0 {
        effect.notes.push(note!(sides_few));
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
        effect.notes.push(note!(sides_flat));
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
    let differences: Vec<f64> = first.iter().zip(&second).map(|(a, b)| subtract(*a, *b)).collect();
    let estimate = mean(&differences).ok_or_else(|| Refusal(note!(no_both_baseline)))?;
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
        return Err(Refusal(note!(unequal_pair, treated = treated.len(), control = control.len())));
    }
    if treated.iter().chain(control).flatten().any(|value| !value.is_finite()) {
        return Err(Refusal(note!(value_finite)));
    }
    Ok(treated.iter().zip(control).filter_map(|(a, b)| Some(((*a)?, (*b)?))).unzip())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// MASS::shoes: two materials on the two feet of ten boys.
    const A: [f64; 10] = [13.2, 8.2, 10.9, 14.3, 10.7, 6.6, 9.5, 10.8, 8.8, 13.3];
    const B: [f64; 10] = [14.0, 8.8, 11.2, 14.2, 11.8, 6.4, 9.8, 11.3, 9.3, 13.6];

    fn observed(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().copied().map(Some).collect()
    }

    fn near(ours: Option<f64>, expected: f64) {
        let ours = ours.expect("a figure");
        assert!((ours - expected).abs() <= 1e-10 * expected.abs(), "{ours} against {expected}");
    }

    #[test]
    fn pairing_of_the_shoes() {
        let (mut a, mut b) = (observed(&A), observed(&B));
        a.extend([Some(1.0), None, None]);
        b.extend([None, Some(2.0), None]);
        let pairing = pairing(&a, &b, 0.95).expect("pairs");
        assert_eq!((pairing.n_pairs, pairing.n_treated_only, pairing.n_control_only, pairing.n_neither), (10, 1, 1, 1));
        // R 4.2.2: cor.test(shoes$A, shoes$B), sd().
        near(pairing.correlation, 0.9882255304736488);
        near(pairing.correlation_low, 0.9492095432660481);
        near(pairing.correlation_high, 0.9973117251444654);
        near(pairing.sd_diff, 0.3871548642195902);
        let independent = 2.451326171687481_f64.powi(2) + 2.5184651410465593_f64.powi(2);
        near(pairing.variance_saved, 1.0 - 0.3871548642195902_f64.powi(2) / independent);
        near(pairing.relative_efficiency, independent / 0.3871548642195902_f64.powi(2));
    }

    #[test]
    fn side_effect_is_the_regression_on_the_side() {
        let differences: Vec<f64> = A.iter().zip(B).map(|(a, b)| a - b).collect();
        let side = [true, false, true, true, false, false, true, false, true, false].map(Some);
        let effect = side_effect(&differences, &side, 0.95).expect("both sides");
        // R 4.2.2: lm(d ~ s), s = +1 where TRUE, −1 elsewhere (five boys each way, so that the two are orthogonal).
        let (side, treatment) = (effect.side.expect("an effect"), effect.treatment.expect("an effect"));
        near(Some(side.estimate), 0.05);
        near(Some(side.std_error), 0.12864680330268627);
        near(side.statistic, 0.3886610371682378);
        near(side.p_value, 0.7076662900389081);
        near(Some(side.conf_low), -0.24666006039679117);
        near(Some(treatment.estimate), -0.41);
        near(treatment.p_value, 0.012860898775433085);
        near(Some(treatment.conf_high), -0.11333993960320876);
    }

    #[test]
    fn baseline_of_the_shoes() {
        let baseline = baseline_difference(&observed(&A), &observed(&B), 0.95).expect("pairs");
        // R 4.2.2: t.test(A, B, paired = TRUE)$conf.int, mean(d)/sqrt((var(A) + var(B))/2).
        near(baseline.conf_low, -0.686953905799619);
        near(baseline.conf_high, -0.13304609420038127);
        near(baseline.standardised, -0.16498181349951577);
    }

    #[test]
    fn small_and_degenerate_trials_are_answered() {
        assert!(baseline_difference(&[], &[], 0.95).is_err());
        let one = baseline_difference(&[Some(3.0)], &[Some(1.0)], 0.95).expect("one pair");
        assert_eq!((one.estimate, one.conf_low, one.standardised), (2.0, None, None));
        let constant = pairing(&[Some(1.0); 3], &[Some(2.0); 3], 0.95).expect("pairs");
        assert_eq!((constant.correlation, constant.variance_saved), (None, None));
        let empty = pairing(&[None], &[Some(1.0)], 0.95).expect("a patient");
        assert_eq!((empty.n_pairs, empty.n_control_only, empty.correlation), (0, 1, None));
        let huge =
            pairing(&observed(&[1e300, -1e300, 0.5e300, 0.0]), &observed(&[1e300, -1e300, 0.4e300, 0.1e300]), 0.95);
        assert!(huge.expect("pairs").correlation.is_some_and(|r| r > 0.99 && r <= 1.0));
        let one_sided = side_effect(&[1.0, 2.0], &[Some(true), Some(true)], 0.95).expect("an answer");
        assert!(one_sided.side.is_none() && !one_sided.notes.is_empty());
        assert!(side_effect(&[1.0, 2.0], &[Some(true), Some(false)], 0.95).expect("an answer").side.is_none());
        let unvaried = side_effect(&[1.0, 1.0, 2.0, 2.0], &[Some(true), Some(true), Some(false), None], 0.95);
        assert_eq!(unvaried.expect("an answer").side.expect("an effect").p_value, None);
        assert!(pairing(&[Some(f64::INFINITY)], &[Some(1.0)], 0.95).is_err());
    }
}
