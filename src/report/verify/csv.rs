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
    // Most cells are names: what begins with a letter is no number and no formula.
    let name = |text: &str| {
        text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
            && text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"')
    };
    let cell = |text: &String| {
        if name(text) {
            return format!("\"{text}\"");
        }
        if text.is_empty() || is_number(text) {
            return text.clone();
        }
        let text: String = text.chars().filter(|c| printable(*c)).collect();
        format!("\"{}\"", disarmed(&text).replace('"', "\"\"").replace(['\r', '\n'], " "))
    };
    format!("{}\n", cells.iter().map(cell).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn numbers_stand_bare_and_everything_else_is_quoted() {
        let cells = [
            "P0001",
            "e5",
            "Month 6, late",
            "-3.5",
            "1e-5",
            "",
            "=1+1",
            "a\"b",
            "a\nb",
            "a\u{202e}b",
            "\u{b5}m",
            "inf",
        ];
        let written = line(&cells.map(str::to_owned));
        let expected =
            "\"P0001\",\"e5\",\"Month 6, late\",-3.5,1e-5,,\"'=1+1\",\"a\"\"b\",\"a b\",\"ab\",\"\u{b5}m\",\"inf\"\n";
        assert_eq!(written, expected);
    }
}
