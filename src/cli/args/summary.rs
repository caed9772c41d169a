//! The arguments of `splitknee summary`.

use clap::Args;
use std::path::PathBuf;

/// `splitknee summary`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct SummaryArgs {
    /// A table with one row per comparison instead of the flags below; see the column names at the end.
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// Mean of the treated arm.
    #[arg(long, allow_negative_numbers = true)]
    pub mean_treated: Option<f64>,
    /// Standard deviation of the treated arm.
    #[arg(long)]
    pub sd_treated: Option<f64>,
    /// Knees in the treated arm.
    #[arg(long)]
    pub n_treated: Option<usize>,
    /// Mean of the control arm.
    #[arg(long, allow_negative_numbers = true)]
    pub mean_control: Option<f64>,
    /// Standard deviation of the control arm.
    #[arg(long)]
    pub sd_control: Option<f64>,
    /// Knees in the control arm.
    #[arg(long)]
    pub n_control: Option<usize>,
    /// Complete pairs, where published; default: the smaller n.
    #[arg(long)]
    pub n_pairs: Option<usize>,
    /// Published p-value of the paired t-test.
    #[arg(long, group = "reported")]
    pub p: Option<f64>,
    /// Published paired t statistic.
    #[arg(long, group = "reported", allow_negative_numbers = true)]
    pub t: Option<f64>,
    /// Published confidence interval of the paired difference.
    #[arg(long, group = "reported", value_name = "LOW,HIGH", value_delimiter = ',', allow_hyphen_values = true)]
    pub ci: Vec<f64>,
    /// Published standard error of the paired difference.
    #[arg(long, group = "reported")]
    pub se: Option<f64>,
    /// Published standard deviation of the differences.
    #[arg(long, group = "reported")]
    pub sd_diff: Option<f64>,
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
range, and at the value that a published paired p, t, CI, SE or SD implies.

Columns of --data: label, mean_treated, sd_treated, n_treated, mean_control,
sd_control, n_control; optional n_pairs and one of p, t, ci_low with ci_high,
se, sd_diff, r in each row.

Examples:
  splitknee summary --mean-treated 41.2 --sd-treated 18.9 --n-treated 29 \\
    --mean-control 45.0 --sd-control 19.6 --n-control 29 --p 0.21
  splitknee summary --data published.csv --format json";
