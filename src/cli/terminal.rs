//! Printing to the terminal: the only place that does. Colour only where stderr is a terminal and `NO_COLOR` is unset.

use super::error::CliError;
use crate::report::site::Site;
use crate::table::rounding;
use crate::terms::Language;
use crate::trial::Severity;
use std::borrow::Cow;
use std::io::{IsTerminal, Write};

/// Whether to colour what goes to stderr.
fn colour() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn paint(text: &str, code: &str) -> String {
    if colour() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// Prints an error to stderr.
pub fn report(error: &CliError) {
    let mut err = std::io::stderr().lock();
    // Nothing sensible is left to do when stderr itself fails.
    let _ = match error {
        CliError::Findings(findings) => {
            let word = |severity: Severity| match severity {
                Severity::Error => paint("error", "1;31"),
                Severity::Warning => paint("warning", "1;33"),
                Severity::Note => paint("note", "1"),
            };
            write!(err, "{}", super::findings_text::grouped(findings, &Site::knee(Language::English), &word))
        }
        other => writeln!(err, "{}: {}", paint("error", "1;31"), clean(&other.to_string())),
    };
}

/// A text of plan or data on one line, with characters that would steer a terminal, or reorder what it shows, written
/// out.
pub fn visible(text: &str) -> Cow<'_, str> {
    written_out(text, steers)
}

/// Lines of text, cleaned as [`visible`] cleans one: everything printed goes through here.
fn clean(text: &str) -> Cow<'_, str> {
    written_out(text, |c| c != '\n' && c != '\t' && steers(c))
}

/// Whether a character steers a terminal or reorders what it shows: controls (C0, DEL, C1), overrides and isolates of the
/// direction of text.
fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn written_out(text: &str, which: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&which) {
        return text.into();
    }
    text.chars()
        .map(|c| if which(c) { c.escape_default().to_string() } else { c.to_string() })
        .collect::<String>()
        .into()
}

/// Prints an error of the argument parser, which repeats what was given.
pub fn usage(error: &clap::Error) {
    let plain = error.render().to_string();
    // A closed pipe while printing help is not worth a second error.
    let _ = match clean(&plain) {
        Cow::Borrowed(_) => error.print(),
        Cow::Owned(text) => std::io::stderr().lock().write_all(text.as_bytes()),
    };
}

/// Prints lines that are not results (where the report is, what was dropped) to stderr.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", clean(text));
}

/// Prints a result to stdout.
///
/// # Errors
/// Stdout cannot be written; a reader that closed the pipe is not an error.
pub fn print(text: &str) -> Result<(), CliError> {
    let text = clean(text);
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(CliError::Output(format!("stdout: cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints `value` as one JSON object to stdout.
///
/// # Errors
/// As [`print()`].
pub fn json(value: &impl serde::Serialize) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(value).map_err(|error| CliError::Output(format!("stdout: {error}")))?;
    // JSON has a way of its own to write a character out; these stand only inside its texts.
    let text: String = text
        .chars()
        .map(|c| if c != '\n' && steers(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() })
        .collect();
    print(&format!("{text}\n"))
}

/// How many columns a line on stdout may take: what the environment says in `COLUMNS`, else what the terminal has, else 80.
pub fn columns_wide() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|text| text.trim().parse().ok()).filter(|columns| *columns > 0);
    let seen =
        || terminal_size::terminal_size().map(|(columns, _)| usize::from(columns.0)).filter(|columns| *columns > 0);
    said.or_else(seen).unwrap_or(80)
}

/// `text` in lines of at most `columns`, broken at spaces; a word that is longer stands on a line of its own.
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A number for people: five significant digits, scientific where fixed notation would hide them.
pub fn number(value: f64) -> String {
    significant(value, 5)
}

/// A number for people with so many significant digits.
pub fn significant(value: f64, digits: i32) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let exponent = if value == 0.0 { 0 } else { value.abs().log10().floor() as i32 };
    if (-5..=8).contains(&exponent) {
        rounding::fixed(value, usize::try_from(digits - 1 - exponent).unwrap_or(0))
    } else {
        format!("{value:.*e}", usize::try_from(digits - 1).unwrap_or(0))
    }
}

/// As [`number`]; a dash where there is none.
pub fn optional(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), number)
}

/// A p-value for people: four decimals, and how small where they would all be 0.
pub fn p_value(value: Option<f64>) -> String {
    match value {
        None => "–".to_owned(),
        // Smaller than a double can hold: the least that it is below, never "0".
        Some(p) if p < 1e-300 => "< 1.0e-300".to_owned(),
        Some(p) if p < 0.0001 => format!("{p:.1e}"),
        Some(p) => rounding::fixed(p, 4),
    }
}

/// A table of text columns, the first left-aligned, the others right-aligned, for people.
pub fn columns(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = header.iter().map(|cell| width(cell)).collect();
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            widths[column] = widths[column].max(width(cell));
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (column, cell) in cells.enumerate() {
            let padding = " ".repeat(widths[column] - width(cell));
            if column == 0 {
                text.push_str(&format!("{cell}{padding}"));
            } else {
                text.push_str(&format!("  {padding}{cell}"));
            }
        }
        format!("{}\n", text.trim_end())
    };
    let mut out = line(&mut header.iter().copied());
    out.push_str(&format!("{}\n", "─".repeat(widths.iter().sum::<usize>() + 2 * (widths.len().max(1) - 1))));
    for row in rows {
        out.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    out
}

/// Columns a text takes on a terminal: East Asian wide characters take two.
pub fn width(text: &str) -> usize {
    text.chars()
        .map(|c| match c as u32 {
            0x0300..=0x036f | 0x200b..=0x200f => 0,
            0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f => 2,
            0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
            _ => 1,
        })
        .sum()
}
