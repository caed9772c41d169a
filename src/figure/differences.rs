//! Distribution of the within-patient differences, active − placebo: per visit every patient as a dot (bars where
//! there are many), a box of the quartiles, and the mean with its confidence interval, against zero and the MCID.

use super::axis::{self, Scale, Ticks};
use super::scene::{Scene, Stroke, Type};
use super::style::{self, Style};
use super::{Better, Figure, FigureError, Heading, MeanCi, words};

const KIND: &str = "differences";
/// Height of the stack of dots or bars of one visit.
const CLOUD: f64 = 62.0;
/// Above this many patients the dots become bars.
const MANY: usize = 120;

/// Five-number summary of the differences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Box5 {
    /// Smallest difference.
    pub min: f64,
    /// First quartile.
    pub q1: f64,
    /// Median.
    pub median: f64,
    /// Third quartile.
    pub q3: f64,
    /// Largest difference.
    pub max: f64,
}

/// One visit.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Name of the visit.
    pub label: String,
    /// Patient and difference (active − placebo), for every complete pair.
    pub differences: Vec<(String, f64)>,
    /// Quartiles of these differences.
    pub quartiles: Option<Box5>,
    /// Their mean with its confidence interval.
    pub mean: MeanCi,
}

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Differences {
    /// Number, title, description, footnotes.
    pub heading: Heading,
    /// Visits from top to bottom.
    pub rows: Vec<Row>,
    /// Half-width of the grey band around zero: the MCID, if the plan names one.
    pub mcid: Option<f64>,
    /// Which direction of the endpoint is better.
    pub better: Better,
    /// Decimals of the mean and its limits as printed.
    pub decimals: usize,
    /// Words on the figure.
    pub labels: Labels,
}

/// The words on the figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// Title of the axis: what is subtracted from what, and the unit.
    pub value: String,
    /// "favours EV".
    pub favours_active: String,
    /// "favours saline".
    pub favours_placebo: String,
    /// What the grey band is; printed only when there is one.
    pub band: String,
    /// Noun after the count of patients.
    pub patients: String,
    /// Between the limits of an interval ("to", "~").
    pub to: String,
}

impl Labels {
    /// English words.
    pub fn english(endpoint: &str, active: &str, placebo: &str) -> Self {
        Self {
            value: format!("{endpoint}: {active} − {placebo}, within patient"),
            favours_active: format!("favours {active}"),
            favours_placebo: format!("favours {placebo}"),
            band: "grey: within ± MCID".into(),
            patients: "patients".into(),
            to: "to".into(),
        }
    }
}

/// Draws the figure.
///
/// # Errors
/// [`FigureError::Empty`] when no visit has a difference; [`FigureError::NotFinite`] when a number is not finite.
pub fn draw(input: &Differences, style: &Style) -> Result<Figure, FigureError> {
    let values = || input.rows.iter().flat_map(|r| r.differences.iter().map(|d| Some(d.1)));
    if values().next().is_none() {
        return Err(FigureError::Empty { figure: KIND, missing: "no visit has a complete pair" });
    }
    let means = input.rows.iter().flat_map(|r| [r.mean.mean, r.mean.low, r.mean.high]);
    let band = input.mcid.map_or([None, None], |m| [Some(-m), Some(m)]);
    let (low, high) = axis::extent(values().chain(means).chain(band).chain([Some(0.0)]))
        .ok_or_else(|| FigureError::NotFinite { figure: KIND.into(), what: "a difference or limit" })?;
    let (low, high) = Ticks::widened(low, high, 8);
    let ticks = Ticks::between(low, high, 8);

    let mut scene = Scene::new(KIND, style);
    let hint = if input.mcid.is_some() { input.labels.band.as_str() } else { "" };
    let top = axis::title_above(&mut scene, (0.0, 0.0), &input.labels.value, hint, style::WIDTH) + 6.0;
    let label_width = 92.0;
    let range = (label_width + 10.0, style::WIDTH - 12.0);
    // Values grow to the right; where higher scores are better the axis is turned so that benefit stays on the left.
    let domain = if input.better == Better::Lower { (low, high) } else { (high, low) };
    let x = Scale { domain, range };
    let pitch = CLOUD + 34.0;
    let bottom = top + pitch * input.rows.len() as f64;
    if let Some(mcid) = input.mcid {
        scene.rectangle((x.at(-mcid), top), (x.at(mcid), bottom), style::BAND, 1.0);
    }
    scene.line((x.at(0.0), top), (x.at(0.0), bottom), Stroke::hair(style::AXIS));
    let stack = Stack::of(input, x, range.1 - range.0);
    for (i, row) in input.rows.iter().enumerate() {
        let y = top + pitch * i as f64;
        draw_row(&mut scene, input, row, x, y, &stack, label_width);
    }
    let below = axis::bottom(&mut scene, bottom, x, &ticks);
    let (left, right) = (&input.labels.favours_active, &input.labels.favours_placebo);
    let below = axis::directions(&mut scene, x.at(0.0), left, right, below + 2.0, (label_width, style::WIDTH));
    scene.finish(&input.heading, below + 4.0)
}

/// The bins that all rows share.
struct Stack {
    width: f64,
    low: f64,
    /// Height of one patient in points.
    unit: f64,
    dots: bool,
}

impl Stack {
    fn of(input: &Differences, x: Scale, span: f64) -> Self {
        let (low, high) = (x.domain.0.min(x.domain.1), x.domain.0.max(x.domain.1));
        let most = input.rows.iter().map(|r| r.differences.len()).max().unwrap_or(0);
        let dots = most <= MANY;
        let bins = if dots { (span / 6.4).floor() } else { 48.0 };
        let mut stack = Self { width: (high - low) / bins, low, unit: 6.4, dots };
        let tallest = input.rows.iter().flat_map(|r| stack.counts(r).into_iter().map(|(_, c)| c)).max().unwrap_or(1);
        stack.unit = (CLOUD / tallest.max(1) as f64).min(6.4);
        stack
    }

    fn bin(&self, value: f64) -> i64 {
        ((value - self.low) / self.width + 1e-9).floor() as i64
    }

    fn counts(&self, row: &Row) -> Vec<(i64, usize)> {
        let mut bins: Vec<i64> = row.differences.iter().map(|d| self.bin(d.1)).collect();
        bins.sort_unstable();
        bins.chunk_by(|a, b| a == b).filter_map(|c| Some((*c.first()?, c.len()))).collect()
    }
}

fn draw_row(scene: &mut Scene<'_>, input: &Differences, row: &Row, x: Scale, top: f64, stack: &Stack, room: f64) {
    let floor = top + CLOUD + 6.0;
    let grey = style::PATIENT;
    if stack.dots {
        let mut level: std::collections::BTreeMap<i64, usize> = std::collections::BTreeMap::new();
        let mut ordered: Vec<&(String, f64)> = row.differences.iter().collect();
        ordered.sort_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
        let radius = (stack.unit * 0.46).min(2.8);
        for (patient, value) in ordered {
            let bin = stack.bin(*value);
            let height = level.entry(bin).or_insert(0);
            let at = (x.at(stack.low + (bin as f64 + 0.5) * stack.width), floor - (*height as f64 + 0.5) * stack.unit);
            *height += 1;
            scene.dot(at, radius, grey, 1.0);
            scene.hover(at, radius, format!("{patient}: {}", words::number(*value, 2)));
        }
    } else {
        for (bin, count) in stack.counts(row) {
            let start = stack.low + bin as f64 * stack.width;
            let (a, b) = (x.at(start), x.at(start + stack.width));
            scene.rectangle((a + 0.3, floor - count as f64 * stack.unit), (b - 0.3, floor), grey, 1.0);
            let text = format!("{} – {}: {count}", words::number(start, 2), words::number(start + stack.width, 2));
            scene.hover(((a + b) / 2.0, floor - count as f64 * stack.unit / 2.0), (b - a).abs() / 2.0, text);
        }
    }
    let y = floor + 7.0;
    if let Some(five) = row.quartiles {
        let thin = Stroke { width: 0.7, ..Stroke::hair(style::MUTED) };
        scene.line((x.at(five.min), y), (x.at(five.max), y), thin);
        scene.rectangle((x.at(five.q1), y - 3.5), (x.at(five.q3), y + 3.5), style::PAPER, 1.0);
        scene.outline((x.at(five.q1), y - 3.5), (x.at(five.q3), y + 3.5), thin);
        scene.line((x.at(five.median), y - 3.5), (x.at(five.median), y + 3.5), Stroke { width: 1.2, ..thin });
    }
    let y = floor + 18.0;
    if let (Some(low), Some(high)) = (row.mean.low, row.mean.high) {
        scene.line((x.at(low), y), (x.at(high), y), Stroke { width: 1.6, ..Stroke::line(style::INK) });
    }
    if let Some(mean) = row.mean.mean {
        scene.diamond((x.at(mean), y), 4.0, style::INK);
    }
    let mut lines = scene.wrap(&row.label, Type::LABEL.bold(), room, 3);
    let mut at = scene.lines((0.0, top + 24.0), &lines, Type::LABEL.bold());
    lines = scene.wrap(&format!("{} {}", row.differences.len(), input.labels.patients), Type::SMALL, room, 2);
    at = scene.lines((0.0, at), &lines, Type::SMALL.colour(style::MUTED));
    if let Some(mean) = row.mean.mean {
        let number = |v| words::number(v, input.decimals);
        let interval = match (row.mean.low, row.mean.high) {
            (Some(low), Some(high)) => format!(" ({} {} {})", number(low), input.labels.to, number(high)),
            _ => String::new(),
        };
        let text = format!("{}{interval}", number(mean));
        let lines = scene.wrap(&text, Type::SMALL, room, 3);
        scene.lines((0.0, at), &lines, Type::SMALL);
        scene.hover((x.at(mean), y), 5.0, format!("{}: {text}", row.label));
    }
}
