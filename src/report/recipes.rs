//! One line of R and one of SAS that recompute a record from the files of `verify/`.
//!
//! In R a line reads `verify/verify.R`, which defines functions and reads the data beside it: it runs as pasted into a fresh
//! session in the folder of the report. In SAS the lines use the data sets that `verify/verify.sas` makes:
//! `pairs`, one row per patient, endpoint, visit, set and measure, and `m1`, `m2`, … for the models.

use super::exhibits::Material;
use super::verify;
use crate::analysis::Record;
use crate::analysis::methods::{Recipe, registered};
use crate::trial::Measure;

/// Methods beside the paired tests whose records `verify.R` recomputes by their identifier.
const BY_ID: [&str; 32] = [
    "conditional-mean",
    "two-means",
    "locf",
    "bocf",
    "worst-case",
    "paired-table",
    "shift-table",
    "ancova",
    "side-effect",
    "responder",
    "omeract-oarsi",
    "subgroup",
    "subgroup-interaction",
    "mixed-model",
    "mmrm",
    "mmrm-difference",
    "clda",
    "ls-mean",
    "ordinal-mixed",
    "logistic-mixed",
    "gee",
    "gee-negative-binomial",
    "poisson-mixed",
    "negative-binomial-mixed",
    "incidence",
    "event-comparison",
    "multiplicity",
    "meta-analysis",
    "first-event",
    "marginal-cox",
    "rmst",
    "survival-difference",
];

/// The line of R, where the method has one.
pub fn r(material: &Material, record: &Record) -> Option<String> {
    call(material, record).map(|call| format!("source(\"verify/verify.R\", encoding = \"UTF-8\"); {call}"))
}

/// What is called after `verify.R` was read.
fn call(material: &Material, record: &Record) -> Option<String> {
    // Of the counts, those of columns that patients.csv and events.csv hold.
    let counted =
        ["counts.disposition.set", "counts.exposure.treated", "counts.exposure.both-treated", "counts.sides."];
    let counted = counted.iter().any(|begin| record.id.starts_with(begin))
        || record.id.starts_with("safety.term.") && record.result.field("severity").is_none();
    let recipe = registered(record.result.method).map_or(Recipe::None, |test| test.r);
    if recipe == Recipe::Program || BY_ID.contains(&record.result.method) || record.result.method == "counts" && counted
    {
        return Some(format!("record({})", quoted(&record.id)));
    }
    let (endpoint, visit) = (record.endpoint?, record.visit?);
    let id = quoted(&material.endpoint(endpoint).id);
    let at = quoted(material.visit(visit));
    let set = quoted(&record.analysis_set);
    let measure = if record.measure == Measure::Change { ", measure = \"change\"" } else { "" };
    let pairs = |call: &str| Some(format!("with(pairs_at({id}, {at}, {set}{measure}), {call})"));
    let level = format!("conf.level = {}", record.result.conf_level);
    let alternative = match record.result.alternative.name() {
        "two-sided" => String::new(),
        name => format!(", alternative = \"{name}\""),
    };
    // Package survival, which comes with R.
    let times = |call: &str| Some(format!("library(survival); d <- compared(times_at({id}, {set})); {call}"));
    if let Recipe::Call(call) = recipe {
        return pairs(&call.replace("{level}", &level).replace("{alternative}", &alternative));
    }
    match record.result.method {
        "kaplan-meier" => {
            let arm = quoted(record.arm.as_deref().unwrap_or_default());
            Some(format!(
                "library(survival); d <- times_at({id}, {set}); survfit(Surv(time, status) ~ 1, data = d[d$arm == {arm}, ], \
                 conf.type = \"log-log\", conf.int = {})",
                record.result.conf_level
            ))
        }
        "stratified-log-rank" => times("survdiff(Surv(time, status) ~ active + strata(patient), data = d)"),
        "stratified-cox" => times("coxph(Surv(time, status) ~ active + strata(patient), data = d, ties = \"exact\")"),
        "descriptive" => {
            let values = match &record.arm {
                Some(arm) => format!("values_at({id}, {at}, {set}, {}{measure})", quoted(arm)),
                None => format!("with(pairs_at({id}, {at}, {set}{measure}), minus(active, placebo))"),
            };
            // Quartiles as in the table: the second of R's nine definitions.
            Some(format!("x <- {values}; c(n = length(x), mean = mean(x), sd = sd(x), quantile(x, type = 2))"))
        }
        _ => None,
    }
}

/// The lines of SAS, where the method has them. `models` are those of the plan ([`verify::models`]).
pub fn sas(material: &Material, models: &[verify::Model], record: &Record) -> Option<String> {
    let (endpoint, visit) = (record.endpoint?, record.visit?);
    let place = format!(
        "where endpoint={} and set_name={} and measure='{}' and visit_number={visit}",
        verify::literal(&material.endpoint(endpoint).id),
        verify::literal(&record.analysis_set),
        record.measure.name()
    );
    let alpha = material.plan.analysis.alpha;
    if let Some(line) = registered(record.result.method).and_then(|test| test.sas) {
        let sides = match record.result.alternative.name() {
            "less" => " sides=l",
            "greater" => " sides=u",
            _ => "",
        };
        let line = line.replace("{place}", &place).replace("{sides}", sides);
        return Some(line.replace("{alpha}", &alpha.to_string()));
    }
    Some(match record.result.method {
        "paired-table" => format!("proc freq data=pairs; {place}; tables a*p / norow nocol nopercent; run;"),
        // The data set holds logarithms where the plan compares them, and an arm is described as collected.
        "descriptive" if record.arm.is_some() && material.endpoint(endpoint).logarithm.is_some() => return None,
        "descriptive" => match &record.arm {
            Some(arm) => format!(
                "proc means data=long n mean stddev median q1 q3 min max qntldef=5; {place} and arm={}; var y; run;",
                verify::literal(arm)
            ),
            None => format!("proc means data=pairs n mean stddev stderr clm; {place}; var difference; run;"),
        },
        _ => return verify::model_in_sas(material, models, record),
    })
}

/// A string literal of R: control characters become spaces.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
