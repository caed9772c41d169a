//! The whole report as a Word document: real headings and styles, tables with repeated headers and decimal alignment,
//! figures as pictures with descriptions, marks and page x of y on every page.
//!
//! WordprocessingML is written here directly (ECMA-376): docx-rs 0.4 gives every picture the same identifier and no
//! description, numbers them by a counter of the process (two renderings differ), has no title property and stores
//! the parts uncompressed. Text reaches the parts only through `text`, which escapes it and drops what XML forbids.

use super::document::{Block, Document};
use super::words::Words;
use crate::figure::{self, Figure, FigureError};
use crate::table::layout::{self, INDENT, Place, PlacedColumn, Setting};
use crate::table::untrusted::printable;
use crate::table::{ResultTable, Row};
use rayon::prelude::*;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use zip::write::{SimpleFileOptions, ZipWriter};

/// A report that could not be written as a Word document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocxError {
    /// A figure could not be turned into a picture.
    #[error("a figure for the Word document could not be drawn: {0}")]
    Figure(#[from] FigureError),
    /// The parts could not be packed.
    #[error("the Word document could not be packed: {0}")]
    Pack(#[from] zip::result::ZipError),
    /// The parts could not be written.
    #[error("the Word document could not be written: {0}")]
    Write(#[from] std::io::Error),
}

/// Resolution of the pictures, in dots per inch.
pub const DPI: f32 = 220.0;

/// Text width in points: 170 mm, as the figures.
const WIDTH: f64 = 170.0 / 25.4 * 72.0;
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

/// The document as DOCX, its figures drawn at [`DPI`].
///
/// # Errors
/// [`DocxError::Figure`] when a picture cannot be drawn; packing into memory does not fail in practice.
pub fn render(document: &Document, words: &Words) -> Result<Vec<u8>, DocxError> {
    let figures: Vec<&Figure> = document.figures().collect();
    let pictures: Vec<Vec<u8>> =
        figures.par_iter().map(|figure| figure::png(&figure.svg, DPI)).collect::<Result<_, _>>()?;
    render_with_pictures(document, words, &pictures)
}

/// As [`render`], with the PNG pictures of the document's figures in their order, at [`DPI`] and without title and
/// footnotes, for callers that have drawn them already. A figure beyond the end of `pictures` keeps its words only.
///
/// # Errors
/// As [`render`], without the drawing.
pub fn render_with_pictures(document: &Document, words: &Words, pictures: &[Vec<u8>]) -> Result<Vec<u8>, DocxError> {
    let mut body = Body { words, xml: String::new(), pictures, drawn: 0, bookmarks: 0, first: true };
    body.document(document);
    let relations: String =
        (1..=body.drawn).map(|n| relation(&format!("image{n}"), "image", &format!("media/figure-{n}.png"))).collect();
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut part = |path: &str, content: &[u8], deflate: bool| -> Result<(), DocxError> {
        let method = if deflate { zip::CompressionMethod::Deflated } else { zip::CompressionMethod::Stored };
        // The zip format's first moment stands for "no date", so the same document gives the same bytes.
        let options =
            SimpleFileOptions::default().compression_method(method).last_modified_time(zip::DateTime::default());
        zip.start_file(path, options)?;
        zip.write_all(content)?;
        Ok(())
    };
    part("[Content_Types].xml", CONTENT_TYPES.as_bytes(), true)?;
    part("_rels/.rels", RELATIONS.as_bytes(), true)?;
    part("docProps/core.xml", core(document).as_bytes(), true)?;
    part("word/document.xml", body.finish().as_bytes(), true)?;
    part("word/styles.xml", styles(document.language).as_bytes(), true)?;
    part("word/settings.xml", SETTINGS.as_bytes(), true)?;
    part("word/numbering.xml", NUMBERING.as_bytes(), true)?;
    part("word/header1.xml", header(document).as_bytes(), true)?;
    part("word/footer1.xml", footer(document, words).as_bytes(), true)?;
    let relations = format!("{HEAD}<Relationships xmlns=\"{PACKAGE_RELATIONS}\">{PARTS}{relations}</Relationships>");
    part("word/_rels/document.xml.rels", relations.replace("{R}", DOCUMENT_RELATIONS).as_bytes(), true)?;
    for (index, picture) in pictures.iter().take(body.drawn).enumerate() {
        part(&format!("word/media/figure-{}.png", index + 1), picture, false)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// The body of the document while it is written.
struct Body<'a> {
    words: &'a Words,
    xml: String,
    pictures: &'a [Vec<u8>],
    drawn: usize,
    bookmarks: usize,
    /// Whether the first section is being written.
    first: bool,
}

impl Body<'_> {
    fn document(&mut self, document: &Document) {
        if !document.marks.is_empty() {
            self.paragraph("Marks", &document.marks.join("  ·  "));
        }
        self.paragraph("Kind", &document.kind);
        self.paragraph("Title", &document.title);
        for (index, section) in document.sections.iter().enumerate() {
            self.heading("Heading1", &anchor("s", &index.to_string()), &section.title);
            self.first = index == 0;
            for block in &section.blocks {
                self.block(block);
            }
            if index == 0 && document.sections.len() > 1 {
                self.contents(document);
            }
        }
    }

    /// Links to the sections, behind the summary.
    fn contents(&mut self, document: &Document) {
        self.paragraph("ContentsHeading", &self.words.get("section.contents"));
        for (index, section) in document.sections.iter().enumerate() {
            let _ = write!(
                self.xml,
                "<w:p><w:pPr><w:pStyle w:val=\"Contents\"/></w:pPr><w:hyperlink w:anchor=\"{}\" w:history=\"1\">\
                 <w:r><w:rPr><w:rStyle w:val=\"Link\"/></w:rPr>{}</w:r></w:hyperlink></w:p>",
                anchor("s", &index.to_string()),
                text(&section.title)
            );
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Paragraph(words) => self.paragraph("BodyText", words),
            Block::Conclusion(words) => self.paragraph("Conclusion", words),
            Block::List(items) => items.iter().for_each(|item| self.paragraph("ListBullet", item)),
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
        let label = format!("{label} {number}");
        let runs = format!(
            "<w:r><w:rPr><w:b/></w:rPr>{}</w:r><w:r>{}</w:r>",
            text(&format!("{}. ", label.trim())),
            text(title)
        );
        self.titled("ExhibitTitle", &anchor("x", id), &runs);
    }

    fn notes(&mut self, notes: &[String]) {
        notes.iter().for_each(|note| self.paragraph("Note", note));
    }

    fn figure(&mut self, figure: &Figure) {
        self.caption(&self.words.get("table.figure"), &figure.number, &figure.title, &figure.id);
        if let Some(pixels) = self.pictures.get(self.drawn).and_then(|png| pixels(png)) {
            self.drawn += 1;
            let n = self.drawn;
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
        self.caption(&self.words.get("table.table"), &table.number, &table.title, &table.id);
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
                    let left = match place {
                        Place::At(left) => *left,
                        Place::Flow => size / 2.0,
                    };
                    let properties = format!("{}{}", style(false), indent(left));
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

    fn finish(&self) -> String {
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

/// Text as the content of a run.
fn text(words: &str) -> String {
    let lines: Vec<String> =
        words.split('\n').map(|line| format!("<w:t xml:space=\"preserve\">{}</w:t>", escape(line))).collect();
    lines.join("<w:br/>")
}

fn attribute(words: &str) -> String {
    escape(&words.replace(['\n', '\r', '\t'], " "))
}

/// XML text: markup escaped, characters that XML 1.0 forbids dropped.
fn escape(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push(' '),
            c if !printable(c) => {}
            c => out.push(c),
        }
    }
    out
}

fn relation(id: &str, kind: &str, target: &str) -> String {
    format!("<Relationship Id=\"{id}\" Type=\"{DOCUMENT_RELATIONS}/{kind}\" Target=\"{target}\"/>")
}

fn core(document: &Document) -> String {
    format!(
        "{HEAD}<cp:coreProperties xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:title>{}</dc:title><dc:creator>splitknee {}</dc:creator>\
         <dc:language>{}</dc:language></cp:coreProperties>",
        escape(&document.title),
        env!("CARGO_PKG_VERSION"),
        document.language
    )
}

/// Sponsor, protocol and trial at the left, marks at the right of every page.
fn header(document: &Document) -> String {
    let marks = document.marks.join("  ·  ");
    let width = layout::arial_width(&document.running, false) + layout::arial_width(&marks, true) + 2.0;
    // Marks under the running title where one line of 7.5 pt does not hold both.
    let between = if width * 7.5 > WIDTH { "<w:br/>" } else { "<w:tab/>" };
    format!(
        "{HEAD}<w:hdr xmlns:w=\"{WORD}\"><w:p><w:pPr><w:pStyle w:val=\"Running\"/></w:pPr><w:r>{}</w:r><w:r>{between}</w:r>\
         <w:r><w:rPr><w:b/><w:color w:val=\"B00020\"/></w:rPr>{}</w:r></w:p></w:hdr>",
        text(&document.running),
        text(&marks)
    )
}

/// The document's line at the left, page x of y at the right of every page.
fn footer(document: &Document, words: &Words) -> String {
    let field = |code: &str| {
        format!(
            "<w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText xml:space=\"preserve\"> {code} </w:instrText></w:r>\
             <w:r><w:fldChar w:fldCharType=\"separate\"/></w:r><w:r><w:t>1</w:t></w:r><w:r><w:fldChar w:fldCharType=\"end\"/></w:r>"
        )
    };
    let of = words.say("page.of", &[("page", "\u{e000}"), ("pages", "\u{e000}")]);
    let mut pages = ["PAGE", "NUMPAGES"].into_iter().map(field);
    let mut numbers = String::new();
    for (index, between) in of.split('\u{e000}').enumerate() {
        if index > 0 {
            numbers.push_str(&pages.next().unwrap_or_default());
        }
        let _ = write!(numbers, "<w:r>{}</w:r>", text(between));
    }
    format!(
        "{HEAD}<w:ftr xmlns:w=\"{WORD}\"><w:p><w:pPr><w:pStyle w:val=\"Running\"/></w:pPr><w:r>{}</w:r><w:r><w:tab/></w:r>{numbers}\
         </w:p></w:ftr>",
        text(&document.footer)
    )
}

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const WORD: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const DRAWING: &str = "http://schemas.openxmlformats.org/drawingml/2006";
const PACKAGE_RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const DOCUMENT_RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

const CONTENT_TYPES: &str = concat!(
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n",
    "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">",
    "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>",
    "<Default Extension=\"xml\" ContentType=\"application/xml\"/><Default Extension=\"png\" ContentType=\"image/png\"/>",
    "<Override PartName=\"/docProps/core.xml\" ContentType=\"application/vnd.openxmlformats-package.core-properties+xml\"/>",
    "<Override PartName=\"/word/document.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/>",
    "<Override PartName=\"/word/styles.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml\"/>",
    "<Override PartName=\"/word/settings.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.settings+xml\"/>",
    "<Override PartName=\"/word/numbering.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.numbering+xml\"/>",
    "<Override PartName=\"/word/header1.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml\"/>",
    "<Override PartName=\"/word/footer1.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml\"/>",
    "</Types>"
);

const RELATIONS: &str = concat!(
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n",
    "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">",
    "<Relationship Id=\"document\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"word/document.xml\"/>",
    "<Relationship Id=\"core\" Type=\"http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties\" Target=\"docProps/core.xml\"/>",
    "</Relationships>"
);

/// Relations of the document to its parts; `{R}` is the namespace.
const PARTS: &str = concat!(
    "<Relationship Id=\"styles\" Type=\"{R}/styles\" Target=\"styles.xml\"/>",
    "<Relationship Id=\"settings\" Type=\"{R}/settings\" Target=\"settings.xml\"/>",
    "<Relationship Id=\"numbering\" Type=\"{R}/numbering\" Target=\"numbering.xml\"/>",
    "<Relationship Id=\"header\" Type=\"{R}/header\" Target=\"header1.xml\"/>",
    "<Relationship Id=\"footer\" Type=\"{R}/footer\" Target=\"footer1.xml\"/>"
);

const SETTINGS: &str = concat!(
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n",
    "<w:settings xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:compat>",
    "<w:compatSetting w:name=\"compatibilityMode\" w:uri=\"http://schemas.microsoft.com/office/word\" w:val=\"15\"/>",
    "</w:compat></w:settings>"
);

const NUMBERING: &str = concat!(
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n",
    "<w:numbering xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:abstractNum w:abstractNumId=\"1\">",
    "<w:lvl w:ilvl=\"0\"><w:start w:val=\"1\"/><w:numFmt w:val=\"bullet\"/><w:lvlText w:val=\"•\"/><w:lvlJc w:val=\"left\"/>",
    "<w:pPr><w:ind w:left=\"360\" w:hanging=\"240\"/></w:pPr></w:lvl></w:abstractNum>",
    "<w:num w:numId=\"1\"><w:abstractNumId w:val=\"1\"/></w:num></w:numbering>"
);

/// The styles part, with the language for spelling and East Asian line breaking.
fn styles(language: &str) -> String {
    // Latin words in Japanese text keep the rules of English; Japanese has its own attribute.
    let east = if language == "ja" { "ja-JP" } else { "en-GB" };
    let style = |id: &str, name: &str, based: &str, paragraph: &str, run: &str| {
        format!(
            "<w:style w:type=\"paragraph\" w:styleId=\"{id}\"><w:name w:val=\"{name}\"/><w:basedOn w:val=\"{based}\"/><w:qFormat/>\
             <w:pPr>{paragraph}</w:pPr><w:rPr>{run}</w:rPr></w:style>"
        )
    };
    let size = |half_points: u8| format!("<w:sz w:val=\"{half_points}\"/><w:szCs w:val=\"{half_points}\"/>");
    let space = |before: u16, after: u16| {
        format!("<w:spacing w:before=\"{before}\" w:after=\"{after}\" w:line=\"240\" w:lineRule=\"auto\"/>")
    };
    let soft = "<w:color w:val=\"595959\"/>";
    let list = [
        style(
            "BodyText",
            "Body Text",
            "Normal",
            "<w:spacing w:before=\"120\" w:after=\"120\"/><w:ind w:right=\"1400\"/>",
            "",
        ),
        style("Title", "Title", "Normal", &space(0, 240), &format!("<w:b/>{}", size(36))),
        style("Kind", "Kind of trial", "Normal", &space(60, 60), soft),
        style("Marks", "Marks", "Normal", &space(0, 120), &format!("<w:b/><w:color w:val=\"B00020\"/>{}", size(20))),
        style(
            "Heading1",
            "heading 1",
            "Normal",
            &format!("<w:keepNext/>{}<w:outlineLvl w:val=\"0\"/>", space(480, 160)),
            &format!("<w:b/>{}", size(28)),
        ),
        style(
            "ExhibitTitle",
            "heading 2",
            "Normal",
            &format!("<w:keepNext/>{}<w:outlineLvl w:val=\"1\"/>", space(320, 60)),
            "",
        ),
        style(
            "Population",
            "Population",
            "Normal",
            &format!("<w:keepNext/>{}", space(0, 100)),
            &format!("{soft}{}", size(17)),
        ),
        style("Columns", "Columns of a wide table", "Population", &format!("<w:keepNext/>{}", space(200, 60)), ""),
        style(
            "Conclusion",
            "Conclusion",
            "Normal",
            &format!(
                "<w:keepLines/><w:pBdr><w:left w:val=\"single\" w:sz=\"20\" w:space=\"8\" w:color=\"0072B2\"/></w:pBdr>{}<w:ind w:left=\"200\" w:right=\"1000\"/>",
                space(120, 200)
            ),
            &size(22),
        ),
        style(
            "ListBullet",
            "List Bullet",
            "Normal",
            &format!("<w:numPr><w:numId w:val=\"1\"/></w:numPr>{}<w:ind w:right=\"1400\"/>", space(0, 60)),
            "",
        ),
        style(
            "ContentsHeading",
            "Contents heading",
            "Normal",
            &format!("<w:keepNext/>{}", space(320, 80)),
            &format!("<w:b/>{soft}"),
        ),
        style("Contents", "Contents", "Normal", &space(0, 40), ""),
        style("Cell", "Table cell", "Normal", &space(24, 24), &size(17)),
        style("Group", "Table group", "Cell", &format!("<w:keepNext/>{}", space(90, 24)), "<w:b/>"),
        style("Fact", "Fact", "Normal", &space(20, 40), &size(17)),
        style("Note", "Table note", "Normal", &space(40, 0), &format!("{soft}{}", size(16))),
        style("Picture", "Picture", "Normal", &format!("<w:keepNext/>{}", space(60, 60)), ""),
        style(
            "Running",
            "Running",
            "Normal",
            &format!("<w:tabs><w:tab w:val=\"right\" w:pos=\"9638\"/></w:tabs>{}", space(0, 0)),
            &format!("{soft}{}", size(15)),
        ),
    ];
    format!(
        "{HEAD}<w:styles xmlns:w=\"{WORD}\"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii=\"Arial\" w:hAnsi=\"Arial\" \
         w:cs=\"Arial\" w:eastAsia=\"Yu Gothic\"/><w:color w:val=\"1A1A1A\"/>{}<w:lang w:val=\"en-GB\" w:eastAsia=\"{east}\"/></w:rPr>\
         </w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:line=\"276\" w:lineRule=\"auto\"/></w:pPr></w:pPrDefault></w:docDefaults>\
         <w:style w:type=\"paragraph\" w:default=\"1\" w:styleId=\"Normal\"><w:name w:val=\"Normal\"/></w:style>\
         <w:style w:type=\"character\" w:styleId=\"Link\"><w:name w:val=\"Hyperlink\"/><w:rPr><w:color w:val=\"0072B2\"/></w:rPr></w:style>\
         {}</w:styles>",
        size(19),
        list.concat()
    )
}
