//! Generalised estimating equations against geepack, gee and statsmodels.

use super::Outcome;
use super::case::{Case, Reference, number};
use super::coverage::Coverage;
use super::generalised::{entered, follow_up, respiratory};
use super::mixed_figures::text;
use crate::model::gee::{GeeConvention, GeeCovariance, GeeFamily, GeeOptions, WorkingCorrelation};
use crate::model::gee_report::{GeeComparisons, GeeReport, gee};
use crate::model::{Columns, Formula, LsMeansSpec, ModelError};
use serde_json::Value;

/// The rows of a list of figures.
fn list<'a>(result: &'a Reference, key: &str) -> &'a [Value] {
    result.values[key].as_array().map_or(&[], Vec::as_slice)
}

/// geepack's and gee's fixed points are iterated to 1e-12.
const TOLERANCE: f64 = 1e-9;

fn report(data: &Columns, formula: &str, id: &str, options: &GeeOptions) -> Result<GeeReport, ModelError> {
    let contrasts = vec![LsMeansSpec::parse("treatment|visit")];
    let comparisons =
        if formula.contains('*') { GeeComparisons { contrasts, ..Default::default() } } else { Default::default() };
    gee(data, &Formula::parse(formula)?, id, options, &comparisons)
}

fn compare_geeglm(coverage: &mut Coverage, result: &Reference, ours: &GeeReport) {
    let naive = list(result, "se_naive");
    for (index, row) in list(result, "coef").iter().enumerate() {
        let term = text(row, "term");
        let found = ours.coefficients.iter().find(|c| c.term == term);
        let mut close = |what: &str, expected: &Value, value: Option<f64>, tolerance: f64| {
            coverage.close_to(
                result,
                &format!("{term} {what}"),
                number(expected).unwrap_or(f64::NAN),
                value,
                tolerance,
            );
        };
        close("estimate", &row["estimate"], found.map(|c| c.estimate), TOLERANCE);
        close("robust", &row["se_robust"], found.map(|c| c.std_error), TOLERANCE);
        close("wald", &row["wald"], found.and_then(|c| c.statistic).map(|z| z * z), 10.0 * TOLERANCE);
        // geepack takes 1 − pchisq(wald): 1e-16 absolute, so small p-values carry few digits.
        let p = number(&row["p"]).unwrap_or(f64::NAN);
        close("p", &row["p"], found.and_then(|c| c.p_value), 1e-8 + 2e-16 / p);
        close("naive", &naive[index], found.map(|c| c.std_error_naive), TOLERANCE);
    }
    for (i, row) in list(result, "vbeta").iter().enumerate() {
        for (j, expected) in row.as_array().into_iter().flatten().enumerate() {
            let (a, b) = (ours.coefficients[i].std_error, ours.coefficients[j].std_error);
            let expected = number(expected).unwrap_or(f64::NAN);
            let what = format!("vcov {}, {}", i + 1, j + 1);
            coverage.scaled(result, &what, expected, Some(ours.vcov[i][j]), TOLERANCE, a * b);
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
    for row in list(result, "coef") {
        let term = text(row, "term");
        let found = ours.coefficients.iter().find(|c| c.term == term);
        let figures = [
            ("estimate", found.map(|c| c.estimate)),
            ("se_robust", found.map(|c| c.std_error)),
            ("z_robust", found.and_then(|c| c.statistic)),
            ("se_naive", found.map(|c| c.std_error_naive)),
            ("z_naive", found.map(|c| c.estimate / c.std_error_naive)),
        ];
        for (key, value) in figures {
            coverage.close_to(
                result,
                &format!("{term} {key}"),
                number(&row[key]).unwrap_or(f64::NAN),
                value,
                TOLERANCE,
            );
        }
    }
    coverage.close(result, "scale", Some(ours.scale), TOLERANCE);
    coverage.close(result, "working_correlation_12", ours.alpha, TOLERANCE);
}

/// statsmodels: its own term names, in the order intercept, treatment, months, interactions, baseline; scale 1.
fn compare_statsmodels(coverage: &mut Coverage, result: &Reference, ours: &GeeReport, naive: bool) {
    let order =
        ["(Intercept)", "treatmentEV", "visitM3", "visitM6", "treatmentEV:visitM3", "treatmentEV:visitM6", "basec"];
    for (row, term) in list(result, "fixed").iter().zip(order) {
        let found = ours.coefficients.iter().find(|c| c.term == term);
        let error = found.map(|c| if naive { c.std_error_naive / ours.scale.sqrt() } else { c.std_error });
        coverage.close_to(
            result,
            term,
            number(&row["estimate"]).unwrap_or(f64::NAN),
            found.map(|c| c.estimate),
            TOLERANCE,
        );
        coverage.close_to(result, &format!("{term} se"), number(&row["se"]).unwrap_or(f64::NAN), error, TOLERANCE);
        if !naive {
            coverage.close_to(
                result,
                &format!("{term} p"),
                number(&row["p"]).unwrap_or(f64::NAN),
                found.and_then(|c| c.p_value),
                1e-8,
            );
        }
    }
    coverage.close(result, "dep_params", ours.alpha, TOLERANCE);
}

/// A simulated trial. What is no estimating equation is left to [`super::generalised::trial`].
pub fn trial(case: &Case, coverage: &mut Coverage) {
    for result in case.results.iter().filter(|result| result.id.contains("gee")) {
        entered(coverage, result, |coverage| of_trial(case, result, coverage));
    }
}

fn of_trial(case: &Case, result: &Reference, coverage: &mut Coverage) -> Outcome<()> {
    use GeeConvention::{Geepack, GeepackFixedScale, LiangZeger};
    use GeeCovariance::{Classical, ManclDeRouen};
    use WorkingCorrelation::{Ar1, Exchangeable, Independence};
    let (model, method) = result.id.split_once('/').unwrap_or_default();
    let (formula, family) = match model {
        "responder" => ("responder ~ treatment*visit + basec", GeeFamily::Binomial),
        "responder_main" => ("responder ~ treatment + visit + basec", GeeFamily::Binomial),
        "change_gaussian" => ("change ~ treatment*visit + basec", GeeFamily::Gaussian),
        _ => return Ok(()),
    };
    let data = follow_up(&case.data)?;
    let fitted = |correlation, convention, covariance| {
        let options = GeeOptions { correlation, convention, covariance, ..GeeOptions::new(family) };
        report(&data, formula, "usubjid", &options)
    };
    match method {
        "geeglm.exchangeable" => compare_geeglm(coverage, result, &fitted(Exchangeable, Geepack, Classical)?),
        "geeglm.independence" => compare_geeglm(coverage, result, &fitted(Independence, Geepack, Classical)?),
        "geeglm.ar1" => compare_geeglm(coverage, result, &fitted(Ar1, Geepack, Classical)?),
        "geeglm.exchangeable.scalefix" => match fitted(Exchangeable, GeepackFixedScale, Classical) {
            Ok(ours) if result.error.is_none() => compare_geeglm(coverage, result, &ours),
            ours => coverage.check(result, "refused where geepack diverges", ours.is_err() && result.error.is_some()),
        },
        "gee.exchangeable" => compare_gee(coverage, result, &fitted(Exchangeable, LiangZeger, Classical)?),
        "gee.statsmodels.robust" => {
            compare_statsmodels(coverage, result, &fitted(Exchangeable, LiangZeger, Classical)?, false);
        }
        "gee.statsmodels.naive" => {
            compare_statsmodels(coverage, result, &fitted(Exchangeable, LiangZeger, Classical)?, true);
        }
        "gee.statsmodels.bias_reduced" => {
            compare_statsmodels(coverage, result, &fitted(Exchangeable, LiangZeger, ManclDeRouen)?, false);
        }
        "geeglm.exchangeable.contrast_by_visit" => {
            compare_contrasts(coverage, result, &fitted(Exchangeable, Geepack, Classical)?);
        }
        _ => {}
    }
    Ok(())
}

fn compare_contrasts(coverage: &mut Coverage, result: &Reference, ours: &GeeReport) {
    for (index, row) in result.values.as_array().into_iter().flatten().enumerate() {
        let Some(contrast) = ours.contrasts.get(index).map(|contrast| &contrast.difference) else {
            coverage.check(result, "as many contrasts", false);
            return;
        };
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

/// `geepack::respiratory`. What is no estimating equation is left to [`super::generalised::respiratory_trial`].
pub fn respiratory_trial(case: &Case, coverage: &mut Coverage) {
    use GeeConvention::{Geepack, GeepackFixedScale, LiangZeger};
    use WorkingCorrelation::{Ar1, Exchangeable, Independence};
    let formula = "outcome ~ center + treat + sex + age + baseline";
    for result in &case.results {
        let (correlation, convention) = match result.id.as_str() {
            "outcome/geeglm.exchangeable" => (Exchangeable, Geepack),
            "outcome/geeglm.independence" => (Independence, Geepack),
            "outcome/geeglm.ar1" => (Ar1, Geepack),
            "outcome/geeglm.exchangeable.scalefix" => (Exchangeable, GeepackFixedScale),
            "outcome/gee.exchangeable" => (Exchangeable, LiangZeger),
            _ => continue,
        };
        entered(coverage, result, |coverage| {
            let options = GeeOptions { correlation, convention, ..GeeOptions::new(GeeFamily::Binomial) };
            let ours = report(&respiratory(&case.data)?, formula, "pid", &options)?;
            if convention == LiangZeger {
                compare_gee(coverage, result, &ours);
            } else {
                compare_geeglm(coverage, result, &ours);
            }
            Ok(())
        });
    }
}
