//! One proportion, x of n: Wilson's score interval and the exact interval of Clopper and Pearson.

use super::{Alternative, Options, Refusal};
use crate::math::dist::{beta, normal};
use crate::note;

/// The probability an interval leaves out below and above; `None` where the interval is unbounded on that side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tails {
    /// Probability left out below the lower limit.
    pub lower: Option<f64>,
    /// Probability left out above the upper limit.
    pub upper: Option<f64>,
}

impl Tails {
    /// α/2 on both sides for a two-sided question, α on one side otherwise (`less` bounds from above, as in R).
    ///
    /// # Errors
    /// When the confidence level does not lie strictly between 0 and 1.
    pub fn of(options: &Options) -> Result<Self, Refusal> {
        let alpha = 1.0 - options.conf_level;
        if !(alpha > 0.0 && alpha < 1.0) {
            return Err(Refusal(note!(level_range, level = options.conf_level)));
        }
        Ok(match options.alternative {
            Alternative::TwoSided => Self { lower: Some(alpha / 2.0), upper: Some(alpha / 2.0) },
            Alternative::Less => Self { lower: None, upper: Some(alpha) },
            Alternative::Greater => Self { lower: Some(alpha), upper: None },
        })
    }

    /// α/2 on both sides, whatever the alternative: for descriptive intervals.
    ///
    /// # Errors
    /// When the confidence level does not lie strictly between 0 and 1.
    pub fn two_sided(conf_level: f64) -> Result<Self, Refusal> {
        Self::of(&Options { conf_level, ..Options::default() })
    }

    /// Normal deviates belonging to the two tails, both positive; infinite on an unbounded side.
    pub fn deviates(self) -> (f64, f64) {
        let deviate = |tail: Option<f64>| tail.map_or(f64::INFINITY, |probability| -normal::quantile(probability));
        (deviate(self.lower), deviate(self.upper))
    }
}

/// Wilson's score interval for x of n with normal deviate `z` (Wilson 1927), in the form that keeps its digits near
/// 0 and 1. An infinite `z` gives (0, 1). `n` must be positive.
pub fn wilson(x: f64, n: f64, z: f64) -> (f64, f64) {
    if z.is_infinite() {
        return (0.0, 1.0);
    }
    let z2 = z * z;
    let half_width = z * (z2 + 4.0 * x * (n - x) / n).sqrt();
    // The limits solve (n + z²)p² − (2x + z²)p + x²/n = 0; the smaller root is taken from the product of the roots, so
    // that no difference of near-equal numbers arises, and 1 − upper likewise from n − x.
    let lower = |x: f64| 2.0 * x * x / n / (2.0 * x + z2 + half_width);
    (lower(x), 1.0 - lower(n - x))
}

/// Exact (Clopper–Pearson 1934) limits of a proportion with x of n, as (p, 1 − p) pairs so that odds keep their digits.
///
/// The lower limit is 0 when x = 0, the upper limit 1 when x = n; an unbounded tail gives 0 or 1.
pub fn clopper_pearson(x: u64, n: u64, tails: Tails) -> ((f64, f64), (f64, f64)) {
    let (successes, failures) = (x as f64, n.saturating_sub(x) as f64);
    let lower = match tails.lower {
        Some(tail) if x > 0 => {
            (beta::quantile(tail, successes, failures + 1.0), beta::quantile(1.0 - tail, failures + 1.0, successes))
        }
        _ => (0.0, 1.0),
    };
    let upper = match tails.upper {
        Some(tail) if x < n => {
            (beta::quantile(1.0 - tail, successes + 1.0, failures), beta::quantile(tail, failures, successes + 1.0))
        }
        _ => (1.0, 0.0),
    };
    (lower, upper)
}
