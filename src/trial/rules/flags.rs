//! The cells that analysis sets ask for: flags in another spelling, neither yes nor no, or empty; and numbers that are none.
//! Their patients are in the set or not by what the cell happens to be, so that each is named.

use super::Context;
use crate::trial::expr::{Condition, Literal, Operator};
use crate::trial::findings::Findings;
use crate::trial::left_out::doubts;
use crate::trial::patients::Patient;
use crate::trial::rows::shorten;
use crate::trial::side::yes_or_no;
use std::collections::{BTreeMap, BTreeSet};

/// Patients whom a finding names for each cell.
const NAMED: usize = 10;

/// SK619.
pub fn check(context: &Context<'_>, findings: &mut Findings) {
    let patients: Vec<&Patient> = context.trial.patients.iter().collect();
    let mut said: BTreeSet<(String, String)> = BTreeSet::new();
    for set in &context.sources.sets {
        let Some(condition) = &set.condition else { continue };
        let levels = |name: &str| -> Vec<String> {
            let cells: BTreeSet<&String> = patients.iter().filter_map(|patient| patient.attributes.get(name)).collect();
            cells.into_iter().cloned().collect()
        };
        let Ok(condition) = condition.in_order(&levels) else { continue };
        for column in condition.columns() {
            if context.sources.emptied.contains(column)
                || patients.iter().all(|patient| cell(patient, column).is_none())
            {
                continue;
            }
            let odd = odd_cells(&condition, column, &patients, &levels);
            if odd.is_empty() || !said.insert((column.to_owned(), format!("{odd:?}"))) {
                continue;
            }
            let listed: Vec<String> = odd
                .iter()
                .map(|(cell, ids)| {
                    let shown = ids.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
                    let more =
                        if ids.len() > NAMED { format!(" and {} more", ids.len() - NAMED) } else { String::new() };
                    let what = if cell.is_empty() { "empty".to_owned() } else { format!("`{}`", shorten(cell)) };
                    format!("{what} in {shown}{more}")
                })
                .collect();
            let asked: BTreeSet<String> = condition
                .comparisons()
                .into_iter()
                .filter(|(name, _, value)| *name == column && **value != Literal::Missing)
                .map(|(name, operator, value)| match value {
                    Literal::Text(text) => format!("{name} {} \"{text}\"", operator.sign()),
                    Literal::Number(number) => format!("{name} {} {number}", operator.sign()),
                    Literal::Day(day, _) => format!("{name} {} \"{day}\"", operator.sign()),
                    Literal::Missing => String::new(),
                })
                .collect();
            findings.add(
                "SK619",
                super::coding::patient_level(context, column),
                format!(
                    "{} asks for `{}`, and `{column}` is {}",
                    set.name,
                    asked.into_iter().collect::<Vec<_>>().join("`, `"),
                    listed.join("; ")
                ),
                "write every cell as the condition does, or correct the condition: what it cannot read is not met",
            );
        }
    }
}

fn cell<'p>(patient: &'p Patient, column: &str) -> Option<&'p str> {
    patient.attributes.get(column).map(|cell| cell.trim()).filter(|cell| !cell.is_empty())
}

/// The cells of a column that the condition does not read as its writer meant, each with its patients.
fn odd_cells<'p>(
    condition: &Condition,
    column: &str,
    patients: &[&'p Patient],
    levels: &dyn Fn(&str) -> Vec<String>,
) -> BTreeMap<String, Vec<&'p str>> {
    let id = |number: usize| patients.get(number).map(|patient| patient.id.as_str()).unwrap_or_default();
    let mut odd: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    let of = |number: usize, name: &str| patients.get(number).and_then(|patient| cell(patient, name));
    for doubt in doubts(condition, patients.len(), levels, &of).into_iter().filter(|doubt| doubt.column == column) {
        odd.entry(doubt.cell).or_default().extend(doubt.rows);
    }
    let compared: Vec<(Operator, &Literal)> = condition
        .comparisons()
        .into_iter()
        .filter(|(name, ..)| *name == column)
        .map(|(_, operator, value)| (operator, value))
        .collect();
    // A flag is compared with words for yes and no only.
    let words: Vec<&str> = compared
        .iter()
        .filter_map(|(_, value)| match value {
            Literal::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let is_flag =
        !words.is_empty() && words.len() == compared.len() && words.iter().all(|word| yes_or_no(word).is_some());
    if is_flag {
        // The other answer is as it should be; a word of the same answer, or of none, is odd.
        for (number, patient) in patients.iter().enumerate() {
            let Some(found) = cell(patient, column).filter(|found| !words.contains(found)) else { continue };
            let answer = yes_or_no(found);
            if answer.is_none() || words.iter().any(|word| yes_or_no(word) == answer) {
                odd.entry(found.to_owned()).or_default().insert(number);
            }
        }
    }
    let asks_for_empty = compared.iter().any(|(_, value)| **value == Literal::Missing);
    if !asks_for_empty {
        // A patient without a row in any file has a finding of its own.
        let without = |patient: &&&Patient| cell(patient, column).is_none() && !patient.attributes.is_empty();
        let numbers: Vec<usize> =
            patients.iter().enumerate().filter(|(_, patient)| without(patient)).map(|(number, _)| number).collect();
        if !numbers.is_empty() {
            odd.entry(String::new()).or_default().extend(numbers);
        }
    }
    odd.into_iter().map(|(cell, numbers)| (cell, numbers.into_iter().map(id).collect())).collect()
}

/// Values of a column that mean the same answer, yes or no, in several words: `Y`, `yes` and `1`. Numbers alone are no words.
pub fn answers_in_several_words<'v>(values: &BTreeSet<&'v str>) -> Vec<Vec<&'v str>> {
    let all_numbers = values.iter().all(|value| value.parse::<f64>().is_ok());
    let all_answers = values.iter().all(|value| yes_or_no(value).is_some());
    if all_numbers || !all_answers {
        return Vec::new();
    }
    [true, false]
        .into_iter()
        .map(|answer| values.iter().copied().filter(|value| yes_or_no(value) == Some(answer)).collect::<Vec<_>>())
        .filter(|words| words.len() > 1)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_by_their_meaning() {
        let values = BTreeSet::from(["Y", "Yes", "1", "N"]);
        assert_eq!(answers_in_several_words(&values), [vec!["1", "Y", "Yes"]]);
        assert!(answers_in_several_words(&BTreeSet::from(["1", "0"])).is_empty());
        assert!(answers_in_several_words(&BTreeSet::from(["Y", "N", "maybe"])).is_empty());
    }
}
