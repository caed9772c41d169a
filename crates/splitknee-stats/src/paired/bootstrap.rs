//! Bias-corrected and accelerated (BCa) bootstrap interval of a location of the differences.
//!
//! Pairs are resampled by resampling their differences. Bias correction `z₀` from the share of replicates below the
//! estimate, acceleration from the jackknife, limits at the corrected percentiles with interpolation on the normal scale
//! (Efron 1987; Davison & Hinkley 1997, §5.3.2 and eq. 5.8). For the mean this is R `boot::boot.ci(type = "bca")` when its
//! `L` is the jackknife influence, `empinf(type = "jack")`; by default boot regresses the replicates on the resampling counts, so its
//! acceleration differs in the second digit. Replicate `r` draws from its own stream of the seed: same answer in any order
//! and on any number of threads; the differences are sorted first, so that the order of the rows does not matter.

use super::method::{Estimate, Method, Recipe};
use super::small_samples::SmallSample;
use crate::note;
use rayon::prelude::*;

use super::pairs::{check_count, check_finite, check_options};
use super::result::UNBOUNDED;
use super::{Field, Options, Refusal, TestResult};
use crate::math::descriptive::{mean, median, midpoint, sd, sorted, trimmed_mean};
use crate::math::dist::normal;
use crate::math::random::Stream;

/// What is known of the test beside its formula.
pub const METHOD: Method = Method {
    estimate: Estimate::MeanDifference,
    options: &["--samples", "--seed"],
    limit: Some(SmallSample {
        least: 200,
        errors: "17.6 / 13.7 / 11.3 / 8.9 %",
        neighbours: "paired-t / permutation / wilcoxon",
    }),
    r: Recipe::Program,
    citation: Some("Efron B. Better bootstrap confidence intervals. J Am Stat Assoc 1987;82:171–185."),
    ..Method::of("bootstrap", "Efron 1987 (BCa)", |asked| {
        bootstrap(&asked.differences()?, asked.settings.bootstrap, asked.options)
    })
};

/// Which location of the differences.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Location {
    /// Arithmetic mean.
    #[default]
    Mean,
    /// Median.
    Median,
    /// Mean after cutting this share from each end.
    Trimmed(f64),
}

/// The choices of a bootstrap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// What is estimated.
    pub location: Location,
    /// Number of resamples.
    pub resamples: usize,
    /// Seed of the random streams.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { location: Location::Mean, resamples: 10_000, seed: 20_240_856 }
    }
}

/// Estimate, bootstrap standard error and BCa interval. There is no p-value, and the null value in `options` plays no
/// part.
///
/// # Errors
/// Fewer than two differences, values that are not finite, differences that are all equal, or fewer than 100 resamples.
pub fn bootstrap(differences: &[f64], settings: Settings, options: &Options) -> Result<TestResult, Refusal> {
    check_options(options)?;
    check_finite(differences)?;
    check_count(differences.len(), 2, note!(m_boot))?;
    if settings.resamples < 100 {
        return Err(Refusal(note!(resamples_few, n = settings.resamples)));
    }
    if let Location::Trimmed(trim) = settings.location
        && !(0.0..0.5).contains(&trim)
    {
        return Err(Refusal(note!(trim_range, trim = trim)));
    }
    if differences.iter().all(|d| *d == differences[0]) {
        return Err(Refusal(note!(bootstrap_equal)));
    }
    let scale = differences.iter().fold(0.0_f64, |top, d| top.max(d.abs()));
    // In ascending order, so that the limits do not depend on the order of the rows.
    let scaled: Vec<f64> = sorted(differences).iter().map(|d| d / scale).collect();
    let estimate = locate(&scaled, settings.location).ok_or_else(|| Refusal(note!(trim_nothing)))?;

    let n = scaled.len();
    let replicates: Vec<f64> = (0..settings.resamples)
        .into_par_iter()
        .with_min_len(256)
        .map_init(
            || vec![0.0; n],
            |sample, replicate| {
                let mut stream = Stream::new(settings.seed, replicate as u64);
                for value in sample.iter_mut() {
                    *value = scaled[stream.below(n)];
                }
                locate(sample, settings.location).unwrap_or(estimate)
            },
        )
        .collect();
    let replicates = sorted(&replicates);

    let mut result = TestResult::new("bootstrap", n, options);
    result.estimate = Some(estimate * scale);
    result.note_unused_mu(options);
    result.std_error = sd(&replicates).map(|spread| spread * scale);
    let bias = mean(&replicates).map(|centre| (centre - estimate) * scale);

    // Means of the same values added in another order differ by rounding: they are the same mean, not one below.
    let rounding = f64::EPSILON * n as f64;
    let below = replicates.partition_point(|value| *value < estimate - rounding);
    let tied = replicates.partition_point(|value| *value <= estimate + rounding) - below;
    // Half of the replicates equal to the estimate count as below it (discrete statistics; SciPy does the same).
    let share = (below as f64 + 0.5 * tied as f64) / settings.resamples as f64;
    let z0 = normal::quantile(share);
    let acceleration = acceleration(&scaled, settings.location);
    let corrected = |p: f64| {
        let z = z0 + normal::quantile(p);
        normal::cdf(z0 + z / (1.0 - acceleration * z))
    };
    if z0.is_finite() {
        let limit = |p: f64| interpolated(&replicates, corrected(p)).map(|value| value * scale);
        let sides = limit(options.tail()).zip(limit(1.0 - options.tail()));
        let sides = sides.map(|(low, high)| options.alternative.limits(low, high, UNBOUNDED));
        (result.conf_low, result.conf_high) = sides.unzip();
    } else {
        result.notes.push(note!(bootstrap_side));
    }
    result.exact = Some(false);
    result.extra = vec![
        ("bias", Field::Number(bias)),
        ("z0", Field::Number(Some(z0).filter(|z| z.is_finite()))),
        ("acceleration", Field::Number(Some(acceleration))),
        ("resamples", Field::Count(settings.resamples as u64)),
        ("seed", Field::Count(settings.seed)),
    ];
    result.notes.push(note!(bootstrap_from, n = settings.resamples, seed = settings.seed));
    Ok(result)
}

fn locate(values: &[f64], location: Location) -> Option<f64> {
    match location {
        Location::Mean => Some(values.iter().sum::<f64>() / values.len() as f64),
        Location::Median => median(values),
        Location::Trimmed(trim) => trimmed_mean(values, trim),
    }
}

/// `Σ u³ / (6 (Σ u²)^{3/2})` with the jackknife influence `u_i = mean(θ₋) − θ₋ᵢ`.
fn acceleration(values: &[f64], location: Location) -> f64 {
    let without: Vec<f64> = match location {
        // θ₋ᵢ in closed form, so that 100 000 differences stay linear.
        Location::Mean => {
            let (sum, n) = (values.iter().sum::<f64>(), values.len() as f64);
            values.iter().map(|value| (sum - value) / (n - 1.0)).collect()
        }
        Location::Median => left_out_median(values),
        Location::Trimmed(trim) => left_out_trimmed(values, trim),
    };
    let centre = mean(&without).unwrap_or(0.0);
    let (mut squares, mut cubes) = (0.0, 0.0);
    for value in &without {
        let u = centre - value;
        squares += u * u;
        cubes += u * u * u;
    }
    if squares > 0.0 { cubes / (6.0 * squares.powf(1.5)) } else { 0.0 }
}

/// The median without each value in turn: leaving one out moves the middle by at most one place.
fn left_out_median(values: &[f64]) -> Vec<f64> {
    let ordered = sorted(values);
    let n = ordered.len();
    // Order statistic `k` (from 0) of the values without the one at `i`.
    let kept = |k: usize, i: usize| ordered[if k < i { k } else { k + 1 }];
    (0..n).map(|i| midpoint(kept((n - 2) / 2, i), kept((n - 1) / 2, i))).collect()
}

/// The trimmed mean without each value in turn: the values kept are those of the whole sample but for one place at the
/// edge, so that one sum serves all.
fn left_out_trimmed(values: &[f64], trim: f64) -> Vec<f64> {
    let ordered = sorted(values);
    let n = ordered.len();
    // As `trimmed_mean` cuts n − 1 values, of which at least one is left.
    let cut = ((trim * (n - 1) as f64 + 1e-9).floor() as usize).min((n - 2) / 2);
    // Without a value from the lower end the kept places move up by one.
    let (first, last) = (cut, n - 1 - cut);
    let inner: f64 = ordered[first..=last].iter().sum();
    let count = (last - first) as f64;
    (0..n).map(|i| (inner - ordered[i.clamp(first, last)]) / count).collect()
}

/// The `p`-quantile of sorted replicates, interpolated on the normal scale between order statistics `k` and `k + 1` of
/// `R + 1` (Davison & Hinkley eq. 5.8).
fn interpolated(sorted: &[f64], p: f64) -> Option<f64> {
    let count = sorted.len() as f64;
    let position = p * (count + 1.0);
    let k = position.floor();
    if k < 1.0 {
        return sorted.first().copied();
    }
    if k >= count {
        return sorted.last().copied();
    }
    let (low, high) = (*sorted.get(k as usize - 1)?, *sorted.get(k as usize)?);
    let z = |p: f64| normal::quantile(p);
    let (left, right) = (z(k / (count + 1.0)), z((k + 1.0) / (count + 1.0)));
    Some(low + (z(p) - left) / (right - left) * (high - low))
}
