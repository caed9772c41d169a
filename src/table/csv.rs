//! Tables as CSV: what is printed, with ASCII minus signs, and cells that a spreadsheet cannot take for formulas.

use super::ResultTable;
use super::rounding::MINUS;

/// The table as CSV (UTF-8, comma, quoted where needed), header first.
pub fn render(table: &ResultTable) -> String {
    let mut out = String::new();
    line(&mut out, table.columns.iter().map(|column| column.header.clone()));
    for row in &table.rows {
        let padding = table.columns.len().saturating_sub(1 + row.cells.len());
        let cells = std::iter::once(row.label.clone())
            .chain(row.cells.iter().map(|cell| cell.text(&table.joint)))
            .chain(std::iter::repeat_n(String::new(), padding));
        line(&mut out, cells);
    }
    out
}

fn line(out: &mut String, cells: impl Iterator<Item = String>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(&field(&cell));
    }
    out.push('\n');
}

/// One CSV field: plain numbers get an ASCII minus, text that a spreadsheet would run as a formula an apostrophe.
fn field(cell: &str) -> String {
    let ascii = cell.replace(MINUS, "-").replace('\u{a0}', " ");
    let formula = ascii.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let numeric = ascii.starts_with('-') && ascii[1..].starts_with(|c: char| c.is_ascii_digit() || c == '∞');
    let safe = if formula && !numeric { format!("'{ascii}") } else { ascii };
    if safe.contains([',', '"', '\n', '\r']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_from_data_are_disarmed_and_negative_numbers_stay_numbers() {
        assert_eq!(field("=1+1"), "'=1+1");
        assert_eq!(field("-cmd"), "'-cmd");
        assert_eq!(field("\u{2212}3.5"), "-3.5");
        assert_eq!(field("a,\"b\""), "\"a,\"\"b\"\"\"");
    }
}
