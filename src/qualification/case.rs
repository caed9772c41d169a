//! The reference cases carried in the binary.

use crate::data::{ReadOptions, Table, read_bytes};
use serde_json::Value;

/// Data and reference values of one case.
pub struct Case {
    /// Name of the case.
    pub name: &'static str,
    document: Value,
    table: Option<Table>,
}

/// One result of another package.
#[derive(Debug, Clone, Default)]
pub struct Reference {
    /// Identifier within the case.
    pub id: String,
    /// Package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The call.
    pub call: String,
    /// The figures.
    pub values: Value,
}

impl Case {
    /// A case from its two files; `data` is empty where a case has none.
    pub fn new(name: &'static str, expected: &str, data: &[u8]) -> Self {
        let document = serde_json::from_str(expected).unwrap_or_default();
        let table = if data.is_empty() { None } else { read_bytes("data.csv", data, &ReadOptions::default()).ok() };
        Self { name, document, table }
    }

    /// The reference `id`; an empty one where there is none, so that its figures fail.
    pub fn reference(&self, id: &str) -> Reference {
        let entries = self.document.get("results").and_then(Value::as_array);
        let entry = entries.into_iter().flatten().find(|entry| at(entry, "id") == id);
        let text =
            |name: &str| entry.map_or_else(String::new, |entry| at(entry, name).as_str().unwrap_or_default().into());
        Reference {
            id: id.to_owned(),
            package: text("package"),
            version: text("version"),
            call: text("call"),
            values: entry.map(|entry| at(entry, "values").clone()).unwrap_or_default(),
        }
    }

    /// The text of a column of the data.
    pub fn text(&self, column: &str) -> Vec<String> {
        let cells = self.table.as_ref().and_then(|table| table.text(column).ok()).unwrap_or_default();
        cells.into_iter().map(Option::unwrap_or_default).collect()
    }

    /// The numbers of a column of the data.
    pub fn numbers(&self, column: &str) -> Vec<Option<f64>> {
        self.table.as_ref().and_then(|table| table.numbers(column).ok()).unwrap_or_default()
    }

    /// The numbers of a column without missing values.
    pub fn complete(&self, column: &str) -> Vec<f64> {
        self.numbers(column).into_iter().flatten().collect()
    }
}

/// The value at a path such as `ICC2.lower` or `varcomp.0.sd`; `null` where there is none.
pub fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    const ABSENT: &Value = &Value::Null;
    if let Some(found) = value.get(path) {
        return found;
    }
    path.split('.')
        .try_fold(value, |value, key| match value {
            Value::Array(items) => items.get(key.parse::<usize>().ok()?),
            _ => value.get(key),
        })
        .unwrap_or(ABSENT)
}

/// A number of a reference file, where infinities are words.
pub fn number(value: &Value) -> Option<f64> {
    value.as_f64()
}
