//! From files to a trial: layouts, pairing, analysis sets, events.

use super::small_trial::{SmallTrial, finding};
use crate::project::{DEMO, dataset, plan_of};
use crate::skip::{Needs, skip};
use splitknee::trial::expr::Condition;
use splitknee::trial::{Measure, Trial};

fn built(trial: &SmallTrial) -> Trial {
    let (trial, findings) = trial.build().unwrap_or_else(|findings| {
        panic!("{}", findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    });
    assert!(findings.iter().all(|finding| !finding.rule.is_empty()));
    trial
}

/// The differences at the primary visit straight from the cells of the file.
fn by_hand(trial: &SmallTrial, column: usize) -> Vec<f64> {
    let rows = &trial.files["knees.csv"];
    (0..12)
        .map(|patient| {
            let pair = [&rows[6 * patient + 5], &rows[6 * patient + 6]];
            let value = |arm: &str| pair.iter().find(|row| row[5] == arm).unwrap()[column].parse::<f64>().unwrap();
            value("EV") - value("SALINE")
        })
        .collect()
}

#[test]
fn pairs_are_active_minus_placebo_of_one_patient() {
    let small = SmallTrial::new();
    let trial = built(&small);
    let pairs = trial.paired(0, 2, Measure::Value, &trial.sets[0]);
    assert_eq!(pairs.differences(), by_hand(&small, 6));
    assert!(pairs.dropped.is_empty());
    assert_eq!(trial.knees(), 24);
}

#[test]
fn row_order_does_not_matter() {
    let small = SmallTrial::new();
    let mut shuffled = small.clone();
    let rows = shuffled.files.get_mut("knees.csv").unwrap();
    rows[1..].reverse();
    let (a, b) = (built(&small), built(&shuffled));
    let sorted = |trial: &Trial| {
        let mut pairs: Vec<(String, u64)> = trial
            .paired(0, 2, Measure::Change, &trial.sets[0])
            .pairs
            .iter()
            .map(|pair| (trial.patients[pair.patient].id.clone(), pair.difference().to_bits()))
            .collect();
        pairs.sort();
        pairs
    };
    assert_eq!(sorted(&a), sorted(&b));
}

#[test]
fn a_knee_without_its_partner_is_counted() {
    let mut small = SmallTrial::new();
    small.set("knees.csv", 6, "vas", "");
    let trial = built(&small);
    let pairs = trial.paired(0, 2, Measure::Value, &trial.sets[0]);
    assert_eq!((pairs.pairs.len(), pairs.one_knee()), (11, 1));
    assert_eq!(pairs.dropped[0].reason, "active knee missing");
    assert_eq!(trial.observations(0, &[2], Measure::Value, &trial.sets[0]).len(), 23);
}

#[test]
fn analysis_sets_follow_their_conditions() {
    let mut small = SmallTrial::new();
    small.set("patients.csv", 4, "pp", "N");
    small.edit_plan("where = 'pp == \"Y\"'", "where = 'pp == \"Y\" and age >= 55'");
    let trial = built(&small);
    assert_eq!(trial.sets[0].size(), 12);
    // Ages are 50 to 61 and P03 (age 52) is out anyway.
    assert_eq!(trial.sets[1].size(), 7);
    assert!(!trial.sets[1].members[2]);
}

#[test]
fn scores_from_items_are_the_recorded_ones() {
    // The synthetic trial has its WOMAC pain both as a score and as items in a file of their own.
    let text = plan_of(DEMO);
    let items: Vec<String> = (1..=5).map(|number| format!("\"pain_{number}\"")).collect();
    let scored = text.replace(
        "column = \"womac_pain\"",
        &format!(
            "column = \"womac_pain\"\nscore = {{ instrument = \"womac-lk\", scale = \"pain\", items = [{}], file = \"womac_items.csv\" }}",
            items.join(", ")
        ),
    );
    assert_ne!(text, scored);
    let trial = |text: &str| {
        let plan = splitknee::plan::parse(text, "plan.toml").unwrap();
        let sources = splitknee::plan::sources::read(&plan, &dataset(DEMO)).unwrap();
        splitknee::trial::build::build(&plan.design(), &sources).unwrap()
    };
    let ((recorded, _), (from_items, findings)) = (trial(&text), trial(&scored));
    assert_eq!(recorded.patients, from_items.patients);
    assert!(findings.iter().all(|finding| !["SK218", "SK220", "SK221"].contains(&finding.rule)), "{findings:?}");
}

#[test]
fn a_score_may_be_carried_to_100() {
    // Stiffness of two items, 0 to 8, as per cent of 8.
    let mut small = SmallTrial::new();
    let rows = small.files.get_mut("knees.csv").unwrap();
    let at = rows[0].iter().position(|name| name == "stiffness").unwrap();
    rows[0].extend(["s1".to_owned(), "s2".to_owned()]);
    for row in rows.iter_mut().skip(1) {
        let score: u32 = row[at].parse().unwrap();
        row.extend([score.div_ceil(2).to_string(), (score / 2).to_string()]);
    }
    rows[0][at] = "recorded".to_owned();
    small.edit_plan(
        "range = [0, 8]",
        "range = [0, 100]\nscore = { instrument = \"womac-lk\", scale = \"stiffness\", items = [\"s1\", \"s2\"], normalised = true }",
    );
    small.edit_plan("sum_of = [\"pain\", \"stiffness\"]\n", "");
    let trial = built(&small);
    let expected: f64 = small.files["knees.csv"][1][at].parse::<f64>().unwrap() / 8.0 * 100.0;
    assert_eq!(trial.patients[0].knees()[0].values[2][0], Some(expected));
}

#[test]
fn events_belong_to_a_knee_or_to_the_patient() {
    let trial = built(&SmallTrial::new());
    let events = trial.events.as_ref().unwrap();
    assert_eq!((events[0].patient, events[0].arm), (0, Some(1)));
    assert_eq!((events[1].patient, events[1].arm), (1, None));
    assert_eq!(events[0].start_day, Some(1.0));
}

#[test]
fn the_arm_may_come_from_the_allocation_list_alone() {
    let small = SmallTrial::new();
    let mut blind = small.clone();
    blind.edit_plan("arm = \"arm\", ", "");
    blind.edit_plan("order = \"number\"", "arm = \"arm\", order = \"number\"");
    blind.set("knees.csv", 1, "arm", "notes");
    blind.set_column("knees.csv", "notes", |_, _| String::new());
    let (a, b) = (built(&small), built(&blind));
    assert_eq!(a.paired(0, 2, Measure::Value, &a.sets[0]), b.paired(0, 2, Measure::Value, &b.sets[0]));
}

#[test]
fn a_list_with_the_side_of_the_active_knee() {
    let small = SmallTrial::new();
    let mut short = small.clone();
    short.remove("allocation.csv", "arm", |arm| arm == "SALINE");
    short.edit_plan("order = \"number\"", "active_knee = \"side\", order = \"number\"");
    assert_eq!(built(&small).patients, built(&short).patients);
    short.set("allocation.csv", 3, "side", "LEFT");
    assert_eq!(finding(&short.findings(), "SK109").location.to_string(), "knees.csv:8:arm");
}

#[test]
fn patients_only_in_the_allocation_list_count_as_randomised() {
    let mut small = SmallTrial::new();
    small.remove("knees.csv", "id", |id| id == "P12");
    let trial = built(&small);
    assert_eq!((trial.randomised, trial.patients.len()), (12, 12));
    let last = &trial.patients[11];
    assert_eq!((last.id.as_str(), last.knees().len()), ("P12", 2));
    assert!(last.knees().iter().all(|knee| knee.rows.iter().all(Option::is_none)));
}

#[test]
fn wide_data_give_the_same_trial() {
    let small = SmallTrial::new();
    let rows = small.files["knees.csv"].clone();
    let mut wide = small.clone();
    // One row per patient; vas_LEFT_m6 and so on.
    let mut table = vec![vec!["id".to_owned()]];
    let visits = ["baseline", "m2", "m6"];
    for name in ["vas", "pain", "stiffness", "total", "effusion", "volume"] {
        for side in ["LEFT", "RIGHT"] {
            for visit in visits {
                table[0].push(format!("{name}_{side}_{visit}"));
            }
        }
    }
    for patient in 0..12 {
        let mut line = vec![rows[6 * patient + 1][0].clone()];
        #[expect(clippy::needless_range_loop, reason = "cells of several rows by one index")]
        for column in 6..12 {
            for side in 0..2 {
                for visit in 0..3 {
                    line.push(rows[6 * patient + 1 + 2 * visit + side][column].clone());
                }
            }
        }
        table.push(line);
    }
    wide.files.insert("knees.csv", table);
    wide.edit_plan(
        "columns = { patient = \"id\", knee = \"side\", arm = \"arm\", visit = \"visit\", month = \"month\", date = \"date\" }",
        "columns = { patient = \"id\" }\nshape = \"wide\"\npattern = \"{endpoint}_{knee}_{visit}\"",
    );
    wide.edit_plan("order = \"number\"", "knee = \"side\", arm = \"arm\", order = \"number\"");
    let (a, b) = (built(&small), built(&wide));
    for endpoint in 0..6 {
        for visit in [0, 2] {
            let pairs = |trial: &Trial| trial.paired(endpoint, visit, Measure::Value, &trial.sets[0]).pairs;
            assert_eq!(pairs(&a), pairs(&b));
        }
    }
}

#[test]
fn adam_bds_data_give_the_same_trial() {
    let small = SmallTrial::new();
    let rows = small.files["knees.csv"].clone();
    let mut bds = small.clone();
    let header = ["USUBJID", "LAT", "TRTA", "AVISIT", "AVISITN", "ADT", "PARAMCD", "AVAL", "ANL01FL"];
    let mut table = vec![header.map(str::to_owned).to_vec()];
    for row in &rows[1..] {
        for (code, column) in [("VAS", 6), ("PAIN", 7), ("STIFF", 8), ("TOTAL", 9), ("EFF", 10), ("VOL", 11)] {
            let cells = [&row[0], &row[1], &row[5], &row[2], &row[3], &row[4], code, &row[column], "Y"];
            if !row[column].is_empty() {
                table.push(cells.map(str::to_owned).to_vec());
            }
        }
    }
    // A record that is not analysed, and a parameter the plan does not use.
    table.push(["P01", "LEFT", "EV", "Month 2", "2", "2024-03-12", "VAS", "1", ""].map(str::to_owned).to_vec());
    table.push(["P01", "LEFT", "EV", "Month 2", "2", "2024-03-12", "OTHER", "1", "Y"].map(str::to_owned).to_vec());
    bds.files.insert("knees.csv", table);
    bds.edit_plan(
        "columns = { patient = \"id\", knee = \"side\", arm = \"arm\", visit = \"visit\", month = \"month\", date = \"date\" }",
        "columns = { patient = \"USUBJID\", knee = \"LAT\", arm = \"TRTA\", visit = \"AVISIT\", month = \"AVISITN\", date = \"ADT\" }\n\
         shape = \"bds\"\npatient_column = \"id\"\nwhere = 'ANL01FL == \"Y\"'",
    );
    bds.edit_plan("order = \"number\"", "patient = \"id\", knee = \"side\", arm = \"arm\", order = \"number\"");
    bds.edit_plan("sum_of = [\"pain\", \"stiffness\"]\n", "");
    for (from, to) in [
        ("vas", "VAS"),
        ("pain", "PAIN"),
        ("stiffness", "STIFF"),
        ("total", "TOTAL"),
        ("effusion", "EFF"),
        ("volume", "VOL"),
    ] {
        bds.edit_plan(&format!("column = \"{from}\""), &format!("column = \"{to}\""));
    }
    let (a, b) = (built(&small), built(&bds));
    for endpoint in 0..6 {
        for visit in 0..3 {
            let pairs = |trial: &Trial| trial.paired(endpoint, visit, Measure::Value, &trial.sets[0]).pairs;
            assert_eq!(pairs(&a), pairs(&b), "{endpoint} {visit}");
        }
    }
    // Without the filter the patient has two values at one visit.
    bds.edit_plan("where = 'ANL01FL == \"Y\"'", "");
    assert_eq!(finding(&bds.findings(), "SK101").location.column.as_deref(), Some("PARAMCD"));
}

#[test]
fn without_sides_the_arm_names_the_site() {
    let mut small = SmallTrial::new();
    small.edit_plan("knee = \"side\", ", "");
    small.edit_plan(
        "allocation = \"allocation.csv\"\nallocation_columns = { order = \"number\", date = \"randomised\" }\n",
        "",
    );
    small.set("events.csv", 2, "knee", "EV");
    let trial = built(&small);
    assert_eq!(trial.patients[0].pair().unwrap().0.side, "EV");
    assert_eq!(trial.events.as_ref().unwrap()[0].arm, Some(1));
    assert_eq!(trial.paired(0, 2, Measure::Value, &trial.sets[0]).differences(), by_hand(&small, 6));
}

#[test]
fn two_of_three_arms_the_real_wound_trial() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/real/vasscores.csv");
    let Ok(bytes) = std::fs::read(&path) else {
        skip(Needs::Data, "the real trial with wounds (vasscores.csv)");
        return;
    };
    let plan = splitknee::plan::parse(
        "trial = { id = \"VAS\", title = \"Zinc gel\", site = \"wound\" }\n\
         data = { path = \"vasscores.csv\", columns = { patient = \"id\", arm = \"treatment\" } }\n\
         arms = { active = \"A\", placebo = \"B\", other = [\"C\"] }\n\
         [[endpoint]]\nname = \"VAS\"\ncolumn = \"vas\"\nbetter = \"lower\"\ndecimals = 1\n",
        "plan.toml",
    )
    .unwrap();
    let sources = splitknee::plan::sources::read_with(&plan, |_| Ok(bytes.clone())).unwrap();
    let (trial, _) = splitknee::trial::build::build(&plan.design(), &sources).unwrap();
    let pairs = trial.paired(0, 0, Measure::Value, &trial.sets[0]);
    assert_eq!(pairs.pairs.len(), 10);
    // R: t.test(paired = TRUE) on the same ten volunteers has mean difference -6.
    assert!((pairs.differences().iter().sum::<f64>() / 10.0 + 6.0).abs() < 1e-12);
}

#[test]
fn conditions_read_as_written() {
    let holds = |text: &str| {
        Condition::parse(text).unwrap().holds(&|name| match name {
            "age" => Some("61"),
            "sex" => Some("F"),
            "pp" => Some("Y"),
            "exit" => Some(" "),
            _ => None,
        })
    };
    for (text, expected) in [
        ("pp == \"Y\"", true),
        ("pp == 'Y' and age > 61", false),
        ("age >= 61 and age <= 61.0", true),
        ("not (sex == \"M\" or age < 50)", true),
        ("sex in [\"M\", \"F\"]", true),
        ("age in [60, 61]", true),
        ("sex < 5", false),
        ("exit == missing", true),
        ("pp != missing", true),
        ("absent == \"Y\"", false),
        ("absent != \"Y\"", true),
        ("pp == \"Y\" or pp == \"N\" and age < 0", true),
    ] {
        assert_eq!(holds(text), expected, "{text}");
    }
    for (text, offset) in [
        ("pp = \"Y\"", 3),
        ("pp == Y", 6),
        ("pp == \"Y", 6),
        ("pp", 2),
        ("(pp == \"Y\"", 10),
        ("pp == \"Y\" age > 3", 10),
        ("pp ~ 3", 3),
        ("age == 1.2.3", 7),
        ("", 0),
    ] {
        assert_eq!(Condition::parse(text).unwrap_err().offset, offset, "{text}");
    }
    assert!(Condition::parse(&"(".repeat(100_000)).is_err());
    assert!(Condition::parse(&"not ".repeat(100_000)).is_err());
}
