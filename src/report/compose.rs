//! The document: which sections, in which order, with which exhibits.

use super::document::{Block, Document, Section};
use super::exhibits::{Material, figures, tables};
use super::words::{Language, Words};
use super::sentences;
use crate::figure::{FigureError, Style};
use crate::pipeline::Run;
use crate::plan::{self, Plan};
use crate::table::rounding;

/// The language of the report.
pub fn language(plan: &Plan) -> Language {
    match plan.report.language {
        plan::Language::En => Language::English,
        plan::Language::Ja => Language::Japanese,
    }
}

/// The style of the figures.
pub fn style(plan: &Plan) -> Style {
    figures::style(plan)
}

/// The whole report.
///
/// # Errors
/// A figure that cannot be drawn.
pub fn document(run: &Run, words: &Words, style: &Style) -> Result<Document, FigureError> {
    let material = Material { plan: &run.plan, trial: &run.trial, outcomes: &run.outcomes, words };
    let mut sections = vec![first(&material, run, style)?];
    for (position, endpoint) in material.primary_endpoints().into_iter().enumerate() {
        sections.push(endpoint_section(&material, endpoint, position + 1, true, style)?);
    }
    let primary = material.primary_endpoints();
    let others = (0..run.trial.design.endpoints.len()).filter(|endpoint| !primary.contains(endpoint));
    for (position, endpoint) in others.enumerate() {
        sections.push(endpoint_section(&material, endpoint, primary.len() + position + 1, false, style)?);
    }
    sections.push(design(&material));
    sections.push(missing(&material));
    sections.push(recompute(&material, run));
    Ok(Document {
        language: words.language.tag(),
        title: run.plan.trial.title.clone(),
        kind: words.get("first.kind"),
        marks: marks(&material),
        sections,
        footer: footer(run),
    })
}

fn marks(material: &Material) -> Vec<String> {
    let mut marks = Vec::new();
    if material.plan.trial.synthetic {
        marks.push(material.words.get("status.synthetic"));
    }
    marks.push(material.words.get("status.never_sealed"));
    marks
}

fn footer(run: &Run) -> String {
    let line = format!("{} · splitknee {}", run.plan.trial.id, env!("CARGO_PKG_VERSION"));
    match &run.plan.report.footer {
        Some(footer) => format!("{footer} · {line}"),
        None => line,
    }
}

/// The first screen: design, primary conclusion, all endpoints at the primary visit, safety, dates.
fn first(material: &Material, run: &Run, style: &Style) -> Result<Section, FigureError> {
    let words = material.words;
    let mut section = Section::new("summary", words.get("section.first"));
    let design = &material.trial.design;
    let set = material.set();
    let knees: usize =
        material.trial.patients.iter().zip(&set.members).filter(|(_, member)| **member).map(|(p, _)| p.knees().len()).sum();
    let values = [
        ("patients", &*material.trial.patients.len().to_string()),
        ("knees", &material.trial.knees().to_string()),
        ("active", &design.arms.active),
        ("placebo", &design.arms.placebo),
        ("randomised", &material.trial.randomised.to_string()),
        ("analysed", &set.size().to_string()),
        ("analysed_knees", &knees.to_string()),
        ("set", &set.label),
    ];
    section.blocks.push(Block::Paragraph(words.say("first.design", &values)));
    for endpoint in material.primary_endpoints() {
        if let Some(record) = material.outcomes.deciding(endpoint, primary_visit(material, endpoint)) {
            section.blocks.push(Block::Conclusion(sentences::conclusion(material, record)));
        }
    }
    section.blocks.push(Block::Figure(figures::forest_at_primary(material, "14.1", style)?));
    section.blocks.push(Block::Paragraph(safety_sentence(material)));
    let files: Vec<&str> = run.sources.provenance().into_iter().map(|(name, _)| name).collect();
    let values = [("files", &*files.join(", ")), ("version", env!("CARGO_PKG_VERSION"))];
    section.blocks.push(Block::Paragraph(words.say("first.dates", &values)));
    Ok(section)
}

/// The visit at which an endpoint is judged: the plan's primary visit, or the endpoint's last where it has no such visit.
pub fn primary_visit(material: &Material, endpoint: usize) -> usize {
    let design = &material.trial.design;
    let follow_up = design.follow_up(material.endpoint(endpoint));
    if follow_up.contains(&design.primary) { design.primary } else { follow_up.last().copied().unwrap_or(design.primary) }
}

fn safety_sentence(material: &Material) -> String {
    let words = material.words;
    let find = |id: &str| material.outcomes.records.iter().find(|record| record.id == id);
    let Some(record) = find("safety.serious") else { return words.get("first.safety_missing") };
    let n = record.result.n_pairs.to_string();
    let k = record.result.number("patients_with_event").unwrap_or(0.0);
    if k > 0.0 {
        return words.say("first.safety_some", &[("k", &rounding::print(k, 0)), ("n", &n)]);
    }
    let upper = record.result.conf_high.map(|upper| rounding::print(100.0 * upper, 1)).unwrap_or_default();
    words.say("first.safety_none", &[("n", &n), ("u", &upper)])
}

fn endpoint_section(
    material: &Material,
    endpoint: usize,
    position: usize,
    primary: bool,
    style: &Style,
) -> Result<Section, FigureError> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let key = if primary { "section.primary" } else { "section.other" };
    let mut section =
        Section::new(&format!("endpoint-{}", about.id), words.say(key, &[("endpoint", about.name.as_str())]));
    let visit = primary_visit(material, endpoint);
    if let Some(record) = material.outcomes.deciding(endpoint, visit) {
        section.blocks.push(Block::Conclusion(sentences::conclusion(material, record)));
    }
    let number = format!("14.2.{position}");
    if about.visits.len() > 1 {
        section.blocks.push(Block::Figure(figures::profiles(material, endpoint, &format!("{number}.1"), style)?));
    }
    section.blocks.push(Block::Table(tables::comparisons(material, endpoint, &format!("{number}.1"))));
    section.blocks.extend(figures::differences(material, endpoint, visit, &format!("{number}.2"), style)?.map(Block::Figure));
    if primary {
        section.blocks.extend(figures::slopes(material, endpoint, visit, &format!("{number}.3"), style)?.map(Block::Figure));
    }
    section.blocks.push(Block::Table(tables::by_visit(material, endpoint, &format!("{number}.2"))));
    Ok(section)
}

fn design(material: &Material) -> Section {
    let mut section = Section::new("design", material.words.get("section.design"));
    section.blocks.push(Block::Table(tables::correlation(material, "14.3.1")));
    section.blocks.push(Block::Paragraph(material.words.get("text.carry_across")));
    section
}

fn missing(material: &Material) -> Section {
    let mut section = Section::new("missing", material.words.get("section.missing"));
    section.blocks.push(Block::Table(tables::missing(material, "14.3.2")));
    section
}

fn recompute(material: &Material, run: &Run) -> Section {
    let mut section = Section::new("recompute", material.words.get("section.recompute"));
    section.blocks.push(Block::Paragraph(material.words.get("text.recompute")));
    let mut facts = vec![(run.plan.file_name.clone(), run.plan.sha256.clone())];
    facts.extend(run.sources.provenance().into_iter().map(|(name, file)| (name.to_owned(), file.sha256.clone())));
    section.blocks.push(Block::Facts(facts));
    section
}
