//! The plan of a blinded dry run: dummy arms, and no free text that names a true one.

use super::lock::LockState;
use super::{Plan, parse};
use crate::trial::blinding::{DUMMY_ACTIVE, DUMMY_PLACEBO};
use toml::{Table, Value};

/// The plan with the dummy arms of [`crate::trial::blinding::blind`] in place of the true ones, in the arms themselves and
/// as whole words in every free text (title, estimand, labels, reasons). Where the data are, the file name and the hash
/// stay as they were.
pub fn blinded(plan: &Plan) -> Plan {
    let labels = labels(plan);
    let Ok(mut document) = plan.text.trim_start_matches('\u{feff}').parse::<Table>() else { return dummy_arms(plan) };
    for (key, value) in &mut document {
        if key != "data" {
            mask_value(value, key == "arms", &labels);
        }
    }
    let masked = toml::to_string(&document).ok().and_then(|text| parse(&text, &plan.file_name).ok());
    let Some(masked) = masked else { return dummy_arms(plan) };
    Plan { data: plan.data.clone(), sha256: plan.sha256.clone(), ..masked }
}

/// The state of the seal without the true labels in the values that changed.
pub fn blinded_lock(lock: LockState, plan: &Plan) -> LockState {
    let LockState::Changed { date, mut changes } = lock else { return lock };
    let labels = labels(plan);
    for change in &mut changes {
        for value in [&mut change.sealed, &mut change.now].into_iter().flatten() {
            *value = mask(value, &labels);
        }
    }
    LockState::Changed { date, changes }
}

/// Each true label with its dummy, longest first, so that `EV high` is not read as `EV`.
fn labels(plan: &Plan) -> Vec<(String, String)> {
    let arms = plan.design().arms;
    let mut labels = vec![(arms.active, DUMMY_ACTIVE.to_owned()), (arms.placebo, DUMMY_PLACEBO.to_owned())];
    let others = arms.other.into_iter().enumerate();
    labels.extend(others.map(|(place, label)| (label, format!("DUMMY OTHER {}", place + 1))));
    labels.sort_by_key(|(label, _)| std::cmp::Reverse(label.len()));
    labels
}

/// Only the arms replaced, where the text cannot be masked.
fn dummy_arms(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    plan.arms.active = DUMMY_ACTIVE.to_owned();
    plan.arms.placebo = DUMMY_PLACEBO.to_owned();
    plan.design.arms.active = DUMMY_ACTIVE.to_owned();
    plan.design.arms.placebo = DUMMY_PLACEBO.to_owned();
    plan.text = String::new();
    plan
}

/// Masks the strings of a value: all of them inside `[arms]`, elsewhere those of more than one word. Single words are
/// names of columns and settings.
fn mask_value(value: &mut Value, all: bool, labels: &[(String, String)]) {
    match value {
        Value::String(text) if all || text.contains(char::is_whitespace) => *text = mask(text, labels),
        Value::Array(items) => items.iter_mut().for_each(|item| mask_value(item, all, labels)),
        Value::Table(members) => members.iter_mut().for_each(|(_, member)| mask_value(member, all, labels)),
        _ => {}
    }
}

/// Replaces every label that stands as a word of its own, whatever its case.
fn mask(text: &str, labels: &[(String, String)]) -> String {
    let mut out = String::new();
    let mut rest = text;
    let mut before: Option<char> = None;
    while let Some(first) = rest.chars().next() {
        let free = before.is_none_or(|c| !c.is_alphanumeric());
        let found = labels.iter().filter(|_| free).find_map(|(label, dummy)| {
            let end = label.len();
            let head = rest.get(..end).filter(|head| !head.is_empty() && head.eq_ignore_ascii_case(label))?;
            let after = rest.get(end..)?.chars().next();
            after.is_none_or(|c| !c.is_alphanumeric()).then_some((head.len(), dummy))
        });
        match found {
            Some((length, dummy)) => {
                out.push_str(dummy);
                before = rest.get(..length).and_then(|head| head.chars().last());
                rest = rest.get(length..).unwrap_or_default();
            }
            None => {
                out.push(first);
                before = Some(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_masked_as_words_and_nothing_else() {
        let labels =
            vec![("Saline".to_owned(), "DUMMY PLACEBO".to_owned()), ("EV".to_owned(), "DUMMY ACTIVE".to_owned())];
        assert_eq!(
            mask("EV versus saline, every EV-knee", &labels),
            "DUMMY ACTIVE versus DUMMY PLACEBO, every DUMMY ACTIVE-knee"
        );
        assert_eq!(mask("every level salines", &labels), "every level salines");
        assert_eq!(mask("変形性膝関節症 EV", &labels), "変形性膝関節症 DUMMY ACTIVE");
    }

    #[test]
    fn the_demo_plan_is_blinded_whole() {
        let text = include_str!("../../datasets/ev-knee-synthetic/plan.toml");
        let plan = parse(text, "plan.toml").unwrap();
        let blind = blinded(&plan);
        assert_eq!((blind.arms.active.as_str(), blind.arms.placebo.as_str()), (DUMMY_ACTIVE, DUMMY_PLACEBO));
        assert_eq!(blind.design().arms.active, DUMMY_ACTIVE);
        assert_eq!((&blind.data, &blind.sha256), (&plan.data, &plan.sha256));
        assert_eq!(blind.design().endpoints.len(), plan.design().endpoints.len());
        let words: Vec<&str> = blind.trial.title.split(|c: char| !c.is_alphanumeric()).collect();
        assert!(
            !words.iter().any(|word| plan.design().arms.labels().iter().any(|label| label.eq_ignore_ascii_case(word)))
        );
    }
}
