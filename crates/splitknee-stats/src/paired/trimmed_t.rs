//! Yuen's paired t test on trimmed means.
//!
//! The estimate is the difference of the two marginal trimmed means; its standard error comes from the winsorised
//! variances and covariance: `SE² = (q₁ + q₂ − 2 q₁₂)/(h(h − 1))` with winsorised sums of squares `q` and `h = n − 2g`
//! values left after trimming `g = ⌊trim·n⌋` from each end; t on `h − 1` df (Yuen 1974; Wilcox 2017, §5.9.5; R
//! `WRS2::yuend`).

use super::method::{Estimate, Method, Recipe};
use super::pairs::{check_count, check_options, check_pairs, rescaled, t_inference};
use super::{Field, Options, Refusal, TestResult};
use crate::math::descriptive::{mean, sorted};
use crate::note;

/// What is known of the test beside its formula.
pub const METHOD: Method = Method {
    estimate: Estimate::Centre,
    options: &["--trim"],
    r: Recipe::Program,
    citation: Some("Yuen KK. The two-sample trimmed t for unequal population variances. Biometrika 1974;61:165–170."),
    ..Method::of("trimmed-t", "Yuen 1974; Wilcox 2012, paired trimmed means", |asked| {
        trimmed_t(asked.treated, asked.control, asked.settings.trim, asked.options)
    })
};

/// Tests whether the difference of the trimmed means is `options.mu`; `trim` is the share cut from each end (usually 0.2).
///
/// # Errors
/// A trim outside [0, 0.5), fewer than two values left, values that are not finite, or no variation after winsorising.
pub fn trimmed_t(treated: &[f64], control: &[f64], trim: f64, options: &Options) -> Result<TestResult, Refusal> {
    check_options(options)?;
    if !(0.0..0.5).contains(&trim) {
        return Err(Refusal(note!(trim_range, trim = trim)));
    }
    check_pairs(treated, control)?;
    check_count(treated.len(), 2, note!(m_trim))?;
    let n = treated.len();
    // A product such as 0.2 × 15 may fall just short of 3.
    let cut = (trim * n as f64 * (1.0 + 4.0 * f64::EPSILON)).floor() as usize;
    let left = n - 2 * cut;
    check_count(left, 2, note!(m_trimmed))?;
    let (x, y, scale) = rescaled(treated, control);
    let (Some(side_x), Some(side_y)) = (Winsorised::of(&x, cut), Winsorised::of(&y, cut)) else {
        return Err(Refusal(note!(trim_nothing_is)));
    };
    let squares: f64 = side_x.deviations.iter().zip(&side_y.deviations).map(|(a, b)| (a - b) * (a - b)).sum();
    let h = left as f64;
    let std_error = (squares / (h * (h - 1.0))).sqrt();
    let estimate = side_x.trimmed_mean - side_y.trimmed_mean;
    let size = side_x.trimmed_mean.abs().max(side_y.trimmed_mean.abs());
    if std_error <= 10.0 * f64::EPSILON * size {
        return Err(Refusal(note!(trim_equal)));
    }
    let mut result = TestResult::new("trimmed-t", n, options);
    t_inference(&mut result, estimate * scale, std_error * scale, h - 1.0, options);
    result.extra = vec![
        ("trim", Field::Number(Some(trim))),
        ("n_trimmed_each_end", Field::Count(cut as u64)),
        ("trimmed_mean_treated", Field::Number(Some(side_x.trimmed_mean * scale))),
        ("trimmed_mean_control", Field::Number(Some(side_y.trimmed_mean * scale))),
    ];
    Ok(result)
}

/// A sample with its tails pulled in to the outermost values that trimming leaves.
struct Winsorised {
    trimmed_mean: f64,
    /// Winsorised values minus their mean, in data order.
    deviations: Vec<f64>,
}

impl Winsorised {
    fn of(values: &[f64], cut: usize) -> Option<Self> {
        let ordered = sorted(values);
        let kept = ordered.get(cut..ordered.len().checked_sub(cut)?)?;
        let (low, high) = (*kept.first()?, *kept.last()?);
        let pulled: Vec<f64> = values.iter().map(|value| value.clamp(low, high)).collect();
        let centre = mean(&pulled)?;
        Some(Self { trimmed_mean: mean(kept)?, deviations: pulled.iter().map(|value| value - centre).collect() })
    }
}
