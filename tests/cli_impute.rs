//! `splitknee impute` on the example of docs/missing-data.md, whose figures are a closed form in base R, and on bad input.

use assert_cmd::Command;
use serde_json::Value;
use std::path::Path;

const EXAMPLE: [&str; 14] = [
    "--id",
    "usubjid",
    "--arm",
    "treatment",
    "--active",
    "EV",
    "--placebo",
    "PLACEBO",
    "--visit",
    "visit",
    "--visits",
    "M6",
    "--value",
    "change",
];

fn call(data: &Path, further: &[&str]) -> std::process::Output {
    let mut command = Command::cargo_bin("splitknee").unwrap();
    command.arg("impute").arg("--data").arg(data).args(EXAMPLE).args(further);
    command.output().unwrap()
}

fn example(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/missing-data").join(name)
}

fn close(found: &Value, wanted: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - wanted).abs() < 1e-8 * wanted.abs().max(1.0), "{found} {wanted}");
}

#[test]
fn the_worked_example_is_what_base_r_gives() {
    let events = example("events.csv");
    let events = events.to_str().unwrap();
    for (strategy, estimate, error, low, p) in [
        ("mar", -9.510_508_984_470_281, 1.335_768_074_366_297, -12.396_260_464_634_9, 7.817_670_113e-6),
        ("j2r", -7.472_542_773_512_364, 1.474_763_618_355_292, -10.658_575_870_298_8, 2.159_173_907e-4),
    ] {
        let further = ["--events", events, "--strategy", strategy, "--format", "json", "--tipping"];
        let output = call(&example("long.csv"), &further);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        close(&json["estimate"], estimate);
        close(&json["std_error"], error);
        close(&json["conf_low"], low);
        close(&json["p_value"], p);
        assert_eq!(json["n_imputed_active"], 3);
        assert_eq!(json["n_imputed_placebo"], 0);
        assert_eq!(json["df"], 13.0);
        close(&json["weights"]["active"], 3.0 / 14.0);
        assert_eq!(json["imputed"].as_array().unwrap().len(), 3);
        assert_eq!(json["imputed"][0]["arm"], "EV");
        assert_eq!(json["tipping"]["delta_placebo"].as_array().unwrap().len(), 0);
        assert!(!json["tipping"]["delta_active"].as_array().unwrap().is_empty());
    }
}

#[test]
fn text_says_what_was_done() {
    let output = call(&example("long.csv"), &["--tipping"]);
    let text = String::from_utf8(output.stdout).unwrap();
    for part in ["EV − PLACEBO at M6", "The conclusion tips at", "H-13", "jackknife-t"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn bad_input_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let data = example("long.csv");
    let refused = |data: &Path, further: &[&str], code: i32, wanted: &str| {
        let output = call(data, further);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains(wanted), "{wanted}\n{text}");
        assert!(output.stdout.is_empty());
    };
    let events = |rows: &str| file("events.csv", &format!("usubjid,treatment,visit,strategy\n{rows}\n"));
    for (rows, wanted) in [
        ("H-99,EV,M6,j2r", "patient H-99 is not in"),
        ("H-04,EV,M12,j2r", "not among the visits"),
        ("H-04,XX,M6,j2r", "`XX`"),
        ("H-04,EV,M6,j3r", "`j3r` is not a strategy"),
        ("H-04,EV,M6,lmcf", "no earlier mean"),
        (",EV,M6,j2r", "whose event"),
    ] {
        let path = events(rows);
        refused(&data, &["--events", path.to_str().unwrap()], 1, wanted);
    }
    refused(&data, &["--strategy", "j2r"], 2, "no --events file");
    refused(&data, &["--at", "M9"], 2, "--at M9");
    refused(&data, &["--m", "20"], 2, "--m is an option of");
    refused(&data, &["--structure", "kron-us-us", "--method", "bayes"], 1, "unstructured");
    let one = file("one.csv", "usubjid,treatment,visit,change\nA,EV,M6,1\nA,PLACEBO,M6,2\n");
    refused(&one, &[], 1, "is the only one");
    let twice = file("twice.csv", "usubjid,treatment,visit,change\nA,EV,M6,1\nA,EV,M6,2\nB,PLACEBO,M6,2\n");
    refused(&twice, &[], 1, "rows 2 and 3");
    let lost = file("lost.csv", "usubjid,treatment,visit,change\nA,EV,M6,\nA,PLACEBO,M6,2\nB,EV,M6,\nB,PLACEBO,M6,3\n");
    refused(&lost, &[], 1, "no patient has a value of the active knee");
}
