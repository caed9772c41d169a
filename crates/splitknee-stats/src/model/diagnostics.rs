//! Residuals of a linear mixed model and what they show, as numbers; plotting and wording are the report's.
//!
//! - marginal: y − Xβ̂;
//! - conditional: y − Xβ̂ − Zb̂ (`lme4::residuals`);
//! - normalised: L_i⁻¹(y_i − X_iβ̂) with V_i = L_iL_i', independent standard normal under the model whatever the correlation
//!   within a patient (`nlme`'s `type = "normalized"` of a `gls` fit; Fitzmaurice, Laird & Ware 2011, section 10.2).

use super::error::ModelError;
use super::fit::Fit;
use super::patient_blocks::{PatientBlock, RandomEffect};
use crate::math::dist::normal;
use crate::note;
use serde::Serialize;

/// The residuals of one row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowResidual {
    /// Row of the data table.
    pub row: usize,
    /// Patient.
    pub patient: String,
    /// `Xβ̂`.
    pub fitted_marginal: f64,
    /// `Xβ̂ + Zb̂`.
    pub fitted_conditional: f64,
    /// y − Xβ̂.
    pub marginal: f64,
    /// y − Xβ̂ − Zb̂.
    pub conditional: f64,
    /// L⁻¹(y − Xβ̂), without unit.
    pub normalised: f64,
}

/// A point of a normal quantile–quantile plot.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct QqPoint {
    /// Normal quantile of the plotting position, as R's `qqnorm`.
    pub theoretical: f64,
    /// Ordered value.
    pub sample: f64,
}

/// What the normalised residuals show.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResidualSummary {
    /// Number of residuals.
    pub n: usize,
    /// Their mean (0 under the model).
    pub mean: f64,
    /// Their standard deviation (close to 1 under the model).
    pub sd: f64,
    /// Skewness `m₃/m₂^{3/2}`; `None` without variation.
    pub skewness: Option<f64>,
    /// Excess kurtosis `m₄/m₂² − 3`; `None` without variation.
    pub excess_kurtosis: Option<f64>,
    /// Correlation of the points of the QQ plot (1 for normal data); `None` without variation.
    pub qq_correlation: Option<f64>,
    /// Residuals beyond ±3.
    pub n_beyond_3: usize,
    /// How many the model expects there.
    pub expected_beyond_3: f64,
    /// Correlation of |residual| with the fitted value: spread that grows with the mean; `None` without variation.
    pub spread_correlation: Option<f64>,
    /// The rows with the largest absolute residual, at most five, largest first.
    pub largest: Vec<RowResidual>,
}

/// Residuals and predictions of a fit whose patients are `blocks`, in the order of the analysed rows.
///
/// # Errors
/// A response that is not numeric, or a marginal covariance without Cholesky factor.
pub fn residuals(fit: &Fit, blocks: &[PatientBlock]) -> Result<Vec<RowResidual>, ModelError> {
    let y = fit.frame.numeric_response()?;
    let mut out = Vec::with_capacity(y.len());
    for block in blocks {
        let factor =
            block.v.clone().cholesky().ok_or_else(|| ModelError::NotPositiveDefinite { matrix: note!(v_marginal) })?;
        let normalised = factor
            .l()
            .solve_lower_triangular(&block.residual)
            .ok_or_else(|| ModelError::NotPositiveDefinite { matrix: note!(v_marginal) })?;
        let predicted = &block.random * &block.v_inverse * &block.residual;
        for (place, &row) in block.rows.iter().enumerate() {
            let marginal = block.residual[place];
            let fitted = y.get(row).copied().unwrap_or(0.0) - marginal;
            let order = (row, fit.frame.rows.get(row).copied().unwrap_or(row));
            out.push((
                order.0,
                RowResidual {
                    row: order.1,
                    patient: block.label.clone(),
                    fitted_marginal: fitted,
                    fitted_conditional: fitted + predicted[place],
                    marginal,
                    conditional: marginal - predicted[place],
                    normalised: normalised[place],
                },
            ));
        }
    }
    out.sort_by_key(|(position, _)| *position);
    Ok(out.into_iter().map(|(_, residual)| residual).collect())
}

/// Predicted random effects of all patients, term by term.
pub fn random_effects(blocks: &[PatientBlock]) -> Vec<RandomEffect> {
    blocks.iter().flat_map(|block| block.effects.iter().cloned()).collect()
}

/// The points of a normal QQ plot in ascending order: plotting positions (i − a)/(n + 1 − 2a) with a = 3/8 for n ≤ 10 and
/// 1/2 beyond, as R's `ppoints`.
pub fn qq_points(values: &[f64]) -> Vec<QqPoint> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|x| x.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let a = if sorted.len() <= 10 { 0.375 } else { 0.5 };
    sorted
        .into_iter()
        .enumerate()
        .map(|(i, sample)| QqPoint {
            theoretical: normal::quantile((i as f64 + 1.0 - a) / (n + 1.0 - 2.0 * a)),
            sample,
        })
        .collect()
}

/// What the normalised residuals show.
pub fn summarise(residuals: &[RowResidual]) -> ResidualSummary {
    let values: Vec<f64> = residuals.iter().map(|r| r.normalised).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let moment = |power: i32| values.iter().map(|x| (x - mean).powi(power)).sum::<f64>() / n;
    let second = moment(2);
    let vary = second > 0.0;
    let points = qq_points(&values);
    let (theoretical, sample): (Vec<f64>, Vec<f64>) = points.iter().map(|p| (p.theoretical, p.sample)).unzip();
    let fitted: Vec<f64> = residuals.iter().map(|r| r.fitted_marginal).collect();
    let absolute: Vec<f64> = values.iter().map(|x| x.abs()).collect();
    let mut largest: Vec<RowResidual> = residuals.to_vec();
    largest.sort_by(|a, b| b.normalised.abs().total_cmp(&a.normalised.abs()));
    largest.truncate(5);
    ResidualSummary {
        n: values.len(),
        mean: if n > 0.0 { mean } else { 0.0 },
        sd: if n > 1.0 { (second * n / (n - 1.0)).sqrt() } else { 0.0 },
        skewness: vary.then(|| moment(3) / second.powf(1.5)),
        excess_kurtosis: vary.then(|| moment(4) / (second * second) - 3.0),
        qq_correlation: correlation(&theoretical, &sample),
        n_beyond_3: values.iter().filter(|x| x.abs() > 3.0).count(),
        expected_beyond_3: 2.0 * normal::sf(3.0) * n,
        spread_correlation: correlation(&fitted, &absolute),
        largest,
    }
}

/// Pearson's correlation; `None` where one side does not vary.
fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let n = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        aa += (x - mean_a).powi(2);
        bb += (y - mean_b).powi(2);
        ab += (x - mean_a) * (y - mean_b);
    }
    (aa > 0.0 && bb > 0.0).then(|| ab / (aa * bb).sqrt())
}
