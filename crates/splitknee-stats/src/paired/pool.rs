//! Rubin's rules: one answer from the analyses of several imputed data sets.
//!
//! Rubin DB (1987), *Multiple Imputation for Nonresponse in Surveys*; degrees of freedom for a finite sample after
//! Barnard J, Rubin DB (1999), Biometrika 86:948–955. As R's `mice::pool.scalar`, its lower bound of 1e-4 for λ
//! included (it keeps the degrees of freedom finite when the imputations agree exactly).

use super::{Options, Refusal};
use crate::math::dist::student_t;
use crate::note;
use serde::Serialize;

/// The pooled analysis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pooled {
    /// Always `pool`.
    pub method: &'static str,
    /// Number of imputations.
    pub n_imputations: usize,
    /// Confidence level of the interval.
    pub conf_level: f64,
    /// Mean of the estimates.
    pub estimate: f64,
    /// Square root of the total variance.
    pub std_error: f64,
    /// Estimate less the null value, over its standard error; absent when `df` is 0.
    pub statistic: Option<f64>,
    /// Barnard–Rubin degrees of freedom (Rubin's when the complete-data degrees of freedom are not given).
    pub df: f64,
    /// p-value from the t distribution; absent when `df` is 0.
    pub p_value: Option<f64>,
    /// Lower confidence limit; absent when `df` is 0 and on the open side of a one-sided interval.
    pub conf_low: Option<f64>,
    /// Upper confidence limit; absent when `df` is 0 and on the open side of a one-sided interval.
    pub conf_high: Option<f64>,
    /// Mean of the squared standard errors.
    pub within_variance: f64,
    /// Variance of the estimates between imputations.
    pub between_variance: f64,
    /// Relative increase in variance due to missing data, (1 + 1/m)·B/Ū; absent when the mean variance is 0.
    pub riv: Option<f64>,
    /// Fraction of missing information, (riv + 2/(df + 3)) / (riv + 1).
    pub fmi: Option<f64>,
    /// Proportion of the total variance that is due to missing data, (1 + 1/m)·B/T.
    pub lambda: f64,
    /// Choices made and reasons for absent values.
    pub notes: crate::note::Notes,
}

/// Pools `estimates[i]` with standard errors `std_errors[i]`, one per imputation.
///
/// `df_complete` is the degrees of freedom the analysis would have had without missing data.
///
/// # Errors
/// With fewer than two imputations, lists of different length, values that are not finite, negative standard errors,
/// degrees of freedom that are not positive, or estimates and standard errors without any variance at all.
pub fn pool(
    estimates: &[f64],
    std_errors: &[f64],
    df_complete: Option<f64>,
    options: &Options,
) -> Result<Pooled, Refusal> {
    let imputations = estimates.len();
    if imputations != std_errors.len() {
        return Err(Refusal(note!(pool_unequal, estimates = imputations, errors = std_errors.len())));
    }
    if imputations < 2 {
        return Err(Refusal(note!(pool_two)));
    }
    if estimates.iter().chain(std_errors).any(|value| !value.is_finite()) || std_errors.iter().any(|error| *error < 0.0)
    {
        return Err(Refusal(note!(pool_finite)));
    }
    if df_complete.is_some_and(|df| df.is_nan() || df <= 0.0) {
        return Err(Refusal(note!(pool_df)));
    }
    let tails = super::proportion::Tails::of(options)?;
    let m = imputations as f64;
    let estimate = estimates.iter().map(|value| value / m).sum::<f64>();
    let within = std_errors.iter().map(|error| error * error / m).sum::<f64>();
    let between = estimates.iter().map(|value| (value - estimate).powi(2) / (m - 1.0)).sum::<f64>();
    let inflated = (1.0 + 1.0 / m) * between;
    let total = within + inflated;
    if total == 0.0 || !total.is_finite() {
        return Err(Refusal(note!(pool_flat)));
    }
    let lambda = inflated / total;
    let bounded = lambda.max(1e-4);
    let df_old = (m - 1.0) / (bounded * bounded);
    let df = match df_complete {
        Some(complete) if complete.is_finite() => {
            let observed = (complete + 1.0) / (complete + 3.0) * complete * (1.0 - bounded);
            if observed > 0.0 { df_old * observed / (df_old + observed) } else { 0.0 }
        }
        _ => df_old,
    };
    let riv = (within > 0.0).then(|| inflated / within);
    let std_error = total.sqrt();
    let mut pooled = Pooled {
        method: "pool",
        n_imputations: imputations,
        conf_level: options.conf_level,
        estimate,
        std_error,
        statistic: None,
        df,
        p_value: None,
        conf_low: None,
        conf_high: None,
        within_variance: within,
        between_variance: between,
        riv,
        fmi: riv.map(|riv| (riv + 2.0 / (df + 3.0)) / (riv + 1.0)),
        lambda,
        notes: vec![if df_complete.is_some() { note!(pool_barnard) } else { note!(pool_rubin) }].into(),
    };
    if lambda < 1e-4 {
        pooled.notes.push(note!(pool_lambda));
    }
    if df > 0.0 {
        let statistic = (estimate - options.mu) / std_error;
        pooled.statistic = Some(statistic);
        pooled.p_value = Some(options.alternative.p_of_t(statistic, df));
        let limit = |tail: f64| -student_t::quantile(tail, df) * std_error;
        pooled.conf_low = tails.lower.map(|tail| estimate - limit(tail));
        pooled.conf_high = tails.upper.map(|tail| estimate + limit(tail));
    } else {
        pooled.notes.push(note!(pool_no_within));
    }
    Ok(pooled)
}
