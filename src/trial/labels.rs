//! The labels of the arms as words of a text: found and replaced where they stand for themselves.
//!
//! A label counts in any case, and only as a word: `EV` is in `EV-KNEE-01` and `EV群`, not in `every`. A label of one
//! letter, such as `A`, is a code and not a word: it counts only where it is the whole text.

/// Whether `label` is the text, or a word of it.
pub fn names(text: &str, label: &str) -> bool {
    let mut at = Place::start(text);
    std::iter::from_fn(|| at.step()).any(|(free, rest)| free && head(text, rest, label).is_some())
}

/// The text with every label replaced by what stands beside it; of labels that begin alike, the first given counts.
pub fn mask(text: &str, labels: &[(String, String)]) -> String {
    let mut out = String::new();
    let mut at = Place::start(text);
    while let Some((free, rest)) = at.step() {
        let found = labels
            .iter()
            .filter(|_| free)
            .find_map(|(label, instead)| head(text, rest, label).map(|length| (length, instead)));
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

/// Length in bytes of the label at the beginning of `rest`, a tail of `text`, if it ends there as a word.
fn head(text: &str, rest: &str, label: &str) -> Option<usize> {
    let label = label.trim();
    let mut length = 0;
    let mut found = rest.chars();
    for wanted in label.chars() {
        let c = found.next()?;
        let same = c == wanted || c.to_lowercase().eq(wanted.to_lowercase());
        if !same {
            return None;
        }
        length += c.len_utf8();
    }
    let code = label.chars().count() < 2;
    let whole = text.trim().len() == length;
    let last = label.chars().next_back()?;
    let ends = found.next().is_none_or(|next| !one_word(last, next));
    (ends && (whole || !code)).then_some(length)
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

    /// Whether a word may begin here, and the text from here on; moves on by one letter.
    fn step(&mut self) -> Option<(bool, &'t str)> {
        let rest = self.rest;
        let first = rest.chars().next()?;
        let free = self.before.is_none_or(|before| !one_word(before, first));
        self.before = Some(first);
        self.rest = rest.get(first.len_utf8()..).unwrap_or_default();
        Some((free, rest))
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
            ("every level salines", "every level salines"),
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
        assert!(names("allergic to SALINE.", "Saline") && !names("salines", "Saline") && !names("", "Saline"));
        let codes = [("A".to_owned(), "X".to_owned())];
        assert_eq!(mask("a trial of vitamin A", &codes), "a trial of vitamin A");
        assert_eq!(mask("A", &codes), "X");
    }
}
