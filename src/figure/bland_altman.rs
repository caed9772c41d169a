//! Bland–Altman plot of the two knees: difference against mean, with bias and limits of agreement
//! (Bland & Altman, Lancet 1986;327:307–310).

use super::axis::{self, Numbers};
use super::scene::{Scene, Stroke, Type};
use super::style::{self, Style};
use super::{Figure, FigureError, Heading, MOST_MARKS, MeanCi, thinned};

const KIND: &str = "bland-altman";
const PLOT_HEIGHT: f64 = 210.0;

/// One patient with both knees observed.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Patient's identifier, for the hover value.
    pub patient: String,
    /// Mean of the two knees.
    pub mean: f64,
    /// Active − placebo.
    pub difference: f64,
}

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct BlandAltman {
    /// Number, title, description, footnotes.
    pub heading: Heading,
    /// The patients.
    pub points: Vec<Point>,
    /// Mean difference with its confidence interval.
    pub bias: MeanCi,
    /// Lower limit of agreement with its confidence interval.
    pub lower: MeanCi,
    /// Upper limit of agreement with its confidence interval.
    pub upper: MeanCi,
    /// Decimals of the lines' values as printed.
    pub decimals: usize,
    /// What means and differences stand for.
    pub numbers: Numbers,
    /// Words on the figure.
    pub labels: Labels,
}

/// The words on the figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// Title of the horizontal axis.
    pub mean: String,
    /// Title of the vertical axis.
    pub difference: String,
    /// Name of the middle line.
    pub bias: String,
    /// Name of the outer lines.
    pub limit: String,
}

impl Labels {
    /// English words.
    pub fn english(endpoint: &str, active: &str, placebo: &str) -> Self {
        Self {
            mean: format!("{endpoint}: mean of the two knees"),
            difference: format!("{endpoint}: {active} − {placebo}"),
            bias: "mean difference".into(),
            limit: "limit of agreement".into(),
        }
    }
}

/// Draws the figure.
///
/// # Errors
/// [`FigureError::Empty`] without points; [`FigureError::NotFinite`] when a number is not finite.
pub fn draw(input: &BlandAltman, style: &Style) -> Result<Figure, FigureError> {
    if input.points.is_empty() {
        return Err(FigureError::Empty { figure: KIND, missing: "no patient has both knees" });
    }
    let not_finite = || FigureError::NotFinite { figure: KIND.into(), what: "a mean, difference or limit" };
    let lines = [input.upper, input.bias, input.lower];
    let x = axis::extent(input.points.iter().map(|p| Some(p.mean))).ok_or_else(not_finite)?;
    let y = input.points.iter().map(|p| Some(p.difference)).chain([Some(0.0)]);
    let y = axis::extent(y.chain(lines.iter().flat_map(|l| [l.mean, l.low, l.high]))).ok_or_else(not_finite)?;
    let limits = [input.numbers.widened(x.0, x.1, 6), input.numbers.widened(y.0, y.1, 8)];

    let mut scene = Scene::new(KIND, style);
    let room = 88.0;
    let top = axis::panel_head(&scene, &input.labels.difference, style::WIDTH - room);
    let inside = (axis::PANEL_LEFT, top, style::WIDTH - room, top + PLOT_HEIGHT);
    let titles = [input.labels.mean.as_str(), input.labels.difference.as_str()];
    let (x, y, below) = axis::panel(&mut scene, inside, limits, titles, [6, 8], input.numbers);
    for line in lines {
        if let (Some(low), Some(high)) = (line.low, line.high) {
            scene.rectangle((inside.0, y.at(low)), (inside.2, y.at(high)), style::BAND, 1.0);
        }
    }
    scene.line((inside.0, y.at(0.0)), (inside.2, y.at(0.0)), Stroke::hair(style::AXIS));
    for (i, line) in lines.iter().enumerate() {
        if let Some(value) = line.mean {
            let stroke = Stroke { width: 1.0, dashed: i != 1, ..Stroke::line(style::INK) };
            scene.line((inside.0, y.at(value)), (inside.2, y.at(value)), stroke);
        }
    }
    let opacity = if input.points.len() > 150 { 0.45 } else { 0.85 };
    let mut points: Vec<&Point> = input.points.iter().collect();
    if points.len() > MOST_MARKS {
        points.sort_by(|a, b| a.difference.total_cmp(&b.difference));
    }
    for point in thinned(&points) {
        let at = (x.at(point.mean), y.at(point.difference));
        scene.dot(at, style::DOT + 0.2, style::MUTED, opacity);
        let [difference, mean] = [point.difference, point.mean].map(|value| input.numbers.print(value, 2));
        let text = format!("{}: {difference} ({mean})", point.patient);
        scene.hover(at, 3.0, text);
    }
    line_names(&mut scene, input, lines, |value| y.at(value), inside.2 + 6.0, room - 8.0);
    scene.finish(&input.heading, below + 4.0)
}

/// Value and name of each line at its right end, moved apart where they would touch.
fn line_names(
    scene: &mut Scene<'_>,
    input: &BlandAltman,
    lines: [MeanCi; 3],
    at: impl Fn(f64) -> f64,
    x: f64,
    room: f64,
) {
    let mut free = f64::NEG_INFINITY;
    for (i, line) in lines.iter().enumerate() {
        let Some(value) = line.mean else { continue };
        let name = if i == 1 { &input.labels.bias } else { &input.labels.limit };
        let mut texts = vec![input.numbers.print(value, input.decimals)];
        texts.extend(scene.wrap(name, Type::SMALL, room, 3));
        let height = texts.len() as f64 * style::SMALL * style::LEADING;
        let top = (at(value) - height / 2.0).max(free);
        scene.lines((x, top + style::SMALL), &texts[..1], Type::SMALL.bold());
        let second = top + style::SMALL * (1.0 + style::LEADING);
        scene.lines((x, second), &texts[1..], Type::SMALL.colour(style::MUTED));
        free = top + height + 2.0;
    }
}
