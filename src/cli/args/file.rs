//! How a calculator reads its data file; the same flags for all of them, named as the keys of a plan.

use clap::Args;

/// The heading of these flags; as that of a group it would go on over the flags of the calculator.
const HEADING: &str = "Reading the file";

/// How the data file is read.
#[derive(Debug, Clone, Default, Args)]
pub struct FileArgs {
    /// Sheet of a workbook; default: the only one that has cells.
    #[arg(help_heading = HEADING, long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// Row that holds the column names.
    #[arg(help_heading = HEADING, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub header_row: Option<u32>,
    /// A cell that means "missing", beside the empty cell, NA and . (repeatable).
    #[arg(help_heading = HEADING, long, value_name = "CODE", allow_hyphen_values = true)]
    pub missing: Vec<String>,
    /// A column in which an empty cell has the value above it, as in merged cells (repeatable).
    #[arg(help_heading = HEADING, long, value_name = "COL")]
    pub fill_down: Vec<String>,
}
