//! One replicate: the plan's own records and claims on a simulated trial.
//!
//! A plan with interim looks is carried out with them: the first patients, in the share that the plan has at the look, are
//! analysed as a cut, and the trial ends at the first bound that is crossed, a futility bound included (what an unfollowed
//! one does is the same plan without it). The estimate is that of the deciding method at the end, as if there had been no
//! looks; the p-value of the primary comparison is the stagewise one, 1 where the trial ended for futility.

use super::generate::World;
use super::scenario::Analyses;
use super::shard::Found;
use crate::analysis::verdict::Claim;
use crate::analysis::{Field, Record, deciding, family, looks, pairs};
use crate::plan::{InterimPlan, Plan};
use crate::trial::{AnalysisSet, Measure, Role, Trial};

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
    let records = at_the_end(&plan, &world.trial(replicate), wants_all(analyses));
    let futile = records.iter().any(|record| is(record, "futile"));
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
            let of_looks = record.verdict.as_ref().is_some_and(|verdict| verdict.family == Some(family::LOOKS));
            let p_value = match of_looks {
                true => record.p_adjusted.or(futile.then_some(1.0)),
                false => result.p_value,
            };
            Found {
                estimate: number(result.estimate),
                std_error: number(result.std_error),
                low: number(result.conf_low),
                high: number(result.conf_high),
                p_value: number(p_value),
                pairs: result.n_pairs as f64,
                claim,
            }
        })
        .collect()
}

/// Whether the record of a look says yes to `name`.
fn is(record: &Record, name: &str) -> bool {
    record.result.method == looks::METHOD
        && matches!(record.result.field(name), Some(Field::Json(value)) if *value == serde_json::Value::Bool(true))
}

/// The records at the end of the trial: with looks, those of the look at which it ended.
fn at_the_end(plan: &Plan, trial: &Trial, all: bool) -> Vec<Record> {
    let Some(interim) = &plan.interim else { return deciding::records(plan, trial, all) };
    let mut plan = plan.clone();
    plan.interim = Some(InterimPlan { brief: true, ..interim.clone() });
    let Some((&most, before)) = interim.pairs.split_last() else { return Vec::new() };
    let mut earlier: Vec<usize> = Vec::new();
    for (place, &pairs) in before.iter().enumerate() {
        let share = pairs as f64 / most as f64;
        let cut = first(trial, (share * trial.patients.len() as f64).round() as usize);
        let Ok(at_look) = plan.at_look(Some(place + 1), &earlier) else { return Vec::new() };
        let records = deciding::records(&at_look, &cut, all);
        if records.iter().any(|record| is(record, "crossed") || is(record, "futile")) {
            return records;
        }
        let look = records.iter().find(|record| record.result.method == looks::METHOD);
        // A look that could not be taken still has its place in the spending.
        let least = earlier.last().map_or(1, |last| last + 1);
        earlier.push(look.map_or(pairs, |record| record.result.n_pairs).max(least));
    }
    plan.at_look(None, &earlier).map_or_else(|_| Vec::new(), |last| deciding::records(&last, trial, all))
}

/// The trial as it was when its first `patients` had been seen.
fn first(trial: &Trial, patients: usize) -> Trial {
    let of_set = |set: &AnalysisSet| AnalysisSet {
        members: set.members.iter().copied().take(patients).collect(),
        ..set.clone()
    };
    Trial {
        patients: trial.patients.iter().take(patients).cloned().collect(),
        sets: trial.sets.iter().map(of_set).collect(),
        randomised: patients.min(trial.randomised),
        ..trial.clone()
    }
}
