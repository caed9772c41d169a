//! Re-reading a published two-arm table of a within-person trial: means, SDs and n, as if the arms were independent.
//!
//! The paired difference needs the within-pair correlation r, which is rarely printed: SD_diff = √(SD₁² + SD₂² −
//! 2 r SD₁ SD₂). [`summarise`] gives the paired answer over a grid of r, and [`super::implied`] the r that a published
//! paired p-value, interval, standard error or SD of the differences implies.
//!
//! Elbourne DR et al. (2002), *Meta-analyses involving cross-over trials: methodological issues*, Int J Epidemiol
//! 31:140–149; Cochrane Handbook, version 5.1 §16.4.6 and current chapter 23.2.

use super::implied::{Rounding, bound_in_words, check_figure, implied_range, implied_within};
use super::proportion::Tails;
use super::{Options, Refusal};
use crate::math::dist::student_t;
use crate::note;
use crate::note::Value;
use serde::Serialize;

/// One arm as published.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arm {
    /// Mean.
    pub mean: f64,
    /// Standard deviation (not standard error).
    pub sd: f64,
    /// Number of knees.
    pub n: usize,
}

/// A further published figure from which the within-pair correlation follows. All are about the paired difference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reported {
    /// Two-sided p-value of the paired t test.
    PValue(f64),
    /// The paired p-value lies below this bound: "p < 0.001".
    PBelow(f64),
    /// The paired p-value lies above this bound: "p > 0.05".
    PAbove(f64),
    /// t statistic of the paired t test.
    TStatistic(f64),
    /// Confidence interval of the mean difference: lower limit, upper limit, level.
    Interval(f64, f64, f64),
    /// Standard error of the mean difference.
    StdError(f64),
    /// Standard deviation of the differences.
    SdDifference(f64),
    /// The correlation itself.
    Correlation(f64),
}

/// The paired analysis at one within-pair correlation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PairedSummary {
    /// Within-pair correlation.
    pub correlation: f64,
    /// Mean difference, treated − control.
    pub estimate: f64,
    /// Standard deviation of the differences.
    pub sd_diff: f64,
    /// Standard error of the mean difference.
    pub std_error: f64,
    /// Degrees of freedom, pairs − 1.
    pub df: f64,
    /// Paired t statistic; absent when the standard error is 0.
    pub statistic: Option<f64>,
    /// Its p-value.
    pub p_value: Option<f64>,
    /// Lower confidence limit; absent on the open side of a one-sided interval.
    pub conf_low: Option<f64>,
    /// Upper confidence limit; absent on the open side of a one-sided interval.
    pub conf_high: Option<f64>,
    /// Standardised mean difference: difference over the root mean square of the two SDs. Absent when both SDs are 0.
    pub smd: Option<f64>,
    /// Its standard error, √(1/n + SMD²/(2n))·√(2(1 − r)).
    pub smd_std_error: Option<f64>,
}

/// What the table says when its arms are taken as independent groups (Welch).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnpairedSummary {
    /// Mean difference, treated − control.
    pub estimate: f64,
    /// Standard error, √(SD₁²/n₁ + SD₂²/n₂).
    pub std_error: f64,
    /// Welch–Satterthwaite degrees of freedom; absent when the standard error is 0.
    pub df: Option<f64>,
    /// t statistic; absent when the standard error is 0.
    pub statistic: Option<f64>,
    /// p-value; absent when the standard error is 0.
    pub p_value: Option<f64>,
    /// Lower confidence limit.
    pub conf_low: Option<f64>,
    /// Upper confidence limit.
    pub conf_high: Option<f64>,
}

/// The whole re-analysis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PublishedSummary {
    /// Pairs used: the smaller of the two published n, or the number given.
    pub n_pairs: usize,
    /// Confidence level.
    pub conf_level: f64,
    /// As if the arms were independent.
    pub unpaired: UnpairedSummary,
    /// One paired analysis per correlation of the grid.
    pub paired: Vec<PairedSummary>,
    /// The correlation that the further published figure implies, with its paired analysis.
    pub implied: Option<PairedSummary>,
    /// Smallest correlation that the printed figures allow, for all numbers that round to them.
    pub implied_low: Option<f64>,
    /// Largest correlation that the printed figures allow.
    pub implied_high: Option<f64>,
    /// Assumptions made and inconsistencies found.
    pub notes: crate::note::Notes,
}

/// Correlations that are shown when none are asked for.
pub const DEFAULT_GRID: [f64; 7] = [0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8];

/// The paired analysis of a published table over a grid of within-pair correlations, and at the implied one.
///
/// `n_pairs` is the number of complete pairs where the paper gives it; otherwise the smaller n is taken and noted.
///
/// # Errors
/// When a mean or SD is not finite, an SD is negative, there are fewer than two pairs, a correlation lies outside
/// [−1, 1], the further figure is none (p 1.5), or the confidence level is invalid. A figure that contradicts the table is
/// a note, not an error.
pub fn summarise(
    treated: Arm,
    control: Arm,
    n_pairs: Option<usize>,
    grid: &[f64],
    reported: Option<Reported>,
    options: &Options,
) -> Result<PublishedSummary, Refusal> {
    let rounding = reported.map(|figure| Rounding::of(treated, control, figure));
    summarise_printed(treated, control, n_pairs, grid, reported.zip(rounding), options)
}

/// As [`summarise`], with the rounding of the printed numbers beside the further figure.
///
/// # Errors
/// As [`summarise`].
pub fn summarise_printed(
    treated: Arm,
    control: Arm,
    n_pairs: Option<usize>,
    grid: &[f64],
    reported: Option<(Reported, Rounding)>,
    options: &Options,
) -> Result<PublishedSummary, Refusal> {
    if [treated.mean, treated.sd, control.mean, control.sd].iter().any(|value| !value.is_finite()) {
        return Err(Refusal(note!(published_finite)));
    }
    if treated.sd < 0.0 || control.sd < 0.0 {
        return Err(Refusal(note!(published_sd)));
    }
    let pairs = n_pairs.unwrap_or(treated.n.min(control.n));
    if pairs < 2 || treated.n < 2 || control.n < 2 {
        return Err(Refusal(note!(published_pairs, n = pairs)));
    }
    if pairs > treated.n.min(control.n) {
        return Err(Refusal(note!(published_knees, n = pairs, treated = treated.n, control = control.n)));
    }
    let mut notes = crate::note::Notes::new();
    if n_pairs.is_none() && treated.n != control.n {
        notes.push(note!(pairs_assumed, treated = treated.n, control = control.n, pairs = pairs));
    }
    let paired = grid
        .iter()
        .map(|&correlation| at_correlation(treated, control, pairs, correlation, options))
        .collect::<Result<Vec<_>, _>>()?;
    let (mut implied, mut range) = (None, None);
    if let Some((figure, rounding)) = reported {
        check_figure(figure)?;
        let within = implied_range(treated, control, pairs, figure, &rounding);
        match (implied_within(treated, control, pairs, figure, &rounding), bound_in_words(figure, within)) {
            (_, Some(bound)) => {
                notes.push(bound);
                range = within;
            }
            (Ok(correlation), None) => {
                implied = Some(at_correlation(treated, control, pairs, correlation, options)?);
                range = within;
                if let Some((low, high)) = range {
                    notes.push(note!(
                        implied_range,
                        low = Value::shown(low, format!("{low:.2}")),
                        high = Value::shown(high, format!("{high:.2}")),
                    ));
                    if low <= 0.0 && high >= 0.0 {
                        notes.push(note!(implied_unpaired));
                    }
                }
                if matches!(figure, Reported::Interval(low, high, _) if (low + high) * (treated.mean - control.mean) < 0.0)
                {
                    notes.push(note!(implied_reversed));
                }
            }
            (Err(Refusal(reason)), None) => notes.push(note!(no_implied_correlation, reason = reason)),
        }
    }
    Ok(PublishedSummary {
        n_pairs: pairs,
        conf_level: options.conf_level,
        unpaired: unpaired(treated, control, options)?,
        paired,
        implied,
        implied_low: range.map(|(low, _)| low),
        implied_high: range.map(|(_, high)| high),
        notes,
    })
}

/// The paired analysis at one correlation.
///
/// # Errors
/// When the correlation lies outside [−1, 1], there are fewer than two pairs, or the confidence level is invalid.
pub fn at_correlation(
    treated: Arm,
    control: Arm,
    n_pairs: usize,
    correlation: f64,
    options: &Options,
) -> Result<PairedSummary, Refusal> {
    if !(-1.0..=1.0).contains(&correlation) {
        return Err(Refusal(note!(correlation_range, r = correlation)));
    }
    if n_pairs < 2 {
        return Err(Refusal(note!(published_pairs, n = n_pairs)));
    }
    let n = n_pairs as f64;
    // (SD₁ − SD₂)² + 2(1 − r)SD₁SD₂: the same sum without cancellation near r = 1.
    let variance = (treated.sd - control.sd).powi(2) + 2.0 * (1.0 - correlation) * treated.sd * control.sd;
    let sd_diff = variance.sqrt();
    let estimate = treated.mean - control.mean;
    let std_error = sd_diff / n.sqrt();
    let df = n - 1.0;
    let (statistic, p_value, conf_low, conf_high) = t_inference(estimate, std_error, df, options)?;
    let pooled = (treated.sd.hypot(control.sd)) / std::f64::consts::SQRT_2;
    let smd = (pooled > 0.0).then(|| estimate / pooled);
    Ok(PairedSummary {
        correlation,
        estimate,
        sd_diff,
        std_error,
        df,
        statistic,
        p_value,
        conf_low,
        conf_high,
        smd,
        smd_std_error: smd.map(|smd| (1.0 / n + smd * smd / (2.0 * n)).sqrt() * (2.0 * (1.0 - correlation)).sqrt()),
    })
}

/// The arms as independent groups, with Welch's degrees of freedom.
fn unpaired(treated: Arm, control: Arm, options: &Options) -> Result<UnpairedSummary, Refusal> {
    let (first, second) = (treated.sd.powi(2) / treated.n as f64, control.sd.powi(2) / control.n as f64);
    let estimate = treated.mean - control.mean;
    let std_error = (first + second).sqrt();
    let df = (std_error > 0.0).then(|| {
        // Shares of the variance, so that very small or large SDs do not vanish in the fourth power.
        let (share, rest) = (first / (first + second), second / (first + second));
        1.0 / (share * share / (treated.n as f64 - 1.0) + rest * rest / (control.n as f64 - 1.0))
    });
    let (statistic, p_value, conf_low, conf_high) = t_inference(estimate, std_error, df.unwrap_or(1.0), options)?;
    Ok(UnpairedSummary { estimate, std_error, df, statistic, p_value, conf_low, conf_high })
}

/// Statistic, p-value and limits, absent where they do not exist.
type Inference = (Option<f64>, Option<f64>, Option<f64>, Option<f64>);

/// Test against `options.mu` and interval from a t distribution; nothing when the standard error is 0.
fn t_inference(estimate: f64, std_error: f64, df: f64, options: &Options) -> Result<Inference, Refusal> {
    let tails = Tails::of(options)?;
    if std_error <= 0.0 {
        return Ok((None, None, None, None));
    }
    let statistic = (estimate - options.mu) / std_error;
    let p_value = options.alternative.p_of_t(statistic, df);
    let reach = |tail: f64| -student_t::quantile(tail, df) * std_error;
    Ok((
        Some(statistic),
        Some(p_value),
        tails.lower.map(|tail| estimate - reach(tail)),
        tails.upper.map(|tail| estimate + reach(tail)),
    ))
}

#[cfg(test)]
mod tests {
    use super::super::implied::implied_correlation;
    use super::*;

    /// Cochrane Handbook 5.1 §16.4.6.2: 10 pairs, 7.0 (2.38) against 6.5 (2.21).
    fn handbook() -> (Arm, Arm) {
        (Arm { mean: 7.0, sd: 2.38, n: 10 }, Arm { mean: 6.5, sd: 2.21, n: 10 })
    }

    #[test]
    fn handbook_example() {
        let (treated, control) = handbook();
        let options = Options::default();
        // SD of the differences 2: SE 0.632, correlation 0.68 (the handbook's rounding).
        let r = implied_correlation(treated, control, 10, Reported::SdDifference(2.0)).expect("consistent");
        assert!((r - (2.38_f64.powi(2) + 2.21_f64.powi(2) - 4.0) / (2.0 * 2.38 * 2.21)).abs() < 1e-12);
        let exact = at_correlation(treated, control, 10, r, &options).expect("valid");
        assert!((exact.std_error - 2.0 / 10.0_f64.sqrt()).abs() < 1e-12);
        // With the correlation 0.68 borrowed from another study: SE 0.583, SMD 0.218 (SE 0.256).
        let borrowed = at_correlation(treated, control, 10, 0.68, &options).expect("valid");
        assert_eq!(format!("{:.3}", borrowed.estimate), "0.500");
        assert_eq!(format!("{:.3}", borrowed.std_error), "0.583");
        assert_eq!(format!("{:.3}", borrowed.smd.unwrap_or(f64::NAN)), "0.218");
        assert_eq!(format!("{:.3}", borrowed.smd_std_error.unwrap_or(f64::NAN)), "0.256");
    }

    #[test]
    fn every_further_figure_leads_back_to_the_same_correlation() {
        let (treated, control) = handbook();
        let options = Options::default();
        let paired = at_correlation(treated, control, 10, 0.37, &options).expect("valid");
        let figures = [
            Reported::PValue(paired.p_value.expect("a p-value")),
            Reported::TStatistic(paired.statistic.expect("a t")),
            Reported::Interval(paired.conf_low.expect("a limit"), paired.conf_high.expect("a limit"), 0.95),
            Reported::StdError(paired.std_error),
            Reported::SdDifference(paired.sd_diff),
            Reported::Correlation(0.37),
        ];
        for figure in figures {
            let r = implied_correlation(treated, control, 10, figure).expect("consistent");
            assert!((r - 0.37).abs() < 1e-9, "{figure:?}: {r}");
        }
    }

    #[test]
    fn contradictions_are_said() {
        let (treated, control) = handbook();
        let refusal = implied_correlation(treated, control, 10, Reported::SdDifference(9.0)).expect_err("impossible");
        assert!(refusal.to_string().contains("impossible"));
        let elsewhere = implied_correlation(treated, control, 10, Reported::Interval(1.0, 2.0, 0.95));
        assert!(elsewhere.expect_err("0.5 is not its middle").to_string().contains("0.5"));
        assert!(implied_correlation(treated, control, 10, Reported::Interval(-1.9, 0.9, 0.95)).is_ok());
        let equal = Arm { mean: 7.0, ..control };
        assert!(implied_correlation(treated, equal, 10, Reported::PValue(0.2)).is_err());
        let summary =
            summarise(treated, control, None, &DEFAULT_GRID, Some(Reported::StdError(4.0)), &Options::default());
        let summary = summary.expect("the grid stands");
        assert!(summary.implied.is_none() && summary.notes.len() == 1 && summary.paired.len() == 7);
        assert!(summarise(Arm { n: 1, ..treated }, control, None, &[0.5], None, &Options::default()).is_err());
        assert!(summarise(treated, control, None, &[1.5], None, &Options::default()).is_err());
    }

    #[test]
    fn perfect_correlation_of_equal_sds_has_no_test() {
        let arm = Arm { mean: 5.0, sd: 2.0, n: 8 };
        let same = at_correlation(arm, Arm { mean: 4.0, ..arm }, 8, 1.0, &Options::default()).expect("valid");
        assert_eq!((same.sd_diff, same.p_value, same.conf_low), (0.0, None, None));
    }
}
