//! What was silent once: which rows, visits and events count, and what a column holds.

use super::small_trial::SmallTrial;
use splitknee::analysis::{Outcomes, Record, analyse};
use splitknee::plan::{self, schema};
use splitknee::trial::Trial;
use splitknee::trial::columns::ColumnKind;
use splitknee::trial::expr::Condition;

fn built(small: &SmallTrial) -> (plan::Plan, Trial) {
    let (plan, _) = small.read().expect("plan and files");
    let (trial, _) = small.build().unwrap_or_else(|findings| panic!("{findings:#?}"));
    (plan, trial)
}

fn outcomes(small: &SmallTrial) -> Outcomes {
    let (plan, trial) = built(small);
    analyse(&plan, &trial)
}

fn record<'o>(outcomes: &'o Outcomes, id: &str) -> &'o Record {
    outcomes.records.iter().find(|record| record.id == id).unwrap_or_else(|| panic!("no record {id}"))
}

fn number(record: &Record, name: &str) -> f64 {
    record.result.number(name).unwrap_or_else(|| panic!("{} has no {name}", record.id))
}

/// The serious event of a patient outside the safety set is in no count and in the listing, and the record says so.
#[test]
fn a_serious_event_outside_the_safety_set_is_listed() {
    let mut small = SmallTrial::new();
    small.set("events.csv", 2, "serious", "Y");
    small.set("events.csv", 2, "severity", "SEVERE");
    small.set("patients.csv", 2, "fas", "");
    let outcomes = outcomes(&small);
    let serious = record(&outcomes, "safety.serious");
    assert_eq!(number(serious, "patients_with_event"), 0.0);
    assert_eq!(number(serious, "serious_outside_set"), 1.0);
    let listing = serde_json::to_value(record(&outcomes, "safety.serious-listing")).unwrap().to_string();
    assert!(listing.contains("\"in_safety_set\":false") && listing.contains("Local pain"), "{listing}");
}

/// An event before the injection is no harm of the treatment; the plan may say otherwise of a worsening.
#[test]
fn events_before_treatment_are_not_counted() {
    let mut small = SmallTrial::new();
    small.set("events.csv", 2, "start_day", "-30");
    small.set("events.csv", 2, "end_day", "-20");
    assert_eq!(number(record(&outcomes(&small), "safety.any"), "patients_with_event"), 1.0);
    small.set("events.csv", 1, "end_day", "trtemfl");
    small.set_column("events.csv", "trtemfl", |_, _| "Y".to_owned());
    small.set("events.csv", 1, "related", "related");
    small.edit_plan(
        "adverse_events =",
        "event_columns = { emergent = \"trtemfl\", end_day = \"start_day\" }\nadverse_events =",
    );
    assert_eq!(number(record(&outcomes(&small), "safety.any"), "patients_with_event"), 2.0);
}

#[test]
fn terms_and_severities_by_case_are_one() {
    let mut small = SmallTrial::new();
    small.set("events.csv", 3, "knee", "LEFT");
    small.set("events.csv", 3, "term", "LOCAL PAIN");
    small.set("events.csv", 3, "severity", "mild");
    let (_, trial) = built(&small);
    let events = trial.events.as_ref().unwrap();
    assert!(events.iter().all(|event| event.term == "Local pain" && event.severity == "MILD"), "{events:?}");
}

/// A visit before baseline is described and compared nowhere: the comparisons are those without it.
#[test]
fn visits_before_baseline_are_described_only() {
    let small = SmallTrial::new();
    let mut screened = small.clone();
    let rows = screened.files.get_mut("knees.csv").unwrap();
    let screening: Vec<Vec<String>> = rows[1..]
        .iter()
        .filter(|row| row[2] == "Baseline")
        .map(|row| {
            let mut row = row.clone();
            (row[2], row[3], row[4]) = ("Screening".to_owned(), "-1".to_owned(), "2023-12-01".to_owned());
            row
        })
        .collect();
    rows.extend(screening);
    screened.edit_plan("order = [\"Baseline\"", "order = [\"Screening\", \"Baseline\"");
    let (without, with) = (outcomes(&small), outcomes(&screened));
    let compared = |outcomes: &Outcomes| -> Vec<(String, Option<f64>, Option<f64>)> {
        let made = outcomes.records.iter().filter(|record| record.result.p_value.is_some());
        made.map(|record| (record.id.clone(), record.result.estimate, record.result.p_value)).collect()
    };
    assert_eq!(compared(&without), compared(&with));
    assert!(with.records.iter().any(|record| record.visit == Some(0) && record.result.method == "descriptive"));
}

#[test]
fn a_primary_visit_before_baseline_is_refused() {
    for (from, to) in [
        ("primary = \"Month 6\"", "primary = \"Screening\""),
        ("order = [\"Baseline\", \"Month 2\", \"Month 6\"]", "order = [\"Month 2\", \"Month 6\", \"Baseline\"]"),
    ] {
        let mut small = SmallTrial::new();
        small.edit_plan("order = [\"Baseline\"", "order = [\"Screening\", \"Baseline\"");
        small.plan =
            small.plan.replace(from, to).replace("order = [\"Screening\", \"Month 2\"", "order = [\"Month 2\"");
        let findings = small.read_plan().err().unwrap_or_else(|| small.findings());
        assert!(findings.iter().any(|finding| ["SK013", "SK008", "SK310"].contains(&finding.rule)), "{findings:?}");
    }
}

/// A factor coded by numbers has its labels in print and its levels in order; a model has no slope.
#[test]
fn a_declared_factor_is_a_factor() {
    let mut small = SmallTrial::new();
    small.set_column("patients.csv", "sex", |_, row| (row % 3 + 1).to_string());
    small.edit_plan(
        "[[analysis_set]]",
        "[analysis]\ncovariates = [\"sex\"]\n[[covariate]]\nname = \"sex\"\nkind = \"factor\"\nlevels = [\"3\", \"1\", \"2\"]\n\
         labels = [\"South\", \"North\", \"West\"]\n[[analysis_set]]",
    );
    let (_, trial) = built(&small);
    let column = trial.column("sex").unwrap();
    assert_eq!((column.kind, column.levels.join(" ")), (ColumnKind::Factor, "South North West".to_owned()));
    assert!(trial.patients.iter().all(|patient| column.levels.contains(&patient.attributes["sex"])));
}

#[test]
fn decimals_are_those_of_the_data() {
    let mut small = SmallTrial::new();
    small.plan = small.plan.replace("decimals = 0\n", "");
    small.set("knees.csv", 4, "volume", "2100.25");
    small.set("knees.csv", 5, "vas", "41.333333333333");
    let (_, trial) = built(&small);
    let decimals: Vec<usize> = trial.design.endpoints.iter().map(|endpoint| endpoint.decimals).collect();
    // Four significant digits: 2 decimals of a VAS of two digits, one of a volume of four.
    assert_eq!(decimals, [2, 0, 0, 0, 0, 1]);
    assert!(small.findings().iter().all(|finding| finding.rule != "SK207"));
}

#[test]
fn empty_text_is_the_empty_cell() {
    let holds = |condition: &str, cell: Option<&'static str>| Condition::parse(condition).unwrap().holds(&|_| cell);
    for empty in [None, Some(""), Some("  ")] {
        assert!(holds("flag == \"\"", empty) && !holds("flag != \"\"", empty));
        assert!(holds("flag in [\"\", \"N\"]", empty));
    }
    assert!(holds("flag != ''", Some("Y")) && !holds("flag == ''", Some("Y")));
}

#[test]
fn doubled_entries_are_refused_and_two_cuts_are_told_apart() {
    let refused = |edit: &str| {
        let mut small = SmallTrial::new();
        small.plan.push_str(edit);
        small.read_plan().expect_err(edit)[0].rule
    };
    assert_eq!(refused("[multiplicity]\nfamily = [\"pain\", \"pain\"]\n"), "SK009");
    assert_eq!(
        refused("[[subgroup]]\ncolumn = \"age\"\ncuts = [55]\n[[subgroup]]\ncolumn = \"age\"\ncuts = [55]\n"),
        "SK009"
    );
    assert_eq!(refused("[[endpoint]]\nname = \"P\"\ncolumn = \"vas\"\nid = \"PAIN\"\nbetter = \"lower\"\n"), "SK009");
    let mut small = SmallTrial::new();
    small.plan.push_str("[[subgroup]]\ncolumn = \"age\"\ncuts = [55]\n[[subgroup]]\ncolumn = \"age\"\ncuts = [57]\n");
    let outcomes = outcomes(&small);
    let mut ids: Vec<&str> = outcomes.records.iter().map(|record| record.id.as_str()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

/// The JSON Schema refuses what the program refuses from the plan alone.
#[test]
fn the_schema_has_the_bounds_of_the_program() {
    let schema = schema();
    let at = |place: &str| schema.pointer(place).unwrap_or_else(|| panic!("no {place}")).clone();
    assert_eq!(at("/$defs/AnalysisPlan/properties/alpha/exclusiveMaximum"), 0.5);
    assert_eq!(at("/$defs/EndpointPlan/properties/mcid_relative/exclusiveMaximum"), 1);
    assert_eq!(at("/properties/endpoint/minItems"), 1);
    assert!(at("/$defs/EndpointPlan/properties/tests/items/enum").to_string().contains("wilcoxon"));
    assert!(!at("/$defs/Waiver/properties/rule/enum").to_string().contains("SK103"));
}

/// A share of the baseline is below 1; no margin is wider than the scale.
#[test]
fn shares_and_margins_have_bounds() {
    for edit in ["mcid_relative = 40.8", "mcid_relative = -0.3", "mcid_relative = 1", "mcid = 150", "margin = 101"] {
        let mut small = SmallTrial::new();
        small.edit_plan("unit = \"mm\"", edit);
        assert_eq!(small.read_plan().expect_err(edit)[0].rule, "SK010", "{edit}");
    }
}
