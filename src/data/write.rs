//! Tables to files: CSV, Parquet, SAS XPT and Dataset-JSON; a file is complete or as it was before.

use super::error::DataError;
use super::options::Format;
use super::spreadsheet::disarmed;
use super::table::{Table, Values};
use super::xpt::XptVersion;
use super::{dataset_json, number, parquet, source, unpack, xpt};
use crate::disk::{file, inputs::Inputs};
use std::path::Path;

/// What a written file says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOptions {
    /// Name of the data set in XPT and Dataset-JSON; the table's own name, else the stem of the path in capitals, where
    /// `None`.
    pub dataset: Option<String>,
    /// Version of XPT.
    pub xpt_version: XptVersion,
    /// The moment of creation that XPT and Dataset-JSON carry, `YYYY-MM-DDThh:mm:ss`. No clock is read, so that equal
    /// tables give equal bytes.
    pub created: String,
}

impl Default for WriteOptions {
    /// The name from table or path, XPT version 5, created at the start of 1970.
    fn default() -> Self {
        Self { dataset: None, xpt_version: XptVersion::V5, created: "1970-01-01T00:00:00".to_string() }
    }
}

/// Writes `table` to `path`. The bytes go to a new file beside it that then takes its name, so that an error or a full
/// disk leaves what was there.
///
/// # Errors
/// [`DataError::DoesNotFit`], [`DataError::Io`], also for formats that are read and not written.
pub fn write(table: &Table, path: &Path, format: Format, options: &WriteOptions) -> Result<(), DataError> {
    let bytes = to_bytes(table, &path.display().to_string(), format, options)?;
    let written = file::write(path, &bytes, &Inputs::default(), true);
    written.map_err(|error| DataError::Io {
        path: error.path.display().to_string(),
        action: "written",
        source: error.source,
    })
}

/// The bytes of `table` in `format`; `path` names the data set where nothing else does, and is used in messages.
///
/// # Errors
/// As [`write()`], without those of the system.
pub fn to_bytes(table: &Table, path: &str, format: Format, options: &WriteOptions) -> Result<Vec<u8>, DataError> {
    whole_bytes(table, path, format, options).map(|bytes| unpack::packed(path, bytes))
}

fn whole_bytes(table: &Table, path: &str, format: Format, options: &WriteOptions) -> Result<Vec<u8>, DataError> {
    let dataset = options.dataset.clone().or_else(|| table.name.clone()).unwrap_or_else(|| stem(path));
    match format {
        Format::Csv => csv(table, ','),
        Format::Tsv => csv(table, '\t'),
        Format::Parquet => parquet::to_bytes(path, table),
        Format::Xpt => xpt::to_bytes(path, table, &dataset, options.xpt_version, &sas_moment(&options.created)),
        Format::DatasetJson | Format::DatasetNdjson => {
            dataset_json::to_bytes(path, table, &dataset, &options.created, format == Format::DatasetNdjson)
        }
        Format::Xlsx | Format::Xls | Format::Ods | Format::Sas7bdat | Format::Sav | Format::Dta => {
            Err(DataError::DoesNotFit {
                path: path.to_string(),
                format: format.title(),
                problem: "this format is read and not written; use CSV, Parquet, XPT or Dataset-JSON".to_string(),
            })
        }
    }
}

/// The file name without folder and extension, in capitals, as data sets are named.
fn stem(path: &str) -> String {
    let stem = Path::new(path).file_stem().map(|stem| stem.to_string_lossy().to_uppercase());
    stem.unwrap_or_default()
}

/// `2024-03-09T10:15:00` as SAS writes it, `09MAR24:10:15:00`.
fn sas_moment(iso: &str) -> String {
    const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    let part = |from: usize, to: usize| iso.get(from..to).unwrap_or("00");
    let month = part(5, 7).parse::<usize>().ok().and_then(|month| MONTHS.get(month.saturating_sub(1)));
    format!("{}{}{}:{}", part(8, 10), month.unwrap_or(&"JAN"), part(2, 4), iso.get(11..19).unwrap_or("00:00:00"))
}

/// RFC 4180 with line feeds, UTF-8 and decimal points; missing cells are empty. Text that a spreadsheet would run gets an
/// apostrophe ([`disarmed`]); the other formats hold every text as it is.
fn csv(table: &Table, delimiter: char) -> Result<Vec<u8>, DataError> {
    let names = table.column_names();
    let mut columns = Vec::with_capacity(names.len());
    for name in &names {
        let numeric = table.provenance.decimal == ',';
        columns.push(match table.values(name)? {
            Values::Number(cells) if numeric => cells.into_iter().map(|cell| cell.map(number::print)).collect(),
            _ => table.text(name)?,
        });
    }
    let quote = |cell: &str| {
        let cell = disarmed(cell);
        let cell = cell.as_ref();
        // Any delimiter that a reader might look for is quoted, so that it finds the right one.
        let special = cell.contains([delimiter, ',', ';', '\t', '|', '"', '\n', '\r'])
            || cell.trim() != cell
            || source::looks_signed(cell);
        if special { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_string() }
    };
    let separator = delimiter.to_string();
    let mut text = names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(&separator);
    text.push('\n');
    for row in 0..table.height() {
        // A blank line, or one of delimiters alone, is no row to readers; a quoted empty cell makes it one.
        let empty = columns.iter().all(|column| column.get(row).is_none_or(Option::is_none));
        let cells = columns.iter().enumerate().map(|(at, column)| match column.get(row) {
            Some(Some(cell)) => quote(cell),
            _ if empty && at == 0 => "\"\"".to_string(),
            _ => String::new(),
        });
        text.push_str(&cells.collect::<Vec<_>>().join(&separator));
        text.push('\n');
    }
    Ok(text.into_bytes())
}
