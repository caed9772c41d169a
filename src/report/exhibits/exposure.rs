//! Exposure: which knees received which treatment, on which side, and how long their patients were followed.

use super::{Material, harms};
use crate::plan::file::Timing;
use crate::table::{Cell, ResultTable};
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{Knee, Patient};

/// Patients and knees that received each treatment, in the safety analysis set.
pub fn table(material: &Material, number: &str) -> ResultTable {
    let words = material.words;
    let trial = material.trial;
    let set = harms::set(material);
    let title = words.get("table.exposure");
    let mut table = ResultTable::new("t-14-1-4-exposure", number, title, material.population_of(set));
    let arms = trial.design.arms.labels();
    let order: Vec<usize> = [ACTIVE, PLACEBO].into_iter().chain(2..arms.len()).collect();
    let headers = std::iter::once(words.get("table.pairs"))
        .chain(order.iter().map(|&arm| words.say("table.knees_of", &[("arm", arms[arm])])));
    table.headers(words.get("table.exposure_head"), headers);
    let members: Vec<&Patient> =
        trial.patients.iter().zip(&set.members).filter(|(_, member)| **member).map(|(patient, _)| patient).collect();
    let mut add = |label: String, indent: u8, patients: &dyn Fn(&Patient) -> bool, knees: &dyn Fn(&Knee) -> bool| {
        let chosen: Vec<&&Patient> = members.iter().filter(|patient| patients(patient)).collect();
        let treated = |arm: usize| chosen.iter().filter_map(|p| p.knee(arm)).filter(|knee| knees(knee)).count();
        let with = chosen.iter().filter(|patient| patient.knees().iter().any(knees)).count();
        let mut cells = vec![Cell::Count(with)];
        cells.extend(order.iter().map(|&arm| Cell::Count(treated(arm))));
        table.row(label, indent, cells, Vec::new());
    };
    add(words.get("table.treated"), 0, &|_| true, &|_| true);
    add(words.get("table.both_treated"), 1, &|patient| patient.knees().len() == 2, &|_| true);
    add(words.get("table.one_treated"), 1, &|patient| patient.knees().len() == 1, &|_| true);
    let mut sides: Vec<&str> = members.iter().flat_map(|p| p.knees()).map(|knee| knee.side.as_str()).collect();
    sides.sort_unstable();
    sides.dedup();
    // Without a side column the arm stands for the side.
    if sides.iter().all(|side| !arms.contains(side)) {
        for side in sides {
            let label = words.say("table.treated_side", &[("side", side)]);
            add(label, 0, &|_| true, &|knee| knee.side == side);
        }
    }
    // Of a knee its own last value counts, of a patient the later of the two.
    let last_of = |patient: &Patient| patient.knees().iter().filter_map(last_visit).max();
    let visits = trial.design.visits.iter().enumerate().map(|(visit, about)| (Some(visit), Some(&about.label)));
    for (visit, label) in visits.chain([(None, None)]) {
        let with = members.iter().filter(|patient| last_of(patient) == visit).count();
        let knees =
            |arm: usize| members.iter().filter_map(move |p| p.knee(arm)).filter(move |knee| last_visit(knee) == visit);
        let counts: Vec<usize> = order.iter().map(|&arm| knees(arm).count()).collect();
        let label = match label {
            Some(label) => words.say("table.last_visit", &[("visit", label)]),
            None if counts.iter().all(|count| *count == 0) => continue,
            None => words.get("table.no_visit"),
        };
        let cells = std::iter::once(with).chain(counts).map(Cell::Count).collect();
        table.row(label, 0, cells, Vec::new());
    }
    table.footnotes.push(match material.plan.trial.interventions {
        Some(Timing::Concurrent) => words.get("abstract.concurrent"),
        Some(Timing::Sequential) => words.get("footnote.exposure_sequential"),
        None => words.get("footnote.exposure_unknown"),
    });
    table.footnotes.push(words.get("footnote.exposure"));
    table
}

/// The last visit at which the knee has a value of any endpoint.
fn last_visit(knee: &Knee) -> Option<usize> {
    let visits = knee.values.iter().map(|values| values.len()).max().unwrap_or(0);
    (0..visits).rev().find(|visit| knee.values.iter().any(|values| values[*visit].is_some()))
}
