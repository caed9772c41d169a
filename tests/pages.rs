//! What a reader of the pages meets: words for the site and for how it is treated, one form for a number, nothing explained
//! that is not shown, the p-value and the interval that a claim stands on, tables that stay on their pages.

use crate::project::{DEMO, dataset, plan_of, run};
use splitknee::pipeline::{self, Run};
use splitknee::report::compose;
use splitknee::report::document::{Block, Document, Part, Section};
use splitknee::table::{Align, Cell, ResultTable};

fn document(run: &Run) -> Document {
    compose::document(run, &compose::words(&run.plan), &compose::style(&run.plan)).unwrap()
}

/// Every text of the document that a reader sees, beside formulas.
fn texts(document: &Document) -> Vec<String> {
    let mut found = vec![document.title.clone(), document.kind.clone()];
    for section in &document.sections {
        found.push(section.title.clone());
        for block in &section.blocks {
            match block {
                Block::Paragraph(text) | Block::Conclusion(text) => found.push(text.clone()),
                Block::List(items) => found.extend(items.iter().cloned()),
                Block::Sources(_) => {}
                Block::Headline(title, values) => {
                    found.push(title.clone());
                    found.extend(values.iter().flat_map(|(name, value)| [name.clone(), value.clone()]));
                }
                Block::Facts(facts) => {
                    found.extend(facts.iter().flat_map(|(name, value)| [name.clone(), value.clone()]));
                }
                Block::Table(table) => {
                    found.extend([table.title.clone(), table.population.clone()]);
                    found.extend(table.columns.iter().map(|column| column.header.clone()));
                    found.extend(table.rows.iter().map(|row| row.label.clone()));
                    let cells = table.rows.iter().flat_map(|row| &row.cells);
                    found.extend(cells.map(|cell| cell.text(&table.joint)));
                    found.extend(table.footnotes.iter().cloned());
                }
                Block::Figure(figure) => {
                    found.extend([figure.title.clone(), figure.description.clone()]);
                    found.extend(figure.footnotes.iter().cloned());
                    let parts = figure.svg.split("<text").skip(1).filter_map(|part| part.split_once('>'));
                    found.extend(parts.map(|(_, rest)| rest.split('<').next().unwrap_or_default().trim().to_owned()));
                }
            }
        }
    }
    found
}

/// The demo told of eyes that were dosed: plan, file names and cells.
fn of_eyes(language: &str) -> Run {
    let other = |text: &str| {
        let pairs = [("knee", "eye"), ("Knee", "Eye"), ("KNEE", "EYE"), ("inject", "dos"), ("INJECT", "DOS")];
        pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    };
    let mut plan = plan_of(DEMO);
    plan = plan.lines().filter(|line| !line.starts_with("administration")).collect::<Vec<_>>().join("\n");
    plan = other(&plan);
    // Keys and words of the plan's own language stay.
    for (from, to) in [
        ("eye = \"", "knee = \""),
        ("{ knee = \"eye\"", "{ knee = \"knee\""),
        ("active_eye = ", "active_knee = "),
        ("level = \"eye\"", "level = \"knee\""),
        ("synthetic = true", "synthetic = true\nsite = \"eye\""),
        ("language = \"en\"", &format!("language = \"{language}\"")),
    ] {
        plan = plan.replace(from, to);
    }
    let folder = dataset(DEMO);
    let inputs = pipeline::read_from(&plan, "plan.toml", |file| {
        let bytes = std::fs::read(folder.join(file.replace("eye", "knee")))?;
        // The column that a file of events has its site in, where the plan does not name another.
        let text = other(&String::from_utf8(bytes).unwrap()).replacen("usubjid,eye,", "usubjid,knee,", 1);
        Ok(text.into_bytes())
    });
    let inputs = inputs.unwrap_or_else(|findings| panic!("{findings:?}\n{plan}"));
    pipeline::analyse(inputs).unwrap_or_else(|findings| panic!("{findings:?}"))
}

#[test]
fn a_trial_of_eyes_speaks_of_no_knee_and_no_injection() {
    for language in ["en", "ja"] {
        let run = of_eyes(language);
        for text in texts(&document(&run)) {
            let plain = text.to_lowercase().replace("splitknee", " ").replace("split-knee", " ");
            // Sources of the important improvement keep the words of their authors; only knees have this grade.
            let cited = ["Ann Rheum Dis", "osteoarthritis", "Kellgren"].iter().any(|source| text.contains(source));
            let found = ["knee", "inject", "膝", "注射"].into_iter().find(|word| plain.contains(word));
            assert!(cited || found.is_none(), "{language}: {found:?} in {text:?}");
        }
        let said = |word: &str| texts(&document(&run)).iter().any(|text| text.contains(word));
        assert!(said(if language == "en" { "eyes" } else { "眼" }), "the site is named");
        assert!(said(if language == "en" { "the treatment" } else { "治療の日を1日とする" }), "and how it is treated");
        for finding in &run.findings {
            assert!(!finding.message.contains("knee"), "{finding}");
        }
    }
}

#[test]
fn the_demo_counts_days_after_the_injection() {
    let run = run(DEMO, &plan_of(DEMO));
    assert!(texts(&document(&run)).iter().any(|text| text.contains("the day of the injection is day 1")));
}

#[test]
fn one_number_has_one_form() {
    let run = run(DEMO, &plan_of(DEMO));
    let texts = texts(&document(&run));
    let harms: Vec<&String> = texts.iter().filter(|text| text.contains("0.333")).collect();
    assert!(harms.len() >= 4, "the headline, sentences, tables and the figure: {harms:?}");
    for text in &texts {
        assert!(!text.contains("percentage point") && !text.contains("33.3 ("), "{text}");
        assert!(!text.contains("10.0 mm"), "the plan writes 10: {text}");
    }
}

#[test]
fn sentences_end_once_and_carry_no_marks_of_code() {
    for language in ["en", "ja"] {
        let plan = plan_of(DEMO).replace("language = \"en\"", &format!("language = \"{language}\""));
        let run = run(DEMO, &plan);
        for section in document(&run).sections {
            for block in &section.blocks {
                let (Block::Paragraph(text) | Block::Conclusion(text)) = block else { continue };
                let ends = text.trim_end().ends_with(['.', '。', ':', '：', '?']);
                assert!(ends || section.id == "design", "{language}: {text:?}");
            }
        }
        for text in texts(&document(&run)) {
            assert!(!text.contains('`'), "{language}: {text}");
            assert!(!text.contains("..") || text.contains("..."), "{language}: {text}");
            assert!(!text.contains("each。") && !text.contains("clinic。"), "{language}: {text}");
        }
    }
}

#[test]
fn the_main_part_holds_what_every_reader_needs_and_the_estimand_once() {
    let run = run(DEMO, &plan_of(DEMO));
    let document = document(&run);
    let main: Vec<&Section> = document.sections.iter().filter(|section| section.part == Part::Main).collect();
    let annex: Vec<&str> =
        document.sections.iter().filter(|section| section.part == Part::Annex).map(|section| &*section.id).collect();
    for id in ["annex_estimands", "annex_references", "annex_settings", "checklist", "recompute"] {
        assert!(annex.contains(&id), "{id} is in the annex: {annex:?}");
    }
    let treatment = "EV in one knee, saline in the other, whatever is given afterwards";
    let blocks = main.iter().flat_map(|section| &section.blocks);
    let facts = blocks.filter(|block| match block {
        Block::Facts(facts) => facts.iter().any(|(_, value)| value == treatment),
        Block::Table(table) => table.rows.iter().any(|row| row.cells.iter().any(|cell| cell.text("") == treatment)),
        _ => false,
    });
    assert_eq!(facts.count(), 1, "the estimand is printed once before the annexes");
}

#[test]
fn no_table_explains_a_column_that_it_lacks() {
    let run = run(DEMO, &plan_of(DEMO));
    let document = document(&run);
    let table = |id: &str| document.tables().find(|table| table.id.contains(id)).unwrap_or_else(|| panic!("{id}"));
    let imputed = table("imputation");
    for (header, note) in
        [("λ", "λ:"), ("Steps", "Steps:"), ("Drawn again", "Drawn again:"), ("Monte Carlo", "Monte Carlo error:")]
    {
        let has = imputed.columns.iter().any(|column| column.header.contains(header));
        assert_eq!(
            imputed.footnotes.iter().any(|text| text.starts_with(note)),
            has,
            "{header}: {:?}",
            imputed.footnotes
        );
    }
    let diagnostics = table("diagnostics");
    assert!(diagnostics.footnotes.iter().all(|note| !note.contains("SDs are in units")));
    let observed = table("missing");
    let headers: Vec<&str> = observed.columns.iter().map(|column| column.header.as_str()).collect();
    assert!(headers.contains(&"Both knees") && !headers.contains(&"Patients"), "{headers:?}");
    for figure in document.figures().filter(|figure| figure.id.contains("tipping-map")) {
        assert!(figure.footnotes.iter().all(|note| !note.contains("pen points")), "{:?}", figure.footnotes);
    }
}

/// With a margin as its objective an endpoint is judged by the test against it, and the headline says which p that is.
#[test]
fn the_p_value_of_a_headline_is_the_one_the_verdict_rests_on() {
    let plan = plan_of(DEMO).replace(
        "role = \"primary\"\n",
        "role = \"primary\"\nobjective = \"non-inferiority\"\nnon_inferiority_margin = 10\n",
    );
    let run = run(DEMO, &plan);
    let deciding = run.outcomes.deciding(0, 2).unwrap();
    // One-sided p of t = (10 − 1.7) / 2.52 on 26.6 degrees of freedom, twice: the model's own estimate, error and df.
    let result = &deciding.result;
    let t = (10.0 - result.estimate.unwrap()) / result.std_error.unwrap();
    let p = 2.0 * splitknee::math::dist::student_t::sf(t, result.df.unwrap());
    assert!(p < 0.01 && result.p_value.unwrap() > 0.4, "the two p-values differ: {p}");
    let texts = texts(&document(&run));
    let shown = format!("= {} for non-inferiority", splitknee::table::rounding::p_value(p).trim_start_matches("= "));
    let shown = if p < 0.001 { "< 0.001 for non-inferiority".to_owned() } else { shown };
    assert!(texts.contains(&shown), "{shown}: {:?}", &texts[..30]);
    assert!(texts.iter().any(|text| text.contains(&format!("p {shown}"))), "the conclusion says it too");
}

#[test]
fn a_head_without_rows_is_taken_away_and_the_others_stay() {
    let mut table = ResultTable::new("t", "1", String::new(), String::new());
    table.headers("", ["n".to_owned()]);
    for label in ["empty", "full"] {
        table.group(label);
    }
    table.row("row", 1, vec![Cell::Count(1)], Vec::new());
    table.group("last");
    table.drop_empty_groups();
    assert_eq!(table.rows.iter().map(|row| row.label.as_str()).collect::<Vec<_>>(), ["full", "row"]);
}

/// Cells that wrap make a table of few rows taller than a page: it goes on to the next page instead of running over the foot.
#[cfg(feature = "pdf")]
#[test]
fn a_table_whose_cells_wrap_takes_the_pages_it_needs() {
    use splitknee::report::pdf;
    let pages = |rows: usize| {
        let mut table = ResultTable::new("t", "1", "Title".into(), "All".into());
        table.headers("Attribute", ["As declared".to_owned()]);
        table.columns[1].align = Align::Left;
        for row in 0..rows {
            let text =
                "Values that are missing after the event are taken to have the mean of the other arm. ".repeat(6);
            table.row(format!("Assumption {row}"), 1, vec![Cell::Text(text)], Vec::new());
        }
        let mut section = Section::new("s", "Section".into());
        section.blocks.push(Block::Table(table));
        let document = Document {
            language: "en",
            title: "Title".into(),
            kind: "Kind".into(),
            marks: Vec::new(),
            sections: vec![section],
            running: "Running".into(),
            footer: "Foot".into(),
            note: String::new(),
        };
        let words = splitknee::report::words::Words::new(splitknee::terms::Language::English);
        let bytes = pdf::render(&document, &words).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (_, rest) = text.split_once("/Type/Pages/Count ").expect("the number of pages");
        rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<usize>().unwrap()
    };
    // 28 rows of some eight lines: about 224 lines, of which a page holds some 65.
    let (few, many) = (pages(3), pages(28));
    assert_eq!(few, 1);
    assert!((4..=6).contains(&many), "{many} pages");
}

#[test]
fn the_first_sheet_of_the_workbook_lists_figures_too() {
    use splitknee::table::xlsx::{Index, render_with};
    let mut table = ResultTable::new("t", "14.1.1", "Of patients".into(), "All".into());
    table.headers("", ["n".to_owned()]);
    table.row("row", 0, vec![Cell::Count(1)], Vec::new());
    let index = Index {
        name: "Tables and figures".into(),
        lines: vec!["Trial".into()],
        marks: String::new(),
        headers: ["Table", "Title", "Population"].map(str::to_owned),
        figures: vec![["Figure 14.1.1", "Flow of patients", "figures/f-flow.png"].map(str::to_owned)],
    };
    let parts = crate::formats::parts(&render_with(&[&table], Some(&index)).unwrap());
    let strings = &parts["xl/sharedStrings.xml"];
    assert!(strings.contains("Flow of patients") && strings.contains("figures/f-flow.png"), "{strings}");
}
