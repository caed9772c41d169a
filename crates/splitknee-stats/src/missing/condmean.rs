//! Conditional means with the jackknife over patients: deterministic, and the repeated-sampling standard error.
//!
//! Every missing cell gets its conditional mean, the completed data are analysed; then each *patient* (both knees) is left
//! out, the model refitted, the others imputed and analysed again. SE² = (n−1)/n Σ (θ₍ᵢ₎ − θ̄)². Without missing values the
//! jackknife of a mean difference is s/√n exactly, so the test is referred to t with n − 1 degrees of freedom (ANCOVA
//! n − 3). Valid for analyses linear in the outcome only (Wolbers et al. 2022).

use super::analysis::{Analysis, Linear};
use super::conditional::Conditional;
use super::covariates::Left;
use super::delta::DeltaCells;
use super::law;
use super::mean_model::MeanModel;
use super::strategy::{Covariance, Strategy};
use super::trial::{Event, Trial, Values};
use crate::math::random::Stream;
use crate::model::ModelError;
use crate::model::cells::{CellStructure, CellsFit, CellsModel};
use crate::note;
use crate::paired::Refusal;
use rayon::prelude::*;

/// The trial with its imputation model, fitted.
#[derive(Debug)]
pub struct Imputation {
    /// The patients.
    pub trial: Trial,
    /// X.
    pub means: MeanModel,
    /// The data of the fit.
    pub model: CellsModel,
    /// REML on all patients.
    pub fit: CellsFit,
    structure: CellStructure,
    /// What is conditioned on.
    pub condition: Values,
    covariance: Covariance,
    /// Per patient its law and pattern in `patterns`, under the strategy and under MAR.
    strategy_pattern: Vec<usize>,
    mar_pattern: Vec<usize>,
    patterns: Vec<(Vec<bool>, Option<Event>)>,
}

/// Regressions of all patterns at one Σ.
pub struct Regressions(Vec<Option<Conditional>>);

impl Imputation {
    /// Fits the default imputation model.
    ///
    /// # Errors
    /// What [`Trial::check`] refuses; a covariance that the data do not determine.
    pub fn new(trial: Trial, structure: CellStructure, covariance: Covariance) -> Result<Self, Refusal> {
        trial.check()?;
        let means = MeanModel::of(&trial);
        Self::with_means(trial, means, structure, covariance)
    }

    /// Fits an imputation model with the given means.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_means(
        trial: Trial,
        means: MeanModel,
        structure: CellStructure,
        covariance: Covariance,
    ) -> Result<Self, Refusal> {
        let undetermined = if means.of_covariate.is_empty() { Vec::new() } else { means.undetermined(&trial) };
        if let [covariate, ..] = undetermined.as_slice() {
            return Err(Refusal(note!(mi_covariate_unfitted, covariate = *covariate)));
        }
        let model = CellsModel::new(structure, means.cells, means.p, &means.x, &trial.fit())
            .map_err(|e| Refusal(note!(mi_model, error = e.note())))?;
        let fit = model.fit().map_err(|e| {
            let error = e.note();
            Refusal(if structure == CellStructure::Us {
                note!(mi_us_fails, error = error)
            } else {
                note!(mi_kron_fails, error = error)
            })
        })?;
        let condition = trial.condition();
        let mut patterns: Vec<(Vec<bool>, Option<Event>)> = Vec::new();
        let mut place = |seen: Vec<bool>, event: Option<Event>| {
            patterns.iter().position(|p| p.0 == seen && p.1 == event).unwrap_or_else(|| {
                patterns.push((seen, event));
                patterns.len() - 1
            })
        };
        let (mut strategy_pattern, mut mar_pattern) = (Vec::new(), Vec::new());
        for (patient, values) in trial.patients.iter().zip(&condition) {
            let seen: Vec<bool> = values.iter().map(Option::is_some).collect();
            let rebuilt = patient.events[0].filter(|_| covariance == Covariance::Reference);
            mar_pattern.push(place(seen.clone(), None));
            strategy_pattern.push(place(seen, rebuilt));
        }
        Ok(Self { trial, means, model, fit, structure, condition, covariance, strategy_pattern, mar_pattern, patterns })
    }

    /// Regressions of the missing cells at Σ.
    pub fn regressions(&self, sigma: &[f64]) -> Regressions {
        Regressions(
            self.patterns
                .iter()
                .map(|(seen, event)| match law::covariance(sigma, self.covariance, *event) {
                    Some(moved) => Conditional::new(&moved, seen),
                    None => Conditional::new(sigma, seen),
                })
                .collect(),
        )
    }

    /// The regression of a patient's missing cells; `None` where its observed cells have no positive definite covariance.
    pub fn regression<'r>(&self, regressions: &'r Regressions, patient: usize) -> Option<&'r Conditional> {
        regressions.0[self.strategy_pattern[patient]].as_ref()
    }

    /// The mean of the own means over the patients counted, for return to baseline in the mean.
    fn average(&self, beta: &[f64], counted: &[bool]) -> Vec<f64> {
        let mut sum = vec![0.0; self.means.cells];
        let mut n = 0.0;
        for i in (0..counted.len()).filter(|&i| counted[i]) {
            sum.iter_mut().zip(self.means.mean(i, beta)).for_each(|(s, m)| *s += m);
            n += 1.0;
        }
        sum.iter_mut().for_each(|s| *s /= n);
        sum
    }

    /// Completes the patients counted by conditional means under the strategies (`mar`: under MAR instead); with a stream
    /// and factors, by one draw each.
    pub fn complete(
        &self,
        beta: &[f64],
        regressions: &Regressions,
        counted: &[bool],
        mar: bool,
        mut random: Option<(&mut Stream, &[Vec<f64>])>,
    ) -> Result<Vec<Vec<f64>>, Refusal> {
        let average = if !mar && self.uses_average() { self.average(beta, counted) } else { Vec::new() };
        let pattern_of = if mar { &self.mar_pattern } else { &self.strategy_pattern };
        let mut out = Vec::with_capacity(self.trial.patients.len());
        for (i, values) in self.condition.iter().enumerate() {
            if !counted[i] {
                out.push(Vec::new());
                continue;
            }
            let mut cells: Vec<f64> = values.iter().map(|v| v.unwrap_or(f64::NAN)).collect();
            if values.iter().any(Option::is_none) {
                let event = self.trial.patients[i].events[0].filter(|_| !mar);
                let own = self.means.mean(i, beta);
                let mean = match event {
                    Some(_) => law::mean(&own, &self.means.reference(&own, beta), &average, event),
                    None => own,
                };
                let regression = regressions.0[pattern_of[i]]
                    .as_ref()
                    .ok_or_else(|| Refusal(note!(mi_singular, patient = self.label(i))))?;
                let residual =
                    random.as_mut().map(|(stream, factors)| regression.residual(&factors[pattern_of[i]], stream));
                let returns = event.filter(|e| e.strategy == Strategy::ReturnToBaseline);
                let visits = self.trial.n_visits();
                for (place, (cell, value)) in regression.mean(&mean, values).enumerate() {
                    let back = returns.is_some_and(|e| cell < visits && cell >= e.visit);
                    cells[cell] =
                        if back { 0.0 } else { value } + residual.as_ref().map_or(0.0, |residual| residual[place]);
                    if let Some(fixed) = self.trial.fixed(i, cell) {
                        cells[cell] = fixed;
                    }
                }
            }
            out.push(cells);
        }
        Ok(out)
    }

    /// Cholesky factors of the conditional covariances of all patterns.
    pub fn factors(&self, regressions: &Regressions) -> Vec<Vec<f64>> {
        regressions.0.iter().map(|r| r.as_ref().map_or(Vec::new(), Conditional::factor)).collect()
    }

    fn uses_average(&self) -> bool {
        self.trial.patients.iter().any(|p| p.events[0].is_some_and(|e| e.strategy == Strategy::ReturnToBaselineMean))
    }

    fn label(&self, patient: usize) -> &str {
        &self.trial.patients[patient].label
    }

    /// Baselines of the patients counted.
    pub fn baselines(&self, counted: &[bool]) -> Vec<[f64; 2]> {
        let patients = self.trial.patients.iter().zip(counted).filter(|(_, c)| **c);
        patients.map(|(p, _)| p.baseline).collect()
    }

    /// The fit without a patient who alone carries the columns that are not `kept`: their coefficients are 0, for they
    /// multiply 0 or what the others hold, in every patient who is left.
    fn without_columns(&self, patient: usize, kept: &[usize]) -> Result<CellsFit, ModelError> {
        let mut values = self.trial.fit();
        values[patient].iter_mut().for_each(|value| *value = None);
        let x = self.means.columns(kept);
        let mut fit = CellsModel::new(self.structure, self.means.cells, kept.len(), &x, &values)?.fit()?;
        let mut beta = vec![0.0; self.means.p];
        kept.iter().zip(&fit.beta).for_each(|(&column, value)| beta[column] = *value);
        fit.beta = beta;
        Ok(fit)
    }

    /// How far one unit of δ_active and δ_placebo moves each patient's difference at a visit.
    pub fn delta_load(&self, at: usize, cells: DeltaCells) -> Vec<[f64; 2]> {
        let visits = self.trial.n_visits();
        let load = |i: usize, arm: usize| -> f64 {
            let cell = arm * visits + at;
            if self.condition[i][cell].is_some() || self.trial.fixed(i, cell).is_some() {
                return 0.0;
            }
            let event = self.trial.patients[i].events[arm].filter(|e| at >= e.visit);
            match (cells, event) {
                (DeltaCells::All, _) => 1.0,
                (DeltaCells::AfterEvent, Some(_)) => 1.0,
                (DeltaCells::PerVisit, Some(e)) => (at - e.visit + 1) as f64,
                _ => 0.0,
            }
        };
        (0..self.condition.len()).map(|i| [load(i, 0), -load(i, 1)]).collect()
    }

    /// Active less placebo at a visit.
    pub fn difference(&self, cells: &[f64], at: usize) -> f64 {
        cells[at] - cells[self.trial.n_visits() + at]
    }

    /// One analysis of conditional means, with the jackknife over patients.
    ///
    /// # Errors
    /// A refit that fails (the patient is named), an analysis with too few patients.
    pub fn jackknife(&self, analysis: Analysis, at: usize, cells: DeltaCells) -> Result<Jackknife, Refusal> {
        let n = self.trial.patients.len();
        let all = vec![true; n];
        let load = self.delta_load(at, cells);
        let pieces = |fit: &CellsFit, counted: &[bool], shift: &[f64]| -> Result<(Pieces, Vec<f64>), Refusal> {
            let linear = Linear::new(analysis, &self.baselines(counted))?;
            let regressions = self.regressions(&fit.sigma);
            let strategy = self.complete(&fit.beta, &regressions, counted, false, None)?;
            let mar = self.complete(&fit.beta, &regressions, counted, true, None)?;
            let places: Vec<usize> = (0..n).filter(|&i| counted[i]).collect();
            let of = |set: &[Vec<f64>]| linear.estimate(places.iter().map(|&i| self.difference(&set[i], at)));
            let anchored =
                linear.estimate(places.iter().map(|&i| self.difference(&mar[i], at) + shift.get(i).unwrap_or(&0.0)));
            let pieces = Pieces {
                estimate: of(&strategy),
                weights: [0, 1].map(|arm| linear.estimate(places.iter().map(|&i| load[i][arm]))),
                mar: of(&mar),
                anchored,
            };
            let shift =
                places.iter().map(|&i| self.difference(&strategy[i], at) - self.difference(&mar[i], at)).collect();
            Ok((pieces, shift))
        };
        let (full, shift) = pieces(&self.fit, &all, &[])?;
        let left = self.means.left_without(&self.trial);
        let left_out: Result<Vec<Pieces>, Refusal> = (0..n)
            .into_par_iter()
            .map(|i| {
                let mut counted = all.clone();
                counted[i] = false;
                let refitted;
                let fit = if self.model.has_values(i) {
                    let weights: Vec<u32> = counted.iter().map(|&c| u32::from(c)).collect();
                    let found = match &left[i] {
                        Left::All => self.model.refit(&weights, &self.fit),
                        Left::Without(kept) => self.without_columns(i, kept),
                        Left::Undetermined(covariate) => {
                            let covariate = &self.trial.covariates[*covariate].name;
                            let patient = self.label(i);
                            return Err(Refusal(note!(
                                mi_jackknife_covariate,
                                patient = patient,
                                covariate = covariate
                            )));
                        }
                    };
                    refitted = found
                        .map_err(|e| Refusal(note!(mi_jackknife_failed, patient = self.label(i), error = e.note())))?;
                    &refitted
                } else {
                    &self.fit
                };
                Ok(pieces(fit, &counted, &shift)?.0)
            })
            .collect();
        let completed = self.complete(&self.fit.beta, &self.regressions(&self.fit.sigma), &all, false, None)?;
        let df = Linear::new(analysis, &self.baselines(&all))?.df;
        Ok(Jackknife { full, left_out: left_out?, completed, df })
    }
}

/// What one set of patients gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pieces {
    /// θ under the strategies.
    pub estimate: f64,
    /// ∂θ/∂δ_active, ∂θ/∂δ_placebo.
    pub weights: [f64; 2],
    /// θ under MAR, same fit and same values conditioned on.
    pub mar: f64,
    /// θ under MAR plus the shift frozen on the full data.
    pub anchored: f64,
}

/// The jackknife over patients.
#[derive(Debug, Clone)]
pub struct Jackknife {
    /// All patients.
    pub full: Pieces,
    /// Each patient left out, in the order of the trial.
    pub left_out: Vec<Pieces>,
    /// Completed cells per patient.
    pub completed: Vec<Vec<f64>>,
    /// Degrees of freedom of the complete-data analysis.
    pub df: f64,
}

impl Jackknife {
    /// Jackknife covariance of (θ, w_A, w_P), row after row; `anchored` for the information-anchored θ.
    pub fn covariance(&self, anchored: bool) -> [f64; 9] {
        let n = self.left_out.len() as f64;
        let vector = |p: &Pieces| [if anchored { p.anchored } else { p.estimate }, p.weights[0], p.weights[1]];
        let mut mean = [0.0; 3];
        for p in &self.left_out {
            mean.iter_mut().zip(vector(p)).for_each(|(m, v)| *m += v / n);
        }
        let mut out = [0.0; 9];
        for p in &self.left_out {
            let v = vector(p);
            for a in 0..3 {
                for b in 0..3 {
                    out[3 * a + b] += (n - 1.0) / n * (v[a] - mean[a]) * (v[b] - mean[b]);
                }
            }
        }
        out
    }

    /// Jackknife standard error of θ under MAR.
    pub fn mar_std_error(&self) -> f64 {
        let n = self.left_out.len() as f64;
        let mean = self.left_out.iter().map(|p| p.mar).sum::<f64>() / n;
        ((n - 1.0) / n * self.left_out.iter().map(|p| (p.mar - mean).powi(2)).sum::<f64>()).sqrt()
    }
}
