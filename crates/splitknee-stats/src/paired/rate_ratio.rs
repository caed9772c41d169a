//! Ratio of the mean rates of the two sides of pairs, by the paired t-test of its estimating function.
//!
//! With rates r = count / exposure, the function r₁ − ρ r₀ of a pair has mean 0 at the true ratio ρ of the mean rates, whatever
//! the law of the counts and however the two sides are correlated. Its t statistic on n − 1 degrees of freedom is inverted in
//! ρ: at ρ = 1 it is the paired t-test of the rates, and the limits are Fieller's. Test and limits answer one question. Every
//! pair weighs the same, whatever its exposure. Where the control rate is not told from 0 the upper limit is infinite.
//!
//! Wald tests of the logarithm (estimating equations) reject too often where counts vary more than Poisson, also with the
//! correction of Mancl & DeRouen and t: `studies/counts`.
//!
//! Source: Fieller 1954 (J R Stat Soc B 16:175).

use super::counts::CountedPairs;
use super::method::{COUNTS, Estimate, Method, Recipe, Topic};
use super::pairs::check_options;
use super::{Alternative, Field, Options, Refusal, TestResult};
use crate::math::descriptive::mean;
use crate::math::dist::student_t;
use crate::note;

/// What is known of the test beside its formula.
pub const METHOD: Method = Method {
    topic: Topic::Counts,
    kinds: COUNTS,
    estimate: Estimate::LogRatio,
    options: &["--exposure", "--exposure-treated", "--exposure-control"],
    r: Recipe::Program,
    citation: Some("Fieller EC. Some problems in interval estimation. J R Stat Soc B 1954;16:175–185."),
    ..Method::of("rate-ratio", "Fieller 1954", |asked| rate_ratio(&asked.counts()?, asked.options))
};

/// Tests whether the ratio of the mean rates is `exp(options.mu)`, 1 by default; estimate and limits are logarithms.
///
/// # Errors
/// Fewer than two pairs; a side without an event, whose rate has no logarithm; rates in one proportion in all pairs.
pub fn rate_ratio(pairs: &CountedPairs, options: &Options) -> Result<TestResult, Refusal> {
    check_options(options)?;
    let rates: Vec<(f64, f64)> = pairs
        .counts
        .iter()
        .zip(&pairs.exposures)
        .map(|((a, b), (of_a, of_b))| (*a as f64 / of_a, *b as f64 / of_b))
        .collect();
    let n = rates.len() as f64;
    let (treated, control): (Vec<f64>, Vec<f64>) = rates.iter().copied().unzip();
    let (Some(a), Some(b), true) = (mean(&treated), mean(&control), rates.len() > 1) else {
        return Err(Refusal(note!(rates_two_pairs, n = rates.len())));
    };
    if a == 0.0 || b == 0.0 {
        return Err(Refusal(note!(rates_no_event)));
    }
    let product = |x: &dyn Fn(&(f64, f64)) -> f64| rates.iter().map(x).sum::<f64>() / (n - 1.0) / n;
    let (v_aa, v_ab, v_bb) = (
        product(&|(x, _)| (x - a) * (x - a)),
        product(&|(x, y)| (x - a) * (y - b)),
        product(&|(_, y)| (y - b) * (y - b)),
    );
    let variance = |ratio: f64| v_aa - 2.0 * ratio * v_ab + ratio * ratio * v_bb;
    let null = options.mu.exp();
    let scale = v_aa + null * null * v_bb;
    let ratio = a / b;
    // At the estimate it is the rates of all pairs that stand in one proportion.
    let own = v_aa + ratio * ratio * v_bb;
    if variance(null) <= 1e-14 * scale.max(f64::MIN_POSITIVE) || variance(ratio) <= 1e-14 * own.max(f64::MIN_POSITIVE) {
        return Err(Refusal(note!(rates_proportional)));
    }
    let df = n - 1.0;
    let statistic = (a - null * b) / variance(null).sqrt();
    let mut result = TestResult::new("rate-ratio", rates.len(), options);
    result.exact = Some(false);
    result.estimate = Some((a / b).ln());
    result.std_error = Some((variance(a / b).max(0.0) / (a * a)).sqrt());
    (result.statistic, result.df) = (Some(statistic), Some(df));
    result.p_value = Some(options.alternative.p_of_tails(student_t::cdf(statistic, df), student_t::sf(statistic, df)));
    let tail = match options.alternative {
        Alternative::TwoSided => 0.5 * (1.0 - options.conf_level),
        _ => 1.0 - options.conf_level,
    };
    let (low, high) = limits([a, b], [v_aa, v_ab, v_bb], student_t::upper_quantile(tail, df));
    let (low, high) = match options.alternative {
        Alternative::TwoSided => (low, high),
        Alternative::Less => (0.0, high),
        Alternative::Greater => (low, f64::INFINITY),
    };
    (result.conf_low, result.conf_high) = (Some(low.ln()), Some(high.ln()));
    let total = |side: fn(&(u64, u64)) -> u64| Field::Count(pairs.counts.iter().map(side).sum());
    let exposure = |side: fn(&(f64, f64)) -> f64| Field::Number(Some(pairs.exposures.iter().map(side).sum()));
    let finite = |value: f64| Field::Number(Some(value).filter(|value| value.is_finite()));
    result.extra = vec![
        ("count_treated", total(|count| count.0)),
        ("count_control", total(|count| count.1)),
        ("exposure_treated", exposure(|exposure| exposure.0)),
        ("exposure_control", exposure(|exposure| exposure.1)),
        ("rate_treated", finite(a)),
        ("rate_control", finite(b)),
        ("rate_ratio", finite(a / b)),
        ("rate_ratio_low", finite(low)),
        ("rate_ratio_high", finite(high)),
    ];
    Ok(result)
}

/// The ratios ρ with (a − ρ b)² ≤ t² (v_aa − 2ρ v_ab + ρ² v_bb), not below 0.
fn limits([a, b]: [f64; 2], [v_aa, v_ab, v_bb]: [f64; 3], t: f64) -> (f64, f64) {
    let square = t * t;
    let (second, first, none) = (b * b - square * v_bb, a * b - square * v_ab, a * a - square * v_aa);
    let root = (first * first - second * none).max(0.0).sqrt();
    if second > 0.0 {
        return (((first - root) / second).max(0.0), (first + root) / second);
    }
    // The control rate is not told from 0: no ratio is too large.
    let low = match (none > 0.0, second < 0.0) {
        (false, _) => 0.0,
        (true, true) => (first - root) / second,
        (true, false) => none / (2.0 * first),
    };
    (low.max(0.0), f64::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paired::paired_t::paired_t;

    fn pairs() -> CountedPairs {
        let (a, b) = ([3.0, 0.0, 5.0, 2.0, 7.0, 1.0, 4.0], [5.0, 2.0, 6.0, 6.0, 9.0, 0.0, 8.0]);
        let (of_a, of_b) = ([28.0, 14.0, 28.0, 21.0, 28.0, 28.0, 7.0], [28.0, 28.0, 14.0, 28.0, 21.0, 28.0, 28.0]);
        CountedPairs::new(&a, &b, Some((&of_a, &of_b))).unwrap()
    }

    #[test]
    fn the_test_is_the_paired_t_test_of_the_rates_and_the_limits_invert_it() {
        let pairs = pairs();
        let rates = |side: usize| -> Vec<f64> {
            let of = |((a, b), (x, y)): (&(u64, u64), &(f64, f64))| {
                if side == 0 { *a as f64 / x } else { *b as f64 / y }
            };
            pairs.counts.iter().zip(&pairs.exposures).map(of).collect()
        };
        let found = rate_ratio(&pairs, &Options::default()).unwrap();
        let (a, b) = (rates(0), rates(1));
        let t = paired_t(&a, &b, &Options::default()).unwrap();
        assert!((found.p_value.unwrap() / t.p_value.unwrap() - 1.0).abs() < 1e-12);
        assert!((found.statistic.unwrap() - t.statistic.unwrap()).abs() < 1e-12);
        for limit in [found.conf_low, found.conf_high].into_iter().flatten().filter(|limit| limit.is_finite()) {
            let at: Vec<f64> = b.iter().map(|rate| rate * limit.exp()).collect();
            let p = paired_t(&a, &at, &Options::default()).unwrap().p_value.unwrap();
            assert!((p - 0.05).abs() < 1e-9, "{limit}: {p}");
        }
        let moved = Options { mu: found.conf_high.unwrap(), ..Options::default() };
        assert!((rate_ratio(&pairs, &moved).unwrap().p_value.unwrap() - 0.05).abs() < 1e-9);
    }

    #[test]
    fn sides_without_events_have_no_ratio() {
        let none = CountedPairs::new(&[0.0, 0.0, 0.0], &[1.0, 2.0, 3.0], None).unwrap();
        assert_eq!(rate_ratio(&none, &Options::default()).unwrap_err().0.code(), "rates_no_event");
        let alike = CountedPairs::new(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0], None).unwrap();
        assert_eq!(rate_ratio(&alike, &Options::default()).unwrap_err().0.code(), "rates_proportional");
        // One control knee with events: 0 is not excluded for its rate, and no ratio is too large.
        let few = CountedPairs::new(&[1.0, 2.0, 3.0, 1.0], &[0.0, 0.0, 1.0, 0.0], None).unwrap();
        assert_eq!(rate_ratio(&few, &Options::default()).unwrap().conf_high, Some(f64::INFINITY));
    }
}
