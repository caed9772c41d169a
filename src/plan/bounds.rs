//! Bounds of the plan's JSON Schema beyond types: what the program refuses from the plan alone and a schema can say.
//!
//! The program's own check ([`super::cross`]) says the same in better words; the bounds serve editors and other programs.

use crate::instrument::{Instrument, Scale};
use crate::paired::catalogue;
use crate::trial::{Severity, rules};
use serde_json::{Value, json};

/// Adds the bounds to `schema`, which [`super::schema`] derived from the types.
pub fn add(schema: &mut Value) {
    for (place, bounds) in bounds() {
        let (table, key) = place.split_once('.').unwrap_or(("", place));
        let found = match table {
            "" => schema.pointer_mut(&format!("/properties/{key}")),
            table => schema.pointer_mut(&format!("/$defs/{table}/properties/{key}")),
        };
        if let (Some(Value::Object(property)), Value::Object(bounds)) = (found, bounds) {
            for (keyword, value) in bounds {
                match (property.get_mut(&keyword), value) {
                    // What the type says of the members of a list stays.
                    (Some(Value::Object(items)), Value::Object(more)) => items.extend(more),
                    (_, value) => {
                        property.insert(keyword, value);
                    }
                }
            }
        }
    }
}

/// Text with something in it.
fn filled() -> Value {
    json!({ "minLength": 1, "pattern": "\\S" })
}

/// The bounds by `Table.key`.
fn bounds() -> Vec<(&'static str, Value)> {
    let positive = || json!({ "exclusiveMinimum": 0 });
    let date = r"^[0-9]{4}-(0?[1-9]|1[0-2])-(0?[1-9]|[12][0-9]|3[01])";
    let instruments: Vec<&str> = Instrument::ALL.iter().map(|instrument| instrument.name()).collect();
    let mut scales: Vec<&str> =
        Instrument::ALL.iter().flat_map(|instrument| instrument.scales()).map(|scale: &Scale| scale.name()).collect();
    scales.sort_unstable();
    scales.dedup();
    let all = rules::GROUPS.iter().flat_map(|group| group.rules);
    let waivable: Vec<&str> = all.filter(|rule| rule.severity != Severity::Error).map(|rule| rule.id).collect();
    let tests: Vec<&str> = catalogue::in_plans().into_iter().chain(super::survival::METHODS).collect();
    let block = || json!({ "type": "integer", "minimum": 2, "maximum": 16, "multipleOf": 2 });
    let samples = |least: usize| json!({ "minimum": least, "maximum": 10_000_000 });
    vec![
        ("endpoint", json!({ "minItems": 1 })),
        ("TrialInfo.id", filled()),
        ("TrialInfo.title", filled()),
        ("TrialInfo.site", filled()),
        ("TrialInfo.data_date", json!({ "pattern": date })),
        ("DataPlan.path", filled()),
        ("DataPlan.header_row", json!({ "minimum": 1 })),
        ("VisitsPlan.order", json!({ "minItems": 1, "uniqueItems": true })),
        ("EndpointPlan.name", filled()),
        ("EndpointPlan.column", filled()),
        ("EndpointPlan.id", json!({ "pattern": r"^[^\x00-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]+$" })),
        ("EndpointPlan.step", positive()),
        ("EndpointPlan.mcid", positive()),
        ("EndpointPlan.minimal_improvement", positive()),
        ("EndpointPlan.important_difference", positive()),
        ("EndpointPlan.margin", positive()),
        ("EndpointPlan.non_inferiority_margin", positive()),
        ("EndpointPlan.offset", positive()),
        ("EndpointPlan.tau", positive()),
        ("EndpointPlan.mcid_relative", json!({ "exclusiveMinimum": 0, "exclusiveMaximum": 1 })),
        ("EndpointPlan.minimal_improvement_relative", json!({ "exclusiveMinimum": 0, "exclusiveMaximum": 1 })),
        ("EndpointPlan.decimals", json!({ "maximum": 10 })),
        ("EndpointPlan.visits", json!({ "minItems": 1 })),
        ("EndpointPlan.tests", json!({ "items": { "enum": tests }, "uniqueItems": true })),
        ("EndpointPlan.at", json!({ "items": positive(), "uniqueItems": true })),
        ("FileTable.header_row", json!({ "minimum": 1 })),
        ("VisitsPlan.months", json!({ "items": { "minimum": -1200, "maximum": 1200 }, "uniqueItems": true })),
        ("InterimPlan.pairs", json!({ "minItems": 2, "maxItems": 10, "items": { "minimum": 3 }, "uniqueItems": true })),
        ("InterimPlan.power", json!({ "exclusiveMinimum": 0, "exclusiveMaximum": 1 })),
        (
            "RandomisationPlan.block_size",
            json!({ "anyOf": [block(), { "type": "array", "items": block(), "minItems": 1 }] }),
        ),
        ("PriorPlan.sd", positive()),
        ("RobustPlan.sd", positive()),
        ("RobustPlan.weight", json!({ "exclusiveMinimum": 0, "exclusiveMaximum": 1 })),
        ("Subgroup.cuts", json!({ "uniqueItems": true })),
        ("Estimand.id", json!({ "pattern": r"^[^\x00-\x2c\x2e\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]+$" })),
        ("Estimand.treatment", filled()),
        ("Estimand.population", filled()),
        ("Estimand.variable", filled()),
        ("Estimand.summary_measure", filled()),
        ("CovariatePlan.levels", json!({ "uniqueItems": true })),
        ("ScorePlan.instrument", json!({ "enum": instruments })),
        ("ScorePlan.scale", json!({ "enum": scales })),
        ("AnalysisSetPlan.name", filled()),
        ("AnalysisPlan.alpha", json!({ "minimum": 1e-9, "exclusiveMaximum": 0.5 })),
        ("AnalysisPlan.bootstrap_samples", samples(100)),
        ("AnalysisPlan.permutation_samples", samples(1000)),
        ("AnalysisPlan.quadrature", samples(1)),
        ("AnalysisPlan.difference_structure", json!({ "minItems": 1 })),
        ("AnalysisPlan.covariates", json!({ "uniqueItems": true })),
        ("MissingPlan.covariates", json!({ "uniqueItems": true })),
        ("AnalysisPlan.sets", json!({ "uniqueItems": true })),
        ("SampleSizePlan.delta", positive()),
        ("SampleSizePlan.sd", positive()),
        ("SampleSizePlan.correlation", json!({ "minimum": -1, "exclusiveMaximum": 1 })),
        ("SampleSizePlan.power", json!({ "minimum": 0.01, "exclusiveMaximum": 1 })),
        ("SampleSizePlan.pairs", json!({ "minimum": 2 })),
        ("Multiplicity.family", json!({ "uniqueItems": true })),
        ("Multiplicity.shares", json!({ "items": { "minimum": 0, "maximum": 1 } })),
        ("Waiver.rule", json!({ "enum": waivable })),
        ("Waiver.reason", filled()),
    ]
}
