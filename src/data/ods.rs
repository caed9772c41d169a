//! OpenDocument spreadsheets (`.ods`, LibreOffice), one worksheet; see [`super::sheet`] for what is decided. Formulas count
//! with their stored values. Hidden rows are not told apart from others.

use super::csv::MAX_COLUMNS;
use super::error::DataError;
use super::guard::guarded;
use super::memory::Meter;
use super::options::{Format, ReadOptions};
use super::sheet::{self, Sheet};
use super::table::Table;
use super::xls::{cells, titles};
use super::xlsx::{MAX_UNPACKED, check_unpacked, malformed};
use calamine::{Ods, Reader};
use std::io::{BufRead, BufReader, Cursor, Read};

/// Most rows of a worksheet.
const MAX_ROWS: u64 = 1 << 20;

/// What a cell of a worksheet takes, empty or not: its value, its formula, and both again while the rectangle is made.
const CELL: u64 = 112;

/// Reads one worksheet; `name` is the path of the document in messages.
///
/// # Errors
/// As [`super::xlsx::parse`].
pub fn parse(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Table, DataError> {
    let sheet = guarded(|| {
        check_unpacked(name, bytes, Format::Ods, MAX_UNPACKED)?;
        check_repeated(name, bytes)?;
        load(name, bytes, options)
    });
    let broken = || Err(malformed(name, Format::Ods, "the document", "it cannot be decoded".to_string()));
    sheet::table(name, sheet.unwrap_or_else(broken)?, Format::Ods, options)
}

/// Refuses a document whose repeated cells would not fit into memory: one element may stand for a million rows of a
/// thousand cells. Empty cells count only before one that is not, as the decoder makes them.
fn check_repeated(name: &str, bytes: &[u8]) -> Result<(), DataError> {
    let mut meter = Meter::new(name);
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(bytes)) else { return Ok(()) };
    let Ok(part) = archive.by_name("content.xml") else { return Ok(()) };
    let mut content = BufReader::new(part);
    let (mut element, mut row) = (Vec::new(), Row::default());
    let mut shape = (0_u64, 0_u64);
    loop {
        element.clear();
        let read = content.by_ref().take(1 << 20).read_until(b'<', &mut element).unwrap_or_default();
        if read == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&element);
        let (tag, behind) = text.trim_end_matches('<').split_once('>').unwrap_or((&text, ""));
        let repeated = |attribute: &str, most: u64| {
            let count = super::xlsx::attribute(tag, attribute).and_then(|count| count.parse::<u64>().ok());
            count.unwrap_or(1).min(most)
        };
        match tag.split([' ', '/', '\n', '\t', '\r']).find(|name| !name.is_empty()).unwrap_or_default() {
            "table:table" => shape = (0, 0),
            "table:table-row" if !tag.starts_with('/') => {
                row = Row { repeated: repeated("table:number-rows-repeated", MAX_ROWS), ..Row::default() };
            }
            "table:table-row" => {
                row.cell_ends();
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
            }
            _ => {
                row.filled |= !behind.trim().is_empty();
                row.length += behind.len() as u64;
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

fn load<'n>(name: &'n str, bytes: &[u8], options: &ReadOptions) -> Result<Sheet<'n>, DataError> {
    let unreadable = |error: calamine::OdsError| malformed(name, Format::Ods, "the document", error.to_string());
    let mut document: Ods<_> = Ods::new(Cursor::new(bytes)).map_err(unreadable)?;
    let (all, visible) = titles(document.sheets_metadata());
    let title = sheet::choose(name, options, &all, &visible, |title| {
        Ok(!document.worksheet_range(title).map_err(unreadable)?.is_empty())
    })?;
    let range = document.worksheet_range(&title).map_err(unreadable)?;
    cells(name, title, &range, options)
}
