//! What was not measured.

use super::values::{cell, row};
use super::{Context, Rule};
use crate::math::dist::binomial;
use crate::trial::design::{ACTIVE, Endpoint, PLACEBO, Role};
use crate::trial::finding::Severity::{Error, Note, Warning};
use crate::trial::findings::Findings;
use crate::trial::patients::{Knee, Patient};

/// The rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: "SK501",
        severity: Note,
        title: "The primary endpoint is measured at every visit.",
        example: "Month 6: 2 of 29 EV knees and 3 of 29 SALINE knees without VAS.",
        remedy: "Known before the analysis; the methods say what they assume.",
    },
    Rule {
        id: "SK502",
        severity: Warning,
        title: "Values are missing alike in both arms.",
        example: "Only the active knee is missing in 9 patients, only the placebo knee in 1 (exact McNemar p < 0.05).",
        remedy: "Find out why before unblinding.",
    },
    Rule {
        id: "SK503",
        severity: Note,
        title: "A knee that left does not come back.",
        example: "Missing at Month 2, measured at Month 6.",
        remedy: "Known before the analysis: the pattern is not monotone.",
    },
    Rule {
        id: "SK504",
        severity: Warning,
        title: "Both knees are measured at a visit.",
        example: "Patient 014, Month 2: the left knee only.",
        remedy: "Ask the site; paired tests drop the visit, mixed models use it.",
    },
    Rule {
        id: "SK505",
        severity: Warning,
        title: "A knee with later values has its baseline.",
        example: "Patient 014, right knee: no VAS at Baseline.",
        remedy: "Ask the site; models with a baseline drop the knee.",
    },
    Rule {
        id: "SK506",
        severity: Warning,
        title: "At every visit some patient has both knees.",
        example: "No patient with both knees at Month 12.",
        remedy: "Paired analyses are not possible there.",
    },
    Rule {
        id: "SK507",
        severity: Error,
        title: "The primary endpoint has pairs at the primary visit.",
        example: "Primary visit Month 6, and all VAS values are at Month 2.",
        remedy: "Correct the data, or the primary visit.",
    },
];

/// Looks at what was not measured, endpoints side by side.
pub fn check(context: &Context<'_>, findings: &mut Findings) {
    findings.side_by_side(&context.trial.design.endpoints, |number, endpoint, found| {
        // Censoring takes the place of missing visits.
        if endpoint.survival.is_some() {
            return super::times::missing(context, number, endpoint, found);
        }
        let primary = endpoint.role == Role::Primary;
        if primary {
            by_visit(context, number, endpoint, found);
            returns(context, number, endpoint, found);
            one_knee(context, number, endpoint, found);
        }
        baseline(context, number, endpoint, found);
        pairs(context, number, endpoint, primary, found);
    });
}

fn label<'c>(context: &'c Context<'_>, visit: usize) -> &'c str {
    context.trial.design.visits.get(visit).map(|visit| visit.label.as_str()).unwrap_or_default()
}

fn arm<'c>(context: &'c Context<'_>, arm: usize) -> &'c str {
    context.trial.design.arms.labels().get(arm).copied().unwrap_or_default()
}

/// Patients with at least one row in the data.
fn seen(patient: &&Patient) -> bool {
    patient.knees().iter().any(|knee| knee.rows.iter().any(Option::is_some))
}

/// SK501 and SK502: missing values by arm and visit.
fn by_visit(context: &Context<'_>, number: usize, endpoint: &Endpoint, findings: &mut Findings) {
    for &visit in &endpoint.visits {
        let mut missing = [0, 0];
        let mut knees = [0, 0];
        let mut alone = [0u64, 0u64];
        for patient in context.trial.patients.iter().filter(seen) {
            let state = [PLACEBO, ACTIVE].map(|arm| patient.knee(arm).map(|knee| cell(knee, number, visit).is_none()));
            for ((state, missing), knees) in state.iter().zip(&mut missing).zip(&mut knees) {
                *missing += usize::from(*state == Some(true));
                *knees += usize::from(state.is_some());
            }
            if let [Some(placebo), Some(active)] = state
                && placebo != active
                && let Some(count) = alone.get_mut(usize::from(active))
            {
                *count += 1;
            }
        }
        let at = || context.rows.place(None, Some(&endpoint.column));
        let [missing_placebo, missing_active] = missing;
        let [placebo, active] = knees;
        if missing_placebo + missing_active > 0 {
            findings.add(
                "SK501",
                at(),
                format!(
                    "{} at `{}`: missing in {missing_active} of {active} {} knees and {missing_placebo} of {placebo} {} knees",
                    endpoint.name,
                    label(context, visit),
                    arm(context, ACTIVE),
                    arm(context, PLACEBO)
                ),
                "nothing, if it is known; the methods section says what the analyses assume",
            );
        }
        let [placebo_alone, active_alone] = alone;
        let n = placebo_alone + active_alone;
        if n > 0 && 2.0 * binomial::cdf(placebo_alone.min(active_alone), n, 0.5) < 0.05 {
            findings.add(
                "SK502",
                at(),
                format!(
                    "{} at `{}`: only the {} knee is missing in {active_alone} patients, only the {} knee in {placebo_alone}",
                    endpoint.name,
                    label(context, visit),
                    arm(context, ACTIVE),
                    arm(context, PLACEBO)
                ),
                "find out why before unblinding; missingness that depends on treatment biases every analysis",
            );
        }
    }
}

/// SK503: knees that are measured again after a missing visit.
fn returns(context: &Context<'_>, number: usize, endpoint: &Endpoint, findings: &mut Findings) {
    let gap = |knee: &Knee| {
        let missing = endpoint.visits.iter().position(|visit| cell(knee, number, *visit).is_none())?;
        let later = endpoint.visits.get(missing..)?.iter().find(|visit| cell(knee, number, **visit).is_some())?;
        Some((*endpoint.visits.get(missing)?, *later))
    };
    let mut found = context.knees_of_patients().filter_map(|(patient, knee)| Some((patient, knee, gap(knee)?)));
    let Some((patient, knee, (missing, later))) = found.next() else { return };
    let count = 1 + found.count();
    findings.add(
        "SK503",
        context.rows.place(row(knee, later), Some(&endpoint.column)),
        format!(
            "{}: {count} {} missing at a visit and measured later; first patient {} {}, missing at `{}`, measured at `{}`",
            endpoint.name,
            if count == 1 { "knee is" } else { "knees are" },
            patient.id,
            knee.side,
            label(context, missing),
            label(context, later)
        ),
        "nothing, if it is known; the pattern of missing values is not monotone",
    );
}

/// SK504: visits at which some knees of a patient were measured and others not.
fn one_knee(context: &Context<'_>, number: usize, endpoint: &Endpoint, findings: &mut Findings) {
    for patient in &context.trial.patients {
        for &visit in &endpoint.visits {
            let (measured, others): (Vec<&Knee>, Vec<&Knee>) =
                patient.knees().iter().partition(|knee| cell(knee, number, visit).is_some());
            let Some(first) = measured.first().filter(|_| !others.is_empty()) else { continue };
            let named = |knees: &[&Knee]| knees.iter().map(|knee| knee.side.as_str()).collect::<Vec<_>>().join(", ");
            findings.add(
                "SK504",
                context.rows.place(row(first, visit), Some(&endpoint.column)),
                format!(
                    "patient {} at `{}`: {} has {}, {} has not",
                    patient.id,
                    label(context, visit),
                    named(&measured),
                    endpoint.name,
                    named(&others)
                ),
                "ask the site; paired tests drop the visit of this patient, mixed models use the knee",
            );
        }
    }
}

/// SK505: knees with later values but no baseline.
fn baseline(context: &Context<'_>, number: usize, endpoint: &Endpoint, findings: &mut Findings) {
    let design = &context.trial.design;
    let Some(baseline) = design.baseline.filter(|_| design.has_baseline(endpoint)) else { return };
    let follow_up = design.follow_up(endpoint);
    for (patient, knee) in context.knees_of_patients() {
        if cell(knee, number, baseline).is_some() {
            continue;
        }
        if let Some(later) = follow_up.iter().find(|visit| cell(knee, number, **visit).is_some()) {
            findings.add(
                "SK505",
                context.rows.place(row(knee, *later), Some(&endpoint.column)),
                format!(
                    "patient {} {} has {} at `{}` but not at baseline",
                    patient.id,
                    knee.side,
                    endpoint.name,
                    label(context, *later)
                ),
                "ask the site; models that adjust for baseline cannot use the knee",
            );
        }
    }
}

/// SK506 and SK507: visits without any complete pair.
fn pairs(context: &Context<'_>, number: usize, endpoint: &Endpoint, primary: bool, findings: &mut Findings) {
    let design = &context.trial.design;
    for &visit in &endpoint.visits {
        let both = |patient: &Patient| {
            let pair = patient.pair();
            pair.is_some_and(|(a, b)| cell(a, number, visit).is_some() && cell(b, number, visit).is_some())
        };
        if context.trial.patients.iter().any(both) {
            continue;
        }
        let at = context.rows.place(None, Some(&endpoint.column));
        let message =
            format!("{} has no patient with both knees measured at `{}`", endpoint.name, label(context, visit));
        if primary && visit == design.primary {
            findings.add("SK507", at, message, "correct the data, or `visits.primary`; nothing can be compared");
        } else if context.knees_of_patients().any(|(_, knee)| cell(knee, number, visit).is_some()) {
            findings.add("SK506", at, message, "see that it is meant; paired analyses are not possible there");
        }
    }
}
