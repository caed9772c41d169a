//! Two result sets side by side, as double programming asks: what one has and the other has not, and which numbers
//! differ by more than a tolerance.

use crate::disk::read;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Fields about a result that are no results: words, and how near to the optimum an optimiser stopped (rounding noise).
/// Two programs, or one program on reordered rows, need not have the same.
const WORDS: [&str; 5] = ["notes", "reference", "certificate", "gradient_max", "largest_disagreement"];

/// Longest file, in bytes.
const MAX_BYTES: u64 = 128 << 20;

/// Most values of a file.
const MAX_VALUES: usize = 4_000_000;

/// What to do about a file that cannot be read.
fn remedy(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::NotFound => "name a results.json, or the folder that a run wrote",
        _ => crate::disk::remedy::of(error),
    }
}

/// A result set that cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// The file cannot be read.
    #[error("{path}: {source}\n  help: {remedy}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What to do about it.
        remedy: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The file is not JSON.
    #[error("{path}: this is not JSON: {source}")]
    NotJson {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// The document has no list of results with identifiers.
    #[error("{path}: {problem}\n  help: name a results.json that `splitknee run` wrote, or one of the same layout")]
    NotResults {
        /// The file.
        path: PathBuf,
        /// What is missing.
        problem: String,
    },
}

/// One result set: its records by identifier.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultSet {
    records: BTreeMap<String, Map<String, Value>>,
}

impl ResultSet {
    /// Reads `path`, a `results.json` or a folder that holds one.
    ///
    /// # Errors
    /// The file cannot be read, or is no result set.
    pub fn read(path: &Path) -> Result<Self, CompareError> {
        let path = if path.is_dir() { path.join("results.json") } else { path.to_path_buf() };
        let text = read::text(&path, MAX_BYTES).map_err(|source| CompareError::Unreadable {
            path: path.clone(),
            remedy: remedy(&source),
            source,
        })?;
        Self::parse(&text, &path)
    }

    /// Reads the text of a result set; `path` is its place in messages.
    ///
    /// # Errors
    /// As [`ResultSet::read`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, CompareError> {
        let path = path.to_path_buf();
        // Counted before it is read as JSON: a list of nothing but commas takes twenty times its length in memory.
        let values = text.bytes().filter(|byte| matches!(byte, b',' | b':' | b'[' | b'{')).count();
        if values > MAX_VALUES {
            let problem = format!("it has {values} values, more than the limit of {MAX_VALUES}");
            return Err(CompareError::NotResults { path, problem });
        }
        let document: Value =
            serde_json::from_str(text).map_err(|source| CompareError::NotJson { path: path.clone(), source })?;
        Self::of(&document).map_err(|problem| CompareError::NotResults { path, problem })
    }

    /// The result set of a document with a list `results` of objects that have an `id`.
    ///
    /// # Errors
    /// There is no such list, a record has no identifier, or two have the same.
    pub fn of(document: &Value) -> Result<Self, String> {
        let list = document.get("results").and_then(Value::as_array).ok_or("there is no list `results`")?;
        if list.is_empty() {
            return Err("the list `results` is empty: there is nothing to compare".to_owned());
        }
        let mut records = BTreeMap::new();
        for (position, record) in list.iter().enumerate() {
            let fields = record.as_object().ok_or_else(|| format!("result {} is not an object", position + 1))?;
            let id = fields
                .get("id")
                .and_then(Value::as_str)
                .ok_or_else(|| format!("result {} has no `id`", position + 1))?
                .to_owned();
            if records.contains_key(&id) {
                return Err(format!("two results have the id `{id}`"));
            }
            records.insert(id, fields.clone());
        }
        Ok(Self { records })
    }

    /// Number of results.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no result.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Identifier of the result.
    pub id: String,
    /// Path of the field within it, for instance `estimate` or `effects.0.f`.
    pub field: String,
    /// The value in the first set; `null` where it has none.
    pub first: Value,
    /// The value in the second set; `null` where it has none.
    pub second: Value,
    /// Difference relative to the larger absolute value, for two numbers.
    pub relative: Option<f64>,
}

/// What kind of change a difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Another conclusion.
    Conclusion,
    /// Another estimate or standard error.
    Estimate,
    /// Other limits.
    Interval,
    /// Another p-value.
    P,
    /// Other numbers of patients, knees or rows.
    Count,
    /// Another method, set or setting, in words.
    Words,
    /// Any other number.
    Other,
}

/// Fields that are p-values beside those whose name begins with `p_value`.
const P_VALUES: [&str; 19] = [
    "p",
    "p_adjusted",
    "p_asymptotic",
    "p_edgeworth",
    "p_exact",
    "p_gg",
    "p_greater",
    "p_hf",
    "p_interaction",
    "p_less",
    "p_lower",
    "p_mid",
    "p_one_sided",
    "p_repeated",
    "p_stagewise",
    "p_tost",
    "p_two_sided",
    "p_unc",
    "p_upper",
];

impl Change {
    /// Every kind, the weightiest first.
    pub const ALL: [Self; 7] =
        [Self::Conclusion, Self::Estimate, Self::Interval, Self::P, Self::Count, Self::Words, Self::Other];

    /// The kind in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Conclusion => "conclusions",
            Self::Estimate => "estimates and standard errors",
            Self::Interval => "limits of intervals",
            Self::P => "p-values",
            Self::Count => "numbers of patients, sites and rows",
            Self::Words => "methods and settings",
            Self::Other => "other numbers",
        }
    }
}

impl Difference {
    /// What kind of change this is, by the name of its field.
    pub fn change(&self) -> Change {
        let last = self.field.rsplit('.').find(|part| part.parse::<usize>().is_err()).unwrap_or(&self.field);
        let first = self.field.split('.').next().unwrap_or(&self.field);
        match (first, last) {
            (_, "estimate" | "std_error") => Change::Estimate,
            (_, name) if name.ends_with("_low") || name.ends_with("_high") => Change::Interval,
            // The rest that begin so are shares and probabilities of the arms.
            (_, name) if P_VALUES.contains(&name) || name.starts_with("p_value") => Change::P,
            ("conclusion" | "importance" | "verdict", _) => Change::Conclusion,
            ("rows", _) => Change::Count,
            (_, name) if name == "n" || name.starts_with("n_") => Change::Count,
            _ if self.first.is_string() || self.second.is_string() => Change::Words,
            _ => Change::Other,
        }
    }
}

/// One result in both sets, as a reader sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Beside {
    /// Identifier of the result.
    pub id: String,
    /// In the first set; `null` where it is not in it.
    pub first: Option<Seen>,
    /// In the second set.
    pub second: Option<Seen>,
}

/// What a reader sees of a result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Seen {
    /// Endpoint, visit and method.
    pub name: String,
    /// Estimate.
    pub estimate: Option<f64>,
    /// Lower limit.
    pub conf_low: Option<f64>,
    /// Upper limit.
    pub conf_high: Option<f64>,
    /// p-value.
    pub p_value: Option<f64>,
    /// Conclusion.
    pub conclusion: Option<String>,
}

impl Seen {
    fn of(fields: &Map<String, Value>) -> Self {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        let number = |name: &str| fields.get(name).and_then(Value::as_f64);
        let name: Vec<String> = ["endpoint", "visit", "method"].into_iter().filter_map(text).collect();
        Self {
            name: name.join(", "),
            estimate: number("estimate"),
            conf_low: number("conf_low"),
            conf_high: number("conf_high"),
            p_value: number("p_value"),
            conclusion: text("conclusion"),
        }
    }
}

/// What differs between two result sets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Largest relative difference that counts as equal.
    pub tolerance: f64,
    /// Largest absolute difference that counts as equal whatever the relative one.
    pub absolute: f64,
    /// The results that decide the trial, in either set.
    pub primary: Vec<Beside>,
    /// Results whose conclusion differs.
    pub conclusions: Vec<Beside>,
    /// Conclusions in both sets.
    pub n_conclusions: usize,
    /// Results in both sets.
    pub n_common: usize,
    /// Pairs of numbers compared.
    pub n_numbers: usize,
    /// Largest relative difference of the pairs of numbers that differ by more than `absolute`.
    pub largest: f64,
    /// Identifiers that only the first set has.
    pub missing: Vec<String>,
    /// Identifiers that only the second set has.
    pub extra: Vec<String>,
    /// Fields that differ: other words, or numbers beyond the tolerance.
    pub differences: Vec<Difference>,
}

impl Comparison {
    /// Whether nothing differs.
    pub fn is_equal(&self) -> bool {
        self.missing.is_empty() && self.extra.is_empty() && self.differences.is_empty()
    }
}

/// Compares two result sets. Numbers are equal when they differ by at most `tolerance` relative to the larger absolute
/// value, or by at most `absolute`; all else must be the same. Notes and references are words, and not compared; nor is the
/// rounding noise in which an optimiser stops (`certificate`, `gradient_max`, `largest_disagreement`).
///
/// ```
/// use serde_json::json;
/// use splitknee::report::compare::{ResultSet, compare};
/// let first = ResultSet::of(&json!({"results": [{"id": "vas.m6", "estimate": -3.5}]})).unwrap();
/// let second = ResultSet::of(&json!({"results": [{"id": "vas.m6", "estimate": -3.5000001}]})).unwrap();
/// assert!(compare(&first, &second, 1e-6, 0.0).is_equal());
/// assert_eq!(compare(&first, &second, 1e-9, 0.0).differences[0].field, "estimate");
/// ```
pub fn compare(first: &ResultSet, second: &ResultSet, tolerance: f64, absolute: f64) -> Comparison {
    let only = |a: &ResultSet, b: &ResultSet| {
        a.records.keys().filter(|id| !b.records.contains_key(*id)).cloned().collect::<Vec<_>>()
    };
    let mut comparison = Comparison {
        tolerance,
        absolute,
        primary: Vec::new(),
        conclusions: Vec::new(),
        n_conclusions: 0,
        n_common: 0,
        n_numbers: 0,
        largest: 0.0,
        missing: only(first, second),
        extra: only(second, first),
        differences: Vec::new(),
    };
    for (id, fields) in &first.records {
        let Some(others) = second.records.get(id) else { continue };
        comparison.n_common += 1;
        comparison.objects(id, "", fields, others);
    }
    comparison.lead(first, second);
    comparison
}

impl Comparison {
    /// The primary results, and the conclusions that differ.
    fn lead(&mut self, first: &ResultSet, second: &ResultSet) {
        let ids: std::collections::BTreeSet<&String> = first.records.keys().chain(second.records.keys()).collect();
        for id in ids {
            let records = [first.records.get(id), second.records.get(id)];
            let [a, b] = records.map(|record| record.map(Seen::of));
            let role = |wanted: &str| {
                records.iter().flatten().any(|record| record.get("role").and_then(Value::as_str) == Some(wanted))
            };
            let concluded = |seen: &Option<Seen>| seen.as_ref().and_then(|seen| seen.conclusion.clone());
            let (before, after) = (concluded(&a), concluded(&b));
            // What only describes concludes nothing in either set.
            let concludes =
                [&before, &after].iter().any(|word| word.as_deref().is_some_and(|word| word != "not-assessed"));
            let in_both = a.is_some() && b.is_some() && concludes;
            self.n_conclusions += usize::from(in_both);
            let beside = Beside { id: id.clone(), first: a, second: b };
            if in_both && before != after {
                self.conclusions.push(beside.clone());
            }
            if role("primary") {
                self.primary.push(beside);
            }
        }
    }

    fn objects(&mut self, id: &str, path: &str, first: &Map<String, Value>, second: &Map<String, Value>) {
        let names = first.keys().chain(second.keys().filter(|name| !first.contains_key(*name)));
        for name in names.filter(|name| !WORDS.contains(&name.as_str())) {
            let absent = Value::Null;
            let (a, b) = (first.get(name).unwrap_or(&absent), second.get(name).unwrap_or(&absent));
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            self.values(id, &path, a, b);
        }
    }

    fn values(&mut self, id: &str, path: &str, first: &Value, second: &Value) {
        match (first, second) {
            (Value::Object(a), Value::Object(b)) => self.objects(id, path, a, b),
            (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
                for (index, (a, b)) in a.iter().zip(b).enumerate() {
                    self.values(id, &format!("{path}.{index}"), a, b);
                }
            }
            (Value::Number(a), Value::Number(b)) => {
                let (a, b) = (a.as_f64().unwrap_or(0.0), b.as_f64().unwrap_or(0.0));
                let scale = a.abs().max(b.abs());
                let relative = if scale > 0.0 { (a - b).abs() / scale } else { 0.0 };
                self.n_numbers += 1;
                if (a - b).abs() <= self.absolute {
                    return;
                }
                self.largest = self.largest.max(relative);
                if relative > self.tolerance {
                    self.add(id, path, first, second, Some(relative));
                }
            }
            (a, b) if a == b => {}
            _ => self.add(id, path, first, second, None),
        }
    }

    fn add(&mut self, id: &str, path: &str, first: &Value, second: &Value, relative: Option<f64>) {
        self.differences.push(Difference {
            id: id.to_owned(),
            field: path.to_owned(),
            first: first.clone(),
            second: second.clone(),
            relative,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn set(results: Value) -> ResultSet {
        ResultSet::of(&json!({ "results": results })).unwrap()
    }

    #[test]
    fn missing_extra_and_beyond_tolerance_are_told_apart() {
        let first = set(json!([
            {"id": "a", "estimate": 1.0, "conclusion": "inconclusive", "rows": {"in": 10}, "notes": ["x"]},
            {"id": "b", "estimate": 2.0},
        ]));
        let second = set(json!([
            {"id": "a", "estimate": 1.0 + 1e-7, "conclusion": "superior", "rows": {"in": 9}, "notes": ["y"], "df": null},
            {"id": "c", "estimate": 2.0},
        ]));
        let found = compare(&first, &second, 1e-6, 0.0);
        assert_eq!((found.missing.as_slice(), found.extra.as_slice()), (&["b".to_owned()][..], &["c".to_owned()][..]));
        let fields: Vec<&str> = found.differences.iter().map(|difference| difference.field.as_str()).collect();
        assert_eq!(fields, ["conclusion", "rows.in"]);
        assert!((found.differences[1].relative.unwrap() - 0.1).abs() < 1e-15);
        assert_eq!(compare(&first, &second, 1e-9, 0.0).differences.len(), 3);
        assert!(compare(&first, &first, 0.0, 0.0).is_equal());
    }

    #[test]
    fn the_primary_result_and_the_conclusions_lead() {
        let record = |estimate: f64, conclusion: &str| {
            json!({"id": "v", "role": "primary", "endpoint": "VAS", "method": "paired-t", "estimate": estimate, "n_pairs": 9,
                   "conclusion": conclusion, "verdict": {"p_value": estimate / 100.0}})
        };
        let found =
            compare(&set(json!([record(1.0, "superior")])), &set(json!([record(2.0, "inconclusive")])), 1e-9, 0.0);
        assert_eq!((found.primary.len(), found.conclusions.len(), found.n_conclusions), (1, 1, 1));
        assert_eq!(found.primary[0].first.as_ref().and_then(|seen| seen.estimate), Some(1.0));
        let mut kinds: Vec<Change> = found.differences.iter().map(Difference::change).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, [Change::Conclusion, Change::Estimate, Change::P]);
        let gone = compare(&set(json!([record(1.0, "superior")])), &set(json!([{"id": "other"}])), 1e-9, 0.0);
        assert!(gone.primary[0].second.is_none() && gone.conclusions.is_empty());
    }

    #[test]
    fn a_value_that_one_set_does_not_have_is_a_difference() {
        let found =
            compare(&set(json!([{"id": "a", "p_value": 0.5}])), &set(json!([{"id": "a", "p_value": null}])), 1.0, 0.0);
        assert_eq!(found.differences[0].second, Value::Null);
        // How near to the optimum an optimiser stopped is no result.
        let stopped =
            |gradient: f64| set(json!([{"id": "a", "fit": {"gradient_max": gradient, "certificate": gradient}}]));
        assert!(compare(&stopped(2.6e-14), &stopped(2.7e-14), 1e-6, 0.0).is_equal());
        let found = compare(&set(json!([{"id": "a", "d": [1, 2]}])), &set(json!([{"id": "a", "d": [1]}])), 1.0, 0.0);
        assert_eq!(found.differences.len(), 1);
    }

    #[test]
    fn what_is_no_result_set_is_refused() {
        assert!(ResultSet::of(&json!({})).is_err());
        assert!(ResultSet::of(&json!({"results": [{"estimate": 1}]})).is_err());
        assert!(ResultSet::of(&json!({"results": [{"id": "a"}, {"id": "a"}]})).unwrap_err().contains("two results"));
        let error = ResultSet::read(Path::new("no/such/results.json")).unwrap_err();
        assert!(error.to_string().contains("help:"));
    }
}
