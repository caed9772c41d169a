//! What holds of covariates of the imputation model whatever the data.

use super::analysis::Analysis;
use super::bayes::Prior;
use super::completed_model;
use super::covariates::Covariate;
use super::delta::DeltaCells;
use super::identities::{at_last, close, full, imputation, strategies, trial};
use super::run::{Answer, Inference, Method, Request, run};
use super::strategy::{Covariance, Strategy};
use super::trial::{FitValues, Trial};
use crate::math::random::Stream;
use crate::model::cells::CellStructure;

const SEEDS: [u64; 3] = [1, 2, 3];

/// A trial whose outcome depends on an age, on a site of three levels and on a grade of the knee.
fn with_covariates(seed: u64, n: usize, visits: usize, missing: f64, strategy: Option<Strategy>) -> Trial {
    let mut trial = trial(seed, n, visits, missing, strategy);
    let mut stream = Stream::new(seed, 77);
    let levels = ["A", "B", "C"].map(str::to_owned).to_vec();
    trial.covariates = vec![Covariate::number("age"), Covariate::factor("site", levels), Covariate::number("grade")];
    for patient in &mut trial.patients {
        let (age, site) = (45.0 + stream.below(35) as f64, stream.below(3) as f64);
        let grade = [0, 1].map(|_| 1.0 + stream.below(3) as f64);
        for (cell, value) in patient.values.iter_mut().enumerate() {
            let moved = 0.3 * (age - 60.0) + [0.0, 4.0, -3.0][site as usize] + 2.5 * grade[cell / visits];
            *value = value.map(|value| value + moved);
        }
        patient.covariates = vec![[age; 2], [site; 2], grade];
    }
    trial
}

fn without(mut trial: Trial, gone: &[usize]) -> Trial {
    let kept = |k: &usize| !gone.contains(k);
    let all: Vec<usize> = (0..trial.covariates.len()).filter(kept).collect();
    trial.covariates = all.iter().map(|&k| trial.covariates[k].clone()).collect();
    trial.patients.iter_mut().for_each(|p| p.covariates = all.iter().map(|&k| p.covariates[k]).collect());
    trial
}

fn same(a: &Answer, b: &Answer, tolerance: f64, what: &str) {
    close(a.estimate, b.estimate, tolerance, what);
    close(a.std_error, b.std_error, tolerance, &format!("{what} SE"));
    close(a.log_lik, b.log_lik, 1e-8, &format!("{what} log-likelihood"));
    for (x, y) in a.imputed.iter().zip(&b.imputed) {
        close(x.value, y.value, tolerance, what);
    }
}

fn methods() -> [Request; 4] {
    let ask = |method| Request { method, m: Some(20), ..Request::default() };
    [
        ask(Method::ConditionalMean(Inference::JackknifeT)),
        ask(Method::ConditionalMean(Inference::InformationAnchored)),
        ask(Method::Bayes(Prior::Jeffreys)),
        ask(Method::ApproximateBayes),
    ]
}

#[test]
fn without_missing_values_covariates_leave_the_paired_t_test() {
    for strategy in strategies().into_iter().filter(|s| *s != Strategy::Hypothetical) {
        let mut trial = with_covariates(1, 24, 2, 0.0, Some(strategy));
        trial.fit_values = FitValues::Observed;
        let request = at_last(&trial);
        let (with, plain) = (run(trial.clone(), &request).unwrap(), run(without(trial, &[0, 1, 2]), &request).unwrap());
        close(with.estimate, plain.estimate, 1e-12, &strategy.name());
        close(with.std_error, plain.std_error, 1e-10, &strategy.name());
        assert_eq!(with.covariates, ["age", "site", "grade"]);
        assert!(plain.covariates.is_empty());
    }
}

#[test]
fn missing_at_random_is_the_mixed_model_with_the_slopes_times_the_imbalances() {
    for seed in SEEDS {
        let imputation = imputation(with_covariates(seed, 40, 3, 0.2, None));
        let beta = &imputation.fit.beta;
        let n = imputation.trial.patients.len() as f64;
        let imbalance = |of: &dyn Fn(&super::Patient) -> [f64; 2]| -> f64 {
            imputation.trial.patients.iter().map(|p| of(p)[0] - of(p)[1]).sum::<f64>() / n
        };
        // Six means, three slopes of the baseline, age, two levels of the site, grade: what the patient has cancels.
        let grade = beta[12] * imbalance(&|p| p.covariates[2]);
        let expected = beta[2] - beta[5] + beta[8] * imbalance(&|p| p.baseline) + grade;
        close(full(&imputation, false), expected, 1e-10, "MMRM");
        assert!((beta[12] - 2.5).abs() < 2.5, "{}", beta[12]);
    }
}

#[test]
fn after_an_event_the_active_knee_keeps_its_own_covariates() {
    for seed in SEEDS {
        let mut trial = with_covariates(seed, 40, 3, 0.2, Some(Strategy::JumpToReference));
        trial.discard = true;
        let imputation = imputation(trial);
        let beta = &imputation.fit.beta;
        let events = imputation.trial.patients.iter().filter(|p| p.events[0].is_some()).count() as f64;
        let share = events / imputation.trial.patients.len() as f64;
        // Identity 3: only the arm's mean moves.
        let moved = full(&imputation, false) - full(&imputation, true);
        close(moved, -share * (beta[2] - beta[5]), 1e-10, "J2R");
    }
}

#[test]
fn a_covariate_in_another_unit_is_the_same_covariate() {
    for strategy in [None, Some(Strategy::JumpToReference), Some(Strategy::ReturnToBaselineMean)] {
        let base = with_covariates(5, 40, 2, 0.25, strategy);
        let mut other = base.clone();
        for patient in &mut other.patients {
            // A year of birth, and the grade downwards from 100 000.
            patient.covariates[0] = patient.covariates[0].map(|age| 2026.0 - age);
            patient.covariates[2] = patient.covariates[2].map(|grade| 1e5 - 0.01 * grade);
        }
        for request in methods().into_iter().take(2) {
            let request = Request { at: 1, ..request };
            let (a, b) = (run(base.clone(), &request).unwrap(), run(other.clone(), &request).unwrap());
            // A slope in other units has another prior density: the restricted likelihood moves by a constant.
            close(a.log_lik, b.log_lik + 0.01_f64.ln(), 1e-8, "log-likelihood");
            close(a.estimate, b.estimate, 1e-9, "estimate");
            close(a.std_error, b.std_error, 1e-7, "SE");
        }
    }
}

#[test]
fn levels_in_another_order_and_as_columns_of_their_own_are_the_same_factor() {
    let base = with_covariates(6, 40, 2, 0.25, Some(Strategy::CopyIncrements));
    let mut turned = base.clone();
    turned.covariates[1].levels.rotate_left(1);
    turned.patients.iter_mut().for_each(|p| p.covariates[1] = p.covariates[1].map(|site| (site + 2.0) % 3.0));
    let mut marks = base.clone();
    marks.covariates.extend(["B", "C"].map(Covariate::number));
    for patient in &mut marks.patients {
        let site = patient.covariates[1][0];
        patient.covariates.extend([1.0, 2.0].map(|level| [f64::from(u8::from(site == level)); 2]));
    }
    let marks = without(marks, &[1]);
    for request in methods().into_iter().take(2) {
        let request = Request { at: 1, ..request };
        let found = run(base.clone(), &request).unwrap();
        same(&run(turned.clone(), &request).unwrap(), &found, 1e-7, "turned");
        same(&run(marks.clone(), &request).unwrap(), &found, 1e-7, "marks");
    }
}

#[test]
fn rows_and_labels_leave_every_byte() {
    let base = with_covariates(7, 36, 2, 0.25, Some(Strategy::JumpToReference));
    let mut turned = base.clone();
    turned.patients.reverse();
    turned.patients.rotate_left(11);
    for request in methods() {
        let (a, b) = (run(base.clone(), &request).unwrap(), run(turned.clone(), &request).unwrap());
        assert_eq!(serde_json::to_string(&a).unwrap(), serde_json::to_string(&b).unwrap());
    }
}

/// What a covariate does not add is left out and named, by every method, and the figures are those without it.
#[test]
fn a_covariate_that_says_nothing_new_is_left_out_with_a_word() {
    let plain = without(with_covariates(8, 36, 2, 0.25, Some(Strategy::JumpToReference)), &[2]);
    type Change = fn(&mut Trial);
    let cases: [(Change, &str); 5] = [
        (|t| add(t, Covariate::number("constant"), |_| 3e6), "constant"),
        (|t| add(t, Covariate::factor("country", vec!["JP".into()]), |_| 0.0), "country"),
        (|t| add(t, Covariate::factor("empty", vec!["a".into(), "b".into()]), |_| 0.0), "empty"),
        (|t| add(t, Covariate::number("months"), |p| 12.0 * p[0][0] - 7.0), "months"),
        (|t| add(t, Covariate::number("second"), |p| f64::from(u8::from(p[1][0] == 2.0))), "second"),
    ];
    for request in methods() {
        let expected = run(plain.clone(), &request).unwrap();
        for (change, name) in &cases {
            let mut trial = plain.clone();
            change(&mut trial);
            let found = run(trial, &request).unwrap();
            assert_eq!(found.estimate.to_bits(), expected.estimate.to_bits(), "{name}");
            assert_eq!(found.std_error.to_bits(), expected.std_error.to_bits(), "{name}");
            let said = found.notes.iter().map(|note| note.text()).find(|text| text.contains("left out of the imp"));
            assert!(said.is_some_and(|text| text.contains(name)), "{name} {:?}", found.notes);
        }
    }
    // Of a factor with a level that nobody has, the others stay.
    let mut trial = plain;
    trial.covariates[1].levels.push("D".into());
    let found = run(trial, &at_last(&with_covariates(8, 36, 2, 0.25, None))).unwrap();
    assert!(found.notes.iter().any(|note| note.text().contains("site = D")), "{:?}", found.notes);
}

fn add(trial: &mut Trial, covariate: Covariate, of: impl Fn(&[[f64; 2]]) -> f64) {
    trial.covariates.push(covariate);
    trial.patients.iter_mut().for_each(|p| p.covariates.push([of(&p.covariates); 2]));
}

/// Without the only patient of a level the others' law is that of a trial without the level: the jackknife of the two is told
/// from what each refit by itself gives.
#[test]
fn a_level_of_one_patient_has_a_jackknife() {
    let mut trial = without(with_covariates(9, 30, 2, 0.2, Some(Strategy::JumpToReference)), &[1, 2]);
    trial.patients.sort_by(|a, b| a.label.cmp(&b.label));
    add(&mut trial, Covariate::factor("site", vec!["A".into(), "B".into()]), |_| 0.0);
    let last = trial.patients.len() - 1;
    trial.patients[last].covariates[1] = [1.0; 2];
    trial.patients[last].values.iter_mut().for_each(|value| *value = Some(value.unwrap_or(1.0)));
    let found = super::condmean::Imputation::new(trial.clone(), CellStructure::Us, Covariance::Shared).unwrap();
    let jackknife = found.jackknife(Analysis::MeanDifference, 1, DeltaCells::All).unwrap();
    let alone = |gone: usize| {
        let mut rest = trial.clone();
        rest.patients.remove(gone);
        let imputation = super::condmean::Imputation::new(rest, CellStructure::Us, Covariance::Shared).unwrap();
        assert_eq!(imputation.means.left_out.len(), usize::from(gone == last));
        full(&imputation, false)
    };
    for gone in [0, 7, last] {
        close(jackknife.left_out[gone].estimate, alone(gone), 1e-7, &format!("without {gone}"));
    }
    let spread = jackknife.covariance(false)[0].sqrt();
    assert!(spread > 0.5 && spread < 10.0, "{spread}");
}

#[test]
fn what_cannot_be_used_is_refused_by_name() {
    let base = with_covariates(10, 30, 2, 0.2, None);
    let refused = |trial: Trial, wanted: &[&str]| {
        for request in methods() {
            let text = run(trial.clone(), &request).unwrap_err().to_string();
            assert!(wanted.iter().all(|part| text.contains(part)), "{text}");
        }
    };
    for missing in [f64::NAN, f64::INFINITY] {
        let mut trial = base.clone();
        trial.patients[4].covariates[0][1] = missing;
        refused(trial, &["age", "P004", "is missing"]);
    }
    let mut level = base.clone();
    level.patients[6].covariates[1] = [3.0; 2];
    refused(level, &["site", "P006"]);
    let mut short = base.clone();
    short.patients[2].covariates.pop();
    refused(short, &["grade", "P002"]);
    // A level of a patient without any value: nothing says what such a patient's values would be.
    let mut unseen = base;
    unseen.covariates[1].levels.push("D".into());
    unseen.patients[3].covariates[1] = [3.0; 2];
    unseen.patients[3].values.iter_mut().for_each(|value| *value = None);
    refused(unseen, &["site", "do not determine"]);
}

/// Two patients of a level, one without any value: with both the other one's imputed values have an effect to go by, without the
/// one nothing says what the other's would be. The jackknife says so; a posterior does without leaving out.
#[test]
fn a_level_that_one_patient_determines_and_another_needs_is_named() {
    let mut trial = without(with_covariates(13, 30, 1, 0.2, None), &[1, 2]);
    add(&mut trial, Covariate::factor("site", vec!["A".into(), "B".into()]), |_| 0.0);
    for (patient, value) in [(3, None), (5, Some(2.0))] {
        trial.patients[patient].covariates[1] = [1.0; 2];
        trial.patients[patient].values.iter_mut().for_each(|cell| *cell = value);
    }
    let [conditional, _, bayes, _] = methods();
    let text = run(trial.clone(), &conditional).unwrap_err().to_string();
    assert!(text.contains("without patient P005") && text.contains("site"), "{text}");
    assert!(run(trial.clone(), &bayes).is_ok());
    // A value of the other one is enough.
    trial.patients[3].values[1] = Some(-1.0);
    assert!(run(trial, &conditional).is_ok());
}

/// The draws of both Bayesian methods centre near the conditional means of the same model, and covariates that tell a lot make
/// the imputed knees vary less.
#[test]
fn draws_use_the_covariates() {
    let mut trial = without(with_covariates(11, 60, 1, 0.35, None), &[1]);
    for patient in &mut trial.patients {
        let grade = patient.covariates[1];
        patient.values = patient.values.iter().zip(grade).map(|(v, g)| v.map(|v| 0.2 * v + 12.0 * g)).collect();
    }
    let plain = without(trial.clone(), &[0, 1]);
    let ask =
        |trial: &Trial, method| run(trial.clone(), &Request { method, m: Some(400), ..Request::default() }).unwrap();
    let conditional = ask(&trial, Method::ConditionalMean(Inference::JackknifeT));
    for method in [Method::Bayes(Prior::Jeffreys), Method::ApproximateBayes] {
        let (with, out) = (ask(&trial, method), ask(&plain, method));
        close(with.estimate, conditional.estimate, 0.05, "draws");
        assert!(with.between.unwrap() < 0.3 * out.between.unwrap(), "{:?} {:?}", with.between, out.between);
    }
}

#[test]
fn the_mixed_model_of_completed_sets_has_them_too() {
    let trial = with_covariates(12, 40, 2, 0.0, None);
    let imputation = imputation(trial);
    let sets = vec![imputation.condition.iter().map(|row| row.iter().map(|v| v.unwrap()).collect()).collect(); 2];
    let found = completed_model::draws(&imputation, 1, [0.0; 2], DeltaCells::All, &sets).unwrap();
    let plain = self::imputation(without(imputation.trial.clone(), &[0, 1, 2]));
    let other = completed_model::draws(&plain, 1, [0.0; 2], DeltaCells::All, &sets).unwrap();
    // The grade of the knee was made to matter and is not balanced.
    let imbalance: f64 = imputation.trial.patients.iter().map(|p| p.covariates[2][0] - p.covariates[2][1]).sum::<f64>()
        / imputation.trial.patients.len() as f64;
    let moved = other.estimates[0] - found.estimates[0];
    assert!(imbalance.abs() > 0.05 && (moved - 2.5 * imbalance).abs() < 1.5 * imbalance.abs(), "{moved} {imbalance}");
}
