//! `ars.json`: the run as a reporting event of the CDISC Analysis Results Standard, model version 1.0
//! (<https://www.cdisc.org/standards/foundational/analysis-results-standard>): analysis sets, methods with their
//! operations, one analysis per record with its results, one output per table.
//!
//! Treatment is a grouping of data records (knees), not of subjects: every patient has both. Subgroup factors are the
//! subject groupings. Purposes beyond the model's three and CSV as a file type are declared as sponsor terms.

use super::document::Document;
use super::numbers;
use crate::analysis::{Field, Record, Run};
use crate::table::rounding;
use crate::trial::{Measure, Role};
use serde_json::{Value, json};

/// The data sets of `verify/`: knees by endpoint and visit, patients, adverse events.
const KNEES: &str = "data";
const PATIENTS: &str = "patients";
const EVENTS: &str = "events";

/// The operations of every method: field of a record, what it is, pattern of the display, decimals of that pattern.
const OPERATIONS: [(&str, &str, &str, usize); 8] = [
    ("n_pairs", "Patients with both knees observed", "X", 0),
    ("estimate", "Estimate", "X.XXX", 3),
    ("std_error", "Standard error", "X.XXX", 3),
    ("statistic", "Test statistic", "X.XXX", 3),
    ("df", "Degrees of freedom", "X.X", 1),
    ("p_value", "p-value", "X.XXXX", 4),
    ("conf_low", "Lower confidence limit", "X.XXX", 3),
    ("conf_high", "Upper confidence limit", "X.XXX", 3),
];

/// Purposes that the model does not name: role, identifier of the sponsor's term, its value.
const PURPOSES: [(Role, &str, &str); 3] = [
    (Role::Sensitivity, "purpose-sensitivity", "SENSITIVITY ANALYSIS"),
    (Role::Safety, "purpose-safety", "SAFETY OUTCOME MEASURE"),
    (Role::Descriptive, "purpose-descriptive", "DESCRIPTION"),
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
        "terminologyExtensions": terms(),
        "analysisSets": analysis_sets(run),
        "analysisGroupings": factors(run),
        "dataSubsets": endpoints(run),
        "dataGroupings": [arms(run), visits(run)],
        "methods": methods(records),
        "analyses": records.iter().map(|record| analysis(run, record)).collect::<Vec<_>>(),
        "outputs": outputs,
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&event)?))
}

fn condition(variable: &str, values: &[&str]) -> Value {
    json!({"dataset": KNEES, "variable": variable, "comparator": "EQ", "value": values})
}

/// The sponsor's terms.
fn terms() -> Value {
    let purpose = |(_, id, value): &(Role, &str, &str)| json!({"id": id, "submissionValue": value});
    json!([
        {
            "id": "terms-purpose", "enumeration": "AnalysisPurposeEnum",
            "sponsorTerms": PURPOSES.iter().map(purpose).collect::<Vec<_>>(),
        },
        {
            "id": "terms-file", "enumeration": "OutputFileTypeEnum",
            "sponsorTerms": [{"id": "file-csv", "submissionValue": "csv"}],
        },
    ])
}

/// The subgroup factors, by the columns of `patients.csv`.
fn factors(run: &Run) -> Vec<Value> {
    let factor = |(index, factor): (usize, &crate::plan::Subgroup)| {
        let column = factor_id(index);
        json!({
            "id": column, "name": factor.label.as_deref().unwrap_or(&factor.column), "label": factor.label.as_deref().unwrap_or(&factor.column), "dataDriven": true,
            "groupingDataset": PATIENTS, "groupingVariable": column,
        })
    };
    run.plan.subgroups.iter().enumerate().map(factor).collect()
}

fn factor_id(index: usize) -> String {
    format!("factor_{}", index + 1)
}

/// One subset per endpoint: its rows of the knees.
fn endpoints(run: &Run) -> Vec<Value> {
    let subset = |(index, about): (usize, &crate::trial::Endpoint)| {
        json!({
            "id": format!("endpoint-{}", index + 1), "name": about.name, "label": about.name, "level": 1, "order": index + 1,
            "condition": condition("endpoint", &[&about.id]),
        })
    };
    run.trial.design.endpoints.iter().enumerate().map(subset).collect()
}

fn analysis_sets(run: &Run) -> Vec<Value> {
    let set = |(index, set): (usize, &crate::trial::AnalysisSet)| {
        let condition = condition(&format!("set_{}", set.name), &["1"]);
        json!({"id": set.name, "name": set.label, "label": set.label, "level": 1, "order": index + 1, "condition": condition})
    };
    run.trial.sets.iter().enumerate().map(set).collect()
}

fn arms(run: &Run) -> Value {
    let labels = run.trial.design.arms.labels();
    let group = |(index, label): (usize, &&str)| json!({"id": format!("arm-{index}"), "name": label, "label": label, "level": 1, "order": index + 1, "condition": condition("arm", &[label])});
    json!({
        "id": "arm", "name": "Treatment of the knee", "label": "Treatment of the knee", "dataDriven": false, "groupingDataset": KNEES,
        "groupingVariable": "arm", "groups": labels.iter().enumerate().map(group).collect::<Vec<_>>(),
    })
}

fn visits(run: &Run) -> Value {
    let group = |(index, visit): (usize, &crate::trial::Visit)| {
        let condition = condition("visit", &[&visit.label]);
        json!({"id": format!("visit-{}", index + 1), "name": visit.label, "label": visit.label, "level": 1, "order": index + 1, "condition": condition})
    };
    json!({
        "id": "visit", "name": "Visit", "label": "Visit", "dataDriven": false, "groupingDataset": KNEES, "groupingVariable": "visit",
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
        let fixed = OPERATIONS.iter().map(|(field, label, pattern, _)| (*field, *label, *pattern));
        // What else records of this method hold, by their names in results.json.
        let mut others: Vec<String> = Vec::new();
        for other in records.iter().filter(|record| record.result.method == method) {
            for (name, _) in further(other) {
                if !others.contains(&name) {
                    others.push(name);
                }
            }
        }
        let all = fixed.chain(others.iter().map(|name| (name.as_str(), name.as_str(), "X.XXX")));
        let operation = |(index, (field, label, pattern)): (usize, (&str, &str, &str))| {
            json!({
                "id": operation_id(method, field), "name": field, "label": label, "order": index + 1,
                "resultPattern": pattern,
            })
        };
        methods.push(json!({
            "id": method, "name": method, "description": record.reference,
            "operations": all.enumerate().map(operation).collect::<Vec<_>>(),
        }));
    }
    methods
}

/// The numbers of a record beyond [`OPERATIONS`]: those of its method alone, and every count of a description.
fn further(record: &Record) -> Vec<(String, f64)> {
    let counts = matches!(record.result.method, "counts" | "descriptive" | "paired-table" | "shift-table");
    let known = |name: &str| OPERATIONS.iter().any(|(field, ..)| *field == name) || name == "conf_level";
    let numbers = numbers::lines(record, &|name| name.to_owned()).into_iter().flat_map(|line| line.numbers);
    numbers
        .map(|number| (number.path, number.value))
        .filter(|(name, _)| !known(name) && !name.starts_with("rows.") && (counts || !name.contains(['[', '.'])))
        .collect()
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
    let mut group = |grouping: &str, part: Option<(&str, String)>| {
        groupings.push(json!({"order": groupings.len() + 1, "groupingId": grouping, "resultsByGroup": part.is_some()}));
        if let Some((key, value)) = part {
            groups.push(json!({"groupingId": grouping, key: value}));
        }
    };
    match record.arm.as_deref().and_then(|arm| run.trial.design.arms.index(arm)) {
        Some(arm) => group("arm", Some(("groupId", format!("arm-{arm}")))),
        // A comparison of the arms has one result for both.
        None if record.endpoint.is_some() => group("arm", None),
        None => {}
    }
    if let Some(visit) = record.visit {
        group("visit", Some(("groupId", format!("visit-{}", visit + 1))));
    }
    if let Some(Field::Text(factor)) = result.field("factor")
        && let Some(index) =
            run.plan.subgroups.iter().position(|known| known.label.as_ref().unwrap_or(&known.column) == factor)
    {
        let value = match result.field("group") {
            Some(Field::Text(value)) => Some(("groupValue", value.clone())),
            _ => None,
        };
        group(&factor_id(index), value);
    }
    let fixed =
        OPERATIONS.iter().zip(values).map(|((field, _, _, decimals), value)| ((*field).to_owned(), value, *decimals));
    let others = further(record).into_iter().map(|(name, value)| (name, Some(value), 3));
    let results: Vec<Value> = fixed
        .chain(others)
        .filter_map(|(field, value, decimals)| {
            let value = value.filter(|value| value.is_finite())?;
            Some(json!({
                "operationId": operation_id(result.method, &field), "resultGroups": groups,
                "rawValue": value.to_string(), "formattedValue": rounding::fixed(value, decimals),
            }))
        })
        .collect();
    let purpose = match record.role {
        Role::Primary => json!({"controlledTerm": "PRIMARY OUTCOME MEASURE"}),
        Role::Secondary => json!({"controlledTerm": "SECONDARY OUTCOME MEASURE"}),
        role => {
            let term = PURPOSES.iter().find(|(known, _, _)| *known == role).map_or("", |(_, id, _)| *id);
            json!({"sponsorTermId": term})
        }
    };
    let (dataset, variable) = match record.endpoint {
        Some(_) => (KNEES, "value".to_owned()),
        None if record.role == Role::Safety => (EVENTS, "term".to_owned()),
        None => (PATIENTS, record.endpoint_name.clone().unwrap_or_else(|| record.id.clone())),
    };
    let mut analysis = json!({
        "id": record.id, "version": 1, "name": name(record),
        "reason": {"controlledTerm": "SPECIFIED IN SAP"},
        "purpose": purpose,
        "analysisSetId": record.analysis_set,
        "dataset": dataset, "variable": variable,
        "methodId": result.method, "orderedGroupings": groupings, "results": results,
        "programmingCode": {"context": "R 4", "documentRef": {"referenceDocumentId": "verify-r"}},
    });
    if let Some(endpoint) = record.endpoint {
        analysis["dataSubsetId"] = json!(format!("endpoint-{}", endpoint + 1));
    }
    // Arms are described, and responders judged, by the values as collected.
    let collected = result.method == "descriptive" && record.arm.is_some() || result.method.starts_with("responder");
    let logarithm = record.endpoint.and_then(|endpoint| run.trial.design.endpoints[endpoint].logarithm);
    let added = logarithm.filter(|_| !collected).map(|logarithm| match logarithm.has_offset() {
        true => format!(" + {}", logarithm.offset),
        false => String::new(),
    });
    if record.measure == Measure::Change {
        analysis["description"] = json!(match &added {
            Some(added) => format!("Change from the same knee's baseline: log(value{added}) - log(base{added})"),
            None => "Change from the same knee's baseline: value - base".to_owned(),
        });
    } else if let Some(added) = &added {
        analysis["description"] = json!(format!("Natural logarithm: log(value{added})"));
    }
    analysis
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
    let mut sections = vec![text("Title", &title)];
    if !table.footnotes.is_empty() {
        sections.push(text("Footnote", &table.footnotes));
    }
    json!({
        "id": table.id, "version": 1, "name": table.title,
        "displays": [{"order": 1, "display": {
            "id": format!("{}-display", table.id), "name": table.title, "displayTitle": table.title, "displaySections": sections,
        }}],
        "fileSpecifications": [{"name": format!("{}.csv", table.id), "location": format!("tables/{}.csv", table.id),
            "fileType": {"sponsorTermId": "file-csv"}}],
    })
}
