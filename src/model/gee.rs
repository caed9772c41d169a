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

use super::dense::{column, invert_positive, without_leverage};
use super::error::ModelError;
use super::glm::fit_binary;
use super::link::Link;
use nalgebra::{DMatrix, DVector};

/// Distribution of the outcome, which fixes link and variance function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeeFamily {
    /// 0/1 with logit link and variance μ(1 − μ).
    Binomial,
    /// Identity link and constant variance.
    Gaussian,
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
        }
    }
}

impl GeeFamily {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Binomial => "binomial",
            Self::Gaussian => "gaussian",
        }
    }

    /// The family called `name`, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Binomial, Self::Gaussian].into_iter().find(|family| family.name() == name)
    }

    /// Mean, derivative of the mean in the predictor, and variance function.
    fn moments(self, eta: f64) -> (f64, f64, f64) {
        match self {
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

    fn at(self, alpha: f64, lag: usize) -> f64 {
        match self {
            _ if lag == 0 => 1.0,
            Self::Exchangeable => alpha,
            Self::Independence => 0.0,
            Self::Ar1 => alpha.powi(i32::try_from(lag).unwrap_or(i32::MAX)),
        }
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
    /// Rows.
    pub n_obs: usize,
    /// Patients.
    pub n_patients: usize,
    /// Rows of the patient with most rows.
    pub max_cluster: usize,
    /// Iterations.
    pub iterations: usize,
    /// Choices made and what the reader should know.
    pub notes: Vec<String>,
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
    outcome: &'a [f64],
    design: &'a [f64],
    n_coefficients: usize,
    clusters: Vec<Cluster>,
    options: &'a GeeOptions,
}

impl Problem<'_> {
    fn scaled(&self, cluster: &Cluster, beta: &DVector<f64>) -> Scaled {
        let p = self.n_coefficients;
        let mut derivative = DMatrix::zeros(cluster.rows.len(), p);
        let mut residual = DVector::zeros(cluster.rows.len());
        for (place, &row) in cluster.rows.iter().enumerate() {
            let x = self.design.get(row * p..(row + 1) * p).unwrap_or(&[]);
            let eta: f64 = x.iter().zip(beta.iter()).map(|(x, b)| x * b).sum();
            let (mean, slope, variance) = self.options.family.moments(eta);
            let root = variance.max(f64::MIN_POSITIVE).sqrt();
            residual[place] = (self.outcome.get(row).copied().unwrap_or(mean) - mean) / root;
            for (slot, x) in derivative.row_mut(place).iter_mut().zip(x) {
                *slot = slope * x / root;
            }
        }
        Scaled { derivative, residual }
    }

    /// Inverse of the working correlation of `size` rows; `None` if it is not positive definite.
    fn inverse_correlation(&self, alpha: f64, size: usize) -> Option<DMatrix<f64>> {
        let structure = self.options.correlation;
        DMatrix::from_fn(size, size, |j, k| structure.at(alpha, j.abs_diff(k)))
            .cholesky()
            .map(|factor| factor.inverse())
    }

    /// Inverse working correlations by number of rows.
    fn inverse_correlations(&self, alpha: f64) -> Option<Vec<DMatrix<f64>>> {
        let most = self.clusters.iter().map(|cluster| cluster.rows.len()).max().unwrap_or(0);
        (0..=most).map(|size| self.inverse_correlation(alpha, size)).collect()
    }

    /// Scale from the squared residuals.
    fn scale(&self, squares: f64) -> f64 {
        let n = self.outcome.len() as f64;
        match self.options.convention {
            GeeConvention::Geepack | GeeConvention::GeepackFixedScale => squares / n,
            GeeConvention::LiangZeger => squares / (n - self.n_coefficients as f64),
        }
    }

    /// The next correlation parameter from scaled residuals per patient.
    fn alpha(&self, residuals: &[DVector<f64>], scale: f64, current: f64) -> f64 {
        let neighbours_only =
            self.options.correlation == WorkingCorrelation::Ar1 && self.options.convention == GeeConvention::LiangZeger;
        let (mut products, mut gradient, mut curvature, mut pairs) = (0.0, 0.0, 0.0, 0.0);
        for residual in residuals {
            for j in 0..residual.len() {
                for k in j + 1..residual.len() {
                    let lag = k - j;
                    if neighbours_only && lag > 1 {
                        continue;
                    }
                    let product = residual[j] * residual[k] / scale;
                    let (expected, slope) = match self.options.correlation {
                        WorkingCorrelation::Ar1 if !neighbours_only => (
                            self.options.correlation.at(current, lag),
                            lag as f64 * self.options.correlation.at(current, lag - 1),
                        ),
                        _ => (current, 1.0),
                    };
                    products += product;
                    gradient += slope * (product - expected);
                    curvature += slope * slope;
                    pairs += 1.0;
                }
            }
        }
        match self.options.convention {
            _ if pairs == 0.0 => 0.0,
            GeeConvention::LiangZeger => products / (pairs - self.n_coefficients as f64),
            GeeConvention::Geepack | GeeConvention::GeepackFixedScale => current + gradient / curvature,
        }
    }
}

/// Solves the estimating equations for `outcome` (0/1 for the binomial family) on a full-rank `design` (row-major, one
/// column per name in `terms`); `patient` numbers the patient of every row.
///
/// # Errors
/// Sizes that do not match, fewer than two patients, a 0/1 outcome that is constant or separated, residuals that are all
/// zero, a working correlation that leaves the positive definite range, or no convergence.
pub fn fit_gee(
    outcome: &[f64],
    design: &[f64],
    terms: &[String],
    patient: &[usize],
    options: &GeeOptions,
) -> Result<GeeFit, ModelError> {
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
        return Err(gee_error("needs at least two patients".into()));
    }
    let problem = Problem { outcome, design, n_coefficients: p, clusters, options };
    let mut beta = start(&problem, terms)?;
    let mut alpha = 0.0;
    let squares = |beta: &DVector<f64>| -> (Vec<DVector<f64>>, f64) {
        let residuals: Vec<DVector<f64>> =
            problem.clusters.iter().map(|cluster| problem.scaled(cluster, beta).residual).collect();
        let total = residuals.iter().map(DVector::norm_squared).sum();
        (residuals, total)
    };
    let mut scale = problem.scale(squares(&beta).1);
    // Residuals that are only rounding error: relative to the outcome itself.
    let size: f64 = outcome.iter().map(|y| y * y).sum::<f64>() / n as f64;
    if scale <= 1e-24 * size {
        return Err(ModelError::NoVariation);
    }
    let mut iterations = 0;
    loop {
        iterations += 1;
        let inverses = problem.inverse_correlations(alpha).ok_or_else(|| out_of_range(alpha, options))?;
        let (information, score) = equations(&problem, &beta, &inverses);
        let step = invert_positive(&information).ok_or_else(|| diverged(iterations, terms))? * score;
        beta += &step;
        let (residuals, total) = squares(&beta);
        let next_scale =
            if options.convention == GeeConvention::GeepackFixedScale { scale } else { problem.scale(total) };
        let next_alpha = match options.correlation {
            WorkingCorrelation::Independence => 0.0,
            _ => problem.alpha(&residuals, next_scale, alpha),
        };
        let moved = step.iter().zip(beta.iter()).map(|(s, b)| s.abs() / (1.0 + b.abs())).fold(0.0, f64::max);
        let moved = moved.max((next_alpha - alpha).abs()).max((next_scale / scale - 1.0).abs());
        (scale, alpha) = (next_scale, next_alpha);
        if !moved.is_finite() || iterations > 1000 {
            return Err(diverged(iterations, terms));
        }
        if moved < 1e-13 {
            break;
        }
    }
    let inverses = problem.inverse_correlations(alpha).ok_or_else(|| out_of_range(alpha, options))?;
    let (information, _) = equations(&problem, &beta, &inverses);
    let bread = invert_positive(&information).ok_or_else(|| diverged(iterations, terms))?;
    let vcov = sandwich(&problem, &beta, &inverses, &bread)?;
    let row_major = |matrix: &DMatrix<f64>| matrix.transpose().as_slice().to_vec();
    let n_patients = problem.clusters.len();
    Ok(GeeFit {
        terms: terms.to_vec(),
        estimates: beta.iter().copied().collect(),
        vcov: row_major(&vcov),
        vcov_naive: row_major(&(&bread * scale)),
        alpha: (options.correlation != WorkingCorrelation::Independence).then_some(alpha),
        scale,
        n_obs: n,
        n_patients,
        max_cluster: problem.clusters.iter().map(|cluster| cluster.rows.len()).max().unwrap_or(0),
        iterations,
        notes: notes(options, n_patients, p),
    })
}

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

/// The fit under independence: logistic regression or least squares.
fn start(problem: &Problem<'_>, terms: &[String]) -> Result<DVector<f64>, ModelError> {
    match problem.options.family {
        GeeFamily::Binomial => {
            if problem.outcome.iter().any(|y| *y != 0.0 && *y != 1.0) {
                return Err(gee_error("of the binomial family needs an outcome of 0 and 1".into()));
            }
            let responders: Vec<bool> = problem.outcome.iter().map(|y| *y == 1.0).collect();
            Ok(DVector::from_vec(fit_binary(&responders, problem.design, terms, Link::Logit)?.estimates))
        }
        GeeFamily::Gaussian => {
            if problem.outcome.iter().any(|y| !y.is_finite()) {
                return Err(gee_error("needs finite outcomes".into()));
            }
            let x = DMatrix::from_row_slice(problem.outcome.len(), terms.len(), problem.design);
            let qr = x.qr();
            let right = qr.q().transpose() * DVector::from_column_slice(problem.outcome);
            qr.r()
                .solve_upper_triangular(&right)
                .filter(|b| b.iter().all(|x| x.is_finite()))
                .ok_or_else(|| gee_error("needs a design matrix of full rank".into()))
        }
    }
}

/// `Σ DᵀR⁻¹D` and `Σ DᵀR⁻¹r` with scaled derivatives and residuals.
fn equations(problem: &Problem<'_>, beta: &DVector<f64>, inverses: &[DMatrix<f64>]) -> (DMatrix<f64>, DVector<f64>) {
    let p = problem.n_coefficients;
    let mut information = DMatrix::zeros(p, p);
    let mut score = DVector::zeros(p);
    for cluster in &problem.clusters {
        let Some(inverse) = inverses.get(cluster.rows.len()) else { continue };
        let Scaled { derivative, residual } = problem.scaled(cluster, beta);
        let weighted = inverse * &derivative;
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
    inverses: &[DMatrix<f64>],
    bread: &DMatrix<f64>,
) -> Result<DMatrix<f64>, ModelError> {
    let p = problem.n_coefficients;
    let mut meat = DMatrix::zeros(p, p);
    for cluster in &problem.clusters {
        let Some(inverse) = inverses.get(cluster.rows.len()) else { continue };
        let Scaled { derivative, residual } = problem.scaled(cluster, beta);
        let weighted = inverse * &derivative;
        let residual = match problem.options.covariance {
            GeeCovariance::Classical => residual,
            GeeCovariance::ManclDeRouen => {
                let leverage = &derivative * bread * weighted.transpose();
                let solved = without_leverage(leverage, &column(&residual)).ok_or_else(|| ModelError::Unsupported {
                    method: "the Mancl–DeRouen covariance".into(),
                    reason: "does not exist: one patient alone determines a coefficient".into(),
                })?;
                solved.column(0).into_owned()
            }
        };
        let score = weighted.transpose() * residual;
        meat += &score * score.transpose();
    }
    Ok(bread * meat * bread)
}

pub(super) fn gee_error(reason: String) -> ModelError {
    ModelError::Unsupported { method: "generalised estimating equations".into(), reason }
}

fn out_of_range(alpha: f64, options: &GeeOptions) -> ModelError {
    gee_error(format!(
        "have no solution here: the {} working correlation reached α = {alpha:.3}, which is no correlation matrix for \
         the largest patient; use independence",
        options.correlation.name()
    ))
}

fn diverged(iterations: usize, terms: &[String]) -> ModelError {
    ModelError::NotConverged {
        iterations,
        gradient: f64::INFINITY,
        parameter: terms.first().cloned().unwrap_or_default(),
        curvature: 0.0,
    }
}

fn notes(options: &GeeOptions, n_patients: usize, p: usize) -> Vec<String> {
    let mut notes = vec![
        match options.convention {
            GeeConvention::Geepack => {
                "scale and correlation by R's geepack: no correction for the number of coefficients"
            }
            GeeConvention::GeepackFixedScale => "scale kept at that of the independence fit, as geepack's scale.fix",
            GeeConvention::LiangZeger => {
                "scale and correlation by Liang & Zeger with n − p (R's gee, SAS PROC GENMOD, statsmodels)"
            }
        }
        .to_owned(),
    ];
    notes.push(match options.covariance {
        GeeCovariance::Classical => {
            "robust standard errors: sandwich estimator, too small with few patients".to_owned()
        }
        GeeCovariance::ManclDeRouen => {
            "robust standard errors corrected for few patients (Mancl & DeRouen 2001)".to_owned()
        }
    });
    if options.correlation == WorkingCorrelation::Ar1 {
        notes.push("AR(1) takes the rows of a patient as neighbours in the order of the data".to_owned());
    }
    if n_patients <= p {
        notes.push(format!("{n_patients} patients for {p} coefficients: the robust covariance matrix is singular"));
    }
    notes
}
