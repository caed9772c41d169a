//! Responders: knees that improved by at least a threshold, by the OMERACT-OARSI criteria, and the curve over all
//! thresholds.

use super::figures::{heading_at, ids};
use super::{Material, count, json};
use crate::analysis::notes;
use crate::figure::{Figure, FigureError, Style, cumulative_responder as cumulative};
use crate::table::{Cell, ResultTable, rounding};

/// Responders of an endpoint by visit and threshold: shares by arm and the risk difference. `None` where none were run.
pub fn table(material: &Material, endpoint: usize, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let arms = &material.trial.design.arms;
    let title = words.say("table.responders", &[("endpoint", &about.name)]);
    let id = format!("t-{}-{}-responders", number.replace('.', "-"), material.key(endpoint));
    let mut table = ResultTable::new(&id, number, title, material.population());
    let mut headers = vec![words.get("table.pairs"), arms.active.clone(), arms.placebo.clone()];
    headers.extend(["risk_difference", "ci", "risk_ratio", "p"].map(|key| words.get(&format!("table.{key}"))));
    table.headers(words.get("table.threshold"), headers);
    for visit in material.trial.design.follow_up(about) {
        let here = material.outcomes.at(endpoint, visit);
        let rows: Vec<_> = here.filter(|record| record.result.method == "responder").collect();
        if !rows.is_empty() {
            table.group(material.visit(visit).to_owned());
        }
        for record in rows {
            let result = &record.result;
            let size = result.number("threshold").unwrap_or_default();
            let relative = json(record, "threshold_kind") == "relative";
            let label = if relative {
                words.say(
                    "table.threshold_relative",
                    &[("size", &rounding::print(100.0 * size, usize::from((100.0 * size).fract().abs() > 1e-9)))],
                )
            } else {
                let unit = ("unit", about.unit.as_str());
                let exact = size.to_string();
                match in_steps(material, endpoint, size) {
                    Some(steps) => words.say("table.threshold_steps", &[("size", &steps), unit, ("threshold", &exact)]),
                    None => words.say("table.threshold_absolute", &[("size", &exact), unit]),
                }
            };
            table.row(label, 1, shares(material, record), vec![record.id.clone()]);
            table.named(SHARES);
        }
    }
    table.footnotes.push(words.get("footnote.responders"));
    table.footnotes.extend(super::tables::improvement(material, endpoint));
    (!table.rows.is_empty()).then_some(table)
}

/// The least improvement on the endpoint's own scale that reaches a threshold between two of its steps: 20 where marks are
/// whole millimetres and the threshold is 19.9. `None` where the threshold is a step, or the values are not in steps.
fn in_steps(material: &Material, endpoint: usize, threshold: f64) -> Option<String> {
    let decimals = material.endpoint(endpoint).decimals;
    let steps = |value: f64| value * 10f64.powi(i32::try_from(decimals).unwrap_or(0));
    let whole = |value: f64| (steps(value) - steps(value).round()).abs() <= 1e-9 * steps(value).abs().max(1.0);
    let knees = material.trial.patients.iter().flat_map(|patient| patient.knees());
    let mut values = knees.flat_map(|knee| &knee.values[endpoint]).flatten();
    let reached = steps(threshold).ceil() / steps(1.0);
    (!whole(threshold) && values.all(|value| whole(*value))).then(|| rounding::print(reached, decimals))
}

/// Responders by the OMERACT-OARSI criteria at every visit; `None` where the plan names no endpoints for them.
pub fn omeract(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let arms = &material.trial.design.arms;
    let title = words.get("table.omeract");
    let mut table = ResultTable::new("t-14-2-0-omeract", number, title, material.population());
    let mut headers = vec![words.get("table.pairs"), arms.active.clone(), arms.placebo.clone()];
    headers.extend(["risk_difference", "ci", "risk_ratio", "p"].map(|key| words.get(&format!("table.{key}"))));
    table.headers(words.get("table.visit"), headers);
    let mut said: Vec<String> = Vec::new();
    for record in material.outcomes.records.iter().filter(|record| record.result.method == "omeract-oarsi") {
        let Some(visit) = record.visit else { continue };
        table.row(material.visit(visit), 0, shares(material, record), vec![record.id.clone()]);
        table.named(SHARES);
        for note in record.result.notes.iter().filter(|note| note.code() == notes::criteria_applied.code) {
            let note = words.note(note);
            if !said.contains(&note) {
                said.push(note);
            }
        }
    }
    table.footnotes.push(words.get("footnote.responders"));
    table.footnotes.extend(said);
    (!table.rows.is_empty()).then_some(table)
}

/// The fields behind [`shares`].
pub(super) const SHARES: [&str; 7] = [
    "n_pairs",
    "n_treated percent_treated",
    "n_control percent_control",
    "estimate",
    "conf_low conf_high",
    "risk_ratio risk_ratio_low risk_ratio_high",
    "p_value",
];

/// Patients judged, responders by arm, the risk difference with its interval, the risk ratio with its own, and the p-value.
pub(super) fn shares(material: &Material, record: &crate::analysis::Record) -> Vec<Cell> {
    let result = &record.result;
    vec![
        Cell::Count(result.n_pairs),
        Cell::CountPercent(count(record, "n_treated"), result.n_pairs),
        Cell::CountPercent(count(record, "n_control"), result.n_pairs),
        Cell::Number(result.estimate, 3),
        Cell::Interval(result.conf_low, result.conf_high, 3),
        risk_ratio(material, record),
        Cell::PValue(result.p_value),
    ]
}

/// The ratio of the shares with its interval; empty where the placebo share is 0.
fn risk_ratio(material: &Material, record: &crate::analysis::Record) -> Cell {
    let number = |name: &str| record.result.number(name).filter(|value| value.is_finite());
    let Some(ratio) = number("risk_ratio") else { return Cell::Empty };
    let (Some(low), Some(high)) = (number("risk_ratio_low"), number("risk_ratio_high")) else { return Cell::Empty };
    let [ratio_text, low_text, high_text] = [ratio, low, high].map(|value| rounding::print(value, 2));
    let text = format!("{ratio_text} ({})", material.words.interval(&low_text, &high_text));
    Cell::Said(text, vec![ratio, low, high])
}

/// The share of knees that improved by at least every amount; `None` where no curve was computed.
///
/// # Errors
/// The drawing fails.
pub fn curve(
    material: &Material,
    endpoint: usize,
    visit: usize,
    number: &str,
    style: &Style,
) -> Result<Option<Figure>, FigureError> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let Some(record) = material.outcomes.comparison(endpoint, visit, "responder-curve") else { return Ok(None) };
    let points = json(record, "curve");
    let Some(points) = points.as_array().filter(|points| !points.is_empty()) else { return Ok(None) };
    let curve = |arm: &str| cumulative::Curve {
        n: record.result.n_pairs,
        steps: points
            .iter()
            .filter_map(|point| Some((point.get("threshold")?.as_f64()?, 100.0 * point.get(arm)?.as_f64()?)))
            .collect(),
    };
    let thresholds = about
        .minimal_improvement
        .map(|at| cumulative::Threshold { at, label: words.get("figure.minimal_improvement") });
    let input = cumulative::CumulativeResponder {
        heading: heading_at(material, endpoint, visit, number, "responders").over(ids([record])),
        active: curve("treated"),
        placebo: curve("control"),
        thresholds: thresholds.into_iter().collect(),
        labels: cumulative::Labels {
            improvement: words.say("figure.improvement", &[("endpoint", &material.name_with_unit(endpoint))]),
            share: words.get("figure.share"),
        },
    };
    super::figures::unless_empty(cumulative::draw(&input, style))
}
