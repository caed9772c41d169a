//! What the calculators look at in the columns they are given, as `check` does in the files of a plan: spellings that would
//! make two of one, numbers that look like codes for missing, rows that are left out.

use super::error::CliError;
use super::input::Source;
use super::terminal;
use crate::trial::rules::identity;
use crate::trial::rules::missing_codes::suspects;
use crate::trial::spelling;
use std::collections::BTreeMap;

/// Rows or patients that a message names.
const NAMED: usize = 10;

/// What two cells that are one but for their spelling have in common, and how the difference is called.
pub(super) struct Spelling {
    key: fn(&str) -> String,
    differ: fn(&str, &str) -> &'static str,
    remedy: &'static str,
}

/// Of identifiers: `7` and `007`, `EV-7` and `ev-7`.
pub(super) const IDENTIFIERS: Spelling =
    Spelling { key: identity::folded, differ: identity::spelled, remedy: identity::WRITE_ALIKE };

/// Of arms, visits and other levels: `EV` and `ev`, `Month 3` and `month3`.
pub(super) const LABELS: Spelling = Spelling {
    key: spelling::joined,
    differ: |one, other| {
        if one.to_lowercase() == other.to_lowercase() { "case" } else { "case, blanks or the form of characters" }
    },
    remedy: "write one of them throughout the column, or tell the two apart by more than this",
};

/// Refuses cells of `column` that differ in spelling only.
pub(super) fn spelled_once(
    source: &Source,
    column: &str,
    cells: &[Option<String>],
    spelling: &Spelling,
) -> Result<(), CliError> {
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for (row, cell) in cells.iter().enumerate() {
        if let Some(cell) = cell {
            known.entry(cell.trim()).or_insert(row);
        }
    }
    let mut folded: BTreeMap<String, &str> = BTreeMap::new();
    let mut by_row: Vec<(usize, &str)> = known.into_iter().map(|(cell, row)| (row, cell)).collect();
    by_row.sort_unstable();
    for (row, cell) in by_row {
        let key = (spelling.key)(cell);
        if key.is_empty() {
            continue;
        }
        if let Some(before) = folded.insert(key, cell) {
            return Err(CliError::Refused(format!(
                "{}:{}: `{before}` and `{cell}` in `{column}` differ in {} only and would be two\n  help: {}",
                source.name(),
                source.file_row(row),
                (spelling.differ)(before, cell),
                spelling.remedy
            )));
        }
    }
    Ok(())
}

/// Warns of numbers that look like codes for missing.
pub(super) fn codes_for_missing(source: &Source, column: &str, numbers: &[Option<f64>]) {
    let values: Vec<f64> = numbers.iter().flatten().copied().collect();
    for suspect in suspects(&values, None, false) {
        let row = numbers.iter().position(|cell| *cell == Some(suspect.code)).map(|row| source.file_row(row));
        terminal::say(&format!(
            "warning: {}:{}: {column} {}; give --missing {} if it means missing",
            source.name(),
            row.unwrap_or_default(),
            suspect.said,
            suspect.code
        ));
    }
}

/// Says which rows are left out, and why.
pub(super) fn rows_left_out(source: &Source, rows: &[usize], why: &str) {
    if rows.is_empty() {
        return;
    }
    let shown: Vec<String> = rows.iter().take(NAMED).map(|&row| source.file_row(row).to_string()).collect();
    let more = if rows.len() > NAMED { ", …" } else { "" };
    let (many, are) = if rows.len() == 1 { ("row", "is") } else { ("rows", "are") };
    terminal::say(&format!(
        "note: {}: {} {many} {are} left out, {why}: {many} {}{more}",
        source.name(),
        rows.len(),
        shown.join(", ")
    ));
}

/// Says which patients are left out, and why.
pub(super) fn patients_left_out(source: &Source, ids: &[&str], of: usize, why: &str) {
    if ids.is_empty() {
        return;
    }
    let shown = ids.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let more = if ids.len() > NAMED { ", …" } else { "" };
    let are = if ids.len() == 1 { "is" } else { "are" };
    terminal::say(&format!(
        "note: {}: {} of {of} pairs {are} left out, {why}: {}{more}",
        source.name(),
        ids.len(),
        terminal::visible(&shown)
    ));
}
