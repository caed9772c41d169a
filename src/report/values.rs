//! Every value of every table as one long file, `tables/values.csv`: a row per value, with the table, row and column in which
//! it is printed, the record and field behind it, the value unrounded and as printed.

use super::document::Document;
use super::numbers::{self, Line};
use crate::analysis::Record;
use crate::table::rounding::MINUS;
use crate::table::{Cell, ResultTable, Row, csv};
use std::collections::HashMap;

/// The columns.
pub const HEADER: [&str; 11] =
    ["table", "number", "title", "row", "group", "label", "column", "record", "field", "value", "printed"];

/// The file. Listings hold one value a cell and are left to their own files.
pub fn render(document: &Document, records: &[Record]) -> String {
    let by_id: HashMap<&str, &Record> = records.iter().map(|record| (record.id.as_str(), record)).collect();
    let mut out = String::new();
    csv::line(&mut out, HEADER.into_iter().map(str::to_owned), " ");
    let mut known: HashMap<&str, Vec<Line>> = HashMap::new();
    for table in document.tables().filter(|table| !table.is_listing()) {
        for (index, row) in table.rows.iter().enumerate() {
            for id in &row.records {
                if let Some(record) = by_id.get(id.as_str()) {
                    known.entry(&record.id).or_insert_with(|| numbers::lines(record, &str::to_owned));
                }
            }
            let place = Place { table, number: (index + 1).to_string(), row, group: group_of(table, index) };
            for (column, cell) in row.cells.iter().enumerate() {
                cells(&mut out, &place, (column, cell), &known);
            }
        }
    }
    out
}

/// Where a row stands: its table, its number there, and the headings above it.
struct Place<'a> {
    table: &'a ResultTable,
    number: String,
    row: &'a Row,
    group: String,
}

fn cells(out: &mut String, place: &Place, (column, cell): (usize, &Cell), known: &HashMap<&str, Vec<Line>>) {
    let Place { table, number, row, group } = place;
    let text = cell.text(&table.joint);
    if text.is_empty() {
        return;
    }
    let values = cell.printed();
    // The record that holds all values of the cell, and in which fields.
    let named = row.fields.get(column).map(String::as_str);
    let p_value = matches!(cell, Cell::PValue(_));
    let held = row.records.iter().find_map(|id| {
        let fields = numbers::fields_of(known.get(id.as_str())?, &values, named, p_value)?;
        Some((id.as_str(), fields))
    });
    let header = table.columns.get(column + 1).map_or("", |column| column.header.as_str());
    let mut line = |field: &str, value: String, printed: &str| {
        let record = held.as_ref().map_or("", |(id, _)| *id);
        let fields: [&str; HEADER.len()] =
            [&table.id, &table.number, &table.title, number, group, &row.label, header, record, field, &value, printed];
        csv::line(out, fields.into_iter().map(str::to_owned), &table.joint);
    };
    if values.is_empty() {
        line("", String::new(), &text);
        return;
    }
    let pieces = pieces(&text);
    for (at, value) in values.iter().enumerate() {
        let field = held.as_ref().and_then(|(_, fields)| fields.get(at)).copied().unwrap_or_default();
        let printed = pieces.get(at).filter(|_| pieces.len() == values.len()).map_or(text.as_str(), String::as_str);
        line(field, numbers::unrounded(*value), printed);
    }
}

/// The headings above a row that it is indented under, the outermost first.
fn group_of(table: &ResultTable, index: usize) -> String {
    let rows = &table.rows;
    let mut depth = rows.get(index).map_or(0, |row| row.indent);
    let mut found: Vec<&str> = Vec::new();
    for row in rows.iter().take(index).rev() {
        if depth == 0 {
            break;
        }
        if row.indent < depth {
            found.push(&row.label);
            depth = row.indent;
        }
    }
    found.reverse();
    found.join(" / ")
}

/// The numbers of a printed cell in order, each with its sign and what stands before it (`<` or `>`).
fn pieces(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut current = String::new();
    for c in text.chars().chain([' ']) {
        let begins = current.is_empty() && matches!(c, MINUS | '<' | '>');
        let follows = c.is_ascii_digit() || c == '.' && current.ends_with(|c: char| c.is_ascii_digit());
        // A no-break space stands between `<` and its number.
        if begins || follows {
            current.push(c);
        } else if !(c == '\u{a0}' && current.ends_with(['<', '>'])) {
            let number = std::mem::take(&mut current);
            if number.contains(|c: char| c.is_ascii_digit()) {
                found.push(number.trim_end_matches('.').to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_cell_falls_into_its_numbers() {
        assert_eq!(pieces("71.5 (15.86)"), ["71.5", "15.86"]);
        assert_eq!(pieces("\u{2212}3.4 to 6.9"), ["\u{2212}3.4", "6.9"]);
        assert_eq!(pieces("<\u{a0}0.001"), ["<0.001"]);
        assert_eq!(pieces("9 (30.0%) [9]"), ["9", "30.0", "9"]);
        assert!(pieces("not demonstrated").is_empty());
    }

    #[test]
    fn a_row_knows_the_headings_above_it() {
        let mut table = ResultTable::new("t-1-x", "1", String::new(), String::new());
        table.group("Month 2");
        table.row("EV", 1, vec![Cell::Count(3)], Vec::new());
        table.group("Month 6");
        table.row("EV", 1, vec![Cell::Count(4)], Vec::new());
        table.row("mild", 2, vec![Cell::Count(1)], Vec::new());
        assert_eq!([1, 3, 4].map(|row| group_of(&table, row)), ["Month 2", "Month 6", "Month 6 / EV"]);
    }
}
