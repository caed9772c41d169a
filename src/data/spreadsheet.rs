//! Text that a spreadsheet would run as a formula when it opens a CSV file, disarmed with an apostrophe before it.
//!
//! Such a text begins with `=`, `+`, `-`, `@` (also in full width, which Excel takes for the same), a tab or a line break.
//! A number begins so too: a cell is one only where all of it parses as one. Quotes do not help: a spreadsheet removes
//! them first.

use super::number;
use std::borrow::Cow;

/// Whether all of `text` is one number as files hold them, with a decimal point or comma.
pub fn is_number(text: &str) -> bool {
    number::parse(text, false).is_ok() || number::parse(text, true).is_ok()
}

/// `text` for a cell of a CSV file.
pub fn disarmed(text: &str) -> Cow<'_, str> {
    const BEGINS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    // A tab or a line end before a number is no part of it.
    let number = !text.starts_with(char::is_whitespace) && is_number(text);
    if text.starts_with(BEGINS) && !number { format!("'{text}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_disarmed_and_numbers_stay_numbers() {
        for formula in
            ["=1+1", "-2+3+cmd|' /C calc'!A0", "+1+1", "-", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1+1", "-inf", "-2-3"]
        {
            let safe = disarmed(formula);
            assert!(safe.starts_with('\''), "{formula}");
        }
        for plain in ["-3.5", "-3,5", "+1", "-1e-5", "12", "a=1", "Month 6", "", "EVK-001"] {
            assert_eq!(disarmed(plain), plain);
        }
        assert_eq!(disarmed("-2+3+cmd"), "'-2+3+cmd");
    }
}
