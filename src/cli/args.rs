//! The arguments of every command.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Analysis and reporting of split-knee (within-person) randomised trials.
#[derive(Debug, Parser)]
#[command(name = "splitknee", version, about, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "Examples:
  splitknee demo                         the whole job on data inside the program
  splitknee run plan.toml --out results  from a plan and its data to a report
  splitknee check plan.toml              every finding in plan and data, nothing written
  splitknee test paired-t --data shoes.csv --treated A --control B";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The whole job on the synthetic data set inside the program: results, tables, figures and report.
    Demo(DemoArgs),
    /// The main job: plan and data to results, tables, figures and report.
    Run(RunArgs),
    /// Validates plan and data and prints every finding; writes nothing.
    Check(CheckArgs),
    /// One paired test on two columns of a file, like a calculator.
    Test(Box<TestArgs>),
}

/// `splitknee demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Folder for the outputs; replaced whole if an earlier run made it.
    #[arg(long, default_value = "splitknee-demo")]
    pub out: PathBuf,
    /// Language of the report: en or ja.
    #[arg(long)]
    pub language: Option<String>,
}

/// `splitknee run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The analysis plan (plan.toml); data files are named relative to its folder.
    pub plan: PathBuf,
    /// Folder for the outputs; replaced whole if an earlier run made it. Default: `results` beside the plan.
    #[arg(long)]
    pub out: Option<PathBuf>,
}

/// `splitknee check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The analysis plan (plan.toml).
    pub plan: PathBuf,
    /// How findings are printed: text or json.
    #[arg(long, default_value = "text", value_parser = ["text", "json"])]
    pub format: String,
}

/// `splitknee test`.
#[derive(Debug, Args)]
#[command(after_help = TEST_HELP)]
pub struct TestArgs {
    /// The method (see the list below).
    #[arg(value_name = "METHOD")]
    pub test: String,
    /// The data file.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Wide data: column of the treated side.
    #[arg(long)]
    pub treated: Option<String>,
    /// Wide data: column of the control side.
    #[arg(long)]
    pub control: Option<String>,
    /// Long data: column of the pair's identifier.
    #[arg(long)]
    pub id: Option<String>,
    /// Long data: column of the arm.
    #[arg(long)]
    pub arm: Option<String>,
    /// Long data: label of the treated arm.
    #[arg(long)]
    pub active: Option<String>,
    /// Long data: label of the control arm.
    #[arg(long)]
    pub placebo: Option<String>,
    /// Long data: column of the values.
    #[arg(long)]
    pub value: Option<String>,
    /// Keep only rows with COL=VALUE (repeatable).
    #[arg(long = "where", value_name = "COL=VALUE")]
    pub conditions: Vec<String>,
    /// Output: text for people, json for programs.
    #[arg(long, default_value = "text", value_parser = ["text", "json"])]
    pub format: String,
    /// Confidence level.
    #[arg(long, default_value_t = 0.95)]
    pub conf_level: f64,
    /// Alternative about treated − control.
    #[arg(long, default_value = "two-sided", value_parser = ["two-sided", "less", "greater"])]
    pub alternative: String,
    /// Null value.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    pub mu: f64,
    /// Zero differences in the signed-rank test.
    #[arg(long, value_parser = ["wilcoxon", "pratt"])]
    pub zeros: Option<String>,
    /// Kind of p-value (auto, exact, mid-p, asymptotic, monte-carlo); for adjust: the p-values, separated by commas.
    #[arg(long)]
    pub p: Option<String>,
    /// Continuity correction of asymptotic p-values.
    #[arg(long, value_parser = clap::value_parser!(bool), action = clap::ArgAction::Set)]
    pub continuity: Option<bool>,
    /// Monte Carlo samples (permutation) or resamples (bootstrap).
    #[arg(long)]
    pub samples: Option<usize>,
    /// Seed of everything random.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Share trimmed from each end.
    #[arg(long)]
    pub trim: Option<f64>,
    /// Variant: pearson, spearman, kendall (correlation); agreement, consistency (icc).
    #[arg(long)]
    pub kind: Option<String>,
    /// Lower equivalence margin.
    #[arg(long, allow_negative_numbers = true)]
    pub low: Option<f64>,
    /// Upper equivalence margin.
    #[arg(long, allow_negative_numbers = true)]
    pub high: Option<f64>,
    /// Quantile of the limits of agreement: normal or t.
    #[arg(long, value_parser = ["normal", "t"])]
    pub quantile: Option<String>,
    /// Ordered grades, separated by commas.
    #[arg(long, value_delimiter = ',', allow_negative_numbers = true)]
    pub levels: Vec<f64>,
    /// Column of the visit (friedman, cochran-q).
    #[arg(long)]
    pub time: Option<String>,
    /// Two columns of within-patient factors, separated by a comma (rm-anova).
    #[arg(long, value_delimiter = ',')]
    pub within: Vec<String>,
    /// Procedure of adjust: holm, hochberg, hommel, bonferroni, bh, by.
    #[arg(long)]
    pub method: Option<String>,
    /// Estimates to pool, separated by commas.
    #[arg(long, value_delimiter = ',', allow_negative_numbers = true)]
    pub estimates: Vec<f64>,
    /// Standard errors to pool, separated by commas.
    #[arg(long, value_delimiter = ',')]
    pub std_errors: Vec<f64>,
    /// Degrees of freedom of the complete data (pool).
    #[arg(long)]
    pub df_complete: Option<f64>,
    /// Direction of benefit (win-odds): lower or higher.
    #[arg(long, value_parser = ["lower", "higher"])]
    pub better: Option<String>,
}

const TEST_HELP: &str = "Methods on pairs (--treated/--control, or --id --arm --active --placebo --value):
  paired-t  wilcoxon  sign  permutation  trimmed-t  bootstrap  shapiro-wilk  pitman-morgan  effect-size
  correlation  tost  bland-altman  icc  mcnemar  stuart-maxwell  bowker  win-odds
Methods on repeated measurements: friedman and cochran-q (--id --time --value), rm-anova (--id --value --within a,b)
Without data: adjust (--method holm --p 0.01,0.02), pool (--estimates 1,2 --std-errors 0.5,0.6)";
