//! A worksheet as cells by row and column, and how it becomes a table: the same for every format of spreadsheets.
//!
//! Decided: a column whose cells are all numbers is numbers, all booleans is 1 and 0, all dates is dates, else text as it
//! would be typed (TRUE among numbers is no number); the missing codes hold as in CSV. An error such as `#DIV/0!`, or a formula without a stored value, makes its
//! column unreadable, which stops only whoever asks for that column. Empty rows are passed over but counted.

use super::date::Date;
use super::error::{CellError, CellReason, DataError};
use super::header::{self, Named};
use super::layout::Span;
use super::marked::{self, Marks};
use super::memory::Meter;
use super::number;
use super::options::{Format, ReadOptions};
use super::remark::{self, OddCells, Remark, plural};
use super::table::{self, FileRows, Merged, Provenance, Table, Values};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Largest worksheet, rows times columns.
pub const MAX_CELLS: usize = 50_000_000;

/// One cell with a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Text(String),
    Number(f64),
    Bool(bool),
    Date(Date),
}

impl Cell {
    fn to_text(&self) -> String {
        match self {
            Cell::Text(text) => text.clone(),
            Cell::Number(value) => number::print(*value),
            Cell::Bool(value) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
            Cell::Date(date) => date.to_string(),
        }
    }
}

/// What a row of a worksheet takes besides its cells.
pub(super) const ROW: u64 = 512;

/// A worksheet: cells by row and column, both counted from 0.
pub(super) struct Sheet<'a> {
    meter: Meter<'a>,
    pub title: String,
    pub rows: BTreeMap<u32, BTreeMap<u32, Cell>>,
    /// Cells without a usable value.
    pub errors: Vec<(u32, u32, String, CellReason)>,
    pub formulas: usize,
    /// Rows that a filter or the user hides.
    pub hidden: Vec<u32>,
    /// The worksheets of the workbook that are shown.
    pub shown: Vec<String>,
    /// What is to be said of the workbook.
    pub remarks: Vec<Remark>,
    /// Columns that are not shown, first and last.
    pub hidden_columns: Vec<Span>,
    /// Cells that carry a mark.
    pub marks: Marks,
    /// Merged cells: first and last row, first and last column.
    pub merged: Vec<(Span, Span)>,
    /// Last row and column counted.
    pub last: (usize, usize),
}

impl<'a> Sheet<'a> {
    /// The empty worksheet `title` of the file `path`.
    pub fn new(path: &'a str, title: String) -> Self {
        Self {
            meter: Meter::new(path),
            title,
            rows: BTreeMap::new(),
            errors: Vec::new(),
            formulas: 0,
            hidden: Vec::new(),
            shown: Vec::new(),
            remarks: Vec::new(),
            hidden_columns: Vec::new(),
            marks: Marks::default(),
            merged: Vec::new(),
            last: (0, 0),
        }
    }

    /// Counts a cell; `Err` where the sheet is larger than [`MAX_CELLS`].
    pub fn grow(&mut self, name: &str, row: u32, column: u32) -> Result<(), DataError> {
        self.last = (self.last.0.max(row as usize), self.last.1.max(column as usize));
        if (self.last.0 + 1).saturating_mul(self.last.1 + 1) > MAX_CELLS {
            let (path, limit) = (name.to_string(), MAX_CELLS as u64);
            let row = Some(self.last.0 + 1);
            return Err(DataError::TooLarge { path, what: "the worksheet, in cells,", limit, row });
        }
        Ok(())
    }

    /// Puts a cell in its place; `Err` where there is no memory for it.
    pub fn set(&mut self, row: u32, column: u32, cell: Cell) -> Result<(), DataError> {
        self.meter.text(if let Cell::Text(text) = &cell { 2 * text.len() } else { 0 })?;
        let cells = match self.rows.entry(row) {
            Entry::Vacant(entry) => {
                self.meter.take(ROW)?;
                entry.insert(BTreeMap::new())
            }
            Entry::Occupied(entry) => entry.into_mut(),
        };
        cells.insert(column, cell);
        Ok(())
    }

    /// Keeps a cell without a usable value.
    pub fn unusable(&mut self, row: u32, column: u32, found: String, reason: CellReason) -> Result<(), DataError> {
        self.meter.text(found.len())?;
        self.errors.push((row, column, found, reason));
        Ok(())
    }
}

/// Which of the worksheets is meant: the one asked for, else the only visible one that has cells. `visible` are titles with
/// whether they have cells, which is looked up only where it matters.
///
/// # Errors
/// [`DataError::Sheet`] where that is not clear.
pub(super) fn choose(
    name: &str,
    options: &ReadOptions,
    all: &[String],
    visible: &[String],
    mut has_cells: impl FnMut(&str) -> Result<bool, DataError>,
) -> Result<String, DataError> {
    let unclear = |sheets: &[String]| DataError::Sheet {
        path: name.to_string(),
        asked: options.sheet.clone(),
        sheets: sheets.to_vec(),
    };
    match (&options.sheet, visible) {
        (Some(asked), _) => all.iter().find(|title| *title == asked).cloned().ok_or_else(|| unclear(all)),
        (None, [only]) => Ok(only.clone()),
        (None, _) => {
            let mut filled = Vec::new();
            for title in visible {
                if has_cells(title)? {
                    filled.push(title.clone());
                }
            }
            match filled.as_slice() {
                [only] => Ok(only.clone()),
                [] => Err(unclear(all)),
                several => Err(unclear(several)),
            }
        }
    }
}

/// The table of `sheet`.
///
/// # Errors
/// Those about headers and names.
pub(super) fn table(
    name: &str,
    mut sheet: Sheet<'_>,
    format: Format,
    options: &ReadOptions,
) -> Result<Table, DataError> {
    let path = || name.to_string();
    let header_row = options.header_row.max(1);
    let header_index = u32::try_from(header_row - 1).unwrap_or(u32::MAX);
    sheet.rows = sheet.rows.split_off(&header_index);
    let below = header_row == 1 && !sheet.rows.contains_key(&header_index);
    let Some(header) = sheet.rows.remove(&header_index) else {
        return Err(
            match (sheet.rows.is_empty() && sheet.errors.is_empty(), below.then(|| titled(&sheet, None)).flatten()) {
                (true, _) => DataError::Empty { path: path() },
                (false, Some(row)) => DataError::TitleRows { path: path(), row },
                (false, None) => DataError::NoHeader { path: path(), row: header_row },
            },
        );
    };
    let mut header: BTreeMap<u32, String> = header.into_iter().map(|(column, cell)| (column, named(&cell))).collect();
    header.retain(|_, title| !title.is_empty());
    let used: std::collections::BTreeSet<u32> = sheet.rows.values().flat_map(BTreeMap::keys).copied().collect();
    let mut notes = Vec::new();
    let mut remarks = std::mem::take(&mut sheet.remarks);
    let columns: std::collections::BTreeSet<u32> = used.iter().chain(header.keys()).copied().collect();
    let columns: Vec<Named<'_>> = columns
        .iter()
        .map(|column| Named {
            column: *column as usize + 1,
            name: header.get(column).map(String::as_str).unwrap_or_default(),
            used: used.contains(column),
            first: sheet.rows.iter().find(|(_, cells)| cells.contains_key(column)).map(|(row, _)| *row as usize + 1),
        })
        .collect();
    let titled = || if header_row == 1 { titled(&sheet, Some(&header)) } else { None };
    header::left_out(name, header_row, &columns, titled, &mut notes, &mut remarks)?;
    if header.is_empty() {
        return Err(DataError::NoHeader { path: path(), row: header_row });
    }
    table::check_unique(name, header.values().map(String::as_str))?;
    if sheet.formulas > 0 {
        notes.push(format!("{} cells hold formulas; the values stored for them were used", sheet.formulas));
    }
    let first_row = sheet.rows.keys().next().copied();
    remarks.extend(marked::remarks(&sheet, header_index, &header));
    let mut odd = OddCells::default();
    for (row, cells) in &mut sheet.rows {
        for (column, cell) in cells.iter_mut() {
            if let Cell::Text(text) = cell
                && let Some(plain) = remark::plain(text)
            {
                let at = header.keys().position(|known| known == column).unwrap_or_default();
                odd.count(*row as usize + 1, at, text);
                *text = plain;
            }
        }
    }
    let names: Vec<String> = header.values().cloned().collect();
    remarks.extend(odd.remark(&names));
    let mut unread: BTreeMap<String, Vec<CellError>> = BTreeMap::new();
    for (row, column, found, reason) in sheet.errors {
        if let Some(title) = header.get(&column).filter(|_| row > header_index) {
            let cell = CellError { row: row as usize + 1, column: title.clone(), found, reason };
            unread.entry(title.clone()).or_default().push(cell);
        }
    }
    for (column, cells) in &unread {
        notes.push(format!(
            "the column `{column}` has {} cell{} that cannot be read",
            cells.len(),
            plural(cells.len())
        ));
    }
    let truths = |column: &u32| {
        let mut cells = sheet.rows.values().filter_map(|row| row.get(column)).peekable();
        cells.peek().is_some() && cells.all(|cell| matches!(cell, Cell::Bool(_)))
    };
    let truths: Vec<&str> =
        header.iter().filter(|(column, _)| truths(column)).map(|(_, title)| title.as_str()).collect();
    if let Some(first) = truths.first() {
        let named: Vec<String> = truths.iter().take(5).map(|title| format!("`{title}`")).collect();
        let more = if truths.len() > 5 { ", …" } else { "" };
        let text = format!("TRUE is read as 1 and FALSE as 0 in {}{more}", named.join(", "));
        remarks.push(Remark::new(text, "write conditions with the number: `fas == 1`").of(first));
    }
    let columns = header.iter().map(|(column, title)| {
        let cells: Vec<Option<&Cell>> = sheet.rows.values().map(|row| row.get(column)).collect();
        values(&cells, options, format, title).into_column(title)
    });
    let columns = columns.collect();
    let rows = FileRows::Listed(sheet.rows.keys().map(|row| *row as usize + 1).collect());
    let decimal = if options.decimal_comma == Some(true) { ',' } else { '.' };
    notes.extend(remarks.iter().map(|remark: &Remark| remark.text.clone()));
    let provenance = Provenance {
        sheet: Some(sheet.title),
        worksheets: sheet.shown,
        notes,
        decimal,
        ..table::provenance(name, format)
    };
    let mut table = Table::new(columns, rows, provenance)?;
    table.remarks = remarks;
    table.unread = unread;
    let below_header = |row: u32| first_row.is_some_and(|first| row >= first);
    for ((from, to), (left, right)) in sheet.merged.into_iter().filter(|((from, _), _)| below_header(*from)) {
        for (column, title) in header.range(left..=right) {
            table.merged.push(Merged {
                column: title.clone(),
                rows: (from as usize + 1, to as usize + 1),
                name: format!(
                    "{0}{1}:{2}{3}",
                    letters(left as usize + 1),
                    from + 1,
                    letters(right.max(*column) as usize + 1),
                    to + 1
                ),
            });
        }
    }
    Ok(table)
}

/// A name in the header.
fn named(cell: &Cell) -> String {
    let text = cell.to_text();
    remark::plain(&text).unwrap_or(text).trim().to_string()
}

/// The row that looks like the header, with the header row taken out of the sheet as the first.
fn titled(sheet: &Sheet<'_>, first: Option<&BTreeMap<u32, String>>) -> Option<usize> {
    let first = first.map(|names| (1, names.values().map(|name| Cow::Borrowed(name.as_str())).collect()));
    let below = sheet.rows.iter().take(header::LOOKED_AT).map(|(row, cells)| {
        (*row as usize + 1, cells.values().map(|cell| Cow::Owned(cell.to_text())).collect::<Vec<_>>())
    });
    let rows: Vec<(usize, Vec<Cow<'_, str>>)> = first.into_iter().chain(below).collect();
    // Where row 1 is empty, the first row below may be the header itself.
    let titles = if sheet.rows.is_empty() || rows.first().is_some_and(|(row, _)| *row == 1) {
        Vec::new()
    } else {
        vec![(0, Vec::new())]
    };
    header::below_titles(&titles.into_iter().chain(rows).collect::<Vec<_>>())
}

/// A column, counted from 1, as a spreadsheet names it: A, B, …, Z, AA.
pub(super) fn letters(column: usize) -> String {
    let mut rest = column;
    let mut letters = Vec::new();
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or_default()));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

/// One column: numbers or dates where all its cells are, else text.
fn values(cells: &[Option<&Cell>], options: &ReadOptions, format: Format, title: &str) -> Values {
    let identifier = options.is_identifier(title);
    let present = |cell: &Option<&Cell>| match cell {
        Some(Cell::Text(text)) => !options.is_missing_of(text, identifier),
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
            Values::Number(options.drop_missing_numbers(numbers, format, title))
        }
        Some(Cell::Bool(_)) if uniform => {
            let number =
                |cell: &Cell| if let Cell::Bool(value) = cell { Some(f64::from(u8::from(*value))) } else { None };
            let numbers = cells.iter().map(|cell| cell.and_then(number)).collect();
            Values::Number(options.drop_missing_numbers(numbers, format, title))
        }
        Some(Cell::Date(_)) if uniform => {
            let date = |cell: &Cell| if let Cell::Date(date) = cell { Some(*date) } else { None };
            Values::Date(cells.iter().map(|cell| cell.and_then(date)).collect())
        }
        _ => {
            let text = |cell: &Cell| Some(cell.to_text()).filter(|text| !options.is_missing_of(text, identifier));
            Values::Text(cells.iter().map(|cell| cell.and_then(text)).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truth_value_among_numbers_is_no_number() {
        let (number, truth) = (Cell::Number(45.0), Cell::Bool(true));
        let read = |cells: &[Option<&Cell>]| values(cells, &ReadOptions::default(), Format::Xlsx, "x");
        let mixed = read(&[Some(&number), None, Some(&truth)]);
        assert_eq!(mixed, Values::Text(vec![Some("45".to_owned()), None, Some("TRUE".to_owned())]));
        assert_eq!(read(&[Some(&truth), None]), Values::Number(vec![Some(1.0), None]));
    }

    #[test]
    fn columns_are_named_as_in_a_spreadsheet() {
        let names: Vec<String> = [1, 26, 27, 702, 703].into_iter().map(letters).collect();
        assert_eq!(names, ["A", "Z", "AA", "ZZ", "AAA"]);
    }
}
