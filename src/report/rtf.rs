//! The tables of a report as one RTF file.

use super::document::Document;
use super::words::Words;
use crate::table::ResultTable;
use crate::table::rtf::{self, Paper, RtfFrame};

/// Every table of the document as a submission expects it (see [`rtf::render`]), with the document's running title, marks
/// and foot line on every page. `data_cut` is the date of the data cut as printed, `run` what identifies the run (plan, seed, hash);
/// both may be empty.
pub fn render(document: &Document, words: &Words, data_cut: &str, run: &str) -> String {
    let tables: Vec<&ResultTable> = document.tables().collect();
    let program = words.say("page.program", &[("program", concat!("splitknee ", env!("CARGO_PKG_VERSION")))]);
    let data_cut = if data_cut.is_empty() { String::new() } else { words.say("page.data_cut", &[("date", data_cut)]) };
    let [table, listing, continued, page_of, columns] =
        ["table.table", "table.listing", "page.continued", "page.of", "page.columns"].map(|key| words.get(key));
    let frame = RtfFrame {
        title: &document.title,
        running: &document.running,
        note: &document.note,
        marks: &document.marks,
        program: &program,
        data_cut: &data_cut,
        run,
        table: &table,
        listing: &listing,
        continued: &continued,
        page_of: &page_of,
        columns: &columns,
        paper: Paper::A4,
    };
    rtf::render(&tables, &frame)
}
