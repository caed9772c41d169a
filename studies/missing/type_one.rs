//! Type I error of the default imputation (conditional means, jackknife over patients, t) at 25 % of knees missing.
//!
//! `cargo run --release -p splitknee-stats --example missing-type-one -- 4000` prints the table of `README.md`.

use splitknee_stats::math::random::Stream;
use splitknee_stats::missing::analysis::Analysis;
use splitknee_stats::missing::condmean::Imputation;
use splitknee_stats::missing::delta::DeltaCells;
use splitknee_stats::missing::run::{Inference, surface};
use splitknee_stats::missing::trial::FitValues;
use splitknee_stats::missing::{Covariance, Event, Patient, Strategy, Trial};
use splitknee_stats::model::cells::CellStructure;

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
        Patient { label: format!("{i:04}"), baseline, values, events }
    });
    Trial {
        patients: patients.collect(),
        visits: (1..=visits).map(|v| format!("M{v}")).collect(),
        has_baseline: true,
        fit_values: FitValues::default(),
        discard: false,
    }
}

fn main() {
    let replicates: u64 = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(1000);
    println!("| patients | visits | covariance | strategy | fitted | t: rejected % | normal: rejected % |");
    println!("|---|---|---|---|---|---|---|");
    for n in [20, 30, 60] {
        for (visits, structure) in [(1, CellStructure::Us), (3, CellStructure::KronUsUs)] {
            for strategy in [Strategy::TreatmentPolicy, Strategy::JumpToReference] {
                // Three visits take ten times as long: a quarter of the replicates.
                let replicates = if visits == 1 { replicates } else { replicates / 4 };
                let (mut fitted, mut rejected) = (0_u32, [0_u32; 2]);
                for replicate in 0..replicates {
                    let trial = trial(20, replicate, n, visits, strategy).in_canonical_order();
                    let Ok(imputation) = Imputation::new(trial, structure, Covariance::Shared) else { continue };
                    let found = imputation.jackknife(Analysis::MeanDifference, visits - 1, DeltaCells::All);
                    let Ok(jackknife) = found else { continue };
                    fitted += 1;
                    for (inference, count) in
                        [Inference::JackknifeT, Inference::JackknifeNormal].into_iter().zip(&mut rejected)
                    {
                        let (surface, _, quantile) = surface(&jackknife, inference, 0.95);
                        *count += u32::from(surface.estimate.abs() > quantile * surface.q[0].sqrt());
                    }
                }
                let share = |k: u32| 100.0 * f64::from(k) / f64::from(fitted.max(1));
                println!(
                    "| {n} | {visits} | {} | {} | {fitted} of {replicates} | {:.2} | {:.2} |",
                    structure.name(),
                    strategy.name(),
                    share(rejected[0]),
                    share(rejected[1])
                );
            }
        }
    }
}
