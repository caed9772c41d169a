//! Paired t test: `t = (mean(d) − μ) / (sd(d)/√n)` on `n − 1` degrees of freedom, `d` = treated − control.
//!
//! As R `t.test(paired = TRUE)`. Exact where the differences are normal; differences that are all equal have no
//! standard error and are refused, as in R ("essentially constant").

use super::method::{Estimate, Method, Recipe};
use super::pairs::{check_count, check_options, differences, t_inference};
use super::{Field, Options, Refusal, TestResult};
use crate::math::descriptive::{mean, sd};
use crate::note;
use crate::note::Value;

/// What is known of the test beside its formula.
pub const METHOD: Method = Method {
    estimate: Estimate::MeanDifference,
    r: Recipe::Call("t.test(active, placebo, paired = TRUE, {level}{alternative})"),
    sas: Some("proc ttest data=pairs alpha={alpha}{sides}; {place}; paired a*p; run;"),
    options: &["--transform"],
    citation: Some("Student. The probable error of a mean. Biometrika 1908;6:1–25."),
    ..Method::of("paired-t", "Student 1908; R t.test(paired = TRUE)", |asked| {
        paired_t(asked.treated, asked.control, asked.options)
    })
};

/// Tests whether the mean difference is `options.mu`.
///
/// # Errors
/// Fewer than two pairs, values that are not finite, or differences that are all equal.
pub fn paired_t(treated: &[f64], control: &[f64], options: &Options) -> Result<TestResult, Refusal> {
    check_options(options)?;
    let differences = differences(treated, control)?;
    let moments = Moments::of(&differences, note!(m_t))?;
    let mut result = TestResult::new("paired-t", differences.len(), options);
    t_inference(&mut result, moments.mean, moments.std_error, moments.df, options);
    result.extra = vec![
        ("sd_diff", Field::Number(Some(moments.sd))),
        ("mean_treated", Field::Number(mean(treated))),
        ("mean_control", Field::Number(mean(control))),
        ("sd_treated", Field::Number(sd(treated))),
        ("sd_control", Field::Number(sd(control))),
    ];
    Ok(result)
}

/// Mean, SD and standard error of differences that vary.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moments {
    pub(super) mean: f64,
    pub(super) sd: f64,
    pub(super) std_error: f64,
    pub(super) df: f64,
}

impl Moments {
    /// # Errors
    /// Fewer than two differences, or a standard error that is rounding noise of the mean.
    pub(super) fn of(differences: &[f64], method: impl Into<Value>) -> Result<Self, Refusal> {
        let method = method.into();
        check_count(differences.len(), 2, method.clone())?;
        let n = differences.len() as f64;
        let (Some(mean), Some(sd)) = (mean(differences), sd(differences)) else {
            return Err(Refusal(note!(needs_two_pairs, method = method)));
        };
        let std_error = sd / n.sqrt();
        if std_error <= 10.0 * f64::EPSILON * mean.abs() || !std_error.is_finite() {
            return Err(Refusal(note!(all_equal, n = differences.len(), value = mean)));
        }
        Ok(Self { mean, sd, std_error, df: n - 1.0 })
    }
}
