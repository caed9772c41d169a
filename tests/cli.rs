//! The program as a whole: same inputs, same bytes; failures that leave what was there; exit codes; help.

use crate::cli_model::{json, run};
use crate::project::{DEMO, dataset};
use crate::skip::{Needs, skip};
use assert_cmd::Command;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The hash of every file below `folder`.
fn hashes(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let hash = Sha256::digest(fs::read(&path).unwrap()).to_vec();
                found.insert(path.strip_prefix(folder).unwrap().to_path_buf(), hash);
            }
        }
    }
    found
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A copy of the shoes data set: the smallest complete plan.
fn shoes() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["plan.toml", "shoes.csv"] {
        let from = dataset("shoes").join(name);
        fs::copy(from, folder.path().join(name)).unwrap();
    }
    folder
}

fn results(out: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(out.join("results.json")).unwrap()).unwrap()
}

#[test]
fn the_same_inputs_give_the_same_bytes_whatever_the_threads() {
    let folder = tempfile::tempdir().unwrap();
    let mut runs = Vec::new();
    for (name, threads) in [("one", "1"), ("two", "2")] {
        let out = folder.path().join(name);
        let mut command = Command::cargo_bin("splitknee").unwrap();
        let output = command.args(["demo", "--out", text(&out)]).env("RAYON_NUM_THREADS", threads).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(stdout.contains("SYNTHETIC") && stdout.contains("report.html") && !stdout.contains('\u{1b}'));
        let widest = stdout.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= 80 || stdout.lines().any(|line| line.contains("Report:")), "{widest} columns");
        runs.push(hashes(&out));
    }
    assert!(runs[0].len() > 20);
    assert_eq!(runs[0], runs[1]);
    let (first, second) = (folder.path().join("one"), folder.path().join("two"));
    let (code, out, _) = run(&["compare", text(&first), text(&second), "--tolerance", "0"]);
    assert_eq!(code, 0, "{out}");
}

#[test]
fn shoes_agree_with_r() {
    let folder = shoes();
    let plan = folder.path().join("plan.toml");
    let (code, stdout, err) = run(&["run", text(&plan)]);
    assert_eq!(code, 0, "{err}");
    assert!(stdout.contains("never sealed"), "{stdout}");
    let document = results(&folder.path().join("results"));
    let of = |method: &str| {
        let records = document["results"].as_array().unwrap();
        records.iter().find(|record| record["method"] == method).unwrap_or_else(|| panic!("no {method}")).clone()
    };
    let close = |value: &Value, expected: f64| {
        let value = value.as_f64().unwrap();
        assert!((value - expected).abs() <= 1e-9 * expected.abs(), "expected {expected}, found {value}");
    };
    // R 4.2.2, stats::t.test(A, B, paired = TRUE).
    let t = of("paired-t");
    close(&t["statistic"], -3.348876536221576);
    close(&t["p_value"], 0.00853878071759894);
    close(&t["estimate"], -0.41);
    // exactRankTests 0.8-35, wilcox.exact(A, B, paired = TRUE).
    let wilcoxon = of("wilcoxon");
    close(&wilcoxon["p_value"], 0.0078125);
    assert_eq!(wilcoxon["statistic"], 3.0);
    // The mixed model of one comparison on complete pairs is the paired t-test.
    let mixed = of("mixed-model");
    assert!((mixed["p_value"].as_f64().unwrap() - 0.00853878071759894).abs() < 1e-8, "{mixed}");
}

#[test]
fn bad_input_stops_with_exit_code_1_and_touches_no_output() {
    let folder = shoes();
    let (plan, data) = (folder.path().join("plan.toml"), folder.path().join("shoes.csv"));
    let out = folder.path().join("results");
    assert_eq!(run(&["run", text(&plan)]).0, 0);
    let before = hashes(&out);
    let (good_plan, good) = (fs::read_to_string(&plan).unwrap(), fs::read_to_string(&data).unwrap());
    let swap = |from: &str, to: &str| good.replacen(from, to, 1).into_bytes();
    let cases: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("missing column", swap("wear\n", "waer\n"), &["shoes.csv", "wear", "waer"]),
        ("unknown arm", swap("1,LEFT,A,", "1,LEFT,X,"), &["shoes.csv:2", "X"]),
        ("unknown visit", swap("1,LEFT,A,End of wear", "1,LEFT,A,End of waer"), &["shoes.csv:2", "End of wear"]),
        ("both on one arm", swap("1,RIGHT,B,", "1,RIGHT,A,"), &["shoes.csv", "1"]),
        ("duplicate row", format!("{good}1,LEFT,A,End of wear,13.2\n").into_bytes(), &["shoes.csv:22"]),
        ("text in a number column", swap("13.2", "thirteen"), &["shoes.csv:2", "wear", "thirteen"]),
        ("empty file", Vec::new(), &["shoes.csv"]),
        ("header only", b"boy,foot,material,visit,wear\n".to_vec(), &["shoes.csv"]),
        (
            "wrong encoding",
            [b"boy,foot,material,visit,wear\n1,LEFT,A,End of w\x81r,1\n".to_vec()].concat(),
            &["shoes.csv"],
        ),
        ("out of range", swap("13.2", "132"), &["shoes.csv:2", "wear", "132"]),
    ];
    for (what, bytes, words) in cases {
        fs::write(&data, bytes).unwrap();
        let (code, stdout, err) = run(&["run", text(&plan)]);
        assert_eq!(code, 1, "{what}: {err}");
        assert!(stdout.is_empty(), "{what}: {stdout}");
        assert!(err.contains("error[") && err.contains("help:"), "{what}: {err}");
        for word in words {
            assert!(err.contains(word), "{what}: `{word}` is not in\n{err}");
        }
        assert_eq!(hashes(&out), before, "{what}");
    }
    fs::remove_file(&data).unwrap();
    let (code, _, err) = run(&["run", text(&plan)]);
    assert!(code == 1 && err.contains("shoes.csv"), "{err}");
    fs::write(&data, &good).unwrap();
    fs::write(&plan, good_plan.replacen("better =", "beter =", 1)).unwrap();
    let (code, _, err) = run(&["run", text(&plan)]);
    assert!(code == 1 && err.contains("plan.toml:30") && err.contains("better"), "{err}");
    assert_eq!(run(&["run", "no/such/plan.toml"]).0, 1);
    assert_eq!(hashes(&out), before);
}

#[test]
fn outputs_that_cannot_be_written_are_exit_code_3() {
    let folder = shoes();
    let plan = folder.path().join("plan.toml");
    let file = folder.path().join("a-file");
    fs::write(&file, "not a folder").unwrap();
    let thesis = folder.path().join("thesis");
    fs::create_dir(&thesis).unwrap();
    fs::write(thesis.join("thesis.tex"), "years of work").unwrap();
    for out in [file.join("below"), file.clone(), thesis.clone()] {
        let (code, stdout, err) = run(&["run", text(&plan), "--out", text(&out)]);
        assert_eq!(code, 3, "{}: {err}", out.display());
        assert!(stdout.is_empty() && err.contains("help:"), "{err}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "not a folder");
    assert_eq!(fs::read_to_string(thesis.join("thesis.tex")).unwrap(), "years of work");
    let (code, _, err) = run(&["validate", "--out", text(&file)]);
    assert_eq!(code, 3, "{err}");
}

#[test]
fn sealed_changed_and_never_sealed_plans() {
    let folder = shoes();
    let plan = folder.path().join("plan.toml");
    let (code, _, err) = run(&["run", text(&plan), "--require-lock"]);
    assert!(code == 1 && err.contains("never sealed"), "{err}");
    assert!(!folder.path().join("results").exists());
    assert_eq!(run(&["lock", text(&plan), "--date", "31 March"]).0, 2);
    assert_eq!(run(&["lock", text(&plan), "--date", "2026-03-31"]).0, 0);
    let (code, _, err) = run(&["lock", text(&plan), "--date", "2026-04-01"]);
    assert!(code == 1 && err.contains("--replace"), "{err}");
    let (code, stdout, err) = run(&["run", text(&plan), "--require-lock"]);
    assert!(code == 0 && stdout.contains("sealed plan (2026-03-31)"), "{stdout}{err}");
    let manifest = |folder: &TempDir| -> Value {
        serde_json::from_str(&fs::read_to_string(folder.path().join("results/manifest.json")).unwrap()).unwrap()
    };
    assert_eq!(manifest(&folder)["plan"]["lock"]["state"], "sealed");
    let changed = fs::read_to_string(&plan).unwrap().replacen("alpha = 0.05", "alpha = 0.1", 1);
    fs::write(&plan, changed).unwrap();
    let (code, _, err) = run(&["run", text(&plan), "--require-lock"]);
    assert!(code == 1 && err.contains("alpha"), "{err}");
    assert_eq!(run(&["run", text(&plan)]).0, 0);
    assert_eq!(manifest(&folder)["plan"]["lock"]["state"], "changed");
}

#[test]
fn a_blinded_run_has_no_true_label_and_a_redacted_one_no_identifier() {
    let folder = shoes();
    let (plan, data) = (folder.path().join("plan.toml"), folder.path().join("shoes.csv"));
    // Labels and identifiers that occur nowhere else.
    let rows = fs::read_to_string(&data).unwrap();
    let rows: Vec<String> = rows
        .lines()
        .enumerate()
        .map(|(row, line)| {
            let line = line.replace(",A,", ",Zyqorex,").replace(",B,", ",Vehicula,");
            if row == 0 { line } else { format!("PATIENT-{line}") }
        })
        .collect();
    fs::write(&data, format!("{}\n", rows.join("\n"))).unwrap();
    let written = fs::read_to_string(&plan).unwrap();
    let written =
        written.replace("active = \"A\"", "active = \"Zyqorex\"").replace("placebo = \"B\"", "placebo = \"Vehicula\"");
    fs::write(&plan, written.replace("title = \"Wear", "title = \"Zyqorex against vehicula: wear")).unwrap();
    let out = folder.path().join("dry");
    let (code, stdout, err) = run(&["run", text(&plan), "--blinded", "--redact-ids", "--out", text(&out)]);
    assert_eq!(code, 0, "{err}");
    assert!(stdout.contains("DUMMY TREATMENT"), "{stdout}");
    let mut everything = vec![stdout.into_bytes()];
    everything.extend(hashes(&out).keys().map(|file| fs::read(out.join(file)).unwrap()));
    for bytes in &everything {
        let lower = String::from_utf8_lossy(bytes).to_lowercase();
        for secret in ["zyqorex", "vehicula", "patient-1", "patient-7"] {
            assert!(!lower.contains(secret), "{secret} is in an output: {}", &lower[..lower.len().min(200)]);
        }
    }
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("DUMMY TREATMENT") || page.contains("Dummy treatment"));
}

#[test]
fn a_real_split_body_trial() {
    // Two wounds per volunteer, three treatments, each volunteer got two: figures of lme4/lmerTest/pbkrtest.
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/real/vasscores.csv");
    if !data.exists() {
        skip(Needs::Data, "the real trial with wounds (vasscores.csv)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::copy(&data, folder.path().join("vasscores.csv")).unwrap();
    let close = |value: &Value, expected: f64, tolerance: f64| {
        let value = value.as_f64().unwrap();
        assert!((value - expected).abs() <= tolerance * expected.abs(), "expected {expected}, found {value}");
    };
    let plan = folder.path().join("plan.toml");
    fs::write(
        &plan,
        "[trial]\nid = \"ZINC\"\ntitle = \"Zinc gel\"\n\
         [data]\npath = \"vasscores.csv\"\ncolumns = { patient = \"id\", arm = \"treatment\" }\n\
         [arms]\nactive = \"A\"\nplacebo = \"B\"\nother = [\"C\"]\n\
         [[endpoint]]\nname = \"VAS\"\ncolumn = \"vas\"\nkind = \"continuous\"\nrange = [0, 200]\nbetter = \"lower\"\nrole = \"primary\"\n\
         [analysis]\nprimary = \"mixed_model\"\nddf = \"kenward-roger\"\ninformation = \"expected\"\n",
    )
    .unwrap();
    let (code, _, err) = run(&["run", text(&plan)]);
    assert_eq!(code, 0, "{err}");
    let document = results(&folder.path().join("results"));
    let records = document["results"].as_array().unwrap();
    let t = records.iter().find(|record| record["method"] == "paired-t").unwrap();
    assert_eq!(t["n_pairs"], 10);
    close(&t["estimate"], -6.0, 1e-12);
    close(&t["statistic"], -0.978636717887992, 1e-10);
    close(&t["p_value"], 0.353331079300722, 1e-8);
    close(&t["conf_low"], -19.8692353645602, 1e-8);
    close(&t["conf_high"], 7.86923536456017, 1e-8);
    let file = folder.path().join("vasscores.csv");
    let call = |information: &str| {
        json(&[
            "model",
            "--data",
            text(&file),
            "--formula",
            "vas ~ treatment + (1|id)",
            "--factor",
            "treatment=B,A,C",
            "--ddf",
            "kenward-roger",
            "--information",
            information,
            "--format",
            "json",
        ])
    };
    let model = call("expected");
    close(&model["log_lik"], -289.252175369839, 1e-8);
    let a = &model["coefficients"][1];
    assert_eq!(a["term"], "treatmentA");
    close(&a["estimate"], -8.42337037096183, 1e-6);
    close(&a["std_error"], 7.41977380006086, 1e-6);
    close(&a["df"], 30.1034990166905, 1e-5);
    // The observed information of the variances (SAS, mmrm) gives nearly the same answer.
    let observed = call("observed");
    close(&observed["coefficients"][1]["estimate"], -8.42337037096183, 1e-6);
    close(&observed["coefficients"][1]["std_error"], 7.41977380006086, 0.05);
}

#[test]
fn init_check_and_schema() {
    let folder = tempfile::tempdir().unwrap();
    let new = folder.path().join("my-trial");
    let (code, stdout, err) = run(&["init", text(&new)]);
    assert!(code == 0 && stdout.contains("plan.toml"), "{err}");
    let before = hashes(&new);
    assert_eq!(run(&["init", text(&new)]).0, 3);
    assert_eq!(hashes(&new), before);
    let plan = new.join("plan.toml");
    let (code, stdout, err) = run(&["check", text(&plan), "--format", "json"]);
    assert_eq!(code, 0, "{stdout}{err}");
    assert!(serde_json::from_str::<Value>(&stdout).is_ok());
    for of in ["plan", "results"] {
        let (code, stdout, _) = run(&["schema", of]);
        let schema: Value = serde_json::from_str(&stdout).unwrap();
        assert!(code == 0 && schema["properties"].is_object());
    }
}

#[test]
fn scores_and_summaries() {
    let items = dataset(DEMO).join("womac_items.csv");
    let (code, stdout, err) =
        run(&["score", "womac-lk", "--data", text(&items), "--items", "pain_1-5,stiffness_1-2,function_1-17"]);
    assert_eq!(code, 0, "{err}");
    let mut lines = stdout.lines();
    let header = "usubjid,lat,avisit,avisitn,pain,pain_0_100,pain_note,stiffness";
    assert!(lines.next().unwrap().starts_with(header));
    // Items 1 1 2 3 2: 9 of 20.
    assert!(lines.next().unwrap().starts_with("EVK-001,LEFT,Baseline,0,9,45,,3,37.5,,"), "{stdout}");
    let (code, _, err) = run(&["score", "womac-lk", "--data", text(&items), "--items", "pain_1-5"]);
    assert!(code == 2 && err.contains("24 items"), "{err}");
    let (code, _, err) = run(&["score", "womack", "--data", text(&items), "--items", "pain_1-5"]);
    assert!(code == 2 && err.contains("womac-lk"), "{err}");
    // Cochrane Handbook 5.1, 16.4.6.2: 10 pairs, 7.0 (2.38) and 6.5 (2.21), SD of the differences 2.
    let arms = [
        "summary",
        "--mean-treated",
        "7.0",
        "--sd-treated",
        "2.38",
        "--n-treated",
        "10",
        "--mean-control",
        "6.5",
        "--sd-control",
        "2.21",
        "--n-control",
        "10",
    ];
    let summary = json(&[&arms[..], &["--sd-diff", "2", "--r", "0.68", "--format", "json"]].concat());
    assert!((summary["implied"]["std_error"].as_f64().unwrap() - 2.0 / 10.0_f64.sqrt()).abs() < 1e-12);
    assert_eq!(format!("{:.3}", summary["paired"][0]["std_error"].as_f64().unwrap()), "0.583");
    let interval = json(&[&arms[..], &["--ci", "-0.9,1.9", "--format", "json"]].concat());
    assert!(interval["implied"]["correlation"].is_number());
    let (code, stdout, _) = run(&arms);
    assert!(code == 0 && stdout.contains("as if independent"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("published.csv");
    let header = "label,mean_treated,sd_treated,n_treated,mean_control,sd_control,n_control,p,sd_diff";
    fs::write(&file, format!("{header}\nVAS,7.0,2.38,10,6.5,2.21,10,,2\nWOMAC,41.2,18.9,29,45,19.6,29,0.21,\n"))
        .unwrap();
    let table = json(&["summary", "--data", text(&file), "--format", "json"]);
    assert_eq!(table["rows"][1]["label"], "WOMAC");
    assert!((table["rows"][1]["summary"]["implied"]["p_value"].as_f64().unwrap() - 0.21).abs() < 1e-9);
}

#[test]
fn comparison_of_result_sets() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a.json"), folder.path().join("b.json"));
    fs::write(&a, r#"{"results": [{"id": "x", "estimate": 1.0}, {"id": "y", "estimate": 2}]}"#).unwrap();
    fs::write(&b, r#"{"results": [{"id": "x", "estimate": 1.01}]}"#).unwrap();
    let (code, stdout, _) = run(&["compare", text(&a), text(&b), "--format", "json"]);
    let found: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &found["missing"]), (1, &serde_json::json!(["y"])));
    assert_eq!(found["differences"][0]["field"], "estimate");
    assert_eq!(run(&["compare", text(&a), text(&a)]).0, 0);
    // Not 1, which says that two sets differ.
    assert_eq!(run(&["compare", text(&a), "nowhere.json"]).0, 2);
    assert_eq!(run(&["compare", text(&a), text(&b), "--tolerance", "-1"]).0, 2);
}

#[test]
fn qualification_of_the_installation() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("qualification");
    let (code, stdout, err) = run(&["validate", "--out", text(&out)]);
    assert_eq!(code, 0, "{stdout}{err}");
    assert!(stdout.contains("PASS:") && !stdout.contains("FAIL"), "{stdout}");
    let report: Value = serde_json::from_str(&fs::read_to_string(out.join("qualification.json")).unwrap()).unwrap();
    let checks = report["checks"].as_array().unwrap();
    assert!(checks.len() > 5000 && checks.iter().all(|check| check["pass"] == true && check["package"] != ""));
    let words: Vec<&str> =
        report["left_out"].as_array().unwrap().iter().filter_map(|left| left["reason"].as_str()).collect();
    assert!(!words.is_empty() && words.iter().all(|reason| reason.len() > 10));
    assert_eq!(report["executable_sha256"].as_str().unwrap().len(), 64);
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &fs::metadata(out.join("qualification.html")).unwrap().permissions(),
        );
        assert_ne!(mode & 0o044, 0, "others may read the report");
    }
    for name in ["qualification.html", "qualification.txt"] {
        assert!(fs::read_to_string(out.join(name)).unwrap().contains("lmerTest 3.1.3"), "{name}");
    }
}

#[test]
fn help_has_examples_and_fits_80_columns() {
    let commands = [
        "demo",
        "run",
        "init",
        "check",
        "export",
        "lock",
        "test",
        "model",
        "gee",
        "score",
        "summary",
        "compare",
        "validate",
        "schema",
        "completions",
    ];
    for command in commands {
        let (code, stdout, err) = run(&[command, "--help"]);
        assert!(code == 0 && err.is_empty(), "{command}: {err}");
        assert!(stdout.contains("Example") && !stdout.contains('\u{1b}'), "{command}: no example in\n{stdout}");
        for line in stdout.lines() {
            assert!(line.chars().count() <= 80, "{command}: {} columns: {line}", line.chars().count());
        }
    }
    let (code, stdout, _) = run(&["--help"]);
    assert!(code == 0 && stdout.contains("Exit codes") && commands.iter().all(|command| stdout.contains(command)));
    assert_eq!(run(&[]).0, 2);
    assert_eq!(run(&["frobnicate"]).0, 2);
    assert_eq!(run(&["--version"]).0, 0);
    assert!(run(&["completions", "bash"]).1.contains("_splitknee"));
    assert!(run(&["man"]).1.contains(".TH"));
}

#[test]
fn a_reader_that_closes_the_pipe_is_no_error() {
    let bin = assert_cmd::cargo::cargo_bin("splitknee");
    let mut child = std::process::Command::new(bin)
        .args(["validate", "--format", "json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}
