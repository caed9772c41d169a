//! Performance of a method over simulated trials, each measure with its Monte Carlo standard error.
//!
//! Morris, White and Crowther (2019), table 6. Sums run in the order of the replicates with compensation (Neumaier), so that
//! the figures do not depend on how the replicates were spread over machines. Replicates without an estimate are left out
//! and counted.

/// One replicate's answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Replicate {
    /// Estimate.
    pub estimate: f64,
    /// Its standard error, where the method has one.
    pub std_error: Option<f64>,
    /// Confidence limits, where the method has them.
    pub limits: Option<(f64, f64)>,
}

/// A measure and its Monte Carlo standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// The measure.
    pub value: f64,
    /// Its Monte Carlo standard error.
    pub mcse: f64,
}

/// Sum with Neumaier's compensation.
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0_f64, 0.0_f64);
    for value in values {
        let next = total + value;
        lost += if total.abs() >= value.abs() { (total - next) + value } else { (value - next) + total };
        total = next;
    }
    total + lost
}

fn mean(values: &[f64]) -> f64 {
    sum(values.iter().copied()) / values.len() as f64
}

fn square_about(values: &[f64], centre: f64) -> f64 {
    sum(values.iter().map(|value| (value - centre) * (value - centre)))
}

/// A share of `count` in `n`.
pub fn share(count: usize, n: usize) -> Option<Measured> {
    let value = (n > 0).then(|| count as f64 / n as f64)?;
    Some(Measured { value, mcse: (value * (1.0 - value) / n as f64).sqrt() })
}

/// The mean of `values` with its standard error.
pub fn average(values: &[f64]) -> Option<Measured> {
    let n = values.len() as f64;
    (values.len() >= 2).then(|| {
        let value = mean(values);
        Measured { value, mcse: (square_about(values, value) / (n - 1.0) / n).sqrt() }
    })
}

/// The measures of one method, in the order of the table; the truth may be unknown.
pub fn measures(replicates: &[Replicate], truth: Option<f64>) -> Vec<(&'static str, Measured)> {
    let estimates: Vec<f64> = replicates.iter().map(|replicate| replicate.estimate).collect();
    let n = estimates.len() as f64;
    let mut found = Vec::new();
    if estimates.len() < 2 {
        return found;
    }
    let centre = mean(&estimates);
    let empirical = (square_about(&estimates, centre) / (n - 1.0)).sqrt();
    found.push(("mean_estimate", Measured { value: centre, mcse: empirical / n.sqrt() }));
    if let Some(truth) = truth {
        found.push(("bias", Measured { value: centre - truth, mcse: empirical / n.sqrt() }));
        let squares: Vec<f64> = estimates.iter().map(|estimate| (estimate - truth) * (estimate - truth)).collect();
        let mse = mean(&squares);
        found.push(("mse", Measured { value: mse, mcse: (square_about(&squares, mse) / (n * (n - 1.0))).sqrt() }));
    }
    found.push(("empirical_se", Measured { value: empirical, mcse: empirical / (2.0 * (n - 1.0)).sqrt() }));
    let errors: Vec<f64> = replicates.iter().filter_map(|replicate| replicate.std_error).collect();
    if errors.len() >= 2 {
        let m = errors.len() as f64;
        found.extend(average(&errors).map(|measured| ("model_se", measured)));
        let squares: Vec<f64> = errors.iter().map(|error| error * error).collect();
        let rms = mean(&squares).sqrt();
        let spread = square_about(&squares, rms * rms) / (m - 1.0);
        found.push(("model_se_rms", Measured { value: rms, mcse: (spread / (4.0 * m * rms * rms)).sqrt() }));
        let mcse = 100.0 * rms / empirical * (spread / (4.0 * m * rms.powi(4)) + 0.5 / (n - 1.0)).sqrt();
        found.push(("relative_error_model_se_percent", Measured { value: 100.0 * (rms / empirical - 1.0), mcse }));
    }
    let limits: Vec<(f64, f64)> = replicates.iter().filter_map(|replicate| replicate.limits).collect();
    let covering = |value: f64| limits.iter().filter(|(low, high)| *low <= value && value <= *high).count();
    if let Some(truth) = truth {
        found.extend(share(covering(truth), limits.len()).map(|measured| ("coverage", measured)));
        found.extend(share(covering(centre), limits.len()).map(|measured| ("coverage_bias_eliminated", measured)));
    }
    found
}

/// Gain in precision of a second method over the first on the replicates where both have an estimate, in per cent.
pub fn relative_precision(pairs: &[(f64, f64)]) -> Option<Measured> {
    let n = pairs.len() as f64;
    if pairs.len() < 3 {
        return None;
    }
    let (a, b): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let (mean_a, mean_b) = (mean(&a), mean(&b));
    let (sa, sb) = (square_about(&a, mean_a), square_about(&b, mean_b));
    let cross = sum(pairs.iter().map(|(x, y)| (x - mean_a) * (y - mean_b)));
    let (ratio, rho) = (sa / sb, cross / (sa * sb).sqrt());
    let mcse = 200.0 * ratio * ((1.0 - rho * rho) / (n - 1.0)).sqrt();
    Some(Measured { value: 100.0 * (ratio - 1.0), mcse })
}
