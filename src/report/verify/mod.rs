//! The programs that recompute the results with other software, and the data they read.
//!
//! `verify.R` and `verify.sas` are fixed programs; what they compute is listed in `expected.csv` with our values, and the
//! values of every knee are in `data.csv`. A run in a fresh R prints each comparison with PASS or FAIL.

use super::exhibits::Material;
use crate::analysis::Record;
use crate::trial::{Measure, Role};

/// The files by name, relative to the folder `verify`.
pub fn files(material: &Material) -> Vec<(String, String)> {
    let program = |text: &str| text.to_owned();
    vec![
        ("data.csv".to_owned(), data(material)),
        ("expected.csv".to_owned(), expected(material)),
        ("verify.R".to_owned(), program(include_str!("verify.R"))),
        ("verify.sas".to_owned(), program(include_str!("verify.sas"))),
    ]
}

/// One row per knee, visit and endpoint at which a value was observed: who, which knee, which arm, which sets, the value
/// and the knee's baseline.
fn data(material: &Material) -> String {
    let trial = material.trial;
    let design = &trial.design;
    let arms = design.arms.labels();
    let mut header: Vec<String> =
        ["endpoint", "patient", "side", "arm", "active", "visit", "visit_number", "value", "base"]
            .map(str::to_owned)
            .to_vec();
    let injected_first = material.plan.analysis.injected_first.as_deref();
    if injected_first.is_some() {
        header.push("injection".to_owned());
    }
    header.extend(trial.sets.iter().map(|set| format!("set_{}", set.name)));
    let mut out = line(&header);
    for (endpoint, about) in design.endpoints.iter().enumerate() {
        for (index, patient) in trial.patients.iter().enumerate() {
            for knee in patient.knees() {
                for &visit in &about.visits {
                    let Some(value) = knee.values[endpoint][visit] else { continue };
                    let active = match knee.arm {
                        crate::trial::design::ACTIVE => "1",
                        crate::trial::design::PLACEBO => "0",
                        _ => "",
                    };
                    let mut row = vec![
                        about.id.clone(),
                        patient.id.clone(),
                        knee.side.clone(),
                        arms[knee.arm].to_owned(),
                        active.to_owned(),
                        design.visits[visit].label.clone(),
                        visit.to_string(),
                        value.to_string(),
                        number(trial.baseline(knee, endpoint)),
                    ];
                    if let Some(column) = injected_first {
                        row.push(match patient.injected_first(column, &arms) {
                            Some(first) if first == knee.arm => "first".to_owned(),
                            Some(_) => "second".to_owned(),
                            None => String::new(),
                        });
                    }
                    row.extend(trial.sets.iter().map(|set| u8::from(set.members[index]).to_string()));
                    out.push_str(&line(&row));
                }
            }
        }
    }
    out
}

/// The results to recompute: those that decide and the paired tests beside them, with the settings each was run with.
fn expected(material: &Material) -> String {
    let design = &material.trial.design;
    let header = [
        "id",
        "endpoint",
        "visit",
        "set",
        "measure",
        "role",
        "method",
        "formula",
        "structure",
        "ddf",
        "information",
        "baseline",
        "zeros",
        "levels",
        "better",
        "alternative",
        "conf_level",
        "n_pairs",
        "estimate",
        "std_error",
        "statistic",
        "df",
        "p_value",
        "conf_low",
        "conf_high",
    ];
    let mut out = line(&header.map(str::to_owned));
    for record in &material.outcomes.records {
        let (Some(endpoint), Some(visit)) = (record.endpoint, record.visit) else { continue };
        if !matches!(record.role, Role::Primary | Role::Secondary | Role::Sensitivity) || record.arm.is_some() {
            continue;
        }
        let result = &record.result;
        let text = |name: &str| match super::exhibits::json(record, name) {
            serde_json::Value::String(text) => text,
            _ => String::new(),
        };
        let baseline = match record.measure {
            _ if !has_baseline(material, record) => "none".to_owned(),
            _ => serde_json::to_value(material.plan.analysis.baseline)
                .ok()
                .and_then(|value| value.as_str().map(str::to_owned))
                .unwrap_or_default(),
        };
        let formula = material.outcomes.fits.iter().find(|fit| {
            fit.endpoint == endpoint && fit.method == result.method && fit.analysis_set == record.analysis_set
        });
        let levels = super::exhibits::grades::levels(material, endpoint);
        let levels: Vec<String> = levels.iter().map(f64::to_string).collect();
        let about = material.endpoint(endpoint);
        let graded = matches!(about.kind, crate::trial::Kind::Ordinal | crate::trial::Kind::Binary);
        let row = vec![
            record.id.clone(),
            about.id.clone(),
            design.visits[visit].label.clone(),
            record.analysis_set.clone(),
            record.measure.name().to_owned(),
            record.role.name().to_owned(),
            result.method.to_owned(),
            formula.map(|fit| fit.formula.clone()).unwrap_or_default(),
            text("structure"),
            text("ddf"),
            text("information"),
            baseline,
            text("zeros"),
            if graded { levels.join(" ") } else { String::new() },
            if about.benefit_sign() < 0.0 { "lower" } else { "higher" }.to_owned(),
            result.alternative.name().to_owned(),
            result.conf_level.to_string(),
            result.n_pairs.to_string(),
            number(result.estimate),
            number(result.std_error),
            number(result.statistic),
            number(result.df),
            number(result.p_value),
            number(result.conf_low),
            number(result.conf_high),
        ];
        out.push_str(&line(&row));
    }
    out
}

fn has_baseline(material: &Material, record: &Record) -> bool {
    let design = &material.trial.design;
    record.endpoint.is_some_and(|endpoint| design.has_baseline(&design.endpoints[endpoint]))
        || record.measure == Measure::Change
}

fn number(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map(|value| value.to_string()).unwrap_or_default()
}

/// One line of CSV. Every text is quoted, so that no program takes it for a number or a formula of its own.
fn line(cells: &[String]) -> String {
    let cell = |text: &String| {
        let plain = !text.is_empty() && text.parse::<f64>().is_ok();
        if plain || text.is_empty() {
            text.clone()
        } else {
            format!("\"{}\"", text.replace('"', "\"\"").replace(['\r', '\n'], " "))
        }
    };
    format!("{}\n", cells.iter().map(cell).collect::<Vec<_>>().join(","))
}
