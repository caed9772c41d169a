//! The report as PDF, set by typst: bookmarks, page x of y, marks on every page, tables that break over pages with
//! repeated headers, figures as vectors, fonts embedded, tagged for screen readers (PDF/UA-1).
//!
//! The layout is `report.typ`; this file hands it the document as values. Text never becomes typst markup: it arrives
//! as strings in `sys.inputs`. The world typst sees has that one file, the embedded fonts, no clock and no disk, so the
//! same document gives the same bytes everywhere.

mod content;
mod world;

use super::document::Document;
use super::words::Words;
use crate::figure::font::FontSet;
use std::fmt::Write as _;
use typst::diag::SourceDiagnostic;
use typst::foundations::Smart;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};
use world::{Fonts, World};

/// A report that could not be set as pages.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PdfError {
    /// The template failed, which only a fault of this program can cause.
    #[error("the PDF could not be laid out: {0}")]
    Layout(String),
    /// A given font could not be read.
    #[error("a font for the PDF could not be read: it is neither TrueType nor OpenType")]
    Font,
}

/// The document as PDF.
///
/// # Errors
/// [`PdfError::Layout`] when the pages cannot be made.
pub fn render(document: &Document, words: &Words) -> Result<Vec<u8>, PdfError> {
    set(document, words, Fonts::embedded(), FontSet::embedded())
}

/// As [`render`], with more font files for scripts that the embedded fonts lack. Characters that no font has are written
/// as their code points (`[U+0645]`): nothing is lost silently.
///
/// # Errors
/// [`PdfError::Font`] when a file is not a font; else as [`render`].
pub fn render_with_fonts(document: &Document, words: &Words, fonts: &[Vec<u8>]) -> Result<Vec<u8>, PdfError> {
    let measure = FontSet::with_extra(fonts).map_err(|_| PdfError::Font)?;
    set(document, words, &Fonts::with_extra(fonts).ok_or(PdfError::Font)?, measure)
}

/// The characters of `text` that neither an embedded font nor one of `fonts` has: the PDF prints their code points.
pub fn unprintable(text: &str, fonts: &[Vec<u8>]) -> std::collections::BTreeSet<char> {
    let more = Fonts::with_extra(fonts);
    let fonts = more.as_ref().unwrap_or_else(|| Fonts::embedded());
    let formless = |c: char| matches!(c, '\u{200b}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{2060}');
    text.chars().filter(|c| !c.is_whitespace() && !c.is_control() && !formless(*c) && !fonts.cover(*c)).collect()
}

fn set(document: &Document, words: &Words, fonts: &Fonts, measure: FontSet) -> Result<Vec<u8>, PdfError> {
    let world = World::new(content::values(document, words, fonts, measure), fonts);
    let pages = typst::compile(&world).output.map_err(|errors| PdfError::Layout(messages(&errors)))?;
    let options = |standards: &[PdfStandard]| PdfOptions {
        // No date: the report says in words of which day its data are, and two runs give the same bytes.
        timestamp: None,
        ident: Smart::Auto,
        creator: Smart::Custom(Some(concat!("splitknee ", env!("CARGO_PKG_VERSION")).to_owned())),
        standards: PdfStandards::new(standards).unwrap_or_default(),
        tagged: true,
        ..PdfOptions::default()
    };
    let accessible = typst_pdf::pdf(&pages, &options(&[PdfStandard::Ua_1]));
    // A picture from outside can hold text that PDF/UA forbids; the report is still tagged then.
    let bytes = accessible.or_else(|_| typst_pdf::pdf(&pages, &options(&[])));
    typst::comemo::evict(2);
    bytes.map_err(|errors| PdfError::Layout(messages(&errors)))
}

fn messages(errors: &[SourceDiagnostic]) -> String {
    let mut text = String::new();
    for error in errors {
        let _ = write!(text, "{}{}", if text.is_empty() { "" } else { "; " }, error.message);
    }
    text
}
