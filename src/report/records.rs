//! The records as a reader sees them: what every number of the report leads to.

use super::document::Document;
use super::exhibits::{Material, populations, tables as exhibits, word};
use super::words::Words;
use super::{citations, numbers, recipes, verify};
use crate::analysis::Record;
use crate::table::{Cell, ResultTable};

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
    /// Every number of the record.
    pub numbers: Vec<numbers::Line>,
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
    let models = verify::models(material);
    for record in &material.outcomes.records {
        let title = match record.endpoint {
            Some(endpoint) => material.endpoint(endpoint).name.clone(),
            None if record.id.starts_with("safety") => material.words.get("section.safety"),
            None => material.words.get("section.patients"),
        };
        let view = view(material, &models, record);
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
        numbers: Vec::new(),
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

/// Which count a record of counts is: its table, its row, and what the row is about.
fn counted(material: &Material, record: &Record) -> Vec<String> {
    let words = material.words;
    let Some(about) = word(record, "about") else { return Vec::new() };
    let item = word(record, "item").map(|item| words.name("item", item));
    let arm_or_set = |value: &str| {
        let set = material.trial.sets.iter().find(|set| word(record, "item") == Some("set") && set.name == value);
        set.map_or_else(|| value.to_owned(), |set| set.label.clone())
    };
    let column = word(record, "column").map(|column| populations::column_name(material, column));
    let value = ["value", "term", "severity"].into_iter().filter_map(|name| word(record, name)).map(arm_or_set);
    let known = |text: &String| !text.is_empty();
    [Some(words.name("counted", about)), item, column].into_iter().flatten().chain(value).filter(known).collect()
}

/// What the method assumes, in words.
fn assumptions(words: &Words, method: &str) -> Option<String> {
    let key = format!("assumption.{method}");
    words.messages().contains_key(&key).then(|| words.get(&key))
}

fn view(material: &Material, models: &[verify::Model], record: &Record) -> RecordView {
    let words = material.words;
    let result = &record.result;
    let name = |key: &str| words.get(&format!("web.{key}"));
    let method = exhibits::method_name(material, result.method);
    let parts = [record.visit_label.clone(), record.arm.clone(), Some(method.clone())];
    let mut title: Vec<String> = parts.into_iter().flatten().collect();
    if record.endpoint.is_none() {
        title.extend(record.endpoint_name.as_ref().map(|column| populations::column_name(material, column)));
    }
    title.extend(counted(material, record));
    let mut facts = vec![(name("id"), record.id.clone())];
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
    let code = [("in_r", recipes::r(material, record)), ("in_sas", recipes::sas(material, models, record))];
    let code = code.into_iter().filter_map(|(key, line)| Some((name(key), line?))).collect();
    let numbers = numbers::lines(record, &|field| words.name("field", field));
    RecordView { anchor: anchor(&record.id), title: title.join(", "), numbers, facts, code }
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
