//! The statistician's commands around the data: check with its listing, export, pseudonyms, comparison.

use super::small_trial::SmallTrial;
use crate::cli_model::run;
use serde_json::Value;
use splitknee::data::{ReadOptions, read};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The small trial on disk, and the path of its plan.
fn on_disk(trial: &SmallTrial) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for name in trial.files.keys() {
        fs::write(folder.path().join(name), trial.csv(name)).unwrap();
    }
    let plan = folder.path().join("plan.toml");
    fs::write(&plan, &trial.plan).unwrap();
    (folder, plan)
}

#[test]
fn findings_are_printed_by_rule_with_their_places_and_the_remedy_once() {
    let mut small = SmallTrial::new();
    small.set("knees.csv", 5, "vas", "105");
    small.set("knees.csv", 9, "vas", "-3");
    small.set("knees.csv", 6, "effusion", "1.5");
    let (_folder, plan) = on_disk(&small);
    let (code, stdout, _) = run(&["check", text(&plan)]);
    assert_eq!(code, 1, "{stdout}");
    let lines: Vec<&str> = stdout.lines().collect();
    let at = lines.iter().position(|line| line.starts_with("error[SK202] ")).unwrap();
    assert!(
        lines[at + 1].starts_with("  knees.csv:5:vas: ") && lines[at + 2].starts_with("  knees.csv:9:vas: "),
        "{stdout}"
    );
    assert!(lines[at + 3].starts_with("  help: ") && lines[at + 4].is_empty(), "{stdout}");
    assert_eq!(stdout.matches("error[SK").count(), 2, "{stdout}");
    assert!(stdout.ends_with("3 errors, 0 warnings, 0 notes, 0 waived\n"), "{stdout}");
}

#[test]
fn the_listing_is_one_page_on_which_hostile_text_is_only_text() {
    let mut small = SmallTrial::new();
    let hostile = "<script>alert(1)</script>";
    small.set("knees.csv", 5, "vas", hostile);
    small.set("knees.csv", 7, "vas", "\u{1b}[2Jgone");
    small.set("knees.csv", 4, "pain", "");
    small.edit_plan("title = \"A small trial\"", "title = \"Knees <b>& eyes</b> \\\"quoted\\\"\"");
    small.plan.push_str("\n[[waive]]\nrule = \"SK504\"\nreason = \"Known <i>here</i>.\"\n[[waive]]\nrule = \"SK208\"\nreason = \"None.\"\n");
    let (folder, plan) = on_disk(&small);
    let page = folder.path().join("review.html");
    let (code, stdout, err) = run(&["check", text(&plan), "--html", text(&page)]);
    assert_eq!(code, 1, "{stdout}{err}");
    assert!(stdout.contains("Listing: ") && !stdout.contains('\u{1b}'), "{stdout}");
    let html = fs::read_to_string(&page).unwrap();
    for raw in [hostile, "<b>", "<i>", "<script", "\u{1b}"] {
        assert!(!html.contains(raw), "{raw}");
    }
    for needed in ["default-src 'none'", "&lt;script&gt;", "SK201", "Cells that are not numbers", "sha256", "knees.csv"]
    {
        assert!(html.contains(needed), "{needed}");
    }
    assert!(!html.contains("http://") && !html.contains("https://") && !html.contains(" src="));
    // The files that were read, with their hashes.
    let hash = splitknee::data::source::sha256_hex(&fs::read(folder.path().join("knees.csv")).unwrap());
    assert!(html.contains(&hash));

    // A page that cannot be written is exit code 3; a plan that cannot be read still gives a page.
    assert_eq!(run(&["check", text(&plan), "--html", text(&folder.path().join("no/such/review.html"))]).0, 3);
    fs::write(&plan, "[trial]\nid = 5\n").unwrap();
    // A listing that exists is replaced only where that is asked for.
    let (code, _, err) = run(&["check", text(&plan), "--html", text(&page)]);
    assert!(code == 3 && err.contains("--force"), "{err}");
    assert_eq!(run(&["check", text(&plan), "--html", text(&page), "--force"]).0, 1);
    assert!(fs::read_to_string(&page).unwrap().contains("SK005"));
}

#[test]
fn waived_findings_stand_apart_with_their_reason() {
    let mut small = SmallTrial::new();
    small.set("knees.csv", 4, "vas", "");
    small.plan.push_str("\n[[waive]]\nrule = \"SK504\"\nreason = \"Known at the site.\"\n");
    let (folder, plan) = on_disk(&small);
    let page = folder.path().join("review.html");
    let (code, stdout, _) = run(&["check", text(&plan), "--html", text(&page)]);
    assert_eq!(code, 0, "{stdout}");
    assert!(stdout.contains("waived[SK504]") && stdout.contains("reason: Known at the site."), "{stdout}");
    let html = fs::read_to_string(&page).unwrap();
    assert!(html.contains("Reason: Known at the site.") && html.contains("No error"));
    let (_, json, _) = run(&["check", text(&plan), "--format", "json"]);
    let list: Value = serde_json::from_str(&json).unwrap();
    let waived = list.as_array().unwrap().iter().find(|finding| finding["rule"] == "SK504").unwrap();
    assert_eq!(waived["waived"], "Known at the site.");
    // The report repeats it.
    let out = folder.path().join("out");
    assert_eq!(run(&["run", text(&plan), "--out", text(&out)]).0, 0);
    assert!(fs::read_to_string(out.join("report.html")).unwrap().contains("Known at the site."));
}

#[test]
fn before_unblinding_the_data_are_checked_without_the_allocation() {
    let small = SmallTrial::new();
    let (folder, plan) = on_disk(&small);
    fs::remove_file(folder.path().join("allocation.csv")).unwrap();
    assert_eq!(run(&["check", text(&plan)]).0, 1);
    let (code, stdout, _) = run(&["check", text(&plan), "--blinded"]);
    assert_eq!(code, 0, "{stdout}");
}

#[test]
fn the_analysis_data_set_is_exported_in_every_format() {
    let small = SmallTrial::new();
    let (folder, plan) = on_disk(&small);
    let csv = folder.path().join("adqs.csv");
    let (code, stdout, err) = run(&["export", text(&plan), "--out", text(&csv)]);
    assert!(code == 0 && stdout.contains("12 patients"), "{stdout}{err}");
    let cells = |path: &Path| {
        let table = read(path, &ReadOptions::default()).unwrap();
        let names = table.column_names();
        names.iter().map(|name| (name.clone(), table.text(name).unwrap())).collect::<Vec<_>>()
    };
    let written = cells(&csv);
    for name in ["adqs.xpt", "adqs.json", "adqs.ndjson", "adqs.parquet", "adqs.tsv"] {
        let path = folder.path().join(name);
        assert_eq!(run(&["export", text(&plan), "--out", text(&path)]).0, 0, "{name}");
        assert_eq!(cells(&path), written, "{name}");
    }
    // Blinded and redacted.
    let dry = folder.path().join("dry.csv");
    assert_eq!(run(&["export", text(&plan), "--out", text(&dry), "--blinded", "--redact-ids"]).0, 0);
    let dry = fs::read_to_string(&dry).unwrap();
    assert!(dry.contains("DUMMY ACTIVE") && !dry.contains("EV,") && !dry.contains("P01"));
    // What has no format, does not fit or cannot be analysed leaves no file.
    let unknown = folder.path().join("adqs.dat");
    let (code, _, err) = run(&["export", text(&plan), "--out", text(&unknown)]);
    assert!(code == 2 && err.contains(".parquet") && !err.contains(".sav"), "{err}");
    // Names are made to fit; a text beyond the 200 bytes of version 5 is not cut.
    let long = fs::read_to_string(&plan).unwrap().replace("id = \"T-1\"", &format!("id = \"{}\"", "T".repeat(201)));
    fs::write(&plan, long).unwrap();
    let narrow = folder.path().join("narrow.xpt");
    let (code, _, err) = run(&["export", text(&plan), "--out", text(&narrow)]);
    assert!(code == 1 && err.contains("STUDYID") && err.contains("201 bytes"), "{err}");
    assert!(!narrow.exists() && !unknown.exists());
    assert_eq!(run(&["export", text(&plan), "--out", text(&narrow), "--xpt-version", "8"]).0, 0);
}

#[test]
fn pseudonyms_with_a_secret_cannot_be_made_again_without_it() {
    let small = SmallTrial::new();
    let (folder, plan) = on_disk(&small);
    let export = |more: &[&str]| {
        let out = folder.path().join("out.csv");
        let mut arguments = vec!["export", text(&plan), "--out", text(&out), "--force"];
        arguments.extend(more);
        let (code, _, err) = run(&arguments);
        assert_eq!(code, 0, "{err}");
        let table = read(&out, &ReadOptions::default()).unwrap();
        table.text("USUBJID").unwrap().into_iter().flatten().collect::<Vec<_>>()
    };
    let keys = ["one", "two", "short"].map(|name| folder.path().join(name));
    fs::write(&keys[0], "a long and random secret 1\n").unwrap();
    fs::write(&keys[1], "a long and random secret 2\n").unwrap();
    fs::write(&keys[2], "short\n").unwrap();
    // Without a secret of the user's, one is made and kept beside the plan for its owner alone.
    let kept = folder.path().join("plan.redact-key");
    let plain = export(&["--redact-ids"]);
    let secret = fs::read_to_string(&kept).unwrap();
    assert_eq!(secret.trim().len(), 64);
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&kept).unwrap().permissions()) & 0o777, 0o600);
    assert_eq!(plain, export(&["--redact-ids"]));
    fs::remove_file(&kept).unwrap();
    assert_ne!(plain, export(&["--redact-ids"]), "another secret gives other pseudonyms");
    fs::write(&kept, secret).unwrap();
    let one = export(&["--redact-ids", "--redact-key", text(&keys[0])]);
    assert_eq!(one, export(&["--redact-ids", "--redact-key", text(&keys[0])]));
    let two = export(&["--redact-ids", "--redact-key", text(&keys[1])]);
    assert!(plain[0] != one[0] && one[0] != two[0] && one[0].starts_with("S-"));
    let out = folder.path().join("x.csv");
    let with = |key: &str| run(&["export", text(&plan), "--out", text(&out), "--redact-ids", "--redact-key", key]);
    assert_eq!(with(text(&keys[2])).0, 2);
    assert_eq!(with("no/such/file").0, 2);
    // A key without redaction is a mistake.
    assert_eq!(run(&["export", text(&plan), "--out", text(&out), "--redact-key", text(&keys[0])]).0, 2);
    // The plan may ask for pseudonyms itself; the manifest says whether a secret made them.
    fs::write(&plan, format!("{}\n[report]\nredact_ids = true\n", small.plan)).unwrap();
    assert_eq!(export(&[]), plain);
    let results = folder.path().join("results");
    assert_eq!(
        run(&["run", text(&plan), "--out", text(&results), "--redact-ids", "--redact-key", text(&keys[0])]).0,
        0
    );
    let manifest = fs::read_to_string(results.join("manifest.json")).unwrap();
    let value: Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!((&value["redacted_ids"], &value["redacted_with_key"]), (&true.into(), &true.into()));
    assert!(!manifest.contains("random secret"));
}

#[test]
fn numbers_that_are_zero_but_for_rounding_are_equal() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a.json"), folder.path().join("b.json"));
    fs::write(&a, r#"{"results": [{"id": "x", "estimate": 0.0, "p_value": 1e-20}]}"#).unwrap();
    fs::write(&b, r#"{"results": [{"id": "x", "estimate": 4e-16, "p_value": 1e-20}]}"#).unwrap();
    assert_eq!(run(&["compare", text(&a), text(&b)]).0, 0);
    assert_eq!(run(&["compare", text(&a), text(&b), "--absolute", "0"]).0, 1);
    assert_eq!(run(&["compare", text(&a), text(&b), "--absolute", "-1"]).0, 2);
}

#[test]
fn several_files_run_as_one_does() {
    let small = SmallTrial::new();
    let (one_folder, one) = on_disk(&small);
    let mut two = small.clone();
    let rows = two.files["knees.csv"].clone();
    let take = |columns: &[usize]| -> Vec<Vec<String>> {
        rows.iter().map(|row| columns.iter().map(|column| row[*column].clone()).collect()).collect()
    };
    two.files.remove("knees.csv");
    two.files.insert("scores.csv", take(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    two.files.insert("mri.csv", take(&[0, 1, 2, 10, 11]));
    two.edit_plan("[data]\npath = \"knees.csv\"", "[[data]]\npath = \"scores.csv\"");
    let columns = "columns = { patient = \"id\", knee = \"side\", visit = \"visit\" }";
    two.edit_plan("[arms]", &format!("[[data]]\npath = \"mri.csv\"\n{columns}\n\n[arms]"));
    let (two_folder, two) = on_disk(&two);
    for (plan, out) in [(&one, one_folder.path().join("out")), (&two, two_folder.path().join("out"))] {
        let (code, _, err) = run(&["run", text(plan), "--out", text(&out)]);
        assert_eq!(code, 0, "{err}");
    }
    let outs = [one_folder.path().join("out"), two_folder.path().join("out")];
    let (code, stdout, _) = run(&["compare", text(&outs[0]), text(&outs[1]), "--tolerance", "0", "--absolute", "0"]);
    assert_eq!(code, 0, "{stdout}");
    let manifest: Value = serde_json::from_str(&fs::read_to_string(outs[1].join("manifest.json")).unwrap()).unwrap();
    let inputs: Vec<&str> =
        manifest["inputs"].as_array().unwrap().iter().map(|input| input["path"].as_str().unwrap()).collect();
    assert_eq!(inputs[..2], ["scores.csv", "mri.csv"]);
    // Sealed, and changed in the second table.
    assert_eq!(run(&["lock", text(&two), "--date", "2026-01-31"]).0, 0);
    let text_of = fs::read_to_string(&two).unwrap();
    fs::write(&two, text_of.replace("path = \"mri.csv\"", "path = \"mri.csv\"\nwhere = 'id != \"P01\"'")).unwrap();
    let (code, _, err) = run(&["run", text(&two), "--require-lock"]);
    assert!(code == 1 && err.contains("data.further[0].where"), "{err}");
}

#[test]
fn no_input_is_overwritten_by_any_command() {
    let small = SmallTrial::new();
    let (folder, plan) = on_disk(&small);
    let knees = folder.path().join("knees.csv");
    let link = folder.path().join("other-name.csv");
    fs::hard_link(&knees, &link).unwrap();
    let before = (fs::read(&knees).unwrap(), fs::read(&plan).unwrap());
    for out in [&knees, &plan, &link] {
        for arguments in [
            vec!["export", text(&plan), "--format", "csv", "--force", "--out", text(out)],
            vec!["check", text(&plan), "--force", "--html", text(out)],
            vec!["run", text(&plan), "--force", "--out", text(out)],
        ] {
            let (code, _, err) = run(&arguments);
            assert!(code == 3 && err.contains("help:"), "{arguments:?}: {code} {err}");
        }
    }
    // Nor by the listing of a plan that cannot be read; and without --force it is called an input.
    let broken = folder.path().join("broken.toml");
    fs::write(&broken, format!("{}\nbeter = = 1\n", small.plan)).unwrap();
    for arguments in [
        vec!["check", text(&broken), "--force", "--html", text(&knees)],
        vec!["check", text(&plan), "--html", text(&knees)],
    ] {
        let (code, _, err) = run(&arguments);
        assert!(code == 3 && err.contains("which this command reads"), "{arguments:?}: {code} {err}");
    }
    // A folder that holds the plan is no output folder, whatever it looks like.
    fs::write(folder.path().join("manifest.json"), r#"{"splitknee": "0", "outputs": []}"#).unwrap();
    let (code, _, err) = run(&["run", text(&plan), "--force", "--out", text(folder.path())]);
    assert!(code == 3 && err.contains("which this run reads"), "{err}");
    assert_eq!((fs::read(&knees).unwrap(), fs::read(&plan).unwrap()), before);
}

#[test]
fn nothing_that_steers_a_terminal_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (esc, bidi) = ("\u{1b}]52;c;ZXZpbA==\u{7}\u{9b}31m", "\u{202e}");
    fs::write(at("1.json"), format!(r#"{{"results":[{{"id":"a\u001b]52;c;\u0007{bidi}"}}]}}"#)).unwrap();
    fs::write(at("2.json"), r#"{"results":[{"id":"b"}]}"#).unwrap();
    fs::write(at("e.csv"), format!("id,{esc}{bidi},b\n1,2,3\n")).unwrap();
    fs::write(at("f.csv"), format!("id,a,b\n1,{esc}{bidi},3\n")).unwrap();
    let odd = format!("no{esc}{bidi}.toml");
    for arguments in [
        vec!["compare", text(&at("1.json")), text(&at("2.json"))],
        vec!["compare", text(&at("1.json")), text(&at("2.json")), "--format", "json"],
        vec!["test", "sign", "--data", text(&at("e.csv")), "--treated", "nope", "--control", "b"],
        vec!["test", "sign", "--data", text(&at("f.csv")), "--treated", "a", "--control", "b"],
        vec!["run", &odd],
        vec!["check", &odd, "--format", "json"],
        vec!["run", "plan.toml", &odd],
    ] {
        let (_, out, err) = run(&arguments);
        let printed = format!("{out}{err}");
        assert!(!printed.is_empty());
        let steers = |c: char| c != '\n' && c.is_control() || c == '\u{202e}';
        assert!(!printed.contains(steers), "{arguments:?}: {printed:?}");
    }
}
