//! What was passed over in silence once, by kind: codes as numbers, rows inside quotes, missing values of the file, spellings,
//! strangers, computed columns. Each is said, with its cause.

use crate::cli_model::run;
use crate::small_trial::{SmallTrial, finding};
use splitknee::analysis::analyse;
use splitknee::data::{ReadOptions, read_bytes};
use splitknee::plan;
use splitknee::trial::Finding;
use splitknee::trial::expr::Condition;

use std::fs;
use std::path::Path;

fn rules<'f>(findings: &'f [Finding], rule: &str) -> Vec<&'f Finding> {
    findings.iter().filter(|finding| finding.rule == rule).collect()
}

/// What a folder's file says when a calculator reads it: exit code, answer, and what is said beside it.
fn calculated(name: &str, text: &str, args: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    let data = path.to_str().unwrap();
    run(&args.iter().map(|arg| if *arg == "FILE" { data } else { *arg }).collect::<Vec<_>>())
}

/// Codes of centres are counted, not averaged; the finding says how to give them names, and a number may be declared.
#[test]
fn characteristics_that_look_like_codes_are_counted() {
    let described = |small: &SmallTrial| {
        let (plan, _) = small.read().unwrap();
        let (trial, _) = small.build().unwrap_or_else(|findings| panic!("{findings:#?}"));
        let outcomes = analyse(&plan, &trial);
        let record = outcomes.records.iter().find(|record| record.id == "patients.sex").unwrap();
        record.result.field("categories").is_some()
    };
    let coded = |codes: &'static [usize], listed: bool| {
        let mut small = SmallTrial::new();
        small.set_column("patients.csv", "sex", |_, row| codes[row % codes.len()].to_string());
        small.edit_plan("patients = \"patients.csv\"", "patients = \"patients.csv\"\n");
        if listed {
            small.plan.push_str("[report]\ndemographics = [\"sex\"]\n");
        }
        small
    };
    for codes in [&[1, 2][..], &[1, 2, 3, 4], &[276, 392, 840], &[0, 1, 2, 3, 4]] {
        for listed in [true, false] {
            let small = coded(codes, listed);
            let findings = small.findings();
            assert!(finding(&findings, "SK618").remedy.contains("kind = \"number\""), "{findings:?}");
            assert!(described(&small), "{codes:?}");
        }
    }
    let mut declared = coded(&[1, 2, 3, 4], true);
    declared.plan.push_str("[[covariate]]\nname = \"sex\"\nkind = \"number\"\n");
    assert!(rules(&declared.findings(), "SK618").is_empty() && !described(&declared));
    // Ages are numbers, however few they are; so are years.
    assert!(rules(&SmallTrial::new().findings(), "SK618").is_empty());
    let mut years = SmallTrial::new();
    years.files.get_mut("patients.csv").unwrap()[0][1] = "duration_years".to_owned();
    years.set_column("patients.csv", "duration_years", |_, row| (1 + row % 5).to_string());
    assert!(rules(&years.findings(), "SK618").is_empty());
}

/// A quote at the start of a cell and another lines below would make one cell of the rows between them.
#[test]
fn quotes_that_close_each_other_swallow_no_rows() {
    let read = |text: &str| read_bytes("k.csv", text.as_bytes(), &ReadOptions::default());
    for (text, lines) in [
        ("id,side,vas\n1,L,5\n1,\"R,4\n2,L,6\n2,\",3\n3,L,2\n", "line 3 is closed in line 5"),
        ("id,side,vas\n1,\",5\n1,\",4\n2,L,6\n", "line 2 is closed in line 3"),
        ("id;side;vas\n\"1;L;5\n1;R;4\n2;L;6\n\";R;3\n", "line 2 is closed in line 5"),
        ("id,side,vas\r\n1,L,\"5\r\n1,R,4\r\n2,L,\"\r\n2,R,3\r\n", "line 2 is closed in line 4"),
    ] {
        let error = read(text).unwrap_err();
        assert_eq!(error.code(), "data-swallowed-rows", "{text}");
        assert!(error.to_string().contains(lines), "{error}");
    }
    // A text of several lines is one, and said where a delimiter stands in it.
    let comment = read("id,side,note\n1,L,\"fell, then\nwent home, well\"\n1,R,\"no\npain\"\n").unwrap();
    assert_eq!(comment.height(), 2);
    assert!(comment.remarks.len() == 1 && comment.remarks[0].doubtful, "{:?}", comment.remarks);
    assert!(comment.remarks[0].text.contains("the first has 2 lines"), "{:?}", comment.remarks);
    let quiet = read("id,side,note\n1,L,\"no\npain\"\n").unwrap();
    assert!(quiet.remarks.is_empty(), "{:?}", quiet.remarks);
    let error = read("id,side,vas\n1,L,5\n1,\"R,4\n2,\"L,6\n").unwrap_err();
    assert!(error.code() == "data-after-quote" && error.to_string().contains("in line 4"), "{error}");
}

/// Missing codes that a file of SPSS declares are counted by code, in `check` and by the calculators.
#[test]
fn missing_values_of_the_file_are_counted_by_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/everyday/formats");
    for name in ["knees.sav", "packed.sav", "knees.zsav"] {
        let bytes = fs::read(folder.join(name)).unwrap();
        let table = read_bytes(name, &bytes, &ReadOptions::default()).unwrap();
        let said: Vec<&str> = table.remarks.iter().map(|remark| remark.text.as_str()).collect();
        assert!(said.len() == 1 && said[0].contains("999 in 1"), "{name}: {said:?}");
        assert_eq!(table.remarks[0].column.as_deref(), Some("vas"));
    }
    let bytes = fs::read(folder.join("missing.sav")).unwrap();
    let table = read_bytes("missing.sav", &bytes, &ReadOptions::default()).unwrap();
    let said: Vec<&str> = table.remarks.iter().map(|remark| remark.text.as_str()).collect();
    assert!(
        said[0].contains("3 cells of `vas`") && said[0].contains("98 \"refused\" in 1, 99 \"not asked\" in 2"),
        "{said:?}"
    );
    assert!(said[1].contains("`X` in 1"), "{said:?}");
    // Letters of Stata and SAS.
    let stata =
        read_bytes("missing.dta", &fs::read(folder.join("missing.dta")).unwrap(), &ReadOptions::default()).unwrap();
    assert!(stata.remarks.iter().any(|remark| remark.text.contains(".A in 1")), "{:?}", stata.remarks);
}

/// Formats of SAS that are not its own name labels in a catalogue, which no reader of data has.
#[test]
fn formats_in_a_catalogue_of_sas_are_named() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/everyday/formats");
    let table =
        read_bytes("formats.xpt", &fs::read(folder.join("formats.xpt")).unwrap(), &ReadOptions::default()).unwrap();
    let said: Vec<&str> = table.remarks.iter().map(|remark| remark.text.as_str()).collect();
    assert!(said.len() == 1 && said[0].contains("(.sas7bcat)") && said[0].contains("`sex` SEXF"), "{said:?}");
    assert!(!said[0].contains("`day`") && !said[0].contains("`vas`"), "{said:?}");
    let (code, _, err) =
        calculated("formats.sas7bcat", "x", &["test", "sign", "--data", "FILE", "--treated", "a", "--control", "b"]);
    assert!(code == 1 && err.contains("catalogue of SAS formats") && err.contains("proc format"), "{err}");
}

const PAIRS: &str = "id,arm,visit,y\n001,EV,m6,4\n001,PB,m6,6\n002,EV,m6,3\n002,PB,m6,7\n003,EV,m6,5\n003,PB,m6,5.5\n";

/// The calculators refuse two spellings of one thing, name codes for missing, and say what they leave out.
#[test]
fn calculators_say_what_check_would() {
    let test =
        ["test", "paired-t", "--data", "FILE", "--id", "id", "--arm", "arm", "--active", "EV", "--placebo", "PB"];
    let all: Vec<&str> = test.iter().copied().chain(["--value", "y", "--where", "visit=m6"]).collect();
    let (code, clean, err) = calculated("p.csv", PAIRS, &all);
    assert!(code == 0 && err.is_empty(), "{err}");
    for (edit, said) in [
        ("003,EV,m6,5\n", "`EV` and `ev` in `arm` differ in case only"),
        ("003,PB,m6,5.5\n", "`003` and `3` in `id` differ in leading zeros only"),
        ("001,PB,m6,6\n", "leaves out 1 row with `M6`"),
    ] {
        let spoilt = match said {
            said if said.contains("`ev`") => PAIRS.replace(edit, "003,ev,m6,5\n"),
            said if said.contains("`3`") => PAIRS.replace(edit, "3,PB,m6,5.5\n"),
            _ => PAIRS.replace(edit, "001,PB,M6,6\n"),
        };
        let (code, _, err) = calculated("p.csv", &spoilt, &all);
        assert!(code == 1 && err.contains(said), "{said}: {err}");
    }
    let more = format!("{PAIRS}004,EV,m6,-99\n004,PB,m6,-99\n005,EV,m6,5\n005,HA,m6,2\n,EV,m6,2\n");
    let (code, out, err) = calculated("p.csv", &more, &all);
    assert!(code == 0 && err.contains("p.csv:8: y is -99 in 2 cells") && err.contains("--missing -99"), "{err}");
    assert!(err.contains("because arm is `HA`: row 11") && err.contains("`id` or `arm` is empty: row 12"), "{err}");
    assert!(err.contains("1 of 5 pairs is left out, because a side has no value: 005"), "{err}");
    assert_ne!(out, clean);
    let with_missing: Vec<&str> = all.iter().copied().chain(["--missing", "-99"]).collect();
    let (_, _, err) = calculated("p.csv", &more, &with_missing);
    assert!(!err.contains("--missing") && err.contains("2 of 5 pairs are left out"), "{err}");
    // The models read their columns in the same way.
    let model = ["model", "--data", "FILE", "--formula", "y ~ arm + (1|id)"];
    let (code, _, err) = calculated("p.csv", &PAIRS.replace("003,EV", "003,ev"), &model);
    assert!(code == 1 && err.contains("differ in case only"), "{err}");
    let (code, _, err) = calculated("p.csv", &PAIRS.replace("003,EV", "ev-3,EV").replace("003,PB", "EV-3,PB"), &model);
    assert!(code == 1 && err.contains("`ev-3` and `EV-3` in `id`"), "{err}");
    let wide = "a,b\n1,2\n2,4\n,3\n4,5\n6,9\n";
    let (code, _, err) =
        calculated("w.csv", wide, &["test", "sign", "--data", "FILE", "--treated", "a", "--control", "b"]);
    assert!(code == 0 && err.contains("1 row is left out, because a side has no value: row 4"), "{err}");
}

/// The patient of an event who has no observation is not taken for a neighbour in the list.
#[test]
fn a_death_before_the_first_visit_is_nobody_elses() {
    let mut small = SmallTrial::new();
    small.set("events.csv", 2, "id", "P13");
    let rows = small.files.get_mut("patients.csv").unwrap();
    rows.push(["P13", "61", "F", "N", "N"].map(str::to_owned).to_vec());
    let findings = small.findings();
    let found = finding(&findings, "SK701");
    assert!(found.message.contains("is in the file of patients") && !found.remedy.contains("did you mean"), "{found}");
    assert!(found.remedy.contains("first visit"), "{found}");
    // With empty rows the patient is in the trial, and the event is listed.
    let mut listed = small.clone();
    for (side, arm) in [("LEFT", "EV"), ("RIGHT", "SALINE")] {
        let row = ["P13", side, "Baseline", "0", "2024-01-10", arm, "", "", "", "", "", ""];
        listed.files.get_mut("knees.csv").unwrap().push(row.map(str::to_owned).to_vec());
        let row = ["13", "P13", side, arm, "2024-05-01"];
        listed.files.get_mut("allocation.csv").unwrap().push(row.map(str::to_owned).to_vec());
    }
    let findings = listed.findings();
    assert!(rules(&findings, "SK701").is_empty() && !rules(&findings, "SK714").is_empty(), "{findings:#?}");
    let mut near = SmallTrial::new();
    near.set("events.csv", 2, "id", "P99");
    assert!(!finding(&near.findings(), "SK701").remedy.contains("did you mean"));
    near.set("events.csv", 2, "id", "p1");
    assert!(finding(&near.findings(), "SK701").message.contains("called `P01`"));
}

/// A file of strangers is one finding, not one of every patient.
#[test]
fn files_of_strangers_are_one_finding() {
    for (file, rule) in [("patients.csv", "SK609"), ("allocation.csv", "SK107"), ("disposition.csv", "SK712")] {
        let mut small = SmallTrial::new();
        small.set_column(file, "id", |id, _| format!("S1-{id}"));
        let findings = small.findings();
        let of_ids =
            |finding: &&Finding| ["SK107", "SK108", "SK111", "SK113", "SK609", "SK712"].contains(&finding.rule);
        let found: Vec<&Finding> = findings.iter().filter(of_ids).collect();
        assert!(found.len() == 1 && found[0].rule == rule, "{file}: {found:#?}");
        assert!(found[0].message.contains("`S1-P01`"), "{found:?}");
    }
}

/// Characters of another form are the usual ones: half-width katakana, circled digits, ideographic and no-break blanks.
#[test]
fn labels_and_identifiers_of_another_form_are_told() {
    let spelled = |column: &str, cell: &str, rule: &str| {
        let mut small = SmallTrial::new();
        small.set("knees.csv", 2, column, cell);
        let findings = small.findings();
        let found = finding(&findings, rule);
        format!("{} {}", found.message, found.remedy)
    };
    assert!(spelled("arm", "ＥＶ", "SK601").contains("looks like `EV` and differs in the width"));
    assert!(spelled("visit", "Ｂａｓｅｌｉｎｅ", "SK602").contains("looks like `Baseline` and differs in the width"));
    assert!(spelled("id", "P0①", "SK114").contains("width or form"));
    let mut small = SmallTrial::new();
    for file in ["knees.csv", "allocation.csv"] {
        small.set_column(file, "arm", |arm, _| if arm == "EV" { "ガス".to_owned() } else { arm.to_owned() });
    }
    small.edit_plan("active = \"EV\"", "active = \"ｶﾞｽ\"");
    assert!(finding(&small.findings(), "SK601").remedy.contains("looks like `ｶﾞｽ`"));
    // Sides are read in any width.
    let mut small = SmallTrial::new();
    small.set("knees.csv", 2, "side", "Ｌｅｆｔ");
    assert!(finding(&small.findings(), "SK603").message.contains("taken as `LEFT`"));
}

/// Baselines and changes in columns of wide data are compared like those of long data, and describe no patient.
#[test]
fn computed_columns_of_wide_data_are_compared() {
    let built = |rows: &str| {
        let plan = "[trial]\nid = \"W\"\ntitle = \"W\"\n[data]\npath = \"w.csv\"\nshape = \"wide\"\n\
            pattern = \"{endpoint}_{knee}_{visit}\"\ncolumns = { patient = \"id\" }\nallocation = \"a.csv\"\n\
            allocation_columns = { patient = \"id\", active_knee = \"side\" }\n[arms]\nactive = \"EV\"\nplacebo = \"PB\"\n[visits]\n\
            order = [\"m0\", \"m6\"]\nbaseline = \"m0\"\n[[endpoint]]\nname = \"VAS\"\ncolumn = \"vas\"\nbetter = \"lower\"\n";
        let plan = plan::parse(plan, "plan.toml").unwrap_or_else(|findings| panic!("{findings:#?}"));
        let file = format!("id,vas_L_m0,vas_R_m0,vas_L_m6,vas_R_m6,vas_L_base,chg_vas_L_m6,vas_R_m6_chg\n{rows}");
        let sources = plan::sources::read_with(&plan, |name| match name {
            "a.csv" => Ok(b"id,side\n1,L\n2,R\n3,L\n".to_vec()),
            _ => Ok(file.clone().into_bytes()),
        });
        splitknee::trial::build::build(&plan.design(), &sources.unwrap())
            .unwrap_or_else(|findings| panic!("{findings:#?}"))
    };
    let rows = "1,50,55,40,52,50,-10,-3\n2,61,60,44,58,61,-17,-2\n3,48,52,41,50,48,-7,-2\n";
    let (trial, findings) = built(rows);
    assert!(!findings.iter().any(|found| ["SK230", "SK050", "SK616"].contains(&found.rule)), "{findings:#?}");
    assert!(trial.patients.iter().all(|patient| patient.attributes.is_empty()), "{:?}", trial.patients[0].attributes);
    let (_, findings) = built(&rows.replace(",61,-17,-2", ",66,-17,-12"));
    let found = rules(&findings, "SK230");
    assert!(found.len() == 2 && found[0].message.contains("vas_L_base of patient 2 L is 66"), "{findings:#?}");
    assert!(found[1].message.contains("vas_R_m6_chg of patient 2 R is -12"), "{findings:#?}");
    // A row without any value is a patient who was never measured.
    let (_, findings) = built(&format!("{rows}4,,,,,,,\n"));
    assert!(finding(&findings, "SK113").message.contains("patient 4"));
}

/// Labels of SPSS and Stata are compared by label and by value alike.
#[test]
fn conditions_know_labels_and_values() {
    let code = |_: &str, label: &str| (label == "Yes").then(|| "1".to_owned());
    let holds =
        |condition: &str, cell: &'static str| Condition::parse(condition).unwrap().holds_with(&|_| Some(cell), &code);
    for condition in
        ["fas == 1", "fas == \"1\"", "fas == \"Yes\"", "fas in [1, 2]", "fas >= 1", "fas != 0", "fas != \"No\""]
    {
        assert!(holds(condition, "Yes"), "{condition}");
    }
    for condition in ["fas == 0", "fas != 1", "fas != \"Yes\"", "fas != \"1\"", "fas > 1"] {
        assert!(!holds(condition, "Yes"), "{condition}");
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/everyday/formats");
    let copy = tempfile::tempdir().unwrap();
    fs::copy(folder.join("knees.sav"), copy.path().join("knees.sav")).unwrap();
    let plan = |condition: &str| {
        format!(
            "[trial]\nid = \"T\"\ntitle = \"T\"\n[data]\npath = \"knees.sav\"\ncolumns = {{ patient = \"pid\", knee = \"knee\", arm = \
             \"trt\", visit = \"visit\" }}\nwhere = '{condition}'\n[arms]\nactive = \"EV\"\nplacebo = \"SALINE\"\n[visits]\norder = \
             [\"Baseline\", \"Month 3\"]\nbaseline = \"Baseline\"\n[[endpoint]]\nname = \"VAS\"\ncolumn = \"vas\"\nbetter = \"lower\"\n"
        )
    };
    let path = copy.path().join("plan.toml");
    let data = copy.path().join("knees.sav");
    let of_visit = |visit: &str| {
        let condition = format!("visit={visit}");
        let test =
            ["test", "paired-t", "--data", data.to_str().unwrap(), "--id", "pid", "--arm", "trt", "--active", "EV"];
        run(&test
            .iter()
            .copied()
            .chain(["--placebo", "SALINE", "--value", "vas", "--where", &condition])
            .collect::<Vec<_>>())
    };
    assert!(of_visit("3").0 == 0 && of_visit("3") == of_visit("Month 3"), "{:?}", of_visit("3"));
    for condition in ["visit <= 3", "visit in [\"Baseline\", 3]", "trt != 9 and trt in [1, 2]"] {
        fs::write(&path, plan(condition)).unwrap();
        let (code, out, err) = run(&["check", path.to_str().unwrap()]);
        assert!(code == 0 && out.contains("keeps 40 of 40 rows"), "{condition}: {out}{err}");
    }
}

/// The name of a scale tells its direction in both languages.
#[test]
fn a_direction_against_the_name_is_found() {
    let of = |name: &str, better: &str| {
        let mut small = SmallTrial::new();
        small.edit_plan("name = \"VAS pain\"", &format!("name = \"{name}\""));
        small.edit_plan("better = \"lower\"\nrole", &format!("better = \"{better}\"\nrole"));
        small.edit_plan("column = \"vas\"", "column = \"y1\"");
        small
            .read_plan()
            .unwrap_or_else(|findings| panic!("{findings:?}"))
            .remarks
            .iter()
            .any(|found| found.rule == "SK041")
    };
    for (name, better) in [
        ("痛みVAS", "lower"),
        ("安静時痛 (NRS)", "lower"),
        ("KOOS pain", "higher"),
        ("koos_qol", "higher"),
        ("Oswestry Disability Index", "lower"),
        ("膝関節可動域", "higher"),
        ("Pain relief VAS", "higher"),
        ("Pressure pain threshold", "higher"),
        ("Effusion", "lower"),
    ] {
        let other = if better == "lower" { "higher" } else { "lower" };
        assert!(!of(name, better) && of(name, other), "{name}");
    }
    for open in ["Vascular index", "Global change", "Score"] {
        assert!(!of(open, "lower") && !of(open, "higher"), "{open}");
    }
}

/// Causes that can be seen in the plan are named.
#[test]
fn causes_in_the_plan_are_named() {
    for (from, to, message, remedy) in [
        ("range = [0, 100]", "range = [0, inf]", "no number", "leave `range` out"),
        ("range = [0, 100]", "range = [100, 0]", "is empty", "lowest value first"),
        ("unit = \"mm\"", "minimal_improvement = 0", "positive number, not 0", "above 0"),
        ("unit = \"mm\"", "minimal_improvement = -5", "positive number, not -5", "without a sign"),
        ("unit = \"mm\"", "minimal_improvement = inf", "positive number", "write a number"),
        (
            "baseline = \"Baseline\"",
            "baseline = \"Baseline\"\nmonths = [0, 60, 183]",
            "are these days?",
            "month is 30.4 days",
        ),
        ("baseline = \"Baseline\"", "baseline = \"Baseline\"\nmonths = [0, 8.7, 26]", "are these weeks?", "4.3 weeks"),
        ("id = \"T-1\"", "id = “T-1”", "not TOML", "curly quotes"),
        ("where = 'pp == \"Y\"'", "where = ‘pp == \"Y\"’", "not TOML", "curly quotes"),
        ("id = \"T-1\"", "id\u{3000}= \"T-1\"", "not TOML", "blank of another kind"),
        ("id = \"T-1\"", "id ＝ \"T-1\"", "not TOML", "full width"),
    ] {
        let mut small = SmallTrial::new();
        small.edit_plan(from, to);
        let findings = small.read_plan().expect_err(to);
        let found = findings.iter().any(|found| found.message.contains(message) && found.remedy.contains(remedy));
        assert!(found, "{to}: {findings:?}");
    }
    // Curly quotes inside a text are text.
    let mut small = SmallTrial::new();
    small.edit_plan("title = \"A small trial\"", "title = \"A “small” trial\"");
    assert!(small.read_plan().is_ok());
    let mut days = SmallTrial::new();
    days.set_column("knees.csv", "month", |month, _| (month.parse::<usize>().unwrap() * 30).to_string());
    assert!(finding(&days.findings(), "SK309").message.ends_with("are these days?"));
}

/// A page of the web under the name of a workbook or table is called one.
#[test]
fn pages_named_as_tables_are_called_so() {
    let html = "\u{feff}\n<HTML xmlns:x=\"urn:schemas-microsoft-com:office:excel\"><body><table><tr><td>id</td></tr></table></body></html>";
    let xml = "<?xml version=\"1.0\"?>\n<?mso-application progid=\"Excel.Sheet\"?>\n<Workbook></Workbook>";
    let mht = "MIME-Version: 1.0\nX-Document-Type: Workbook\n";
    for (text, called) in [(html, "an HTML page"), (xml, "XML spreadsheet of Excel 2003"), (mht, "a web archive")] {
        for name in ["k.xls", "k.csv", "k.xlsx"] {
            let error = read_bytes(name, text.as_bytes(), &ReadOptions::default()).unwrap_err();
            assert!(error.code() == "data-wrong-format" && error.to_string().contains(called), "{name}: {error}");
            assert!(error.to_string().contains("save it as .xlsx or CSV"), "{error}");
        }
    }
    let table = read_bytes("k.xls", b"id\tvas\n1\t2\n", &ReadOptions::default()).unwrap_err();
    assert!(table.to_string().contains("`\"tsv\"`") || table.to_string().contains("\"tsv\""), "{table}");
}

/// A seal that is dated after today is sealed, and said.
#[test]
fn a_seal_of_tomorrow_is_said() {
    let copy = tempfile::tempdir().unwrap();
    let small = SmallTrial::new();
    let path = copy.path().join("plan.toml");
    fs::write(&path, &small.plan).unwrap();
    let (code, _, err) = run(&["lock", path.to_str().unwrap(), "--date", "9998-01-31"]);
    assert!(code == 0 && err.contains("after today"), "{err}");
    let (code, _, err) = run(&["lock", path.to_str().unwrap(), "--date", "2001-01-31", "--replace"]);
    assert!(code == 0 && err.is_empty(), "{err}");
}

/// The remedies of one kind of cell stand once, also where each quotes its own cell.
#[test]
fn one_remedy_for_one_kind_of_cell() {
    let copy = tempfile::tempdir().unwrap();
    let mut small = SmallTrial::new();
    small.set_column("knees.csv", "vas", |vas, _| format!("{vas}%"));
    for name in small.files.keys() {
        fs::write(copy.path().join(name), small.csv(name)).unwrap();
    }
    let path = copy.path().join("plan.toml");
    fs::write(&path, &small.plan).unwrap();
    let (code, out, err) = run(&["check", path.to_str().unwrap()]);
    assert_eq!((code, format!("{out}{err}").matches("in all rows").count()), (1, 1), "{out}{err}");
}

/// One endpoint carried forward, or copied from knee to knee, in most knees is found though the others were measured.
#[test]
fn one_endpoint_that_was_copied_is_found() {
    let copied = |from: &dyn Fn(&[String]) -> [String; 3], visits: &[&str], sides: &[&str]| {
        let mut small = SmallTrial::new();
        let rows = small.files.get_mut("knees.csv").unwrap();
        let key = |row: &[String]| [row[0].clone(), row[1].clone(), row[2].clone()];
        let vas: Vec<([String; 3], String)> = rows.iter().map(|row| (key(row), row[6].clone())).collect();
        for row in rows.iter_mut().filter(|row| visits.contains(&row[2].as_str()) && sides.contains(&row[1].as_str())) {
            let wanted = from(row);
            row[6] = vas.iter().find(|(key, _)| *key == wanted).unwrap().1.clone();
        }
        small.findings()
    };
    let before = |row: &[String]| [row[0].clone(), row[1].clone(), "Month 2".to_owned()];
    let findings = copied(&before, &["Month 6"], &["LEFT", "RIGHT"]);
    let found = finding(&findings, "SK209");
    assert!(found.message.contains("VAS pain at `Month 6` equals that at `Month 2` in 24 of 24 knees"), "{found}");
    assert!(rules(&findings, "SK210").is_empty());
    let other = |row: &[String]| [row[0].clone(), "LEFT".to_owned(), row[2].clone()];
    let findings = copied(&other, &["Month 2"], &["RIGHT"]);
    let found = finding(&findings, "SK210");
    assert!(found.message.contains("VAS pain at `Month 2` is the same in both knees of 12 of 12 patients"), "{found}");
}
