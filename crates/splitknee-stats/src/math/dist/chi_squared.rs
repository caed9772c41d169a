//! The chi-squared distribution with `df` degrees of freedom: the gamma distribution of shape `df/2` and rate ½.

use super::gamma;

/// `P(X ≤ x)`.
pub fn cdf(x: f64, df: f64) -> f64 {
    gamma::cdf(x, 0.5 * df, 0.5)
}

/// `P(X > x)`.
pub fn sf(x: f64, df: f64) -> f64 {
    gamma::sf(x, 0.5 * df, 0.5)
}

/// The `x` with `cdf(x) = p`.
pub fn quantile(p: f64, df: f64) -> f64 {
    gamma::quantile(p, 0.5 * df, 0.5)
}

/// The `x` with `sf(x) = p`, for upper tails too small for [`quantile`] of `1 − p`.
pub fn upper_quantile(p: f64, df: f64) -> f64 {
    gamma::upper_quantile(p, 0.5 * df, 0.5)
}
