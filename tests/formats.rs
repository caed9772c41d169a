//! Every format of the report from one document: what it holds, what it must never let through, the same bytes twice.

use splitknee::figure::Figure;
use splitknee::report::document::{Block, Document, Section};
use splitknee::report::pictures::Pictures;
use splitknee::report::words::{Language, Words};
use splitknee::report::{docx, markdown, rtf};
use splitknee::table::{Cell, ResultTable, xlsx};
use std::collections::BTreeMap;
use std::io::Read as _;

/// A drawing in the manner of the report's figures, with a label of its own.
fn figure(id: &str, number: &str, title: &str, label: &str) -> Figure {
    let text = "font-family=\"Noto Sans, Noto Sans CJK JP, sans-serif\" font-size=\"85\" fill=\"#1A1A1A\"";
    let escaped = label.replace('&', "&amp;").replace('<', "&lt;");
    let points: Vec<(usize, usize)> = (0..6).map(|i| (600 + 700 * i, 1500 - 170 * ((i * 5) % 7))).collect();
    let path: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
    let dots: String =
        points.iter().map(|(x, y)| format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"30\" fill=\"#0072B2\"/>")).collect();
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"170mm\" height=\"70.00mm\" viewBox=\"0 0 4819 1984\">\
         <path d=\"M400 200V1700H4600\" fill=\"none\" stroke=\"#404040\" stroke-width=\"5\"/>\
         <polyline points=\"{}\" fill=\"none\" stroke=\"#0072B2\" stroke-width=\"12\"/>{dots}\
         <text x=\"420\" y=\"160\" {text}>{escaped}</text><text x=\"4400\" y=\"1850\" text-anchor=\"end\" {text}>61.0 − 40.5</text></svg>",
        path.join(" ")
    );
    Figure {
        id: id.to_owned(),
        number: number.to_owned(),
        title: title.to_owned(),
        description: format!("{title}, described in words."),
        footnotes: vec!["Bars are 95 % confidence intervals.".to_owned()],
        records: Vec::new(),
        svg,
    }
}

/// Scores by visit with every kind of cell a report uses.
fn by_visit(words: &Words, title: &str, arms: [&str; 2], visits: &[String]) -> ResultTable {
    let population = words.say("table.population", &[("set", "FAS"), ("patients", "29"), ("knees", "58")]);
    let mut table = ResultTable::new("t-14-2-1-vas-by-visit", "14.2.1", title.to_owned(), population);
    let difference = words.say("table.difference", &[("active", arms[0]), ("placebo", arms[1])]);
    table.headers(words.get("table.statistic"), [arms[0].to_owned(), arms[1].to_owned(), difference]);
    for (index, visit) in visits.iter().enumerate() {
        let shift = index as f64 * 9.37;
        table.group(visit.clone());
        let means = [61.034, 60.517, 0.517].map(|mean: f64| mean - shift);
        let mut add = |key: &str, cells: Vec<Cell>| table.row(words.get(key), 1, cells, vec!["vas.m6".to_owned()]);
        add("table.n", vec![Cell::Count(29), Cell::Count(28), Cell::Count(28)]);
        add("table.mean_sd", means.map(|mean| Cell::Spread(Some(mean), 1, Some(12.3456), 2)).to_vec());
        add("table.median", means.map(|mean| Cell::Number(Some(mean + 0.55), 1)).to_vec());
        add("table.quartiles", means.map(|mean| Cell::Interval(Some(mean - 8.2), Some(mean + 9.1), 1)).to_vec());
        add("table.range", means.map(|mean| Cell::Interval(Some(mean - 30.0), Some(mean + 40.0), 0)).to_vec());
        add("table.observed", vec![Cell::CountPercent(29, 31), Cell::CountPercent(0, 31), Cell::Empty]);
    }
    table.footnotes.push(words.get("footnote.interval"));
    table.footnotes.push(words.get("footnote.synthetic"));
    table
}

/// Comparisons by method.
fn comparisons(words: &Words, title: &str, visits: &[String]) -> ResultTable {
    let population = words.say("table.population", &[("set", "FAS"), ("patients", "29"), ("knees", "58")]);
    let mut table = ResultTable::new("t-14-2-2-vas-comparison", "14.2.2", title.to_owned(), population);
    let headers = ["pairs", "estimate", "se", "ci", "df", "p"].map(|key| words.get(&format!("table.{key}")));
    table.headers(words.get("table.method"), headers);
    for visit in visits {
        table.group(visit.clone());
        for (method, estimate, p) in
            [("mixed-model", -4.512, Some(0.0483)), ("paired-t", -14.38, Some(0.00021)), ("wilcoxon", 0.5, None)]
        {
            let cells = vec![
                Cell::Count(28),
                Cell::Number(Some(estimate), 1),
                Cell::Number(Some(2.2381), 2),
                Cell::Interval(Some(estimate - 4.39), Some(estimate + 4.39), 1),
                Cell::Number((method != "wilcoxon").then_some(27.0), 1),
                Cell::PValue(p),
            ];
            table.row(words.get(&format!("method.{method}")), 1, cells, vec![format!("vas.{method}")]);
        }
    }
    table.footnotes.push(words.get("footnote.wilcoxon-wilcoxon"));
    table
}

/// A listing that needs several pages.
fn listing(number: &str, title: &str, rows: usize, knee: [&str; 2]) -> ResultTable {
    let mut table = ResultTable::new("l-16-2-1", number, title.to_owned(), "FAS".to_owned());
    table.headers("USUBJID", ["Knee", "VAS", "WOMAC", "Note"].map(str::to_owned));
    if let Some(column) = table.columns.get_mut(4) {
        column.align = splitknee::table::Align::Left;
    }
    for row in 0..rows {
        let cells = vec![
            Cell::Text(knee[row % 2].to_owned()),
            Cell::Number(Some((row * 37 % 101) as f64), 0),
            Cell::Number(if row % 9 == 0 { None } else { Some((row * 13 % 97) as f64 + 0.5) }, 1),
            Cell::Text(if row % 17 == 0 {
                "visit outside its window, kept as observed".to_owned()
            } else {
                String::new()
            }),
        ];
        table.row(format!("EV-KNEE-01-{:03}", row / 2 + 1), 0, cells, Vec::new());
    }
    table.footnotes.push("– : not observed.".to_owned());
    table
}

/// A table too wide for any page.
fn wide(columns: usize) -> ResultTable {
    let mut table = ResultTable::new("t-14-2-9-wide", "14.2.9", "Differences at 40 visits".into(), "FAS".into());
    table.headers("Endpoint", (1..=columns).map(|visit| format!("Month {visit}")));
    for endpoint in ["VAS pain (mm)", "WOMAC total", "Lequesne index"] {
        let cells = (1..=columns).map(|visit| Cell::Spread(Some(visit as f64 * -1.25), 1, Some(2.5), 2)).collect();
        table.row(endpoint, 0, cells, Vec::new());
    }
    table
}

/// A report in the shape of the real one.
pub fn sample(language: Language) -> Document {
    let words = Words::new(language);
    let english = language == Language::English;
    let pick = |en: &str, ja: &str| if english { en.to_owned() } else { ja.to_owned() };
    let visits = [pick("Baseline", "ベースライン"), pick("Month 2", "2か月"), pick("Month 6", "6か月")];
    let arms = ["EV", if english { "SALINE" } else { "生理食塩水" }];
    let endpoint = pick("VAS pain (mm)", "疼痛VAS(mm)");
    let values = [
        ("visit", visits[2].as_str()),
        ("endpoint", &endpoint),
        ("active", arms[0]),
        ("placebo", arms[1]),
        ("d", "\u{2212}4.5"),
        ("unit", "mm"),
        ("l", "\u{2212}8.9"),
        ("u", "\u{2212}0.1"),
        ("p", "0.048"),
        ("method", &words.get("method.mixed-model")),
        ("n", "28"),
        ("worst", "8.9"),
        ("best", "0.1"),
    ];
    let mut first = Section::new("summary", words.get("section.first"));
    let design = [("patients", "31"), ("knees", "62"), ("randomised", "31"), ("analysed", "29"), ("set", "FAS")];
    let design: Vec<(&str, &str)> = design.into_iter().chain([("active", arms[0]), ("placebo", arms[1])]).collect();
    first.blocks.push(Block::Paragraph(words.say("first.design", &design)));
    first.blocks.push(Block::Conclusion(words.say("conclusion.inconclusive", &values)));
    let forest = words.say("figure.forest", &[("contrast", "EV − SALINE")]);
    first.blocks.push(Block::Figure(figure("forest", "14.1", &forest, &pick("favours EV", "EVに有利"))));
    let mut primary = Section::new("vas", words.say("section.primary", &[("endpoint", &endpoint)]));
    let title = words.say("table.by_visit", &[("endpoint", &endpoint)]);
    primary.blocks.push(Block::Table(by_visit(&words, &title, arms, &visits)));
    let title = words.say("table.primary", &[("endpoint", &endpoint)]);
    primary.blocks.push(Block::Table(comparisons(&words, &title, &visits[1..])));
    let title = words.say("figure.profiles", &[("endpoint", &endpoint)]);
    primary.blocks.push(Block::Figure(figure("profiles-vas", "14.2.1", &title, &endpoint)));
    let mut design = Section::new("design", words.get("section.design"));
    design.blocks.push(Block::Paragraph(words.get("text.carry_across")));
    design.blocks.push(Block::List(vec![words.get("footnote.correlation"), words.get("footnote.interval")]));
    let mut data = Section::new("data", pick("Listings", "一覧"));
    let knee = if english { ["left", "right"] } else { ["左", "右"] };
    data.blocks.push(Block::Table(listing("16.2.1", &pick("Scores of every knee", "全膝の値"), 130, knee)));
    let mut recompute = Section::new("recompute", words.get("section.recompute"));
    recompute.blocks.push(Block::Paragraph(words.get("text.recompute")));
    let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    recompute.blocks.push(Block::Facts(vec![
        ("knees.csv".to_owned(), hash.to_owned()),
        ("plan.toml".to_owned(), hash.chars().rev().collect()),
        ("seed".to_owned(), "20240131".to_owned()),
    ]));
    Document {
        language: language.tag(),
        title: pick(
            "EV-KNEE-01: placental EV versus saline in bilateral knee osteoarthritis",
            "EV-KNEE-01:両側変形性膝関節症に対する胎盤由来EVと生理食塩水の比較",
        ),
        kind: words.get("first.kind"),
        marks: vec![words.get("status.synthetic"), words.get("status.never_sealed")],
        sections: vec![first, primary, design, data, recompute],
        running: pick("Sponsor Ltd · Protocol EV-01 · EV-KNEE-01", "試験依頼者 · 実施計画書 EV-01 · EV-KNEE-01"),
        footer: pick("Confidential", "社外秘") + " · EV-KNEE-01 · splitknee 0.1.0",
        note: pick("Confidential", "社外秘"),
    }
}

/// Names that attack one format or another, and scripts that no Latin font holds.
const HOSTILE: [&str; 14] = [
    "<script>alert('x')</script><img src=x onerror=alert(1)>",
    "=cmd|'/C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1+1",
    "-2+3|x",
    "{\\rtf1 {\\object\\objocx{\\*\\objdata 01050000}}} \\par }}}",
    "#import \"@preview/evil:1.0.0\": * $ sum_(i=0)^n $ #read(\"/etc/passwd\") *b* _i_ `c`",
    "![x](javascript:alert(1)) [y](http://evil.example) | cell | # head",
    "]]></w:t></w:r><w:r><w:instrText>DDEAUTO c:\\\\windows\\\\calc.exe</w:instrText>",
    "&L&\"Arial\"&D ' \" \0\u{1}\u{7f}\u{b}\u{fffe}",
    "膝の痛み・関節がぎくしゃく:か\u{3099}は\u{309a} 髙橋 𠮷野 ①㈱",
    "Zoë e\u{301}\u{323} Ångström Žižek ﬁ",
    "مريم العلي \u{202e}txt.exe \u{202c} שרה כהן",
    "👩‍⚕️ ΔΣ Ω ≤ ∞ \u{2028} line\nline\ttab\r",
];

/// The sample with every text field hostile, endless labels and a table of 40 columns.
pub fn hostile() -> Document {
    let mut document = sample(Language::English);
    document.title = HOSTILE.join(" ");
    document.kind = HOSTILE[6].to_owned();
    document.footer = HOSTILE[5].to_owned();
    document.note = HOSTILE.join(" ");
    document.running = HOSTILE.join(" ");
    document.marks.extend([HOSTILE[0].to_owned(), HOSTILE[7].to_owned()]);
    let mut section = Section::new("\"><script>", HOSTILE[6].to_owned());
    for (index, text) in HOSTILE.iter().enumerate() {
        section.blocks.push(Block::Paragraph((*text).to_owned()));
        section.blocks.push(Block::Conclusion((*text).to_owned()));
        let mut table = ResultTable::new(text, if index < 2 { "" } else { text }, (*text).into(), (*text).into());
        table.headers(*text, [(*text).to_owned(), "N".to_owned()]);
        table.group(*text);
        table.row(*text, 2, vec![Cell::Text((*text).to_owned()), Cell::Number(Some(-1.25), 2)], vec![(*text).into()]);
        table.footnotes.push((*text).to_owned());
        section.blocks.push(Block::Table(table));
    }
    section.blocks.push(Block::List(HOSTILE.map(str::to_owned).to_vec()));
    section.blocks.push(Block::Facts(HOSTILE.iter().map(|text| ((*text).to_owned(), (*text).to_owned())).collect()));
    let mut extremes = Section::new("extremes", "x".repeat(300));
    let mut long = comparisons(&Words::new(Language::English), &"very long title ".repeat(60), &["Month 6".to_owned()]);
    long.row("unbroken".repeat(200), 3, vec![Cell::Number(Some(-1e15), 3); 6], Vec::new());
    long.row("words and words ".repeat(120), 1, vec![Cell::Interval(Some(f64::NEG_INFINITY), Some(3.0), 1); 6], vec![]);
    long.footnotes.extend(std::iter::repeat_n("A footnote of some length that explains a method. ".repeat(6), 12));
    extremes.blocks.push(Block::Table(long));
    extremes.blocks.push(Block::Table(wide(40)));
    extremes.blocks.push(Block::Table(ResultTable::new("t-empty", "14.9", "Nothing".into(), String::new())));
    let mut no_rows = ResultTable::new("t-no-rows", "14.9", "No rows".into(), String::new());
    no_rows.headers("Label", ["A".to_owned()]);
    extremes.blocks.push(Block::Table(no_rows));
    extremes.blocks.push(Block::Figure(figure(HOSTILE[8], "", HOSTILE[0], HOSTILE[12])));
    document.sections.extend([section, extremes]);
    document
}

/// The parts of a zip archive (DOCX, XLSX) as text.
pub fn parts(archive: &[u8]) -> BTreeMap<String, String> {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(archive)).unwrap();
    let mut parts = BTreeMap::new();
    for index in 0..zip.len() {
        let mut part = zip.by_index(index).unwrap();
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).unwrap();
        parts.insert(part.name().unwrap().into_owned(), String::from_utf8_lossy(&bytes).into_owned());
    }
    parts
}

/// Every XML part can be read.
fn assert_well_formed(parts: &BTreeMap<String, String>) {
    for (name, part) in parts.iter().filter(|(name, _)| name.ends_with(".xml") || name.ends_with(".rels")) {
        if let Err(error) = resvg::usvg::roxmltree::Document::parse(part) {
            panic!("{name}: {error}");
        }
    }
}

/// The text of an XML part, tags removed, entities resolved.
fn xml_text(part: &str) -> String {
    let mut out = String::new();
    let mut rest = part;
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        let Some(close) = rest[open..].find('>') else { break };
        rest = &rest[open + close + 1..];
    }
    out.push_str(rest);
    out.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&")
}

/// What of a text every format must keep: control characters, direction overrides and white space aside.
fn kept(text: &str) -> String {
    text.chars().filter(|c| splitknee::table::untrusted::printable(*c) && !c.is_whitespace()).collect()
}

#[test]
fn rtf_is_landscape_with_repeated_headers_page_fields_and_both_languages() {
    for (language, program, escaped) in [
        (Language::English, "Program: splitknee", "VAS pain (mm)"),
        (Language::Japanese, "splitknee", "\\u30140?\\u30171?"),
    ] {
        let document = sample(language);
        let text = {
            let facts = rtf::Facts {
                data_cut: "2026-03-31",
                run_date: "2026-04-02",
                run: "seed 7",
                sources: &["knees.csv", "patients.csv"],
            };
            rtf::render(&document, &Words::new(language), &facts, &Pictures::of(&document, &[]).unwrap())
        };
        assert!(text.starts_with("{\\rtf1\\ansi") && text.is_ascii());
        assert_eq!(text.matches("\\sectd\\sbkpage\\lndscpsxn").count(), document.tables().count());
        let breaks = text.matches("\\pagebb").count();
        assert!(breaks >= 3, "the listing needs several pages");
        assert_eq!(text.matches("\\trhdr").count(), document.tables().count() + breaks, "column headers on every page");
        assert!(text.contains("\\fldinst { PAGE }") && text.contains("\\fldinst { NUMPAGES }"));
        assert!(text.contains("2026-03-31") && text.contains("seed 7") && text.contains(program));
        assert!(text.contains("2026-04-02") && text.contains("knees.csv") && text.contains("patients.csv"));
        assert_eq!(text.matches("\\pngblip").count(), document.figures().count(), "every figure is there");
        assert_eq!(text.matches("\\sectd\\sbkpage\\pgwsxn").count(), document.figures().count(), "upright");
        assert!(text.contains(escaped), "{escaped}");
        assert!(!text.contains("\\clbrdrl") && !text.contains("\\clbrdrr"), "no vertical rules");
        let marks = document.marks.iter().map(|mark| splitknee::table::rtf::escape(mark));
        for mark in marks {
            // First page and further pages of every section.
            assert!(text.matches(&mark).count() >= 2 * document.tables().count(), "{mark}");
        }
    }
}

/// Reads RTF back: text outside skipped destinations, braces balanced.
fn rtf_text(rtf: &str) -> String {
    let (mut out, mut units, mut depth, mut chars) = (String::new(), Vec::<u16>::new(), 0_i32, rtf.chars().peekable());
    while let Some(c) = chars.next() {
        let mut unit = None;
        match c {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                assert!(depth >= 0, "a brace closes what was not open");
            }
            '\n' => {}
            '\\' => match chars.next() {
                Some(c @ ('\\' | '{' | '}')) => unit = Some(String::from(c)),
                Some('~') => unit = Some("\u{a0}".to_owned()),
                Some('*') => {}
                Some(first) => {
                    let mut word = String::from(first);
                    while let Some(c) = chars.next_if(|c| c.is_ascii_alphanumeric() || *c == '-') {
                        word.push(c);
                    }
                    chars.next_if_eq(&' ');
                    if let Some(code) = word.strip_prefix('u').and_then(|code| code.parse::<i16>().ok()) {
                        chars.next_if_eq(&'?');
                        units.push(code.cast_unsigned());
                        continue;
                    }
                }
                None => {}
            },
            c => unit = Some(c.to_string()),
        }
        if !units.is_empty() && unit.is_some() {
            out.push_str(&String::from_utf16_lossy(&units));
            units.clear();
        }
        out.push_str(&unit.unwrap_or_default());
    }
    assert_eq!(depth, 0, "every group is closed");
    out + &String::from_utf16_lossy(&units)
}

#[test]
fn rtf_keeps_hostile_text_as_text() {
    let (hostile, words) = (hostile(), Words::new(Language::English));
    let facts = rtf::Facts { data_cut: HOSTILE[5], run_date: HOSTILE[5], run: HOSTILE[5], sources: &HOSTILE };
    let text = rtf::render(&hostile, &words, &facts, &Pictures::of(&hostile, &[]).unwrap());
    for word in ["\\object", "\\objdata", "\\objocx"] {
        assert_eq!(text.matches(word).count(), text.matches(&format!("\\{word}")).count(), "{word} is a control word");
    }
    let read = kept(&rtf_text(&text));
    for name in HOSTILE {
        assert!(read.contains(&kept(name)), "{name:?} is lost");
    }
}

#[test]
fn xlsx_keeps_numbers_unrounded_and_formulas_disarmed() {
    let document = hostile();
    let tables: Vec<&ResultTable> = document.tables().collect();
    let bytes = xlsx::render(&tables).unwrap();
    assert_eq!(bytes, xlsx::render(&tables).unwrap(), "the same bytes twice");
    let parts = parts(&bytes);
    assert_well_formed(&parts);
    let sheets: Vec<&String> = parts.keys().filter(|name| name.starts_with("xl/worksheets/sheet")).collect();
    assert_eq!(sheets.len(), tables.len());
    for sheet in &sheets {
        assert!(!parts[*sheet].contains("<f>") && !parts[*sheet].contains("<f "), "{sheet} holds a formula");
    }
    let scores = &parts["xl/worksheets/sheet1.xml"];
    assert!(scores.contains("<v>61.034</v>") && scores.contains("<v>12.3456</v>"), "mean and SD are numbers");
    let comparisons = &parts["xl/worksheets/sheet2.xml"];
    assert!(comparisons.contains("<v>0.00021</v>"), "p-values are unrounded numbers");
    let strings = xml_text(&parts["xl/sharedStrings.xml"]);
    for name in [HOSTILE[0], HOSTILE[1], HOSTILE[5], HOSTILE[10], HOSTILE[12]] {
        assert!(kept(&strings).contains(&kept(name)), "{name:?} is lost");
    }
    let formats = &parts["xl/styles.xml"];
    assert!(formats.contains("quotePrefix=\"1\""), "text that begins like a formula carries the prefix");
    assert!(formats.contains("0.000") && formats.contains("0.00"));
    assert!(parts["docProps/core.xml"].contains("1980-01-01T00:00:00Z"));
    assert!(xlsx::render(&[]).is_ok());
}

#[test]
fn docx_is_well_formed_and_holds_every_text_picture_and_description() {
    let document = hostile();
    let words = Words::new(Language::English);
    let pictures = Pictures::of(&document, &[]).unwrap();
    let bytes = docx::render(&document, &words, &pictures).unwrap();
    assert_eq!(bytes, docx::render(&document, &words, &pictures).unwrap(), "the same bytes twice");
    let parts = parts(&bytes);
    assert_well_formed(&parts);
    let body = &parts["word/document.xml"];
    assert!(!body.contains("<w:instrText>"), "no field from data");
    // A single number, or a mean with its SD, stands at a decimal tab; a count with a percentage at its indent.
    let cell = |words: &str| {
        let at = body.find(&format!(">{words}<")).unwrap_or_else(|| panic!("no cell {words}"));
        &body[body[..at].rfind("<w:tc>").unwrap()..at]
    };
    assert!(cell("61.0\u{a0}(12.35)").contains("<w:tab w:val=\"decimal\""), "{}", cell("61.0\u{a0}(12.35)"));
    assert!(body.contains("PAGEREF"), "the lists have page numbers");
    assert_eq!(body.matches("<pic:pic ").count(), document.figures().count());
    assert_eq!(body.matches("described in words.\"/><a:graphic").count(), document.figures().count());
    assert!(body.contains("<w:tblHeader/>") && !body.contains("<w:left w:val=\"single\""));
    let read = kept(&xml_text(body));
    for name in HOSTILE {
        assert!(read.contains(&kept(name)), "{name:?} is lost");
    }
    assert!(parts["word/footer1.xml"].contains(" NUMPAGES ") && parts["word/header1.xml"].contains("SYNTHETIC DATA"));
    assert!(parts.keys().filter(|name| name.starts_with("word/media/")).count() == document.figures().count());
}

#[test]
fn markdown_holds_the_whole_report_and_no_markup_from_data() {
    let document = hostile();
    let text = markdown::render(&document, &Words::new(Language::English));
    for tag in ["<script", "<img", "://evil"] {
        assert!(!text.contains(tag), "{tag}");
    }
    assert_eq!(text.matches("](javascript").count(), text.matches("\\](javascript").count(), "a link from data");
    let rows = text.lines().filter(|line| line.starts_with("| Mean (SD)") || line.contains("Mean (SD) |"));
    assert_eq!(rows.count(), 3);
    for line in text.lines().filter(|line| line.starts_with('|')) {
        assert!(line.ends_with('|'), "{line}");
    }
    assert_eq!(text.matches("](figures/").count(), document.figures().count());
}

#[cfg(feature = "pdf")]
mod pdf {
    use super::*;
    use splitknee::report::pdf;

    #[test]
    fn the_same_document_gives_the_same_tagged_pages_whatever_it_holds() {
        for (language, document) in [
            (Language::English, sample(Language::English)),
            (Language::Japanese, sample(Language::Japanese)),
            (Language::English, hostile()),
        ] {
            let words = Words::new(language);
            let bytes = pdf::render(&document, &words).unwrap();
            assert!(bytes.starts_with(b"%PDF-"));
            assert_eq!(bytes, pdf::render(&document, &words).unwrap(), "the same bytes twice");
            let find = |needle: &str| bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
            assert!(find("/StructTreeRoot") && find("/Outlines"), "tagged, with bookmarks");
            assert!(!find("/JavaScript") && !find("/CreationDate"));
        }
    }

    #[test]
    fn an_unreadable_font_is_an_error_and_not_a_report_without_it() {
        let document = sample(Language::English);
        let error =
            pdf::render_with_fonts(&document, &Words::new(Language::English), &[b"no font".to_vec()]).unwrap_err();
        assert!(error.to_string().contains("font"));
    }
}
