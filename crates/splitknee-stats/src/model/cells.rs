//! One vector over a fixed set of cells per patient, some cells missing: y_i ~ N(X_i β, Σ), Σ `us`, `A ⊗ B` or block
//! diagonal, fitted by REML; and refitted with other patients from where it ended.
//!
//! The likelihood, its derivatives and the search are those of the mixed models (`likelihood.rs`, `trust_region`); what
//! differs is that the design is given as numbers and that a refit (a patient left out, a bootstrap sample) starts at the
//! estimate and works on the same standardised rows, so that it takes three or four evaluations.

use super::covariance::{CellCovariance, Kronecker, SingleVariance, Unstructured, structure};
use super::design::Grouping;
use super::error::ModelError;
use super::formula::StructureKind;
use super::layout::{Block, Layout, Pattern, Term, TermKind};
use super::likelihood::{Evaluation, Problem};
use super::start::{further_starts, start_values};
use crate::math::linalg::{cholesky, dot, invert_lower, log_det, multiply, solve_cholesky, transpose};
use crate::math::trust_region::{Minimum, Settings, minimise};
use crate::note;
use crate::note::Note;

/// The covariance over arm × visit cells (all visits of the first arm, then all of the second).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CellStructure {
    /// Every variance and covariance of the 2V cells its own parameter.
    #[default]
    Us,
    /// Knees ⊗ visits, both unstructured.
    KronUsUs,
    /// Knees ⊗ visits, the knees exchangeable.
    KronCsUs,
    /// One unstructured block per arm, no covariance between the knees: what follows when knees are taken for patients.
    /// For comparison with software that knows one outcome per subject.
    Independent,
    /// As `Independent` with one block common to both arms.
    IndependentShared,
}

impl CellStructure {
    /// The name on the command line and in plans.
    pub fn name(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::KronUsUs => "kron-us-us",
            Self::KronCsUs => "kron-cs-us",
            Self::Independent => "independent",
            Self::IndependentShared => "independent-shared",
        }
    }

    fn term(self, cells: usize) -> Term {
        let visits = cells / 2;
        let kron = |first: StructureKind| -> Box<dyn CellCovariance> {
            if visits == 1 {
                return structure(first, 2);
            }
            Box::new(Kronecker::new(structure(first, 2), Box::new(Unstructured::new(visits))))
        };
        let block = || -> Box<dyn CellCovariance> {
            if visits == 1 { Box::new(SingleVariance) } else { Box::new(Unstructured::new(visits)) }
        };
        let (shape, copies): (Box<dyn CellCovariance>, usize) = match self {
            Self::Us => (structure(StructureKind::Us, cells), 1),
            Self::KronUsUs => (kron(StructureKind::Us), 1),
            Self::KronCsUs => (kron(StructureKind::Cs), 1),
            Self::Independent => (block(), 2),
            Self::IndependentShared => (block(), 1),
        };
        Term {
            cells: (0..shape.n_cells()).map(|c| format!("cell {}", c + 1)).collect(),
            shape,
            copies,
            offset: 0,
            kind: TermKind::Structure(None),
            group: "patient".to_owned(),
            copy_names: vec![String::new(); copies],
        }
    }

    /// The blocks of a patient with these cells observed.
    fn blocks(self, observed: &[usize], cells: usize) -> Vec<Block> {
        let split = matches!(self, Self::Independent | Self::IndependentShared);
        if !split {
            let cells = observed.iter().enumerate().map(|(row, &c)| (c, vec![(row, 1.0)])).collect();
            return vec![Block { term: 0, copy: 0, cells }];
        }
        let visits = cells / 2;
        (0..2)
            .filter_map(|arm| {
                let cells: Vec<_> = observed
                    .iter()
                    .enumerate()
                    .filter(|(_, c)| **c / visits == arm)
                    .map(|(row, c)| (c % visits, vec![(row, 1.0)]))
                    .collect();
                let copy = if self == Self::Independent { arm } else { 0 };
                (!cells.is_empty()).then_some(Block { term: 0, copy, cells })
            })
            .collect()
    }
}

/// The estimates.
#[derive(Debug, Clone)]
pub struct CellsFit {
    /// Coefficients of the given design.
    pub beta: Vec<f64>,
    /// Σ, row after row.
    pub sigma: Vec<f64>,
    /// Restricted log-likelihood with R's constant.
    pub log_lik: f64,
    psi: Vec<f64>,
}

/// Data in standard form, ready to be fitted for any weights of the patients.
#[derive(Debug)]
pub struct CellsModel {
    structure: CellStructure,
    cells: usize,
    p: usize,
    /// Per patient the observed cells.
    observed: Vec<Vec<usize>>,
    /// Per patient the rows (orthonormal design, standardised residual).
    rows: Vec<Vec<f64>>,
    ols: Vec<f64>,
    scale: f64,
    to_orthonormal: Vec<f64>,
    log_det_gram: f64,
}

impl CellsModel {
    /// `x` holds per patient `cells × p` numbers, `y` per patient `cells` values; a patient without a value is allowed and
    /// adds nothing.
    ///
    /// # Errors
    /// Fewer than two patients with values, too few values, a design whose columns depend on each other, an outcome
    /// without variation.
    pub fn new(
        structure: CellStructure,
        cells: usize,
        p: usize,
        x: &[Vec<f64>],
        y: &[Vec<Option<f64>>],
    ) -> Result<Self, ModelError> {
        let observed: Vec<Vec<usize>> =
            y.iter().map(|values| (0..cells).filter(|&c| values[c].is_some()).collect()).collect();
        let n: usize = observed.iter().map(Vec::len).sum();
        let with_values = observed.iter().filter(|o| !o.is_empty()).count();
        if with_values < 2 {
            return Err(ModelError::OneUnit { unit: "patient".into(), label: String::new(), n_obs: n });
        }
        if n <= p {
            return Err(ModelError::TooFewObservations { n_obs: n, n_coefficients: p });
        }
        let mut gram = vec![0.0; p * p];
        let mut stacked: Vec<(usize, &[f64], f64)> = Vec::with_capacity(n);
        for (i, seen) in observed.iter().enumerate() {
            for &c in seen {
                let row = &x[i][c * p..(c + 1) * p];
                stacked.push((i, row, y[i][c].unwrap_or(f64::NAN)));
                for (a, line) in gram.chunks_exact_mut(p).enumerate() {
                    line.iter_mut().zip(row).for_each(|(g, v)| *g += row[a] * v);
                }
            }
        }
        // Dependent columns: the factor of the correlation-scaled cross-products loses rank.
        let root: Vec<f64> = (0..p).map(|a| gram[a * p + a].sqrt()).collect();
        let mut scaled: Vec<f64> = (0..p * p).map(|i| gram[i] / (root[i / p] * root[i % p])).collect();
        let full = cholesky(&mut scaled, p) && (0..p).all(|a| scaled[a * p + a] > 1e-7);
        let mut lower = gram.clone();
        if !full || !cholesky(&mut lower, p) {
            return Err(ModelError::NotEstimable {
                parameter: "a coefficient of the imputation model".into(),
                reason: note!(columns_dependent),
            });
        }
        let mut ols = vec![0.0; p];
        let mut residual: Vec<f64> = stacked.iter().map(|s| s.2).collect();
        for _ in 0..3 {
            let mut xr = vec![0.0; p];
            for ((_, row, _), r) in stacked.iter().zip(&residual) {
                xr.iter_mut().zip(*row).for_each(|(o, v)| *o += v * r);
            }
            solve_cholesky(&lower, p, &mut xr);
            ols.iter_mut().zip(&xr).for_each(|(b, d)| *b += d);
            for ((_, row, _), r) in stacked.iter().zip(&mut residual) {
                *r -= dot(row, &xr);
            }
        }
        let largest = stacked.iter().fold(0.0_f64, |m, s| m.max(s.2.abs()));
        let scale = (residual.iter().map(|r| r * r).sum::<f64>() / (n - p) as f64).sqrt();
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
        let log_det_gram = log_det(&lower, p) - p as f64 * (n as f64).ln();
        let mut rows = vec![Vec::new(); y.len()];
        for ((i, row, _), r) in stacked.iter().zip(&residual) {
            rows[*i].extend(multiply(row, &to_orthonormal, 1, p, p));
            rows[*i].push(r / scale);
        }
        Ok(Self { structure, cells, p, observed, rows, ols, scale, to_orthonormal, log_det_gram })
    }

    /// Patients with a fitted value.
    pub fn has_values(&self, patient: usize) -> bool {
        !self.observed[patient].is_empty()
    }

    /// The likelihood for patients counted `weights[i]` times.
    fn problem(&self, weights: &[u32]) -> Result<Problem, ModelError> {
        let mut keys: Vec<&[usize]> = Vec::new();
        let mut patterns: Vec<Pattern> = Vec::new();
        for ((seen, rows), &weight) in self.observed.iter().zip(&self.rows).zip(weights) {
            if weight == 0 || seen.is_empty() {
                continue;
            }
            let place = keys.iter().position(|k| k == seen).unwrap_or_else(|| {
                keys.push(seen);
                let blocks = self.structure.blocks(seen, self.cells);
                patterns.push(Pattern { size: seen.len(), n_patients: 0, blocks, units: Vec::new() });
                patterns.len() - 1
            });
            let pattern = &mut patterns[place];
            pattern.n_patients += weight as usize;
            let root = f64::from(weight).sqrt();
            pattern.units.extend(rows.iter().map(|v| v * root));
        }
        if self.structure == CellStructure::Us {
            for a in 0..self.cells {
                for b in 0..a {
                    if !keys.iter().any(|k| k.contains(&a) && k.contains(&b)) {
                        return Err(ModelError::NotEstimable {
                            parameter: format!("the covariance of cells {} and {}", b + 1, a + 1),
                            reason: note!(cells_never_both),
                        });
                    }
                }
            }
        }
        let layout = Layout {
            terms: vec![self.structure.term(self.cells)],
            patients: Vec::new(),
            pattern_of: Vec::new(),
            pattern_blocks: Vec::new(),
            groups: Vec::new(),
            unit: Grouping { name: "patient".into(), codes: Vec::new(), labels: Vec::new() },
        };
        Ok(Problem::new(layout, patterns, self.p, true))
    }

    /// The REML fit of all patients.
    ///
    /// # Errors
    /// A covariance that the data do not determine; no convergence.
    pub fn fit(&self) -> Result<CellsFit, ModelError> {
        let problem = self.problem(&vec![1; self.rows.len()])?;
        let n = self.rows.iter().map(|r| r.len() / (self.p + 1)).sum();
        let mut best = self.solve(&problem, &start_values(&problem), Settings::default(), n);
        // As in `search`.
        let known = best.as_ref().ok().map(|best| best.psi.clone());
        for from in further_starts(&problem, known.as_deref()).1 {
            let other = self.solve(&problem, &from, Settings::default(), n);
            if let Ok(other) = other
                && best
                    .as_ref()
                    .ok()
                    .is_none_or(|best| other.log_lik > best.log_lik + 1e-8 * (1.0 + best.log_lik.abs()))
            {
                best = Ok(other);
            }
        }
        best
    }

    /// The REML fit with patient i counted `weights[i]` times, searched from `from`.
    ///
    /// # Errors
    /// As [`Self::fit`].
    pub fn refit(&self, weights: &[u32], from: &CellsFit) -> Result<CellsFit, ModelError> {
        let problem = self.problem(weights)?;
        let n = self.rows.iter().zip(weights).map(|(r, w)| *w as usize * (r.len() / (self.p + 1))).sum();
        // The parameters are then good to 1e-8 of their standard errors.
        let settings = Settings { decrement: 1e-17, max_evaluations: 120, ..Settings::default() };
        self.solve(&problem, &from.psi, settings, n)
    }

    fn solve(&self, problem: &Problem, start: &[f64], settings: Settings, n: usize) -> Result<CellsFit, ModelError> {
        let p = self.p;
        if n <= p {
            return Err(ModelError::TooFewObservations { n_obs: n, n_coefficients: p });
        }
        let singular = |matrix: Note| ModelError::NotPositiveDefinite { matrix };
        let settings = Settings { radius: dot(start, start).sqrt().max(1.0), ..settings };
        // The evaluation at the last point is the one at the optimum, as a rule.
        let mut last: Option<(Vec<f64>, Evaluation)> = None;
        let minimum: Minimum = minimise(start, settings, |psi| {
            let at = problem.evaluate(&problem.natural(psi))?;
            let derivatives = problem.derivatives_in_psi(psi, &at);
            last = Some((psi.to_vec(), at));
            Some(derivatives)
        })
        .ok_or_else(|| singular(note!(v_start)))?;
        let theta = problem.natural(&minimum.x);
        let at: Evaluation = match last {
            Some((psi, at)) if psi == minimum.x => at,
            _ => problem.evaluate(&theta).ok_or_else(|| singular(note!(v_optimum)))?,
        };
        let sigma = self.sigma(problem, &theta);
        let q = self.cells;
        let mut l = sigma.clone();
        let determined = cholesky(&mut l, q) && (0..q).all(|c| l[c * q + c].powi(2) > 1e-7 * sigma[c * q + c]);
        if !determined || !(minimum.converged || minimum.decrement < 1e-8) {
            return Err(ModelError::NotEstimable {
                parameter: format!("the `{}` covariance over the {q} cells", self.structure.name()),
                reason: if determined { note!(cells_no_convergence) } else { note!(cells_singular) },
            });
        }
        let shift = multiply(&self.to_orthonormal, &at.gamma, p, p, 1);
        let beta = self.ols.iter().zip(&shift).map(|(b, d)| b + self.scale * d).collect();
        let deviance = at.deviance
            + (n - p) as f64 * ((2.0 * std::f64::consts::PI).ln() + 2.0 * self.scale.ln())
            + self.log_det_gram;
        let squared = self.scale * self.scale;
        Ok(CellsFit {
            beta,
            sigma: sigma.iter().map(|v| v * squared).collect(),
            log_lik: -0.5 * deviance,
            psi: minimum.x,
        })
    }

    /// Σ over all cells at θ.
    fn sigma(&self, problem: &Problem, theta: &[f64]) -> Vec<f64> {
        let q = self.cells;
        let term = &problem.terms[0];
        let (size, m) = (term.shape.n_parameters(), term.shape.n_cells());
        let mut out = vec![0.0; q * q];
        let pieces = q / m;
        for piece in 0..pieces {
            let copy = if term.copies > 1 { piece } else { 0 };
            let mut block = vec![0.0; m * m];
            term.shape.matrix(&theta[copy * size..(copy + 1) * size], &mut block);
            for a in 0..m {
                for b in 0..m {
                    out[(piece * m + a) * q + piece * m + b] = block[a * m + b];
                }
            }
        }
        out
    }
}
