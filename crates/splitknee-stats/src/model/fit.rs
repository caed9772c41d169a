//! Fitting: standardise, start, minimise −ℓ by trust-region Newton, settle the boundary, certify.
//!
//! The outcome is replaced by its least-squares residual divided by its standard deviation and the design by an
//! orthonormal basis, so that scale and location of the data do not matter; results are carried back exactly.

use super::certificate::{Certificate, certify};
use super::data::Columns;
use super::design::{Design, Grouping, Input, ModelFrame};
use super::error::ModelError;
use super::formula::Formula;
use super::layout::{Layout, TermKind};
use super::likelihood::{Evaluation, Problem};
use super::search::search;
use crate::math::linalg::{dot, invert_lower, multiply, transpose};
use crate::math::trust_region::Derivatives;
use crate::note;

/// Restricted or full maximum likelihood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// Restricted maximum likelihood.
    #[default]
    Reml,
    /// Maximum likelihood.
    Ml,
}

impl Method {
    /// `REML` or `ML`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reml => "REML",
            Self::Ml => "ML",
        }
    }
}

/// How to fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FitOptions {
    /// REML or ML.
    pub method: Method,
    /// Most evaluations of the likelihood.
    pub max_evaluations: usize,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self { method: Method::Reml, max_evaluations: 300 }
    }
}

/// A fitted mixed model.
#[derive(Debug)]
pub struct Fit {
    /// The analysed rows and variables.
    pub frame: ModelFrame,
    /// The design matrix of the fixed effects.
    pub design: Design,
    /// The estimation method.
    pub method: Method,
    /// How good the optimum is.
    pub certificate: Certificate,
    /// What the reader should know about the fit.
    pub notes: crate::note::Notes,
    pub(crate) problem: Problem,
    pub(crate) patients: Vec<Vec<usize>>,
    pub(crate) pattern_of: Vec<usize>,
    pub(crate) unit_name: String,
    pub(crate) unit_labels: Vec<String>,
    pub(crate) groups: Vec<(String, usize)>,
    /// Covariance parameters in SAS's order and meaning, for the standardised outcome.
    pub(crate) theta: Vec<f64>,
    pub(crate) psi: Vec<f64>,
    pub(crate) at: Evaluation,
    /// ∂θ/∂ψ.
    pub(crate) jacobian: Vec<f64>,
    /// ∂²(−ℓ)/∂ψ∂ψ'.
    pub(crate) hessian_psi: Vec<f64>,
    /// Standard deviation by which the outcome was divided.
    pub(crate) scale: f64,
    pub(crate) beta: Vec<f64>,
    /// A with Cov(β̂) = scale² A A' (unadjusted): contrasts c become A'c.
    pub(crate) a: Vec<f64>,
    pub(crate) log_lik: f64,
    /// Whether a variance component is on its boundary.
    pub(crate) singular: bool,
    /// Units of the table without an analysed row.
    pub(crate) n_patients_without_rows: usize,
}

/// Fits a linear mixed model.
///
/// ```
/// use splitknee_stats::model::{Columns, FitOptions, Formula, fit};
/// let mut table = Columns::new();
/// table.add_numeric("y", vec![1.0, 2.5, 2.0, 3.0, 0.5, 1.0, 4.0, 5.5]).unwrap();
/// table.add_categorical("arm", ["A", "B", "A", "B", "A", "B", "A", "B"].map(Some)).unwrap();
/// table.add_categorical("id", ["1", "1", "2", "2", "3", "3", "4", "4"].map(Some)).unwrap();
/// let model = fit(&table, &Formula::parse("y ~ arm + (1|id)").unwrap(), &FitOptions::default()).unwrap();
/// assert!((model.coefficient_estimates()[1] - 1.125).abs() < 1e-9);
/// ```
///
/// # Errors
/// Columns that are absent, of the wrong kind or without complete rows; groupings that do not nest or repeat a cell; an
/// outcome without variation or with too few rows; covariances that the data cannot tell apart
/// ([`ModelError::NotEstimable`], [`ModelError::Confounded`], [`ModelError::Unbounded`]); no convergence.
pub fn fit(data: &Columns, formula: &Formula, options: &FitOptions) -> Result<Fit, ModelError> {
    let frame = ModelFrame::build(data, formula)?;
    let design = Design::build(&frame)?;
    let mut model = fit_frame(frame, design, options)?;
    model.n_patients_without_rows = units_without_rows(data, &model)?;
    Ok(model)
}

/// How many independent units of the table have no analysed row.
fn units_without_rows(data: &Columns, model: &Fit) -> Result<usize, ModelError> {
    if model.frame.n_dropped == 0 || model.groups.is_empty() {
        return Ok(0);
    }
    let columns: Vec<String> = model.unit_name.split(':').map(str::to_owned).collect();
    if columns.iter().any(|c| !data.contains(c)) {
        return Ok(0);
    }
    let named: Vec<usize> = (0..data.n_rows())
        .filter(|&r| columns.iter().all(|c| data.column(c).is_ok_and(|column| !column.is_missing(r))))
        .collect();
    let mut units = Columns::new();
    for name in &columns {
        units.add(name, data.column(name)?.clone())?;
    }
    let all = Grouping::build(&units.select_rows(&named), &columns)?;
    Ok(all.n_groups().saturating_sub(model.patients.len()))
}

/// Fits the model of a frame whose design is already built.
pub(crate) fn fit_frame(frame: ModelFrame, design: Design, options: &FitOptions) -> Result<Fit, ModelError> {
    let (n, p) = (design.n_rows, design.n_columns());
    if n <= p {
        return Err(ModelError::TooFewObservations { n_obs: n, n_coefficients: p });
    }
    let y = frame.numeric_response()?;
    let basis = Standardised::build(&design, y)?;
    let mut layout = Layout::build(&frame)?;
    if let ([_], false) = (layout.patients.as_slice(), layout.groups.is_empty()) {
        let label = layout.unit.labels.first().cloned().unwrap_or_default();
        return Err(ModelError::OneUnit { unit: layout.unit.name.clone(), label, n_obs: n });
    }
    let width = p + 1;
    let mut patterns = layout.patterns(&basis.rows, width);
    for pattern in &mut patterns {
        for row in pattern.units.chunks_exact_mut(width) {
            let q = multiply(&row[..p], &basis.to_orthonormal, 1, p, p);
            row[..p].copy_from_slice(&q);
        }
    }
    let reml = options.method == Method::Reml;
    let patients = std::mem::take(&mut layout.patients);
    let pattern_of = std::mem::take(&mut layout.pattern_of);
    let groups = std::mem::take(&mut layout.groups);
    let (unit_name, unit_labels) = (layout.unit.name.clone(), std::mem::take(&mut layout.unit.labels));
    let problem = Problem::new(layout, patterns, p, reml);
    let mut notes = crate::note::Notes::new();
    if frame.formula.random.is_empty() && frame.formula.covariance.is_empty() {
        notes.push(note!(rows_independent));
    }
    if !design.aliased.is_empty() {
        notes.push(note!(dropped_columns, columns = design.aliased.join(", ")));
    }
    notes.extend(remarks(&frame, &problem, patients.len()));
    let found = search(&problem, options)?;
    let (minimum, free) = (found.minimum, found.free);
    let singular = free.iter().any(|f| !f);
    let psi = minimum.x.clone();
    let theta = problem.natural(&psi);
    let at = problem.evaluate(&theta).ok_or_else(|| ModelError::NotPositiveDefinite { matrix: note!(v_optimum) })?;
    let jacobian = problem.jacobian(&psi);
    let hessian_psi = problem.hessian_psi(&psi, &jacobian, &at);
    let certificate = certify(&problem, &psi, &theta, &hessian_psi, &free, &minimum, &found.tried)?;
    notes.extend(certificate.search_notes());
    if let Some(words) = certificate.boundary_words() {
        notes.push(words);
    }
    let a = multiply(&basis.to_orthonormal, &at.f, p, p, p);
    let shift = multiply(&basis.to_orthonormal, &at.gamma, p, p, 1);
    let beta = basis.beta.iter().zip(&shift).map(|(b, d)| b + basis.scale * d).collect();
    let free_rows = if reml { n - p } else { n } as f64;
    let mut deviance = at.deviance + free_rows * ((2.0 * std::f64::consts::PI).ln() + 2.0 * basis.scale.ln());
    if reml {
        deviance += basis.log_det_gram;
    }
    Ok(Fit {
        frame,
        design,
        method: options.method,
        certificate,
        notes,
        problem,
        patients,
        pattern_of,
        unit_name,
        unit_labels,
        groups,
        theta,
        psi,
        at,
        jacobian,
        hessian_psi,
        scale: basis.scale,
        beta,
        a,
        log_lik: -0.5 * deviance,
        singular,
        n_patients_without_rows: 0,
    })
}

/// What the reader should know about a model before it is fitted.
fn remarks(frame: &ModelFrame, problem: &Problem, n_patients: usize) -> crate::note::Notes {
    let mut notes = crate::note::Notes::new();
    for input in &frame.inputs {
        if let Input::Factor { name, levels, .. } = input
            && let [only] = levels.as_slice()
        {
            notes.push(note!(one_level, name = name, only = only));
        }
    }
    let k = problem.k;
    if k > n_patients && problem.terms.iter().any(|t| matches!(t.kind, TermKind::Structure(_))) {
        notes.push(note!(many_parameters, k = k, n = n_patients));
    }
    notes
}

/// The data in standard form.
pub(crate) struct Standardised {
    /// Least-squares coefficients.
    beta: Vec<f64>,
    scale: f64,
    /// `T` with `X T` of orthonormal columns times √n.
    pub(crate) to_orthonormal: Vec<f64>,
    /// `log |X'X| − p log n`.
    log_det_gram: f64,
    /// Rows of (X, standardised residual).
    pub(crate) rows: Vec<f64>,
}

impl Standardised {
    pub(crate) fn build(design: &Design, y: &[f64]) -> Result<Self, ModelError> {
        let (n, p) = (design.n_rows, design.n_columns());
        // R'R = X'X; its transpose is a Cholesky factor.
        let lower = transpose(&design.r, p, p);
        let mut beta = vec![0.0; p];
        let mut residual = y.to_vec();
        // Normal equations on the triangular factor of X, refined on the residuals.
        for _ in 0..3 {
            let mut xr = vec![0.0; p];
            for (row, r) in design.x.chunks_exact(p.max(1)).zip(&residual) {
                xr.iter_mut().zip(row).for_each(|(o, x)| *o += x * r);
            }
            crate::math::linalg::solve_cholesky(&lower, p, &mut xr);
            beta.iter_mut().zip(&xr).for_each(|(b, d)| *b += d);
            for (row, r) in design.x.chunks_exact(p.max(1)).zip(&mut residual) {
                *r -= dot(row, &xr);
            }
        }
        let rss: f64 = residual.iter().map(|r| r * r).sum();
        let largest = y.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let scale = (rss / (n - p) as f64).sqrt();
        if !scale.is_finite() {
            return Err(ModelError::Overflow { largest });
        }
        if !(scale > 64.0 * f64::EPSILON * largest && scale > 0.0) {
            return Err(ModelError::NoVariation);
        }
        let mut inverse = vec![0.0; p * p];
        invert_lower(&lower, p, &mut inverse);
        let root_n = (n as f64).sqrt();
        let to_orthonormal: Vec<f64> = transpose(&inverse, p, p).iter().map(|v| v * root_n).collect();
        let log_det_gram =
            2.0 * (0..p).map(|i| design.r[i * p + i].abs().ln()).sum::<f64>() - p as f64 * (n as f64).ln();
        let mut rows = Vec::with_capacity(n * (p + 1));
        for (i, r) in residual.iter().enumerate() {
            rows.extend_from_slice(&design.x[i * p..(i + 1) * p]);
            rows.push(r / scale);
        }
        Ok(Self { beta, scale, to_orthonormal, log_det_gram, rows })
    }
}

impl Problem {
    /// θ(ψ) of all terms.
    pub(crate) fn natural(&self, psi: &[f64]) -> Vec<f64> {
        let mut theta = Vec::with_capacity(self.k);
        self.each_psi(psi, |t, part, _| theta.extend(self.terms[t].shape.natural(part)));
        theta
    }

    fn each_psi<'a>(&'a self, psi: &'a [f64], mut visit: impl FnMut(usize, &'a [f64], usize)) {
        for (t, term) in self.terms.iter().enumerate() {
            let size = term.shape.n_parameters();
            for copy in 0..term.copies {
                let start = term.offset + copy * size;
                visit(t, &psi[start..start + size], start);
            }
        }
    }

    /// ∂θ/∂ψ, block diagonal.
    pub(crate) fn jacobian(&self, psi: &[f64]) -> Vec<f64> {
        let k = self.k;
        let mut out = vec![0.0; k * k];
        self.each_psi(psi, |t, part, start| {
            let block = self.terms[t].shape.jacobian(part);
            for i in 0..part.len() {
                for j in 0..part.len() {
                    out[(start + i) * k + start + j] = block[i * part.len() + j];
                }
            }
        });
        out
    }

    /// ∂²(−ℓ)/∂ψ∂ψ' = ½ (J'HJ + Σ_h ∂(−2ℓ)/∂θ_h ∂²θ_h/∂ψ∂ψ').
    pub(crate) fn hessian_psi(&self, psi: &[f64], jacobian: &[f64], at: &Evaluation) -> Vec<f64> {
        let k = self.k;
        // The Jacobian is sparse: a row per parameter with a few entries.
        let entries: Vec<(usize, usize, f64)> = (0..k)
            .flat_map(|h| (0..k).map(move |j| (h, j)))
            .map(|(h, j)| (h, j, jacobian[h * k + j]))
            .filter(|e| e.2 != 0.0)
            .collect();
        let (mut half, mut out) = (vec![0.0; k * k], vec![0.0; k * k]);
        for &(h, j, v) in &entries {
            // (J'H)_j += J_hj H_h
            let row = &at.hessian[h * k..(h + 1) * k];
            half[j * k..(j + 1) * k].iter_mut().zip(row).for_each(|(o, x)| *o += v * x);
        }
        for row in 0..k {
            let (from, to) = (&half[row * k..(row + 1) * k], &mut out[row * k..(row + 1) * k]);
            entries.iter().for_each(|&(h, j, v)| to[j] += from[h] * v);
        }
        self.each_psi(psi, |t, part, start| {
            let size = part.len();
            let block = self.terms[t].shape.curvature(part, &at.gradient[start..start + size]);
            for i in 0..size {
                for j in 0..size {
                    out[(start + i) * k + start + j] += block[i * size + j];
                }
            }
        });
        out.iter_mut().for_each(|v| *v *= 0.5);
        out
    }

    /// −ℓ with derivatives in ψ.
    pub(crate) fn objective(&self, psi: &[f64]) -> Option<Derivatives> {
        let at = self.evaluate(&self.natural(psi))?;
        Some(self.derivatives_in_psi(psi, &at))
    }

    /// What an evaluation at θ(ψ) says of −ℓ in ψ.
    pub(crate) fn derivatives_in_psi(&self, psi: &[f64], at: &Evaluation) -> Derivatives {
        let jacobian = self.jacobian(psi);
        let k = self.k;
        let gradient =
            (0..k).map(|j| 0.5 * (0..k).map(|h| at.gradient[h] * jacobian[h * k + j]).sum::<f64>()).collect();
        let hessian = self.hessian_psi(psi, &jacobian, at);
        Derivatives { value: 0.5 * at.deviance, gradient, hessian }
    }
}

impl Fit {
    /// The estimated coefficients, in the order of the design's columns.
    pub fn coefficient_estimates(&self) -> &[f64] {
        &self.beta
    }

    /// The names of the coefficients: `(Intercept)`, `treatmentEV`, `treatmentEV:visitM3`.
    pub fn coefficient_names(&self) -> &[String] {
        &self.design.names
    }

    /// The (restricted) log-likelihood, with R's constant.
    pub fn log_lik(&self) -> f64 {
        self.log_lik
    }

    /// Whether a variance component is on its boundary.
    pub fn is_singular(&self) -> bool {
        self.singular
    }

    /// Number of analysed rows.
    pub fn n_obs(&self) -> usize {
        self.design.n_rows
    }

    /// Number of independent units (patients) with at least one analysed row.
    pub fn n_patients(&self) -> usize {
        self.patients.len()
    }

    /// Number of independent units of the table that have no analysed row (something in every row is missing).
    pub fn n_patients_without_rows(&self) -> usize {
        self.n_patients_without_rows
    }

    /// The independent unit: the outermost grouping, such as `usubjid`.
    pub fn unit_name(&self) -> &str {
        &self.unit_name
    }

    /// Number of covariance parameters.
    pub fn n_covariance_parameters(&self) -> usize {
        self.problem.k
    }

    /// The random groupings and covariance subjects with their number of levels.
    pub fn groups(&self) -> &[(String, usize)] {
        &self.groups
    }
}
