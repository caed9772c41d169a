//! The arguments of every command.

pub mod model;
pub mod test;

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
    Test(Box<test::TestArgs>),
    /// One mixed model on a file, by formula, like lmer, mmrm and PROC MIXED.
    Model(Box<model::ModelArgs>),
    /// One marginal model by generalised estimating equations, like geepack.
    Gee(Box<model::GeeArgs>),
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
