//! Logistic (probit, complementary log-log) regression of a 0/1 outcome by maximum likelihood.
//!
//! Estimates as R's `glm(family = binomial)`: standard errors from the expected information, which for the logit link
//! is also the observed one. Separation is reported as an error instead of an estimate of ±20 (see
//! [`fit_binary`]).

use super::dense::invert_positive;
use super::error::ModelError;
use super::generalised::{Convergence, Family, GeneralisedFit, check_rows, leading_block, maximise_fixed};
use super::interval_outcome::{Bound, IntervalRows};
use super::link::Link;
use crate::note;
use nalgebra::DMatrix;

/// The rows of a 0/1 outcome: `design` is row-major with `n_coefficients` columns.
pub(super) fn binary_rows(outcome: &[bool], design: &[f64], n_coefficients: usize, link: Link) -> IntervalRows {
    let bounds = outcome
        .iter()
        .map(|&responder| if responder { (Bound::Open, Bound::Zero) } else { (Bound::Zero, Bound::Open) })
        .collect();
    IntervalRows { link, sign: 1.0, n_thresholds: 0, n_coefficients, design: design.to_vec(), bounds, counts: None }
}

/// Fits a 0/1 outcome to a full-rank `design` (row-major, one column per name in `terms`).
///
/// # Errors
/// No rows, sizes that do not match, an outcome that is the same in every row, more coefficients than rows, or
/// separation: a combination of terms that predicts the outcome perfectly has no finite maximum-likelihood estimate.
pub fn fit_binary(
    outcome: &[bool],
    design: &[f64],
    terms: &[String],
    link: Link,
) -> Result<GeneralisedFit, ModelError> {
    let rows = binary_rows(outcome, design, terms.len(), link);
    check_rows(&rows, terms)?;
    check_both_outcomes(outcome)?;
    let maximum = maximise_fixed(&rows, terms, vec![0.0; terms.len()])?;
    let information = expected_information(&rows, &maximum.parameters);
    let inverse = invert_positive(&information).ok_or_else(|| super::generalised::not_converged(&maximum, terms))?;
    let mut notes = crate::note::Notes::new();
    if link != Link::Logit {
        notes.push(note!(glm_information));
    }
    Ok(GeneralisedFit {
        family: Family::Binomial,
        link,
        terms: terms.to_vec(),
        n_thresholds: 0,
        vcov: leading_block(&inverse, terms.len()),
        random: Vec::new(),
        integration: None,
        log_lik: maximum.jet.value,
        n_parameters: terms.len(),
        n_obs: rows.len(),
        n_patients: rows.len(),
        singular: false,
        convergence: Convergence::from(&maximum),
        estimates: maximum.parameters,
        notes,
    })
}

/// Refuses an outcome that is the same in every row.
pub(super) fn check_both_outcomes(outcome: &[bool]) -> Result<(), ModelError> {
    let responders = outcome.iter().filter(|&&y| y).count();
    if responders == 0 || responders == outcome.len() {
        return Err(ModelError::ConstantOutcome {
            reason: note!(responders_constant, responders = responders, n = outcome.len()),
        });
    }
    Ok(())
}

/// Fisher information `Xᵀ diag(f²/(F(1 − F))) X`.
fn expected_information(rows: &IntervalRows, parameters: &[f64]) -> DMatrix<f64> {
    let n = rows.n_coefficients;
    let mut information = DMatrix::zeros(n, n);
    for row in 0..rows.len() {
        let eta = rows.predictor(row, parameters);
        let link = rows.link;
        let variance = link.cdf(eta) * link.sf(eta);
        let weight = if variance > 0.0 { link.density(eta).powi(2) / variance } else { 0.0 };
        let x = rows.design_row(row);
        for (i, xi) in x.iter().enumerate() {
            for (j, xj) in x.iter().enumerate() {
                information[(i, j)] += weight * xi * xj;
            }
        }
    }
    information
}
