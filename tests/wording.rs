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

/// `docs/japanese-terms.md`: every concept by its one term.
#[test]
fn japanese_has_one_term_for_one_concept() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/japanese-terms.md");
    let page = std::fs::read_to_string(page).unwrap();
    let words = Words::new(Language::Japanese);
    let said: String = words.messages().values().map(|message| format!("{message}\n")).collect();
    let mut concepts = 0;
    for line in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| concept")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [concept, terms, others] = cells[..] else { panic!("{line}") };
        for term in terms.split('、') {
            assert!(said.contains(term), "{concept}: no message says {term}");
        }
        for other in others.split('、').filter(|other| !other.is_empty()) {
            let found = words.messages().iter().find(|(_, message)| message.contains(other));
            assert!(found.is_none(), "{concept}: {other} in {found:?}");
        }
        concepts += 1;
    }
    assert!(concepts > 30, "{concepts}");
    let half_width = |message: &str| {
        let letters: Vec<char> = message.chars().collect();
        letters.windows(2).any(|pair| {
            let japanese = |c: char| matches!(c, 'ぁ'..='ヶ' | '一'..='龠');
            matches!(pair[1], ':' | ',' | ';' | '(') && japanese(pair[0])
        })
    };
    let narrow: Vec<_> = words.messages().iter().filter(|(_, message)| half_width(message)).collect();
    assert!(narrow.is_empty(), "half-width punctuation behind Japanese: {narrow:#?}");
}
