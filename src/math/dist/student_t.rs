//! The StudentsT distribution.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// `P(X ≤ x)`.
pub fn cdf(x: f64, df: f64) -> f64 {
    StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |d| d.cdf(x))
}

/// `P(X > x)`.
pub fn sf(x: f64, df: f64) -> f64 {
    StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |d| d.sf(x))
}

/// The `x` with `cdf(x) = p`.
pub fn quantile(p: f64, df: f64) -> f64 {
    StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |d| d.inverse_cdf(p))
}
