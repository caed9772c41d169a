//! Figures: one file per figure, each turning plain numbers into a [`Figure`] (SVG, with PNG from the same SVG).
//!
//! Nothing is computed here that a reader could mistake for a statistic: figures draw what they are given. Every
//! figure is laid out at the size at which it is printed (170 mm wide, in points), collected as a
//! [`Scene`](scene::Scene) of marks, and written by plotters' SVG backend. The text stays text, named by font family,
//! so that it can be searched, read aloud and set in the font the report embeds.
//!
//! ```
//! use splitknee::figure::{Heading, MeanCi, Style, profiles};
//!
//! let at = |mean, low, high| MeanCi { n: 29, mean: Some(mean), low: Some(low), high: Some(high) };
//! let visit = |label: &str, time, active, placebo| profiles::Visit { label: label.into(), time, active, placebo, apart: false };
//! let figure = profiles::draw(
//!     &profiles::Profiles {
//!         heading: Heading::new("vas", "14.2.1", "VAS pain by visit"),
//!         visits: vec![
//!             visit("Baseline", 0.0, at(61.0, 55.0, 67.0), at(60.0, 54.0, 66.0)),
//!             visit("Month 6", 6.0, at(41.0, 34.0, 48.0), at(45.0, 38.0, 52.0)),
//!         ],
//!         limits: None,
//!         below: None,
//!         labels: profiles::Labels::english("VAS pain (mm)"),
//!     },
//!     &Style::default(),
//! )?;
//! assert!(figure.svg.contains("Month 6"));
//! # Ok::<(), splitknee::figure::FigureError>(())
//! ```

pub mod adverse_event_timeline;
pub mod axis;
pub mod bland_altman;
pub mod cumulative_responder;
pub mod differences;
pub mod flow;
pub mod font;
pub mod forest;
pub mod harm_dots;
pub mod imputation_diagnostics;
pub mod missingness;
pub mod operating_characteristics;
pub mod overview_forest;
pub mod paired_slopes;
pub mod png;
pub mod profiles;
pub mod residuals;
pub mod scene;
pub mod sensitivity_forest;
pub mod shift_bars;
pub mod strategy_profiles;
pub mod style;
pub mod survival_curves;
pub mod tipping_map;
pub mod waterfall;
pub mod words;
pub mod zip_plot;

pub use png::{png, png_with};
pub use style::{Language, Style};

/// Most patients whose marks are drawn one by one: more are a blot, and as many nodes as a picture may not have.
pub const MOST_MARKS: usize = 1_000;

/// At most [`MOST_MARKS`] of `items`, evenly chosen with the first and the last among them.
pub(crate) fn thinned<T>(items: &[T]) -> impl Iterator<Item = &T> {
    let shown = items.len().min(MOST_MARKS);
    (0..shown)
        .filter_map(move |at| items.get(if shown < items.len() { at * (items.len() - 1) / (shown - 1) } else { at }))
}

/// A finished figure: the picture, and the words that go with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Stable file stem: the kind of figure, and the key of its heading where it has one (`profiles-vas`).
    pub id: String,
    /// Number in the report (`14.2.1`); empty when the figure is not numbered.
    pub number: String,
    /// What is shown, in one line.
    pub title: String,
    /// The figure in words, for readers who cannot see it; also the `<desc>` of the SVG.
    pub description: String,
    /// How it was made; one sentence each, in order.
    pub footnotes: Vec<String>,
    /// Identifiers of the records that it shows, so that every mark can be traced.
    pub records: Vec<String>,
    /// The drawing without title and footnotes (the page it stands on prints those): a complete SVG document.
    pub svg: String,
}

impl Figure {
    /// The figure as a file of its own: the same drawing with number, title and footnotes in the picture, so that it
    /// still says what it shows (and that data are synthetic, where a footnote does) when it travels alone.
    ///
    /// # Errors
    /// [`FigureError::Backend`] when plotters fails.
    pub fn standalone(&self, style: &Style) -> Result<String, FigureError> {
        scene::standalone(self, style)
    }

    /// Gives the figure another title, in its words and in the SVG's accessible name.
    pub fn retitle(&mut self, title: &str) {
        let name = |title: &str| format!("-title\">{}</title>", scene::escape(&words::clean(title)));
        self.svg = self.svg.replacen(&name(&self.title), &name(title), 1);
        title.clone_into(&mut self.title);
    }
}

/// The words around a figure, as the report's catalogue supplies them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Heading {
    /// Which of several figures of one kind this is (`vas`, `vas-m6`); part of [`Figure::id`]. Characters other than
    /// ASCII letters, digits, `-` and `_` become `-`.
    pub key: String,
    /// See [`Figure::number`].
    pub number: String,
    /// See [`Figure::title`].
    pub title: String,
    /// See [`Figure::description`]; when empty, the title stands in for it.
    pub description: String,
    /// See [`Figure::footnotes`].
    pub footnotes: Vec<String>,
    /// See [`Figure::records`].
    pub records: Vec<String>,
}

impl Heading {
    /// A heading without description and footnotes.
    pub fn new(key: &str, number: &str, title: &str) -> Self {
        Self { key: key.into(), number: number.into(), title: title.into(), ..Self::default() }
    }

    /// The same heading over a figure that shows these records, each once.
    pub fn over(mut self, records: impl IntoIterator<Item = String>) -> Self {
        for record in records {
            if !self.records.contains(&record) {
                self.records.push(record);
            }
        }
        self
    }

    /// The heading of one of several parts of a figure that is taller than a page: from the second part on (`part` 1),
    /// key and number get the suffix `-2`, `-3`, ….
    pub(crate) fn part(&self, part: usize) -> Self {
        let suffixed = |stem: &str| format!("{stem}-{}", part + 1);
        let mut heading = self.clone();
        if part > 0 {
            heading.key = suffixed(&self.key).trim_start_matches('-').to_owned();
            if !self.number.is_empty() {
                heading.number = suffixed(&self.number);
            }
        }
        heading
    }
}

/// A mean with its confidence interval, in the units of the endpoint; `None` where it is not defined.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MeanCi {
    /// Knees (or patients) behind the mean.
    pub n: usize,
    /// The estimate.
    pub mean: Option<f64>,
    /// Lower confidence limit.
    pub low: Option<f64>,
    /// Upper confidence limit.
    pub high: Option<f64>,
}

/// Why a figure could not be drawn.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FigureError {
    /// Nothing to draw: no row, no patient or no defined number was given.
    #[error("figure {figure}: nothing to draw, {missing}")]
    Empty {
        /// Kind of figure.
        figure: &'static str,
        /// What was missing.
        missing: &'static str,
    },
    /// A number given to the figure, or a position that follows from it, is not finite.
    #[error("figure {figure}: {what} is not a finite number")]
    NotFinite {
        /// Kind of figure.
        figure: String,
        /// Which number.
        what: &'static str,
    },
    /// Counts that have to add up do not.
    #[error("figure {figure}: {what}")]
    DoesNotAddUp {
        /// Kind of figure.
        figure: &'static str,
        /// Which sum fails, with both sides.
        what: String,
    },
    /// plotters could not write the drawing.
    #[error("figure {figure}: the drawing could not be written: {reason}")]
    Backend {
        /// Kind of figure.
        figure: String,
        /// plotters' message.
        reason: String,
    },
    /// An embedded or supplied font could not be read.
    #[error("font: {0}")]
    Font(String),
    /// The SVG could not be turned into pixels.
    #[error("PNG: {0}")]
    Png(String),
}
