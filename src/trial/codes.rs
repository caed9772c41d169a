//! Codes of the data and the labels that the plan gives them: arms, visits, sides, grades, yes and no.
//!
//! Labels take the place of codes as soon as a file is read, so that nothing past this page knows a code. A cell is, in this
//! order, the label itself; a code as it is written; a code as a number (`1.0` is `1`); a code in another case (`TRUE` is
//! `true`) where one code only fits. A number of SPSS or Stata whose file has labels of values is known by either; where
//! its label in the file says one thing and its code in the plan another, it is refused.

use super::coded::Coded;
use super::design::{Endpoint, Kind};
use super::side::yes_or_no;
use crate::data::{CellError, CellReason, Table};
use serde::Serialize;

/// The codes of one label.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Code {
    /// In the data; empty where the data have the label.
    pub codes: Vec<String>,
    /// In print.
    pub label: String,
}

/// One level of a grade or of a yes/no answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Level {
    /// In the data.
    pub codes: Vec<String>,
    /// In print; the usual word for yes or no where empty.
    pub label: String,
    /// The number it is analysed as.
    pub value: f64,
}

/// What the plan says of the codes in all its files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Codes {
    /// Arms.
    pub arms: Vec<Code>,
    /// Visits.
    pub visits: Vec<Code>,
    /// Sides.
    pub sides: Vec<Code>,
    /// Severities of events.
    pub severities: Vec<Code>,
    /// Yes and no in the flags of events.
    pub flags: Vec<Code>,
}

impl Codes {
    /// Whether some entry has a code.
    fn any(codes: &[Code]) -> bool {
        codes.iter().any(|code| !code.codes.is_empty())
    }
}

/// The place among `names` (label and codes) that a cell means.
fn place_of<'n>(names: impl Iterator<Item = (&'n str, &'n [String])> + Clone, cell: &str) -> Option<usize> {
    let number = cell.parse::<f64>().ok();
    let lower = cell.to_lowercase();
    let same_number = |code: &String| number.is_some() && code.parse::<f64>().ok() == number;
    names
        .clone()
        .position(|(label, _)| !label.is_empty() && label == cell)
        .or_else(|| names.clone().position(|(_, codes)| codes.iter().any(|code| code == cell)))
        .or_else(|| names.clone().position(|(_, codes)| codes.iter().any(same_number)))
        .or_else(|| {
            let fits = |(_, codes): &(&str, &[String])| codes.iter().any(|code| code.to_lowercase() == lower);
            let mut fitting = names.clone().enumerate().filter(|(_, name)| fits(name));
            let first = fitting.next()?;
            fitting.next().is_none().then_some(first.0)
        })
        .or_else(|| {
            // Typed files have 1 and 0 for true and false.
            let truth = truth(cell)?;
            names.clone().position(|(_, codes)| codes.iter().any(|code| self::truth(code) == Some(truth)))
        })
}

fn truth(cell: &str) -> Option<bool> {
    match cell.to_lowercase().as_str() {
        "true" | "1" | "1.0" => Some(true),
        "false" | "0" | "0.0" => Some(false),
        _ => None,
    }
}

/// Labels with their codes, for messages.
pub fn listed(codes: &[Code]) -> String {
    let one = |code: &Code| match code.codes.is_empty() {
        true => code.label.clone(),
        false => format!("{} (`{}`)", code.label, code.codes.join("`, `")),
    };
    codes.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The code that a cell means.
pub fn find<'c>(codes: &'c [Code], cell: &str) -> Option<&'c Code> {
    let place = place_of(codes.iter().map(|code| (code.label.as_str(), code.codes.as_slice())), cell)?;
    codes.get(place)
}

/// A number that the file calls one thing and the plan another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwoReadings {
    /// Column.
    pub column: String,
    /// The number.
    pub code: String,
    /// Its label in the file.
    pub label: String,
    /// What the plan calls that label.
    pub by_label: String,
    /// What the plan calls the number.
    pub by_code: String,
}

impl TwoReadings {
    /// What is wrong, and what to do.
    pub fn said(&self) -> (String, String) {
        let Self { code, label, by_label, by_code, .. } = self;
        let message = format!(
            "the file labels {code} as `{label}`, which is `{by_label}` in the plan; the plan says that {code} is `{by_code}`"
        );
        let remedy = format!(
            "one of the two is wrong: correct the code of `{by_code}` in the plan, or the labels of values in the file"
        );
        (message, remedy)
    }
}

/// The numbers of the column `name` whose label in the file and whose code in the plan mean two things; `place` finds the
/// place of a cell among the names that `name_of` gives.
fn two_readings(
    table: &Table,
    name: &str,
    levels: &[String],
    place: &dyn Fn(&str) -> Option<usize>,
    name_of: &dyn Fn(usize) -> String,
) -> Vec<TwoReadings> {
    let differ = |label: &String| {
        let code = table.code_of_label(name, label)?;
        let (by_label, by_code) = (place(label)?, place(&code)?);
        (by_label != by_code).then(|| TwoReadings {
            column: name.to_owned(),
            code,
            label: label.clone(),
            by_label: name_of(by_label),
            by_code: name_of(by_code),
        })
    };
    levels.iter().filter_map(differ).collect()
}

/// As [`TwoReadings`], of the levels of an endpoint.
pub fn levels_read_twice(endpoint: &Endpoint, table: &Table, name: &str) -> Vec<TwoReadings> {
    let Some(column) = Coded::read(table, name).filter(|_| !endpoint.levels.is_empty()) else { return Vec::new() };
    let names = || endpoint.levels.iter().map(|level| (level.label.as_str(), level.codes.as_slice()));
    let name_of = |place: usize| {
        let level = endpoint.levels.get(place);
        level.map_or_else(String::new, |level| {
            if level.label.is_empty() { level.codes.join(", ") } else { level.label.clone() }
        })
    };
    two_readings(table, name, &column.levels, &|cell| place_of(names(), cell), &name_of)
}

/// Puts labels in the place of codes in the column `name`; cells that mean none of them stay as they are. The answer are
/// the numbers that the file and the plan read differently.
pub fn write_labels(table: &mut Table, name: &str, codes: &[Code]) -> Vec<TwoReadings> {
    if !Codes::any(codes) {
        return Vec::new();
    }
    let Some(column) = Coded::read(table, name) else { return Vec::new() };
    let names = || codes.iter().map(|code| (code.label.as_str(), code.codes.as_slice()));
    let name_of = |place: usize| codes.get(place).map(|code| code.label.clone()).unwrap_or_default();
    let twice = two_readings(table, name, &column.levels, &|cell| place_of(names(), cell), &name_of);
    let meaning = |level: &String| {
        let found = find(codes, level).or_else(|| find(codes, &table.code_of_label(name, level)?));
        found.map_or_else(|| level.clone(), |code| code.label.clone())
    };
    let labels: Vec<String> = column.levels.iter().map(meaning).collect();
    if labels == column.levels && !table.info(name).is_some_and(|info| info.labelled) {
        return twice;
    }
    let cell = |row: usize| column.level(row).and_then(|level| labels.get(level)).cloned();
    table.set_text(name, (0..column.codes.len()).map(cell).collect());
    twice
}

/// The column `name` as the values of an endpoint: numbers; of a grade or answer with declared levels the numbers of its
/// levels; of a yes/no endpoint without levels also the usual words for yes (1) and no (0).
///
/// # Errors
/// Every cell that is none of these.
pub fn values(endpoint: &Endpoint, table: &Table, name: &str) -> Result<Vec<Option<f64>>, Vec<CellError>> {
    let words = |endpoint: &Endpoint, cell: &str| match endpoint.levels.is_empty() {
        true => yes_or_no(cell).map(|yes| f64::from(u8::from(yes))),
        false => {
            let names = endpoint.levels.iter().map(|level| (level.label.as_str(), level.codes.as_slice()));
            place_of(names, cell).and_then(|place| endpoint.levels.get(place)).map(|level| level.value)
        }
    };
    let labelled = table.info(name).is_some_and(|info| info.labelled);
    if endpoint.levels.is_empty() && !(endpoint.kind == Kind::Binary && labelled) {
        let numbers = table.numbers(name);
        match numbers {
            Err(errors) if endpoint.kind == Kind::Binary && errors.iter().all(is_word) => {}
            other => return other,
        }
    }
    if !table.unread(name).is_empty() {
        return table.numbers(name);
    }
    let Some(column) = Coded::read(table, name) else { return table.numbers(name) };
    let meaning: Vec<Option<f64>> = column
        .levels
        .iter()
        .map(|level| words(endpoint, level).or_else(|| words(endpoint, &table.code_of_label(name, level)?)))
        .collect();
    let twice = levels_read_twice(endpoint, table, name);
    let mut errors = Vec::new();
    let mut values = Vec::with_capacity(column.codes.len());
    for row in 0..column.codes.len() {
        let level = column.level(row);
        let read_twice = |level: usize| {
            let label = column.levels.get(level);
            twice.iter().any(|reading| Some(&reading.label) == label)
        };
        let level_read_once = level.filter(|level| !read_twice(*level));
        let value = level_read_once.and_then(|level| meaning.get(level).copied().flatten());
        if let (Some(_), None) = (level, value) {
            let found = column.get(row).unwrap_or_default().to_owned();
            let (row, column) = (table.file_row(row), name.to_owned());
            errors.push(CellError { row, column, found, reason: CellReason::NotANumber });
        }
        values.push(value);
    }
    if errors.is_empty() { Ok(values) } else { Err(errors) }
}

fn is_word(error: &CellError) -> bool {
    matches!(error.reason, CellReason::NotANumber)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes() -> Vec<Code> {
        [("1", "EV"), ("0", "生理食塩水"), ("TRUE", "Yes")]
            .map(|(code, label)| Code { codes: vec![code.to_owned()], label: label.to_owned() })
            .to_vec()
    }

    #[test]
    fn a_cell_is_a_label_a_code_a_number_or_a_code_in_another_case() {
        let codes = codes();
        let label = |cell: &str| find(&codes, cell).map(|code| code.label.as_str());
        assert_eq!(label("EV"), Some("EV"));
        assert_eq!(label("1"), Some("EV"));
        assert_eq!(label("0.0"), Some("生理食塩水"));
        assert_eq!(label("true"), Some("Yes"));
        assert_eq!(label("2"), None);
        let truth = [("true", "Yes"), ("false", "No")]
            .map(|(code, label)| Code { codes: vec![code.to_owned()], label: label.to_owned() });
        assert_eq!(find(&truth, "0").map(|code| code.label.as_str()), Some("No"));
        assert_eq!(listed(&truth), "Yes (`true`), No (`false`)");
    }

    #[test]
    fn a_code_in_two_cases_is_none_of_them() {
        let two = ["a", "A"].map(|code| Code { codes: vec![code.to_owned()], label: format!("arm {code}") });
        assert_eq!(find(&two, "A").map(|code| code.label.as_str()), Some("arm A"));
        let words = ["Ab", "aB"].map(|code| Code { codes: vec![code.to_owned()], label: format!("arm {code}") });
        assert_eq!(find(&words, "AB"), None);
    }
}
