//! `check` of a large trial: 125 000 patients × 2 knees × 4 visits, one million rows of CSV with twelve columns.
//!
//! Aim: under 2 s and under 600 MB on 2 cores (release build). The largest memory of the process is printed at the end.

use criterion::{Criterion, criterion_group, criterion_main};
use splitknee::pipeline;
use splitknee::trial::Severity;
use splitknee::trial::build::build;
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;

const PATIENTS: usize = 125_000;
const VISITS: [(&str, u32, &str); 4] = [
    ("Baseline", 0, "2024-01-10"),
    ("Month 1", 1, "2024-02-10"),
    ("Month 3", 3, "2024-04-10"),
    ("Month 6", 6, "2024-07-10"),
];

const PLAN: &str = r#"
[trial]
id = "LARGE"
title = "A large trial"
synthetic = true

[data]
path = "knees.csv"
columns = { patient = "id", knee = "side", arm = "arm", visit = "visit", month = "month", date = "date" }

[arms]
active = "EV"
placebo = "SALINE"

[visits]
order = ["Baseline", "Month 1", "Month 3", "Month 6"]
baseline = "Baseline"
primary = "Month 6"
"#;

/// Name, column, and what the plan says of it.
const ENDPOINTS: [(&str, &str, &str); 6] = [
    ("VAS pain", "vas", "range = [0, 100]\nbetter = \"lower\"\nrole = \"primary\"\nunit = \"mm\"\ndecimals = 0"),
    ("Pain", "pain", "range = [0, 20]\nbetter = \"lower\"\ndecimals = 0"),
    ("Stiffness", "stiffness", "range = [0, 8]\nbetter = \"lower\"\ndecimals = 0"),
    ("Total", "total", "range = [0, 28]\nbetter = \"lower\"\nsum_of = [\"pain\", \"stiffness\"]\ndecimals = 0"),
    ("Lequesne", "lequesne", "range = [0, 24]\nstep = 0.5\nbetter = \"lower\"\ndecimals = 1"),
    ("Volume", "volume", "better = \"higher\"\ndecimals = 0"),
];

fn plan_text() -> String {
    let endpoint = |(name, column, more): &(&str, &str, &str)| {
        format!("[[endpoint]]\nname = \"{name}\"\ncolumn = \"{column}\"\n{more}\n\n")
    };
    format!("{PLAN}\n{}", ENDPOINTS.iter().map(endpoint).collect::<String>())
}

/// Writes plan and data into `folder`.
fn write_trial(folder: &Path) {
    let mut state: u64 = 7;
    // A linear congruential generator (Knuth's MMIX constants), upper bits.
    let mut draw = |low: u64, high: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        low + (state >> 33) % (high - low + 1)
    };
    let mut text = String::from("id,side,visit,month,date,arm,vas,pain,stiffness,total,lequesne,volume\n");
    for patient in 0..PATIENTS {
        let active = if draw(0, 1) == 0 { "LEFT" } else { "RIGHT" };
        for (label, month, date) in VISITS {
            for side in ["LEFT", "RIGHT"] {
                let arm = if side == active { "EV" } else { "SALINE" };
                let (vas, pain, stiffness) = (draw(21, 79), draw(4, 16), draw(1, 7));
                let (half_points, volume) = (draw(8, 40), draw(2000, 2400));
                let _ = writeln!(
                    text,
                    "P{patient:06},{side},{label},{month},{date},{arm},{vas},{pain},{stiffness},{},{}.{},{volume}",
                    pain + stiffness,
                    half_points / 2,
                    half_points % 2 * 5
                );
            }
        }
    }
    std::fs::write(folder.join("knees.csv"), text).expect("the data are written");
    std::fs::write(folder.join("plan.toml"), plan_text()).expect("the plan is written");
}

fn check(plan: &Path) -> usize {
    let inputs = pipeline::read(plan).expect("plan and data are read");
    let (trial, findings) = build(&inputs.plan.design(), &inputs.sources).expect("the trial is valid");
    assert!(findings.iter().all(|finding| finding.severity != Severity::Error));
    trial.patients.len()
}

/// The largest resident memory of this process, where the system says it.
fn largest_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map(|rest| rest.trim().to_owned())
}

fn large(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write_trial(folder.path());
    let plan = folder.path().join("plan.toml");
    let mut group = criterion.benchmark_group("check");
    group.sample_size(10);
    group.bench_function("one million rows of CSV", |bencher| bencher.iter(|| black_box(check(&plan))));
    group.finish();
    println!("largest memory: {}", largest_memory().unwrap_or_else(|| "not known".to_owned()));
}

criterion_group!(benches, large);
criterion_main!(benches);
