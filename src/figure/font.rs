//! The fonts: embedded subsets of Noto Sans, Noto Sans CJK JP, Noto Sans Hebrew and Noto Sans Arabic (SIL Open Font
//! License 1.1, `assets/fonts/`), how wide a text is in them, and the database from which the PNG is drawn.

use std::sync::{Arc, OnceLock};

use ab_glyph::{Font, FontVec};
use resvg::usvg::fontdb;

use super::FigureError;

/// Noto Sans, regular: Latin, Greek, punctuation, arrows and relations. All figures have one width.
pub const SANS: &[u8] = include_bytes!("../../assets/fonts/NotoSans-Regular.ttf");
/// Noto Sans, bold.
pub const SANS_BOLD: &[u8] = include_bytes!("../../assets/fonts/NotoSans-Bold.ttf");
/// Noto Sans CJK JP, regular: kana, the kanji of JIS X 0208 (levels 1 and 2), and the forms in names that Windows adds.
pub const JAPANESE: &[u8] = include_bytes!("../../assets/fonts/NotoSansCJKjp-Regular.otf");
/// Noto Sans Hebrew, regular, for names.
pub const HEBREW: &[u8] = include_bytes!("../../assets/fonts/NotoSansHebrew-Regular.ttf");
/// Noto Sans Arabic, regular, for names; its letters join.
pub const ARABIC: &[u8] = include_bytes!("../../assets/fonts/NotoSansArabic-Regular.ttf");
/// One glyph, the minus sign, where the hyphen-minus stands: numbers look right, and are found and copied as they are typed.
pub const MINUS: &[u8] = include_bytes!("../../assets/fonts/SplitkneeMinus-Regular.ttf");
/// The same in bold.
pub const MINUS_BOLD: &[u8] = include_bytes!("../../assets/fonts/SplitkneeMinus-Bold.ttf");
/// The licence that travels with the fonts.
pub const LICENCE: &str = include_str!("../../assets/fonts/OFL.txt");

/// Family name of [`SANS`] and [`SANS_BOLD`], for `@font-face`.
pub const SANS_FAMILY: &str = "Noto Sans";
/// Family name of [`MINUS`] and [`MINUS_BOLD`].
pub const MINUS_FAMILY: &str = "Splitknee Minus";
/// Family name of [`JAPANESE`], for `@font-face`.
pub const JAPANESE_FAMILY: &str = "Noto Sans CJK JP";
/// Value of `font-family` in every figure. A picture is laid out in Noto Sans; where a reader's machine has none, the fonts
/// after it are no wider, so that no text is cut at the right edge (a plain `sans-serif` may be DejaVu Sans, which is).
pub const FAMILY: &str = "Noto Sans, Noto Sans CJK JP, Noto Sans JP, Open Sans, Segoe UI, Arial, Liberation Sans, Helvetica, \
                          Nimbus Sans, Hiragino Sans, Yu Gothic, sans-serif";

/// Fonts in order of preference: the first that has a character sets its width and draws it.
#[derive(Clone)]
pub struct FontSet {
    faces: Arc<Faces>,
}

struct Faces {
    regular: Vec<FontVec>,
    bold: Vec<FontVec>,
    /// Families of the regular faces after the first.
    families: Vec<String>,
    database: Arc<fontdb::Database>,
}

impl std::fmt::Debug for FontSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FontSet({} faces)", self.faces.database.len())
    }
}

impl FontSet {
    /// The embedded fonts, read once per process.
    pub fn embedded() -> Self {
        static EMBEDDED: OnceLock<FontSet> = OnceLock::new();
        EMBEDDED.get_or_init(|| Self { faces: Arc::new(Faces::read(&[]).unwrap_or_else(|_| Faces::none())) }).clone()
    }

    /// The embedded fonts, with more files (TrueType or OpenType, or the first font of a collection) for characters that
    /// they lack.
    ///
    /// # Errors
    /// [`FigureError::Font`] when bytes are not a font.
    pub fn with_extra(extra: &[Vec<u8>]) -> Result<Self, FigureError> {
        if extra.is_empty() {
            return Ok(Self::embedded());
        }
        Ok(Self { faces: Arc::new(Faces::read(extra)?) })
    }

    /// Width of a line of text in points at the given size. Characters that no font has count as one em.
    pub fn width(&self, text: &str, size: f64, bold: bool) -> f64 {
        let faces = if bold { &self.faces.bold } else { &self.faces.regular };
        text.chars().map(|c| Faces::advance(faces, c)).sum::<f64>() * size
    }

    /// Family of the first font after Noto Sans that has the character, when Noto Sans lacks it.
    pub(crate) fn other_family(&self, c: char) -> Option<&str> {
        let at = self.faces.regular.iter().position(|face| face.glyph_id(c).0 != 0)?;
        let others = self.faces.families.get(at.checked_sub(1)?)?;
        Some(others)
    }

    pub(crate) fn database(&self) -> Arc<fontdb::Database> {
        Arc::clone(&self.faces.database)
    }
}

impl Faces {
    fn none() -> Self {
        Self {
            regular: Vec::new(),
            bold: Vec::new(),
            families: Vec::new(),
            database: Arc::new(fontdb::Database::new()),
        }
    }

    fn read(extra: &[Vec<u8>]) -> Result<Self, FigureError> {
        let face = |bytes: &[u8]| {
            FontVec::try_from_vec(bytes.to_vec())
                .map_err(|_| FigureError::Font("not a TrueType or OpenType font".into()))
        };
        let mut faces = Self {
            regular: vec![face(SANS)?, face(JAPANESE)?, face(HEBREW)?, face(ARABIC)?],
            bold: vec![face(SANS_BOLD)?, face(JAPANESE)?, face(HEBREW)?, face(ARABIC)?],
            families: [JAPANESE_FAMILY, "Noto Sans Hebrew", "Noto Sans Arabic"].map(str::to_owned).to_vec(),
            database: Arc::default(),
        };
        let mut database = fontdb::Database::new();
        for bytes in [SANS, SANS_BOLD, JAPANESE, HEBREW, ARABIC] {
            database.load_font_data(bytes.to_vec());
        }
        database.set_sans_serif_family(SANS_FAMILY);
        for bytes in extra {
            let known = database.len();
            database.load_font_data(bytes.clone());
            let family = database.faces().nth(known).and_then(|f| f.families.first()).map(|f| f.0.clone());
            faces.families.push(family.ok_or_else(|| FigureError::Font("the font has no family name".into()))?);
            faces.regular.push(face(bytes)?);
            faces.bold.push(face(bytes)?);
        }
        faces.database = Arc::new(database);
        Ok(faces)
    }

    /// Advance of one character in ems.
    fn advance(faces: &[FontVec], c: char) -> f64 {
        for face in faces {
            let glyph = face.glyph_id(c);
            if glyph.0 != 0 {
                let em = face.units_per_em().unwrap_or(1000.0);
                return f64::from(face.h_advance_unscaled(glyph) / em);
            }
        }
        1.0
    }
}
