//! Rows that a condition leaves out, or keeps, because it cannot read a cell: `9O` where a number is compared, `y` where the
//! condition asks for `Y`. The condition stays what it is; the rows are said.

use super::attributes::plain;
use super::coded::Coded;
use super::expr::{Condition, Literal, Operator};
use super::finding::{Finding, Severity};
use super::findings::place;
use super::masking;
use super::rows::shorten;
use super::sources::Source;
use crate::data::Table;
use std::collections::{BTreeMap, BTreeSet};

/// A cell that a comparison cannot read, and that decides about its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// Column.
    pub column: String,
    /// The cell.
    pub cell: String,
    /// The comparison as it is written.
    pub comparison: String,
    /// Whether the cell is another spelling of the text asked for; else it is no number.
    pub spelled: bool,
    /// Whether its rows meet the condition.
    pub kept: bool,
    /// The rows, by index.
    pub rows: Vec<usize>,
}

/// Rows that a finding names.
const NAMED: usize = 10;

/// The column `name`, numbers with a decimal comma written with a point where the file has them so.
pub fn coded(table: &Table, name: &str) -> Option<Coded> {
    let mut column = Coded::read(table, name)?;
    if table.provenance.decimal == ',' {
        column.levels.iter_mut().for_each(|level| *level = plain(level, true));
    }
    Some(column)
}

/// What a comparison looks like in a plan.
fn written(column: &str, operator: Operator, value: &Literal) -> String {
    let value = match value {
        Literal::Text(text) => format!("\"{text}\""),
        Literal::Number(number) => number.to_string(),
        Literal::Day(day, _) => format!("\"{day}\""),
        Literal::Missing => "missing".to_owned(),
    };
    format!("{column} {} {value}", operator.sign())
}

/// The letters and digits of a word in lower case and of the usual width.
pub fn folded(word: &str) -> String {
    word.chars().map(masking::plain).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What the cell would be that meets the comparison, where `cell` is one that it cannot read.
fn readable(cell: &str, operator: Operator, value: &Literal) -> Option<(String, bool)> {
    match value {
        Literal::Number(number) if cell.parse::<f64>().is_err() => match operator {
            Operator::Less => Some(((number - 1.0).to_string(), false)),
            Operator::Greater => Some(((number + 1.0).to_string(), false)),
            Operator::Equal | Operator::LessOrEqual | Operator::GreaterOrEqual => Some((number.to_string(), false)),
            Operator::NotEqual => None,
        },
        Literal::Text(text) if cell != text && !text.is_empty() => {
            (folded(cell) == folded(text) && !folded(text).is_empty()).then(|| (text.clone(), true))
        }
        _ => None,
    }
}

/// The cells that decide whether a row meets `condition` because it cannot read them. `levels` gives the different filled cells
/// of a column, `cell` that of a row.
pub fn doubts<'c>(
    condition: &Condition,
    rows: usize,
    levels: &dyn Fn(&str) -> Vec<String>,
    cell: &dyn Fn(usize, &str) -> Option<&'c str>,
) -> Vec<Doubt> {
    let mut found: BTreeMap<(String, String), Doubt> = BTreeMap::new();
    for (column, operator, value) in condition.comparisons() {
        let doubtful: BTreeMap<String, (String, bool)> = levels(column)
            .into_iter()
            .filter_map(|level| Some((level.trim().to_owned(), readable(level.trim(), operator, value)?)))
            .collect();
        if doubtful.is_empty() {
            continue;
        }
        for row in 0..rows {
            let Some(text) = cell(row, column).map(str::trim) else { continue };
            let Some((instead, spelled)) = doubtful.get(text) else { continue };
            let kept = condition.holds(&|name| cell(row, name));
            let other = |name: &str| if name == column { Some(instead.as_str()) } else { cell(row, name) };
            if condition.holds(&other) == kept {
                continue;
            }
            let doubt = found.entry((column.to_owned(), text.to_owned())).or_insert_with(|| Doubt {
                column: column.to_owned(),
                cell: text.to_owned(),
                comparison: written(column, operator, value),
                spelled: *spelled,
                kept,
                rows: Vec::new(),
            });
            if doubt.rows.last() != Some(&row) {
                doubt.rows.push(row);
            }
        }
    }
    found.into_values().collect()
}

/// SK038: rows of a file that a `where` of the plan leaves out, or keeps, because it cannot read a cell.
pub fn by_condition(condition: Option<&Condition>, source: &Source, key: &str) -> Vec<Finding> {
    let Some(condition) = condition else { return Vec::new() };
    let table = &source.table;
    let columns: BTreeMap<&str, Coded> =
        condition.columns().into_iter().filter_map(|name| Some((name, coded(table, name)?))).collect();
    let levels = |name: &str| columns.get(name).map(|column| column.levels.clone()).unwrap_or_default();
    let Ok(condition) = condition.in_order(&levels) else { return Vec::new() };
    let cell = |row: usize, name: &str| columns.get(name).and_then(|column| column.get(row));
    let said = |doubt: Doubt| {
        let rows: BTreeSet<usize> = doubt.rows.iter().map(|row| table.file_row(*row)).collect();
        let listed: Vec<String> = rows.iter().take(NAMED).map(usize::to_string).collect();
        let more = if rows.len() > NAMED { ", …" } else { "" };
        let many = if rows.len() == 1 { "" } else { "s" };
        let what = match doubt.spelled {
            true => format!("`{}` is another spelling of what `{}` asks for", shorten(&doubt.cell), doubt.comparison),
            false => format!("`{}` is no number, so that `{}` does not hold", shorten(&doubt.cell), doubt.comparison),
        };
        let outcome = match (doubt.kept, rows.len()) {
            (false, 1) => "is left out",
            (false, _) => "are left out",
            (true, 1) => "is kept",
            (true, _) => "are kept",
        };
        Finding {
            rule: "SK038",
            severity: Severity::Warning,
            location: place(&source.file, rows.first().copied(), Some(&doubt.column)),
            message: format!("{what}: row{many} {}{more} {outcome} ({key})", listed.join(", ")),
            remedy: "correct the cell, or name it in the condition if its rows are meant to go (or to stay)".to_owned(),
        }
    };
    doubts(&condition, table.height(), &levels, &cell).into_iter().map(said).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(condition: &str, cells: &[(&str, &str)]) -> Vec<(String, bool, Vec<usize>)> {
        let condition = Condition::parse(condition).unwrap();
        let cell = |row: usize, name: &str| match name {
            "qc" => cells.get(row).map(|cell| cell.0),
            _ => cells.get(row).map(|cell| cell.1),
        };
        let levels = |name: &str| (0..cells.len()).filter_map(|row| cell(row, name)).map(str::to_owned).collect();
        let doubts = doubts(&condition, cells.len(), &levels, &cell);
        doubts.into_iter().map(|doubt| (doubt.cell, doubt.kept, doubt.rows)).collect()
    }

    #[test]
    fn cells_that_decide_unread_are_found() {
        let cells = [("Y", "10"), ("y", "10"), ("Y", "9O"), ("N", "9O"), ("Ｙ", "95"), ("N", "5")];
        assert_eq!(found("qc == \"Y\"", &cells), [("y".to_owned(), false, vec![1]), ("Ｙ".to_owned(), false, vec![4])]);
        // The row that `qc` leaves out anyway is none of them.
        assert_eq!(found("qc == \"Y\" and days < 90", &cells)[1..], [("y".to_owned(), false, vec![1])]);
        assert_eq!(found("qc == \"Y\" and days < 90", &cells)[0], ("9O".to_owned(), false, vec![2]));
        assert_eq!(found("not (days >= 90)", &cells), [("9O".to_owned(), true, vec![2, 3])]);
        assert_eq!(found("days != 90", &cells), []);
    }
}
