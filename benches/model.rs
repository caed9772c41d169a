//! The mixed-model engine in process, with R timed on the same data in the same run where R is installed.
//!
//! `cargo bench -p splitknee-benches --bench model`: criterion's times, then a table of ratios against `benches/peers/model.R`, and the program
//! itself from a CSV file to contrasts.

use std::process::Command;
use std::time::Instant;

use criterion::Criterion;
use splitknee::model::{Columns, Ddf, FitOptions, Formula, LsMeansSpec, ReportOptions, fit};

/// A simulated split-knee trial as columns and as CSV text.
fn trial(patients: usize, visits: usize, missing: f64) -> (Columns, String) {
    let mut state = 3_u64;
    let mut uniform = move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut normal = {
        let mut u = move || uniform();
        move || ((0..12).map(|_| u()).sum::<f64>() - 6.0, u())
    };
    let (mut y, mut base, mut arm, mut visit, mut id) = (vec![], vec![], vec![], vec![], vec![]);
    let mut csv = String::from("y,base,arm,visit,id,knee\n");
    for i in 0..patients {
        let patient = 2.0 * normal().0;
        let times: Vec<f64> = (0..visits).map(|_| normal().0).collect();
        for treatment in ["A", "B"] {
            let (knee, own) = (1.5 * normal().0, 10.0 + 3.0 * normal().0);
            for (v, time) in times.iter().enumerate() {
                let (noise, chance) = normal();
                if chance < missing {
                    continue;
                }
                let value = 5.0 + patient + knee + time + 0.3 * own + noise;
                csv.push_str(&format!("{value},{own},{treatment},V{v},P{i:06},P{i:06}{treatment}\n"));
                y.push(value);
                base.push(own);
                arm.push(treatment);
                visit.push(format!("V{v}"));
                id.push(format!("P{i:06}"));
            }
        }
    }
    let mut table = Columns::new();
    let built = table
        .add_numeric("y", y)
        .and_then(|()| table.add_numeric("base", base))
        .and_then(|()| table.add_categorical("arm", arm.into_iter().map(Some)))
        .and_then(|()| table.add_categorical("visit", visit.into_iter().map(Some)))
        .and_then(|()| table.add_categorical("id", id.into_iter().map(Some)));
    assert!(built.is_ok(), "the columns have one length");
    (table, csv)
}

/// Fit, Kenward–Roger (or Satterthwaite), LS means and contrasts.
fn analyse(table: &Columns, formula: &str, ddf: Ddf) -> f64 {
    let options = ReportOptions {
        ddf,
        emmeans: vec![LsMeansSpec::parse("arm|visit")],
        contrasts: vec![LsMeansSpec::parse("arm|visit")],
        ..ReportOptions::default()
    };
    let report = Formula::parse(formula)
        .and_then(|f| fit(table, &f, &FitOptions::default()))
        .and_then(|model| model.report(&options));
    report.map_or_else(|error| panic!("{formula}: {error}"), |r| r.log_lik)
}

/// What R ran and its seconds per analysis, printed by the peer script; `None` where R or the packages are missing.
fn peer(kind: &str, csv: &str) -> Option<(String, f64)> {
    let file = std::env::temp_dir().join(format!("splitknee-bench-{}-{kind}.csv", std::process::id()));
    std::fs::write(&file, csv).ok()?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/model.R");
    let output = Command::new("Rscript").args(["--vanilla", script, kind]).arg(&file).output();
    let _ = std::fs::remove_file(&file);
    let printed = String::from_utf8(output.ok()?.stdout).ok()?;
    let (seconds, what) = printed.trim().split_once(' ')?;
    Some((what.to_owned(), seconds.parse().ok()?))
}

/// From a CSV file to contrasts by the program itself: seconds and, on Linux, the most memory it held (megabytes).
fn from_csv(csv: &str) -> Option<(f64, Option<f64>)> {
    let file = std::env::temp_dir().join(format!("splitknee-bench-{}.csv", std::process::id()));
    std::fs::write(&file, csv).ok()?;
    let start = Instant::now();
    let mut child = Command::new(program())
        .args(["model", "--formula", "y ~ arm*visit + base + (1|id) + (1|id:arm) + (1|id:visit)", "--format", "json"])
        .args(["--emmeans", "arm|visit", "--contrast", "arm", "--data"])
        .arg(&file)
        .stdout(std::process::Stdio::null())
        .spawn()
        .ok()?;
    let status = format!("/proc/{}/status", child.id());
    let mut most: Option<f64> = None;
    let ended = loop {
        if let Some(ended) = child.try_wait().ok()? {
            break ended;
        }
        let held = std::fs::read_to_string(&status).ok().and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("VmHWM"))?;
            line.split_whitespace().nth(1)?.parse::<f64>().ok()
        });
        most = held.map(|kilobytes| kilobytes / 1024.0).or(most);
        std::thread::sleep(std::time::Duration::from_millis(10));
    };
    let seconds = start.elapsed().as_secs_f64();
    let _ = std::fs::remove_file(&file);
    ended.success().then_some((seconds, most))
}

fn main() {
    let random = "y ~ arm*visit + base + (1|id) + (1|id:arm) + (1|id:visit)";
    let cells = "y ~ arm*visit + base + us(arm:visit|id)";
    let work: [(&str, usize, usize, f64, &str, Ddf, &str); 5] = [
        ("demo: 31 patients, 4 components, Kenward-Roger", 31, 2, 0.05, random, Ddf::KenwardRoger, "lmer"),
        ("us over 4 cells, 29 patients, Kenward-Roger", 29, 2, 0.0, cells, Ddf::KenwardRoger, "mmrm"),
        ("us over 12 cells, 29 patients, Kenward-Roger", 29, 6, 0.0, cells, Ddf::KenwardRoger, "mmrm"),
        ("us over 8 cells, 200 patients, Kenward-Roger", 200, 4, 0.05, cells, Ddf::KenwardRoger, "mmrm"),
        ("us over 8 cells, 200 patients, Satterthwaite", 200, 4, 0.05, cells, Ddf::Satterthwaite, "mmrm-satterthwaite"),
    ];
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let mut lines = Vec::new();
    for (name, patients, visits, missing, formula, ddf, kind) in work {
        let (table, csv) = trial(patients, visits, missing);
        criterion.bench_function(name, |b| b.iter(|| analyse(&table, formula, ddf)));
        let best = (0..5)
            .map(|_| {
                let start = Instant::now();
                std::hint::black_box(analyse(&table, formula, ddf));
                start.elapsed().as_secs_f64()
            })
            .fold(f64::INFINITY, f64::min);
        lines.push(match peer(kind, &csv) {
            Some((what, r)) => {
                format!("{name}: {:.3} ms, R ({what}) {:.0} ms, {:.0} times", 1e3 * best, 1e3 * r, r / best)
            }
            None => format!("{name}: {:.3} ms, R ({kind}) not installed", 1e3 * best),
        });
    }
    for patients in [10_000, 100_000] {
        let (table, csv) = trial(patients, 4, 0.02);
        let start = Instant::now();
        std::hint::black_box(analyse(&table, random, Ddf::KenwardRoger));
        lines.push(format!("{patients} patients, random model, in process: {:.2} s", start.elapsed().as_secs_f64()));
        drop(table);
        lines.push(match from_csv(&csv) {
            Some((seconds, memory)) => {
                let memory = memory.map_or_else(String::new, |megabytes| format!(", {megabytes:.0} MB"));
                format!("{patients} patients, random model, from CSV to contrasts: {seconds:.2} s{memory}")
            }
            None => format!("{patients} patients, from CSV: the program failed"),
        });
    }
    criterion.final_summary();
    lines.iter().for_each(|line| println!("{line}"));
}

/// The program, built beside this benchmark: `cargo build --release` first.
fn program() -> std::path::PathBuf {
    let here = std::env::current_exe().expect("a running benchmark has a path");
    here.ancestors().nth(2).expect("target/release/deps").join("splitknee")
}
