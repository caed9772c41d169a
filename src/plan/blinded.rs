//! The plan of a blinded dry run: dummy arms, and no free text that names a true one.

use super::lock::LockState;
use super::named::Named;
use super::{Plan, parse};
use crate::trial::blinding::{DUMMY_ACTIVE, DUMMY_PLACEBO, name_labels};
use crate::trial::labels::mask;
use toml::{Table, Value};

/// The plan with the dummy arms of [`crate::trial::blinding::blind`] in place of the true ones, in the arms themselves and
/// as whole words in every free text (title, estimand, labels, reasons); in names of one word (the identifier of the
/// trial, the file of the plan) a label becomes [`crate::trial::blinding::DUMMY`]. Where the data are, and the hash of the
/// plan, stay as they were.
pub fn blinded(plan: &Plan) -> Plan {
    let labels = labels(plan);
    let named = name_labels(&plan.design().arms);
    let file_name = mask(&plan.file_name, &named);
    let Ok(mut document) = plan.text.trim_start_matches('\u{feff}').parse::<Table>() else { return dummy_arms(plan) };
    if let Some(Value::Table(trial)) = document.get_mut("trial") {
        for (_, value) in trial.iter_mut() {
            if let Value::String(text) = value
                && !text.contains(char::is_whitespace)
            {
                *text = mask(text, &named);
            }
        }
    }
    // Labels of visits are those of the data.
    let order = plan.visits.iter().flat_map(|visits| &visits.order);
    let visits: Vec<String> =
        order.flat_map(|visit| visit.codes.iter().cloned().chain([visit.label.clone()])).collect();
    if let Some(Value::Table(arms)) = document.get_mut("arms") {
        arms.iter_mut().for_each(|(_, arm)| without_codes(arm));
    }
    for (key, value) in &mut document {
        if key != "data" {
            mask_value(value, key == "arms", &labels, &visits);
        }
    }
    let masked = toml::to_string(&document).ok().and_then(|text| parse(&text, &file_name).ok());
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
    // A code that is a word, such as EV for an arm printed as exosomes, is a name of the arm.
    let written = [(&plan.arms.active, DUMMY_ACTIVE), (&plan.arms.placebo, DUMMY_PLACEBO)];
    let words = written.into_iter().flat_map(|(arm, dummy)| arm.codes.iter().map(move |code| (code, dummy)));
    let is_word = |code: &str| code.chars().filter(|c| c.is_alphabetic()).count() > 1;
    labels.extend(words.filter(|(code, _)| is_word(code)).map(|(code, dummy)| (code.clone(), dummy.to_owned())));
    labels.sort_by_key(|(label, _)| std::cmp::Reverse(label.len()));
    labels
}

/// The labels alone of arms that are written with their codes: a code is a name of the true arm too.
fn without_codes(arm: &mut Value) {
    match arm {
        Value::Table(written) => {
            if let Some(label) = written.get("label").cloned() {
                *arm = label;
            }
        }
        Value::Array(several) => several.iter_mut().for_each(without_codes),
        _ => {}
    }
}

/// Only the arms replaced, where the text cannot be masked.
fn dummy_arms(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    let written = plan.arms.clone();
    let labels = name_labels(&plan.design.arms);
    plan.trial.id = mask(&plan.trial.id, &labels);
    plan.trial.title = mask(&plan.trial.title, &labels);
    plan.file_name = mask(&plan.file_name, &labels);
    plan.arms.active = Named::from(DUMMY_ACTIVE);
    plan.arms.placebo = Named::from(DUMMY_PLACEBO);
    let others = |place: usize| format!("DUMMY OTHER {}", place + 1);
    plan.arms.other = (0..written.other.len()).map(|place| Named::from(others(place).as_str())).collect();
    plan.design.arms.other = (0..written.other.len()).map(others).collect();
    plan.arms.rename_contrasts(&written);
    plan.design.arms.active = DUMMY_ACTIVE.to_owned();
    plan.design.arms.placebo = DUMMY_PLACEBO.to_owned();
    plan.text = String::new();
    plan
}

/// Masks the strings of a value: all of them inside `[arms]`, elsewhere those of more than one word. Single words are
/// names of columns and settings.
fn mask_value(value: &mut Value, all: bool, labels: &[(String, String)], kept: &[String]) {
    match value {
        Value::String(text) if (all || text.contains(char::is_whitespace)) && !kept.contains(text) => {
            *text = mask(text, labels);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask_value(item, all, labels, kept)),
        Value::Table(members) => members.iter_mut().for_each(|(_, member)| mask_value(member, all, labels, kept)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_plan_is_blinded_whole() {
        let text = include_str!("../../datasets/ev-knee-synthetic/plan.toml");
        let plan = parse(text, "plan.toml").unwrap();
        let blind = blinded(&plan);
        assert_eq!(
            (blind.arms.active.label.as_str(), blind.arms.placebo.label.as_str()),
            (DUMMY_ACTIVE, DUMMY_PLACEBO)
        );
        assert_eq!(blind.design().arms.active, DUMMY_ACTIVE);
        assert_eq!((&blind.data, &blind.sha256), (&plan.data, &plan.sha256));
        assert_eq!(blind.design().endpoints.len(), plan.design().endpoints.len());
        let words: Vec<&str> = blind.trial.title.split(|c: char| !c.is_alphanumeric()).collect();
        assert!(
            !words.iter().any(|word| plan.design().arms.labels().iter().any(|label| label.eq_ignore_ascii_case(word)))
        );
    }
}
