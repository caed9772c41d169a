//! Covariates of the imputation model beside the knees' baselines: numbers and factors of the patient or of the knee.
//!
//! As in the planned mixed model a number has one slope and a factor one effect per level over arms and visits, after the
//! means and baselines, in the order given; a column that the terms before it determine is left out and named
//! ([`super::mean_model::MeanModel::left_out`]). A reference law changes the arm alone: the active knee keeps its own
//! covariates. They must be complete ([`Trial::check`]).

use super::mean_model::MeanModel;
use super::trial::Trial;
use crate::math::linalg::cholesky;
use crate::model::design::independent_columns;

/// A covariate: a number, or a factor with its levels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covariate {
    /// Its name.
    pub name: String,
    /// The levels of a factor, the reference first; none of a number.
    pub levels: Vec<String>,
}

impl Covariate {
    /// A number.
    pub fn number(name: impl Into<String>) -> Self {
        Self { name: name.into(), levels: Vec::new() }
    }

    /// A factor.
    pub fn factor(name: impl Into<String>, levels: Vec<String>) -> Self {
        Self { name: name.into(), levels }
    }

    /// Whether it has levels.
    pub fn is_factor(&self) -> bool {
        !self.levels.is_empty()
    }

    /// Whether a knee's value is one: a number, or the place of a level.
    pub fn holds(&self, value: f64) -> bool {
        value.is_finite() && (!self.is_factor() || (value >= 0.0 && value < self.levels.len() as f64))
    }
}

/// A column of the design that belongs to a covariate.
#[derive(Debug, Clone, Copy)]
struct Column {
    covariate: usize,
    /// The level that it marks.
    level: Option<usize>,
    /// What is taken from a number, so that numbers far from 0 do not look like the constant.
    centre: f64,
}

impl Column {
    fn of(self, value: f64) -> f64 {
        match self.level {
            Some(level) => f64::from(u8::from(value as usize == level)),
            None => value - self.centre,
        }
    }
}

/// What is left of the columns of a mean model without one patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// All.
    All,
    /// These: the patient alone carried an effect (the only one of a level, say), which nobody left needs.
    Without(Vec<usize>),
    /// The effect of this covariate is not determined by the values that are left, and a patient who is left needs it.
    Undetermined(usize),
}

/// The columns of all covariates.
fn columns(trial: &Trial) -> Vec<Column> {
    let n = 2.0 * trial.patients.len() as f64;
    let values = |k: usize| trial.patients.iter().flat_map(move |patient| patient.covariates[k]);
    let of = |(k, covariate): (usize, &Covariate)| -> Vec<Column> {
        if covariate.is_factor() {
            let marks = |level| Column { covariate: k, level: Some(level), centre: 0.0 };
            return (1..covariate.levels.len()).map(marks).collect();
        }
        let constant = {
            let (low, high) = values(k).fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
            high - low <= 1e-12 * low.abs().max(high.abs())
        };
        let centre = values(k).sum::<f64>() / n;
        if constant { Vec::new() } else { vec![Column { covariate: k, level: None, centre }] }
    };
    trial.covariates.iter().enumerate().flat_map(of).collect()
}

/// `means` with the covariates of the trial after its own columns.
pub fn added(means: MeanModel, trial: &Trial) -> MeanModel {
    let candidates = columns(trial);
    let (cells, first) = (means.cells, means.p);
    let width = first + candidates.len();
    let visits = trial.n_visits();
    let full: Vec<Vec<f64>> = trial
        .patients
        .iter()
        .zip(&means.x)
        .map(|(patient, own)| {
            let mut rows = vec![0.0; cells * width];
            for (c, (row, own)) in rows.chunks_exact_mut(width).zip(own.chunks_exact(first)).enumerate() {
                row[..first].copy_from_slice(own);
                for (place, column) in row[first..].iter_mut().zip(&candidates) {
                    *place = column.of(patient.covariates[column.covariate][c / visits]);
                }
            }
            rows
        })
        .collect();
    let kept = independent(&full, width, first, |_, _| true);
    let of_covariate: Vec<usize> = kept[first..].iter().map(|&column| candidates[column - first].covariate).collect();
    let left_out = |(k, covariate): (usize, &Covariate)| -> Vec<String> {
        let gone = |column: &&Column| {
            let place = candidates.iter().position(|other| std::ptr::eq(other, *column));
            column.covariate == k && place.is_none_or(|place| !kept.contains(&(first + place)))
        };
        if !of_covariate.contains(&k) {
            return vec![covariate.name.clone()];
        }
        let levels = candidates.iter().filter(gone).filter_map(|column| covariate.levels.get(column.level?));
        levels.map(|level| format!("{} = {level}", covariate.name)).collect()
    };
    let left_out = trial.covariates.iter().enumerate().flat_map(left_out).collect();
    let x = full.iter().map(|rows| take(rows, width, &kept)).collect();
    MeanModel { cells, p: kept.len(), x, of_covariate, left_out }
}

/// The columns, out of `width`, that the columns before them do not determine in the rows counted; the first `first` are kept.
fn independent(x: &[Vec<f64>], width: usize, first: usize, counts: impl Fn(usize, usize) -> bool) -> Vec<usize> {
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); width];
    for (patient, rows) in x.iter().enumerate() {
        for (_, row) in rows.chunks_exact(width).enumerate().filter(|(cell, _)| counts(patient, *cell)) {
            columns.iter_mut().zip(row).for_each(|(column, value)| column.push(*value));
        }
    }
    let kept = independent_columns(&columns).kept;
    (0..width).filter(|column| *column < first || kept.contains(column)).collect()
}

/// These columns of rows.
fn take(rows: &[f64], width: usize, kept: &[usize]) -> Vec<f64> {
    rows.chunks_exact(width).flat_map(|row| kept.iter().map(|&column| row[column])).collect()
}

impl MeanModel {
    fn first(&self) -> usize {
        self.p - self.of_covariate.len()
    }

    /// The covariates with an effect that the values fitted do not determine, such as a level of patients without any.
    pub fn undetermined<'t>(&self, trial: &'t Trial) -> Vec<&'t str> {
        let fit = trial.fit();
        let kept = independent(&self.x, self.p, self.first(), |patient, cell| fit[patient][cell].is_some());
        let gone = (self.first()..self.p).filter(|column| !kept.contains(column));
        let mut names: Vec<&str> =
            gone.map(|column| trial.covariates[self.of_covariate[column - self.first()]].name.as_str()).collect();
        names.dedup();
        names
    }

    /// What is left of the columns without each patient.
    pub fn left_without(&self, trial: &Trial) -> Vec<Left> {
        if self.of_covariate.is_empty() {
            return vec![Left::All; self.x.len()];
        }
        let (p, fit) = (self.p, trial.fit());
        let own = |(rows, values): (&Vec<f64>, &Vec<Option<f64>>)| -> Vec<f64> {
            let mut gram = vec![0.0; p * p];
            for (row, _) in rows.chunks_exact(p).zip(values).filter(|(_, value)| value.is_some()) {
                for (line, a) in gram.chunks_exact_mut(p).zip(row) {
                    line.iter_mut().zip(row).for_each(|(g, b)| *g += a * b);
                }
            }
            gram
        };
        let each: Vec<Vec<f64>> = self.x.iter().zip(&fit).map(own).collect();
        let mut all = vec![0.0; p * p];
        each.iter().for_each(|gram| all.iter_mut().zip(gram).for_each(|(a, g)| *a += g));
        let suspect = |gram: &[f64]| {
            let rest: Vec<f64> = all.iter().zip(gram).map(|(a, g)| a - g).collect();
            let root: Vec<f64> = (0..p).map(|a| rest[a * p + a].sqrt()).collect();
            let mut scaled: Vec<f64> = (0..p * p).map(|i| rest[i] / (root[i / p] * root[i % p])).collect();
            // Coarser than what is decided below, for the subtraction has cost digits.
            !(cholesky(&mut scaled, p) && (0..p).all(|a| scaled[a * p + a] > 1e-4))
        };
        let decided = |(alone, gram): (usize, &Vec<f64>)| {
            if !suspect(gram) {
                return Left::All;
            }
            let first = self.first();
            let of_fit = |patient: usize, cell: usize| patient != alone && fit[patient][cell].is_some();
            let fitted = independent(&self.x, p, first, of_fit);
            let needed = independent(&self.x, p, first, |patient, _| patient != alone);
            match needed.iter().find(|column| !fitted.contains(column)) {
                Some(column) => Left::Undetermined(self.of_covariate[column - first]),
                None if needed.len() < p => Left::Without(needed),
                None => Left::All,
            }
        };
        each.iter().enumerate().map(decided).collect()
    }

    /// X of these columns.
    pub fn columns(&self, kept: &[usize]) -> Vec<Vec<f64>> {
        self.x.iter().map(|rows| take(rows, self.p, kept)).collect()
    }
}
