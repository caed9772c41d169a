//! The arguments of `splitknee impute`.

use super::file::FileArgs;
use clap::Args;
use std::path::PathBuf;

/// `splitknee impute`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct ImputeArgs {
    /// Long data: one row per patient, knee (arm) and visit.
    #[arg(long, value_name = "FILE")]
    pub data: PathBuf,
    /// How it is read.
    #[command(flatten)]
    pub file: FileArgs,
    /// Keep only rows with COL=VALUE (repeatable).
    #[arg(long = "where", value_name = "COL=VALUE")]
    pub conditions: Vec<String>,
    /// Column of the patient's identifier.
    #[arg(long, value_name = "COL")]
    pub id: String,
    /// Column of the arm of the knee.
    #[arg(long, value_name = "COL")]
    pub arm: String,
    /// The active arm's label.
    #[arg(long, value_name = "LABEL")]
    pub active: String,
    /// The placebo arm's label, the reference.
    #[arg(long, value_name = "LABEL")]
    pub placebo: String,
    /// Column of the visit.
    #[arg(long, value_name = "COL")]
    pub visit: String,
    /// The visits after baseline, in order; rows of other visits only carry the baseline.
    #[arg(long, value_name = "V1,V2", value_delimiter = ',', required = true)]
    pub visits: Vec<String>,
    /// Column of the outcome that is imputed and analysed: the change from baseline (see --score).
    #[arg(long, value_name = "COL")]
    pub value: String,
    /// Column of the knee's own baseline, a covariate by visit; without it the model has none.
    #[arg(long, value_name = "COL")]
    pub baseline: Option<String>,
    /// Covariates of the imputation model, one slope each: columns with one number per patient or knee (text: a factor).
    #[arg(long, value_name = "COL,COL", value_delimiter = ',')]
    pub covariates: Vec<String>,
    /// Covariates whose values are codes or text: factors, one effect per level.
    #[arg(long, value_name = "COL,COL", value_delimiter = ',')]
    pub factors: Vec<String>,
    /// --value holds scores: subtract the baseline first.
    #[arg(long, requires = "baseline")]
    pub score: bool,
    /// Intercurrent events: patient, arm (empty: both knees), first affected visit, strategy (empty: --strategy).
    #[arg(long, value_name = "FILE")]
    pub events: Option<PathBuf>,
    /// mar, hypothetical, j2r, cir, cr, lmcf, rtb, rtb-mean, causal:K, composite:V: for events without their own.
    #[arg(long, default_value = "mar")]
    pub strategy: String,
    /// Drop values after an event even where the strategy would keep them.
    #[arg(long)]
    pub discard: bool,
    /// Covariance over arm × visit cells: us, kron-us-us, kron-cs-us.
    #[arg(long, default_value = "us", value_parser = ["us", "kron-us-us", "kron-cs-us"])]
    pub structure: String,
    /// Structures tried in order where the one asked for gives no answer; said in the notes.
    #[arg(long, value_delimiter = ',', value_parser = ["us", "kron-us-us", "kron-cs-us"])]
    pub fallback: Vec<String>,
    /// Covariance after an event: shared (as fitted) or reference (rebuilt from the placebo knee's).
    #[arg(long, default_value = "shared", value_parser = ["shared", "reference"])]
    pub covariance: String,
    /// Values fitted: observed (all) or post-event-excluded; default: by strategy, after an event under mar only.
    #[arg(long, value_parser = ["observed", "post-event-excluded"])]
    pub fit: Option<String>,
    /// conditional-mean, bayes or approximate-bayes.
    #[arg(long, default_value = "conditional-mean", value_parser = ["conditional-mean", "bayes", "approximate-bayes"])]
    pub method: String,
    /// Analysis of completed sets: mean-difference or ancova of the differences at the visit; mixed: the pair model of all
    /// visits, for the methods that draw.
    #[arg(long, default_value = "mean-difference", value_parser = ["mean-difference", "ancova", "mixed"])]
    pub analysis: String,
    /// The visit analysed; default: the last.
    #[arg(long, value_name = "VISIT")]
    pub at: Option<String>,
    /// jackknife-t (default), jackknife-normal or information-anchored.
    #[arg(long, value_parser = ["jackknife-t", "jackknife-normal", "information-anchored"])]
    pub inference: Option<String>,
    /// Added to imputed values of active knees.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true, value_name = "D")]
    pub delta_active: f64,
    /// Added to imputed values of placebo knees.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true, value_name = "D")]
    pub delta_placebo: f64,
    /// Imputed cells that delta is added to: all, after-event, or per-visit (times the visits since the event).
    #[arg(long, default_value = "all", value_parser = ["all", "after-event", "per-visit"])]
    pub delta_cells: String,
    /// Where the conclusion tips, along four lines of (delta active, delta placebo).
    #[arg(long)]
    pub tipping: bool,
    /// Null value of the difference.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    pub margin: f64,
    /// Imputations; default: until the Monte Carlo error is 1 % of the standard error.
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..=100_000))]
    pub m: Option<u32>,
    /// Seed of the draws [default: 1].
    #[arg(long)]
    pub seed: Option<u64>,
    /// Prior of the covariance: jeffreys (default) or reml.
    #[arg(long, value_parser = ["jeffreys", "reml"])]
    pub prior: Option<String>,
    /// Confidence level.
    #[arg(long, default_value_t = 0.95)]
    pub conf_level: f64,
    /// Output: text for people, json for programs.
    #[arg(long, default_value = "text", value_parser = ["text", "json"])]
    pub format: String,
}

const HELP: &str = "All arm x visit cells of a patient have one joint law; missing cells are
imputed given everything observed of both knees. docs/missing-data.md has a
worked example.

Examples:
  splitknee impute --data long.csv --id usubjid --arm treatment --active EV
    --placebo PLACEBO --visit visit --visits M1,M3,M6 --value change
    --baseline base --events events.csv --strategy j2r --tipping
  ... --method bayes --m 1000 --seed 1 --format json";
