//! What is computed after a linear mixed model is fitted, against clubSandwich, lme4, nlme and performance
//! (`tests/reference/r/post_fit/make.R`).

use crate::model_generalised::follow_up;
use crate::reference_cases::{Case, Coverage, Finish, Load, Reference, number};
use serde_json::Value;
use splitknee::model::diagnostics::{qq_points, random_effects, residuals, summarise};
use splitknee::model::influence::{influence, refit_without_each, summarise_influence};
use splitknee::model::patient_blocks::PatientBlock;
use splitknee::model::r_squared::{explained_variance, pair_correlations};
use splitknee::model::robust::{RobustKind, robust_covariance};
use splitknee::model::{Column, Columns, Ddf, Fit, FitOptions, Formula, Information, LsMeansSpec, fit};

/// lme4's optimum is known to about 1e-7 in the variance ratios.
const TOLERANCE: f64 = 2e-6;

const FIXED: &str = "change ~ treatment*visit + basec";

fn trial() -> Columns {
    follow_up(&Case::load("r", "gee_glmm_simA").expect("case").data).expect("columns")
}

fn model(data: &Columns, random: &str) -> Fit {
    fit(data, &Formula::parse(&format!("{FIXED} + {random}")).expect("formula"), &FitOptions::default()).expect("fit")
}

fn random_part(name: &str) -> &'static str {
    match name {
        "nested" => "(1|usubjid) + (1|usubjid:knee)",
        "slope" => "(1+month|usubjid)",
        _ => "ar1(visit|usubjid:knee)",
    }
}

fn weights(model: &Fit, terms: &[&str]) -> Vec<f64> {
    model.coefficient_names().iter().map(|name| f64::from(u8::from(terms.contains(&name.as_str())))).collect()
}

fn compare_robust(coverage: &mut Coverage, result: &Reference, model: &Fit, blocks: &[PatientBlock], kind: RobustKind) {
    let robust = robust_covariance(blocks, kind).expect("covariance");
    let estimates = model.coefficient_estimates();
    let vcov = robust.vcov();
    for (i, row) in result.values["vcov"].as_array().expect("vcov").iter().enumerate() {
        for (j, expected) in row.as_array().expect("row").iter().enumerate() {
            let scale = (vcov[i][i] * vcov[j][j]).sqrt();
            let close = (number(expected).expect("number") - vcov[i][j]).abs() < TOLERANCE * scale;
            coverage.check(result, &format!("vcov {i} {j}: {expected} {}", vcov[i][j]), close);
        }
    }
    for row in result.values["coef"].as_array().expect("coef") {
        let term = row["term"].as_str().expect("term");
        let test = robust.contrast(&weights(model, &[term]), estimates, 0.95).expect("contrast");
        let figures =
            [("estimate", Some(test.estimate)), ("se", Some(test.std_error)), ("df", test.df), ("p", test.p_value)];
        for (key, ours) in figures {
            // The p-value multiplies the error of the statistic by its square.
            let t = test.statistic.unwrap_or(0.0);
            let tolerance = if key == "p" { TOLERANCE * (10.0 + t * t) } else { TOLERANCE };
            coverage.close_to(result, &format!("{term} {key}"), number(&row[key]).expect("number"), ours, tolerance);
        }
    }
    let test =
        robust.contrast(&weights(model, &["treatmentEV", "treatmentEV:visitM6"]), estimates, 0.95).expect("contrast");
    // The same through the inference, as the reports take it.
    let inference = model.inference(Ddf::Satterthwaite, Information::Observed, 0.95).expect("inference");
    let inference = inference.with_robust(kind).expect("robust");
    let named = inference.ls_differences(&LsMeansSpec::parse("treatment|visit")).expect("differences");
    assert!(named[2].levels.get("visit") == Some("M6") && named[2].contrast == "EV - PLACEBO");
    assert_eq!(named[2].test.map(|t| (t.df, t.conf_low)), Some((test.df, test.conf_low)));
    assert!((named[2].test.expect("test").std_error / test.std_error - 1.0).abs() < 1e-12);
    assert_eq!(inference.vcov(), vcov.concat());
    let figures = [
        ("estimate", Some(test.estimate)),
        ("se", Some(test.std_error)),
        ("df", test.df),
        ("conf_low", test.conf_low),
        ("conf_high", test.conf_high),
    ];
    for (key, ours) in figures {
        coverage.close(result, &format!("contrast.{key}"), ours, TOLERANCE);
    }
}

/// Compares a list row by row; `scale` is the size that the tolerance refers to.
fn compare_list(coverage: &mut Coverage, result: &Reference, key: &str, ours: &[f64], scale: f64) {
    let expected: Vec<f64> = result.values[key].as_array().expect(key).iter().filter_map(number).collect();
    coverage.check(
        result,
        &format!("{key}: {} values against {}", ours.len(), expected.len()),
        ours.len() == expected.len(),
    );
    for (index, (value, expected)) in ours.iter().zip(&expected).enumerate() {
        coverage.check(result, &format!("{key} {index}: {value} {expected}"), (value - expected).abs() < 5e-6 * scale);
    }
}

#[test]
fn against_the_references() {
    let case = Case::load("r", "post_fit").expect("case");
    let data = trial();
    let mut coverage = Coverage::new(&case);
    for name in ["nested", "slope", "ar1"] {
        let model = model(&data, random_part(name));
        let blocks = model.patient_blocks().expect("blocks");
        let own = |suffix: &str| case.results.iter().find(|r| r.id == format!("{name}.{suffix}"));
        for kind in [RobustKind::Cr0, RobustKind::Cr2, RobustKind::Cr3] {
            compare_robust(&mut coverage, own(&kind.name().to_uppercase()).expect("result"), &model, &blocks, kind);
        }
        let rows = residuals(&model, &blocks).expect("residuals");
        if let Some(result) = own("ranef") {
            let effects = random_effects(&blocks);
            for row in result.values["effects"].as_array().expect("effects") {
                let text = |key: &str| row[key].as_str().expect("text").to_owned();
                let (group, level) = (text("group").replace("knee", "usubjid:knee"), text("level"));
                let found = effects.iter().find(|e| e.group == group && e.level == level && e.term == text("term"));
                let expected = number(&row["estimate"]).expect("number");
                let close = found.is_some_and(|e| (e.estimate - expected).abs() < 1e-5);
                coverage.check(result, &format!("{group} {level}: {expected} {:?}", found.map(|e| e.estimate)), close);
                coverage.close_to(result, "sd", number(&row["sd"]).expect("sd"), found.map(|e| e.conditional_sd), 1e-5);
            }
            compare_list(
                &mut coverage,
                result,
                "residuals",
                &rows.iter().map(|r| r.conditional).collect::<Vec<_>>(),
                10.0,
            );
            compare_list(
                &mut coverage,
                result,
                "fitted",
                &rows.iter().map(|r| r.fitted_conditional).collect::<Vec<_>>(),
                10.0,
            );
            compare_list(
                &mut coverage,
                result,
                "marginal",
                &rows.iter().map(|r| r.fitted_marginal).collect::<Vec<_>>(),
                10.0,
            );
        }
        if let Some(result) = own("r2") {
            // The slope among the fixed effects: see make.R.
            let month = "change ~ treatment*month + basec + (1+month|usubjid)";
            let slope = fit(&data, &Formula::parse(month).expect("formula"), &FitOptions::default()).expect("fit");
            let fitted = if name == "slope" { &slope } else { &model };
            let ours = explained_variance(fitted, &fitted.patient_blocks().expect("blocks")).expect("variance");
            coverage.close(result, "r2_marginal", Some(ours.r2_marginal), TOLERANCE);
            coverage.close(result, "r2_conditional", ours.r2_conditional, TOLERANCE);
            coverage.close(result, "icc", ours.icc, TOLERANCE);
        }
        if let Some(result) = own("normalized") {
            compare_list(
                &mut coverage,
                result,
                "normalised",
                &rows.iter().map(|r| r.normalised).collect::<Vec<_>>(),
                1.0,
            );
        }
        if let Some(result) = own("pair_correlation") {
            let column = |name: &str| match model.frame.data.column(name).or(data.column(name)).expect("column") {
                Column::Categorical { levels, codes } => {
                    codes.iter().map(|c| levels[c.expect("level") as usize].clone()).collect()
                }
                Column::Numeric(_) => Vec::<String>::new(),
            };
            let pairs = pair_correlations(&blocks, &column("visit"), &column("knee"));
            assert_eq!(pairs.iter().map(|p| p.visit.as_str()).collect::<Vec<_>>(), ["M1", "M3", "M6"]);
            for pair in &pairs {
                coverage.close(result, "correlation", Some(pair.correlation), 1e-5);
                assert!((pair.range.1 - pair.range.0).abs() < 1e-12 && pair.n_pairs > 30);
            }
        }
        if let Some(result) = own("influence") {
            let ours = influence(&blocks).expect("influence");
            let leverage: f64 = ours.iter().map(|p| p.leverage).sum();
            coverage.check(result, "leverages sum to the number of coefficients", (leverage - 7.0).abs() < 1e-9);
            let unit = weights(&model, &["treatmentEV"]);
            let estimate = model.coefficient_estimates()[1];
            let summary = summarise_influence(&ours, &unit, estimate).expect("summary");
            assert!(
                summary.lowest.0 < estimate && estimate < summary.highest.0 && !summary.sign_depends_on_one_patient
            );
            assert!(summary.indispensable.is_empty() && !summary.conspicuous.is_empty());
            let list = result.values["patients"].as_array().expect("patients");
            coverage.check(result, "every patient", list.len() == ours.len());
            for row in list {
                let patient = row["patient"].as_str().expect("patient");
                let found = ours.iter().find(|p| p.patient == patient).expect("patient");
                coverage.close_to(result, patient, number(&row["cook"]).expect("cook"), found.cooks_distance, 2e-5);
                for (j, expected) in row["change"].as_array().expect("change").iter().enumerate() {
                    let unit: Vec<f64> = (0..7).map(|k| f64::from(u8::from(k == j))).collect();
                    let change = found.contrast_change(&unit).expect("change");
                    coverage.check(
                        result,
                        &format!("{patient} {j}"),
                        (change - number(expected).expect("number")).abs() < 1e-6,
                    );
                }
            }
        }
        if let Some(result) = own("leave_one_out") {
            let contrast = weights(&model, &["treatmentEV", "treatmentEV:visitM6"]);
            let list: Vec<&Value> = result.values["patients"].as_array().expect("patients").iter().collect();
            let first: Vec<PatientBlock> = blocks.iter().take(list.len()).cloned().collect();
            let ours = refit_without_each(&model, &data, &first, &contrast, &FitOptions::default());
            for (row, own) in list.iter().zip(&ours) {
                coverage.check(result, "same patient", row["patient"].as_str() == Some(own.patient.as_str()));
                coverage.close_to(
                    result,
                    &own.patient,
                    number(&row["estimate"]).expect("number"),
                    own.estimate,
                    TOLERANCE,
                );
            }
        }
    }
    coverage.finish();
}

/// Σ normalised² is the quadratic form of the likelihood: n − p under REML with a free scale.
#[test]
fn normalised_residuals_have_the_right_size() {
    let data = trial();
    for name in ["nested", "slope", "ar1"] {
        let model = model(&data, random_part(name));
        let rows = residuals(&model, &model.patient_blocks().expect("blocks")).expect("residuals");
        let sum: f64 = rows.iter().map(|r| r.normalised * r.normalised).sum();
        let expected = (model.n_obs() - model.coefficient_names().len()) as f64;
        assert!((sum / expected - 1.0).abs() < 1e-8, "{name}: {sum} {expected}");
        let summary = summarise(&rows);
        assert_eq!(summary.n, model.n_obs());
        assert!(
            summary.sd > 0.9 && summary.sd < 1.05 && summary.qq_correlation.is_some_and(|r| r > 0.97),
            "{summary:?}"
        );
        assert_eq!(summary.largest.len(), 5);
        assert!(summary.largest[0].normalised.abs() >= summary.largest[1].normalised.abs());
    }
}

/// R 4.2.2: qqnorm(c(3, 1, 2, 10))$x and qqnorm(1:11)$x[1].
#[test]
fn qq_plot_coordinates() {
    let points = qq_points(&[3.0, 1.0, f64::NAN, 2.0, 10.0]);
    let expected = [
        (-1.049_131_397_963_971_2, 1.0),
        (-0.299_306_910_465_667, 2.0),
        (0.299_306_910_465_667, 3.0),
        (1.049_131_397_963_971_2, 10.0),
    ];
    for (point, (x, y)) in points.iter().zip(expected) {
        assert!((point.theoretical - x).abs() < 1e-12 && point.sample == y, "{point:?}");
    }
    let eleven: Vec<f64> = (1..=11).map(f64::from).collect();
    assert!((qq_points(&eleven)[0].theoretical + 1.690_621_629_584_897_7).abs() < 1e-12, "{:?}", qq_points(&eleven)[0]);
}

/// Complete pairs and one comparison: CR2 is the paired t-test, estimate, standard error and df.
#[test]
fn cr2_of_complete_pairs_is_the_paired_t_test() {
    // R 4.2.2, t.test(extra ~ group, sleep, paired = TRUE): difference 1.58, se 0.3889587, df 9.
    let one = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    let two = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
    let mut data = Columns::new();
    data.add_numeric("y", one.iter().chain(&two).copied().collect()).expect("column");
    data.add_numeric("arm", (0..20).map(|i| f64::from(u8::from(i >= 10))).collect()).expect("column");
    data.add_categorical("id", (0..20).map(|i| Some(format!("{:02}", i % 10)))).expect("column");
    let model = fit(&data, &Formula::parse("y ~ arm + (1|id)").expect("formula"), &FitOptions::default()).expect("fit");
    let blocks = model.patient_blocks().expect("blocks");
    let robust = robust_covariance(&blocks, RobustKind::Cr2).expect("covariance");
    let test = robust.contrast(&[0.0, 1.0], model.coefficient_estimates(), 0.95).expect("contrast");
    let differences: Vec<f64> = one.iter().zip(two).map(|(a, b)| b - a).collect();
    let mean = differences.iter().sum::<f64>() / 10.0;
    let se = (differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 90.0).sqrt();
    assert!((test.estimate - 1.58).abs() < 1e-10);
    assert!((test.std_error / se - 1.0).abs() < 1e-8, "{} {se}", test.std_error);
    assert!((test.df.expect("df") - 9.0).abs() < 1e-6, "{:?}", test.df);
    // The jackknife-like CR3 multiplies every residual by n/(n − 1) here.
    let cr3 = robust_covariance(&blocks, RobustKind::Cr3).expect("covariance");
    let wider = cr3.contrast(&[0.0, 1.0], model.coefficient_estimates(), 0.95).expect("contrast");
    assert!((wider.std_error / (se * (10.0_f64 / 9.0).sqrt()) - 1.0).abs() < 1e-8);
}

/// A coefficient that only one patient informs: CR3 and Cook's distance do not exist, CR2 does.
#[test]
fn a_patient_who_alone_determines_a_coefficient() {
    let mut data = Columns::new();
    data.add_numeric("y", vec![1.0, 2.0, 4.0, 3.5, 2.0, 5.0, 0.5, 1.0]).expect("column");
    data.add_numeric("arm", [0.0, 1.0].repeat(4)).expect("column");
    data.add_numeric("only", vec![1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]).expect("column");
    data.add_categorical("id", ["a", "a", "b", "b", "c", "c", "d", "d"].map(Some)).expect("column");
    let model =
        fit(&data, &Formula::parse("y ~ arm + only + (1|id)").expect("formula"), &FitOptions::default()).expect("fit");
    let blocks = model.patient_blocks().expect("blocks");
    assert!(
        robust_covariance(&blocks, RobustKind::Cr3)
            .map(|r| r.vcov())
            .expect_err("refused")
            .to_string()
            .contains("alone")
    );
    let cr2 = robust_covariance(&blocks, RobustKind::Cr2).expect("covariance");
    assert!(cr2.vcov().concat().iter().all(|x| x.is_finite()));
    let ours = influence(&blocks).expect("influence");
    assert!(ours[0].cooks_distance.is_none() && ours[0].change.is_empty() && ours[1].cooks_distance.is_some());
    let left_out = refit_without_each(&model, &data, &blocks[..1], &[0.0, 1.0, 0.0], &FitOptions::default());
    assert!(
        left_out[0].estimate.is_none()
            && left_out[0].reason.as_deref().is_some_and(|r| r.contains("cannot be estimated"))
    );
}
