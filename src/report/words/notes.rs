//! What records say, in the language of the report.
//!
//! The analyses write their notes, refusals and reasons in English, with numbers in them, and `results.json` keeps them so.
//! A report in another language finds the English pattern that a note was made from (`{n} zero differences dropped`) among
//! the messages `note.*` and says the message of the same key in its own language. A value may itself be a note: a reason
//! after a colon is translated by the same rule.

use std::collections::BTreeMap;

/// The patterns of notes with their messages in another language; empty for English.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    patterns: Vec<Pattern>,
}

/// One note.
#[derive(Debug, Clone)]
struct Pattern {
    /// The fixed parts of the English note; a value stands between two of them.
    fixed: Vec<String>,
    /// The names of the values.
    names: Vec<String>,
    /// The message in the other language.
    message: String,
}

/// How deep notes may stand in notes.
const DEPTH: usize = 4;

impl Notes {
    /// Pairs the messages `note.*` of `english` with those of another language.
    pub fn new(english: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> Self {
        let notes = english.iter().filter(|(key, _)| key.starts_with("note."));
        let mut patterns: Vec<Pattern> =
            notes.filter_map(|(key, text)| Some(Pattern::new(text, other.get(key)?))).collect();
        // The pattern that fixes most of a text says what it is.
        patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.fixed.iter().map(String::len).sum::<usize>()));
        Self { patterns }
    }

    /// The note in the other language, or as it is where no pattern fits.
    pub fn translate(&self, note: &str) -> String {
        self.translated(note, DEPTH)
    }

    fn translated(&self, note: &str, depth: usize) -> String {
        let found = self.patterns.iter().find_map(|pattern| Some((pattern, pattern.values(note)?)));
        let Some((pattern, values)) = found.filter(|_| depth > 0) else { return note.to_owned() };
        let mut text = String::new();
        let mut rest = pattern.message.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, behind)) = after.split_once('}') else { break };
            text.push_str(before);
            let value = pattern.names.iter().position(|known| known == name).and_then(|place| values.get(place));
            text.push_str(&value.map(|value| self.translated(value, depth - 1)).unwrap_or_default());
            rest = behind;
        }
        text.push_str(rest);
        text
    }
}

impl Pattern {
    fn new(english: &str, message: &str) -> Self {
        let (mut fixed, mut names) = (Vec::new(), Vec::new());
        let mut rest = english;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, behind)) = after.split_once('}') else { break };
            fixed.push(before.to_owned());
            names.push(name.to_owned());
            rest = behind;
        }
        fixed.push(rest.to_owned());
        Self { fixed, names, message: message.to_owned() }
    }

    /// The values of `note`, where it is made from this pattern.
    fn values<'a>(&self, note: &'a str) -> Option<Vec<&'a str>> {
        let (first, others) = self.fixed.split_first()?;
        let mut rest = note.strip_prefix(first.as_str())?;
        let Some((last, between)) = others.split_last() else { return rest.is_empty().then(Vec::new) };
        let mut values = Vec::new();
        for fixed in between {
            let (value, behind) = rest.split_once(fixed.as_str())?;
            values.push(value);
            rest = behind;
        }
        values.push(rest.strip_suffix(last.as_str())?);
        values.iter().all(|value| !value.is_empty()).then_some(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(pairs: &[(&str, &str, &str)]) -> Notes {
        let of = |which: fn(&(&str, &str, &str)) -> String| {
            pairs.iter().map(|pair| (format!("note.{}", pair.0), which(pair))).collect()
        };
        Notes::new(&of(|pair| pair.1.to_owned()), &of(|pair| pair.2.to_owned()))
    }

    #[test]
    fn a_note_is_found_by_its_pattern_and_keeps_its_values() {
        let notes = notes(&[
            ("zeros", "{n} zero differences dropped", "差が0の{n}対を除いた"),
            ("none", "no correlation: {reason}", "相関なし({reason})"),
            ("constant", "one side does not vary", "片側の値が一定"),
            ("of", "{a} of {b}", "{b}のうち{a}"),
        ]);
        assert_eq!(notes.translate("12 zero differences dropped"), "差が0の12対を除いた");
        assert_eq!(notes.translate("no correlation: one side does not vary"), "相関なし(片側の値が一定)");
        assert_eq!(notes.translate("3 of 4 of 5"), "5のうち4のうち3", "values are notes too");
        assert_eq!(notes.translate("something new"), "something new");
        assert_eq!(notes.translate(" zero differences dropped"), " zero differences dropped", "a value is never empty");
        assert_eq!(Notes::default().translate("as it is"), "as it is");
    }
}
