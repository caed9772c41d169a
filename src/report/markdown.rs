//! The whole report as Markdown (GitHub-flavoured), figures by reference to their files.

use super::document::{Block, Document};
use super::words::Words;
use crate::table::markdown::{self, escape};

/// The document as Markdown. Figures point to `figures/f-<id>.svg` beside the file.
pub fn render(document: &Document, words: &Words) -> String {
    let mut out = format!("# {}\n\n{}\n\n", escape(&document.title), escape(&document.kind));
    if !document.marks.is_empty() {
        let marks: Vec<String> = document.marks.iter().map(|mark| format!("**{}**", escape(mark))).collect();
        out.push_str(&format!("{}\n\n", marks.join(" · ")));
    }
    for (index, section) in document.sections.iter().enumerate() {
        if index == 1 {
            out.push_str(&format!("## {}\n\n", escape(&words.get("section.exhibits"))));
            let exhibits = document.exhibits(words).into_iter();
            out.extend(exhibits.map(|[_, label, title]| format!("- {}. {}\n", escape(&label), escape(&title))));
            out.push('\n');
        }
        out.push_str(&format!("## {}\n\n", escape(&section.title)));
        for block in section.blocks.iter().filter(|block| !matches!(block, Block::Sources(_))) {
            out.push_str(&render_block(block, words));
            out.push('\n');
        }
    }
    if !document.footer.is_empty() {
        out.push_str(&format!("---\n\n{}\n", escape(&document.footer)));
    }
    out
}

fn render_block(block: &Block, words: &Words) -> String {
    match block {
        Block::Paragraph(text) => format!("{}\n", escape(text)),
        Block::Conclusion(text) => format!("> {}\n", escape(text)),
        Block::List(items) => items.iter().map(|item| format!("- {}\n", escape(item))).collect(),
        Block::Headline(label, values) => {
            let values = values.iter().map(|(name, value)| {
                // Within a line an equals sign makes no heading.
                let value = escape(value);
                format!(
                    "{} **{}**",
                    escape(name),
                    value.strip_prefix("\\=").map_or(value.clone(), |rest| format!("={rest}"))
                )
            });
            let (colon, comma) = (words.get("flow.colon"), words.get("text.comma"));
            format!("{}{colon}{}\n", escape(label), values.collect::<Vec<_>>().join(&comma))
        }
        Block::Facts(facts) => {
            let colon = words.get("flow.colon");
            facts.iter().map(|(name, value)| format!("- {}{colon}{}\n", escape(name), escape(value))).collect()
        }
        Block::Sources(_) => String::new(),
        Block::Table(table) => markdown::render(table, &words.table_word(table)),
        Block::Figure(figure) => {
            let label = format!("{} {}", words.get("table.figure"), figure.number);
            let mut out = format!(
                "![{}](figures/f-{}.svg)\n\n**{}.** {}\n",
                escape(&figure.description),
                file_stem(&figure.id),
                escape(label.trim()),
                escape(&figure.title)
            );
            if !figure.footnotes.is_empty() {
                out.push('\n');
                out.extend(figure.footnotes.iter().map(|note| format!("- {}\n", escape(note))));
            }
            out
        }
    }
}

/// The part of an identifier that can stand in an address.
fn file_stem(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' }).collect()
}
