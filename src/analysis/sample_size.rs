//! The sample size: what the protocol assumed, and what the pairs observed say about it (CONSORT within-person, item 7a).

use super::Context;
use super::record::Record;
use crate::paired::power::{Design, Given, Observed, answer, sd_of_difference};
use crate::paired::{Alternative, Field, Refusal, TestResult};
use crate::plan::SampleSizePlan;
use crate::trial::Role;

/// The assumptions of the plan beside what was observed at the deciding visit of their endpoint: the pairs that the planned
/// difference needs with the correlation assumed, with the one observed, and with the SD of the differences observed.
/// `None` where the plan states no sample size, or not for this endpoint.
pub fn check(context: &Context, endpoint: usize) -> Option<Record> {
    let planned = context.plan.sample_size.as_ref()?;
    let endpoints = &context.trial.design.endpoints;
    let named = match &planned.endpoint {
        Some(id) => endpoints.iter().position(|about| about.id == *id),
        None => endpoints.iter().position(|about| about.role == Role::Primary),
    };
    if named != Some(endpoint) {
        return None;
    }
    let visit = context.deciding_visit(endpoint)?;
    let measure = context.measure(endpoint);
    let paired = context.trial.paired(endpoint, visit, measure, context.set);
    let mut result =
        compared(context, planned, endpoint, &paired.active(), &paired.placebo()).unwrap_or_else(|Refusal(reason)| {
            let mut result = TestResult::new("sample-size", paired.pairs.len(), &context.options());
            result.notes.push(reason);
            result
        });
    result.n_dropped = paired.dropped.len();
    let id = format!("{}.descriptive.sample-size", context.stem(endpoint, visit));
    let rows = context.paired_rows(endpoint, visit, &paired);
    let mut record = context.record(id, endpoint, visit, measure, Role::Descriptive, result, rows);
    record.reference = "noncentral t; Pandis et al. 2017 (CONSORT within-person, item 7a)";
    Some(record)
}

fn compared(
    context: &Context,
    planned: &SampleSizePlan,
    endpoint: usize,
    active: &[f64],
    placebo: &[f64],
) -> Result<TestResult, Refusal> {
    let options = context.options_of(context.trial.design.endpoints[endpoint].better);
    // The benefit may be a fall: the sign matters for a one-sided alternative only.
    let sign = match options.alternative {
        Alternative::TwoSided => context.trial.design.endpoints[endpoint].benefit_sign(),
        Alternative::Less => -1.0,
        Alternative::Greater => 1.0,
    };
    let design = |sd_diff: f64| Design {
        delta: sign * planned.delta,
        sd_diff,
        alpha: context.plan.analysis.alpha,
        alternative: options.alternative,
    };
    let needed = |sd_diff: f64| {
        let found = answer(&design(sd_diff), Given::Power(planned.power)).ok();
        Field::Json(found.map(|found| found.n_pairs).into())
    };
    let assumed = sd_of_difference(planned.sd, planned.correlation)?;
    let observed = Observed::of(active, placebo, &options)?;
    let mut result = TestResult::new("sample-size", observed.pairs, &options);
    let number = |value: f64| Field::Number(Some(value));
    let at_correlation = observed.correlation.and_then(|rho| sd_of_difference(planned.sd, rho).ok());
    let count = |pairs: Option<usize>| Field::Json(pairs.into());
    let power = |pairs: usize, sd_diff: f64| Field::Number(design(sd_diff).power(pairs as f64).ok());
    result.extra = vec![
        ("delta", number(planned.delta)),
        ("planned_sd", number(planned.sd)),
        ("planned_correlation", number(planned.correlation)),
        ("planned_sd_diff", number(assumed)),
        ("planned_power", number(planned.power)),
        ("planned_pairs", count(planned.pairs)),
        ("pairs_needed_planned", needed(assumed)),
        ("pairs_needed_observed_correlation", at_correlation.map_or(count(None), needed)),
        ("pairs_needed_observed_sd_diff", needed(observed.sd_diff)),
        ("power_planned_sd_diff", power(observed.pairs, assumed)),
        ("power_observed_sd_diff", power(observed.pairs, observed.sd_diff)),
    ];
    observed.describe(&mut result);
    Ok(result)
}
