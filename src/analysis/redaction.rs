//! Pseudonyms in what an analysis of true identifiers found: texts of records and fits, never a number.

use super::record::Record;
use super::{FitSummary, Outcomes};
use crate::paired::Field;
use crate::trial::pseudonym::Redaction;
use serde_json::Value;

/// Puts pseudonyms in the place of identifiers in everything that was found.
pub fn redact(outcomes: &mut Outcomes, redaction: &Redaction) {
    outcomes.records.iter_mut().for_each(|record| of_record(record, redaction));
    outcomes.fits.iter_mut().for_each(|fit| of_fit(fit, redaction));
}

fn of_record(record: &mut Record, redaction: &Redaction) {
    redaction.text(&mut record.id);
    record.endpoint_name.iter_mut().for_each(|name| redaction.text(name));
    let word = |name: &str, text: &mut String| named(name, text, redaction);
    record.result.notes.reword(&word);
    record.rows.reasons.iter_mut().for_each(|reason| reason.reason.reword(&word));
    for (name, field) in &mut record.result.extra {
        match field {
            Field::Text(text) => named(name, text, redaction),
            Field::Json(value) => of_value(name, value, redaction),
            _ => {}
        }
    }
}

/// The text of a field or of a note's value `name`.
fn named(name: &str, text: &mut String, redaction: &Redaction) {
    if name == "patient" { redaction.id(text) } else { redaction.text(text) }
}

fn of_value(name: &str, value: &mut Value, redaction: &Redaction) {
    match value {
        Value::String(text) => named(name, text, redaction),
        Value::Array(items) => {
            items.iter_mut().for_each(|item| of_value(name, item, redaction));
            // A list by patient is in the order of the pseudonyms: the order of the files tells who is who.
            if items.iter().all(|item| item.get("patient").is_some_and(Value::is_string)) {
                items.sort_by(|a, b| a["patient"].as_str().cmp(&b["patient"].as_str()));
            }
        }
        Value::Object(members) => members.iter_mut().for_each(|(name, value)| of_value(name, value, redaction)),
        _ => {}
    }
}

fn of_fit(fit: &mut FitSummary, redaction: &Redaction) {
    fit.notes.reword(&|name, text| named(name, text, redaction));
    fit.residual_points.iter_mut().for_each(|point| redaction.begins_with_id(&mut point.label));
    fit.residual_points.sort_by(|a, b| a.label.cmp(&b.label));
    if let Some(influence) = &mut fit.influence {
        let of_one = [&mut influence.lowest.1, &mut influence.highest.1];
        let several = influence.conspicuous.iter_mut().chain(&mut influence.indispensable);
        of_one.into_iter().chain(several).for_each(|id| redaction.id(id));
    }
}
