//! How much one patient moves the answer: Cook's distance and the change of a contrast when a patient is left out.
//!
//! With the covariance parameters held, leaving out patient i has a closed form: with M = (ΣX'V⁻¹X)⁻¹ and
//! H_i = X_iMX_i'V_i⁻¹, the estimate moves by `MX_i'V_i⁻¹(I − H_i)⁻¹r_i` (Demidenko & Stukel 2005; Christensen, Pearson & Johnson
//! 1992). [`refit_without_each`] estimates the covariance parameters anew for every patient.

use super::data::Columns;
use super::dense::{column, without_leverage};
use super::error::ModelError;
use super::fit::{Fit, FitOptions, fit};
use super::patient_blocks::{PatientBlock, model_covariance};
use crate::note;
use nalgebra::{DMatrix, DVector};
use serde::Serialize;

/// What leaving out one patient does, with the covariance parameters held at their estimates.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PatientInfluence {
    /// The patient.
    pub patient: String,
    /// Rows of the patient.
    pub n_rows: usize,
    /// Cook's distance `(β̂ − β̂₍ᵢ₎)'M⁻¹(β̂ − β̂₍ᵢ₎)/p`; `None` where the patient alone determines a coefficient.
    pub cooks_distance: Option<f64>,
    /// `β̂₍ᵢ₎ − β̂` per coefficient; empty where the patient alone determines a coefficient.
    pub change: Vec<f64>,
    /// Leverage `tr H_i`; they sum to the number of coefficients.
    pub leverage: f64,
}

impl PatientInfluence {
    /// The change of the contrast `weights` when the patient is left out.
    pub fn contrast_change(&self, weights: &[f64]) -> Option<f64> {
        (self.change.len() == weights.len() && !weights.is_empty())
            .then(|| self.change.iter().zip(weights).map(|(d, w)| d * w).sum())
    }
}

/// A contrast with one patient left out and the whole model estimated anew.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeaveOneOut {
    /// The patient left out.
    pub patient: String,
    /// The contrast without the patient; `None` where the model cannot be fitted or has other coefficients.
    pub estimate: Option<f64>,
    /// Why there is no estimate.
    pub reason: Option<String>,
}

/// What leaving out patients does to one contrast.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContrastInfluence {
    /// The contrast with all patients.
    pub estimate: f64,
    /// The smallest estimate with one patient left out, and that patient.
    pub lowest: (f64, String),
    /// The largest estimate with one patient left out, and that patient.
    pub highest: (f64, String),
    /// Whether leaving out one patient changes the sign of the estimate.
    pub sign_depends_on_one_patient: bool,
    /// Patients whose Cook's distance exceeds `4/N`, the customary line for a closer look, largest first.
    pub conspicuous: Vec<String>,
    /// Patients who alone determine a coefficient and cannot be left out.
    pub indispensable: Vec<String>,
}

/// The range of the contrast `weights` over all ways to leave out one patient; `None` when no patient can be left out.
pub fn summarise_influence(patients: &[PatientInfluence], weights: &[f64], estimate: f64) -> Option<ContrastInfluence> {
    let moved = || {
        let named = |p: &PatientInfluence| p.contrast_change(weights).map(|d| (estimate + d, p.patient.clone()));
        patients.iter().filter_map(named)
    };
    let lowest = moved().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let highest = moved().max_by(|a, b| a.0.total_cmp(&b.0))?;
    let line = 4.0 / patients.len() as f64;
    let distance = |p: &&PatientInfluence| p.cooks_distance.unwrap_or(0.0);
    let mut conspicuous: Vec<&PatientInfluence> = patients.iter().filter(|p| distance(p) > line).collect();
    conspicuous.sort_by(|a, b| distance(b).total_cmp(&distance(a)));
    Some(ContrastInfluence {
        estimate,
        sign_depends_on_one_patient: lowest.0.signum() != estimate.signum() || highest.0.signum() != estimate.signum(),
        lowest,
        highest,
        conspicuous: conspicuous.into_iter().map(|p| p.patient.clone()).collect(),
        indispensable: patients.iter().filter(|p| p.cooks_distance.is_none()).map(|p| p.patient.clone()).collect(),
    })
}

/// Influence of every patient, covariance parameters held; in the order of `blocks`.
///
/// # Errors
/// A design that is not of full rank.
pub fn influence(blocks: &[PatientBlock]) -> Result<Vec<PatientInfluence>, ModelError> {
    let model = model_covariance(blocks).ok_or_else(|| ModelError::Unsupported { reason: note!(influence_rank) })?;
    let p = model.nrows();
    Ok(blocks
        .iter()
        .map(|block| {
            let weights: DMatrix<f64> = &block.v_inverse * &block.x;
            let hat = &block.x * &model * weights.transpose();
            let leverage = hat.trace();
            let solved = without_leverage(hat, &column(&block.residual));
            let (cooks_distance, change) = match solved {
                Some(adjusted) => {
                    let score: DVector<f64> = weights.transpose() * adjusted.column(0);
                    let moved = &model * &score;
                    // (β̂ − β̂₍ᵢ₎)'M⁻¹(β̂ − β̂₍ᵢ₎) = score' M score.
                    (Some(score.dot(&moved) / p as f64), moved.iter().map(|d| -d).collect())
                }
                None => (None, Vec::new()),
            };
            PatientInfluence {
                patient: block.label.clone(),
                n_rows: block.rows.len(),
                cooks_distance,
                change,
                leverage,
            }
        })
        .collect())
}

/// Fits the model once without each patient and gives the contrast `weights` of the coefficients. `data` is the table the
/// model was fitted to.
pub fn refit_without_each(
    model: &Fit,
    data: &Columns,
    blocks: &[PatientBlock],
    weights: &[f64],
    options: &FitOptions,
) -> Vec<LeaveOneOut> {
    blocks
        .iter()
        .map(|block| {
            let left_out: Vec<usize> =
                block.rows.iter().filter_map(|row| model.frame.rows.get(*row)).copied().collect();
            let kept: Vec<usize> = model.frame.rows.iter().copied().filter(|row| !left_out.contains(row)).collect();
            let answer =
                fit(&data.select_rows(&kept), &model.frame.formula, options).map_err(|error| error.to_string());
            let answer = answer.and_then(|refit| {
                if refit.coefficient_names() == model.coefficient_names() {
                    Ok(refit.coefficient_estimates().iter().zip(weights).map(|(b, w)| b * w).sum())
                } else {
                    Err("without this patient a coefficient cannot be estimated".to_owned())
                }
            });
            match answer {
                Ok(estimate) => LeaveOneOut { patient: block.label.clone(), estimate: Some(estimate), reason: None },
                Err(reason) => LeaveOneOut { patient: block.label.clone(), estimate: None, reason: Some(reason) },
            }
        })
        .collect()
}
