//! Missingness map: patients down, visits across, the two knees of a visit side by side. Patients with the same pattern
//! stand together, so that patterns are seen as blocks.

use super::axis::LabelRow;
use super::scene::{Arm, Scene, Stroke, Type};
use super::style::{self, Style};
use super::{Figure, FigureError, Heading};

const KIND: &str = "missingness";
/// Height of the map when there are many patients.
const TALLEST: f64 = 210.0;

/// What is known of one knee at one visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// A value was observed.
    Observed,
    /// A value was expected and is missing.
    Missing,
    /// No value was expected: the patient had left the trial.
    Left,
    /// The patient has no knee on this arm.
    NoKnee,
}

/// One patient.
#[derive(Debug, Clone, PartialEq)]
pub struct Patient {
    /// Identifier.
    pub label: String,
    /// Active and placebo knee at every visit.
    pub visits: Vec<[Cell; 2]>,
}

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Missingness {
    /// Number, title, description, footnotes.
    pub heading: Heading,
    /// Names of the visits.
    pub visits: Vec<String>,
    /// Patients, in any order.
    pub patients: Vec<Patient>,
    /// Words on the figure.
    pub labels: Labels,
}

/// The words on the figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// Name of a missing cell.
    pub missing: String,
    /// Name of a cell after the patient left.
    pub left: String,
    /// Name of an observed cell.
    pub observed: String,
    /// Head of the counts under the map.
    pub count: String,
    /// Noun after the number of patients.
    pub patients: String,
}

impl Labels {
    /// English words.
    pub fn english() -> Self {
        Self {
            missing: "missing".into(),
            left: "left the trial".into(),
            observed: "observed".into(),
            count: "Not observed".into(),
            patients: "patients".into(),
        }
    }
}

/// Draws the figure.
///
/// # Errors
/// [`FigureError::Empty`] without patients or visits; [`FigureError::DoesNotAddUp`] when a patient has another number
/// of visits than are named.
pub fn draw(input: &Missingness, style: &Style) -> Result<Figure, FigureError> {
    if input.patients.is_empty() || input.visits.is_empty() {
        return Err(FigureError::Empty { figure: KIND, missing: "no patient or no visit" });
    }
    if let Some(odd) = input.patients.iter().find(|p| p.visits.len() != input.visits.len()) {
        let what = format!("{} visits of patient {} for {} names", odd.visits.len(), odd.label, input.visits.len());
        return Err(FigureError::DoesNotAddUp { figure: KIND, what });
    }
    let mut ordered: Vec<&Patient> = input.patients.iter().collect();
    ordered.sort_by(|a, b| a.visits.cmp(&b.visits).then_with(|| a.label.cmp(&b.label)));

    let mut scene = Scene::new(KIND, style);
    let row = (TALLEST / ordered.len() as f64).min(10.0);
    let named = row >= 9.0;
    let widest = ordered.iter().map(|p| scene.width(&p.label, Type::SMALL)).fold(0.0, f64::max).min(96.0);
    let heads = [Arm::Active, Arm::Placebo].map(|arm| scene.wrap(arm.label(style), Type::SMALL, 92.0, 4));
    let left = if named { widest.max(60.0) + 8.0 } else { 78.0 };
    let left = heads.iter().flatten().map(|l| scene.width(l, Type::SMALL) + 8.0).fold(left, f64::max);
    let pitch = (style::WIDTH - left) / input.visits.len() as f64;
    let pitch = pitch.min(90.0);
    let gap = (pitch * 0.12).min(8.0);
    let half = (pitch - gap) / 2.0;

    let top = key(&mut scene, input) + 6.0;
    let at: Vec<f64> = (0..input.visits.len()).map(|i| left + i as f64 * pitch + half).collect();
    let names: Vec<&str> = input.visits.iter().map(String::as_str).collect();
    let names_row = LabelRow::fit(&scene, &at, &names, Type::SMALL, 3);
    names_row.draw(&mut scene, &at, top, Type::SMALL);
    let top = top + names_row.height + 5.0;
    let bottom = top + row * ordered.len() as f64;

    for (visit, x) in at.iter().enumerate() {
        for (knee, arm) in [Arm::Active, Arm::Placebo].into_iter().enumerate() {
            let a = x - half + knee as f64 * half;
            let state = |p: &&Patient| p.visits.get(visit).map(|v| v[knee]);
            let mut start = 0;
            for run in ordered.chunk_by(|p, q| state(p) == state(q)) {
                let (from, to) = (top + start as f64 * row, top + (start + run.len()) as f64 * row);
                cell(&mut scene, state(&run[0]), arm, (a, from), (a + half, to));
                start += run.len();
            }
        }
    }
    if named {
        for (i, patient) in ordered.iter().enumerate() {
            let text = super::words::ellipsis(
                &style.font,
                &super::words::clean(&patient.label),
                style::SMALL,
                false,
                left - 8.0,
            );
            let y = top + (i as f64 + 0.5) * row;
            scene.text((left - 5.0, y + style::SMALL * 0.36), &text, Type::SMALL.end());
            if row >= 6.0 && i > 0 {
                let white = Stroke { width: 0.4, ..Stroke::hair(style::PAPER) };
                scene.line((left, y - row / 2.0), (style::WIDTH, y - row / 2.0), white);
            }
        }
    } else {
        let text = format!("{} {}", ordered.len(), input.labels.patients);
        let lines = scene.wrap(&text, Type::SMALL, left - 8.0, 3);
        scene.lines((left - 5.0, (top + bottom) / 2.0), &lines, Type::SMALL.colour(style::MUTED).end());
    }
    let below = counts(&mut scene, input, &heads, &at, left, bottom + 5.0);
    scene.finish(&input.heading, below + 4.0)
}

fn cell(scene: &mut Scene<'_>, state: Option<Cell>, arm: Arm, a: (f64, f64), b: (f64, f64)) {
    match state {
        Some(Cell::Observed) => scene.rectangle(a, b, arm.colour(), if arm == Arm::Active { 0.55 } else { 0.4 }),
        Some(Cell::Missing) => scene.rectangle(a, b, style::INK, 1.0),
        Some(Cell::NoKnee) => {}
        Some(Cell::Left) | None => scene.rectangle(a, b, style::BAND, 1.0),
    }
}

/// What the cells mean, above the map. Returns the y below it.
fn key(scene: &mut Scene<'_>, input: &Missingness) -> f64 {
    let style = scene.style();
    let entries = [
        (Cell::Observed, Arm::Active, format!("{}, {}", style.active_label, input.labels.observed)),
        (Cell::Observed, Arm::Placebo, format!("{}, {}", style.placebo_label, input.labels.observed)),
        (Cell::Missing, Arm::Active, input.labels.missing.clone()),
        (Cell::Left, Arm::Active, input.labels.left.clone()),
    ];
    let (mut x, mut y) = (0.0, 0.0);
    for (state, arm, text) in entries {
        let lines = scene.wrap(&text, Type::SMALL, style::WIDTH - 20.0, 2);
        let width = lines.iter().map(|l| scene.width(l, Type::SMALL)).fold(0.0, f64::max) + 12.0;
        if x > 0.0 && x + width > style::WIDTH {
            x = 0.0;
            y += style::SMALL * 1.5;
        }
        cell(scene, Some(state), arm, (x, y + 1.0), (x + 9.0, y + 9.0));
        let after = scene.lines((x + 12.0, y + style::SMALL), &lines, Type::SMALL.colour(style::MUTED));
        if lines.len() > 1 {
            x = style::WIDTH;
            y = after - style::SMALL * (1.0 + style::LEADING);
        } else {
            x += width + 12.0;
        }
    }
    y + style::SMALL * 1.5
}

/// Cells of each arm that were not observed, per visit.
fn counts(
    scene: &mut Scene<'_>,
    input: &Missingness,
    heads: &[Vec<String>; 2],
    at: &[f64],
    left: f64,
    top: f64,
) -> f64 {
    let muted = Type::SMALL.colour(style::MUTED).end();
    let title = scene.wrap(&input.labels.count, muted, left - 8.0, 2);
    let mut y = scene.lines((left - 5.0, top + style::SMALL), &title, muted) - style::SMALL;
    for (knee, arm) in [Arm::Active, Arm::Placebo].into_iter().enumerate() {
        let missing = |visit: usize| {
            let here =
                |p: &&Patient| p.visits.get(visit).is_some_and(|v| !matches!(v[knee], Cell::Observed | Cell::NoKnee));
            input.patients.iter().filter(here).count().to_string()
        };
        let numbers: Vec<String> = (0..at.len()).map(missing).collect();
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let row = LabelRow::fit(scene, at, &numbers, Type::SMALL, 1);
        row.draw(scene, at, y, Type::SMALL);
        let set = Type::SMALL.colour(arm.ink()).end();
        let after = scene.lines((left - 5.0, y + style::SMALL), &heads[knee], set) - style::SMALL;
        y = after.max(y + row.height);
    }
    y
}
