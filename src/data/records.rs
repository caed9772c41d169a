//! The records of a delimited text, one after the other, each with the line where it begins.
//!
//! A record ends at LF, CRLF or CR; a line without any character is passed over but counted; a quote opens a quoted cell
//! only as its first character, elsewhere it is a character; inside quotes `""` is a quote and line ends are characters.

use super::csv::{MAX_CELL, MAX_COLUMNS};
use super::error::DataError;
use std::borrow::Cow;

/// How many lines end in which way.
#[derive(Debug, Default)]
pub(super) struct LineEnds {
    lf: usize,
    crlf: usize,
    cr: usize,
}

impl LineEnds {
    pub(super) fn add(&mut self, other: &Self) {
        self.lf += other.lf;
        self.crlf += other.crlf;
        self.cr += other.cr;
    }

    pub(super) fn note(&self) -> Option<String> {
        let kinds = [self.lf, self.crlf, self.cr].iter().filter(|&&count| count > 0).count();
        (kinds > 1)
            .then(|| format!("mixed line ends: {} LF, {} CRLF, {} CR; each ends a row", self.lf, self.crlf, self.cr))
    }
}

/// The records of a text, one after the other.
pub(super) struct Records<'a> {
    pub(super) path: &'a str,
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// Where the record read last begins.
    began: usize,
    /// Line of the file at `at`.
    pub(super) row: usize,
    delimiter: u8,
    pub(super) line_ends: LineEnds,
}

impl<'a> Records<'a> {
    pub(super) fn new(path: &'a str, text: &'a str, delimiter: u8, row: usize) -> Self {
        Self { path, text, at: 0, began: 0, row, delimiter, line_ends: LineEnds::default() }
    }

    /// Puts the cells of the next record that is not a blank line into `cells`; returns its row in the file.
    pub(super) fn next_into(&mut self, cells: &mut Vec<Cow<'a, str>>) -> Result<Option<usize>, DataError> {
        cells.clear();
        while matches!(self.peek(), Some(b'\n' | b'\r')) {
            self.end_line();
        }
        let row = self.row;
        self.began = self.at;
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

    /// Whether the record read last, into `cells`, holds nothing but delimiters and blanks. A quoted empty cell is a value
    /// that somebody wrote.
    pub(super) fn is_blank(&self, cells: &[Cow<'_, str>]) -> bool {
        cells.len() > 1
            && cells.iter().all(|cell| cell.trim().is_empty())
            && !self.text.get(self.began..self.at).unwrap_or_default().contains('"')
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

fn count_newlines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte == b'\n').count()
}
