//! Tipping points of an estimand: the roots along four lines as a table, and the plane of what is added to imputed values.

use super::estimands::{analysis, estimated, heading_of, plane};
use super::figures::heading;
use super::{Material, json};
use crate::analysis::estimand::{self, Side};
use crate::figure::{self, Figure, FigureError, Style, tipping_map};
use crate::table::{Cell, ResultTable};
use serde_json::Value;

/// The roots along the four lines, in the unit and as multiples of the MCID.
pub fn tipping(material: &Material, number_of: &str) -> Option<ResultTable> {
    let words = material.words;
    let arms = &material.trial.design.arms;
    let mut table = ResultTable::new("t-14-4-7-tipping", number_of, words.get("estimand.tipping"), material.everyone());
    table.headers(
        words.get("estimand.line"),
        ["below", "above", "mcid"].map(|key| words.get(&format!("estimand.root_{key}"))),
    );
    let names = [("active", &arms.active), ("placebo", &arms.placebo)];
    let values = names.map(|(key, arm)| (key, arm.as_str()));
    for own in estimated(material) {
        let asked = (0..own.records.len()).any(|place| own.only_tips(place));
        for (place, record) in own.records.iter().enumerate() {
            let found = json(record, "tipping");
            // The main analysis has its tipping points where the plan does not ask for them.
            if !found.is_object() || (place == 0 && asked) {
                continue;
            }
            let about = material.endpoint(own.question.endpoint);
            table.group(format!("{}: {}", heading_of(material, &own), analysis(material, &own, place)));
            for (key, line) in [
                ("delta_active", "active_alone"),
                ("delta_placebo", "placebo_alone"),
                ("equal", "equal"),
                ("opposite", "opposite"),
            ] {
                let roots: Vec<f64> =
                    found.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_f64).collect();
                let below = roots
                    .iter()
                    .copied()
                    .filter(|root| *root < 0.0)
                    .fold(None, |a: Option<f64>, b| Some(a.map_or(b, |a| a.max(b))));
                let above = roots
                    .iter()
                    .copied()
                    .filter(|root| *root >= 0.0)
                    .fold(None, |a: Option<f64>, b| Some(a.map_or(b, |a| a.min(b))));
                let cell = |root: Option<f64>| match root {
                    Some(root) => Cell::Number(Some(root), about.decimals + 1),
                    None => Cell::Text(words.get("estimand.root_none")),
                };
                let multiple = json(record, "tipping_multiple").get(key).and_then(Value::as_f64);
                let cells = vec![cell(below), cell(above), Cell::Number(multiple, 1)];
                table.row(words.say(&format!("estimand.line_{line}"), &values), 1, cells, vec![record.id.clone()]);
            }
        }
    }
    table.footnotes.push(words.get("estimand.tipping_note"));
    table.footnotes.extend(material.marks());
    (!table.rows.is_empty()).then_some(table)
}

/// Bands of the plane.
const BANDS: usize = 100;

/// The tipping map of every estimand in which values are imputed.
///
/// # Errors
/// The drawing fails.
pub fn maps(material: &Material, number: &str, style: &Style) -> Result<Vec<Figure>, FigureError> {
    let words = material.words;
    let arms = &material.trial.design.arms;
    let mut figures = Vec::new();
    for (place, own) in estimated(material).iter().enumerate() {
        let Some((record, plane)) = plane(own) else { continue };
        let about = material.endpoint(own.question.endpoint);
        let sd = material
            .outcomes
            .description(
                own.question.endpoint,
                own.question.visit(),
                estimand::cells::measure(&material.context(), own.question.endpoint),
                Some(&arms.placebo),
            )
            .and_then(|record| record.result.number("sd"));
        let roots = [plane.roots_where(0, 0.0), plane.roots_where(1, 0.0)].concat();
        let nearest = roots.iter().map(|root| root.abs()).fold(f64::INFINITY, f64::min);
        let scale = about.important_difference.or(sd).unwrap_or(1.0).max(sd.unwrap_or(0.0)).max(1e-12);
        // As far as the nearest root, but neither less than twice the scale nor more than eight times.
        let reach = if nearest.is_finite() { (1.3 * nearest).clamp(2.0 * scale, 8.0 * scale) } else { 2.0 * scale };
        let benefit = about.benefit_sign();
        let edge = |step: usize| reach * (2.0 * step as f64 / BANDS as f64 - 1.0);
        let bands = (0..BANDS).flat_map(|step| {
            // Along a band of one δ_placebo the side changes at the roots in δ_active alone.
            let (low, high) = (edge(step), edge(step + 1));
            let middle = 0.5 * (low + high);
            let roots = plane.roots_where(0, middle).into_iter().filter(|root| root.abs() < reach);
            let ends: Vec<f64> = std::iter::once(-reach).chain(roots).chain([reach]).collect();
            let tinted = ends.windows(2).map(|pair| {
                let tint = match plane.side([0.5 * (pair[0] + pair[1]), middle]) {
                    Side::Across => tipping_map::Tint::None,
                    Side::Below if benefit < 0.0 => tipping_map::Tint::Active,
                    Side::Above if benefit > 0.0 => tipping_map::Tint::Active,
                    _ => tipping_map::Tint::Placebo,
                };
                ([pair[0], pair[1], low, high], tint)
            });
            tinted.collect::<Vec<_>>()
        });
        let tints = bands.collect();
        let mut marks = vec![tipping_map::Mark { label: words.get("estimand.main"), at: [0.0; 2], main: true }];
        let weight = plane.weights()[0];
        for (place, other) in own.records.iter().enumerate().skip(1) {
            // Another strategy as the shift of imputed active values that gives its estimate.
            let Some(named) = own.sensitivity(place).filter(|other| other.strategy.is_some()) else { continue };
            if let (Some(estimate), true, true) = (other.result.estimate, weight != 0.0, named.delta.is_none()) {
                let at = [(estimate - plane.estimate([0.0; 2])) / weight, 0.0];
                marks.push(tipping_map::Mark { label: analysis(material, own, place), at, main: false });
            }
        }
        let unit = &about.unit;
        let bar = |key: &str, length: f64| {
            // A size of the plan as the plan writes it, a size of the data with a decimal more than these.
            let shown = match key {
                "estimand.bar_mcid" => length.to_string(),
                _ => crate::table::rounding::print(length, about.decimals + 1),
            };
            (words.say(key, &[("length", &shown), ("unit", unit)]), length)
        };
        let bars = about
            .important_difference
            .map(|mcid| bar("estimand.bar_mcid", mcid))
            .into_iter()
            .chain(sd.map(|sd| bar("estimand.bar_sd", sd)));
        let title = words.say("estimand.map", &[("estimand", &heading_of(material, own))]);
        let axis = |key: &str, arm: &str| words.say(key, &[("arm", arm), ("unit", unit)]);
        let interval = |arm: &str| words.say("estimand.interval_favours", &[("arm", arm)]);
        let input = tipping_map::TippingMap {
            heading: heading(
                material,
                &format!("{}-{}", material.key(own.question.endpoint), place + 1),
                &format!("{number}.{}", figures.len() + 1),
                title,
                std::iter::once(words.get("estimand.map_note"))
                    .chain(marks.iter().any(|mark| !mark.main).then(|| words.get("estimand.map_note_others")))
                    .collect(),
            )
            .over([record.id.clone()]),
            reach,
            tints,
            conic: plane.conic(reach, 160),
            marks,
            bars: bars.collect(),
            labels: tipping_map::Labels {
                active: axis("estimand.axis_delta", &arms.active),
                placebo: axis("estimand.axis_delta", &arms.placebo),
                favours_active: interval(&arms.active),
                favours_placebo: interval(&arms.placebo),
                includes: words.get("estimand.interval_includes"),
                boundary: words.get("estimand.boundary"),
            },
        };
        figures.extend(super::figures::unless_empty(figure::tipping_map::draw(&input, style))?);
    }
    Ok(figures)
}
