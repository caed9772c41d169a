//! The within-pair correlation that a further published figure implies, and how far rounding lets it range.
//!
//! SD_diff = √(SD₁² + SD₂² − 2 r SD₁ SD₂) solved for r, with SD_diff from the figure (a paired p, t, interval or SE). Every
//! printed number stands for all those that round to it: the range of r is taken over the corners of these intervals, where
//! r, monotone in each of them, has its extremes. A figure that is that of an *unpaired* analysis says nothing about r.

use super::Refusal;
use super::proportion::Tails;
use super::published::{Arm, Reported};
use crate::math::decimal;
use crate::math::dist::student_t;
use crate::note;
use crate::note::{Note, Value};

/// Half a unit of the last printed digit of each number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rounding {
    /// Mean of the treated arm.
    pub mean_treated: f64,
    /// SD of the treated arm.
    pub sd_treated: f64,
    /// Mean of the control arm.
    pub mean_control: f64,
    /// SD of the control arm.
    pub sd_control: f64,
    /// The further figure.
    pub figure: f64,
}

impl Rounding {
    /// What the numbers themselves show. A trailing zero is not among their digits, so that the range may be wider than the
    /// print allows.
    pub fn of(treated: Arm, control: Arm, reported: Reported) -> Self {
        let half = |value: f64| decimal::places(value).map_or(0.0, |places| 0.5 * 0.1_f64.powi(places as i32));
        let figure = match reported {
            Reported::PValue(value)
            | Reported::PBelow(value)
            | Reported::PAbove(value)
            | Reported::TStatistic(value)
            | Reported::StdError(value)
            | Reported::SdDifference(value)
            | Reported::Correlation(value) => half(value),
            Reported::Interval(low, high, _) => half(low).min(half(high)),
        };
        // A table prints its means, and its SDs, to one number of decimals: 41.2 stands beside 45.0.
        let (mean, sd) = (half(treated.mean).min(half(control.mean)), half(treated.sd).min(half(control.sd)));
        Self { mean_treated: mean, sd_treated: sd, mean_control: mean, sd_control: sd, figure }
    }
}

/// Half a unit of the last digit of a printed number: `4.70` gives 0.005, `12` gives 0.5.
pub fn half_unit(text: &str) -> f64 {
    let places =
        text.trim().split_once('.').map_or(0, |(_, rest)| rest.chars().take_while(char::is_ascii_digit).count());
    // Powers of ten are exact, those of 0.1 are not.
    0.5 / 10_f64.powi(places as i32)
}

/// SD of the differences by a figure, with `difference` = treated − control; a difference of 0 gives 0.
fn sd_diff(difference: f64, n_pairs: usize, reported: Reported) -> Result<f64, Refusal> {
    let root_n = (n_pairs as f64).sqrt();
    let df = n_pairs as f64 - 1.0;
    let from_t = |t: f64| difference.abs() / t.abs() * root_n;
    Ok(match reported {
        Reported::PValue(p) | Reported::PBelow(p) | Reported::PAbove(p) => from_t(student_t::quantile(p / 2.0, df)),
        Reported::TStatistic(t) => from_t(t),
        Reported::Interval(low, high, level) => {
            let tails = Tails::two_sided(level)?;
            (high - low) / 2.0 / -student_t::quantile(tails.lower.unwrap_or(0.5), df) * root_n
        }
        Reported::StdError(error) => error * root_n,
        Reported::SdDifference(sd) => sd,
        Reported::Correlation(_) => return Err(Refusal(note!(implied_correlation_given))),
    })
}

/// A number as the sentences show it.
fn four(value: f64) -> Value {
    Value::shown(value, format!("{value:.4}"))
}

/// The correlation that belongs to an SD of the differences, not held to [−1, 1].
fn correlation(sd_diff: f64, sd_treated: f64, sd_control: f64) -> f64 {
    1.0 - (sd_diff.powi(2) - (sd_treated - sd_control).powi(2)) / (2.0 * sd_treated * sd_control)
}

/// The within-pair correlation implied by a further published figure.
///
/// # Errors
/// When the figure is none (a p-value above 1, an SE below 0), does not determine a correlation (a p-value with equal
/// means, `p < 0.001`, the figure of an unpaired analysis) or contradicts the table (the SD of the differences it implies
/// lies outside |SD₁ − SD₂| … SD₁ + SD₂, an interval that does not stand about the difference, a t of the other sign): the
/// sentence says which.
pub fn implied_correlation(treated: Arm, control: Arm, n_pairs: usize, reported: Reported) -> Result<f64, Refusal> {
    implied_within(treated, control, n_pairs, reported, &Rounding::of(treated, control, reported))
}

/// As [`implied_correlation`], with the rounding of the printed numbers.
///
/// # Errors
/// As [`implied_correlation`].
pub fn implied_within(
    treated: Arm,
    control: Arm,
    n_pairs: usize,
    reported: Reported,
    rounding: &Rounding,
) -> Result<f64, Refusal> {
    check_figure(reported)?;
    let difference = treated.mean - control.mean;
    let of_means = rounding.mean_treated + rounding.mean_control;
    match reported {
        Reported::Correlation(r) => return Ok(r),
        Reported::PBelow(p) | Reported::PAbove(p) => {
            return Err(Refusal(note!(implied_bound, p = p)));
        }
        Reported::PValue(_) | Reported::TStatistic(_) if difference == 0.0 => {
            return Err(Refusal(note!(implied_equal)));
        }
        Reported::TStatistic(0.0) => {
            return Err(Refusal(note!(implied_equal)));
        }
        Reported::TStatistic(t) if t * difference < 0.0 => {
            return Err(Refusal(note!(implied_sign, t = t, difference = four(difference), other = -t)));
        }
        Reported::Interval(low, high, _) => {
            // Papers also print control − treated.
            let centre = 0.5 * (low + high);
            let slack = of_means + rounding.figure + 1e-9 * difference.abs().max(centre.abs());
            if (centre - difference).abs() > slack && (centre + difference).abs() > slack {
                return Err(Refusal(note!(
                    implied_middle,
                    low = low,
                    high = high,
                    centre = four(centre),
                    difference = four(difference)
                )));
            }
        }
        _ => {}
    }
    if let Some(found) = of_unpaired(treated, control, reported, rounding) {
        return Err(Refusal(found));
    }
    let sd_diff = sd_diff(difference, n_pairs, reported)?;
    if !(sd_diff.is_finite() && sd_diff >= 0.0) {
        return Err(Refusal(note!(implied_no_sd)));
    }
    if treated.sd == 0.0 || control.sd == 0.0 {
        return Err(Refusal(note!(implied_flat)));
    }
    let found = correlation(sd_diff, treated.sd, control.sd);
    // A correlation outside [−1, 1] by more than rounding is a contradiction.
    let possible = found.abs() <= 1.0 + 1e-9
        || implied_range(treated, control, n_pairs, reported, rounding).is_some_and(|(low, high)| low < high);
    if !possible {
        return Err(Refusal(note!(
            implied_impossible,
            sd = four(sd_diff),
            treated = treated.sd,
            control = control.sd,
            r = Value::shown(found, format!("{found:.3}"))
        )));
    }
    Ok(found.clamp(-1.0, 1.0))
}

/// Refuses what is no p-value, standard error, SD or interval.
///
/// # Errors
/// The figure and why it is none.
pub fn check_figure(reported: Reported) -> Result<(), Refusal> {
    let wrong = match reported {
        Reported::PValue(p) | Reported::PBelow(p) | Reported::PAbove(p) if !(p > 0.0 && p < 1.0) => {
            Some(note!(figure_p, p = p))
        }
        Reported::StdError(value) | Reported::SdDifference(value) if !(value > 0.0 && value.is_finite()) => {
            Some(note!(figure_error, value = value))
        }
        Reported::TStatistic(t) if !t.is_finite() => Some(note!(figure_t, t = t)),
        Reported::Interval(low, high, _) if !(low.is_finite() && high.is_finite() && low < high) => {
            Some(note!(figure_interval, low = low, high = high))
        }
        Reported::Correlation(r) if !(-1.0..=1.0).contains(&r) => Some(note!(correlation_range, r = r)),
        _ => None,
    };
    wrong.map_or(Ok(()), |reason| Err(Refusal(reason)))
}

/// The smallest and largest correlation, within [−1, 1], of all numbers that round to the printed ones; one end is that of
/// the bound where only a bound of the p-value is known. `None` where no such correlation exists.
pub fn implied_range(
    treated: Arm,
    control: Arm,
    n_pairs: usize,
    reported: Reported,
    rounding: &Rounding,
) -> Option<(f64, f64)> {
    let difference = (treated.mean - control.mean).abs();
    let of_means = rounding.mean_treated + rounding.mean_control;
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for shift in [-1.0, 1.0] {
        let figure = shift * rounding.figure;
        let inside = |p: f64| (p + figure).clamp(1e-300, 1.0 - 1e-12);
        let moved = match reported {
            Reported::PValue(p) => Reported::PValue(inside(p)),
            // A bound is exact.
            Reported::PBelow(p) | Reported::PAbove(p) => Reported::PValue(p),
            Reported::TStatistic(t) => Reported::TStatistic((t.abs() + figure).max(1e-300)),
            Reported::Interval(low, high, level) => Reported::Interval(low - figure, high + figure, level),
            Reported::StdError(error) => Reported::StdError((error + figure).max(0.0)),
            Reported::SdDifference(sd) => Reported::SdDifference((sd + figure).max(0.0)),
            Reported::Correlation(_) => return None,
        };
        for gap in [(difference - of_means).max(0.0), difference + of_means] {
            let sd_diff = sd_diff(gap, n_pairs, moved).ok().filter(|sd| sd.is_finite())?;
            for first in [-1.0, 0.0, 1.0] {
                for second in [-1.0, 0.0, 1.0] {
                    let sds = [treated.sd + first * rounding.sd_treated, control.sd + second * rounding.sd_control];
                    let [one, two] = sds.map(|sd| sd.max(1e-300));
                    let found = correlation(sd_diff, one, two);
                    (least, most) = (least.min(found), most.max(found));
                }
            }
        }
    }
    match reported {
        Reported::PBelow(_) => most = 1.0,
        Reported::PAbove(_) => least = -1.0,
        _ => {}
    }
    (least <= 1.0 && most >= -1.0).then(|| (least.max(-1.0), most.min(1.0)))
}

/// A sentence where the figure equals that of an unpaired analysis of the same table to all printed digits.
fn of_unpaired(treated: Arm, control: Arm, reported: Reported, rounding: &Rounding) -> Option<Note> {
    let (n1, n2) = (treated.n as f64, control.n as f64);
    let (v1, v2) = (treated.sd.powi(2) / n1, control.sd.powi(2) / n2);
    let difference = treated.mean - control.mean;
    let pooled_variance =
        ((n1 - 1.0) * treated.sd.powi(2) + (n2 - 1.0) * control.sd.powi(2)) / (n1 + n2 - 2.0) * (1.0 / n1 + 1.0 / n2);
    let welch_df = (v1 + v2).powi(2) / (v1 * v1 / (n1 - 1.0) + v2 * v2 / (n2 - 1.0));
    let same = |found: f64, printed: f64| (found - printed).abs() <= rounding.figure * (1.0 + 1e-9);
    for (error, df) in [(pooled_variance.sqrt(), n1 + n2 - 2.0), ((v1 + v2).sqrt(), welch_df)] {
        if !(error > 0.0 && df > 0.0) {
            continue;
        }
        let t = difference / error;
        let (what, printed, found) = match reported {
            Reported::PValue(p) => (note!(implied_p), p, student_t::two_sided(t, df)),
            Reported::TStatistic(printed) => (note!(implied_t), printed, t),
            Reported::StdError(printed) => (note!(implied_error), printed, error),
            Reported::Interval(low, high, level) => {
                let tail = Tails::two_sided(level).ok()?.lower?;
                let reach = -student_t::quantile(tail, df) * error;
                (note!(implied_half_width), 0.5 * (high - low), reach)
            }
            _ => return None,
        };
        if same(found, printed) {
            return Some(note!(implied_unpaired, what = what, found = four(found)));
        }
    }
    None
}

/// What a bound of the p-value says of the correlation; `None` for other figures.
pub(super) fn bound_in_words(reported: Reported, range: Option<(f64, f64)>) -> Option<Note> {
    let (low, high) = range?;
    match reported {
        Reported::PBelow(p) => Some(note!(implied_at_least, p = p, low = Value::shown(low, format!("{low:.2}")))),
        Reported::PAbove(p) => Some(note!(implied_at_most, p = p, high = Value::shown(high, format!("{high:.2}")))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arm(mean: f64, sd: f64, n: usize) -> Arm {
        Arm { mean, sd, n }
    }

    #[test]
    fn a_published_unpaired_figure_implies_nothing() {
        // PMC4799265, table 3: "Independent t test"; p 0.366 and 0.116.
        for (treated, control, p) in
            [(arm(4.72, 5.11, 58), arm(5.60, 5.32, 58), 0.366), (arm(5.36, 4.84, 58), arm(4.03, 4.17, 58), 0.116)]
        {
            let refusal = implied_correlation(treated, control, 58, Reported::PValue(p)).expect_err("unpaired");
            assert!(refusal.to_string().contains("unpaired"), "{refusal}");
        }
        let (treated, control) = (arm(4.72, 5.11, 58), arm(5.60, 5.32, 58));
        assert!(implied_correlation(treated, control, 58, Reported::PValue(0.201)).is_ok());
    }

    #[test]
    fn what_cannot_belong_together_is_refused() {
        let (treated, control) = (arm(41.2, 18.9, 29), arm(45.0, 19.6, 29));
        let of = |reported| implied_correlation(treated, control, 29, reported);
        assert!(
            of(Reported::Interval(3.0, 13.0, 0.95)).is_err_and(|refusal| refusal.to_string().contains("middle at 8"))
        );
        assert!(of(Reported::Interval(-9.2, 1.6, 0.95)).is_ok() && of(Reported::Interval(-1.6, 9.2, 0.95)).is_ok());
        assert!(of(Reported::TStatistic(1.2)).is_err_and(|refusal| refusal.to_string().contains("sign")));
        assert!(of(Reported::TStatistic(-1.2)).is_ok());
        assert!(check_figure(Reported::PValue(1.5)).is_err() && check_figure(Reported::StdError(-1.0)).is_err());
    }

    #[test]
    fn rounding_leaves_a_range() {
        // PMC7398389, table 3: difference 1.3 with SDs 10.7 and 12.9, 15 pairs, p 0.746: r from 0.04 to 0.30.
        let (treated, control) = (arm(11.3, 10.7, 15), arm(10.0, 12.9, 15));
        let reported = Reported::PValue(0.746);
        let half = 0.05;
        let rounding =
            Rounding { mean_treated: half, sd_treated: half, mean_control: half, sd_control: half, figure: 0.0005 };
        let r = implied_within(treated, control, 15, reported, &rounding).expect("a correlation");
        assert!((r - 0.176_27).abs() < 1e-4);
        let (low, high) = implied_range(treated, control, 15, reported, &rounding).expect("a range");
        assert!((low - 0.04).abs() < 0.015 && (high - 0.30).abs() < 0.015, "{low} {high}");
        // p < 0.001 in 29 pairs: |t| above 3.674.
        let (treated, control) = (arm(41.2, 18.9, 29), arm(45.0, 19.6, 29));
        let rounding = Rounding::of(treated, control, Reported::PBelow(0.001));
        let (low, high) = implied_range(treated, control, 29, Reported::PBelow(0.001), &rounding).expect("a range");
        assert!(low > 0.95 && low < 0.97 && high == 1.0, "{low}");
        assert_eq!(half_unit("4.70"), 0.005);
        assert_eq!(half_unit("12"), 0.5);
    }
}
