//! Text that nobody wrote: what bytes become when they are read in another encoding than they were written in.
//!
//! Looked at are runs of characters beyond ASCII. A run is *odd* where it holds control characters, U+FFFD or characters for
//! private use, or where its characters do not stand so in any word: in Windows-1252 three letters with accents in a row, a
//! sign within a word, a capital with an accent behind a small letter; in Shift_JIS a single kana or kanji within a Latin
//! word. Where an encoding was told from the bytes and most runs are odd, it was told wrongly.

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GBK, MACINTOSH, SHIFT_JIS, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252,
};
use rayon::prelude::*;

/// Shortest piece of text worth a thread of its own, in bytes.
const PIECE: usize = 1 << 20;

/// Most encodings that are named.
const MOST: usize = 6;

/// The first place that is odd, and how much of the text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Odd {
    /// Where the first odd run begins, in bytes of the text.
    pub first: Option<usize>,
    /// Runs that are odd.
    pub odd: usize,
    /// All runs beyond ASCII, and single control characters.
    pub runs: usize,
}

impl Odd {
    fn and(self, next: Self) -> Self {
        Self { first: self.first.or(next.first), odd: self.odd + next.odd, runs: self.runs + next.runs }
    }

    /// Whether half of what is beyond ASCII, or more, is odd.
    pub fn is_much(&self) -> bool {
        self.odd > 0 && 2 * self.odd >= self.runs
    }
}

/// What is odd in `text`, which was decoded from `encoding`; `told` from the bytes, and not declared or known.
pub fn look(text: &str, encoding: &'static Encoding, told: bool) -> Odd {
    let mut pieces = Vec::new();
    let mut from = 0;
    while from < text.len() {
        let mut to = (from + PIECE).min(text.len());
        // A piece ends with a line, so that no run is cut; one long line is one piece.
        to = text
            .as_bytes()
            .get(to..)
            .and_then(|rest| rest.iter().position(|byte| *byte == b'\n'))
            .map_or(text.len(), |at| to + at + 1);
        pieces.push((from, text.get(from..to).unwrap_or_default()));
        from = to;
    }
    pieces
        .into_par_iter()
        .map(|(from, piece)| of_piece(from, piece, Some(encoding).filter(|_| told)))
        .reduce(Odd::default, Odd::and)
}

fn of_piece(from: usize, piece: &str, encoding: Option<&'static Encoding>) -> Odd {
    let mut found = Odd::default();
    let mut note = |at: usize, odd: bool| {
        found.runs += 1;
        found.odd += usize::from(odd);
        if odd && found.first.is_none() {
            found.first = Some(from + at);
        }
    };
    // Whole blocks without a branch are looked at many bytes at a time.
    let has_control = |block: &[u8]| block.iter().fold(false, |found, byte| found | is_control(*byte));
    if piece.as_bytes().chunks(4096).any(has_control) {
        for (at, _) in piece.bytes().enumerate().filter(|(_, byte)| is_control(*byte)) {
            note(at, true);
        }
    }
    if !piece.is_ascii() {
        let mut rest = piece;
        let mut at = 0;
        while let Some(start) = rest.bytes().position(|byte| !byte.is_ascii()) {
            let tail = rest.get(start..).unwrap_or_default();
            let length = tail.bytes().position(|byte| byte.is_ascii()).unwrap_or(tail.len());
            let run = tail.get(..length).unwrap_or_default();
            let before = rest.get(..start).and_then(|text| text.chars().next_back());
            let after = tail.get(length..).and_then(|text| text.chars().next());
            note(at + start, is_odd(before, run, after, encoding));
            at += start + length;
            rest = tail.get(length..).unwrap_or_default();
        }
    }
    found
}

/// Whether a byte of ASCII is a control character that no table has (U+001A ends files of DOS).
fn is_control(byte: u8) -> bool {
    // NUL (which has an error of its own), tab to carriage return, and U+001A, as bits.
    const KNOWN: u32 = 1 | 0x3E00 | 1 << 0x1A;
    (byte < 0x20 && KNOWN >> byte & 1 == 0) || byte == 0x7F
}

/// Whether a character stands in no text: a control character, a replacement, one for private use.
fn is_no_text(c: char) -> bool {
    matches!(c, '\u{80}'..='\u{9f}' | '\u{fffd}' | '\u{fffe}' | '\u{ffff}' | '\u{e000}'..='\u{f8ff}')
}

/// Whether a run beyond ASCII, with the characters before and after it, is odd in text whose encoding was told from the bytes.
/// Of an encoding that is known (`None`) words may be strange; only what stands in no text is odd.
fn is_odd(before: Option<char>, run: &str, after: Option<char>, encoding: Option<&'static Encoding>) -> bool {
    if run.chars().any(is_no_text) || was_utf_8(run).is_some() {
        return true;
    }
    let Some(encoding) = encoding else { return false };
    let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
    if encoding == WINDOWS_1252 {
        return is_odd_in_western(before, run, after);
    }
    if [SHIFT_JIS, EUC_JP, GBK, BIG5, EUC_KR].contains(&encoding) {
        let mut characters = run.chars();
        let alone = characters.next().is_some() && characters.next().is_none();
        return alone && latin(before) && latin(after);
    }
    false
}

fn is_odd_in_western(before: Option<char>, run: &str, after: Option<char>) -> bool {
    let is_letter = |c: char| c.is_alphabetic() && !matches!(c, 'ª' | 'º' | 'µ' | 'ƒ');
    let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
    // Signs that stand in no word and behind no name, as `®` and `°` may.
    let is_sign = |c: char| {
        matches!(
            c,
            '¡' | '¢' | '£' | '¤' | '¥' | '¦' | '¨' | 'ª' | '¬' | '¯' | '³' | '¶' | '¸' | '¹' | 'º' | '¼'
                ..='¿' | '÷' | 'ƒ'
        )
    };
    let letters = run.chars().filter(|c| is_letter(*c)).count();
    let signs = run.chars().filter(|c| is_sign(*c)).count();
    let crossed = letters >= 1 && run.contains('×');
    let around: Vec<char> = before.into_iter().chain(run.chars()).chain(after).collect();
    let capital = |c: char| !c.is_ascii() && is_letter(c) && c.is_uppercase();
    // `stŠrker`, `JosŽ`, `JŠger`: no word has a capital behind a small letter, or between a letter and a small one.
    let behind = around.windows(2).any(|two| matches!(two, [small, c] if capital(*c) && small.is_lowercase()));
    let between = |three: &[char]| matches!(three, [a, c, b] if capital(*c) && a.is_uppercase() && b.is_lowercase());
    if behind || around.windows(3).any(between) {
        return true;
    }
    let within = latin(before) && latin(after);
    letters >= 3 || crossed || (letters >= 1 && signs >= 1) || signs >= 2 || (signs >= 1 && within) || two_capitals(run)
}

/// Two letters with accents of which the second is a capital, alone: `ÓÒ`.
fn two_capitals(run: &str) -> bool {
    let characters: Vec<char> = run.chars().collect();
    matches!(characters.as_slice(), [first, second] if first.is_uppercase() && second.is_uppercase())
}

/// What a run was before its bytes, which are UTF-8, were read as Windows-1252 or Shift_JIS: `Ã¼` was `ü`.
pub fn was_utf_8(run: &str) -> Option<String> {
    let western = run.chars().all(|c| c <= '\u{2122}');
    let japanese = || run.chars().any(|c| matches!(c, '縺' | '繧' | '繝' | '\u{ff61}'..='\u{ff9f}'));
    let encoding = match () {
        () if western && run.chars().nth(1).is_some() => WINDOWS_1252,
        () if japanese() => SHIFT_JIS,
        () => return None,
    };
    let (bytes, _, lost) = encoding.encode(run);
    if lost {
        return None;
    }
    // `ß»` stands in German, and is no word of West Africa.
    let written = |c: char| !matches!(c, '\u{530}'..='\u{1dff}');
    std::str::from_utf8(&bytes).ok().filter(|text| text.chars().all(written)).map(str::to_owned)
}

/// A short text around the place `at`: the cell, as far as it can be told.
pub fn around(text: &str, at: usize) -> String {
    let ends = |c: char| matches!(c, '\n' | '\r' | ',' | ';' | '\t' | '|' | '"');
    let before = text.get(..at).unwrap_or_default();
    let start = before.rfind(ends).map_or(0, |end| end + 1);
    let behind = text.get(at..).unwrap_or_default();
    let end = at + behind.find(ends).unwrap_or(behind.len());
    super::error::shorten(text.get(start..end).unwrap_or_default())
}

/// The encodings that the bytes of a row may be of, and in which nothing of them is odd, each with what `cell` (the place of
/// a cell in the row, in bytes) then says.
pub fn candidates(row: &[u8], not: &'static Encoding) -> Vec<(&'static str, String)> {
    let all = [SHIFT_JIS, EUC_JP, GBK, BIG5, EUC_KR, WINDOWS_1251, WINDOWS_1250, MACINTOSH, WINDOWS_1252];
    let of = |encoding: &'static Encoding| {
        let text = encoding.decode_without_bom_handling_and_without_replacement(row)?;
        // Half a width of kana beside letters is what bytes of other encodings become.
        let odd = look(&text, encoding, true);
        let single = matches!(encoding, e if e == WINDOWS_1250 || e == WINDOWS_1251 || e == MACINTOSH);
        let western = single && encoding != WINDOWS_1251;
        let strange = western && {
            let from = text.find(|c: char| !c.is_ascii())?;
            let run: String = text.get(from..)?.chars().take_while(|c| !c.is_ascii()).collect();
            is_odd_in_western(text.get(..from)?.chars().next_back(), &run, text.get(from + run.len()..)?.chars().next())
        };
        let at = text.find(|c: char| !c.is_ascii())?;
        (odd.odd == 0 && !strange).then(|| (encoding.name(), around(&text, at)))
    };
    all.into_iter().filter(|encoding| *encoding != not).filter_map(of).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn odd(text: &str, encoding: &'static Encoding) -> bool {
        look(text, encoding, true).is_much()
    }

    #[test]
    fn words_of_western_languages_are_not_odd() {
        for text in [
            "Größe,Müller,Éénde",
            "5 °C,±3,½,m²,µg,10 µg/mL",
            "naïve façade, œuvre, Škoda",
            "“quoted” – text…",
            "São João, ação",
            "año;niño;¿qué?",
            "l’été à l’Hôpital",
            "ÅLESUND ØST",
            "kg·m²",
        ] {
            assert!(!odd(text, WINDOWS_1252), "{text}: {:?}", look(text, WINDOWS_1252, true));
        }
        for text in ["左膝,右膝", "EV群,プラセボ群", "ﾋﾀﾞﾘ,ﾐｷﾞ", "疼痛（VAS）"] {
            assert!(!odd(text, SHIFT_JIS), "{text}");
            assert!(!odd(text, encoding_rs::UTF_8), "{text}");
        }
    }

    #[test]
    fn bytes_of_another_encoding_are_odd() {
        let read = |text: &str, written: &'static Encoding, read: &'static Encoding| {
            let (bytes, _, lost) = written.encode(text);
            assert!(!lost, "{text}");
            read.decode_without_bom_handling(&bytes).0.into_owned()
        };
        for (text, written) in [
            ("左膝,右膝", EUC_JP),
            ("左,右", GBK),
            ("左膝,右膝", BIG5),
            ("왼쪽,오른쪽", EUC_KR),
            ("ﾋﾀﾞﾘ,ﾐｷﾞ", SHIFT_JIS),
            ("Левая,Правая", WINDOWS_1251),
            ("Przykład,złe", WINDOWS_1250),
            ("Müller,Jäger", MACINTOSH),
        ] {
            let found = read(text, written, WINDOWS_1252);
            assert!(odd(&found, WINDOWS_1252), "{text}: {found}");
        }
        for (text, said) in [("Müller", "MÃ¼ller"), ("左", "å·¦")] {
            let found = WINDOWS_1252.decode_without_bom_handling(text.as_bytes()).0.into_owned();
            assert_eq!(found, said);
            assert!(odd(&found, WINDOWS_1252) && odd(&found, encoding_rs::UTF_8));
        }
        assert_eq!(was_utf_8("å·¦").as_deref(), Some("左"));
        assert!(odd("a\u{fffd}b", encoding_rs::UTF_8) && odd("a\u{1}b", encoding_rs::UTF_8));
        assert!(odd("Saline府rm", SHIFT_JIS));
    }

    #[test]
    fn the_encodings_that_fit_are_named_with_what_they_say() {
        let (bytes, _, _) = EUC_JP.encode("007,左膝,5");
        let found = candidates(&bytes, WINDOWS_1252);
        assert!(found.contains(&("EUC-JP", "左膝".to_owned())), "{found:?}");
        let (bytes, _, _) = MACINTOSH.encode("007,Jäger,5");
        let found = candidates(&bytes, WINDOWS_1252);
        assert!(found.contains(&("macintosh", "Jäger".to_owned())), "{found:?}");
    }
}
