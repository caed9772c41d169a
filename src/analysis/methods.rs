//! Which of the plan's methods run on which endpoint, and which of them decides.
//!
//! The design decides where the plan leaves the structure to it ([`rule`]); else `analysis.primary` decides every endpoint
//! whose kind it fits; counts with an exposure that it does not fit by the first of their own tests, the ratio of the mean
//! rates where the plan names none (`studies/counts`); grades and yes/no endpoints that it does not fit are decided by the
//! first of their own tests that compares the arms, grades by the first whose p-value and interval belong together
//! ([`pairs::decides_grades`]); scores and counts by the first method of `analysis.sensitivity` that fits them, else by the
//! paired t-test. `analysis.sensitivity` adds to it. The time to an event has methods of its own ([`survival`]).

use super::rule::{self, Choice};
use super::{Context, pairs, survival};
use crate::paired::{self, catalogue};
use crate::plan::{Plan, PrimaryMethod};
use crate::trial::{AnalysisSet, Endpoint, Kind, Trial};
use std::collections::BTreeMap;

/// What the registry of the paired tests knows of a method, by its name in results.
pub use crate::paired::catalogue::of_result as registered;
pub use crate::paired::method::Recipe;

/// The method whose result decides an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deciding {
    /// A model.
    Model(PrimaryMethod),
    /// A paired test, by its name.
    Test(String),
}

/// The test of counts with an exposure where the plan names no method for counts.
pub const RATES: &str = paired::rate_ratio::METHOD.name;
/// The exact test of counts.
pub const COUNTS: &str = paired::counts::METHOD.name;

/// The method that decides `endpoint`; `None` where the plan has none that fits its kind.
pub fn deciding(context: &Context, endpoint: usize) -> Option<Deciding> {
    let about = &context.trial.design.endpoints[endpoint];
    let kind = about.kind;
    let primary = context.plan.analysis.primary;
    if kind == Kind::Survival {
        return survival::deciding(context, endpoint);
    }
    if about.exposure.is_some() && !primary.compares_rates() {
        return pairs::methods(context, endpoint).first().cloned().map(Deciding::Test);
    }
    if rule::of(context, endpoint).is_some_and(|rule| rule.choice == Choice::PairedChange) {
        return Some(Deciding::Test("paired-t".to_owned()));
    }
    if is_model(primary) && fits(primary, about) {
        return Some(Deciding::Model(primary));
    }
    // A method that does not fit the kind decides nothing: the first of the further methods that fits does.
    let own_tests = !about.tests.is_empty();
    if !fits(primary, about) && !own_tests && matches!(kind, Kind::Continuous | Kind::Count) {
        let further = context.plan.analysis.sensitivity.iter().copied().find(|method| fits(*method, about));
        if let Some(model) = further.filter(|method| is_model(*method)) {
            return Some(Deciding::Model(model));
        }
    }
    let names = pairs::methods(context, endpoint);
    let decides = |name: &str| kind != Kind::Ordinal || pairs::decides_grades(name);
    let named = pairs::paired_name(primary).filter(|name| decides(name) && names.iter().any(|known| known == name));
    let first = || names.iter().find(|name| catalogue::compares(name) && decides(name)).cloned();
    named.map(str::to_owned).or_else(first).map(Deciding::Test)
}

/// By endpoint: the method that decides and the tests that are run, which the plan may leave to the program. They belong
/// to the seal of a plan: another version with other defaults would else pass for the sealed one.
pub fn in_force(plan: &Plan) -> BTreeMap<String, String> {
    let design = plan.design();
    let set = AnalysisSet { name: String::new(), label: String::new(), members: Vec::new() };
    let trial = Trial {
        design,
        patients: Vec::new(),
        sets: Vec::new(),
        events: None,
        intercurrent: None,
        deviations: None,
        columns: Vec::new(),
        randomised: 0,
        dates: crate::trial::dates::Dates::default(),
    };
    let context = Context { plan, trial: &trial, set: &set };
    let mut settings = BTreeMap::new();
    for (endpoint, written) in plan.endpoints.iter().enumerate() {
        let name = written.id.as_ref().unwrap_or(&written.column);
        let decides = named(deciding(&context, endpoint));
        settings.insert(format!("endpoint[{name}] (decided by)"), decides);
        settings.insert(format!("endpoint[{name}] (tests)"), pairs::methods(&context, endpoint).join(", "));
    }
    settings
}

/// The method that decides `endpoint` of a trial, by its name; `none` where no method of the plan fits its kind.
pub fn decided_by(plan: &Plan, trial: &Trial, endpoint: usize) -> String {
    let none = AnalysisSet { name: String::new(), label: String::new(), members: Vec::new() };
    let set = trial.sets.first().unwrap_or(&none);
    named(deciding(&Context { plan, trial, set }, endpoint))
}

fn named(deciding: Option<Deciding>) -> String {
    match deciding {
        Some(Deciding::Model(method)) => method.name().to_owned(),
        Some(Deciding::Test(test)) => test,
        None => "none".to_owned(),
    }
}

/// The models of the plan that fit `endpoint`, the deciding one first; each with whether it decides.
pub fn models(context: &Context, endpoint: usize) -> Vec<(PrimaryMethod, bool)> {
    let about = &context.trial.design.endpoints[endpoint];
    let analysis = &context.plan.analysis;
    let decides = match deciding(context, endpoint) {
        Some(Deciding::Model(method)) => Some(method),
        _ => None,
    };
    let mut chosen: Vec<(PrimaryMethod, bool)> = decides.into_iter().map(|method| (method, true)).collect();
    for &method in &analysis.sensitivity {
        if is_model(method) && fits(method, about) && !chosen.iter().any(|(known, _)| *known == method) {
            chosen.push((method, false));
        }
    }
    chosen
}

/// Whether `method` is a model rather than a paired test.
fn is_model(method: PrimaryMethod) -> bool {
    pairs::paired_name(method).is_none()
}

/// Whether `method` is meant for endpoints like this one. A difference of raw counts says nothing where exposures differ.
pub(super) fn fits(method: PrimaryMethod, about: &Endpoint) -> bool {
    use PrimaryMethod as M;
    let kind = about.kind;
    match method {
        M::MixedModel | M::Mmrm | M::MmrmDifference | M::Clda | M::Ancova => {
            matches!(kind, Kind::Continuous | Kind::Count) && about.exposure.is_none()
        }
        M::OrdinalMixed => kind == Kind::Ordinal,
        M::LogisticMixed | M::Mcnemar => kind == Kind::Binary,
        M::StuartMaxwell => matches!(kind, Kind::Ordinal | Kind::Binary),
        M::Gee => matches!(kind, Kind::Continuous | Kind::Count | Kind::Binary),
        M::FirstEvent | M::Rmst => kind == Kind::Survival,
        M::GeeNegativeBinomial | M::PoissonMixed | M::NegativeBinomialMixed | M::RateRatio | M::Counts => {
            kind == Kind::Count
        }
        _ => true,
    }
}
