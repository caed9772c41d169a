//! Matched-pairs rank-biserial correlation: (W⁺ − W⁻)/(W⁺ + W⁻) of the signed ranks (Kerby 2014).
//!
//! Zeros are dropped before ranking, mid-ranks of |d|; the values with zeros ranked (Pratt) and with zeros counted in the
//! denominator stand beside it. Limits are tanh(atanh r ± z SE₀), SE₀ = √((2m³ + 3m² + m)/6)/(m(m + 1)/2) over the m
//! non-zero differences (R `effectsize::rank_biserial`, which counts zeros in m): the variance under no effect, hence a
//! description; jackknife limits on the same scale are given too (standard error of r, carried over to atanh r by 1/(1 − r²)). At |r| = 1 no limits exist.

use super::method::{Method, ORDERED, Topic};
use super::pairs::{check_count, check_finite, check_options};
use super::{Field, Options, Refusal, TestResult};
use crate::math::descriptive::mid_ranks;
use crate::math::dist::normal;
use crate::note;

/// What is known of the test beside its formula.
pub const METHOD: Method = Method {
    topic: Topic::Shape,
    kinds: ORDERED,
    citation: Some(
        "Kerby DS. The simple difference formula: an approach to teaching nonparametric correlation. Compr Psychol 2014;3:1.",
    ),
    ..Method::of("rank-biserial", "Kerby 2014; King & Minium 2003", |asked| {
        rank_biserial(&asked.differences()?, asked.options)
    })
};

/// The correlation of `differences` from the null value.
///
/// # Errors
/// No differences, or values that are not finite; all differences zero.
pub fn rank_biserial(differences: &[f64], options: &Options) -> Result<TestResult, Refusal> {
    check_options(options)?;
    check_finite(differences)?;
    check_count(differences.len(), 1, METHOD.name)?;
    let shifted: Vec<f64> = differences.iter().map(|d| d - options.mu).collect();
    let sums = signed_rank_sums(&shifted);
    let r = sums.correlation().ok_or_else(|| Refusal(note!(sign_none)))?;
    let m = sums.informative as f64;
    let null_error = ((2.0 * m * m * m + 3.0 * m * m + m) / 6.0).sqrt() / (0.5 * m * (m + 1.0));
    let mut result = TestResult::undirected("rank-biserial", differences.len(), options);
    result.estimate = Some(r);
    let z = normal::upper_quantile(0.5 * (1.0 - options.conf_level));
    let limits = |error: f64| ((r.atanh() - z * error).tanh(), (r.atanh() + z * error).tanh());
    let informative: Vec<f64> = shifted.iter().copied().filter(|d| *d != 0.0).collect();
    let jackknife = jackknife(&informative);
    let mut jackknife_limits = (None, None);
    if r.abs() < 1.0 {
        let (low, high) = limits(null_error);
        (result.conf_low, result.conf_high) = (Some(low), Some(high));
        if let Some(error) = jackknife {
            let (low, high) = limits(error / (1.0 - r * r));
            jackknife_limits = (Some(low), Some(high));
        }
    } else {
        result.notes.push(note!(biserial_one_sign));
    }
    let zeros = differences.len() - sums.informative;
    let (pratt, counted) = with_zeros(&shifted);
    result.extra = vec![
        ("n_zero", Field::Count(zeros as u64)),
        ("w_plus", Field::Number(Some(sums.plus))),
        ("w_minus", Field::Number(Some(sums.minus))),
        ("se_null", Field::Number(Some(null_error))),
        ("estimate_pratt", Field::Number(pratt)),
        ("estimate_zeros_count", Field::Number(counted)),
        ("std_error_jackknife", Field::Number(jackknife)),
        ("conf_low_jackknife", Field::Number(jackknife_limits.0)),
        ("conf_high_jackknife", Field::Number(jackknife_limits.1)),
    ];
    Ok(result)
}

struct Sums {
    plus: f64,
    minus: f64,
    informative: usize,
}

impl Sums {
    fn correlation(&self) -> Option<f64> {
        let total = self.plus + self.minus;
        (total > 0.0).then(|| (self.plus - self.minus) / total)
    }
}

fn signed_rank_sums(values: &[f64]) -> Sums {
    let informative: Vec<f64> = values.iter().copied().filter(|d| *d != 0.0).collect();
    let ranks = mid_ranks(&informative.iter().map(|d| d.abs()).collect::<Vec<_>>());
    let side = |positive: bool| {
        informative.iter().zip(&ranks).filter(|(d, _)| (**d > 0.0) == positive).map(|(_, rank)| rank).sum::<f64>()
    };
    Sums { plus: side(true), minus: side(false), informative: informative.len() }
}

/// With zeros ranked and then left out (Pratt), and with their ranks kept in the denominator.
fn with_zeros(values: &[f64]) -> (Option<f64>, Option<f64>) {
    let ranks = mid_ranks(&values.iter().map(|d| d.abs()).collect::<Vec<_>>());
    let sum = |keep: &dyn Fn(f64) -> bool| {
        values.iter().zip(&ranks).filter(|(d, _)| keep(**d)).map(|(_, rank)| rank).sum::<f64>()
    };
    let (plus, minus, all) = (sum(&|d| d > 0.0), sum(&|d| d < 0.0), sum(&|_| true));
    let share = |total: f64| (total > 0.0).then(|| (plus - minus) / total);
    (share(plus + minus), share(all))
}

/// The jackknife standard error of r over the pairs with a sign; `None` where leaving one out leaves no sign.
fn jackknife(values: &[f64]) -> Option<f64> {
    let n = values.len();
    let mut left = Vec::with_capacity(n);
    for position in 0..n {
        let others: Vec<f64> = values.iter().enumerate().filter(|(k, _)| *k != position).map(|(_, d)| *d).collect();
        left.push(signed_rank_sums(&others).correlation()?);
    }
    let mean = left.iter().sum::<f64>() / n as f64;
    let squares: f64 = left.iter().map(|value| (value - mean).powi(2)).sum();
    Some(((n as f64 - 1.0) / n as f64 * squares).sqrt())
}
