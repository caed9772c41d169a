//! The labels of the arms in a text, as people write them: found and replaced.
//!
//! A label counts in any case, in letters of any width and with other separators or none (`PL-RICH`, `pl rich`, `ＰＬＲＩＣＨ`
//! for `PLRICH`). One of four letters and more counts inside a word too (`PLRICHknee`, `salines`), but for words of the
//! field (`control` is in `uncontrolled`); a shorter one only as a word or part of one in capitals of its own: `EV` is in
//! `EV-KNEE-01`, `EVknee` and `EV群`, not in `every`. A label of one letter, such as `A`, is a code and not a word: it counts
//! only where it is the whole text.

use super::masking::plain;

/// Labels that are words of many a text: they count as whole words only.
const COMMON: [&str; 12] = [
    "active",
    "control",
    "placebo",
    "sham",
    "treated",
    "treatment",
    "standard",
    "usual",
    "test",
    "care",
    "none",
    "drug",
];

/// Most characters between two letters of a label that are no letters.
const MOST_BETWEEN: usize = 3;

/// Fewest letters of a label that counts inside a word.
const LONG: usize = 4;

/// Whether `label` stands in the text.
pub fn names(text: &str, label: &str) -> bool {
    let wanted = Wanted::new(label);
    let mut at = Place::start(text);
    std::iter::from_fn(|| at.step()).any(|(before, rest)| wanted.head(text, before, rest).is_some())
}

/// The text with every label replaced by what stands beside it; of labels that begin alike, the first given counts.
pub fn mask(text: &str, labels: &[(String, String)]) -> String {
    let labels: Vec<(Wanted, &String)> = labels.iter().map(|(label, instead)| (Wanted::new(label), instead)).collect();
    let mut out = String::new();
    let mut at = Place::start(text);
    while let Some((before, rest)) = at.step() {
        let found =
            labels.iter().find_map(|(wanted, instead)| wanted.head(text, before, rest).map(|length| (length, instead)));
        match found {
            Some((length, instead)) => {
                out.push_str(instead);
                at.skip(length);
            }
            None => out.extend(rest.chars().next()),
        }
    }
    out
}

/// A label that is looked for.
struct Wanted {
    /// Its letters and digits, in small letters of the usual width; the label itself where it has none.
    letters: Vec<char>,
    /// Whether it may begin, and end, inside a word.
    inside: bool,
    /// Whether it is a code of one letter.
    code: bool,
}

impl Wanted {
    fn new(label: &str) -> Self {
        let fold = |c: char| plain(c).to_lowercase().collect::<Vec<_>>();
        let mut letters: Vec<char> = label.chars().filter(|c| c.is_alphanumeric()).flat_map(fold).collect();
        if letters.is_empty() {
            letters = label.trim().chars().collect();
        }
        let word: String = letters.iter().collect();
        Self {
            inside: letters.len() >= LONG && !COMMON.contains(&word.as_str()),
            code: label.trim().chars().count() < 2,
            letters,
        }
    }

    /// Length in bytes of the label at the beginning of `rest`, a tail of `text` behind the letter `before`, if it stands
    /// there.
    fn head(&self, text: &str, before: Option<char>, rest: &str) -> Option<usize> {
        let mut length = 0;
        let mut between = 0;
        let mut wanted = self.letters.iter().peekable();
        let mut last = None;
        for c in rest.chars() {
            let Some(next) = wanted.peek() else { break };
            let folded: Vec<char> = plain(c).to_lowercase().collect();
            if folded.first() == Some(next) {
                // A letter that has several in the other case, as in Turkish, needs them all.
                folded.iter().for_each(|_| {
                    wanted.next();
                });
                between = 0;
                last = Some(c);
                length += c.len_utf8();
            } else if last.is_some() && !c.is_alphanumeric() && between < MOST_BETWEEN && (self.inside || c != ' ') {
                between += 1;
                length += c.len_utf8();
            } else {
                return None;
            }
        }
        let (None, Some(last)) = (wanted.peek(), last) else { return None };
        if self.code {
            return (text.trim().len() == length).then_some(length);
        }
        let own = rest.get(..length)?;
        let capitals = own.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase);
        let first = own.chars().next()?;
        let begins = before.is_none_or(|before| {
            !one_word(before, first)
                || before.is_numeric() != first.is_numeric()
                || before.is_lowercase() && first.is_uppercase()
        });
        let after = rest.get(length..)?.chars().next();
        let ends = after.is_none_or(|next| {
            !one_word(last, next)
                || last.is_numeric() != next.is_numeric()
                || capitals && self.letters.len() > 1 && next.is_lowercase()
        });
        (self.inside || begins && ends).then_some(length)
    }
}

/// Whether two letters side by side are of one word. Scripts without blanks between words have no such letters.
fn one_word(a: char, b: char) -> bool {
    let spaced = |c: char| c.is_alphanumeric() && c < '\u{2e80}';
    spaced(a) && spaced(b)
}

/// A walk through a text, letter by letter.
struct Place<'t> {
    rest: &'t str,
    before: Option<char>,
}

impl<'t> Place<'t> {
    fn start(text: &'t str) -> Self {
        Self { rest: text, before: None }
    }

    /// The letter before, and the text from here on; moves on by one letter.
    fn step(&mut self) -> Option<(Option<char>, &'t str)> {
        let rest = self.rest;
        let first = rest.chars().next()?;
        let before = self.before.replace(first);
        self.rest = rest.get(first.len_utf8()..).unwrap_or_default();
        Some((before, rest))
    }

    /// Moves on to `length` bytes after the letter last given.
    fn skip(&mut self, length: usize) {
        let gone = self.before.map_or(0, char::len_utf8);
        let passed = self.rest.get(..length.saturating_sub(gone)).unwrap_or_default();
        self.before = passed.chars().next_back().or(self.before);
        self.rest = self.rest.get(passed.len()..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Vec<(String, String)> {
        [("Saline", "DUMMY PLACEBO"), ("EV high", "DUMMY OTHER"), ("EV", "DUMMY ACTIVE"), ("生理食塩水", "偽薬")]
            .map(|(label, instead)| (label.to_owned(), instead.to_owned()))
            .to_vec()
    }

    #[test]
    fn labels_are_masked_as_words_and_nothing_else() {
        for (text, masked) in [
            ("EV versus saline, every EV-knee", "DUMMY ACTIVE versus DUMMY PLACEBO, every DUMMY ACTIVE-knee"),
            ("every level salines", "every level DUMMY PLACEBOs"),
            ("ＥＶ, EVknee, e-v and kneeEV2", "DUMMY ACTIVE, DUMMY ACTIVEknee, DUMMY ACTIVE and kneeDUMMY ACTIVE2"),
            ("SAL INE, sal-ine; Ｓａｌｉｎｅ", "DUMMY PLACEBO, DUMMY PLACEBO; DUMMY PLACEBO"),
            ("EV-HIGH, evHigh", "DUMMY OTHER, DUMMY OTHER"),
            ("EV high or ev", "DUMMY OTHER or DUMMY ACTIVE"),
            ("変形性膝関節症EV群", "変形性膝関節症DUMMY ACTIVE群"),
            ("生理食塩水を注射", "偽薬を注射"),
            ("EV", "DUMMY ACTIVE"),
            ("", ""),
        ] {
            assert_eq!(mask(text, &labels()), masked);
        }
    }

    #[test]
    fn a_label_of_one_letter_is_a_code() {
        assert!(names("A", "A") && names(" a ", "A") && !names("a trial of vitamin A", "A"));
        assert!(names("allergic to SALINE.", "Saline") && names("salines", "Saline") && !names("", "Saline"));
        // The blinded labels of an attacker who writes them as people do.
        for text in ["Pain in PL-RICH knee", "ＰＬＲＩＣＨ site pain", "Pain (PLRICHknee)", "pl rich", "PL – RICH"]
        {
            assert!(names(text, "PLRICH"), "{text}");
        }
        assert!(!names("uncontrolled diabetes", "Control") && names("the control knee", "Control"));
        assert!(!names("every salt", "SAL") && names("SALknee", "SAL") && !names("a level", "EV"));
        let codes = [("A".to_owned(), "X".to_owned())];
        assert_eq!(mask("a trial of vitamin A", &codes), "a trial of vitamin A");
        assert_eq!(mask("A", &codes), "X");
    }
}
