//! Profiles: the mean of each arm with its confidence interval over the visits, at their scheduled times, with the
//! number of knees under the axis.

use super::axis::{self, LabelRow, Scale, Ticks};
use super::scene::{Arm, Scene, Stroke, Type};
use super::style::{self, Style};
use super::{Figure, FigureError, Heading, MeanCi, words};

const KIND: &str = "profiles";
const PLOT_HEIGHT: f64 = 190.0;

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
    /// Words on the figure.
    pub labels: Labels,
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
    let numbers = input.visits.iter().flat_map(arms).flat_map(|m| [m.mean, m.low, m.high]);
    let limits = input.limits.map(|(low, high)| [Some(low), Some(high)]).into_iter().flatten();
    let (low, high) = axis::extent(numbers.chain(limits)).ok_or(not_finite("a mean or limit"))?;
    let times = axis::extent(input.visits.iter().map(|v| Some(v.time))).ok_or(not_finite("a time of a visit"))?;

    let mut visits = input.visits.clone();
    visits.sort_by(|a, b| a.time.total_cmp(&b.time));
    let input = &Profiles { visits, ..input.clone() };
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
        .fold(scene.width(&input.labels.n, Type::SMALL), f64::max);
    let left = axis::left_room(&scene, &ticks).max(count_room + 6.0);
    let right = style::WIDTH - name_room - 12.0;
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
    scene.finish(&input.heading, under + 4.0)
}

fn of(visit: &Visit, arm: Arm) -> MeanCi {
    match arm {
        Arm::Active => visit.active,
        Arm::Placebo => visit.placebo,
    }
}

/// One arm: the line (broken where a visit has no mean), the intervals, the markers, the hover values.
fn arm_profile(scene: &mut Scene<'_>, input: &Profiles, arm: Arm, at: &[f64], y: Scale, shift: f64, marker: f64) {
    let points: Vec<Option<(f64, f64)>> =
        input.visits.iter().zip(at).map(|(v, x)| of(v, arm).mean.map(|mean| (x + shift, y.at(mean)))).collect();
    for run in points.split(Option::is_none) {
        let run: Vec<(f64, f64)> = run.iter().copied().flatten().collect();
        if run.len() > 1 {
            scene.path(run, arm.stroke());
        }
    }
    let whisker = Stroke { width: 0.8, dashed: false, ..arm.stroke() };
    for (visit, x) in input.visits.iter().zip(at) {
        let (here, x) = (of(visit, arm), x + shift);
        if let (Some(low), Some(high)) = (here.low, here.high) {
            scene.line((x, y.at(low)), (x, y.at(high)), whisker);
            for end in [low, high] {
                scene.line((x - marker * 0.7, y.at(end)), (x + marker * 0.7, y.at(end)), whisker);
            }
        }
        if let Some(mean) = here.mean {
            scene.marker(arm, (x, y.at(mean)), marker);
            let interval = match (here.low, here.high) {
                (Some(low), Some(high)) => format!(" ({}; {})", words::number(low, 2), words::number(high, 2)),
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
