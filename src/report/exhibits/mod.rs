//! The exhibits of a report: tables and figures made from a trial's outcomes. Presentation only: nothing is estimated.

pub mod figures;
pub mod tables;

use super::words::Words;
use crate::analysis::Outcomes;
use crate::plan::Plan;
use crate::trial::{AnalysisSet, Better, Endpoint, Trial};

/// What every exhibit is made from.
#[derive(Debug, Clone, Copy)]
pub struct Material<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The trial.
    pub trial: &'a Trial,
    /// What the analyses found.
    pub outcomes: &'a Outcomes,
    /// The words of the report's language.
    pub words: &'a Words,
}

impl<'a> Material<'a> {
    /// The primary analysis set.
    pub fn set(&self) -> &'a AnalysisSet {
        &self.trial.sets[0]
    }

    /// The endpoint with this index.
    pub fn endpoint(&self, endpoint: usize) -> &'a Endpoint {
        &self.trial.design.endpoints[endpoint]
    }

    /// The label of a visit.
    pub fn visit(&self, visit: usize) -> &'a str {
        &self.trial.design.visits[visit].label
    }

    /// `active − placebo` with the arms' names.
    pub fn contrast(&self) -> String {
        let arms = &self.trial.design.arms;
        self.words.say("table.difference", &[("active", &arms.active), ("placebo", &arms.placebo)])
    }

    /// The population line: analysis set, patients and knees.
    pub fn population(&self) -> String {
        let set = self.set();
        let members = self.trial.patients.iter().zip(&set.members).filter(|(_, member)| **member);
        let knees: usize = members.map(|(patient, _)| patient.knees().len()).sum();
        let (patients, knees) = (set.size().to_string(), knees.to_string());
        self.words.say("table.population", &[("set", &set.label), ("patients", &patients), ("knees", &knees)])
    }

    /// Name of the endpoint with its unit in parentheses.
    pub fn name_with_unit(&self, endpoint: usize) -> String {
        let endpoint = self.endpoint(endpoint);
        if endpoint.unit.is_empty() { endpoint.name.clone() } else { format!("{} ({})", endpoint.name, endpoint.unit) }
    }

    /// Marks that every table and figure of this run carries.
    pub fn marks(&self) -> Vec<String> {
        if self.plan.trial.synthetic { vec![self.words.get("footnote.synthetic")] } else { Vec::new() }
    }

    /// `lower` or `higher` values are better.
    pub fn better(&self, endpoint: usize) -> String {
        self.words.get(match self.endpoint(endpoint).better {
            Better::Lower => "text.better_lower",
            Better::Higher => "text.better_higher",
        })
    }

    /// Indices of the endpoints whose role is primary, or the first endpoint where none is.
    pub fn primary_endpoints(&self) -> Vec<usize> {
        let endpoints = &self.trial.design.endpoints;
        let primary: Vec<usize> =
            (0..endpoints.len()).filter(|index| endpoints[*index].role == crate::trial::Role::Primary).collect();
        if primary.is_empty() { vec![0] } else { primary }
    }
}
