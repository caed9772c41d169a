//! From a table and a formula to generalised estimating equations, and their report.

use super::adjust::{Adjust, AdjustmentRecord};
use super::data::{Column, Columns};
use super::design::{Design, Grouping, ModelFrame};
use super::error::ModelError;
use super::formula::Formula;
use super::gee::{GeeFamily, GeeOptions, fit_gee_with_offset, gee_error};
use super::generalised_report::{
    RateRatio, RatioContrast, RatioContrasts, WaldEstimate, mean_record, wald_combination,
};
use super::ls_means::LsMeansSpec;
use super::offset::Offset;
use super::reference_grid::{difference_rows, mean_rows};
use super::report::{LsMeanRecord, bilinear};
use crate::math::dist::student_t;
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
    /// Two-sided p-value: normal, or by t where asked for.
    pub p_value: Option<f64>,
    /// Lower confidence limit.
    pub conf_low: f64,
    /// Upper confidence limit.
    pub conf_high: f64,
    /// Two-sided p-value from t with patients − coefficients degrees of freedom, for few patients.
    pub p_value_t: Option<f64>,
    /// Of a count: the rate ratio.
    #[serde(flatten)]
    pub rate: Option<RateRatio>,
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
    /// θ of a negative binomial variance μ + μ²/θ.
    pub dispersion: Option<f64>,
    /// Degrees of freedom of `p_value_t`: patients − coefficients.
    pub df_t: Option<f64>,
    /// The offset, as it was written.
    pub offset: Option<String>,
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
    /// Differences of LS means, with odds ratios for the binomial family and rate ratios for counts.
    pub contrasts: Vec<RatioContrast>,
    /// How the differences are adjusted for each other, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adjust: Option<AdjustmentRecord>,
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
    /// How the differences are adjusted for each other.
    pub adjust: Option<Adjust>,
    /// What is added to the predictor of counts: the logarithm of their exposure.
    pub offset: Option<Offset>,
    /// Whether p-values and limits are by t with patients − coefficients degrees of freedom, for few patients; else normal.
    pub by_t: bool,
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
/// What the formula, the design matrix, the outcome or [`fit_gee_with_offset`] refuses; random and covariance terms do not belong here.
pub fn gee(
    data: &Columns,
    formula: &Formula,
    id: &str,
    options: &GeeOptions,
    comparisons: &GeeComparisons,
) -> Result<GeeReport, ModelError> {
    if !formula.random.is_empty() || !formula.covariance.is_empty() {
        return Err(gee_error(note!(gee_random)));
    }
    // A row needs its patient as well as the variables of the formula.
    let patients = data.column(id)?;
    let offsets = comparisons.offset.as_ref().map(|offset| offset.values(data)).transpose()?;
    if offsets.is_some() && !options.family.is_count() {
        return Err(gee_error(note!(gee_offset)));
    }
    let measured = |row: usize| offsets.as_ref().is_none_or(|values| values[row].is_finite());
    let known: Vec<usize> = (0..data.n_rows()).filter(|&row| !patients.is_missing(row) && measured(row)).collect();
    let table = data.select_rows(&known);
    let frame = ModelFrame::build(&table, formula)?;
    let offset: Vec<f64> = match &offsets {
        Some(values) => frame.rows.iter().map(|&row| values[known[row]]).collect(),
        None => Vec::new(),
    };
    let design = Design::build(&frame)?;
    let patient = Grouping::build(&table.select_rows(&frame.rows), &[id.to_owned()])?;
    let outcome: Vec<f64> = match (&frame.response, options.family) {
        (Column::Numeric(values), _) => values.clone(),
        (Column::Categorical { levels, codes }, GeeFamily::Binomial) if levels.len() == 2 => {
            codes.iter().map(|code| f64::from(u8::from(*code == Some(1)))).collect()
        }
        _ => return Err(gee_error(note!(gee_outcome))),
    };
    let codes: Vec<usize> = patient.codes.iter().map(|&code| code as usize).collect();
    let fit = fit_gee_with_offset(&outcome, &design.x, &design.names, &codes, &offset, options)?;
    let p = fit.terms.len();
    let errors = |vcov: &[f64]| -> Vec<f64> {
        (0..p).map(|j| vcov.get(j * p + j).copied().unwrap_or(0.0).max(0.0).sqrt()).collect()
    };
    let df_t = (fit.n_patients > p).then(|| (fit.n_patients - p) as f64);
    if comparisons.by_t && df_t.is_none() {
        return Err(gee_error(note!(gee_t, n = fit.n_patients, p = p)));
    }
    let referred = |wald: WaldEstimate| match df_t.filter(|_| comparisons.by_t) {
        Some(df) => wald.by_t(df, options.conf_level),
        None => wald,
    };
    let coefficients = fit
        .terms
        .iter()
        .zip(&fit.estimates)
        .zip(errors(&fit.vcov).into_iter().zip(errors(&fit.vcov_naive)))
        .map(|((term, estimate), (robust, naive))| {
            let wald = referred(WaldEstimate::new(term, *estimate, robust, options.conf_level));
            let rate = options.family.is_count().then(|| wald.rate_ratio());
            GeeCoefficient {
                term: wald.term,
                estimate: wald.estimate,
                std_error: robust,
                std_error_naive: naive,
                statistic: wald.statistic,
                p_value: wald.p_value,
                conf_low: wald.conf_low,
                conf_high: wald.conf_high,
                p_value_t: df_t.zip(wald.statistic).map(|(df, t)| student_t::two_sided(t, df)),
                rate,
            }
        })
        .collect();
    let test = |label: &str, weights: &[f64]| {
        referred(wald_combination(label, weights, &fit.estimates, &fit.vcov, options.conf_level))
    };
    let (mut emmeans, mut contrasts) = (Vec::new(), Vec::new());
    for spec in &comparisons.emmeans {
        for row in mean_rows(&frame, &design, spec)? {
            let mean = row.weights.as_ref().map(|weights| test("", weights));
            emmeans.push(mean_record(row.levels, mean));
        }
    }
    let ratio_kind = match options.family {
        GeeFamily::Binomial => Some("odds ratio"),
        GeeFamily::Poisson | GeeFamily::NegativeBinomial => Some("rate ratio"),
        GeeFamily::Gaussian => None,
    };
    let mut asked = RatioContrasts::new(comparisons.adjust, ratio_kind, options.conf_level);
    for spec in &comparisons.contrasts {
        let rows = difference_rows(&frame, &design, spec)?;
        let covariance = |a: &[f64], b: &[f64]| bilinear(&fit.vcov, a, b);
        contrasts.extend(asked.family(spec, rows, |label, weights| Some(test(label, weights)), &covariance)?);
    }
    let mut notes = fit.notes;
    if options.family.is_count() {
        notes.push(note!(counts_rate));
    }
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
        dispersion: fit.dispersion,
        df_t,
        offset: comparisons.offset.as_ref().map(|offset| offset.text.clone()),
        n_obs: fit.n_obs,
        n_dropped: data.n_rows() - known.len() + frame.n_dropped,
        n_patients: fit.n_patients,
        max_cluster: fit.max_cluster,
        iterations: fit.iterations,
        vcov: fit.vcov.chunks(p.max(1)).map(<[f64]>::to_vec).collect(),
        emmeans,
        contrasts,
        adjust: asked.record(),
        aliased: design.aliased,
        notes,
    })
}
