//! Who took part: the flow of patients and knees, the disposition, and the two panels of the baseline table.
//!
//! Counts of patients and knees are taken from the [`crate::trial::Trial`]; everything that is a statistic comes from records.

use super::Material;
use crate::analysis::Record;
use crate::figure::{Figure, FigureError, Style, flow};
use crate::plan::Plan;
use crate::report::compose::primary_visit;
use crate::table::{Align, Cell, ResultTable};
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::rules::consistency::{is_completed, left_early};
use crate::trial::side::{Side, side};
use crate::trial::{Kind, Measure, Patient};
use std::collections::BTreeMap;

/// Where the page says how patients and knees were counted.
pub const DISPOSITION_COUNTS: &str = "t-14-1-1-disposition.counts";

/// The flow diagram; `None` where the counts cannot add up (more patients in the data than were randomised).
///
/// # Errors
/// The drawing fails.
pub fn flow(material: &Material, number: &str, style: &Style) -> Result<Option<Figure>, FigureError> {
    let words = material.words;
    let heading = super::figures::heading(material, "", number, words.get("figure.flow"), Vec::new())
        .over([DISPOSITION_COUNTS.to_owned()]);
    let input = flow::Flow { heading, steps: flow_steps(material), labels: labels(material) };
    if flow::check(&input.steps).is_err() {
        return Ok(None);
    }
    let mut figure = flow::draw(&input, style)?;
    figure.description = input.steps.iter().map(|step| step_in_words(material, step)).collect::<Vec<_>>().join(" ");
    Ok(Some(figure))
}

fn step_in_words(material: &Material, step: &flow::Step) -> String {
    let (patients, knees) = (step.count.patients.to_string(), step.count.knees.to_string());
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
    }
}

/// Randomised → analysis set → observed at the primary visit.
fn flow_steps(material: &Material) -> Vec<flow::Step> {
    let words = material.words;
    let trial = material.trial;
    let set = material.set();
    let by_arm = |patients: &[&Patient], has: &dyn Fn(&crate::trial::Knee) -> bool| {
        let count = |arm| patients.iter().filter_map(|patient| patient.knee(arm)).filter(|knee| has(knee)).count();
        trial.design.arms.other.is_empty().then(|| [count(ACTIVE), count(PLACEBO)])
    };
    let everyone: Vec<&Patient> = trial.patients.iter().collect();
    let not_in_data = trial.randomised.saturating_sub(everyone.len());
    let all_knees = trial.knees();
    let randomised = flow::Count { patients: everyone.len() + not_in_data, knees: all_knees + 2 * not_in_data };

    let (members, left): (Vec<_>, Vec<_>) = trial.patients.iter().zip(&set.members).partition(|(_, member)| **member);
    let members: Vec<&Patient> = members.into_iter().map(|(patient, _)| patient).collect();
    let left: Vec<&Patient> = left.into_iter().map(|(patient, _)| patient).collect();
    let analysed = flow::Count { patients: members.len(), knees: members.iter().map(|p| p.knees().len()).sum() };
    let mut leaving = by_reason(material, &left, &words.get("flow.no_reason"));
    if not_in_data > 0 {
        let count = flow::Count { patients: not_in_data, knees: 2 * not_in_data };
        leaving.push(flow::Leaving { reason: words.get("flow.not_in_data"), count });
    }

    let mut steps = vec![
        flow::Step {
            label: words.get("flow.randomised"),
            count: randomised,
            by_arm: (not_in_data == 0).then(|| by_arm(&everyone, &|_| true)).flatten(),
            leaving_label: words.say("flow.not_in_set", &[("set", &set.label)]),
            leaving,
        },
        flow::Step {
            label: set.label.clone(),
            count: analysed,
            by_arm: by_arm(&members, &|_| true),
            leaving_label: String::new(),
            leaving: Vec::new(),
        },
    ];
    if let Some(&endpoint) = material.primary_endpoints().first() {
        let visit = primary_visit(material, endpoint);
        let observed = |knee: &crate::trial::Knee| knee.values[endpoint][visit].is_some();
        let (with, without): (Vec<&Patient>, Vec<&Patient>) =
            members.iter().partition(|patient| patient.knees().iter().any(observed));
        let knees: usize = with.iter().flat_map(|patient| patient.knees()).filter(|knee| observed(knee)).count();
        let lost = with.iter().map(|patient| patient.knees().len()).sum::<usize>() - knees;
        let mut leaving = by_reason(material, &without, &words.get("flow.no_value"));
        if lost > 0 {
            let count = flow::Count { patients: 0, knees: lost };
            leaving.push(flow::Leaving { reason: words.get("flow.one_knee"), count });
        }
        let names = [("endpoint", material.endpoint(endpoint).name.as_str()), ("visit", material.visit(visit))];
        if let Some(step) = steps.last_mut() {
            step.leaving_label = words.say("flow.not_observed", &names);
            step.leaving = leaving;
        }
        steps.push(flow::Step {
            label: words.say("flow.observed", &names),
            count: flow::Count { patients: with.len(), knees },
            by_arm: by_arm(&with, &observed),
            leaving_label: String::new(),
            leaving: Vec::new(),
        });
    }
    steps
}

/// Patients who left, by the reason the disposition gives.
fn by_reason(material: &Material, patients: &[&Patient], otherwise: &str) -> Vec<flow::Leaving> {
    let mut reasons: Vec<flow::Leaving> = Vec::new();
    for patient in patients {
        let reason = reason(material.plan, patient).unwrap_or(otherwise);
        let knees = patient.knees().len();
        match reasons.iter_mut().find(|known| known.reason == reason) {
            Some(known) => {
                known.count.patients += 1;
                known.count.knees += knees;
            }
            None => {
                reasons.push(flow::Leaving { reason: reason.to_owned(), count: flow::Count { patients: 1, knees } })
            }
        }
    }
    // A long tail of single reasons would crowd the diagram; the listing has them all.
    if reasons.len() > 6 {
        let rest = reasons.split_off(5);
        let count = rest.iter().fold(flow::Count::default(), |sum, leaving| flow::Count {
            patients: sum.patients + leaving.count.patients,
            knees: sum.knees + leaving.count.knees,
        });
        reasons.push(flow::Leaving { reason: material.words.get("flow.other_reasons"), count });
    }
    reasons
}

/// Why a patient left, in the words of the disposition: the column the plan names, else a CDISC one.
pub fn reason<'p>(plan: &Plan, patient: &'p Patient) -> Option<&'p str> {
    let named = patient.attributes.get(&plan.data.disposition_columns.reason);
    let names = ["dcsreas", "dsdecod", "eosreas", "eotreas"];
    let known = || patient.attributes.iter().find(|(name, _)| names.contains(&name.to_lowercase().as_str()));
    named.or_else(|| known().map(|(_, value)| value)).map(String::as_str)
}

/// How the patient left the trial, in the words of the disposition: the column the plan names, else `EOSSTT` of ADaM.
fn status<'p>(plan: &Plan, patient: &'p Patient) -> Option<&'p str> {
    let named = patient.attributes.get(&plan.data.disposition_columns.status);
    let known = || patient.attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case("eosstt"));
    named.or_else(|| known().map(|(_, value)| value)).map(String::as_str)
}

/// Analysis sets: patients, and knees by arm.
pub fn disposition(material: &Material, number: &str) -> ResultTable {
    let words = material.words;
    let trial = material.trial;
    let title = words.get("table.disposition");
    let mut table = ResultTable::new("t-14-1-1-disposition", number, title, material.everyone());
    let arms = trial.design.arms.labels();
    // Active first, as in every other table.
    let order: Vec<usize> = [ACTIVE, PLACEBO].into_iter().chain(2..arms.len()).collect();
    let knees_of = |arm: usize| words.say("table.knees_of", &[("arm", arms[arm])]);
    let headers = std::iter::once(words.get("table.pairs")).chain(order.iter().map(|&arm| knees_of(arm)));
    table.headers(words.get("table.set"), headers);
    let mut add = |label: String, indent: u8, patients: Vec<&Patient>, shown: Option<usize>| {
        let of = |arm: usize| patients.iter().filter(|patient| patient.knee(arm).is_some()).count();
        let mut cells = vec![Cell::Count(shown.unwrap_or(patients.len()))];
        cells.extend(order.iter().map(|&arm| Cell::Count(of(arm))));
        table.row(label, indent, cells, Vec::new());
    };
    let everyone: Vec<&Patient> = trial.patients.iter().collect();
    add(words.get("flow.randomised"), 0, everyone.clone(), Some(trial.randomised.max(everyone.len())));
    for set in &trial.sets {
        let members = trial.patients.iter().zip(&set.members).filter(|(_, member)| **member).map(|(p, _)| p).collect();
        add(set.label.clone(), 0, members, None);
    }
    let mut left: BTreeMap<String, Vec<&Patient>> = BTreeMap::new();
    let mut completed: Vec<&Patient> = Vec::new();
    for patient in &trial.patients {
        let status = status(material.plan, patient);
        match reason(material.plan, patient) {
            Some(reason) => left.entry(reason.to_owned()).or_default().push(patient),
            None if status.is_some_and(left_early) => {
                left.entry(words.get("flow.no_reason")).or_default().push(patient);
            }
            None if status.is_some_and(is_completed) => completed.push(patient),
            None => {}
        }
    }
    let mut row = |label: String, indent: u8, patients: Vec<&Patient>| {
        let of = |arm: usize| patients.iter().filter(|patient| patient.knee(arm).is_some()).count();
        let mut cells = vec![Cell::Count(patients.len())];
        cells.extend(order.iter().map(|&arm| Cell::Count(of(arm))));
        table.row(label, indent, cells, Vec::new());
    };
    if !completed.is_empty() || left.values().flatten().any(|patient| status(material.plan, patient).is_some()) {
        row(words.get("table.completed"), 0, completed);
    }
    let everyone_left: Vec<&Patient> = left.values().flatten().copied().collect();
    if !everyone_left.is_empty() {
        row(words.get("table.left_trial"), 0, everyone_left);
        left.into_iter().for_each(|(reason, patients)| row(reason, 1, patients));
    }
    table
}

/// First panel of the baseline table: characteristics of the patients. `None` where the data have none.
pub fn patients(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let title = words.get("table.baseline_patients");
    let mut table = ResultTable::new("t-14-1-2-patients", number, title, material.population());
    let patients = words.get("table.all_patients");
    let values = [("arm", patients.as_str()), ("n", &material.set().size().to_string())];
    table.headers(words.get("table.characteristic"), [words.say("table.arm_n", &values)]);
    let by_knee = knee_characteristics(material);
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

/// Characteristics of the knee that the data give by side, as a pair of columns such as `kl_left` and `kl_right`: the name
/// they share, and the columns of the left and of the right knee. Only those with few categories.
fn knee_characteristics<'a>(material: &Material<'a>) -> Vec<(String, [&'a str; 2])> {
    let counted = |record: &Record| super::json(record, "categories").is_array();
    let columns: Vec<&str> =
        described(material).filter(|(_, record)| counted(record)).map(|(column, _)| column).collect();
    let base = |column: &str, ending: &str| {
        let lower = column.to_lowercase();
        lower.strip_suffix(ending).filter(|base| !base.is_empty()).map(str::to_owned)
    };
    columns
        .iter()
        .filter_map(|&left| {
            let shared = base(left, "_left")?;
            let right = columns.iter().find(|column| base(column, "_right").as_ref() == Some(&shared))?;
            Some((shared, [left, *right]))
        })
        .collect()
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
    for (name, columns) in knee_characteristics(material) {
        by_knee(material, &mut table, &name, columns);
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
        let mut add = |label: &str, cell: &dyn Fn(&Record) -> Cell| {
            let cells = records.iter().map(|record| cell(record)).collect();
            table.row(words.get(label), 1, cells, ids.clone());
        };
        add("table.n", &|record| Cell::Count(record.result.n_pairs));
        match about.kind {
            Kind::Continuous | Kind::Count => {
                add("table.mean_sd", &|record| {
                    Cell::Spread(record.result.estimate, d + 1, record.result.number("sd"), d + 2)
                });
            }
            Kind::Ordinal | Kind::Binary => {
                for (grade, counts) in super::grades::counts(material, endpoint, baseline) {
                    let of = |arm: usize, record: &Record| Cell::CountPercent(counts[arm], record.result.n_pairs);
                    let cells = vec![of(ACTIVE, active), of(PLACEBO, placebo), Cell::Empty];
                    table.row(super::grades::label(material, about.kind, grade), 1, cells, Vec::new());
                }
            }
        }
    }
    table.footnotes.push(words.get("footnote.baseline"));
    table.columns[0].align = Align::Left;
    Some(table)
}

/// A characteristic of the knees by arm; the column of a knee is that of its side.
fn by_knee(material: &Material, table: &mut ResultTable, name: &str, columns: [&str; 2]) {
    let of = |arm: usize| -> Vec<&str> {
        let column = |patient: &Patient| {
            Some(match side(&patient.knee(arm)?.side)? {
                Side::Left => columns[0],
                Side::Right => columns[1],
            })
        };
        let known = material.members().filter_map(|patient| patient.attributes.get(column(patient)?));
        known.map(String::as_str).filter(|value| !value.is_empty()).collect()
    };
    let [active, placebo] = [ACTIVE, PLACEBO].map(of);
    let mut categories: Vec<&str> = active.iter().chain(&placebo).copied().collect();
    categories.sort_unstable();
    categories.dedup();
    if categories.is_empty() {
        return;
    }
    table.group(column_name(material, name));
    for category in categories {
        let count =
            |knees: &[&str]| Cell::CountPercent(knees.iter().filter(|known| **known == category).count(), knees.len());
        table.row(category, 1, vec![count(&active), count(&placebo), Cell::Empty], Vec::new());
    }
}

/// Which side was on which arm.
fn sides(material: &Material, table: &mut ResultTable) {
    let trial = material.trial;
    let set = material.set();
    let members = || trial.patients.iter().zip(&set.members).filter(|(_, member)| **member).map(|(patient, _)| patient);
    let mut labels: Vec<&str> = members().flat_map(|p| p.knees()).map(|knee| knee.side.as_str()).collect();
    labels.sort_unstable();
    labels.dedup();
    // Without a side column the arm stands for the side.
    let arms = trial.design.arms.labels();
    if labels.len() != 2 || labels.iter().any(|label| arms.contains(label)) {
        return;
    }
    table.group(material.words.get("table.side"));
    for side in labels {
        let of = |arm: usize| {
            let knees: Vec<_> = members().filter_map(|patient| patient.knee(arm)).collect();
            Cell::CountPercent(knees.iter().filter(|knee| knee.side == side).count(), knees.len())
        };
        table.row(side, 1, vec![of(ACTIVE), of(PLACEBO), Cell::Empty], Vec::new());
    }
}
