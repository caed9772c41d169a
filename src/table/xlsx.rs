//! Tables as an Excel workbook: one sheet a table, numbers as unrounded numbers that a number format prints with the
//! table's decimals.
//!
//! A cell of two numbers takes two columns under one header: mean and SD, both limits, count and percentage. Their
//! number formats write the brackets and the word "to", so the row still reads `61.0 (12.34)` while both numbers can be
//! computed with. Text is always written as text, never as a formula, and text that a spreadsheet would run when it is
//! typed again carries the quote prefix. The creation date is fixed, so the same tables give the same bytes.

use super::untrusted::printable;
use super::{Align, Cell, ResultTable, rounding};
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};
use std::collections::BTreeSet;

/// Most characters that Excel keeps in a cell.
const CELL_LIMIT: usize = 32_767;
/// Most characters of a sheet name.
const NAME_LIMIT: usize = 31;
/// Row of the column headers: title, population and an empty row stand above.
const HEADER_ROW: u32 = 3;

/// The tables as a workbook. A workbook without tables has one empty sheet.
///
/// # Errors
/// A table beyond Excel's limits: more than 1 048 576 rows or 16 384 columns.
pub fn render(tables: &[&ResultTable]) -> Result<Vec<u8>, XlsxError> {
    render_with(tables, None)
}

/// What stands on the first sheet, which lists the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    /// Name of the sheet.
    pub name: String,
    /// Lines above the list: the title of the trial, its marks.
    pub lines: Vec<String>,
    /// Marks at the head of every printed sheet; may be empty.
    pub marks: String,
    /// Headers of number, title and population.
    pub headers: [String; 3],
    /// Number, title and file of every figure, which stand below the tables.
    pub figures: Vec<[String; 3]>,
}

/// As [`render`], with a first sheet that lists the tables and leads to their sheets.
///
/// # Errors
/// As [`render`].
pub fn render_with(tables: &[&ResultTable], index: Option<&Index>) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // Excel needs a date; the earliest its file format knows says plainly that it is none.
    let date = ExcelDateTime::from_ymd(1980, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_author("splitknee").set_creation_datetime(&date));
    let mut names = BTreeSet::new();
    if tables.is_empty() {
        workbook.add_worksheet();
    }
    if let Some(index) = index.filter(|_| !tables.is_empty()) {
        let named = ResultTable::new("index", &index.name, String::new(), String::new());
        let sheet = workbook.add_worksheet();
        sheet.set_name(sheet_name(&named, &mut names))?;
        // The names of the sheets as they will be given below.
        let mut given = names.clone();
        contents(sheet, index, tables, &mut given)?;
    }
    for table in tables {
        let sheet = workbook.add_worksheet();
        sheet.set_name(sheet_name(table, &mut names))?;
        fill(sheet, table)?;
        if let Some(index) = index.filter(|index| !index.marks.is_empty()) {
            sheet.set_header(format!("&R{}", index.marks.replace('&', "&&")));
        }
    }
    workbook.save_to_buffer()
}

/// The first sheet: number with a link to its sheet, title, population.
fn contents(
    sheet: &mut Worksheet,
    index: &Index,
    tables: &[&ResultTable],
    names: &mut BTreeSet<String>,
) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    for (line, words) in index.lines.iter().enumerate() {
        text(sheet, line as u32, 0, words, bold.clone())?;
    }
    let head = index.lines.len() as u32 + 1;
    for (column, words) in index.headers.iter().enumerate() {
        text(sheet, head, column as u16, words, bold.clone().set_border_bottom(FormatBorder::Thin))?;
    }
    for (place, table) in tables.iter().enumerate() {
        let line = head + 1 + place as u32;
        let link = format!("internal:'{}'!A1", sheet_name(table, names));
        let number = if table.number.trim().is_empty() { &table.id } else { &table.number };
        let number: String = number.chars().filter(|c| printable(*c)).collect();
        sheet.write_url_with_text(line, 0, link.as_str(), number)?;
        text(sheet, line, 1, &table.title, Format::new())?;
        text(sheet, line, 2, &table.population, Format::new())?;
    }
    let below = head + 1 + tables.len() as u32;
    for (place, figure) in index.figures.iter().enumerate() {
        for (column, words) in figure.iter().enumerate() {
            text(sheet, below + place as u32, column as u16, words, Format::new())?;
        }
    }
    for (column, width) in [16.0, 90.0, 45.0].into_iter().enumerate() {
        sheet.set_column_width(column as u16, width)?;
    }
    Ok(())
}

fn fill(sheet: &mut Worksheet, table: &ResultTable) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    let rule = |format: Format| {
        let format = format.set_bold().set_align(FormatAlign::Bottom);
        format.set_border_top(FormatBorder::Medium).set_border_bottom(FormatBorder::Thin)
    };
    text(sheet, 0, 0, &format!("{} {}", table.number, table.title), bold.clone().set_font_size(12))?;
    text(sheet, 1, 0, &table.population, Format::new())?;
    let firsts = first_columns(table);
    let after_last = firsts.last().copied().unwrap_or(0);
    for (index, column) in table.columns.iter().enumerate() {
        let (first, next) = (firsts[index], firsts[index + 1]);
        let format = match column.align {
            Align::Left => rule(Format::new()).set_align(FormatAlign::Left).set_text_wrap(),
            // Centred across both columns of a pair, without merging cells.
            Align::Right if next - first > 1 => rule(Format::new()).set_align(FormatAlign::CenterAcross),
            Align::Right => rule(Format::new()).set_align(FormatAlign::Right).set_text_wrap(),
        };
        text(sheet, HEADER_ROW, first, &column.header, format.clone())?;
        for extra in first + 1..next {
            sheet.write_blank(HEADER_ROW, extra, &format)?;
        }
    }
    let mut line = HEADER_ROW;
    for (index, row) in table.rows.iter().enumerate() {
        line = HEADER_ROW + 1 + index as u32;
        let closing = |format: Format| {
            if index + 1 == table.rows.len() { format.set_border_bottom(FormatBorder::Medium) } else { format }
        };
        let label = Format::new().set_align(FormatAlign::Left).set_align(FormatAlign::Top).set_indent(row.indent);
        // A group heading runs on over the empty cells beside it.
        let label = if row.cells.is_empty() { label.set_bold() } else { label.set_text_wrap() };
        for column in 0..after_last {
            sheet.write_blank(line, column, &closing(Format::new()))?;
        }
        text(sheet, line, 0, &row.label, closing(label))?;
        for (cell, column) in row.cells.iter().zip(1..) {
            let Some(&first) = firsts.get(column) else { break };
            let align = table.columns.get(column).map_or(Align::Right, |column| column.align);
            for (offset, part) in parts(cell, &table.joint).into_iter().enumerate() {
                let at = first + offset as u16;
                match part {
                    Part::Nothing => {}
                    Part::Number(value, format) => {
                        sheet.write_number_with_format(
                            line,
                            at,
                            value,
                            &closing(Format::new().set_num_format(format).set_align(FormatAlign::Top)),
                        )?;
                    }
                    Part::Text(words) => {
                        let side = if align == Align::Left { FormatAlign::Left } else { FormatAlign::Right };
                        text(
                            sheet,
                            line,
                            at,
                            &words,
                            closing(Format::new().set_align(side).set_align(FormatAlign::Top)),
                        )?;
                    }
                }
            }
        }
    }
    let widths = widths(table, &firsts);
    for (column, width) in widths.iter().enumerate() {
        sheet.set_column_width(column as u16, *width)?;
    }
    sheet.set_row_height(HEADER_ROW, LINE * header_lines(table, &firsts, &widths) as f64)?;
    let whole: f64 = widths.iter().sum();
    for (index, note) in table.footnotes.iter().enumerate() {
        let (row, last) = (line + 2 + index as u32, after_last.saturating_sub(1));
        let format = Format::new().set_font_size(9).set_text_wrap().set_align(FormatAlign::Top);
        // Notes wrap within the table: else they would widen the print.
        if last > 0 {
            sheet.merge_range(row, 0, row, last, "", &format)?;
            let lines = (characters(note) / (whole * 1.1)).ceil().clamp(1.0, 30.0);
            sheet.set_row_height(row, 12.5 * lines)?;
        }
        text(sheet, row, 0, note, format)?;
    }
    if !table.columns.is_empty() {
        sheet.set_freeze_panes(HEADER_ROW + 1, 1)?;
        sheet.set_repeat_rows(0, HEADER_ROW)?;
    }
    sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    sheet.set_footer("&L&A&R&P / &N");
    Ok(())
}

/// One cell of the sheet.
enum Part {
    Nothing,
    Number(f64, String),
    Text(String),
}

/// The cells of the sheet that a cell of the table takes, in order.
fn parts(cell: &Cell, joint: &str) -> Vec<Part> {
    match cell {
        Cell::Empty => vec![Part::Nothing],
        Cell::Text(words) | Cell::Said(words, _) => vec![Part::Text(words.clone())],
        Cell::Count(count) => vec![number(Some(*count as f64), &zeros(0))],
        Cell::CountPercent(0, _) => vec![number(Some(0.0), &zeros(0))],
        Cell::CountPercent(count, of) => {
            let share = *count as f64 / (*of).max(1) as f64;
            vec![number(Some(*count as f64), &zeros(0)), number(Some(share), "\\(0.0%\\)")]
        }
        Cell::Number(value, decimals) => vec![number(*value, &zeros(*decimals))],
        Cell::Spread(None, _, None, _) | Cell::Interval(None, None, _) => vec![number(None, "")],
        Cell::Spread(centre, decimals, spread, spread_decimals) => {
            let brackets = format!("\\({0}\\);\\(\\-{0}\\)", zeros(*spread_decimals));
            vec![number(*centre, &zeros(*decimals)), number(*spread, &brackets)]
        }
        Cell::Interval(low, high, decimals) => {
            let to = format!("\"{1}\"{0};\"{1}\"\\-{0}", zeros(*decimals), joint.trim_start());
            vec![number(*low, &zeros(*decimals)), number(*high, &to)]
        }
        Cell::PValue(p) => vec![number(*p, "[<0.001]\"< 0.001\";[>0.99]\"> 0.99\";0.000")],
    }
}

/// A number with its format. Excel holds finite numbers only; infinities and absent values are printed.
fn number(value: Option<f64>, format: &str) -> Part {
    match value {
        Some(value) if value.is_finite() => Part::Number(value, format.to_owned()),
        Some(value) if value > 0.0 => Part::Text("∞".to_owned()),
        Some(_) => Part::Text(format!("{}∞", rounding::MINUS)),
        None => Part::Text(super::cell::ABSENT.to_owned()),
    }
}

/// Number format with so many decimals; Excel prints 30 at most.
fn zeros(decimals: usize) -> String {
    if decimals == 0 { "0".to_owned() } else { format!("0.{}", "0".repeat(decimals.min(30))) }
}

/// First sheet column of every table column, and behind them the first free one.
fn first_columns(table: &ResultTable) -> Vec<u16> {
    let mut firsts = vec![0_u16];
    for index in 0..table.columns.len() {
        let cells = table.rows.iter().filter_map(|row| row.cells.get(index.checked_sub(1)?));
        let width = cells.map(|cell| parts(cell, &table.joint).len()).max().unwrap_or(1).max(1) as u16;
        firsts.push(firsts[index].saturating_add(width));
    }
    firsts
}

/// Height of a line of the headers in points.
const LINE: f64 = 15.5;

/// Characters of a text, those of full width counted twice.
fn characters(text: &str) -> f64 {
    text.chars().map(|c| if super::layout::breaks(c) { 2.0 } else { 1.0 }).sum()
}

/// The longest piece of a text that a line cannot break.
fn longest_word(text: &str) -> f64 {
    let words = text.split([' ', '\n', '\u{a0}']).flat_map(|word| word.split_inclusive(super::layout::breaks));
    words.map(characters).fold(0.0, f64::max)
}

/// Widths of the sheet's columns in characters.
fn widths(table: &ResultTable, firsts: &[u16]) -> Vec<f64> {
    let labels = table.rows.iter().filter(|row| !row.cells.is_empty());
    let label = labels.map(|row| characters(&row.label) + 2.0 * f64::from(row.indent)).fold(0.0, f64::max);
    let mut widths = vec![(label * 1.05 + 2.0).clamp(16.0, 60.0)];
    for (index, column) in table.columns.iter().enumerate().skip(1) {
        let cells = table.rows.iter().filter_map(|row| row.cells.get(index - 1));
        let widest = cells.map(|cell| characters(&cell.text(&table.joint))).fold(0.0, f64::max);
        let parts = f64::from(firsts[index + 1] - firsts[index]);
        let header = longest_word(&column.header).max(characters(&column.header) / 2.0) * 1.2;
        let width = ((widest / parts).max(header / parts) + 2.0).clamp(9.0, 40.0);
        widths.extend((firsts[index]..firsts[index + 1]).map(|_| width));
    }
    widths
}

/// Lines of the tallest header.
fn header_lines(table: &ResultTable, firsts: &[u16], widths: &[f64]) -> usize {
    let lines = table.columns.iter().enumerate().map(|(index, column)| {
        let columns = usize::from(firsts[index])..usize::from(firsts[index + 1]);
        let width: f64 = widths.get(columns).map_or(10.0, |columns| columns.iter().sum());
        (characters(&column.header) * 1.15 / width).ceil() as usize
    });
    lines.max().unwrap_or(1).clamp(1, 8)
}

/// Writes text as text. What Excel would take for a formula when the cell is edited gets the quote prefix.
fn text(sheet: &mut Worksheet, row: u32, column: u16, words: &str, format: Format) -> Result<(), XlsxError> {
    let words: String = words.chars().filter(|c| printable(*c)).collect();
    if words.is_empty() {
        sheet.write_blank(row, column, &format)?;
        return Ok(());
    }
    let risky = words.trim_start().starts_with(['=', '+', '-', '@']) || words.starts_with(['\t', '\r', '\n']);
    let format = if risky { format.set_quote_prefix() } else { format };
    let long = words.encode_utf16().count() > CELL_LIMIT;
    let cut: String = if long { words.chars().take(CELL_LIMIT - 1).chain(['…']).collect() } else { words };
    sheet.write_string_with_format(row, column, cut, &format)?;
    Ok(())
}

/// A sheet name from the table's number: Excel's forbidden characters replaced, at most 31 characters, no two alike.
fn sheet_name(table: &ResultTable, names: &mut BTreeSet<String>) -> String {
    let source = if table.number.trim().is_empty() { &table.id } else { &table.number };
    let clean: String = source
        .chars()
        .filter(|c| printable(*c) && !matches!(c, '\n' | '\t'))
        .map(|c| if matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\'') { '-' } else { c })
        .collect();
    let clean =
        if clean.trim().is_empty() || clean.eq_ignore_ascii_case("history") { "table".to_owned() } else { clean };
    let units = |text: &str| text.encode_utf16().count();
    (1..)
        .map(|copy| {
            let suffix = if copy == 1 { String::new() } else { format!(" ({copy})") };
            let mut name = clean.trim().to_owned();
            while units(&name) + units(&suffix) > NAME_LIMIT {
                name.pop();
            }
            name + &suffix
        })
        .find(|name| names.insert(name.to_lowercase()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheet_names_are_legal_and_differ() {
        let mut names = BTreeSet::new();
        let mut name =
            |number: &str| sheet_name(&ResultTable::new("t-1", number, String::new(), String::new()), &mut names);
        assert_eq!(name("14.2.1"), "14.2.1");
        assert_eq!(name("14.2.1"), "14.2.1 (2)");
        assert_eq!(name(""), "t-1");
        assert_eq!(name("[a]:*?/\\'"), "-a-------".chars().take(9).collect::<String>());
        assert_eq!(name(&"膝".repeat(50)).chars().count(), 31);
        assert_eq!(name(&"膝".repeat(50)).chars().count(), 31);
    }
}
