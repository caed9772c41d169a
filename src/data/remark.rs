//! What a reader passed over or decided, and someone should see: each becomes a finding of `check` and a note of the report.

use super::error::shorten;
use std::collections::BTreeMap;

/// One thing that was found in a file and did not stop it from being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Row in the file, where one is meant.
    pub row: Option<usize>,
    /// Name of the column, where one is meant.
    pub column: Option<String>,
    /// What was found and what was done.
    pub text: String,
    /// What to do where that is not right.
    pub remedy: &'static str,
    /// Whether values may be wrong by it: rows cut short, rows that a filter hides.
    pub doubtful: bool,
}

impl Remark {
    /// A remark on the whole file.
    pub fn new(text: String, remedy: &'static str) -> Self {
        Self { row: None, column: None, text, remedy, doubtful: false }
    }

    /// The same, at a row.
    pub fn at(self, row: usize) -> Self {
        Self { row: Some(row), ..self }
    }

    /// The same, at a column.
    pub fn of(self, column: &str) -> Self {
        Self { column: Some(column.to_owned()), ..self }
    }

    /// The same, as something by which values may be wrong.
    pub fn doubtful(self) -> Self {
        Self { doubtful: true, ..self }
    }
}

/// That cells of the column `name` hold codes that their file, not the plan, calls missing: each code with its cells.
pub fn missing_by_the_file(name: &str, codes: &BTreeMap<String, usize>) -> Option<Remark> {
    let cells: usize = codes.values().sum();
    let listed: Vec<String> = codes.iter().map(|(code, count)| format!("{code} in {count}")).collect();
    let text = format!(
        "{cells} cell{} of `{}` hold{} a code that the file itself calls missing ({}), and {} taken as missing",
        plural(cells),
        shorten(name),
        if cells == 1 { "s" } else { "" },
        listed.join(", "),
        if cells == 1 { "was" } else { "were" },
    );
    let remedy = "nothing, if such a code stands for no value; if it is a value, correct the missing values of the variable in \
                  the file";
    (cells > 0).then(|| Remark::new(text, remedy).of(name))
}

/// The same for the missing values that SAS and Stata tell apart by letters (`.A` to `.Z`, `._`), by row.
pub fn special_missing(name: &str, letters: &BTreeMap<usize, char>) -> Option<Remark> {
    let mut codes = BTreeMap::new();
    for letter in letters.values() {
        *codes.entry(format!(".{letter}")).or_default() += 1;
    }
    missing_by_the_file(name, &codes)
}

/// Characters that look like a blank or like nothing, which tables pasted from web pages and word processors hold.
pub fn is_odd(c: char) -> bool {
    is_blank(c) || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// Blanks at which no line may break.
fn is_blank(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{2007}' | '\u{202f}')
}

/// `cell` with blanks for no-break spaces and without characters that have no width; `None` where it has none of them.
pub fn plain(cell: &str) -> Option<String> {
    if cell.is_ascii() || !cell.contains(is_odd) {
        return None;
    }
    Some(cell.chars().filter(|&c| is_blank(c) || !is_odd(c)).map(|c| if is_blank(c) { ' ' } else { c }).collect())
}

/// How many cells held odd characters, and the first.
#[derive(Debug, Clone, Default)]
pub struct OddCells {
    count: usize,
    first: Option<(usize, usize, String)>,
}

impl OddCells {
    /// Counts `cell` of `row` and column number `column`.
    pub fn count(&mut self, row: usize, column: usize, cell: &str) {
        self.count += 1;
        self.first.get_or_insert_with(|| (row, column, cell.to_owned()));
    }

    /// Adds those of the piece that follows, whose rows are counted from `from`.
    pub fn append(&mut self, next: Self, from: usize) {
        self.count += next.count;
        if self.first.is_none() {
            self.first = next.first.map(|(row, column, cell)| (row + from, column, cell));
        }
    }

    /// Counts rows from `from`.
    pub fn shift(&mut self, from: usize) {
        if let Some((row, ..)) = &mut self.first {
            *row += from;
        }
    }

    /// What is said of them.
    pub fn remark(self, names: &[String]) -> Option<Remark> {
        let (row, column, cell) = self.first?;
        let odd = cell.chars().find(|&c| is_odd(c)).unwrap_or('\u{a0}');
        let (name, taken) = match odd {
            c if is_blank(c) => ("no-break space", "read as a blank"),
            _ => ("character without width", "left out"),
        };
        let text = format!(
            "{} cell{} hold{} a {name} (U+{:04X}), which was {taken}: `{}`",
            self.count,
            if self.count == 1 { "" } else { "s" },
            if self.count == 1 { "s" } else { "" },
            u32::from(odd),
            shorten(&plain(&cell).unwrap_or(cell))
        );
        let remedy =
            "nothing, if a blank is meant; such characters come with text pasted from a web page or a document";
        Some(Remark::new(text, remedy).at(row).of(names.get(column).map(String::as_str).unwrap_or_default()))
    }
}

/// `s` unless there is one.
pub fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_blanks_are_blanks() {
        assert_eq!(plain("Month\u{a0}3").as_deref(), Some("Month 3"));
        assert_eq!(plain("\u{feff}id\u{200b}").as_deref(), Some("id"));
        assert_eq!(plain("3か月　後"), None);
        assert_eq!(plain("Month 3"), None);
    }
}
