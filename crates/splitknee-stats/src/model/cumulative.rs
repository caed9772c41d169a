//! Cumulative-link regression of an ordered outcome (proportional odds for the logit link) by maximum likelihood.
//!
//! The model is R's `ordinal::clm`: `P(Y ≤ j) = F(θ_j − xᵀβ)`; a positive coefficient means higher grades. Standard
//! errors come from the observed information, as there.

use super::error::ModelError;
use super::generalised::{Convergence, Family, GeneralisedFit, check_rows, maximise_fixed, observed_vcov};
use super::interval_outcome::{Bound, IntervalRows};
use super::link::Link;
use crate::note;
use crate::note::Note;

/// An ordered outcome ready for a cumulative-link model: only the grades that occur.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderedOutcome {
    /// Grade of every row, an index into `levels`.
    pub grades: Vec<usize>,
    /// The grades that occur, ascending.
    pub levels: Vec<String>,
    /// Grades that were declared but do not occur.
    pub empty: Vec<String>,
}

impl OrderedOutcome {
    /// Drops the grades of `levels` that do not occur in `codes` (indices into `levels`).
    ///
    /// # Errors
    /// A code outside `levels`, or fewer than two grades that occur.
    pub fn new(codes: &[usize], levels: &[String]) -> Result<Self, ModelError> {
        let mut counts = vec![0_usize; levels.len()];
        for &code in codes {
            match counts.get_mut(code) {
                Some(count) => *count += 1,
                None => {
                    return Err(ModelError::UnlistedLevel {
                        column: "the outcome".into(),
                        level: format!("grade number {}", code + 1),
                        listed: levels.join(", "),
                    });
                }
            }
        }
        let occurs = |index: &usize| counts.get(*index).is_some_and(|&count| count > 0);
        let kept: Vec<usize> = (0..levels.len()).filter(occurs).collect();
        if kept.len() < 2 {
            return Err(ModelError::ConstantOutcome { reason: note!(same_grade) });
        }
        let name = |index: &usize| levels.get(*index).cloned().unwrap_or_default();
        Ok(Self {
            grades: codes.iter().map(|code| kept.iter().position(|index| index == code).unwrap_or(0)).collect(),
            levels: kept.iter().map(name).collect(),
            empty: (0..levels.len()).filter(|index| !occurs(index)).map(|index| name(&index)).collect(),
        })
    }

    /// Names of the thresholds: `0|1`, `1|2`, ….
    pub fn threshold_names(&self) -> Vec<String> {
        self.levels.windows(2).map(|pair| pair.join("|")).collect()
    }

    /// A note on grades that do not occur, if there are any.
    pub fn note(&self) -> Option<Note> {
        (!self.empty.is_empty()).then(|| note!(grades_empty, grades = self.empty.join(", ")))
    }

    /// The thresholds of a model without covariates: link quantiles of the cumulative shares.
    pub fn marginal_thresholds(&self, link: Link) -> Vec<f64> {
        let total = self.grades.len() as f64;
        (0..self.levels.len().saturating_sub(1))
            .map(|j| link.quantile(self.grades.iter().filter(|&&grade| grade <= j).count() as f64 / total))
            .collect()
    }
}

/// The rows of an ordered outcome: `design` is row-major with `n_coefficients` columns and no intercept.
pub(super) fn ordered_rows(
    outcome: &OrderedOutcome,
    design: &[f64],
    n_coefficients: usize,
    link: Link,
) -> IntervalRows {
    let n_thresholds = outcome.levels.len() - 1;
    let bounds = outcome
        .grades
        .iter()
        .map(|&grade| {
            let lower = grade.checked_sub(1).map_or(Bound::Open, Bound::Threshold);
            (lower, if grade < n_thresholds { Bound::Threshold(grade) } else { Bound::Open })
        })
        .collect();
    IntervalRows { link, sign: -1.0, n_thresholds, n_coefficients, design: design.to_vec(), bounds, counts: None }
}

/// Fits an ordered outcome to a `design` (row-major, one column per name in `terms`) that has no intercept column and
/// would be of full rank together with one. The answer's terms are the thresholds, then `terms`.
///
/// # Errors
/// No rows, sizes that do not match, a single grade, more parameters than rows, or separation.
pub fn fit_ordered(
    outcome: &OrderedOutcome,
    design: &[f64],
    terms: &[String],
    link: Link,
) -> Result<GeneralisedFit, ModelError> {
    let rows = ordered_rows(outcome, design, terms.len(), link);
    let names: Vec<String> = outcome.threshold_names().into_iter().chain(terms.iter().cloned()).collect();
    check_rows(&rows, &names)?;
    let start = outcome.marginal_thresholds(link).into_iter().chain(terms.iter().map(|_| 0.0)).collect();
    let maximum = maximise_fixed(&rows, &names, start)?;
    Ok(GeneralisedFit {
        family: Family::Cumulative,
        link,
        n_thresholds: rows.n_thresholds,
        vcov: observed_vcov(&maximum, names.len(), &names)?,
        random: Vec::new(),
        integration: None,
        log_lik: maximum.jet.value,
        n_parameters: names.len(),
        n_obs: rows.len(),
        n_patients: rows.len(),
        singular: false,
        convergence: Convergence::from(&maximum),
        terms: names,
        estimates: maximum.parameters,
        notes: outcome.note().into_iter().collect(),
    })
}
