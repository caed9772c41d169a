//! The table every reader builds: columns, where each row stood in the file, and where the file came from.
//!
//! One convention for all formats, so that nothing past this folder asks which file a value came from:
//! - CSV and TSV: every column is text, as written. Nothing is guessed; a column becomes numbers when it is asked for
//!   with [`Table::numbers`] and dates with [`Table::dates`].
//! - typed formats (Parquet, XLSX, XPT, Dataset-JSON): a column is numbers (doubles; booleans are 1 and 0), dates, or text.
//! - a cell that is empty or one of [`super::ReadOptions::missing`] is null in every format.

use super::csv::MAX_COLUMNS;
use super::date::{self, Date};
use super::emptied::Emptied;
use super::error::{CellError, CellReason, DataError};
use super::number;
use super::options::Format;
use super::remark::Remark;
use polars::prelude::{
    Column, DataFrame, DataType, Float64Chunked, Int32Chunked, IntoColumn, NewChunkedArray, PlSmallStr, StringChunked,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// Where a table came from and how it was read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Provenance {
    /// Path as given.
    pub path: String,
    /// SHA-256 of the bytes of the file, in hexadecimal.
    pub sha256: String,
    /// Format of the file.
    pub format: Format,
    /// Rows of data, the header and blank lines not counted.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// Encoding of a text file, as in the WHATWG list.
    pub encoding: Option<String>,
    /// Delimiter of a CSV or TSV file.
    pub delimiter: Option<char>,
    /// Decimal sign of the numbers in text, `.` or `,`.
    pub decimal: char,
    /// Worksheet of a workbook.
    pub sheet: Option<String>,
    /// The worksheets of the workbook that are shown.
    pub worksheets: Vec<String>,
    /// What was found rather than declared, and what was passed over: an encoding told from the bytes, mixed line ends.
    pub notes: Vec<String>,
}

/// What a typed format says about a column besides its values; written back where the target has a place for it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ColumnInfo {
    /// Label for people.
    pub label: Option<String>,
    /// SAS display format, such as `DATE9.` or `8.2`.
    pub format: Option<String>,
    /// Bytes that text may have, as declared by the file.
    pub width: Option<usize>,
    /// Special missing values of SAS by row index: `A`–`Z` or `_`. The cells themselves are null.
    pub special_missing: BTreeMap<usize, char>,
    /// Labels of values (SPSS, Stata), in ascending order of the values.
    pub value_labels: Vec<(f64, String)>,
    /// Whether every value has a label; text of such a column is its labels.
    pub labelled: bool,
    /// Codes that the file itself calls missing and that its cells held, with how many cells each.
    pub missing_codes: BTreeMap<String, usize>,
}

impl ColumnInfo {
    /// The label of a value.
    pub fn value_label(&self, value: f64) -> Option<&str> {
        let at = self.value_labels.binary_search_by(|(labelled, _)| labelled.total_cmp(&value)).ok()?;
        self.value_labels.get(at).map(|(_, label)| label.as_str())
    }

    /// Whether all values have a label, and there is one.
    pub fn covers(&self, values: &[Option<f64>]) -> bool {
        !self.value_labels.is_empty() && values.iter().flatten().all(|value| self.value_label(*value).is_some())
    }
}

/// Row numbers in the file, by index of the row in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileRows {
    /// The first row of data stands in this row, the others follow without a gap.
    From(usize),
    /// The row of each.
    Listed(Vec<usize>),
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text.
    Text,
    /// Doubles.
    Number,
    /// Days.
    Date,
}

/// Columns of a file.
#[derive(Debug, Clone)]
pub struct Table {
    /// The columns; their types are `String`, `Float64` or `Date`.
    pub frame: DataFrame,
    /// Where they came from.
    pub provenance: Provenance,
    /// Name of the data set, where the format has one.
    pub name: Option<String>,
    /// Label of the data set, where the format has one.
    pub label: Option<String>,
    /// What the reader passed over or decided.
    pub remarks: Vec<Remark>,
    info: Vec<ColumnInfo>,
    rows: FileRows,
    /// By column: cells that cannot be read, such as errors of a spreadsheet. A column that has some has no values.
    pub(super) unread: BTreeMap<String, Vec<CellError>>,
    /// Merged cells of a worksheet.
    pub(super) merged: Vec<Merged>,
    /// What declared codes for missing emptied.
    pub emptied: Emptied,
}

/// Cells of a worksheet that are merged into one, which holds the value of the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// Column.
    pub column: String,
    /// First and last row in the file.
    pub rows: (usize, usize),
    /// As a spreadsheet writes it, `A2:A5`.
    pub name: String,
}

impl Table {
    /// A table of `columns`, whose types are `String`, `Float64` or `Date`.
    ///
    /// # Errors
    /// [`DataError::TooManyColumns`]; [`DataError::DuplicateColumn`] where two have one name;
    /// [`DataError::UnsupportedColumn`] for another type;
    /// [`DataError::Malformed`] where lengths differ.
    pub fn new(columns: Vec<Column>, rows: FileRows, mut provenance: Provenance) -> Result<Self, DataError> {
        if columns.len() > MAX_COLUMNS {
            return Err(DataError::TooManyColumns { path: provenance.path, row: 1, limit: MAX_COLUMNS });
        }
        check_unique(&provenance.path, columns.iter().map(|column| column.name().as_str()))?;
        for column in &columns {
            kind_of(column.dtype()).ok_or_else(|| DataError::UnsupportedColumn {
                path: provenance.path.clone(),
                column: column.name().to_string(),
                kind: column.dtype().to_string(),
            })?;
        }
        let width = columns.len();
        let frame = DataFrame::new_infer_height(columns).map_err(|error| DataError::Malformed {
            path: provenance.path.clone(),
            format: provenance.format.title(),
            place: "columns".to_string(),
            problem: error.to_string(),
        })?;
        provenance.rows = frame.height();
        provenance.columns = width;
        Ok(Self {
            frame,
            provenance,
            name: None,
            label: None,
            remarks: Vec::new(),
            info: vec![ColumnInfo::default(); width],
            rows,
            unread: BTreeMap::new(),
            merged: Vec::new(),
            emptied: Emptied::default(),
        })
    }

    /// Names of the columns in file order.
    pub fn column_names(&self) -> Vec<String> {
        self.frame.columns().iter().map(|column| column.name().to_string()).collect()
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.frame.height()
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.frame.width()
    }

    /// Bytes of text in all cells.
    pub(super) fn text_bytes(&self) -> u64 {
        let texts = self.frame.columns().iter().filter_map(|column| column.str().ok());
        texts.map(|cells| cells.iter().flatten().map(|cell| cell.len() as u64).sum::<u64>()).sum()
    }

    /// Replaces the words that stand beside the cells (remarks, notes, labels, what cannot be read) by what `other` gives
    /// for them.
    pub fn reword(&mut self, other: impl Fn(&str) -> Option<String>) {
        let info = self
            .info
            .iter_mut()
            .flat_map(|info| info.label.iter_mut().chain(info.value_labels.iter_mut().map(|(_, label)| label)));
        let remarks = self.remarks.iter_mut().map(|remark| &mut remark.text);
        let unread = self.unread.values_mut().flatten().map(|cell| &mut cell.found);
        let names = self.name.iter_mut().chain(&mut self.label).chain(&mut self.provenance.sheet);
        for text in info.chain(remarks).chain(unread).chain(names).chain(&mut self.provenance.notes) {
            if let Some(worded) = other(text) {
                *text = worded;
            }
        }
    }

    /// Whether there is a column `name`.
    pub fn has_column(&self, name: &str) -> bool {
        self.index(name).is_some()
    }

    /// The row in the file of the row with this index: the line for text (the header of a plain CSV is row 1; blank
    /// lines and the lines inside quoted cells are counted, and a row is where it begins), the row of a worksheet, the
    /// line for NDJSON, and the record counted from 2 for the other formats, as if a header stood in row 1.
    pub fn file_row(&self, index: usize) -> usize {
        match &self.rows {
            FileRows::From(first) => first + index,
            FileRows::Listed(rows) => rows.get(index).copied().unwrap_or_default(),
        }
    }

    /// What the column `name` holds.
    ///
    /// # Errors
    /// [`DataError::NoSuchColumn`].
    pub fn kind(&self, name: &str) -> Result<ColumnKind, DataError> {
        Ok(kind_of(self.column(name)?.dtype()).unwrap_or(ColumnKind::Text))
    }

    /// Label, format and special missing values of the column `name`, where the format of the file carries them.
    pub fn info(&self, name: &str) -> Option<&ColumnInfo> {
        self.info.get(self.index(name)?)
    }

    /// Sets label, format and special missing values of the column `name`; does nothing where there is none.
    pub fn set_info(&mut self, name: &str, info: ColumnInfo) {
        if let Some(place) = self.index(name).and_then(|index| self.info.get_mut(index)) {
            *place = info;
        }
    }

    /// Sets label, format and special missing values of all columns, in their order.
    pub fn set_infos(&mut self, infos: impl Iterator<Item = ColumnInfo>) {
        self.info.iter_mut().zip(infos).for_each(|(place, info)| *place = info);
    }

    /// The column `name` as text: text as in the file, numbers in the shortest form that reads back to the same double,
    /// dates as `YYYY-MM-DD`; null where the cell is missing.
    ///
    /// # Errors
    /// [`DataError::NoSuchColumn`].
    pub fn text(&self, name: &str) -> Result<Vec<Option<String>>, DataError> {
        let column = self.column(name)?;
        if let Some(cells) = self.unread.get(name) {
            return Err(DataError::Cells { path: self.provenance.path.clone(), cells: cells.clone() });
        }
        let labels = self.info(name).filter(|info| info.labelled);
        let text = |cell: Cell<'_>| match (labels, cell) {
            (Some(info), Cell::Number(value)) => info.value_label(value).map_or_else(|| cell.to_text(), str::to_string),
            _ => cell.to_text(),
        };
        Ok(cells(column).map(|cell| cell.map(text)).collect())
    }

    /// The column `name` as numbers; null where the cell is missing.
    ///
    /// # Errors
    /// Every cell that is not a finite number, with its row in the file, or one error that there is no such column.
    pub fn numbers(&self, name: &str) -> Result<Vec<Option<f64>>, Vec<CellError>> {
        let Ok(column) = self.column(name) else { return Err(vec![no_such_column(name)]) };
        if let Some(cells) = self.unread.get(name) {
            return Err(cells.clone());
        }
        let decimal_comma = self.provenance.decimal == ',';
        let mut values = Vec::with_capacity(self.height());
        let mut errors = Vec::new();
        for (index, cell) in cells(column).enumerate() {
            let value = match cell {
                None => Ok(None),
                Some(Cell::Number(value)) if value.is_finite() => Ok(Some(value)),
                Some(Cell::Number(_)) => Err(CellReason::NotFinite),
                Some(Cell::Date(_)) => Err(CellReason::IsDate),
                Some(Cell::Text(text)) => number::parse(text, decimal_comma).map(Some),
            };
            match value {
                Ok(value) => values.push(value),
                Err(reason) => errors.push(self.cell_error(index, name, cell, reason)),
            }
        }
        if errors.is_empty() { Ok(values) } else { Err(errors) }
    }

    /// The column `name` as dates; null where the cell is missing. Text is read in the one order that fits all cells
    /// ([`date::parse_column`]).
    ///
    /// # Errors
    /// Every cell that is not a date, with its row in the file, or one error that there is no such column.
    pub fn dates(&self, name: &str) -> Result<Vec<Option<Date>>, Vec<CellError>> {
        let Ok(column) = self.column(name) else { return Err(vec![no_such_column(name)]) };
        if let Some(cells) = self.unread.get(name) {
            return Err(cells.clone());
        }
        let found = match self.values(name) {
            Ok(Values::Date(dates)) => Ok(dates),
            _ => {
                let text: Vec<Option<String>> = cells(column).map(|cell| cell.map(|cell| cell.to_text())).collect();
                date::parse_column(&text)
            }
        };
        found.map_err(|errors| {
            let all: Vec<Option<Cell<'_>>> = cells(column).collect();
            let at = |index: usize| all.get(index).copied().flatten();
            errors.into_iter().map(|(index, reason)| self.cell_error(index, name, at(index), reason)).collect()
        })
    }

    /// The column `name` as a typed format stores it. Text is numbers where every cell is plainly one, so that nothing is
    /// lost: `007`, `+1` and texts of more than 15 digits keep a column text; `12.50` does not.
    ///
    /// # Errors
    /// [`DataError::NoSuchColumn`].
    pub fn values(&self, name: &str) -> Result<Values, DataError> {
        let column = self.column(name)?;
        let decimal_comma = self.provenance.decimal == ',';
        let found = cells(column);
        Ok(match kind_of(column.dtype()) {
            Some(ColumnKind::Date) => Values::Date(
                found
                    .map(|cell| match cell {
                        Some(Cell::Date(date)) => Some(date),
                        _ => None,
                    })
                    .collect(),
            ),
            Some(ColumnKind::Number) => Values::Number(
                found
                    .map(|cell| match cell {
                        Some(Cell::Number(value)) => Some(value),
                        _ => None,
                    })
                    .collect(),
            ),
            _ => {
                let texts: Vec<Option<String>> = found.map(|cell| cell.map(Cell::to_text)).collect();
                let mut present = texts.iter().flatten().peekable();
                if present.peek().is_some() && present.all(|cell| is_plain_number(cell, decimal_comma)) {
                    let parse = |cell: String| number::parse(&cell, decimal_comma).ok();
                    Values::Number(texts.into_iter().map(|cell| cell.and_then(parse)).collect())
                } else {
                    Values::Text(texts)
                }
            }
        })
    }

    /// The value, as text, that the labels of values of the column `name` call `label`.
    pub fn code_of_label(&self, name: &str, label: &str) -> Option<String> {
        let info = self.info(name).filter(|info| info.labelled)?;
        let (value, _) = info.value_labels.iter().find(|(_, known)| known.trim() == label)?;
        Some(number::print(*value))
    }

    /// The cells of the column `name` that cannot be read.
    pub fn unread(&self, name: &str) -> &[CellError] {
        self.unread.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The merged cells that a cell belongs to, as a spreadsheet writes them (`A2:A5`).
    pub fn merged(&self, index: usize, name: &str) -> Option<&str> {
        let row = self.file_row(index);
        let holds = |merged: &&Merged| merged.column == name && (merged.rows.0..=merged.rows.1).contains(&row);
        self.merged.iter().find(holds).map(|merged| merged.name.as_str())
    }

    /// Gives every empty cell of the column `name` the value above it.
    ///
    /// # Errors
    /// [`DataError::NoSuchColumn`], [`DataError::Cells`].
    pub fn fill_down(&mut self, name: &str) -> Result<(), DataError> {
        let mut filled = 0;
        let mut last: Option<String> = None;
        let mut cells = self.text(name)?;
        for cell in &mut cells {
            match cell {
                Some(value) => last = Some(value.clone()),
                None if last.is_some() => {
                    filled += 1;
                    cell.clone_from(&last);
                }
                None => {}
            }
        }
        let text = format!("{filled} empty cells of `{name}` were filled from above, as declared");
        self.provenance.notes.push(text.clone());
        if filled > 0 {
            let remedy = "nothing, if the value is written once per block; an empty cell that means \"not known\" was filled too";
            self.remarks.push(Remark::new(text, remedy).of(name));
        }
        self.replace(Values::Text(cells).into_column(name));
        Ok(())
    }

    /// Adds a column `name` with `value` in every row, in place of one of that name.
    pub fn set_constant(&mut self, name: &str, value: &str) {
        self.set_text(name, vec![Some(value.to_owned()); self.height()]);
    }

    /// Adds a column `name` of text, in place of one of that name; it has a cell for every row.
    pub fn set_text(&mut self, name: &str, cells: Vec<Option<String>>) {
        if !self.has_column(name) {
            self.info.push(ColumnInfo::default());
        }
        self.replace(Values::Text(cells).into_column(name));
        self.provenance.columns = self.width();
    }

    /// Adds a column `name` of numbers; it has a cell for every row.
    pub fn set_numbers(&mut self, name: &str, cells: Vec<Option<f64>>) {
        if !self.has_column(name) {
            self.info.push(ColumnInfo::default());
        }
        self.replace(Values::Number(cells).into_column(name));
        self.provenance.columns = self.width();
    }

    /// Puts `column` in the place of the one of its name, or at the end.
    pub(super) fn replace(&mut self, column: Column) {
        // A column as long as the others always fits.
        if self.frame.with_column(column).is_err() {
            debug_assert!(false, "a column of another length");
        }
    }

    /// The rows with these indices, in this order; they keep their places in the file.
    pub fn keep(&self, rows: &[usize]) -> Self {
        let mut kept = self.clone();
        let indices: Vec<polars::prelude::IdxSize> =
            rows.iter().filter_map(|row| polars::prelude::IdxSize::try_from(*row).ok()).collect();
        let indices = polars::prelude::IdxCa::from_vec("rows".into(), indices);
        if let Ok(frame) = self.frame.take(&indices) {
            kept.frame = frame;
            kept.rows = FileRows::Listed(rows.iter().map(|row| self.file_row(*row)).collect());
            for info in &mut kept.info {
                let special = std::mem::take(&mut info.special_missing);
                let place = |(new, old): (usize, &usize)| Some((new, special.get(old).copied()?));
                info.special_missing = rows.iter().enumerate().filter_map(place).collect();
            }
            kept.provenance.rows = kept.height();
            let remaining: std::collections::BTreeSet<usize> = rows.iter().map(|row| self.file_row(*row)).collect();
            kept.unread.values_mut().for_each(|cells| cells.retain(|cell| remaining.contains(&cell.row)));
            kept.unread.retain(|_, cells| !cells.is_empty());
            let emptied = [&mut kept.emptied.everywhere, &mut kept.emptied.by_column];
            for codes in emptied.into_iter().flat_map(BTreeMap::values_mut) {
                codes.values_mut().for_each(|rows| rows.retain(|row| remaining.contains(row)));
                codes.retain(|_, rows| !rows.is_empty());
            }
        }
        kept
    }

    /// The column `name`.
    fn column(&self, name: &str) -> Result<&Column, DataError> {
        self.frame.column(name).map_err(|_| DataError::NoSuchColumn {
            path: self.provenance.path.clone(),
            name: name.to_string(),
            columns: self.column_names(),
        })
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.frame.columns().iter().position(|column| column.name().as_str() == name)
    }

    fn cell_error(&self, index: usize, name: &str, cell: Option<Cell<'_>>, reason: CellReason) -> CellError {
        let found = cell.map(|cell| cell.to_text()).unwrap_or_default();
        CellError { row: self.file_row(index), column: name.to_string(), found, reason }
    }
}

/// The cells of one column, of the kind a typed format stores.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Text.
    Text(Vec<Option<String>>),
    /// Doubles.
    Number(Vec<Option<f64>>),
    /// Days.
    Date(Vec<Option<Date>>),
}

impl Values {
    /// The column `name` of these cells.
    pub(super) fn into_column(self, name: &str) -> Column {
        let name = PlSmallStr::from_str(name);
        match self {
            Values::Text(cells) => StringChunked::from_iter_options(name, cells.into_iter()).into_column(),
            Values::Number(numbers) => Float64Chunked::from_iter_options(name, numbers.into_iter()).into_column(),
            Values::Date(dates) => {
                let days = dates.into_iter().map(|date| date.map(|date| date.days));
                Int32Chunked::from_iter_options(name, days).into_date().into_column()
            }
        }
    }
}

/// The provenance of a file of a typed format, to be completed by its reader.
pub(super) fn provenance(path: &str, format: Format) -> Provenance {
    Provenance {
        path: path.to_string(),
        sha256: String::new(),
        format,
        rows: 0,
        columns: 0,
        encoding: None,
        delimiter: None,
        decimal: '.',
        sheet: None,
        worksheets: Vec::new(),
        notes: Vec::new(),
    }
}

/// Whether a text is a number that loses nothing as a double: no leading zero as in `007`, no `+`, no surrounding blank,
/// at most 15 digits.
fn is_plain_number(cell: &str, decimal_comma: bool) -> bool {
    let unsigned = cell.strip_prefix('-').unwrap_or(cell);
    let digits = unsigned.bytes().filter(u8::is_ascii_digit).count();
    let leading_zero = matches!(unsigned.as_bytes(), [b'0', next, ..] if next.is_ascii_digit());
    let starts_well = unsigned.starts_with(|c: char| c.is_ascii_digit());
    starts_well && digits <= 15 && !leading_zero && cell.trim() == cell && number::parse(cell, decimal_comma).is_ok()
}

fn no_such_column(name: &str) -> CellError {
    CellError { row: 0, column: name.to_string(), found: String::new(), reason: CellReason::NoSuchColumn }
}

/// Refuses two columns of one name; columns without a name are left to the reader.
pub(super) fn check_unique<'a>(path: &str, names: impl Iterator<Item = &'a str>) -> Result<(), DataError> {
    let mut seen = BTreeMap::new();
    for (index, name) in names.enumerate().filter(|(_, name)| !name.is_empty()) {
        if let Some(first) = seen.insert(name, index) {
            let (path, name) = (path.to_string(), name.to_string());
            return Err(DataError::DuplicateColumn { path, name, first: first + 1, second: index + 1 });
        }
    }
    Ok(())
}

fn kind_of(kind: &DataType) -> Option<ColumnKind> {
    match kind {
        DataType::String => Some(ColumnKind::Text),
        DataType::Float64 => Some(ColumnKind::Number),
        DataType::Date => Some(ColumnKind::Date),
        _ => None,
    }
}

/// One cell that is not missing.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell<'a> {
    Text(&'a str),
    Number(f64),
    Date(Date),
}

impl Cell<'_> {
    pub(super) fn to_text(self) -> String {
        match self {
            Cell::Text(text) => text.to_string(),
            Cell::Number(value) => number::print(value),
            Cell::Date(date) => date.to_string(),
        }
    }
}

/// The cells of a column of one of the three kinds.
pub(super) fn cells(column: &Column) -> Box<dyn Iterator<Item = Option<Cell<'_>>> + '_> {
    if let Ok(text) = column.str() {
        Box::new(text.iter().map(|cell| cell.map(Cell::Text)))
    } else if let Ok(numbers) = column.f64() {
        Box::new(numbers.iter().map(|cell| cell.map(Cell::Number)))
    } else if let Ok(dates) = column.date() {
        Box::new(dates.physical().iter().map(|cell| cell.map(|days| Cell::Date(Date { days }))))
    } else {
        Box::new(std::iter::repeat_n(None, column.len()))
    }
}
