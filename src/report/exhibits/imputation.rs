//! How values were imputed: courses under each strategy, imputed beside observed values, the fit, the draws, and the patients
//! that move an estimate most.

use super::estimands::{Estimated, analysis, count, estimated, heading_of, is_unitless, number, text};
use super::figures::{heading, of_many, unless_empty};
use super::{Material, json};
use crate::analysis::estimand;
use crate::figure::{Figure, FigureError, Style, imputation_diagnostics as diagnostics, strategy_profiles as profiles};
use crate::table::{Align, Cell, ResultTable};
use crate::trial::Measure;
use serde_json::Value;

/// The name of what is analysed, with its unit: the change from baseline where there is one.
fn measured(material: &Material, own: &Estimated) -> String {
    let endpoint = own.question.endpoint;
    let name = material.name_with_unit(endpoint);
    match estimand::cells::measure(&material.context(), endpoint) {
        Measure::Change => material.words.say("estimand.change_of", &[("endpoint", &name)]),
        Measure::Value => name,
    }
}

/// The means of a course by arm (active first) and visit.
fn means(course: &Value, key: &str, visits: usize) -> [Vec<Option<f64>>; 2] {
    let all: Vec<Option<f64>> = course.as_array().into_iter().flatten().map(|place| number(place, key)).collect();
    [0, 1].map(|arm| (0..visits).map(|visit| all.get(arm * visits + visit).copied().flatten()).collect())
}

/// The courses of every strategy of an endpoint over its visits, beside the observed means.
///
/// # Errors
/// The drawing fails.
pub fn courses(material: &Material, number_of: &str, style: &Style) -> Result<Vec<Figure>, FigureError> {
    let words = material.words;
    let all = estimated(material);
    let mut figures = Vec::new();
    for endpoint in 0..material.trial.design.endpoints.len() {
        let of_endpoint: Vec<&Estimated> = all.iter().filter(|own| own.question.endpoint == endpoint).collect();
        let Some(first) = of_endpoint.first() else { continue };
        let visits = &first.question.visits;
        let mut seen: Vec<(String, Value)> = Vec::new();
        let (mut strategies, mut records, mut observed) = (Vec::new(), Vec::new(), None);
        for own in &of_endpoint {
            for (place, record) in own.records.iter().enumerate() {
                let other = own.sensitivity(place);
                let course = json(record, "course");
                // What differs in its standard error or its δ alone has the course of the main analysis.
                let strategy = other.is_none_or(|other| other.strategy.is_some());
                let known = (own.question.id.clone(), course);
                if !strategy || !known.1.is_array() || seen.contains(&known) {
                    continue;
                }
                observed.get_or_insert_with(|| means(&known.1, "observed", visits.len()));
                strategies.push(profiles::Strategy {
                    label: strategies_of(material, own, place),
                    completed: means(&known.1, "completed", visits.len()),
                    imputed: means(&known.1, "imputed", visits.len()),
                });
                records.push(record.id.clone());
                seen.push(known);
            }
        }
        let Some(observed) = observed else { continue };
        let mut notes = vec![words.say("estimand.courses_note", &[("estimand", &first.question.id)])];
        if strategies.len() > profiles::MOST {
            let (shown, of) = (profiles::MOST.to_string(), strategies.len().to_string());
            notes.push(words.say("estimand.courses_shown", &[("shown", &shown), ("n", &of)]));
        }
        let title = words.say("estimand.courses", &[("endpoint", &material.endpoint(endpoint).name)]);
        let part = format!("{number_of}.{}", figures.len() + 1);
        let design = &material.trial.design;
        let time = |(place, visit): (usize, &usize)| {
            (material.visit(*visit).to_owned(), design.visits[*visit].month.unwrap_or(place as f64))
        };
        let input = profiles::StrategyProfiles {
            heading: heading(material, &material.key(endpoint), &part, title, notes).over(records),
            visits: visits.iter().enumerate().map(time).collect(),
            observed,
            strategies,
            labels: profiles::Labels {
                completed: words.say("estimand.courses_completed", &[("endpoint", &measured(material, first))]),
                imputed: words.get("estimand.courses_imputed"),
                observed: words.get("estimand.courses_observed"),
            },
        };
        figures.extend(unless_empty(profiles::draw(&input, style))?);
    }
    Ok(figures)
}

/// An estimand with what it does about its events.
fn strategies_of(material: &Material, own: &Estimated, place: usize) -> String {
    let words = material.words;
    let other = own.sensitivity(place);
    let mut names: Vec<String> = Vec::new();
    for event in &own.question.estimand.intercurrent_events {
        let strategy = other.and_then(|other| other.strategy).unwrap_or(event.strategy);
        let name = words.get(&format!("methods.strategy_{}", strategy.name()));
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        names.push(words.get("methods.strategy_treatment-policy"));
    }
    let strategies = names.join(&words.get("text.comma"));
    let analysis = analysis(material, own, place);
    let values = [("estimand", own.question.id.as_str()), ("analysis", &analysis), ("strategies", &strategies)];
    words.say(if other.is_none() { "estimand.course_of" } else { "estimand.course_of_other" }, &values)
}

fn box5(value: &Value) -> Option<diagnostics::Box5> {
    let at = ["low", "q1", "median", "q3", "high"].map(|key| number(value, key));
    let [Some(low), Some(q1), Some(median), Some(q3), Some(high)] = at else { return None };
    Some(diagnostics::Box5 { n: count(value, "n"), at: [low, q1, median, q3, high] })
}

/// Imputed beside observed values, residuals and chain, of every estimand in which values are imputed.
///
/// # Errors
/// The drawing fails.
pub fn diagnostics(material: &Material, number_of: &str, style: &Style) -> Result<Vec<Figure>, FigureError> {
    let words = material.words;
    let mut figures = Vec::new();
    for (place, own) in estimated(material).iter().enumerate() {
        let Some(record) = own.main() else { continue };
        let spread = json(record, "spread");
        let rows: Vec<&Value> = spread.as_array().into_iter().flatten().collect();
        let width = own.question.visits.len();
        if rows.len() != 2 * width {
            continue;
        }
        let of = |visit: usize, key: &str| [0, 1].map(|arm| rows[arm * width + visit].get(key).and_then(box5));
        let visits = own.question.visits.iter().enumerate().map(|(visit, place)| diagnostics::Visit {
            label: material.visit(*place).to_owned(),
            observed: of(visit, "observed"),
            imputed: of(visit, "imputed"),
        });
        let residuals = estimand::residuals(record);
        let chain = own.records.iter().enumerate().find(|(_, record)| json(record, "trace").is_array());
        let series = |key: &str| -> Vec<f64> {
            let found = chain.map(|(_, record)| json(record, key)).unwrap_or_default();
            found.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
        };
        let mut notes = vec![words.get("estimand.diagnostics_note")];
        if record.result.method == "conditional-mean" {
            notes.push(words.get("estimand.diagnostics_means"));
        }
        if let Some((at, _)) = chain {
            let analysis = analysis(material, own, at);
            notes.push(words.say("estimand.diagnostics_chain", &[("analysis", &analysis)]));
        }
        let title = words.say("estimand.diagnostics", &[("estimand", &heading_of(material, own))]);
        let key = format!("{}-{}", material.key(own.question.endpoint), place + 1);
        let part = format!("{number_of}.{}", figures.len() + 1);
        let shown = [Some(record.id.clone()), chain.map(|(_, record)| record.id.clone())];
        let mut shown: Vec<String> = shown.into_iter().flatten().collect();
        shown.dedup();
        let pair = |key: &str| ["", "_axis"].map(|end| words.get(&format!("estimand.{key}{end}")));
        let input = diagnostics::ImputationDiagnostics {
            heading: of_many(heading(material, &key, &part, title, notes), material, residuals.len()).over(shown),
            visits: visits.collect(),
            residuals,
            trace: series("trace"),
            autocorrelation: series("autocorrelation"),
            labels: diagnostics::Labels {
                value: measured(material, own),
                kinds: ["observed", "imputed"].map(|kind| words.get(&format!("estimand.spread_{kind}"))),
                residual: [words.get("figure.residual"), words.get("figure.quantile")],
                trace: pair("trace"),
                autocorrelation: pair("autocorrelation"),
            },
        };
        figures.extend(unless_empty(diagnostics::draw(&input, style))?);
    }
    Ok(figures)
}

/// How each estimate was imputed: covariance, prior, draws and what their number leaves open.
pub fn quality(material: &Material, number_of: &str) -> Option<ResultTable> {
    let words = material.words;
    let mut table =
        ResultTable::new("t-14-4-12-imputation", number_of, words.get("estimand.quality"), material.everyone());
    let heads = ["structure", "prior", "m", "thinning", "redrawn", "lambda", "mcse", "mcse_p", "outside"];
    // A row without cells is the head of a group.
    let mut rows: Vec<(String, Vec<Cell>, String)> = Vec::new();
    for own in estimated(material) {
        let decimals = material.endpoint(own.question.endpoint).decimals + 1;
        if own.records.iter().all(|record| !json(record, "structure").is_string()) {
            continue;
        }
        rows.push((heading_of(material, &own), Vec::new(), String::new()));
        for (place, record) in own.records.iter().enumerate().filter(|(place, _)| !own.only_tips(*place)) {
            let value = |key: &str| json(record, key);
            let structure = value("structure");
            let Some(structure) = structure.as_str() else { continue };
            let whole = |key: &str| value(key).as_u64().map_or(Cell::Empty, |n| Cell::Count(n as usize));
            let real = |key: &str, decimals: usize| match value(key).as_f64() {
                Some(found) => Cell::Number(Some(found), decimals),
                None => Cell::Empty,
            };
            let prior = value("prior");
            let cells = vec![
                Cell::Text(words.name("structure", structure)),
                prior.as_str().map_or(Cell::Empty, |name| Cell::Text(words.get(&format!("estimand.prior_{name}")))),
                whole("m"),
                whole("thinning"),
                whole("redrawn"),
                real("lambda", 3),
                real("mcse", if is_unitless(record) { 4 } else { decimals + 2 }),
                real("mcse_p_value", 5),
                whole("n_outside_range"),
            ];
            rows.push((analysis(material, &own, place), cells, record.id.clone()));
        }
    }
    // Without draws there is nothing to say of draws.
    let filled =
        |place: usize| rows.iter().any(|(_, cells, _)| cells.get(place).is_some_and(|cell| *cell != Cell::Empty));
    let shown: Vec<usize> = (0..heads.len()).filter(|place| filled(*place)).collect();
    let names = shown.iter().map(|place| words.get(&format!("estimand.quality_{}", heads[*place])));
    table.headers(words.get("table.method"), names);
    for (label, cells, id) in rows {
        if cells.is_empty() {
            table.group(label);
        } else {
            table.row(label, 1, shown.iter().map(|place| cells[*place].clone()).collect(), vec![id]);
        }
    }
    for (column, place) in table.columns.iter_mut().skip(1).zip(&shown) {
        if matches!(heads[*place], "structure" | "prior") {
            column.align = Align::Left;
        }
    }
    // Only what the table has is explained.
    let explained = shown
        .iter()
        .map(|place| heads[*place])
        .filter(|head| matches!(*head, "thinning" | "redrawn" | "lambda" | "mcse"));
    table.footnotes.extend(explained.map(|head| words.get(&format!("estimand.quality_note_{head}"))));
    table.footnotes.push(words.get("estimand.quality_note"));
    table.footnotes.extend(material.marks());
    (!table.rows.is_empty()).then_some(table)
}

/// The patients without whom an estimate differs most.
pub fn influence(material: &Material, number_of: &str) -> Option<ResultTable> {
    let words = material.words;
    let mut table =
        ResultTable::new("t-14-4-13-influence", number_of, words.get("estimand.influence"), material.everyone());
    table.headers(
        words.get("estimand.influence_patient"),
        ["without", "change"].map(|key| words.get(&format!("estimand.influence_{key}"))),
    );
    for own in estimated(material) {
        let Some(record) = own.main() else { continue };
        let found = json(record, "influence");
        if !found.is_array() {
            continue;
        }
        let decimals = material.endpoint(own.question.endpoint).decimals + 2;
        table.group(heading_of(material, &own));
        for (place, one) in found.as_array().into_iter().flatten().enumerate() {
            let fields = ["estimate", "change"];
            let cells = fields.map(|field| Cell::Number(number(one, field), decimals)).to_vec();
            table.row(text(one, "patient").to_owned(), 1, cells, vec![record.id.clone()]);
            table.named(fields.map(|field| format!("influence[{place}].{field}")));
        }
    }
    table.footnotes.push(words.get("estimand.influence_note"));
    table.footnotes.extend(material.marks());
    (!table.rows.is_empty()).then_some(table)
}
