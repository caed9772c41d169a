//! Tests of the fixed terms, type I, II and III, as lmerTest's `anova` and SAS.
//!
//! Type I: each term after the ones before it. Type II: each term after all that do not contain it. Type III: each term as
//! if all cells were equally frequent (sum-to-zero contrasts). Hypotheses depend on the design only, not on V.

use serde::Serialize;

use super::design::{GridValue, Input};
use super::error::ModelError;
use super::fit::Fit;
use super::inference::{FTest, Inference};
use crate::math::linalg::{RowCompressor, dot};

/// Which hypotheses an anova table tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub enum AnovaType {
    /// Sequential.
    I,
    /// Each term after all that do not contain it.
    II,
    /// Each term in the presence of all others, cells weighted equally.
    #[default]
    III,
}

impl AnovaType {
    /// Reads `I`, `II`, `III` (or 1, 2, 3).
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "I" | "1" => Some(Self::I),
            "II" | "2" => Some(Self::II),
            "III" | "3" => Some(Self::III),
            _ => None,
        }
    }
}

/// One line of an anova table.
#[derive(Debug, Clone, PartialEq)]
pub struct AnovaRow {
    /// The term.
    pub term: String,
    /// The test; `None` where nothing of the term is estimable.
    pub test: Option<FTest>,
    /// Whether cells are empty, so that the hypothesis of equally weighted cells is not estimable as a whole.
    pub partial: bool,
}

impl Inference<'_> {
    /// The anova table: one line per fixed term, without the intercept.
    ///
    /// # Errors
    /// None from hypotheses of this design; those of [`Inference::f_test`] are passed on.
    pub fn anova(&self, kind: AnovaType) -> Result<Vec<AnovaRow>, ModelError> {
        let design = &self.fit.design;
        let terms: Vec<usize> = (0..design.terms.len()).filter(|&t| !design.term_variables[t].is_empty()).collect();
        // A single term has one hypothesis in all types; lmerTest writes it in the basis of type I, which decides
        // Satterthwaite's df of several rows.
        let single = terms.len() == 1;
        terms
            .into_iter()
            .map(|t| {
                let (rows, partial) = match kind {
                    _ if single => (doolittle_rows(self.fit, t, |_| false), false),
                    AnovaType::I => (doolittle_rows(self.fit, t, |u| u > t), false),
                    AnovaType::II => {
                        let contained = (0..design.terms.len()).any(|u| contains(self.fit, u, t));
                        let rows = if contained {
                            doolittle_rows(self.fit, t, |u| contains(self.fit, u, t))
                        } else {
                            coefficient_rows(self.fit, t)
                        };
                        (rows, false)
                    }
                    AnovaType::III => marginal_rows(self.fit, t),
                };
                let test = if rows.is_empty() { None } else { Some(self.f_test(&rows)?) };
                let test = test.filter(|t| t.num_df > 0);
                Ok(AnovaRow { term: design.terms[t].clone(), test, partial })
            })
            .collect()
    }
}

/// Whether term `u` contains term `t`: the same covariates, and more factors, among them those of `t` (SAS's definition).
fn contains(fit: &Fit, u: usize, t: usize) -> bool {
    let (mut fu, mut nu) = fit.design.split_term(u);
    let (mut ft, mut nt) = fit.design.split_term(t);
    [&mut fu, &mut nu, &mut ft, &mut nt].into_iter().for_each(|v| v.sort_unstable());
    nu == nt && fu.len() > ft.len() && ft.iter().all(|f| fu.contains(f))
}

/// One row per coefficient of the term: the same hypothesis as the Doolittle rows of a term that no other contains. The
/// basis decides Satterthwaite's df of several rows; this is lmerTest's.
fn coefficient_rows(fit: &Fit, t: usize) -> Vec<Vec<f64>> {
    let p = fit.design.n_columns();
    let unit = |j: usize| (0..p).map(|i| f64::from(u8::from(i == j))).collect();
    (0..p).filter(|&j| fit.design.assign[j] == t).map(unit).collect()
}

/// Rows of the triangular factor of X with the columns ordered: other terms, `t`, terms that come `after` it; scaled to a
/// unit diagonal (the forward Doolittle rows of SAS's type I and II hypotheses).
fn doolittle_rows(fit: &Fit, t: usize, after: impl Fn(usize) -> bool) -> Vec<Vec<f64>> {
    let (design, p) = (&fit.design, fit.design.n_columns());
    let class = |c: &usize| {
        let u = design.assign[*c];
        if u == t { 1 } else { 2 * u8::from(after(u)) }
    };
    let mut order: Vec<usize> = (0..p).collect();
    order.sort_by_key(class);
    let mut compressor = RowCompressor::new(p);
    for row in design.r.chunks_exact(p) {
        compressor.push(&order.iter().map(|&c| row[c]).collect::<Vec<f64>>());
    }
    // One more row than columns makes the compressor reduce to a triangle.
    compressor.push(&vec![0.0; p]);
    let triangle = compressor.finish();
    let mut rows = Vec::new();
    for (i, c) in order.iter().enumerate() {
        if design.assign[*c] != t {
            continue;
        }
        let diagonal = triangle[i * p + i];
        let mut row = vec![0.0; p];
        for (j, &place) in order.iter().enumerate().skip(i) {
            row[place] = triangle[i * p + j] / diagonal;
        }
        rows.push(row);
    }
    rows
}

/// Whether the term with these factors and covariates is in the model (none of either: the intercept).
fn is_term(fit: &Fit, factors: &[usize], numeric: &[usize]) -> bool {
    let same = |a: &[usize], b: &[usize]| a.len() == b.len() && a.iter().all(|x| b.contains(x));
    (0..fit.design.terms.len()).any(|u| {
        let (fu, nu) = fit.design.split_term(u);
        same(&fu, factors) && same(&nu, numeric)
    })
}

/// The effects that term `t` stands for, as subsets of its `factors`: itself, and every margin that is no term of the model
/// and that only `t`, or terms that contain `t`, can express (`visit:sex` without `sex` is the effect of sex too).
fn effects(fit: &Fit, t: usize, factors: &[usize], numeric: &[usize]) -> Vec<u32> {
    let of = |mask: u32| -> Vec<usize> {
        factors.iter().enumerate().filter(|(f, _)| mask >> f & 1 == 1).map(|(_, axis)| *axis).collect()
    };
    let whole = (1_u32 << factors.len()) - 1;
    (0..=whole)
        .filter(|&mask| {
            let own = of(mask);
            mask == whole
                || !is_term(fit, &own, numeric)
                    && (0..fit.design.terms.len()).filter(|&u| u != t && !contains(fit, u, t)).all(|u| {
                        let (fu, nu) = fit.design.split_term(u);
                        let shares = nu.len() == numeric.len() && nu.iter().all(|x| numeric.contains(x));
                        !(shares && own.iter().all(|x| fu.contains(x)))
                    })
        })
        .collect()
}

/// Type III: equally weighted cell coefficients. For a term whose margins are all in the model, each level of every factor
/// minus the first; what else the term stands for ([`effects`]) is tested with it. Returns whether cells are empty that this
/// needs, so that [`estimable_rows`] were taken.
fn marginal_rows(fit: &Fit, t: usize) -> (Vec<Vec<f64>>, bool) {
    let (factors, numeric) = fit.design.split_term(t);
    let effects = effects(fit, t, &factors, &numeric);
    let common = effects.iter().fold(u32::MAX, |all, mask| all & mask) & ((1 << factors.len()) - 1);
    let free = factors.len() as u32 - common.count_ones();
    let (mut rows, mut empty) = (Vec::new(), false);
    // The basis decides Satterthwaite's df of several rows: cell by cell over the factors without a margin, as lmerTest.
    if effects.len() == 1 << free {
        add_rows(fit, &factors, &numeric, common, &mut rows, &mut empty);
        if !empty {
            return (rows, false);
        }
    }
    (estimable_rows(fit, t).unwrap_or_default(), empty)
}

/// Type III where cells are empty, as SAS and lmerTest: the estimable functions of the term, freed (by least squares over the
/// parameters of the overparametrised model) of those of the terms that contain it. With all cells filled they test the
/// equally weighted means; with empty ones the hypothesis depends on which are empty.
fn estimable_rows(fit: &Fit, t: usize) -> Option<Vec<Vec<f64>>> {
    let (design, p) = (&fit.design, fit.design.n_columns());
    let size = |input: &Input| match input {
        Input::Factor { levels, .. } => levels.len(),
        Input::Numeric { .. } => 1,
    };
    let sizes: Vec<usize> = fit.frame.inputs.iter().map(size).collect();
    let parameters = design.overparametrised(&sizes)?;
    // A coefficient as a function of those parameters, and as a row on the coefficients.
    let function = |j: usize| -> (Vec<f64>, Vec<f64>) {
        (parameters.iter().map(|row| row[j]).collect(), (0..p).map(|i| f64::from(u8::from(i == j))).collect())
    };
    let take = |from: &mut (Vec<f64>, Vec<f64>), basis: &[(Vec<f64>, Vec<f64>)]| {
        for _ in 0..2 {
            for (g, d) in basis {
                let x = dot(&from.0, g);
                from.0.iter_mut().zip(g).for_each(|(a, b)| *a -= x * b);
                from.1.iter_mut().zip(d).for_each(|(a, b)| *a -= x * b);
            }
        }
    };
    let mut basis: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
    for j in (0..p).filter(|&j| contains(fit, design.assign[j], t)) {
        let mut next = function(j);
        let before = dot(&next.0, &next.0).sqrt();
        take(&mut next, &basis);
        let length = dot(&next.0, &next.0).sqrt();
        if length > 1e-9 * before {
            next.0.iter_mut().chain(&mut next.1).for_each(|x| *x /= length);
            basis.push(next);
        }
    }
    let own = (0..p).filter(|&j| design.assign[j] == t).map(|j| {
        let mut next = function(j);
        take(&mut next, &basis);
        next
    });
    Some(own.filter(|(f, _)| dot(f, f) > 1e-16).map(|(_, row)| row).collect())
}

/// Rows of a term: differences from the first level for the factors in `differences`, every level of its others, the mean
/// over the factors that it does not have.
fn add_rows(
    fit: &Fit,
    factors: &[usize],
    numeric: &[usize],
    differences: u32,
    rows: &mut Vec<Vec<f64>>,
    empty: &mut bool,
) {
    let inputs = &fit.frame.inputs;
    let size = |i: usize| match &inputs[i] {
        Input::Factor { levels, .. } => levels.len(),
        Input::Numeric { .. } => 1,
    };
    let place = |axis: &usize| factors.iter().position(|f| f == axis);
    let is_difference = |axis: &usize| place(axis).is_some_and(|f| differences >> f & 1 == 1);
    let averaged: Vec<usize> =
        (0..inputs.len()).filter(|i| place(i).is_none() && matches!(inputs[*i], Input::Factor { .. })).collect();
    let named = factors;
    let grid = |axes: &[usize], from: &dyn Fn(usize) -> u32| -> Vec<Vec<u32>> {
        axes.iter().fold(vec![Vec::new()], |done: Vec<Vec<u32>>, &axis| {
            // The first axis varies fastest, as the columns of the design.
            (from(axis)..size(axis) as u32)
                .flat_map(|l| done.iter().map(move |left| [left.as_slice(), &[l]].concat()))
                .collect()
        })
    };
    let elsewhere = grid(&averaged, &|_| 0);
    let compared: Vec<usize> = (0..named.len()).filter(|&f| is_difference(&named[f])).collect();
    'cells: for cell in grid(named, &|axis| u32::from(is_difference(&axis))) {
        let mut row = vec![0.0; fit.design.n_columns()];
        for subset in 0..1_u32 << compared.len() {
            let sign = if (compared.len() as u32 - subset.count_ones()).is_multiple_of(2) { 1.0 } else { -1.0 };
            let mut point = vec![GridValue::Number(f64::NAN); inputs.len()];
            named.iter().zip(&cell).for_each(|(&axis, &level)| point[axis] = GridValue::Level(level));
            let first = compared.iter().enumerate().filter(|(f, _)| subset >> f & 1 == 0);
            first.for_each(|(_, &place)| point[named[place]] = GridValue::Level(0));
            for combination in &elsewhere {
                averaged.iter().zip(combination).for_each(|(&axis, &l)| point[axis] = GridValue::Level(l));
                let Some(next) = fit.design.coefficient_row(numeric, &point) else {
                    *empty = true;
                    continue 'cells;
                };
                row.iter_mut().zip(&next).for_each(|(r, x)| *r += sign * x / elsewhere.len() as f64);
            }
        }
        rows.push(row);
    }
}
