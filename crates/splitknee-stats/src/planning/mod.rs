//! Planning a within-person trial: power, number of pairs, detectable difference, interim looks. One file a method.
//!
//! Every method answers any one of three questions from the other two: the power of a number of pairs, the number of pairs
//! for a power, the difference that a number of pairs detects with a power. Nothing here is simulated unless it says so.

pub mod assurance;
pub mod equivalence;
pub mod futility;
pub mod group_sequential;
pub mod interim;
pub mod mcnemar;
pub mod one_knee;
pub mod paired_t;
pub mod performance;
pub mod precision;
pub mod reestimate;
pub mod signed_rank;
pub mod spending;
pub mod variance;

use crate::math::dist::chi_squared;
use crate::math::dist::saddle_point::gamma_front;
use crate::math::legendre;
use crate::note;
use crate::note::Note;
pub use crate::paired::{Alternative, Refusal};

/// Fewest pairs of any method here: an SD needs two.
pub const FEWEST_PAIRS: usize = 2;

/// A refusal for this reason.
fn refuse<T>(reason: Note) -> Result<T, Refusal> {
    Err(Refusal(reason))
}

/// Refuses a significance level outside (0, 1).
fn check_alpha(alpha: f64) -> Result<(), Refusal> {
    if alpha > 0.0 && alpha < 1.0 {
        return Ok(());
    }
    refuse(note!(alpha_range, alpha = alpha))
}

/// Refuses an SD that is not a positive number.
fn check_sd(what: Note, sd: f64) -> Result<(), Refusal> {
    if sd > 0.0 && sd.is_finite() {
        return Ok(());
    }
    refuse(note!(positive_needed, what = what, value = sd))
}

/// Refuses a probability to reach outside (`low`, 1).
fn check_target(what: Note, target: f64, low: f64) -> Result<(), Refusal> {
    if target > low && target < 1.0 {
        return Ok(());
    }
    refuse(note!(target_range, what = what, low = low, value = target))
}

/// The smallest whole number of pairs that suffices, from the tight root `needed` of the curve: up, never past a whole
/// number that suffices.
pub fn whole_pairs(needed: f64, suffices: impl Fn(usize) -> bool) -> usize {
    let mut pairs = ((needed - 1e-6).ceil() as usize).max(FEWEST_PAIRS);
    while pairs > FEWEST_PAIRS && suffices(pairs - 1) {
        pairs -= 1;
    }
    for _ in 0..1000 {
        if suffices(pairs) {
            break;
        }
        pairs += 1;
    }
    pairs
}

/// Where a curve that rises with the pairs reaches `target`: not rounded, at least 2.
fn pairs_root(power: impl Fn(f64) -> f64, target: f64) -> Result<f64, Refusal> {
    let low = FEWEST_PAIRS as f64;
    if power(low) >= target {
        return Ok(low);
    }
    let mut high = 2.0 * low;
    while power(high) < target || power(high).is_nan() {
        high *= 2.0;
        if high > 1e9 {
            return refuse(note!(pairs_too_many));
        }
    }
    crate::math::roots::brent(|n| power(n) - target, 0.5 * high, high, 1e-10)
        .ok_or_else(|| Refusal(note!(power_not_found)))
}

/// Patients to randomise where a share `losses` of them gives no pair: `⌈pairs/(1 − losses)⌉`.
///
/// # Errors
/// A share outside [0, 1).
pub fn patients(pairs: usize, losses: f64) -> Result<usize, Refusal> {
    if !(0.0..1.0).contains(&losses) {
        return refuse(note!(losses_range, value = losses));
    }
    Ok((pairs as f64 / (1.0 - losses) - 1e-9).ceil() as usize)
}

/// `∫ f(u) g(u) du` from 0 to `high`, g the density of `u = s/σ`, the SD of a normal sample over its true value, on `df`
/// degrees of freedom (`df u²` is chi-squared). The mass left out is below 1e-17.
fn over_sample_sd(f: impl Fn(f64) -> f64, df: f64, high: f64) -> f64 {
    let end = (chi_squared::upper_quantile(1e-17, df) / df).sqrt();
    let start = (chi_squared::quantile(1e-17, df) / df).sqrt();
    let high = high.min(end);
    let width = (end - start) / 12.0;
    legendre::integrate(|u| f(u) * 2.0 / u * gamma_front(0.5 * df, 0.5 * df * u * u), start, high, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_density_of_the_sample_sd_integrates_to_one() {
        for df in [1.0, 2.0, 5.5, 29.0, 400.0, 1e5] {
            let total = over_sample_sd(|_| 1.0, df, f64::INFINITY);
            assert!((total - 1.0).abs() < 1e-11, "df {df}: {total}");
            let square = over_sample_sd(|u| u * u, df, f64::INFINITY);
            assert!((square - 1.0).abs() < 1e-10, "df {df}: {square}");
        }
    }

    #[test]
    fn a_whole_number_that_suffices_is_kept() {
        assert_eq!(whole_pairs(33.9, |n| n >= 34), 34);
        assert_eq!(whole_pairs(34.000_000_1, |n| n >= 34), 34);
        assert_eq!(whole_pairs(33.0, |n| n >= 34), 34);
        assert_eq!(patients(34, 0.1), Ok(38));
        assert_eq!(patients(9, 0.1), Ok(10));
        assert!(patients(9, 1.0).is_err());
    }
}
