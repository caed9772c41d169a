//! `splitknee survival` and the further methods of `splitknee test`, through the program. The figures themselves are held
//! to R in `crates/splitknee-stats/tests/weekly.rs`.

use assert_cmd::Command;
use serde_json::Value;
use std::path::Path;

fn reference(case: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/splitknee-stats/tests/reference");
    folder.join(case).join("data.csv").display().to_string()
}

fn program(arguments: &[&str]) -> std::process::Output {
    Command::cargo_bin("splitknee").unwrap().args(arguments).output().unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let output = program(&[arguments, &["--format", "json"]].concat());
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn near(value: &Value, expected: f64) {
    let value = value.as_f64().unwrap();
    assert!((value - expected).abs() < 1e-9 * (1.0 + expected.abs()), "{value} against {expected}");
}

const COLUMNS: [&str; 12] =
    ["--id", "id", "--arm", "active", "--active", "1", "--placebo", "0", "--time", "time", "--status", "status"];

#[test]
fn survival_gives_the_fields_of_the_contract() {
    let data = reference("weekly_survival_sim");
    let found = json(&[&["survival", "--data", &data, "--tau", "10", "--at", "6"], &COLUMNS[..]].concat());
    assert_eq!((&found["n_patients"], &found["n_pairs"]), (&Value::from(44), &Value::from(41)));
    near(&found["exact"]["p_value"], 0.15158963203430187); // R binom.test(8, 24)
    near(&found["rmst"]["estimate"], 1.098176424013798); // areas under survfit, influence values
    near(&found["logrank"]["statistic"], 2.6666666666666665); // survival::survdiff(… + strata(id))
    near(&found["arms"][0]["quantiles"][0]["time"], 6.0);
    let text = program(&[&["survival", "--data", &data], &COLUMNS[..]].concat());
    assert!(String::from_utf8_lossy(&text.stdout).contains("within patients: hazard ratio, exact"));
}

#[test]
fn wrong_times_and_statuses_are_refused_with_their_rows() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("knees.csv");
    std::fs::write(&file, "id,active,time,status\n1,1,0,1\n1,0,3,2\n2,1,4,1\n2,0,5,0\n").unwrap();
    let output = program(&[&["survival", "--data", file.to_str().unwrap()], &COLUMNS[..]].concat());
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("knees.csv:2: time = 0") && error.contains("knees.csv:3: status = 2"), "{error}");
    let data = reference("weekly_survival_sim");
    let output = program(&[&["survival", "--data", &data, "--tau", "100"], &COLUMNS[..]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("beyond the last time"));
}

#[test]
fn ranks_counts_guesses_and_a_posterior() {
    let ranks = reference("weekly_ranks");
    let of = |method: &str| {
        json(&[
            "test",
            method,
            "--data",
            &ranks,
            "--where",
            "dataset=ties",
            "--treated",
            "treated",
            "--control",
            "control",
        ])
    };
    near(&of("rank-biserial")["estimate"], -0.5289855072463768); // R effectsize 0.8.3
    assert_eq!(of("brunner-munzel")["n_pairs"], 30);
    let counts = reference("weekly_counts");
    let arms = ["--arm", "treatment", "--active", "EV", "--placebo", "PLACEBO", "--id", "usubjid"];
    let found =
        json(&[&["test", "counts", "--data", &counts, "--value", "painful", "--exposure", "days"], &arms[..]].concat());
    assert!(found["rate_ratio"].as_f64().unwrap() > 0.5 && found["overdispersion"]["p_value"].as_f64().unwrap() < 0.05);
    let blinding = reference("weekly_blinding");
    let found = json(&[
        "test",
        "blinding",
        "--data",
        &blinding,
        "--id",
        "patient",
        "--arm",
        "treatment",
        "--guess",
        "guess",
        "--active",
        "EV",
        "--placebo",
        "PLACEBO",
    ]);
    near(&found["james"]["estimate"], 0.5581052136662836); // R BI 1.2
    let prior = ["--prior-mean", "0", "--prior-sd", "10", "--likelihood", "normal"];
    let question = ["test", "bayes", "--n", "48", "--mean", "-6.2", "--sd", "17.5", "--mcid", "-5"];
    near(&json(&[&question[..], &prior[..]].concat())["p_benefit"], 0.9913394170799326); // closed form
    let unused =
        program(&["test", "paired-t", "--data", &ranks, "--treated", "treated", "--control", "control", "--mcid", "3"]);
    assert_eq!(unused.status.code(), Some(2));
}

#[test]
fn logarithms_give_ratios_and_refuse_zeros_with_their_rows() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("wide.csv");
    std::fs::write(&file, "a,b\n10,20\n12,18\n9,30\n14,21\n").unwrap();
    let path = file.to_str().unwrap();
    let found = json(&["test", "paired-t", "--data", path, "--treated", "a", "--control", "b", "--transform", "log"]);
    // The ratio of geometric means is that of the products' fourth roots.
    near(&found["ratio"], (10.0 * 12.0 * 9.0 * 14.0_f64 / (20.0 * 18.0 * 30.0 * 21.0)).powf(0.25));
    near(&found["geometric_mean_control"], (20.0 * 18.0 * 30.0 * 21.0_f64).powf(0.25));
    std::fs::write(&file, "a,b\n10,20\n0,18\n").unwrap();
    let output =
        program(&["test", "paired-t", "--data", path, "--treated", "a", "--control", "b", "--transform", "log"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("wide.csv:3: a = 0"));
}

/// A small data set of two arms in six persons.
fn knees(folder: &Path, change: impl Fn(usize) -> Option<&'static str>) -> String {
    let mut text = "id,arm,days,n\n".to_owned();
    let counts = [3, 5, 2, 4, 7, 6, 1, 3, 4, 8, 2, 2];
    for (row, count) in counts.iter().enumerate() {
        let usual = format!("{},{},28,{count}", row / 2 + 1, ["A", "B"][row % 2]);
        text += &format!("{}\n", change(row).map_or(usual, str::to_owned));
    }
    let file = folder.join("knees.csv");
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

/// What no model of logarithms or counts has is refused with its rows and exit code 2.
#[test]
fn logarithms_and_counts_that_are_none() {
    let home = tempfile::tempdir().unwrap();
    let refused = |change: &dyn Fn(usize) -> Option<&'static str>, arguments: &[&str], words: &[&str]| {
        let file = knees(home.path(), change);
        let output = program(&[&[arguments[0], "--data", &file], &arguments[1..]].concat());
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        words.iter().for_each(|word| assert!(error.contains(word), "{arguments:?}: {error}"));
    };
    let none = |_: usize| None;
    let at = |wanted: usize, line: &'static str| move |row: usize| (row == wanted).then_some(line);
    let log = ["model", "--formula", "n ~ arm + (1|id)", "--transform", "log"];
    refused(&at(2, "2,A,28,0"), &log, &["knees.csv:4: n = 0", "--log-offset"]);
    let poisson = ["gee", "--id", "id", "--formula", "n ~ arm", "--family", "poisson", "--offset", "log(days)"];
    refused(&at(3, "2,B,0,4"), &poisson, &["knees.csv:5", "above 0"]);
    refused(&at(4, "3,A,28,-1"), &poisson, &["knees.csv:6: n = -1", "whole numbers"]);
    refused(&at(4, "3,A,28,1.5"), &poisson, &["knees.csv:6: n = 1.5"]);
    let model = ["model", "--formula", "n ~ arm + (1|id)", "--contrast", "arm"];
    let with = |more: &[&'static str]| [&model[..], more].concat();
    refused(&none, &with(&["--adjust", "dunnett", "--reference", "C"]), &["C is no level", "A, B"]);
    refused(&none, &with(&["--reference", "A"]), &["--adjust dunnett"]);
    refused(&none, &["model", "--formula", "n ~ arm", "--adjust", "tukey"], &["--contrast"]);
    refused(&none, &with(&["--offset", "log(days)"]), &["--family poisson"]);
    refused(&none, &with(&["--log-offset", "1"]), &["--transform log"]);
    refused(&none, &with(&["--family", "poisson", "--link", "logit"]), &["--link logit"]);
    refused(&none, &with(&["--figure", "ratios.jpg"]), &[".svg or .png"]);
}

/// A declared offset is named; the figure of the differences is drawn.
#[test]
fn ratios_with_an_offset_and_their_figure() {
    let home = tempfile::tempdir().unwrap();
    let file = knees(home.path(), |row| (row == 2).then_some("2,A,28,0"));
    let figure = home.path().join("ratios.svg");
    let found = json(&[
        "model",
        "--data",
        &file,
        "--formula",
        "n ~ arm + (1|id)",
        "--transform",
        "log",
        "--log-offset",
        "1",
        "--contrast",
        "arm",
        "--adjust",
        "mvt",
        "--figure",
        figure.to_str().unwrap(),
    ]);
    let contrast = &found["contrasts"][0];
    near(&contrast["ratio"], contrast["estimate"].as_f64().unwrap().exp());
    // One comparison needs no adjustment.
    near(&contrast["p_adjusted"], contrast["p_value"].as_f64().unwrap());
    near(&contrast["conf_low_adjusted"], contrast["conf_low"].as_f64().unwrap());
    assert!(
        found["notes"].as_array().unwrap().iter().any(|note| note["text"].as_str().unwrap().starts_with("1 was added"))
    );
    let svg = std::fs::read_to_string(&figure).unwrap();
    assert!(svg.contains("<svg") && svg.contains("B / A"));
    // A file that is there is replaced only where that is said.
    std::fs::write(&figure, "mine").unwrap();
    let again = |further: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_splitknee"));
        let formula = ["model", "--data", &file, "--formula", "n ~ arm + (1|id)", "--contrast", "arm"];
        let run = command.args(formula).arg("--figure").arg(&figure).args(further).output().unwrap();
        (run.status.success(), std::fs::read_to_string(&figure).unwrap())
    };
    assert_eq!(again(&[]), (false, "mine".to_owned()));
    let (succeeded, drawn) = again(&["--force"]);
    assert!(succeeded && drawn.contains("<svg"));
}

#[test]
fn prior_weights_are_read_and_refused_with_their_rows() {
    let data = reference("weekly_prior_weights");
    let call =
        ["model", "--data", &data, "--formula", "value ~ arm + visit + (1|patient/knee)", "--factor", "arm=SALINE,EV"];
    let found = json(&[&call[..], &["--prior-weights", "readings", "--ddf", "satterthwaite"]].concat());
    near(&found["log_lik"], -273.093650128802); // lme4 1.1-31, nlme 3.1-162
    assert_eq!(found["prior_weights"], "readings");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("d.csv");
    let text = std::fs::read_to_string(&data).unwrap();
    let third = text.lines().nth(2).unwrap().to_owned();
    let mut cells: Vec<&str> = third.split(',').collect();
    cells[4] = "0";
    std::fs::write(&file, text.replacen(&third, &cells.join(","), 1)).unwrap();
    let file = file.display().to_string();
    let wrong = |further: &[&str], data: &str| {
        let output = program(&[&["model", "--data", data, "--formula", "value ~ arm + (1|patient)"], further].concat());
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let said = wrong(&["--prior-weights", "readings"], &file);
    assert!(said.contains("d.csv:3: readings = 0") && said.contains("not positive"), "{said}");
    assert!(wrong(&["--prior-weights", "knee"], &data).contains("not a column of numbers"));
    assert!(
        wrong(&["--prior-weights", "readings", "--family", "poisson"], &data)
            .contains("--prior-weights is not an option")
    );
}

#[test]
fn blocks_of_several_sizes_are_redrawn() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("list.csv");
    // Blocks of 2, 4 and one patient of a third.
    let rows = "l,r,side,block\n12,5,left,1\n3,6,right,1\n9,4,left,2\n15,4,right,2\n2,4,left,2\n7,3,right,2\n8,,left,3\n10,1,left,3\n";
    std::fs::write(&file, rows).unwrap();
    let file = file.display().to_string();
    let call = [
        "test",
        "design-permutation",
        "--data",
        &file,
        "--left",
        "l",
        "--right",
        "r",
        "--active-side",
        "side",
        "--block",
        "block",
    ];
    let found = json(&[&call[..], &["--block-size", "2,4"]].concat());
    assert_eq!((&found["exact"], &found["n_dropped"]), (&Value::from(true), &Value::from(1)));
    assert_eq!(found["block_sizes"], serde_json::json!([2.0, 4.0]));
    let refused = program(&[&call[..], &["--block-size", "2,5"]].concat());
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("block size of 5"));
    assert!(!program(&call).status.success());
}

#[test]
fn shares_at_a_time_of_a_small_trial() {
    let data = reference("weekly_survival_sim");
    let found = |further: &[&str]| json(&[&["survival", "--data", &data, "--at", "6"], further, &COLUMNS[..]].concat());
    let (large, small) = (found(&[]), found(&["--small-sample"]));
    // R 4.2.2: influence values summed within patients (reference case).
    near(&large["survival_difference"][0]["std_error"], 0.09671007029372997);
    let small = &small["survival_difference"][0];
    assert_eq!(small["df"], 43.0);
    assert_eq!(small["std_error"], small["std_error_jackknife"]);
}

/// A comma between two whole numbers may be that of a decimal; a negative number is the option's, and refused in its words.
#[test]
fn what_an_option_cannot_mean_is_refused_with_the_way_out() {
    let data = reference("weekly_survival_sim");
    let refused = |further: &[&str], said: &str| {
        let output = program(&[further, &COLUMNS[..]].concat());
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && text.contains(said), "{further:?}: {text}");
    };
    for at in ["1,5", "6,12", "0,5"] {
        refused(
            &["survival", "--data", &data, "--at", at],
            "is this one number with a decimal comma, or a list of two?",
        );
    }
    let ways = [&["--at", "1.5"][..], &["--at", "1", "--at", "5"], &["--at", "1.0,5.0"], &["--at", "1,3,5"]];
    for (at, times) in ways.into_iter().zip([1, 2, 2, 3]) {
        let found = json(&[&["survival", "--data", &data], at, &COLUMNS[..]].concat());
        assert_eq!(found["survival_difference"].as_array().unwrap().len(), times, "{at:?}");
    }
    let p = program(&["test", "adjust", "--method", "holm", "--p", "0,01"]);
    assert!(p.status.code() == Some(2) && String::from_utf8(p.stderr).unwrap().contains("decimal comma"));
    for option in ["--sd", "--n", "--alpha", "--power"] {
        let mut asked = vec!["power", "paired-t", "--delta", "10", "--rho", "0.5"];
        let given = [("--sd", "20"), ("--n", "30")];
        asked.extend(given.iter().filter(|(name, _)| *name != option).flat_map(|(name, value)| [*name, *value]));
        asked.extend([option, "-10"]);
        if option == "--power" {
            asked.retain(|word| *word != "--n" && *word != "30");
        }
        let output = program(&asked);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{option}: {text}");
        assert!(!text.contains("unexpected argument") && !text.contains("-- -"), "{option}: {text}");
        assert!(text.contains("-10") || text.contains(option.trim_start_matches('-')), "{option}: {text}");
    }
}
