//! Counts concluded by the ratio of rates, from the plan to the report: the numbers of the command and of the library, what an
//! exposure changes, what is withheld, and what is refused.

use crate::analysis::find;
use splitknee::analysis::{Claim, Conclusion, Interval, Outcomes, Record, Run, Withheld};
use splitknee::cli::run_summary::summary;
use splitknee::model::gee::{GeeCovariance, GeeFamily, GeeOptions};
use splitknee::model::gee_report::{GeeComparisons, gee};
use splitknee::model::offset::Offset;
use splitknee::model::{Columns, Formula, LsMeansSpec};
use splitknee::paired::counts::{CountedPairs, PValue, counts};
use splitknee::paired::{Field, Options};
use splitknee::pipeline;
use splitknee::report::compose;
use splitknee::report::exhibits::{Material, secondary, tables};
use splitknee::report::options::Options as ReportOptions;
use splitknee::report::sentences;
use splitknee::report::words::Words;
use splitknee::trial::Finding;
use std::path::Path;

/// shared/reference/weekly_counts: painful days of 40 patients at three visits, with the days observed.
const WEEKLY: &str = include_str!("../crates/splitknee-stats/tests/reference/weekly_counts/data.csv");

fn plan(endpoint: &str, analysis: &str) -> String {
    format!(
        "[trial]\nid = \"DAYS\"\ntitle = \"Painful days\"\nsynthetic = true\n[data]\npath = \"data.csv\"\n\
         columns = {{ patient = \"usubjid\", knee = \"knee\", arm = \"treatment\", visit = \"visit\" }}\n\
         [arms]\nactive = \"EV\"\nplacebo = \"PLACEBO\"\n[visits]\norder = [\"M1\", \"M3\", \"M6\"]\n\
         [[endpoint]]\nname = \"Painful days\"\ncolumn = \"painful\"\nkind = \"count\"\nbetter = \"lower\"\n{endpoint}\n\
         [analysis]\n{analysis}\n"
    )
}

fn run_on(data: &str, plan: &str) -> Run {
    let inputs = pipeline::read_from(plan, "plan.toml", |_| Ok(data.as_bytes().to_vec()));
    pipeline::analyse(inputs.unwrap_or_else(|found| panic!("{found:?}"))).unwrap_or_else(|found| panic!("{found:?}"))
}

fn findings(data: &str, plan: &str) -> Vec<Finding> {
    match pipeline::read_from(plan, "plan.toml", |_| Ok(data.as_bytes().to_vec())) {
        Ok(inputs) => pipeline::analyse(inputs).map(|_| ()).expect_err("refused"),
        Err(found) => found,
    }
}

fn number(record: &Record, field: &str) -> f64 {
    record.result.number(field).unwrap_or_else(|| panic!("{}: no {field}", record.id))
}

fn material<'a>(run: &'a Run, words: &'a Words, options: &'a ReportOptions) -> Material<'a> {
    Material { plan: &run.plan, trial: &run.trial, outcomes: &run.outcomes, words, options }
}

const EXPOSURE: &str = "exposure = \"days\"";

/// The rows of the reference with another arm, exposure or count where `change` says so.
fn rewritten(change: impl Fn(&mut [String])) -> String {
    let mut lines = WEEKLY.lines();
    let mut out = format!("{}\n", lines.next().unwrap());
    for line in lines {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        change(&mut cells);
        out += &format!("{}\n", cells.join(","));
    }
    out
}

/// One row a knee, one visit: counts and exposures of the active and of the placebo knee.
fn one_visit(pairs: &[([u32; 2], [f64; 2])]) -> (String, String) {
    let mut data = "usubjid,knee,treatment,painful,days\n".to_owned();
    for (patient, (counts, days)) in pairs.iter().enumerate() {
        data += &format!(
            "{patient},LEFT,EV,{},{}\n{patient},RIGHT,PLACEBO,{},{}\n",
            counts[0], days[0], counts[1], days[1]
        );
    }
    let written = plan(EXPOSURE, "primary = \"counts\"\nsensitivity = [\"gee\"]");
    (data, written.replace(", visit = \"visit\"", "").replace("[visits]\norder = [\"M1\", \"M3\", \"M6\"]\n", ""))
}

#[test]
fn estimating_equations_are_those_of_the_library() {
    let run = run_on(WEEKLY, &plan(EXPOSURE, "primary = \"gee\"\nsensitivity = []"));
    // The library on the same table.
    let mut table = Columns::new();
    let rows: Vec<Vec<&str>> = WEEKLY.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let rows: Vec<&Vec<&str>> = rows.iter().filter(|row| !row[5].is_empty()).collect();
    let numeric = |at: usize| rows.iter().map(|row| row[at].parse().unwrap()).collect::<Vec<f64>>();
    table.add_numeric("value", numeric(5)).unwrap();
    table.add_numeric("days", numeric(4)).unwrap();
    for (name, at) in [("patient", 0), ("treatment", 2), ("visit", 3)] {
        table.add_categorical(name, rows.iter().map(|row| Some(row[at]))).unwrap();
    }
    table.set_levels("treatment", &["PLACEBO", "EV"]).unwrap();
    let options = GeeOptions { covariance: GeeCovariance::ManclDeRouen, ..GeeOptions::new(GeeFamily::Poisson) };
    let comparisons = GeeComparisons {
        contrasts: vec![LsMeansSpec::parse("treatment|visit")],
        offset: Some(Offset::parse("log(days)").unwrap()),
        by_t: true,
        ..GeeComparisons::default()
    };
    let formula = Formula::parse("value ~ treatment * visit").unwrap();
    let report = gee(&table, &formula, "patient", &options, &comparisons).unwrap();
    for (visit, role) in [("m1", "secondary"), ("m3", "secondary"), ("m6", "primary")] {
        let record = find(&run.outcomes, &format!("painful.{visit}.{role}.gee"));
        let of_visit = |found: &&splitknee::model::generalised_report::RatioContrast| {
            found.difference.levels.get("visit").is_some_and(|level| level.eq_ignore_ascii_case(visit))
        };
        let theirs = report.contrasts.iter().find(of_visit).unwrap();
        let result = &record.result;
        let near = |ours: Option<f64>, theirs: Option<f64>| {
            let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
            assert!((ours - theirs).abs() <= 1e-10 * theirs.abs(), "{visit}: {ours} {theirs}");
        };
        near(result.estimate, theirs.difference.estimate);
        near(result.std_error, theirs.difference.std_error);
        near(result.p_value, theirs.difference.p_value);
        near(result.conf_low, theirs.difference.conf_low);
        near(result.conf_high, theirs.difference.conf_high);
        assert_eq!(result.df, Some(34.0), "40 patients, 6 coefficients");
        assert_eq!(result.number("rate_ratio"), result.estimate.map(f64::exp));
        assert_eq!(result.number("rate_ratio_high"), result.conf_high.map(f64::exp));
    }
    // geepack 1.3.9: geeglm(painful ~ treatment * visit + offset(log(days)), poisson, id, exchangeable), coefficient of the
    // arm at M1 (the reference visit).
    assert!((find(&run.outcomes, "painful.m1.secondary.gee").result.estimate.unwrap() + 0.159_257_605).abs() < 1e-7);
    let record = find(&run.outcomes, "painful.m6.primary.gee");
    assert_eq!(record.verdict.unwrap().interval, Interval::IncludesNull);
    // No difference of raw counts anywhere.
    for record in &run.outcomes.records {
        assert!(!splitknee::analysis::pairs::is_in_units(record.result.method), "{}", record.id);
        assert!(!record.id.ends_with("descriptive.difference"), "{}", record.id);
    }
    // By hand: sum(painful), sum(days) of the arm at the visit, awk on the file.
    let described = find(&run.outcomes, "painful.m6.descriptive.ev");
    let (mut count, mut days) = (0.0, 0.0);
    for row in rows.iter().filter(|row| row[2] == "EV" && row[3] == "M6") {
        count += row[5].parse::<f64>().unwrap();
        days += row[4].parse::<f64>().unwrap();
    }
    assert_eq!((number(described, "total_count"), number(described, "total_exposure")), (count, days));
    assert_eq!(number(described, "rate"), count / days);
}

#[test]
fn an_exposure_is_concluded_by_the_ratio_of_mean_rates() {
    let run = run_on(WEEKLY, &plan(EXPOSURE, ""));
    let record = find(&run.outcomes, "painful.m6.primary.rate-ratio");
    // The paired t-test of painful / days, R 4.2.2: with(merge of the two knees at M6, t.test(a / da, b / db, paired = TRUE)),
    // and log(mean(a / da) / mean(b / db)).
    assert!((record.result.p_value.unwrap() - 0.759_000_710_329_456).abs() < 1e-9, "{:?}", record.result.p_value);
    assert!((record.result.estimate.unwrap() - 0.049_596_941_139_372_2).abs() < 1e-9, "{:?}", record.result.estimate);
    assert_eq!((record.result.n_pairs, record.result.df), (37, Some(36.0)));
    let text = {
        let (words, options) = (compose::words(&run.plan), ReportOptions::default());
        sentences::conclusion(&material(&run, &words, &options), record)
    };
    assert!(text.contains("the rate of Painful days") && text.contains("rate ratio 1.0"), "{text}");
    // Nothing that speaks of differences of raw counts.
    for record in &run.outcomes.records {
        assert!(!splitknee::analysis::pairs::is_in_units(record.result.method), "{}", record.id);
    }
}

#[test]
fn the_exact_test_is_that_of_the_library_and_swapped_arms_invert_it() {
    let analysis = "primary = \"counts\"\nsensitivity = []";
    let run = run_on(WEEKLY, &plan(EXPOSURE, analysis));
    let record = find(&run.outcomes, "painful.m6.primary.paired-counts");
    let of = |arm: &str, at: usize| -> Vec<(String, f64)> {
        let rows = WEEKLY.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
        let here = rows.filter(|row| row[2] == arm && row[3] == "M6" && !row[5].is_empty());
        here.map(|row| (row[0].to_owned(), row[at].parse().unwrap())).collect()
    };
    let both: Vec<String> =
        of("EV", 5).into_iter().map(|(id, _)| id).filter(|id| of("PLACEBO", 5).iter().any(|(b, _)| b == id)).collect();
    let column = |arm: &str, at: usize| -> Vec<f64> {
        both.iter().map(|id| of(arm, at).into_iter().find(|(other, _)| other == id).unwrap().1).collect()
    };
    let (days_ev, days_placebo) = (column("EV", 4), column("PLACEBO", 4));
    let pairs = CountedPairs::new(&column("EV", 5), &column("PLACEBO", 5), Some((&days_ev, &days_placebo))).unwrap();
    let theirs = counts(&pairs, PValue::Central, &Options::default()).unwrap();
    assert_eq!(record.result.n_pairs, theirs.n_pairs);
    for (ours, theirs) in [
        (record.result.estimate, theirs.estimate),
        (record.result.p_value, theirs.p_value),
        (record.result.conf_low, theirs.conf_low),
        (record.result.conf_high, theirs.conf_high),
    ] {
        assert_eq!(ours, theirs);
    }
    let swapped = rewritten(|cells| {
        cells[2] = if cells[2] == "EV" { "PLACEBO" } else { "EV" }.to_owned();
    });
    for (analysis, id) in [
        (analysis, "painful.m6.primary.paired-counts"),
        ("primary = \"gee\"", "painful.m6.primary.gee"),
        ("", "painful.m6.primary.rate-ratio"),
    ] {
        let [plain, other] = [WEEKLY, &swapped].map(|data| run_on(data, &plan(EXPOSURE, analysis)));
        let (a, b) = (&find(&plain.outcomes, id).result, &find(&other.outcomes, id).result);
        let near =
            |x: Option<f64>, y: Option<f64>| assert!((x.unwrap() + y.unwrap()).abs() < 1e-9, "{id}: {x:?} {y:?}");
        near(a.estimate, b.estimate);
        near(a.conf_low, b.conf_high);
        assert!((a.p_value.unwrap() - b.p_value.unwrap()).abs() < 1e-9);
    }
}

#[test]
fn the_unit_of_exposure_changes_no_ratio() {
    let weeks = rewritten(|cells| cells[4] = (cells[4].parse::<f64>().unwrap() / 7.0).to_string());
    let analysis = "sensitivity = [\"gee\", \"gee_negative_binomial\", \"counts\"]";
    let [days, weeks] = [WEEKLY, &weeks].map(|data| run_on(data, &plan(EXPOSURE, analysis)));
    let ids =
        ["primary.rate-ratio", "sensitivity.gee", "sensitivity.gee-negative-binomial", "sensitivity.paired-counts"];
    for id in ids.map(|id| format!("painful.m6.{id}")) {
        let (a, b) = (&find(&days.outcomes, &id).result, &find(&weeks.outcomes, &id).result);
        for (a, b) in [(a.estimate, b.estimate), (a.std_error, b.std_error), (a.p_value, b.p_value)] {
            assert!((a.unwrap() - b.unwrap()).abs() < 1e-8, "{id}: {a:?} {b:?}");
        }
    }
    let rate = |run: &Run| number(find(&run.outcomes, "painful.m6.descriptive.ev"), "rate");
    assert!((7.0 * rate(&days) - rate(&weeks)).abs() < 1e-12);
}

/// Ten patients with far fewer events on active; in the second table one patient has most of them, so that the counts vary
/// more than Poisson.
fn clear() -> Vec<([u32; 2], [f64; 2])> {
    (0..12).map(|i| ([1 + i % 2, 5 + i % 3], [28.0, 28.0])).collect()
}

fn overdispersed() -> Vec<([u32; 2], [f64; 2])> {
    let mut pairs: Vec<([u32; 2], [f64; 2])> = (0..12).map(|i| ([4 + i % 2, 5 + i % 2], [28.0, 28.0])).collect();
    pairs.extend([([2, 40], [28.0, 28.0]), ([20, 9], [28.0, 28.0])]);
    pairs
}

#[test]
fn overdispersed_counts_claim_nothing_unless_the_plan_says_so() {
    let (data, written) = one_visit(&clear());
    let record = find(&run_on(&data, &written).outcomes, "painful.single.primary.paired-counts").clone();
    assert_eq!(record.conclusion(), Conclusion::Superior, "{:?}", record.result);
    let (data, written) = one_visit(&overdispersed());
    let run = run_on(&data, &written);
    let record = find(&run.outcomes, "painful.single.primary.paired-counts");
    let verdict = record.verdict.unwrap();
    assert_eq!((verdict.interval, verdict.claim), (Interval::FavoursActive, Claim::None));
    assert_eq!((verdict.withheld, record.conclusion()), (Some(Withheld::Overdispersed), Conclusion::Inconclusive));
    for (language, said) in
        [("en", "vary more within pairs than the exact test assumes"), ("ja", "ばらつきが正確検定の仮定より大きく")]
    {
        let run = run_on(&data, &format!("{written}[report]\nlanguage = \"{language}\"\n"));
        let (words, options) = (compose::words(&run.plan), ReportOptions::default());
        let material = material(&run, &words, &options);
        let text = sentences::conclusion(&material, find(&run.outcomes, "painful.single.primary.paired-counts"));
        assert!(text.contains(said), "{text}");
        assert!(secondary::claim(&material, &verdict).contains(if language == "en" {
            "overdispersed"
        } else {
            "過分散"
        }));
    }
    assert!(summary(&run, Path::new("out"), 200).contains("the counts vary more than the exact test assumes"));
    let allowed = written.replace("primary = \"counts\"", "primary = \"counts\"\noverdispersed_counts = \"claim\"");
    let record = find(&run_on(&data, &allowed).outcomes, "painful.single.primary.paired-counts").clone();
    assert_eq!(record.conclusion(), Conclusion::Superior);
}

#[test]
fn an_arm_without_events_has_limits_and_no_wald_interval() {
    let pairs: Vec<([u32; 2], [f64; 2])> = (0..10).map(|i| ([0, 1 + i % 3], [28.0, 21.0])).collect();
    let (data, written) = one_visit(&pairs);
    let run = run_on(&data, &written);
    let record = find(&run.outcomes, "painful.single.primary.paired-counts");
    assert_eq!(record.result.conf_low, Some(f64::NEG_INFINITY));
    assert!(record.result.conf_high.unwrap() < 0.0 && record.result.std_error.is_none());
    assert_eq!((number(record, "rate_ratio"), number(record, "rate_ratio_low")), (0.0, 0.0));
    assert_eq!(record.conclusion(), Conclusion::Superior);
    let json = serde_json::to_value(&record.result).unwrap();
    assert!(json["estimate"].is_null() && json["conf_low"].is_null());
    let model = find(&run.outcomes, "painful.single.sensitivity.gee");
    assert!(model.result.estimate.is_none() && model.result.conf_low.is_none() && !model.result.notes.is_empty());
    let (words, options) = (compose::words(&run.plan), ReportOptions::default());
    let document = compose::document_with(&run, &words, &compose::style(&run.plan), &options);
    assert!(document.is_ok(), "{:?}", document.err());
    let material = material(&run, &words, &options);
    let text = sentences::conclusion(&material, record);
    assert!(text.contains("rate ratio 0.00 (95% CI 0.00 to "), "{text}");
    // No event at all: nothing to compare, and the run is not lost.
    let (data, written) = one_visit(&[([0, 0], [28.0, 28.0]); 8]);
    let run = run_on(&data, &written);
    let record = find(&run.outcomes, "painful.single.primary.paired-counts");
    assert!(record.result.p_value.is_none() && record.result.estimate.is_none());
    assert!(record.result.notes.iter().any(|note| note.code() == "counts_no_event"));
    assert_eq!(record.conclusion(), Conclusion::NotAssessed);
}

#[test]
fn tables_print_ratios() {
    let run = run_on(WEEKLY, &plan(EXPOSURE, "primary = \"gee\"\nsensitivity = [\"counts\"]"));
    let (words, options) = (compose::words(&run.plan), ReportOptions::default());
    let material = material(&run, &words, &options);
    let table = tables::comparisons(&material, 0, "14.2");
    let csv = splitknee::table::csv::render(&table);
    assert!(csv.contains("Generalised estimating equations,40,0.98,0.167,0.70 to 1.37,34.0,0.886"), "{csv}");
    assert!(table.footnotes.iter().any(|note| note.contains("rate ratios, EV to PLACEBO")));
}

#[test]
fn what_does_not_fit_is_refused() {
    let negative = rewritten(|cells| {
        if cells[0] == "003" && cells[3] == "M3" && cells[2] == "EV" {
            cells[4] = "0".to_owned();
        }
    });
    let missing = rewritten(|cells| {
        if cells[0] == "003" && cells[3] == "M3" && cells[2] == "EV" {
            cells[4].clear();
        }
    });
    let row = WEEKLY.lines().position(|line| line.starts_with("003,") && line.contains("EV,M3")).unwrap() + 1;
    for (data, said) in [(&negative, "is 0, and a rate needs a positive one"), (&missing, "no exposure")] {
        let found = findings(data, &plan(EXPOSURE, ""));
        let [finding] = found.iter().filter(|finding| finding.rule == "SK225").collect::<Vec<_>>()[..] else {
            panic!("{found:?}")
        };
        assert!(finding.message.contains(said), "{}", finding.message);
        assert_eq!((finding.location.row, finding.location.column.as_deref()), (Some(row), Some("days")));
    }
    let found = findings(WEEKLY, &plan("exposure = \"dayz\"", ""));
    assert!(
        found.iter().any(|f| f.rule == "SK025" && f.message.contains("dayz") && f.remedy.contains("days")),
        "{found:?}"
    );
    let score = plan(EXPOSURE, "").replace("kind = \"count\"\n", "");
    for (written, said) in [
        (score, "an exposure belongs to a count"),
        (plan("exposure = \"days\"\nmargin = 2", ""), "`margin` is a size in counts"),
        (plan("exposure = \"days\"\nimportant_difference = 2", ""), "`important_difference` is a size in counts"),
        (plan("non_inferiority_margin = 2", "primary = \"gee\""), "`non_inferiority_margin` is a size in counts"),
        (plan("exposure = \"days\"\ntests = [\"paired-t\"]", ""), "compares the counts whatever their exposure"),
        (plan("", "overdispersed_counts = \"claim\""), "which does not run"),
        (
            plan(EXPOSURE, "randomisation_test = \"design\"\n[randomisation]\nblock = \"b\"\nblock_size = 4"),
            "`analysis.randomisation_test` is about differences",
        ),
        (plan(EXPOSURE, "[bayes]\nprior = { mean = 0, sd = 1 }"), "`bayes.prior` is about differences"),
        (plan(EXPOSURE, "[interim]\npairs = [20, 40]"), "`interim.pairs` is about differences"),
    ] {
        let found = findings(WEEKLY, &written);
        assert!(found.iter().any(|finding| finding.message.contains(said)), "{said}: {found:?}");
    }
    let score = "[[endpoint]]\nname = \"VAS\"\ncolumn = \"days\"\nbetter = \"lower\"\nrole = \"primary\"\n[analysis]";
    let written = plan("", "primary = \"poisson_mixed\"").replace("[analysis]", score);
    assert!(findings(WEEKLY, &written).iter().any(|finding| finding.message.contains("a primary endpoint is none")));
}

/// The outcomes by each method for counts agree in what they estimate; every one decides alone.
#[test]
fn every_method_of_counts_decides() {
    let decided = |method: &str, endpoint: &str| -> Outcomes {
        run_on(WEEKLY, &plan(endpoint, &format!("primary = \"{method}\"\nsensitivity = []\nquadrature = 5"))).outcomes
    };
    for (method, name) in [
        ("gee", "gee"),
        ("gee_negative_binomial", "gee-negative-binomial"),
        ("poisson_mixed", "poisson-mixed"),
        ("negative_binomial_mixed", "negative-binomial-mixed"),
        ("counts", "paired-counts"),
        ("rate_ratio", "rate-ratio"),
    ] {
        for endpoint in [EXPOSURE, ""] {
            let outcomes = decided(method, endpoint);
            let record = find(&outcomes, &format!("painful.m6.primary.{name}"));
            assert_eq!(record.result.field("scale"), Some(&Field::Text("log-rate-ratio".to_owned())), "{method}");
            let ratio = number(record, "rate_ratio");
            assert!((0.8..1.25).contains(&ratio), "{method}: {ratio}");
        }
    }
    // Without an exposure and without a method for counts the difference of means decides, as ever.
    let run = run_on(WEEKLY, &plan("", "sensitivity = []"));
    assert!(find(&run.outcomes, "painful.m6.primary.mixed-model").result.field("scale").is_none());
    // The exact test decides a count with an exposure where its endpoint names it.
    let run = run_on(WEEKLY, &plan("exposure = \"days\"\ntests = [\"counts\"]", ""));
    assert!(find(&run.outcomes, "painful.m6.primary.paired-counts").verdict.is_some());
}

#[test]
fn subgroups_of_counts_have_ratios_of_mean_rates() {
    use splitknee::paired::rate_ratio::rate_ratio;
    let mut patients = "usubjid,sex\n".to_owned();
    let ids: std::collections::BTreeSet<&str> = WEEKLY.lines().skip(1).map(|line| &line[..3]).collect();
    for (at, id) in ids.iter().enumerate() {
        patients += &format!("{id},{}\n", if at % 3 == 0 { "M" } else { "F" });
    }
    let plan = plan(EXPOSURE, "[[subgroup]]\ncolumn = \"sex\"")
        .replace("path = \"data.csv\"", "path = \"data.csv\"\npatients = \"patients.csv\"");
    let files = |name: &str| Ok(if name == "patients.csv" { patients.clone() } else { WEEKLY.to_owned() }.into_bytes());
    let inputs = pipeline::read_from(&plan, "plan.toml", files).unwrap_or_else(|found| panic!("{found:?}"));
    let run = pipeline::analyse(inputs).unwrap_or_else(|found| panic!("{found:?}"));
    let of = |sex: &str| {
        let wanted: Vec<&str> =
            ids.iter().enumerate().filter(|(at, _)| (at % 3 == 0) == (sex == "M")).map(|(_, id)| *id).collect();
        let cell = |id: &str, arm: &str, at: usize| -> Option<f64> {
            let mut rows = WEEKLY.lines().map(|line| line.split(',').collect::<Vec<_>>());
            rows.find(|row| row[0] == id && row[2] == arm && row[3] == "M6")?.get(at)?.parse().ok()
        };
        let mut columns: [Vec<f64>; 4] = Default::default();
        for id in wanted {
            if let (Some(a), Some(b)) = (cell(id, "EV", 5), cell(id, "PLACEBO", 5)) {
                let row = [a, b, cell(id, "EV", 4).unwrap(), cell(id, "PLACEBO", 4).unwrap()];
                columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
            }
        }
        let [a, b, x, y] = columns;
        rate_ratio(&CountedPairs::new(&a, &b, Some((&x, &y))).unwrap(), &Options::default()).unwrap()
    };
    let theirs = ["F", "M"].map(of);
    for (group, theirs) in ["f", "m"].into_iter().zip(&theirs) {
        let found = &find(&run.outcomes, &format!("painful.m6.subgroup.sex.{group}")).result;
        let close = |a: Option<f64>, b: Option<f64>| assert!((a.unwrap() - b.unwrap()).abs() < 1e-12);
        close(found.estimate, theirs.estimate);
        close(found.conf_low, theirs.conf_low);
        assert_eq!(found.n_pairs, theirs.n_pairs);
    }
    // Two groups: Q is the square of their difference over its standard error.
    let [f, m] = &theirs;
    let z = (f.estimate.unwrap() - m.estimate.unwrap())
        / (f.std_error.unwrap().powi(2) + m.std_error.unwrap().powi(2)).sqrt();
    let q = find(&run.outcomes, "painful.m6.subgroup.sex").result.statistic.unwrap();
    assert!((q - z * z).abs() < 1e-12, "{q} {z}");
    let (words, options) = (compose::words(&run.plan), ReportOptions::default());
    let document = compose::document_with(&run, &words, &compose::style(&run.plan), &options).unwrap();
    let table = document.tables().find(|table| table.id.ends_with("subgroups")).unwrap();
    let csv = splitknee::table::csv::render(table);
    let shown = format!("{:.2}", f.estimate.unwrap().exp());
    assert!(table.title.contains("rate ratio by subgroup"), "{}", table.title);
    assert!(csv.contains(&format!("F,{},{shown}", f.n_pairs)), "{csv}");
    assert!(document.figures().any(|figure| figure.title.contains("ratio of mean rates by subgroup")));
    if crate::recompute::r_is_here() {
        let material = material(&run, &words, &options);
        let home = tempfile::tempdir().unwrap();
        for (name, text) in splitknee::report::verify::files(&material) {
            std::fs::write(home.path().join(name), text).unwrap();
        }
        let output = std::process::Command::new("Rscript").arg("verify.R").current_dir(home.path()).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        let of = |begin: &str| printed.lines().filter(|line| line.starts_with(begin)).count();
        assert!(output.status.success() && of("FAIL") == 0, "{printed}");
        assert!(printed.lines().any(|line| line.starts_with("PASS") && line.contains("subgroup.sex.f")), "{printed}");
        assert!(printed.lines().any(|line| line.starts_with("PASS") && line.contains("descriptive.ev")), "{printed}");
    }
}
