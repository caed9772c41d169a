//! Bad input from disk: each is a clear error with file, row, column, rule and remedy, never a panic.

use super::small_trial::{SmallTrial, finding};
use splitknee::plan;
use splitknee::trial::Finding;
use splitknee::trial::build::build;
use std::path::Path;

/// The trial's files in a new folder.
fn on_disk(trial: &SmallTrial) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("plan.toml"), &trial.plan).expect("the plan is written");
    for name in trial.files.keys() {
        std::fs::write(folder.path().join(name), trial.csv(name)).expect("a file is written");
    }
    folder
}

fn findings(folder: &Path) -> Vec<Finding> {
    let run = || {
        let plan = plan::load(&folder.join("plan.toml"))?;
        let sources = plan::sources::read(&plan, folder)?;
        build(&plan.design(), &sources)
    };
    match run() {
        Ok((_, findings)) | Err(findings) => findings,
    }
}

/// One error, at this place, whose text and remedy contain these words.
fn expect(findings: &[Finding], rule: &str, place: &str, words: &[&str]) {
    let found = finding(findings, rule);
    assert_eq!(found.location.to_string(), place, "{found}");
    for word in words {
        assert!(found.to_string().contains(word), "`{word}` is not in: {found}");
    }
}

#[test]
fn a_good_folder_has_no_finding() {
    let folder = on_disk(&SmallTrial::new());
    assert_eq!(findings(folder.path()), []);
}

#[test]
fn missing_plan_and_plan_that_is_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let missing = plan::load(&folder.path().join("plan.toml")).unwrap_err();
    assert_eq!(missing[0].rule, "SK001");
    let directory = plan::load(folder.path()).unwrap_err();
    assert!(directory[0].message.contains("folder"), "{}", directory[0]);
}

#[test]
fn a_plan_that_is_no_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.toml");
    std::fs::write(&path, [0x82, 0xa0, 0xff]).unwrap();
    assert_eq!(plan::load(&path).unwrap_err()[0].rule, "SK001");
}

#[test]
fn missing_file() {
    let folder = on_disk(&SmallTrial::new());
    std::fs::remove_file(folder.path().join("knees.csv")).unwrap();
    std::fs::remove_file(folder.path().join("events.csv")).unwrap();
    let found = findings(folder.path());
    expect(&found, "SK020", "knees.csv", &["no such file", "the plan names it in line 7"]);
    // All missing files are named, not the first only.
    assert_eq!(found.iter().filter(|finding| finding.rule == "SK020").count(), 2);
}

#[test]
fn missing_column_with_the_nearest_names() {
    let mut trial = SmallTrial::new();
    trial.set("knees.csv", 1, "vas", "vas_mm");
    let folder = on_disk(&trial);
    expect(&findings(folder.path()), "SK025", "knees.csv:1:vas", &["did you mean `vas_mm`", "id, side, visit"]);
}

#[test]
fn unknown_arm_and_visit_with_the_spelling_meant() {
    let mut trial = SmallTrial::new();
    trial.set("knees.csv", 5, "arm", "saline");
    trial.set("knees.csv", 9, "visit", "Moth 2");
    let folder = on_disk(&trial);
    let found = findings(folder.path());
    expect(&found, "SK601", "knees.csv:5:arm", &["unknown arm `saline`", "a spelling of `SALINE`"]);
    expect(&found, "SK602", "knees.csv:9:visit", &["unknown visit `Moth 2`", "did you mean `Month 2`"]);
}

#[test]
fn both_knees_on_one_arm() {
    let mut trial = SmallTrial::new();
    for row in [3, 5, 7] {
        trial.set("knees.csv", row, "arm", "EV");
    }
    let folder = on_disk(&trial);
    expect(
        &findings(folder.path()),
        "SK103",
        "knees.csv:3:arm",
        &["patient P01", "both knees on EV", "LEFT, row 2", "RIGHT, row 3"],
    );
}

#[test]
fn duplicate_rows() {
    let mut trial = SmallTrial::new();
    trial.repeat("knees.csv", 9);
    let folder = on_disk(&trial);
    expect(
        &findings(folder.path()),
        "SK101",
        "knees.csv:74",
        &["patient P02 RIGHT", "`Baseline`", "the first is row 9"],
    );
}

#[test]
fn text_in_number_columns_all_cells_at_once() {
    let mut trial = SmallTrial::new();
    trial.set("knees.csv", 5, "vas", "n/a");
    trial.set("knees.csv", 11, "vas", "42 mm");
    trial.set("knees.csv", 12, "pain", "twelve");
    let folder = on_disk(&trial);
    let found = findings(folder.path());
    let places: Vec<String> =
        found.iter().filter(|finding| finding.rule == "SK201").map(|finding| finding.location.to_string()).collect();
    assert_eq!(places, ["knees.csv:5:vas", "knees.csv:11:vas", "knees.csv:12:pain"]);
    expect(&found, "SK201", "knees.csv:5:vas", &["`n/a` is not a number", "data.missing"]);
}

#[test]
fn decimal_comma_and_overflow() {
    let mut trial = SmallTrial::new();
    trial.edit_plan("[arms]", "decimal_comma = false\n[arms]");
    trial.set("knees.csv", 5, "vas", "\"42,5\"");
    trial.set("knees.csv", 11, "vas", "1e400");
    let folder = on_disk(&trial);
    let found = findings(folder.path());
    expect(&found, "SK201", "knees.csv:5:vas", &["42,5", "decimal_comma = true"]);
    assert!(found.iter().any(|finding| finding.location.row == Some(11)), "{found:?}");
}

#[test]
fn empty_and_header_only_files() {
    let folder = on_disk(&SmallTrial::new());
    std::fs::write(folder.path().join("knees.csv"), "").unwrap();
    std::fs::write(folder.path().join("patients.csv"), "id,age,sex,fas,pp\n").unwrap();
    let found = findings(folder.path());
    expect(&found, "SK021", "knees.csv", &["empty"]);
    expect(&found, "SK022", "patients.csv:1", &["no rows"]);
    // A trial without any adverse event is no error.
    let folder = on_disk(&SmallTrial::new());
    std::fs::write(folder.path().join("events.csv"), "id,knee,term,severity,serious,related,start_day,end_day\n")
        .unwrap();
    assert_eq!(findings(folder.path()), []);
}

#[test]
fn wrong_encoding() {
    let mut trial = SmallTrial::new();
    trial.edit_plan("[arms]", "encoding = \"utf-8\"\n[arms]");
    let folder = on_disk(&trial);
    let mut bytes = trial.csv("knees.csv");
    // `é` in Windows-1252 is no UTF-8.
    let row_3 = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).nth(1).unwrap();
    bytes.insert(row_3 + 2, 0xe9);
    std::fs::write(folder.path().join("knees.csv"), bytes).unwrap();
    expect(&findings(folder.path()), "SK023", "knees.csv:3", &["encoding"]);
}

#[test]
fn values_out_of_range() {
    let mut trial = SmallTrial::new();
    trial.set("knees.csv", 5, "vas", "105");
    trial.set("knees.csv", 6, "vas", "-1");
    let folder = on_disk(&trial);
    let found = findings(folder.path());
    expect(&found, "SK202", "knees.csv:5:vas", &["VAS pain is 105", "0 to 100"]);
    assert_eq!(found.iter().filter(|finding| finding.rule == "SK202").count(), 2);
}

#[test]
fn hostile_text_is_only_quoted() {
    let mut trial = SmallTrial::new();
    let long = "<script>alert('x')</script>".repeat(1000);
    trial.set("knees.csv", 5, "arm", &long);
    let folder = on_disk(&trial);
    let found = findings(folder.path());
    assert!(finding(&found, "SK601").message.len() < 200, "long cells are cut");
}

#[test]
fn ragged_rows_nul_bytes_and_duplicate_headers() {
    for (spoil, words) in [
        // A last row without its end was cut off; a short row with one is another matter, below.
        ("P01,LEFT", "columns"),
        ("P01,LE\0FT,Baseline,0,2024-01-10,EV,1,2,3,5,1,2000\n", "NUL"),
        ("\"P01,LEFT\n", "quote"),
    ] {
        let trial = SmallTrial::new();
        let folder = on_disk(&trial);
        let mut bytes = trial.csv("knees.csv");
        bytes.extend_from_slice(spoil.as_bytes());
        std::fs::write(folder.path().join("knees.csv"), bytes).unwrap();
        expect(&findings(folder.path()), "SK024", "knees.csv:74", &[words]);
    }
    let trial = SmallTrial::new();
    let folder = on_disk(&trial);
    let bytes = [trial.csv("knees.csv"), b"P01,LEFT\n".to_vec()].concat();
    std::fs::write(folder.path().join("knees.csv"), bytes).unwrap();
    let found = findings(folder.path());
    expect(&found, "SK028", "knees.csv:74", &["before the last column"]);
    expect(&found, "SK604", "knees.csv:74:arm", &["empty"]);
}

#[test]
fn a_file_that_is_not_what_its_name_says() {
    let mut trial = SmallTrial::new();
    trial.edit_plan("path = \"knees.csv\"", "path = \"knees.xpt\"");
    let folder = on_disk(&trial);
    std::fs::write(folder.path().join("knees.xpt"), "HEADER RECORD*******LIBRARY HEADER").unwrap();
    let found = findings(folder.path());
    assert_eq!(finding(&found, "SK024").location.file, "knees.xpt");
}

#[cfg(unix)]
#[test]
fn a_loop_of_links() {
    let folder = on_disk(&SmallTrial::new());
    let path = folder.path().join("knees.csv");
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("knees.csv", &path).unwrap();
    assert_eq!(findings(folder.path())[0].rule, "SK020");
}

#[test]
fn a_thousand_findings_of_one_rule_are_counted() {
    let mut trial = SmallTrial::new();
    let rows = trial.files.get_mut("knees.csv").unwrap();
    let row = rows[1].clone();
    for number in 0..1000 {
        let mut copy = row.clone();
        copy[0] = format!("X{number}");
        copy[6] = "999".to_owned();
        rows.push(copy);
    }
    let found = trial.findings();
    let same: Vec<&Finding> = found.iter().filter(|finding| finding.rule == "SK202").collect();
    assert_eq!(same.len(), 200);
    assert!(same[199].message.ends_with("(and 800 more findings of this rule)"), "{}", same[199].message);
}
