//! Words that differ in case and blanks only are one word.

use super::coded::Coded;
use std::collections::HashMap;

/// A word in lower case with single blanks: what two spellings of it share.
pub fn folded(word: &str) -> String {
    word.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
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
