//! The tables of a report as one RTF file.

use super::document::Document;
use super::words::Words;
use crate::table::ResultTable;
use crate::table::rtf::{self, Paper, RtfFrame};

/// Every table of the document as a submission expects it (see [`rtf::render`]), with the document's title and marks on
/// every page. `data_cut` is the date of the data cut as printed, `run` what identifies the run (plan, seed, hash);
/// both may be empty.
pub fn render(document: &Document, words: &Words, data_cut: &str, run: &str) -> String {
    let tables: Vec<&ResultTable> = document.tables().collect();
    let program = concat!("splitknee ", env!("CARGO_PKG_VERSION"));
    let frame =
        RtfFrame { trial: &document.title, marks: &document.marks, program, data_cut, run, words, paper: Paper::A4 };
    rtf::render(&tables, &frame)
}
