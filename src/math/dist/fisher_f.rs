//! The FisherSnedecor distribution.

use statrs::distribution::{ContinuousCDF, FisherSnedecor};

/// `P(X ≤ x)`.
pub fn cdf(x: f64, df1: f64, df2: f64) -> f64 {
    FisherSnedecor::new(df1, df2).map_or(f64::NAN, |d| d.cdf(x))
}

/// `P(X > x)`.
pub fn sf(x: f64, df1: f64, df2: f64) -> f64 {
    FisherSnedecor::new(df1, df2).map_or(f64::NAN, |d| d.sf(x))
}

/// The `x` with `cdf(x) = p`.
pub fn quantile(p: f64, df1: f64, df2: f64) -> f64 {
    FisherSnedecor::new(df1, df2).map_or(f64::NAN, |d| d.inverse_cdf(p))
}
