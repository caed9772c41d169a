//! The arguments of `splitknee score`.

use super::file::FileArgs;
use clap::Args;
use std::path::PathBuf;

/// `splitknee score`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct ScoreArgs {
    /// The instrument: womac-lk, womac-nrs, womac-vas, womac-koos, lequesne, vas-mm or vas-cm.
    pub instrument: String,
    /// The file with one row per knee and visit and one column per item.
    #[arg(long, value_name = "FILE")]
    pub data: PathBuf,
    /// How the file is read.
    #[command(flatten)]
    pub file: FileArgs,
    /// The columns of the items, in the instrument's order, separated by commas.
    #[arg(long, value_delimiter = ',', required = true)]
    pub items: Vec<String>,
    /// Score only this scale, whose items are given: pain, stiffness, function or total.
    #[arg(long)]
    pub scale: Option<String>,
    /// Columns to carry over; default: all that are not items.
    #[arg(long, value_delimiter = ',')]
    pub keep: Vec<String>,
    /// Keep only rows with COL=VALUE (repeatable).
    #[arg(long = "where", value_name = "COL=VALUE")]
    pub conditions: Vec<String>,
    /// Output on stdout.
    #[arg(long, default_value = "csv", value_parser = ["csv", "json"])]
    pub format: String,
}

const HELP: &str = "Items are known by number, never by wording. An item range such as function_1-17
stands for function_1, function_2, …, function_17. Item order:
  womac-*   pain 1-5, stiffness 1-2, function 1-17; womac-koos: P5-P9, S6-S7, A1-A17
  lequesne  pain 1-5, distance 1-2, activity 1-4
Scores: <scale> on the instrument's range, <scale>_0_100 normalised; 0 is best.

Examples:
  splitknee score womac-lk --data womac.csv \\
    --items pain_1-5,stiffness_1-2,function_1-17 > scores.csv
  splitknee score womac-lk --scale pain --data womac.csv --items pain_1-5
  splitknee score lequesne --data lequesne.csv \\
    --items pain_1-5,distance_1-2,activity_1-4";
