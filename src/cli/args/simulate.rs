//! The arguments of `splitknee simulate`.

use clap::Args;
use std::path::{Path, PathBuf};

/// `splitknee simulate`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  splitknee simulate scenario.toml --out sim --replicates 10000
  splitknee simulate scenario.toml --out sim --shard 3/16      one of 16 parts
  splitknee simulate scenario.toml --out sim --merge           when all are there
  splitknee simulate merge sim                                 the same
  splitknee simulate scenario.toml --out sim --status
  splitknee simulate scenario.toml --out sim --slurm --shards 16 > job.sh

Killed at any moment, the same command goes on where it stopped; a larger
--replicates adds to what is there. Any sharding gives the same bytes.
performance.html is the page for the protocol.")]
pub struct SimulateArgs {
    /// The scenario file; its plan is named relative to its folder. The word `merge` before a folder: merge what is there.
    pub scenario: PathBuf,
    /// After `merge`: the folder of the shards.
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Folder of the results.
    #[arg(long, value_name = "DIR", required_unless_present = "folder")]
    pub out: Option<PathBuf>,
    /// Replicates of each scenario. Default: those of the scenario file, else 10000.
    #[arg(long)]
    pub replicates: Option<u64>,
    /// Do part I of N: the replicates k with (k − 1) mod N = I − 1.
    #[arg(long, value_name = "I/N")]
    pub shard: Option<String>,
    /// Threads. Default: one a core.
    #[arg(long)]
    pub threads: Option<usize>,
    /// Compute nothing: write the results of the shards that are there.
    #[arg(long, conflicts_with = "shard")]
    pub merge: bool,
    /// Merge although replicates are missing; the result says so.
    #[arg(long)]
    pub partial: bool,
    /// Count what is done and missing.
    #[arg(long, conflicts_with_all = ["shard", "merge"])]
    pub status: bool,
    /// Print a Slurm array job and the merge that follows it.
    #[arg(long, conflicts_with_all = ["shard", "merge", "status"])]
    pub slurm: bool,
    /// Submit them with sbatch.
    #[arg(long, requires = "slurm")]
    pub submit: bool,
    /// Shards of the array job, and of --status.
    #[arg(long, default_value_t = 16)]
    pub shards: u64,
    /// Time limit of a task.
    #[arg(long, default_value = "01:00:00", requires = "slurm")]
    pub time: String,
    /// Replace results and scripts of the same names that are not those of a simulation.
    #[arg(long)]
    pub force: bool,
    /// Partition.
    #[arg(long, requires = "slurm")]
    pub partition: Option<String>,
}

impl SimulateArgs {
    /// The folder of the results.
    pub fn out(&self) -> &Path {
        self.out.as_deref().or(self.folder.as_deref()).unwrap_or(Path::new("."))
    }
}
