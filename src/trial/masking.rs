//! Patients' identifiers inside other texts, each replaced by its pseudonym: "call EVK-009 about the left knee".
//!
//! An identifier is found as a whole word, in capitals or not, in characters of full width, with other separators
//! (`EVK009`, `evk 009`, `EVK – 9`) and with other leading zeros; one of letters and digits also with letters behind it
//! (`EVK-009L`). One that could be any number or word (under four digits, under three letters) is found only behind a
//! word for a patient, or in a list that such a one begins (`patients 3, 4 and 7`). A letter or word for the side behind
//! it (`patient 3L`) hides none. A text that is nothing but a number is a value and stays.

use super::pseudonym::Pseudonyms;
use crate::data::spreadsheet::is_number;
use std::collections::HashMap;

/// Words behind which any identifier is one.
const CUES: [&str; 23] = [
    "case",
    "volunteer",
    "pid",
    "subjid",
    "usubjid",
    "enrolment",
    "enrollment",
    "screening",
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
    "proband",
    "患者",
    "被験者",
    "症例",
    "番号",
];

/// What joins the identifiers of a list.
const JOINED: [&str; 16] =
    ["and", "or", "und", "et", "y", "&", "+", "/", ",", ";", "、", "，", "・", "と", "及び", "および"];

/// What may follow an identifier within its word: the side.
const SIDES: [&str; 6] = ["l", "r", "lt", "rt", "left", "right"];

/// Most pieces (runs of letters or of digits) of an identifier that is looked for.
const MOST_PIECES: usize = 12;

/// Most characters between the pieces of an identifier, as in `EVK - 009`.
const MOST_BETWEEN: usize = 3;

/// Finds identifiers in text.
#[derive(Debug, Clone, Default)]
pub struct Masker {
    /// Pseudonyms by the letters and digits of the identifier.
    by_core: HashMap<String, Known>,
    /// The same without leading zeros, for those that are not written so.
    by_bare: HashMap<String, Known>,
    longest: usize,
}

/// An identifier that is looked for.
#[derive(Debug, Clone)]
struct Known {
    pseudonym: String,
    /// Whether it has letters and digits: it may then stand within a word.
    mixed: bool,
    /// Whether it is found without a cue.
    strong: bool,
}

/// A run of letters or of digits in a text.
#[derive(Debug, Clone, Copy)]
struct Piece {
    start: usize,
    end: usize,
    kind: Kind,
    /// Whether a word begins, or ends, with it.
    begins: bool,
    ends: bool,
}

/// Scripts are apart, since Japanese has no blanks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Digits,
    Latin,
    Other,
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
            let mixed = digits && letters;
            let known = |core: &str| Known {
                pseudonym: pseudonym.to_owned(),
                mixed,
                strong: mixed || core.chars().count() >= if digits { 4 } else { 3 },
            };
            masker.longest = masker.longest.max(core.len());
            let bare = bare(&core);
            if bare != core || digits {
                let known = known(&bare);
                masker.by_bare.entry(bare).or_insert(known);
            }
            let known = known(&core);
            masker.by_core.insert(core, known);
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
            let before = at.checked_sub(1).map(|before| pieces[before]);
            let listed = done > 0 && joins(&text[done..pieces[at].start]);
            let found = (at..pieces.len().min(at + MOST_PIECES)).rev().find_map(|last| {
                let after = pieces.get(last + 1).copied();
                let pseudonym = self.found(text, &pieces[at..=last], before, after, listed)?;
                Some((last, pseudonym))
            });
            match found {
                Some((last, pseudonym)) => {
                    masked.push_str(&text[done..pieces[at].start]);
                    masked.push_str(pseudonym);
                    done = pieces[last].end;
                    at = last + 1;
                }
                None => at += 1,
            }
        }
        (done > 0).then(|| masked + &text[done..])
    }

    /// The pseudonym of the identifier that `pieces` of `text` spell, between the pieces `before` and `after`; `listed`
    /// where it goes on with a list of identifiers.
    fn found(
        &self,
        text: &str,
        pieces: &[Piece],
        before: Option<Piece>,
        after: Option<Piece>,
        listed: bool,
    ) -> Option<&str> {
        let (first, last) = (pieces.first()?, pieces.last()?);
        if last.end - first.start > 4 * (self.longest + MOST_PIECES) {
            return None;
        }
        let between = |pair: &[Piece]| text[pair[0].end..pair[1].start].chars().count();
        if pieces.windows(2).any(|pair| between(pair) > MOST_BETWEEN) {
            return None;
        }
        let core = core(&text[first.start..last.end]);
        let known = self.by_core.get(&core).or_else(|| self.by_bare.get(&bare(&core)))?;
        let sided = after
            .is_some_and(|side| side.start == last.end && side.ends && SIDES.contains(&core_of(text, side).as_str()));
        let whole = first.begins && (last.ends || last.kind == Kind::Digits && (known.mixed || sided));
        let cued = before.is_some_and(|cue| {
            let word = core_of(text, cue);
            // Japanese has no blanks: a word for a patient may end another (`患者番号`).
            let is_cue = match cue.kind {
                Kind::Other => CUES.iter().any(|known| !known.is_ascii() && word.ends_with(known)),
                _ => CUES.contains(&word.as_str()) || CUES.contains(&word.trim_end_matches('s')),
            };
            text[cue.end..first.start].chars().count() <= 3 && is_cue
        });
        (whole && (known.strong || cued || listed)).then_some(known.pseudonym.as_str())
    }
}

/// The letters and digits of a piece, in small letters.
fn core_of(text: &str, piece: Piece) -> String {
    core(&text[piece.start..piece.end])
}

/// Whether what stands between an identifier and the next number makes them a list; a side may still follow the first.
fn joins(between: &str) -> bool {
    let mut words: Vec<String> = Vec::new();
    for c in between.chars().map(plain).filter(|c| !c.is_whitespace() && *c != '.') {
        match words.last_mut() {
            Some(word) if c.is_alphanumeric() && word.chars().all(char::is_alphanumeric) => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    let words: Vec<String> = words.into_iter().map(|word| word.to_lowercase()).collect();
    let sided = words.first().is_some_and(|word| SIDES.contains(&word.as_str()));
    let joining = &words[usize::from(sided)..];
    !joining.is_empty() && joining.len() <= 2 && joining.iter().all(|word| JOINED.contains(&word.as_str()))
}

/// The usual form of a character of full width.
pub(super) fn plain(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// The letters and digits of a text, in small letters.
fn core(text: &str) -> String {
    text.chars().map(plain).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A core without the zeros that lead its numbers.
fn bare(core: &str) -> String {
    let mut bare = String::with_capacity(core.len());
    let mut chars = core.chars().peekable();
    let mut inside = false;
    while let Some(c) = chars.next() {
        let leads = c == '0' && !inside && chars.peek().is_some_and(char::is_ascii_digit);
        inside = c.is_ascii_digit() && !leads;
        if !leads {
            bare.push(c);
        }
    }
    bare
}

/// The runs of letters and of digits in a text.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| c.is_alphanumeric()) {
        let kind = match plain(c) {
            c if c.is_ascii_digit() => Kind::Digits,
            c if c.is_ascii() => Kind::Latin,
            _ => Kind::Other,
        };
        let end = at + c.len_utf8();
        match pieces.last_mut().filter(|last| last.end == at) {
            Some(last) if last.kind == kind => last.end = end,
            Some(last) => {
                // A word goes on from letters to digits and back, but not from one script to another.
                let apart = last.kind == Kind::Other || kind == Kind::Other;
                last.ends = apart;
                pieces.push(Piece { start: at, end, kind, begins: apart, ends: true });
            }
            None => pieces.push(Piece { start: at, end, kind, begins: true, ends: true }),
        }
    }
    pieces
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
        let ids = ["EVK-009", "EVK-0091", "4711", "7", "8", "AB"];
        for (text, masked) in [
            ("call EVK-009 about left knee", "call <EVK-009> about left knee"),
            ("evk009, EVK 009; EVK_009.", "<EVK-009>, <EVK-009>; <EVK-009>."),
            ("EVK-0091", "<EVK-0091>"),
            ("EVK-00911 is nobody", "EVK-00911 is nobody"),
            ("EVK-9, EVK_0009 and EVK – 009", "<EVK-009>, <EVK-009> and <EVK-009>"),
            ("EVK-009L, EVK-009_left", "<EVK-009>L, <EVK-009>_left"),
            ("ＥＶＫ－００９", "<EVK-009>"),
            ("patient 007, 04711, V4711", "patient <7>, <4711>, V4711"),
            ("see 4711's file", "see <4711>'s file"),
            ("took 7 tablets", "took 7 tablets"),
            ("as patient 7, and subject no. 7", "as patient <7>, and subject no. <7>"),
            ("AB positive", "AB positive"),
            ("患者EVK-009の左膝", "患者<EVK-009>の左膝"),
            ("患者7の左膝", "患者<7>の左膝"),
            ("患者番号 7", "患者番号 <7>"),
            ("症例番号:7", "症例番号:<7>"),
            ("症例番号：７、4711", "症例番号：<7>、<4711>"),
            ("patients 7 and 8, 12 weeks", "patients <7> and <8>, 12 weeks"),
            ("patient 7/8", "patient <7>/<8>"),
            ("patients 7L, 8R, and 7", "patients <7>L, <8>R, and <7>"),
            ("pid 7; case 8; volunteer 7; USUBJID 8", "pid <7>; case <8>; volunteer <7>; USUBJID <8>"),
            ("patient 7Lx", "patient 7Lx"),
            ("patient 7 took 8 tablets", "patient <7> took 8 tablets"),
            ("4711", "4711"),
            ("", ""),
        ] {
            assert_eq!(mask(&ids, text), masked);
        }
    }
}
