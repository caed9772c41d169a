//! The reader's own look: a folder whose files replace the page (`report.html`), its style (`report.css`) and the titles
//! of sections, tables and figures, and add footnotes and colours of the arms (`titles.toml`).
//!
//! Every file is checked before the data are read: an unknown name in the page, a style that would load from the
//! network, a misspelt key of the titles are errors that name file and line. Titles hold for every format of the report.

use super::document::{Block, Document, Section};
use super::records::{RecordGroup, RecordView};
use super::words::{Language, Words};
use super::{ReportError, html};
use crate::disk;
use crate::figure::Figure;
use crate::figure::style::Colours;
use crate::table::{Cell, ResultTable};
use minijinja::UndefinedBehavior;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// Least contrast of marks to paper (Web Content Accessibility Guidelines 2.2, success criterion 1.4.11).
const LEAST_CONTRAST: f64 = 3.0;

/// The files that a template may have.
pub const FILES: [&str; 3] = ["report.html", "report.css", "titles.toml"];

/// Parts of the report that replace the built-in ones. The default replaces nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template {
    /// The page as a minijinja template (`report.html`).
    pub html: Option<String>,
    /// The style sheet (`report.css`).
    pub css: Option<String>,
    /// Titles (`titles.toml`).
    pub titles: Vec<Title>,
    /// Footnotes behind those of the report (`titles.toml`).
    pub footnotes: Vec<Title>,
    /// Colours of the arms in figures (`titles.toml`).
    pub colours: Colours,
    /// Where the files came from, for messages.
    pub folder: PathBuf,
}

/// One title or footnote of `titles.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title {
    /// What it is the title of.
    pub of: Titled,
    /// Identifier, or number of a table or figure.
    pub key: String,
    /// The title, or the footnotes line by line.
    pub text: String,
    /// Line of the file.
    pub line: usize,
}

/// What a title belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Titled {
    /// A section, by its identifier.
    Section,
    /// A table, by identifier or number.
    Table,
    /// A figure, by identifier or number.
    Figure,
}

/// A template that cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{}{}: {what}\n  help: {remedy}", path.display(), line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct TemplateError {
    /// The file or folder.
    pub path: PathBuf,
    /// The line, where one is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

/// `titles.toml` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TitlesFile {
    sections: BTreeMap<String, Spanned<String>>,
    tables: BTreeMap<String, Spanned<String>>,
    figures: BTreeMap<String, Spanned<String>>,
    footnotes: FootnotesFile,
    colours: ColoursFile,
}

/// `[footnotes]` of `titles.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FootnotesFile {
    tables: BTreeMap<String, Spanned<String>>,
    figures: BTreeMap<String, Spanned<String>>,
}

/// `[colours]` of `titles.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ColoursFile {
    active: Option<Spanned<String>>,
    placebo: Option<Spanned<String>>,
}

impl Template {
    /// Reads and checks the files of `folder`; what is not there stays built in.
    ///
    /// # Errors
    /// The folder has none of the [`FILES`], a file is not UTF-8 text, or what it says cannot be used.
    pub fn read(folder: &Path) -> Result<Self, TemplateError> {
        let template = Self { folder: folder.to_path_buf(), ..Self::default() };
        if !folder.is_dir() {
            let remedy = format!("name a folder with one or more of {}", FILES.join(", "));
            return Err(template.error("", None, "is not a folder", &remedy));
        }
        Self::of(folder, template.part(FILES[0])?, template.part(FILES[1])?, template.part(FILES[2])?)
    }

    /// The template of these texts, checked; `folder` is their place in messages.
    ///
    /// # Errors
    /// As [`Template::read`].
    pub fn of(
        folder: &Path,
        html: Option<String>,
        css: Option<String>,
        titles: Option<String>,
    ) -> Result<Self, TemplateError> {
        let mut template = Self { folder: folder.to_path_buf(), html, css, ..Self::default() };
        if template.html.is_none() && template.css.is_none() && titles.is_none() {
            let what = format!("has none of {}", FILES.join(", "));
            return Err(template.error("", None, &what, "put at least one of these files there"));
        }
        template.check_page()?;
        template.check_style()?;
        if let Some(text) = titles {
            template.parse_titles(&text)?;
        }
        Ok(template)
    }

    fn part(&self, name: &str) -> Result<Option<String>, TemplateError> {
        let bytes = match disk::read::bytes(&self.folder.join(name), disk::read::MAX_TEXT) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(self.error(name, None, &format!("cannot be read: {error}"), disk::remedy::of(&error)));
            }
        };
        String::from_utf8(bytes).map(Some).map_err(|error| {
            let line = 1 + error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count();
            self.error(name, Some(line), "is not UTF-8 text", "save the file in UTF-8")
        })
    }

    /// Sets a small report with every kind of block, so that a misspelt name is found before the data are read.
    fn check_page(&self) -> Result<(), TemplateError> {
        if self.html.is_none() {
            return Ok(());
        }
        let (document, records) = sample();
        match html::render_with(&document, &Words::new(Language::English), &records, self) {
            Ok(_) => Ok(()),
            Err(ReportError::Template(error)) => Err(error),
            Err(error) => Err(self.error(FILES[0], None, &error.to_string(), "correct the template")),
        }
    }

    /// What minijinja says about the page, with its line.
    pub fn page_error(&self, error: &minijinja::Error) -> TemplateError {
        let what = match error.detail() {
            Some(detail) => format!("{}: {detail}", error.kind()),
            None => error.kind().to_string(),
        };
        let remedy = "the page is a minijinja template; the names it may use are in the documentation of templates";
        self.error(FILES[0], error.line(), &what, remedy)
    }

    /// How names that are not there are treated: an error in a reader's own page.
    pub fn undefined(&self) -> UndefinedBehavior {
        if self.html.is_some() { UndefinedBehavior::SemiStrict } else { UndefinedBehavior::Lenient }
    }

    fn check_style(&self) -> Result<(), TemplateError> {
        for (index, line) in self.css.iter().flat_map(|css| css.lines()).enumerate() {
            let lower = line.to_lowercase();
            let loads = lower.split("url(").skip(1).any(|rest| {
                let address = rest.trim_start_matches(['"', '\'', ' ']);
                !address.starts_with("data:") && !address.starts_with('#')
            });
            let (what, remedy) = if lower.contains("</style") {
                ("ends the style element", "write the characters `<` and `/` apart, as `<\\/style`")
            } else if lower.contains("@import") || loads {
                ("loads another file", "the report is one file that opens offline: put the bytes into a data: address")
            } else {
                continue;
            };
            return Err(self.error(FILES[1], Some(index + 1), what, remedy));
        }
        Ok(())
    }

    fn parse_titles(&mut self, text: &str) -> Result<(), TemplateError> {
        let line = |offset: usize| 1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count();
        let file: TitlesFile = toml::from_str(text).map_err(|error| {
            let at = error.span().map(|span| line(span.start));
            let remedy = "titles.toml has the tables [sections], [tables], [figures], [footnotes.tables] and \
                          [footnotes.figures], each with lines `key = \"text\"`, and [colours] with `active` and `placebo`";
            self.error(FILES[2], at, error.message(), remedy)
        })?;
        let entries = |of: Titled, entries: BTreeMap<String, Spanned<String>>, what: &str| {
            let title = |(key, value): (String, Spanned<String>)| {
                let at = line(value.span().start);
                let text = value.into_inner();
                if text.trim().is_empty() {
                    let message = format!("the {what} of `{key}` is empty");
                    let remedy = format!("write a {what}, or take the line out");
                    return Err(self.error(FILES[2], Some(at), &message, &remedy));
                }
                Ok(Title { of, key, text, line: at })
            };
            entries.into_iter().map(title).collect::<Result<Vec<Title>, _>>()
        };
        let mut titles = entries(Titled::Section, file.sections, "title")?;
        titles.extend(entries(Titled::Table, file.tables, "title")?);
        titles.extend(entries(Titled::Figure, file.figures, "title")?);
        let mut footnotes = entries(Titled::Table, file.footnotes.tables, "footnote")?;
        footnotes.extend(entries(Titled::Figure, file.footnotes.figures, "footnote")?);
        let mut colours = Colours::default();
        let given = [(&mut colours.active, file.colours.active), (&mut colours.placebo, file.colours.placebo)];
        let mut last = None;
        for (colour, written) in given {
            let Some(written) = written else { continue };
            let (at, text) = (line(written.span().start), written.into_inner());
            last = Some(at);
            let Some(found) = Colours::parse(&text) else {
                let what = format!("`{text}` is no colour");
                return Err(self.error(FILES[2], Some(at), &what, "write red, green and blue as `#0072b2`"));
            };
            if Colours::contrast(found) < LEAST_CONTRAST {
                let contrast = Colours::contrast(found);
                let what = format!("`{text}` is too pale to be seen on white: its contrast is {contrast:.1} to 1");
                return Err(self.error(FILES[2], Some(at), &what, "take a darker colour, of at least 3 to 1"));
            }
            *colour = found;
        }
        if colours.active == colours.placebo {
            let what = "both arms have one colour";
            return Err(self.error(FILES[2], last, what, "give the arms colours that can be told apart"));
        }
        (self.titles, self.footnotes, self.colours) = (titles, footnotes, colours);
        Ok(())
    }

    /// Puts titles and footnotes into the document.
    ///
    /// # Errors
    /// A title or footnote of something that the report does not have.
    pub fn apply(&self, document: &mut Document) -> Result<(), TemplateError> {
        let titles = self.titles.iter().map(|title| (title, false));
        for (title, footnote) in titles.chain(self.footnotes.iter().map(|title| (title, true))) {
            if !set_text(document, title, footnote) {
                let (kind, known) = match title.of {
                    Titled::Section => ("section", document.sections.iter().map(|s| s.id.clone()).collect::<Vec<_>>()),
                    Titled::Table => ("table", document.tables().map(|table| table.number.clone()).collect()),
                    Titled::Figure => ("figure", document.figures().map(|figure| figure.number.clone()).collect()),
                };
                let what = format!("this report has no {kind} `{}`", title.key);
                let remedy = format!("take the line out, or use one of: {}", known.join(", "));
                return Err(self.error(FILES[2], Some(title.line), &what, &remedy));
            }
        }
        Ok(())
    }

    fn error(&self, name: &str, line: Option<usize>, what: &str, remedy: &str) -> TemplateError {
        let path = if name.is_empty() { self.folder.clone() } else { self.folder.join(name) };
        TemplateError { path, line, what: what.trim().to_owned(), remedy: remedy.to_owned() }
    }
}

/// Sets one title, or adds its lines as footnotes; false where nothing in the document has its key.
fn set_text(document: &mut Document, title: &Title, footnote: bool) -> bool {
    let mut found = false;
    let notes = || title.text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned);
    for section in &mut document.sections {
        if title.of == Titled::Section && section.id == title.key {
            section.title.clone_from(&title.text);
            found = true;
        }
        for block in &mut section.blocks {
            match block {
                Block::Table(table)
                    if title.of == Titled::Table && (table.id == title.key || table.number == title.key) =>
                {
                    match footnote {
                        true => table.footnotes.extend(notes()),
                        false => table.title.clone_from(&title.text),
                    }
                    found = true;
                }
                Block::Figure(figure)
                    if title.of == Titled::Figure && (figure.id == title.key || figure.number == title.key) =>
                {
                    match footnote {
                        true => figure.footnotes.extend(notes()),
                        false => figure.retitle(&title.text),
                    }
                    found = true;
                }
                _ => {}
            }
        }
    }
    found
}

/// A report with every kind of block that a page can meet, and one record.
fn sample() -> (Document, Vec<RecordGroup>) {
    let word = || "word".to_owned();
    let mut table = ResultTable::new("t", "1", word(), word());
    table.headers("label", ["number".to_owned(), "number".to_owned()]);
    table.group("group");
    table.row("row", 1, vec![Cell::Number(Some(1.0), 1), Cell::Count(10)], vec!["record".to_owned(); 3]);
    table.row("row", 1, vec![Cell::Count(1), Cell::Count(2)], vec!["record".to_owned(); 2]);
    table.footnotes.push(word());
    let figure = Figure {
        id: word(),
        number: word(),
        title: word(),
        description: word(),
        footnotes: vec![word()],
        records: vec!["record".to_owned()],
        svg: "<svg></svg>".to_owned(),
    };
    let mut section = Section::new("section", word());
    section.endpoint = Some(word());
    section.blocks = vec![
        Block::Paragraph(word()),
        Block::Conclusion(word()),
        Block::Sources(vec!["record".to_owned()]),
        Block::List(vec![word()]),
        Block::Facts(vec![(word(), word())]),
        Block::Headline(word(), vec![(word(), word())]),
        Block::Table(table),
        Block::Figure(figure),
    ];
    let record = RecordView {
        numbers: Vec::new(),
        anchor: super::records::anchor("record"),
        title: word(),
        facts: vec![(word(), word())],
        code: vec![(word(), word())],
    };
    let document = Document {
        language: "en",
        title: word(),
        kind: word(),
        marks: vec![word()],
        sections: vec![section],
        running: word(),
        footer: word(),
        note: word(),
    };
    (document, vec![RecordGroup { title: word(), records: vec![record] }])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, &str)]) -> Result<Template, TemplateError> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Template::read(folder.path())
    }

    #[test]
    fn a_bad_template_names_file_and_line() {
        for (name, text, line, what) in [
            ("report.html", "<p>\n{% if %}\n", 2, "syntax error"),
            ("report.html", "<p>\n\n{{ title | nope }}", 3, "unknown filter"),
            ("report.html", "{% for section in sections %}\n{{ section.titel }}{% endfor %}", 2, "undefined value"),
            ("report.css", "h1 { color: red }\n@import \"x.css\";", 2, "loads another file"),
            ("report.css", "a { background: url(https://x/y.png) }", 1, "loads another file"),
            ("report.css", "a{}</style><script>", 1, "ends the style element"),
            ("titles.toml", "[sections]\nsummary = 3\n", 2, "invalid type"),
            ("titles.toml", "[sections]\n\n[chapters]\na = \"b\"", 3, "chapters"),
            ("titles.toml", "[tables]\n\"14.1.1\" = \" \"", 2, "empty"),
            ("titles.toml", "[tables\n", 1, ""),
            ("titles.toml", "[footnotes.tables]\n\"14.1.1\" = \"\"", 2, "the footnote of `14.1.1` is empty"),
            ("titles.toml", "[colours]\nactive = \"blue\"", 2, "`blue` is no colour"),
            ("titles.toml", "[colours]\nplacebo = \"#ffff00\"", 2, "too pale"),
            ("titles.toml", "[colours]\n\nactive = \"#d55e00\"", 3, "both arms have one colour"),
        ] {
            let error = read(&[(name, text)]).expect_err(text);
            assert!(error.path.ends_with(name), "{error}");
            assert_eq!(error.line, Some(line), "{text}: {error}");
            assert!(error.to_string().contains(what), "{error}");
        }
        let error = read(&[]).unwrap_err();
        assert!(error.to_string().contains("has none of report.html, report.css, titles.toml"), "{error}");
        assert!(Template::read(Path::new("no/such/folder")).unwrap_err().what.contains("not a folder"));
    }

    #[test]
    fn bytes_that_are_no_text_are_named_with_their_line() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("report.css"), b"a\nb\n\xff").unwrap();
        assert_eq!(Template::read(folder.path()).unwrap_err().line, Some(3));
    }

    #[test]
    fn embedded_pictures_are_fine() {
        assert!(read(&[("report.css", "a { background: url(data:image/png;base64,AA) url(#x) }")]).is_ok());
    }
}
