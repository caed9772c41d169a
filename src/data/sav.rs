//! SPSS data files: `.sav` (uncompressed or with its codes of bytes) and `.zsav` (the same, deflated).
//!
//! Decided: values that the file declares missing are missing, and a note counts them; a variable whose every value has a
//! label reads as its labels where text is asked for (arms, visits, sides, characteristics), and as numbers where numbers
//! are; date formats make days. Source of the format: the description of system files in the PSPP developers' guide.

use super::binary::{self, Bytes, MAX_CELLS, MAX_UNPACKED, Variable, text};
use super::error::DataError;
use super::memory::{self, Meter, NUMBER_CELL};
use super::number;
use super::options::{Format, ReadOptions};
use super::table::{ColumnInfo, Table, Values};
use encoding_rs::Encoding;
use std::collections::BTreeMap;
use std::io::Read;

/// Days from 1970-01-01 to 1582-10-14, from where SPSS counts seconds.
const EPOCH: i32 = -141_428;

/// The dictionary's entry of one variable, or of one piece of a very long text.
struct Entry {
    /// Name of at most eight bytes, by which other records know it.
    short: String,
    /// Bytes of a text; 0 for a number.
    width: usize,
    label: Vec<u8>,
    /// The display format: its type, width and decimals.
    print: u32,
    missing: Missing,
    labels: Vec<([u8; 8], Vec<u8>)>,
    /// Number among all units of eight bytes of a row.
    unit: usize,
}

/// Values that stand for "missing".
#[derive(Default)]
struct Missing {
    range: Option<(f64, f64)>,
    values: Vec<[u8; 8]>,
}

/// What the records of kind 7 say.
#[derive(Default)]
struct Further {
    long_names: BTreeMap<String, Vec<u8>>,
    long_texts: BTreeMap<String, usize>,
    encoding: Option<String>,
    code_page: Option<i32>,
}

/// Reads a file; `name` is its path in messages.
///
/// # Errors
/// [`DataError::Malformed`] with the byte where the file stops making sense, [`DataError::TooLarge`].
pub fn parse(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Table, DataError> {
    let mut file = Bytes::new(name, Format::Sav, bytes);
    file.take(64)?;
    let layout = file.int()?;
    if !(2..=3).contains(&layout) {
        file.little = false;
    }
    file.take(4)?;
    let compression = file.int()?;
    file.take(4)?;
    let counted = file.int()?;
    let bias = file.double()?;
    file.at = 176;
    let (entries, further) = dictionary(&mut file)?;
    let page = further.code_page.map(|page| match page {
        65_001 => "utf-8".to_string(),
        932 => "shift_jis".to_string(),
        page => format!("windows-{page}"),
    });
    let encoding = file.encoding(further.encoding.as_deref(), options)?;
    let encoding = if encoding.is_some() { encoding } else { file.encoding(page.as_deref(), options)? };
    let units = entries.iter().map(|entry| entry.unit + entry.width.div_ceil(8).max(1)).max().unwrap_or_default();
    if units == 0 {
        return Err(file.broken("no variable"));
    }
    let unpacked;
    let data: Bytes<'_> = match compression {
        2 => {
            unpacked = inflate(name, &mut file)?;
            let mut data = Bytes::new(name, Format::Sav, &unpacked);
            data.little = file.little;
            data
        }
        _ => file,
    };
    let rows = if compression == 0 { plain(data, units) } else { compressed(data, bias, units) }?;
    let rows_of_8 = rows.len() / units;
    data.check_cells(rows_of_8, units)?;
    if usize::try_from(counted).is_ok_and(|counted| counted != rows_of_8) || !rows.len().is_multiple_of(units) {
        return Err(data.broken(format!("the file says {counted} rows but holds {rows_of_8}")));
    }
    let variables = variables(name, &entries, &further, &rows, units, data.little, encoding)?;
    binary::table(name, Format::Sav, variables, encoding, options)
}

fn dictionary(file: &mut Bytes<'_>) -> Result<(Vec<Entry>, Further), DataError> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut further = Further::default();
    let mut units = 0;
    let mut labels: Vec<([u8; 8], Vec<u8>)> = Vec::new();
    loop {
        match file.int()? {
            2 => {
                let entry = entry(file, units)?;
                units += 1;
                entries.extend(entry);
            }
            3 => {
                labels.clear();
                for _ in 0..file.size(4)? {
                    let value = eight(file)?;
                    let length = file.size(1)?;
                    let label = file.take(length)?.to_vec();
                    file.take((8 - (length + 1) % 8) % 8)?;
                    labels.push((value, label));
                }
            }
            4 => {
                for _ in 0..file.size(4)? {
                    let unit = file.size(4)?;
                    if let Some(entry) = entries.iter_mut().find(|entry| entry.unit + 1 == unit) {
                        entry.labels.clone_from(&labels);
                    }
                }
            }
            6 => {
                let lines = file.size(4)?;
                file.take(lines.saturating_mul(80))?;
            }
            7 => {
                let kind = file.int()?;
                let (size, count) = (file.size(4)?, file.size(4)?);
                let body = file.take(size.saturating_mul(count))?;
                further.add(kind, body, file.little);
            }
            999 => {
                file.take(4)?;
                return Ok((entries, further));
            }
            other => return Err(file.broken(format!("an unknown record {other}"))),
        }
    }
}

/// A variable; `None` for what continues a text of more than eight bytes.
fn entry(file: &mut Bytes<'_>, unit: usize) -> Result<Option<Entry>, DataError> {
    let width = file.int()?;
    let (has_label, missing) = (file.int()?, file.int()?);
    let print = u32::try_from(file.number(4)?).unwrap_or_default();
    file.take(4)?;
    let short = text(file.take(8)?, None);
    let mut label = Vec::new();
    if has_label == 1 {
        let length = file.size(4)?;
        label = file.take(length)?.to_vec();
        file.take((4 - length % 4) % 4)?;
    }
    let mut values = (0..missing.unsigned_abs()).map(|_| eight(file)).collect::<Result<Vec<_>, _>>()?;
    let number = |bytes: &[u8; 8]| double(bytes, file.little);
    let range = (missing < -1 && values.len() > 1).then(|| (number(&values[0]), number(&values[1])));
    if range.is_some() {
        values.drain(..2);
    }
    let Ok(width) = usize::try_from(width) else { return Ok(None) };
    let missing = Missing { range, values };
    Ok(Some(Entry { short, width, label, print, missing, labels: Vec::new(), unit }))
}

fn eight(file: &mut Bytes<'_>) -> Result<[u8; 8], DataError> {
    Ok(<[u8; 8]>::try_from(file.take(8)?).unwrap_or_default())
}

fn double(bytes: &[u8; 8], little: bool) -> f64 {
    if little { f64::from_le_bytes(*bytes) } else { f64::from_be_bytes(*bytes) }
}

impl Further {
    fn add(&mut self, kind: i32, body: &[u8], little: bool) {
        let pairs = |separator: u8| {
            body.split(move |&byte| byte == separator).filter_map(|pair| {
                let at = pair.iter().position(|&byte| byte == b'=')?;
                Some((text(pair.get(..at)?, None), pair.get(at + 1..)?))
            })
        };
        match kind {
            3 => {
                let page = body.get(28..32).and_then(|page| <[u8; 4]>::try_from(page).ok());
                self.code_page = page
                    .map(|page| if little { i32::from_le_bytes(page) } else { i32::from_be_bytes(page) })
                    .filter(|&page| page > 4);
            }
            13 => self.long_names = pairs(b'\t').map(|(short, long)| (short, long.to_vec())).collect(),
            14 => {
                let width = |digits: &[u8]| text(digits, None).trim_matches('\0').parse().ok();
                self.long_texts = pairs(b'\t').filter_map(|(short, digits)| Some((short, width(digits)?))).collect();
            }
            20 => self.encoding = Some(text(body, None)),
            _ => {}
        }
    }
}

/// The deflated blocks of a `.zsav`, unpacked.
fn inflate(path: &str, file: &mut Bytes<'_>) -> Result<Vec<u8>, DataError> {
    file.take(8)?;
    let trailer = file.size(8)?;
    let mut index = file.from(trailer);
    index.take(20)?;
    let blocks = index.size(4)?;
    let mut unpacked = Vec::new();
    for _ in 0..blocks {
        index.take(8)?;
        let at = index.size(8)?;
        let (whole, packed) = (index.size(4)?, index.size(4)?);
        let bytes = file.from(at).take(packed)?;
        let before = unpacked.len() as u64;
        // While it grows, the old and the new stand side by side.
        memory::afford(path, 2 * (before + whole as u64))?;
        let room = MAX_UNPACKED.saturating_sub(before);
        let read = flate2::read::ZlibDecoder::new(bytes).take(room.min(whole as u64)).read_to_end(&mut unpacked);
        if before + whole as u64 > MAX_UNPACKED {
            let (path, what) = (path.to_string(), "the file when unpacked, in bytes,");
            return Err(DataError::TooLarge { path, what, limit: MAX_UNPACKED, row: None });
        }
        if !matches!(read, Ok(read) if read == whole) {
            return Err(file.from(at).broken("a block that cannot be unpacked"));
        }
    }
    Ok(unpacked)
}

/// Rows as units of eight bytes, as they stand.
fn plain(data: Bytes<'_>, units: usize) -> Result<Vec<[u8; 8]>, DataError> {
    let bytes = data.all().get(data.at..).unwrap_or_default();
    data.check_cells(bytes.len() / 8 / units, units)?;
    if !bytes.len().is_multiple_of(8) {
        return Err(data.broken("the file ends inside a value"));
    }
    Ok(bytes.chunks_exact(8).filter_map(|chunk| <[u8; 8]>::try_from(chunk).ok()).collect())
}

/// Rows as units of eight bytes: eight codes say what the eight units after them are.
fn compressed(mut data: Bytes<'_>, bias: f64, units: usize) -> Result<Vec<[u8; 8]>, DataError> {
    let mut rows: Vec<[u8; 8]> = Vec::new();
    let mut checked = 0;
    let little = data.little;
    let of = |value: f64| if little { value.to_le_bytes() } else { value.to_be_bytes() };
    while data.at < data.all().len() {
        if rows.len() >= 2 * checked {
            checked = rows.len().max(1 << 20);
            // It may double, and then the old and the new stand side by side.
            memory::afford(data.path(), 3 * 8 * checked as u64)?;
        }
        for code in eight(&mut data)? {
            let unit = match code {
                0 => continue,
                252 => return Ok(rows),
                253 => eight(&mut data)?,
                254 => [b' '; 8],
                255 => of(-f64::MAX),
                code => of(f64::from(code) - bias),
            };
            rows.push(unit);
        }
        if rows.len() > MAX_CELLS {
            data.check_cells(rows.len() / units, units)?;
        }
    }
    Ok(rows)
}

fn variables(
    path: &str,
    entries: &[Entry],
    further: &Further,
    rows: &[[u8; 8]],
    units: usize,
    little: bool,
    encoding: Option<&'static Encoding>,
) -> Result<Vec<Variable>, DataError> {
    let mut meter = Meter::new(path);
    let mut variables = Vec::new();
    let mut entries = entries.iter();
    while let Some(entry) = entries.next() {
        let name =
            further.long_names.get(&entry.short).map_or_else(|| entry.short.clone(), |name| text(name, encoding));
        let label = Some(text(&entry.label, encoding)).filter(|label| !label.is_empty());
        let mut info = ColumnInfo { label, ..ColumnInfo::default() };
        let mut missing: BTreeMap<String, usize> = BTreeMap::new();
        let cells = if entry.width == 0 {
            let value = |row: &[[u8; 8]]| {
                let value = double(row.get(entry.unit)?, little);
                let listed = entry.missing.values.iter().any(|code| double(code, little) == value);
                let ranged = entry.missing.range.is_some_and(|(low, high)| (low..=high).contains(&value));
                if value == -f64::MAX || value.is_nan() {
                    return None;
                }
                if listed || ranged {
                    *missing.entry(number::print(value)).or_default() += 1;
                }
                (!listed && !ranged).then_some(value)
            };
            meter.take((rows.len() / units) as u64 * NUMBER_CELL)?;
            let numbers: Vec<Option<f64>> = rows.chunks_exact(units).map(value).collect();
            info.value_labels =
                entry.labels.iter().map(|(value, label)| (double(value, little), text(label, encoding))).collect();
            // A code is named with its label: `99 "not asked"`.
            missing = std::mem::take(&mut missing)
                .into_iter()
                .map(|(code, count)| {
                    let value: Option<f64> = code.parse().ok();
                    let label = info.value_labels.iter().find(|(labelled, _)| Some(*labelled) == value);
                    (label.map_or_else(|| code.clone(), |(_, label)| format!("{code} \"{label}\"")), count)
                })
                .collect();
            temporal(entry.print >> 16, numbers)
        } else {
            // A text of more than 255 bytes stands in several entries of at most 255.
            let whole = further.long_texts.get(&entry.short).copied().unwrap_or(entry.width);
            let pieces = if whole > 255 { whole.div_ceil(252) } else { 1 };
            let mut parts = vec![(entry.unit, entry.width)];
            parts.extend((1..pieces).filter_map(|_| entries.next()).map(|piece| (piece.unit, piece.width)));
            info.width = Some(whole);
            let cell = |row: &[[u8; 8]]| {
                let bytes: Vec<u8> = parts
                    .iter()
                    .flat_map(|&(unit, width)| {
                        let units = row.get(unit..unit + width.div_ceil(8)).unwrap_or_default();
                        units.iter().flatten().copied().take(width)
                    })
                    .collect();
                let listed = bytes.len() <= 8
                    && entry.missing.values.iter().any(|code| text(code, encoding) == text(&bytes, encoding));
                let cell = text(&bytes, encoding);
                if listed {
                    *missing.entry(format!("`{cell}`")).or_default() += 1;
                }
                let cell = (!listed).then_some(cell);
                meter.text(cell.as_ref().map_or(0, String::len))?;
                Ok(cell)
            };
            let cells = rows.chunks_exact(units).map(cell).collect::<Result<Vec<Option<String>>, DataError>>()?;
            let labels: BTreeMap<String, String> =
                entry.labels.iter().map(|(value, label)| (text(value, encoding), text(label, encoding))).collect();
            let all = cells.iter().flatten().filter(|cell| !cell.is_empty()).all(|cell| labels.contains_key(cell));
            Values::Text(match !labels.is_empty() && all {
                true => {
                    cells.into_iter().map(|cell| cell.map(|cell| labels.get(&cell).cloned().unwrap_or(cell))).collect()
                }
                false => cells,
            })
        };
        info.format = format_name(entry.print);
        variables.push(Variable { name, cells, info, missing });
    }
    Ok(variables)
}

/// Numbers as days or moments, where the display format (by its number) is one of days or moments.
fn temporal(format: u32, numbers: Vec<Option<f64>>) -> Values {
    let with_time = match format {
        20 | 23 | 24 | 38 | 39 => false,
        22 | 41 => true,
        _ => return Values::Number(numbers),
    };
    binary::days(numbers, EPOCH, 86_400.0, with_time).unwrap_or_else(Values::Number)
}

/// The display format as SPSS writes it.
fn format_name(print: u32) -> Option<String> {
    let (kind, width, decimals) = (print >> 16, print >> 8 & 0xff, print & 0xff);
    let name = match kind {
        1 => "A",
        5 => "F",
        17 => "E",
        20 => "DATE",
        21 => "TIME",
        22 => "DATETIME",
        23 => "ADATE",
        24 => "JDATE",
        38 => "EDATE",
        39 => "SDATE",
        _ => return None,
    };
    Some(if decimals > 0 { format!("{name}{width}.{decimals}") } else { format!("{name}{width}") })
}
