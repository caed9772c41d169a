//! Which format a file has, and what a plan may declare about how to read it.

use super::error::DataError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A file format this program reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Text with a delimiter, `,` unless `;`, tab or `|` is declared or found.
    Csv,
    /// Text with tabs.
    Tsv,
    /// Apache Parquet.
    Parquet,
    /// Excel workbook, Office Open XML.
    Xlsx,
    /// Excel workbook of 1997 to 2003.
    Xls,
    /// OpenDocument spreadsheet.
    Ods,
    /// SAS transport file, version 5 or 8.
    Xpt,
    /// SAS data set.
    Sas7bdat,
    /// SPSS data file, also `.zsav`.
    Sav,
    /// Stata data file.
    Dta,
    /// CDISC Dataset-JSON 1.1, one JSON document.
    DatasetJson,
    /// CDISC Dataset-JSON 1.1, one JSON value per line.
    DatasetNdjson,
}

impl Format {
    /// Every format, with the extensions that name it.
    pub const EXTENSIONS: [(Format, &'static [&'static str]); 12] = [
        (Format::Csv, &["csv", "txt"]),
        (Format::Tsv, &["tsv", "tab"]),
        (Format::Parquet, &["parquet", "pq"]),
        (Format::Xlsx, &["xlsx", "xlsm"]),
        (Format::Xls, &["xls"]),
        (Format::Ods, &["ods"]),
        (Format::Xpt, &["xpt"]),
        (Format::Sas7bdat, &["sas7bdat"]),
        (Format::Sav, &["sav", "zsav"]),
        (Format::Dta, &["dta"]),
        (Format::DatasetJson, &["json"]),
        (Format::DatasetNdjson, &["ndjson", "jsonl", "dsjc"]),
    ];

    /// The declared format, or the one the extension of `name` stands for.
    ///
    /// # Errors
    /// [`DataError::UnknownFormat`] where nothing is declared and the extension is not among [`Format::EXTENSIONS`].
    pub fn of(name: &str, declared: Option<Format>) -> Result<Format, DataError> {
        if let Some(format) = declared {
            return Ok(format);
        }
        let name_inside = super::unpack::inner_name(name);
        let extension =
            name_inside.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
        Self::EXTENSIONS
            .iter()
            .find(|(_, names)| names.contains(&extension.as_str()))
            .map(|(format, _)| *format)
            .ok_or_else(|| DataError::UnknownFormat { path: name.to_string(), how: how_to_export(&extension) })
    }

    /// The name people use for the format.
    pub fn title(self) -> &'static str {
        match self {
            Format::Csv => "CSV",
            Format::Tsv => "TSV",
            Format::Parquet => "Parquet",
            Format::Xlsx => "XLSX",
            Format::Xls => "an Excel 97 workbook (.xls)",
            Format::Ods => "an OpenDocument spreadsheet",
            Format::Xpt => "SAS XPT",
            Format::Sas7bdat => "a SAS data set (.sas7bdat)",
            Format::Sav => "SPSS",
            Format::Dta => "Stata",
            Format::DatasetJson => "Dataset-JSON",
            Format::DatasetNdjson => "Dataset-NDJSON",
        }
    }

    /// Whether the file is lines of text.
    pub fn is_text(self) -> bool {
        matches!(self, Format::Csv | Format::Tsv | Format::DatasetNdjson)
    }
}

/// What is declared about a file; everything left out is detected or has the default named here.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadOptions {
    /// The format; by extension where `None`.
    pub format: Option<Format>,
    /// The delimiter of CSV; found from the header and the first rows where `None`.
    pub delimiter: Option<char>,
    /// Whether `12,5` means 12.5. `None`: found from the cells of a file whose delimiter is not the comma.
    pub decimal_comma: Option<bool>,
    /// Name of the encoding of a text file as in the WHATWG list (`utf-8`, `utf-16le`, `windows-1252`, `shift_jis`, …);
    /// found from the bytes where `None`.
    pub encoding: Option<String>,
    /// Name of the worksheet, or of the data set in an XPT file that holds several; the only one where `None`.
    pub sheet: Option<String>,
    /// Row of the header, counted from 1, blank lines included.
    pub header_row: usize,
    /// Cells that mean "no value", compared after removing surrounding blanks; see [`ReadOptions::is_missing_in`] for the
    /// typed formats. There a code that is a number (`-99`) also removes the cells with that value.
    pub missing: Vec<String>,
    /// Cells that mean "no value" in one column, by its name, beside [`ReadOptions::missing`].
    pub missing_in: BTreeMap<String, Vec<String>>,
    /// Names of the columns of identifiers, where a code is somebody's number or initials and no missing cell: there
    /// only the empty cell and `.` are.
    pub identifiers: Vec<String>,
    /// The only columns in which codes hold, where not all others but `identifiers`.
    pub coded: Option<Vec<String>>,
    /// Names of columns in which an empty cell has the value above it (merged cells, or a name written once per block).
    pub fill_down: Vec<String>,
    /// Whether a file with a header and no rows is accepted (a trial without any adverse event).
    pub allow_no_rows: bool,
}

impl Default for ReadOptions {
    /// Everything detected; missing are the empty cell, `NA` and `.`; the header is in row 1.
    fn default() -> Self {
        Self {
            format: None,
            delimiter: None,
            decimal_comma: None,
            encoding: None,
            sheet: None,
            header_row: 1,
            missing: vec![String::new(), "NA".to_string(), ".".to_string()],
            missing_in: BTreeMap::new(),
            identifiers: Vec::new(),
            coded: None,
            fill_down: Vec::new(),
            allow_no_rows: false,
        }
    }
}

impl ReadOptions {
    /// Whether the text of a cell is one of the declared missing codes.
    pub fn is_missing(&self, cell: &str) -> bool {
        let cell = cell.trim();
        self.missing.iter().any(|code| code.trim() == cell)
    }

    /// Whether a cell of a text is a number that is one of the declared codes: `-99.0` where the plan has `-99`, as a
    /// program writes a column of decimals.
    pub fn is_missing_number(&self, cell: &str) -> bool {
        let comma = |cell: &str| cell.rsplit_once(',').is_some_and(|(_, decimals)| decimals.len() != 3);
        let point = super::number::parse(cell, false).ok();
        let value = point.or_else(|| {
            let may_be = self.decimal_comma != Some(false) && comma(cell.trim());
            super::number::parse(cell, true).ok().filter(|_| may_be)
        });
        value.is_some_and(|value| self.missing.iter().filter_map(|code| as_number(code)).any(|code| code == value))
    }

    /// Whether the column `name` holds identifiers.
    pub fn is_identifier(&self, name: &str) -> bool {
        let coded = self.coded.as_ref().is_none_or(|columns| columns.iter().any(|column| column == name));
        !coded || self.identifiers.iter().any(|column| column == name)
    }

    /// Whether a text of a column of identifiers is one of the codes that are declared beside the usual ones.
    pub fn is_code(&self, cell: &str) -> bool {
        let usual = Self::default().missing;
        !usual.iter().any(|code| code == cell.trim()) && (self.is_missing(cell) || self.is_missing_number(cell))
    }

    /// Whether the text of a cell is missing, in a column of identifiers or in another.
    pub fn is_missing_of(&self, cell: &str, identifier: bool) -> bool {
        if identifier {
            return matches!(cell.trim(), "" | ".");
        }
        self.is_missing(cell) || self.is_missing_number(cell)
    }

    /// Whether a text cell of a file of `format` is missing. Parquet, XPT and Dataset-JSON have missing values of their
    /// own, so there the default codes `NA` and `.` are text; codes that are declared hold everywhere.
    pub fn is_missing_in(&self, cell: &str, format: Format, column: &str) -> bool {
        match self.codes(format).filter(|_| !self.is_identifier(column)) {
            Some(_) => self.is_missing(cell),
            None => cell.is_empty(),
        }
    }

    /// The `numbers` of `column` without those that equal a declared code.
    pub fn drop_missing_numbers(&self, numbers: Vec<Option<f64>>, format: Format, column: &str) -> Vec<Option<f64>> {
        if self.is_identifier(column) {
            return numbers;
        }
        let codes: Vec<f64> =
            self.codes(format).unwrap_or_default().iter().filter_map(|code| as_number(code)).collect();
        if codes.is_empty() {
            return numbers;
        }
        numbers.into_iter().map(|cell| cell.filter(|value| !codes.contains(value))).collect()
    }

    /// The missing codes that hold in a file of `format`; `None` for the defaults in a format with missing values of its
    /// own.
    fn codes(&self, format: Format) -> Option<&[String]> {
        let own = !matches!(format, Format::Csv | Format::Tsv | Format::Xlsx | Format::Xls | Format::Ods);
        (!own || self.missing != Self::default().missing).then_some(self.missing.as_slice())
    }
}

/// What a file with this extension is, and how its program writes one that is read here.
fn how_to_export(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "sas7bcat" => {
            "a catalogue of SAS formats (the labels of values), which holds no data; name the .sas7bdat beside it, and give the \
             codes their labels in the plan (`proc format fmtlib; run;` prints them)"
        }
        "por" => "an SPSS portable file; in SPSS, `SAVE OUTFILE='file.sav'`, or in R, `haven::read_por`",
        "rds" | "rda" | "rdata" => "a file of R; in R, `write.csv(data, \"file.csv\", row.names = FALSE)`",
        "feather" | "arrow" => "an Arrow file; in R, `arrow::write_parquet(data, \"file.parquet\")`",
        "xlsb" => "a binary workbook of Excel; in Excel, save it as .xlsx",
        "numbers" => "a document of Apple Numbers; in Numbers, export it as Excel or CSV",
        "gsheet" => "a link to Google Sheets; there, download it as .xlsx or CSV",
        "jmp" => "a table of JMP; in JMP, export it as .xpt or CSV",
        "mdb" | "accdb" => "a database of Access; in Access, export the table as .xlsx or CSV",
        "sqlite" | "db" | "sqlite3" => "a database; write the table as CSV",
        "mtw" | "mpj" | "mwx" => "a file of Minitab; in Minitab, export the worksheet as CSV",
        "pzf" | "pzfx" | "prism" => "a file of GraphPad Prism; in Prism, export the table as CSV",
        "sps" | "sas" | "do" | "r" => "a program and no data; name the data file",
        "doc" | "docx" | "rtf" | "pdf" => "a document; copy the table into a spreadsheet and save it as .xlsx or CSV",
        "zip" | "7z" | "rar" | "bz2" | "xz" => "an archive; unpack it, and name the file in it",
        _ => return None,
    })
}

fn as_number(code: &str) -> Option<f64> {
    super::number::parse(code, false).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_is_a_number_is_missing_however_it_is_written() {
        let options = ReadOptions { missing: vec![String::new(), "-99".to_owned()], ..ReadOptions::default() };
        for cell in ["-99", "-99.0", " -99.00 ", "-099", "-99,0"] {
            assert!(options.is_missing_of(cell, false), "{cell}");
        }
        for cell in ["99", "-99.5", "-9", "-99,000", "n/a"] {
            assert!(!options.is_missing_of(cell, false), "{cell}");
        }
        // A code is a name in a column of identifiers.
        assert!(["-99.0", "-99", "NA"].iter().all(|cell| !options.is_missing_of(cell, true)));
        assert!(["", " ", "."].iter().all(|cell| options.is_missing_of(cell, true)));
        assert!(options.is_code("-99.0") && !options.is_code("NA"));
    }
}
