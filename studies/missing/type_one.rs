//! Type I error of the default imputation (conditional means, jackknife over patients, t) at 25 % of knees missing.
//!
//! `cargo run --release -p splitknee-stats --example missing-type-one -- 8000` adds the blocks that `results.csv` lacks up to
//! 8 000 trials of every setting and prints the table of `README.md`; without a number it prints the table alone.

use rayon::prelude::*;
use splitknee_stats::math::random::Stream;
use splitknee_stats::missing::trial::FitValues;
use splitknee_stats::missing::{Covariate, Event, Patient, Request, Strategy, Trial, run_with};
use splitknee_stats::model::cells::CellStructure;
use std::io::Write as _;

/// A trial without a true difference: both knees share the patient, change depends on the knee's baseline.
fn trial(seed: u64, replicate: u64, n: usize, visits: usize, strategy: Strategy) -> Trial {
    let mut stream = Stream::new(seed, replicate);
    let patients = (0..n).map(|i| {
        let person = 8.0 * stream.normal();
        let baseline = [0, 1].map(|_| 60.0 + person + 8.0 * stream.normal());
        let mut values = Vec::new();
        let mut events = [None, None];
        for arm in 0..2 {
            let knee = 6.0 * stream.normal();
            // A quarter of the knees is lost, from a random visit on.
            let lost = if stream.uniform() < 0.25 { stream.below(visits) } else { visits };
            if lost < visits {
                events[arm] = Some(Event { visit: lost, strategy });
            }
            for v in 0..visits {
                let y = -6.0 - 0.4 * (baseline[arm] - 60.0) + person + knee + 7.0 * stream.normal();
                values.push((v < lost).then_some(y));
            }
        }
        Patient { label: format!("{i:04}"), baseline, values, events, covariates: Vec::new() }
    });
    Trial {
        patients: patients.collect(),
        visits: (1..=visits).map(|v| format!("M{v}")).collect(),
        has_baseline: true,
        covariates: Vec::new(),
        fit_values: FitValues::default(),
        discard: false,
    }
}

/// An age and a site, drawn from a stream of their own, which move both knees of the patient.
fn add_covariates(trial: &mut Trial, replicate: u64) {
    let mut stream = Stream::new(21, replicate);
    let sites = ["A", "B", "C"].map(str::to_owned).to_vec();
    trial.covariates = vec![Covariate::number("age"), Covariate::factor("site", sites)];
    for patient in &mut trial.patients {
        let (age, site) = (45.0 + stream.below(35) as f64, stream.below(3));
        let moved = 0.3 * (age - 62.0) + [-4.0, 0.0, 4.0][site];
        patient.values.iter_mut().flatten().for_each(|value| *value += moved);
        patient.covariates = vec![[age; 2], [site as f64; 2]];
    }
}

/// Trials of one block; a line of `results.csv` each, so that a study goes on where it stopped.
const BLOCK: u64 = 250;

/// A setting of the study.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Setting {
    n: usize,
    visits: usize,
    strategy: Strategy,
    /// Whether an age and a site of three levels are in the law of the outcome and in the imputation model.
    covariates: bool,
}

impl Setting {
    fn name(self) -> String {
        let with = if self.covariates { " with covariates" } else { "" };
        format!("{},{},{}{with}", self.n, self.visits, self.strategy.name())
    }

    fn all() -> Vec<Self> {
        let of = |n| [1, 3].into_iter().map(move |visits| (n, visits));
        let strategies = |(n, visits)| {
            [Strategy::TreatmentPolicy, Strategy::JumpToReference].map(|strategy| Setting {
                n,
                visits,
                strategy,
                covariates: false,
            })
        };
        let plain = [20, 30, 60].into_iter().flat_map(of).flat_map(strategies);
        let small = of(20).flat_map(strategies).map(|setting| Setting { covariates: true, ..setting });
        plain.chain(small).collect()
    }

    /// Trials with an answer, with another covariance than `us`, rejected by t, rejected by the normal.
    fn block(self, block: u64) -> [u64; 4] {
        let one = |replicate: u64| -> [u64; 4] {
            let mut trial = trial(20, replicate, self.n, self.visits, self.strategy);
            if self.covariates {
                add_covariates(&mut trial, replicate);
            }
            let request = Request { at: self.visits - 1, ..Request::default() };
            match run_with(&trial, &request, &[CellStructure::KronUsUs, CellStructure::KronCsUs]) {
                Ok(found) => [
                    1,
                    u64::from(found.structure != "us"),
                    u64::from(found.p_value <= 0.05),
                    u64::from(found.statistic.abs() > 1.959_963_984_540_054),
                ],
                Err(_) => [0; 4],
            }
        };
        let sum = |a: [u64; 4], b: [u64; 4]| [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]];
        (block * BLOCK..(block + 1) * BLOCK).into_par_iter().map(one).reduce(|| [0; 4], sum)
    }
}

fn main() -> std::io::Result<()> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../studies/missing/results.csv");
    let header = "patients,visits,strategy,block,trials,answered,other_covariance,rejected_t,rejected_normal\n";
    let known = std::fs::read_to_string(file).unwrap_or_default();
    if known.is_empty() {
        std::fs::write(file, header)?;
    }
    if let Some(replicates) = std::env::args().nth(1).and_then(|a| a.parse::<u64>().ok()) {
        // Block by block over all settings: a study that is stopped has all of them.
        for block in 0..replicates.div_ceil(BLOCK) {
            for setting in Setting::all() {
                let key = format!("{},{block},", setting.name());
                if known.lines().any(|line| line.starts_with(&key)) {
                    continue;
                }
                let [answered, other, t, normal] = setting.block(block);
                let mut out = std::fs::OpenOptions::new().append(true).open(file)?;
                writeln!(out, "{key}{BLOCK},{answered},{other},{t},{normal}")?;
            }
        }
    }
    println!(
        "| patients | visits | strategy | trials | another covariance | t: rejected % (SE) | normal: rejected % (SE) |"
    );
    println!("|---|---|---|---|---|---|---|");
    let known = std::fs::read_to_string(file)?;
    for setting in Setting::all() {
        let mut sum = [0.0; 5];
        for line in known.lines().filter(|line| line.starts_with(&format!("{},", setting.name()))) {
            for (total, cell) in sum.iter_mut().zip(line.split(',').skip(4)) {
                *total += cell.parse::<f64>().unwrap_or(0.0);
            }
        }
        let [trials, answered, other, t, normal] = sum;
        let share = |k: f64| {
            let p = k / answered.max(1.0);
            format!("{:.2} ({:.2})", 100.0 * p, 100.0 * (p * (1.0 - p) / answered.max(1.0)).sqrt())
        };
        let Setting { n, visits, strategy, covariates } = setting;
        let with = if covariates { " with covariates" } else { "" };
        println!(
            "| {n} | {visits} | {}{with} | {answered} of {trials} | {other} | {} | {} |",
            strategy.name(),
            share(t),
            share(normal)
        );
    }
    Ok(())
}
