//! Harms: patients with events, events by knee and of the whole patient, serious events.
//!
//! A local event belongs to the arm of its knee; an event of the whole patient belongs to no arm.

use super::Context;
use super::conclusion::Conclusion;
use super::record::{Record, Rows};
use crate::paired::proportion::{Tails, clopper_pearson};
use crate::paired::{Field, TestResult};
use crate::trial::{AdverseEvent, AnalysisSet, Measure, Role};

/// The safety records: serious events, any event, events by arm and systemic events. Empty where no events were given.
pub fn analyse(context: &Context) -> Vec<Record> {
    let Some(events) = &context.trial.events else { return Vec::new() };
    let set = safety_set(context);
    let in_set: Vec<&AdverseEvent> =
        events.iter().filter(|event| set.members.get(event.patient).copied().unwrap_or(false)).collect();
    let mut records = vec![
        patients_with(context, set, "safety.serious", &in_set, |event| event.serious),
        patients_with(context, set, "safety.any", &in_set, |_| true),
        patients_with(context, set, "safety.systemic", &in_set, |event| event.arm.is_none()),
    ];
    for (arm, label) in context.trial.design.arms.labels().into_iter().enumerate() {
        let id = format!("safety.knee.{}", super::slug(label));
        let mut record = patients_with(context, set, &id, &in_set, |event| event.arm == Some(arm));
        record.arm = Some(label.to_owned());
        records.push(record);
    }
    records
}

/// The safety analysis set of the plan, else the primary one.
fn safety_set<'a>(context: &Context<'a>) -> &'a AnalysisSet {
    let named = context.plan.safety.set.as_ref();
    named.and_then(|name| context.trial.sets.iter().find(|set| set.name == *name)).unwrap_or(context.set)
}

/// Patients of `set` with at least one event that `counts`, with the exact interval of the risk.
fn patients_with(
    context: &Context,
    set: &AnalysisSet,
    id: &str,
    events: &[&AdverseEvent],
    counts: impl Fn(&AdverseEvent) -> bool,
) -> Record {
    let n = set.size();
    let counted: Vec<&&AdverseEvent> = events.iter().filter(|event| counts(event)).collect();
    let mut patients: Vec<usize> = counted.iter().map(|event| event.patient).collect();
    patients.sort_unstable();
    patients.dedup();
    let options = context.options();
    let mut result = TestResult::new("incidence", n, &options);
    result.exact = Some(true);
    if n > 0 {
        result.estimate = Some(patients.len() as f64 / n as f64);
        if let Ok(tails) = Tails::two_sided(options.conf_level) {
            let (low, high) = clopper_pearson(patients.len() as u64, n as u64, tails);
            result.conf_low = Some(low.0);
            result.conf_high = Some(high.0);
        }
    } else {
        result.notes.push("the safety analysis set is empty".to_owned());
    }
    result.extra = vec![
        ("patients_with_event", Field::Count(patients.len() as u64)),
        ("events", Field::Count(counted.len() as u64)),
        ("related", Field::Count(counted.iter().filter(|event| event.related).count() as u64)),
    ];
    Record {
        id: id.to_owned(),
        endpoint: None,
        endpoint_name: None,
        visit: None,
        visit_label: None,
        arm: None,
        analysis_set: set.name.clone(),
        measure: Measure::Value,
        role: Role::Safety,
        result,
        p_adjusted: None,
        conclusion: Conclusion::NotAssessed,
        importance: None,
        reference: "Clopper & Pearson 1934",
        rows: Rows { used: events.len(), ..Rows::default() },
    }
}
