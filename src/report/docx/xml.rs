//! Text as WordprocessingML, and the names of its namespaces.

use crate::table::untrusted::printable;

pub const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
pub const WORD: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
pub const DRAWING: &str = "http://schemas.openxmlformats.org/drawingml/2006";
pub const PACKAGE_RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
pub const DOCUMENT_RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// Text as the content of a run.
pub fn text(words: &str) -> String {
    let lines: Vec<String> =
        words.split('\n').map(|line| format!("<w:t xml:space=\"preserve\">{}</w:t>", escape(line))).collect();
    lines.join("<w:br/>")
}

/// Text as the value of an attribute.
pub fn attribute(words: &str) -> String {
    escape(&words.replace(['\n', '\r', '\t'], " "))
}

/// XML text: markup escaped, characters that XML 1.0 forbids dropped.
pub fn escape(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push(' '),
            c if !printable(c) => {}
            c => out.push(c),
        }
    }
    out
}
