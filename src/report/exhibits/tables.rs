//! Tables of the report, from records.

use super::Material;
use crate::analysis::Record;
use crate::table::{Cell, ResultTable};
use crate::trial::{Measure, Role};

/// Scores (and changes) of one endpoint by visit and arm, with the within-patient difference.
pub fn by_visit(material: &Material, endpoint: usize, number: &str) -> ResultTable {
    let words = material.words;
    let design = &material.trial.design;
    let about = material.endpoint(endpoint);
    let title = words.say("table.by_visit", &[("endpoint", &material.name_with_unit(endpoint))]);
    let id = format!("t-{}-{}-by-visit", number.replace('.', "-"), about.id);
    let mut table = ResultTable::new(&id, number, title, material.population());
    let mut headers: Vec<String> = vec![design.arms.active.clone(), design.arms.placebo.clone()];
    headers.extend(design.arms.other.iter().cloned());
    let arms = headers.clone();
    headers.push(material.contrast());
    table.headers(words.get("table.statistic"), headers);
    let d = about.decimals;
    for &visit in &about.visits {
        for measure in [Measure::Value, Measure::Change] {
            let mut columns: Vec<&Record> = Vec::new();
            for arm in arms.iter().map(|arm| Some(arm.as_str())).chain([None]) {
                columns.extend(material.outcomes.description(endpoint, visit, measure, arm));
            }
            if columns.len() != arms.len() + 1 {
                continue;
            }
            table.group(match measure {
                Measure::Value => material.visit(visit).to_owned(),
                Measure::Change => format!("{}, {}", material.visit(visit), lower_first(&words.get("table.change"))),
            });
            let ids: Vec<String> = columns.iter().map(|record| record.id.clone()).collect();
            let number = |record: &Record, name: &str| record.result.number(name);
            let mut add = |label: &str, cell: &dyn Fn(&Record) -> Cell| {
                let cells = columns.iter().map(|record| cell(record)).collect();
                table.row(words.get(label), 1, cells, ids.clone());
            };
            add("table.n", &|record| Cell::Count(record.result.n_pairs));
            add("table.mean_sd", &|record| {
                Cell::Spread(record.result.estimate, d + 1, number(record, "sd"), d + 2)
            });
            add("table.median", &|record| Cell::Number(number(record, "median"), d + 1));
            add("table.quartiles", &|record| Cell::Interval(number(record, "q1"), number(record, "q3"), d + 1));
            add("table.range", &|record| Cell::Interval(number(record, "min"), number(record, "max"), d));
        }
    }
    table.footnotes.push(difference_note(material, endpoint));
    table.footnotes.extend(material.marks());
    table
}

/// Every comparison of active with placebo on one endpoint, by visit and method.
pub fn comparisons(material: &Material, endpoint: usize, number: &str) -> ResultTable {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let title = words.say("table.primary", &[("endpoint", &material.name_with_unit(endpoint))]);
    let id = format!("t-{}-{}-comparison", number.replace('.', "-"), about.id);
    let mut table = ResultTable::new(&id, number, title, material.population());
    let headers = ["pairs", "estimate", "se", "ci", "df", "p"].map(|key| words.get(&format!("table.{key}")));
    table.headers(words.get("table.method"), headers);
    let d = about.decimals;
    for visit in material.trial.design.follow_up(about) {
        table.group(material.visit(visit).to_owned());
        let rows = material.outcomes.records.iter().filter(|record| {
            record.endpoint == Some(endpoint)
                && record.visit == Some(visit)
                && matches!(record.role, Role::Primary | Role::Secondary | Role::Sensitivity)
        });
        for record in rows {
            let result = &record.result;
            let cells = vec![
                Cell::Count(result.n_pairs),
                Cell::Number(result.estimate, d + 1),
                Cell::Number(result.std_error, d + 2),
                Cell::Interval(result.conf_low, result.conf_high, d + 1),
                Cell::Number(result.df, 1),
                Cell::PValue(result.p_value),
            ];
            table.row(method_name(material, result.method), 1, cells, vec![record.id.clone()]);
        }
    }
    table.footnotes.push(difference_note(material, endpoint));
    table.footnotes.push(words.get("footnote.interval"));
    let methods: Vec<&str> = material.outcomes.records.iter().map(|record| record.result.method).collect();
    if methods.contains(&"wilcoxon") {
        table.footnotes.push(words.get("footnote.wilcoxon"));
    }
    if let Some(fit) = material.outcomes.fits.iter().find(|fit| fit.endpoint == endpoint) {
        let values = [("formula", fit.formula.as_str()), ("estimation", fit.estimation), ("ddf", fit.ddf.as_str())];
        table.footnotes.push(words.say("footnote.mixed", &values));
        table.footnotes.extend(fit.notes.iter().cloned());
    }
    if let Some(mcid) = about.mcid {
        let source = about.mcid_source.clone().unwrap_or_default();
        let values = [("m", &*mcid.to_string()), ("unit", &about.unit), ("source", &source)];
        table.footnotes.push(words.say("footnote.mcid", &values));
    }
    table.footnotes.extend(material.marks());
    table
}

/// The correlation between the knees at every visit, and what pairing gains.
pub fn correlation(material: &Material, number: &str) -> ResultTable {
    let words = material.words;
    let id = format!("t-{}-correlation", number.replace('.', "-"));
    let mut table = ResultTable::new(&id, number, words.get("table.correlation"), material.population());
    let headers = ["pairs", "r", "ci", "sd_diff", "variance_ratio"].map(|key| words.get(&format!("table.{key}")));
    table.headers(words.get("table.endpoint"), headers);
    for (endpoint, about) in material.trial.design.endpoints.iter().enumerate() {
        table.group(material.name_with_unit(endpoint));
        for &visit in &about.visits {
            let Some(record) = material.outcomes.comparison(endpoint, visit, "correlation") else { continue };
            let result = &record.result;
            let cells = vec![
                Cell::Count(result.n_pairs),
                Cell::Number(result.estimate, 2),
                Cell::Interval(result.conf_low, result.conf_high, 2),
                Cell::Number(result.number("sd_diff"), about.decimals + 2),
                Cell::Number(result.number("variance_ratio"), 2),
            ];
            table.row(material.visit(visit), 1, cells, vec![record.id.clone()]);
        }
    }
    table.footnotes.push(words.get("footnote.correlation"));
    table.footnotes.extend(material.marks());
    table
}

/// Observed knees by endpoint, visit and arm, and patients with one knee only.
pub fn missing(material: &Material, number: &str) -> ResultTable {
    let words = material.words;
    let design = &material.trial.design;
    let id = format!("t-{}-missing", number.replace('.', "-"));
    let mut table = ResultTable::new(&id, number, words.get("table.missing"), material.population());
    let mut headers = vec![design.arms.active.clone(), design.arms.placebo.clone()];
    headers.push(words.get("table.pairs"));
    headers.push(words.get("table.one_knee"));
    table.headers(words.get("table.endpoint"), headers);
    for (endpoint, about) in design.endpoints.iter().enumerate() {
        table.group(about.name.clone());
        for &visit in &about.visits {
            let of = |arm| material.outcomes.description(endpoint, visit, Measure::Value, arm);
            let (Some(active), Some(placebo), Some(pairs)) =
                (of(Some(design.arms.active.as_str())), of(Some(design.arms.placebo.as_str())), of(None))
            else {
                continue;
            };
            let arm = |record: &Record| Cell::CountPercent(record.rows.used, record.rows.used + record.rows.not_used);
            let one_knee = (active.rows.used + placebo.rows.used).saturating_sub(2 * pairs.result.n_pairs);
            let cells = vec![arm(active), arm(placebo), Cell::Count(pairs.result.n_pairs), Cell::Count(one_knee)];
            let ids = [active, placebo, pairs].map(|record| record.id.clone()).to_vec();
            table.row(material.visit(visit), 1, cells, ids);
        }
    }
    table.footnotes.extend(material.marks());
    table
}

/// The name of a method for people.
pub fn method_name(material: &Material, method: &str) -> String {
    material.words.get(&format!("method.{method}"))
}

fn difference_note(material: &Material, endpoint: usize) -> String {
    let arms = &material.trial.design.arms;
    let better = material.better(endpoint);
    let values = [("active", arms.active.as_str()), ("placebo", &arms.placebo), ("better", &better)];
    material.words.say("footnote.difference", &values)
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}
