//! Tables whose cells keep unrounded values with a format, and one renderer per output format.

pub mod cell;
pub mod csv;
pub mod layout;
pub mod markdown;
pub mod rounding;
pub mod rtf;
mod rtf_picture;
pub mod untrusted;
pub mod xlsx;

pub use cell::Cell;

/// How a column is aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Row labels and words.
    Left,
    /// Numbers.
    Right,
}

/// A column header.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Header text, with the unit where there is one.
    pub header: String,
    /// Alignment.
    pub align: Align,
}

/// A row: a label, how far it is indented under the group above it, and one cell per further column.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Row label, shown in the first column.
    pub label: String,
    /// Indentation level of the label.
    pub indent: u8,
    /// Cells of the columns after the first; empty for a group heading.
    pub cells: Vec<Cell>,
    /// Identifiers of the records behind the row, so that every number can be traced.
    pub records: Vec<String>,
    /// The fields of the record behind each cell, in the order in which the cell prints them and apart by spaces
    /// (`mean sd`, `knees[0].n`); empty where the values say which they are.
    pub fields: Vec<String>,
}

/// A table as it will be printed, before any rounding.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultTable {
    /// Stable file stem, for instance `t-14-2-01-vas`.
    pub id: String,
    /// Number as in ICH E3 section 14, for instance `14.2.1`.
    pub number: String,
    /// Title.
    pub title: String,
    /// Population line with N patients and N knees.
    pub population: String,
    /// Columns, the label column first.
    pub columns: Vec<Column>,
    /// Rows in order.
    pub rows: Vec<Row>,
    /// Footnotes in order.
    pub footnotes: Vec<String>,
    /// What stands between the limits of an interval: ` to ` in English.
    pub joint: String,
}

impl ResultTable {
    /// Whether it lists what was recorded, as section 16.2 of ICH E3, and so is called a listing.
    pub fn is_listing(&self) -> bool {
        self.id.starts_with("l-")
    }

    /// An empty table.
    pub fn new(id: &str, number: &str, title: String, population: String) -> Self {
        Self {
            id: id.to_owned(),
            number: number.to_owned(),
            title,
            population,
            columns: Vec::new(),
            rows: Vec::new(),
            footnotes: Vec::new(),
            joint: " to ".to_owned(),
        }
    }

    /// Sets the label column's header and the headers of the number columns.
    pub fn headers(&mut self, label: impl Into<String>, numbers: impl IntoIterator<Item = String>) {
        self.columns = vec![Column { header: label.into(), align: Align::Left }];
        self.columns.extend(numbers.into_iter().map(|header| Column { header, align: Align::Right }));
    }

    /// Adds a group heading.
    pub fn group(&mut self, label: impl Into<String>) {
        self.rows.push(Row {
            label: label.into(),
            indent: 0,
            cells: Vec::new(),
            records: Vec::new(),
            fields: Vec::new(),
        });
    }

    /// Takes away heads of groups that no row follows.
    pub fn drop_empty_groups(&mut self) {
        let heads: Vec<bool> = self.rows.iter().map(|row| row.cells.is_empty()).collect();
        let mut place = 0;
        self.rows.retain(|_| {
            let empty = heads[place] && heads.get(place + 1).copied().unwrap_or(true);
            place += 1;
            !empty
        });
    }

    /// Adds a row of cells backed by `records`.
    pub fn row(&mut self, label: impl Into<String>, indent: u8, cells: Vec<Cell>, records: Vec<String>) {
        self.rows.push(Row { label: label.into(), indent, cells, records, fields: Vec::new() });
    }

    /// Names the fields behind the cells of the row added last.
    pub fn named<T: Into<String>>(&mut self, fields: impl IntoIterator<Item = T>) {
        if let Some(row) = self.rows.last_mut() {
            row.fields = fields.into_iter().map(Into::into).collect();
        }
    }
}
