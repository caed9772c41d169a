//! Conditions across keys in the plan's JSON Schema: what a key needs, excludes or bounds beside it (`if`, `then`,
//! `dependentRequired`), as far as JSON Schema can say it. It cannot compare two values of a plan, look a name up that stands
//! elsewhere in it, or parse a condition; `tests/plan_schema.rs` lists what is left to the program alone, with the reason.

use super::file::DerivePlan;
use super::survival;
use crate::instrument::Instrument;
use crate::paired::{METHODS, catalogue};
use serde_json::{Value, json};

/// Adds the conditions to `schema`, whose bounds [`super::bounds`] has added.
pub fn add(schema: &mut Value) {
    for (table, conditions) in [
        ("EndpointPlan", endpoint()),
        ("ScorePlan", score()),
        ("AnalysisPlan", analysis()),
        ("DataPlan", data()),
        ("AllocationColumns", allocation_columns()),
        ("ArmsPlan", vec![json!({ "dependentRequired": { "adjust": ["contrasts"] } })]),
        ("Multiplicity", multiplicity()),
        ("InterimPlan", spending()),
        ("FutilityPlan", futility()),
        ("CovariatePlan", covariate()),
        ("IntercurrentEvent", event()),
        ("SensitivityPlan", sensitivity()),
        ("MissingPlan", missing()),
    ] {
        if let Some(Value::Object(definition)) = schema.pointer_mut(&format!("/$defs/{table}")) {
            definition.insert("allOf".to_owned(), Value::from(conditions));
        }
    }
    if let Value::Object(plan) = schema {
        plan.insert("allOf".to_owned(), Value::from(whole_plan()));
    }
}

/// `then` holds where `condition` does.
fn when(condition: Value, then: Value) -> Value {
    json!({ "if": condition, "then": then })
}

/// The key is given, as one of these values.
fn is(key: &str, values: &[&str]) -> Value {
    json!({ "properties": { key: { "enum": values } }, "required": [key] })
}

/// The key is left out, or is one of these values.
fn at_most(key: &str, values: &[&str]) -> Value {
    json!({ "properties": { key: { "enum": values } } })
}

fn has(key: &str) -> Value {
    json!({ "required": [key] })
}

/// The key is a list with something in it.
fn lists(key: &str) -> Value {
    json!({ "properties": { key: { "minItems": 1 } }, "required": [key] })
}

/// The list `key` has one of these values in it.
fn lists_one_of(key: &str, values: &[&str]) -> Value {
    json!({ "properties": { key: { "contains": { "enum": values } } }, "required": [key] })
}

/// None of the keys is given.
fn without(keys: &[&str]) -> Value {
    json!({ "not": { "anyOf": keys.iter().map(|key| has(key)).collect::<Vec<_>>() } })
}

/// The list is left out or empty.
fn empty(key: &str) -> Value {
    json!({ "properties": { key: { "maxItems": 0 } } })
}

fn both(first: Value, second: Value) -> Value {
    json!({ "allOf": [first, second] })
}

fn negated(condition: Value) -> Value {
    json!({ "not": condition })
}

const NO_SCORE: [&str; 3] = ["ordinal", "binary", "survival"];

fn endpoint() -> Vec<Value> {
    let counts: Vec<&str> = METHODS.iter().filter(|method| method.is_of_counts()).map(|method| method.name).collect();
    let survival = is("kind", &["survival"]);
    let of_scores = [
        "range",
        "step",
        "minimal_improvement",
        "minimal_improvement_relative",
        "important_difference",
        "mcid",
        "mcid_relative",
        "margin",
        "non_inferiority_margin",
        "domain",
        "compute",
        "score",
        "derive",
        "missing",
        "visits",
        "exposure",
    ];
    let mut found = vec![
        when(
            survival.clone(),
            json!({
                "required": ["time", "status"],
                "properties": {
                    "better": { "enum": ["later", "earlier"] },
                    "tests": { "items": { "enum": survival::METHODS }, "anyOf": [
                        { "maxItems": 0 }, { "contains": { "enum": survival::DECIDING } },
                    ] },
                    "sum_of": { "maxItems": 0 },
                    "replicates": { "const": "refuse" },
                    "objective": { "const": "superiority" },
                },
            }),
        ),
        when(survival.clone(), without(&of_scores)),
        when(
            negated(survival),
            json!({
                "required": ["column"],
                "properties": {
                    "better": { "enum": ["lower", "higher"] },
                    "tests": { "items": { "enum": catalogue::in_plans() } },
                    "at": { "maxItems": 0 },
                },
                "not": { "anyOf": [has("time"), has("status"), has("tau")] },
            }),
        ),
        json!({ "dependentRequired": { "missing": ["derive"], "offset": ["transform"] } }),
        when(has("derive"), negated(is("kind", &NO_SCORE))),
        when(has("compute"), both(negated(is("kind", &NO_SCORE)), without(&["score"]))),
        when(
            has("transform"),
            json!({
                "properties": {
                    "kind": { "const": "continuous" },
                    "derive": { "not": { "const": "percent-change" } },
                    "important_difference": { "exclusiveMinimum": 1 },
                    "margin": { "exclusiveMinimum": 1 },
                    "non_inferiority_margin": { "exclusiveMinimum": 1 },
                },
            }),
        ),
        when(
            both(has("transform"), without(&["offset"])),
            json!({
                "properties": { "range": { "prefixItems": [{ "minimum": 0 }] } },
            }),
        ),
        when(
            has("exposure"),
            both(
                is("kind", &["count"]),
                json!({
                    "not": { "anyOf": [has("derive"), has("score")] },
                    "properties": { "replicates": { "const": "refuse" }, "tests": { "items": { "enum": counts } } },
                }),
            ),
        ),
        when(lists_one_of("tests", &counts), is("kind", &["count"])),
        when(is("objective", &["non-inferiority"]), has("non_inferiority_margin")),
        when(is("objective", &["equivalence"]), has("margin")),
        when(lists_one_of("tests", &["non-inferiority"]), has("non_inferiority_margin")),
        when(lists_one_of("tests", &["tost"]), has("margin")),
        when(is("kind", &["ordinal"]), without(&["margin", "non_inferiority_margin"])),
        when(
            is("kind", &["binary", "survival"]),
            json!({
                "properties": { "levels": { "anyOf": [{ "maxItems": 0 }, { "minItems": 2, "maxItems": 2 }] } },
            }),
        ),
        when(negated(is("kind", &NO_SCORE)), empty("levels")),
        negated(json!({ "required": ["mcid", "minimal_improvement"] })),
        negated(json!({ "required": ["mcid_relative", "minimal_improvement_relative"] })),
    ];
    for derive in DerivePlan::ALL {
        let rules: Vec<&str> = derive.summary().rules().iter().map(|rule| rule.name()).collect();
        let rule = if rules.is_empty() { without(&["missing"]) } else { is("missing", &rules) };
        found.push(when(is("derive", &[derive.summary().name()]), rule));
    }
    found
}

/// The scales of each instrument, and how many items a scale has.
fn score() -> Vec<Value> {
    let of = |instrument: &Instrument| {
        let scales: Vec<&str> = instrument.scales().iter().map(|scale| scale.name()).collect();
        let this = is("instrument", &[instrument.name()]);
        let items = instrument.scales().iter().filter_map(|scale| {
            let count = instrument.item_count(*scale)?;
            let length = json!({ "properties": { "items": { "minItems": count, "maxItems": count } } });
            Some(when(both(this.clone(), is("scale", &[scale.name()])), length))
        });
        std::iter::once(when(this.clone(), at_most("scale", &scales))).chain(items).collect::<Vec<_>>()
    };
    Instrument::ALL.iter().flat_map(of).collect()
}

fn analysis() -> Vec<Value> {
    let runs =
        json!({ "anyOf": [at_most("primary", &["mixed_model"]), lists_one_of("sensitivity", &["mixed_model"])] });
    let term = r"\s*\(\s*1\s*\|\s*patient(\s*[:/]\s*knee|\s*:\s*visit)?\s*\)\s*";
    vec![
        when(has("random"), both(runs, at_most("structure", &["by-design"]))),
        json!({ "properties": { "random": { "allOf": [
            { "pattern": format!(r"^{term}(\+{term})*$") },
            { "pattern": r"\(\s*1\s*\|\s*patient(\s*/\s*knee)?\s*\)" },
        ] } } }),
    ]
}

fn data() -> Vec<Value> {
    let columns_without = |key: &str| json!({ "properties": { "columns": { "not": { "required": [key] } } } });
    vec![
        when(
            is("shape", &["wide"]),
            json!({
                "required": ["pattern"], "properties": { "pattern": { "pattern": r"\{endpoint\}" } },
            }),
        ),
        when(
            both(
                negated(is("shape", &["wide"])),
                negated(json!({
                    "required": ["shape", "pattern"], "properties": { "shape": { "const": "bds" }, "pattern": { "pattern": r"\{knee\}" } },
                })),
            ),
            json!({
                "properties": { "columns": { "anyOf": [has("knee"), has("arm")] } },
            }),
        ),
        when(lists("sheets"), both(without(&["sheet", "visit"]), columns_without("visit"))),
        when(has("visit"), columns_without("visit")),
    ]
}

fn allocation_columns() -> Vec<Value> {
    vec![
        json!({ "dependentRequired": { "left": ["right"], "right": ["left"] } }),
        when(has("left"), without(&["knee", "arm", "active_knee"])),
    ]
}

fn multiplicity() -> Vec<Value> {
    let graphical = is("method", &["graphical"]);
    vec![
        when(graphical.clone(), both(lists("shares"), lists("transitions"))),
        when(negated(graphical), both(empty("shares"), empty("transitions"))),
        json!({ "properties": { "transitions": { "items": { "items": { "minimum": 0, "maximum": 1 } } } } }),
    ]
}

/// A spending function with a parameter has it, and one without has none.
fn spending() -> Vec<Value> {
    vec![
        when(
            is("spending", &["hsd"]),
            json!({
                "required": ["parameter"], "properties": { "parameter": { "minimum": -100, "maximum": 100 } },
            }),
        ),
        when(
            is("spending", &["kd"]),
            json!({
                "required": ["parameter"], "properties": { "parameter": { "exclusiveMinimum": 0, "maximum": 100 } },
            }),
        ),
        when(negated(is("spending", &["hsd", "kd"])), without(&["parameter"])),
    ]
}

fn futility() -> Vec<Value> {
    let mut found = spending();
    found.push(json!({ "oneOf": [has("spending"), has("conditional_power")] }));
    found.push(when(has("conditional_power"), json!({
        "properties": { "binding": { "const": false }, "conditional_power": { "exclusiveMinimum": 0, "exclusiveMaximum": 0.5 } },
    })));
    found.push(when(has("spending"), at_most("under", &["planned"])));
    found
}

fn covariate() -> Vec<Value> {
    vec![when(is("kind", &["number"]), both(empty("levels"), empty("labels"))), when(lists("labels"), lists("levels"))]
}

fn event() -> Vec<Value> {
    vec![
        when(is("strategy", &["causal"]), has("k")),
        when(negated(is("strategy", &["causal"])), without(&["k"])),
        when(negated(is("strategy", &["composite"])), without(&["value"])),
        json!({ "properties": { "value": { "anyOf": [{ "type": "number" }, { "enum": ["worst", "baseline"] }] } } }),
    ]
}

fn sensitivity() -> Vec<Value> {
    let differs = ["method", "strategy", "structure", "covariance", "analysis", "inference", "delta"];
    vec![
        json!({ "anyOf": differs.iter().map(|key| has(key)).collect::<Vec<_>>() }),
        when(is("strategy", &["causal"]), has("k")),
        when(both(has("strategy"), negated(is("strategy", &["causal"]))), without(&["k"])),
        when(is("method", &["locf", "bocf", "worst-case"]), without(&["delta"])),
    ]
}

fn missing() -> Vec<Value> {
    let conditional = at_most("method", &["conditional-mean"]);
    vec![
        when(negated(is("analysis", &["responder"])), without(&["threshold"])),
        when(is("analysis", &["responder", "grades"]), negated(conditional)),
        when(is("method", &["bayes"]), at_most("structure", &["us"])),
        json!({ "properties": { "m": { "minimum": 2, "maximum": 20_000 }, "cuts": { "uniqueItems": true } } }),
    ]
}

/// Conditions that reach over the tables of the plan.
fn whole_plan() -> Vec<Value> {
    let of = |table: &str, condition: Value| json!({ "properties": { table: condition }, "required": [table] });
    let primary = json!({ "properties": { "role": { "const": "primary" } }, "required": ["role"] });
    let with_role = |role: &Value, least: usize| {
        json!({
            "properties": { "endpoint": { "contains": role, "minContains": least } },
        })
    };
    let baseline = of("visits", has("baseline"));
    let clda = json!({ "anyOf": [is("primary", &["clda"]), lists_one_of("sensitivity", &["clda"])] });
    let all_better = |better: &str| {
        json!({
            "properties": { "endpoint": { "items": { "properties": { "better": { "const": better } } } } },
        })
    };
    let one_table = json!({ "properties": { "data": { "type": "object" } } });
    let columns = |condition: Value| json!({ "properties": { "data": { "properties": { "columns": condition } } } });
    let contrasts = both(lists("contrasts"), negated(is("adjust", &["none"])));
    let one_sided = ["towards-benefit", "less", "greater"];
    vec![
        when(json!({ "properties": { "endpoint": { "minItems": 2 } } }), with_role(&primary, 1)),
        when(
            with_role(&primary, 2),
            of(
                "multiplicity",
                json!({ "anyOf": [
            has("primary"),
            both(negated(at_most("method", &["none"])), json!({ "properties": { "family": { "minItems": 2 } }, "required": ["family"] })),
        ] }),
            ),
        ),
        when(of("analysis", is("measure", &["change"])), baseline.clone()),
        when(of("analysis", clda), baseline),
        when(of("analysis", has("randomisation_test")), has("randomisation")),
        when(of("analysis", is("alternative", &["less"])), all_better("lower")),
        when(of("analysis", is("alternative", &["greater"])), all_better("higher")),
        // One table of data alone says which knee got what, and which visit a row is.
        when(
            one_table.clone(),
            json!({ "anyOf": [
            columns(has("arm")),
            { "properties": { "data": has("allocation") } },
            { "properties": { "data": { "properties": { "pattern": { "pattern": r"\{arm\}" } }, "required": ["pattern"] } } },
        ] }),
        ),
        when(both(one_table.clone(), negated(has("visits"))), columns(json!({ "not": { "required": ["visit"] } }))),
        when(
            both(one_table, of("visits", json!({ "properties": { "order": { "minItems": 2 } } }))),
            json!({ "anyOf": [
            columns(has("visit")),
            { "properties": { "data": has("visit") } },
            { "properties": { "data": lists("sheets") } },
            { "properties": { "data": { "properties": { "pattern": { "pattern": r"\{visit\}" } }, "required": ["pattern"] } } },
        ] }),
        ),
        // What holds for the whole trial stands in the first of several tables.
        when(
            json!({ "properties": { "data": { "type": "array" } } }),
            json!({ "properties": { "data": {
            "prefixItems": [true],
            "items": { "properties": { "outside": { "const": false } }, "not": { "anyOf": [
                has("patients"), has("allocation"), has("adverse_events"), has("disposition"), has("deviations"),
                has("randomisation_date"), has("patient_column"),
            ] } },
        } } }),
        ),
        when(
            has("interim"),
            json!({ "properties": {
            "endpoint": { "anyOf": [{ "maxItems": 1 }, { "contains": primary, "maxContains": 1 }] },
            "arms": negated(contrasts.clone()),
        } }),
        ),
        when(
            of(
                "interim",
                of("futility", json!({ "properties": { "binding": { "const": true } }, "required": ["binding"] })),
            ),
            of("analysis", is("alternative", &one_sided)),
        ),
        when(
            of("arms", lists("contrasts")),
            json!({
                "properties": { "analysis": at_most("primary", &["mixed_model", "mmrm", "clda"]) },
            }),
        ),
        when(
            of("arms", contrasts),
            json!({
                "properties": {
                    "analysis": at_most("alternative", &["two-sided"]),
                    "endpoint": { "anyOf": [{ "maxItems": 1 }, { "contains": primary, "maxContains": 1 }] },
                },
            }),
        ),
        when(
            negated(has("events")),
            json!({ "properties": { "estimand": { "items": {
            "if": lists("sensitivity"), "then": has("missing"),
        } } } }),
        ),
        when(has("events"), json!({ "properties": { "estimand": { "minItems": 1 } }, "required": ["estimand"] })),
        when(
            both(
                json!({ "not": { "properties": { "report": { "properties": { "language": { "const": "ja" } }, "required": ["language"] } }, "required": ["report"] } }),
                of(
                    "trial",
                    json!({ "properties": { "site": { "pattern": "([uU][sS]|[iIeE][xX]|[iI][sS]|[uU][mM])$" } }, "required": ["site"] }),
                ),
            ),
            of("trial", has("sites")),
        ),
    ]
}
