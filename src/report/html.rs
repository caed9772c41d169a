//! The report as one HTML file that opens offline: styles, fonts, figures and a short script inside, all pinned by a
//! content-security policy that names their hashes. Nothing needs the script to be read.

use super::document::{Block, Document};
use super::options::Template;
use super::records::RecordGroup;
use super::words::Words;
use crate::figure::font;
use crate::table::{Align, Cell, ResultTable};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::{AutoEscape, Environment, Value, context};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The words of the page around the document, by their keys in the catalogue's section `web`.
const UI: [&str; 9] = ["search", "filter", "all", "skip", "records", "records_intro", "no_match", "sort", "data"];

/// The document as a self-contained HTML page in the built-in look, without records.
///
/// # Errors
/// A template error, which only a changed template can cause.
pub fn render(document: &Document, words: &Words) -> Result<String, minijinja::Error> {
    render_with(document, words, &[], &Template::default())
}

/// The document as a self-contained HTML page with the records behind its numbers, in the look of `template`.
///
/// # Errors
/// An error in a template that replaces the built-in one.
pub fn render_with(
    document: &Document,
    words: &Words,
    records: &[RecordGroup],
    template: &Template,
) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment
        .add_template("report.html", template.html.as_deref().unwrap_or(include_str!("templates/report.html")))?;
    let anchors: BTreeSet<&str> =
        records.iter().flat_map(|group| &group.records).map(|record| record.anchor.as_str()).collect();
    let sections: Vec<Value> = document
        .sections
        .iter()
        .map(|section| {
            let blocks: Vec<Value> = section.blocks.iter().map(|block| block_value(block, words, &anchors)).collect();
            let endpoint = section.id.starts_with("endpoint-");
            context! { id => &section.id, title => &section.title, blocks, endpoint }
        })
        .collect();
    // A browser hashes what it parsed, in which every line ends with one line feed.
    let css = template.css.as_deref().unwrap_or(include_str!("templates/report.css"));
    let stylesheet = format!("\n{}{css}", fonts(document)).replace("\r\n", "\n").replace('\r', "\n");
    let script = include_str!("templates/report.js");
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; font-src data:; base-uri 'none'; form-action 'none'",
        hash(&stylesheet),
        hash(script)
    );
    let shown: Vec<Value> = records
        .iter()
        .map(|group| {
            let records: Vec<Value> = group
                .records
                .iter()
                .map(|record| {
                    let pairs = |pairs: &[(String, String)]| -> Vec<Value> {
                        pairs.iter().map(|(name, value)| context! { name, value }).collect()
                    };
                    let (facts, code) = (pairs(&record.facts), pairs(&record.code));
                    context! { anchor => &record.anchor, title => &record.title, facts, code }
                })
                .collect();
            context! { title => &group.title, records }
        })
        .collect();
    let ui: BTreeMap<&str, String> = UI.iter().map(|key| (*key, words.get(&format!("web.{key}")))).collect();
    environment.get_template("report.html")?.render(context! {
        language => document.language,
        title => &document.title,
        kind => &document.kind,
        marks => &document.marks,
        sections,
        records => shown,
        footer => &document.footer,
        contents => words.get("section.contents"),
        ui => Value::from(ui),
        policy => Value::from_safe_string(policy),
        stylesheet => Value::from_safe_string(stylesheet),
        script => Value::from_safe_string(script.to_owned()),
    })
}

fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

/// The embedded fonts as `@font-face` rules; the Japanese face only where the page has Japanese in it.
fn fonts(document: &Document) -> String {
    let face = |family: &str, weight: u32, format: &str, bytes: &[u8]| {
        let data = STANDARD.encode(bytes);
        format!(
            "@font-face {{ font-family: \"{family}\"; font-weight: {weight}; src: url(data:font/{format};base64,{data}) }}\n"
        )
    };
    let mut css = face(font::SANS_FAMILY, 400, "ttf", font::SANS);
    css.push_str(&face(font::SANS_FAMILY, 700, "ttf", font::SANS_BOLD));
    if document.language == "ja" {
        css.push_str(&face(font::JAPANESE_FAMILY, 400, "otf", font::JAPANESE));
    }
    css
}

fn block_value(block: &Block, words: &Words, anchors: &BTreeSet<&str>) -> Value {
    match block {
        Block::Paragraph(text) => context! { kind => "paragraph", text },
        Block::Conclusion(text) => context! { kind => "conclusion", text },
        Block::List(items) => context! { kind => "list", items },
        Block::Facts(facts) => {
            let facts: Vec<Value> = facts.iter().map(|(name, value)| context! { name, value }).collect();
            context! { kind => "facts", facts }
        }
        Block::Table(table) => table_value(table, words, anchors),
        Block::Figure(figure) => context! {
            kind => "figure",
            id => format!("f-{}", figure.id),
            label => format!("{} {}", words.get("table.figure"), figure.number),
            title => &figure.title,
            footnotes => &figure.footnotes,
            svg => Value::from_safe_string(figure.svg.clone()),
        },
    }
}

/// A table in groups of rows, each cell with the anchor of the record behind it.
fn table_value(table: &ResultTable, words: &Words, anchors: &BTreeSet<&str>) -> Value {
    let left = |index: usize| table.columns.get(index).is_some_and(|column| column.align == Align::Left);
    let columns: Vec<Value> = table
        .columns
        .iter()
        .enumerate()
        .map(|(index, column)| context! { header => &column.header, left => left(index) })
        .collect();
    let link = |id: Option<&String>| {
        let anchor = super::records::anchor(id?);
        anchors.contains(anchor.as_str()).then_some(anchor)
    };
    let mut groups: Vec<(Option<&str>, Vec<Value>)> = Vec::new();
    for row in &table.rows {
        if row.cells.is_empty() {
            groups.push((Some(&row.label), Vec::new()));
            continue;
        }
        // One record per cell: each number leads to its own; else the row's label leads to the first.
        let each = row.records.len() == row.cells.len() && row.cells.len() > 1;
        let cells: Vec<Value> = row
            .cells
            .iter()
            .enumerate()
            .map(|(index, cell)| {
                let link = if each && *cell != Cell::Empty { link(row.records.get(index)) } else { None };
                context! { text => cell.text(&table.joint), link, left => left(index + 1) }
            })
            .collect();
        let link = if each { None } else { link(row.records.first()) };
        if groups.is_empty() {
            groups.push((None, Vec::new()));
        }
        if let Some((_, rows)) = groups.last_mut() {
            rows.push(context! { label => &row.label, indent => row.indent, cells, link });
        }
    }
    let groups: Vec<Value> = groups.into_iter().map(|(label, rows)| context! { label, rows }).collect();
    context! {
        kind => "table",
        id => &table.id,
        label => format!("{} {}", words.get("table.table"), table.number),
        title => &table.title,
        population => &table.population,
        columns,
        span => table.columns.len(),
        groups,
        footnotes => &table.footnotes,
    }
}
