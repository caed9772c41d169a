//! What was not observed: counts by endpoint, visit and arm, and the map of the primary endpoint.

use super::figures::{by_arm, heading, ids};
use super::{Material, count, json};
use crate::analysis::Record;
use crate::figure::{Figure, FigureError, Style, missingness};
use crate::table::{Align, Cell, ResultTable};
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{Measure, Patient};
use serde_json::Value;

/// Observed knees by endpoint, visit and arm, and patients with one knee only.
pub fn counts(material: &Material, number: &str) -> ResultTable {
    let words = material.words;
    let design = &material.trial.design;
    let title = words.get("table.missing");
    let mut table = ResultTable::new("t-14-4-1-missing", number, title, material.population());
    let mut headers = vec![design.arms.active.clone(), design.arms.placebo.clone()];
    headers.push(words.get("table.both_observed"));
    headers.push(words.get("table.one_knee"));
    table.headers(words.get("table.endpoint"), headers);
    for (endpoint, about) in design.endpoints.iter().enumerate() {
        // Censored times stand in a table of their own.
        if about.survival.is_some() {
            continue;
        }
        table.group(about.name.clone());
        for &visit in &about.visits {
            let of = |arm| material.outcomes.description(endpoint, visit, Measure::Value, arm);
            let (Some(active), Some(placebo), Some(pairs)) =
                (of(Some(design.arms.active.as_str())), of(Some(design.arms.placebo.as_str())), of(None))
            else {
                continue;
            };
            let arm = |record: &Record| Cell::CountPercent(record.rows.used, record.rows.used + record.rows.not_used);
            let single = count(pairs, "one_knee");
            let cells = vec![arm(active), arm(placebo), Cell::Count(pairs.result.n_pairs), Cell::Count(single)];
            let ids = [active, placebo, pairs, pairs].map(|record| record.id.clone());
            table.row(material.visit(visit), 1, cells, ids.to_vec());
            table.named(["n percent_observed", "n percent_observed", "n", "one_knee"]);
        }
    }
    table.footnotes.push(words.get("footnote.observed"));
    table
}

/// Most visits that a table of patterns has room for.
const PATTERN_VISITS: usize = 8;

/// The patterns of observed knees of a primary endpoint over its visits, the most frequent first. `None` where there are
/// more visits than columns (the map shows them).
pub fn patterns(material: &Material, endpoint: usize, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    if about.visits.len() > PATTERN_VISITS {
        return None;
    }
    let title = words.say("table.patterns", &[("endpoint", &about.name)]);
    let id = format!("t-{}-{}-patterns", number.replace('.', "-"), material.key(endpoint));
    let mut table = ResultTable::new(&id, number, title, material.population());
    let visits = about.visits.iter().map(|&visit| material.visit(visit).to_owned());
    table.headers(words.get("table.pattern"), visits.chain([words.get("table.pairs")]));
    let records = material.counted("patterns").filter(|record| record.endpoint == Some(endpoint));
    for (place, record) in records.enumerate() {
        let pattern = json(record, "visits");
        let cell = |at: &Value| match at.get("observed").and_then(Value::as_array).map(Vec::as_slice) {
            None | Some([]) => Cell::Text(words.get("table.neither_knee")),
            Some([arm]) => Cell::Text(words.say("table.only_knee", &[("arm", arm.as_str().unwrap_or_default())])),
            // With several arms the two knees of a patient may be on any two.
            Some(arms) if !material.trial.design.arms.other.is_empty() => {
                let arms: Vec<&str> = arms.iter().filter_map(Value::as_str).collect();
                Cell::Text(arms.join(&words.get("text.comma")))
            }
            Some(_) => Cell::Text(words.get("table.both_knees")),
        };
        let cells = pattern.as_array().into_iter().flatten().map(cell);
        let share = Cell::CountPercent(count(record, "patients"), count(record, "out_of"));
        table.row((place + 1).to_string(), 0, cells.chain([share]).collect(), vec![record.id.clone()]);
        let words = about.visits.iter().map(|_| "");
        table.named(words.chain(["patients percent"]));
    }
    let last = table.columns.len() - 1;
    table.columns[1..last].iter_mut().for_each(|column| column.align = Align::Left);
    table.footnotes.push(words.get("footnote.patterns"));
    (!table.rows.is_empty()).then_some(table)
}

/// Knee-visits of `endpoint` that were scheduled, and those observed, in the primary analysis set.
pub fn observed(material: &Material, endpoint: usize) -> (usize, usize) {
    let record = material.counted("observed").find(|record| record.endpoint == Some(endpoint));
    record.map_or((0, 0), |record| (count(record, "observed"), count(record, "scheduled")))
}

/// The map of observed and missing knees of `endpoint`; `None` where nobody is in the set.
///
/// # Errors
/// The drawing fails.
pub fn map(material: &Material, endpoint: usize, number: &str, style: &Style) -> Result<Option<Figure>, FigureError> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let patients: Vec<missingness::Patient> = material
        .members()
        .map(|patient| {
            let last = about.visits.iter().rposition(|visit| seen(patient, *visit));
            let cell = |arm: usize, position: usize, visit: usize| match patient.knee(arm) {
                Some(knee) if knee.values[endpoint][visit].is_some() => missingness::Cell::Observed,
                None if !material.trial.design.arms.other.is_empty() => missingness::Cell::NoKnee,
                _ if last.is_none_or(|last| position > last) => missingness::Cell::Left,
                _ => missingness::Cell::Missing,
            };
            let visits = about.visits.iter().enumerate();
            missingness::Patient {
                label: patient.id.clone(),
                visits: visits.map(|(at, &visit)| [cell(ACTIVE, at, visit), cell(PLACEBO, at, visit)]).collect(),
            }
        })
        .collect();
    if patients.is_empty() {
        return Ok(None);
    }
    let title = words.say("figure.missingness", &[("endpoint", about.name.as_str())]);
    let input = missingness::Missingness {
        heading: heading(material, &material.key(endpoint), number, title, Vec::new()).over(ids(by_arm(
            material,
            endpoint,
            &about.visits,
            Measure::Value,
        ))),
        visits: about.visits.iter().map(|&visit| material.visit(visit).to_owned()).collect(),
        patients,
        labels: missingness::Labels {
            missing: words.get("figure.missing"),
            left: words.get("figure.left"),
            observed: words.get("figure.observed"),
            count: words.get("figure.not_observed"),
            patients: words.get("figure.patients"),
        },
    };
    missingness::draw(&input, style).map(Some)
}

/// Whether any endpoint of any knee of the patient was observed at `visit`.
fn seen(patient: &Patient, visit: usize) -> bool {
    patient.knees().iter().any(|knee| knee.values.iter().any(|values| values[visit].is_some()))
}
