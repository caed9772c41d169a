//! CSV and TSV (RFC 4180 with other delimiters): one pass over the text that keeps, for every record, where it begins.
//!
//! Decided: a record ends at LF, CRLF or CR; a line without any character is passed over but counted; a quote opens a
//! quoted cell only as its first character, elsewhere it is a character; inside quotes `""` is a quote and line ends are
//! characters. Names are freed of surrounding blanks; cells are kept as written. Columns without name and without any
//! value, which spreadsheets leave at the right edge, are dropped with a note. Limits: a cell of 16 MiB ([`MAX_CELL`]), a
//! row of 16 384 cells ([`MAX_COLUMNS`]).

use super::encoding;
use super::error::{DataError, RaggedRow};
use super::options::{Format, ReadOptions};
use super::table::{self, FileRows, Provenance, Table};
use polars::prelude::{Column, IntoColumn, StringChunkedBuilder};
use rayon::prelude::*;
use std::borrow::Cow;

/// Longest cell, in bytes.
pub const MAX_CELL: usize = 16 << 20;

/// Most cells in a row, as many as a worksheet has: a longer row is no table, and a column for each would exhaust memory.
pub const MAX_COLUMNS: usize = 16_384;

/// Shortest piece of text worth a thread of its own, in bytes.
const SMALLEST_PIECE: usize = 1 << 20;

/// Delimiters that are looked for, in the order in which they are preferred.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Reads the bytes of a CSV or TSV file; `name` is its path in messages.
///
/// # Errors
/// Any [`DataError`] about text: encoding, NUL, quotes, header, ragged rows (all of them).
pub fn parse(name: &str, bytes: &[u8], format: Format, options: &ReadOptions) -> Result<Table, DataError> {
    let decoded = encoding::decode(name, bytes, options.encoding.as_deref())?;
    let text = decoded.text.as_ref();
    if let Some(offset) = text.find('\0') {
        let row = 1 + count_newlines(text.as_bytes().get(..offset).unwrap_or_default());
        return Err(DataError::Nul { path: name.to_string(), row, offset });
    }
    let mut notes = Vec::new();
    if decoded.guessed {
        notes.push(format!("encoding {} was told from the bytes, not declared", decoded.encoding));
    }
    let (body, header_row) = skip_to_header(name, text, options.header_row)?;
    let delimiter = match (options.delimiter, format) {
        (Some(declared), _) => check_delimiter(name, declared)?,
        (None, Format::Tsv) => b'\t',
        (None, _) => find_delimiter(name, body),
    };
    let mut records = Records::new(name, body, delimiter, header_row);
    let mut cells = Vec::new();
    let header_row = records.next_into(&mut cells)?.ok_or_else(|| no_header(name, options.header_row, text))?;
    // A second byte order mark, as files put together from several have, is no part of a name.
    let blank = |c: char| c.is_whitespace() || c == '\u{feff}';
    let header: Vec<String> = cells.iter().map(|cell| cell.trim_matches(blank).to_string()).collect();

    let rest = body.get(records.at..).unwrap_or_default();
    let read = |text: &str, row: usize| Rows::read(&mut Records::new(name, text, delimiter, row), &header, options);
    // Pieces are read side by side. Where something is wrong in one, all is read in one piece, which tells its row.
    let pieces: Option<Vec<Rows<'_>>> =
        pieces(rest, rayon::current_num_threads()).par_iter().map(|piece| read(piece, 0).ok()).collect();
    let Rows { columns, rows, ragged, decimals, mut line_ends, .. } =
        match pieces.and_then(|pieces| Rows::join(pieces, records.row)) {
            Some(rows) => rows,
            None => read(rest, records.row)?,
        };
    line_ends.add(&records.line_ends);
    if !ragged.is_empty() {
        return Err(DataError::Ragged { path: name.to_string(), expected: header.len(), rows: ragged });
    }
    let decimal_comma = options.decimal_comma.unwrap_or_else(|| decimals.is_comma());
    if decimal_comma && options.decimal_comma.is_none() {
        notes.push("the decimal comma was told from the cells, not declared".to_string());
    }
    notes.extend(line_ends.note());
    let columns = columns.finish(name, &header, header_row, &mut notes)?;
    let provenance = Provenance {
        encoding: Some(decoded.encoding.to_string()),
        delimiter: Some(char::from(delimiter)),
        decimal: if decimal_comma { ',' } else { '.' },
        notes,
        ..table::provenance(name, format)
    };
    Table::new(columns, rows.finish(header_row), provenance)
}

/// The text in up to `most` pieces that end at line ends. Where there is a quote a line end may stand inside a cell, and the
/// text stays whole.
fn pieces(text: &str, most: usize) -> Vec<&str> {
    let most = most.min(text.len() / SMALLEST_PIECE).max(1);
    let mut pieces = Vec::with_capacity(most);
    let mut rest = text;
    if most > 1 && !text.contains('"') {
        for left in (2..=most).rev() {
            let about = rest.len() / left;
            let newline = rest.as_bytes().iter().skip(about).position(|&byte| byte == b'\n');
            let Some((piece, after)) = newline.and_then(|at| rest.split_at_checked(about + at + 1)) else { break };
            pieces.push(piece);
            rest = after;
        }
    }
    pieces.push(rest);
    pieces
}

/// The rows of one piece of the text.
struct Rows<'a> {
    columns: Columns<'a>,
    rows: RowNumbers,
    ragged: Vec<RaggedRow>,
    decimals: DecimalSigns,
    line_ends: LineEnds,
    /// Row after the last.
    end: usize,
}

impl<'a> Rows<'a> {
    fn read(records: &mut Records<'_>, header: &[String], options: &'a ReadOptions) -> Result<Self, DataError> {
        let mut columns = Columns::new(header, records.text, options);
        let mut rows = RowNumbers::default();
        let mut ragged = Vec::new();
        let mut decimals = DecimalSigns::default();
        let mut cells = Vec::with_capacity(header.len());
        while let Some(row) = records.next_into(&mut cells)? {
            if cells.len() != header.len() {
                ragged.push(RaggedRow { row, cells: cells.len() });
                continue;
            }
            rows.rows.push(row);
            // After the first decimal point nothing can make the decimal sign a comma.
            if !decimals.point {
                cells.iter().for_each(|cell| decimals.look_at(cell));
            }
            columns.push(&cells);
        }
        let line_ends = std::mem::take(&mut records.line_ends);
        Ok(Self { columns, rows, ragged, decimals, line_ends, end: records.row })
    }

    /// The pieces one after the other, each counted from row 0, as rows from `first` on; `None` where columns cannot be
    /// put together.
    fn join(pieces: Vec<Self>, first: usize) -> Option<Self> {
        let mut pieces = pieces.into_iter();
        let mut all = pieces.next()?;
        all.rows.rows.iter_mut().for_each(|row| *row += first);
        all.ragged.iter_mut().for_each(|ragged| ragged.row += first);
        all.end += first;
        for piece in pieces {
            all.rows.rows.extend(piece.rows.rows.into_iter().map(|row| row + all.end));
            let below = |ragged: RaggedRow| RaggedRow { row: ragged.row + all.end, ..ragged };
            all.ragged.extend(piece.ragged.into_iter().map(below));
            all.end += piece.end;
            all.decimals.add(&piece.decimals);
            all.line_ends.add(&piece.line_ends);
            all.columns.append(piece.columns)?;
        }
        Some(all)
    }
}

fn count_newlines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte == b'\n').count()
}

fn no_header(name: &str, row: usize, text: &str) -> DataError {
    let path = name.to_string();
    if text.trim().is_empty() { DataError::Empty { path } } else { DataError::NoHeader { path, row } }
}

fn check_delimiter(name: &str, declared: char) -> Result<u8, DataError> {
    match u8::try_from(declared) {
        Ok(byte) if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !b"\"\r\n.-+ ".contains(&byte) => Ok(byte),
        _ => Err(DataError::Delimiter { path: name.to_string(), found: declared }),
    }
}

/// The text from line `header_row` on, and that number.
fn skip_to_header<'a>(name: &str, text: &'a str, header_row: usize) -> Result<(&'a str, usize), DataError> {
    let header_row = header_row.max(1);
    let mut rest = text;
    for _ in 1..header_row {
        let end = rest.find(['\n', '\r']).ok_or_else(|| no_header(name, header_row, text))?;
        let length = if rest.get(end..).is_some_and(|tail| tail.starts_with("\r\n")) { 2 } else { 1 };
        rest = rest.get(end + length..).unwrap_or_default();
    }
    Ok((rest, header_row))
}

/// The delimiter that divides the header and the first rows into the same number of cells, the largest number of them,
/// with every quote at the edge of a cell. Where no delimiter does that, the one that comes closest, so that what is
/// wrong is then reported.
fn find_delimiter(name: &str, body: &str) -> u8 {
    let mut best = ((false, false, 1), b',');
    for delimiter in DELIMITERS {
        let mut records = Records::new(name, body, delimiter, 1);
        let mut cells = Vec::new();
        let mut counts = Vec::new();
        let mut sound = true;
        while counts.len() < 50 {
            match records.next_into(&mut cells) {
                Ok(Some(_)) => counts.push(cells.len()),
                Ok(None) => break,
                Err(_) => {
                    sound = false;
                    break;
                }
            }
            // Only a quote inside a quoted cell makes a cell of its own; a borrowed one stands where it should not.
            sound &= !cells.iter().any(|cell| matches!(cell, Cow::Borrowed(text) if text.contains('"')));
        }
        let header = counts.first().copied().unwrap_or_default();
        let even = counts.iter().all(|&count| count == header);
        let score = (sound, even, header);
        if header > 1 && score > best.0 {
            best = (score, delimiter);
        }
    }
    best.1
}

/// How many lines end in which way.
#[derive(Debug, Default)]
struct LineEnds {
    lf: usize,
    crlf: usize,
    cr: usize,
}

impl LineEnds {
    fn add(&mut self, other: &Self) {
        self.lf += other.lf;
        self.crlf += other.crlf;
        self.cr += other.cr;
    }

    fn note(&self) -> Option<String> {
        let kinds = [self.lf, self.crlf, self.cr].iter().filter(|&&count| count > 0).count();
        (kinds > 1)
            .then(|| format!("mixed line ends: {} LF, {} CRLF, {} CR; each ends a row", self.lf, self.crlf, self.cr))
    }
}

/// The records of a text, one after the other.
struct Records<'a> {
    path: &'a str,
    text: &'a str,
    at: usize,
    /// Line of the file at `at`.
    row: usize,
    delimiter: u8,
    line_ends: LineEnds,
}

impl<'a> Records<'a> {
    fn new(path: &'a str, text: &'a str, delimiter: u8, row: usize) -> Self {
        Self { path, text, at: 0, row, delimiter, line_ends: LineEnds::default() }
    }

    /// Puts the cells of the next record that is not a blank line into `cells`; returns its row in the file.
    fn next_into(&mut self, cells: &mut Vec<Cow<'a, str>>) -> Result<Option<usize>, DataError> {
        cells.clear();
        while matches!(self.peek(), Some(b'\n' | b'\r')) {
            self.end_line();
        }
        let row = self.row;
        if self.peek().is_none() {
            return Ok(None);
        }
        loop {
            let cell = if self.peek() == Some(b'"') { self.quoted_cell(row, cells.len())? } else { self.plain_cell() };
            if cell.len() > MAX_CELL {
                let (path, what, limit) = (self.path.to_string(), "one cell, in bytes,", MAX_CELL as u64);
                return Err(DataError::TooLarge { path, what, limit, row: Some(row) });
            }
            if cells.len() == MAX_COLUMNS {
                return Err(DataError::TooManyColumns { path: self.path.to_string(), row, limit: MAX_COLUMNS });
            }
            cells.push(cell);
            match self.peek() {
                Some(byte) if byte == self.delimiter => self.at += 1,
                Some(_) => {
                    self.end_line();
                    return Ok(Some(row));
                }
                None => return Ok(Some(row)),
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes over LF, CRLF or CR.
    fn end_line(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let (length, count) = match rest {
            [b'\r', b'\n', ..] => (2, &mut self.line_ends.crlf),
            [b'\r', ..] => (1, &mut self.line_ends.cr),
            _ => (1, &mut self.line_ends.lf),
        };
        *count += 1;
        self.at += length;
        self.row += 1;
    }

    fn plain_cell(&mut self) -> Cow<'a, str> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let delimiter = self.delimiter;
        let ends = |&byte: &u8| byte == delimiter || byte == b'\n' || byte == b'\r';
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        let cell = self.text.get(self.at..self.at + length).unwrap_or_default();
        self.at += length;
        Cow::Borrowed(cell)
    }

    fn quoted_cell(&mut self, record_row: usize, index: usize) -> Result<Cow<'a, str>, DataError> {
        let opened = self.row;
        let start = self.at + 1;
        let mut end = start;
        let mut doubled = false;
        loop {
            let rest = self.text.as_bytes().get(end..).unwrap_or_default();
            match rest.iter().position(|&byte| byte == b'"') {
                None => return Err(DataError::OpenQuote { path: self.path.to_string(), row: opened }),
                Some(length) if rest.get(length + 1) == Some(&b'"') => {
                    doubled = true;
                    end += length + 2;
                }
                Some(length) => {
                    end += length;
                    break;
                }
            }
        }
        let cell = self.text.get(start..end).unwrap_or_default();
        self.row += count_line_ends(cell.as_bytes());
        self.at = end + 1;
        match self.peek() {
            None | Some(b'\n' | b'\r') => {}
            Some(byte) if byte == self.delimiter => {}
            Some(_) => {
                let path = self.path.to_string();
                return Err(DataError::AfterQuote { path, row: record_row, cell: index + 1 });
            }
        }
        Ok(if doubled { Cow::Owned(cell.replace("\"\"", "\"")) } else { Cow::Borrowed(cell) })
    }
}

/// Line ends inside a quoted cell.
fn count_line_ends(cell: &[u8]) -> usize {
    let lone_cr = |(at, &byte): (usize, &u8)| byte == b'\r' && cell.get(at + 1) != Some(&b'\n');
    count_newlines(cell) + cell.iter().enumerate().filter(|&pair| lone_cr(pair)).count()
}

/// Row numbers, listed only from the first gap on.
#[derive(Default)]
struct RowNumbers {
    rows: Vec<usize>,
}

impl RowNumbers {
    fn finish(self, header_row: usize) -> FileRows {
        let first = self.rows.first().copied().unwrap_or(header_row + 1);
        let without_gap = self.rows.iter().enumerate().all(|(index, &row)| row == first + index);
        if without_gap { FileRows::From(first) } else { FileRows::Listed(self.rows) }
    }
}

/// Whether numbers with a comma or with a point stand in the cells.
#[derive(Default)]
struct DecimalSigns {
    point: bool,
    comma: bool,
    /// A comma that does not stand before exactly three digits, so cannot be a thousands separator.
    certain_comma: bool,
}

impl DecimalSigns {
    fn look_at(&mut self, cell: &str) {
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

    fn add(&mut self, other: &Self) {
        self.point |= other.point;
        self.comma |= other.comma;
        self.certain_comma |= other.certain_comma;
    }

    fn is_comma(&self) -> bool {
        self.comma && self.certain_comma && !self.point
    }
}

fn finished(builder: StringChunkedBuilder) -> Column {
    builder.finish().into_column()
}

/// Columns being filled.
struct Columns<'a> {
    builders: Vec<StringChunkedBuilder>,
    /// Columns of earlier pieces.
    before: Vec<Column>,
    used: Vec<bool>,
    options: &'a ReadOptions,
    /// By byte: whether a cell that begins with it may be missing, so that nearly all cells need no comparison.
    begins_missing: [bool; 256],
}

impl<'a> Columns<'a> {
    fn new(header: &[String], text: &str, options: &'a ReadOptions) -> Self {
        // As many rows as there would be if all were as long as the first hundred.
        let sample = text.split_inclusive('\n').take(100);
        let (lines, bytes) = sample.fold((0, 0), |(lines, bytes), line| (lines + 1, bytes + line.len()));
        let rows = text.len() / (bytes / lines.max(1)).max(1) * 21 / 20 + 1;
        let builders = header.iter().map(|name| StringChunkedBuilder::new(name.as_str().into(), rows)).collect();
        // Blanks, of which there are many beyond ASCII, may stand before a code.
        let mut begins_missing = std::array::from_fn(|byte| byte <= usize::from(b' ') || byte >= 0x80);
        for first in options.missing.iter().filter_map(|code| code.trim().bytes().next()) {
            begins_missing[usize::from(first)] = true;
        }
        Self { builders, before: Vec::new(), used: vec![false; header.len()], options, begins_missing }
    }

    /// Appends the columns of the piece that follows.
    fn append(&mut self, next: Self) -> Option<()> {
        if self.before.is_empty() {
            self.before = std::mem::take(&mut self.builders).into_iter().map(finished).collect();
        }
        for (column, builder) in self.before.iter_mut().zip(next.builders) {
            column.append_owned(finished(builder)).ok()?;
        }
        self.used.iter_mut().zip(next.used).for_each(|(used, next)| *used |= next);
        Some(())
    }

    fn push(&mut self, cells: &[Cow<'_, str>]) {
        for ((cell, builder), used) in cells.iter().zip(&mut self.builders).zip(&mut self.used) {
            *used |= !cell.is_empty();
            let may_be = cell.bytes().next().is_none_or(|first| self.begins_missing[usize::from(first)]);
            if may_be && self.options.is_missing(cell) {
                builder.append_null();
            } else {
                builder.append_value(cell.as_ref());
            }
        }
    }

    fn finish(
        self,
        path: &str,
        header: &[String],
        header_row: usize,
        notes: &mut Vec<String>,
    ) -> Result<Vec<Column>, DataError> {
        table::check_unique(path, header.iter().map(String::as_str))?;
        let filled = self.before.into_iter().chain(self.builders.into_iter().map(finished));
        let mut columns = Vec::with_capacity(header.len());
        for (index, (column, used)) in filled.zip(self.used).enumerate() {
            match header.get(index).map(String::as_str) {
                None | Some("") if used => {
                    return Err(DataError::UnnamedColumn {
                        path: path.to_string(),
                        column: index + 1,
                        row: header_row,
                    });
                }
                None | Some("") => {
                    notes.push(format!("column {} has neither name nor value and was dropped", index + 1))
                }
                Some(_) => columns.push(column),
            }
        }
        if columns.is_empty() {
            return Err(DataError::NoHeader { path: path.to_string(), row: header_row });
        }
        Ok(columns)
    }
}
