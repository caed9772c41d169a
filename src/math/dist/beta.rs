//! The Beta distribution.

use statrs::distribution::{Beta, ContinuousCDF};

/// `P(X ≤ x)`.
pub fn cdf(x: f64, a: f64, b: f64) -> f64 {
    Beta::new(a, b).map_or(f64::NAN, |d| d.cdf(x))
}

/// `P(X > x)`.
pub fn sf(x: f64, a: f64, b: f64) -> f64 {
    Beta::new(a, b).map_or(f64::NAN, |d| d.sf(x))
}

/// The `x` with `cdf(x) = p`.
pub fn quantile(p: f64, a: f64, b: f64) -> f64 {
    Beta::new(a, b).map_or(f64::NAN, |d| d.inverse_cdf(p))
}
