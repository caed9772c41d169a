//! Reference cases: data, and what other software made of them.

use serde_json::Value;

/// One reference case.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// The whole of `expected.json`.
    pub document: Value,
    /// Its results, in file order.
    pub results: Vec<Reference>,
    /// `data.csv`, empty where the case has none.
    pub data: Csv,
}

/// One reference result.
#[derive(Debug, Clone, Default)]
pub struct Reference {
    /// Name within the case.
    pub id: String,
    /// Package that computed it.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The exact call.
    pub call: String,
    /// The figures; `Null` where the package refused.
    pub values: Value,
    /// The package's refusal.
    pub error: Option<String>,
}

impl Case {
    /// A case from the text of its `expected.json` and `data.csv`.
    ///
    /// # Errors
    /// The text is not JSON.
    pub fn parse(name: &str, expected: &str, data: &str) -> Result<Self, serde_json::Error> {
        let document: Value = serde_json::from_str(expected)?;
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let results = document["results"].as_array().into_iter().flatten();
        let results = results
            .map(|entry| Reference {
                id: text(entry, "id"),
                package: text(entry, "package"),
                version: text(entry, "version"),
                call: text(entry, "call"),
                values: entry["values"].clone(),
                error: entry["error"].as_str().map(str::to_owned),
            })
            .collect();
        Ok(Self { name: name.to_owned(), results, data: Csv::parse(data), document })
    }

    /// The result with this id.
    ///
    /// # Panics
    /// There is none.
    pub fn result(&self, id: &str) -> &Reference {
        self.results.iter().find(|result| result.id == id).unwrap_or_else(|| panic!("{}: no result {id}", self.name))
    }
}

impl Reference {
    /// A figure from a source that is no file of results: a printed table, a book.
    pub fn quoted(id: &str, package: &str, version: &str, call: &str) -> Self {
        Self {
            id: id.to_owned(),
            package: package.to_owned(),
            version: version.to_owned(),
            call: call.to_owned(),
            ..Self::default()
        }
    }

    /// The figure `path` of `values` (`"ICC2.lower"` descends into objects), with "Inf" and "-Inf" as infinities and
    /// `None` for `null` or an absent name.
    pub fn number(&self, path: &str) -> Option<f64> {
        // A name may itself hold a dot (`delta.sd`).
        if let Some(value) = self.values.get(path) {
            return number(value);
        }
        let mut value = &self.values;
        for key in path.split('.') {
            value = match value {
                Value::Array(items) => items.get(key.parse::<usize>().ok()?)?,
                _ => value.get(key)?,
            };
        }
        number(value)
    }
}

/// A JSON number, or an infinity written as a string.
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) if text == "Inf" => Some(f64::INFINITY),
        Value::String(text) if text == "-Inf" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// A small comma-separated table: first line names, no quoting except plain double quotes around a cell.
#[derive(Debug, Default, Clone)]
pub struct Csv {
    /// Column names.
    pub names: Vec<String>,
    /// Rows of cells.
    pub rows: Vec<Vec<String>>,
}

impl Csv {
    /// Parses a table.
    pub fn parse(text: &str) -> Self {
        let split = |line: &str| line.split(',').map(|cell| cell.trim().trim_matches('"').to_owned()).collect();
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let names = lines.next().map(split).unwrap_or_default();
        Self { names, rows: lines.map(split).collect() }
    }

    /// The cells of a column.
    ///
    /// # Panics
    /// There is no such column.
    pub fn text(&self, column: &str) -> Vec<&str> {
        let index = self.names.iter().position(|name| name == column).unwrap_or_else(|| panic!("no column {column}"));
        self.rows.iter().map(|row| row.get(index).map_or("", String::as_str)).collect()
    }

    /// The numbers of a column; empty cells and "NA" are `None`.
    pub fn numbers(&self, column: &str) -> Vec<Option<f64>> {
        self.text(column).iter().map(|cell| cell.parse().ok()).collect()
    }

    /// The numbers of a column without the missing ones.
    pub fn complete(&self, column: &str) -> Vec<f64> {
        self.numbers(column).into_iter().flatten().collect()
    }

    /// The rows where `column` equals `value`.
    pub fn filter(&self, column: &str, value: &str) -> Self {
        let keep = self.text(column).iter().map(|cell| *cell == value).collect::<Vec<_>>();
        let rows = self.rows.iter().zip(keep).filter(|(_, keep)| *keep).map(|(row, _)| row.clone()).collect();
        Self { names: self.names.clone(), rows }
    }
}
