//! Words and counts where a trial is not the plain one: one-sided plans, claims that are withheld, further arms, knees
//! whose baseline is missing, rows in another order.

use crate::cli_model::run;
use crate::project::{DEMO, dataset, plan_of};
use splitknee::analysis::{Claim, Conclusion, Field, Gate, Interval, Record, Verdict, Withheld};
use splitknee::pipeline::{self, Run};
use splitknee::report::exhibits::Material;
use splitknee::report::options::Options;
use splitknee::report::sections::{limitations, methods, summary};
use splitknee::report::sentences;
use splitknee::report::words::{Language, Words};

/// The run of a dataset's plan, with one text of the plan replaced and its knees' file edited.
fn run_with(name: &str, from: &str, to: &str, edit: impl Fn(&str) -> String) -> Run {
    let plan = plan_of(name);
    assert!(plan.contains(from), "{from}");
    let read = |file: &str| {
        let bytes = std::fs::read(dataset(name).join(file))?;
        Ok(if file == "knees.csv" { edit(std::str::from_utf8(&bytes).unwrap()).into_bytes() } else { bytes })
    };
    pipeline::analyse(pipeline::read_from(&plan.replace(from, to), "plan.toml", read).unwrap()).unwrap()
}

fn as_it_is(text: &str) -> String {
    text.to_owned()
}

fn find<'a>(run: &'a Run, id: &str) -> &'a Record {
    run.outcomes.records.iter().find(|record| record.id == id).unwrap_or_else(|| panic!("no record {id}"))
}

/// What `say` makes of a run, in both languages.
fn said(run: &Run, say: impl Fn(&Material) -> String) -> [String; 2] {
    let options = Options::default();
    [Language::English, Language::Japanese].map(|language| {
        let words = Words::new(language);
        say(&Material { plan: &run.plan, trial: &run.trial, outcomes: &run.outcomes, words: &words, options: &options })
    })
}

#[test]
fn a_one_sided_interval_has_no_infinite_number_in_words_and_says_that_it_is_one_sided() {
    let run = run_with("shoes", "alpha = 0.05", "alpha = 0.05\nalternative = \"less\"", as_it_is);
    let id = "wear.end-of-wear.primary.mixed-model";
    let record = run.outcomes.records.iter().find(|record| record.id == id).or(run.outcomes.deciding(0, 0)).unwrap();
    assert_eq!(record.result.conf_low, Some(f64::NEG_INFINITY));
    // Less wear is better: the interval from −∞ to below 0 favours A.
    assert_eq!(record.conclusion(), Conclusion::Superior);
    let sentences = said(&run, |material| sentences::conclusion(material, record));
    let undecided =
        run_with("ev-knee-synthetic", "alpha = 0.05", "alpha = 0.05\nalternative = \"towards-benefit\"", as_it_is);
    let month_6 = find(&undecided, "vas.m6.primary.mixed-model");
    assert_eq!(month_6.conclusion(), Conclusion::Inconclusive);
    let open_sentences = said(&undecided, |material| sentences::conclusion(material, month_6));
    for (language, one_sided, open) in [(0, "one-sided", "does not bound"), (1, "片側", "限界がない")] {
        for sentence in [&sentences[language], &open_sentences[language]] {
            assert!(!sentence.contains("inf") && sentence.contains(one_sided) && sentence.contains('∞'), "{sentence}");
        }
        // What is undecided says on which side the interval says nothing.
        assert!(open_sentences[language].contains(open), "{}", open_sentences[language]);
    }
    let methods = said(&run, |material| format!("{:?}", methods::section(material).blocks.first()));
    assert!(methods[0].contains("one-sided at a level of 0.05, with the alternative that the value is lower on A"));
    assert!(!methods[0].contains("two-sided") && methods[1].contains("片側検定"), "{methods:?}");
}

/// A verdict of the primary comparison.
fn verdict(claim: Claim, interval: Interval, withheld: Option<Withheld>) -> Verdict {
    Verdict {
        claim,
        interval,
        family: None,
        gate: Gate::None,
        withheld,
        importance: None,
        within_margin: false,
        above_margin: false,
        assessed: true,
    }
}

#[test]
fn a_claim_that_is_withheld_says_why() {
    let run = run_with("ev-knee-synthetic", "alpha", "alpha", as_it_is);
    let mut record = find(&run, "vas.m6.primary.mixed-model").clone();
    (record.result.estimate, record.result.p_value) = (Some(-2.0), Some(0.0500001));
    (record.result.conf_low, record.result.conf_high) = (Some(-3.9), Some(-0.1));
    record.p_adjusted = Some(0.124);
    // In both directions, and whatever withholds the claim: no direction is asserted, none is hidden, and nothing that
    // the interval excludes is called compatible with the data.
    for (interval, place) in [(Interval::FavoursActive, "in favour of EV"), (Interval::FavoursPlacebo, "against EV")] {
        for (withheld, english, japanese) in [
            (Withheld::Test, "the test of the plan does not reject (p = 0.0500001)", "p=0.0500001"),
            (Withheld::Family, "not confirmed after adjustment (adjusted p = 0.124)", "調整p=0.124"),
            (Withheld::Gate, "the primary objective was not met", "主要目的が達成されなかった"),
            (Withheld::Procedure, "could not be carried out", "手順を実行できなかった"),
            (Withheld::Exploratory, "described and not claimed", "記述にとどめ"),
            (Withheld::Overdispersed, "the counts vary more within pairs", "正確検定の仮定より大きく"),
        ] {
            record.verdict = Some(verdict(Claim::None, interval, Some(withheld)));
            let [en, ja] = said(&run, |material| sentences::conclusion(material, &record));
            assert!(en.contains(place) && en.contains(english) && ja.contains(japanese), "{en}\n{ja}");
            assert!(!en.contains("compatible") && !en.contains("lower in") && !ja.contains("矛盾しない"), "{en}\n{ja}");
        }
    }
    record.verdict = Some(verdict(Claim::None, Interval::IncludesNull, None));
    record.result.conf_high = Some(0.1);
    let plain = said(&run, |material| sentences::conclusion(material, &record));
    assert!(!plain[0].contains("not claimed") && !plain[1].contains("主張"), "{plain:?}");
}

#[test]
fn a_log_odds_ratio_is_said_as_an_odds_ratio_without_a_unit() {
    let run = run_with("ev-knee-synthetic", "alpha", "alpha", as_it_is);
    let mut record = find(&run, "effusion.m6.secondary.win-odds").clone();
    record.result.method = "ordinal-mixed";
    record.result.extra = vec![("scale", Field::Text("log-odds".to_owned()))];
    // ln 0.25, with limits ln 0.1 and ln 0.625.
    record.result.estimate = Some(0.25_f64.ln());
    (record.result.conf_low, record.result.conf_high) = (Some(0.1_f64.ln()), Some(0.625_f64.ln()));
    for (claim, high, english, japanese) in [
        (Claim::Superior, 0.625, "odds ratio 0.25 (95% CI 0.10 to 0.63;", "オッズ比 0.25、95%信頼区間 0.10〜0.63"),
        (Claim::None, 1.6, "Odds ratios from 0.10 to 1.60 remain compatible", "0.10から1.60までのオッズ比"),
    ] {
        let interval = if high < 1.0 { Interval::FavoursActive } else { Interval::IncludesNull };
        record.verdict = Some(verdict(claim, interval, None));
        record.result.conf_high = Some(f64::ln(high));
        let sentences = said(&run, |material| sentences::conclusion(material, &record));
        assert!(sentences[0].contains(english) && sentences[1].contains(japanese), "{sentences:?}");
        assert!(
            sentences.iter().all(|s| !s.contains("1.39") && !s.contains(" grade;") && !s.contains("MCID")),
            "{sentences:?}"
        );
    }
}

/// Twelve patients, each with two of three treatments: A and B, A and C, B and C in turn.
fn three_arms() -> Run {
    let mut data = "id,side,treatment,score\n".to_owned();
    for patient in 0..12 {
        let pair = [["A", "B"], ["A", "C"], ["B", "C"]][patient % 3];
        for (knee, arm) in ["LEFT", "RIGHT"].iter().zip(pair) {
            let score = 40 + 3 * patient + if arm == "A" { patient % 4 } else { 7 };
            data.push_str(&format!("P{patient:02},{knee},{arm},{score}\n"));
        }
    }
    let plan = "[trial]\nid = \"T\"\ntitle = \"Three treatments\"\n[data]\npath = \"d.csv\"\n\
        columns = { patient = \"id\", knee = \"side\", arm = \"treatment\" }\n\
        [arms]\nactive = \"A\"\nplacebo = \"B\"\nother = [\"C\"]\n\
        [[endpoint]]\nname = \"Score\"\ncolumn = \"score\"\nbetter = \"lower\"\n\
        [analysis]\nprimary = \"mixed_model\"\n";
    pipeline::analyse(pipeline::read_from(plan, "plan.toml", |_| Ok(data.clone().into_bytes())).unwrap()).unwrap()
}

#[test]
fn patients_without_a_knee_on_the_compared_arm_are_not_patients_with_one_knee() {
    let run = three_arms();
    let paired = find(&run, "score.single.sensitivity.paired-t");
    assert_eq!((paired.result.n_pairs, paired.rows.used, paired.rows.not_used), (4, 8, 8));
    let reasons: Vec<(String, usize)> = paired.rows.reasons.iter().map(|r| (r.reason.text(), r.n)).collect();
    let reasons: Vec<(&str, usize)> = reasons.iter().map(|(reason, n)| (reason.as_str(), *n)).collect();
    assert_eq!(reasons, [("observed, but the patient's other knee is on a further arm", 8)]);
    let facts = said(&run, |material| limitations::facts(material).join("\n"));
    assert!(!facts[0].contains("one observed knee"), "{}", facts[0]);
    let design = said(&run, summary::design_line);
    assert!(!design[0].contains("the other to B") && design[0].contains("two of the treatments"), "{}", design[0]);
    assert!(design.iter().all(|line| line.contains("12") && line.contains("24") && line.contains('C')), "{design:?}");
}

/// Without the baseline rows of two patients who were seen at Month 6, and with all rows in reverse order.
fn without_baselines(text: &str) -> String {
    let (header, rows) = text.split_once('\n').unwrap();
    let gone =
        |row: &&str| !(["EVK-001,", "EVK-002,"].iter().any(|id| row.starts_with(id)) && row.contains("Baseline"));
    let mut rows: Vec<&str> = rows.lines().filter(gone).collect();
    rows.reverse();
    format!("{header}\n{}\n", rows.join("\n"))
}

#[test]
fn knees_without_a_baseline_are_counted_as_such_and_named_as_a_limitation() {
    let run = run_with("ev-knee-synthetic", "alpha", "alpha", without_baselines);
    let n = |id: &str, reason: &str| {
        let rows = &find(&run, id).rows;
        assert_eq!(rows.reasons.iter().map(|r| r.n).sum::<usize>(), rows.not_used, "{id}");
        rows.reasons.iter().find(|known| known.reason.text() == reason).map_or(0, |known| known.n)
    };
    // Counted by hand in knees.csv: both patients have both knees at Month 2 and Month 6.
    assert_eq!(n("vas.m6.descriptive.change-difference", "baseline missing"), 4);
    assert_eq!(n("vas.m6.descriptive.change-difference", "observed, but its partner knee has no value"), 1);
    assert_eq!(n("vas.m6.descriptive.difference", "baseline missing"), 0);
    assert_eq!(n("vas.m6.primary.mixed-model", "baseline missing"), 8);
    let facts = said(&run, |material| limitations::facts(material).join("\n"));
    assert!(facts[0].contains("VAS pain: 8 observed knee-visits are left out"), "{}", facts[0]);
    assert!(facts[1].contains("観測された8膝・時点"), "{}", facts[1]);
}

#[test]
fn the_reasons_of_unused_rows_do_not_depend_on_the_order_of_the_data() {
    let reversed = |text: &str| {
        let (header, rows) = text.split_once('\n').unwrap();
        let rows: Vec<&str> = rows.lines().rev().collect();
        format!("{header}\n{}\n", rows.join("\n"))
    };
    let first = run_with("ev-knee-synthetic", "alpha", "alpha", as_it_is);
    let second = run_with("ev-knee-synthetic", "alpha", "alpha", reversed);
    assert_eq!(first.outcomes.records.len(), second.outcomes.records.len());
    for record in &first.outcomes.records {
        assert_eq!(record.rows, find(&second, &record.id).rows, "{}", record.id);
    }
}

#[test]
fn a_condition_that_keeps_no_row_names_the_values_and_a_missing_file_names_no_plan() {
    let file = dataset(DEMO).join("knees.csv");
    let ask = |file: &str, condition: &str| {
        let arguments = "--id usubjid --arm trt --active EV --placebo SALINE --value vas";
        let mut all = vec!["test", "paired-t", "--data", file, "--where", condition];
        all.extend(arguments.split(' '));
        run(&all)
    };
    let (code, _, said) = ask(file.to_str().unwrap(), "avisit=Month6");
    assert_eq!(code, 1);
    assert!(said.contains("'avisit=Month6' keeps no row") && said.contains("Baseline, Month 2, Month 6"), "{said}");
    let (_, _, said) = ask("knee.csv", "avisit=Month 6");
    assert!(said.contains("knee.csv: no such file") && !said.contains("plan"), "{said}");
}

#[test]
fn a_model_of_rows_taken_as_independent_says_so() {
    let file = dataset(DEMO).join("knees.csv");
    let notes = |formula: &str| run(&["model", "--data", file.to_str().unwrap(), "--formula", formula]).1;
    assert!(notes("vas ~ trt").contains("every row is taken as independent"));
    assert!(!notes("vas ~ trt + (1|usubjid)").contains("taken as independent"));
}
