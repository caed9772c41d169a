//! Blinded re-estimation of the number of pairs from right − left differences, without the allocation.
//!
//! With the active side allotted in balance the sign of active − placebo is hidden: the variance of right − left about its
//! mean has expectation `σ_d² + Δ² n/(n − 1)`, about zero `σ_d² + Δ²`. The unadjusted variance therefore overstates, the
//! adjusted one takes the planned difference off (Kieser and Friede 2003). Where nothing is left it is refused: the data
//! contradict the planned difference.

use super::paired_t::PairedT;
use super::{Alternative, Refusal, refuse};
use crate::math::descriptive::{mean, variance};
use crate::note;

/// What was planned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Planned {
    /// Mean difference planned for.
    pub delta: f64,
    /// Power planned for.
    pub power: f64,
    /// Two-sided significance level.
    pub alpha: f64,
    /// Pairs planned: never fewer.
    pub pairs: usize,
    /// Most pairs that can be had: never more.
    pub pairs_max: usize,
}

/// What the blinded data say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reestimated {
    /// Patients with both knees.
    pub n: usize,
    /// Variance of right − left about its mean.
    pub variance_about_mean: f64,
    /// Variance about zero.
    pub variance_about_zero: f64,
    /// Variance about the mean less the planned difference.
    pub adjusted_about_mean: f64,
    /// Variance about zero less the planned difference.
    pub adjusted_about_zero: f64,
    /// Pairs by the unadjusted variance, as they come.
    pub n_unadjusted: usize,
    /// Pairs by the adjusted variance, as they come.
    pub n_adjusted: usize,
    /// The unadjusted number between the planned and the largest one.
    pub n_unadjusted_restricted: usize,
    /// The adjusted number between the planned and the largest one.
    pub n_adjusted_restricted: usize,
}

/// Re-estimates from `right_minus_left`, one difference a patient.
///
/// # Errors
/// Fewer than two patients, a plan outside its domain, an adjusted variance that is not positive.
pub fn reestimate(right_minus_left: &[f64], planned: &Planned) -> Result<Reestimated, Refusal> {
    let n = right_minus_left.len();
    let (Some(about_mean), Some(_)) = (variance(right_minus_left), mean(right_minus_left)) else {
        return refuse(note!(variance_pairs, n = n));
    };
    if planned.pairs_max < planned.pairs {
        return refuse(note!(pairs_max_low, most = planned.pairs_max, planned = planned.pairs));
    }
    let size = n as f64;
    let about_zero = right_minus_left.iter().map(|e| e * e).sum::<f64>() / size;
    let square = planned.delta * planned.delta;
    let adjusted_about_mean = about_mean - square * size / (size - 1.0);
    if adjusted_about_mean <= 0.0 {
        return refuse(note!(variance_contradicts, variance = about_mean, delta = planned.delta));
    }
    let pairs = |variance: f64| {
        let (alpha, sides) = (planned.alpha, Alternative::TwoSided);
        PairedT { shift: planned.delta, sd_diff: variance.sqrt(), alpha, sides }
            .pairs(planned.power)
            .map(|found| found.1)
    };
    let (n_unadjusted, n_adjusted) = (pairs(about_mean)?, pairs(adjusted_about_mean)?);
    let restricted = |pairs: usize| pairs.clamp(planned.pairs, planned.pairs_max);
    Ok(Reestimated {
        n,
        variance_about_mean: about_mean,
        variance_about_zero: about_zero,
        adjusted_about_mean,
        adjusted_about_zero: about_zero - square,
        n_unadjusted,
        n_adjusted,
        n_unadjusted_restricted: restricted(n_unadjusted),
        n_adjusted_restricted: restricted(n_adjusted),
    })
}
