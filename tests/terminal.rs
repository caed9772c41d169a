//! What a run says on the terminal: every line fits, no name is cut, every effect says what it is.

use crate::report::demo;
use splitknee::cli::run_summary::summary;
use splitknee::cli::terminal::{p_value, width};
use std::path::Path;

#[test]
fn the_summary_fits_the_terminal_and_cuts_no_name() {
    let (run, _) = demo("en");
    for columns in [50, 80, 120, 200] {
        let text = summary(run, Path::new("out"), columns);
        for line in text.lines() {
            assert!(width(line) <= columns, "{} of {columns} columns: {line}", width(line));
        }
        let words: Vec<&str> = text.split_whitespace().map(|word| word.trim_end_matches(',')).collect();
        for endpoint in &run.trial.design.endpoints {
            let found = endpoint.name.split(' ').all(|part| words.contains(&part));
            assert!(found, "{} is not whole at {columns} columns:\n{text}", endpoint.name);
        }
        assert!(!text.contains('…'), "{text}");
    }
}

#[test]
fn the_summary_leads_with_the_primary_comparison_and_names_what_is_no_difference() {
    let (run, _) = demo("en");
    let text = summary(run, Path::new("out"), 120);
    let primary = text.find("Primary: A difference in VAS pain").expect("the sentence on the primary comparison");
    let table = text.find("Endpoint").expect("the table");
    assert!(primary < table);
    let grades = text.lines().find(|line| line.starts_with("Medial meniscal")).expect("a graded endpoint");
    assert!(grades.contains("win odds 0.") && grades.contains(" to "), "{grades}");
    let injury = text.lines().find(|line| line.starts_with("ACL injury")).expect("a binary endpoint");
    assert!(injury.contains("0.000 (−0."), "a risk difference has three decimals: {injury}");
}

#[test]
fn no_p_value_prints_as_zero() {
    // A t statistic of 1e6 with 200 df has a p-value below the least double.
    for (p, printed) in [(0.0, "< 1.0e-300"), (5e-324, "< 1.0e-300"), (3.2e-9, "3.2e-9"), (0.04, "0.0400")] {
        assert_eq!(p_value(Some(p)), printed);
    }
}
