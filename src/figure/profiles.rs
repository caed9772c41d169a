//! Profiles: the mean of each arm with its confidence interval over the visits, at their scheduled times, with the
//! number of knees under the axis.

use super::axis::{self, LabelRow, Numbers, Scale, Ticks};
use super::scene::{Arm, Scene, Stroke, Type};
use super::style::{self, Style};
use super::{Figure, FigureError, Heading, MeanCi, words};

const KIND: &str = "profiles";
const PLOT_HEIGHT: f64 = 130.0;
/// Height of the panel of differences.
const BELOW_HEIGHT: f64 = 80.0;

/// One visit.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// Name of the visit as printed.
    pub label: String,
    /// Scheduled time, in any unit that all visits share.
    pub time: f64,
    /// Active knees.
    pub active: MeanCi,
    /// Placebo knees.
    pub placebo: MeanCi,
    /// Whether the means are of another kind than those of the other visits (observed ones beside those of a model): drawn
    /// as open marks, not joined, and without an interval.
    pub apart: bool,
}

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Profiles {
    /// Number, title, description, footnotes.
    pub heading: Heading,
    /// Visits, in any order; they are drawn by time.
    pub visits: Vec<Visit>,
    /// Limits of the value axis, so that figures of one endpoint share them; from the intervals when `None`.
    pub limits: Option<(f64, f64)>,
    /// The difference of the arms at the visits, drawn below on the same times.
    pub below: Option<Below>,
    /// Words on the figure.
    pub labels: Labels,
}

/// The lower panel: active − placebo with its interval.
#[derive(Debug, Clone, PartialEq)]
pub struct Below {
    /// One difference per visit, in the order of [`Profiles::visits`]; empty where there is none. `n` counts patients.
    pub differences: Vec<MeanCi>,
    /// Half-width of the grey band: the smallest difference between the arms that matters.
    pub matters: Option<f64>,
    /// The decimals of the printed differences.
    pub decimals: usize,
    /// What the differences stand for.
    pub numbers: Numbers,
    /// What the panel shows, with the unit.
    pub title: String,
    /// What the band is; may be empty.
    pub hint: String,
    /// What the numbers under the axis count.
    pub n: String,
    /// Which sign is in favour of which arm: for values above zero, then below.
    pub sides: [String; 2],
}

/// The words on the figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// Endpoint with its unit and what the bars are.
    pub value: String,
    /// Which direction is better, printed under the endpoint; may be empty.
    pub better: String,
    /// What the numbers under the axis count.
    pub n: String,
}

impl Labels {
    /// English words for an endpoint ("VAS pain (mm)") of which lower scores are better.
    pub fn english(endpoint: &str) -> Self {
        Self { value: format!("{endpoint}: mean and CI"), better: "↓ lower is better".into(), n: "Knees".into() }
    }
}

/// Draws the figure.
///
/// # Errors
/// [`FigureError::Empty`] when no visit has a mean; [`FigureError::NotFinite`] when a time or a mean is not finite.
pub fn draw(input: &Profiles, style: &Style) -> Result<Figure, FigureError> {
    let arms = |v: &Visit| [v.active, v.placebo];
    if !input.visits.iter().any(|v| arms(v).iter().any(|m| m.mean.is_some())) {
        return Err(FigureError::Empty { figure: KIND, missing: "no visit has a mean" });
    }
    let not_finite = |what| FigureError::NotFinite { figure: KIND.into(), what };
    let drawn = |v: &Visit| arms(v).map(|m| if v.apart { [m.mean, None, None] } else { [m.mean, m.low, m.high] });
    let numbers = input.visits.iter().flat_map(drawn).flatten();
    let limits = input.limits.map(|(low, high)| [Some(low), Some(high)]).into_iter().flatten();
    let (low, high) = axis::extent(numbers.chain(limits)).ok_or(not_finite("a mean or limit"))?;
    let times = axis::extent(input.visits.iter().map(|v| Some(v.time))).ok_or(not_finite("a time of a visit"))?;

    let mut visits = input.visits.clone();
    let mut order: Vec<usize> = (0..visits.len()).collect();
    order.sort_by(|&a, &b| visits[a].time.total_cmp(&visits[b].time));
    visits.sort_by(|a, b| a.time.total_cmp(&b.time));
    let below = input.below.clone().map(|below| Below {
        differences: order.iter().map(|&at| below.differences.get(at).copied().unwrap_or_default()).collect(),
        ..below
    });
    let input = &Profiles { visits, below, ..input.clone() };
    let mut scene = Scene::new(KIND, style);
    let domain = input.limits.filter(|l| l.0 <= low && l.1 >= high).unwrap_or(Ticks::widened(low, high, 6));
    let ticks = Ticks::between(domain.0, domain.1, 6);
    let head = axis::title_above(&mut scene, (0.0, 0.0), &input.labels.value, &input.labels.better, style::WIDTH);
    let (top, bottom) = (head + 6.0, head + 6.0 + PLOT_HEIGHT);

    let name_lines = |arm: Arm| scene.wrap(arm.label(style), Type::LABEL.bold(), 96.0, 8);
    let names = [name_lines(Arm::Active), name_lines(Arm::Placebo)];
    let name_room = names.iter().flatten().map(|l| scene.width(l, Type::LABEL.bold())).fold(0.0, f64::max);
    let count_names = [Arm::Active, Arm::Placebo].map(|arm| scene.wrap(arm.label(style), Type::SMALL, 90.0, 6));
    let count_room = count_names
        .iter()
        .flatten()
        .map(|l| scene.width(l, Type::SMALL))
        .chain(input.below.iter().map(|below| scene.width(&below.n, Type::SMALL)))
        .fold(scene.width(&input.labels.n, Type::SMALL), f64::max);
    let left = axis::left_room(&scene, &ticks).max(count_room + 6.0);
    // Beside the lower part stands what either side favours: in one line where that is not long, no word of it cut.
    let width = |text: &str| scene.width(text, Type::SMALL);
    let sides = input.below.iter().flat_map(|below| &below.sides);
    let (words, lines) = sides.fold((0.0_f64, 0.0_f64), |(words, lines), side| {
        (side.split(' ').map(width).fold(words, f64::max), lines.max(width(side)))
    });
    let side_room = if lines <= 84.0 { lines } else { words.min(96.0) };
    let right = style::WIDTH - (name_room + 12.0).max(side_room + 5.0);
    let y = Scale { domain, range: (bottom, top) };
    let inset = 14.0;
    let x = Scale { domain: times, range: (left + inset, right - inset) };

    for value in &ticks.values {
        scene.line((left, y.at(*value)), (right, y.at(*value)), Stroke::hair(style::GRID));
    }
    axis::left(&mut scene, left, y, &ticks);
    if y.contains(0.0) && domain.0 < 0.0 {
        scene.line((left, y.at(0.0)), (right, y.at(0.0)), Stroke::hair(style::AXIS));
    }
    scene.line((left, bottom), (right, bottom), Stroke::hair(style::AXIS));

    let at: Vec<f64> = input.visits.iter().map(|v| x.at(v.time)).collect();
    let closest = at.windows(2).map(|w| (w[1] - w[0]).abs()).fold(f64::INFINITY, f64::min);
    let dodge = (closest * 0.12).clamp(0.6, 3.0);
    let marker = (closest * 0.22).clamp(1.2, style::MARKER);
    for arm in [Arm::Placebo, Arm::Active] {
        arm_profile(&mut scene, input, arm, &at, y, if arm == Arm::Active { -dodge } else { dodge }, marker);
    }
    arm_names(&mut scene, input, &names, y, right + 2.0, (top, bottom));

    for position in &at {
        scene.line((*position, bottom), (*position, bottom + 3.0), Stroke::hair(style::AXIS));
    }
    let labels: Vec<&str> = input.visits.iter().map(|v| v.label.as_str()).collect();
    let row = LabelRow::fit(&scene, &at, &labels, Type::SMALL, 2);
    row.draw(&mut scene, &at, bottom + 4.0, Type::SMALL);
    let mut under = bottom + 4.0 + row.height + 4.0;
    scene.text((left - 5.0, under + style::SMALL), &input.labels.n, Type::SMALL.colour(style::MUTED).end());
    under += style::SMALL * style::LEADING;
    for (arm, name) in [Arm::Active, Arm::Placebo].into_iter().zip(&count_names) {
        let counts: Vec<String> = input.visits.iter().map(|v| of(v, arm).n.to_string()).collect();
        let counts: Vec<&str> = counts.iter().map(String::as_str).collect();
        let row = LabelRow::fit(&scene, &at, &counts, Type::SMALL, 1);
        let set = Type::SMALL.colour(arm.ink()).end();
        let after = scene.lines((left - 5.0, under + style::SMALL), name, set) - style::SMALL;
        row.draw(&mut scene, &at, under, Type::SMALL);
        under = after.max(under + row.height);
    }
    if let Some(below) = &input.below {
        under = draw_below(&mut scene, input, below, (left, right), &at, under + 12.0);
    }
    scene.finish(&input.heading, under + 4.0)
}

/// The differences under the profiles, from `top`; returns the y below.
fn draw_below(
    scene: &mut Scene<'_>,
    input: &Profiles,
    below: &Below,
    (left, right): (f64, f64),
    at: &[f64],
    top: f64,
) -> f64 {
    let ends = below.differences.iter().flat_map(|d| [d.mean, d.low, d.high]).flatten().filter(|v| v.is_finite());
    let band = below.matters.iter().flat_map(|m| [-m, *m]);
    let Some((low, high)) = axis::extent(ends.chain(band).chain([0.0]).map(Some)) else { return top };
    // Wider than the band, so that its edges are seen.
    let margin = 0.12 * (high - low);
    let domain = below.numbers.widened(low - margin, high + margin, 5);
    let ticks = below.numbers.ticks(domain.0, domain.1, 5);
    let head = axis::title_above(scene, (0.0, top), &below.title, &below.hint, style::WIDTH);
    let (upper, bottom) = (head + 6.0, head + 6.0 + BELOW_HEIGHT);
    let y = Scale { domain, range: (bottom, upper) };
    if let Some(matters) = below.matters {
        scene.rectangle((left, y.at(-matters)), (right, y.at(matters)), style::BAND, 1.0);
    }
    for value in &ticks.values {
        scene.line((left, y.at(*value)), (right, y.at(*value)), Stroke::hair(style::GRID));
    }
    axis::left(scene, left, y, &ticks);
    scene.line((left, y.at(0.0)), (right, y.at(0.0)), Stroke { width: 0.9, ..Stroke::line(style::AXIS) });
    let small = Type::SMALL.colour(style::MUTED);
    for (text, at) in below.sides.iter().zip([y.at(0.0) - 5.0, y.at(0.0) + style::SMALL + 4.0]) {
        let lines = scene.wrap(text, small, style::WIDTH - right - 4.0, 2);
        let lift = if at < y.at(0.0) { (lines.len() as f64 - 1.0) * style::SMALL * style::LEADING } else { 0.0 };
        scene.lines((right + 4.0, at - lift), &lines, small);
    }
    for ((difference, visit), x) in below.differences.iter().zip(&input.visits).zip(at) {
        let Some(mean) = difference.mean else { continue };
        let inside = |value: f64| y.at(value.clamp(domain.0, domain.1));
        if let (Some(low), Some(high)) = (difference.low, difference.high) {
            scene.line((*x, inside(low)), (*x, inside(high)), Stroke::line(style::INK));
            for end in [low, high].into_iter().filter(|end| end.is_finite()) {
                scene.line((x - 3.0, y.at(end)), (x + 3.0, y.at(end)), Stroke::line(style::INK));
            }
        }
        scene.diamond((*x, y.at(mean)), 4.0, style::INK);
        let text = below.numbers.print(mean, below.decimals);
        let width = scene.width(&text, Type::SMALL);
        let start = if x + 8.0 + width > right { x - 8.0 - width } else { x + 8.0 };
        scene.text((start, y.at(mean) + style::SMALL * 0.36), &text, Type::SMALL);
        scene.hover((*x, y.at(mean)), 7.0, format!("{}: {text}", visit.label));
    }
    scene.line((left, bottom), (right, bottom), Stroke::hair(style::AXIS));
    let counts: Vec<String> = below
        .differences
        .iter()
        .map(|difference| if difference.mean.is_some() { difference.n.to_string() } else { String::new() })
        .collect();
    let counts: Vec<&str> = counts.iter().map(String::as_str).collect();
    let row = LabelRow::fit(scene, at, &counts, Type::SMALL, 1);
    scene.text((left - 5.0, bottom + 6.0 + style::SMALL), &below.n, small.end());
    row.draw(scene, at, bottom + 6.0, Type::SMALL);
    bottom + 6.0 + row.height
}

fn of(visit: &Visit, arm: Arm) -> MeanCi {
    match arm {
        Arm::Active => visit.active,
        Arm::Placebo => visit.placebo,
    }
}

/// One arm: the line (broken where a visit has no mean), the intervals, the markers, the hover values.
fn arm_profile(scene: &mut Scene<'_>, input: &Profiles, arm: Arm, at: &[f64], y: Scale, shift: f64, marker: f64) {
    let joined = |v: &Visit| of(v, arm).mean.filter(|_| !v.apart);
    let points: Vec<Option<(f64, f64)>> =
        input.visits.iter().zip(at).map(|(v, x)| joined(v).map(|mean| (x + shift, y.at(mean)))).collect();
    for run in points.split(Option::is_none) {
        let run: Vec<(f64, f64)> = run.iter().copied().flatten().collect();
        if run.len() > 1 {
            scene.path(run, arm.stroke());
        }
    }
    let whisker = Stroke { width: 0.8, dashed: false, ..arm.stroke() };
    for (visit, x) in input.visits.iter().zip(at) {
        let (here, x) = (of(visit, arm), x + shift);
        if let (Some(low), Some(high), false) = (here.low, here.high, visit.apart) {
            scene.line((x, y.at(low)), (x, y.at(high)), whisker);
            for end in [low, high] {
                scene.line((x - marker * 0.7, y.at(end)), (x + marker * 0.7, y.at(end)), whisker);
            }
        }
        if let Some(mean) = here.mean {
            match visit.apart {
                true => scene.open_marker(arm, (x, y.at(mean)), marker),
                false => scene.marker(arm, (x, y.at(mean)), marker),
            }
            let interval = match (here.low, here.high) {
                (Some(low), Some(high)) if !visit.apart => {
                    format!(" ({}; {})", words::number(low, 2), words::number(high, 2))
                }
                _ => String::new(),
            };
            let name = arm.label(scene.style());
            let text = format!("{}, {name}: {}{interval}, n = {}", visit.label, words::number(mean, 2), here.n);
            scene.hover((x, y.at(mean)), marker * 2.0, text);
        }
    }
}

/// The arms' names at the ends of their lines, moved apart where they would touch.
fn arm_names(scene: &mut Scene<'_>, input: &Profiles, names: &[Vec<String>; 2], y: Scale, x: f64, span: (f64, f64)) {
    let line = style::TEXT * style::LEADING;
    let last = |arm| input.visits.iter().rev().find_map(|v| of(v, arm).mean).map(|m| y.at(m));
    let heights = [names[0].len() as f64 * line, names[1].len() as f64 * line];
    let mut tops: Vec<(usize, f64)> = [Arm::Active, Arm::Placebo]
        .into_iter()
        .enumerate()
        .filter_map(|(i, arm)| Some((i, last(arm)? - heights[i] / 2.0)))
        .collect();
    tops.sort_by(|a, b| a.1.total_cmp(&b.1));
    if let [(upper, a), (_, b)] = &mut tops[..] {
        let overlap = *a + heights[*upper] + 1.0 - *b;
        if overlap > 0.0 {
            *a -= overlap / 2.0;
            *b += overlap / 2.0;
        }
    }
    let lowest = tops.last().map_or(0.0, |(i, top)| (top + heights[*i] - span.1).max(0.0));
    for (i, top) in tops {
        let arm = if i == 0 { Arm::Active } else { Arm::Placebo };
        scene.lines((x, top - lowest + style::TEXT * 0.95), &names[i], Type::LABEL.bold().colour(arm.ink()));
    }
}
