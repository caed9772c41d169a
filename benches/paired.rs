//! Every paired test by name on 27 to 60 pairs, and the exact ones at the sizes that strain them.

use criterion::{Criterion, criterion_group, criterion_main};
use splitknee::math::random::Stream;
use splitknee::paired::catalogue::{self, Settings};
use splitknee::paired::{Options, bootstrap, permutation, wilcoxon};
use std::hint::black_box;

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
    let settings = Settings { limits: Some((-10.0, 10.0)), ..Settings::default() };
    for name in catalogue::NAMES {
        let (a, b) = match name {
            "mcnemar" | "stuart-maxwell" | "bowker" => (yes(&treated), yes(&control)),
            _ => (treated.clone(), control.clone()),
        };
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(catalogue::run(name, &a, &b, &Options::default(), &settings)))
        });
    }
    group.finish();
}

fn strained(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("paired, exact at size");
    group.sample_size(20);
    let differences = |n, step| {
        let (treated, control) = pairs(n, step);
        treated.iter().zip(&control).map(|(a, b)| a - b).collect::<Vec<f64>>()
    };
    let tied = differences(60, 5.0);
    group.bench_function("wilcoxon with ties, n = 60", |bencher| {
        bencher.iter(|| black_box(wilcoxon::wilcoxon(&tied, wilcoxon::Settings::default(), &Options::default())))
    });
    let real = differences(30, 0.0);
    group.bench_function("sign-flip on real values, n = 30", |bencher| {
        bencher
            .iter(|| black_box(permutation::permutation(&real, permutation::Settings::default(), &Options::default())))
    });
    group.bench_function("BCa, 10 000 resamples, n = 30", |bencher| {
        bencher.iter(|| black_box(bootstrap::bootstrap(&real, bootstrap::Settings::default(), &Options::default())))
    });
    group.finish();
}

criterion_group!(benches, every_test, strained);
criterion_main!(benches);
