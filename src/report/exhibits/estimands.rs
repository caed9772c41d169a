//! Estimands: what each asks (ICH E9(R1)), its events, what becomes of every cell, its estimates and what they assume.

use super::figures::{favours, heading};
use super::populations::column_name;
use super::{Material, json};
use crate::analysis::estimand::{self, Plane, Question, Side, cells};
use crate::analysis::{Record, Scale};
use crate::figure::{Figure, FigureError, MeanCi, Style, forest, sensitivity_forest};
use crate::plan::estimand::{ImputationBaseline, IntercurrentEvent, SensitivityPlan, Strategy};
use crate::table::{Align, Cell, ResultTable, rounding};
use crate::trial::Measure;
use serde_json::Value;

/// An estimand that is estimated by imputation, with its records: the main analysis, then the sensitivity analyses.
pub struct Estimated<'a> {
    /// The question.
    pub question: Question<'a>,
    /// Its records, in the order of the plan.
    pub records: Vec<&'a Record>,
}

impl<'a> Estimated<'a> {
    /// The main analysis.
    pub fn main(&self) -> Option<&'a Record> {
        self.records.first().copied()
    }

    /// Whether a record asks for tipping points of the main analysis alone, whose estimate it repeats.
    pub fn only_tips(&self, place: usize) -> bool {
        self.sensitivity(place).is_some_and(|other| {
            let nothing_else =
                SensitivityPlan { label: None, delta: None, ..other.clone() } == SensitivityPlan::default();
            nothing_else && other.delta.as_ref().is_some_and(|delta| delta.tips())
        })
    }

    /// The sensitivity analysis of a record; `None` for the main analysis.
    pub fn sensitivity(&self, place: usize) -> Option<&'a SensitivityPlan> {
        self.question.estimand.sensitivities.get(place.checked_sub(1)?)
    }
}

/// The estimands that are estimated by imputation, in the order of the plan.
pub fn estimated<'a>(material: &Material<'a>) -> Vec<Estimated<'a>> {
    let of = |question: Question<'a>| {
        let own = |record: &&Record| matches!(record.result.field("estimand"), Some(crate::analysis::Field::Text(id)) if *id == question.id);
        let records = material.outcomes.records.iter().filter(own).collect();
        Estimated { question, records }
    };
    estimand::questions(&material.context()).into_iter().map(of).collect()
}

pub(super) fn number(value: &Value, key: &str) -> Option<f64> {
    value.get(key).and_then(Value::as_f64)
}

pub(super) fn count(value: &Value, key: &str) -> usize {
    number(value, key).map_or(0, |n| n as usize)
}

pub(super) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The name of a strategy; `k` of the causal one.
fn strategy(material: &Material, strategy: Strategy, k: Option<f64>) -> String {
    let name = material.words.get(&format!("methods.strategy_{}", strategy.name()));
    match k.filter(|_| strategy == Strategy::Causal) {
        Some(k) => format!("{name}, k = {k}"),
        None => name,
    }
}

/// An event with its level, strategy and reason.
fn handled(material: &Material, event: &IntercurrentEvent) -> String {
    let level = material.words.get(match event.level {
        crate::plan::estimand::Level::Knee => "methods.level_knee",
        crate::plan::estimand::Level::Patient => "methods.level_patient",
    });
    let strategy = strategy(material, event.strategy, event.k);
    let values = [("event", event.event.as_str()), ("level", &level), ("strategy", &strategy)];
    let handled = material.words.say("methods.intercurrent_text", &values);
    match &event.reason {
        Some(reason) => {
            let reason = reason.trim_end_matches(['.', '。']);
            material.words.say("estimand.with_reason", &[("handled", &handled), ("reason", reason)])
        }
        None => handled,
    }
}

/// The primary estimand in short: treatment, population, variable, events, summary measure, and what estimates it, which need
/// not be the analysis that decides. Empty where the plan declares none.
pub fn in_short(material: &Material) -> Vec<(String, String)> {
    let words = material.words;
    let Some(estimand) = material.plan.estimands.first() else { return Vec::new() };
    let fact = |key: &str, value: String| (words.get(&format!("methods.{key}")), value);
    let events: Vec<String> = estimand.intercurrent_events.iter().map(|event| handled(material, event)).collect();
    let events = if events.is_empty() {
        words.get("estimand.no_event")
    } else {
        events.join(&words.get("estimand.events_joint"))
    };
    vec![
        fact("treatment", estimand.treatment.clone()),
        fact("population", estimand.population.clone()),
        fact("variable", estimand.variable.clone()),
        fact("intercurrent", events),
        fact("summary_measure", estimand.summary_measure.clone()),
        (
            words.get("estimand.estimate"),
            estimate(material).map_or_else(|| words.get("estimand.by_endpoint"), |(text, _)| text),
        ),
    ]
}

/// The estimate of the primary estimand in words, and its record. `None` where the analysis that decides estimates it.
pub fn estimate<'a>(material: &Material<'a>) -> Option<(String, &'a Record)> {
    let words = material.words;
    let first = material.plan.estimands.first()?.id_at(0);
    let own = estimated(material).into_iter().find(|own| own.question.id == first)?;
    let record = own.main()?;
    let result = &record.result;
    let (Some(estimate), Some(low), Some(high)) = (result.estimate, result.conf_low, result.conf_high) else {
        let reason = result.notes.reason().map(|note| words.note(note)).unwrap_or_default();
        return Some((words.say("estimand.no_estimate", &[("reason", &reason)]), record));
    };
    let about = material.endpoint(own.question.endpoint);
    let unitless = is_unitless(record);
    let (decimals, unit) = if unitless { (3, "") } else { (about.decimals + 1, about.unit.as_str()) };
    let [d, l, u] = [estimate, low, high].map(|value| rounding::print(value, decimals));
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    let n = result.number("n_patients").map_or(result.n_pairs, |n| n as usize).to_string();
    let method = words.name("method", result.method);
    let values = [("d", d.as_str()), ("l", &l), ("u", &u), ("unit", &unit), ("n", &n), ("method", &method)];
    Some((words.say("estimand.estimated_as", &values), record))
}

/// All estimands with their attributes; `None` where the plan declares none.
pub fn table(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let mut table = ResultTable::new("t-14-4-3-estimands", number, words.get("estimand.table"), material.everyone());
    table.headers(words.get("estimand.attribute"), [words.get("estimand.as_declared")]);
    let estimated = estimated(material);
    for (place, estimand) in material.plan.estimands.iter().enumerate() {
        let id = estimand.id_at(place);
        table.group(title(material, &id, place));
        let mut row = |label: String, text: String, records: Vec<String>| {
            table.row(label, 1, vec![Cell::Text(text)], records);
        };
        let none = Vec::new;
        row(words.get("methods.treatment"), estimand.treatment.clone(), none());
        let own = estimated.iter().find(|own| own.question.id == id);
        let set = own.map_or(material.set(), |own| own.question.set);
        let population =
            words.say("estimand.population_as", &[("population", &estimand.population), ("set", &set.label)]);
        row(words.get("methods.population"), population, none());
        row(words.get("methods.variable"), estimand.variable.clone(), none());
        if estimand.intercurrent_events.is_empty() {
            row(words.get("methods.intercurrent"), words.get("estimand.no_event"), none());
        }
        for event in &estimand.intercurrent_events {
            row(words.get("methods.intercurrent"), handled(material, event), none());
        }
        row(words.get("methods.summary_measure"), estimand.summary_measure.clone(), none());
        match own {
            Some(own) => {
                let ids = own.main().map(|record| record.id.clone()).into_iter().collect();
                row(words.get("estimand.estimator"), estimator(material, own), ids);
                for assumption in assumptions(material, own) {
                    row(words.get("estimand.assumption"), assumption, none());
                }
                for place in 1..own.records.len() {
                    let ids = vec![own.records[place].id.clone()];
                    row(words.get("estimand.sensitivity"), analysis(material, own, place), ids);
                }
            }
            None => row(words.get("estimand.estimator"), words.get("estimand.by_endpoint"), none()),
        }
    }
    table.columns[1].align = Align::Left;
    table.footnotes.push(words.get("estimand.table_note"));
    table.footnotes.extend(material.marks());
    (!table.rows.is_empty()).then_some(table)
}

fn title(material: &Material, id: &str, place: usize) -> String {
    let key = if place == 0 { "estimand.primary" } else { "estimand.further" };
    material.words.say(key, &[("id", id)])
}

/// An estimand with its endpoint and visit, as a group of rows is called.
pub fn heading_of(material: &Material, own: &Estimated) -> String {
    let place = material.plan.estimands.iter().position(|known| std::ptr::eq(known, own.question.estimand));
    let about = material.endpoint(own.question.endpoint);
    let values = [
        ("estimand", &*title(material, &own.question.id, place.unwrap_or(1))),
        ("endpoint", &about.name),
        ("visit", material.visit(own.question.visit())),
    ];
    material.words.say("estimand.heading", &values)
}

/// The main estimator in words.
fn estimator(material: &Material, own: &Estimated) -> String {
    let words = material.words;
    let missing = &own.question.missing;
    let used = own.main().map(|record| json(record, "structure")).unwrap_or_default();
    let structure = words.name("structure", used.as_str().unwrap_or(missing.structure.name()));
    let changes = cells::measure(&material.context(), own.question.endpoint) == Measure::Change;
    let terms = imputation_terms(material, own).join(&words.get("text.comma"));
    let terms = if terms.is_empty() { terms } else { words.say("estimand.imputation_terms", &[("terms", &terms)]) };
    let values = [
        ("method", words.name("method", missing.method.name())),
        ("measure", words.get(if changes { "estimand.imputation_change" } else { "estimand.imputation_value" })),
        ("terms", terms),
        ("structure", structure),
        ("analysis", words.get(&format!("estimand.analysis_{}", missing.analysis.name()))),
    ];
    words.say("estimand.estimator_text", &values.each_ref().map(|(key, value)| (*key, value.as_str())))
}

/// What the imputation model has beside treatment and visit.
fn imputation_terms(material: &Material, own: &Estimated) -> Vec<String> {
    let (words, analysis) = (material.words, &material.plan.analysis);
    let missing = &own.question.missing;
    let changes = cells::measure(&material.context(), own.question.endpoint) == Measure::Change;
    let mut terms = Vec::new();
    if changes && missing.baseline == ImputationBaseline::Own {
        terms.push(words.get("estimand.imputation_baseline"));
    }
    terms.extend(missing.covariates(analysis).iter().map(|column| column_name(material, column)));
    let follows = missing.covariates.is_none();
    terms.extend((follows && analysis.side).then(|| words.get("estimand.imputation_side")));
    terms.extend((follows && analysis.injected_first.is_some()).then(|| words.get("estimand.imputation_injection")));
    terms
}

/// The assumptions of an estimand, one sentence each: what is missing at random, and what each event changes.
pub fn assumptions(material: &Material, own: &Estimated) -> Vec<String> {
    let words = material.words;
    let arms = &material.trial.design.arms;
    let mut said = vec![words.get("estimand.assumes_mar")];
    for event in &own.question.estimand.intercurrent_events {
        let key = format!("estimand.assumes_{}", event.strategy.name());
        let k = event.k.map_or(String::new(), |k| k.to_string());
        let values = [("event", event.event.as_str()), ("active", &arms.active), ("placebo", &arms.placebo), ("k", &k)];
        if words.messages().contains_key(&key) {
            said.push(words.say(&key, &values));
        }
    }
    said
}

/// The name of an analysis: the main one, or what differs from it.
pub fn analysis(material: &Material, own: &Estimated, place: usize) -> String {
    let words = material.words;
    let Some(other) = own.sensitivity(place) else { return words.get("estimand.main") };
    if let Some(label) = &other.label {
        return label.clone();
    }
    let mut parts = Vec::new();
    parts.extend(other.strategy.map(|name| strategy(material, name, other.k)));
    parts.extend(other.method.map(|method| words.name("method", method.name())));
    parts.extend(other.structure.map(|name| words.name("structure", name.name())));
    parts.extend(other.covariance.map(|name| words.get(&format!("estimand.covariance_{}", name.name()))));
    parts.extend(other.analysis.map(|name| words.get(&format!("estimand.analysis_{}", name.name()))));
    parts.extend(other.inference.map(|name| words.get(&format!("estimand.se_{}", name.name()))));
    parts.extend(other.delta.as_ref().map(|delta| match delta.tips() {
        true => words.get("estimand.tipping_points"),
        false => {
            let [active, placebo] = [&delta.active, &delta.placebo].map(|value| value.number().to_string());
            words.say("estimand.delta", &[("active", &active), ("placebo", &placebo)])
        }
    }));
    crate::report::words::capital(&parts.join(&words.get("text.comma")))
}

/// Intercurrent events by arm, level and visit, with the values observed after them.
pub fn events(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let arms = &material.trial.design.arms;
    let mut table =
        ResultTable::new("t-14-4-4-intercurrent", number, words.get("estimand.events"), material.everyone());
    let head = |key: &str, arm: &str| words.say(key, &[("arm", arm)]);
    let mut headers = vec![words.get("estimand.strategy"), words.get("estimand.patients")];
    headers.extend([&arms.active, &arms.placebo].map(|arm| head("estimand.knees_of", arm)));
    headers.extend([&arms.active, &arms.placebo].map(|arm| head("estimand.values_after", arm)));
    table.headers(words.get("estimand.event_visit"), headers);
    for own in estimated(material) {
        let Some(record) = own.main() else { continue };
        let found = json(record, "events");
        table.group(heading_of(material, &own));
        let mut any = false;
        for event in found.as_array().into_iter().flatten() {
            any = true;
            let visit = event
                .get("visit")
                .and_then(Value::as_str)
                .map_or_else(|| words.get("estimand.after_last"), str::to_owned);
            let level = words.get(&format!("methods.level_{}", text(event, "level")));
            let label = words
                .say("estimand.event_at", &[("event", text(event, "event")), ("level", &level), ("visit", &visit)]);
            let mut cells = vec![
                Cell::Text(words.get(&format!("methods.strategy_{}", text(event, "strategy")))),
                Cell::Count(count(event, "patients")),
            ];
            cells.extend(
                ["active", "placebo", "observed_active", "observed_placebo"].map(|key| Cell::Count(count(event, key))),
            );
            table.row(label, 1, cells, vec![record.id.clone()]);
        }
        if !any {
            table.row(words.get("estimand.no_event_found"), 1, vec![Cell::Empty; 6], vec![record.id.clone()]);
        }
        let overlaps = record.result.number("overlaps").map_or(0, |n| n as usize);
        if overlaps > 0 {
            let mut cells = vec![Cell::Empty, Cell::Empty, Cell::Count(overlaps)];
            cells.extend([Cell::Empty, Cell::Empty, Cell::Empty]);
            table.row(words.get("estimand.overlaps"), 1, cells, vec![record.id.clone()]);
        }
    }
    if let Some(column) = table.columns.get_mut(1) {
        column.align = Align::Left;
    }
    table.footnotes.push(words.get("estimand.events_note"));
    table.footnotes.extend(material.marks());
    (!table.rows.is_empty()).then_some(table)
}

/// What becomes of every cell, with the means of observed and imputed values.
pub fn cells(material: &Material, number_of: &str) -> Option<ResultTable> {
    let words = material.words;
    let arms = &material.trial.design.arms;
    let mut table = ResultTable::new("t-14-4-5-cells", number_of, words.get("estimand.cells"), material.everyone());
    let headers = ["observed", "after_event", "imputed", "set", "discarded", "total", "mean_observed", "mean_imputed"];
    table.headers(words.get("estimand.visit_arm"), headers.map(|key| words.get(&format!("estimand.cells_{key}"))));
    for own in estimated(material) {
        let Some(record) = own.main() else { continue };
        let (fates, course) = (json(record, "cells"), json(record, "course"));
        let decimals = material.endpoint(own.question.endpoint).decimals + 1;
        table.group(heading_of(material, &own));
        for (place, fate) in fates.as_array().into_iter().flatten().enumerate() {
            let arm = if text(fate, "arm") == "active" { &arms.active } else { &arms.placebo };
            let laws = fate.get("imputed").and_then(Value::as_object);
            let imputed: Vec<String> = laws
                .into_iter()
                .flatten()
                .map(|(law, n)| format!("{} {}", law.to_uppercase(), n.as_u64().unwrap_or_default()))
                .collect();
            let mean = |key: &str| Cell::Number(course.get(place).and_then(|course| number(course, key)), decimals);
            let cells = vec![
                Cell::Count(count(fate, "observed")),
                Cell::Count(count(fate, "observed_after_event")),
                Cell::Text(if imputed.is_empty() { "0".to_owned() } else { imputed.join("; ") }),
                Cell::Count(count(fate, "set")),
                Cell::Count(count(fate, "discarded")),
                Cell::Count(count(fate, "total")),
                mean("observed"),
                mean("imputed"),
            ];
            let label = words.say("estimand.visit_of_arm", &[("visit", text(fate, "visit")), ("arm", arm)]);
            table.row(label, 1, cells, vec![record.id.clone()]);
        }
    }
    table.footnotes.push(words.get("estimand.cells_note"));
    for own in estimated(material) {
        let outside = own.main().and_then(|record| record.result.number("n_outside_range")).unwrap_or(0.0);
        if outside > 0.0 {
            let values = [("estimand", own.question.id.as_str()), ("n", &outside.to_string())];
            table.footnotes.push(words.say("estimand.outside", &values));
        }
    }
    table.footnotes.extend(material.marks());
    (!table.rows.is_empty()).then_some(table)
}

/// The kind of standard error of a record.
fn error_kind(material: &Material, record: &Record) -> String {
    let value = json(record, "inference");
    value.as_str().map_or_else(String::new, |name| material.words.get(&format!("estimand.se_{name}")))
}

/// Every estimate with its kind of standard error.
pub fn estimates(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let arms = &material.trial.design.arms;
    let mut table =
        ResultTable::new("t-14-4-6-estimates", number, words.get("estimand.estimates"), material.everyone());
    let mut headers = vec![words.get("estimand.estimate_se"), words.get("estimand.interval"), words.get("table.p")];
    headers.push(words.get("estimand.se"));
    headers.extend([&arms.active, &arms.placebo].map(|arm| words.say("estimand.imputed_of", &[("arm", arm)])));
    table.headers(words.get("table.method"), headers);
    let mut notes: Vec<String> = Vec::new();
    for own in estimated(material) {
        let about = material.endpoint(own.question.endpoint);
        table.group(heading_of(material, &own));
        for (place, record) in own.records.iter().enumerate().filter(|(place, _)| !own.only_tips(*place)) {
            let result = &record.result;
            let unitless = is_unitless(record);
            let decimals = if unitless { 3 } else { about.decimals + 1 };
            let imputed = |name: &str| Cell::Count(result.number(name).map_or(0, |n| n as usize));
            let cells = vec![
                Cell::Spread(result.estimate, decimals, result.std_error, decimals + 1),
                Cell::Interval(result.conf_low, result.conf_high, decimals),
                Cell::PValue(result.p_value),
                Cell::Text(error_kind(material, record)),
                imputed("n_imputed_active"),
                imputed("n_imputed_placebo"),
            ];
            table.row(analysis(material, &own, place), 1, cells, vec![record.id.clone()]);
            for note in result.notes.iter() {
                let said = words.note(note);
                if !notes.contains(&said) {
                    notes.push(said);
                }
            }
        }
    }
    if let Some(column) = table.columns.get_mut(4) {
        column.align = Align::Left;
    }
    table.footnotes.push(words.get("estimand.estimates_note"));
    table.footnotes.extend(notes.into_iter().map(|note| crate::report::words::capital(&note)));
    table.footnotes.extend(material.marks());
    (!table.rows.is_empty()).then_some(table)
}

/// The record with the plane of an estimand: the main analysis, else the first sensitivity analysis that has one.
pub fn plane<'a>(own: &Estimated<'a>) -> Option<(&'a Record, Plane)> {
    own.records.iter().find_map(|record| Some((*record, Plane::of(record)?)))
}

/// One paragraph of an estimand: the estimate, what it assumes, and how far the imputed values could move.
pub fn paragraph(material: &Material, own: &Estimated) -> String {
    let words = material.words;
    let mut said = vec![words.say("estimand.begins", &[("estimand", &heading_of(material, own))])];
    said.extend(assumptions(material, own));
    let Some(record) = own.main() else { return crate::report::sentences::join(material, &said) };
    if record.result.estimate.is_none() {
        let reason = record.result.notes.reason().map(|note| words.note(note)).unwrap_or_default();
        said.push(words.say("estimand.no_estimate", &[("reason", &reason)]));
    }
    if let Some((of, plane)) = plane(own) {
        let about = material.endpoint(own.question.endpoint);
        let arms = &material.trial.design.arms;
        let roots = plane.roots_where(0, 0.0);
        let nearest = roots.iter().copied().min_by(|a, b| a.abs().total_cmp(&b.abs()));
        let significant = plane.side([0.0; 2]) != Side::Across;
        let key = match (significant, nearest.is_some() && plane.weights()[0] != 0.0) {
            (true, true) => "estimand.tips",
            (true, false) => "estimand.tips_never",
            (false, true) => "estimand.nothing_to_tip",
            (false, false) => "estimand.nothing_to_tip_never",
        };
        let root = nearest.unwrap_or_default();
        let shown = crate::table::rounding::print(root, about.decimals + 1);
        let unit = if about.unit.is_empty() { String::new() } else { format!("\u{a0}{}", about.unit) };
        let values = [("delta", shown.as_str()), ("unit", &unit), ("active", &arms.active), ("placebo", &arms.placebo)];
        said.push(words.say(key, &values));
        if let (Some(mcid), true) = (about.important_difference, key == "estimand.tips" && of.result.estimate.is_some())
        {
            let multiple = crate::table::rounding::print(root.abs() / mcid, 1);
            said.push(words.say("estimand.tips_mcid", &[("multiple", &multiple)]));
        }
    }
    crate::report::sentences::join(material, &said)
}

/// Every estimate of an endpoint on one axis.
///
/// # Errors
/// The drawing fails.
pub fn forest(material: &Material, number: &str, style: &Style) -> Result<Vec<Figure>, FigureError> {
    let words = material.words;
    let estimated = estimated(material);
    let mut figures = Vec::new();
    for endpoint in 0..material.trial.design.endpoints.len() {
        let about = material.endpoint(endpoint);
        let mut rows = Vec::new();
        let mut records = Vec::new();
        let visits: std::collections::BTreeSet<usize> =
            estimated.iter().filter(|own| own.question.endpoint == endpoint).map(|own| own.question.visit()).collect();
        for &visit in &visits {
            if let Some(record) = material.outcomes.deciding(endpoint, visit) {
                records.push(record);
                rows.push(row(
                    words.say("estimand.deciding", &[("method", &words.name("method", record.result.method))]),
                    record,
                    true,
                ));
            }
        }
        for own in estimated.iter().filter(|own| own.question.endpoint == endpoint) {
            for (place, record) in own.records.iter().enumerate() {
                let unitless = is_unitless(record);
                if unitless || own.only_tips(place) {
                    continue;
                }
                let name = format!("{}: {}", own.question.id, analysis(material, own, place));
                let kind = error_kind(material, record);
                let said = name.to_lowercase().contains(&kind.to_lowercase());
                let label = if said { name } else { format!("{name} [{kind}]") };
                // Another strategy for the events is another estimand.
                let strategy = own.sensitivity(place).is_some_and(|other| other.strategy.is_some());
                let label = if strategy { words.say("figure.other_estimand", &[("analysis", &label)]) } else { label };
                records.push(record);
                rows.push(row(label, record, false));
            }
        }
        if rows.len() < 2 || rows.iter().all(|row| row.difference.mean.is_none()) {
            continue;
        }
        let arms = &material.trial.design.arms;
        let title = words.say("estimand.forest", &[("endpoint", &about.name)]);
        let key = format!("{}-estimands", material.key(endpoint));
        let part = format!("{number}.{}", figures.len() + 1);
        let input = sensitivity_forest::SensitivityForest {
            heading: heading(material, &key, &part, title, vec![words.get("estimand.forest_note")])
                .over(records.iter().map(|record| record.id.clone())),
            label: material.name_with_unit(endpoint),
            rows,
            mcid: about.important(),
            better: about.better,
            decimals: about.decimals + 1,
            numbers: material.numbers(endpoint),
            labels: forest::Labels {
                estimate: words.get("figure.estimate"),
                n: words.get("figure.patients_head"),
                favours_active: favours(material, &arms.active),
                favours_placebo: favours(material, &arms.placebo),
                band: words.get("figure.forest_band"),
                to: words.get("figure.to"),
                undefined: words.get("figure.undefined"),
            },
        };
        figures.push(sensitivity_forest::draw(&input, style)?);
    }
    Ok(figures)
}

fn row(label: String, record: &Record, primary: bool) -> forest::Row {
    let n = record.result.number("n_patients").map_or(record.result.n_pairs, |n| n as usize);
    let difference =
        MeanCi { n, mean: record.result.estimate, low: record.result.conf_low, high: record.result.conf_high };
    forest::Row { label, difference, primary }
}

/// Whether the numbers are shares (net benefit of responders) or log odds (grades), and not in the unit of the endpoint.
pub(super) fn is_unitless(record: &Record) -> bool {
    matches!(Scale::of(&record.result), Some(Scale::Benefit { .. } | Scale::Log(_)))
}
