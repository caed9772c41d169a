//! Zip plots (Morris, White & Crowther 2019): the confidence intervals of all replicates, ordered by how far the estimate is
//! from the truth in standard errors; those above the level should be the ones that miss it.

use super::axis::{self, Scale, Ticks};
use super::scene::{Scene, Stroke, Type};
use super::style::{self, Style};
use super::{Figure, FigureError, Heading};

const KIND: &str = "zip-plot";
/// Panels beside each other, and of one figure.
const ACROSS: usize = 3;
/// Panels of one figure.
pub const MOST: usize = 9;
const HEIGHT: f64 = 120.0;
/// Most intervals drawn of one panel.
const LINES: usize = 250;

/// One analysis in one scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Its name.
    pub label: String,
    /// The truth.
    pub truth: f64,
    /// The intervals, nearest to the truth first.
    pub intervals: Vec<[f64; 2]>,
}

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct ZipPlot {
    /// Number, title, description, footnotes.
    pub heading: Heading,
    /// The panels, at most [`MOST`].
    pub panels: Vec<Panel>,
    /// Confidence level.
    pub level: f64,
    /// Titles of the axes: vertical, horizontal.
    pub labels: [String; 2],
}

/// Draws the figure.
///
/// # Errors
/// [`FigureError::Empty`] without intervals; [`FigureError::NotFinite`] when a limit is not finite.
pub fn draw(input: &ZipPlot, style: &Style) -> Result<Figure, FigureError> {
    let panels: Vec<&Panel> = input.panels.iter().filter(|panel| !panel.intervals.is_empty()).take(MOST).collect();
    if panels.is_empty() {
        return Err(FigureError::Empty { figure: KIND, missing: "no interval" });
    }
    let mut scene = Scene::new(KIND, style);
    let mut top = axis::title_above(&mut scene, (0.0, 0.0), &input.labels[0], "", style::WIDTH) + 2.0;
    let ticks = Ticks::between(0.0, 100.0, 4);
    let left = axis::left_room(&scene, &ticks) + 2.0;
    // Numbers at the ends of neighbouring axes have room, as has the last one before the edge.
    let (gap, edge) = (30.0, 18.0);
    let width = (style::WIDTH - left - edge - gap * (ACROSS as f64 - 1.0)) / ACROSS as f64;
    for row in panels.chunks(ACROSS) {
        let names: Vec<Vec<String>> = row.iter().map(|panel| scene.wrap(&panel.label, Type::SMALL, width, 4)).collect();
        let lines = names.iter().map(Vec::len).max().unwrap_or(1) as f64;
        let head = lines * style::SMALL * style::LEADING + 4.0;
        let y = Scale { domain: (0.0, 100.0), range: (top + head + HEIGHT, top + head) };
        axis::left(&mut scene, left, y, &ticks);
        let mut below = y.range.0;
        for (place, (panel, name)) in row.iter().zip(&names).enumerate() {
            let from = left + place as f64 * (width + gap);
            scene.lines((from, top + style::SMALL), name, Type::SMALL);
            let limits = panel.intervals.iter().flatten().copied().chain([panel.truth]);
            let (low, high) = axis::extent(limits.map(Some))
                .ok_or(FigureError::NotFinite { figure: KIND.into(), what: "a limit" })?;
            let domain = Ticks::widened(low, high, 4);
            let x = Scale { domain, range: (from, from + width) };
            let n = panel.intervals.len();
            let shown = n.min(LINES);
            for line in 0..shown {
                let at = if shown < n { line * (n - 1) / (shown - 1).max(1) } else { line };
                let [low, high] = panel.intervals[at];
                let height = y.at(100.0 * (at as f64 + 0.5) / n as f64);
                let missed = panel.truth < low || panel.truth > high;
                let colour = if missed { style::PLACEBO } else { style::PATIENT };
                scene.line((x.at(low), height), (x.at(high), height), Stroke { width: 0.4, ..Stroke::line(colour) });
            }
            scene.line((x.at(panel.truth), y.range.0), (x.at(panel.truth), y.range.1), Stroke::hair(style::INK));
            let level = y.at(100.0 * input.level);
            scene.line((from, level), (from + width, level), Stroke::hair(style::INK));
            let across = Ticks::between(domain.0, domain.1, 4);
            below = below.max(axis::bottom(&mut scene, y.range.0, x, &across));
        }
        top = below + 8.0;
    }
    let lines = scene.wrap(&input.labels[1], Type::LABEL, style::WIDTH - left, 3);
    let end = scene.lines((left, top + style::TEXT), &lines, Type::LABEL) - style::TEXT;
    scene.finish(&input.heading, end + 4.0)
}
