//! Logistic, cumulative-link and mixed generalised models against glm, lme4, ordinal and MASS.

use super::Outcome;
use super::case::{Case, Csv, Reference, number};
use super::coverage::Coverage;
use super::mixed_figures::text;
use crate::model::generalised::Family;
use crate::model::generalised_report::{GeneralisedModel, GeneralisedOptions, GeneralisedReport, fit_generalised};
use crate::model::link::Link;
use crate::model::{Columns, Formula, LsMeansSpec, ModelError};
use std::cmp::Ordering;

/// The follow-up rows of a simulated trial with responder, change and centred baseline, as the reference derives them.
///
/// # Errors
/// Columns of different length.
pub fn follow_up(data: &Csv) -> Outcome<Columns> {
    let (id, side, arm) = (data.text("usubjid"), data.text("laterality"), data.text("treatment"));
    let (month, vas, grade) = (data.numbers("month"), data.numbers("vas"), data.numbers("mri_grade"));
    let baseline = |row: usize| {
        (0..id.len()).find(|&r| id[r] == id[row] && side[r] == side[row] && month[r] == Some(0.0)).and_then(|r| vas[r])
    };
    // Sorted as the reference: patient, side, month.
    let mut rows: Vec<usize> = (0..id.len()).filter(|&row| month[row].is_some_and(|m| m > 0.0)).collect();
    rows.sort_by(|&a, &b| {
        (id[a], side[a]).cmp(&(id[b], side[b])).then(month[a].partial_cmp(&month[b]).unwrap_or(Ordering::Equal))
    });
    let change = |row: usize| Some((vas[row]?, baseline(row)?));
    let numeric =
        |f: &dyn Fn(usize) -> Option<f64>| rows.iter().map(|&row| f(row).unwrap_or(f64::NAN)).collect::<Vec<_>>();
    let mut table = Columns::new();
    table.add_categorical("usubjid", rows.iter().map(|&r| Some(id[r])))?;
    table.add_categorical("knee", rows.iter().map(|&r| Some(side[r])))?;
    table.add_categorical("treatment", rows.iter().map(|&r| Some(arm[r])))?;
    table.set_levels("treatment", &["PLACEBO", "EV"])?;
    table.add_categorical("visit", rows.iter().map(|&r| month[r].map(|m| format!("M{m}"))))?;
    table.add_categorical("grade", rows.iter().map(|&r| grade[r].map(|g| format!("{g}"))))?;
    table.add_numeric("month", numeric(&|row| month[row]))?;
    table.add_numeric("basec", numeric(&|row| baseline(row).map(|b| b - 50.0)))?;
    table.add_numeric("change", numeric(&|row| change(row).map(|(v, b)| v - b)))?;
    table
        .add_numeric("responder", numeric(&|row| change(row).map(|(v, b)| f64::from(u8::from((b - v) / b >= 0.20)))))?;
    Ok(table)
}

/// The respiratory trial: patients are numbered within centres.
///
/// # Errors
/// Columns of different length.
pub fn respiratory(data: &Csv) -> Outcome<Columns> {
    let mut table = Columns::new();
    let (center, id) = (data.text("center"), data.text("id"));
    // Zero-padded so that the alphabetical order of the factor is that of the file.
    let patients: Vec<String> = center.iter().zip(&id).map(|(c, i)| format!("{c}-{i:0>3}")).collect();
    table.add_categorical("pid", patients.iter().map(|p| Some(p.as_str())))?;
    table.add_categorical("center", center.iter().map(|c| Some(*c)))?;
    table.add_categorical("treat", data.text("treat").into_iter().map(Some))?;
    table.set_levels("treat", &["P", "A"])?;
    table.add_categorical("sex", data.text("sex").into_iter().map(Some))?;
    table.set_levels("sex", &["F", "M"])?;
    for name in ["age", "baseline", "outcome"] {
        table.add_numeric(name, data.numbers(name).into_iter().map(|x| x.unwrap_or(f64::NAN)).collect())?;
    }
    Ok(table)
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

/// Compares, and enters a refusal of ours as a failure.
pub(super) fn entered(coverage: &mut Coverage, result: &Reference, compare: impl FnOnce(&mut Coverage) -> Outcome<()>) {
    if let Err(problem) = compare(coverage) {
        coverage.check(result, &format!("an answer: {problem}"), false);
    }
}

/// Tolerances for log-likelihood (absolute), estimates, standard errors and standard deviations of random intercepts.
struct Tolerances {
    log_lik: f64,
    estimate: f64,
    std_error: f64,
    std_dev: f64,
}

/// Compares coefficients (`coef` or `fixed`), log-likelihood, AIC, BIC and random standard deviations.
fn compare(
    coverage: &mut Coverage,
    result: &Reference,
    model: &GeneralisedModel,
    tolerances: &Tolerances,
) -> Outcome<()> {
    let report = model.report()?;
    coverage.check(result, "converged", report.converged);
    let expected = result.number("logLik").unwrap_or(f64::NAN);
    coverage.scaled(result, "logLik", expected, Some(report.log_lik), tolerances.log_lik, 1.0);
    for (key, ours) in [("AIC", report.aic_all), ("BIC", report.bic_all), ("deviance_neg2ll", report.deviance)] {
        if let Some(expected) = result.number(key) {
            coverage.scaled(result, key, expected, Some(ours), 3.0 * tolerances.log_lik, 1.0);
        }
    }
    if let Some(n) = result.number("nobs") {
        coverage.check(result, "number of rows", report.n_obs as f64 == n);
    }
    let rows = ["coef", "fixed"].iter().find_map(|key| result.values[*key].as_array());
    for row in rows.into_iter().flatten() {
        let term = text(row, "term");
        let ours = report.coefficients.iter().find(|c| c.term == term);
        let expected_error = number(&row["se"]).unwrap_or(f64::NAN);
        let estimate = number(&row["estimate"]).unwrap_or(f64::NAN);
        // Estimates to a share of their standard error where they are near 0 themselves.
        let scale = estimate.abs().max(expected_error);
        coverage.scaled(result, term, estimate, ours.map(|c| c.estimate), tolerances.estimate, scale);
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
            let group = text(component, "grp").replace("knee", "usubjid:knee");
            let expected = number(&component["sd"]).unwrap_or(f64::NAN);
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
    Ok(())
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

/// A simulated trial: responders and grades. What is an estimating equation is left to the sibling `estimating`.
pub fn trial(case: &Case, coverage: &mut Coverage) {
    for result in &case.results {
        entered(coverage, result, |coverage| of_trial(case, result, coverage));
    }
}

fn of_trial(case: &Case, result: &Reference, coverage: &mut Coverage) -> Outcome<()> {
    let data = follow_up(&case.data)?;
    let fitted = |formula: &str, family, quadrature| model(&data, formula, family, Link::Logit, quadrature);
    let patient = |formula: &str| format!("{formula} + (1 | usubjid)");
    let knee = |formula: &str| format!("{formula} + (1 | usubjid/knee)");
    let id = result.id.as_str();
    match id {
        "responder/glmer.patient.nAGQ1" => {
            compare(coverage, result, &fitted(&patient(MAIN), Family::Binomial, 1)?, &GLMER)?
        }
        "responder/glmer.patient.nAGQ7" => {
            compare(coverage, result, &fitted(&patient(MAIN), Family::Binomial, 7)?, &GLMER)?
        }
        "responder/glmer.patient.nAGQ25" => {
            compare(coverage, result, &fitted(&patient(MAIN), Family::Binomial, 25)?, &GLMER)?
        }
        "responder/glmer.interaction.laplace" => {
            compare(coverage, result, &fitted(&patient(INTERACTION), Family::Binomial, 1)?, &GLMER)?;
        }
        "responder/glmer.patient_knee.laplace" => {
            compare(coverage, result, &fitted(&knee(MAIN), Family::Binomial, 1)?, &GLMER)?
        }
        "mri/clm" => compare(coverage, result, &fitted(GRADE, Family::Cumulative, 1)?, &EXACT)?,
        "mri/polr" => compare(coverage, result, &fitted(GRADE, Family::Cumulative, 1)?, &POLR)?,
        "mri/clmm.laplace" => {
            compare(coverage, result, &fitted(&patient(GRADE), Family::Cumulative, 1)?, &CLMM_LAPLACE)?
        }
        "mri/clmm.agq7" => compare(coverage, result, &fitted(&patient(GRADE), Family::Cumulative, 7)?, &CLMM_AGQ)?,
        "mri/clmm.agq15" => compare(coverage, result, &fitted(&patient(GRADE), Family::Cumulative, 15)?, &CLMM_AGQ)?,
        "mri/clmm.patient_knee.laplace" => {
            compare(coverage, result, &fitted(&knee(GRADE), Family::Cumulative, 1)?, &CLMM_LAPLACE)?
        }
        "mri/own_laplace" => {
            let ours = fitted(&patient(GRADE), Family::Cumulative, 1)?.fit;
            let expected = result.number("logLik").unwrap_or(f64::NAN);
            coverage.scaled(result, "logLik", expected, Some(ours.log_lik), 1e-9, 1.0);
            let keys = (0..3).map(|k| format!("thresholds.{k}")).chain((0..3).map(|k| format!("beta.{k}")));
            for (key, estimate) in keys.zip(&ours.estimates) {
                coverage.close(result, &key, Some(*estimate), 2e-4);
            }
            coverage.close(result, "random_sd", ours.random.first().map(|random| random.std_dev), 1e-5);
        }
        "mri/clmm.laplace.default_control" => {
            coverage.exclude(result, "stock settings stop short; the reference itself says not to match them");
        }
        _ => {}
    }
    Ok(())
}

/// `geepack::respiratory`.
pub fn respiratory_trial(case: &Case, coverage: &mut Coverage) {
    let formula = "outcome ~ center + treat + sex + age + baseline + (1 | pid)";
    for result in &case.results {
        let points = match result.id.as_str() {
            "outcome/glmer.nAGQ1" => 1,
            "outcome/glmer.nAGQ15" => 15,
            _ => continue,
        };
        entered(coverage, result, |coverage| {
            let data = respiratory(&case.data)?;
            compare(coverage, result, &model(&data, formula, Family::Binomial, Link::Logit, points)?, &GLMER)
        });
    }
}

/// The `knee` data of catdata, where they are at hand: they may not be copied into the program.
pub fn ordinal_knee(case: &Case) -> Coverage {
    let mut coverage = Coverage::new(case);
    for result in &case.results {
        entered(&mut coverage, result, |coverage| of_ordinal_knee(case, result, coverage));
    }
    coverage
}

fn of_ordinal_knee(case: &Case, result: &Reference, coverage: &mut Coverage) -> Outcome<()> {
    let mut data = Columns::new();
    for (name, column) in [("id", "id"), ("therapy", "therapy"), ("sex", "sex"), ("occ", "occasion"), ("pain", "pain")]
    {
        data.add_categorical(name, case.data.text(column).into_iter().map(Some))?;
    }
    data.add_numeric("agec", case.data.numbers("age").into_iter().map(|a| a.map_or(f64::NAN, |a| a - 30.0)).collect())?;
    let full = "pain ~ therapy + sex + agec + occ";
    let mixed = "pain ~ therapy + sex + agec + occ + (1 | id)";
    let fitted = |formula: &str, link, quadrature| model(&data, formula, Family::Cumulative, link, quadrature);
    match result.id.as_str() {
        "clm" => compare(coverage, result, &fitted(full, Link::Logit, 1)?, &EXACT)?,
        "polr" => compare(coverage, result, &fitted(full, Link::Logit, 1)?, &POLR)?,
        "clm.probit" => compare(coverage, result, &fitted("pain ~ therapy + occ", Link::Probit, 1)?, &EXACT)?,
        "clm.cloglog" => compare(coverage, result, &fitted("pain ~ therapy + occ", Link::Cloglog, 1)?, &EXACT)?,
        "clmm.agq15" => compare(coverage, result, &fitted(mixed, Link::Logit, 15)?, &CLMM_AGQ)?,
        "clmm.laplace" => {
            // clmm stopped at a gradient of 0.03 (its own record), 1.7e-4 below the maximum, with standard errors that
            // are off by a factor of ten (therapy2 0.12, by quadrature 1.45): only the likelihood can be compared.
            let ours = fitted(mixed, Link::Logit, 1)?.fit;
            let gap = ours.log_lik - result.number("logLik").unwrap_or(f64::NAN);
            coverage.check(result, "log-likelihood at most 1e-3 above clmm's", (0.0..1e-3).contains(&gap));
            coverage.check(result, "gradient", ours.convergence.gradient_max < 1e-7);
            coverage.close(result, "random_sd.0", ours.random.first().map(|random| random.std_dev), 1e-3);
        }
        _ => {}
    }
    Ok(())
}

/// LS means and differences by visit.
fn compare_means(coverage: &mut Coverage, result: &Reference, report: &GeneralisedReport) {
    let rows = |key: &str| result.values[key].as_array().cloned().unwrap_or_default();
    for row in rows("emmeans") {
        let found = report.emmeans.iter().find(|mean| {
            mean.levels.get("treatment") == row["treatment"].as_str()
                && mean.levels.get("visit") == row["visit"].as_str()
        });
        for (key, ours) in [("estimate", found.and_then(|m| m.estimate)), ("se", found.and_then(|m| m.std_error))] {
            coverage.close_to(
                result,
                &format!("mean {} {} {key}", text(&row, "treatment"), text(&row, "visit")),
                number(&row[key]).unwrap_or(f64::NAN),
                ours,
                1e-8,
            );
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
                &format!("difference {} {key}", text(row, "visit")),
                number(&row[key]).unwrap_or(f64::NAN),
                value,
                1e-7,
            );
        }
        let odds_ratio = number(&row["estimate"]).unwrap_or(f64::NAN).exp();
        coverage.close_to(result, "odds ratio", odds_ratio, ours.ratio, 1e-7);
        coverage.check(result, "ratio kind", ours.ratio_kind == Some("odds ratio"));
    }
}

/// Links, and Laplace standard errors, that the other cases lack: `tests/reference/r/generalised_links/make.R`.
pub fn links(case: &Case) -> Coverage {
    let mut coverage = Coverage::new(case);
    for result in &case.results {
        entered(&mut coverage, result, |coverage| of_links(case, result, coverage));
    }
    coverage
}

fn of_links(case: &Case, result: &Reference, coverage: &mut Coverage) -> Outcome<()> {
    let data = follow_up(&case.data)?;
    // glm's stopping rule leaves its coefficients 1e-8 short for non-canonical links.
    let glm = Tolerances { log_lik: 1e-9, estimate: 1e-7, std_error: 1e-7, std_dev: 1e-9 };
    // numDeriv's derivatives: 1e-7 in the gradient, 1e-5 in the Hessian.
    let own = Tolerances { log_lik: 1e-9, estimate: 1e-6, std_error: 1e-5, std_dev: 1e-6 };
    let mixed = |formula: &str, term: &str| format!("{formula} + {term}");
    let parts: Vec<&str> = result.id.split('.').collect();
    let link = parts.get(1).and_then(|name| Link::from_name(name)).unwrap_or_default();
    let fitted = |formula: &str, family, quadrature| model(&data, formula, family, link, quadrature);
    match (parts[0], parts[parts.len() - 1]) {
        ("glm", _) => compare(coverage, result, &fitted(MAIN, Family::Binomial, 1)?, &glm)?,
        // The same number in lme4 is Laplace with the expected information in place of the curvature: another method.
        // Laplace's method proper is `own_binary`; with 25 points the two agree.
        ("glmer", "nAGQ1") => coverage.exclude(result, "lme4's curvature for non-canonical links is the expected one"),
        ("glmer", _) => compare(coverage, result, &fitted(&mixed(MAIN, "(1|usubjid)"), Family::Binomial, 25)?, &GLMER)?,
        ("own_binary", _) => {
            compare(coverage, result, &fitted(&mixed(MAIN, "(1|usubjid)"), Family::Binomial, 1)?, &own)?
        }
        ("emmeans", kind) => {
            let (family, formula) = match kind {
                "glm" => (Family::Binomial, "responder ~ treatment*visit + basec"),
                _ => (Family::Cumulative, "grade ~ treatment*visit + basec"),
            };
            let specs = vec![LsMeansSpec::parse("treatment|visit")];
            let options =
                GeneralisedOptions { emmeans: specs.clone(), contrasts: specs, ..GeneralisedOptions::new(family) };
            let fitted = fit_generalised(&data, &Formula::parse(formula)?, &options)?;
            compare_means(coverage, result, &fitted.report()?);
        }
        ("clm", _) => compare(coverage, result, &fitted(GRADE, Family::Cumulative, 1)?, &EXACT)?,
        ("clmm", _) => {
            compare(coverage, result, &fitted(&mixed(GRADE, "(1|usubjid)"), Family::Cumulative, 10)?, &CLMM_AGQ)?
        }
        ("own", "patient") => {
            compare(coverage, result, &fitted(&mixed(GRADE, "(1|usubjid)"), Family::Cumulative, 1)?, &own)?
        }
        ("own", _) => {
            compare(coverage, result, &fitted(&mixed(GRADE, "(1|usubjid/knee)"), Family::Cumulative, 1)?, &own)?
        }
        _ => {}
    }
    Ok(())
}
