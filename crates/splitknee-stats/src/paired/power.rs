//! Power and size of a paired t test.
//!
//! T is noncentral t with `n − 1` degrees of freedom and noncentrality `√n Δ/σ`, σ the SD of the differences. Two-sided
//! power counts rejections in both tails (R `power.t.test(strict = TRUE)`, statsmodels); R's default leaves the far tail
//! out and is smaller by up to α/2. The SD of a difference follows from that of one knee and the within-pair
//! correlation: `σ = s√(2(1 − ρ))`.

use super::correlation::{Kind, correlation};
use super::{Alternative, Field, Options, Refusal, TestResult};
use crate::math::descriptive::sd;
use crate::math::dist::{noncentral_t, student_t};
use crate::math::roots::brent;
use crate::note;

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
            return Err(Refusal(note!(power_design)));
        }
        if !(self.alpha > 0.0 && self.alpha < 1.0) {
            return Err(Refusal(note!(alpha_range, alpha = self.alpha)));
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
            return Err(Refusal(note!(
                needs_pairs,
                method = note!(m_t),
                least = 2_usize,
                pairs = note!(pairs_word),
                n = n
            )));
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
            return Err(Refusal(note!(power_range, power = power)));
        }
        let towards = match self.alternative {
            Alternative::TwoSided => self.delta != 0.0,
            Alternative::Greater => self.delta > 0.0,
            Alternative::Less => self.delta < 0.0,
        };
        if !towards {
            return Err(Refusal(note!(power_none)));
        }
        if self.power_at(2.0) >= power {
            return Ok(2.0);
        }
        let mut high = 4.0;
        while self.power_at(high) < power {
            high *= 2.0;
            if high > 1e12 {
                return Err(Refusal(note!(power_many)));
            }
        }
        brent(|n| self.power_at(n) - power, (0.5 * high).max(2.0), high, 1e-9)
            .ok_or_else(|| Refusal(note!(power_not_found)))
    }
}

/// What is known beside the [`Design`], and so what is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Given {
    /// This many pairs: which power have they?
    Pairs(usize),
    /// This power: how many pairs does it need?
    Power(f64),
}

/// Power, or the number of pairs, of `design` as a result: `n_pairs` are the pairs (rounded up), and the extra fields
/// `power` (of that whole number), `power_asked`, `pairs_needed` (not rounded), `delta`, `sd_diff`, `alpha`.
///
/// # Errors
/// As [`Design::power`] and [`Design::pairs_for`].
pub fn answer(design: &Design, given: Given) -> Result<TestResult, Refusal> {
    let (pairs, asked, needed) = match given {
        Given::Pairs(pairs) => (pairs, None, None),
        Given::Power(power) => {
            let needed = design.pairs_for(power)?;
            // The root is found to 1e-9: a whole number that suffices is not rounded up past itself.
            ((needed - 1e-6).ceil() as usize, Some(power), Some(needed))
        }
    };
    let options = Options { alternative: design.alternative, conf_level: 1.0 - design.alpha, ..Options::default() };
    let mut result = TestResult::new("power", pairs, &options);
    result.extra = vec![
        ("power", Field::Number(Some(design.power(pairs as f64)?))),
        ("power_asked", Field::Number(asked)),
        ("pairs_needed", Field::Number(needed)),
        ("delta", Field::Number(Some(design.delta))),
        ("sd_diff", Field::Number(Some(design.sd_diff))),
        ("alpha", Field::Number(Some(design.alpha))),
    ];
    result.notes.push(match design.alternative {
        Alternative::TwoSided => note!(power_tails),
        _ => note!(power_one_sided),
    });
    Ok(result)
}

/// What pairs observed say about the assumptions of a design.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// Complete pairs.
    pub pairs: usize,
    /// SD of the treated side.
    pub sd_treated: Option<f64>,
    /// SD of the control side.
    pub sd_control: Option<f64>,
    /// SD of the differences.
    pub sd_diff: f64,
    /// Pearson correlation of the two sides; absent where one does not vary.
    pub correlation: Option<f64>,
    /// Its Fisher limits.
    pub limits: (Option<f64>, Option<f64>),
}

impl Observed {
    /// # Errors
    /// Fewer than two pairs, or values that are not finite.
    pub fn of(treated: &[f64], control: &[f64], options: &Options) -> Result<Self, Refusal> {
        let differences = super::pairs::differences(treated, control)?;
        super::pairs::check_count(differences.len(), 2, note!(w_sd_differences))?;
        let options = Options { alternative: Alternative::TwoSided, ..*options };
        let pearson = correlation(treated, control, Kind::Pearson, &options).ok();
        Ok(Self {
            pairs: differences.len(),
            sd_treated: sd(treated),
            sd_control: sd(control),
            sd_diff: sd(&differences).unwrap_or(0.0),
            correlation: pearson.as_ref().and_then(|found| found.estimate),
            limits: pearson.map_or((None, None), |found| (found.conf_low, found.conf_high)),
        })
    }

    /// Adds what was observed to a result.
    pub fn describe(&self, result: &mut TestResult) {
        result.extra.extend([
            ("observed_pairs", Field::Count(self.pairs as u64)),
            ("observed_sd_treated", Field::Number(self.sd_treated)),
            ("observed_sd_control", Field::Number(self.sd_control)),
            ("observed_sd_diff", Field::Number(Some(self.sd_diff))),
            ("observed_correlation", Field::Number(self.correlation)),
            ("observed_correlation_low", Field::Number(self.limits.0)),
            ("observed_correlation_high", Field::Number(self.limits.1)),
        ]);
        result.notes.push(note!(power_after));
    }
}

/// SD of a within-pair difference from the SD of one side and the within-pair correlation: `s√(2(1 − ρ))`.
///
/// # Errors
/// An SD that is not positive or a correlation outside [−1, 1).
pub fn sd_of_difference(sd_side: f64, correlation: f64) -> Result<f64, Refusal> {
    if !(sd_side > 0.0 && sd_side.is_finite() && (-1.0..1.0).contains(&correlation)) {
        return Err(Refusal(note!(power_sd)));
    }
    Ok(sd_side * (2.0 * (1.0 - correlation)).sqrt())
}
