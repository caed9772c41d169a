//! Categorical and ordinal tests and Rubin's rules against R and Python: compared in `splitknee::qualification`, but for
//! figures that have no case.

use crate::reference_cases::qualify;
use splitknee::paired::kappa::{Weights, kappa};
use splitknee::paired::mcnemar::{McNemarOptions, PValue, mcnemar};
use splitknee::paired::pair_table::PairTable;
use splitknee::paired::square_table::SquareTable;
use splitknee::paired::{Alternative, Options, TestResult};

/// The default question.
pub fn two_sided() -> Options {
    Options::default()
}

/// The same in one direction.
pub fn directed(alternative: Alternative) -> Options {
    Options { alternative, ..Options::default() }
}

/// McNemar's test of a table that is not empty.
pub fn test(table: &PairTable, p: PValue, continuity: bool, alternative: Alternative) -> TestResult {
    mcnemar(table, &directed(alternative), &McNemarOptions { p, continuity }).expect("the table is not empty")
}

#[test]
fn weighted_kappa_error() {
    // statsmodels 0.15.0: cohens_kappa(table, wt="quadratic").std_kappa, for coin::vision and for the simulated grades.
    let vision =
        vec![vec![1520, 266, 124, 66], vec![234, 1512, 432, 78], vec![117, 362, 1772, 205], vec![36, 82, 179, 492]];
    let grades = vec![vec![2, 4, 2, 0], vec![2, 6, 3, 1], vec![1, 4, 4, 0], vec![0, 1, 3, 2]];
    for (counts, expected) in [(vision, 0.008381936586536715), (grades, 0.1371766826524048)] {
        let table = SquareTable::from_counts(counts).expect("a table");
        let ours = kappa(&table, Weights::Quadratic, &two_sided()).expect("grades differ").std_error;
        assert!((ours.expect("a standard error") / expected - 1.0_f64).abs() < 1e-10);
    }
}

#[test]
fn mcnemar_tables() {
    qualify("mcnemar_tables");
}

#[test]
fn marginal_grades() {
    qualify("marginal_grades_sim");
}

#[test]
fn marginal_vision() {
    qualify("marginal_vision");
}

#[test]
fn split_eye_blindness() {
    qualify("paired_binary_diabetic");
}

#[test]
fn rubins_rules() {
    qualify("rubin");
}
