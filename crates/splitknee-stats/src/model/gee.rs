//! Generalised estimating equations: marginal logistic or linear models for rows that are correlated within a patient.
//!
//! The model is `g(E y) = xᵀβ` with working covariance `φ A^{1/2} R(α) A^{1/2}` within a patient (Liang & Zeger 1986);
//! `β` solves `Σ DᵢᵀVᵢ⁻¹(yᵢ − μᵢ) = 0`. Packages differ in how they estimate the scale φ and the correlation α:
//!
//! - [`GeeConvention::Geepack`] (default; R's `geepack`): no correction for the number of coefficients p. φ is the mean
//!   squared Pearson residual; α solves `Σ (∂ρ/∂α)(r_j r_k/φ − ρ_jk) = 0` over *all* pairs of rows of a patient.
//! - [`GeeConvention::LiangZeger`] (R's `gee`, SAS GENMOD, statsmodels): φ is divided by n − p, and α by the number of
//!   pairs − p; AR(1) uses neighbouring pairs only.
//!
//! The covariance is the sandwich estimator, or its correction for few patients by Mancl & DeRouen (2001), which
//! multiplies a patient's residuals by `(I − Hᵢ)⁻¹`, `Hᵢ = Dᵢ(ΣDᵀV⁻¹D)⁻¹DᵢᵀVᵢ⁻¹`.

use super::counts::{Counts, fit_counts};
use super::dense::{column, invert_positive, without_leverage};
use super::error::ModelError;
use super::glm::fit_binary;
use super::inference::check_conf_level;
use super::link::Link;
use crate::note;
use crate::note::{Note, Notes, Value};
use nalgebra::{DMatrix, DVector};

/// Distribution of the outcome, which fixes link and variance function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeeFamily {
    /// 0/1 with logit link and variance μ(1 − μ).
    Binomial,
    /// Identity link and constant variance.
    Gaussian,
    /// A count with log link and variance μ.
    Poisson,
    /// A count with log link and variance μ + μ²/θ.
    NegativeBinomial,
}

/// Working correlation within a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WorkingCorrelation {
    /// Every pair of rows has the same correlation.
    #[default]
    Exchangeable,
    /// No correlation.
    Independence,
    /// `α^{|j − k|}` in the order in which a patient's rows stand in the data.
    Ar1,
}

/// Which package's moment estimators of scale and correlation are used; see the module's introduction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GeeConvention {
    /// As `geepack::geeglm`.
    #[default]
    Geepack,
    /// As `geepack::geeglm(scale.fix = TRUE)`, which keeps the scale of the independence fit.
    GeepackFixedScale,
    /// As `gee::gee`, SAS PROC GENMOD and statsmodels.
    LiangZeger,
}

/// The robust covariance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GeeCovariance {
    /// The sandwich estimator of Liang & Zeger (1986).
    #[default]
    Classical,
    /// Corrected for few patients (Mancl & DeRouen 2001).
    ManclDeRouen,
}

/// How to solve the equations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GeeOptions {
    /// Distribution of the outcome.
    pub family: GeeFamily,
    /// Working correlation.
    pub correlation: WorkingCorrelation,
    /// Robust covariance.
    pub covariance: GeeCovariance,
    /// Moment estimators.
    pub convention: GeeConvention,
    /// Confidence level of the intervals.
    pub conf_level: f64,
    /// θ of the negative binomial variance μ + μ²/θ; `None`: that of the independence fit.
    pub dispersion: Option<f64>,
}

impl GeeOptions {
    /// The defaults for a family: exchangeable, classical sandwich, geepack's estimators, 95 % intervals.
    pub fn new(family: GeeFamily) -> Self {
        Self {
            family,
            correlation: WorkingCorrelation::default(),
            covariance: GeeCovariance::default(),
            convention: GeeConvention::default(),
            conf_level: 0.95,
            dispersion: None,
        }
    }
}

impl GeeFamily {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Binomial => "binomial",
            Self::Gaussian => "gaussian",
            Self::Poisson => "poisson",
            Self::NegativeBinomial => "negative-binomial",
        }
    }

    /// The family called `name`, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Binomial, Self::Gaussian, Self::Poisson, Self::NegativeBinomial]
            .into_iter()
            .find(|family| family.name() == name)
    }

    /// Whether the outcome is a count.
    pub fn is_count(self) -> bool {
        matches!(self, Self::Poisson | Self::NegativeBinomial)
    }

    /// Mean, derivative of the mean in the predictor, and variance function.
    fn moments(self, eta: f64, theta: Option<f64>) -> (f64, f64, f64) {
        match self {
            Self::Poisson | Self::NegativeBinomial => {
                let mean = eta.exp();
                (mean, mean, mean + theta.map_or(0.0, |theta| mean * mean / theta))
            }
            Self::Binomial => {
                let mean = Link::Logit.cdf(eta);
                let variance = Link::Logit.density(eta);
                (mean, variance, variance)
            }
            Self::Gaussian => (eta, 1.0, 1.0),
        }
    }
}

impl WorkingCorrelation {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exchangeable => "exchangeable",
            Self::Independence => "independence",
            Self::Ar1 => "ar1",
        }
    }

    /// The structure called `name`, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Exchangeable, Self::Independence, Self::Ar1].into_iter().find(|structure| structure.name() == name)
    }
}

impl GeeCovariance {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Classical => "classical",
            Self::ManclDeRouen => "mancl-derouen",
        }
    }

    /// The estimator called `name`, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Classical, Self::ManclDeRouen].into_iter().find(|estimator| estimator.name() == name)
    }
}

/// The solution of the estimating equations.
#[derive(Debug, Clone, PartialEq)]
pub struct GeeFit {
    /// Names of the coefficients.
    pub terms: Vec<String>,
    /// Their estimates.
    pub estimates: Vec<f64>,
    /// Robust covariance, row-major.
    pub vcov: Vec<f64>,
    /// Model-based covariance `φ(ΣDᵀA^{-1/2}R⁻¹A^{-1/2}D)⁻¹`, row-major.
    pub vcov_naive: Vec<f64>,
    /// Working correlation parameter; `None` under independence.
    pub alpha: Option<f64>,
    /// Scale φ.
    pub scale: f64,
    /// θ of a negative binomial variance.
    pub dispersion: Option<f64>,
    /// Rows.
    pub n_obs: usize,
    /// Patients.
    pub n_patients: usize,
    /// Rows of the patient with most rows.
    pub max_cluster: usize,
    /// Iterations.
    pub iterations: usize,
    /// Choices made and what the reader should know.
    pub notes: crate::note::Notes,
}

/// One patient's rows.
struct Cluster {
    rows: Vec<usize>,
}

/// Residuals and derivatives of a patient's rows, all divided by the root of the variance function.
struct Scaled {
    derivative: DMatrix<f64>,
    residual: DVector<f64>,
}

struct Problem<'a> {
    outcome: Vec<f64>,
    design: &'a [f64],
    n_coefficients: usize,
    clusters: Vec<Cluster>,
    options: &'a GeeOptions,
    /// Added to the predictor of every row; empty for none.
    offset: &'a [f64],
    theta: Option<f64>,
}

impl Problem<'_> {
    fn scaled(&self, cluster: &Cluster, beta: &DVector<f64>) -> Scaled {
        let p = self.n_coefficients;
        let mut derivative = DMatrix::zeros(cluster.rows.len(), p);
        let mut residual = DVector::zeros(cluster.rows.len());
        for (place, &row) in cluster.rows.iter().enumerate() {
            let x = self.design.get(row * p..(row + 1) * p).unwrap_or(&[]);
            let offset = self.offset.get(row).copied().unwrap_or(0.0);
            let eta: f64 = offset + x.iter().zip(beta.iter()).map(|(x, b)| x * b).sum::<f64>();
            let (mean, slope, variance) = self.options.family.moments(eta, self.theta);
            let root = variance.max(f64::MIN_POSITIVE).sqrt();
            residual[place] = (self.outcome.get(row).copied().unwrap_or(mean) - mean) / root;
            for (slot, x) in derivative.row_mut(place).iter_mut().zip(x) {
                *slot = slope * x / root;
            }
        }
        Scaled { derivative, residual }
    }

    /// Whether the working correlation is positive definite for every patient.
    fn in_range(&self, alpha: f64) -> bool {
        let most = self.clusters.iter().map(|cluster| cluster.rows.len()).max().unwrap_or(1);
        match self.options.correlation {
            WorkingCorrelation::Independence => true,
            WorkingCorrelation::Exchangeable => alpha < 1.0 && 1.0 + (most as f64 - 1.0) * alpha > 0.0,
            WorkingCorrelation::Ar1 => alpha.abs() < 1.0,
        }
    }

    /// `R⁻¹ M` for the rows of one patient, in closed form: `R⁻¹ = (I − α/(1 + (m − 1)α) 11ᵀ)/(1 − α)` for exchangeable rows,
    /// tridiagonal for AR(1).
    fn unmix(&self, alpha: f64, matrix: &DMatrix<f64>) -> DMatrix<f64> {
        let size = matrix.nrows();
        match self.options.correlation {
            _ if size <= 1 => matrix.clone(),
            WorkingCorrelation::Independence => matrix.clone(),
            WorkingCorrelation::Exchangeable => {
                let share = alpha / (1.0 + (size as f64 - 1.0) * alpha);
                let sums = matrix.row_sum();
                DMatrix::from_fn(size, matrix.ncols(), |i, j| (matrix[(i, j)] - share * sums[j]) / (1.0 - alpha))
            }
            WorkingCorrelation::Ar1 => DMatrix::from_fn(size, matrix.ncols(), |i, j| {
                let ends = i == 0 || i + 1 == size;
                let own = if ends { 1.0 } else { 1.0 + alpha * alpha };
                let before = if i > 0 { matrix[(i - 1, j)] } else { 0.0 };
                let after = if i + 1 < size { matrix[(i + 1, j)] } else { 0.0 };
                (own * matrix[(i, j)] - alpha * (before + after)) / (1.0 - alpha * alpha)
            }),
        }
    }

    /// Scale from the squared residuals.
    fn scale(&self, squares: f64) -> f64 {
        let n = self.outcome.len() as f64;
        match self.options.convention {
            GeeConvention::Geepack | GeeConvention::GeepackFixedScale => squares / n,
            GeeConvention::LiangZeger => squares / (n - self.n_coefficients as f64),
        }
    }

    /// Pairs of rows that the correlation is estimated from.
    fn n_pairs(&self) -> f64 {
        let pairs = |cluster: &Cluster| {
            let m = cluster.rows.len() as f64;
            if self.neighbours_only() { m - 1.0 } else { 0.5 * m * (m - 1.0) }
        };
        self.clusters.iter().map(pairs).sum()
    }

    fn neighbours_only(&self) -> bool {
        self.options.correlation == WorkingCorrelation::Ar1 && self.options.convention == GeeConvention::LiangZeger
    }

    /// The next correlation parameter from scaled residuals per patient.
    fn alpha(&self, residuals: &[DVector<f64>], scale: f64, current: f64) -> f64 {
        if self.options.correlation == WorkingCorrelation::Ar1 && self.options.convention != GeeConvention::LiangZeger {
            return current + self.ar1_step(residuals, scale, current);
        }
        let products = |r: &DVector<f64>| {
            if self.neighbours_only() {
                r.iter().zip(r.iter().skip(1)).map(|(a, b)| a * b).sum::<f64>()
            } else {
                0.5 * (r.sum().powi(2) - r.norm_squared())
            }
        };
        let total = residuals.iter().map(products).sum::<f64>() / scale;
        match self.options.convention {
            GeeConvention::LiangZeger => total / (self.n_pairs() - self.n_coefficients as f64),
            GeeConvention::Geepack | GeeConvention::GeepackFixedScale => total / self.n_pairs(),
        }
    }

    /// geepack's Gauss–Newton step for AR(1): all pairs, weighted by `∂α^lag/∂α`.
    fn ar1_step(&self, residuals: &[DVector<f64>], scale: f64, current: f64) -> f64 {
        let power = |exponent: usize| current.powi(i32::try_from(exponent).unwrap_or(i32::MAX));
        let (mut gradient, mut curvature) = (0.0, 0.0);
        for residual in residuals {
            for (j, a) in residual.iter().enumerate() {
                for (lag, b) in residual.iter().skip(j).enumerate().skip(1) {
                    let slope = lag as f64 * power(lag - 1);
                    gradient += slope * (a * b / scale - power(lag));
                    curvature += slope * slope;
                }
            }
        }
        gradient / curvature
    }
}

/// Solves the estimating equations for `outcome` (0/1 for the binomial family) on a full-rank `design` (row-major, one
/// column per name in `terms`); `patient` numbers the patient of every row. A patient's rows need not stand together (R's
/// `geepack` would take them for several patients); only AR(1) depends on their order.
///
/// # Errors
/// A confidence level not between 0 and 1, sizes that do not match, fewer than two patients, a 0/1 outcome that is constant or separated, residuals that are all
/// zero, a working correlation that leaves the positive definite range, or no convergence.
pub fn fit_gee(
    outcome: &[f64],
    design: &[f64],
    terms: &[String],
    patient: &[usize],
    options: &GeeOptions,
) -> Result<GeeFit, ModelError> {
    fit_gee_with_offset(outcome, design, terms, patient, &[], options)
}

/// [`fit_gee`] with an `offset` (empty for none) on the predictor of every row: the logarithm of the exposure of a count.
///
/// # Errors
/// As [`fit_gee`]; counts that are negative or fractional.
pub fn fit_gee_with_offset(
    outcome: &[f64],
    design: &[f64],
    terms: &[String],
    patient: &[usize],
    offset: &[f64],
    options: &GeeOptions,
) -> Result<GeeFit, ModelError> {
    check_conf_level(options.conf_level)?;
    let (n, p) = (outcome.len(), terms.len());
    if patient.len() != n {
        return Err(ModelError::WrongLength { what: "the patient numbers".into(), found: patient.len(), expected: n });
    }
    if design.len() != n * p {
        return Err(ModelError::WrongLength { what: "the design matrix".into(), found: design.len(), expected: n * p });
    }
    if n <= p {
        return Err(ModelError::TooFewObservations { n_obs: n, n_coefficients: p });
    }
    let clusters = clusters(patient);
    if clusters.len() < 2 {
        return Err(gee_error(note!(gee_patients)));
    }
    let (outcome_of, theta) = (outcome.to_vec(), options.dispersion);
    let mut problem = Problem { outcome: outcome_of, design, n_coefficients: p, clusters, options, offset, theta };
    let (first, dispersion) = start(&problem, terms)?;
    problem.theta = dispersion;
    let mut beta = first.clone();
    if options.family == GeeFamily::Gaussian {
        // From here on the outcome is what least squares leaves, so that its location costs no digits.
        let fitted = |row: usize| design.iter().skip(row * p).zip(first.iter()).map(|(x, b)| x * b).sum::<f64>();
        problem.outcome.iter_mut().enumerate().for_each(|(row, y)| *y -= fitted(row));
        beta.fill(0.0);
    }
    let residuals = |beta: &DVector<f64>| -> Vec<DVector<f64>> {
        problem.clusters.iter().map(|cluster| problem.scaled(cluster, beta).residual).collect()
    };
    let squares = |residuals: &[DVector<f64>]| residuals.iter().map(DVector::norm_squared).sum::<f64>();
    let mut alpha = 0.0;
    let mut scale = problem.scale(squares(&residuals(&beta)));
    // Residuals that are only rounding error: relative to the outcome itself.
    let size: f64 = outcome.iter().map(|y| y * y).sum::<f64>() / n as f64;
    if !size.is_finite() {
        let largest = outcome.iter().fold(0.0_f64, |most, y| most.max(y.abs()));
        return Err(ModelError::Overflow { largest });
    }
    if scale <= 1e-26 * size || scale <= 0.0 {
        return Err(ModelError::NoVariation);
    }
    let estimates_alpha = options.correlation != WorkingCorrelation::Independence && problem.n_pairs() > 0.0;
    if estimates_alpha && options.convention == GeeConvention::LiangZeger && problem.n_pairs() <= p as f64 {
        return Err(gee_error(note!(gee_few_pairs, n = problem.n_pairs(), p = p)));
    }
    let mut iterations = 0;
    let bread = loop {
        let (information, score) = equations(&problem, &beta, alpha);
        let bread = invert_positive(&information).ok_or_else(|| diverged(iterations))?;
        let step = &bread * score;
        beta += &step;
        iterations += 1;
        let left = residuals(&beta);
        let next_scale = match options.convention {
            GeeConvention::GeepackFixedScale => scale,
            _ => problem.scale(squares(&left)),
        };
        let next_alpha = if estimates_alpha { problem.alpha(&left, next_scale, alpha) } else { 0.0 };
        if estimates_alpha && !problem.in_range(next_alpha) {
            return Err(out_of_range(next_alpha, options));
        }
        // Steps in units of the model-based standard error.
        let variances = bread.diagonal();
        let in_errors = step.iter().zip(variances.iter()).map(|(s, v)| s.abs() / (v * next_scale).sqrt());
        let moved = in_errors.fold((next_alpha - alpha).abs().max((next_scale / scale - 1.0).abs()), f64::max);
        (scale, alpha) = (next_scale, next_alpha);
        if !moved.is_finite() || iterations > 1000 {
            return Err(diverged(iterations));
        }
        if moved < 1e-12 {
            break bread;
        }
    };
    let vcov = sandwich(&problem, &beta, alpha, &bread)?;
    // Patients who agree in a coefficient to the last digit leave rounding noise for its variance.
    if (0..p).any(|j| vcov[(j, j)] <= NOISE * bread[(j, j)] * scale) {
        return Err(ModelError::NoVariation);
    }
    if options.family == GeeFamily::Gaussian {
        beta += first;
    }
    let row_major = |matrix: &DMatrix<f64>| matrix.transpose().as_slice().to_vec();
    let n_patients = problem.clusters.len();
    Ok(GeeFit {
        terms: terms.to_vec(),
        estimates: beta.iter().copied().collect(),
        vcov: row_major(&vcov),
        vcov_naive: row_major(&(&bread * scale)),
        alpha: estimates_alpha.then_some(alpha),
        scale,
        dispersion,
        n_obs: n,
        n_patients,
        max_cluster: problem.clusters.iter().map(|cluster| cluster.rows.len()).max().unwrap_or(0),
        iterations,
        notes: notes(&problem, p),
    })
}

/// The share of the model's variance that the robust one is taken for rounding noise below.
const NOISE: f64 = 1e-14;

fn clusters(patient: &[usize]) -> Vec<Cluster> {
    let mut place = std::collections::HashMap::new();
    let mut built: Vec<Cluster> = Vec::new();
    for (row, group) in patient.iter().enumerate() {
        let index = *place.entry(group).or_insert_with(|| {
            built.push(Cluster { rows: Vec::new() });
            built.len() - 1
        });
        if let Some(cluster) = built.get_mut(index) {
            cluster.rows.push(row);
        }
    }
    built
}

/// The fit under independence (logistic or count regression, least squares), with the dispersion of a negative binomial.
fn start(problem: &Problem<'_>, terms: &[String]) -> Result<(DVector<f64>, Option<f64>), ModelError> {
    let alone = |estimates: Vec<f64>| (DVector::from_vec(estimates), None);
    match problem.options.family {
        GeeFamily::Poisson | GeeFamily::NegativeBinomial => {
            let negative_binomial = problem.options.family == GeeFamily::NegativeBinomial;
            if let Some(theta) = problem.options.dispersion
                && !(theta.is_finite() && theta > 0.0)
            {
                return Err(gee_error(note!(gee_dispersion, theta = theta)));
            }
            let offset = match problem.offset {
                [] => vec![0.0; problem.outcome.len()],
                offset => offset.to_vec(),
            };
            let overdispersed = negative_binomial && problem.options.dispersion.is_none();
            let counts = Counts { values: problem.outcome.clone(), offset, overdispersed };
            let fit = fit_counts(&counts, problem.design, terms, None)?;
            let theta = if negative_binomial { problem.options.dispersion.or(fit.dispersion()) } else { None };
            Ok((DVector::from_vec(fit.estimates[fit.n_thresholds..].to_vec()), theta))
        }
        GeeFamily::Binomial => {
            if problem.outcome.iter().any(|y| *y != 0.0 && *y != 1.0) {
                return Err(gee_error(note!(gee_binary)));
            }
            let responders: Vec<bool> = problem.outcome.iter().map(|y| *y == 1.0).collect();
            Ok(alone(fit_binary(&responders, problem.design, terms, Link::Logit)?.estimates))
        }
        GeeFamily::Gaussian => {
            if problem.outcome.iter().any(|y| !y.is_finite()) {
                return Err(gee_error(note!(gee_finite)));
            }
            let x = DMatrix::from_row_slice(problem.outcome.len(), terms.len(), problem.design);
            let qr = x.qr();
            let right = qr.q().transpose() * DVector::from_column_slice(&problem.outcome);
            qr.r()
                .solve_upper_triangular(&right)
                .filter(|b| b.iter().all(|x| x.is_finite()))
                .map(|b| (b, None))
                .ok_or_else(|| gee_error(note!(gee_rank)))
        }
    }
}

/// `Σ DᵀR⁻¹D` and `Σ DᵀR⁻¹r` with scaled derivatives and residuals.
fn equations(problem: &Problem<'_>, beta: &DVector<f64>, alpha: f64) -> (DMatrix<f64>, DVector<f64>) {
    let p = problem.n_coefficients;
    let mut information = DMatrix::zeros(p, p);
    let mut score = DVector::zeros(p);
    for cluster in &problem.clusters {
        let Scaled { derivative, residual } = problem.scaled(cluster, beta);
        let weighted = problem.unmix(alpha, &derivative);
        information += derivative.transpose() * &weighted;
        score += weighted.transpose() * residual;
    }
    // Symmetric to the last bit.
    (0.5 * (&information + information.transpose()), score)
}

/// `B (Σ DᵀR⁻¹ r̃ r̃ᵀ R⁻¹D) B`, with `r̃` the residuals or their Mancl–DeRouen correction.
fn sandwich(
    problem: &Problem<'_>,
    beta: &DVector<f64>,
    alpha: f64,
    bread: &DMatrix<f64>,
) -> Result<DMatrix<f64>, ModelError> {
    let p = problem.n_coefficients;
    let mut meat = DMatrix::zeros(p, p);
    for cluster in &problem.clusters {
        let Scaled { derivative, residual } = problem.scaled(cluster, beta);
        let weighted = problem.unmix(alpha, &derivative);
        let residual = match problem.options.covariance {
            GeeCovariance::Classical => residual,
            GeeCovariance::ManclDeRouen => {
                let leverage = &derivative * bread * weighted.transpose();
                let solved = without_leverage(leverage, &column(&residual))
                    .ok_or_else(|| ModelError::Unsupported { reason: note!(gee_mancl) })?;
                solved.column(0).into_owned()
            }
        };
        let score = weighted.transpose() * residual;
        meat += &score * score.transpose();
    }
    Ok(bread * meat * bread)
}

pub(super) fn gee_error(reason: Note) -> ModelError {
    ModelError::Unsupported { reason }
}

fn out_of_range(alpha: f64, options: &GeeOptions) -> ModelError {
    gee_error(note!(
        gee_no_solution,
        correlation = options.correlation.name(),
        alpha = Value::shown(alpha, format!("{alpha:.3}"))
    ))
}

fn diverged(iterations: usize) -> ModelError {
    gee_error(note!(gee_diverged, n = iterations))
}

fn notes(problem: &Problem<'_>, p: usize) -> Notes {
    let (options, n_patients) = (problem.options, problem.clusters.len());
    let mut notes = Notes::new();
    notes.push(match options.convention {
        GeeConvention::Geepack => note!(gee_scale_r),
        GeeConvention::GeepackFixedScale => note!(gee_scale_fixed),
        GeeConvention::LiangZeger => note!(gee_scale),
    });
    notes.push(match options.covariance {
        GeeCovariance::Classical => {
            note!(gee_sandwich)
        }
        GeeCovariance::ManclDeRouen => {
            note!(gee_corrected)
        }
    });
    if options.family == GeeFamily::NegativeBinomial
        && options.dispersion.is_none()
        && let Some(theta) = problem.theta
    {
        let theta = crate::note::Value::shown(theta, format!("θ = {theta:.3}"));
        notes.push(note!(counts_gee_theta, theta = theta));
    }
    if options.correlation == WorkingCorrelation::Ar1 {
        notes.push(note!(gee_ar1));
    }
    if options.correlation != WorkingCorrelation::Independence && problem.n_pairs() == 0.0 {
        notes.push(note!(gee_single));
    }
    if n_patients <= p {
        notes.push(note!(gee_singular, n = n_patients, p = p));
    }
    notes
}
