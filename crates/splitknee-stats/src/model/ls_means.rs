//! Least-squares (estimated marginal) means of a linear mixed model and their differences, as R's `emmeans`; their weights
//! on the coefficients come from `reference_grid.rs`.
//!
//! The reference grid crosses the levels of all factors; covariates stand at their mean over the analysed rows (a covariate
//! with two values is crossed like a factor, as `emmeans` does). A mean averages the grid over the factors that are not
//! named, with equal weights or with the observed frequencies of their combinations (`emmeans` "proportional", SAS `OM`).

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::error::ModelError;
use super::inference::{Inference, TTest};
use super::reference_grid::{GridRow, difference_rows, mean_rows};
pub use crate::terms::Weights;

/// Which means: the factors before the bar, within each level of those after it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LsMeansSpec {
    /// The factors whose levels are compared.
    pub factors: Vec<String>,
    /// The factors within whose levels the means stand.
    pub by: Vec<String>,
    /// Weights of the other factors.
    pub weights: Weights,
    /// Covariates held at a given value instead of their mean.
    pub at: Vec<(String, f64)>,
    /// Differences against this level of the factors only, instead of all pairs.
    pub against: Option<String>,
}

impl LsMeansSpec {
    /// Reads `treatment`, `treatment|visit` or `treatment:side|visit`.
    ///
    /// ```
    /// use splitknee_stats::model::LsMeansSpec;
    /// let spec = LsMeansSpec::parse("treatment | visit");
    /// assert_eq!((spec.factors, spec.by), (vec!["treatment".to_owned()], vec!["visit".to_owned()]));
    /// ```
    pub fn parse(text: &str) -> Self {
        let (left, right) = text.trim().trim_start_matches('~').split_once('|').unwrap_or((text, ""));
        let names = |s: &str| -> Vec<String> {
            s.split([':', '*', '+', ','])
                .map(|n| n.trim().trim_start_matches('~').trim().to_owned())
                .filter(|n| !n.is_empty())
                .collect()
        };
        Self { factors: names(left), by: names(right), ..Self::default() }
    }
}

/// The levels a mean or contrast stands at, in order: serialised as one field per factor.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Levels(pub Vec<(String, String)>);

impl Levels {
    /// The level of `factor`.
    pub fn get(&self, factor: &str) -> Option<&str> {
        self.0.iter().find(|(f, _)| f == factor).map(|(_, l)| l.as_str())
    }
}

impl Serialize for Levels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (factor, level) in &self.0 {
            map.serialize_entry(factor, level)?;
        }
        map.end()
    }
}

/// One LS mean.
#[derive(Debug, Clone, PartialEq)]
pub struct LsMean {
    /// Its levels: the named factors, then the `by` factors.
    pub levels: Levels,
    /// Its weights on the coefficients; `None` where the mean is not estimable.
    pub row: Option<Vec<f64>>,
    /// Estimate, standard error, df and interval; `None` where not estimable.
    pub test: Option<TTest>,
}

/// A difference of two LS means.
#[derive(Debug, Clone, PartialEq)]
pub struct LsDifference {
    /// `EV - PLACEBO`.
    pub contrast: String,
    /// The `by` levels.
    pub levels: Levels,
    /// Its weights on the coefficients.
    pub row: Option<Vec<f64>>,
    /// The test; `None` where not estimable.
    pub test: Option<TTest>,
}

impl Inference<'_> {
    /// The LS means of `spec`: the `by` levels vary slowest, within them the levels of the factors.
    ///
    /// # Errors
    /// [`ModelError::UnknownFactor`] for a name that is no factor of the model.
    pub fn ls_means(&self, spec: &LsMeansSpec) -> Result<Vec<LsMean>, ModelError> {
        let grid = mean_rows(&self.fit.frame, &self.fit.design, spec)?;
        let (levels, rows): (Vec<_>, Vec<_>) =
            grid.into_iter().map(|GridRow { levels, weights, .. }| (levels, weights)).unzip();
        let tests = self.table(&rows)?;
        Ok(levels.into_iter().zip(rows).zip(tests).map(|((levels, row), test)| LsMean { levels, row, test }).collect())
    }

    /// All pairwise differences of the LS means of `spec` within each `by` level, later minus earlier level.
    ///
    /// # Errors
    /// As [`Inference::ls_means`].
    pub fn ls_differences(&self, spec: &LsMeansSpec) -> Result<Vec<LsDifference>, ModelError> {
        let grid = difference_rows(&self.fit.frame, &self.fit.design, spec)?;
        let (names, rows): (Vec<_>, Vec<_>) =
            grid.into_iter().map(|GridRow { contrast, levels, weights }| ((contrast, levels), weights)).unzip();
        let tests = self.table(&rows)?;
        let joined = names.into_iter().zip(rows).zip(tests);
        Ok(joined.map(|(((contrast, levels), row), test)| LsDifference { contrast, levels, row, test }).collect())
    }
}
