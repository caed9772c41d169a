//! Which knees of an endpoint were observed: knee-visits in all, and the patterns over the visits.

use super::Context;
use super::counted::percent;
use super::record::{Record, Rows};
use crate::paired::{Field, TestResult};
use crate::trial::Role;
use crate::trial::design::ACTIVE;
use serde_json::{Value, json};

/// `<endpoint>.observed`: knee-visits scheduled and observed in the set; and one record per pattern of observed knees over
/// the visits, `<endpoint>.pattern.1` the most frequent.
pub fn analyse(context: &Context, endpoint: usize) -> Vec<Record> {
    let trial = context.trial;
    let visits = &trial.design.endpoints[endpoint].visits;
    let arms = trial.design.arms.labels();
    let knees = || context.members().flat_map(|patient| trial.patients[patient].knees());
    let scheduled = knees().count() * visits.len();
    let seen =
        |knee: &crate::trial::Knee| visits.iter().filter(|visit| knee.values[endpoint][**visit].is_some()).count();
    let observed: usize = knees().map(seen).sum();
    let of_endpoint = |id: String, n: usize, extra: Vec<(&'static str, Field)>| {
        let mut result = TestResult::new("counts", n, &context.options());
        result.extra = extra;
        let rows = Rows { used: observed, ..Rows::default() };
        let mut record = context.endpoint_record(id, endpoint, Role::Descriptive, result, rows);
        record.reference = super::counted::REFERENCE;
        record
    };
    let stem = context.endpoint_stem(endpoint);
    let members = context.members().count();
    let mut records = vec![of_endpoint(
        format!("{stem}.observed"),
        members,
        vec![
            ("about", Field::Text("observed".to_owned())),
            ("scheduled", Field::Count(scheduled as u64)),
            ("observed", Field::Count(observed as u64)),
            ("missing", Field::Count((scheduled - observed) as u64)),
        ],
    )];
    // Which arms were observed at each visit, and of how many patients that is so.
    let mut found: Vec<(Vec<Vec<usize>>, usize)> = Vec::new();
    for patient in context.members() {
        let of_patient = trial.patients[patient].knees();
        let at = |visit: &usize| -> Vec<usize> {
            let mut arms: Vec<usize> =
                of_patient.iter().filter(|knee| knee.values[endpoint][*visit].is_some()).map(|knee| knee.arm).collect();
            arms.sort_unstable_by_key(|arm| (*arm != ACTIVE, *arm));
            arms
        };
        let pattern: Vec<Vec<usize>> = visits.iter().map(at).collect();
        match found.iter_mut().find(|(known, _)| *known == pattern) {
            Some((_, n)) => *n += 1,
            None => found.push((pattern, 1)),
        }
    }
    found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    for (place, (pattern, n)) in found.into_iter().enumerate() {
        let at = |(visit, seen): (&usize, Vec<usize>)| {
            let seen: Vec<&str> = seen.into_iter().map(|arm| arms[arm]).collect();
            json!({"visit": trial.design.visits[*visit].label, "observed": seen})
        };
        let visits: Vec<Value> = visits.iter().zip(pattern).map(at).collect();
        records.push(of_endpoint(
            format!("{stem}.pattern.{}", place + 1),
            n,
            vec![
                ("about", Field::Text("patterns".to_owned())),
                ("patients", Field::Count(n as u64)),
                ("out_of", Field::Count(members as u64)),
                ("percent", Field::Number(Some(percent(n, members)))),
                ("visits", Field::Json(Value::Array(visits))),
            ],
        ));
    }
    records
}
