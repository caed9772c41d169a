//! SAS data sets (`.sas7bdat`), plain or compressed (`COMPRESS=CHAR` and `BINARY`), of 32 and 64 bits and either byte order.
//!
//! Decided: date and datetime formats make days, as in XPT; `.A`–`.Z` and `._` are missing, the letters kept beside. Formats
//! of values stand in a catalogue (`.sas7bcat`), which is not read: a coded variable reads as its codes. SAS does not
//! document the format; sources are the description by M. S. Shotwell ("SAS7BDAT database binary format", 2013) and files
//! written by SAS and ReadStat.

mod pages;
mod unpack;

use super::binary::{self, Variable, text};
use super::date::SAS_EPOCH;
use super::error::DataError;
use super::memory::{Meter, NUMBER_CELL};
use super::options::{Format, ReadOptions};
use super::table::{ColumnInfo, Table, Values};
use encoding_rs::Encoding;
use pages::{Column, DataSet};
use std::collections::BTreeMap;

/// Reads a data set; `name` is its path in messages.
///
/// # Errors
/// [`DataError::Malformed`] with the byte where the file stops making sense, [`DataError::TooLarge`].
pub fn parse(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Table, DataError> {
    let set = pages::read(name, bytes)?;
    let encoding = set.file.encoding(label(set.encoding), options)?;
    let mut meter = Meter::new(name);
    let mut variables = Vec::with_capacity(set.columns.len());
    for column in &set.columns {
        variables.push(variable(&set, column, encoding, &mut meter)?);
    }
    let mut table = binary::table(name, Format::Sas7bdat, variables, encoding, options)?;
    table.name = Some(text(set.name, encoding)).filter(|name| !name.is_empty());
    let coded = super::xpt::formats_of_codes(&table);
    table.provenance.notes.extend(coded.iter().map(|remark| remark.text.clone()));
    table.remarks.extend(coded);
    Ok(table)
}

/// The encoding that SAS writes as this number.
fn label(code: u8) -> Option<&'static str> {
    Some(match code {
        20 | 28 => "utf-8",
        29 | 62 => "windows-1252",
        30 | 60 => "windows-1250",
        31 => "iso-8859-3",
        32 => "iso-8859-4",
        33 => "iso-8859-5",
        34 => "iso-8859-6",
        35 | 63 => "windows-1253",
        36 | 65 => "windows-1255",
        37 | 64 => "windows-1254",
        39 => "iso-8859-8",
        40 => "iso-8859-15",
        61 => "windows-1251",
        66 => "windows-1256",
        67 => "windows-1257",
        68 => "windows-1258",
        118 | 123 => "big5",
        125 | 126 => "gbk",
        134 => "euc-jp",
        136 | 140 => "euc-kr",
        138 => "shift_jis",
        205 => "gb18030",
        _ => return None,
    })
}

fn variable(
    set: &DataSet<'_>,
    column: &Column,
    encoding: Option<&'static Encoding>,
    meter: &mut Meter<'_>,
) -> Result<Variable, DataError> {
    let text_at = |place| text(set.text(place), encoding);
    let name = text_at(column.name);
    let format = text_at(column.format);
    let mut info =
        ColumnInfo { label: Some(text_at(column.label)).filter(|label| !label.is_empty()), ..ColumnInfo::default() };
    if !format.is_empty() {
        let (width, digits) = column.format_width;
        let width = if width > 0 { width.to_string() } else { String::new() };
        let digits = if digits > 0 { digits.to_string() } else { String::new() };
        info.format = Some(format!("{format}{width}.{digits}"));
    }
    let end = column.offset.saturating_add(column.width);
    let field = |row: usize| set.row(row).and_then(|row| row.get(column.offset..end));
    let outside = || set.file.broken(format!("the variable `{name}` does not fit in a row"));
    if !column.numeric {
        info.width = Some(column.width);
        let cell = |row: usize| {
            let cell = text(field(row).ok_or_else(outside)?, encoding);
            meter.text(cell.len())?;
            Ok(Some(cell))
        };
        let cells = Values::Text((0..set.rows).map(cell).collect::<Result<_, DataError>>()?);
        return Ok(Variable { name, cells, info, missing: BTreeMap::new() });
    }
    meter.take(set.rows as u64 * NUMBER_CELL)?;
    let mut numbers = Vec::with_capacity(set.rows);
    let mut special = BTreeMap::new();
    for row in 0..set.rows {
        numbers.push(match number(field(row).ok_or_else(outside)?, set.file.little) {
            Ok(value) => Some(value),
            Err('.') => None,
            Err(letter) => {
                special.insert(row, letter);
                None
            }
        });
    }
    info.special_missing = special;
    Ok(Variable { name, cells: temporal(&format, numbers), info, missing: BTreeMap::new() })
}

/// A double of which the last bytes may have been left out, or the letter of a missing value.
fn number(bytes: &[u8], little: bool) -> Result<f64, char> {
    let mut whole = [0_u8; 8];
    for (index, &byte) in bytes.iter().take(8).enumerate() {
        let at = if little { 8_usize.saturating_sub(bytes.len()) + index } else { 7 - index };
        if let Some(place) = whole.get_mut(at) {
            *place = byte;
        }
    }
    let bits = u64::from_le_bytes(whole);
    let value = f64::from_bits(bits);
    if !value.is_nan() {
        return Ok(value);
    }
    // The third byte from the top, inverted, counts the missing values: ._, ., .A, .B, …
    Err(match !(bits >> 40) as u8 {
        0 => '_',
        letter @ 2..=27 => char::from(b'A' + letter - 2),
        _ => '.',
    })
}

/// Numbers as days or moments, where the display format says so.
fn temporal(format: &str, numbers: Vec<Option<f64>>) -> Values {
    let format = format.to_ascii_uppercase();
    let starts = |stems: &[&str]| stems.iter().any(|stem| format.starts_with(stem));
    let read = if starts(&super::xpt::DATETIME_FORMATS) {
        binary::days(numbers, SAS_EPOCH, 86_400.0, true)
    } else if starts(&super::xpt::DATE_FORMATS) {
        binary::days(numbers, SAS_EPOCH, 1.0, false)
    } else {
        return Values::Number(numbers);
    };
    read.unwrap_or_else(Values::Number)
}
