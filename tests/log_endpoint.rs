//! Endpoints that a plan analyses on logarithms (`transform = "log"`), from plan to page: held to R on the reference case
//! `weekly_log` (`stats::t.test` of logarithms, 4.2.2), to the library and to the command line; refusals; words.

use assert_cmd::Command;
use serde_json::Value;
use splitknee::analysis::{Claim, Record, Run};
use splitknee::paired::{self, Options};
use splitknee::pipeline;
use splitknee::trial::Finding;
use std::path::PathBuf;

const PLAN: &str = r#"
[trial]
id = "LOG"
title = "Ratios of geometric means"
synthetic = true
[data]
path = "data.csv"
columns = { patient = "usubjid", knee = "knee", arm = "treatment", visit = "visit" }
[arms]
active = "EV"
placebo = "PLACEBO"
[visits]
order = ["SCR", "BASELINE", "M1", "M3", "M6"]
months = [-0.5, 0, 1, 3, 6]
baseline = "BASELINE"
primary = "M6"
[analysis]
primary = "paired_t"
sensitivity = []
[[endpoint]]
name = "VAS"
column = "vas"
unit = "mm"
better = "lower"
transform = "log"
"#;

/// The visits that are compared, by place and label.
const VISITS: [(usize, &str); 3] = [(2, "M1"), (3, "M3"), (4, "M6")];

fn case() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("crates/splitknee-stats/tests/reference/weekly_log")
}

fn data() -> String {
    std::fs::read_to_string(case().join("data.csv")).unwrap()
}

/// The data with every VAS value changed.
fn with_values(change: impl Fn(usize, &str) -> String) -> String {
    let row = |(number, line): (usize, &str)| {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        if number > 0 {
            cells[5] = change(number + 1, &cells[5]);
        }
        cells.join(",") + "\n"
    };
    data().lines().enumerate().map(row).collect()
}

fn read(plan: &str, data: &str) -> Result<pipeline::Inputs, Vec<Finding>> {
    pipeline::read_from(plan, "plan.toml", |_| Ok(data.as_bytes().to_vec()))
}

fn run(plan: &str, data: &str) -> Run {
    pipeline::analyse(read(plan, data).unwrap_or_else(|findings| panic!("{findings:#?}"))).unwrap()
}

fn refused(plan: &str, data: &str) -> Vec<Finding> {
    match read(plan, data) {
        Err(findings) => findings,
        Ok(inputs) => pipeline::analyse(inputs).map(|_| ()).expect_err("the plan is accepted"),
    }
}

fn expected(id: &str) -> Value {
    let text = std::fs::read_to_string(case().join("expected.json")).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    all["results"].as_array().unwrap().iter().find(|r| r["id"] == id).unwrap()["values"].clone()
}

fn near(what: &str, found: Option<f64>, theirs: f64, tolerance: f64) {
    let found = found.unwrap_or_else(|| panic!("no {what}"));
    assert!((found - theirs).abs() <= tolerance * (1.0 + theirs.abs()), "{what}: {found} against {theirs}");
}

fn comparison<'r>(run: &'r Run, visit: usize, method: &str) -> &'r Record {
    run.outcomes.comparison(0, visit, method).unwrap_or_else(|| panic!("no {method}"))
}

#[test]
fn plan_library_and_program_give_the_ratios_of_r() {
    let text = PLAN.to_owned() + "margin = 1.25\ntests = [\"paired-t\", \"tost\", \"wilcoxon\", \"permutation\"]\n";
    let run = run(&text, &data());
    let home = tempfile::tempdir().unwrap();
    for (visit, label) in VISITS {
        let result = &comparison(&run, visit, "paired-t").result;
        let theirs = expected(&format!("ratio_t.{label}"));
        let of = |name: &str| theirs[name].as_f64().unwrap();
        assert_eq!(result.n_pairs as u64, theirs["n_pairs"].as_u64().unwrap());
        for (field, name) in [
            ("ratio", "ratio"),
            ("ratio_low", "ratio_conf_low"),
            ("ratio_high", "ratio_conf_high"),
            ("geometric_mean_treated", "geometric_mean_treated"),
            ("geometric_mean_control", "geometric_mean_control"),
        ] {
            near(&format!("{label} {field}"), result.number(field), of(name), 1e-10);
        }
        near("log estimate", result.estimate, of("log_estimate"), 1e-10);
        near("log SE", result.std_error, of("log_std_error"), 1e-10);
        near("p", result.p_value, of("log_p_value"), 1e-10);
        let tost = &comparison(&run, visit, "tost").result;
        near("TOST", tost.p_value, expected(&format!("ratio_tost.{label}"))["p_value"].as_f64().unwrap(), 1e-10);

        // The library on the logarithms, and the program on the values: the same bits.
        let values = pairs(label);
        let logs = |side: usize| values.iter().map(|pair| pair[side].ln()).collect::<Vec<f64>>();
        let library = paired::paired_t::paired_t(&logs(0), &logs(1), &Options::default()).unwrap();
        assert_eq!((result.estimate, result.std_error), (library.estimate, library.std_error), "{label}");
        assert_eq!((result.conf_low, result.p_value), (library.conf_low, library.p_value), "{label}");
        let wide: String = values.iter().map(|pair| format!("{},{}\n", pair[0], pair[1])).collect();
        let file = home.path().join(format!("{label}.csv"));
        std::fs::write(&file, format!("a,b\n{wide}")).unwrap();
        for method in ["paired-t", "wilcoxon", "permutation"] {
            let planned = &comparison(&run, visit, method).result;
            let arguments = ["test", method, "--data", file.to_str().unwrap(), "--treated", "a", "--control", "b"];
            let output = Command::cargo_bin("splitknee")
                .unwrap()
                .args(arguments)
                .args(["--transform", "log", "--format", "json"])
                .output()
                .unwrap();
            let program: Value = serde_json::from_slice(&output.stdout).unwrap();
            for field in ["ratio", "ratio_low", "ratio_high", "geometric_mean_treated", "geometric_mean_control"] {
                assert_eq!(planned.number(field), program[field].as_f64(), "{label} {method} {field}");
            }
            assert_eq!(planned.p_value, program["p_value"].as_f64(), "{label} {method}");
        }
    }
}

/// Both values of every patient who has both at a visit, in the order of the file; active first.
fn pairs(visit: &str) -> Vec<[f64; 2]> {
    let mut found: Vec<(String, [Option<f64>; 2])> = Vec::new();
    for line in data().lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        if found.iter().all(|(patient, _)| patient != cells[0]) {
            found.push((cells[0].to_owned(), [None; 2]));
        }
        if cells[3] == visit {
            let (_, pair) = found.iter_mut().find(|(patient, _)| patient == cells[0]).unwrap();
            pair[usize::from(cells[2] == "PLACEBO")] = cells[5].parse().ok();
        }
    }
    found.into_iter().filter_map(|(_, pair)| Some([pair[0]?, pair[1]?])).collect()
}

/// The model of the plan is that of `splitknee model` on the same rows, its LS means geometric means at the mean of the
/// logarithms of the baseline.
#[test]
fn models_take_logarithms_of_value_and_baseline() {
    let text = PLAN.replace("\"paired_t\"", "\"mixed_model\"\nstructure = \"random\"\nddf = \"satterthwaite\"");
    let run = run(&text, &data());
    let rows: String = data()
        .lines()
        .filter(|line| !line.contains(",SCR,") && !line.contains(",BASELINE,"))
        .fold(String::new(), |text, line| text + line + "\n");
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("post.csv");
    std::fs::write(&file, rows).unwrap();
    let formula =
        "vas ~ treatment*visit + log_base + log_base:visit + (1|usubjid) + (1|usubjid:knee) + (1|usubjid:visit)";
    let output = Command::cargo_bin("splitknee")
        .unwrap()
        .args(["model", "--data", file.to_str().unwrap(), "--formula", formula, "--transform", "log"])
        .args(["--emmeans", "treatment|visit", "--contrast", "treatment|visit", "--ddf", "satterthwaite"])
        .args(["--format", "json"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let program: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (visit, label) in VISITS {
        let result = &comparison(&run, visit, "mixed-model").result;
        let contrast = program["contrasts"].as_array().unwrap().iter().find(|c| c["visit"] == label).unwrap();
        // `EV - PLACEBO` or the other way round, as the levels fall.
        let turned = if contrast["contrast"] == "EV - PLACEBO" { 1.0 } else { -1.0 };
        near("estimate", result.estimate, turned * contrast["estimate"].as_f64().unwrap(), 1e-7);
        near("SE", result.std_error, contrast["std_error"].as_f64().unwrap(), 1e-6);
        near("ratio", result.number("ratio"), result.estimate.unwrap().exp(), 0.0);
        for arm in ["EV", "PLACEBO"] {
            let mean = run.outcomes.records.iter().find(|record| {
                record.result.method == "ls-mean" && record.visit == Some(visit) && record.arm.as_deref() == Some(arm)
            });
            let theirs = program["emmeans"].as_array().unwrap().iter();
            let theirs = theirs.clone().find(|mean| mean["visit"] == label && mean["treatment"] == arm).unwrap();
            for field in ["geometric_mean", "geometric_mean_low", "geometric_mean_high"] {
                near(field, mean.unwrap().result.number(field), theirs[field].as_f64().unwrap(), 1e-5);
            }
        }
    }
}

/// Every comparison of the arms is on logarithms and says so once; what describes an arm is in its unit.
#[test]
fn every_comparison_names_its_scale_once() {
    let text = PLAN.replace("\"paired_t\"", "\"mixed_model\"").replace(
        "sensitivity = []",
        "sensitivity = [\"gee\", \"ancova\", \"clda\", \"mmrm_difference\", \"bootstrap\"]",
    );
    let run = run(&text, &data());
    let mut methods = std::collections::BTreeSet::new();
    for record in run.outcomes.records.iter().filter(|record| record.endpoint == Some(0)) {
        let scales = record.result.extra.iter().filter(|(name, _)| *name == "scale").count();
        assert!(scales <= 1, "{}", record.id);
        if record.arm.is_none() && record.verdict.is_some() {
            methods.insert(record.result.method);
            let ratio = record.result.number("ratio").unwrap_or_else(|| panic!("{} has no ratio", record.id));
            near(&record.id, Some(ratio), record.result.estimate.unwrap().exp(), 0.0);
        }
        if record.result.method == "descriptive" && record.arm.as_deref() == Some("EV") && record.visit == Some(4) {
            let mean = record.result.estimate.unwrap();
            assert!(record.id.contains("change") || mean > 30.0, "{}: {mean}", record.id);
        }
    }
    assert!(methods.len() >= 6, "{methods:?}");
}

#[test]
fn swapped_arms_give_the_inverse_and_another_unit_the_same_ratio() {
    let text = PLAN.to_owned() + "tests = [\"paired-t\", \"wilcoxon\", \"sign\", \"trimmed-t\"]\n";
    let one = run(&text, &data());
    let swap = text.replace("active = \"EV\"", "active = \"PLACEBO\"").replacen(
        "placebo = \"PLACEBO\"",
        "placebo = \"EV\"",
        1,
    );
    let swapped = run(&swap, &data());
    let thousands = run(
        &text,
        &with_values(|_, value| {
            if value.is_empty() { String::new() } else { format!("{}", value.parse::<f64>().unwrap() * 1000.0) }
        }),
    );
    for (visit, label) in VISITS {
        for method in ["paired-t", "wilcoxon", "sign", "trimmed-t"] {
            let result = &comparison(&one, visit, method).result;
            let other = &comparison(&swapped, visit, method).result;
            assert_eq!(result.estimate, other.estimate.map(|value| -value), "{label} {method}");
            let inverse = 1.0 / other.number("ratio").unwrap();
            near("inverse", result.number("ratio"), inverse, 1e-15);
            let scaled = &comparison(&thousands, visit, method).result;
            near(method, scaled.number("ratio"), result.number("ratio").unwrap(), 1e-13);
            near(method, scaled.p_value, result.p_value.unwrap(), 1e-10);
        }
    }
}

#[test]
fn values_without_a_logarithm_are_named_with_their_rows() {
    let zero = with_values(|row, value| if row == 3 { "0".to_owned() } else { value.to_owned() });
    let findings = refused(PLAN, &zero);
    let found: Vec<&Finding> = findings.iter().filter(|finding| finding.rule == "SK232").collect();
    let [finding] = found[..] else { panic!("{findings:#?}") };
    assert_eq!((finding.location.row, finding.location.column.as_deref()), (Some(3), Some("vas")), "at baseline too");
    assert_eq!(finding.location.file, "data.csv");
    assert!(finding.message.contains("at `BASELINE` is 0") && finding.remedy.contains("`offset`"), "{finding:?}");
    // A declared offset is enough for a 0, and not for −1.
    let offset = PLAN.to_owned() + "offset = 0.5\n";
    let with = run(&offset, &zero);
    let result = &comparison(&with, 4, "paired-t").result;
    let logs: Vec<f64> = pairs("M6").iter().map(|pair| (pair[0] + 0.5).ln() - (pair[1] + 0.5).ln()).collect();
    near("ratio", result.number("ratio"), (logs.iter().sum::<f64>() / logs.len() as f64).exp(), 1e-12);
    let negative = with_values(|row, value| if row == 3 { "-1".to_owned() } else { value.to_owned() });
    assert!(refused(&offset, &negative).iter().any(|finding| finding.message.contains("even with the offset 0.5")));
}

#[test]
fn what_is_no_ratio_is_refused_with_its_remedy() {
    let says = |keys: &str, section: &str, rule: &str, words: [&str; 2]| {
        let plan = PLAN.to_owned() + keys + "\n" + section;
        let findings = refused(&plan, &data());
        let found = findings.iter().find(|finding| {
            finding.rule == rule && finding.message.contains(words[0]) && finding.remedy.contains(words[1])
        });
        assert!(found.is_some(), "{keys} {section}: {findings:#?}");
    };
    says("kind = \"ordinal\"", "", "SK016", ["ranks", "leave `transform` out"]);
    says("kind = \"binary\"", "", "SK016", ["yes-or-no", "leave `transform` out"]);
    says("kind = \"count\"", "", "SK016", ["rates", "continuous"]);
    says("derive = \"percent-change\"", "", "SK016", ["percent change", "baseline in the model"]);
    says("margin = 0.8", "", "SK010", ["`margin` of an endpoint on logarithms is a ratio", "1.25"]);
    says("margin = 1", "", "SK010", ["a ratio of geometric means", "1.25"]);
    says("non_inferiority_margin = -2", "", "SK010", ["a ratio of geometric means", "1.25"]);
    says("important_difference = 0.5", "", "SK010", ["a ratio of geometric means", "2"]);
    says("range = [-10, 100]", "", "SK016", ["begins below 0", "offset"]);
    says("offset = -1", "", "SK010", ["offset", ""]);
    let sample = "[sample_size]\ndelta = 10\nsd = 20\ncorrelation = 0.5\npower = 0.8\n";
    says("", sample, "SK012", ["sample size is stated by a difference", "delete"]);
    says("", "[bayes]\nprior = { mean = 0, sd = 10 }\n", "SK012", ["prior is of a mean difference", "delete"]);
    says("", "[interim]\npairs = [15, 30]\n", "SK016", ["interim looks", "`transform` out"]);
    let estimand = "[[estimand]]\ntreatment = \"EV\"\npopulation = \"all\"\nvariable = \"VAS\"\n\
                    summary_measure = \"ratio\"\n[estimand.missing]\n";
    says("", estimand, "SK016", ["imputing values", "leave `missing`"]);
    let plain = PLAN.replace("transform = \"log\"\n", "offset = 1\n");
    assert!(refused(&plain, &data()).iter().any(|finding| finding.message.contains("before a logarithm")));
}

/// Ratios of 1.04 and spread, made by the data times a constant on the active knees.
#[test]
fn margins_are_held_as_ratios() {
    let claim = |keys: &str, factor: f64| {
        let treated = data().lines().map(|line| line.contains(",EV,")).collect::<Vec<bool>>();
        let scaled = with_values(|row, value| {
            let value: f64 = value.parse().unwrap();
            let baseline = data_is_baseline(row);
            format!("{}", if treated[row - 1] && !baseline { value * factor } else { value })
        });
        let run = run(&(PLAN.to_owned() + keys), &scaled);
        let record = comparison(&run, 4, "paired-t");
        (record.verdict.unwrap().claim, record.result.number("ratio_low"), record.result.number("ratio_high"))
    };
    // As observed 0.822 (0.733 to 0.921); times 1.25 it is 1.028 (0.917 to 1.152).
    assert_eq!(claim("margin = 1.16\n", 1.25).0, Claim::Equivalent);
    assert_eq!(claim("margin = 1.15\n", 1.25).0, Claim::None, "the upper limit lies beyond");
    assert_eq!(claim("non_inferiority_margin = 1.16\n", 1.25).0, Claim::NonInferior);
    assert_eq!(claim("non_inferiority_margin = 1.15\n", 1.25).0, Claim::None);
    // Lower is better: a ratio of 0.822 is superior whatever the margin.
    assert_eq!(claim("margin = 1.5\n", 1.0).0, Claim::Superior);
    assert_eq!(claim("important_difference = 1.05\n", 1.5).0, Claim::Inferior);
    let higher = PLAN.replace("better = \"lower\"", "better = \"higher\"");
    let run = run(&(higher + "non_inferiority_margin = 1.4\n"), &data());
    assert_eq!(comparison(&run, 4, "paired-t").verdict.unwrap().claim, Claim::Inferior);
    assert!(comparison(&run, 4, "paired-t").verdict.unwrap().above_margin, "0.733 lies above 1/1.4");
}

fn data_is_baseline(row: usize) -> bool {
    data().lines().nth(row - 1).is_some_and(|line| line.contains(",BASELINE,") || line.contains(",SCR,"))
}

/// The text of the page, its tags and drawings removed.
fn page(run: &Run) -> String {
    let bundle = pipeline::write_up(run).unwrap();
    let html = String::from_utf8_lossy(bundle.get("report.html").unwrap()).into_owned();
    let parts = html.split("<svg").enumerate();
    let drawn = |(number, part): (usize, &str)| match number {
        0 => part.to_owned(),
        _ => part.split_once("</svg>").map_or(String::new(), |(_, rest)| rest.to_owned()),
    };
    let html: String = parts.map(drawn).collect();
    let mut text = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push('\n');
            }
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text
}

#[test]
fn no_sentence_gives_a_difference_in_the_unit() {
    for (language, word, ratio, stops) in
        [("en", "difference", "ratio of geometric means", ". "), ("ja", "差", "幾何平均の比", "。")]
    {
        let model = PLAN.replace("\"paired_t\"", "\"mixed_model\"");
        let keys = "margin = 1.25\nimportant_difference = 1.2\nminimal_improvement = 20\n";
        let text = format!("{model}{keys}[report]\nlanguage = \"{language}\"\n");
        let text = page(&run(&text, &data()));
        assert!(text.contains(ratio), "{language}");
        for sentence in text.split('\n').flat_map(|line| line.split(stops)) {
            assert!(!(sentence.contains(word) && sentence.contains("mm")), "{language}: {sentence}");
        }
        // The offset is named wherever the ratio has its meaning.
        let offset = format!("{model}offset = 0.5\n[report]\nlanguage = \"{language}\"\n");
        let text = page(&run(&offset, &data()));
        let (plain, named) = match language {
            "en" => ("atio of geometric means", "of value + 0.5 mm"),
            _ => ("幾何平均の比", "（値＋0.5 mm）の幾何平均の比"),
        };
        for line in text.lines().filter(|line| line.contains(plain)) {
            assert!(line.contains(named), "{language}: {line}");
        }
    }
}

/// The forest of all endpoints: lower values are better, so that ratios below 1 lie to the left, as its ticks say.
#[test]
fn the_forest_has_benefit_to_the_left_and_its_ticks_agree() {
    let run = run(PLAN, &data());
    let bundle = pipeline::write_up(&run).unwrap();
    let svg = String::from_utf8_lossy(bundle.get("figures/f-forest-primary-visit.svg").unwrap()).into_owned();
    // The texts with their places; the drawing's scale does not matter.
    let mut places = std::collections::BTreeMap::new();
    for part in svg.split("<text").skip(1) {
        let (head, rest) = part.split_once('>').unwrap();
        let text = rest.split('<').next().unwrap().trim().to_owned();
        let at = head.split("x=\"").nth(1).and_then(|rest| rest.split('"').next()).and_then(|x| x.parse::<f64>().ok());
        places.insert(text, at);
    }
    let at = |text: &str| places.get(text).copied().flatten().unwrap_or_else(|| panic!("no {text} in {places:?}"));
    assert!(at("0.5") < at("1") && at("1") < at("2"), "{places:?}");
    assert!(at("← favours EV") < at("favours PLACEBO →"), "{places:?}");
    assert!(places.keys().any(|text| text.starts_with("Ratio (95")), "{places:?}");
}

/// Below ten patients the change is compared: a ratio of fold changes, and said to be one.
#[test]
fn few_patients_compare_fold_changes() {
    let few: String = data()
        .lines()
        .filter(|line| !line.starts_with("0") || *line < "010")
        .fold(String::new(), |text, line| text + line + "\n");
    let text = PLAN.replace("\"paired_t\"", "\"mixed_model\"");
    let run = run(&text, &few);
    let result = &comparison(&run, 4, "paired-t").result;
    assert_eq!(result.field("rule").map(|rule| format!("{rule:?}").contains("paired-t-change")), Some(true));
    let text = page(&run);
    assert!(text.contains("the fold change in VAS from baseline"), "{text}");
    assert!(text.contains("ratio of the changes (fold change from baseline, geometric means)"));
}
