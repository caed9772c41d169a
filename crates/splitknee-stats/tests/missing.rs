//! The missing-data module against figures computed elsewhere (`tests/reference/README.md`).

use serde_json::Value;
use splitknee_stats::math::linalg;
use splitknee_stats::missing::analysis::Analysis;
use splitknee_stats::missing::bayes::Prior;
use splitknee_stats::missing::conditional::Conditional;
use splitknee_stats::missing::condmean::Imputation;
use splitknee_stats::missing::delta::{DeltaCells, Surface};
use splitknee_stats::missing::run::{Inference, surface};
use splitknee_stats::missing::trial::FitValues;
use splitknee_stats::missing::two_means::two_means;
use splitknee_stats::missing::{Covariance, Event, Method, Patient, Request, Strategy, Trial, law, run};
use splitknee_stats::model::cells::CellStructure;
use std::collections::HashMap;

fn folder(case: &str) -> String {
    format!("{}/tests/reference/{case}", env!("CARGO_MANIFEST_DIR"))
}

fn rows(case: &str, file: &str) -> Vec<HashMap<String, String>> {
    let text = std::fs::read_to_string(format!("{}/{file}", folder(case))).unwrap();
    let mut lines = text.lines();
    let names: Vec<String> = lines.next().unwrap().split(',').map(str::to_owned).collect();
    lines.map(|l| names.iter().cloned().zip(l.split(',').map(str::to_owned)).collect()).collect()
}

fn expected(case: &str) -> HashMap<String, Value> {
    let text = std::fs::read_to_string(format!("{}/expected.json", folder(case))).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let list = json["results"].as_array().unwrap();
    list.iter().map(|r| (r["id"].as_str().unwrap().to_owned(), r["values"].clone())).collect()
}

fn number(v: &Value) -> f64 {
    v.as_f64().unwrap_or(f64::NAN)
}

fn close(found: f64, wanted: f64, tolerance: f64, what: &str) {
    let scale = wanted.abs().max(1.0);
    assert!((found - wanted).abs() <= tolerance * scale, "{what}: {found} against {wanted}");
}

/// The trial of a case: changes by month, every event handled alike.
fn trial(case: &str, months: &[i32], strategy: Strategy) -> Trial {
    let mut scores: HashMap<(String, usize, i32), f64> = HashMap::new();
    let mut knees: HashMap<(String, String), usize> = HashMap::new();
    let mut ids: Vec<String> = Vec::new();
    for row in rows(case, "data.csv") {
        let (id, arm) = (row["usubjid"].clone(), usize::from(row["treatment"] != "EV"));
        knees.insert((id.clone(), row["laterality"].clone()), arm);
        if !ids.contains(&id) {
            ids.push(id.clone());
        }
        let outcome = if case == "missing_simB" { "womac_total" } else { "vas" };
        if let Ok(v) = row[outcome].parse() {
            scores.insert((id, arm, row["month"].parse().unwrap()), v);
        }
    }
    let mut patients: Vec<Patient> = ids
        .iter()
        .map(|id| {
            let baseline = [0, 1].map(|arm| scores[&(id.clone(), arm, 0)]);
            let values = (0..2 * months.len())
                .map(|c| {
                    let arm = c / months.len();
                    scores.get(&(id.clone(), arm, months[c % months.len()])).map(|v| v - baseline[arm])
                })
                .collect();
            Patient { label: id.clone(), baseline, values, events: [None, None], covariates: Vec::new() }
        })
        .collect();
    for row in rows(case, "events.csv") {
        let visit = months.iter().position(|m| m.to_string() == row["month"]).unwrap();
        let patient = patients.iter_mut().find(|p| p.label == row["usubjid"]).unwrap();
        let arms = match row["laterality"].as_str() {
            "" => vec![0, 1],
            side => vec![knees[&(row["usubjid"].clone(), side.to_owned())]],
        };
        for arm in arms {
            if patient.events[arm].is_none_or(|e| e.visit > visit) {
                patient.events[arm] = Some(Event { visit, strategy });
            }
        }
    }
    let visits = months.iter().map(|m| format!("M{m}")).collect();
    Trial {
        visits,
        patients,
        has_baseline: true,
        covariates: Vec::new(),
        fit_values: FitValues::default(),
        discard: false,
    }
}

/// What the reference calls a strategy.
fn named(case: &str, name: &str) -> (Trial, Covariance) {
    let (base, covariance) = match name.strip_suffix(".reference_cov") {
        Some(base) => (base, Covariance::Reference),
        None => (name, Covariance::Shared),
    };
    let discard = base.ends_with(".discard");
    let strategy = match base.trim_end_matches(".discard") {
        "causal_0.5" => Strategy::Causal(0.5),
        other => Strategy::parse(other).unwrap(),
    };
    let mut trial = trial(case, &[1, 3, 6], strategy);
    trial.discard = discard;
    if strategy == Strategy::LastMean {
        for p in &mut trial.patients {
            for event in p.events.iter_mut().flatten().filter(|e| e.visit == 0) {
                event.strategy = Strategy::TreatmentPolicy;
            }
        }
        trial.fit_values = FitValues::PostEventExcluded;
    }
    (trial.in_canonical_order(), covariance)
}

const ANALYSES: [(Analysis, &str); 2] = [(Analysis::MeanDifference, "mean_difference"), (Analysis::Ancova, "ancova")];

fn estimates(imputation: &Imputation, wanted: &Value, what: &str) {
    for record in wanted.as_array().unwrap() {
        let at = imputation.trial.visits.iter().position(|v| record["visit"] == v.as_str()).unwrap();
        let (analysis, _) = *ANALYSES.iter().find(|a| record["analysis"] == a.1).unwrap();
        let jackknife = imputation.jackknife(analysis, at, DeltaCells::All).unwrap();
        let (found, _, _) = surface(&jackknife, Inference::JackknifeT, 0.95);
        let what = format!("{what} {} {}", record["analysis"], record["visit"]);
        close(found.estimate, number(&record["estimate"]), 1e-7, &what);
        close(found.q[0].sqrt(), number(&record["std_error"]), 1e-6, &format!("{what} SE"));
    }
}

fn strategies(case: &str) {
    let wanted = expected(case);
    let mut compared = 0;
    for name in [
        "mar",
        "hypothetical",
        "j2r",
        "cir",
        "cr",
        "lmcf",
        "rtb",
        "rtb_mean",
        "causal_0.5",
        "j2r.discard",
        "j2r.reference_cov",
        "cir.reference_cov",
        "cr.reference_cov",
    ] {
        let (trial, covariance) = named(case, name);
        let imputation = Imputation::new(trial, CellStructure::Us, covariance).unwrap();
        let what = format!("{case} {name}");
        let fit = &wanted[if name == "mar" { "fit.observed" } else { "fit.post_event_excluded" }];
        close(imputation.fit.log_lik, number(&fit["logLik"]), 1e-9, &format!("{what} log-likelihood"));
        for (i, row) in fit["cov_matrix"].as_array().unwrap().iter().enumerate() {
            for (j, v) in row.as_array().unwrap().iter().enumerate() {
                close(imputation.fit.sigma[i * 6 + j], number(v), 1e-7, &format!("{what} covariance {i} {j}"));
            }
        }
        let beta: HashMap<&str, f64> = fit["beta"]
            .as_array()
            .unwrap()
            .iter()
            .map(|b| (b["term"].as_str().unwrap(), number(&b["estimate"])))
            .collect();
        let own = &imputation.fit.beta;
        close(own[3], beta["(Intercept)"], 1e-8, &format!("{what} intercept"));
        close(own[0] - own[3], beta["treatmentEV"], 1e-8, &format!("{what} effect"));
        close(own[8] - own[6], beta["visitM6:baseline"], 1e-8, &format!("{what} slope"));
        let all = vec![true; imputation.trial.patients.len()];
        let regressions = imputation.regressions(&imputation.fit.sigma);
        let completed = imputation.complete(&imputation.fit.beta, &regressions, &all, false, None).unwrap();
        let list = wanted[&format!("{name}/condmean.imputed")].as_array().unwrap();
        let n_imputed: usize = imputation.condition.iter().flatten().filter(|v| v.is_none()).count();
        assert_eq!(list.len(), n_imputed, "{what}");
        for value in list {
            let i = imputation.trial.patients.iter().position(|p| value["usubjid"] == p.label.as_str()).unwrap();
            let v = imputation.trial.visits.iter().position(|v| value["visit"] == v.as_str()).unwrap();
            let cell = if value["treatment"] == "EV" { v } else { v + 3 };
            close(completed[i][cell], number(&value["value"]), 1e-7, &format!("{what} {value}"));
            compared += 1;
        }
        estimates(&imputation, &wanted[&format!("{name}/condmean.estimates")], &what);
    }
    assert!(compared > 300);
    for (structure, prefix) in [
        (CellStructure::KronUsUs, "kron-us-us"),
        (CellStructure::KronCsUs, "kron-cs-us"),
        (CellStructure::IndependentShared, "independent-shared"),
        (CellStructure::Independent, "independent"),
    ] {
        for name in ["j2r", "hypothetical"] {
            let (trial, mut covariance) = named(case, name);
            if structure == CellStructure::Independent {
                covariance = Covariance::Reference;
            }
            let imputation = Imputation::new(trial, structure, covariance).unwrap();
            let log_lik = number(&wanted[&format!("{prefix}/fit.post_event_excluded")]["logLik"]);
            close(imputation.fit.log_lik, log_lik, 1e-9, &format!("{case} {prefix} log-likelihood"));
            estimates(
                &imputation,
                &wanted[&format!("{prefix}/{name}/condmean.estimates")],
                &format!("{case} {prefix} {name}"),
            );
        }
    }
}

#[test]
fn strategies_of_trial_a() {
    strategies("missing_simA");
}

#[test]
fn strategies_of_trial_b() {
    strategies("missing_simB");
}

fn roots(found: &[f64], wanted: &Value, what: &str) {
    let wanted: Vec<f64> = match wanted {
        Value::Array(list) => list.iter().map(number).collect(),
        Value::Null => Vec::new(),
        one => vec![number(one)],
    };
    assert_eq!(found.len(), wanted.len(), "{what}: {found:?} {wanted:?}");
    for (f, w) in found.iter().zip(wanted) {
        close(*f, w, 1e-5, what);
    }
}

fn tipping_of(surface: &Surface, wanted: &Value, what: &str) {
    let tipping = surface.tipping(0.0, 1.959_963_984_540_054);
    roots(&tipping.delta_active, &wanted["delta_active_only"], &format!("{what} active"));
    roots(&tipping.delta_placebo, &wanted["delta_placebo_only"], &format!("{what} placebo"));
    if wanted.get("both_equal").is_some() {
        roots(&tipping.equal, &wanted["both_equal"], &format!("{what} equal"));
    }
    roots(&tipping.opposite, &wanted["opposite"], &format!("{what} opposite"));
}

fn grid(surface: &Surface, wanted: &Value, what: &str) {
    for point in wanted.as_array().unwrap() {
        let delta = [number(&point["delta_active"]), number(&point["delta_placebo"])];
        close(surface.estimate(delta), number(&point["estimate"]), 1e-7, &format!("{what} {delta:?}"));
        close(surface.variance(delta).sqrt(), number(&point["std_error"]), 1e-6, &format!("{what} {delta:?} SE"));
    }
}

#[test]
fn delta_and_tipping_points() {
    for case in ["missing_simA", "missing_simB"] {
        let wanted = expected(case);
        for name in ["mar", "j2r"] {
            let (trial, covariance) = named(case, name);
            let imputation = Imputation::new(trial, CellStructure::Us, covariance).unwrap();
            for (analysis, label) in ANALYSES {
                let what = format!("{case} {name} {label}");
                let jackknife = imputation.jackknife(analysis, 2, DeltaCells::All).unwrap();
                let (found, _, _) = surface(&jackknife, Inference::JackknifeNormal, 0.95);
                let tipping = &wanted[&format!("{name}/tipping.{label}.M6")];
                close(found.weights[0], number(&tipping["weight_active"]), 1e-9, &what);
                close(found.weights[1], number(&tipping["weight_placebo"]), 1e-9, &what);
                tipping_of(&found, tipping, &what);
                grid(&found, &wanted[&format!("{name}/delta.{label}.M6")], &what);
            }
        }
        let two: Vec<[Option<f64>; 2]> =
            named(case, "mar").0.patients.iter().map(|p| [p.values[2], p.values[5]]).collect();
        let found = two_means(&two).unwrap();
        let figures = &wanted["two_means.M6"];
        close(found.estimate, number(&figures["estimate"]), 1e-10, "two means");
        tipping_of(&found, figures, &format!("{case} two means"));
        grid(&found, &figures["grid"], "two means");
        // Information-anchored: MAR's jackknife plus the frozen shift.
        let (trial, covariance) = named(case, "j2r.discard");
        let imputation = Imputation::new(trial, CellStructure::Us, covariance).unwrap();
        for (analysis, label) in ANALYSES {
            let jackknife = imputation.jackknife(analysis, 2, DeltaCells::All).unwrap();
            let (found, _, _) = surface(&jackknife, Inference::InformationAnchored, 0.95);
            let figures = &wanted["j2r.discard/information_anchored.M6"][label];
            close(found.estimate, number(&figures["estimate"]), 1e-7, "anchored");
            close(found.q[0].sqrt(), number(&figures["std_error"]), 1e-6, &format!("{case} {label} anchored SE"));
        }
    }
}

#[test]
fn laws_and_conditional_laws() {
    const CELLS: [&str; 6] = ["EV.M1", "EV.M3", "EV.M6", "PLACEBO.M1", "PLACEBO.M3", "PLACEBO.M6"];
    let place = |name: &str| CELLS.iter().position(|c| *c == name).unwrap();
    let mut covariances: HashMap<String, Vec<f64>> = HashMap::new();
    for row in rows("missing_laws", "covariances.csv") {
        let matrix = covariances.entry(row["covariance"].clone()).or_insert_with(|| vec![0.0; 36]);
        matrix[place(&row["row"]) * 6 + place(&row["col"])] = row["value"].parse().unwrap();
    }
    type Pattern = (Vec<f64>, Vec<f64>, Vec<Option<f64>>);
    let mut patterns: HashMap<String, Pattern> = HashMap::new();
    for row in rows("missing_laws", "data.csv") {
        let entry =
            patterns.entry(row["pattern"].clone()).or_insert_with(|| (vec![0.0; 6], vec![0.0; 6], vec![None; 6]));
        let cell = place(&row["cell"]);
        entry.0[cell] = row["mean"].parse().unwrap();
        entry.1[cell] = row["reference_mean"].parse().unwrap();
        entry.2[cell] = row["value"].parse().ok();
    }
    let events: HashMap<String, Option<usize>> = rows("missing_laws", "events.csv")
        .into_iter()
        .map(|r| (r["pattern"].clone(), r["event_visit"].parse::<usize>().ok().map(|v| v - 1)))
        .collect();
    let mut compared = 0;
    for (id, wanted) in expected("missing_laws") {
        let parts: Vec<&str> = id.split('/').collect();
        let [covariance, pattern, strategy, kind] = parts.as_slice() else { continue };
        let sigma = &covariances[*covariance];
        let (mean, reference, values) = &patterns[*pattern];
        let strategy = match *strategy {
            "causal_0.5" => Strategy::Causal(0.5),
            other => Strategy::parse(other).unwrap(),
        };
        let event = events[*pattern].map(|visit| Event { visit, strategy });
        let kind = if *kind == "shared" { Covariance::Shared } else { Covariance::Reference };
        let moved = law::mean(mean, reference, &[0.0; 6], event);
        for (f, w) in moved.iter().zip(wanted["law_mean"].as_array().unwrap()) {
            close(*f, number(w), 1e-10, &id);
        }
        let tilde = law::covariance(sigma, kind, event).unwrap_or_else(|| sigma.clone());
        let seen: Vec<bool> = values.iter().map(Option::is_some).collect();
        let conditional = Conditional::new(&tilde, &seen).unwrap();
        let found: Vec<(usize, f64)> = conditional.mean(&moved, values).collect();
        let names: Vec<&str> = found.iter().map(|f| CELLS[f.0]).collect();
        let missing = &wanted["missing"];
        let listed: Vec<&str> = match missing {
            Value::Array(list) => list.iter().map(|v| v.as_str().unwrap()).collect(),
            one => vec![one.as_str().unwrap()],
        };
        assert_eq!(names, listed, "{id}");
        let flat = |v: &Value| -> Vec<f64> {
            fn walk(v: &Value, out: &mut Vec<f64>) {
                match v {
                    Value::Array(list) => list.iter().for_each(|x| walk(x, out)),
                    one => out.push(number(one)),
                }
            }
            let mut out = Vec::new();
            walk(v, &mut out);
            out
        };
        for (f, w) in found.iter().zip(flat(&wanted["conditional_mean"])) {
            close(f.1, w, 1e-10, &format!("{id} mean"));
        }
        let wanted = flat(&wanted["conditional_cov"]);
        assert_eq!(wanted.len(), conditional.covariance.len());
        for (f, w) in conditional.covariance.iter().zip(wanted) {
            close(*f, w, 1e-10, &format!("{id} covariance"));
        }
        // The same by the precision matrix.
        let precision = linalg::inverse_spd(&tilde, 6).unwrap();
        let u: Vec<usize> = found.iter().map(|f| f.0).collect();
        let block: Vec<f64> =
            u.iter().flat_map(|&a| u.iter().map(move |&b| (a, b))).map(|(a, b)| precision[a * 6 + b]).collect();
        let inverse = linalg::inverse_spd(&block, u.len()).unwrap();
        for (f, g) in conditional.covariance.iter().zip(inverse) {
            close(*f, g, 1e-10, &format!("{id} precision"));
        }
        compared += 1;
    }
    assert!(compared >= 240, "{compared}");
}

#[test]
fn one_visit_with_the_placebo_knee_always_observed() {
    let wanted = expected("missing_monotone");
    for name in ["mar", "j2r", "rtb"] {
        let mut data = trial("missing_monotone", &[6], Strategy::parse(name).unwrap());
        data.has_baseline = false;
        let answer = run(data.clone(), &Request::default()).unwrap();
        let figures = &wanted[&format!("{name}/condmean")];
        close(answer.estimate, number(&figures["estimate"]), 1e-10, name);
        close(answer.std_error, number(&figures["std_error"]), 1e-10, &format!("{name} SE"));
        close(answer.p_value, number(&figures["p_value_t"]), 1e-10, &format!("{name} p"));
        close(answer.conf_low, number(&figures["conf_low_t"]), 1e-10, &format!("{name} limit"));
        if name == "rtb" {
            continue;
        }
        for (prior, label) in [(Prior::Jeffreys, "jeffreys"), (Prior::Reml, "reml")] {
            let m = 4000;
            let request = Request { method: Method::Bayes(prior), m: Some(m), seed: 11, ..Request::default() };
            let found = run(data.clone(), &request).unwrap();
            let limit = &wanted[&format!("{name}/mi_limit.{label}")];
            let (between, within) = (number(&limit["between"]), number(&limit["within"]));
            let what = format!("{name} {label}");
            let sd = (between / m as f64).sqrt();
            assert!((found.estimate - number(&limit["estimate"])).abs() < 4.0 * sd, "{what} {}", found.estimate);
            // Draws are thinned to an autocorrelation below 0.1: up to a fifth more variance.
            let relative = 4.0 * (2.4 / m as f64).sqrt();
            assert!((found.between.unwrap() / between - 1.0).abs() < 1.5 * relative, "{what} {:?}", found.between);
            assert!((found.within.unwrap() / within - 1.0).abs() < relative, "{what} {:?}", found.within);
        }
    }
}

#[test]
fn multiple_imputation_within_its_monte_carlo_error() {
    let wanted = expected("missing_mi_simA");
    let m = 1000;
    for name in ["hypothetical", "cir"] {
        for (method, label) in [
            (Method::Bayes(Prior::Jeffreys), "bayes_jeffreys"),
            (Method::Bayes(Prior::Reml), "bayes_reml_prior"),
            (Method::ApproximateBayes, "approx_bayes"),
        ] {
            // Bootstrap fits are slow without optimisation: one strategy.
            if label == "approx_bayes" && name != "hypothetical" {
                continue;
            }
            for (analysis, which) in ANALYSES {
                let (trial, _) = named("missing_simA", name);
                let request = Request { method, analysis, at: 2, m: Some(m), seed: 5, ..Request::default() };
                let found = run(trial, &request).unwrap();
                let figures = &wanted[&format!("{name}/{label}.{which}.M6")];
                let what = format!("{name} {label} {which}");
                let between = number(&figures["between"]);
                let sd = (between / m as f64 * 1.2 + number(&figures["mc_se_estimate"]).powi(2)).sqrt();
                let gap = found.estimate - number(&figures["estimate"]);
                assert!(gap.abs() < 4.0 * sd, "{what}: {} gap {gap}", found.estimate);
                let relative = (2.4 / m as f64 + (number(&figures["mc_se_between"]) / between).powi(2)).sqrt();
                let off = found.between.unwrap() / between - 1.0;
                assert!(off.abs() < 4.0 * relative, "{what}: between off by {off}");
                let off = found.within.unwrap() / number(&figures["within"]) - 1.0;
                assert!(off.abs() < 0.05, "{what}: within off by {off}");
            }
        }
    }
}

/// The case's own figures for J2R and CR are not used: they differ from those of a sampler in R that was written apart from
/// this one (`studies/missing/gibbs.R`: 2125 draws, estimate −9.573483 with Monte Carlo error 0.0213, within 4.774539,
/// between 0.962229; the case has −9.6618, 4.7016, 0.9593), while for hypothetical and CIR all three agree.
#[test]
fn jump_to_reference_is_that_of_an_independent_sampler() {
    let (trial, _) = named("missing_simA", "j2r");
    let m = 2000;
    let request = Request { method: Method::Bayes(Prior::Jeffreys), at: 2, m: Some(m), seed: 5, ..Request::default() };
    let found = run(trial, &request).unwrap();
    let sd = (0.962_229 * (1.2 / m as f64 + 1.2 / 2125.0)).sqrt();
    assert!((found.estimate + 9.573_483).abs() < 4.0 * sd, "{}", found.estimate);
    assert!((found.within.unwrap() / 4.774_539 - 1.0).abs() < 0.02, "{:?}", found.within);
    assert!((found.between.unwrap() / 0.962_229 - 1.0).abs() < 0.2, "{:?}", found.between);
}
