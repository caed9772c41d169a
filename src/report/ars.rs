//! `ars.json`: the run as a reporting event of the CDISC Analysis Results Standard, model version 1.0
//! (<https://www.cdisc.org/standards/foundational/analysis-results-standard>): analysis sets, methods with their
//! operations, one analysis per record with its results, one output per table.

use super::document::Document;
use crate::analysis::Record;
use crate::pipeline::Run;
use crate::trial::Role;
use serde_json::{Value, json};

/// The name of the data set in `verify/data.csv`.
const DATASET: &str = "data";

/// The operations of every method: field of a record and what it is.
const OPERATIONS: [(&str, &str); 8] = [
    ("n_pairs", "Patients with both knees observed"),
    ("estimate", "Estimate"),
    ("std_error", "Standard error"),
    ("statistic", "Test statistic"),
    ("df", "Degrees of freedom"),
    ("p_value", "p-value"),
    ("conf_low", "Lower confidence limit"),
    ("conf_high", "Upper confidence limit"),
];

/// The reporting event as JSON.
///
/// # Errors
/// Never in practice: the document holds only text.
pub fn render(run: &Run, document: &Document) -> Result<String, serde_json::Error> {
    let trial = &run.plan.trial;
    let outputs: Vec<Value> = document.tables().map(output).collect();
    let listed = |items: Vec<(&str, String, String)>| -> Vec<Value> {
        let item = |(order, (key, id, name)): (usize, (&str, String, String))| json!({"level": 1, "order": order + 1, "name": name, key: id});
        items.into_iter().enumerate().map(item).collect()
    };
    let records = &run.outcomes.records;
    let mut contents: Vec<(&str, String, String)> =
        document.tables().map(|table| ("outputId", table.id.clone(), table.title.clone())).collect();
    contents.extend(records.iter().map(|record| ("analysisId", record.id.clone(), name(record))));
    let event = json!({
        "id": trial.id,
        "version": 1,
        "name": trial.title,
        "description": "Made by splitknee from the plan and data named in manifest.json",
        "mainListOfContents": {"name": "Outputs and analyses", "contentsList": {"listItems": listed(contents)}},
        "referenceDocuments": [
            {"id": "plan", "name": "Analysis plan", "location": run.plan.file_name},
            {"id": "verify-r", "name": "Recomputation in R", "location": "verify/verify.R"},
            {"id": "verify-sas", "name": "Recomputation in SAS", "location": "verify/verify.sas"},
        ],
        "analysisSets": analysis_sets(run),
        "analysisGroupings": [arms(run)],
        "dataGroupings": [visits(run)],
        "methods": methods(records),
        "analyses": records.iter().map(|record| analysis(run, record)).collect::<Vec<_>>(),
        "outputs": outputs,
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&event)?))
}

fn condition(variable: &str, values: &[&str]) -> Value {
    json!({"dataset": DATASET, "variable": variable, "comparator": "EQ", "value": values})
}

fn analysis_sets(run: &Run) -> Vec<Value> {
    let set = |(index, set): (usize, &crate::trial::AnalysisSet)| {
        let condition = condition(&format!("set_{}", set.name), &["1"]);
        json!({"id": set.name, "label": set.label, "level": 1, "order": index + 1, "condition": condition})
    };
    run.trial.sets.iter().enumerate().map(set).collect()
}

fn arms(run: &Run) -> Value {
    let labels = run.trial.design.arms.labels();
    let group = |(index, label): (usize, &&str)| json!({"id": format!("arm-{index}"), "label": label, "level": 1, "order": index + 1, "condition": condition("arm", &[label])});
    json!({
        "id": "arm", "label": "Treatment of the knee", "dataDriven": false, "groupingDataset": DATASET,
        "groupingVariable": "arm", "groups": labels.iter().enumerate().map(group).collect::<Vec<_>>(),
    })
}

fn visits(run: &Run) -> Value {
    let group = |(index, visit): (usize, &crate::trial::Visit)| {
        let condition = condition("visit", &[&visit.label]);
        json!({"id": format!("visit-{}", index + 1), "label": visit.label, "level": 1, "order": index + 1, "condition": condition})
    };
    json!({
        "id": "visit", "label": "Visit", "dataDriven": false, "groupingDataset": DATASET, "groupingVariable": "visit",
        "groups": run.trial.design.visits.iter().enumerate().map(group).collect::<Vec<_>>(),
    })
}

fn methods(records: &[Record]) -> Vec<Value> {
    let mut seen: Vec<&str> = Vec::new();
    let mut methods = Vec::new();
    for record in records {
        let method = record.result.method;
        if seen.contains(&method) {
            continue;
        }
        seen.push(method);
        let operation = |(index, (field, label)): (usize, &(&str, &str))| json!({"id": operation_id(method, field), "name": field, "label": label, "order": index + 1});
        methods.push(json!({
            "id": method, "name": method, "description": record.reference,
            "operations": OPERATIONS.iter().enumerate().map(operation).collect::<Vec<_>>(),
        }));
    }
    methods
}

fn operation_id(method: &str, field: &str) -> String {
    format!("{method}.{field}")
}

fn name(record: &Record) -> String {
    let parts = [record.endpoint_name.as_deref(), record.visit_label.as_deref(), record.arm.as_deref()];
    let mut name: Vec<&str> = parts.into_iter().flatten().collect();
    name.push(record.result.method);
    name.join(", ")
}

fn analysis(run: &Run, record: &Record) -> Value {
    let result = &record.result;
    let values = [
        Some(result.n_pairs as f64),
        result.estimate,
        result.std_error,
        result.statistic,
        result.df,
        result.p_value,
        result.conf_low,
        result.conf_high,
    ];
    let mut groups: Vec<Value> = Vec::new();
    let mut groupings: Vec<Value> = Vec::new();
    let mut group = |grouping: &str, id: String| {
        groupings.push(json!({"order": groupings.len() + 1, "groupingId": grouping, "resultsByGroup": true}));
        groups.push(json!({"groupingId": grouping, "groupId": id}));
    };
    if let Some(arm) = record.arm.as_deref().and_then(|arm| run.trial.design.arms.index(arm)) {
        group("arm", format!("arm-{arm}"));
    }
    if let Some(visit) = record.visit {
        group("visit", format!("visit-{}", visit + 1));
    }
    let results: Vec<Value> = OPERATIONS
        .iter()
        .zip(values)
        .filter_map(|((field, _), value)| {
            let raw = value.filter(|value| value.is_finite())?.to_string();
            Some(json!({"operationId": operation_id(result.method, field), "resultGroups": groups, "rawValue": raw}))
        })
        .collect();
    let purpose = match record.role {
        Role::Primary => "PRIMARY OUTCOME MEASURE",
        Role::Secondary => "SECONDARY OUTCOME MEASURE",
        Role::Sensitivity | Role::Safety | Role::Descriptive => "EXPLORATORY OUTCOME MEASURE",
    };
    let variable = match record.endpoint {
        Some(endpoint) => run.trial.design.endpoints[endpoint].id.clone(),
        None => record.endpoint_name.clone().unwrap_or_else(|| record.id.clone()),
    };
    json!({
        "id": record.id, "version": 1, "name": name(record),
        "reason": {"controlledTerm": "SPECIFIED IN SAP"},
        "purpose": {"controlledTerm": purpose},
        "analysisSetId": record.analysis_set,
        "dataset": DATASET, "variable": variable,
        "methodId": result.method, "orderedGroupings": groupings, "results": results,
    })
}

fn output(table: &crate::table::ResultTable) -> Value {
    let text = |kind: &str, lines: &[String]| {
        let section = |(index, line): (usize, &String)| {
            let id = format!("{}-{}-{}", table.id, kind.to_lowercase(), index + 1);
            json!({"order": index + 1, "subSection": {"id": id, "text": line}})
        };
        json!({"sectionType": kind, "orderedSubSections": lines.iter().enumerate().map(section).collect::<Vec<_>>()})
    };
    let title = [format!("{} {}", table.number, table.title), table.population.clone()];
    let sections = [text("Title", &title), text("Footnote", &table.footnotes)];
    json!({
        "id": table.id, "version": 1, "name": table.title,
        "displays": [{"order": 1, "display": {
            "id": format!("{}-display", table.id), "name": table.title, "displayTitle": table.title, "displaySections": sections,
        }}],
        "fileSpecifications": [{"name": format!("{}.csv", table.id), "location": format!("tables/{}.csv", table.id)}],
    })
}
