//! Names as CDISC ADaM has them: parameter codes, flags of populations, names of variables; and texts in ASCII.
//!
//! ADaM takes names of at most eight characters, A–Z, 0–9 and `_`, that begin with a letter, since each becomes the name of
//! a variable in a SAS transport file of version 5 (ADaMIG 1.3, section 3; FDA Study Data Technical Conformance Guide).

use std::collections::BTreeSet;

/// Longest name.
pub const LONGEST: usize = 8;

/// Whether a text is a name of ADaM.
pub fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first.is_ascii_uppercase())
        && text.len() <= LONGEST
        && characters.all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// Parameter codes of endpoints: as declared, else from the identifier in capitals, cut to eight characters and told apart
/// by a digit.
pub fn parameter_codes(ids: &[&str], declared: &[Option<String>]) -> Vec<String> {
    let mut taken: BTreeSet<String> = declared.iter().flatten().cloned().collect();
    ids.iter()
        .enumerate()
        .map(|(number, id)| match declared.get(number).cloned().flatten() {
            Some(code) => code,
            None => free_name(id, "P", "", &mut taken),
        })
        .collect()
}

/// A name made from `text` that is not taken: in capitals, with `suffix`, at most eight characters.
pub fn free_name(text: &str, first: &str, suffix: &str, taken: &mut BTreeSet<String>) -> String {
    let plain: String =
        text.to_uppercase().chars().filter(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || *c == '_').collect();
    let begins = plain.starts_with(|c: char| c.is_ascii_uppercase());
    let plain = if begins { plain } else { format!("{first}{plain}") };
    let cut = |room: usize| plain.get(..room.min(plain.len())).unwrap_or_default().to_owned();
    let mut name = format!("{}{suffix}", cut(LONGEST - suffix.len()));
    let mut number = 2;
    while !taken.insert(name.clone()) {
        let digits = number.to_string();
        name = format!("{}{digits}{suffix}", cut(LONGEST.saturating_sub(suffix.len() + digits.len())));
        number += 1;
    }
    name
}

/// The flag of an analysis set.
pub fn population_flag(set: &str, taken: &mut BTreeSet<String>) -> String {
    let known = match set.to_uppercase().replace(['-', '_', ' '], "").as_str() {
        "FAS" | "FULL" | "FULLSET" | "FULLANALYSISSET" => "FASFL",
        "PP" | "PPS" | "PPROT" | "PERPROTOCOL" | "PERPROTOCOLSET" => "PPROTFL",
        "SAF" | "SAFETY" | "SS" | "SAFETYSET" => "SAFFL",
        "ITT" | "INTENTIONTOTREAT" => "ITTFL",
        "RAND" | "RANDOMISED" | "RANDOMIZED" => "RANDFL",
        "ENRL" | "ENROLLED" | "ENROLED" => "ENRLFL",
        "COMPL" | "COMPLETERS" | "COMPLETER" => "COMPLFL",
        _ => "",
    };
    if !known.is_empty() && taken.insert(known.to_owned()) {
        return known.to_owned();
    }
    free_name(set, "S", "FL", taken)
}

/// A text with the usual signs of units and names written in ASCII; other characters stay.
pub fn ascii(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '²' => plain.push('2'),
            '³' => plain.push('3'),
            '¹' => plain.push('1'),
            'µ' | 'μ' => plain.push('u'),
            '°' => plain.push_str("deg "),
            '·' | '×' | '∙' => plain.push('*'),
            '–' | '—' | '−' | '‑' => plain.push('-'),
            '≤' => plain.push_str("<="),
            '≥' => plain.push_str(">="),
            '±' => plain.push_str("+/-"),
            '‘' | '’' => plain.push('\''),
            '“' | '”' => plain.push('"'),
            'α' => plain.push_str("alpha"),
            'β' => plain.push_str("beta"),
            'γ' => plain.push_str("gamma"),
            'Δ' => plain.push_str("Delta"),
            '√' => plain.push_str("sqrt "),
            '\u{a0}' | '\u{202f}' => plain.push(' '),
            'ä' => plain.push_str("ae"),
            'ö' => plain.push_str("oe"),
            'ü' => plain.push_str("ue"),
            'ß' => plain.push_str("ss"),
            'é' | 'è' | 'ê' => plain.push('e'),
            'á' | 'à' | 'â' => plain.push('a'),
            'ç' => plain.push('c'),
            'ñ' => plain.push('n'),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_codes_are_names_and_distinct() {
        let ids = ["vas", "cartilage_retropatellar", "cartilage_tibiofemoral", "6mwt", "cartilag2"];
        let codes = parameter_codes(&ids, &[None, None, Some("CARTTF".to_owned()), None, None]);
        assert_eq!(codes, ["VAS", "CARTILAG", "CARTTF", "P6MWT", "CARTILA2"]);
        assert!(codes.iter().all(|code| is_name(code)));
        assert_eq!(parameter_codes(&["abcdefghi", "abcdefghj"], &[]), ["ABCDEFGH", "ABCDEFG2"]);
        assert!(!is_name("vas") && !is_name("1VAS") && !is_name("VASVASVAS"));
    }

    #[test]
    fn flags_have_their_names_in_adam() {
        let mut taken = BTreeSet::new();
        let flags: Vec<String> =
            ["FAS", "PP", "SAF", "Full set", "MRI subset"].iter().map(|set| population_flag(set, &mut taken)).collect();
        assert_eq!(flags, ["FASFL", "PPROTFL", "SAFFL", "FULLSEFL", "MRISUBFL"]);
    }

    #[test]
    fn units_are_written_in_ascii() {
        assert_eq!(ascii("volume (mm³)"), "volume (mm3)");
        assert_eq!(ascii("µg/mL"), "ug/mL");
        assert_eq!(ascii("疼痛"), "疼痛");
    }
}
