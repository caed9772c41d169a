//! Shapiro–Wilk test of normality, of the differences.
//!
//! Royston's approximation (1995, *Applied Statistics* 44:547, Algorithm AS R94), the one in R `shapiro.test`: `W` from
//! polynomial-corrected normal scores, its p-value exact for three values and from a normal transformation beyond, for 3
//! to 5000 values.

use super::method::{Method, Recipe, Topic};
use super::pairs::{check_finite, check_options};
use super::{Options, Refusal, TestResult};
use crate::math::descriptive::sorted;
use crate::math::dist::normal;
use crate::note;

/// What is known of the test beside its formula.
pub const METHOD: Method = Method {
    topic: Topic::Shape,
    r: Recipe::Call("shapiro.test(active - placebo)"),
    citation: Some(
        "Shapiro SS, Wilk MB. An analysis of variance test for normality. Biometrika 1965;52:591–611. Royston P. Remark AS \
     R94. Appl Stat 1995;44:547–551.",
    ),
    ..Method::of("shapiro-wilk", "Shapiro & Wilk 1965; Royston 1995 (AS R94)", |asked| {
        shapiro_wilk(&asked.differences()?, asked.options)
    })
};

/// Tests whether `values` come from a normal distribution. Large `W` (near 1) speaks for normality.
///
/// # Errors
/// Fewer than 3 or more than 5000 values, values that are not finite, or values that are all equal.
pub fn shapiro_wilk(values: &[f64], options: &Options) -> Result<TestResult, Refusal> {
    check_options(options)?;
    check_finite(values)?;
    let n = values.len();
    if !(3..=5000).contains(&n) {
        return Err(Refusal(note!(shapiro_n, n = n)));
    }
    let ordered = sorted(values);
    let range = ordered[n - 1] - ordered[0];
    if range <= 1e-14 * ordered[0].abs().max(ordered[n - 1].abs()) {
        return Err(Refusal(note!(shapiro_equal, n = n)));
    }
    // Halved first, so that a range of 2e308 does not overflow.
    let half_range = 0.5 * ordered[n - 1] - 0.5 * ordered[0];
    let scaled: Vec<f64> = ordered.iter().map(|value| (0.5 * value - 0.5 * ordered[0]) / half_range).collect();
    let w = statistic(&scaled, &weights(n));
    let mut result = TestResult::undirected("shapiro-wilk", n, options);
    result.statistic = Some(w);
    result.p_value = Some(p_value(w, n));
    result.exact = Some(n == 3);
    Ok(result)
}

fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

/// Weights of the lower half of the order statistics (positive; the upper half has the opposite sign).
fn weights(n: usize) -> Vec<f64> {
    const C1: [f64; 6] = [0.0, 0.221157, -0.147981, -2.07119, 4.434685, -2.706056];
    const C2: [f64; 6] = [0.0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633];
    if n == 3 {
        return vec![std::f64::consts::FRAC_1_SQRT_2];
    }
    let half = n / 2;
    let size = n as f64;
    let scores: Vec<f64> = (1..=half).map(|i| normal::quantile((i as f64 - 0.375) / (size + 0.25))).collect();
    let sum_squares = 2.0 * scores.iter().map(|m| m * m).sum::<f64>();
    let root_sum = sum_squares.sqrt();
    let inverse_root = 1.0 / size.sqrt();
    let a1 = polynomial(&C1, inverse_root) - scores[0] / root_sum;
    let (first_plain, factor, a2);
    if n > 5 {
        let second = -scores[1] / root_sum + polynomial(&C2, inverse_root);
        factor = ((sum_squares - 2.0 * scores[0] * scores[0] - 2.0 * scores[1] * scores[1])
            / (1.0 - 2.0 * a1 * a1 - 2.0 * second * second))
            .sqrt();
        first_plain = 2;
        a2 = Some(second);
    } else {
        factor = ((sum_squares - 2.0 * scores[0] * scores[0]) / (1.0 - 2.0 * a1 * a1)).sqrt();
        first_plain = 1;
        a2 = None;
    }
    let mut weights = vec![a1];
    weights.extend(a2);
    weights.extend(scores[first_plain..].iter().map(|m| -m / factor));
    weights
}

/// `W` of a sample in ascending order, with `1 − W` formed without cancellation.
fn statistic(ordered: &[f64], weights: &[f64]) -> f64 {
    let n = ordered.len();
    let coefficient = |i: usize| {
        let mirror = n - 1 - i;
        match i.cmp(&mirror) {
            std::cmp::Ordering::Less => -weights[i],
            std::cmp::Ordering::Equal => 0.0,
            std::cmp::Ordering::Greater => weights[mirror],
        }
    };
    let mean = ordered.iter().sum::<f64>() / n as f64;
    let mean_weight = (0..n).map(coefficient).sum::<f64>() / n as f64;
    let (mut aa, mut xx, mut ax) = (0.0, 0.0, 0.0);
    for (i, value) in ordered.iter().enumerate() {
        let (a, x) = (coefficient(i) - mean_weight, value - mean);
        aa += a * a;
        xx += x * x;
        ax += a * x;
    }
    let root = (aa * xx).sqrt();
    1.0 - (root - ax) * (root + ax) / (aa * xx)
}

fn p_value(w: f64, n: usize) -> f64 {
    const C3: [f64; 4] = [0.544, -0.39978, 0.025054, -6.714e-4];
    const C4: [f64; 4] = [1.3822, -0.77857, 0.062767, -0.0020322];
    const C5: [f64; 4] = [-1.5861, -0.31082, -0.083751, 0.0038915];
    const C6: [f64; 3] = [-0.4803, -0.082676, 0.0030302];
    const G: [f64; 2] = [-2.273, 0.459];
    let size = n as f64;
    if n == 3 {
        // Exact: 6/π (asin √W − asin √¾).
        return (6.0 / std::f64::consts::PI * (w.sqrt().asin() - 0.75_f64.sqrt().asin())).clamp(0.0, 1.0);
    }
    let y = (1.0 - w).ln();
    let log_n = size.ln();
    let (y, m, s) = if n <= 11 {
        let gamma = polynomial(&G, size);
        if y >= gamma {
            // R's floor: below anything representable in the approximation.
            return 1e-99;
        }
        (-(gamma - y).ln(), polynomial(&C3, size), polynomial(&C4, size).exp())
    } else {
        (y, polynomial(&C5, log_n), polynomial(&C6, log_n).exp())
    };
    normal::sf((y - m) / s)
}
