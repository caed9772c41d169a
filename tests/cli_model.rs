//! `splitknee model` and `splitknee gee` as programs are called: prepared files in, the contract's JSON out, against R.

use crate::reference_cases::{Case, Csv, Load, number};
use assert_cmd::Command;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::PathBuf;
use tempfile::TempDir;

/// Runs the program and gives exit code, stdout and stderr.
pub fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("splitknee").unwrap().args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Runs the program, which must succeed, and parses its one JSON object.
pub fn json(arguments: &[&str]) -> Value {
    let (code, out, err) = run(arguments);
    assert_eq!(code, 0, "{arguments:?}\n{err}");
    assert!(!out.contains("NaN"), "{out}");
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{out}"))
}

fn close(what: &str, expected: &Value, ours: &Value, tolerance: f64) {
    let (expected, ours) = (number(expected).unwrap(), ours.as_f64().unwrap_or_else(|| panic!("{what} is {ours}")));
    let scale = expected.abs().max(1e-12);
    assert!((expected - ours).abs() <= tolerance * scale, "{what}: expected {expected}, found {ours}");
}

/// The follow-up rows of a simulated trial with change, baseline, responder and grade: what a user would prepare.
fn prepared(case: &str) -> (TempDir, PathBuf, Case) {
    let case = Case::load("r", case).unwrap();
    let data = &case.data;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("follow-up.csv");
    std::fs::write(&file, follow_up(data)).unwrap();
    (folder, file, case)
}

fn follow_up(data: &Csv) -> String {
    let (id, side, arm) = (data.text("usubjid"), data.text("laterality"), data.text("treatment"));
    let (month, vas, grade) = (data.numbers("month"), data.numbers("vas"), data.numbers("mri_grade"));
    let mut rows: Vec<usize> = (0..id.len()).collect();
    rows.sort_by(|&a, &b| (id[a], side[a]).cmp(&(id[b], side[b])).then(month[a].partial_cmp(&month[b]).unwrap()));
    let mut text = "usubjid,laterality,treatment,visit,change,baseline,basec,responder,grade\n".to_owned();
    for row in rows {
        let at_zero = (0..id.len()).find(|&r| id[r] == id[row] && side[r] == side[row] && month[r] == Some(0.0));
        let baseline = at_zero.and_then(|r| vas[r]);
        let after = month[row] != Some(0.0);
        let change = vas[row].zip(baseline).filter(|_| after).map(|(value, zero)| value - zero);
        let share = vas[row].zip(baseline).filter(|_| after).map(|(value, zero)| (zero - value) / zero);
        let cell = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        writeln!(
            text,
            "{},{},{},{},{},{},{},{},{}",
            id[row],
            side[row],
            arm[row],
            if after { format!("M{}", month[row].unwrap()) } else { "BASELINE".to_owned() },
            cell(change),
            cell(baseline),
            cell(baseline.map(|b| b - 50.0)),
            cell(share.map(|share| f64::from(u8::from(share >= 0.20)))),
            cell(grade[row].filter(|_| after)),
        )
        .unwrap();
    }
    text
}

const FACTORS: [&str; 4] = ["--factor", "treatment=PLACEBO,EV", "--factor", "visit=M1,M3,M6"];

fn call<'a>(command: &'a str, file: &'a str, formula: &'a str, further: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec![command, "--data", file, "--formula", formula, "--format", "json"];
    arguments.extend(FACTORS);
    arguments.extend(further);
    arguments
}

/// The row of `rows` where every text field of `like` is the same.
fn row_like<'a>(rows: &'a Value, like: &Value, fields: &[&str]) -> &'a Value {
    let found =
        rows.as_array().unwrap().iter().find(|row| fields.iter().all(|f| like.get(f).is_none_or(|l| row[*f] == *l)));
    found.unwrap_or_else(|| panic!("no row like {like} in {rows}"))
}

fn compare_rows(what: &str, expected: &Value, ours: &Value, keys: &[&str], fields: &[(&str, &str, f64)]) {
    for row in expected.as_array().unwrap() {
        let found = row_like(ours, row, keys);
        for (theirs, field, tolerance) in fields {
            close(&format!("{what} {row} {field}"), &row[*theirs], &found[*field], *tolerance);
        }
    }
}

const TESTED: [(&str, &str, f64); 5] = [
    ("estimate", "estimate", 1e-6),
    ("se", "std_error", 1e-6),
    ("df", "df", 1e-4),
    ("t", "statistic", 2e-6),
    ("p", "p_value", 1e-4),
];

const NESTED: &str = "change ~ treatment*visit + baseline + (1|usubjid) + (1|usubjid:laterality)";

#[test]
fn lmer_with_kenward_roger_and_ls_means() {
    let (_folder, file, case) = prepared("lmm_simA");
    let file = file.to_str().unwrap();
    // pbkrtest takes the expected information.
    let further =
        ["--information", "expected", "--emmeans", "treatment|visit", "--contrast", "treatment", "--anova", "III"];
    let ours = json(&call("model", file, NESTED, &further));
    let of = |id: &str| &case.result(id).values;
    close("logLik", &of("m1.reml/fit")["logLik"], &ours["log_lik"], 1e-8);
    close("AIC of lme4", &of("m1.reml/fit")["AIC"], &ours["aic_all"], 1e-8);
    close("BIC of lme4", &of("m1.reml/fit")["BIC"], &ours["bic_all"], 1e-8);
    assert_eq!(ours["n_obs"], of("m1.reml/fit")["nobs"]);
    assert_eq!(ours["n_patients"], 45);
    assert_eq!(ours["n_groups"]["usubjid:laterality"], 90);
    assert_eq!((&ours["method"], &ours["ddf"]), (&Value::from("REML"), &Value::from("kenward-roger")));
    assert_eq!((&ours["converged"], &ours["singular"]), (&Value::from(true), &Value::from(false)));
    compare_rows("coefficients", of("m1.reml/coef.kenward_roger"), &ours["coefficients"], &["term"], &TESTED);
    for component in of("m1.reml/fit")["varcomp"].as_array().unwrap() {
        let found = ours["variance_components"].as_array().unwrap().iter().find(|c| c["group"] == component["grp"]);
        close("variance", &component["vcov"], &found.unwrap()["variance"], 1e-6);
        close("SD", &component["sdcor"], &found.unwrap()["std_dev"], 1e-6);
    }
    let places = ["treatment", "visit", "contrast"];
    let interval = [("conf_low", "conf_low", 1e-5), ("conf_high", "conf_high", 1e-5)];
    let mean = [("emmean", "estimate", 1e-6), ("se", "std_error", 1e-6), ("df", "df", 1e-4)];
    let means = of("m1.reml/emm.treatment_by_visit.kenward-roger");
    compare_rows("LS means", means, &ours["emmeans"], &places, &mean);
    compare_rows("LS means", means, &ours["emmeans"], &places, &interval);
    let contrasts = of("m1.reml/contrast.by_visit.kenward-roger");
    compare_rows("contrasts", contrasts, &ours["contrasts"], &places, &TESTED);
    compare_rows("contrasts", contrasts, &ours["contrasts"], &places, &interval);
    let anova =
        [("num_df", "num_df", 0.0), ("den_df", "den_df", 1e-4), ("F", "statistic", 3e-6), ("p", "p_value", 1e-4)];
    compare_rows("anova", of("m1.reml/anova.typeIII.kenward_roger"), &ours["anova"], &["term"], &anova);
    for (i, row) in of("m1.reml/vcov.kenward_roger")["vcov_adj"].as_array().unwrap().iter().enumerate() {
        for (j, expected) in row.as_array().unwrap().iter().enumerate() {
            let (a, b) = (ours["vcov"][i][i].as_f64().unwrap(), ours["vcov"][j][j].as_f64().unwrap());
            let gap = expected.as_f64().unwrap() - ours["vcov"][i][j].as_f64().unwrap();
            assert!(gap.abs() < 1e-6 * (a * b).sqrt(), "vcov {i} {j}");
        }
    }
}

#[test]
fn lmer_with_satterthwaite_and_by_maximum_likelihood() {
    let (_folder, file, case) = prepared("lmm_simA");
    let file = file.to_str().unwrap();
    let of = |id: &str| &case.result(id).values;
    let reml =
        json(&call("model", file, NESTED, &["--ddf", "satterthwaite", "--contrast", "treatment", "--anova", "II"]));
    compare_rows("coefficients", of("m1.reml/coef.satterthwaite"), &reml["coefficients"], &["term"], &TESTED);
    compare_rows("overall", of("m1.reml/contrast.overall.satterthwaite"), &reml["contrasts"], &["contrast"], &TESTED);
    let anova = [("den_df", "den_df", 1e-4), ("F", "statistic", 3e-6), ("p", "p_value", 1e-4)];
    compare_rows("anova", of("m1.reml/anova.typeII.satterthwaite"), &reml["anova"], &["term"], &anova);
    // With --ml the default is Satterthwaite.
    let ml = json(&call("model", file, NESTED, &["--ml"]));
    assert_eq!((&ml["method"], &ml["ddf"]), (&Value::from("ML"), &Value::from("satterthwaite")));
    close("logLik", &of("m1.ml/fit")["logLik"], &ml["log_lik"], 1e-8);
    compare_rows("coefficients", of("m1.ml/coef.satterthwaite"), &ml["coefficients"], &["term"], &TESTED);
}

#[test]
fn mmrm_and_kronecker_covariances() {
    let (_folder, file, case) = prepared("mmrm_simA");
    let file = file.to_str().unwrap();
    let of = |id: &str| &case.result(id).values;
    let fixed = "change ~ treatment*visit + baseline";
    let us = format!("{fixed} + us(treatment:visit|usubjid)");
    let means = ["--emmeans", "treatment|visit", "--contrast", "treatment"];
    let ours = json(&call("model", file, &us, &[&["--ddf", "satterthwaite"], &means[..]].concat()));
    let fit = of("patient_cells.us/reml.fit");
    close("logLik", &fit["logLik"], &ours["log_lik"], 1e-8);
    compare_rows("coefficients", of("patient_cells.us/satt.coef"), &ours["coefficients"], &["term"], &TESTED);
    assert_eq!(ours["covariance"]["levels"].as_array().unwrap().len(), 6);
    let linear = json(&call("model", file, &us, &["--ddf", "kenward-roger-linear"]));
    compare_rows("coefficients", of("patient_cells.us/krlin.coef"), &linear["coefficients"], &["term"], &TESTED);
    let kron = Case::load("r", "kron_simA").unwrap();
    for (id, structure) in [("kron-us-ar1", "us(treatment), ar1(visit)"), ("kron-us-us", "us(treatment), us(visit)")] {
        let formula = format!("{fixed} + kron({structure} | usubjid)");
        let ours = json(&call("model", file, &formula, &[&["--ddf", "satterthwaite"], &means[..]].concat()));
        close("logLik", &kron.result(&format!("{id}/fit")).values["logLik"], &ours["log_lik"], 1e-8);
        let contrasts = &kron.result(&format!("{id}/contrast.by_visit.satterthwaite")).values;
        compare_rows(id, contrasts, &ours["contrasts"], &["contrast", "visit"], &TESTED);
    }
}

#[test]
fn logistic_and_cumulative_models() {
    let (_folder, file, case) = prepared("gee_glmm_simA");
    let file = file.to_str().unwrap();
    let of = |id: &str| &case.result(id).values;
    let formula = "responder ~ treatment + visit + basec + (1|usubjid)";
    let ours = json(&call("model", file, formula, &["--family", "binomial", "--quadrature", "25"]));
    let expected = of("responder/glmer.patient.nAGQ25");
    close("logLik", &expected["logLik"], &ours["log_lik"], 1e-7);
    let fields = [("estimate", "estimate", 1e-4), ("se", "std_error", 1e-3)];
    compare_rows("glmer", &expected["fixed"], &ours["coefficients"], &["term"], &fields);
    close("SD", &expected["varcomp"][0]["sd"], &ours["variance_components"][0]["std_dev"], 1e-4);
    assert_eq!((&ours["anova"], &ours["covariance"]), (&Value::Array(Vec::new()), &Value::Null));
    let grades = ["--family", "cumulative", "--factor", "grade=0,1,2,3"];
    let ours = json(&call("model", file, "grade ~ treatment + visit", &grades));
    let expected = of("mri/clm");
    close("logLik", &expected["logLik"], &ours["log_lik"], 1e-9);
    let fields = [("estimate", "estimate", 1e-6), ("se", "std_error", 1e-6), ("p", "p_value", 1e-5)];
    compare_rows("clm", &expected["coef"], &ours["coefficients"], &["term"], &fields);
}

#[test]
fn estimating_equations() {
    let (_folder, file, case) = prepared("gee_glmm_simA");
    let file = file.to_str().unwrap();
    let formula = "responder ~ treatment*visit + basec";
    for corstr in ["exchangeable", "independence", "ar1"] {
        let expected = &case.result(&format!("responder/geeglm.{corstr}")).values;
        let further = [
            "--id",
            "usubjid",
            "--family",
            "binomial",
            "--corstr",
            corstr,
            "--emmeans",
            "treatment|visit",
            "--contrast",
            "treatment",
        ];
        let ours = json(&call("gee", file, formula, &further));
        let fields = [("estimate", "estimate", 1e-8), ("se_robust", "std_error", 1e-8), ("p", "p_value", 1e-6)];
        compare_rows(corstr, &expected["coef"], &ours["coefficients"], &["term"], &fields);
        assert_eq!(ours["alpha"].is_null(), corstr == "independence");
        assert_eq!(ours["n_patients"].as_f64(), number(&expected["n_clusters"]));
        if corstr == "exchangeable" {
            let contrasts = &case.result("responder/geeglm.exchangeable.contrast_by_visit").values;
            let fields = [("estimate", "estimate", 1e-8), ("se", "std_error", 1e-8), ("p", "p_value", 1e-6)];
            compare_rows("contrasts", contrasts, &ours["contrasts"], &["contrast", "visit"], &fields);
        }
    }
    let corrected = json(&call("gee", file, formula, &["--id", "usubjid", "--robust", "mancl-derouen"]));
    assert_eq!(corrected["robust"], "mancl-derouen");
}

#[test]
fn text_for_people_has_every_part() {
    let (_folder, file, _) = prepared("lmm_simA");
    let file = file.to_str().unwrap();
    let further = ["--emmeans", "treatment|visit", "--contrast", "treatment", "--anova", "III", "--format", "text"];
    let mut arguments = call("model", file, NESTED, &further);
    arguments.retain(|argument| *argument != "--format" && *argument != "json" && *argument != "text");
    let (code, out, err) = run(&arguments);
    assert_eq!((code, err.as_str()), (0, ""));
    for part in ["Coefficients", "Variance components", "LS means", "EV - PLACEBO, M6", "A local optimum was reached"] {
        assert!(out.contains(part), "{part} is missing from\n{out}");
    }
}

#[test]
fn wrong_calls_say_what_to_do() {
    let (_folder, file, _) = prepared("lmm_simA");
    let file = file.to_str().unwrap();
    let cases: [(&str, &[&str], i32, &str); 12] = [
        ("Surv(change, visit) ~ treatment", &[], 2, "splitknee survival"),
        ("change ~ factor(visit) + (1|usubjid)", &[], 2, "--factor column=first,second"),
        ("change ~ sin(base)", &[], 2, "log10"),
        ("change ~ treatment + (1|usubjid", &[], 2, "change ~ treatment + (1|usubjid"),
        ("chang ~ treatment + (1|usubjid)", &[], 1, "nearest: change"),
        (NESTED, &["--ml", "--ddf", "kenward-roger"], 2, "satterthwaite"),
        (NESTED, &["--emmeans", "arm"], 2, "not a factor"),
        (NESTED, &["--factor", "laterality=LEFT"], 1, "RIGHT"),
        (NESTED, &["--factor", "laterality"], 2, "--factor"),
        (NESTED, &["--where", "visit=NEVER"], 1, "no row"),
        (NESTED, &["--conf-level", "95"], 2, "0.95"),
        (NESTED, &["--family", "binomial", "--anova", "III"], 2, "--anova"),
    ];
    for (formula, further, code, words) in cases {
        let (found, out, err) = run(&call("model", file, formula, further));
        assert_eq!(found, code, "{formula} {further:?}\n{err}");
        assert!(out.is_empty() && err.contains(words), "{formula} {further:?}\n{err}");
    }
}

/// clubSandwich (`tests/reference/r/post_fit/make.R`): coefficients with a robust covariance and its degrees of freedom.
#[test]
fn robust_covariances_from_the_command_line() {
    let (_folder, file, _) = prepared("gee_glmm_simA");
    let file = file.to_str().unwrap();
    let post_fit = Case::load("r", "post_fit").unwrap();
    let formula = "change ~ treatment*visit + basec + (1|usubjid) + (1|usubjid:laterality)";
    for kind in ["cr0", "cr2", "cr3"] {
        let ours = json(&call("model", file, formula, &["--robust", kind]));
        assert_eq!((&ours["robust"], &ours["ddf"]), (&Value::from(kind), &Value::from("satterthwaite")));
        let expected = &post_fit.result(&format!("nested.{}", kind.to_uppercase())).values["coef"];
        let fields = [("estimate", "estimate", 1e-5), ("se", "std_error", 1e-5), ("df", "df", 1e-5)];
        compare_rows(kind, expected, &ours["coefficients"], &["term"], &fields);
        assert!(ours["coefficients"][0]["std_error_naive"].is_number());
    }
}

#[test]
fn further_questions_are_answered_in_json_and_text() {
    let (_folder, file, case) = prepared("lmm_simA");
    let file = file.to_str().unwrap();
    let smaller = "change ~ treatment*visit + baseline + (1|usubjid)";
    let further = [
        "--linear",
        "month 6: treatmentEV + treatmentEV:visitM6",
        "--linear",
        "interaction: treatmentEV:visitM3; treatmentEV:visitM6",
        "--profile",
        "--compare",
        smaller,
        "--r2",
        "--pair",
        "treatment|visit",
        "--diagnostics",
        "--ml",
    ];
    let ours = json(&call("model", file, NESTED, &further));
    let contrast = case.result("m1.ml/contrast.by_visit.satterthwaite").values.as_array().unwrap();
    let month_six = contrast.iter().find(|row| row["visit"] == "M6").unwrap();
    close("linear", &month_six["estimate"], &ours["linear"][0]["estimate"], 1e-6);
    close("linear", &month_six["df"], &ours["linear"][0]["df"], 1e-4);
    assert_eq!((&ours["linear"][1]["num_df"], &ours["linear"][1]["estimate"]), (&Value::from(2), &Value::Null));
    // lme4's confint(method = "profile"), interpolated.
    let profile = case.result("m1.reml/confint_profile").values.as_array().unwrap();
    let limits = profile.iter().find(|row| row["term"] == "sigma").unwrap();
    let residual = ours["profile"]["intervals"].as_array().unwrap().last().unwrap();
    close("sigma", &limits["conf_low"], &residual["conf_low"], 2e-3);
    close("sigma", &limits["conf_high"], &residual["conf_high"], 1e-3);
    let test = &ours["comparison"];
    assert_eq!((&test["smaller"], &test["df"]), (&Value::from(smaller), &Value::from(1)));
    assert_eq!(test["mixture"], "0.5 χ²(0) + 0.5 χ²(1)");
    let (p, mixed) = (test["p_value"].as_f64().unwrap(), test["p_value_mixture"].as_f64().unwrap());
    assert!((mixed - 0.5 * p).abs() < 1e-12);
    assert!(ours["explained"]["r2_marginal"].as_f64().unwrap() < ours["explained"]["r2_conditional"].as_f64().unwrap());
    assert_eq!(ours["pair_correlations"].as_array().unwrap().len(), 3);
    assert_eq!(ours["diagnostics"]["residuals"].as_array().unwrap().len() as u64, ours["n_obs"].as_u64().unwrap());
    let mut arguments = call("model", file, NESTED, &further);
    arguments.retain(|argument| *argument != "--format" && *argument != "json");
    let (code, out, err) = run(&arguments);
    assert_eq!((code, err.as_str()), (0, ""));
    for part in [
        "Linear combinations",
        "month 6",
        "Profile-likelihood intervals (ML)",
        "Likelihood ratio (ML)",
        "on the boundary",
        "marginal R²",
        "Correlation within pairs",
        "Cook's distance",
    ] {
        assert!(out.contains(part), "{part} is missing from\n{out}");
    }
}

#[test]
fn further_questions_that_do_not_fit_are_refused() {
    let (_folder, file, _) = prepared("lmm_simA");
    let file = file.to_str().unwrap();
    let cases: [(&[&str], i32, &str); 8] = [
        (&["--robust", "cr2", "--ddf", "kenward-roger"], 2, "satterthwaite"),
        (&["--robust", "cr2", "--anova", "III"], 2, "--anova"),
        (&["--linear", "a: treatmentEV + treatmentXX"], 2, "^"),
        (&["--pair", "|visit"], 2, "APART|SHARED"),
        (&["--pair", "treatment|vist"], 1, "vist"),
        (&["--compare", "change ~ treatment + baseline + (1|usubjid)"], 1, "--ml"),
        (&["--compare", "change ~ treatment + ("], 2, "^"),
        (&["--family", "binomial", "--profile"], 2, "--profile"),
    ];
    for (further, code, words) in cases {
        let (found, out, err) = run(&call("model", file, NESTED, further));
        assert_eq!(found, code, "{further:?}\n{err}");
        assert!(out.is_empty() && err.contains(words), "{further:?}\n{err}");
    }
}

#[test]
fn a_cell_of_the_outcome_that_is_no_number_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("knees.csv");
    std::fs::write(&file, "y,arm,id\n1,A,P1\n2,B,P1\nabc,A,P2\n3,B,P2\n4,A,P3\n6.5,B,P3\n").unwrap();
    let call = ["model", "--data", file.to_str().unwrap(), "--formula", "y ~ arm + (1|id)"];
    let (code, out, err) = run(&call);
    assert!(code == 1 && out.is_empty(), "{code} {out}");
    for part in ["row 4", "`y`", "`abc`"] {
        assert!(err.contains(part), "{part} is missing from\n{err}");
    }
}
