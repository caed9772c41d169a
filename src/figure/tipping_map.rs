//! Tipping map: over the plane of what is added to imputed active and placebo values, where the interval of the difference
//! excludes zero, with the exact boundary, the point of the main analysis and those of other strategies.

use super::axis::{self, Scale, Ticks};
use super::scene::{Scene, Stroke, Type};
use super::style::{self, Style};
use super::{Figure, FigureError, Heading};

const KIND: &str = "tipping-map";
/// Side of the square in points.
const SIDE: f64 = 250.0;

/// What holds in a band of the plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tint {
    /// The interval favours active.
    Active,
    /// It includes zero.
    None,
    /// It favours placebo.
    Placebo,
}

/// A marked point.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// What it is.
    pub label: String,
    /// δ_active, δ_placebo.
    pub at: [f64; 2],
    /// Whether it is the main analysis.
    pub main: bool,
}

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct TippingMap {
    /// Number, title, description, footnotes.
    pub heading: Heading,
    /// Half-width of the plane, in the endpoint's unit.
    pub reach: f64,
    /// Bands of the plane: from δ_active to δ_active, from δ_placebo to δ_placebo, and what holds there.
    pub tints: Vec<([f64; 4], Tint)>,
    /// The boundary.
    pub conic: Vec<Vec<[f64; 2]>>,
    /// Points.
    pub marks: Vec<Mark>,
    /// Lengths to compare with: name and length, such as the MCID.
    pub bars: Vec<(String, f64)>,
    /// Words on the figure.
    pub labels: Labels,
}

/// The words on the figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// Title of the horizontal axis.
    pub active: String,
    /// Title of the vertical axis.
    pub placebo: String,
    /// "interval favours EV".
    pub favours_active: String,
    /// "interval includes 0".
    pub includes: String,
    /// "interval favours saline".
    pub favours_placebo: String,
    /// "boundary".
    pub boundary: String,
}

/// Draws the figure.
///
/// # Errors
/// [`FigureError::Empty`] where there is no plane; [`FigureError::NotFinite`] when a number is not finite.
pub fn draw(input: &TippingMap, style: &Style) -> Result<Figure, FigureError> {
    if input.tints.is_empty() || input.reach <= 0.0 || !input.reach.is_finite() {
        return Err(FigureError::Empty { figure: KIND, missing: "no value is imputed" });
    }
    let mut scene = Scene::new(KIND, style);
    let ticks = Ticks::between(-input.reach, input.reach, 6);
    let below_title = axis::title_above(&mut scene, (0.0, 0.0), &input.labels.placebo, "", style::WIDTH) + 6.0;
    let left = axis::left_room(&scene, &ticks) + 4.0;
    let domain = (-input.reach, input.reach);
    let x = Scale { domain, range: (left, left + SIDE) };
    let y = Scale { domain, range: (below_title + SIDE, below_title) };
    for ([from, to, low, high], tint) in &input.tints {
        let (colour, opacity) = match tint {
            Tint::Active => (style::ACTIVE, 0.22),
            Tint::Placebo => (style::PLACEBO, 0.22),
            Tint::None => continue,
        };
        scene.rectangle((x.at(*from), y.at(*low)), (x.at(*to), y.at(*high)), colour, opacity);
    }
    scene.line((x.at(0.0), y.range.0), (x.at(0.0), y.range.1), Stroke::hair(style::AXIS));
    scene.line((x.range.0, y.at(0.0)), (x.range.1, y.at(0.0)), Stroke::hair(style::AXIS));
    for line in &input.conic {
        scene.path(line.iter().map(|point| (x.at(point[0]), y.at(point[1]))).collect(), Stroke::line(style::INK));
    }
    axis::left(&mut scene, left, y, &ticks);
    let below = axis::bottom(&mut scene, y.range.0, x, &ticks);
    for mark in &input.marks {
        let inside = mark.at.map(|value| value.clamp(-input.reach, input.reach));
        let at = (x.at(inside[0]), y.at(inside[1]));
        match mark.main {
            true => scene.dot(at, 3.2, style::INK, 1.0),
            false => scene.ring(at, 2.8, style::INK, 1.0),
        }
        scene.hover(at, 6.0, format!("{}: {:.1}; {:.1}", mark.label, mark.at[0], mark.at[1]));
        let room = left + SIDE - at.0 > scene.width(&mark.label, Type::SMALL) + 8.0;
        let (dx, set) = if room { (5.0, Type::SMALL) } else { (-5.0, Type::SMALL.end()) };
        scene.text((at.0 + dx, at.1 - 4.0), &mark.label, set);
    }
    let side = left + SIDE + 18.0;
    let mut line = below_title + 8.0;
    for (tint, label) in
        [(style::ACTIVE, &input.labels.favours_active), (style::PLACEBO, &input.labels.favours_placebo)]
    {
        scene.rectangle((side, line - 7.0), (side + 10.0, line + 1.0), tint, 0.22);
        line = legend(&mut scene, side + 15.0, line, label);
    }
    scene.outline((side, line - 7.0), (side + 10.0, line + 1.0), Stroke::hair(style::AXIS));
    line = legend(&mut scene, side + 15.0, line, &input.labels.includes);
    scene.line((side, line - 3.0), (side + 10.0, line - 3.0), Stroke::line(style::INK));
    line = legend(&mut scene, side + 15.0, line, &input.labels.boundary);
    for (label, length) in &input.bars {
        let points = SIDE * length / (2.0 * input.reach);
        if points > style::WIDTH - side {
            continue;
        }
        line += 8.0;
        scene.line((side, line), (side + points, line), Stroke::line(style::INK));
        for end in [side, side + points] {
            scene.line((end, line - 3.0), (end, line + 3.0), Stroke::hair(style::INK));
        }
        line = legend(&mut scene, side, line + 12.0, label);
    }
    let end = axis::title_above(&mut scene, (left, below.max(line) + 6.0), &input.labels.active, "", SIDE + 60.0);
    scene.finish(&input.heading, end + 4.0)
}

/// A label broken to the room beside the square; returns the line after it.
fn legend(scene: &mut Scene<'_>, x: f64, y: f64, label: &str) -> f64 {
    let lines = scene.wrap(label, Type::SMALL, style::WIDTH - x, 3);
    scene.lines((x, y), &lines, Type::SMALL) + 3.0
}
