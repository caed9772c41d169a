//! Departures from the plan: changes since the seal, structures that failed, findings that were accepted, and the
//! settings the plan left at their defaults.

use crate::analysis::Run;
use crate::plan::lock::LockState;
use crate::report::compose::section as titled;
use crate::report::document::{Block, Part, Section};
use crate::report::exhibits::Material;
use crate::report::words::{Language, Words};
use crate::table::{Align, Cell, ResultTable};
use crate::trial::{Finding, Location, rules};
use std::collections::BTreeMap;

/// The section.
pub fn section(material: &Material, run: &Run) -> Section {
    let words = material.words;
    let mut section = titled(material, "departures");
    section.blocks.push(Block::Paragraph(match &material.options.lock {
        LockState::NeverSealed => words.get("departures.never_sealed"),
        LockState::Sealed { date, .. } => words.say("departures.sealed", &[("date", date)]),
        LockState::Changed { date, changes } => {
            words.say("departures.changed", &[("date", date), ("n", &changes.len().to_string())])
        }
    }));
    if let LockState::Changed { changes, .. } = &material.options.lock {
        let absent = || words.get("departures.absent");
        let title = words.get("table.departures");
        let mut table = ResultTable::new("t-16-1-departures", "16.1.1", title, String::new());
        table.headers(
            words.get("departures.key"),
            ["sealed_value", "now"].map(|k| words.get(&format!("departures.{k}"))),
        );
        left(&mut table);
        for change in changes {
            let cells = [&change.sealed, &change.now].map(|value| Cell::Text(value.clone().unwrap_or_else(absent)));
            table.row(change.key.clone(), 0, cells.to_vec(), Vec::new());
        }
        section.blocks.push(Block::Table(table));
    }
    let notes: Vec<String> = material
        .fits()
        .filter(|fit| fit.fell_back || !fit.notes.is_empty())
        .map(|fit| {
            let notes: Vec<String> = fit.notes.iter().map(|note| words.note(note)).collect();
            let values = [
                ("endpoint", material.endpoint(fit.endpoint).name.as_str()),
                ("structure", &words.name("structure", fit.structure)),
                ("notes", &notes.join(&words.get("text.semicolon"))),
            ];
            words.say("departures.model", &values)
        })
        .collect();
    if !notes.is_empty() {
        section.blocks.push(Block::Paragraph(words.get("departures.models")));
        section.blocks.push(Block::List(notes));
    }
    section.blocks.extend(findings(material, run).map(Block::Table));
    if !material.plan.report.omit.is_empty() {
        let omitted = material.plan.report.omit.join(&words.get("text.comma"));
        section.blocks.push(Block::Paragraph(words.say("departures.omitted", &[("outputs", &omitted)])));
    }
    if !material.plan.waivers.is_empty() {
        section.blocks.push(Block::Paragraph(words.get("departures.waived")));
        let waived = material.plan.waivers.iter().map(|waiver| format!("{}: {}", waiver.rule, waiver.reason));
        section.blocks.push(Block::List(waived.collect()));
    }
    section
}

/// The settings that the plan leaves to the program.
pub fn annex(material: &Material) -> Section {
    let mut section = titled(material, "annex_settings");
    section.part = Part::Annex;
    section.blocks.extend(defaults(material).map(Block::Table));
    section
}

/// Findings that did not stop the analysis, by rule.
fn findings(material: &Material, run: &Run) -> Option<ResultTable> {
    let words = material.words;
    let mut rules: BTreeMap<&str, (usize, &Finding)> = BTreeMap::new();
    for finding in &run.findings {
        rules.entry(finding.rule).or_insert((0, finding)).0 += 1;
    }
    let mut table = ResultTable::new("t-16-1-findings", "16.1.2", words.get("table.findings"), String::new());
    let headers = ["demand", "count", "first"].map(|key| words.get(&format!("departures.{key}")));
    table.headers(words.get("departures.rule"), headers);
    left(&mut table);
    for (rule, (count, first)) in rules {
        // Findings are written in English; in another language the rule says what was looked at, and the place where.
        let first = match words.language {
            Language::English => quoted(&first.message),
            Language::Japanese => place(words, &first.location),
        };
        let cells = vec![Cell::Text(demand(words, rule)), Cell::Count(count), Cell::Text(first)];
        table.row(rule, 0, cells, Vec::new());
    }
    (!table.rows.is_empty()).then_some(table)
}

/// Where in which file, in words.
fn place(words: &Words, at: &Location) -> String {
    let row = at.row.map(|row| row.to_string());
    let key = match (&row, &at.column) {
        (None, None) => "departures.at_file",
        (None, Some(_)) => "departures.at_column",
        (Some(_), None) => "departures.at_row",
        (Some(_), Some(_)) => "departures.at_cell",
    };
    let values = [("file", at.file.as_str()), ("row", row.as_deref().unwrap_or_default())];
    words
        .say(key, &values.into_iter().chain([("column", at.column.as_deref().unwrap_or_default())]).collect::<Vec<_>>())
}

/// A message of the data check with its quotations in quotation marks: backticks are for the terminal.
fn quoted(message: &str) -> String {
    let parts = message.split('`').enumerate();
    parts.map(|(place, part)| if place % 2 == 1 { format!("“{part}”") } else { part.to_owned() }).collect()
}

/// What a rule demands; in the words of the catalogue where the language has none of its own.
fn demand(words: &Words, rule: &str) -> String {
    let said = words.name("rule", rule);
    if said == rule { rules::find(rule).map_or(said, |known| words.of_the_site(known.title)) } else { said }
}

/// Settings that the plan leaves to the program.
fn defaults(material: &Material) -> Option<ResultTable> {
    let words = material.words;
    let title = words.get("table.defaults");
    let mut table = ResultTable::new("t-16-1-defaults", "16.1.3", title, String::new());
    table.headers(words.get("departures.key"), [words.get("departures.value")]);
    left(&mut table);
    // Settings of single endpoints (identifiers, decimals) choose no method; the schema documents them.
    let chosen = material.plan.defaults_used().iter().filter(|default| {
        ["analysis.", "multiplicity", "safety", "analysis_set", "visits"]
            .iter()
            .any(|part| default.key.starts_with(part))
    });
    for default in chosen {
        table.row(default.key.clone(), 0, vec![Cell::Text(default.value.clone())], Vec::new());
    }
    (!table.rows.is_empty()).then_some(table)
}

fn left(table: &mut ResultTable) {
    for column in &mut table.columns {
        column.align = Align::Left;
    }
}
