//! The arguments of `splitknee summary`.

use super::file::FileArgs;
use crate::paired::implied::half_unit;
use clap::Args;
use std::path::PathBuf;
use std::str::FromStr;

/// A number as printed: its value, and half a unit of its last digit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Printed {
    /// The number.
    pub value: f64,
    /// Half a unit of its last digit.
    pub half_unit: f64,
}

impl FromStr for Printed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Papers print a true minus, and a decimal point without a zero.
        let plain = text.trim().replace('−', "-");
        match plain.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Self { value, half_unit: half_unit(&plain) }),
            _ => Err(format!("`{}` is not a number", text.trim())),
        }
    }
}

/// `splitknee summary`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct SummaryArgs {
    /// A table with one row per comparison instead of the flags below; see the column names at the end.
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// How the file is read.
    #[command(flatten)]
    pub file: FileArgs,
    /// Mean of the treated arm.
    #[arg(long, allow_negative_numbers = true)]
    pub mean_treated: Option<Printed>,
    /// Standard deviation of the treated arm.
    #[arg(long, allow_negative_numbers = true)]
    pub sd_treated: Option<Printed>,
    /// Knees in the treated arm.
    #[arg(long)]
    pub n_treated: Option<usize>,
    /// Mean of the control arm.
    #[arg(long, allow_negative_numbers = true)]
    pub mean_control: Option<Printed>,
    /// Standard deviation of the control arm.
    #[arg(long, allow_negative_numbers = true)]
    pub sd_control: Option<Printed>,
    /// Knees in the control arm.
    #[arg(long)]
    pub n_control: Option<usize>,
    /// Complete pairs, where published; default: the smaller n.
    #[arg(long)]
    pub n_pairs: Option<usize>,
    /// Published p-value of the paired t-test, also a bound: 0.21, "<0.001", ">0.05".
    #[arg(long, group = "reported", allow_hyphen_values = true)]
    pub p: Option<String>,
    /// Published paired t statistic.
    #[arg(long, group = "reported", allow_negative_numbers = true)]
    pub t: Option<Printed>,
    /// Published confidence interval of the paired difference.
    #[arg(long, group = "reported", value_name = "LOW,HIGH", value_delimiter = ',', allow_hyphen_values = true)]
    pub ci: Vec<Printed>,
    /// Published standard error of the paired difference.
    #[arg(long, group = "reported", allow_negative_numbers = true)]
    pub se: Option<Printed>,
    /// Published standard deviation of the differences.
    #[arg(long, group = "reported", allow_negative_numbers = true)]
    pub sd_diff: Option<Printed>,
    /// Within-pair correlations to show; default: 0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8.
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true)]
    pub r: Vec<f64>,
    /// Confidence level, also of --ci.
    #[arg(long, default_value_t = 0.95)]
    pub conf_level: f64,
    /// Output: text for people, json for programs.
    #[arg(long, default_value = "text", value_parser = ["text", "json"])]
    pub format: String,
}

const HELP: &str = "Papers on split-body trials often print the two arms as if they were
independent. The paired standard error needs the within-pair correlation: it is shown over a
range, and at the value that a published paired p, t, CI, SE or SD implies,
with the range that rounding allows. The figure of an unpaired test, or one that
cannot belong to the table, is named and implies nothing.

Columns of --data: label, mean_treated, sd_treated, n_treated, mean_control,
sd_control, n_control; optional n_pairs and one of p, t, ci_low with ci_high,
se, sd_diff, r in each row.

Examples:
  splitknee summary --mean-treated 41.2 --sd-treated 18.9 --n-treated 29 \\
    --mean-control 45.0 --sd-control 19.6 --n-control 29 --p 0.21
  splitknee summary --data published.csv --format json";
