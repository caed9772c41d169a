//! The report: an ordered document of words, tables and figures, and the files it becomes.
//!
//! Read in this order: [`words`] (the message catalogue), [`sentences`] (conclusions in words), [`exhibits`] (tables and
//! figures from records), [`compose`] (the document), [`html`] (one output format), [`results`] and [`manifest`] (for
//! programs), [`bundle`] (all files of a run, written whole or not at all).

pub mod bundle;
pub mod citations;
pub mod compose;
pub mod document;
pub mod docx;
pub mod exhibits;
pub mod html;
pub mod manifest;
pub mod markdown;
pub mod options;
#[cfg(feature = "pdf")]
pub mod pdf;
pub mod results;
pub mod rtf;
pub mod sections;
pub mod sentences;
pub mod words;

use crate::figure::{self, FigureError};
use crate::pipeline::Run;
use crate::table;
use bundle::Bundle;
use rayon::prelude::*;

/// A report that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A figure.
    #[error("a figure could not be drawn: {0}")]
    Figure(#[from] FigureError),
    /// The page.
    #[error("the report could not be laid out: {0}")]
    Html(#[from] minijinja::Error),
    /// A JSON document.
    #[error("the results could not be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Resolution of the PNG figures, in dots per inch.
pub const DPI: f32 = 300.0;

/// Every file of a run.
///
/// # Errors
/// A figure, the page or a JSON document could not be made.
pub fn files(run: &Run) -> Result<Bundle, ReportError> {
    let words = words::Words::new(compose::language(&run.plan));
    let style = compose::style(&run.plan);
    let document = compose::document(run, &words, &style)?;
    let mut bundle = Bundle::default();
    let figures: Vec<_> = document.figures().collect();
    let drawn: Vec<(String, String, Vec<u8>)> = figures
        .par_iter()
        .map(|figure| {
            let svg = figure.standalone(&style)?;
            let png = figure::png(&svg, DPI)?;
            Ok((figure.id.to_string(), svg, png))
        })
        .collect::<Result<_, FigureError>>()?;
    for (id, svg, png) in drawn {
        bundle.add(format!("figures/f-{id}.svg"), svg);
        bundle.add(format!("figures/f-{id}.png"), png);
    }
    for shown in document.tables() {
        bundle.add(format!("tables/{}.csv", shown.id), table::csv::render(shown));
    }
    bundle.add("report.html", html::render(&document, &words)?);
    bundle.add("results.json", results::render(run)?);
    let manifest = manifest::render(run, &bundle)?;
    bundle.add("manifest.json", manifest);
    Ok(bundle)
}
