//! CDISC Dataset-JSON 1.1 and its NDJSON form: one object with the columns, one array per row.
//!
//! Source: CDISC, *Dataset-JSON v1.1 Specification* (2024-12-05), with its table of data types. Decided here:
//! - `integer`, `float`, `double` and `decimal` (text in the file) are numbers, `boolean` is 1 and 0;
//! - `date` with `targetDataType` `integer` is a date, as the data set would hold in SAS; a `date` without it is ISO 8601
//!   text, as SDTM holds, which may be partial (`2024-03`); `datetime`, `time`, `string` and `URI` are text;
//! - `null` is missing, and so is the empty text; special missing values have no place in this format and become `null`;
//! - the number of rows must be what `records` says: fewer are a truncated file.

use super::csv::MAX_COLUMNS;
use super::date::{Date, DateOrder};
use super::encoding;
use super::error::{CellError, CellReason, DataError};
use super::memory;
use super::number;
use super::options::{Format, ReadOptions};
use super::table::{self, ColumnInfo, FileRows, Provenance, Table, Values};
use serde::de::{Deserialize, Deserializer, Visitor};
use serde_json::{Map, Value, json};
use std::fmt;

/// Reads a data set in the JSON form.
///
/// # Errors
/// [`DataError::Malformed`] with the line where the file stops making sense, [`DataError::Cells`] with every cell that is
/// not of its column's type, [`DataError::Encoding`].
pub fn parse(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Table, DataError> {
    affordable(name, bytes)?;
    let decoded = encoding::decode(name, bytes, Some("utf-8"))?;
    let document: Document = serde_json::from_str(&decoded.text).map_err(|error| {
        if is_plain(&decoded.text) {
            return DataError::UnknownFormat { path: name.to_string(), how: Some(PLAIN) };
        }
        malformed(name, format!("line {}, column {}", error.line(), error.column()), problem(&error))
    })?;
    let rows = document.rows.unwrap_or_default();
    let numbers = (2..rows.len() + 2).collect();
    build(name, document.head, rows, numbers, Format::DatasetJson, options)
}

/// Reads a data set in the NDJSON form, whose first line is the object without rows.
///
/// # Errors
/// As [`parse`].
pub fn parse_lines(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Table, DataError> {
    affordable(name, bytes)?;
    let decoded = encoding::decode(name, bytes, Some("utf-8"))?;
    let mut lines = (1..).zip(decoded.text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let at = |line: usize, error: serde_json::Error| {
        malformed(name, format!("line {line}, column {}", error.column()), problem(&error))
    };
    let Some((line, first)) = lines.next() else { return Err(DataError::Empty { path: name.to_string() }) };
    let head: Head = serde_json::from_str(first).map_err(|error| match is_plain(first) {
        true => DataError::UnknownFormat { path: name.to_string(), how: Some(PLAIN) },
        false => at(line, error),
    })?;
    let mut rows = Vec::new();
    let mut numbers = Vec::new();
    for (line, text) in lines {
        rows.push(serde_json::from_str::<Vec<Cell>>(text).map_err(|error| at(line, error))?);
        numbers.push(line);
    }
    build(name, head, rows, numbers, Format::DatasetNdjson, options)
}

/// What JSON that is no Dataset-JSON is, and what to do.
const PLAIN: &str = "plain JSON (records of REDCap, pandas or another program) and not CDISC Dataset-JSON; export the records as \
                     CSV, in pandas with `to_csv(\"file.csv\", index=False)`";

/// Whether a text is whole JSON, but without what makes it Dataset-JSON.
fn is_plain(text: &str) -> bool {
    !text.contains("\"datasetJSONVersion\"") && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// Refuses what would not fit into memory: every value and row that the punctuation makes takes a cell, and longer than
/// it is written.
fn affordable(name: &str, bytes: &[u8]) -> Result<(), DataError> {
    let cells = bytes.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
    memory::afford(name, cells as u64 * memory::TEXT_CELL + 2 * bytes.len() as u64)
}

/// The error without the place, which is reported apart.
fn problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().map(str::to_string).unwrap_or(text)
}

fn malformed(name: &str, place: String, problem: String) -> DataError {
    DataError::Malformed { path: name.to_string(), format: Format::DatasetJson.title(), place, problem }
}

/// The attributes this program reads; others are passed over.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    #[serde(rename = "datasetJSONVersion")]
    version: String,
    records: usize,
    name: String,
    label: String,
    columns: Vec<Item>,
}

#[derive(serde::Deserialize)]
struct Document {
    #[serde(flatten)]
    head: Head,
    rows: Option<Vec<Vec<Cell>>>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    name: String,
    label: String,
    data_type: DataType,
    target_data_type: Option<String>,
    length: Option<usize>,
    display_format: Option<String>,
}

#[derive(serde::Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum DataType {
    String,
    Integer,
    Decimal,
    Float,
    Double,
    Boolean,
    Datetime,
    Date,
    Time,
    #[serde(rename = "URI")]
    Uri,
}

/// One cell; arrays and objects are refused.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CellVisitor;
        impl Visitor<'_> for CellVisitor {
            type Value = Cell;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("null, true, false, a number or a text")
            }
            fn visit_unit<E>(self) -> Result<Cell, E> {
                Ok(Cell::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Cell, E> {
                Ok(Cell::Boolean(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Cell, E> {
                Ok(Cell::Number(value as f64))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Cell, E> {
                Ok(Cell::Number(value as f64))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Cell, E> {
                Ok(Cell::Number(value))
            }
            fn visit_str<E>(self, value: &str) -> Result<Cell, E> {
                Ok(Cell::Text(value.to_string()))
            }
        }
        deserializer.deserialize_any(CellVisitor)
    }
}

impl Cell {
    fn to_text(&self) -> String {
        match self {
            Cell::Null => String::new(),
            Cell::Boolean(value) => value.to_string(),
            Cell::Number(value) => number::print(*value),
            Cell::Text(text) => text.clone(),
        }
    }
}

fn build(
    name: &str,
    head: Head,
    rows: Vec<Vec<Cell>>,
    numbers: Vec<usize>,
    format: Format,
    options: &ReadOptions,
) -> Result<Table, DataError> {
    if head.version != "1.1" && !head.version.starts_with("1.1.") {
        let problem = format!("version {} of Dataset-JSON, this program reads 1.1", head.version);
        return Err(malformed(name, "datasetJSONVersion".to_string(), problem));
    }
    let width = head.columns.len();
    if let Some((row, number)) = rows.iter().zip(&numbers).find(|(row, _)| row.len() != width) {
        let problem = format!("{} values where there are {width} columns", row.len());
        return Err(malformed(name, format!("row {number}"), problem));
    }
    if head.records != rows.len() {
        let problem = format!("`records` is {} but there are {} rows", head.records, rows.len());
        return Err(malformed(name, "records".to_string(), problem));
    }
    if width > MAX_COLUMNS {
        return Err(DataError::TooManyColumns { path: name.to_string(), row: 1, limit: MAX_COLUMNS });
    }
    if width == 0 {
        return Err(malformed(name, "columns".to_string(), "there is none".to_string()));
    }
    let mut errors = Vec::new();
    let mut columns = Vec::with_capacity(width);
    for (index, item) in head.columns.iter().enumerate() {
        let cells: Vec<&Cell> = rows.iter().filter_map(|row| row.get(index)).collect();
        columns.push(values(item, &cells, &numbers, options, &mut errors).into_column(&item.name));
    }
    if !errors.is_empty() {
        return Err(DataError::Cells { path: name.to_string(), cells: errors });
    }
    let provenance = Provenance { encoding: Some("UTF-8".to_string()), ..table::provenance(name, format) };
    let from = numbers.first().copied().unwrap_or(2);
    let gapless = numbers.iter().enumerate().all(|(index, &number)| number == from + index);
    let file_rows = if gapless { FileRows::From(from) } else { FileRows::Listed(numbers) };
    let mut table = Table::new(columns, file_rows, provenance)?;
    let present = |text: String| Some(text).filter(|text| !text.is_empty());
    table.name = present(head.name);
    table.label = present(head.label);
    let info = |item: Item| ColumnInfo {
        label: present(item.label),
        format: item.display_format.and_then(present),
        width: item.length.filter(|_| item.data_type == DataType::String),
        ..ColumnInfo::default()
    };
    table.set_infos(head.columns.into_iter().map(info));
    Ok(table)
}

/// The cells of one column in the type it declares.
fn values(
    item: &Item,
    cells: &[&Cell],
    numbers: &[usize],
    options: &ReadOptions,
    errors: &mut Vec<CellError>,
) -> Values {
    let missing = |cell: &Cell| match cell {
        Cell::Null => true,
        Cell::Text(text) => options.is_missing_in(text, Format::DatasetJson, &item.name),
        _ => false,
    };
    let date = item.data_type == DataType::Date && item.target_data_type.is_some();
    match item.data_type {
        DataType::Date if date => Values::Date(collect(item, cells, numbers, errors, &missing, |cell| match cell {
            Cell::Text(text) => Date::parse(text, DateOrder::Iso).ok_or(CellReason::NotADate),
            _ => Err(CellReason::NotADate),
        })),
        DataType::String | DataType::Datetime | DataType::Date | DataType::Time | DataType::Uri => {
            Values::Text(collect(item, cells, numbers, errors, &missing, |cell| match cell {
                Cell::Text(text) => Ok(text.clone()),
                _ => Err(CellReason::NotText),
            }))
        }
        kind => {
            let read = collect(item, cells, numbers, errors, &missing, |cell| match (kind, cell) {
                (DataType::Decimal, Cell::Text(text)) => number::parse(&text.replace(',', ""), false),
                (DataType::Boolean, Cell::Boolean(value)) => Ok(f64::from(u8::from(*value))),
                (DataType::Integer, Cell::Number(value)) if value.fract() != 0.0 => Err(CellReason::NotAnInteger),
                (DataType::Integer | DataType::Float | DataType::Double, Cell::Number(value)) => Ok(*value),
                _ => Err(CellReason::NotANumber),
            });
            Values::Number(options.drop_missing_numbers(read, Format::DatasetJson, &item.name))
        }
    }
}

/// Converts the cells that are not missing, and reports those that cannot be.
fn collect<T>(
    item: &Item,
    cells: &[&Cell],
    numbers: &[usize],
    errors: &mut Vec<CellError>,
    missing: &dyn Fn(&Cell) -> bool,
    convert: impl Fn(&Cell) -> Result<T, CellReason>,
) -> Vec<Option<T>> {
    let mut values = Vec::with_capacity(cells.len());
    for (cell, &row) in cells.iter().zip(numbers) {
        let converted = if missing(cell) { None } else { Some(convert(cell)) };
        if let Some(Err(reason)) = converted {
            errors.push(CellError { row, column: item.name.clone(), found: cell.to_text(), reason });
        }
        values.push(converted.and_then(Result::ok));
    }
    values
}

/// The data set `dataset` of `table` in the JSON form, or with `lines` in the NDJSON form; `path` is used in messages.
///
/// Text that is plainly numbers becomes numeric ([`Table::values`]), whole numbers `integer` and others `double`; dates
/// are `date` with `targetDataType` `integer`. `created` is the moment of creation in ISO 8601; no clock is read.
///
/// # Errors
/// [`DataError::DoesNotFit`] where the data set or a column has no name or a number is not finite.
pub fn to_bytes(path: &str, table: &Table, dataset: &str, created: &str, lines: bool) -> Result<Vec<u8>, DataError> {
    let unfit = |problem: String| DataError::DoesNotFit {
        path: path.to_string(),
        format: if lines { Format::DatasetNdjson.title() } else { Format::DatasetJson.title() },
        problem,
    };
    if dataset.is_empty() {
        return Err(unfit("the data set has no name".to_string()));
    }
    let mut items = Vec::new();
    let mut columns: Vec<Vec<Value>> = Vec::new();
    for name in table.column_names() {
        let info = table.info(&name).cloned().unwrap_or_default();
        let mut item = Map::new();
        item.insert("itemOID".to_string(), json!(format!("IT.{dataset}.{name}")));
        item.insert("name".to_string(), json!(name));
        item.insert("label".to_string(), json!(info.label.unwrap_or_default()));
        let cells = match table.values(&name)? {
            Values::Text(texts) => {
                item.insert("dataType".to_string(), json!("string"));
                let longest = texts.iter().flatten().map(|text| text.chars().count()).max().unwrap_or_default();
                item.insert("length".to_string(), json!(longest.max(info.width.unwrap_or(1)).max(1)));
                texts.into_iter().map(Value::from).collect()
            }
            Values::Date(dates) => {
                item.insert("dataType".to_string(), json!("date"));
                item.insert("targetDataType".to_string(), json!("integer"));
                dates.into_iter().map(|date| Value::from(date.map(|date| date.to_string()))).collect()
            }
            Values::Number(numbers) => {
                if let Some(row) = numbers.iter().position(|cell| cell.is_some_and(|value| !value.is_finite())) {
                    return Err(unfit(format!("row {}, `{name}`: the number is not finite", table.file_row(row))));
                }
                let whole = |value: &f64| value.fract() == 0.0 && value.abs() < 9e15;
                let integer = numbers.iter().flatten().all(whole) && numbers.iter().any(Option::is_some);
                item.insert("dataType".to_string(), json!(if integer { "integer" } else { "double" }));
                let print = |value: f64| if integer { Value::from(value as i64) } else { Value::from(value) };
                numbers.into_iter().map(|cell| cell.map_or(Value::Null, print)).collect()
            }
        };
        if let Some(format) = info.format {
            item.insert("displayFormat".to_string(), json!(format));
        }
        items.push(Value::Object(item));
        columns.push(cells);
    }
    let head = json!({
        "datasetJSONCreationDateTime": created,
        "datasetJSONVersion": "1.1.0",
        "sourceSystem": { "name": "splitknee", "version": env!("CARGO_PKG_VERSION") },
        "itemGroupOID": format!("IG.{dataset}"),
        "records": table.height(),
        "name": dataset,
        "label": table.label.clone().unwrap_or_default(),
        "columns": items,
    });
    let row = |index: usize| {
        let cells: Vec<&Value> = columns.iter().filter_map(|column| column.get(index)).collect();
        json!(cells).to_string()
    };
    let rows = (0..table.height()).map(row);
    let head = head.to_string();
    let text = if lines {
        let all: Vec<String> = std::iter::once(head).chain(rows).collect();
        format!("{}\n", all.join("\n"))
    } else {
        let body: Vec<String> = rows.collect();
        let open = head.strip_suffix('}').unwrap_or(&head);
        if body.is_empty() {
            format!("{open},\"rows\":[]}}\n")
        } else {
            format!("{open},\"rows\":[\n{}\n]}}\n", body.join(",\n"))
        }
    };
    Ok(text.into_bytes())
}
