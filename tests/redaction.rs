//! Pseudonyms are in what is printed and written, and in nothing that is checked or analysed.

use super::small_trial::SmallTrial;
use splitknee::pipeline::{self, Inputs, Reading, Secret};
use splitknee::trial::Finding;
use splitknee::trial::blinding::blind;
use splitknee::trial::build::build;

/// The trial read from memory, with pseudonyms or without.
fn inputs(small: &SmallTrial, redacted: bool) -> Inputs {
    let mut inputs = pipeline::read_from(&small.plan, "plan.toml", |name| Ok(small.csv(name))).unwrap();
    if redacted {
        let redact_key = Some(Secret("a secret of some length".to_owned()));
        inputs.reading = Reading { redact_ids: true, redact_key, ..Reading::default() };
    }
    inputs
}

/// The findings of a check.
fn checked(small: &SmallTrial, redacted: bool) -> Vec<Finding> {
    let mut inputs = inputs(small, redacted);
    pipeline::check(&mut inputs, |_, _| ()).unwrap().0.findings
}

/// The identifiers P01 … as numbers from 2001 on.
fn numbered(small: &mut SmallTrial, id: impl Fn(usize) -> String) {
    for file in ["knees.csv", "patients.csv", "allocation.csv", "events.csv", "disposition.csv"] {
        small.set_column(file, "id", |known, _| known.trim_start_matches('P').parse().map_or(known.to_owned(), &id));
    }
}

fn results(small: &SmallTrial, redacted: bool) -> serde_json::Value {
    let run = pipeline::analyse(inputs(small, redacted)).unwrap_or_else(|findings| panic!("{findings:#?}"));
    let bundle = pipeline::write_up(&run).unwrap();
    serde_json::from_slice(bundle.get("results.json").unwrap()).unwrap()
}

/// Every number below `value`, with its path, but for lists by patient, whose order is that of the pseudonyms.
fn numbers(value: &serde_json::Value, path: &str, found: &mut Vec<(String, String)>) {
    match value {
        serde_json::Value::Number(number) => found.push((path.to_owned(), number.to_string())),
        serde_json::Value::Array(items) if items.iter().any(|item| item.get("patient").is_some()) => {
            found.push((path.to_owned(), format!("{} patients", items.len())));
        }
        serde_json::Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| numbers(item, &format!("{path}.{at}"), found));
        }
        serde_json::Value::Object(members) => {
            members.iter().for_each(|(key, item)| numbers(item, &format!("{path}.{key}"), found));
        }
        _ => {}
    }
}

#[test]
fn every_number_of_the_results_is_the_same_with_pseudonyms() {
    let mut small = SmallTrial::new();
    // A column of two centres of which one is called as a patient is, and methods that draw.
    numbered(&mut small, |number| (2000 + number).to_string());
    let rows = small.files.get_mut("patients.csv").unwrap();
    rows[0].push("centre".to_owned());
    rows.iter_mut().skip(1).enumerate().for_each(|(at, row)| row.push(if at < 5 { "2003" } else { "2017" }.to_owned()));
    small.edit_plan("where = 'fas == \"Y\"'", "where = 'centre != \"2003\"'");
    small.edit_plan(
        "[[analysis_set]]\nname = \"FAS\"",
        "[analysis]\nsensitivity = [\"paired_t\", \"permutation\", \"bootstrap\"]\nbootstrap_samples = 200\n\
         permutation_samples = 2000\n[[analysis_set]]\nname = \"FAS\"",
    );
    small.set("events.csv", 2, "term", "Pain as in patient 2007");
    let (open, redacted) = (results(&small, false), results(&small, true));
    let of = |value: &serde_json::Value| {
        let mut found = Vec::new();
        numbers(value, "", &mut found);
        found
    };
    assert!(of(&open).len() > 500);
    assert_eq!(of(&open), of(&redacted));
    // The set is that of the true centres.
    assert_eq!(open["trial"]["analysis_sets"][0]["patients"], 7);
    let text = redacted.to_string();
    assert!(!text.contains("\"2007\"") && !text.contains("patient 2007"), "an identifier is left");
}

#[test]
fn a_check_finds_the_same_with_pseudonyms() {
    let spellings: [&dyn Fn(&mut SmallTrial); 4] = [
        // The same patient as `005` and `5`, between files and between the knees; in other capitals; of an unknown arm.
        &|small| {
            numbered(small, |number| format!("{number:03}"));
            small.set_column("knees.csv", "id", |id, _| if id == "005" { "5" } else { id }.to_owned());
        },
        &|small| {
            numbered(small, |number| format!("{number:03}"));
            small.set("knees.csv", 27, "id", "5");
        },
        &|small| {
            small.set_column("patients.csv", "id", |id, _| if id == "P05" { "p05" } else { id }.to_owned());
        },
        &|small| {
            small.set("knees.csv", 9, "arm", "EVV");
            small.set("events.csv", 2, "id", "P77");
        },
    ];
    for spoil in spellings {
        let mut small = SmallTrial::new();
        spoil(&mut small);
        let (open, redacted) = (checked(&small, false), checked(&small, true));
        let seen = |findings: &[Finding]| {
            let one = |finding: &Finding| (finding.rule, finding.severity, finding.location.row);
            findings.iter().map(one).collect::<Vec<_>>()
        };
        assert!(open.iter().any(|finding| finding.severity == splitknee::trial::Severity::Error), "{open:#?}");
        assert_eq!(seen(&open), seen(&redacted));
        // What is said names pseudonyms.
        let hidden = redacted.iter().all(|finding| {
            let said = format!("{} {}", finding.message, finding.remedy);
            !["`005`", "`5`", "P05", "p05", "P77", "patient 005"].iter().any(|id| said.contains(id))
        });
        assert!(hidden, "{redacted:#?}");
        // The run is refused with them too.
        assert!(pipeline::analyse(inputs(&small, true)).is_err());
    }
}

#[test]
fn missing_codes_do_not_touch_identifiers() {
    use splitknee::data::{Format, ReadOptions, read_bytes};
    let options = ReadOptions {
        missing: ["", "5", "NA"].map(str::to_owned).to_vec(),
        identifiers: vec!["pid".to_owned()],
        ..ReadOptions::default()
    };
    let table = read_bytes("a.csv", b"pid,x\n5,5\n05,5.0\n6,1\n", &options).unwrap();
    assert_eq!(table.text("pid").unwrap(), ["5", "05", "6"].map(|id| Some(id.to_owned())));
    assert_eq!(table.numbers("x").unwrap(), [None, None, Some(1.0)]);
    // It is said, at its row.
    let remark = table.remarks.iter().find(|remark| remark.column.as_deref() == Some("pid")).unwrap();
    assert!(remark.row == Some(2) && remark.text.contains("2 cells"), "{remark:?}");
    // The same in a format with types.
    let bytes = splitknee::data::to_bytes(&table, "a.parquet", Format::Parquet, &Default::default()).unwrap();
    let again = read_bytes("a.parquet", &bytes, &options).unwrap();
    assert_eq!(again.text("pid").unwrap(), table.text("pid").unwrap());
    // In a plan the patient is no patient without identifier.
    let mut small = SmallTrial::new();
    numbered(&mut small, |number| number.to_string());
    small.edit_plan("[arms]", "missing = [\"\", \"NA\", \".\", \"5\"]\n[arms]");
    let (trial, _) = small.build().unwrap_or_else(|findings| panic!("{findings:#?}"));
    assert!(trial.patients.len() == 12 && trial.patients.iter().any(|patient| patient.id == "5"));
}

#[test]
fn missing_codes_do_not_touch_identifiers_of_calculators() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("items.csv");
    std::fs::write(&file, "pid,knee,p1,p2,p3,p4,p5\n1,L,0,1,2,3,4\n2,R,1,1,1,1,1\n").unwrap();
    let score = ["score", "womac-lk", "--scale", "pain", "--items", "p1,p2,p3,p4,p5", "--missing", "2", "--data"];
    let (code, out, err) = crate::cli_model::run(&[&score[..], &[file.to_str().unwrap()]].concat());
    assert_eq!(code, 0, "{err}");
    assert!(out.lines().any(|line| line.trim_start().starts_with('2')), "the identifier is gone: {out}");
    let mut rows = "pid,arm,y\n".to_owned();
    for patient in 1..=12 {
        for (arm, shift) in [("A", 3), ("B", 0)] {
            rows.push_str(&format!("{patient},{arm},{}\n", 20 + shift + (7 + shift) * patient % 11));
        }
    }
    let file = folder.path().join("y.csv");
    std::fs::write(&file, rows).unwrap();
    let file = file.to_str().unwrap();
    let gee = [
        "gee",
        "--formula",
        "y ~ arm",
        "--family",
        "poisson",
        "--id",
        "pid",
        "--missing",
        "5",
        "--format",
        "json",
        "--data",
        file,
    ];
    let answer = crate::cli_model::json(&gee);
    assert_eq!((&answer["n_patients"], &answer["n_dropped"]), (&12.into(), &0.into()));
    let test = ["test", "paired-t", "--id", "pid", "--arm", "arm", "--active", "A", "--placebo", "B", "--value", "y"];
    let answer = crate::cli_model::json(&[&test[..], &["--missing", "5", "--format", "json", "--data", file]].concat());
    assert_eq!((&answer["n_pairs"], &answer["n_dropped"]), (&12.into(), &0.into()));
}

#[test]
fn a_cell_that_names_an_arm_changes_nothing_in_a_blinded_run() {
    let events = |small: &SmallTrial| {
        let (plan, sources) = small.read().unwrap();
        let (design, sources) = blind(&plan.design(), &sources, 3).unwrap();
        let (trial, findings) = build(&design, &sources).unwrap_or_else(|findings| panic!("{findings:#?}"));
        (trial, findings)
    };
    let plain = SmallTrial::new();
    let (open, _) = events(&plain);
    let mut small = plain.clone();
    let at = small.files["events.csv"].iter().position(|row| row.contains(&"LEFT".to_owned())).unwrap() + 1;
    let id = small.files["events.csv"][at - 1][0].clone();
    let on_left = small.files["allocation.csv"].iter().find(|row| row[1] == id && row[2] == "LEFT").unwrap()[3].clone();
    // The arm in the place of the side, a reason that names one in a spelling of its own.
    small.set("events.csv", at, "knee", &on_left);
    small.set("disposition.csv", 3, "status", "DISCONTINUED");
    small.set("disposition.csv", 3, "reason", "allergic to SAL-INE");
    let (blinded, findings) = events(&small);
    let sites = |trial: &splitknee::trial::Trial| {
        trial.events.iter().flatten().map(|event| (event.patient, event.arm.is_some())).collect::<Vec<_>>()
    };
    assert_eq!(sites(&open), sites(&blinded), "an event has left its knee");
    assert!(
        !findings.iter().any(|finding| finding.rule == "SK717"),
        "the reason is hidden, not missing: {findings:#?}"
    );
}
