//! The tables and figures of a report as one RTF file.

use super::document::{Block, Document};
use super::words::Words;
use crate::figure::font::FontSet;
use crate::figure::{Figure, FigureError, png_with};
use crate::table::rtf::{self, Exhibit, Paper, Picture, RtfFrame};
use rayon::prelude::*;

/// Resolution of the pictures, in dots per inch. Their bytes are written as text, two letters each.
const DPI: f32 = 150.0;

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
/// title, marks and foot line on every page, pictures drawn with the embedded fonts and `fonts`.
///
/// # Errors
/// A picture cannot be drawn.
pub fn render(document: &Document, words: &Words, facts: &Facts, fonts: &[Vec<u8>]) -> Result<String, FigureError> {
    let blocks: Vec<&Block> = document.sections.iter().flat_map(|section| &section.blocks).collect();
    let fonts = FontSet::with_extra(fonts)?;
    let exhibits = blocks.par_iter().filter_map(|block| exhibit(block, words, &fonts));
    let exhibits: Vec<Exhibit> = exhibits.collect::<Result<_, _>>()?;
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
    Ok(rtf::render(&exhibits, &frame))
}

fn exhibit<'d>(block: &'d Block, words: &Words, fonts: &FontSet) -> Option<Result<Exhibit<'d>, FigureError>> {
    match block {
        Block::Table(table) => Some(Ok(Exhibit::Table(table))),
        Block::Figure(figure) => Some(picture(figure, words, fonts).map(Exhibit::Picture)),
        _ => None,
    }
}

fn picture<'f>(figure: &'f Figure, words: &Words, fonts: &FontSet) -> Result<Picture<'f>, FigureError> {
    let label = format!("{} {}", words.get("table.figure"), figure.number);
    Ok(Picture {
        id: &figure.id,
        title: format!("{}. {}", label.trim(), figure.title),
        description: if figure.description.is_empty() { &figure.title } else { &figure.description },
        footnotes: &figure.footnotes,
        png: png_with(&figure.svg, DPI, fonts)?,
        dpi: f64::from(DPI),
    })
}
