//! The arguments of every command.

pub mod file;
pub mod impute;
pub mod model;
pub mod power;
pub mod randomise;
pub mod score;
pub mod simulate;
pub mod summary;
pub mod survival;
pub mod test;

use clap::{Args, CommandFactory, Parser, Subcommand};
use std::path::PathBuf;

/// Version, commit and the day of the commit; "no commit" where the source is not a git checkout.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("SPLITKNEE_COMMIT"), ")");

/// Analysis and reporting of split-knee (within-person) randomised trials.
#[derive(Debug, Parser)]
#[command(name = "splitknee", version = VERSION, about, max_term_width = 80, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The command line as it is read: a negative number behind an option is its value, to be refused in the option's own words
/// where it cannot be meant.
pub fn command() -> clap::Command {
    fn with_negative_numbers(command: clap::Command) -> clap::Command {
        let command = command.mut_args(|arg| match arg.get_long().is_some() && arg.get_action().takes_values() {
            true => arg.allow_negative_numbers(true),
            false => arg,
        });
        command.mut_subcommands(with_negative_numbers)
    }
    with_negative_numbers(Cli::command())
}

const EXAMPLES: &str = "Examples:
  splitknee demo                         the whole job, on data it carries
  splitknee init my-trial                a commented plan and data to start from
  splitknee check plan.toml              every finding in plan and data
  splitknee run plan.toml --out results  from a plan and its data to a report
  splitknee test paired-t --data shoes.csv --treated A --control B

Exit codes: 0 done; 1 findings in data or plan that stop the work;
2 wrong usage; 3 an output could not be written; 4 everything was written,
but a primary endpoint could not be assessed.
Results go to stdout, all else to stderr.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The whole job on the synthetic data set inside the program: results, tables, figures and report.
    Demo(DemoArgs),
    /// The main job: plan and data to results, tables, figures and report.
    Run(RunArgs),
    /// Writes a commented plan, a data template and a data dictionary to start from.
    Init(InitArgs),
    /// Validates plan and data and prints every finding; writes nothing but the listing that `--html` asks for.
    Check(CheckArgs),
    /// Writes the analysis data set: CSV, Parquet, SAS transport or Dataset-JSON.
    Export(ExportArgs),
    /// Seals a plan before unblinding: writes plan.lock beside plan.toml.
    Lock(LockArgs),
    /// One paired test on two columns of a file, like a calculator.
    Test(Box<test::TestArgs>),
    /// Power, pairs or detectable difference of a planned trial; interim looks.
    Power(Box<power::PowerArgs>),
    /// An allocation list: permuted blocks, strata, a secret key, sealed-envelope cards, verification.
    Randomise(randomise::RandomiseArgs),
    /// The planned analysis on simulated trials: bias, coverage, type I error, power, wrong claims.
    Simulate(simulate::SimulateArgs),
    /// One mixed model on a file, by formula, like lmer, mmrm and PROC MIXED.
    Model(Box<model::ModelArgs>),
    /// One marginal model by generalised estimating equations, like geepack.
    Gee(Box<model::GeeArgs>),
    /// Time to an event in both knees: curves, tests within patients, hazard ratios, restricted means.
    Survival(Box<survival::SurvivalArgs>),
    /// Imputes missing values of two correlated knees and says what the answer rests on.
    Impute(Box<impute::ImputeArgs>),
    /// Scores questionnaires from their items: WOMAC, Lequesne, VAS.
    Score(score::ScoreArgs),
    /// Re-analyses a published two-arm table as the paired data it came from.
    Summary(summary::SummaryArgs),
    /// Compares two result sets (double programming): exit code 1 where they differ, 2 where one cannot be read.
    Compare(CompareArgs),
    /// Recomputes the reference values inside the program and writes a qualification report.
    Validate(ValidateArgs),
    /// Prints the JSON Schema of the plan or of results.json.
    Schema(SchemaArgs),
    /// Prints a completion script for a shell.
    Completions(CompletionsArgs),
    /// Prints the manual page (roff).
    Man,
}

/// `splitknee demo`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  splitknee demo
  splitknee demo --out demo-ja --language ja")]
pub struct DemoArgs {
    /// Folder for the outputs; replaced whole if an earlier run made it.
    #[arg(long, default_value = "splitknee-demo")]
    pub out: PathBuf,
    /// Replace outputs that were edited since the run that wrote them; the edited files are kept as NAME.edited.
    #[arg(long)]
    pub force: bool,
    /// Language of the report: en or ja.
    #[arg(long)]
    pub language: Option<String>,
    /// Folder with a page, style or titles of your own: report.html, report.css, titles.toml.
    #[arg(long, value_name = "DIR")]
    pub template: Option<PathBuf>,
}

/// `splitknee run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  splitknee run plan.toml
  splitknee run plan.toml --blinded --out dry-run     before unblinding
  splitknee run plan.toml --require-lock --redact-ids the final run
  splitknee run plan.toml --template house-style      your own look")]
pub struct RunArgs {
    /// The analysis plan (plan.toml); data files are named relative to its folder.
    pub plan: PathBuf,
    /// Folder for the outputs; replaced whole if an earlier run made it. Default: `results` beside the plan.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Replace outputs that were edited since the run that wrote them; the edited files are kept as NAME.edited.
    #[arg(long)]
    pub force: bool,
    /// Refuse to run unless the plan is the sealed one (`splitknee lock`).
    #[arg(long)]
    pub require_lock: bool,
    /// An interim look of `[interim]`, counted from 1: writes the monitoring committee's report alone, into `dmc-look-K`
    /// beside the plan, and needs the sealed plan (`splitknee lock`).
    #[arg(long, value_name = "K")]
    pub look: Option<usize>,
    /// The trial stopped at this look of `[interim]`: the whole report, with estimates that allow for the looks.
    #[arg(long, value_name = "K", conflicts_with = "look")]
    pub stopped_at: Option<usize>,
    /// Patients with both knees at the looks before this one (or before the final analysis), such as 14,29; default: as
    /// planned.
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    pub earlier: Vec<usize>,
    /// What to replace.
    #[command(flatten)]
    pub replace: ReplaceArgs,
    /// Folder with a page, style or titles of your own: report.html, report.css, titles.toml.
    #[arg(long, value_name = "DIR")]
    pub template: Option<PathBuf>,
    /// A font file (TrueType or OpenType) for letters that the fonts inside the program lack, such as Chinese, Korean, Thai
    /// or Devanagari; may be given several times. Used in the PDF and in figures.
    #[arg(long, value_name = "FILE")]
    pub font: Vec<PathBuf>,
    /// The day of the run, YYYY-MM-DD, printed on every page. No clock is read.
    #[arg(long, value_name = "DATE")]
    pub date: Option<String>,
}

/// What is replaced when plan and data are read.
#[derive(Debug, Args)]
pub struct ReplaceArgs {
    /// Before unblinding: dummy treatments, every output marked; no allocation is needed or used.
    #[arg(long)]
    pub blinded: bool,
    /// Replace the patients' identifiers by stable pseudonyms in every output, inside other texts too.
    #[arg(long)]
    pub redact_ids: bool,
    /// A file with the secret that makes the pseudonyms. Without it, one is made and kept beside the plan, in
    /// plan.redact-key: keep it, and keep it apart from the outputs.
    #[arg(long, value_name = "FILE", requires = "redact_ids")]
    pub redact_key: Option<PathBuf>,
}

/// `splitknee init`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  splitknee init my-trial && splitknee check my-trial/plan.toml")]
pub struct InitArgs {
    /// Folder for the new files; made where it does not exist. Nothing there is overwritten.
    pub folder: PathBuf,
}

/// `splitknee export`.
#[derive(Debug, Args)]
#[command(after_help = "One row per patient, knee, visit and parameter that has a value, in CDISC ADaM's
basic data structure, by which `shape = \"bds\"` reads it back.

Examples:
  splitknee export plan.toml --out adqs.xpt
  splitknee export plan.toml --out adqs.json --redact-ids --redact-key key.txt")]
pub struct ExportArgs {
    /// The analysis plan (plan.toml).
    pub plan: PathBuf,
    /// The file to write.
    #[arg(long)]
    pub out: PathBuf,
    /// Replace a file that exists; a file that the plan names never is.
    #[arg(long)]
    pub force: bool,
    /// Its format, where the extension (.csv .tsv .parquet .xpt .json .ndjson .json.gz) does not say.
    #[arg(long, value_parser = ["csv", "tsv", "parquet", "xpt", "dataset-json", "dataset-ndjson"])]
    pub format: Option<String>,
    /// Version of SAS transport files: 8 has names and texts longer than version 5.
    #[arg(long, default_value = "5", value_parser = ["5", "8"])]
    pub xpt_version: String,
    /// The day of creation that the file states, YYYY-MM-DD; default: the plan's `trial.data_date`. No clock is read.
    #[arg(long, value_name = "DATE")]
    pub date: Option<String>,
    /// What to replace.
    #[command(flatten)]
    pub replace: ReplaceArgs,
}

/// `splitknee lock`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  splitknee lock plan.toml --date 2026-03-31
  splitknee run plan.toml --require-lock")]
pub struct LockArgs {
    /// The analysis plan (plan.toml).
    pub plan: PathBuf,
    /// Date of sealing, as YYYY-MM-DD: the program reads no clock.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub date: String,
    /// Replace an earlier seal.
    #[arg(long)]
    pub replace: bool,
}

/// `splitknee compare`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  splitknee compare results ../second-programmer/results --tolerance 1e-6")]
pub struct CompareArgs {
    /// A results.json, or the output folder that holds it.
    pub first: PathBuf,
    /// The other one.
    pub second: PathBuf,
    /// Largest relative difference of two numbers that count as equal.
    #[arg(long, default_value_t = 1e-9)]
    pub tolerance: f64,
    /// Largest absolute difference that counts as equal whatever the relative one: for numbers that are 0 but for
    /// rounding.
    #[arg(long, default_value_t = 1e-14)]
    pub absolute: f64,
    /// Output: text for people, json for programs.
    #[arg(long, default_value = "text", value_parser = ["text", "json"])]
    pub format: String,
}

/// `splitknee validate`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  splitknee validate --out qualification")]
pub struct ValidateArgs {
    /// Folder for the report as HTML, JSON and text; without it only the summary is printed.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Replace outputs that were edited; they are kept as NAME.edited.
    #[arg(long)]
    pub force: bool,
    /// Output on stdout: text for people, json for programs.
    #[arg(long, default_value = "text", value_parser = ["text", "json"])]
    pub format: String,
}

/// `splitknee schema`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  splitknee schema plan > plan.schema.json")]
pub struct SchemaArgs {
    /// Of what: plan or results.
    #[arg(default_value = "plan", value_parser = ["plan", "results"])]
    pub of: String,
}

/// `splitknee completions`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  splitknee completions bash > splitknee.bash")]
pub struct CompletionsArgs {
    /// The shell.
    pub shell: clap_complete::Shell,
}

/// `splitknee check`.
#[derive(Debug, Args)]
#[command(after_help = "Exit code 1 where a finding is an error.

Examples:
  splitknee check plan.toml
  splitknee check plan.toml --html review.html         a listing to hand on
  splitknee check plan.toml --blinded                  without the allocation list
  splitknee check plan.toml --format json")]
pub struct CheckArgs {
    /// The analysis plan (plan.toml).
    pub plan: PathBuf,
    /// Write the findings as a data-review listing too: one HTML file that opens offline.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Replace a listing that exists; a file that the plan names never is.
    #[arg(long)]
    pub force: bool,
    /// What to replace.
    #[command(flatten)]
    pub replace: ReplaceArgs,
    /// How findings are printed: text or json.
    #[arg(long, default_value = "text", value_parser = ["text", "json"])]
    pub format: String,
}
