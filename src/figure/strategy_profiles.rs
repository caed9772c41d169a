//! Strategy profiles: over the visits, the mean of each arm as observed beside its mean once missing values are completed
//! under each strategy, and the means of the imputed values alone.

use super::axis::{self, LabelRow, Scale, Ticks};
use super::scene::{Arm, Point, Scene, Stroke, Type};
use super::style::{self, Style};
use super::{Figure, FigureError, Heading, words};

const KIND: &str = "strategy-profiles";
const PLOT_HEIGHT: f64 = 190.0;

/// Most strategies that have a mark of their own.
pub const MOST: usize = 8;

/// One strategy; active first, one mean per visit.
#[derive(Debug, Clone, PartialEq)]
pub struct Strategy {
    /// Its name.
    pub label: String,
    /// Means of all values, missing ones completed.
    pub completed: [Vec<Option<f64>>; 2],
    /// Means of the imputed values alone; none where nothing is imputed.
    pub imputed: [Vec<Option<f64>>; 2],
}

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct StrategyProfiles {
    /// Number, title, description, footnotes.
    pub heading: Heading,
    /// Names and scheduled times of the visits, ascending.
    pub visits: Vec<(String, f64)>,
    /// Means of the observed values; active first.
    pub observed: [Vec<Option<f64>>; 2],
    /// The strategies, at most [`MOST`] are drawn.
    pub strategies: Vec<Strategy>,
    /// Words on the figure.
    pub labels: Labels,
}

/// The words on the figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// Title of the left panel, with the unit.
    pub completed: String,
    /// Title of the right panel.
    pub imputed: String,
    /// What the lines are.
    pub observed: String,
}

impl Labels {
    /// English words.
    pub fn english(endpoint: &str) -> Self {
        Self {
            completed: format!("{endpoint}: mean, missing values completed"),
            imputed: "Mean of the imputed values alone".into(),
            observed: "observed".into(),
        }
    }
}

/// Draws the figure.
///
/// # Errors
/// [`FigureError::Empty`] without a strategy or a mean; [`FigureError::NotFinite`] when a number is not finite.
pub fn draw(input: &StrategyProfiles, style: &Style) -> Result<Figure, FigureError> {
    let shown = &input.strategies[..input.strategies.len().min(MOST)];
    let means = || {
        let of = shown.iter().flat_map(|strategy| strategy.completed.iter().chain(&strategy.imputed));
        input.observed.iter().chain(of).flatten().copied()
    };
    if shown.is_empty() || means().all(|mean| mean.is_none()) {
        return Err(FigureError::Empty { figure: KIND, missing: "no strategy has a mean" });
    }
    let not_finite = |what| FigureError::NotFinite { figure: KIND.into(), what };
    let (low, high) = axis::extent(means()).ok_or(not_finite("a mean"))?;
    let times = axis::extent(input.visits.iter().map(|visit| Some(visit.1))).ok_or(not_finite("a time of a visit"))?;
    let domain = Ticks::widened(low, high, 6);
    let ticks = Ticks::between(domain.0, domain.1, 6);

    let mut scene = Scene::new(KIND, style);
    let left = axis::left_room(&scene, &ticks) + 2.0;
    let gap = 16.0;
    let width = (style::WIDTH - left - gap) / 2.0;
    let titles = [&input.labels.completed, &input.labels.imputed];
    let heads = titles.map(|title| scene.wrap(title, Type::LABEL.bold(), width, 3));
    let lines = heads.iter().map(Vec::len).max().unwrap_or(1) as f64;
    let top = lines * style::TEXT * style::LEADING + 8.0;
    let bottom = top + PLOT_HEIGHT;
    let y = Scale { domain, range: (bottom, top) };
    axis::left(&mut scene, left, y, &ticks);
    let mut places: Vec<f64> = Vec::new();
    for (panel, head) in heads.iter().enumerate() {
        let from = left + panel as f64 * (width + gap);
        scene.lines((from, style::TEXT), head, Type::LABEL.bold());
        for value in &ticks.values {
            scene.line((from, y.at(*value)), (from + width, y.at(*value)), Stroke::hair(style::GRID));
        }
        if y.contains(0.0) {
            scene.line((from, y.at(0.0)), (from + width, y.at(0.0)), Stroke::hair(style::AXIS));
        }
        scene.line((from, bottom), (from + width, bottom), Stroke::hair(style::AXIS));
        let x = Scale { domain: times, range: (from + 22.0, from + width - 22.0) };
        let at: Vec<f64> = input.visits.iter().map(|visit| x.at(visit.1)).collect();
        for (arm, observed) in [Arm::Active, Arm::Placebo].into_iter().zip(&input.observed) {
            course(&mut scene, &at, observed, y, arm.stroke());
        }
        let closest = at.windows(2).map(|w| (w[1] - w[0]).abs()).fold(60.0, f64::min);
        let step = (closest * 0.6 / (2 * shown.len()) as f64).min(8.0);
        for (place, strategy) in shown.iter().enumerate() {
            let own = if panel == 0 { &strategy.completed } else { &strategy.imputed };
            for (number, (arm, means)) in [Arm::Active, Arm::Placebo].into_iter().zip(own).enumerate() {
                // Side by side: the arms of a strategy together, the strategies around the visit.
                let shift = (2 * place + number) as f64 - (2 * shown.len() - 1) as f64 / 2.0;
                for ((mean, x), visit) in means.iter().zip(&at).zip(&input.visits) {
                    let Some(mean) = mean else { continue };
                    let here = (x + shift * step, y.at(*mean));
                    glyph(&mut scene, place, here, (step * 0.55).clamp(1.2, 3.2), arm);
                    let text = format!(
                        "{}, {}, {}: {}",
                        visit.0,
                        arm.label(scene.style()),
                        strategy.label,
                        words::number(*mean, 2)
                    );
                    scene.hover(here, 3.0, text);
                }
            }
        }
        for x in &at {
            scene.line((*x, bottom), (*x, bottom + 3.0), Stroke::hair(style::AXIS));
        }
        places.extend(at);
    }
    // One row for both panels, so that no name of one reaches into the other.
    let names: Vec<&str> = [&input.visits; 2].into_iter().flatten().map(|visit| visit.0.as_str()).collect();
    let row = LabelRow::fit(&scene, &places, &names, Type::SMALL, 2);
    row.draw(&mut scene, &places, bottom + 4.0, Type::SMALL);
    let below = bottom + 4.0 + row.height;
    let end = key(&mut scene, input, shown, below + 8.0);
    scene.finish(&input.heading, end + 4.0)
}

/// The means of the observed values, broken where a visit has none; a single visit is a short line.
fn course(scene: &mut Scene<'_>, at: &[f64], means: &[Option<f64>], y: Scale, stroke: Stroke) {
    let points: Vec<Option<Point>> = at.iter().zip(means).map(|(x, mean)| mean.map(|mean| (*x, y.at(mean)))).collect();
    for run in points.split(Option::is_none) {
        let run: Vec<Point> = run.iter().copied().flatten().collect();
        match run.as_slice() {
            [] => {}
            [only] => scene.line((only.0 - 16.0, only.1), (only.0 + 16.0, only.1), stroke),
            _ => scene.path(run, stroke),
        }
    }
}

/// The mark of the strategy with this place: its shape is the strategy's; filled for active, open for placebo.
fn glyph(scene: &mut Scene<'_>, place: usize, (x, y): Point, half: f64, arm: Arm) {
    let stroke = Stroke { width: (half * 0.35).min(1.0), dashed: false, ..arm.stroke() };
    // Corners and the direction of the first, in turns; a circle has none.
    let (corners, first): (usize, f64) = match place {
        0 => (0, 0.0),
        1 => (4, 0.125),
        2 => (4, 0.0),
        3 => (3, 0.75),
        4 => (3, 0.25),
        5 => (5, 0.75),
        6 => (6, 0.0),
        _ => (3, 0.0),
    };
    if corners == 0 {
        match arm {
            Arm::Active => scene.dot((x, y), half, arm.colour(), 1.0),
            Arm::Placebo => scene.ring((x, y), half, arm.colour(), stroke.width),
        }
        return;
    }
    let reach = half * 1.3;
    let corner = |at: usize| {
        let turn = std::f64::consts::TAU * (first + at as f64 / corners as f64);
        (x + reach * turn.cos(), y + reach * turn.sin())
    };
    let points: Vec<Point> = (0..corners).map(corner).collect();
    match arm {
        Arm::Active => scene.area(points, arm.colour(), 1.0),
        Arm::Placebo => {
            scene.area(points.clone(), style::PAPER, 1.0);
            scene.path(points.into_iter().chain([corner(0), corner(1)]).collect(), stroke);
        }
    }
}

/// What lines and marks are, under the panels. Returns the y below.
fn key(scene: &mut Scene<'_>, input: &StrategyProfiles, shown: &[Strategy], top: f64) -> f64 {
    let room = style::WIDTH / 2.0;
    let arms = [Arm::Active, Arm::Placebo];
    let names = arms.map(|arm| {
        let text = format!("{}: {}", arm.label(scene.style()), input.labels.observed);
        scene.wrap(&text, Type::SMALL, room - 26.0, 4)
    });
    let mut line = top + style::SMALL;
    for ((column, arm), lines) in arms.into_iter().enumerate().zip(&names) {
        let x = column as f64 * room;
        scene.line((x, line - 3.0), (x + 18.0, line - 3.0), arm.stroke());
        scene.lines((x + 23.0, line), lines, Type::SMALL.colour(arm.ink()));
    }
    line += names.iter().map(Vec::len).max().unwrap_or(1) as f64 * style::SMALL * style::LEADING + 3.0;
    for (place, strategy) in shown.iter().enumerate() {
        for (column, arm) in arms.into_iter().enumerate() {
            glyph(scene, place, (4.0 + 10.0 * column as f64, line - 3.0), 2.8, arm);
        }
        let lines = scene.wrap(&strategy.label, Type::SMALL, style::WIDTH - 24.0, 2);
        line = scene.lines((23.0, line), &lines, Type::SMALL) + 1.0;
    }
    line - style::SMALL
}
