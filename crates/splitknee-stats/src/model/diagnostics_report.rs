//! What `splitknee model --diagnostics` prints: residuals, influence of single patients, and both in words.

use serde::Serialize;

use super::diagnostics::{ResidualSummary, RowResidual, residuals, summarise};
use super::error::ModelError;
use super::fit::Fit;
use super::influence::{ContrastInfluence, influence, summarise_influence};
use super::ls_means::Levels;
use super::patient_blocks::PatientBlock;

/// Residuals and influence of a fit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagnostics {
    /// What the normalised residuals show.
    pub summary: ResidualSummary,
    /// Every patient: Cook's distance, leverage and the change of each coefficient when the patient is left out.
    pub patients: Vec<PatientRecord>,
    /// What leaving out one patient does to each comparison asked for (covariance parameters held).
    pub comparisons: Vec<InfluenceRecord>,
    /// Every residual.
    pub residuals: Vec<RowResidual>,
    /// The same in words.
    pub words: Vec<String>,
}

/// One patient's influence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PatientRecord {
    /// The patient.
    pub patient: String,
    /// Rows of the patient.
    pub n_rows: usize,
    /// Cook's distance; `None` where the patient alone determines a coefficient.
    pub cooks_distance: Option<f64>,
    /// Leverage; they sum to the number of coefficients.
    pub leverage: f64,
    /// `β̂₍ᵢ₎ − β̂`, in the order of the coefficients; empty where the patient alone determines a coefficient.
    pub change: Vec<f64>,
}

/// What leaving out one patient does to one comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InfluenceRecord {
    /// The comparison: `EV - PLACEBO`, or the label of a linear combination.
    pub contrast: String,
    /// One field per `by` factor.
    #[serde(flatten)]
    pub levels: Levels,
    /// Range and the patients behind it.
    #[serde(flatten)]
    pub influence: ContrastInfluence,
}

/// A comparison whose stability is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Comparison {
    pub contrast: String,
    pub levels: Levels,
    /// Weights on the coefficients.
    pub weights: Vec<f64>,
}

/// The diagnostics of a fit whose patients are `blocks`.
///
/// # Errors
/// Those of [`residuals`] and [`influence`].
pub(super) fn diagnose(
    fit: &Fit,
    blocks: &[PatientBlock],
    comparisons: Vec<Comparison>,
) -> Result<Diagnostics, ModelError> {
    let rows = residuals(fit, blocks)?;
    let summary = summarise(&rows);
    let patients = influence(blocks)?;
    let estimate = |weights: &[f64]| weights.iter().zip(fit.coefficient_estimates()).map(|(w, b)| w * b).sum();
    let comparisons: Vec<InfluenceRecord> = comparisons
        .into_iter()
        .filter_map(|Comparison { contrast, levels, weights }| {
            let influence = summarise_influence(&patients, &weights, estimate(&weights))?;
            Some(InfluenceRecord { contrast, levels, influence })
        })
        .collect();
    let patients: Vec<PatientRecord> = patients
        .into_iter()
        .map(|p| PatientRecord {
            patient: p.patient,
            n_rows: p.n_rows,
            cooks_distance: p.cooks_distance,
            leverage: p.leverage,
            change: p.change,
        })
        .collect();
    let words = words(&summary, &patients, &comparisons);
    Ok(Diagnostics { summary, patients, comparisons, residuals: rows, words })
}

/// The diagnostics in words: what is seen, against what the model expects.
fn words(summary: &ResidualSummary, patients: &[PatientRecord], comparisons: &[InfluenceRecord]) -> Vec<String> {
    let mut words = vec![format!(
        "The {} normalised residuals have SD {:.3} (1 under the model); {} lie beyond ±3 where {:.1} are expected.",
        summary.n, summary.sd, summary.n_beyond_3, summary.expected_beyond_3
    )];
    if let Some(largest) = summary.largest.first() {
        words.push(format!("The largest is {:.2}, of patient {}.", largest.normalised, largest.patient));
    }
    if let (Some(qq), Some(skewness), Some(kurtosis)) =
        (summary.qq_correlation, summary.skewness, summary.excess_kurtosis)
    {
        words.push(format!(
            "Their normal QQ plot has correlation {qq:.4} (1 for a straight line); skewness {skewness:.2}, excess kurtosis {kurtosis:.2} (both 0 for a normal distribution)."
        ));
    }
    if let Some(spread) = summary.spread_correlation {
        words.push(format!(
            "Size of residual and fitted value correlate by {spread:.2} (0 where the spread does not depend on the mean)."
        ));
    }
    let distance = |p: &&PatientRecord| p.cooks_distance.unwrap_or(0.0);
    if let Some(most) = patients.iter().max_by(|a, b| distance(a).total_cmp(&distance(b))) {
        let line = 4.0 / patients.len() as f64;
        let beyond = patients.iter().filter(|p| distance(p) > line).count();
        words.push(format!(
            "The largest Cook's distance is {:.3}, of patient {}; {beyond} of {} patients lie above the customary line 4/N = {line:.3}.",
            distance(&most),
            most.patient,
            patients.len()
        ));
    }
    for record in comparisons {
        let influence = &record.influence;
        let place: Vec<&str> = record.levels.0.iter().map(|(_, level)| level.as_str()).collect();
        let place = if place.is_empty() { String::new() } else { format!(", {}", place.join(", ")) };
        words.push(format!(
            "{}{place}: {:.4}; without one patient between {:.4} (without {}) and {:.4} (without {}), covariance held; its sign {} on one patient.",
            record.contrast,
            influence.estimate,
            influence.lowest.0,
            influence.lowest.1,
            influence.highest.0,
            influence.highest.1,
            if influence.sign_depends_on_one_patient { "depends" } else { "does not depend" }
        ));
    }
    let alone: Vec<&str> = patients.iter().filter(|p| p.cooks_distance.is_none()).map(|p| p.patient.as_str()).collect();
    if !alone.is_empty() {
        words.push(format!("A coefficient rests on one patient alone: {}.", alone.join(", ")));
    }
    words
}
