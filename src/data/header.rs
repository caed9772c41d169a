//! The header of a table as people write it: columns without a name, and titles that stand above it.

use super::error::DataError;
use super::remark::Remark;
use std::borrow::Cow;

/// Rows in which a header is looked for.
pub const LOOKED_AT: usize = 40;

/// One column of the header row.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// Its place in the row, counted from 1.
    pub column: usize,
    /// Its name; empty where it has none.
    pub name: &'a str,
    /// Whether some row has a value in it.
    pub used: bool,
    /// The first row with one, where known.
    pub first: Option<usize>,
}

/// Which columns without a name may be left out: those without values, and one with values at the left edge beside
/// columns that all have names. R (`write.csv`) and pandas (`to_csv`, `to_excel`) put the names of the rows there.
///
/// # Errors
/// [`DataError::UnnamedColumn`] for any other column with values; it names the row that looks like the header, which
/// `header_below` finds.
pub fn left_out(
    path: &str,
    row: usize,
    columns: &[Named<'_>],
    header_below: impl FnOnce() -> Option<usize>,
    notes: &mut Vec<String>,
    remarks: &mut Vec<Remark>,
) -> Result<Vec<usize>, DataError> {
    let unnamed: Vec<&Named<'_>> = columns.iter().filter(|column| column.name.is_empty()).collect();
    let mut with_values = unnamed.iter().filter(|column| column.used);
    let named = columns.iter().filter(|column| !column.name.is_empty()).count();
    let names_of_rows = match (with_values.next(), with_values.next()) {
        (None, _) => None,
        (Some(only), None) if only.column == 1 && named > 0 => Some(1),
        (Some(first), _) => {
            let (path, column, first) = (path.to_string(), first.column, first.first);
            return Err(DataError::UnnamedColumn { path, column, row, first, header: header_below() });
        }
    };
    for column in &unnamed {
        match names_of_rows {
            Some(number) if number == column.column => remarks.push(
                Remark::new(
                    "column 1 has values but no name and was left out; R (`write.csv`) and pandas write the names of the \
                     rows there"
                        .to_string(),
                    "nothing, if it holds the names of the rows; else give it a name",
                )
                .at(row),
            ),
            _ => notes.push(format!("column {} has neither name nor value and was dropped", column.column)),
        }
    }
    Ok(unnamed.iter().map(|column| column.column).collect())
}

/// The row, by its number, that looks like the header under titles: the first whose cells are all names (no numbers, none
/// twice) and that is as wide as most of the rows; the rows above it are narrower. `rows` are the first of the file.
pub fn below_titles(rows: &[(usize, Vec<Cow<'_, str>>)]) -> Option<usize> {
    let filled = |cells: &[Cow<'_, str>]| cells.iter().filter(|cell| !cell.trim().is_empty()).count();
    let widths: Vec<usize> = rows.iter().map(|(_, cells)| filled(cells)).collect();
    let widest = widths.iter().copied().max().filter(|&widest| widest > 1)?;
    let at = widths.iter().position(|&width| width == widest)?;
    let (row, cells) = rows.get(at)?;
    let names: Vec<&str> = cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
    let is_name = |name: &&str| super::number::parse(name, false).is_err() && super::number::parse(name, true).is_err();
    let distinct: std::collections::BTreeSet<&&str> = names.iter().collect();
    (at > 0 && names.iter().all(is_name) && distinct.len() == names.len()).then_some(*row)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(cells: &[&[&'static str]]) -> Vec<(usize, Vec<Cow<'static, str>>)> {
        let row = |cells: &&[&'static str]| cells.iter().map(|cell| Cow::Borrowed(*cell)).collect();
        cells.iter().enumerate().map(|(at, cells)| (at + 1, row(cells))).collect()
    }

    #[test]
    fn the_header_is_found_under_titles() {
        let titled = rows(&[&["Trial T1"], &["", ""], &["id", "vas"], &["01", "5"]]);
        assert_eq!(below_titles(&titled), Some(3));
        assert_eq!(below_titles(&rows(&[&["id", "vas"], &["01", "5"]])), None);
        assert_eq!(below_titles(&rows(&[&["Trial"], &["01", "5"], &["02", "6"]])), None);
    }
}
