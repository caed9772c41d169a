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

/// The colours of the two arms, as red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colours {
    /// Of the active arm.
    pub active: [u8; 3],
    /// Of the placebo arm.
    pub placebo: [u8; 3],
}

impl Default for Colours {
    fn default() -> Self {
        Self { active: parts(ACTIVE), placebo: parts(PLACEBO) }
    }
}

impl Colours {
    /// The colour `#rrggbb`.
    pub fn parse(text: &str) -> Option<[u8; 3]> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some([part(0)?, part(2)?, part(4)?])
    }

    /// Contrast of a colour to white paper, from 1 (white) to 21 (black).
    ///
    /// Source: Web Content Accessibility Guidelines 2.2, relative luminance and contrast ratio.
    pub fn contrast(colour: [u8; 3]) -> f64 {
        let linear = |part: u8| {
            let value = f64::from(part) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = colour.map(linear);
        1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
    }

    /// What is drawn for a colour of this module in a mark.
    pub(super) fn mark(self, colour: RGBColor) -> RGBColor {
        let plain = |[red, green, blue]: [u8; 3]| RGBColor(red, green, blue);
        match parts(colour) {
            known if known == parts(ACTIVE) => plain(self.active),
            known if known == parts(PLACEBO) => plain(self.placebo),
            known if known == parts(PLACEBO_INK) && self.placebo != parts(PLACEBO) => plain(self.placebo),
            _ => colour,
        }
    }

    /// What is drawn for a colour of this module in a text: dark enough to read in small print.
    pub(super) fn ink(self, colour: RGBColor) -> RGBColor {
        let own = match parts(colour) {
            known if known == parts(ACTIVE) => self.active,
            known if known == parts(PLACEBO) || known == parts(PLACEBO_INK) => self.placebo,
            _ => return colour,
        };
        if own == parts(ACTIVE) || own == parts(PLACEBO) {
            return colour;
        }
        let mut dark = own;
        while Self::contrast(dark) < 4.5 {
            dark = dark.map(|part| (f64::from(part) * 0.95) as u8);
        }
        RGBColor(dark[0], dark[1], dark[2])
    }
}

const fn parts(colour: RGBColor) -> [u8; 3] {
    [colour.0, colour.1, colour.2]
}

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
    /// Colours of the arms.
    pub colours: Colours,
}

impl Style {
    /// A style with the embedded fonts.
    pub fn new(language: Language, active_label: &str, placebo_label: &str) -> Self {
        Self {
            language,
            active_label: active_label.into(),
            placebo_label: placebo_label.into(),
            font: FontSet::embedded(),
            colours: Colours::default(),
        }
    }
}

impl Default for Style {
    fn default() -> Self {
        Self::new(Language::English, "Active", "Placebo")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_and_names_of_arms_stay_readable() {
        assert_eq!(Colours::parse("#0072B2"), Some([0, 0x72, 0xB2]));
        assert_eq!(["0072B2", "#0072B", "#0072BG", "#é072B"].map(Colours::parse), [None; 4]);
        assert!((Colours::contrast([0, 0, 0]) - 21.0).abs() < 1e-9);
        assert!((Colours::contrast([255, 255, 255]) - 1.0).abs() < 1e-9);
        let own = Colours { active: [0, 0x90, 0xC0], placebo: [0x80, 0, 0x80] };
        assert_eq!(parts(own.mark(ACTIVE)), own.active);
        assert!(Colours::contrast(parts(own.ink(ACTIVE))) >= 4.5 && Colours::contrast(own.active) < 4.5);
        assert_eq!(parts(own.mark(PLACEBO_INK)), own.placebo);
        let built_in = Colours::default();
        for colour in [ACTIVE, PLACEBO, PLACEBO_INK, INK, MUTED] {
            assert_eq!(parts(built_in.mark(colour)), parts(colour));
        }
        assert_eq!(parts(built_in.ink(ACTIVE)), parts(ACTIVE));
    }
}
