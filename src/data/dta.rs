//! Stata data files (`.dta`): releases 117 to 119 (Stata 13 on) and 113 to 115 (Stata 8 to 12).
//!
//! Decided: the missing values `.` and `.a`–`.z` are missing, the letters kept beside; a variable whose every value has a
//! label reads as its labels where text is asked for; `%td` and `%tc` formats make days. Source of the format: Stata's
//! documentation of its files (`help dta`).

use super::binary::{self, Bytes, Variable, terminated};
use super::error::DataError;
use super::memory::{Meter, NUMBER_CELL};
use super::options::{Format, ReadOptions};
use super::table::{ColumnInfo, Table, Values};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use std::collections::{BTreeMap, HashMap};

/// How a variable is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text(usize),
    LongText,
    Byte,
    Int,
    Long,
    Float,
    Double,
}

impl Kind {
    fn of(code: usize) -> Option<Self> {
        Some(match code {
            65_530 => Self::Byte,
            65_529 => Self::Int,
            65_528 => Self::Long,
            65_527 => Self::Float,
            65_526 => Self::Double,
            32_768 => Self::LongText,
            1..=2045 => Self::Text(code),
            _ => return None,
        })
    }

    /// Of releases before 117.
    fn of_old(code: u8) -> Option<Self> {
        Some(match code {
            251 => Self::Byte,
            252 => Self::Int,
            253 => Self::Long,
            254 => Self::Float,
            255 => Self::Double,
            1..=244 => Self::Text(usize::from(code)),
            _ => return None,
        })
    }

    fn bytes(self) -> usize {
        match self {
            Self::Text(bytes) => bytes,
            Self::Byte => 1,
            Self::Int => 2,
            Self::Long | Self::Float => 4,
            Self::LongText | Self::Double => 8,
        }
    }
}

/// What is said of the variables, and where the rows begin.
struct Dictionary {
    rows: usize,
    kinds: Vec<Kind>,
    names: Vec<String>,
    formats: Vec<String>,
    sets_of_labels: Vec<String>,
    labels: Vec<String>,
    /// Where the rows begin.
    data: usize,
    /// Where long texts begin, where there are any.
    texts: Option<usize>,
    /// Where sets of labels of values begin.
    sets: usize,
    release: usize,
}

/// Reads a file; `name` is its path in messages.
///
/// # Errors
/// [`DataError::Malformed`] with the byte where the file stops making sense, [`DataError::TooLarge`].
pub fn parse(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Table, DataError> {
    let mut file = Bytes::new(name, Format::Dta, bytes);
    let modern = bytes.starts_with(b"<stata_dta>");
    let release = if modern { release(&mut file)? } else { file.size(1)? };
    if !(113..=119).contains(&release) || release == 116 {
        return Err(file.broken(format!(
            "release {release} of Stata's files is not read here (113 to 115 and 117 to 119 are); in Stata, `saveold`"
        )));
    }
    let own = if release >= 118 { UTF_8 } else { WINDOWS_1252 };
    let encoding = file.encoding(None, options)?.unwrap_or(own);
    let dictionary =
        if modern { modern_dictionary(file, release, encoding)? } else { old_dictionary(file, release, encoding)? };
    file.little = if modern { is_little(&file)? } else { bytes.get(1) == Some(&2) };
    file.check_cells(dictionary.rows, dictionary.kinds.len())?;
    let long_texts = match dictionary.texts {
        Some(at) => long_texts(file.from(at), release, encoding)?,
        None => HashMap::new(),
    };
    let sets = sets(file.from(dictionary.sets), release, modern, encoding);
    let variables = variables(file, &dictionary, &long_texts, &sets, encoding)?;
    binary::table(name, Format::Dta, variables, Some(encoding), options)
}

/// Passes over a tag.
fn tag(file: &mut Bytes<'_>, name: &str) -> Result<(), DataError> {
    let at = file.at;
    if file.take(name.len())? == name.as_bytes() {
        return Ok(());
    }
    Err(file.from(at).broken(format!("no `{name}`")))
}

fn release(file: &mut Bytes<'_>) -> Result<usize, DataError> {
    tag(file, "<stata_dta><header><release>")?;
    let digits = file.take(3)?;
    Ok(std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or_default())
}

/// The byte order of releases from 117 on.
fn is_little(file: &Bytes<'_>) -> Result<bool, DataError> {
    let mut at = file.from("<stata_dta><header><release>117".len());
    tag(&mut at, "</release><byteorder>")?;
    Ok(at.take(3)? == b"LSF")
}

fn modern_dictionary(
    mut file: Bytes<'_>,
    release: usize,
    encoding: &'static Encoding,
) -> Result<Dictionary, DataError> {
    file.little = is_little(&file)?;
    tag(&mut file, "</release><byteorder>")?;
    file.take(3)?;
    tag(&mut file, "</byteorder><K>")?;
    let count = file.size(if release == 119 { 4 } else { 2 })?;
    tag(&mut file, "</K><N>")?;
    let rows = file.size(if release == 117 { 4 } else { 8 })?;
    tag(&mut file, "</N><label>")?;
    let length = file.size(if release == 117 { 1 } else { 2 })?;
    file.take(length)?;
    tag(&mut file, "</label><timestamp>")?;
    let length = file.size(1)?;
    file.take(length)?;
    tag(&mut file, "</timestamp></header><map>")?;
    let map = (0..14).map(|_| file.size(8)).collect::<Result<Vec<_>, _>>()?;
    // A variable takes more than a byte of the file: a count beyond it is no count.
    if count > file.all().len() {
        return Err(file.broken("an impossible number of variables"));
    }
    let section = |number: usize, name: &str| -> Result<Bytes<'_>, DataError> {
        let mut at = file.from(map.get(number).copied().unwrap_or_default());
        tag(&mut at, name)?;
        Ok(at)
    };
    let texts = |number: usize, name: &str, width: usize| -> Result<Vec<String>, DataError> {
        let mut at = section(number, name)?;
        (0..count).map(|_| Ok(terminated(at.take(width)?, Some(encoding)))).collect()
    };
    let mut types = section(2, "<variable_types>")?;
    let kind = |_| {
        let code = types.size(2)?;
        Kind::of(code).ok_or_else(|| types.broken(format!("an unknown type {code} of a variable")))
    };
    let kinds = (0..count).map(kind).collect::<Result<Vec<_>, _>>()?;
    let wide = release >= 118;
    let name_width = if wide { 129 } else { 33 };
    Ok(Dictionary {
        rows,
        kinds,
        names: texts(3, "<varnames>", name_width)?,
        formats: texts(5, "<formats>", if wide { 57 } else { 49 })?,
        sets_of_labels: texts(6, "<value_label_names>", name_width)?,
        labels: texts(7, "<variable_labels>", if wide { 321 } else { 81 })?,
        data: section(9, "<data>")?.at,
        texts: Some(section(10, "<strls>")?.at),
        sets: section(11, "<value_labels>")?.at,
        release,
    })
}

fn old_dictionary(mut file: Bytes<'_>, release: usize, encoding: &'static Encoding) -> Result<Dictionary, DataError> {
    file.little = file.size(1)? == 2;
    file.take(2)?;
    let count = file.size(2)?;
    let rows = file.size(4)?;
    file.take(81 + 18)?;
    let codes = file.take(count)?;
    let kinds: Option<Vec<Kind>> = codes.iter().map(|&code| Kind::of_old(code)).collect();
    let kinds = kinds.ok_or_else(|| file.broken("an unknown type of a variable"))?;
    let mut texts = |width: usize| -> Result<Vec<String>, DataError> {
        (0..count).map(|_| Ok(terminated(file.take(width)?, Some(encoding)))).collect()
    };
    let names = texts(33)?;
    file.take(2 * (count + 1))?;
    let mut texts = |width: usize| -> Result<Vec<String>, DataError> {
        (0..count).map(|_| Ok(terminated(file.take(width)?, Some(encoding)))).collect()
    };
    let formats = texts(if release == 113 { 12 } else { 49 })?;
    let sets_of_labels = texts(33)?;
    let labels = texts(81)?;
    loop {
        let (kind, length) = (file.size(1)?, file.size(4)?);
        if kind == 0 && length == 0 {
            break;
        }
        file.take(length)?;
    }
    let data = file.at;
    let row: usize = kinds.iter().map(|kind| kind.bytes()).sum();
    let sets = data.saturating_add(rows.saturating_mul(row));
    Ok(Dictionary { rows, kinds, names, formats, sets_of_labels, labels, data, texts: None, sets, release })
}

/// Texts of any length, by the two numbers that stand in their cells.
fn long_texts(
    mut file: Bytes<'_>,
    release: usize,
    encoding: &'static Encoding,
) -> Result<HashMap<(u64, u64), String>, DataError> {
    let mut texts = HashMap::new();
    let mut meter = Meter::new(file.path());
    while file.take(3)? == b"GSO" {
        let key = (file.number(4)?, file.number(if release == 117 { 4 } else { 8 })?);
        file.take(1)?;
        let length = file.size(4)?;
        meter.text(length)?;
        texts.insert(key, terminated(file.take(length)?, Some(encoding)));
    }
    Ok(texts)
}

/// The sets of labels of values; what is damaged there takes labels away, and no value.
fn sets(
    mut file: Bytes<'_>,
    release: usize,
    modern: bool,
    encoding: &'static Encoding,
) -> BTreeMap<String, Vec<(f64, String)>> {
    let mut sets = BTreeMap::new();
    let mut one = || -> Result<(String, Vec<(f64, String)>), DataError> {
        if modern {
            tag(&mut file, "<lbl>")?;
        }
        file.take(4)?;
        let name = terminated(file.take(if release >= 118 { 129 } else { 33 })?, Some(encoding));
        file.take(3)?;
        let (count, length) = (file.size(4)?, file.size(4)?);
        if count > file.all().len() {
            return Err(file.broken("an impossible number of labels"));
        }
        let places = (0..count).map(|_| file.size(4)).collect::<Result<Vec<_>, _>>()?;
        let values = (0..count).map(|_| file.int()).collect::<Result<Vec<_>, _>>()?;
        let texts = file.take(length)?;
        if modern {
            tag(&mut file, "</lbl>")?;
        }
        let label = |(place, value): (usize, i32)| {
            (f64::from(value), terminated(texts.get(place..).unwrap_or_default(), Some(encoding)))
        };
        Ok((name, places.into_iter().zip(values).map(label).collect()))
    };
    while let Ok((name, labels)) = one() {
        sets.insert(name, labels);
    }
    sets
}

/// A value, or the letter of a missing one (`.` for the one without a letter).
fn number(cell: &mut Bytes<'_>, kind: Kind) -> Result<Result<f64, char>, DataError> {
    let letter = |number: i64| match u8::try_from(number) {
        Ok(number @ 1..=26) => char::from(b'a' + number - 1),
        _ => '.',
    };
    Ok(match kind {
        Kind::Byte => {
            let value = i64::from(u8::try_from(cell.number(1)?).unwrap_or_default().cast_signed());
            if value > 100 { Err(letter(value - 101)) } else { Ok(value as f64) }
        }
        Kind::Int => {
            let value = i64::from(u16::try_from(cell.number(2)?).unwrap_or_default().cast_signed());
            if value > 32_740 { Err(letter(value - 32_741)) } else { Ok(value as f64) }
        }
        Kind::Long => {
            let value = i64::from(cell.int()?);
            if value > 2_147_483_620 { Err(letter(value - 2_147_483_621)) } else { Ok(value as f64) }
        }
        Kind::Float => {
            let bits = u32::try_from(cell.number(4)?).unwrap_or_default();
            let past = i64::from(bits) - 0x7f00_0000;
            let value = f32::from_bits(bits);
            if (0..0x0080_0000).contains(&past) { Err(letter(past >> 11)) } else { Ok(shortest(value)) }
        }
        _ => {
            let bits = cell.number(8)?;
            let past = bits.cast_signed() - 0x7fe0_0000_0000_0000;
            if past >= 0 && bits >> 63 == 0 { Err(letter(past >> 40)) } else { Ok(f64::from_bits(bits)) }
        }
    })
}

/// The double that a float was written for: 0.1 as a float is shown, and meant, as 0.1.
fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

fn variables(
    file: Bytes<'_>,
    dictionary: &Dictionary,
    long_texts: &HashMap<(u64, u64), String>,
    sets: &BTreeMap<String, Vec<(f64, String)>>,
    encoding: &'static Encoding,
) -> Result<Vec<Variable>, DataError> {
    let row: usize = dictionary.kinds.iter().map(|kind| kind.bytes()).sum();
    // All rows must be there before room is made for them.
    file.from(dictionary.data).take(dictionary.rows.saturating_mul(row))?;
    let mut meter = Meter::new(file.path());
    let mut variables = Vec::with_capacity(dictionary.kinds.len());
    let mut offset = dictionary.data;
    for (index, &kind) in dictionary.kinds.iter().enumerate() {
        let of = |texts: &[String]| texts.get(index).cloned().unwrap_or_default();
        let format = of(&dictionary.formats);
        let mut info = ColumnInfo {
            label: Some(of(&dictionary.labels)).filter(|label| !label.is_empty()),
            format: Some(format.clone()).filter(|format| !format.is_empty()),
            ..ColumnInfo::default()
        };
        let cell = |number: usize| file.from(offset + number * row);
        let cells = match kind {
            Kind::Text(bytes) => {
                info.width = Some(bytes);
                let text = |number| {
                    let text = terminated(cell(number).take(bytes)?, Some(encoding));
                    meter.text(text.len())?;
                    Ok(Some(text))
                };
                Values::Text((0..dictionary.rows).map(text).collect::<Result<_, DataError>>()?)
            }
            Kind::LongText => {
                // The number of the variable takes 2 bytes in release 118 and 3 in 119.
                let first = match dictionary.release {
                    117 => 4,
                    119 => 3,
                    _ => 2,
                };
                let text = |number| {
                    let mut cell = cell(number);
                    let key = (cell.number(first)?, cell.number(8 - first)?);
                    let text = long_texts.get(&key);
                    meter.text(text.map_or(0, String::len))?;
                    Ok(text.cloned())
                };
                Values::Text((0..dictionary.rows).map(text).collect::<Result<_, DataError>>()?)
            }
            kind => {
                meter.take(dictionary.rows as u64 * NUMBER_CELL)?;
                let mut numbers = Vec::with_capacity(dictionary.rows);
                for row in 0..dictionary.rows {
                    numbers.push(match number(&mut cell(row), kind)? {
                        Ok(value) => Some(value),
                        Err('.') => None,
                        Err(letter) => {
                            info.special_missing.insert(row, letter.to_ascii_uppercase());
                            None
                        }
                    });
                }
                info.value_labels = sets.get(&of(&dictionary.sets_of_labels)).cloned().unwrap_or_default();
                temporal(&format, numbers)
            }
        };
        variables.push(Variable { name: of(&dictionary.names), cells, info, missing: BTreeMap::new() });
        offset += kind.bytes();
    }
    Ok(variables)
}

/// Numbers as days or moments, where the display format says so.
fn temporal(format: &str, numbers: Vec<Option<f64>>) -> Values {
    use super::date::SAS_EPOCH;
    let format = format.trim_start_matches('%').trim_start_matches('-');
    let read = match format {
        format if format.starts_with("td") || format.starts_with('d') => binary::days(numbers, SAS_EPOCH, 1.0, false),
        format if format.starts_with("tc") || format.starts_with("tC") => {
            binary::days(numbers, SAS_EPOCH, 86_400_000.0, true)
        }
        _ => return Values::Number(numbers),
    };
    read.unwrap_or_else(Values::Number)
}
