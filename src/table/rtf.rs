//! Tables as RTF in the shape of a submission: landscape, title, population and footnotes on every page, column headers
//! repeated, numbers aligned at the decimal point, program and data-cut line, page x of y.
//!
//! Written by hand after the Rich Text Format specification 1.9.1: no library was found that repeats headers and takes
//! indents. Text from data never reaches the file as it is: every backslash, brace and character beyond ASCII is
//! escaped ([`escape`]), control characters are dropped.

use super::layout::{self, PlacedColumn, Place, Setting};
use super::{ResultTable, Row};
use crate::report::words::Words;
use std::fmt::Write as _;

/// What stands around every table.
#[derive(Debug, Clone, Copy)]
pub struct RtfFrame<'a> {
    /// Trial, at the head of every page.
    pub trial: &'a str,
    /// Marks that every page carries, such as synthetic data or the state of the plan.
    pub marks: &'a [String],
    /// Program that made the table, for instance `splitknee 0.1.0`.
    pub program: &'a str,
    /// Date to which the data are complete, as printed; empty where the plan names none.
    pub data_cut: &'a str,
    /// What identifies the run: plan, seed, hash; may be empty.
    pub run: &'a str,
    /// Words of the language of the tables.
    pub words: &'a Words,
    /// Paper.
    pub paper: Paper,
}

/// Paper of the pages, always landscape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paper {
    /// ISO A4.
    #[default]
    A4,
    /// US Letter.
    Letter,
}

impl Paper {
    /// Width and height in twips, landscape.
    fn size(self) -> (i32, i32) {
        match self {
            Self::A4 => (16838, 11906),
            Self::Letter => (15840, 12240),
        }
    }
}

/// Twips per point.
const TWIPS: f64 = 20.0;
/// Margins left and right: 2 cm.
const SIDE: i32 = 1134;
/// Text size in points, and the smallest to which a wide table is set before it is cut by columns.
const SIZES: [f64; 3] = [9.0, 8.0, 7.0];
/// Footnotes beyond this many lines stand once behind the table instead of at the foot of every page.
const FOOT_LINES: f64 = 14.0;

/// The tables as one RTF document, one section each. The same tables give the same bytes.
pub fn render(tables: &[&ResultTable], frame: &RtfFrame) -> String {
    let (width, height) = frame.paper.size();
    let mut out = String::from("{\\rtf1\\ansi\\ansicpg1252\\deff0\\uc1\n");
    out.push_str("{\\fonttbl{\\f0\\fswiss\\fcharset0\\fprq2 Arial;}{\\f1\\fmodern\\fcharset128\\fprq2 MS Gothic;}}\n");
    out.push_str("{\\stylesheet{\\ql\\f0\\fs18 Normal;}{\\s1\\ql\\keepn\\b\\f0\\fs20\\outlinelevel0 heading 1;}}\n");
    let _ = writeln!(out, "{{\\info{{\\title {}}}{{\\doccomm {}}}}}", escape(frame.trial), escape(frame.program));
    let _ = writeln!(
        out,
        "\\paperw{width}\\paperh{height}\\landscape\\margl{SIDE}\\margr{SIDE}\\margt1701\\margb1134\\widowctrl\\viewkind1"
    );
    for (index, table) in tables.iter().enumerate() {
        if index > 0 {
            out.push_str("\\sect\n");
        }
        section(&mut out, table, frame);
    }
    if tables.is_empty() {
        out.push_str("\\pard\\par\n");
    }
    out.push_str("}\n");
    out
}

fn section(out: &mut String, table: &ResultTable, frame: &RtfFrame) {
    let (width, height) = frame.paper.size();
    let inner = width - 2 * SIDE;
    let _ = writeln!(
        out,
        "\\sectd\\sbkpage\\lndscpsxn\\pgwsxn{width}\\pghsxn{height}\\marglsxn{SIDE}\\margrsxn{SIDE}\\margtsxn1701\\margbsxn1134\
         \\headery624\\footery567\\titlepg"
    );
    let running = running_title(frame, inner);
    let title = format!("{} {}. {}", frame.words.get("table.table"), table.number, table.title);
    // The first page has the title in the text, where it is a heading; the pages after it in the header.
    let _ = writeln!(out, "{{\\headerf {running}}}");
    let continued = format!("{title} ({})", frame.words.get("page.continued"));
    let _ = writeln!(
        out,
        "{{\\header {running}\\pard\\plain\\ql\\f0\\fs20\\b\\sa40 {}\\b0\\par\\fs18\\sa100 {}\\par}}",
        escape(&continued),
        escape(&table.population)
    );
    let line = f64::from(inner) / TWIPS;
    let lines: f64 = table.footnotes.iter().map(|note| (layout::arial_width(note, false) * 8.0 / line).ceil()).sum();
    let notes: String = table.footnotes.iter().map(|note| format!("{}\\par\n", escape(note))).collect();
    let (at_foot, behind) = if lines <= FOOT_LINES { (notes.as_str(), "") } else { ("", notes.as_str()) };
    let foot = foot_line(frame, inner);
    for group in ["footerf", "footer"] {
        let _ = writeln!(out, "{{\\{group} \\pard\\plain\\ql\\f0\\fs16\\sb60 {at_foot}{foot}}}");
    }
    let bookmark: String = table.id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let _ = writeln!(
        out,
        "\\pard\\plain\\s1\\ql\\keepn\\f0\\fs20\\b\\outlinelevel0\\sa40 {{\\*\\bkmkstart {bookmark}}}{}{{\\*\\bkmkend {bookmark}}}\\par",
        escape(&title)
    );
    let _ = writeln!(out, "\\pard\\plain\\ql\\keepn\\f0\\fs18\\sa100 {}\\par", escape(&table.population));
    let (size, panels) = fit(table, line);
    for (index, panel) in panels.iter().enumerate() {
        if index > 0 {
            let note = columns_note(frame.words, panel, table.columns.len());
            let _ = writeln!(out, "\\pard\\plain\\pagebb\\keepn\\ql\\f0\\fs16\\sb0\\sa60 {}\\par", escape(&note));
        }
        rows(out, table, panel, size);
    }
    let _ = writeln!(out, "\\pard\\plain\\ql\\f0\\fs16\\sb60 {behind}\\pard\\plain\\fs4\\sb0\\sa0");
    if !behind.is_empty() {
        out.push_str("\\par\n");
    }
}

/// The largest text size at which the table needs one panel, or the smallest with several.
fn fit(table: &ResultTable, available: f64) -> (f64, Vec<Vec<PlacedColumn>>) {
    let at = |size: f64| {
        let setting =
            Setting { available, size, gap: size, digit_space: "\u{a0}\u{a0}", width: &layout::arial_width };
        layout::panels(table, &setting)
    };
    for size in SIZES {
        let panels = at(size);
        if panels.len() <= 1 {
            return (size, panels);
        }
    }
    let size = SIZES[1];
    (size, at(size))
}

/// `Columns 9 to 16 of 40`, for the panels of a table that was cut.
pub(crate) fn columns_note(words: &Words, panel: &[PlacedColumn], of: usize) -> String {
    let (from, to) = (panel.get(1).map_or(1, |column| column.index), panel.last().map_or(1, |column| column.index));
    let values = [("from", &*from.to_string()), ("to", &*to.to_string()), ("of", &*of.saturating_sub(1).to_string())];
    words.say("page.columns", &values)
}

fn rows(out: &mut String, table: &ResultTable, panel: &[PlacedColumn], size: f64) {
    let half_points = (size * 2.0).round() as i32;
    let edges: Vec<i32> = panel
        .iter()
        .scan(0.0, |edge, column| {
            *edge += column.width;
            Some((*edge * TWIPS).round() as i32)
        })
        .collect();
    let define = |out: &mut String, flags: &str, borders: &str, edges: &[i32]| {
        let _ = write!(out, "\\trowd\\trgaph0\\trleft0\\trkeep{flags}");
        for edge in edges {
            let _ = write!(out, "{borders}\\cellx{edge}");
        }
        out.push('\n');
    };
    define(
        out,
        "\\trhdr",
        "\\clvertalb\\clbrdrt\\brdrs\\brdrw20\\clbrdrb\\brdrs\\brdrw10",
        &edges,
    );
    for column in panel {
        let header = table.columns.get(column.index).map_or("", |column| column.header.as_str());
        let align = if column.centred { "\\qc" } else { "\\ql" };
        let indent = if column.index == 0 || column.centred { 0 } else { (size / 2.0 * TWIPS) as i32 };
        let _ = write!(out, "\\pard\\plain\\intbl{align}\\li{indent}\\sb40\\sa40\\f0\\fs{half_points}\\b {}\\cell", escape(header));
    }
    out.push_str("\\row\n");
    for (index, row) in table.rows.iter().enumerate() {
        let borders = if index + 1 == table.rows.len() { "\\clbrdrb\\brdrs\\brdrw20" } else { "" };
        if row.cells.is_empty() {
            let whole = edges.last().copied().unwrap_or(0);
            define(out, "", borders, &[whole]);
            let keep = if index + 1 == table.rows.len() { "" } else { "\\keepn" };
            let _ = write!(
                out,
                "\\pard\\plain\\intbl{keep}\\ql\\li{}\\sb100\\sa20\\f0\\fs{half_points}\\b {}\\cell\\row\n",
                indent(row, size),
                escape(&row.label)
            );
            continue;
        }
        define(out, "", borders, &edges);
        let start = format!("\\sb20\\sa20\\f0\\fs{half_points}");
        let _ = write!(out, "\\pard\\plain\\intbl\\ql\\li{}{start} {}\\cell", indent(row, size), escape(&row.label));
        for column in panel.iter().skip(1) {
            let Some((text, place)) = column.cells.get(index) else { continue };
            let left = match place {
                Place::At(left) => (left * TWIPS).round() as i32,
                Place::Flow => (size / 2.0 * TWIPS) as i32,
            };
            let _ = write!(out, "\\pard\\plain\\intbl\\ql\\li{left}{start} {}\\cell", escape(text));
        }
        out.push_str("\\row\n");
    }
}

fn indent(row: &Row, size: f64) -> i32 {
    (f64::from(row.indent) * layout::INDENT * size * TWIPS).round() as i32
}

/// Trial at the left, marks at the right.
fn running_title(frame: &RtfFrame, inner: i32) -> String {
    let marks: Vec<String> = frame.marks.iter().map(|mark| escape(mark)).collect();
    format!(
        "\\pard\\plain\\ql\\tqr\\tx{inner}\\f0\\fs16\\sa120 {}\\tab {{\\b {}}}\\par\n",
        escape(frame.trial),
        marks.join("  |  ")
    )
}

/// Program, run and data cut at the left, page x of y at the right, as fields.
fn foot_line(frame: &RtfFrame, inner: i32) -> String {
    let words = frame.words;
    let mut parts = vec![words.say("page.program", &[("program", frame.program)])];
    if !frame.run.is_empty() {
        parts.push(frame.run.to_owned());
    }
    if !frame.data_cut.is_empty() {
        parts.push(words.say("page.data_cut", &[("date", frame.data_cut)]));
    }
    let field = |code: &str| format!("{{\\field{{\\*\\fldinst {{ {code} }}}}{{\\fldrslt {{1}}}}}}");
    let (page, pages) = ('\u{e000}', '\u{e001}');
    let numbers = words.say("page.of", &[("page", &page.to_string()), ("pages", &pages.to_string())]);
    let numbers: String = numbers
        .chars()
        .map(|c| match c {
            c if c == page => field("PAGE"),
            c if c == pages => field("NUMPAGES"),
            c => escape(&c.to_string()),
        })
        .collect();
    format!(
        "\\pard\\plain\\ql\\tqr\\tx{inner}\\f0\\fs16\\sb80 {}\\tab {numbers}\\par",
        escape(&parts.join("  |  "))
    )
}

/// Text as RTF: the three active characters escaped, everything beyond ASCII as `\uN` in UTF-16 with `?` for readers
/// that know none of it, Japanese in its own font, line breaks as `\line`, other control characters dropped.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut wide = false;
    for c in text.chars() {
        let japanese = layout::breaks(c);
        if japanese != wide {
            out.push_str(if japanese { "{\\f1 " } else { "}" });
            wide = japanese;
        }
        match c {
            '\\' | '{' | '}' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\line "),
            '\t' => out.push(' '),
            '\u{a0}' => out.push_str("\\~"),
            ' '..='~' => out.push(c),
            c if c.is_control() => {}
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{}?", unit.cast_signed());
                }
            }
        }
    }
    if wide {
        out.push('}');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_words_from_data_are_neutralised() {
        assert_eq!(escape("a\\b{c}d"), "a\\\\b\\{c\\}d");
        assert_eq!(escape("{\\object\\objdata 00}"), "\\{\\\\object\\\\objdata 00\\}");
        assert_eq!(escape("a\u{0}\u{7}b\r\nc"), "ab\\line c");
    }

    /// Code units of U+2212, U+819D (膝) and U+1D49C, signed as the specification asks.
    #[test]
    fn characters_beyond_ascii_are_utf_16_code_units() {
        assert_eq!(escape("\u{2212}1"), "\\u8722?1");
        assert_eq!(escape("膝a"), "{\\f1 \\u-32355?}a");
        assert_eq!(escape("\u{1d49c}"), "\\u-10187?\\u-9060?");
        assert_eq!(escape("1\u{a0}%"), "1\\~%");
    }
}
