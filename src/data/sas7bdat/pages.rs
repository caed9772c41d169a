//! The pages of a SAS data set: what they say of the variables, and the bytes of the rows.

use super::unpack;
use crate::data::binary::{Bytes, MAX_UNPACKED};
use crate::data::error::DataError;
use crate::data::memory;
use crate::data::options::Format;

/// How every data set begins.
const MAGIC: [u8; 32] = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xc2, 0xea, 0x81, 0x60, 0xb3, 0x14, 0x11, 0xcf, 0xbd, 0x92, 0x08, 0x00, 0x09,
    0xc7, 0x31, 0x8c, 0x18, 0x1f, 0x10, 0x11,
];

/// A text among the texts of the data set: which block, where, how long.
pub type Place = (usize, usize, usize);

/// One variable.
#[derive(Debug, Clone, Default)]
pub struct Column {
    pub name: Place,
    pub format: Place,
    pub format_width: (usize, usize),
    pub label: Place,
    /// Where its bytes stand in a row, and how many.
    pub offset: usize,
    pub width: usize,
    pub numeric: bool,
}

/// A data set.
pub struct DataSet<'a> {
    pub file: Bytes<'a>,
    pub name: &'a [u8],
    pub encoding: u8,
    pub columns: Vec<Column>,
    pub rows: usize,
    row_length: usize,
    texts: Vec<&'a [u8]>,
    /// The rows, one after the other.
    bytes: Vec<u8>,
}

impl<'a> DataSet<'a> {
    /// The bytes of a row.
    pub fn row(&self, row: usize) -> Option<&[u8]> {
        let start = row.checked_mul(self.row_length)?;
        self.bytes.get(start..start + self.row_length)
    }

    /// A text.
    pub fn text(&self, (block, at, length): Place) -> &'a [u8] {
        let block = self.texts.get(block).copied().unwrap_or_default();
        block.get(at..at.saturating_add(length)).unwrap_or_default()
    }
}

/// How a file is laid out.
struct Layout {
    /// Bytes of a whole number: 8 in files of 64 bits.
    int: usize,
    /// Bytes at the beginning of a page.
    page_header: usize,
    page_size: usize,
    pages: usize,
    first_page: usize,
}

/// What is gathered from the pages.
struct Reading<'a> {
    layout: Layout,
    set: DataSet<'a>,
    counted: usize,
    /// Rows on a page that also has descriptions.
    mixed_rows: usize,
    columns: usize,
    packing: Option<unpack::Packing>,
    named: usize,
    placed: usize,
    described: usize,
}

/// Reads the pages.
///
/// # Errors
/// [`DataError::Malformed`], [`DataError::TooLarge`].
pub fn read<'a>(path: &'a str, bytes: &'a [u8]) -> Result<DataSet<'a>, DataError> {
    let mut file = Bytes::new(path, Format::Sas7bdat, bytes);
    if file.take(32)? != MAGIC {
        return Err(file.from(0).broken("no SAS data set"));
    }
    let byte = |at: usize| bytes.get(at).copied().unwrap_or_default();
    let wide = byte(32) == b'3';
    let shift = if byte(35) == b'3' { 4 } else { 0 };
    file.little = byte(37) == 1;
    let mut header = file.from(196 + shift);
    let (first_page, page_size, pages) = (header.size(4)?, header.size(4)?, header.size(if wide { 8 } else { 4 })?);
    let layout =
        Layout { int: if wide { 8 } else { 4 }, page_header: if wide { 32 } else { 16 }, page_size, pages, first_page };
    if page_size < 1024 || first_page < 200 || pages > bytes.len() / page_size {
        return Err(header.broken("impossible sizes of pages, or the file ends too early"));
    }
    let name = file.from(92).take(64)?;
    let set = DataSet {
        file,
        name,
        encoding: byte(70),
        columns: Vec::new(),
        rows: 0,
        row_length: 0,
        texts: Vec::new(),
        bytes: Vec::new(),
    };
    let mut reading = Reading {
        layout,
        set,
        counted: 0,
        mixed_rows: 0,
        columns: 0,
        packing: None,
        named: 0,
        placed: 0,
        described: 0,
    };
    for page in 0..reading.layout.pages {
        reading.page(reading.layout.first_page + page * reading.layout.page_size)?;
    }
    reading.finish()
}

impl<'a> Reading<'a> {
    fn page(&mut self, start: usize) -> Result<(), DataError> {
        let Layout { int, page_header, page_size, .. } = self.layout;
        let mut at = self.set.file.from(start);
        at.take(page_size)?;
        at.at = start + page_header;
        let (kind, blocks, pointers) = (at.size(2)?, at.size(2)?, at.size(2)?);
        at.take(2)?;
        if kind & 0x0080 != 0 && kind & 0x9000 == 0 {
            let problem = "the data set holds deleted rows, which are not told apart here; in SAS, write it anew \
                           (`data new; set old; run;`)";
            return Err(at.broken(problem));
        }
        let described = kind == 0 || kind & 0x4000 != 0 || kind & 0x0f00 == 0x0200 || kind & 0x0f00 == 0x0400;
        if described {
            for _ in 0..pointers {
                let (offset, length) = (at.size(int)?, at.size(int)?);
                let (packed, kind) = (at.size(1)?, at.size(1)?);
                at.take(int - 2)?;
                if length == 0 || packed == 1 {
                    continue;
                }
                if offset.saturating_add(length) > page_size {
                    return Err(at.broken("a description outside its page"));
                }
                self.description(start + offset, length, packed, kind)?;
            }
        }
        match kind & 0x0f00 {
            0x0200 => {
                // Rows begin at a multiple of eight.
                let place = at.at - start;
                at.at += (8 - place % 8) % 8 * usize::from(place % 8 == 4);
                let left = self.counted.saturating_sub(self.set.rows);
                self.rows(at, self.mixed_rows.min(left), start + page_size)
            }
            0x0100 => self.rows(at, blocks, start + page_size),
            _ => Ok(()),
        }
    }

    /// Rows that stand one after the other.
    fn rows(&mut self, mut at: Bytes<'a>, count: usize, end: usize) -> Result<(), DataError> {
        let count = count.min(self.counted.saturating_sub(self.set.rows));
        let length = count.saturating_mul(self.set.row_length);
        if at.at.saturating_add(length) > end {
            return Err(at.broken("rows beyond the end of their page"));
        }
        self.set.bytes.extend_from_slice(at.take(length)?);
        self.set.rows += count;
        Ok(())
    }

    /// One description, or a compressed row.
    fn description(&mut self, start: usize, length: usize, packed: usize, kind: usize) -> Result<(), DataError> {
        let int = self.layout.int;
        let mut at = self.set.file.from(start);
        let signature = at.number(int)?;
        let (high, low) = (signature >> 32, signature & 0xffff_ffff);
        let file = self.set.file;
        let of = |offset: usize| file.from(start + offset);
        let extended = |code: u64| (int == 4 || high == 0xffff_ffff) && low == code;
        let sized = |code: u64| low == code && high == 0 || high == code;
        if sized(0xf7f7_f7f7) {
            self.set.row_length = of(5 * int).size(int)?;
            self.counted = of(6 * int).size(int)?;
            self.mixed_rows = of(15 * int).size(int)?;
            if self.set.row_length == 0 && self.counted > 0 {
                return Err(at.broken("rows without bytes"));
            }
        } else if sized(0xf6f6_f6f6) {
            self.columns = at.size(int)?;
        } else if extended(0xffff_fffd) {
            // The size at its beginning leaves out the last bytes, where a format or a label may stand.
            let text = of(int).take(length.saturating_sub(int))?;
            if self.set.texts.is_empty() {
                self.packing = unpack::Packing::of(text);
            }
            self.set.texts.push(text);
        } else if low == 0xffff_ffff && (int == 4 || high == 0xffff_ffff) {
            for index in 0..length.saturating_sub(2 * int + 12) / 8 {
                let mut at = of(int + 8 * (index + 1));
                let place = (at.size(2)?, at.size(2)?, at.size(2)?);
                self.column(self.named).name = place;
                self.named += 1;
            }
        } else if extended(0xffff_fffc) {
            for index in 0..length.saturating_sub(2 * int + 12) / (int + 8) {
                let mut at = of(int + 8 + index * (int + 8));
                let offset = at.size(int)?;
                let width = at.size(4)?;
                at.take(2)?;
                let numeric = at.size(1)? == 1;
                let column = self.column(self.placed);
                (column.offset, column.width, column.numeric) = (offset, width, numeric);
                self.placed += 1;
            }
        } else if extended(0xffff_fbfe) {
            let mut widths = of(if int == 8 { 24 } else { 12 });
            let format_width = (widths.size(2)?, widths.size(2)?);
            let mut at = of(22 + 3 * int);
            let format = (at.size(2)?, at.size(2)?, at.size(2)?);
            let label = (at.size(2)?, at.size(2)?, at.size(2)?);
            let column = self.column(self.described);
            (column.format, column.format_width, column.label) = (format, format_width, label);
            self.described += 1;
        } else if kind == 1 && self.set.row_length > 0 && self.set.rows < self.counted {
            self.packed_row(start, length, packed)?;
        }
        Ok(())
    }

    /// A row that stands alone, packed unless it would have become longer.
    fn packed_row(&mut self, start: usize, length: usize, packed: usize) -> Result<(), DataError> {
        let bytes = self.set.file.from(start).take(length)?;
        let before = self.set.bytes.len();
        let whole = before + self.set.row_length;
        if whole > self.set.bytes.capacity() {
            // While it grows, the old and the new stand side by side.
            memory::afford(self.set.file.path(), 3 * whole as u64)?;
        }
        if whole as u64 > MAX_UNPACKED {
            let what = "the file when unpacked, in bytes,";
            return Err(DataError::TooLarge {
                path: self.set.file.path().to_string(),
                what,
                limit: MAX_UNPACKED,
                row: None,
            });
        }
        let done = match (packed, self.packing) {
            (4, Some(packing)) => packing.unpack(bytes, whole, &mut self.set.bytes),
            (4, None) => None,
            _ => {
                self.set.bytes.extend_from_slice(bytes.get(..self.set.row_length.min(length)).unwrap_or_default());
                Some(())
            }
        };
        if done.is_none() || self.set.bytes.len() != whole {
            return Err(self.set.file.from(start).broken("a compressed row that cannot be unpacked"));
        }
        self.set.rows += 1;
        Ok(())
    }

    fn column(&mut self, number: usize) -> &mut Column {
        if number >= self.set.columns.len() {
            self.set.columns.resize_with(number + 1, Column::default);
        }
        &mut self.set.columns[number]
    }

    fn finish(mut self) -> Result<DataSet<'a>, DataError> {
        let file = self.set.file;
        if self.columns == 0 || self.named < self.columns || self.placed < self.columns {
            return Err(file.broken(format!("the file says {} variables but describes {}", self.columns, self.named)));
        }
        if self.set.rows != self.counted {
            return Err(file.broken(format!("the file says {} rows but holds {}", self.counted, self.set.rows)));
        }
        self.set.columns.truncate(self.columns);
        file.check_cells(self.set.rows, self.columns)?;
        Ok(self.set)
    }
}
