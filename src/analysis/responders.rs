//! Responders: knees that improve from their own baseline by the MCID, by a share of the baseline, or by the
//! OMERACT-OARSI criteria; compared within patients in the paired 2 × 2 table.
//!
//! The risk difference is active − placebo in the share of responders, so that a positive one favours active whatever the
//! direction of the score. A pair with an undetermined knee is dropped and counted, never taken for a non-responder.

use super::Context;
use super::notes::remark;
use super::record::{Record, Rows};
use crate::math::decimal;
use crate::paired::mcnemar::McNemarOptions;
use crate::paired::omeract_oarsi::{Domain, KneeDomains, domains_used, verdict};
use crate::paired::proportion::{Tails, wilson};
use crate::paired::responder::{Threshold, compare_responders, cumulative_curve, responders};
use crate::paired::{Better, Field, Refusal, TestResult};
use crate::plan::file::DomainPlan;
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{Endpoint, Kind, Knee, Measure, Role};
use serde_json::json;

/// Source of the comparison.
const REFERENCE: &str = "McNemar 1947; Newcombe 1998; Fagerland, Lydersen & Laake 2014";
/// Source of the criteria.
const OMERACT: &str = "Pham et al. 2004 (OMERACT-OARSI); McNemar 1947; Newcombe 1998";

/// The responder records of `endpoint` at every visit: by its minimal improvement, absolute and relative, and the cumulative curve.
pub fn analyse(context: &Context, endpoint: usize) -> Vec<Record> {
    let design = &context.trial.design;
    let about = &design.endpoints[endpoint];
    let scored = matches!(about.kind, Kind::Continuous | Kind::Count) && !about.rated;
    let (Some(baseline), true, true) = (design.baseline, design.has_baseline(about), scored) else { return Vec::new() };
    let relative = context
        .plan
        .endpoints
        .get(endpoint)
        .and_then(|written| written.minimal_improvement_relative.or(written.mcid_relative));
    let absolute = about.minimal_improvement.map(|points| ("absolute", Threshold::Absolute(points)));
    let thresholds: Vec<(&str, Threshold)> =
        absolute.into_iter().chain(relative.map(|share| ("relative", Threshold::Relative(share)))).collect();
    let mut records = Vec::new();
    for visit in context.visits(endpoint) {
        let (active_before, placebo_before) = context.both_knees_as_collected(endpoint, baseline);
        let (active_after, placebo_after) = context.both_knees_as_collected(endpoint, visit);
        let direction = about.better;
        for (name, threshold) in &thresholds {
            let verdicts = responders(&active_before, &active_after, direction, *threshold)
                .and_then(|active| Ok((active, responders(&placebo_before, &placebo_after, direction, *threshold)?)));
            let mut result = compare(context, "responder", verdicts);
            let (kind, size) = match threshold {
                Threshold::Absolute(size) => ("absolute", *size),
                Threshold::Relative(size) => ("relative", *size),
            };
            result.extra.push(("threshold", Field::Number(Some(size))));
            result.extra.push(("threshold_kind", Field::Text(kind.to_owned())));
            let rows = rows(&result);
            let id = format!("{}.responder.{name}", context.stem(endpoint, visit));
            let mut record = context.record(id, endpoint, visit, Measure::Change, Role::Descriptive, result, rows);
            record.reference = REFERENCE;
            records.push(record);
        }
        if !thresholds.is_empty() || about.role == Role::Primary {
            records.push(curve(context, endpoint, visit));
        }
    }
    records
}

/// The OMERACT-OARSI responders at every visit after baseline, where the plan names an endpoint for pain and one for
/// function. They belong to no single endpoint: `omeract-oarsi.<visit>`.
pub fn omeract_oarsi(context: &Context) -> Vec<Record> {
    let design = &context.trial.design;
    let of = |domain: DomainPlan| context.plan.endpoints.iter().position(|written| written.domain == Some(domain));
    let (Some(pain), Some(function), Some(baseline)) =
        (of(DomainPlan::Pain), of(DomainPlan::Function), design.baseline)
    else {
        return Vec::new();
    };
    let global = of(DomainPlan::Global);
    let visits = context.visits(pain).into_iter().filter(|visit| design.endpoints[function].visits.contains(visit));
    let at_visit = |visit: usize| {
        let domain = |knee: &Knee, endpoint: usize| {
            let about = &design.endpoints[endpoint];
            Ok::<_, Refusal>(Domain {
                baseline: in_hundred(about, knee.values[endpoint][baseline])?,
                visit: in_hundred(about, knee.values[endpoint][visit])?,
            })
        };
        let of_arm = |arm: usize| {
            let members = context.members().map(|patient| context.trial.patients[patient].knee(arm));
            members
                .map(|knee| {
                    let Some(knee) = knee else { return Ok(None) };
                    let domains = KneeDomains {
                        pain: domain(knee, pain)?,
                        function: domain(knee, function)?,
                        global: global.map(|global| domain(knee, global)).transpose()?,
                    };
                    Ok(verdict(&domains)?.responds())
                })
                .collect::<Result<Vec<Option<bool>>, Refusal>>()
        };
        let verdicts = of_arm(ACTIVE).and_then(|active| Ok((active, of_arm(PLACEBO)?)));
        let mut result = compare(context, "omeract-oarsi", verdicts);
        result.notes.push(remark!(criteria_applied, domains = domains_used(global.is_some())));
        let rows = rows(&result);
        let mut record =
            context.trial_record(format!("omeract-oarsi.{}", design.visits[visit].id), Role::Descriptive, result, rows);
        (record.visit, record.visit_label) = (Some(visit), Some(design.visits[visit].label.clone()));
        record.measure = Measure::Change;
        record.reference = OMERACT;
        record
    };
    visits.map(at_visit).collect()
}

/// A score carried to 0–100, 0 best.
fn in_hundred(about: &Endpoint, value: Option<f64>) -> Result<Option<f64>, Refusal> {
    let (low, high) = about.range.ok_or_else(|| Refusal(remark!(no_range, endpoint = &about.name)))?;
    Ok(value.map(|value| {
        // A value at the end of the range is at the end of 0–100 whatever the unit.
        let share = (100.0 * decimal::subtract(value, low) / decimal::subtract(high, low)).clamp(0.0, 100.0);
        if about.better == Better::Lower { share } else { 100.0 - share }
    }))
}

type Verdicts = (Vec<Option<bool>>, Vec<Option<bool>>);

/// The paired comparison with the share of responders of either arm (of the complete pairs, Wilson's intervals).
fn compare(context: &Context, method: &'static str, verdicts: Result<Verdicts, Refusal>) -> TestResult {
    let options = context.benefit_options();
    let found = verdicts
        .and_then(|(active, placebo)| compare_responders(&active, &placebo, &options, &McNemarOptions::default()));
    let mut result = match found {
        Ok(result) => result,
        Err(refusal) => {
            let mut result = TestResult::new(method, 0, &options);
            result.n_dropped = context.members().count();
            result.notes.push(refusal.0);
            return result;
        }
    };
    result.method = method;
    let count = |name: &str| result.number(name).unwrap_or(0.0);
    let (both, active, placebo) = (count("a"), count("b"), count("c"));
    let n = result.n_pairs as f64;
    let mut shares = Vec::new();
    if let Ok(tails) = Tails::two_sided(options.conf_level) {
        let (deviate, _) = tails.deviates();
        for (name, with) in [("active", both + active), ("placebo", both + placebo)] {
            let (low, high) = wilson(with, n, deviate);
            shares.push((name, json!({"responders": with, "share": with / n, "conf_low": low, "conf_high": high})));
        }
    }
    result.extra.extend(shares.into_iter().map(|(name, share)| (name, Field::Json(share))));
    super::counted::shares(&mut result);
    result
}

/// The knee-visits behind a comparison of pairs.
fn rows(result: &TestResult) -> Rows {
    let mut rows = Rows { used: 2 * result.n_pairs, ..Rows::default() };
    rows.leave_out(remark!(undetermined), 2 * result.n_dropped);
    rows
}

/// The share of knees that improve by at least x, for every x, by arm.
fn curve(context: &Context, endpoint: usize, visit: usize) -> Record {
    let trial = context.trial;
    let options = context.options();
    let direction = trial.design.endpoints[endpoint].better;
    let paired = trial.paired_as_collected(endpoint, visit, Measure::Change, context.set);
    let improvement = |changes: Vec<f64>| -> Vec<f64> {
        changes.into_iter().map(|change| direction.improvement(0.0, change)).collect()
    };
    let mut result = TestResult::new("responder-curve", paired.pairs.len(), &options);
    result.n_dropped = paired.dropped.len();
    match cumulative_curve(&improvement(paired.active()), &improvement(paired.placebo()), options.conf_level) {
        Ok(points) => result.extra.push(("curve", Field::Json(json!(points)))),
        Err(refusal) => result.notes.push(refusal.0),
    }
    let id = format!("{}.responder-curve", context.stem(endpoint, visit));
    let rows = context.paired_rows(endpoint, visit, &paired);
    let mut record = context.record(id, endpoint, visit, Measure::Change, Role::Descriptive, result, rows);
    record.reference = "Farrar, Dworkin & Max 2006; Wilson 1927; Newcombe 1998";
    record
}
