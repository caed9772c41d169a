//! The arguments of `splitknee randomise`.

use clap::Args;
use std::path::PathBuf;

/// `splitknee randomise`.
#[derive(Debug, Args)]
#[command(after_help = "The design file:
  [randomisation]
  patients = 60                    # per stratum; others in [randomisation.numbers]
  arms = [\"EV\", \"SALINE\"]          # drawn is the side that gets the first
  blocks = [4, 8]                  # or scheme = \"simple\", \"truncated-binomial\",
                                   # \"big-stick\" with imbalance = 3
  strata = { site = [\"A\", \"B\"] }
  order = true                     # which side is treated first, balanced too
  label = \"EV-KNEE-01 list 1\"

Examples:
  splitknee randomise design.toml --out /secure/list --cards
  splitknee randomise design.toml --out trial-run --test
  splitknee randomise design.toml --verify list.csv --key randomisation.key
  splitknee randomise design.toml --verify list.csv --key randomisation.key \\
    --against knees.csv --patient usubjid --knee side --arm trt

The key is made once, beside the design (randomisation.key, readable by its owner
alone). Keep key and list apart from each other and from the trial team. A larger
`patients` with the same --out adds rows and changes none.")]
pub struct RandomiseArgs {
    /// The design file.
    pub design: PathBuf,
    /// Folder of list.csv, redcap.csv, cards.pdf and randomisation.json.
    #[arg(long, required_unless_present = "verify")]
    pub out: Option<PathBuf>,
    /// File of the secret key. Default: randomisation.key beside the design, made where there is none.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// A list to try the procedures with: its key is public, every row is marked.
    #[arg(long, conflicts_with = "key")]
    pub test: bool,
    /// Cards for sealed envelopes too (PDF, A6, one page per patient).
    #[arg(long)]
    pub cards: bool,
    /// Recompute this list from design and key; exit code 1 where it differs.
    #[arg(long, value_name = "LIST", conflicts_with_all = ["out", "cards"])]
    pub verify: Option<PathBuf>,
    /// With --verify, the patients filled in: who was given something else than was allotted.
    #[arg(long, value_name = "DATA", requires = "verify")]
    pub against: Option<PathBuf>,
    /// Column of the patient in DATA.
    #[arg(long, value_name = "COL", default_value = "patient", requires = "against")]
    pub patient: String,
    /// Column of the side in DATA.
    #[arg(long, value_name = "COL", default_value = "knee", requires = "against")]
    pub knee: String,
    /// Column of the treatment in DATA.
    #[arg(long, value_name = "COL", default_value = "arm", requires = "against")]
    pub arm: String,
    /// Output: text for people, json for programs.
    #[arg(long, default_value = "text", value_parser = ["text", "json"])]
    pub format: String,
}
