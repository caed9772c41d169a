//! Waterfall: one bar per patient for the within-patient difference, from most in favour of the active knee to most in
//! favour of the placebo knee.

use super::axis::{self, Numbers, Scale};
use super::scene::{Scene, Stroke, Type};
use super::style::{self, Style};
use super::{Figure, FigureError, Heading, thinned};
use crate::trial::Better;

const KIND: &str = "waterfall";
const PLOT_HEIGHT: f64 = 190.0;

/// What the figure shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Waterfall {
    /// Number, title, description, footnotes.
    pub heading: Heading,
    /// Patient and difference (active − placebo), in any order.
    pub differences: Vec<(String, f64)>,
    /// Half-width of the grey band: the MCID.
    pub mcid: Option<f64>,
    /// Which direction of the endpoint is better.
    pub better: Better,
    /// What the differences stand for.
    pub numbers: Numbers,
    /// Words on the figure.
    pub labels: Labels,
}

/// The words on the figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// Title of the vertical axis.
    pub value: String,
    /// "favours EV", with the number of patients if wanted.
    pub favours_active: String,
    /// "favours saline".
    pub favours_placebo: String,
    /// Line under the bars, such as "29 patients, ordered by difference".
    pub patients: String,
    /// What the grey band is; printed only when there is one.
    pub band: String,
}

impl Labels {
    /// English words.
    pub fn english(endpoint: &str, active: &str, placebo: &str, patients: usize) -> Self {
        Self {
            value: format!("{endpoint}: {active} − {placebo}, within patient"),
            favours_active: format!("favours {active}"),
            favours_placebo: format!("favours {placebo}"),
            patients: format!("{patients} patients, ordered by difference"),
            band: "grey: within ± MCID".into(),
        }
    }
}

/// Draws the figure.
///
/// # Errors
/// [`FigureError::Empty`] without differences; [`FigureError::NotFinite`] when one is not finite.
pub fn draw(input: &Waterfall, style: &Style) -> Result<Figure, FigureError> {
    if input.differences.is_empty() {
        return Err(FigureError::Empty { figure: KIND, missing: "no patient has both knees" });
    }
    let band = input.mcid.map_or([None, None], |m| [Some(-m), Some(m)]);
    let (low, high) = axis::extent(input.differences.iter().map(|d| Some(d.1)).chain(band).chain([Some(0.0)]))
        .ok_or_else(|| FigureError::NotFinite { figure: KIND.into(), what: "a difference" })?;
    let (low, high) = input.numbers.widened(low, high, 8);
    let ticks = input.numbers.ticks(low, high, 8);
    let benefit = |value: f64| if input.better == Better::Lower { value } else { -value };
    let mut ordered: Vec<&(String, f64)> = input.differences.iter().collect();
    ordered.sort_by(|a, b| benefit(a.1).total_cmp(&benefit(b.1)).then_with(|| a.0.cmp(&b.0)));
    let ordered: Vec<&(String, f64)> = thinned(&ordered).copied().collect();

    let mut scene = Scene::new(KIND, style);
    let hint = if input.mcid.is_some() { input.labels.band.as_str() } else { "" };
    let head = axis::title_above(&mut scene, (0.0, 0.0), &input.labels.value, hint, style::WIDTH);
    let left = axis::left_room(&scene, &ticks);
    let (up, down) = match input.better {
        Better::Lower => {
            ((&input.labels.favours_placebo, style::PLACEBO_INK), (&input.labels.favours_active, style::ACTIVE))
        }
        Better::Higher => {
            ((&input.labels.favours_active, style::ACTIVE), (&input.labels.favours_placebo, style::PLACEBO))
        }
    };
    let above = Type::SMALL.colour(up.1);
    let lines = scene.wrap(&format!("↑ {}", up.0), above, style::WIDTH - left, 3);
    let top = scene.lines((left, head + 6.0 + style::SMALL), &lines, above) - style::SMALL + 3.0;
    let bottom = top + PLOT_HEIGHT;
    let y = Scale { domain: (low, high), range: (bottom, top) };
    if let Some(mcid) = input.mcid {
        scene.rectangle((left, y.at(-mcid)), (style::WIDTH, y.at(mcid)), style::BAND, 1.0);
    }
    axis::left(&mut scene, left, y, &ticks);
    let pitch = (style::WIDTH - left - 8.0) / ordered.len() as f64;
    let pitch = pitch.min(24.0);
    let gap = if pitch > 3.0 { pitch * 0.18 } else { 0.0 };
    for (i, (patient, value)) in ordered.iter().enumerate() {
        let a = left + 4.0 + i as f64 * pitch;
        let colour = if benefit(*value) < 0.0 { style::ACTIVE } else { style::PLACEBO };
        let (from, to) = ((a + gap / 2.0, y.at(0.0)), (a + pitch - gap / 2.0, y.at(*value)));
        if *value == 0.0 {
            scene.line(from, to, Stroke::line(style::MUTED));
        } else {
            scene.rectangle(from, to, colour, 1.0);
        }
        scene.hover((a + pitch / 2.0, (y.at(0.0) + y.at(*value)) / 2.0), (pitch / 2.0).max(2.0), {
            format!("{patient}: {}", input.numbers.print(*value, 2))
        });
    }
    scene.line((left, y.at(0.0)), (style::WIDTH, y.at(0.0)), Stroke::hair(style::AXIS));
    let under = Type::SMALL.colour(down.1);
    let lines = scene.wrap(&format!("↓ {}", down.0), under, style::WIDTH - left, 3);
    let below = scene.lines((left, bottom + 4.0 + style::SMALL), &lines, under);
    let note = Type::SMALL.colour(style::MUTED);
    let lines = scene.wrap(&input.labels.patients, note, style::WIDTH - left, 3);
    let below = scene.lines((left, below), &lines, note);
    scene.finish(&input.heading, below - style::SMALL + 4.0)
}
