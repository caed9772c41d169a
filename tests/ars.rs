//! `ars.json` against the CDISC Analysis Results Standard v1.0: the classes of its logical model with their required and
//! permitted properties and enumerations, and every reference.
//!
//! Transcribed from `project/jsonschema/ars_ldm.schema.json` of the repository `cdisc-org/analysis-results-standard`
//! (`$id` https://www.cdisc.org/ars/1-0): every class there forbids properties it does not name.

use crate::project::{DEMO, plan_of, run};
use serde_json::Value;
use splitknee::report;
use std::collections::BTreeSet;

/// A class: name, required properties, permitted properties with their type. Types: `text`, `number`, `flag`, another
/// class, `=NAME` for an enumeration; `[…]` for a list; `A/B` for one class or the other.
type Class = (&'static str, &'static str, &'static str);

const CLASSES: [Class; 33] = [
    (
        "ReportingEvent",
        "id mainListOfContents name",
        "id:text version:number name:text description:text label:text mainListOfContents:ListOfContents \
         otherListsOfContents:[ListOfContents] referenceDocuments:[ReferenceDocument] \
         terminologyExtensions:[TerminologyExtension] analysisSets:[AnalysisSet] \
         analysisGroupings:[SubjectGroupingFactor] dataSubsets:[DataSubset] dataGroupings:[DataGroupingFactor] \
         methods:[AnalysisMethod] analyses:[Analysis] outputs:[Output]",
    ),
    ("ListOfContents", "contentsList name", "name:text description:text label:text contentsList:NestedList"),
    ("NestedList", "", "listItems:[OrderedListItem]"),
    (
        "OrderedListItem",
        "level order name",
        "level:number order:number name:text description:text label:text analysisId:text outputId:text \
         sublist:NestedList",
    ),
    ("ReferenceDocument", "id name", "id:text name:text description:text label:text location:text"),
    ("TerminologyExtension", "id sponsorTerms", "id:text enumeration:=Extensible sponsorTerms:[SponsorTerm]"),
    ("SponsorTerm", "id submissionValue", "id:text submissionValue:text description:text"),
    (
        "AnalysisSet",
        "id name level order",
        "id:text name:text label:text level:number order:number condition:Condition",
    ),
    ("DataSubset", "id name level order", "id:text name:text label:text level:number order:number condition:Condition"),
    ("Condition", "", "dataset:text variable:text comparator:=Comparator value:[text]"),
    (
        "SubjectGroupingFactor",
        "id dataDriven",
        "id:text name:text label:text dataDriven:flag groupingDataset:text groupingVariable:text groups:[Group]",
    ),
    (
        "DataGroupingFactor",
        "id dataDriven",
        "id:text name:text label:text dataDriven:flag groupingDataset:text groupingVariable:text groups:[Group]",
    ),
    ("Group", "id level order", "id:text name:text label:text level:number order:number condition:Condition"),
    (
        "AnalysisMethod",
        "id operations name",
        "id:text name:text description:text label:text operations:[Operation] documentRefs:[DocumentReference]",
    ),
    ("Operation", "id order name", "id:text name:text description:text label:text order:number resultPattern:text"),
    (
        "Analysis",
        "id reason purpose methodId name",
        "id:text version:number name:text description:text label:text reason:AnalysisReason \
         purpose:AnalysisPurpose/SponsorTermReference analysisSetId:text dataSubsetId:text dataset:text variable:text \
         methodId:text orderedGroupings:[OrderedGroupingFactor] results:[OperationResult] \
         programmingCode:ProgrammingCode documentRefs:[DocumentReference]",
    ),
    ("AnalysisReason", "controlledTerm", "controlledTerm:=Reason"),
    ("AnalysisPurpose", "controlledTerm", "controlledTerm:=Purpose"),
    ("SponsorTermReference", "sponsorTermId", "sponsorTermId:text"),
    ("OrderedGroupingFactor", "order groupingId resultsByGroup", "order:number groupingId:text resultsByGroup:flag"),
    ("OperationResult", "operationId", "operationId:text resultGroups:[ResultGroup] rawValue:text formattedValue:text"),
    ("ResultGroup", "groupingId", "groupingId:text groupId:text groupValue:text"),
    ("ProgrammingCode", "context", "context:text documentRef:DocumentReference code:text"),
    ("DocumentReference", "referenceDocumentId", "referenceDocumentId:text"),
    (
        "Output",
        "id displays name",
        "id:text version:number name:text description:text label:text displays:[OrderedDisplay] \
         fileSpecifications:[OutputFile] documentRefs:[DocumentReference] programmingCode:ProgrammingCode",
    ),
    ("OrderedDisplay", "order display", "order:number display:OutputDisplay"),
    (
        "OutputDisplay",
        "id name",
        "id:text version:number name:text description:text label:text displayTitle:text \
         displaySections:[DisplaySection]",
    ),
    ("DisplaySection", "", "sectionType:=Section orderedSubSections:[OrderedSubSection]"),
    ("OrderedSubSection", "order subSection", "order:number subSection:DisplaySubSection"),
    ("DisplaySubSection", "id text", "id:text text:text"),
    (
        "OutputFile",
        "name",
        "name:text description:text label:text location:text style:text fileType:OutputFileType/SponsorTermReference",
    ),
    ("OutputFileType", "controlledTerm", "controlledTerm:=FileType"),
    ("GlobalDisplaySection", "", "sectionType:=Section subSections:[DisplaySubSection]"),
];

const ENUMERATIONS: [(&str, &[&str]); 6] = [
    ("Extensible", &["AnalysisReasonEnum", "AnalysisPurposeEnum", "OperationRoleEnum", "OutputFileTypeEnum"]),
    ("Comparator", &["EQ", "NE", "GT", "GE", "LT", "LE", "IN", "NOTIN"]),
    ("Reason", &["SPECIFIED IN PROTOCOL", "SPECIFIED IN SAP", "DATA DRIVEN", "REQUESTED BY REGULATORY AGENCY"]),
    ("Purpose", &["PRIMARY OUTCOME MEASURE", "SECONDARY OUTCOME MEASURE", "EXPLORATORY OUTCOME MEASURE"]),
    ("Section", &["Header", "Title", "Rowlabel Header", "Legend", "Abbreviation", "Footnote", "Footer"]),
    ("FileType", &["pdf", "rtf", "txt"]),
];

/// What `value` lacks or has too much as a `kind`.
fn problems(value: &Value, kind: &str, path: &str, found: &mut Vec<String>) {
    if let Some(inner) = kind.strip_prefix('[').and_then(|kind| kind.strip_suffix(']')) {
        match value.as_array() {
            Some(items) => {
                items.iter().enumerate().for_each(|(at, item)| problems(item, inner, &format!("{path}[{at}]"), found));
            }
            None => found.push(format!("{path} is not a list")),
        }
        return;
    }
    if let Some(name) = kind.strip_prefix('=') {
        let (_, allowed) = ENUMERATIONS.iter().find(|(known, _)| *known == name).unwrap();
        if !value.as_str().is_some_and(|text| allowed.contains(&text)) {
            found.push(format!("{path}: {value} is not one of {allowed:?}"));
        }
        return;
    }
    let right = match kind {
        "text" => Some(value.is_string()),
        "number" => Some(value.is_i64() || value.is_u64()),
        "flag" => Some(value.is_boolean()),
        _ => None,
    };
    if let Some(right) = right {
        if !right {
            found.push(format!("{path}: {value} is not a {kind}"));
        }
        return;
    }
    if let Some((one, other)) = kind.split_once('/') {
        let mut of_one = Vec::new();
        problems(value, one, path, &mut of_one);
        if !of_one.is_empty() {
            problems(value, other, path, found);
        }
        return;
    }
    let (_, required, properties) = CLASSES.iter().find(|(name, _, _)| *name == kind).unwrap();
    let Some(object) = value.as_object() else {
        found.push(format!("{path} is not a {kind}"));
        return;
    };
    for name in required.split_whitespace().filter(|name| !object.contains_key(*name)) {
        found.push(format!("{path} ({kind}) lacks {name}"));
    }
    for (name, inner) in object {
        match properties.split_whitespace().find_map(|property| property.strip_prefix(&format!("{name}:"))) {
            Some(inner_kind) => problems(inner, inner_kind, &format!("{path}.{name}"), found),
            None => found.push(format!("{path} ({kind}) may not have {name}")),
        }
    }
}

fn event(plan_changes: &[(&str, &str)]) -> Value {
    let mut plan = plan_of(DEMO);
    for (from, to) in plan_changes {
        assert!(plan.contains(from), "{from}");
        plan = plan.replace(from, to);
    }
    let bundle = report::files(&run(DEMO, &plan)).unwrap();
    serde_json::from_slice(bundle.get("ars.json").unwrap()).unwrap()
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}

fn ids(value: &Value, name: &str) -> BTreeSet<String> {
    let all: Vec<String> = list(value, name).map(|item| item["id"].as_str().unwrap().to_owned()).collect();
    let unique: BTreeSet<String> = all.iter().cloned().collect();
    assert_eq!(unique.len(), all.len(), "identifiers of {name} are unique");
    unique
}

/// Every reference of `event` that leads nowhere.
fn dangling(event: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut known = |set: &BTreeSet<String>, value: &Value, what: &str| {
        if !value.is_null() && !value.as_str().is_some_and(|id| set.contains(id)) {
            found.push(format!("{what}: {value}"));
        }
    };
    let (sets, subsets, methods) = (ids(event, "analysisSets"), ids(event, "dataSubsets"), ids(event, "methods"));
    let (analyses, outputs) = (ids(event, "analyses"), ids(event, "outputs"));
    let documents = ids(event, "referenceDocuments");
    let mut groupings = ids(event, "analysisGroupings");
    groupings.extend(ids(event, "dataGroupings"));
    let terms_of = |enumeration: &str| -> BTreeSet<String> {
        let extensions = list(event, "terminologyExtensions").filter(|item| item["enumeration"] == enumeration);
        extensions.flat_map(|extension| ids(extension, "sponsorTerms")).collect()
    };
    let (purposes, files) = (terms_of("AnalysisPurposeEnum"), terms_of("OutputFileTypeEnum"));
    for analysis in list(event, "analyses") {
        known(&sets, &analysis["analysisSetId"], "analysis set");
        known(&subsets, &analysis["dataSubsetId"], "data subset");
        known(&methods, &analysis["methodId"], "method");
        known(&purposes, &analysis["purpose"]["sponsorTermId"], "purpose");
        known(&documents, &analysis["programmingCode"]["documentRef"]["referenceDocumentId"], "document");
        let method = list(event, "methods").find(|method| method["id"] == analysis["methodId"]).unwrap();
        let operations = ids(method, "operations");
        let used: BTreeSet<String> = list(analysis, "orderedGroupings")
            .filter(|grouping| grouping["resultsByGroup"] == true)
            .map(|grouping| grouping["groupingId"].as_str().unwrap().to_owned())
            .collect();
        list(analysis, "orderedGroupings").for_each(|item| known(&groupings, &item["groupingId"], "grouping"));
        for result in list(analysis, "results") {
            known(&operations, &result["operationId"], "operation");
            assert!(result["rawValue"].as_str().unwrap().parse::<f64>().is_ok());
            for group in list(result, "resultGroups") {
                known(&used, &group["groupingId"], "grouping of a result");
                let mut both = list(event, "analysisGroupings").chain(list(event, "dataGroupings"));
                let grouping = both.find(|grouping| grouping["id"] == group["groupingId"]).unwrap();
                known(&ids(grouping, "groups"), &group["groupId"], "group");
                assert!(group["groupId"].is_string() != group["groupValue"].is_string(), "{group}");
            }
        }
    }
    for output in list(event, "outputs") {
        list(output, "fileSpecifications")
            .for_each(|file| known(&files, &file["fileType"]["sponsorTermId"], "file type"));
    }
    for item in list(&event["mainListOfContents"]["contentsList"], "listItems") {
        known(&outputs, &item["outputId"], "output");
        known(&analyses, &item["analysisId"], "analysis");
        assert!(item["outputId"].is_string() != item["analysisId"].is_string(), "{item}");
    }
    found
}

/// Fails where a reporting event is not valid or refers to what it does not define.
pub fn valid(event: &Value) {
    let mut found = Vec::new();
    problems(event, "ReportingEvent", "$", &mut found);
    found.extend(dangling(event));
    found.truncate(20);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_reporting_event_is_valid_and_refers_only_to_what_it_defines() {
    let subgroups = "[report]\n";
    let with =
        "[[subgroup]]\ncolumn = \"sex\"\n[[subgroup]]\ncolumn = \"age\"\nlabel = \"Age\"\ncuts = [60]\n[report]\n";
    for event in [event(&[]), event(&[(subgroups, with)])] {
        valid(&event);
    }
}

#[test]
fn the_check_of_the_reporting_event_can_fail() {
    let good = event(&[]);
    let broken = |change: &dyn Fn(&mut Value)| {
        let mut event = good.clone();
        change(&mut event);
        let mut found = Vec::new();
        problems(&event, "ReportingEvent", "$", &mut found);
        found.extend(dangling(&event));
        assert!(!found.is_empty());
    };
    broken(&|event| event["analyses"][0]["colour"] = "red".into());
    broken(&|event| event["analyses"][0]["version"] = "1".into());
    broken(&|event| event["analyses"][0]["reason"] = serde_json::json!({"controlledTerm": "BECAUSE"}));
    broken(&|event| event["analyses"][0]["dataSubsetId"] = "endpoint-99".into());
    broken(&|event| event["analyses"][0]["results"][0]["resultGroups"][0]["groupId"] = "arm-9".into());
    broken(&|event| {
        event["outputs"][0].as_object_mut().unwrap().remove("displays");
    });
}
