//! One replicate: the plan's own records and claims on a simulated trial.

use super::generate::World;
use super::scenario::Analyses;
use super::shard::Found;
use crate::analysis::verdict::Claim;
use crate::analysis::{Record, deciding, pairs};
use crate::plan::Plan;
use crate::trial::{Measure, Role};

/// One analysis that is followed over the replicates.
#[derive(Debug, Clone, PartialEq)]
pub struct Followed {
    /// Identifier of its record.
    pub id: String,
    /// Index of the endpoint.
    pub endpoint: usize,
    /// Index of the visit.
    pub visit: usize,
    /// Method.
    pub method: &'static str,
    /// Score or change.
    pub measure: Measure,
    /// Whether its estimate is a difference active − placebo, which the computed truth is about.
    pub is_difference: bool,
}

fn comparing(record: &Record) -> bool {
    matches!(record.role, Role::Primary | Role::Secondary | Role::Sensitivity)
        && record.endpoint.is_some()
        && record.visit.is_some()
        && record.arm.is_none()
}

/// Whether sensitivity methods have to be run.
fn wants_all(analyses: &Analyses) -> bool {
    !matches!(analyses, Analyses::Deciding)
}

/// The analyses that a scenario file asks for, found on a trial of the scenario (replicate 0, which is not counted).
///
/// # Errors
/// A name that is no analysis of the plan.
pub fn followed(plan: &Plan, world: &World, analyses: &Analyses) -> Result<Vec<Followed>, String> {
    let records = deciding::records(plan, &world.trial(0), wants_all(analyses));
    let all: Vec<Followed> = records
        .iter()
        .filter(|record| comparing(record))
        .filter_map(|record| {
            Some(Followed {
                id: record.id.clone(),
                endpoint: record.endpoint?,
                visit: record.visit?,
                method: record.result.method,
                measure: record.measure,
                is_difference: pairs::is_difference(record.result.method),
            })
        })
        .collect();
    let Analyses::Named(names) = analyses else { return Ok(all) };
    for name in names {
        if !all.iter().any(|followed| followed.id == *name || followed.method == name) {
            let known: Vec<&str> = all.iter().map(|followed| followed.id.as_str()).collect();
            return Err(format!("analyses: the plan has no `{name}`; it has {}", known.join(", ")));
        }
    }
    Ok(all.into_iter().filter(|one| names.iter().any(|name| one.id == *name || one.method == name)).collect())
}

/// What `followed` found in `replicate`.
pub fn run(plan: &Plan, world: &World, analyses: &Analyses, followed: &[Followed], replicate: u64) -> Vec<Found> {
    let mut plan = plan.clone();
    plan.analysis.seed = world.analysis_seed(replicate);
    let records = deciding::records(&plan, &world.trial(replicate), wants_all(analyses));
    followed
        .iter()
        .map(|one| {
            let Some(record) = records.iter().find(|record| record.id == one.id) else { return Found::FAILED };
            let number = |value: Option<f64>| value.filter(|value| value.is_finite()).unwrap_or(f64::NAN);
            let result = &record.result;
            let claim = match record.verdict.as_ref().map(|verdict| verdict.claim) {
                Some(Claim::Superior) => 1.0,
                Some(Claim::Inferior) => -1.0,
                _ => 0.0,
            };
            Found {
                estimate: number(result.estimate),
                std_error: number(result.std_error),
                low: number(result.conf_low),
                high: number(result.conf_high),
                p_value: number(result.p_value),
                pairs: result.n_pairs as f64,
                claim,
            }
        })
        .collect()
}
