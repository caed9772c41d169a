//! The Bayesian summary beside the primary comparison: a small table, and a sentence that names the prior and says that it
//! decides nothing.

use super::{Material, tables, word};
use crate::analysis::{Record, posterior};
use crate::table::{Cell, ResultTable, rounding};

fn record<'a>(material: &Material<'a>, endpoint: usize) -> Option<&'a Record> {
    let here = |record: &&Record| record.result.method == posterior::METHOD && record.endpoint == Some(endpoint);
    material.outcomes.records.iter().find(here)
}

/// The table; `None` where the plan has no prior for the endpoint.
pub fn table(material: &Material, endpoint: usize, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let record = record(material, endpoint)?;
    let result = &record.result;
    let visit = material.visit(record.visit?);
    let values = [("endpoint", &*material.compared_with_unit(endpoint)), ("visit", visit)];
    let title = words.say("table.posterior", &values);
    let id = format!("t-{}-{}-posterior", number.replace('.', "-"), material.key(endpoint));
    let mut table = ResultTable::new(&id, number, title, material.population());
    table.headers(words.get("table.statistic"), vec![words.get("table.estimate")]);
    let d = tables::decimals(material, endpoint, "paired-t").0;
    let field = |name: &str| result.number(name);
    let mut row = |key: &str, cell: Cell| {
        table.row(words.get(&format!("table.posterior_{key}")), 0, vec![cell], vec![record.id.clone()]);
    };
    row("pairs", Cell::Count(result.n_pairs));
    row("data_mean", Cell::Number(field("mean_difference"), d));
    row("data_sd", Cell::Number(field("sd_difference"), d + 1));
    row("mean", Cell::Number(result.estimate, d));
    row("sd", Cell::Number(field("posterior_sd"), d + 1));
    row("interval", Cell::Interval(result.conf_low, result.conf_high, d));
    row("benefit", Cell::Number(field("p_benefit"), 3));
    if material.endpoint(endpoint).important_difference.is_some() {
        row("important", Cell::Number(field("p_important"), 3));
    }
    if field("vague_sd").is_some() {
        row("weight", Cell::Number(field("posterior_weight"), 3));
    }
    for note in &result.notes {
        table.footnotes.push(words.note(note));
    }
    table.footnotes.push(sentence(material, record, endpoint));
    Some(table)
}

/// The prior in words, and that the posterior decides nothing.
fn sentence(material: &Material, record: &Record, endpoint: usize) -> String {
    let words = material.words;
    let print = |name: &str| {
        let value = record.result.number(name).unwrap_or_default();
        // As written in the plan: a prior is no estimate.
        if value < 0.0 { format!("{}{}", rounding::MINUS, -value) } else { value.to_string() }
    };
    let [mean, sd, weight, vague_mean, vague_sd] =
        ["prior_mean", "prior_sd", "prior_weight", "vague_mean", "vague_sd"].map(print);
    let unit = &material.endpoint(endpoint).unit;
    let values = [
        ("mean", mean.as_str()),
        ("sd", &sd),
        ("weight", &weight),
        ("vague_mean", &vague_mean),
        ("vague_sd", &vague_sd),
        ("unit", unit),
        ("contrast", &material.contrast()),
    ];
    let robust = record.result.number("vague_sd").is_some();
    let prior = words.say(if robust { "footnote.prior_robust" } else { "footnote.prior_normal" }, &values);
    let likelihood = word(record, "likelihood").unwrap_or_default();
    let likelihood = words.get(&format!("footnote.likelihood_{likelihood}"));
    let parts = [prior, likelihood, words.get("footnote.posterior")];
    crate::report::sentences::join(material, &parts)
}
