//! A look of a group-sequential trial: bounds, where the trial stands, and what follows.

use super::{Material, count, json, tables, word};
use crate::analysis::{Record, looks};
use crate::table::{Cell, ResultTable, rounding};

/// The record of the look, where the plan has looks.
pub fn record<'a>(material: &Material<'a>, endpoint: usize) -> Option<&'a Record> {
    let here = |record: &&Record| record.result.method == looks::METHOD && record.endpoint == Some(endpoint);
    material.outcomes.records.iter().find(here)
}

/// The bounds of all looks.
pub fn bounds(material: &Material, endpoint: usize, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let record = record(material, endpoint)?;
    let list = |name: &str| -> Vec<f64> {
        json(record, name).as_array().into_iter().flatten().filter_map(serde_json::Value::as_f64).collect()
    };
    let [pairs, shares, bounds, spent] =
        ["pairs_at_looks", "information_fractions", "bounds", "cumulative_alpha"].map(list);
    let id = format!("t-{}-{}-looks", number.replace('.', "-"), material.key(endpoint));
    let mut table = ResultTable::new(&id, number, words.get("table.looks"), material.population());
    let futility = list("futility_bounds");
    let mut headers = vec!["looks_pairs", "looks_information", "looks_bound", "looks_spent"];
    if !futility.is_empty() {
        headers.push("looks_futility");
    }
    let headers: Vec<String> = headers.iter().map(|key| words.get(&format!("table.{key}"))).collect();
    table.headers(words.get("table.look"), headers);
    for (place, pairs) in pairs.iter().enumerate() {
        let at = |values: &[f64]| values.get(place).copied();
        let mut cells = vec![
            Cell::Count(*pairs as usize),
            Cell::Number(at(&shares), 3),
            Cell::Number(at(&bounds), 3),
            Cell::Number(at(&spent), 4),
        ];
        if !futility.is_empty() {
            cells.push(at(&futility).map_or(Cell::Empty, |bound| Cell::Number(Some(bound), 3)));
        }
        let label = (place + 1).to_string();
        let here = place + 1 == count(record, "look");
        let label = if here { words.say("table.look_this", &[("look", &label)]) } else { label };
        table.row(label, 0, cells, vec![record.id.clone()]);
    }
    table.footnotes.push(words.get("footnote.looks"));
    if let Some(key) = futility_key(record) {
        table.footnotes.push(words.get(&format!("footnote.{key}")));
    }
    (!table.rows.is_empty()).then_some(table)
}

/// Where the trial stands at this look.
pub fn standing(material: &Material, endpoint: usize, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let record = record(material, endpoint)?;
    let result = &record.result;
    let id = format!("t-{}-{}-interim", number.replace('.', "-"), material.key(endpoint));
    let title = words.say("table.interim", &[("endpoint", &material.compared_with_unit(endpoint))]);
    let mut table = ResultTable::new(&id, number, title, material.population());
    table.headers(words.get("table.statistic"), vec![words.get("table.estimate")]);
    let d = tables::decimals(material, endpoint, "paired-t").0;
    let number = |name: &str| result.number(name);
    let mut row = |key: &str, cell: Cell| {
        table.row(words.get(&format!("table.interim_{key}")), 0, vec![cell], vec![record.id.clone()]);
    };
    for (name, decimals) in [("z", 3), ("bound", 3)] {
        row(name, Cell::Number(number(name), decimals));
    }
    row("nominal_p", Cell::PValue(number("nominal_p")));
    if number("futility_bound").is_some() {
        row("futility_bound", Cell::Number(number("futility_bound"), 3));
    }
    for name in ["conditional_planned", "conditional_trend", "conditional_null", "predictive"] {
        if number(name).is_some() {
            row(name, Cell::Number(number(name), 3));
        }
    }
    if number("p_stagewise").is_some() {
        row("p_stagewise", Cell::PValue(number("p_stagewise")));
        row("median_unbiased", Cell::Number(number("median_unbiased"), d));
        row("stagewise", Cell::Interval(number("stagewise_low"), number("stagewise_high"), d));
    }
    row("repeated", Cell::Interval(number("repeated_low"), number("repeated_high"), d));
    for note in &result.notes {
        table.footnotes.push(words.note(note));
    }
    table.footnotes.push(words.get("footnote.interim"));
    Some(table)
}

/// How the futility bounds of a look are meant, where there are some.
fn futility_key(record: &Record) -> Option<&'static str> {
    word(record, "futility_rule")?;
    Some(if json(record, "futility_binding") == true { "futility_binding" } else { "futility_advice" })
}

/// Whether a bound is crossed, in a sentence for the monitoring committee (`committee`) or for the report of a trial that
/// ended at this look.
pub fn sentence(material: &Material, endpoint: usize, committee: bool) -> Option<String> {
    let words = material.words;
    let record = record(material, endpoint)?;
    let print = |name: &str| record.result.number(name).map(|value| rounding::print(value, 3));
    let (z, bound) = (print("z")?, print("bound")?);
    let (look, looks) = (count(record, "look"), count(record, "looks"));
    let futility = print("futility_bound").unwrap_or_default();
    let values = [
        ("look", &*look.to_string()),
        ("looks", &looks.to_string()),
        ("n", &record.result.n_pairs.to_string()),
        ("z", &z),
        ("bound", &bound),
        ("futility", &futility),
    ];
    let crossed = json(record, "crossed") == true;
    let futile = futility_key(record).filter(|_| json(record, "futile") == true);
    let key = match (crossed, record.result.number("z").is_some_and(|z| z > 0.0), look == looks) {
        (true, true, _) => "results.look_benefit",
        (true, false, _) => "results.look_harm",
        (false, _, true) => "results.look_end",
        (false, _, false) if !committee && futile.is_some() => "results.look_stopped_futile",
        (false, _, false) if !committee => "results.look_stopped",
        (false, _, false) if futile == Some("futility_binding") => "results.look_futile_binding",
        (false, _, false) if futile.is_some() => "results.look_futile",
        (false, _, false) => "results.look_on",
    };
    Some(words.say(key, &values))
}
