//! Labels that the plan does not know, or that mean two things: the cause, where it can be seen.

use super::findings::{Findings, place};
use super::rows::{Place, shorten};
use super::rules::identity;
use crate::data::{Table, number};
use std::collections::{BTreeMap, BTreeSet};

/// Whether two labels differ in what nobody sees: the width or form of characters, or letters of another script.
pub fn seems_same(name: &str, label: &str) -> bool {
    name != label && (!name.is_ascii() || !label.is_ascii()) && identity::spelled(name, label) != "case"
}

/// The encoding that a text was read in, where nobody declared it and a label of it is not plain.
pub fn garbled<'t>(table: &'t Table, label: &str) -> Option<&'t str> {
    let told = table.provenance.notes.iter().any(|note| note.contains("was told from the bytes"));
    table.provenance.encoding.as_deref().filter(|_| told && !label.is_ascii())
}

/// What to do about a value of SPSS or Stata that has no label, where others of its column have one: the values are then taken
/// as they are.
pub fn unlabelled(at: &Place<'_>, label: &str) -> Option<String> {
    let info = at.table.info(at.column).filter(|info| !info.value_labels.is_empty() && !info.labelled)?;
    let numbers = at.table.numbers(at.column).ok()?;
    let bare: BTreeSet<String> =
        numbers.into_iter().flatten().filter(|value| info.value_label(*value).is_none()).map(number::print).collect();
    let named = |(value, name): &(f64, String)| format!("{} `{}`", number::print(*value), shorten(name));
    let listed: Vec<String> = info.value_labels.iter().take(6).map(named).collect();
    (!bare.is_empty() && label.parse::<f64>().is_ok()).then(|| {
        format!(
            "the file labels {}, and not {}: without a label for every value the values stand as they are; add the label in the \
             file, or declare the values in the plan",
            listed.join(", "),
            bare.into_iter().take(6).collect::<Vec<_>>().join(", ")
        )
    })
}

/// SK009: two values of SPSS or Stata with one label, which would be one visit, arm or side.
pub fn labelled_twice(file: &str, table: &Table, column: &str, findings: &mut Findings) {
    let Some(info) = table.info(column).filter(|info| info.labelled) else { return };
    let Ok(numbers) = table.numbers(column) else { return };
    let used: BTreeSet<u64> = numbers.into_iter().flatten().map(f64::to_bits).collect();
    let mut values: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (value, label) in info.value_labels.iter().filter(|(value, _)| used.contains(&value.to_bits())) {
        values.entry(label.trim()).or_default().push(*value);
    }
    for (label, values) in values.into_iter().filter(|(_, values)| values.len() > 1) {
        let listed: Vec<String> = values.iter().map(|value| number::print(*value)).collect();
        findings.add(
            "SK009",
            place(file, None, Some(column)),
            format!(
                "the values {} of `{column}` have one label, `{}`: they would be taken as one",
                listed.join(" and "),
                shorten(label)
            ),
            "correct the labels in the file: give each value its own",
        );
    }
}
