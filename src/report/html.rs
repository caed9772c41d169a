//! The report as one HTML file that opens offline: styles, fonts, figures and a short script inside, all pinned by a
//! content-security policy that names their hashes. Nothing needs the script to be read.
//!
//! Numbers stand flush right and hang by what follows their decimal point, measured in the embedded font, so that
//! decimal points of a column align without splitting a number into parts.

use super::document::{Block, Document};
use super::numbers;
use super::records::{self, RecordGroup, RecordView};
use super::template::Template;
use super::words::Words;
use crate::figure::font::{self, FontSet};
use crate::table::rounding::MINUS;
use crate::table::untrusted::printable;
use crate::table::{Align, Cell, ResultTable, Row, layout};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::{AutoEscape, Environment, Value, context};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The words of the page around the document, by their keys in the catalogue's section `web`.
const UI: [&str; 15] = [
    "search",
    "filter",
    "all",
    "skip",
    "records",
    "records_intro",
    "no_match",
    "sort",
    "data",
    "behind",
    "behind_figure",
    "counted_from",
    "close",
    "in_list",
    "numbers",
];

/// Hanging distances are rounded to this part of an em.
const HANG_UNITS: f64 = 20.0;

/// The document as a self-contained HTML page in the built-in look, without records.
///
/// # Errors
/// A template error, which only a changed template can cause.
pub fn render(document: &Document, words: &Words) -> Result<String, minijinja::Error> {
    page(document, words, &[], &Template::default())
}

/// The document as a self-contained HTML page with the records behind its numbers, in the look of `template`.
///
/// # Errors
/// An error in a template that replaces the built-in one, with its file and line.
pub fn render_with(
    document: &Document,
    words: &Words,
    records: &[RecordGroup],
    template: &Template,
) -> Result<String, super::ReportError> {
    page(document, words, records, template).map_err(|error| match &template.html {
        Some(_) => template.page_error(&error).into(),
        None => error.into(),
    })
}

fn page(
    document: &Document,
    words: &Words,
    records: &[RecordGroup],
    template: &Template,
) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(template.undefined());
    environment
        .add_template("report.html", template.html.as_deref().unwrap_or(include_str!("templates/report.html")))?;
    let all = records.iter().flat_map(|group| &group.records);
    let page = Page {
        words,
        records: all.map(|record| (record.anchor.as_str(), record)).collect(),
        endpoints: document.sections.iter().filter_map(|s| Some((s.endpoint.as_deref()?, s.id.as_str()))).collect(),
        font: FontSet::embedded(),
        hangs: RefCell::default(),
    };
    let sections: Vec<Value> = document
        .sections
        .iter()
        .map(|section| {
            let blocks: Vec<Value> = section.blocks.iter().map(|block| page.block(block)).collect();
            context! { id => &section.id, title => &section.title, blocks, endpoint => &section.endpoint }
        })
        .collect();
    let css = template.css.as_deref().unwrap_or(include_str!("templates/report.css"));
    let stylesheet = format!("\n{}{css}{}{}", fonts(document), page.hanging_rules(), running(document, words));
    // A browser hashes what it parsed, in which every line ends with one line feed.
    let mut stylesheet = stylesheet.replace("\r\n", "\n").replace('\r', "\n");
    stylesheet.retain(printable);
    let script = include_str!("templates/report.js");
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; font-src data:; base-uri 'none'; form-action 'none'",
        hash(&stylesheet),
        hash(script)
    );
    let shown: Vec<Value> = records.iter().map(|group| page.group(group)).collect();
    let ui: BTreeMap<&str, String> = UI.iter().map(|key| (*key, words.get(&format!("web.{key}")))).collect();
    let mut html = environment.get_template("report.html")?.render(context! {
        language => document.language,
        title => &document.title,
        kind => &document.kind,
        marks => &document.marks,
        sections,
        records => shown,
        footer => &document.footer,
        contents => words.get("section.contents"),
        exhibits => document
            .exhibits(words)
            .iter()
            .map(|[id, label, title]| context! { id, label, title })
            .collect::<Vec<Value>>(),
        exhibits_head => words.get("section.exhibits"),
        ui => Value::from(ui),
        policy => Value::from_safe_string(policy),
        stylesheet => Value::from_safe_string(stylesheet),
        script => Value::from_safe_string(script.to_owned()),
    })?;
    // Whatever part of the page it stands in.
    html.retain(printable);
    Ok(typed_minus(&html))
}

/// The page with its minus signs as hyphen-minuses in the font that draws them as minus signs: `-3.5` is found and copied
/// as it is typed. Cells of numbers have that font by the style sheet, other text by an element around the sign.
fn typed_minus(html: &str) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 50);
    // Elements whose text is no text of the page, and where the sign stands.
    let mut raw: Option<&str> = None;
    let (mut drawing, mut cell) = (false, false);
    for piece in html.split_inclusive('>') {
        let (text, tag) = piece.find('<').map_or((piece, ""), |at| piece.split_at(at));
        match (raw, text.contains(MINUS)) {
            (_, false) => out.push_str(text),
            (Some("script" | "style"), _) => out.push_str(text),
            (Some(_), _) => out.push_str(&text.replace(MINUS, "-")),
            (None, _) if cell => out.push_str(&text.replace(MINUS, "-")),
            (None, _) if drawing => out.push_str(&text.replace(MINUS, "<tspan class=\"m\">-</tspan>")),
            (None, _) => out.push_str(&text.replace(MINUS, "<span class=\"m\">-</span>")),
        }
        out.push_str(tag);
        let name = tag.trim_start_matches('<').split([' ', '>', '\n']).next().unwrap_or_default();
        match name {
            "script" | "style" | "title" | "desc" | "code" | "option" => raw = Some(&tag[1..=name.len()]),
            "svg" => drawing = true,
            "/svg" => drawing = false,
            "td" => cell = !tag.contains("class=\"left\""),
            "/td" => cell = false,
            name if name.starts_with('/') && raw == Some(&name[1..]) => raw = None,
            _ => {}
        }
    }
    out
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
    css.push_str(&face(font::MINUS_FAMILY, 400, "ttf", font::MINUS));
    css.push_str(&face(font::MINUS_FAMILY, 700, "ttf", font::MINUS_BOLD));
    if document.language == "ja" {
        css.push_str(&face(font::JAPANESE_FAMILY, 400, "otf", font::JAPANESE));
    }
    css
}

/// Running titles and page x of y on paper, for browsers that print margin boxes.
fn running(document: &Document, words: &Words) -> String {
    let of = words.say("page.of", &[("page", "\u{e000}"), ("pages", "\u{e000}")]);
    let mut counters = ["counter(page)", "counter(pages)"].into_iter();
    let mut number = String::new();
    for (index, between) in of.split('\u{e000}').enumerate() {
        if index > 0 {
            let _ = write!(number, " {} ", counters.next().unwrap_or_default());
        }
        number.push_str(&css_string(between));
    }
    let look = "font-size: 7.5pt; color: #595959; font-family: \"Noto Sans\", \"Noto Sans CJK JP\", sans-serif;";
    format!(
        "@page {{ @top-left {{ {look} content: {} }} @top-right {{ {look} color: #b00020; content: {} }} \
         @bottom-left {{ {look} content: {} }} @bottom-right {{ {look} content: {number} }} }}\n",
        css_string(&short(&document.running, 90)),
        css_string(&document.marks.join("  ·  ")),
        css_string(&short(&document.footer, 110)),
    )
}

/// At most `most` characters: a running line has one line.
fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// Text as a CSS string; whatever could end the string or the style element is written by its code point.
fn css_string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars().filter(|c| printable(*c)) {
        match c {
            ' ' | '.' | ',' | '-' | ':' => out.push(c),
            c if c.is_alphanumeric() => out.push(c),
            c => {
                let _ = write!(out, "\\{:x} ", u32::from(c));
            }
        }
    }
    out.push('"');
    out
}

/// What the blocks of the page are made with.
struct Page<'a> {
    words: &'a Words,
    /// The records by their anchors.
    records: BTreeMap<&'a str, &'a RecordView>,
    /// Names of the endpoints with the identifiers of their sections.
    endpoints: Vec<(&'a str, &'a str)>,
    font: FontSet,
    /// Distances by which numbers of the page hang.
    hangs: RefCell<BTreeSet<u32>>,
}

impl Page<'_> {
    fn block(&self, block: &Block) -> Value {
        match block {
            Block::Paragraph(text) => context! { kind => "paragraph", text },
            Block::Conclusion(text) => context! { kind => "conclusion", text },
            Block::Sources(ids) => {
                let links: Vec<Value> = ids.iter().filter_map(|id| self.link(id)).collect();
                let kind = if links.is_empty() { "nothing" } else { "sources" };
                context! { kind, links }
            }
            Block::List(items) => context! { kind => "list", items },
            Block::Headline(label, values) => {
                let values: Vec<Value> = values.iter().map(|(name, value)| context! { name, value }).collect();
                context! { kind => "headline", label, values }
            }
            Block::Facts(facts) => {
                let facts: Vec<Value> = facts.iter().map(|(name, value)| context! { name, value }).collect();
                context! { kind => "facts", facts }
            }
            Block::Table(table) => self.table(table),
            Block::Figure(figure) => context! {
                kind => "figure",
                id => format!("f-{}", figure.id),
                label => format!("{} {}", self.words.get("table.figure"), figure.number),
                title => &figure.title,
                footnotes => &figure.footnotes,
                links => figure.records.iter().filter_map(|id| self.link(id)).collect::<Vec<Value>>(),
                svg => Value::from_safe_string(figure.svg.clone()),
            },
        }
    }

    /// The record `id`, where the page has it.
    fn link(&self, id: &str) -> Option<Value> {
        let anchor = records::anchor(id);
        let title = &self.records.get(anchor.as_str())?.title;
        Some(context! { anchor, title })
    }

    /// The section of the endpoint that a label names: the longest name that the label is or begins with.
    fn endpoint(&self, label: &str) -> Option<&str> {
        let names = self.endpoints.iter().filter(|(name, _)| {
            label.strip_prefix(name).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
        });
        let behind = |name: &str| label[name.len()..].trim_start().chars().next();
        names
            .filter(|(name, _)| {
                matches!(behind(name), None | Some('(' | '\u{ff08}' | ',' | '\u{3001}' | ':' | '\u{ff1a}' | '·'))
            })
            .max_by_key(|(name, _)| name.len())
            .map(|(_, id)| *id)
    }

    /// A table in groups of rows, each cell with the anchor of the record behind it.
    fn table(&self, table: &ResultTable) -> Value {
        let left = |index: usize| table.columns.get(index).is_some_and(|column| column.align == Align::Left);
        let estimate = self.words.get("table.estimate");
        let columns: Vec<Value> = table
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| {
                context! {
                    header => &column.header,
                    left => left(index),
                    // On a narrow screen the table begins at its estimates.
                    lead => column.header == estimate,
                }
            })
            .collect();
        let width = |text: &str| self.font.width(text, 1.0, false);
        let hanging: Vec<Vec<(String, f64)>> =
            (1..table.columns.len()).map(|index| layout::hanging(table, index, "\u{2007}", &width)).collect();
        let mut groups: Vec<(Option<&str>, Vec<Value>)> = Vec::new();
        for (at, row) in table.rows.iter().enumerate() {
            if row.cells.is_empty() {
                groups.push((Some(&row.label), Vec::new()));
                continue;
            }
            let cell = |column: usize| hanging.get(column).and_then(|cells| cells.get(at));
            let row = self.row(row, &cell, &left);
            match groups.last_mut() {
                Some((_, rows)) => rows.push(row),
                None => groups.push((None, vec![row])),
            }
        }
        let groups: Vec<Value> = groups
            .into_iter()
            .map(|(label, rows)| context! { label, rows, endpoint => label.and_then(|label| self.endpoint(label)) })
            .collect();
        context! {
            kind => "table",
            id => &table.id,
            label => format!("{} {}", self.words.table_word(table), table.number),
            title => &table.title,
            population => &table.population,
            columns,
            span => table.columns.len(),
            groups,
            footnotes => &table.footnotes,
            short => layout::fits_a_page(table),
            source => self.link(&records::table_id(table)),
        }
    }

    fn row<'c>(
        &self,
        row: &Row,
        hanging: &dyn Fn(usize) -> Option<&'c (String, f64)>,
        left: &dyn Fn(usize) -> bool,
    ) -> Value {
        // Each number leads to its own record and field; the label leads to the records of the row where they are one or
        // not one per cell.
        let each = row.records.len() == row.cells.len() && row.cells.len() > 1;
        let cells: Vec<Value> = row
            .cells
            .iter()
            .enumerate()
            .map(|(index, cell)| {
                let own = if each { row.records.get(index..=index) } else { None };
                let traced = self.traced(cell, own.unwrap_or(&row.records), row.fields.get(index).map(String::as_str));
                let (link, fields) = traced.unzip();
                let (text, hang) = hanging(index)
                    .map_or_else(|| (cell.text(&self.words.get("table.joint")), 0.0), |(text, by)| (text.clone(), *by));
                // A date or a code is one word, and stays one.
                let one = text.len() <= 12 && !text.contains(char::is_whitespace);
                let class = match left(index + 1) {
                    true if one => Some("left one".to_owned()),
                    true => Some("left".to_owned()),
                    false => self.hang(hang),
                };
                context! { text, link, fields, class }
            })
            .collect();
        let links = if each { Vec::new() } else { row.records.iter().filter_map(|id| self.link(id)).collect() };
        let mut links = links.into_iter();
        let link = links.next().and_then(|link: Value| link.get_attr("anchor").ok());
        let (more, endpoint) = (links.collect::<Vec<Value>>(), self.endpoint(&row.label));
        context! { label => &row.label, indent => row.indent, cells, link, more, endpoint }
    }

    /// The anchor of the record among `records` that holds every number of `cell`, and the fields that are they; the first
    /// record and no field where none holds them. `None` for a cell without a number.
    fn traced(&self, cell: &Cell, records: &[String], names: Option<&str>) -> Option<(String, String)> {
        let printed = cell.printed();
        if printed.is_empty() {
            return None;
        }
        let p_value = matches!(cell, Cell::PValue(_));
        let known = || records.iter().filter_map(|id| self.records.get(records::anchor(id).as_str()));
        let holding = known().find_map(|record| {
            let fields = numbers::fields_of(&record.numbers, &printed, names, p_value)?;
            Some((record.anchor.clone(), fields.join(" ")))
        });
        holding.or_else(|| Some((known().next()?.anchor.clone(), String::new())))
    }

    /// The class of a number that hangs by so many ems.
    fn hang(&self, ems: f64) -> Option<String> {
        let units = (ems * HANG_UNITS).round() as u32;
        if units == 0 {
            return None;
        }
        self.hangs.borrow_mut().insert(units);
        Some(format!("h{units}"))
    }

    fn hanging_rules(&self) -> String {
        let rule = |units: &u32| format!(".h{units}{{--hang:{}em}}\n", f64::from(*units) / HANG_UNITS);
        self.hangs.borrow().iter().map(rule).collect()
    }

    fn group(&self, group: &RecordGroup) -> Value {
        let line = |line: &numbers::Line| {
            let number = |number: &numbers::Number| {
                context! { path => &number.path, name => &number.name, text => numbers::unrounded(number.value) }
            };
            context! { about => &line.about, numbers => line.numbers.iter().map(number).collect::<Vec<Value>>() }
        };
        let pairs = |pairs: &[(String, String)]| -> Vec<Value> {
            pairs.iter().map(|(name, value)| context! { name, value }).collect()
        };
        let records: Vec<Value> = group
            .records
            .iter()
            .map(|record| {
                let (facts, code) = (pairs(&record.facts), pairs(&record.code));
                let numbers: Vec<Value> = record.numbers.iter().map(line).collect();
                context! { anchor => &record.anchor, title => &record.title, numbers, facts, code }
            })
            .collect();
        context! { title => &group.title, records, endpoint => self.endpoint(&group.title) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_titles_cannot_leave_their_string() {
        assert_eq!(css_string("a\"b\\c</style>\n"), "\"a\\22 b\\5c c\\3c \\2f style\\3e \\a \"");
        assert_eq!(css_string("膝 1.2"), "\"膝 1.2\"");
    }
}
