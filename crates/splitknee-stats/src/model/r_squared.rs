//! How much a linear mixed model explains, and how alike it takes rows to be: R², intraclass correlations, within-pair
//! correlations.
//!
//! Nakagawa & Schielzeth (2013), with the mean random variance of Johnson (2014) where there are random slopes or
//! structured residuals: with the variance of the fixed predictions σ²_f (n − 1 in the denominator, as R's `performance`),
//! the mean random variance σ²_r = mean diag(ZGZ') and the mean total σ²_v = mean diag(V),
//!
//! > R²_marginal = σ²_f/(σ²_f + σ²_v),  R²_conditional = (σ²_f + σ²_r)/(σ²_f + σ²_v),  ICC = σ²_r/σ²_v.

use super::data::Column;
use super::error::ModelError;
use super::fit::Fit;
use super::patient_blocks::PatientBlock;
use serde::Serialize;
use std::collections::BTreeMap;

/// Explained variance and intraclass correlation of a fit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedVariance {
    /// Share of the fixed effects.
    pub r2_marginal: f64,
    /// Share of fixed and random effects; `None` without random effects.
    pub r2_conditional: Option<f64>,
    /// Share of the random effects in the variance that the fixed effects leave; `None` without random effects.
    pub icc: Option<f64>,
    /// Share of each random intercept in that variance, in the order of the formula; random slopes have none.
    pub icc_by_group: Vec<GroupShare>,
    /// Variance of the fixed predictions.
    pub variance_fixed: f64,
    /// Mean variance of the random effects.
    pub variance_random: f64,
    /// Mean residual variance.
    pub variance_residual: f64,
}

/// The share of one random intercept in the variance that the fixed effects leave.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupShare {
    /// The grouping.
    pub group: String,
    /// Its variance over the mean total variance.
    pub icc: f64,
}

/// The correlation that the model implies between the two knees of a patient at one visit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PairCorrelation {
    /// The visit (or whatever the pairs are matched on).
    pub visit: String,
    /// Correlation; its mean over the pairs where the model lets it differ between patients.
    pub correlation: f64,
    /// Smallest and largest over the pairs.
    pub range: (f64, f64),
    /// Pairs with both rows analysed.
    pub n_pairs: usize,
}

/// R² and ICC of a fit whose patients are `blocks`.
///
/// # Errors
/// A response that is not numeric.
pub fn explained_variance(fit: &Fit, blocks: &[PatientBlock]) -> Result<ExplainedVariance, ModelError> {
    let y = fit.frame.numeric_response()?;
    let (mut n, mut total, mut random, mut sum, mut square) = (0.0, 0.0, 0.0, 0.0, 0.0);
    // Predictions about the mean outcome, so that an outcome far from zero does not cancel.
    let center = y.iter().sum::<f64>() / y.len().max(1) as f64;
    for block in blocks {
        total += block.v.trace();
        random += block.random.trace();
        for (row, residual) in block.rows.iter().zip(block.residual.iter()) {
            let fitted = y.get(*row).copied().unwrap_or(center) - residual - center;
            n += 1.0;
            sum += fitted;
            square += fitted * fitted;
        }
    }
    let variance_fixed = ((square - sum * sum / n) / (n - 1.0)).max(0.0);
    let (variance_total, variance_random) = (total / n, random / n);
    let whole = variance_fixed + variance_total;
    let has_random = !fit.frame.formula.random.is_empty();
    let intercepts = fit.variance_components().into_iter().zip(fit.random_intercepts());
    Ok(ExplainedVariance {
        r2_marginal: variance_fixed / whole,
        r2_conditional: has_random.then(|| (variance_fixed + variance_random) / whole),
        icc: has_random.then(|| variance_random / variance_total),
        icc_by_group: intercepts
            .filter(|(_, alone)| *alone)
            .map(|(component, _)| GroupShare { icc: component.variance / variance_total, group: component.group })
            .collect(),
        variance_fixed,
        variance_random,
        variance_residual: variance_total - variance_random,
    })
}

/// The model's correlation between rows of one patient that have the same `visit` and another `knee`; `visits` and `knees`
/// name them for every analysed row (position in the model frame). Visits come in the order of their names.
pub fn pair_correlations(blocks: &[PatientBlock], visits: &[String], knees: &[String]) -> Vec<PairCorrelation> {
    let mut found: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for block in blocks {
        for (i, a) in block.rows.iter().enumerate() {
            for (j, b) in block.rows.iter().enumerate().skip(i + 1) {
                let (Some(visit), Some(other)) = (visits.get(*a), visits.get(*b)) else { continue };
                if visit == other && knees.get(*a) != knees.get(*b) {
                    let correlation = block.v[(i, j)] / (block.v[(i, i)] * block.v[(j, j)]).sqrt();
                    found.entry(visit).or_default().push(correlation);
                }
            }
        }
    }
    found
        .into_iter()
        .map(|(visit, values)| PairCorrelation {
            visit: visit.to_owned(),
            correlation: values.iter().sum::<f64>() / values.len() as f64,
            range: (
                values.iter().copied().fold(f64::INFINITY, f64::min),
                values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            ),
            n_pairs: values.len(),
        })
        .collect()
}

impl Fit {
    /// [`pair_correlations`] of rows that share the category of `shared` and differ in `apart`, columns of the fitted table;
    /// in the order of the levels.
    pub(super) fn pair_correlations(
        &self,
        blocks: &[PatientBlock],
        apart: &Column,
        shared: &Column,
    ) -> Vec<PairCorrelation> {
        let names = |column: &Column| -> (Vec<String>, Vec<String>) {
            let Column::Categorical { levels, codes } = column.to_categorical() else { return Default::default() };
            let name = |row: &usize| {
                let code = codes.get(*row).copied().flatten();
                code.and_then(|code| levels.get(code as usize)).cloned().unwrap_or_default()
            };
            (self.frame.rows.iter().map(name).collect(), levels)
        };
        let ((visits, order), (knees, _)) = (names(shared), names(apart));
        let mut found = pair_correlations(blocks, &visits, &knees);
        found.sort_by_key(|pair| order.iter().position(|level| *level == pair.visit));
        found
    }
}
