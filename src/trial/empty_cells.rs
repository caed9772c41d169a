//! Cells that must not be empty and are: with the cause, where it can be seen.

use super::finding::Location;
use super::findings::Findings;
use super::rows::shorten;
use crate::data::Table;

/// What is said of a cell that is empty because the plan lists what stands in it as a code for missing.
pub fn emptied(table: &Table, column: &str, file_row: usize) -> Option<(String, String)> {
    let code = shorten(table.emptied.code(column, file_row)?);
    let message = format!("`{code}` stands in the cell, and the plan lists it as a code for missing");
    let remedy = format!(
        "take `{code}` out of `missing`, and declare it for the columns where it means missing: `missing_in = {{ … = [\"{code}\"] }}` \
         in [data]"
    );
    Some((message, remedy))
}

/// SK604: what is empty, and why where that can be seen.
pub fn empty(what: &str, table: &Table, row: usize, at: Location, findings: &mut Findings) {
    let cause = at.column.as_deref().and_then(|column| emptied(table, column, table.file_row(row)));
    match cause {
        Some((cause, remedy)) => findings.add("SK604", at, format!("the {what} is empty: {cause}"), remedy),
        None => findings.add("SK604", at, format!("the {what} is empty"), "fill it in, or delete the row"),
    }
}

/// Reports a row without a patient; the cause is named where it can be seen.
pub fn no_patient(table: &Table, row: usize, column: &str, at: Location, findings: &mut Findings) {
    if let Some((cause, remedy)) = emptied(table, column, table.file_row(row)) {
        findings.add("SK102", at, format!("the patient identifier is empty: {cause}"), remedy);
        return;
    }
    match table.merged(row, column) {
        Some(cells) => {
            let message =
                format!("the patient identifier is empty: {cells} are merged, and the value stands in the first");
            let remedy = format!("declare `fill_down = [\"{column}\"]`, or take the cells apart and fill them in");
            findings.add("SK102", at, message, remedy);
        }
        None => {
            let filled = |row: usize| {
                table.frame.column(column).is_ok_and(|cells| cells.get(row).is_ok_and(|cell| !cell.is_null()))
            };
            let remedy = match row.checked_sub(1) {
                Some(above) if filled(above) => format!(
                    "fill it in, or delete the row; if the identifier stands in the first row of a block only, declare \
                     `fill_down = [\"{column}\"]`"
                ),
                _ => "fill it in, or delete the row".to_owned(),
            };
            findings.add("SK102", at, "the patient identifier is empty".to_owned(), remedy);
        }
    }
}
