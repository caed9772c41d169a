//! The columns of a delimited text while it is read, the numbers of its rows, and its decimal sign.

use super::error::DataError;
use super::header::{self, Named};
use super::options::ReadOptions;
use super::remark::{self, OddCells, Remark};
use super::table::{self, FileRows};
use polars::prelude::{Column, IntoColumn, StringChunkedBuilder};
use std::borrow::Cow;

/// How rows are read.
#[derive(Clone, Copy)]
pub(super) struct How<'a> {
    pub(super) options: &'a ReadOptions,
    /// Whether some cell holds a no-break space or the like.
    pub(super) odd: bool,
    /// Whether the first column may be the names of the rows, which are then distinct.
    pub(super) names_of_rows: bool,
}

/// Row numbers, listed only from the first gap on.
#[derive(Default)]
pub(super) struct RowNumbers {
    pub(super) rows: Vec<usize>,
}

impl RowNumbers {
    pub(super) fn finish(self, header_row: usize) -> FileRows {
        let first = self.rows.first().copied().unwrap_or(header_row + 1);
        let without_gap = self.rows.iter().enumerate().all(|(index, &row)| row == first + index);
        if without_gap { FileRows::From(first) } else { FileRows::Listed(self.rows) }
    }
}

/// Whether numbers with a comma or with a point stand in the cells.
#[derive(Default)]
pub(super) struct DecimalSigns {
    pub(super) point: bool,
    comma: bool,
    /// A comma that does not stand before exactly three digits, so cannot be a thousands separator.
    certain_comma: bool,
}

impl DecimalSigns {
    pub(super) fn look_at(&mut self, cell: &str) {
        let cell = cell.trim();
        let unsigned = cell.strip_prefix(['-', '+']).unwrap_or(cell);
        let Some(sign) = unsigned.bytes().find(|byte| !byte.is_ascii_digit()) else { return };
        match sign {
            b'.' if super::number::parse(cell, false).is_ok() => self.point = true,
            b',' if super::number::parse(cell, true).is_ok() => {
                self.comma = true;
                let decimals = unsigned.len() - 1 - unsigned.find(',').unwrap_or_default();
                self.certain_comma |= decimals != 3 || unsigned.starts_with([',', '0']);
            }
            _ => {}
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.point |= other.point;
        self.comma |= other.comma;
        self.certain_comma |= other.certain_comma;
    }

    pub(super) fn is_comma(&self) -> bool {
        self.comma && self.certain_comma && !self.point
    }
}

fn finished(builder: StringChunkedBuilder) -> Column {
    builder.finish().into_column()
}

/// What Excel writes into a text file for the error of a cell.
const EXCEL_ERRORS: [&str; 9] =
    ["#REF!", "#VALUE!", "#N/A", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"];

/// Columns being filled.
pub(super) struct Columns<'a> {
    builders: Vec<StringChunkedBuilder>,
    /// Columns of earlier pieces.
    before: Vec<Column>,
    used: Vec<bool>,
    pub(super) how: How<'a>,
    /// By column: whether it holds identifiers, where `NA` is somebody's initials.
    identifier: Vec<bool>,
    pub(super) odd_cells: OddCells,
    /// Errors of a spreadsheet: row, number of the column, text.
    pub(super) errors: Vec<(usize, usize, String)>,
    /// By byte: whether a cell that begins with it may be missing, so that nearly all cells need no comparison.
    begins_missing: [bool; 256],
}

impl<'a> Columns<'a> {
    pub(super) fn new(header: &[String], text: &str, how: How<'a>) -> Self {
        let options = how.options;
        // As many rows as there would be if all were as long as the first hundred, but no more room than four times the text.
        let sample = text.split_inclusive('\n').filter(|line| !line.trim_end().is_empty()).take(100);
        let (lines, bytes) = sample.fold((0, 0), |(lines, bytes), line| (lines + 1, bytes + line.len()));
        let rows = text.len() / (bytes / lines.max(1)).max(1) * 21 / 20 + 1;
        let rows = rows.min(text.len() / (4 * header.len().max(1)) + 1);
        let builders = header.iter().map(|name| StringChunkedBuilder::new(name.as_str().into(), rows)).collect();
        // Blanks, of which there are many beyond ASCII, may stand before a code.
        let mut begins_missing = std::array::from_fn(|byte| byte <= usize::from(b' ') || byte >= 0x80);
        for first in options.missing.iter().filter_map(|code| code.trim().bytes().next()) {
            begins_missing[usize::from(first)] = true;
        }
        // A code that is a number may be written with a sign, leading zeros or without the zero before the decimal sign.
        if options.missing.iter().any(|code| super::number::parse(code, false).is_ok()) {
            for first in b"+-0.," {
                begins_missing[usize::from(*first)] = true;
            }
        }
        begins_missing[usize::from(b'#')] = true;
        let identifier = header.iter().map(|name| options.is_identifier(name)).collect();
        let used = vec![false; header.len()];
        let odd_cells = OddCells::default();
        Self { builders, before: Vec::new(), used, how, identifier, odd_cells, errors: Vec::new(), begins_missing }
    }

    /// Appends the columns of the piece that follows.
    pub(super) fn append(&mut self, next: Self, from: usize) -> Option<()> {
        if self.before.is_empty() {
            self.before = std::mem::take(&mut self.builders).into_iter().map(finished).collect();
        }
        for (column, builder) in self.before.iter_mut().zip(next.builders) {
            column.append_owned(finished(builder)).ok()?;
        }
        self.used.iter_mut().zip(next.used).for_each(|(used, next)| *used |= next);
        self.odd_cells.append(next.odd_cells, from);
        self.errors.extend(next.errors.into_iter().map(|(row, column, found)| (row + from, column, found)));
        Some(())
    }

    pub(super) fn push(&mut self, cells: &[Cow<'_, str>], row: usize) {
        for (column, (cell, builder)) in cells.iter().zip(&mut self.builders).enumerate() {
            let cleaned = if self.how.odd { remark::plain(cell) } else { None };
            if cleaned.is_some() {
                self.odd_cells.count(row, column, cell);
            }
            let cell = cleaned.as_deref().unwrap_or(cell);
            if let Some(used) = self.used.get_mut(column) {
                *used |= !cell.is_empty();
            }
            let may_be = cell.bytes().next().is_none_or(|first| self.begins_missing[usize::from(first)]);
            let identifier = self.identifier.get(column).copied().unwrap_or_default();
            if may_be && self.how.options.is_missing_of(cell, identifier) {
                builder.append_null();
            } else if may_be && EXCEL_ERRORS.contains(&cell.trim()) {
                builder.append_null();
                self.errors.push((row, column, cell.trim().to_owned()));
            } else {
                builder.append_value(cell);
            }
        }
    }

    pub(super) fn finish(
        self,
        path: &str,
        header: &[String],
        header_row: usize,
        titled: impl FnOnce() -> Option<usize>,
        notes: &mut Vec<String>,
        remarks: &mut Vec<Remark>,
    ) -> Result<Vec<Column>, DataError> {
        table::check_unique(path, header.iter().map(String::as_str))?;
        let named = header.iter().zip(&self.used).enumerate();
        let named: Vec<Named<'_>> =
            named.map(|(at, (name, &used))| Named { column: at + 1, name, used, first: None }).collect();
        let left_out = header::left_out(path, header_row, &named, titled, notes, remarks)?;
        let filled = self.before.into_iter().chain(self.builders.into_iter().map(finished)).enumerate();
        let columns: Vec<Column> =
            filled.filter(|(at, _)| !left_out.contains(&(at + 1))).map(|(_, column)| column).collect();
        if columns.is_empty() {
            return Err(DataError::NoHeader { path: path.to_string(), row: header_row });
        }
        Ok(columns)
    }
}
