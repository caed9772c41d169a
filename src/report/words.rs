//! The one catalogue of generated words, English and Japanese, each written by itself.
//!
//! A message has a key and named values: `say("conclusion.inconclusive", &[("visit", "Month 6"), …])`. Both languages
//! have the same keys and use values of the same names; tests hold them to it and scan every message for wording that
//! claims more than a confidence interval can.

use super::site::Site;
use crate::analysis::notes as of_analyses;
use crate::note::{self, Note};
use crate::table::{ResultTable, rounding};
pub use crate::terms::Language;
use std::borrow::Cow;
use std::collections::BTreeMap;

impl Language {
    /// The files of the catalogue: the words of the report, and what records and findings say.
    fn sources(self) -> [&'static str; 2] {
        match self {
            Self::English => [include_str!("words/en.toml"), include_str!("words/en-notes.toml")],
            Self::Japanese => [include_str!("words/ja.toml"), include_str!("words/ja-notes.toml")],
        }
    }
}

/// The messages of one language.
#[derive(Debug, Clone)]
pub struct Words {
    /// The language.
    pub language: Language,
    messages: BTreeMap<String, String>,
    /// The body site that is randomised: the values `{site}`, `{sites}`, `{Site}` and `{Sites}` of every message.
    site: Site,
    /// The labels of active and placebo: the values `{active}` and `{placebo}` of messages that are given none.
    arms: [String; 2],
    level: String,
    tail: String,
}

impl Words {
    /// The catalogue of `language`.
    pub fn new(language: Language) -> Self {
        let messages = catalogue(language);
        let arms = match language {
            Language::English => ["active", "placebo"],
            Language::Japanese => ["実薬", "プラセボ"],
        };
        Self {
            language,
            messages,
            site: Site::knee(language),
            arms: arms.map(str::to_owned),
            level: "95".to_owned(),
            tail: "97.5".to_owned(),
        }
    }

    /// The same catalogue for intervals at level 1 − `alpha`: `{level}` is that level in per cent, `{tail}` that of one
    /// limit alone, wherever a message names it.
    pub fn at(mut self, alpha: f64) -> Self {
        let percent = |share: f64| ((1e8 * share).round() / 1e6).to_string();
        self.level = percent(1.0 - alpha);
        self.tail = percent(1.0 - alpha / 2.0);
        self
    }

    /// The same catalogue for another body site than the knee.
    pub fn of_site(self, site: Site) -> Self {
        Self { site, ..self }
    }

    /// The same catalogue for arms that are called so: active, placebo.
    pub fn of_arms(self, arms: [&str; 2]) -> Self {
        Self { arms: arms.map(str::to_owned), ..self }
    }

    /// A p-value as a relation: `= 0.503`, `< 0.001`, `> 0.99`.
    pub fn p_relation(&self, p: f64) -> String {
        let printed = rounding::p_value(p).replace('\u{a0}', " ");
        let relation = if printed.starts_with(['<', '>']) { printed } else { format!("= {printed}") };
        match self.language {
            Language::English => relation,
            Language::Japanese => relation.replace(' ', ""),
        }
    }

    /// An interval in running text: `−3.5 to 6.9`.
    pub fn interval(&self, low: &str, high: &str) -> String {
        format!("{low}{}{high}", self.get("table.joint"))
    }

    /// The name of something that a plan or a record calls `name` (a method, structure, procedure): the message
    /// `group.name`, else the name itself.
    pub fn name(&self, group: &str, name: &str) -> String {
        let key = format!("{group}.{name}");
        if self.messages.contains_key(&key) { self.get(&key) } else { name.to_owned() }
    }

    /// What a record, model or refusal says, in the language of the report.
    pub fn note(&self, note: &Note) -> String {
        note.render(&|code| {
            let message = self.messages.get(&format!("note.{code}"))?;
            Some(note::fill(message, &|name| self.site.value(name)))
        })
    }

    /// The message `key` with its values filled in. An unknown key prints itself, which a test forbids. A place
    /// `{n:patient|patients}` takes the first form where the value `n` is 1, the second otherwise.
    pub fn say(&self, key: &str, values: &[(&str, &str)]) -> String {
        let Some(message) = self.messages.get(key) else { return key.to_owned() };
        let only = values.iter().any(|(name, value)| *name == "visit" && *value == self.language.single_visit());
        let message = if only { self.at_the_single_visit(message) } else { Cow::Borrowed(message.as_str()) };
        note::fill(&message, &|name| match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => Some((*value).to_owned()),
            None if name == "level" => Some(self.level.clone()),
            None if name == "tail" => Some(self.tail.clone()),
            None if name == "active" => Some(self.arms[0].clone()),
            None if name == "placebo" => Some(self.arms[1].clone()),
            None => self.site.value(name),
        })
    }

    /// A message whose `{visit}` is the only one of a trial, which the plan does not name: within a sentence it has an article.
    fn at_the_single_visit<'m>(&self, message: &'m str) -> Cow<'m, str> {
        let Some(named) = self.messages.get("table.the_single_visit").filter(|_| message.contains("{visit}")) else {
            return Cow::Borrowed(message);
        };
        Cow::Owned(["At ", "at ", "to "].iter().fold(message.to_owned(), |message, word| {
            message.replace(&format!("{word}{{visit}}"), &format!("{word}{named}"))
        }))
    }

    /// The message `key` without values.
    pub fn get(&self, key: &str) -> String {
        self.say(key, &[])
    }

    /// What a table is called: `Table`, `Listing`.
    pub fn table_word(&self, table: &ResultTable) -> String {
        self.get(if table.is_listing() { "table.listing" } else { "table.table" })
    }

    /// A text of the data check, which is written of knees, of the body site of the trial.
    pub fn of_the_site(&self, text: &str) -> String {
        self.site.named(text)
    }

    /// All messages, for tests that read every one.
    pub fn messages(&self) -> &BTreeMap<String, String> {
        &self.messages
    }
}

/// `text` with a capital at its beginning, as a sentence or a cell begins.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The messages of `language` by key.
fn catalogue(language: Language) -> BTreeMap<String, String> {
    let mut messages = BTreeMap::new();
    if language == Language::English {
        let notes = note::catalogue::ALL.iter().chain(of_analyses::ALL);
        messages.extend(notes.map(|message| (format!("note.{}", message.code), message.text.to_owned())));
    }
    for source in language.sources() {
        // The catalogue is part of the program; a test parses every file of both languages.
        let table: toml::Table = source.parse().unwrap_or_default();
        flatten("", &table, &mut messages);
    }
    messages
}

fn flatten(prefix: &str, table: &toml::Table, messages: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(inner) => flatten(&path, inner, messages),
            toml::Value::String(text) => {
                messages.insert(path, text.clone());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placeholders(message: &str) -> std::collections::BTreeSet<&str> {
        let places = message.split('{').skip(1).filter_map(|part| part.split(['}', ':']).next());
        let of_site = |place: &str| place.to_lowercase().starts_with("site") || place.starts_with("administration");
        places.filter(|place| !of_site(place)).collect()
    }

    #[test]
    fn both_languages_have_the_same_messages_with_the_same_values() {
        let (english, japanese) = (Words::new(Language::English), Words::new(Language::Japanese));
        assert!(english.messages.len() > 50);
        for language in [Language::English, Language::Japanese] {
            for source in language.sources() {
                assert!(source.parse::<toml::Table>().is_ok(), "a file of {language:?} is not TOML");
            }
        }
        for (key, message) in &english.messages {
            let other = japanese.messages.get(key).unwrap_or_else(|| panic!("{key} is missing in Japanese"));
            assert_eq!(placeholders(message), placeholders(other), "{key}");
        }
        for key in japanese.messages.keys() {
            assert!(english.messages.contains_key(key), "{key} is missing in English");
        }
    }

    #[test]
    fn the_body_site_is_a_value_and_the_program_keeps_its_name() {
        for (key, message) in &Words::new(Language::English).messages {
            let mut fixed = message.clone();
            while let (Some(open), Some(close)) = (fixed.find('{'), fixed.find('}')) {
                fixed.replace_range(open..=close, " ");
            }
            let of_knees_alone = key.contains("kl_left") || key.contains("kl_right") || fixed.contains(":knee");
            let words = fixed.to_lowercase().replace("splitknee", " ");
            assert!(
                of_knees_alone || !words.contains("knee"),
                "{key} says knee; write {{site}} or {{sites}}: {message}"
            );
            assert!(!words.contains("inject"), "{key} says injection; write {{administration}}: {message}");
        }
        for (key, message) in &Words::new(Language::Japanese).messages {
            assert!(key.contains("kl_left") || key.contains("kl_right") || !message.contains('膝'), "{key}: {message}");
            assert!(!message.contains("注射"), "{key} says 注射; write {{administration}}: {message}");
        }
        let eyes = Words::new(Language::English).of_site(Site::new("eye", None, Language::English));
        let dates = eyes.say("first.dates", &[("date", "d"), ("files", "f"), ("version", "1")]);
        assert!(dates.contains("splitknee 1"), "{dates}");
        assert_eq!(
            eyes.note(&crate::analysis::notes::remark!(partner_missing)),
            "observed, but its partner eye has no value"
        );
    }

    #[test]
    fn the_level_in_words_is_that_of_the_intervals() {
        let words = Words::new(Language::English);
        assert_eq!(words.get("table.ci"), "95% CI");
        assert_eq!(words.clone().at(0.01).get("table.ci"), "99% CI");
        assert_eq!(words.clone().at(0.1).get("table.ci"), "90% CI");
        let none = words.at(0.01).say("first.safety_none", &[("n", "30"), ("u", "11.6")]);
        assert!(none.contains("upper 99.5% confidence limit"), "{none}");
        for language in [Language::English, Language::Japanese] {
            for (key, message) in &Words::new(language).messages {
                assert!(!message.contains("95"), "{key} names a level that a plan may change");
            }
        }
    }

    #[test]
    fn p_values_are_relations() {
        let english = Words::new(Language::English);
        assert_eq!(english.p_relation(0.5031), "= 0.503");
        assert_eq!(english.p_relation(1.0), "> 0.99");
        assert_eq!(Words::new(Language::Japanese).p_relation(0.0001), "<0.001");
    }

    #[test]
    fn values_fill_their_places_and_are_not_read_again() {
        let mut words = Words::new(Language::English);
        words.messages.insert("t".into(), "{a} and {b}".into());
        assert_eq!(words.say("t", &[("a", "{b}"), ("b", "2")]), "{b} and 2");
        assert_eq!(words.say("t", &[("a", "1")]), "1 and {b}");
        words.messages.insert("t".into(), "{n} {n:patient|patients}".into());
        assert_eq!(words.say("t", &[("n", "1")]), "1 patient");
        assert_eq!(words.say("t", &[("n", "21")]), "21 patients");
    }
}
