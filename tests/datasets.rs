//! The data sets inside the project are what their README files say: the synthetic trial has the published shape and is
//! what its generator writes, the shoes are the figures of the book.

use crate::project::{DEMO, dataset, plan_of};
use std::collections::{BTreeMap, BTreeSet};

#[allow(dead_code, reason = "`main` is for the example of the same file")]
#[path = "../datasets/ev-knee-synthetic/generate.rs"]
mod generate;

type Row = BTreeMap<String, String>;
/// Patient, side and visit.
type KneeVisit = (String, String, String);

fn rows(name: &str, file: &str) -> Vec<Row> {
    let text = std::fs::read_to_string(dataset(name).join(file)).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(String::from).collect::<Vec<_>>());
    let header = lines.next().unwrap();
    lines
        .map(|cells| {
            assert_eq!(cells.len(), header.len(), "{file}: {cells:?}");
            header.iter().cloned().zip(cells).collect()
        })
        .collect()
}

fn trial(file: &str) -> Vec<Row> {
    rows("ev-knee-synthetic", file)
}

fn key(row: &Row) -> KneeVisit {
    (row["usubjid"].clone(), row["lat"].clone(), row["avisit"].clone())
}

fn number(row: &Row, column: &str) -> Option<f64> {
    let cell = &row[column];
    (!cell.is_empty()).then(|| cell.parse().unwrap_or_else(|_| panic!("{column}: {cell}")))
}

fn members(set: &str) -> BTreeSet<String> {
    trial("patients.csv").iter().filter(|row| row[set] == "Y").map(|row| row["usubjid"].clone()).collect()
}

#[test]
fn the_committed_files_are_what_the_generator_writes() {
    for (name, text) in generate::files(generate::SEED) {
        let committed = std::fs::read(dataset(DEMO).join(name)).unwrap();
        assert!(
            committed == text.as_bytes(),
            "{name} is stale: cargo run --example generate-ev-knee -- datasets/ev-knee-synthetic"
        );
    }
}

#[test]
fn another_seed_is_another_trial() {
    let texts = |seed| generate::files(seed).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    assert_eq!(texts(7), texts(7));
    assert_ne!(texts(7), texts(8));
}

// Bolandnazar et al., BMC Musculoskelet Disord 2024;25:856: 31 randomised, 29 analysed, 28 women, age 55.38 ± 6.07.
#[test]
fn the_patients_have_the_published_shape() {
    let patients = trial("patients.csv");
    assert_eq!(patients.len(), 31);
    assert_eq!(members("randomised").len(), 31);
    let analysed: Vec<_> = patients.iter().filter(|row| row["fas"] == "Y").collect();
    assert_eq!(analysed.len(), 29);
    assert_eq!(analysed.iter().filter(|row| row["sex"] == "F").count(), 28);
    assert_eq!(analysed.iter().filter(|row| row["sex"] == "M").count(), 1);

    let ages: Vec<f64> = analysed.iter().map(|row| number(row, "age").unwrap()).collect();
    let mean = ages.iter().sum::<f64>() / 29.0;
    let sd = (ages.iter().map(|age| (age - mean).powi(2)).sum::<f64>() / 28.0).sqrt();
    assert_eq!(format!("{mean:.2} {sd:.2}"), "55.38 6.07");

    for row in &patients {
        for side in ["kl_left", "kl_right"] {
            assert!(["2", "3"].contains(&row[side].as_str()), "{row:?}");
        }
        assert!(["LEFT", "RIGHT"].contains(&row["dominance"].as_str()), "{row:?}");
        assert!((18.0..=45.0).contains(&number(row, "bmi").unwrap()), "{row:?}");
    }
    assert!(members("pp").is_subset(&members("fas")) && members("fas").is_subset(&members("saf")));
    assert_eq!((members("pp").len(), members("saf").len()), (26, 30));
}

#[test]
fn every_patient_has_one_knee_in_each_arm_as_allocated() {
    let allocated: BTreeMap<_, _> =
        trial("allocation.csv").into_iter().map(|row| (row["usubjid"].clone(), row["ev_side"].clone())).collect();
    assert_eq!(allocated.len(), 31);
    let left = allocated.values().filter(|side| *side == "LEFT").count();
    assert!((15..=16).contains(&left), "blocks of four leave at most one more on a side: {left}");
    for row in trial("knees.csv") {
        assert_eq!(row["trt"] == "EV", row["lat"] == allocated[&row["usubjid"]], "{row:?}");
    }
}

#[test]
fn scores_are_in_range_and_in_the_steps_of_their_instrument() {
    let scales = [
        ("vas", 100.0, 1.0),
        ("womac_pain", 20.0, 1.0),
        ("womac_stiffness", 8.0, 1.0),
        ("womac_function", 68.0, 1.0),
        ("womac_total", 96.0, 1.0),
        ("lequesne", 24.0, 0.5),
        ("cartilage_retropatellar", 6000.0, 1.0),
        ("cartilage_tibiofemoral", 25_000.0, 1.0),
        ("meniscus_medial", 3.0, 1.0),
        ("meniscus_lateral", 3.0, 1.0),
        ("acl", 1.0, 1.0),
        ("effusion", 3.0, 1.0),
    ];
    let knees = trial("knees.csv");
    for (column, top, step) in scales {
        let values: Vec<f64> = knees.iter().filter_map(|row| number(row, column)).collect();
        assert!(values.iter().all(|value| (0.0..=top).contains(value) && (value / step).fract() == 0.0), "{column}");
        let distinct: BTreeSet<u64> = values.iter().map(|value| value.to_bits()).collect();
        assert!(distinct.len() > 1, "{column} does not vary");
    }
    let half_steps = knees.iter().filter_map(|row| number(row, "lequesne")).filter(|score| score.fract() == 0.5);
    assert!(half_steps.count() > 0);
    let months = [("Baseline", "0"), ("Month 2", "2"), ("Month 6", "6")];
    assert!(knees.iter().all(|row| months.contains(&(row["avisit"].as_str(), row["avisitn"].as_str()))));
}

#[test]
fn items_add_up_to_the_scores() {
    let by_knee = |file| trial(file).into_iter().map(|row| (key(&row), row)).collect::<BTreeMap<KneeVisit, Row>>();
    let (womac, lequesne) = (by_knee("womac_items.csv"), by_knee("lequesne_items.csv"));
    let sum = |row: &Row, name: &str, tops: &[f64]| -> f64 {
        let items = tops.iter().enumerate().map(|(index, &top)| {
            let item = number(row, &format!("{name}_{}", index + 1)).unwrap();
            assert!((0.0..=top).contains(&item), "{name}_{}: {item}", index + 1);
            item
        });
        items.sum()
    };
    let knees = trial("knees.csv");
    assert_eq!(womac.len(), knees.len());
    assert_eq!(lequesne.len(), knees.iter().filter(|row| number(row, "lequesne").is_some()).count());
    for row in &knees {
        let items = &womac[&key(row)];
        let scores = [("pain", 5), ("stiffness", 2), ("function", 17)].map(|(name, count)| {
            let score = sum(items, name, &vec![4.0; count]);
            assert_eq!(number(row, &format!("womac_{name}")), Some(score), "{:?} {name}", key(row));
            score
        });
        assert_eq!(number(row, "womac_total"), Some(scores.iter().sum()), "{:?}", key(row));

        let index = lequesne.get(&key(row)).map(|items| {
            sum(items, "pain", &[2.0, 2.0, 1.0, 2.0, 1.0])
                + sum(items, "distance", &[6.0, 2.0])
                + sum(items, "activity", &[2.0; 4])
        });
        assert_eq!(number(row, "lequesne"), index, "{:?}", key(row));
    }
}

#[test]
fn visits_and_knees_are_missing_where_the_readme_says() {
    let knees = trial("knees.csv");
    let keys: BTreeSet<KneeVisit> = knees.iter().map(key).collect();
    assert_eq!(keys.len(), knees.len(), "a knee has one row per visit");
    let pairs = |visit: &str| {
        let has = |patient: &str, side: &str| keys.contains(&(patient.into(), side.into(), visit.into()));
        let knees_of = |patient: &String| usize::from(has(patient, "LEFT")) + usize::from(has(patient, "RIGHT"));
        let mut counts = [0; 3];
        for patient in members("randomised") {
            counts[knees_of(&patient)] += 1;
        }
        counts // patients with no knee, one knee, both
    };
    assert_eq!(pairs("Baseline"), [0, 0, 31]);
    assert_eq!(pairs("Month 2"), [4, 1, 26]);
    assert_eq!(pairs("Month 6"), [3, 1, 27]);

    let after: BTreeSet<String> =
        knees.iter().filter(|row| row["avisit"] != "Baseline").map(|row| row["usubjid"].clone()).collect();
    assert_eq!(after, members("fas"), "the full analysis set has a score after baseline");
    let scanned = |row: &Row| number(row, "effusion").is_some();
    assert!(knees.iter().all(|row| row["avisit"] != "Month 2" || !scanned(row)));
    assert!(knees.iter().all(|row| row["avisit"] != "Baseline" || scanned(row)));
}

#[test]
fn the_two_not_analysed_have_a_reason() {
    let disposition = trial("disposition.csv");
    assert_eq!(disposition.len(), 31);
    let out: Vec<_> = disposition.iter().filter(|row| row["analysed"] == "N").collect();
    assert_eq!(out.len(), 2);
    assert!(out.iter().all(|row| row["status"] == "DISCONTINUED" && !row["reason"].is_empty()));
    let analysed: BTreeSet<String> =
        disposition.iter().filter(|row| row["analysed"] == "Y").map(|row| row["usubjid"].clone()).collect();
    assert_eq!(analysed, members("fas"));
}

#[test]
fn local_events_pass_and_none_is_serious() {
    let events = trial("adverse_events.csv");
    assert!(events.iter().all(|row| row["serious"] == "N"));
    let treated = members("saf");
    assert!(events.iter().all(|row| treated.contains(&row["usubjid"])));
    for event in &events {
        let end = number(event, "end_day");
        if event["knee"] == "SYSTEMIC" {
            assert_eq!(event["related"], "N");
        } else {
            assert!(["Local pain", "Local heat"].contains(&event["term"].as_str()), "{event:?}");
            assert!(end.unwrap() <= 7.0, "a local event lasts days: {event:?}");
        }
        assert!(end.is_none_or(|end| end >= number(event, "start_day").unwrap()), "{event:?}");
    }
    let terms: BTreeSet<_> = events.iter().map(|row| (row["knee"] == "SYSTEMIC", row["term"].as_str())).collect();
    assert!(terms.contains(&(false, "Local pain")) && terms.contains(&(false, "Local heat")) && terms.len() > 2);
    assert!(events.iter().any(|row| row["end_day"].is_empty()), "one event was still going on");
}

#[test]
fn synthetic_is_said_first() {
    let readme = std::fs::read_to_string(dataset(DEMO).join("README.md")).unwrap();
    assert!(readme.lines().next().unwrap().contains("SYNTHETIC"));
}

#[test]
fn plans_name_columns_that_exist() {
    for dataset in ["ev-knee-synthetic", "shoes"] {
        let text = plan_of(dataset);
        let plan: toml::Table = text.parse().unwrap();
        assert_eq!(plan["trial"]["synthetic"].as_bool(), Some(dataset == "ev-knee-synthetic"));
        let data = &plan["data"];
        let first = rows(dataset, data["path"].as_str().unwrap()).swap_remove(0);
        let roles = data["columns"].as_table().unwrap().values();
        let endpoints = plan["endpoint"].as_array().unwrap().iter().map(|endpoint| &endpoint["column"]);
        for column in roles.chain(endpoints) {
            assert!(first.contains_key(column.as_str().unwrap()), "{dataset}: {column}");
        }
        for file in ["patients", "allocation", "adverse_events", "disposition"] {
            if let Some(name) = data.get(file) {
                assert!(!rows(dataset, name.as_str().unwrap()).is_empty(), "{dataset}: {file}");
            }
        }
    }
}

// MASS 7.3-58.2, `shoes`; the foot that wore A from BHH2 2016.05.31, `shoes.data$sideA`: 1 1 2 1 2 1 1 1 2 1 (1 is L).
#[test]
fn the_shoes_are_those_of_the_book() {
    let a = ["13.2", "8.2", "10.9", "14.3", "10.7", "6.6", "9.5", "10.8", "8.8", "13.3"];
    let b = ["14.0", "8.8", "11.2", "14.2", "11.8", "6.4", "9.8", "11.3", "9.3", "13.6"];
    let side_of_a = [1, 1, 2, 1, 2, 1, 1, 1, 2, 1];
    let feet = ["LEFT", "RIGHT"];
    let mut expected = Vec::new();
    for boy in 0..10 {
        let foot_of_a = side_of_a[boy] - 1;
        expected.push((boy + 1, feet[foot_of_a], "A", a[boy]));
        expected.push((boy + 1, feet[1 - foot_of_a], "B", b[boy]));
    }
    let shoes = rows("shoes", "shoes.csv");
    let read: Vec<_> = shoes
        .iter()
        .map(|row| (row["boy"].parse().unwrap(), row["foot"].as_str(), row["material"].as_str(), row["wear"].as_str()))
        .collect();
    assert_eq!(read, expected);
    assert!(shoes.iter().all(|row| row["visit"] == "End of wear"));
}

#[allow(dead_code, reason = "`main` writes the file")]
#[path = "../datasets/biodistribution-synthetic/generate.rs"]
mod biodistribution;

/// The committed biodistribution is what its generator writes, and its page's analysis finds what was planted: with complete
/// animals exactly the one-way analysis of variance of each organ (R 4.2.2, `lm(log(signal) ~ route)`).
#[test]
fn biodistribution_by_route() {
    use splitknee::model::adjust::Adjust;
    use splitknee::model::{Columns, Ddf, FitOptions, Formula, LsMeansSpec, ReportOptions, fit};
    let committed = std::fs::read_to_string(dataset("biodistribution-synthetic").join("signal.csv")).unwrap();
    assert!(committed == biodistribution::signal(biodistribution::SEED), "signal.csv is stale: see its README");
    let rows = rows("biodistribution-synthetic", "signal.csv");
    let mut columns = Columns::new();
    for name in ["animal", "route", "organ"] {
        columns.add_categorical(name, rows.iter().map(|row| Some(row[name].as_str()))).unwrap();
    }
    let logs = rows.iter().map(|row| row["signal"].parse::<f64>().unwrap().ln()).collect();
    columns.add_numeric("signal", logs).unwrap();
    columns.set_levels("route", &biodistribution::ROUTES).unwrap();
    let organs = biodistribution::ORGANS.map(|organ| organ.0);
    columns.set_levels("organ", &organs).unwrap();
    let formula = Formula::parse("signal ~ route*organ + us(organ|animal)").unwrap();
    let options = ReportOptions {
        ddf: Ddf::Satterthwaite,
        contrasts: vec![LsMeansSpec::parse("route|organ")],
        adjust: Some(Adjust::MultivariateT),
        log_outcome: true,
        ..ReportOptions::default()
    };
    let report = fit(&columns, &formula, &FitOptions::default()).unwrap().report(&options).unwrap();
    let of = |organ: &str, contrast: &str| {
        let here =
            |r: &&splitknee::model::ContrastRecord| r.levels.get("organ") == Some(organ) && r.contrast == contrast;
        report.contrasts.iter().find(here).unwrap()
    };
    for (organ, contrast, estimate, std_error) in [
        ("lung", "IT - IV", 2.285_028_728_89, 0.204_863_121_172),
        ("lung", "IN - IV", 0.925_945_632_779, 0.204_863_121_172),
        ("brain", "IT - IV", -0.091_145_539_155_8, 0.404_611_947_714),
        ("brain", "IN - IV", 1.217_854_488_805_7, 0.404_611_947_714),
    ] {
        let found = of(organ, contrast);
        assert!((found.estimate.unwrap() - estimate).abs() < 1e-8, "{organ} {contrast}");
        assert!((found.std_error.unwrap() - std_error).abs() < 1e-7, "{organ} {contrast}");
        assert!((found.df.unwrap() - 21.0).abs() < 1e-3, "{organ} {contrast}");
    }
    // What was planted lies within the simultaneous limits, but for one chance in twenty an organ.
    let mut outside = 0;
    for (organ, _, tracheal, nasal) in biodistribution::ORGANS {
        for (contrast, planted) in [("IT - IV", tracheal), ("IN - IV", nasal)] {
            let ratio = of(organ, contrast).geometric.unwrap();
            let limits = ratio.ratio_low_adjusted.unwrap()..=ratio.ratio_high_adjusted.unwrap();
            outside += u8::from(!limits.contains(&planted));
        }
    }
    assert!(outside <= 1, "{outside} of 12 planted ratios outside");
}
