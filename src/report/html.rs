//! The report as one HTML file that opens offline: styles, fonts and figures inside, no script needed to read it.

use super::document::{Block, Document};
use super::words::Words;
use crate::figure::font;
use crate::table::ResultTable;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::{AutoEscape, Environment, Value, context};

/// The document as a self-contained HTML page.
///
/// # Errors
/// A template error, which only a changed template can cause.
pub fn render(document: &Document, words: &Words) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("report.html", include_str!("templates/report.html"))?;
    let sections: Vec<Value> = document
        .sections
        .iter()
        .map(|section| {
            let blocks: Vec<Value> = section.blocks.iter().map(|block| block_value(block, words)).collect();
            context! { id => &section.id, title => &section.title, blocks }
        })
        .collect();
    environment.get_template("report.html")?.render(context! {
        language => document.language,
        title => &document.title,
        kind => &document.kind,
        marks => &document.marks,
        sections,
        footer => &document.footer,
        contents => words.get("section.contents"),
        style => Value::from_safe_string(include_str!("templates/report.css").to_owned()),
        fonts => Value::from_safe_string(fonts(document)),
    })
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

fn block_value(block: &Block, words: &Words) -> Value {
    match block {
        Block::Paragraph(text) => context! { kind => "paragraph", text },
        Block::Conclusion(text) => context! { kind => "conclusion", text },
        Block::List(items) => context! { kind => "list", items },
        Block::Facts(facts) => {
            let facts: Vec<Value> = facts.iter().map(|(name, value)| context! { name, value }).collect();
            context! { kind => "facts", facts }
        }
        Block::Table(table) => table_value(table, words),
        Block::Figure(figure) => context! {
            kind => "figure",
            id => &figure.id,
            label => format!("{} {}", words.get("table.figure"), figure.number),
            title => &figure.title,
            description => &figure.description,
            footnotes => &figure.footnotes,
            svg => Value::from_safe_string(figure.svg.clone()),
        },
    }
}

fn table_value(table: &ResultTable, words: &Words) -> Value {
    let columns: Vec<Value> = table.columns.iter().map(|column| context! { header => &column.header }).collect();
    let rows: Vec<Value> = table
        .rows
        .iter()
        .map(|row| {
            let cells: Vec<String> = row.cells.iter().map(crate::table::Cell::text).collect();
            let group = row.cells.is_empty();
            context! { label => &row.label, indent => &row.indent, cells, group, records => row.records.join(" ") }
        })
        .collect();
    context! {
        kind => "table",
        id => &table.id,
        label => format!("{} {}", words.get("table.table"), table.number),
        title => &table.title,
        population => &table.population,
        columns,
        span => table.columns.len(),
        rows,
        footnotes => &table.footnotes,
    }
}
