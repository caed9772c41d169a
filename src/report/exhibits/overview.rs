//! The forest of all endpoints at the visit at which they are judged, on one axis per scale.

use super::figures::{favours, heading, unless_empty};
use super::shown::ratio_decimals;
use super::{Material, secondary, tables};
use crate::analysis::{Claim, Record, Scale};
use crate::figure::{Figure, FigureError, Style, overview_forest as forest};
use crate::report::compose::primary_visit;
use crate::table::rounding;
use crate::trial::Measure;

/// The figure; `None` where nothing could be estimated.
///
/// # Errors
/// The drawing fails.
pub fn forest(material: &Material, number: &str, style: &Style) -> Result<Option<Figure>, FigureError> {
    let words = material.words;
    // Scores; ratios of which those below 1 are a benefit; ratios of which those above 1 are; shares.
    let mut rows: [Vec<forest::Row>; 4] = Default::default();
    let mut of_means = true;
    let mut shown: Vec<String> = Vec::new();
    let primary = material.primary_endpoints();
    let others = (0..material.trial.design.endpoints.len()).filter(|endpoint| !primary.contains(endpoint));
    for endpoint in primary.iter().copied().chain(others) {
        let Some(record) = material.outcomes.deciding(endpoint, primary_visit(material, endpoint)) else { continue };
        let group = secondary::group(material, record);
        let row = row(material, record, endpoint, group, primary.contains(&endpoint));
        shown.push(record.id.clone());
        let below = group == 1 && lower_favours_active(material, record, endpoint);
        of_means &= material.endpoint(endpoint).logarithm.is_some();
        rows[[0, if below { 1 } else { 2 }, 3][group]].push(row);
    }
    let [scores, below, above, shares] = rows;
    let signed = |step: f64, decimals: usize, times: i32| {
        (-times..=times).map(|i| (f64::from(i) * step, rounding::print(f64::from(i) * step, decimals))).collect()
    };
    // Benefit lies to the left, on whichever side of 1 it is.
    let active = [("active", material.trial.design.arms.active.as_str())];
    let ratios = |rows: Vec<forest::Row>, sign: f64| {
        let ticks = [(4.0_f64, "4"), (2.0, "2"), (1.0, "1"), (0.5, "0.5"), (0.25, "0.25")];
        let mut ticks = ticks.map(|(ratio, label)| (sign * ratio.ln(), label.to_owned())).to_vec();
        ticks.sort_by(|a, b| a.0.total_cmp(&b.0));
        forest::Block {
            axis: words.say(if sign > 0.0 { "figure.axis_ratio_below" } else { "figure.axis_ratio" }, &active),
            rows,
            ticks,
            reach: 1.2,
        }
    };
    // Title and head say what every number of the figure is.
    let arms = &material.trial.design.arms;
    let (differences, ratios_only) = (below.is_empty() && above.is_empty(), scores.is_empty() && shares.is_empty());
    let contrast = match (of_means, differences) {
        (true, _) => material.contrast_of(0),
        (false, true) => material.contrast(),
        (false, false) => words.say("figure.against", &[("active", &arms.active), ("placebo", &arms.placebo)]),
    };
    let estimate = match (differences, ratios_only) {
        (true, _) => "figure.estimate",
        (false, true) => "figure.estimate_ratio",
        (false, false) => "figure.estimate_mixed",
    };
    let blocks = vec![
        forest::Block { axis: words.get("figure.axis_sd"), rows: scores, ticks: signed(0.5, 1, 8), reach: 0.6 },
        ratios(below, 1.0),
        ratios(above, -1.0),
        forest::Block { axis: words.get("figure.axis_share"), rows: shares, ticks: signed(0.1, 1, 10), reach: 0.2 },
    ];
    let title = words.say("figure.forest_primary", &[("contrast", &contrast)]);
    let notes = vec![words.get("figure.forest_note")];
    let input = forest::OverviewForest {
        heading: heading(material, "primary-visit", number, title, notes).over(shown),
        blocks,
        labels: forest::Labels {
            estimate: words.get(estimate),
            n: words.get("figure.patients_head"),
            favours_active: favours(material, &arms.active),
            favours_placebo: favours(material, &arms.placebo),
            claimed: words.get("figure.claimed"),
            not_claimed: words.get("figure.not_claimed"),
            matters: words.get("figure.matters"),
        },
    };
    unless_empty(forest::draw(&input, style))
}

/// Whether lower numbers of a logarithm of a ratio are in favour of active.
fn lower_favours_active(material: &Material, record: &Record, endpoint: usize) -> bool {
    let sign = material.endpoint(endpoint).benefit_sign();
    Scale::of(&record.result).is_some_and(|scale| scale.ratio().is_some() && scale.benefit_sign(sign) < 0.0)
}

fn row(material: &Material, record: &Record, endpoint: usize, group: usize, primary: bool) -> forest::Row {
    let about = material.endpoint(endpoint);
    let result = &record.result;
    let visit = record.visit.unwrap_or_default();
    let compared = Scale::of(result);
    let log = compared.is_some_and(|scale| scale.ratio().is_some());
    // Benefit counts negative, so that it lies to the left.
    let benefit = compared.map_or(about.benefit_sign(), |scale| scale.benefit_sign(about.benefit_sign()));
    let sign = if benefit < 0.0 { 1.0 } else { -1.0 };
    let scale: Option<Box<dyn Fn(f64) -> f64>> = match group {
        0 => {
            let spread = material.outcomes.description(endpoint, visit, record.measure, None);
            let spread = spread.or_else(|| material.outcomes.description(endpoint, visit, Measure::Value, None));
            let sd = spread.and_then(|record| record.result.number("sd")).filter(|sd| *sd > 0.0);
            sd.map(|sd| Box::new(move |value: f64| sign * value / sd) as Box<dyn Fn(f64) -> f64>)
        }
        1 if log => Some(Box::new(move |value: f64| sign * value)),
        1 => Some(Box::new(|value: f64| -value.ln())),
        _ => Some(Box::new(move |value: f64| sign * value)),
    };
    let place = scale.as_ref().and_then(|scale| {
        let at = scale(result.estimate?);
        let ends = [scale(result.conf_low?), scale(result.conf_high?)];
        let place = forest::Place { at, left: ends[0].min(ends[1]), right: ends[0].max(ends[1]) };
        at.is_finite().then_some(place)
    });
    let margins = compared.is_some_and(Scale::has_margins);
    let value = |value: f64| compared.map_or(value, |scale| scale.shown(value));
    let limits = [result.conf_low.map(value), result.conf_high.map(value)];
    let decimals = match (margins, group) {
        (true, 1) => ratio_decimals(limits[0], limits[1]),
        (_, 1) => rounding::interval_decimals(limits[0], limits[1], 2),
        _ => {
            let decimals = tables::decimals(material, endpoint, result.method).0;
            rounding::interval_decimals(limits[0], limits[1], decimals)
        }
    };
    let print = |number: Option<f64>| match number.map(value) {
        Some(number) if number.is_finite() => rounding::print(number, decimals),
        Some(number) if number > 0.0 => "∞".to_owned(),
        Some(_) => format!("{}∞", rounding::MINUS),
        None => material.words.get("figure.undefined"),
    };
    let text = match (result.conf_low, result.conf_high) {
        (Some(low), Some(high)) => {
            let interval = material.words.interval(&print(Some(low)), &print(Some(high)));
            format!("{} ({interval})", print(result.estimate))
        }
        _ => print(result.estimate),
    };
    let matters = about.important().filter(|_| margins && group < 2);
    forest::Row {
        label: material.compared_with_unit(endpoint),
        n: tables::patients(record),
        place,
        text,
        matters: matters.and_then(|size| Some(scale.as_ref()?(size).abs())),
        claimed: record.verdict.is_some_and(|verdict| verdict.claim != Claim::None),
        primary,
    }
}
