//! One record per number-bearing result: the rows of `results.json`.

use super::verdict::{Conclusion, Gate, Verdict};
use crate::note::Note;
use crate::paired::TestResult;
use crate::trial::{Measure, Role};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// How many data rows (knee-visits) went into a result, how many did not, and why.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize)]
pub struct Rows {
    /// Knee-visits used.
    pub used: usize,
    /// Knee-visits scheduled in the analysis set but not used.
    pub not_used: usize,
    /// Why, with counts that add up to `not_used`.
    pub reasons: Vec<Reason>,
}

/// One reason why knee-visits were not used.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// The reason.
    pub reason: Note,
    /// How many knee-visits.
    pub n: usize,
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("code", self.reason.code())?;
        map.serialize_entry("reason", &self.reason.text())?;
        map.serialize_entry("n", &self.n)?;
        map.end()
    }
}

impl Rows {
    /// Adds `n` unused knee-visits for `reason`; reasons stand in alphabetical order, whatever the order of the data.
    pub fn leave_out(&mut self, reason: Note, n: usize) {
        if n == 0 {
            return;
        }
        self.not_used += n;
        match self.reasons.binary_search_by(|known| known.reason.text().cmp(&reason.text())) {
            Ok(known) => self.reasons[known].n += n,
            Err(place) => self.reasons.insert(place, Reason { reason, n }),
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
    /// What the report may assert, where the result compares the arms.
    pub verdict: Option<Verdict>,
    /// Source of the method.
    pub reference: &'static str,
    /// The data rows behind it.
    pub rows: Rows,
}

impl Record {
    /// The conclusion of its verdict; not assessed where the result does not compare the arms.
    pub fn conclusion(&self) -> Conclusion {
        self.verdict.map_or(Conclusion::NotAssessed, |verdict| verdict.conclusion())
    }

    /// A record with nothing but a result that compares the arms, for tests.
    #[cfg(test)]
    pub(super) fn comparing(result: TestResult, role: Role) -> Self {
        Self {
            id: String::new(),
            endpoint: Some(0),
            endpoint_name: None,
            visit: Some(0),
            visit_label: None,
            arm: None,
            analysis_set: String::new(),
            measure: Measure::Value,
            role,
            result,
            p_adjusted: None,
            verdict: None,
            reference: "",
            rows: Rows::default(),
        }
    }
}

/// `verdict` of results.json: the p-values stand in it as well, so that it can be read by itself.
#[derive(serde::Serialize)]
struct VerdictOut {
    claim: super::verdict::Claim,
    interval: super::verdict::Interval,
    p_value: Option<f64>,
    p_adjusted: Option<f64>,
    family: Option<&'static str>,
    gate: Gate,
    withheld: Option<super::verdict::Withheld>,
    importance: Option<super::verdict::Importance>,
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
        map.serialize_entry("conclusion", &self.conclusion())?;
        map.serialize_entry("importance", &self.verdict.and_then(|verdict| verdict.importance))?;
        let verdict = self.verdict.map(|verdict| VerdictOut {
            claim: verdict.claim,
            interval: verdict.interval,
            p_value: self.result.p_value,
            p_adjusted: self.p_adjusted,
            family: verdict.family,
            gate: verdict.gate,
            withheld: verdict.withheld,
            importance: verdict.importance,
        });
        map.serialize_entry("verdict", &verdict)?;
        map.serialize_entry("reference", self.reference)?;
        map.serialize_entry("rows", &self.rows)?;
        map.end()
    }
}
