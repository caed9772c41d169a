//! The Gamma distribution.

use statrs::distribution::{ContinuousCDF, Gamma};

/// `P(X ≤ x)`.
pub fn cdf(x: f64, shape: f64, rate: f64) -> f64 {
    Gamma::new(shape, rate).map_or(f64::NAN, |d| d.cdf(x))
}

/// `P(X > x)`.
pub fn sf(x: f64, shape: f64, rate: f64) -> f64 {
    Gamma::new(shape, rate).map_or(f64::NAN, |d| d.sf(x))
}

/// The `x` with `cdf(x) = p`.
pub fn quantile(p: f64, shape: f64, rate: f64) -> f64 {
    Gamma::new(shape, rate).map_or(f64::NAN, |d| d.inverse_cdf(p))
}
