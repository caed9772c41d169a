//! The unit of a score is no part of a result: in cm, mm and m every test of two columns gives the same p-value, statistic
//! and degrees of freedom, and estimates and limits that differ by the factor alone.

use splitknee_stats::math::random::Stream;
use splitknee_stats::paired::catalogue::{self, NAMES, Settings};
use splitknee_stats::paired::{Options, TestResult};

/// Methods whose estimate has no unit.
const UNITLESS: [&str; 12] = [
    "rank-biserial",
    "brunner-munzel",
    "win-odds",
    "proportional-odds",
    "marginal-mean-ranks",
    "pitman-morgan",
    "effect-size",
    "correlation",
    "icc",
    "concordance",
    "kappa",
    "shapiro-wilk",
];

/// One-decimal scores 0–10 of `n` pairs, with many ties, as whole tenths.
fn tenths(n: usize, trial: u64) -> (Vec<f64>, Vec<f64>) {
    let mut stream = Stream::new(20_260_802, trial);
    let mut draw = |shift: f64| (stream.uniform() * 60.0 + shift).floor();
    (0..n).map(|_| (draw(0.0), draw(8.0))).map(|(a, b)| (if a == 17.0 { b } else { a }, b)).unzip()
}

fn close(what: &str, a: Option<f64>, b: Option<f64>, factor: f64) {
    match (a, b) {
        (Some(a), Some(b)) if a.is_finite() || b.is_finite() => {
            let (a, b) = (a * factor, b);
            assert!((a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-12), "{what}: {a} and {b}");
        }
        (a, b) => assert_eq!(a.is_some(), b.is_some(), "{what}"),
    }
}

fn compare(name: &str, one: &TestResult, other: &TestResult, factor: f64) {
    let unit = if UNITLESS.contains(&name) { 1.0 } else { factor };
    for (what, a, b, factor) in [
        ("p", one.p_value, other.p_value, 1.0),
        ("df", one.df, other.df, 1.0),
        ("estimate", one.estimate, other.estimate, unit),
        ("lower limit", one.conf_low, other.conf_low, unit),
        ("upper limit", one.conf_high, other.conf_high, unit),
    ] {
        close(&format!("{name}, {what}, × {factor}"), a, b, factor);
    }
    if ["wilcoxon", "sign", "win-odds"].contains(&name) {
        assert_eq!(one.statistic, other.statistic, "{name}");
    }
    for count in ["n_zero", "n_ranked", "n_positive", "n_better", "n_equal", "n_worse"] {
        assert_eq!(one.number(count), other.number(count), "{name}, {count}");
    }
    assert_eq!(one.notes.len(), other.notes.len(), "{name}: {:?} {:?}", one.notes, other.notes);
}

#[test]
fn every_test_is_free_of_the_unit() {
    // Answers of yes and no, and counts, have no other unit.
    let whole = ["mcnemar", "rate-ratio", "counts"];
    for trial in 0..25 {
        let (treated, control) = tenths(12, trial);
        for name in NAMES.into_iter().filter(|name| !whole.contains(name)) {
            let ask = |divisor: f64| {
                let of = |values: &[f64]| values.iter().map(|value| value / divisor).collect::<Vec<f64>>();
                let settings = Settings {
                    limits: Some((-20.0 / divisor, 20.0 / divisor)),
                    margin: Some(10.0 / divisor),
                    bootstrap: splitknee_stats::paired::bootstrap::Settings { resamples: 500, ..Default::default() },
                    ..Settings::default()
                };
                catalogue::run(name, &of(&treated), &of(&control), &Options::default(), &settings)
            };
            let millimetres = ask(1.0);
            for divisor in [10.0, 100.0, 1000.0] {
                match (&millimetres, ask(divisor)) {
                    (Ok(one), Ok(other)) => compare(name, one, &other, 1.0 / divisor),
                    (one, other) => assert_eq!(one.is_err(), other.is_err(), "{name}: {one:?} {other:?}"),
                }
            }
        }
    }
}

#[test]
fn changes_that_are_equal_in_decimals_are_equal() {
    // Eight pairs whose knees change by exactly −2.0 from one-decimal baselines: 8 equal, nothing to test.
    let before: Vec<f64> = [7.3, 5.1, 6.7, 4.9, 8.2, 3.3, 9.1, 2.6].to_vec();
    let after: Vec<f64> = before.iter().map(|value| (value * 10.0 - 20.0).round() / 10.0).collect();
    let other: Vec<f64> = before.iter().map(|value| ((value * 10.0).round() + 3.0) / 10.0).collect();
    let other_after: Vec<f64> = other.iter().map(|value| (value * 10.0 - 20.0).round() / 10.0).collect();
    let change = |after: &[f64], before: &[f64]| splitknee_stats::math::decimal::differences(after, before);
    let (treated, control) = (change(&after, &before), change(&other_after, &other));
    let odds = catalogue::run("win-odds", &treated, &control, &Options::default(), &Settings::default()).unwrap();
    assert_eq!((odds.number("n_equal"), odds.estimate, odds.p_value), (Some(8.0), Some(1.0), Some(1.0)));
    assert!(catalogue::run("wilcoxon", &treated, &control, &Options::default(), &Settings::default()).is_err());
}

#[test]
fn limits_do_not_depend_on_the_order_of_the_rows() {
    let (treated, control) = tenths(45, 3);
    let turned = |values: &[f64]| values.iter().rev().copied().collect::<Vec<f64>>();
    for name in ["bootstrap", "permutation"] {
        let ask = |a: &[f64], b: &[f64]| {
            catalogue::run(name, a, b, &Options::default(), &Settings::default()).expect("an answer")
        };
        let (one, other) = (ask(&treated, &control), ask(&turned(&treated), &turned(&control)));
        assert_eq!(
            (one.conf_low, one.conf_high, one.p_value),
            (other.conf_low, other.conf_high, other.p_value),
            "{name}"
        );
    }
}
