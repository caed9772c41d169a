//! The checklist of CONSORT for within-person randomised trials: where each item is in this report, or what the authors
//! must still write.
//!
//! Pandis N, Chung B, Scherer RW, Elbourne D, Altman DG. BMJ 2017;357:j2835, on the items of CONSORT 2010; the second
//! number is that of CONSORT 2025 (Hopewell S, et al. BMJ 2025;389:e081123).

use crate::report::compose::section as titled;
use crate::report::document::{Block, Section};
use crate::report::exhibits::Material;
use crate::table::{Align, Cell, ResultTable};

/// Where an item is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In a section of this report.
    Section(&'static str),
    /// In the plan, where it has the entry, else nowhere yet.
    Plan(Entry),
    /// Partly in a section; the authors complete it.
    Partly(&'static str),
    /// Only the authors can write it.
    Authors,
}

/// An entry of the plan that answers an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Rationale,
    Timing,
    Registration,
    Protocol,
    Eligibility,
    Setting,
    Randomisation,
    Concealment,
    Blinding,
    Funding,
}

use Place::{Authors, Partly, Plan, Section as In};

/// Number in CONSORT 2010, number in CONSORT 2025, key of the topic's message, place.
const ITEMS: [(&str, &str, &str, Place); 41] = [
    ("1a", "1a", "title", In("summary")),
    ("1b", "1b", "abstract", In("abstract")),
    ("2a", "6", "background", Authors),
    ("2b", "7", "objectives", Partly("abstract")),
    ("3a", "9", "design", Plan(Entry::Rationale)),
    ("3b", "10", "changes", Partly("departures")),
    ("4a", "12a", "eligibility", Plan(Entry::Eligibility)),
    ("4b", "11", "setting", Plan(Entry::Setting)),
    ("5", "13", "interventions", Plan(Entry::Timing)),
    ("6a", "14", "outcomes", Partly("methods")),
    ("6b", "10", "outcome_changes", Partly("departures")),
    ("7a", "16a", "sample_size", In("sample_size")),
    ("7b", "16b", "interim", In("interim")),
    ("8a", "17a", "sequence", Plan(Entry::Randomisation)),
    ("8b", "17b", "restriction", Partly("patients")),
    ("9", "18", "concealment", Plan(Entry::Concealment)),
    ("10", "19", "implementation", Authors),
    ("11a", "20a", "blinding", Plan(Entry::Blinding)),
    ("11b", "20b", "similarity", Authors),
    ("12a", "21a", "statistics", In("methods")),
    ("12b", "21d", "additional", In("methods")),
    ("–", "21c", "missing", In("missing")),
    ("13a", "22a", "flow", In("patients")),
    ("13b", "22b", "losses", In("patients")),
    ("14a", "23a", "dates", In("dates")),
    ("14b", "23b", "stopped", Authors),
    ("–", "24a", "delivery", Authors),
    ("15", "25", "baseline", In("patients")),
    ("16", "21b", "analysed", In("patients")),
    ("17a", "26", "estimation", In("endpoint")),
    ("17b", "26", "binary", In("endpoint")),
    ("18", "28", "ancillary", In("endpoint")),
    ("19", "27", "harms", In("safety")),
    ("20", "30", "limitations", Partly("limitations")),
    ("21", "30", "generalisability", Authors),
    ("22", "29", "interpretation", Authors),
    ("23", "2", "registration", Plan(Entry::Registration)),
    ("24", "3", "protocol", Plan(Entry::Protocol)),
    ("–", "4", "sharing", Partly("recompute")),
    ("25", "5a", "funding", Plan(Entry::Funding)),
    ("–", "5b", "conflicts", Authors),
];

/// The section.
pub fn section(material: &Material) -> Section {
    let words = material.words;
    let mut section = titled(material, "checklist");
    section.blocks.push(Block::Paragraph(words.get("text.checklist")));
    let title = words.get("table.checklist");
    let mut table = ResultTable::new("t-16-1-checklist", "16.1.4", title, String::new());
    table.headers(
        words.get("checklist.item"),
        ["number_2010", "number_2025", "where"].map(|key| words.get(&format!("checklist.{key}"))),
    );
    for column in &mut table.columns {
        column.align = Align::Left;
    }
    for (old, new, key, place) in ITEMS {
        let cells =
            vec![Cell::Text(old.to_owned()), Cell::Text(new.to_owned()), Cell::Text(place_in_words(material, place))];
        table.row(words.get(&format!("checklist.{key}")), 0, cells, Vec::new());
    }
    table.footnotes.push(words.get("checklist.source"));
    section.blocks.push(Block::Table(table));
    section
}

/// The title of the section of the first primary endpoint; the further endpoints have annexes of their own.
fn results(material: &Material) -> String {
    let first = material.primary_endpoints().first().copied().unwrap_or_default();
    material.words.say("section.primary", &[("endpoint", &material.endpoint(first).name)])
}

fn place_in_words(material: &Material, place: Place) -> String {
    let words = material.words;
    let title = |id: &str| {
        let name = match id {
            "endpoint" => results(material),
            "safety" if material.trial.events.is_none() => return words.get("checklist.authors"),
            "dates" if super::patients::dates(material).is_none() => return words.get("checklist.authors"),
            "dates" => words.get("section.patients"),
            "interim" if material.plan.interim.is_none() => return words.get("checklist.authors"),
            "interim" => results(material),
            "sample_size" if material.plan.sample_size.is_none() => return words.get("checklist.authors"),
            "sample_size" => words.get("section.design"),
            id => words.get(&format!("section.{id}")),
        };
        words.say("checklist.section", &[("section", &name)])
    };
    match place {
        In(id) => title(id),
        Partly(id) => words.say("checklist.partly", &[("where", &title(id))]),
        Authors => words.get("checklist.authors"),
        Plan(entry) => {
            let (trial, conduct) = (&material.plan.trial, &material.plan.conduct);
            let answer = match entry {
                Entry::Rationale => trial.rationale.clone(),
                Entry::Timing => crate::report::sentences::timing(material),
                Entry::Registration => trial.registration.clone(),
                Entry::Protocol => trial.protocol.clone(),
                Entry::Eligibility => conduct.eligibility.clone(),
                Entry::Setting => conduct.setting.clone(),
                Entry::Randomisation => super::allocation::drawn(material),
                Entry::Concealment => conduct.concealment.clone(),
                Entry::Blinding => conduct.blinding.clone(),
                Entry::Funding => conduct.funding.clone(),
            };
            answer.unwrap_or_else(|| words.get("checklist.authors"))
        }
    }
}
