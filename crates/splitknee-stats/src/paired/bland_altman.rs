//! Bland–Altman agreement of the two sides: bias and limits of agreement `bias ± q·sd(d)`.
//!
//! `q` is the normal quantile by default (R `epiR`; `blandr` rounds it to 1.96), the t quantile on request. Interval of the
//! bias by t; of each limit by t with `SE² = sd² (1/n + q²/(2(n − 1)))` (Bland & Altman 1999; Carkeet 2015 for exactness).

use super::method::{Estimate, Method, Topic};
use super::paired_t::Moments;
use super::pairs::{check_options, differences, t_inference, t_limits};
use super::{Field, Options, Refusal, TestResult};
use crate::math::dist::{normal, student_t};
use crate::note;

/// What is known of the test beside its formula.
pub const METHOD: Method = Method {
    topic: Topic::Likeness,
    estimate: Estimate::InUnits,
    options: &["--quantile"],
    citation: Some(
        "Bland JM, Altman DG. Statistical methods for assessing agreement between two methods of clinical measurement. \
     Lancet 1986;327:307–310.",
    ),
    ..Method::of("bland-altman", "Bland & Altman 1986", |asked| {
        bland_altman(asked.treated, asked.control, asked.settings.bland_altman, asked.options)
    })
};

/// Which quantile widens the limits of agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LimitQuantile {
    /// Standard normal.
    #[default]
    Normal,
    /// Student's t on n − 1 degrees of freedom.
    StudentT,
}

/// The choices of a Bland–Altman analysis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Normal or t limits.
    pub quantile: LimitQuantile,
    /// Share of the differences the limits are to hold, usually 0.95.
    pub coverage: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { quantile: LimitQuantile::Normal, coverage: 0.95 }
    }
}

/// Bias, limits of agreement and their intervals; the p-value is that of the paired t test of the bias.
///
/// # Errors
/// As [`super::paired_t`], or a coverage outside (0, 1).
pub fn bland_altman(
    treated: &[f64],
    control: &[f64],
    settings: Settings,
    options: &Options,
) -> Result<TestResult, Refusal> {
    check_options(options)?;
    if !(settings.coverage > 0.0 && settings.coverage < 1.0) {
        return Err(Refusal(note!(coverage_range, coverage = settings.coverage)));
    }
    let differences = differences(treated, control)?;
    let moments = Moments::of(&differences, note!(m_ba))?;
    let mut result = TestResult::new("bland-altman", differences.len(), options);
    t_inference(&mut result, moments.mean, moments.std_error, moments.df, options);
    let tail = 0.5 * (1.0 - settings.coverage);
    let q = match settings.quantile {
        LimitQuantile::Normal => normal::upper_quantile(tail),
        LimitQuantile::StudentT => student_t::upper_quantile(tail, moments.df),
    };
    let n = differences.len() as f64;
    let std_error = moments.sd * (1.0 / n + q * q / (2.0 * (n - 1.0))).sqrt();
    let two_sided = Options { alternative: super::Alternative::TwoSided, ..*options };
    let limit = |centre: f64| t_limits(centre, std_error, moments.df, &two_sided);
    let (low, high) = (moments.mean - q * moments.sd, moments.mean + q * moments.sd);
    let (bias_low, bias_high) = t_limits(moments.mean, moments.std_error, moments.df, &two_sided);
    result.extra = vec![
        ("bias", Field::Number(Some(moments.mean))),
        ("bias_low", Field::Number(Some(bias_low))),
        ("bias_high", Field::Number(Some(bias_high))),
        ("loa_low", Field::Number(Some(low))),
        ("loa_low_low", Field::Number(Some(limit(low).0))),
        ("loa_low_high", Field::Number(Some(limit(low).1))),
        ("loa_high", Field::Number(Some(high))),
        ("loa_high_low", Field::Number(Some(limit(high).0))),
        ("loa_high_high", Field::Number(Some(limit(high).1))),
        ("loa_std_error", Field::Number(Some(std_error))),
        ("sd_diff", Field::Number(Some(moments.sd))),
    ];
    result.notes.push(match settings.quantile {
        LimitQuantile::Normal => note!(loa_normal),
        LimitQuantile::StudentT => note!(loa_t),
    });
    Ok(result)
}
