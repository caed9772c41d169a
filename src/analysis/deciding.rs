//! The deciding records alone, with family and claims, for programs that run a plan very often: no exhibits, no descriptions.

use super::record::Record;
use super::{Context, ancova, generalised, methods, mixed, pairs, survival, verdict};
use crate::plan::{FamilyVisits, Plan, PrimaryMethod};
use crate::trial::Trial;

/// The records that decide each endpoint at its deciding visit (at every visit where the family is over all of them); with
/// `all`, the plan's sensitivity methods too. Fallbacks, the multiplicity procedure and the conclusions are those of a run.
pub fn records(plan: &Plan, trial: &Trial, all: bool) -> Vec<Record> {
    let Some(set) = trial.sets.first() else { return Vec::new() };
    let context = Context { plan, trial, set };
    let mut records = Vec::new();
    for endpoint in 0..trial.design.endpoints.len() {
        let visits = match plan.multiplicity.visits {
            FamilyVisits::All => context.visits(endpoint),
            FamilyVisits::Primary => context.deciding_visit(endpoint).into_iter().collect(),
        };
        let mut found = Vec::new();
        for (method, decides) in methods::models(&context, endpoint) {
            if !decides && !all {
                continue;
            }
            found.extend(match method {
                PrimaryMethod::Ancova => ancova::analyse(&context, endpoint, decides),
                method if generalised::is_model(method) => generalised::analyse(&context, endpoint, method, decides),
                _ => mixed::comparisons(&context, endpoint, method, decides),
            });
        }
        if survival::is_survival(&context, endpoint) {
            found.extend(survival::tests_of(&context, endpoint, !all));
        } else {
            for &visit in &visits {
                found.extend(pairs::tests_of(&context, endpoint, visit, !all));
            }
        }
        found.retain(|record| record.arm.is_none() && record.visit.is_some_and(|visit| visits.contains(&visit)));
        records.extend(found);
    }
    verdict::decide(&context, &mut records);
    records
}
