//! The conditional (matched) odds ratio b/c of a paired 2 × 2 table and its intervals.
//!
//! Given the number of discordant pairs, b is binomial with p = OR/(1 + OR): every interval for p transforms into one
//! for the odds ratio. Names as in Fagerland, Lydersen and Laake (2014), Statistics in Medicine 33:2850–2875.

use super::pair_table::PairTable;
use super::proportion::{Tails, clopper_pearson, wilson};
use crate::math::dist::binomial;
use crate::math::roots::brent;

/// b/c: infinite when c = 0, `None` when there is no discordant pair.
pub fn odds_ratio(table: &PairTable) -> Option<f64> {
    (table.discordant() > 0).then(|| table.b as f64 / table.c as f64)
}

/// Exact interval, from Clopper and Pearson's limits of b/(b + c). Without discordant pairs the data exclude nothing:
/// (0, ∞).
pub fn exact(table: &PairTable, tails: Tails) -> (f64, f64) {
    let ((low, low_rest), (high, high_rest)) = clopper_pearson(table.b, table.discordant(), tails);
    (low / low_rest, high / high_rest)
}

/// Mid-p interval: the odds ratios whose mid-p tail exceeds the tail probability. (0, ∞) without discordant pairs.
pub fn mid_p(table: &PairTable, tails: Tails) -> Option<(f64, f64)> {
    let low = mid_p_lower(table.b, table.c, tails.lower)?;
    let high = mid_p_lower(table.c, table.b, tails.upper)?;
    Some((low, 1.0 / high))
}

/// Lower mid-p limit of the odds b : c; the upper limit is the reciprocal of this for c : b.
fn mid_p_lower(b: u64, c: u64, tail: Option<f64>) -> Option<f64> {
    let Some(tail) = tail else { return Some(0.0) };
    if b == 0 {
        return Some(0.0);
    }
    let n = b + c;
    // Solved for the smaller of p and 1 − p, so that the odds keep their digits.
    if b <= c {
        let excess = |p: f64| binomial::sf(b, n, p) + 0.5 * binomial::pmf(b, n, p) - tail;
        let p = brent(excess, 0.0, 1.0, 0.0)?;
        Some(p / (1.0 - p))
    } else {
        let excess = |q: f64| {
            let below = if c == 0 { 0.0 } else { binomial::cdf(c - 1, n, q) };
            below + 0.5 * binomial::pmf(c, n, q) - tail
        };
        let q = brent(excess, 0.0, 1.0, 0.0)?;
        Some((1.0 - q) / q)
    }
}

/// Interval from Wilson's score limits of b/(b + c). `None` without discordant pairs.
pub fn wilson_score(table: &PairTable, tails: Tails) -> Option<(f64, f64)> {
    let n = table.discordant() as f64;
    if n == 0.0 {
        return None;
    }
    let (below, above) = tails.deviates();
    let odds = |p: f64, rest: f64| if rest == 0.0 { f64::INFINITY } else { p / rest };
    let low = wilson(table.b as f64, n, below).0;
    let high_rest = wilson(table.c as f64, n, above).0;
    Some((odds(low, 1.0 - low), odds(1.0 - high_rest, high_rest)))
}

/// Wald interval on the log scale, variance 1/b + 1/c. `None` when b or c is 0.
pub fn wald(table: &PairTable, tails: Tails) -> Option<(f64, f64)> {
    (table.b > 0 && table.c > 0).then(|| log_interval(table.b as f64, table.c as f64, tails))
}

/// Wald interval with Laplace's (b + 1)/(c + 1).
pub fn laplace(table: &PairTable, tails: Tails) -> (f64, f64) {
    log_interval(table.b as f64 + 1.0, table.c as f64 + 1.0, tails)
}

/// b/c times and divided by exp(z·√(1/b + 1/c)).
fn log_interval(b: f64, c: f64, tails: Tails) -> (f64, f64) {
    let error = (1.0 / b + 1.0 / c).sqrt();
    let (below, above) = tails.deviates();
    (b / c * (-below * error).exp(), b / c * (above * error).exp())
}
