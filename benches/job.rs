//! The main job on the synthetic trial: load and validate, analyse, write up, and the whole of it.

use criterion::{Criterion, criterion_group, criterion_main};
use splitknee::pipeline::{self, Inputs};
use std::hint::black_box;

const PLAN: &str = include_str!("../datasets/ev-knee-synthetic/plan.toml");

fn inputs() -> Inputs {
    let load =
        |name: &str| std::fs::read(format!("{}/../datasets/ev-knee-synthetic/{name}", env!("CARGO_MANIFEST_DIR")));
    pipeline::read_from(PLAN, "plan.toml", load).expect("the data set inside the project is valid")
}

fn job(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("demo");
    group.sample_size(20);
    group.bench_function("load plan and data", |bencher| bencher.iter(|| black_box(inputs())));
    group.bench_function("load, validate and analyse", |bencher| {
        bencher.iter(|| black_box(pipeline::analyse(inputs()).expect("valid")))
    });
    let run = pipeline::analyse(inputs()).expect("valid");
    group.bench_function("tables, figures (SVG and PNG), report", |bencher| {
        bencher.iter(|| black_box(pipeline::write_up(&run).expect("drawn")))
    });
    group.bench_function("whole job", |bencher| {
        bencher.iter(|| {
            let run = pipeline::analyse(inputs()).expect("valid");
            black_box(pipeline::write_up(&run).expect("drawn"))
        })
    });
    group.finish();
}

criterion_group!(benches, job);
criterion_main!(benches);
