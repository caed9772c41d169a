//! One record per number-bearing result: the rows of `results.json`.

use super::conclusion::{Conclusion, Importance};
use crate::paired::TestResult;
use crate::trial::{Measure, Role};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// How many data rows (knee-visits) went into a result, how many did not, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Rows {
    /// Knee-visits used.
    pub used: usize,
    /// Knee-visits scheduled in the analysis set but not used.
    pub not_used: usize,
    /// Why, with counts that add up to `not_used`.
    pub reasons: Vec<Reason>,
}

/// One reason why knee-visits were not used.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Reason {
    /// The reason in words.
    pub reason: String,
    /// How many knee-visits.
    pub n: usize,
}

/// Why a knee-visit with a value is not used: the analysis needs the knee's baseline, and that is missing.
pub const BASELINE_MISSING: &str = "baseline missing";

impl Rows {
    /// Adds `n` unused knee-visits for `reason`; reasons stand in alphabetical order, whatever the order of the data.
    pub fn leave_out(&mut self, reason: &str, n: usize) {
        if n == 0 {
            return;
        }
        self.not_used += n;
        match self.reasons.binary_search_by(|known| known.reason.as_str().cmp(reason)) {
            Ok(known) => self.reasons[known].n += n,
            Err(place) => self.reasons.insert(place, Reason { reason: reason.to_owned(), n }),
        }
    }
}

/// One result with everything needed to find, judge and recompute it.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Stable identifier, for instance `vas.m6.primary.mixed-model`.
    pub id: String,
    /// Index of the endpoint in the design; `None` for results that belong to no endpoint.
    pub endpoint: Option<usize>,
    /// Name of the endpoint.
    pub endpoint_name: Option<String>,
    /// Index of the visit in the design.
    pub visit: Option<usize>,
    /// Label of the visit.
    pub visit_label: Option<String>,
    /// Label of the arm, where the result is about one arm.
    pub arm: Option<String>,
    /// Name of the analysis set.
    pub analysis_set: String,
    /// Score or change from baseline.
    pub measure: Measure,
    /// Role of the result in the plan.
    pub role: Role,
    /// The numbers.
    pub result: TestResult,
    /// p-value adjusted for the plan's multiplicity procedure, where the result belongs to its family.
    pub p_adjusted: Option<f64>,
    /// What the interval allows to say.
    pub conclusion: Conclusion,
    /// For superior results with an MCID: what the interval says about importance.
    pub importance: Option<Importance>,
    /// Source of the method.
    pub reference: &'static str,
    /// The data rows behind it.
    pub rows: Rows,
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let numbers = serde_json::to_value(&self.result).map_err(serde::ser::Error::custom)?;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("endpoint", &self.endpoint_name)?;
        map.serialize_entry("visit", &self.visit_label)?;
        map.serialize_entry("arm", &self.arm)?;
        map.serialize_entry("analysis_set", &self.analysis_set)?;
        map.serialize_entry("measure", &self.measure)?;
        map.serialize_entry("role", &self.role)?;
        for (key, value) in numbers.as_object().into_iter().flatten() {
            map.serialize_entry(key, value)?;
        }
        map.serialize_entry("p_adjusted", &self.p_adjusted)?;
        map.serialize_entry("conclusion", &self.conclusion)?;
        map.serialize_entry("importance", &self.importance)?;
        map.serialize_entry("reference", self.reference)?;
        map.serialize_entry("rows", &self.rows)?;
        map.end()
    }
}
