//! Net benefit of pairs, P(treated better) − P(treated worse): a test and an interval that belong together.
//!
//! With B better, W worse and n − B − W equal pairs the statistic against a net benefit δ is Tango's score
//! z(δ) = (B − W − nδ)/√(n(2q̃ + δ(1 − δ))), q̃ the maximum-likelihood probability of "worse" given δ (Tango T 1998, Stat
//! Med 17:891–908). Its p-value is not taken from the normal distribution, which rejects too often with few differing
//! pairs, but from the trinomial distribution of (B, W) with the nuisance probability at q̃ (the "estimated" or E p-value:
//! Storer BE, Kim C 1990, J Am Stat Assoc 85:146–155; Lloyd CJ 2008, Biometrics 64:716–723, for matched pairs). The limits
//! are the δ that this very test does not reject at α/2 on either side, so that the interval excludes 0 exactly where the
//! test rejects. Beyond [`ENUMERATED_TO`] pairs, where the two agree to the third digit, the normal distribution is used
//! for both.

use super::pair_table::PairTable;
use super::proportion::Tails;
use super::{Alternative, risk_difference};
use crate::math::dist::normal;

/// Up to this many pairs the trinomial distribution is enumerated.
pub const ENUMERATED_TO: u64 = 150;

/// Points on one side of the estimate at which the test is tried before its limit is closed in on.
const TRIED: u32 = 48;

/// The test of one table: its pairs, and the logarithms of the factorials up to their number.
struct Enumeration {
    b: f64,
    c: f64,
    n: usize,
    log_factorials: Vec<f64>,
}

impl Enumeration {
    /// `None` where there is no pair or there are too many to enumerate.
    fn new(table: &PairTable) -> Option<Self> {
        let n = table.n();
        if n == 0 || n > ENUMERATED_TO {
            return None;
        }
        let mut log_factorials = vec![0.0; n as usize + 1];
        for k in 1..log_factorials.len() {
            log_factorials[k] = log_factorials[k - 1] + (k as f64).ln();
        }
        Some(Self { b: table.b as f64, c: table.c as f64, n: n as usize, log_factorials })
    }

    /// Probabilities of a score at most, and at least, the observed one where the net benefit is `delta`.
    fn tails(&self, delta: f64) -> (f64, f64) {
        let n = self.n as f64;
        let (observed, worse) = risk_difference::score(self.b, self.c, n, delta);
        let worse = worse.clamp(0.0, 1.0);
        let better = (worse + delta).clamp(0.0, 1.0);
        let equal = (1.0 - worse - better).max(0.0);
        let logs = [better, worse, equal].map(f64::ln);
        // 0 × ln 0 is the logarithm of 0⁰ = 1.
        let times = |count: usize, log: f64| if count == 0 { 0.0 } else { count as f64 * log };
        let slack = 1e-9 * observed.abs().max(1.0);
        let (mut at_most, mut at_least) = (0.0, 0.0);
        for wins in 0..=self.n {
            for losses in 0..=self.n - wins {
                let ties = self.n - wins - losses;
                let log = self.log_factorials[self.n]
                    - self.log_factorials[wins]
                    - self.log_factorials[losses]
                    - self.log_factorials[ties]
                    + times(wins, logs[0])
                    + times(losses, logs[1])
                    + times(ties, logs[2]);
                if log < -45.0 {
                    continue;
                }
                let (score, _) = risk_difference::score(wins as f64, losses as f64, n, delta);
                let probability = log.exp();
                if score <= observed + slack {
                    at_most += probability;
                }
                if score >= observed - slack {
                    at_least += probability;
                }
            }
        }
        (at_most.min(1.0), at_least.min(1.0))
    }

    /// The lower limit: above it the probability of so large a score exceeds `tail`.
    fn lower(&self, tail: f64) -> f64 {
        let estimate = (self.b - self.c) / self.n as f64;
        let rejected = |delta: f64| self.tails(delta).1 <= tail;
        // Where 0 is rejected the limit is sought above 0 only, so that interval and test agree.
        let start = if estimate > 0.0 && rejected(0.0) { 0.0 } else { -1.0 };
        let (mut out, mut inside) = (start, estimate);
        for step in 1..TRIED {
            let delta = start + (estimate - start) * f64::from(step) / f64::from(TRIED);
            if !rejected(delta) {
                inside = delta;
                break;
            }
            out = delta;
        }
        if out == start && start < 0.0 && !rejected(start) {
            return start;
        }
        while inside - out > 1e-10 {
            let middle = 0.5 * (out + inside);
            if rejected(middle) { out = middle } else { inside = middle }
        }
        // The last value that is rejected: just outside of the interval, on the side of 0 that the test decided.
        if start == 0.0 { inside } else { 0.5 * (out + inside) }
    }

    /// The same table seen from the other side.
    fn mirrored(&self) -> Self {
        Self { b: self.c, c: self.b, n: self.n, log_factorials: self.log_factorials.clone() }
    }
}

/// Probabilities of a score at most, and at least, the observed one where the net benefit is `delta`; (1, 1) where there
/// is no pair.
pub fn tails(table: &PairTable, delta: f64) -> (f64, f64) {
    match Enumeration::new(table) {
        Some(enumeration) => enumeration.tails(delta),
        None if table.n() == 0 => (1.0, 1.0),
        None => {
            let (score, _) = risk_difference::score(table.b as f64, table.c as f64, table.n() as f64, delta);
            (normal::cdf(score), normal::sf(score))
        }
    }
}

/// p-value against a net benefit of 0; 1 where the knees never differ.
pub fn p_value(table: &PairTable, alternative: Alternative) -> f64 {
    if table.discordant() == 0 {
        return 1.0;
    }
    let (at_most, at_least) = tails(table, 0.0);
    alternative.p_of_tails(at_most, at_least)
}

/// The net benefits that the test does not reject; `None` where there is no pair.
pub fn limits(table: &PairTable, tails: Tails) -> Option<(f64, f64)> {
    let Some(enumeration) = Enumeration::new(table) else { return risk_difference::tango(table, tails) };
    let low = tails.lower.map_or(-1.0, |tail| enumeration.lower(tail));
    let high = tails.upper.map_or(1.0, |tail| -enumeration.mirrored().lower(tail));
    Some((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(b: u64, c: u64, equal: u64) -> PairTable {
        PairTable { a: 0, b, c, d: equal }
    }

    #[test]
    fn the_p_value_is_the_sum_over_the_trinomial_distribution() {
        // Three pairs, all better: z = √3 is the largest score, q̃ = ½: 1/8 in either tail.
        assert!((p_value(&table(3, 0, 0), Alternative::TwoSided) - 0.25).abs() < 1e-12);
        // Two better, one equal: q̃ = ⅓ and z = √2. At least as large: (2, 0, 1) with 3/27 and (3, 0, 0) with 1/27.
        assert!((p_value(&table(2, 0, 1), Alternative::Greater) - 4.0 / 27.0).abs() < 1e-12);
        assert_eq!(p_value(&table(0, 0, 9), Alternative::TwoSided), 1.0);
    }

    #[test]
    fn the_interval_excludes_0_exactly_where_the_test_rejects() {
        let tails = Tails::two_sided(0.95).unwrap();
        for n in [1, 2, 5, 6, 9, 14] {
            for b in 0..=n {
                for c in 0..=n - b {
                    let table = table(b, c, n - b - c);
                    let rejects = p_value(&table, Alternative::TwoSided) <= 0.05;
                    let (low, high) = limits(&table, tails).unwrap();
                    let excludes = low > 0.0 || high < 0.0;
                    assert_eq!(rejects, excludes, "{b} {c} of {n}: {low} {high}");
                    let net = (b as f64 - c as f64) / n as f64;
                    assert!(low <= net && net <= high && low >= -1.0 && high <= 1.0);
                }
            }
        }
    }

    #[test]
    fn the_two_sides_mirror_each_other() {
        let tails = Tails::two_sided(0.95).unwrap();
        let (low, high) = limits(&table(15, 3, 22), tails).unwrap();
        let (mirrored_low, mirrored_high) = limits(&table(3, 15, 22), tails).unwrap();
        assert!((low + mirrored_high).abs() < 1e-12 && (high + mirrored_low).abs() < 1e-12);
    }
}
