//! What the readers of binary formats share: bytes at a place, and typed variables as a table.

use super::csv::MAX_COLUMNS;
use super::date::Date;
use super::error::DataError;
use super::memory;
use super::options::{Format, ReadOptions};
use super::remark;
use super::table::{self, ColumnInfo, FileRows, Provenance, Table, Values};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use std::collections::BTreeMap;

/// Most cells of a table, rows times columns.
pub const MAX_CELLS: usize = 100_000_000;

/// Most bytes that a compressed file may have when unpacked.
pub const MAX_UNPACKED: u64 = 1 << 30;

/// The bytes of a file, read at a place that moves.
#[derive(Clone, Copy)]
pub struct Bytes<'a> {
    path: &'a str,
    format: Format,
    bytes: &'a [u8],
    /// Where the next byte is read.
    pub at: usize,
    /// Whether the first byte of a number is the least significant.
    pub little: bool,
}

impl<'a> Bytes<'a> {
    /// The bytes of the file at `path` from their start.
    pub fn new(path: &'a str, format: Format, bytes: &'a [u8]) -> Self {
        Self { path, format, bytes, at: 0, little: true }
    }

    /// The same at another place.
    pub fn from(self, at: usize) -> Self {
        Self { at, ..self }
    }

    /// Path in messages.
    pub fn path(&self) -> &'a str {
        self.path
    }

    /// All bytes.
    pub fn all(&self) -> &'a [u8] {
        self.bytes
    }

    /// That the file makes no sense here.
    pub fn broken(&self, problem: impl Into<String>) -> DataError {
        DataError::Malformed {
            path: self.path.to_string(),
            format: self.format.title(),
            place: format!("byte {}", self.at),
            problem: problem.into(),
        }
    }

    /// The next `length` bytes.
    ///
    /// # Errors
    /// The file ends before.
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], DataError> {
        let end = self.at.checked_add(length);
        match end.and_then(|end| self.bytes.get(self.at..end)) {
            Some(bytes) => {
                self.at += length;
                Ok(bytes)
            }
            None => Err(self.broken("the file ends too early")),
        }
    }

    /// The next whole number of `length` bytes, at most 8.
    ///
    /// # Errors
    /// The file ends before.
    pub fn number(&mut self, length: usize) -> Result<u64, DataError> {
        let bytes = self.take(length)?;
        let add = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        Ok(if self.little { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) })
    }

    /// The next whole number of `length` bytes as a place or a count.
    ///
    /// # Errors
    /// The file ends before, or the number is beyond any place.
    pub fn size(&mut self, length: usize) -> Result<usize, DataError> {
        let value = self.number(length)?;
        usize::try_from(value).map_err(|_| self.broken("an impossible size"))
    }

    /// The next signed number of four bytes.
    ///
    /// # Errors
    /// The file ends before.
    pub fn int(&mut self) -> Result<i32, DataError> {
        let value = self.number(4)?;
        Ok(u32::try_from(value).unwrap_or_default().cast_signed())
    }

    /// The next double.
    ///
    /// # Errors
    /// The file ends before.
    pub fn double(&mut self) -> Result<f64, DataError> {
        Ok(f64::from_bits(self.number(8)?))
    }

    /// Refuses a table of more cells than memory holds.
    ///
    /// # Errors
    /// [`DataError::TooLarge`], [`DataError::TooManyColumns`], [`DataError::NeedsMemory`].
    pub fn check_cells(&self, rows: usize, columns: usize) -> Result<(), DataError> {
        if columns > MAX_COLUMNS {
            return Err(DataError::TooManyColumns { path: self.path.to_string(), row: 1, limit: MAX_COLUMNS });
        }
        let cells = rows.saturating_mul(columns.max(1));
        if cells <= MAX_CELLS {
            return memory::afford(self.path, cells as u64 * memory::NUMBER_CELL);
        }
        let (path, what) = (self.path.to_string(), "the table, in cells,");
        Err(DataError::TooLarge { path, what, limit: MAX_CELLS as u64, row: None })
    }

    /// The encoding with this label of the WHATWG list, or the declared one.
    ///
    /// # Errors
    /// [`DataError::UnknownEncoding`] for a declared name that is none.
    pub fn encoding(&self, own: Option<&str>, options: &ReadOptions) -> Result<Option<&'static Encoding>, DataError> {
        if let Some(declared) = &options.encoding {
            let unknown = || DataError::UnknownEncoding { path: self.path.to_string(), name: declared.clone() };
            return Encoding::for_label(declared.trim().as_bytes()).map(Some).ok_or_else(unknown);
        }
        Ok(own.and_then(|own| Encoding::for_label(own.trim().as_bytes())))
    }
}

/// Text without the blanks and NULs that fill its field; UTF-8, else Windows-1252, where the encoding is not known.
pub fn text(bytes: &[u8], encoding: Option<&'static Encoding>) -> String {
    let length = bytes.iter().rposition(|&byte| byte != b' ' && byte != 0).map_or(0, |last| last + 1);
    let bytes = bytes.get(..length).unwrap_or_default();
    let encoding = encoding.unwrap_or_else(|| if std::str::from_utf8(bytes).is_ok() { UTF_8 } else { WINDOWS_1252 });
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

/// Text that ends at the first NUL.
pub fn terminated(bytes: &[u8], encoding: Option<&'static Encoding>) -> String {
    let length = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    text(bytes.get(..length).unwrap_or_default(), encoding)
}

/// One variable of a data set.
#[derive(Debug, Clone)]
pub struct Variable {
    /// Name.
    pub name: String,
    /// Its cells.
    pub cells: Values,
    /// Label, format, labels of values and the like.
    pub info: ColumnInfo,
    /// Codes that the file declares missing, with the number of cells that held them.
    pub missing: BTreeMap<String, usize>,
}

/// Numbers as days or moments, counted in `unit` parts of a day from `epoch` (days from 1970-01-01), where all can be.
pub fn days(numbers: Vec<Option<f64>>, epoch: i32, unit: f64, with_time: bool) -> Result<Values, Vec<Option<f64>>> {
    let day = |value: f64| {
        let day = (value / unit).floor();
        (day.abs() < 1e7).then(|| Date::from_days(day as i32 + epoch)).flatten()
    };
    let whole = |value: f64| value.rem_euclid(unit) == 0.0;
    if !numbers.iter().flatten().all(|&value| day(value).is_some()) {
        return Err(numbers);
    }
    if numbers.iter().flatten().all(|&value| whole(value)) {
        return Ok(Values::Date(numbers.into_iter().map(|value| value.and_then(day)).collect()));
    }
    if !with_time {
        return Err(numbers);
    }
    let moment = |value: f64| {
        let seconds = (value.rem_euclid(unit) / unit * 86_400.0).floor() as u32;
        Some(format!("{}T{:02}:{:02}:{:02}", day(value)?, seconds / 3600, seconds / 60 % 60, seconds % 60))
    };
    Ok(Values::Text(numbers.into_iter().map(|value| value.and_then(moment)).collect()))
}

/// The table of the variables, with the missing codes that the plan declares applied.
///
/// # Errors
/// Those about names.
pub fn table(
    path: &str,
    format: Format,
    variables: Vec<Variable>,
    encoding: Option<&'static Encoding>,
    options: &ReadOptions,
) -> Result<Table, DataError> {
    let mut notes = Vec::new();
    let mut columns = Vec::with_capacity(variables.len());
    let mut infos = Vec::with_capacity(variables.len());
    let mut remarks = Vec::new();
    for Variable { name, cells, mut info, missing } in variables {
        remarks.extend(remark::missing_by_the_file(&name, &missing));
        info.missing_codes.clone_from(&missing);
        remarks.extend(remark::special_missing(&name, &info.special_missing));
        let cells = match cells {
            Values::Number(numbers) => {
                info.value_labels.sort_by(|(a, _), (b, _)| a.total_cmp(b));
                let numbers = options.drop_missing_numbers(numbers, format, &name);
                info.labelled = info.covers(&numbers);
                if !info.value_labels.is_empty() && !info.labelled {
                    notes.push(format!("`{name}` has values without a label; its codes are used, not its labels"));
                }
                Values::Number(numbers)
            }
            Values::Text(cells) => Values::Text(
                cells.into_iter().map(|cell| cell.filter(|cell| !options.is_missing_in(cell, format, &name))).collect(),
            ),
            dates => dates,
        };
        columns.push(cells.into_column(&name));
        infos.push((name, info));
    }
    notes.extend(remarks.iter().map(|remark| remark.text.clone()));
    let provenance = Provenance {
        encoding: encoding.map(|encoding| encoding.name().to_string()),
        notes,
        ..table::provenance(path, format)
    };
    let mut table = Table::new(columns, FileRows::From(2), provenance)?;
    infos.into_iter().for_each(|(name, info)| table.set_info(&name, info));
    table.remarks = remarks;
    Ok(table)
}
