//! The registry of the paired tests is complete, and nothing else lists them: from one line per test follow plan, schema,
//! options and help of the command line, scales, sources and recipes; what a person writes (words, pages) is held to it.

use crate::cli_model::run;
use splitknee::paired::catalogue::{self, Settings};
use splitknee::paired::method::Estimate;
use splitknee::paired::{METHODS, Options};
use splitknee::plan;
use splitknee::report::words::{Language, Words};
use splitknee::terms::Kind;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The Rust files below a folder, by their path from the root.
fn sources(folder: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    walk(&root.join(folder), &mut found);
    found.sort();
    found
        .iter()
        .map(|path| (path.strip_prefix(root).unwrap().display().to_string(), fs::read_to_string(path).unwrap()))
        .collect()
}

#[test]
fn every_test_that_a_file_declares_has_its_line() {
    let files = sources("crates/splitknee-stats/src/paired");
    let declared =
        |line: &&str| line.starts_with("pub const ") && line.ends_with("Method {") && line.contains("Method = ");
    let declared: usize = files.iter().map(|(_, text)| text.lines().filter(declared).count()).sum();
    assert_eq!(declared, METHODS.len(), "declared as `Method` in paired/, and listed in METHODS");
    let names: BTreeSet<&str> = METHODS.iter().map(|method| method.name).collect();
    let in_results: BTreeSet<&str> = METHODS.iter().map(|method| method.result_name()).collect();
    assert_eq!((names.len(), in_results.len()), (METHODS.len(), METHODS.len()), "two tests of one name");
}

/// Pairs that a test of these kinds of endpoint can be asked of: yes and no where it is for them or for counts, else scores.
fn pairs(kinds: &[Kind]) -> (Vec<f64>, Vec<f64>) {
    let answers = kinds.contains(&Kind::Binary) || kinds == [Kind::Count];
    let pair = |i: u32| match answers {
        true => (f64::from(i.is_multiple_of(3)), f64::from(i.is_multiple_of(5))),
        false => (f64::from(i * 37 % 101), f64::from(i * 53 % 97)),
    };
    (0..260).map(pair).unzip()
}

#[test]
fn a_line_says_what_the_test_does() {
    let settings = Settings { limits: Some((-0.5, 0.5)), margin: Some(0.5), ..Settings::default() };
    for method in METHODS {
        let name = method.name;
        let (treated, control) = pairs(method.kinds);
        assert!(method.needs.iter().all(|option| method.options.contains(option)), "{name} reads what it needs");
        assert!(!method.kinds.is_empty() && !method.kinds.contains(&Kind::Survival), "{name}: kinds of endpoint");
        assert!(method.source.chars().filter(char::is_ascii_digit).count() >= 4, "{name}: a source with its year");
        let result = catalogue::run(name, &treated, &control, &Options::default(), &settings)
            .unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        // The calculator has one name of the exact test of counts, records have another.
        assert!([name, method.result_name()].contains(&result.method), "{name} calls itself {}", result.method);
        assert_eq!(result.n_pairs, treated.len(), "{name}");
        if let Estimate::Benefit { null } = method.estimate {
            let same = catalogue::run(name, &treated, &treated, &Options::default(), &settings).unwrap();
            assert_eq!(same.estimate, Some(null), "{name}: the value of sides that do not differ");
        }
        if method.estimate.is_difference() {
            let swapped = catalogue::run(name, &control, &treated, &Options::default(), &settings).unwrap();
            let sum = swapped.estimate.unwrap() + result.estimate.unwrap();
            assert!(sum.abs() < 1e-9, "{name}: a difference changes its sign, the sum is {sum}");
        }
    }
}

#[test]
fn every_test_has_its_words_in_both_languages() {
    for language in [Language::English, Language::Japanese] {
        let words = Words::new(language);
        for name in METHODS.iter().map(|method| method.result_name()).chain(catalogue::REPEATED) {
            for key in [format!("method.{name}"), format!("assumption.{name}")] {
                assert!(words.messages().contains_key(&key), "{key} in {language:?}");
            }
        }
    }
}

#[test]
fn plan_schema_and_help_offer_every_test() {
    let schema = plan::schema::schema();
    let offered = schema.pointer("/$defs/EndpointPlan/properties/tests/items/enum").unwrap();
    // Behind them stand the methods for times to an event, which have conditions of their own.
    let tests: Vec<&str> = catalogue::in_plans().into_iter().chain(plan::survival::METHODS).collect();
    assert_eq!(*offered, serde_json::json!(tests));
    let (_, help, _) = run(&["test", "--help"]);
    let words: Vec<&str> = help.split(|c: char| c.is_whitespace() || "(),[]".contains(c)).collect();
    for method in METHODS {
        assert!(words.contains(&method.name), "{} is not in the help", method.name);
    }
    // An option that a test does not read is refused with those that do.
    let (code, _, said) = run(&["test", "sign", "--trim", "0.1"]);
    assert!(code == 2 && said.contains("--trim is an option of trimmed-t, not of sign"), "{said}");
}

#[test]
fn the_pages_know_every_test_with_its_options_and_sources() {
    let (methods, records) = (text("docs/methods.md"), text("docs/records.md"));
    for method in METHODS {
        let name = format!("`{}`", method.name);
        let row = methods
            .lines()
            .find(|line| line.starts_with("| ") && line.split(" | ").next().unwrap_or_default().contains(&name))
            .unwrap_or_else(|| panic!("docs/methods.md has no row of {name}"));
        for option in method.options.iter().filter(|option| !["--transform", "--exposure-control"].contains(option)) {
            assert!(row.contains(option), "docs/methods.md: the row of {name} does not name {option}");
        }
        for year in method.source.split(|c: char| !c.is_ascii_digit()).filter(|digits| digits.len() == 4) {
            assert!(row.contains(year), "docs/methods.md: the row of {name} lacks the source of {year}");
        }
        assert!(records.contains(method.result_name()), "docs/records.md does not name {}", method.result_name());
    }
}

/// Where a handful of tests is named for a reason of its own, which another test does not join.
const NAMED_FOR_A_REASON: [(&str, &str); 6] = [
    ("src/analysis/pairs.rs", "the tests usual for a kind of endpoint"),
    ("src/cli/commands/test.rs", "what the values of --p and --kind mean to single tests"),
    ("src/cli/power/mod.rs", "methods of planning"),
    ("src/analysis/second_routes.rs", "second computations"),
    ("src/plan/options.rs", "methods that `analysis.primary` offers"),
    ("src/report/verify/expected.rs", "fields of results that the program in R compares"),
];

#[test]
fn nothing_else_lists_the_tests() {
    let mut lists = Vec::new();
    for (path, text) in sources("src").into_iter().filter(|(path, _)| !path.starts_with("src/qualification")) {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let named = METHODS.iter().filter(|method| code.contains(&format!("\"{}\"", method.name))).count();
        if named > 3 && !NAMED_FOR_A_REASON.iter().any(|(known, _)| *known == path) {
            lists.push(format!("{path} names {named} tests"));
        }
    }
    assert!(lists.is_empty(), "ask the registry (paired::METHODS) instead: {lists:#?}");
}
