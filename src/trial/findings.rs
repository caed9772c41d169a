//! Collects findings; of one rule at most [`LISTED`] are kept in full and the rest counted.

use super::finding::{Finding, Location, Severity};
use super::rules;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Rules whose findings are the cause of findings of other rules: an arm that the plan does not have leaves its patients
/// with one knee.
const FOLLOWS: [(&str, &[&str]); 12] = [
    ("SK601", &["SK106", "SK607", "SK402", "SK401"]),
    ("SK602", &["SK606"]),
    // Two values of SPSS or Stata with one label.
    ("SK009", &["SK101"]),
    ("SK105", &["SK106"]),
    (
        "SK114",
        &[
            "SK106", "SK107", "SK108", "SK111", "SK113", "SK117", "SK505", "SK501", "SK503", "SK504", "SK608", "SK609",
            "SK712", "SK713",
        ],
    ),
    ("SK205", &["SK223"]),
    ("SK309", &["SK305"]),
    ("SK310", &["SK302", "SK305", "SK309"]),
    ("SK231", &["SK505", "SK503"]),
    ("SK604", &["SK107"]),
    // A row without a patient leaves another with one knee, or without a visit.
    ("SK102", &["SK106", "SK501", "SK503", "SK504", "SK505"]),
    ("SK615", &["SK618"]),
];

/// Findings of one rule that are listed one by one.
pub const LISTED: usize = 200;

/// Findings in the order found.
#[derive(Debug, Default)]
pub struct Findings {
    listed: Vec<Finding>,
    counts: BTreeMap<&'static str, usize>,
}

impl Findings {
    /// Adds a finding of `rule`, with the severity the catalogue gives the rule.
    pub fn add(&mut self, rule: &'static str, location: Location, message: String, remedy: impl Into<String>) {
        let severity = rules::find(rule).map_or(Severity::Error, |rule| rule.severity);
        let count = self.counts.entry(rule).or_default();
        *count += 1;
        if *count <= LISTED {
            self.listed.push(Finding { rule, severity, location, message, remedy: remedy.into() });
        }
    }

    /// Adds all findings of `other`, after those found so far.
    pub fn append(&mut self, other: Findings) {
        for finding in other.listed {
            let listed = self.listed.iter().filter(|known| known.rule == finding.rule).count();
            if listed < LISTED {
                self.listed.push(finding);
            }
        }
        for (rule, count) in other.counts {
            *self.counts.entry(rule).or_default() += count;
        }
    }

    /// Adds what `look` finds at each of `items`, which are looked at side by side, in their order.
    pub fn side_by_side<T: Sync>(&mut self, items: &[T], look: impl Fn(usize, &T, &mut Findings) + Sync) {
        let found: Vec<Findings> = items
            .par_iter()
            .enumerate()
            .map(|(number, item)| {
                let mut found = Findings::default();
                look(number, item, &mut found);
                found
            })
            .collect();
        found.into_iter().for_each(|found| self.append(found));
    }

    /// Whether there is a finding of this rule.
    pub fn has(&self, rule: &str) -> bool {
        self.counts.contains_key(rule)
    }

    /// Whether any finding is an error.
    pub fn has_errors(&self) -> bool {
        self.listed.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// All findings: errors first, then warnings and notes, each in the order found; where a rule has more than
    /// [`LISTED`], its last finding says how many more. Findings that only follow from the cause of an error are left out.
    pub fn into_list(self) -> Vec<Finding> {
        let Self { mut listed, mut counts } = self;
        for (cause, consequences) in FOLLOWS {
            if counts.contains_key(cause) {
                listed.retain(|finding| !consequences.contains(&finding.rule));
                counts.retain(|rule, _| !consequences.contains(rule));
            }
        }
        // A row without a patient has mostly nothing else either (an empty row); what a row of totals holds is no value.
        let rows_of = |rule: &str| -> BTreeSet<(String, Option<usize>)> {
            let of_rule = listed.iter().filter(|finding| finding.rule == rule);
            of_rule.map(|finding| (finding.location.file.clone(), finding.location.row)).collect()
        };
        let (nobody, totals) = (rows_of("SK102"), rows_of("SK118"));
        listed.retain(|finding| {
            let row = (finding.location.file.clone(), finding.location.row);
            !(finding.rule == "SK604" && nobody.contains(&row) || finding.rule != "SK118" && totals.contains(&row))
        });
        for (rule, count) in counts {
            if count > LISTED
                && let Some(last) = listed.iter_mut().rfind(|finding| finding.rule == rule)
            {
                last.message.push_str(&format!(" (and {} more findings of this rule)", count - LISTED));
            }
        }
        listed.sort_by_key(|finding| finding.severity);
        listed
    }
}

/// A place in a data file.
pub fn place(file: &str, row: Option<usize>, column: Option<&str>) -> Location {
    Location { file: file.to_owned(), row, column: column.map(str::to_owned) }
}
