//! Sign-flip permutation test of the mean difference (Fisher 1935; Pitman 1937).
//!
//! Under the null hypothesis that the differences are symmetric about μ every pattern of their signs is equally likely.
//! The p-value is the share of patterns whose mean is at least as extreme; the two-sided one counts `|mean*| ≥ |mean|`,
//! which equals twice the smaller one-sided share. It is exact up to 40 differences whatever their values, and beyond on
//! grids (see `sign_sums`); otherwise Monte Carlo with its own standard error, each replicate on its own random
//! stream. Limits invert the test: they are order statistics of the means of all non-empty subsets of the differences
//! (Hartigan 1969, *typical values*), exact under the same conditions and from random subsets otherwise.

use super::method::{Estimate, Method as RegistryMethod, Recipe};
use crate::note;
use rayon::prelude::*;

use super::pairs::{check_count, check_finite, check_options};
use super::result::UNBOUNDED;
use super::sign_sums::tail_shares;
use super::subset_means::{Limit, lower_limit};
use super::{Alternative, Field, Options, Refusal, TestResult};
use crate::math::decimal;
use crate::math::descriptive::{mean, sorted};
use crate::math::random::Stream;

/// What is known of the test beside its formula.
pub const METHOD: RegistryMethod = RegistryMethod {
    estimate: Estimate::MeanDifference,
    options: &["--p", "--samples", "--seed", "--transform"],
    r: Recipe::Program,
    citation: Some("Fisher RA. The design of experiments. Edinburgh: Oliver & Boyd; 1935."),
    ..RegistryMethod::of("permutation", "Fisher 1935; Pitman 1937", |asked| {
        permutation(&asked.differences()?, asked.settings.permutation, asked.options)
    })
};

/// Exact enumeration or random patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// Exact where feasible, Monte Carlo beyond.
    #[default]
    Auto,
    /// Exact, or refused.
    Exact,
    /// Random patterns.
    MonteCarlo,
}

/// The choices of a permutation test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Exact or Monte Carlo.
    pub method: Method,
    /// Random sign patterns of a Monte Carlo test.
    pub samples: usize,
    /// Seed of the random streams.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { method: Method::Auto, samples: 10_000, seed: 20_240_856 }
    }
}

/// Tests whether the differences are symmetric about `options.mu`, by their mean.
///
/// # Errors
/// No differences, values that are not finite, no samples, or an exact test that is not feasible.
pub fn permutation(differences: &[f64], settings: Settings, options: &Options) -> Result<TestResult, Refusal> {
    check_options(options)?;
    check_finite(differences)?;
    check_count(differences.len(), 1, note!(m_perm))?;
    // In ascending order, so that what is drawn at random does not depend on the order of the rows.
    let differences = &sorted(differences)[..];
    let shifted = decimal::shifted(differences, options.mu);
    check_finite(&shifted)?;
    let mut result = TestResult::new("permutation", differences.len(), options);
    result.estimate = mean(differences);
    result.statistic = result.estimate;

    let shares = if settings.method == Method::MonteCarlo { None } else { tail_shares(&shifted) };
    let monte_carlo = match (shares, settings.method) {
        (Some((above, below)), _) => {
            result.p_value = Some(options.alternative.p_of_tails(below, above));
            result.exact = Some(true);
            result.notes.push(note!(permutation_exact));
            None
        }
        (None, Method::Exact) => {
            return Err(Refusal(note!(permutation_too_large, n = differences.len())));
        }
        (None, _) => Some(random_p(&mut result, &shifted, settings, options)?),
    };
    limits(&mut result, differences, settings, options)?;
    let z = permutation_z(&shifted);
    result.extra = vec![
        ("n_zero", Field::Count(shifted.iter().filter(|d| **d == 0.0).count() as u64)),
        ("z", Field::Number(z)),
        ("p_asymptotic", Field::Number(z.map(|z| options.alternative.p_of_z(z)))),
        ("samples", if monte_carlo.is_some() { Field::Count(settings.samples as u64) } else { Field::Number(None) }),
        ("seed", if monte_carlo.is_some() { Field::Count(settings.seed) } else { Field::Number(None) }),
        ("p_std_error", Field::Number(monte_carlo)),
    ];
    Ok(result)
}

/// `Σ d / √(Σ d²)`: the sum over its permutation standard deviation (R `coin::symmetry_test`).
fn permutation_z(shifted: &[f64]) -> Option<f64> {
    let scale = shifted.iter().fold(0.0_f64, |top, d| top.max(d.abs()));
    let (sum, squares) =
        shifted.iter().map(|d| d / scale).fold((0.0, 0.0), |(sum, squares), d| (sum + d, squares + d * d));
    Some(sum / squares.sqrt()).filter(|z| z.is_finite())
}

/// Monte Carlo p-value `(1 + hits)/(1 + samples)` (Phipson & Smyth 2010); returns its standard error.
fn random_p(result: &mut TestResult, shifted: &[f64], settings: Settings, options: &Options) -> Result<f64, Refusal> {
    check_samples(settings)?;
    let scale = shifted.iter().fold(0.0_f64, |top, d| top.max(d.abs())).max(f64::MIN_POSITIVE);
    let scaled: Vec<f64> = shifted.iter().map(|d| d / scale).collect();
    let observed: f64 = scaled.iter().sum();
    let slack = 1e-13 * scaled.len() as f64;
    let hits = (0..settings.samples as u64)
        .into_par_iter()
        .filter(|replicate| {
            // Σ over flipped signs = observed − 2 × Σ over a random subset.
            let (subset, _) = random_subset(&scaled, settings.seed, *replicate);
            let sum = observed - 2.0 * subset;
            match options.alternative {
                Alternative::TwoSided => sum.abs() >= observed.abs() - slack,
                Alternative::Less => sum <= observed + slack,
                Alternative::Greater => sum >= observed - slack,
            }
        })
        .count() as f64;
    let samples = settings.samples as f64;
    let p = (hits + 1.0) / (samples + 1.0);
    result.p_value = Some(p);
    result.exact = Some(false);
    result.notes.push(note!(permutation_random, n = settings.samples, seed = settings.seed));
    Ok((p * (1.0 - p) / samples).sqrt())
}

fn check_samples(settings: Settings) -> Result<(), Refusal> {
    if settings.samples == 0 {
        return Err(Refusal(note!(no_samples)));
    }
    Ok(())
}

/// Sum and size of a random subset: each value in or out with probability ½.
fn random_subset(values: &[f64], seed: u64, replicate: u64) -> (f64, u64) {
    let mut stream = Stream::new(seed, replicate);
    let (mut sum, mut size) = (0.0, 0);
    for chunk in values.chunks(64) {
        let bits = stream.bits();
        for (i, value) in chunk.iter().enumerate() {
            let chosen = bits >> i & 1;
            sum += value * chosen as f64;
            size += chosen;
        }
    }
    (sum, size)
}

/// Limits from the ordered subset means.
fn limits(result: &mut TestResult, differences: &[f64], settings: Settings, options: &Options) -> Result<(), Refusal> {
    let tail = options.tail();
    let mirrored: Vec<f64> = differences.iter().map(|d| -d).collect();
    let exact = if settings.method == Method::MonteCarlo {
        None
    } else {
        lower_limit(differences, tail).zip(lower_limit(&mirrored, tail))
    };
    let (low, high) = if let Some((low, high)) = exact {
        let (Limit::At(low), Limit::At(high)) = (low, high) else {
            result.notes.push(note!(permutation_limit, n = differences.len()));
            return Ok(());
        };
        (low, -high)
    } else {
        check_samples(settings)?;
        result.notes.push(note!(permutation_subsets, n = settings.samples, seed = settings.seed));
        let scale = differences.iter().fold(0.0_f64, |top, d| top.max(d.abs())).max(f64::MIN_POSITIVE);
        let scaled: Vec<f64> = differences.iter().map(|d| d / scale).collect();
        let means: Vec<f64> = (0..settings.samples as u64)
            .into_par_iter()
            .filter_map(|replicate| {
                // A stream of its own, apart from the p-value's.
                let (sum, size) = random_subset(&scaled, settings.seed ^ 0x5eed, replicate);
                if size == 0 { None } else { Some(sum / size as f64 * scale) }
            })
            .collect();
        let means = sorted(&means);
        let rank = ((tail * (means.len() + 1) as f64).floor() as usize).max(1);
        let high = means.len().checked_sub(rank).and_then(|i| means.get(i));
        let (Some(low), Some(high)) = (means.get(rank - 1), high) else { return Ok(()) };
        (*low, *high)
    };
    let (low, high) = options.alternative.limits(low, high, UNBOUNDED);
    (result.conf_low, result.conf_high) = (Some(low), Some(high));
    Ok(())
}
