//! CSV and TSV (RFC 4180 with other delimiters): one pass over the text that keeps, for every record, where it begins.
//!
//! Decided: what a record is, see `records`. Names are freed of surrounding blanks; cells are kept as written, but
//! for no-break spaces, which are read as blanks. Columns without a name are left out where they are empty or hold R's names
//! of rows (`header`). A row that ends before the last column has empty cells there, as spreadsheets leave out what
//! is empty at the end; empty cells past the last column are no cells; a row of delimiters alone is no row; `sep=;` in row 1
//! declares the delimiter. Each of these is said ([`super::Remark`]). Limits: a cell of 16 MiB ([`MAX_CELL`]), a row of
//! 16 384 cells ([`MAX_COLUMNS`]).

use super::csv_columns::{Columns, DecimalSigns, How, RowNumbers};
use super::encoding;
use super::error::{CellError, CellReason, DataError, RaggedRow};
use super::header;
use super::memory;
use super::options::{Format, ReadOptions};
use super::records::{LineEnds, Records};
use super::remark::{self, Remark, plural};
use super::table::{self, Provenance, Table};
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::HashSet;

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
        let row = 1 + text.as_bytes().iter().take(offset).filter(|&&byte| byte == b'\n').count();
        return Err(DataError::Nul { path: name.to_string(), row, offset });
    }
    let mut notes = Vec::new();
    let mut remarks = Vec::new();
    if decoded.guessed {
        notes.push(format!("encoding {} was told from the bytes, not declared", decoded.encoding));
    }
    remarks.extend(decoded.odd.as_ref().map(|odd| not_text(odd, decoded.encoding, decoded.guessed)));
    let (mut body, mut header_row) = skip_to_header(name, text, options.header_row)?;
    let declared = declared_in_first_row(body);
    if let Some((delimiter, rest)) = declared {
        notes.push(format!("row {header_row} declares the delimiter (`sep={delimiter}`), as Excel reads it"));
        body = rest;
        header_row += 1;
    }
    let delimiter = match (options.delimiter.or(declared.map(|(delimiter, _)| delimiter)), format) {
        (Some(declared), _) => check_delimiter(name, declared)?,
        (None, Format::Tsv) => b'\t',
        (None, _) => find_delimiter(name, body),
    };
    let mut records = Records::new(name, body, delimiter, header_row);
    let mut cells = Vec::new();
    let header_row = loop {
        let row = records.next_into(&mut cells)?.ok_or_else(|| no_header(name, options.header_row, text))?;
        if !records.is_blank(&cells) {
            break row;
        }
    };
    let titled = || {
        let found =
            (options.header_row <= 1).then(|| below_titles(name, body, options.delimiter, header_row)).flatten();
        found.filter(|&row| row > header_row)
    };
    // A second byte order mark, as files put together from several have, is no part of a name.
    let blank = |c: char| c.is_whitespace() || c == '\u{feff}';
    let named = |cell: &Cow<'_, str>| remark::plain(cell).as_deref().unwrap_or(cell).trim_matches(blank).to_string();
    let header: Vec<String> = cells.iter().map(named).collect();

    if let [only] = header.as_slice()
        && options.delimiter.is_none()
        && text.trim_start_matches('\u{feff}').starts_with('"')
        && let below = body.get(records.at..).unwrap_or_default().trim_start_matches(['\r', '\n'])
        && let below = below.lines().next().unwrap_or_default()
        && below.starts_with('"')
        && let Some(mark) = [',', ';', '\t', '|']
            .into_iter()
            .find(|mark| only.contains(*mark) && below.matches(*mark).count() == only.matches(*mark).count())
    {
        return Err(DataError::Malformed {
            path: name.to_string(),
            format: format.title(),
            place: format!("row {header_row}"),
            problem: format!(
                "the whole row stands between quotes, so that `{mark}` separates nothing and there is one column"
            ),
        });
    }
    let rest = body.get(records.at..).unwrap_or_default();
    affordable(name, rest, header.len())?;
    let odd = !rest.is_ascii() && rest.contains(remark::is_odd);
    let how = How { options, odd, names_of_rows: false };
    let row = records.row;
    let (header, read) = match read_rows(name, rest, delimiter, &header, how, row)? {
        rows if rows.all_longer_by_one(header.len()) => {
            // R's `write.table` gives the names of the rows no name, and no place in the header either.
            let longer: Vec<String> = std::iter::once(String::new()).chain(header.iter().cloned()).collect();
            let named = read_rows(name, rest, delimiter, &longer, How { names_of_rows: true, ..how }, row)?;
            if named.distinct_names { (longer, named) } else { (header, rows) }
        }
        rows => (header, rows),
    };
    let Rows { mut columns, rows, mut ragged, short, trailing, blank, over_lines, decimals, mut line_ends, .. } = read;
    line_ends.add(&records.line_ends);
    // A file that ends within its last row, and nowhere else, was cut off.
    let cut = (short.count == 1 && short.first == rows.rows.last().copied() && !text.ends_with(['\n', '\r']))
        .then_some(short.first)
        .flatten();
    if let Some(row) = cut {
        ragged.push(RaggedRow { row, cells: short.cells });
    }
    if !ragged.is_empty() {
        return Err(match titled() {
            Some(row) => DataError::TitleRows { path: name.to_string(), row },
            None => DataError::Ragged { path: name.to_string(), expected: header.len(), rows: ragged },
        });
    }
    let decimal_comma = options.decimal_comma.unwrap_or_else(|| decimals.is_comma());
    if decimal_comma && options.decimal_comma.is_none() {
        notes.push("the decimal comma was told from the cells, not declared".to_string());
    }
    notes.extend(line_ends.note());
    short.remark(
        |count| {
            format!(
                "{count} row{} end{} before the last column; the cells missing at the end were taken as empty",
                plural(count),
                if count == 1 { "s" } else { "" }
            )
        },
        "nothing, if the cells are empty (spreadsheets leave them out); if a delimiter is missing inside a row, its values \
         stand under the wrong names: compare such rows with the source",
        true,
        &mut remarks,
    );
    trailing.remark(
        |count| format!("{count} row{} have empty cells past the last column, which were passed over", plural(count)),
        "nothing; the program that wrote the file puts a delimiter at the end of a row",
        false,
        &mut remarks,
    );
    blank.remark(
        |count| format!("{count} row{} of delimiters alone were passed over", plural(count)),
        "nothing, if they were meant to be empty",
        false,
        &mut remarks,
    );
    over_lines.remark(
        |count| {
            format!(
                "{count} row{} hold{} a quoted cell of several lines with delimiters in it, which was read as one cell; the first has {} lines",
                plural(count),
                if count == 1 { "s" } else { "" },
                over_lines.cells
            )
        },
        "nothing, if it is a text of several lines; if rows of the table stand in it, a stray quote opens it: remove the quote",
        true,
        &mut remarks,
    );
    remarks.extend(std::mem::take(&mut columns.odd_cells).remark(&header));
    let errors = std::mem::take(&mut columns.errors);
    let columns = columns.finish(name, &header, header_row, titled, &mut notes, &mut remarks)?;
    notes.extend(remarks.iter().map(|remark: &Remark| remark.text.clone()));
    let provenance = Provenance {
        encoding: Some(decoded.encoding.to_string()),
        delimiter: Some(char::from(delimiter)),
        decimal: if decimal_comma { ',' } else { '.' },
        notes,
        ..table::provenance(name, format)
    };
    let mut table = Table::new(columns, rows.finish(header_row), provenance)?;
    table.remarks = remarks;
    for (row, column, found) in errors {
        if let Some(title) = header.get(column).filter(|title| table.has_column(title)) {
            let cell = CellError { row, column: title.clone(), found, reason: CellReason::SpreadsheetError };
            table.unread.entry(title.clone()).or_default().push(cell);
        }
    }
    for (column, cells) in &table.unread {
        let text = format!("the column `{column}` has {} error{} of a spreadsheet", cells.len(), plural(cells.len()));
        table.provenance.notes.push(text);
    }
    Ok(table)
}

/// What is said of a text that holds what nobody wrote.
fn not_text(odd: &encoding::OddPlace, encoding: &str, told: bool) -> Remark {
    let many = if odd.places == 1 { "1 place".to_owned() } else { format!("{} places", odd.places) };
    let (text, remedy) = match &odd.was {
        _ if told => (
            format!(
                "{many} hold what can hardly be meant, first `{}`, in {encoding}, which was told from the bytes",
                odd.cell.escape_debug()
            ),
            "declare `encoding` as the program that wrote the file names it, or save the file as UTF-8",
        ),
        Some(was) => (
            format!(
                "{many} hold UTF-8 that was read as another encoding, first `{}`, where `{was}` was written",
                odd.cell
            ),
            "export the file again as UTF-8, or declare `encoding` as it is",
        ),
        None => (
            format!(
                "{many} hold characters that no text has (a control character, U+FFFD or one for private use), first `{}`",
                odd.cell.escape_debug()
            ),
            "correct the cells, or export the file again: U+FFFD stands where a program could not read a character",
        ),
    };
    Remark::new(text.replacen("1 place hold", "1 place holds", 1), remedy).at(odd.row).doubtful()
}

/// Refuses a text of more rows than there is memory for their cells: a row of one character has as many cells as the
/// header has names. Empty lines are no rows.
fn affordable(name: &str, text: &str, width: usize) -> Result<(), DataError> {
    let ends = |byte: u8| byte == b'\n' || byte == b'\r';
    let mut before = b'\n';
    let mut rows = 1;
    for byte in text.bytes() {
        rows += u64::from(ends(byte) && !ends(before));
        before = byte;
    }
    memory::afford(name, rows * (32 + width as u64 * memory::NUMBER_CELL) + 2 * text.len() as u64)
}

/// All rows of `text`, whose first is row `first` of the file. Pieces are read side by side. Where something is wrong in
/// one, all is read in one piece, which tells its row.
fn read_rows<'a>(
    name: &str,
    text: &str,
    delimiter: u8,
    header: &[String],
    how: How<'a>,
    first: usize,
) -> Result<Rows<'a>, DataError> {
    let read = |text: &str, row: usize| Rows::read(&mut Records::new(name, text, delimiter, row), header, how);
    let pieces: Option<Vec<Rows<'_>>> =
        pieces(text, rayon::current_num_threads()).par_iter().map(|piece| read(piece, 0).ok()).collect();
    match pieces.and_then(|pieces| Rows::join(pieces, first)) {
        Some(rows) => Ok(rows),
        None => read(text, first),
    }
}

/// The delimiter that a first row `sep=;` declares, and the text after that row.
fn declared_in_first_row(body: &str) -> Option<(char, &str)> {
    let end = body.find(['\n', '\r'])?;
    let (line, rest) = body.split_at_checked(end)?;
    let line = line.trim_matches('"');
    let mut declared = line.get(..4).filter(|key| key.eq_ignore_ascii_case("sep=")).and(line.get(4..))?.chars();
    let (delimiter, more) = (declared.next()?, declared.next());
    let rest = rest.strip_prefix("\r\n").or_else(|| rest.get(1..))?;
    more.is_none().then_some((delimiter, rest))
}

/// The row that looks like the header below titles, under whichever delimiter gives the widest.
fn below_titles(name: &str, body: &str, declared: Option<char>, first: usize) -> Option<usize> {
    let declared = declared.and_then(|declared| u8::try_from(declared).ok());
    let candidates = DELIMITERS.into_iter().filter(|candidate| declared.is_none_or(|declared| declared == *candidate));
    let mut best: Option<(usize, usize)> = None;
    for delimiter in candidates {
        let mut records = Records::new(name, body, delimiter, first);
        let mut rows = Vec::new();
        let mut cells = Vec::new();
        while rows.len() < header::LOOKED_AT
            && let Ok(Some(row)) = records.next_into(&mut cells)
        {
            rows.push((row, std::mem::take(&mut cells)));
        }
        let width = rows.iter().map(|(_, cells)| cells.len()).max().unwrap_or_default();
        if let Some(row) = header::below_titles(&rows)
            && best.is_none_or(|(before, _)| width > before)
        {
            best = Some((width, row));
        }
    }
    best.map(|(_, row)| row)
}

/// Rows of one kind: how many, the first, and its cells.
#[derive(Default, Clone, Copy)]
struct RowsOfKind {
    count: usize,
    first: Option<usize>,
    cells: usize,
}

impl RowsOfKind {
    fn count(&mut self, row: usize, cells: usize) {
        self.count += 1;
        if self.first.is_none() {
            (self.first, self.cells) = (Some(row), cells);
        }
    }

    fn append(&mut self, next: Self, from: usize) {
        self.count += next.count;
        if self.first.is_none() {
            (self.first, self.cells) = (next.first.map(|row| row + from), next.cells);
        }
    }

    fn remark(self, text: impl Fn(usize) -> String, remedy: &'static str, doubtful: bool, remarks: &mut Vec<Remark>) {
        if let Some(row) = self.first {
            let remark = Remark::new(text(self.count), remedy).at(row);
            remarks.push(if doubtful { remark.doubtful() } else { remark });
        }
    }
}

/// The rows of one piece of the text.
struct Rows<'a> {
    columns: Columns<'a>,
    rows: RowNumbers,
    ragged: Vec<RaggedRow>,
    /// Rows that end before the last column.
    short: RowsOfKind,
    /// Rows with empty cells past the last column.
    trailing: RowsOfKind,
    /// Rows of delimiters alone.
    blank: RowsOfKind,
    /// Rows with a quoted cell of several lines that holds delimiters; `cells` are the lines of the first.
    over_lines: RowsOfKind,
    decimals: DecimalSigns,
    line_ends: LineEnds,
    /// Row after the last.
    end: usize,
    /// Whether the first cells, which may be the names of the rows, are all there and distinct.
    distinct_names: bool,
}

impl<'a> Rows<'a> {
    fn read(records: &mut Records<'_>, header: &[String], how: How<'a>) -> Result<Self, DataError> {
        let mut columns = Columns::new(header, records.text, how);
        let mut rows = RowNumbers::default();
        let mut ragged = Vec::new();
        let [mut short, mut trailing, mut blank, mut over_lines] = [RowsOfKind::default(); 4];
        let mut decimals = DecimalSigns::default();
        let mut names = HashSet::new();
        let mut distinct_names = true;
        let mut cells = Vec::with_capacity(header.len());
        while let Some(row) = records.next_into(&mut cells)? {
            if cells.first().is_some_and(|cell| cell.trim().is_empty()) && records.is_blank(&cells) {
                blank.count(row, cells.len());
                continue;
            }
            if let Some(over) = records.over_lines.iter().find(|over| over.swallows_rows(header.len())) {
                return Err(DataError::SwallowedRows {
                    path: records.path.to_string(),
                    opens: over.opens,
                    closes: over.closes,
                });
            }
            if let Some(over) = records.over_lines.first() {
                over_lines.count(row, over.closes - over.opens + 1);
            }
            let found = cells.len();
            if found > header.len() {
                let past = cells.get(header.len()..).unwrap_or_default();
                if !past.iter().all(|cell| cell.trim().is_empty()) {
                    ragged.push(RaggedRow { row, cells: found });
                    continue;
                }
                trailing.count(row, found);
                cells.truncate(header.len());
            } else if found < header.len() {
                if let (1, Some(cell)) = (found, cells.first())
                    && let Some(other) = [',', ';', '\t', '|']
                        .into_iter()
                        .find(|mark| header.len() > 2 && cell.matches(*mark).count() + 1 == header.len())
                {
                    return Err(DataError::Malformed {
                        path: records.path.to_string(),
                        format: Format::Csv.title(),
                        place: format!("row {row}"),
                        problem: format!(
                            "the cells are separated by `{other}` here and by another character in the header"
                        ),
                    });
                }
                short.count(row, found);
                cells.resize(header.len(), Cow::Borrowed(""));
            }
            if how.names_of_rows {
                let name = cells.first().map(|cell| cell.trim().to_string()).unwrap_or_default();
                distinct_names &= !name.is_empty() && names.insert(name);
            }
            rows.rows.push(row);
            // After the first decimal point nothing can make the decimal sign a comma.
            if !decimals.point {
                cells.iter().for_each(|cell| decimals.look_at(cell));
            }
            columns.push(&cells, row);
        }
        let line_ends = std::mem::take(&mut records.line_ends);
        let end = records.row;
        Ok(Self { columns, rows, ragged, short, trailing, blank, over_lines, decimals, line_ends, end, distinct_names })
    }

    /// Whether every row has one cell more than the header has names.
    fn all_longer_by_one(&self, names: usize) -> bool {
        let longer = self.ragged.iter().all(|row| row.cells == names + 1);
        self.rows.rows.is_empty() && !self.ragged.is_empty() && longer
    }

    /// The pieces one after the other, each counted from row 0, as rows from `first` on; `None` where columns cannot be
    /// put together, or where names of rows would have to be compared over pieces.
    fn join(pieces: Vec<Self>, first: usize) -> Option<Self> {
        let mut pieces = pieces.into_iter();
        let mut all = pieces.next()?;
        all.rows.rows.iter_mut().for_each(|row| *row += first);
        all.ragged.iter_mut().for_each(|ragged| ragged.row += first);
        for kind in [&mut all.short, &mut all.trailing, &mut all.blank, &mut all.over_lines] {
            kind.first = kind.first.map(|row| row + first);
        }
        all.columns.odd_cells.shift(first);
        all.columns.errors.iter_mut().for_each(|(row, ..)| *row += first);
        all.end += first;
        for piece in pieces {
            if all.columns.how.names_of_rows {
                return None;
            }
            all.rows.rows.extend(piece.rows.rows.into_iter().map(|row| row + all.end));
            let below = |ragged: RaggedRow| RaggedRow { row: ragged.row + all.end, ..ragged };
            all.ragged.extend(piece.ragged.into_iter().map(below));
            all.short.append(piece.short, all.end);
            all.trailing.append(piece.trailing, all.end);
            all.blank.append(piece.blank, all.end);
            all.over_lines.append(piece.over_lines, all.end);
            all.decimals.add(&piece.decimals);
            all.line_ends.add(&piece.line_ends);
            let from = all.end;
            all.end += piece.end;
            all.columns.append(piece.columns, from)?;
        }
        Some(all)
    }
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
