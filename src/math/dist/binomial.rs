//! The binomial distribution of `n` trials with success probability `p`.

use statrs::distribution::{Binomial, Discrete, DiscreteCDF};

/// `P(X = k)`.
pub fn pmf(k: u64, n: u64, p: f64) -> f64 {
    Binomial::new(p, n).map_or(f64::NAN, |d| d.pmf(k))
}

/// `P(X ≤ k)`.
pub fn cdf(k: u64, n: u64, p: f64) -> f64 {
    Binomial::new(p, n).map_or(f64::NAN, |d| d.cdf(k))
}

/// `P(X > k)`.
pub fn sf(k: u64, n: u64, p: f64) -> f64 {
    Binomial::new(p, n).map_or(f64::NAN, |d| d.sf(k))
}
