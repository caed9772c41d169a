//! The tests a plan can ask for: those of `splitknee test`, one by one and over all visits, and the sample size.
//!
//! Figures by R 4.2.2 from `datasets/ev-knee-synthetic` (patients with `fas == "Y"`); the call stands beside each.

use crate::analysis::{find, near, run};
use crate::project::{DEMO, plan_of};
use splitknee::analysis::{Claim, Conclusion};
use splitknee::paired::{Field, catalogue};
use splitknee::plan;
use splitknee::report::words::{Language, Words};
use splitknee::trial::Role;

#[test]
fn a_plan_can_ask_for_every_test_and_the_report_has_words_for_it() {
    let known = catalogue::in_plans();
    for language in [Language::English, Language::Japanese] {
        let words = Words::new(language);
        for name in known.iter().chain(&["sample-size"]) {
            assert!(words.messages().contains_key(&format!("method.{name}")), "method.{name}");
        }
    }
}

const OF_COUNTS: [&str; 2] = ["rate-ratio", "counts"];

/// The VAS with every test of the catalogue, whether or not it suits a score.
fn with_all_tests() -> splitknee::analysis::Outcomes {
    // The tests of counts are refused of a score.
    let suited = catalogue::in_plans().into_iter().filter(|name| !OF_COUNTS.contains(name));
    let names: Vec<String> = suited.map(|name| format!("\"{name}\"")).collect();
    let tests = format!("role = \"primary\"\nmargin = 5\nnon_inferiority_margin = 8\ntests = [{}]", names.join(", "));
    run("ev-knee-synthetic", &[("role = \"primary\"", &tests)], SAMPLE_SIZE)
}

const SAMPLE_SIZE: &str = "\n[sample_size]\ndelta = 10\nsd = 18\ncorrelation = 0.5\npower = 0.9\npairs = 40\n";

#[test]
fn every_test_asked_for_has_its_record() {
    let outcomes = with_all_tests();
    for name in catalogue::NAMES.into_iter().filter(|name| !OF_COUNTS.contains(name)) {
        let id = match name {
            // The correlation of the scores is described at every visit anyway.
            name if catalogue::compares(name) => format!("vas.m6.sensitivity.{name}"),
            name => format!("vas.m6.descriptive.{name}"),
        };
        let record = find(&outcomes, &id);
        let result = &record.result;
        let answered = result.estimate.is_some() || result.p_value.is_some();
        assert!(answered || !result.notes.is_empty(), "{id} is empty and does not say why");
        assert!(!record.reference.is_empty(), "{id} has no source");
        if !catalogue::compares(name) {
            assert_eq!((record.role, record.conclusion()), (Role::Descriptive, Conclusion::NotAssessed), "{id}");
        }
        // A score is not yes or no, and has hardly more pairs than values.
        let suits_a_score = !["mcnemar", "bhapkar"].contains(&name);
        assert_eq!(answered, suits_a_score, "{id}: {:?}", result.notes);
    }
    // The deciding method stays the plan's.
    assert_eq!(outcomes.deciding(0, 2).unwrap().result.method, "mixed-model");
}

#[test]
fn non_inferiority_is_one_sided_and_claims_nothing_else() {
    let outcomes = with_all_tests();
    let record = find(&outcomes, "vas.m6.sensitivity.non-inferiority");
    // t.test(x, y, paired = TRUE, alternative = "less", mu = 8, conf.level = 0.975)
    near("p", record.result.p_value, 0.0562064720970462, 1e-9);
    near("limit", record.result.conf_high, 9.245919754132899, 1e-10);
    assert_eq!(record.result.conf_low, Some(f64::NEG_INFINITY));
    assert_eq!(record.result.field("non_inferior"), Some(&Field::Json(false.into())));
    // The interval reaches beyond the margin of 8: compared, and not non-inferior.
    assert_eq!(record.conclusion(), Conclusion::Inconclusive);
    assert_eq!(record.verdict.map(|verdict| (verdict.claim, verdict.above_margin)), Some((Claim::None, false)));
    assert!(record.result.notes[0].text().starts_with("one-sided at 2.5 %"), "{:?}", record.result.notes);
    // Its limit is that of the two-sided interval.
    let two_sided = &find(&outcomes, "vas.m6.sensitivity.paired-t").result;
    near("limit", record.result.conf_high, two_sided.conf_high.unwrap(), 1e-12);
}

#[test]
fn tests_over_all_visits() {
    let outcomes = with_all_tests();
    // friedman.test(d[complete.cases(d), ]), d = EV - SALINE at months 2 and 6; by arm over the three visits.
    for (id, n, statistic, p) in [
        ("vas.sensitivity.friedman", 24, 2.6666666666666665, 0.1024704348597493),
        ("vas.descriptive.friedman.ev", 26, 30.54368932038835, 2.33089191569215e-7),
        ("vas.descriptive.friedman.saline", 24, 26.29473684210526, 1.950609985841111e-6),
    ] {
        let record = find(&outcomes, id);
        assert_eq!(record.result.n_pairs, n, "{id}");
        near(id, record.result.statistic, statistic, 1e-10);
        near(id, record.result.p_value, p, 1e-8);
        assert_eq!(record.conclusion(), Conclusion::NotAssessed);
        assert_eq!(record.arm.is_some(), id.contains("descriptive"));
        assert!(record.visit.is_none() && record.rows.used > 0);
    }
    // summary(aov(y ~ arm * visit + Error(id / (arm * visit)))) over months 2 and 6.
    let record = find(&outcomes, "vas.sensitivity.rm-anova");
    let Some(Field::Json(effects)) = record.result.field("effects") else { panic!("no effects") };
    for (term, f, p) in [
        ("treatment", 0.1786028847319329, 0.676501534743214),
        ("visit", 16.45297029702966, 4.891941816261933e-4),
        ("treatment:visit", 2.267463905498014, 0.1457273209994348),
    ] {
        let effect = effects.as_array().unwrap().iter().find(|effect| effect["term"] == term).unwrap();
        near(term, effect["f"].as_f64(), f, 1e-9);
        near(term, effect["p_value"].as_f64(), p, 1e-8);
        assert_eq!(effect["den_df"], 23.0);
    }
    // A score is not yes or no.
    let refused = find(&outcomes, "vas.descriptive.cochran-q.ev");
    assert!(refused.result.p_value.is_none() && refused.result.notes[0].text().contains("0 and 1"));
}

#[test]
fn grades_by_kappa_and_marginal_odds() {
    let tests = "name = \"Effusion-synovitis\"\ntests = [\"kappa\", \"proportional-odds\"]";
    let outcomes = run("ev-knee-synthetic", &[("name = \"Effusion-synovitis\"", tests)], "");
    // Quadratic weights 1 - (i - j)^2 / 9; coef(clm(g ~ arm)).
    let kappa = find(&outcomes, "effusion.m6.descriptive.kappa");
    near("kappa", kappa.result.estimate, 0.3345521023766001, 1e-10);
    // A description does not decide, although it is named first.
    let odds = find(&outcomes, "effusion.m6.secondary.proportional-odds");
    near("log odds", odds.result.estimate, 0.3120048490375467, 1e-8);
    assert_eq!(odds.conclusion(), Conclusion::Inconclusive);
}

#[test]
fn yes_and_no_over_the_visits() {
    let tests = "name = \"ACL injury\"\ntests = [\"mcnemar\", \"cochran-q\"]";
    let outcomes = run("ev-knee-synthetic", &[("name = \"ACL injury\"", tests)], "");
    // No knee changes: 25 and 24 knees without, 2 with an injury at both visits.
    for (id, n) in [("acl.descriptive.cochran-q.ev", 27), ("acl.descriptive.cochran-q.saline", 26)] {
        let record = find(&outcomes, id);
        assert_eq!(
            (record.result.n_pairs, record.result.p_value, record.result.statistic),
            (n, Some(1.0), None),
            "{id}"
        );
    }
}

#[test]
fn the_sample_size_is_set_beside_what_was_observed() {
    let outcomes = with_all_tests();
    let result = &find(&outcomes, "vas.m6.descriptive.sample-size").result;
    let count = |name: &str| match result.field(name) {
        Some(Field::Json(count)) => count.as_u64(),
        _ => None,
    };
    // power.t.test(delta = 10, sd = s, power = 0.9, type = "paired", strict = TRUE)$n for s = 18, 18 sqrt(2 (1 - r)) and
    // sd(x - y) at month 6: 36.02, 27.73, 27.88; power of 27 pairs with sd(x - y): 0.88993.
    assert_eq!(result.n_pairs, 27);
    assert_eq!(count("pairs_needed_planned"), Some(37));
    assert_eq!(count("pairs_needed_observed_correlation"), Some(28));
    assert_eq!(count("pairs_needed_observed_sd_diff"), Some(28));
    assert_eq!(count("planned_pairs"), Some(40));
    near("r", result.number("observed_correlation"), 0.6220392416257516, 1e-10);
    near("sd", result.number("observed_sd_diff"), 15.69537286415106, 1e-10);
    near("power", result.number("power_observed_sd_diff"), 0.8899268261005188, 1e-9);
}

#[test]
fn a_test_against_a_margin_needs_the_margin() {
    let text = plan_of(DEMO);
    let asked = |added: &str| plan::parse(&text.replace("role = \"primary\"", added), "plan.toml");
    for (test, key) in [("tost", "margin"), ("non-inferiority", "non_inferiority_margin")] {
        let plan = format!("role = \"primary\"\ntests = [\"{test}\"]");
        let findings = asked(&plan).expect_err("no margin");
        assert!(findings.len() == 1 && findings[0].rule == "SK012", "{findings:?}");
        assert!(findings[0].remedy.contains(key) && findings[0].location.row.is_some(), "{findings:?}");
        assert!(asked(&format!("{plan}\n{key} = 5")).is_ok());
    }
    for (wrong, key) in
        [("correlation = 0.5", "correlation = 1"), ("power = 0.9", "power = 1.2"), ("sd = 18", "sd = 0")]
    {
        let plan = format!("{text}{}", SAMPLE_SIZE.replace(wrong, key));
        let findings = plan::parse(&plan, "plan.toml").expect_err(key);
        assert!(findings.iter().all(|finding| finding.rule == "SK010"), "{findings:?}");
    }
    let unknown = format!("{text}{SAMPLE_SIZE}endpoint = \"vass\"\n");
    assert_eq!(plan::parse(&unknown, "plan.toml").expect_err("no such endpoint")[0].rule, "SK008");
}
