//! Covariates of the imputation model against R (`reference/missing_covariates/make.R`): base R by dense matrices, nlme::gls,
//! a Gibbs sampler and a bootstrap.

use serde_json::Value;
use splitknee_stats::missing::analysis::Analysis;
use splitknee_stats::missing::bayes::Prior;
use splitknee_stats::missing::condmean::Imputation;
use splitknee_stats::missing::delta::DeltaCells;
use splitknee_stats::missing::trial::FitValues;
use splitknee_stats::missing::{Covariance, Covariate, Event, Method, Patient, Request, Strategy, Trial, run};
use splitknee_stats::model::cells::CellStructure;
use std::collections::{BTreeMap, HashMap};

fn file(name: &str) -> String {
    let path = format!("{}/tests/reference/missing_covariates/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

fn expected() -> HashMap<String, Value> {
    let json: Value = serde_json::from_str(&file("expected.json")).unwrap();
    let results = json["results"].as_array().unwrap();
    results.iter().map(|r| (r["id"].as_str().unwrap().to_owned(), r["values"].clone())).collect()
}

const SITES: [&str; 3] = ["NORTH", "SOUTH", "WEST"];

/// The trial with both visits, or the last alone.
fn trial(visits: &[&str], strategy: Option<Strategy>) -> Trial {
    let width = visits.len();
    let mut patients: BTreeMap<String, Patient> = BTreeMap::new();
    for line in file("data.csv").lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let arm = usize::from(cells[1] != "EV");
        let patient = patients.entry(cells[0].to_owned()).or_insert_with(|| Patient {
            label: cells[0].to_owned(),
            baseline: [f64::NAN; 2],
            values: vec![None; 2 * width],
            events: [None, None],
            covariates: vec![[f64::NAN; 2]; 3],
        });
        patient.baseline[arm] = cells[3].parse().unwrap();
        patient.covariates[0][arm] = cells[4].parse().unwrap();
        patient.covariates[1][arm] = SITES.iter().position(|site| *site == cells[5]).unwrap() as f64;
        patient.covariates[2][arm] = cells[6].parse().unwrap();
        if let Some(visit) = visits.iter().position(|visit| *visit == cells[2]) {
            patient.values[arm * width + visit] = cells[7].parse().ok();
        }
    }
    if let Some(strategy) = strategy {
        for line in file("events.csv").lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            let event = Event { visit: visits.iter().position(|visit| *visit == cells[2]).unwrap(), strategy };
            let patient = patients.get_mut(cells[0]).unwrap();
            let arms = if cells[1].is_empty() { 0..2 } else { 0..1 };
            arms.for_each(|arm| patient.events[arm] = Some(event));
        }
    }
    Trial {
        visits: visits.iter().map(|visit| (*visit).to_owned()).collect(),
        patients: patients.into_values().collect(),
        has_baseline: true,
        covariates: vec![
            Covariate::number("age"),
            Covariate::factor("site", SITES.map(str::to_owned).to_vec()),
            Covariate::number("grade"),
        ],
        fit_values: FitValues::default(),
        discard: false,
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

fn close(found: f64, wanted: f64, tolerance: f64, what: &str) {
    assert!((found - wanted).abs() <= tolerance * wanted.abs().max(1.0), "{what}: {found} against {wanted}");
}

const STRATEGIES: [&str; 6] = ["mar", "j2r", "cir", "causal:0.5", "cr", "rtb-mean"];

#[test]
fn fit_conditional_means_and_jackknife_are_those_of_r() {
    let wanted = expected();
    for name in STRATEGIES {
        let trial = trial(&["M3", "M6"], Some(Strategy::parse(name).unwrap())).in_canonical_order();
        let imputation = Imputation::new(trial, CellStructure::Us, Covariance::Shared).unwrap();
        let set = if name == "mar" { "fit.observed" } else { "fit.before_events" };
        for (route, loose) in [("", 1.0), (".gls", 1e3)] {
            let fit = &wanted[&format!("{set}{route}")];
            let what = format!("{name}{route}");
            close(imputation.fit.log_lik, number(&fit["log_lik"]), 1e-10 * loose, &what);
            let beta = &imputation.fit.beta;
            // Four means, two slopes of the baseline, age, two sites, grade. The age is centred: only the means are moved by it.
            let of = |term: &str| number(&fit["beta"][term]);
            close(beta[0] - beta[2], of("treatmentEV"), 1e-7 * loose, &what);
            close(beta[3] - beta[2], of("visitM6"), 1e-7 * loose, &what);
            close(beta[4], of("base"), 1e-7 * loose, &what);
            for (place, term) in [(6, "age"), (7, "siteSOUTH"), (8, "siteWEST"), (9, "grade")] {
                close(beta[place], of(term), 1e-7 * loose, &format!("{what} {term}"));
            }
            for (i, row) in fit["sigma"].as_array().unwrap().iter().enumerate() {
                for (j, value) in row.as_array().unwrap().iter().enumerate() {
                    close(imputation.fit.sigma[4 * i + j], number(value), 1e-7 * loose, &format!("{what} covariance"));
                }
            }
            for record in wanted[&format!("{name}.estimates{route}")].as_array().unwrap() {
                let analysis = if record["analysis"] == "ancova" { Analysis::Ancova } else { Analysis::MeanDifference };
                let at = record["v"].as_u64().unwrap() as usize - 1;
                let jackknife = imputation.jackknife(analysis, at, DeltaCells::All).unwrap();
                let what = format!("{what} {record}");
                close(jackknife.full.estimate, number(&record["estimate"]), 1e-7 * loose, &what);
                close(jackknife.covariance(false)[0].sqrt(), number(&record["std_error"]), 1e-6 * loose, &what);
            }
        }
        let regressions = imputation.regressions(&imputation.fit.sigma);
        let everyone = vec![true; imputation.trial.patients.len()];
        let done = imputation.complete(&imputation.fit.beta, &regressions, &everyone, false, None).unwrap();
        let list = wanted[&format!("{name}.imputed")].as_array().unwrap();
        assert!(list.len() > 20);
        for value in list {
            let i = imputation.trial.patients.iter().position(|p| value["usubjid"] == p.label.as_str()).unwrap();
            let cell = value["cell"].as_u64().unwrap() as usize - 1;
            close(done[i][cell], number(&value["value"]), 1e-7, &format!("{name} {value}"));
        }
    }
}

#[test]
fn tipping_points_are_where_r_finds_them_by_bisection() {
    let wanted = expected();
    for name in ["mar", "j2r"] {
        let trial = trial(&["M3", "M6"], Some(Strategy::parse(name).unwrap()));
        let found = run(trial, &Request { at: 1, tipping: true, ..Request::default() }).unwrap().tipping.unwrap();
        let roots = &wanted[&format!("{name}.tipping")];
        for (list, key) in [
            (&found.delta_active, "delta_active"),
            (&found.delta_placebo, "delta_placebo"),
            (&found.opposite, "opposite"),
        ] {
            let expected: Vec<f64> = match &roots[key] {
                Value::Array(list) => list.iter().map(number).collect(),
                one => vec![number(one)],
            };
            // R looks for the nearest on each side of 0.
            let of = |side: f64| {
                list.iter().copied().filter(|root| root * side > 0.0).min_by(|a, b| a.abs().total_cmp(&b.abs()))
            };
            let nearest: Vec<f64> = [-1.0, 1.0].into_iter().filter_map(of).collect();
            assert_eq!(nearest.len(), expected.len(), "{name} {key}: {list:?} {expected:?}");
            nearest.iter().zip(expected).for_each(|(root, expected)| close(*root, expected, 1e-5, key));
        }
    }
}

/// Both kinds of draws against draws of R's own, within four Monte Carlo errors of both.
#[test]
fn draws_are_those_of_r() {
    let wanted = expected();
    for (method, id, m) in [
        (Method::Bayes(Prior::Jeffreys), "last.bayes", 4000),
        (Method::ApproximateBayes, "last.approximate_bayes", 2000),
    ] {
        let request = Request { method, m: Some(m), ..Request::default() };
        let found = run(trial(&["M6"], None), &request).unwrap();
        let expected = &wanted[id];
        let error = found.mcse.unwrap().hypot(number(&expected["mcse"]));
        let distance = (found.estimate - number(&expected["estimate"])).abs();
        assert!(distance < 4.0 * error, "{id}: {} against {}, error {error}", found.estimate, expected["estimate"]);
        // The relative error of a variance of M draws is √(2/M); thinned draws of R are dependent a little.
        let error = 4.0 * (2.0 / m as f64 + 4.0 / number(&expected["m"])).sqrt();
        for (name, value) in [("between", found.between.unwrap()), ("within", found.within.unwrap())] {
            let ratio = value / number(&expected[name]);
            assert!((ratio - 1.0).abs() < error, "{id} {name}: {ratio}, error {error}");
        }
        if id == "last.approximate_bayes" {
            // One sample in about thirty has no patient of some site and is drawn again.
            let share = found.redrawn.unwrap() as f64 / m as f64;
            let of_r = number(&expected["redrawn"]) / number(&expected["m"]);
            assert!((share - of_r).abs() < 4.0 * (2.0 * of_r / m as f64).sqrt(), "{share} against {of_r}");
        }
    }
}
