//! Grades of MRI findings: per finding, arm and visit one bar of all knees, divided by grade.

use plotters::style::RGBColor;

use super::scene::{Arm, Scene, Stroke, Type};
use super::style::{self, Style};
use super::{Figure, FigureError, Heading};

const KIND: &str = "shift-bars";
const BAR: f64 = 12.0;
const GAP: f64 = 3.0;
/// Room for the names of the bars.
const LABELS: f64 = 112.0;
/// Most room for the notes at the right.
const NOTES: f64 = 120.0;

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Arm of the knees.
    pub arm: Arm,
    /// Visit.
    pub label: String,
    /// Knees per grade, in the order of [`Finding::grades`].
    pub counts: Vec<usize>,
    /// Text at the right of the bar, such as "2 worse, 25 same, 1 better".
    pub note: String,
}

/// One MRI finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Name of the finding.
    pub label: String,
    /// Names of the grades, from none to severe.
    pub grades: Vec<String>,
    /// Bars from top to bottom.
    pub bars: Vec<Bar>,
}

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct ShiftBars {
    /// Number, title, description, footnotes.
    pub heading: Heading,
    /// Findings from top to bottom.
    pub findings: Vec<Finding>,
    /// Words on the figure.
    pub labels: Labels,
}

/// The words on the figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// Noun after the number of knees of a bar.
    pub knees: String,
    /// Head of the column of notes; empty when no bar has one.
    pub note: String,
}

impl Labels {
    /// English words.
    pub fn english() -> Self {
        Self { knees: "knees".into(), note: "From baseline".into() }
    }
}

/// Divides a figure of many findings into pages. Keys and numbers of the parts get the suffixes `-2`, `-3`, ….
pub fn paginate(input: &ShiftBars, style: &Style) -> Vec<ShiftBars> {
    let mut parts: Vec<Vec<Finding>> = Vec::new();
    let mut used = f64::INFINITY;
    for finding in &input.findings {
        let mut scene = Scene::new(KIND, style);
        let height = draw_finding(&mut scene, input, finding, (LABELS + 6.0, style::WIDTH - NOTES), 0.0) + 12.0;
        if used + height > style::PAGE_HEIGHT {
            parts.push(Vec::new());
            used = 0.0;
        }
        used += height;
        if let Some(part) = parts.last_mut() {
            part.push(finding.clone());
        }
    }
    let part = |(i, findings): (usize, Vec<Finding>)| ShiftBars {
        heading: input.heading.part(i),
        findings,
        labels: input.labels.clone(),
    };
    parts.into_iter().enumerate().map(part).collect()
}

/// Draws the figure.
///
/// # Errors
/// [`FigureError::Empty`] when no bar has a knee; [`FigureError::DoesNotAddUp`] when a bar has more grades than its
/// finding names.
pub fn draw(input: &ShiftBars, style: &Style) -> Result<Figure, FigureError> {
    if !input.findings.iter().flat_map(|f| &f.bars).flat_map(|b| &b.counts).any(|c| *c > 0) {
        return Err(FigureError::Empty { figure: KIND, missing: "no knee has a grade" });
    }
    for finding in &input.findings {
        if let Some(bar) = finding.bars.iter().find(|b| b.counts.len() > finding.grades.len()) {
            let what = format!("{} counts for the {} grades of a finding", bar.counts.len(), finding.grades.len());
            return Err(FigureError::DoesNotAddUp { figure: KIND, what });
        }
    }
    let mut scene = Scene::new(KIND, style);
    let notes = input.findings.iter().flat_map(|f| &f.bars).map(|b| scene.width(&b.note, Type::SMALL));
    let notes = notes.fold(0.0, f64::max).min(NOTES);
    let plot = (LABELS + 6.0, style::WIDTH - if notes > 0.0 { notes + 10.0 } else { 0.0 });
    let mut y = 0.0;
    if notes > 0.0 {
        let lines = scene.wrap(&input.labels.note, Type::SMALL, notes, 2);
        scene.lines((plot.1 + 8.0, style::SMALL), &lines, Type::SMALL.colour(style::MUTED));
    }
    for finding in &input.findings {
        y = draw_finding(&mut scene, input, finding, plot, y) + 12.0;
    }
    scene.finish(&input.heading, y - 6.0)
}

fn draw_finding(scene: &mut Scene<'_>, input: &ShiftBars, finding: &Finding, plot: (f64, f64), top: f64) -> f64 {
    let name = scene.wrap(&finding.label, Type::LABEL.bold(), plot.1, 3);
    let mut y = scene.lines((0.0, top + style::TEXT), &name, Type::LABEL.bold()) - style::TEXT + 2.0;
    y = grade_key(scene, finding, plot, y) + 3.0;
    let mut previous: Option<Arm> = None;
    for bar in &finding.bars {
        if previous.is_some_and(|arm| arm != bar.arm) {
            y += GAP * 1.5;
        }
        let text = format!("{}, {}", bar.arm.label(scene.style()), bar.label);
        let set = Type::SMALL.colour(bar.arm.ink());
        let lines = scene.wrap(&text, set, LABELS - 10.0, 4);
        let height = BAR.max(lines.len() as f64 * style::SMALL * style::LEADING);
        scene.marker(bar.arm, (3.0, y + BAR / 2.0), 2.2);
        scene.lines((9.0, y + BAR / 2.0 + style::SMALL * 0.36), &lines, set);
        let knees: usize = bar.counts.iter().sum();
        let mut x = plot.0;
        for (grade, count) in bar.counts.iter().enumerate().filter(|(_, c)| **c > 0) {
            let width = (plot.1 - plot.0) * *count as f64 / knees as f64;
            let fill = grade_colour(grade, finding.grades.len());
            scene.rectangle((x, y), (x + width, y + BAR), fill, 1.0);
            scene.outline((x, y), (x + width, y + BAR), Stroke { width: 0.4, ..Stroke::hair(style::MUTED) });
            let set = Type::SMALL.middle().colour(on(fill));
            let text = count.to_string();
            if scene.width(&text, set) + 2.0 < width {
                scene.text((x + width / 2.0, y + BAR / 2.0 + style::SMALL * 0.36), &text, set);
            }
            let name = finding.grades.get(grade).map_or("", String::as_str);
            scene.hover((x + width / 2.0, y + BAR / 2.0), BAR / 2.0, {
                format!("{text_label}, {name}: {count} / {knees} {}", input.labels.knees, text_label = bar.label)
            });
            x += width;
        }
        let note = scene.wrap(&bar.note, Type::SMALL, style::WIDTH - plot.1 - 8.0, 2);
        scene.lines((plot.1 + 8.0, y + BAR / 2.0 + style::SMALL * 0.36), &note, Type::SMALL);
        y += height.max(note.len() as f64 * style::SMALL * style::LEADING) + GAP;
        previous = Some(bar.arm);
    }
    y
}

/// The grades with their fills, in one row or more above the bars.
fn grade_key(scene: &mut Scene<'_>, finding: &Finding, plot: (f64, f64), top: f64) -> f64 {
    let (mut x, mut y) = (plot.0, top);
    for (grade, name) in finding.grades.iter().enumerate() {
        let lines = scene.wrap(name, Type::SMALL, plot.1 - plot.0 - 14.0, 1);
        let width = lines.iter().map(|l| scene.width(l, Type::SMALL)).fold(0.0, f64::max) + 11.0;
        if x + width > plot.1 && x > plot.0 {
            x = plot.0;
            y += style::SMALL * 1.4;
        }
        let fill = grade_colour(grade, finding.grades.len());
        scene.rectangle((x, y + 1.5), (x + 8.0, y + 9.0), fill, 1.0);
        scene.outline((x, y + 1.5), (x + 8.0, y + 9.0), Stroke { width: 0.4, ..Stroke::hair(style::MUTED) });
        scene.lines((x + 11.0, y + style::SMALL), &lines, Type::SMALL.colour(style::MUTED));
        x += width + 10.0;
    }
    y + style::SMALL * 1.4
}

fn grade_colour(grade: usize, grades: usize) -> RGBColor {
    let last = style::GRADES.len() - 1;
    let at = if grades <= 1 { 0 } else { (grade * last + (grades - 1) / 2) / (grades - 1) };
    style::GRADES[at.min(last)]
}

/// Ink that reads on a fill.
fn on(fill: RGBColor) -> RGBColor {
    if u32::from(fill.0) + u32::from(fill.1) + u32::from(fill.2) < 420 { style::PAPER } else { style::INK }
}
