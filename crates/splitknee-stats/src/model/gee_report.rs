//! From a table and a formula to generalised estimating equations, and their report.

use super::data::{Column, Columns};
use super::design::{Design, Grouping, ModelFrame};
use super::error::ModelError;
use super::formula::Formula;
use super::gee::{GeeFamily, GeeOptions, fit_gee, gee_error};
use super::generalised_report::{RatioContrast, WaldEstimate, mean_record, wald_combination};
use super::ls_means::LsMeansSpec;
use super::reference_grid::{difference_rows, mean_rows};
use super::report::LsMeanRecord;
use crate::note;
use serde::Serialize;

/// A coefficient of the report: Wald test with the robust standard error.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GeeCoefficient {
    /// Name.
    pub term: String,
    /// Estimate.
    pub estimate: f64,
    /// Robust standard error.
    pub std_error: f64,
    /// Model-based standard error.
    pub std_error_naive: f64,
    /// Estimate over robust standard error.
    pub statistic: Option<f64>,
    /// Two-sided normal p-value.
    pub p_value: Option<f64>,
    /// Lower confidence limit.
    pub conf_low: f64,
    /// Upper confidence limit.
    pub conf_high: f64,
}

/// The report of a GEE fit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GeeReport {
    /// The formula.
    pub formula: String,
    /// The column that names the patient.
    pub id: String,
    /// `binomial` or `gaussian`.
    pub family: String,
    /// Working correlation.
    pub corstr: String,
    /// `classical` or `mancl-derouen`.
    pub robust: String,
    /// Coefficients.
    pub coefficients: Vec<GeeCoefficient>,
    /// Working correlation parameter; `None` under independence.
    pub alpha: Option<f64>,
    /// Scale.
    pub scale: f64,
    /// Rows used.
    pub n_obs: usize,
    /// Rows left out because a variable is missing.
    pub n_dropped: usize,
    /// Patients.
    pub n_patients: usize,
    /// Rows of the patient with most rows.
    pub max_cluster: usize,
    /// Iterations.
    pub iterations: usize,
    /// Robust covariance of the coefficients.
    pub vcov: Vec<Vec<f64>>,
    /// LS means on the scale of the linear predictor.
    pub emmeans: Vec<LsMeanRecord>,
    /// Differences of LS means, with odds ratios for the binomial family.
    pub contrasts: Vec<RatioContrast>,
    /// Columns dropped as combinations of earlier ones.
    pub aliased: Vec<String>,
    /// Choices made and what the reader should know.
    pub notes: crate::note::Notes,
}

/// LS means and pairwise differences to report.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GeeComparisons {
    /// LS means.
    pub emmeans: Vec<LsMeansSpec>,
    /// Differences, later minus earlier level.
    pub contrasts: Vec<LsMeansSpec>,
}

/// Solves the estimating equations of `formula` on `data`, patients named by the column `id`.
///
/// ```
/// use splitknee_stats::model::gee::{GeeFamily, GeeOptions};
/// use splitknee_stats::model::gee_report::{GeeComparisons, gee};
/// use splitknee_stats::model::{Columns, Formula};
/// let mut table = Columns::new();
/// table.add_numeric("responder", vec![1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0]).unwrap();
/// table.add_categorical("arm", ["EV", "PLACEBO"].repeat(6).into_iter().map(Some)).unwrap();
/// table.set_levels("arm", &["PLACEBO", "EV"]).unwrap();
/// table.add_categorical("id", (0..12).map(|row| Some(format!("{}", row / 2)))).unwrap();
/// let formula = Formula::parse("responder ~ arm").unwrap();
/// let report = gee(&table, &formula, "id", &GeeOptions::new(GeeFamily::Binomial), &GeeComparisons::default()).unwrap();
/// assert_eq!(report.n_patients, 6);
/// assert!((report.coefficients[1].estimate - 4.0_f64.ln()).abs() < 1e-9);
/// ```
///
/// # Errors
/// What the formula, the design matrix, the outcome or [`fit_gee`] refuses; random and covariance terms do not belong here.
pub fn gee(
    data: &Columns,
    formula: &Formula,
    id: &str,
    options: &GeeOptions,
    comparisons: &GeeComparisons,
) -> Result<GeeReport, ModelError> {
    if !formula.random.is_empty() || !formula.covariance.is_empty() {
        return Err(gee_error(
            "take no random or covariance terms: the correlation is given by the structure and the patient".into(),
        ));
    }
    // A row needs its patient as well as the variables of the formula.
    let patients = data.column(id)?;
    let known: Vec<usize> = (0..data.n_rows()).filter(|&row| !patients.is_missing(row)).collect();
    let table = data.select_rows(&known);
    let frame = ModelFrame::build(&table, formula)?;
    let design = Design::build(&frame)?;
    let patient = Grouping::build(&table.select_rows(&frame.rows), &[id.to_owned()])?;
    let outcome: Vec<f64> = match (&frame.response, options.family) {
        (Column::Numeric(values), _) => values.clone(),
        (Column::Categorical { levels, codes }, GeeFamily::Binomial) if levels.len() == 2 => {
            codes.iter().map(|code| f64::from(u8::from(*code == Some(1)))).collect()
        }
        _ => return Err(gee_error("need a numeric outcome, or two categories for the binomial family".into())),
    };
    let codes: Vec<usize> = patient.codes.iter().map(|&code| code as usize).collect();
    let fit = fit_gee(&outcome, &design.x, &design.names, &codes, options)?;
    let p = fit.terms.len();
    let errors = |vcov: &[f64]| -> Vec<f64> {
        (0..p).map(|j| vcov.get(j * p + j).copied().unwrap_or(0.0).max(0.0).sqrt()).collect()
    };
    let coefficients = fit
        .terms
        .iter()
        .zip(&fit.estimates)
        .zip(errors(&fit.vcov).into_iter().zip(errors(&fit.vcov_naive)))
        .map(|((term, estimate), (robust, naive))| {
            let wald = WaldEstimate::new(term, *estimate, robust, options.conf_level);
            GeeCoefficient {
                term: wald.term,
                estimate: wald.estimate,
                std_error: robust,
                std_error_naive: naive,
                statistic: wald.statistic,
                p_value: wald.p_value,
                conf_low: wald.conf_low,
                conf_high: wald.conf_high,
            }
        })
        .collect();
    let test =
        |label: &str, weights: &[f64]| wald_combination(label, weights, &fit.estimates, &fit.vcov, options.conf_level);
    let (mut emmeans, mut contrasts) = (Vec::new(), Vec::new());
    for spec in &comparisons.emmeans {
        for row in mean_rows(&frame, &design, spec)? {
            let mean = row.weights.as_ref().map(|weights| test("", weights));
            emmeans.push(mean_record(row.levels, mean));
        }
    }
    let ratio_kind = (options.family == GeeFamily::Binomial).then_some("odds ratio");
    for spec in &comparisons.contrasts {
        for row in difference_rows(&frame, &design, spec)? {
            let difference = row.weights.as_ref().map(|weights| test(&row.contrast, weights));
            contrasts.push(RatioContrast::new(row, difference, ratio_kind));
        }
    }
    let mut notes = fit.notes;
    if !design.aliased.is_empty() {
        notes.push(note!(dropped_terms, columns = design.aliased.join(", ")));
    }
    Ok(GeeReport {
        formula: formula.text.clone(),
        id: id.to_owned(),
        family: options.family.name().into(),
        corstr: options.correlation.name().into(),
        robust: options.covariance.name().into(),
        coefficients,
        alpha: fit.alpha,
        scale: fit.scale,
        n_obs: fit.n_obs,
        n_dropped: data.n_rows() - known.len() + frame.n_dropped,
        n_patients: fit.n_patients,
        max_cluster: fit.max_cluster,
        iterations: fit.iterations,
        vcov: fit.vcov.chunks(p.max(1)).map(<[f64]>::to_vec).collect(),
        emmeans,
        contrasts,
        aliased: design.aliased,
        notes,
    })
}
