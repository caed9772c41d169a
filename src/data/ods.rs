//! OpenDocument spreadsheets (`.ods`, LibreOffice), one worksheet; see [`super::sheet`] for what is decided. Formulas count
//! with their stored values.

use super::csv::MAX_COLUMNS;
use super::error::DataError;
use super::guard::guarded;
use super::layout::{Layout, MAX_MERGED, MAX_ROWS, attribute, elements_of};
use super::marked::{self, Marks};
use super::memory::Meter;
use super::options::{Format, ReadOptions};
use super::sheet::{self, Sheet};
use super::table::Table;
use super::xls::{cells, titles};
use super::xlsx::{MAX_UNPACKED, check_unpacked, malformed};
use calamine::{Ods, Reader};
use std::collections::BTreeSet;
use std::io::{BufReader, Cursor};

/// What a cell of a worksheet takes, empty or not: its value, its formula, and both again while the rectangle is made.
const CELL: u64 = 112;

/// Reads one worksheet; `name` is the path of the document in messages.
///
/// # Errors
/// As [`super::xlsx::parse`].
pub fn parse(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Table, DataError> {
    let sheet = guarded(|| {
        check_unpacked(name, bytes, Format::Ods, MAX_UNPACKED)?;
        let layouts = check_repeated(name, bytes)?;
        load(name, bytes, layouts, options)
    });
    let broken = || Err(malformed(name, Format::Ods, "the document", "it cannot be decoded".to_string()));
    sheet::table(name, sheet.unwrap_or_else(broken)?, Format::Ods, options)
}

/// Refuses a document whose repeated cells would not fit into memory: one element may stand for a million rows of a
/// thousand cells. Empty cells count only before one that is not, as the decoder makes them. Returns what each worksheet
/// says besides its cells.
fn check_repeated(name: &str, bytes: &[u8]) -> Result<Vec<Layout>, DataError> {
    let mut meter = Meter::new(name);
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(bytes)) else { return Ok(Vec::new()) };
    let Ok(part) = archive.by_name("content.xml") else { return Ok(Vec::new()) };
    let mut row = Row::default();
    // The last worksheet begun, with its rows and its widest, and where the next row or column is.
    let mut layouts: Vec<Layout> = Vec::new();
    let (mut shape, mut at, mut column_at) = ((0_u64, 0_u64), 0_u64, 0_u64);
    // The styles with a line through the text, and the columns that have one unless a cell says otherwise.
    let (mut style, mut lined, mut lined_columns) = (String::new(), BTreeSet::new(), Vec::<(u64, u64)>::new());
    elements_of(BufReader::new(part), |tag, behind| {
        let repeated = |name: &str, most: u64| {
            let count = attribute(tag, name).and_then(|count| count.parse::<u64>().ok());
            count.unwrap_or(1).clamp(1, most)
        };
        let unseen = matches!(attribute(tag, "table:visibility"), Some("collapse" | "filter"));
        let place = |at: u64| u32::try_from(at).unwrap_or(u32::MAX);
        let element = tag.split([' ', '/', '\n', '\t', '\r']).find(|name| !name.is_empty()).unwrap_or_default();
        let in_lined = |name: &str| !lined.is_empty() && attribute(tag, name).is_some_and(|name| lined.contains(name));
        if let Some(marks) = layouts.last_mut().map(|layout| &mut layout.marks) {
            let here = (place(at), place(row.cells + row.empty));
            match element {
                "text:span" if in_lined("text:style-name") => {
                    marked::add(&mut marks.struck, here);
                }
                "office:annotation" if !tag.starts_with('/') => {
                    marked::add(&mut marks.commented, here);
                }
                _ => {}
            }
        }
        match element {
            "table:table" => {
                (shape, at, column_at) = ((0, 0), 0, 0);
                lined_columns.clear();
                if !tag.starts_with('/') {
                    layouts.push(Layout::default());
                }
            }
            "table:table-column" if !tag.starts_with('/') => {
                let columns = repeated("table:number-columns-repeated", MAX_COLUMNS as u64);
                if let Some(layout) = layouts.last_mut().filter(|_| unseen) {
                    layout.hidden_columns.push((place(column_at), place(column_at + columns - 1)));
                }
                if attribute(tag, "table:default-cell-style-name").is_some_and(|name| lined.contains(name)) {
                    lined_columns.push((column_at, column_at + columns));
                }
                column_at += columns;
            }
            "style:style" if !tag.starts_with('/') => {
                style.clear();
                style.push_str(attribute(tag, "style:name").unwrap_or_default());
            }
            "style:text-properties" if lined.len() < MAX_MERGED => {
                let line =
                    attribute(tag, "style:text-line-through-style").or(attribute(tag, "style:text-line-through-type"));
                if line.is_some_and(|line| line != "none") {
                    lined.insert(style.clone());
                }
            }
            "table:table-row" if !tag.starts_with('/') => {
                row = Row { repeated: repeated("table:number-rows-repeated", MAX_ROWS), ..Row::default() };
                if let Some(layout) = layouts.last_mut().filter(|_| unseen) {
                    layout.hidden_rows.push((place(at), place(at + row.repeated - 1)));
                }
            }
            "table:table-row" => {
                row.cell_ends();
                at += row.repeated;
                // The rectangle of the worksheet has the width of its widest row, over its empty rows too.
                let before = shape.0 * shape.1;
                shape = (shape.0 + row.repeated, shape.1.max(row.cells));
                if row.cells > 0 {
                    meter.take((shape.0 * shape.1).saturating_sub(before) * CELL)?;
                    meter.take(row.repeated.saturating_mul(row.text))?;
                }
            }
            "table:table-cell" | "table:covered-table-cell" if !tag.starts_with('/') => {
                row.cell_ends();
                row.cell = repeated("table:number-columns-repeated", MAX_COLUMNS as u64);
                row.filled = tag.contains("office:value") || tag.contains("table:formula");
                row.length = tag.len() as u64 + behind.len() as u64;
                let left = row.cells + row.empty;
                let own = attribute(tag, "table:style-name");
                let by_column = || lined_columns.iter().any(|(first, behind)| (first..behind).contains(&&left));
                let shown = Shown {
                    struck: own.map_or_else(by_column, |name| lined.contains(name)),
                    percent: attribute(tag, "office:value-type") == Some("percentage"),
                };
                if let Some(layout) = layouts.last_mut().filter(|_| row.filled) {
                    shown.note((at, row.repeated), (left, row.cell), &mut layout.marks);
                }
                let (down, right) = (
                    repeated("table:number-rows-spanned", MAX_ROWS),
                    repeated("table:number-columns-spanned", MAX_COLUMNS as u64),
                );
                let merged = layouts.last_mut().filter(|layout| down * right > 1 && layout.merged.len() < MAX_MERGED);
                if let Some(layout) = merged {
                    layout.merged.push(((place(at), place(at + down - 1)), (place(left), place(left + right - 1))));
                }
            }
            _ => {
                row.filled |= !behind.trim().is_empty();
                row.length += behind.len() as u64;
            }
        }
        Ok(())
    })?;
    Ok(layouts)
}

/// How a cell, or several alike, is shown.
struct Shown {
    struck: bool,
    percent: bool,
}

impl Shown {
    /// Notes the cells of some rows and columns, each as the first and how many.
    fn note(&self, rows: (u64, u64), columns: (u64, u64), marks: &mut Marks) {
        let number = |at: u64| u32::try_from(at).unwrap_or(u32::MAX);
        for (_, kind) in
            [(self.struck, &mut marks.struck), (self.percent, &mut marks.scaled)].into_iter().filter(|(is, _)| *is)
        {
            'kind: for row in rows.0..rows.0 + rows.1 {
                for column in columns.0..columns.0 + columns.1 {
                    if !marked::add(kind, (number(row), number(column))) {
                        break 'kind;
                    }
                }
            }
        }
    }
}

/// What a row being read holds.
#[derive(Default)]
struct Row {
    repeated: u64,
    /// Cells up to the last that is not empty, and those that may follow before another.
    cells: u64,
    empty: u64,
    text: u64,
    /// The cell being read: how often, how long, and whether there is anything in it.
    cell: u64,
    length: u64,
    filled: bool,
}

impl Row {
    fn cell_ends(&mut self) {
        if self.filled {
            self.cells = (self.cells + self.empty + self.cell).min(MAX_COLUMNS as u64);
            self.text += self.cell * self.length;
            self.empty = 0;
        } else {
            self.empty += self.cell;
        }
        (self.cell, self.length, self.filled) = (0, 0, false);
    }
}

fn load<'n>(name: &'n str, bytes: &[u8], layouts: Vec<Layout>, options: &ReadOptions) -> Result<Sheet<'n>, DataError> {
    let unreadable = |error: calamine::OdsError| malformed(name, Format::Ods, "the document", error.to_string());
    let mut document: Ods<_> = Ods::new(Cursor::new(bytes)).map_err(unreadable)?;
    let (all, visible) = titles(document.sheets_metadata());
    let title = sheet::choose(name, options, &all, &visible, |title| {
        Ok(!document.worksheet_range(title).map_err(unreadable)?.is_empty())
    })?;
    let range = document.worksheet_range(&title).map_err(unreadable)?;
    // A table within a table would shift the numbers: what cannot be told is not said.
    let known = layouts.len() == document.sheets_metadata().len();
    let number = document.sheets_metadata().iter().position(|sheet| sheet.name == title).filter(|_| known);
    let hidden = marked::hidden_sheets(options, &title, &all, &visible);
    let mut sheet = cells(name, title, &range, options)?;
    if let Some(layout) = number.and_then(|number| layouts.into_iter().nth(number)) {
        layout.into_sheet(&mut sheet);
    }
    sheet.remarks.extend(hidden);
    sheet.shown = visible;
    Ok(sheet)
}
