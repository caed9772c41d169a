//! Cumulative responder curves: for every amount of improvement, the share of knees of each arm that improved at least
//! as much. Every threshold of response can be read from it, not only the one that was chosen.

use super::axis::{self, Ticks};
use super::scene::{Arm, Scene, Stroke, Type};
use super::style::{self, Style};
use super::{Figure, FigureError, Heading, words};

const KIND: &str = "cumulative-responder";
const PLOT_HEIGHT: f64 = 200.0;

/// One arm's curve.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curve {
    /// Number of knees.
    pub n: usize,
    /// Amount of improvement and percentage (0–100) of knees that improved at least as much, at every amount where
    /// the percentage changes, in ascending order of the amount. The curve is a step function: between two amounts it
    /// has the percentage of the larger.
    pub steps: Vec<(f64, f64)>,
}

/// A threshold to mark, such as the MCID.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// Amount of improvement.
    pub at: f64,
    /// What it is.
    pub label: String,
}

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct CumulativeResponder {
    /// Number, title, description, footnotes.
    pub heading: Heading,
    /// Active knees.
    pub active: Curve,
    /// Placebo knees.
    pub placebo: Curve,
    /// Thresholds to mark.
    pub thresholds: Vec<Threshold>,
    /// Words on the figure.
    pub labels: Labels,
}

/// The words on the figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// Title of the horizontal axis: improvement, with the unit.
    pub improvement: String,
    /// Title of the vertical axis.
    pub share: String,
}

impl Labels {
    /// English words.
    pub fn english(endpoint: &str) -> Self {
        Self {
            improvement: format!("{endpoint}: improvement from baseline of at least"),
            share: "Knees that improved at least as much (%)".into(),
        }
    }
}

/// Draws the figure.
///
/// # Errors
/// [`FigureError::Empty`] when neither arm has a step; [`FigureError::NotFinite`] when a number is not finite.
pub fn draw(input: &CumulativeResponder, style: &Style) -> Result<Figure, FigureError> {
    let curves = [(Arm::Placebo, &input.placebo), (Arm::Active, &input.active)];
    if curves.iter().all(|c| c.1.steps.is_empty()) {
        return Err(FigureError::Empty { figure: KIND, missing: "no knee has a change" });
    }
    let amounts = curves.iter().flat_map(|c| c.1.steps.iter().map(|s| Some(s.0)));
    let amounts = axis::extent(amounts.chain(input.thresholds.iter().map(|t| Some(t.at))).chain([Some(0.0)]))
        .ok_or_else(|| FigureError::NotFinite { figure: KIND.into(), what: "an amount of improvement" })?;
    let limits = [Ticks::widened(amounts.0, amounts.1, 8), (0.0, 100.0)];

    let mut scene = Scene::new(KIND, style);
    let room = 92.0;
    let head = scene.wrap(&input.labels.share, Type::LABEL.bold(), style::WIDTH - room, 3).len() as f64;
    let marks: Vec<Vec<String>> =
        input.thresholds.iter().map(|t| scene.wrap(&t.label, Type::SMALL, 110.0, 2)).collect();
    let mark_room = marks.iter().map(Vec::len).sum::<usize>() as f64 * style::SMALL * style::LEADING;
    let top = head * style::TEXT * style::LEADING + 10.0;
    let inside = (34.0, top + mark_room, style::WIDTH - room, top + mark_room + PLOT_HEIGHT);
    let (x, y, below) = axis::panel(&mut scene, inside, limits, [&input.labels.improvement, ""], [8, 5]);
    let lines = scene.wrap(&input.labels.share, Type::LABEL.bold(), style::WIDTH - room, 3);
    scene.lines((4.0, style::TEXT), &lines, Type::LABEL.bold());

    let mut label_y = top;
    for (threshold, lines) in input.thresholds.iter().zip(&marks) {
        let at = x.at(threshold.at);
        let set = Type::SMALL.colour(style::MUTED);
        let set = if at > (inside.0 + inside.2) / 2.0 { set.end() } else { set };
        let gap = if at > (inside.0 + inside.2) / 2.0 { -3.0 } else { 3.0 };
        scene.line((at, label_y), (at, inside.3), Stroke { dashed: true, ..Stroke::hair(style::MUTED) });
        label_y = scene.lines((at + gap, label_y + style::SMALL), lines, set) - style::SMALL;
    }
    scene.line((x.at(0.0), inside.1), (x.at(0.0), inside.3), Stroke::hair(style::AXIS));
    for (arm, curve) in curves {
        let mut points = Vec::with_capacity(curve.steps.len() * 2 + 2);
        let mut before = limits[0].0;
        for (amount, share) in &curve.steps {
            points.push((x.at(before), y.at(*share)));
            points.push((x.at(*amount), y.at(*share)));
            scene.hover((x.at(*amount), y.at(*share)), 3.0, {
                let name = arm.label(style);
                format!("{name}: ≥ {}: {} %", words::number(*amount, 2), words::number(*share, 1))
            });
            before = *amount;
        }
        if !curve.steps.is_empty() {
            points.push((x.at(before), y.at(0.0)));
            points.push((x.at(limits[0].1), y.at(0.0)));
            scene.path(points, arm.stroke());
        }
    }
    names(&mut scene, input, inside.2 + 8.0, room - 10.0, inside.1);
    scene.finish(&input.heading, below + 4.0)
}

/// The arms with their looks and counts, beside the plot: the curves cross, so their ends are no place for names.
fn names(scene: &mut Scene<'_>, input: &CumulativeResponder, x: f64, room: f64, top: f64) {
    let mut at = top + style::TEXT;
    for (arm, curve) in [(Arm::Active, &input.active), (Arm::Placebo, &input.placebo)] {
        scene.line((x, at - 3.0), (x + 22.0, at - 3.0), arm.stroke());
        at += style::TEXT * style::LEADING;
        let lines = scene.wrap(arm.label(scene.style()), Type::LABEL, room, 8);
        at = scene.lines((x, at), &lines, Type::LABEL.bold().colour(arm.colour()));
        at = scene.lines((x, at), &[format!("n = {}", curve.n)], Type::SMALL.colour(style::MUTED)) + 6.0;
    }
}
