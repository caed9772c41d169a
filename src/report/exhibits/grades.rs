//! Grades (MRI findings and other ordinal or yes/no endpoints): counts of knees, shift tables, bars.

use super::Material;
use super::figures::{by_arm, heading, ids};
use crate::figure::scene::Arm;
use crate::figure::{Figure, FigureError, Style, shift_bars};
use crate::table::{Cell, ResultTable, rounding};
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{Better, Kind, Patient};

/// The grades of an endpoint in ascending order: those of its range, else those observed.
pub fn levels(material: &Material, endpoint: usize) -> Vec<f64> {
    let about = material.endpoint(endpoint);
    match (about.kind, about.range) {
        (Kind::Binary, _) => vec![0.0, 1.0],
        (_, Some((low, high))) if (high - low) / about.step.unwrap_or(1.0) <= 20.0 => {
            let step = about.step.unwrap_or(1.0);
            (0..=((high - low) / step).round() as usize).map(|index| low + step * index as f64).collect()
        }
        _ => {
            let knees = material.trial.patients.iter().flat_map(Patient::knees);
            let mut seen: Vec<f64> = knees.flat_map(|knee| knee.values[endpoint].iter().flatten().copied()).collect();
            seen.sort_by(f64::total_cmp);
            seen.dedup();
            seen
        }
    }
}

/// The name of a grade.
pub fn label(material: &Material, kind: Kind, grade: f64) -> String {
    match kind {
        Kind::Binary if grade == 0.0 => material.words.get("grade.no"),
        Kind::Binary => material.words.get("grade.yes"),
        _ => {
            let grade = if grade.fract() == 0.0 { rounding::print(grade, 0) } else { grade.to_string() };
            material.words.say("grade.grade", &[("grade", &grade)])
        }
    }
}

/// Knees with each grade at `visit`, by arm.
pub fn counts(material: &Material, endpoint: usize, visit: usize) -> Vec<(f64, Vec<usize>)> {
    let arms = material.trial.design.arms.labels().len();
    let knees = |arm: usize| material.members().filter_map(move |patient| patient.knee(arm));
    let count = |arm, grade: f64| knees(arm).filter(|knee| knee.values[endpoint][visit] == Some(grade)).count();
    let levels = levels(material, endpoint);
    levels.into_iter().map(|grade| (grade, (0..arms).map(|arm| count(arm, grade)).collect())).collect()
}

/// From the baseline grade (rows) to the grade at `visit` (columns), knees of each arm. `None` without a baseline.
pub fn shifts(material: &Material, endpoint: usize, visit: usize, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let design = &material.trial.design;
    let baseline = design.baseline.filter(|baseline| material.endpoint(endpoint).visits.contains(baseline))?;
    let about = material.endpoint(endpoint);
    let values = [("endpoint", about.name.as_str()), ("from", material.visit(baseline)), ("to", material.visit(visit))];
    let id = format!("t-{}-{}-shift", number.replace('.', "-"), material.key(endpoint));
    let mut table = ResultTable::new(&id, number, words.say("table.shift", &values), material.population());
    let levels = levels(material, endpoint);
    if levels.len() > 10 {
        return None;
    }
    let mut headers: Vec<String> = levels.iter().map(|grade| label(material, about.kind, *grade)).collect();
    headers.push(words.get("table.total"));
    table.headers(words.say("table.grade_at", &[("visit", material.visit(baseline))]), headers);
    for (arm, name) in [(ACTIVE, &design.arms.active), (PLACEBO, &design.arms.placebo)] {
        table.group(words.say("table.knees_of", &[("arm", name)]));
        for &from in &levels {
            let cell = |to: f64| {
                material
                    .members()
                    .filter_map(|patient| patient.knee(arm))
                    .filter(|knee| knee.values[endpoint][baseline] == Some(from))
                    .filter(|knee| knee.values[endpoint][visit] == Some(to))
                    .count()
            };
            let counts: Vec<usize> = levels.iter().map(|to| cell(*to)).collect();
            let total = counts.iter().sum();
            let cells = counts.into_iter().chain([total]).map(Cell::Count).collect();
            table.row(label(material, about.kind, from), 1, cells, Vec::new());
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
    let levels = levels(material, endpoint);
    let paired = material.trial.paired(endpoint, visit, crate::trial::Measure::Value, material.set());
    if levels.len() > 10 || paired.pairs.is_empty() {
        return None;
    }
    let values = [("endpoint", about.name.as_str()), ("visit", material.visit(visit))];
    let id = format!("t-{}-{}-pairs", number.replace('.', "-"), material.key(endpoint));
    let mut table = ResultTable::new(&id, number, words.say("table.paired", &values), material.population());
    let of = |arm: &str, grade: f64| format!("{arm}: {}", label(material, about.kind, grade));
    let mut headers: Vec<String> = levels.iter().map(|grade| of(&arms.placebo, *grade)).collect();
    headers.push(words.get("table.total"));
    table.headers(words.get("table.pairs"), headers);
    let method = if about.kind == Kind::Binary { "mcnemar" } else { "stuart-maxwell" };
    let record = material.outcomes.comparison(endpoint, visit, method).map(|record| record.id.clone());
    for &row in &levels {
        let count = |column: f64| paired.pairs.iter().filter(|p| p.active == row && p.placebo == column).count();
        let counts: Vec<usize> = levels.iter().map(|column| count(*column)).collect();
        let total = counts.iter().sum();
        let cells = counts.into_iter().chain([total]).map(Cell::Count).collect();
        table.row(of(&arms.active, row), 0, cells, record.iter().cloned().collect());
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
    let levels = levels(material, endpoint);
    let arms = [(ACTIVE, Arm::Active), (PLACEBO, Arm::Placebo)];
    let mut bars = Vec::new();
    for (arm, drawn) in arms {
        for &visit in &about.visits {
            let counts: Vec<usize> =
                counts(material, endpoint, visit).into_iter().map(|(_, by_arm)| by_arm[arm]).collect();
            let note = note(material, endpoint, visit, arm);
            bars.push(shift_bars::Bar { arm: drawn, label: material.visit(visit).to_owned(), counts, note });
        }
    }
    if levels.len() > 10 || bars.iter().all(|bar| bar.counts.iter().all(|count| *count == 0)) {
        return Ok(None);
    }
    let finding = shift_bars::Finding {
        label: about.name.clone(),
        grades: levels.iter().map(|grade| label(material, about.kind, *grade)).collect(),
        bars,
    };
    let title = words.say("figure.shift", &[("endpoint", about.name.as_str())]);
    let input = shift_bars::ShiftBars {
        heading: heading(material, &material.key(endpoint), number, title, Vec::new()).over(ids(by_arm(
            material,
            endpoint,
            &about.visits,
        ))),
        findings: vec![finding],
        labels: shift_bars::Labels { knees: words.get("flow.knees"), note: words.get("figure.from_baseline") },
    };
    shift_bars::draw(&input, style).map(Some)
}

/// `2 worse, 25 same, 1 better` than the same knee's baseline; empty at baseline.
fn note(material: &Material, endpoint: usize, visit: usize, arm: usize) -> String {
    let about = material.endpoint(endpoint);
    let Some(baseline) = material.trial.design.baseline.filter(|baseline| *baseline != visit) else {
        return String::new();
    };
    let (mut worse, mut same, mut better) = (0_usize, 0_usize, 0_usize);
    for knee in material.members().filter_map(|patient| patient.knee(arm)) {
        let (Some(before), Some(after)) = (knee.values[endpoint][baseline], knee.values[endpoint][visit]) else {
            continue;
        };
        if before == after {
            same += 1;
        } else if (after < before) == (about.better == Better::Lower) {
            better += 1;
        } else {
            worse += 1;
        }
    }
    let [worse, same, better] = [worse, same, better].map(|count| count.to_string());
    material.words.say("figure.shift_note", &[("worse", &worse), ("same", &same), ("better", &better)])
}
