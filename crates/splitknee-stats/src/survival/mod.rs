//! Time to an event in the two sides of a person: curves by arm, tests and estimates that keep the pairing.
//!
//! Two estimands stand side by side and are both named. *Conditional* (within the patient): the stratified log-rank test
//! and Cox model with one stratum per patient, which in pairs rest on "whose event came first" alone ([`within_pairs`]).
//! *Marginal* (population-averaged): Cox regression on all knees with the sandwich over patients ([`cox`]), and the
//! difference of restricted mean survival times with its standard error from influence values added within the patient
//! ([`rmst`]). Curves are Kaplan–Meier by arm ([`kaplan_meier`]); [`scores`] are the paired rank tests.
//!
//! Times are positive, in any unit; an event at another's censoring time counts as earlier (as R `survival`).

pub mod answers;
pub mod cox;
pub mod kaplan_meier;
pub mod rmst;
pub mod scores;
pub mod within_pairs;

use crate::note;
use crate::paired::Refusal;
use std::collections::BTreeSet;

/// One knee: whose it is, its arm, when it was last seen and whether that was an event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Subject {
    /// Number of the patient; the two knees of a patient share it.
    pub patient: usize,
    /// Whether the knee received the active treatment.
    pub active: bool,
    /// Time of the event or of the end of observation, positive.
    pub time: f64,
    /// Whether the time is that of an event.
    pub event: bool,
}

/// The knees of a trial, at most one per patient and arm.
#[derive(Debug, Clone, PartialEq)]
pub struct Cohort {
    subjects: Vec<Subject>,
    patients: usize,
}

impl Cohort {
    /// Checks the knees.
    ///
    /// # Errors
    /// No knee, a time that is not positive and finite, or two knees of one patient in one arm.
    pub fn new(mut subjects: Vec<Subject>) -> Result<Self, Refusal> {
        if subjects.is_empty() {
            return Err(Refusal(note!(survival_none)));
        }
        if let Some(wrong) = subjects.iter().find(|s| !(s.time > 0.0 && s.time.is_finite())) {
            return Err(Refusal(note!(survival_time, time = wrong.time)));
        }
        subjects.sort_by_key(|s| (s.patient, !s.active));
        if subjects.windows(2).any(|two| (two[0].patient, two[0].active) == (two[1].patient, two[1].active)) {
            return Err(Refusal(note!(survival_twice)));
        }
        let patients = subjects.iter().map(|s| s.patient).collect::<BTreeSet<_>>().len();
        Ok(Self { subjects, patients })
    }

    /// All knees, in the order of patients, the active one first.
    pub fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// Number of patients.
    pub fn patients(&self) -> usize {
        self.patients
    }

    /// The knees of one arm.
    pub fn arm(&self, active: bool) -> Vec<Subject> {
        self.subjects.iter().filter(|s| s.active == active).copied().collect()
    }

    /// Patients of whom both knees are there: active, placebo.
    pub fn pairs(&self) -> Vec<(Subject, Subject)> {
        let both = |two: &[Subject]| (two[0].patient == two[1].patient).then_some((two[0], two[1]));
        self.subjects.windows(2).filter_map(both).collect()
    }

    /// Sums of one value per knee over the knees of each patient.
    pub(crate) fn within_patients(&self, values: &[f64]) -> Vec<f64> {
        let mut sums: Vec<f64> = Vec::with_capacity(self.patients);
        let mut last = None;
        for (subject, value) in self.subjects.iter().zip(values) {
            match sums.last_mut().filter(|_| last == Some(subject.patient)) {
                Some(sum) => *sum += value,
                None => sums.push(*value),
            }
            last = Some(subject.patient);
        }
        sums
    }

    /// The cohort without one patient (by position among the patients).
    pub(crate) fn without(&self, position: usize) -> Option<Self> {
        let ids: Vec<usize> = self.subjects.iter().map(|s| s.patient).collect::<BTreeSet<_>>().into_iter().collect();
        let left_out = *ids.get(position)?;
        let subjects: Vec<Subject> = self.subjects.iter().filter(|s| s.patient != left_out).copied().collect();
        (!subjects.is_empty()).then_some(Self { subjects, patients: self.patients - 1 })
    }
}

/// Events and numbers at risk at the distinct times of `subjects`, in order.
pub(crate) fn risk_table(subjects: &[Subject]) -> Vec<RiskRow> {
    let mut order: Vec<&Subject> = subjects.iter().collect();
    order.sort_by(|a, b| a.time.total_cmp(&b.time));
    let mut rows: Vec<RiskRow> = Vec::new();
    for (before, subject) in order.iter().enumerate() {
        match rows.last_mut().filter(|row| row.time == subject.time) {
            Some(row) => row.events += usize::from(subject.event),
            None => rows.push(RiskRow {
                time: subject.time,
                at_risk: order.len() - before,
                events: usize::from(subject.event),
            }),
        }
    }
    rows
}

/// One distinct time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RiskRow {
    pub time: f64,
    pub at_risk: usize,
    pub events: usize,
}
