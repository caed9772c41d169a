//! Which of the plan's methods run on which endpoint, and which of them decides.
//!
//! The design decides where the plan leaves the structure to it ([`rule`]); else `analysis.primary` decides every endpoint
//! whose kind it fits; grades and yes/no endpoints that it does not fit are decided by the first of their own tests that
//! compares the arms, grades by the first whose p-value and interval belong together ([`pairs::decides_grades`]); scores
//! and counts by the first method of `analysis.sensitivity` that fits them, else by the paired t-test.
//! `analysis.sensitivity` adds to it.

use super::rule::{self, Choice};
use super::{Context, pairs};
use crate::paired::catalogue;
use crate::plan::{Plan, PrimaryMethod};
use crate::trial::{AnalysisSet, Kind, Trial};
use std::collections::BTreeMap;

/// The method whose result decides an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deciding {
    /// A model.
    Model(PrimaryMethod),
    /// A paired test, by its name.
    Test(String),
}

/// The method that decides `endpoint`; `None` where the plan has none that fits its kind.
pub fn deciding(context: &Context, endpoint: usize) -> Option<Deciding> {
    let kind = context.trial.design.endpoints[endpoint].kind;
    let primary = context.plan.analysis.primary;
    if rule::of(context, endpoint).is_some_and(|rule| rule.choice == Choice::PairedChange) {
        return Some(Deciding::Test("paired-t".to_owned()));
    }
    if is_model(primary) && fits(primary, kind) {
        return Some(Deciding::Model(primary));
    }
    // A method that does not fit the kind decides nothing: the first of the further methods that fits does.
    let own_tests = !context.trial.design.endpoints[endpoint].tests.is_empty();
    if !fits(primary, kind) && !own_tests && matches!(kind, Kind::Continuous | Kind::Count) {
        let further = context.plan.analysis.sensitivity.iter().copied().find(|method| fits(*method, kind));
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
    let kind = context.trial.design.endpoints[endpoint].kind;
    let analysis = &context.plan.analysis;
    let decides = match deciding(context, endpoint) {
        Some(Deciding::Model(method)) => Some(method),
        _ => None,
    };
    let mut chosen: Vec<(PrimaryMethod, bool)> = decides.into_iter().map(|method| (method, true)).collect();
    for &method in &analysis.sensitivity {
        if is_model(method) && fits(method, kind) && !chosen.iter().any(|(known, _)| *known == method) {
            chosen.push((method, false));
        }
    }
    chosen
}

/// Whether `method` is a model rather than a paired test.
fn is_model(method: PrimaryMethod) -> bool {
    pairs::paired_name(method).is_none()
}

/// Whether `method` is meant for endpoints of this kind.
pub(super) fn fits(method: PrimaryMethod, kind: Kind) -> bool {
    use PrimaryMethod as M;
    match method {
        M::MixedModel | M::Mmrm | M::MmrmDifference | M::Clda | M::Ancova => {
            matches!(kind, Kind::Continuous | Kind::Count)
        }
        M::OrdinalMixed => kind == Kind::Ordinal,
        M::LogisticMixed | M::Mcnemar => kind == Kind::Binary,
        M::StuartMaxwell => matches!(kind, Kind::Ordinal | Kind::Binary),
        M::Gee => kind != Kind::Ordinal,
        _ => true,
    }
}
