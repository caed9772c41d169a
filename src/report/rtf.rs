//! The tables and figures of a report as one RTF file.

use super::document::{Block, Document};
use super::pictures::{DPI, Pictures};
use super::words::Words;
use crate::figure::Figure;
use crate::table::rtf::{self, Exhibit, Paper, Picture, RtfFrame};

/// What the foot of every page says of the run; each may be empty.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// The date of the data cut as printed.
    pub data_cut: &'a str,
    /// The day of the run as it was given.
    pub run_date: &'a str,
    /// What identifies the run: plan, seed, hash.
    pub run: &'a str,
    /// The data files that were read.
    pub sources: &'a [&'a str],
}

/// Every table and figure of the document as a submission expects it (see [`rtf::render`]), with the document's running
/// title, marks and foot line on every page. The bytes of `pictures` are written as text, two letters each.
pub fn render(document: &Document, words: &Words, facts: &Facts, pictures: &Pictures) -> String {
    let blocks = document.sections.iter().flat_map(|section| &section.blocks);
    let exhibits: Vec<Exhibit> = blocks.filter_map(|block| exhibit(block, words, pictures)).collect();
    let program = words.say("page.program", &[("program", concat!("splitknee ", env!("CARGO_PKG_VERSION")))]);
    let dated = |key: &str, date: &str| match date {
        "" => String::new(),
        date => words.say(key, &[("date", date)]),
    };
    let (data_cut, run_date) = (dated("page.data_cut", facts.data_cut), dated("page.run_date", facts.run_date));
    let source = match facts.sources {
        [] => String::new(),
        files => words.say("page.source", &[("files", &files.join(&words.get("text.comma")))]),
    };
    let [table, listing, continued, page_of, columns] =
        ["table.table", "table.listing", "page.continued", "page.of", "page.columns"].map(|key| words.get(key));
    let frame = RtfFrame {
        title: &document.title,
        running: &document.running,
        note: &document.note,
        source: &source,
        marks: &document.marks,
        program: &program,
        data_cut: &data_cut,
        run_date: &run_date,
        run: facts.run,
        table: &table,
        listing: &listing,
        continued: &continued,
        page_of: &page_of,
        columns: &columns,
        paper: Paper::A4,
    };
    rtf::render(&exhibits, &frame)
}

fn exhibit<'d>(block: &'d Block, words: &Words, pictures: &Pictures) -> Option<Exhibit<'d>> {
    match block {
        Block::Table(table) => Some(Exhibit::Table(table)),
        Block::Figure(figure) => Some(Exhibit::Picture(picture(figure, words, pictures)?)),
        _ => None,
    }
}

fn picture<'f>(figure: &'f Figure, words: &Words, pictures: &Pictures) -> Option<Picture<'f>> {
    let label = format!("{} {}", words.get("table.figure"), figure.number);
    Some(Picture {
        id: &figure.id,
        title: format!("{}. {}", label.trim(), figure.title),
        description: if figure.description.is_empty() { &figure.title } else { &figure.description },
        footnotes: &figure.footnotes,
        png: pictures.get(figure)?.to_vec(),
        dpi: f64::from(DPI),
    })
}
