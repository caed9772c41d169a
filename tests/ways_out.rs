//! What is refused says why and what to do; exit codes are those of the README.

use super::small_trial::SmallTrial;
use crate::cli_model::run;
use splitknee::plan;
use splitknee::trial::Finding;
use splitknee::trial::expr::Condition;
use std::path::Path;

fn refused(text: &str) -> Vec<Finding> {
    plan::parse(text, "plan.toml").unwrap_err()
}

/// The first finding of the plan of the small trial after an edit.
fn after(from: &str, to: &str) -> Finding {
    let mut small = SmallTrial::new();
    small.edit_plan(from, to);
    refused(&small.plan).remove(0)
}

#[test]
fn a_key_in_the_wrong_table_is_told_where_it_belongs() {
    for (from, to, table) in [
        ("[visits]", "[analysis]\nprimary_visit = \"Month 6\"\n[visits]", "`primary` in `[visits]`"),
        ("[visits]", "[analysis]\nrange = [0, 100]\n[visits]", "`[[endpoint]]`"),
        ("[data]", "[data]\nbaseline = \"Baseline\"", "`[visits]`"),
        ("[trial]", "[trial]\nalpha = 0.05", "`[analysis]`"),
        ("[trial]", "[trial]\nformats = [\"pdf\"]", "`[report]`"),
        ("[trial]", "alpha = 0.05\n[trial]", "`[analysis]`"),
        ("name = \"FAS\"", "name = \"FAS\"\ncovariates = [\"age\"]", "`[analysis]`"),
    ] {
        let found = after(from, to);
        assert!(found.rule == "SK003" && found.remedy.contains(table), "{to}: {found}");
    }
    // A slip of the pen is one all the same.
    assert!(after("[data]", "[data]\ncolumn = {}").remedy.contains("did you mean `columns`"));
}

#[test]
fn every_key_of_the_schema_is_found_from_every_other_table() {
    // From the schema, so that a new key is covered: a key of one table alone, written at the top of the plan.
    let schema = plan::schema::schema();
    let definitions = schema["$defs"].as_object().unwrap();
    let report = definitions["ReportPlan"]["properties"].as_object().unwrap();
    let top = schema["properties"].as_object().unwrap();
    let mut wrong = Vec::new();
    for key in report.keys().filter(|key| !top.contains_key(*key)) {
        let found = after("[trial]", &format!("{key} = 1\n[trial]"));
        if !(found.rule == "SK003" && found.remedy.contains("`[report]`")) {
            wrong.push(found.to_string());
        }
    }
    assert!(report.len() > 5 && wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_no_toml_says_the_cause() {
    let text = SmallTrial::new().plan;
    for (from, to, cause, remedy) in [
        ("\"A small trial\"", "“A small trial”", "word processors", "straight quotes"),
        ("primary = \"Month 6\"", "primary = 5%", "per cent", "`0.05`"),
        ("id = \"T-1\"", "id\u{a0}= \"T-1\"", "U+00A0", "ordinary blanks"),
        ("[arms]", "[endpoint]\nname = \"X\"\n[arms]", "one of several", "`[[endpoint]]`"),
        ("id = \"T-1\"", "id = \"T-1\"\nid = \"T-2\"", "`id` stands in line 3", "keep one"),
        ("range = [0, 100]", "range = [0, 100]\nmcid = 99999999999999999999999", "range of whole numbers", "0 to"),
        ("decimals = 0\n", "mcid = 0,5\n", "point, not a comma", "`0.5`"),
        ("id = \"T-1\"", "id = T-1", "without quotes", "`id = \"T-1\"`"),
    ] {
        assert!(text.contains(from), "{from}");
        let found = refused(&text.replacen(from, to, 1)).remove(0);
        assert!(found.rule == "SK002" && found.location.row.is_some(), "{found}");
        assert!(found.message.contains(cause) && found.remedy.contains(remedy), "{to}: {found}");
    }
    // A data file in the place of the plan is one finding.
    let found = plan::parse("id,side,vas\n1,L,5\n2,R,6\n", "knees.csv").unwrap_err();
    assert!(found.len() == 1 && found[0].message.contains("table of data"), "{found:?}");
    let found = refused("[trial]\rid = \"T\"\r");
    assert!(found.len() == 1 && found[0].message.contains("carriage return"), "{found:?}");
}

#[test]
fn a_column_whose_name_has_a_blank_stands_in_a_condition() {
    for text in ["`full set` == \"Y\"", "\"full set\" == \"Y\"", "`full set` in [\"Y\"]", "not (`full set` != 'Y')"] {
        let condition = Condition::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        assert_eq!(condition.columns(), ["full set"]);
        assert!(condition.holds(&|_| Some("Y")) && !condition.holds(&|_| Some("N")));
    }
    let error = Condition::parse("full set == \"Y\"").unwrap_err();
    assert!(error.remedy.contains("`full set` == "), "{error:?}");
    assert!(Condition::parse("crp != NA").unwrap_err().remedy.contains("missing"));
    let mut small = SmallTrial::new();
    small.set("patients.csv", 1, "fas", "full set");
    small.edit_plan("'fas == \"Y\"'", "'`full set` == \"Y\"'");
    assert_eq!(small.build().unwrap().0.sets[0].size(), 12);
    small.edit_plan("'`full set` == \"Y\"'", "'full_set == \"Y\"'");
    let found = small.findings();
    assert!(
        found.iter().any(|finding| finding.remedy.contains("`full set`? (in a condition between backticks")),
        "{found:#?}"
    );
}

#[test]
fn exit_codes_are_those_of_the_readme() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(at("empty.json"), "{\"results\":[]}").unwrap();
    std::fs::write(at("times.csv"), "id,arm,t,s\n1,A,0,1\n1,B,3,2\n2,A,5,1\n2,B,4,0\n").unwrap();
    let small = SmallTrial::new();
    std::fs::write(at("plan.toml"), &small.plan).unwrap();
    small.files.keys().for_each(|name| std::fs::write(at(name), small.csv(name)).unwrap());
    let (empty, times, plan) = (at("empty.json"), at("times.csv"), at("plan.toml"));
    let survival =
        ["survival", "--id", "id", "--arm", "arm", "--active", "A", "--placebo", "B", "--time", "t", "--status", "s"];
    let power = ["power", "paired-t", "--delta", "10", "--sd-diff", "20"];
    for (code, arguments) in [
        // What stands on the command line.
        (2, [&power[..], &["--power", "0.9", "--alpha", "5"]].concat()),
        (2, vec!["power", "paired-t", "--delta", "10", "--sd", "20", "--rho", "50", "--power", "0.9"]),
        (2, vec!["power", "paired-t", "--delta", "10,5", "--sd", "19,6", "--rho", "0.5", "--power", "0.9"]),
        (2, vec!["lock", &plan, "--date", "2026-13-31"]),
        (2, vec!["compare", "no/such/file", &empty]),
        (2, vec!["compare", &empty, &empty]),
        (2, vec!["check", &plan, "--redact-ids", "--redact-key", "no/such/file"]),
        (2, vec!["export", &plan, "--out", "x.docx"]),
        // What stands in the data.
        (1, [&survival[..], &["--data", &times]].concat()),
    ] {
        let (found, out, err) = run(&arguments);
        assert_eq!(found, code, "{arguments:?}\n{out}{err}");
        assert!(!err.is_empty(), "{arguments:?}");
    }
    // A row of a list without an answer does not end well, and takes no other with it.
    let (code, out, _) = run(&[&power[..], &["--power", "0.8,0.9,2"]].concat());
    assert!(code != 0 && out.contains("0.9"), "{out}");
    let tiny = after("[visits]", "[analysis]\nalpha = 1e-300\n[visits]");
    assert_eq!(tiny.rule, "SK010");
}

#[test]
fn the_templates_page_does_what_it_says() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/templates.md")).unwrap();
    let block = |language: &str| {
        let (_, rest) = page.split_once(&format!("```{language}\n")).expect("a block");
        rest.split_once("```").expect("its end").0.to_owned()
    };
    let folder = tempfile::tempdir().unwrap();
    let look = folder.path().join("look");
    std::fs::create_dir(&look).unwrap();
    std::fs::write(look.join("titles.toml"), block("toml")).unwrap();
    std::fs::write(look.join("report.css"), block("css")).unwrap();
    let out = folder.path().join("out");
    let (code, _, err) = run(&["demo", "--template", look.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    assert_eq!(code, 0, "{err}");
    let html = std::fs::read_to_string(out.join("report.html"))
        .unwrap_or_else(|_| std::fs::read_to_string(out.join("results/report.html")).unwrap());
    for title in ["Synopsis", "Knee pain over time"] {
        assert!(html.contains(title), "{title}");
    }
}

#[test]
fn files_that_are_no_table_say_what_they_are() {
    use splitknee::data::{ReadOptions, read_bytes};
    let said = |name: &str, bytes: &[u8]| read_bytes(name, bytes, &ReadOptions::default()).unwrap_err().to_string();
    for (name, bytes, words) in [
        ("a.json", &b"[{\"pid\":1,\"vas\":5}]"[..], &["plain JSON", "CSV"][..]),
        ("a.json", b"{\"pid\":[1,2]}", &["plain JSON", "CSV"]),
        ("a.ndjson", b"{\"pid\":1}\n{\"pid\":2}\n", &["plain JSON", "CSV"]),
        ("a.xls", b"<html><table><tr><td>pid</td></tr></table></html>", &["HTML page", ".xlsx"]),
        ("a.csv", b"<!DOCTYPE html><html></html>", &["HTML page"]),
        ("a.csv", b"\"pid,side,vas\"\n\"1,L,5\"\n\"1,R,6\"\n", &["row 1", "between quotes"]),
        ("a.csv", b"pid,side,vas\n1,L,5\n1;R;6\n2;L;7\n", &["row 3", "`;`"]),
    ] {
        let text = said(name, bytes);
        assert!(words.iter().all(|word| text.contains(word)), "{name}: {text}");
    }
}

#[test]
fn a_row_that_is_no_data_is_one_finding_with_its_cause() {
    // A repeated header, a second one with units, a row shifted by one column.
    let mut repeated = SmallTrial::new();
    let header = repeated.files["knees.csv"][0].clone();
    repeated.files.get_mut("knees.csv").unwrap().insert(8, header);
    let mut second = SmallTrial::new();
    let units = ["Patient", "", "Visit", "Month", "Date", "Arm", "0-100 mm", "points", "points", "", "grade", "ml"];
    second.files.get_mut("knees.csv").unwrap().insert(1, units.map(str::to_owned).to_vec());
    let mut shifted = SmallTrial::new();
    let row = &mut shifted.files.get_mut("knees.csv").unwrap()[9];
    row.remove(2);
    row.push(String::new());
    for (small, row, cause) in [
        (repeated, 9, "repeats the header"),
        (second, 2, "second line of the header"),
        (shifted, 10, "moved one column"),
    ] {
        let findings = small.findings();
        let errors: Vec<&Finding> =
            findings.iter().filter(|finding| finding.location.row == Some(row) && finding.rule != "SK102").collect();
        assert!(errors.len() == 1 && errors[0].message.contains(cause), "{cause}: {findings:#?}");
        assert!(!findings.iter().any(|finding| finding.remedy.contains("third treatment")), "{findings:#?}");
    }
}

#[test]
fn remedies_for_cells_lead_to_the_right_number() {
    let found = |cell: &str, others: Option<&str>| {
        let mut small = SmallTrial::new();
        if let Some(comma) = others {
            small.set_column("knees.csv", "volume", |cell, row| {
                if row % 3 == 0 { format!("\"{cell}{comma}5\"") } else { format!("{cell}.5") }
            });
        }
        small.set("knees.csv", 5, "volume", cell);
        let findings = small.findings();
        findings.into_iter().find(|finding| finding.rule == "SK201" && finding.location.row == Some(5)).unwrap()
    };
    for (cell, word) in [("6O", "is it `60`"), ("l2", "is it `12`"), ("2024-05-03", "source"), ("03:05:00", "source")] {
        let finding = found(cell, None);
        assert!(finding.remedy.contains(word), "{finding}");
    }
    // Both signs in one column: the minority is to be written as the majority is.
    let finding = found("\"7,16\"", Some(","));
    assert!(finding.remedy.contains("write `7.16`") && !finding.remedy.contains("decimal_comma"), "{finding}");
}

#[test]
fn paths_that_are_nearly_right_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let small = SmallTrial::new();
    for name in small.files.keys() {
        std::fs::write(folder.path().join(name), small.csv(name)).unwrap();
    }
    for (path, word) in [
        ("Knees.CSV", "there is `knees.csv`"),
        ("https://x.org/knees.csv", "download"),
        ("~/knees.csv", "write the path out"),
        ("knees.csv ", "blank"),
    ] {
        let mut small = small.clone();
        small.edit_plan("path = \"knees.csv\"", &format!("path = \"{path}\""));
        let plan = small.read_plan().unwrap();
        let found = plan::sources::read(&plan, folder.path()).unwrap_err();
        assert!(found.iter().any(|finding| finding.remedy.contains(word)), "{path}: {found:#?}");
    }
}

#[test]
fn a_condition_of_a_plan_is_no_condition_of_a_calculator() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.csv");
    std::fs::write(&file, "pid,arm,visit,y\n1,A,Month 6,5\n1,B,Month 6,4\n2,A,Month 6,6\n2,B,Month 6,3\n").unwrap();
    let test = |condition: &str| {
        let fixed =
            ["test", "paired-t", "--id", "pid", "--arm", "arm", "--active", "A", "--placebo", "B", "--value", "y"];
        run(&[&fixed[..], &["--data", file.to_str().unwrap(), "--where", condition]].concat())
    };
    for condition in ["visit == \"Month 6\"", "visit=\"Month 6\"", "visit != Month 6"] {
        let (code, _, err) = test(condition);
        assert!(code == 2 && err.contains("'visit=Month 6'"), "{condition}: {err}");
    }
    let (code, _, err) = test("visit=month 6");
    assert!(code == 1 && err.contains("did you mean `Month 6`"), "{err}");
}
