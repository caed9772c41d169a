//! Logistic, cumulative-link and mixed generalised models against glm, lme4, ordinal and MASS.

use crate::reference_cases::{Case, Coverage, Csv, Reference, number};
use splitknee::model::cumulative::OrderedOutcome;
use splitknee::model::generalised::Family;
use splitknee::model::generalised_report::{GeneralisedModel, GeneralisedOptions, GeneralisedReport, fit_generalised};
use splitknee::model::link::Link;
use splitknee::model::{Column, Columns, Formula, LsMeansSpec, ModelError};

/// The follow-up rows of a simulated trial with responder, change and centred baseline, as the reference derives them.
pub fn follow_up(data: &Csv) -> Columns {
    let (id, side, arm) = (data.text("usubjid"), data.text("laterality"), data.text("treatment"));
    let (month, vas, grade) = (data.numbers("month"), data.numbers("vas"), data.numbers("mri_grade"));
    let baseline = |row: usize| {
        (0..id.len()).find(|&r| id[r] == id[row] && side[r] == side[row] && month[r] == Some(0.0)).and_then(|r| vas[r])
    };
    // Sorted as the reference: patient, side, month.
    let mut rows: Vec<usize> = (0..id.len()).filter(|&row| month[row].is_some_and(|m| m > 0.0)).collect();
    rows.sort_by(|&a, &b| {
        (id[a], side[a]).cmp(&(id[b], side[b])).then(month[a].partial_cmp(&month[b]).expect("finite"))
    });
    let change = |row: usize| Some((vas[row]?, baseline(row)?));
    let numeric =
        |f: &dyn Fn(usize) -> Option<f64>| rows.iter().map(|&row| f(row).unwrap_or(f64::NAN)).collect::<Vec<_>>();
    let mut table = Columns::new();
    table.add_categorical("usubjid", rows.iter().map(|&r| Some(id[r]))).expect("column");
    table.add_categorical("knee", rows.iter().map(|&r| Some(side[r]))).expect("column");
    table.add_categorical("treatment", rows.iter().map(|&r| Some(arm[r]))).expect("column");
    table.set_levels("treatment", &["PLACEBO", "EV"]).expect("levels");
    table.add_categorical("visit", rows.iter().map(|&r| month[r].map(|m| format!("M{m}")))).expect("column");
    table.add_categorical("grade", rows.iter().map(|&r| grade[r].map(|g| format!("{g}")))).expect("column");
    table.add_numeric("month", numeric(&|row| month[row])).expect("column");
    table.add_numeric("basec", numeric(&|row| baseline(row).map(|b| b - 50.0))).expect("column");
    table.add_numeric("change", numeric(&|row| change(row).map(|(v, b)| v - b))).expect("column");
    table
        .add_numeric("responder", numeric(&|row| change(row).map(|(v, b)| f64::from(u8::from((b - v) / b >= 0.20)))))
        .expect("column");
    table
}

/// The respiratory trial: patients are numbered within centres.
pub fn respiratory(data: &Csv) -> Columns {
    let mut table = Columns::new();
    let (center, id) = (data.text("center"), data.text("id"));
    // Zero-padded so that the alphabetical order of the factor is that of the file.
    let patients: Vec<String> = center.iter().zip(&id).map(|(c, i)| format!("{c}-{i:0>3}")).collect();
    table.add_categorical("pid", patients.iter().map(|p| Some(p.as_str()))).expect("column");
    table.add_categorical("center", center.iter().map(|c| Some(*c))).expect("column");
    table.add_categorical("treat", data.text("treat").into_iter().map(Some)).expect("column");
    table.set_levels("treat", &["P", "A"]).expect("levels");
    table.add_categorical("sex", data.text("sex").into_iter().map(Some)).expect("column");
    table.set_levels("sex", &["F", "M"]).expect("levels");
    for name in ["age", "baseline", "outcome"] {
        table
            .add_numeric(name, data.numbers(name).into_iter().map(|x| x.unwrap_or(f64::NAN)).collect())
            .expect("column");
    }
    table
}

fn model(
    data: &Columns,
    formula: &str,
    family: Family,
    link: Link,
    quadrature: usize,
) -> Result<GeneralisedModel, ModelError> {
    let options = GeneralisedOptions { link, quadrature, ..GeneralisedOptions::new(family) };
    fit_generalised(data, &Formula::parse(formula)?, &options)
}

/// Tolerances for log-likelihood (absolute), estimates, standard errors and standard deviations of random intercepts.
struct Tolerances {
    log_lik: f64,
    estimate: f64,
    std_error: f64,
    std_dev: f64,
}

/// The derived columns of the case `generalised_links`, whose data are those of trial A.
fn trial_a_data() -> Columns {
    follow_up(&Case::load("r", "gee_glmm_simA").expect("case").data)
}

/// Compares coefficients (`coef` or `fixed`), log-likelihood, AIC, BIC and random standard deviations.
fn compare(coverage: &mut Coverage, result: &Reference, model: &GeneralisedModel, tolerances: &Tolerances) {
    let report = model.report().expect("report");
    coverage.check(result, &format!("converged: gradient {:.1e}", report.gradient_max), report.converged);
    let expected = result.number("logLik").expect("logLik");
    let gap = report.log_lik - expected;
    // A higher likelihood is never a failure of ours beyond the reference's own accuracy.
    coverage.check(
        result,
        &format!("log-likelihood {} against {expected} ({gap:.1e})", report.log_lik),
        gap.abs() < tolerances.log_lik,
    );
    for (key, ours) in [("AIC", report.aic_all), ("BIC", report.bic_all), ("deviance_neg2ll", report.deviance)] {
        if let Some(expected) = result.number(key) {
            coverage.check(
                result,
                &format!("{key} {ours} against {expected}"),
                (ours - expected).abs() < 3.0 * tolerances.log_lik,
            );
        }
    }
    if let Some(n) = result.number("nobs") {
        coverage.check(result, "number of rows", report.n_obs as f64 == n);
    }
    let rows = ["coef", "fixed"].iter().find_map(|key| result.values[*key].as_array()).expect("coefficients");
    for row in rows {
        let term = row["term"].as_str().expect("term");
        let ours = report.coefficients.iter().find(|c| c.term == term);
        let expected_error = number(&row["se"]).expect("se");
        let estimate = number(&row["estimate"]).expect("estimate");
        // Estimates to a share of their standard error where they are near 0 themselves.
        let absolute = tolerances.estimate * expected_error;
        let close =
            ours.is_some_and(|c| (c.estimate - estimate).abs() <= absolute.max(tolerances.estimate * estimate.abs()));
        coverage.check(result, &format!("{term}: expected {estimate}, got {:?}", ours.map(|c| c.estimate)), close);
        coverage.close_to(
            result,
            &format!("{term} se"),
            expected_error,
            ours.map(|c| c.std_error),
            tolerances.std_error,
        );
        // Statistic and p inherit the error of both; for a p-value that is multiplied by the size of z.
        for (key, value) in [("z", ours.and_then(|c| c.statistic)), ("p", ours.and_then(|c| c.p_value))] {
            if let Some(expected) = number(&row[key]) {
                let z = (estimate / expected_error).abs();
                let relative = (tolerances.estimate / z.min(1.0) + tolerances.std_error)
                    * if key == "p" { 1.0 + z * z } else { 1.0 };
                coverage.within(result, &format!("{term} {key}"), expected, value, relative, 1e-15);
            }
        }
    }
    let ours: Vec<f64> = report.variance_components.iter().map(|v| v.std_dev).collect();
    if let Some(list) = result.values["varcomp"].as_array() {
        for component in list {
            let group = component["grp"].as_str().expect("grp").replace("knee", "usubjid:knee");
            let expected = number(&component["sd"]).expect("sd");
            let found = report.variance_components.iter().find(|v| v.group == group).map(|v| v.std_dev);
            if expected < 1e-6 {
                coverage.check(
                    result,
                    "variance on the boundary is exactly 0 and named",
                    found == Some(0.0) && report.singular,
                );
            } else {
                coverage.close_to(result, &format!("sd {group}"), expected, found, tolerances.std_dev);
            }
        }
    }
    if let Some(list) = result.values["random_sd"].as_array() {
        let mut expected: Vec<f64> = list.iter().filter_map(number).collect();
        let mut found = ours;
        expected.sort_by(f64::total_cmp);
        found.sort_by(f64::total_cmp);
        for (index, value) in expected.iter().enumerate() {
            coverage.close_to(result, "random sd", *value, found.get(index).copied(), tolerances.std_dev);
        }
    }
    if let Some(singular) = result.values["singular"].as_bool() {
        coverage.check(result, "singular", singular == report.singular);
    }
}

const EXACT: Tolerances = Tolerances { log_lik: 1e-9, estimate: 1e-9, std_error: 1e-9, std_dev: 1e-9 };
/// polr: numeric optimiser and Hessian.
const POLR: Tolerances = Tolerances { log_lik: 1e-8, estimate: 1e-5, std_error: 1e-5, std_dev: 1e-6 };
/// glmer: numeric Hessian (standard errors to about 1e-4), bobyqa to rhoend 1e-10.
const GLMER: Tolerances = Tolerances { log_lik: 1e-6, estimate: 1e-5, std_error: 1e-3, std_dev: 1e-5 };
/// clmm: 1e-4 (quadrature) and 1e-3 (Laplace) as the case's notes say. Its standard errors come from a numeric Hessian of a
/// likelihood whose inner mode has not converged and are off by up to 1.5 %; ours are compared to 1e-5 with an independent
/// code in `generalised_links`.
const CLMM_AGQ: Tolerances = Tolerances { log_lik: 1e-5, estimate: 1e-4, std_error: 1e-2, std_dev: 1e-4 };
const CLMM_LAPLACE: Tolerances = Tolerances { log_lik: 1e-5, estimate: 1e-3, std_error: 2e-2, std_dev: 1e-3 };

const MAIN: &str = "responder ~ treatment + visit + basec";
const INTERACTION: &str = "responder ~ treatment*visit + basec";
const GRADE: &str = "grade ~ treatment + visit";

fn simulated_trial(name: &str) {
    let case = Case::load("r", name).expect("case");
    let data = follow_up(&case.data);
    let mut coverage = Coverage::new(&case);
    let fitted = |formula: &str, family, quadrature| {
        model(&data, formula, family, Link::Logit, quadrature).unwrap_or_else(|error| panic!("{formula}: {error}"))
    };
    let patient = |formula: &str| format!("{formula} + (1 | usubjid)");
    let knee = |formula: &str| format!("{formula} + (1 | usubjid/knee)");
    for result in &case.results {
        let id = result.id.as_str();
        match id {
            "responder/glmer.patient.nAGQ1" => {
                compare(&mut coverage, result, &fitted(&patient(MAIN), Family::Binomial, 1), &GLMER)
            }
            "responder/glmer.patient.nAGQ7" => {
                compare(&mut coverage, result, &fitted(&patient(MAIN), Family::Binomial, 7), &GLMER)
            }
            "responder/glmer.patient.nAGQ25" => {
                compare(&mut coverage, result, &fitted(&patient(MAIN), Family::Binomial, 25), &GLMER)
            }
            "responder/glmer.interaction.laplace" => {
                compare(&mut coverage, result, &fitted(&patient(INTERACTION), Family::Binomial, 1), &GLMER);
            }
            "responder/glmer.patient_knee.laplace" => {
                compare(&mut coverage, result, &fitted(&knee(MAIN), Family::Binomial, 1), &GLMER)
            }
            "mri/clm" => compare(&mut coverage, result, &fitted(GRADE, Family::Cumulative, 1), &EXACT),
            "mri/polr" => compare(&mut coverage, result, &fitted(GRADE, Family::Cumulative, 1), &POLR),
            "mri/clmm.laplace" => {
                compare(&mut coverage, result, &fitted(&patient(GRADE), Family::Cumulative, 1), &CLMM_LAPLACE)
            }
            "mri/clmm.agq7" => {
                compare(&mut coverage, result, &fitted(&patient(GRADE), Family::Cumulative, 7), &CLMM_AGQ)
            }
            "mri/clmm.agq15" => {
                compare(&mut coverage, result, &fitted(&patient(GRADE), Family::Cumulative, 15), &CLMM_AGQ)
            }
            "mri/clmm.patient_knee.laplace" => {
                compare(&mut coverage, result, &fitted(&knee(GRADE), Family::Cumulative, 1), &CLMM_LAPLACE)
            }
            "mri/own_laplace" => {
                let ours = fitted(&patient(GRADE), Family::Cumulative, 1).fit;
                coverage.check(
                    result,
                    "log-likelihood",
                    (ours.log_lik - result.number("logLik").expect("logLik")).abs() < 1e-9,
                );
                let keys = (0..3).map(|k| format!("thresholds.{k}")).chain((0..3).map(|k| format!("beta.{k}")));
                for (key, estimate) in keys.zip(&ours.estimates) {
                    coverage.close(result, &key, Some(*estimate), 2e-4);
                }
                coverage.close(result, "random_sd", Some(ours.random[0].std_dev), 1e-5);
            }
            "mri/clmm.laplace.default_control" => {
                coverage.exclude(result, "stock settings stop short; the reference itself says not to match them");
            }
            _ if id.contains("gee") => {
                coverage.exclude(result, "generalised estimating equations: compared in tests/gee.rs")
            }
            _ => {}
        }
    }
    coverage.finish();
}

#[test]
fn trial_a() {
    simulated_trial("gee_glmm_simA");
}

#[test]
fn trial_b() {
    simulated_trial("gee_glmm_simB");
}

#[test]
fn respiratory_trial() {
    let case = Case::load("r", "gee_respiratory").expect("case");
    let data = respiratory(&case.data);
    let mut coverage = Coverage::new(&case);
    let formula = "outcome ~ center + treat + sex + age + baseline + (1 | pid)";
    for result in &case.results {
        match result.id.as_str() {
            "outcome/glmer.nAGQ1" => compare(
                &mut coverage,
                result,
                &model(&data, formula, Family::Binomial, Link::Logit, 1).expect("fit"),
                &GLMER,
            ),
            "outcome/glmer.nAGQ15" => compare(
                &mut coverage,
                result,
                &model(&data, formula, Family::Binomial, Link::Logit, 15).expect("fit"),
                &GLMER,
            ),
            id if id.contains("gee") => {
                coverage.exclude(result, "generalised estimating equations: compared in tests/gee.rs")
            }
            _ => {}
        }
    }
    coverage.finish();
}

#[test]
fn ordinal_knee() {
    let Some(case) = Case::beside("reference-external", "ordinal_knee") else { return };
    let mut data = Columns::new();
    for (name, column) in [("id", "id"), ("therapy", "therapy"), ("sex", "sex"), ("occ", "occasion"), ("pain", "pain")]
    {
        data.add_categorical(name, case.data.text(column).into_iter().map(Some)).expect("column");
    }
    data.add_numeric("agec", case.data.numbers("age").into_iter().map(|a| a.map_or(f64::NAN, |a| a - 30.0)).collect())
        .expect("column");
    let full = "pain ~ therapy + sex + agec + occ";
    let mixed = "pain ~ therapy + sex + agec + occ + (1 | id)";
    let fitted =
        |formula: &str, link, quadrature| model(&data, formula, Family::Cumulative, link, quadrature).expect("fit");
    let mut coverage = Coverage::new(&case);
    for result in &case.results {
        match result.id.as_str() {
            "clm" => compare(&mut coverage, result, &fitted(full, Link::Logit, 1), &EXACT),
            "polr" => compare(&mut coverage, result, &fitted(full, Link::Logit, 1), &POLR),
            "clm.probit" => compare(&mut coverage, result, &fitted("pain ~ therapy + occ", Link::Probit, 1), &EXACT),
            "clm.cloglog" => compare(&mut coverage, result, &fitted("pain ~ therapy + occ", Link::Cloglog, 1), &EXACT),
            "clmm.agq15" => compare(&mut coverage, result, &fitted(mixed, Link::Logit, 15), &CLMM_AGQ),
            "clmm.laplace" => {
                // clmm stopped at a gradient of 0.03 (its own record), 1.7e-4 below the maximum, with standard errors that
                // are off by a factor of ten (therapy2 0.12, by quadrature 1.45): only the likelihood can be compared.
                let ours = fitted(mixed, Link::Logit, 1).fit;
                let gap = ours.log_lik - result.number("logLik").expect("logLik");
                coverage.check(result, &format!("log-likelihood {gap:e} above clmm's"), (0.0..1e-3).contains(&gap));
                coverage.check(result, "gradient", ours.convergence.gradient_max < 1e-7);
                coverage.close(result, "random_sd.0", Some(ours.random[0].std_dev), 1e-3);
            }
            _ => {}
        }
    }
    coverage.finish();
}

/// LS means and differences by visit.
fn compare_means(coverage: &mut Coverage, result: &Reference, report: &GeneralisedReport) {
    let rows = |key: &str| result.values[key].as_array().expect("rows").clone();
    for row in rows("emmeans") {
        let found = report.emmeans.iter().find(|mean| {
            mean.levels.get("treatment") == row["treatment"].as_str()
                && mean.levels.get("visit") == row["visit"].as_str()
        });
        for (key, ours) in [("estimate", found.and_then(|m| m.estimate)), ("se", found.and_then(|m| m.std_error))] {
            coverage.close_to(result, &format!("mean {row} {key}"), number(&row[key]).expect("number"), ours, 1e-8);
        }
    }
    for (row, ours) in rows("contrasts").iter().zip(&report.contrasts) {
        let difference = &ours.difference;
        coverage.check(
            result,
            "label",
            difference.contrast == "EV - PLACEBO" && difference.levels.get("visit") == row["visit"].as_str(),
        );
        let figures = [
            ("estimate", difference.estimate),
            ("se", difference.std_error),
            ("z", difference.statistic),
            ("p", difference.p_value),
            ("conf_low", difference.conf_low),
            ("conf_high", difference.conf_high),
        ];
        for (key, value) in figures {
            coverage.close_to(
                result,
                &format!("difference {row} {key}"),
                number(&row[key]).expect("number"),
                value,
                1e-7,
            );
        }
        let odds_ratio = number(&row["estimate"]).expect("number").exp();
        coverage.close_to(result, "odds ratio", odds_ratio, ours.ratio, 1e-7);
        coverage.check(result, "ratio kind", ours.ratio_kind == Some("odds ratio"));
    }
}

/// Links, and Laplace standard errors, that the other cases lack: `tests/reference/r/generalised_links/make.R`.
#[test]
fn links() {
    let case = Case::load("r", "generalised_links").expect("case");
    let data = trial_a_data();
    let mut coverage = Coverage::new(&case);
    // glm's stopping rule leaves its coefficients 1e-8 short for non-canonical links.
    let glm = Tolerances { log_lik: 1e-9, estimate: 1e-7, std_error: 1e-7, std_dev: 1e-9 };
    // numDeriv's derivatives: 1e-7 in the gradient, 1e-5 in the Hessian.
    let own = Tolerances { log_lik: 1e-9, estimate: 1e-6, std_error: 1e-5, std_dev: 1e-6 };
    let mixed = |formula: &str, term: &str| format!("{formula} + {term}");
    for result in &case.results {
        let parts: Vec<&str> = result.id.split('.').collect();
        let link = parts.get(1).and_then(|name| Link::from_name(name)).unwrap_or_default();
        let fitted = |formula: &str, family, quadrature| {
            model(&data, formula, family, link, quadrature).unwrap_or_else(|error| panic!("{}: {error}", result.id))
        };
        match (parts[0], parts[parts.len() - 1]) {
            ("glm", _) => compare(&mut coverage, result, &fitted(MAIN, Family::Binomial, 1), &glm),
            // The same number in lme4 is Laplace with the expected information in place of the curvature: another method.
            // Laplace's method proper is `own_binary`; with 25 points the two agree.
            ("glmer", "nAGQ1") => {
                coverage.exclude(result, "lme4's curvature for non-canonical links is the expected one")
            }
            ("glmer", _) => {
                compare(&mut coverage, result, &fitted(&mixed(MAIN, "(1|usubjid)"), Family::Binomial, 25), &GLMER)
            }
            ("own_binary", _) => {
                compare(&mut coverage, result, &fitted(&mixed(MAIN, "(1|usubjid)"), Family::Binomial, 1), &own)
            }
            ("emmeans", kind) => {
                let (family, formula) = match kind {
                    "glm" => (Family::Binomial, "responder ~ treatment*visit + basec"),
                    _ => (Family::Cumulative, "grade ~ treatment*visit + basec"),
                };
                let specs = vec![LsMeansSpec::parse("treatment|visit")];
                let options =
                    GeneralisedOptions { emmeans: specs.clone(), contrasts: specs, ..GeneralisedOptions::new(family) };
                let fitted = fit_generalised(&data, &Formula::parse(formula).expect("formula"), &options).expect("fit");
                compare_means(&mut coverage, result, &fitted.report().expect("report"));
            }
            ("clm", _) => compare(&mut coverage, result, &fitted(GRADE, Family::Cumulative, 1), &EXACT),
            ("clmm", _) => {
                compare(&mut coverage, result, &fitted(&mixed(GRADE, "(1|usubjid)"), Family::Cumulative, 10), &CLMM_AGQ)
            }
            ("own", "patient") => {
                compare(&mut coverage, result, &fitted(&mixed(GRADE, "(1|usubjid)"), Family::Cumulative, 1), &own)
            }
            ("own", _) => {
                compare(&mut coverage, result, &fitted(&mixed(GRADE, "(1|usubjid/knee)"), Family::Cumulative, 1), &own)
            }
            _ => {}
        }
    }
    coverage.finish();
}

/// Adaptive quadrature against brute force: the integral over the random intercept by the trapezoidal rule (which converges
/// geometrically for such integrands) at the fitted parameters.
#[test]
fn quadrature_is_the_integral() {
    let data = trial_a_data();
    let fitted = model(&data, "responder ~ treatment + (1|usubjid)", Family::Binomial, Link::Logit, 40).expect("fit");
    let fit = &fitted.fit;
    let sd = fit.random[0].std_dev;
    let groups = fitted.frame.grouping(&["usubjid".to_owned()]).expect("grouping");
    let outcome = fitted.frame.numeric_response().expect("numeric");
    let mut total = 0.0;
    for patient in 0..groups.n_groups() {
        let rows: Vec<usize> = (0..outcome.len()).filter(|&row| groups.codes[row] as usize == patient).collect();
        let mut integral = 0.0;
        for step in -1200..=1200 {
            let z = f64::from(step) * 0.01;
            let likelihood: f64 = rows
                .iter()
                .map(|&row| {
                    let x = &fitted.design.x[2 * row..2 * row + 2];
                    let eta = x[0] * fit.estimates[0] + x[1] * fit.estimates[1] + sd * z;
                    let p = 1.0 / (1.0 + (-eta).exp());
                    if outcome[row] == 1.0 { p } else { 1.0 - p }
                })
                .product();
            integral += 0.01 * likelihood * (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
        }
        total += integral.ln();
    }
    assert!((total - fit.log_lik).abs() < 1e-9, "{total} {}", fit.log_lik);
}

/// The same for patients and knees: two nested integrals by the trapezoidal rule.
#[test]
fn nested_quadrature_is_the_integral() {
    let data = trial_a_data();
    let formula = "grade ~ treatment + (1|usubjid/knee)";
    let at = |points| model(&data, formula, Family::Cumulative, Link::Logit, points).expect("fit");
    let fitted = at(15);
    let fit = &fitted.fit;
    assert!(!fit.singular && fit.convergence.gradient_max < 1e-6);
    let (patient_sd, knee_sd) = (fit.random[0].std_dev, fit.random[1].std_dev);
    let patients = fitted.frame.grouping(&["usubjid".to_owned()]).expect("grouping");
    let knees = fitted.frame.grouping(&["usubjid".to_owned(), "knee".to_owned()]).expect("grouping");
    let Column::Categorical { codes, .. } = &fitted.frame.response else { panic!("grades") };
    let logistic = |x: f64| 1.0 / (1.0 + (-x).exp());
    let density = |z: f64| (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let step = 0.1;
    let grid = || (-80..=80).map(|i| f64::from(i) * step);
    let probability = |row: usize, effect: f64| {
        let grade = codes[row].expect("grade") as usize;
        let eta = fit.estimates[3] * fitted.design.x[2 * row + 1] + effect;
        let upper = if grade == 3 { 1.0 } else { logistic(fit.estimates[grade] - eta) };
        upper - if grade == 0 { 0.0 } else { logistic(fit.estimates[grade - 1] - eta) }
    };
    let n = codes.len();
    let mut total = 0.0;
    for patient in 0..patients.n_groups() {
        let own: Vec<usize> = (0..n).filter(|&row| patients.codes[row] as usize == patient).collect();
        let mut which: Vec<u32> = own.iter().map(|&row| knees.codes[row]).collect();
        which.sort_unstable();
        which.dedup();
        let mut integral = 0.0;
        for b in grid() {
            let mut product = density(b) * step;
            for &knee in &which {
                let inner: f64 = grid()
                    .map(|c| {
                        let effect = patient_sd * b + knee_sd * c;
                        let rows = own.iter().filter(|&&row| knees.codes[row] == knee);
                        rows.map(|&row| probability(row, effect)).product::<f64>() * density(c) * step
                    })
                    .sum();
                product *= inner;
            }
            integral += product;
        }
        total += integral.ln();
    }
    assert!((total - fit.log_lik).abs() < 1e-6, "{total} {}", fit.log_lik);
    // Laplace is one point, and the rule converges.
    let (few, more) = (at(5).fit, at(9).fit);
    assert!((few.log_lik - fit.log_lik).abs() > (more.log_lik - fit.log_lik).abs());
    assert!((more.estimates[3] - fit.estimates[3]).abs() < 1e-4);
}

/// What must not change the answer, or change it in a known way.
#[test]
fn invariances() {
    let data = trial_a_data();
    let formula = "grade ~ treatment + visit + basec + (1|usubjid/knee)";
    let base = model(&data, formula, Family::Cumulative, Link::Logit, 1).expect("fit").fit;
    let close = |a: f64, b: f64| (a - b).abs() < 1e-7 * (1.0 + b.abs());
    // Rows in another order.
    let n = data.n_rows();
    let order: Vec<usize> = (0..n).map(|i| (i * 101) % n).collect();
    let shuffled = model(&data.select_rows(&order), formula, Family::Cumulative, Link::Logit, 1).expect("fit").fit;
    assert!(close(shuffled.log_lik, base.log_lik));
    assert!(base.estimates.iter().zip(&shuffled.estimates).all(|(a, b)| close(*a, *b)));
    assert!(base.vcov.iter().zip(&shuffled.vcov).all(|(a, b)| close(*a, *b)));
    // A covariate in other units: only its own coefficient moves.
    let mut scaled = data.clone();
    let Column::Numeric(basec) = data.column("basec").expect("column") else { panic!("numeric") };
    scaled.add_numeric("basec", basec.iter().map(|x| 1e6 * x).collect()).expect("column");
    let rescaled = model(&scaled, formula, Family::Cumulative, Link::Logit, 1).expect("fit").fit;
    assert!(close(rescaled.log_lik, base.log_lik));
    assert!(close(1e6 * rescaled.estimate("basec").expect("basec"), base.estimate("basec").expect("basec")));
    assert!(close(rescaled.estimate("treatmentEV").expect("EV"), base.estimate("treatmentEV").expect("EV")));
    // Grades from worst to best: every coefficient and threshold changes its sign (logit and probit are symmetric).
    let mut reversed = data.clone();
    reversed.set_levels("grade", &["3", "2", "1", "0"]).expect("levels");
    let mirrored = model(&reversed, formula, Family::Cumulative, Link::Logit, 1).expect("fit").fit;
    assert!(close(mirrored.log_lik, base.log_lik));
    assert!(close(mirrored.estimate("2|1").expect("2|1"), -base.estimate("1|2").expect("1|2")));
    assert!(close(mirrored.estimate("treatmentEV").expect("EV"), -base.estimate("treatmentEV").expect("EV")));
    // Two grades are a logistic model whose intercept is minus the threshold.
    let logistic =
        model(&data, "responder ~ treatment + (1|usubjid)", Family::Binomial, Link::Logit, 9).expect("fit").fit;
    let two_grades =
        model(&data, "responder ~ treatment + (1|usubjid)", Family::Cumulative, Link::Logit, 9).expect("fit").fit;
    assert!(close(logistic.log_lik, two_grades.log_lik));
    assert!(close(logistic.estimates[0], -two_grades.estimates[0]));
    assert!(
        close(logistic.vcov[0], two_grades.vcov[0]) && close(logistic.random[0].std_dev, two_grades.random[0].std_dev)
    );
    // One point is Laplace; more points than needed agree with each other.
    let at = |points| {
        model(&data, "responder ~ treatment + (1|usubjid)", Family::Binomial, Link::Logit, points)
            .expect("fit")
            .fit
            .log_lik
    };
    assert!((at(30) - at(60)).abs() < 1e-10);
}

fn table(columns: &[(&str, &[f64])]) -> Columns {
    let mut table = Columns::new();
    for (name, values) in columns {
        table.add_numeric(name, values.to_vec()).expect("column");
    }
    table
}

/// Every refusal is a sentence that names what is wrong.
#[test]
fn refusals_say_why() {
    let id: &[f64] = &[1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0];
    let arm: &[f64] = &[0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0];
    let one_per_row: &[f64] = &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
    let per_patient: &[f64] = &[0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0];
    let mixed: &[f64] = &[0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0];
    let grade: &[f64] = &[0.0, 2.0, 1.0, 2.0, 0.0, 3.0, 1.0, 3.0];
    let base = |y: &[f64]| table(&[("y", y), ("arm", arm), ("id", id), ("row", one_per_row)]);
    /// Outcome, formula, family, quadrature points, and what the refusal must name.
    type Hopeless<'a> = (&'a [f64], &'a str, Family, usize, &'a [&'a str]);
    let cases: [Hopeless; 14] = [
        (per_patient, "y ~ arm + (1|id)", Family::Binomial, 9, &["(1 | id)", "without limit"]),
        (arm, "y ~ arm", Family::Binomial, 1, &["arm", "separated"]),
        (arm, "y ~ arm + (1|id)", Family::Binomial, 1, &["arm", "separated"]),
        (grade, "y ~ arm", Family::Cumulative, 1, &["arm", "separated"]),
        (&[1.0; 8], "y ~ arm", Family::Binomial, 1, &["8 of 8"]),
        (&[2.0; 8], "y ~ arm", Family::Cumulative, 1, &["same grade"]),
        (grade, "y ~ arm", Family::Binomial, 1, &["0 and 1"]),
        (mixed, "y ~ arm + (1|row)", Family::Binomial, 1, &["(1 | row)", "more than one row"]),
        (mixed, "y ~ arm + (1+arm|id)", Family::Binomial, 1, &["random slope"]),
        (mixed, "y ~ arm + us(arm|id)", Family::Binomial, 1, &["residual covariance"]),
        (mixed, "y ~ arm + (1|id)", Family::Binomial, 0, &["to 100 points"]),
        (mixed, "y ~ arm + (1|id) + (1|row)", Family::Binomial, 5, &["single row"]),
        (mixed, "y ~ 0 + arm", Family::Cumulative, 1, &["intercept"]),
        (mixed, "y ~ arm + (1|id) + (1|arm)", Family::Binomial, 1, &["not nested"]),
    ];
    for (y, formula, family, points, words) in cases {
        let error = model(&base(y), formula, family, Link::Logit, points).and_then(|m| m.report()).expect_err(formula);
        let message = error.to_string();
        // What helps is not a smaller covariance structure when the outcome itself allows no estimate.
        let code = match words {
            [_, "separated" | "without limit"] => Some("model-separated"),
            ["8 of 8" | "same grade"] => Some("model-constant-outcome"),
            _ => None,
        };
        if let Some(code) = code {
            assert_eq!(error.code(), code, "{message}");
            assert!(!error.remedy().contains("covariance structure"), "{message}");
        }
        for word in words {
            assert!(message.contains(word), "{formula}: {message}");
        }
    }
}

#[test]
fn a_grade_outside_the_list_is_named() {
    let levels = ["none", "mild"].map(String::from);
    let error = OrderedOutcome::new(&[0, 1, 4], &levels).expect_err("grade");
    assert_eq!(error.code(), "model-unlisted-level");
    assert!(error.to_string().contains("none, mild"), "{error}");
}

/// Data at the edge that do have an answer.
#[test]
fn hard_data() {
    let id: Vec<f64> = (0..24).map(|i| f64::from(i / 4)).collect();
    let arm: Vec<f64> = (0..24).map(|i| f64::from(i % 2)).collect();
    // No variation between patients: every patient has one responder among each arm's two rows.
    let balanced: Vec<f64> = (0..24).map(|i| f64::from((i / 2 + i % 2) % 2)).collect();
    let data = table(&[("y", &balanced), ("arm", &arm), ("id", &id)]);
    for points in [1, 15] {
        let report = model(&data, "y ~ arm + (1|id)", Family::Binomial, Link::Logit, points)
            .expect("fit")
            .report()
            .expect("report");
        assert!(report.singular && report.variance_components[0].variance == 0.0 && report.converged);
        assert!(report.notes.iter().any(|note| note.contains("boundary")), "{:?}", report.notes);
        // log 2 per row, no effect, standard error √(1/6 + …) = √(2/3) from four cells of 6.
        assert!((report.log_lik + 24.0 * 2.0_f64.ln()).abs() < 1e-10);
        assert!(report.coefficients[1].estimate.abs() < 1e-10);
        assert!((report.coefficients[1].std_error - (4.0_f64 / 6.0).sqrt()).abs() < 1e-9);
    }
    // A grade that no row has.
    let grades: Vec<&str> = (0..24).map(|i| ["0", "1", "3", "1", "0", "3", "3"][i % 7]).collect();
    let mut graded = data.clone();
    graded.add_categorical("grade", grades.into_iter().map(Some)).expect("column");
    graded.set_levels("grade", &["0", "1", "2", "3"]).expect("levels");
    let report =
        model(&graded, "grade ~ arm", Family::Cumulative, Link::Probit, 1).expect("fit").report().expect("report");
    assert_eq!(report.coefficients.iter().map(|c| c.term.as_str()).collect::<Vec<_>>(), ["0|1", "1|3", "arm"]);
    assert!(report.notes.iter().any(|note| note.contains("grade 2")), "{:?}", report.notes);
    // Two patients, one of whom always responds: a fit or a refusal, but nothing that is not a number.
    let y = [1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0];
    let small = table(&[("y", &y), ("arm", &arm[..8]), ("id", &id[..8])]);
    for points in [1, 9] {
        match model(&small, "y ~ arm + (1|id)", Family::Binomial, Link::Logit, points) {
            Ok(fitted) => {
                let report = fitted.report().expect("report");
                assert!(
                    report.coefficients.iter().all(|c| c.estimate.is_finite() && c.std_error.is_finite()),
                    "{report:?}"
                );
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    // A collinear covariate is dropped and named.
    let twice: Vec<f64> = arm.iter().map(|x| 2.0 * x).collect();
    let collinear = table(&[("y", &balanced), ("arm", &arm), ("id", &id), ("twice", &twice)]);
    let report =
        model(&collinear, "y ~ arm + twice", Family::Binomial, Link::Logit, 1).expect("fit").report().expect("report");
    assert_eq!(report.aliased, ["twice"]);
}

/// The names of the interface contract, the same as the linear mixed model's.
#[test]
fn fields_of_the_contract() {
    let report = model(&trial_a_data(), "grade ~ treatment + (1|usubjid)", Family::Cumulative, Link::Logit, 1);
    let json = serde_json::to_value(report.and_then(|m| m.report()).expect("report")).expect("json");
    let keys = "formula method ddf n_obs n_patients n_groups log_lik deviance aic bic aic_all bic_all converged singular \
                iterations gradient_max coefficients variance_components vcov emmeans contrasts notes";
    for key in keys.split_whitespace() {
        assert!(json.get(key).is_some(), "{key}");
    }
    for key in ["term", "estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high"] {
        assert!(json["coefficients"][0].get(key).is_some(), "{key}");
    }
    assert_eq!(json["coefficients"][0]["term"], "0|1");
    assert!(json["coefficients"][0]["df"].is_null());
    assert_eq!(json["n_groups"]["usubjid"], 45);
}

/// Small random tables, most of them degenerate in some way: an answer of finite numbers or a sentence, never anything else.
#[test]
fn random_tables_give_an_answer_or_a_reason() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |n: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % n
    };
    let (mut answers, mut reasons) = (0, 0);
    for _ in 0..300 {
        let n = 2 + below(14) as usize;
        let levels = 1 + below(4);
        let mut column = |most: u64| (0..n).map(|_| below(most) as f64).collect::<Vec<f64>>();
        let (y, arm, x, id, side) = (column(levels), column(2), column(5), column(4), column(2));
        let mut data = table(&[("y", &y), ("arm", &arm), ("x", &x), ("id", &id)]);
        data.add_categorical("side", side.iter().map(|s| Some(format!("{s}")))).expect("column");
        let formula = ["y ~ arm", "y ~ arm + x", "y ~ arm + (1|id)", "y ~ 1 + (1|id)", "y ~ arm + (1|id/side)"]
            [below(5) as usize];
        let family = [Family::Binomial, Family::Cumulative][below(2) as usize];
        let link = [Link::Logit, Link::Probit, Link::Cloglog][below(3) as usize];
        match model(&data, formula, family, link, [1, 1, 5][below(3) as usize]).and_then(|m| m.report()) {
            Ok(report) => {
                answers += 1;
                let numbers =
                    report.coefficients.iter().flat_map(|c| [c.estimate, c.std_error, c.conf_low, c.conf_high]);
                let numbers =
                    numbers.chain(report.variance_components.iter().map(|v| v.variance)).chain([report.log_lik]);
                assert!(numbers.clone().all(f64::is_finite), "{formula} {family:?} {link:?} {report:?}");
                assert!(report.converged && report.log_lik <= 0.0, "{report:?}");
            }
            Err(error) => {
                reasons += 1;
                assert!(error.to_string().len() > 20, "{error}");
            }
        }
    }
    assert!(answers > 60 && reasons > 60, "{answers} answers, {reasons} reasons");
}
