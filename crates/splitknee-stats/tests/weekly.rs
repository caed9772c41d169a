//! Times to event, counts, ranks, blinding, Bayes: every figure of the reference cases under `tests/reference/weekly_*`,
//! which name package, version and call (R survival, stats, effectsize, coin, BI, and own code where no package has it).

use serde_json::Value;
use splitknee_stats::paired::bayes::{BayesQuestion, Component, Likelihood, bayes};
use splitknee_stats::paired::blinding::{Guess, GuessedKnee, blinding};
use splitknee_stats::paired::brunner_munzel::{self, PValue, brunner_munzel};
use splitknee_stats::paired::counts::{self, CountedPairs};
use splitknee_stats::paired::rank_biserial::rank_biserial;
use splitknee_stats::paired::skillings_mack::skillings_mack;
use splitknee_stats::paired::{Alternative, Better, Options};
use splitknee_stats::survival::within_pairs::{Firsts, Ties, exact, log_rank, stratified_cox};
use splitknee_stats::survival::{Cohort, Subject, cox, kaplan_meier, rmst, scores};
use std::collections::BTreeMap;

/// The rows of a case's data file by column name.
fn data(case: &str, file: &str) -> Vec<BTreeMap<String, String>> {
    let path = format!("{}/tests/reference/{case}/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines
        .map(|line| {
            header
                .iter()
                .map(|h| (*h).to_owned())
                .zip(line.split(',').map(|c| c.trim_matches('"').to_owned()))
                .collect()
        })
        .collect()
}

/// The values of the result `id` of a case.
fn expected(case: &str, id: &str) -> Value {
    let path = format!("{}/tests/reference/{case}/expected.json", env!("CARGO_MANIFEST_DIR"));
    let all: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let found = all["results"].as_array().unwrap().iter().find(|r| r["id"] == id);
    found.unwrap_or_else(|| panic!("{case} has no {id}"))["values"].clone()
}

/// Holds the fields of `ours` to those of `theirs` to a relative tolerance; absent is absent.
fn same(ours: &Value, theirs: &Value, fields: &[&str], tolerance: f64) {
    for field in fields {
        let (a, b) = (&ours[*field], &theirs[*field]);
        match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "{field}: {a} against {b}"),
            (a_number, b_number) => assert_eq!(a_number, b_number, "{field}: {a} against {b}"),
        }
    }
}

fn json(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap()
}

fn cohort(case: &str, dataset: Option<&str>) -> Cohort {
    let rows = data(case, "data.csv");
    let kept = rows.iter().filter(|row| dataset.is_none_or(|name| row["dataset"] == name));
    let subject = |row: &BTreeMap<String, String>| Subject {
        patient: row["id"].parse().unwrap(),
        active: row["active"] == "1",
        time: number(row, "time"),
        event: row["status"] == "1",
    };
    Cohort::new(kept.map(subject).collect()).unwrap()
}

const COX: [&str; 9] = [
    "estimate",
    "hazard_ratio",
    "hazard_ratio_low",
    "hazard_ratio_high",
    "std_error",
    "statistic",
    "p_value",
    "log_lik",
    "log_lik_null",
];

#[test]
fn survival_of_pairs_with_and_without_heavy_ties() {
    for case in ["weekly_survival_sim", "weekly_survival_diabetic"] {
        let cohort = cohort(case, None);
        for (active, name) in [(true, "active"), (false, "placebo")] {
            let ours = kaplan_meier::kaplan_meier(&cohort.arm(active), 0.95);
            let theirs = expected(case, &format!("kaplan_meier.{name}"));
            same(&json(&ours), &theirs, &["n", "n_events"], 0.0);
            for point in theirs["curve"].as_array().unwrap() {
                let time = point["time"].as_f64().unwrap();
                let step = ours.curve.iter().rfind(|step| step.time <= time).unwrap();
                same(&json(step), point, &["surv", "std_error", "conf_low", "conf_high"], 1e-10);
            }
            for (ours, theirs) in ours.quantiles.iter().zip(theirs["quantiles"].as_array().unwrap()) {
                same(&json(ours), theirs, &["p", "time", "conf_low", "conf_high"], 1e-12);
            }
        }
        let test = json(log_rank(&cohort));
        let fields = ["statistic", "df", "p_value", "observed_active", "expected_active", "variance"];
        same(&test, &expected(case, "logrank.stratified"), &fields, 1e-9);
        let firsts = Firsts::of(&cohort);
        for (ties, name) in [(Ties::Exact, "exact"), (Ties::Efron, "efron"), (Ties::Breslow, "breslow")] {
            let ours = json(stratified_cox(&firsts, ties, 0.95));
            same(&ours, &expected(case, &format!("cox.stratified.{name}")), &COX, 1e-7);
        }
        let fields = [
            "n_pairs",
            "n_active_first",
            "n_placebo_first",
            "n_tied",
            "n_uninformative",
            "hazard_ratio",
            "hazard_ratio_low",
            "hazard_ratio_high",
            "p_value",
            "p_value_mid_p",
        ];
        same(&json(exact(&firsts, 0.95)), &expected(case, "exact_conditional"), &fields, 1e-10);
        for (ties, name) in [(Ties::Efron, "efron"), (Ties::Breslow, "breslow")] {
            let ours = json(cox::marginal_cox(&cohort, ties, false, 0.95));
            let theirs = expected(case, &format!("cox.marginal.{name}"));
            same(&ours, &theirs, &COX, 1e-7);
            same(&ours, &theirs, &["std_error_model"], 1e-7);
        }
        let ours = json(cox::marginal_cox(&cohort, Ties::Breslow, true, 0.95));
        let fields = ["estimate", "std_error", "df", "p_value", "hazard_ratio_low", "hazard_ratio_high"];
        same(&ours, &expected(case, "cox.marginal.breslow.small_sample"), &fields, 1e-7);
        let theirs = expected(case, "rmst.paired");
        let tau = theirs["tau"].as_f64().unwrap();
        let fields = [
            "rmst_active",
            "rmst_placebo",
            "std_error_active",
            "std_error_placebo",
            "estimate",
            "std_error",
            "statistic",
            "p_value",
            "conf_low",
            "conf_high",
            "std_error_jackknife",
            "ratio",
            "log_ratio_std_error",
        ];
        same(&json(rmst::rmst(&cohort, tau, false, 0.95).unwrap()), &theirs, &fields, 1e-9);
        let theirs = expected(case, "survival_difference.paired");
        let ours = json(rmst::survival_difference(&cohort, theirs["time"].as_f64().unwrap(), false, 0.95));
        same(&ours, &theirs, &["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"], 1e-9);
        let theirs = expected(case, "prentice_wilcoxon.paired");
        same(&json(scores::prentice_wilcoxon(&cohort)), &theirs, &["statistic", "p_value", "n_pairs", "n_zero"], 1e-8);
        let ours = json(scores::akritas(&cohort, 0.95).unwrap());
        let fields = ["estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high"];
        same(&ours, &expected(case, "akritas.paired"), &fields, 1e-8);
    }
}

#[test]
fn survival_at_the_edge_never_gives_a_wald_interval_of_an_infinite_ratio() {
    let case = "weekly_survival_edge";
    for dataset in ["all_censored", "one_event", "no_event_on_active", "all_pairs_tied", "event_at_censoring_time"] {
        let cohort = cohort(case, Some(dataset));
        let firsts = Firsts::of(&cohort);
        let fields = [
            "n_pairs",
            "n_active_first",
            "n_placebo_first",
            "n_tied",
            "hazard_ratio",
            "hazard_ratio_low",
            "hazard_ratio_high",
            "p_value",
        ];
        let theirs = expected(case, &format!("{dataset}/exact_conditional"));
        same(&json(exact(&firsts, 0.95)), &theirs, &fields, 1e-10);
        let test = json(log_rank(&cohort));
        same(&test, &expected(case, &format!("{dataset}/logrank.stratified")), &["statistic", "p_value"], 1e-10);
        let fit = stratified_cox(&firsts, Ties::Exact, 0.95);
        assert_eq!(fit.hazard_ratio_low.is_some(), firsts.active > 0 && firsts.placebo > 0, "{dataset}");
    }
    let censored = cohort(case, Some("all_censored"));
    assert_eq!(cox::marginal_cox(&censored, Ties::Efron, false, 0.95).estimate, None);
    assert!(rmst::rmst(&censored, 100.0, false, 0.95).unwrap_err().to_string().contains("beyond the last time"));
}

#[test]
fn units_of_time_and_the_arms_do_not_matter() {
    let here = cohort("weekly_survival_sim", None);
    let changed = |f: &dyn Fn(&Subject) -> Subject| Cohort::new(here.subjects().iter().map(f).collect()).unwrap();
    let days = changed(&|s| Subject { time: 30.0 * s.time, ..*s });
    let swapped = changed(&|s| Subject { active: !s.active, ..*s });
    let fit = |c: &Cohort| cox::marginal_cox(c, Ties::Efron, false, 0.95);
    assert_eq!(fit(&here), fit(&days));
    assert!((fit(&here).estimate.unwrap() + fit(&swapped).estimate.unwrap()).abs() < 1e-12);
    let months = rmst::rmst(&here, 10.0, false, 0.95).unwrap();
    let in_days = rmst::rmst(&days, 300.0, false, 0.95).unwrap();
    assert!((30.0 * months.estimate - in_days.estimate).abs() < 1e-10);
    assert!((months.p_value.unwrap() - in_days.p_value.unwrap()).abs() < 1e-12);
}

#[test]
fn rank_biserial_and_brunner_munzel() {
    let case = "weekly_ranks";
    for dataset in ["noties", "ties", "small", "strong"] {
        let rows = data(case, "data.csv");
        let kept: Vec<_> = rows.iter().filter(|row| row["dataset"] == dataset).collect();
        let side = |column: &str| kept.iter().map(|row| number(row, column)).collect::<Vec<_>>();
        let (treated, control) = (side("treated"), side("control"));
        let differences: Vec<f64> = treated.iter().zip(&control).map(|(a, b)| a - b).collect();
        let options = Options::default();
        let ours = json(rank_biserial(&differences, &options).unwrap());
        let fields = [
            "n_pairs",
            "n_zero",
            "w_plus",
            "w_minus",
            "estimate",
            "conf_low",
            "conf_high",
            "estimate_pratt",
            "estimate_zeros_count",
            "std_error_jackknife",
            "conf_low_jackknife",
            "conf_high_jackknife",
        ];
        same(&ours, &expected(case, &format!("{dataset}/rank_biserial")), &fields, 1e-9);
        let settings = brunner_munzel::Settings::default();
        let ours = json(brunner_munzel(&treated, &control, settings, &options).unwrap());
        let fields = ["estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high", "conf_low_logit"];
        same(&ours, &expected(case, &format!("{dataset}/brunner_munzel_paired")), &fields, 1e-9);
        if ["small", "strong"].contains(&dataset) {
            let exact = brunner_munzel::Settings { p: PValue::Exact, ..settings };
            let ours = json(brunner_munzel(&treated, &control, exact, &options).unwrap());
            same(&ours, &expected(case, &format!("{dataset}/brunner_munzel_paired.permutation")), &["p_value"], 1e-12);
        }
    }
}

#[test]
fn skillings_mack_with_missing_treatments_equals_friedman_without() {
    let blocks = |case: &str, file: &str, arms: &[&str]| {
        let mut blocks: BTreeMap<u32, Vec<Option<f64>>> = BTreeMap::new();
        for row in data(case, file).iter().filter(|row| !row["value"].is_empty() && row["value"] != "NA") {
            let place = arms.iter().position(|arm| *arm == row["arm"]).unwrap();
            blocks.entry(row["id"].parse().unwrap()).or_insert_with(|| vec![None; arms.len()])[place] =
                Some(number(row, "value"));
        }
        blocks.into_values().collect::<Vec<_>>()
    };
    let fields = ["statistic", "statistic_tie_corrected", "df", "p_value", "p_value_tie_corrected"];
    let of = |blocks: &[Vec<Option<f64>>]| json(skillings_mack(blocks, &Options::default()).unwrap());
    let two = blocks("weekly_arms_two_of_three", "data.csv", &["A", "B", "C"]);
    same(&of(&two), &expected("weekly_arms_two_of_three", "skillings_mack"), &fields, 1e-9);
    for (file, id) in [("data.csv", "incomplete"), ("data_complete.csv", "complete")] {
        let four = blocks("weekly_arms_four_sites", file, &["A", "B", "C", "D"]);
        let theirs = expected("weekly_arms_four_sites", &format!("{id}.skillings_mack"));
        same(&of(&four), &theirs, &fields, 1e-9);
    }
}

#[test]
fn blinding_indices_over_patients() {
    let knees: Vec<GuessedKnee> = data("weekly_blinding", "data.csv")
        .iter()
        .map(|row| GuessedKnee {
            patient: row["patient"].parse().unwrap(),
            active: row["treatment"] == "EV",
            guess: match row["guess"].as_str() {
                "EV" => Guess::Active,
                "PLACEBO" => Guess::Placebo,
                _ => Guess::DontKnow,
            },
        })
        .collect();
    let ours = json(blinding(&knees, ["EV", "PLACEBO"], 0.95).unwrap());
    let case = "weekly_blinding";
    let fields = ["estimate", "std_error", "conf_low", "conf_high", "std_error_clustered", "conf_low_clustered"];
    same(&ours["james"], &expected(case, "james"), &fields, 1e-9);
    let fields = ["n", "correct", "wrong", "dont_know", "estimate", "std_error", "conf_low", "conf_high"];
    same(&ours["bang"][0], &expected(case, "bang.EV"), &fields, 1e-9);
    same(&ours["bang"][1], &expected(case, "bang.PLACEBO"), &fields, 1e-9);
    same(&ours["bang_sum"], &expected(case, "bang.sum"), &["estimate", "covariance", "std_error"], 1e-9);
}

#[test]
fn posterior_of_the_difference_under_three_likelihoods() {
    let likelihoods = [(Likelihood::Normal, "normal"), (Likelihood::T, "t"), (Likelihood::Inflated, "inflated")];
    let mut compared = 0;
    for row in data("weekly_bayes", "data.csv") {
        let prior = Component { weight: 1.0, mean: number(&row, "prior_mean"), sd: number(&row, "prior_sd") };
        let weight = number(&row, "weight");
        let vague = Component { weight: 1.0 - weight, mean: number(&row, "vague_mean"), sd: number(&row, "vague_sd") };
        let mixture = vec![Component { weight, ..prior }, vague];
        for (name, prior) in [("prior", vec![prior]), ("mixture", mixture)] {
            for (likelihood, word) in likelihoods {
                if name == "mixture" && weight == 1.0 {
                    continue;
                }
                let question = BayesQuestion {
                    n: row["n"].parse().unwrap(),
                    mean: number(&row, "mean"),
                    sd: number(&row, "sd"),
                    prior: prior.clone(),
                    likelihood,
                    better: Better::Lower,
                    mcid: Some(number(&row, "mcid")),
                    level: 0.95,
                };
                let theirs = expected("weekly_bayes", &format!("{}/{name}.{word}", row["scenario"]));
                let fields = ["mean", "sd", "median", "conf_low", "conf_high", "p_benefit", "p_mcid"];
                let tolerance = if likelihood == Likelihood::T { 1e-7 } else { 1e-8 };
                same(&json(bayes(&question).unwrap()), &theirs, &fields, tolerance);
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 21);
}

#[test]
fn counts_of_pairs_with_equal_and_unequal_exposures() {
    let mut knees: BTreeMap<(String, bool), (f64, f64)> = BTreeMap::new();
    for row in
        data("weekly_counts", "data.csv").iter().filter(|row| !row["painful"].is_empty() && row["painful"] != "NA")
    {
        let knee = knees.entry((row["usubjid"].clone(), row["treatment"] == "EV")).or_default();
        knee.0 += number(row, "painful");
        knee.1 += number(row, "days");
    }
    let both: Vec<_> = knees
        .iter()
        .filter(|((_, active), _)| *active)
        .filter_map(|((id, _), active)| Some((*active, *knees.get(&(id.clone(), false))?)))
        .collect();
    type Side = (f64, f64);
    let column = |f: &dyn Fn(&(Side, Side)) -> f64| both.iter().map(f).collect::<Vec<f64>>();
    let (treated, control) = (column(&|p| p.0.0), column(&|p| p.1.0));
    let exposures = (column(&|p| p.0.1), column(&|p| p.1.1));
    let case = "weekly_counts";
    let options = Options::default();
    let with = CountedPairs::new(&treated, &control, Some((&exposures.0, &exposures.1))).unwrap();
    let ours = json(counts::counts(&with, counts::PValue::Central, &options).unwrap());
    let fields = ["count_treated", "count_control", "exposure_treated", "exposure_control"];
    same(&ours, &expected(case, "pairs.totals"), &fields, 0.0);
    let theirs = expected(case, "exact.by_patient");
    let fields =
        ["n_pairs", "n_informative", "rate_ratio", "std_error_log", "rate_ratio_low", "rate_ratio_high", "p_value"];
    same(&ours, &theirs, &fields, 1e-9);
    let mid = json(counts::counts(&with, counts::PValue::MidP, &options).unwrap());
    assert!((mid["p_value"].as_f64().unwrap() - theirs["p_value_mid_p"].as_f64().unwrap()).abs() < 1e-10);
    let fields = ["statistic", "df", "ratio", "p_value"];
    same(&ours["overdispersion"], &expected(case, "exact.overdispersion"), &fields, 1e-9);
    let robust = expected(case, "conditional.robust");
    same(&ours["robust"], &robust, &["std_error_log", "rate_ratio_low", "rate_ratio_high"], 1e-9);
    let equal = CountedPairs::new(&treated, &control, None).unwrap();
    let pooled = json(counts::counts(&equal, counts::PValue::Central, &options).unwrap());
    let theirs = expected(case, "exact.pooled");
    same(&pooled, &theirs, &["rate_ratio", "rate_ratio_low", "rate_ratio_high"], 1e-10);
    for (kind, field) in [
        (counts::PValue::Central, "p_value_central"),
        (counts::PValue::MinimumLikelihood, "p_value_minlike"),
        (counts::PValue::MidP, "p_value_mid_p"),
    ] {
        let p = counts::counts(&equal, kind, &options).unwrap().p_value.unwrap();
        assert!((p - theirs[field].as_f64().unwrap()).abs() < 1e-10, "{field}");
    }
    assert!(CountedPairs::new(&[1.5], &[2.0], None).unwrap_err().to_string().contains("whole numbers"));
    assert!(CountedPairs::new(&[1.0], &[2.0], Some((&[0.0], &[1.0]))).unwrap_err().to_string().contains("positive"));
}

/// The blocks of the allocation redrawn, the last of a stratum cut short: exact by convolution in independent R code.
#[test]
fn permutation_over_the_blocks_of_the_allocation() {
    use splitknee_stats::paired::design_permutation::{AllocatedPair, Settings, design_permutation};
    let rows = data("weekly_design_permutation", "data.csv");
    let pairs: Vec<AllocatedPair> = rows
        .iter()
        .map(|row| AllocatedPair {
            block: format!("{}/{}", row["stratum"], row["block"]),
            listed: rows
                .iter()
                .filter(|other| (&other["stratum"], &other["block"]) == (&row["stratum"], &row["block"]))
                .count(),
            left_active: row["active_side"] == "LEFT",
            left: number(row, "left"),
            right: number(row, "right"),
        })
        .collect();
    let settings = Settings { block_sizes: vec![4], samples: 20_000, seed: 1 };
    let found = design_permutation(&pairs, &settings, &Options::default()).unwrap();
    let theirs = expected("weekly_design_permutation", "design.exact");
    assert_eq!(found.exact, Some(true));
    let near = |a: Option<f64>, b: &Value| assert!((a.unwrap() - b.as_f64().unwrap()).abs() < 1e-12, "{a:?} {b}");
    near(found.p_value, &theirs["p_value"]);
    near(found.estimate, &theirs["estimate"]);
    let one_sided = Options { alternative: Alternative::Less, ..Options::default() };
    near(design_permutation(&pairs, &settings, &one_sided).unwrap().p_value, &theirs["p_lower"]);
    // Off any grid the lists are redrawn at random: within four of its own errors.
    let shaken: Vec<AllocatedPair> =
        pairs.iter().map(|pair| AllocatedPair { left: pair.left + 1e-11 / 3.0, ..pair.clone() }).collect();
    let random = design_permutation(&shaken, &settings, &Options::default()).unwrap();
    if random.exact == Some(false) {
        let p = theirs["p_value"].as_f64().unwrap();
        assert!((random.p_value.unwrap() - p).abs() < 4.0 * (p * (1.0 - p) / 20_000.0).sqrt());
    }
    // A block that no list could have drawn is refused.
    let mut impossible = pairs.clone();
    impossible.iter_mut().for_each(|pair| pair.left_active = true);
    assert!(design_permutation(&impossible, &settings, &Options::default()).unwrap_err().to_string().contains("block"));
}

/// Blocks of 2 and of 4: a whole block has its own size, one that was cut short either; every list enumerated.
#[test]
fn permutation_over_blocks_of_varying_size() {
    use splitknee_stats::paired::design_permutation::{AllocatedPair, Settings, design_permutation};
    let d = [7.0, -3.0, 5.0, 11.0, -2.0, 4.0, 9.0, 6.0, 1.0];
    // Blocks of 2, 4, and 3 of a block of 4; then, for 1 patient, a block of 2 or 4.
    let of = |blocks: &[(usize, usize)], left: &[bool]| -> Vec<AllocatedPair> {
        let names = blocks.iter().enumerate().flat_map(|(name, (n, _))| std::iter::repeat_n((name, *n), *n));
        let pair = |(((name, listed), d), left_active): (((usize, usize), &f64), &bool)| AllocatedPair {
            block: name.to_string(),
            listed,
            left_active: *left_active,
            left: *d,
            right: 0.0,
        };
        names.zip(&d).zip(left).map(pair).collect()
    };
    // Every allocation of a block's first m places, with its probability, for each size that it may have.
    let lists = |m: usize, sizes: &[usize]| -> Vec<(Vec<bool>, f64)> {
        let mut all = Vec::new();
        for size in sizes {
            let whole: Vec<u32> = (0..1_u32 << size).filter(|mask| mask.count_ones() as usize == size / 2).collect();
            for mask in &whole {
                let sides = (0..m).map(|place| mask >> place & 1 == 1).collect();
                all.push((sides, 1.0 / (whole.len() * sizes.len()) as f64));
            }
        }
        all
    };
    let left = [true, false, true, true, false, false, true, false, true];
    for (blocks, may_be) in [
        (vec![(2, 0), (4, 0), (3, 0)], vec![vec![2], vec![4], vec![4]]),
        (vec![(4, 0), (4, 0), (1, 0)], vec![vec![4], vec![4], vec![2, 4]]),
    ] {
        let left = if blocks[0].0 == 4 { [true, false, true, false, true, true, false, false, true] } else { left };
        let pairs = of(&blocks, &left);
        let mut law: Vec<(Vec<bool>, f64)> = vec![(Vec::new(), 1.0)];
        for ((n, _), sizes) in blocks.iter().zip(&may_be) {
            let block = lists(*n, sizes);
            law = law
                .iter()
                .flat_map(|(list, p)| block.iter().map(move |(more, q)| ([list.as_slice(), more].concat(), p * q)))
                .collect();
        }
        let sum = |list: &[bool]| -> f64 { list.iter().zip(&d).map(|(left, d)| if *left { *d } else { -d }).sum() };
        let observed = sum(&left).abs();
        let p: f64 = law.iter().filter(|(list, _)| sum(list).abs() >= observed - 1e-9).map(|(_, p)| p).sum();
        let settings = Settings { block_sizes: vec![2, 4], samples: 20_000, seed: 3 };
        let found = design_permutation(&pairs, &settings, &Options::default()).unwrap();
        assert!((found.p_value.unwrap() - p).abs() < 1e-12, "{:?} {p}", found.p_value);
    }
}

/// Case wilcoxon_limits (R coin 1.4-2, exact p between neighbouring Walsh averages): limits with equal differences. The
/// mirrored differences have the mirrored limits, to the bit: a trial whose arms change places concludes the same.
#[test]
fn limits_of_the_exact_signed_rank_test_with_equal_differences() {
    use splitknee_stats::paired::wilcoxon;
    let case = "wilcoxon_limits";
    let path = format!("{}/tests/reference/{case}/expected.json", env!("CARGO_MANIFEST_DIR"));
    let all: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let results = all["results"].as_array().unwrap();
    assert!(results.len() >= 10);
    for theirs in results.iter().map(|result| &result["values"]) {
        let d: Vec<f64> = theirs["d"].as_array().unwrap().iter().map(|d| d.as_f64().unwrap()).collect();
        let mirrored: Vec<f64> = d.iter().map(|d| -d).collect();
        let ask = |d: &[f64], alternative| {
            let options = Options { alternative, ..Options::default() };
            wilcoxon::wilcoxon(d, wilcoxon::Settings::default(), &options).unwrap()
        };
        let two = ask(&d, Alternative::TwoSided);
        same(
            &json(&two),
            &serde_json::json!({"conf_low": theirs["low"], "conf_high": theirs["high"]}),
            &["conf_low", "conf_high"],
            1e-12,
        );
        let (greater, less) = (ask(&d, Alternative::Greater), ask(&d, Alternative::Less));
        same(&json(&greater), &serde_json::json!({"conf_low": theirs["low_one_sided"]}), &["conf_low"], 1e-12);
        same(&json(&less), &serde_json::json!({"conf_high": theirs["high_one_sided"]}), &["conf_high"], 1e-12);
        let other = ask(&mirrored, Alternative::TwoSided);
        let turned = |limit: Option<f64>| limit.map(|limit| 0.0 - limit);
        assert_eq!(
            (turned(other.conf_high), turned(other.conf_low), other.p_value),
            (two.conf_low, two.conf_high, two.p_value)
        );
    }
}
