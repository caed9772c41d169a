//! What a worksheet shows otherwise than it is read: rows, columns and worksheets that are hidden; cells that are struck
//! through, carry a comment or are shown as per cent. All are read like any other, and each is said with its cells.

use super::options::ReadOptions;
use super::remark::{Remark, plural};
use super::sheet::{Cell, Sheet, letters};
use std::collections::{BTreeMap, BTreeSet};

/// Row and column, counted from 0.
pub(super) type Place = (u32, u32);

/// Most cells of a kind that are kept.
const MOST: usize = 1_000_000;

/// Most places that are named.
const NAMED: usize = 10;

/// Cells that carry a mark.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Marks {
    /// Struck through, in whole or in part.
    pub struck: BTreeSet<Place>,
    /// With a comment or note.
    pub commented: BTreeSet<Place>,
    /// Numbers shown as per cent or in thousands.
    pub scaled: BTreeSet<Place>,
    /// With a format that shows nothing.
    pub unseen: BTreeSet<Place>,
}

/// Adds a cell to those of a kind, up to [`MOST`]; whether there was room.
pub(super) fn add(to: &mut BTreeSet<Place>, place: Place) -> bool {
    let room = to.len() < MOST;
    if room {
        to.insert(place);
    }
    room
}

/// How a number format shows a number otherwise than it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// As per cent (`0%`) or in thousands (`#,##0,`).
    Scaled,
    /// Not at all (`;;;`).
    Unseen,
}

/// What a number format does to a number, beyond rounding it.
pub(super) fn shown(format: &str) -> Option<Shown> {
    // Without what is quoted or escaped.
    let mut plain = String::new();
    let mut characters = format.chars();
    let mut quoted = false;
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted = !quoted,
            '\\' | '_' | '*' if !quoted => {
                characters.next();
            }
            character if !quoted => plain.push(character),
            _ => {}
        }
    }
    if !format.is_empty() && plain.trim_matches(';').is_empty() && plain.len() >= 2 && !format.contains('"') {
        return Some(Shown::Unseen);
    }
    let positive = plain.split(';').next().unwrap_or_default().trim_end();
    let thousands = positive.ends_with(',') && positive.contains(['0', '#', '?']);
    (plain.contains('%') || thousands).then_some(Shown::Scaled)
}

/// The first of `all` and how many more there are: `C5, C7 and 3 more`.
fn listed<T>(all: &[T], name: impl Fn(&T) -> String) -> String {
    let named = all.iter().take(NAMED).map(name).collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// A cell as a spreadsheet names it.
fn cell((row, column): &Place) -> String {
    format!("{}{}", letters(*column as usize + 1), row + 1)
}

/// What is said of the worksheet `title`, which was read, and of hidden ones beside it.
pub(super) fn hidden_sheets(options: &ReadOptions, title: &str, all: &[String], visible: &[String]) -> Option<Remark> {
    let hidden: Vec<&String> = all.iter().filter(|title| !visible.contains(title)).collect();
    if hidden.iter().any(|hidden| *hidden == title) {
        let text = format!("the worksheet `{title}`, which was read, is hidden in the workbook");
        return Some(Remark::new(text, "nothing, if it is the one that is meant"));
    }
    if hidden.is_empty() || options.sheet.is_some() {
        return None;
    }
    let text = format!(
        "{} hidden worksheet{} passed over: {}",
        hidden.len(),
        if hidden.len() == 1 { " was" } else { "s were" },
        listed(&hidden, |title| format!("`{title}`"))
    );
    Some(Remark::new(text, "nothing, if it holds no data; else name it with `sheet` in the plan, or with `--sheet`"))
}

/// What is said of rows, columns and cells of `sheet`, whose row `header_row` (from 0) has the names `header` by column.
pub(super) fn remarks(sheet: &Sheet<'_>, header_row: u32, header: &BTreeMap<u32, String>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    remarks.extend(hidden_rows(sheet));
    remarks.extend(hidden_columns(sheet, header));
    let value = |(row, column): &Place| sheet.rows.get(row).and_then(|cells| cells.get(column));
    let read = |place: &&Place| header.contains_key(&place.1) && value(place).is_some();
    let struck: Vec<Place> = sheet.marks.struck.iter().filter(read).copied().collect();
    let of = |remark: Remark, (row, column): &Place| {
        remark.at(*row as usize + 1).of(header.get(column).map(String::as_str).unwrap_or_default())
    };
    if let Some(first) = struck.first() {
        let text = format!(
            "{} cell{} struck through, and {} read like all others: {}",
            struck.len(),
            if struck.len() == 1 { " is" } else { "s are" },
            if struck.len() == 1 { "is" } else { "are" },
            listed(&struck, cell)
        );
        let remedy =
            "empty what was struck out, or correct it, or keep such rows out with `where`; else take the line away";
        remarks.push(of(Remark::new(text, remedy).doubtful(), first));
    }
    let unseen: Vec<Place> = sheet.marks.unseen.iter().filter(read).copied().collect();
    if let Some(first) = unseen.first() {
        let text = format!(
            "{} cell{} shown as empty by a format, and {} read like all others: {}",
            unseen.len(),
            if unseen.len() == 1 { " is" } else { "s are" },
            if unseen.len() == 1 { "is" } else { "are" },
            listed(&unseen, cell)
        );
        let remedy = "empty the cells, if their values are not meant; else give them a format that shows them";
        remarks.push(of(Remark::new(text, remedy).doubtful(), first));
    }
    remarks.extend(merged(sheet, header_row, header));
    let of_table = |place: &&Place| header.contains_key(&place.1) && (place.0 == header_row || value(place).is_some());
    let commented: Vec<Place> = sheet.marks.commented.iter().filter(of_table).copied().collect();
    if let Some(first) = commented.first() {
        let text = format!(
            "{} cell{} a comment, which was not read: {}",
            commented.len(),
            if commented.len() == 1 { " carries" } else { "s carry" },
            listed(&commented, cell)
        );
        let remedy = "read them: a comment may say that a value is in doubt, or in another unit";
        remarks.push(of(Remark::new(text, remedy), first));
    }
    for (column, title) in header {
        let number = |place: &&Place| place.1 == *column && matches!(value(place), Some(Cell::Number(_)));
        let scaled: Vec<Place> = sheet.marks.scaled.iter().filter(number).copied().collect();
        let Some(first) = scaled.first() else { continue };
        let all = sheet.rows.values().filter(|cells| matches!(cells.get(column), Some(Cell::Number(_)))).count();
        let held = match value(first) {
            Some(Cell::Number(held)) => super::number::print(*held),
            _ => String::new(),
        };
        let remark = match scaled.len() == all {
            true => Remark::new(
                format!("the numbers of `{title}` are shown as per cent or in thousands, and were read as they are stored: {held} in {}", cell(first)),
                "nothing, if the plan counts so: in shares (0.45 for 45 %), in whole numbers (2000 for 2 thousand)",
            ),
            false => Remark::new(
                format!(
                    "{} of the {all} numbers of `{title}` {} shown as per cent or in thousands, and read as {} stored ({held} in {}): {}",
                    scaled.len(),
                    if scaled.len() == 1 { "is" } else { "are" },
                    if scaled.len() == 1 { "it is" } else { "they are" },
                    cell(first),
                    listed(&scaled, cell)
                ),
                "write them as the others: 45 where the column counts in per cent",
            )
            .doubtful(),
        };
        remarks.push(of(remark, first));
    }
    remarks
}

/// Merged cells over several rows of a named column: all but the first are empty.
fn merged(sheet: &Sheet<'_>, header_row: u32, header: &BTreeMap<u32, String>) -> Option<Remark> {
    let has_below = |column: &u32, (from, to): (u32, u32)| {
        let rows = sheet.rows.range(from.saturating_add(1)..=to);
        header.contains_key(column)
            && rows.clone().next().is_some()
            && rows.into_iter().all(|(_, cells)| !cells.contains_key(column))
    };
    let over_rows = sheet.merged.iter().filter(|((from, to), _)| to > from && *from > header_row);
    let found: Vec<(u32, u32, u32)> = over_rows
        .flat_map(|((from, to), (left, right))| {
            header.range(*left..=*right).map(move |(column, _)| (*from, *to, *column))
        })
        .filter(|(from, to, column)| has_below(column, (*from, *to)))
        .collect();
    let (row, _, column) = found.first()?;
    let span = |(from, to, column): &(u32, u32, u32)| format!("{}:{}", cell(&(*from, *column)), cell(&(*to, *column)));
    let text = format!(
        "{} merged range{} over several rows: {}; the value stands in the first cell, and the others are empty",
        found.len(),
        if found.len() == 1 { " reaches" } else { "s reach" },
        listed(&found, span)
    );
    let remedy = "take the cells apart and fill in what each row has; for identifying columns declare `fill_down`";
    Some(Remark::new(text, remedy).at(*row as usize + 1).of(header.get(column)?).doubtful())
}

fn hidden_rows(sheet: &Sheet<'_>) -> Option<Remark> {
    let rows: Vec<u32> = sheet.hidden.iter().copied().filter(|row| sheet.rows.contains_key(row)).collect();
    let first = rows.first()?;
    let are = if rows.len() == 1 { "is" } else { "are" };
    let text = format!(
        "{} row{} of the worksheet {are} hidden, by a filter or by hand, and {are} read like all others: {}",
        rows.len(),
        plural(rows.len()),
        listed(&rows, |row| (row + 1).to_string())
    );
    let remedy = "keep out with `where` what is not to be analysed; else remove the filter";
    Some(Remark::new(text, remedy).at(*first as usize + 1).doubtful())
}

fn hidden_columns(sheet: &Sheet<'_>, header: &BTreeMap<u32, String>) -> Option<Remark> {
    let hidden = |column: &u32| sheet.hidden_columns.iter().any(|(first, last)| (first..=last).contains(&column));
    let unseen: Vec<&str> = header.iter().filter(|(column, _)| hidden(column)).map(|(_, title)| &**title).collect();
    let first = unseen.first()?;
    let are = if unseen.len() == 1 { "is" } else { "are" };
    let text = format!(
        "{} column{} of the worksheet {are} hidden, and {are} read like all others: {}",
        unseen.len(),
        plural(unseen.len()),
        listed(&unseen, |title| format!("`{title}`"))
    );
    Some(Remark::new(text, "nothing, if the column was only put out of sight").of(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_format_does_to_a_number_is_told_from_its_code() {
        for format in ["0%", "0.00%;[Red]-0.00%", "#,##0,", "0.0,,"] {
            assert_eq!(shown(format), Some(Shown::Scaled), "{format}");
        }
        for format in ["0.0\"%\"", "0\\%", "General", "#,##0", "#,##0;-#,##0", "yyyy-mm-dd", "0;-0;;@"] {
            assert_eq!(shown(format), None, "{format}");
        }
        assert_eq!((shown(";;;"), shown(";;")), (Some(Shown::Unseen), Some(Shown::Unseen)));
        assert_eq!(shown("\"\""), None);
    }

    #[test]
    fn ten_places_are_named_and_the_others_counted() {
        let all: Vec<u32> = (1..=12).collect();
        assert_eq!(listed(&all, u32::to_string), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more");
        assert_eq!(listed(&all[..1], u32::to_string), "1");
    }
}
