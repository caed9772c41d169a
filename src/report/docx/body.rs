//! The body of the document: headings, paragraphs, tables and pictures.

use super::xml::{DOCUMENT_RELATIONS, DRAWING, HEAD, WORD, attribute, text};
use crate::figure::Figure;
use crate::report::document::{Block, Document};
use crate::report::pictures::{DPI, Pictures};
use crate::report::words::Words;
use crate::table::layout::{self, INDENT, Place, PlacedColumn, Setting};
use crate::table::{ResultTable, Row};
use std::fmt::Write as _;

/// Text width in points: 170 mm, as the figures.
pub const WIDTH: f64 = 170.0 / 25.4 * 72.0;
/// Tallest picture in English Metric Units: 225 mm.
const PICTURE_HEIGHT: f64 = 225.0 * 36_000.0;
/// Tallest picture of the first section, which stands beside the result it shows: 140 mm.
const FIRST_PICTURE_HEIGHT: f64 = 140.0 * 36_000.0;
/// Widest picture in English Metric Units: 170 mm.
const PICTURE_WIDTH: f64 = 170.0 * 36_000.0;
/// Text sizes at which a table is tried before it is cut by columns.
const SIZES: [f64; 3] = [8.5, 7.5, 7.0];
/// Twips per point.
const TWIPS: f64 = 20.0;

/// The body of the document while it is written.
pub struct Body<'a> {
    words: &'a Words,
    xml: String,
    pictures: &'a Pictures,
    /// The pictures that are in the body so far.
    pub drawn: Vec<&'a [u8]>,
    bookmarks: usize,
    /// Whether the first section is being written.
    first: bool,
}

impl<'a> Body<'a> {
    /// An empty body, whose figures are among these pictures.
    pub fn new(words: &'a Words, pictures: &'a Pictures) -> Self {
        Self { words, xml: String::new(), pictures, drawn: Vec::new(), bookmarks: 0, first: true }
    }

    /// Writes the whole document.
    pub fn document(&mut self, document: &Document) {
        if !document.marks.is_empty() {
            self.paragraph("Marks", &document.marks.join("  ·  "));
        }
        self.paragraph("Kind", &document.kind);
        self.paragraph("Title", &document.title);
        for (index, section) in document.sections.iter().enumerate() {
            self.heading("Heading1", &anchor("s", &index.to_string()), &section.title);
            self.first = index == 0;
            for (at, block) in section.blocks.iter().enumerate() {
                // A line or two that lead to a picture stay with it.
                match (block, section.blocks.get(at + 1)) {
                    (Block::Paragraph(words), Some(Block::Figure(_))) if words.len() < 300 => {
                        self.paragraph("LeadingText", words);
                    }
                    _ => self.block(block),
                }
            }
            if index == 0 && document.sections.len() > 1 {
                self.contents(document);
            }
        }
    }

    /// Links to the sections, behind the summary.
    fn contents(&mut self, document: &Document) {
        self.paragraph("ContentsHeading", &self.words.get("section.contents"));
        let sections = document.sections.iter().enumerate();
        let entries: Vec<(String, String)> =
            sections.map(|(index, section)| (anchor("s", &index.to_string()), section.title.clone())).collect();
        self.listed(" TOC \\o \"1-1\" \\h \\z ", &entries);
        let exhibits = document.exhibits(self.words).into_iter();
        let entries: Vec<(String, String)> = exhibits
            .map(|[id, label, title]| (anchor("x", id.strip_prefix("f-").unwrap_or(&id)), format!("{label}. {title}")))
            .collect();
        if !entries.is_empty() {
            self.paragraph("ContentsHeading", &self.words.get("section.exhibits"));
            self.listed(" TOC \\h \\z \\t \"caption,1\" ", &entries);
        }
    }

    /// A field that Word can make anew, with links as its result.
    fn listed(&mut self, instruction: &str, entries: &[(String, String)]) {
        let last = entries.len().saturating_sub(1);
        for (index, (anchor, words)) in entries.iter().enumerate() {
            let begin = format!(
                "<w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText xml:space=\"preserve\">{}</w:instrText></w:r>\
                 <w:r><w:fldChar w:fldCharType=\"separate\"/></w:r>",
                attribute(instruction)
            );
            let _ = write!(
                self.xml,
                "<w:p><w:pPr><w:pStyle w:val=\"Contents\"/></w:pPr>{}<w:hyperlink w:anchor=\"{anchor}\" w:history=\"1\">\
                 <w:r><w:rPr><w:rStyle w:val=\"Link\"/></w:rPr>{}</w:r><w:r><w:tab/></w:r><w:r><w:fldChar \
                 w:fldCharType=\"begin\" w:dirty=\"true\"/></w:r><w:r><w:instrText xml:space=\"preserve\"> PAGEREF {anchor} \
                 \\h </w:instrText></w:r><w:r><w:fldChar w:fldCharType=\"separate\"/></w:r><w:r><w:t></w:t></w:r><w:r>\
                 <w:fldChar w:fldCharType=\"end\"/></w:r></w:hyperlink>{}</w:p>",
                if index == 0 { begin.as_str() } else { "" },
                text(words),
                if index == last { "<w:r><w:fldChar w:fldCharType=\"end\"/></w:r>" } else { "" },
            );
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Paragraph(words) => self.paragraph("BodyText", words),
            Block::Conclusion(words) => self.paragraph("Conclusion", words),
            Block::List(items) => items.iter().for_each(|item| self.paragraph("ListBullet", item)),
            Block::Headline(label, values) => {
                self.paragraph("HeadlineLabel", label);
                let values = values.iter().map(|(name, value)| format!("{name}\u{a0}{value}"));
                self.paragraph("Headline", &values.collect::<Vec<_>>().join("   "));
            }
            Block::Facts(facts) => self.facts(facts),
            Block::Table(table) => self.table(table),
            Block::Figure(figure) => self.figure(figure),
            Block::Sources(_) => {}
        }
    }

    fn paragraph(&mut self, style: &str, words: &str) {
        let _ = write!(self.xml, "<w:p><w:pPr><w:pStyle w:val=\"{style}\"/></w:pPr><w:r>{}</w:r></w:p>", text(words));
    }

    fn heading(&mut self, style: &str, anchor: &str, words: &str) {
        self.titled(style, anchor, &format!("<w:r>{}</w:r>", text(words)));
    }

    /// A paragraph with a bookmark around its runs.
    fn titled(&mut self, style: &str, anchor: &str, runs: &str) {
        self.bookmarks += 1;
        let id = self.bookmarks;
        let _ = write!(
            self.xml,
            "<w:p><w:pPr><w:pStyle w:val=\"{style}\"/></w:pPr><w:bookmarkStart w:id=\"{id}\" w:name=\"{anchor}\"/>\
             {runs}<w:bookmarkEnd w:id=\"{id}\"/></w:p>"
        );
    }

    /// Number and title of a table or figure, as a heading.
    fn caption(&mut self, label: &str, number: &str, title: &str, id: &str) {
        // The last part of the number is a field that Word counts again, one sequence for every chapter.
        let bold = "<w:r><w:rPr><w:b/></w:rPr>";
        let (chapter, place) = number.rsplit_once('.').unwrap_or(("", number));
        let counted = !chapter.is_empty() && place.chars().all(|c| c.is_ascii_digit());
        let numbered = if counted {
            let kind: String = label.chars().filter(|c| c.is_alphanumeric()).collect();
            let sequence = attribute(&format!(" SEQ {kind}_{} \\* ARABIC ", chapter.replace('.', "_")));
            format!(
                "{bold}{}</w:r><w:fldSimple w:instr=\"{sequence}\">{bold}{}</w:r></w:fldSimple>{bold}{}</w:r>",
                text(&format!("{label} {chapter}.")),
                text(place),
                text(". ")
            )
        } else {
            format!("{bold}{}</w:r>", text(&format!("{}. ", format!("{label} {number}").trim())))
        };
        self.titled("Caption", &anchor("x", id), &format!("{numbered}<w:r>{}</w:r>", text(title)));
    }

    fn notes(&mut self, notes: &[String]) {
        notes.iter().for_each(|note| self.paragraph("Note", note));
    }

    fn figure(&mut self, figure: &Figure) {
        self.caption(&self.words.get("table.figure"), &figure.number, &figure.title, &figure.id);
        if let Some((picture, pixels)) = self.pictures.get(figure).and_then(|png| Some((png, pixels(png)?))) {
            self.drawn.push(picture);
            let n = self.drawn.len();
            let emu = |pixels: u32| f64::from(pixels) / f64::from(DPI) * 914_400.0;
            let (width, height) = (emu(pixels.0), emu(pixels.1));
            let tallest = if self.first { FIRST_PICTURE_HEIGHT } else { PICTURE_HEIGHT };
            let scale = (PICTURE_WIDTH / width).min(tallest / height).min(1.0);
            let (width, height) = ((width * scale).round() as u64, (height * scale).round() as u64);
            let description = if figure.description.is_empty() { &figure.title } else { &figure.description };
            let (name, description) = (attribute(&figure.id), attribute(description));
            let _ = write!(
                self.xml,
                "<w:p><w:pPr><w:pStyle w:val=\"Picture\"/></w:pPr><w:r><w:drawing><wp:inline distT=\"0\" distB=\"0\" \
                 distL=\"0\" distR=\"0\"><wp:extent cx=\"{width}\" cy=\"{height}\"/><wp:docPr id=\"{n}\" name=\"{name}\" \
                 descr=\"{description}\"/><a:graphic xmlns:a=\"{DRAWING}/main\"><a:graphicData uri=\"{DRAWING}/picture\">\
                 <pic:pic xmlns:pic=\"{DRAWING}/picture\"><pic:nvPicPr><pic:cNvPr id=\"{n}\" name=\"{name}\" \
                 descr=\"{description}\"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed=\"image{n}\"/>\
                 <a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x=\"0\" y=\"0\"/>\
                 <a:ext cx=\"{width}\" cy=\"{height}\"/></a:xfrm><a:prstGeom prst=\"rect\"><a:avLst/></a:prstGeom>\
                 </pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"
            );
        }
        self.notes(&figure.footnotes);
    }

    fn facts(&mut self, facts: &[(String, String)]) {
        let widths = [3000, (WIDTH * TWIPS) as i32 - 3000];
        self.open_table(&widths);
        for (name, value) in facts {
            self.xml.push_str("<w:tr><w:trPr><w:cantSplit/></w:trPr>");
            for (words, width) in [name, value].into_iter().zip(widths) {
                self.cell(width, 1, "", "<w:pStyle w:val=\"Fact\"/>", "", words);
            }
            self.xml.push_str("</w:tr>");
        }
        self.close_table();
        // Two tables without a paragraph between them would become one.
        self.paragraph("Note", "");
    }

    fn table(&mut self, table: &ResultTable) {
        self.caption(&self.words.table_word(table), &table.number, &table.title, &table.id);
        self.paragraph("Population", &table.population);
        let (size, panels) = fit(table);
        for panel in &panels {
            if panels.len() > 1 {
                let note = layout::columns_note(&self.words.get("page.columns"), panel, table.columns.len());
                self.paragraph("Columns", &note);
            }
            self.panel(table, panel, size);
        }
        self.notes(&table.footnotes);
        if table.footnotes.is_empty() {
            self.paragraph("Note", "");
        }
    }

    fn panel(&mut self, table: &ResultTable, panel: &[PlacedColumn], size: f64) {
        let widths: Vec<i32> = panel.iter().map(|column| (column.width * TWIPS).round() as i32).collect();
        let whole: i32 = widths.iter().sum();
        self.open_table(&widths);
        let run = format!("<w:rPr><w:sz w:val=\"{0}\"/><w:szCs w:val=\"{0}\"/></w:rPr>", (size * 2.0).round() as i32);
        let bold = run.replace("<w:rPr>", "<w:rPr><w:b/>");
        let rule =
            |side: &str, eighths: u8| format!("<w:{side} w:val=\"single\" w:sz=\"{eighths}\" w:color=\"1A1A1A\"/>");
        let borders = |inside: String| format!("<w:tcBorders>{inside}</w:tcBorders>");
        let (above, below) = (rule("top", 8), rule("bottom", 4));
        self.xml.push_str("<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>");
        for (column, width) in panel.iter().zip(&widths) {
            let header = table.columns.get(column.index).map_or("", |column| column.header.as_str());
            let align = match (column.centred, column.index) {
                (true, _) => "<w:jc w:val=\"center\"/>".to_owned(),
                (false, 0) => String::new(),
                (false, _) => indent(size / 2.0),
            };
            let properties = format!("<w:pStyle w:val=\"Cell\"/><w:keepNext/>{align}");
            let edges = format!("{}<w:vAlign w:val=\"bottom\"/>", borders(format!("{above}{below}")));
            self.cell(*width, 1, &edges, &properties, &bold, header);
        }
        self.xml.push_str("</w:tr>");
        let last = table.rows.len().saturating_sub(1);
        let together = layout::fits_a_page(table);
        let in_group = layout::in_short_group(table);
        for (index, row) in table.rows.iter().enumerate() {
            let edges = if index == last { borders(rule("bottom", 8)) } else { String::new() };
            self.xml.push_str("<w:tr><w:trPr><w:cantSplit/></w:trPr>");
            let stays = (together && index != last) || in_group.get(index) == Some(&true);
            let keep = if stays { "<w:keepNext/>" } else { "" };
            let style = |group: bool| format!("<w:pStyle w:val=\"{}\"/>{keep}", if group { "Group" } else { "Cell" });
            let group = row.cells.is_empty();
            let label = format!("{}{}", style(group), label_indent(row, size));
            if group {
                self.cell(whole, panel.len(), &edges, &label, &bold, &row.label);
            } else {
                self.cell(widths.first().copied().unwrap_or(whole), 1, &edges, &label, &run, &row.label);
                for (column, width) in panel.iter().zip(&widths).skip(1) {
                    let Some((words, place)) = column.cells.get(index) else { continue };
                    let stands = match place {
                        Place::At(left) => decimal_tab(words, *left, size).unwrap_or_else(|| indent(*left)),
                        Place::Flow => indent(size / 2.0),
                    };
                    let properties = format!("{}{stands}", style(false));
                    self.cell(*width, 1, &edges, &properties, &run, words);
                }
            }
            self.xml.push_str("</w:tr>");
        }
        self.close_table();
    }

    fn open_table(&mut self, widths: &[i32]) {
        let whole: i32 = widths.iter().sum();
        let grid: String = widths.iter().map(|width| format!("<w:gridCol w:w=\"{width}\"/>")).collect();
        let _ = write!(
            self.xml,
            "<w:tbl><w:tblPr><w:tblW w:w=\"{whole}\" w:type=\"dxa\"/><w:tblLayout w:type=\"fixed\"/><w:tblCellMar>\
             <w:left w:w=\"0\" w:type=\"dxa\"/><w:right w:w=\"0\" w:type=\"dxa\"/></w:tblCellMar><w:tblLook w:val=\"0020\" \
             w:firstRow=\"1\" w:lastRow=\"0\" w:firstColumn=\"0\" w:lastColumn=\"0\" w:noHBand=\"1\" w:noVBand=\"1\"/>\
             </w:tblPr><w:tblGrid>{grid}</w:tblGrid>"
        );
    }

    fn close_table(&mut self) {
        self.xml.push_str("</w:tbl>");
    }

    fn cell(&mut self, width: i32, span: usize, edges: &str, properties: &str, run: &str, words: &str) {
        let span = if span > 1 { format!("<w:gridSpan w:val=\"{span}\"/>") } else { String::new() };
        let _ = write!(
            self.xml,
            "<w:tc><w:tcPr><w:tcW w:w=\"{width}\" w:type=\"dxa\"/>{span}{edges}</w:tcPr><w:p><w:pPr>{properties}</w:pPr>\
             <w:r>{run}{}</w:r></w:p></w:tc>",
            text(words)
        );
    }

    pub fn finish(&self) -> String {
        format!(
            "{HEAD}<w:document xmlns:w=\"{WORD}\" xmlns:r=\"{DOCUMENT_RELATIONS}\" xmlns:wp=\"{DRAWING}/wordprocessingDrawing\">\
             <w:body>{}<w:sectPr><w:headerReference w:type=\"default\" r:id=\"header\"/><w:footerReference \
             w:type=\"default\" r:id=\"footer\"/><w:pgSz w:w=\"11906\" w:h=\"16838\"/><w:pgMar w:top=\"1361\" \
             w:right=\"1134\" w:bottom=\"1247\" w:left=\"1134\" w:header=\"624\" w:footer=\"567\" w:gutter=\"0\"/>\
             </w:sectPr></w:body></w:document>",
            self.xml
        )
    }
}

/// The largest text size at which the table needs one panel, or the middle one with several.
fn fit(table: &ResultTable) -> (f64, Vec<Vec<PlacedColumn>>) {
    let at = |size: f64| {
        let width = &layout::arial_width;
        layout::panels(table, &Setting { available: WIDTH, size, gap: size, digit_space: "\u{a0}\u{a0}", width })
    };
    SIZES
        .into_iter()
        .map(|size| (size, at(size)))
        .find(|(_, panels)| panels.len() <= 1)
        .unwrap_or((SIZES[1], at(SIZES[1])))
}

/// A decimal tab at the point at which the layout aligns the cell, where Word aligns it there too: behind the integer
/// digits of its only number, or before the point of its first. An author may then change the number. In `7 (24.1%)`, in
/// intervals and beside `<` another point would be taken; those keep their indent.
fn decimal_tab(words: &str, left: f64, size: f64) -> Option<String> {
    let at = layout::alignment_point(words)?;
    let (before, behind) = words.split_at_checked(at)?;
    let signed = before.strip_prefix(['\u{2212}', '-']).unwrap_or(before);
    let plain = !signed.is_empty() && signed.bytes().all(|byte| byte.is_ascii_digit());
    let further = |text: &str| text.contains(|c: char| c.is_ascii_digit());
    let alone = match behind.strip_prefix('.') {
        Some(decimals) => {
            !further(decimals.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(is_spread))
        }
        None => behind.is_empty(),
    };
    let place = ((left + layout::arial_width(before, false) * size) * TWIPS).round();
    (plain && alone).then(|| format!("<w:tabs><w:tab w:val=\"decimal\" w:pos=\"{place}\"/></w:tabs>"))
}

/// What stands between and around the digits of a spread behind a mean: ` (12.34)`.
fn is_spread(c: char) -> bool {
    matches!(c, '\u{a0}' | ' ' | '(' | ')' | '.') || c.is_ascii_digit()
}

fn indent(points: f64) -> String {
    format!("<w:ind w:left=\"{}\"/>", (points * TWIPS).round() as i32)
}

fn label_indent(row: &Row, size: f64) -> String {
    if row.indent == 0 { String::new() } else { indent(f64::from(row.indent) * INDENT * size) }
}

/// A bookmark name: a letter, then letters, digits and underscores, 40 characters at most.
fn anchor(prefix: &str, id: &str) -> String {
    let clean = id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
    prefix.chars().chain(['_']).chain(clean).take(40).collect()
}

/// Width and height in pixels from the header of a PNG.
fn pixels(png: &[u8]) -> Option<(u32, u32)> {
    let at = |from: usize| png.get(from..from + 4)?.try_into().ok().map(u32::from_be_bytes);
    png.starts_with(b"\x89PNG").then(|| Some((at(16)?, at(20)?)))?.filter(|(width, height)| *width > 0 && *height > 0)
}
