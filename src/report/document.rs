//! The report as an ordered list of sections and blocks, before any output format.

use crate::figure::Figure;
use crate::table::ResultTable;

/// One piece of a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// Running text.
    Paragraph(String),
    /// A sentence the reader should not miss (a conclusion).
    Conclusion(String),
    /// A result at a glance: what it is, then names and values, the estimate first.
    Headline(String, Vec<(String, String)>),
    /// A table.
    Table(ResultTable),
    /// A figure.
    Figure(Figure),
    /// Names and values, such as file names with their hashes.
    Facts(Vec<(String, String)>),
    /// Sentences, one item each.
    List(Vec<String>),
    /// Identifiers of the records behind the numbers of the block above. Formats without records leave it out.
    Sources(Vec<String>),
}

/// Where a section belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Part {
    /// What every reader reads.
    #[default]
    Main,
    /// Details that let a reader check.
    Annex,
    /// What was recorded, row by row; pages and Word documents have it as a file of its own.
    Listings,
}

/// A section with a heading.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Anchor.
    pub id: String,
    /// Heading.
    pub title: String,
    /// Content in order.
    pub blocks: Vec<Block>,
    /// Name of the endpoint, where the section is about one.
    pub endpoint: Option<String>,
    /// Where it belongs.
    pub part: Part,
}

impl Section {
    /// An empty section.
    pub fn new(id: &str, title: String) -> Self {
        Self { id: id.to_owned(), title, blocks: Vec::new(), endpoint: None, part: Part::Main }
    }
}

/// A whole report.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Language tag.
    pub language: &'static str,
    /// Title of the trial.
    pub title: String,
    /// What kind of trial this is.
    pub kind: String,
    /// Marks that every reader must see (synthetic data, dummy treatment, plan seal).
    pub marks: Vec<String>,
    /// Sections in order, the first screen first.
    pub sections: Vec<Section>,
    /// Line at the head of every page: sponsor, protocol, trial.
    pub running: String,
    /// Line at the foot of every page.
    pub footer: String,
    /// The part of that line that the plan set; may be empty.
    pub note: String,
}

impl Document {
    /// The report without its listings, and the listings as a document of their own; without listings there is none.
    pub fn apart(&self) -> (Self, Option<Self>) {
        let of = |listings: bool| Self {
            sections: self.sections.iter().filter(|s| (s.part == Part::Listings) == listings).cloned().collect(),
            ..self.clone()
        };
        let (report, listings) = (of(false), of(true));
        let any = listings.blocks().any(|block| matches!(block, Block::Table(_)));
        (report, any.then_some(listings))
    }

    /// Every table in order.
    pub fn tables(&self) -> impl Iterator<Item = &ResultTable> {
        self.blocks().filter_map(|block| if let Block::Table(table) = block { Some(table) } else { None })
    }

    /// Every table, figure and listing in order: identifier, word and number, title.
    pub fn exhibits(&self, words: &super::words::Words) -> Vec<[String; 3]> {
        let of = |block: &Block| match block {
            Block::Table(table) => {
                let label = format!("{} {}", words.table_word(table), table.number);
                Some([table.id.clone(), label.trim().to_owned(), table.title.clone()])
            }
            Block::Figure(figure) => {
                let label = format!("{} {}", words.get("table.figure"), figure.number);
                Some([format!("f-{}", figure.id), label.trim().to_owned(), figure.title.clone()])
            }
            _ => None,
        };
        self.blocks().filter_map(of).collect()
    }

    /// Every figure in order.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.blocks().filter_map(|block| if let Block::Figure(figure) = block { Some(figure) } else { None })
    }

    fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.sections.iter().flat_map(|section| section.blocks.iter())
    }
}
