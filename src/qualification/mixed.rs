//! Mixed models against lme4, lmerTest, pbkrtest, emmeans, mmrm and nlme.
//!
//! Every figure of every `lmm_*`, `mmrm_*`, `kron_*` and `clda_*` case is compared or left out by name with the reason.
//! Tolerances: the accuracy table of the project's statistical conventions.

use super::Outcome;
use super::case::{Case, Csv, Reference};
use super::coverage::Coverage;
use super::mixed_figures::{
    FULL, coefficient, compare, compare_f, compare_interaction, compare_matrix, compare_nlme, compare_profile,
    compare_ranova, compare_test, last_term, text,
};
use crate::model::{Columns, Ddf, Fit, FitOptions, Formula, Information, LsMeansSpec, Method, fit};
use std::collections::{BTreeMap, HashMap};

/// A model of a case: its formula and whether by REML.
type Key = (String, bool);

/// The models of a case, each fitted once.
pub(super) struct Models {
    data: BTreeMap<&'static str, Columns>,
    fits: HashMap<(&'static str, Key), Fit>,
}

impl Models {
    /// The model of `formula` on the table `data`, fitted where it is not yet.
    pub(super) fn fit(&mut self, data: &'static str, formula: &str, reml: bool) -> Outcome<&Fit> {
        let key = (data, (formula.to_owned(), reml));
        if !self.fits.contains_key(&key) {
            let table = self.data.get(data).ok_or_else(|| format!("there are no data {data}"))?;
            let method = if reml { Method::Reml } else { Method::Ml };
            let options = FitOptions { method, ..FitOptions::default() };
            self.fits.insert(key, fit(table, &Formula::parse(formula)?, &options)?);
        }
        self.fitted(data, formula, reml)
    }

    /// A model that was fitted before.
    pub(super) fn fitted(&self, data: &'static str, formula: &str, reml: bool) -> Outcome<&Fit> {
        let found = self.fits.get(&(data, (formula.to_owned(), reml)));
        found.ok_or_else(|| format!("{formula} was not fitted").into())
    }
}

/// The simulated trials: change from the knee's baseline, visit-wise, as described under `derivation`.
///
/// # Errors
/// Columns of different length.
pub fn trial_tables(csv: &Csv, outcome: &str) -> Outcome<BTreeMap<&'static str, Columns>> {
    let (id, side, arm) = (csv.text("usubjid"), csv.text("laterality"), csv.text("treatment"));
    let (month, value) = (csv.numbers("month"), csv.numbers(outcome));
    let knee: Vec<String> = id.iter().zip(&side).map(|(i, s)| format!("{i}:{s}")).collect();
    let n = id.len();
    let mut baseline: HashMap<&str, f64> = HashMap::new();
    for i in 0..n {
        if let (Some(0.0), Some(v)) = (month[i], value[i]) {
            baseline.insert(&knee[i], v);
        }
    }
    let visit = |i: usize| format!("M{}", month[i].unwrap_or(f64::NAN));
    let mut change = Columns::new();
    let mut level = Columns::new();
    let follow: Vec<usize> = (0..n).filter(|&i| month[i] != Some(0.0)).collect();
    let of = |i: &usize| baseline.get(knee[*i].as_str()).copied().unwrap_or(f64::NAN);
    let number = |i: &usize| value[*i].unwrap_or(f64::NAN);
    change.add_numeric("change", follow.iter().map(|i| number(i) - of(i)).collect())?;
    change.add_numeric("baseline", follow.iter().map(of).collect())?;
    change.add_numeric("month", follow.iter().map(|&i| month[i].unwrap_or(f64::NAN)).collect())?;
    level.add_numeric("value", (0..n).map(|i| number(&i)).collect())?;
    for (m, name) in [(1.0, "ev_m1"), (3.0, "ev_m3"), (6.0, "ev_m6")] {
        let indicator = (0..n).map(|i| f64::from(u8::from(arm[i] == "EV" && month[i] == Some(m))));
        level.add_numeric(name, indicator.collect())?;
    }
    let all: Vec<usize> = (0..n).collect();
    for (table, rows) in [(&mut change, &follow), (&mut level, &all)] {
        table.add_categorical("usubjid", rows.iter().map(|&i| Some(id[i])))?;
        table.add_categorical("laterality", rows.iter().map(|&i| Some(side[i])))?;
        table.add_categorical("knee", rows.iter().map(|&i| Some(knee[i].as_str())))?;
        table.add_categorical("treatment", rows.iter().map(|&i| Some(arm[i])))?;
        table.set_levels("treatment", &["PLACEBO", "EV"])?;
        table.add_categorical("visit", rows.iter().map(|&i| Some(visit(i))))?;
        table.add_categorical("cell", rows.iter().map(|&i| Some(format!("{}.{}", arm[i], visit(i)))))?;
    }
    // Patient-wise differences: one row per patient and visit with both knees observed.
    let mut pairs: BTreeMap<(&str, String), [f64; 4]> = BTreeMap::new();
    for &i in &follow {
        let entry = pairs.entry((id[i], visit(i))).or_insert([f64::NAN; 4]);
        let place = if arm[i] == "EV" { 0 } else { 2 };
        entry[place] = number(&i) - of(&i);
        entry[place + 1] = of(&i);
    }
    let mut difference = Columns::new();
    difference.add_numeric("dchange", pairs.values().map(|v| v[0] - v[2]).collect())?;
    difference.add_numeric("bdiff", pairs.values().map(|v| v[1] - v[3]).collect())?;
    difference.add_categorical("usubjid", pairs.keys().map(|k| Some(k.0)))?;
    difference.add_categorical("visit", pairs.keys().map(|k| Some(k.1.as_str())))?;
    let month_six: Vec<usize> = (0..follow.len()).filter(|&row| month[follow[row]] == Some(6.0)).collect();
    let month_six = change.select_rows(&month_six);
    Ok(BTreeMap::from([("change", change), ("level", level), ("difference", difference), ("month six", month_six)]))
}

/// The table a formula reads, by its outcome.
pub(super) fn table_of(formula: &str) -> &'static str {
    match formula.split('~').next().unwrap_or("").trim() {
        "dchange" => "difference",
        "value" => "level",
        "change" => "change",
        _ => "plain",
    }
}

/// The first argument of a model call.
fn formula_in(call: &str) -> Option<String> {
    for name in ["lmer(", "mmrm("] {
        if let Some(at) = call.find(name) {
            let rest = &call[at + name.len()..];
            let mut depth = 0;
            for (i, c) in rest.char_indices() {
                match c {
                    '(' => depth += 1,
                    ')' => depth -= 1,
                    ',' if depth == 0 => return rest[..i].contains('~').then(|| rest[..i].trim().to_owned()),
                    _ => {}
                }
            }
        }
    }
    None
}

/// Reasons for what is not compared; `None` where it is.
fn left_out(r: &Reference) -> Option<&'static str> {
    let last = r.id.rsplit('/').next().unwrap_or(&r.id);
    if r.id.contains("default_optimizer") {
        Some("stock optimiser settings stop after 4-5 digits")
    } else if last.starts_with("empirical-bias-reduced") {
        Some(
            "mmrm takes another square root of the adjustment (2e-5 in the SE) than clubSandwich, which is compared elsewhere",
        )
    } else if r.id.contains("car1") {
        Some("continuous-time AR(1) is not among the structures")
    } else if r.id.starts_with("sp_exp") {
        Some("spatial exponential is not among the structures")
    } else if last == "confint_wald" {
        Some("Wald intervals are the asymptotic ones compared with coef and emm")
    } else if last == "blup" {
        Some("conditional modes are compared in the test of the diagnostics")
    } else if last == "statsmodels" {
        Some("statsmodels stops its optimiser early; the same model is compared with lme4")
    } else {
        None
    }
}

/// The model that an nlme result fits, in our formula.
fn nlme_formula(r: &Reference) -> Option<(String, bool)> {
    let call = &r.call;
    let start = call.find("gls(").map(|i| i + 4).or_else(|| call.find("lme(").map(|i| i + 4))?;
    let fixed = call[start..].split(',').next()?.trim().to_owned();
    let reml = !call.contains("method = \"ML\"");
    if call[..start].contains("gls") {
        let heterogeneous = call.contains("varIdent");
        let kind = match (call.contains("corSymm"), call.contains("corAR1"), call.contains("corCompSymm")) {
            (true, _, _) if heterogeneous => "us",
            (_, true, _) => {
                if heterogeneous {
                    "ar1h"
                } else {
                    "ar1"
                }
            }
            (_, _, true) => {
                if heterogeneous {
                    "csh"
                } else {
                    "cs"
                }
            }
            _ => return None,
        };
        let subject = ["knee", "usubjid"].into_iter().find(|s| call.contains(&format!("| {s})")))?;
        let cell = match (call.contains("celli"), fixed.contains("avisit")) {
            (true, _) => "cell",
            (_, true) => "avisit",
            _ => "visit",
        };
        return Some((format!("{fixed} + {kind}({cell} | {subject})"), reml));
    }
    if call.contains("random = ~1 | usubjid/laterality") || call.contains("random = ~ 1 | usubjid/laterality") {
        return Some((format!("{fixed} + (1|usubjid) + (1|usubjid:laterality)"), reml));
    }
    let heterogeneous = call.contains("varIdent");
    let kind = match (call.contains("corSymm"), call.contains("corAR1"), call.contains("corCompSymm")) {
        (true, _, _) if heterogeneous => "us",
        (_, true, _) => {
            if heterogeneous {
                "ar1h"
            } else {
                "ar1"
            }
        }
        (_, _, true) if !heterogeneous => "cs",
        _ => return None,
    };
    Some((format!("{fixed} + (1|usubjid) + {kind}(visit | knee)"), reml))
}

/// Compares every result of a case whose models are fitted to `tables`.
fn run(case: &Case, tables: Outcome<BTreeMap<&'static str, Columns>>) -> Coverage {
    let mut coverage = Coverage::new(case);
    let mut models = match tables {
        Ok(data) => Models { data, fits: HashMap::new() },
        Err(problem) => {
            coverage.check(&Reference::default(), &format!("the data are read: {problem}"), false);
            return coverage;
        }
    };
    let mut formulas: HashMap<String, Key> = HashMap::new();
    for r in &case.results {
        if let Some(formula) = formula_in(&r.call) {
            let reml = !(r.call.contains("REML = FALSE") || r.call.contains("reml = FALSE") || r.id.contains("/ml."));
            let model = r.id.split('/').next().unwrap_or("").to_owned();
            formulas.entry(model).or_insert((formula.clone(), reml));
            formulas.insert(r.id.clone(), (formula, reml));
        }
    }
    for r in &case.results {
        if let Err(problem) = one(&mut coverage, r, &formulas, &mut models) {
            coverage.check(r, &format!("an answer: {problem}"), false);
        }
    }
    coverage
}

/// Compares one result.
fn one(coverage: &mut Coverage, r: &Reference, formulas: &HashMap<String, Key>, models: &mut Models) -> Outcome<()> {
    let formula_of = |id: &str| formulas.get(id).cloned().ok_or_else(|| format!("no call of {id} shows its formula"));
    if let Some(reason) = left_out(r) {
        coverage.exclude(r, reason);
        return Ok(());
    }
    if r.package == "nlme" {
        match nlme_formula(r) {
            Some((formula, reml)) => {
                let table = table_of(&formula);
                compare_nlme(coverage, r, models.fit(table, &formula, reml)?)?;
            }
            None => coverage.exclude(r, "not one of the structures of the engine"),
        }
        return Ok(());
    }
    let model = r.id.split('/').next().unwrap_or("").to_owned();
    if r.id.ends_with("lrt_interaction") {
        let (larger, _) = formula_of(&r.id.replace(".lrt_interaction", ".ml"))?;
        let smaller = larger.replace("treatment * visit", "treatment + visit");
        let table = table_of(&larger);
        models.fit(table, &larger, false)?;
        models.fit(table, &smaller, false)?;
        compare_interaction(
            coverage,
            r,
            models.fitted(table, &smaller, false)?,
            models.fitted(table, &larger, false)?,
        )?;
        return Ok(());
    }
    if r.id.ends_with("ranova") {
        let (formula, reml) = formula_of(&model)?;
        compare_ranova(coverage, r, &formula, reml, models)?;
        return Ok(());
    }
    if r.id.ends_with("confint_profile") {
        let (formula, reml) = formula_of(&model)?;
        let fitted = models.fit(table_of(&formula), &formula, reml)?;
        compare_profile(coverage, r, fitted)?;
        return Ok(());
    }
    if r.id.ends_with("modcomp_interaction") {
        let Some((formula, _)) = formulas.get("m1.reml").cloned() else { return Ok(()) };
        let fit = models.fit(table_of(&formula), &formula, true)?;
        let (ddf, information) = if r.id.contains("KR") {
            (Ddf::KenwardRoger, Information::Expected)
        } else {
            (Ddf::Satterthwaite, Information::Observed)
        };
        let inference = fit.inference(ddf, information, 0.95)?;
        compare_f(coverage, r, "interaction", &r.values, &last_term(&inference)?, true);
        return Ok(());
    }
    let found = formulas.get(&r.id).or_else(|| formulas.get(&model)).cloned();
    let known = match found {
        Some((formula, reml)) => {
            let table = if model.starts_with("m5") { "month six" } else { table_of(&formula) };
            let fit = models.fit(table, &formula, reml)?;
            compare(coverage, r, fit)?
        }
        None => false,
    };
    if !known {
        coverage.check(r, "it is known how to compare this", false);
    }
    Ok(())
}

/// A case of a simulated trial.
pub fn trial(case: &Case, outcome: &str) -> Coverage {
    run(case, trial_tables(&case.data, outcome))
}

/// A case whose columns are used as they stand; those named are categorical.
pub fn as_it_stands(case: &Case, categorical: &[&str]) -> Coverage {
    run(case, plain(&case.data, categorical))
}

/// The columns as they stand; those named are categorical.
///
/// # Errors
/// Columns of different length.
pub fn plain(csv: &Csv, categorical: &[&str]) -> Outcome<BTreeMap<&'static str, Columns>> {
    let mut table = Columns::new();
    for name in &csv.names {
        if categorical.contains(&name.as_str()) {
            table.add_categorical(name, csv.text(name).into_iter().map(|v| (!v.is_empty()).then_some(v)))?;
        } else {
            table.add_numeric(name, csv.numbers(name).iter().map(|v| v.unwrap_or(f64::NAN)).collect())?;
        }
    }
    Ok(BTreeMap::from([("plain", table)]))
}

/// Kronecker covariances over knee (by arm) and visit: an independent explicit-likelihood code.
pub fn kronecker(case: &Case, outcome: &str) -> Coverage {
    let mut coverage = Coverage::new(case);
    if let Err(problem) = kronecker_figures(case, outcome, &mut coverage) {
        coverage.check(&Reference::default(), &format!("an answer: {problem}"), false);
    }
    coverage
}

fn kronecker_figures(case: &Case, outcome: &str, coverage: &mut Coverage) -> Outcome<()> {
    let mut tables = trial_tables(&case.data, outcome)?;
    let Some(table) = tables.get_mut("change") else { return Ok(()) };
    // The cells of the reference run EV before PLACEBO; its coefficients take PLACEBO as reference.
    let mut arm = table.clone();
    arm.set_levels("treatment", &["EV", "PLACEBO"])?;
    table.add("arm", arm.column("treatment")?.clone())?;
    for r in &case.results {
        let formula = r.call.replace("(treatment)", "(arm)").replace(", REML", "");
        let model = fit(table, &Formula::parse(&formula)?, &FitOptions::default())?;
        let inference = model.inference(Ddf::Satterthwaite, Information::Observed, 0.95)?;
        let last = r.id.split('/').next_back().unwrap_or("");
        if last == "fit" {
            coverage.close(r, "logLik", Some(model.log_lik()), 1e-10);
            let ours = model.marginal_covariance();
            compare_matrix(coverage, r, "covariance", &r.values["covariance"], &ours[0].matrix, 1e-6);
        } else if last.starts_with("coef") {
            let all = inference.coefficients()?;
            for row in r.values.as_array().into_iter().flatten() {
                let term = text(row, "term");
                compare_test(coverage, r, term, row, coefficient(&all, term)?, &FULL);
            }
        } else {
            let ours = inference.ls_differences(&LsMeansSpec::parse("treatment|visit"))?;
            for row in r.values.as_array().into_iter().flatten() {
                let found = ours.iter().find(|d| d.levels.get("visit") == row["visit"].as_str()).and_then(|d| d.test);
                let found = found.ok_or_else(|| format!("there is no difference of {row}"))?;
                compare_test(coverage, r, text(row, "visit"), row, &found, &FULL);
            }
        }
    }
    Ok(())
}
