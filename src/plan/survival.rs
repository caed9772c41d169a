//! What must fit together where an endpoint is the time to an event (`kind = "survival"`).
//!
//! Its columns are `time` and `status`; `column` is filled in from `time`. The direction of benefit is that of the time:
//! `later` where the event is a harm, `earlier` where it is a benefit. `lower` and `higher` are refused, because a lower
//! hazard is a higher time, and a plan must not leave open which of them was meant.

use super::cross::Checker;
use super::design::{endpoint_id, primary_endpoints};
use super::file::{BetterPlan, EndpointPlan, PlanFile, ReplicatesPlan, Shape};
use super::options::PrimaryMethod;
use crate::terms::Kind;

/// What can be asked of a time to an event, those that can decide first.
pub const METHODS: [&str; 7] =
    ["first-event", "rmst", "stratified-log-rank", "stratified-cox", "marginal-cox", "prentice-wilcoxon", "akritas"];

/// Those that can decide: test and limits belong together, and the level holds at the size of these trials
/// (`docs/methods.md`).
pub const DECIDING: [&str; 2] = ["first-event", "rmst"];

/// The method that decides: that of the plan, else the first of the endpoint's `tests` that can; the exact test where the
/// endpoint names none.
pub fn deciding(primary: PrimaryMethod, tests: &[String]) -> Option<&'static str> {
    let of_plan = match primary {
        PrimaryMethod::FirstEvent => Some("first-event"),
        PrimaryMethod::Rmst => Some("rmst"),
        _ => None,
    };
    let runs = |name: &&str| tests.is_empty() || tests.iter().any(|test| test == name);
    let able = |test: &String| DECIDING.into_iter().find(|name| name == test);
    let first = if tests.is_empty() { Some(DECIDING[0]) } else { tests.iter().find_map(able) };
    of_plan.filter(runs).or(first)
}

/// Fills in the column of the values, which is that of the time.
pub(super) fn columns(plan: &mut PlanFile) {
    for endpoint in plan.endpoints.iter_mut().filter(|endpoint| endpoint.kind == Kind::Survival) {
        if let (Some(time), true) = (&endpoint.time, endpoint.column.is_empty()) {
            endpoint.column.clone_from(time);
        }
    }
}

/// The time to an event `endpoint.i`.
pub(super) fn check(checker: &mut Checker<'_>, plan: &PlanFile, i: usize) {
    let Some(endpoint) = plan.endpoints.get(i) else { return };
    let at = |key: &str| format!("endpoint.{i}.{key}");
    for (key, column) in [("time", &endpoint.time), ("status", &endpoint.status)] {
        if column.as_ref().is_none_or(|column| column.trim().is_empty()) {
            let message = format!("the time to an event needs `{key}`, the name of a column");
            checker.wrong("SK012", &at("kind"), message, format!("add `{key} = \"…\"`"));
        }
    }
    if endpoint.time.as_ref().is_some_and(|time| *time != endpoint.column) {
        let message = format!("`column` names `{}`, and `time` names another", endpoint.column);
        checker.wrong("SK012", &at("column"), message, "leave `column` out: the values are those of `time`");
    }
    if endpoint.time.is_some() && endpoint.time == endpoint.status {
        let message = "time and status are one column".to_owned();
        checker.wrong("SK009", &at("status"), message, "name the column that says whether the event happened");
    }
    if matches!(endpoint.better, BetterPlan::Lower | BetterPlan::Higher) {
        let written = if endpoint.better == BetterPlan::Lower { "lower" } else { "higher" };
        let message =
            format!("`better = \"{written}\"` can be read of the time or of the hazard, which go opposite ways");
        let remedy = "write `better = \"later\"` where the event is a harm (re-injection, arthroplasty), `better = \
                      \"earlier\"` where it is a benefit (relief)";
        checker.wrong("SK012", &at("better"), message, remedy);
    }
    checker.positive(&at("tau"), endpoint.tau);
    for (j, time) in endpoint.at.iter().enumerate() {
        let path = at(&format!("at.{j}"));
        checker.positive(&path, Some(*time));
        if endpoint.at[..j].contains(time) {
            let message = format!("the time {time} is named twice");
            checker.wrong("SK009", &path, message, "name each time once");
        }
    }
    for (j, test) in endpoint.tests.iter().enumerate() {
        checker.known(&at(&format!("tests.{j}")), "a method for the time to an event", test, &METHODS);
    }
    if !endpoint.tests.is_empty() && !endpoint.tests.iter().any(|test| DECIDING.contains(&test.as_str())) {
        let message = "none of these methods can decide".to_owned();
        let remedy = "add `first-event` (hazard ratio within patients) or `rmst` (difference of restricted mean times)";
        checker.wrong("SK012", &at("tests"), message, remedy);
    }
    let numbers = [
        ("range", endpoint.range.is_some()),
        ("step", endpoint.step.is_some()),
        ("minimal_improvement", endpoint.minimal_improvement.is_some()),
        ("minimal_improvement_relative", endpoint.minimal_improvement_relative.is_some()),
        ("important_difference", endpoint.important_difference.is_some()),
        ("mcid", endpoint.mcid.is_some()),
        ("mcid_relative", endpoint.mcid_relative.is_some()),
        ("margin", endpoint.margin.is_some()),
        ("non_inferiority_margin", endpoint.non_inferiority_margin.is_some()),
        ("domain", endpoint.domain.is_some()),
        ("sum_of", !endpoint.sum_of.is_empty()),
        ("compute", endpoint.compute.is_some()),
        ("score", endpoint.score.is_some()),
        ("derive", endpoint.derive.is_some()),
        ("missing", endpoint.missing.is_some()),
        ("visits", endpoint.visits.is_some()),
        ("replicates", endpoint.replicates != ReplicatesPlan::Refuse),
    ];
    for (key, _) in numbers.into_iter().filter(|(_, given)| *given) {
        let message = format!("`{key}` is for scores measured at visits, and this is the time to an event");
        checker.wrong("SK012", &at(key), message, "leave it out");
    }
    let is_bds = |table: &super::DataPlan| table.shape == Shape::Bds;
    for number in plan.data.observations().enumerate().filter(|(_, table)| is_bds(table)).map(|(number, _)| number) {
        let root = if number == 0 { "data".to_owned() } else { format!("data.{number}") };
        let message = "of a basic data structure, a status beside the value is not read".to_owned();
        let remedy = "read ADTTE as long data: `shape = \"long\"`, `where = 'PARAMCD == \"…\"'`, `time = \"AVAL\"`, \
                      `status = \"CNSR\"` and `levels = [{ code = \"1\", label = \"censored\" }, { code = \"0\", label = \
                      \"event\" }]`";
        checker.wrong("SK014", &format!("{root}.shape"), message, remedy);
    }
}

/// What is for times to an event alone, on an endpoint of another kind.
pub(super) fn belongs_elsewhere(checker: &mut Checker<'_>, endpoint: &EndpointPlan, i: usize) {
    let at = |key: &str| format!("endpoint.{i}.{key}");
    let keys = [
        ("time", endpoint.time.is_some()),
        ("status", endpoint.status.is_some()),
        ("tau", endpoint.tau.is_some()),
        ("at", !endpoint.at.is_empty()),
    ];
    for (key, _) in keys.into_iter().filter(|(_, given)| *given) {
        let message = format!("`{key}` belongs to the time to an event");
        checker.wrong("SK012", &at(key), message, "write `kind = \"survival\"`, or leave it out");
    }
    if matches!(endpoint.better, BetterPlan::Later | BetterPlan::Earlier) {
        let message = "`later` and `earlier` are directions of a time to an event".to_owned();
        let remedy = "write `better = \"lower\"` or `\"higher\"`, or `kind = \"survival\"`";
        checker.wrong("SK012", &at("better"), message, remedy);
    }
}

/// What of the rest of the plan a time to an event cannot have, or needs.
pub(super) fn beside(checker: &mut Checker<'_>, plan: &PlanFile) {
    let is_survival = |endpoint: &EndpointPlan| endpoint.kind == Kind::Survival;
    let named: Vec<PrimaryMethod> =
        std::iter::once(plan.analysis.primary).chain(plan.analysis.sensitivity.iter().copied()).collect();
    for (place, method) in named.into_iter().enumerate() {
        if !matches!(method, PrimaryMethod::FirstEvent | PrimaryMethod::Rmst) {
            continue;
        }
        let path = match place.checked_sub(1) {
            None => "analysis.primary".to_owned(),
            Some(other) => format!("analysis.sensitivity.{other}"),
        };
        let others = plan.endpoints.iter().find(|endpoint| !is_survival(endpoint));
        let name = method.name();
        if let (0, Some(other)) = (place, others) {
            let message = format!(
                "`{name}` decides times to an event, and `{}` is none: nothing would decide it",
                endpoint_id(other)
            );
            let test = name.replace('_', "-");
            let remedy =
                format!("name the method of the scores here, and `tests = [\"{test}\"]` in the endpoint of the time");
            checker.wrong("SK012", &path, message, remedy);
        } else if place > 0 {
            let message = format!("`{name}` is run on times to an event by itself");
            checker.wrong("SK012", &path, message, "leave it out; the endpoint's `tests` say which methods run");
        }
    }
    let planned = plan.sample_size.as_ref().and_then(|planned| planned.endpoint.as_ref());
    if let Some(id) = planned
        && plan.endpoints.iter().any(|endpoint| is_survival(endpoint) && endpoint_id(endpoint) == *id)
    {
        let message = format!("these assumptions are about a mean difference, and `{id}` is the time to an event");
        checker.wrong("SK012", "sample_size.endpoint", message, "name another endpoint, or delete [sample_size]");
    }
    let primaries = primary_endpoints(plan);
    let Some(endpoint) = primaries.into_iter().find(|endpoint| is_survival(endpoint)) else { return };
    let id = endpoint_id(endpoint);
    if !plan.subgroups.is_empty() {
        let message = format!("subgroups of the primary endpoint `{id}` are not analysed: it is the time to an event");
        let remedy = "delete [[subgroup]]; `splitknee survival --where 'sex=F'` has the numbers of one group";
        checker.wrong("SK012", "subgroup.0.column", message, remedy);
    }
    if plan.analysis.randomisation_test.is_some() {
        let message = format!("the randomisation test is of mean differences, and `{id}` is the time to an event");
        checker.wrong("SK012", "analysis.randomisation_test", message, "leave it out");
    }
    if plan.sample_size.as_ref().is_some_and(|planned| planned.endpoint.is_none()) {
        let message = format!("these assumptions are about a mean difference, and `{id}` is the time to an event");
        checker.wrong("SK012", "sample_size.delta", message, "name another `endpoint`, or delete [sample_size]");
    }
}
