//! The binomial distribution of `n` trials with success probability `p`.

use super::incomplete_beta::both_tails;
use super::saddle_point::binomial_term;

/// `P(X = k)`.
pub fn pmf(k: u64, n: u64, p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if k > n { 0.0 } else { binomial_term(k as f64, n as f64, p, 1.0 - p) }
}

/// `P(X ≤ k)`.
pub fn cdf(k: u64, n: u64, p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if k >= n { 1.0 } else { both_tails((n - k) as f64, k as f64 + 1.0, 1.0 - p, p).0 }
}

/// `P(X > k)`.
pub fn sf(k: u64, n: u64, p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if k >= n { 0.0 } else { both_tails(k as f64 + 1.0, (n - k) as f64, p, 1.0 - p).0 }
}
