//! The arguments of `splitknee test`.

use super::file::FileArgs;
use crate::paired::METHODS;
use crate::paired::method::Topic;
use clap::Args;
use std::path::PathBuf;

/// `splitknee test`.
#[derive(Debug, Args)]
#[command(after_help = help())]
pub struct TestArgs {
    /// The method (see the list below).
    #[arg(value_name = "METHOD")]
    pub test: String,
    /// The data file.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// How the file is read.
    #[command(flatten)]
    pub file: FileArgs,
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
    /// Alternative about treated − control; for win-odds `greater` means that the treated side is better.
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
    /// Variant: pearson, spearman, kendall (correlation); agreement, consistency, one-way (icc).
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
    /// Ordered grades, separated by commas (tests of grades); those in the data where left out.
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true)]
    pub levels: Vec<f64>,
    /// Column of the visit (friedman, cochran-q).
    #[arg(long)]
    pub time: Option<String>,
    /// Columns of the within-patient factors, separated by commas (rm-anova).
    #[arg(long, value_delimiter = ',')]
    pub within: Vec<String>,
    /// Procedure of adjust: holm, hochberg, hommel, bonferroni, bh, by.
    #[arg(long)]
    pub method: Option<String>,
    /// Estimates to pool, separated by commas.
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true)]
    pub estimates: Vec<f64>,
    /// Standard errors to pool, separated by commas.
    #[arg(long, value_delimiter = ',')]
    pub std_errors: Vec<f64>,
    /// Degrees of freedom of the complete data (pool).
    #[arg(long)]
    pub df_complete: Option<f64>,
    /// Direction of benefit: lower or higher (needed by win-odds and non-inferiority).
    #[arg(long, value_parser = ["lower", "higher"])]
    pub better: Option<String>,
    /// Non-inferiority margin, positive.
    #[arg(long, allow_negative_numbers = true)]
    pub margin: Option<f64>,
    /// Weights of kappa.
    #[arg(long, value_parser = ["unweighted", "linear", "quadratic"])]
    pub weights: Option<String>,
    /// Compare logarithms: differences become ratios of geometric means (paired-t, tost, permutation, wilcoxon).
    #[arg(long, value_parser = ["log"])]
    pub transform: Option<String>,
    /// Exposure of the counts, one row per knee and visit (counts).
    #[arg(long)]
    pub exposure: Option<String>,
    /// Wide data: exposure of the treated side (counts).
    #[arg(long)]
    pub exposure_treated: Option<String>,
    /// Wide data: exposure of the control side (counts).
    #[arg(long)]
    pub exposure_control: Option<String>,
    /// Value of the left side, one row per patient (design-permutation).
    #[arg(long)]
    pub left: Option<String>,
    /// Value of the right side (design-permutation).
    #[arg(long)]
    pub right: Option<String>,
    /// Column that names the active side: left or right (design-permutation).
    #[arg(long)]
    pub active_side: Option<String>,
    /// Column of the block (design-permutation).
    #[arg(long)]
    pub block: Option<String>,
    /// Column of the stratum, within which blocks are numbered (design-permutation).
    #[arg(long)]
    pub stratum: Option<String>,
    /// Size of the blocks, or the sizes each was drawn from (4,6); one that was cut short is redrawn whole
    /// (design-permutation).
    #[arg(long, value_delimiter = ',')]
    pub block_size: Vec<usize>,
    /// Scale of the limits of the relative effect: plain or logit (brunner-munzel).
    #[arg(long, value_parser = ["plain", "logit"])]
    pub limits: Option<String>,
    /// Column of the guessed arm (blinding).
    #[arg(long)]
    pub guess: Option<String>,
    /// The guess that is none (blinding; DK by default).
    #[arg(long)]
    pub dont_know: Option<String>,
    /// Mean difference (bayes).
    #[arg(long, allow_negative_numbers = true)]
    pub mean: Option<f64>,
    /// Mean of the prior (bayes).
    #[arg(long, allow_negative_numbers = true)]
    pub prior_mean: Option<f64>,
    /// SD of the prior (bayes).
    #[arg(long)]
    pub prior_sd: Option<f64>,
    /// Weight of the prior in a mixture with a vague normal (bayes).
    #[arg(long)]
    pub weight: Option<f64>,
    /// Mean of the vague part (bayes).
    #[arg(long, allow_negative_numbers = true)]
    pub vague_mean: Option<f64>,
    /// SD of the vague part (bayes).
    #[arg(long)]
    pub vague_sd: Option<f64>,
    /// How the data enter (bayes): t integrates the SD out.
    #[arg(long, value_parser = ["normal", "t", "inflated"])]
    pub likelihood: Option<String>,
    /// Minimal important difference, signed: negative where lower is better (bayes).
    #[arg(long, allow_negative_numbers = true)]
    pub mcid: Option<f64>,
    /// Difference to detect (power).
    #[arg(long, allow_negative_numbers = true)]
    pub delta: Option<f64>,
    /// SD of the differences (power).
    #[arg(long)]
    pub sd_diff: Option<f64>,
    /// SD of one side (power; with --rho, or with the correlation of --data).
    #[arg(long)]
    pub sd: Option<f64>,
    /// Correlation between the two sides (power).
    #[arg(long, allow_negative_numbers = true)]
    pub rho: Option<f64>,
    /// Number of pairs (power).
    #[arg(long)]
    pub n: Option<usize>,
    /// Power wanted (power).
    #[arg(long)]
    pub power: Option<f64>,
}

/// The methods of `splitknee test` that are no tests of two columns, each with the options it reads.
pub const FURTHER: [(&str, &[&str]); 10] = [
    ("friedman", &["--time", "--p"]),
    ("cochran-q", &["--time", "--p"]),
    ("rm-anova", &["--within"]),
    ("skillings-mack", &[]),
    ("blinding", &["--guess", "--dont-know"]),
    (
        "design-permutation",
        &["--left", "--right", "--active-side", "--block", "--stratum", "--block-size", "--samples", "--seed"],
    ),
    (
        "bayes",
        &[
            "--n",
            "--mean",
            "--sd",
            "--prior-mean",
            "--prior-sd",
            "--weight",
            "--vague-mean",
            "--vague-sd",
            "--likelihood",
            "--better",
            "--mcid",
        ],
    ),
    ("adjust", &["--method", "--p"]),
    ("pool", &["--estimates or --std-errors", "--df-complete"]),
    ("power", &["--delta", "--sd-diff", "--sd", "--rho", "--n", "--power"]),
];

/// The methods by what they ask, each with the options it needs and, in brackets, those it reads.
fn help() -> String {
    const WIDTH: usize = 79;
    let mut text = "Methods on pairs (--treated --control, or --id --arm --active --placebo --value)\n".to_owned();
    for topic in Topic::ALL {
        let mut line = format!("  {:<14}", format!("{}:", topic.name()));
        let begin = line.chars().count();
        for method in METHODS.into_iter().filter(|method| method.topic == topic) {
            let may: Vec<&str> =
                method.options.iter().filter(|option| !method.needs.contains(option)).copied().collect();
            let needed = (!method.needs.is_empty()).then(|| method.needs.join(" "));
            let read = (!may.is_empty()).then(|| format!("[{}]", may.join(" ")));
            let options: Vec<String> = needed.into_iter().chain(read).collect();
            let entry = match options.is_empty() {
                true => method.name.to_owned(),
                false => format!("{} ({})", method.name, options.join(" ")),
            };
            for (position, word) in entry.split(' ').enumerate() {
                let gap = if line.chars().count() == begin {
                    0
                } else if position == 0 {
                    2
                } else {
                    1
                };
                if line.chars().count() + gap + word.chars().count() > WIDTH {
                    text.push_str(line.trim_end());
                    text.push('\n');
                    line = " ".repeat(begin);
                    line.push_str(word);
                } else {
                    line.push_str(&" ".repeat(gap));
                    line.push_str(word);
                }
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text + FURTHER_HELP
}

const FURTHER_HELP: &str = "Methods on repeated measurements: friedman and cochran-q (--id --time --value),
  rm-anova (--id --value --within a,b)
Randomisation as drawn: design-permutation (--left --right --active-side --block
  --block-size [--stratum]: redraws the blocks)
Three and more arms: skillings-mack (--id --arm --value)
Guessed treatments: blinding (--id --arm --guess)
Without data: bayes (--n --mean --sd --prior-mean --prior-sd --mcid)
              adjust (--method holm --p 0.01,0.02)
              pool (--estimates 1,2 --std-errors 0.5,0.6)
              power (--delta with --sd-diff, or --sd --rho; --n or --power);
                with data it takes their SD and correlation

Examples:
  splitknee test paired-t --data shoes.csv --treated A --control B
  splitknee test wilcoxon --data knees.csv --id usubjid --arm trt --active EV \\
    --placebo SALINE --value change --where 'visit=Month 6' --format json
  splitknee test mcnemar --data r.csv --treated ev --control saline --p mid-p
  splitknee test rm-anova --data knees.csv --id usubjid --value vas \\
    --within trt,visit
  splitknee test non-inferiority --data knees.csv --treated ev --control saline \\
    --margin 10 --better lower
  splitknee test adjust --method holm --p 0.01,0.02,0.04
  splitknee test power --delta 10 --sd 18 --rho 0.5 --power 0.9";
