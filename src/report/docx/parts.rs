//! The parts of the package beside the body: title, header and footer of the pages, settings, lists, relations.

use super::body::WIDTH;
use super::xml::{DOCUMENT_RELATIONS, HEAD, PACKAGE_RELATIONS, WORD, escape, text};
use crate::report::document::Document;
use crate::report::words::Words;
use crate::table::layout;
use std::fmt::Write as _;

/// The parts that the document refers to, with so many pictures.
pub fn document_relations(pictures: usize) -> String {
    let pictures: String =
        (1..=pictures).map(|n| relation(&format!("image{n}"), "image", &format!("media/figure-{n}.png"))).collect();
    let parts = PARTS.replace("{R}", DOCUMENT_RELATIONS);
    format!("{HEAD}<Relationships xmlns=\"{PACKAGE_RELATIONS}\">{parts}{pictures}</Relationships>")
}

fn relation(id: &str, kind: &str, target: &str) -> String {
    format!("<Relationship Id=\"{id}\" Type=\"{DOCUMENT_RELATIONS}/{kind}\" Target=\"{target}\"/>")
}

/// Title, author and language.
pub fn core(document: &Document) -> String {
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
pub fn header(document: &Document) -> String {
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
pub fn footer(document: &Document, words: &Words) -> String {
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

/// Which part is of which kind.
pub const CONTENT_TYPES: &str = concat!(
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

/// Relations of the package to the document and its title.
pub const RELATIONS: &str = concat!(
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

/// The settings of the word processor.
pub const SETTINGS: &str = concat!(
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n",
    "<w:settings xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:compat>",
    "<w:compatSetting w:name=\"compatibilityMode\" w:uri=\"http://schemas.microsoft.com/office/word\" w:val=\"15\"/>",
    "</w:compat></w:settings>"
);

/// The list with bullets.
pub const NUMBERING: &str = concat!(
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n",
    "<w:numbering xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:abstractNum w:abstractNumId=\"1\">",
    "<w:lvl w:ilvl=\"0\"><w:start w:val=\"1\"/><w:numFmt w:val=\"bullet\"/><w:lvlText w:val=\"•\"/><w:lvlJc w:val=\"left\"/>",
    "<w:pPr><w:ind w:left=\"360\" w:hanging=\"240\"/></w:pPr></w:lvl></w:abstractNum>",
    "<w:num w:numId=\"1\"><w:abstractNumId w:val=\"1\"/></w:num></w:numbering>"
);
