//! The cells of a column as numbers, and why a cell is none: a finding that names the cause where it can be seen.

use super::codes;
use super::design::Endpoint;
use super::findings::{Findings, place};
use super::masking;
use super::rows::shorten;
use crate::data::date::DateOrder;
use crate::data::{CellError, CellReason, Date, Table, number};

/// The column as numbers; every cell that is none is reported.
pub fn numbers(file: &str, table: &Table, column: &str, findings: &mut Findings) -> Vec<Option<f64>> {
    or_report(table.numbers(column), file, table, column, None, findings)
}

/// The column as values of an endpoint; every cell that is none is reported.
pub fn values_of(
    endpoint: &Endpoint,
    file: &str,
    table: &Table,
    column: &str,
    findings: &mut Findings,
) -> Vec<Option<f64>> {
    or_report(codes::values(endpoint, table, column), file, table, column, Some(endpoint), findings)
}

pub fn or_report(
    read: Result<Vec<Option<f64>>, Vec<CellError>>,
    file: &str,
    table: &Table,
    column: &str,
    endpoint: Option<&Endpoint>,
    findings: &mut Findings,
) -> Vec<Option<f64>> {
    let errors = match read {
        Ok(values) => return values,
        Err(errors) => errors,
    };
    let twice = endpoint.map(|endpoint| codes::levels_read_twice(endpoint, table, column)).unwrap_or_default();
    if !twice.is_empty() {
        for reading in twice {
            let (message, remedy) = reading.said();
            findings.add("SK009", place(file, None, Some(column)), message, remedy);
        }
        return vec![None; table.height()];
    }
    if let Some(endpoint) = endpoint
        && super::offers::words_for_numbers(endpoint, file, table, column, &errors, findings)
    {
        return vec![None; table.height()];
    }
    let signs = both_signs(table, column);
    for error in errors {
        let location = place(file, Some(error.row), Some(column));
        let mixed = signs.as_ref().and_then(|signs| signs.remedy(&error.found));
        if let Some((message, remedy)) = mixed.filter(|_| endpoint.is_none_or(|endpoint| endpoint.levels.is_empty())) {
            findings.add("SK201", location, message, remedy);
            continue;
        }
        let remedy = match error.reason {
            CellReason::DecimalComma => "declare `decimal_comma = true` in [data] if the comma is the decimal sign",
            CellReason::DecimalPoint => "declare `decimal_comma = false` in [data] if the point is the decimal sign",
            CellReason::NotFinite => "correct the cell: it is beyond what a number can hold",
            CellReason::SpreadsheetError | CellReason::FormulaWithoutValue => {
                "correct the cell or clear it, and save the workbook"
            }
            CellReason::NotANumber if error.found.trim().starts_with(['<', '>', '≤', '≥']) => {
                "a result below or above a limit of quantification is no number: replace it as the protocol says (half the \
                 limit, for instance), or list it in `data.missing`"
            }
            CellReason::NotANumber if error.found.chars().map(masking::plain).any(|c| c.is_ascii_digit()) => {
                "correct the cell: it holds a number and something else"
            }
            _ => "correct the cell, or list the code in `data.missing` if it means missing",
        };
        let cause = match error.reason {
            CellReason::NotANumber | CellReason::DecimalComma | CellReason::DecimalPoint => cause(&error.found),
            _ => None,
        };
        let levels = endpoint.filter(|endpoint| !endpoint.levels.is_empty());
        let message = match levels {
            Some(endpoint) => {
                let known = super::offers::names_of_levels(endpoint);
                format!("`{}` is none of the levels of {}: {known}", shorten(&error.found), endpoint.name)
            }
            None => match &cause {
                Some((cause, _)) => format!("`{}` is not a number: {cause}", shorten(&error.found)),
                None => format!("`{}` is not a number", shorten(&error.found)),
            },
        };
        let remedy = match (levels, cause) {
            (Some(_), _) => "correct the cell, or add the level to `levels` of the endpoint".to_owned(),
            (None, Some((_, remedy))) => remedy,
            (None, None) => remedy.to_owned(),
        };
        findings.add("SK201", location, message, remedy);
    }
    vec![None; table.height()]
}

/// How many cells of a column have a decimal point, and how many a decimal comma, where it has both.
struct BothSigns {
    points: usize,
    commas: usize,
}

/// The decimal signs of a column that has both.
fn both_signs(table: &Table, column: &str) -> Option<BothSigns> {
    let cells = table.text(column).ok()?;
    let with = |sign: char, comma: bool| {
        let has = |cell: &&String| cell.matches(sign).count() == 1 && number::parse(cell, comma).is_ok();
        cells.iter().flatten().filter(has).count()
    };
    let signs = BothSigns { points: with('.', false), commas: with(',', true) };
    (signs.points > 0 && signs.commas > 0).then_some(signs)
}

impl BothSigns {
    /// What is said of a cell, and what to do: the cells that are fewer are to be written as the others are.
    fn remedy(&self, found: &str) -> Option<(String, String)> {
        let (own, other, written) = match (found.matches('.').count(), found.matches(',').count()) {
            (1, 0) => ("point", "comma", found.replace('.', ",")),
            (0, 1) => ("comma", "point", found.replace(',', ".")),
            _ => return None,
        };
        // Three digits behind the sign may be thousands.
        let behind = found.trim().rsplit(['.', ',']).next().unwrap_or_default();
        if behind.len() == 3 && own == "comma" {
            return None;
        }
        let (mine, theirs) = if own == "point" { (self.points, self.commas) } else { (self.commas, self.points) };
        let message =
            format!("`{}` has a decimal {own}, and {theirs} other cells of the column a {other}", shorten(found));
        let remedy = match mine <= theirs {
            true => format!(
                "write `{}`, as the other cells are written, if it is no separator of thousands",
                written.trim()
            ),
            false => format!(
                "write the {theirs} cells with a decimal {other} with a {own}, and leave `decimal_comma` as that needs it: \
                 one setting cannot read both"
            ),
        };
        Some((message, remedy))
    }
}

/// The digit that a letter stands for which is typed in its place.
fn as_digit(c: char) -> char {
    match c {
        'O' | 'o' | 'Ο' | 'О' => '0',
        'l' | 'I' | '|' => '1',
        'S' => '5',
        _ => c,
    }
}

/// Why a cell with digits is no number, and what to write, where that can be seen.
fn cause(found: &str) -> Option<(&'static str, String)> {
    let cell = found.trim();
    let reads = |text: &str| [false, true].into_iter().any(|comma| number::parse(text, comma).is_ok());
    let digits: String = cell.chars().map(as_digit).collect();
    if digits != cell && cell.chars().any(|c| c.is_ascii_digit()) && reads(&digits) {
        return Some((
            "a letter looks like a digit in it (O for 0, l for 1)",
            format!("compare it with the source: is it `{digits}`?"),
        ));
    }
    let clock = cell.split(':').count() > 1 && cell.split(':').all(|part| part.parse::<u32>().is_ok());
    if clock
        || DateOrder::ALL
            .into_iter()
            .any(|order| Date::parse(cell, order).is_some() && cell.matches(['-', '/']).count() == 2)
    {
        return Some((
            "it is a date or a time, which a spreadsheet makes of a number such as 3.5 or 3:05",
            "write the number of the source; format the column as a number or as text before typing".to_owned(),
        ));
    }
    let usual: String = cell.chars().map(masking::plain).collect();
    if usual != cell && reads(&usual) {
        return Some(("its digits or signs are of full width", format!("write `{usual}`")));
    }
    if let Some(rest) = cell.strip_prefix(['\u{2212}', '\u{2013}', '\u{2014}', '\u{ff0d}']).filter(|rest| reads(rest)) {
        return Some(("its minus is another character than `-`", format!("write `-{}`", rest.trim())));
    }
    if let Some(rest) = cell.strip_suffix(['%', '\u{ff05}']).map(str::trim).filter(|rest| reads(rest)) {
        let remedy = format!("write `{rest}` in all rows, or 0.… in all; the sign belongs in the endpoint's `unit`");
        return Some(("a per cent sign stands in the cell", remedy));
    }
    if let Some(whole) = without_thousands(cell) {
        let comma = match cell.contains(',') && number::parse(cell, true).is_ok() {
            true => "; if the comma is the decimal sign, declare `decimal_comma = true` in [data]",
            false => "",
        };
        return Some(("it has a separator of thousands, or two numbers", format!("write `{whole}`{comma}")));
    }
    if cell.split_whitespace().count() > 1 && cell.split_whitespace().all(&reads) {
        return Some(("two numbers, or a blank within one, stand in the cell", "write one number".to_owned()));
    }
    let end = cell.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+')))?;
    let (value, behind) = (cell.get(..end)?, cell.get(end..)?.trim());
    (reads(value) && behind.chars().next().is_some_and(|c| c.is_alphabetic() || matches!(c, '°' | '/'))).then(|| {
        let remedy = format!("write `{value}`; the unit belongs in the endpoint's `unit`, and is one for all rows");
        ("a unit or a word stands behind the number", remedy)
    })
}

/// `1234.5` of `1,234.5`, `1 234.5` or `1'234.5`; `None` for any other text.
fn without_thousands(cell: &str) -> Option<String> {
    let separator = cell.chars().find(|c| !c.is_ascii_digit() && *c != '-')?;
    if ![',', ' ', '\'', '’', '\u{202f}', '\u{a0}'].contains(&separator) {
        return None;
    }
    let (whole, decimals) = cell.split_once('.').map_or((cell, None), |(whole, decimals)| (whole, Some(decimals)));
    let mut groups = whole.split(separator);
    let first = groups.next()?.trim_start_matches('-');
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let grouped = digits(first) && first.len() <= 3 && !first.starts_with('0');
    (grouped && groups.all(|group| group.len() == 3 && digits(group)) && decimals.is_none_or(digits))
        .then(|| cell.replace(separator, ""))
}
