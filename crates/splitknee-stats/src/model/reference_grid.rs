//! Least-squares means and their differences as rows of weights on the columns of a design matrix, whatever was fitted to
//! it (linear mixed models, generalised models, estimating equations, robust covariances).
//!
//! The reference grid crosses the levels of all factors with covariates at their mean; a mean averages it over the factors
//! that are not named (`emmeans`), a covariate of two values like a factor.

use super::design::{Design, GridValue, Input, ModelFrame};
use super::error::ModelError;
use super::ls_means::{Levels, LsMeansSpec, Weights};
use std::collections::BTreeMap;

/// An LS mean, or a difference of two, as weights on the design's columns.
#[derive(Debug, Clone, PartialEq)]
pub struct GridRow {
    /// `EV - PLACEBO` for a difference; empty for a mean.
    pub contrast: String,
    /// Its levels: for a mean the named factors and then the `by` factors, for a difference the `by` factors.
    pub levels: Levels,
    /// The weights; `None` where not estimable.
    pub weights: Option<Vec<f64>>,
}

/// One input of the frame with its points on the grid.
struct Axis<'a> {
    name: &'a str,
    is_factor: bool,
    points: Vec<(String, GridValue)>,
}

/// The LS means of `spec`: the `by` levels vary slowest.
///
/// # Errors
/// A name in `spec` that is not a factor of the model.
pub fn mean_rows(frame: &ModelFrame, design: &Design, spec: &LsMeansSpec) -> Result<Vec<GridRow>, ModelError> {
    let axes: Vec<Axis<'_>> = frame.inputs.iter().map(|input| axis(input, &spec.at)).collect();
    let find = |name: &String| {
        axes.iter().position(|axis| axis.is_factor && axis.name == name).ok_or_else(|| ModelError::UnknownFactor {
            name: name.clone(),
            available: axes.iter().filter(|axis| axis.is_factor).map(|axis| axis.name).collect::<Vec<_>>().join(", "),
        })
    };
    let factors: Vec<usize> = spec.factors.iter().map(find).collect::<Result<_, _>>()?;
    let by: Vec<usize> = spec.by.iter().map(find).collect::<Result<_, _>>()?;
    let named: Vec<usize> = by.iter().chain(&factors).copied().collect();
    let averaged: Vec<usize> = (0..axes.len()).filter(|index| !named.contains(index)).collect();
    let weights = averaging_weights(frame, &axes, &averaged, spec.weights);
    let mut out = Vec::new();
    for place in combinations(&axes, &named) {
        let mut point: Vec<GridValue> = vec![GridValue::Number(f64::NAN); axes.len()];
        set(&axes, &named, &place, &mut point);
        let mut sum = Some(vec![0.0; design.n_columns()]);
        for (combination, weight) in &weights {
            set(&axes, &averaged, combination, &mut point);
            sum = sum.zip(design.row_at(&point)).map(|(mut total, row)| {
                total.iter_mut().zip(&row).for_each(|(slot, x)| *slot += weight * x);
                total
            });
        }
        let level = |axis: &usize| {
            let position = named.iter().position(|index| index == axis).and_then(|index| place.get(index));
            let found = axes.get(*axis).zip(position);
            found.and_then(|(axis, &at)| Some((axis.name.to_owned(), axis.points.get(at)?.0.clone())))
        };
        let levels = Levels(factors.iter().chain(&by).filter_map(level).collect());
        out.push(GridRow { contrast: String::new(), levels, weights: sum });
    }
    Ok(out)
}

/// All pairwise differences of the LS means of `spec` within each `by` level, later minus earlier level; or of every level and
/// the one that `spec` compares with.
///
/// # Errors
/// As [`mean_rows`]; a reference that is no level.
pub fn difference_rows(frame: &ModelFrame, design: &Design, spec: &LsMeansSpec) -> Result<Vec<GridRow>, ModelError> {
    let means = mean_rows(frame, design, spec)?;
    let split = |row: &GridRow| -> (String, Vec<(String, String)>) {
        let (own, by) = row.levels.0.split_at(spec.factors.len().min(row.levels.0.len()));
        (own.iter().map(|(_, level)| level.as_str()).collect::<Vec<_>>().join(" "), by.to_vec())
    };
    if let Some(reference) = &spec.against
        && !means.iter().any(|mean| split(mean).0 == *reference)
    {
        let listed = means.iter().map(|mean| split(mean).0).fold(Vec::new(), |mut all: Vec<String>, level| {
            if !all.contains(&level) {
                all.push(level);
            }
            all
        });
        let column = spec.factors.join(":");
        return Err(ModelError::UnlistedLevel { column, level: reference.clone(), listed: listed.join(", ") });
    }
    let mut out = Vec::new();
    for (index, later) in means.iter().enumerate() {
        let (name, by) = split(later);
        for (place, earlier) in means.iter().enumerate() {
            let (other, other_by) = split(earlier);
            let asked = match &spec.against {
                Some(reference) => other == *reference && name != other,
                None => place < index,
            };
            if other_by != by || !asked {
                continue;
            }
            let weights = later.weights.as_ref().zip(earlier.weights.as_ref());
            out.push(GridRow {
                contrast: format!("{name} - {other}"),
                levels: Levels(by.clone()),
                weights: weights.map(|(a, b)| a.iter().zip(b).map(|(x, y)| x - y).collect()),
            });
        }
    }
    Ok(out)
}

fn axis<'a>(input: &'a Input, at: &[(String, f64)]) -> Axis<'a> {
    let number = |value: f64| (format!("{value}"), GridValue::Number(value));
    match input {
        Input::Factor { name, levels, .. } => Axis {
            name,
            is_factor: true,
            points: levels.iter().enumerate().map(|(l, word)| (word.clone(), GridValue::Level(l as u32))).collect(),
        },
        Input::Numeric { name, values } => {
            let mut distinct: Vec<f64> = Vec::new();
            for value in values {
                if distinct.len() <= 2 && !distinct.contains(value) {
                    distinct.push(*value);
                }
            }
            distinct.sort_by(f64::total_cmp);
            let points = match at.iter().find(|(fixed, _)| fixed == name) {
                Some((_, value)) => vec![number(*value)],
                // A covariate with two values is crossed like a factor, as emmeans does.
                None if distinct.len() <= 2 => distinct.into_iter().map(number).collect(),
                None => vec![number(values.iter().sum::<f64>() / values.len() as f64)],
            };
            Axis { name, is_factor: false, points }
        }
    }
}

/// Puts the axes `which` of a point to the positions `place`.
fn set(axes: &[Axis<'_>], which: &[usize], place: &[usize], point: &mut [GridValue]) {
    for (&axis, &position) in which.iter().zip(place) {
        let value = axes.get(axis).and_then(|axis| axis.points.get(position));
        if let (Some(slot), Some((_, value))) = (point.get_mut(axis), value) {
            *slot = *value;
        }
    }
}

/// Every combination of positions on the axes `which`, the last fastest.
fn combinations(axes: &[Axis<'_>], which: &[usize]) -> Vec<Vec<usize>> {
    which.iter().fold(vec![Vec::new()], |done, &axis| {
        let size = axes.get(axis).map_or(0, |axis| axis.points.len());
        done.iter().flat_map(|left| (0..size).map(move |next| [left.as_slice(), &[next]].concat())).collect()
    })
}

/// Positions on the averaged axes with their weights, which sum to one.
fn averaging_weights(
    frame: &ModelFrame,
    axes: &[Axis<'_>],
    averaged: &[usize],
    weights: Weights,
) -> Vec<(Vec<usize>, f64)> {
    let all = combinations(axes, averaged);
    let equal = 1.0 / all.len().max(1) as f64;
    if weights == Weights::Equal {
        return all.into_iter().map(|combination| (combination, equal)).collect();
    }
    // A covariate with two values is crossed, and counted, like a factor: 0/1 and no/yes are one variable.
    let mut counts: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
    for row in 0..frame.n_rows() {
        let key = averaged.iter().map(|&axis| position(frame, axes, axis, row)).collect();
        *counts.entry(key).or_default() += 1;
    }
    let total = frame.n_rows() as f64;
    all.into_iter()
        .filter_map(|combination| counts.get(&combination).map(|&count| (combination, count as f64 / total)))
        .collect()
}

/// Where row `row` stands on an axis; a covariate at its mean has one position for all rows.
fn position(frame: &ModelFrame, axes: &[Axis<'_>], axis: usize, row: usize) -> usize {
    match (frame.inputs.get(axis), axes.get(axis)) {
        (Some(Input::Factor { codes, .. }), _) => codes.get(row).map_or(0, |&code| code as usize),
        (Some(Input::Numeric { values, .. }), Some(axis)) if axis.points.len() > 1 => {
            let value = values.get(row).copied();
            let here = |point: &(String, GridValue)| matches!(point.1, GridValue::Number(at) if Some(at) == value);
            axis.points.iter().position(here).unwrap_or(0)
        }
        _ => 0,
    }
}
