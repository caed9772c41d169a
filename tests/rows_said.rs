//! No row, cell or patient goes without a word: totals, codes for missing, flags, conditions, dates, copies.

use super::small_trial::{SmallTrial, finding};
use splitknee::trial::Finding;

fn rules<'f>(findings: &'f [Finding], rule: &str) -> Vec<&'f Finding> {
    findings.iter().filter(|finding| finding.rule == rule).collect()
}

/// Adds a row of `cells` by column at the end of a file.
fn add(small: &mut SmallTrial, file: &'static str, cells: &[(&str, &str)]) -> usize {
    let row = small.repeat(file, 2);
    let columns: Vec<String> = small.files[file][0].clone();
    for column in columns {
        let value = cells.iter().find(|(name, _)| *name == column).map_or("", |(_, value)| value);
        small.set(file, row, &column, value);
    }
    row
}

#[test]
fn a_row_of_totals_is_one_error_that_names_it() {
    for (id, arm) in [("Total", "EV"), ("Mean", "SALINE"), ("SD", ""), ("平均", "EV"), ("Ｎ", "EV")] {
        let mut small = SmallTrial::new();
        let cells = [("id", id), ("arm", arm), ("vas", "99"), ("side", "LEFT"), ("visit", "Month 6")];
        let row = add(&mut small, "knees.csv", &cells);
        let findings = small.findings();
        let errors: Vec<&Finding> =
            findings.iter().filter(|finding| finding.severity == splitknee::trial::Severity::Error).collect();
        assert_eq!(errors.len(), 1, "{errors:#?}");
        assert_eq!((errors[0].rule, errors[0].location.row), ("SK118", Some(row)), "{id}");
        assert!(errors[0].message.contains(id) && errors[0].remedy.contains("delete the row"), "{}", errors[0]);
    }
    // In the list of randomisation it would count as a patient.
    let mut small = SmallTrial::new();
    add(&mut small, "allocation.csv", &[("id", "合計"), ("side", "LEFT"), ("arm", "EV"), ("number", "99")]);
    assert_eq!(finding(&small.findings(), "SK118").location.file, "allocation.csv");
    // The way out that it names.
    let mut small = SmallTrial::new();
    add(&mut small, "knees.csv", &[("id", "Total"), ("vas", "99")]);
    small.edit_plan("[arms]", "where = 'id != \"Total\"'\n[arms]");
    assert!(small.findings().is_empty(), "{:?}", small.findings());
}

#[test]
fn codes_for_missing_are_counted_and_can_be_of_one_column() {
    let spoiled = || {
        let mut small = SmallTrial::new();
        small.set("knees.csv", 2, "stiffness", "99");
        small.set("knees.csv", 3, "vas", "99");
        small.set("knees.csv", 4, "vas", "99.0");
        small
    };
    // The remedies leave the other columns alone.
    let remedy = finding(&spoiled().findings(), "SK202").remedy.clone();
    assert!(remedy.contains("missing_in = { stiffness = [\"99\"] }"), "{remedy}");
    let mut small = SmallTrial::new();
    small.edit_plan("range = [0, 8]\n", "");
    small.set("knees.csv", 4, "stiffness", "9");
    small.set("knees.csv", 9, "stiffness", "9");
    let remedy = finding(&small.findings(), "SK217").remedy.clone();
    assert!(remedy.contains("missing_in = { stiffness = [\"9\"] }"), "{remedy}");
    let mut small = spoiled();
    small.edit_plan("[arms]", "missing_in = { stiffness = [\"99\"] }\n[arms]");
    let found = small.findings();
    assert_eq!(finding(&found, "SK039").message, "the code `99` for missing emptied 1 cell of `stiffness`");
    assert!(rules(&found, "SK037").is_empty(), "{found:#?}");
    let values = |small: &SmallTrial, endpoint: usize| -> Vec<f64> {
        let (trial, _) = small.build().unwrap();
        let knees = trial.patients.iter().flat_map(|patient| patient.knees().to_vec());
        knees.flat_map(|knee| knee.values.get(endpoint).unwrap_or_default().to_vec()).flatten().collect()
    };
    assert_eq!(values(&small, 0).iter().filter(|value| **value == 99.0).count(), 2);
    assert!(!values(&small, 2).contains(&99.0));
    // Declared for all columns it says what it took, and where that may be a value.
    let mut small = spoiled();
    small.edit_plan("[arms]", "missing = [\"\", \"99\"]\n[arms]");
    let found = small.findings();
    let messages: Vec<&str> = rules(&found, "SK039").iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(messages, ["the code `99` for missing emptied 1 cell of `stiffness`, 2 cells of `vas`"]);
    let among = rules(&found, "SK037");
    assert!(among.len() == 1 && among[0].message.contains("VAS pain runs from 0 to 100"), "{among:#?}");
    // A column that no file has.
    let mut small = spoiled();
    small.edit_plan("[arms]", "missing_in = { volme = [\"99\"] }\n[arms]");
    let found = small.findings();
    assert!(finding(&found, "SK025").remedy.contains("`volume`"), "{found:#?}");
}

/// A cell that a code emptied is not said to be empty without the code.
#[test]
fn an_empty_side_names_the_code_that_emptied_it() {
    let mut small = SmallTrial::new();
    small.edit_plan("[arms]", "missing = [\"\", \"RIGHT\"]\n[arms]");
    let found = small.findings();
    assert!(finding(&found, "SK604").message.contains("`RIGHT` stands in the cell"), "{found:#?}");
    assert!(finding(&found, "SK604").remedy.contains("missing_in"), "{found:#?}");
}

#[test]
fn flags_of_analysis_sets_are_read_or_said() {
    let mut small = SmallTrial::new();
    for (row, flag) in [(3, "y"), (4, "Yes"), (5, "1"), (6, ""), (7, "Ｙ"), (8, "N")] {
        small.set("patients.csv", row, "fas", flag);
    }
    let found = small.findings();
    let odd = finding(&found, "SK619");
    for said in
        ["`y` in P02", "`Yes` in P03", "`1` in P04", "empty in P05", "`Ｙ` in P06", "FAS asks for `fas == \"Y\"`"]
    {
        assert!(odd.message.contains(said), "{said}: {odd}");
    }
    assert!(!odd.message.contains("P07"), "{odd}");
    // A number in the column hides no spelling.
    assert!(finding(&found, "SK610").message.contains("`fas`"), "{found:#?}");
    // A set by a number names the patients whose cell is none.
    let mut small = SmallTrial::new();
    small.edit_plan("where = 'pp == \"Y\"'", "where = 'age < 60'");
    small.set("patients.csv", 2, "age", "ca. 31");
    small.set("patients.csv", 3, "age", "n/k");
    let found = small.findings();
    let odd = finding(&found, "SK619");
    assert!(odd.message.contains("`ca. 31` in P01") && odd.message.contains("`n/k` in P02"), "{odd}");
}

#[test]
fn rows_that_a_condition_cannot_read_are_said() {
    let mut small = SmallTrial::new();
    small.set("knees.csv", 5, "month", "2O");
    small.set("knees.csv", 9, "month", "n/a");
    small.edit_plan("[arms]", "where = 'month < 90'\n[arms]");
    let found = small.findings();
    let said = rules(&found, "SK038");
    assert_eq!(said.len(), 2, "{found:#?}");
    assert!(
        said[0].message.contains("`2O` is no number") && said[0].message.contains("row 5 is left out"),
        "{}",
        said[0]
    );
}

#[test]
fn dates_are_compared_as_dates_and_other_text_has_no_order() {
    let kept = |condition: &str| {
        let mut small = SmallTrial::new();
        small.set_column("knees.csv", "date", |date, _| {
            let [year, month, day] = <[&str; 3]>::try_from(date.split('-').collect::<Vec<_>>()).unwrap();
            format!("{day}.{month}.{year}")
        });
        let text = format!("where = '{condition}'\n[arms]");
        small.edit_plan("[arms]", &text);
        small
    };
    // P01's Month 6 is on 2024-07-11; those before February are the baselines of four patients.
    let (_, sources) = kept("date >= \"2024-02-01\"").read().unwrap();
    assert_eq!(sources.observations.table.height(), 72 - 2 * 4);
    let (_, german) = kept("date >= \"01.02.2024\"").read().unwrap();
    assert_eq!(german.observations.table.height(), 72 - 2 * 4);
    let found = kept("visit >= \"Month 2\"").findings();
    let refused = finding(&found, "SK011");
    assert!(refused.message.contains("Month 12 comes before Month 3"), "{refused}");
    assert!(refused.remedy.contains("visit in [\"Baseline\", \"Month 2\", \"Month 6\"]"), "{refused}");
    // The same for an analysis set.
    let mut small = SmallTrial::new();
    small.edit_plan("where = 'pp == \"Y\"'", "where = 'sex > \"A\"'");
    assert!(finding(&small.findings(), "SK011").remedy.contains("sex in [\"M\", \"F\"]"));
}

#[test]
fn dates_of_randomisation_are_read_in_their_order_or_refused() {
    let with = |first: &str, others: &dyn Fn(usize) -> String| {
        let mut small = SmallTrial::new();
        let rows = small.files.get_mut("patients.csv").unwrap();
        for (row, cells) in rows.iter_mut().enumerate() {
            cells.push(match row {
                0 => "randdt".to_owned(),
                1 => first.to_owned(),
                row => others(row),
            });
        }
        small.edit_plan(", date = \"randomised\"", "");
        small.edit_plan("patients = ", "randomisation_date = \"randdt\"\npatients = ");
        small.findings()
    };
    let late = with("20.03.2024", &|row| format!("{:02}.01.2024", 5 + row % 3));
    assert!(finding(&late, "SK304").message.contains("2024-03-20"), "{late:#?}");
    for odd in ["soon", "20.03.2024", "2024-03-32"] {
        let found = with(odd, &|row| format!("2024-01-{:02}", 5 + row % 3));
        let at = &finding(&found, "SK301").location;
        assert_eq!(
            (at.file.as_str(), at.row, at.column.as_deref()),
            ("patients.csv", Some(2), Some("randdt")),
            "{odd}"
        );
    }
}

#[test]
fn dates_of_events_and_deviations_are_days() {
    let mut small = SmallTrial::new();
    for (row, cells) in small.files.get_mut("events.csv").unwrap().iter_mut().enumerate() {
        let dates = [["began", "ended"], ["2024-01-13", "2024-01-11"], ["2024-01", "ongoing"]][row];
        cells.extend(dates.map(str::to_owned));
    }
    small.edit_plan(
        "adverse_events =",
        "event_columns = { start_date = \"began\", end_date = \"ended\" }\nadverse_events =",
    );
    let found = small.findings();
    assert!(finding(&found, "SK706").message.contains("2024-01-11"), "{found:#?}");
    assert!(rules(&found, "SK723").is_empty(), "{found:#?}");
    let mut small = SmallTrial::new();
    let rows =
        [["id", "deviation", "date"], ["P01", "Visit missed", "2024-02-30"], ["P02", "Visit missed", "2024-02-03"]];
    small.files.insert("deviations.csv", rows.map(|row| row.map(str::to_owned).to_vec()).to_vec());
    small.edit_plan(
        "disposition =",
        "deviations = \"deviations.csv\"\ndeviation_columns = { date = \"date\" }\ndisposition =",
    );
    let found = small.findings();
    let odd = finding(&found, "SK723");
    assert_eq!((odd.location.file.as_str(), odd.location.row), ("deviations.csv", Some(2)), "{odd}");
}

#[test]
fn one_odd_cell_takes_no_characteristic_out_of_the_table() {
    let mut small = SmallTrial::new();
    small.set("patients.csv", 4, "age", "M");
    small.set("patients.csv", 4, "sex", "58");
    let found = small.findings();
    let said: Vec<&str> = rules(&found, "SK613").iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(said, ["`M` in `age`, which else holds numbers", "`58` in `sex`, which else holds text"]);
    // The cell is blamed, also where a key of the plan names the column.
    small.plan.push_str("[report]\ndemographics = [\"age\", \"sex\"]\n");
    let found = small.findings();
    let said: Vec<&str> = rules(&found, "SK613").iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(said, ["`M` in `age`, which else holds numbers", "`58` in `sex`, which else holds text"]);
}

/// WOMAC pain of five items on top of the small trial.
fn scored(answer: impl Fn(usize, usize) -> String, range: &str) -> SmallTrial {
    let mut small = SmallTrial::new();
    for (row, cells) in small.files.get_mut("knees.csv").unwrap().iter_mut().enumerate() {
        for item in 0..5 {
            cells.push(if row == 0 { format!("w{item}") } else { answer(row, item) });
        }
    }
    small.edit_plan(
        "[[analysis_set]]",
        &format!(
            "[[endpoint]]\nname = \"WOMAC pain\"\ncolumn = \"womac_pain\"\nbetter = \"lower\"\n{range}\n\
             score = {{ instrument = \"womac-lk\", scale = \"pain\", items = [\"w0\", \"w1\", \"w2\", \"w3\", \"w4\"] }}\n\
             [[analysis_set]]"
        ),
    );
    small
}

#[test]
fn items_coded_from_one_are_named_so() {
    let from_one = |row: usize, item: usize| (1 + (row * 7 + item * 3) % 5).to_string();
    let found = scored(from_one, "").findings();
    let said = rules(&found, "SK219");
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(
        said[0].message.contains("from 1 to 5") && said[0].remedy.contains("take 1 from every answer"),
        "{}",
        said[0]
    );
    // What the message of single answers would have led to.
    let mut small = scored(from_one, "");
    small.edit_plan(
        "[arms]",
        "missing_in = { w0 = [\"5\"], w1 = [\"5\"], w2 = [\"5\"], w3 = [\"5\"], w4 = [\"5\"] }\n[arms]",
    );
    assert!(finding(&small.findings(), "SK219").message.contains("from 1 to 5"));
    // Answers from 0, and one wrong among them.
    let from_zero = |row: usize, item: usize| ((row * 7 + item * 3) % 5).to_string();
    assert!(rules(&scored(from_zero, "").findings(), "SK219").is_empty());
    let found =
        scored(|row, item| if (row, item) == (1, 0) { "5".to_owned() } else { from_zero(row, item) }, "").findings();
    let said = finding(&found, "SK219");
    assert!(said.location.row == Some(2) && said.remedy.contains("missing_in = { w0 = [\"5\"] }"), "{said}");
}

#[test]
fn the_range_of_a_scale_is_the_instruments() {
    let from_zero = |row: usize, item: usize| ((row * 7 + item * 3) % 5).to_string();
    let refused = scored(from_zero, "range = [0, 100]").read_plan().unwrap_err();
    let said = finding(&refused, "SK010");
    assert!(said.message.contains("runs from 0 to 20") && said.remedy.contains("normalised = true"), "{said}");
    assert!(scored(from_zero, "range = [0, 20]").read_plan().is_ok());
}

#[test]
fn what_a_reader_decided_is_a_finding() {
    let mut small = SmallTrial::new();
    // A comma as decimal sign in a file with semicolons, told from the cells.
    small.set_column("knees.csv", "volume", |cell, _| format!("{cell},5"));
    let (plan, _) = small.read_plan().map(|plan| (plan, ())).unwrap();
    let text = String::from_utf8(small.csv("patients.csv")).unwrap();
    let knees: Vec<String> = small.files["knees.csv"].iter().map(|row| row.join(";")).collect();
    let knees = knees.join("\n") + "\n";
    let sources = splitknee::plan::sources::read_with(&plan, |name| {
        Ok(match name {
            "knees.csv" => knees.clone().into_bytes(),
            "patients.csv" => text.clone().into_bytes(),
            other => small.csv(other),
        })
    })
    .unwrap();
    let found = match splitknee::trial::build::build(&plan.design(), &sources) {
        Ok((_, found)) | Err(found) => found,
    };
    assert!(finding(&found, "SK027").message.contains("decimal comma"), "{found:#?}");
    // A single note is one finding, also where it is a remark as well.
    let mut small = SmallTrial::new();
    small.set("knees.csv", 4, "visit", "Month\u{a0}2");
    assert_eq!(rules(&small.findings(), "SK027").len(), 1);
}

/// Two files that spell one patient in two ways: the spelling is said, and nothing that follows from it.
#[test]
fn identifiers_that_differ_between_files_are_the_cause() {
    let mut small = SmallTrial::new();
    let rows = small.files["knees.csv"].clone();
    let columns = |wanted: &[&str]| -> Vec<Vec<String>> {
        let at: Vec<usize> =
            wanted.iter().map(|name| rows[0].iter().position(|known| known == name).unwrap()).collect();
        rows.iter().map(|row| at.iter().map(|column| row[*column].clone()).collect()).collect()
    };
    let scores = columns(&["id", "side", "visit", "month", "date", "arm", "vas", "pain", "stiffness", "total"]);
    let mut images = columns(&["id", "side", "visit", "effusion", "volume"]);
    for row in &mut images[1..] {
        row[0] = row[0].replace("P0", "P");
    }
    small.files.insert("knees.csv", scores);
    small.files.insert("mri.csv", images);
    small.edit_plan("[data]", "[[data]]");
    small.edit_plan(
        "[arms]",
        "[[data]]\npath = \"mri.csv\"\ncolumns = { patient = \"id\", knee = \"side\", visit = \"visit\" }\n[arms]",
    );
    let found = small.findings();
    assert!(finding(&found, "SK114").message.contains("patient `P1` of mri.csv is `P01` in knees.csv"), "{found:#?}");
    assert!(found.iter().all(|finding| ["SK114"].contains(&finding.rule)), "{found:#?}");
}

#[test]
fn a_finding_stands_in_the_file_of_its_column() {
    let mut small = SmallTrial::new();
    small.set("disposition.csv", 3, "last_visit", "month 6");
    let found = small.findings();
    assert_eq!(finding(&found, "SK610").location.file, "disposition.csv", "{found:#?}");
    // An identifier is no covariate, and not empty.
    let mut small = SmallTrial::new();
    small.plan.push_str("[analysis]\ncovariates = [\"id\"]\n");
    assert!(finding(&small.findings(), "SK609").message.contains("is the identifier"));
}

#[test]
fn copies_of_a_patient_and_of_any_earlier_visit_are_found() {
    let mut small = SmallTrial::new();
    // Month 6 of P01 left repeats baseline.
    for column in ["vas", "pain", "stiffness", "total", "volume"] {
        let i = small.files["knees.csv"][0].iter().position(|name| name == column).unwrap();
        let before = small.files["knees.csv"][1][i].clone();
        small.set("knees.csv", 6, column, &before);
    }
    let found = small.findings();
    let said = finding(&found, "SK209");
    assert!(said.message.contains("at `Month 6` equal those at `Baseline`"), "{said}");
    // One knee of P03 is the other of P01.
    let mut small = SmallTrial::new();
    let rows = small.files.get_mut("knees.csv").unwrap();
    for visit in 0..3 {
        let copied = rows[1 + 2 * visit][6..].to_vec();
        rows[14 + 2 * visit].splice(6.., copied);
    }
    let found = small.findings();
    let said = finding(&found, "SK226");
    assert!(said.message.contains("patient P03, RIGHT") && said.message.contains("patient P01"), "{said}");
}

#[test]
fn an_age_far_from_all_others_is_said() {
    for (age, said) in [("99", true), ("0", true), ("12", true), ("66", false)] {
        let mut small = SmallTrial::new();
        small.set("patients.csv", 5, "age", age);
        let found = small.findings();
        assert_eq!(!rules(&found, "SK616").is_empty(), said, "{age}: {found:#?}");
    }
}

#[test]
fn labels_that_look_alike_are_told() {
    for (visit, what) in [("Мonth 6", "letters that look alike"), ("Month ６", "width")] {
        let mut small = SmallTrial::new();
        small.set("knees.csv", 6, "visit", visit);
        let found = small.findings();
        let said = finding(&found, "SK602");
        assert!(said.remedy.contains("it looks like `Month 6`") && said.remedy.contains(what), "{said}");
    }
}

#[test]
fn dates_that_cannot_be_told_say_which_cells_tell() {
    let mut small = SmallTrial::new();
    small.set_column("knees.csv", "date", |date, row| {
        let [year, month, day] = <[&str; 3]>::try_from(date.split('-').collect::<Vec<_>>()).unwrap();
        if row == 2 { date.to_owned() } else { format!("{day}/{month}/{year}") }
    });
    let found = small.findings();
    assert!(found.iter().all(|finding| !finding.message.contains("no cell tells which")), "{found:#?}");
}

/// The small trial as a basic data structure, one row per parameter.
fn bds() -> SmallTrial {
    let mut small = SmallTrial::new();
    let header = ["id", "side", "visit", "month", "date", "arm", "PARAMCD", "AVAL"].map(str::to_owned).to_vec();
    let mut rows = vec![header];
    for row in &small.files["knees.csv"][1..] {
        for (at, code) in [(6, "VAS"), (7, "PAIN"), (8, "STIFFNES"), (9, "TOTAL"), (10, "EFFUSION"), (11, "VOLUME")] {
            if !row[at].is_empty() {
                rows.push([&row[..6], &[code.to_owned(), row[at].clone()]].concat());
            }
        }
    }
    small.files.insert("knees.csv", rows);
    small.edit_plan("columns = {", "shape = \"bds\"\ncolumns = {");
    small.edit_plan("sum_of = [\"pain\", \"stiffness\"]\n", "");
    small
}

/// Of a basic data structure a code for missing is held against each parameter, and may be of one alone.
#[test]
fn codes_for_missing_are_held_against_each_parameter() {
    let spoiled = |plan: &str| {
        let mut small = bds();
        assert!(small.findings().is_empty(), "{:#?}", small.findings());
        small.set("knees.csv", 2, "AVAL", "99");
        small.set("knees.csv", 4, "AVAL", "99");
        small.edit_plan("[arms]", &format!("{plan}\n[arms]"));
        small.findings()
    };
    // In all parameters, or by the column of the values.
    for plan in ["missing = [\"\", \"99\"]", "missing_in = { AVAL = [\"99\"] }"] {
        let found = spoiled(plan);
        let among = rules(&found, "SK037");
        assert_eq!(among.len(), 1, "{plan}: {among:#?}");
        assert!(among[0].message.contains("emptied 1 cell of `AVAL` of the parameter `vas`"), "{}", among[0]);
        assert!(among[0].message.contains("VAS pain runs from 0 to 100"), "{}", among[0]);
        assert!(among[0].remedy.contains("missing_in = { stiffness = [\"99\"] }"), "{}", among[0]);
        let message = &finding(&found, "SK039").message;
        assert!(message.ends_with("2 cells of `AVAL` (1 of vas, 1 of stiffness)"), "{message}");
    }
    // By the endpoint, whose parameter is spelled otherwise than its column.
    let found = spoiled("missing_in = { stiffness = [\"99\"] }");
    assert!(rules(&found, "SK037").is_empty() && rules(&found, "SK202").is_empty(), "{found:#?}");
    assert!(finding(&found, "SK039").message.ends_with("1 cell of `AVAL` (1 of stiffness)"), "{found:#?}");
}

/// An endpoint that is made from other columns has no cells of its own.
#[test]
fn codes_for_missing_of_a_computed_endpoint_are_refused() {
    let mut small = SmallTrial::new();
    small.plan.push_str(
        "[[endpoint]]\nname = \"Sum\"\ncolumn = \"both\"\nbetter = \"lower\"\ncompute = \"pain + stiffness\"\n",
    );
    small.edit_plan("[arms]", "missing_in = { both = [\"99\"] }\n[arms]");
    let found = small.findings();
    assert!(finding(&found, "SK025").remedy.contains("made from"), "{found:#?}");
}

#[test]
fn parameter_codes_in_another_spelling_and_units_are_said() {
    let mut small = bds();
    small.set("knees.csv", 2, "PARAMCD", "Vas");
    let found = small.findings();
    let message = &finding(&found, "SK050").message;
    assert!(message.contains("`Vas` in 1 row looks like `VAS`"), "{message}");
    small.set("knees.csv", 2, "PARAMCD", "VSA");
    assert!(finding(&small.findings(), "SK050").message.contains("`VSA` in 1 row looks like `VAS`"));
    let mut small = bds();
    for (at, row) in small.files.get_mut("knees.csv").unwrap().iter_mut().enumerate() {
        row.push(
            if at == 0 {
                "AVALU"
            } else if at == 1 {
                "cm"
            } else {
                "mm"
            }
            .to_owned(),
        );
    }
    let found = small.findings();
    assert!(
        finding(&found, "SK222").message.contains("VAS pain is in several units by `AVALU` (cm in 1, mm in 71)"),
        "{found:#?}"
    );
}

/// A low value is no other unit by itself.
#[test]
fn a_low_value_of_a_scale_is_a_value() {
    let mut small = SmallTrial::new();
    small.set("knees.csv", 9, "vas", "5");
    small.set("knees.csv", 15, "pain", "1");
    small.set("knees.csv", 15, "total", &(1 + small.files["knees.csv"][14][8].parse::<u32>().unwrap()).to_string());
    assert!(rules(&small.findings(), "SK222").is_empty(), "{:#?}", small.findings());
}

/// The months of visits whose labels say none are those of the data.
#[test]
fn months_come_from_the_data_where_labels_say_none() {
    let mut small = SmallTrial::new();
    let name = |label: &str| label.replace("Baseline", "V0").replace("Month 2", "V1").replace("Month 6", "V2");
    small.plan = name(&small.plan);
    small.set_column("knees.csv", "visit", |label, _| name(label));
    small.set_column("disposition.csv", "last_visit", |label, _| name(label));
    let (trial, findings) = small.build().unwrap();
    assert!(findings.is_empty(), "{findings:#?}");
    let months: Vec<Option<f64>> = trial.design.visits.iter().map(|visit| visit.month).collect();
    assert_eq!(months, [Some(0.0), Some(2.0), Some(6.0)]);
    // Two of one visit are said, and the first is used.
    small.set("knees.csv", 7, "month", "9");
    assert!(
        finding(&small.findings(), "SK306").message.contains("month 9 here and at month 6"),
        "{:#?}",
        small.findings()
    );
}
