//! Reading the reference cases (`tests/reference/<engine>/<case>`: `data.csv` and `expected.json`) and keeping account of
//! which of their figures a test compared.
//!
//! ```ignore
//! use crate::reference_cases::{Case, Coverage};
//!
//! let Some(case) = Case::load("r", "paired_sleep") else { return };   // tests/reference/r/paired_sleep
//! let mut coverage = Coverage::new(&case);
//! for result in &case.results {                                       // id, package, version, call, values, error
//!     match result.id.as_str() {
//!         "t.two.sided" => {
//!             coverage.close(result, "statistic", our_t, 1e-10);      // a figure of `values`, by name
//!             coverage.close_to(result, "p", expected, ours, 1e-8);   // any expected number
//!         }
//!         // Not compared, and why:
//!         "t.pingouin" => coverage.exclude(result, "intervals are rounded to two digits"),
//!         _ => {}
//!     }
//! }
//! coverage.finish();   // panics with the full list: differences, and ids neither compared nor excluded
//! ```
//!
//! `Case::beside("reference-external", "paired_shoulder")` reads a case that may not be copied into the project; it is
//! `None` (and says so on stderr) where the folder does not exist.

#![allow(dead_code, reason = "every area test uses its own part of this module")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// One reference case.
pub struct Case {
    /// Folder name.
    pub name: String,
    /// The whole of `expected.json`.
    pub document: Value,
    /// Its results, in file order.
    pub results: Vec<Reference>,
    /// `data.csv`, empty where the case has none.
    pub data: Csv,
}

/// One reference result.
pub struct Reference {
    /// Name within the case.
    pub id: String,
    /// Package that computed it, and its version.
    pub package: String,
    pub version: String,
    /// The exact call.
    pub call: String,
    /// The figures; `Null` where the package refused.
    pub values: Value,
    /// The package's refusal.
    pub error: Option<String>,
}

impl Case {
    /// `tests/reference/<engine>/<case>`; the folder must exist.
    pub fn load(engine: &str, name: &str) -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(engine).join(name);
        Some(Self::read(&folder, name))
    }

    /// A case beside the project, in `../shared/<collection>/<case>`; `None` where it does not exist.
    pub fn beside(collection: &str, name: &str) -> Option<Self> {
        let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "shared", collection, name].iter().collect();
        if !folder.join("expected.json").exists() {
            eprintln!("skipped: reference case {collection}/{name} is not present beside the project");
            return None;
        }
        Some(Self::read(&folder, name))
    }

    fn read(folder: &Path, name: &str) -> Self {
        let text = std::fs::read_to_string(folder.join("expected.json"))
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let document: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let text_of = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let results = document["results"]
            .as_array()
            .unwrap_or_else(|| panic!("{name}: no results"))
            .iter()
            .map(|entry| Reference {
                id: text_of(entry, "id"),
                package: text_of(entry, "package"),
                version: text_of(entry, "version"),
                call: text_of(entry, "call"),
                values: entry["values"].clone(),
                error: entry["error"].as_str().map(str::to_owned),
            })
            .collect();
        let data = std::fs::read_to_string(folder.join("data.csv")).map(|text| Csv::parse(&text)).unwrap_or_default();
        Self { name: name.to_owned(), document, results, data }
    }

    /// The result with this id.
    pub fn result(&self, id: &str) -> &Reference {
        self.results.iter().find(|result| result.id == id).unwrap_or_else(|| panic!("{}: no result {id}", self.name))
    }
}

impl Reference {
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

/// What a test compared, what it left out and why, and what differed.
pub struct Coverage {
    case: String,
    ids: Vec<String>,
    compared: BTreeMap<String, usize>,
    excluded: BTreeMap<String, String>,
    failures: Vec<String>,
}

impl Coverage {
    /// Nothing covered yet.
    pub fn new(case: &Case) -> Self {
        Self {
            case: case.name.clone(),
            ids: case.results.iter().map(|result| result.id.clone()).collect(),
            compared: BTreeMap::new(),
            excluded: BTreeMap::new(),
            failures: Vec::new(),
        }
    }

    /// Compares our figure with the figure `path` of the result, which must exist there, to a relative tolerance.
    pub fn close(&mut self, result: &Reference, path: &str, ours: Option<f64>, tolerance: f64) {
        match result.number(path) {
            Some(expected) => self.close_to(result, path, expected, ours, tolerance),
            None => self.failures.push(format!("{}: the reference has no figure {path}", result.id)),
        }
    }

    /// Compares our figure with an expected one to a relative tolerance (absolute where 0 is expected).
    pub fn close_to(&mut self, result: &Reference, what: &str, expected: f64, ours: Option<f64>, tolerance: f64) {
        self.within(result, what, expected, ours, tolerance, tolerance);
    }

    /// As [`Self::close_to`] with an absolute tolerance beside the relative one, for figures that are differences of
    /// larger ones; either suffices.
    pub fn within(
        &mut self,
        result: &Reference,
        what: &str,
        expected: f64,
        ours: Option<f64>,
        relative: f64,
        absolute_at_zero: f64,
    ) {
        *self.compared.entry(result.id.clone()).or_default() += 1;
        let agrees = ours.is_some_and(|ours| {
            ours == expected
                || (ours - expected).abs() <= relative * expected.abs()
                || (expected == 0.0 && ours.abs() <= absolute_at_zero)
        });
        if !agrees {
            let error = ours.map_or(f64::NAN, |ours| ((ours - expected) / expected).abs());
            self.failures.push(format!("{}: {what}: expected {expected:?}, got {ours:?} ({error:.1e})", result.id));
        }
    }

    /// Records a comparison that is not of numbers (a refusal, a word): `agrees` says how it went.
    pub fn check(&mut self, result: &Reference, what: &str, agrees: bool) {
        *self.compared.entry(result.id.clone()).or_default() += 1;
        if !agrees {
            self.failures.push(format!("{}: {what}", result.id));
        }
    }

    /// Leaves a result out, with the reason.
    pub fn exclude(&mut self, result: &Reference, reason: &str) {
        self.excluded.insert(result.id.clone(), reason.to_owned());
    }

    /// Number of figures compared so far.
    pub fn figures(&self) -> usize {
        self.compared.values().sum()
    }

    /// Fails with the whole list if a figure differed or an id was neither compared nor left out with a reason.
    pub fn finish(self) {
        let forgotten: Vec<&String> =
            self.ids.iter().filter(|id| !self.compared.contains_key(*id) && !self.excluded.contains_key(*id)).collect();
        let mut report = String::new();
        for failure in &self.failures {
            let _ = writeln!(report, "  {failure}");
        }
        for id in forgotten {
            let _ = writeln!(report, "  {id}: neither compared nor left out with a reason");
        }
        assert!(report.is_empty(), "{}: {} figures compared, but\n{report}", self.case, self.figures());
    }
}

/// A small comma-separated table: first line names, no quoting except plain double quotes around a cell.
#[derive(Default, Clone)]
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
    pub fn text(&self, column: &str) -> Vec<&str> {
        let index = self.names.iter().position(|name| name == column).unwrap_or_else(|| panic!("no column {column}"));
        self.rows.iter().map(|row| row.get(index).map_or("", String::as_str)).collect()
    }

    /// The numbers of a column; empty cells and "NA" are `None`.
    pub fn numbers(&self, column: &str) -> Vec<Option<f64>> {
        self.text(column).iter().map(|cell| cell.parse().ok()).collect()
    }

    /// The rows where `column` equals `value`.
    pub fn filter(&self, column: &str, value: &str) -> Self {
        let keep = self.text(column).iter().map(|cell| *cell == value).collect::<Vec<_>>();
        let rows = self.rows.iter().zip(keep).filter(|(_, keep)| *keep).map(|(row, _)| row.clone()).collect();
        Self { names: self.names.clone(), rows }
    }
}
