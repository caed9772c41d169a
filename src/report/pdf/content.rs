//! The document as the values that `report.typ` reads, with everything measured: column widths, decimal alignment,
//! words that no line can hold.

use super::world::Fonts;
use crate::figure::Figure;
use crate::figure::font::FontSet;
use crate::report::document::{Block, Document, Part, Section};
use crate::report::words::Words;
use crate::table::layout::{self, INDENT, Place, PlacedColumn, Setting};
use crate::table::untrusted::printable;
use crate::table::{ResultTable, Row};
use std::fmt::Write as _;
use typst::foundations::{Array, Dict, IntoValue, Value};

/// Points per millimetre.
const MM: f64 = 72.0 / 25.4;
/// Text width of an A4 page upright, in points.
const UPRIGHT: f64 = 170.0 * MM;
/// Text width of an A4 page on its side, in points.
const SIDEWAYS: f64 = 257.0 * MM;
/// Tallest picture that fits on a page beside its title and notes, in points.
const PICTURE_HEIGHT: f64 = 222.0 * MM;
/// Tallest picture of the first section, which stands beside the result it shows, in points.
const FIRST_PICTURE_HEIGHT: f64 = 132.0 * MM;
/// How a table is tried: width, text size, whether the page is turned.
const TRIES: [(f64, f64, bool); 4] =
    [(UPRIGHT, 8.5, false), (UPRIGHT, 7.5, false), (SIDEWAYS, 8.5, true), (SIDEWAYS, 7.5, true)];

/// The value of `sys.inputs.document`.
pub(super) fn values(document: &Document, words: &Words, fonts: &Fonts, measure: FontSet) -> Value {
    let pen = Pen { words, fonts, measure };
    // Two characters that no text holds mark where the page numbers go.
    let of = words.say("page.of", &[("page", "\u{e000}"), ("pages", "\u{e000}")]);
    let of: Vec<&str> = of.split('\u{e000}').collect();
    let marks = document.marks.join("  ·  ");
    let marks = pen.measure.width(&marks, 7.5, true);
    let stacked = marks > 0.6 * UPRIGHT;
    let room = if stacked { UPRIGHT } else { UPRIGHT - 20.0 - marks };
    let fields = [
        ("language", document.language.into_value()),
        ("title", pen.text(&document.title, UPRIGHT, 17.0)),
        ("running", pen.one_line(&document.running, room, 7.5)),
        ("stacked", stacked.into_value()),
        ("kind", pen.text(&document.kind, UPRIGHT, 9.5)),
        ("marks", array(&document.marks, |mark| pen.text(mark, UPRIGHT / 2.0, 8.5))),
        ("footer", pen.one_line(&document.footer, UPRIGHT - 80.0, 7.5)),
        ("continued", words.get("page.continued").into_value()),
        ("exhibits", pen.text(&words.get("section.exhibits"), UPRIGHT, 9.5)),
        ("contents", pen.text(&words.get("section.contents"), UPRIGHT, 9.5)),
        ("page-of", array([0, 1, 2], |index| of.get(index).copied().unwrap_or_default().into_value())),
        ("fonts", array(fonts.families(), |family| family.to_lowercase().into_value())),
        ("sections", array(document.sections.iter().enumerate(), |(index, section)| pen.section(section, index == 0))),
    ];
    dict(fields)
}

fn dict<const N: usize>(fields: [(&str, Value); N]) -> Value {
    fields.into_iter().map(|(name, value)| (name.into(), value)).collect::<Dict>().into_value()
}

fn array<T>(items: impl IntoIterator<Item = T>, value: impl FnMut(T) -> Value) -> Value {
    items.into_iter().map(value).collect::<Array>().into_value()
}

/// Writes text for a typeface.
struct Pen<'a> {
    words: &'a Words,
    fonts: &'a Fonts,
    measure: FontSet,
}

impl Pen<'_> {
    fn section(&self, section: &Section, first: bool) -> Value {
        dict([
            ("title", self.text(&section.title, UPRIGHT, 13.0)),
            ("annex", (section.part == Part::Annex).into_value()),
            (
                "blocks",
                array(section.blocks.iter().filter(|block| !matches!(block, Block::Sources(_))), |block| {
                    self.block(block, first)
                }),
            ),
        ])
    }

    fn block(&self, block: &Block, first: bool) -> Value {
        let kind = |kind: &str| ("kind", kind.into_value());
        match block {
            Block::Paragraph(text) => {
                dict([kind("paragraph"), ("text", self.text(text, 140.0 * MM, 9.5)), ("wide", first.into_value())])
            }
            Block::Conclusion(text) => {
                dict([kind("conclusion"), ("text", self.text(text, 145.0 * MM, 11.0)), ("wide", first.into_value())])
            }
            Block::List(items) => {
                dict([kind("list"), ("items", array(items, |item| self.text(item, 140.0 * MM, 9.5)))])
            }
            Block::Headline(label, values) => {
                let value = |(name, value): &(String, String)| {
                    array([self.text(name, 60.0 * MM, 9.0), self.text(value, 60.0 * MM, 13.0)], |side| side)
                };
                dict([kind("headline"), ("label", self.text(label, 160.0 * MM, 9.0)), ("values", array(values, value))])
            }
            Block::Facts(facts) => {
                let fact = |(name, value): &(String, String)| {
                    array([self.text(name, 52.0 * MM, 8.5), self.text(value, 112.0 * MM, 8.5)], |side| side)
                };
                dict([kind("facts"), ("facts", array(facts, fact))])
            }
            Block::Table(table) => self.table(table),
            Block::Figure(figure) => self.figure(figure, first),
            Block::Sources(_) => dict([kind("sources")]),
        }
    }

    fn figure(&self, figure: &Figure, first: bool) -> Value {
        let (width, height) = size(&figure.svg).unwrap_or((UPRIGHT, UPRIGHT / 2.0));
        let tallest = if first { FIRST_PICTURE_HEIGHT } else { PICTURE_HEIGHT };
        let scale = (UPRIGHT / width).min(tallest / height).min(1.0);
        let label = format!("{} {}", self.words.get("table.figure"), figure.number);
        let description = if figure.description.is_empty() { &figure.title } else { &figure.description };
        dict([
            ("kind", "figure".into_value()),
            ("label", self.text(label.trim(), UPRIGHT, 9.5)),
            ("title", self.text(&figure.title, UPRIGHT, 9.5)),
            ("description", description.as_str().into_value()),
            ("footnotes", array(&figure.footnotes, |note| self.text(note, UPRIGHT, 8.0))),
            ("width", (width * scale).into_value()),
            ("svg", figure.svg.as_str().into_value()),
        ])
    }

    fn table(&self, table: &ResultTable) -> Value {
        let width = |text: &str, bold: bool| self.measure.width(text, 1.0, bold);
        let at = |(available, size, turned): (f64, f64, bool)| {
            let setting = Setting { available, size, gap: size, digit_space: "\u{2007}", width: &width };
            (layout::panels(table, &setting), size, turned, available)
        };
        let whole = TRIES.into_iter().map(at).find(|(panels, ..)| panels.len() <= 1);
        let (panels, size, turned, available) = whole.unwrap_or_else(|| at(TRIES[2]));
        let label = format!("{} {}", self.words.table_word(table), table.number);
        let several = panels.len() > 1;
        let panel = |columns: Vec<PlacedColumn>| {
            let note = if several {
                layout::columns_note(&self.words.get("page.columns"), &columns, table.columns.len())
            } else {
                String::new()
            };
            dict([
                ("note", self.text(&note, available, 8.0)),
                ("widths", array(&columns, |column| column.width.into_value())),
                ("headers", array(&columns, |column| self.header(table, column, size))),
                ("rows", array(table.rows.iter().enumerate(), |row| self.row(row, &columns, size, available))),
            ])
        };
        dict([
            ("kind", "table".into_value()),
            ("label", self.text(label.trim(), available, 9.5)),
            ("title", self.text(&table.title, available, 9.5)),
            ("population", self.text(&table.population, available, 8.5)),
            ("size", size.into_value()),
            ("landscape", turned.into_value()),
            ("panels", array(panels, panel)),
            ("footnotes", array(&table.footnotes, |note| self.text(note, available, 8.0))),
        ])
    }

    fn header(&self, table: &ResultTable, column: &PlacedColumn, size: f64) -> Value {
        let header = table.columns.get(column.index).map_or("", |column| column.header.as_str());
        dict([("text", self.text(header, column.width - size, size)), ("centred", column.centred.into_value())])
    }

    fn row(&self, (index, row): (usize, &Row), columns: &[PlacedColumn], size: f64, available: f64) -> Value {
        let group = row.cells.is_empty();
        let indent = f64::from(row.indent) * INDENT;
        let room = if group { available } else { columns.first().map_or(available, |column| column.width) };
        let cell = |column: &PlacedColumn| match column.cells.get(index) {
            Some((text, Place::At(left))) => (*left, self.text(text, f64::INFINITY, size)),
            Some((text, Place::Flow)) => (-1.0, self.text(text, column.width - size, size)),
            None => (-1.0, "".into_value()),
        };
        let cells = columns.iter().skip(1).map(cell);
        dict([
            ("group", group.into_value()),
            ("label", self.text(&row.label, room - indent * size - 6.0, size)),
            ("indent", indent.into_value()),
            ("cells", array(cells, |(left, text)| array([left.into_value(), text], |side| side))),
        ])
    }

    /// The text as it can be set: white space made plain, characters that no font has written as code points, words
    /// wider than the line given places to break.
    fn text(&self, text: &str, room: f64, size: f64) -> Value {
        self.settable(text, room, size).into_value()
    }

    fn settable(&self, text: &str, room: f64, size: f64) -> String {
        let mut plain = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\n' | '\t' | '\r' | '\u{2028}' | '\u{2029}' => plain.push(' '),
                // Joiners and variation selectors choose between forms of a character; without its font they say nothing.
                '\u{200b}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' => {}
                c if !printable(c) => {}
                c if self.fonts.cover(c) => plain.push(c),
                c => {
                    let _ = write!(plain, "[U+{:04X}]", u32::from(c));
                }
            }
        }
        if plain.len() as f64 * size * 0.2 < room {
            return plain;
        }
        let mut out = String::with_capacity(plain.len());
        for (index, word) in plain.split(' ').enumerate() {
            if index > 0 {
                out.push(' ');
            }
            if self.measure.width(word, size, true) <= room {
                out.push_str(word);
                continue;
            }
            // Japanese breaks by itself; a run of other letters that no line can hold breaks after every sixth.
            let mut run = 0;
            for part in word.split_inclusive(layout::breaks) {
                let endless = self.measure.width(part, size, true) > room;
                for c in part.chars() {
                    if endless && run > 0 && run % 6 == 0 {
                        out.push('\u{200b}');
                    }
                    out.push(c);
                    run += 1;
                }
                run = 0;
            }
        }
        out
    }

    /// The text cut to one line, with an ellipsis where something was left out.
    fn one_line(&self, text: &str, room: f64, size: f64) -> Value {
        let mut line = self.settable(text, f64::INFINITY, size);
        let cut = self.measure.width(&line, size, true) > room;
        while self.measure.width(&line, size, true) > room - size && line.pop().is_some() {}
        if cut {
            line.truncate(line.trim_end().len());
            line.push('…');
        }
        line.into_value()
    }
}

/// Width and height of a picture in points, from its root element (millimetres, points, or pixels of 1/96 inch).
fn size(svg: &str) -> Option<(f64, f64)> {
    let head = svg.get(svg.find("<svg")?..)?;
    let head = head.get(..head.find('>')?)?;
    let length = |name: &str| -> Option<f64> {
        let value = head.split_once(&format!(" {name}=\""))?.1.split('"').next()?;
        let digits = value.trim_end_matches(|c: char| c.is_alphabetic());
        let unit = match &value[digits.len()..] {
            "mm" => MM,
            "pt" => 1.0,
            _ => 0.75,
        };
        digits.parse::<f64>().ok().map(|number| number * unit).filter(|length| *length > 0.0)
    };
    Some((length("width")?, length("height")?))
}
