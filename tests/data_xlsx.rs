//! Excel workbooks, written by openpyxl (`tests/reference/openpyxl/workbooks/make.py`).

use splitknee::data::{CellReason, ColumnKind, DataError, ReadOptions, Table, read, read_bytes};
use std::fs;
use std::path::PathBuf;

fn file(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/reference/openpyxl/workbooks", name].iter().collect()
}

fn knees() -> ReadOptions {
    ReadOptions { sheet: Some("Knees".to_string()), header_row: 3, ..ReadOptions::default() }
}

fn text(table: &Table, column: &str) -> Vec<String> {
    table.text(column).unwrap().into_iter().map(|cell| cell.unwrap_or("∅".to_string())).collect()
}

#[test]
fn a_worksheet_is_read_from_its_header_row_with_typed_columns() {
    let table = read(&file("knees.xlsx"), &knees()).unwrap();
    assert_eq!(table.column_names(), ["id", "side", "vas", "visited", "mixed", "flag"]);
    let kinds: Vec<ColumnKind> = table.column_names().iter().map(|name| table.kind(name).unwrap()).collect();
    use ColumnKind::{Date, Number, Text};
    assert_eq!(kinds, [Text, Text, Number, Date, Text, Number]);
    assert_eq!(text(&table, "id"), ["007", "007", "008", "008"]);
    assert_eq!(text(&table, "side"), ["L", "R", "左", "R"]);
    assert_eq!(table.numbers("vas").unwrap(), [Some(61.5), Some(40.0), None, None]);
    assert_eq!(table.numbers("flag").unwrap(), [Some(1.0), Some(0.0), Some(1.0), None]);
    assert_eq!(text(&table, "visited"), ["2024-03-09", "2024-03-09", "2024-12-31", "∅"]);
    assert_eq!(text(&table, "mixed"), ["12,5", "7", "2024-03-09T10:15:00", "x"]);
    // Row 6 of the worksheet is empty.
    assert_eq!((0..4).map(|row| table.file_row(row)).collect::<Vec<_>>(), [4, 5, 7, 8]);
    let errors = table.numbers("mixed").unwrap_err();
    let found: Vec<(usize, CellReason)> = errors.iter().map(|error| (error.row, error.reason)).collect();
    assert_eq!(found, [(4, CellReason::DecimalComma), (7, CellReason::NotANumber), (8, CellReason::NotANumber)]);
}

#[test]
fn the_worksheet_must_be_clear() {
    let path = file("sheets.xlsx");
    match read(&path, &ReadOptions { sheet: None, ..knees() }).unwrap_err() {
        // `Old` is empty and cannot be meant.
        DataError::Sheet { asked: None, sheets, .. } => assert_eq!(sheets, ["Knees", "Events"]),
        other => panic!("{other}"),
    }
    let asked = |name: &str| ReadOptions { sheet: Some(name.to_string()), ..ReadOptions::default() };
    assert_eq!(read(&path, &asked("Visits")).unwrap_err().code(), "data-sheet");
    assert_eq!(read(&path, &asked("Old")).unwrap_err().code(), "data-empty");
    assert_eq!(read(&path, &asked("Events")).unwrap_err().code(), "data-no-rows");
    // One visible worksheet needs no name.
    assert_eq!(read(&file("knees.xlsx"), &ReadOptions { sheet: None, ..knees() }).unwrap().height(), 4);
    assert_eq!(read(&path, &ReadOptions { header_row: 2, ..knees() }).unwrap_err().code(), "data-no-header");
    // The title in row 1 is no header: the columns beside it have values but no name.
    assert_eq!(read(&path, &ReadOptions { header_row: 1, ..knees() }).unwrap_err().code(), "data-unnamed-column");
}

/// A cell that cannot be read stops what uses its column, and nothing else.
#[test]
fn formulas_without_a_value_and_errors_are_refused_by_cell() {
    let table = read(&file("formulas.xlsx"), &ReadOptions::default()).unwrap();
    assert_eq!(text(&table, "id"), ["a", "b"]);
    for (column, row, reason) in
        [("total", 2, CellReason::FormulaWithoutValue), ("vas", 3, CellReason::SpreadsheetError)]
    {
        let cells = table.numbers(column).unwrap_err();
        let found: Vec<(usize, &str, CellReason)> =
            cells.iter().map(|cell| (cell.row, cell.column.as_str(), cell.reason)).collect();
        assert_eq!(found, [(row, column, reason)]);
        assert!(matches!(table.text(column).unwrap_err(), DataError::Cells { cells: same, .. } if same == cells));
        assert!(table.dates(column).is_err());
        let said = |note: &String| note.contains(&format!("`{column}` has 1 cell that cannot be read"));
        assert!(table.provenance.notes.iter().any(said), "{:?}", table.provenance.notes);
    }
    assert!(table.numbers("vas").unwrap_err()[0].to_string().contains("#DIV/0!"));
}

#[test]
fn a_broken_workbook_is_refused() {
    let whole = fs::read(file("knees.xlsx")).unwrap();
    for length in (4..whole.len()).step_by(97) {
        let error = read_bytes("k.xlsx", &whole[..length], &knees()).unwrap_err();
        assert_eq!(error.code(), "data-malformed", "{length}");
    }
    let renamed = read_bytes("k.xlsx", b"id,vas\n1,2\n", &ReadOptions::default()).unwrap_err();
    assert!(renamed.to_string().contains("first bytes are those of text"), "{renamed}");
}
