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

/// Digits for the letters that are written for them.
fn as_digit(c: char) -> char {
    match c {
        'o' => '0',
        'l' | 'i' => '1',
        c => c,
    }
}

/// Keys of which a word shares one with every word that a slip of the pen makes of it: a letter for a digit that looks like it,
/// one character other, too many or too few, two that changed places.
pub fn slips(word: &str) -> Vec<String> {
    let letters: Vec<char> = usual(word).to_lowercase().chars().map(as_digit).collect();
    let without = |gone: usize, mark: Option<char>| -> String {
        let kept = letters.iter().enumerate().filter_map(|(at, c)| if at == gone { mark } else { Some(*c) });
        kept.collect()
    };
    let mut keys = vec![letters.iter().collect::<String>()];
    keys.extend((0..letters.len()).map(|at| without(at, Some('\u{0}'))));
    keys.extend((0..letters.len()).map(|at| without(at, None)));
    keys.extend((1..letters.len()).map(|at| {
        let mut changed = letters.clone();
        let (from, to) = (at - 1, at + 1);
        if let Some(pair) = changed.get_mut(from..to) {
            pair.sort_unstable();
        }
        format!("\u{1}{at}{}", changed.iter().collect::<String>())
    }));
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Whether a slip of the pen, in letters and not in digits, makes one word of the other.
pub fn is_slip(one: &str, other: &str) -> bool {
    let digits = |word: &str| word.chars().filter(char::is_ascii_digit).collect::<String>();
    let (a, b) = (slips(one), slips(other));
    let longer = one.chars().count().max(other.chars().count());
    longer > 2 && digits(one) == digits(other) && a.iter().any(|key| b.contains(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_share_a_key() {
        let near = |one: &str, other: &str| slips(one).iter().any(|key| slips(other).contains(key));
        for (one, other) in [("P01", "PO1"), ("P12", "P21"), ("EVK-014", "EVK-0l4"), ("P123", "P13"), ("P12", "P17")] {
            assert!(near(one, other), "{one} {other}");
        }
        assert!(!near("P12", "P34") && !near("A-100", "B-200"));
        assert!(is_slip("VAS", "VSA") && is_slip("WOMACP", "WOMCP"));
        assert!(!is_slip("PAIN1", "PAIN2") && !is_slip("VAS", "VOL"));
    }
}
