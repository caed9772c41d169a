//! `splitknee simulate`: the planned analysis on simulated trials.

use crate::cli::args::simulate::SimulateArgs;
use crate::cli::error::CliError;
use crate::cli::{output, simulation_page, terminal};
use crate::disk::inputs::Inputs;
use crate::disk::{place, read as text_file};
use crate::plan::{self, Plan};
use crate::simulate::generate::World;
use crate::simulate::replicate::{self, Followed};
use crate::simulate::scenario::{self, ScenarioFile};
use crate::simulate::shard::{self, Attempt, Found, Records};
use crate::simulate::slurm::Job;
use crate::simulate::{SimulationError, performance};
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::Path;
use std::time::{Duration, Instant};

/// Replicates where neither file nor command line says how many.
const USUAL: u64 = 10_000;
/// What the results are called.
const RESULTS: [&str; 3] = ["performance.json", "simulation.json", "performance.html"];
/// What stands in the files that a simulation writes, and in no others.
const OURS: [&str; 3] = ["\"rejection\"", "\"splitknee\"", "splitknee simulate"];
/// Replicates computed between two writes.
const BATCH: usize = 32;

impl From<SimulationError> for CliError {
    fn from(error: SimulationError) -> Self {
        match error {
            SimulationError::File { .. } => Self::Output(error.to_string()),
            _ => Self::Refused(error.to_string()),
        }
    }
}

/// Everything a simulation needs.
struct Setting {
    file: ScenarioFile,
    plan: Plan,
    worlds: Vec<(World, Vec<Followed>)>,
    hash: [u8; 32],
    replicates: u64,
}

/// Runs the command.
///
/// # Errors
/// A scenario that does not fit its plan, files that cannot be read or written, shards that do not fit together.
pub fn run(args: &SimulateArgs) -> Result<(), CliError> {
    if let Some(threads) = args.threads {
        if threads == 0 {
            return Err(CliError::Usage("--threads 0: at least 1".to_owned()));
        }
        // A second call in one process keeps the first number: the numbers do not depend on it.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    }
    if let Some(folder) = &args.folder {
        return merge_folder(args, folder);
    }
    let setting = read(args)?;
    let shard = args.shard.as_deref().map(parts).transpose()?;
    if !args.slurm && !args.status && shard.is_none() {
        // Judged before the work.
        RESULTS.iter().try_for_each(|name| may_write(args, name))?;
    }
    if args.slurm {
        return slurm(args, &setting);
    }
    std::fs::create_dir_all(args.out()).map_err(|error| SimulationError::file(args.out(), error))?;
    let done = shard::read_all(args.out(), &setting.hash)?;
    if args.status {
        return status(args, &setting, &done);
    }
    if args.merge {
        return merge(args, &setting, &done);
    }
    let (part, of) = shard.unwrap_or((1, 1));
    compute(args, &setting, &done, part, of)?;
    if shard.is_some() {
        return Ok(());
    }
    let done = shard::read_all(args.out(), &setting.hash)?;
    merge(args, &setting, &done)
}

/// What a folder of shards keeps of how it was made, so that it can be merged by its name alone.
const SOURCE: &str = "simulation-source.json";

/// `simulate merge DIR`.
fn merge_folder(args: &SimulateArgs, folder: &Path) -> Result<(), CliError> {
    if args.scenario != Path::new("merge") {
        let (first, second) = (args.scenario.display(), folder.display());
        return Err(CliError::Usage(format!("{first} {second}: one scenario file, or `merge` and a folder")));
    }
    let path = folder.join(SOURCE);
    let wrong = |what: String| {
        let help = "name the scenario: splitknee simulate scenario.toml --out DIR --merge";
        CliError::Refused(format!("{}: {what}\n  help: {help}", path.display()))
    };
    let text = crate::disk::read::text(&path, 1 << 20).map_err(|error| wrong(error.to_string()))?;
    let source: serde_json::Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let scenario = source["scenario"].as_str().ok_or_else(|| wrong("it names no scenario".to_owned()))?;
    let replicates = args.replicates.or(source["replicates"].as_u64());
    let (scenario, out) = (scenario.into(), Some(folder.to_owned()));
    run(&SimulateArgs { scenario, out, folder: None, merge: true, replicates, ..args.clone() })
}

/// Notes the scenario in the folder. Several shards may do so at once, all with the same words: a failure is no fault.
fn keep_source(args: &SimulateArgs, setting: &Setting) {
    let scenario = std::path::absolute(&args.scenario).unwrap_or_else(|_| args.scenario.clone());
    let text = format!("{}\n", json!({"scenario": scenario, "replicates": setting.replicates}));
    let path = args.out().join(SOURCE);
    let there = crate::disk::read::text(&path, 1 << 20).unwrap_or_default();
    if there != text {
        let _ = output::write_new(&path, text.as_bytes(), &inputs(args), true);
    }
}

fn parts(text: &str) -> Result<(u64, u64), CliError> {
    let numbers = text.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
    match numbers {
        Some((part, of)) if (1..=of).contains(&part) => Ok((part, of)),
        _ => Err(CliError::Usage(format!("--shard {text}: I/N with I from 1 to N, for instance 3/16"))),
    }
}

fn read(args: &SimulateArgs) -> Result<Setting, CliError> {
    let file = scenario::read(&args.scenario)?;
    let folder = args.scenario.parent().unwrap_or(std::path::Path::new("."));
    let path = folder.join(&file.plan);
    let plan = plan::load(&path).map_err(CliError::Findings)?;
    let wrong = |message: String| {
        CliError::from(SimulationError::Scenario {
            file: args.scenario.display().to_string(),
            message,
            help: "docs/planning.md shows a scenario with every key".to_owned(),
        })
    };
    let mut worlds = Vec::with_capacity(file.scenarios.len());
    for one in &file.scenarios {
        let world = World::new(&plan, one, file.seed).map_err(wrong)?;
        let followed = replicate::followed(&plan, &world, &file.analyses).map_err(wrong)?;
        if followed.is_empty() {
            return Err(wrong("the plan has no analysis that compares the arms".to_owned()));
        }
        worlds.push((world, followed));
    }
    let replicates = args.replicates.or(file.replicates).unwrap_or(USUAL);
    if replicates == 0 {
        return Err(CliError::Usage("--replicates 0: at least 1".to_owned()));
    }
    // The number of replicates is no part of it: a larger one adds to what is there.
    let mut hash = Sha256::new();
    hash.update(env!("CARGO_PKG_VERSION"));
    hash.update(serde_json::to_vec(&plan).unwrap_or_default());
    hash.update(format!("{} {:?}", file.seed, file.analyses));
    for one in &file.scenarios {
        hash.update(serde_json::to_vec(one).unwrap_or_default());
    }
    Ok(Setting { file, plan, worlds, hash: hash.finalize().into(), replicates })
}

/// Refuses to replace a file of `name` in the folder of the results that no simulation wrote, or that it reads.
fn may_write(args: &SimulateArgs, name: &str) -> Result<(), CliError> {
    let path = args.out().join(name);
    let inputs = inputs(args);
    place::file(&path, &inputs, true)?;
    let ours = match text_file::text(&path, text_file::MAX_TEXT) {
        Ok(text) => OURS.iter().any(|mark| text.contains(mark)),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound || error.kind() == std::io::ErrorKind::NotADirectory,
    };
    if ours || args.force {
        return Ok(());
    }
    Err(CliError::Refused(format!(
        "{}: no simulation wrote it\n  help: move it elsewhere, name another folder with --out, or give --force to replace it",
        path.display()
    )))
}

/// The scenario and its plan.
fn inputs(args: &SimulateArgs) -> Inputs {
    let folder = args.scenario.parent().unwrap_or(std::path::Path::new("."));
    let plan = scenario::read(&args.scenario).ok().map(|file| folder.join(file.plan));
    Inputs::of(plan.into_iter().chain([args.scenario.clone()]))
}

fn write(args: &SimulateArgs, name: &str, text: &str) -> Result<(), CliError> {
    may_write(args, name)?;
    output::write_new(&args.out().join(name), text.as_bytes(), &inputs(args), true)
}

/// Does what lacks of a shard.
fn compute(args: &SimulateArgs, setting: &Setting, done: &Records, part: u64, of: u64) -> Result<(), CliError> {
    let mine = |replicate: &u64| (replicate - 1) % of + 1 == part;
    let lacking = |scenario: usize| -> Vec<u64> {
        (1..=setting.replicates).filter(mine).filter(|k| !done.contains_key(&(scenario as u32, *k))).collect()
    };
    let todo: Vec<Vec<u64>> = (0..setting.worlds.len()).map(lacking).collect();
    let total: usize = todo.iter().map(Vec::len).sum();
    if total == 0 {
        return Ok(());
    }
    let error = 100.0 * (0.05 * 0.95 / setting.replicates as f64).sqrt();
    terminal::say(&format!(
        "{} scenario(s), {} replicates each; a rejection rate of 5 % will have a Monte Carlo error of {error:.2} points",
        setting.worlds.len(),
        setting.replicates
    ));
    keep_source(args, setting);
    let mut attempt = Attempt::start(args.out(), part, of, &setting.hash)?;
    let start = Instant::now();
    let mut said = start;
    let mut finished = 0;
    let bar = progress(total);
    for (scenario, ((world, followed), replicates)) in setting.worlds.iter().zip(&todo).enumerate() {
        let (mut rejected, mut tested) = (0_usize, 0_usize);
        for batch in replicates.chunks(BATCH) {
            let found: Vec<(u64, Vec<Found>)> = batch
                .par_iter()
                .map(|&k| (k, replicate::run(&setting.plan, world, &setting.file.analyses, followed, k)))
                .collect();
            attempt.append(scenario as u32, &found)?;
            finished += batch.len();
            for first in found.iter().filter_map(|(_, list)| list.first()).filter(|first| first.p_value.is_finite()) {
                tested += 1;
                rejected += usize::from(first.p_value <= setting.plan.analysis.alpha);
            }
            let speed = finished as f64 / start.elapsed().as_secs_f64();
            let share = rejected as f64 / tested.max(1) as f64;
            let error = (share * (1.0 - share) / tested.max(1) as f64).sqrt();
            if let Some(bar) = &bar {
                bar.set_position(finished as u64);
                bar.set_message(format!("rejection {:.2} ± {:.2} %", 100.0 * share, 100.0 * error));
            } else if said.elapsed() > Duration::from_secs(60)
                || (finished == total && start.elapsed() > Duration::from_secs(5))
            {
                said = Instant::now();
                terminal::say(&format!(
                    "{finished} of {total} replicates, {speed:.0} a second, {:.0} s left; rejection so far {:.2} ± {:.2} %",
                    (total - finished) as f64 / speed,
                    100.0 * share,
                    100.0 * error
                ));
            }
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    Ok(())
}

/// A bar on stderr where that is a terminal: replicates a second, the time left, rejection so far in the running scenario.
fn progress(total: usize) -> Option<ProgressBar> {
    let bar = std::io::stderr().is_terminal().then(|| ProgressBar::new(total as u64))?;
    let style = ProgressStyle::with_template("{bar:30} {pos} of {len} replicates, {per_sec}, {eta} left; {msg}");
    Some(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
}

/// Replicates that are not there, by scenario.
fn missing(setting: &Setting, done: &Records) -> Vec<(u32, u64)> {
    (0..setting.worlds.len() as u32)
        .flat_map(|scenario| (1..=setting.replicates).map(move |k| (scenario, k)))
        .filter(|key| !done.contains_key(key))
        .collect()
}

fn merge(args: &SimulateArgs, setting: &Setting, done: &Records) -> Result<(), CliError> {
    let missing = missing(setting, done);
    if !missing.is_empty() && !args.partial {
        let named: Vec<String> = missing.iter().take(20).map(|(one, k)| format!("{}:{k}", one + 1)).collect();
        let more = if missing.len() > named.len() { ", …" } else { "" };
        return Err(CliError::Refused(format!(
            "{} of {} replicates are missing (scenario:replicate {}{more})\n  help: run the same command again, or the shards \
             that --status names; --partial merges what is there",
            missing.len(),
            setting.replicates * setting.worlds.len() as u64,
            named.join(", ")
        )));
    }
    let wanted: Records =
        done.iter().filter(|((_, k), _)| *k <= setting.replicates).map(|(key, bits)| (*key, bits.clone())).collect();
    let table = performance::tabulate(&setting.plan, &setting.file, &setting.worlds, &wanted);
    let text = serde_json::to_string_pretty(&table).map_err(|error| CliError::Output(error.to_string()))?;
    write(args, "performance.json", &format!("{text}\n"))?;
    let followed = setting.worlds.first().map_or(&[][..], |(_, followed)| followed.as_slice());
    let methods = performance::methods(&setting.file, &setting.plan, setting.replicates, followed);
    let hash: String = setting.hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let about = json!({
        "splitknee": env!("CARGO_PKG_VERSION"),
        "hash": hash,
        "seed": setting.file.seed,
        "replicates": setting.replicates,
        "missing": missing.len(),
        "partial": !missing.is_empty(),
        "scenarios": setting.file.scenarios,
        "methods": methods,
    });
    let text = serde_json::to_string_pretty(&about).map_err(|error| CliError::Output(error.to_string()))?;
    write(args, "simulation.json", &format!("{text}\n"))?;
    let named = |one: &scenario::Scenario| {
        toml::to_string(one).map(|text| (one.name.clone(), text)).map_err(|error| CliError::Output(error.to_string()))
    };
    let scenarios: Vec<(String, String)> = setting.file.scenarios.iter().map(named).collect::<Result<_, _>>()?;
    let intervals = performance::intervals(&setting.file, &setting.worlds, &wanted);
    let figures = simulation_page::figures(&table, &intervals, setting.plan.analysis.alpha)
        .map_err(|error| CliError::Output(error.to_string()))?;
    let about = simulation_page::About {
        figures: &figures,
        scenarios: &scenarios,
        trial: &setting.plan.trial.id,
        methods: &methods,
        hash: &hash,
        missing: missing.len(),
    };
    write(args, "performance.html", &simulation_page::page(&about, &table))?;
    let shown = ["bias", "empirical_se", "coverage", "rejection", "claim_for", "claim_against", "mean_pairs"];
    let rows: Vec<Vec<String>> = table
        .iter()
        .filter(|row| shown.contains(&row.measure))
        .map(|row| {
            vec![
                row.scenario.clone(),
                row.id.clone(),
                row.measure.to_owned(),
                terminal::optional(row.value),
                terminal::optional(row.mcse),
                row.failed.to_string(),
            ]
        })
        .collect();
    terminal::print(&terminal::columns(&["scenario", "analysis", "measure", "value", "MC error", "failed"], &rows))
}

fn status(args: &SimulateArgs, setting: &Setting, done: &Records) -> Result<(), CliError> {
    let missing: BTreeSet<u64> = missing(setting, done).into_iter().map(|(_, k)| k).collect();
    let mut rows = Vec::new();
    let mut incomplete = Vec::new();
    for part in 1..=args.shards {
        let all = (1..=setting.replicates).filter(|k| (k - 1) % args.shards + 1 == part).count();
        let lacks = missing.iter().filter(|k| (**k - 1) % args.shards + 1 == part).count();
        if lacks > 0 {
            incomplete.push(part.to_string());
        }
        rows.push(vec![format!("{part}/{}", args.shards), (all - lacks).to_string(), lacks.to_string()]);
    }
    let mut text = terminal::columns(&["shard", "done", "missing"], &rows);
    if !incomplete.is_empty() {
        let list = incomplete.join(",");
        text.push_str(&format!(
            "scontrol requeue the tasks that failed (scontrol release those held after a failed launch), or: sbatch --array={list} (the array script)\n"
        ));
    }
    terminal::print(&text)
}

fn slurm(args: &SimulateArgs, setting: &Setting) -> Result<(), CliError> {
    let whole = |path: &std::path::Path| std::path::absolute(path).unwrap_or(path.to_owned()).display().to_string();
    let program = std::env::current_exe().map_or_else(|_| "splitknee".to_owned(), |path| path.display().to_string());
    let job = Job {
        program,
        scenario: whole(&args.scenario),
        out: whole(args.out()),
        replicates: setting.replicates,
        shards: args.shards,
        time: args.time.clone(),
        partition: args.partition.clone(),
    };
    if !args.submit {
        return terminal::print(&format!(
            "{}\n# then, with the array's job number: sbatch --dependency=afterany:JOB merge.sh, merge.sh being:\n{}",
            job.array(),
            job.merge().lines().map(|line| format!("# {line}\n")).collect::<String>()
        ));
    }
    std::fs::create_dir_all(args.out()).map_err(|error| SimulationError::file(args.out(), error))?;
    let submit = |name: &str, script: &str, extra: &[String]| -> Result<String, CliError> {
        let path = args.out().join(name);
        write(args, name, script)?;
        let ran = std::process::Command::new("sbatch").arg("--parsable").args(extra).arg(&path).output();
        let ran = ran.map_err(|error| CliError::Refused(format!("sbatch cannot be run: {error}")))?;
        if !ran.status.success() {
            return Err(CliError::Refused(format!("sbatch: {}", String::from_utf8_lossy(&ran.stderr).trim())));
        }
        let id = String::from_utf8_lossy(&ran.stdout).trim().to_owned();
        Ok(id.split(';').next().unwrap_or_default().to_owned())
    };
    let array = submit("splitknee-simulate.sh", &job.array(), &[])?;
    let merge = submit("splitknee-merge.sh", &job.merge(), &[format!("--dependency=afterany:{array}")])?;
    terminal::print(&format!("array job {array}, merge {merge}\n"))
}
