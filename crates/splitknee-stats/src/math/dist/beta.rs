//! The beta distribution with shapes `a` and `b`.
//!
//! Own incomplete beta function: statrs 0.19 loses digits with large shapes (see the distribution tables in the tests).

use super::incomplete_beta::both_tails;
use super::inversion::positive_root;

/// `P(X ≤ x)`.
pub fn cdf(x: f64, a: f64, b: f64) -> f64 {
    both_tails(a, b, x, 1.0 - x).0
}

/// `P(X > x)`.
pub fn sf(x: f64, a: f64, b: f64) -> f64 {
    both_tails(a, b, x, 1.0 - x).1
}

/// The `x` with `cdf(x) = p`.
pub fn quantile(p: f64, a: f64, b: f64) -> f64 {
    if !(a > 0.0 && b > 0.0 && (0.0..=1.0).contains(&p)) {
        return f64::NAN;
    }
    if p == 0.0 || p == 1.0 {
        return p;
    }
    // Each half through its own tail, so that neither a small p nor a quantile near 1 is formed as a difference.
    if p <= 0.5 {
        positive_root(|x| both_tails(a, b, x.min(1.0), 1.0 - x.min(1.0)).0, p, true, 0.25).min(1.0)
    } else {
        1.0 - positive_root(|y| both_tails(a, b, 1.0 - y.min(1.0), y.min(1.0)).1, 1.0 - p, true, 0.25).min(1.0)
    }
}
