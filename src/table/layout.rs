//! Where the columns of a printed table stand: decimal alignment, column widths, and what happens to a table that is
//! wider than its page. RTF, DOCX and PDF are set from these measures; nothing here knows a format.
//!
//! A number column is aligned at the decimal point of the first number of each cell, so `7`, `61.0 (12.34)` and
//! `< 0.001` of one column share one vertical line; the block of numbers is centred under its header. The second number
//! of an interval is padded to the width of the widest one, so that both limits align. Alignment is an indent computed
//! from the widths of the glyphs, not a decimal tab: tab stops follow the reader's locale and pick another point in
//! `7 (24.1 %)`. A table that does not fit is cut by columns into panels, each with the row labels.

use super::rounding::MINUS;
use super::{Align, Cell, ResultTable};

/// The space a table is set in. Lengths are points.
pub struct Setting<'a> {
    /// Width from margin to margin.
    pub available: f64,
    /// Size of the text.
    pub size: f64,
    /// Least space between two columns.
    pub gap: f64,
    /// White space as wide as a digit in the typeface, which pads the second limit of intervals.
    pub digit_space: &'a str,
    /// Width of a text in ems, bold or regular.
    pub width: &'a dyn Fn(&str, bool) -> f64,
}

/// Where the text of a cell stands in its column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    /// Begins this far from the left edge of the column; never wraps.
    At(f64),
    /// Flows from the left edge and wraps.
    Flow,
}

/// One column of a panel.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedColumn {
    /// Index of the column in the table; 0 is the label column.
    pub index: usize,
    /// Width with the gap, in points.
    pub width: f64,
    /// Whether the header is centred over the numbers.
    pub centred: bool,
    /// Text and place of the cell of every row, in the order of the rows; empty for the label column.
    pub cells: Vec<(String, Place)>,
}

/// Indentation per level of a row label, in ems.
pub const INDENT: f64 = 1.2;

/// Largest share of the page that row labels take before they wrap.
const LABEL_SHARE: f64 = 0.42;

/// The table in panels that fit the setting side by side: one panel where possible, else several with the label column
/// repeated. Every panel has the full width.
pub fn panels(table: &ResultTable, setting: &Setting) -> Vec<Vec<PlacedColumn>> {
    let measured: Vec<Measured> = (0..table.columns.len()).map(|index| measure(table, index, setting)).collect();
    let Some((label, numbers)) = measured.split_first() else { return Vec::new() };
    let room = setting.available - label.least;
    let mut groups = cut(numbers, room);
    // Panels of about the same width read better than full ones and a remnant.
    let even = numbers.iter().map(|column| column.least).sum::<f64>() / groups.len() as f64;
    let widest = numbers.iter().map(|column| column.least).fold(0.0, f64::max);
    let evener = cut(numbers, room.min(even + widest / 2.0));
    if evener.len() == groups.len() {
        groups = evener;
    }
    groups
        .into_iter()
        .map(|group| {
            let columns: Vec<&Measured> = std::iter::once(label).chain(group).collect();
            let widths = share(&columns, setting.available);
            columns.into_iter().zip(widths).map(|(column, width)| column.place(width, setting)).collect()
        })
        .collect()
}

/// Columns in runs, each no wider than `room` unless it is a single column.
fn cut(columns: &[Measured], room: f64) -> Vec<&[Measured]> {
    let mut runs = Vec::new();
    let (mut start, mut used) = (0, 0.0);
    for (index, column) in columns.iter().enumerate() {
        if used + column.least > room && index > start {
            runs.push(&columns[start..index]);
            (start, used) = (index, 0.0);
        }
        used += column.least;
    }
    runs.push(&columns[start..]);
    runs
}

/// Which columns a panel of a cut table shows: `template` with `{from}`, `{to}` and `{of}` filled in.
pub fn columns_note(template: &str, panel: &[PlacedColumn], columns: usize) -> String {
    let (from, to) = (panel.get(1).map_or(1, |column| column.index), panel.last().map_or(1, |column| column.index));
    let of = columns.saturating_sub(1).to_string();
    template.replace("{from}", &from.to_string()).replace("{to}", &to.to_string()).replace("{of}", &of)
}

/// Widths that fill `available`: what each column needs at least, then what it would like, then equal parts of the rest.
fn share(columns: &[&Measured], available: f64) -> Vec<f64> {
    let least: f64 = columns.iter().map(|column| column.least).sum();
    if least > available {
        return columns.iter().map(|column| column.least * available / least).collect();
    }
    let wish: f64 = columns.iter().map(|column| column.natural - column.least).sum();
    let part = if wish > 0.0 { ((available - least) / wish).min(1.0) } else { 0.0 };
    let rest = ((available - least - part * wish) / columns.len() as f64).max(0.0);
    columns.iter().map(|column| column.least + part * (column.natural - column.least) + rest).collect()
}

/// A column with what it needs.
struct Measured {
    index: usize,
    /// Narrowest width that cuts no number and no ordinary word.
    least: f64,
    /// Width at which nothing wraps but long headers and labels.
    natural: f64,
    texts: Vec<String>,
    /// Width of what stands left of the alignment point of each cell; `None` for words.
    before: Vec<Option<f64>>,
    /// Widest parts left and right of the alignment point.
    block: (f64, f64),
    centred: bool,
}

impl Measured {
    fn place(&self, width: f64, setting: &Setting) -> PlacedColumn {
        let inner = width - setting.gap;
        let left = setting.gap / 2.0 + ((inner - self.block.0 - self.block.1) / 2.0).max(0.0) + self.block.0;
        let cells = self.texts.iter().zip(&self.before).map(|(text, before)| {
            let place = match before {
                Some(before) => Place::At((left - before).max(0.0)),
                None => Place::Flow,
            };
            // What is aligned never wraps.
            let text = if before.is_some() { text.replace(' ', "\u{a0}") } else { text.clone() };
            (text, place)
        });
        PlacedColumn { index: self.index, width, centred: self.centred, cells: cells.collect() }
    }
}

fn measure(table: &ResultTable, index: usize, setting: &Setting) -> Measured {
    let em = |text: &str, bold: bool| (setting.width)(text, bold) * setting.size;
    let longest_word = |text: &str, bold: bool| words(text).map(|word| em(word, bold)).fold(0.0, f64::max);
    let header = &table.columns[index].header;
    // A header may take three lines; no word of ordinary length is cut.
    let cap = setting.available * 0.18;
    let header_least = longest_word(header, true).min(cap);
    let header_natural = (em(header, true) / 2.0).max(header_least);
    if index == 0 {
        let labels = table.rows.iter().filter(|row| !row.cells.is_empty());
        let indent = |row: &super::Row| f64::from(row.indent) * INDENT * setting.size;
        let natural = labels.clone().map(|row| em(&row.label, false) + indent(row)).fold(header_natural, f64::max);
        let word = labels.map(|row| longest_word(&row.label, false) + indent(row)).fold(header_least, f64::max);
        let natural = (natural + setting.gap).min(setting.available * LABEL_SHARE);
        let least = (word + setting.gap).min(setting.available * 0.25).min(natural);
        return Measured {
            index,
            least,
            natural,
            texts: Vec::new(),
            before: Vec::new(),
            block: (0.0, 0.0),
            centred: false,
        };
    }
    let cells: Vec<&Cell> = table.rows.iter().map(|row| row.cells.get(index - 1).unwrap_or(&Cell::Empty)).collect();
    let mut texts: Vec<String> = cells.iter().map(|cell| cell.text(&table.joint)).collect();
    pad_intervals(&cells, &mut texts, setting.digit_space);
    let numeric = table.columns[index].align == Align::Right;
    let (mut before, mut block, mut flow_least, mut flow_natural) = (Vec::new(), (0.0_f64, 0.0_f64), 0.0_f64, 0.0_f64);
    for text in &texts {
        match alignment_point(text).filter(|_| numeric) {
            Some(at) => {
                let left = em(&text[..at], false);
                block = (block.0.max(left), block.1.max(em(&text[at..], false)));
                before.push(Some(left));
            }
            None => {
                flow_least = flow_least.max(longest_word(text, false).min(cap));
                flow_natural = flow_natural.max(em(text, false));
                before.push(None);
            }
        }
    }
    let numbers = block.0 + block.1;
    let least = numbers.max(flow_least).max(header_least) + setting.gap;
    let natural = numbers.max(flow_natural.min(setting.available * 0.35)).max(header_natural) + setting.gap;
    let centred = numeric && numbers > 0.0;
    Measured { index, least, natural: natural.max(least), texts, before, block, centred }
}

/// Words between spaces and after hyphens, solidi and characters that a line may break behind anyway (Japanese); a date
/// (`2022-03-19`) is one word.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let date = |word: &str| word.len() == 10 && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    text.split([' ', '\n', '\t']).flat_map(move |word| {
        let whole = date(word);
        word.split_inclusive(move |c: char| !whole && (matches!(c, '-' | '/') || breaks(c)))
    })
}

/// Whether a line may break behind the character without a space: Chinese and Japanese script.
pub fn breaks(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ff60}' | '\u{20000}'..='\u{3ffff}')
}

/// The byte at which a printed number is aligned: behind the integer digits of the first number (with its sign and a
/// leading `<` or `>`), behind an infinity or the dash of an absent value. `None` for words.
pub fn alignment_point(text: &str) -> Option<usize> {
    if text == super::cell::ABSENT {
        return Some(text.len());
    }
    let number = text.trim_start_matches(['<', '>', '\u{a0}', ' ']);
    let unsigned = number.strip_prefix([MINUS, '-', '+', '±']).unwrap_or(number);
    let start = text.len() - unsigned.len();
    if let Some(rest) = unsigned.strip_prefix('∞') {
        return Some(text.len() - rest.len());
    }
    let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    // `2 months` and `3rd` are words, `2 (7 %)` and `2 to 3` are numbers.
    let behind = unsigned[digits..].trim_start_matches(['\u{a0}', ' ']).chars().next();
    let numeric = behind.is_none_or(|c| !c.is_alphabetic()) || unsigned[digits..].starts_with(" to ");
    (digits > 0 && numeric).then_some(start + digits)
}

/// Pads the upper limits of the column's intervals on the left, so that their decimal points align.
fn pad_intervals(cells: &[&Cell], texts: &mut [String], digit_space: &str) {
    let integer = |cell: &Cell, text: &str| -> Option<(usize, usize)> {
        let Cell::Interval(Some(low), Some(high), decimals) = cell else { return None };
        if !low.is_finite() || !high.is_finite() {
            return None;
        }
        let upper = super::rounding::print(*high, *decimals);
        let start = text.len().checked_sub(upper.len()).filter(|start| text.is_char_boundary(*start))?;
        Some((start, upper.split('.').next().unwrap_or(&upper).chars().count()))
    };
    let widest = cells.iter().zip(&*texts).filter_map(|(cell, text)| integer(cell, text)).map(|(_, n)| n).max();
    let Some(widest) = widest else { return };
    for (cell, text) in cells.iter().zip(texts) {
        if let Some((start, count)) = integer(cell, text) {
            text.insert_str(start, &digit_space.repeat(widest - count));
        }
    }
}

/// For pages that set numbers flush right: the text of every cell of a column, and how far its end stands before the
/// end of the widest cell when the decimal points align (in the unit of `width`; nothing for words).
pub fn hanging(
    table: &ResultTable,
    index: usize,
    digit_space: &str,
    width: &dyn Fn(&str) -> f64,
) -> Vec<(String, f64)> {
    let Some(column) = index.checked_sub(1) else { return Vec::new() };
    let cells: Vec<&Cell> = table.rows.iter().map(|row| row.cells.get(column).unwrap_or(&Cell::Empty)).collect();
    let mut texts: Vec<String> = cells.iter().map(|cell| cell.text(&table.joint)).collect();
    if table.columns.get(index).is_none_or(|column| column.align == Align::Left) {
        return texts.into_iter().map(|text| (text, 0.0)).collect();
    }
    pad_intervals(&cells, &mut texts, digit_space);
    let behind: Vec<Option<f64>> =
        texts.iter().map(|text| alignment_point(text).map(|at| width(&text[at..]))).collect();
    let widest = behind.iter().flatten().fold(0.0_f64, |widest, width| widest.max(*width));
    texts.into_iter().zip(behind).map(|(text, behind)| (text, behind.map_or(0.0, |behind| widest - behind))).collect()
}

/// Whether a table is so short that breaking it over pages would only spare paper; estimated from its lines.
pub fn fits_a_page(table: &ResultTable) -> bool {
    let lines = |text: &str, characters: usize| text.chars().count().div_ceil(characters);
    let rows: usize = table.rows.iter().map(|row| lines(&row.label, 20).max(1)).sum();
    let notes: usize = table.footnotes.iter().map(|note| lines(note, 60)).sum();
    let title = lines(&table.title, 50) + lines(&table.population, 50);
    rows + notes + title <= 34 && table.columns.iter().all(|column| column.header.chars().count() <= 60)
}

/// For each row, whether it belongs to a short group and is not its last: such a row stays on the page of the next.
pub fn in_short_group(table: &ResultTable) -> Vec<bool> {
    /// Rows of a group that is not broken over pages, without its heading.
    const SHORT: usize = 9;
    let rows = &table.rows;
    let mut stays = vec![false; rows.len()];
    let heads = (0..rows.len()).filter(|index| rows[*index].cells.is_empty());
    for head in heads {
        let length = rows[head + 1..].iter().take_while(|row| !row.cells.is_empty()).count();
        if (1..=SHORT).contains(&length) {
            stays[head..head + length].fill(true);
        }
    }
    stays
}

/// Width in ems of a text in Arial (and Helvetica and Liberation Sans, which share its metrics), regular or bold: for
/// the formats whose reader sets the text. Full-width characters count as one em, combining marks as nothing.
pub fn arial_width(text: &str, bold: bool) -> f64 {
    /// Advance widths of Helvetica from its Adobe font metrics file, characters U+0020 to U+007E, per 1000 em.
    const REGULAR: [u16; 95] = [
        278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556,
        556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667,
        556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556,
        556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722,
        500, 500, 500, 334, 260, 334, 584,
    ];
    let advance = |c: char| match c {
        ' '..='~' => f64::from(REGULAR[c as usize - 0x20]) / 1000.0,
        '\u{a0}' => 0.278,
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{3099}' | '\u{309a}' => 0.0,
        MINUS | '±' | '≤' | '≥' => 0.584,
        '–' => 0.556,
        '∞' => 0.713,
        c if breaks(c) || ('\u{1100}'..'\u{11ff}').contains(&c) || ('\u{ac00}'..='\u{d7a3}').contains(&c) => 1.0,
        _ => 0.6,
    };
    // Bold letters of Helvetica are up to a tenth wider; its digits are not.
    let bolder = |c: char| if bold && !c.is_ascii_digit() { 1.08 } else { 1.0 };
    text.chars().map(|c| advance(c) * bolder(c)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: usize, columns: usize) -> ResultTable {
        let mut table = ResultTable::new("t", "1", "Title".into(), "All".into());
        table.headers("Visit", (0..columns).map(|index| format!("Column {index}")));
        for row in 0..rows {
            let value = 10f64.powi(row as i32) / 3.0;
            table.row(format!("Row {row}"), 1, vec![Cell::Number(Some(-value), 2); columns], Vec::new());
        }
        table
    }

    fn setting(available: f64) -> Setting<'static> {
        Setting { available, size: 9.0, gap: 8.0, digit_space: "\u{a0}\u{a0}", width: &arial_width }
    }

    #[test]
    fn the_alignment_point_is_behind_the_integer_digits_of_the_first_number() {
        for (text, expected) in [
            ("7", Some(1)),
            ("61.0 (12.34)", Some(2)),
            ("7 (24.1\u{a0}%)", Some(1)),
            ("\u{2212}5.5 to 3.4", Some(4)),
            ("40 to 90", Some(2)),
            ("<\u{a0}0.001", Some(4)),
            ("–", Some(3)),
            ("\u{2212}∞ to 3", Some(6)),
            ("2 months", None),
            ("not assessed", None),
            ("", None),
        ] {
            assert_eq!(alignment_point(text), expected, "{text}");
        }
    }

    #[test]
    fn decimal_points_of_a_column_stand_on_one_line() {
        let panels = panels(&table(4, 2), &setting(500.0));
        assert_eq!(panels.len(), 1);
        let lines: Vec<f64> = panels[0][1]
            .cells
            .iter()
            .map(|(text, place)| {
                let Place::At(start) = place else { panic!("{text} flows") };
                start + arial_width(&text[..alignment_point(text).unwrap()], false) * 9.0
            })
            .collect();
        assert!(lines.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 1e-9), "{lines:?}");
    }

    #[test]
    fn numbers_hang_by_what_follows_their_point() {
        let mut table = ResultTable::new("t", "1", String::new(), String::new());
        table.headers("", ["VAS".to_owned()]);
        table.group("Month 6");
        table.row("n", 1, vec![Cell::Count(29)], Vec::new());
        table.row("mean", 1, vec![Cell::Spread(Some(61.0), 1, Some(12.345), 2)], Vec::new());
        table.row("note", 1, vec![Cell::Text("none".into())], Vec::new());
        let cells = hanging(&table, 1, " ", &|text: &str| text.chars().count() as f64);
        let expected = [("", 0.0), ("29", 10.0), ("61.0 (12.35)", 0.0), ("none", 0.0)];
        assert_eq!(cells, expected.map(|(text, by)| (text.to_owned(), by)));
    }

    #[test]
    fn both_limits_of_intervals_align() {
        let mut table = ResultTable::new("t", "1", String::new(), String::new());
        table.headers("", ["CI".to_owned()]);
        table.row("a", 0, vec![Cell::Interval(Some(-1.0), Some(12.5), 1)], Vec::new());
        table.row("b", 0, vec![Cell::Interval(Some(-20.0), Some(3.5), 1)], Vec::new());
        let panels = panels(&table, &setting(500.0));
        assert_eq!(panels[0][1].cells[0].0, "\u{2212}1.0\u{a0}to\u{a0}12.5");
        assert_eq!(panels[0][1].cells[1].0, "\u{2212}20.0\u{a0}to\u{a0}\u{a0}\u{a0}3.5");
    }

    #[test]
    fn a_wide_table_is_cut_into_panels_that_hold_every_column_once_and_fill_the_page() {
        let panels = panels(&table(4, 40), &setting(500.0));
        assert!(panels.len() > 1);
        let mut seen: Vec<usize> = Vec::new();
        for panel in &panels {
            assert_eq!(panel[0].index, 0, "the labels are repeated");
            seen.extend(panel[1..].iter().map(|column| column.index));
            let width: f64 = panel.iter().map(|column| column.width).sum();
            assert!((width - 500.0).abs() < 1e-6, "{width}");
        }
        assert_eq!(seen, (1..=40).collect::<Vec<_>>());
    }

    #[test]
    fn endless_labels_leave_room_for_the_numbers() {
        let mut table = table(2, 3);
        table.row("x".repeat(5000), 2, vec![Cell::Count(1); 3], Vec::new());
        let panels = panels(&table, &setting(500.0));
        assert_eq!(panels.len(), 1);
        assert!(panels[0][0].width <= 0.55 * 500.0, "{}", panels[0][0].width);
    }
}
