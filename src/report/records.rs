//! The records as a reader sees them: what every number of the report leads to.

use super::document::Document;
use super::exhibits::{Material, populations, tables as exhibits};
use super::words::Words;
use super::{citations, recipes};
use crate::analysis::Record;
use crate::table::{Cell, ResultTable, rounding};

/// Records under one heading: those of an endpoint, of the patients, of safety.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordGroup {
    /// Heading.
    pub title: String,
    /// Records in their order.
    pub records: Vec<RecordView>,
}

/// One record, ready for print.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordView {
    /// Anchor on the page.
    pub anchor: String,
    /// Endpoint, visit, arm and method.
    pub title: String,
    /// Names and values.
    pub facts: Vec<(String, String)>,
    /// Language and line of code that recomputes it.
    pub code: Vec<(String, String)>,
}

/// The anchor of the record `id`.
pub fn anchor(id: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' };
    format!("r-{}", id.chars().map(safe).collect::<String>())
}

/// All records in groups.
pub fn groups(material: &Material) -> Vec<RecordGroup> {
    let mut groups: Vec<RecordGroup> = Vec::new();
    for record in &material.outcomes.records {
        let title = match record.endpoint {
            Some(endpoint) => material.endpoint(endpoint).name.clone(),
            None if record.id.starts_with("safety") => material.words.get("section.safety"),
            None => material.words.get("section.patients"),
        };
        let view = view(material, record);
        match groups.iter_mut().find(|group| group.title == title) {
            Some(group) => group.records.push(view),
            None => groups.push(RecordGroup { title, records: vec![view] }),
        }
    }
    groups
}

/// The identifier of what stands behind the numbers of `table` that no record holds.
pub fn table_id(table: &ResultTable) -> String {
    format!("{}.counts", table.id)
}

/// The tables with numbers that no record holds, because they are counted in or copied from the rows of `files`: one
/// entry a table, which says so. Tables about the plan or the program, which have no population, are left out.
pub fn tables(document: &Document, words: &Words, files: &[&str]) -> Option<RecordGroup> {
    let digits = |cell: &Cell| cell.text(" ").contains(|c: char| c.is_ascii_digit());
    let counted = |table: &&ResultTable| {
        !table.population.is_empty()
            && table.rows.iter().any(|row| row.records.is_empty() && row.cells.iter().any(digits))
    };
    let name = |key: &str| words.get(&format!("web.{key}"));
    let view = |table: &ResultTable| RecordView {
        anchor: anchor(&table_id(table)),
        title: format!("{} {}. {}", words.table_word(table), table.number, table.title),
        facts: vec![
            (name("id"), table_id(table)),
            (name("rows"), table.population.clone()),
            (name("method"), name("counted")),
            (name("assumptions"), words.get("assumption.counts")),
            (name("reference"), files.join(&words.get("text.comma"))),
            (name("file"), format!("tables/{}.csv", table.id)),
        ],
        code: Vec::new(),
    };
    let records: Vec<RecordView> = document.tables().filter(counted).map(view).collect();
    (!records.is_empty()).then(|| RecordGroup { title: name("tables"), records })
}

/// What the method assumes, in words.
fn assumptions(words: &Words, method: &str) -> Option<String> {
    let key = format!("assumption.{method}");
    words.messages().contains_key(&key).then(|| words.get(&key))
}

fn view(material: &Material, record: &Record) -> RecordView {
    let words = material.words;
    let result = &record.result;
    let name = |key: &str| words.get(&format!("web.{key}"));
    let method = exhibits::method_name(material, result.method);
    let parts = [record.visit_label.clone(), record.arm.clone(), Some(method.clone())];
    let mut title: Vec<String> = parts.into_iter().flatten().collect();
    if record.endpoint.is_none() {
        title.extend(record.endpoint_name.as_ref().map(|column| populations::column_name(material, column)));
    }
    let mut facts = vec![(name("id"), record.id.clone())];
    let mut numbers: Vec<String> = Vec::new();
    let mut number = |key: &str, value: Option<f64>| {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            numbers.push(format!("{} {}", words.get(&format!("table.{key}")), plain(value)));
        }
    };
    number("estimate", result.estimate);
    number("se", result.std_error);
    number("df", result.df);
    if let (Some(low), Some(high)) = (result.conf_low, result.conf_high)
        && low.is_finite()
        && high.is_finite()
    {
        let level = format!("{}", (1e6 * result.conf_level).round() / 1e4);
        let interval = words.interval(&plain(low), &plain(high));
        numbers.push(words.say("web.interval", &[("level", &level), ("interval", &interval)]));
    }
    if let Some(p) = result.p_value {
        numbers.push(format!("p {}", plain(p)));
    }
    if !numbers.is_empty() {
        facts.push((name("what"), numbers.join("; ")));
    }
    let rows = &record.rows;
    let key = if record.endpoint.is_some() { "web.used" } else { "web.used_patients" };
    let counts = [("used", &*rows.used.to_string()), ("not_used", &rows.not_used.to_string())];
    let mut used = words.say(key, &counts);
    if !rows.reasons.is_empty() {
        let reasons: Vec<String> =
            rows.reasons.iter().map(|reason| format!("{}: {}", words.note(&reason.reason), reason.n)).collect();
        let reasons = reasons.join(&words.get("text.semicolon"));
        used.push_str(&words.say("web.reasons", &[("reasons", &reasons)]));
    }
    facts.push((name("rows"), used));
    facts.push((name("method"), method));
    facts.extend(assumptions(words, result.method).map(|text| (name("assumptions"), text)));
    let reference = citations::full(result.method).unwrap_or(record.reference);
    if !reference.is_empty() {
        facts.push((name("reference"), reference.to_owned()));
    }
    if !result.notes.is_empty() {
        let notes: Vec<String> = result.notes.iter().map(|note| words.note(note)).collect();
        facts.push((name("notes"), notes.join(&words.get("text.semicolon"))));
    }
    let code = [("in_r", recipes::r(material, record)), ("in_sas", recipes::sas(material, record))];
    let code = code.into_iter().filter_map(|(key, line)| Some((name(key), line?))).collect();
    RecordView { anchor: anchor(&record.id), title: title.join(", "), facts, code }
}

/// Six significant digits, enough to compare by eye; `results.json` has them all.
fn plain(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor() as i32;
    if (-5..15).contains(&magnitude) {
        let text = rounding::print(value, usize::try_from(5 - magnitude).unwrap_or(0));
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    } else {
        format!("{value:.5e}").replace('-', "\u{2212}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::words::Language;

    #[test]
    fn every_method_that_has_a_name_says_what_it_assumes() {
        for language in [Language::English, Language::Japanese] {
            let words = Words::new(language);
            let named = words.messages().keys().filter_map(|key| key.strip_prefix("method."));
            let silent: Vec<&str> = named.filter(|method| assumptions(&words, method).is_none()).collect();
            assert!(silent.is_empty(), "{language:?}: no message assumption.… for {silent:?}");
        }
    }
}
