//! Time to an event: the curves with the number at risk, the arms, and the comparisons by the question they answer.

use super::figures::{heading, ids, unless_empty};
use super::{Material, count, json, tables};
use crate::analysis::survival::{AT, CURVE, is_conditional};
use crate::analysis::{Record, Scale};
use crate::figure::{Figure, FigureError, Style, survival_curves as curves};
use crate::report::compose::primary_visit;
use crate::report::sentences;
use crate::table::{Cell, ResultTable, rounding};
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{Better, Kind};
use serde_json::Value;

/// Whether the endpoint is the time to an event.
pub fn is(material: &Material, endpoint: usize) -> bool {
    material.endpoint(endpoint).kind == Kind::Survival
}

/// The record of the curve of an arm.
pub fn curve_of<'a>(material: &Material<'a>, endpoint: usize, arm: usize) -> Option<&'a Record> {
    let label = material.trial.design.arms.labels().get(arm).copied()?.to_owned();
    let visit = primary_visit(material, endpoint);
    tables::records_of(material, endpoint, visit, CURVE)
        .find(move |record| record.arm.as_deref() == Some(label.as_str()))
}

/// Every comparison: the deciding one first.
fn comparisons_of<'a>(material: &Material<'a>, endpoint: usize) -> Vec<&'a Record> {
    tables::claims(material, endpoint, primary_visit(material, endpoint))
}

/// The horizon of the restricted mean, as its record has it.
pub fn horizon(material: &Material, endpoint: usize) -> Option<f64> {
    let of_rmst = |record: &&Record| record.result.method == "rmst" && record.result.estimate.is_some();
    comparisons_of(material, endpoint).into_iter().find(of_rmst).and_then(|record| record.result.number("tau"))
}

/// A time as short as it can be written.
pub fn time(value: f64) -> String {
    let printed = rounding::print(value, 4);
    if printed.contains('.') { printed.trim_end_matches('0').trim_end_matches('.').to_owned() } else { printed }
}

/// The curves of the arms; `None` where no knee was observed.
///
/// # Errors
/// The drawing fails.
pub fn figure(
    material: &Material,
    endpoint: usize,
    number: &str,
    style: &Style,
) -> Result<Option<Figure>, FigureError> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let records = [ACTIVE, PLACEBO].map(|arm| curve_of(material, endpoint, arm));
    let [active, placebo] = records.map(|record| record.map(drawn).unwrap_or_default());
    let labels = material.trial.design.arms.labels();
    let further: Vec<(String, &Record)> = (2..labels.len())
        .filter_map(|arm| Some((labels[arm].to_owned(), curve_of(material, endpoint, arm)?)))
        .filter(|(_, record)| record.result.n_pairs > 0)
        .collect();
    let tau = horizon(material, endpoint);
    let shown = tau.and_then(|_| comparisons_of(material, endpoint).into_iter().find(|r| r.result.method == "rmst"));
    let title = words.say("figure.survival", &[("endpoint", &about.name)]);
    let notes = vec![words.get("figure.survival_note")];
    let input = curves::SurvivalCurves {
        heading: heading(material, &material.key(endpoint), number, title, notes).over(ids(records
            .into_iter()
            .flatten()
            .chain(further.iter().map(|(_, record)| *record))
            .chain(shown))),
        active,
        placebo,
        others: further.iter().map(|(label, record)| (label.clone(), drawn(record))).collect(),
        horizon: tau.map(|tau| (tau, format!("τ = {}", time(tau)))),
        labels: curves::Labels {
            share: words.get("figure.survival_share"),
            time: material.name_with_unit(endpoint),
            at_risk: words.get("figure.at_risk"),
            // The figure fills the two numbers in.
            events: words.say("figure.survival_events", &[("events", "{events}"), ("n", "{n}")]),
        },
    };
    unless_empty(curves::draw(&input, style))
}

fn drawn(record: &Record) -> curves::Curve {
    let steps = json(record, "curve");
    let number = |step: &Value, name: &str| step.get(name).and_then(Value::as_f64);
    let counted = |step: &Value, name: &str| step.get(name).and_then(Value::as_u64).unwrap_or_default() as usize;
    let steps: &[Value] = steps.as_array().map(Vec::as_slice).unwrap_or_default();
    let after = |place: usize| steps.get(place + 1).map_or(0, |next| counted(next, "n_risk"));
    let step = |(place, step): (usize, &Value)| {
        let (at_risk, events) = (counted(step, "n_risk"), counted(step, "n_event"));
        Some(curves::Step {
            time: number(step, "time")?,
            at_risk,
            censored: at_risk.saturating_sub(events + after(place)),
            share: number(step, "surv")?,
            low: number(step, "conf_low"),
            high: number(step, "conf_high"),
        })
    };
    curves::Curve {
        n: record.result.n_pairs,
        events: count(record, "n_events"),
        steps: steps.iter().enumerate().filter_map(step).collect(),
    }
}

/// Knees, events, quartiles of the time and restricted mean by arm.
pub fn arms(material: &Material, endpoint: usize, number: &str) -> ResultTable {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let title = words.say("table.survival_arms", &[("endpoint", &material.name_with_unit(endpoint))]);
    let id = format!("t-{}-{}-arms", number.replace('.', "-"), material.key(endpoint));
    let mut table = ResultTable::new(&id, number, title, material.population());
    let labels = material.trial.design.arms.labels();
    let order: Vec<usize> = [ACTIVE, PLACEBO].into_iter().chain(2..labels.len()).collect();
    let records: Vec<&Record> = order.iter().filter_map(|&arm| curve_of(material, endpoint, arm)).collect();
    table.headers(words.get("table.statistic"), records.iter().map(|record| record.arm.clone().unwrap_or_default()));
    let ids: Vec<String> = records.iter().map(|record| record.id.clone()).collect();
    let d = about.decimals;
    let mut add = |label: String, fields: &str, cell: &dyn Fn(&Record) -> Cell| {
        table.row(label, 0, records.iter().map(|record| cell(record)).collect(), ids.clone());
        table.named(records.iter().map(|_| fields));
    };
    let share = |record: &Record, name: &str| Cell::CountPercent(count(record, name), record.result.n_pairs);
    add(words.get("table.survival_knees"), "n_pairs", &|record| Cell::Count(record.result.n_pairs));
    add(words.get("table.survival_events"), "n_events", &|record| share(record, "n_events"));
    add(words.get("table.survival_censored"), "n_censored", &|record| share(record, "n_censored"));
    for (place, percent) in ["25", "50", "75"].into_iter().enumerate() {
        let of = move |record: &Record, name: &str| json(record, "quantiles")[place][name].as_f64();
        let field = format!("quantiles[{place}].time");
        let label = words.say("table.survival_quantile", &[("percent", percent)]);
        add(label, &field, &|record| Cell::Number(of(record, "time"), d));
        let fields = format!("quantiles[{place}].conf_low quantiles[{place}].conf_high");
        add(words.get("table.ci"), &fields, &|record| {
            Cell::Interval(of(record, "conf_low"), of(record, "conf_high"), d)
        });
    }
    if let Some(tau) = records.iter().find_map(|record| record.result.number("tau")) {
        let label = words.say("table.survival_mean", &[("tau", &time(tau))]);
        add(label, "rmst rmst_std_error", &|record| {
            let (mean, error) = (record.result.number("rmst"), record.result.number("rmst_std_error"));
            Cell::Spread(mean, 2, error, 3)
        });
    }
    table.footnotes.push(words.get("footnote.survival_arms"));
    table
}

/// Every comparison, those within the patient apart from those over all patients.
pub fn comparisons(material: &Material, endpoint: usize, number: &str) -> ResultTable {
    let words = material.words;
    let title = words.say("table.survival_comparisons", &[("endpoint", &material.name_with_unit(endpoint))]);
    let id = format!("t-{}-{}-comparison", number.replace('.', "-"), material.key(endpoint));
    let mut table = ResultTable::new(&id, number, title, material.population());
    let headers = ["pairs", "estimate", "ci", "df", "p"].map(|key| words.get(&format!("table.{key}")));
    table.headers(words.get("table.method"), headers);
    let records = comparisons_of(material, endpoint);
    for (within, key) in [(true, "survival_within"), (false, "survival_over")] {
        let of_question = records.iter().filter(|record| is_conditional(record.result.method) == within);
        for (place, record) in of_question.enumerate() {
            if place == 0 {
                table.group(words.get(&format!("table.{key}")));
            }
            comparison(material, endpoint, record, &mut table);
        }
    }
    table.footnotes.push(words.get("footnote.survival_questions"));
    table.footnotes.push(direction(material, endpoint));
    table.footnotes.extend(firsts(material, &records));
    table.footnotes.push(words.get("footnote.interval"));
    table.footnotes.extend(tables::same_sets(material, endpoint));
    let mut said: Vec<&str> = Vec::new();
    for record in &records {
        let method = record.result.method;
        let key = format!("footnote.{method}");
        if !said.contains(&method) && words.messages().contains_key(&key) {
            said.push(method);
            let tau = record.result.number("tau").map(time).unwrap_or_default();
            table.footnotes.push(words.say(&key, &[("tau", &tau)]));
        }
    }
    let missing = records.iter().filter(|record| record.result.p_value.is_none());
    for record in missing {
        if let Some(reason) = record.result.notes.reason() {
            let values =
                [("method", &*tables::method_name(material, record.result.method)), ("note", &words.note(reason))];
            table.footnotes.push(words.say("footnote.survival_absent", &values));
        }
    }
    let deciding = material.outcomes.deciding(endpoint, primary_visit(material, endpoint));
    let withheld = deciding.and_then(|record| sentences::withheld(material, record, record.verdict.as_ref()?));
    table.footnotes.extend(withheld);
    table
}

fn comparison(material: &Material, endpoint: usize, record: &Record, table: &mut ResultTable) {
    let result = &record.result;
    let scale = Scale::of(result).unwrap_or(Scale::Difference);
    let at = result.number("time").filter(|_| result.method == AT);
    let decimals = match (scale.is_ratio(), at) {
        (true, _) => 2,
        // A share.
        (false, Some(_)) => 3,
        (false, None) => tables::decimals(material, endpoint, result.method).0,
    };
    let shown = |value: Option<f64>| value.map(|value| scale.shown(value));
    let cells = vec![
        Cell::Count(tables::patients(record)),
        Cell::Number(shown(result.estimate), decimals),
        Cell::Interval(shown(result.conf_low), shown(result.conf_high), decimals),
        Cell::Number(result.df, 0),
        Cell::PValue(result.p_value),
    ];
    let name = tables::analysis_name(material, record);
    let unit = &material.endpoint(endpoint).unit;
    let said = |key: &str, values: &[(&str, &str)]| sentences::tidy(&material.words.say(key, values));
    let label = match (result.estimate.is_some() || result.conf_low.is_some(), scale.is_ratio()) {
        _ if at.is_some() => {
            let time = at.map(time).unwrap_or_default();
            said("table.survival_at", &[("time", &time), ("unit", unit)])
        }
        (false, _) => name,
        (true, true) => material.words.say("table.survival_ratio", &[("method", &name)]),
        (true, false) => said("table.survival_difference", &[("method", &name), ("unit", unit)]),
    };
    table.row(label, 1, cells, vec![record.id.clone()]);
    let patients = if result.number("n_patients").is_some() { "n_patients" } else { "n_pairs" };
    let (estimate, limits) = match scale.is_ratio() {
        true => ("hazard_ratio", "hazard_ratio_low hazard_ratio_high"),
        false => ("estimate", tables::LIMITS),
    };
    table.named([patients, estimate, limits, "df", "p_value"]);
}

/// What the ratios and differences compare, and which way is better.
pub fn direction(material: &Material, endpoint: usize) -> String {
    let arms = &material.trial.design.arms;
    let key = match material.endpoint(endpoint).better {
        Better::Higher => "footnote.survival_later",
        Better::Lower => "footnote.survival_earlier",
    };
    material.words.say(key, &[("active", &arms.active), ("placebo", &arms.placebo)])
}

/// Whose event came first, in numbers.
fn firsts(material: &Material, records: &[&Record]) -> Option<String> {
    let set = &material.set().name;
    let record = records.iter().find(|record| record.result.method == "first-event" && record.analysis_set == *set)?;
    let number = |name: &str| count(record, name).to_string();
    let arms = &material.trial.design.arms;
    let values = [
        ("pairs", &*record.result.n_pairs.to_string()),
        ("active", &arms.active),
        ("placebo", &arms.placebo),
        ("a", &number("n_active_first")),
        ("b", &number("n_placebo_first")),
        ("tied", &number("n_tied")),
        ("none", &number("n_uninformative")),
    ];
    Some(material.words.say("footnote.survival_firsts", &values))
}

/// Events and median times of both arms in a sentence; `None` where an arm was not observed.
pub fn described(material: &Material, endpoint: usize) -> Option<String> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let arms = &material.trial.design.arms;
    let (active, placebo) = (curve_of(material, endpoint, ACTIVE)?, curve_of(material, endpoint, PLACEBO)?);
    let median = |record: &Record| match record.result.estimate {
        Some(median) => {
            let unit = [time(median), about.unit.clone()];
            unit.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\u{a0}")
        }
        None => words.get("results.median_not_reached"),
    };
    let values = [
        ("endpoint", about.name.as_str()),
        ("active", &arms.active),
        ("placebo", &arms.placebo),
        ("k_active", &count(active, "n_events").to_string()),
        ("n_active", &active.result.n_pairs.to_string()),
        ("k_placebo", &count(placebo, "n_events").to_string()),
        ("n_placebo", &placebo.result.n_pairs.to_string()),
        ("median_active", &median(active)),
        ("median_placebo", &median(placebo)),
    ];
    Some(words.say("results.survival", &values))
}

/// The times of both knees by patient, `+` where the knee was censored. `None` where the page has no room for them.
pub fn listing(material: &Material, endpoint: usize, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let arms = material.trial.design.arms.labels();
    let order: Vec<usize> = [ACTIVE, PLACEBO].into_iter().chain(2..arms.len()).collect();
    if material.set().size() > super::listings::LISTED {
        return None;
    }
    let title = words.say("table.listing_times", &[("endpoint", &material.name_with_unit(endpoint))]);
    let id = format!("l-16-2-6-{}", material.key(endpoint));
    let mut table = ResultTable::new(&id, number, title, material.population());
    table.headers(words.get("table.patient"), order.iter().map(|&arm| arms[arm].to_owned()));
    for patient in material.members() {
        let cell = |arm: &usize| match patient.knee(*arm).map(|knee| knee.values.timed(endpoint)) {
            Some(Some(timed)) => {
                let mark = if timed.event { "" } else { "+" };
                Cell::Text(format!("{}{mark}", rounding::print(timed.time, about.decimals)))
            }
            Some(None) => Cell::Number(None, 0),
            None => Cell::Empty,
        };
        table.row(patient.id.clone(), 0, order.iter().map(cell).collect(), Vec::new());
    }
    table.footnotes.push(words.get("footnote.listing_times"));
    (!table.rows.is_empty()).then_some(table)
}
