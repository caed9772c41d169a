//! What must fit together where an endpoint is analysed on logarithms (`transform = "log"`): positive numbers, margins that
//! are ratios, and nothing that is stated in the unit of the endpoint and would have to be a ratio.
//!
//! A minimal improvement stays in the unit of the endpoint: it makes responders of the values as collected.

use super::cross::Checker;
use super::design::endpoint_id;
use super::estimand::Estimand;
use super::file::{PlanFile, TransformPlan};
use crate::terms::Kind;
use crate::trial::derived::Summary;

impl Checker<'_> {
    /// A margin or difference that is a ratio of geometric means.
    pub(super) fn ratio(&mut self, path: &str, key: &str, value: Option<f64>) {
        let Some(value) = value.filter(|value| !(*value > 1.0 && value.is_finite())) else { return };
        let message = format!(
            "`{key}` of an endpoint on logarithms is a ratio of geometric means, and must lie above 1, not at {value}"
        );
        let remedy = if value > 0.0 && value < 1.0 {
            format!("write the inverse, {}: it stands for the ratios from {value} to its inverse", inverse(value))
        } else {
            "write the ratio that matters, for instance 1.25 for 1/1.25 to 1.25".to_owned()
        };
        self.wrong("SK010", path, message, remedy);
    }
}

/// 1/value as people write it.
fn inverse(value: f64) -> f64 {
    (1e6 / value).round() / 1e6
}

/// Checks the transform of one endpoint.
pub(super) fn check(checker: &mut Checker<'_>, plan: &PlanFile, number: usize) {
    let Some(endpoint) = plan.endpoints.get(number) else { return };
    let at = |key: &str| format!("endpoint.{number}.{key}");
    let Some(TransformPlan::Log) = endpoint.transform else {
        if endpoint.offset.is_some() {
            let message = "`offset` is what is added before a logarithm, and there is none".to_owned();
            checker.wrong("SK012", &at("offset"), message, "add `transform = \"log\"`, or leave it out");
        }
        return;
    };
    checker.positive(&at("offset"), endpoint.offset);
    let id = endpoint_id(endpoint);
    let name = endpoint.name.as_str();
    let path = at("transform");
    let kind = match endpoint.kind {
        Kind::Ordinal => Some(("grades are ranks, and ranks have no ratio", "leave `transform` out")),
        Kind::Binary => Some(("a yes-or-no answer has no logarithm", "leave `transform` out")),
        Kind::Count => Some((
            "counts are compared by their rates, and a count of 0 has no logarithm",
            "leave `transform` out, or declare a measurement `continuous`",
        )),
        Kind::Survival => Some(("times to an event are compared by hazards", "leave `transform` out")),
        Kind::Continuous => None,
    };
    if let Some((why, remedy)) = kind {
        checker.wrong("SK016", &path, format!("`transform = \"log\"` of {name}: {why}"), remedy);
    }
    if endpoint.derive.map(|derive| derive.summary()) == Some(Summary::PercentChange) {
        let message = format!("{name}: a percent change may be negative or 0, and has no logarithm then");
        let remedy = "leave `derive` out: with the logarithm of the value, and of its baseline in the model, the ratio of \
                      the arms is that of the changes too";
        checker.wrong("SK016", &path, message, remedy);
    }
    if endpoint.range.is_some_and(|[low, _]| low + endpoint.offset.unwrap_or(0.0) < 0.0) {
        let message = format!("the range of {name} begins below 0, where there is no logarithm");
        checker.wrong(
            "SK016",
            &path,
            message,
            "declare an `offset` that makes every value positive, or leave `transform` out",
        );
    }
    in_units(checker, plan, number, &id);
}

/// What the plan states in the unit of the endpoint, and nowhere else as a ratio.
fn in_units(checker: &mut Checker<'_>, plan: &PlanFile, number: usize, id: &str) {
    let primary = || super::design::primary_endpoints(plan);
    let only_primary = || match primary().as_slice() {
        [only] => std::ptr::eq(*only, &plan.endpoints[number]),
        _ => false,
    };
    if plan.bayes.as_ref().and_then(|bayes| bayes.endpoint(&plan.endpoints)) == Some(number) {
        let message =
            format!("the prior is of a mean difference, and `{id}` is compared by a ratio (`transform = \"log\"`)");
        let remedy =
            "name another endpoint, or delete [bayes]; `splitknee test bayes` takes the mean and SD of log ratios";
        checker.wrong("SK012", "bayes.prior", message, remedy);
    }
    if let Some(planned) = &plan.sample_size
        && planned.endpoint.as_deref().map_or_else(only_primary, |named| named == id)
    {
        let message = format!(
            "the sample size is stated by a difference and an SD in the unit of `{id}`, which is compared by a ratio \
             (`transform = \"log\"`)"
        );
        checker.wrong("SK012", "sample_size.delta", message, "name another endpoint, or delete [sample_size]");
    }
    for (place, estimand) in plan.estimands.iter().enumerate() {
        let imputed = |estimand: &Estimand| estimand.missing.is_some() || plan.events.is_some();
        let of_this = match &estimand.endpoint {
            Some(named) => named == id,
            None => primary().first().is_some_and(|first| std::ptr::eq(*first, &plan.endpoints[number])),
        };
        if imputed(estimand) && of_this {
            let message = format!(
                "{} is estimated by imputing values, deltas and limits in the unit of `{id}`, which is compared by a ratio \
                 (`transform = \"log\"`)",
                estimand.id_at(place)
            );
            let remedy = "leave `missing` and [events] out, so that the model of the logarithms estimates it from every \
                          value observed, or add the endpoint once more without `transform`";
            checker.wrong("SK016", &format!("estimand.{place}"), message, remedy);
        }
    }
    if plan.interim.is_some() && primary().iter().any(|known| std::ptr::eq(*known, &plan.endpoints[number])) {
        let message = format!(
            "interim looks give bounds and estimates in the unit of the primary endpoint, and `{id}` is compared by a ratio \
             (`transform = \"log\"`)"
        );
        checker.wrong("SK016", "interim", message, "leave [interim] or `transform` out");
    }
}
