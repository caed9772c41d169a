//! What could be read in two ways, or would be passed over, is refused or said with both readings named: codes against
//! labels, columns of wide data, numbers between quotes, lists by side, records of ADaM that are not observed.

use super::small_trial::{SmallTrial, finding};
use splitknee::trial::build::build;
use splitknee::trial::{Finding, Severity};
use std::path::Path;

fn found(plan: &str, file: &str) -> Vec<Finding> {
    let plan = splitknee::plan::parse(plan, "plan.toml").unwrap_or_else(|findings| panic!("{findings:#?}"));
    let sources = splitknee::plan::sources::read_with(&plan, |_| Ok(file.as_bytes().to_vec()));
    let sources = sources.unwrap_or_else(|findings| panic!("{findings:#?}"));
    match build(&plan.design(), &sources) {
        Ok((_, findings)) | Err(findings) => findings,
    }
}

#[test]
fn a_code_of_one_name_that_is_the_label_of_another_is_refused() {
    let mut small = SmallTrial::new();
    small.edit_plan(
        "active = \"EV\"\nplacebo = \"SALINE\"",
        "active = { code = \"SALINE\", label = \"EV\" }\nplacebo = { code = \"EV\", label = \"SALINE\" }",
    );
    let findings = small.read_plan().unwrap_err();
    let said = finding(&findings, "SK009");
    assert!(said.message.contains("code of `EV`") && said.message.contains("label of another"), "{said}");
    // A name with a code that is its own label is no second meaning.
    let mut same = SmallTrial::new();
    same.edit_plan("active = \"EV\"", "active = { code = \"EV\", label = \"EV\" }");
    assert!(same.read_plan().is_ok());
}

/// The plan of the SPSS file of the everyday files, whose `trt` is 1 and 2 with labels of values.
fn of_spss(arms: &str) -> Result<(), Vec<Finding>> {
    let plan = format!(
        "[trial]\nid = \"F\"\ntitle = \"Formats\"\ndata_date = \"2024-05-01\"\n[data]\npath = \"knees.sav\"\n\
         columns = {{ patient = \"pid\", knee = \"knee\", arm = \"trt\", visit = \"visit\", date = \"date\" }}\n[arms]\n{arms}\n\
         [visits]\norder = [\"Baseline\", \"Month 3\"]\nbaseline = \"Baseline\"\n\
         [[endpoint]]\nname = \"VAS pain\"\ncolumn = \"vas\"\nrange = [0, 100]\nbetter = \"lower\"\n"
    );
    let plan = splitknee::plan::parse(&plan, "plan.toml").unwrap_or_else(|findings| panic!("{findings:#?}"));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/everyday/formats");
    splitknee::plan::sources::read(&plan, &folder).map(|_| ())
}

#[test]
fn labels_of_the_file_against_codes_of_the_plan_are_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/everyday/formats/knees.sav");
    let table = splitknee::data::read(&folder, &splitknee::data::ReadOptions::default()).unwrap();
    let [ev, saline] = ["EV", "SALINE"].map(|label| table.code_of_label("trt", label).expect("a labelled value"));
    let arms = |active: &str, placebo: &str| {
        format!(
            "active = {{ code = \"{active}\", label = \"EV\" }}\nplacebo = {{ code = \"{placebo}\", label = \"SALINE\" }}"
        )
    };
    assert_eq!(of_spss(&arms(&ev, &saline)), Ok(()));
    let findings = of_spss(&arms(&saline, &ev)).unwrap_err();
    let said = finding(&findings, "SK009");
    let both = format!("labels {ev} as `EV`");
    assert!(findings.len() == 2 && findings.iter().any(|finding| finding.message.contains(&both)), "{findings:#?}");
    assert!(said.location.column.as_deref() == Some("trt") && said.message.contains("the plan says"), "{said}");
}

#[test]
fn codes_of_arms_are_offered_without_saying_which_is_which() {
    let mut small = SmallTrial::new();
    for file in ["knees.csv", "allocation.csv"] {
        small.set_column(file, "arm", |arm, _| if arm == "EV" { "1" } else { "0" }.to_owned());
    }
    let findings = small.findings();
    let said = finding(&findings, "SK601");
    for offered in ["active = { code = \"…\", label = \"EV\" }", "placebo = { code = \"…\", label = \"SALINE\" }"] {
        assert!(said.remedy.contains(offered), "{said}");
    }
    assert!(said.remedy.contains("which of them is which"), "{said}");
}

#[test]
fn a_list_with_a_column_per_side_is_recognised() {
    let mut small = SmallTrial::new();
    let rows = ["number,id,左,right,randomised", "1,P01,EV,SALINE,2024-01-09"];
    small.files.insert("allocation.csv", rows.map(|row| row.split(',').map(str::to_owned).collect()).to_vec());
    let findings = small.findings();
    let said = finding(&findings, "SK025");
    assert!(said.remedy.contains("allocation_columns = { left = \"左\", right = \"right\" }"), "{said}");
}

#[test]
fn numbers_are_not_compared_in_the_order_of_text() {
    let mut sets = SmallTrial::new();
    sets.edit_plan("where = 'fas == \"Y\"'", "where = 'fas == \"Y\" and not (age < \"100\")'");
    let findings = sets.findings();
    let said = finding(&findings, "SK011");
    assert!(said.message.contains("analysis set FAS") && said.remedy.contains("`age < 100`"), "{said}");
    let mut rows = SmallTrial::new();
    rows.edit_plan("[arms]", "where = 'vas >= \"5\"'\n[arms]");
    let findings = rows.findings();
    let said = finding(&findings, "SK011");
    assert!(said.message.contains("data.where") && said.severity == Severity::Error, "{said}");
    // Dates have an order of their own.
    let mut dates = SmallTrial::new();
    dates.edit_plan("[arms]", "where = 'date >= \"2024-01-01\" and visit != \"N\"'\n[arms]");
    assert!(dates.findings().iter().all(|finding| finding.rule != "SK011"));
}

const WIDE: &str = "[trial]\nid = \"W\"\ntitle = \"W\"\n[data]\npath = \"w.csv\"\nshape = \"wide\"\n\
     pattern = \"{endpoint}_{arm}_{visit}\"\ncolumns = { patient = \"id\" }\n[arms]\nactive = \"EV\"\nplacebo = \"P\"\n\
     [visits]\norder = [\"Baseline\", \"Month 6\"]\nbaseline = \"Baseline\"\n\
     [[endpoint]]\nname = \"VAS\"\ncolumn = \"vas\"\nbetter = \"lower\"\n";

/// Three patients with these columns of wide data.
fn wide(columns: &str) -> Vec<Finding> {
    let cells = |patient: usize| -> Vec<String> {
        (0..columns.split(',').count()).map(|column| (40 + 7 * patient + 3 * column % 11).to_string()).collect()
    };
    let rows: Vec<String> = (1..4).map(|patient| format!("{patient},{}\n", cells(patient).join(","))).collect();
    found(WIDE, &format!("id,{columns}\n{}", rows.concat()))
}

const COLUMNS: &str = "vas_EV_baseline,vas_P_baseline,vas_EV_m6,vas_P_m6";

#[test]
fn two_columns_of_one_value_are_refused() {
    let findings = wide(&format!("{COLUMNS},vas_EV_Month_6"));
    let said = finding(&findings, "SK009");
    assert!(said.message.contains("`vas_EV_m6`") && said.message.contains("`vas_EV_Month_6`"), "{said}");
    assert!(wide(COLUMNS).iter().all(|finding| !["SK009", "SK050"].contains(&finding.rule)));
}

#[test]
fn columns_that_nearly_follow_the_pattern_are_named() {
    for name in ["vas_EV_m12", "VAS_EV_Month_6", "vas_EV_Month6x"] {
        let findings = wide(&format!("{COLUMNS},{name}"));
        let said = finding(&findings, "SK050");
        assert!(said.message.contains(&format!("`{name}`")), "{said}");
    }
    assert!(wide(&format!("{COLUMNS},age,womac_EV_m12")).iter().all(|finding| finding.rule != "SK050"));
}

const BDS: &str = "[trial]\nid = \"B\"\ntitle = \"B\"\n[data]\npath = \"b.csv\"\nshape = \"bds\"\n\
     columns = { patient = \"ID\", knee = \"LAT\", arm = \"TRTP\", visit = \"AVISIT\" }\n[arms]\nactive = \"EV\"\nplacebo = \"P\"\n\
     [visits]\norder = [\"Base\", \"End\"]\nbaseline = \"Base\"\n[[endpoint]]\nname = \"VAS\"\ncolumn = \"VAS\"\nbetter = \"lower\"\n";

#[test]
fn derived_and_unflagged_records_of_adam_are_said() {
    let rows = |derived: &str, flag: &str| {
        format!(
            "ID,LAT,TRTP,AVISIT,PARAMCD,AVAL,DTYPE,ANL01FL\n1,L,EV,Base,VAS,5,,Y\n1,R,P,Base,VAS,6,,Y\n\
             1,L,EV,End,VAS,4,{derived},Y\n1,R,P,End,VAS,5,,{flag}\n"
        )
    };
    let said = |plan: &str, file: &str| -> Vec<Finding> {
        found(plan, file).into_iter().filter(|finding| finding.rule == "SK049").collect()
    };
    assert!(said(BDS, &rows("", "Y")).is_empty());
    let derived = said(BDS, &rows("LOCF", "Y"));
    assert!(derived.len() == 1 && derived[0].message.starts_with("1 of 4 rows are derived (LOCF)"), "{derived:#?}");
    assert!(derived[0].remedy.contains("where = 'DTYPE == \"\"'"), "{derived:#?}");
    let unflagged = said(BDS, &rows("", ""));
    assert!(unflagged.len() == 1 && unflagged[0].remedy.contains("where = 'ANL01FL == \"Y\"'"), "{unflagged:#?}");
    let kept = BDS.replace("[arms]", "where = 'ANL01FL == \"Y\" and DTYPE == \"\"'\n[arms]");
    assert!(said(&kept, &rows("LOCF", "")).is_empty());
}
