//! Power and size of a paired t test.
//!
//! T is noncentral t with `n − 1` degrees of freedom and noncentrality `√n Δ/σ`, σ the SD of the differences. Two-sided
//! power counts rejections in both tails (R `power.t.test(strict = TRUE)`, statsmodels); R's default leaves the far tail
//! out and is smaller by up to α/2. The SD of a difference follows from that of one knee and the within-pair
//! correlation: `σ = s√(2(1 − ρ))`.

use super::{Alternative, Refusal};
use crate::math::dist::{noncentral_t, student_t};
use crate::math::roots::brent;

/// A planned paired comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Design {
    /// Mean difference to detect, treated − control.
    pub delta: f64,
    /// SD of the within-pair differences.
    pub sd_diff: f64,
    /// Significance level.
    pub alpha: f64,
    /// Direction of the alternative.
    pub alternative: Alternative,
}

impl Design {
    fn check(&self) -> Result<(), Refusal> {
        if !(self.sd_diff > 0.0 && self.sd_diff.is_finite() && self.delta.is_finite()) {
            return Err(Refusal("the difference must be finite and its SD a positive number".into()));
        }
        if !(self.alpha > 0.0 && self.alpha < 1.0) {
            return Err(Refusal(format!("the significance level must lie between 0 and 1, not {}", self.alpha)));
        }
        Ok(())
    }

    /// Power with `n` pairs (`n ≥ 2`, not necessarily whole).
    ///
    /// # Errors
    /// A design outside its domain or fewer than two pairs.
    pub fn power(&self, n: f64) -> Result<f64, Refusal> {
        self.check()?;
        if !(n >= 2.0 && n.is_finite()) {
            return Err(Refusal(format!("a paired t test needs at least 2 pairs, not {n}")));
        }
        Ok(self.power_at(n))
    }

    fn power_at(&self, n: f64) -> f64 {
        let df = n - 1.0;
        let ncp = n.sqrt() * (self.delta / self.sd_diff);
        let power = match self.alternative {
            Alternative::TwoSided => {
                let t = student_t::upper_quantile(0.5 * self.alpha, df);
                noncentral_t::sf(t, df, ncp) + noncentral_t::cdf(-t, df, ncp)
            }
            Alternative::Greater => noncentral_t::sf(student_t::upper_quantile(self.alpha, df), df, ncp),
            Alternative::Less => noncentral_t::cdf(-student_t::upper_quantile(self.alpha, df), df, ncp),
        };
        power.min(1.0)
    }

    /// The number of pairs, not rounded, that gives `power`; round up for a trial. At least 2.
    ///
    /// # Errors
    /// A design outside its domain, a power outside (α, 1), a difference of 0, or one in the direction the alternative
    /// does not look.
    pub fn pairs_for(&self, power: f64) -> Result<f64, Refusal> {
        self.check()?;
        if !(power > self.alpha && power < 1.0) {
            return Err(Refusal(format!("the power must lie between the significance level and 1, not {power}")));
        }
        let towards = match self.alternative {
            Alternative::TwoSided => self.delta != 0.0,
            Alternative::Greater => self.delta > 0.0,
            Alternative::Less => self.delta < 0.0,
        };
        if !towards {
            return Err(Refusal("no number of pairs detects this difference under this alternative".into()));
        }
        if self.power_at(2.0) >= power {
            return Ok(2.0);
        }
        let mut high = 4.0;
        while self.power_at(high) < power {
            high *= 2.0;
            if high > 1e12 {
                return Err(Refusal("more than 10^12 pairs would be needed".into()));
            }
        }
        brent(|n| self.power_at(n) - power, (0.5 * high).max(2.0), high, 1e-9)
            .ok_or_else(|| Refusal("the number of pairs could not be found".into()))
    }
}

/// SD of a within-pair difference from the SD of one side and the within-pair correlation: `s√(2(1 − ρ))`.
///
/// # Errors
/// An SD that is not positive or a correlation outside [−1, 1).
pub fn sd_of_difference(sd_side: f64, correlation: f64) -> Result<f64, Refusal> {
    if !(sd_side > 0.0 && sd_side.is_finite() && (-1.0..1.0).contains(&correlation)) {
        return Err(Refusal("the SD must be positive and the correlation at least −1 and below 1".into()));
    }
    Ok(sd_side * (2.0 * (1.0 - correlation)).sqrt())
}
