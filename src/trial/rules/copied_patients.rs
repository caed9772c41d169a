//! Patients whose values are those of another: a case report form that was copied, or one patient under two identifiers.

use super::Context;
use super::values::cell;
use crate::trial::design::{Endpoint, Kind};
use crate::trial::findings::Findings;
use crate::trial::patients::{Knee, Patient};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Values that must agree, and not lie at an end of their scale, before two knees of two patients count as copies.
const OF_ANOTHER: usize = 6;

/// The values of a knee in short, how many there are, and how many do not lie at an end of their scale.
struct Values {
    hash: u64,
    filled: usize,
    informative: usize,
}

/// SK226: patients whose values are those of another, of both knees together or of one.
pub fn check(context: &Context<'_>, findings: &mut Findings) {
    let endpoints = &context.trial.design.endpoints;
    let wide = |endpoint: &Endpoint| {
        matches!(endpoint.kind, Kind::Continuous | Kind::Count)
            && endpoint.range.is_none_or(|(low, high)| high - low >= 8.0)
    };
    let scored: Vec<usize> = (0..endpoints.len()).filter(|number| endpoints.get(*number).is_some_and(wide)).collect();
    let at_end = |number: usize, value: f64| {
        let range = endpoints.get(number).and_then(|endpoint| endpoint.range);
        range.is_some_and(|(low, high)| value == low || value == high)
    };
    let visits = context.trial.design.visits.len();
    let cells = || scored.iter().flat_map(|number| (0..visits).map(move |visit| (*number, visit)));
    let values = |knee: &Knee| -> Values {
        let mut hasher = DefaultHasher::new();
        let (mut filled, mut informative) = (0, 0);
        for (number, visit) in cells() {
            let value = cell(knee, number, visit);
            filled += usize::from(value.is_some());
            informative += usize::from(value.is_some_and(|value| !at_end(number, value)));
            value.map(f64::to_bits).hash(&mut hasher);
        }
        Values { hash: hasher.finish(), filled, informative }
    };
    let equal = |a: &Knee, b: &Knee| cells().all(|(number, visit)| cell(a, number, visit) == cell(b, number, visit));
    // Both knees in the order of their values, so that exchanged sides are found as well.
    let mut first_pair: HashMap<[u64; 2], usize> = HashMap::new();
    let mut first_knee: HashMap<u64, usize> = HashMap::new();
    let patients = &context.trial.patients;
    let knees_of = |number: usize| patients.get(number).map(Patient::knees).unwrap_or_default();
    for (number, patient) in patients.iter().enumerate() {
        let known: Vec<Values> = patient.knees().iter().map(values).collect();
        let mut said: Option<(usize, &str, usize, &Knee)> = None;
        if let ([a, b], [knee, other]) = (known.as_slice(), patient.knees())
            && a.informative + b.informative >= OF_ANOTHER
        {
            let before = *first_pair.entry([a.hash.min(b.hash), a.hash.max(b.hash)]).or_insert(number);
            let same = match knees_of(before) {
                [c, d] if before != number => equal(knee, c) && equal(other, d) || equal(knee, d) && equal(other, c),
                _ => false,
            };
            if same {
                said = Some((before, "both knees", a.filled + b.filled, knee));
            }
        }
        for (knee, values) in patient.knees().iter().zip(&known).filter(|(_, values)| values.informative >= OF_ANOTHER)
        {
            let before = *first_knee.entry(values.hash).or_insert(number);
            if said.is_none() && before != number && knees_of(before).iter().any(|other| equal(knee, other)) {
                said = Some((before, &knee.side, values.filled, knee));
            }
        }
        if let Some((before, what, count, knee)) = said {
            let other = patients.get(before).map(|patient| patient.id.as_str()).unwrap_or_default();
            findings.add(
                "SK226",
                context.rows.place(knee.rows.iter().flatten().next().copied(), None),
                format!("patient {}, {what}: all {count} values are those of patient {other}", patient.id),
                "ask the site whether one patient was copied, or entered under two identifiers",
            );
        }
    }
}
