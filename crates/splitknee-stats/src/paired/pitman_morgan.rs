//! Pitman–Morgan test that the two variances of a pair are equal.
//!
//! Var(x) = Var(y) exactly when sum and difference are uncorrelated; the test is that of their Pearson correlation, with
//! `n − 2` degrees of freedom (Pitman 1939; Morgan 1939). The estimate is the variance ratio treated/control with
//! Pitman's interval `ω (K ∓ √(K² − 1))`, `K = 1 + 2(1 − r²) t²/(n − 2)`, as R `PairedData::pitman.morgan.test`.

use super::correlation::pearson_r;
use super::method::{Method, Recipe, Topic};
use super::pairs::{check_count, check_options, check_pairs, rescaled};
use super::{Field, Options, Refusal, TestResult};
use crate::math::decimal::subtract;
use crate::math::descriptive::sd;
use crate::math::dist::student_t;
use crate::note;

/// What is known of the test beside its formula.
pub const METHOD: Method = Method {
    topic: Topic::Shape,
    r: Recipe::Program,
    ..Method::of("pitman-morgan", "Pitman 1939; Morgan 1939", |asked| {
        pitman_morgan(asked.treated, asked.control, asked.options)
    })
};

/// Tests whether the variance ratio treated/control is 1 (`options.mu` is not used).
///
/// # Errors
/// Fewer than three pairs, values that are not finite, a side without variation, or sides perfectly correlated.
pub fn pitman_morgan(treated: &[f64], control: &[f64], options: &Options) -> Result<TestResult, Refusal> {
    check_options(options)?;
    check_pairs(treated, control)?;
    check_count(treated.len(), 3, note!(m_pm))?;
    let (x, y, scale) = rescaled(treated, control);
    let n = treated.len() as f64;
    let (Some(r), Some(sd_x), Some(sd_y)) = (pearson_r(&x, &y), sd(&x), sd(&y)) else {
        return Err(Refusal(note!(pm_flat)));
    };
    let sum: Vec<f64> = x.iter().zip(&y).map(|(a, b)| a + b).collect();
    let difference: Vec<f64> = x.iter().zip(&y).map(|(a, b)| subtract(*a, *b)).collect();
    let df = n - 2.0;
    let Some(skew) = pearson_r(&sum, &difference) else {
        return Err(Refusal(note!(pm_sums)));
    };
    let rest = (1.0 - skew) * (1.0 + skew);
    if rest <= 1e-15 {
        return Err(Refusal(note!(pm_perfect)));
    }
    let statistic = skew * (df / rest).sqrt();
    let mut result = TestResult::new("pitman-morgan", treated.len(), options);
    result.statistic = Some(statistic);
    result.df = Some(df);
    result.p_value = Some(options.alternative.p_of_t(statistic, df));
    let ratio = (sd_x / sd_y) * (sd_x / sd_y);
    result.estimate = Some(ratio);
    let t = student_t::upper_quantile(options.tail(), df);
    let excess = 2.0 * (1.0 - r) * (1.0 + r) * t * t / df;
    let reach = (excess * (excess + 2.0)).sqrt();
    // K − √(K² − 1) is the reciprocal of K + √(K² − 1).
    let (low, high) = (ratio / (1.0 + excess + reach), ratio * (1.0 + excess + reach));
    let (low, high) = options.alternative.limits(low, high, (0.0, f64::INFINITY));
    (result.conf_low, result.conf_high) = (Some(low), Some(high));
    result.extra = vec![
        ("sd_treated", Field::Number(Some(sd_x * scale))),
        ("sd_control", Field::Number(Some(sd_y * scale))),
        ("correlation_sum_difference", Field::Number(Some(skew))),
    ];
    result.notes.push(note!(pm_estimate));
    Ok(result)
}
