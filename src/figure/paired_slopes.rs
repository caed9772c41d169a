//! Paired slopes: each patient's two knees joined by a line, one panel per visit, with the means of the two arms.

use super::axis::{self, Scale, Ticks};
use super::scene::{Arm, Scene, Stroke, Type};
use super::style::{self, Style};
use super::{Figure, FigureError, Heading, MOST_MARKS, MeanCi, thinned, words};

const KIND: &str = "paired-slopes";
/// Height of a plot in a single row of panels, and in several.
const PLOT_HEIGHT: [f64; 2] = [200.0, 150.0];
/// Above this many patients in a panel, single markers give way to the lines.
const MANY: usize = 120;

/// One patient at one visit.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Patient's identifier, for the hover value.
    pub patient: String,
    /// Value of the active knee, if observed.
    pub active: Option<f64>,
    /// Value of the placebo knee, if observed.
    pub placebo: Option<f64>,
}

/// One visit.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Name of the visit.
    pub label: String,
    /// The patients; those with a single observed knee are drawn as a point without a line.
    pub pairs: Vec<Pair>,
    /// Mean of the active knees of complete pairs, drawn in bold.
    pub active: MeanCi,
    /// Mean of the placebo knees of complete pairs.
    pub placebo: MeanCi,
    /// Line of text under the panel, such as "29 pairs, 1 patient with one knee".
    pub note: String,
}

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct PairedSlopes {
    /// Number, title, description, footnotes.
    pub heading: Heading,
    /// Visits, from left to right; at most four in a row, further ones below.
    pub panels: Vec<Panel>,
    /// Limits of the value axis; from the data when `None`.
    pub limits: Option<(f64, f64)>,
    /// Endpoint with its unit.
    pub value_label: String,
    /// Which direction is better, printed under the endpoint; may be empty.
    pub better_label: String,
}

/// Divides a figure of many visits into pages of at most eight panels. Keys and numbers of the parts get the suffixes
/// `-2`, `-3`, ….
pub fn paginate(input: &PairedSlopes) -> Vec<PairedSlopes> {
    let part = |(i, panels): (usize, &[Panel])| PairedSlopes {
        heading: input.heading.part(i),
        panels: panels.to_vec(),
        ..input.clone()
    };
    input.panels.chunks(8).enumerate().map(part).collect()
}

/// Draws the figure.
///
/// # Errors
/// [`FigureError::Empty`] when no knee has a value; [`FigureError::NotFinite`] when a value is not finite.
pub fn draw(input: &PairedSlopes, style: &Style) -> Result<Figure, FigureError> {
    let values = || input.panels.iter().flat_map(|p| &p.pairs).flat_map(|p| [p.active, p.placebo]);
    if values().flatten().next().is_none() {
        return Err(FigureError::Empty { figure: KIND, missing: "no knee has a value" });
    }
    let limits = input.limits.map(|(low, high)| [Some(low), Some(high)]).into_iter().flatten();
    let (low, high) = axis::extent(values().chain(limits))
        .ok_or_else(|| FigureError::NotFinite { figure: KIND.into(), what: "a value of a knee" })?;
    let domain = input.limits.filter(|l| l.0 <= low && l.1 >= high).unwrap_or(Ticks::widened(low, high, 6));
    let ticks = Ticks::between(domain.0, domain.1, 6);

    let mut scene = Scene::new(KIND, style);
    let mut top =
        axis::title_above(&mut scene, (0.0, 0.0), &input.value_label, &input.better_label, style::WIDTH) + 4.0;
    let left = axis::left_room(&scene, &ticks);
    let columns = input.panels.len().clamp(1, 4);
    let pitch = (style::WIDTH - left) / columns as f64;
    let plot = PLOT_HEIGHT[usize::from(input.panels.len() > columns)];
    for row in input.panels.chunks(columns) {
        let heads: Vec<Vec<String>> =
            row.iter().map(|p| scene.wrap(&p.label, Type::LABEL.bold(), pitch - 10.0, 6)).collect();
        let head = heads.iter().map(Vec::len).max().unwrap_or(1) as f64 * style::TEXT * style::LEADING;
        let y = Scale { domain, range: (top + head + 6.0 + plot, top + head + 6.0) };
        axis::left(&mut scene, left, y, &ticks);
        let mut below: f64 = 0.0;
        for (column, (panel, lines)) in row.iter().zip(&heads).enumerate() {
            let span = (left + column as f64 * pitch, left + (column + 1) as f64 * pitch);
            scene.lines(((span.0 + span.1) / 2.0, top + style::TEXT), lines, Type::LABEL.bold().middle());
            for value in &ticks.values {
                scene.line((span.0 + 3.0, y.at(*value)), (span.1 - 3.0, y.at(*value)), Stroke::hair(style::GRID));
            }
            below = below.max(draw_panel(&mut scene, panel, y, span, columns == 1));
        }
        top = below + 10.0;
    }
    scene.finish(&input.heading, top)
}

fn draw_panel(scene: &mut Scene<'_>, panel: &Panel, y: Scale, span: (f64, f64), roomy: bool) -> f64 {
    let width = span.1 - span.0;
    let margin = if roomy { width * 0.28 } else { (width * 0.24).max(12.0) };
    let (from, to) = (span.0 + margin, span.1 - margin);
    let complete = panel.pairs.iter().filter(|p| p.active.is_some() && p.placebo.is_some()).count();
    let opacity = (40.0 / complete.max(1) as f64).clamp(0.2, 0.75);
    let dots = panel.pairs.len() <= MANY;
    let line = Stroke { opacity, width: if dots { 0.6 } else { 0.2 }, ..Stroke::hair(style::PATIENT) };
    let alone = panel.pairs.iter().any(|p| p.active.is_some() != p.placebo.is_some());
    let beside = if alone && width > 100.0 { 12.5 } else { 8.5 };
    let mut pairs: Vec<&Pair> = panel.pairs.iter().collect();
    if pairs.len() > MOST_MARKS {
        let key = |pair: &Pair| pair.active.or(pair.placebo).unwrap_or_default();
        pairs.sort_by(|a, b| key(a).total_cmp(&key(b)));
    }
    let pairs: Vec<&Pair> = thinned(&pairs).copied().collect();
    for pair in &pairs {
        if let (Some(placebo), Some(active)) = (pair.placebo, pair.active) {
            scene.line((from, y.at(placebo)), (to, y.at(active)), line);
        }
    }
    for pair in pairs {
        for (arm, value, x) in [(Arm::Placebo, pair.placebo, from), (Arm::Active, pair.active, to)] {
            let Some(value) = value else { continue };
            let alone = pair.active.is_none() || pair.placebo.is_none();
            let x = if alone { x + if arm == Arm::Active { 5.5 } else { -5.5 } } else { x };
            if dots || alone {
                scene.marker(arm, (x, y.at(value)), style::DOT);
            } else {
                let tick = Stroke { opacity: 0.35, ..Stroke::hair(arm.colour()) };
                scene.line((x - 2.5, y.at(value)), (x + 2.5, y.at(value)), tick);
            }
            let text = format!("{}, {}: {}", pair.patient, arm.label(scene.style()), words::number(value, 2));
            scene.hover((x, y.at(value)), 3.0, text);
        }
    }
    if let (Some(placebo), Some(active)) = (panel.placebo.mean, panel.active.mean) {
        let bold = Stroke { width: 1.8, ..Stroke::line(style::INK) };
        scene.line((from, y.at(placebo)), (to, y.at(active)), bold);
    }
    for (arm, mean, x) in [(Arm::Placebo, panel.placebo, from), (Arm::Active, panel.active, to)] {
        let out = if arm == Arm::Active { beside } else { -beside };
        if let (Some(low), Some(high)) = (mean.low, mean.high) {
            let whisker = Stroke { width: 1.0, ..Stroke::line(arm.colour()) };
            scene.line((x + out, y.at(low)), (x + out, y.at(high)), whisker);
        }
        if let Some(value) = mean.mean {
            scene.marker(arm, (x + out, y.at(value)), style::MARKER + 0.6);
            let set = Type::SMALL.bold().colour(arm.ink());
            let set = if arm == Arm::Active { set } else { set.end() };
            let text = words::number(value, 1);
            if margin - beside - 7.0 > scene.width(&text, set) {
                scene.text((x + out + 5.0 * out.signum(), y.at(value) + style::SMALL * 0.36), &text, set);
            }
        }
    }
    let base = y.range.0;
    scene.line((span.0 + 3.0, base), (span.1 - 3.0, base), Stroke::hair(style::AXIS));
    let room = if roomy { to - from - 6.0 } else { width / 2.0 - 4.0 };
    let mut below = base;
    for (arm, x) in
        [(Arm::Placebo, (span.0 + span.1) / 2.0 - width / 4.0), (Arm::Active, (span.0 + span.1) / 2.0 + width / 4.0)]
    {
        let set = Type::SMALL.bold().colour(arm.ink()).middle();
        let lines = scene.wrap(arm.label(scene.style()), set, room, 8);
        let x = if roomy { if arm == Arm::Active { to } else { from } } else { x };
        below = below.max(scene.lines((x, base + 4.0 + style::SMALL), &lines, set));
    }
    let note = scene.wrap(&panel.note, Type::SMALL.colour(style::MUTED).middle(), width - 8.0, 3);
    scene.lines(((span.0 + span.1) / 2.0, below), &note, Type::SMALL.colour(style::MUTED).middle())
}
