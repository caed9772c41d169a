//! Apache Parquet, read and written by polars.
//!
//! Decided: integers and floats are numbers (integers beyond 2⁵³, which a double cannot hold, are text), booleans are 1
//! and 0, NaN is missing; dictionaries are text; moments that are all midnight are dates, others ISO 8601 text. Lists,
//! structures, durations, decimals and bytes are refused by name. Limits: 100 million cells ([`MAX_CELLS`]), the columns of a worksheet
//! (`MAX_COLUMNS`), and the memory there is ([`memory`]).

use super::csv::MAX_COLUMNS;
use super::date::Date;
use super::error::DataError;
use super::guard::guarded;
use super::memory;
use super::options::{Format, ReadOptions};
use super::table::{self, FileRows, Provenance, Table, Values};
use polars::prelude::{
    Column, DataFrame, DataType, ParquetCompression, ParquetReader, ParquetWriter, PolarsError, SerReader, TimeUnit,
};
use std::io::Cursor;

/// Largest table, rows times columns: run lengths make a billion equal rows of a few bytes.
pub const MAX_CELLS: usize = 100_000_000;

/// Largest integer up to which every integer is a double.
const EXACT: i64 = 1 << 53;

/// Reads a Parquet file; `name` is its path in messages.
///
/// # Errors
/// [`DataError::Malformed`] where the file cannot be decoded, [`DataError::UnsupportedColumn`].
pub fn parse(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Table, DataError> {
    let malformed = |problem: String| DataError::Malformed {
        path: name.to_string(),
        format: Format::Parquet.title(),
        place: "the file".to_string(),
        problem,
    };
    // The decoder asserts some of what a sound file guarantees; a damaged one must end as an error all the same.
    let decoded = guarded(|| {
        let mut reader = ParquetReader::new(Cursor::new(bytes));
        let width = reader.schema()?.len();
        Ok((reader.num_rows()?.saturating_mul(width), width, reader))
    });
    let (cells, width, reader) = match decoded {
        Some(Ok(found)) => found,
        Some(Err::<_, PolarsError>(error)) => return Err(malformed(error.to_string())),
        None => return Err(malformed("its schema cannot be decoded".to_string())),
    };
    if width > MAX_COLUMNS {
        return Err(DataError::TooManyColumns { path: name.to_string(), row: 1, limit: MAX_COLUMNS });
    }
    if cells > MAX_CELLS {
        let (path, limit) = (name.to_string(), MAX_CELLS as u64);
        return Err(DataError::TooLarge { path, what: "the table, in cells,", limit, row: None });
    }
    // Run lengths and dictionaries make a large table of a small file: its cells first, its text below.
    memory::afford(name, cells as u64 * memory::NUMBER_CELL + bytes.len() as u64)?;
    let frame = match guarded(|| reader.finish()) {
        Some(Ok(frame)) => frame,
        Some(Err(error)) => return Err(malformed(error.to_string())),
        None => return Err(malformed("its pages cannot be decoded".to_string())),
    };
    let mut notes = Vec::new();
    let mut columns = Vec::with_capacity(frame.width());
    memory::afford(name, frame.columns().iter().map(text_bytes).sum())?;
    for column in frame.columns() {
        let values = values(name, column, options, &mut notes)?;
        columns.push(values.into_column(column.name()));
    }
    if columns.is_empty() {
        return Err(malformed("there is no column".to_string()));
    }
    Table::new(columns, FileRows::From(2), Provenance { notes, ..table::provenance(name, Format::Parquet) })
}

/// What a column of text takes when every cell has its own copy.
fn text_bytes(column: &Column) -> u64 {
    match column.dtype() {
        DataType::String => column.str().map_or(0, |cells| {
            cells.iter().map(|cell| memory::TEXT_CELL + cell.map_or(0, |cell| 2 * cell.len() as u64)).sum()
        }),
        // Categories are counted by the longest.
        DataType::Categorical(..) | DataType::Enum(..) => {
            let longest = column.unique().ok().and_then(|levels| levels.cast(&DataType::String).ok());
            let longest = longest.and_then(|levels| levels.str().ok()?.iter().flatten().map(str::len).max());
            column.len() as u64 * (memory::TEXT_CELL + 2 * longest.unwrap_or(0) as u64)
        }
        _ => column.len() as u64 * memory::NUMBER_CELL,
    }
}

fn values(path: &str, column: &Column, options: &ReadOptions, notes: &mut Vec<String>) -> Result<Values, DataError> {
    let unsupported = || DataError::UnsupportedColumn {
        path: path.to_string(),
        column: column.name().to_string(),
        kind: column.dtype().to_string(),
    };
    let cast = |kind: &DataType| column.strict_cast(kind).map_err(|_| unsupported());
    let text = |column: &Column| -> Result<Values, DataError> {
        let cells = column.str().map_err(|_| unsupported())?;
        let keep = |cell: &&str| !options.is_missing_in(cell, Format::Parquet, column.name());
        Ok(Values::Text(cells.iter().map(|cell| cell.filter(keep).map(str::to_string)).collect()))
    };
    match column.dtype() {
        DataType::String => text(column),
        DataType::Categorical(..) | DataType::Enum(..) => text(&cast(&DataType::String)?),
        DataType::Null => Ok(Values::Text(vec![None; column.len()])),
        DataType::Boolean => {
            let cells = column.bool().map_err(|_| unsupported())?;
            Ok(Values::Number(cells.iter().map(|cell| cell.map(|value| f64::from(u8::from(value)))).collect()))
        }
        DataType::Date => {
            let dates = column.date().map_err(|_| unsupported())?;
            Ok(Values::Date(dates.physical().iter().map(|cell| cell.and_then(Date::from_days)).collect()))
        }
        DataType::Datetime(unit, _) => moments(&cast(&DataType::Int64)?, *unit).ok_or_else(unsupported),
        kind if kind.is_integer() => {
            let wide = cast(&DataType::Int64)?;
            let integers = wide.i64().map_err(|_| unsupported())?;
            if integers.iter().flatten().any(|value| value.unsigned_abs() > EXACT.unsigned_abs()) {
                return text(&cast(&DataType::String)?);
            }
            let numbers = integers.iter().map(|cell| cell.map(|value| value as f64)).collect();
            Ok(Values::Number(options.drop_missing_numbers(numbers, Format::Parquet, column.name())))
        }
        kind if kind.is_float() => {
            let doubles = cast(&DataType::Float64)?;
            let cells = doubles.f64().map_err(|_| unsupported())?;
            let undefined = cells.iter().flatten().filter(|value| value.is_nan()).count();
            if undefined > 0 {
                notes.push(format!("column `{}`: {undefined} NaN were taken as missing", column.name()));
            }
            let numbers = cells.iter().map(|cell| cell.filter(|value| !value.is_nan())).collect();
            Ok(Values::Number(options.drop_missing_numbers(numbers, Format::Parquet, column.name())))
        }
        _ => Err(unsupported()),
    }
}

/// Moments since 1970 as dates where all are midnight, else as ISO 8601 text to the second.
fn moments(column: &Column, unit: TimeUnit) -> Option<Values> {
    let per_second = match unit {
        TimeUnit::Nanoseconds => 1_000_000_000,
        TimeUnit::Microseconds => 1_000_000,
        TimeUnit::Milliseconds => 1_000,
    };
    let seconds: Vec<Option<i64>> =
        column.i64().ok()?.iter().map(|cell| cell.map(|value| value.div_euclid(per_second))).collect();
    let day = |second: i64| i32::try_from(second.div_euclid(86_400)).ok().and_then(Date::from_days);
    if seconds.iter().flatten().any(|&second| day(second).is_none()) {
        return None;
    }
    if seconds.iter().flatten().all(|second| second.rem_euclid(86_400) == 0) {
        return Some(Values::Date(seconds.into_iter().map(|second| second.and_then(day)).collect()));
    }
    let print = |second: i64| {
        let time = second.rem_euclid(86_400);
        day(second).map(|day| format!("{day}T{:02}:{:02}:{:02}", time / 3600, time / 60 % 60, time % 60))
    };
    Some(Values::Text(seconds.into_iter().map(|second| second.and_then(print)).collect()))
}

/// The Parquet file of `table`; text that is plainly numbers becomes doubles ([`Table::values`]). Labels, formats and
/// special missing values have no place in Parquet.
///
/// # Errors
/// [`DataError::DoesNotFit`] where polars cannot encode the table.
pub fn to_bytes(path: &str, table: &Table) -> Result<Vec<u8>, DataError> {
    let unfit =
        |problem: String| DataError::DoesNotFit { path: path.to_string(), format: Format::Parquet.title(), problem };
    let mut columns = Vec::with_capacity(table.width());
    for name in table.column_names() {
        columns.push(table.values(&name)?.into_column(&name));
    }
    let mut frame = DataFrame::new_infer_height(columns).map_err(|error| unfit(error.to_string()))?;
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Snappy)
        .set_parallel(false)
        .finish(&mut frame)
        .map_err(|error| unfit(error.to_string()))?;
    Ok(bytes)
}
