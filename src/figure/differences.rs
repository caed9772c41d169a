//! Distribution of the within-patient differences, active − placebo: per visit every patient as a dot (bars where
//! there are many), a box of the quartiles, and the mean with its confidence interval, against zero and the MCID.

use super::axis::{self, Numbers, Scale, Ticks};
use super::scene::{Scene, Stroke, Type};
use super::style::{self, Style};
use super::{Figure, FigureError, Heading, MeanCi};
use crate::trial::Better;

const KIND: &str = "differences";
/// Height of the stack of dots or bars of one visit.
const CLOUD: f64 = 62.0;
/// Distance between visits.
const PITCH: f64 = CLOUD + 34.0;
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
    /// What the differences stand for.
    pub numbers: Numbers,
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

/// Divides a figure of many visits into pages. Keys and numbers of the parts get the suffixes `-2`, `-3`, ….
pub fn paginate(input: &Differences) -> Vec<Differences> {
    let part = |(i, rows): (usize, &[Row])| Differences {
        heading: input.heading.part(i),
        rows: rows.to_vec(),
        ..input.clone()
    };
    let per_page = ((style::PAGE_HEIGHT - 70.0) / PITCH) as usize;
    input.rows.chunks(per_page.max(1)).enumerate().map(part).collect()
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
    let (low, high) = input.numbers.widened(low, high, 8);
    let ticks = input.numbers.ticks(low, high, 8);

    let mut scene = Scene::new(KIND, style);
    let hint = if input.mcid.is_some() { input.labels.band.as_str() } else { "" };
    let top = axis::title_above(&mut scene, (0.0, 0.0), &input.labels.value, hint, style::WIDTH) + 6.0;
    let label_width = 92.0;
    let range = (label_width + 10.0, style::WIDTH - 12.0);
    // Values grow to the right; where higher scores are better the axis is turned so that benefit stays on the left.
    let domain = if input.better == Better::Lower { (low, high) } else { (high, low) };
    let x = Scale { domain, range };
    let bottom = top + PITCH * input.rows.len() as f64;
    if let Some(mcid) = input.mcid {
        scene.rectangle((x.at(-mcid), top), (x.at(mcid), bottom), style::BAND, 1.0);
    }
    scene.line((x.at(0.0), top), (x.at(0.0), bottom), Stroke::hair(style::AXIS));
    let cloud = Cloud::of(input, x);
    for (i, row) in input.rows.iter().enumerate() {
        let y = top + PITCH * i as f64;
        draw_row(&mut scene, input, row, x, y, &cloud, label_width);
    }
    let below = axis::bottom(&mut scene, bottom, x, &ticks);
    let (left, right) = (&input.labels.favours_active, &input.labels.favours_placebo);
    let below = axis::directions(&mut scene, x.at(0.0), left, right, below + 2.0, (label_width, style::WIDTH));
    scene.finish(&input.heading, below + 4.0)
}

/// How the patients of all rows are drawn: dots of one size, or bars of one width.
enum Cloud {
    /// One dot per patient at the exact difference, stacked where dots would overlap.
    Dots {
        /// Diameter in points.
        size: f64,
    },
    /// A histogram.
    Bars {
        /// Width of a bin in units of the endpoint; bins are centred on its multiples, so that zero is not split.
        bin: f64,
        /// Height of one patient in points.
        unit: f64,
    },
}

impl Cloud {
    fn of(input: &Differences, x: Scale) -> Self {
        let most = input.rows.iter().map(|r| r.differences.len()).max().unwrap_or(0);
        if most > MANY {
            let bin = Ticks::between(x.domain.0.min(x.domain.1), x.domain.0.max(x.domain.1), 40).step;
            let tallest = input.rows.iter().flat_map(|r| bins(r, bin)).map(|b| b.1).max().unwrap_or(1);
            return Self::Bars { bin, unit: CLOUD / tallest as f64 };
        }
        let mut size = 5.6;
        while size > 1.4 && input.rows.iter().any(|r| height(&stack(r, x, size)) * size > CLOUD) {
            size *= 0.95;
        }
        Self::Dots { size }
    }
}

/// Number of patients per bin; a bin is named by its centre in multiples of the width.
fn bins(row: &Row, width: f64) -> Vec<(i64, usize)> {
    let mut bins: Vec<i64> = row.differences.iter().map(|d| (d.1 / width + 0.5 + 1e-9).floor() as i64).collect();
    bins.sort_unstable();
    bins.chunk_by(|a, b| a == b).filter_map(|c| Some((*c.first()?, c.len()))).collect()
}

/// The patients in order of their difference, each with the lowest level on which its dot touches no other.
fn stack(row: &Row, x: Scale, size: f64) -> Vec<(&(String, f64), usize)> {
    let mut ordered: Vec<&(String, f64)> = row.differences.iter().collect();
    ordered.sort_by(|a, b| x.at(a.1).total_cmp(&x.at(b.1)).then_with(|| a.0.cmp(&b.0)));
    let mut ends: Vec<f64> = Vec::new();
    let mut placed = Vec::with_capacity(ordered.len());
    for patient in ordered {
        let at = x.at(patient.1);
        let level = ends.iter().position(|end| at - end >= size * 1.02).unwrap_or(ends.len());
        match ends.get_mut(level) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
        placed.push((patient, level));
    }
    placed
}

fn height(stack: &[(&(String, f64), usize)]) -> f64 {
    stack.iter().map(|s| s.1 + 1).max().unwrap_or(0) as f64
}

fn draw_row(scene: &mut Scene<'_>, input: &Differences, row: &Row, x: Scale, top: f64, cloud: &Cloud, room: f64) {
    let floor = top + CLOUD + 6.0;
    match cloud {
        Cloud::Dots { size } => {
            for ((patient, value), level) in stack(row, x, *size) {
                let at = (x.at(*value), floor - (level as f64 + 0.5) * size);
                scene.dot(at, size * 0.47, style::PATIENT, 1.0);
                scene.hover(at, size * 0.5, format!("{patient}: {}", input.numbers.print(*value, 2)));
            }
        }
        Cloud::Bars { bin, unit } => {
            for (centre, count) in bins(row, *bin) {
                let (low, high) = ((centre as f64 - 0.5) * bin, (centre as f64 + 0.5) * bin);
                let (a, b) = (x.at(low).min(x.at(high)), x.at(low).max(x.at(high)));
                scene.rectangle((a + 0.3, floor - count as f64 * unit), (b - 0.3, floor), style::PATIENT, 1.0);
                let text = format!("{} … {}: {count}", input.numbers.print(low, 2), input.numbers.print(high, 2));
                scene.hover(((a + b) / 2.0, floor - count as f64 * unit / 2.0), (b - a) / 2.0, text);
            }
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
    let mut lines = scene.wrap(&row.label, Type::LABEL.bold(), room, 5);
    let mut at = scene.lines((0.0, top + 20.0), &lines, Type::LABEL.bold());
    lines = scene.wrap(&format!("{} {}", row.differences.len(), input.labels.patients), Type::SMALL, room, 2);
    at = scene.lines((0.0, at), &lines, Type::SMALL.colour(style::MUTED));
    if let Some(mean) = row.mean.mean {
        let number = |v| input.numbers.print(v, input.decimals);
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
