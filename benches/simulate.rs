//! The planned analysis ten thousand times, and the paired t-test alone: seconds on the cores there are, against the targets of
//! two cores (30 s and 1 s); the memory, which does not grow with the replicates; the same loop in R (lmerTest, pbkrtest) in
//! the same run where R has them; and two shards as processes of one thread each against one such process, which is what two
//! nodes of a cluster do but for the start of their jobs (target 1.8).
//!
//! `cargo bench -p splitknee-benches --bench simulate [REPLICATES]`; each replicate is a whole trial: 60 patients, four visits, mixed
//! model with Kenward–Roger, McNemar's test, signed rank, multiplicity, verdict.

use rayon::prelude::*;
use splitknee::plan::{self, Plan};
use splitknee::simulate::generate::World;
use splitknee::simulate::replicate::{self, Followed};
use splitknee::simulate::scenario::{self, ScenarioFile};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const PLANNED: &str = r#"
[trial]
id = "BENCH"
title = "Planned analysis"
synthetic = true
[data]
path = "none.csv"
columns = { patient = "id", knee = "side", arm = "arm", visit = "visit" }
[arms]
active = "EV"
placebo = "SALINE"
[visits]
order = ["Baseline", "Month 1", "Month 3", "Month 6"]
baseline = "Baseline"
primary = "Month 6"
[[endpoint]]
name = "VAS pain"
id = "vas"
column = "vas"
kind = "continuous"
better = "lower"
role = "primary"
[[endpoint]]
name = "Responder"
id = "responder"
column = "responder"
kind = "binary"
better = "higher"
role = "secondary"
[[endpoint]]
name = "WOMAC"
id = "womac"
column = "womac"
kind = "continuous"
better = "lower"
role = "secondary"
tests = ["wilcoxon"]
[analysis]
sensitivity = []
[multiplicity]
method = "holm"
"#;

const SCENARIO: &str = r#"
plan = "plan.toml"
seed = 20261129
[[scenario]]
name = "as planned"
patients = 60
[scenario.endpoint.vas]
active = [62, 48, 40, 36]
placebo = [62, 53, 50, 49]
sd = [16, 18, 20, 20]
knee_correlation = 0.5
visit = { kind = "ar1", value = 0.7 }
[scenario.endpoint.womac]
active = [50, 42, 38, 34]
placebo = [50, 45, 43, 41]
sd = [14, 15, 16, 16]
knee_correlation = 0.5
visit = { kind = "ar1", value = 0.7 }
[scenario.endpoint.responder]
responder = { p_active = 0.6, p_placebo = 0.35, latent_correlation = 0.5 }
visit = { kind = "cs", value = 0.5 }
[[scenario.missing]]
level = "knee"
mechanism = "MCAR"
probability = 0.05
"#;

struct Job {
    plan: Plan,
    file: ScenarioFile,
    world: World,
    followed: Vec<Followed>,
}

impl Job {
    fn new(plan: &str, scenario: &str) -> Self {
        let plan = plan::parse(plan, "plan.toml").unwrap_or_else(|found| panic!("{found:?}"));
        let file = scenario::parse(scenario, "scenario.toml").expect("a scenario");
        let world = World::new(&plan, &file.scenarios[0], file.seed).expect("it fits its plan");
        let followed = replicate::followed(&plan, &world, &file.analyses).expect("analyses");
        Self { plan, file, world, followed }
    }

    /// Seconds for these replicates.
    fn seconds(&self, from: u64, to: u64) -> f64 {
        let start = Instant::now();
        let answered = (from..=to)
            .into_par_iter()
            .map(|k| replicate::run(&self.plan, &self.world, &self.file.analyses, &self.followed, k))
            .filter(|found| found.iter().all(|one| one.p_value.is_finite()))
            .count();
        let seconds = start.elapsed().as_secs_f64();
        assert!(answered > 0, "no replicate gave an answer");
        seconds
    }
}

/// Seconds of R for so many trials; `None` where R or the packages are missing.
fn peer(trials: u64) -> Option<f64> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/simulate.R");
    let output = Command::new("Rscript").args(["--vanilla", script, &trials.to_string()]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// The program, built beside this benchmark: `cargo build --release` first.
fn program() -> Option<PathBuf> {
    let here = std::env::current_exe().ok()?;
    Some(here.ancestors().nth(2)?.join("splitknee")).filter(|program| program.exists())
}

/// Seconds of the program for `n` replicates in `shards` processes of one thread each, all started together.
fn sharded(program: &Path, folder: &Path, n: u64, shards: u64) -> Option<f64> {
    let out = folder.join(format!("of-{shards}"));
    let start = Instant::now();
    let children: Option<Vec<_>> = (1..=shards)
        .map(|shard| {
            Command::new(program)
                .arg("simulate")
                .arg(folder.join("scenario.toml"))
                .args([
                    "--threads",
                    "1",
                    "--replicates",
                    &n.to_string(),
                    "--shard",
                    &format!("{shard}/{shards}"),
                    "--out",
                ])
                .arg(&out)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .ok()
        })
        .collect();
    let ended: Vec<bool> = children?.into_iter().map(|mut child| child.wait().is_ok_and(|end| end.success())).collect();
    ended.into_iter().all(|done| done).then(|| start.elapsed().as_secs_f64())
}

/// Largest resident memory so far in MiB, where the system tells.
fn memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "--test" || word == "--list") {
        return;
    }
    let n: u64 = words.iter().find_map(|word| word.parse().ok()).unwrap_or(10_000);
    let cores = rayon::current_num_threads();
    let paired_plan: String = PLANNED
        .replace("sensitivity = []", "primary = \"paired_t\"\nsensitivity = []")
        .split("[[endpoint]]\nname = \"Responder\"")
        .next()
        .map(|head| format!("{head}[analysis]\nprimary = \"paired_t\"\nmeasure = \"change\"\nsensitivity = []\n"))
        .unwrap_or_default();
    let vas_only: String = SCENARIO.split("[scenario.endpoint.womac]").next().unwrap_or_default().to_owned();
    let paired = Job::new(&paired_plan, &vas_only);
    let seconds = paired.seconds(1, n);
    println!(
        "paired t-test alone: {n} replicates in {seconds:.2} s on {cores} threads (target: 10 000 in 1 s on two cores)"
    );
    let planned = Job::new(PLANNED, SCENARIO);
    let first = planned.seconds(1, n / 10);
    let before = memory();
    let rest = planned.seconds(n / 10 + 1, n);
    println!(
        "planned analysis: {n} replicates in {:.1} s on {cores} threads (target: 10 000 in 30 s on two cores)",
        first + rest
    );
    if let (Some(before), Some(after)) = (before, memory()) {
        println!("memory: {before:.0} MiB after a tenth of the replicates, {after:.0} MiB after all");
    }
    // One thread each: a trial of ours against a trial of R.
    let few = (n / 20).max(20);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread");
    let own = pool.install(|| planned.seconds(1, few)) / few as f64;
    let trials = 20;
    match peer(trials) {
        Some(seconds) => {
            let theirs = seconds / trials as f64;
            println!(
                "one trial, one thread: {:.2} ms, R (lmerTest, pbkrtest) {:.1} ms, {:.0} times (target 100)",
                1e3 * own,
                1e3 * theirs,
                theirs / own
            );
        }
        None => println!("one trial, one thread: {:.2} ms; R, lmerTest or pbkrtest not installed", 1e3 * own),
    }
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("plan.toml"), PLANNED).expect("a plan");
    std::fs::write(folder.path().join("scenario.toml"), SCENARIO).expect("a scenario");
    let Some(program) = program() else {
        println!("shards: the program is not built (`cargo build --release`)");
        return;
    };
    let n = n / 4;
    match (sharded(&program, folder.path(), n, 1), sharded(&program, folder.path(), n, 2)) {
        (Some(one), Some(two)) => {
            println!(
                "{n} replicates: one process {one:.1} s, two shards {two:.1} s, {:.2} times (target 1.8)",
                one / two
            );
        }
        _ => println!("shards: the program failed"),
    }
}
