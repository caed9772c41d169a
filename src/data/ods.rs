//! OpenDocument spreadsheets (`.ods`, LibreOffice), one worksheet; see [`super::sheet`] for what is decided. Formulas count
//! with their stored values. Hidden rows are not told apart from others.

use super::error::DataError;
use super::guard::guarded;
use super::options::{Format, ReadOptions};
use super::sheet::{self, Sheet};
use super::table::Table;
use super::xls::{cells, titles};
use super::xlsx::{MAX_UNPACKED, check_unpacked, malformed};
use calamine::{Ods, Reader};
use std::io::Cursor;

/// Reads one worksheet; `name` is the path of the document in messages.
///
/// # Errors
/// As [`super::xlsx::parse`].
pub fn parse(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Table, DataError> {
    let sheet = guarded(|| {
        check_unpacked(name, bytes, Format::Ods, MAX_UNPACKED)?;
        load(name, bytes, options)
    });
    let broken = || Err(malformed(name, Format::Ods, "the document", "it cannot be decoded".to_string()));
    sheet::table(name, sheet.unwrap_or_else(broken)?, Format::Ods, options)
}

fn load(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Sheet, DataError> {
    let unreadable = |error: calamine::OdsError| malformed(name, Format::Ods, "the document", error.to_string());
    let mut document: Ods<_> = Ods::new(Cursor::new(bytes)).map_err(unreadable)?;
    let (all, visible) = titles(document.sheets_metadata());
    let title = sheet::choose(name, options, &all, &visible, |title| {
        Ok(!document.worksheet_range(title).map_err(unreadable)?.is_empty())
    })?;
    let range = document.worksheet_range(&title).map_err(unreadable)?;
    cells(name, title, &range, options)
}
