//! What fits a count that is concluded by the ratio of rates, and what belongs to counts only.
//!
//! Sizes and margins are differences in the unit of an endpoint, and so are what contrasts of arms, looks, priors,
//! estimands and planned sample sizes speak of: none of them says anything about a rate ratio, and each is refused.

use super::cross::Checker;
use super::file::{EndpointPlan, PlanFile, ReplicatesPlan};
use super::options::PrimaryMethod;
use crate::paired::{Method, catalogue};
use crate::terms::Kind;

/// Checks exposures, methods of counts, and what a rate ratio cannot have.
pub(super) fn check(checker: &mut Checker<'_>, plan: &PlanFile) {
    for (number, endpoint) in plan.endpoints.iter().enumerate() {
        let at = |key: &str| format!("endpoint.{number}.{key}");
        exposure(checker, endpoint, &at);
        if endpoint.is_rated(plan.analysis.primary) {
            rated(checker, endpoint, &at);
        }
        for (j, test) in endpoint.tests.iter().enumerate() {
            let path = at(&format!("tests.{j}"));
            let of_counts = catalogue::find(test).is_some_and(Method::is_of_counts);
            if of_counts && endpoint.kind != Kind::Count {
                let message = format!("`{test}` compares counts, and this endpoint is none");
                checker.wrong("SK012", &path, message, "declare `kind = \"count\"`, or name another test");
            } else if endpoint.exposure.is_some() && !of_counts {
                let message = format!("`{test}` compares the counts whatever their exposure");
                checker.wrong("SK012", &path, message, "name `rate-ratio` or `counts`, or leave `tests` out");
            }
        }
    }
    methods(checker, plan);
    differences_only(checker, plan);
}

/// An exposure is a column of its own (a parameter of a basic data structure), of a count as it was collected.
fn exposure(checker: &mut Checker<'_>, endpoint: &EndpointPlan, at: &dyn Fn(&str) -> String) {
    let Some(column) = &endpoint.exposure else { return };
    if endpoint.kind != Kind::Count {
        let message = "an exposure belongs to a count: only events are counted over a time".to_owned();
        checker.wrong("SK012", &at("exposure"), message, "write `kind = \"count\"`, or leave `exposure` out");
    }
    if column.trim().is_empty() || *column == endpoint.column {
        let message = "the exposure needs a column of its own".to_owned();
        checker.wrong("SK012", &at("exposure"), message, "name the column with the days, or whatever was counted over");
    }
    let combined: Vec<&str> = [
        ("derive", endpoint.derive.is_some()),
        ("score", endpoint.score.is_some()),
        ("replicates", endpoint.replicates != ReplicatesPlan::Refuse),
    ]
    .into_iter()
    .filter_map(|(key, given)| given.then_some(key))
    .collect();
    for key in combined {
        let message = format!("`{key}` makes another number of the count, which has no exposure");
        checker.wrong("SK012", &at(key), message, "leave one of the two out; add counts and days up in the data");
    }
}

/// Sizes that are differences in the unit of the endpoint.
fn rated(checker: &mut Checker<'_>, endpoint: &EndpointPlan, at: &dyn Fn(&str) -> String) {
    for (key, given) in [
        ("mcid", endpoint.mcid.is_some()),
        ("mcid_relative", endpoint.mcid_relative.is_some()),
        ("minimal_improvement", endpoint.minimal_improvement.is_some()),
        ("minimal_improvement_relative", endpoint.minimal_improvement_relative.is_some()),
        ("important_difference", endpoint.important_difference.is_some()),
        ("margin", endpoint.margin.is_some()),
        ("non_inferiority_margin", endpoint.non_inferiority_margin.is_some()),
    ] {
        if given {
            let message = format!("`{key}` is a size in counts, and this endpoint is concluded by the ratio of rates");
            let remedy = "leave it out: the report gives the rate ratio with its interval to be held against a ratio";
            checker.wrong("SK012", &at(key), message, remedy);
        }
    }
}

/// Methods of counts need counts.
fn methods(checker: &mut Checker<'_>, plan: &PlanFile) {
    let primary = plan.analysis.primary;
    let decides = super::design::primary_endpoints(plan);
    if primary.is_of_counts() && decides.iter().any(|endpoint| endpoint.kind != Kind::Count) {
        let message = format!("`{}` compares counts, and a primary endpoint is none", primary.name());
        let remedy = "declare `kind = \"count\"`, or name a method for all primary endpoints";
        checker.wrong("SK012", "analysis.primary", message, remedy);
    }
    let counted = plan.endpoints.iter().any(|endpoint| endpoint.kind == Kind::Count);
    for (i, method) in plan.analysis.sensitivity.iter().enumerate() {
        if method.is_of_counts() && !counted {
            let message = format!("`{}` compares counts, and the plan has none", method.name());
            let remedy = "declare `kind = \"count\"`, or leave the method out";
            checker.wrong("SK012", &format!("analysis.sensitivity.{i}"), message, remedy);
        }
    }
    let exact = plan.endpoints.iter().any(|endpoint| endpoint.tests.iter().any(|test| test == "counts"));
    let named = primary == PrimaryMethod::Counts || plan.analysis.sensitivity.contains(&PrimaryMethod::Counts);
    if plan.analysis.overdispersed_counts != super::options::Overdispersed::Withhold && !exact && !named {
        let message = "`overdispersed_counts` speaks of the exact test of counts, which does not run".to_owned();
        let remedy = "name `counts` as a method or among an endpoint\u{2019}s `tests`, or leave the key out";
        checker.wrong("SK012", "analysis.overdispersed_counts", message, remedy);
    }
}

/// What speaks of a difference in the unit of a primary endpoint, and of which endpoint.
fn differences_only(checker: &mut Checker<'_>, plan: &PlanFile) {
    let rated = |endpoint: &EndpointPlan| endpoint.is_rated(plan.analysis.primary);
    let primary = super::design::primary_endpoints(plan).into_iter().any(rated);
    let named = |id: &Option<String>| match id {
        Some(id) => {
            plan.endpoints.iter().any(|endpoint| super::design::endpoint_id(endpoint) == *id && rated(endpoint))
        }
        None => primary,
    };
    let of_bayes = plan
        .bayes
        .as_ref()
        .is_some_and(|bayes| bayes.endpoint(&plan.endpoints).and_then(|at| plan.endpoints.get(at)).is_some_and(rated));
    let mut given: Vec<(String, bool)> = vec![
        ("arms.contrasts".to_owned(), !plan.arms.contrasts.is_empty() && primary),
        ("interim.pairs".to_owned(), plan.interim.is_some() && primary),
        ("analysis.randomisation_test".to_owned(), plan.analysis.randomisation_test.is_some() && primary),
        ("bayes.prior".to_owned(), of_bayes),
        ("sample_size.delta".to_owned(), plan.sample_size.as_ref().is_some_and(|planned| named(&planned.endpoint))),
    ];
    for (i, estimand) in plan.estimands.iter().enumerate() {
        given.push((format!("estimand.{i}.missing"), estimand.missing.is_some() && named(&estimand.endpoint)));
    }
    for (key, _) in given.into_iter().filter(|(_, given)| *given) {
        let message = format!(
            "`{}` is about differences in the unit of an endpoint, and this endpoint is a count concluded by the ratio of rates",
            key.replace(".0", "")
        );
        let instead = match key.as_str() {
            "arms.contrasts" => "`splitknee model --family poisson --contrast` has the ratios of several arms",
            "bayes.prior" => "`splitknee test bayes` takes a mean and an SD, such as those of log ratios of rates",
            "sample_size.delta" => "say in the protocol how the number of patients was chosen for a ratio of rates",
            _ => "compare the counts by their difference: without `exposure`, by a method of scores",
        };
        checker.wrong("SK012", &key, message, format!("leave it out; {instead}"));
    }
}
