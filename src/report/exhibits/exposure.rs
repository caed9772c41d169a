//! Exposure: which knees received which treatment, on which side, and how long their patients were followed.

use super::{Material, harms, word};
use crate::plan::file::Timing;
use crate::table::ResultTable;

/// Patients and knees that received each treatment, in the safety analysis set.
pub fn table(material: &Material, number: &str) -> ResultTable {
    let words = material.words;
    let set = harms::set(material);
    let title = words.get("table.exposure");
    let mut table = ResultTable::new("t-14-1-4-exposure", number, title, material.population_of(set));
    super::populations::knees_by_arm(material, &mut table, words.get("table.exposure_head"));
    for record in material.counted("exposure") {
        let value = word(record, "value").unwrap_or_default();
        let (label, indent) = match word(record, "item") {
            Some("both_treated") => (words.get("table.both_treated"), 1),
            Some("sites_treated") => (words.say("table.sites_treated", &[("n", value)]), 1),
            Some("one_treated") => (words.get("table.one_treated"), 1),
            Some("treated_side") => {
                (words.say("table.treated_side", &[("side", &super::populations::recorded(material, "", value))]), 0)
            }
            Some("last_visit") => (words.say("table.last_visit", &[("visit", value)]), 0),
            Some("no_visit") => (words.get("table.no_visit"), 0),
            _ => (words.get("table.treated"), 0),
        };
        super::populations::count_row(&mut table, record, label, indent);
    }
    table.footnotes.push(match material.plan.trial.interventions {
        Some(Timing::Concurrent) => words.get("abstract.concurrent"),
        Some(Timing::Sequential) => words.get("footnote.exposure_sequential"),
        None => words.get("footnote.exposure_unknown"),
    });
    table.footnotes.push(words.get("footnote.exposure"));
    table
}
