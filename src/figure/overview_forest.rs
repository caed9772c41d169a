//! Forest over endpoints on one axis per scale: active against placebo with its interval, benefit always to the left.
//!
//! Scores of different units share an axis in standard deviations; ratios (win odds, odds ratios) and risk differences,
//! which are no scores, have a block and an axis of their own. The figure draws positions that it is given; the estimate
//! in its own unit stands beside every row as text. A filled mark is a comparison of which something is claimed, an open
//! one a comparison of which nothing is; a short upright stroke is the smallest difference that matters.

use super::axis::{self, Scale};
use super::scene::{Scene, Stroke, Type};
use super::style::{self, Style};
use super::{Figure, FigureError, Heading};

const KIND: &str = "forest";
/// Height of a row of one line.
const ROW: f64 = 12.5;
/// Room for the names of the endpoints.
const LABELS: f64 = 168.0;

/// A position with its interval, benefit of the active arm counted negative so that it lies to the left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// The estimate.
    pub at: f64,
    /// The limit towards benefit; infinite where a one-sided interval has none.
    pub left: f64,
    /// The other limit.
    pub right: f64,
}

/// One endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Name of the endpoint with its unit.
    pub label: String,
    /// Patients behind the comparison.
    pub n: usize,
    /// Where it lies; `None` where nothing could be estimated or scaled.
    pub place: Option<Place>,
    /// Estimate and interval in the unit of the endpoint.
    pub text: String,
    /// Distance of the smallest difference that matters from the null value, on the scale of the block.
    pub matters: Option<f64>,
    /// Whether something is claimed.
    pub claimed: bool,
    /// Whether it is the primary comparison: larger and bold.
    pub primary: bool,
}

/// Rows on one axis; the null value is at 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// What the axis shows.
    pub axis: String,
    /// Rows from top to bottom.
    pub rows: Vec<Row>,
    /// Positions and labels of ticks; those outside the axis are left out.
    pub ticks: Vec<(f64, String)>,
    /// The axis reaches at least so far on either side.
    pub reach: f64,
}

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct OverviewForest {
    /// Number, title, description, footnotes.
    pub heading: Heading,
    /// Blocks from top to bottom.
    pub blocks: Vec<Block>,
    /// Words on the figure.
    pub labels: Labels,
}

/// The words on the figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// Head of the column of estimates.
    pub estimate: String,
    /// Head of the column of counts.
    pub n: String,
    /// "favours EV".
    pub favours_active: String,
    /// "favours saline".
    pub favours_placebo: String,
    /// Beside the filled mark.
    pub claimed: String,
    /// Beside the open mark.
    pub not_claimed: String,
    /// Beside the upright stroke.
    pub matters: String,
}

/// Where the columns stand.
struct Columns {
    n: f64,
    plot: (f64, f64),
    text: f64,
}

/// Draws the figure.
///
/// # Errors
/// [`FigureError::Empty`] when no row has a place; [`FigureError::NotFinite`] when an estimate is not finite.
pub fn draw(input: &OverviewForest, style: &Style) -> Result<Figure, FigureError> {
    let rows = || input.blocks.iter().flat_map(|block| &block.rows);
    if !rows().any(|row| row.place.is_some()) {
        return Err(FigureError::Empty { figure: KIND, missing: "no row has an estimate" });
    }
    if rows().filter_map(|row| row.place).any(|place| !place.at.is_finite()) {
        return Err(FigureError::NotFinite { figure: KIND.into(), what: "an estimate" });
    }
    let mut scene = Scene::new(KIND, style);
    let widest = rows().map(|row| scene.width(&row.text, Type::SMALL.bold()));
    let widest = widest.fold(scene.width(&input.labels.estimate, Type::SMALL).min(110.0), f64::max);
    let n_head = scene.wrap(&input.labels.n, Type::SMALL, 44.0, 2);
    let n_width = n_head.iter().map(|line| scene.width(line, Type::SMALL)).fold(18.0, f64::max);
    let columns = Columns {
        n: LABELS + n_width,
        plot: (LABELS + n_width + 14.0, style::WIDTH - widest - 14.0),
        text: style::WIDTH - widest,
    };
    let head = Type::SMALL.colour(style::MUTED);
    let middle = (columns.plot.0 + columns.plot.1) / 2.0;
    let (left, right) = (&input.labels.favours_active, &input.labels.favours_placebo);
    let mut y = axis::directions(&mut scene, middle, left, right, 0.0, (columns.plot.0 - 4.0, columns.plot.1 + 4.0));
    let estimate_head = scene.wrap(&input.labels.estimate, head, style::WIDTH - columns.text, 2);
    y = y.max(scene.lines((columns.text, style::SMALL), &estimate_head, head) - style::SMALL);
    y = y.max(scene.lines((columns.n, style::SMALL), &n_head, head.end()) - style::SMALL) + 3.0;
    scene.line((0.0, y), (style::WIDTH, y), Stroke::hair(style::AXIS));
    y += 5.0;
    for block in input.blocks.iter().filter(|block| !block.rows.is_empty()) {
        y = draw_block(&mut scene, block, &columns, y)?;
    }
    scene.line((0.0, y), (style::WIDTH, y), Stroke::hair(style::AXIS));
    y = legend(&mut scene, input, y + 4.0);
    scene.finish(&input.heading, y + 2.0)
}

/// One block from `top`; returns the y below its axis.
fn draw_block(scene: &mut Scene<'_>, block: &Block, columns: &Columns, top: f64) -> Result<f64, FigureError> {
    let finite = |value: f64| Some(value).filter(|value| value.is_finite());
    let places = block.rows.iter().filter_map(|row| row.place);
    let ends = places.flat_map(|place| [finite(place.at), finite(place.left), finite(place.right)]);
    let reach = axis::extent(ends.chain(block.rows.iter().map(|row| row.matters)))
        .map_or(block.reach, |(low, high)| (1.06 * high.max(-low)).max(block.reach));
    let x = Scale { domain: (-reach, reach), range: columns.plot };
    let line = style::TEXT * style::LEADING;
    let names: Vec<Vec<String>> = block
        .rows
        .iter()
        .map(|row| scene.wrap(&row.label, if row.primary { Type::LABEL.bold() } else { Type::LABEL }, LABELS - 4.0, 3))
        .collect();
    let heights: Vec<f64> = names.iter().map(|name| ROW.max(name.len() as f64 * line + 3.0)).collect();
    let bottom = top + heights.iter().sum::<f64>();
    scene.line((x.at(0.0), top), (x.at(0.0), bottom), Stroke::hair(style::AXIS));
    let mut y = top;
    for ((row, name), height) in block.rows.iter().zip(&names).zip(&heights) {
        let set = if row.primary { Type::LABEL.bold() } else { Type::LABEL };
        let middle = y + ROW / 2.0;
        scene.lines((0.0, middle + style::TEXT * 0.36), name, set);
        draw_row(scene, row, columns, x, middle);
        y += height;
    }
    scene.line((columns.plot.0, bottom), (columns.plot.1, bottom), Stroke::hair(style::AXIS));
    let mut free = f64::NEG_INFINITY;
    for (value, label) in block.ticks.iter().filter(|(value, _)| x.contains(*value)) {
        let at = x.at(*value);
        let half = scene.width(label, Type::SMALL) / 2.0;
        scene.line((at, bottom), (at, bottom + 3.0), Stroke::hair(style::AXIS));
        if at - half > free {
            scene.text((at, bottom + 4.0 + style::SMALL), label, Type::SMALL.middle());
            free = at + half + 3.0;
        }
    }
    let set = Type::SMALL.colour(style::MUTED);
    let title = scene.wrap(&block.axis, set, columns.plot.0 - 22.0, 3);
    let after = scene.lines((0.0, bottom + 4.0 + style::SMALL), &title, set) - style::SMALL;
    Ok(after.max(bottom + 4.0 + style::SMALL * 1.3) + 7.0)
}

fn draw_row(scene: &mut Scene<'_>, row: &Row, columns: &Columns, x: Scale, y: f64) {
    let set = if row.primary { Type::SMALL.bold() } else { Type::SMALL };
    let baseline = y + style::SMALL * 0.36;
    scene.text((columns.n, baseline), &row.n.to_string(), set.end());
    scene.text((columns.text, baseline), &row.text, set);
    for distance in row.matters.iter().flat_map(|distance| [-distance, *distance]) {
        scene.line((x.at(distance), y - 4.5), (x.at(distance), y + 4.5), Stroke::line(style::MUTED));
    }
    let Some(place) = row.place else { return };
    let width = if row.primary { 1.8 } else { 1.2 };
    let inside = |value: f64| x.at(value.clamp(x.domain.0, x.domain.1));
    let (left, right) = (inside(place.left), inside(place.right));
    scene.line((left, y), (right, y), Stroke { width, ..Stroke::line(style::INK) });
    for (limit, tip, back) in [(place.left, left, 4.0), (place.right, right, -4.0)] {
        if limit.is_infinite() {
            scene.area(vec![(tip, y), (tip + back, y - 2.6), (tip + back, y + 2.6)], style::INK, 1.0);
        }
    }
    let radius = if row.primary { 3.4 } else { 2.6 };
    mark(scene, (x.at(place.at), y), radius, row.claimed);
    scene.hover((x.at(place.at), y), 6.0, format!("{}: {}", row.label, row.text));
}

fn mark(scene: &mut Scene<'_>, at: (f64, f64), radius: f64, claimed: bool) {
    if claimed {
        scene.diamond(at, radius * 1.45, style::INK);
    } else {
        scene.ring(at, radius, style::INK, 1.2);
    }
}

/// The marks with their meaning, in one line where they fit; returns the y below.
fn legend(scene: &mut Scene<'_>, input: &OverviewForest, top: f64) -> f64 {
    let set = Type::SMALL.colour(style::MUTED);
    let ticks = input.blocks.iter().flat_map(|block| &block.rows).any(|row| row.matters.is_some());
    let mut entries = vec![(0, &input.labels.claimed), (1, &input.labels.not_claimed)];
    if ticks {
        entries.push((2, &input.labels.matters));
    }
    let (mut x, mut y) = (4.0, top + style::SMALL);
    for (kind, text) in entries {
        let width = scene.width(text, set) + 22.0;
        if x > 4.0 && x + width > style::WIDTH {
            x = 4.0;
            y += style::SMALL * 1.4;
        }
        let middle = y - style::SMALL * 0.36;
        match kind {
            0 => mark(scene, (x, middle), 2.6, true),
            1 => mark(scene, (x, middle), 2.6, false),
            _ => scene.line((x, middle - 4.5), (x, middle + 4.5), Stroke::line(style::MUTED)),
        }
        scene.text((x + 7.0, y), text, set);
        x += width;
    }
    y + style::SMALL * 0.5
}
