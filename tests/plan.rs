//! The analysis plan: defaults, identifiers, all mistakes at once, and the plans of the project's data sets.

use crate::project::dataset;
use crate::small_trial::SmallTrial;
use splitknee::plan::{self, BaselinePlan, PrimaryMethod};
use splitknee::trial::{Role, Severity};

/// The least a plan must say.
const LEAST: &str = r#"
trial = { id = "S", title = "Shoes" }
data = { path = "shoes.csv", columns = { patient = "boy", arm = "material" } }
arms = { active = "A", placebo = "B" }
[[endpoint]]
name = "Wear"
column = "wear"
better = "lower"
"#;

#[test]
fn the_least_plan_is_complete_by_defaults() {
    let plan = plan::parse(LEAST, "plan.toml").unwrap();
    let design = plan.design();
    assert_eq!(design.visits.len(), 1);
    assert_eq!((design.baseline, design.primary), (None, 0));
    assert_eq!(design.endpoints[0].id, "wear");
    assert_eq!(design.endpoints[0].role, Role::Primary);
    assert_eq!(plan.analysis.primary, PrimaryMethod::MixedModel);
    assert_eq!(plan.analysis.baseline, BaselinePlan::None);
    assert_eq!(plan.analysis_sets[0].name, "ALL");
    let default = |key: &str| {
        plan.defaults_used().iter().find(|default| default.key == key).map(|default| default.value.as_str())
    };
    assert_eq!(default("analysis.alpha"), Some("0.05"));
    assert_eq!(default("analysis.ddf"), Some("\"kenward-roger\""));
    assert_eq!(default("analysis.baseline"), Some("\"none\""));
    assert_eq!(default("endpoint.0.kind"), Some("\"continuous\""));
    assert_eq!(default("endpoint.0.role"), Some("\"primary\""));
    assert_eq!(default("trial.id"), None);
    let japanese = plan::parse(&format!("{LEAST}[report]\nlanguage = \"ja\"\n"), "plan.toml").unwrap();
    assert_eq!(japanese.design().visits[0].label, "単回評価");
    assert_eq!(japanese.analysis_sets[0].label.as_deref(), Some("データのある全患者"));
    assert!(plan.defaults_used().iter().all(|default| !default.meaning.is_empty()));
}

#[test]
fn the_hash_is_that_of_the_bytes() {
    // printf 'abc' | sha256sum would be the same function: NIST's test vector for "abc".
    let error = plan::parse("abc", "plan.toml").unwrap_err();
    assert_eq!(error[0].rule, "SK002");
    let plan = plan::parse(LEAST, "plan.toml").unwrap();
    assert_eq!(plan.sha256.len(), 64);
    assert_ne!(plan.sha256, plan::parse(&format!("{LEAST}# note\n"), "plan.toml").unwrap().sha256);
}

#[test]
fn all_mistakes_are_reported_with_line_and_column() {
    let text = LEAST.replace("better", "beter").replace("placebo", "plcebo").replace("wear", "");
    let findings = plan::parse(&text, "plan.toml").unwrap_err();
    let places: Vec<String> = findings.iter().map(|finding| format!("{} {}", finding.rule, finding.location)).collect();
    for place in ["SK003 plan.toml:4:24", "SK004 plan.toml:4:8", "SK003 plan.toml:8:1", "SK004 plan.toml:5:1"] {
        assert!(places.contains(&place.to_owned()), "{place} is not among {places:?}");
    }
    assert!(findings.iter().all(|finding| finding.severity == Severity::Error && !finding.remedy.is_empty()));
    let beter = findings.iter().find(|finding| finding.message.contains("beter")).unwrap();
    assert!(beter.remedy.contains("`better`"), "{beter}");
}

#[test]
fn columns_count_characters() {
    let text = LEAST.replace("title = \"Shoes\"", "title = \"靴\", x = 1");
    let findings = plan::parse(&text, "plan.toml").unwrap_err();
    assert_eq!(findings[0].location.to_string(), "plan.toml:2:34");
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_no_mistake() {
    let text = format!("\u{feff}{}", LEAST.replace('\n', "\r\n"));
    assert!(plan::parse(&text, "plan.toml").is_ok());
}

#[test]
fn numbers_and_lists_out_of_bounds_are_said_in_words() {
    let text = "[trial]\nid = \"A\"\ntitle = \"B\"\n[data]\npath = \"a.csv\"\ncolumns = { patient = \"id\", arm = \"arm\" }\n\
        header_row = -2\n[arms]\nactive = \"A\"\nplacebo = \"B\"\n[[endpoint]]\nname = \"V\"\ncolumn = \"v\"\n\
        better = \"lower\"\nrange = [0]\ndecimals = -1\n";
    let findings = splitknee::plan::parse(text, "plan.toml").unwrap_err();
    let found: Vec<(&str, String)> =
        findings.iter().map(|finding| (finding.rule, finding.location.to_string())).collect();
    let expected = [("SK010", "plan.toml:7:14"), ("SK010", "plan.toml:15:9"), ("SK010", "plan.toml:16:12")];
    assert_eq!(found.len(), 3, "{findings:#?}");
    for (rule, place) in expected {
        assert!(found.contains(&(rule, place.to_owned())), "{rule} {place}: {found:?}");
    }
    assert!(findings.iter().any(|finding| finding.message.contains("has 1 values, and must have 2")), "{findings:#?}");
}

/// An endpoint followed by an estimand that is estimated, with an event handled as `strategy` says.
fn estimand(strategy: &str) -> String {
    format!(
        "better = \"lower\"\n[[estimand]]\ntreatment = \"t\"\npopulation = \"p\"\nvariable = \"v\"\nsummary_measure = \"s\"\n\
         [estimand.missing]\n[[estimand.intercurrent_event]]\nevent = \"E\"\nlevel = \"knee\"\n{strategy}\n"
    )
}

/// An endpoint followed by an estimand with these keys under `[estimand.missing]`.
fn missing(keys: &str) -> String {
    format!(
        "better = \"lower\"\n[[estimand]]\ntreatment = \"t\"\npopulation = \"p\"\nvariable = \"v\"\nsummary_measure = \"s\"\n\
         [estimand.missing]\n{keys}\n"
    )
}

#[test]
fn one_estimand_or_several_and_every_spelling_of_a_strategy() {
    let one = estimand("strategy = \"treatment_policy\"").replace("[[estimand]]", "[estimand]");
    let plan = plan::parse(&LEAST.replace("better = \"lower\"", &one), "plan.toml").unwrap();
    assert_eq!((plan.estimands.len(), plan.estimands[0].id_at(0).as_str()), (1, "E1"));
    assert_eq!(plan.estimands[0].intercurrent_events[0].strategy.name(), "treatment-policy");
    for (spelling, name) in [
        ("j2r", "jump-to-reference"),
        ("jump-to-reference", "jump-to-reference"),
        ("copy_increments", "copy-increments"),
    ] {
        let written = estimand(&format!("strategy = \"{spelling}\""));
        let plan = plan::parse(&LEAST.replace("better = \"lower\"", &written), "plan.toml").unwrap();
        assert_eq!(plan.estimands[0].intercurrent_events[0].strategy.name(), name);
    }
    // A table of estimands alone may name any strategy, as before.
    let printed = "better = \"lower\"\n[estimand]\ntreatment = \"t\"\npopulation = \"p\"\nvariable = \"v\"\nsummary_measure = \"s\"\n\
                   [[estimand.intercurrent_event]]\nevent = \"E\"\nlevel = \"patient\"\nstrategy = \"principal_stratum\"\n";
    assert!(plan::parse(&LEAST.replace("better = \"lower\"", printed), "plan.toml").is_ok());
}

#[test]
fn every_reference_between_keys_is_checked() {
    // A second estimand that is silent about the event of the first.
    let silent = estimand("strategy = \"hypothetical\"") + missing("").strip_prefix("better = \"lower\"").unwrap();
    for (from, to, rule) in [
        ("better = \"lower\"", "better = \"lower\"\nmcid = -3", "SK010"),
        ("better = \"lower\"", "better = \"lower\"\nmargin = 0", "SK010"),
        ("better = \"lower\"", "better = \"lower\"\ntests = [\"paired-tt\"]", "SK008"),
        ("better = \"lower\"", "better = \"lower\"\nvisits = [\"Month 1\"]", "SK008"),
        ("better = \"lower\"", "better = \"lower\"\nid = \"a/b\"", "SK010"),
        ("better = \"lower\"", "better = \"lower\"\n[analysis]\nalpha = 5", "SK010"),
        ("better = \"lower\"", "better = \"lower\"\n[analysis]\nprimary = \"clda\"", "SK016"),
        ("better = \"lower\"", "better = \"lower\"\n[analysis]\nsets = [\"FAS\"]", "SK008"),
        ("better = \"lower\"", "better = \"lower\"\n[multiplicity]\nfamily = [\"ware\"]", "SK008"),
        (
            "better = \"lower\"",
            "better = \"lower\"\n[[analysis_set]]\nname = \"A\"\n[[analysis_set]]\nname = \"A\"",
            "SK009",
        ),
        ("better = \"lower\"", "better = \"lower\"\n[[subgroup]]\ncolumn = \"age\"\ncuts = [60, 50]", "SK010"),
        ("better = \"lower\"", "better = \"lower\"\n[[waive]]\nrule = \"SK208\"\nreason = \"\"", "SK018"),
        ("better = \"lower\"", "better = \"lower\"\n[[waive]]\nrule = \"SK999\"\nreason = \"x\"", "SK008"),
        ("better = \"lower\"", estimand("strategy = \"causal\"").as_str(), "SK010"),
        ("better = \"lower\"", estimand("strategy = \"hypothetical\"\nk = 0.5").as_str(), "SK010"),
        ("better = \"lower\"", estimand("strategy = \"principal-stratum\"").as_str(), "SK010"),
        ("better = \"lower\"", estimand("strategy = \"composite\"").as_str(), "SK010"),
        ("better = \"lower\"", estimand("strategy = \"return-to-baseline\"").as_str(), "SK016"),
        ("better = \"lower\"", estimand("strategy = \"hypotetical\"").as_str(), "SK006"),
        ("better = \"lower\"", estimand("strategy = \"composite\"\nvalue = \"best\"").as_str(), "SK006"),
        ("better = \"lower\"", missing("analysis = \"responder\"\nthreshold = 1").as_str(), "SK010"),
        ("better = \"lower\"", missing("analysis = \"responder\"\nmethod = \"bayes\"").as_str(), "SK010"),
        ("better = \"lower\"", missing("method = \"bayes\"\nstructure = \"kron-us-us\"").as_str(), "SK010"),
        ("better = \"lower\"", missing("m = 50").as_str(), "SK010"),
        ("better = \"lower\"", missing("analysis = \"ancova\"").as_str(), "SK016"),
        ("better = \"lower\"", missing("[[estimand.sensitivity]]").as_str(), "SK012"),
        ("better = \"lower\"", missing("[[estimand.sensitivity]]\ndelta = { active = \"tip\" }").as_str(), "SK006"),
        (
            "better = \"lower\"",
            missing("[[estimand.sensitivity]]\nmethod = \"locf\"\ndelta = { active = 1 }").as_str(),
            "SK010",
        ),
        (
            "better = \"lower\"",
            estimand("strategy = \"hypothetical\"").replace("[[estimand]]", "[[estimand]]\nendpoint = \"x\"").as_str(),
            "SK008",
        ),
        (
            "better = \"lower\"",
            estimand("strategy = \"hypothetical\"")
                .replace("[[estimand]]", "[[estimand]]\nanalysis_set = \"X\"")
                .as_str(),
            "SK008",
        ),
        ("better = \"lower\"", "better = \"lower\"\n[events]\nfile = \"e.csv\"", "SK014"),
        ("better = \"lower\"", silent.as_str(), "SK014"),
        (", arm = \"material\"", "", "SK014"),
        ("placebo = \"B\"", "placebo = \"A\"", "SK009"),
        ("title = \"Shoes\"", "title = \"Shoes\", data_date = \"1 May\"", "SK010"),
        ("path = \"shoes.csv\"", "path = \"shoes.csv\", shape = \"wide\"", "SK014"),
        ("path = \"shoes.csv\"", "path = \"shoes.csv\", header_row = 0", "SK010"),
    ] {
        assert!(LEAST.contains(from));
        let findings = plan::parse(&LEAST.replace(from, to), "plan.toml").unwrap_err();
        assert_eq!(findings[0].rule, rule, "{to}: {}", findings[0]);
    }
}

#[test]
fn the_plans_of_the_data_sets_are_read_and_their_data_fit() {
    for (name, patients, randomised, primary_set) in [("ev-knee-synthetic", 31, 31, 29), ("shoes", 10, 10, 10)] {
        let folder = dataset(name);
        let plan = plan::load(&folder.join("plan.toml")).unwrap();
        let sources = plan::sources::read(&plan, &folder).unwrap();
        let (trial, findings) = splitknee::trial::build::build(&plan.design(), &sources).unwrap();
        assert_eq!(trial.patients.len(), patients, "{name}");
        assert_eq!(trial.randomised, randomised, "{name}");
        assert_eq!(trial.sets[0].size(), primary_set, "{name}");
        assert!(findings.iter().all(|finding| finding.severity != Severity::Error), "{name}");
        assert_eq!(plan.trial.synthetic, name == "ev-knee-synthetic");
    }
}

#[test]
fn arbitrary_bytes_never_panic() {
    // A small deterministic fuzz: cut, double and exchange pieces of a valid plan.
    let text = SmallTrial::new().plan;
    let mut state: u64 = 1;
    for _ in 0..300 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = (state >> 33) as usize % text.len();
        let length = (state >> 17) as usize % 40;
        let (Some(head), Some(tail)) = (text.get(..at), text.get((at + length).min(text.len())..)) else { continue };
        let _ = plan::parse(&format!("{head}{tail}"), "plan.toml");
        let _ = plan::parse(&format!("{head}\"{tail}"), "plan.toml");
        let _ = plan::parse(&format!("{head}[[{tail}"), "plan.toml");
    }
}
