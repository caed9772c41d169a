//! Reading: headers and variables of one data set, then its rows.

use super::ibm::{Numeric, from_ibm};
use super::namestr::{self, Variable, trim_end};
use super::{NAMESTR, RECORD, whole_records};
use crate::data::csv::MAX_COLUMNS;
use crate::data::date::{Date, SAS_EPOCH};
use crate::data::error::DataError;
use crate::data::memory;
use crate::data::options::{Format, ReadOptions};
use crate::data::remark::{self, Remark};
use crate::data::table::{self, ColumnInfo, FileRows, Provenance, Table, Values};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use std::collections::BTreeMap;

/// Reads one data set of a transport file; `name` is its path in messages.
///
/// # Errors
/// [`DataError::Malformed`] with the byte where the file stops making sense, [`DataError::Sheet`] where it holds several
/// data sets and none is declared, [`DataError::UnknownEncoding`], [`DataError::Encoding`].
pub fn parse(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Table, DataError> {
    let file = File { path: name, bytes };
    if !bytes.len().is_multiple_of(RECORD) {
        return Err(file.malformed(bytes.len(), "the file ends inside a record of 80 bytes"));
    }
    let first = file.record(0)?;
    let version8 = is_header(first, "LIBV8");
    if !version8 && !is_header(first, "LIBRARY") {
        return Err(file.malformed(0, "no library header"));
    }
    let starts = file.members(3 * RECORD);
    let end = |index: usize| starts.get(index + 1).copied().unwrap_or(bytes.len());
    let members = starts.iter().enumerate().map(|(index, &start)| file.member(start, end(index), version8));
    let members = members.collect::<Result<Vec<Member>, _>>()?;
    let member = choose(name, &members, options.sheet.as_deref())?;
    file.table(member, options)
}

/// The member named, or the only one.
fn choose<'m, 'a>(path: &str, members: &'m [Member<'a>], asked: Option<&str>) -> Result<&'m Member<'a>, DataError> {
    let found = match (asked, members) {
        (Some(asked), _) => members.iter().find(|member| member.name.eq_ignore_ascii_case(asked)),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    found.ok_or_else(|| match members {
        [] => DataError::Malformed {
            path: path.to_string(),
            format: Format::Xpt.title(),
            place: format!("byte {}", 3 * RECORD),
            problem: "no data set".to_string(),
        },
        _ => DataError::Sheet {
            path: path.to_string(),
            asked: asked.map(str::to_string),
            sheets: members.iter().map(|member| member.name.clone()).collect(),
        },
    })
}

/// One data set of the file.
struct Member<'a> {
    name: String,
    label: Vec<u8>,
    variables: Vec<Variable>,
    /// Bytes of one row.
    row: usize,
    /// Rows as counted by the file, where it counts them.
    counted: Option<usize>,
    /// Where the rows begin.
    start: usize,
    rows: &'a [u8],
}

struct File<'a> {
    path: &'a str,
    bytes: &'a [u8],
}

fn is_header(record: &[u8], name: &str) -> bool {
    let title = format!("HEADER RECORD*******{name:<8}HEADER RECORD!!!!!!!");
    record.starts_with(title.as_bytes())
}

fn is_either(record: &[u8], names: [&str; 2]) -> bool {
    names.iter().any(|name| is_header(record, name))
}

/// The digits of a header record from `from` to `to`.
fn digits(record: &[u8], from: usize, to: usize) -> Option<usize> {
    std::str::from_utf8(record.get(from..to)?).ok()?.trim().parse().ok()
}

impl<'a> File<'a> {
    fn malformed(&self, at: usize, problem: &str) -> DataError {
        DataError::Malformed {
            path: self.path.to_string(),
            format: Format::Xpt.title(),
            place: format!("byte {at}"),
            problem: problem.to_string(),
        }
    }

    fn slice(&self, from: usize, length: usize) -> Result<&'a [u8], DataError> {
        let end = from.checked_add(length);
        let slice = end.and_then(|end| self.bytes.get(from..end));
        slice.ok_or_else(|| self.malformed(self.bytes.len(), "the file ends inside its headers"))
    }

    fn record(&self, at: usize) -> Result<&'a [u8], DataError> {
        self.slice(at, RECORD)
    }

    /// Where the data sets begin.
    fn members(&self, from: usize) -> Vec<usize> {
        let records = self.bytes.chunks_exact(RECORD).enumerate().skip(from / RECORD);
        records.filter(|(_, record)| is_either(record, ["MEMBER", "MEMBV8"])).map(|(at, _)| at * RECORD).collect()
    }

    fn member(&self, start: usize, end: usize, version8: bool) -> Result<Member<'a>, DataError> {
        let header = self.record(start)?;
        let size = match digits(header, 74, 78) {
            Some(size @ (136 | NAMESTR)) => size,
            _ => return Err(self.malformed(start + 74, "descriptions of variables are neither 136 nor 140 bytes")),
        };
        let mut at = start + RECORD;
        if !is_either(self.record(at)?, ["DSCRPTR", "DSCPTV8"]) {
            return Err(self.malformed(at, "no descriptor header"));
        }
        let described = self.slice(at + RECORD, 2 * RECORD)?;
        let name_end = if version8 { 40 } else { 16 };
        let name = trim_end(described.get(8..name_end).unwrap_or_default());
        let label = trim_end(described.get(112..152).unwrap_or_default()).to_vec();
        at += 3 * RECORD;
        let header = self.record(at)?;
        let count = digits(header, 52, 58).filter(|_| is_either(header, ["NAMESTR", "NAMSTV8"]));
        let count = count.ok_or_else(|| self.malformed(at, "no header that counts the variables"))?;
        at += RECORD;
        let descriptions = self.slice(at, count.saturating_mul(size))?;
        let mut variables = Vec::with_capacity(count.min(descriptions.len() / size));
        for (index, description) in descriptions.chunks_exact(size).enumerate() {
            let variable = namestr::parse(description, version8);
            let place = at + index * size;
            variables.push(variable.ok_or_else(|| self.malformed(place, "impossible type or length of a variable"))?);
        }
        let described_to = at + whole_records(count * size);
        at = described_to;
        while !is_either(self.record(at)?, ["OBS", "OBSV8"]) {
            at += RECORD;
            if at >= end {
                return Err(self.malformed(at, "no header before the rows"));
            }
        }
        self.long_labels(described_to, at, &mut variables)?;
        let counted = if version8 { digits(self.record(at)?, 48, 63).filter(|&rows| rows > 0) } else { None };
        let row = variables.iter().map(|variable| variable.length).sum();
        let reach = variables.iter().map(|variable| variable.position.saturating_add(variable.length)).max();
        if row == 0 || reach != Some(row) {
            return Err(self.malformed(at, "the variables do not fill a row"));
        }
        let start = at + RECORD;
        let rows = self.slice(start, end.saturating_sub(start))?;
        Ok(Member { name: String::from_utf8_lossy(name).into_owned(), label, variables, row, counted, start, rows })
    }

    /// LABELV8 and LABELV9: labels longer than 40 bytes, and format names longer than 8.
    fn long_labels(&self, from: usize, to: usize, variables: &mut [Variable]) -> Result<(), DataError> {
        if from >= to {
            return Ok(());
        }
        let header = self.record(from)?;
        let lengths = match (is_header(header, "LABELV8"), is_header(header, "LABELV9")) {
            (true, _) => 3,
            (_, true) => 5,
            _ => return Err(self.malformed(from, "neither long labels nor rows")),
        };
        let mut at = from + RECORD;
        while at + 2 * lengths <= to {
            let fields = self.slice(at, 2 * lengths)?;
            let field = |index: usize| {
                let pair = fields.get(2 * index..2 * index + 2).unwrap_or_default();
                pair.iter().fold(0usize, |value, &byte| value << 8 | usize::from(byte))
            };
            let number = field(0);
            let Some(variable) = number.checked_sub(1).and_then(|index| variables.get_mut(index)) else { break };
            let parts: Vec<usize> = (1..lengths).map(field).collect();
            let texts = self.slice(at + 2 * lengths, parts.iter().sum())?;
            let (name, rest) = texts.split_at(parts.first().copied().unwrap_or_default());
            let (label, rest) = rest.split_at(parts.get(1).copied().unwrap_or_default());
            if !name.is_empty() {
                variable.name = trim_end(name).to_vec();
            }
            variable.label = trim_end(label).to_vec();
            let format = rest.get(..parts.get(2).copied().unwrap_or_default()).unwrap_or_default();
            if let Some(format) = namestr::DisplayFormat::parse(&String::from_utf8_lossy(format))
                && format.print().is_some()
            {
                variable.format = format;
            }
            at += 2 * lengths + texts.len();
        }
        Ok(())
    }

    /// How many rows there are.
    fn count_rows(&self, member: &Member<'a>) -> Result<usize, DataError> {
        let held = member.rows.len() / member.row;
        if let Some(counted) = member.counted {
            if counted > held || member.rows.len() >= whole_records(counted * member.row) + RECORD {
                let problem = format!("the file says {counted} rows but holds {held}");
                return Err(self.malformed(member.start, &problem));
            }
            return Ok(counted);
        }
        let rest = member.rows.get(held * member.row..).unwrap_or_default();
        if rest.iter().any(|&byte| byte != b' ') {
            return Err(self.malformed(member.start + held * member.row, "the file ends inside a row"));
        }
        let mut rows = held;
        // Only bytes of the last record can be padding.
        while rows > 0 && member.rows.len() - (rows - 1) * member.row < RECORD {
            let row = member.rows.get((rows - 1) * member.row..rows * member.row).unwrap_or_default();
            if row.iter().any(|&byte| byte != b' ') {
                break;
            }
            rows -= 1;
        }
        Ok(rows)
    }

    fn table(&self, member: &Member<'a>, options: &ReadOptions) -> Result<Table, DataError> {
        let mut notes = Vec::new();
        let count = self.count_rows(member)?;
        if member.variables.len() > MAX_COLUMNS {
            return Err(DataError::TooManyColumns { path: self.path.to_string(), row: 1, limit: MAX_COLUMNS });
        }
        // Variables may lie over the same bytes, so that a small file holds much.
        let cell = |variable: &Variable| memory::TEXT_CELL + 2 * variable.length as u64;
        let row: u64 = member.variables.iter().map(cell).sum();
        memory::afford(self.path, row.saturating_mul(count as u64))?;
        let rows: Vec<&[u8]> = member.rows.chunks_exact(member.row).take(count).collect();
        let encoding = self.encoding(member, &rows, options, &mut notes)?;
        let text = |bytes: &[u8]| encoding.decode_without_bom_handling(trim_end(bytes)).0.into_owned();
        let mut columns = Vec::with_capacity(member.variables.len());
        let mut infos = Vec::with_capacity(member.variables.len());
        let mut remarks = Vec::new();
        for variable in &member.variables {
            let field = |row: &&'a [u8]| {
                let row: &'a [u8] = row;
                row.get(variable.position..variable.position + variable.length).unwrap_or_default()
            };
            let name = text(&variable.name);
            let mut special_missing = BTreeMap::new();
            let values = if variable.numeric {
                let number = |(index, row): (usize, &&'a [u8])| match from_ibm(field(row)) {
                    Numeric::Value(value) => Some(value),
                    Numeric::Missing('.') => None,
                    Numeric::Missing(code) => {
                        special_missing.insert(index, code);
                        None
                    }
                };
                let numbers = rows.iter().enumerate().map(number).collect();
                let numbers = options.drop_missing_numbers(numbers, Format::Xpt, &name);
                temporal(&variable.format.name, &name, numbers, &mut notes)
            } else {
                let cell = |row| Some(text(field(row))).filter(|cell| !options.is_missing_in(cell, Format::Xpt, &name));
                Values::Text(rows.iter().map(cell).collect())
            };
            remarks.extend(remark::special_missing(&name, &special_missing));
            let label = Some(text(&variable.label)).filter(|label| !label.is_empty());
            let width = (!variable.numeric).then_some(variable.length);
            let format = variable.format.print();
            infos.push(ColumnInfo { label, format, width, special_missing, ..ColumnInfo::default() });
            columns.push(values.into_column(&name));
        }
        notes.extend(remarks.iter().map(|remark| remark.text.clone()));
        let provenance = Provenance {
            encoding: Some(encoding.name().to_string()),
            sheet: Some(member.name.clone()),
            notes,
            ..table::provenance(self.path, Format::Xpt)
        };
        let mut table = Table::new(columns, FileRows::From(2), provenance)?;
        table.name = Some(member.name.clone()).filter(|name| !name.is_empty());
        table.label = Some(text(&member.label)).filter(|label| !label.is_empty());
        table.set_infos(infos.into_iter());
        table.remarks = remarks;
        let coded = formats_of_codes(&table);
        table.provenance.notes.extend(coded.iter().map(|remark| remark.text.clone()));
        table.remarks.extend(coded);
        Ok(table)
    }

    /// The encoding declared; else UTF-8 where all text is, else Windows-1252.
    fn encoding(
        &self,
        member: &Member<'a>,
        rows: &[&'a [u8]],
        options: &ReadOptions,
        notes: &mut Vec<String>,
    ) -> Result<&'static Encoding, DataError> {
        let text = member.variables.iter().filter(|variable| !variable.numeric);
        let cells = text.flat_map(|variable| {
            let cell = |row: &'a [u8]| row.get(variable.position..variable.position + variable.length);
            rows.iter().enumerate().filter_map(move |(index, row)| Some((index, variable.position, cell(row)?)))
        });
        if let Some(label) = &options.encoding {
            let path = self.path.to_string();
            let Some(encoding) = Encoding::for_label(label.trim().as_bytes()) else {
                return Err(DataError::UnknownEncoding { path, name: label.clone() });
            };
            for (index, position, cell) in cells {
                if encoding.decode_without_bom_handling_and_without_replacement(trim_end(cell)).is_none() {
                    let offset = member.start + index * member.row + position;
                    return Err(DataError::Encoding { path, encoding: encoding.name().into(), offset, row: index + 2 });
                }
            }
            return Ok(encoding);
        }
        let is_utf8 = |bytes: &[u8]| std::str::from_utf8(trim_end(bytes)).is_ok();
        let headers = member.variables.iter().all(|variable| is_utf8(&variable.label) && is_utf8(&variable.name));
        if headers && is_utf8(&member.label) && cells.map(|(.., cell)| cell).all(is_utf8) {
            return Ok(UTF_8);
        }
        notes.push("encoding windows-1252 was told from the bytes, not declared".to_string());
        Ok(WINDOWS_1252)
    }
}

/// SAS date formats, without what stands behind their stem (`YYMMDDN8.` is `YYMMDD`).
pub const DATE_FORMATS: [&str; 10] =
    ["DATE", "DDMMYY", "MMDDYY", "YYMMDD", "E8601DA", "B8601DA", "IS8601DA", "WORDDAT", "WEEKDAT", "NENGO"];

/// SAS datetime formats.
pub const DATETIME_FORMATS: [&str; 5] = ["DATETIME", "E8601DT", "B8601DT", "IS8601DT", "DATEAMPM"];

/// Formats that come with SAS and show a value as itself.
const PLAIN_FORMATS: [&str; 21] = [
    "", "BEST", "F", "COMMA", "COMMAX", "DOLLAR", "EURO", "E", "Z", "D", "NUMX", "NLNUM", "PERCENT", "NEGPAREN", "$",
    "$CHAR", "$F", "$VARYING", "$QUOTE", "$UPCASE", "$HEX",
];

/// How further formats of SAS begin that show a time or a part of a day.
const TIME_FORMATS: [&str; 16] = [
    "TIME", "HHMM", "MMSS", "HOUR", "TOD", "E8601", "B8601", "IS8601", "YEAR", "MON", "DAY", "QTR", "JUL", "YYMM",
    "MMYY", "DT",
];

/// What is said of the variables whose values have labels in a catalogue, which is another file.
pub fn formats_of_codes(table: &Table) -> Option<Remark> {
    let of_codes = |name: &String| {
        let format = table.info(name)?.format.as_deref()?;
        let stem = format.split('.').next()?.trim_end_matches(|c: char| c.is_ascii_digit()).to_ascii_uppercase();
        let mut days = DATE_FORMATS.iter().chain(&DATETIME_FORMATS).chain(&TIME_FORMATS);
        let own = PLAIN_FORMATS.contains(&stem.as_str()) || days.any(|known| stem.starts_with(known));
        (!own).then(|| format!("`{name}` {format}"))
    };
    let named: Vec<String> = table.column_names().iter().filter_map(of_codes).collect();
    let shown = named.iter().take(10).cloned().collect::<Vec<_>>().join(", ");
    let more = if named.len() > 10 { ", …" } else { "" };
    let text = format!(
        "the labels of values stand in a catalogue of formats (.sas7bcat), which is not read: {shown}{more}; the codes are used"
    );
    let remedy = "give the codes their labels in the plan (`[arms]`, `[visits]`, `levels` of [[covariate]] or [[endpoint]]); in \
                  SAS, `proc format fmtlib; run;` prints them";
    (!named.is_empty()).then(|| Remark::new(text, remedy))
}

/// Numbers as dates or datetimes, where the display format says they are and every value can be.
fn temporal(format: &str, column: &str, numbers: Vec<Option<f64>>, notes: &mut Vec<String>) -> Values {
    let format = format.to_ascii_uppercase();
    let starts = |stems: &[&str]| stems.iter().any(|stem| format.starts_with(stem));
    let days = |value: f64| {
        let whole = value.fract() == 0.0 && value.abs() < 1e7;
        if whole { Date::from_days(value as i32 + SAS_EPOCH) } else { None }
    };
    if starts(&DATETIME_FORMATS) {
        let moment = |value: f64| {
            let day = days((value / 86_400.0).floor())?;
            let seconds = value.rem_euclid(86_400.0).floor() as u32;
            Some(format!("{day}T{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60))
        };
        if numbers.iter().flatten().all(|&value| moment(value).is_some()) {
            return Values::Text(numbers.into_iter().map(|value| value.and_then(moment)).collect());
        }
    } else if starts(&DATE_FORMATS) {
        if numbers.iter().flatten().all(|&value| days(value).is_some()) {
            return Values::Date(numbers.into_iter().map(|value| value.and_then(days)).collect());
        }
    } else {
        return Values::Number(numbers);
    }
    notes.push(format!(
        "column `{column}` has the format {format} but values that are no dates; it was read as numbers"
    ));
    Values::Number(numbers)
}
