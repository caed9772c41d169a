//! Do adjusted contrasts of several arms within a person hold the family-wise level with few persons?
//!
//! `cargo run -p splitknee-stats --example study-contrasts > studies/contrasts/results.csv` (some minutes; the seed is below).
//! No arm differs from another. Designs: `two-of-three` (each person has two of three arms, in turn), `three` and `four`
//! (every person has all arms). Settings: `equal`, the persons' SD 1 and the residual SD 1; `negative`, sites of a person correlated −0.2; `unequal`, the last arm with three times the residual SD; `skewed`,
//! residuals from a log-normal distribution. The model is that of a plan: `value ~ arm + cs(arm|id)`, Kenward–Roger.
//!
//! Written: the share of trials in which some contrast of the family has an adjusted p-value of at most 5 %. The Monte Carlo
//! standard error of 5 % is 0.9 points (600 trials).

use splitknee_stats::math::random::Stream;
use splitknee_stats::model::adjust::Adjust;
use splitknee_stats::model::{Columns, Ddf, FitOptions, Formula, LsMeansSpec, ReportOptions, fit};

const SEED: u64 = 20_261_129;
const TRIALS: u64 = 600;
/// Design, arms, persons.
const DESIGNS: [(&str, usize, &[usize]); 3] =
    [("two-of-three", 3, &[9, 15]), ("three", 3, &[6, 12]), ("four", 4, &[6])];
const SETTINGS: [&str; 4] = ["equal", "negative", "unequal", "skewed"];
const ARMS: [&str; 4] = ["A", "B", "C", "D"];
/// The all-pairs family under each adjustment, and the comparisons with the first arm under Dunnett's.
const ADJUSTED: [(&str, Adjust); 5] = [
    ("none", Adjust::None),
    ("mvt", Adjust::MultivariateT),
    ("tukey", Adjust::Tukey),
    ("holm", Adjust::Holm),
    ("dunnett", Adjust::Dunnett),
];

fn main() {
    println!("design,persons,setting,adjust,rejects,no_answer");
    for (d, (design, arms, sizes)) in DESIGNS.into_iter().enumerate() {
        for &persons in sizes {
            for (s, setting) in SETTINGS.into_iter().enumerate() {
                let mut rejects = [0_u64; ADJUSTED.len()];
                let mut none = 0_u64;
                for trial in 0..TRIALS {
                    let stream = (d as u64) << 48 | (s as u64) << 40 | (persons as u64) << 32 | trial;
                    match smallest(&drawn(design, arms, persons, setting, &mut Stream::new(SEED, stream))) {
                        None => none += 1,
                        Some(found) => rejects.iter_mut().zip(found).for_each(|(n, p)| *n += u64::from(p <= 0.05)),
                    }
                }
                let share = |count: u64| count as f64 / TRIALS as f64;
                for ((name, _), count) in ADJUSTED.iter().zip(rejects) {
                    println!("{design},{persons},{setting},{name},{:.4},{:.4}", share(count), share(none));
                }
            }
        }
    }
}

/// A trial in which no arm differs.
fn drawn(design: &str, arms: usize, persons: usize, setting: &str, stream: &mut Stream) -> Columns {
    let (mut ids, mut labels, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for person in 0..persons {
        let own: Vec<usize> = match design {
            "two-of-three" => vec![person % 3, (person + 1) % 3],
            _ => (0..arms).collect(),
        };
        let level = stream.normal();
        let residuals: Vec<f64> = own
            .iter()
            .map(|arm| match setting {
                "unequal" if arm + 1 == arms => 3.0 * stream.normal(),
                "skewed" => stream.normal().exp(),
                _ => stream.normal(),
            })
            .collect();
        // Sites less alike than strangers: part of their mean is taken away.
        let mean = residuals.iter().sum::<f64>() / residuals.len() as f64;
        let n = own.len() as f64;
        // Correlation −0.2 of n sites: variance of the mean (1 − 0.2 (n − 1))/n instead of 1/n.
        let kept = (1.0 - 0.2 * (n - 1.0)).max(0.0).sqrt();
        for (arm, residual) in own.iter().zip(&residuals) {
            ids.push(format!("P{person}"));
            labels.push(ARMS[*arm]);
            values.push(match setting {
                "negative" => residual - mean + kept * mean,
                _ => level + residual,
            });
        }
    }
    let mut columns = Columns::new();
    columns.add_numeric("value", values).expect("numbers");
    columns.add_categorical("id", ids.iter().map(|id| Some(id.as_str()))).expect("persons");
    columns.add_categorical("arm", labels.iter().map(|label| Some(*label))).expect("arms");
    columns.set_levels("arm", &ARMS[..arms]).expect("levels");
    columns
}

/// The smallest adjusted p-value under each adjustment; `None` where the model has no answer.
fn smallest(columns: &Columns) -> Option<[f64; ADJUSTED.len()]> {
    let formula = Formula::parse("value ~ arm + cs(arm|id)").ok()?;
    let fitted = fit(columns, &formula, &FitOptions::default()).ok()?;
    let mut found = [1.0; ADJUSTED.len()];
    for (smallest, (_, adjust)) in found.iter_mut().zip(ADJUSTED) {
        let against = (adjust == Adjust::Dunnett).then(|| ARMS[0].to_owned());
        let options = ReportOptions {
            ddf: Ddf::KenwardRoger,
            emmeans: vec![LsMeansSpec::parse("arm")],
            contrasts: vec![LsMeansSpec { against, ..LsMeansSpec::parse("arm") }],
            adjust: Some(adjust),
            ..ReportOptions::default()
        };
        let report = fitted.report(&options).ok()?;
        let p = |contrast: &splitknee_stats::model::ContrastRecord| match adjust {
            Adjust::None => contrast.p_value,
            _ => contrast.adjusted.and_then(|adjusted| adjusted.p_adjusted),
        };
        let all: Option<Vec<f64>> = report.contrasts.iter().map(p).collect();
        *smallest = all?.into_iter().fold(1.0, f64::min);
    }
    Some(found)
}
