//! Survival curves: the share of knees without the event by time, by arm, as steps with a band and a mark for every time at
//! which a knee was censored; the number at risk stands under the axis.

use super::axis::{self, LabelRow, Scale, Ticks};
use super::scene::{Arm, Scene, Stroke, Type};
use super::style::{self, Style};
use super::{Figure, FigureError, Heading, words};
use plotters::style::RGBColor;

const KIND: &str = "survival-curves";
const PLOT_HEIGHT: f64 = 190.0;

/// A time at which a knee had the event or was censored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The time.
    pub time: f64,
    /// Knees at risk just before it.
    pub at_risk: usize,
    /// Knees censored at it.
    pub censored: usize,
    /// Share without the event after it.
    pub share: f64,
    /// Lower limit of the share.
    pub low: Option<f64>,
    /// Upper limit of the share.
    pub high: Option<f64>,
}

/// The curve of one arm.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curve {
    /// Knees.
    pub n: usize,
    /// Knees with the event.
    pub events: usize,
    /// Steps by time.
    pub steps: Vec<Step>,
}

impl Curve {
    /// Knees at risk at `time`, those that leave at it included.
    fn at_risk(&self, time: f64) -> usize {
        self.steps.iter().find(|step| step.time >= time).map_or(0, |step| step.at_risk)
    }
}

/// A curve with its name and look: active and placebo as in every figure, further arms in greys.
struct Drawn<'a> {
    name: &'a str,
    curve: &'a Curve,
    ink: RGBColor,
    stroke: Stroke,
}

/// Greys of further arms, solid and dashed.
const OTHERS: [(RGBColor, bool); 4] =
    [(style::MUTED, false), (style::MUTED, true), (style::PATIENT, false), (style::PATIENT, true)];

/// Every curve in the order of the tables: active, placebo, the others.
fn drawn<'a>(input: &'a SurvivalCurves, style: &'a Style) -> Vec<Drawn<'a>> {
    let both = [(Arm::Active, &input.active), (Arm::Placebo, &input.placebo)];
    let both = both.map(|(arm, curve)| Drawn { name: arm.label(style), curve, ink: arm.ink(), stroke: arm.stroke() });
    let others = input.others.iter().zip(OTHERS.iter().cycle()).map(|((name, curve), (ink, dashed))| Drawn {
        name,
        curve,
        ink: *ink,
        stroke: Stroke { dashed: *dashed, ..Stroke::line(*ink) },
    });
    both.into_iter().chain(others).collect()
}

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct SurvivalCurves {
    /// Number, title, description, footnotes.
    pub heading: Heading,
    /// Active knees.
    pub active: Curve,
    /// Placebo knees.
    pub placebo: Curve,
    /// Knees of further arms, with their names.
    pub others: Vec<(String, Curve)>,
    /// Horizon of the restricted mean, drawn as a dashed line; its label.
    pub horizon: Option<(f64, String)>,
    /// Words on the figure.
    pub labels: Labels,
}

/// The words on the figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// What the vertical axis shows.
    pub share: String,
    /// The time with its unit.
    pub time: String,
    /// What the numbers under the axis count.
    pub at_risk: String,
    /// Events of so many knees, `{events}` and `{n}` in their places.
    pub events: String,
}

impl Labels {
    /// English words for a time ("Time to re-injection (months)").
    pub fn english(time: &str) -> Self {
        Self {
            share: "Knees without the event (%)".into(),
            time: time.into(),
            at_risk: "At risk".into(),
            events: "{events} events in {n}".into(),
        }
    }
}

/// Draws the figure.
///
/// # Errors
/// [`FigureError::Empty`] when neither arm has a knee; [`FigureError::NotFinite`] when a number is not finite.
pub fn draw(input: &SurvivalCurves, style: &Style) -> Result<Figure, FigureError> {
    let curves = drawn(input, style);
    if curves.iter().all(|drawn| drawn.curve.steps.is_empty()) {
        return Err(FigureError::Empty { figure: KIND, missing: "no knee has a time" });
    }
    let times = curves.iter().flat_map(|drawn| drawn.curve.steps.iter().map(|step| Some(step.time)));
    let horizon = input.horizon.iter().map(|(at, _)| Some(*at));
    let (_, last) = axis::extent(times.chain(horizon).chain([Some(0.0)]))
        .ok_or_else(|| FigureError::NotFinite { figure: KIND.into(), what: "a time" })?;
    let domain = Ticks::widened(0.0, last, 8);
    let ticks = Ticks::between(domain.0, domain.1, 8);

    let mut scene = Scene::new(KIND, style);
    let room = 100.0;
    let right = style::WIDTH - room;
    let small = |scene: &Scene<'_>, text: &str| scene.width(text, Type::SMALL);
    let names: Vec<Vec<String>> = curves.iter().map(|drawn| scene.wrap(drawn.name, Type::SMALL, 90.0, 4)).collect();
    let widest =
        names.iter().flatten().map(|line| small(&scene, line)).fold(small(&scene, &input.labels.at_risk), f64::max);
    let shares = Ticks::between(0.0, 100.0, 5);
    let left = axis::left_room(&scene, &shares).max(widest + 8.0);
    let head = axis::title_above(&mut scene, (0.0, 0.0), &input.labels.share, "", style::WIDTH);
    let (top, bottom) = (head + 6.0, head + 6.0 + PLOT_HEIGHT);
    let y = Scale { domain: (0.0, 100.0), range: (bottom, top) };
    let x = Scale { domain, range: (left + 6.0, right) };

    for value in &shares.values {
        scene.line((left, y.at(*value)), (right, y.at(*value)), Stroke::hair(style::GRID));
    }
    axis::left(&mut scene, left, y, &shares);
    scene.line((left, bottom), (right, bottom), Stroke::hair(style::AXIS));
    if let Some((at, label)) = &input.horizon {
        scene.line((x.at(*at), top), (x.at(*at), bottom), Stroke { dashed: true, ..Stroke::hair(style::MUTED) });
        let set = Type::SMALL.colour(style::MUTED).end();
        scene.text((x.at(*at) - 3.0, top + style::SMALL), label, set);
    }
    // Active lies on top.
    for drawn in curves.iter().rev() {
        band(&mut scene, drawn, x, y);
    }
    for drawn in curves.iter().rev() {
        steps(&mut scene, drawn, x, y);
    }
    legend(&mut scene, input, &curves, right + 10.0, room - 12.0, top);

    let mut under = axis::bottom(&mut scene, bottom, x, &ticks);
    scene.text(((left + right) / 2.0, under + style::SMALL), &input.labels.time, Type::SMALL.middle());
    under += style::SMALL * style::LEADING + 6.0;
    let at: Vec<f64> = ticks.values.iter().map(|value| x.at(*value)).collect();
    scene.text((left - 5.0, under + style::SMALL), &input.labels.at_risk, Type::SMALL.colour(style::MUTED).end());
    under += style::SMALL * style::LEADING;
    for (drawn, name) in curves.iter().zip(&names) {
        let counts: Vec<String> = ticks.values.iter().map(|value| drawn.curve.at_risk(*value).to_string()).collect();
        let counts: Vec<&str> = counts.iter().map(String::as_str).collect();
        let row = LabelRow::fit(&scene, &at, &counts, Type::SMALL, 1);
        let after = scene.lines((left - 5.0, under + style::SMALL), name, Type::SMALL.colour(drawn.ink).end());
        row.draw(&mut scene, &at, under, Type::SMALL);
        under = (after - style::SMALL).max(under + row.height);
    }
    scene.finish(&input.heading, under + 4.0)
}

/// The pointwise interval of a curve, as steps; broken where it does not exist.
fn band(scene: &mut Scene<'_>, drawn: &Drawn<'_>, x: Scale, y: Scale) {
    let curve = drawn.curve;
    for (at, step) in curve.steps.iter().enumerate() {
        let (Some(low), Some(high)) = (step.low, step.high) else { continue };
        let end = curve.steps.get(at + 1).map_or(step.time, |next| next.time);
        if end > step.time {
            let corners = ((x.at(step.time), y.at(100.0 * low)), (x.at(end), y.at(100.0 * high)));
            scene.rectangle(corners.0, corners.1, drawn.ink, 0.12);
        }
    }
}

/// The steps of a curve, the marks of censored knees and the values shown on pointing.
fn steps(scene: &mut Scene<'_>, drawn: &Drawn<'_>, x: Scale, y: Scale) {
    let curve = drawn.curve;
    if curve.steps.is_empty() {
        return;
    }
    let mut points = vec![(x.at(0.0), y.at(100.0))];
    let mut share = 1.0;
    for step in &curve.steps {
        points.push((x.at(step.time), y.at(100.0 * share)));
        if step.share < share {
            points.push((x.at(step.time), y.at(100.0 * step.share)));
        }
        share = step.share;
    }
    scene.path(points, drawn.stroke);
    let mark = Stroke { width: 0.8, dashed: false, ..drawn.stroke };
    for step in &curve.steps {
        let at = (x.at(step.time), y.at(100.0 * step.share));
        if step.censored > 0 {
            scene.line((at.0, at.1 - 3.0), (at.0, at.1 + 3.0), mark);
        }
        let name = drawn.name;
        let text = format!("{name}, {}: {} %", words::number(step.time, 2), words::number(100.0 * step.share, 1));
        scene.hover(at, 3.0, text);
    }
}

/// The arms with their looks, knees and events, beside the plot.
fn legend(scene: &mut Scene<'_>, input: &SurvivalCurves, curves: &[Drawn<'_>], x: f64, room: f64, top: f64) {
    let mut at = top + style::TEXT;
    for Drawn { name, curve, ink, stroke } in curves {
        scene.line((x, at - 3.0), (x + 22.0, at - 3.0), *stroke);
        at += style::TEXT * style::LEADING;
        let lines = scene.wrap(name, Type::LABEL.bold(), room, 6);
        at = scene.lines((x, at), &lines, Type::LABEL.bold().colour(*ink));
        let events = &input.labels.events;
        let events = events.replace("{events}", &curve.events.to_string()).replace("{n}", &curve.n.to_string());
        let lines = scene.wrap(&events, Type::SMALL, room, 3);
        at = scene.lines((x, at), &lines, Type::SMALL.colour(style::MUTED)) + 6.0;
    }
}
