//! Single observations with the patient they belong to: the data of mixed models, profiles and descriptions.

use super::differences::Measure;
use super::patients::{AnalysisSet, Knee, Trial};
use crate::math::decimal;

/// One observed knee at one visit; always carries its patient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// Index of the patient.
    pub patient: usize,
    /// Index of the arm; with the patient it names the knee.
    pub arm: usize,
    /// Index of the visit.
    pub visit: usize,
    /// The value or change on the scale of the analysis.
    pub value: f64,
    /// The same knee's baseline on that scale, where observed.
    pub baseline: Option<f64>,
    /// Row in the data file (header = 1).
    pub row: usize,
}

impl Trial {
    /// The value of `knee` on the scale of the analysis, as score or change: logarithms where the plan says so, whose change
    /// is the logarithm of the ratio to baseline. The change of decimal numbers is exact on their grid.
    pub fn measured(&self, knee: &Knee, endpoint: usize, visit: usize, measure: Measure) -> Option<f64> {
        let value = self.on_scale(knee.values[endpoint][visit]?, endpoint)?;
        match measure {
            Measure::Value => Some(value),
            Measure::Change => Some(decimal::subtract(value, self.baseline(knee, endpoint)?)),
        }
    }

    /// The baseline of `knee` on the scale of the analysis.
    pub fn baseline(&self, knee: &Knee, endpoint: usize) -> Option<f64> {
        self.on_scale(knee.values[endpoint][self.design.baseline?]?, endpoint)
    }

    /// A value of `endpoint` on the scale of the analysis.
    fn on_scale(&self, value: f64, endpoint: usize) -> Option<f64> {
        self.design.endpoints[endpoint].logarithm.map_or(Some(value), |logarithm| logarithm.of(value))
    }

    /// The value of `knee` in the unit of the endpoint, as score or change: for descriptions and responders.
    pub fn collected(&self, knee: &Knee, endpoint: usize, visit: usize, measure: Measure) -> Option<f64> {
        let value = knee.values[endpoint][visit]?;
        match measure {
            Measure::Value => Some(value),
            Measure::Change => Some(decimal::subtract(value, self.collected_baseline(knee, endpoint)?)),
        }
    }

    /// The baseline of `knee` in the unit of the endpoint.
    pub fn collected_baseline(&self, knee: &Knee, endpoint: usize) -> Option<f64> {
        knee.values[endpoint][self.design.baseline?]
    }

    /// Every observation of `endpoint` at `visits` in `set`, by patient, arm and visit.
    pub fn observations(
        &self,
        endpoint: usize,
        visits: &[usize],
        measure: Measure,
        set: &AnalysisSet,
    ) -> Vec<Observation> {
        let mut rows = Vec::new();
        for (index, patient) in self.patients.iter().enumerate() {
            if !set.members.get(index).copied().unwrap_or(false) {
                continue;
            }
            for arm in 0..self.design.arms.labels().len() {
                let Some(knee) = patient.knee(arm) else { continue };
                for &visit in visits {
                    if let Some(value) = self.measured(knee, endpoint, visit, measure) {
                        let baseline = self.baseline(knee, endpoint);
                        let row = knee.rows[visit].unwrap_or_default();
                        rows.push(Observation { patient: index, arm, visit, value, baseline, row });
                    }
                }
            }
        }
        rows
    }
}
