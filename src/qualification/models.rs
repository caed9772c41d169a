//! Mixed models, their Kronecker covariances, logistic mixed models and estimating equations, on trial A.

use super::case::Case;
use super::{Check, Comparison, Figure};
use crate::model::gee::{GeeFamily, GeeOptions};
use crate::model::gee_report::{GeeComparisons, gee};
use crate::model::generalised::Family;
use crate::model::generalised_report::{GeneralisedOptions, fit_generalised};
use crate::model::{
    AnovaType, Columns, Ddf, FitOptions, Formula, Information, LsMeansSpec, ModelError, ReportOptions, fit,
};
use serde_json::Value;
use std::collections::HashMap;

/// Coefficients and contrasts: relative tolerances of the accuracy table.
const TESTED: [Figure; 5] = [
    ("estimate", "estimate", 1e-6),
    ("se", "std_error", 1e-6),
    ("df", "df", 1e-4),
    ("t", "statistic", 1e-5),
    ("p", "p_value", 1e-4),
];

/// The checks of all models.
pub fn checks() -> Vec<Check> {
    let data = include_bytes!("../../tests/reference/r/lmm_simA/data.csv");
    let nested = Case::new("lmm_simA", include_str!("../../tests/reference/r/lmm_simA/expected.json"), data);
    let kron = Case::new("kron_simA", include_str!("../../tests/reference/r/kron_simA/expected.json"), data);
    let marginal =
        Case::new("gee_glmm_simA", include_str!("../../tests/reference/r/gee_glmm_simA/expected.json"), data);
    let table = follow_up(&nested).unwrap_or_default();
    let mut checks = random_intercepts(nested, &table);
    checks.extend(kronecker(kron, &table));
    checks.extend(generalised(marginal, &table));
    checks.extend(random_slopes());
    checks
}

/// The follow-up rows with change from the knee's own baseline, as the references derive them.
fn follow_up(case: &Case) -> Result<Columns, ModelError> {
    let (id, side, arm) = (case.text("usubjid"), case.text("laterality"), case.text("treatment"));
    let (month, vas) = (case.numbers("month"), case.numbers("vas"));
    let knee: Vec<(&str, &str)> = id.iter().zip(&side).map(|(id, side)| (id.as_str(), side.as_str())).collect();
    let mut baseline: HashMap<(&str, &str), f64> = HashMap::new();
    for (row, knee) in knee.iter().enumerate() {
        if let (Some(Some(0.0)), Some(Some(value))) = (month.get(row), vas.get(row)) {
            baseline.insert(*knee, *value);
        }
    }
    // Sorted by patient, side and month: estimating equations with AR(1) read the order of rows.
    let after = |row: usize| month.get(row).copied().flatten().filter(|month| *month > 0.0);
    let mut rows: Vec<usize> = (0..id.len()).filter(|&row| after(row).is_some()).collect();
    rows.sort_by(|&a, &b| (knee[a], after(a).unwrap_or(0.0) as i64).cmp(&(knee[b], after(b).unwrap_or(0.0) as i64)));
    let own = |row: usize| baseline.get(&knee[row]).copied().unwrap_or(f64::NAN);
    let value = |row: usize| vas.get(row).copied().flatten().unwrap_or(f64::NAN);
    let numeric = |of: &dyn Fn(usize) -> f64| rows.iter().map(|&row| of(row)).collect::<Vec<f64>>();
    let responder = |row: usize| {
        let share = (own(row) - value(row)) / own(row);
        if share.is_nan() { share } else { f64::from(u8::from(share >= 0.20)) }
    };
    let mut table = Columns::new();
    table.add_numeric("change", numeric(&|row| value(row) - own(row)))?;
    table.add_numeric("baseline", numeric(&own))?;
    table.add_numeric("basec", numeric(&|row| own(row) - 50.0))?;
    table.add_numeric("responder", numeric(&responder))?;
    table.add_categorical("usubjid", rows.iter().map(|&row| Some(&id[row])))?;
    table.add_categorical("laterality", rows.iter().map(|&row| Some(&side[row])))?;
    table.add_categorical("treatment", rows.iter().map(|&row| Some(&arm[row])))?;
    table.set_levels("treatment", &["PLACEBO", "EV"])?;
    table.add_categorical("visit", rows.iter().map(|&row| after(row).map(|month| format!("M{month}"))))?;
    Ok(table)
}

/// The report of a linear mixed model with LS means of treatment by visit.
fn linear(table: &Columns, formula: &str, ddf: Ddf, information: Information) -> Value {
    let answer = || -> Result<Value, ModelError> {
        let model = fit(table, &Formula::parse(formula)?, &FitOptions::default())?;
        let by_visit = vec![LsMeansSpec::parse("treatment|visit")];
        let means = if formula.contains("treatment") { by_visit } else { Vec::new() };
        let options = ReportOptions {
            ddf,
            information,
            emmeans: means.clone(),
            contrasts: means,
            anova: Some(AnovaType::III),
            ..ReportOptions::default()
        };
        Ok(serde_json::to_value(model.report(&options)?).unwrap_or_default())
    };
    answer().unwrap_or_default()
}

fn random_intercepts(case: Case, table: &Columns) -> Vec<Check> {
    let mut found = Comparison::new(case);
    let formula = "change ~ treatment*visit + baseline + (1|usubjid) + (1|usubjid:laterality)";
    let satterthwaite = linear(table, formula, Ddf::Satterthwaite, Information::Observed);
    found.fields("m1.reml/fit", &satterthwaite, &[("logLik", "log_lik", 1e-8), ("AIC", "aic_all", 1e-8)]);
    // pbkrtest takes the expected information.
    let kenward_roger = linear(table, formula, Ddf::KenwardRoger, Information::Expected);
    let anova: [Figure; 3] = [("den_df", "den_df", 1e-4), ("F", "statistic", 1e-5), ("p", "p_value", 1e-4)];
    let mean: [Figure; 3] = [("emmean", "estimate", 1e-6), ("se", "std_error", 1e-6), ("df", "df", 1e-4)];
    for (ours, coef, anova_name, means) in [
        (&satterthwaite, "coef.satterthwaite", "anova.typeIII.satterthwaite", "satterthwaite"),
        (&kenward_roger, "coef.kenward_roger", "anova.typeIII.kenward_roger", "kenward-roger"),
    ] {
        found.rows(&format!("m1.reml/{coef}"), "", &ours["coefficients"], &["term"], &TESTED);
        found.rows(&format!("m1.reml/{anova_name}"), "", &ours["anova"], &["term"], &anova);
        let id = format!("m1.reml/emm.treatment_by_visit.{means}");
        found.rows(&id, "", &ours["emmeans"], &["treatment", "visit"], &mean);
        let id = format!("m1.reml/contrast.by_visit.{means}");
        found.rows(&id, "", &ours["contrasts"], &["contrast", "visit"], &TESTED);
    }
    found.checks
}

fn kronecker(case: Case, table: &Columns) -> Vec<Check> {
    let mut found = Comparison::new(case);
    for (id, structure) in [("kron-us-us", "us(treatment), us(visit)"), ("kron-us-ar1", "us(treatment), ar1(visit)")] {
        let formula = format!("change ~ treatment*visit + baseline + kron({structure} | usubjid)");
        let ours = linear(table, &formula, Ddf::Satterthwaite, Information::Observed);
        found.fields(&format!("{id}/fit"), &ours, &[("logLik", "log_lik", 1e-8)]);
        found.rows(&format!("{id}/coef.satterthwaite"), "", &ours["coefficients"], &["term"], &TESTED);
    }
    found.checks
}

fn generalised(case: Case, table: &Columns) -> Vec<Check> {
    let mut found = Comparison::new(case);
    let logistic = || -> Result<Value, ModelError> {
        let formula = Formula::parse("responder ~ treatment + visit + basec + (1|usubjid)")?;
        let options = GeneralisedOptions { quadrature: 25, ..GeneralisedOptions::new(Family::Binomial) };
        Ok(serde_json::to_value(fit_generalised(table, &formula, &options)?.report()?).unwrap_or_default())
    };
    let ours = logistic().unwrap_or_default();
    let id = "responder/glmer.patient.nAGQ25";
    found.fields(id, &ours, &[("logLik", "log_lik", 1e-7), ("varcomp.0.sd", "variance_components.0.std_dev", 1e-4)]);
    found.rows(
        id,
        "fixed",
        &ours["coefficients"],
        &["term"],
        &[("estimate", "estimate", 1e-4), ("se", "std_error", 1e-3)],
    );
    let marginal = || -> Result<Value, ModelError> {
        let formula = Formula::parse("responder ~ treatment*visit + basec")?;
        let options = GeeOptions::new(GeeFamily::Binomial);
        let report = gee(table, &formula, "usubjid", &options, &GeeComparisons::default())?;
        Ok(serde_json::to_value(report).unwrap_or_default())
    };
    let ours = marginal().unwrap_or_default();
    let figures: [Figure; 3] =
        [("estimate", "estimate", 1e-8), ("se_robust", "std_error", 1e-8), ("p", "p_value", 1e-6)];
    found.rows("responder/geeglm.exchangeable", "coef", &ours["coefficients"], &["term"], &figures);
    found.checks
}

/// `lme4::sleepstudy`, the random-slope model every textbook shows.
fn random_slopes() -> Vec<Check> {
    let case = Case::new(
        "lmm_sleepstudy",
        include_str!("../../tests/reference/r/lmm_sleepstudy/expected.json"),
        include_bytes!("../../tests/reference/r/lmm_sleepstudy/data.csv"),
    );
    let columns = || -> Result<Columns, ModelError> {
        let mut table = Columns::new();
        table.add_numeric("reaction", case.complete("reaction"))?;
        table.add_numeric("days", case.complete("days"))?;
        table.add_categorical("subject", case.text("subject").into_iter().map(Some))?;
        Ok(table)
    };
    let table = columns().unwrap_or_default();
    let mut found = Comparison::new(case);
    let ours = linear(&table, "reaction ~ days + (days|subject)", Ddf::KenwardRoger, Information::Expected);
    found.fields("slope.reml/fit", &ours, &[("logLik", "log_lik", 1e-8), ("AIC", "aic_all", 1e-8)]);
    found.rows("slope.reml/coef.kenward_roger", "", &ours["coefficients"], &["term"], &TESTED);
    found.checks
}
