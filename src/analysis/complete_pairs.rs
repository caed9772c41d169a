//! What patients with one observed knee add: the deciding mixed model once more, on complete pairs only.
//!
//! A mixed model keeps a knee whose partner was not observed (recovery of inter-block information, Yelland et al. 2017).
//! The same model without those knees shows how much they contribute; a paired t-test beside it would differ by the
//! baseline and the other visits too.

use super::Context;
use super::methods;
use super::mixed;
use super::record::Record;
use crate::paired::Field;
use crate::trial::{Role, Trial};

/// The trial without the values after baseline of knees whose partner has none at the same visit; `None` where every knee
/// has its partner.
pub fn without_single_knees(trial: &Trial) -> Option<Trial> {
    let mut reduced = trial.clone();
    let mut left_out = false;
    for (patient, kept) in trial.patients.iter().zip(&mut reduced.patients) {
        for (endpoint, about) in trial.design.endpoints.iter().enumerate() {
            for visit in trial.design.follow_up(about) {
                let seen = patient.knees().iter().filter(|knee| knee.values[endpoint][visit].is_some()).count();
                if seen == 1 {
                    left_out = true;
                    kept.forget(endpoint, visit);
                }
            }
        }
    }
    left_out.then_some(reduced)
}

/// `<endpoint>.<visit>.complete-pairs`: the deciding model of `endpoint` on `reduced`. Empty where no mixed model decides.
pub fn analyse(context: &Context, reduced: &Trial, endpoint: usize) -> Vec<Record> {
    let on_pairs = Context { trial: reduced, ..*context };
    let deciding = methods::models(context, endpoint).into_iter().find(|(_, decides)| *decides);
    let Some((method, _)) = deciding.filter(|(method, _)| mixed::name(*method).is_some()) else { return Vec::new() };
    let records = mixed::comparisons(&on_pairs, endpoint, method, true);
    let compares = |record: &Record| record.arm.is_none() && matches!(record.role, Role::Primary | Role::Secondary);
    records
        .into_iter()
        .filter(compares)
        .filter_map(|mut record| {
            let visit = record.visit?;
            record.result.extra.push(("of", Field::Text(record.id.clone())));
            let single = context.trial.paired(endpoint, visit, record.measure, context.set).one_knee();
            record.result.extra.push(("one_knee", Field::Count(single as u64)));
            record.id = format!("{}.complete-pairs", context.stem(endpoint, visit));
            record.result.method = "complete-pairs";
            record.role = Role::Descriptive;
            record.reference = "Yelland et al. 2017";
            Some(record)
        })
        .collect()
}
