//! The arguments of `splitknee power`.

use clap::Args;
use std::path::PathBuf;

/// `splitknee power`.
///
/// Numbers are read as lists: `20,30,40` or `0.2:0.8:0.1`, which give one row each.
#[derive(Debug, Args, Default)]
#[command(after_help = POWER_HELP)]
pub struct PowerArgs {
    /// The method (see the list below).
    #[arg(value_name = "METHOD")]
    pub name: String,
    /// Mean difference active − placebo.
    #[arg(long, allow_hyphen_values = true)]
    pub delta: Option<String>,
    /// Null value of the difference.
    #[arg(long, allow_hyphen_values = true)]
    pub null: Option<String>,
    /// SD of the within-patient differences.
    #[arg(long)]
    pub sd_diff: Option<String>,
    /// SD of one knee, the same in both arms.
    #[arg(long)]
    pub sd: Option<String>,
    /// SD of the active knees.
    #[arg(long)]
    pub sd_active: Option<String>,
    /// SD of the placebo knees.
    #[arg(long)]
    pub sd_placebo: Option<String>,
    /// SD at baseline: the comparison is of changes from baseline.
    #[arg(long)]
    pub sd_baseline: Option<String>,
    /// Correlation between a patient's two knees.
    #[arg(long, allow_hyphen_values = true)]
    pub rho: Option<String>,
    /// Correlation between baseline and the visit within a knee (with --sd-baseline).
    #[arg(long, allow_hyphen_values = true)]
    pub rho_visit: Option<String>,
    /// Number of pairs (patients with both knees).
    #[arg(long)]
    pub n: Option<String>,
    /// Power wanted; for precision the probability of a narrow enough interval, for assurance the assurance wanted.
    #[arg(long)]
    pub power: Option<String>,
    /// Significance level.
    #[arg(long)]
    pub alpha: Option<String>,
    /// two, lower (active < placebo) or upper; group-sequential: two or one.
    #[arg(long)]
    pub sides: Option<String>,
    /// Non-inferiority margin, positive.
    #[arg(long)]
    pub margin: Option<String>,
    /// Direction of benefit.
    #[arg(long, value_parser = ["lower", "higher"])]
    pub better: Option<String>,
    /// Lower equivalence margin.
    #[arg(long, allow_hyphen_values = true)]
    pub low: Option<String>,
    /// Upper equivalence margin.
    #[arg(long, allow_hyphen_values = true)]
    pub high: Option<String>,
    /// Half-width of the confidence interval.
    #[arg(long)]
    pub half_width: Option<String>,
    /// Confidence level.
    #[arg(long)]
    pub conf_level: Option<String>,
    /// The probability is meant given that the interval covers; a number is the probability wanted.
    #[arg(long, num_args = 0..=1, default_missing_value = "given", value_name = "PROBABILITY")]
    pub coverage: Option<String>,
    /// Share of pairs with yes on the active knee alone.
    #[arg(long)]
    pub p10: Option<String>,
    /// Share of pairs with yes on the placebo knee alone.
    #[arg(long)]
    pub p01: Option<String>,
    /// Share of responders, active.
    #[arg(long)]
    pub p_active: Option<String>,
    /// Share of responders, placebo.
    #[arg(long)]
    pub p_placebo: Option<String>,
    /// Correlation φ of the two knees' answers.
    #[arg(long, allow_hyphen_values = true)]
    pub phi: Option<String>,
    /// Form of McNemar's test.
    #[arg(long, value_parser = ["exact", "mid-p", "asymptotic", "asymptotic-cc"])]
    pub p: Option<String>,
    /// signed-rank: law of the differences (normal, logistic, laplace, uniform, t5); group-sequential: constant bounds (of, pocock).
    #[arg(long)]
    pub shape: Option<String>,
    /// Approximation of the signed-rank power.
    #[arg(long, value_parser = ["lehmann", "noether", "are"])]
    pub formula: Option<String>,
    /// Samples of a simulation of the exact signed-rank test beside the formula.
    #[arg(long, num_args = 0..=1, default_missing_value = "100000")]
    pub simulate: Option<String>,
    /// Seed of the simulation.
    #[arg(long)]
    pub seed: Option<String>,
    /// Patients with both knees (one-knee).
    #[arg(long)]
    pub pairs: Option<String>,
    /// Patients with the active knee alone.
    #[arg(long)]
    pub single_active: Option<String>,
    /// Patients with the placebo knee alone.
    #[arg(long)]
    pub single_placebo: Option<String>,
    /// Analysis of one-knee trials.
    #[arg(long, value_parser = ["exchangeable", "independence", "complete-pairs"])]
    pub analysis: Option<String>,
    /// Pairs of the pilot.
    #[arg(long)]
    pub pilot: Option<String>,
    /// What the assurance averages over.
    #[arg(long, value_parser = ["correlation", "sd", "delta"])]
    pub over: Option<String>,
    /// SD of what is known about the difference.
    #[arg(long)]
    pub delta_sd: Option<String>,
    /// Difference planned for (reestimate).
    #[arg(long, allow_hyphen_values = true)]
    pub delta_planned: Option<String>,
    /// Pairs planned (reestimate): never fewer.
    #[arg(long)]
    pub pairs_planned: Option<String>,
    /// Most pairs (reestimate): never more.
    #[arg(long)]
    pub pairs_max: Option<String>,
    /// Information fractions of the looks, separated by commas; the last is 1.
    #[arg(long)]
    pub information: Option<String>,
    /// Spending function: O'Brien–Fleming type, Pocock type, Hwang–Shih–DeCani, Kim–DeMets.
    #[arg(long, value_parser = ["of", "pocock", "hsd", "kd"])]
    pub spending: Option<String>,
    /// γ of hsd, ρ of kd.
    #[arg(long, allow_hyphen_values = true)]
    pub parameter: Option<String>,
    /// Futility bounds at the early looks: β spent by this function, or a threshold of conditional power.
    #[arg(long, value_parser = ["of", "pocock", "hsd", "kd", "conditional-power"])]
    pub futility: Option<String>,
    /// γ of hsd, ρ of kd, for the futility bounds.
    #[arg(long, allow_hyphen_values = true)]
    pub futility_parameter: Option<String>,
    /// Conditional power at or below which the trial stops.
    #[arg(long)]
    pub futility_threshold: Option<String>,
    /// Conditional power under the planned difference or the current trend.
    #[arg(long, value_parser = ["planned", "trend"])]
    pub futility_under: Option<String>,
    /// The efficacy bounds count on the futility bounds being followed (one-sided tests).
    #[arg(long)]
    pub binding: bool,
    /// Look reached (with --z): what may still happen, or what the trial found.
    #[arg(long)]
    pub look: Option<String>,
    /// Statistic at that look.
    #[arg(long, allow_hyphen_values = true)]
    pub z: Option<String>,
    /// Share of patients who give no pair.
    #[arg(long)]
    pub losses: Option<String>,
    /// Share of knees lost, independently of each other.
    #[arg(long)]
    pub knee_losses: Option<String>,
    /// Data of the blinded re-estimation.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Column of the patient.
    #[arg(long)]
    pub id: Option<String>,
    /// Column of the side (left, right).
    #[arg(long)]
    pub side: Option<String>,
    /// Column of the value; without --id and --side, of the differences right − left.
    #[arg(long)]
    pub value: Option<String>,
    /// Keep only rows with COL=VALUE (repeatable).
    #[arg(long = "where", value_name = "COL=VALUE")]
    pub conditions: Vec<String>,
    /// Output: text for people, json for programs, csv for tables.
    #[arg(long, default_value = "text", value_parser = ["text", "json", "csv"])]
    pub format: String,
    /// A curve over the list given, as SVG or PNG by the name.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Replace the file that stands at --out.
    #[arg(long, requires = "out")]
    pub force: bool,
}

const POWER_HELP: &str = "Methods, and what they take. Of --n, --power and --delta two are given and one is computed.
  paired-t         --delta --sd-diff (or --sd-active --sd-placebo --rho), --null --sides
  non-inferiority  the same with --margin --better
  equivalence      --delta --low --high --sd-diff: two one-sided tests, exact
  precision        --half-width --sd-diff --conf-level [--coverage]
  mcnemar          --p10 --p01, or --p-active --p-placebo --phi; --p exact|mid-p|…
  signed-rank      --delta --sd-diff --shape --formula
  one-knee         --delta --sd --rho --pairs --single-active --single-placebo
  assurance        --delta --sd --rho --n --pilot --over correlation|sd|delta
  reestimate       --data --id --side --value --delta-planned --pairs-planned …
  group-sequential --information 0.33,0.67,1 --spending of|pocock|hsd|kd
                   [--futility of|pocock|hsd|kd|conditional-power] [--look --z]

Examples:
  splitknee power paired-t --delta 10 --sd-active 18 --sd-placebo 20 --rho 0.5 --power 0.9
  splitknee power paired-t --delta 10 --sd 20 --rho 0.2:0.8:0.1 --power 0.9 --format csv
  splitknee power equivalence --delta 0 --low -5 --high 5 --sd-diff 8 --power 0.8
  splitknee power mcnemar --p-active 0.6 --p-placebo 0.35 --phi 0.3 --power 0.8 --p mid-p
  splitknee power group-sequential --information 0.33,0.67,1 --spending of \\
    --delta 10 --sd-diff 20 --power 0.9";
