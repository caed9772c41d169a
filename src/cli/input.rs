//! Columns of one file for the calculator commands: rows kept by `--where`, pairs formed by key, never by row order.

use super::args::file::FileArgs;
use super::error::CliError;
use super::input_checks;
use super::terminal;
use crate::data::{CellError, ColumnKind, ReadOptions, Table, number, read};
use crate::trial::finding::nearest;
use crate::trial::side::yes_or_no;
use crate::trial::spelling;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A file with the rows that `--where` keeps.
#[derive(Debug)]
pub struct Source {
    table: Table,
    kept: Vec<usize>,
    name: String,
    /// Columns whose numbers were looked at for codes of missing values.
    looked_at: RefCell<BTreeSet<String>>,
}

impl Source {
    /// Reads `path` as `file` says and keeps the rows that match every `COL=VALUE` of `conditions`; what the reader passed
    /// over is said on stderr. In the columns `identifiers` a missing code is a name.
    ///
    /// # Errors
    /// The file cannot be read, a condition has no `=`, names a column that is not there, or keeps no row.
    pub fn open(path: &Path, conditions: &[String], file: &FileArgs, identifiers: &[String]) -> Result<Self, CliError> {
        Self::open_as(
            path,
            conditions,
            file,
            ReadOptions { identifiers: identifiers.to_vec(), ..ReadOptions::default() },
        )
    }

    /// As [`Source::open`]; missing codes hold in the columns `coded` alone.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn open_coded(path: &Path, conditions: &[String], file: &FileArgs, coded: &[String]) -> Result<Self, CliError> {
        Self::open_as(path, conditions, file, ReadOptions { coded: Some(coded.to_vec()), ..ReadOptions::default() })
    }

    fn open_as(path: &Path, conditions: &[String], file: &FileArgs, defaults: ReadOptions) -> Result<Self, CliError> {
        let options = ReadOptions {
            sheet: file.sheet.clone(),
            header_row: file.header_row.and_then(|row| usize::try_from(row).ok()).unwrap_or(1),
            missing: defaults.missing.iter().chain(&file.missing).cloned().collect(),
            fill_down: file.fill_down.clone(),
            ..defaults
        };
        let table = read(path, &options)?;
        for remark in &table.remarks {
            let row = remark.row.map(|row| format!(":{row}")).unwrap_or_default();
            let word = if remark.doubtful { "warning" } else { "note" };
            terminal::say(&format!("{word}: {}{row}: {}", path.display(), terminal::visible(&remark.text)));
        }
        let (kept, looked_at) = ((0..table.height()).collect(), RefCell::default());
        let mut source = Self { kept, name: path.display().to_string(), table, looked_at };
        for condition in conditions {
            let Some((column, wanted)) = condition.split_once('=') else {
                return Err(CliError::Usage(format!("--where '{condition}': write COL=VALUE")));
            };
            let (column, wanted) = (column.trim(), wanted.trim());
            let other = wanted.starts_with('=') || column.ends_with(['!', '<', '>']);
            let quoted = wanted.len() > 1 && ['"', '\''].iter().any(|c| wanted.starts_with(*c) && wanted.ends_with(*c));
            if other || quoted {
                let plain = wanted.trim_start_matches('=').trim().trim_matches(['"', '\'']);
                let name = column.trim_end_matches(['!', '<', '>', ' ']).trim_matches('`');
                return Err(CliError::Usage(format!(
                    "--where '{condition}': a calculator keeps the rows in which a column has one value, written without quotes and \
                     with one `=`: --where '{name}={plain}' (conditions such as `==`, `>=` and `and` belong to a plan)"
                )));
            }
            let cells = source.all_text(column)?;
            let number: Option<f64> = wanted.parse().ok();
            let before = source.kept.clone();
            // A label of SPSS or Stata is known by its value too.
            let value = |cell: &str| source.table.code_of_label(column, cell.trim());
            let is_number = |cell: &str| number.is_some_and(|number| cell.parse() == Ok(number));
            let is_wanted = |row: usize| match &cells[row] {
                None => wanted.is_empty(),
                Some(cell) => {
                    cell == wanted
                        || is_number(cell)
                        || number.is_some() && value(cell).is_some_and(|cell| is_number(&cell))
                }
            };
            source.kept.retain(|&row| is_wanted(row));
            let alike = |row: &&usize| {
                let cell = cells[**row].as_deref().unwrap_or_default();
                !is_wanted(**row) && !cell.is_empty() && spelling::joined(cell) == spelling::joined(wanted)
            };
            let other: Vec<usize> = before.iter().filter(alike).copied().collect();
            if let Some(&first) = other.first().filter(|_| !source.kept.is_empty()) {
                return Err(CliError::Refused(format!(
                    "{}:{}: --where '{condition}' leaves out {} row{} with `{}`, another spelling of it\n  help: write one \
                     spelling in the file",
                    source.name,
                    source.table.file_row(first),
                    other.len(),
                    if other.len() == 1 { "" } else { "s" },
                    cells[first].as_deref().unwrap_or_default()
                )));
            }
            if source.kept.is_empty() && !before.is_empty() {
                let values: BTreeSet<&str> = before.iter().filter_map(|&row| cells[row].as_deref()).collect();
                let shown: Vec<&str> = values.iter().take(10).copied().collect();
                let more = if values.len() > shown.len() { ", …" } else { "" };
                let near = nearest(wanted, values.iter().copied());
                let near = near.first().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                return Err(CliError::Refused(format!(
                    "{}: --where '{condition}' keeps no row; the values of `{column}` are: {}{more}{near}",
                    source.name,
                    shown.join(", ")
                )));
            }
        }
        Ok(source)
    }

    /// Number of rows kept.
    pub fn height(&self) -> usize {
        self.kept.len()
    }

    /// Row in the file of the kept row `index`.
    pub fn file_row(&self, index: usize) -> usize {
        self.table.file_row(self.kept[index])
    }

    /// Name of the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Names of the columns.
    pub fn column_names(&self) -> Vec<String> {
        self.table.column_names()
    }

    /// Whether the file has the column.
    ///
    /// # Errors
    /// There is no such column; the message names the nearest.
    pub fn known(&self, column: &str) -> Result<(), CliError> {
        if self.table.has_column(column) {
            return Ok(());
        }
        let names = self.table.column_names();
        let near = nearest(column, names.iter().map(String::as_str));
        let hint = if near.is_empty() { names.join(", ") } else { near.join(", ") };
        Err(CliError::Refused(format!("{}: there is no column `{column}`; nearest: {hint}", self.name)))
    }

    fn all_text(&self, column: &str) -> Result<Vec<Option<String>>, CliError> {
        self.known(column)?;
        Ok(self.table.text(column)?)
    }

    /// The column as text, rows kept only.
    ///
    /// # Errors
    /// There is no such column.
    pub fn text(&self, column: &str) -> Result<Vec<Option<String>>, CliError> {
        let cells = self.all_text(column)?;
        Ok(self.kept.iter().map(|&row| cells[row].clone()).collect())
    }

    /// The column as identifiers, rows kept only.
    ///
    /// # Errors
    /// There is no such column; two identifiers differ in spelling only (leading zeros, case, marks).
    pub fn identifiers(&self, column: &str) -> Result<Vec<Option<String>>, CliError> {
        let cells = self.text(column)?;
        input_checks::spelled_once(self, column, &cells, &input_checks::IDENTIFIERS)?;
        Ok(cells)
    }

    /// The column as labels of arms, visits or other levels, rows kept only.
    ///
    /// # Errors
    /// There is no such column; two labels differ in case or blanks only.
    pub fn labels(&self, column: &str) -> Result<Vec<Option<String>>, CliError> {
        let cells = self.text(column)?;
        input_checks::spelled_once(self, column, &cells, &input_checks::LABELS)?;
        Ok(cells)
    }

    /// The column as numbers, rows kept only; those that look like codes for missing are warned of.
    ///
    /// # Errors
    /// There is no such column, or a kept cell is not a number (each is named with its row).
    pub fn numbers(&self, column: &str) -> Result<Vec<Option<f64>>, CliError> {
        let numbers = self.numbers_as_written(column)?;
        if self.looked_at.borrow_mut().insert(column.to_owned()) {
            input_checks::codes_for_missing(self, column, &numbers);
        }
        Ok(numbers)
    }

    fn numbers_as_written(&self, column: &str) -> Result<Vec<Option<f64>>, CliError> {
        self.known(column)?;
        let cells = match self.table.numbers(column) {
            Ok(numbers) => return Ok(self.kept.iter().map(|&row| numbers[row]).collect()),
            Err(cells) => cells,
        };
        let kept: BTreeSet<usize> = self.kept.iter().map(|&row| self.table.file_row(row)).collect();
        let wrong: Vec<CellError> = cells.into_iter().filter(|cell| kept.contains(&cell.row)).collect();
        if !wrong.is_empty() {
            return Err(self.bad_cells(&wrong));
        }
        // Only rows that --where leaves out hold something else.
        let comma = self.table.provenance.decimal == ',';
        Ok(self.text(column)?.iter().map(|cell| number::parse(cell.as_ref()?, comma).ok()).collect())
    }

    /// The column as 1 (yes) and 0 (no): numbers, or the usual words in any of their spellings (`Y`, `no`, `TRUE`, `あり`).
    ///
    /// # Errors
    /// As [`Source::numbers`], with the way to recode other words.
    pub fn answers(&self, column: &str) -> Result<Vec<Option<f64>>, CliError> {
        let answer = |cell: &Option<String>| match cell {
            None => Some(None),
            Some(cell) => yes_or_no(cell).map(|yes| Some(f64::from(u8::from(yes)))),
        };
        let cells = self.text(column)?;
        let answers: Option<Vec<Option<f64>>> = cells.iter().map(answer).collect();
        match (self.numbers(column), answers) {
            (Ok(numbers), _) => Ok(numbers),
            (Err(_), Some(answers)) => Ok(answers),
            (Err(_), None) => {
                let mut words: Vec<&str> = cells.iter().flatten().map(String::as_str).collect();
                words.sort_unstable();
                words.dedup();
                words.truncate(10);
                Err(CliError::Refused(format!(
                    "{}: the column `{column}` holds {}, which are not all words for yes and no\n  help: write 1 and 0, yes and no, \
                     Y and N or TRUE and FALSE; in a plan, `levels` of an endpoint declares other words",
                    self.name,
                    words.join(", ")
                )))
            }
        }
    }

    /// The column as numbers where all its cells are plain ones: numbers without a leading zero (`007` is a name).
    /// `None` where it is text.
    ///
    /// # Errors
    /// There is no such column.
    pub fn plain_numbers(&self, column: &str) -> Result<Option<Vec<Option<f64>>>, CliError> {
        self.known(column)?;
        let Ok(numbers) = self.numbers(column) else { return Ok(None) };
        if self.table.kind(column)? == ColumnKind::Text {
            let named = |cell: &String| {
                let digits = cell.trim().trim_start_matches(['+', '-']).as_bytes();
                matches!(digits, [b'0', next, ..] if next.is_ascii_digit())
            };
            if self.text(column)?.iter().flatten().any(named) {
                return Ok(None);
            }
        }
        Ok(Some(numbers))
    }

    fn bad_cells(&self, cells: &[CellError]) -> CliError {
        let shown: Vec<String> = cells.iter().take(10).map(|cell| format!("{}: {cell}", self.name)).collect();
        let more = cells.len().saturating_sub(shown.len());
        let tail = if more > 0 { format!("\n… and {more} more cells") } else { String::new() };
        CliError::Refused(format!("{}{tail}", shown.join("\n")))
    }
}

/// That two whole numbers with a comma between them may be one number with a decimal comma.
pub fn decimal_comma(flag: &str, text: &str) -> CliError {
    let (a, b) = text.split_once(',').unwrap_or((text, ""));
    let (a, b) = (a.trim(), b.trim());
    CliError::Usage(format!(
        "{flag} {text}: is this one number with a decimal comma, or a list of two?\n  help: write `{flag} {a}.{b}` for the number; \
         in a list write decimals: `{flag} {a}.0,{b}.0`"
    ))
}

/// Whether a list may be a number with a decimal comma, or several of them: two whole numbers, or one that begins with a
/// zero that no number begins with.
pub fn may_be_decimals(text: &str) -> bool {
    let items: Vec<&str> = text.split(',').map(str::trim).collect();
    let whole = |item: &&str| !item.is_empty() && item.bytes().all(|byte| byte.is_ascii_digit());
    let signed = |item: &&str| whole(&item.trim_start_matches(['-', '+']));
    let padded = |item: &&str| item.len() > 1 && item.starts_with('0') && whole(item);
    matches!(items.as_slice(), [first, second] if signed(first) && whole(second))
        || items.len() > 1 && items.iter().skip(1).any(padded)
}

/// The numbers of an option that may be given several times, each time with one number or several between commas.
///
/// # Errors
/// Something that is no number, and what may be one number with a decimal comma.
pub fn numbers(flag: &str, given: &[String]) -> Result<Vec<f64>, CliError> {
    if let Some(text) = given.iter().find(|text| may_be_decimals(text)) {
        return Err(decimal_comma(flag, text));
    }
    let number = |item: &str| match item.trim().parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(CliError::Usage(format!("{flag}: `{item}` is not a number"))),
    };
    given.iter().flat_map(|text| text.split(',')).map(number).collect()
}

/// Pairs with both sides observed.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairs {
    /// The treated side.
    pub treated: Vec<f64>,
    /// The control side.
    pub control: Vec<f64>,
    /// Pairs dropped because a side was missing.
    pub dropped: usize,
}

/// Pairs from two columns of one row each.
///
/// # Errors
/// As [`Source::numbers`].
pub fn wide(source: &Source, treated: &str, control: &str, answers: bool) -> Result<Pairs, CliError> {
    let values = |column| if answers { source.answers(column) } else { source.numbers(column) };
    let sides: Vec<_> = values(treated)?.into_iter().zip(values(control)?).collect();
    let without = |row: &usize| sides[*row].0.is_none() || sides[*row].1.is_none();
    let left_out: Vec<usize> = (0..sides.len()).filter(without).collect();
    input_checks::rows_left_out(source, &left_out, "because a side has no value");
    Ok(complete(sides.into_iter()))
}

/// A side's row in the file and its value.
type Seen = (usize, Option<f64>);

/// Pairs from one row per side, matched by `id`.
///
/// # Errors
/// As [`Source::numbers`]; two rows of one id and arm; a level that does not occur.
pub fn long(
    source: &Source,
    id: &str,
    arm: &str,
    active: &str,
    placebo: &str,
    value: &str,
    answers: bool,
) -> Result<Pairs, CliError> {
    let values = if answers { source.answers(value)? } else { source.numbers(value)? };
    let (ids, arms) = (source.identifiers(id)?, source.labels(arm)?);
    levels_occur(source, arm, &arms, &[active, placebo])?;
    of_two_arms(source, id, &ids, arm, &arms, [active, placebo]);
    let mut order: Vec<String> = Vec::new();
    let mut sides: BTreeMap<String, [Option<Seen>; 2]> = BTreeMap::new();
    for row in 0..source.height() {
        let (Some(id), Some(level)) = (&ids[row], &arms[row]) else { continue };
        let side = match level {
            level if level == active => 0,
            level if level == placebo => 1,
            _ => continue,
        };
        let entry = sides.entry(id.clone()).or_insert_with(|| {
            order.push(id.clone());
            [None, None]
        });
        if let Some((first, _)) = entry[side] {
            return Err(CliError::Refused(format!(
                "{}:{}: `{id}` has a second row with {arm} = `{level}` (the first is row {first}); a pair needs one \
                 value a side: choose the visit with --where",
                source.name(),
                source.file_row(row)
            )));
        }
        entry[side] = Some((source.file_row(row), values[row]));
    }
    let value_of = |side: Option<Seen>| side.and_then(|(_, value)| value);
    let without = |id: &&str| sides[*id].iter().any(|side| value_of(*side).is_none());
    let left_out: Vec<&str> = order.iter().map(String::as_str).filter(without).collect();
    input_checks::patients_left_out(source, &left_out, order.len(), "because a side has no value");
    Ok(complete(order.iter().map(|id| {
        let [a, b] = sides[id];
        (value_of(a), value_of(b))
    })))
}

/// Says which rows belong to no side of two arms: those without an identifier or arm, and those of other arms.
pub fn of_two_arms(
    source: &Source,
    id: &str,
    ids: &[Option<String>],
    arm: &str,
    arms: &[Option<String>],
    pair: [&str; 2],
) {
    let rows = |wanted: &dyn Fn(usize) -> bool| (0..ids.len()).filter(|&row| wanted(row)).collect::<Vec<usize>>();
    let empty = |row: usize| ids[row].is_none() || arms[row].is_none();
    input_checks::rows_left_out(source, &rows(&empty), &format!("because `{id}` or `{arm}` is empty"));
    let mut others: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for row in (0..ids.len()).filter(|&row| !empty(row)) {
        let level = arms[row].as_deref().unwrap_or_default();
        if !pair.contains(&level) {
            others.entry(level).or_default().push(row);
        }
    }
    for (level, rows) in others {
        input_checks::rows_left_out(source, &rows, &format!("because {arm} is `{level}`"));
    }
}

/// Refuses a level that no cell of `column` has.
///
/// # Errors
/// The level, with those that occur.
pub fn levels_occur(source: &Source, column: &str, cells: &[Option<String>], levels: &[&str]) -> Result<(), CliError> {
    let Some(level) = levels.iter().find(|level| !cells.iter().flatten().any(|cell| cell == **level)) else {
        return Ok(());
    };
    let mut found: Vec<&str> = cells.iter().flatten().map(String::as_str).collect();
    found.sort_unstable();
    found.dedup();
    let (name, found) = (source.name(), found.join(", "));
    Err(CliError::Refused(format!("{name}: no row has {column} = `{level}`; the levels are: {found}")))
}

fn complete(sides: impl Iterator<Item = (Option<f64>, Option<f64>)>) -> Pairs {
    let mut pairs = Pairs { treated: Vec::new(), control: Vec::new(), dropped: 0 };
    for side in sides {
        match side {
            (Some(treated), Some(control)) => {
                pairs.treated.push(treated);
                pairs.control.push(control);
            }
            _ => pairs.dropped += 1,
        }
    }
    pairs
}
