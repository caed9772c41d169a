//! What every paired test on measurements does first: check the numbers and form the differences.

use super::result::UNBOUNDED;
use super::{Options, Refusal, TestResult};
use crate::math::decimal;
use crate::math::dist::student_t;
use crate::note;
use crate::note::Value;

/// The differences treated − control, exact on the decimal grid of the values where they have one
/// ([`crate::math::decimal::differences`]): 7.3 − 5.2 ties with 2.1, and equal knees differ by 0.
///
/// # Errors
/// Sides of unequal length, or a value or difference that is NaN, infinite or beyond 1e304.
pub fn differences(treated: &[f64], control: &[f64]) -> Result<Vec<f64>, Refusal> {
    check_pairs(treated, control)?;
    let differences = decimal::differences(treated, control);
    check_finite(&differences)?;
    Ok(differences)
}

/// Both sides equally long and finite.
pub(super) fn check_pairs(treated: &[f64], control: &[f64]) -> Result<(), Refusal> {
    if treated.len() != control.len() {
        return Err(Refusal(note!(unequal_pair, treated = treated.len(), control = control.len())));
    }
    check_finite(treated)?;
    check_finite(control)
}

/// The largest absolute value accepted: beyond it a confidence limit may leave the range of doubles.
const LARGEST: f64 = 1e304;

/// Every value finite, and small enough for its confidence limits to exist.
pub(super) fn check_finite(values: &[f64]) -> Result<(), Refusal> {
    match values.iter().enumerate().find(|(_, value)| !value.is_finite() || value.abs() > LARGEST) {
        Some((index, value)) if value.is_finite() => Err(Refusal(note!(
            too_large,
            n = index + 1,
            value = Value::shown(*value, format!("{value:e}")),
            largest = Value::shown(LARGEST, format!("{LARGEST:e}"))
        ))),
        Some((index, value)) => Err(Refusal(note!(value_missing_side, n = index + 1, value = value))),
        None => Ok(()),
    }
}

/// A confidence level strictly between 0 and 1 and a finite null value.
pub(super) fn check_options(options: &Options) -> Result<(), Refusal> {
    if !(options.conf_level > 0.0 && options.conf_level < 1.0) {
        return Err(Refusal(note!(level_range, level = options.conf_level)));
    }
    if !options.mu.is_finite() {
        return Err(Refusal(note!(null_finite)));
    }
    Ok(())
}

/// At least `least` pairs.
pub(super) fn check_count(n: usize, least: usize, method: impl Into<Value>) -> Result<(), Refusal> {
    if n < least {
        let pairs = if least == 1 { note!(pair_word) } else { note!(pairs_word) };
        let method: Value = method.into();
        return Err(Refusal(note!(needs_pairs, method = method, least = least, pairs = pairs, n = n)));
    }
    Ok(())
}

/// Both sides divided by one power of two that brings the largest absolute value near 1, and that power.
///
/// Exact, so that statistics on squares neither overflow at 1e300 nor vanish at 1e-300.
pub(super) fn rescaled(treated: &[f64], control: &[f64]) -> (Vec<f64>, Vec<f64>, f64) {
    let largest = treated.iter().chain(control).fold(0.0_f64, |top, value| top.max(value.abs()));
    let scale = if largest > 0.0 { largest.log2().floor().clamp(-1000.0, 1000.0).exp2() } else { 1.0 };
    let divide = |values: &[f64]| values.iter().map(|value| value / scale).collect();
    (divide(treated), divide(control), scale)
}

/// Fills statistic, p-value and confidence limits of an estimate whose studentised error has a t distribution with `df`
/// degrees of freedom (`f64::INFINITY` for a normal one).
pub(super) fn t_inference(result: &mut TestResult, estimate: f64, std_error: f64, df: f64, options: &Options) {
    let statistic = (estimate - options.mu) / std_error;
    result.estimate = Some(estimate);
    result.std_error = Some(std_error);
    result.statistic = Some(statistic);
    result.df = Some(df).filter(|df| df.is_finite());
    result.p_value = Some(options.alternative.p_of_t(statistic, df));
    let (low, high) = t_limits(estimate, std_error, df, options);
    result.conf_low = Some(low);
    result.conf_high = Some(high);
}

/// Confidence limits estimate ± t·SE, one-sided where the alternative is.
pub(super) fn t_limits(estimate: f64, std_error: f64, df: f64, options: &Options) -> (f64, f64) {
    let reach = student_t::upper_quantile(options.tail(), df) * std_error;
    options.alternative.limits(estimate - reach, estimate + reach, UNBOUNDED)
}
