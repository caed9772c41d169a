//! The report: an ordered document of words, tables and figures, and the files it becomes.
//!
//! Read in this order: [`words`] (the message catalogue), [`sentences`] (conclusions in words), [`exhibits`] (tables and
//! figures from records), [`sections`] (one file each) and [`compose`] (the document), [`template`] (the reader's own
//! look), [`html`] (the page; [`records`] is what its numbers lead to, [`sources`] says which), [`docx`], [`rtf`] (with [`pictures`]), [`markdown`], `pdf` (the other formats), [`verify`] and [`recipes`]
//! (programs that recompute), [`results`], [`ars`] and [`manifest`] (for programs), [`bundle`] (all files of a run,
//! written whole or not at all).

pub mod ars;
pub mod bundle;
pub mod citations;
pub mod compare;
pub mod compose;
pub mod document;
pub mod docx;
pub mod exhibits;
pub mod html;
pub mod manifest;
pub mod markdown;
pub mod monitoring;
pub mod numbering;
pub mod numbers;
pub mod options;
pub mod pages;
#[cfg(feature = "pdf")]
pub mod pdf;
pub mod pictures;
pub mod recipes;
pub mod records;
pub mod results;
pub mod results_schema;
pub mod review;
pub mod rtf;
pub mod sections;
pub mod sentences;
pub mod site;
pub mod sources;
pub mod template;
pub mod values;
pub mod verify;
pub mod words;

use crate::analysis::Run;
use crate::figure::{self, Figure, FigureError};
use crate::plan::ReportFormat;
use crate::table;
use bundle::Bundle;
use document::Document;
use options::Options;
use pictures::Pictures;
use rayon::prelude::*;
use template::TemplateError;
use words::Words;

/// A report that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A figure.
    #[error("a figure could not be drawn: {0}")]
    Figure(#[from] FigureError),
    /// The page.
    #[error("the report could not be laid out: {0}")]
    Html(#[from] minijinja::Error),
    /// The reader's own template.
    #[error("{0}")]
    Template(#[from] TemplateError),
    /// A JSON document.
    #[error("the results could not be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Another format of the report.
    #[error("the report could not be written as {0}: {1}")]
    Format(&'static str, String),
}

/// Resolution of the PNG figures, in dots per inch.
pub const DPI: f32 = 300.0;

/// Every file of a run of an unsealed plan, with the built-in look.
///
/// # Errors
/// As [`files_with`].
pub fn files(run: &Run) -> Result<Bundle, ReportError> {
    files_with(run, &Options::default())
}

/// Every file of a run: the report in the formats of the plan, tables and figures, results, the programs that recompute
/// them, the manifest.
///
/// # Errors
/// The page could not be made in the reader's own template, or the results could not be written as JSON. Any other
/// exhibit that cannot be made is left out and named ([`Bundle::lost`]): none takes the results with it.
pub fn files_with(run: &Run, options: &Options) -> Result<Bundle, ReportError> {
    let words = compose::words(&run.plan);
    let mut style = compose::style(&run.plan);
    style.font = figure::font::FontSet::with_extra(&options.fonts).map_err(|error| failed("figures", &error))?;
    style.colours = options.template.colours;
    let style = style;
    let mut document = match compose::document_with(run, &words, &style, options) {
        Ok(document) => document,
        // The results are there all the same.
        Err(error) => {
            let mut bundle = Bundle::default();
            bundle.lose(format!("the report could not be made: {error}"));
            bundle.add("results.json", results::render(run)?);
            let manifest = manifest::render(run, &bundle)?;
            bundle.add("manifest.json", manifest);
            return Ok(bundle);
        }
    };
    options.template.apply(&mut document)?;
    let material =
        exhibits::Material { plan: &run.plan, trial: &run.trial, outcomes: &run.outcomes, words: &words, options };
    let mut bundle = Bundle::default();
    let figures: Vec<&Figure> = document.figures().collect();
    // A picture travels alone: it says itself that data are synthetic or treatments dummies.
    let marks = material.marks();
    let draw = |figure: &&Figure| {
        let mut alone = (*figure).clone();
        alone.footnotes.extend(marks.iter().cloned());
        let svg = alone.standalone(&style)?;
        Ok::<_, FigureError>((figure::png_with(&svg, DPI, &style.font), svg))
    };
    // All is made side by side: a PDF takes as long as all figures together, and the page and the programs as long as both.
    let ((formats, drawn), texts) = rayon::join(
        || {
            rayon::join(
                || other_formats(run, &document, &words, options),
                || figures.par_iter().map(draw).collect::<Vec<_>>(),
            )
        },
        || texts(run, &document, &material),
    );
    for (figure, drawn) in figures.iter().zip(drawn) {
        let mut keep = |name: String, made: Result<Vec<u8>, FigureError>| match made {
            Ok(bytes) => bundle.add(name, bytes),
            Err(error) => bundle.lose(format!("{name} could not be made: {error}")),
        };
        match drawn {
            Ok((png, svg)) => {
                keep(format!("figures/f-{}.svg", figure.id), Ok(svg.into_bytes()));
                keep(format!("figures/f-{}.png", figure.id), png);
            }
            Err(error) => keep(format!("figures/f-{}.svg", figure.id), Err(error)),
        }
    }
    texts?.into_iter().for_each(|(name, text)| bundle.add(name, text));
    #[cfg(feature = "pdf")]
    if run.plan.report.formats.contains(&ReportFormat::Pdf) {
        bundle.remarks.extend(without_glyphs(&document, &words, &options.fonts));
    }
    for format in formats {
        match format {
            Ok(format) => format.into_iter().for_each(|(name, bytes)| bundle.add(name, bytes)),
            Err(error) => bundle.lose(error.to_string()),
        }
    }
    for (path, bytes) in &options.companions {
        bundle.add(path.clone(), bytes.clone());
    }
    let manifest = manifest::render(run, &bundle)?;
    bundle.add("manifest.json", manifest);
    Ok(bundle)
}

/// The files of text by name: page, tables, programs, results.
fn texts(run: &Run, document: &Document, material: &exhibits::Material) -> Result<Vec<(String, String)>, ReportError> {
    let tables = || {
        let table = |shown: &table::ResultTable| (format!("tables/{}.csv", shown.id), table::csv::render(shown));
        let mut files: Vec<(String, String)> = document.tables().map(table).collect();
        files.push(("tables/values.csv".to_owned(), values::render(document, &run.outcomes.records)));
        files
    };
    // The page is always written: the other formats have no records to follow a number to.
    let page = || {
        let mut records = records::groups(material);
        let files: Vec<&str> = run.sources.provenance().into_iter().map(|(name, _)| name).collect();
        records.extend(records::tables(document, material.words, &files));
        pages::render(document, material.words, &records, &material.options.template)
    };
    let programs =
        || verify::files(material).into_iter().map(|(path, text)| (format!("verify/{path}"), text)).collect();
    let results = || rayon::join(|| results::render(run), || ars::render(run, document));
    let ((mut files, pages), (programs, (results, ars))): ((_, _), (Vec<_>, _)) =
        rayon::join(|| rayon::join(tables, page), || rayon::join(programs, results));
    files.extend(pages?);
    files.extend(programs);
    files.extend([("results.json".to_owned(), results?), ("ars.json".to_owned(), ars?)]);
    Ok(files)
}

/// What is said of characters that the fonts of the PDF lack.
#[cfg(feature = "pdf")]
fn without_glyphs(document: &Document, words: &Words, fonts: &[Vec<u8>]) -> Option<String> {
    let mut text = markdown::render(document, words);
    document.figures().for_each(|figure| text.push_str(&figure.svg));
    let missing = pdf::unprintable(&text, fonts);
    let shown: Vec<String> = missing.iter().take(10).map(|c| format!("{c} (U+{:04X})", u32::from(*c))).collect();
    let more = if missing.len() > shown.len() { ", …" } else { "" };
    (!missing.is_empty()).then(|| {
        format!(
            "the fonts of the PDF have no form for {} character{}, which stand there as code points: {}{more}; give a font that \
             has them with --font FILE (the HTML page, DOCX and RTF print them)",
            missing.len(),
            if missing.len() == 1 { "" } else { "s" },
            shown.join(", ")
        )
    })
}

/// The files of a format by name, or why there are none.
type Made = Result<Vec<(String, Vec<u8>)>, ReportError>;

/// The files of the plan's formats beside the page.
fn other_formats(run: &Run, document: &Document, words: &Words, options: &Options) -> Vec<Made> {
    let with_pictures = |format: &ReportFormat| matches!(format, ReportFormat::Docx | ReportFormat::Rtf);
    let named = |format: &ReportFormat| if *format == ReportFormat::Docx { "docx" } else { "rtf" };
    let (pictured, others): (Vec<ReportFormat>, Vec<ReportFormat>) =
        run.plan.report.formats.iter().copied().partition(with_pictures);
    let make = |formats: &[ReportFormat], pictures: &Pictures| -> Vec<Result<_, ReportError>> {
        formats.par_iter().map(|format| other_format(run, document, words, *format, options, pictures)).collect()
    };
    let (mut made, more) = rayon::join(
        || make(&others, &Pictures::default()),
        || match pictured.is_empty() {
            true => Vec::new(),
            false => match Pictures::of(document, &options.fonts) {
                Ok(pictures) => make(&pictured, &pictures),
                Err(error) => pictured.iter().map(|format| Err(failed(named(format), &error))).collect(),
            },
        },
    );
    made.extend(more);
    made
}

/// The file of a format of the plan beside the page.
fn other_format(
    run: &Run,
    document: &Document,
    words: &Words,
    format: ReportFormat,
    options: &Options,
    pictures: &Pictures,
) -> Result<Vec<(String, Vec<u8>)>, ReportError> {
    let (name, bytes) = match format {
        ReportFormat::Html => return Ok(Vec::new()),
        ReportFormat::Markdown => ("report.md", markdown::render(document, words).into_bytes()),
        ReportFormat::Rtf => {
            let identity =
                format!("{} · SHA-256 {}", run.plan.file_name, run.plan.sha256.get(..12).unwrap_or_default());
            let files = run.sources.provenance();
            let files: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
            let facts = rtf::Facts {
                data_cut: run.plan.trial.data_date.as_deref().unwrap_or_default(),
                run_date: options.run_date.as_deref().unwrap_or_default(),
                run: &identity,
                sources: &files,
            };
            ("tables.rtf", rtf::render(document, words, &facts, pictures).into_bytes())
        }
        ReportFormat::Docx => {
            let write =
                |document: &Document| docx::render(document, words, pictures).map_err(|error| failed("docx", &error));
            return apart("docx", document, write);
        }
        ReportFormat::Xlsx => {
            let tables: Vec<_> = document.tables().collect();
            (
                "tables.xlsx",
                table::xlsx::render_with(&tables, Some(&index(document, words)))
                    .map_err(|error| failed("xlsx", &error))?,
            )
        }
        #[cfg(feature = "pdf")]
        ReportFormat::Pdf => {
            let write = |document: &Document| {
                pdf::render_with_fonts(document, words, &options.fonts).map_err(|error| failed("pdf", &error))
            };
            return apart("pdf", document, write);
        }
        #[cfg(not(feature = "pdf"))]
        ReportFormat::Pdf => {
            let reason = "this build of splitknee has no PDF; build it with the feature `pdf`, or print report.html";
            return Err(failed("pdf", &reason));
        }
    };
    Ok(vec![(name.to_owned(), bytes)])
}

/// The first sheet of the workbook: trial, marks, and the names of the columns of its list.
fn index(document: &Document, words: &Words) -> table::xlsx::Index {
    table::xlsx::Index {
        name: words.get("section.exhibits"),
        lines: std::iter::once(document.title.clone()).chain(document.marks.iter().cloned()).collect(),
        marks: document.marks.join("  ·  "),
        headers: [words.get("table.table"), words.get("page.title"), words.get("page.population")],
        figures: document
            .figures()
            .map(|figure| {
                let number = format!("{} {}", words.get("table.figure"), figure.number);
                [number.trim().to_owned(), figure.title.clone(), format!("figures/f-{}.png", figure.id)]
            })
            .collect(),
    }
}

/// The report and its listings as two files of one format.
fn apart(
    ending: &str,
    document: &Document,
    write: impl Fn(&Document) -> Result<Vec<u8>, ReportError>,
) -> Result<Vec<(String, Vec<u8>)>, ReportError> {
    let (report, listings) = document.apart();
    let mut files = vec![(format!("report.{ending}"), write(&report)?)];
    if let Some(listings) = listings {
        files.push((format!("listings.{ending}"), write(&listings)?));
    }
    Ok(files)
}

fn failed(format: &'static str, error: &dyn std::fmt::Display) -> ReportError {
    ReportError::Format(format, error.to_string())
}
