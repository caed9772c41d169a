//! Operating characteristics over a grid of scenarios: bias, coverage and rejection of each, with the Monte Carlo interval,
//! beside the value that each should have.

use super::axis::{self, Scale, Ticks};
use super::scene::{Scene, Stroke, Type};
use super::style::{self, Style};
use super::{Figure, FigureError, Heading, words};

const KIND: &str = "operating-characteristics";
/// Room of the names of scenarios.
const NAMES: f64 = 150.0;
/// Rows of one figure.
pub const MOST: usize = 16;

/// A measure with its Monte Carlo standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Its value.
    pub value: f64,
    /// Its Monte Carlo standard error.
    pub mcse: f64,
}

/// One analysis in one scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its name.
    pub label: String,
    /// The measures of the panels.
    pub measures: [Option<Measured>; 3],
}

/// One panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Its title.
    pub title: String,
    /// The value that a measure should have, where there is one.
    pub reference: Option<f64>,
}

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct OperatingCharacteristics {
    /// Number, title, description, footnotes.
    pub heading: Heading,
    /// The analyses, at most [`MOST`].
    pub rows: Vec<Row>,
    /// The panels, from left to right.
    pub panels: [Panel; 3],
}

/// Draws the figure.
///
/// # Errors
/// [`FigureError::Empty`] where there is no measure; [`FigureError::NotFinite`] when a number is not finite.
pub fn draw(input: &OperatingCharacteristics, style: &Style) -> Result<Figure, FigureError> {
    let rows = &input.rows[..input.rows.len().min(MOST)];
    if rows.iter().all(|row| row.measures.iter().all(Option::is_none)) {
        return Err(FigureError::Empty { figure: KIND, missing: "no measure" });
    }
    let mut scene = Scene::new(KIND, style);
    // Numbers at the ends of neighbouring axes have room, as has the last one before the edge.
    let (gap, edge) = (28.0, 16.0);
    let width = (style::WIDTH - NAMES - 3.0 * gap - edge) / 3.0;
    let left = |panel: usize| NAMES + gap + panel as f64 * (width + gap);
    let heads = [0, 1, 2].map(|panel| scene.wrap(&input.panels[panel].title, Type::LABEL.bold(), width, 3));
    let lines = heads.iter().map(Vec::len).max().unwrap_or(1) as f64;
    let top = lines * style::TEXT * style::LEADING + 8.0;
    let names: Vec<Vec<String>> = rows.iter().map(|row| scene.wrap(&row.label, Type::SMALL, NAMES, 3)).collect();
    let line = style::SMALL * style::LEADING;
    let heights: Vec<f64> = names.iter().map(|name| name.len() as f64 * line + 5.0).collect();
    let bottom = top + heights.iter().sum::<f64>();
    let mut y = top;
    let middles: Vec<f64> = heights
        .iter()
        .map(|height| {
            y += height;
            y - height / 2.0
        })
        .collect();
    for (name, middle) in names.iter().zip(&middles) {
        let first = middle - (name.len() as f64 - 1.0) * line / 2.0 + style::SMALL * 0.36;
        scene.lines((0.0, first), name, Type::SMALL);
    }
    let mut below = bottom;
    for (panel, about) in input.panels.iter().enumerate() {
        let own = || rows.iter().filter_map(|row| row.measures[panel]);
        let ends = own().flat_map(|m| [m.value - 1.96 * m.mcse, m.value + 1.96 * m.mcse]).chain(about.reference);
        if own().next().is_none() {
            continue;
        }
        let (low, high) = axis::extent(ends.map(Some))
            .ok_or(FigureError::NotFinite { figure: KIND.into(), what: "a measure or its error" })?;
        let domain = Ticks::widened(low, high, 4);
        let ticks = Ticks::between(domain.0, domain.1, 4);
        let from = left(panel);
        let x = Scale { domain, range: (from, from + width) };
        scene.lines((from, style::TEXT), &heads[panel], Type::LABEL.bold());
        for value in &ticks.values {
            scene.line((x.at(*value), top), (x.at(*value), bottom), Stroke::hair(style::GRID));
        }
        if let Some(reference) = about.reference {
            scene.line((x.at(reference), top), (x.at(reference), bottom), Stroke::line(style::PATIENT));
        }
        for (row, middle) in rows.iter().zip(&middles) {
            let Some(measured) = row.measures[panel] else { continue };
            let reach = 1.96 * measured.mcse;
            scene.line(
                (x.at(measured.value - reach), *middle),
                (x.at(measured.value + reach), *middle),
                Stroke::line(style::INK),
            );
            scene.dot((x.at(measured.value), *middle), style::MARKER, style::INK, 1.0);
            let text = format!("{}: {} ± {}", row.label, words::number(measured.value, 4), words::number(reach, 4));
            scene.hover((x.at(measured.value), *middle), 6.0, text);
        }
        below = below.max(axis::bottom(&mut scene, bottom, x, &ticks));
    }
    scene.finish(&input.heading, below + 4.0)
}
