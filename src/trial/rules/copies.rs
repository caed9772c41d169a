//! Scores that were copied: a visit from the one before, a knee from the other.

use super::Context;
use super::values::{cell, row};
use crate::trial::design::{Endpoint, Kind};
use crate::trial::findings::Findings;
use crate::trial::patients::{Knee, Patient};
use std::collections::{BTreeMap, BTreeSet};

/// Endpoints that must agree before two visits or two knees count as copies of each other.
const COPIED: usize = 3;
/// Different values that must be equal before one endpoint counts as copied in most knees.
const DISTINCT: usize = 8;

/// SK209 and SK210: a visit copied from an earlier one, a knee copied from the other.
pub fn check(context: &Context<'_>, findings: &mut Findings) {
    let design = &context.trial.design;
    let wide = |endpoint: &Endpoint| {
        matches!(endpoint.kind, Kind::Continuous | Kind::Count)
            && endpoint.range.is_none_or(|(low, high)| high - low >= 8.0)
    };
    let scored: Vec<usize> =
        design.endpoints.iter().enumerate().filter(|(_, endpoint)| wide(endpoint)).map(|(number, _)| number).collect();
    // Nothing is copied where all scores are at the end of their scales.
    let at_end = |number: usize, value: f64| {
        design
            .endpoints
            .get(number)
            .and_then(|endpoint| endpoint.range)
            .is_some_and(|(low, high)| value == low || value == high)
    };
    let alike = |a: &Knee, b: &Knee, first: usize, second: usize| {
        let mut same = 0;
        let mut informative = 0;
        for &number in &scored {
            match (cell(a, number, first), cell(b, number, second)) {
                (Some(x), Some(y)) if x == y => {
                    same += 1;
                    informative += usize::from(!at_end(number, x));
                }
                (Some(_), Some(_)) => return None,
                _ => {}
            }
        }
        (same >= COPIED && informative >= 2).then_some(same)
    };
    let label = |visit: usize| design.visits.get(visit).map(|visit| visit.label.as_str()).unwrap_or_default();
    let mut told: BTreeSet<(&str, usize)> = BTreeSet::new();
    for patient in &context.trial.patients {
        for knee in patient.knees() {
            for visit in 1..design.visits.len() {
                // The nearest visit that it repeats.
                let repeats = (0..visit).rev().find_map(|before| Some((before, alike(knee, knee, before, visit)?)));
                if let Some((before, count)) = repeats {
                    told.insert(("SK209", visit));
                    findings.add(
                        "SK209",
                        context.rows.place(row(knee, visit), None),
                        format!(
                            "patient {} {}: all {count} scores at `{}` equal those at `{}`",
                            patient.id,
                            knee.side,
                            label(visit),
                            label(before)
                        ),
                        "ask the site whether the visit was carried forward",
                    );
                }
            }
        }
        let knees = patient.knees();
        let pairs = knees.iter().enumerate().flat_map(|(at, b)| knees.iter().take(at).map(move |a| (a, b)));
        for ((a, b), visit) in pairs.flat_map(|pair| (0..design.visits.len()).map(move |visit| (pair, visit))) {
            if let Some(count) = alike(a, b, visit, visit) {
                told.insert(("SK210", visit));
                findings.add(
                    "SK210",
                    context.rows.place(row(b, visit), None),
                    format!(
                        "patient {}: all {count} scores at `{}` are the same in both knees ({}, {})",
                        patient.id,
                        label(visit),
                        a.side,
                        b.side
                    ),
                    "ask the site whether one knee was copied to the other",
                );
            }
        }
    }
    for &number in &scored {
        let Some(endpoint) = design.endpoints.get(number) else { continue };
        whole_knees(context, number, endpoint, &|value| !at_end(number, value), findings);
        for visit in 0..design.visits.len() {
            let usual = |value: f64| !at_end(number, value);
            let knees = context.trial.patients.iter().flat_map(Patient::knees);
            let before = |knee: &Knee| visit.checked_sub(1).and_then(|before| cell(knee, number, before));
            let visits = repeated(knees.map(|knee| before(knee).zip(cell(knee, number, visit))), &usual);
            if let Some((same, of)) = visits.filter(|_| !told.contains(&("SK209", visit))) {
                findings.add(
                    "SK209",
                    context.rows.place(None, Some(&endpoint.column)),
                    format!(
                        "{} at `{}` equals that at `{}` in {same} of {of} knees",
                        endpoint.name,
                        label(visit),
                        label(visit.saturating_sub(1))
                    ),
                    "ask the site whether the visit was carried forward",
                );
            }
            let pairs = context.trial.patients.iter().map(|patient| match patient.knees() {
                [a, b] => cell(a, number, visit).zip(cell(b, number, visit)),
                _ => None,
            });
            if let Some((same, of)) = repeated(pairs, &usual).filter(|_| !told.contains(&("SK210", visit))) {
                findings.add(
                    "SK210",
                    context.rows.place(None, Some(&endpoint.column)),
                    format!(
                        "{} at `{}` is the same in both knees of {same} of {of} patients",
                        endpoint.name,
                        label(visit)
                    ),
                    "ask the site whether one knee was copied to the other",
                );
            }
        }
    }
}

/// Fewest visits at which an endpoint is the same in both knees, or in one knee, before it counts as copied.
const VISITS: usize = 3;
/// Fewest different values of an endpoint whose equal ones are no chance.
const FINE: usize = 15;
/// Patients whom a finding names.
const NAMED: usize = 10;

/// SK209 and SK210 of one endpoint: patients whose knees have the same values at every visit, and knees that have one value at
/// all their visits after baseline, where the endpoint has many values.
fn whole_knees(
    context: &Context<'_>,
    number: usize,
    endpoint: &Endpoint,
    usual: &dyn Fn(f64) -> bool,
    findings: &mut Findings,
) {
    let visits = context.trial.design.visits.len();
    let mut distinct: BTreeSet<u64> = BTreeSet::new();
    for (_, knee) in context.knees_of_patients() {
        distinct.extend((0..visits).filter_map(|visit| cell(knee, number, visit)).map(f64::to_bits));
        if distinct.len() >= FINE {
            break;
        }
    }
    if visits < VISITS || distinct.len() < FINE {
        return;
    }
    let mut same: Vec<(&str, Option<usize>)> = Vec::new();
    let mut carried: Vec<(String, Option<usize>)> = Vec::new();
    // How often two knees, and two visits of a knee, are equal at all: among many patients some are so throughout by chance.
    let (mut of_knees, mut of_visits) = (Chance::default(), Chance::default());
    for patient in &context.trial.patients {
        if let [a, b] = patient.knees() {
            let pairs = || (0..visits).filter_map(|visit| Some((cell(a, number, visit)?, cell(b, number, visit)?)));
            of_knees.count(pairs());
            if pairs().all(|(a, b)| a == b && usual(a)) && pairs().count() >= VISITS {
                same.push((&patient.id, (0..visits).find_map(|visit| row(b, visit))));
            }
        }
        for knee in patient.knees() {
            let values = || (0..visits).filter_map(|visit| cell(knee, number, visit));
            of_visits.count(values().zip(values().skip(1)));
            let first = values().next();
            if values().all(|value| Some(value) == first && usual(value)) && values().count() >= VISITS {
                carried.push((format!("{} {}", patient.id, knee.side), (0..visits).find_map(|visit| row(knee, visit))));
            }
        }
    }
    let listed = |names: Vec<&str>| match names.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.get(..NAMED).unwrap_or_default().join(", ")),
    };
    if let Some((_, first)) = same.first().filter(|_| of_knees.is_exceeded_by(same.len())) {
        let names = listed(same.iter().map(|(name, _)| *name).collect());
        findings.add(
            "SK210",
            context.rows.place(*first, Some(&endpoint.column)),
            format!(
                "{} is the same in both knees at every visit of {} ({names})",
                endpoint.name,
                count(same.len(), "patient")
            ),
            "ask the site whether one knee was copied to the other",
        );
    }
    if let Some((_, first)) = carried.first().filter(|_| of_visits.is_exceeded_by(carried.len())) {
        let names = listed(carried.iter().map(|(name, _)| name.as_str()).collect());
        findings.add(
            "SK209",
            context.rows.place(*first, Some(&endpoint.column)),
            format!("{} is the same at every visit of {} ({names})", endpoint.name, count(carried.len(), "knee")),
            "ask the site whether a value was carried forward",
        );
    }
}

/// How many of some pairs of values are equal, in groups of which all pairs may be so by chance.
#[derive(Debug, Default)]
struct Chance {
    equal: usize,
    all: usize,
    /// How many groups have this many pairs.
    groups: BTreeMap<usize, usize>,
}

impl Chance {
    fn count(&mut self, pairs: impl Iterator<Item = (f64, f64)>) {
        let (mut equal, mut all) = (0, 0);
        for (one, other) in pairs {
            all += 1;
            equal += usize::from(one == other);
        }
        self.equal += equal;
        self.all += all;
        if all + 1 >= VISITS {
            *self.groups.entry(all).or_default() += 1;
        }
    }

    /// Whether more groups are equal throughout than four times the number that chance makes so.
    fn is_exceeded_by(&self, found: usize) -> bool {
        let share = self.equal as f64 / self.all.max(1) as f64;
        let power = |pairs: usize| share.powi(i32::try_from(pairs).unwrap_or(i32::MAX));
        let expected: f64 = self.groups.iter().map(|(pairs, groups)| *groups as f64 * power(*pairs)).sum();
        found as f64 > 4.0 * expected
    }
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// How many pairs of values are equal, and of how many, where it is more than half of them and the equal values differ among
/// each other: on a scale of many values that is a copy.
fn repeated(pairs: impl Iterator<Item = Option<(f64, f64)>>, usual: &dyn Fn(f64) -> bool) -> Option<(usize, usize)> {
    let (mut same, mut of) = (0, 0);
    let mut distinct: BTreeSet<u64> = BTreeSet::new();
    for (one, other) in pairs.flatten() {
        of += 1;
        if one == other && usual(one) {
            same += 1;
            if distinct.len() <= DISTINCT {
                distinct.insert(one.to_bits());
            }
        }
    }
    (2 * same > of && distinct.len() >= DISTINCT).then_some((same, of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_explains_some_equal_knees_among_many() {
        let of = |knees: usize, equal: usize| {
            let mut chance = Chance::default();
            for knee in 0..knees {
                let other = if knee < equal { 1.0 } else { 2.0 };
                chance.count([(1.0, other), (1.0, 2.0)].into_iter());
            }
            chance
        };
        // One pair in ten is equal: of 1000 knees ten are so at both visits by chance.
        assert!(!of(1000, 200).is_exceeded_by(10) && of(1000, 200).is_exceeded_by(41));
        assert!(of(24, 2).is_exceeded_by(1));
    }
}
