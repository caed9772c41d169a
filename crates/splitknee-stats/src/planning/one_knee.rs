//! Trials in which some patients contribute one knee: what those knees add.
//!
//! With `m` pairs and `a`, `b` single active and placebo knees of SD s and within-patient correlation ρ:
//! - exchangeable (mixed model, GEE exchangeable): information matrix `A = m/(1 − ρ²) + a`, `B = m/(1 − ρ²) + b`,
//!   `C = −m ρ/(1 − ρ²)`; `Var = s² (A + B + 2C)/(AB − C²)`;
//! - independence (difference of the arm means, robust variance): `s² (1/N_a + 1/N_b − 2ρ m/(N_a N_b))`;
//! - complete pairs alone: `2 s² (1 − ρ)/m`.
//!
//! The design effect is against as many independent knees. Power is two-sided by the normal law, both tails. Sources:
//! Yelland et al. 2017; Zhu, Zhang and Ahn 2017.

use super::{Refusal, check_alpha, check_sd, check_target, refuse};
use crate::math::dist::normal;
use crate::math::roots::brent;
use crate::note;

/// How the trial is analysed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Analysis {
    /// Mixed model or GEE with exchangeable correlation.
    Exchangeable,
    /// Difference of the arm means with a robust variance.
    Independence,
    /// The patients with both knees alone.
    CompletePairs,
}

/// A planned trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneKnee {
    /// Patients with both knees.
    pub pairs: f64,
    /// Patients with the active knee alone.
    pub single_active: f64,
    /// Patients with the placebo knee alone.
    pub single_placebo: f64,
    /// SD of one knee.
    pub sd: f64,
    /// Correlation of the two knees of a patient.
    pub rho: f64,
    /// Mean difference.
    pub delta: f64,
    /// Two-sided significance level.
    pub alpha: f64,
    /// Analysis.
    pub analysis: Analysis,
}

impl OneKnee {
    fn check(&self) -> Result<(), Refusal> {
        check_sd(note!(w_sd_one), self.sd)?;
        check_alpha(self.alpha)?;
        if !(self.rho > -1.0 && self.rho < 1.0) {
            return refuse(note!(correlation_range, r = self.rho));
        }
        let counts = [self.pairs, self.single_active, self.single_placebo];
        if !counts.iter().all(|count| *count >= 0.0 && count.is_finite()) {
            return refuse(note!(patients_negative));
        }
        let (active, placebo) = (self.pairs + self.single_active, self.pairs + self.single_placebo);
        if active <= 0.0 || placebo <= 0.0 || (self.analysis == Analysis::CompletePairs && self.pairs <= 0.0) {
            return refuse(note!(arm_empty));
        }
        Ok(())
    }

    /// Variance of the estimated difference.
    ///
    /// # Errors
    /// Numbers outside their domain, or an arm without a knee.
    pub fn variance(&self) -> Result<f64, Refusal> {
        self.check()?;
        let (m, rho) = (self.pairs, self.rho);
        let square = self.sd * self.sd;
        Ok(match self.analysis {
            Analysis::Exchangeable => {
                let within = m / (1.0 - rho * rho);
                let (a, b, c) = (within + self.single_active, within + self.single_placebo, -within * rho);
                square * (a + b + 2.0 * c) / (a * b - c * c)
            }
            Analysis::Independence => {
                let (a, b) = (m + self.single_active, m + self.single_placebo);
                square * (1.0 / a + 1.0 / b - 2.0 * rho * m / (a * b))
            }
            Analysis::CompletePairs => 2.0 * square * (1.0 - rho) / m,
        })
    }

    /// Variance against that of as many independent knees (of the knees that the analysis uses).
    ///
    /// # Errors
    /// As [`OneKnee::variance`].
    pub fn design_effect(&self) -> Result<f64, Refusal> {
        let singles = if self.analysis == Analysis::CompletePairs { 0.0 } else { 1.0 };
        let (a, b) = (self.pairs + singles * self.single_active, self.pairs + singles * self.single_placebo);
        Ok(self.variance()? / (self.sd * self.sd * (1.0 / a + 1.0 / b)))
    }

    /// Two-sided power, normal law, both tails.
    ///
    /// # Errors
    /// As [`OneKnee::variance`].
    pub fn power(&self) -> Result<f64, Refusal> {
        let z = normal::upper_quantile(0.5 * self.alpha);
        let drift = self.delta / self.variance()?.sqrt();
        Ok(normal::sf(z - drift) + normal::cdf(-z - drift))
    }

    /// Share of the variance that the exchangeable analysis saves against leaving the one-knee patients out.
    ///
    /// # Errors
    /// As [`OneKnee::variance`]; no pair at all.
    pub fn lost_without_singles(&self) -> Result<f64, Refusal> {
        let with = Self { analysis: Analysis::Exchangeable, ..*self }.variance()?;
        Ok(1.0 - with / Self { analysis: Analysis::CompletePairs, ..*self }.variance()?)
    }

    /// Patients for a power where the shares of pairs and single knees stay as given: `(z_{1−α/2} + z_power)²/(Δ² i)` with
    /// the information `i` of one patient; the far tail left out, not rounded.
    ///
    /// # Errors
    /// As [`OneKnee::variance`]; no difference.
    pub fn patients(&self, power: f64) -> Result<f64, Refusal> {
        check_target(note!(w_power), power, self.alpha)?;
        if self.delta == 0.0 {
            return refuse(note!(no_pairs_detect));
        }
        let patients = self.pairs + self.single_active + self.single_placebo;
        let z = normal::upper_quantile(0.5 * self.alpha) + normal::quantile(power);
        Ok(z * z / (self.delta * self.delta) * self.variance()? * patients)
    }

    /// The difference that these patients detect with `power`.
    ///
    /// # Errors
    /// As [`OneKnee::variance`].
    pub fn detectable(&self, power: f64) -> Result<f64, Refusal> {
        check_target(note!(w_power), power, self.alpha)?;
        let se = self.variance()?.sqrt();
        let gap = |drift: f64| {
            let z = normal::upper_quantile(0.5 * self.alpha);
            normal::sf(z - drift) + normal::cdf(-z - drift) - power
        };
        brent(gap, 0.0, 60.0, 1e-14).map(|drift| drift * se).ok_or_else(|| Refusal(note!(no_detectable)))
    }
}
