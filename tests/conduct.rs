//! What a report says of the conduct of a trial, counted again from the files of the demo: flow, events by organ class,
//! deviations, discontinued patients, the abstract, and the file of all values.

use crate::project::{DEMO, dataset, plan_of, run};
use serde_json::Value;
use splitknee::pipeline::Run;
use splitknee::report::document::{Block, Document};
use splitknee::report::{compose, values};
use splitknee::table::rounding;
use std::collections::{BTreeMap, BTreeSet};

type Row = BTreeMap<String, String>;

/// The rows of a file of the demo, whose cells hold no comma.
fn rows(file: &str) -> Vec<Row> {
    let text = std::fs::read_to_string(dataset(DEMO).join(file)).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| header.iter().zip(line.split(',')).map(|(k, v)| ((*k).to_owned(), v.to_owned())).collect();
    lines.map(row).collect()
}

/// The side on EV by patient, from the allocation list.
fn sides() -> BTreeMap<String, String> {
    rows("allocation.csv").into_iter().map(|row| (row["usubjid"].clone(), row["ev_side"].clone())).collect()
}

fn document(run: &Run) -> Document {
    compose::document(run, &compose::words(&run.plan), &compose::style(&run.plan)).unwrap()
}

fn field(run: &Run, id: &str, name: &str) -> Value {
    let record = run.outcomes.records.iter().find(|record| record.id == id).unwrap_or_else(|| panic!("no {id}"));
    serde_json::to_value(record.result.field(name)).unwrap()
}

/// The words of a section's paragraphs and facts.
fn said(document: &Document, section: &str) -> String {
    let section = document.sections.iter().find(|known| known.id == section).unwrap();
    let words = section.blocks.iter().map(|block| match block {
        Block::Paragraph(text) => text.clone(),
        Block::Facts(facts) => facts.iter().map(|(name, value)| format!("{name}: {value}\n")).collect(),
        _ => String::new(),
    });
    words.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_flow_goes_from_those_assessed_to_those_observed_and_names_what_is_not_known() {
    let plan = plan_of(DEMO);
    let whole = run(DEMO, &plan);
    let steps = field(&whole, "counts.flow", "steps");
    let steps: Vec<(&str, u64, u64)> = steps
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            let count = |name: &str| step["count"][name].as_u64().unwrap();
            (step["item"].as_str().unwrap(), count("patients"), count("knees"))
        })
        .collect();
    let flag = |file: &str, column: &str| rows(file).iter().filter(|row| row[column] == "Y").count() as u64;
    let (injected, analysed) = (flag("disposition.csv", "injected"), flag("disposition.csv", "analysed"));
    let observed: BTreeSet<String> = rows("knees.csv")
        .into_iter()
        .filter(|row| row["avisit"] == "Month 6" && !row["vas"].is_empty())
        .map(|row| row["usubjid"].clone())
        .collect();
    let at_six = rows("knees.csv").iter().filter(|row| row["avisit"] == "Month 6" && !row["vas"].is_empty()).count();
    assert_eq!(
        steps,
        [
            ("assessed", 44, 0),
            ("randomised", 31, 62),
            ("treated", injected, 2 * injected),
            ("set", analysed, 2 * analysed),
            ("observed", observed.len() as u64, at_six as u64),
        ]
    );
    // Without the keys the figure says what it lacks; with numbers that cannot be, there is none.
    let conduct = &plan[plan.find("[conduct]").unwrap()..plan.find("[arms]").unwrap()];
    let silent = document(&run(DEMO, &plan.replace(conduct, "").replace("set = \"SAF\"", "")));
    let flow = silent.figures().find(|figure| figure.id == "flow").unwrap();
    assert!(flow.footnotes.iter().any(|note| note.starts_with("Patients assessed for eligibility: not stated")));
    assert!(flow.footnotes.iter().any(|note| note.starts_with("Treated patients:")), "{:?}", flow.footnotes);
    let fewer = document(&run(DEMO, &plan.replace("assessed = 44", "assessed = 30")));
    assert!(fewer.figures().all(|figure| figure.id != "flow"), "30 assessed and 31 randomised");
    // What was not told a reason for is told as such.
    let more = run(DEMO, &plan.replace("assessed = 44", "assessed = 50"));
    let rest = &field(&more, "counts.flow", "steps")[0]["leaving"][2];
    assert_eq!((rest["kind"].as_str(), rest["count"]["patients"].as_u64()), (Some("no_reason"), Some(6)));
    assert!(splitknee::plan::lock::canonical(&whole.plan).keys().all(|key| !key.starts_with("conduct")));
}

#[test]
fn the_days_of_recruitment_and_follow_up_are_those_of_the_files() {
    let plan = plan_of(DEMO);
    let run_of = run(DEMO, &plan);
    let ends = |file: &str, column: &str| {
        let mut days: Vec<String> =
            rows(file).iter().map(|row| row[column].clone()).filter(|day| !day.is_empty()).collect();
        days.sort();
        (days.first().unwrap().clone(), days.last().unwrap().clone())
    };
    let (first, last) = ends("patients.csv", "randdt");
    let (seen_first, seen_last) = ends("knees.csv", "adt");
    let randomised = field(&run_of, "counts.dates", "randomised_on");
    assert_eq!((randomised["first"].as_str(), randomised["last"].as_str()), (Some(&*first), Some(&*last)));
    assert_eq!(randomised["patients"], rows("patients.csv").len());
    let visited = field(&run_of, "counts.dates", "visited_on");
    assert_eq!((visited["first"].as_str(), visited["last"].as_str()), (Some(&*seen_first), Some(&*seen_last)));
    let report = document(&run_of);
    let patients = said(&report, "patients");
    assert!(patients.contains(&format!("randomised from {first} to {last}.")), "{patients}");
    assert!(patients.contains(&format!("took place from {seen_first} to {seen_last}.")), "{patients}");
    // Files without dates: no sentence, and the checklist leaves the item to the authors.
    let dateless = plan.replace(", date = \"adt\"", "");
    let dateless = dateless.replace("randomisation_date = \"randdt\"", "");
    assert_ne!(dateless, plan);
    let without = run(DEMO, &dateless);
    assert!(without.outcomes.records.iter().all(|record| record.id != "counts.dates"));
    assert!(!said(&document(&without), "patients").contains("took place"));
}

#[test]
fn events_are_counted_by_organ_class_and_deviations_by_what_they_were() {
    let run = run(DEMO, &plan_of(DEMO));
    let (sides, events) = (sides(), rows("adverse_events.csv"));
    let treated = rows("patients.csv").iter().filter(|row| row["saf"] == "Y").count();
    let site = |row: &Row| match row["knee"].as_str() {
        "SYSTEMIC" => 2,
        knee => usize::from(sides[&row["usubjid"]] != knee),
    };
    let classes: BTreeSet<&str> = events.iter().map(|row| row["soc"].as_str()).collect();
    assert_eq!(classes.len(), 4);
    for class in classes {
        let id = format!("safety.class.{}", class.to_lowercase().replace(' ', "-"));
        let counted = field(&run, &id, "sites");
        for at in 0..3 {
            let here: Vec<&Row> = events.iter().filter(|row| row["soc"] == class && site(row) == at).collect();
            let patients: BTreeSet<&str> = here.iter().map(|row| row["usubjid"].as_str()).collect();
            let number = |name: &str| counted[at][name].as_f64().unwrap();
            assert_eq!((number("patients"), number("events")), (patients.len() as f64, here.len() as f64), "{class}");
            assert_eq!(number("of"), treated as f64);
            assert!((number("percent") - 100.0 * patients.len() as f64 / treated as f64).abs() < 1e-12);
        }
    }
    let deviations = rows("deviations.csv");
    let document = document(&run);
    let table = document.tables().find(|table| table.id.ends_with("-deviations") && !table.is_listing()).unwrap();
    for row in table.rows.iter().filter(|row| row.indent == 1) {
        let of: Vec<&Row> = deviations.iter().filter(|known| known["deviation"] == row.label).collect();
        let patients: BTreeSet<&str> = of.iter().map(|known| known["usubjid"].as_str()).collect();
        let knees = |ev: bool| {
            let concerned =
                of.iter().filter(|known| known["knee"].is_empty() || (sides[&known["usubjid"]] == known["knee"]) == ev);
            concerned.map(|known| known["usubjid"].as_str()).collect::<BTreeSet<_>>().len() as f64
        };
        let printed: Vec<f64> = row.cells.iter().flat_map(|cell| cell.printed()).collect();
        assert_eq!(printed, [patients.len() as f64, knees(true), knees(false)], "{}", row.label);
    }
    let left: Vec<String> = rows("disposition.csv")
        .into_iter()
        .filter(|row| row["status"] == "DISCONTINUED")
        .map(|row| row["usubjid"].clone())
        .collect();
    let listing = document.tables().find(|table| table.id == "l-16-2-1-discontinued").unwrap();
    assert_eq!(listing.rows.iter().map(|row| row.label.clone()).collect::<Vec<_>>(), left);
}

#[test]
fn the_abstract_stands_by_itself_and_asks_in_one_place() {
    let plan = plan_of(DEMO);
    let told = said(&document(&run(DEMO, &plan)), "abstract");
    assert!(!told.contains('[') || told.matches('[').count() == 2, "nothing is left in brackets but the keys: {told}");
    assert!(told.contains("Blinding: Patients, the injecting physician"), "{told}");
    assert!(told.contains("Trial registration, Funding, Conclusions"), "{told}");
    let registered =
        plan.replace("synthetic = true ", "registration = \"jRCT0000000001\"\nsponsor = \"S\"\nsynthetic = true ");
    let told = said(&document(&run(DEMO, &registered)), "abstract");
    assert!(told.contains("Trial registration: jRCT0000000001.") && !told.contains("Trial registration,"), "{told}");
}

#[test]
fn every_value_of_every_table_stands_alone_unrounded_and_as_printed() {
    let run = run(DEMO, &plan_of(DEMO));
    let file = values::render(&document(&run), &run.outcomes.records);
    let known: BTreeSet<&str> = run.outcomes.records.iter().map(|record| record.id.as_str()).collect();
    let (mut numbers, mut untraced) = (0, BTreeSet::new());
    for line in file.lines().skip(1) {
        // From the right: printed, value, field, record; these hold no comma where there is a value.
        let cells: Vec<&str> = line.rsplitn(5, ',').collect();
        let [printed, value, field, record, before] = cells[..] else { panic!("{line}") };
        let Ok(number) = value.parse::<f64>() else { continue };
        numbers += 1;
        if record.is_empty() {
            untraced.insert(before.split(',').next().unwrap().to_owned());
            continue;
        }
        assert!(known.contains(record) && !field.is_empty(), "{line}");
        if printed.starts_with(['<', '>']) {
            continue;
        }
        let decimals = printed.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        assert_eq!(rounding::fixed(number, decimals), printed, "{line}");
    }
    assert!(numbers > 2500, "{numbers}");
    assert_eq!(untraced, BTreeSet::from(["t-16-1-1-findings".to_owned()]), "counts of findings are no results");
}
