//! Paired t test of a mean difference: power, pairs, detectable difference, for any null value.
//!
//! T is noncentral t with `n − 1` degrees of freedom and noncentrality `√n (Δ − Δ₀)/σ_d`; two-sided power counts both
//! tails. Non-inferiority is the one-sided test whose null value is the margin on the harmful side: `Δ₀ = −margin` and the
//! upper alternative where higher is better, `Δ₀ = +margin` and the lower one where lower is.

use super::{Alternative, Refusal, check_target, refuse, whole_pairs};
use crate::math::roots::brent;
use crate::note;
use crate::paired::power::Design;

/// A planned paired t test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedT {
    /// True mean difference minus the null value, active − placebo.
    pub shift: f64,
    /// SD of the within-patient differences.
    pub sd_diff: f64,
    /// Significance level of the test as it is carried out: of both tails for a two-sided one.
    pub alpha: f64,
    /// Direction of the alternative.
    pub sides: Alternative,
}

impl PairedT {
    fn design(&self) -> Design {
        Design { delta: self.shift, sd_diff: self.sd_diff, alpha: self.alpha, alternative: self.sides }
    }

    /// Power with `n` pairs, not necessarily whole.
    ///
    /// # Errors
    /// A design outside its domain or fewer than two pairs.
    pub fn power(&self, n: f64) -> Result<f64, Refusal> {
        self.design().power(n)
    }

    /// Pairs for a power: the root and the whole number.
    ///
    /// # Errors
    /// A design outside its domain, or a difference that no number of pairs detects.
    pub fn pairs(&self, power: f64) -> Result<(f64, usize), Refusal> {
        let design = self.design();
        let needed = design.pairs_for(power)?;
        Ok((needed, whole_pairs(needed, |n| design.power(n as f64).is_ok_and(|reached| reached >= power))))
    }

    /// The distance from the null value that `n` pairs detect with `power`: negative for the lower alternative, else positive.
    ///
    /// # Errors
    /// As [`PairedT::power`]; a power that is not above the significance level.
    pub fn detectable(&self, n: f64, power: f64) -> Result<f64, Refusal> {
        check_target(note!(w_power), power, self.alpha)?;
        self.power(n)?;
        let sign = if self.sides == Alternative::Less { -1.0 } else { 1.0 };
        let unit = self.sd_diff / n.sqrt();
        let gap = |shift: f64| {
            Self { shift: sign * shift * unit, ..*self }.power(n).map_or(f64::NAN, |reached| reached - power)
        };
        let mut high = 4.0;
        while gap(high) < 0.0 && high < 1e9 {
            high *= 2.0;
        }
        match brent(gap, 0.0, high, 1e-13) {
            Some(root) => Ok(sign * root * unit),
            None => refuse(note!(no_detectable)),
        }
    }
}
