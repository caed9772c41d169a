//! The exhibits of a report: tables and figures made from a trial's outcomes. Presentation only: nothing is estimated.

pub mod contrasts;
pub mod course;
pub mod estimands;
pub mod exposure;
pub mod families;
pub mod figures;
pub mod grades;
pub mod harms;
pub mod imputation;
pub mod interim;
pub mod listings;
pub mod missing;
pub mod models;
pub mod overview;
pub mod populations;
pub mod posterior;
pub mod repeated;
pub mod responders;
pub mod secondary;
pub mod shown;
pub mod survival;
pub mod tables;
pub mod tipping;
pub mod within;

use super::options::Options;
use super::words::Words;
use crate::analysis::{Context, Field, FitSummary, Outcomes, Record};
use crate::figure::axis::Numbers;
use crate::plan::Plan;
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{AnalysisSet, Better, Endpoint, Measure, Patient, Trial};

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
    /// State of the plan's seal, dummy treatments, template.
    pub options: &'a Options,
}

/// The extra field `name` of a record with its structure; null where the record has none.
pub fn json(record: &Record, name: &str) -> serde_json::Value {
    serde_json::to_value(record.result.field(name)).unwrap_or_default()
}

/// The extra field `name` of a record, where it is a word.
pub fn word<'r>(record: &'r Record, name: &str) -> Option<&'r str> {
    match record.result.field(name)? {
        Field::Text(text) => Some(text),
        _ => None,
    }
}

/// The extra field `name` of a record as a count.
pub fn count(record: &Record, name: &str) -> usize {
    record.result.number(name).map_or(0, |count| count as usize)
}

/// What a record counts by arm, in the order of the tables: how many, and of how many.
pub fn by_arm(record: &Record) -> Vec<(usize, usize)> {
    let of = |entry: &serde_json::Value, name: &str| entry.get(name).and_then(serde_json::Value::as_u64);
    let entries = json(record, "knees");
    let entries = entries.as_array().into_iter().flatten();
    entries.map(|entry| (of(entry, "n").unwrap_or(0) as usize, of(entry, "of").unwrap_or(0) as usize)).collect()
}

impl<'a> Material<'a> {
    /// The primary analysis set.
    pub fn set(&self) -> &'a AnalysisSet {
        &self.trial.sets[0]
    }

    /// The patients of the primary analysis set.
    pub fn members(&self) -> impl Iterator<Item = &'a Patient> + 'a {
        self.trial.patients.iter().zip(&self.set().members).filter(|(_, member)| **member).map(|(patient, _)| patient)
    }

    /// What the analyses in the primary analysis set were given.
    pub fn context(&self) -> Context<'a> {
        Context { plan: self.plan, trial: self.trial, set: self.set() }
    }

    /// The endpoint with this index.
    pub fn endpoint(&self, endpoint: usize) -> &'a Endpoint {
        &self.trial.design.endpoints[endpoint]
    }

    /// A short name of the endpoint for files and anchors: its identifier where that is ASCII, else its position.
    pub fn key(&self, endpoint: usize) -> String {
        let id = &self.endpoint(endpoint).id;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if id.chars().all(plain) { id.clone() } else { format!("endpoint{}", endpoint + 1) }
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

    /// The most sites that a patient of the trial has.
    pub fn sites_per_patient(&self) -> usize {
        self.trial.patients.iter().map(|patient| patient.knees().len()).max().unwrap_or_default()
    }

    /// `active − placebo` of an endpoint, or `active / placebo` where it is compared by a ratio.
    pub fn contrast_of(&self, endpoint: usize) -> String {
        if self.endpoint(endpoint).logarithm.is_none() {
            return self.contrast();
        }
        let arms = &self.trial.design.arms;
        self.words.say("table.ratio", &[("active", &arms.active), ("placebo", &arms.placebo)])
    }

    /// What is divided where an endpoint is compared by a ratio: geometric means, of the value and its offset.
    pub fn geometric_means(&self, endpoint: usize) -> String {
        let about = self.endpoint(endpoint);
        match about.logarithm.filter(|logarithm| logarithm.has_offset()) {
            Some(logarithm) => {
                let offset = format!("{} {}", logarithm.offset, about.unit);
                self.words.say("text.geometric_means_offset", &[("offset", offset.trim_end())])
            }
            None => self.words.get("text.geometric_means"),
        }
    }

    /// What the differences of an endpoint stand for in figures.
    pub fn numbers(&self, endpoint: usize) -> Numbers {
        if self.endpoint(endpoint).logarithm.is_some() { Numbers::LogRatios } else { Numbers::Plain }
    }

    /// The models that decide an endpoint in the primary analysis set, in the order of the endpoints.
    pub fn fits(&self) -> impl Iterator<Item = &'a FitSummary> {
        let set = &self.set().name;
        self.outcomes.fits.iter().filter(move |fit| fit.decides && fit.analysis_set == *set)
    }

    /// The record with this identifier.
    pub fn record(&self, id: &str) -> Option<&'a Record> {
        self.outcomes.records.iter().find(|record| record.id == id)
    }

    /// The records that count the rows of a table ([`crate::analysis::counted`]).
    pub fn counted(&self, about: &'static str) -> impl Iterator<Item = &'a Record> + 'a {
        let is = move |record: &&Record| {
            record.result.method == "counts" && word(record, "about").is_some_and(|word| word == about)
        };
        self.outcomes.records.iter().filter(is)
    }

    /// The record that counts the patients and knees of an analysis set.
    fn set_record(&self, set: &AnalysisSet) -> Option<&'a Record> {
        self.counted("disposition").find(|r| word(r, "item") == Some("set") && word(r, "value") == Some(&set.name))
    }

    /// The population line of the primary analysis set: patients and knees.
    pub fn population(&self) -> String {
        self.population_of(self.set())
    }

    /// The population line of all randomised patients in the data.
    pub fn everyone(&self) -> String {
        let (patients, knees) = (self.trial.patients.len().to_string(), self.trial.knees().to_string());
        let set = self.words.get("flow.randomised");
        self.words.say("table.population", &[("set", &set), ("patients", &patients), ("knees", &knees)])
    }

    /// The population line of `set`: patients and knees.
    pub fn population_of(&self, set: &AnalysisSet) -> String {
        let record = self.set_record(set);
        let knees: usize = record.map(by_arm).into_iter().flatten().map(|(n, _)| n).sum();
        let patients = record.map_or(0, |record| count(record, "patients"));
        let (patients, knees) = (patients.to_string(), knees.to_string());
        self.words.say("table.population", &[("set", &set.label), ("patients", &patients), ("knees", &knees)])
    }

    /// The arm as a column header, with its knees in the primary analysis set.
    pub fn arm_header(&self, arm: usize) -> String {
        // Records count the active arm first.
        let place = match arm {
            ACTIVE => 0,
            PLACEBO => 1,
            other => other,
        };
        let knees = self.set_record(self.set()).and_then(|record| by_arm(record).get(place).copied());
        let knees = knees.map_or(0, |(n, _)| n).to_string();
        let label = self.trial.design.arms.labels().get(arm).copied().unwrap_or_default();
        self.words.say("table.arm_n", &[("arm", label), ("n", &knees)])
    }

    /// Name of the endpoint with its unit in parentheses.
    pub fn name_with_unit(&self, endpoint: usize) -> String {
        let endpoint = self.endpoint(endpoint);
        match endpoint.unit.as_str() {
            "" => endpoint.name.clone(),
            unit => self.words.say("text.with_unit", &[("endpoint", &endpoint.name), ("unit", unit)]),
        }
    }

    /// Name of what the plan compares of the endpoint: its change from baseline where the plan says so.
    pub fn compared(&self, endpoint: usize) -> String {
        self.of_measure(endpoint, &self.endpoint(endpoint).name)
    }

    /// [`Material::compared`] with the unit in parentheses; of a ratio it has none.
    pub fn outcome(&self, endpoint: usize) -> String {
        match (self.context().measure(endpoint), self.endpoint(endpoint).logarithm) {
            (Measure::Change, Some(_)) => self.compared(endpoint),
            _ => self.of_measure(endpoint, &self.name_with_unit(endpoint)),
        }
    }

    /// [`Material::compared`] with the unit in parentheses, or that it is a ratio of geometric means.
    pub fn compared_with_unit(&self, endpoint: usize) -> String {
        if self.endpoint(endpoint).logarithm.is_some() {
            let values = [("endpoint", &*self.compared(endpoint)), ("means", &self.geometric_means(endpoint))];
            return self.words.say("table.ratio_of", &values);
        }
        self.of_measure(endpoint, &self.name_with_unit(endpoint))
    }

    fn of_measure(&self, endpoint: usize, name: &str) -> String {
        match self.context().measure(endpoint) {
            Measure::Value => name.to_owned(),
            Measure::Change if self.endpoint(endpoint).logarithm.is_some() => {
                self.words.say("table.fold_change_of", &[("endpoint", name)])
            }
            Measure::Change => self.words.say("table.change_of", &[("endpoint", name)]),
        }
    }

    /// Marks of this run for an exhibit that travels alone; pages carry them at their head.
    pub fn marks(&self) -> Vec<String> {
        let mut marks = Vec::new();
        if self.plan.trial.synthetic {
            marks.push(self.words.get("footnote.synthetic"));
        }
        if self.options.dummy {
            marks.push(self.words.get("footnote.dummy"));
        }
        marks
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
