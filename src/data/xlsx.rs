//! Excel workbooks (Office Open XML), one worksheet, read cell by cell.
//!
//! Decided: a column whose cells are all numbers is numbers (booleans 1 and 0), all dates is dates, else text as it would
//! be typed; the missing codes hold as in CSV. A formula counts with the value the workbook stores for it; one without a
//! stored value, or an error such as `#DIV/0!`, is refused by cell. Empty rows are passed over but counted. Limit: a
//! worksheet of 50 million cells ([`MAX_CELLS`]), counted as its rows times its columns; a workbook of 1 GiB when unpacked
//! ([`MAX_UNPACKED`]).

use super::date::Date;
use super::error::{CellError, CellReason, DataError};
use super::guard::guarded;
use super::number;
use super::options::{Format, ReadOptions};
use super::table::{self, FileRows, Provenance, Table, Values};
use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};

/// Largest worksheet, rows times columns.
pub const MAX_CELLS: usize = 50_000_000;

/// Most bytes that the parts of a workbook may have when unpacked.
pub const MAX_UNPACKED: u64 = 1 << 30;

/// Deflate makes at most 1032 bytes of one.
const MAX_RATIO: u64 = 1032;

/// One cell with a value.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Text(String),
    Number(f64),
    Date(Date),
}

impl Cell {
    fn to_text(&self) -> String {
        match self {
            Cell::Text(text) => text.clone(),
            Cell::Number(value) => number::print(*value),
            Cell::Date(date) => date.to_string(),
        }
    }
}

/// A worksheet: cells by row and column, both counted from 0.
#[derive(Default)]
struct Sheet {
    rows: BTreeMap<u32, BTreeMap<u32, Cell>>,
    errors: Vec<(u32, u32, String, CellReason)>,
    formulas: usize,
}

/// Reads one worksheet; `name` is the path of the workbook in messages.
///
/// # Errors
/// [`DataError::Malformed`] where the workbook cannot be read, [`DataError::Sheet`] where the worksheet is not clear,
/// [`DataError::Cells`] with every formula without a value and every spreadsheet error, and those about headers.
pub fn parse(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Table, DataError> {
    // A damaged archive must end as an error even where the reader asserts that it is sound.
    let (sheet, title) = guarded(|| {
        check_unpacked(name, bytes, MAX_UNPACKED)?;
        load(name, bytes, options)
    })
    .unwrap_or_else(|| Err(malformed(name, "the workbook", "it cannot be decoded".to_string())))?;
    table(name, sheet, title, options)
}

fn malformed(name: &str, place: &str, problem: String) -> DataError {
    let (path, place) = (name.to_string(), place.to_string());
    DataError::Malformed { path, format: Format::Xlsx.title(), place, problem }
}

/// Refuses a small archive that unpacks to more than memory holds. What the archive says of its sizes is not believed:
/// where it could be too large, its parts are unpacked and counted.
fn check_unpacked(name: &str, bytes: &[u8], limit: u64) -> Result<(), DataError> {
    if bytes.len() as u64 <= limit / MAX_RATIO {
        return Ok(());
    }
    let broken = |error: &dyn std::fmt::Display| malformed(name, "the archive", error.to_string());
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    let mut total = 0;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|error| broken(&error))?;
        let part_name = part.name().map_or_else(|_| format!("part {}", index + 1), |name| name.to_string());
        let counted = std::io::copy(&mut part.take(limit + 1 - total), &mut std::io::sink());
        total += counted.map_err(|error| malformed(name, &part_name, error.to_string()))?;
        if total > limit {
            return Err(DataError::TooLarge {
                path: name.to_string(),
                what: "the workbook when unpacked, in bytes,",
                limit,
                row: None,
            });
        }
    }
    Ok(())
}

fn load(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<(Sheet, String), DataError> {
    let mut workbook: Xlsx<_> =
        Xlsx::new(Cursor::new(bytes)).map_err(|error| malformed(name, "the workbook", error.to_string()))?;
    let sheets = workbook.sheets_metadata().iter();
    let worksheets = sheets.filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let visible = |sheet: &&calamine::Sheet| sheet.visible == SheetVisible::Visible;
    let shown: Vec<String> = worksheets.clone().filter(visible).map(|sheet| sheet.name.clone()).collect();
    let all: Vec<String> = worksheets.map(|sheet| sheet.name.clone()).collect();
    let title = match (&options.sheet, shown.as_slice()) {
        (Some(asked), _) => all.iter().find(|title| *title == asked).cloned(),
        (None, [only]) => Some(only.clone()),
        (None, _) => None,
    };
    let title =
        title.ok_or_else(|| DataError::Sheet { path: name.to_string(), asked: options.sheet.clone(), sheets: all })?;
    let unreadable = |error: calamine::XlsxError| malformed(name, &format!("worksheet `{title}`"), error.to_string());
    let mut reader = workbook.worksheet_cells_reader(&title).map_err(unreadable)?;
    let mut sheet = Sheet::default();
    let mut last = (0, 0);
    while let Some(cell) = reader.next_cell_with_formula_metadata().map_err(unreadable)? {
        let (row, column) = cell.pos;
        last = (last.0.max(row as usize), last.1.max(column as usize));
        if (last.0 + 1).saturating_mul(last.1 + 1) > MAX_CELLS {
            let (path, limit) = (name.to_string(), MAX_CELLS as u64);
            return Err(DataError::TooLarge { path, what: "the worksheet, in cells,", limit, row: Some(last.0 + 1) });
        }
        sheet.formulas += usize::from(cell.formula.is_some());
        match convert(&cell.value, options) {
            Ok(Some(value)) => {
                sheet.rows.entry(row).or_default().insert(column, value);
            }
            Ok(None) if cell.formula.is_some() && cell.value == DataRef::Empty => {
                sheet.errors.push((row, column, String::new(), CellReason::FormulaWithoutValue));
            }
            Ok(None) => {}
            Err(found) => sheet.errors.push((row, column, found, CellReason::SpreadsheetError)),
        }
    }
    Ok((sheet, title))
}

/// The value of a cell, `None` where it is empty; the text of an error such as `#DIV/0!` unless that is a missing code.
fn convert(value: &DataRef<'_>, options: &ReadOptions) -> Result<Option<Cell>, String> {
    Ok(match value {
        DataRef::Empty => None,
        DataRef::Int(value) => Some(Cell::Number(*value as f64)),
        DataRef::Float(value) => Some(Cell::Number(*value)),
        DataRef::Bool(value) => Some(Cell::Number(f64::from(u8::from(*value)))),
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
fn date_or_time(moment: &ExcelDateTime) -> Cell {
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

fn table(name: &str, mut sheet: Sheet, title: String, options: &ReadOptions) -> Result<Table, DataError> {
    let path = || name.to_string();
    let header_row = options.header_row.max(1);
    let header_index = u32::try_from(header_row - 1).unwrap_or(u32::MAX);
    sheet.rows = sheet.rows.split_off(&header_index);
    let Some(header) = sheet.rows.remove(&header_index) else {
        return Err(match sheet.rows.is_empty() && sheet.errors.is_empty() {
            true => DataError::Empty { path: path() },
            false => DataError::NoHeader { path: path(), row: header_row },
        });
    };
    let header: BTreeMap<u32, String> = header
        .into_iter()
        .map(|(column, cell)| (column, cell.to_text().trim().to_string()))
        .filter(|(_, title)| !title.is_empty())
        .collect();
    let title_of = |column: u32| header.get(&column).cloned().unwrap_or_else(|| format!("#{}", column + 1));
    let refused = sheet.errors.into_iter().filter(|(row, ..)| *row >= header_index);
    let refused = refused.map(|(row, column, found, reason)| CellError {
        row: row as usize + 1,
        column: title_of(column),
        found,
        reason,
    });
    let cells: Vec<CellError> = refused.collect();
    if !cells.is_empty() {
        return Err(DataError::Cells { path: path(), cells });
    }
    let unnamed = sheet.rows.values().flat_map(BTreeMap::keys).find(|column| !header.contains_key(column));
    if let Some(column) = unnamed {
        return Err(DataError::UnnamedColumn { path: path(), column: *column as usize + 1, row: header_row });
    }
    if header.is_empty() {
        return Err(DataError::NoHeader { path: path(), row: header_row });
    }
    table::check_unique(name, header.values().map(String::as_str))?;
    let mut notes = Vec::new();
    if sheet.formulas > 0 {
        notes.push(format!("{} cells hold formulas; the values stored for them were used", sheet.formulas));
    }
    let columns = header.iter().map(|(column, title)| {
        let cells: Vec<Option<&Cell>> = sheet.rows.values().map(|row| row.get(column)).collect();
        values(&cells, options).into_column(title)
    });
    let columns = columns.collect();
    let rows = FileRows::Listed(sheet.rows.keys().map(|row| *row as usize + 1).collect());
    let decimal = if options.decimal_comma == Some(true) { ',' } else { '.' };
    let provenance = Provenance { sheet: Some(title), notes, decimal, ..table::provenance(name, Format::Xlsx) };
    Table::new(columns, rows, provenance)
}

/// One column: numbers or dates where all its cells are, else text.
fn values(cells: &[Option<&Cell>], options: &ReadOptions) -> Values {
    let present = |cell: &Option<&Cell>| match cell {
        Some(Cell::Text(text)) => !options.is_missing(text),
        other => other.is_some(),
    };
    let cells: Vec<Option<&Cell>> = cells.iter().map(|cell| cell.filter(|_| present(cell))).collect();
    let mut kinds = cells.iter().flatten().map(|cell| std::mem::discriminant(*cell));
    let first = kinds.next();
    let uniform = first.is_some_and(|first| kinds.all(|kind| kind == first));
    match cells.iter().flatten().next() {
        Some(Cell::Number(_)) if uniform => {
            let number = |cell: &Cell| if let Cell::Number(value) = cell { Some(*value) } else { None };
            let numbers = cells.iter().map(|cell| cell.and_then(number)).collect();
            Values::Number(options.drop_missing_numbers(numbers, Format::Xlsx))
        }
        Some(Cell::Date(_)) if uniform => {
            let date = |cell: &Cell| if let Cell::Date(date) = cell { Some(*date) } else { None };
            Values::Date(cells.iter().map(|cell| cell.and_then(date)).collect())
        }
        _ => {
            let text = |cell: &Cell| Some(cell.to_text()).filter(|text| !options.is_missing(text));
            Values::Text(cells.iter().map(|cell| cell.and_then(text)).collect())
        }
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
        assert!(check_unpacked("a.xlsx", &bytes, 100_000).is_ok());
        let error = check_unpacked("a.xlsx", &bytes, 99_999).unwrap_err();
        assert!(matches!(error, DataError::TooLarge { limit: 99_999, .. }), "{error}");
        assert!(check_unpacked("a.xlsx", b"PK\x03\x04 and nothing that follows", 1).is_err());
    }
}
