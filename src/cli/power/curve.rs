//! The curve of a list: what was computed over the first option that was a list, one line for each value of the second.

use super::Answer;
use crate::cli::error::CliError;
use crate::disk::inputs::Inputs;
use crate::figure::axis::{self, Scale, Ticks};
use crate::figure::scene::{Scene, Stroke, Type};
use crate::figure::style::{self, Style};
use crate::figure::{FigureError, Heading, png};
use serde_json::Value;
use std::path::Path;

/// Height of the plot in points.
const PLOT_HEIGHT: f64 = 200.0;
const KIND: &str = "power-curve";

/// Draws the curve into `path`, SVG or PNG by its name.
///
/// # Errors
/// No list was given, a name that is neither, or a file that cannot be written.
pub fn write(
    path: &Path,
    answers: &[Answer],
    lists: &[&str],
    computed: &str,
    inputs: &Inputs,
    force: bool,
) -> Result<(), CliError> {
    let [over, rest @ ..] = lists else {
        return Err(CliError::Usage(
            "--out draws a curve over a list: give --n 20,30,40 or --rho 0.2:0.8:0.1".to_owned(),
        ));
    };
    let number = |answer: &Answer, name: &str| answer.get(name).and_then(Value::as_f64);
    let mut lines: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
    for answer in answers {
        let (Some(x), Some(y)) = (number(answer, over), number(answer, computed)) else { continue };
        let label = rest
            .iter()
            .map(|name| format!("{} {}", super::inputs::flag(name), number(answer, name).unwrap_or(f64::NAN)))
            .collect::<Vec<_>>()
            .join(" ");
        match lines.iter_mut().find(|(known, _)| *known == label) {
            Some((_, points)) => points.push((x, y)),
            None => lines.push((label, vec![(x, y)])),
        }
    }
    let xs = lines.iter().flat_map(|(_, points)| points.iter().map(|point| Some(point.0)));
    let ys = lines.iter().flat_map(|(_, points)| points.iter().map(|point| Some(point.1)));
    let (Some(xs), Some(ys)) = (axis::extent(xs), axis::extent(ys)) else {
        return Err(CliError::Refused("there is nothing to draw: no row has a number".to_owned()));
    };
    let svg = draw(&lines, xs, ys, over, computed).map_err(|error| CliError::Output(error.to_string()))?;
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_lowercase();
    let bytes = match extension.as_str() {
        "svg" => svg.into_bytes(),
        "png" => png::png(&svg, 300.0).map_err(|error| CliError::Output(error.to_string()))?,
        _ => return Err(CliError::Usage(format!("--out {}: a name ending in .svg or .png", path.display()))),
    };
    crate::cli::output::write_new(path, &bytes, inputs, force)
}

type Line = (String, Vec<(f64, f64)>);

fn draw(lines: &[Line], xs: (f64, f64), ys: (f64, f64), over: &str, computed: &str) -> Result<String, FigureError> {
    let style = Style::default();
    let mut scene = Scene::new(KIND, &style);
    let shares = ["power", "assurance"].contains(&computed);
    let domain = if shares { (0.0, 1.0) } else { Ticks::widened(ys.0.min(0.0), ys.1, 6) };
    let ticks = Ticks::between(domain.0, domain.1, 6);
    let head = axis::title_above(&mut scene, (0.0, 0.0), computed, "", style::WIDTH);
    let (top, bottom) = (head + 6.0, head + 6.0 + PLOT_HEIGHT);
    let names = lines.iter().map(|(label, _)| scene.width(label, Type::SMALL)).fold(0.0, f64::max);
    let (left, right) = (axis::left_room(&scene, &ticks), style::WIDTH - names - 14.0);
    let (x, y) = (Scale { domain: xs, range: (left + 8.0, right - 8.0) }, Scale { domain, range: (bottom, top) });
    for value in &ticks.values {
        scene.line((left, y.at(*value)), (right, y.at(*value)), Stroke::hair(style::GRID));
    }
    axis::left(&mut scene, left, y, &ticks);
    let under = axis::bottom(&mut scene, bottom, x, &Ticks::between(xs.0, xs.1, 8));
    scene.text((0.5 * (left + right), under + style::SMALL), over, Type::LABEL.middle());
    let mut free = f64::NEG_INFINITY;
    let mut ends: Vec<(f64, &str)> = Vec::new();
    for (label, points) in lines {
        let path: Vec<(f64, f64)> = points.iter().map(|point| (x.at(point.0), y.at(point.1))).collect();
        for (place, point) in path.iter().zip(points) {
            scene.dot(*place, 1.8, style::ACTIVE, 1.0);
            scene.hover(*place, 4.0, format!("{over} {}: {computed} {} {label}", point.0, point.1));
        }
        ends.extend(path.last().map(|end| (end.1, label.as_str())));
        scene.path(path, Stroke::line(style::ACTIVE));
    }
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (height, label) in ends {
        // Names that would stand on each other move down.
        let at = (height + style::SMALL * 0.36).max(free);
        scene.text((right, at), label, Type::SMALL);
        free = at + style::SMALL * 1.1;
    }
    let heading = Heading::new(computed, "", &format!("{computed} by {over}"));
    scene.finish(&heading, under + 2.0 * style::SMALL).map(|figure| figure.svg)
}
