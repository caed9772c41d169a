//! Tests of the fixed terms, type I, II and III, as lmerTest's `anova` and SAS.
//!
//! Type I: each term after the ones before it. Type II: each term after all that do not contain it. Type III: each term as
//! if all cells were equally frequent (sum-to-zero contrasts). Hypotheses depend on the design only, not on V.

use serde::Serialize;

use super::design::{GridValue, Input};
use super::error::ModelError;
use super::fit::Fit;
use super::inference::{FTest, Inference};
use crate::math::linalg::RowCompressor;

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
    /// Whether part of the hypothesis is not estimable (empty cells) and was left out.
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

/// Differences of equally weighted cell coefficients: for every factor of the term, each level minus the first. Returns
/// whether rows had to be left out.
fn marginal_rows(fit: &Fit, t: usize) -> (Vec<Vec<f64>>, bool) {
    let (factors, numeric) = fit.design.split_term(t);
    let inputs = &fit.frame.inputs;
    let size = |i: usize| match &inputs[i] {
        Input::Factor { levels, .. } => levels.len(),
        Input::Numeric { .. } => 1,
    };
    let others: Vec<usize> =
        (0..inputs.len()).filter(|i| !factors.contains(i) && matches!(inputs[*i], Input::Factor { .. })).collect();
    let grid = |axes: &[usize], from: usize| -> Vec<Vec<u32>> {
        axes.iter().fold(vec![Vec::new()], |done: Vec<Vec<u32>>, &axis| {
            // The first axis varies fastest, as the columns of the design.
            (from as u32..size(axis) as u32)
                .flat_map(|l| {
                    done.iter().map(move |left| {
                        let mut next = left.clone();
                        next.push(l);
                        next
                    })
                })
                .collect()
        })
    };
    let elsewhere = grid(&others, 0);
    let (mut rows, mut partial) = (Vec::new(), false);
    'cells: for cell in grid(&factors, 1) {
        let mut row = vec![0.0; fit.design.n_columns()];
        for subset in 0..1_u32 << factors.len() {
            let sign = if (factors.len() as u32 - subset.count_ones()).is_multiple_of(2) { 1.0 } else { -1.0 };
            let mut point = vec![GridValue::Number(f64::NAN); inputs.len()];
            for (f, (&axis, &level)) in factors.iter().zip(&cell).enumerate() {
                point[axis] = GridValue::Level(if subset >> f & 1 == 1 { level } else { 0 });
            }
            for combination in &elsewhere {
                others.iter().zip(combination).for_each(|(&axis, &l)| point[axis] = GridValue::Level(l));
                let Some(next) = fit.design.coefficient_row(&numeric, &point) else {
                    partial = true;
                    continue 'cells;
                };
                row.iter_mut().zip(&next).for_each(|(r, x)| *r += sign * x / elsewhere.len() as f64);
            }
        }
        rows.push(row);
    }
    (rows, partial)
}
