//! Every colour and measure of the figures in one place, so that an arm looks the same wherever it appears.
//!
//! Lengths are PostScript points (1/72 inch) at print size. The two arm colours are those of Okabe & Ito (2008), which
//! stay apart under the common colour-vision deficiencies; the second code (filled circle and solid line against open
//! square and dashed line) carries the distinction in grey print.

use plotters::style::RGBColor;

use super::font::FontSet;
pub use crate::terms::Language;

/// Width of every figure: 170 mm.
pub const WIDTH: f64 = 170.0 / 25.4 * 72.0;
/// Tallest figure that fits on a page beside its title and footnotes: 225 mm.
pub const PAGE_HEIGHT: f64 = 225.0 / 25.4 * 72.0;

/// Size of labels and titles of axes.
pub const TEXT: f64 = 8.5;
/// Size of tick labels, counts under the axis and notes in the figure.
pub const SMALL: f64 = 8.0;
/// Distance between the baselines of consecutive lines, as a multiple of the text size.
pub const LEADING: f64 = 1.25;

/// Colour of the active arm.
pub const ACTIVE: RGBColor = RGBColor(0x00, 0x72, 0xB2);
/// Colour of the placebo arm.
pub const PLACEBO: RGBColor = RGBColor(0xD5, 0x5E, 0x00);
/// The placebo arm's name as text: the same hue, dark enough to read in small print (contrast 5.2 : 1 on white, where
/// the marks have 3.9 : 1).
pub const PLACEBO_INK: RGBColor = RGBColor(0xB3, 0x4F, 0x00);
/// Text and estimates that belong to neither arm.
pub const INK: RGBColor = RGBColor(0x1A, 0x1A, 0x1A);
/// Secondary text (contrast 6.3 : 1 on white).
pub const MUTED: RGBColor = RGBColor(0x60, 0x60, 0x60);
/// Axes and ticks.
pub const AXIS: RGBColor = RGBColor(0x40, 0x40, 0x40);
/// Lines of single patients.
pub const PATIENT: RGBColor = RGBColor(0x9A, 0x9A, 0x9A);
/// Guide lines.
pub const GRID: RGBColor = RGBColor(0xE4, 0xE4, 0xE4);
/// Bands of the MCID and of margins.
pub const BAND: RGBColor = RGBColor(0xEC, 0xEC, 0xEC);
/// Fill of bars that belong to neither arm.
pub const BAR: RGBColor = RGBColor(0xC4, 0xC4, 0xC4);
/// Paper.
pub const PAPER: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);
/// Ordered grades from none to severe: one hue from light to dark, readable in grey print.
pub const GRADES: [RGBColor; 5] = [
    RGBColor(0xF1, 0xF1, 0xF1),
    RGBColor(0xCF, 0xD6, 0xDC),
    RGBColor(0x9D, 0xAD, 0xBB),
    RGBColor(0x5F, 0x78, 0x8C),
    RGBColor(0x27, 0x3F, 0x52),
];

/// Thin lines: axes, zero, guides.
pub const HAIRLINE: f64 = 0.5;
/// Lines of data.
pub const LINE: f64 = 1.2;
/// Radius of the marker of an estimate.
pub const MARKER: f64 = 2.6;
/// Radius of the marker of one patient.
pub const DOT: f64 = 1.6;
/// Dash and gap of the placebo line.
pub const DASH: (f64, f64) = (4.0, 2.2);

/// What the figures of one report share.
#[derive(Debug, Clone)]
pub struct Style {
    /// Language of the report.
    pub language: Language,
    /// Name of the active arm, as printed beside its marks.
    pub active_label: String,
    /// Name of the placebo arm, as printed beside its marks.
    pub placebo_label: String,
    /// Fonts that measure the text; the embedded ones unless the user gave a file.
    pub font: FontSet,
}

impl Style {
    /// A style with the embedded fonts.
    pub fn new(language: Language, active_label: &str, placebo_label: &str) -> Self {
        Self {
            language,
            active_label: active_label.into(),
            placebo_label: placebo_label.into(),
            font: FontSet::embedded(),
        }
    }
}

impl Default for Style {
    fn default() -> Self {
        Self::new(Language::English, "Active", "Placebo")
    }
}
