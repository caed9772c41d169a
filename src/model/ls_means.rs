//! Least-squares (estimated marginal) means and their differences, as R's `emmeans`.
//!
//! The reference grid crosses the levels of all factors; covariates stand at their mean over the analysed rows (a covariate
//! with two values is crossed like a factor, as `emmeans` does). A mean averages the grid over the factors that are not
//! named, with equal weights or with the observed frequencies of their combinations (`emmeans` "proportional", SAS `OM`).

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::design::{GridValue, Input, cell_counts};
use super::error::ModelError;
use super::fit::Fit;
use super::inference::{Inference, TTest};

/// Weights of the factors averaged over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weights {
    /// Every combination counts the same.
    #[default]
    Equal,
    /// Combinations count as often as they were observed.
    Observed,
}

impl Weights {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Observed => "observed",
        }
    }
}

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
}

impl LsMeansSpec {
    /// Reads `treatment`, `treatment|visit` or `treatment:side|visit`.
    ///
    /// ```
    /// use splitknee::model::LsMeansSpec;
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

    fn words(&self) -> String {
        self.0.iter().map(|(_, l)| l.as_str()).collect::<Vec<_>>().join(" ")
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

/// One axis of the reference grid.
struct Axis {
    name: String,
    values: Vec<(String, GridValue)>,
}

/// The grid, one axis per input of the frame.
fn axes(fit: &Fit, at: &[(String, f64)]) -> Vec<Axis> {
    fit.frame
        .inputs
        .iter()
        .map(|input| match input {
            Input::Factor { name, levels, .. } => Axis {
                name: name.clone(),
                values: levels.iter().enumerate().map(|(l, w)| (w.clone(), GridValue::Level(l as u32))).collect(),
            },
            Input::Numeric { name, values } => {
                let number = |v: f64| (format!("{v}"), GridValue::Number(v));
                let fixed = at.iter().find(|(n, _)| n == name).map(|(_, v)| *v);
                let mut distinct: Vec<f64> = Vec::new();
                for v in values {
                    if distinct.len() <= 2 && !distinct.contains(v) {
                        distinct.push(*v);
                    }
                }
                distinct.sort_by(f64::total_cmp);
                let points = match (fixed, distinct.len()) {
                    (Some(v), _) => vec![number(v)],
                    (None, 0..=2) => distinct.into_iter().map(number).collect(),
                    (None, _) => vec![number(values.iter().sum::<f64>() / values.len() as f64)],
                };
                Axis { name: name.clone(), values: points }
            }
        })
        .collect()
}

/// Every combination of the positions on some axes, the last fastest.
fn combinations(sizes: &[usize]) -> Vec<Vec<usize>> {
    sizes.iter().fold(vec![Vec::new()], |done, &size| {
        done.iter()
            .flat_map(|left: &Vec<usize>| {
                (0..size).map(move |i| {
                    let mut next = left.clone();
                    next.push(i);
                    next
                })
            })
            .collect()
    })
}

impl Inference<'_> {
    /// The LS means of `spec`: the `by` levels vary slowest, within them the levels of the factors.
    ///
    /// # Errors
    /// [`ModelError::UnknownFactor`] for a name that is no factor of the model.
    pub fn ls_means(&self, spec: &LsMeansSpec) -> Result<Vec<LsMean>, ModelError> {
        let axes = axes(self.fit, &spec.at);
        let find = |name: &String| {
            axes.iter()
                .position(|a| a.name == *name && a.values.iter().all(|v| matches!(v.1, GridValue::Level(_))))
                .ok_or_else(|| ModelError::UnknownFactor {
                    name: name.clone(),
                    available: axes
                        .iter()
                        .filter(|a| matches!(a.values.first(), Some((_, GridValue::Level(_)))))
                        .map(|a| a.name.as_str())
                        .collect::<Vec<_>>()
                        .join(", "),
                })
        };
        let factors: Vec<usize> = spec.factors.iter().map(find).collect::<Result<_, _>>()?;
        let by: Vec<usize> = spec.by.iter().map(find).collect::<Result<_, _>>()?;
        let named: Vec<usize> = by.iter().chain(&factors).copied().collect();
        let averaged: Vec<usize> = (0..axes.len()).filter(|i| !named.contains(i)).collect();
        let weights = self.averaging_weights(spec.weights, &axes, &averaged);
        let sizes: Vec<usize> = named.iter().map(|&i| axes[i].values.len()).collect();
        let mut out = Vec::new();
        for place in combinations(&sizes) {
            let mut point: Vec<GridValue> = vec![GridValue::Number(f64::NAN); axes.len()];
            named.iter().zip(&place).for_each(|(&axis, &i)| point[axis] = axes[axis].values[i].1);
            let mut row = Some(vec![0.0; self.fit.design.n_columns()]);
            for (combination, weight) in &weights {
                averaged.iter().zip(combination).for_each(|(&axis, &i)| point[axis] = axes[axis].values[i].1);
                row = match (row, self.fit.design.row_at(&point)) {
                    (Some(mut sum), Some(next)) => {
                        sum.iter_mut().zip(&next).for_each(|(s, x)| *s += weight * x);
                        Some(sum)
                    }
                    _ => None,
                };
            }
            let level = |axis: usize| {
                let position = named.iter().position(|&n| n == axis).map_or(0, |p| place[p]);
                (axes[axis].name.clone(), axes[axis].values[position].0.clone())
            };
            let levels = Levels(factors.iter().chain(&by).map(|&a| level(a)).collect());
            let test = row.as_ref().map(|r| self.contrast(r)).transpose()?;
            out.push(LsMean { levels, row, test });
        }
        Ok(out)
    }

    /// All pairwise differences of the LS means of `spec` within each `by` level, later minus earlier level.
    ///
    /// # Errors
    /// As [`Inference::ls_means`].
    pub fn ls_differences(&self, spec: &LsMeansSpec) -> Result<Vec<LsDifference>, ModelError> {
        let means = self.ls_means(spec)?;
        let (n_factors, mut out) = (spec.factors.len(), Vec::new());
        let split = |m: &LsMean| {
            let (own, by) = m.levels.0.split_at(n_factors.min(m.levels.0.len()));
            (Levels(own.to_vec()), Levels(by.to_vec()))
        };
        for (j, later) in means.iter().enumerate() {
            let (name, by) = split(later);
            for earlier in means.iter().take(j) {
                let (other, other_by) = split(earlier);
                if other_by != by {
                    continue;
                }
                let row = match (&later.row, &earlier.row) {
                    (Some(a), Some(b)) => Some(a.iter().zip(b).map(|(x, y)| x - y).collect::<Vec<f64>>()),
                    _ => None,
                };
                let test = row.as_ref().map(|r| self.contrast(r)).transpose()?;
                let contrast = format!("{} - {}", name.words(), other.words());
                out.push(LsDifference { contrast, levels: by.clone(), row, test });
            }
        }
        Ok(out)
    }

    /// Positions on the averaged axes with their weights, which sum to one.
    fn averaging_weights(&self, weights: Weights, axes: &[Axis], averaged: &[usize]) -> Vec<(Vec<usize>, f64)> {
        let sizes: Vec<usize> = averaged.iter().map(|&i| axes[i].values.len()).collect();
        let all = combinations(&sizes);
        let equal = 1.0 / all.len() as f64;
        if weights == Weights::Equal {
            return all.into_iter().map(|c| (c, equal)).collect();
        }
        let is_factor = |i: &usize| matches!(self.fit.frame.inputs.get(*i), Some(Input::Factor { .. }));
        let factors: Vec<usize> = averaged.iter().copied().filter(is_factor).collect();
        let counts = cell_counts(&self.fit.frame, &factors);
        let others: usize = averaged.iter().zip(&sizes).filter(|(i, _)| !is_factor(i)).map(|(_, s)| s).product();
        let total = self.fit.n_obs() as f64 * others as f64;
        all.into_iter()
            .filter_map(|c| {
                let key: Vec<u32> =
                    averaged.iter().zip(&c).filter(|(i, _)| is_factor(i)).map(|(_, &l)| l as u32).collect();
                let count = counts.get(&key).copied().unwrap_or(0);
                (count > 0).then(|| (c, count as f64 / total))
            })
            .collect()
    }
}
