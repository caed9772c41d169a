//! Writing: what does not fit is refused, never truncated.
//!
//! Checked outside of the tests: every reference file read and written again in both versions is read by haven 2.5.1
//! (`read_xpt`: values, special missings, labels, formats) and pyreadstat 1.3.7 (`read_xport`) as identical.

use super::ibm::{missing, to_ibm};
use super::namestr::{self, DisplayFormat, Variable};
use super::{RECORD, whole_records};
use crate::data::date::SAS_EPOCH;
use crate::data::error::DataError;
use crate::data::options::Format;
use crate::data::table::{ColumnInfo, Table, Values};

/// A version of the transport format, with its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum XptVersion {
    /// Version 5, the one regulators accept: names of 8 bytes, labels of 40, text of 200.
    #[default]
    V5,
    /// Version 8: names of 32 bytes, labels of 256, text of 32 767.
    V8,
}

impl XptVersion {
    fn limits(self) -> Limits {
        match self {
            XptVersion::V5 => Limits { name: 8, label: 40, text: 200 },
            XptVersion::V8 => Limits { name: 32, label: 256, text: 32_767 },
        }
    }
}

struct Limits {
    name: usize,
    label: usize,
    text: usize,
}

/// The transport file of `table` as a data set `dataset`; `path` is used in messages.
///
/// Text that is plainly numbers becomes numeric ([`Table::values`]); dates become days since 1960 with the format the
/// column had, else `DATE9.`. `created` is the moment in the headers, `ddMMMyy:hh:mm:ss`; no clock is read, so that equal
/// tables give equal bytes.
///
/// # Errors
/// [`DataError::DoesNotFit`] with every name, label, text or number that is beyond the limits of `version`.
pub fn to_bytes(
    path: &str,
    table: &Table,
    dataset: &str,
    version: XptVersion,
    created: &str,
) -> Result<Vec<u8>, DataError> {
    let limits = version.limits();
    let version8 = version == XptVersion::V8;
    let mut problems = Vec::new();
    check_name("the data set", dataset, &limits, &mut problems);
    let label = table.label.clone().unwrap_or_default();
    if label.len() > 40 {
        problems.push(format!("the label of the data set has {} bytes, the limit is 40", label.len()));
    }
    let names = table.column_names();
    check_case(&names, &mut problems);
    let mut columns = Vec::with_capacity(names.len());
    let mut position = 0;
    for name in &names {
        check_name("column", name, &limits, &mut problems);
        let info = table.info(name).cloned().unwrap_or_default();
        let column = column(table, name, info, &limits, &mut problems)?;
        let length = column.variable.length;
        columns.push(Coded { variable: Variable { position, ..column.variable }, ..column });
        position += length;
    }
    if columns.len() > 9999 {
        problems.push(format!("{} columns, the limit is 9999", columns.len()));
    }
    let last = table.height().checked_sub(1);
    if last.is_some_and(|last| columns.iter().all(|column| column.is_blank(last))) {
        problems.push("the last row is blank in every column and would be read as padding; drop it".to_string());
    }
    let unfit =
        |problem: String| DataError::DoesNotFit { path: path.to_string(), format: Format::Xpt.title(), problem };
    if !problems.is_empty() {
        let more = problems.len().saturating_sub(10);
        let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
        problems.truncate(10);
        return Err(unfit(format!("{}{rest}", problems.join("; "))));
    }
    let file = assemble(&columns, table.height(), dataset, &label, version8, created);
    // A cell that reads as a header where a record begins would end the data set there.
    let headers = file.chunks_exact(RECORD).filter(|record| record.starts_with(b"HEADER RECORD*******")).count();
    let expected = 5 + usize::from(columns.iter().any(|column| column.variable.label.len() > 40));
    if headers == expected {
        Ok(file)
    } else {
        Err(unfit("a text is that of a SAS header record; change it".to_string()))
    }
}

/// A variable and its cells, `length` bytes each.
struct Coded {
    variable: Variable,
    cells: Vec<u8>,
}

impl Coded {
    fn cell(&self, row: usize) -> &[u8] {
        let length = self.variable.length;
        self.cells.get(row * length..(row + 1) * length).unwrap_or_default()
    }

    fn is_blank(&self, row: usize) -> bool {
        self.cell(row).iter().all(|&byte| byte == b' ')
    }
}

fn check_name(what: &str, name: &str, limits: &Limits, problems: &mut Vec<String>) {
    let sound = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !sound {
        problems
            .push(format!("{what} `{name}`: a SAS name has letters, digits and _ and begins with no digit; rename it"));
    } else if name.len() > limits.name {
        let length = name.len();
        problems.push(format!("{what} `{name}` has {length} characters, the limit is {}; rename it", limits.name));
    }
}

/// SAS names are the same whatever their case.
fn check_case(names: &[String], problems: &mut Vec<String>) {
    let mut seen = std::collections::BTreeMap::new();
    for name in names {
        if let Some(other) = seen.insert(name.to_ascii_uppercase(), name) {
            problems.push(format!("columns `{other}` and `{name}` differ only in case, which SAS does not tell apart"));
        }
    }
}

fn column(
    table: &Table,
    name: &str,
    info: ColumnInfo,
    limits: &Limits,
    problems: &mut Vec<String>,
) -> Result<Coded, DataError> {
    let label = info.label.clone().unwrap_or_default();
    if label.len() > limits.label {
        problems.push(format!("the label of `{name}` has {} bytes, the limit is {}", label.len(), limits.label));
    }
    let format = info.format.as_deref().map(|text| DisplayFormat::parse(text).filter(|format| format.name.len() <= 8));
    if format == Some(None) {
        problems.push(format!("the format of `{name}`, `{}`, is not one of SAS", info.format.as_deref().unwrap_or("")));
    }
    let format = format.flatten();
    let mut variable =
        Variable { name: name.into(), label: label.into(), numeric: true, length: 8, ..Variable::default() };
    let numbers = match table.values(name)? {
        Values::Text(cells) => {
            let longest = cells.iter().flatten().map(String::len).max().unwrap_or_default();
            if longest > limits.text {
                let row = cells.iter().position(|cell| cell.as_ref().is_some_and(|cell| cell.len() > limits.text));
                let row = table.file_row(row.unwrap_or_default());
                problems.push(format!("row {row}, `{name}`: a text of {longest} bytes, the limit is {}", limits.text));
            }
            let length = longest.max(info.width.unwrap_or(1)).clamp(1, limits.text);
            let mut bytes = Vec::with_capacity(cells.len() * length);
            for cell in &cells {
                let text = cell.as_deref().unwrap_or("").as_bytes();
                bytes.extend(text.iter().copied().chain(std::iter::repeat(b' ')).take(length));
            }
            let format = format.filter(|format| format.name.starts_with('$')).unwrap_or_default();
            variable = Variable { numeric: false, length, format, ..variable };
            return Ok(Coded { variable, cells: bytes });
        }
        Values::Date(dates) => {
            let date9 = DisplayFormat { name: "DATE".to_string(), width: 9, decimals: 0 };
            variable.format = format.unwrap_or(date9);
            dates.into_iter().map(|date| date.map(|date| f64::from(date.days - SAS_EPOCH))).collect()
        }
        Values::Number(numbers) => {
            variable.format = format.unwrap_or_default();
            numbers
        }
    };
    let mut bytes = Vec::with_capacity(8 * numbers.len());
    for (row, value) in numbers.iter().enumerate() {
        let coded = match value {
            None => Some(missing(info.special_missing.get(&row).copied().unwrap_or('.'))),
            Some(value) => to_ibm(*value),
        };
        if coded.is_none() {
            let (row, value) = (table.file_row(row), value.unwrap_or_default());
            problems
                .push(format!("row {row}, `{name}`: {value:e} is outside the range of an IBM double (5e-79 to 7e75)"));
        }
        bytes.extend(coded.unwrap_or_default());
    }
    Ok(Coded { variable, cells: bytes })
}

fn assemble(columns: &[Coded], rows: usize, dataset: &str, label: &str, version8: bool, created: &str) -> Vec<u8> {
    let zeros = "0".repeat(30);
    let pick = |v5: &'static str, v8: &'static str| if version8 { v8 } else { v5 };
    let mut file = Vec::new();
    let mut record = |text: String| file.extend(format!("{text:<80}").bytes());
    let header = |name: &str, tail: &str| format!("HEADER RECORD*******{name:<8}HEADER RECORD!!!!!!!{tail}");
    record(header(pick("LIBRARY", "LIBV8"), &zeros));
    record(format!("SAS     SAS     SASLIB  9.4     {:<32}{created:<16}", "splitkne"));
    record(created.to_string());
    record(header(pick("MEMBER", "MEMBV8"), "000000000000000001600000000140"));
    record(header(pick("DSCRPTR", "DSCPTV8"), &zeros));
    if version8 {
        record(format!("SAS     {dataset:<32}SASDATA 9.4     {:<8}{created:<16}", "splitkne"));
    } else {
        record(format!("SAS     {dataset:<8}SASDATA 9.4     {:<32}{created:<16}", "splitkne"));
    }
    // The label is padded by bytes, not by characters.
    let padding = " ".repeat(40usize.saturating_sub(label.len()));
    file.extend(format!("{created:<32}{label}{padding}{:<8}", "").bytes());
    let mut record = |text: String| file.extend(format!("{text:<80}").bytes());
    record(header(pick("NAMESTR", "NAMSTV8"), &format!("000000{:04}{}", columns.len(), "0".repeat(20))));
    for (column, number) in columns.iter().zip(1u16..) {
        file.extend(namestr::print(&column.variable, number, version8));
    }
    pad(&mut file);
    long_labels(columns, &mut file);
    let counted = format!("{rows:>15}");
    let tail = if version8 { counted.as_str() } else { zeros.as_str() };
    file.extend(format!("{:<80}", header(pick("OBS", "OBSV8"), tail)).bytes());
    for row in 0..rows {
        columns.iter().for_each(|column| file.extend(column.cell(row)));
    }
    pad(&mut file);
    file
}

/// Labels longer than 40 bytes, which only version 8 lets through.
fn long_labels(columns: &[Coded], file: &mut Vec<u8>) {
    let long: Vec<(u16, &Coded)> =
        (1u16..).zip(columns).filter(|(_, column)| column.variable.label.len() > 40).collect();
    if long.is_empty() {
        return;
    }
    let count = long.len();
    file.extend(format!("{:<80}", format!("HEADER RECORD*******LABELV8 HEADER RECORD!!!!!!!{count}")).bytes());
    for (number, column) in long {
        let Variable { name, label, .. } = &column.variable;
        let length = |text: &[u8]| u16::try_from(text.len()).unwrap_or_default().to_be_bytes();
        for part in [&number.to_be_bytes()[..], &length(name), &length(label), name, label] {
            file.extend(part);
        }
    }
    pad(file);
}

/// Blanks to whole records.
fn pad(file: &mut Vec<u8>) {
    file.resize(whole_records(file.len()), b' ');
    debug_assert_eq!(file.len() % RECORD, 0);
}
