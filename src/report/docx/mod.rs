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
use super::words::Words;
use crate::figure::font::FontSet;
use crate::figure::{self, Figure, FigureError};
use body::Body;
use parts::{CONTENT_TYPES, NUMBERING, RELATIONS, SETTINGS, core, document_relations, footer, header};
use rayon::prelude::*;
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

/// The document as DOCX, its figures drawn at [`DPI`] with the embedded fonts and `fonts`.
///
/// # Errors
/// [`DocxError::Figure`] when a picture cannot be drawn; packing into memory does not fail in practice.
pub fn render(document: &Document, words: &Words, fonts: &[Vec<u8>]) -> Result<Vec<u8>, DocxError> {
    let figures: Vec<&Figure> = document.figures().collect();
    let fonts = FontSet::with_extra(fonts)?;
    let pictures: Vec<Vec<u8>> =
        figures.par_iter().map(|figure| figure::png_with(&figure.svg, DPI, &fonts)).collect::<Result<_, _>>()?;
    render_with_pictures(document, words, &pictures)
}

/// As [`render`], with the PNG pictures of the document's figures in their order, at [`DPI`] and without title and
/// footnotes, for callers that have drawn them already. A figure beyond the end of `pictures` keeps its words only.
///
/// # Errors
/// As [`render`], without the drawing.
pub fn render_with_pictures(document: &Document, words: &Words, pictures: &[Vec<u8>]) -> Result<Vec<u8>, DocxError> {
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
    part("word/_rels/document.xml.rels", document_relations(body.drawn).as_bytes(), true)?;
    for (index, picture) in pictures.iter().take(body.drawn).enumerate() {
        part(&format!("word/media/figure-{}.png", index + 1), picture, false)?;
    }
    Ok(zip.finish()?.into_inner())
}
