//! Covariates of the imputation model of an estimand: those of the models or its own, complete or refused by name, in results,
//! words and verify.R.

use super::estimands::{codes, event, outcomes, record, row, trial};
use super::small_trial::SmallTrial;
use assert_cmd::Command;
use serde_json::Value;
use splitknee::analysis::{Field, Record};
use splitknee::pipeline::{self, Run};
use splitknee::report::exhibits::{Material, estimands};
use splitknee::report::options::Options;
use splitknee::report::words::{Language, Words};

const MAIN: &str = "vas.m6.e1.j2r";

/// Some active and placebo knees missing, two of them after an event, with these keys of the models and of the estimand.
fn small(analysis: &str, missing: &str) -> SmallTrial {
    let handled = event("OUT", "knee", "jump-to-reference");
    let mut small = trial(
        "P01,LEFT,Month 6,OUT\nP04,LEFT,Month 6,OUT",
        &format!("{handled}[estimand.missing]\nstructure = \"kron-cs-us\"\n{missing}\n[analysis]\n{analysis}\n"),
    );
    for patient in [1, 4] {
        small.set("knees.csv", row(patient, 2, false), "vas", "");
    }
    for patient in [2, 7] {
        small.set("knees.csv", row(patient, 2, true), "vas", "");
    }
    small
}

fn names(record: &Record) -> Vec<String> {
    match record.result.field("covariates") {
        Some(Field::Json(Value::Array(list))) => list.iter().map(|name| name.as_str().unwrap().to_owned()).collect(),
        _ => Vec::new(),
    }
}

/// Analysed as the program does.
fn run(small: &SmallTrial) -> Run {
    let files = small.files.clone();
    let text = |name: &str| -> std::io::Result<Vec<u8>> {
        let rows = files.get(name).ok_or_else(|| std::io::Error::from(std::io::ErrorKind::NotFound))?;
        Ok(rows.iter().map(|row| row.join(",") + "\n").collect::<String>().into_bytes())
    };
    let inputs = pipeline::read_from(&small.plan, "plan.toml", text).unwrap_or_else(|found| panic!("{found:#?}"));
    pipeline::analyse(inputs).unwrap_or_else(|found| panic!("{found:#?}"))
}

#[test]
fn the_covariates_of_the_models_are_in_the_imputation_model_and_an_estimand_can_have_its_own() {
    let figures = |analysis: &str, missing: &str| {
        let found = outcomes(&small(analysis, missing));
        let own = record(&found, MAIN);
        (own.result.estimate.unwrap(), own.result.std_error.unwrap(), names(own))
    };
    let plain = figures("", "");
    assert!(plain.2.is_empty());
    let both = figures("covariates = [\"age\", \"sex\"]", "");
    assert_eq!(both.2, ["age", "sex"]);
    assert!(both.0 != plain.0 && both.1 != plain.1);
    // Its own, whatever the models have; none where the list is empty: the figures without, to the bit.
    assert_eq!(figures("", "covariates = [\"age\", \"sex\"]"), both);
    assert_eq!(figures("covariates = [\"sex\"]", "covariates = [\"age\", \"sex\"]"), both);
    assert_eq!(figures("covariates = [\"age\", \"sex\"]", "covariates = []"), plain);
    // Side is a term of the models, so of the imputation; a knee's own.
    let sided = figures("side = true", "");
    assert_eq!(sided.2, ["side"]);
    assert!(sided.0 != plain.0);
    // A list of its own is the whole of it.
    assert_eq!(figures("side = true", "covariates = []"), plain);
}

/// The same rows by `splitknee impute`: the program's two doors give one number.
#[test]
fn the_command_gives_the_number_of_the_plan() {
    let small = small("", "covariates = [\"age\", \"sex\"]");
    let found = outcomes(&small);
    let own = record(&found, MAIN);
    let patients = &small.files["patients.csv"];
    let (age, sex) = (1, 2);
    assert_eq!((patients[0][age].as_str(), patients[0][sex].as_str()), ("age", "sex"));
    let knees = &small.files["knees.csv"];
    let mut text = String::from("id,arm,visit,base,age,sex,vas\n");
    for knee in &knees[1..] {
        let baseline = knees.iter().find(|other| other[0] == knee[0] && other[1] == knee[1] && other[2] == "Baseline");
        let patient = patients.iter().find(|patient| patient[0] == knee[0]).unwrap();
        let vas = knees[0].iter().position(|name| name == "vas").unwrap();
        let cells = [&knee[0], &knee[5], &knee[2], &baseline.unwrap()[vas], &patient[age], &patient[sex], &knee[vas]];
        text.push_str(&(cells.map(String::as_str).join(",") + "\n"));
    }
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("long.csv"), text).unwrap();
    std::fs::write(home.path().join("ice.csv"), "id,arm,visit\nP01,EV,Month 6\nP04,EV,Month 6\n").unwrap();
    let arguments = "impute --data long.csv --id id --arm arm --active EV --placebo SALINE --visit visit --visits Month_2,Month_6 \
        --value vas --baseline base --score --events ice.csv --strategy j2r --structure kron-cs-us --covariates age,sex \
        --format json";
    let words = arguments.split_whitespace().map(|word| word.replace("Month_", "Month "));
    let output = Command::cargo_bin("splitknee").unwrap().args(words).current_dir(home.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["covariates"], serde_json::json!(["age", "sex"]));
    for (name, value) in [("estimate", own.result.estimate), ("std_error", own.result.std_error)] {
        let (found, expected) = (answer[name].as_f64().unwrap(), value.unwrap());
        assert!((found - expected).abs() < 1e-9 * expected.abs(), "{name}: {found} {expected}");
    }
}

#[test]
fn a_covariate_that_is_missing_or_unknown_is_said_with_its_place() {
    let mut lacking = small("covariates = [\"age\"]", "");
    lacking.set("patients.csv", 4, "age", "");
    let findings = lacking.findings();
    let said = findings.iter().find(|finding| finding.rule == "SK617").unwrap();
    assert!(said.message.contains("P03") && said.message.contains("estimands by imputation have no answer"), "{said}");
    let found = outcomes(&lacking);
    let own = record(&found, MAIN);
    assert!(own.result.estimate.is_none() && codes(own).contains(&"mi_covariate_missing"), "{:?}", codes(own));
    assert!(own.result.notes.iter().any(|note| note.text().contains("P03") && note.text().contains("age")));
    // The way out that both name.
    lacking.plan = lacking.plan.replace("[estimand.missing]", "[estimand.missing]\ncovariates = []");
    let said = lacking.findings();
    let said = said.iter().find(|finding| finding.rule == "SK617").unwrap();
    assert!(!said.message.contains("estimands"), "{said}");
    assert!(record(&outcomes(&lacking), MAIN).result.estimate.is_some());
    // Only the estimand has it.
    let mut alone = small("", "covariates = [\"age\"]");
    alone.set("patients.csv", 4, "age", "");
    let said = alone.findings();
    let said = said.iter().find(|finding| finding.rule == "SK617").unwrap();
    assert!(said.message.contains("no answer") && said.remedy.contains("[estimand.missing]"), "{said}");
    let unknown = small("", "covariates = [\"agee\"]").findings();
    let said: Vec<_> = unknown.iter().filter(|finding| finding.rule == "SK609").collect();
    assert_eq!(said.len(), 1, "{unknown:#?}");
    assert!(said[0].message.contains("agee") && said[0].message.contains("covariate of an estimand"), "{}", said[0]);
    let both = small("covariates = [\"agee\"]", "").findings();
    assert_eq!(both.iter().filter(|finding| finding.rule == "SK609").count(), 1, "{both:#?}");
    let twice = small("", "covariates = [\"age\", \"age\"]").read_plan().unwrap_err();
    assert!(twice.iter().any(|finding| finding.message.contains("`age`")), "{twice:#?}");
    // A number among text, and codes that might be numbers, are refused as those of the models are.
    let mut mixed = small("", "covariates = [\"age\"]");
    mixed.set("patients.csv", 4, "age", "ca. 60");
    assert!(mixed.findings().iter().any(|finding| finding.rule == "SK613"));
}

#[test]
fn the_report_names_them_and_r_recomputes_the_estimate() {
    let mut plan = small("covariates = [\"sex\", \"age\", \"months\"]\nside = true", "");
    plan.plan =
        plan.plan.replace("structure = \"kron-cs-us\"", "structure = \"us\"\nbaseline = \"none\"\nfallback = []");
    // The age in months says nothing beside the age: left out with a word.
    let ages: Vec<String> = plan.files["patients.csv"].iter().skip(1).map(|row| row[1].clone()).collect();
    for (row, cells) in plan.files.get_mut("patients.csv").unwrap().iter_mut().enumerate() {
        cells.push(if row == 0 { "months".into() } else { (12 * ages[row - 1].parse::<i64>().unwrap()).to_string() });
    }
    plan.plan.push_str("[[covariate]]\nname = \"months\"\nlabel = \"Age in months\"\nkind = \"number\"\n");
    let run = run(&plan);
    let own = record(&run.outcomes, MAIN);
    assert!(own.result.estimate.is_some(), "{:?}", own.result.notes);
    assert_eq!(names(own), ["sex", "age", "months", "side"]);
    let said = |code: &str| own.result.notes.iter().find(|note| note.code() == code).map(|note| note.text());
    assert!(said("mi_covariate_left_out").is_some_and(|text| text.contains("months")), "{:?}", own.result.notes);
    for (language, wanted) in [
        (Language::English, "change by treatment and visit with Sex, Age (years), Age in months, side, covariance"),
        (Language::Japanese, "Age in months、左右"),
    ] {
        let (words, options) = (Words::new(language), Options::default());
        let material =
            Material { plan: &run.plan, trial: &run.trial, outcomes: &run.outcomes, words: &words, options: &options };
        let table = estimands::table(&material, "1").unwrap();
        let text = format!("{:?}", table.rows);
        assert!(text.contains(wanted), "{text}");
    }
    if super::recompute::r_is_here() {
        super::recompute::passes("an estimand with covariates", &run, 300, &[MAIN]);
    }
}
