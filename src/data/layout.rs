//! What a worksheet says besides its cells: rows and columns that are not shown, and merged cells; and, for Office Open XML,
//! how much there is of it, counted in one pass before the first cell is decoded.

use super::error::DataError;
use super::marked::{self, Marks};
use super::memory::{Meter, TEXT_CELL};
use super::sheet::{MAX_CELLS, ROW, Sheet};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Cursor, Read};

/// Most rows of a worksheet, as many as Excel and LibreOffice have.
pub(super) const MAX_ROWS: u64 = 1 << 20;

/// Most merged ranges of a worksheet.
pub(super) const MAX_MERGED: usize = 1_000_000;

/// First and last, counted from 0.
pub(super) type Span = (u32, u32);

/// Rows and columns that are not shown; merged cells as their rows and their columns; cells that carry a mark.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    pub hidden_rows: Vec<Span>,
    pub hidden_columns: Vec<Span>,
    pub merged: Vec<(Span, Span)>,
    pub marks: Marks,
}

impl Layout {
    /// Counts a row that is not shown.
    pub fn hide_row(&mut self, row: u32) {
        match self.hidden_rows.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(row) => *last = row,
            _ => self.hidden_rows.push((row, row)),
        }
    }

    /// Gives the worksheet what is said of it. Rows without a cell are none of its rows.
    pub fn into_sheet(mut self, sheet: &mut Sheet<'_>) {
        self.hidden_rows.sort_unstable();
        let mut spans = self.hidden_rows.into_iter().peekable();
        let hidden = sheet.rows.keys().copied().filter(|&row| {
            while spans.next_if(|&(_, last)| last < row).is_some() {}
            spans.peek().is_some_and(|&(first, _)| first <= row)
        });
        sheet.hidden = hidden.collect();
        sheet.hidden_columns = self.hidden_columns;
        sheet.merged = self.merged;
        sheet.marks = self.marks;
    }
}

/// What the worksheet `number` of a workbook says; `None` where the archive cannot tell.
///
/// # Errors
/// [`DataError::TooLarge`] and [`DataError::NeedsMemory`] for what its cells come to.
pub(super) fn of_xlsx(name: &str, bytes: &[u8], number: usize) -> Result<Option<Layout>, DataError> {
    let Some((mut archive, part)) = part(bytes, number) else { return Ok(None) };
    let (mut layout, mut row) = (Layout::default(), 0_u32);
    layout.marks.commented = comments(&mut archive, &part)?;
    let texts = struck_texts(&mut archive)?;
    let Ok(part) = archive.by_name(&part) else { return Ok(None) };
    let mut count = Count { name, meter: Meter::new(name), rows: 0, cells: 0, filled: false };
    // The cell being read, and whether its value is the number of a shared text.
    let (mut cell, mut shared) = (String::new(), false);
    let sound = elements_of(BufReader::new(part), |tag, behind| {
        let (element, rest) = tag.split_at(tag.find([' ', '/', '\n', '\t', '\r']).unwrap_or(tag.len()));
        let value = || !rest.ends_with('/');
        let is = |attribute_name: &str| matches!(attribute(rest, attribute_name), Some("1" | "true"));
        match element.rsplit_once(':').map_or(element, |(_, local)| local) {
            "c" => {
                count.cell()?;
                cell.clear();
                cell.push_str(rest);
                shared = !texts.is_empty() && attribute(rest, "t") == Some("s");
            }
            "v" if value() && !behind.is_empty() => {
                count.value()?;
                if shared && behind.trim().parse().is_ok_and(|text| texts.contains(&text)) {
                    strike(&cell, &mut layout);
                }
            }
            // A run of a text that stands in the cell itself.
            "strike" if is_on(rest) => strike(&cell, &mut layout),
            "is" if value() => count.value()?,
            "row" => {
                count.row()?;
                row = attribute(rest, "r").and_then(|row| row.parse().ok()).unwrap_or(row.saturating_add(1));
                if is("hidden") {
                    layout.hide_row(row.saturating_sub(1));
                }
            }
            "col" if is("hidden") => {
                let place = |name: &str| attribute(rest, name).and_then(|text| text.parse::<u32>().ok());
                if let (Some(first @ 1..), Some(last)) = (place("min"), place("max")) {
                    layout.hidden_columns.push((first - 1, last.saturating_sub(1).max(first - 1)));
                }
            }
            "mergeCell" => {
                if layout.merged.len() == MAX_MERGED {
                    return Err(count.too_large("the worksheet, in merged ranges,", MAX_MERGED as u64));
                }
                layout.merged.extend(attribute(rest, "ref").and_then(range));
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(sound.then_some(layout))
}

/// Notes the cell with these attributes as struck through.
fn strike(cell: &str, layout: &mut Layout) {
    if let Some(at) = attribute(cell, "r").and_then(place) {
        marked::add(&mut layout.marks.struck, at);
    }
}

/// Whether a property such as `<strike/>` is on, which it is without a value.
fn is_on(attributes: &str) -> bool {
    !matches!(attribute(attributes, "val"), Some("0" | "false"))
}

/// The numbers of the shared texts that are struck through in whole or in part.
///
/// # Errors
/// Those of [`elements_of`].
fn struck_texts(archive: &mut zip::ZipArchive<Cursor<&[u8]>>) -> Result<BTreeSet<usize>, DataError> {
    let (mut struck, mut texts) = (BTreeSet::new(), 0_usize);
    let Ok(part) = archive.by_name("xl/sharedStrings.xml") else { return Ok(struck) };
    elements_of(BufReader::new(part), |tag, _| {
        let (element, rest) = tag.split_at(tag.find([' ', '/', '\n', '\t', '\r']).unwrap_or(tag.len()));
        match element.rsplit_once(':').map_or(element, |(_, local)| local) {
            "si" => texts += 1,
            "strike" if is_on(rest) => {
                struck.insert(texts.saturating_sub(1));
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(struck)
}

/// The cells of a worksheet that carry a comment; of threaded ones Excel writes a comment of the old kind too.
///
/// # Errors
/// Those of [`elements_of`].
fn comments(archive: &mut zip::ZipArchive<Cursor<&[u8]>>, part: &str) -> Result<BTreeSet<Span>, DataError> {
    let mut commented = BTreeSet::new();
    let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
    let mut relations = String::new();
    let found = archive.by_name(&format!("{folder}/_rels/{file}.rels"));
    if found.is_ok_and(|part| part.take(1 << 20).read_to_string(&mut relations).is_err()) {
        return Ok(commented);
    }
    let of_comments = |relation: &&str| attribute(relation, "Type").is_some_and(|kind| kind.ends_with("/comments"));
    for target in elements(&relations, "Relationship").filter(of_comments).filter_map(|it| attribute(it, "Target")) {
        let Ok(part) = archive.by_name(&resolved(folder, target)) else { continue };
        elements_of(BufReader::new(part), |tag, _| {
            let (element, rest) = tag.split_at(tag.find([' ', '/', '\n', '\t', '\r']).unwrap_or(tag.len()));
            if element.rsplit_once(':').map_or(element, |(_, local)| local) == "comment"
                && let Some(at) = attribute(rest, "ref").and_then(place)
            {
                marked::add(&mut commented, at);
            }
            Ok(())
        })?;
    }
    Ok(commented)
}

/// The name of a part that a part in `folder` names.
fn resolved(folder: &str, target: &str) -> String {
    if let Some(whole) = target.strip_prefix('/') {
        return whole.to_owned();
    }
    let mut path: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    for step in target.split('/') {
        match step {
            ".." => drop(path.pop()),
            "." => {}
            _ => path.push(step),
        }
    }
    path.join("/")
}

/// How much a worksheet holds so far.
struct Count<'a> {
    name: &'a str,
    meter: Meter<'a>,
    rows: u64,
    cells: usize,
    /// Whether the row being read has a value.
    filled: bool,
}

impl Count<'_> {
    fn too_large(&self, what: &'static str, limit: u64) -> DataError {
        let row = usize::try_from(self.rows).ok();
        DataError::TooLarge { path: self.name.to_string(), what, limit, row }
    }

    fn row(&mut self) -> Result<(), DataError> {
        self.filled = false;
        self.rows += 1;
        if self.rows > MAX_ROWS { Err(self.too_large("the worksheet, in rows,", MAX_ROWS)) } else { Ok(()) }
    }

    fn cell(&mut self) -> Result<(), DataError> {
        self.cells += 1;
        if self.cells > MAX_CELLS {
            return Err(self.too_large("the worksheet, in cells,", MAX_CELLS as u64));
        }
        Ok(())
    }

    fn value(&mut self) -> Result<(), DataError> {
        let row = if std::mem::replace(&mut self.filled, true) { 0 } else { ROW };
        self.meter.take(TEXT_CELL + row)
    }
}

/// Hands on each element of a document: what stands in its brackets, and the text behind. Whether all could be read.
///
/// # Errors
/// Those of `take`.
pub(super) fn elements_of(
    mut document: impl BufRead,
    mut take: impl FnMut(&str, &str) -> Result<(), DataError>,
) -> Result<bool, DataError> {
    let (mut piece, mut whole) = (Vec::new(), false);
    loop {
        piece.clear();
        // Of an element with a long text the beginning is enough; the rest is passed over.
        match document.by_ref().take(64 << 10).read_until(b'<', &mut piece) {
            Ok(0) => return Ok(true),
            Ok(_) => {}
            Err(_) => return Ok(false),
        }
        let begins = std::mem::replace(&mut whole, piece.last() == Some(&b'<'));
        if !begins {
            continue;
        }
        if whole {
            piece.pop();
        }
        let text = match std::str::from_utf8(&piece) {
            Ok(text) => text,
            Err(error) if error.valid_up_to() + 4 > 64 << 10 => {
                std::str::from_utf8(piece.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default()
            }
            Err(_) => return Ok(false),
        };
        let (tag, behind) = text.split_once('>').unwrap_or((text, ""));
        take(tag, behind)?;
    }
}

/// The archive and the name of the part that holds the worksheet `number`.
fn part(bytes: &[u8], number: usize) -> Option<(zip::ZipArchive<Cursor<&[u8]>>, String)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut read = |part: &str| {
        let mut text = String::new();
        archive.by_name(part).ok()?.take(64 << 20).read_to_string(&mut text).ok()?;
        Some(text)
    };
    let workbook = read("xl/workbook.xml")?;
    let relations = read("xl/_rels/workbook.xml.rels")?;
    let id = attribute(elements(&workbook, "sheet").nth(number)?, "r:id")?;
    let target = elements(&relations, "Relationship").find(|relation| attribute(relation, "Id") == Some(id))?;
    let target = attribute(target, "Target")?;
    let part = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_string);
    Some((archive, part))
}

/// The elements of this name, each from its name on.
fn elements<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = &'t str> {
    let element = move |piece: &'t str| {
        let piece = piece.split_once(':').filter(|(before, _)| !before.contains([' ', '>'])).map_or(piece, |(_, p)| p);
        let rest = piece.strip_prefix(name)?;
        rest.starts_with([' ', '\n', '\r', '\t', '/', '>']).then(|| rest.split('>').next().unwrap_or_default())
    };
    text.split('<').filter_map(element)
}

/// The value of an attribute of an element.
pub(super) fn attribute<'t>(element: &'t str, name: &str) -> Option<&'t str> {
    let mut rest = element;
    loop {
        let at = rest.find(name)?;
        let before = rest.get(..at)?.chars().next_back();
        rest = rest.get(at + name.len()..)?;
        if before.is_some_and(char::is_whitespace)
            && let Some(value) = rest.trim_start().strip_prefix('=')
        {
            let value = value.trim_start();
            let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            return value.get(1..)?.split(quote).next();
        }
    }
}

/// The rows and columns of a range such as `A2:B9`.
fn range(text: &str) -> Option<(Span, Span)> {
    let (first, last) = text.split_once(':').unwrap_or((text, text));
    let ((top, left), (bottom, right)) = (place(first)?, place(last)?);
    Some(((top, bottom.max(top)), (left, right.max(left))))
}

/// Row and column of a cell such as `AB12`, counted from 0.
fn place(text: &str) -> Option<Span> {
    let digits = text.find(|c: char| c.is_ascii_digit())?;
    let (letters, row) = text.split_at(digits);
    let column = letters.bytes().filter(|&byte| byte != b'$').try_fold(0_u32, |column, byte| {
        let letter = byte.to_ascii_uppercase().checked_sub(b'A').filter(|letter| *letter < 26)?;
        column.checked_mul(26)?.checked_add(u32::from(letter) + 1)
    })?;
    Some((row.parse::<u32>().ok()?.checked_sub(1)?, column.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn workbook(sheet: &str) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let mut put = |name: &str, text: &str| {
            archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        };
        put("xl/workbook.xml", r#"<x:workbook><x:sheets><x:sheet name="S" r:id="r1"/></x:sheets></x:workbook>"#);
        put(
            "xl/_rels/workbook.xml.rels",
            r#"<Relationships><Relationship Id="r1" Target="worksheets/a.xml"/></Relationships>"#,
        );
        put("xl/worksheets/a.xml", sheet);
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn what_is_hidden_and_merged_is_seen_whatever_the_prefix() {
        let long = "row hidden=1 ".repeat(20_000);
        for prefix in ["", "x:"] {
            let text = format!(
                r#"<worksheet><cols><col min="3" max="4" hidden="1"/></cols><sheetData><row r="1"><c><is><t>{long}</t></is></c></row><row r="3" hidden="1"/><row hidden="true"><c><v>1</v></c></row></sheetData><mergeCells><mergeCell ref="A2:B9"/><mergeCell ref="$AA$10"/></mergeCells></worksheet>"#
            );
            let text = text
                .replace("</", "<//")
                .replace('<', &format!("<{prefix}"))
                .replace(&format!("<{prefix}//"), &format!("</{prefix}"));
            let layout = of_xlsx("a.xlsx", &workbook(&text), 0).unwrap().unwrap();
            assert_eq!(layout.hidden_rows, [(2, 3)]);
            assert_eq!(layout.hidden_columns, [(2, 3)]);
            assert_eq!(layout.merged, [((1, 8), (0, 1)), ((9, 9), (26, 26))]);
        }
    }

    #[test]
    fn a_worksheet_is_counted_before_it_is_decoded() {
        let refused = |piece: &str, times: usize| {
            of_xlsx("a.xlsx", &workbook(&format!("<sheetData>{}</sheetData>", piece.repeat(times))), 0).unwrap_err()
        };
        let rows = refused("<row/>", (1 << 20) + 1);
        assert!(matches!(rows, DataError::TooLarge { limit: 1_048_576, row: Some(1_048_577), .. }), "{rows}");
        let merged = refused("<mergeCell ref=\"A2:A3\"/>", MAX_MERGED + 1);
        assert!(matches!(merged, DataError::TooLarge { limit: 1_000_000, .. }), "{merged}");
    }
}
