//! The mean of the imputation model: `change ~ treatment * visit + baseline * visit`, each knee's own baseline, and the
//! covariates of the trial ([`super::covariates`]).
//!
//! Coded as a mean per cell and a slope per visit, the same space as R's treatment contrasts with the same restricted
//! likelihood (the change of basis has determinant ±1). The reference row of an active cell is the placebo cell's with the
//! active knee's own baseline and covariates kept.

use super::covariates;
use super::trial::Trial;

/// X of every patient and the reference means it implies.
#[derive(Debug, Clone)]
pub struct MeanModel {
    /// Number of cells.
    pub cells: usize,
    /// Number of coefficients.
    pub p: usize,
    /// Per patient `cells × p`.
    pub x: Vec<Vec<f64>>,
    /// The covariate of each of the last columns, in order.
    pub of_covariate: Vec<usize>,
    /// Covariates, and levels of them, that the terms before them determine: they have no column.
    pub left_out: Vec<String>,
}

impl MeanModel {
    /// Cell means, with each knee's own baseline by visit where the trial has it, and the trial's covariates.
    pub fn of(trial: &Trial) -> Self {
        let (visits, cells) = (trial.n_visits(), trial.n_cells());
        let slopes = if trial.has_baseline { visits } else { 0 };
        let p = cells + slopes;
        let x = trial.patients.iter().map(|patient| {
            let mut rows = vec![0.0; cells * p];
            for (c, row) in rows.chunks_exact_mut(p).enumerate() {
                row[c] = 1.0;
                if slopes > 0 {
                    row[cells + c % visits] = patient.baseline[c / visits];
                }
            }
            rows
        });
        let means = Self { cells, p, x: x.collect(), of_covariate: Vec::new(), left_out: Vec::new() };
        if trial.covariates.is_empty() { means } else { covariates::added(means, trial) }
    }

    /// Cell means with both knees' baselines in every cell, centred: the model under which the analysis of completed
    /// differences on both baselines repeats the mixed model.
    pub fn both_baselines(trial: &Trial) -> Self {
        let cells = trial.n_cells();
        let p = 3 * cells;
        let n = trial.patients.len() as f64;
        let mean = |arm: usize| trial.patients.iter().map(|q| q.baseline[arm]).sum::<f64>() / n;
        let centre = [mean(0), mean(1)];
        let x = trial.patients.iter().map(|patient| {
            let mut rows = vec![0.0; cells * p];
            for (c, row) in rows.chunks_exact_mut(p).enumerate() {
                row[c] = 1.0;
                row[cells + 2 * c] = patient.baseline[0] - centre[0];
                row[cells + 2 * c + 1] = patient.baseline[1] - centre[1];
            }
            rows
        });
        Self { cells, p, x: x.collect(), of_covariate: Vec::new(), left_out: Vec::new() }
    }

    /// μ = X β of a patient.
    pub fn mean(&self, patient: usize, beta: &[f64]) -> Vec<f64> {
        self.x[patient].chunks_exact(self.p).map(|row| row.iter().zip(beta).map(|(a, b)| a * b).sum()).collect()
    }

    /// The means of the patient's active cells under placebo (its placebo cells are their own reference).
    pub fn reference(&self, mean: &[f64], beta: &[f64]) -> Vec<f64> {
        let visits = self.cells / 2;
        (0..self.cells).map(|c| if c < visits { mean[c] - beta[c] + beta[c + visits] } else { mean[c] }).collect()
    }
}
