//! Tests over all visits together, where an endpoint asks for them: Friedman, Cochran's Q, repeated-measures ANOVA.
//!
//! They are run on request only. Over time within one arm they ask whether knees change, which natural
//! course and regression to the mean also make them do: such a record is descriptive and compares nothing. Between the arms
//! they ask whether active − placebo changes with time (`friedman` on the differences), or that and whether it differs from
//! 0 on average (`rm-anova`, treatment × visit). All of them need patients with every value; models do not.

use super::notes::remark;
use super::record::{Record, Rows};
use super::{Context, pairs, slug};
use crate::math::decimal::subtract;
use crate::paired::within::{Factor, WithinTable};
use crate::paired::{Refusal, TestResult, cochran_q, friedman, rm_anova};
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{Measure, Role};

/// What a test over the visits looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// The knees of one arm over time.
    Arm(usize),
    /// The differences active − placebo over time.
    Differences,
    /// Both knees: arms by visits.
    Both,
}

/// The records of the tests over all visits that `endpoint` asks for.
pub fn analyse(context: &Context, endpoint: usize) -> Vec<Record> {
    let mut records = Vec::new();
    for name in pairs::methods(context, endpoint) {
        let scopes: &[Scope] = match name.as_str() {
            "friedman" => &[Scope::Differences, Scope::Arm(ACTIVE), Scope::Arm(PLACEBO)],
            // Yes and no have no differences to rank: each arm by itself.
            "cochran-q" => &[Scope::Arm(ACTIVE), Scope::Arm(PLACEBO)],
            "rm-anova" => &[Scope::Both],
            _ => continue,
        };
        records.extend(scopes.iter().map(|scope| record(context, endpoint, &name, *scope)));
    }
    records
}

fn record(context: &Context, endpoint: usize, name: &str, scope: Scope) -> Record {
    let design = &context.trial.design;
    let measure = context.measure(endpoint);
    // A change is 0 at baseline for every knee, and the arms are compared after treatment only.
    let within_arm = matches!(scope, Scope::Arm(_)) && measure == Measure::Value;
    let from_baseline = |visit: &usize| design.baseline.is_none_or(|baseline| *visit >= baseline);
    let visits: Vec<usize> = if within_arm {
        design.endpoints[endpoint].visits.iter().copied().filter(from_baseline).collect()
    } else {
        context.visits(endpoint)
    };
    let members: Vec<usize> = context.members().collect();
    let rows: Vec<Vec<f64>> =
        members.iter().filter_map(|&patient| row(context, endpoint, &visits, measure, patient, scope)).collect();
    let knees = if matches!(scope, Scope::Arm(_)) { 1 } else { 2 };
    let left_out = members.len() - rows.len();
    let mut used = Rows { used: rows.len() * knees * visits.len(), ..Rows::default() };
    used.leave_out(remark!(not_every_visit), left_out * knees * visits.len());

    let options = context.options();
    let (method, reference, found) = match name {
        "friedman" => {
            ("friedman", "Friedman 1937; Kendall & Babington Smith 1939", friedman::friedman(&rows, &options))
        }
        "cochran-q" => {
            let found = cochran_q::answers(&rows).and_then(|answers| cochran_q::cochran_q(&answers, &options));
            ("cochran-q", "Cochran 1950", found)
        }
        _ => {
            let reference = "Greenhouse & Geisser 1959; Huynh & Feldt 1976; Mauchly 1940";
            ("rm-anova", reference, anova(context, &visits, members, rows, &options))
        }
    };
    let mut result = found.unwrap_or_else(|Refusal(reason)| {
        let mut result = TestResult::undirected(method, 0, &options);
        result.notes.push(reason);
        result
    });
    result.n_dropped = left_out;
    let labels: Vec<&str> = visits.iter().map(|&visit| design.visits[visit].label.as_str()).collect();
    result.notes.push(match scope {
        Scope::Arm(_) => remark!(over_time_arm, visits = labels.join(", ")),
        Scope::Differences => remark!(over_time_difference, visits = labels.join(", ")),
        Scope::Both => remark!(over_time_both, visits = labels.join(", ")),
    });
    let arm = match scope {
        Scope::Arm(arm) => design.arms.labels().get(arm).map(|label| (*label).to_owned()),
        _ => None,
    };
    let role = if arm.is_some() { Role::Descriptive } else { Role::Sensitivity };
    let of_arm = arm.as_deref().map(|label| format!(".{}", slug(label))).unwrap_or_default();
    let id = format!("{}.{}.{method}{of_arm}", context.endpoint_stem(endpoint), role.name());
    let mut record = context.endpoint_record(id, endpoint, role, result, used);
    (record.arm, record.measure, record.reference) = (arm, measure, reference);
    record
}

/// The values of one patient over the visits; `None` where one is missing.
fn row(
    context: &Context,
    endpoint: usize,
    visits: &[usize],
    measure: Measure,
    patient: usize,
    scope: Scope,
) -> Option<Vec<f64>> {
    let patient = &context.trial.patients[patient];
    let over = |arm: usize| -> Option<Vec<f64>> {
        let knee = patient.knee(arm)?;
        visits.iter().map(|&visit| context.trial.measured(knee, endpoint, visit, measure)).collect()
    };
    match scope {
        Scope::Arm(arm) => over(arm),
        Scope::Differences => {
            Some(over(ACTIVE)?.into_iter().zip(over(PLACEBO)?).map(|(a, b)| subtract(a, b)).collect())
        }
        Scope::Both => Some(over(PLACEBO)?.into_iter().chain(over(ACTIVE)?).collect()),
    }
}

/// Treatment × visit, or treatment alone at a single visit.
fn anova(
    context: &Context,
    visits: &[usize],
    members: Vec<usize>,
    rows: Vec<Vec<f64>>,
    options: &crate::paired::Options,
) -> Result<TestResult, Refusal> {
    let design = &context.trial.design;
    let labels = visits.iter().map(|&visit| design.visits[visit].label.clone()).collect();
    let arms = vec![design.arms.placebo.clone(), design.arms.active.clone()];
    let mut factors = vec![Factor { name: "treatment".to_owned(), levels: arms }];
    if visits.len() > 1 {
        factors.push(Factor { name: "visit".to_owned(), levels: labels });
    }
    let ids = members.iter().map(|&patient| context.trial.patients[patient].id.clone()).take(rows.len()).collect();
    rm_anova::rm_anova(&WithinTable { factors, ids, rows, n_dropped: 0 }, options)
}
