//! Tables as GitHub-flavoured Markdown.

use super::untrusted::printable;
use super::{Align, ResultTable};

/// The table with its number, title, population and footnotes; `label` is the word for "Table".
pub fn render(table: &ResultTable, label: &str) -> String {
    let mut out = format!(
        "**{} {}.** {}  \n{}\n\n",
        escape(label),
        escape(&table.number),
        escape(&table.title),
        escape(&table.population)
    );
    let headers = table.columns.iter().map(|column| escape(&column.header));
    line(&mut out, headers);
    let rule = table.columns.iter().map(|column| match column.align {
        Align::Left => ":---".to_owned(),
        Align::Right => "---:".to_owned(),
    });
    line(&mut out, rule);
    for row in &table.rows {
        let padding = table.columns.len().saturating_sub(1 + row.cells.len());
        // An indent survives in a Markdown cell only as fixed spaces.
        let indent = "\u{2003}".repeat(usize::from(row.indent));
        let label = escape(&row.label);
        let label =
            if row.cells.is_empty() && !label.is_empty() { format!("**{label}**") } else { format!("{indent}{label}") };
        let cells = row.cells.iter().map(|cell| escape(&cell.text(&table.joint)));
        line(&mut out, std::iter::once(label).chain(cells).chain(std::iter::repeat_n(String::new(), padding)));
    }
    if !table.footnotes.is_empty() {
        out.push('\n');
        for note in &table.footnotes {
            out.push_str(&format!("- {}\n", escape(note)));
        }
    }
    out
}

fn line(out: &mut String, cells: impl Iterator<Item = String>) {
    out.push('|');
    for cell in cells {
        out.push_str(&format!(" {cell} |"));
    }
    out.push('\n');
}

/// Text that Markdown reads as text: characters with a meaning are escaped, angle brackets and ampersands become
/// entities (no HTML passes), line breaks become spaces, and no line can begin a block or a cell.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '$' | '|' => {
                out.push('\\');
                out.push(c);
            }
            '#' | '+' | '-' | '=' | '!' if at == 0 => {
                out.push('\\');
                out.push(c);
            }
            // `1. text` would begin a list.
            '.' | ')' if at > 0 && begins_list(text, at) => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // Addresses become links by themselves.
            ':' if text[at..].starts_with("://") => out.push_str("&#58;"),
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => out.push(' '),
            c if !printable(c) => {}
            c => out.push(c),
        }
    }
    out
}

fn begins_list(text: &str, at: usize) -> bool {
    text[..at].bytes().all(|byte| byte.is_ascii_digit())
        && text[at + 1..].chars().next().is_none_or(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_data_stays_text() {
        assert_eq!(escape("<script>alert(1)</script>"), "&lt;script&gt;alert(1)&lt;/script&gt;");
        assert_eq!(escape("# *a* _b_ `c` [d](e)"), "\\# \\*a\\* \\_b\\_ \\`c\\` \\[d\\](e)");
        assert_eq!(escape("1. one\n\n# two"), "1\\. one  # two");
        assert_eq!(escape("|a|b"), "\\|a\\|b");
        assert_eq!(escape("1.5"), "1.5");
        assert_eq!(escape("http://x"), "http&#58;//x");
    }
}
