//! Several files of observations (`[[data]]`), joined on patient, knee and visit: the trial is that of one file, findings
//! name the file and row a cell stands in, and two files may not disagree.

use super::small_trial::{SmallTrial, finding};
use splitknee::plan;
use splitknee::trial::blinding::blind;
use splitknee::trial::build::build;
use splitknee::trial::pseudonym::Redaction;
use splitknee::trial::{KneeValues, Patient, Trial};
use std::collections::BTreeMap;

/// The cells of some columns of knees.csv under other names.
fn columns(small: &SmallTrial, names: &[(&str, &str)]) -> Vec<Vec<String>> {
    let rows = &small.files["knees.csv"];
    let at: Vec<usize> = names.iter().map(|(name, _)| rows[0].iter().position(|cell| cell == name).unwrap()).collect();
    let header = names.iter().map(|(_, name)| (*name).to_owned()).collect();
    std::iter::once(header)
        .chain(rows.iter().skip(1).map(|row| at.iter().map(|column| row[*column].clone()).collect()))
        .collect()
}

/// The small trial with its scores in scores.csv and its MRI, under other names and without the treatment, in mri.csv.
fn split() -> SmallTrial {
    let mut small = SmallTrial::new();
    let same = |name: &'static str| (name, name);
    let scores = columns(
        &small,
        &["id", "side", "visit", "month", "date", "arm", "vas", "pain", "stiffness", "total"].map(same),
    );
    let mri = columns(
        &small,
        &[("id", "SUBJ"), ("side", "KNEE"), ("visit", "TIME"), ("effusion", "effusion"), ("volume", "volume")],
    );
    small.files.remove("knees.csv");
    small.files.insert("scores.csv", scores);
    small.files.insert("mri.csv", mri);
    small.set_column("mri.csv", "KNEE", |side, _| side[..1].to_owned());
    small.edit_plan("[data]\npath = \"knees.csv\"", "[[data]]\npath = \"scores.csv\"");
    small.edit_plan(
        "[arms]",
        "[[data]]\npath = \"mri.csv\"\ncolumns = { patient = \"SUBJ\", knee = \"KNEE\", visit = \"TIME\" }\n\n[arms]",
    );
    small
}

fn built(small: &SmallTrial) -> Trial {
    let (trial, findings) = small.build().unwrap_or_else(|findings| panic!("{findings:#?}"));
    assert!(findings.is_empty(), "{findings:#?}");
    trial
}

/// What the analyses see of a patient: not the rows, which are those of other files.
type Seen = (String, Vec<(String, usize, KneeValues)>, BTreeMap<String, String>);

fn seen(trial: &Trial) -> Vec<Seen> {
    let knees = |patient: &Patient| {
        patient.knees().iter().map(|knee| (knee.side.clone(), knee.arm, knee.values.clone())).collect()
    };
    trial.patients.iter().map(|patient| (patient.id.clone(), knees(patient), patient.attributes.clone())).collect()
}

#[test]
fn two_files_give_the_trial_of_one() {
    let (one, two) = (built(&SmallTrial::new()), built(&split()));
    assert_eq!(seen(&one), seen(&two));
    assert_eq!(one.sets, two.sets);
}

#[test]
fn the_order_of_files_and_rows_does_not_matter() {
    let mut turned = split();
    turned.files.get_mut("mri.csv").unwrap()[1..].reverse();
    assert_eq!(seen(&built(&SmallTrial::new())), seen(&built(&turned)));
    // The MRI first: the treatment comes from the second file alone.
    let mut mri_first = split();
    let text = mri_first.plan.clone();
    let further =
        "[[data]]\npath = \"mri.csv\"\ncolumns = { patient = \"SUBJ\", knee = \"KNEE\", visit = \"TIME\" }\n\n";
    let start = text.find("[[data]]").unwrap();
    let rest = text[start..].replacen(further, "", 1);
    let whole_trial = ["patients = ", "allocation = ", "allocation_columns = ", "adverse_events = ", "disposition = "];
    let (moved, kept): (Vec<&str>, Vec<&str>) =
        rest.lines().partition(|line| whole_trial.iter().any(|key| line.starts_with(key)));
    let moved: Vec<&str> = moved.into_iter().filter(|line| !line.starts_with("allocation")).collect();
    let first = format!("{}patient_column = \"id\"\n{}\n\n", further.trim_end().to_owned() + "\n", moved.join("\n"));
    mri_first.plan = format!("{}{first}{}\n", &text[..start], kept.join("\n"));
    let (trial, findings) = mri_first.build().unwrap_or_else(|findings| panic!("{findings:#?}\n{}", mri_first.plan));
    assert!(findings.is_empty(), "{findings:#?}");
    let sides = |trial: &Trial| {
        let knees = |patient: &Patient| {
            let mut knees: Vec<_> = patient.knees().iter().map(|knee| (knee.arm, knee.values.clone())).collect();
            knees.sort_by_key(|(arm, _)| *arm);
            knees
        };
        trial.patients.iter().map(|patient| (patient.id.clone(), knees(patient))).collect::<Vec<_>>()
    };
    assert_eq!(sides(&built(&SmallTrial::new())), sides(&trial));
}

#[test]
fn one_file_per_site_is_joined_too() {
    let mut small = SmallTrial::new();
    let rows = small.files["knees.csv"].clone();
    let (here, there): (Vec<Vec<String>>, Vec<Vec<String>>) =
        rows[1..].iter().cloned().partition(|row| row[0].as_str() < "P07");
    let with_header = |rows: Vec<Vec<String>>| std::iter::once(rows_header(&small)).chain(rows).collect::<Vec<_>>();
    let (here, there) = (with_header(here), with_header(there));
    small.files.remove("knees.csv");
    small.files.insert("here.csv", here);
    small.files.insert("there.csv", there);
    small.edit_plan("[data]\npath = \"knees.csv\"", "[[data]]\npath = \"here.csv\"");
    let columns = small.plan.lines().find(|line| line.starts_with("columns")).unwrap().to_owned();
    small.edit_plan("[arms]", &format!("[[data]]\npath = \"there.csv\"\n{columns}\n\n[arms]"));
    assert_eq!(seen(&built(&SmallTrial::new())), seen(&built(&small)));
    // A value out of range is in the file and row where it stands.
    small.set("there.csv", 5, "vas", "105");
    assert_eq!(finding(&small.findings(), "SK202").location.to_string(), "there.csv:5:vas");
}

fn rows_header(small: &SmallTrial) -> Vec<String> {
    small.files["knees.csv"][0].clone()
}

/// Rule, place of the finding, and what is spoilt.
type Case = (&'static str, &'static str, fn(&mut SmallTrial));

#[test]
fn findings_name_the_file_the_row_and_the_column_of_the_cell() {
    let cases: [Case; 9] = [
        ("SK202", "scores.csv:5:vas", |t| t.set("scores.csv", 5, "vas", "105")),
        ("SK203", "mri.csv:6:effusion", |t| t.set("mri.csv", 6, "effusion", "1.5")),
        ("SK201", "mri.csv:6:volume", |t| t.set("mri.csv", 6, "volume", "n/a")),
        ("SK206", "scores.csv:6:total", |t| t.set("scores.csv", 6, "total", "1")),
        ("SK104", "scores.csv:4:arm", |t| t.set("scores.csv", 4, "arm", "SALINE")),
        ("SK602", "mri.csv:4:TIME", |t| t.set("mri.csv", 4, "TIME", "Month2")),
        ("SK102", "mri.csv:4:SUBJ", |t| t.set("mri.csv", 4, "SUBJ", "")),
        ("SK302", "scores.csv:4:date", |t| {
            t.set("scores.csv", 4, "date", "2023-12-30");
            t.set("scores.csv", 5, "date", "2023-12-30");
        }),
        ("SK101", "mri.csv:74", |t| {
            t.repeat("mri.csv", 9);
        }),
    ];
    for (rule, place, spoil) in cases {
        let mut small = split();
        // The visits of mri.csv stay, so that a row less is no other finding.
        spoil(&mut small);
        assert_eq!(finding(&small.findings(), rule).location.to_string(), place, "{rule}");
    }
    let mut small = split();
    small.repeat("mri.csv", 9);
    assert!(finding(&small.findings(), "SK101").message.contains("row 9 of mri.csv"));
}

#[test]
fn files_that_disagree_or_repeat_each_other() {
    let twice = |value: &dyn Fn(&str) -> String| {
        let mut small = split();
        let vas: Vec<String> = small.files["scores.csv"].iter().map(|row| row[6].clone()).collect();
        for (row, (cells, vas)) in small.files.get_mut("mri.csv").unwrap().iter_mut().zip(vas).enumerate() {
            cells.push(if row == 0 {
                vas
            } else if row == 3 {
                value(&vas)
            } else {
                String::new()
            });
        }
        small
    };
    let same = twice(&str::to_owned);
    let note = finding(&same.findings(), "SK116").clone();
    assert_eq!(note.location.to_string(), "mri.csv:4:vas");
    assert!(note.message.contains("scores.csv:4:vas"), "{note}");
    let other = twice(&|vas| (vas.parse::<i32>().unwrap() + 1).to_string());
    let error = finding(&other.findings(), "SK115").clone();
    assert_eq!(error.location.to_string(), "mri.csv:4:vas");
    assert!(other.build().is_err());
    // Where the first file has the row but no value, a finding is where the value is.
    let mut later = twice(&|_| "105".to_owned());
    later.set("scores.csv", 4, "vas", "");
    assert_eq!(finding(&later.findings(), "SK202").location.to_string(), "mri.csv:4:vas");
    // Two files that name the treatment and differ.
    let mut arms = split();
    arms.edit_plan("visit = \"TIME\" }", "visit = \"TIME\", arm = \"arm\" }");
    let truth: Vec<String> = arms.files["scores.csv"].iter().map(|row| row[5].clone()).collect();
    arms.files.get_mut("mri.csv").unwrap().iter_mut().zip(truth).for_each(|(row, arm)| row.push(arm));
    assert!(arms.findings().is_empty(), "{:#?}", arms.findings());
    let wrong = if arms.files["mri.csv"][3][5] == "EV" { "SALINE" } else { "EV" };
    arms.set("mri.csv", 4, "arm", wrong);
    assert_eq!(finding(&arms.findings(), "SK104").location.to_string(), "mri.csv:4:arm");
}

#[test]
fn patients_and_treatments_of_one_file_only() {
    let mut small = split();
    small.remove("mri.csv", "SUBJ", |id| id == "P03");
    let warning = finding(&small.findings(), "SK117").clone();
    assert_eq!(warning.location.to_string(), "mri.csv");
    assert!(warning.message.contains("P03") && warning.message.contains("scores.csv"), "{warning}");
    // Without an allocation list, nothing says how the knee of a patient in mri.csv only was treated.
    let mut unknown = split();
    unknown.edit_plan(
        "allocation = \"allocation.csv\"\nallocation_columns = { order = \"number\", date = \"randomised\" }\n",
        "",
    );
    assert_eq!(seen(&built(&unknown)), seen(&built(&SmallTrial::new())));
    unknown.set("mri.csv", 4, "SUBJ", "P77");
    let error = finding(&unknown.findings(), "SK604").clone();
    assert_eq!(error.location.to_string(), "mri.csv:4:SUBJ");
    assert!(error.message.contains("P77"), "{error}");
}

#[test]
fn what_is_in_no_file_is_said_with_the_nearest_name() {
    let mut small = split();
    small.set("mri.csv", 1, "volume", "volumes");
    let error = finding(&small.findings(), "SK025").clone();
    assert!(error.message.contains("scores.csv, mri.csv") && error.remedy.contains("`volumes`"), "{error}");
    let mut idle = split();
    idle.set("mri.csv", 1, "volume", "notes");
    idle.set("mri.csv", 1, "effusion", "more");
    let files: Vec<String> = idle.findings().iter().map(|finding| finding.location.file.clone()).collect();
    assert!(files.contains(&"mri.csv".to_owned()), "{files:?}");
    let mut absent = split();
    absent.files.remove("mri.csv");
    let error = finding(&absent.findings(), "SK020").clone();
    let line = absent.plan.lines().position(|line| line.contains("mri.csv")).unwrap() + 1;
    assert!(error.location.file == "mri.csv" && error.remedy.contains(&format!("line {line}")), "{error}");
}

#[test]
fn mistakes_in_a_further_table_are_where_they_are() {
    let line_of = |small: &SmallTrial, text: &str| small.plan.lines().position(|line| line.contains(text)).unwrap() + 1;
    let cases: [(&str, &str, &str); 6] = [
        ("columns = { patient = \"SUBJ\"", "colums = { patient = \"SUBJ\"", "SK003"),
        ("knee = \"KNEE\", visit", "visit", "SK014"),
        ("path = \"mri.csv\"", "path = \"mri.csv\"\nheader_row = 0", "SK010"),
        ("path = \"mri.csv\"", "path = \"mri.csv\"\npatients = \"patients.csv\"", "SK014"),
        ("path = \"mri.csv\"", "path = \"mri.csv\"\nwhere = 'TIME = 1'", "SK011"),
        ("path = \"mri.csv\"", "path = \"scores.csv\"", "SK009"),
    ];
    for (from, to, rule) in cases {
        let mut small = split();
        let mark = from.split(" = ").next().unwrap();
        let first = line_of(&small, "path = \"mri.csv\"");
        small.edit_plan(from, to);
        let findings = plan::parse(&small.plan, "plan.toml").unwrap_err();
        let row = finding(&findings, rule).location.row.unwrap();
        assert!((first..first + 3).contains(&row), "{rule} ({mark}) in line {row}, not near {first}");
    }
    let empty = split().plan.replace("[[data]]", "[[date]]");
    assert_eq!(finding(&plan::parse(&empty, "plan.toml").unwrap_err(), "SK004").rule, "SK004");
    let none = plan::parse("data = []\n", "plan.toml").unwrap_err();
    assert!(!none.is_empty());
}

#[test]
fn blinded_and_redacted_like_one_file() {
    let small = split();
    let (plan, sources) = small.read().unwrap();
    let (one_plan, one_sources) = SmallTrial::new().read().unwrap();
    let arms = |design, sources| {
        let (trial, _) = build(design, sources).unwrap_or_else(|findings| panic!("{findings:#?}"));
        trial
            .patients
            .iter()
            .map(|patient| patient.knees().iter().map(|knee| knee.arm).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    let (design, blinded) = blind(&plan.design(), &sources, 5).unwrap();
    let (one_design, one_blinded) = blind(&one_plan.design(), &one_sources, 5).unwrap();
    assert_eq!(arms(&design, &blinded), arms(&one_design, &one_blinded));
    for table in [&blinded.observations.table, &blinded.further[0].source.table] {
        for name in table.column_names() {
            assert!(!table.text(&name).unwrap().iter().flatten().any(|cell| cell == "EV" || cell == "SALINE"));
        }
    }
    let mut redacted = sources.clone();
    Redaction::new(&sources, "a key", []).sources(&mut redacted);
    let ids = redacted.further[0].source.table.text("SUBJ").unwrap();
    assert!(ids.iter().flatten().all(|id| id.starts_with("S-")));
    let (trial, findings) = build(&plan.design(), &redacted).unwrap();
    assert!(findings.is_empty() && trial.patients.len() == 12, "{findings:#?}");
}

#[test]
fn every_file_is_in_the_provenance_and_in_the_list_of_files() {
    let small = split();
    let (plan, sources) = small.read().unwrap();
    let names: Vec<&str> = sources.provenance().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names[..2], ["scores.csv", "mri.csv"]);
    assert_eq!(plan::sources::files(&plan)[..2], ["scores.csv", "mri.csv"]);
    // The seal knows the further tables.
    let keys = plan::lock::canonical(&plan);
    assert!(keys.keys().any(|key| key.starts_with("data.further")), "{keys:#?}");
}

#[test]
fn a_further_file_may_have_another_shape() {
    // The MRI as BDS: one row per knee, visit and parameter.
    let mut small = split();
    let rows = small.files["mri.csv"].clone();
    let mut bds = vec![["SUBJ", "KNEE", "TIME", "PARAMCD", "AVAL"].map(str::to_owned).to_vec()];
    for row in &rows[1..] {
        for (code, value) in [("effusion", &row[3]), ("volume", &row[4])] {
            if !value.is_empty() {
                bds.push(vec![row[0].clone(), row[1].clone(), row[2].clone(), code.to_owned(), value.clone()]);
            }
        }
    }
    small.files.insert("mri.csv", bds);
    small.edit_plan("path = \"mri.csv\"", "path = \"mri.csv\"\nshape = \"bds\"");
    assert_eq!(seen(&built(&SmallTrial::new())), seen(&built(&small)));
    // And as wide: one row per patient, the knees and visits in the names of the columns.
    let mut wide = split();
    let mut table: Vec<Vec<String>> = vec![vec!["SUBJ".to_owned()]];
    for name in ["effusion", "volume"] {
        for side in ["L", "R"] {
            for visit in ["baseline", "m2", "m6"] {
                table[0].push(format!("{name}_{side}_{visit}"));
            }
        }
    }
    for patient in 0..12 {
        let mut line = vec![rows[1 + 6 * patient][0].clone()];
        for column in [3, 4] {
            for side in 0..2 {
                for visit in 0..3 {
                    line.push(rows[1 + 6 * patient + 2 * visit + side][column].clone());
                }
            }
        }
        table.push(line);
    }
    wide.files.insert("mri.csv", table);
    wide.edit_plan(
        "path = \"mri.csv\"\ncolumns = { patient = \"SUBJ\", knee = \"KNEE\", visit = \"TIME\" }",
        "path = \"mri.csv\"\ncolumns = { patient = \"SUBJ\" }\nshape = \"wide\"\npattern = \"{endpoint}_{knee}_{visit}\"",
    );
    // Wide columns that do not change within a patient are patient-level columns too.
    let knees = |trial: &Trial| seen(trial).into_iter().map(|(id, knees, _)| (id, knees)).collect::<Vec<_>>();
    assert_eq!(knees(&built(&SmallTrial::new())), knees(&built(&wide)));
}
