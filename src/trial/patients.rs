//! Patients, their knees, and the trial they make up.

use super::columns::PatientColumn;
use super::design::{ACTIVE, Design, PLACEBO};
use super::deviations::Deviation;
use super::events::AdverseEvent;
use super::intercurrent::IntercurrentEvent;
use super::knee_values::KneeValues;
use super::side::side;
use std::collections::BTreeMap;

/// One treated knee (or eye, or foot) with everything observed on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Knee {
    /// The label of the side, for instance `LEFT`; the arm's label where the data have no side column.
    pub side: String,
    /// Index of the arm among [`super::Arms::labels`].
    pub arm: usize,
    /// Observed values, `values[endpoint][visit]`.
    pub values: KneeValues,
    /// Exposures of counts, `exposures[endpoint][visit]`; empty where the plan declares none.
    pub exposures: KneeValues,
    /// Row in the data file of each visit, where the knee has a row (header = 1).
    pub rows: Vec<Option<usize>>,
}

impl Knee {
    /// What the count of `endpoint` at `visit` was counted over; `None` where no exposure is declared or known.
    pub fn exposure(&self, endpoint: usize, visit: usize) -> Option<f64> {
        self.exposures.get(endpoint)?.get(visit).copied().flatten()
    }
}

/// A patient with the knees in the trial, never two on one arm: one or two, or as many sites as there are treatments.
#[derive(Debug, Clone, PartialEq)]
pub struct Patient {
    /// Identifier as in the data.
    pub id: String,
    knees: Vec<Knee>,
    /// Patient-level characteristics by column name, as text; missing where absent.
    pub attributes: BTreeMap<String, String>,
}

impl Patient {
    /// A patient with these knees.
    ///
    /// # Errors
    /// Returns the offending arm index where two knees are on the same arm, and `None` where there are no knees.
    pub fn new(id: String, knees: Vec<Knee>) -> Result<Self, Option<usize>> {
        if knees.is_empty() {
            return Err(None);
        }
        let twice = |(at, knee): (usize, &Knee)| knees.iter().take(at).any(|other| other.arm == knee.arm);
        if let Some(knee) = knees.iter().enumerate().find(|(at, knee)| twice((*at, knee))).map(|(_, knee)| knee) {
            return Err(Some(knee.arm));
        }
        Ok(Self { id, knees, attributes: BTreeMap::new() })
    }

    /// The knee on arm `arm`, if the patient has one.
    pub fn knee(&self, arm: usize) -> Option<&Knee> {
        self.knees.iter().find(|knee| knee.arm == arm)
    }

    /// The active and the placebo knee, where the patient has both.
    pub fn pair(&self) -> Option<(&Knee, &Knee)> {
        Some((self.knee(ACTIVE)?, self.knee(PLACEBO)?))
    }

    /// Takes the values of `endpoint` at `visit` from all knees of the patient, as if they had not been observed.
    pub fn forget(&mut self, endpoint: usize, visit: usize) {
        for knee in &mut self.knees {
            knee.values[endpoint][visit] = None;
        }
    }

    /// The arm of the knee injected first, which the patient-level `column` names by its side or its arm (`arms`, as
    /// [`super::Arms::labels`]); `None` where it is empty or names neither knee of the patient.
    pub fn injected_first(&self, column: &str, arms: &[&str]) -> Option<usize> {
        let first = self.attributes.get(column)?.trim();
        let is_first = |knee: &&Knee| {
            let same_side = side(first).is_some_and(|named| side(&knee.side) == Some(named));
            same_side
                || knee.side.eq_ignore_ascii_case(first)
                || arms.get(knee.arm).is_some_and(|arm| arm.eq_ignore_ascii_case(first))
        };
        self.knees.iter().find(is_first).map(|knee| knee.arm)
    }

    /// All knees in the trial, in file order.
    pub fn knees(&self) -> &[Knee] {
        &self.knees
    }
}

/// A named set of patients to analyse.
#[derive(Debug, Clone, PartialEq)]
pub struct AnalysisSet {
    /// Short name, for instance `FAS`.
    pub name: String,
    /// Name in full, for instance `Full analysis set`.
    pub label: String,
    /// Membership by patient index.
    pub members: Vec<bool>,
}

impl AnalysisSet {
    /// Number of patients in the set.
    pub fn size(&self) -> usize {
        self.members.iter().filter(|member| **member).count()
    }
}

/// A validated split-knee trial.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// What the plan declared.
    pub design: Design,
    /// Patients in the order of the data.
    pub patients: Vec<Patient>,
    /// Analysis sets, the primary one first.
    pub sets: Vec<AnalysisSet>,
    /// Adverse events, where a file was given.
    pub events: Option<Vec<AdverseEvent>>,
    /// Intercurrent events, where a file was given.
    pub intercurrent: Option<Vec<IntercurrentEvent>>,
    /// Protocol deviations, where a file was given.
    pub deviations: Option<Vec<Deviation>>,
    /// Patient-level columns that the plan declares or its models use, with what they hold.
    pub columns: Vec<PatientColumn>,
    /// Patients randomised, where an allocation list or disposition says so; else those in the data.
    pub randomised: usize,
    /// The days of randomisation and of visits, where the files have dates.
    pub dates: super::dates::Dates,
}

impl Trial {
    /// The patient-level column `name`, where it is declared or used by a model.
    pub fn column(&self, name: &str) -> Option<&PatientColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Knees in the trial's data.
    pub fn knees(&self) -> usize {
        self.patients.iter().map(|patient| patient.knees().len()).sum()
    }
}
