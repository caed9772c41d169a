//! `kind = "survival"` in a plan: the numbers are those of the library, of `splitknee survival` and of R; claims, families and
//! other endpoints around it; what is refused, with its rows; and data that cannot answer.

use crate::project;
use assert_cmd::cargo::CommandCargoExt;
use serde_json::Value;
use splitknee::analysis::{Claim, Interval, Record};
use splitknee::pipeline::{self, Run};
use splitknee::report::compose;
use splitknee::report::exhibits::Material;
use splitknee::report::options::Options;
use splitknee::report::verify;
use splitknee::report::words::{Language, Words};
use splitknee::survival::{Cohort, Subject, answers};
use splitknee::trial::Finding;
use std::path::Path;
use std::process::Command;

fn folder(case: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/splitknee-stats/tests/reference").join(case)
}

fn data(case: &str) -> String {
    std::fs::read_to_string(folder(case).join("data.csv")).unwrap()
}

const ENDPOINT: &str = "[[endpoint]]\nname = \"Time to re-injection\"\nid = \"reinj\"\nkind = \"survival\"\ntime = \"time\"\n\
                        status = \"status\"\ntau = 10\nunit = \"months\"\nbetter = \"later\"\n";

fn head(active: &str, placebo: &str) -> String {
    format!(
        "[trial]\nid = \"T\"\ntitle = \"t\"\nsynthetic = true\n[data]\npath = \"k.csv\"\n\
         columns = {{ patient = \"id\", arm = \"active\" }}\n[arms]\n\
         active = {{ code = \"{active}\", label = \"HA\" }}\nplacebo = {{ code = \"{placebo}\", label = \"Saline\" }}\n"
    )
}

fn read(plan: &str, file: &str) -> Result<Run, Vec<Finding>> {
    pipeline::analyse(pipeline::read_from(plan, "plan.toml", |_| Ok(file.as_bytes().to_vec()))?)
}

fn run(plan: &str, file: &str) -> Run {
    read(plan, file).unwrap_or_else(|findings| panic!("{findings:?}\n{plan}"))
}

fn sim() -> Run {
    run(&format!("{}{ENDPOINT}", head("1", "0")), &data("weekly_survival_sim"))
}

fn record<'r>(run: &'r Run, id: &str) -> &'r Record {
    run.outcomes.records.iter().find(|record| record.id == id).unwrap_or_else(|| {
        let ids: Vec<&str> = run.outcomes.records.iter().map(|record| record.id.as_str()).collect();
        panic!("{id}: {ids:?}")
    })
}

fn near(found: Option<f64>, expected: f64, tolerance: f64) {
    let found = found.expect("a number");
    assert!((found - expected).abs() <= tolerance * expected.abs().max(1.0), "{found} against {expected}");
}

#[test]
fn a_plan_gives_the_numbers_of_r() {
    let run = sim();
    // R 4.2.2, survival 3.5-3, and base R: tests/reference/weekly_survival_sim/expected.json.
    let first = &record(&run, "reinj.single.primary.first-event").result;
    near(first.p_value, 0.15158963203430187, 1e-12); // binom.test(8, 24)
    near(first.conf_low, 0.18525863358597425_f64.ln(), 1e-10);
    near(first.conf_high, 1.2382361335680574_f64.ln(), 1e-10);
    let log_rank = &record(&run, "reinj.single.sensitivity.stratified-log-rank").result;
    near(log_rank.statistic, 2.6666666666666665, 1e-12); // survdiff(… + strata(id))
    let cox = &record(&run, "reinj.single.sensitivity.stratified-cox").result;
    near(cox.std_error, 0.43301270189221924, 1e-10); // coxph(… + strata(id), ties = "exact")
    near(cox.conf_low, 0.21398775587873753_f64.ln(), 1e-7);
    let marginal = &record(&run, "reinj.single.sensitivity.marginal-cox").result;
    near(marginal.estimate, -0.3553473719373949, 1e-7); // coxph(… , cluster = id, ties = "efron")
    near(marginal.std_error, 0.2607082928091107 * (44.0_f64 / 43.0).sqrt(), 1e-7);
    let mean = &record(&run, "reinj.single.sensitivity.rmst").result;
    near(mean.estimate, 1.098176424013798, 1e-9);
    near(mean.std_error, 0.5665193887761242, 1e-9); // jackknife over patients
    let curve = &record(&run, "reinj.single.kaplan-meier.ha").result;
    assert_eq!((curve.n_pairs, curve.number("n_events"), curve.estimate), (42, Some(19.0), Some(12.0)));
}

#[test]
fn plan_command_and_library_give_the_same_bits() {
    let run = sim();
    let arguments = ["--id", "id", "--arm", "active", "--active", "1", "--placebo", "0", "--time", "time"];
    let path = folder("weekly_survival_sim").join("data.csv");
    let output = Command::cargo_bin("splitknee")
        .unwrap()
        .args(["survival", "--data", path.to_str().unwrap(), "--status", "status", "--tau", "10", "--small-sample"])
        .args(arguments)
        .args(["--format", "json"])
        .output()
        .unwrap();
    let command: Value = serde_json::from_slice(&output.stdout).unwrap();
    let of = |part: &str, name: &str| command[part][name].as_f64();
    let first = &record(&run, "reinj.single.primary.first-event").result;
    assert_eq!(first.number("hazard_ratio_low"), of("exact", "hazard_ratio_low"));
    assert_eq!(first.number("hazard_ratio_high"), of("exact", "hazard_ratio_high"));
    assert_eq!(first.p_value, of("exact", "p_value"));
    let marginal = &record(&run, "reinj.single.sensitivity.marginal-cox").result;
    assert_eq!(
        [marginal.estimate, marginal.std_error, marginal.p_value],
        [of("cox_marginal", "estimate"), of("cox_marginal", "std_error"), of("cox_marginal", "p_value")]
    );
    let mean = &record(&run, "reinj.single.sensitivity.rmst").result;
    assert_eq!(
        [mean.estimate, mean.conf_low, mean.conf_high, mean.p_value],
        [of("rmst", "estimate"), of("rmst", "conf_low"), of("rmst", "conf_high"), of("rmst", "p_value")]
    );
    let file = data("weekly_survival_sim");
    let subjects = file.lines().skip(1).map(|line| {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        Subject { patient: cells[0] as usize, active: cells[1] == 1.0, time: cells[2], event: cells[3] == 1.0 }
    });
    let cohort = Cohort::new(subjects.collect()).unwrap();
    let library = answers::first_event(&cohort, &splitknee::paired::Options::default()).unwrap();
    assert_eq!(
        (library.estimate, library.conf_low, library.conf_high),
        (first.estimate, first.conf_low, first.conf_high)
    );
}

#[test]
fn a_claim_follows_the_direction_of_the_event() {
    let file = data("weekly_survival_diabetic");
    let plan = |better: &str, active: &str, placebo: &str, tests: &str| {
        let endpoint = ENDPOINT.replace("\"later\"", &format!("\"{better}\"")).replace("tau = 10", "tau = 60");
        format!("{}{endpoint}{tests}", head(active, placebo))
    };
    let claim = |better: &str, active: &str, placebo: &str, tests: &str| {
        let run = run(&plan(better, active, placebo, tests), &file);
        let record = run.outcomes.deciding(0, 0).unwrap();
        (record.result.method, record.verdict.unwrap().claim)
    };
    let mean = "tests = [\"rmst\", \"marginal-cox\"]\n";
    assert_eq!(claim("later", "1", "0", ""), ("first-event", Claim::Superior));
    assert_eq!(claim("earlier", "1", "0", ""), ("first-event", Claim::Inferior));
    assert_eq!(claim("later", "0", "1", ""), ("first-event", Claim::Inferior));
    assert_eq!(claim("later", "1", "0", mean), ("rmst", Claim::Superior));
    assert_eq!(claim("earlier", "1", "0", mean), ("rmst", Claim::Inferior));
    // A one-sided plan towards benefit: fewer events are a benefit where later is better.
    let one_sided = "[analysis]\nalternative = \"towards-benefit\"\n";
    assert_eq!(claim("later", "1", "0", one_sided), ("first-event", Claim::Superior));
    let against = run(&plan("earlier", "1", "0", one_sided), &file);
    let record = against.outcomes.deciding(0, 0).unwrap();
    assert!(record.result.p_value.unwrap() > 0.999, "{:?}", record.result);
    assert_eq!(record.verdict.unwrap().interval, Interval::IncludesNull);
}

#[test]
fn unit_and_order_of_the_arms_leave_ratios_and_p_values() {
    let file = data("weekly_survival_sim");
    let days = file
        .lines()
        .enumerate()
        .map(|(row, line)| {
            let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
            if row > 0 {
                cells[2] = (cells[2].parse::<f64>().unwrap() * 30.4375).to_string();
            }
            cells.join(",") + "\n"
        })
        .collect::<String>();
    let tests = "tests = [\"first-event\", \"stratified-log-rank\", \"stratified-cox\", \"marginal-cox\", \"prentice-wilcoxon\", \
                 \"akritas\"]\n";
    let endpoint = ENDPOINT.replace("tau = 10\n", "");
    let months = run(&format!("{}{endpoint}{tests}", head("1", "0")), &file);
    let days = run(&format!("{}{endpoint}{tests}", head("1", "0")), &days);
    let swapped = run(&format!("{}{endpoint}{tests}", head("0", "1")), &file);
    let comparisons = months.outcomes.records.iter().filter(|record| record.arm.is_none() && record.endpoint.is_some());
    let mut compared = 0;
    for one in comparisons {
        let (other, inverse) = (record(&days, &one.id), record(&swapped, &one.id));
        assert_eq!(
            (one.result.estimate, one.result.p_value),
            (other.result.estimate, other.result.p_value),
            "{}",
            one.id
        );
        let close = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-9,
            (a, b) => a == b,
        };
        assert!(close(inverse.result.estimate, one.result.estimate.map(|value| -value)), "{}", one.id);
        if one.result.method == "first-event" {
            assert_eq!(inverse.result.estimate, one.result.estimate.map(|value| -value));
        }
        assert!(close(inverse.result.conf_low, one.result.conf_high.map(|value| -value)), "{}", one.id);
        assert!(close(inverse.result.p_value, one.result.p_value), "{}", one.id);
        compared += 1;
    }
    assert_eq!(compared, 6);
}

/// Rows `time,status` of active and placebo, a patient each.
fn pairs(rows: &[[&str; 2]]) -> String {
    let mut file = "id,active,time,status\n".to_owned();
    for (patient, [active, placebo]) in rows.iter().enumerate() {
        file.push_str(&format!("p{patient},1,{active}\np{patient},0,{placebo}\n"));
    }
    file
}

#[test]
fn data_that_cannot_answer_give_null_and_a_reason() {
    let endpoint = ENDPOINT.replace("tau = 10\n", "");
    type Case = (&'static str, &'static [[&'static str; 2]], Option<f64>, &'static str);
    let cases: [Case; 5] = [
        ("all censored", &[["5,0", "5,0"], ["6,0", "6,0"], ["7,0", "7,0"]], None, "time_no_event"),
        ("one event", &[["5,1", "6,0"], ["6,0", "6,0"], ["7,0", "7,0"]], Some(1.0), "first_event_infinite"),
        ("no event on active", &[["5,0", "3,1"], ["6,0", "2,1"], ["7,0", "4,1"]], Some(0.25), "first_event_zero"),
        ("nobody tells", &[["5,0", "6,1"], ["4,1", "4,1"], ["3,0", "9,1"]], None, "first_event_none"),
        ("one patient", &[["5,1", "6,0"]], Some(1.0), "first_event_infinite"),
    ];
    for (what, rows, p, code) in cases {
        let run = run(&format!("{}{endpoint}", head("1", "0")), &pairs(rows));
        let first = &record(&run, "reinj.single.primary.first-event").result;
        assert_eq!(first.p_value.map(|p| (1e9 * p).round() / 1e9), p, "{what}");
        assert!(first.notes.iter().any(|note| note.code() == code), "{what}: {:?}", first.notes);
        // Never a Wald interval where one arm came first throughout, nor a degenerate one of the means.
        let wald = &record(&run, "reinj.single.sensitivity.stratified-cox").result;
        assert_eq!((wald.estimate, wald.conf_low, wald.conf_high), (None, None, None), "{what}");
        assert!(wald.notes.reason().is_some(), "{what}");
        let mean = &record(&run, "reinj.single.sensitivity.rmst").result;
        assert!(mean.p_value.is_some() || mean.notes.reason().is_some(), "{what}: {mean:?}");
        assert!(mean.conf_low.is_none_or(|low| mean.conf_high.is_some_and(|high| high > low)), "{what}: {mean:?}");
        for language in [Language::English, Language::Japanese] {
            let words = compose::words_in(language, &run.plan);
            let document = compose::document_with(&run, &words, &compose::style(&run.plan), &Options::default());
            assert!(document.is_ok(), "{what}: {:?}", document.err());
        }
    }
}

fn refused(plan: &str, file: &str) -> Vec<Finding> {
    read(plan, file).map(|_| ()).expect_err("refused")
}

/// What the rules about times find, each once.
pub fn of_every_rule() -> Vec<Finding> {
    let plan = format!("{}{ENDPOINT}", head("1", "0"));
    let with = |active: &str| pairs(&[["5,1", "6,0"], [active, "12,0"], ["7,1", "12,0"]]);
    let mut found: Vec<Finding> = ["0,1", ",1"].iter().flat_map(|active| refused(&plan, &with(active))).collect();
    let (at_visits, file) = visits(true);
    found.extend(refused(&at_visits, &file));
    found.extend(refused(&plan.replace("tau = 10", "tau = 30"), &with("12,0")));
    found.extend(run(&plan.replace("tau = 10", "tests = [\"rmst\"]"), &with("12,0")).findings);
    found
}

#[test]
fn wrong_times_are_findings_with_their_rows() {
    let plan = format!("{}{ENDPOINT}", head("1", "0"));
    let whole: [[&str; 2]; 3] = [["5,1", "6,0"], ["12,0", "12,0"], ["7,1", "12,0"]];
    let with = |cell: &'static str| {
        let mut rows = whole;
        rows[1][0] = cell;
        pairs(&rows)
    };
    for (cell, rule, says) in [
        ("0,1", "SK240", "a time to an event is positive"),
        ("-3,0", "SK240", "is -3"),
        ("5,2", "SK203", "the status of Time to re-injection is 2"),
        (",1", "SK241", "without a time"),
        ("5,", "SK241", "without a status"),
    ] {
        let findings = refused(&plan, &with(cell));
        let found =
            findings.iter().find(|finding| finding.rule == rule).unwrap_or_else(|| panic!("{cell}: {findings:?}"));
        assert!(found.message.contains(says), "{cell}: {}", found.message);
        assert_eq!(found.location.row, Some(4), "{cell}");
    }
    // 1 and 2 as R's lung data have them: which is the event is asked once, and can be said.
    let coded = pairs(&[["5,2", "6,1"], ["12,1", "12,1"], ["7,2", "12,1"]]);
    let findings = refused(&plan, &coded);
    assert_eq!(findings.iter().filter(|finding| finding.rule == "SK203").count(), 1, "{findings:?}");
    let levels = "levels = [{ code = \"1\", label = \"censored\" }, { code = \"2\", label = \"event\" }]\n";
    let run = run(&format!("{plan}{levels}"), &coded);
    assert_eq!(record(&run, "reinj.single.kaplan-meier.ha").result.number("n_events"), Some(2.0));
    // τ beyond an arm that ends censored.
    let findings = refused(&plan.replace("tau = 10", "tau = 30"), &with("12,0"));
    assert!(findings.iter().any(|finding| finding.rule == "SK243" && finding.message.contains("12")), "{findings:?}");
}

/// A trial of scores at visits, and a time per knee in the same rows.
fn visits(disagree: bool) -> (String, String) {
    let mut file = "id,knee,arm,visit,vas,time,status,pp\n".to_owned();
    for patient in 0..12 {
        for (knee, arm) in [("L", "A"), ("R", "P")] {
            let active = usize::from(arm == "A");
            let time = 3 + (patient * 5 + 7 * active) % 11;
            let status = usize::from((patient + active) % 3 != 0);
            for (place, visit) in ["Baseline", "Month 3", "Month 12"].into_iter().enumerate() {
                let vas = 60 + (7 * patient + 3 * place + 4 * active) % 13 - 8 * place;
                // At the second visit the cells are empty: once is enough.
                let cells = match place {
                    1 => ",".to_owned(),
                    2 if disagree && patient == 4 && active == 0 => format!("{},{status}", time + 1),
                    _ => format!("{time},{status}"),
                };
                let pp = if patient == 3 { "N" } else { "Y" };
                file.push_str(&format!("p{patient:02},{knee},{arm},{visit},{vas},{cells},{pp}\n"));
            }
        }
    }
    let plan = format!(
        "[trial]\nid = \"T\"\ntitle = \"t\"\nsynthetic = true\n[data]\npath = \"k.csv\"\n\
         columns = {{ patient = \"id\", knee = \"knee\", arm = \"arm\", visit = \"visit\" }}\n\
         [arms]\nactive = \"A\"\nplacebo = \"P\"\n\
         [visits]\norder = [\"Baseline\", \"Month 3\", \"Month 12\"]\nbaseline = \"Baseline\"\n\
         [[endpoint]]\nname = \"VAS\"\ncolumn = \"vas\"\nbetter = \"lower\"\nrole = \"primary\"\n\
         {ENDPOINT}role = \"secondary\"\n[multiplicity]\nfamily = [\"reinj\"]\n\
         [[analysis_set]]\nname = \"FAS\"\n[[analysis_set]]\nname = \"PP\"\nwhere = 'pp == \"Y\"'\n"
    );
    (plan, file)
}

#[test]
fn a_time_repeated_over_visits_counts_once_and_must_agree() {
    let (plan, file) = visits(false);
    let run = run(&plan.replace("tau = 10\n", ""), &file);
    let first = record(&run, "reinj.m12.secondary.first-event");
    assert_eq!((first.result.n_pairs, first.rows.used), (12, 24));
    // It is a hypothesis of the family, and waits for the primary objective.
    let decision = record(&run, "multiplicity.reinj");
    assert_eq!(decision.result.p_value, first.result.p_value);
    assert_eq!(first.verdict.unwrap().family, Some("secondary"));
    // The other set runs the deciding method once more, on its own patients.
    let again = record(&run, "reinj.m12.pp.sensitivity.first-event");
    assert_eq!((again.result.n_pairs, again.analysis_set.as_str()), (11, "PP"));
    // No score of the endpoint: nothing takes the mean of censored times.
    let averaged = run.outcomes.records.iter().filter(|record| {
        record.endpoint == Some(1) && ["descriptive", "correlation", "paired-t"].contains(&record.result.method)
    });
    assert_eq!(averaged.count(), 0);
    let (plan, file) = visits(true);
    let findings = refused(&plan, &file);
    let [finding] = findings.iter().filter(|finding| finding.rule == "SK242").collect::<Vec<_>>()[..] else {
        panic!("{findings:?}")
    };
    // Patient p04, right knee: rows 29 to 31; the third disagrees with the first.
    assert_eq!(finding.location.row, Some(31), "{}", finding.message);
    assert!(finding.message.contains("p04 R") && finding.message.contains("row 29"), "{}", finding.message);
}

#[test]
fn what_a_time_to_an_event_cannot_have_is_refused_by_the_plan() {
    let whole = format!("{}{ENDPOINT}", head("1", "0"));
    for (from, to, key, says) in [
        ("better = \"later\"", "better = \"higher\"", "better", "later"),
        ("status = \"status\"\n", "", "kind", "needs `status`"),
        ("time = \"time\"\n", "", "kind", "needs `time`"),
        ("tau = 10", "tau = 10\nmargin = 2", "margin", "scores measured at visits"),
        ("tau = 10", "tau = 10\nmcid = 2", "mcid", "scores measured at visits"),
        ("tau = 10", "tau = -1", "tau", "positive"),
        ("tau = 10", "at = [0]", "at", "positive"),
        ("tau = 10", "at = [6, 6]", "at", "named twice"),
        ("tau = 10", "tests = [\"marginal-cox\"]", "tests", "none of these methods can decide"),
        ("tau = 10", "tests = [\"paired-t\"]", "tests", "is not a method for the time to an event"),
        ("kind = \"survival\"", "kind = \"continuous\"\ncolumn = \"time\"", "time", "belongs to the time to an event"),
        ("better = \"later\"\n", "better = \"later\"\n[interim]\npairs = [20, 40]\n", "interim", "score"),
        ("better = \"later\"\n", "better = \"later\"\n[bayes]\nprior = { mean = 0, sd = 10 }\n", "bayes", "no score"),
        ("better = \"later\"\n", "better = \"later\"\n[[subgroup]]\ncolumn = \"sex\"\n", "subgroup", "not analysed"),
    ] {
        let plan = whole.replace(from, to);
        assert_ne!(plan, whole);
        let findings = pipeline::read_from(&plan, "plan.toml", |_| Ok(Vec::new())).map(|_| ()).expect_err(&plan);
        let found = findings.iter().any(|finding| finding.message.contains(says) || finding.remedy.contains(says));
        assert!(found, "{key}: {findings:?}");
    }
    let mixed = "[analysis]\nprimary = \"rmst\"\n[[endpoint]]\nname = \"VAS\"\ncolumn = \"vas\"\nbetter = \"lower\"\nrole = \
                 \"secondary\"\n";
    let plan = format!("{}role = \"primary\"\n{mixed}", whole);
    let findings = pipeline::read_from(&plan, "plan.toml", |_| Ok(Vec::new())).map(|_| ()).expect_err(&plan);
    assert!(findings.iter().any(|finding| finding.message.contains("nothing would decide it")), "{findings:?}");
}

#[test]
fn r_recomputes_every_record() {
    if !crate::recompute::r_is_here() {
        return;
    }
    let (plan, file) = visits(false);
    let one_sided = format!("{}{ENDPOINT}[analysis]\nalternative = \"towards-benefit\"\n", head("1", "0"));
    let at = format!("{}{ENDPOINT}", head("1", "0")).replace("tau = 10", "tau = 10\nat = [4, 6.5]");
    let runs = [
        sim(),
        run(&plan.replace("tau = 10", "tau = 9"), &file),
        run(&one_sided, &data("weekly_survival_sim")),
        run(&at, &data("weekly_survival_sim")),
    ];
    for run in runs {
        let (words, options) = (Words::new(Language::English), Options::default());
        let material =
            Material { plan: &run.plan, trial: &run.trial, outcomes: &run.outcomes, words: &words, options: &options };
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("verify")).unwrap();
        for (name, text) in verify::files(&material) {
            std::fs::write(home.path().join("verify").join(name), text).unwrap();
        }
        let output = Command::new("Rscript").arg("verify.R").current_dir(home.path().join("verify")).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        let of = |begin: &str| printed.lines().filter(|line| line.starts_with(begin) && line.contains("reinj")).count();
        assert!(output.status.success() && of("FAIL") == 0 && of("PASS") >= 30, "{printed}");
        // Every line of R runs as pasted into a fresh session.
        let lines: Vec<String> = run
            .outcomes
            .records
            .iter()
            .filter(|record| record.id.starts_with("reinj"))
            .filter_map(|record| splitknee::report::recipes::r(&material, record))
            .collect();
        assert!(lines.len() >= 7, "{lines:?}");
        let script: String = lines.iter().map(|line| format!("local({{ {line} }})\n")).collect();
        std::fs::write(home.path().join("pasted.R"), script).unwrap();
        let output = Command::new("Rscript").arg("pasted.R").current_dir(home.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_plan_has_the_endpoint_beside_the_demo() {
    // A plan without times to an event writes the files it always wrote.
    let run = project::run(project::DEMO, &project::plan_of(project::DEMO));
    let (words, options) = (Words::new(Language::English), Options::default());
    let material =
        Material { plan: &run.plan, trial: &run.trial, outcomes: &run.outcomes, words: &words, options: &options };
    let files = verify::files(&material);
    let (_, knees) = files.iter().find(|(name, _)| name == "data.csv").unwrap();
    assert!(!knees.lines().next().unwrap().contains("status"));
}

#[test]
fn shares_at_a_time_are_compared_within_the_patients() {
    let plan = format!("{}{ENDPOINT}", head("1", "0")).replace("tau = 10", "tau = 10\nat = [6, 40]");
    let run = run(&plan, &data("weekly_survival_sim"));
    let found = record(&run, "reinj.single.sensitivity.survival-difference.6");
    // Case weekly_survival_sim, `survival_difference.paired`: R 4.2.2, survival 3.5-3, influence values subtracted within the
    // patient. A plan takes the jackknife, which differs from it by less than a tenth here.
    let all: Value =
        serde_json::from_str(&std::fs::read_to_string(folder("weekly_survival_sim").join("expected.json")).unwrap())
            .unwrap();
    let theirs = all["results"].as_array().unwrap().iter().find(|r| r["id"] == "survival_difference.paired").unwrap();
    let theirs = &theirs["values"];
    assert_eq!(theirs["time"], 6.0);
    near(found.result.estimate, theirs["estimate"].as_f64().unwrap(), 1e-10);
    let ratio = found.result.std_error.unwrap() / theirs["std_error"].as_f64().unwrap();
    assert!((ratio - 1.0).abs() < 0.1, "{ratio}");
    assert!(found.result.df.is_some() && found.result.p_value.is_some());
    let (active, placebo) = (found.result.number("surv_active").unwrap(), found.result.number("surv_placebo").unwrap());
    near(found.result.estimate, active - placebo, 1e-12);
    // Beyond the last time of an arm that ends censored nothing is known, and the reason is said.
    let beyond = record(&run, "reinj.single.sensitivity.survival-difference.40");
    assert_eq!((beyond.result.estimate, beyond.result.p_value), (None, None));
    assert_eq!(beyond.result.notes.iter().next().map(|note| note.code()), Some("survival_beyond"));
    for language in [Language::English, Language::Japanese] {
        let words = splitknee::report::compose::words_in(language, &run.plan);
        let document = compose::document(&run, &words, &compose::style(&run.plan)).unwrap();
        let table = document.tables().find(|table| table.id.ends_with("comparison")).unwrap();
        let csv = splitknee::table::csv::render(table);
        assert!(csv.contains("6 months"), "{csv}");
    }
}

#[test]
fn the_horizon_is_asked_for_wherever_the_restricted_mean_decides() {
    let file = data("weekly_survival_sim");
    let plan = |endpoint: &str, primary: &str| {
        let plan = format!("{}{ENDPOINT}[analysis]\nprimary = \"{primary}\"\n", head("1", "0"));
        plan.replace("tau = 10\n", endpoint)
    };
    let told = |plan: &str| run(plan, &file).findings.iter().any(|finding| finding.rule == "SK244");
    assert!(told(&plan("", "rmst")));
    assert!(told(&plan("tests = [\"first-event\", \"rmst\"]\n", "rmst")));
    assert!(told(&plan("tests = [\"rmst\", \"first-event\"]\n", "mixed_model")));
    assert!(!told(&plan("tests = [\"rmst\", \"first-event\"]\n", "first_event")), "the exact test decides");
    assert!(!told(&plan("", "mixed_model")));
    assert!(!told(&plan("tau = 10\n", "rmst")));
}

#[test]
fn a_third_arm_has_its_curve() {
    let mut file = "id,arm,time,status\n".to_owned();
    for patient in 0..24 {
        let arms = [["HA", "Saline"], ["PRP", "Saline"], ["HA", "PRP"]][patient % 3];
        for (site, arm) in arms.iter().enumerate() {
            let time = 2 + (7 * patient + 5 * site) % 17;
            file += &format!("{patient},{arm},{time},{}\n", u8::from((patient + site) % 4 != 0));
        }
    }
    let plan = format!("{}{ENDPOINT}", head("HA", "Saline"))
        .replace("arm = \"active\"", "arm = \"arm\"")
        .replace("active = { code = \"HA\", label = \"HA\" }", "active = \"HA\"\nother = [\"PRP\"]")
        .replace("placebo = { code = \"Saline\", label = \"Saline\" }", "placebo = \"Saline\"");
    let run = run(&plan, &file);
    let words = Words::new(Language::English);
    let document = compose::document(&run, &words, &compose::style(&run.plan)).unwrap();
    let figure = document.figures().find(|figure| figure.id.starts_with("survival-curves")).unwrap();
    assert!(figure.svg.matches("PRP\n</text>").count() >= 2, "in the legend and beside the numbers at risk");
    assert!(figure.records.iter().any(|id| id.ends_with("kaplan-meier.prp")), "{:?}", figure.records);
}
