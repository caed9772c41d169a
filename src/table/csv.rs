//! Tables as CSV: what is printed, with ASCII minus signs, and cells that a spreadsheet cannot take for formulas.

use super::ResultTable;
use super::rounding::MINUS;
use super::untrusted::printable;
use crate::data::spreadsheet::{disarmed, is_number};

/// The table as CSV (UTF-8, comma, quoted where needed), header first.
pub fn render(table: &ResultTable) -> String {
    let mut out = String::new();
    line(&mut out, table.columns.iter().map(|column| column.header.clone()), &table.joint);
    for row in &table.rows {
        let padding = table.columns.len().saturating_sub(1 + row.cells.len());
        let cells = std::iter::once(row.label.clone())
            .chain(row.cells.iter().map(|cell| cell.text(&table.joint)))
            .chain(std::iter::repeat_n(String::new(), padding));
        line(&mut out, cells, &table.joint);
    }
    out
}

/// One line of cells, each written as a field; `joint` stands between the limits of an interval.
pub fn line(out: &mut String, cells: impl Iterator<Item = String>, joint: &str) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            out.push(',');
        }
        match plain(&cell) {
            true => out.push_str(&cell),
            false => out.push_str(&field(&cell, joint)),
        }
    }
    out.push('\n');
}

/// Whether a cell is written as it is, as most are: printable ASCII without comma or quote, that begins with a letter or a
/// digit.
fn plain(cell: &str) -> bool {
    let kept = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b',' | b'"');
    cell.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric()) && cell.bytes().all(kept)
}

/// One CSV field: plain numbers get an ASCII minus, text that a spreadsheet would run as a formula an apostrophe; what may
/// not be printed is left out. `joint` stands between the limits of an interval.
fn field(cell: &str, joint: &str) -> String {
    let ascii: String = cell.replace(MINUS, "-").replace('\u{a0}', " ").chars().filter(|c| printable(*c)).collect();
    let safe = if numbers(&ascii, joint) { ascii.as_str().into() } else { disarmed(&ascii) };
    if safe.contains([',', '"', '\n', '\r']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe.into_owned() }
}

/// Whether a cell is a few numbers as this program prints them: `-3.5 (1.2)`, `-5.1 to 2.0`, `-∞ to 3`.
fn numbers(text: &str, joint: &str) -> bool {
    let joint = joint.replace('\u{a0}', " ");
    let apart = if joint.is_empty() { text.to_owned() } else { text.replace(&joint, " ") };
    let pieces = apart.split([' ', '(', ')', '[', ']', ';', ',', '%']).filter(|piece| !piece.is_empty());
    pieces.clone().next().is_some() && pieces.into_iter().all(|piece| is_number(piece) || piece == "-∞" || piece == "∞")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_from_data_are_disarmed_and_negative_numbers_stay_numbers() {
        let field = |cell| field(cell, " to ");
        assert_eq!(field("=1+1"), "'=1+1");
        assert_eq!(field("-cmd"), "'-cmd");
        assert_eq!(field("-2+3+cmd|' /C calc'!A0"), "'-2+3+cmd|' /C calc'!A0");
        assert_eq!(field("-2-3"), "'-2-3");
        assert_eq!(field("\u{2212}3.5"), "-3.5");
        assert_eq!(field("\u{2212}3.5 (1.2)"), "-3.5 (1.2)");
        assert_eq!(field("\u{2212}3.5 (\u{2212}∞ to 2.0)"), "-3.5 (-∞ to 2.0)");
        assert_eq!(field("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(field("a\u{202e}b\u{1b}[2J"), "ab[2J");
    }

    #[test]
    fn a_plain_cell_is_the_field_it_would_become() {
        let cells = ["3.5 (1.2)", "vas.m6", "a=1", "12", "Month 6", "0.5 to 2.0", "1e-5", "a~b"];
        for cell in cells {
            assert!(plain(cell) && field(cell, " to ") == cell, "{cell}");
        }
        for cell in ["", "-3.5", "=1", " a", "a,b", "a\"b", "a\nb", "a\u{a0}b", "\u{2212}1", "µ", "a\u{7f}"] {
            assert!(!plain(cell), "{cell:?}");
        }
    }
}
