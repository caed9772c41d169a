//! What no generated text may say, in either language.

use splitknee::report::words::{Language, Words};

/// Wording that claims more than a confidence interval can; matched in lower case, English at the start of a word.
const FORBIDDEN: [&str; 38] = [
    "no effect",
    "no difference",
    "ineffective",
    "proves",
    "proven",
    "proved",
    "cure",
    "cured",
    "guarantee",
    "is safe",
    "was safe",
    "safe and",
    "trend towards",
    "marginally significant",
    "failed to reach",
    "equally effective",
    "significant trend",
    "approaching significance",
    "did not differ",
    "similarly effective",
    "効果がない",
    "効果はない",
    "効果はなかった",
    "効果は認められなかった",
    "差がない",
    "差はない",
    "差はなかった",
    "差は認められなかった",
    "必ず",
    "確実に",
    "治る",
    "完治",
    "安全である",
    "安全であった",
    "有意傾向",
    "証明",
    "無効",
    "同等に有効",
];

/// The first wording in `text` that claims more than an interval can.
pub fn overclaim(text: &str) -> Option<&'static str> {
    let lower = text.to_lowercase();
    // "improved" does not say "proved".
    let starts_a_word = |at: usize| !lower[..at].chars().next_back().is_some_and(|before| before.is_ascii_alphabetic());
    FORBIDDEN.into_iter().find(|forbidden| lower.match_indices(forbidden).any(|(at, _)| starts_a_word(at)))
}

#[test]
fn no_message_claims_more_than_an_interval_can() {
    for language in [Language::English, Language::Japanese] {
        for (key, message) in Words::new(language).messages() {
            assert_eq!(overclaim(message), None, "{key}");
        }
    }
}

#[test]
fn forbidden_wording_is_found_at_the_start_of_a_word_only() {
    assert_eq!(overclaim("The injection Proved its worth"), Some("proved"));
    assert_eq!(overclaim("効果はなかった。"), Some("効果はなかった"));
    assert_eq!(overclaim("Pain improved; the interval contains zero."), None);
}
