//! Plan × trial → outcomes: which method runs on which endpoint, visit and analysis set, and what it found.
//!
//! The only caller of the statistics in [`crate::paired`], [`crate::model`] and [`crate::multiplicity`]. Everything it
//! finds is a [`Record`]; tables, figures and words are made from records and never compute.
//!
//! Read in this order: [`context`] and [`record`] (what goes in and comes out), [`methods`] (what runs on what; [`rule`]: the
//! default), [`scale`] (with [`logarithms`]), [`objective`], [`verdict`], then the analyses: [`descriptive`], [`characteristics`], [`pairs`], [`repeated`], [`mixed`] (with
//! [`model_rows`], [`fit_summary`] and [`spread`]), [`complete_pairs`], [`contrasts`], [`ancova`], [`generalised`], [`responders`], [`grades`],
//! [`pairing`], [`survival`], [`counted`] (with [`participants`] and [`observation`]), [`subgroups`], [`posterior`], [`redrawn`], [`looks`], [`second_opinion`], [`sample_size`], [`family`], [`estimand`], [`safety`]; [`run`] holds them all. Every record is listed in
//! `docs/records.md`.

pub mod ancova;
pub mod characteristics;
pub mod complete_pairs;
pub mod context;
pub mod contrasts;
pub mod counted;
pub mod deciding;
pub mod descriptive;
pub mod estimand;
pub mod family;
pub mod fit_summary;
pub mod generalised;
pub mod grades;
pub mod logarithms;
pub mod looks;
pub mod methods;
pub mod mixed;
pub mod model_rows;
pub mod notes;
pub mod objective;
pub mod observation;
pub mod pairing;
pub mod pairs;
pub mod participants;
pub mod posterior;
pub mod record;
pub mod redaction;
pub mod redrawn;
pub mod repeated;
pub mod responders;
pub mod rule;
pub mod run;
pub mod safety;
pub mod sample_size;
pub mod scale;
pub mod second_opinion;
pub mod second_routes;
pub mod spread;
pub mod subgroups;
pub mod survival;
pub mod verdict;

pub use context::Context;
pub use fit_summary::{FitSummary, ResidualPoint};
pub use record::{Reason, Record, Rows};
pub use run::{Reading, Run, Secret};
pub use scale::{Ratio, Scale};
pub use verdict::{Claim, Conclusion, Gate, Importance, Interval, Verdict, Withheld};

/// What the result of a record is told in.
pub use crate::paired::{Alternative, Field};

use crate::plan::{Plan, PrimaryMethod};
use crate::trial::{AnalysisSet, Measure, Role, Trial};
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::OnceLock;

/// Everything a run found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcomes {
    /// Records in the order of endpoints, visits and methods.
    pub records: Vec<Record>,
    /// The fitted models, in the order of their endpoints.
    pub fits: Vec<FitSummary>,
    places: Places,
}

/// How many records there were, and where those of each endpoint and visit stand: a report looks them up some thirty times
/// for each pair of them.
#[derive(Debug, Clone, Default)]
struct Places(OnceLock<(usize, ByPlace)>);

/// The records of each endpoint and visit.
type ByPlace = HashMap<[Option<usize>; 2], Vec<usize>>;

impl PartialEq for Places {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Outcomes {
    /// The records on `endpoint` at `visit`, in their order.
    pub fn at(&self, endpoint: usize, visit: usize) -> impl Iterator<Item = &Record> {
        let (n, places) = self.places.0.get_or_init(|| {
            let mut places = ByPlace::new();
            for (at, record) in self.records.iter().enumerate() {
                places.entry([record.endpoint, record.visit]).or_default().push(at);
            }
            (self.records.len(), places)
        });
        // Records that were added since are looked for one by one.
        let (known, since) = (places.get(&[Some(endpoint), Some(visit)]), *n..self.records.len());
        let here = move |record: &&Record| record.endpoint == Some(endpoint) && record.visit == Some(visit);
        known.into_iter().flatten().copied().chain(since).filter_map(|at| self.records.get(at)).filter(here)
    }

    /// The record of `method` on `endpoint` at `visit` that compares active with placebo in the primary analysis set.
    pub fn comparison(&self, endpoint: usize, visit: usize, method: &str) -> Option<&Record> {
        self.at(endpoint, visit).find(|record| record.result.method == method && record.arm.is_none())
    }

    /// The record that decides `endpoint` at `visit`: the plan's primary method, else the first that makes a claim.
    pub fn deciding(&self, endpoint: usize, visit: usize) -> Option<&Record> {
        let here = || self.at(endpoint, visit).filter(|record| record.arm.is_none());
        here()
            .find(|record| matches!(record.role, Role::Primary | Role::Secondary))
            .or_else(|| here().find(|record| record.role == Role::Sensitivity))
    }

    /// The descriptive record of `arm` (or of the difference where `None`).
    pub fn description(&self, endpoint: usize, visit: usize, measure: Measure, arm: Option<&str>) -> Option<&Record> {
        self.at(endpoint, visit).find(|record| {
            record.measure == measure && record.result.method == "descriptive" && record.arm.as_deref() == arm
        })
    }
}

/// Whether `record` decides `endpoint` at `visit`: it compares the arms as the plan's primary method, in the primary set.
fn is_deciding(record: &Record, endpoint: usize, visit: usize) -> bool {
    record.endpoint == Some(endpoint)
        && record.visit == Some(visit)
        && record.arm.is_none()
        && matches!(record.role, Role::Primary | Role::Secondary)
}

/// Runs every analysis of the plan on every endpoint.
pub fn analyse(plan: &Plan, trial: &Trial) -> Outcomes {
    let Some(set) = trial.sets.first() else { return Outcomes::default() };
    let context = Context { plan, trial, set };
    let complete = complete_pairs::without_single_knees(trial);
    let parts: Vec<(Vec<Record>, Vec<FitSummary>)> = (0..trial.design.endpoints.len())
        .into_par_iter()
        .map(|endpoint| analyse_endpoint(&context, complete.as_ref(), endpoint))
        .collect();
    let mut outcomes = Outcomes::default();
    for (records, fits) in parts {
        outcomes.records.extend(records);
        outcomes.fits.extend(fits);
    }
    outcomes.records.extend(responders::omeract_oarsi(&context));
    outcomes.records.extend(estimand::analyse(&context));
    let characteristics = characteristics::describe(&context);
    outcomes.records.extend(participants::count(&context, &characteristics));
    outcomes.records.extend(characteristics);
    outcomes.records.extend(safety::analyse(&context));
    logarithms::mark(&context, &mut outcomes.records);
    verdict::decide(&context, &mut outcomes.records);
    outcomes
}

/// Everything about one endpoint: descriptions, the design's numbers, the plan's methods, the same in the other sets.
fn analyse_endpoint(context: &Context, complete: Option<&Trial>, endpoint: usize) -> (Vec<Record>, Vec<FitSummary>) {
    let design = &context.trial.design;
    let about = &design.endpoints[endpoint];
    if survival::is_survival(context, endpoint) {
        let others = other_sets(context).flat_map(|set| survival::analyse(&Context { set, ..*context }, endpoint));
        return (survival::analyse(context, endpoint).into_iter().chain(others).collect(), Vec::new());
    }
    let visits = about.visits.clone();
    let mut records = Vec::new();
    for &visit in &visits {
        records.extend(descriptive::describe(context, endpoint, visit, Measure::Value));
        if design.has_baseline(about) && design.is_after_baseline(visit) {
            records.extend(descriptive::describe(context, endpoint, visit, Measure::Change));
        }
        // Counts with an exposure are alike or not per unit of it.
        if about.exposure.is_none() {
            records.push(pairs::correlation(context, endpoint, visit));
        }
        records.extend(grades::paired_table(context, endpoint, visit));
    }
    records.extend(observation::analyse(context, endpoint));
    let (planned, mut fits) = planned_methods(context, endpoint);
    records.extend(planned);
    for visit in context.visits(endpoint) {
        records.extend(pairs::describe(context, endpoint, visit));
    }
    records.extend(repeated::analyse(context, endpoint));
    records.extend(grades::shifts(context, endpoint));
    records.extend(responders::analyse(context, endpoint));
    records.extend(pairing::analyse(context, endpoint));
    records.extend(sample_size::check(context, endpoint));
    records.extend(subgroups::analyse(context, endpoint));
    records.extend(redrawn::analyse(context, endpoint));
    records.extend(posterior::analyse(context, endpoint));
    records.extend(complete.iter().flat_map(|complete| complete_pairs::analyse(context, complete, endpoint)));
    let mut models = mixed::SecondRoutes::default();
    let about_deciding: Vec<Record> = context
        .visits(endpoint)
        .into_iter()
        .filter_map(|visit| records.iter().find(|record| is_deciding(record, endpoint, visit)))
        .flat_map(|deciding| {
            [second_opinion::check(context, deciding, &mut models), pairing::carry_across(context, deciding)]
        })
        .flatten()
        .collect();
    records.extend(about_deciding);
    for set in other_sets(context) {
        let (again, other_fits) = planned_methods(&Context { set, ..*context }, endpoint);
        records.extend(again);
        fits.extend(other_fits);
    }
    (records, fits)
}

/// The plan's models and paired tests of one endpoint; in an analysis set other than the primary one, those that decide.
fn planned_methods(context: &Context, endpoint: usize) -> (Vec<Record>, Vec<FitSummary>) {
    let (mut records, mut fits) = (Vec::new(), Vec::new());
    for (method, decides) in methods::models(context, endpoint) {
        if !decides && !context.in_primary_set() {
            continue;
        }
        let (of_model, fit) = match method {
            PrimaryMethod::Ancova => (ancova::analyse(context, endpoint, decides), None),
            method if generalised::is_model(method) => (generalised::analyse(context, endpoint, method, decides), None),
            _ => mixed::analyse(context, endpoint, method, decides),
        };
        records.extend(of_model);
        fits.extend(fit);
    }
    for visit in context.visits(endpoint) {
        records.extend(pairs::tests(context, endpoint, visit));
    }
    (records, fits)
}

/// The analysis sets on which the primary method is repeated: those the plan names, all where it names none; never the
/// primary set itself.
fn other_sets<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a AnalysisSet> {
    let named = context.plan.analysis.sets.clone();
    let asked = move |set: &&AnalysisSet| named.as_ref().is_none_or(|names| names.contains(&set.name));
    context.trial.sets.iter().skip(1).filter(asked)
}

/// `label` in lower case with everything but letters and digits turned into single hyphens, for identifiers.
pub fn slug(label: &str) -> String {
    let mut slug = String::new();
    for character in label.chars().flat_map(char::to_lowercase) {
        if character.is_alphanumeric() {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    crate::plan::design::bounded(slug.trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paired::{Options, TestResult};

    #[test]
    fn records_are_found_at_their_endpoint_and_visit_in_their_order() {
        let options = Options { alternative: Alternative::TwoSided, conf_level: 0.9, mu: 0.0 };
        let record = |number: usize, place: Option<(usize, usize)>| Record {
            id: number.to_string(),
            endpoint: place.map(|(endpoint, _)| endpoint),
            endpoint_name: None,
            visit: place.map(|(_, visit)| visit),
            visit_label: None,
            arm: None,
            analysis_set: String::new(),
            measure: Measure::Value,
            role: Role::Descriptive,
            result: TestResult::new("descriptive", 0, &options),
            p_adjusted: None,
            verdict: None,
            reference: "",
            rows: Rows::default(),
        };
        let places = [Some((0, 1)), Some((1, 1)), None, Some((0, 1)), Some((1, 0)), Some((0, 2))];
        let mut outcomes = Outcomes::default();
        outcomes.records.extend(places.iter().enumerate().map(|(number, place)| record(number, *place)));
        let ids = |outcomes: &Outcomes, endpoint, visit| -> Vec<String> {
            outcomes.at(endpoint, visit).map(|record| record.id.clone()).collect()
        };
        assert_eq!(ids(&outcomes, 0, 1), ["0", "3"]);
        assert_eq!(ids(&outcomes, 1, 0), ["4"]);
        assert!(ids(&outcomes, 2, 2).is_empty());
        // Also a record that was added after the first look.
        outcomes.records.push(record(6, Some((0, 1))));
        assert_eq!(ids(&outcomes, 0, 1), ["0", "3", "6"]);
    }
}
