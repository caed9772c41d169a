//! Equivalence by two one-sided paired t tests: exact power.
//!
//! Both tests reject when `low + t s/√n < d̄ < high − t s/√n`; given `u = s/σ_d` the probability is
//! `Φ((high − Δ)√n/σ_d − t u) − Φ((low − Δ)√n/σ_d + t u)` up to `u = (high − low)√n/(2 t σ_d)`, averaged over the law of u:
//! the difference of two of Owen's Q functions (Owen 1965; Phillips 1990), by one integral. The approximation by two
//! noncentral t probabilities is not offered: it is 0 where the exact power is a third.

use super::{Refusal, check_alpha, check_sd, check_target, over_sample_sd, pairs_root, refuse, whole_pairs};
use crate::math::dist::{normal, student_t};
use crate::math::roots::brent;
use crate::note;

/// A planned equivalence trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Equivalence {
    /// True mean difference, active − placebo.
    pub delta: f64,
    /// Lower equivalence margin.
    pub low: f64,
    /// Upper equivalence margin.
    pub high: f64,
    /// SD of the within-patient differences.
    pub sd_diff: f64,
    /// Level of each one-sided test.
    pub alpha: f64,
}

impl Equivalence {
    fn check(&self) -> Result<(), Refusal> {
        check_sd(note!(w_sd_differences), self.sd_diff)?;
        check_alpha(self.alpha)?;
        if self.alpha >= 0.5 {
            return refuse(note!(one_sided_level));
        }
        if !(self.low < self.high && self.low.is_finite() && self.high.is_finite() && self.delta.is_finite()) {
            return refuse(note!(limits_ascending, low = self.low, high = self.high));
        }
        Ok(())
    }

    fn power_at(&self, n: f64) -> f64 {
        let df = n - 1.0;
        let t = student_t::upper_quantile(self.alpha, df);
        let unit = n.sqrt() / self.sd_diff;
        let (above, below) = ((self.high - self.delta) * unit, (self.low - self.delta) * unit);
        let widest = 0.5 * (above - below) / t;
        // In the tails both terms are close to 1: take the complement that is small.
        let given = |u: f64| {
            let (low, high) = (below + t * u, above - t * u);
            if low > 0.0 { normal::sf(low) - normal::sf(high) } else { normal::cdf(high) - normal::cdf(low) }
        };
        over_sample_sd(given, df, widest).clamp(0.0, 1.0)
    }

    /// Power with `n` pairs.
    ///
    /// # Errors
    /// A design outside its domain or fewer than two pairs.
    pub fn power(&self, n: f64) -> Result<f64, Refusal> {
        self.check()?;
        if !(n >= 2.0 && n.is_finite()) {
            return refuse(note!(needs_pairs, method = note!(m_t), least = 2_usize, pairs = note!(pairs_word), n = n));
        }
        Ok(self.power_at(n))
    }

    /// Pairs for a power: the root and the whole number.
    ///
    /// # Errors
    /// A true difference on or outside a margin, where no number of pairs shows equivalence.
    pub fn pairs(&self, power: f64) -> Result<(f64, usize), Refusal> {
        self.check()?;
        check_target(note!(w_power), power, self.alpha)?;
        if !(self.low < self.delta && self.delta < self.high) {
            return refuse(note!(equivalence_never));
        }
        let needed = pairs_root(|n| self.power_at(n), power)?;
        Ok((needed, whole_pairs(needed, |n| self.power_at(n as f64) >= power)))
    }

    /// The true difference farthest from the middle, on the upper side, at which `n` pairs keep `power`.
    ///
    /// # Errors
    /// A power that `n` pairs do not reach anywhere between the margins.
    pub fn detectable(&self, n: f64, power: f64) -> Result<f64, Refusal> {
        self.power(n)?;
        check_target(note!(w_power), power, self.alpha)?;
        let gap = |delta: f64| Self { delta, ..*self }.power_at(n) - power;
        let middle = 0.5 * (self.low + self.high);
        if gap(middle) < 0.0 {
            return refuse(note!(power_unreached, n = n, power = power));
        }
        brent(gap, middle, self.high, 1e-12).ok_or_else(|| Refusal(note!(no_detectable)))
    }
}
