//! SK232: values that have no logarithm, where the plan compares logarithms.

use super::Context;
use super::values::{cell, row};
use crate::trial::design::Endpoint;
use crate::trial::findings::Findings;

/// SK232, for one endpoint.
pub(super) fn check(context: &Context<'_>, number: usize, endpoint: &Endpoint, findings: &mut Findings) {
    let Some(logarithm) = endpoint.logarithm else { return };
    let offset =
        if logarithm.has_offset() { format!(" even with the offset {}", logarithm.offset) } else { String::new() };
    for (patient, knee) in context.knees_of_patients() {
        for &visit in &endpoint.visits {
            let Some(value) = cell(knee, number, visit).filter(|value| logarithm.of(*value).is_none()) else {
                continue;
            };
            let label = context.trial.design.visits.get(visit).map(|visit| visit.label.as_str()).unwrap_or_default();
            findings.add(
                "SK232",
                context.rows.place(row(knee, visit), Some(&endpoint.column)),
                format!(
                    "{} of patient {} {} at `{label}` is {value}{offset}: it has no logarithm, and the plan compares logarithms",
                    endpoint.name, patient.id, knee.side
                ),
                "correct the value, declare an `offset` in the endpoint that is added to every value, or leave \
                 `transform` out",
            );
        }
    }
}
