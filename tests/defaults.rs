//! The default primary analysis: which the design calls for, what it answers where the former default was wrong, and that it
//! does not depend on the unit.

use crate::analysis::find;
use splitknee::analysis::{Conclusion, Outcomes, Record};
use splitknee::paired::{Field, Options, paired_t::paired_t};
use splitknee::pipeline;

/// No effect; the knees' spread grows over Months 1, 3, 6.
const GROWING: &str = include_str!("faults/variances-grow.csv");
/// One visit; the knees of a patient move against each other (r = −0.87).
const NEGATIVE: &str = include_str!("faults/negative-correlation.csv");

const VISITS: &str =
    "[visits]\norder = [\"Baseline\", \"Month 1\", \"Month 3\", \"Month 6\"]\nbaseline = \"Baseline\"\n";

fn outcomes(csv: &str, visits: bool, analysis: &str) -> Outcomes {
    let (column, visits) = if visits { (", visit = \"avisit\"", VISITS) } else { ("", "") };
    let plan = format!(
        "[trial]\nid = \"X\"\ntitle = \"t\"\nsynthetic = true\n[data]\npath = \"k.csv\"\n\
         columns = {{ patient = \"usubjid\", knee = \"lat\", arm = \"trt\"{column} }}\n\
         [arms]\nactive = \"EV\"\nplacebo = \"SAL\"\n{visits}\
         [[endpoint]]\nname = \"VAS\"\ncolumn = \"vas\"\nrange = [0, 1000]\nbetter = \"lower\"\n[analysis]\n{analysis}\n"
    );
    let inputs =
        pipeline::read_from(&plan, "plan.toml", |_| Ok(csv.as_bytes().to_vec())).unwrap_or_else(|f| panic!("{f:?}"));
    pipeline::analyse(inputs).unwrap_or_else(|f| panic!("{f:?}")).outcomes
}

/// The rows of the first `n` patients, values multiplied.
fn part(csv: &str, n: usize, factor: f64) -> String {
    let mut seen: Vec<&str> = Vec::new();
    let mut out = String::new();
    for (i, line) in csv.lines().enumerate() {
        let id = line.split(',').next().unwrap();
        if i > 0 && !seen.contains(&id) {
            seen.push(id);
        }
        if i > 0 && seen.len() > n {
            break;
        }
        let (rest, value) = line.rsplit_once(',').unwrap();
        let value = value.parse::<f64>().map_or(value.to_owned(), |v| (v * factor).to_string());
        out.push_str(&format!("{rest},{value}\n"));
    }
    out
}

fn text(record: &Record, field: &str) -> String {
    match record.result.field(field) {
        Some(Field::Text(text)) => text.clone(),
        other => panic!("{field}: {other:?}"),
    }
}

#[test]
fn variances_that_grow_over_the_visits_are_not_taken_as_one() {
    let found = outcomes(GROWING, true, "sensitivity = []");
    let record = find(&found, "vas.m6.primary.mixed-model");
    assert_eq!((text(record, "structure"), text(record, "rule")), ("pair".into(), "pair-all-visits".into()));
    assert_eq!(text(record, "formula"), "value ~ treatment * visit + baseline + baseline:visit + pair(visit|patient)");
    // The REML program of verify.R in R 4.2.2.
    assert!((record.result.estimate.unwrap() + 6.981364021).abs() < 1e-6);
    assert!((record.result.std_error.unwrap() - 3.755057805).abs() < 1e-6);
    assert_eq!(record.conclusion(), Conclusion::Inconclusive);
    // By name, with the variances that it assumes: it claims superiority of a treatment without effect.
    let random = outcomes(GROWING, true, "sensitivity = []\nstructure = \"random\"");
    let record = find(&random, "vas.m6.primary.mixed-model");
    assert!(text(record, "formula").contains("(1|patient:knee)") && record.result.field("rule").is_none());
}

#[test]
fn knees_that_move_against_each_other_give_the_paired_t_test() {
    let found = outcomes(NEGATIVE, false, "");
    let record = find(&found, "vas.single.primary.mixed-model");
    let paired = find(&found, "vas.single.sensitivity.paired-t");
    for (ours, expected) in [
        (record.result.estimate, paired.result.estimate),
        (record.result.std_error, paired.result.std_error),
        (record.result.df, paired.result.df),
        (record.result.p_value, paired.result.p_value),
    ] {
        assert!((ours.unwrap() / expected.unwrap() - 1.0).abs() < 1e-8, "{ours:?} {expected:?}");
    }
    assert!((record.result.std_error.unwrap() - 8.4719143842).abs() < 1e-8);
}

/// 9, 14 and 15 patients with three visits: the paired t-test of the change, each visit alone, all visits.
#[test]
fn the_design_chooses_the_analysis() {
    let few = outcomes(&part(GROWING, 9, 1.0), true, "sensitivity = []");
    let record = find(&few, "vas.m6.primary.paired-t");
    assert_eq!(text(record, "rule"), "paired-t-change");
    assert_eq!(record.measure.name(), "change");
    assert!(few.records.iter().all(|record| record.result.method != "mixed-model"));
    let mut pairs: Vec<[f64; 2]> = Vec::new();
    for id in (0..9).map(|i| format!("P{i:02}")) {
        let of = |arm: &str, visit: &str| -> f64 {
            let here = |line: &&str| line.starts_with(&id) && line.contains(arm) && line.contains(visit);
            GROWING.lines().find(here).and_then(|line| line.rsplit(',').next()).unwrap().parse().unwrap()
        };
        pairs.push(["EV", "SAL"].map(|arm| of(arm, "Month 6") - of(arm, "Baseline")));
    }
    let column = |i: usize| pairs.iter().map(|pair| pair[i]).collect::<Vec<f64>>();
    let expected = paired_t(&column(0), &column(1), &Options::default()).unwrap();
    assert!((record.result.p_value.unwrap() / expected.p_value.unwrap() - 1.0).abs() < 1e-10);

    let more = outcomes(&part(GROWING, 14, 1.0), true, "sensitivity = []");
    let record = find(&more, "vas.m6.primary.mixed-model");
    assert_eq!(text(record, "rule"), "pair-each-visit");
    assert_eq!(text(record, "formula"), "value ~ treatment + baseline + cs(treatment|patient)");
    assert!(find(&more, "vas.m1.secondary.mixed-model").result.estimate.is_some());
    assert_eq!(more.records.iter().filter(|r| r.id == "vas.mixed-model.variance-components").count(), 1);

    let enough = outcomes(&part(GROWING, 15, 1.0), true, "sensitivity = []");
    assert_eq!(text(find(&enough, "vas.m6.primary.mixed-model"), "rule"), "pair-all-visits");
}

#[test]
fn the_unit_changes_nothing_but_the_unit() {
    let methods = "sensitivity = [\"mmrm\", \"mmrm_difference\", \"clda\", \"ancova\"]";
    let plain = outcomes(GROWING, true, methods);
    for factor in [10.0, 0.1] {
        let other = outcomes(&part(GROWING, 99, factor), true, methods);
        let models = |o: &Outcomes| -> Vec<Record> {
            let of = ["mixed-model", "mmrm", "mmrm-difference", "clda", "ancova"];
            o.records.iter().filter(|r| of.contains(&r.result.method)).cloned().collect()
        };
        let (a, b) = (models(&plain), models(&other));
        assert!(a.len() >= 15 && a.len() == b.len());
        for (a, b) in a.iter().zip(&b) {
            let near = |x: Option<f64>, y: Option<f64>| {
                let (x, y) = (x.unwrap(), y.unwrap());
                assert!((x - y).abs() <= 1e-6 * y.abs(), "{}: {x} {y}", a.id);
            };
            assert_eq!((&a.id, a.conclusion()), (&b.id, b.conclusion()));
            near(b.result.estimate.map(|v| v / factor), a.result.estimate);
            near(b.result.std_error.map(|v| v / factor), a.result.std_error);
            near(b.result.df, a.result.df);
            near(b.result.p_value, a.result.p_value);
        }
    }
}
