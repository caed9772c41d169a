//! The Slurm scripts of a sharded simulation: one array job and one merge.

/// What the scripts need.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Program.
    pub program: String,
    /// Scenario file.
    pub scenario: String,
    /// Folder of the results.
    pub out: String,
    /// Replicates.
    pub replicates: u64,
    /// Shards.
    pub shards: u64,
    /// Time limit.
    pub time: String,
    /// Partition.
    pub partition: Option<String>,
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

impl Job {
    fn head(&self, name: &str) -> String {
        let partition = self.partition.as_ref().map_or(String::new(), |name| format!("#SBATCH --partition={name}\n"));
        let (out, time) = (&self.out, &self.time);
        format!(
            "#!/bin/sh\n#SBATCH --job-name={name}\n#SBATCH --time={time}\n{partition}#SBATCH --requeue\n#SBATCH \
             --open-mode=append\n#SBATCH --output={out}/{name}-%a.log\n"
        )
    }

    /// The array job: one task a shard.
    pub fn array(&self) -> String {
        format!(
            "{}#SBATCH --array=1-{}\nexec {} simulate {} --replicates {} --out {} --shard \
             \"$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT\" --threads \"${{SLURM_CPUS_ON_NODE:-1}}\"\n",
            self.head("splitknee-simulate"),
            self.shards,
            quoted(&self.program),
            quoted(&self.scenario),
            self.replicates,
            quoted(&self.out)
        )
    }

    /// The merge, after every task ended, well or not (`afterok` would wait for ever once one failed).
    pub fn merge(&self) -> String {
        format!(
            "{}exec {} simulate {} --replicates {} --out {} --merge\n",
            self.head("splitknee-merge").replace("-%a.log", ".log"),
            quoted(&self.program),
            quoted(&self.scenario),
            self.replicates,
            quoted(&self.out)
        )
    }
}
