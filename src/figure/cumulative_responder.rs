//! Cumulative responder curves: for every amount of improvement, the share of knees of each arm that improved at least
//! as much. Every threshold of response can be read from it, not only the one that was chosen.

use super::axis::{self, Scale, Ticks};
use super::scene::{Arm, Scene, Stroke, Type};
use super::style::{self, Style};
use super::{Figure, FigureError, Heading, thinned, words};

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
    let right = style::WIDTH - room;
    let top = axis::panel_head(&scene, &input.labels.share, right);
    let x = Scale { domain: limits[0], range: (axis::PANEL_LEFT, right) };
    let marks = thresholds(&scene, &input.thresholds, x, top);
    let plot_top = marks.last().map_or(top, |m| m.top + m.height() + 2.0);
    let inside = (axis::PANEL_LEFT, plot_top, right, plot_top + PLOT_HEIGHT);
    let (x, y, below) =
        axis::panel(&mut scene, inside, limits, [&input.labels.improvement, ""], [8, 5], axis::Numbers::Plain);
    let lines = scene.wrap(&input.labels.share, Type::LABEL.bold(), right, 3);
    scene.lines((0.0, style::TEXT), &lines, Type::LABEL.bold());
    for mark in &marks {
        scene.line((mark.x, mark.top), (mark.x, inside.3), Stroke { dashed: true, ..Stroke::hair(style::MUTED) });
        let set = Type::SMALL.colour(style::MUTED);
        let (set, gap) = if mark.leftwards { (set.end(), -3.0) } else { (set, 3.0) };
        scene.lines((mark.x + gap, mark.top + style::SMALL), &mark.lines, set);
    }
    scene.line((x.at(0.0), inside.1), (x.at(0.0), inside.3), Stroke::hair(style::AXIS));
    for (arm, curve) in curves {
        let mut points = Vec::with_capacity(curve.steps.len() * 2 + 2);
        let mut before = limits[0].0;
        for (amount, share) in thinned(&curve.steps) {
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

/// A threshold's line and label above the plot.
struct Mark {
    x: f64,
    top: f64,
    lines: Vec<String>,
    leftwards: bool,
}

impl Mark {
    fn height(&self) -> f64 {
        self.lines.len() as f64 * style::SMALL * style::LEADING
    }
}

/// Stacks the labels so that no line runs through one: first those close to the right edge, labelled at their left,
/// from the right; then the others, labelled at their right, from the left.
fn thresholds(scene: &Scene<'_>, thresholds: &[Threshold], x: Scale, mut top: f64) -> Vec<Mark> {
    let mut ordered: Vec<(f64, &Threshold)> = thresholds.iter().map(|t| (x.at(t.at), t)).collect();
    ordered.sort_by(|a, b| a.0.total_cmp(&b.0));
    let near_edge = |at: f64| x.range.1 - at < 60.0;
    let (edge, free): (Vec<_>, Vec<_>) = ordered.into_iter().partition(|(at, _)| near_edge(*at));
    let wall = edge.first().map_or(x.range.1, |(at, _)| *at);
    let mut marks = Vec::with_capacity(thresholds.len());
    for ((at, threshold), leftwards) in
        edge.into_iter().rev().map(|e| (e, true)).chain(free.into_iter().map(|f| (f, false)))
    {
        let room = if leftwards { at - x.range.0 } else { wall - at };
        let lines = scene.wrap(&threshold.label, Type::SMALL, (room - 6.0).clamp(30.0, 220.0), 4);
        let mark = Mark { x: at, top, lines, leftwards };
        top += mark.height();
        marks.push(mark);
    }
    marks
}

/// The arms with their looks and counts, beside the plot: the curves cross, so their ends are no place for names.
fn names(scene: &mut Scene<'_>, input: &CumulativeResponder, x: f64, room: f64, top: f64) {
    let mut at = top + style::TEXT;
    for (arm, curve) in [(Arm::Active, &input.active), (Arm::Placebo, &input.placebo)] {
        scene.line((x, at - 3.0), (x + 22.0, at - 3.0), arm.stroke());
        at += style::TEXT * style::LEADING;
        let lines = scene.wrap(arm.label(scene.style()), Type::LABEL.bold(), room, 8);
        at = scene.lines((x, at), &lines, Type::LABEL.bold().colour(arm.ink()));
        at = scene.lines((x, at), &[format!("n = {}", curve.n)], Type::SMALL.colour(style::MUTED)) + 6.0;
    }
}
