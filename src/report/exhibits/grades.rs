//! Grades (MRI findings and other ordinal or yes/no endpoints): counts of knees, shift tables, bars.

use super::figures::{by_arm, heading, ids};
use super::{Material, count, json, tables};
use crate::analysis::{Field, Record};
use crate::figure::scene::Arm;
use crate::figure::{Figure, FigureError, Style, shift_bars};
use crate::table::{Cell, ResultTable, rounding};
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{Endpoint, Kind, Measure};
use serde_json::Value;

/// The name of a grade: the plan's label, the word for yes or no, or its number.
pub fn label(material: &Material, about: &Endpoint, grade: f64) -> String {
    let named = about.levels.iter().find(|level| level.value == grade && !level.label.is_empty());
    match about.kind {
        _ if named.is_some() => named.map(|level| level.label.clone()).unwrap_or_default(),
        Kind::Binary if grade == 0.0 => material.words.get("grade.no"),
        Kind::Binary => material.words.get("grade.yes"),
        _ => {
            let grade = if grade.fract() == 0.0 { rounding::print(grade, 0) } else { grade.to_string() };
            material.words.say("grade.grade", &[("grade", &grade)])
        }
    }
}

/// The key of a title; a yes/no endpoint has no grades.
fn of_kind(about: &Endpoint, key: &'static str) -> &'static str {
    match (about.kind, key) {
        (Kind::Binary, "table.shift") => "table.shift_binary",
        (Kind::Binary, _) => "figure.shift_binary",
        _ => key,
    }
}

/// Both arms at a visit in a sentence: the median grade, with its label or those of the two grades it lies between, or how
/// many knees had the yes of a yes/no endpoint. A mean of grades says nothing. `None` where an arm was not observed.
pub fn described(material: &Material, endpoint: usize, visit: usize) -> Option<String> {
    let (about, arms) = (material.endpoint(endpoint), &material.trial.design.arms);
    let record = |arm: &str| material.outcomes.description(endpoint, visit, Measure::Value, Some(arm));
    let (active, placebo) = (record(&arms.active)?, record(&arms.placebo)?);
    let binary = about.kind == Kind::Binary;
    let said = |record: &Record| match binary {
        true => of(record).iter().find(|(grade, _)| *grade == 1.0).map_or(0, |(_, n)| *n).to_string(),
        false => middle(material, about, record.result.number("median").unwrap_or_default()),
    };
    let (said_active, said_placebo) = (said(active), said(placebo));
    let (n_active, n_placebo) = (active.result.n_pairs.to_string(), placebo.result.n_pairs.to_string());
    if active.result.n_pairs == 0 || placebo.result.n_pairs == 0 {
        return None;
    }
    let values = [
        ("visit", material.visit(visit)),
        ("endpoint", about.name.as_str()),
        ("yes", &label(material, about, 1.0)),
        ("active", &arms.active),
        ("placebo", &arms.placebo),
        ("said_active", &said_active),
        ("said_placebo", &said_placebo),
        ("n_active", &n_active),
        ("n_placebo", &n_placebo),
    ];
    Some(material.words.say(if binary { "results.shares" } else { "results.medians" }, &values))
}

/// A median grade as printed: its label, `MILD to MODERATE` between two, or its number where grades are numbers.
fn middle(material: &Material, about: &Endpoint, median: f64) -> String {
    let word = |grade: f64| {
        let level = about.levels.iter().find(|level| level.value == grade)?;
        Some(level.label.as_str()).filter(|label| !label.is_empty() && label.trim().parse::<f64>().is_err())
    };
    match (word(median.floor()), word(median.ceil())) {
        (Some(below), Some(above)) if below == above => below.to_owned(),
        (Some(below), Some(above)) => material.words.say("results.between", &[("low", below), ("high", above)]),
        _ => rounding::print(median, usize::from(median.fract() != 0.0)),
    }
}

/// The grades that a description of one arm counts, each with its number of knees.
pub fn of(record: &Record) -> Vec<(f64, usize)> {
    let grades = json(record, "grades");
    let entry = |entry: &Value| Some((entry.get("grade")?.as_f64()?, entry.get("n")?.as_u64()? as usize));
    grades.as_array().into_iter().flatten().filter_map(entry).collect()
}

/// The grades, the counts and the row totals of a record that holds a table of counts.
fn counted(record: &Record) -> Option<(Vec<f64>, Vec<Vec<u64>>)> {
    let Some(Field::Table(table)) = record.result.field("table") else { return None };
    let Some(Field::Numbers(levels)) = record.result.field("levels") else { return None };
    Some((levels.iter().copied().flatten().collect(), table.clone()))
}

/// One row of such a table: the counts and their total.
fn row_of_counts(table: &mut ResultTable, record: &Record, label: String, indent: u8, place: usize, counts: &[u64]) {
    let Some(Field::Numbers(totals)) = record.result.field("row_totals") else { return };
    let total = totals.get(place).copied().flatten().unwrap_or_default() as usize;
    let cells = counts.iter().map(|count| *count as usize).chain([total]).map(Cell::Count).collect();
    table.row(label, indent, cells, vec![record.id.clone()]);
    let fields = (0..counts.len()).map(|column| format!("table[{place}][{column}]"));
    table.named(fields.chain([format!("row_totals[{place}]")]));
}

/// From the baseline grade (rows) to the grade at `visit` (columns), knees of each arm. `None` without a baseline.
pub fn shifts(material: &Material, endpoint: usize, visit: usize, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let design = &material.trial.design;
    let baseline = design.baseline.filter(|baseline| material.endpoint(endpoint).visits.contains(baseline))?;
    let about = material.endpoint(endpoint);
    let values = [("endpoint", about.name.as_str()), ("from", material.visit(baseline)), ("to", material.visit(visit))];
    let id = format!("t-{}-{}-shift", number.replace('.', "-"), material.key(endpoint));
    let mut table =
        ResultTable::new(&id, number, words.say(of_kind(about, "table.shift"), &values), material.population());
    let arms = [&design.arms.active, &design.arms.placebo].map(|arm| (arm, shift(material, endpoint, visit, arm)));
    let (levels, _) = arms.iter().find_map(|(_, record)| counted((*record)?))?;
    if levels.len() > 10 {
        return None;
    }
    let mut headers: Vec<String> = levels.iter().map(|grade| label(material, about, *grade)).collect();
    headers.push(words.get("table.total"));
    table.headers(words.say("table.grade_at", &[("visit", material.visit(baseline))]), headers);
    for (name, record) in arms {
        let Some((record, (levels, counts))) = record.and_then(|record| Some((record, counted(record)?))) else {
            continue;
        };
        table.group(words.say("table.knees_of", &[("arm", name)]));
        for (place, (from, counts)) in levels.iter().zip(&counts).enumerate() {
            row_of_counts(&mut table, record, label(material, about, *from), 1, place, counts);
        }
    }
    table.footnotes.push(words.get("footnote.shift"));
    Some(table)
}

/// The patients' pairs at `visit`: grade of the active knee (rows) by grade of the placebo knee (columns). For yes/no
/// endpoints this is the paired 2 × 2 table that CONSORT asks for.
pub fn pairs(material: &Material, endpoint: usize, visit: usize, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let arms = &material.trial.design.arms;
    let record = material.outcomes.comparison(endpoint, visit, "paired-table")?;
    let (levels, counts) = counted(record)?;
    if levels.len() > 10 || record.result.n_pairs == 0 {
        return None;
    }
    let values = [("endpoint", about.name.as_str()), ("visit", material.visit(visit))];
    let id = format!("t-{}-{}-pairs", number.replace('.', "-"), material.key(endpoint));
    let mut table = ResultTable::new(&id, number, words.say("table.paired", &values), material.population());
    let of = |arm: &str, grade: f64| format!("{arm}: {}", label(material, about, grade));
    let mut headers: Vec<String> = levels.iter().map(|grade| of(&arms.placebo, *grade)).collect();
    headers.push(words.get("table.total"));
    table.headers(words.get("table.pairs"), headers);
    for (place, (row, counts)) in levels.iter().zip(&counts).enumerate() {
        row_of_counts(&mut table, record, of(&arms.active, *row), 0, place, counts);
    }
    table.footnotes.push(words.get("footnote.paired"));
    Some(table)
}

/// Bars of grades by arm and visit; `None` where no knee has a grade or there are more grades than colours.
///
/// # Errors
/// The drawing fails.
pub fn bars(material: &Material, endpoint: usize, number: &str, style: &Style) -> Result<Option<Figure>, FigureError> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let labels = material.trial.design.arms.labels();
    let arms = [(ACTIVE, Arm::Active), (PLACEBO, Arm::Placebo)];
    let mut bars = Vec::new();
    let mut levels: Vec<f64> = Vec::new();
    for (arm, drawn) in arms {
        for &visit in &about.visits {
            let Some(record) = material.outcomes.description(endpoint, visit, Measure::Value, Some(labels[arm])) else {
                continue;
            };
            let grades = of(record);
            levels = grades.iter().map(|(grade, _)| *grade).collect();
            let counts = grades.into_iter().map(|(_, n)| n).collect();
            let note = note(material, endpoint, visit, labels[arm]);
            bars.push(shift_bars::Bar { arm: drawn, label: material.visit(visit).to_owned(), counts, note });
        }
    }
    if levels.len() > 10 || bars.iter().all(|bar| bar.counts.iter().all(|count| *count == 0)) {
        return Ok(None);
    }
    let finding = shift_bars::Finding {
        label: about.name.clone(),
        grades: levels.iter().map(|grade| label(material, about, *grade)).collect(),
        bars,
    };
    let title = words.say(of_kind(about, "figure.shift"), &[("endpoint", about.name.as_str())]);
    let input = shift_bars::ShiftBars {
        heading: heading(material, &material.key(endpoint), number, title, Vec::new()).over(ids(by_arm(
            material,
            endpoint,
            &about.visits,
            Measure::Value,
        ))),
        findings: vec![finding],
        labels: shift_bars::Labels { knees: words.get("flow.knees"), note: words.get("figure.from_baseline") },
    };
    shift_bars::draw(&input, style).map(Some)
}

/// `2 worse, 25 same, 1 better` than the same knee's baseline; empty where no shift is counted.
fn note(material: &Material, endpoint: usize, visit: usize, arm: &str) -> String {
    let Some(record) = shift(material, endpoint, visit, arm).filter(|record| record.result.field("worsened").is_some())
    else {
        return String::new();
    };
    let [worse, same, better] = ["worsened", "unchanged", "improved"].map(|name| count(record, name).to_string());
    material.words.say("figure.shift_note", &[("worse", &worse), ("same", &same), ("better", &better)])
}

/// The record of the shifts of one arm from baseline to `visit`.
fn shift<'a>(material: &Material<'a>, endpoint: usize, visit: usize, arm: &str) -> Option<&'a Record> {
    tables::records_of(material, endpoint, visit, "shift-table").find(|record| record.arm.as_deref() == Some(arm))
}
