//! Words that differ in case, blanks and the form of their characters only are one word.

use super::coded::Coded;
use std::borrow::Cow;
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;

/// A text in the usual form of its characters (Unicode's NFKC): full-width letters (`Ａ`), half-width katakana (`ｶﾞ`), circled
/// digits (`①`), letters with a mark apart (`が` as two), ligatures and blanks of any width become the plain ones.
pub fn usual(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.nfkc().collect()) }
}

/// A word in lower case with single blanks: what two spellings of it share.
pub fn folded(word: &str) -> String {
    usual(word).split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// The same without any blank or underscore: `Month 3`, `month_3` and `MONTH3` are one label.
pub fn joined(label: &str) -> String {
    folded(label).replace([' ', '_'], "")
}

/// The letters and digits of a label, in lower case: what spellings with other blanks, hyphens and brackets share.
pub fn bare(label: &str) -> String {
    usual(label).chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// By level of `column`: the spelling that stands for it, which is the most frequent one, and of equally frequent ones the
/// first in the file.
pub fn one_spelling(column: &Coded) -> Vec<String> {
    let counts = column.counts();
    let mut chosen: HashMap<String, usize> = HashMap::new();
    for (level, word) in column.levels.iter().enumerate() {
        let best = chosen.entry(folded(word)).or_insert(level);
        if counts.get(level) > counts.get(*best) {
            *best = level;
        }
    }
    let spelling = |word: &String| {
        let level = chosen.get(&folded(word)).and_then(|level| column.levels.get(*level));
        level.unwrap_or(word).clone()
    };
    column.levels.iter().map(spelling).collect()
}
