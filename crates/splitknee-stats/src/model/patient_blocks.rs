//! A fitted linear mixed model patient by patient: X_i, the residual r_i = y_i − X_i β̂ and V_i(θ̂) as dense matrices, and
//! the random effects b̂ = G Z_i' V_i⁻¹ r_i. Everything that looks back on a fit (robust covariance, residuals, influence,
//! R²) starts here.

use super::dense::invert_positive;
use super::error::ModelError;
use super::fit::Fit;
use super::layout::TermKind;
use crate::note;
use nalgebra::{DMatrix, DVector};

/// One patient of a fitted model.
#[derive(Debug, Clone)]
pub struct PatientBlock {
    /// The patient's label.
    pub label: String,
    /// Analysed rows, positions in the model frame.
    pub rows: Vec<usize>,
    /// Fixed-effects design, rows × coefficients.
    pub x: DMatrix<f64>,
    /// `y − Xβ̂`.
    pub residual: DVector<f64>,
    /// Marginal covariance at the estimate, in squared units of the outcome.
    pub v: DMatrix<f64>,
    /// Its inverse.
    pub v_inverse: DMatrix<f64>,
    /// The part of `v` that is due to random effects, `Z G Z'`.
    pub random: DMatrix<f64>,
    /// Predicted random effects of this patient.
    pub effects: Vec<RandomEffect>,
}

/// A best linear unbiased prediction of one random coefficient.
#[derive(Debug, Clone, PartialEq)]
pub struct RandomEffect {
    /// Grouping: `usubjid:knee`.
    pub group: String,
    /// Label of the group: `A-001:LEFT`.
    pub level: String,
    /// Random coefficient: `(Intercept)`, `month`.
    pub term: String,
    /// Predicted value (`lme4::ranef`).
    pub estimate: f64,
    /// Prediction standard error with β and θ held at their estimates, `√diag(G − GZ'V⁻¹ZG)` (`lme4`'s `condVar`).
    pub conditional_sd: f64,
}

impl Fit {
    /// The fit patient by patient.
    ///
    /// # Errors
    /// A marginal covariance that is not positive definite to working precision.
    pub fn patient_blocks(&self) -> Result<Vec<PatientBlock>, ModelError> {
        let y = self.frame.numeric_response()?;
        let p = self.design.n_columns();
        let squared = self.scale * self.scale;
        let beta = self.coefficient_estimates();
        let names: Vec<(String, Vec<u32>, Vec<String>)> = self
            .frame
            .formula
            .random
            .iter()
            .map(|term| {
                let grouping = self.frame.grouping(&term.group)?;
                Ok((term.group_name(), grouping.codes, grouping.labels))
            })
            .collect::<Result<_, ModelError>>()?;
        let label_of = |group: &str, row: usize| -> String {
            let found = names.iter().find(|(name, _, _)| name == group);
            let code = found.and_then(|(_, codes, _)| codes.get(row)).map(|&code| code as usize);
            found.zip(code).and_then(|((_, _, labels), code)| labels.get(code)).cloned().unwrap_or_default()
        };
        // Patients of one pattern share V and its inverse.
        let covariances: Vec<(DMatrix<f64>, DMatrix<f64>)> = (0..self.problem.patterns.len())
            .map(|pattern| {
                let entries = self.problem.v_of(pattern, &self.theta);
                let size = self.problem.patterns.get(pattern).map_or(0, |p| p.size);
                let v = DMatrix::from_row_slice(size, size, &entries) * squared;
                let singular = || ModelError::NotPositiveDefinite { matrix: note!(v_marginal) };
                let v_inverse = invert_positive(&v).ok_or_else(singular)?;
                Ok((v, v_inverse))
            })
            .collect::<Result<_, ModelError>>()?;
        let mut out = Vec::with_capacity(self.patients.len());
        for (index, rows) in self.patients.iter().enumerate() {
            let Some(&pattern) = self.pattern_of.get(index) else { continue };
            let Some((v, v_inverse)) = covariances.get(pattern).cloned() else { continue };
            let size = rows.len();
            let x = DMatrix::from_fn(size, p, |i, j| {
                rows.get(i).and_then(|row| self.design.x.get(row * p + j)).copied().unwrap_or(0.0)
            });
            let fitted = &x * DVector::from_column_slice(beta);
            let residual = DVector::from_fn(size, |i, _| {
                rows.get(i).and_then(|row| y.get(*row)).copied().unwrap_or(0.0) - fitted[i]
            });
            let mut block = PatientBlock {
                label: self.unit_labels.get(index).cloned().unwrap_or_default(),
                rows: rows.clone(),
                random: DMatrix::zeros(size, size),
                effects: Vec::new(),
                x,
                residual,
                v,
                v_inverse,
            };
            self.add_random_effects(pattern, squared, &mut block, &label_of);
            out.push(block);
        }
        Ok(out)
    }

    /// Adds `Z G Z'` and the predictions of every random term.
    fn add_random_effects(
        &self,
        pattern: usize,
        squared: f64,
        patient: &mut PatientBlock,
        label_of: &dyn Fn(&str, usize) -> String,
    ) {
        let Some(pattern) = self.problem.patterns.get(pattern) else { return };
        let weighted = &patient.v_inverse * &patient.residual;
        for block in &pattern.blocks {
            let Some(term) = self.problem.terms.get(block.term).filter(|term| term.kind == TermKind::Random) else {
                continue;
            };
            let n_cells = term.shape.n_cells();
            let start = term.offset + block.copy * term.shape.n_parameters();
            let Some(part) = self.theta.get(start..start + term.shape.n_parameters()) else { continue };
            let mut matrix = vec![0.0; n_cells * n_cells];
            term.shape.matrix(part, &mut matrix);
            let g = DMatrix::from_row_slice(n_cells, n_cells, &matrix) * squared;
            let mut z = DMatrix::zeros(patient.rows.len(), n_cells);
            let mut first = None;
            for (cell, loadings) in &block.cells {
                for (row, weight) in loadings {
                    z[(*row, *cell)] += weight;
                    first = first.or(patient.rows.get(*row).copied());
                }
            }
            patient.random += &z * &g * z.transpose();
            let effects = &g * z.transpose() * &weighted;
            let conditional = &g - &g * z.transpose() * &patient.v_inverse * &z * &g;
            let level = first.map(|row| label_of(&term.group, row)).unwrap_or_default();
            for cell in 0..n_cells {
                patient.effects.push(RandomEffect {
                    group: term.group.clone(),
                    level: level.clone(),
                    term: term.cells.get(cell).cloned().unwrap_or_default(),
                    estimate: effects[cell],
                    conditional_sd: conditional[(cell, cell)].max(0.0).sqrt(),
                });
            }
        }
    }
}

/// `(Σ X_i'V_i⁻¹X_i)⁻¹` over patients.
pub(super) fn model_covariance(blocks: &[PatientBlock]) -> Option<DMatrix<f64>> {
    let p = blocks.first()?.x.ncols();
    let mut information = DMatrix::zeros(p, p);
    for block in blocks {
        information += block.x.transpose() * &block.v_inverse * &block.x;
    }
    invert_positive(&information)
}
