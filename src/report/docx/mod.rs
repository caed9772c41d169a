//! The whole report as a Word document: real headings and styles, tables with repeated headers and decimal alignment,
//! figures as pictures with descriptions, marks and page x of y on every page.
//!
//! WordprocessingML is written here directly (ECMA-376): docx-rs 0.4 gives every picture the same identifier and no
//! description, numbers them by a counter of the process (two renderings differ), has no title property and stores
//! the parts uncompressed. Text reaches the parts only through `xml::text`, which escapes it and drops what XML forbids.

mod body;
mod parts;
mod styles;
mod xml;

use super::document::Document;
use super::pictures::Pictures;
use super::words::Words;
use body::Body;
use parts::{CONTENT_TYPES, NUMBERING, RELATIONS, SETTINGS, core, document_relations, footer, header};
use std::io::{Cursor, Write as _};
use zip::write::{SimpleFileOptions, ZipWriter};

/// A report that could not be written as a Word document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocxError {
    /// The parts could not be packed.
    #[error("the Word document could not be packed: {0}")]
    Pack(#[from] zip::result::ZipError),
    /// The parts could not be written.
    #[error("the Word document could not be written: {0}")]
    Write(#[from] std::io::Error),
}

/// The document as DOCX. A figure without a picture among `pictures` keeps its words only.
///
/// # Errors
/// Packing into memory does not fail in practice.
pub fn render(document: &Document, words: &Words, pictures: &Pictures) -> Result<Vec<u8>, DocxError> {
    let mut body = Body::new(words, pictures);
    body.document(document);
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
    part("word/styles.xml", styles::styles(document.language).as_bytes(), true)?;
    part("word/settings.xml", SETTINGS.as_bytes(), true)?;
    part("word/numbering.xml", NUMBERING.as_bytes(), true)?;
    part("word/header1.xml", header(document).as_bytes(), true)?;
    part("word/footer1.xml", footer(document, words).as_bytes(), true)?;
    part("word/_rels/document.xml.rels", document_relations(body.drawn.len()).as_bytes(), true)?;
    for (index, picture) in body.drawn.iter().enumerate() {
        part(&format!("word/media/figure-{}.png", index + 1), picture, false)?;
    }
    Ok(zip.finish()?.into_inner())
}
