//! Which rows of a subject belong to which of its two units (knees), for `pair(visit|id)`.
//!
//! `pair(visit, knee|id)` names the columns. Without them the units are found in the data: a factor of the fixed effects
//! (else a covariate with two values, such as a 0/1 arm) that has at most two levels in every subject and tells its rows at
//! the same visit apart, as the treatment of a split-knee trial does. Several such factors are one answer where they divide
//! every subject in the same way. The units are exchangeable: within a subject the one with more visits comes first, so that
//! patients that lack the other knee, or the same visits of either knee, share their covariance.

use std::collections::{BTreeMap, BTreeSet};

use super::design::{Grouping, Input, ModelFrame};
use super::error::ModelError;
use super::formula::CovarianceTerm;
use crate::note;
use crate::note::Note;

/// Per row its unit, 0 or 1, and the names of the two (by level where the column has two, else 1 and 2).
pub(crate) struct Units {
    pub codes: Vec<u32>,
    pub names: [String; 2],
}

/// One column (or combination of columns) that might name the units.
struct Candidate {
    codes: Vec<u32>,
    labels: Vec<String>,
}

/// Finds the units of every subject. `cells` are the visits.
pub(crate) fn units(
    frame: &ModelFrame,
    term: &CovarianceTerm,
    subject: &Grouping,
    cells: &Grouping,
) -> Result<Units, ModelError> {
    let refuse = |reason: Note| ModelError::PairUnits { term: term.text.clone(), reason };
    if !term.by.is_empty() {
        let by = frame.grouping(&term.by)?;
        if divided(&by.codes, subject).contains(&false) {
            let (by, subject) = (&by.name, &subject.name);
            return Err(refuse(note!(units_change, by = by, subject = subject)));
        }
    }
    let chosen = if term.units.is_empty() {
        let found = search(frame, term, subject, cells);
        let mut found = found.into_iter();
        let Some(first) = found.next() else {
            return Err(refuse(note!(units_none)));
        };
        let partition = divided(&first.codes, subject);
        if found.any(|other| divided(&other.codes, subject) != partition) {
            return Err(refuse(note!(units_several)));
        }
        first
    } else {
        let named = frame.grouping(&term.units)?;
        if let Some(row) = crowded(&named.codes, subject) {
            let label = subject.labels.get(subject.codes[row] as usize).cloned().unwrap_or_default();
            return Err(refuse(note!(units_many, name = &named.name, label = &label)));
        }
        Candidate { codes: named.codes, labels: named.labels }
    };
    Ok(arrange(&chosen, subject, cells))
}

/// The candidates among the variables of the fixed effects.
fn search(frame: &ModelFrame, term: &CovarianceTerm, subject: &Grouping, cells: &Grouping) -> Vec<Candidate> {
    let taken = |name: &str| {
        let mut columns = term.factors.iter().flat_map(|f| &f.cells).chain(&term.by).chain(&term.subject);
        columns.any(|c| c == name)
    };
    let fits = |c: &Candidate| crowded(&c.codes, subject).is_none() && tells_apart(&c.codes, subject, cells);
    let factors = frame.inputs.iter().filter_map(|input| match input {
        Input::Factor { name, levels, codes } if !taken(name) => {
            Some(Candidate { codes: codes.clone(), labels: levels.clone() })
        }
        _ => None,
    });
    let found: Vec<Candidate> = factors.filter(fits).collect();
    if !found.is_empty() {
        return found;
    }
    let numbers = frame.inputs.iter().filter_map(|input| match input {
        Input::Numeric { name, .. } if !taken(name) => frame.grouping(std::slice::from_ref(name)).ok(),
        _ => None,
    });
    let two_valued = numbers.filter(|g| g.n_groups() == 2);
    two_valued.map(|g| Candidate { codes: g.codes, labels: g.labels }).filter(fits).collect()
}

/// A row of a subject that has more than two levels.
fn crowded(codes: &[u32], subject: &Grouping) -> Option<usize> {
    let mut levels: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); subject.n_groups()];
    (0..codes.len()).find(|&row| {
        let own = &mut levels[subject.codes[row] as usize];
        own.insert(codes[row]);
        own.len() > 2
    })
}

fn tells_apart(codes: &[u32], subject: &Grouping, cells: &Grouping) -> bool {
    let mut seen = BTreeSet::new();
    (0..codes.len()).all(|row| seen.insert((subject.codes[row], codes[row], cells.codes[row])))
}

/// The division of every subject's rows, whatever the levels are called.
fn divided(codes: &[u32], subject: &Grouping) -> Vec<bool> {
    let mut first: BTreeMap<u32, u32> = BTreeMap::new();
    codes.iter().zip(&subject.codes).map(|(code, s)| first.entry(*s).or_insert(*code) == code).collect()
}

fn arrange(candidate: &Candidate, subject: &Grouping, cells: &Grouping) -> Units {
    // Per subject and level the visits seen.
    let mut seen: BTreeMap<u32, BTreeMap<u32, BTreeSet<u32>>> = BTreeMap::new();
    for (row, code) in candidate.codes.iter().enumerate() {
        let levels = seen.entry(subject.codes[row]).or_default();
        levels.entry(*code).or_default().insert(cells.codes[row]);
    }
    let first: BTreeMap<u32, u32> = seen
        .iter()
        .filter_map(|(s, levels)| {
            let rank = |(code, visits): &(&u32, &BTreeSet<u32>)| {
                (std::cmp::Reverse(visits.len()), visits.iter().copied().collect::<Vec<u32>>(), **code)
            };
            levels.iter().min_by_key(rank).map(|(code, _)| (*s, *code))
        })
        .collect();
    let codes = candidate.codes.iter().zip(&subject.codes);
    let codes = codes.map(|(code, s)| u32::from(first.get(s) != Some(code))).collect();
    let names = match candidate.labels.as_slice() {
        [a, b] => [a.clone(), b.clone()],
        _ => ["1".to_owned(), "2".to_owned()],
    };
    Units { codes, names }
}
