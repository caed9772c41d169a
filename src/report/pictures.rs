//! The figures as pictures for word processors: drawn once for all formats that hold pictures, without title and footnotes,
//! which stand beside them as text.

use super::document::Document;
use crate::figure::font::FontSet;
use crate::figure::{Figure, FigureError, png_with};
use rayon::prelude::*;
use std::collections::HashMap;

/// Resolution of the pictures, in dots per inch.
pub const DPI: f32 = 220.0;

/// PNG pictures by identifier of their figure.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pictures(HashMap<String, Vec<u8>>);

impl Pictures {
    /// Every figure of `document`, drawn at [`DPI`] with the embedded fonts and `fonts`.
    ///
    /// # Errors
    /// A picture cannot be drawn; a font is none.
    pub fn of(document: &Document, fonts: &[Vec<u8>]) -> Result<Self, FigureError> {
        let fonts = FontSet::with_extra(fonts)?;
        let figures: Vec<&Figure> = document.figures().collect();
        let draw = |figure: &&Figure| Ok((figure.id.clone(), png_with(&figure.svg, DPI, &fonts)?));
        Ok(Self(figures.par_iter().map(draw).collect::<Result<_, FigureError>>()?))
    }

    /// The picture of `figure`; `None` where it was not drawn.
    pub fn get(&self, figure: &Figure) -> Option<&[u8]> {
        self.0.get(&figure.id).map(Vec::as_slice)
    }
}
