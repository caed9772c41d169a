//! Adverse events by kind: the share of the knees of each arm as a dot, and the risk difference with its interval beside
//! it. Fewer events of the active arm lie to the left.

use super::axis::{self, Scale, Ticks};
use super::scene::{Arm, Scene, Stroke, Type};
use super::style::{self, Style};
use super::{Figure, FigureError, Heading};

const KIND: &str = "adverse-event-risks";
const ROW: f64 = 14.0;
const LABELS: f64 = 118.0;

/// One kind of event.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Name of the kind.
    pub label: String,
    /// Shares of the active and the placebo knees with the event, in per cent.
    pub shares: [f64; 2],
    /// Risk difference, a proportion as tables and sentences have it.
    pub difference: f64,
    /// Its interval.
    pub interval: Option<(f64, f64)>,
    /// Difference and interval in words.
    pub text: String,
    /// Whether it stands apart as a sum over kinds, in bold.
    pub total: bool,
}

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct HarmDots {
    /// Number, title, description, footnotes.
    pub heading: Heading,
    /// Rows from top to bottom.
    pub rows: Vec<Row>,
    /// Words on the figure.
    pub labels: Labels,
}

/// The words on the figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// Title of the axis of shares.
    pub share: String,
    /// Title of the axis of differences.
    pub difference: String,
    /// Head of the column of text.
    pub text: String,
    /// "fewer in EV", "fewer in saline".
    pub sides: [String; 2],
}

/// Draws the figure.
///
/// # Errors
/// [`FigureError::Empty`] without rows; [`FigureError::NotFinite`] when a number is not finite.
pub fn draw(input: &HarmDots, style: &Style) -> Result<Figure, FigureError> {
    if input.rows.is_empty() {
        return Err(FigureError::Empty { figure: KIND, missing: "no kind of event" });
    }
    let not_finite = || FigureError::NotFinite { figure: KIND.into(), what: "a share or difference" };
    let shares = input.rows.iter().flat_map(|row| row.shares);
    let (_, most) = axis::extent(shares.chain([0.0]).map(Some)).ok_or_else(not_finite)?;
    let ends = input.rows.iter().flat_map(|row| {
        let interval = row.interval.map_or([row.difference; 2], |(low, high)| [low, high]);
        [row.difference, interval[0], interval[1]]
    });
    let (low, high) = axis::extent(ends.chain([0.0]).map(Some)).ok_or_else(not_finite)?;
    let mut scene = Scene::new(KIND, style);
    let widest = input.rows.iter().map(|row| scene.width(&row.text, Type::SMALL.bold())).fold(60.0, f64::max);
    let text = style::WIDTH - widest;
    let middle = LABELS + (text - LABELS) * 0.44;
    let left = Scale { domain: Ticks::widened(0.0, most.max(5.0), 4), range: (LABELS + 4.0, middle - 12.0) };
    let right = Scale { domain: Ticks::widened(low.min(-0.05), high.max(0.05), 5), range: (middle + 8.0, text - 12.0) };

    let head = Type::SMALL.colour(style::MUTED);
    let mut x = LABELS + 4.0;
    for arm in [Arm::Active, Arm::Placebo] {
        let name = arm.label(style).to_owned();
        scene.marker(arm, (x + 3.0, style::SMALL * 0.64), style::MARKER);
        scene.text((x + 10.0, style::SMALL), &name, Type::SMALL.bold().colour(arm.ink()));
        x += scene.width(&name, Type::SMALL.bold()) + 24.0;
    }
    let zero = right.at(0.0);
    let [fewer, more] = &input.labels.sides;
    let span = (right.range.0 - 8.0, right.range.1 + 8.0);
    let mut y = axis::directions(&mut scene, zero, fewer, more, 0.0, span);
    let lines = scene.wrap(&input.labels.text, head, widest, 2);
    y = y.max(scene.lines((text, style::SMALL), &lines, head) - style::SMALL) + 3.0;
    scene.line((0.0, y), (style::WIDTH, y), Stroke::hair(style::AXIS));
    let top = y + 4.0;
    y = top;
    let names: Vec<Vec<String>> = input
        .rows
        .iter()
        .map(|row| scene.wrap(&row.label, if row.total { Type::LABEL.bold() } else { Type::LABEL }, LABELS - 6.0, 3))
        .collect();
    let heights: Vec<f64> =
        names.iter().map(|name| ROW.max(name.len() as f64 * style::TEXT * style::LEADING + 3.0)).collect();
    let bottom = top + heights.iter().sum::<f64>();
    for value in &Ticks::between(left.domain.0, left.domain.1, 4).values {
        scene.line((left.at(*value), top), (left.at(*value), bottom), Stroke::hair(style::GRID));
    }
    scene.line((zero, top), (zero, bottom), Stroke::hair(style::AXIS));
    for ((row, name), height) in input.rows.iter().zip(&names).zip(&heights) {
        let set = if row.total { Type::LABEL.bold() } else { Type::LABEL };
        let middle = y + ROW / 2.0;
        scene.lines((0.0, middle + style::TEXT * 0.36), name, set);
        let [active, placebo] = row.shares.map(|share| left.at(share));
        scene.line((active, middle), (placebo, middle), Stroke::hair(style::MUTED));
        scene.marker(Arm::Placebo, (placebo, middle), style::MARKER);
        scene.marker(Arm::Active, (active, middle), style::MARKER * 0.85);
        if let Some((low, high)) = row.interval {
            scene.line((right.at(low), middle), (right.at(high), middle), Stroke::line(style::INK));
        }
        scene.dot((right.at(row.difference), middle), style::MARKER, style::INK, 1.0);
        let set = if row.total { Type::SMALL.bold() } else { Type::SMALL };
        scene.text((text, middle + style::SMALL * 0.36), &row.text, set);
        scene.hover((right.at(row.difference), middle), 6.0, format!("{}: {}", row.label, row.text));
        y += height;
    }
    let after = axis::bottom(&mut scene, bottom, left, &Ticks::between(left.domain.0, left.domain.1, 4));
    axis::bottom(&mut scene, bottom, right, &Ticks::between(right.domain.0, right.domain.1, 5));
    for (scale, title) in [(left, &input.labels.share), (right, &input.labels.difference)] {
        let (from, to) = scale.range;
        let lines = scene.wrap(title, head, to - from + 16.0, 2);
        scene.lines(((from + to) / 2.0, after + style::SMALL), &lines, head.middle());
    }
    scene.finish(&input.heading, after + 2.0 * style::SMALL * style::LEADING + 4.0)
}
