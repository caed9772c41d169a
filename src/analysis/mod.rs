//! Plan × trial → outcomes: which method runs on which endpoint, visit and analysis set, and what it found.
//!
//! The only caller of the statistics in [`crate::paired`], [`crate::model`] and [`crate::multiplicity`]. Everything it
//! finds is a [`Record`]; tables, figures and words are made from records and never compute.
//!
//! Read in this order: [`record`], [`conclusion`], [`descriptive`], [`characteristics`], [`pairs`],
//! [`mixed`], [`safety`].

pub mod characteristics;
pub mod conclusion;
pub mod descriptive;
pub mod mixed;
pub mod pairs;
pub mod record;
pub mod safety;

pub use conclusion::{Conclusion, Importance};
pub use record::{Reason, Record, Rows};

use crate::paired::{Alternative, Options, TestResult};
use crate::plan::{AlternativePlan, MeasurePlan, Plan};
use crate::trial::{AnalysisSet, Knee, Measure, PairedDifferences, Role, Trial};
use rayon::prelude::*;

/// Everything a run found.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcomes {
    /// Records in the order of endpoints, visits and methods.
    pub records: Vec<Record>,
    /// The fitted models, in the order of their endpoints.
    pub fits: Vec<mixed::FitSummary>,
}

impl Outcomes {
    /// The record of `method` on `endpoint` at `visit` that compares active with placebo in the primary analysis set.
    pub fn comparison(&self, endpoint: usize, visit: usize, method: &str) -> Option<&Record> {
        self.records.iter().find(|record| {
            record.endpoint == Some(endpoint)
                && record.visit == Some(visit)
                && record.result.method == method
                && record.arm.is_none()
        })
    }

    /// The record that decides `endpoint` at `visit`: the plan's primary method, else the first that makes a claim.
    pub fn deciding(&self, endpoint: usize, visit: usize) -> Option<&Record> {
        let here = |record: &&Record| {
            record.endpoint == Some(endpoint) && record.visit == Some(visit) && record.arm.is_none()
        };
        self.records
            .iter()
            .filter(here)
            .find(|record| matches!(record.role, Role::Primary | Role::Secondary))
            .or_else(|| self.records.iter().filter(here).find(|record| record.role == Role::Sensitivity))
    }

    /// The descriptive record of `arm` (or of the difference where `None`).
    pub fn description(&self, endpoint: usize, visit: usize, measure: Measure, arm: Option<&str>) -> Option<&Record> {
        self.records.iter().find(|record| {
            record.endpoint == Some(endpoint)
                && record.visit == Some(visit)
                && record.measure == measure
                && record.result.method == "descriptive"
                && record.arm.as_deref() == arm
        })
    }
}

/// What every analysis is given.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The trial.
    pub trial: &'a Trial,
    /// The analysis set.
    pub set: &'a AnalysisSet,
}

impl<'a> Context<'a> {
    /// The options of every test in this plan.
    pub fn options(&self) -> Options {
        let alternative = match self.plan.analysis.alternative {
            AlternativePlan::TwoSided => Alternative::TwoSided,
            AlternativePlan::Less => Alternative::Less,
            AlternativePlan::Greater => Alternative::Greater,
        };
        Options { alternative, conf_level: 1.0 - self.plan.analysis.alpha, mu: 0.0 }
    }

    /// Indices of the patients in the analysis set.
    pub fn members(&self) -> impl Iterator<Item = usize> + 'a {
        self.set.members.iter().enumerate().filter(|(_, member)| **member).map(|(index, _)| index)
    }

    /// What the plan compares for `endpoint`: its change from baseline only where the plan says so and a baseline exists.
    pub fn measure(&self, endpoint: usize) -> Measure {
        let design = &self.trial.design;
        match self.plan.analysis.measure {
            MeasurePlan::Change if design.has_baseline(&design.endpoints[endpoint]) => Measure::Change,
            _ => Measure::Value,
        }
    }

    /// The visits at which `endpoint` is compared: those after baseline.
    pub fn visits(&self, endpoint: usize) -> Vec<usize> {
        self.trial.design.follow_up(&self.trial.design.endpoints[endpoint])
    }

    /// The beginning of the identifiers of records on `endpoint` at `visit`, for instance `vas.m6`; further analysis
    /// sets than the first add their name.
    pub fn stem(&self, endpoint: usize, visit: usize) -> String {
        let design = &self.trial.design;
        let stem = format!("{}.{}", design.endpoints[endpoint].id, design.visits[visit].id);
        match self.trial.sets.first() {
            Some(first) if first.name == self.set.name => stem,
            _ => format!("{stem}.{}", slug(&self.set.name)),
        }
    }

    /// A record on `endpoint` at `visit` in this analysis set, not yet assessed.
    #[allow(clippy::too_many_arguments, reason = "one argument per part of a record's identity")]
    pub fn record(
        &self,
        id: String,
        endpoint: usize,
        visit: usize,
        measure: Measure,
        role: Role,
        result: TestResult,
        rows: Rows,
    ) -> Record {
        let design = &self.trial.design;
        Record {
            id,
            endpoint: Some(endpoint),
            endpoint_name: Some(design.endpoints[endpoint].name.clone()),
            visit: Some(visit),
            visit_label: Some(design.visits[visit].label.clone()),
            arm: None,
            analysis_set: self.set.name.clone(),
            measure,
            role,
            result,
            p_adjusted: None,
            conclusion: Conclusion::NotAssessed,
            importance: None,
            reference: "",
            rows,
        }
    }

    /// The role of the deciding method's result: primary only for a primary endpoint at the primary visit.
    pub fn role(&self, endpoint: usize, visit: usize) -> Role {
        let design = &self.trial.design;
        if design.endpoints[endpoint].role == Role::Primary && visit == design.primary {
            Role::Primary
        } else {
            Role::Secondary
        }
    }

    /// The knee-visits behind paired differences: used, and not used for lack of a value or of a partner.
    pub fn paired_rows(&self, endpoint: usize, visit: usize, paired: &PairedDifferences) -> Rows {
        let mut rows = Rows { used: 2 * paired.pairs.len(), ..Rows::default() };
        for dropped in &paired.dropped {
            let patient = &self.trial.patients[dropped.patient];
            for knee in [crate::trial::design::ACTIVE, crate::trial::design::PLACEBO].map(|arm| patient.knee(arm)) {
                match knee {
                    None => {}
                    Some(knee) if has_value(knee, endpoint, visit) => {
                        rows.leave_out("observed, but its partner knee has no value", 1);
                    }
                    Some(_) => rows.leave_out("no value at this visit", 1),
                }
            }
        }
        rows
    }
}

fn has_value(knee: &Knee, endpoint: usize, visit: usize) -> bool {
    knee.values[endpoint][visit].is_some()
}

/// Runs every analysis of the plan on every endpoint.
pub fn analyse(plan: &Plan, trial: &Trial) -> Outcomes {
    let Some(set) = trial.sets.first() else { return Outcomes { records: Vec::new(), fits: Vec::new() } };
    let context = Context { plan, trial, set };
    let parts: Vec<(Vec<Record>, Option<mixed::FitSummary>)> =
        (0..trial.design.endpoints.len()).into_par_iter().map(|endpoint| analyse_endpoint(&context, endpoint)).collect();
    let mut outcomes = Outcomes { records: Vec::new(), fits: Vec::new() };
    for (records, fit) in parts {
        outcomes.records.extend(records);
        outcomes.fits.extend(fit);
    }
    outcomes.records.extend(characteristics::describe(&context));
    outcomes.records.extend(safety::analyse(&context));
    outcomes
}

/// Everything about one endpoint: descriptions, the primary method, the other methods, the correlation of the knees.
fn analyse_endpoint(context: &Context, endpoint: usize) -> (Vec<Record>, Option<mixed::FitSummary>) {
    let design = &context.trial.design;
    let visits = design.endpoints[endpoint].visits.clone();
    let mut records = Vec::new();
    for &visit in &visits {
        records.extend(descriptive::describe(context, endpoint, visit, Measure::Value));
        if design.has_baseline(&design.endpoints[endpoint]) && Some(visit) != design.baseline {
            records.extend(descriptive::describe(context, endpoint, visit, Measure::Change));
        }
        records.push(pairs::correlation(context, endpoint, visit));
    }
    let (model_records, fit) = mixed::analyse(context, endpoint);
    records.extend(model_records);
    for visit in context.visits(endpoint) {
        records.extend(pairs::tests(context, endpoint, visit));
    }
    for record in &mut records {
        if matches!(record.role, Role::Primary | Role::Secondary | Role::Sensitivity) {
            let limits = (record.result.conf_low, record.result.conf_high);
            if pairs::is_difference(record.result.method) {
                (record.conclusion, record.importance) =
                    conclusion::conclude(&design.endpoints[endpoint], limits.0, limits.1);
            }
        }
    }
    (records, fit)
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
    slug.trim_end_matches('-').to_owned()
}
