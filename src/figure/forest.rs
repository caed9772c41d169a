//! Forest: active − placebo with its interval by endpoint and visit, against zero and the MCID.
//!
//! Endpoints have different units, and standardising them would print numbers that no table contains. Each endpoint
//! is therefore a block with an axis of its own in its own unit; zero stands at the same place in every block, and
//! benefit of the active knee is always on the left (the axis runs from right to left where higher is better).

use super::axis::{self, Numbers, Scale};
use super::scene::{Scene, Stroke, Type};
use super::style::{self, Style};
use super::{Figure, FigureError, Heading, MeanCi};
use crate::trial::Better;

const KIND: &str = "forest";
const ROW: f64 = 13.0;
/// Room for the names of the rows.
const LABELS: f64 = 118.0;

/// One visit of an endpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Name of the visit (or of whatever tells the rows of a block apart).
    pub label: String,
    /// Difference active − placebo with its confidence interval; `n` counts patients.
    pub difference: MeanCi,
    /// Is this the primary analysis? Drawn larger and in bold.
    pub primary: bool,
}

/// One endpoint, with its own axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// Endpoint with its unit.
    pub label: String,
    /// Rows from top to bottom.
    pub rows: Vec<Row>,
    /// Half-width of the grey band: the MCID or the margin of the plan, in the unit of the endpoint.
    pub mcid: Option<f64>,
    /// Which direction of the endpoint is better.
    pub better: Better,
    /// Decimals of the differences as printed.
    pub decimals: usize,
    /// What the differences stand for.
    pub numbers: Numbers,
}

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Forest {
    /// Number, title, description, footnotes.
    pub heading: Heading,
    /// Endpoints from top to bottom.
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
    /// What the grey band is; printed when a block has one.
    pub band: String,
    /// Between the limits of an interval ("to", "~").
    pub to: String,
    /// Stands where a difference could not be estimated.
    pub undefined: String,
}

impl Labels {
    /// English words.
    pub fn english(active: &str, placebo: &str) -> Self {
        Self {
            estimate: "Difference (CI)".into(),
            n: "Patients".into(),
            favours_active: format!("favours {active}"),
            favours_placebo: format!("favours {placebo}"),
            band: "grey band: ± MCID of the endpoint".into(),
            to: "to".into(),
            undefined: "not estimable".into(),
        }
    }
}

/// Divides a forest that is taller than a page into several, between endpoints. Keys and numbers of the parts get
/// the suffixes `-2`, `-3`, ….
pub fn paginate(input: &Forest) -> Vec<Forest> {
    let style = Style::default();
    let mut sketch = Scene::new(KIND, &style);
    let columns = Columns::of(&sketch, input, LABELS, None);
    let mut pages: Vec<Vec<Block>> = vec![Vec::new()];
    let mut used = 0.0;
    for block in &input.blocks {
        let height = draw_block(&mut sketch, input, block, &columns, 0.0).unwrap_or(0.0);
        if used + height > style::PAGE_HEIGHT - 80.0 && used > 0.0 {
            pages.push(Vec::new());
            used = 0.0;
        }
        used += height;
        if let Some(page) = pages.last_mut() {
            page.push(block.clone());
        }
    }
    let part = |(i, blocks): (usize, Vec<Block>)| Forest {
        heading: input.heading.part(i),
        blocks,
        labels: input.labels.clone(),
    };
    pages.into_iter().enumerate().map(part).collect()
}

/// Where the columns stand.
struct Columns {
    labels: f64,
    guide: Option<f64>,
    n: f64,
    n_head: Vec<String>,
    plot: (f64, f64),
    estimates: f64,
}

impl Columns {
    fn of(scene: &Scene<'_>, input: &Forest, labels: f64, guide: Option<f64>) -> Self {
        let widest = input
            .blocks
            .iter()
            .flat_map(|b| b.rows.iter().map(|r| estimate_text(input, r, b)))
            .map(|t| scene.width(&t, Type::SMALL.bold()))
            .fold(scene.width(&input.labels.estimate, Type::SMALL).min(96.0), f64::max);
        let n_head = scene.wrap(&input.labels.n, Type::SMALL, 44.0, 2);
        let n_width = n_head.iter().map(|l| scene.width(l, Type::SMALL)).fold(18.0, f64::max);
        Self {
            labels,
            guide,
            n: labels + 6.0 + n_width,
            n_head,
            plot: (labels + n_width + 24.0, style::WIDTH - widest - 14.0),
            estimates: style::WIDTH - widest,
        }
    }
}

/// Draws the figure. A single-row block puts the endpoint's name in the row, which makes the small forest of a first
/// screen from one row per endpoint.
///
/// # Errors
/// [`FigureError::Empty`] when no row has an estimate; [`FigureError::NotFinite`] when an estimate is not finite. An
/// infinite limit (of a one-sided interval) is drawn as an arrow.
pub fn draw(input: &Forest, style: &Style) -> Result<Figure, FigureError> {
    draw_as(KIND, input, style, LABELS, None)
}

/// The forest under another name, with room for its labels and a dotted guide at a reference estimate.
pub(super) fn draw_as(
    kind: &'static str,
    input: &Forest,
    style: &Style,
    label_width: f64,
    guide: Option<f64>,
) -> Result<Figure, FigureError> {
    let rows = || input.blocks.iter().flat_map(|b| &b.rows);
    if !rows().any(|r| r.difference.mean.is_some()) {
        return Err(FigureError::Empty { figure: kind, missing: "no row has an estimate" });
    }
    let mut scene = Scene::new(kind, style);
    let columns = Columns::of(&scene, input, label_width, guide);
    let head = Type::SMALL.colour(style::MUTED);
    let estimate_head = scene.wrap(&input.labels.estimate, head, style::WIDTH - columns.estimates, 3);
    let zero = (columns.plot.0 + columns.plot.1) / 2.0;
    let (left, right) = (&input.labels.favours_active, &input.labels.favours_placebo);
    let span = (columns.plot.0 - 6.0, columns.plot.1 + 6.0);
    let mut y = axis::directions(&mut scene, zero, left, right, 0.0, span);
    y = y.max(scene.lines((columns.estimates, style::SMALL), &estimate_head, head) - style::SMALL);
    y = y.max(scene.lines((columns.n, style::SMALL), &columns.n_head, head.end()) - style::SMALL) + 3.0;
    scene.line((0.0, y), (style::WIDTH, y), Stroke::hair(style::AXIS));
    y += 6.0;
    for block in &input.blocks {
        y = draw_block(&mut scene, input, block, &columns, y)?;
    }
    scene.line((0.0, y), (style::WIDTH, y), Stroke::hair(style::AXIS));
    if input.blocks.iter().any(|b| b.mcid.is_some()) {
        let lines = scene.wrap(&input.labels.band, head, style::WIDTH, 3);
        y = scene.lines((0.0, y + 4.0 + style::SMALL), &lines, head) - style::SMALL;
    }
    scene.finish(&input.heading, y + 4.0)
}

/// Draws one endpoint from `top`; returns the y below its axis.
fn draw_block(
    scene: &mut Scene<'_>,
    input: &Forest,
    block: &Block,
    columns: &Columns,
    top: f64,
) -> Result<f64, FigureError> {
    // The open end of a one-sided interval does not set the scale: it runs to the edge of the plot.
    let open = |limit: Option<f64>| limit.filter(|limit| !limit.is_infinite());
    let numbers = block.rows.iter().flat_map(|r| [r.difference.mean, open(r.difference.low), open(r.difference.high)]);
    let reach = axis::extent(numbers.chain([Some(0.0), block.mcid]))
        .map(|(low, high)| high.max(-low))
        .ok_or_else(|| FigureError::NotFinite { figure: scene.kind().into(), what: "a difference or limit" })?;
    let reach = if reach > 0.0 { reach * 1.06 } else { 1.0 };
    let domain = if block.better == Better::Lower { (-reach, reach) } else { (reach, -reach) };
    let x = Scale { domain, range: columns.plot };
    let ticks = block.numbers.ticks(-reach, reach, 6);

    let single = block.rows.len() == 1;
    let bold = Type::LABEL.bold();
    let line = style::TEXT * style::LEADING;
    let mut y = top;
    let name_width = if single { columns.labels } else { columns.plot.0 - 8.0 };
    let name = scene.wrap(&block.label, bold, name_width, 5);
    scene.lines((0.0, y + line * 0.85), &name, bold);
    if !single {
        y += name.len() as f64 * line;
    }
    let heights: Vec<(Vec<String>, f64)> = block
        .rows
        .iter()
        .map(|row| {
            if single {
                (Vec::new(), ROW.max(name.len() as f64 * line))
            } else {
                let set = if row.primary { bold } else { Type::LABEL };
                let lines = scene.wrap(&row.label, set, columns.labels - 8.0, 8);
                let height = ROW.max(lines.len() as f64 * line + 2.0);
                (lines, height)
            }
        })
        .collect();
    let bottom = y + heights.iter().map(|h| h.1).sum::<f64>();
    if let Some(mcid) = block.mcid {
        scene.rectangle((x.at(-mcid), y), (x.at(mcid), bottom), style::BAND, 1.0);
    }
    scene.line((x.at(0.0), y), (x.at(0.0), bottom), Stroke::hair(style::AXIS));
    if let Some(guide) = columns.guide.filter(|g| x.contains(*g)) {
        scene.line((x.at(guide), y), (x.at(guide), bottom), Stroke { dashed: true, ..Stroke::hair(style::MUTED) });
    }
    for (row, (lines, height)) in block.rows.iter().zip(&heights) {
        let set = if row.primary { bold } else { Type::LABEL };
        scene.lines((8.0, y + ROW / 2.0 + style::SMALL * 0.36), lines, set);
        let middle = if single { y + line * 0.85 - style::SMALL * 0.36 } else { y + ROW / 2.0 };
        draw_row(scene, input, block, row, columns, x, middle);
        y += height;
    }
    Ok(axis::bottom(scene, bottom, x, &ticks) + 8.0)
}

fn draw_row(scene: &mut Scene<'_>, input: &Forest, block: &Block, row: &Row, columns: &Columns, x: Scale, y: f64) {
    let set = if row.primary { Type::SMALL.bold() } else { Type::SMALL };
    let baseline = y + style::SMALL * 0.36;
    let text = estimate_text(input, row, block);
    scene.text((columns.n, baseline), &row.difference.n.to_string(), Type::SMALL.end());
    scene.text((columns.estimates, baseline), &text, set);
    if let (Some(low), Some(high)) = (row.difference.low, row.difference.high) {
        let width = if row.primary { 1.8 } else { 1.2 };
        let (left, right) = (clipped(x, low), clipped(x, high));
        scene.line((left, y), (right, y), Stroke { width, ..Stroke::line(style::INK) });
        for (limit, tip, other) in [(low, left, right), (high, right, left)] {
            if limit.is_infinite() {
                let back = if tip < other { 4.0 } else { -4.0 };
                scene.area(vec![(tip, y), (tip + back, y - 2.6), (tip + back, y + 2.6)], style::INK, 1.0);
            }
        }
    }
    if let Some(mean) = row.difference.mean {
        // No diamond: in the forest of all endpoints it means that a difference is claimed.
        let size = if row.primary { 1.4 * style::MARKER } else { style::MARKER };
        scene.dot((x.at(mean), y), size, style::INK, 1.0);
        scene.hover((x.at(mean), y), 6.0, format!("{}, {}: {text}", block.label, row.label));
    }
}

/// The position of `limit`, an infinite one at the edge of the plot.
fn clipped(x: Scale, limit: f64) -> f64 {
    let (start, end) = x.domain;
    x.at(limit.clamp(start.min(end), start.max(end)))
}

fn estimate_text(input: &Forest, row: &Row, block: &Block) -> String {
    let decimals = block.numbers.interval_decimals(row.difference.low, row.difference.high, block.decimals);
    let number = |v: f64| match v {
        v if v == f64::INFINITY => "∞".to_owned(),
        v if v == f64::NEG_INFINITY && block.numbers == Numbers::Plain => "−∞".to_owned(),
        v => block.numbers.print(v, decimals),
    };
    match (row.difference.mean, row.difference.low, row.difference.high) {
        (Some(mean), Some(low), Some(high)) => {
            format!("{} ({} {} {})", number(mean), number(low), input.labels.to, number(high))
        }
        (Some(mean), ..) => number(mean),
        _ => input.labels.undefined.clone(),
    }
}
