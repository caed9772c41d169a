//! The arguments of `splitknee survival`.

use super::file::FileArgs;
use clap::Args;
use std::path::PathBuf;

/// `splitknee survival`.
#[derive(Debug, Args)]
#[command(after_help = "Two columns say how a knee ended: --time (positive) and --status (1 event, 0 censored).
Conditional on the patient: stratified log-rank, stratified Cox, exact binomial of who came first.
Marginal: Cox with the sandwich over patients, restricted mean survival time, survival at times.

Examples:
  splitknee survival --data knees.csv --id usubjid --arm trt --active EV --placebo SALINE \\
    --time months --status reinjected --tau 12 --at 6 --at 12
  splitknee survival --data eyes.csv --id id --arm laser --active 1 --placebo 0 \\
    --time time --status status --tau 60 --small-sample --format json")]
pub struct SurvivalArgs {
    /// The data file: one row per knee.
    #[arg(long)]
    pub data: PathBuf,
    /// How the file is read.
    #[command(flatten)]
    pub file: FileArgs,
    /// Column of the patient.
    #[arg(long)]
    pub id: String,
    /// Column of the arm.
    #[arg(long)]
    pub arm: String,
    /// Level of the active arm.
    #[arg(long)]
    pub active: String,
    /// Level of the placebo arm.
    #[arg(long)]
    pub placebo: String,
    /// Column of the time to event or to the end of observation.
    #[arg(long)]
    pub time: String,
    /// Column of the status: 1 event, 0 censored.
    #[arg(long)]
    pub status: String,
    /// Horizon of the restricted mean; the longest time that both arms reach where left out.
    #[arg(long)]
    pub tau: Option<f64>,
    /// Time at which survival is compared (repeatable, or a list such as 3,6,12).
    #[arg(long)]
    pub at: Vec<String>,
    /// Ties of the Cox models: exact (stratified; the marginal model then takes Efron's), efron, breslow.
    #[arg(long, default_value = "exact", value_parser = ["exact", "efron", "breslow"])]
    pub ties: String,
    /// Few patients: jackknife and t for the restricted mean, √(n/(n − 1)) and t for the marginal Cox model.
    #[arg(long)]
    pub small_sample: bool,
    /// Keep only rows with COL=VALUE (repeatable).
    #[arg(long = "where", value_name = "COL=VALUE")]
    pub conditions: Vec<String>,
    /// Confidence level.
    #[arg(long, default_value_t = 0.95)]
    pub conf_level: f64,
    /// Output: text for people, json for programs.
    #[arg(long, default_value = "text", value_parser = ["text", "json"])]
    pub format: String,
}
