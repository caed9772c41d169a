//! What a logistic, cumulative-link or mixed generalised model answers, whatever its likelihood.

use super::error::ModelError;
use super::interval_outcome::IntervalRows;
use super::link::Link;
use super::maximise::{Limits, Maximum, inverse_information, maximise};
use crate::note;
use nalgebra::{DMatrix, SymmetricEigen};

/// The distribution of the outcome given the predictor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// A 0/1 outcome.
    Binomial,
    /// An ordered outcome with thresholds.
    Cumulative,
    /// A count whose variance is its mean.
    Poisson,
    /// A count with variance μ + μ²/θ.
    NegativeBinomial,
}

impl Family {
    /// The name on the command line: `binomial`, `cumulative`, `poisson`, `negative-binomial`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Binomial => "binomial",
            Self::Cumulative => "cumulative",
            Self::Poisson => "poisson",
            Self::NegativeBinomial => "negative-binomial",
        }
    }

    /// Whether the outcome is a count.
    pub fn is_count(self) -> bool {
        matches!(self, Self::Poisson | Self::NegativeBinomial)
    }

    /// The family called `name`, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Binomial, Self::Cumulative, Self::Poisson, Self::NegativeBinomial]
            .into_iter()
            .find(|family| family.name() == name)
    }
}

/// A random intercept of the fit.
#[derive(Debug, Clone, PartialEq)]
pub struct RandomIntercept {
    /// The grouping, for instance `usubjid` or `usubjid:knee`.
    pub group: String,
    /// Standard deviation on the scale of the linear predictor; 0 on the boundary.
    pub std_dev: f64,
    /// Number of groups.
    pub n_groups: usize,
    /// Conditional modes (predicted effects, `lme4::ranef`) in the order of the groups.
    pub modes: Vec<f64>,
}

/// How the iterations ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Convergence {
    /// Whether the maximum was reached.
    pub converged: bool,
    /// Newton steps.
    pub iterations: usize,
    /// Largest absolute component of the gradient of the log-likelihood.
    pub gradient_max: f64,
    /// Newton decrement: log-likelihood still to be gained, to second order.
    pub decrement: f64,
    /// Smallest eigenvalue of the observed information scaled to unit diagonal.
    pub min_eigenvalue: f64,
}

impl From<&Maximum> for Convergence {
    fn from(maximum: &Maximum) -> Self {
        Self {
            converged: maximum.converged,
            iterations: maximum.iterations,
            gradient_max: maximum.gradient_max,
            decrement: maximum.decrement,
            min_eigenvalue: maximum.min_eigenvalue,
        }
    }
}

/// A fitted generalised model.
#[derive(Debug, Clone, PartialEq)]
pub struct GeneralisedFit {
    /// Distribution of the outcome.
    pub family: Family,
    /// Link function.
    pub link: Link,
    /// Names of the thresholds (`0|1`, …) and coefficients, in this order.
    pub terms: Vec<String>,
    /// How many of `terms` are thresholds.
    pub n_thresholds: usize,
    /// Estimates, as `terms`.
    pub estimates: Vec<f64>,
    /// Covariance matrix of the estimates, row-major.
    pub vcov: Vec<f64>,
    /// Random intercepts; empty without random terms.
    pub random: Vec<RandomIntercept>,
    /// How the random effects were integrated out: `Laplace`, `adaptive Gauss–Hermite, N points`; `None` without them.
    pub integration: Option<String>,
    /// Maximised log-likelihood (of the approximation named in `integration`).
    pub log_lik: f64,
    /// Parameters that count in AIC and BIC: thresholds, coefficients and standard deviations, also those at 0.
    pub n_parameters: usize,
    /// Rows.
    pub n_obs: usize,
    /// Independent units.
    pub n_patients: usize,
    /// Whether a variance is estimated at its boundary, 0.
    pub singular: bool,
    /// How the iterations ended.
    pub convergence: Convergence,
    /// Choices made and what the reader should know.
    pub notes: crate::note::Notes,
}

impl GeneralisedFit {
    /// θ of a negative binomial model: variance μ + μ²/θ.
    pub fn dispersion(&self) -> Option<f64> {
        self.estimates.first().filter(|_| self.family == Family::NegativeBinomial).map(|tau| tau.exp())
    }

    /// Standard errors of the estimates.
    pub fn std_errors(&self) -> Vec<f64> {
        let n = self.terms.len();
        (0..n).map(|i| self.vcov.get(i * n + i).copied().unwrap_or(0.0).max(0.0).sqrt()).collect()
    }

    /// Estimate of the coefficient called `term`.
    pub fn estimate(&self, term: &str) -> Option<f64> {
        self.terms.iter().position(|name| name == term).and_then(|index| self.estimates.get(index)).copied()
    }

    /// `−2 log-likelihood + penalty · parameters`.
    pub fn information_criterion(&self, penalty: f64) -> f64 {
        -2.0 * self.log_lik + penalty * self.n_parameters as f64
    }

    /// Intraclass correlation on the latent scale: entry k is the share of the first k + 1 random intercepts in the
    /// total of all random variances and the latent variance (Goldstein, Browne & Rasbash 2002). For patient and
    /// knee-in-patient intercepts, the first entry is the correlation between the two knees of a patient. Empty for counts.
    pub fn latent_icc(&self) -> Vec<f64> {
        if self.family.is_count() {
            return Vec::new();
        }
        let total = self.link.latent_variance() + self.random.iter().map(|term| term.std_dev.powi(2)).sum::<f64>();
        let mut share = 0.0;
        self.random
            .iter()
            .map(|term| {
                share += term.std_dev.powi(2);
                share / total
            })
            .collect()
    }
}

/// Names of the parameters of `rows`, checked against its sizes.
pub(super) fn check_rows(rows: &IntervalRows, terms: &[String]) -> Result<(), ModelError> {
    if rows.is_empty() {
        return Err(ModelError::NoData { variables: terms.join(", ") });
    }
    if rows.design.len() != rows.len() * rows.n_coefficients {
        return Err(ModelError::WrongLength {
            what: "the design matrix".into(),
            found: rows.design.len(),
            expected: rows.len() * rows.n_coefficients,
        });
    }
    if terms.len() != rows.n_fixed() {
        return Err(ModelError::WrongLength { what: "the names".into(), found: terms.len(), expected: rows.n_fixed() });
    }
    if rows.len() < rows.n_fixed() {
        return Err(ModelError::TooFewObservations { n_obs: rows.len(), n_coefficients: rows.n_fixed() });
    }
    if rows.design.iter().any(|x| !x.is_finite()) {
        return Err(ModelError::Unsupported { reason: note!(fit_finite) });
    }
    Ok(())
}

/// Maximum-likelihood fit of `rows` without random terms, from `start`.
///
/// Fails where no maximum exists: aliased columns, and separation (a combination of covariates that predicts the
/// outcome perfectly, so that the likelihood rises for ever; Albert & Anderson 1984).
pub(super) fn maximise_fixed(rows: &IntervalRows, terms: &[String], start: Vec<f64>) -> Result<Maximum, ModelError> {
    if rows.n_fixed() == 0 {
        return Err(ModelError::Unsupported { reason: note!(fit_coefficient) });
    }
    let maximum = maximise(start, Limits::default(), |parameters| rows.log_likelihood(parameters))
        .ok_or_else(|| ModelError::Unsupported { reason: note!(fit_start) })?;
    if let Some(direction) = flat_direction(rows, &maximum) {
        let named: Vec<&str> = direction.iter().filter_map(|&i| terms.get(i)).map(String::as_str).collect();
        return Err(ModelError::Separated { parameter: named.join("`, `"), reason: note!(separated_terms) });
    }
    if !maximum.converged {
        return Err(not_converged(&maximum, terms));
    }
    Ok(maximum)
}

/// The error for iterations that did not reach a maximum, naming the parameter with the largest gradient.
pub(super) fn not_converged(maximum: &Maximum, terms: &[String]) -> ModelError {
    let worst = maximum.jet.gradient.iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
    let index = worst.map_or(0, |(index, _)| index);
    let n = maximum.jet.len();
    ModelError::NotConverged {
        iterations: maximum.iterations,
        gradient: maximum.gradient_max,
        parameter: terms.get(index).cloned().unwrap_or_else(|| "standard deviation".into()),
        curvature: maximum.jet.full_hessian().get(index * n + index).copied().unwrap_or(0.0),
    }
}

/// The terms along which the likelihood is flat: with every column scaled to unit root mean square, a direction whose
/// information is below 1e-6 — less than a millionth of one observation — is a likelihood that has run to infinity.
fn flat_direction(rows: &IntervalRows, maximum: &Maximum) -> Option<Vec<usize>> {
    let n = rows.n_fixed();
    let count = rows.len() as f64;
    let scale: Vec<f64> = (0..n)
        .map(|i| match i.checked_sub(rows.n_thresholds) {
            None => 1.0,
            Some(column) => {
                let square: f64 =
                    rows.design.iter().skip(column).step_by(rows.n_coefficients.max(1)).map(|x| x * x).sum();
                if square > 0.0 { (square / count).sqrt() } else { 1.0 }
            }
        })
        .collect();
    let hessian = maximum.jet.full_hessian();
    let information = DMatrix::from_fn(n, n, |i, j| -hessian[i * n + j] / (scale[i] * scale[j]));
    let eigen = SymmetricEigen::new(information);
    let (index, smallest) = eigen.eigenvalues.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1))?;
    if *smallest > 1e-6 {
        return None;
    }
    let vector = eigen.eigenvectors.column(index);
    let largest = vector.amax();
    Some((0..n).filter(|&i| vector[i].abs() > 0.3 * largest).collect())
}

/// Covariance of the first `n_fixed` parameters from the observed information at a maximum.
pub(super) fn observed_vcov(maximum: &Maximum, n_fixed: usize, terms: &[String]) -> Result<Vec<f64>, ModelError> {
    let inverse = inverse_information(&maximum.jet).ok_or_else(|| not_converged(maximum, terms))?;
    Ok(leading_block(&inverse, n_fixed))
}

/// The leading `n × n` block, row-major.
pub(super) fn leading_block(matrix: &DMatrix<f64>, n: usize) -> Vec<f64> {
    (0..n).flat_map(|i| (0..n).map(move |j| (i, j))).map(|(i, j)| matrix[(i, j)]).collect()
}
