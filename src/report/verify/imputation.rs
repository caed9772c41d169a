//! `imputation.csv`: the cells of every estimand whose estimate `imputation.R` recomputes.

use super::csv::{line, number};
use crate::analysis::estimand::Cells;
use crate::analysis::{Context, Field, Record};
use crate::report::exhibits::{Material, estimands, json};

/// The columns in their order.
const HEADER: [&str; 20] = [
    "id",
    "patient",
    "cell",
    "visits",
    "at",
    "base_active",
    "base_placebo",
    "has_base",
    "fit",
    "kept",
    "set",
    "event",
    "law",
    "share",
    "delta_active",
    "delta_placebo",
    "analysis",
    "inference",
    "arm",
    "kinds",
];

/// One row per record, patient and cell.
pub fn cells(material: &Material) -> String {
    let mut header = HEADER.map(str::to_owned).to_vec();
    let mut body = String::new();
    let mut most = 0;
    for own in estimands::estimated(material) {
        for (place, record) in own.records.iter().enumerate().filter(|(_, record)| is_recomputed(record)) {
            let context = Context { set: own.question.set, ..material.context() };
            let other = place.checked_sub(1).and_then(|at| own.question.estimand.sensitivities.get(at));
            let Ok(cells) = Cells::of(&context, &own.question, other) else { continue };
            most = most.max(cells.trial.covariates.len());
            rows(&mut body, record, own.question.at, &cells);
        }
    }
    header.extend((1..=most).map(|k| format!("x{k}")));
    line(&header) + &body
}

/// Conditional means with an unstructured covariance that is not rebuilt, δ on all imputed cells; two means; single values.
fn is_recomputed(record: &Record) -> bool {
    let text = |name: &str| json(record, name).as_str().map(str::to_owned);
    match record.result.method {
        "two-means" | "locf" | "bocf" | "worst-case" => true,
        "conditional-mean" => {
            text("structure").as_deref() == Some("us")
                && (text("covariance").as_deref() == Some("shared") || text("strategy").as_deref() == Some("mar"))
                && text("delta_cells").is_none_or(|cells| cells == "all")
        }
        _ => false,
    }
}

fn rows(out: &mut String, record: &Record, at: usize, cells: &Cells) {
    let trial = &cells.trial;
    let (fit, kept) = (trial.fit(), trial.condition());
    let visits = trial.n_visits();
    let delta = json(record, "delta");
    let of = |arm: &str| number(delta.get(arm).and_then(serde_json::Value::as_f64).or(Some(0.0)));
    let text = |name: &str| match record.result.field(name) {
        Some(Field::Text(text)) => text.clone(),
        Some(Field::Json(value)) => value.as_str().unwrap_or_default().to_owned(),
        _ => String::new(),
    };
    for (i, patient) in trial.patients.iter().enumerate() {
        let event = patient.events[0].filter(|event| event.strategy.is_reference_based());
        let law = event.map_or(String::new(), |event| event.strategy.name());
        let (law, share) = law.split_once(':').unwrap_or((&law, ""));
        for c in 0..trial.n_cells() {
            let mut row = vec![
                record.id.clone(),
                patient.label.clone(),
                (c + 1).to_string(),
                visits.to_string(),
                (at + 1).to_string(),
                number(Some(patient.baseline[0])),
                number(Some(patient.baseline[1])),
                u8::from(trial.has_baseline).to_string(),
                number(fit[i][c]),
                number(kept[i][c]),
                number(trial.fixed(i, c)),
                event.map_or(String::new(), |event| (event.visit + 1).to_string()),
                law.to_owned(),
                share.to_owned(),
                of("active"),
                of("placebo"),
                text("analysis"),
                text("inference"),
                if c < visits { "active" } else { "placebo" }.to_owned(),
                trial.covariates.iter().map(|covariate| if covariate.is_factor() { 'f' } else { 'n' }).collect(),
            ];
            for (covariate, values) in trial.covariates.iter().zip(&patient.covariates) {
                let value = values[c / visits];
                let level = covariate.levels.get(value as usize).filter(|_| value.is_finite());
                row.push(level.cloned().unwrap_or_else(|| number(Some(value))));
            }
            out.push_str(&line(&row));
        }
    }
}
