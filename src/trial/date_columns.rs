//! Columns of dates: one order of day, month and year for all cells, and what is wrong with those that have another.

use super::coded::Coded;
use super::findings::{Findings, place};
use super::rows::shorten;
use crate::data::date::DateOrder;
use crate::data::table::ColumnKind;
use crate::data::{Date, Format, Table, date};
use std::collections::BTreeSet;

/// The column as dates; every cell that is none is reported. Distinct cells are read once.
pub fn dates(file: &str, table: &Table, column: &str, findings: &mut Findings) -> Vec<Option<Date>> {
    let levels = Coded::read(table, column).map(|cells| cells.levels).unwrap_or_default();
    let wrong = |row: usize, found: &str, findings: &mut Findings| {
        let (message, remedy) = not_a_date(table, &levels, found);
        findings.add("SK301", place(file, Some(row), Some(column)), message, remedy);
    };
    if table.kind(column).is_ok_and(|kind| kind == ColumnKind::Text)
        && let Some(cells) = Coded::read(table, column)
    {
        let levels: Vec<Option<String>> = cells.levels.iter().cloned().map(Some).collect();
        return match date::parse_column(&levels) {
            Ok(dates) => (0..cells.codes.len())
                .map(|row| cells.level(row).and_then(|level| dates.get(level).copied().flatten()))
                .collect(),
            Err(errors) => {
                let unread: BTreeSet<usize> = errors.into_iter().map(|(level, _)| level).collect();
                for row in 0..cells.codes.len() {
                    if cells.level(row).is_some_and(|level| unread.contains(&level)) {
                        wrong(table.file_row(row), cells.get(row).unwrap_or_default(), findings);
                    }
                }
                vec![None; table.height()]
            }
        };
    }
    match table.dates(column) {
        Ok(values) => values,
        Err(errors) => {
            for error in errors {
                wrong(error.row, &error.found, findings);
            }
            vec![None; table.height()]
        }
    }
}

/// What is wrong with a cell of a column of dates whose different cells are `levels`.
fn not_a_date(table: &Table, levels: &[String], found: &str) -> (String, &'static str) {
    let found = found.trim();
    if date::two_digit_year(found) {
        return (
            format!("`{}` has a year of two digits, which does not say its century", shorten(found)),
            "write all dates as YYYY-MM-DD (in Excel, format the cells as yyyy-mm-dd before saving as CSV)",
        );
    }
    if let Ok(20_000..60_000) = found.parse::<u32>() {
        return (
            format!("`{}` is not a date, or not in the order of the other dates", shorten(found)),
            "it looks like the serial number of a day in Excel: write all dates as YYYY-MM-DD",
        );
    }
    let iso = |cell: &&String| Date::parse(cell, DateOrder::Iso).is_some();
    let slashed = found.contains('/');
    let workbook = matches!(table.provenance.format, Format::Xlsx | Format::Xls | Format::Ods);
    if slashed && workbook && 2 * levels.iter().filter(iso).count() > levels.len() {
        return (
            format!("`{}` is text, where most cells of the column are dates of the workbook", shorten(found)),
            "make the cells dates in the workbook (Data, Text to Columns, with the order of day and month they were written in), or \
             write all dates as YYYY-MM-DD",
        );
    }
    if slashed && ambiguous(found) {
        let only = |order: DateOrder, other: DateOrder| {
            levels.iter().find(|cell| Date::parse(cell, order).is_some() && Date::parse(cell, other).is_none())
        };
        let (day, month) =
            (only(DateOrder::DaySlash, DateOrder::MonthSlash), only(DateOrder::MonthSlash, DateOrder::DaySlash));
        let told = match (day, month) {
            (Some(day), Some(month)) => {
                format!("`{}` tells day/month and `{}` tells month/day", shorten(day), shorten(month))
            }
            (Some(day), None) => {
                format!("`{}` tells day/month, and other cells are written in another way", shorten(day))
            }
            (None, Some(month)) => {
                format!("`{}` tells month/day, and other cells are written in another way", shorten(month))
            }
            (None, None) => "no cell tells which".to_owned(),
        };
        return (
            format!(
                "`{}` is a day in one order and another day in the other (day/month or month/day), and {told}",
                shorten(found)
            ),
            "write all dates as YYYY-MM-DD",
        );
    }
    (
        format!("`{}` is not a date, or not in the order of the other dates", shorten(found)),
        "write all dates as YYYY-MM-DD",
    )
}

/// Whether a text is a day both as day/month and as month/day.
fn ambiguous(cell: &str) -> bool {
    let read = |order| Date::parse(cell, order);
    match (read(DateOrder::DaySlash), read(DateOrder::MonthSlash)) {
        (Some(one), Some(other)) => one != other,
        _ => false,
    }
}
