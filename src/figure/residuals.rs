//! Residuals of a model: normal quantile–quantile plot, and residuals against fitted values.

use super::axis::{self, Ticks};
use super::scene::{Scene, Stroke};
use super::style::{self, Style};
use super::{Figure, FigureError, Heading, thinned, words};

const KIND: &str = "residuals";
const PLOT_HEIGHT: f64 = 180.0;

/// One residual.
#[derive(Debug, Clone, PartialEq)]
pub struct Residual {
    /// What it belongs to (patient, knee, visit), for the hover value.
    pub label: String,
    /// Expected normal quantile.
    pub quantile: f64,
    /// Fitted value, in units of the endpoint.
    pub fitted: f64,
    /// Standardised residual.
    pub residual: f64,
}

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Residuals {
    /// Number, title, description, footnotes.
    pub heading: Heading,
    /// The residuals.
    pub residuals: Vec<Residual>,
    /// Words on the figure.
    pub labels: Labels,
}

/// The words on the figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// Title of the vertical axes.
    pub residual: String,
    /// Title of the horizontal axis at the left.
    pub quantile: String,
    /// Title of the horizontal axis at the right.
    pub fitted: String,
}

impl Labels {
    /// English words.
    pub fn english(endpoint: &str) -> Self {
        Self {
            residual: "Standardised residual".into(),
            quantile: "Normal quantile".into(),
            fitted: format!("Fitted {endpoint}"),
        }
    }
}

/// Draws the figure.
///
/// # Errors
/// [`FigureError::Empty`] without residuals; [`FigureError::NotFinite`] when a number is not finite.
pub fn draw(input: &Residuals, style: &Style) -> Result<Figure, FigureError> {
    if input.residuals.is_empty() {
        return Err(FigureError::Empty { figure: KIND, missing: "no residual" });
    }
    let not_finite = || FigureError::NotFinite { figure: KIND.into(), what: "a residual, quantile or fitted value" };
    let range = |of: fn(&Residual) -> f64, count: usize| {
        axis::extent(input.residuals.iter().map(|r| Some(of(r))))
            .map(|(low, high)| Ticks::widened(low, high, count))
            .ok_or_else(not_finite)
    };
    let vertical = range(|r| r.residual, 6)?;
    let across = [range(|r| r.quantile, 6)?, range(|r| r.fitted, 6)?];

    let mut scene = Scene::new(KIND, style);
    let width = style::WIDTH / 2.0;
    let top = axis::panel_head(&scene, &input.labels.residual, width - axis::PANEL_LEFT);
    let opacity = if input.residuals.len() > 200 { 0.4 } else { 0.8 };
    let mut height: f64 = 0.0;
    for (column, (limits, title)) in across.into_iter().zip([&input.labels.quantile, &input.labels.fitted]).enumerate()
    {
        let left = column as f64 * width + axis::PANEL_LEFT;
        let inside = (left, top, (column + 1) as f64 * width - 12.0, top + PLOT_HEIGHT);
        let titles = [title.as_str(), if column == 0 { input.labels.residual.as_str() } else { "" }];
        let (x, y, below) = axis::panel(&mut scene, inside, [limits, vertical], titles, [6, 6], axis::Numbers::Plain);
        height = height.max(below);
        if column == 0 {
            let (low, high) = (limits.0.max(vertical.0), limits.1.min(vertical.1));
            if high > low {
                scene.line((x.at(low), y.at(low)), (x.at(high), y.at(high)), Stroke::hair(style::AXIS));
            }
        } else {
            scene.line((inside.0, y.at(0.0)), (inside.2, y.at(0.0)), Stroke::hair(style::AXIS));
        }
        for residual in thinned(&input.residuals) {
            let value = if column == 0 { residual.quantile } else { residual.fitted };
            let at = (x.at(value), y.at(residual.residual));
            scene.dot(at, style::DOT, style::MUTED, opacity);
            if column == 1 {
                let text = format!("{}: {}", residual.label, words::number(residual.residual, 2));
                scene.hover(at, 2.5, text);
            }
        }
    }
    scene.finish(&input.heading, height + 4.0)
}
