//! What an endpoint's further tests found: over all visits together, and about the shape of the differences and the likeness
//! of the knees.

use super::tables::{decimals, method_name};
use super::{Material, json};
use crate::analysis::Record;
use crate::table::{Cell, ResultTable};
use crate::trial::Role;

/// The tests over all visits together; `None` where the plan asks for none.
pub fn table(material: &Material, endpoint: usize, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let title = words.say("table.repeated", &[("endpoint", &material.name_with_unit(endpoint))]);
    let id = format!("t-{}-{}-repeated", number.replace('.', "-"), material.key(endpoint));
    let mut table = ResultTable::new(&id, number, title, material.population());
    let headers = ["pairs", "statistic", "df", "df_error", "p", "p_gg", "p_hf"];
    table.headers(words.get("table.method"), headers.map(|key| words.get(&format!("table.{key}"))));
    let here = material.outcomes.records.iter().filter(|record| record.endpoint == Some(endpoint));
    for record in here.filter(|record| record.visit.is_none() && !record.id.contains("variance-components")) {
        let result = &record.result;
        let ids = vec![record.id.clone()];
        match result.method {
            "friedman" | "cochran-q" => {
                let what = match &record.arm {
                    Some(arm) => words.say("table.knees_of", &[("arm", arm)]),
                    None => material.contrast(),
                };
                let label = format!("{}: {what}", method_name(material, result.method));
                let cells = vec![
                    Cell::Count(result.n_pairs),
                    Cell::Number(result.statistic, 2),
                    Cell::Number(result.df, 0),
                    Cell::Empty,
                    Cell::PValue(result.p_value),
                    Cell::Empty,
                    Cell::Empty,
                ];
                table.row(label, 0, cells, ids);
            }
            "rm-anova" => anova(material, record, &mut table),
            _ => {}
        }
    }
    table.footnotes.push(words.get("footnote.repeated"));
    (!table.rows.is_empty()).then_some(table)
}

/// One row per effect of a repeated-measures ANOVA.
fn anova(material: &Material, record: &Record, table: &mut ResultTable) {
    let words = material.words;
    table.group(method_name(material, record.result.method));
    for effect in json(record, "effects").as_array().into_iter().flatten() {
        let number = |name: &str| effect.get(name).and_then(serde_json::Value::as_f64);
        let label = match effect.get("term").and_then(serde_json::Value::as_str) {
            Some("treatment") => words.get("table.treatment"),
            Some("visit") => words.get("table.visit"),
            _ => words.get("table.treatment_visit"),
        };
        // With one degree of freedom sphericity cannot fail, and nothing is corrected.
        let corrected = |name: &str| match number("num_df") {
            Some(df) if df > 1.0 => Cell::PValue(number(name)),
            _ => Cell::Empty,
        };
        let cells = vec![
            Cell::Count(record.result.n_pairs),
            Cell::Number(number("f"), 2),
            Cell::Number(number("num_df"), 0),
            Cell::Number(number("den_df"), 0),
            Cell::PValue(number("p_value")),
            corrected("p_gg"),
            corrected("p_hf"),
        ];
        table.row(label, 1, cells, vec![record.id.clone()]);
    }
}

/// What the endpoint's own tests say about the differences and the likeness of the knees; `None` where its plan asks for no
/// such test.
pub fn further(material: &Material, endpoint: usize, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let title = words.say("table.further", &[("endpoint", &material.name_with_unit(endpoint))]);
    let id = format!("t-{}-{}-further", number.replace('.', "-"), material.key(endpoint));
    let mut table = ResultTable::new(&id, number, title, material.population());
    let headers = ["pairs", "estimate", "ci", "p"].map(|key| words.get(&format!("table.{key}")));
    table.headers(words.get("table.statistic"), headers);
    for visit in material.trial.design.follow_up(about) {
        let asked = |record: &&Record| {
            record.endpoint == Some(endpoint)
                && record.visit == Some(visit)
                && record.role == Role::Descriptive
                && record.arm.is_none()
                && about.tests.iter().any(|test| test == record.result.method)
        };
        let records: Vec<&Record> = material.outcomes.records.iter().filter(asked).collect();
        if !records.is_empty() {
            table.group(material.visit(visit).to_owned());
        }
        for record in records {
            let result = &record.result;
            let d = decimals(material, endpoint, result.method).0;
            let cells = vec![
                Cell::Count(result.n_pairs),
                Cell::Number(result.estimate, d),
                Cell::Interval(result.conf_low, result.conf_high, d),
                Cell::PValue(result.p_value),
            ];
            table.row(method_name(material, result.method), 1, cells, vec![record.id.clone()]);
        }
    }
    table.footnotes.push(words.get("footnote.further"));
    (!table.rows.is_empty()).then_some(table)
}
