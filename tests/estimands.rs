//! Estimands in a plan: events of knees and patients, what becomes of every cell, and estimates that obey their identities.

use super::small_trial::SmallTrial;
use splitknee::analysis::estimand::{Cells, Plane, Side, questions};
use splitknee::analysis::{Context, Field, Outcomes, Record, analyse};
use splitknee::plan;

/// The small trial with an events file and an estimand on VAS; `events` are the rows, `plan` goes below the estimand.
pub fn trial(events: &str, plan: &str) -> SmallTrial {
    let mut small = SmallTrial::new();
    let rows = format!("id,knee,visit,event\n{events}");
    small.files.insert("ice.csv", rows.lines().map(|row| row.split(',').map(str::to_owned).collect()).collect());
    small.plan.push_str(&format!(
        "\n[events]\nfile = \"ice.csv\"\n[[estimand]]\nid = \"E1\"\ntreatment = \"t\"\npopulation = \"p\"\nvariable = \"v\"\n\
         summary_measure = \"s\"\n{plan}"
    ));
    small
}

pub fn event(name: &str, level: &str, strategy: &str) -> String {
    format!("[[estimand.intercurrent_event]]\nevent = \"{name}\"\nlevel = \"{level}\"\nstrategy = \"{strategy}\"\n")
}

pub fn outcomes(small: &SmallTrial) -> Outcomes {
    let (plan, _) = small.read().expect("plan and files");
    let (trial, _) = small.build().unwrap_or_else(|findings| panic!("{findings:#?}"));
    analyse(&plan, &trial)
}

pub fn record<'o>(outcomes: &'o Outcomes, id: &str) -> &'o Record {
    let known: Vec<&str> =
        outcomes.records.iter().map(|record| record.id.as_str()).filter(|id| id.contains(".e1.")).collect();
    outcomes.records.iter().find(|record| record.id == id).unwrap_or_else(|| panic!("no record {id}, but {known:?}"))
}

pub fn codes(record: &Record) -> Vec<&'static str> {
    record.result.notes.iter().map(|note| note.code()).collect()
}

/// Both knees of patient P0`patient` (rows 2 + 6·(patient − 1) on): Month 2 left and right, Month 6 left and right.
pub fn row(patient: usize, visit: usize, right: bool) -> usize {
    2 + 6 * (patient - 1) + 2 * visit + usize::from(right)
}

/// Page one says what estimates the estimand and where it is, beside the analysis that decides; tipping points are also told
/// in important differences.
#[test]
fn the_demo_says_which_number_estimates_the_estimand() {
    let (run, bundle) = super::report::demo("en");
    let main = run.outcomes.records.iter().find(|record| record.id == "vas.m6.e1.mar").unwrap();
    let deciding = run.outcomes.deciding(0, run.trial.design.primary).unwrap();
    assert!((main.result.estimate.unwrap() - deciding.result.estimate.unwrap()).abs() > 0.1, "two different numbers");
    let page = String::from_utf8(bundle.get("report.md").or(bundle.get("report.html")).unwrap().to_vec()).unwrap();
    let shown = splitknee::table::rounding::print(main.result.estimate.unwrap(), 1);
    assert!(page.contains(&format!("Estimand: estimate: {shown} mm (95% CI ")), "{shown}");
    assert!(!page.contains(".; "), "a reason ends in one mark");
    let tips = run.outcomes.records.iter().find(|record| record.result.field("tipping_multiple").is_some()).unwrap();
    let (Some(Field::Json(roots)), Some(Field::Json(multiples))) =
        (tips.result.field("tipping"), tips.result.field("tipping_multiple"))
    else {
        panic!("{}", tips.id)
    };
    for (line, multiple) in multiples.as_object().unwrap() {
        let nearest = roots[line].as_array().unwrap().iter().map(|root| root.as_f64().unwrap().abs()).reduce(f64::min);
        // The demo's plan: important_difference = 10.
        assert_eq!(
            multiple.as_f64().map(|multiple| (multiple * 10.0 * 1e9).round()),
            nearest.map(|root| (root * 1e9).round())
        );
    }
}

#[test]
fn without_missing_values_every_strategy_is_the_paired_t_test_of_the_change() {
    let small = trial("P01,LEFT,Month 6,REINJECTION", &event("REINJECTION", "knee", "jump-to-reference"));
    let (plan, _) = small.read().unwrap();
    let (built, _) = small.build().unwrap();
    let found = analyse(&plan, &built);
    let own = record(&found, "vas.m6.e1.j2r");
    let paired = built.paired(0, 2, splitknee::trial::Measure::Change, &built.sets[0]);
    let t = splitknee::paired::paired_t::paired_t(&paired.active(), &paired.placebo(), &Default::default()).unwrap();
    let close = |a: Option<f64>, b: Option<f64>| (a.unwrap() - b.unwrap()).abs() < 1e-10;
    assert!(close(own.result.estimate, t.estimate) && close(own.result.std_error, t.std_error));
    assert!(close(own.result.p_value, t.p_value) && close(own.result.df, t.df));
    // It is described and never claimed, and its verdict says where the interval lies.
    let verdict = own.verdict.unwrap();
    assert_eq!(verdict.claim, splitknee::analysis::Claim::None);
    assert!(codes(own).contains(&"mi_nothing_imputed"), "{:?}", codes(own));
}

#[test]
fn the_fate_of_every_cell_adds_up_and_the_earliest_event_of_a_knee_rules() {
    let events =
        "P01,LEFT,Month 6,REINJECTION\nP01,,Month 2,RESCUE\nP02,,Month 6,RESCUE\nP04,LEFT,Month 2,ARTHROPLASTY\n";
    let handled = [
        event("REINJECTION", "knee", "jump-to-reference"),
        event("RESCUE", "patient", "hypothetical"),
        event("ARTHROPLASTY", "knee", "composite"),
    ];
    let mut small = trial(events, &handled.concat());
    small.set("knees.csv", row(3, 2, false), "vas", "");
    let (plan, _) = small.read().unwrap();
    let (built, findings) = small.build().unwrap();
    assert!(findings.iter().any(|finding| finding.rule == "SK809"), "values after the arthroplasty are said");
    let context = Context { plan: &plan, trial: &built, set: &built.sets[0] };
    let asked = questions(&context);
    let cells = Cells::of(&context, &asked[0], None).unwrap();
    for fate in &cells.fates {
        let imputed: usize = fate.imputed.values().sum();
        assert_eq!(fate.observed + fate.observed_after_event + imputed + fate.set, fate.total, "{fate:?}");
        assert_eq!(fate.total, 12);
    }
    // P01: the analgesic comes before the injection and rules both knees; its four values are set aside.
    assert_eq!(cells.overlaps, 1);
    let set_aside: usize = cells.fates.iter().map(|fate| fate.discarded).sum();
    // P01 four values, P02 two, and two of P04's replaced knee.
    assert_eq!(set_aside, 8);
    assert_eq!(cells.fates.iter().map(|fate| fate.set).sum::<usize>(), 2);
    let rescue: Vec<_> = cells.events.iter().filter(|count| count.event == "RESCUE").collect();
    assert_eq!(
        (rescue.len(), rescue[0].visit.as_deref(), rescue[1].visit.as_deref()),
        (2, Some("Month 2"), Some("Month 6"))
    );
    assert_eq!((rescue[0].patients, rescue[0].active, rescue[0].placebo), (1, 1, 1));
    // The composite value of a pain score is the worst: 100, as a change.
    let p04 = cells.trial.patients.iter().position(|patient| patient.label == "P04").unwrap();
    let arm = usize::from(built.patients.iter().find(|p| p.id == "P04").unwrap().knees()[0].arm == 0);
    let fixed = cells.trial.fixed(p04, 2 * arm + 1).unwrap();
    assert_eq!(fixed, 100.0 - cells.trial.patients[p04].baseline[arm]);
}

#[test]
fn jump_to_reference_moves_the_estimate_by_the_share_imputed_times_the_effect() {
    // P01's active knee is the left one, P04's and P05's too (identity 3 of the method page, values after the event missing).
    let events = "P01,LEFT,Month 6,OUT\nP04,LEFT,Month 6,OUT\nP05,LEFT,Month 6,OUT";
    let sensitivity = "[[estimand.sensitivity]]\nstrategy = \"mar\"\n[[estimand.sensitivity]]\nstrategy = \"causal\"\nk = 0\n\
                       [[estimand.sensitivity]]\nstrategy = \"cir\"\n[[estimand.sensitivity]]\nstrategy = \"causal\"\nk = 1\n";
    let mut small = trial(events, &(event("OUT", "knee", "jump-to-reference") + sensitivity));
    for patient in [1, 4, 5] {
        small.set("knees.csv", row(patient, 2, false), "vas", "");
    }
    let found = outcomes(&small);
    let estimate = |id: &str| record(&found, id).result.estimate.unwrap();
    assert!((estimate("vas.m6.e1.j2r") - estimate("vas.m6.e1.causal0")).abs() < 1e-12);
    assert!((estimate("vas.m6.e1.cir") - estimate("vas.m6.e1.causal1")).abs() < 1e-12);
    let weights = serde_json::to_value(record(&found, "vas.m6.e1.j2r").result.field("weights")).unwrap();
    assert!((weights["active"].as_f64().unwrap() - 3.0 / 12.0).abs() < 1e-12);
    assert!(estimate("vas.m6.e1.j2r") != estimate("vas.m6.e1.mar"));
    // δ is linear, and on a root a limit of the interval is 0.
    let plane = Plane::of(record(&found, "vas.m6.e1.mar")).unwrap();
    for root in plane.roots_where(0, 0.0) {
        let near = |step: f64| plane.side([root + step, 0.0]);
        assert_ne!(near(-1e-6) == Side::Across, near(1e-6) == Side::Across, "{root}");
    }
}

#[test]
fn while_on_treatment_takes_both_knees_from_the_last_visit_before_the_event() {
    let small = trial(
        "P01,LEFT,Month 6,RESCUE\nP02,,Month 2,RESCUE2",
        &[event("RESCUE", "knee", "while-on-treatment"), event("RESCUE2", "patient", "while-on-treatment")].concat(),
    );
    let (plan, _) = small.read().unwrap();
    let (built, _) = small.build().unwrap();
    let context = Context { plan: &plan, trial: &built, set: &built.sets[0] };
    let cells = Cells::of(&context, &questions(&context)[0], None).unwrap();
    for arm in [0, 1] {
        // P01: Month 2's change stands at Month 6, of both knees; P02: no visit before, change 0.
        let month_2 = cells.trial.patients[0].values[2 * arm].unwrap();
        assert_eq!(cells.trial.fixed(0, 2 * arm + 1), Some(month_2));
        assert_eq!(cells.trial.fixed(1, 2 * arm), Some(0.0));
    }
}

/// Each bad input has a refusal that names what is wrong, or a defined answer; nothing panics and the other records stand.
#[test]
fn bad_input_is_refused_in_words_or_answered() {
    let policy = event("OUT", "patient", "treatment-policy");
    let main = "vas.m6.e1.mar";
    // A visit missing for every knee of an arm.
    let mut small = trial("", &policy);
    for patient in 1..=12 {
        for right in [false, true] {
            small.set("knees.csv", row(patient, 1, right), "vas", "");
        }
    }
    let found = outcomes(&small);
    assert!(codes(record(&found, main)).contains(&"mi_cell_empty"), "{:?}", codes(record(&found, main)));
    assert!(record(&found, main).result.estimate.is_none());
    // A missing baseline names the knee; without baselines in the model there is an answer.
    let mut small = trial("", &policy);
    small.set("knees.csv", row(3, 0, false), "vas", "");
    let found = outcomes(&small);
    let own = record(&found, main);
    assert!(codes(own).contains(&"mi_baseline_missing"));
    assert!(own.result.notes.iter().any(|note| note.text().contains("P03")));
    let mut small = trial("", &(policy.clone() + "[estimand.missing]\nbaseline = \"none\"\n"));
    small.set("knees.csv", row(3, 0, false), "vas", "");
    assert!(record(&outcomes(&small), main).result.estimate.is_some());
    // Last mean at the first visit; the estimate of another strategy stands beside the refusal.
    let handled = event("OUT", "patient", "last-mean") + "[[estimand.sensitivity]]\nstrategy = \"j2r\"\n";
    let found = outcomes(&trial("P01,,Month 2,OUT", &handled));
    assert!(codes(record(&found, "vas.m6.e1.lmcf")).contains(&"mi_last_mean_first"));
    assert!(record(&found, "vas.m6.e1.j2r").result.estimate.is_some());
    // Too few patients for an unstructured covariance: the next of the plan is used and said.
    let mut small = trial("", &policy);
    for file in ["knees.csv", "patients.csv", "allocation.csv", "disposition.csv", "events.csv"] {
        small.remove(file, "id", |id| id > "P04");
    }
    let found = outcomes(&small);
    let own = record(&found, main);
    let used = serde_json::to_value(own.result.field("structure")).unwrap();
    assert!(
        codes(own).contains(&"mi_fallback") && used != "us"
            || own.result.estimate.is_none() && own.result.notes.reason().is_some(),
        "{:?} {used}",
        codes(own)
    );
    // All active knees missing at the visit.
    let mut small = trial("", &policy);
    for patient in 1..=12 {
        for right in [false, true] {
            let at = row(patient, 2, right);
            if small.files["knees.csv"][at - 1].iter().any(|cell| cell == "EV") {
                small.set("knees.csv", at, "vas", "");
            }
        }
    }
    // No pair is left at the primary visit: the trial is refused by name before anything is estimated.
    let findings = small.findings();
    assert!(findings.iter().any(|finding| finding.rule == "SK507"), "{findings:#?}");
    // What is not linear in the values comes from draws only.
    let conditional = event("OUT", "patient", "treatment-policy") + "[estimand.missing]\nanalysis = \"mixed\"\n";
    let refused = trial("", &conditional).read_plan().unwrap_err();
    let linear = |finding: &splitknee::trial::Finding| finding.message.contains("the mixed model is not linear");
    assert!(refused.iter().any(linear), "{refused:#?}");
    // An event at a knee that the patient does not have.
    let mut small = trial("P01,LEFT,Month 6,OUT", &event("OUT", "knee", "jump-to-reference"));
    for file in ["knees.csv", "allocation.csv"] {
        let (id, side) = if file == "knees.csv" { (0, 1) } else { (1, 2) };
        small.files.get_mut(file).unwrap().retain(|row| row[id] != "P01" || row[side] != "LEFT");
    }
    let findings = small.findings();
    let found = findings.iter().find(|finding| finding.rule == "SK803").unwrap_or_else(|| panic!("{findings:#?}"));
    assert!(found.message.contains("P01") && found.message.contains("RIGHT"), "{found:?}");
    // One patient.
    let mut small = trial("", &policy);
    for file in ["knees.csv", "patients.csv", "allocation.csv", "disposition.csv", "events.csv"] {
        small.remove(file, "id", |id| id > "P01");
    }
    assert!(codes(record(&outcomes(&small), main)).contains(&"mi_one_patient"));
}

#[test]
fn sensitivity_analyses_say_what_they_are() {
    let plan = "[[estimand.sensitivity]]\nmethod = \"locf\"\n[[estimand.sensitivity]]\nmethod = \"bocf\"\n\
                [[estimand.sensitivity]]\nmethod = \"worst-case\"\n[[estimand.sensitivity]]\nmethod = \"two-means\"\n\
                [[estimand.sensitivity]]\ndelta = { active = 5 }\n[[estimand.sensitivity]]\ndelta = { active = 10 }\n\
                [[estimand.sensitivity]]\nmethod = \"approximate-bayes\"\nanalysis = \"responder\"\n\
                [[estimand.sensitivity]]\nmethod = \"approximate-bayes\"\nanalysis = \"mixed\"\n";
    let mut small = trial(
        "",
        &(event("OUT", "patient", "treatment-policy")
            + "[estimand.missing]\nthreshold = 10\nanalysis = \"mean-difference\"\n"
            + plan),
    );
    small.plan = small.plan.replace("threshold = 10\n", "");
    small.edit_plan("unit = \"mm\"", "unit = \"mm\"\nmcid = 10");
    // The right knee of patient P03 is the active one.
    small.set("knees.csv", row(3, 2, true), "vas", "");
    let found = outcomes(&small);
    for method in ["locf", "bocf", "worst-case"] {
        let own = record(&found, &format!("vas.m6.e1.{method}"));
        assert!(codes(own).contains(&"mi_single_value"), "{method}");
        assert_eq!(own.role, splitknee::trial::Role::Sensitivity);
    }
    let estimate = |id: &str| record(&found, id).result.estimate.unwrap();
    let main = estimate("vas.m6.e1.mar");
    let [five, ten] = [estimate("vas.m6.e1.mar.delta"), estimate("vas.m6.e1.mar.delta.2")];
    assert!((ten - main - 2.0 * (five - main)).abs() < 1e-10 && five != main);
    let share = record(&found, "vas.m6.e1.mar.approximate-bayes.responder");
    assert!(share.result.estimate.unwrap().abs() <= 1.0 && share.result.field("m").is_some());
    assert!(matches!(share.result.field("scale"), Some(Field::Text(scale)) if scale == "benefit"));
    // The primary model on every draw: a difference in the unit of the endpoint, near the main analysis here.
    let mixed = record(&found, "vas.m6.e1.mar.approximate-bayes.mixed");
    assert!(mixed.result.field("m").is_some() && mixed.result.notes.reason().is_none(), "{:?}", mixed.result.notes);
    assert!((mixed.result.estimate.unwrap() - main).abs() < mixed.result.std_error.unwrap());
    // The events file belongs to the seal.
    let (plan, _) = small.read().unwrap();
    assert!(plan::sources::files(&plan).contains(&"ice.csv"));
}

/// LEFT and RIGHT are names: swapped in every file, each record of the estimand has the same bytes, whatever the strategy.
#[test]
fn swapping_the_sides_changes_no_byte_of_an_estimate() {
    let swap = |cell: &str| match cell {
        "LEFT" => "RIGHT".to_owned(),
        "RIGHT" => "LEFT".to_owned(),
        other => other.to_owned(),
    };
    let others = "[[estimand.sensitivity]]\nstrategy = \"cir\"\n[[estimand.sensitivity]]\nstrategy = \"rtb\"\n\
                  [[estimand.sensitivity]]\nmethod = \"approximate-bayes\"\n[[estimand.sensitivity]]\nmethod = \"two-means\"\n";
    let mut small =
        trial("P03,RIGHT,Month 6,OUT\nP05,LEFT,Month 2,OUT", &(event("OUT", "knee", "jump-to-reference") + others));
    small.set("knees.csv", row(4, 2, true), "vas", "");
    let mut swapped = small.clone();
    for (file, column) in
        [("knees.csv", "side"), ("allocation.csv", "side"), ("ice.csv", "knee"), ("events.csv", "knee")]
    {
        swapped.set_column(file, column, |cell, _| swap(cell));
    }
    let of = |small: &SmallTrial| -> Vec<String> {
        let found = outcomes(small);
        let own = found.records.iter().filter(|record| record.id.contains(".e1."));
        own.map(|record| format!("{} {}", record.id, serde_json::to_string(&record.result).unwrap())).collect()
    };
    let (before, after) = (of(&small), of(&swapped));
    assert_eq!(before.len(), 5);
    assert!(before.iter().all(|text| text.contains("\"estimate\"")));
    assert_eq!(before, after);
}

/// Grades of a score come from draws: without missing values each set gives the paired method's own odds ratio; what has no
/// draws, no cut points or cut points outside the scale is refused.
#[test]
fn grades_come_from_draws_and_are_those_of_the_scale() {
    let policy = event("OUT", "patient", "treatment-policy");
    let graded = |further: &str| {
        format!("{policy}[estimand.missing]\nmethod = \"approximate-bayes\"\nanalysis = \"grades\"\nm = 20\n{further}")
    };
    let mut small = trial("", &graded("cuts = [45, 60]\n"));
    let found = outcomes(&small);
    let own = record(&found, "vas.m6.e1.mar");
    let column = |arm: &str| -> Vec<f64> {
        let rows = small.files["knees.csv"].iter().filter(|row| row[2] == "Month 6" && row[5] == arm);
        let grade = |row: &Vec<String>| {
            row[6].parse::<f64>().map(|vas| f64::from(u8::from(vas >= 45.0) + u8::from(vas >= 60.0)))
        };
        rows.map(|row| grade(row).unwrap()).collect()
    };
    let table =
        splitknee::paired::square_table::SquareTable::from_grades(&column("EV"), &column("SALINE"), &[0.0, 1.0, 2.0]);
    let options = splitknee::paired::Options::default();
    let direct = splitknee::paired::proportional_odds::proportional_odds(&table.unwrap(), &options).unwrap();
    let (estimate, error) = (own.result.estimate.unwrap(), own.result.std_error.unwrap());
    assert!((estimate - direct.estimate.unwrap()).abs() < 1e-12 && (error - direct.std_error.unwrap()).abs() < 1e-12);
    assert_eq!(own.result.number("odds_ratio"), Some(estimate.exp()));
    assert!(matches!(own.result.field("scale"), Some(Field::Text(scale)) if scale == "log-odds"));
    assert_eq!(own.role, splitknee::trial::Role::Sensitivity);
    // With a missing value the draws differ, and the interval is wider than of any of them.
    small.set("knees.csv", row(3, 2, true), "vas", "");
    let found = outcomes(&small);
    let own = record(&found, "vas.m6.e1.mar");
    assert!(own.result.number("between").is_none_or(|between| between > 0.0) && own.result.estimate.is_some());
    for (further, said) in [
        ("", "one to 8 cut points"),
        ("cuts = [60, 45]\n", "ascending"),
        ("cuts = [45, 160]\n", "outside the endpoint's range"),
    ] {
        let refused = trial("", &graded(further)).read_plan().unwrap_err();
        assert!(refused.iter().any(|finding| finding.message.contains(said)), "{further}: {refused:#?}");
    }
    let means = graded("cuts = [45]\n").replace("approximate-bayes", "conditional-mean").replace("m = 20\n", "");
    let refused = trial("", &means).read_plan().unwrap_err();
    assert!(refused.iter().any(|finding| finding.message.contains("higher grade is not linear")), "{refused:#?}");
    let stray = format!("{policy}[estimand.missing]\ncuts = [45]\n");
    let refused = trial("", &stray).read_plan().unwrap_err();
    assert!(refused.iter().any(|finding| finding.message.contains("belong to `analysis")), "{refused:#?}");
}

/// What an imputation is judged by is in the record and in the report: imputed beside observed values, residuals, chain.
#[test]
fn an_imputation_can_be_judged_from_its_record() {
    let others = "[[estimand.sensitivity]]\nmethod = \"bayes\"\n";
    let mut small = trial("", &(event("OUT", "patient", "treatment-policy") + "[estimand.missing]\nm = 50\n" + others));
    small.set("knees.csv", row(3, 2, true), "vas", "");
    let found = outcomes(&small);
    let json = |id: &str, name: &str| serde_json::to_value(record(&found, id).result.field(name)).unwrap();
    let spread = json("vas.m6.e1.mar", "spread");
    // Active and placebo at two visits; one active value is imputed at the last.
    let of = |place: usize, key: &str| spread[place][key]["n"].as_u64();
    assert_eq!(
        (of(1, "observed"), of(1, "imputed"), of(3, "observed"), of(3, "imputed")),
        (Some(11), Some(1), Some(12), None)
    );
    assert!(spread[1]["law_sd"].as_f64().unwrap() > 0.0 && spread[3]["law_sd"].is_null());
    let innovations = json("vas.m6.e1.mar", "innovations");
    let values: Vec<f64> = innovations.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    assert_eq!(values.len(), 47);
    assert!(values.windows(2).all(|pair| pair[0] <= pair[1]));
    let variance = values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64;
    assert!((0.5..1.2).contains(&variance), "{variance}");
    let bayes = "vas.m6.e1.mar.bayes";
    assert_eq!(json(bayes, "trace").as_array().unwrap().len(), 50);
    assert_eq!(json(bayes, "autocorrelation").as_array().unwrap().len(), 20);
    assert!(json(bayes, "thinning").as_u64().unwrap() >= 1);
    assert_eq!(serde_json::to_value(&spread[1]["imputed"]["n"]).unwrap(), 1);
    assert_eq!(json(bayes, "spread")[1]["imputed"]["n"], 50);
}
