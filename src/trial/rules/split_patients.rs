//! SK119: one patient under two identifiers. Two identifiers that a slip of the pen tells apart, of which each has the visits
//! that the other lacks, are hardly two patients.

use super::Context;
use super::values::row;
use crate::trial::findings::Findings;
use crate::trial::patients::Patient;
use crate::trial::spelling;
use std::collections::{BTreeMap, BTreeSet};

/// Most patients with a missing visit whose identifiers are compared: each costs a key per character.
const MOST: usize = 100_000;

/// Visits as bits, the first as the lowest.
type Seen = u128;

/// Looks at patients who lack a visit.
pub fn check(context: &Context<'_>, findings: &mut Findings) {
    let visits = context.trial.design.visits.len();
    let seen = |patient: &Patient| -> Seen {
        let at = |visit: usize| patient.knees().iter().any(|knee| row(knee, visit).is_some());
        (0..visits).filter(|visit| at(*visit)).fold(0, |seen, visit| seen | 1 << visit)
    };
    if !(2..=128).contains(&visits) {
        return;
    }
    let all = context.trial.patients.iter().fold(0, |all, patient| all | seen(patient));
    let lacking: Vec<(&Patient, Seen)> = context
        .trial
        .patients
        .iter()
        .map(|patient| (patient, seen(patient)))
        .filter(|(_, own)| *own != 0 && *own != all)
        .take(MOST)
        .collect();
    let mut by_key: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, (patient, _)) in lacking.iter().enumerate() {
        for key in spelling::slips(&patient.id) {
            by_key.entry(key).or_default().push(number);
        }
    }
    let mut pairs: BTreeSet<(usize, usize)> = BTreeSet::new();
    for members in by_key.values() {
        for (place, first) in members.iter().enumerate() {
            for second in members.iter().skip(place + 1) {
                let (Some((a, of_a)), Some((b, of_b))) = (lacking.get(*first), lacking.get(*second)) else { continue };
                let shares = of_a & of_b == 0 && of_a | of_b == all;
                if shares && agree(a, b) {
                    pairs.insert((*first, *second));
                }
            }
        }
    }
    let label = |visit: usize| context.trial.design.visits.get(visit).map(|visit| visit.label.as_str());
    let named = |own: Seen| {
        let labels = (0..visits).filter(|visit| own >> visit & 1 == 1).filter_map(label);
        labels.collect::<Vec<_>>().join(", ")
    };
    for (first, second) in pairs {
        let (Some((a, of_a)), Some((b, of_b))) = (lacking.get(first), lacking.get(second)) else { continue };
        let rows = b.knees().iter().flat_map(|knee| knee.rows.iter().flatten()).min().copied();
        findings.add(
            "SK119",
            context.rows.place(rows, Some(&context.sources.roles.patient)),
            format!("patient {} has {} only, and patient {} has {} only", a.id, named(*of_a), b.id, named(*of_b)),
            "if it is one patient, write one identifier; else waive the rule with the reason",
        );
    }
}

/// Whether two patients have the same treatment on the same side.
fn agree(a: &Patient, b: &Patient) -> bool {
    a.knees().iter().all(|knee| b.knees().iter().all(|other| other.side != knee.side || other.arm == knee.arm))
}
