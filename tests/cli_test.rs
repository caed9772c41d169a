//! `splitknee test METHOD`: every method and option of the contract through the program, against R and SciPy.

use crate::cli_model::{json, run};
use crate::reference_cases::{Case, Load};
use serde_json::Value;
use std::path::Path;

/// A file of the reference cases.
fn data(case: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/r").join(case).join("data.csv");
    path.display().to_string()
}

fn close(what: &str, expected: f64, ours: &Value, tolerance: f64) {
    let ours = ours.as_f64().unwrap_or_else(|| panic!("{what}: expected {expected}, found {ours}"));
    assert!(
        (expected - ours).abs() <= tolerance * expected.abs().max(1e-12),
        "{what}: expected {expected}, found {ours}"
    );
}

/// Fields that every object has.
const ALWAYS: [&str; 5] = ["method", "n_pairs", "n_dropped", "alternative", "conf_level"];

fn ask(method: &str, shape: &[&str], options: &[&str]) -> Value {
    let mut arguments = vec!["test", method];
    arguments.extend(shape);
    arguments.extend(options);
    arguments.extend(["--format", "json"]);
    let answer = json(&arguments);
    for field in ALWAYS {
        assert!(!answer[field].is_null(), "{method}: {field} is missing");
    }
    assert_eq!(answer["method"], method);
    assert!(answer["notes"].is_array(), "{method}: notes");
    answer
}

/// R 4.2.2 on whole tenths, `d <- round(MASS::shoes$A - MASS::shoes$B, 1)`: binary noise of the tenths breaks ties of |d| in
/// R, so that its figures for the raw data (in the reference case) are others.
#[test]
fn ties_of_tenths_are_ties() {
    let file = data("paired_shoes");
    let shape = ["--data", &file, "--treated", "treated", "--control", "control"];
    for (options, field, expected) in [
        // wilcox.test(d, exact = FALSE, correct = FALSE), and with correct = TRUE.
        (&["--p", "asymptotic", "--continuity", "false"][..], "p_value", 0.0122306421406516),
        (&["--p", "asymptotic", "--continuity", "true"], "p_value", 0.0141163887498624),
        // coin::wilcoxsign_test(x ~ y, zero.method = "Pratt") on 10 times the data.
        (&["--zeros", "pratt", "--p", "asymptotic", "--continuity", "false"], "z", -2.505418963568077),
    ] {
        close(field, expected, &ask("wilcoxon", &shape, options)[field], 1e-12);
    }
}

/// Reference, path of its figure, method, options, our field, tolerance.
type Row<'a> = (&'a str, &'a str, &'a str, &'a [&'a str], &'a str, f64);

#[test]
fn wide_data_by_every_method_of_two_columns() {
    let file = data("paired_shoes");
    let shape = ["--data", &file, "--treated", "treated", "--control", "control"];
    let case = Case::load("r", "paired_shoes").unwrap();
    let rows: &[Row] = &[
        ("t.two.sided", "statistic", "paired-t", &[], "statistic", 1e-10),
        ("t.two.sided", "df", "paired-t", &[], "df", 0.0),
        ("t.two.sided", "p_value", "paired-t", &[], "p_value", 1e-8),
        ("t.two.sided", "estimate", "paired-t", &[], "estimate", 1e-10),
        ("t.two.sided", "conf_low", "paired-t", &[], "conf_low", 1e-8),
        ("t.two.sided.ci90", "conf_low", "paired-t", &["--conf-level", "0.9"], "conf_low", 1e-8),
        ("t.less", "p_value", "paired-t", &["--alternative", "less"], "p_value", 1e-8),
        ("summary", "mean_treated", "paired-t", &[], "mean_treated", 1e-12),
        ("summary", "mean_control", "paired-t", &[], "mean_control", 1e-12),
        ("bland_altman.epiR", "delta.sd", "paired-t", &[], "sd_diff", 1e-10),
        ("wilcoxon.exactRankTests.two.sided", "p_value", "wilcoxon", &["--p", "exact"], "p_value", 1e-10),
        ("wilcoxon.exactRankTests.two.sided", "estimate", "wilcoxon", &[], "estimate", 1e-10),
        ("wilcoxon.exactRankTests.two.sided", "statistic", "wilcoxon", &[], "statistic", 0.0),
        ("sign.binom.two.sided", "p_value", "sign", &[], "p_value", 1e-10),
        ("sign.binom.two.sided", "statistic", "sign", &[], "n_positive", 0.0),
        ("signflip.exactRankTests.two.sided", "p_value", "permutation", &["--p", "exact"], "p_value", 1e-10),
        ("shapiro", "statistic", "shapiro-wilk", &[], "statistic", 1e-8),
        ("shapiro", "p_value", "shapiro-wilk", &[], "p_value", 1e-6),
        ("pitman_morgan.cor", "p_value", "pitman-morgan", &[], "p_value", 1e-8),
        ("dz.effectsize", "estimate", "effect-size", &[], "dz", 1e-10),
        ("dz.effectsize", "conf_low", "effect-size", &[], "dz_low", 1e-6),
        ("gz.effectsize", "estimate", "effect-size", &[], "hedges_g", 1e-10),
        ("cor.pearson", "estimate", "correlation", &[], "estimate", 1e-10),
        ("cor.pearson", "conf_high", "correlation", &["--kind", "pearson"], "conf_high", 1e-8),
        ("cor.spearman", "estimate", "correlation", &["--kind", "spearman"], "estimate", 1e-10),
        ("cor.kendall", "estimate", "correlation", &["--kind", "kendall"], "estimate", 1e-10),
        ("tost.t.bound0.5", "p_lower", "tost", &["--low", "-0.5", "--high", "0.5"], "p_lower", 1e-8),
        ("tost.t.bound0.5", "p_upper", "tost", &["--low", "-0.5", "--high", "0.5"], "p_upper", 1e-8),
        ("tost.t.bound0.5", "p_tost", "tost", &["--low", "-0.5", "--high", "0.5"], "p_value", 1e-8),
        ("bland_altman.epiR", "est", "bland-altman", &[], "bias", 1e-10),
        ("bland_altman.epiR", "lower", "bland-altman", &[], "loa_low", 1e-10),
        ("bland_altman.epiR", "upper", "bland-altman", &[], "loa_high", 1e-10),
        ("icc.psych", "ICC2.ICC", "icc", &[], "estimate", 1e-10),
        ("icc.psych", "ICC2.lower", "icc", &["--kind", "agreement"], "conf_low", 1e-7),
        ("icc.psych", "ICC3.ICC", "icc", &["--kind", "consistency"], "estimate", 1e-10),
        ("icc.psych", "ICC2k.ICC", "icc", &["--kind", "agreement"], "average", 1e-10),
        ("icc.psych", "ICC3k.upper", "icc", &["--kind", "consistency"], "average_high", 1e-7),
    ];
    for (id, path, method, options, field, tolerance) in rows {
        let answer = ask(method, &shape, options);
        assert_eq!((&answer["n_pairs"], &answer["n_dropped"]), (&Value::from(10), &Value::from(0)), "{method}");
        let expected = case.result(id).number(path).unwrap_or_else(|| panic!("{id} {path}"));
        close(&format!("{method} {options:?} {field}"), expected, &answer[*field], *tolerance);
    }
}

/// The extra fields of the contract, by method.
#[test]
fn every_field_of_the_contract_is_there() {
    let file = data("paired_shoes");
    let shape = ["--data", &file, "--treated", "treated", "--control", "control"];
    let rows: &[(&str, &[&str], &[&str])] = &[
        ("paired-t", &[], &["std_error", "sd_diff", "mean_treated", "mean_control"]),
        ("wilcoxon", &[], &["z", "exact", "conf_low", "conf_high"]),
        ("sign", &[], &["n_positive", "n_negative", "n_zero", "estimate", "conf_low", "conf_high"]),
        ("permutation", &["--p", "monte-carlo", "--samples", "2000", "--seed", "7"], &["estimate", "p_value", "exact"]),
        ("trimmed-t", &["--trim", "0.2"], &["estimate", "std_error", "statistic", "df", "p_value", "conf_low"]),
        ("bootstrap", &["--samples", "500", "--seed", "7"], &["estimate", "conf_low", "conf_high"]),
        ("shapiro-wilk", &[], &["statistic", "p_value"]),
        ("pitman-morgan", &[], &["statistic", "df", "p_value"]),
        (
            "effect-size",
            &[],
            &["dz", "dz_low", "dz_high", "dav", "dav_low", "dav_high", "drm", "drm_low", "drm_high", "hedges_g"],
        ),
        ("effect-size", &[], &["hedges_g_low", "hedges_g_high"]),
        ("correlation", &["--kind", "spearman"], &["estimate", "p_value"]),
        ("tost", &["--low", "-1", "--high", "1"], &["p_lower", "p_upper", "p_value", "conf_low", "conf_high"]),
        (
            "bland-altman",
            &["--quantile", "t"],
            &["bias", "bias_low", "bias_high", "loa_low", "loa_low_low", "loa_low_high", "loa_high", "loa_high_low"],
        ),
        ("icc", &[], &["estimate", "conf_low", "conf_high", "average", "average_low", "average_high"]),
        ("win-odds", &["--better", "lower"], &["estimate"]),
    ];
    for (method, options, fields) in rows {
        let answer = ask(method, &shape, options);
        for field in *fields {
            assert!(!answer[*field].is_null(), "{method}: {field} in {answer:#}");
        }
    }
    // What does not exist is null: the open side of a one-sided interval.
    let answer = ask("paired-t", &shape, &["--alternative", "greater"]);
    assert!(answer["conf_high"].is_null() && answer.as_object().unwrap().contains_key("conf_high"));
    // The same seed, the same answer.
    let seeded = ["--p", "monte-carlo", "--samples", "500", "--seed", "3"];
    assert_eq!(ask("permutation", &shape, &seeded), ask("permutation", &shape, &seeded));
}

#[test]
fn binary_and_graded_columns() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pairs.csv");
    // Bentur 2009: 1 yes/yes, 1 yes/no, 7 no/yes, 12 no/no.
    let cells = [("1,1", 1), ("1,0", 1), ("0,1", 7), ("0,0", 12)];
    let rows: Vec<&str> = cells.iter().flat_map(|(cell, n)| std::iter::repeat_n(*cell, *n)).collect();
    std::fs::write(&file, format!("ev,saline\n{}\n", rows.join("\n"))).unwrap();
    let file = file.display().to_string();
    let shape = ["--data", &file, "--treated", "ev", "--control", "saline"];
    let case = Case::load("r", "mcnemar_tables").unwrap();
    let of = |id: &str, path: &str| case.result(&format!("bentur_2009/{id}")).number(path).unwrap();
    let exact = ask("mcnemar", &shape, &["--p", "exact"]);
    assert_eq!([&exact["a"], &exact["b"], &exact["c"], &exact["d"]].map(|v| v.as_u64().unwrap()), [1, 1, 7, 12]);
    close("exact", of("mcnemar.exact.exact2x2", "p_value"), &exact["p_value"], 1e-10);
    close(
        "mid-p",
        of("McNemar_midP_test_paired_2x2", "midP"),
        &ask("mcnemar", &shape, &["--p", "mid-p"])["p_value"],
        1e-10,
    );
    let corrected = ask("mcnemar", &shape, &["--p", "asymptotic", "--continuity", "true"]);
    close("cc", of("mcnemar.cc", "p_value"), &corrected["p_value"], 1e-8);
    close("odds ratio", of("binom.ci", "or"), &exact["odds_ratio"], 1e-10);
    close("odds ratio", of("binom.ci", "or_low"), &exact["odds_ratio_low"], 1e-8);
    close("odds ratio", of("binom.ci", "or_high"), &exact["odds_ratio_high"], 1e-8);
    close("difference", of("own.tango", "estimate"), &exact["risk_difference"], 1e-10);
    // The shares are those of which R has the difference, and of the pairs in the table.
    let [treated, control] = ["percent_yes_treated", "percent_yes_control"].map(|name| exact[name].as_f64().unwrap());
    close("shares", of("own.tango", "estimate"), &((treated - control) / 100.0).into(), 1e-10);
    let count = |name: &str| exact[name].as_u64().unwrap();
    assert_eq!(count("n_yes_treated"), count("a") + count("b"));
    assert_eq!(count("n_yes_control"), count("a") + count("c"));
    assert!((treated - 100.0 * count("n_yes_treated") as f64 / count("n_pairs") as f64).abs() < 1e-12);
    close("Tango", of("own.tango", "lower"), &exact["tango_low"], 1e-8);
    close("Tango", of("own.tango", "upper"), &exact["tango_high"], 1e-8);
    let newcombe = "Newcombe_square_and_add_CI_paired_2x2";
    close("Newcombe", of(newcombe, "lower"), &exact["newcombe_low"], 1e-8);
    close("Newcombe", of(newcombe, "upper"), &exact["newcombe_high"], 1e-8);

    let file = data("marginal_grades_sim");
    let shape = ["--data", &file, "--treated", "knee_ev", "--control", "knee_placebo", "--levels", "0,1,2,3"];
    let case = Case::load("r", "marginal_grades_sim").unwrap();
    for (method, id) in [("stuart-maxwell", "grades/stuart_maxwell.coin"), ("bowker", "grades/bowker.statsmodels")] {
        let answer = ask(method, &shape, &[]);
        close(method, case.result(id).number("statistic").unwrap(), &answer["statistic"], 1e-10);
        close(method, case.result(id).number("p_value").unwrap(), &answer["p_value"], 1e-8);
        let table: Vec<Vec<u64>> = serde_json::from_value(answer["table"].clone()).unwrap();
        assert_eq!(table.iter().flatten().sum::<u64>(), 35);
        assert_eq!(serde_json::json!(table), case.result("grades/table").values["counts"]);
    }
}

#[test]
fn long_data_with_conditions_and_dropped_pairs() {
    let file = data("paired_simB");
    let shape = |month| {
        vec![
            "--data",
            &file,
            "--id",
            "usubjid",
            "--arm",
            "treatment",
            "--active",
            "EV",
            "--placebo",
            "PLACEBO",
            "--value",
            "vas",
            "--where",
            month,
        ]
    };
    let case = Case::load("r", "paired_simB").unwrap();
    let csv = &case.data;
    let (id, arm, month, vas) = (csv.text("usubjid"), csv.text("treatment"), csv.numbers("month"), csv.numbers("vas"));
    let side = |level: &str| -> std::collections::BTreeMap<&str, Option<f64>> {
        (0..id.len()).filter(|&r| arm[r] == level && month[r] == Some(6.0)).map(|r| (id[r], vas[r])).collect()
    };
    let (ev, placebo) = (side("EV"), side("PLACEBO"));
    let complete = ev.iter().filter(|(id, v)| v.is_some() && placebo.get(*id).is_some_and(Option::is_some)).count();
    let patients: std::collections::BTreeSet<&&str> = ev.keys().chain(placebo.keys()).collect();
    let answer = ask("paired-t", &shape("month=6"), &[]);
    assert_eq!(answer["n_pairs"].as_u64().unwrap() as usize, complete);
    assert_eq!(answer["n_dropped"].as_u64().unwrap() as usize, patients.len() - complete);
    assert!(complete < patients.len(), "the case has incomplete pairs");
    // Month 0, 1, 3 and 6 together: a patient has several values per arm.
    let mut arguments = vec!["test", "paired-t"];
    arguments.extend(&shape("month=6")[..12]);
    let (code, out, err) = run(&arguments);
    assert_eq!(code, 1, "{err}");
    assert!(out.is_empty() && err.contains("second row") && err.contains("--where"), "{err}");
}

#[test]
fn repeated_measurements() {
    let file = data("rmanova_simA");
    let case = Case::load("r", "rmanova_simA").unwrap();
    let shape = ["--data", &file, "--id", "usubjid", "--value", "vas"];
    let anova = ask("rm-anova", &shape, &["--within", "treatment,month"]);
    let effect = |term: &str| anova["effects"].as_array().unwrap().iter().find(|e| e["term"] == term).unwrap().clone();
    for (id, term) in [("treatment", "treatment"), ("visit", "month"), ("interaction", "treatment:month")] {
        let (ours, reference) = (effect(term), case.result(&format!("vas.raw/anova.mlm.{id}")));
        for (path, field, tolerance) in [("F", "f", 1e-9), ("num_df", "num_df", 0.0), ("den_df", "den_df", 0.0)] {
            close(&format!("{term} {field}"), reference.number(path).unwrap(), &ours[field], tolerance);
        }
        close(&format!("{term} p"), reference.number("p").unwrap(), &ours["p_value"], 1e-8);
        if term != "treatment" {
            close(&format!("{term} GG"), reference.number("p_GG").unwrap(), &ours["p_gg"], 1e-8);
            close(&format!("{term} HF"), reference.number("p_HF").unwrap(), &ours["p_hf"], 1e-8);
            let mauchly = case.result(&format!("vas.raw/mauchly.{id}"));
            close(&format!("{term} W"), mauchly.number("statistic").unwrap(), &ours["mauchly_w"], 1e-9);
            assert!(ours["epsilon_gg"].is_number() && ours["epsilon_hf"].is_number() && ours["mauchly_p"].is_number());
        }
    }
    let complete = case.result("vas.raw/complete_patients");
    assert_eq!(anova["n_pairs"].as_f64(), complete.number("n"));
    // Friedman over the visits of one arm; the complete patients of that arm are more than those of both.
    let answer = ask("friedman", &shape, &["--time", "month", "--where", "treatment=EV"]);
    assert!(answer["statistic"].is_number() && answer["df"] == 3.0 && answer["p_value"].is_number());
    assert!(answer["n_pairs"].as_f64().unwrap() >= complete.number("n").unwrap());
}

#[test]
fn lists_without_data() {
    let case = Case::load("r", "multiplicity").unwrap();
    let p: Vec<String> = case
        .data
        .text("vector")
        .iter()
        .zip(case.data.text("p"))
        .filter(|(v, _)| **v == "six")
        .map(|(_, p)| p.to_owned())
        .collect();
    let p = p.join(",");
    for (method, name) in [
        ("holm", "holm"),
        ("hochberg", "hochberg"),
        ("hommel", "hommel"),
        ("bonferroni", "bonferroni"),
        ("bh", "BH"),
        ("by", "BY"),
    ] {
        let ours = json(&["test", "adjust", "--method", method, "--p", &p, "--format", "json"]);
        for (i, ours) in ours["p_adjusted"].as_array().unwrap().iter().enumerate() {
            let expected = case.result(&format!("six/{name}")).number(&format!("adjusted.{i}")).unwrap();
            close(method, expected, ours, 1e-12);
        }
    }
    let case = Case::load("r", "rubin").unwrap();
    let of = |column: &str| -> String {
        let rows = case.data.text("set").into_iter().zip(case.data.text(column)).filter(|(set, _)| *set == "r1");
        rows.map(|(_, cell)| cell.to_owned()).collect::<Vec<_>>().join(",")
    };
    let (estimates, errors) = (of("estimate"), of("se"));
    assert!(estimates.starts_with('-'), "a list that begins with a minus sign");
    let ours = json(&[
        "test",
        "pool",
        "--estimates",
        &estimates,
        "--std-errors",
        &errors,
        "--df-complete",
        "46",
        "--format",
        "json",
    ]);
    let reference = case.result("r1/pool.scalar.barnard_rubin");
    for (path, field) in [
        ("qbar", "estimate"),
        ("se", "std_error"),
        ("df", "df"),
        ("p_value", "p_value"),
        ("conf_low", "conf_low"),
        ("conf_high", "conf_high"),
        ("r", "riv"),
        ("fmi", "fmi"),
    ] {
        close(field, reference.number(path).unwrap(), &ours[field], 1e-8);
    }
    assert!(ours["lambda"].is_number());
}

#[test]
fn wrong_calls() {
    let file = data("paired_shoes");
    let shape = ["--data", file.as_str(), "--treated", "treated", "--control", "control"];
    let cases: [(&[&str], i32, &str); 12] = [
        (&["test", "paired-t", "--data", &file, "--treated", "treatd", "--control", "control"], 1, "nearest: treated"),
        (&["test", "pared-t", "--data", &file], 2, "paired-t"),
        (&["test", "paired-t", "--data", &file, "--treated", "treated"], 2, "--control"),
        (&["test", "paired-t"], 2, "missing"),
        (&["test", "paired-t", "--data", "no-such.csv", "--treated", "a", "--control", "b"], 1, "no-such.csv"),
        (
            &["test", "paired-t", "--data", &file, "--treated", "treated", "--control", "control", "--where", "x"],
            2,
            "COL=VALUE",
        ),
        (
            &[
                "test",
                "paired-t",
                "--data",
                &file,
                "--treated",
                "treated",
                "--control",
                "control",
                "--conf-level",
                "95",
            ],
            2,
            "0.95",
        ),
        (&["test", "tost", "--data", &file, "--treated", "treated", "--control", "control"], 2, "--low"),
        (&["test", "mcnemar", "--data", &file, "--treated", "treated", "--control", "control"], 1, "0"),
        (
            &[
                "test",
                "paired-t",
                "--data",
                &file,
                "--treated",
                "treated",
                "--control",
                "control",
                "--where",
                "pair_id=1",
            ],
            1,
            "",
        ),
        (&["test", "adjust", "--method", "holm", "--p", "0.01,x"], 2, "x"),
        (
            &["test", "wilcoxon", "--data", &file, "--treated", "treated", "--control", "control", "--zeros", "both"],
            2,
            "pratt",
        ),
    ];
    for (arguments, code, words) in cases {
        let (found, out, err) = run(arguments);
        assert_eq!(found, code, "{arguments:?}\n{err}");
        assert!(out.is_empty() && !err.is_empty() && err.contains(words), "{arguments:?}\n{err}");
    }
    let (code, out, _) = run(&[&["test", "paired-t"][..], &shape].concat());
    assert!(code == 0 && out.contains("p_value"));
}
