//! Rows that are no data: a header that is repeated, a second line of it with units, cells that are shifted into the next
//! column. Each is one finding that names the cause, in the place of one for every cell.

use super::finding::{Finding, Severity};
use super::findings::place;
use super::sources::Sources;
use crate::data::Table;
use std::collections::{BTreeMap, BTreeSet};

/// Rules about one cell of a row.
const OF_CELLS: [&str; 8] = ["SK201", "SK202", "SK203", "SK204", "SK301", "SK601", "SK602", "SK604"];

/// Columns that must not fit before the row is taken for no row.
const FEWEST: usize = 3;

/// The findings, those about the cells of a row that fits nowhere as one.
pub fn by_row(sources: &Sources, findings: Vec<Finding>) -> Vec<Finding> {
    let mut columns: BTreeMap<(String, usize), BTreeSet<String>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| about_cell(finding)) {
        if let (Some(row), Some(column)) = (finding.location.row, &finding.location.column) {
            columns.entry((finding.location.file.clone(), row)).or_default().insert(column.clone());
        }
    }
    let tables: BTreeMap<&str, &Table> = sources.tables().into_iter().collect();
    let mut folded: Vec<Finding> = Vec::new();
    let mut rows: BTreeSet<(String, usize)> = BTreeSet::new();
    let mut headers: BTreeSet<String> = BTreeSet::new();
    for ((file, row), wrong) in &columns {
        let Some(table) = tables.get(file.as_str()) else { continue };
        let Some(at) = (0..table.height()).find(|at| table.file_row(*at) == *row) else { continue };
        let line = Line::read(table, at);
        let repeats = line.repeats_header(wrong);
        if wrong.len() < FEWEST && !repeats {
            continue;
        }
        if repeats {
            headers.insert(file.clone());
        }
        let (message, remedy) = line.explained(table, at, wrong, repeats);
        let location = place(file, Some(*row), None);
        folded.push(Finding { rule: "SK036", severity: Severity::Error, location, message, remedy });
        rows.insert((file.clone(), *row));
    }
    if rows.is_empty() {
        return findings;
    }
    let of_row = |finding: &Finding| {
        let at = &finding.location;
        let own = at.row.is_some_and(|row| rows.contains(&(at.file.clone(), row)));
        // Of a label that the rows of a repeated header alone have, the first row stands for all.
        let name = at.column.as_ref().filter(|_| headers.contains(&at.file));
        own || name.is_some_and(|name| finding.message.contains(&format!("`{name}`")) && about_cell(finding))
    };
    folded.extend(findings.into_iter().filter(|finding| !(about_cell(finding) && of_row(finding))));
    folded
}

/// Whether a finding is about one cell. One of a label that other rows have too is not.
fn about_cell(finding: &Finding) -> bool {
    let label = matches!(finding.rule, "SK601" | "SK602");
    OF_CELLS.contains(&finding.rule)
        && finding.severity == Severity::Error
        && (!label || finding.message.contains(" in 1 row") || finding.message.contains(" in 2 rows"))
}

/// The cells of a row by column, as text.
struct Line {
    names: Vec<String>,
    cells: Vec<Option<String>>,
}

impl Line {
    fn read(table: &Table, row: usize) -> Self {
        let names = table.column_names();
        let cell = |name: &String| table.text(name).ok().and_then(|cells| cells.get(row).cloned().flatten());
        Self { cells: names.iter().map(cell).collect(), names }
    }

    /// Whether the cells are the names of their columns.
    fn repeats_header(&self, wrong: &BTreeSet<String>) -> bool {
        let filled = self.cells.iter().flatten().count();
        let same = |(name, cell): &(&String, &Option<String>)| {
            cell.as_ref().is_some_and(|cell| cell.trim().eq_ignore_ascii_case(name.trim()))
        };
        let equal = self.names.iter().zip(&self.cells).filter(same).count();
        !wrong.is_empty() && equal >= 2 && 2 * equal >= filled
    }

    /// By how many columns the cells are shifted: the shift under which most of them are cells that other rows have there.
    fn shifted(&self, table: &Table, row: usize) -> Option<isize> {
        let columns: Vec<BTreeSet<String>> = self
            .names
            .iter()
            .map(|name| {
                let cells = table.text(name).unwrap_or_default();
                cells.into_iter().enumerate().filter(|(at, _)| *at != row).filter_map(|(_, cell)| cell).collect()
            })
            .collect();
        let fitting = |shift: isize| {
            let fits = |(at, cell): &(usize, &Option<String>)| {
                let there = at.checked_add_signed(shift).and_then(|there| columns.get(there));
                cell.as_ref().zip(there).is_some_and(|(cell, known)| known.contains(cell))
            };
            self.cells.iter().enumerate().filter(fits).count()
        };
        let best = [1, -1, 2, -2].into_iter().max_by_key(|shift| (fitting(*shift), -shift.abs()))?;
        (fitting(best) > fitting(0) && fitting(best) >= 2).then_some(best)
    }

    /// What the row is, and what to do.
    fn explained(&self, table: &Table, at: usize, wrong: &BTreeSet<String>, repeats: bool) -> (String, String) {
        if repeats {
            return ("the row repeats the header".to_owned(), "delete it".to_owned());
        }
        let shown = self.names.iter().zip(&self.cells).filter(|(name, _)| wrong.contains(*name));
        let shown: Vec<String> = shown
            .take(4)
            .map(|(name, cell)| format!("`{}` in `{name}`", super::rows::shorten(cell.as_deref().unwrap_or_default())))
            .collect();
        let more = if wrong.len() > shown.len() { ", …" } else { "" };
        let fit = format!("{} cells of the row do not fit their columns ({}{more})", wrong.len(), shown.join(", "));
        if let Some(shift) = self.shifted(table, at) {
            let (by, where_to) = (shift.unsigned_abs(), if shift > 0 { "right" } else { "left" });
            let columns = if by == 1 { "one column".to_owned() } else { format!("{by} columns") };
            return (
                format!("{fit}: they fit when moved {columns} to the {where_to}"),
                "compare the row with its source, and put each value into its own column".to_owned(),
            );
        }
        let numbers = self.cells.iter().flatten().any(|cell| crate::data::number::parse(cell, false).is_ok());
        if at == 0 && !numbers {
            return (
                format!("{fit}: it looks like a second line of the header, with names or units"),
                "delete it, or declare `header_row` if the names to use stand in it".to_owned(),
            );
        }
        (fit, "correct the row, or delete it if it is no observation".to_owned())
    }
}
