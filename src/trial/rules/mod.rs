//! The catalogue of numbered rules that plans and data are checked against, and the checks that look beyond the reading.
//!
//! Rules that must hold before a [`super::Trial`] can exist are checked where the columns are read
//! ([`super::rows`], [`super::knees`], …); the others here, one file per group. Every rule has one number, one severity,
//! an example and a remedy, and is documented in `docs/rules.md`, which is made from this catalogue.

mod baselines;
pub mod coding;
pub mod consistency;
pub mod contradictions;
mod copied_patients;
mod copies;
pub mod declared_missing;
pub mod event_dates;
pub mod files;
mod flags;
pub mod headlines;
pub mod identity;
pub mod intercurrent;
mod logarithms;
pub mod missing_codes;
pub mod missingness;
mod patient_numbers;
pub mod plan;
pub mod randomisation;
mod scores;
mod split_patients;
pub mod time;
mod times;
mod unit_parts;
mod units;
pub mod values;

use super::finding::Severity;
use super::findings::Findings;
use super::knees::Knees;
use super::patients::Trial;
use super::rows::Rows;
use super::sources::Sources;

/// A numbered rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Identifier, for instance `SK103`; never reused for another rule.
    pub id: &'static str,
    /// How serious a finding is.
    pub severity: Severity,
    /// What must hold.
    pub title: &'static str,
    /// What breaks it.
    pub example: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

/// Rules of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// Title.
    pub title: &'static str,
    /// Rules by number.
    pub rules: &'static [Rule],
}

/// All rules by group.
pub const GROUPS: [Group; 10] = [
    Group { title: "Plan", rules: plan::RULES },
    Group { title: "Files", rules: files::RULES },
    Group { title: "Identity", rules: identity::RULES },
    Group { title: "Values", rules: values::RULES },
    Group { title: "Time", rules: time::RULES },
    Group { title: "Randomisation", rules: randomisation::RULES },
    Group { title: "Missing data", rules: missingness::RULES },
    Group { title: "Coding", rules: coding::RULES },
    Group { title: "Events and disposition", rules: consistency::RULES },
    Group { title: "Intercurrent events", rules: intercurrent::RULES },
];

/// The rule with this identifier.
pub fn find(id: &str) -> Option<&'static Rule> {
    GROUPS.iter().flat_map(|group| group.rules).find(|rule| rule.id == id)
}

/// Everything a check may look at.
pub struct Context<'a> {
    /// The trial.
    pub trial: &'a Trial,
    /// The files.
    pub sources: &'a Sources,
    /// The observations.
    pub rows: &'a Rows,
    /// Which knee each row belongs to.
    pub knees: &'a Knees,
}

/// Runs the checks that do not decide whether a trial can be built; side by side, with findings in the order of groups.
pub fn check(context: &Context<'_>, findings: &mut Findings) {
    let groups: [fn(&Context<'_>, &mut Findings); 8] = [
        declared_missing::check,
        identity::check,
        values::check,
        time::check,
        randomisation::check,
        missingness::check,
        coding::check,
        consistency::check,
    ];
    findings.side_by_side(&groups, |_, check, found| check(context, found));
}

/// The catalogue as a page of the documentation (`docs/rules.md`).
pub fn markdown() -> String {
    let mut page = String::from(
        "# The rules\n\n\
         Made from the catalogue in `src/trial/rules/` by the test `rules::the_documentation_is_current`; do not edit by hand.\n\n\
         `splitknee check PLAN` lists every finding with file, row, column and rule. An *error* stops the analysis. A\n\
         *warning* or *note* does not; it can be waived in the plan, and the report repeats the reason:\n\n\
         ```toml\n[[waive]]\nrule = \"SK208\"\nreason = \"Patients were asked for steps of five.\"\n```\n",
    );
    for group in GROUPS {
        page.push_str(&format!(
            "\n## {}\n\n| rule | severity | what must hold | example of a finding | remedy |\n|---|---|---|---|---|\n",
            group.title
        ));
        for rule in group.rules {
            page.push_str(&format!(
                "| {} | {} | {} | {} | {} |\n",
                rule.id,
                rule.severity.name(),
                rule.title,
                rule.example,
                rule.remedy
            ));
        }
    }
    page
}
