//! Generalised estimating equations against geepack, gee and statsmodels.

use crate::model_generalised::{follow_up, respiratory};
use crate::reference_cases::{Case, Coverage, Reference, number};
use serde_json::Value;
use splitknee::model::gee::{GeeConvention, GeeCovariance, GeeFamily, GeeOptions, WorkingCorrelation, fit_gee};
use splitknee::model::gee_report::{GeeComparisons, GeeReport, gee};
use splitknee::model::{Columns, Formula, LsMeansSpec, ModelError};

/// geepack's and gee's fixed points are iterated to 1e-12.
const TOLERANCE: f64 = 1e-9;

fn report(data: &Columns, formula: &str, id: &str, options: &GeeOptions) -> Result<GeeReport, ModelError> {
    let contrasts = vec![LsMeansSpec::parse("treatment|visit")];
    let comparisons =
        if formula.contains('*') { GeeComparisons { contrasts, ..Default::default() } } else { Default::default() };
    gee(data, &Formula::parse(formula)?, id, options, &comparisons)
}

fn compare_geeglm(coverage: &mut Coverage, result: &Reference, ours: &GeeReport) {
    let naive = result.values["se_naive"].as_array().expect("se_naive");
    for (index, row) in result.values["coef"].as_array().expect("coef").iter().enumerate() {
        let term = row["term"].as_str().expect("term");
        let found = ours.coefficients.iter().find(|c| c.term == term);
        let mut close = |what: &str, expected: &Value, value: Option<f64>, tolerance: f64| {
            coverage.close_to(result, &format!("{term} {what}"), number(expected).expect("number"), value, tolerance);
        };
        close("estimate", &row["estimate"], found.map(|c| c.estimate), TOLERANCE);
        close("robust", &row["se_robust"], found.map(|c| c.std_error), TOLERANCE);
        close("wald", &row["wald"], found.and_then(|c| c.statistic).map(|z| z * z), 10.0 * TOLERANCE);
        // geepack takes 1 − pchisq(wald): 1e-16 absolute, so small p-values carry few digits.
        let p = number(&row["p"]).expect("p");
        close("p", &row["p"], found.and_then(|c| c.p_value), 1e-8 + 2e-16 / p);
        close("naive", &naive[index], found.map(|c| c.std_error_naive), TOLERANCE);
    }
    for (i, row) in result.values["vbeta"].as_array().expect("vbeta").iter().enumerate() {
        for (j, expected) in row.as_array().expect("row").iter().enumerate() {
            let (a, b) = (ours.coefficients[i].std_error, ours.coefficients[j].std_error);
            let close = (number(expected).expect("number") - ours.vcov[i][j]).abs() < TOLERANCE * a * b;
            coverage.check(result, &format!("vbeta {i} {j}"), close);
        }
    }
    coverage.close(result, "scale", Some(ours.scale), TOLERANCE);
    match result.number("alpha.0") {
        Some(alpha) => coverage.close_to(result, "alpha", alpha, ours.alpha, TOLERANCE),
        None => coverage.check(result, "no alpha under independence", ours.alpha.is_none()),
    }
    coverage.check(result, "patients", result.number("n_clusters") == Some(ours.n_patients as f64));
    coverage.check(result, "largest patient", result.number("max_cluster") == Some(ours.max_cluster as f64));
    // scale_se and alpha_se, geepack's standard errors of nuisance parameters, are not among our figures.
}

fn compare_gee(coverage: &mut Coverage, result: &Reference, ours: &GeeReport) {
    for row in result.values["coef"].as_array().expect("coef") {
        let term = row["term"].as_str().expect("term");
        let found = ours.coefficients.iter().find(|c| c.term == term);
        let figures = [
            ("estimate", found.map(|c| c.estimate)),
            ("se_robust", found.map(|c| c.std_error)),
            ("z_robust", found.and_then(|c| c.statistic)),
            ("se_naive", found.map(|c| c.std_error_naive)),
            ("z_naive", found.map(|c| c.estimate / c.std_error_naive)),
        ];
        for (key, value) in figures {
            coverage.close_to(result, &format!("{term} {key}"), number(&row[key]).expect("number"), value, TOLERANCE);
        }
    }
    coverage.close(result, "scale", Some(ours.scale), TOLERANCE);
    coverage.close(result, "working_correlation_12", ours.alpha, TOLERANCE);
}

/// statsmodels: its own term names, in the order intercept, treatment, months, interactions, baseline; scale 1.
fn compare_statsmodels(coverage: &mut Coverage, result: &Reference, ours: &GeeReport, naive: bool) {
    let order =
        ["(Intercept)", "treatmentEV", "visitM3", "visitM6", "treatmentEV:visitM3", "treatmentEV:visitM6", "basec"];
    for (row, term) in result.values["fixed"].as_array().expect("fixed").iter().zip(order) {
        let found = ours.coefficients.iter().find(|c| c.term == term);
        let error = found.map(|c| if naive { c.std_error_naive / ours.scale.sqrt() } else { c.std_error });
        coverage.close_to(
            result,
            term,
            number(&row["estimate"]).expect("estimate"),
            found.map(|c| c.estimate),
            TOLERANCE,
        );
        coverage.close_to(result, &format!("{term} se"), number(&row["se"]).expect("se"), error, TOLERANCE);
        if !naive {
            coverage.close_to(
                result,
                &format!("{term} p"),
                number(&row["p"]).expect("p"),
                found.and_then(|c| c.p_value),
                1e-8,
            );
        }
    }
    coverage.close(result, "dep_params", ours.alpha, TOLERANCE);
}

fn simulated_trial(name: &str, fixed_scale_exists: bool) {
    let case = Case::load("r", name).expect("case");
    let data = follow_up(&case.data);
    let mut coverage = Coverage::new(&case);
    for result in &case.results {
        let id = result.id.as_str();
        let (formula, family) = match id.split('/').next() {
            Some("responder") => ("responder ~ treatment*visit + basec", GeeFamily::Binomial),
            Some("responder_main") => ("responder ~ treatment + visit + basec", GeeFamily::Binomial),
            Some("change_gaussian") => ("change ~ treatment*visit + basec", GeeFamily::Gaussian),
            _ => {
                coverage.exclude(result, "not an estimating equation: compared in tests/model_generalised.rs");
                continue;
            }
        };
        let fitted = |correlation, convention, covariance| {
            let options = GeeOptions { correlation, convention, covariance, ..GeeOptions::new(family) };
            report(&data, formula, "usubjid", &options)
        };
        let exchangeable =
            |convention, covariance| fitted(WorkingCorrelation::Exchangeable, convention, covariance).expect("fit");
        let classical = |structure| fitted(structure, GeeConvention::Geepack, GeeCovariance::Classical).expect("fit");
        match id.split_once('/').map_or("", |(_, rest)| rest) {
            "geeglm.exchangeable" => {
                compare_geeglm(&mut coverage, result, &classical(WorkingCorrelation::Exchangeable))
            }
            "geeglm.independence" => {
                compare_geeglm(&mut coverage, result, &classical(WorkingCorrelation::Independence))
            }
            "geeglm.ar1" => compare_geeglm(&mut coverage, result, &classical(WorkingCorrelation::Ar1)),
            "geeglm.exchangeable.scalefix" => {
                let ours = fitted(
                    WorkingCorrelation::Exchangeable,
                    GeeConvention::GeepackFixedScale,
                    GeeCovariance::Classical,
                );
                match (ours, result.error.is_some()) {
                    (Ok(ours), false) => compare_geeglm(&mut coverage, result, &ours),
                    (ours, _) => {
                        coverage.check(result, "refused as geepack diverges", ours.is_err() && !fixed_scale_exists)
                    }
                }
            }
            "gee.exchangeable" => {
                compare_gee(&mut coverage, result, &exchangeable(GeeConvention::LiangZeger, GeeCovariance::Classical))
            }
            "gee.statsmodels.robust" => {
                compare_statsmodels(
                    &mut coverage,
                    result,
                    &exchangeable(GeeConvention::LiangZeger, GeeCovariance::Classical),
                    false,
                );
            }
            "gee.statsmodels.naive" => {
                compare_statsmodels(
                    &mut coverage,
                    result,
                    &exchangeable(GeeConvention::LiangZeger, GeeCovariance::Classical),
                    true,
                );
            }
            "gee.statsmodels.bias_reduced" => {
                compare_statsmodels(
                    &mut coverage,
                    result,
                    &exchangeable(GeeConvention::LiangZeger, GeeCovariance::ManclDeRouen),
                    false,
                );
            }
            "geeglm.exchangeable.contrast_by_visit" => {
                let ours = exchangeable(GeeConvention::Geepack, GeeCovariance::Classical);
                for (index, row) in result.values.as_array().expect("contrasts").iter().enumerate() {
                    let contrast = &ours.contrasts[index].difference;
                    coverage.check(result, "visit", contrast.levels.get("visit") == row["visit"].as_str());
                    coverage.check(result, "label", row["contrast"].as_str() == Some(contrast.contrast.as_str()));
                    let figures = [
                        ("estimate", contrast.estimate),
                        ("se", contrast.std_error),
                        ("z", contrast.statistic),
                        ("p", contrast.p_value),
                        ("conf_low", contrast.conf_low),
                        ("conf_high", contrast.conf_high),
                    ];
                    for (key, value) in figures {
                        coverage.close(result, &format!("{index}.{key}"), value, 1e-8);
                    }
                }
            }
            other if other.starts_with("glmer") => {
                coverage.exclude(result, "not an estimating equation: compared in tests/model_generalised.rs");
            }
            _ => {}
        }
    }
    coverage.finish();
}

#[test]
fn trial_a() {
    simulated_trial("gee_glmm_simA", false);
}

#[test]
fn trial_b() {
    simulated_trial("gee_glmm_simB", true);
}

#[test]
fn respiratory_trial() {
    let case = Case::load("r", "gee_respiratory").expect("case");
    let data = respiratory(&case.data);
    let mut coverage = Coverage::new(&case);
    let formula = "outcome ~ center + treat + sex + age + baseline";
    for result in &case.results {
        let fitted = |correlation, convention| {
            let options = GeeOptions { correlation, convention, ..GeeOptions::new(GeeFamily::Binomial) };
            report(&data, formula, "pid", &options).expect("fit")
        };
        match result.id.as_str() {
            "outcome/geeglm.exchangeable" => {
                compare_geeglm(&mut coverage, result, &fitted(WorkingCorrelation::Exchangeable, GeeConvention::Geepack))
            }
            "outcome/geeglm.independence" => {
                compare_geeglm(&mut coverage, result, &fitted(WorkingCorrelation::Independence, GeeConvention::Geepack))
            }
            "outcome/geeglm.ar1" => {
                compare_geeglm(&mut coverage, result, &fitted(WorkingCorrelation::Ar1, GeeConvention::Geepack))
            }
            "outcome/geeglm.exchangeable.scalefix" => {
                compare_geeglm(
                    &mut coverage,
                    result,
                    &fitted(WorkingCorrelation::Exchangeable, GeeConvention::GeepackFixedScale),
                );
            }
            "outcome/gee.exchangeable" => {
                compare_gee(&mut coverage, result, &fitted(WorkingCorrelation::Exchangeable, GeeConvention::LiangZeger))
            }
            _ => coverage.exclude(result, "not an estimating equation: compared in tests/model_generalised.rs"),
        }
    }
    coverage.finish();
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|j| format!("x{j}")).collect()
}

/// With one row per patient, identity link and independence, the sandwich is White's (1980) HC0.
#[test]
fn single_rows_give_hc0() {
    let x = [1.0, 0.0, 1.0, 1.0, 1.0, 2.0, 1.0, 4.0, 1.0, 7.0];
    let y = [1.0, 3.0, 2.0, 6.0, 5.0];
    let fit = fit_gee(&y, &x, &names(2), &[0, 1, 2, 3, 4], &GeeOptions::new(GeeFamily::Gaussian)).expect("fit");
    // By hand: Sxx = 30.8, slope = Sxy/Sxx = 18.4/30.8, variance of the slope Σ (x − x̄)² r² / Sxx².
    let slope = 18.4 / 30.8;
    let intercept = 3.4 - slope * 2.8;
    let meat: f64 =
        [0.0, 1.0, 2.0, 4.0, 7.0].iter().zip(y).map(|(x, y)| ((x - 2.8) * (y - intercept - slope * x)).powi(2)).sum();
    assert!((fit.estimates[1] - slope).abs() < 1e-14);
    assert!((fit.vcov[3] / (meat / (30.8 * 30.8)) - 1.0).abs() < 1e-12);
    assert!(fit.alpha.is_none() && fit.notes.iter().any(|note| note.contains("no correlation to estimate")));
}

/// Complete pairs, one treated and one control knee each: the exchangeable and the independence fit give the mean
/// difference with the standard error √((n − 1)/n) times the paired t-test's, and Mancl–DeRouen the factor n/(n − 1).
#[test]
fn complete_pairs_give_the_paired_t_test() {
    // Student's sleep data (R's datasets::sleep): t.test(paired = TRUE) has mean difference 1.58, se 0.3889587.
    let one = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    let two = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
    let (mut y, mut x, mut id) = (Vec::new(), Vec::new(), Vec::new());
    for patient in 0..10 {
        y.extend([one[patient], two[patient]]);
        x.extend([1.0, 0.0, 1.0, 1.0]);
        id.extend([patient, patient]);
    }
    let differences: Vec<f64> = one.iter().zip(two).map(|(a, b)| b - a).collect();
    let mean = differences.iter().sum::<f64>() / 10.0;
    let variance = differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 9.0;
    let paired = (variance / 10.0).sqrt();
    for correlation in [WorkingCorrelation::Exchangeable, WorkingCorrelation::Independence, WorkingCorrelation::Ar1] {
        let options = GeeOptions { correlation, ..GeeOptions::new(GeeFamily::Gaussian) };
        let fit = fit_gee(&y, &x, &names(2), &id, &options).expect("fit");
        assert!((fit.estimates[1] - mean).abs() < 1e-12);
        assert!((fit.vcov[3].sqrt() / (paired * 0.9_f64.sqrt()) - 1.0).abs() < 1e-10, "{correlation:?}");
        let corrected = GeeOptions { covariance: GeeCovariance::ManclDeRouen, ..options };
        let fit = fit_gee(&y, &x, &names(2), &id, &corrected).expect("fit");
        assert!((fit.vcov[3].sqrt() / (paired * 0.9_f64.sqrt() / 0.9) - 1.0).abs() < 1e-10, "{correlation:?}");
    }
}

/// The rows of a patient need not stand together, and the numbering of the patients does not matter.
#[test]
fn order_of_patients_and_rows() {
    let y = [1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0];
    let x: Vec<f64> = (0..12).flat_map(|i| [1.0, f64::from(u8::from(i % 3 == 0))]).collect();
    let id = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3];
    let options = GeeOptions::new(GeeFamily::Binomial);
    let base = fit_gee(&y, &x, &names(2), &id, &options).expect("fit");
    let order = [11, 3, 7, 0, 9, 5, 1, 8, 2, 10, 4, 6];
    let shuffled: Vec<f64> = order.iter().map(|&i| y[i]).collect();
    let design: Vec<f64> = order.iter().flat_map(|&i| x[2 * i..2 * i + 2].to_vec()).collect();
    let patients: Vec<usize> = order.iter().map(|&i| 7 - id[i]).collect();
    let moved = fit_gee(&shuffled, &design, &names(2), &patients, &options).expect("fit");
    for (a, b) in base.vcov.iter().zip(&moved.vcov).chain(base.estimates.iter().zip(&moved.estimates)) {
        assert!((a - b).abs() < 1e-11);
    }
}

/// Location and units of the outcome and of a covariate change the answer only in the known way.
#[test]
fn location_and_scale() {
    let y = [3.0, 4.5, 2.0, 6.0, 5.5, 7.0, 1.0, 4.0, 3.5, 6.5, 2.5, 5.0];
    let x: Vec<f64> = (0..12).flat_map(|i| [1.0, f64::from(i % 2), f64::from(i * i % 7)]).collect();
    let id: Vec<usize> = (0..12).map(|i| i / 2).collect();
    for correlation in [WorkingCorrelation::Exchangeable, WorkingCorrelation::Ar1] {
        let options = GeeOptions { correlation, ..GeeOptions::new(GeeFamily::Gaussian) };
        let base = fit_gee(&y, &x, &names(3), &id, &options).expect("fit");
        let moved: Vec<f64> = y.iter().map(|v| 1e-6 * v + 1e3).collect();
        let scaled: Vec<f64> = x.chunks(3).flat_map(|row| [row[0], row[1], 1e9 * row[2]]).collect();
        let other = fit_gee(&moved, &scaled, &names(3), &id, &options).expect("fit");
        assert!((other.alpha.expect("alpha") / base.alpha.expect("alpha") - 1.0).abs() < 1e-6);
        assert!((other.estimates[1] / (1e-6 * base.estimates[1]) - 1.0).abs() < 1e-6);
        assert!((other.estimates[2] / (1e-15 * base.estimates[2]) - 1.0).abs() < 1e-6);
        assert!((other.vcov[8] / (1e-30 * base.vcov[8]) - 1.0).abs() < 1e-6);
    }
}

/// The names of the interface contract.
#[test]
fn fields_of_the_contract() {
    let case = Case::load("r", "gee_respiratory").expect("case");
    let options = GeeOptions { correlation: WorkingCorrelation::Independence, ..GeeOptions::new(GeeFamily::Binomial) };
    let ours = report(&respiratory(&case.data), "outcome ~ treat", "pid", &options).expect("fit");
    let json = serde_json::to_value(&ours).expect("json");
    for key in ["coefficients", "alpha", "scale", "n_obs", "n_patients"] {
        assert!(json.get(key).is_some(), "{key}");
    }
    assert!(json["alpha"].is_null());
    for key in ["term", "estimate", "std_error", "std_error_naive", "statistic", "p_value", "conf_low", "conf_high"] {
        assert!(json["coefficients"][1].get(key).is_some(), "{key}");
    }
}

#[test]
fn refusals_say_why() {
    let binomial = GeeOptions::new(GeeFamily::Binomial);
    let gaussian = GeeOptions::new(GeeFamily::Gaussian);
    let x = [1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    let cases: [(&[f64], &[usize], &GeeOptions, &str); 6] = [
        (&[0.0, 0.0, 1.0, 1.0], &[0, 1, 0, 1], &binomial, "separated"),
        (&[1.0, 1.0, 1.0, 1.0], &[0, 1, 0, 1], &binomial, "nothing varies"),
        (&[0.0, 2.0, 1.0, 1.0], &[0, 1, 0, 1], &binomial, "0 and 1"),
        (&[3.0, 3.0, 5.0, 5.0], &[0, 1, 0, 1], &gaussian, "no variation left"),
        (&[3.0, 2.0, 5.0, 5.0], &[0, 0, 0, 0], &gaussian, "two patients"),
        (&[3.0, 2.0, f64::NAN, 5.0], &[0, 0, 1, 1], &gaussian, "finite"),
    ];
    for level in [0.0, 1.0, f64::NAN] {
        let options = GeeOptions { conf_level: level, ..gaussian };
        let message =
            fit_gee(&[3.0, 2.0, 5.0, 4.0], &x, &names(2), &[0, 0, 1, 1], &options).expect_err("level").to_string();
        assert!(message.contains("not between 0 and 1"), "{message}");
    }
    for (y, id, options, word) in cases {
        let message = fit_gee(y, &x, &names(2), id, options).expect_err(word).to_string();
        assert!(message.contains(word), "{message}");
    }
}
