//! Assurance: the power of a two-sided paired t test averaged over what a pilot left unknown.
//!
//! - over the correlation: `atanh ρ ~ N(atanh ρ₀, 1/(m − 3))` from m pilot pairs, SD of one knee known,
//!   `σ_d = s√(2(1 − ρ))`;
//! - over the SD of the differences: `σ² = (m − 1) σ₀²/χ²(m − 1)` (Julious and Owen 2006);
//! - over the difference: `Δ ~ N(Δ₀, s_Δ²)`, both tails count (O'Hagan, Stevens and Campbell 2005).

use super::paired_t::PairedT;
use super::{
    Alternative, Refusal, check_alpha, check_sd, check_target, over_sample_sd, pairs_root, refuse, whole_pairs,
};
use crate::math::dist::normal;
use crate::math::legendre;
use crate::note;

/// What is averaged over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Over {
    /// The correlation of the knees, estimated by this many pilot pairs.
    Correlation(usize),
    /// The SD of the differences, estimated by this many pilot pairs.
    Sd(usize),
    /// The difference, with this SD.
    Delta(f64),
}

/// A planned trial and what is not known about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Assurance {
    /// Assumed mean difference.
    pub delta: f64,
    /// SD of one knee.
    pub sd: f64,
    /// Assumed correlation of the knees.
    pub rho: f64,
    /// Two-sided significance level.
    pub alpha: f64,
    /// What is averaged over.
    pub over: Over,
}

/// Reach of the normal laws, in SDs: 2e-19 is left out.
const REACH: f64 = 9.0;

impl Assurance {
    fn check(&self) -> Result<(), Refusal> {
        check_sd(note!(w_sd_one), self.sd)?;
        check_alpha(self.alpha)?;
        if !(self.rho > -1.0 && self.rho < 1.0) {
            return refuse(note!(correlation_range, r = self.rho));
        }
        match self.over {
            Over::Correlation(pilot) if pilot < 4 => refuse(note!(pilot_correlation, n = pilot)),
            Over::Sd(pilot) if pilot < 2 => refuse(note!(pilot_sd, n = pilot)),
            Over::Delta(sd) => check_sd(note!(w_sd_difference), sd),
            _ => Ok(()),
        }
    }

    fn sd_diff(&self, rho: f64) -> f64 {
        self.sd * (2.0 * (1.0 - rho)).sqrt()
    }

    fn power_with(&self, delta: f64, sd_diff: f64, n: f64) -> f64 {
        // Beyond this the test rejects for certain; the noncentral t need not be asked.
        if (delta / sd_diff).abs() * n.sqrt() > 1e6 {
            return 1.0;
        }
        let test = PairedT { shift: delta, sd_diff, alpha: self.alpha, sides: Alternative::TwoSided };
        test.power(n).unwrap_or(f64::NAN)
    }

    /// Power of `n` pairs if the assumptions hold.
    ///
    /// # Errors
    /// Numbers outside their domain.
    pub fn power(&self, n: f64) -> Result<f64, Refusal> {
        self.check()?;
        PairedT { shift: self.delta, sd_diff: self.sd_diff(self.rho), alpha: self.alpha, sides: Alternative::TwoSided }
            .power(n)
    }

    fn average(&self, n: f64) -> f64 {
        let normal_mean = |f: &dyn Fn(f64) -> f64| legendre::integrate(|z| normal::pdf(z) * f(z), -REACH, REACH, 3.0);
        let sd_diff = self.sd_diff(self.rho);
        match self.over {
            Over::Correlation(pilot) => {
                let (centre, se) = (self.rho.atanh(), 1.0 / (pilot as f64 - 3.0).sqrt());
                normal_mean(&|z| {
                    // 1 − tanh x = 2/(1 + e^{2x}), without cancellation near a correlation of 1.
                    let unlike = 2.0 / (1.0 + (2.0 * (centre + se * z)).exp());
                    self.power_with(self.delta, self.sd * (2.0 * unlike).sqrt(), n)
                })
            }
            Over::Sd(pilot) => {
                over_sample_sd(|u| self.power_with(self.delta, sd_diff / u, n), pilot as f64 - 1.0, f64::INFINITY)
            }
            Over::Delta(sd) => normal_mean(&|z| self.power_with(self.delta + sd * z, sd_diff, n)),
        }
    }

    /// Assurance of `n` pairs.
    ///
    /// # Errors
    /// Numbers outside their domain.
    pub fn assurance(&self, n: f64) -> Result<f64, Refusal> {
        self.power(n)?;
        Ok(self.average(n))
    }

    /// Pairs for an assurance.
    ///
    /// # Errors
    /// An assurance that no number of pairs reaches.
    pub fn pairs(&self, target: f64) -> Result<(f64, usize), Refusal> {
        self.check()?;
        check_target(note!(w_assurance), target, self.alpha)?;
        if self.delta == 0.0 {
            return refuse(note!(no_pairs_detect));
        }
        let needed = pairs_root(|n| self.average(n), target)?;
        Ok((needed, whole_pairs(needed, |n| self.average(n as f64) >= target)))
    }

    /// Power of `n` pairs at the 95 % limits of the pilot's correlation: the band of the curve.
    ///
    /// # Errors
    /// As [`Assurance::assurance`].
    pub fn band(&self, n: f64, pilot: usize) -> Result<(f64, f64), Refusal> {
        self.power(n)?;
        let half = normal::upper_quantile(0.025) / (pilot as f64 - 3.0).sqrt();
        let at = |z: f64| self.power_with(self.delta, self.sd_diff((self.rho.atanh() + z).tanh()), n);
        Ok((at(-half), at(half)))
    }
}
