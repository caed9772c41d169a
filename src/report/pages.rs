//! The report as pages of bounded size. A page of at most [`MOST`] bytes is one file, `report.html`. A larger one draws its
//! figures beside it (`figures/`), shows the first rows of its longest tables (all of them stand in `tables/`), and where
//! that is not enough puts the records behind the numbers on pages of their own, `records.html`, `records-2.html`, ….

use super::document::{Block, Document, Section};
use super::records::RecordGroup;
use super::template::Template;
use super::words::Words;
use super::{ReportError, html};
use rayon::prelude::*;

/// Most bytes of a page.
pub const MOST: usize = 20_000_000;

/// Most rows of a table on a page that would be larger.
const ROWS: usize = 200;

/// The pages of the report: names and texts.
///
/// # Errors
/// As [`html::render_with`].
pub fn render(
    document: &Document,
    words: &Words,
    records: &[RecordGroup],
    template: &Template,
) -> Result<Vec<(String, String)>, ReportError> {
    within(MOST, document, words, records, template)
}

fn within(
    most: usize,
    document: &Document,
    words: &Words,
    records: &[RecordGroup],
    template: &Template,
) -> Result<Vec<(String, String)>, ReportError> {
    let page = |document: &Document, records: &[RecordGroup]| html::render_with(document, words, records, template);
    let named = |text: String| vec![("report.html".to_owned(), text)];
    let whole = page(document, records)?;
    if whole.len() <= most {
        return Ok(named(whole));
    }
    let mut light = lighter(document, words);
    let thinned = page(&light, records)?;
    if thinned.len() <= most || records.is_empty() {
        return Ok(named(thinned));
    }
    let empty = Document { sections: Vec::new(), ..document.clone() };
    let apart = page(&empty, records)?.len();
    let parts = apart.div_ceil(most).max(1);
    let groups: Vec<RecordGroup> = records.iter().flat_map(|group| halved(group, parts)).collect();
    let each = groups.len().div_ceil(parts).max(1);
    let pages = groups.par_chunks(each).enumerate().map(|(at, groups)| {
        let name = if at == 0 { "records.html".to_owned() } else { format!("records-{}.html", at + 1) };
        Ok((name, page(&empty, groups)?))
    });
    let pages = pages.collect::<Result<Vec<(String, String)>, ReportError>>()?;
    let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
    if let Some(first) = light.sections.first_mut() {
        let say = words.say("web.records_apart", &[("pages", &names.join(", "))]);
        first.blocks.push(Block::Paragraph(say));
    }
    let mut all = named(page(&light, &[])?);
    all.extend(pages);
    Ok(all)
}

/// A group of records in `parts` of equal number.
fn halved(group: &RecordGroup, parts: usize) -> Vec<RecordGroup> {
    let each = group.records.len().div_ceil(parts).max(1);
    group.records.chunks(each).map(|records| RecordGroup { records: records.to_vec(), ..group.clone() }).collect()
}

/// The document without its drawings and with the first rows of its long tables; each says where the rest is.
fn lighter(document: &Document, words: &Words) -> Document {
    let block = |block: &Block| match block {
        Block::Figure(figure) => Block::Paragraph(words.say(
            "web.figure_apart",
            &[("number", &figure.number), ("title", &figure.title), ("file", &format!("figures/f-{}.svg", figure.id))],
        )),
        Block::Table(table) if table.rows.len() > ROWS => {
            let mut short = table.clone();
            short.rows.truncate(ROWS);
            let (shown, rows) = (ROWS.to_string(), table.rows.len().to_string());
            let file = format!("tables/{}.csv", table.id);
            short
                .footnotes
                .insert(0, words.say("web.rows_apart", &[("shown", &shown), ("rows", &rows), ("file", &file)]));
            Block::Table(short)
        }
        other => other.clone(),
    };
    let section = |section: &Section| Section { blocks: section.blocks.iter().map(block).collect(), ..section.clone() };
    Document { sections: document.sections.iter().map(section).collect(), ..document.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::records::RecordView;
    use crate::report::words::Language;
    use crate::table::{Cell, ResultTable};

    #[test]
    fn a_page_too_large_is_thinned_and_then_split() {
        let words = Words::new(Language::English);
        let mut table = ResultTable::new("t-1", "1", "Listing".to_owned(), String::new());
        table.headers("Patient", ["Value".to_owned()]);
        for row in 0..2_000 {
            table.row(format!("patient-{row}"), 0, vec![Cell::Count(row)], Vec::new());
        }
        let mut section = Section::new("s", "Section".to_owned());
        section.blocks.push(Block::Table(table));
        let document = Document {
            language: "en",
            title: "T".to_owned(),
            kind: String::new(),
            marks: Vec::new(),
            sections: vec![section],
            running: String::new(),
            footer: String::new(),
            note: String::new(),
        };
        let record = |number: usize| RecordView {
            anchor: format!("r-{number}"),
            title: "x".repeat(1_000),
            facts: Vec::new(),
            code: Vec::new(),
            numbers: Vec::new(),
        };
        let records = [RecordGroup { title: "All".to_owned(), records: (0..400).map(record).collect() }];
        let pages = |most: usize| within(most, &document, &words, &records, &Template::default()).unwrap();
        let base = within(usize::MAX, &document, &words, &[], &Template::default()).unwrap()[0].1.len();

        let whole = pages(usize::MAX);
        assert!(whole.len() == 1 && whole[0].1.contains("patient-1999"));
        let thinned = pages(whole[0].1.len() - 1);
        assert!(
            thinned.len() == 1
                && thinned[0].1.contains("first 200 of 2000 rows")
                && !thinned[0].1.contains("patient-1999")
        );
        let split = pages(base + 100_000);
        let names: Vec<&str> = split.iter().map(|(name, _)| name.as_str()).collect();
        assert!(names.starts_with(&["report.html", "records.html"]), "{names:?}");
        assert!(split[0].1.contains("records.html") && !split[0].1.contains("id=\"r-0\""));
        let held =
            |number: usize| split.iter().filter(|(_, text)| text.contains(&format!("id=\"r-{number}\""))).count();
        assert!((0..400).all(|number| held(number) == 1), "every record stands on one page");
    }
}
