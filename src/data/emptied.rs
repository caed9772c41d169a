//! Cells that hold a declared code for missing: which code emptied which cells of which column, so that each can be said.
//!
//! Readers drop codes while they read, each in its own format. What they dropped is found here in one place for all of them: the
//! file is read a second time without the codes, and the two tables are laid on each other. Codes that are declared for one
//! column are taken out here, after the reading.

use super::number;
use super::options::ReadOptions;
use super::table::{Cell, Table, Values, cells};
use std::collections::BTreeMap;

/// Codes that every file may hold, and of which nothing is said.
const USUAL: [&str; 3] = ["", "NA", "."];

/// What codes emptied, by column and by code: rows of the file, in ascending order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Emptied {
    /// By codes that hold in every column.
    pub everywhere: BTreeMap<String, BTreeMap<String, Vec<usize>>>,
    /// By codes that were declared for the column.
    pub by_column: BTreeMap<String, BTreeMap<String, Vec<usize>>>,
}

impl Emptied {
    /// The code that emptied the cell of `column` in this row of the file.
    pub fn code(&self, column: &str, file_row: usize) -> Option<&str> {
        let codes = self.everywhere.get(column).into_iter().chain(self.by_column.get(column)).flatten();
        codes.filter(|(_, rows)| rows.binary_search(&file_row).is_ok()).map(|(code, _)| code.as_str()).next()
    }

    /// The codes that emptied cells of `column`.
    pub fn codes_of(&self, column: &str) -> Vec<&str> {
        let codes = self.everywhere.get(column).into_iter().chain(self.by_column.get(column)).flatten();
        codes.map(|(code, _)| code.as_str()).collect()
    }

    /// Counts the codes declared for `column` among those that hold everywhere: a column of values of several measurements.
    pub fn hold_everywhere(&mut self, column: &str) {
        let Some(codes) = self.by_column.remove(column) else { return };
        let known = self.everywhere.entry(column.to_owned()).or_default();
        for (code, mut rows) in codes {
            let all = known.entry(code).or_default();
            all.append(&mut rows);
            all.sort_unstable();
        }
    }
}

/// A code as it is said: one number is one code, however its cells write it.
fn named(cell: &str, decimal_comma: bool) -> String {
    match number::parse(cell, decimal_comma) {
        Ok(value) => number::print(value),
        Err(_) => cell.trim().to_owned(),
    }
}

/// Whether codes are declared beyond those that every file may hold.
pub(super) fn declares(options: &ReadOptions) -> bool {
    options.missing.iter().any(|code| !USUAL.contains(&code.trim()))
}

/// Notes in `table` the cells that are empty in it and hold something in `raw`, the same file read without codes.
pub(super) fn compare(table: &mut Table, raw: &Table) {
    let mut found = BTreeMap::new();
    // Rows of `raw` by rows of `table`, which may lack some.
    let mut place = Vec::with_capacity(table.height());
    let mut at = 0;
    for row in 0..table.height() {
        while at < raw.height() && raw.file_row(at) < table.file_row(row) {
            at += 1;
        }
        place.push(at);
    }
    for (name, own) in table.column_names().iter().zip(table.frame.columns()) {
        let Ok(before) = raw.frame.column(name) else { continue };
        if own.null_count() == before.null_count() && own.len() == before.len() {
            continue;
        }
        let texts: Vec<Option<Cell<'_>>> = cells(before).collect();
        let mut codes: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (row, cell) in cells(own).enumerate() {
            let held = place.get(row).and_then(|at| texts.get(*at).copied().flatten());
            if let (None, Some(held)) = (cell, held) {
                let code = named(&held.to_text(), table.provenance.decimal == ',');
                if !USUAL.contains(&code.as_str()) {
                    codes.entry(code).or_default().push(table.file_row(row));
                }
            }
        }
        if !codes.is_empty() {
            found.insert(name.clone(), codes);
        }
    }
    table.emptied.everywhere = found;
}

impl Table {
    /// Empties the cells of the column `name` that hold one of `codes`, in the rows (by index) for which `of` holds.
    pub fn empty_codes(&mut self, name: &str, codes: &[String], options: &ReadOptions, of: &dyn Fn(usize) -> bool) {
        let Ok(column) = self.frame.column(name) else { return };
        let options = ReadOptions { missing: codes.to_vec(), ..options.clone() };
        let mut found: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut gone = vec![false; self.height()];
        for (row, cell) in cells(column).enumerate() {
            let Some(text) = cell.map(Cell::to_text).filter(|_| of(row)) else { continue };
            if options.is_missing_of(&text, false) {
                let code = named(&text, self.provenance.decimal == ',');
                found.entry(code).or_default().push(self.file_row(row));
                if let Some(gone) = gone.get_mut(row) {
                    *gone = true;
                }
            }
        }
        if found.is_empty() {
            return;
        }
        let left = |row: usize| gone.get(row) != Some(&true);
        let values = match column.dtype() {
            polars::prelude::DataType::Float64 => Values::Number(
                cells(column)
                    .enumerate()
                    .map(|(row, cell)| match cell {
                        Some(Cell::Number(value)) if left(row) => Some(value),
                        _ => None,
                    })
                    .collect(),
            ),
            polars::prelude::DataType::Date => Values::Date(
                cells(column)
                    .enumerate()
                    .map(|(row, cell)| match cell {
                        Some(Cell::Date(date)) if left(row) => Some(date),
                        _ => None,
                    })
                    .collect(),
            ),
            _ => Values::Text(
                cells(column).enumerate().map(|(row, cell)| cell.filter(|_| left(row)).map(Cell::to_text)).collect(),
            ),
        };
        self.replace(values.into_column(name));
        let known = self.emptied.by_column.entry(name.to_owned()).or_default();
        for (code, mut rows) in found {
            let all = known.entry(code).or_default();
            all.append(&mut rows);
            all.sort_unstable();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::data::{ReadOptions, read_bytes};
    use std::collections::BTreeMap;

    fn options(missing: &[&str], by_column: &[(&str, &str)]) -> ReadOptions {
        let missing_in = by_column.iter().map(|(column, code)| (column.to_string(), vec![code.to_string()]));
        ReadOptions {
            missing: missing.iter().map(|code| code.to_string()).collect(),
            missing_in: missing_in.collect::<BTreeMap<_, _>>(),
            ..ReadOptions::default()
        }
    }

    #[test]
    fn every_cell_that_a_code_emptied_is_known() {
        let text = b"id,vas,crp\n99,99,1\n2,50,99.0\n3,NA,99\n";
        let table = read_bytes(
            "a.csv",
            text,
            &ReadOptions { identifiers: vec!["id".to_owned()], ..options(&["", "NA", "99"], &[]) },
        );
        let table = table.unwrap();
        assert_eq!(table.emptied.everywhere["vas"]["99"], [2]);
        assert_eq!(table.emptied.everywhere["crp"]["99"], [3, 4]);
        assert_eq!(table.emptied.code("vas", 2), Some("99"));
        assert_eq!(table.emptied.code("vas", 4), None);
    }

    #[test]
    fn a_code_of_one_column_leaves_the_others_alone() {
        let text = b"id,vas,crp\n1,99,1\n2,50,99.0\n";
        let table = read_bytes("a.csv", text, &options(&["", "NA"], &[("crp", "99")])).unwrap();
        assert_eq!(table.numbers("vas").unwrap(), [Some(99.0), Some(50.0)]);
        assert_eq!(table.numbers("crp").unwrap(), [Some(1.0), None]);
        assert_eq!(table.emptied.by_column["crp"]["99"], [3]);
        assert!(table.emptied.everywhere.is_empty());
    }
}
