//! Paired statistics against limits found by inverting the tests in R, and marginal proportional odds
//! (`tests/reference/r/paired_further`, with the script that made it).

use crate::reference_cases::{Case, Load, qualify};
use splitknee::paired::catalogue::{self, Settings};
use splitknee::paired::power::{Design, Given, answer, sd_of_difference};
use splitknee::paired::square_table::SquareTable;
use splitknee::paired::{Alternative, Options, TestResult, proportional_odds};

struct Data {
    treated: Vec<f64>,
    control: Vec<f64>,
}

impl Data {
    fn of(case: &Case, treated: &str, control: &str) -> Self {
        let column = |name: &str| case.data.numbers(name).into_iter().flatten().collect::<Vec<f64>>();
        Self { treated: column(treated), control: column(control) }
    }

    fn ask(&self, name: &str, options: &Options, settings: &Settings) -> TestResult {
        catalogue::run(name, &self.treated, &self.control, options, settings)
            .unwrap_or_else(|why| panic!("{name}: {why}"))
    }
}

#[test]
fn limits_by_inverting_the_tests() {
    qualify("paired_further");
}

/// statsmodels 0.15.0 on `grade_treated`, `grade_control` of the same case: `OrdinalGEE(g, arm, groups=id,
/// cov_struct=OrdinalIndependence()).fit(ctol=1e-12)`, `cov_type="robust"` and `"bias_reduced"`.
#[test]
fn proportional_odds_as_statsmodels() {
    let case = Case::load("r", "paired_further").expect("in the tree");
    let ours = Data::of(&case, "grade_treated", "grade_control").ask(
        "proportional-odds",
        &Options::default(),
        &Settings::default(),
    );
    for (what, ours, expected) in [
        ("β", ours.estimate, -0.7502001292808113),
        ("robust", ours.number("std_error_classical"), 0.4885151213541905),
        ("bias reduced", ours.std_error, 0.5097549092391557),
    ] {
        let ours = ours.unwrap_or_else(|| panic!("{what}: no number"));
        assert!((ours / expected - 1.0).abs() < 1e-9, "{what}: {ours} against {expected}");
    }
}

#[test]
fn proportional_odds_where_there_are_none() {
    let of = |counts: Vec<Vec<u64>>| {
        proportional_odds::proportional_odds(&SquareTable::from_counts(counts).expect("a table"), &Options::default())
    };
    // Every treated knee above every control knee, and the other way round; one arm at one end of the other.
    for counts in [
        vec![vec![0, 0], vec![5, 0]],
        vec![vec![0, 5], vec![0, 0]],
        vec![vec![0, 0, 0], vec![0, 0, 0], vec![3, 2, 4]],
        vec![vec![7, 0], vec![0, 0]],
        vec![vec![0, 1], vec![0, 0]],
    ] {
        let refusal = of(counts.clone()).expect_err("no finite odds ratio");
        assert!(!refusal.to_string().is_empty(), "{counts:?}");
    }
    // No pair differs: the odds ratio is 1, without a standard error.
    let same = of(vec![vec![3, 0, 0], vec![0, 0, 0], vec![0, 0, 4]]).expect("an odds ratio of 1");
    assert!(same.estimate.is_some_and(|estimate| estimate.abs() < 1e-12), "{same:?}");
    assert!(same.std_error.is_none() && same.p_value.is_none() && same.notes.len() >= 2);
    // Exchanging the knees changes the sign.
    let there = of(vec![vec![4, 1, 0], vec![3, 5, 1], vec![2, 2, 4]]).expect("regular");
    let back = of(vec![vec![4, 3, 2], vec![1, 5, 2], vec![0, 1, 4]]).expect("regular");
    let sum = there.estimate.zip(back.estimate).map(|(a, b)| a + b);
    assert!(sum.is_some_and(|sum| sum.abs() < 1e-10), "{there:?} {back:?}");
    assert!((there.std_error.unwrap_or(0.0) / back.std_error.unwrap_or(1.0) - 1.0).abs() < 1e-9);
}

/// R 4.2.2: `power.t.test(delta = 10, sd = 18, power = 0.9, type = "paired", strict = TRUE)$n` and with `n = 37`, for
/// sd = 18 of the differences (18 of one knee at a correlation of one half).
#[test]
fn pairs_for_a_power_are_rounded_up() {
    let sd_diff = sd_of_difference(18.0, 0.5).expect("a correlation");
    assert!((sd_diff - 18.0).abs() < 1e-12);
    let design = Design { delta: -10.0, sd_diff, alpha: 0.05, alternative: Alternative::TwoSided };
    let ours = answer(&design, Given::Power(0.9)).expect("feasible");
    assert!((ours.number("pairs_needed").expect("n") - R_PAIRS).abs() < 1e-6, "{ours:?}");
    assert_eq!(ours.n_pairs, R_PAIRS.ceil() as usize);
    assert!(ours.number("power").is_some_and(|power| (power - R_POWER).abs() < 1e-10), "{ours:?}");
    let again = answer(&design, Given::Pairs(ours.n_pairs)).expect("feasible");
    assert_eq!(again.number("power"), ours.number("power"));
    assert_eq!(answer(&Design { delta: 0.0, ..design }, Given::Power(0.9)).ok(), None);
    assert!(answer(&design, Given::Pairs(1)).is_err());
}

const R_PAIRS: f64 = 36.019_853_382_118_83;
const R_POWER: f64 = 0.907_896_681_656_875_3;
