//! Each figure as SVG at the size of the motivating trial (31 patients, 3 visits) and of a large one (400 patients,
//! 40 visits), and as PNG at 300 dots per inch.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use splitknee::figure::png;

#[path = "../tests/figures/inputs.rs"]
mod inputs;

fn bench(c: &mut Criterion) {
    for words in [inputs::short(), inputs::long(), inputs::japanese(), inputs::hostile()] {
        let name = format!("figure/svg/{}/all", words.name);
        c.bench_function(&name, |b| b.iter(|| inputs::all(black_box(&words), false)));
    }
    let words = inputs::short();
    for (size, large) in [("trial", false), ("large", true)] {
        for (kind, draw) in inputs::drawings() {
            c.bench_function(&format!("figure/svg/{size}/{kind}"), |b| b.iter(|| draw(black_box(&words), large)));
        }
        let mut group = c.benchmark_group(format!("figure/png/{size}"));
        group.sample_size(10);
        for figure in inputs::all(&words, large) {
            group.bench_function(&figure.id, |b| b.iter(|| png(black_box(&figure.svg), 300.0)));
        }
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
