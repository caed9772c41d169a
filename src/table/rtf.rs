//! Tables and figures as RTF in the shape of a submission: landscape, title, population and footnotes on every page, column headers
//! repeated, numbers aligned at the decimal point, program and data-cut line, page x of y.
//!
//! Written by hand after the Rich Text Format specification 1.9.1: no library was found that repeats headers and takes
//! indents. Text from data never reaches the file as it is: every backslash, brace and character beyond ASCII is
//! escaped ([`escape`]), control characters are dropped.

use super::layout::{self, Place, PlacedColumn, Setting};
use super::untrusted::printable;
use super::{ResultTable, Row};
use std::fmt::Write as _;
use std::ops::Range;

/// What stands around every table, in the words of its language.
#[derive(Debug, Clone, Copy)]
pub struct RtfFrame<'a> {
    /// Title of the file.
    pub title: &'a str,
    /// Sponsor, protocol and trial, at the head of every page.
    pub running: &'a str,
    /// The plan's own line at the foot of every page; may be empty.
    pub note: &'a str,
    /// The data files behind the tables, for instance `Source: knees.csv`; may be empty.
    pub source: &'a str,
    /// Marks that every page carries, such as synthetic data or the state of the plan.
    pub marks: &'a [String],
    /// Program that made the tables, for instance `Program: splitknee 0.1.0`.
    pub program: &'a str,
    /// Date to which the data are complete, for instance `Data cut: 2026-03-31`; empty where the plan names none.
    pub data_cut: &'a str,
    /// Day of the run, for instance `Run: 2026-04-02`; empty where none was given.
    pub run_date: &'a str,
    /// What identifies the run: plan, seed, hash; may be empty.
    pub run: &'a str,
    /// Word for "Table" before the number.
    pub table: &'a str,
    /// The same before the number of a listing.
    pub listing: &'a str,
    /// Word for "continued" behind a title on further pages.
    pub continued: &'a str,
    /// Page number with the places `{page}` and `{pages}`, for instance `Page {page} of {pages}`.
    pub page_of: &'a str,
    /// Which columns a part of a wide table shows, with the places `{from}`, `{to}` and `{of}`.
    pub columns: &'a str,
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
    pub(super) fn size(self) -> (i32, i32) {
        match self {
            Self::A4 => (16838, 11906),
            Self::Letter => (15840, 12240),
        }
    }
}

/// Twips per point.
const TWIPS: f64 = 20.0;
/// Margins left and right: 2 cm.
pub(super) const SIDE: i32 = 1134;
/// Margins above and below, and where the running lines begin.
pub(super) const ABOVE: i32 = 1701;
pub(super) const BELOW: i32 = 1134;
pub(super) const HEADER: i32 = 624;
pub(super) const FOOTER: i32 = 567;
/// Text sizes in points: a wide table is set smaller before it is cut by columns.
const SIZES: [f64; 3] = [9.0, 8.0, 7.0];
/// Size of footnotes and running lines in points.
const SMALL: f64 = 8.0;
/// Footnotes of more lines stand once behind the table instead of at the foot of every page.
const FOOT_LINES: usize = 14;
/// Distance of lines as a multiple of the text size, exact in every reader and script.
const LEADING: f64 = 1.2;
/// Space above and below the text of a row, a group heading and the column headers, in twips.
const ROW_SPACE: f64 = 40.0;
const GROUP_SPACE: f64 = 120.0;
const HEADER_SPACE: f64 = 80.0;
/// Space behind the running line, the title and the population, and before the line at the foot, in twips.
const AFTER_RUNNING: i32 = 120;
const AFTER_TITLE: i32 = 40;
const AFTER_POPULATION: i32 = 100;
const BEFORE_FOOT: i32 = 80;

/// What stands on a page of its own.
#[derive(Debug)]
pub enum Exhibit<'a> {
    /// A table or listing.
    Table(&'a ResultTable),
    /// A figure.
    Picture(Picture<'a>),
}

/// A figure with its words.
#[derive(Debug)]
pub struct Picture<'a> {
    /// Identifier.
    pub id: &'a str,
    /// Number and title.
    pub title: String,
    /// What the picture shows, for readers who do not see it.
    pub description: &'a str,
    /// Footnotes in order.
    pub footnotes: &'a [String],
    /// The picture as PNG.
    pub png: Vec<u8>,
    /// Its dots per inch.
    pub dpi: f64,
}

/// The exhibits as one RTF document; each begins a page. The same exhibits give the same bytes.
pub fn render(exhibits: &[Exhibit], frame: &RtfFrame) -> String {
    let (width, height) = frame.paper.size();
    let mut out = String::from("{\\rtf1\\ansi\\ansicpg1252\\deff0\\uc1\n");
    out.push_str(
        "{\\fonttbl{\\f0\\fswiss\\fcharset0\\fprq2{\\*\\falt Liberation Sans}Arial;}\
         {\\f1\\fmodern\\fcharset128\\fprq2{\\*\\falt Noto Sans CJK JP}MS Gothic;}}\n",
    );
    out.push_str("{\\stylesheet{\\ql\\f0\\fs18 Normal;}{\\s1\\ql\\keepn\\b\\f0\\fs20\\outlinelevel0 heading 1;}}\n");
    let _ = writeln!(out, "{{\\info{{\\title {}}}{{\\doccomm {}}}}}", escape(frame.title), escape(frame.program));
    let _ = writeln!(
        out,
        "\\paperw{width}\\paperh{height}\\landscape\\margl{SIDE}\\margr{SIDE}\\margt{ABOVE}\\margb{BELOW}\\widowctrl\\viewkind1"
    );
    let mut first = true;
    for exhibit in exhibits {
        let table = match exhibit {
            Exhibit::Table(table) => *table,
            Exhibit::Picture(picture) => {
                if !std::mem::take(&mut first) {
                    out.push_str("\\sect\n");
                }
                super::rtf_picture::write(picture, frame, &mut out);
                continue;
            }
        };
        let (size, panels) = fit(table, f64::from(width - 2 * SIDE) / TWIPS);
        let several = panels.len() > 1;
        let panels = if panels.is_empty() { vec![Vec::new()] } else { panels };
        for (index, panel) in panels.iter().enumerate() {
            if !std::mem::take(&mut first) {
                out.push_str("\\sect\n");
            }
            let note = several.then(|| layout::columns_note(frame.columns, panel, table.columns.len()));
            Section { table, frame, panel, size, note, leads: index == 0 }.write(&mut out);
        }
    }
    if exhibits.is_empty() {
        out.push_str("\\pard\\par\n");
    }
    out.push_str("}\n");
    out
}

/// The largest text size at which the table needs one panel, or the middle one with several.
fn fit(table: &ResultTable, available: f64) -> (f64, Vec<Vec<PlacedColumn>>) {
    let at = |size: f64| {
        let width = &layout::arial_width;
        layout::panels(table, &Setting { available, size, gap: size, digit_space: "\u{a0}\u{a0}", width })
    };
    SIZES
        .into_iter()
        .map(|size| (size, at(size)))
        .find(|(_, panels)| panels.len() <= 1)
        .unwrap_or((SIZES[1], at(SIZES[1])))
}

/// One table, or one panel of a table that was cut by columns, with its running lines.
struct Section<'a> {
    table: &'a ResultTable,
    frame: &'a RtfFrame<'a>,
    panel: &'a [PlacedColumn],
    size: f64,
    /// Which columns the panel shows.
    note: Option<String>,
    /// Whether this is the first panel, which carries the heading and the bookmark.
    leads: bool,
}

impl Section<'_> {
    fn write(&self, out: &mut String) {
        let (width, height) = self.frame.paper.size();
        let inner = width - 2 * SIDE;
        let _ = writeln!(
            out,
            "\\sectd\\sbkpage\\lndscpsxn\\pgwsxn{width}\\pghsxn{height}\\marglsxn{SIDE}\\margrsxn{SIDE}\\margtsxn{ABOVE}\\margbsxn{BELOW}\
             \\headery{HEADER}\\footery{FOOTER}\\titlepg"
        );
        let running = running_title(self.frame, inner);
        let label = format!(
            "{} {}",
            if self.table.is_listing() { self.frame.listing } else { self.frame.table },
            self.table.number
        );
        let title = format!("{}. {}", label.trim(), self.table.title);
        let continued = format!("{title} ({})", self.frame.continued);
        let mut population = self.table.population.clone();
        if let Some(note) = &self.note {
            population = format!("{population}\n{note}");
        }
        // The first page has the title in the text, where it is a heading; the pages after it in the header.
        let _ = writeln!(out, "{{\\headerf {running}}}");
        let _ = writeln!(
            out,
            "{{\\header {running}\\pard\\plain\\ql\\sl-240\\slmult0\\f0\\fs20\\b\\sa40 {}\\b0\\par\\fs18\\sl-216\\sa100 {}\\par}}",
            escape(&continued),
            escape(&population)
        );
        let line = f64::from(inner) / TWIPS;
        let note_lines: usize = self.table.footnotes.iter().map(|note| lines(note, line, SMALL, false)).sum();
        let notes: String = self.table.footnotes.iter().map(|note| format!("{}\\par\n", escape(note))).collect();
        let (at_foot, behind) = if note_lines <= FOOT_LINES { (notes.as_str(), "") } else { ("", notes.as_str()) };
        let foot = foot_line(self.frame, inner);
        for group in ["footerf", "footer"] {
            let _ = writeln!(out, "{{\\{group} \\pard\\plain\\ql\\sl-192\\slmult0\\f0\\fs16 {at_foot}{foot}}}");
        }
        let heading = if self.leads { "\\s1\\outlinelevel0" } else { "" };
        let bookmark: String =
            self.table.id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(40).collect();
        let marked = if self.leads {
            format!("{{\\*\\bkmkstart {bookmark}}}{}{{\\*\\bkmkend {bookmark}}}", escape(&title))
        } else {
            escape(&continued)
        };
        let _ = writeln!(out, "\\pard\\plain{heading}\\ql\\keepn\\sl-240\\slmult0\\f0\\fs20\\b\\sa40 {marked}\\par");
        let _ =
            writeln!(out, "\\pard\\plain\\ql\\keepn\\sl-216\\slmult0\\f0\\fs18\\sa100 {}\\par", escape(&population));

        let running_lines = if stacked(self.frame, line) {
            lines(self.frame.running, line, SMALL, false) + lines(&self.frame.marks.join("  |  "), line, SMALL, true)
        } else {
            1
        };
        let head = f64::from(HEADER + AFTER_RUNNING) + running_lines as f64 * leading(SMALL);
        let population_lines: usize = population.split('\n').map(|part| lines(part, line, 9.0, false)).sum();
        let heading = f64::from(AFTER_TITLE + AFTER_POPULATION)
            + lines(&continued, line, 10.0, true) as f64 * leading(10.0)
            + population_lines as f64 * leading(9.0);
        let own = |text: &str| if text.is_empty() { 0 } else { lines(text, line, SMALL, false) };
        let note = own(self.frame.note) + own(self.frame.source);
        let foot_lines = 1 + note + if behind.is_empty() { note_lines } else { 0 };
        let foot = f64::from(FOOTER + BEFORE_FOOT) + foot_lines as f64 * leading(SMALL);
        let body = |head: f64| f64::from(height) - head.max(f64::from(ABOVE)) - foot.max(f64::from(BELOW));
        for (index, page) in self.pages(body(head) - heading, body(head + heading)).iter().enumerate() {
            if index > 0 {
                out.push_str("\\pard\\plain\\pagebb\\sl-20\\slmult0\\fs2\\par\n");
            }
            self.rows(out, page);
        }
        let _ = writeln!(
            out,
            "\\pard\\plain\\ql\\sl-192\\slmult0\\f0\\fs16\\sb60 {behind}\\pard\\plain\\sl-20\\slmult0\\fs2\\par"
        );
    }

    /// The rows of every page, so that each page has the column headers whatever reads the file; LibreOffice knows no
    /// repeated rows in RTF. Heights are in twips: what the first and every further page holds.
    fn pages(&self, first: f64, further: f64) -> Vec<Page> {
        /// Share of a page that is filled by estimate; the rest is room for a line that wraps elsewhere and for the
        /// space that readers add around rows.
        const FILL: f64 = 0.93;
        /// Rows of a group that is not broken over pages.
        const SHORT_GROUP: usize = 9;
        let rows = &self.table.rows;
        let headers = self.panel.iter().map(|column| {
            let header = self.table.columns.get(column.index).map_or("", |column| column.header.as_str());
            lines(header, column.width, self.size, true)
        });
        let header = headers.max().unwrap_or(1) as f64 * leading(self.size) + HEADER_SPACE;
        let mut pages = vec![Page { rows: 0..0, continues: None }];
        let mut room = FILL * (first - header);
        for (index, row) in rows.iter().enumerate() {
            let mut need = self.row_height(index);
            // A group heading stays with its first row.
            let heads = row.cells.is_empty() && index + 1 < rows.len();
            let with_next = if heads { need + self.row_height(index + 1) } else { need };
            let start = pages.last().map_or(0, |page| page.rows.start);
            if with_next > room && index > start {
                let group = rows[..=index].iter().rposition(|row| row.cells.is_empty());
                // A short group goes to the next page whole.
                let whole = group.filter(|group| *group > start && index - group <= SHORT_GROUP);
                let from = whole.unwrap_or(index);
                let continues = group
                    .filter(|group| whole.is_none() && rows.get(*group).is_some_and(|group| row.indent > group.indent));
                room = FILL * (further - header) - (from..index).map(|moved| self.row_height(moved)).sum::<f64>();
                if continues.is_some() {
                    need += leading(self.size) + GROUP_SPACE;
                }
                if let Some(page) = pages.last_mut() {
                    page.rows.end = from;
                }
                pages.push(Page { rows: from..index, continues });
            }
            room -= need;
            if let Some(page) = pages.last_mut() {
                page.rows.end = index + 1;
            }
        }
        pages
    }

    fn row_height(&self, index: usize) -> f64 {
        let Some(row) = self.table.rows.get(index) else { return 0.0 };
        let whole: f64 = self.panel.iter().map(|column| column.width).sum();
        let indent = f64::from(row.indent) * layout::INDENT * self.size;
        if row.cells.is_empty() {
            return lines(&row.label, whole - indent, self.size, true) as f64 * leading(self.size) + GROUP_SPACE;
        }
        let label = self.panel.first().map_or(1, |column| lines(&row.label, column.width - indent, self.size, false));
        let cells = self.panel.iter().filter_map(|column| match column.cells.get(index)? {
            (text, Place::Flow) => Some(lines(text, column.width - self.size / 2.0, self.size, false)),
            _ => Some(1),
        });
        cells.max().unwrap_or(1).max(label) as f64 * leading(self.size) + ROW_SPACE
    }

    /// Column headers and the rows of one page.
    fn rows(&self, out: &mut String, page: &Page) {
        if self.panel.is_empty() {
            return;
        }
        let size = self.size;
        let font = format!("\\sl-{}\\slmult0\\f0\\fs{}", leading(size).round() as i32, (size * 2.0).round() as i32);
        let edges: Vec<i32> = self
            .panel
            .iter()
            .scan(0.0, |edge, column| {
                *edge += column.width;
                Some((*edge * TWIPS).round() as i32)
            })
            .collect();
        let define = |out: &mut String, flags: &str, borders: &str, edges: &[i32]| {
            let _ = write!(out, "\\trowd\\trgaph0\\trleft0{flags}");
            for edge in edges {
                let _ = write!(out, "{borders}\\cellx{edge}");
            }
            out.push('\n');
        };
        define(out, "\\trkeep\\trhdr", "\\clvertalb\\clbrdrt\\brdrs\\brdrw20\\clbrdrb\\brdrs\\brdrw10", &edges);
        for column in self.panel {
            let header = self.table.columns.get(column.index).map_or("", |column| column.header.as_str());
            let align = if column.centred { "\\qc" } else { "\\ql" };
            let indent = if column.index == 0 || column.centred { 0 } else { (size / 2.0 * TWIPS) as i32 };
            let _ = write!(
                out,
                "\\pard\\plain\\intbl\\keepn{align}\\li{indent}\\sb40\\sa40{font}\\b {}\\cell",
                escape(header)
            );
        }
        out.push_str("\\row\n");
        let whole = [edges.last().copied().unwrap_or(0)];
        if let Some(group) = page.continues.and_then(|group| self.table.rows.get(group)) {
            define(out, "\\trkeep", "", &whole);
            let label = escape(&format!("{} ({})", group.label, self.frame.continued));
            let li = indent(group, size);
            let _ = writeln!(out, "\\pard\\plain\\intbl\\keepn\\ql\\li{li}\\sb90\\sa30{font}\\b {label}\\cell\\row");
        }
        for index in page.rows.clone() {
            let Some(row) = self.table.rows.get(index) else { continue };
            let borders = if index + 1 == page.rows.end { "\\clbrdrb\\brdrs\\brdrw20" } else { "" };
            // A row taller than half a page may break.
            let keep = if self.row_height(index) < 4000.0 { "\\trkeep" } else { "" };
            let (li, label) = (indent(row, size), escape(&row.label));
            if row.cells.is_empty() {
                define(out, keep, borders, &whole);
                let _ =
                    writeln!(out, "\\pard\\plain\\intbl\\keepn\\ql\\li{li}\\sb90\\sa30{font}\\b {label}\\cell\\row");
                continue;
            }
            define(out, keep, borders, &edges);
            let _ = write!(out, "\\pard\\plain\\intbl\\ql\\li{li}\\sb20\\sa20{font} {label}\\cell");
            for column in self.panel.iter().skip(1) {
                let Some((text, place)) = column.cells.get(index) else { continue };
                let left = match place {
                    Place::At(left) => (left * TWIPS).round() as i32,
                    Place::Flow => (size / 2.0 * TWIPS) as i32,
                };
                let _ = write!(out, "\\pard\\plain\\intbl\\ql\\li{left}\\sb20\\sa20{font} {}\\cell", escape(text));
            }
            out.push_str("\\row\n");
        }
    }
}

/// The rows of one page.
struct Page {
    rows: Range<usize>,
    /// The group heading above the first row, where the page begins inside a group.
    continues: Option<usize>,
}

/// Distance of lines of text of this size, in twips.
fn leading(size: f64) -> f64 {
    size * LEADING * TWIPS
}

fn indent(row: &Row, size: f64) -> i32 {
    (f64::from(row.indent) * layout::INDENT * size * TWIPS).round() as i32
}

/// Lines that a text takes in a column `room` points wide; words wrap at spaces, longer ones anywhere.
pub(super) fn lines(text: &str, room: f64, size: f64, bold: bool) -> usize {
    let (mut lines, mut used) = (1, 0.0);
    for word in text.split_inclusive([' ', '\n']) {
        let width = layout::arial_width(word, bold) * size;
        if used > 0.0 && used + layout::arial_width(word.trim_end(), bold) * size > room {
            lines += 1;
            used = 0.0;
        }
        if width > room && room > 0.0 {
            lines += (width / room).floor().min(1e6) as usize;
            used = width % room;
        } else {
            used += width;
        }
        if word.ends_with('\n') {
            lines += 1;
            used = 0.0;
        }
    }
    lines
}

/// Sponsor, protocol and trial at the left, marks at the right; on two lines where one does not hold them.
pub(super) fn running_title(frame: &RtfFrame, inner: i32) -> String {
    let marks: Vec<String> = frame.marks.iter().map(|mark| escape(mark)).collect();
    let between = if stacked(frame, f64::from(inner) / TWIPS) { "\\line" } else { "\\tab" };
    format!(
        "\\pard\\plain\\ql\\tqr\\tx{inner}\\sl-192\\slmult0\\f0\\fs16\\sa120 {}{between} {{\\b {}}}\\par\n",
        escape(frame.running),
        marks.join("  |  ")
    )
}

/// Whether the marks stand under the running title, because a line `room` points wide does not hold both.
fn stacked(frame: &RtfFrame, room: f64) -> bool {
    let marks = frame.marks.join("  |  ");
    (layout::arial_width(frame.running, false) + layout::arial_width(&marks, true) + 2.0) * SMALL > room
}

/// The plan's own line and the source files; under them program, run and data cut at the left, page x of y at the right, as fields.
pub(super) fn foot_line(frame: &RtfFrame, inner: i32) -> String {
    let parts: Vec<&str> = [frame.program, frame.run, frame.run_date, frame.data_cut]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    let field = |code: &str| format!("{{\\field{{\\*\\fldinst {{ {code} }}}}{{\\fldrslt {{1}}}}}}");
    let mut numbers = escape(frame.page_of);
    for (place, code) in [("{page}", "PAGE"), ("{pages}", "NUMPAGES")] {
        numbers = numbers.replace(&escape(place), &field(code));
    }
    let own = [frame.note, frame.source].into_iter().filter(|text| !text.is_empty());
    let note: String = own.map(|text| format!("{}\\line ", escape(text))).collect();
    format!(
        "\\pard\\plain\\ql\\tqr\\tx{inner}\\sl-192\\slmult0\\f0\\fs16\\sb80 {note}{}\\tab {numbers}\\par",
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
            c if !printable(c) => {}
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
