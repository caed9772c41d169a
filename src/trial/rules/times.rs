//! Checks of times to an event: what was observed, codes for missing, and how far the restricted mean can reach.

use super::Context;
use super::values::codes;
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::findings::Findings;
use crate::trial::{Endpoint, Role, Timed};

/// The observed times of one arm.
fn of_arm(context: &Context<'_>, number: usize, arm: usize) -> Vec<Timed> {
    let knees = context.trial.patients.iter().filter_map(|patient| patient.knee(arm));
    knees.filter_map(|knee| knee.values.timed(number)).collect()
}

fn last(times: &[Timed]) -> Option<f64> {
    times.iter().map(|timed| timed.time).max_by(f64::total_cmp)
}

/// The time that two knees of the arm reach: the horizon where the plan names none (`analysis::survival`).
fn reached_by_two(times: &[Timed]) -> Option<f64> {
    let mut times: Vec<f64> = times.iter().map(|timed| timed.time).collect();
    times.sort_by(f64::total_cmp);
    times.len().checked_sub(2).and_then(|at| times.get(at).copied())
}

/// SK211, SK217, SK243 and SK244.
pub(super) fn check(context: &Context<'_>, number: usize, endpoint: &Endpoint, findings: &mut Findings) {
    let at = || context.rows.place(None, Some(&endpoint.column));
    let arms = [ACTIVE, PLACEBO].map(|arm| of_arm(context, number, arm));
    let all: Vec<(f64, Option<usize>)> = arms.iter().flatten().map(|timed| (timed.time, None)).collect();
    if all.is_empty() {
        let message = format!("no knee has {}", endpoint.name);
        findings.add("SK211", at(), message, "correct the columns, or remove the endpoint");
        return;
    }
    codes(context, endpoint, &all, findings);
    let labels = context.trial.design.arms.labels();
    let Some(survival) = &endpoint.survival else { return };
    let Some(tau) = survival.tau else {
        let [active, placebo] = arms.each_ref().map(|times| reached_by_two(times));
        if let (true, Some(a), Some(b)) = (survival.mean_decides, active, placebo) {
            let message = format!(
                "{}: the restricted mean decides and the plan names no horizon; {} is taken, the longest time that two knees of either arm reach",
                endpoint.name,
                a.min(b)
            );
            findings.add("SK244", at(), message, "write `tau` before the data are seen");
        }
        return;
    };
    for (times, arm) in arms.iter().zip([ACTIVE, PLACEBO]) {
        let Some(last) = last(times) else { continue };
        let censored = times.iter().any(|timed| timed.time == last && !timed.event);
        if tau > last && censored {
            let message = format!(
                "{}: tau = {tau} lies beyond the last time of the {} knees, {last}, at which a knee is still without event: the \
                 mean to tau is not known",
                endpoint.name,
                labels.get(arm).copied().unwrap_or_default()
            );
            findings.add("SK243", at(), message, format!("write a `tau` of at most {last}"));
        }
    }
}

/// SK501 and SK507: knees without a time, and no pair at all.
pub(super) fn missing(context: &Context<'_>, number: usize, endpoint: &Endpoint, findings: &mut Findings) {
    let at = || context.rows.place(None, Some(&endpoint.column));
    let labels = context.trial.design.arms.labels();
    let count = |arm: usize| {
        let knees = || context.trial.patients.iter().filter_map(|patient| patient.knee(arm));
        (knees().filter(|knee| knee.values.timed(number).is_none()).count(), knees().count())
    };
    let label = |arm: usize| labels.get(arm).copied().unwrap_or_default();
    let ((active, actives), (placebo, placebos)) = (count(ACTIVE), count(PLACEBO));
    if active + placebo > 0 {
        let message = format!(
            "{}: no time in {active} of {actives} {} knees and {placebo} of {placebos} {} knees",
            endpoint.name,
            label(ACTIVE),
            label(PLACEBO)
        );
        let remedy =
            "see that it is meant: a knee followed without an event has the time it was followed, and status 0";
        findings.add("SK501", at(), message, remedy);
    }
    let both = |patient: &crate::trial::Patient| {
        patient.pair().is_some_and(|(a, b)| a.values.timed(number).is_some() && b.values.timed(number).is_some())
    };
    if endpoint.role == Role::Primary && !context.trial.patients.iter().any(both) {
        let message = format!("{} has no patient with both knees observed", endpoint.name);
        findings.add("SK507", at(), message, "correct the data; nothing can be compared");
    }
}
