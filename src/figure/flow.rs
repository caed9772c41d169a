//! Flow of patients and knees, after the flow diagram of the CONSORT extension to within-person randomised trials
//! (Pandis et al., BMJ 2017;357:j2835). Every box counts both, and the boxes have to add up.

use super::scene::{Arm, Scene, Stroke, Type};
use super::style::{self, Style};
use super::{Figure, FigureError, Heading};

const KIND: &str = "flow";
const PAD: f64 = 6.0;

/// Patients and knees; no knees where only the patients are known, as of those assessed for eligibility.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Patients.
    pub patients: usize,
    /// Their knees.
    pub knees: usize,
}

/// Why patients or knees leave between one step and the next.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaving {
    /// Reason.
    pub reason: String,
    /// Patients that leave (with both knees), and knees that leave. A knee that is lost while the patient stays is
    /// `Count { patients: 0, knees: 1 }`.
    pub count: Count,
}

/// One box of the main column.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What happened ("Randomised", "Analysed at Month 6").
    pub label: String,
    /// Patients and knees in this step.
    pub count: Count,
    /// Knees of the active and of the placebo arm, from randomisation on.
    pub by_arm: Option<[usize; 2]>,
    /// Title of the box of those that leave after this step ("Excluded", "Not analysed").
    pub leaving_label: String,
    /// Those that leave after this step, by reason.
    pub leaving: Vec<Leaving>,
}

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// Number, title, description, footnotes.
    pub heading: Heading,
    /// Number of arms of the trial, which is the most knees a patient has.
    pub arms: usize,
    /// Steps from top to bottom.
    pub steps: Vec<Step>,
    /// Words on the figure.
    pub labels: Labels,
}

/// The words on the figure: how counts are written.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// "1 patient".
    pub patient: String,
    /// Noun for other numbers of patients.
    pub patients: String,
    /// "1 knee".
    pub knee: String,
    /// Noun for other numbers of knees.
    pub knees: String,
    /// Between a number and its noun: a no-break space, or nothing in Japanese.
    pub space: String,
    /// Between the patients and the knees (", " or "、").
    pub comma: String,
    /// Between a reason and its count (": " or "：").
    pub colon: String,
}

impl Labels {
    /// English words.
    pub fn english() -> Self {
        Self {
            patient: "patient".into(),
            patients: "patients".into(),
            knee: "knee".into(),
            knees: "knees".into(),
            space: "\u{a0}".into(),
            comma: ", ".into(),
            colon: ": ".into(),
        }
    }

    fn knees(&self, n: usize) -> String {
        format!("{n}{}{}", self.space, if n == 1 { &self.knee } else { &self.knees })
    }

    fn count(&self, count: Count) -> String {
        if count.patients == 0 && count.knees > 0 {
            return self.knees(count.knees);
        }
        let patients = if count.patients == 1 { &self.patient } else { &self.patients };
        if count.patients > 0 && count.knees == 0 {
            return format!("{}{}{patients}", count.patients, self.space);
        }
        format!("{}{}{patients}{}{}", count.patients, self.space, self.comma, self.knees(count.knees))
    }
}

/// Checks that every step is the one before it less those that left, in patients and in knees, that the arms make up
/// the knees, and that nobody has more knees than there are arms.
///
/// # Errors
/// [`FigureError::DoesNotAddUp`] with the first sum that fails.
pub fn check(steps: &[Step], arms: usize) -> Result<(), FigureError> {
    let fail = |what: String| Err(FigureError::DoesNotAddUp { figure: KIND, what });
    for step in steps {
        let Count { patients, knees } = step.count;
        if knees > arms * patients {
            return fail(format!("{}: {knees} knees of {patients} patients", step.label));
        }
        if let Some([active, placebo]) = step.by_arm
            && active + placebo != knees
        {
            return fail(format!("{}: {active} active + {placebo} placebo knees are not {knees}", step.label));
        }
    }
    for pair in steps.windows(2) {
        let [before, after] = pair else { continue };
        let (had, has) = (before.count, after.count);
        let lost = total(&before.leaving);
        let sums =
            [("patients", had.patients, lost.patients, has.patients), ("knees", had.knees, lost.knees, has.knees)];
        // Where the step knows no knees, neither do those that left it.
        for (noun, had, lost, has) in sums.into_iter().take(if had.knees == 0 { 1 } else { 2 }) {
            if had != lost + has {
                let what = format!("{} {had} {noun} − {lost} that left are not {} {has}", before.label, after.label);
                return fail(what);
            }
        }
    }
    Ok(())
}

fn total(leaving: &[Leaving]) -> Count {
    leaving.iter().fold(Count::default(), |sum, l| Count {
        patients: sum.patients + l.count.patients,
        knees: sum.knees + l.count.knees,
    })
}

/// Draws the figure.
///
/// # Errors
/// [`FigureError::Empty`] without steps; [`FigureError::DoesNotAddUp`] as [`check`].
pub fn draw(input: &Flow, style: &Style) -> Result<Figure, FigureError> {
    if input.steps.is_empty() {
        return Err(FigureError::Empty { figure: KIND, missing: "no step" });
    }
    check(&input.steps, input.arms)?;
    let mut scene = Scene::new(KIND, style);
    let main = (0.5, style::WIDTH * 0.54);
    let side = (style::WIDTH * 0.61, style::WIDTH - 0.5);
    let spine = (main.0 + main.1) / 2.0;
    let mut y = 0.5;
    for (i, step) in input.steps.iter().enumerate() {
        let bottom = main_box(&mut scene, input, step, main, y);
        y = bottom;
        let last = i + 1 == input.steps.len();
        if !step.leaving.is_empty() {
            let top = bottom + 10.0;
            let end = side_box(&mut scene, input, step, side, top);
            let middle = (top + end) / 2.0;
            if last {
                scene.line((spine, bottom), (spine, middle), Stroke { width: 0.8, ..Stroke::line(style::AXIS) });
            }
            arrow(&mut scene, (spine, middle), (side.0, middle));
            y = end;
        }
        if !last {
            arrow(&mut scene, (spine, bottom), (spine, y + 18.0));
            y += 18.0;
        }
    }
    scene.finish(&input.heading, y + 1.0)
}

/// One step; returns its bottom edge.
fn main_box(scene: &mut Scene<'_>, input: &Flow, step: &Step, (left, right): (f64, f64), top: f64) -> f64 {
    let width = right - left - 2.0 * PAD;
    let centre = (left + right) / 2.0;
    let title = Type::LABEL.bold().middle();
    let lines = scene.wrap(&step.label, title, width, 4);
    let mut y = scene.lines((centre, top + PAD + style::TEXT * 0.9), &lines, title);
    let lines = scene.wrap(&input.labels.count(step.count), Type::LABEL, width, 3);
    y = scene.lines((centre, y), &lines, Type::LABEL.middle());
    if let Some(knees) = step.by_arm {
        let half = (right - left) / 2.0;
        let start = y + 3.0;
        scene.line((left, start - style::TEXT), (right, start - style::TEXT), Stroke::hair(style::GRID));
        let mut lowest = start;
        for (i, (arm, n)) in [Arm::Active, Arm::Placebo].into_iter().zip(knees).enumerate() {
            let x = left + (i as f64 + 0.5) * half;
            let set = Type::LABEL.middle();
            let label = arm.label(scene.style()).to_owned();
            let count = input.labels.knees(n);
            // Arm and number on one line where it holds both.
            let between = style::TEXT * 0.7;
            let widths = [scene.width(&label, set.bold()), scene.width(&count, set)];
            let whole = widths[0] + between + widths[1];
            if whole <= half - 2.0 * PAD {
                let left = x - whole / 2.0;
                let y = start + 2.0;
                scene.text((left, y), &label, Type::LABEL.bold().colour(arm.ink()));
                scene.text((left + widths[0] + between, y), &count, Type::LABEL);
                lowest = lowest.max(y + style::TEXT * style::LEADING);
                continue;
            }
            let lines = scene.wrap(&label, set.bold(), half - 2.0 * PAD, 6);
            let after = scene.lines((x, start + 2.0), &lines, set.bold().colour(arm.ink()));
            lowest = lowest.max(scene.lines((x, after), &[count], set));
        }
        y = lowest;
    }
    let bottom = y - style::TEXT * 0.9 + PAD;
    scene.outline((left, top), (right, bottom), Stroke { width: 0.8, ..Stroke::line(style::AXIS) });
    bottom
}

/// Those that leave; returns the bottom edge.
fn side_box(scene: &mut Scene<'_>, input: &Flow, step: &Step, (left, right): (f64, f64), top: f64) -> f64 {
    let width = right - left - 2.0 * PAD;
    let head = format!("{}{}{}", step.leaving_label, input.labels.colon, input.labels.count(total(&step.leaving)));
    let lines = scene.wrap(&head, Type::SMALL.bold(), width, 4);
    let mut y = scene.lines((left + PAD, top + PAD + style::SMALL * 0.9), &lines, Type::SMALL.bold());
    for leaving in &step.leaving {
        let text = format!("{}{}{}", leaving.reason, input.labels.colon, input.labels.count(leaving.count));
        let lines = scene.wrap(&text, Type::SMALL, width - 8.0, 6);
        y = scene.lines((left + PAD + 8.0, y), &lines, Type::SMALL);
    }
    let bottom = y - style::SMALL * 0.9 + PAD;
    scene.outline((left, top), (right, bottom), Stroke { width: 0.8, ..Stroke::line(style::AXIS) });
    bottom
}

fn arrow(scene: &mut Scene<'_>, from: (f64, f64), to: (f64, f64)) {
    scene.line(from, to, Stroke { width: 0.8, ..Stroke::line(style::AXIS) });
    let head = if (from.0 - to.0).abs() < 0.01 {
        vec![(to.0 - 2.5, to.1 - 5.0), to, (to.0 + 2.5, to.1 - 5.0)]
    } else {
        vec![(to.0 - 5.0, to.1 - 2.5), to, (to.0 - 5.0, to.1 + 2.5)]
    };
    scene.area(head, style::AXIS, 1.0);
}
