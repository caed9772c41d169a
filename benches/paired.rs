//! Every paired test by name on 27 to 60 pairs, the exact ones at the sizes that strain them, and all tests of the demo.
//!
//! `cargo bench -p splitknee-benches --bench paired`: criterion's times, then a table of ratios against R and SciPy, timed in the same run on the
//! same data where they are installed (`benches/peers/paired.R`, `paired.py`).

use criterion::Criterion;
use splitknee::analysis::{Context, pairs as planned};
use splitknee::math::random::Stream;
use splitknee::paired::catalogue::{self, Settings};
use splitknee::paired::{Options, bootstrap, permutation, wilcoxon};
use splitknee::plan;
use splitknee::trial::build::build;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Pairs of scores 0–100 rounded to `step`, correlated within the pair.
fn pairs(n: usize, step: f64) -> (Vec<f64>, Vec<f64>) {
    let mut stream = Stream::new(856, 0);
    let mut score = |level: f64| {
        let value: f64 = (level + 12.0 * stream.normal()).clamp(0.0, 100.0);
        if step > 0.0 { (value / step).round() * step } else { value }
    };
    let levels: Vec<f64> = (0..n).map(|index| 30.0 + 40.0 * index as f64 / n as f64).collect();
    (levels.iter().map(|level| score(*level)).collect(), levels.iter().map(|level| score(*level)).collect())
}

fn every_test(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("paired, 27 pairs of integers");
    let (treated, control) = pairs(27, 1.0);
    let yes = |side: &[f64]| side.iter().map(|value| f64::from(u8::from(*value > 50.0))).collect::<Vec<_>>();
    let settings = Settings { limits: Some((-10.0, 10.0)), margin: Some(10.0), ..Settings::default() };
    let grades = ["mcnemar", "stuart-maxwell", "bhapkar", "bowker", "proportional-odds", "kappa"];
    for name in catalogue::NAMES {
        let (a, b) = match name {
            name if grades.contains(&name) || name.starts_with("marginal") => (yes(&treated), yes(&control)),
            _ => (treated.clone(), control.clone()),
        };
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(catalogue::run(name, &a, &b, &Options::default(), &settings)))
        });
    }
    group.finish();
}

/// Seconds of the fastest of several runs.
fn best(runs: usize, mut work: impl FnMut()) -> f64 {
    let seconds = (0..runs).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    });
    seconds.fold(f64::INFINITY, f64::min)
}

/// Seconds per call of each peer that is installed, printed by the peer scripts.
fn peers(kind: &str, differences: &[f64]) -> Vec<(String, f64)> {
    let file = std::env::temp_dir().join(format!("splitknee-bench-{}-{kind}.csv", std::process::id()));
    let text: String = differences.iter().map(|d| format!("{d}\n")).collect();
    if std::fs::write(&file, text).is_err() {
        return Vec::new();
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
    let mut found = Vec::new();
    for (program, flag, script) in [("Rscript", "--vanilla", "paired.R"), ("python3", "-B", "paired.py")] {
        let output = Command::new(program).arg(flag).arg(folder.join(script)).arg(kind).arg(&file).output();
        let Ok(output) = output else { continue };
        // One line per peer: its name, a tab, seconds.
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            if let Some((name, seconds)) = line.split_once('\t')
                && let Ok(seconds) = seconds.trim().parse()
            {
                found.push((name.to_owned(), seconds));
            }
        }
    }
    let _ = std::fs::remove_file(&file);
    found
}

fn differences(n: usize, step: f64) -> Vec<f64> {
    let (treated, control) = pairs(n, step);
    treated.iter().zip(&control).map(|(a, b)| a - b).collect()
}

/// The tests that strain a program, each with its peers; the aim in milliseconds.
fn strained(criterion: &mut Criterion) -> Vec<String> {
    let (tied, real) = (differences(60, 5.0), differences(30, 0.0));
    let options = Options::default();
    type Work<'a> = (&'a str, &'a str, f64, &'a [f64], Box<dyn Fn() + 'a>);
    let works: [Work; 3] = [
        (
            "wilcoxon with ties, n = 60",
            "wilcoxon",
            1.0,
            &tied,
            Box::new(|| drop(black_box(wilcoxon::wilcoxon(&tied, wilcoxon::Settings::default(), &options)))),
        ),
        (
            "sign-flip on real values, n = 30",
            "sign-flip",
            50.0,
            &real,
            Box::new(|| drop(black_box(permutation::permutation(&real, permutation::Settings::default(), &options)))),
        ),
        (
            "BCa, 10 000 resamples, n = 30",
            "bca",
            20.0,
            &real,
            Box::new(|| drop(black_box(bootstrap::bootstrap(&real, bootstrap::Settings::default(), &options)))),
        ),
    ];
    let mut lines = Vec::new();
    for (name, kind, aim, data, work) in &works {
        let mut group = criterion.benchmark_group("paired, exact at size");
        group.sample_size(20).bench_function(*name, |bencher| bencher.iter(work));
        group.finish();
        let ours = best(9, work);
        lines.push(format!("{name}: {:.3} ms (aim {aim} ms)", 1e3 * ours));
        let found = peers(kind, data);
        if found.is_empty() {
            lines.push("    no peer installed".to_owned());
        }
        for (peer, seconds) in found {
            lines.push(format!("    {peer}: {:.1} ms, {:.0} times", 1e3 * seconds, seconds / ours));
        }
    }
    lines
}

/// All paired tests, effect sizes and correlations that the demo's plan runs, without the models.
fn demo(criterion: &mut Criterion) -> Option<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/ev-knee-synthetic");
    let plan = plan::load(&folder.join("plan.toml")).ok()?;
    let sources = plan::sources::read(&plan, &folder).ok()?;
    let (trial, _) = build(&plan.design(), &sources).ok()?;
    let context = Context { plan: &plan, trial: &trial, set: trial.sets.first()? };
    let all = || {
        let mut count = 0;
        for endpoint in 0..trial.design.endpoints.len() {
            for visit in context.visits(endpoint) {
                count += black_box(planned::tests(&context, endpoint, visit)).len();
                count += black_box(planned::describe(&context, endpoint, visit)).len();
                black_box(planned::correlation(&context, endpoint, visit));
                count += 1;
            }
        }
        count
    };
    criterion.bench_function("all paired tests of the demo", |bencher| bencher.iter(all));
    let seconds = best(9, || {
        black_box(all());
    });
    Some(format!("all {} paired tests of the demo: {:.2} ms (aim 5 ms)", all(), 1e3 * seconds))
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    every_test(&mut criterion);
    let mut lines = strained(&mut criterion);
    lines.extend(demo(&mut criterion));
    criterion.final_summary();
    lines.iter().for_each(|line| println!("{line}"));
}
