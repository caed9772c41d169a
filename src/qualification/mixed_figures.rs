//! A fitted mixed model beside another package's, figure by figure.

use super::Outcome;
use super::case::{Reference, number};
use super::coverage::Coverage;
use super::mixed::{Models, table_of};
use crate::model::robust::RobustKind;
use crate::model::{AnovaType, Ddf, FTest, Fit, Inference, Information, LsMeansSpec, Method, TTest, likelihood_ratio};
use serde_json::Value;

/// Estimates and standard errors.
const ESTIMATE: f64 = 1e-6;
/// Degrees of freedom of packages that differentiate numerically.
const DF: f64 = 1e-4;
/// p-values: the error of the df and of the statistic, amplified in the tail.
const P: f64 = 1e-4;

/// What is compared of a test: df where it is finite, p where it does not underflow.
pub(super) struct Precision {
    std_error: bool,
    df: f64,
}

pub(super) const FULL: Precision = Precision { std_error: true, df: DF };

pub(super) fn compare_test(
    c: &mut Coverage,
    r: &Reference,
    what: &str,
    expected: &Value,
    ours: &TTest,
    how: &Precision,
) {
    let estimate = expected.get("estimate").or_else(|| expected.get("emmean")).and_then(number);
    let se = expected.get("se").and_then(number);
    if let Some(estimate) = estimate {
        // An estimate near zero is compared on the scale of its standard error.
        let scale = estimate.abs().max(ours.std_error.abs());
        c.scaled(r, &format!("{what} estimate"), estimate, Some(ours.estimate), ESTIMATE, scale);
    }
    if how.std_error
        && let Some(se) = se
    {
        c.close_to(r, &format!("{what} se"), se, Some(ours.std_error), ESTIMATE);
    }
    match expected.get("df").and_then(number) {
        Some(df) if df.is_finite() => c.close_to(r, &format!("{what} df"), df, ours.df, how.df),
        Some(_) => c.check(r, &format!("{what} df infinite"), ours.df.is_none()),
        None => {}
    }
    if how.std_error {
        if let Some(p) = expected.get("p").and_then(number).filter(|p| *p > 1e-12) {
            c.close_to(r, &format!("{what} p"), p, ours.p_value, P);
        }
        for (name, limit) in [("conf_low", ours.conf_low), ("conf_high", ours.conf_high)] {
            if let Some(expected) = expected.get(name).and_then(number) {
                let scale = expected.abs().max(se.unwrap_or(0.0) * 4.0);
                c.scaled(r, &format!("{what} {name}"), expected, limit, 3e-6, scale);
            }
        }
    }
}

pub(super) fn compare_matrix(
    c: &mut Coverage,
    r: &Reference,
    what: &str,
    expected: &Value,
    ours: &[Vec<f64>],
    tolerance: f64,
) {
    let rows = expected.as_array().map_or(&[] as &[Value], Vec::as_slice);
    c.check(r, &format!("{what}: rows"), rows.len() == ours.len());
    for (i, row) in rows.iter().enumerate() {
        for (j, value) in row.as_array().into_iter().flatten().enumerate() {
            let (Some(e), Some(o)) = (number(value), ours.get(i).and_then(|r| r.get(j))) else { continue };
            let scale = e.abs().max((ours[i][i] * ours[j][j]).abs().sqrt());
            c.scaled(r, &format!("{what} {}, {}", i + 1, j + 1), e, Some(*o), tolerance, scale);
        }
    }
}

pub(super) fn method_of(id: &str) -> Option<(Ddf, Information)> {
    let id = id.replace('_', "-");
    let last = id.rsplit('/').next().unwrap_or(&id);
    if last.ends_with("satterthwaite") || last.starts_with("satt.") || last.starts_with("ml.satt.") {
        Some((Ddf::Satterthwaite, Information::Observed))
    } else if last.ends_with("kenward-roger") {
        Some((Ddf::KenwardRoger, Information::Expected))
    } else if last.starts_with("krlin.") || last.starts_with("kr.") {
        Some((Ddf::KenwardRogerLinear, Information::Observed))
    } else if last.ends_with("asymptotic") {
        Some((Ddf::Asymptotic, Information::Observed))
    } else if last.starts_with("bw.") {
        Some((Ddf::BetweenWithin, Information::Observed))
    } else if last.starts_with("resid.") {
        Some((Ddf::Residual, Information::Observed))
    } else if last.starts_with("empirical") {
        Some((Ddf::Satterthwaite, Information::Observed))
    } else {
        None
    }
}

/// The robust covariance of mmrm's results; its method = "Residual" takes the empirical one without saying so.
fn robust_of(id: &str) -> Option<RobustKind> {
    match id.rsplit('/').next().unwrap_or(id).split('.').next() {
        Some("resid" | "empirical") => Some(RobustKind::Cr0),
        Some("empirical-jackknife") => Some(RobustKind::Cr3),
        _ => None,
    }
}

/// The coefficient called `term`.
pub(super) fn coefficient<'a>(all: &'a [(String, TTest)], term: &str) -> Outcome<&'a TTest> {
    let found = all.iter().find(|(name, _)| name == term).map(|(_, test)| test);
    found.ok_or_else(|| format!("there is no coefficient {term}").into())
}

/// The text of a field.
pub(super) fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_default()
}

/// A fit's log-likelihood, coefficients, variance components and covariance.
pub(super) fn compare_fit(c: &mut Coverage, r: &Reference, model: &Fit) -> Outcome<()> {
    let expected = r.number("logLik").unwrap_or(f64::NAN);
    let ours = model.log_lik();
    // A likelihood that is a little higher is a package that stopped early.
    let tolerance = if ours > expected { f64::max(1e-8, 1e-4 / expected.abs()) } else { 1e-8 };
    c.close_to(r, "logLik", expected, Some(ours), tolerance);
    c.check(r, "logLik is not below the reference", ours >= expected - 1e-6);
    let all = model.inference(Ddf::Asymptotic, Information::Observed, 0.95)?.coefficients()?;
    for entry in
        r.values["fixed"].as_array().into_iter().flatten().chain(r.values["beta"].as_array().into_iter().flatten())
    {
        let term = text(entry, "term");
        compare_test(c, r, term, entry, coefficient(&all, term)?, &FULL);
    }
    let components = model.variance_components();
    for entry in r.values["varcomp"].as_array().into_iter().flatten() {
        let (group, first) = (text(entry, "grp"), entry["var1"].as_str());
        let wanted = number(&entry["vcov"]).unwrap_or(f64::NAN);
        let total: f64 = components.iter().map(|v| v.variance).sum();
        let ours = match entry["var2"].as_str() {
            // lme4 numbers repeated groups: "subject", "subject.1".
            None => components
                .iter()
                .find(|v| {
                    group.split('.').next() == Some(v.group.as_str()) && (v.term.as_deref() == first || first.is_none())
                })
                .map(|v| v.variance),
            Some(second) => model.random_covariance(group).and_then(|m| {
                let at = |name: &str| m.levels.iter().position(|l| l == name);
                Some(m.matrix[at(first?)?][at(second)?])
            }),
        };
        let what = format!("variance {group} {}", first.unwrap_or_default());
        c.scaled(r, what.trim_end(), wanted, ours, 1e-4, wanted.abs().max(1e-6 * total));
    }
    if r.values.get("cov_matrix").is_some() {
        let ours = model.marginal_covariance();
        compare_matrix(c, r, "covariance", &r.values["cov_matrix"], &ours[0].matrix, 1e-5);
    }
    if r.package == "mmrm" && r.values["reml"] == Value::Bool(true) {
        c.close(r, "AIC", Some(model.aic()), 1e-8);
        c.close(r, "BIC", Some(model.bic()), 1e-8);
    }
    if r.package == "lme4" && r.number("AIC").is_some() {
        c.close(r, "AIC", Some(model.aic_all()), 1e-8);
        c.close(r, "BIC", Some(model.bic_all()), 1e-8);
        if let Some(singular) = r.values["singular"].as_bool() {
            c.check(r, "singular", model.is_singular() == singular);
        }
    }
    Ok(())
}

fn anova_type(id: &str) -> AnovaType {
    if id.contains("typeIII") {
        AnovaType::III
    } else if id.contains("typeII") {
        AnovaType::II
    } else {
        AnovaType::I
    }
}

/// The F test of all coefficients of the last fixed term.
pub(super) fn last_term(inference: &Inference<'_>) -> Outcome<FTest> {
    let design = &inference.fit.design;
    let last = design.assign.iter().max().copied().unwrap_or_default();
    let rows: Vec<Vec<f64>> = (0..design.names.len())
        .filter(|&j| design.assign[j] == last)
        .map(|j| (0..design.names.len()).map(|i| f64::from(u8::from(i == j))).collect())
        .collect();
    Ok(inference.f_test(&rows)?)
}

pub(super) fn compare_f(c: &mut Coverage, r: &Reference, what: &str, expected: &Value, ours: &FTest, f: bool) {
    let get = |names: &[&str]| names.iter().find_map(|n| expected.get(*n)).and_then(number);
    if let Some(num) = get(&["num_df", "ndf"]) {
        c.close_to(r, &format!("{what} num df"), num, Some(ours.num_df as f64), 1e-12);
    }
    if let Some(den) = get(&["den_df", "ddf"]) {
        c.close_to(r, &format!("{what} den df"), den, ours.den_df, DF);
    }
    if !f {
        return;
    }
    if let Some(f) = get(&["F", "F_scaled"]) {
        c.close_to(r, &format!("{what} F"), f, ours.statistic, 3e-6);
    }
    if let Some(p) = get(&["p"]).filter(|p| *p > 1e-12) {
        c.close_to(r, &format!("{what} p"), p, ours.p_value, P);
    }
    if let Some(scaling) = get(&["F_scaling"]) {
        c.close_to(r, &format!("{what} scaling"), scaling, Some(ours.scaling), 1e-6);
    }
}

/// `list(bdiff = 0)` in a call.
fn at_in(call: &str) -> Vec<(String, f64)> {
    let Some(at) = call.find("at = list(") else { return Vec::new() };
    let inside = call[at + 10..].split(')').next().unwrap_or("");
    inside
        .split(',')
        .filter_map(|part| part.split_once('='))
        .map(|(n, v)| (n.trim().to_owned(), v.trim().parse().unwrap_or(f64::NAN)))
        .collect()
}

/// The levels of a row of means or contrasts.
fn levels_of(row: &Value, arm: &str, visit: &str) -> String {
    let parts: Vec<&str> = ["contrast", arm, visit].iter().filter_map(|key| row.get(*key)?.as_str()).collect();
    parts.join(", ")
}

/// Compares one result; `false` when its kind is not known here.
pub(super) fn compare(c: &mut Coverage, r: &Reference, model: &Fit) -> Outcome<bool> {
    let last = r.id.rsplit('/').next().unwrap_or(&r.id).to_owned();
    if last == "fit" || last.ends_with(".fit") {
        compare_fit(c, r, model)?;
        return Ok(true);
    }
    let Some((ddf, information)) = method_of(&r.id) else { return Ok(false) };
    // mmrm's plain Kenward-Roger takes second derivatives of Cholesky parameters: its standard errors are its own (the
    // paired t-test is not recovered), its degrees of freedom are the ones without them.
    let own_errors = last.starts_with("kr.");
    let inference = model.inference(ddf, information, 0.95)?;
    let inference = match robust_of(&r.id) {
        Some(kind) => inference.with_robust(kind)?,
        None => inference,
    };
    let how = Precision { std_error: !own_errors, df: if ddf == Ddf::KenwardRoger { 1e-5 } else { DF } };
    let rows = r.values.as_array().cloned().unwrap_or_default();
    if last.contains("anova") {
        let ours = inference.anova(anova_type(&last))?;
        for row in &rows {
            let term = text(row, "term");
            let line = ours.iter().find(|line| line.term == term).and_then(|line| line.test);
            let line = line.ok_or_else(|| format!("there is no test of {term}"))?;
            compare_f(c, r, term, row, &line, true);
        }
    } else if last.contains("coef") {
        let all = inference.coefficients()?;
        for row in &rows {
            let term = text(row, "term");
            compare_test(c, r, term, row, coefficient(&all, term)?, &how);
        }
    } else if last.contains("vcov") {
        if own_errors {
            c.exclude(r, "mmrm's plain Kenward-Roger covariance uses second derivatives of Cholesky parameters");
        } else {
            let p = model.design.names.len();
            let ours: Vec<Vec<f64>> = inference.vcov().chunks_exact(p).map(<[f64]>::to_vec).collect();
            let expected = r.values.get("vcov_adj").or_else(|| r.values.get("vcov")).unwrap_or(&r.values);
            compare_matrix(c, r, "vcov", expected, &ours, 3e-6);
        }
    } else if last.contains("Ftest") {
        compare_f(c, r, "last term", &r.values, &last_term(&inference)?, !own_errors);
    } else if last.contains("emm") || last.contains("contrast") {
        let first = &rows[0];
        let arm = if model.frame.inputs.iter().any(|i| i.name() == "armcd") { "armcd" } else { "treatment" };
        let visit = if arm == "armcd" { "avisit" } else { "visit" };
        let has = |name: &str| first.get(name).is_some();
        let contrast = last.contains("contrast");
        let mut spec = match (contrast || has(arm), has(visit)) {
            (true, true) => LsMeansSpec::parse(&format!("{arm}|{visit}")),
            (true, false) => LsMeansSpec::parse(arm),
            (false, _) => LsMeansSpec::parse(visit),
        };
        spec.at = at_in(&r.call);
        for row in &rows {
            let matches = |levels: &crate::model::Levels| {
                [arm, visit]
                    .iter()
                    .all(|f| row.get(*f).and_then(Value::as_str).is_none_or(|l| levels.get(f) == Some(l)))
            };
            let found = if contrast {
                let all = inference.ls_differences(&spec)?;
                all.into_iter()
                    .find(|d| matches(&d.levels) && row["contrast"].as_str() == Some(d.contrast.as_str()))
                    .and_then(|d| d.test)
            } else {
                inference.ls_means(&spec)?.into_iter().find(|m| matches(&m.levels)).and_then(|m| m.test)
            };
            let test = found.ok_or_else(|| format!("there is no mean of {row}"))?;
            compare_test(c, r, &levels_of(row, arm, visit), row, &test, &how);
        }
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// `anova(smaller, larger)` of ML fits without and with the interaction.
pub(super) fn compare_interaction(c: &mut Coverage, r: &Reference, smaller: &Fit, larger: &Fit) -> Outcome<()> {
    let ours = likelihood_ratio(smaller, larger)?;
    c.close(r, "1.chisq", Some(ours.statistic), 1e-6);
    c.close(r, "1.df", Some(ours.df as f64), 0.0);
    c.close(r, "1.p", Some(ours.p_value), 1e-6);
    c.close(r, "0.logLik", Some(smaller.log_lik()), 1e-8);
    c.close(r, "1.logLik", Some(larger.log_lik()), 1e-8);
    Ok(())
}

/// `lmerTest::ranova`: each random term left out (or its slope).
pub(super) fn compare_ranova(
    c: &mut Coverage,
    r: &Reference,
    formula: &str,
    reml: bool,
    models: &mut Models,
) -> Outcome<()> {
    let table = if r.id.starts_with("m5") { "month six" } else { table_of(formula) };
    for row in r.values.as_array().into_iter().flatten().skip(1) {
        let term = text(row, "term");
        let reduced = match term.split_once(" in ") {
            Some((slope, whole)) => {
                formula.replace(whole, &whole.replace(&format!(" + {slope}"), "").replace(slope, "1"))
            }
            None => formula.replace(&format!(" + {term}"), ""),
        };
        let wanted = row["LRT"].as_f64().unwrap_or(f64::NAN);
        if !reduced.contains('|') {
            // Without a random term the model is a linear model; its REML likelihood is that of independent rows.
            let simple = models.fit(table, &reduced, reml)?.log_lik();
            let full = models.fit(table, formula, reml)?.log_lik();
            c.scaled(r, &format!("{term} LRT"), wanted, Some(2.0 * (full - simple)), 1e-6, 1.0 + wanted);
            continue;
        }
        models.fit(table, &reduced, reml)?;
        models.fit(table, formula, reml)?;
        let get = |f: &str| models.fitted(table, f, reml);
        let ours = likelihood_ratio(get(&reduced)?, get(formula)?)?;
        c.scaled(r, &format!("{term} LRT"), wanted, Some(ours.statistic), 1e-6, 1.0 + wanted);
        if wanted > 1e-4 {
            c.close_to(r, &format!("{term} p"), row["p"].as_f64().unwrap_or(f64::NAN), Some(ours.p_value), 1e-4);
            // One variance on its boundary: the mixture halves the p-value (Self & Liang 1987).
            if ours.df == 1 {
                c.close_to(r, &format!("{term} mixture"), 0.5 * ours.p_value, ours.p_value_mixture, 1e-12);
            }
        }
    }
    Ok(())
}

/// lme4's profile intervals (it interpolates the profile: three digits), of correlated coefficients too.
pub(super) fn compare_profile(c: &mut Coverage, r: &Reference, model: &Fit) -> Outcome<()> {
    let ours = model.profile_intervals(Method::Ml, 0.95)?;
    c.check(r, "nothing is left out", ours.left_out.is_empty());
    for row in r.values.as_array().into_iter().flatten() {
        let term = text(row, "term");
        let (what, group) = term.split_once('|').unwrap_or((term, "Residual"));
        let name = match (what.split_once('_'), term) {
            (_, "sigma") => "Residual: standard deviation".to_owned(),
            (Some(("sd", coefficient)), _) => format!("{group}: standard deviation of {coefficient}"),
            (Some(("cor", pair)), _) => {
                let (later, earlier) = pair.split_once('.').unwrap_or((pair, ""));
                format!("{group}: correlation of {earlier} and {later}")
            }
            // Fixed effects.
            _ => continue,
        };
        let found = ours.intervals.iter().find(|i| i.name == name);
        let found = found.ok_or_else(|| format!("there is no interval of {term}"))?;
        let (low, high) = (number(&row["conf_low"]).unwrap_or(f64::NAN), number(&row["conf_high"]).unwrap_or(f64::NAN));
        c.within(r, &format!("{term} low"), low, found.conf_low, 2e-3, 1e-9);
        c.within(r, &format!("{term} high"), high, found.conf_high, 1e-3, 1e-9);
    }
    Ok(())
}

/// Compares an nlme result: log-likelihood (never lower), coefficients to what nlme's optimiser reaches.
pub(super) fn compare_nlme(c: &mut Coverage, r: &Reference, model: &Fit) -> Outcome<()> {
    c.close(r, "logLik", Some(model.log_lik()), 1e-7);
    let all = model.inference(Ddf::Asymptotic, Information::Observed, 0.95)?.coefficients()?;
    for key in ["fixed", "coef", "beta"] {
        for entry in r.values[key].as_array().into_iter().flatten() {
            let test = coefficient(&all, text(entry, "term"))?;
            for (name, ours) in [("estimate", test.estimate), ("se", test.std_error)] {
                // nlme's ML standard errors divide by n - p: they are not those of the likelihood.
                if let Some(e) =
                    entry.get(name).and_then(number).filter(|_| name == "estimate" || model.method == Method::Reml)
                {
                    let what = format!("{} {name}", entry["term"].as_str().unwrap_or_default());
                    c.scaled(r, &what, e, Some(ours), 1e-4, e.abs().max(test.std_error));
                }
            }
        }
    }
    Ok(())
}
