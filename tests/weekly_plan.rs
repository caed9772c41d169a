//! `kind = "count"` in a plan: values that are no counts are findings with their rows, and nothing is analysed.

use splitknee::pipeline;
use splitknee::trial::Finding;

const PLAN: &str = r#"
[trial]
id = "DAYS"
title = "Painful days"
synthetic = true
[data]
path = "data.csv"
columns = { patient = "patient", knee = "knee", arm = "arm" }
[arms]
active = "A"
placebo = "P"
[[endpoint]]
name = "Painful days"
column = "days"
kind = "count"
better = "lower"
[analysis]
primary = "paired_t"
sensitivity = []
"#;

/// Two rows a patient, the active knee first: row 2 of the file is the active knee of the first.
fn read(counts: &[(&str, &str)]) -> Result<pipeline::Inputs, Vec<Finding>> {
    let mut data = "patient,knee,arm,days\n".to_owned();
    for (number, (active, placebo)) in counts.iter().enumerate() {
        data += &format!("P{number},left,A,{active}\nP{number},right,P,{placebo}\n");
    }
    pipeline::read_from(PLAN, "plan.toml", |_| Ok(data.clone().into_bytes()))
}

const WHOLE: [(&str, &str); 6] = [("0", "2"), ("3", "5"), ("1", "1"), ("4", "9"), ("2", "6"), ("7", "8")];

#[test]
fn values_that_are_no_counts_are_named_with_their_rows() {
    for (cell, shown) in [("2.5", "is 2.5"), ("-1", "is -1")] {
        let mut counts = WHOLE;
        counts[3].1 = cell;
        let inputs = read(&counts).unwrap_or_else(|findings| panic!("{findings:?}"));
        let findings = pipeline::analyse(inputs).map(|_| ()).expect_err(cell);
        let found: Vec<&Finding> = findings.iter().filter(|finding| finding.rule == "SK203").collect();
        let [finding] = found[..] else { panic!("{cell}: {findings:?}") };
        assert!(finding.message.contains(shown), "{}", finding.message);
        assert!(finding.message.contains("a count is a whole number from 0"), "{}", finding.message);
        assert_eq!(finding.location.row, Some(9), "{cell}");
    }
}

#[test]
fn whole_counts_from_zero_are_analysed() {
    let run = pipeline::analyse(read(&WHOLE).unwrap_or_else(|findings| panic!("{findings:?}"))).unwrap();
    let found = &run.outcomes.comparison(0, 0, "paired-t").unwrap().result;
    // By hand: (−2 − 2 + 0 − 5 − 4 − 1) / 6.
    assert_eq!(found.n_pairs, 6);
    assert!((found.estimate.unwrap() + 14.0 / 6.0).abs() < 1e-12);
}
