//! Excel workbooks (Office Open XML), one worksheet, read cell by cell.
//!
//! Decided: what [`super::sheet`] says of every worksheet. A formula counts with the value the workbook stores for it; one
//! without a stored value is an error of its cell. A number that the workbook shows with leading zeros (format `000`) is
//! read as shown, so that a patient is 007 in every file. Limits: a worksheet of 50 million cells
//! ([`super::sheet::MAX_CELLS`]), counted as its rows times its columns, 1 048 576 rows and a million merged ranges; a
//! workbook of 1 GiB when unpacked ([`MAX_UNPACKED`]).

use super::date::Date;
use super::error::{CellReason, DataError};
use super::guard::guarded;
use super::layout::{self, Layout};
use super::marked;
use super::memory;
use super::options::{Format, ReadOptions};
use super::sheet::{self, Cell, Sheet};
use super::table::Table;
use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};

/// Most bytes that the parts of a workbook may have when unpacked.
pub const MAX_UNPACKED: u64 = 1 << 30;

/// Reads one worksheet; `name` is the path of the workbook in messages.
///
/// # Errors
/// [`DataError::Malformed`] where the workbook cannot be read, [`DataError::Sheet`] where the worksheet is not clear, and
/// those about headers.
pub fn parse(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Table, DataError> {
    // A damaged archive must end as an error even where the reader asserts that it is sound.
    let sheet = guarded(|| {
        check_unpacked(name, bytes, Format::Xlsx, MAX_UNPACKED)?;
        load(name, bytes, options)
    })
    .unwrap_or_else(|| Err(malformed(name, Format::Xlsx, "the workbook", "it cannot be decoded".to_string())))?;
    sheet::table(name, sheet, Format::Xlsx, options)
}

/// That a workbook is broken.
pub(super) fn malformed(name: &str, format: Format, place: &str, problem: String) -> DataError {
    let (path, place) = (name.to_string(), place.to_string());
    DataError::Malformed { path, format: format.title(), place, problem }
}

/// Refuses a small archive that unpacks to more than memory holds. What the archive says of its sizes is not believed:
/// its parts are unpacked and counted.
pub(super) fn check_unpacked(name: &str, bytes: &[u8], format: Format, limit: u64) -> Result<(), DataError> {
    let broken = |error: &dyn std::fmt::Display| malformed(name, format, "the archive", error.to_string());
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    let (mut total, mut needed) = (0, 0);
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|error| broken(&error))?;
        let part_name = part.name().map_or_else(|_| format!("part {}", index + 1), |name| name.to_string());
        let counted = std::io::copy(&mut part.take(limit + 1 - total), &mut std::io::sink());
        let counted = counted.map_err(|error| malformed(name, format, &part_name, error.to_string()))?;
        total += counted;
        needed += counted.saturating_mul(weight(&part_name));
        if total > limit {
            return Err(DataError::TooLarge {
                path: name.to_string(),
                what: "the workbook when unpacked, in bytes,",
                limit,
                row: None,
            });
        }
    }
    memory::afford(name, needed)
}

/// What a byte of this part may become in memory: a format of cells of five bytes is a structure of a few hundred, a
/// shared text of 13 bytes takes 64.
fn weight(part: &str) -> u64 {
    match part {
        "xl/styles.xml" => 64,
        _ if part.ends_with("sharedStrings.xml") => 6,
        _ if part.starts_with("xl/worksheets/") || part == "content.xml" => 1,
        _ => 4,
    }
}

fn load<'n>(name: &'n str, bytes: &[u8], options: &ReadOptions) -> Result<Sheet<'n>, DataError> {
    let broken = |place: &str, problem: String| malformed(name, Format::Xlsx, place, problem);
    let mut workbook: Xlsx<_> =
        Xlsx::new(Cursor::new(bytes)).map_err(|error| broken("the workbook", error.to_string()))?;
    let worksheets = || workbook.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let all: Vec<String> = worksheets().map(|sheet| sheet.name.clone()).collect();
    let visible = worksheets().filter(|sheet| sheet.visible == SheetVisible::Visible);
    let visible: Vec<String> = visible.map(|sheet| sheet.name.clone()).collect();
    let number: BTreeMap<String, usize> =
        workbook.sheets_metadata().iter().enumerate().map(|(at, sheet)| (sheet.name.clone(), at)).collect();
    let of = |title: &str| format!("worksheet `{title}`");
    let title = sheet::choose(name, options, &all, &visible, |title| {
        let unreadable = |error: calamine::XlsxError| broken(&of(title), error.to_string());
        let mut reader = workbook.worksheet_cells_reader(title).map_err(unreadable)?;
        while let Some(cell) = reader.next_cell().map_err(unreadable)? {
            if *cell.get_value() != DataRef::Empty {
                return Ok(true);
            }
        }
        Ok(false)
    })?;
    let unreadable = |error: calamine::XlsxError| broken(&of(&title), error.to_string());
    let mut sheet = Sheet::new(name, title.clone());
    sheet.remarks.extend(marked::hidden_sheets(options, &title, &all, &visible));
    sheet.shown = visible;
    let layout = number.get(&title).map(|number| layout::of_xlsx(name, bytes, *number)).transpose()?.flatten();
    let layout = match layout {
        Some(layout) => layout,
        // What the archive does not say of hidden rows stops nothing.
        None => {
            let merged = workbook.merge_cells_by_sheet_name(&title).map_err(unreadable)?;
            let merged = merged.iter().map(|at| ((at.start.0, at.end.0), (at.start.1, at.end.1))).collect();
            Layout { merged, ..Layout::default() }
        }
    };
    let shown = shown(&mut workbook, &title).map_err(unreadable)?;
    let mut reader = workbook.worksheet_cells_reader(&title).map_err(unreadable)?;
    while let Some(cell) = reader.next_cell_with_formula_metadata().map_err(unreadable)? {
        let (row, column) = cell.pos;
        sheet.grow(name, row, column)?;
        sheet.formulas += usize::from(cell.formula.is_some());
        match convert(&cell.value, options) {
            Ok(Some(value)) => {
                let width = shown.padded.get(&(row, column)).copied();
                sheet.set(row, column, width.and_then(|width| as_shown(&value, width)).unwrap_or(value))?;
            }
            Ok(None) if cell.formula.is_some() && cell.value == DataRef::Empty => {
                sheet.unusable(row, column, String::new(), CellReason::FormulaWithoutValue)?;
            }
            Ok(None) => {}
            Err(found) => sheet.unusable(row, column, found, CellReason::SpreadsheetError)?,
        }
    }
    layout.into_sheet(&mut sheet);
    sheet.marks.struck.extend(shown.struck);
    sheet.marks.scaled = shown.scaled;
    sheet.marks.unseen = shown.unseen;
    Ok(sheet)
}

/// What the styles of cells say of them.
#[derive(Default)]
struct Shown {
    /// The cells that are shown with leading zeros, and how many digits they then have.
    padded: BTreeMap<(u32, u32), usize>,
    struck: BTreeSet<(u32, u32)>,
    scaled: BTreeSet<(u32, u32)>,
    unseen: BTreeSet<(u32, u32)>,
}

/// What the cells' styles say: leading zeros, lines through the text, formats that scale or hide a number.
fn shown(workbook: &mut Xlsx<Cursor<&[u8]>>, title: &str) -> Result<Shown, calamine::XlsxError> {
    let mut shown = Shown::default();
    let mut reader = workbook.worksheet_cells_reader(title)?;
    let styles: Vec<(Option<usize>, bool, Option<marked::Shown>)> = reader
        .styles()
        .iter()
        .map(|style| {
            let code = style.number_format.as_ref().map(|format| format.format_code.as_str()).unwrap_or_default();
            let zeros = (code.len() > 1 && code.bytes().all(|byte| byte == b'0')).then_some(code.len());
            (zeros, style.font.as_ref().is_some_and(|font| font.strikethrough), marked::shown(code))
        })
        .collect();
    if styles.iter().all(|style| *style == (None, false, None)) {
        return Ok(shown);
    }
    while let Some((row, column, style)) = reader.next_style_id()? {
        let Some((width, struck, format)) = styles.get(style).copied() else { continue };
        if let Some(width) = width {
            shown.padded.insert((row, column), width);
        }
        if struck {
            marked::add(&mut shown.struck, (row, column));
        }
        match format {
            Some(marked::Shown::Scaled) => marked::add(&mut shown.scaled, (row, column)),
            Some(marked::Shown::Unseen) => marked::add(&mut shown.unseen, (row, column)),
            None => true,
        };
    }
    Ok(shown)
}

/// A whole number with leading zeros up to `width` digits.
fn as_shown(cell: &Cell, width: usize) -> Option<Cell> {
    match cell {
        // Whole numbers up to here are exact.
        Cell::Number(value) if value.fract() == 0.0 && (0.0..1e15).contains(value) => {
            Some(Cell::Text(format!("{value:0width$.0}")))
        }
        _ => None,
    }
}

/// The value of a cell, `None` where it is empty; the text of an error such as `#DIV/0!` unless that is a missing code.
fn convert(value: &DataRef<'_>, options: &ReadOptions) -> Result<Option<Cell>, String> {
    Ok(match value {
        DataRef::Empty => None,
        DataRef::Int(value) => Some(Cell::Number(*value as f64)),
        DataRef::Float(value) => Some(Cell::Number(*value)),
        DataRef::Bool(value) => Some(Cell::Bool(*value)),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            Some(Cell::Text(text.clone()))
        }
        DataRef::SharedString(text) => Some(Cell::Text((*text).to_string())),
        DataRef::DateTime(moment) => Some(date_or_time(moment)),
        DataRef::Error(error) if options.is_missing(&error.to_string()) => None,
        DataRef::Error(error) => return Err(error.to_string()),
    })
}

/// A day, or a moment or length of time as text.
pub(super) fn date_or_time(moment: &ExcelDateTime) -> Cell {
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    let time = format!("{hour:02}:{minute:02}:{second:02}");
    let value = moment.as_f64();
    if moment.is_duration() || (0.0..1.0).contains(&value) {
        let total = (value * 86_400.0).round();
        return Cell::Text(format!(
            "{:02}:{:02}:{:02}",
            (total / 3600.0).floor(),
            (total / 60.0).floor() % 60.0,
            total % 60.0
        ));
    }
    match Date::new(i32::from(year), u32::from(month), u32::from(day)) {
        Some(date) if value.fract() == 0.0 => Cell::Date(date),
        Some(date) => Cell::Text(format!("{date}T{time}")),
        None => Cell::Text(format!("{year:04}-{month:02}-{day:02}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn an_archive_that_unpacks_to_more_than_the_limit_is_refused() {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file("xl/sharedStrings.xml", zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(&vec![b'A'; 100_000]).unwrap();
        let bytes = archive.finish().unwrap().into_inner();
        assert!(bytes.len() < 2_000);
        assert!(check_unpacked("a.xlsx", &bytes, Format::Xlsx, 100_000).is_ok());
        let error = check_unpacked("a.xlsx", &bytes, Format::Xlsx, 99_999).unwrap_err();
        assert!(matches!(error, DataError::TooLarge { limit: 99_999, .. }), "{error}");
        assert!(check_unpacked("a.xlsx", b"PK\x03\x04 and nothing that follows", Format::Xlsx, 1).is_err());
    }
}
