//! Files as trials really have them: each folder of `tests/everyday` is a plan and its files, most as somebody's program
//! wrote them. What is passed over is said; what cannot be read is said with its cause.

use crate::cli_model::run;

use std::fs;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/everyday").join(name)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// `check` of the plan of a folder: exit code and what it says.
fn check(name: &str) -> (i32, String) {
    let (code, out, err) = run(&["check", text(&folder(name).join("plan.toml"))]);
    (code, format!("{out}{err}"))
}

/// `check` of a folder after an edit of its plan.
fn check_edited(name: &str, from: &str, to: &str) -> (i32, String) {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder(name)).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    let plan = copy.path().join("plan.toml");
    let edited = fs::read_to_string(&plan).unwrap();
    assert!(edited.contains(from), "{name}: {from}");
    fs::write(&plan, edited.replace(from, to)).unwrap();
    let (code, out, err) = run(&["check", text(&plan)]);
    (code, format!("{out}{err}"))
}

#[test]
fn frequent_exports_are_read_as_they_are_and_what_is_passed_over_is_said() {
    for (name, said) in [
        ("row-names", "column 1 has values but no name and was left out"),
        ("error-in-unused-column", "0 error"),
        ("two-sheets", "0 error"),
        ("empty-sheets", "0 error"),
        ("allocation-sheet", "0 error"),
        ("short-rows", "45 rows end before the last column"),
        ("delimiter-rows", "2 rows of delimiters alone were passed over"),
        ("sep-line", "0 error"),
        ("number-format", "0 error"),
        ("initials-na", "0 error"),
        ("no-break-space", "a no-break space (U+00A0), which was read as a blank"),
    ] {
        let (code, said_by_check) = check(name);
        assert_eq!(code, 0, "{name}: {said_by_check}");
        assert!(said_by_check.contains(said), "{name}: {said_by_check}");
    }
}

#[test]
fn what_a_plan_declares_of_a_file_is_done() {
    for (name, from, to, said) in [
        ("title-rows", "path = \"title_rows.xlsx\"", "path = \"title_rows.xlsx\"\nheader_row = 3", "0 error"),
        ("merged-cells", "path = \"merged_ids.xlsx\"", "path = \"merged_ids.xlsx\"\nfill_down = [\"pid\"]", "0 error"),
        ("teeth", "unit = \"mm\"", "unit = \"mm\"\nreplicates = \"mean\"", "SK029"),
        (
            "allocation-by-side",
            "allocation = \"alloc_sides.csv\"",
            "allocation = \"alloc_sides.csv\"\nallocation_columns = { left = \"left\", right = \"right\" }",
            "0 error",
        ),
        ("side-in-paramcd", "shape = \"bds\"", "shape = \"bds\"\npattern = \"{endpoint}{knee}\"", "0 error"),
    ] {
        let (code, said_by_check) = check_edited(name, from, to);
        assert_eq!(code, 0, "{name}: {said_by_check}");
        assert!(said_by_check.contains(said), "{name}: {said_by_check}");
    }
}

#[test]
fn what_cannot_be_read_is_said_with_its_cause_and_what_to_declare() {
    for (name, said) in [
        ("title-rows", "`header_row = 3`"),
        ("teeth", "replicates"),
        ("merged-cells", "A2:A5 are merged"),
        ("merged-cells", "fill_down"),
        ("side-in-paramcd", "{endpoint}{knee}"),
        ("two-digit-years", "a year of two digits"),
        ("allocation-by-side", "left"),
    ] {
        let (code, said_by_check) = check(name);
        assert_eq!(code, 1, "{name}: {said_by_check}");
        assert!(said_by_check.contains(said), "{name}: {said_by_check}");
    }
}

#[test]
fn identifiers_that_differ_in_leading_zeros_are_one_finding() {
    // The list says 001, the data 1.
    let copy = tempfile::tempdir().unwrap();
    fs::write(copy.path().join("list.csv"), "pid,evside\n001,R\n002,L\n").unwrap();
    fs::write(copy.path().join("knees.csv"), "pid,knee,vas\n1,L,5\n1,R,4\n2,L,6\n2,R,3\n").unwrap();
    let plan = copy.path().join("plan.toml");
    fs::write(
        &plan,
        "[trial]\nid = \"T\"\ntitle = \"T\"\n[data]\npath = \"knees.csv\"\ncolumns = { patient = \"pid\", knee = \"knee\" }\n\
         allocation = \"list.csv\"\nallocation_columns = { active_knee = \"evside\" }\n[arms]\nactive = \"EV\"\n\
         placebo = \"SAL\"\n[[endpoint]]\nname = \"VAS\"\ncolumn = \"vas\"\nbetter = \"lower\"\n",
    )
    .unwrap();
    let (code, out, _) = run(&["check", text(&plan)]);
    assert_eq!(code, 1);
    assert_eq!(out.matches("leading zeros").count(), 1, "{out}");
    assert!(!out.contains("is not in the allocation list") && !out.contains("was allocated but"), "{out}");
}

/// The p-value of the paired t test of `vas` at Month 3 of a file in the long layout.
fn paired_t(file: &Path, further: &[&str]) -> (i32, String, String) {
    let mut args = vec!["test", "paired-t", "--data", text(file), "--id", "pid", "--arm", "trt", "--active", "EV"];
    args.extend(["--placebo", "SAL", "--value", "vas"]);
    args.extend(further);
    run(&args)
}

#[test]
fn the_calculators_read_the_same_files() {
    let month = ["--where", "visit=Month 3"];
    for file in ["error-in-unused-column/err_unused.xlsx", "empty-sheets/empty_sheets.xlsx"] {
        let (code, out, err) = paired_t(&folder(file), &month);
        assert_eq!(code, 0, "{file}: {err}");
        // R: t.test(EV, SAL, paired = TRUE)$p.value = 0.01105
        assert!(out.contains("0.01105") || out.contains("0.011"), "{file}: {out}");
    }
    let book = folder("calculator-sheet/with_codebook.xlsx");
    let (code, _, err) = paired_t(&book, &month);
    assert!(code == 1 && err.contains("--sheet") && err.contains("Codebook"), "{err}");
    assert_eq!(paired_t(&book, &[month[0], month[1], "--sheet", "Sheet"]).0, 0);
    let codes = folder("calculator-sheet/codes.xlsx");
    let (code, _, err) = paired_t(&codes, &["--where", "visit=Baseline"]);
    assert!(code == 1 && err.contains("--missing"), "{err}");
    assert_eq!(paired_t(&codes, &["--where", "visit=Baseline", "--missing", "n.d."]).0, 0);
    let titled = folder("title-rows/title_rows.xlsx");
    assert_eq!(paired_t(&titled, &[month[0], month[1], "--header-row", "3"]).0, 0);
    // Rows that a filter hides are said to be analysed.
    let (code, _, err) = paired_t(&folder("filtered-rows/filtered.xlsx"), &month);
    assert!(code == 0 && err.contains("hidden"), "{err}");
}

#[test]
fn every_spreadsheet_says_what_it_does_not_show() {
    // Made of the same workbook by LibreOffice: 8 rows and the column `trt` are hidden; every four rows have one id.
    let month = ["--where", "visit=Month 3"];
    let said = |file: &str| -> (String, Vec<String>) {
        let (code, out, err) = paired_t(&folder(file), &month);
        assert_eq!(code, 0, "{file}: {err}");
        let hidden = err.lines().filter(|line| line.contains("hidden"));
        (out, hidden.map(|line| line.replace(file.rsplit('.').next().unwrap(), "")).collect())
    };
    let first = said("filtered-rows/hidden.xlsx");
    assert_eq!(first.1.len(), 2, "{:?}", first.1);
    assert!(first.1.iter().any(|line| line.contains("rows of the worksheet are hidden")), "{:?}", first.1);
    assert!(
        first.1.iter().any(|line| line.contains("1 column of the worksheet is hidden") && line.contains("`trt`")),
        "{:?}",
        first.1
    );
    for file in ["filtered-rows/hidden.ods", "filtered-rows/hidden.xls"] {
        assert_eq!(said(file).1, first.1, "{file}");
    }
    for format in ["ods", "xls"] {
        let file = format!("path = \"merged_ids.{format}\"");
        let (code, said) = check_edited("merged-cells", "path = \"merged_ids.xlsx\"", &file);
        assert!(code == 1 && said.contains("A2:A5 are merged") && said.contains("fill_down"), "{format}: {said}");
        let filled = format!("{file}\nfill_down = [\"pid\"]");
        let (code, said) = check_edited("merged-cells", "path = \"merged_ids.xlsx\"", &filled);
        assert_eq!(code, 0, "{format}: {said}");
    }
}

#[test]
fn redcaps_flat_export_is_read_with_its_repeat_rows() {
    // The side of the active knee is coded 1 and 2 and stands in the row of the first event only; visits are event names.
    let (code, said) = check("redcap");
    assert!(code == 1 && said.contains("[sides] left"), "{said}");
    assert!(!said.contains("is not in the allocation list"), "{said}");
    let (code, said) = check_edited(
        "redcap",
        "[arms]",
        "[sides]\nleft = { code = \"1\", label = \"left\" }\nright = { code = \"2\", label = \"right\" }\n[arms]",
    );
    assert_eq!(code, 0, "{said}");
}

/// What an SPSS file says of its own codes and rows is held against the values.
#[test]
fn what_an_spss_file_calls_missing_and_does_not_select_is_said() {
    let copy = tempfile::tempdir().unwrap();
    fs::copy(folder("formats/codes.sav"), copy.path().join("codes.sav")).unwrap();
    let plan = copy.path().join("plan.toml");
    fs::write(
        &plan,
        "[trial]\nid = \"T\"\ntitle = \"T\"\n[data]\npath = \"codes.sav\"\ncolumns = { patient = \"id\", knee = \"side\", arm = \"arm\", \
         visit = \"visit\" }\n[arms]\nactive = \"EV\"\nplacebo = \"SAL\"\n[visits]\norder = [\"Baseline\", \"Month 3\"]\nbaseline = \
         \"Baseline\"\n[[endpoint]]\nname = \"VAS\"\ncolumn = \"vas\"\nrange = [0, 100]\nbetter = \"lower\"\n",
    )
    .unwrap();
    let (_, out, err) = run(&["check", text(&plan)]);
    let said = format!("{out}{err}");
    for words in [
        "warning[SK037]",
        "the file itself calls 95 missing, which emptied 1 cell of `vas` and may be values: VAS runs from 0 to 100",
        "`vas` is 88 in 1 cell, which the file labels `Not assessed`",
        "missing_in = { vas = [\"88\"] }",
        "4 of 32 rows are not selected in SPSS (`filter_$` is 0)",
    ] {
        assert!(said.contains(words), "`{words}` is not in: {said}");
    }
    // The way out that it names is one.
    let text_of_plan = fs::read_to_string(&plan).unwrap();
    fs::write(&plan, text_of_plan.replace("[arms]", "where = '`filter_$` == 1'\n[arms]")).unwrap();
    let (_, out, err) = run(&["check", text(&plan)]);
    assert!(!format!("{out}{err}").contains("not selected"), "{out}{err}");
}

/// Of REDCap's rows of one patient what they do not agree on is left empty, and said.
#[test]
fn what_redcaps_events_do_not_agree_on_is_said() {
    let copy = tempfile::tempdir().unwrap();
    let plan = fs::read_to_string(folder("redcap").join("plan.toml")).unwrap();
    let sides =
        "[sides]\nleft = { code = \"1\", label = \"left\" }\nright = { code = \"2\", label = \"right\" }\n[arms]";
    fs::write(copy.path().join("plan.toml"), plan.replace("[arms]", sides)).unwrap();
    let data = fs::read_to_string(folder("redcap").join("redcap.csv")).unwrap();
    let row = "\"P01\",\"week_4_arm_1\",\"\",\"\",\"\",\"\"";
    assert!(data.contains(row));
    fs::write(copy.path().join("redcap.csv"), data.replacen(row, &row.replace(",\"\",\"\"", ",\"M\",\"61\""), 1))
        .unwrap();
    let (code, out, err) = run(&["check", text(&copy.path().join("plan.toml"))]);
    let said = format!("{out}{err}");
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("1 patient do not agree on `sex`, which was left empty there: P01"), "{said}");
    assert!(!said.contains("agree on `age`") && !said.contains("agree on `vas_l`"), "{said}");
}

#[test]
fn a_format_that_is_not_read_is_named_with_the_way_to_export() {
    let copy = tempfile::tempdir().unwrap();
    for (name, said) in
        [("knees.sas7bcat", "catalogue"), ("knees.rds", "write.csv"), ("knees.jmp", "JMP"), ("knees.por", "SPSS")]
    {
        let path = copy.path().join(name);
        fs::write(&path, "x").unwrap();
        let (code, _, err) = run(&["test", "paired-t", "--data", text(&path), "--treated", "a", "--control", "b"]);
        assert!(code == 1 && err.contains(said), "{name}: {err}");
    }
}

#[test]
fn a_column_is_one_item_and_scores_do_not_double_a_name() {
    let copy = tempfile::tempdir().unwrap();
    let items = copy.path().join("items.csv");
    fs::write(&items, "id,side,pain,q1,q2,q3,q4,q5\n1,L,9,1,2,2,2,2\n").unwrap();
    let score = |items_of: &str, further: &[&str]| {
        let mut args = vec!["score", "womac-lk", "--scale", "pain", "--data", text(&items), "--items", items_of];
        args.extend(further);
        run(&args)
    };
    let (code, _, err) = score("q1,q1,q3,q4,q5", &[]);
    assert!(code != 0 && err.contains("`q1` twice"), "{err}");
    let (code, _, err) = score("q1-5", &[]);
    assert!(code == 1 && err.contains("column `pain`") && err.contains("--keep id,side"), "{err}");
    let (code, out, _) = score("q1-5", &["--keep", "id,side"]);
    assert!(code == 0 && out.starts_with("id,side,pain,pain_0_100,pain_note\n1,L,9,"), "{out}");
}

/// The same trial in every format that is read.
const FORMATS: [&str; 11] = [
    "knees.xlsx",
    "knees.xls",
    "knees.ods",
    "knees.sas7bdat",
    "knees.sav",
    "packed.sav",
    "knees.zsav",
    "knees.dta",
    "stata13.dta",
    "stata12.dta",
    "stata8.dta",
];

#[test]
fn every_format_gives_the_same_cells() {
    let read = |name: &str| {
        let path = folder("formats").join(name);
        splitknee::data::read(&path, &splitknee::data::ReadOptions::default()).unwrap_or_else(|error| panic!("{error}"))
    };
    let csv = read("knees.csv");
    for name in FORMATS {
        let table = read(name);
        assert_eq!(table.column_names(), csv.column_names(), "{name}");
        for column in ["pid", "knee", "trt", "visit"] {
            assert_eq!(table.text(column).unwrap(), csv.text(column).unwrap(), "{name}: {column}");
        }
        for column in ["vas", "age"] {
            assert_eq!(table.numbers(column).unwrap(), csv.numbers(column).unwrap(), "{name}: {column}");
        }
        assert_eq!(table.dates("date").unwrap(), csv.dates("date").unwrap(), "{name}");
    }
    // What statistical packages say of a variable beside its values.
    for name in ["knees.sav", "knees.dta", "stata8.dta"] {
        let table = read(name);
        assert_eq!(table.info("vas").unwrap().label.as_deref(), Some("VAS pain (mm)"), "{name}");
        assert!(table.info("trt").unwrap().labelled, "{name}");
        assert_eq!(table.numbers("trt").unwrap()[0], Some(1.0), "{name}: the code stays a number");
    }
}

#[test]
fn one_plan_gives_the_same_results_whatever_the_format() {
    let results = |name: &str| {
        let copy = tempfile::tempdir().unwrap();
        fs::copy(folder("formats").join(name), copy.path().join(name)).unwrap();
        let plan = copy.path().join("plan.toml");
        let text_of = format!(
            "[trial]\nid = \"F\"\ntitle = \"Formats\"\n[data]\npath = \"{name}\"\ncolumns = {{ patient = \"pid\", knee = \"knee\", \
             arm = \"trt\", visit = \"visit\", date = \"date\" }}\n[arms]\nactive = \"EV\"\nplacebo = \"SALINE\"\n[visits]\n\
             order = [\"Baseline\", \"Month 3\"]\nbaseline = \"Baseline\"\n[[endpoint]]\nname = \"VAS pain\"\ncolumn = \"vas\"\n\
             range = [0, 100]\nbetter = \"lower\"\ndecimals = 1\n\
             [analysis]\nprimary = \"paired_t\"\nmeasure = \"value\"\n"
        );
        // The changes of the sample's knees all differ by 7, so that a mean change has no standard error; the values vary.
        fs::write(&plan, text_of).unwrap();
        let out = copy.path().join("out");
        let (code, _, err) = run(&["run", text(&plan), "--out", text(&out)]);
        assert_eq!(code, 0, "{name}: {err}");
        let json = fs::read_to_string(out.join("results.json")).unwrap();
        let document: serde_json::Value = serde_json::from_str(&json).unwrap();
        document["results"].clone()
    };
    let csv = results("knees.csv");
    assert!(csv.as_array().is_some_and(|records| records.len() > 20));
    for name in FORMATS {
        assert_eq!(results(name), csv, "{name}");
    }
    // ADaM, as the program exports it: the same numbers of the endpoint.
    let copy = tempfile::tempdir().unwrap();
    fs::copy(folder("formats").join("knees.sav"), copy.path().join("knees.sav")).unwrap();
    let plan = copy.path().join("plan.toml");
    let head = "[trial]\nid = \"F\"\ntitle = \"Formats\"\ndata_date = \"2024-05-01\"\n[data]\n";
    let tail = "[arms]\nactive = \"EV\"\nplacebo = \"SALINE\"\n[visits]\norder = [\"Baseline\", \"Month 3\"]\nbaseline = \"Baseline\"\n\
                [[endpoint]]\nname = \"VAS pain\"\nid = \"vas\"\ncolumn = \"vas\"\nrange = [0, 100]\nbetter = \"lower\"\ndecimals = 1\n\
                [analysis]\nprimary = \"paired_t\"\nmeasure = \"value\"\n";
    let columns =
        "columns = { patient = \"pid\", knee = \"knee\", arm = \"trt\", visit = \"visit\", date = \"date\" }\n";
    fs::write(&plan, format!("{head}path = \"knees.sav\"\n{columns}{tail}")).unwrap();
    let adam = copy.path().join("adqs.xpt");
    let (code, _, err) = run(&["export", text(&plan), "--out", text(&adam)]);
    assert_eq!(code, 0, "{err}");
    let columns =
        "columns = { patient = \"USUBJID\", knee = \"LAT\", arm = \"TRTP\", visit = \"AVISIT\", date = \"ADT\" }\n";
    fs::write(&plan, format!("{head}path = \"adqs.xpt\"\nshape = \"bds\"\n{columns}{tail}")).unwrap();
    let out = copy.path().join("out");
    let (code, _, err) = run(&["run", text(&plan), "--out", text(&out)]);
    assert_eq!(code, 0, "{err}");
    let json = fs::read_to_string(out.join("results.json")).unwrap();
    let document: serde_json::Value = serde_json::from_str(&json).unwrap();
    // A missing value is a row without a value here and no row there: the reason is named accordingly.
    let of_endpoint = |records: &serde_json::Value| -> Vec<serde_json::Value> {
        let records = records.as_array().unwrap().iter();
        let mut records: Vec<serde_json::Value> =
            records.filter(|record| record["id"].as_str().is_some_and(|id| id.starts_with("vas."))).cloned().collect();
        records.iter_mut().filter_map(|record| record["rows"].as_object_mut()).for_each(|rows| {
            rows.remove("reasons");
        });
        records
    };
    assert!(of_endpoint(&csv).len() > 10);
    assert_eq!(of_endpoint(&document["results"]), of_endpoint(&csv));
}
