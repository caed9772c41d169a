//! How a file that a plan names is read, and what is said of one that cannot be.

use super::super::Plan;
use super::super::data_file::FilePlan;
use super::super::file::DataPlan;
use super::super::position::location;
use crate::data::{DataError, ReadOptions};
use crate::trial::{Finding, Location, Severity};
use std::path::{Component, Path};

/// How the file of a table of observations is read.
pub(in crate::plan) fn options(data: &DataPlan) -> ReadOptions {
    ReadOptions {
        format: data.format,
        delimiter: data.delimiter,
        decimal_comma: data.decimal_comma,
        encoding: data.encoding.clone(),
        sheet: data.sheet.clone(),
        header_row: data.header_row,
        missing: with_empty(&data.missing),
        missing_in: data.missing_in.clone(),
        identifiers: vec![data.columns.patient.clone()],
        coded: None,
        fill_down: data.fill_down.clone(),
        allow_no_rows: false,
    }
}

/// How a file beside the observations is read: as it says itself, else as the observations, but for what belongs to one
/// file (format, sheet, header row).
pub(super) fn options_beside(data: &DataPlan, file: &FilePlan, patient: &str) -> ReadOptions {
    let of_observations = options(data);
    ReadOptions {
        format: file.format,
        delimiter: file.delimiter.or(of_observations.delimiter),
        decimal_comma: file.decimal_comma.or(of_observations.decimal_comma),
        encoding: file.encoding.clone().or(of_observations.encoding),
        sheet: file.sheet.clone(),
        header_row: file.header_row.unwrap_or(1),
        missing: file.missing.as_ref().map_or(of_observations.missing, |codes| with_empty(codes)),
        missing_in: of_observations.missing_in,
        identifiers: vec![patient.to_owned()],
        coded: None,
        fill_down: file.fill_down.clone(),
        allow_no_rows: false,
    }
}

/// The missing codes; the empty cell is always one.
fn with_empty(codes: &[String]) -> Vec<String> {
    let mut codes = codes.to_vec();
    if !codes.iter().any(String::is_empty) {
        codes.push(String::new());
    }
    codes
}

/// Why a plan may not name this file, if it may not.
pub(super) fn forbidden(plan: &Plan, name: &str) -> Option<(String, &'static str)> {
    let path = Path::new(name);
    let parts = || path.components().filter(|part| *part != Component::CurDir);
    if parts().eq(Path::new(&plan.file_name).components()) {
        return Some((format!("`{name}` is the plan itself"), "name the data file"));
    }
    let outside =
        path.components().any(|part| matches!(part, Component::ParentDir | Component::RootDir | Component::Prefix(_)));
    if outside && !plan.data.outside {
        return Some((
            format!("`{name}` lies outside the plan's folder"),
            "keep the data beside the plan, or declare `outside = true` in [data]",
        ));
    }
    None
}

pub(super) fn problem_in_plan(plan: &Plan, key: &str, name: &str, (message, remedy): (String, &str)) -> Finding {
    Finding {
        rule: "SK026",
        severity: Severity::Error,
        location: named_at(plan, key, name),
        message,
        remedy: remedy.to_owned(),
    }
}

/// Where the plan names a file: the line of `key = "name"` after `[data]`.
fn named_at(plan: &Plan, key: &str, name: &str) -> Location {
    let table = if key == "file" { "[events]" } else { "[data]" };
    let start = plan.text.find(table).unwrap_or(0);
    let rest = plan.text.get(start..).unwrap_or_default();
    let mut offset = start;
    for line in rest.split_inclusive('\n') {
        let value = line.trim_start().strip_prefix(key).and_then(|rest| rest.trim_start().strip_prefix('='));
        if value.is_some_and(|value| value.contains(name)) {
            return location(&plan.file_name, &plan.text, offset);
        }
        offset += line.len();
    }
    location(&plan.file_name, &plan.text, start)
}

pub(super) fn file_finding(plan: &Plan, name: &str, key: &str, error: &DataError) -> Finding {
    let (rule, row, column) = match error {
        DataError::NotFound { .. } | DataError::NotAFile { .. } | DataError::Io { .. } => ("SK020", None, None),
        DataError::Empty { .. } => ("SK021", None, None),
        DataError::NoRows { .. } => ("SK022", Some(1), None),
        DataError::Encoding { row, .. } | DataError::Improbable { row, .. } => ("SK023", Some(*row), None),
        DataError::UnknownEncoding { .. } => ("SK023", None, None),
        DataError::Nul { row, .. }
        | DataError::OpenQuote { row, .. }
        | DataError::AfterQuote { row, .. }
        | DataError::TooManyColumns { row, .. } => ("SK024", Some(*row), None),
        DataError::SwallowedRows { opens, .. } => ("SK024", Some(*opens), None),
        DataError::Ragged { rows, .. } => ("SK024", rows.first().map(|row| row.row), None),
        DataError::DuplicateColumn { name, .. } => ("SK024", Some(1), Some(name.clone())),
        DataError::NoSuchColumn { name, .. } => ("SK025", Some(1), Some(name.clone())),
        DataError::TooLarge { row, .. } => ("SK024", *row, None),
        _ => ("SK024", None, None),
    };
    // A blank at the end hides the extension.
    let blank = name.trim() != name;
    // The message of a DataError is `path: what; remedy`.
    let text = error.to_string();
    let text = text.split_once(": ").map_or(text.as_str(), |(_, rest)| rest);
    let (message, remedy) = match text.rsplit_once("; ") {
        Some((message, remedy)) => (message.to_owned(), remedy.to_owned()),
        None => (text.to_owned(), "correct the file, and export it again".to_owned()),
    };
    let remedy = match rule {
        "SK020" => {
            let at = named_at(plan, key, name);
            let line = at.row.unwrap_or_default();
            let steered = match name.contains(char::is_control) {
                true => "; a backslash in a quoted text begins a code (`\\t` is a tab): write paths with `/`",
                false => "",
            };
            format!("{remedy}, which is relative to the plan (the plan names it in line {line}){steered}")
        }
        _ if blank => format!("take the blank at the end of the path out of the plan; {remedy}"),
        _ => remedy,
    };
    let location = Location { file: name.to_owned(), row, column };
    Finding { rule, severity: Severity::Error, location, message, remedy }
}

/// What may be meant by the name of a file that is not there: one that differs in case or blanks, an address, a home.
pub(super) fn beside(folder: &Path, name: &str) -> String {
    if name.contains("://") {
        return "; this is an address on the web: download the file, and name the copy".to_owned();
    }
    if name.starts_with('~') {
        return "; `~` is not the home folder here: write the path out".to_owned();
    }
    if name.contains(['*', '?']) {
        return "; name the one file: a pattern is not looked up".to_owned();
    }
    let full = folder.join(name);
    let (Some(parent), Some(wanted)) = (full.parent(), full.file_name()) else { return String::new() };
    let folded = |name: &str| name.trim().to_lowercase();
    let wanted = folded(&wanted.to_string_lossy());
    let near = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let names =
        near.filter(|entry| entry.path().is_file()).map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut found: Vec<String> = names.filter(|name| folded(name) == wanted).collect();
    found.sort();
    found.first().map(|name| format!("; there is `{name}`, which differs in capitals or blanks")).unwrap_or_default()
}
