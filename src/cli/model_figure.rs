//! The differences of LS means as a dot plot: one row each, set in their BY cells, with confidence limits; ratios on a
//! logarithmic axis.

use super::args::model::ModelData;
use super::error::CliError;
use super::output::write_new;
use crate::disk::inputs::Inputs;
use crate::figure::axis::{self, Scale, Ticks};
use crate::figure::scene::{Scene, Stroke, Type};
use crate::figure::style::{self, Style};
use crate::figure::{FigureError, Heading, png};

/// Height of a row in points.
const ROW: f64 = 15.0;
const KIND: &str = "contrasts";

/// One comparison of the figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Dot {
    /// The levels it stands at, joined; empty without BY.
    pub cell: String,
    /// `EV - PLACEBO`.
    pub contrast: String,
    /// Estimate and limits: differences, or ratios.
    pub values: [Option<f64>; 3],
}

/// Draws `dots` into the file of `--figure`, SVG or PNG by its name; nothing without it. `ratios` says that the values are ratios; `title` is above the axis.
///
/// # Errors
/// No comparison has an estimate, a name that is neither, a file that is there (without `--force`) or cannot be written.
pub fn write(args: &ModelData, dots: &[Dot], ratios: bool, title: &str) -> Result<(), CliError> {
    let Some(path) = &args.figure else { return Ok(()) };
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_lowercase();
    if !["svg", "png"].contains(&extension.as_str()) {
        return Err(CliError::Usage(format!("--figure {}: a name ending in .svg or .png", path.display())));
    }
    let place = |value: f64| if ratios { value.log10() } else { value };
    let known: Vec<(&Dot, [f64; 3])> = dots
        .iter()
        .filter_map(|dot| match dot.values {
            [Some(estimate), Some(low), Some(high)] => Some((dot, [estimate, low, high].map(place))),
            _ => None,
        })
        .filter(|(_, values)| values.iter().all(|value| value.is_finite()))
        .collect();
    if known.is_empty() {
        return Err(CliError::Refused("--figure: no comparison of --contrast has an estimate with limits".to_owned()));
    }
    let svg = draw(&known, ratios, title).map_err(|error| CliError::Output(error.to_string()))?;
    let bytes = match extension.as_str() {
        "svg" => svg.into_bytes(),
        _ => png::png(&svg, 300.0).map_err(|error| CliError::Output(error.to_string()))?,
    };
    write_new(path, &bytes, &Inputs::of([&args.data]), args.force)
}

/// Ticks of a logarithmic axis: 1, 2 and 5 times powers of ten within the domain, powers alone over more than two decades.
fn log_ticks(low: f64, high: f64) -> Vec<(f64, String)> {
    let steps: &[f64] = if high - low > 2.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let decades = low.floor() as i32..=high.ceil() as i32;
    let values = decades.flat_map(|decade| steps.iter().map(move |step| step * 10_f64.powi(decade)));
    let inside = values.filter(|value| (low - 1e-9..=high + 1e-9).contains(&value.log10()));
    inside.map(|value| (value.log10(), value.to_string())).collect()
}

fn draw(dots: &[(&Dot, [f64; 3])], ratios: bool, title: &str) -> Result<String, FigureError> {
    let style = Style::default();
    let mut scene = Scene::new(KIND, &style);
    let none = 0.0;
    let ends = dots.iter().flat_map(|(_, [_, low, high])| [Some(*low), Some(*high)]).chain([Some(none)]);
    let (low, high) = axis::extent(ends).unwrap_or((-1.0, 1.0));
    let margin = 0.04 * (high - low).max(1e-9);
    let (low, high) = (low - margin, high + margin);
    let head = axis::title_above(&mut scene, (0.0, 0.0), title, "", style::WIDTH);
    let name = |dot: &Dot| match dot.cell.as_str() {
        "" => dot.contrast.clone(),
        cell => format!("{cell}: {}", dot.contrast),
    };
    let names = dots.iter().map(|(dot, _)| scene.width(&name(dot), Type::SMALL)).fold(0.0, f64::max);
    let (left, right) = (names + 12.0, style::WIDTH - 8.0);
    let x = Scale { domain: (low, high), range: (left, right) };
    let top = head + 8.0;
    let mut at = top;
    let mut cell: Option<&str> = None;
    let mut rows = Vec::new();
    for (dot, values) in dots {
        if cell.is_some_and(|cell| cell != dot.cell) {
            at += 0.5 * ROW;
        }
        cell = Some(&dot.cell);
        rows.push((at + 0.5 * ROW, *dot, values));
        at += ROW;
    }
    let bottom = at + 4.0;
    let ticks: Vec<(f64, String)> = match ratios {
        true => log_ticks(low, high),
        false => {
            let ticks = Ticks::between(low, high, 8);
            ticks.values.iter().copied().zip(ticks.labels()).collect()
        }
    };
    for (value, label) in &ticks {
        scene.line((x.at(*value), top), (x.at(*value), bottom), Stroke::hair(style::GRID));
        scene.text((x.at(*value), bottom + 1.3 * style::SMALL), label, Type::SMALL.middle());
    }
    scene.line((x.at(none), top), (x.at(none), bottom), Stroke::line(style::GRID));
    for (height, dot, [estimate, low, high]) in rows {
        scene.text((0.0, height + 0.36 * style::SMALL), &name(dot), Type::SMALL);
        scene.line((x.at(*low), height), (x.at(*high), height), Stroke::line(style::ACTIVE));
        scene.dot((x.at(*estimate), height), 2.6, style::ACTIVE, 1.0);
        let [Some(e), Some(l), Some(h)] = dot.values else { continue };
        scene.hover((x.at(*estimate), height), 5.0, format!("{}: {e} ({l} to {h})", name(dot)));
    }
    let heading = Heading::new(title, "", title);
    scene.finish(&heading, bottom + 3.0 * style::SMALL).map(|figure| figure.svg)
}
