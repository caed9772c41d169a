//! What is wrong with a plan that is no TOML, in words of its author: curly quotes, a per cent sign, a table written once as
//! one and once as a list.

use super::position::{self, Positions};
use crate::data::Format;
use crate::trial::Finding;

/// The findings for the `errors` in `text`, one for each; one for the whole where the file is no plan at all.
pub fn findings(file: &str, text: &str, errors: &[toml::de::Error]) -> Vec<Finding> {
    if let Some(finding) = other_file(file, text) {
        return vec![finding];
    }
    errors.iter().map(|error| finding(file, text, error)).collect()
}

/// The finding for one error.
pub fn finding(file: &str, text: &str, error: &toml::de::Error) -> Finding {
    let offset = error.span().map_or(0, |span| span.start).min(text.len());
    let (cause, remedy) = cause(text, offset, error.message());
    let cause = cause.unwrap_or_else(|| error.message().replace('\n', " "));
    let message = format!("this is not TOML that a plan can hold: {cause}");
    Positions::error("SK002", position::location(file, text, offset), message, remedy)
}

/// A file that is data, or whose lines end as none do any more.
fn other_file(file: &str, text: &str) -> Option<Finding> {
    let location = position::location(file, text, 0);
    let refuse = |message: &str, remedy: &str| {
        Some(Positions::error("SK002", location.clone(), message.to_owned(), remedy.to_owned()))
    };
    let statements = text.lines().any(|line| {
        let line = line.trim_start();
        line.contains('=') || line.starts_with('[')
    });
    if !text.contains('\n') && text.contains('\r') {
        return refuse(
            "the lines end with a carriage return alone, as on old Macintosh systems, so that the plan is one line",
            "save the plan with line ends of Unix or Windows",
        );
    }
    let is_data = Format::of(file, None).is_ok() && !file.to_lowercase().ends_with(".toml");
    let table = text.lines().next().is_some_and(|first| first.contains([',', ';', '\t']));
    if !statements && (is_data || table) {
        return refuse(
            "this is a table of data, not a plan",
            "name the plan that describes it (`splitknee check plan.toml`); `splitknee init DIR` writes one to start from",
        );
    }
    None
}

const QUOTES: [char; 10] = ['“', '”', '„', '‟', '‘', '’', '‚', '«', '»', '＂'];
const FULL_WIDTH: [char; 8] = ['＝', '［', '］', '｛', '｝', '，', '．', '：'];

/// The first character of the line that a word processor or a Japanese keyboard put in place of one of TOML's. Between
/// straight quotes, and behind `#`, every character is text.
fn odd(line: &str) -> Option<char> {
    let mut within: Option<char> = None;
    for c in line.chars() {
        match (within, c) {
            (Some(quote), c) if c == quote => within = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => within = Some(c),
            (None, '#') => break,
            (None, c) if QUOTES.contains(&c) || FULL_WIDTH.contains(&c) => return Some(c),
            (None, c) if crate::data::is_odd(c) || c == '\u{3000}' => return Some(c),
            _ => {}
        }
    }
    None
}

/// The cause at `offset` of `text`, where it is one of those that people make, and what to do.
fn cause(text: &str, offset: usize, said: &str) -> (Option<String>, String) {
    let start = text.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let line = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
    let value = line.split_once('=').map(|(_, value)| value.trim()).unwrap_or_default();
    match odd(line) {
        Some(quote) if QUOTES.contains(&quote) => {
            return (
                Some(format!("`{quote}` is a quote of word processors")),
                "this line has curly quotes, as a word processor writes them: write straight quotes (`\"`); a plan is edited in a \
                 text editor"
                    .to_owned(),
            );
        }
        Some(sign) if FULL_WIDTH.contains(&sign) => {
            return (
                Some(format!("`{sign}` is a sign of full width")),
                "write `=`, `[`, `]`, `{`, `}`, `,`, `.` or `:` in half width: this sign has full width".to_owned(),
            );
        }
        Some(blank) => {
            return (
                Some(format!(
                    "a character that looks like a blank or like nothing (U+{:04X}) stands in the line",
                    u32::from(blank)
                )),
                "this is a blank of another kind (no-break, full-width or without width): type the line anew, with ordinary blanks".to_owned(),
            );
        }
        None => {}
    }
    if said.contains("duplicate key") {
        return twice(text, line, start);
    }
    if ["escape", "unicode"].iter().any(|word| said.contains(word)) {
        let remedy = "a backslash in a quoted text begins a code such as \\n: write paths with `/` \
                      (`\"C:/trial/knees.csv\"`), or between single quotes (`'C:\\trial\\knees.csv'`)";
        return (None, remedy.to_owned());
    }
    let number = value.trim_end_matches(['%', ' ']);
    if value.ends_with('%')
        && let Ok(percent) = number.parse::<f64>()
    {
        // As many decimals as it takes: 2.5 % is 0.025.
        let share = (percent * 1e10).round() / 1e12;
        return (Some("a number has no per cent sign".to_owned()), format!("write the share: `{share}`"));
    }
    if said.contains("i128") || said.contains("expected u64") || said.contains("too large") || said.contains("overflow")
    {
        let what = value.split_whitespace().next().unwrap_or_default();
        let message = format!("the number `{what}` is out of the range of whole numbers");
        return (Some(message), format!("write one from 0 to {}", i64::MAX));
    }
    let parts: Vec<&str> = value.split(',').collect();
    if let [whole, decimals] = parts.as_slice()
        && [whole, decimals]
            .iter()
            .all(|part| !part.is_empty() && part.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit()))
    {
        return (Some("a number has a point, not a comma".to_owned()), format!("write `{whole}.{decimals}`"));
    }
    let word = value.starts_with(char::is_alphabetic) && !value.contains(['"', '\'']);
    if word || said.contains("must be quoted") && !value.is_empty() {
        let key = line.split('=').next().unwrap_or_default().trim();
        return (
            Some("text stands without quotes".to_owned()),
            format!("put it between quotes: `{key} = \"{}\"`", value.trim_matches(['"', '\''])),
        );
    }
    if said.contains("key with no value") {
        return (
            Some("a line that is neither `key = value` nor a `[table]`".to_owned()),
            "write `key = value`, or put `#` before a remark".to_owned(),
        );
    }
    (None, "see the commented plan that `splitknee init` writes".to_owned())
}

/// A key or a table that stands twice.
fn twice(text: &str, line: &str, start: usize) -> (Option<String>, String) {
    let header = |line: &str| {
        let line = line.split('#').next().unwrap_or_default().trim();
        let name = line.trim_matches(['[', ']', ' ']).to_owned();
        (line.starts_with('[')).then_some((name, line.starts_with("[[")))
    };
    let before = || text.get(..start).unwrap_or_default().lines().enumerate();
    if let Some((name, list)) = header(line) {
        let first =
            before().find_map(|(row, line)| header(line).filter(|(known, _)| *known == name).map(|at| (row + 1, at.1)));
        let Some((row, first_is_list)) = first else {
            return (Some(format!("`{name}` is written as a key and as a table")), "keep one of the two".to_owned());
        };
        if first_is_list != list {
            return (
                Some(format!("`{name}` is one table in one place and one of several in the other (line {row})")),
                format!("write `[[{name}]]`, in double brackets, in both places"),
            );
        }
        return (
            Some(format!("the table `[{name}]` stands in line {row} already")),
            match ["endpoint", "analysis_set", "subgroup", "covariate", "estimand", "waive", "data"]
                .contains(&name.as_str())
            {
                true => format!("where there are several, write `[[{name}]]` for each of them; else join the two"),
                false => "write its keys under the first and delete the second".to_owned(),
            },
        );
    }
    let key = line.split('=').next().unwrap_or_default().trim();
    let of_table = |line: &str| line.split('=').next().is_some_and(|first| first.trim() == key) && line.contains('=');
    // The nearest before it, in the same table.
    let mut lines: Vec<(usize, &str)> = before().collect();
    lines.reverse();
    let same = lines.iter().take_while(|(_, line)| header(line).is_none()).find(|(_, line)| of_table(line));
    match same {
        Some((row, _)) => {
            (Some(format!("`{key}` stands in line {} already", row + 1)), "keep one of the two lines".to_owned())
        }
        None => (Some(format!("`{key}` stands twice")), "keep one of the two".to_owned()),
    }
}
