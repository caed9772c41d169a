//! A text column as codes into its distinct values, in order of first appearance.

use crate::data::Table;
use std::collections::HashMap;

/// The code of an empty cell.
pub const EMPTY: u32 = u32::MAX;

/// A column of few distinct texts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coded {
    /// By row: index into [`Coded::levels`], or [`EMPTY`].
    pub codes: Vec<u32>,
    /// Distinct values without surrounding blanks.
    pub levels: Vec<String>,
}

impl Coded {
    /// The column `name` of `table`; `None` where there is no such column.
    pub fn read(table: &Table, name: &str) -> Option<Self> {
        let column = table.frame.column(name).ok()?;
        let mut coder = Coder::default();
        if let Ok(text) = column.str() {
            let mut codes = Vec::with_capacity(text.len());
            let mut last: Option<(&str, u32)> = None;
            for cell in text.iter() {
                let code = match (cell, last) {
                    (None, _) => EMPTY,
                    (Some(cell), Some((before, code))) if cell == before => code,
                    (Some(cell), _) => {
                        let code = coder.code(cell);
                        last = Some((cell, code));
                        code
                    }
                };
                codes.push(code);
            }
            return Some(Self { codes, levels: coder.levels });
        }
        let cells = table.text(name).ok()?;
        let codes = cells.iter().map(|cell| cell.as_deref().map_or(EMPTY, |cell| coder.code(cell))).collect();
        Some(Self { codes, levels: coder.levels })
    }

    /// The text of row `row`, if the cell is not empty.
    pub fn get(&self, row: usize) -> Option<&str> {
        let code = *self.codes.get(row)?;
        self.levels.get(usize::try_from(code).ok()?).map(String::as_str)
    }

    /// The index into the levels of row `row`, if the cell is not empty.
    pub fn level(&self, row: usize) -> Option<usize> {
        let code = *self.codes.get(row)?;
        if code == EMPTY { None } else { usize::try_from(code).ok() }
    }

    /// Rows of each level.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.levels.len()];
        for row in 0..self.codes.len() {
            if let Some(count) = self.level(row).and_then(|level| counts.get_mut(level)) {
                *count += 1;
            }
        }
        counts
    }

    /// The first row of each level.
    pub fn first_rows(&self) -> Vec<usize> {
        let mut first = vec![usize::MAX; self.levels.len()];
        for row in (0..self.codes.len()).rev() {
            if let Some(place) = self.level(row).and_then(|level| first.get_mut(level)) {
                *place = row;
            }
        }
        first
    }
}

/// Levels up to which they are compared one by one.
const FEW: usize = 8;

/// Gives equal texts equal codes.
#[derive(Debug, Default)]
pub struct Coder {
    /// Distinct values so far.
    pub levels: Vec<String>,
    index: HashMap<String, u32>,
}

impl Coder {
    /// A coder that already knows `levels`, in this order.
    pub fn of(levels: &[String]) -> Self {
        let mut coder = Self::default();
        for level in levels {
            coder.code(level);
        }
        coder
    }

    /// The code of `text` without surrounding blanks; [`EMPTY`] where nothing is left.
    pub fn code(&mut self, text: &str) -> u32 {
        let text = text.trim();
        if text.is_empty() {
            return EMPTY;
        }
        // Arms, sides and visits have a handful of levels: comparing is faster than hashing.
        let few = self.levels.len() <= FEW;
        let known = if few { self.levels.iter().position(|level| level == text) } else { None };
        if let Some(code) = known.and_then(|code| u32::try_from(code).ok()) {
            return code;
        }
        if !few && let Some(code) = self.index.get(text) {
            return *code;
        }
        let code = u32::try_from(self.levels.len()).unwrap_or(EMPTY);
        self.levels.push(text.to_owned());
        self.index.insert(text.to_owned(), code);
        code
    }
}
