//! Scales and axes: round ticks, axis lines, and labels that never overlap.

use super::scene::{Point, Scene, Stroke, Type};
use super::{style, words};

/// A linear scale from values to points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Values at the two ends.
    pub domain: (f64, f64),
    /// Positions of the two ends, in points.
    pub range: (f64, f64),
}

impl Scale {
    /// Position of a value; the middle of the range when the domain is a single value.
    pub fn at(&self, value: f64) -> f64 {
        let span = self.domain.1 - self.domain.0;
        let share = if span == 0.0 { 0.5 } else { (value - self.domain.0) / span };
        self.range.0 + share * (self.range.1 - self.range.0)
    }

    /// Is the value within the domain?
    pub fn contains(&self, value: f64) -> bool {
        value >= self.domain.0.min(self.domain.1) && value <= self.domain.0.max(self.domain.1)
    }
}

/// What the numbers of an axis stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Numbers {
    /// Themselves.
    #[default]
    Plain,
    /// Logarithms of the ratios that are printed: the axis is a logarithmic one, with 1 at 0.
    LogRatios,
}

impl Numbers {
    /// About `count` ticks within `low..=high`: round numbers, or round ratios.
    pub fn ticks(self, low: f64, high: f64, count: usize) -> Ticks {
        match self {
            Self::Plain => Ticks::between(low, high, count),
            Self::LogRatios => Ticks::of_ratios(low, high, count),
        }
    }

    /// The limits of an axis around `low..=high`: the next round ticks, on a logarithmic axis a little room on either side.
    pub fn widened(self, low: f64, high: f64, count: usize) -> (f64, f64) {
        match self {
            Self::Plain => Ticks::widened(low, high, count),
            Self::LogRatios if high > low => (low - 0.04 * (high - low), high + 0.04 * (high - low)),
            Self::LogRatios => (low - 0.5, high + 0.5),
        }
    }

    /// The number printed for `value`.
    pub fn print(self, value: f64, decimals: usize) -> String {
        match self {
            Self::Plain => words::number(value, decimals),
            Self::LogRatios => words::number(value.exp(), decimals.max(2)),
        }
    }

    /// The decimals of an interval: more where it takes them to show that a limit is not that of no difference.
    pub fn interval_decimals(self, low: Option<f64>, high: Option<f64>, decimals: usize) -> usize {
        let from_one = |limit: Option<f64>| limit.map(f64::exp_m1);
        match self {
            Self::Plain => words::interval_decimals(low, high, decimals),
            Self::LogRatios => words::interval_decimals(from_one(low), from_one(high), decimals.max(2)),
        }
    }
}

/// Round tick values.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticks {
    /// The values, ascending.
    pub values: Vec<f64>,
    /// Decimals that tell neighbouring ticks apart.
    pub decimals: usize,
    /// Distance between neighbours.
    pub step: f64,
    /// What the values stand for.
    pub numbers: Numbers,
}

impl Ticks {
    /// About `count` ticks at multiples of 1, 2 or 5 times a power of ten within `low..=high`.
    pub fn between(low: f64, high: f64, count: usize) -> Self {
        let span = high - low;
        if !span.is_finite() || span <= 0.0 {
            let value = if low.is_finite() { low } else { 0.0 };
            return Self { values: vec![value], decimals: 1, step: 1.0, numbers: Numbers::Plain };
        }
        let raw = span / count.max(1) as f64;
        let power = 10f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= raw * 0.999).unwrap_or(power);
        let reach = low.abs().max(high.abs()) / step;
        if !reach.is_finite() || reach > 1e15 {
            return Self { values: vec![low, high], decimals: 1, step: span, numbers: Numbers::Plain };
        }
        let decimals = (-(step.log10() + 1e-9).floor()).max(0.0) as usize;
        let first = (low / step - 1e-9).ceil() as i64;
        let last = (high / step + 1e-9).floor() as i64;
        let values = (first..=last).map(|i| i as f64 * step).collect();
        Self { values, decimals, step, numbers: Numbers::Plain }
    }

    /// Ticks at the logarithms of round ratios: in equal steps of the ratio over a narrow range, else at 1, 2 and 5 times
    /// powers of ten, closer where these are few, or at the powers alone.
    pub fn of_ratios(low: f64, high: f64, count: usize) -> Self {
        let narrow = high - low < 5f64.ln();
        let powers = |mantissas: &[f64]| -> Vec<f64> {
            let (first, last) = ((low / 10f64.ln()).floor(), (high / 10f64.ln()).ceil());
            let inside = |value: &f64| *value >= low - 1e-9 && *value <= high + 1e-9;
            if last - first > 40.0 || !(last - first).is_finite() {
                return vec![low, high];
            }
            let exponents = first as i32..=last as i32;
            let all = exponents.flat_map(|power| mantissas.iter().map(move |m| (m * 10f64.powi(power)).ln()));
            all.filter(inside).collect()
        };
        let mut values: Vec<f64> = match narrow {
            true => {
                let steps = |count: usize| -> Vec<f64> {
                    let steps = Self::between(low.exp(), high.exp(), count).values;
                    steps.into_iter().filter(|ratio| *ratio > 0.0).map(f64::ln).collect()
                };
                Some(steps(count)).filter(|values| values.len() >= 4).unwrap_or_else(|| steps(2 * count))
            }
            false => powers(&[1.0, 2.0, 5.0]),
        };
        if values.len() < 4 {
            values = powers(&[1.0, 1.5, 2.0, 3.0, 5.0, 7.0]);
        } else if values.len() > 2 * count {
            values = powers(&[1.0]);
        }
        Self { values, decimals: 3, step: 0.0, numbers: Numbers::LogRatios }
    }

    /// The limits widened to the next round ticks on either side.
    pub fn widened(low: f64, high: f64, count: usize) -> (f64, f64) {
        let (low, high) = if high > low { (low, high) } else { (low - 1.0, high + 1.0) };
        let step = Self::between(low, high, count).step;
        ((low / step + 1e-9).floor() * step, (high / step - 1e-9).ceil() * step)
    }

    /// The labels of the ticks.
    pub fn labels(&self) -> Vec<String> {
        let label = |value: &f64| match self.numbers {
            Numbers::Plain => words::number(*value, self.decimals),
            // 0.5, 1, 2: as many decimals as each ratio needs.
            Numbers::LogRatios => {
                let ratio = value.exp();
                let full = words::number(ratio, if ratio < 0.1 { 6 } else { self.decimals });
                let shortest = full.trim_end_matches('0').trim_end_matches('.');
                if full.contains('.') { shortest.to_owned() } else { full }
            }
        };
        self.values.iter().map(label).collect()
    }
}

/// Smallest and largest of the defined numbers; `None` when there are none or one is not finite.
pub fn extent(values: impl IntoIterator<Item = Option<f64>>) -> Option<(f64, f64)> {
    let mut range: Option<(f64, f64)> = None;
    for value in values.into_iter().flatten() {
        if !value.is_finite() {
            return None;
        }
        range = Some(range.map_or((value, value), |(low, high)| (low.min(value), high.max(value))));
    }
    range
}

/// A vertical axis at the left of a panel: line, ticks, tick labels (ending at the axis).
pub fn left(scene: &mut Scene<'_>, x: f64, scale: Scale, ticks: &Ticks) {
    scene.line((x, scale.range.0), (x, scale.range.1), Stroke::hair(style::AXIS));
    for (value, label) in ticks.values.iter().zip(ticks.labels()) {
        let y = scale.at(*value);
        scene.line((x - 3.0, y), (x, y), Stroke::hair(style::AXIS));
        scene.text((x - 5.0, y + style::SMALL * 0.36), &label, Type::SMALL.end());
    }
}

/// Room that the labels of a left axis need, ticks included.
pub fn left_room(scene: &Scene<'_>, ticks: &Ticks) -> f64 {
    ticks.labels().iter().map(|l| scene.width(l, Type::SMALL)).fold(0.0, f64::max) + 6.0
}

/// A horizontal axis with numbers under it; labels that would touch are left out. Returns the y below the labels.
pub fn bottom(scene: &mut Scene<'_>, y: f64, scale: Scale, ticks: &Ticks) -> f64 {
    scene.line((scale.range.0, y), (scale.range.1, y), Stroke::hair(style::AXIS));
    let mut free = f64::NEG_INFINITY;
    let mut placed: Vec<(f64, String)> =
        ticks.values.iter().zip(ticks.labels()).map(|(v, label)| (scale.at(*v), label)).collect();
    placed.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (x, label) in placed {
        scene.line((x, y), (x, y + 3.0), Stroke::hair(style::AXIS));
        let half = scene.width(&label, Type::SMALL) / 2.0;
        if x - half > free {
            scene.text((x, y + 4.0 + style::SMALL), &label, Type::SMALL.middle());
            free = x + half + 3.0;
        }
    }
    y + 4.0 + style::SMALL * 1.3
}

/// How labels of categories or visits stand under a horizontal axis.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelRow {
    /// Lines of each label; empty where the label is left out because its neighbours leave no room.
    lines: Vec<Vec<String>>,
    upwards: bool,
    /// Height of the row in points.
    pub height: f64,
}

impl LabelRow {
    /// Sets labels at the given positions (ascending) so that none overlap: in up to `max_lines` lines if every label
    /// fits between its neighbours, else reading upwards, thinned where even that is too tight.
    pub fn fit(scene: &Scene<'_>, positions: &[f64], labels: &[&str], set: Type, max_lines: usize) -> Self {
        let room = |i: usize| {
            let gap = |j: usize| positions.get(j).map_or(f64::INFINITY, |p| (p - positions[i]).abs());
            let before = if i == 0 { 2.0 * positions[i] } else { gap(i - 1) };
            before.min(gap(i + 1)).min(2.0 * (style::WIDTH - positions[i])) - 4.0
        };
        let line = set.size * style::LEADING;
        let unbroken = |label: &str, width: f64| {
            label.split_whitespace().all(|word| word.chars().count() > 12 || scene.width(word, set) <= width)
        };
        let horizontal = labels.iter().enumerate().all(|(i, label)| {
            let width = room(i);
            scene.width(label, set) <= width
                || (unbroken(label, width)
                    && width > 24.0
                    && scene.wrap(label, set, width, usize::MAX).len() <= max_lines)
        });
        if horizontal {
            let lines: Vec<Vec<String>> = labels
                .iter()
                .enumerate()
                .map(|(i, label)| scene.wrap(label, set, room(i).max(8.0), max_lines))
                .collect();
            let most = lines.iter().map(Vec::len).max().unwrap_or(0);
            return Self { lines, upwards: false, height: most as f64 * line };
        }
        let mut free = f64::NEG_INFINITY;
        let mut height: f64 = 0.0;
        let mut lines = Vec::with_capacity(labels.len());
        for (position, label) in positions.iter().zip(labels) {
            if position - free < set.size * 1.15 {
                lines.push(Vec::new());
                continue;
            }
            free = *position;
            let label = words::ellipsis(&scene.style().font, &words::clean(label), set.size, set.bold, 110.0);
            height = height.max(scene.width(&label, set));
            lines.push(vec![label]);
        }
        Self { lines, upwards: true, height: height + 4.0 }
    }

    /// Draws the row with its top edge at `y`.
    pub fn draw(&self, scene: &mut Scene<'_>, positions: &[f64], y: f64, set: Type) {
        for (x, lines) in positions.iter().zip(&self.lines) {
            if self.upwards {
                if let Some(line) = lines.first() {
                    scene.text((x + set.size * 0.36, y + 2.0), line, set.end().upwards());
                }
            } else {
                scene.lines((*x, y + set.size), lines, set.middle());
            }
        }
    }
}

/// The title of a vertical axis, horizontal above the axis so that it reads without turning the page.
/// Returns the y below it.
pub fn title_above(scene: &mut Scene<'_>, at: Point, title: &str, hint: &str, width: f64) -> f64 {
    let lines = scene.wrap(title, Type::LABEL.bold(), width, 3);
    let mut y = scene.lines((at.0, at.1 + style::TEXT), &lines, Type::LABEL.bold());
    if !hint.is_empty() {
        let lines = scene.wrap(hint, Type::SMALL.colour(style::MUTED), width, 2);
        y = scene.lines((at.0, y), &lines, Type::SMALL.colour(style::MUTED));
    }
    y - style::TEXT + 4.0
}

/// "← favours active" and "favours placebo →" on either side of zero under an axis. Returns the y below them.
pub fn directions(scene: &mut Scene<'_>, zero: f64, left: &str, right: &str, y: f64, span: (f64, f64)) -> f64 {
    let set = Type::SMALL.colour(style::MUTED);
    let texts = [format!("← {left}"), format!("{right} →")];
    // Where one side has little room and the other more than it needs, they meet beside the zero rather than wrap.
    let [wide_left, wide_right] = [0, 1].map(|side| scene.width(&texts[side], set) + 4.0);
    let (low, high) = (span.0 + wide_left, span.1 - wide_right);
    let zero = if low <= high { zero.clamp(low, high) } else { zero };
    let rooms = [zero - span.0 - 4.0 + 1e-6, span.1 - zero - 4.0 + 1e-6];
    let lines: Vec<Vec<String>> =
        texts.iter().zip(rooms).map(|(text, room)| scene.wrap(text, set, room.max(30.0), 3)).collect();
    scene.lines((zero - 4.0, y + set.size), &lines[0], set.end());
    scene.lines((zero + 4.0, y + set.size), &lines[1], set);
    y + lines.iter().map(Vec::len).max().unwrap_or(1) as f64 * set.size * style::LEADING
}

/// Room at the left of a panel for the labels of its vertical axis.
pub const PANEL_LEFT: f64 = 34.0;

/// Room above a panel of the given width for the title of its vertical axis.
pub fn panel_head(scene: &Scene<'_>, title: &str, width: f64) -> f64 {
    scene.wrap(title, Type::LABEL.bold(), width, 3).len() as f64 * style::TEXT * style::LEADING + 9.0
}

/// A panel with a vertical and a horizontal axis and their titles; `inside` is the plot's rectangle (left, top, right,
/// bottom). Returns the scales and the y below the titles.
pub fn panel(
    scene: &mut Scene<'_>,
    inside: (f64, f64, f64, f64),
    limits: [(f64, f64); 2],
    titles: [&str; 2],
    counts: [usize; 2],
    numbers: Numbers,
) -> (Scale, Scale, f64) {
    let (left_edge, top, right, foot) = inside;
    let x = Scale { domain: limits[0], range: (left_edge, right) };
    let y = Scale { domain: limits[1], range: (foot, top) };
    let down = numbers.ticks(limits[1].0, limits[1].1, counts[1]);
    for value in &down.values {
        scene.line((left_edge, y.at(*value)), (right, y.at(*value)), Stroke::hair(style::GRID));
    }
    left(scene, left_edge, y, &down);
    let below = bottom(scene, foot, x, &numbers.ticks(limits[0].0, limits[0].1, counts[0]));
    let set = Type::LABEL.middle();
    let lines = scene.wrap(titles[0], set, right - left_edge + 20.0, 3);
    let below = scene.lines(((left_edge + right) / 2.0, below + 3.0 + style::TEXT), &lines, set) - style::TEXT;
    let head = scene.wrap(titles[1], Type::LABEL.bold(), right - left_edge + PANEL_LEFT, 3);
    let above = (head.len().max(1) as f64 - 1.0) * style::TEXT * style::LEADING;
    scene.lines((left_edge - PANEL_LEFT, top - 10.0 - above), &head, Type::LABEL.bold());
    (x, y, below)
}

#[cfg(test)]
mod tests {
    use super::{Numbers, Ticks};

    #[test]
    fn ratios_have_round_ticks_with_one_among_them() {
        let of = |low: f64, high: f64| Ticks::of_ratios(low.ln(), high.ln(), 6).labels();
        assert_eq!(of(0.68, 1.32), ["0.7", "0.8", "0.9", "1", "1.1", "1.2", "1.3"]);
        assert_eq!(of(0.2, 4.0), ["0.2", "0.5", "1", "2"]);
        assert_eq!(of(0.33, 1.9), ["0.5", "0.7", "1", "1.5"]);
        assert_eq!(of(1e-6, 1e6).len(), 13);
    }

    #[test]
    fn a_limit_near_one_keeps_the_decimals_that_show_its_side() {
        let numbers = Numbers::LogRatios;
        let (low, high) = (0.9_f64.ln(), 0.998_f64.ln());
        let decimals = numbers.interval_decimals(Some(low), Some(high), 2);
        assert_eq!(numbers.print(high, decimals), "0.998");
    }
}
