//! Generalised estimating equations: against geepack, gee and statsmodels in `splitknee::qualification` (with the cases of
//! `model_generalised`), and here by identities and refusals.

use crate::reference_cases::{Case, Load};
use splitknee::model::gee::{GeeCovariance, GeeFamily, GeeOptions, WorkingCorrelation, fit_gee};
use splitknee::model::gee_report::{GeeComparisons, GeeReport, gee};
use splitknee::model::{Columns, Formula, LsMeansSpec, ModelError};
use splitknee::qualification::generalised::respiratory;

fn report(data: &Columns, formula: &str, id: &str, options: &GeeOptions) -> Result<GeeReport, ModelError> {
    let contrasts = vec![LsMeansSpec::parse("treatment|visit")];
    let comparisons =
        if formula.contains('*') { GeeComparisons { contrasts, ..Default::default() } } else { Default::default() };
    gee(data, &Formula::parse(formula)?, id, options, &comparisons)
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
    assert!(fit.alpha.is_none() && fit.notes.iter().any(|note| note.text().contains("no correlation to estimate")));
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
    let ours = report(&respiratory(&case.data).expect("columns"), "outcome ~ treat", "pid", &options).expect("fit");
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
