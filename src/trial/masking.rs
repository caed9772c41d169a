//! Patients' identifiers inside other texts, each replaced by its pseudonym: "call EVK-009 about the left knee".
//!
//! An identifier is found as a whole word, in capitals or not, and where it has letters and digits also with other
//! separators (`EVK009`, `evk 009`). One that could be any number or word (under four digits, under three letters) is
//! found only behind a word for a patient. A text that is nothing but a number is a value and stays.

use super::pseudonym::Pseudonyms;
use crate::data::spreadsheet::is_number;
use std::collections::HashMap;

/// Words behind which any identifier is one.
const CUES: [&str; 14] = [
    "patient",
    "pat",
    "pt",
    "subject",
    "subj",
    "id",
    "no",
    "nr",
    "number",
    "participant",
    "患者",
    "被験者",
    "症例",
    "番号",
];

/// Most pieces (runs of letters and digits) of an identifier that is looked for.
const MOST_PIECES: usize = 6;

/// Finds identifiers in text.
#[derive(Debug, Clone, Default)]
pub struct Masker {
    /// Pseudonyms by the letters and digits of the identifier, in small letters; and whether it is found without a cue.
    by_core: HashMap<String, (String, bool)>,
    longest: usize,
}

impl Masker {
    /// Looks for the identifiers of `pseudonyms`.
    pub fn new(pseudonyms: &Pseudonyms) -> Self {
        let mut masker = Self::default();
        for (id, pseudonym) in pseudonyms.list() {
            let core = core(id);
            if core.is_empty() {
                continue;
            }
            let (digits, letters) = (core.chars().any(char::is_numeric), core.chars().any(char::is_alphabetic));
            let strong = digits && letters || core.chars().count() >= if digits { 4 } else { 3 };
            masker.longest = masker.longest.max(core.len());
            masker.by_core.insert(core, (pseudonym.to_owned(), strong));
        }
        masker
    }

    /// `text` with every identifier replaced; `None` where there is none.
    pub fn mask(&self, text: &str) -> Option<String> {
        if self.by_core.is_empty() || is_number(text.trim()) {
            return None;
        }
        let pieces = pieces(text);
        let mut masked = String::new();
        let (mut done, mut at) = (0, 0);
        while at < pieces.len() {
            let found = (at..pieces.len().min(at + MOST_PIECES)).rev().find_map(|last| {
                let pseudonym = self.found(text, &pieces[at..=last], at.checked_sub(1).map(|before| pieces[before]))?;
                Some((last, pseudonym))
            });
            match found {
                Some((last, pseudonym)) => {
                    masked.push_str(&text[done..pieces[at].0]);
                    masked.push_str(pseudonym);
                    done = pieces[last].1;
                    at = last + 1;
                }
                None => at += 1,
            }
        }
        (done > 0).then(|| masked + &text[done..])
    }

    /// The pseudonym of the identifier that `pieces` of `text` spell; `before` is the piece before them.
    fn found(&self, text: &str, pieces: &[(usize, usize)], before: Option<(usize, usize)>) -> Option<&str> {
        let (start, end) = (pieces.first()?.0, pieces.last()?.1);
        if end - start > 2 * self.longest + 2 {
            return None;
        }
        // Only one separator stands between the pieces of an identifier.
        let apart = pieces.windows(2).any(|pair| pair[1].0 - pair[0].1 > 1);
        let (pseudonym, strong) = self.by_core.get(&core(&text[start..end])).filter(|_| !apart)?;
        let cued = before.is_some_and(|(from, to)| {
            let word = text[from..to].to_lowercase();
            text[to..start].chars().count() <= 3 && CUES.contains(&word.trim_end_matches('s'))
        });
        (*strong || cued).then_some(pseudonym.as_str())
    }
}

/// The letters and digits of a text, in small letters.
fn core(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Where the runs of letters and digits begin and end; ASCII and other scripts are apart, since Japanese has no blanks.
fn pieces(text: &str) -> Vec<(usize, usize)> {
    let mut pieces: Vec<(usize, usize, bool)> = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| c.is_alphanumeric()) {
        match pieces.last_mut() {
            Some((_, end, ascii)) if *end == at && *ascii == c.is_ascii() => *end = at + c.len_utf8(),
            _ => pieces.push((at, at + c.len_utf8(), c.is_ascii())),
        }
    }
    pieces.into_iter().map(|(start, end, _)| (start, end)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(ids: &[&str], text: &str) -> String {
        let pseudonyms = Pseudonyms::new(ids.iter().copied(), "a key");
        let masked = Masker::new(&pseudonyms).mask(text).unwrap_or_else(|| text.to_owned());
        pseudonyms.list().fold(masked, |text, (id, pseudonym)| text.replace(pseudonym, &format!("<{id}>")))
    }

    #[test]
    fn identifiers_are_found_as_people_write_them() {
        let ids = ["EVK-009", "EVK-0091", "4711", "7", "AB"];
        for (text, masked) in [
            ("call EVK-009 about left knee", "call <EVK-009> about left knee"),
            ("evk009, EVK 009; EVK_009.", "<EVK-009>, <EVK-009>; <EVK-009>."),
            ("EVK-0091", "<EVK-0091>"),
            ("EVK-00911 is nobody", "EVK-00911 is nobody"),
            ("see 4711's file", "see <4711>'s file"),
            ("took 7 tablets", "took 7 tablets"),
            ("as patient 7, and subject no. 7", "as patient <7>, and subject no. <7>"),
            ("AB positive", "AB positive"),
            ("患者EVK-009の左膝", "患者<EVK-009>の左膝"),
            ("患者7の左膝", "患者<7>の左膝"),
            ("4711", "4711"),
            ("", ""),
        ] {
            assert_eq!(mask(&ids, text), masked);
        }
    }
}
