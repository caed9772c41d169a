//! A restricted likelihood with two optima: the search reports the higher, whatever the order of rows, cells and signs.

use splitknee_stats::model::{Columns, Ddf, Fit, FitOptions, Formula, Information, fit};

const DATA: &str = include_str!("reference/reml_two_optima/data.csv");
const EXPECTED: &str = include_str!("reference/reml_two_optima/expected.json");

/// The trial, its rows turned round and its cells under names in another order if `turned`, each value a + b times it.
fn table(turned: bool, a: f64, b: f64) -> Columns {
    let mut rows: Vec<Vec<&str>> = DATA.lines().skip(1).map(|line| line.split(',').collect()).collect();
    if turned {
        rows.reverse();
    }
    let number = |column: usize| -> Vec<f64> { rows.iter().map(|row| row[column].parse().unwrap()).collect() };
    let name = |cell: &str| if turned { cell.chars().rev().collect() } else { cell.to_owned() };
    let mut table = Columns::new();
    table.add_numeric("value", number(4).iter().map(|y| a + b * y).collect()).unwrap();
    table.add_numeric("m6", number(2)).unwrap();
    table.add_numeric("a6", number(3)).unwrap();
    table.add_categorical("pid", rows.iter().map(|row| Some(row[0]))).unwrap();
    table.add_categorical("cell", rows.iter().map(|row| Some(name(row[1])))).unwrap();
    table
}

fn fitted(table: &Columns) -> Fit {
    fit(table, &Formula::parse("value ~ m6 + a6 + us(cell|pid)").unwrap(), &FitOptions::default()).unwrap()
}

/// Reference: `nlme::gls` 3.1-162 in R 4.2.2 and base R from 40 starts (reference/reml_two_optima/make.R).
#[test]
fn of_two_optima_the_higher_is_reported() {
    let expected: serde_json::Value = serde_json::from_str(EXPECTED).unwrap();
    let of = |field: &str| expected[field].as_f64().unwrap();
    let met = expected["starts"]["log_lik"].as_array().unwrap();
    let heights: Vec<f64> = met.iter().filter_map(serde_json::Value::as_f64).collect();
    let highest = heights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert!(heights.iter().any(|h| *h < highest - 1.0), "the reference has two optima: {heights:?}");
    let model = fitted(&table(false, 0.0, 1.0));
    assert!((model.log_lik() - of("log_lik")).abs() < 1e-6, "{} {}", model.log_lik(), of("log_lik"));
    assert!((model.log_lik() - highest).abs() < 1e-4);
    assert!((model.coefficient_estimates()[2] - of("estimate")).abs() < 1e-3);
    let inference = model.inference(Ddf::Asymptotic, Information::Observed, 0.95).unwrap();
    let std_error = inference.vcov()[8].sqrt();
    assert!((std_error - of("std_error")).abs() < 1e-3, "{std_error}");
    assert_eq!((model.certificate.starts, model.certificate.optima), (4, 2));
    let gap = highest - heights.iter().copied().fold(f64::INFINITY, f64::min);
    assert!((model.certificate.next_optimum.unwrap() - gap).abs() < 2e-4);
    assert!(model.notes.iter().any(|note| note.text().contains("more than one optimum")), "{:?}", model.notes);
    let words = model.certificate.words().text();
    assert!(words.contains("local optimum") && words.contains("not ruled out"), "{words}");
}

#[test]
fn the_higher_optimum_does_not_depend_on_order_names_sign_or_unit() {
    let straight = fitted(&table(false, 0.0, 1.0));
    let scale = 2.5;
    let turned = fitted(&table(true, 100.0, -scale));
    let free = (straight.n_obs() - 3) as f64;
    assert!((turned.log_lik() + free * scale.ln() - straight.log_lik()).abs() < 1e-8);
    let (a, b) = (straight.coefficient_estimates()[2], turned.coefficient_estimates()[2]);
    assert!((b + scale * a).abs() < 1e-7, "{a} {b}");
    assert_eq!(turned.certificate.optima, straight.certificate.optima);
}
