//! `expected.csv`: every record of a run with the settings it was made with, one row each.

use super::csv::{line, number};
use crate::analysis::{Record, pairs};
use crate::report::exhibits::{Material, json};
use crate::trial::{Kind, Measure};
use serde_json::Value;

/// The columns in their order.
pub(super) const HEADER: [&str; 54] = [
    "id",
    "endpoint",
    "visit",
    "visit_number",
    "set",
    "measure",
    "role",
    "method",
    "arm",
    "formula",
    "structure",
    "rule",
    "ddf",
    "information",
    "family",
    "dispersion",
    "points",
    "baseline",
    "weights",
    "model",
    "zeros",
    "levels",
    "better",
    "low",
    "high",
    "margin",
    "threshold",
    "threshold_kind",
    "factor",
    "cuts",
    "group",
    "category",
    "of",
    "route",
    "agrees",
    "position",
    "procedure",
    "objective",
    "p_repeated",
    "further",
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
    "log_lik",
    "p_adjusted",
    "rejected",
    "value",
];

/// The results to recompute.
pub fn expected(material: &Material) -> String {
    let mut out = line(&HEADER.map(str::to_owned));
    for record in &material.outcomes.records {
        let cell = |column: &&str| cell(material, record, column);
        out.push_str(&line(&HEADER.iter().map(cell).collect::<Vec<_>>()));
    }
    out
}

/// What `column` says about `record`.
fn cell(material: &Material, record: &Record, column: &str) -> String {
    let design = &material.trial.design;
    let result = &record.result;
    let about = record.endpoint.map(|endpoint| material.endpoint(endpoint));
    match column {
        "id" => record.id.clone(),
        "endpoint" => about.map(|about| about.id.clone()).or(record.endpoint_name.clone()).unwrap_or_default(),
        "visit" => record.visit.map(|visit| design.visits[visit].label.clone()).unwrap_or_default(),
        "visit_number" => record.visit.map(|visit| visit.to_string()).unwrap_or_default(),
        "set" => record.analysis_set.clone(),
        "measure" => record.measure.name().to_owned(),
        "role" => record.role.name().to_owned(),
        "method" => result.method.to_owned(),
        "arm" => record.arm.clone().unwrap_or_default(),
        // Of the fit of a record that R recomputes, not of the record that describes its covariance.
        "log_lik" if result.method == "variance-components" => String::new(),
        "points" => points(&json(record, "integration")),
        "baseline" => baseline(material, record),
        "levels" => match record.endpoint.filter(|_| about.is_some_and(|about| graded(about.kind))) {
            Some(endpoint) => {
                pairs::levels(material.trial, endpoint).iter().map(f64::to_string).collect::<Vec<_>>().join(" ")
            }
            None => String::new(),
        },
        "better" => match about {
            Some(about) if about.benefit_sign() < 0.0 => "lower".to_owned(),
            Some(_) => "higher".to_owned(),
            None => String::new(),
        },
        "factor" | "cuts" | "group" => subgroup(material, record, column),
        "category" => category(&json(record, "category")),
        "of" => [text(record, "hypothesis"), text(record, "of")].concat(),
        "further" => further(record),
        "alternative" => result.alternative.name().to_owned(),
        "conf_level" => result.conf_level.to_string(),
        "n_pairs" => result.n_pairs.to_string(),
        "estimate" => number(result.estimate),
        "std_error" => number(result.std_error),
        "statistic" => number(result.statistic),
        "df" => number(result.df),
        "p_value" => number(result.p_value),
        "conf_low" => number(result.conf_low),
        "conf_high" => number(result.conf_high),
        "p_adjusted" => number(record.p_adjusted),
        // A field of the method under its own name.
        field => text(record, field),
    }
}

/// What a record says in further numbers, as `name=value name=value`: the effects of an analysis of variance, the sizes and
/// powers of a trial, ratios and geometric means.
fn further(record: &Record) -> String {
    let mut found: Vec<(String, Value)> = Vec::new();
    match record.result.method {
        "rm-anova" => {
            for effect in json(record, "effects").as_array().into_iter().flatten() {
                let term = effect.get("term").and_then(Value::as_str).unwrap_or_default();
                for name in ["f", "num_df", "den_df", "p_value", "p_gg", "p_hf"] {
                    found.push((format!("{term}.{name}"), effect.get(name).cloned().unwrap_or_default()));
                }
            }
        }
        "sample-size" => {
            let names = [
                "delta",
                "planned_sd",
                "planned_correlation",
                "planned_power",
                "pairs_needed_planned",
                "pairs_needed_observed_correlation",
                "pairs_needed_observed_sd_diff",
                "power_planned_sd_diff",
                "power_observed_sd_diff",
            ];
            found.extend(names.map(|name| (name.to_owned(), json(record, name))));
        }
        "descriptive" => {
            let names = [
                "n",
                "mean",
                "sd",
                "median",
                "q1",
                "q3",
                "min",
                "max",
                "total_count",
                "total_exposure",
                "rate",
                "mean_rate",
            ];
            found.extend(names.map(|name| (name.to_owned(), json(record, name))));
            let grades = json(record, "grades");
            let grades = grades.as_array().into_iter().flatten().enumerate();
            found.extend(grades.map(|(at, grade)| (format!("n_{}", at + 1), grade["n"].clone())));
        }
        "paired-table" | "shift-table" => {
            let table = json(record, "table");
            for (i, row) in table.as_array().into_iter().flatten().enumerate() {
                let row = row.as_array().into_iter().flatten().enumerate();
                found.extend(row.map(|(j, cell)| (format!("cell_{}_{}", i + 1, j + 1), cell.clone())));
            }
        }
        "counts" => {
            found.push(("patients".to_owned(), json(record, "patients")));
            let knees = json(record, "knees");
            for (at, name) in ["knees_active", "knees_placebo"].into_iter().enumerate() {
                found.push((name.to_owned(), knees[at]["n"].clone()));
            }
            let sites = json(record, "sites");
            // Severities are words of the data here and grades of the program there.
            for (at, name) in ["active", "placebo", "systemic"].into_iter().enumerate() {
                for what in ["patients", "events"] {
                    found.push((format!("{what}_{name}"), sites[at][what].clone()));
                }
            }
            if ["severity", "class"].contains(&text(record, "item").as_str()) {
                found.clear();
            }
        }
        "kaplan-meier" => found.extend(["n_events", "n_censored"].map(|name| (name.to_owned(), json(record, name)))),
        "first-event" => {
            let names = ["n_active_first", "n_placebo_first", "n_tied", "n_uninformative"];
            found.extend(names.map(|name| (name.to_owned(), json(record, name))));
        }
        "rmst" => {
            found.extend(["tau", "rmst_active", "rmst_placebo"].map(|name| (name.to_owned(), json(record, name))));
        }
        "subgroup" => found.push(("rate_ratio".to_owned(), json(record, "rate_ratio"))),
        "subgroup-interaction" => found.push(("cochran_q".to_owned(), json(record, "cochran_q"))),
        "survival-difference" => {
            found.extend(["time", "surv_active", "surv_placebo"].map(|name| (name.to_owned(), json(record, name))));
        }
        "friedman" => found.push(("kendall_w".to_owned(), json(record, "kendall_w"))),
        _ => {}
    }
    // A comparison of logarithms carried back; geometric means of an arm.
    let carried = ["ratio", "ratio_low", "ratio_high", "geometric_mean", "geometric_mean_low", "geometric_mean_high"];
    found.extend(carried.map(|name| (name.to_owned(), json(record, name))));
    let numbers = found.iter().filter(|(_, value)| value.is_number());
    numbers.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

/// The extra field `name` as text; empty where the record has none.
fn text(record: &Record, name: &str) -> String {
    match json(record, name) {
        Value::String(text) => text,
        Value::Number(value) => value.to_string(),
        Value::Bool(value) => value.to_string(),
        _ => String::new(),
    }
}

fn graded(kind: Kind) -> bool {
    matches!(kind, Kind::Ordinal | Kind::Binary)
}

/// How the baseline may enter a model of this record's endpoint.
fn baseline(material: &Material, record: &Record) -> String {
    let design = &material.trial.design;
    let has = record.endpoint.is_some_and(|endpoint| design.has_baseline(&design.endpoints[endpoint]))
        || record.measure == Measure::Change;
    if !has {
        return "none".to_owned();
    }
    let name = serde_json::to_value(material.plan.analysis.baseline).ok();
    name.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The quadrature points of a generalised mixed model, 1 for the Laplace approximation; empty for other models.
fn points(integration: &Value) -> String {
    let Value::String(words) = integration else { return String::new() };
    let digits: String = words.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    if digits.is_empty() { "1".to_owned() } else { digits }
}

/// The subgroup factor of a record as `patients.csv` numbers it, its cut points, or the group: its level, or its number
/// where the plan cuts a numeric column.
fn subgroup(material: &Material, record: &Record, column: &str) -> String {
    let label = text(record, "factor");
    let mut factors = material.plan.subgroups.iter().enumerate();
    let found = factors.find(|(_, factor)| factor.label.as_deref().unwrap_or(&factor.column) == label);
    let Some((index, factor)) = found.filter(|_| !label.is_empty()) else { return String::new() };
    match column {
        "factor" => format!("factor_{}", index + 1),
        "cuts" => factor.cuts.iter().map(f64::to_string).collect::<Vec<_>>().join(" "),
        _ if factor.cuts.is_empty() => text(record, "group"),
        _ => text(record, "order"),
    }
}

/// A category of adverse events: `any`, `serious`, `related`, `worst_severity:moderate`, `term:Local pain`.
fn category(category: &Value) -> String {
    let part = |name: &str| category.get(name).and_then(Value::as_str);
    match (part("kind"), part("value")) {
        (Some(kind), Some(value)) => format!("{kind}:{value}"),
        (Some(kind), None) => kind.to_owned(),
        _ => String::new(),
    }
}
