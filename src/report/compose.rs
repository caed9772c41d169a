//! The document: which sections, in which order.

use super::document::{Block, Document, Part, Section};
use super::exhibits::{Material, figures};
use super::numbering;
use super::options::Options;
use super::sections;
use super::site::Site;
use super::words::{Language, Words};
use crate::analysis::Run;
use crate::figure::{FigureError, Style};
use crate::plan::Plan;
use crate::plan::lock::LockState;
use std::collections::BTreeSet;

/// The words of a report of `plan`: its language, level and body site.
pub fn words(plan: &Plan) -> Words {
    words_in(plan.report.language, plan)
}

/// The words about a trial of `plan` in `language`.
pub fn words_in(language: Language, plan: &Plan) -> Words {
    Words::new(language)
        .at(plan.analysis.alpha)
        .of_site(Site::of(&plan.trial, language))
        .of_arms([&plan.arms.active, &plan.arms.placebo])
}

/// The style of the figures.
pub fn style(plan: &Plan) -> Style {
    figures::style(plan)
}

/// The whole report of an unsealed plan with the built-in look.
///
/// # Errors
/// A figure that cannot be drawn.
pub fn document(run: &Run, words: &Words, style: &Style) -> Result<Document, FigureError> {
    document_with(run, words, style, &Options::default())
}

/// The whole report.
///
/// # Errors
/// A figure that cannot be drawn.
pub fn document_with(run: &Run, words: &Words, style: &Style, options: &Options) -> Result<Document, FigureError> {
    let material = Material { plan: &run.plan, trial: &run.trial, outcomes: &run.outcomes, words, options };
    let mut sections = vec![
        sections::summary::section(&material, run, style)?,
        sections::abstracts::section(&material),
        sections::patients::section(&material, style)?,
    ];
    let primary = material.primary_endpoints();
    for endpoint in primary.iter().copied() {
        sections.push(sections::endpoint::primary(&material, endpoint, style)?);
    }
    sections.extend(sections::secondary::section(&material));
    sections.extend(sections::safety::section(&material, style)?);
    sections.push(sections::missing::section(&material, style)?);
    sections.extend(sections::estimands::section(&material, style)?);
    sections.push(sections::design::section(&material));
    sections.push(sections::limitations::section(&material));
    sections.push(sections::methods::section(&material));
    sections.push(sections::departures::section(&material, run));
    let others = (0..run.trial.design.endpoints.len()).filter(|endpoint| !primary.contains(endpoint));
    for endpoint in primary.iter().copied().chain(others) {
        sections.push(sections::endpoint::annex(&material, endpoint, style)?);
    }
    sections.extend(sections::overview::section(&material));
    sections.push(sections::missing::annex(&material));
    sections.extend(sections::estimands::annex(&material, style)?);
    sections.push(sections::design::annex(&material));
    sections.push(sections::methods::annex(&material));
    sections.push(sections::departures::annex(&material));
    for mut section in [sections::checklist::section(&material), sections::recompute::section(&material, run)] {
        section.part = Part::Annex;
        sections.push(section);
    }
    sections.push(sections::listings::section(&material));
    sections.retain(|section| !section.blocks.is_empty());
    numbering::assign(&mut sections);
    let mut used: BTreeSet<usize> = BTreeSet::new();
    for section in &mut sections {
        section.blocks.retain(|block| {
            let entry = run.plan.report.omit.iter().position(|entry| omits(entry, block));
            used.extend(entry);
            entry.is_none()
        });
        for block in &mut section.blocks {
            if let Block::Table(table) = block {
                table.joint = words.get("table.joint");
                table.drop_empty_groups();
                let mut said = BTreeSet::new();
                table.footnotes.retain(|note| said.insert(note.clone()));
            }
        }
    }
    numbering::assign(&mut sections);
    let unknown = run.plan.report.omit.iter().enumerate().filter(|(place, _)| !used.contains(place));
    let unknown: Vec<&str> = unknown.map(|(_, entry)| entry.as_str()).collect();
    if let Some(section) = sections.iter_mut().find(|section| section.id == "departures" && !unknown.is_empty()) {
        let outputs = unknown.join(&words.get("text.comma"));
        section.blocks.push(Block::Paragraph(words.say("departures.omit_unknown", &[("outputs", &outputs)])));
    }
    Ok(around(&material, run, sections))
}

/// The document of these sections.
pub fn around(material: &Material, run: &Run, sections: Vec<Section>) -> Document {
    Document {
        language: material.words.language.tag(),
        title: title(material),
        kind: kind(material),
        marks: marks(material),
        sections,
        running: running(material),
        footer: footer(material, run),
        note: run.plan.report.footer.clone().unwrap_or_default(),
    }
}

/// Whether an entry of the plan's `omit` leaves the output out: it is its identifier (with its number or without,
/// `t-exposure`) or its number, or the beginning of one up to a hyphen or point (`waterfall` for the waterfalls of all
/// endpoints, `14.5` for a chapter).
fn omits(entry: &str, block: &Block) -> bool {
    let (id, number) = match block {
        Block::Table(table) => (&table.id, &table.number),
        Block::Figure(figure) => (&figure.id, &figure.number),
        _ => return false,
    };
    let begins = |whole: &str, mark: char| {
        whole.strip_prefix(entry).is_some_and(|rest| !entry.is_empty() && (rest.is_empty() || rest.starts_with(mark)))
    };
    begins(id, '-') || begins(&numbering::without(id), '-') || begins(number, '.')
}

/// The title with what kind of trial it is, as CONSORT asks (item 1a), unless the title says so already.
fn title(material: &Material) -> String {
    let title = &material.plan.trial.title;
    let known = ["within-person", "within-patient", "split-knee", "split-body", "個人内"];
    if known.iter().any(|known| title.to_lowercase().contains(known)) {
        return title.clone();
    }
    material.words.say("first.title", &[("title", title)])
}

/// Identifier, sponsor, protocol and registration in one line.
fn kind(material: &Material) -> String {
    let trial = &material.plan.trial;
    let others = [&trial.sponsor, &trial.protocol, &trial.registration].into_iter().flatten();
    let parts: Vec<&str> = std::iter::once(trial.id.as_str()).chain(others.map(String::as_str)).collect();
    format!("{} · {}", material.words.get("first.kind"), parts.join(" · "))
}

/// What stands at the head of every page: sponsor, protocol and trial, as submissions have it; else the title.
fn running(material: &Material) -> String {
    let trial = &material.plan.trial;
    let protocol = trial.protocol.as_ref().map(|number| material.words.say("page.protocol", &[("protocol", number)]));
    let parts: Vec<String> = trial.sponsor.clone().into_iter().chain(protocol).collect();
    if parts.is_empty() {
        return title(material);
    }
    parts.into_iter().chain([trial.id.clone()]).collect::<Vec<_>>().join(" · ")
}

fn marks(material: &Material) -> Vec<String> {
    let words = material.words;
    let mut marks = Vec::new();
    if material.plan.trial.synthetic {
        marks.push(words.get("status.synthetic"));
    }
    if material.options.dummy {
        marks.push(words.get("status.dummy"));
    }
    marks.push(match &material.options.lock {
        LockState::NeverSealed => words.get("status.never_sealed"),
        LockState::Sealed { date, .. } => words.say("status.sealed", &[("date", date)]),
        LockState::Changed { changes, .. } => words.say("status.changed", &[("n", &changes.len().to_string())]),
    });
    marks
}

fn footer(material: &Material, run: &Run) -> String {
    let mut line = format!("{} · splitknee {}", run.plan.trial.id, env!("CARGO_PKG_VERSION"));
    if let Some(date) = &material.options.run_date {
        line = format!("{line} · {}", material.words.say("page.run_date", &[("date", date)]));
    }
    match &run.plan.report.footer {
        Some(footer) => format!("{footer} · {line}"),
        None => line,
    }
}

/// The visit at which an endpoint is judged: the plan's primary visit, or the endpoint's last where it has no such visit.
pub fn primary_visit(material: &Material, endpoint: usize) -> usize {
    let design = &material.trial.design;
    let follow_up = design.follow_up(material.endpoint(endpoint));
    if follow_up.contains(&design.primary) {
        design.primary
    } else {
        follow_up.last().copied().unwrap_or(design.primary)
    }
}

/// An empty section whose heading is the message `section.<id>`.
pub fn section(material: &Material, id: &str) -> Section {
    Section::new(id, material.words.get(&format!("section.{id}")))
}
