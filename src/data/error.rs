//! What can be wrong with a data file: one enum with stable codes; each message names the place, the reason and a remedy.

use std::fmt;
use thiserror::Error;

/// Why one cell could not be read as a number or date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellReason {
    /// Not a number.
    NotANumber,
    /// A number with a decimal comma in a file read with decimal points.
    DecimalComma,
    /// A number with a decimal point in a file read with decimal commas.
    DecimalPoint,
    /// Infinite, or beyond the range of a double (1e400).
    NotFinite,
    /// A date where a number is needed.
    IsDate,
    /// Not a date of the calendar in a known order.
    NotADate,
    /// A column of dates that could be day/month or month/day.
    AmbiguousDate,
    /// A number or truth value where the column is declared as text.
    NotText,
    /// A fraction where the column is declared as integers.
    NotAnInteger,
    /// A spreadsheet error such as `#DIV/0!`.
    SpreadsheetError,
    /// A formula for which the workbook stores no value.
    FormulaWithoutValue,
    /// The column does not exist.
    NoSuchColumn,
}

/// One cell that is not what its column must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellError {
    /// Row in the file; see [`crate::data::Table::file_row`].
    pub row: usize,
    /// Name of the column.
    pub column: String,
    /// The cell as it stands in the file.
    pub found: String,
    /// What is wrong with it.
    pub reason: CellReason,
}

impl fmt::Display for CellError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, column, found, reason } = self;
        let remedy = match reason {
            CellReason::NotANumber => {
                "is not a number; correct the cell, or declare the code as missing (`missing` in the plan, --missing)"
            }
            CellReason::DecimalComma => "has a comma; declare `decimal_comma = true` if it is the decimal sign",
            CellReason::DecimalPoint => {
                "has a point in a file with decimal commas; declare `decimal_comma = false` or correct it"
            }
            CellReason::NotFinite => "is infinite or too large for a double; correct the cell",
            CellReason::IsDate => "is a date where a number is needed; name another column",
            CellReason::NotADate => "is not a date in the order of the other cells; write dates as YYYY-MM-DD",
            CellReason::AmbiguousDate => "could be day/month or month/day; write dates as YYYY-MM-DD",
            CellReason::NotText => "is no text, as the column is declared; export the file again",
            CellReason::NotAnInteger => "is no integer, as the column is declared; export the file again",
            CellReason::SpreadsheetError => "is an error of the spreadsheet; correct the cell or clear it",
            CellReason::FormulaWithoutValue => {
                "is a formula without a stored value; open and save the workbook in a spreadsheet program, or write values"
            }
            CellReason::NoSuchColumn => return write!(f, "there is no column `{column}`"),
        };
        write!(f, "row {row}, column `{column}`: `{}` {remedy}", shorten(found))
    }
}

/// The first 60 characters of a cell, for messages.
pub(super) fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        None => text.to_string(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// A record whose number of cells differs from the header's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RaggedRow {
    /// Row in the file.
    pub row: usize,
    /// Cells found.
    pub cells: usize,
}

fn list_ragged(rows: &[RaggedRow]) -> String {
    let shown: Vec<String> = rows.iter().take(10).map(|r| format!("row {} has {}", r.row, r.cells)).collect();
    let rest = rows.len().saturating_sub(10);
    if rest > 0 { format!("{}, and {rest} more rows", shown.join(", ")) } else { shown.join(", ") }
}

/// Everything that stops a file from being read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// There is no such file.
    #[error("{path}: no such file; check the path")]
    NotFound {
        /// Path as given.
        path: String,
    },
    /// The path is a directory or a device.
    #[error("{path}: is {what}, not a file; name the data file itself")]
    NotAFile {
        /// Path as given.
        path: String,
        /// What it is.
        what: &'static str,
    },
    /// The operating system refused.
    #[error("{path}: cannot be {action}: {source}; {}", crate::disk::remedy::of(source))]
    Io {
        /// Path as given.
        path: String,
        /// `read` or `written`.
        action: &'static str,
        /// The system's error.
        source: std::io::Error,
    },
    /// Neither declared nor known by its extension.
    #[error("{path}: {}", unknown_format(*how))]
    UnknownFormat {
        /// Path as given.
        path: String,
        /// What it is, and how its program writes a file that is read here; where the extension tells.
        how: Option<&'static str>,
    },
    /// The first bytes belong to another format.
    #[error(
        "{path}: is named or declared {declared} but its first bytes are those of {found}; {}",
        of_another_format(found)
    )]
    WrongFormat {
        /// Path as given.
        path: String,
        /// Format expected.
        declared: &'static str,
        /// Format found.
        found: &'static str,
    },
    /// The file holds nothing.
    #[error("{path}: the file is empty; a header and at least one row are needed")]
    Empty {
        /// Path as given.
        path: String,
    },
    /// A header and nothing below it.
    #[error("{path}: has a header of {columns} columns but no rows; if that is meant (no adverse event), declare it")]
    NoRows {
        /// Path as given.
        path: String,
        /// Columns in the header.
        columns: usize,
    },
    /// Larger than a stated limit.
    #[error("{path}: {what} is longer than the limit of {limit}{}; the file is damaged or not a data file", at_row(*row))]
    TooLarge {
        /// Path as given.
        path: String,
        /// The file, a line, a cell, and the unit of the limit.
        what: &'static str,
        /// The limit.
        limit: u64,
        /// Row in the file, where known.
        row: Option<usize>,
    },
    /// It would take more memory than there is.
    #[error(
        "{path}: reading it would take about {} MiB of memory, and {} MiB can be used; use a machine with more, raise its limit (ulimit -v), or leave out columns and rows that the plan does not use",
        needed >> 20,
        left >> 20
    )]
    NeedsMemory {
        /// Path as given.
        path: String,
        /// Bytes needed.
        needed: u64,
        /// Bytes that may be used.
        left: u64,
    },
    /// More cells in a row than a table has columns.
    #[error(
        "{path}: row {row} has more than {limit} cells; the file is damaged or no table, or its delimiter is another"
    )]
    TooManyColumns {
        /// Path as given.
        path: String,
        /// Row in the file.
        row: usize,
        /// The limit.
        limit: usize,
    },
    /// Bytes that are no text in the encoding.
    #[error("{path}: row {row}, byte {offset}: not valid {encoding}; save the file as UTF-8 or declare its `encoding`")]
    Encoding {
        /// Path as given.
        path: String,
        /// Encoding tried.
        encoding: String,
        /// Offset of the first bad byte from the start of the file, counted from 0.
        offset: usize,
        /// Row in the file.
        row: usize,
    },
    /// Text that nobody wrote, in the encoding that was told from the bytes.
    #[error(
        "{path}: row {row} reads `{found}` in {encoding}, which was told from the bytes and can hardly be meant; declare `encoding` \
         as the program that wrote the file names it (here fit {fits}), or save the file as UTF-8"
    )]
    Improbable {
        /// Path as given.
        path: String,
        /// Encoding told from the bytes.
        encoding: String,
        /// Row in the file.
        row: usize,
        /// The cell as it reads.
        found: String,
        /// Encodings that fit, each with what the cell says in it.
        fits: String,
    },
    /// No encoding by this name.
    #[error(
        "{path}: unknown encoding `{name}`; use utf-8, utf-16le, utf-16be, windows-1252, shift_jis or another name of the WHATWG list"
    )]
    UnknownEncoding {
        /// Path as given.
        path: String,
        /// Name declared.
        name: String,
    },
    /// A NUL character in text.
    #[error("{path}: row {row}, character {offset}: a NUL character; the file is damaged or not text, export it again")]
    Nul {
        /// Path as given.
        path: String,
        /// Row in the file.
        row: usize,
        /// Offset in the decoded text, in bytes from 0.
        offset: usize,
    },
    /// A delimiter that cannot be one.
    #[error("{path}: `{found}` cannot be a delimiter; use one of , ; | or a tab")]
    Delimiter {
        /// Path as given.
        path: String,
        /// What was declared.
        found: char,
    },
    /// A quote opened and never closed.
    #[error(
        "{path}: the quote opened in row {row} is never closed; everything after it would be one cell; close or remove it"
    )]
    OpenQuote {
        /// Path as given.
        path: String,
        /// Row where the quote opens.
        row: usize,
    },
    /// Characters between a closing quote and the next delimiter.
    #[error(
        "{path}: row {row}, cell {cell}: characters after a closing quote{}; write a quote inside a quoted cell twice",
        closed_in(*row, *closes)
    )]
    AfterQuote {
        /// Path as given.
        path: String,
        /// Row in the file.
        row: usize,
        /// Cell, counted from 1.
        cell: usize,
        /// Line of the file where the quote closes.
        closes: usize,
    },
    /// Two stray quotes that close each other, with whole rows between them.
    #[error(
        "{path}: the quote that opens in line {opens} is closed in line {closes}, and what stands between looks like rows of \
         the table: they would be one cell; remove the stray quotes (inch or ditto marks, for instance) or, where the cell \
         really holds these lines, write it without line breaks"
    )]
    SwallowedRows {
        /// Path as given.
        path: String,
        /// Line of the file where the quote opens.
        opens: usize,
        /// Line of the file where it closes.
        closes: usize,
    },
    /// Rows with more or fewer cells than the header.
    #[error(
        "{path}: the header has {expected} columns but {}; a shifted row puts values under the wrong name: quote cells that hold the delimiter",
        list_ragged(rows)
    )]
    Ragged {
        /// Path as given.
        path: String,
        /// Columns in the header.
        expected: usize,
        /// All rows that differ.
        rows: Vec<RaggedRow>,
    },
    /// The header row is beyond the end of the file.
    #[error(
        "{path}: there is no header in row {row}; declare `header_row` as the row that holds the column names, counted from 1"
    )]
    NoHeader {
        /// Path as given.
        path: String,
        /// Row declared.
        row: usize,
    },
    /// A column without a name.
    #[error("{path}: column {column} ({}) has values{} but no name in row {row}; {}", super::sheet::letters(*column), first_in(*first), name_or_header_row(*header))]
    UnnamedColumn {
        /// Path as given.
        path: String,
        /// Column, counted from 1.
        column: usize,
        /// Row of the header.
        row: usize,
        /// The first row with a value, where known.
        first: Option<usize>,
        /// A row below that looks like the header.
        header: Option<usize>,
    },
    /// Titles above the header.
    #[error(
        "{path}: row 1 is a title and no header: the names of the columns seem to stand in row {row}; declare `header_row = {row}` in the plan, or give `--header-row {row}`"
    )]
    TitleRows {
        /// Path as given.
        path: String,
        /// The row that looks like the header.
        row: usize,
    },
    /// Two columns of one name.
    #[error(
        "{path}: columns {first} and {second} are both named `{name}`; rename one, or it is not known which is meant"
    )]
    DuplicateColumn {
        /// Path as given.
        path: String,
        /// The name.
        name: String,
        /// First column, counted from 1.
        first: usize,
        /// Second column, counted from 1.
        second: usize,
    },
    /// A column asked for that is not there.
    #[error("{path}: there is no column `{name}`{}; it has: {}", did_you_mean(name, columns), columns.join(", "))]
    NoSuchColumn {
        /// Path as given.
        path: String,
        /// Name asked for.
        name: String,
        /// Names there are.
        columns: Vec<String>,
    },
    /// Cells that are not what they must be.
    #[error("{path}: {} cell{} cannot be read; first: {}", cells.len(), super::remark::plural(cells.len()), cells.first().map(ToString::to_string).unwrap_or_default())]
    Cells {
        /// Path as given.
        path: String,
        /// Every offending cell.
        cells: Vec<CellError>,
    },
    /// The structure of a binary or JSON file is broken.
    #[error("{path}: {place}: {problem}; the file is damaged, incomplete or not {format}: export it again")]
    Malformed {
        /// Path as given.
        path: String,
        /// Format expected.
        format: &'static str,
        /// Where: byte, record, line, key.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// A type of column the analysis cannot use.
    #[error(
        "{path}: column `{column}` is of type {kind}, which is not read; drop it, or convert it to doubles, 32-bit integers, text or dates"
    )]
    UnsupportedColumn {
        /// Path as given.
        path: String,
        /// Name of the column.
        column: String,
        /// Its type in the file.
        kind: String,
    },
    /// Several worksheets and none named, or a name that is not there.
    #[error("{path}: {}; name one with `sheet` in the plan, or with `--sheet`: {}", sheet_problem(asked.as_deref()), sheets.join(", "))]
    Sheet {
        /// Path as given.
        path: String,
        /// Name declared.
        asked: Option<String>,
        /// Names there are.
        sheets: Vec<String>,
    },
    /// What the target format cannot hold; nothing is ever truncated to fit.
    #[error("{path}: cannot be written as {format}: {problem}; nothing was written")]
    DoesNotFit {
        /// Path as given.
        path: String,
        /// Target format.
        format: &'static str,
        /// What does not fit, and the remedy.
        problem: String,
    },
}

/// What to do about a file whose first bytes are those of `found`.
fn of_another_format(found: &str) -> &'static str {
    match found {
        "an HTML page"
        | "an XML spreadsheet of Excel 2003"
        | "a web archive (.mht)"
        | "a rich text document"
        | "PDF" => {
            "it is a page or document and no table (web pages and programs save such files as .xls): open it in a spreadsheet \
             program and save it as .xlsx or CSV"
        }
        "text" => {
            "rename it, or declare the right `format` (`\"csv\"`, or `\"tsv\"` where tabs stand between the cells)"
        }
        _ => "rename it or declare the right `format`",
    }
}

fn at_row(row: Option<usize>) -> String {
    row.map(|row| format!(" (row {row})")).unwrap_or_default()
}

fn closed_in(row: usize, closes: usize) -> String {
    match closes > row {
        true => format!(" in line {closes}, so that the lines from {row} on would be one cell (a stray quote?)"),
        false => String::new(),
    }
}

fn unknown_format(how: Option<&str>) -> String {
    let read: Vec<String> = super::Format::EXTENSIONS
        .iter()
        .flat_map(|(_, extensions)| extensions.first())
        .map(|extension| format!(".{extension}"))
        .collect();
    match how {
        Some(how) => format!("is {how} (read here are {})", read.join(" ")),
        None => format!("unknown format; use one of {}, or declare `format`", read.join(" ")),
    }
}

fn name_or_header_row(header: Option<usize>) -> String {
    match header {
        Some(row) => format!(
            "row {row} looks like the header: declare `header_row = {row}` in the plan, or give `--header-row {row}`"
        ),
        None => {
            "give it a name, empty a stray cell, or declare `header_row` if the names stand in another row".to_string()
        }
    }
}

fn first_in(row: Option<usize>) -> String {
    row.map(|row| format!(", first in row {row},")).unwrap_or_default()
}

fn sheet_problem(asked: Option<&str>) -> String {
    match asked {
        Some(name) => format!("there is no worksheet `{name}`"),
        None => "there are several worksheets".to_string(),
    }
}

fn did_you_mean(name: &str, columns: &[String]) -> String {
    let same = columns.iter().find(|column| column.to_lowercase() == name.to_lowercase());
    same.map(|column| format!(" (did you mean `{column}`?)")).unwrap_or_default()
}

impl DataError {
    /// A code that stays the same over versions.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "data-not-found",
            Self::NotAFile { .. } => "data-not-a-file",
            Self::Io { .. } => "data-io",
            Self::UnknownFormat { .. } => "data-unknown-format",
            Self::WrongFormat { .. } => "data-wrong-format",
            Self::Empty { .. } => "data-empty",
            Self::NoRows { .. } => "data-no-rows",
            Self::TooLarge { .. } => "data-too-large",
            Self::NeedsMemory { .. } => "data-needs-memory",
            Self::TooManyColumns { .. } => "data-too-many-columns",
            Self::Encoding { .. } => "data-encoding",
            Self::Improbable { .. } => "data-improbable-encoding",
            Self::UnknownEncoding { .. } => "data-unknown-encoding",
            Self::Nul { .. } => "data-nul",
            Self::Delimiter { .. } => "data-delimiter",
            Self::OpenQuote { .. } => "data-open-quote",
            Self::AfterQuote { .. } => "data-after-quote",
            Self::SwallowedRows { .. } => "data-swallowed-rows",
            Self::Ragged { .. } => "data-ragged",
            Self::NoHeader { .. } => "data-no-header",
            Self::UnnamedColumn { .. } => "data-unnamed-column",
            Self::TitleRows { .. } => "data-title-rows",
            Self::DuplicateColumn { .. } => "data-duplicate-column",
            Self::NoSuchColumn { .. } => "data-no-such-column",
            Self::Cells { .. } => "data-cells",
            Self::Malformed { .. } => "data-malformed",
            Self::UnsupportedColumn { .. } => "data-unsupported-column",
            Self::Sheet { .. } => "data-sheet",
            Self::DoesNotFit { .. } => "data-does-not-fit",
        }
    }
}
