//! What an Excel 97 workbook would take in memory, told before it is decoded: the decoder makes every worksheet a rectangle
//! from its first to its last cell, and copies a shared text into each of its cells.
//!
//! Sources of the formats: Microsoft, [MS-CFB] (the compound file) and [MS-XLS] (the records of the stream `Workbook`).
//! What is damaged is left to the decoder, which refuses it: here it counts for nothing.

use super::error::DataError;
use super::layout::Layout;
use super::marked;
use super::memory;

/// What a cell of a rectangle takes, empty or not.
const CELL: u64 = 32;

/// Refuses a workbook for which there is no memory; `name` is its path in messages. Returns the stream of its records,
/// where it is found.
///
/// # Errors
/// [`DataError::NeedsMemory`].
pub(super) fn check(name: &str, bytes: &[u8]) -> Result<Option<Vec<u8>>, DataError> {
    let stream = stream(bytes);
    if let Some(stream) = &stream {
        memory::afford(name, needed(stream))?;
    }
    Ok(stream)
}

/// What the worksheet `sheet` says besides its values: what it does not show, and which cells carry a mark.
pub(super) fn layout(stream: &[u8], sheet: usize) -> Layout {
    let mut layout = Layout::default();
    let formats = Formats::read(stream);
    // `BoundSheet8` says where the worksheet begins.
    let begin = records(stream, 0).filter(|(kind, _)| *kind == 0x0085).nth(sheet);
    let Some(begin) = begin.and_then(|(_, body)| number::<4>(body, 0)) else { return layout };
    for (kind, body) in records(stream, begin).take_while(|(kind, _)| *kind != 0x000A) {
        let place = |at: usize| number::<2>(body, at).and_then(|place| u32::try_from(place).ok());
        match (kind, place(0)) {
            // `Row`: whether its height is zero; `ColInfo`: whether the columns are hidden.
            (0x0208, Some(row)) if place(12).is_some_and(|flags| flags & 0x20 != 0) => layout.hide_row(row),
            (0x007D, Some(first)) if place(8).is_some_and(|flags| flags & 1 != 0) => {
                layout.hidden_columns.push((first, place(2).unwrap_or(first).max(first)));
            }
            // `Note`.
            (0x001C, Some(row)) => {
                place(2).map(|column| marked::add(&mut layout.marks.commented, (row, column)));
            }
            // `MulRk`: a format and a number for each of its columns.
            (0x00BD, Some(row)) => {
                for (column, at) in (place(2).unwrap_or_default()..).zip((4..body.len().saturating_sub(2)).step_by(6)) {
                    formats.note(number::<2>(body, at), (row, column), &mut layout);
                }
            }
            (0x0006 | 0x00FD | 0x0203 | 0x0204 | 0x0205 | 0x027E, Some(row)) => {
                if let Some(column) = place(2) {
                    formats.note(number::<2>(body, 4), (row, column), &mut layout);
                }
            }
            _ => {}
        }
    }
    layout
}

/// By format of cells (`XF`): whether the font has a line through it, and whether numbers are shown as per cent.
struct Formats(Vec<(bool, bool)>);

impl Formats {
    fn read(stream: &[u8]) -> Self {
        let (mut lined, mut percent, mut formats) = (Vec::new(), vec![9, 10], Vec::new());
        for (kind, body) in records(stream, 0).take_while(|(kind, _)| *kind != 0x000A) {
            match kind {
                // `Font`: there is none with the number 4.
                0x0031 => {
                    if lined.len() == 4 {
                        lined.push(false);
                    }
                    lined.push(number::<2>(body, 2).is_some_and(|flags| flags & 8 != 0));
                }
                // `Format`: its text has one or two bytes a character, and the signs that matter are ASCII.
                0x041E => {
                    let text = body.get(5..).unwrap_or_default().iter().filter(|byte| **byte != 0);
                    let text: String = text.map(|&byte| char::from(byte)).collect();
                    percent
                        .extend(number::<2>(body, 0).filter(|_| marked::shown(&text) == Some(marked::Shown::Scaled)));
                }
                0x00E0 => {
                    let font = number::<2>(body, 0).and_then(|font| lined.get(font)).copied().unwrap_or_default();
                    formats.push((font, number::<2>(body, 2).is_some_and(|format| percent.contains(&format))));
                }
                _ => {}
            }
        }
        Self(formats)
    }

    fn note(&self, format: Option<usize>, at: (u32, u32), layout: &mut Layout) {
        let Some((struck, percent)) = format.and_then(|format| self.0.get(format)).copied() else { return };
        if struck {
            marked::add(&mut layout.marks.struck, at);
        }
        if percent {
            marked::add(&mut layout.marks.scaled, at);
        }
    }
}

/// The records of the stream from `at` on: kind and body.
fn records(stream: &[u8], mut at: usize) -> impl Iterator<Item = (usize, &[u8])> {
    std::iter::from_fn(move || {
        let (kind, length) = (number::<2>(stream, at)?, number::<2>(stream, at.checked_add(2)?)?);
        let body = stream.get(at + 4..at + 4 + length).unwrap_or_default();
        at += 4 + length;
        Some((kind, body))
    })
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(N)?)?;
    Some(bytes.iter().rev().fold(0, |value, &byte| value << 8 | usize::from(byte)))
}

/// Follows a chain of sectors of `size` bytes; a chain is never longer than the table that holds it.
fn chain(table: &[usize], mut sector: usize, size: usize, from: impl Fn(usize) -> usize, bytes: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    for _ in 0..table.len() {
        let at = from(sector);
        let Some(piece) = bytes.get(at..at.saturating_add(size).min(bytes.len())) else { break };
        all.extend_from_slice(piece);
        let Some(&next) = table.get(sector) else { break };
        sector = next;
    }
    all
}

/// The stream `Workbook` (or `Book`) of a compound file.
fn stream(bytes: &[u8]) -> Option<Vec<u8>> {
    let size = 1_usize
        .checked_shl(u32::try_from(number::<2>(bytes, 30)?).ok()?)
        .filter(|size| (128..=65_536).contains(size))?;
    let sector = |number: usize| number.saturating_add(1).saturating_mul(size);
    let numbers =
        |bytes: &[u8]| -> Vec<usize> { (0..bytes.len() / 4).filter_map(|at| number::<4>(bytes, 4 * at)).collect() };
    // The table of sectors lies in the sectors that the header lists, and a chain of lists after it.
    let mut lists = numbers(bytes.get(76..512)?);
    let mut next = number::<4>(bytes, 68)?;
    for _ in 0..bytes.len() / size {
        let Some(list) = bytes.get(sector(next)..sector(next).saturating_add(size)) else { break };
        let mut list = numbers(list);
        next = list.pop()?;
        lists.extend(list);
    }
    let held = |number: &usize| bytes.get(sector(*number)..sector(*number).saturating_add(size));
    let table: Vec<usize> = lists.iter().filter_map(held).flat_map(numbers).collect();
    let folder = chain(&table, number::<4>(bytes, 48)?, size, sector, bytes);
    let entry = |wanted: &[&str]| {
        folder.chunks_exact(128).find(|entry| {
            let length = number::<2>(entry, 64).unwrap_or_default().saturating_sub(2).min(64);
            let name: Vec<u8> = entry.iter().take(length).step_by(2).copied().collect();
            wanted.iter().any(|wanted| name == wanted.as_bytes())
        })
    };
    let book = entry(&["Workbook", "Book"])?;
    let (start, length) = (number::<4>(book, 116)?, number::<4>(book, 120)?);
    let mut stream = if length < number::<4>(bytes, 56)? {
        // Short streams lie in a stream of their own.
        chain(&numbers_of_chain(bytes, &table, size, 60)?, start, 64, |number| number.saturating_mul(64), &{
            let root = folder.get(..128)?;
            chain(&table, number::<4>(root, 116)?, size, sector, bytes)
        })
    } else {
        chain(&table, start, size, sector, bytes)
    };
    stream.truncate(length);
    Some(stream)
}

/// The numbers in the chain whose first sector stands at `at` of the header.
fn numbers_of_chain(bytes: &[u8], table: &[usize], size: usize, at: usize) -> Option<Vec<usize>> {
    let whole =
        chain(table, number::<4>(bytes, at)?, size, |number| number.saturating_add(1).saturating_mul(size), bytes);
    Some((0..whole.len() / 4).filter_map(|at| number::<4>(&whole, 4 * at)).collect())
}

/// Bytes that the workbook takes when decoded.
fn needed(stream: &[u8]) -> u64 {
    let mut texts = Texts::default();
    let (mut before, mut sheets) = (0, 0_u64);
    // Rectangles of the worksheets so far, the one being read, and copies of text.
    let (mut cells, mut corner, mut text) = (0_u64, None, 0_u64);
    let area = |corner: Option<[usize; 4]>| {
        corner.map_or(0, |[top, left, bottom, right]| ((bottom - top + 1) * (right - left + 1)) as u64)
    };
    for (kind, body) in records(stream, 0) {
        match kind {
            0x0085 => sheets += 1,
            0x0809 => {
                cells += area(corner);
                corner = None;
            }
            0x00FC => texts.add(body, true),
            0x003C if before == 0x00FC => texts.add(body, false),
            0x0006 | 0x00BD | 0x00FD | 0x0201 | 0x0203 | 0x0204 | 0x0205 | 0x027E => {
                if let (Some(row), Some(mut column)) = (number::<2>(body, 0), number::<2>(body, 2)) {
                    let [top, left, bottom, right] = corner.unwrap_or([row, column, row, column]);
                    let first = left.min(column);
                    if kind == 0x00BD {
                        column = number::<2>(body, body.len().saturating_sub(2)).unwrap_or(column).max(column);
                    }
                    corner = Some([top.min(row), first, bottom.max(row), right.max(column)]);
                }
                if kind == 0x00FD {
                    let place = number::<4>(body, 6).and_then(|place| texts.lengths.get(place));
                    text += memory::TEXT_CELL + place.copied().unwrap_or_default() as u64;
                }
            }
            _ => {}
        }
        if kind != 0x003C {
            before = kind;
        }
    }
    cells += area(corner);
    // Several names may stand for one worksheet, which is then decoded for each.
    (cells * CELL + text).saturating_mul(sheets.max(1)) + texts.lengths.iter().map(|&length| length as u64).sum::<u64>()
}

/// Lengths of the shared texts, in bytes as they are stored, read over the ends of their records.
#[derive(Default)]
struct Texts {
    lengths: Vec<usize>,
    /// Bytes of the text being read that are still to come; what then follows it (formats, phonetics).
    left: usize,
    behind: usize,
    /// The beginning of a text whose head lies in two records.
    head: Vec<u8>,
}

impl Texts {
    fn add(&mut self, body: &[u8], first: bool) {
        let mut rest = body.get(if first { 8 } else { 0 }..).unwrap_or_default();
        if !first && self.left > 0 {
            // A text goes on behind a byte that says anew how it is stored.
            rest = rest.get(1..).unwrap_or_default();
        }
        loop {
            let mut pass = |bytes: &mut usize| {
                let taken = (*bytes).min(rest.len());
                *bytes -= taken;
                rest = rest.get(taken..).unwrap_or_default();
                *bytes > 0
            };
            if pass(&mut self.left) || pass(&mut self.behind) || rest.is_empty() {
                return;
            }
            self.head.extend_from_slice(rest.get(..1).unwrap_or_default());
            rest = rest.get(1..).unwrap_or_default();
            let flags = self.head.get(2).copied().unwrap_or_default();
            let (rich, phonetic) = (flags & 8 != 0, flags & 4 != 0);
            let whole = 3 + if rich { 2 } else { 0 } + if phonetic { 4 } else { 0 };
            if self.head.len() < whole {
                continue;
            }
            let characters = number::<2>(&self.head, 0).unwrap_or_default();
            self.left = characters << (flags & 1);
            let runs = if rich { number::<2>(&self.head, 3).unwrap_or_default() } else { 0 };
            let further = if phonetic { number::<4>(&self.head, whole - 4).unwrap_or_default() } else { 0 };
            self.behind = (4 * runs).saturating_add(further);
            self.lengths.push(self.left);
            self.head.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u16, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap();
        [&kind.to_le_bytes(), &length.to_le_bytes(), body].concat()
    }

    #[test]
    fn a_text_counts_in_every_cell_and_a_rectangle_with_its_gaps() {
        // Two texts, the second of 5 000 characters over two records.
        let mut first = vec![0; 8];
        first.extend([2, 0, 0, b'a', b'b', 0x88, 0x13, 0]);
        first.extend([b'x'; 2_000]);
        let mut further = vec![0];
        further.extend([b'x'; 3_000]);
        let label = |row: u16, column: u16, text: u32| {
            let mut body = Vec::new();
            body.extend([row, column, 0].iter().flat_map(|number| number.to_le_bytes()));
            body.extend(text.to_le_bytes());
            record(0xFD, &body)
        };
        let book = [record(0x85, b""), record(0xFC, &first), record(0x3C, &further)].concat();
        let one = [book.clone(), record(0x809, b""), label(0, 0, 1)].concat();
        let two = [one.clone(), label(9, 9, 1)].concat();
        assert_eq!(needed(&one), CELL + 64 + 5_000 + 5_002);
        assert_eq!(needed(&two), 100 * CELL + 2 * (64 + 5_000) + 5_002);
    }

    #[test]
    fn the_stream_is_found_where_it_lies() {
        let path: std::path::PathBuf =
            [env!("CARGO_MANIFEST_DIR"), "tests/everyday/formats/knees.xls"].iter().collect();
        let stream = stream(&std::fs::read(path).unwrap()).unwrap();
        assert_eq!(number::<2>(&stream, 0), Some(0x809), "the stream begins with a record of beginning");
        let needed = needed(&stream);
        assert!((5_000..200_000).contains(&needed), "{needed}");
    }
}
