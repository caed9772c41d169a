//! `splitknee test`: the methods beyond the contract, options that do not apply, and edges, through the program.

use crate::cli_model::{json, run};
use crate::reference_cases::{Case, Load};
use serde_json::Value;
use splitknee::paired::catalogue;
use std::path::Path;

fn data(case: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/r").join(case).join("data.csv");
    path.display().to_string()
}

fn close(what: &str, expected: f64, ours: &Value, tolerance: f64) {
    let ours = ours.as_f64().unwrap_or_else(|| panic!("{what}: expected {expected}, found {ours}"));
    assert!((expected - ours).abs() <= tolerance * expected.abs(), "{what}: expected {expected}, found {ours}");
}

/// A file of pairs, treated and control.
fn pairs(folder: &Path, rows: &[&str]) -> String {
    let file = folder.join("pairs.csv");
    std::fs::write(&file, format!("id,t,c\n{}\n", rows.join("\n"))).unwrap();
    file.display().to_string()
}

#[test]
fn methods_that_were_library_only() {
    let file = data("marginal_grades_sim");
    let grades = ["--data", &file, "--treated", "knee_ev", "--control", "knee_placebo", "--levels", "0,1,2,3"];
    let case = Case::load("r", "marginal_grades_sim").unwrap();
    let rows: [(&str, &[&str], &str, &str, &str); 7] = [
        ("bhapkar", &[], "bhapkar.statsmodels", "statistic", "statistic"),
        ("bhapkar", &[], "bhapkar.statsmodels", "p_value", "p_value"),
        ("marginal-mean-scores", &[], "mh_ordinal_scores.coin.exact", "p_value", "p_value"),
        ("marginal-mean-scores", &["--p", "asymptotic"], "mh_ordinal_scores.coin", "p_value", "p_value"),
        ("kappa", &[], "kappa.psych", "kappa", "estimate"),
        ("kappa", &[], "kappa.psych", "kappa_low", "conf_low"),
        ("kappa", &["--weights", "quadratic"], "kappa.psych", "weighted_kappa_quadratic", "estimate"),
    ];
    let ask = |method: &str, shape: &[&str], options: &[&str]| {
        let arguments: Vec<&str> = ["test", method].iter().chain(shape).chain(options).copied().collect();
        json(&[arguments, vec!["--format", "json"]].concat())
    };
    for (method, options, id, path, field) in rows {
        let expected = case.result(&format!("grades/{id}")).number(path).unwrap();
        close(&format!("{method} {options:?} {field}"), expected, &ask(method, &grades, options)[field], 1e-8);
    }
    let further = Case::load("r", "paired_further").unwrap();
    let file = data("paired_further");
    let shape = ["--data", &file, "--treated", "grade_treated", "--control", "grade_control"];
    let odds = ask("proportional-odds", &shape, &[]);
    close("β", further.result("grades.clm").number("estimate").unwrap(), &odds["estimate"], 1e-8);
    assert_eq!(odds["scale"], "log-odds");
    let scores = ["--data", &file, "--treated", "treated", "--control", "control"];
    let options = ["--margin", "10", "--better", "lower", "--conf-level", "0.975"];
    let non_inferior = ask("non-inferiority", &scores, &options);
    let expected = further.result("non_inferiority.10").number("lower_p").unwrap();
    close("p", expected, &non_inferior["p_value"], 1e-9);
    assert_eq!((&non_inferior["non_inferior"], &non_inferior["alternative"]), (&true.into(), &"less".into()));
    let shoes = data("paired_shoes");
    let shape = ["--data", &shoes, "--treated", "treated", "--control", "control"];
    let case = Case::load("r", "paired_shoes").unwrap();
    let ccc = case.result("ccc.epiR");
    let ours = ask("concordance", &shape, &[]);
    close("Lin", ccc.number("ccc").unwrap(), &ours["estimate"], 1e-10);
    close("Lin", ccc.number("conf_low").unwrap(), &ours["conf_low"], 1e-8);
    let one_way = ask("icc", &shape, &["--kind", "one-way"]);
    close("ICC(1)", case.result("icc.psych").number("ICC1.ICC").unwrap(), &one_way["estimate"], 1e-9);
}

#[test]
fn power_from_assumptions_and_from_data() {
    let ask = |arguments: &[&str]| json(&[&["test", "power"], arguments, &["--format", "json"]].concat());
    // R 4.2.2: power.t.test(delta = 10, sd = 18, power = 0.9, type = "paired", strict = TRUE)$n is 36.0198…, and its power
    // with n = 37 is 0.9078966816568753.
    let planned = ask(&["--delta", "10", "--sd", "18", "--rho", "0.5", "--power", "0.9"]);
    assert_eq!(planned["n_pairs"], 37);
    close("n", 36.019_853_382_118_83, &planned["pairs_needed"], 1e-8);
    close("power", 0.907_896_681_656_875_3, &planned["power"], 1e-9);
    let checked = ask(&["--delta", "10", "--sd-diff", "18", "--n", "37"]);
    assert_eq!(checked["power"], planned["power"]);
    // The data's own SD of the differences and number of pairs.
    let shoes = data("paired_shoes");
    let shape = ["--data", &shoes, "--treated", "treated", "--control", "control"];
    let observed = ask(&[&shape[..], &["--delta", "0.4"]].concat());
    let summary = Case::load("r", "paired_shoes").unwrap();
    close("SD", summary.result("summary").number("sd_diff").unwrap(), &observed["sd_diff"], 1e-10);
    assert_eq!(observed["n_pairs"], 10);
    close("r", summary.result("cor.pearson").number("estimate").unwrap(), &observed["observed_correlation"], 1e-10);
    for wrong in [
        vec!["--sd", "1", "--rho", "0.5", "--n", "9"],
        vec!["--delta", "1", "--sd", "1", "--n", "9"],
        vec!["--delta", "1", "--sd-diff", "1"],
        vec!["--delta", "1", "--sd-diff", "1", "--n", "9", "--power", "0.9"],
        vec!["--delta", "1", "--sd-diff", "1", "--sd", "1", "--n", "9"],
    ] {
        let (code, out, err) = run(&[vec!["test", "power"], wrong.clone()].concat());
        assert!(code == 2 && out.is_empty() && !err.is_empty(), "{wrong:?}: {code} {err}");
    }
    let (code, _, err) = run(&["test", "power", "--delta", "0", "--sd-diff", "1", "--power", "0.9"]);
    assert!(code == 1 && err.contains("no number of pairs"), "{err}");
}

#[test]
fn repeated_measurements_with_exact_p_values() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("visits.csv");
    let mut text = String::from("id,visit,v,yes\n");
    for (id, values) in [[3, 1, 2], [5, 4, 6], [2, 1, 3], [9, 7, 8]].iter().enumerate() {
        for (visit, value) in values.iter().enumerate() {
            text.push_str(&format!("{id},V{visit},{value},{}\n", u8::from(*value > 2)));
        }
    }
    std::fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    let ask = |method: &str, value: &str, p: &str| {
        let arguments = ["test", method, "--data", &file, "--id", "id", "--time", "visit", "--value", value, "--p", p];
        json(&[&arguments[..], &["--format", "json"]].concat())
    };
    // Friedman's χ² = 6 with 4 patients and 3 visits: rank sums 10, 4, 10; exact p of the tables 0.069 (S = 24).
    let exact = ask("friedman", "v", "exact");
    close("χ²", 6.0, &exact["statistic"], 1e-12);
    close("table of Friedman's statistic, k = 3, n = 4", 0.069, &exact["p_value"], 0.01);
    assert_eq!(exact["exact"], true);
    assert_eq!(ask("friedman", "v", "asymptotic")["p_value"], exact["p_asymptotic"]);
    let q = ask("cochran-q", "yes", "exact");
    assert!(q["p_value"].as_f64().unwrap() <= 1.0 && q["exact"] == true);
    let (code, _, err) = run(&["test", "cochran-q", "--data", &file, "--id", "id", "--time", "visit", "--value", "v"]);
    assert!(code == 1 && err.contains("0 and 1"), "{err}");
}

#[test]
fn an_option_that_the_method_does_not_read_is_refused() {
    let file = data("paired_shoes");
    let shape = ["test", "paired-t", "--data", &file, "--treated", "treated", "--control", "control"];
    let options: [&[&str]; 19] = [
        &["--zeros", "pratt"],
        &["--continuity", "true"],
        &["--samples", "100"],
        &["--seed", "1"],
        &["--trim", "0.1"],
        &["--kind", "pearson"],
        &["--low", "1"],
        &["--high", "1"],
        &["--quantile", "t"],
        &["--levels", "0,1"],
        &["--time", "x"],
        &["--within", "x"],
        &["--method", "holm"],
        &["--better", "lower"],
        &["--margin", "1"],
        &["--weights", "linear"],
        &["--delta", "1"],
        &["--sd", "1"],
        &["--n", "5"],
    ];
    for option in options {
        let (code, out, err) = run(&[&shape[..], option].concat());
        assert!(
            code == 2 && out.is_empty() && err.contains(option[0]) && err.contains("paired-t"),
            "{option:?}: {err}"
        );
    }
}

/// Fields of any depth: none may be a number that JSON would not hold, and p-values lie in [0, 1].
fn sound(what: &str, answer: &Value) {
    match answer {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name.starts_with("p_") && !name.ends_with("error") {
                    assert!(value.as_f64().is_none_or(|p| (0.0..=1.0).contains(&p)), "{what}: {name} = {value}");
                }
                sound(what, value);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| sound(what, item)),
        Value::Number(number) => assert!(number.as_f64().is_some_and(f64::is_finite), "{what}: {number}"),
        _ => {}
    }
}

#[test]
fn edges_are_answered_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let edges: [(&str, &[&str]); 13] = [
        ("no row", &[]),
        ("one pair", &["1,3,1"]),
        ("two pairs", &["1,3,1", "2,1,2"]),
        ("all zero", &["1,0,0", "2,0,0", "3,0,0", "4,0,0", "5,0,0", "6,0,0"]),
        ("all equal", &["1,1,0", "2,1,0", "3,1,0", "4,1,0", "5,1,0", "6,1,0"]),
        ("one sign", &["1,2,1", "2,4,1", "3,5,1", "4,7,2", "5,9,2", "6,9,1"]),
        ("one non-zero", &["1,0,0", "2,1,1", "3,0,0", "4,1,1", "5,1,0", "6,0,0"]),
        ("yes and no", &["1,0,1", "2,1,1", "3,0,0", "4,1,0", "5,0,1", "6,0,0"]),
        ("no discordant pair", &["1,0,0", "2,1,1", "3,0,0", "4,1,1"]),
        ("tiny", &["1,1e-300,0", "2,3e-300,1e-300", "3,2e-300,5e-300", "4,9e-300,0", "5,1e-300,4e-300", "6,7e-300,0"]),
        ("huge", &["1,1e300,0", "2,3e300,1e300", "3,2e300,5e300", "4,9e300,0", "5,1e300,4e300", "6,7e300,0"]),
        ("missing", &["1,,1", "2,2,", "3,,", "4,1,0"]),
        ("nothing complete", &["1,,1", "2,2,"]),
    ];
    for (name, rows) in edges {
        let file = pairs(folder.path(), rows);
        for method in catalogue::NAMES {
            let mut arguments = vec!["test", method, "--data", &file, "--treated", "t", "--control", "c"];
            match method {
                "tost" => arguments.extend(["--low", "-1", "--high", "1"]),
                "non-inferiority" => arguments.extend(["--margin", "1", "--better", "lower"]),
                "win-odds" => arguments.extend(["--better", "lower"]),
                "permutation" | "bootstrap" => arguments.extend(["--samples", "200"]),
                _ => {}
            }
            arguments.extend(["--format", "json"]);
            let (code, out, err) = run(&arguments);
            let what = format!("{name}, {method}");
            if code == 0 {
                let answer: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{what}: {error}\n{out}"));
                sound(&what, &answer);
                assert!(answer["n_dropped"].is_u64(), "{what}");
            } else {
                // Values that are no counts are a mistake of the data, with their rows.
                let refused = code == 1 || code == 2 && ["rate-ratio", "counts"].contains(&method);
                assert!(refused && out.is_empty() && err.len() > 20, "{what}: {code} {err}");
                assert!(!err.contains("NaN") && !err.contains("panicked"), "{what}: {err}");
            }
        }
    }
}

#[test]
fn cells_that_are_no_numbers_and_rows_that_are_no_pairs() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&str, &[&str], &str); 7] = [
        ("id,t,c\n1,inf,2\n2,3,4\n", &["--treated", "t", "--control", "c"], "inf"),
        ("id,t,c\n1,good,2\n2,3,4\n", &["--treated", "t", "--control", "c"], "good"),
        ("id,t,c\n1,1,2\n", &["--treated", "c", "--control", "d"], "`d`"),
        (
            "id,arm,v\n1,A,2\n1,B,3\n1,A,4\n",
            &["--id", "id", "--arm", "arm", "--active", "A", "--placebo", "B", "--value", "v"],
            "second row",
        ),
        (
            "id,arm,v\n1,A,2\n1,B,3\n",
            &["--id", "id", "--arm", "arm", "--active", "A", "--placebo", "C", "--value", "v"],
            "`C`",
        ),
        (
            "id,arm,v\n1,A,2\n1,B,3\n",
            &["--id", "id", "--arm", "arm", "--active", "A", "--placebo", "B", "--value", "v", "--where", "v=9"],
            "'v=9' keeps no row; the values of `v` are: 2, 3",
        ),
        (
            "id,arm,v\n1,A,2\n1,B,3\n",
            &["--id", "id", "--arm", "v", "--active", "A", "--placebo", "B", "--value", "arm"],
            "",
        ),
    ];
    for (text, shape, words) in cases {
        let file = folder.path().join("data.csv");
        std::fs::write(&file, text).unwrap();
        let file = file.display().to_string();
        let (code, out, err) = run(&[&["test", "wilcoxon", "--data", &file], shape].concat());
        assert!(code == 1 && out.is_empty() && err.contains(words), "{text}: {code} {err}");
    }
    // The same side twice is a wrong call, not a result of 0.
    let file = data("paired_shoes");
    let (code, _, err) = run(&["test", "paired-t", "--data", &file, "--treated", "control", "--control", "control"]);
    assert!(code == 2 && err.contains("both name `control`"), "{err}");
    // Measurements are no grades: a table of all of them would not fit into memory.
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<String> = (0..600).map(|i| format!("{i},{}.5,{}.25", i, i + 1)).collect();
    let file = pairs(folder.path(), &rows.iter().map(String::as_str).collect::<Vec<_>>());
    for method in ["stuart-maxwell", "bowker", "kappa", "proportional-odds"] {
        let (code, out, err) = run(&["test", method, "--data", &file, "--treated", "t", "--control", "c"]);
        assert!(code == 1 && out.is_empty() && err.contains("measurements"), "{method}: {err}");
    }
}
