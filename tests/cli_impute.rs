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

/// Covariates are read by patient or by knee; what is no covariate is refused with its row, column or patient.
#[test]
fn covariates_are_read_from_columns_of_the_data() {
    let folder = tempfile::tempdir().unwrap();
    let long = std::fs::read_to_string(example("long.csv")).unwrap();
    let with = |column: &str, of: &dyn Fn(usize, &str, bool) -> String| {
        let line = |(row, line): (usize, &str)| match row {
            0 => format!("{line},{column}\n"),
            _ => format!("{line},{}\n", of(row, line.split(',').next().unwrap(), line.contains("PLACEBO"))),
        };
        let path = folder.path().join(format!("{column}.csv"));
        std::fs::write(&path, long.lines().enumerate().map(line).collect::<String>()).unwrap();
        path
    };
    let number = |id: &str| id.trim_start_matches("H-").parse::<usize>().unwrap();
    let json = |data: &Path, further: &[&str]| -> Value {
        let output = call(data, &[further, &["--format", "json"]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let age = |id: &str| 50 + 7 * number(id) % 23;
    let ages = with("age", &|_, id, _| age(id).to_string());
    let plain = json(&ages, &[]);
    let found = json(&ages, &["--covariates", "age"]);
    assert_eq!(found["covariates"][0], "age");
    assert_ne!(found["estimate"], plain["estimate"]);
    // A patient's column may stand at one knee alone; a knee's may not.
    let once = with("once", &|_, id, placebo| if placebo { String::new() } else { age(id).to_string() });
    assert_eq!(json(&once, &["--covariates", "once"])["estimate"], found["estimate"]);
    let grades = with("grade", &|row, _, _| ["2", "3", "4"][row % 3].to_owned());
    let (slope, levels) = (json(&grades, &["--covariates", "grade"]), json(&grades, &["--factors", "grade"]));
    assert_ne!(slope["estimate"], levels["estimate"]);
    let site = with("site", &|_, id, _| ["north", "south"][number(id) % 2].to_owned());
    let (text, factor) = (json(&site, &["--covariates", "site"]), json(&site, &["--factors", "site"]));
    assert_eq!(text["estimate"], factor["estimate"]);
    assert!(String::from_utf8_lossy(&call(&site, &["--factors", "site"]).stdout).contains("covariates site"));
    let constant = with("one", &|_, _, _| "1".into());
    let left_out = json(&constant, &["--covariates", "one"]);
    assert_eq!(left_out["estimate"], plain["estimate"]);
    assert!(left_out["notes"].to_string().contains("left out of the imputation model"), "{}", left_out["notes"]);

    let refused = |data: &Path, further: &[&str], wanted: &[&str]| {
        let output = call(data, further);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && output.stdout.is_empty());
        assert!(wanted.iter().all(|part| text.contains(part)), "{wanted:?}\n{text}");
    };
    refused(&ages, &["--covariates", "agee"], &["agee"]);
    refused(&ages, &["--covariates", "age", "--factors", "age"], &["named already"]);
    refused(&ages, &["--covariates", "change"], &["named already"]);
    let lacking = with("lacking", &|_, id, _| if id == "H-05" { String::new() } else { age(id).to_string() });
    refused(&lacking, &["--covariates", "lacking"], &["H-05", "lacking", "is missing"]);
    let knee = with("knee", &|row, id, placebo| match (id, placebo) {
        ("H-05", true) => String::new(),
        _ => (row % 5).to_string(),
    });
    refused(&knee, &["--covariates", "knee"], &["H-05", "knee", "is missing"]);
    let mixed = with("mixed", &|_, id, _| if id == "H-05" { "ca. 60".into() } else { age(id).to_string() });
    refused(&mixed, &["--covariates", "mixed"], &["mixed", "ca. 60"]);
}
