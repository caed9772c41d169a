//! Paired differences: the data of every paired analysis, with what was left out and why.

use super::patients::{AnalysisSet, Knee, Trial};
use crate::math::decimal;
pub use crate::terms::Measure;
use serde::Serialize;

/// Both knees of one patient at one visit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Index of the patient.
    pub patient: usize,
    /// The active knee.
    pub active: f64,
    /// The placebo knee.
    pub placebo: f64,
}

impl Pair {
    /// Active − placebo, exact on the decimal grid of the two.
    pub fn difference(&self) -> f64 {
        decimal::subtract(self.active, self.placebo)
    }
}

/// A patient who contributes no pair, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dropped {
    /// Index of the patient.
    pub patient: usize,
    /// The reason: `no active knee`, `active knee missing`, `placebo knee missing`, `both knees missing`.
    pub reason: &'static str,
    /// Whether the other knee was observed (the patient has a knee without its partner).
    pub one_knee: bool,
}

/// The pairs of one endpoint at one visit in one analysis set.
#[derive(Debug, Clone, PartialEq)]
pub struct PairedDifferences {
    /// Complete pairs in patient order.
    pub pairs: Vec<Pair>,
    /// Patients of the set without a pair.
    pub dropped: Vec<Dropped>,
    /// What is compared.
    pub measure: Measure,
}

impl PairedDifferences {
    /// The active knees' values in pair order.
    pub fn active(&self) -> Vec<f64> {
        self.pairs.iter().map(|pair| pair.active).collect()
    }

    /// The placebo knees' values in pair order.
    pub fn placebo(&self) -> Vec<f64> {
        self.pairs.iter().map(|pair| pair.placebo).collect()
    }

    /// Active − placebo in pair order, exact on the decimal grid of the values.
    pub fn differences(&self) -> Vec<f64> {
        decimal::differences(&self.active(), &self.placebo())
    }

    /// Patients of whom only one knee was observed.
    pub fn one_knee(&self) -> usize {
        self.dropped.iter().filter(|dropped| dropped.one_knee).count()
    }
}

impl Trial {
    /// The pairs of `endpoint` at `visit` in `set`. With [`Measure::Change`] both knees need their own baseline too.
    /// On the scale of the analysis, as [`Trial::measured`].
    pub fn paired(&self, endpoint: usize, visit: usize, measure: Measure, set: &AnalysisSet) -> PairedDifferences {
        self.pairs_of(measure, set, |knee| self.measured(knee, endpoint, visit, measure))
    }

    /// As [`Trial::paired`], in the unit of the endpoint.
    pub fn paired_as_collected(
        &self,
        endpoint: usize,
        visit: usize,
        measure: Measure,
        set: &AnalysisSet,
    ) -> PairedDifferences {
        self.pairs_of(measure, set, |knee| self.collected(knee, endpoint, visit, measure))
    }

    fn pairs_of(&self, measure: Measure, set: &AnalysisSet, of: impl Fn(&Knee) -> Option<f64>) -> PairedDifferences {
        let mut pairs = Vec::new();
        let mut dropped = Vec::new();
        for (index, patient) in self.patients.iter().enumerate() {
            if !set.members.get(index).copied().unwrap_or(false) {
                continue;
            }
            let side = |arm| patient.knee(arm).map(&of);
            match (side(super::design::ACTIVE), side(super::design::PLACEBO)) {
                (Some(Some(active)), Some(Some(placebo))) => pairs.push(Pair { patient: index, active, placebo }),
                (active, placebo) => {
                    let observed = |knee: Option<Option<f64>>| knee.flatten().is_some();
                    let reason = match (active, placebo) {
                        (None, _) => "no active knee",
                        (_, None) => "no placebo knee",
                        (Some(None), Some(None)) => "both knees missing",
                        (Some(None), _) => "active knee missing",
                        _ => "placebo knee missing",
                    };
                    // A patient whose other knee was observed on a further arm is no patient with one knee.
                    let knees = patient.knees().iter();
                    let measured = |knee: &&Knee| of(knee).is_some();
                    let one_knee = (observed(active) || observed(placebo)) && knees.filter(measured).count() == 1;
                    dropped.push(Dropped { patient: index, reason, one_knee });
                }
            }
        }
        PairedDifferences { pairs, dropped, measure }
    }
}
