//! Excel workbooks of 1997 to 2003 (`.xls`), one worksheet; see [`super::sheet`] for what is decided. Formulas count with
//! their stored values. Leading zeros that only the format shows are not seen: such workbooks are better saved as `.xlsx`.

use super::error::{CellReason, DataError};
use super::guard::guarded;
use super::layout::Layout;
use super::marked;
use super::options::{Format, ReadOptions};
use super::sheet::{self, Cell, Sheet};
use super::table::Table;
use super::xls_size;
use super::xlsx::{date_or_time, malformed};
use calamine::{Data, Range, Reader, SheetType, SheetVisible, Xls};
use std::io::Cursor;

/// Reads one worksheet; `name` is the path of the workbook in messages.
///
/// # Errors
/// As [`super::xlsx::parse`].
pub fn parse(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Table, DataError> {
    let sheet = guarded(|| load(name, bytes, options));
    let broken = || Err(malformed(name, Format::Xls, "the workbook", "it cannot be decoded".to_string()));
    sheet::table(name, sheet.unwrap_or_else(broken)?, Format::Xls, options)
}

fn load<'n>(name: &'n str, bytes: &[u8], options: &ReadOptions) -> Result<Sheet<'n>, DataError> {
    let stream = xls_size::check(name, bytes)?;
    let unreadable = |error: calamine::XlsError| malformed(name, Format::Xls, "the workbook", error.to_string());
    let mut workbook: Xls<_> = Xls::new(Cursor::new(bytes)).map_err(unreadable)?;
    let (all, visible) = titles(workbook.sheets_metadata());
    let title = sheet::choose(name, options, &all, &visible, |title| {
        Ok(!workbook.worksheet_range(title).map_err(unreadable)?.is_empty())
    })?;
    let range = workbook.worksheet_range(&title).map_err(unreadable)?;
    let number = workbook.sheets_metadata().iter().position(|sheet| sheet.name == title);
    let mut layout = match (stream, number) {
        (Some(stream), Some(number)) => xls_size::layout(&stream, number),
        _ => Layout::default(),
    };
    let merged = workbook.merge_cells_by_sheet_name(&title).map_err(unreadable)?;
    layout.merged = merged.iter().map(|at| ((at.start.0, at.end.0), (at.start.1, at.end.1))).collect();
    let hidden = marked::hidden_sheets(options, &title, &all, &visible);
    let mut sheet = cells(name, title, &range, options)?;
    layout.into_sheet(&mut sheet);
    sheet.remarks.extend(hidden);
    sheet.shown = visible;
    Ok(sheet)
}

/// The titles of the worksheets, and of those that are shown.
pub(super) fn titles(sheets: &[calamine::Sheet]) -> (Vec<String>, Vec<String>) {
    let worksheets = || sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let visible = worksheets().filter(|sheet| sheet.visible == SheetVisible::Visible);
    (worksheets().map(|sheet| sheet.name.clone()).collect(), visible.map(|sheet| sheet.name.clone()).collect())
}

/// The cells of a range.
///
/// # Errors
/// [`DataError::TooLarge`].
pub(super) fn cells<'n>(
    name: &'n str,
    title: String,
    range: &Range<Data>,
    options: &ReadOptions,
) -> Result<Sheet<'n>, DataError> {
    let mut sheet = Sheet::new(name, title);
    let (first_row, first_column) = range.start().unwrap_or_default();
    for (row, column, value) in range.used_cells() {
        let place = |first: u32, at: usize| u32::try_from(at).unwrap_or(u32::MAX).saturating_add(first);
        let (row, column) = (place(first_row, row), place(first_column, column));
        sheet.grow(name, row, column)?;
        let cell = match value {
            Data::Empty => continue,
            Data::Int(value) => Cell::Number(*value as f64),
            Data::Float(value) => Cell::Number(*value),
            Data::Bool(value) => Cell::Bool(*value),
            Data::DateTime(moment) => date_or_time(moment),
            Data::String(text) if text.is_empty() => continue,
            // Texts of two bytes a character, which some programs write, may come as bytes.
            Data::String(text) | Data::DurationIso(text) => Cell::Text(text.replace('\0', "")),
            Data::DateTimeIso(text) => day(text),
            Data::Error(error) if options.is_missing(&error.to_string()) => continue,
            Data::Error(error) => {
                sheet.unusable(row, column, error.to_string(), CellReason::SpreadsheetError)?;
                continue;
            }
        };
        sheet.set(row, column, cell)?;
    }
    Ok(sheet)
}

/// A day, or a moment as text.
fn day(text: &str) -> Cell {
    use crate::data::date::{Date, DateOrder};
    let (date, time) = text.split_once('T').unwrap_or((text, ""));
    match Date::parse(date, DateOrder::Iso) {
        Some(date) if time.bytes().all(|byte| matches!(byte, b'0' | b':' | b'.')) => Cell::Date(date),
        _ => Cell::Text(text.to_string()),
    }
}
