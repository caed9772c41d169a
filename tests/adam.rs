//! The same trial as CSV and as CDISC ADaM gives the same results.json; and the analysis data set goes out and back.

use crate::project::{DEMO, dataset};
use serde_json::Value;
use splitknee::data::{Format, ReadOptions, Table, WriteOptions, XptVersion, read, read_bytes, write};
use splitknee::pipeline;
use splitknee::report::compare::{ResultSet, compare};
use splitknee::trial::analysis_data::{self, Adam};
use splitknee::trial::{Trial, build};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn demo() -> PathBuf {
    dataset(DEMO)
}

/// Rows of a file of the demonstration trial as cells by column.
fn rows(file: &str) -> Vec<BTreeMap<String, String>> {
    let table = read(&demo().join(file), &ReadOptions::default()).unwrap();
    let names = table.column_names();
    let columns: Vec<Vec<Option<String>>> = names.iter().map(|name| table.text(name).unwrap()).collect();
    let cell = |row: usize, column: usize| columns[column][row].clone().unwrap_or_default();
    (0..table.height())
        .map(|row| names.iter().enumerate().map(|(column, name)| (name.clone(), cell(row, column))).collect())
        .collect()
}

/// A table of these cells, typed as a statistician's file is.
fn table(header: &[&str], rows: &[Vec<String>]) -> Table {
    let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
    let mut text = header.join(",") + "\n";
    for row in rows {
        text.push_str(&row.iter().map(quoted).collect::<Vec<_>>().join(","));
        text.push('\n');
    }
    read_bytes("made.csv", text.as_bytes(), &ReadOptions::default()).unwrap()
}

/// Endpoint columns of knees.csv with their parameter codes.
const PARAMETERS: [(&str, &str); 12] = [
    ("vas", "VAS"),
    ("womac_pain", "WOMPAIN"),
    ("womac_stiffness", "WOMSTIFF"),
    ("womac_function", "WOMFUNC"),
    ("womac_total", "WOMTOT"),
    ("lequesne", "LEQ"),
    ("cartilage_retropatellar", "CARTRP"),
    ("cartilage_tibiofemoral", "CARTTF"),
    ("meniscus_medial", "MENMED"),
    ("meniscus_lateral", "MENLAT"),
    ("acl", "ACL"),
    ("effusion", "EFF"),
];

/// ADQS, ADSL, ADAE and ADDS of the demonstration trial.
fn adam() -> Vec<(&'static str, Table)> {
    let knees = rows("knees.csv");
    let mut adqs: Vec<Vec<String>> = Vec::new();
    for (column, code) in PARAMETERS {
        for row in &knees {
            let key = |row: &BTreeMap<String, String>| (row["usubjid"].clone(), row["lat"].clone());
            let base = knees.iter().find(|other| key(other) == key(row) && other["avisit"] == "Baseline");
            let base = base.map(|row| row[column].clone()).unwrap_or_default();
            if !row[column].is_empty() {
                let flag = if row["avisit"] == "Baseline" { "Y" } else { "" };
                let cells = ["usubjid", "lat", "trt", "avisit", "avisitn", "adt"].map(|name| row[name].clone());
                let rest = [code.to_owned(), row[column].clone(), base, flag.to_owned(), "Y".to_owned()];
                adqs.push(cells.into_iter().chain(rest).collect());
            }
        }
    }
    // A record that is not analysed must not count.
    let mut unscheduled: Vec<String> = adqs[0].clone();
    unscheduled[7] = "99".to_owned();
    unscheduled[10] = String::new();
    adqs.push(unscheduled);
    let from = |file: &str, columns: &[(&str, &str)]| -> Table {
        let header: Vec<&str> = columns.iter().map(|(_, name)| *name).collect();
        let cells = |row: &BTreeMap<String, String>| columns.iter().map(|(column, _)| row[*column].clone()).collect();
        table(&header, &rows(file).iter().map(cells).collect::<Vec<Vec<String>>>())
    };
    let header = ["USUBJID", "LAT", "TRTA", "AVISIT", "AVISITN", "ADT", "PARAMCD", "AVAL", "BASE", "ABLFL", "ANL01FL"];
    vec![
        ("adqs", table(&header, &adqs)),
        (
            "adsl",
            from(
                "patients.csv",
                &[
                    ("usubjid", "USUBJID"),
                    ("age", "AGE"),
                    ("sex", "SEX"),
                    ("bmi", "BMI"),
                    ("dominance", "DOMIN"),
                    ("randdt", "RANDDT"),
                    ("randomised", "RANDFL"),
                    ("fas", "FASFL"),
                    ("pp", "PPROTFL"),
                    ("saf", "SAFFL"),
                ],
            ),
        ),
        (
            "adae",
            from(
                "adverse_events.csv",
                &[
                    ("usubjid", "USUBJID"),
                    ("knee", "AELAT"),
                    ("term", "AEDECOD"),
                    ("severity", "AESEV"),
                    ("serious", "AESER"),
                    ("related", "AREL"),
                    ("start_day", "ASTDY"),
                    ("end_day", "AENDY"),
                    ("soc", "AESOC"),
                    ("start_date", "ASTDT"),
                    ("end_date", "AENDT"),
                    ("action", "AEACN"),
                    ("outcome", "AEOUT"),
                ],
            ),
        ),
        (
            "addv",
            from(
                "deviations.csv",
                &[
                    ("usubjid", "USUBJID"),
                    ("knee", "DVLAT"),
                    ("deviation", "DVTERM"),
                    ("date", "DVSTDTC"),
                    ("important", "DVIMP"),
                ],
            ),
        ),
        (
            "adds",
            from(
                "disposition.csv",
                &[("usubjid", "USUBJID"), ("status", "EOSSTT"), ("last_visit", "LASTVIS"), ("reason", "DCSREAS")],
            ),
        ),
    ]
}

/// The plan of the demonstration trial for ADaM files with this extension.
fn adam_plan(extension: &str) -> String {
    let csv = std::fs::read_to_string(demo().join("plan.toml")).unwrap();
    let mut plan = String::new();
    for line in csv.lines() {
        let key = line.split(" = ").next().unwrap_or_default();
        let after = match key {
            "path" => format!("path = \"adqs.{extension}\"\nshape = \"bds\"\nwhere = 'ANL01FL == \"Y\"'"),
            "columns" => {
                "columns = { patient = \"USUBJID\", knee = \"LAT\", arm = \"TRTA\", visit = \"AVISIT\", month = \
                          \"AVISITN\", date = \"ADT\" }"
                    .to_owned()
            }
            "patients" => format!("patients = \"adsl.{extension}\""),
            "allocation_columns" => {
                "allocation_columns = { patient = \"usubjid\", active_knee = \"ev_side\", order = \"sequence\" }"
                    .to_owned()
            }
            "adverse_events" => format!(
                "adverse_events = \"adae.{extension}\"\nevent_columns = {{ knee = \"AELAT\", term = \"AEDECOD\", severity = \
                 \"AESEV\", serious = \"AESER\", related = \"AREL\", start_day = \"ASTDY\", end_day = \"AENDY\", organ_class = \"AESOC\", \
                 start_date = \"ASTDT\", end_date = \"AENDT\", action = \"AEACN\", outcome = \"AEOUT\" }}"
            ),
            "event_columns" | "deviation_columns" => String::new(),
            "deviations" => format!(
                "deviations = \"addv.{extension}\"\ndeviation_columns = {{ deviation = \"DVTERM\", knee = \"DVLAT\", date = \
                 \"DVSTDTC\", important = \"DVIMP\" }}"
            ),
            "disposition" => format!(
                "disposition = \"adds.{extension}\"\ndisposition_columns = {{ status = \"EOSSTT\", reason = \"DCSREAS\", \
                 last_visit = \"LASTVIS\" }}"
            ),
            "file" => {
                "file = \"intercurrent_events.csv\"\npatient = \"usubjid\"\nknee = \"knee\"\ndate = \"date\"".to_owned()
            }
            "randomisation_date" => "randomisation_date = \"RANDDT\"".to_owned(),
            "column" => {
                let column = line.split('"').nth(1).unwrap();
                let code = PARAMETERS.iter().find(|(name, _)| *name == column).unwrap().1;
                format!("column = \"{code}\"\nid = \"{column}\"")
            }
            "where" => {
                let mut line = line.to_owned();
                for (name, adam) in [("randomised", "RANDFL"), ("fas", "FASFL"), ("pp", "PPROTFL"), ("saf", "SAFFL")] {
                    line = line.replace(&format!("'{name} "), &format!("'{adam} "));
                }
                line
            }
            _ => line.to_owned(),
        };
        plan.push_str(&after);
        plan.push('\n');
    }
    plan
}

fn results(plan: &Path) -> (Value, Vec<&'static str>) {
    let inputs = pipeline::read(plan).unwrap_or_else(|findings| panic!("{findings:#?}"));
    let run = pipeline::analyse(inputs).unwrap_or_else(|findings| panic!("{findings:#?}"));
    let bundle = pipeline::write_up(&run).unwrap();
    let document = serde_json::from_slice(bundle.get("results.json").unwrap()).unwrap();
    (document, run.findings.iter().map(|finding| finding.rule).collect())
}

#[test]
fn csv_and_adam_give_the_same_results() {
    let (csv, csv_findings) = results(&demo().join("plan.toml"));
    assert!(csv["results"].as_array().unwrap().len() > 100);
    for (extension, format) in [("xpt", Format::Xpt), ("json", Format::DatasetJson)] {
        let folder = tempfile::tempdir().unwrap();
        for (name, table) in adam() {
            write(&table, &folder.path().join(format!("{name}.{extension}")), format, &WriteOptions::default())
                .unwrap();
        }
        for file in ["allocation.csv", "intercurrent_events.csv"] {
            std::fs::copy(demo().join(file), folder.path().join(file)).unwrap();
        }
        let plan = folder.path().join("plan.toml");
        std::fs::write(&plan, adam_plan(extension)).unwrap();
        let (adam, adam_findings) = results(&plan);
        // Records of patient-level columns carry the columns' names, which differ; all others are the same to the last bit.
        let analyses = |document: &Value| -> Vec<Value> {
            let named_by_column = |record: &Value| {
                let id = record["id"].as_str().unwrap();
                id.starts_with("patients.") || id.starts_with("counts.knee.") || id.ends_with(".dominance")
            };
            document["results"].as_array().unwrap().iter().filter(|record| !named_by_column(record)).cloned().collect()
        };
        // Flags of rows are no characteristics of patients.
        let ids: Vec<&str> = adam["results"].as_array().unwrap().iter().filter_map(|r| r["id"].as_str()).collect();
        assert!(
            ids.contains(&"patients.age") && !ids.contains(&"patients.ablfl") && !ids.contains(&"patients.anl01fl")
        );
        let (csv, adam) = (analyses(&csv), analyses(&adam));
        let sets = [&csv, &adam].map(|list| ResultSet::of(&serde_json::json!({ "results": list })).unwrap());
        let comparison = compare(&sets[0], &sets[1], 0.0, 0.0);
        assert!(comparison.is_equal(), "{extension}: {comparison:#?}");
        assert!(comparison.n_numbers > 1000);
        assert_eq!(csv, adam, "{extension}: also notes, references and order");
        assert_eq!(csv_findings, adam_findings, "{extension}");
    }
}

/// The demonstration trial with its observations in the file at `path`, as the export writes them; `declared`: with the
/// parameter codes of [`PARAMETERS`].
fn back(path: &str, folder: &Path, declared: bool) -> Trial {
    let text = std::fs::read_to_string(demo().join("plan.toml")).unwrap();
    let columns = "columns = { patient = \"USUBJID\", knee = \"LAT\", arm = \"TRTA\", visit = \"AVISIT\" }";
    let mut plan = String::new();
    for line in text.lines() {
        match line.split(" = ").next().unwrap_or_default() {
            "path" => plan.push_str(&format!("path = \"{path}\"\nshape = \"bds\"\npatient_column = \"usubjid\"\n")),
            "columns" => plan.push_str(columns),
            "allocation_columns" => plan.push_str(
                "allocation_columns = { patient = \"usubjid\", active_knee = \"ev_side\", order = \"sequence\" }",
            ),
            "column" if declared => {
                let column = line.split('"').nth(1).unwrap();
                let code = PARAMETERS.iter().find(|(name, _)| *name == column).unwrap().1;
                plan.push_str(&format!("{line}\nparamcd = \"{code}\""));
            }
            _ => plan.push_str(line),
        }
        plan.push('\n');
    }
    let plan = splitknee::plan::parse(&plan, "plan.toml").unwrap_or_else(|findings| panic!("{findings:#?}\n{plan}"));
    let sources = splitknee::plan::sources::read_with(&plan, |name| match name {
        _ if name == path => std::fs::read(folder.join(path)),
        name => std::fs::read(demo().join(name)),
    });
    let sources = sources.unwrap_or_else(|findings| panic!("{findings:#?}"));
    build::build(&plan.design(), &sources).unwrap_or_else(|findings| panic!("{findings:#?}")).0
}

/// The data set with the parameter codes that the reading plan has.
fn declared(study: &str) -> Adam {
    let codes = PARAMETERS.iter().map(|(_, code)| Some((*code).to_owned())).collect();
    Adam { study: study.to_owned(), codes, ..Adam::default() }
}

#[test]
fn the_analysis_data_set_goes_out_in_every_format_and_comes_back_as_the_same_trial() {
    let inputs = pipeline::read(&demo().join("plan.toml")).unwrap();
    let (original, _) = build::build(&inputs.plan.design(), &inputs.sources).unwrap();
    let made = |adam: &Adam| analysis_data::table(&original, adam).unwrap().table;
    let table = made(&declared(&inputs.plan.trial.id));
    // Codes made from the identifiers, cut to eight characters, come back to their endpoints without being declared.
    let undeclared = made(&Adam { study: inputs.plan.trial.id.clone(), ..Adam::default() });
    assert!(undeclared.text("PARAMCD").unwrap().contains(&Some("CARTILA2".to_owned())));
    // As many rows as knees.csv has cells with a value.
    let cells: usize = rows("knees.csv")
        .iter()
        .map(|row| PARAMETERS.iter().filter(|(column, _)| !row[*column].is_empty()).count())
        .sum();
    assert_eq!(table.height(), cells);
    let folder = tempfile::tempdir().unwrap();
    for (name, format, table) in [
        ("adqs.csv", Format::Csv, &table),
        ("adqs.xpt", Format::Xpt, &table),
        ("adqs.json", Format::DatasetJson, &table),
        ("adqs.ndjson", Format::DatasetNdjson, &table),
        ("adqs.parquet", Format::Parquet, &table),
        ("undeclared.xpt", Format::Xpt, &undeclared),
    ] {
        write(table, &folder.path().join(name), format, &WriteOptions::default()).unwrap();
        let trial = back(name, folder.path(), name != "undeclared.xpt");
        assert_eq!(trial.design, original.design, "{name}");
        assert_eq!(trial.sets, original.sets, "{name}");
        assert_eq!(trial.events, original.events, "{name}");
        let patients = |trial: &Trial| {
            let knee = |knee: &splitknee::trial::Knee| (knee.side.clone(), knee.arm, knee.values.clone());
            let mut patients: Vec<_> = trial
                .patients
                .iter()
                .map(|patient| {
                    let mut knees: Vec<_> = patient.knees().iter().map(knee).collect();
                    knees.sort_by(|a, b| a.0.cmp(&b.0));
                    (patient.id.clone(), knees)
                })
                .collect();
            patients.sort_by(|a, b| a.0.cmp(&b.0));
            patients
        };
        assert_eq!(patients(&trial), patients(&original), "{name}");
    }
}

#[test]
fn the_columns_of_the_analysis_data_set_mean_what_adam_says() {
    let inputs = pipeline::read(&demo().join("plan.toml")).unwrap();
    let (trial, _) = build::build(&inputs.plan.design(), &inputs.sources).unwrap();
    let table = analysis_data::table(&trial, &declared("EV-KNEE-01")).unwrap().table;
    let text = |name: &str| table.text(name).unwrap();
    let (ids, sides, codes, visits) = (text("USUBJID"), text("LAT"), text("PARAMCD"), text("AVISIT"));
    let number = |name: &str| table.numbers(name).unwrap();
    let (values, bases, changes, flags) = (number("AVAL"), number("BASE"), number("CHG"), text("ABLFL"));
    let at = |visit: &str| {
        let is = |cell: &Option<String>, wanted: &str| cell.as_deref() == Some(wanted);
        (0..table.height())
            .find(|row| {
                is(&ids[*row], "EVK-001")
                    && is(&sides[*row], "RIGHT")
                    && is(&codes[*row], "VAS")
                    && is(&visits[*row], visit)
            })
            .unwrap()
    };
    // From knees.csv: 61 at baseline.
    let source = rows("knees.csv");
    let cell = |visit: &str| -> f64 {
        let row =
            source.iter().find(|row| row["usubjid"] == "EVK-001" && row["lat"] == "RIGHT" && row["avisit"] == visit);
        row.unwrap()["vas"].parse().unwrap()
    };
    let (first, last) = (at("Baseline"), at("Month 6"));
    assert_eq!((values[first], bases[first], changes[first]), (Some(61.0), Some(61.0), None));
    assert_eq!(flags[first].as_deref(), Some("Y"));
    assert_eq!(flags[last], None);
    assert_eq!(values[last], Some(cell("Month 6")));
    assert_eq!(changes[last], Some(cell("Month 6") - 61.0));
    assert_eq!(text("TRTA")[first].as_deref(), Some("EV"));
    assert_eq!(text("FASFL")[first].as_deref(), Some("Y"));
    assert_eq!(table.info("AVAL").unwrap().label.as_deref(), Some("Analysis Value"));
}

#[test]
fn an_analysis_data_set_that_does_not_fit_a_transport_file_is_refused() {
    let inputs = pipeline::read(&demo().join("plan.toml")).unwrap();
    let (mut trial, _) = build::build(&inputs.plan.design(), &inputs.sources).unwrap();
    trial.design.visits[1].label = "x".repeat(201);
    let table = analysis_data::table(&trial, &declared("EV-KNEE-01")).unwrap().table;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("adqs.xpt");
    let error = write(&table, &path, Format::Xpt, &WriteOptions::default()).unwrap_err();
    assert!(error.to_string().contains("AVISIT"), "{error}");
    assert!(!path.exists());
    let version_8 = WriteOptions { xpt_version: XptVersion::V8, ..WriteOptions::default() };
    write(&table, &path, Format::Xpt, &version_8).unwrap();
}
