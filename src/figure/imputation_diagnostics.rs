//! Diagnostics of an imputation: imputed values beside observed ones by arm and visit, the residuals of the imputation model
//! against normal quantiles, and the chain's trace and autocorrelations where there is a chain.

use super::axis::{self, LabelRow, Numbers, Scale, Ticks};
use super::scene::{Arm, Scene, Stroke, Type};
use super::style::{self, Style};
use super::{Figure, FigureError, Heading, thinned, words};

const KIND: &str = "imputation-diagnostics";
const SPREAD_HEIGHT: f64 = 150.0;
const PANEL_HEIGHT: f64 = 120.0;

/// Quantiles of values: 5, 25, 50, 75 and 95 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Box5 {
    /// Number of values.
    pub n: usize,
    /// The quantiles, ascending.
    pub at: [f64; 5],
}

/// One visit; active first.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// Its name.
    pub label: String,
    /// Observed values.
    pub observed: [Option<Box5>; 2],
    /// Imputed values.
    pub imputed: [Option<Box5>; 2],
}

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct ImputationDiagnostics {
    /// Number, title, description, footnotes.
    pub heading: Heading,
    /// The visits, in order.
    pub visits: Vec<Visit>,
    /// Normal quantile and residual, ascending.
    pub residuals: Vec<(f64, f64)>,
    /// Estimates of the draws of a chain, in order; empty where there is none.
    pub trace: Vec<f64>,
    /// Autocorrelations from lag 1 on.
    pub autocorrelation: Vec<f64>,
    /// Words on the figure.
    pub labels: Labels,
}

/// The words on the figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// Title of the upper panel, with the unit.
    pub value: String,
    /// What filled boxes are, and open ones.
    pub kinds: [String; 2],
    /// Titles of the axes of residuals: vertical, horizontal.
    pub residual: [String; 2],
    /// Titles of the axes of the trace.
    pub trace: [String; 2],
    /// Titles of the axes of autocorrelations.
    pub autocorrelation: [String; 2],
}

impl Labels {
    /// English words.
    pub fn english(endpoint: &str) -> Self {
        let pair = |a: &str, b: &str| [a.to_owned(), b.to_owned()];
        Self {
            value: endpoint.into(),
            kinds: pair("observed", "imputed"),
            residual: pair("Normalised residual", "Normal quantile"),
            trace: pair("Estimate", "Draw"),
            autocorrelation: pair("Autocorrelation", "Lag"),
        }
    }
}

/// Draws the figure.
///
/// # Errors
/// [`FigureError::Empty`] where nothing was imputed; [`FigureError::NotFinite`] when a number is not finite.
pub fn draw(input: &ImputationDiagnostics, style: &Style) -> Result<Figure, FigureError> {
    if !input.visits.iter().any(|visit| visit.imputed.iter().any(Option::is_some)) {
        return Err(FigureError::Empty { figure: KIND, missing: "no value is imputed" });
    }
    let mut scene = Scene::new(KIND, style);
    let below = spread(&mut scene, input)?;
    let end = panels(&mut scene, input, below + 10.0)?;
    scene.finish(&input.heading, end + 4.0)
}

fn not_finite(what: &'static str) -> FigureError {
    FigureError::NotFinite { figure: KIND.into(), what }
}

/// The boxes by visit. Returns the y below.
fn spread(scene: &mut Scene<'_>, input: &ImputationDiagnostics) -> Result<f64, FigureError> {
    let boxes = input.visits.iter().flat_map(|visit| visit.observed.iter().chain(&visit.imputed)).flatten();
    let (low, high) = axis::extent(boxes.flat_map(|b| b.at).map(Some)).ok_or(not_finite("a quantile"))?;
    let domain = Ticks::widened(low, high, 6);
    let ticks = Ticks::between(domain.0, domain.1, 6);
    let head = axis::title_above(scene, (0.0, 0.0), &input.labels.value, "", style::WIDTH);
    let mut top = head + 4.0;
    // What the boxes are, arm by arm.
    let mut x = 0.0;
    for arm in [Arm::Active, Arm::Placebo] {
        for (open, kind) in input.labels.kinds.iter().enumerate() {
            let text = format!("{}: {kind}", arm.label(scene.style()));
            let lines = scene.wrap(&text, Type::SMALL, style::WIDTH - 16.0, 2);
            let width = lines.iter().map(|line| scene.width(line, Type::SMALL)).fold(0.0, f64::max) + 26.0;
            if x > 0.0 && x + width > style::WIDTH {
                x = 0.0;
                top += style::SMALL * style::LEADING + 1.0;
            }
            sample(scene, arm, open == 1, (x, top + 1.0), (x + 8.0, top + 8.0));
            scene.lines((x + 12.0, top + style::SMALL), &lines, Type::SMALL.colour(arm.ink()));
            top += (lines.len() as f64 - 1.0) * style::SMALL * style::LEADING;
            x += width;
        }
    }
    top += style::SMALL * style::LEADING + 6.0;
    let left = axis::left_room(scene, &ticks) + 2.0;
    let bottom = top + SPREAD_HEIGHT;
    let y = Scale { domain, range: (bottom, top) };
    for value in &ticks.values {
        scene.line((left, y.at(*value)), (style::WIDTH, y.at(*value)), Stroke::hair(style::GRID));
    }
    axis::left(scene, left, y, &ticks);
    scene.line((left, bottom), (style::WIDTH, bottom), Stroke::hair(style::AXIS));
    let pitch = (style::WIDTH - left) / input.visits.len() as f64;
    let slot = (pitch * 0.8 / 4.0).min(22.0);
    let at: Vec<f64> = (0..input.visits.len()).map(|place| left + (place as f64 + 0.5) * pitch).collect();
    for (visit, centre) in input.visits.iter().zip(&at) {
        for (number, arm) in [Arm::Active, Arm::Placebo].into_iter().enumerate() {
            for (open, found) in [visit.observed[number], visit.imputed[number]].into_iter().enumerate() {
                let Some(found) = found else { continue };
                let x = centre + ((2 * number + open) as f64 - 1.5) * slot;
                box5(scene, arm, open == 1, x, slot * 0.36, found.at.map(|value| y.at(value)));
                let text = format!(
                    "{}, {}, {}: {} ({}; {}), n = {}",
                    visit.label,
                    arm.label(scene.style()),
                    input.labels.kinds[open],
                    words::number(found.at[2], 2),
                    words::number(found.at[0], 2),
                    words::number(found.at[4], 2),
                    found.n
                );
                scene.hover((x, y.at(found.at[2])), 5.0, text);
            }
        }
    }
    let labels: Vec<&str> = input.visits.iter().map(|visit| visit.label.as_str()).collect();
    let row = LabelRow::fit(scene, &at, &labels, Type::SMALL, 2);
    row.draw(scene, &at, bottom + 4.0, Type::SMALL);
    Ok(bottom + 4.0 + row.height)
}

fn sample(scene: &mut Scene<'_>, arm: Arm, open: bool, a: (f64, f64), b: (f64, f64)) {
    scene.rectangle(a, b, if open { style::PAPER } else { arm.colour() }, if open { 1.0 } else { 0.35 });
    scene.outline(a, b, Stroke { width: 0.8, dashed: false, ..arm.stroke() });
}

/// A box from quartile to quartile with the median, whiskers to the outer quantiles (y in points).
fn box5(scene: &mut Scene<'_>, arm: Arm, open: bool, x: f64, half: f64, at: [f64; 5]) {
    let stroke = Stroke { width: 0.8, dashed: false, ..arm.stroke() };
    scene.line((x, at[0]), (x, at[1]), stroke);
    scene.line((x, at[3]), (x, at[4]), stroke);
    for end in [at[0], at[4]] {
        scene.line((x - half * 0.5, end), (x + half * 0.5, end), stroke);
    }
    sample(scene, arm, open, (x - half, at[3]), (x + half, at[1]));
    scene.line((x - half, at[2]), (x + half, at[2]), Stroke { width: 1.6, ..stroke });
}

/// Residuals, and the chain. Returns the y below.
fn panels(scene: &mut Scene<'_>, input: &ImputationDiagnostics, top: f64) -> Result<f64, FigureError> {
    let chain = input.trace.len() > 1;
    let width = style::WIDTH / if chain { 3.0 } else { 2.0 };
    let titles = [&input.labels.residual, &input.labels.trace, &input.labels.autocorrelation];
    let shown = if chain { 3 } else { 1 };
    let head = titles[..shown]
        .iter()
        .map(|title| axis::panel_head(scene, &title[0], width - axis::PANEL_LEFT))
        .fold(0.0, f64::max);
    let mut end = top;
    for (place, title) in titles[..shown].iter().enumerate() {
        let left = place as f64 * width + axis::PANEL_LEFT;
        let inside = (left, top + head, (place + 1) as f64 * width - 10.0, top + head + PANEL_HEIGHT);
        let (first, second): (Vec<f64>, Vec<f64>) = match place {
            0 => input.residuals.iter().copied().unzip(),
            1 => input.trace.iter().enumerate().map(|(draw, value)| ((draw + 1) as f64, *value)).unzip(),
            _ => input.autocorrelation.iter().enumerate().map(|(lag, value)| ((lag + 1) as f64, *value)).unzip(),
        };
        if first.is_empty() {
            continue;
        }
        let range = |values: &[f64], also: &[f64]| {
            axis::extent(values.iter().chain(also).copied().map(Some))
                .map(|(low, high)| Ticks::widened(low, high, 5))
                .ok_or(not_finite("a residual, an estimate or an autocorrelation"))
        };
        let across = if place == 1 { (0.0, first.len() as f64) } else { range(&first, &[])? };
        let down = range(&second, if place == 2 { &[-0.2, 0.2] } else { &[] })?;
        let axes = [title[1].as_str(), title[0].as_str()];
        let (x, y, below) = axis::panel(scene, inside, [across, down], axes, [4, 5], Numbers::Plain);
        end = end.max(below);
        let points: Vec<(f64, f64)> = first.iter().zip(&second).map(|(a, b)| (x.at(*a), y.at(*b))).collect();
        match place {
            0 => {
                let (low, high) = (across.0.max(down.0), across.1.min(down.1));
                if high > low {
                    scene.line((x.at(low), y.at(low)), (x.at(high), y.at(high)), Stroke::hair(style::AXIS));
                }
                let opacity = if points.len() > 200 { 0.4 } else { 0.8 };
                for point in thinned(&points) {
                    scene.dot(*point, style::DOT, style::MUTED, opacity);
                }
            }
            1 => scene.path(thinned(&points).copied().collect(), Stroke::hair(style::INK)),
            _ => {
                scene.line((inside.0, y.at(0.0)), (inside.2, y.at(0.0)), Stroke::hair(style::AXIS));
                for point in &points {
                    scene.line((point.0, y.at(0.0)), *point, Stroke::line(style::INK));
                }
            }
        }
    }
    Ok(end)
}
