//! Fitting words to a width: breaking lines and writing numbers as figures print them.

use super::font::FontSet;

/// Breaks a text into lines no wider than `width` points. Lines break at spaces, between Japanese characters, and, when
/// a single word is too long, inside it, but never between a character and its combining marks. Text beyond
/// `max_lines` ends in "…".
pub fn wrap(font: &FontSet, text: &str, size: f64, bold: bool, width: f64, max_lines: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut fit = |piece: &str, line: &mut String| {
        if font.width(&format!("{line}{}", piece.trim_end()), size, bold) <= width {
            line.push_str(piece);
            return;
        }
        if !line.trim().is_empty() {
            lines.push(line.trim_end().to_owned());
        }
        line.clear();
        for cluster in clusters(piece) {
            if !line.is_empty() && font.width(&format!("{line}{cluster}"), size, bold) > width {
                lines.push(std::mem::take(line));
            }
            line.push_str(cluster);
        }
    };
    for piece in pieces(text) {
        fit(piece, &mut line);
    }
    if !line.trim().is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    if lines.len() > max_lines {
        lines.truncate(max_lines);
        if let Some(last) = lines.pop() {
            lines.push(ellipsis(font, &format!("{last}…"), size, bold, width));
        }
    }
    lines
}

/// The text itself if it fits in `width` points, else its beginning and "…".
pub fn ellipsis(font: &FontSet, text: &str, size: f64, bold: bool, width: f64) -> String {
    if font.width(text, size, bold) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for cluster in clusters(text.trim_end_matches('…')) {
        if font.width(&format!("{kept}{cluster}…"), size, bold) > width {
            break;
        }
        kept.push_str(cluster);
    }
    format!("{}…", kept.trim_end())
}

/// Makes untrusted text safe to lay out: control characters (not allowed in XML) and explicit bidirectional overrides
/// (which would reorder their surroundings) become U+FFFD; line ends and tabs become spaces. Words written from right
/// to left are closed by a left-to-right mark, so that the numbers behind a name stay behind it.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut after_rtl = false;
    for c in text.chars() {
        let c = match c {
            '\n' | '\r' | '\t' => ' ',
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FFFE}' | '\u{FFFF}' => '\u{FFFD}',
            c if c.is_control() => '\u{FFFD}',
            c => c,
        };
        let rtl = right_to_left(c);
        if after_rtl && !rtl && c != ' ' && !joins(c) && c != '\u{200E}' {
            let spaces = out.len() - out.trim_end_matches(' ').len();
            out.insert(out.len() - spaces, '\u{200E}');
            after_rtl = false;
        }
        after_rtl = rtl || (after_rtl && c != '\u{200E}');
        out.push(c);
    }
    out
}

/// Letters of Hebrew, Arabic, Syriac, Thaana, NKo and their presentation forms.
fn right_to_left(c: char) -> bool {
    matches!(c, '\u{5BE}'..='\u{85E}' | '\u{8A0}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}'
        | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
}

/// A number with fixed decimals, half away from zero, U+2212 for minus and no negative zero; in powers of ten from 10⁹
/// on, where no clinical score lies and no axis has room.
pub fn number(value: f64, decimals: usize) -> String {
    if value.abs() >= 1e9 {
        return format!("{value:.2e}").replace('-', "−");
    }
    let text = format!("{:.decimals$}", round(value.abs(), decimals));
    let zero = text.chars().all(|c| c == '0' || c == '.');
    if value < 0.0 && !zero { format!("−{text}") } else { text }
}

/// The decimals with which an interval is printed: more than `decimals` where a limit of an interval that excludes 0
/// would print as 0.
pub fn interval_decimals(low: Option<f64>, high: Option<f64>, decimals: usize) -> usize {
    let (Some(low), Some(high)) = (low, high) else { return decimals };
    let nearest = low.abs().min(high.abs());
    if !(low > 0.0 || high < 0.0) || nearest < 1e-9 {
        return decimals;
    }
    let is_zero = |decimals: usize| number(nearest, decimals).chars().all(|c| c == '0' || c == '.');
    (decimals..decimals + 9).find(|decimals| !is_zero(*decimals)).unwrap_or(decimals)
}

/// Rounds a non-negative value half up after undoing the representation error of the last bits (2.675 → 2.68).
fn round(value: f64, decimals: usize) -> f64 {
    let scale = 10f64.powi(i32::try_from(decimals).unwrap_or(0));
    let scaled = value * scale;
    if scaled.is_finite() && scaled < 1e15 { (scaled * (1.0 + 1e-14) + 0.5).floor() / scale } else { value }
}

/// Pieces between which a line may break; a piece keeps its trailing space.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut previous: Option<char> = None;
    for (at, c) in text.char_indices() {
        if let Some(p) = previous {
            let after_space = p == ' ' && c != ' ';
            let between_wide = (wide(p) || (wide(c) && !p.is_ascii_digit()))
                && !no_line_start(c)
                && !no_line_end(p)
                && !joins(c)
                && c != ' ';
            let after_joint = matches!(p, '-' | '/' | '–' | '—' | '_') && c.is_alphanumeric() && at > start + 3;
            if after_space || between_wide || after_joint {
                pieces.push(&text[start..at]);
                start = at;
            }
        }
        previous = Some(c);
    }
    if start < text.len() {
        pieces.push(&text[start..]);
    }
    pieces
}

/// A character with the combining marks that follow it.
fn clusters(text: &str) -> Vec<&str> {
    let mut clusters = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        if at > start && !joins(c) {
            clusters.push(&text[start..at]);
            start = at;
        }
    }
    if start < text.len() {
        clusters.push(&text[start..]);
    }
    clusters
}

fn joins(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5BD}' | '\u{610}'..='\u{61A}'
        | '\u{64B}'..='\u{65F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{200C}' | '\u{200D}'
        | '\u{20D0}'..='\u{20FF}' | '\u{3099}' | '\u{309A}' | '\u{FE00}'..='\u{FE0F}' | '\u{FE20}'..='\u{FE2F}'
        | '\u{1F3FB}'..='\u{1F3FF}')
}

fn wide(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF01}'..='\u{FF60}' | '\u{20000}'..='\u{3FFFF}')
}

fn no_line_start(c: char) -> bool {
    "、。,.・:;?!)]}」』】〉》〕’”ゝゞ々ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ%,.:;!?)]}%".contains(c)
}

fn no_line_end(c: char) -> bool {
    "([{「『【〈《〔‘“([{".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_half_away_from_zero_and_have_no_negative_zero() {
        let cases = [
            (2.5, 0, "3"),
            (-2.5, 0, "−3"),
            (2.675, 2, "2.68"),
            (-0.04, 1, "0.0"),
            (0.0, 1, "0.0"),
            (-19.95, 1, "−20.0"),
            (1234.0, 0, "1234"),
            (-2.0e12, 1, "−2.00e12"),
        ];
        for (value, decimals, text) in cases {
            assert_eq!(number(value, decimals), text);
        }
    }

    #[test]
    fn lines_fit_and_lose_nothing() {
        let font = FontSet::embedded();
        for text in [
            "a plain sentence of several words",
            "投与後6か月の膝痛スコア(VAS、mm)",
            "Unbreakableunbreakableunbreakable",
            "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
        ] {
            let lines = wrap(&font, text, 8.0, false, 40.0, usize::MAX);
            assert!(lines.iter().all(|line| font.width(line, 8.0, false) <= 40.0), "{lines:?}");
            assert!(lines.iter().all(|line| !line.starts_with(['\u{301}', '、', ')'])), "{lines:?}");
            let glue = |s: &str| s.chars().filter(|c| *c != ' ').collect::<String>();
            assert_eq!(glue(&lines.concat()), glue(text));
        }
        let cut = wrap(&font, "far too long for two lines of this width", 8.0, false, 60.0, 2);
        assert_eq!(cut.len(), 2);
        assert!(cut[1].ends_with('…') && font.width(&cut[1], 8.0, false) <= 60.0);
    }

    #[test]
    fn a_name_from_right_to_left_keeps_its_number_behind_it() {
        assert_eq!(clean("ألم: 9"), "ألم\u{200E}: 9");
        assert_eq!(clean("محمد علي 9"), "محمد علي\u{200E} 9");
        assert_eq!(clean("a\u{202E}b\nc\u{0}"), "a\u{FFFD}b c\u{FFFD}");
        assert_eq!(clean(&clean("ألم: 9")), clean("ألم: 9"));
    }
}
