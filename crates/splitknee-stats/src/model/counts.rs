//! Counts with an exposure: Poisson and negative binomial regression with a log link, with or without random intercepts.
//!
//! > log E(y | T) = log exposure + xᵀβ + T,  Var = μ (Poisson) or μ + μ²/θ (negative binomial, R's `glm.nb`, `nbinom2`).
//!
//! The rows enter the shared likelihood (`interval_outcome.rs`) as bounds: the predictor η (exposure included) is the upper
//! one and, for the negative binomial, τ + η with τ = log θ the lower one, so that a shift of both is a change of the
//! predictor alone. With S(x) = log(1 + eˣ) the log-probability is
//!
//! > y η − eᵑ − log y!  (Poisson),
//! > Σ_{j<y} log(θ + j) − log y! + y(η − τ) − (y + θ) S(η − τ)  (negative binomial),
//!
//! every part smooth and free of cancellation, so that the analytic derivatives of the mixed models serve here too.
//!
//! Laplace's approximation is not one number for the negative binomial: `lme4::glmer.nb` takes expected weights in the
//! determinant, `glmmTMB` and this program the curvature itself; quadrature settles it. Without random terms standard errors
//! come from the expected information (`glm`, `MASS::glm.nb`), with them from the observed one, θ included.
//!
//! Sources: McCullagh & Nelder 1989, ch. 6; Venables & Ripley 2002, section 7.4 (`glm.nb`).

use super::dense::invert_positive;
use super::error::ModelError;
use super::generalised::{Convergence, Family, GeneralisedFit, check_rows, maximise_fixed, not_converged};
use super::interval_outcome::{Bound, IntervalRows};
use super::link::{IntervalLogProbability, Link, softplus};
use super::mixed_glm::{RandomIntercepts, fit_mixed};
use crate::math::dist::saddle_point::ln_gamma;
use crate::note;
use nalgebra::DMatrix;

/// The counts of some rows with the logarithm of their exposure.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    /// Whole numbers, not negative.
    pub values: Vec<f64>,
    /// What is added to the predictor of every row: the logarithm of the exposure, or zeros.
    pub offset: Vec<f64>,
    /// Negative binomial instead of Poisson.
    pub overdispersed: bool,
}

/// The name of the parameter τ = log θ.
pub(super) const LOG_THETA: &str = "log(theta)";

/// Beyond e^300 nothing is a statistical model any more.
const LARGEST: f64 = 300.0;

impl Counts {
    /// The log-probability of row `row`, with derivatives up to total order `order`: in the upper bound η, and in the lower
    /// bound τ + η.
    pub fn log_probability(&self, row: usize, lower: f64, upper: f64, order: usize) -> IntervalLogProbability {
        let y = self.values.get(row).copied().unwrap_or(0.0);
        let eta = upper.min(LARGEST);
        let mut d = [[0.0; 5]; 5];
        if !self.overdispersed {
            let mean = eta.exp();
            d[0][0] = y * eta - mean - ln_gamma(y + 1.0);
            for (k, slot) in d.iter_mut().enumerate().take(order.min(4) + 1).skip(1) {
                slot[0] = if k == 1 { y - mean } else { -mean };
            }
            return IntervalLogProbability { derivatives: d };
        }
        let f = negative_binomial(y, eta, (lower - upper).clamp(-LARGEST, LARGEST));
        // In u = η and l = τ + η: ∂u = ∂η − ∂τ, ∂l = ∂τ.
        const BINOMIAL: [[f64; 5]; 5] = [
            [1.0, 0.0, 0.0, 0.0, 0.0],
            [1.0, 1.0, 0.0, 0.0, 0.0],
            [1.0, 2.0, 1.0, 0.0, 0.0],
            [1.0, 3.0, 3.0, 1.0, 0.0],
            [1.0, 4.0, 6.0, 4.0, 1.0],
        ];
        for n in 0..=order.min(4) {
            for i in 0..=n {
                let j = n - i;
                d[i][j] = (0..=i).map(|a| BINOMIAL[i][a] * if a % 2 == 0 { 1.0 } else { -1.0 } * f[i - a][j + a]).sum();
            }
        }
        IntervalLogProbability { derivatives: d }
    }
}

/// The negative binomial log-probability; entry `[i][j]` is `∂^{i+j}/∂ηⁱ∂τʲ`, up to total order 4.
fn negative_binomial(y: f64, eta: f64, tau: f64) -> [[f64; 5]; 5] {
    const BINOMIAL: [[f64; 5]; 5] = [
        [1.0, 0.0, 0.0, 0.0, 0.0],
        [1.0, 1.0, 0.0, 0.0, 0.0],
        [1.0, 2.0, 1.0, 0.0, 0.0],
        [1.0, 3.0, 3.0, 1.0, 0.0],
        [1.0, 4.0, 6.0, 4.0, 1.0],
    ];
    let theta = tau.exp();
    let mut f = [[0.0; 5]; 5];
    f[0][0] = y * (eta - tau) - ln_gamma(y + 1.0);
    f[1][0] = y;
    f[0][1] = -y;
    // Σ_{j<y} log(θ + j), whose j = 0 part is τ itself.
    if y > 0.0 {
        f[0][0] += tau;
        f[0][1] += 1.0;
    }
    let mut j = 1.0;
    while j < y {
        let log = f64::ln(j);
        let part = softplus(tau - log);
        f[0][0] += log + part[0];
        (1..5).for_each(|k| f[0][k] += part[k]);
        j += 1.0;
    }
    let s = softplus(eta - tau);
    let sign = |k: usize| if k.is_multiple_of(2) { 1.0 } else { -1.0 };
    for a in 0..5 {
        for b in 0..5 - a {
            let with_theta: f64 = (0..=b).map(|c| BINOMIAL[b][c] * sign(c) * s[a + c]).sum();
            f[a][b] -= y * sign(b) * s[a + b] + theta * with_theta;
        }
    }
    f
}

/// The rows of a count model: one bound per row, and τ as a threshold for the negative binomial.
fn count_rows(counts: &Counts, design: &[f64], n_coefficients: usize) -> IntervalRows {
    let lower = if counts.overdispersed { Bound::Threshold(0) } else { Bound::Open };
    IntervalRows {
        link: Link::Log,
        sign: 1.0,
        n_thresholds: usize::from(counts.overdispersed),
        n_coefficients,
        design: design.to_vec(),
        bounds: vec![(lower, Bound::Zero); counts.values.len()],
        counts: Some(counts.clone()),
    }
}

/// Fits counts to a full-rank `design` (row-major, one column per name in `terms`), with `random` intercepts where given.
///
/// # Errors
/// Counts that are negative or fractional, all zero, or a group of rows without any event (its rate has no logarithm);
/// for the negative binomial counts that vary no more than Poisson counts; what the mixed models refuse.
pub fn fit_counts(
    counts: &Counts,
    design: &[f64],
    terms: &[String],
    random: Option<&RandomIntercepts>,
) -> Result<GeneralisedFit, ModelError> {
    let wrong = counts.values.iter().find(|y| !y.is_finite() || **y < 0.0 || y.fract() != 0.0);
    if let Some(wrong) = wrong {
        return Err(ModelError::Unsupported { reason: note!(counts_whole, value = wrong) });
    }
    if counts.offset.len() != counts.values.len() {
        let (found, expected) = (counts.offset.len(), counts.values.len());
        return Err(ModelError::WrongLength { what: "the exposure".into(), found, expected });
    }
    if counts.values.iter().all(|y| *y == 0.0) {
        return Err(ModelError::ConstantOutcome { reason: note!(counts_zero, n = counts.values.len()) });
    }
    let answer = fit(counts, design, terms, random);
    if !counts.overdispersed {
        return answer;
    }
    let flat = || ModelError::NotEstimable { parameter: LOG_THETA.into(), reason: note!(counts_not_overdispersed) };
    match answer {
        Ok(fit) if fit.estimates.first().is_some_and(|tau| *tau > 14.0) => Err(flat()),
        Err(ModelError::Separated { parameter, .. } | ModelError::NotConverged { parameter, .. })
            if parameter.contains(LOG_THETA) =>
        {
            Err(flat())
        }
        answer => answer,
    }
}

fn fit(
    counts: &Counts,
    design: &[f64],
    terms: &[String],
    random: Option<&RandomIntercepts>,
) -> Result<GeneralisedFit, ModelError> {
    let poisson = Counts { overdispersed: false, ..counts.clone() };
    let rows = count_rows(&poisson, design, terms.len());
    check_rows(&rows, terms)?;
    let total: f64 = counts.values.iter().sum();
    let exposure: f64 = counts.offset.iter().map(|o| o.exp()).sum();
    let start = terms.iter().map(|term| if term == "(Intercept)" { (total / exposure).ln() } else { 0.0 }).collect();
    let mut maximum = maximise_fixed(&rows, terms, start)?;
    let (mut rows, mut names) = (rows, terms.to_vec());
    if counts.overdispersed {
        let tau = moment_theta(&rows, counts, &maximum.parameters).ln();
        rows = count_rows(counts, design, terms.len());
        names.insert(0, LOG_THETA.to_owned());
        let start = std::iter::once(tau).chain(maximum.parameters.iter().copied()).collect();
        maximum = maximise_fixed(&rows, &names, start)?;
    }
    let vcov = expected_vcov(&rows, counts, &maximum.parameters, &maximum.jet.full_hessian())
        .ok_or_else(|| not_converged(&maximum, &names))?;
    let fixed = GeneralisedFit {
        family: if counts.overdispersed { Family::NegativeBinomial } else { Family::Poisson },
        link: Link::Log,
        n_thresholds: rows.n_thresholds,
        vcov,
        random: Vec::new(),
        integration: None,
        log_lik: maximum.jet.value,
        n_parameters: names.len(),
        terms: names,
        n_obs: rows.len(),
        n_patients: rows.len(),
        singular: false,
        convergence: Convergence::from(&maximum),
        estimates: maximum.parameters,
        notes: crate::note::Notes::new(),
    };
    match random {
        None => Ok(fixed),
        Some(random) => fit_mixed(&rows, fixed, random),
    }
}

/// θ by moments of the Poisson fit: Σμ²/Σ((y − μ)² − μ); 100 where the counts vary less than that.
fn moment_theta(rows: &IntervalRows, counts: &Counts, parameters: &[f64]) -> f64 {
    let (mut squares, mut excess) = (0.0, 0.0);
    for (row, y) in counts.values.iter().enumerate() {
        let mean = rows.predictor(row, parameters).exp();
        squares += mean * mean;
        excess += (y - mean).powi(2) - mean;
    }
    if excess > 0.0 { (squares / excess).clamp(0.05, 100.0) } else { 100.0 }
}

/// Covariance of τ and β from the expected information, in which they are independent.
fn expected_vcov(rows: &IntervalRows, counts: &Counts, parameters: &[f64], hessian: &[f64]) -> Option<Vec<f64>> {
    let (before, p) = (rows.n_thresholds, rows.n_coefficients);
    let n = before + p;
    let theta = counts.overdispersed.then(|| parameters.first().map_or(1.0, |tau| tau.exp()));
    let mut information = DMatrix::zeros(p, p);
    for row in 0..rows.len() {
        let mean = rows.predictor(row, parameters).exp();
        let weight = theta.map_or(mean, |theta| mean / (1.0 + mean / theta));
        let x = rows.design_row(row);
        for (i, xi) in x.iter().enumerate() {
            for (j, xj) in x.iter().enumerate() {
                information[(i, j)] += weight * xi * xj;
            }
        }
    }
    let inverse = invert_positive(&information)?;
    let mut vcov = vec![0.0; n * n];
    if before == 1 {
        vcov[0] = -1.0 / hessian.first().copied().filter(|h| *h < 0.0)?;
    }
    for i in 0..p {
        for j in 0..p {
            vcov[(before + i) * n + before + j] = inverse[(i, j)];
        }
    }
    Some(vcov)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each derivative against a central difference of the one below it.
    #[test]
    fn derivatives_follow_from_the_value() {
        for (y, eta, tau) in [(0.0, 0.3, 0.7), (1.0, -0.4, 2.0), (5.0, 1.2, -0.5), (17.0, 2.9, 1.6)] {
            let exact = negative_binomial(y, eta, tau);
            let h = 1e-5;
            let (up, down) = (negative_binomial(y, eta + h, tau), negative_binomial(y, eta - h, tau));
            let (more, less) = (negative_binomial(y, eta, tau + h), negative_binomial(y, eta, tau - h));
            for n in 0..4 {
                for i in 0..=n {
                    let j = n - i;
                    let in_eta = (up[i][j] - down[i][j]) / (2.0 * h);
                    let in_tau = (more[i][j] - less[i][j]) / (2.0 * h);
                    assert!((in_eta - exact[i + 1][j]).abs() < 1e-6 * (1.0 + in_eta.abs()), "{y} {i} {j}");
                    assert!((in_tau - exact[i][j + 1]).abs() < 1e-6 * (1.0 + in_tau.abs()), "{y} {i} {j}");
                }
            }
        }
    }

    /// R 4.2.2: `dnbinom(5, size = exp(0.3), mu = exp(1.2), log = TRUE)`; a large θ is Poisson.
    #[test]
    fn as_dnbinom() {
        assert!((negative_binomial(5.0, 1.2, 0.3)[0][0] + 2.658_156_607_383_93).abs() < 1e-12);
        let poisson = 5.0 * 1.2 - 1.2_f64.exp() - ln_gamma(6.0);
        assert!((negative_binomial(5.0, 1.2, 25.0)[0][0] - poisson).abs() < 1e-9);
    }
}
