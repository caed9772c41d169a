//! Lines of CSV that R and SAS read alike.

use crate::data::spreadsheet::{disarmed, is_number};
use crate::table::untrusted::printable;

/// A number in full precision; empty where it does not exist.
pub fn number(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map(|value| value.to_string()).unwrap_or_default()
}

/// One line. A cell is a number only where all of it parses as one; every text is quoted, disarmed for spreadsheets
/// ([`disarmed`]) and free of what may not be printed.
pub fn line(cells: &[String]) -> String {
    let cell = |text: &String| {
        if text.is_empty() || is_number(text) {
            return text.clone();
        }
        let text: String = text.chars().filter(|c| printable(*c)).collect();
        format!("\"{}\"", disarmed(&text).replace('"', "\"\"").replace(['\r', '\n'], " "))
    };
    format!("{}\n", cells.iter().map(cell).collect::<Vec<_>>().join(","))
}
