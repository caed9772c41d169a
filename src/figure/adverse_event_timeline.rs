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
    /// The days of the axis, the same on every page; `None` for those of the events.
    pub days: Option<Days>,
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
            day: "Day after treatment".into(),
            systemic: "systemic".into(),
            serious: "serious".into(),
            ongoing: "continuing".into(),
        }
    }
}

/// Divides a timeline that is taller than a page into several. Keys and numbers of the parts get the suffixes `-2`,
/// `-3`, ….
pub fn paginate(input: &AdverseEventTimeline, style: &Style) -> Vec<AdverseEventTimeline> {
    if input.events.is_empty() {
        return Vec::new();
    }
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
        days: Some(frame.x.days),
        ..input.clone()
    };
    parts.into_iter().enumerate().map(part).collect()
}

/// The days of an axis: those on which events lie, without a long stretch in which none does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Days {
    /// First day.
    pub low: f64,
    /// Last day.
    pub high: f64,
    /// The stretch left out: the last day before it and the first day behind it.
    pub gap: Option<(f64, f64)>,
}

impl Days {
    /// Most of the days that a part may cover which holds at least half of the events, for the axis to be cut behind or
    /// before it.
    const BUSY: f64 = 0.25;
    /// Least share of the days that is left out.
    const LEAST: f64 = 0.1;

    /// Of these events; `None` where a day is not finite.
    fn of(events: &[Event]) -> Option<Self> {
        let (low, high) = axis::extent(events.iter().flat_map(|e| [Some(e.start), e.end]))?;
        let high = high.max(low + 1.0);
        let mut spans: Vec<(f64, f64)> =
            events.iter().map(|e| (e.start, e.end.unwrap_or(e.start).max(e.start))).collect();
        spans.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut best: Option<(f64, f64)> = None;
        let mut last = low;
        for (before, span) in spans.iter().enumerate() {
            let (whole, gap) = (high - low, span.0 - last);
            let after = spans.len() - before;
            let busy = |share: f64, n: usize| share <= Self::BUSY * whole && 2 * n >= spans.len();
            let cuts = gap >= Self::LEAST * whole && (busy(last - low, before) || busy(high - span.0, after));
            if cuts && best.is_none_or(|(from, to)| gap > to - from) {
                best = Some((last, span.0));
            }
            last = last.max(span.1);
        }
        Some(Self { low, high, gap: best })
    }

    /// Whether a day lies on the axis.
    fn shows(&self, day: f64) -> bool {
        day >= self.low && day <= self.high && self.gap.is_none_or(|(last, next)| day <= last || day >= next)
    }
}

/// Days across the page.
#[derive(Debug, Clone, Copy)]
struct Axis {
    days: Days,
    range: (f64, f64),
}

impl Axis {
    /// Share of the width for the part that covers fewer days, and room between the parts.
    const NARROW: f64 = 0.55;
    const ROOM: f64 = 14.0;

    /// The parts from left to right.
    fn parts(&self) -> Vec<Scale> {
        let Days { low, high, gap } = self.days;
        let Some((last, next)) = gap else { return vec![Scale { domain: (low, high), range: self.range }] };
        let width = self.range.1 - self.range.0 - Self::ROOM;
        let share = if last - low <= high - next { Self::NARROW } else { 1.0 - Self::NARROW };
        let end = self.range.0 + share * width;
        // A part of one day has room on either side of it.
        let part = |from: f64, to: f64, range| Scale { domain: (from, to.max(from + 1.0)), range };
        vec![part(low, last, (self.range.0, end)), part(next, high, (end + Self::ROOM, self.range.1))]
    }

    /// Position of a day; one in the stretch that is left out lies within the break.
    fn at(&self, day: f64) -> f64 {
        let parts = self.parts();
        match (parts.as_slice(), self.days.gap) {
            ([first, _], Some((last, _))) if day <= last => first.at(day),
            ([_, second], Some((_, next))) if day >= next => second.at(day),
            ([first, _], Some(_)) => first.range.1 + 0.5 * Self::ROOM,
            _ => parts.first().map_or(self.range.0, |scale| scale.at(day)),
        }
    }

    /// The axis at `y` with a mark where it is cut; returns the y below its labels.
    fn draw(&self, scene: &mut Scene<'_>, y: f64) -> f64 {
        let parts = self.parts();
        if let [first, second] = parts.as_slice() {
            for x in [first.range.1 + 4.0, second.range.0 - 4.0] {
                scene.line((x - 2.0, y + 4.0), (x + 2.0, y - 4.0), Stroke::hair(style::AXIS));
            }
        }
        let ticks = |scale: &Scale| {
            let (low, high) = scale.domain;
            // Days are whole.
            Ticks::between(low, high, if parts.len() > 1 { 5 } else { 8 }.min((high - low).floor().max(1.0) as usize))
        };
        parts.iter().map(|scale| axis::bottom(scene, y, *scale, &ticks(scale))).fold(y, f64::max)
    }
}

/// Where everything stands across the page.
struct Frame {
    /// Width of the patients' column.
    patient: f64,
    x: Axis,
    /// Positions of the visits.
    at: Vec<f64>,
    visits: LabelRow,
    /// Each event's term.
    lines: Vec<Vec<String>>,
}

impl Frame {
    fn of(scene: &Scene<'_>, input: &AdverseEventTimeline, events: &[Event]) -> Result<Self, FigureError> {
        let found = Days::of(events).ok_or_else(|| FigureError::NotFinite { figure: KIND.into(), what: "a day" })?;
        let days = input.days.unwrap_or(found);
        let lines: Vec<Vec<String>> = events.iter().map(|e| scene.wrap(&e.term, Type::SMALL, TERM, 4)).collect();
        let patient = events.iter().map(|e| scene.width(&e.patient, Type::SMALL)).fold(0.0, f64::max).min(70.0);
        let terms = lines.iter().flatten().map(|l| scene.width(l, Type::SMALL)).fold(40.0, f64::max);
        let range = (patient + 8.0 + terms + 8.0, style::WIDTH - 12.0);
        let x = Axis { days, range };
        let visits: Vec<&(String, f64)> = input.visits.iter().filter(|v| days.shows(v.1)).collect();
        let at: Vec<f64> = visits.iter().map(|v| x.at(v.1)).collect();
        let names: Vec<&str> = visits.iter().map(|v| v.0.as_str()).collect();
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
    let below = x.draw(&mut scene, bottom);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn days(spans: &[(f64, f64)]) -> Days {
        let event = |(start, end): &(f64, f64)| Event {
            patient: "P".into(),
            term: "T".into(),
            site: Site::Systemic,
            serious: false,
            start: *start,
            end: Some(*end),
        };
        Days::of(&spans.iter().map(event).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_long_stretch_without_events_beside_most_of_them_is_left_out() {
        let busy = days(&[(1.0, 4.0), (1.0, 2.0), (2.0, 3.0), (29.0, 31.0), (80.0, 90.0)]);
        assert_eq!((busy.low, busy.high, busy.gap), (1.0, 90.0, Some((4.0, 29.0))));
        assert_eq!(days(&[(1.0, 2.0), (80.0, 82.0), (84.0, 84.0)]).gap, Some((2.0, 80.0)), "most may come last");
        assert_eq!(days(&[(1.0, 20.0), (25.0, 40.0), (50.0, 70.0)]).gap, None, "spread over the days");
        assert_eq!(days(&[(3.0, 3.0)]), Days { low: 3.0, high: 4.0, gap: None });
    }

    #[test]
    fn days_keep_their_order_over_the_gap() {
        let axis = Axis { days: days(&[(1.0, 4.0), (1.0, 2.0), (60.0, 90.0)]), range: (0.0, 400.0) };
        let at: Vec<f64> = [1.0, 2.0, 4.0, 30.0, 60.0, 90.0].map(|day| axis.at(day)).to_vec();
        assert!(at.windows(2).all(|pair| pair[0] < pair[1]), "{at:?}");
        assert!(at[0].abs() < 1e-9 && (at[5] - 400.0).abs() < 1e-9, "{at:?}");
        assert!(axis.days.shows(3.0) && !axis.days.shows(30.0));
    }
}
