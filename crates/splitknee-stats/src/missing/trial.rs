//! The data: per patient both knees' baselines, values by visit and events, and the three sets of values of an estimand.
//!
//! `fit` enters REML, `condition` is conditioned on and kept, `target` = missing in `condition` is imputed.

use super::covariates::Covariate;
use super::strategy::Strategy;
use super::word;
use crate::note;
use crate::paired::Refusal;

/// An event of one knee: the earliest one rules.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event {
    /// Index of the first affected visit, from 0.
    pub visit: usize,
    /// How the estimand handles it.
    pub strategy: Strategy,
}

/// One patient; of each pair the active knee comes first.
#[derive(Debug, Clone, PartialEq)]
pub struct Patient {
    /// The identifier, for messages and results.
    pub label: String,
    /// The knees' baselines, where the imputation model has them.
    pub baseline: [f64; 2],
    /// The outcome of the active knee by visit, then of the placebo knee.
    pub values: Vec<Option<f64>>,
    /// The knees' events.
    pub events: [Option<Event>; 2],
    /// By covariate of the trial the knees' values: numbers, or places of levels; `NaN` where missing.
    pub covariates: Vec<[f64; 2]>,
}

/// Which values REML is fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FitValues {
    /// As the strategies say: values after an event are fitted under treatment policy only.
    #[default]
    ByStrategy,
    /// Every observed value.
    Observed,
    /// Without the values after an event, of each knee the event applies to.
    PostEventExcluded,
}

/// All randomised patients.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// Names of the visits.
    pub visits: Vec<String>,
    /// The patients.
    pub patients: Vec<Patient>,
    /// Whether the imputation model has each knee's own baseline.
    pub has_baseline: bool,
    /// What the imputation model has beside arm, visit and baseline.
    pub covariates: Vec<Covariate>,
    /// Which values are fitted.
    pub fit_values: FitValues,
    /// Whether values after an event with a reference-based strategy are dropped rather than kept and conditioned on.
    pub discard: bool,
}

/// Values of one set, per patient.
pub type Values = Vec<Vec<Option<f64>>>;

impl Trial {
    /// Number of visits.
    pub fn n_visits(&self) -> usize {
        self.visits.len()
    }

    /// Number of cells of a patient.
    pub fn n_cells(&self) -> usize {
        2 * self.visits.len()
    }

    /// The patients in an order that depends on their data alone, so that neither the order of the rows nor the labels
    /// reach the last digit of a sum.
    #[must_use]
    pub fn in_canonical_order(mut self) -> Self {
        let key = |p: &Patient| -> Vec<u64> {
            let order = |v: f64| {
                let bits = (v + 0.0).to_bits();
                if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
            };
            let mut key: Vec<u64> = p.baseline.iter().map(|v| order(*v)).collect();
            key.extend(p.values.iter().map(|v| v.map_or(0, order)));
            for event in p.events {
                key.push(event.map_or(0, |e| e.visit as u64 + 1));
                key.push(event.map_or(0, |e| u64::from(e.strategy.precedence())));
                key.push(match event.map(|e| e.strategy) {
                    Some(Strategy::Causal(k) | Strategy::Composite(k)) => order(k),
                    Some(s) => s.name().bytes().fold(0, |h, b| h << 8 | u64::from(b)),
                    None => 0,
                });
            }
            key.extend(p.covariates.iter().flatten().map(|v| order(*v)));
            key
        };
        self.patients.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.label.cmp(&b.label)));
        self
    }

    /// # Errors
    /// Fewer than two patients, a baseline that is not a number, a covariate that is missing, a length that is wrong, an event outside the visits,
    /// a last mean to carry forward where there is none, a cell without any value.
    pub fn check(&self) -> Result<(), Refusal> {
        let q = self.n_cells();
        if self.visits.is_empty() {
            return Err(Refusal(note!(mi_no_visit)));
        }
        if let [only] = self.patients.as_slice() {
            return Err(Refusal(note!(mi_one_patient, patient = &only.label)));
        }
        if self.patients.is_empty() {
            return Err(Refusal(note!(mi_no_patient)));
        }
        for patient in &self.patients {
            let label = &patient.label;
            if patient.values.len() != q {
                return Err(Refusal(note!(mi_cells, patient = label, n = patient.values.len(), cells = q)));
            }
            if patient.values.iter().flatten().any(|v| !v.is_finite()) {
                return Err(Refusal(note!(mi_not_finite, patient = label)));
            }
            for (arm, event) in ["active", "placebo"].iter().zip(patient.events) {
                let Some(event) = event else { continue };
                if event.visit >= self.n_visits() {
                    return Err(Refusal(note!(mi_event_late, patient = label, arm = word(arm))));
                }
                if event.visit == 0 && event.strategy == Strategy::LastMean && *arm == "active" {
                    return Err(Refusal(note!(mi_last_mean_first, patient = label, visit = &self.visits[0])));
                }
            }
            if self.has_baseline {
                for (arm, value) in ["active", "placebo"].iter().zip(patient.baseline) {
                    if !value.is_finite() {
                        return Err(Refusal(note!(mi_baseline_missing, patient = label, arm = word(arm))));
                    }
                }
            }
        }
        for (k, covariate) in self.covariates.iter().enumerate() {
            let known = |p: &&Patient| p.covariates.get(k).is_some_and(|own| own.iter().all(|v| covariate.holds(*v)));
            if let Some(patient) = self.patients.iter().find(|p| !known(p)) {
                let name = &covariate.name;
                return Err(Refusal(note!(mi_covariate_missing, covariate = name, patient = &patient.label)));
            }
        }
        let fit = self.fit();
        for cell in 0..q {
            if fit.iter().all(|values| values[cell].is_none()) {
                let arm = if cell < self.n_visits() { "active" } else { "placebo" };
                let visit = &self.visits[cell % self.n_visits()];
                let all = self.patients.iter().all(|p| p.values[cell].is_none());
                let arm = word(arm);
                return Err(Refusal(if all {
                    note!(mi_cell_empty, arm = arm, visit = visit)
                } else {
                    note!(mi_cell_after_events, arm = arm, visit = visit)
                }));
            }
        }
        Ok(())
    }

    /// Whether `cell` of the patient lies after an event of its knee.
    fn event_of(&self, patient: &Patient, cell: usize) -> Option<Event> {
        let (arm, visit) = (cell / self.n_visits(), cell % self.n_visits());
        patient.events[arm].filter(|e| visit >= e.visit)
    }

    /// Values that are conditioned on and kept.
    pub fn condition(&self) -> Values {
        self.set(|event| match event.strategy {
            Strategy::TreatmentPolicy => true,
            Strategy::Hypothetical | Strategy::Composite(_) => false,
            _ => !self.discard,
        })
    }

    /// Values that REML is fitted to.
    pub fn fit(&self) -> Values {
        self.set(|event| match (self.fit_values, event.strategy) {
            (_, Strategy::Hypothetical | Strategy::Composite(_)) | (FitValues::PostEventExcluded, _) => false,
            (FitValues::Observed, strategy) => strategy == Strategy::TreatmentPolicy || !self.discard,
            (FitValues::ByStrategy, strategy) => strategy == Strategy::TreatmentPolicy,
        })
    }

    fn set(&self, keep: impl Fn(Event) -> bool) -> Values {
        self.patients
            .iter()
            .map(|p| {
                (0..self.n_cells()).map(|c| p.values[c].filter(|_| self.event_of(p, c).is_none_or(&keep))).collect()
            })
            .collect()
    }

    /// The value that a composite strategy gives a cell.
    pub fn fixed(&self, patient: usize, cell: usize) -> Option<f64> {
        match self.event_of(&self.patients[patient], cell)?.strategy {
            Strategy::Composite(value) => Some(value),
            _ => None,
        }
    }

    /// Whether a missing cell lies after an event of its knee.
    pub fn is_after_event(&self, patient: usize, cell: usize) -> bool {
        self.event_of(&self.patients[patient], cell).is_some()
    }
}

/// How many values each set has, by arm (active first) and visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// Values fitted, by cell.
    pub fit: Vec<usize>,
    /// Values conditioned on, by cell.
    pub condition: Vec<usize>,
    /// Values imputed, by cell; with `condition` and `fixed` it adds up to the number of patients.
    pub target: Vec<usize>,
    /// Values that a composite strategy sets, by cell.
    pub fixed: Vec<usize>,
}

impl Counts {
    /// Counts the sets of a trial.
    pub fn of(trial: &Trial) -> Self {
        let (fit, condition) = (trial.fit(), trial.condition());
        let count = |values: &Values, some: bool| {
            (0..trial.n_cells()).map(|c| values.iter().filter(|v| v[c].is_some() == some).count()).collect()
        };
        let fixed: Vec<usize> = (0..trial.n_cells())
            .map(|c| (0..trial.patients.len()).filter(|&i| trial.fixed(i, c).is_some()).count())
            .collect();
        let missing: Vec<usize> = count(&condition, false);
        let target = missing.iter().zip(&fixed).map(|(missing, fixed)| missing - fixed).collect();
        Self { fit: count(&fit, true), condition: count(&condition, true), target, fixed }
    }
}
