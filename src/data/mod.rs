//! Files to columns: every format a trial's data come in, read into one [`Table`] that knows where each cell stood.
//!
//! [`read`] decides the format ([`Format::of`]), reads bytes within stated limits ([`source`]), and hands them to the one
//! file that knows the format: [`csv`], [`parquet`], [`xlsx`], [`xls`], [`ods`], [`xpt`], [`sas7bdat`], [`sav`], [`dta`],
//! [`dataset_json`]. [`write()`] goes the other way.
//! Whatever is wrong is a [`DataError`] that says what, where, why it matters and
//! what to do; no reader panics on any input.
//!
//! ```
//! use splitknee::data::{ReadOptions, read_bytes};
//! let table = read_bytes("knees.csv", b"id;side;vas\n01;L;12,5\n01;R;40,0\n", &ReadOptions::default())?;
//! assert_eq!(table.column_names(), ["id", "side", "vas"]);
//! assert_eq!(table.numbers("vas").unwrap(), [Some(12.5), Some(40.0)]);
//! assert_eq!(table.text("id")?, [Some("01".to_string()), Some("01".to_string())]);
//! assert_eq!(table.file_row(1), 3);
//! # Ok::<(), splitknee::data::DataError>(())
//! ```

pub mod binary;
pub mod csv;
mod csv_columns;
pub mod dataset_json;
pub mod date;
pub mod dta;
mod emptied;
pub mod encoding;
pub mod error;
mod guard;
mod header;
mod improbable;
mod layout;
mod marked;
pub mod memory;
pub mod number;
pub mod ods;
pub mod options;
pub mod parquet;
mod records;
mod remark;
pub mod sas7bdat;
pub mod sav;
pub mod sheet;
pub mod source;
pub mod spreadsheet;
pub mod table;
mod unpack;
pub mod write;
pub mod xls;
mod xls_size;
pub mod xlsx;
pub mod xpt;

pub use date::Date;
pub use emptied::Emptied;
pub use error::{CellError, CellReason, DataError};
pub use options::{Format, ReadOptions};
pub use remark::{Remark, is_odd};
pub use table::{ColumnInfo, ColumnKind, Provenance, Table, Values};
pub use write::{WriteOptions, to_bytes, write};
pub use xpt::XptVersion;

use std::path::Path;

/// Reads the file at `path`.
///
/// The format comes from `options.format`, else from the file's extension, and is checked against the first bytes: an
/// `.xlsx` that is really CSV text is refused with both names.
///
/// # Errors
/// Any [`DataError`]: the file cannot be read, is not of its format, breaks a limit, or has no usable columns or rows.
pub fn read(path: &Path, options: &ReadOptions) -> Result<Table, DataError> {
    let name = path.display().to_string();
    let format = Format::of(&name, options.format)?;
    let bytes = source::load(path, format, unpack::is_packed(&name))?;
    read_bytes(&name, &bytes, &ReadOptions { format: Some(format), ..options.clone() })
}

/// Reads a file already in memory; `name` stands for its path in messages and provenance, and its extension for the
/// format where `options.format` is not set.
///
/// # Errors
/// As [`read`].
pub fn read_bytes(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Table, DataError> {
    let format = Format::of(name, options.format)?;
    let packed = bytes;
    let unpacked = unpack::unpacked(name, packed)?;
    let bytes = unpacked.as_ref();
    source::check_signature(name, bytes, format)?;
    let parse = |options: &ReadOptions| match format {
        Format::Csv | Format::Tsv => csv::parse(name, bytes, format, options),
        Format::Parquet => parquet::parse(name, bytes, options),
        Format::Xlsx => xlsx::parse(name, bytes, options),
        Format::Xls => xls::parse(name, bytes, options),
        Format::Ods => ods::parse(name, bytes, options),
        Format::Xpt => xpt::parse(name, bytes, options),
        Format::Sas7bdat => sas7bdat::parse(name, bytes, options),
        Format::Sav => sav::parse(name, bytes, options),
        Format::Dta => dta::parse(name, bytes, options),
        Format::DatasetJson => dataset_json::parse(name, bytes, options),
        Format::DatasetNdjson => dataset_json::parse_lines(name, bytes, options),
    };
    let (table, sha256) = rayon::join(|| parse(options), || source::sha256_hex(packed));
    let mut table = table?;
    memory::afford(name, memory::of_trial(table.height(), table.text_bytes()))?;
    table.provenance.sha256 = sha256;
    if emptied::declares(options)
        && let Ok(raw) = parse(&ReadOptions { missing: vec![String::new()], ..options.clone() })
    {
        emptied::compare(&mut table, &raw);
    }
    for (column, codes) in &options.missing_in {
        table.empty_codes(column, codes, options, &|_| true);
    }
    for column in &options.fill_down {
        table.fill_down(column)?;
    }
    identifiers_that_are_codes(&mut table, options);
    if table.height() == 0 && !options.allow_no_rows {
        return Err(DataError::NoRows { path: name.to_string(), columns: table.width() });
    }
    Ok(table)
}

/// Says of identifiers that are also among the missing codes that they are read as identifiers.
fn identifiers_that_are_codes(table: &mut Table, options: &ReadOptions) {
    for column in &options.identifiers {
        let Ok(cells) = table.text(column) else { continue };
        let of_code = |(row, cell): (usize, &Option<String>)| {
            cell.as_ref().filter(|cell| options.is_code(cell)).map(|cell| (row, cell.clone()))
        };
        let found: Vec<(usize, String)> = cells.iter().enumerate().filter_map(of_code).collect();
        let Some((row, cell)) = found.first() else { continue };
        let text = format!(
            "{} cell{} of the identifiers, first `{cell}`, {} also a code of missing cells, and read as identifiers",
            found.len(),
            if found.len() == 1 { "" } else { "s" },
            if found.len() == 1 { "is" } else { "are" },
        );
        let remedy = "empty the cells that name nobody; codes of missing cells do not hold for identifiers";
        let named = Remark::new(text, remedy).at(table.file_row(*row)).of(column);
        // A number below nought or a word is hardly anybody.
        let doubtful = found.iter().any(|(_, cell)| !cell.trim().bytes().all(|byte| byte.is_ascii_digit()));
        table.remarks.push(if doubtful { named.doubtful() } else { named });
    }
}
