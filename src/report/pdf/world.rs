//! What typst sees of the world: one template, the embedded fonts and the document's values. No disk, no clock.

use crate::figure::font;
use std::sync::OnceLock;
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Dict, Duration, Value};
use typst::syntax::{FileId, Source};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Feature, Library, LibraryExt};

/// Fonts in order of preference.
#[derive(Clone)]
pub(super) struct Fonts {
    fonts: Vec<Font>,
    book: LazyHash<FontBook>,
}

impl Fonts {
    /// The embedded fonts, read once per process.
    pub(super) fn embedded() -> &'static Self {
        static EMBEDDED: OnceLock<Fonts> = OnceLock::new();
        EMBEDDED.get_or_init(|| {
            let minus = [font::MINUS, font::MINUS_BOLD];
            let embedded = [font::SANS, font::SANS_BOLD, font::JAPANESE, font::HEBREW, font::ARABIC];
            let embedded = embedded.into_iter().chain(minus);
            Self::of(embedded.flat_map(|bytes| Font::iter(Bytes::new(bytes))).collect())
        })
    }

    /// The embedded fonts and more; `None` when one of the files is not a font.
    pub(super) fn with_extra(files: &[Vec<u8>]) -> Option<Self> {
        let mut fonts = Self::embedded().fonts.clone();
        for bytes in files {
            let known = fonts.len();
            fonts.extend(Font::iter(Bytes::new(bytes.clone())));
            if fonts.len() == known {
                return None;
            }
        }
        Some(Self::of(fonts))
    }

    fn of(fonts: Vec<Font>) -> Self {
        Self { book: LazyHash::new(FontBook::from_fonts(&fonts)), fonts }
    }

    /// Family names in order of preference, without repetition.
    pub(super) fn families(&self) -> Vec<String> {
        let mut families: Vec<String> = Vec::new();
        for font in &self.fonts {
            let family = font.info().family.to_string();
            // The font of the minus sign is asked for by name, where a minus stands.
            if family != font::MINUS_FAMILY && !families.contains(&family) {
                families.push(family);
            }
        }
        families
    }

    /// Whether some font can draw the character.
    pub(super) fn cover(&self, c: char) -> bool {
        self.fonts.iter().any(|font| font.info().coverage.contains(u32::from(c)))
    }
}

/// The world of one report.
pub(super) struct World<'a> {
    library: LazyHash<Library>,
    fonts: &'a Fonts,
}

impl<'a> World<'a> {
    /// A world in which `sys.inputs.document` is `document`.
    pub(super) fn new(document: Value, fonts: &'a Fonts) -> Self {
        let mut inputs = Dict::new();
        inputs.insert("document".into(), document);
        // `pdf.header-cell`, which tags the row labels of tables, is still marked as an extra.
        let features = [Feature::A11yExtras].into_iter().collect();
        let library = Library::builder().with_inputs(inputs).with_features(features).build();
        Self { library: LazyHash::new(library), fonts }
    }
}

/// The template, parsed once per process.
fn template() -> &'static Source {
    static TEMPLATE: OnceLock<Source> = OnceLock::new();
    TEMPLATE.get_or_init(|| Source::detached(include_str!("report.typ")))
}

impl typst::World for World<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.fonts.book
    }

    fn main(&self) -> FileId {
        template().id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == template().id() { Ok(template().clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, _: FileId) -> FileResult<Bytes> {
        Err(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
