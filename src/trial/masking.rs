//! Patients' identifiers inside other texts, each replaced by its pseudonym: "call EVK-009 about the left knee".
//!
//! An identifier is found as a whole word, in capitals or not, in characters of full width, with other separators
//! (`EVK009`, `evk 009`, `EVK – 9`) and with other leading zeros; one of letters and digits also with letters behind it
//! (`EVK-009L`). One that could be any number or word (under four digits, under three letters) is found only behind a
//! word for a patient, apart or not (`patient 3`, `pt3`, `Patientin 3`), or in a list that such a one begins (`patients 3,
//! 4 and 7`); written in full with the zero that leads it (`007`) it is no quantity and found as well. Behind a word for a
//! person the number of an identifier stands for it (`pt 9` for `EVK-009`). A letter or word for the side behind it
//! (`patient 3L`) hides none. A text that is nothing but a number is a value and stays; the mark of a decimal separates
//! no identifier.

use super::pseudonym::Pseudonyms;
use crate::data::spreadsheet::is_number;
use std::collections::HashMap;

/// Words behind which any identifier is one.
const CUES: [&str; 11] =
    ["case", "enrolment", "enrollment", "screening", "id", "identifier", "no", "nr", "number", "番号", "症例"];

/// Words for a person, which the number of an identifier alone may follow.
const PERSONS: [&str; 9] = ["pid", "subjid", "usubjid", "pat", "pt", "subj", "vpn", "患者", "被験者"];

/// How words for a person begin, in whatever form they end: `Patientin`, `patientes`, `participants`.
const PERSON_STEMS: [&str; 13] = [
    "patient",
    "patiënt",
    "pacient",
    "pazient",
    "paciënt",
    "subject",
    "sujet",
    "proband",
    "particip",
    "teilnehm",
    "volunteer",
    "versuchsperson",
    "volontair",
];

/// What the word before an identifier is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cue {
    /// A word for a person.
    Person,
    /// Another word behind which an identifier may stand.
    Other,
}

/// What kind of cue a word in small letters is. Japanese has no blanks: there a word for a patient may end another
/// (`患者番号`).
fn cue(word: &str, kind: Kind) -> Option<Cue> {
    let is = |known: &str| match kind {
        Kind::Other => !known.is_ascii() && word.ends_with(known),
        _ => word == known || word.trim_end_matches('s') == known,
    };
    if PERSONS.iter().any(|known| is(known)) || PERSON_STEMS.iter().any(|stem| word.starts_with(stem)) {
        Some(Cue::Person)
    } else {
        CUES.iter().any(|known| is(known)).then_some(Cue::Other)
    }
}

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
    /// Pseudonyms by the number that ends an identifier, without leading zeros, where one identifier alone ends so.
    by_number: HashMap<String, Option<String>>,
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
    /// Whether it is nothing but digits.
    digits: bool,
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
                digits: !letters,
            };
            let number: String = core.chars().rev().take_while(char::is_ascii_digit).collect();
            if mixed && !number.is_empty() {
                let number = bare_number(&number.chars().rev().collect::<String>());
                let of_one = masker.by_number.entry(number).or_insert_with(|| Some(pseudonym.to_owned()));
                // The number of two patients says neither.
                *of_one = of_one.take().filter(|known| known == pseudonym);
            }
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
        // A number is a value, unless it is written in full with a zero that leads it, as no quantity is.
        let padded = |text: &str| text.len() > 2 && text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
        if self.by_core.is_empty() || is_number(text.trim()) && !padded(text.trim()) {
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
        let word = before.map(|before| core_of(text, before)).unwrap_or_default();
        let glued = before.is_some_and(|before| before.end == first.start);
        let cued = before
            .filter(|before| text[before.end..first.start].chars().count() <= 3)
            .and_then(|before| cue(&word, before.kind));
        // `pt7` is a word for a patient and a number; `P007` the letter of one and the identifier in full.
        let starts_word = before.is_some_and(|before| before.begins) && first.kind == Kind::Digits && glued;
        let initial =
            |exact: bool| starts_word && exact && core.chars().count() > 2 && matches!(word.as_str(), "p" | "s");
        let (known, exact) = match self.by_core.get(&core) {
            Some(known) => (known, true),
            None => match self.by_bare.get(&bare(&core)) {
                Some(known) => (known, false),
                None => {
                    let alone = pieces.len() == 1 && last.ends && (first.begins || starts_word);
                    let person = alone && first.kind == Kind::Digits && cued == Some(Cue::Person);
                    return self.by_number.get(&bare_number(&core)).filter(|_| person)?.as_deref();
                }
            },
        };
        // The mark of a decimal, as in 0.05, separates no identifier.
        let decimal = |pair: &[Piece]| {
            let kinds = [pair[0].kind, pair[1].kind];
            kinds == [Kind::Digits, Kind::Digits] && matches!(&text[pair[0].end..pair[1].start], "." | ",")
        };
        if known.digits && pieces.windows(2).any(decimal) {
            return None;
        }
        let initial = known.digits && initial(exact);
        let sided = after
            .is_some_and(|side| side.start == last.end && side.ends && SIDES.contains(&core_of(text, side).as_str()));
        let begins = first.begins || starts_word && (cued.is_some() || initial);
        let whole = begins && (last.ends || last.kind == Kind::Digits && (known.mixed || sided));
        // What stands between a point and digits is part of a number.
        let in_number = text[..first.start].ends_with(['.', ','])
            && before.is_some_and(|b| b.kind == Kind::Digits && b.end + 1 == first.start)
            || text[last.end..].starts_with(['.', ','])
                && text[last.end + 1..].starts_with(|c: char| c.is_ascii_digit());
        let padded =
            known.digits && exact && pieces.len() == 1 && core.len() > 2 && core.starts_with('0') && !in_number;
        (whole && (known.strong || cued.is_some() || initial || padded || listed)).then_some(known.pseudonym.as_str())
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
    let quoted = |word: &String| matches!(word.as_str(), "`" | "\"" | "'");
    let words: Vec<String> = words.into_iter().map(|word| word.to_lowercase()).filter(|word| !quoted(word)).collect();
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

/// A number without the zeros that lead it.
fn bare_number(digits: &str) -> String {
    let bare = digits.trim_start_matches('0');
    if bare.is_empty() { "0".to_owned() } else { bare.to_owned() }
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
            // A word for a person in its other forms, or without a blank; the number alone behind one.
            ("pt7, subj007, pts. 7 and 8", "pt<7>, subj<7>, pts. <7> and <8>"),
            ("Patientin 7, den Patienten 8, Paciente 7", "Patientin <7>, den Patienten <8>, Paciente <7>"),
            ("pt 9 and patient 0091 fell; no 9", "pt <EVK-009> and patient <EVK-0091> fell; no 9"),
            ("identifier `7` and `8`", "identifier `<7>` and `<8>`"),
            ("part 7 of 8, stage7", "part 7 of 8, stage7"),
        ] {
            assert_eq!(mask(&ids, text), masked);
        }
    }

    #[test]
    fn identifiers_written_in_full_with_a_leading_zero_are_no_quantities() {
        let ids = ["005", "2024", "012"];
        for (text, masked) in [
            ("P005 and 005 fell; 005", "P<005> and <005> fell; <005>"),
            ("005", "<005>"),
            ("5 mg, 0.05, 0,005 and 20.24 of 5", "5 mg, 0.05, 0,005 and 20.24 of 5"),
            ("p = 0.012, 12.005", "p = 0.012, 12.005"),
            ("in 2024 or V2024", "in <2024> or V2024"),
        ] {
            assert_eq!(mask(&ids, text), masked);
        }
    }
}
