//! Where in the plan's text each key and value stands, so that every finding names a line and a column.

use super::schema::Node;
use crate::trial::{Finding, Location, Severity};
use std::collections::BTreeMap;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// The text of a plan with the position of every key and value, by path such as `endpoint.0.mcid`.
pub struct Positions<'a> {
    file: &'a str,
    text: &'a str,
    keys: BTreeMap<String, Range<usize>>,
    values: BTreeMap<String, Range<usize>>,
}

impl<'a> Positions<'a> {
    /// Positions of everything in `table`, parsed from `text` of the file named `file`.
    pub fn new(file: &'a str, text: &'a str, table: &DeTable<'_>) -> Self {
        let mut positions = Self { file, text, keys: BTreeMap::new(), values: BTreeMap::new() };
        positions.add_table("", table);
        positions
    }

    fn add_table(&mut self, path: &str, table: &DeTable<'_>) {
        for (key, value) in table.iter() {
            let path = join(path, key.get_ref());
            self.keys.insert(path.clone(), key.span());
            self.values.insert(path.clone(), value.span());
            self.add_value(&path, value.get_ref());
        }
    }

    fn add_value(&mut self, path: &str, value: &DeValue<'_>) {
        match value {
            DeValue::Table(table) => self.add_table(path, table),
            DeValue::Array(array) => {
                for (index, item) in array.iter().enumerate() {
                    let inner = join(path, &index.to_string());
                    self.values.insert(inner.clone(), item.span());
                    self.add_value(&inner, item.get_ref());
                }
                // The first of several [[data]] or [[estimand]] is looked for as [data] is.
                if let ("data" | "estimand", Some(first)) = (path, array.first()) {
                    self.add_value(path, first.get_ref());
                }
            }
            _ => {}
        }
    }

    /// Whether the plan has a value at `path`.
    pub fn has(&self, path: &str) -> bool {
        self.values.contains_key(path)
    }

    /// The location of the first text value that is `text`.
    pub fn of_text(&self, text: &str) -> Option<Location> {
        let is = |span: &&Range<usize>| {
            let written = self.text.get((*span).clone()).unwrap_or_default();
            let inner = written.strip_prefix(['"', '\'']).and_then(|rest| rest.strip_suffix(['"', '\'']));
            inner == Some(text)
        };
        let span = self.values.values().filter(is).min_by_key(|span| span.start)?;
        Some(location(self.file, self.text, span.start))
    }

    /// The location of the value at `path`, else of the nearest enclosing table.
    pub fn value(&self, path: &str) -> Location {
        self.locate(path, &self.values)
    }

    /// The location of the key at `path`, else of the nearest enclosing table.
    pub fn key(&self, path: &str) -> Location {
        self.locate(path, &self.keys)
    }

    /// The location `offset` bytes into the text value at `path`, for errors inside an expression.
    pub fn inside(&self, path: &str, offset: usize) -> Location {
        match self.values.get(path) {
            // One byte for the opening quote.
            Some(span) => location(self.file, self.text, (span.start + 1 + offset).min(span.end)),
            None => self.value(path),
        }
    }

    fn locate(&self, path: &str, spans: &BTreeMap<String, Range<usize>>) -> Location {
        let mut path = path;
        loop {
            if let Some(span) = spans.get(path).or_else(|| self.values.get(path)) {
                return location(self.file, self.text, span.start);
            }
            match path.rsplit_once('.') {
                Some((parent, _)) => path = parent,
                None => return Location { file: self.file.to_owned(), row: Some(1), column: Some("1".to_owned()) },
            }
        }
    }

    /// An error finding at `location`.
    pub fn error(rule: &'static str, location: Location, message: String, remedy: String) -> Finding {
        Finding { rule, severity: Severity::Error, location, message, remedy }
    }
}

/// `path` and `key` joined with a dot.
pub fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Line and column (characters, both from 1) of the byte `offset` of `text`.
pub fn location(file: &str, text: &str, offset: usize) -> Location {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = text.get(..end).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Location { file: file.to_owned(), row: Some(line), column: Some(column.to_string()) }
}

/// The word for the type of a TOML value.
pub fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true/false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Whether a value of this TOML type can stand for a schema type.
pub fn fits(value: &DeValue<'_>, node: &Node<'_>) -> bool {
    node.types().is_empty()
        || node.types().iter().any(|kind| {
            matches!(
                (kind.as_str(), value),
                ("string", DeValue::String(_))
                    | ("integer", DeValue::Integer(_))
                    | ("number", DeValue::Integer(_) | DeValue::Float(_))
                    | ("boolean", DeValue::Boolean(_))
                    | ("array", DeValue::Array(_))
                    | ("object", DeValue::Table(_))
            )
        })
}
