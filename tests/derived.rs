//! Derived endpoints of a plan, held to R on the reference case `weekly_log`: areas under four rules for missing visits,
//! mean, worst and best of the visits, percent change (`stats::t.test` of values derived by independent R code).

use serde_json::Value;
use splitknee::pipeline;
use std::path::PathBuf;

const PLAN: &str = r#"
[trial]
id = "LOG"
title = "Derived endpoints"
synthetic = true
[data]
path = "data.csv"
where = 'visit != "SCR"'
columns = { patient = "usubjid", knee = "knee", arm = "treatment", visit = "visit" }
[arms]
active = "EV"
placebo = "PLACEBO"
[visits]
order = ["BASELINE", "M1", "M3", "M6"]
months = [0, 1, 3, 6]
baseline = "BASELINE"
primary = "M6"
[analysis]
primary = "paired_t"
sensitivity = []
"#;

/// Identifier, `derive`, `missing`, and the result of the reference case.
const DERIVED: [(&str, &str, &str, &str); 8] = [
    ("auc_complete", "auc", "complete", "derived.auc_complete"),
    ("auc_interpolate", "auc", "interpolate", "derived.auc_interpolate"),
    ("auc_carry", "auc", "interpolate-carry", "derived.auc_interpolate_carry"),
    ("auc_span", "auc", "observed-span", "derived.auc_observed_span"),
    ("mean_available", "mean", "available", "derived.mean_of_visits"),
    ("mean_complete", "mean", "complete", "derived.mean_of_visits_complete"),
    ("worst", "worst", "available", "derived.worst_of_visits"),
    ("best", "best", "available", "derived.best_of_visits"),
];

fn case() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("crates/splitknee-stats/tests/reference/weekly_log")
}

fn endpoint(id: &str, keys: &str, role: &str) -> String {
    format!(
        "[[endpoint]]\nname = \"VAS {id}\"\nid = \"{id}\"\ncolumn = \"vas\"\nbetter = \"lower\"\nrole = \"{role}\"\n{keys}\n"
    )
}

fn plan() -> String {
    let mut text = PLAN.to_owned();
    for (number, (id, derive, missing, _)) in DERIVED.iter().enumerate() {
        let role = if number == 0 { "primary" } else { "secondary" };
        text += &endpoint(id, &format!("derive = \"{derive}\"\nmissing = \"{missing}\""), role);
    }
    text + &endpoint("percent", "derive = \"percent-change\"\nunit = \"%\"", "secondary")
}

fn read(plan: &str) -> Result<pipeline::Inputs, Vec<splitknee::trial::Finding>> {
    pipeline::read_from(plan, "plan.toml", |file| std::fs::read(case().join(file)))
}

#[test]
fn derived_endpoints_are_those_of_r() {
    let run = pipeline::analyse(read(&plan()).unwrap_or_else(|findings| panic!("{findings:?}"))).unwrap();
    let text = std::fs::read_to_string(case().join("expected.json")).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    let expected =
        |id: &str| all["results"].as_array().unwrap().iter().find(|r| r["id"] == id).unwrap()["values"].clone();
    let same = |number: usize, visit: usize, id: &str| {
        let found = &run.outcomes.comparison(number, visit, "paired-t").unwrap_or_else(|| panic!("no {id}")).result;
        let theirs = expected(id);
        assert_eq!(found.n_pairs as u64, theirs["n_pairs"].as_u64().unwrap(), "{id}");
        let pairs = [
            ("estimate", found.estimate),
            ("std_error", found.std_error),
            ("p_value", found.p_value),
            ("conf_low", found.conf_low),
            ("conf_high", found.conf_high),
        ];
        for (field, value) in pairs {
            let (value, theirs) = (value.unwrap(), theirs[field].as_f64().unwrap());
            assert!((value - theirs).abs() <= 1e-9 * (1.0 + theirs.abs()), "{id} {field}: {value} against {theirs}");
        }
    };
    for (number, (_, _, _, id)) in DERIVED.iter().enumerate() {
        same(number, 3, id);
        assert!(run.outcomes.comparison(number, 1, "paired-t").is_none(), "{id} has a value at its last visit only");
    }
    for (visit, label) in [(1, "M1"), (2, "M3"), (3, "M6")] {
        same(DERIVED.len(), visit, &format!("percent_change_t.{label}"));
    }
}

#[test]
fn derived_endpoints_that_are_refused() {
    let refused = |keys: &str, change: (&str, &str), rule: &str, word: &str| {
        let plan = PLAN.replace(change.0, change.1) + &endpoint("vas", keys, "primary");
        let findings = read(&plan).unwrap_err();
        let found = findings.iter().find(|finding| finding.rule == rule && finding.message.contains(word));
        assert!(found.is_some(), "{keys}: {findings:?}");
    };
    let same = ("", "");
    refused("derive = \"auc\"", same, "SK012", "missing visits");
    refused("derive = \"auc\"\nmissing = \"available\"", same, "SK008", "no rule");
    refused("derive = \"mean\"\nmissing = \"interpolate\"", same, "SK008", "no rule");
    refused("missing = \"complete\"", same, "SK012", "derived endpoint");
    refused("derive = \"mean\"\nmissing = \"complete\"\nvisits = [\"M6\"]", same, "SK012", "nothing to summarise");
    refused("derive = \"worst\"\nmissing = \"available\"\nkind = \"ordinal\"", same, "SK016", "needs numbers");
    refused("derive = \"percent-change\"", ("baseline = \"BASELINE\"\n", ""), "SK016", "baseline");
    refused("derive = \"auc\"\nmissing = \"complete\"", ("[0, 1, 3, 6]", "[0, 1, 1, 6]"), "SK012", "months");
    let early = "derive = \"mean\"\nmissing = \"complete\"\nvisits = [\"M1\", \"M3\"]";
    refused(early, same, "SK013", "last of its visits");
}

/// The report says what is derived, by which rule, and how many have a value, in both languages.
#[test]
fn the_report_names_the_rule() {
    for (language, words) in [("en", "62 knees have a value"), ("ja", "62側")] {
        let text = plan().replace("[analysis]", &format!("[report]\nlanguage = \"{language}\"\n[analysis]"));
        let run = pipeline::analyse(read(&text).unwrap_or_else(|findings| panic!("{findings:?}"))).unwrap();
        let bundle = pipeline::write_up(&run).unwrap();
        let html = String::from_utf8_lossy(bundle.get("report.html").unwrap()).into_owned();
        assert!(html.contains(words), "{language}");
    }
}

/// Changes from the mean of two baselines.
#[test]
fn a_baseline_is_the_mean_of_screening_and_baseline() {
    let all: Value = serde_json::from_str(&std::fs::read_to_string(case().join("expected.json")).unwrap()).unwrap();
    let plan = PLAN
        .replace("where = 'visit != \"SCR\"'\n", "")
        .replace("order = [\"BASELINE\"", "order = [\"SCR\", \"BASELINE\"")
        .replace("months = [0,", "months = [-0.5, 0,")
        .replace("[analysis]\n", "[analysis]\nmeasure = \"change\"\n");
    for (missing, id) in [("available", "baseline_mean.available.M6"), ("complete", "baseline_mean.both.M6")] {
        let text =
            plan.clone() + &endpoint("vas", &format!("derive = \"baseline-mean\"\nmissing = \"{missing}\""), "primary");
        let run = pipeline::analyse(read(&text).unwrap_or_else(|findings| panic!("{findings:?}"))).unwrap();
        let found = &run.outcomes.comparison(0, 4, "paired-t").unwrap().result;
        let theirs = &all["results"].as_array().unwrap().iter().find(|r| r["id"] == id).unwrap()["values"];
        assert_eq!(found.n_pairs as u64, theirs["n_pairs"].as_u64().unwrap(), "{id}");
        for (field, value) in [("estimate", found.estimate), ("std_error", found.std_error), ("p_value", found.p_value)]
        {
            let (value, theirs) = (value.unwrap(), theirs[field].as_f64().unwrap());
            assert!((value - theirs).abs() <= 1e-9 * (1.0 + theirs.abs()), "{id} {field}: {value} {theirs}");
        }
        let bundle = pipeline::write_up(&run).unwrap();
        let html = String::from_utf8_lossy(bundle.get("report.html").unwrap()).into_owned();
        assert!(html.contains("The baseline of VAS vas is the mean of the values of a knee at SCR, BASELINE"));
    }
    let one = PLAN.to_owned() + &endpoint("vas", "derive = \"baseline-mean\"\nmissing = \"complete\"", "primary");
    let findings = read(&one).unwrap_err();
    assert!(findings.iter().any(|f| f.rule == "SK016" && f.message.contains("reads 1")), "{findings:?}");
}

const COMPUTED: &str = "[trial]\nid = \"SUM\"\ntitle = \"Sums\"\nsynthetic = true\n[data]\npath = \"d.csv\"\n\
    columns = { patient = \"id\", knee = \"side\", arm = \"arm\" }\n[arms]\nactive = \"EV\"\nplacebo = \"SALINE\"\n\
    [[endpoint]]\nname = \"Share\"\ncolumn = \"share\"\ncompute = \"100 * lesion / (lesion + healthy)\"\nbetter = \"lower\"\n\
    [analysis]\nprimary = \"paired_t\"\nsensitivity = []\n";

/// Patients with lesion and healthy of the active and of the placebo knee.
fn lesions(rows: &[[&str; 4]]) -> String {
    let mut data = "id,side,arm,lesion,healthy\n".to_owned();
    for (n, [a, b, c, d]) in rows.iter().enumerate() {
        data += &format!("P{n},L,EV,{a},{b}\nP{n},R,SALINE,{c},{d}\n");
    }
    data
}

#[test]
fn an_endpoint_is_computed_from_other_columns() {
    let rows =
        [["1", "3", "2", "2"], ["2", "2", "3", "1"], ["1", "4", "1", "1"], ["3", "2", "4", "1"], ["1", "1", "", "4"]];
    let read = |plan: &str, data: String| pipeline::read_from(plan, "plan.toml", |_| Ok(data.clone().into_bytes()));
    let run = pipeline::analyse(read(COMPUTED, lesions(&rows)).unwrap_or_else(|found| panic!("{found:?}"))).unwrap();
    let found = &run.outcomes.comparison(0, 0, "paired-t").unwrap().result;
    // By hand: 25 − 50, 50 − 75, 20 − 50, 60 − 80; the fifth pair lacks a lesion.
    assert_eq!(found.n_pairs, 4);
    assert!((found.estimate.unwrap() + 25.0).abs() < 1e-12, "{:?}", found.estimate);
    let bundle = pipeline::write_up(&run).unwrap();
    let html = String::from_utf8_lossy(bundle.get("report.html").unwrap()).into_owned();
    assert!(html.contains("computed from other columns of the data as 100 * lesion"));
    let mut zero = rows;
    zero[2] = ["0", "0", "1", "1"];
    let mut word = rows;
    word[1][0] = "two";
    for (plan, data, rule, row, said) in [
        (COMPUTED.to_owned(), zero, "SK201", Some(6), "is no number in this row"),
        (COMPUTED.to_owned(), word, "SK201", Some(4), "`two` is no number"),
        (COMPUTED.replace("/ (lesion", "/ (lesoin"), rows, "SK025", Some(1), "no column `lesoin`"),
        (
            COMPUTED.replace("\"share\"", "\"healthy\"").replace("+ healthy", "+ 1"),
            rows,
            "SK009",
            Some(1),
            "has a column `healthy`",
        ),
        (COMPUTED.replace(" + healthy)", ""), rows, "SK011", Some(14), "ends where `)`"),
        (COMPUTED.replace("\"share\"", "\"lesion\""), rows, "SK009", Some(14), "computed from itself"),
        (COMPUTED.replace("100 * lesion / (lesion + healthy)", "100 / 7"), rows, "SK012", Some(14), "reads no column"),
        (COMPUTED.replace("better", "kind = \"binary\"\nbetter"), rows, "SK016", None, "is a number"),
    ] {
        let findings = read(&plan, lesions(&data)).and_then(pipeline::analyse).map(|_| ()).expect_err(said);
        let found = findings.iter().find(|finding| finding.rule == rule && finding.message.contains(said));
        let found = found.unwrap_or_else(|| panic!("{said}: {findings:?}"));
        assert!(!found.remedy.is_empty());
        if row.is_some() {
            assert_eq!(found.location.row, row, "{said}");
        }
    }
}
