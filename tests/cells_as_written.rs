//! Cells as people and programs write them: words of a disposition, numbers beside text, units, codes, identifiers in
//! another width or script, errors of a spreadsheet. What cannot be read for certain is refused by its name.

use super::small_trial::{SmallTrial, finding};
use splitknee::analysis::{Outcomes, analyse};
use splitknee::paired::Field;
use splitknee::trial::Finding;

fn outcomes(small: &SmallTrial) -> Outcomes {
    let (plan, _) = small.read().expect("plan and files");
    let (trial, _) = small.build().unwrap_or_else(|findings| panic!("{findings:#?}"));
    analyse(&plan, &trial)
}

/// The patients in the rows of the disposition: item, reason, patients.
fn disposition(small: &SmallTrial) -> Vec<(String, String, f64)> {
    let outcomes = outcomes(small);
    let rows = outcomes.records.iter().filter(|record| record.id.starts_with("counts.disposition."));
    let rows = rows.map(|record| {
        let text = |key: &str| match record.result.field(key) {
            Some(Field::Text(text)) => text.clone(),
            _ => String::new(),
        };
        (text("item"), text("value"), record.result.number("patients").expect("a count of patients"))
    });
    rows.filter(|(item, ..)| item != "set" && item != "randomised").collect()
}

fn counted(rows: &[(String, String, f64)], item: &str) -> Option<f64> {
    rows.iter().find(|(known, ..)| known == item).map(|(.., patients)| *patients)
}

fn rules<'f>(findings: &'f [Finding], rule: &str) -> Vec<&'f Finding> {
    findings.iter().filter(|finding| finding.rule == rule).collect()
}

#[test]
fn the_status_decides_and_never_the_reason() {
    for (status, reason) in [
        ("COMPLETED", "n/a"),
        ("COMPLETED", "COMPLETED"),
        ("Complete", "Completed per protocol"),
        ("Completed study", ""),
        ("Finished", "-"),
        ("完了", "該当なし"),
    ] {
        let mut small = SmallTrial::new();
        small.set_column("disposition.csv", "status", |_, _| status.to_owned());
        small.set_column("disposition.csv", "reason", |_, _| reason.to_owned());
        assert_eq!(disposition(&small), [("completed".to_owned(), String::new(), 12.0)], "{status} {reason}");
        assert!(rules(&small.findings(), "SK717").is_empty(), "{status} {reason}");
    }
}

#[test]
fn every_patient_has_a_row_of_the_disposition() {
    let mut small = SmallTrial::new();
    for (row, status, reason) in [
        (2, "", ""),
        (3, "", "Moved away"),
        (4, "ongoing", ""),
        (5, "Dropped out", "AE"),
        (6, "中止", "n/a"),
        (7, "継続中", ""),
    ] {
        small.set("disposition.csv", row, "status", status);
        small.set("disposition.csv", row, "reason", reason);
    }
    let rows = disposition(&small);
    let expected = [("completed", 6.0), ("ongoing", 2.0), ("left", 2.0), ("no_reason", 1.0), ("not_recorded", 2.0)];
    for (item, patients) in expected {
        assert_eq!(counted(&rows, item), Some(patients), "{item}: {rows:?}");
    }
    assert!(rows.contains(&("reason".to_owned(), "AE".to_owned(), 1.0)), "{rows:?}");
    // Whoever is not known to have left is not said to have left.
    let findings = small.findings();
    let early: Vec<&str> = rules(&findings, "SK717").iter().map(|finding| finding.message.as_str()).collect();
    assert!(early.len() == 1 && early[0].contains("P05"), "{early:?}");
}

#[test]
fn a_status_that_is_not_known_is_refused_until_the_plan_says_what_it_means() {
    let mut small = SmallTrial::new();
    small.set_column("disposition.csv", "status", |_, _| "Y".to_owned());
    let findings = small.findings();
    let found = finding(&findings, "SK722");
    assert!(found.message.contains("P01") && found.message.contains("`Y`"), "{found}");
    assert!(found.remedy.contains("COMPLETED") && found.remedy.contains("中止"), "{found}");
    small.edit_plan(
        "[[analysis_set]]",
        "[[covariate]]\nname = \"status\"\nkind = \"factor\"\nlevels = [{ code = \"Y\", label = \"COMPLETED\" }]\n[[analysis_set]]",
    );
    assert!(rules(&small.findings(), "SK722").is_empty());
    assert_eq!(counted(&disposition(&small), "completed"), Some(12.0));
}

/// An event whose end alone is known, and lies before the injection, is no harm of it.
#[test]
fn an_event_that_ended_before_the_injection_is_not_counted() {
    let mut small = SmallTrial::new();
    let with_event = |small: &SmallTrial| {
        let outcomes = outcomes(small);
        let any = outcomes.records.iter().find(|record| record.id == "safety.any").expect("any event");
        any.result.number("patients_with_event").expect("a count")
    };
    assert_eq!(with_event(&small), 2.0);
    small.set("events.csv", 2, "start_day", "");
    small.set("events.csv", 2, "end_day", "-5");
    assert_eq!(with_event(&small), 1.0);
    let findings = small.findings();
    let found = finding(&findings, "SK715");
    assert!(found.message.contains("ended before treatment on day -5"), "{found}");
    small.set("events.csv", 2, "end_day", "0");
    assert_eq!(with_event(&small), 2.0);
}

#[test]
fn numbers_beside_text_are_refused_at_any_share() {
    let uses = [
        "[analysis]\ncovariates = [\"age\"]\n",
        "[[subgroup]]\ncolumn = \"age\"\n",
        "[report]\ndemographics = [\"age\"]\n",
    ];
    for share in [1, 6, 11] {
        for used in uses {
            let mut small = SmallTrial::new();
            small.set_column("patients.csv", "age", |age, row| {
                if row - 1 <= share { format!("ca. {age}") } else { age.to_owned() }
            });
            small.plan.push_str(used);
            let findings = small.findings();
            // The cells of the rarer kind are the ones to look at.
            assert_eq!(rules(&findings, "SK613").len(), share.min(12 - share), "{share} {used} {findings:#?}");
        }
    }
    // No number at all: a factor; and a column that nothing uses is not looked at.
    let mut small = SmallTrial::new();
    small.plan.push_str("[analysis]\ncovariates = [\"sex\"]\n");
    small.set_column("patients.csv", "age", |age, row| if row < 7 { format!("ca. {age}") } else { age.to_owned() });
    assert!(rules(&small.findings(), "SK613").is_empty());
}

#[test]
fn text_cannot_be_cut() {
    let mut small = SmallTrial::new();
    small.plan.push_str("[[subgroup]]\ncolumn = \"sex\"\ncuts = [1]\n");
    let findings = small.findings();
    let found = rules(&findings, "SK613");
    assert!(found.len() == 1 && found[0].remedy.contains("`sex` is text: remove `cuts`"), "{found:?}");
}

/// Centimetres for millimetres in some of twelve patients; in one file or in a file of their own.
#[test]
fn a_site_in_another_unit_is_found_at_any_split() {
    let tenth = |cell: &str| format!("{:.1}", cell.parse::<f64>().unwrap() / 10.0);
    for low in [2, 6, 10] {
        let mut small = SmallTrial::new();
        small.set_column(
            "knees.csv",
            "vas",
            |cell, row| if row <= 1 + 6 * low { tenth(cell) } else { cell.to_owned() },
        );
        let findings = small.findings();
        let found = rules(&findings, "SK222");
        assert!(found.len() == 1, "{low}: {found:?}");
        assert!(found[0].message.contains(&format!("{low} of 12 patients (P01, P02")), "{}", found[0]);
    }
    let mut small = SmallTrial::new();
    small.set_column("knees.csv", "vas", |cell, row| if row <= 37 { cell.to_owned() } else { tenth(cell) });
    let rows = small.files.get_mut("knees.csv").unwrap();
    let site: Vec<Vec<String>> = std::iter::once(rows[0].clone()).chain(rows.split_off(37)).collect();
    small.files.insert("site2.csv", site);
    small.edit_plan("[data]", "[[data]]");
    small.edit_plan(
        "[arms]",
        "[[data]]\npath = \"site2.csv\"\ncolumns = { patient = \"id\", knee = \"side\", arm = \"arm\", visit = \"visit\", \
         month = \"month\", date = \"date\" }\n[arms]",
    );
    let findings = small.findings();
    let found = finding(&findings, "SK222");
    assert!(found.message.contains("all in site2.csv"), "{found}");
    assert!(rules(&SmallTrial::new().findings(), "SK222").is_empty());
}

#[test]
fn identifiers_of_another_width_or_script_are_one_patient_twice() {
    for (written, differs) in
        [("P０１", "width"), ("Ｐ01", "width"), ("Р01", "look alike"), ("Ρ01", "look alike"), ("р1", "look alike")]
    {
        let mut small = SmallTrial::new();
        small.set("knees.csv", 6, "id", written);
        small.set("knees.csv", 7, "id", written);
        let findings = small.findings();
        let found = finding(&findings, "SK114");
        assert!(found.message.contains(differs), "{found}");
    }
    let mut small = SmallTrial::new();
    for file in ["knees.csv", "allocation.csv", "events.csv", "disposition.csv"] {
        small.set_column(file, "id", |id, _| format!("{}.0", id.trim_start_matches(['P', '0'])));
    }
    small.set_column("patients.csv", "id", |id, _| id.trim_start_matches(['P', '0']).to_owned());
    let findings = small.findings();
    assert!(finding(&findings, "SK114").message.contains("differ in a decimal only"), "{findings:#?}");
}

#[test]
fn outcomes_are_not_filled_down_and_other_cells_are_counted() {
    let mut small = SmallTrial::new();
    small.edit_plan("path = \"knees.csv\"", "path = \"knees.csv\"\nfill_down = [\"pain\"]");
    let findings = small.read_plan().unwrap_err();
    assert!(finding(&findings, "SK048").message.contains("Pain"), "{findings:?}");
    let mut small = SmallTrial::new();
    small.edit_plan("path = \"knees.csv\"", "path = \"knees.csv\"\nfill_down = [\"id\"]");
    small.set("knees.csv", 3, "id", "");
    let findings = small.findings();
    assert!(finding(&findings, "SK027").message.contains("1 empty cells of `id`"), "{findings:?}");
    // Wide data name the column of a value by a pattern.
    let wide = "trial = { id = \"W\", title = \"Wide\" }\n\
        data = { path = \"knees.csv\", columns = { patient = \"id\" }, shape = \"wide\", pattern = \"{endpoint}_{arm}\", \
        fill_down = [\"COLUMN\"] }\narms = { active = \"EV\", placebo = \"SALINE\" }\n\
        [[endpoint]]\nname = \"VAS\"\ncolumn = \"vas\"\nbetter = \"lower\"\n";
    small.plan = wide.replace("COLUMN", "vas_EV");
    assert_eq!(small.read_plan().unwrap_err()[0].rule, "SK048");
    small.plan = wide.replace("COLUMN", "id");
    assert!(small.read_plan().is_ok());
}

#[test]
fn a_covariate_that_some_lack_is_named_with_them() {
    let mut small = SmallTrial::new();
    small.plan.push_str("[analysis]\ncovariates = [\"age\"]\n");
    small.set("patients.csv", 3, "age", "");
    small.set("patients.csv", 8, "age", "");
    let findings = small.findings();
    let found = finding(&findings, "SK617");
    assert!(found.message.contains("2 of 12 patients of FAS (P02, P07)"), "{found}");
    assert!(found.remedy.contains("primary model"), "{found}");
}

#[test]
fn an_empty_column_and_a_file_of_strangers_are_said_to_be_so() {
    let mut small = SmallTrial::new();
    small.plan.push_str("[report]\ndemographics = [\"sex\"]\n");
    small.set_column("patients.csv", "sex", |_, _| String::new());
    let findings = small.findings();
    let found = finding(&findings, "SK609");
    assert!(found.message.contains("empty for every patient") && !found.remedy.contains("did you mean"), "{found}");
    let mut small = SmallTrial::new();
    small.edit_plan("[data]", "[data]\nmissing = [\"\", \"Y\"]");
    assert!(finding(&small.findings(), "SK609").message.contains("`fas` (the analysis set FAS) is empty"));
    let mut small = SmallTrial::new();
    small.set_column("patients.csv", "id", |id, _| format!("S1-{id}"));
    let findings = small.findings();
    let found = rules(&findings, "SK609");
    assert!(found.len() == 1 && found[0].message.contains("patient `S1-P01`, there patient `P01`"), "{found:?}");
}

#[test]
fn a_cell_that_is_no_number_is_told_why() {
    for (cell, cause, remedy) in [
        ("45 mm", "unit", "write `45`"),
        ("45mm", "unit", "write `45`"),
        ("４５", "full width", "write `45`"),
        ("69%", "per cent", "write `69`"),
        ("\u{2212}4", "minus", "write `-4`"),
        ("4 5", "two numbers", "write one number"),
        ("1 234", "thousands", "write `1234`"),
    ] {
        let mut small = SmallTrial::new();
        small.set("knees.csv", 4, "vas", cell);
        let findings = small.findings();
        let found = finding(&findings, "SK201");
        assert!(found.message.contains(cause) && found.remedy.contains(remedy), "{cell}: {found}");
        assert!(!found.remedy.contains("data.missing"), "{cell}: {found}");
    }
    // A comma before three digits, in a file whose delimiter is another.
    let mut small = SmallTrial::new();
    small.set("knees.csv", 4, "vas", "\"1,234\"");
    let findings = small.findings();
    let found = finding(&findings, "SK201");
    assert!(found.message.contains("thousands") && found.remedy.contains("decimal_comma"), "{found}");
    small.set("knees.csv", 4, "vas", "n/a");
    assert!(finding(&small.findings(), "SK201").remedy.contains("data.missing"));
    small.set("knees.csv", 4, "vas", "-99");
    assert!(finding(&small.findings(), "SK202").remedy.contains("missing_in = { vas = [\"-99\"] }"));
    small.set("knees.csv", 4, "vas", "105");
    assert!(!finding(&small.findings(), "SK202").remedy.contains("missing"));
}

#[test]
fn a_numeric_code_for_missing_is_met_by_its_value() {
    let mut small = SmallTrial::new();
    small.edit_plan("[data]", "[data]\nmissing = [\"\", \"-99\"]");
    for (row, cell) in [(4, "-99"), (5, "-99.0"), (10, "-99.00")] {
        small.set("knees.csv", row, "vas", cell);
    }
    let (trial, findings) = small.build().unwrap_or_else(|findings| panic!("{findings:#?}"));
    assert!(rules(&findings, "SK202").is_empty() && rules(&findings, "SK217").is_empty(), "{findings:#?}");
    let cells = || trial.patients.iter().flat_map(|patient| patient.knees()).flat_map(|knee| &knee.values[0]);
    assert_eq!(cells().filter(|value| value.is_none()).count(), 3);
}

#[test]
fn codes_for_missing_are_seen_among_values_and_patients() {
    let mut small = SmallTrial::new();
    for row in [4, 9] {
        small.set("knees.csv", row, "volume", "-1");
    }
    assert!(finding(&small.findings(), "SK217").message.contains("-1 in 2 cells"));
    let mut small = SmallTrial::new();
    small.set("patients.csv", 4, "age", "99");
    small.set("patients.csv", 9, "age", "99");
    assert_eq!(rules(&small.findings(), "SK616").len(), 2);
    small.set("patients.csv", 4, "age", "-1");
    small.set("patients.csv", 9, "age", "61");
    assert!(finding(&small.findings(), "SK616").message.contains("P03 is -1"));
}

/// A median of two differences is half their sum, without the digits of binary fractions.
#[test]
fn an_outlying_difference_is_printed_as_people_write_numbers() {
    let mut small = SmallTrial::new();
    small.edit_plan(
        "column = \"volume\"\nbetter = \"higher\"\ndecimals = 0",
        "column = \"volume\"\nbetter = \"higher\"\ndecimals = 2",
    );
    let arm = small.files["knees.csv"][0].iter().position(|name| name == "arm").unwrap();
    let rows = small.files.get_mut("knees.csv").unwrap();
    let last = rows[0].len() - 1;
    for (number, row) in rows.iter_mut().enumerate().skip(1) {
        let patient = (number - 1) / 6;
        let active = row[arm] == "EV";
        // Differences 0.1, 0.2, …; the sum of the middle two, 0.1 × 3 and 0.36, is no decimal of two digits in binary.
        let difference = [0.1, 0.3, 0.36, 0.1, 0.3, 0.36, 0.1, 0.36, 0.1, 0.16, 0.16, 80.0][patient];
        row[last] = if active { format!("{:.2}", 10.0 + difference) } else { "10.00".to_owned() };
    }
    let findings = small.findings();
    let found = finding(&findings, "SK213");
    let long = |word: &str| word.trim_end_matches(['.', ')', ';']).len() > 6 && word.parse::<f64>().is_ok();
    assert!(found.message.contains("0.23") && !found.message.split_whitespace().any(long), "{found}");
}

/// What Excel writes for an error is one in every column that is used, and none where nothing asks for it.
#[test]
fn errors_of_a_spreadsheet_in_a_text_are_errors() {
    for (file, row, column, error) in [
        ("knees.csv", 6, "id", "#REF!"),
        ("knees.csv", 6, "vas", "#DIV/0!"),
        ("knees.csv", 6, "arm", "#N/A"),
        ("patients.csv", 2, "sex", "#VALUE!"),
    ] {
        let mut small = SmallTrial::new();
        small.plan.push_str("[report]\ndemographics = [\"age\", \"sex\"]\n");
        small.set(file, row, column, error);
        let findings = small.findings();
        let found = finding(&findings, "SK024");
        let at = &found.location;
        assert_eq!((at.file.as_str(), at.row, at.column.as_deref()), (file, Some(row), Some(column)), "{found}");
        assert!(found.message.contains(error), "{found}");
    }
    let mut small = SmallTrial::new();
    small.set("patients.csv", 2, "sex", "#VALUE!");
    assert!(small.build().is_ok());
    small.edit_plan("[data]", "[data]\nmissing = [\"\", \"#N/A\"]");
    small.set("patients.csv", 2, "sex", "M");
    small.set("knees.csv", 6, "vas", "#N/A");
    assert!(small.build().is_ok());
}
