//! Adverse events over time: one line per event from start to end, by patient, with the arm of the knee it was in.

use super::axis::{self, LabelRow, Scale, Ticks};
use super::scene::{Arm, Scene, Stroke, Type};
use super::style::{self, Style};
use super::{Figure, FigureError, Heading, words};

const KIND: &str = "adverse-event-timeline";
/// Height of a row with a one-line term.
const ROW: f64 = 11.0;
const TERM: f64 = 140.0;

/// Where an event was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Site {
    /// In one knee.
    Knee(Arm),
    /// In the whole patient.
    Systemic,
}

/// One adverse event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Patient's identifier.
    pub patient: String,
    /// Term.
    pub term: String,
    /// Knee or systemic.
    pub site: Site,
    /// Serious?
    pub serious: bool,
    /// First day.
    pub start: f64,
    /// Last day; `None` while it continues.
    pub end: Option<f64>,
}

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct AdverseEventTimeline {
    /// Number, title, description, footnotes.
    pub heading: Heading,
    /// The events, in any order; drawn by patient and start.
    pub events: Vec<Event>,
    /// Scheduled visits: name and day, drawn as guides.
    pub visits: Vec<(String, f64)>,
    /// Last day of follow-up, where the axis ends unless an event is later.
    pub last_day: f64,
    /// Words on the figure.
    pub labels: Labels,
}

/// The words on the figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// Title of the axis.
    pub day: String,
    /// Name of events that are not in a knee.
    pub systemic: String,
    /// Name of the mark of serious events.
    pub serious: String,
    /// Name of the arrow of events without an end.
    pub ongoing: String,
}

impl Labels {
    /// English words.
    pub fn english() -> Self {
        Self {
            day: "Day after injection".into(),
            systemic: "systemic".into(),
            serious: "serious".into(),
            ongoing: "continuing".into(),
        }
    }
}

/// Divides a timeline that is taller than a page into several. Keys and numbers of the parts get the suffixes `-2`,
/// `-3`, ….
pub fn paginate(input: &AdverseEventTimeline, style: &Style) -> Vec<AdverseEventTimeline> {
    let mut sketch = Scene::new(KIND, style);
    let events = by_patient(&input.events);
    let Ok(frame) = Frame::of(&sketch, input, &events) else { return vec![input.clone()] };
    let head = key(&mut sketch, input) + frame.visits.height;
    let mut parts: Vec<Vec<Event>> = Vec::new();
    let mut used = f64::INFINITY;
    for (event, lines) in events.into_iter().zip(&frame.lines) {
        let height = row_height(lines);
        if used + height > style::PAGE_HEIGHT - head - 60.0 {
            parts.push(Vec::new());
            used = 0.0;
        }
        used += height;
        if let Some(part) = parts.last_mut() {
            part.push(event);
        }
    }
    let part = |(i, events): (usize, Vec<Event>)| AdverseEventTimeline {
        heading: input.heading.part(i),
        events,
        last_day: frame.x.domain.1,
        ..input.clone()
    };
    parts.into_iter().enumerate().map(part).collect()
}

/// Where everything stands across the page.
struct Frame {
    /// Width of the patients' column.
    patient: f64,
    x: Scale,
    /// Positions of the visits.
    at: Vec<f64>,
    visits: LabelRow,
    /// Each event's term.
    lines: Vec<Vec<String>>,
}

impl Frame {
    fn of(scene: &Scene<'_>, input: &AdverseEventTimeline, events: &[Event]) -> Result<Self, FigureError> {
        let days = events.iter().flat_map(|e| [Some(e.start), e.end]);
        let visits = input.visits.iter().map(|v| Some(v.1));
        let (low, high) = axis::extent(days.chain(visits).chain([Some(0.0), Some(input.last_day)]))
            .ok_or_else(|| FigureError::NotFinite { figure: KIND.into(), what: "a day" })?;
        let lines: Vec<Vec<String>> = events.iter().map(|e| scene.wrap(&e.term, Type::SMALL, TERM, 4)).collect();
        let patient = events.iter().map(|e| scene.width(&e.patient, Type::SMALL)).fold(0.0, f64::max).min(70.0);
        let terms = lines.iter().flatten().map(|l| scene.width(l, Type::SMALL)).fold(40.0, f64::max);
        let range = (patient + 8.0 + terms + 8.0, style::WIDTH - 12.0);
        let x = Scale { domain: (low, high.max(low + 1.0)), range };
        let at: Vec<f64> = input.visits.iter().map(|v| x.at(v.1)).collect();
        let names: Vec<&str> = input.visits.iter().map(|v| v.0.as_str()).collect();
        let visits = LabelRow::fit(scene, &at, &names, Type::SMALL, 2);
        Ok(Self { patient, x, at, visits, lines })
    }
}

fn row_height(lines: &[String]) -> f64 {
    ROW + (lines.len().max(1) as f64 - 1.0) * style::SMALL * style::LEADING
}

fn by_patient(events: &[Event]) -> Vec<Event> {
    let mut ordered = events.to_vec();
    ordered.sort_by(|a, b| {
        let key = a.patient.cmp(&b.patient).then(a.start.total_cmp(&b.start));
        key.then_with(|| a.term.cmp(&b.term))
    });
    ordered
}

/// Draws the figure.
///
/// # Errors
/// [`FigureError::Empty`] without events (the report says so in a sentence); [`FigureError::NotFinite`] when a day is
/// not finite.
pub fn draw(input: &AdverseEventTimeline, style: &Style) -> Result<Figure, FigureError> {
    if input.events.is_empty() {
        return Err(FigureError::Empty { figure: KIND, missing: "no event was reported" });
    }
    let events = by_patient(&input.events);
    let mut scene = Scene::new(KIND, style);
    let Frame { patient: patient_width, x, at, visits, lines } = Frame::of(&scene, input, &events)?;
    let top = key(&mut scene, input) + 4.0;
    visits.draw(&mut scene, &at, top, Type::SMALL.colour(style::MUTED));
    let top = top + visits.height + 4.0;
    let bottom = top + lines.iter().map(|l| row_height(l)).sum::<f64>() + 3.0;
    for position in &at {
        scene.line((*position, top), (*position, bottom), Stroke::hair(style::GRID));
    }
    let mut previous: Option<&str> = None;
    let mut row_top = top + 1.0;
    for (i, (event, lines)) in events.iter().zip(&lines).enumerate() {
        let y = row_top + ROW / 2.0;
        row_top += row_height(lines);
        let fit = |text: &str, width| words::ellipsis(&style.font, &words::clean(text), style::SMALL, false, width);
        if previous != Some(event.patient.as_str()) {
            scene.text((0.0, y + style::SMALL * 0.36), &fit(&event.patient, 70.0), Type::SMALL.colour(style::MUTED));
            if i > 0 {
                scene.line((0.0, y - ROW / 2.0), (style::WIDTH, y - ROW / 2.0), Stroke::hair(style::GRID));
            }
        }
        previous = Some(&event.patient);
        scene.lines((patient_width + 8.0, y + style::SMALL * 0.36), lines, Type::SMALL);
        mark(&mut scene, event, x.at(event.start), event.end.map(|e| x.at(e)), (y, x.range.1));
        let end = event.end.map_or_else(|| input.labels.ongoing.clone(), |e| words::number(e, 0));
        let text = format!("{}, {}: {} → {end}", event.patient, event.term, words::number(event.start, 0));
        scene.hover((x.at(event.start), y), 5.0, text);
    }
    let below = axis::bottom(&mut scene, bottom, x, &Ticks::between(x.domain.0, x.domain.1, 8));
    let set = Type::LABEL.middle();
    let lines = scene.wrap(&input.labels.day, set, x.range.1 - x.range.0, 2);
    let below = scene.lines(((x.range.0 + x.range.1) / 2.0, below + style::TEXT), &lines, set) - style::TEXT;
    scene.finish(&input.heading, below + 4.0)
}

/// The event from start to end, or to an arrow head while it continues.
fn mark(scene: &mut Scene<'_>, event: &Event, start: f64, end: Option<f64>, (y, right): (f64, f64)) {
    let (colour, dashed) = match event.site {
        Site::Knee(arm) => (arm.colour(), arm == Arm::Placebo),
        Site::Systemic => (style::INK, false),
    };
    let line = Stroke { width: 2.0, dashed, ..Stroke::line(colour) };
    let stop = end.unwrap_or(right);
    if stop > start {
        scene.line((start, y), (stop, y), line);
    }
    if end.is_none() {
        scene.area(vec![(right, y - 3.0), (right + 5.0, y), (right, y + 3.0)], colour, 1.0);
    }
    if event.serious {
        scene.diamond((start, y), 4.6, colour);
        return;
    }
    match event.site {
        Site::Knee(arm) => scene.marker(arm, (start, y), 2.4),
        Site::Systemic => {
            scene.area(vec![(start - 2.8, y + 2.2), (start, y - 2.8), (start + 2.8, y + 2.2)], colour, 1.0)
        }
    }
}

/// What the marks mean, above the plot. Returns the y below it.
fn key(scene: &mut Scene<'_>, input: &AdverseEventTimeline) -> f64 {
    let style = scene.style();
    let sample =
        |site, serious, end| Event { patient: String::new(), term: String::new(), site, serious, start: 0.0, end };
    let mut entries = vec![
        (sample(Site::Knee(Arm::Active), false, Some(1.0)), style.active_label.clone()),
        (sample(Site::Knee(Arm::Placebo), false, Some(1.0)), style.placebo_label.clone()),
    ];
    if input.events.iter().any(|e| e.site == Site::Systemic) {
        entries.push((sample(Site::Systemic, false, Some(1.0)), input.labels.systemic.clone()));
    }
    if input.events.iter().any(|e| e.serious) {
        entries.push((sample(Site::Systemic, true, Some(1.0)), input.labels.serious.clone()));
    }
    if input.events.iter().any(|e| e.end.is_none()) {
        entries.push((sample(Site::Systemic, false, None), input.labels.ongoing.clone()));
    }
    let (mut x, mut y) = (0.0, 0.0);
    for (event, text) in entries {
        let text = words::ellipsis(&style.font, &words::clean(&text), style::SMALL, false, style::WIDTH - 30.0);
        let width = scene.width(&text, Type::SMALL) + 27.0;
        if x > 0.0 && x + width > style::WIDTH {
            x = 0.0;
            y += style::SMALL * 1.5;
        }
        mark(scene, &event, x + 4.0, event.end.map(|_| x + 18.0), (y + 5.5, x + 17.0));
        scene.text((x + 25.0, y + style::SMALL + 0.4), &text, Type::SMALL);
        x += width + 12.0;
    }
    y + style::SMALL * 1.6
}
