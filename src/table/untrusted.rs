//! Text from data and plans, before any format: what no renderer passes on.

/// Whether a character may be printed. Control characters other than line breaks and tabs, the noncharacters U+FFFE and
/// U+FFFF, and the controls that override the direction of the text around them (U+202A–U+202E, U+2066–U+2069) say
/// nothing and can break a file or make a name read as another.
pub fn printable(c: char) -> bool {
    match c {
        '\n' | '\t' => true,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => false,
        c => !c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_pass_and_overrides_do_not() {
        assert!("膝 é مريم שרה e\u{301} 👩\n".chars().all(printable));
        assert!(!"\0\u{7f}\u{85}\r\u{202e}\u{2066}\u{fffe}".chars().any(printable));
    }
}
