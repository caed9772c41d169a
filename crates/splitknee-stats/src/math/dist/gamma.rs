//! The gamma distribution with `shape` and `rate` (mean `shape / rate`).

use super::incomplete_gamma::both_tails;
use super::inversion::positive_root;

/// `P(X ≤ x)`.
pub fn cdf(x: f64, shape: f64, rate: f64) -> f64 {
    both_tails(shape, x * rate).0
}

/// `P(X > x)`.
pub fn sf(x: f64, shape: f64, rate: f64) -> f64 {
    both_tails(shape, x * rate).1
}

/// The `x` with `cdf(x) = p`.
pub fn quantile(p: f64, shape: f64, rate: f64) -> f64 {
    if !(shape > 0.0 && rate > 0.0 && (0.0..=1.0).contains(&p)) {
        return f64::NAN;
    }
    if p == 0.0 {
        return 0.0;
    }
    if p == 1.0 {
        return f64::INFINITY;
    }
    let x = if p <= 0.5 {
        positive_root(|x| both_tails(shape, x).0, p, true, shape)
    } else {
        positive_root(|x| both_tails(shape, x).1, 1.0 - p, false, shape)
    };
    x / rate
}

/// The `x` with `sf(x) = p`, for upper tails too small for [`quantile`] of `1 − p`.
pub fn upper_quantile(p: f64, shape: f64, rate: f64) -> f64 {
    if p > 0.5 || !(p > 0.0 && shape > 0.0 && rate > 0.0) {
        return quantile(1.0 - p, shape, rate);
    }
    positive_root(|x| both_tails(shape, x).1, p, false, shape) / rate
}
