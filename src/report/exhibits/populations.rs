//! Who took part: the flow of patients and knees, the disposition, and the two panels of the baseline table.
//!
//! Everything comes from records, counts of patients and knees too ([`crate::analysis::participants`]).

use super::{Material, by_arm, count, json, shown, word};
use crate::analysis::{Record, participants};
use crate::figure::{Figure, FigureError, Style, flow};
use crate::report::compose::primary_visit;
use crate::table::{Align, Cell, ResultTable};
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{Kind, Measure};

/// The flow diagram; `None` where the counts cannot add up (more patients in the data than were randomised).
///
/// # Errors
/// The drawing fails.
pub fn flow(material: &Material, number: &str, style: &Style) -> Result<Option<Figure>, FigureError> {
    let words = material.words;
    let heading = super::figures::heading(material, "", number, words.get("figure.flow"), not_given(material))
        .over([participants::FLOW.to_owned()]);
    let arms = material.trial.design.arms.labels().len();
    let input = flow::Flow { heading, arms, steps: flow_steps(material), labels: labels(material) };
    if flow::check(&input.steps, arms).is_err() {
        return Ok(None);
    }
    let mut figure = flow::draw(&input, style)?;
    figure.description = input.steps.iter().map(|step| step_in_words(material, step)).collect::<Vec<_>>().join(" ");
    Ok(Some(figure))
}

fn step_in_words(material: &Material, step: &flow::Step) -> String {
    let (patients, knees) = (step.count.patients.to_string(), step.count.knees.to_string());
    if step.count.knees == 0 && step.count.patients > 0 {
        return material.words.say("figure.flow_patients", &[("step", &step.label), ("patients", &patients)]);
    }
    material.words.say("figure.flow_step", &[("step", &step.label), ("patients", &patients), ("knees", &knees)])
}

fn labels(material: &Material) -> flow::Labels {
    let get = |key: &str| material.words.get(&format!("flow.{key}"));
    flow::Labels {
        patient: get("patient"),
        patients: get("patients"),
        knee: get("knee"),
        knees: get("knees"),
        space: get("space"),
        comma: get("comma"),
        colon: get("colon"),
    }
}

/// Assessed → randomised → treated → analysis set → observed at the primary visit, as far as each is known.
fn flow_steps(material: &Material) -> Vec<flow::Step> {
    let words = material.words;
    let record = material.record(participants::FLOW);
    let steps = record.and_then(|record| serde_json::from_value(json(record, "steps")).ok());
    let steps: Vec<participants::Step> = steps.unwrap_or_default();
    let count = |count: &participants::Count| flow::Count { patients: count.patients, knees: count.knees };
    let endpoint = material.primary_endpoints().first().copied().unwrap_or(0);
    let has = |item: &str| steps.iter().any(|step| step.item == item);
    let observed = has("observed");
    let visit = if observed { material.visit(primary_visit(material, endpoint)) } else { "" };
    let names = [("endpoint", if observed { material.endpoint(endpoint).name.as_str() } else { "" }), ("visit", visit)];
    let set = [("set", material.set().label.as_str())];
    let step = |step: &participants::Step| {
        let (label, leaving_label) = match step.item.as_str() {
            "assessed" => (words.get("flow.assessed"), words.get("flow.not_randomised")),
            "randomised" if has("treated") => (words.get("flow.randomised"), words.get("flow.not_treated")),
            "randomised" => (words.get("flow.randomised"), words.say("flow.not_in_set", &set)),
            "treated" => (words.get("flow.treated"), words.say("flow.not_in_set", &set)),
            "set" if observed => (material.set().label.clone(), words.say("flow.not_observed", &names)),
            "set" => (material.set().label.clone(), String::new()),
            _ => (words.say("flow.observed", &names), String::new()),
        };
        let leaving = |leaving: &participants::Leaving| flow::Leaving {
            reason: leaving.reason.clone().unwrap_or_else(|| words.get(&format!("flow.{}", leaving.kind))),
            count: count(&leaving.count),
        };
        flow::Step {
            label,
            count: count(&step.count),
            by_arm: step.by_arm,
            leaving_label,
            leaving: step.leaving.iter().map(leaving).collect(),
        }
    };
    steps.iter().map(step).collect()
}

/// What the flow cannot show, because neither the plan nor the data say it.
fn not_given(material: &Material) -> Vec<String> {
    let steps = material.record(participants::FLOW).map(|record| json(record, "steps")).unwrap_or_default();
    let has = |item: &str| steps.as_array().into_iter().flatten().any(|step| step["item"] == item);
    let absent = ["assessed", "treated"].into_iter().filter(|item| !has(item));
    absent.map(|item| material.words.get(&format!("flow.{item}_not_given"))).collect()
}

/// The headers of a table that counts patients and their knees by arm.
pub(super) fn knees_by_arm(material: &Material, table: &mut ResultTable, label: String) {
    let words = material.words;
    let arms = material.trial.design.arms.labels();
    let order = [ACTIVE, PLACEBO].into_iter().chain(2..arms.len());
    let knees_of = order.map(|arm| words.say("table.knees_of", &[("arm", arms[arm])]));
    table.headers(label, std::iter::once(words.get("table.pairs")).chain(knees_of));
}

/// A row of such a table.
pub(super) fn count_row(table: &mut ResultTable, record: &Record, label: String, indent: u8) {
    let knees = by_arm(record);
    let cells = std::iter::once(count(record, "patients")).chain(knees.iter().map(|(n, _)| *n)).map(Cell::Count);
    table.row(label, indent, cells.collect(), vec![record.id.clone()]);
    let knees = (0..knees.len()).map(|arm| format!("knees[{arm}].n"));
    table.named(std::iter::once("patients".to_owned()).chain(knees));
}

/// Analysis sets: patients, and knees by arm.
pub fn disposition(material: &Material, number: &str) -> ResultTable {
    let words = material.words;
    let title = words.get("table.disposition");
    let mut table = ResultTable::new("t-14-1-1-disposition", number, title, material.everyone());
    knees_by_arm(material, &mut table, words.get("table.set"));
    for record in material.counted("disposition") {
        let value = word(record, "value").unwrap_or_default();
        let set = material.trial.sets.iter().find(|set| set.name == value);
        let (label, indent) = match word(record, "item") {
            Some("set") => (set.map_or(value, |set| &set.label).to_owned(), 0),
            Some("completed") => (words.get("table.completed"), 0),
            Some("ongoing") => (words.get("table.ongoing"), 0),
            Some("not_recorded") => (words.get("table.status_not_recorded"), 0),
            Some("left") => (words.get("table.left_trial"), 0),
            Some("reason") => (value.to_owned(), 1),
            Some("no_reason") => (words.get("flow.no_reason"), 1),
            _ => (words.get("flow.randomised"), 0),
        };
        count_row(&mut table, record, label, indent);
    }
    table
}

/// Protocol deviations by what they were: patients, and knees by arm. `None` where no file of them was given.
pub fn deviations(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let title = words.get("table.deviations");
    let mut table = ResultTable::new("t-14-1-5-deviations", number, title, material.everyone());
    knees_by_arm(material, &mut table, words.get("table.deviation"));
    for record in material.counted("deviations") {
        let (label, indent) = match (word(record, "item"), word(record, "value")) {
            (Some("deviation"), Some(value)) => (value.to_owned(), 1),
            (item, _) => (words.get(&format!("item.{}", item.unwrap_or_default())), 0),
        };
        count_row(&mut table, record, crate::report::words::capital(&label), indent);
    }
    table.footnotes.push(words.get("footnote.deviations"));
    (!table.rows.is_empty()).then_some(table)
}

/// First panel of the baseline table: characteristics of the patients. `None` where the data have none.
pub fn patients(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let title = words.get("table.baseline_patients");
    let mut table = ResultTable::new("t-14-1-2-patients", number, title, material.population());
    let patients = words.get("table.all_patients");
    let values = [("arm", patients.as_str()), ("n", &material.set().size().to_string())];
    table.headers(words.get("table.characteristic"), [words.say("table.arm_n", &values)]);
    let by_knee = participants::columns_by_knee(&material.outcomes.records);
    for (column, record) in described(material) {
        if !by_knee.iter().any(|(_, columns)| columns.contains(&column)) {
            characteristic(material, &mut table, column, record);
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

/// The patient-level columns that describe the patient, with their records, in the order of the data.
fn described<'a>(material: &Material<'a>) -> impl Iterator<Item = (&'a str, &'a Record)> {
    let material = *material;
    material.outcomes.records.iter().filter_map(move |record| {
        let column = record.id.strip_prefix("patients.").and(record.endpoint_name.as_deref())?;
        (!is_administrative(&material, column)).then_some((column, record))
    })
}

/// The patient-level columns that describe the patient.
pub fn characteristics<'a>(material: &Material<'a>) -> impl Iterator<Item = &'a str> {
    described(material).map(|(column, _)| column)
}

fn characteristic(material: &Material, table: &mut ResultTable, column: &str, record: &Record) {
    let words = material.words;
    let result = &record.result;
    let id = || vec![record.id.clone()];
    match super::json(record, "categories") {
        serde_json::Value::Array(categories) => {
            table.group(column_name(material, column));
            for category in &categories {
                let label = category.get("category").and_then(|value| value.as_str()).unwrap_or_default();
                let n = category.get("n").and_then(serde_json::Value::as_u64).unwrap_or(0) as usize;
                let label = recorded(material, column, label);
                table.row(label, 1, vec![Cell::CountPercent(n, result.n_pairs)], id());
            }
            missing(material, table, record);
        }
        _ => {
            let d = result.number("decimals").map_or(0, |decimals| decimals as usize);
            table.group(column_name(material, column));
            let number = |name: &str| result.number(name);
            table.row(words.get("table.n"), 1, vec![Cell::Count(result.n_pairs)], id());
            missing(material, table, record);
            let spread = Cell::Spread(result.estimate, d + 1, number("sd"), d + 2);
            table.row(words.get("table.mean_sd"), 1, vec![spread], id());
            table.row(words.get("table.median"), 1, vec![Cell::Number(number("median"), d + 1)], id());
            let quartiles = Cell::Interval(number("q1"), number("q3"), d + 1);
            table.row(words.get("table.quartiles"), 1, vec![quartiles], id());
            table.row(words.get("table.range"), 1, vec![Cell::Interval(number("min"), number("max"), d)], id());
        }
    }
}

/// The row of patients whose value is not known, which the percentages leave out.
fn missing(material: &Material, table: &mut ResultTable, record: &Record) {
    let without = record.rows.not_used;
    if without > 0 {
        let known = record.result.n_pairs.to_string();
        let label = material.words.say("table.not_known", &[("n", &known)]);
        table.row(label, 1, vec![Cell::Count(without)], vec![record.id.clone()]);
    }
}

/// Whether a patient-level column manages the trial rather than describing the patient: it defines an analysis set, or
/// is part of the disposition. Columns the plan asks for are always shown.
fn is_administrative(material: &Material, column: &str) -> bool {
    let plan = material.plan;
    if plan.report.demographics.is_some() {
        return false;
    }
    let word = |text: &str| text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == column);
    let defines_a_set = plan.analysis_sets.iter().filter_map(|set| set.condition.as_deref()).any(word);
    let lower = column.to_lowercase();
    let disposition = ["randomised", "randomized", "injected", "treated", "analysed", "analyzed"];
    let named = &plan.data.disposition_columns;
    let left = [&named.status, &named.reason, &named.last_visit].iter().any(|name| *name == column);
    defines_a_set || left || disposition.contains(&lower.as_str()) || lower.ends_with("fl")
}

/// A code of the data in print: left and right, and the sexes of CDISC, have words in every language; anything else is said
/// as the data, or the labels of the plan, have it.
pub fn recorded(material: &Material, column: &str, value: &str) -> String {
    let code = value.to_lowercase();
    let group = match (code.as_str(), column.to_lowercase().as_str()) {
        ("left" | "right", _) => "side",
        ("f" | "m", "sex" | "gender") => "sex",
        _ => return value.to_owned(),
    };
    material.words.get(&format!("{group}.{code}"))
}

/// The name of a patient-level column in print: a known characteristic, else the column itself.
pub fn column_name(material: &Material, column: &str) -> String {
    if let Some(label) = material.trial.column(column).and_then(|column| column.label.clone()) {
        return label;
    }
    let known = material.words.name("characteristic", &column.to_lowercase());
    if known == column.to_lowercase() { column.to_owned() } else { known }
}

/// Second panel: the knees at baseline by arm, with the difference within the patient. No p-values: randomisation made
/// any difference at baseline. `None` where no endpoint has a baseline.
pub fn knees(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let design = &material.trial.design;
    let baseline = design.baseline?;
    let title = words.say("table.baseline_knees", &[("visit", material.visit(baseline))]);
    let mut table = ResultTable::new("t-14-1-3-knees", number, title, material.population());
    let arms = &design.arms;
    let headers = [material.arm_header(ACTIVE), material.arm_header(PLACEBO), material.contrast()];
    table.headers(words.get("table.characteristic"), headers);
    sides(material, &mut table);
    let shown: Vec<&str> = characteristics(material).collect();
    for (name, columns) in participants::columns_by_knee(&material.outcomes.records) {
        if columns.iter().all(|column| shown.contains(column)) {
            by_knee(material, &mut table, &name);
        }
    }
    for (endpoint, about) in design.endpoints.iter().enumerate() {
        let describe = |arm| material.outcomes.description(endpoint, baseline, Measure::Value, arm);
        let (Some(active), Some(placebo), Some(difference)) =
            (describe(Some(arms.active.as_str())), describe(Some(arms.placebo.as_str())), describe(None))
        else {
            continue;
        };
        let records = [active, placebo, difference];
        let ids: Vec<String> = records.iter().map(|record| record.id.clone()).collect();
        let d = about.decimals;
        table.group(material.name_with_unit(endpoint));
        let mut add = |label: &str, fields: &str, cell: &dyn Fn(&Record) -> Cell| {
            let cells = records.iter().map(|record| cell(record)).collect();
            table.row(words.get(label), 1, cells, ids.clone());
            table.named(records.iter().map(|record| shown::described_as(record, fields)));
        };
        add("table.n", "n", &|record| Cell::Count(record.result.n_pairs));
        match about.kind {
            Kind::Continuous | Kind::Count => {
                add("table.mean_sd", "mean sd", &|record| super::tables::mean_sd(record, d));
                let geometric: Option<Vec<_>> = records.iter().map(|record| shown::geometric(record, d + 1)).collect();
                if let Some(geometric) = geometric {
                    let label = shown::geometric_label(material, endpoint, Measure::Value);
                    table.row(label, 1, geometric.iter().map(|(cell, _)| cell.clone()).collect(), ids.clone());
                    table.named(geometric.iter().map(|(_, field)| *field));
                }
            }
            // Has no baseline.
            Kind::Survival => {}
            Kind::Ordinal | Kind::Binary => {
                let grades = [active, placebo].map(super::grades::of);
                for (place, (grade, n)) in grades[0].iter().enumerate() {
                    let other = grades[1].get(place).map_or(0, |(_, n)| *n);
                    let cells = vec![
                        Cell::CountPercent(*n, active.result.n_pairs),
                        Cell::CountPercent(other, placebo.result.n_pairs),
                        Cell::Empty,
                    ];
                    table.row(super::grades::label(material, about, *grade), 1, cells, ids.clone());
                    let field = format!("grades[{place}].n grades[{place}].percent");
                    table.named([field.clone(), field]);
                }
            }
        }
    }
    table.footnotes.push(words.get("footnote.baseline"));
    table.columns[0].align = Align::Left;
    Some(table)
}

/// A characteristic of the knees by arm.
fn by_knee(material: &Material, table: &mut ResultTable, name: &str) {
    let mut records = material.counted("knee_characteristic").filter(|record| word(record, "column") == Some(name));
    let Some(first) = records.next() else { return };
    table.group(column_name(material, name));
    std::iter::once(first).chain(records).for_each(|record| share_row(material, table, record));
}

/// Which side was on which arm.
fn sides(material: &Material, table: &mut ResultTable) {
    let mut records = material.counted("sides");
    let Some(first) = records.next() else { return };
    table.group(material.words.get("table.side"));
    std::iter::once(first).chain(records).for_each(|record| share_row(material, table, record));
}

/// What a record counts of the active and of the placebo knees, with percentages.
fn share_row(material: &Material, table: &mut ResultTable, record: &Record) {
    let mut cells: Vec<Cell> = by_arm(record).into_iter().take(2).map(|(n, of)| Cell::CountPercent(n, of)).collect();
    cells.push(Cell::Empty);
    table.row(recorded(material, "", word(record, "value").unwrap_or_default()), 1, cells, vec![record.id.clone()]);
    table.named([0, 1].map(|arm| format!("knees[{arm}].n knees[{arm}].percent")));
}
