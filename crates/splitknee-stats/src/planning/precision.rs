//! Precision: how many pairs make the confidence interval of the mean difference narrow enough.
//!
//! The half-width `H = t s/√n` is random. `P(H ≤ w) = P(χ² ≤ (n − 1) n w²/(t² σ_d²))` (unconditional), and given that the
//! interval covers the true difference the same with the weight `(2Φ(t u) − 1)/(1 − α)`, `u = s/σ_d` (SAS PROC POWER,
//! PROBTYPE=UNCONDITIONAL and CONDITIONAL; Beal 1989). `E[H] = t c₄ σ_d/√n`.

use super::{Refusal, check_sd, check_target, over_sample_sd, pairs_root, refuse, whole_pairs};
use crate::math::dist::saddle_point::ln_gamma;
use crate::math::dist::{chi_squared, normal, student_t};
use crate::math::roots::brent;
use crate::note;

/// A planned interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Precision {
    /// Half-width that the interval should not exceed.
    pub half_width: f64,
    /// SD of the within-patient differences.
    pub sd_diff: f64,
    /// Confidence level of the two-sided interval.
    pub conf_level: f64,
    /// Whether the probability is meant given that the interval covers the true difference.
    pub given_coverage: bool,
}

impl Precision {
    fn check(&self) -> Result<(), Refusal> {
        check_sd(note!(w_sd_differences), self.sd_diff)?;
        check_sd(note!(w_half_width), self.half_width)?;
        check_target(note!(w_level), self.conf_level, 0.0)
    }

    fn quantile(&self, df: f64) -> f64 {
        student_t::upper_quantile(0.5 * (1.0 - self.conf_level), df)
    }

    fn probability_at(&self, n: f64) -> f64 {
        let df = n - 1.0;
        let t = self.quantile(df);
        let widest = n.sqrt() * self.half_width / (t * self.sd_diff);
        if !self.given_coverage {
            return chi_squared::cdf(df * widest * widest, df);
        }
        over_sample_sd(|u| 1.0 - normal::two_sided(t * u), df, widest) / self.conf_level
    }

    /// Probability that the half-width of `n` pairs is at most the one asked for.
    ///
    /// # Errors
    /// A design outside its domain or fewer than two pairs.
    pub fn probability(&self, n: f64) -> Result<f64, Refusal> {
        self.check()?;
        if !(n >= 2.0 && n.is_finite()) {
            return refuse(note!(interval_pairs, n = n));
        }
        Ok(self.probability_at(n))
    }

    /// Expected half-width of `n` pairs.
    pub fn expected_half_width(&self, n: f64) -> f64 {
        let df = n - 1.0;
        let c4 = (2.0 / df).sqrt() * (ln_gamma(0.5 * n) - ln_gamma(0.5 * df)).exp();
        self.quantile(df) * c4 * self.sd_diff / n.sqrt()
    }

    /// Pairs that keep the half-width with this probability; without one, pairs whose expected half-width is narrow enough.
    ///
    /// # Errors
    /// A design outside its domain.
    pub fn pairs(&self, probability: Option<f64>) -> Result<(f64, usize), Refusal> {
        self.check()?;
        match probability {
            Some(target) => {
                check_target(note!(w_probability), target, 0.0)?;
                let needed = pairs_root(|n| self.probability_at(n), target)?;
                Ok((needed, whole_pairs(needed, |n| self.probability_at(n as f64) >= target)))
            }
            None => {
                let needed = pairs_root(|n| -self.expected_half_width(n), -self.half_width)?;
                Ok((needed, whole_pairs(needed, |n| self.expected_half_width(n as f64) <= self.half_width)))
            }
        }
    }

    /// The half-width that `n` pairs keep with `probability`.
    ///
    /// # Errors
    /// As [`Precision::probability`].
    pub fn attainable(&self, n: f64, probability: f64) -> Result<f64, Refusal> {
        check_target(note!(w_probability), probability, 0.0)?;
        let scale = Self { half_width: self.sd_diff, ..*self };
        scale.probability(n)?;
        let gap = |log: f64| Self { half_width: self.sd_diff * log.exp(), ..*self }.probability_at(n) - probability;
        match brent(gap, -20.0, 20.0, 1e-13) {
            Some(log) => Ok(self.sd_diff * log.exp()),
            None => refuse(note!(no_half_width)),
        }
    }
}
