//! The F distribution with `df1` and `df2` degrees of freedom (`df2` may be infinite).
//!
//! Own incomplete beta function: statrs 0.19 is off by 4e-10 at `df2 = 1e6`.

use super::incomplete_beta::both_tails;
use super::inversion::positive_root;
use super::{chi_squared, saddle_point};

/// Beyond this many denominator degrees of freedom F is χ²/df1 to double precision of the tables.
const CHI_SQUARED_FROM: f64 = 1e13;

/// `P(X ≤ x)`.
pub fn cdf(x: f64, df1: f64, df2: f64) -> f64 {
    tails(x, df1, df2).0
}

/// `P(X > x)`.
pub fn sf(x: f64, df1: f64, df2: f64) -> f64 {
    tails(x, df1, df2).1
}

/// The `x` with `cdf(x) = p`.
pub fn quantile(p: f64, df1: f64, df2: f64) -> f64 {
    if !(df1 > 0.0 && df2 > 0.0 && (0.0..=1.0).contains(&p)) {
        return f64::NAN;
    }
    if p == 0.0 {
        return 0.0;
    }
    if p == 1.0 {
        return f64::INFINITY;
    }
    if p <= 0.5 { positive_root(|x| tails(x, df1, df2).0, p, true, 1.0) } else { upper_quantile(1.0 - p, df1, df2) }
}

/// The `x` with `sf(x) = p`, for upper tails too small for [`quantile`] of `1 − p`.
pub fn upper_quantile(p: f64, df1: f64, df2: f64) -> f64 {
    if p > 0.5 || !(p > 0.0 && df1 > 0.0 && df2 > 0.0) {
        return quantile(1.0 - p, df1, df2);
    }
    positive_root(|x| tails(x, df1, df2).1, p, false, 1.0)
}

fn tails(x: f64, df1: f64, df2: f64) -> (f64, f64) {
    if !(df1 > 0.0 && df2 > 0.0) || x.is_nan() {
        return (f64::NAN, f64::NAN);
    }
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if x.is_infinite() {
        return (1.0, 0.0);
    }
    if df2 > CHI_SQUARED_FROM {
        return (chi_squared::cdf(x * df1, df1), chi_squared::sf(x * df1, df1));
    }
    let ratio = x * (df1 / df2);
    let (share, rest) = if ratio.is_infinite() { (1.0, 0.0) } else { (ratio / (1.0 + ratio), 1.0 / (1.0 + ratio)) };
    both_tails(0.5 * df1, 0.5 * df2, share, rest)
}

/// Density at `x > 0`.
pub fn pdf(x: f64, df1: f64, df2: f64) -> f64 {
    if x.is_nan() {
        return f64::NAN;
    }
    if x <= 0.0 {
        return 0.0;
    }
    let ratio = x * (df1 / df2);
    saddle_point::beta_front(0.5 * df1, 0.5 * df2, ratio / (1.0 + ratio), 1.0 / (1.0 + ratio)) / x
}
