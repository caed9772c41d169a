//! Sign test with the median difference and its order-statistic interval.
//!
//! Exact binomial test that a non-zero difference is positive with probability ½ (Dixon & Mood 1946), zeros dropped, as
//! R `binom.test` on the signs. The estimate is the median of all differences, and the interval the pair of order
//! statistics `[d_(k), d_(n+1−k)]` with the largest `k` whose binomial tail stays within α/2 (Hollander, Wolfe & Chicken
//! 2014, §3.6): its coverage is at least the nominal one, and is reported. A difference equals the null value where it
//! does so but for the rounding of doubles ([`crate::math::decimal::shifted`]).

use super::method::{Estimate, Method, ORDERED, Recipe};
use super::pairs::{check_count, check_finite, check_options};
use super::result::{UNBOUNDED, percent};
use super::{Alternative, Field, Options, Refusal, TestResult};
use crate::math::decimal;
use crate::math::descriptive::{median_of_sorted, sorted};
use crate::math::dist::binomial;
use crate::note;

/// What is known of the test beside its formula.
pub const METHOD: Method = Method {
    kinds: ORDERED,
    estimate: Estimate::Centre,
    r: Recipe::Program,
    sas: Some("proc univariate data=pairs; {place}; var difference; run;"),
    citation: Some("Dixon WJ, Mood AM. The statistical sign test. J Am Stat Assoc 1946;41:557–566."),
    ..Method::of("sign", "Dixon & Mood 1946; interval from order statistics", |asked| {
        sign(&asked.differences()?, asked.options)
    })
};

/// Tests whether the median difference is `options.mu`.
///
/// # Errors
/// No differences, values that are not finite, or differences that all equal the null value.
pub fn sign(differences: &[f64], options: &Options) -> Result<TestResult, Refusal> {
    check_options(options)?;
    check_finite(differences)?;
    check_count(differences.len(), 1, note!(m_sign))?;
    let shifted = decimal::shifted(differences, options.mu);
    let positive = shifted.iter().filter(|d| **d > 0.0).count() as u64;
    let negative = shifted.iter().filter(|d| **d < 0.0).count() as u64;
    let zero = differences.len() as u64 - positive - negative;
    let n = positive + negative;
    if n == 0 {
        return Err(Refusal(note!(sign_none)));
    }
    let lower = binomial::cdf(positive, n, 0.5);
    let upper = if positive == 0 { 1.0 } else { binomial::sf(positive - 1, n, 0.5) };
    let mut result = TestResult::new("sign", differences.len(), options);
    result.statistic = Some(positive as f64);
    result.exact = Some(true);
    result.p_value = Some(options.alternative.p_of_tails(lower, upper));
    let ordered = sorted(differences);
    result.estimate = median_of_sorted(&ordered);
    let coverage = limits(&mut result, &ordered, options);
    if zero > 0 {
        result.notes.push(note!(sign_zeros, n = zero));
    }
    result.extra = vec![
        ("n_positive", Field::Count(positive)),
        ("n_negative", Field::Count(negative)),
        ("n_zero", Field::Count(zero)),
        ("z", Field::Number(Some((positive as f64 - 0.5 * n as f64) / (0.5 * (n as f64).sqrt())))),
        ("conf_coverage", Field::Number(coverage)),
    ];
    Ok(result)
}

/// Fills the order-statistic limits and returns their exact coverage; absent where even the extremes fall short.
fn limits(result: &mut TestResult, ordered: &[f64], options: &Options) -> Option<f64> {
    let n = ordered.len() as u64;
    let tail = options.tail();
    // The largest k with P(B ≤ k − 1) ≤ tail, by bisection: k = 0 always qualifies.
    let (mut k, mut beyond) = (0_u64, n + 1);
    while beyond - k > 1 {
        let middle = k + (beyond - k) / 2;
        if binomial::cdf(middle - 1, n, 0.5) <= tail * (1.0 + 1e-12) {
            k = middle;
        } else {
            beyond = middle;
        }
    }
    if k == 0 {
        result.notes.push(note!(sign_interval, n = n, level = percent(options.conf_level)));
        return None;
    }
    let (low, high) = (*ordered.get(k as usize - 1)?, *ordered.get((n - k) as usize)?);
    let (low, high) = options.alternative.limits(low, high, UNBOUNDED);
    (result.conf_low, result.conf_high) = (Some(low), Some(high));
    let miss = binomial::cdf(k - 1, n, 0.5);
    Some(1.0 - if options.alternative == Alternative::TwoSided { 2.0 * miss } else { miss })
}
