//! Each figure as SVG at the size of the motivating trial (31 patients) and of a large one (400), and the SVG to PNG.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use splitknee::figure::scene::Arm;
use splitknee::figure::{
    Better, Figure, FigureError, Heading, MeanCi, Style, adverse_event_timeline as events, bland_altman,
    cumulative_responder as responder, differences, flow, forest, missingness, paired_slopes as slopes, png, profiles,
    residuals, sensitivity_forest, shift_bars, waterfall,
};

/// Fractional parts of multiples of the golden ratio: they fill (0, 1) evenly, the same on every run.
fn number(i: usize, salt: usize) -> f64 {
    ((i * 7 + salt * 13 + 1) as f64 * 0.618_033_988_749_895).fract()
}

fn mean(n: usize, at: f64) -> MeanCi {
    MeanCi { n, mean: Some(at), low: Some(at - 6.0), high: Some(at + 6.0) }
}

fn values(n: usize) -> Vec<(String, f64)> {
    (0..n).map(|i| (format!("EV-{i:03}"), (60.0 * (number(i, 2) - 0.55)).round())).collect()
}

type Drawing = Box<dyn Fn(&Style) -> Result<Figure, FigureError>>;

/// Every figure of a trial of `n` patients.
fn figures(n: usize) -> Vec<(&'static str, Drawing)> {
    let heading = || Heading::new("vas", "14.2.1", "VAS pain");
    let visits = ["Baseline", "Month 2", "Month 6"];
    let rows: Vec<forest::Row> =
        visits.map(|v| forest::Row { label: v.into(), difference: mean(n, -3.0), primary: false }).into();

    let profile = profiles::Profiles {
        heading: heading(),
        visits: [0.0, 2.0, 6.0]
            .map(|time| profiles::Visit { label: "Visit".into(), time, active: mean(n, 50.0), placebo: mean(n, 52.0) })
            .into(),
        limits: None,
        labels: profiles::Labels::english("VAS pain (mm)"),
    };
    let pair = |i: usize, v: usize| slopes::Pair {
        patient: format!("EV-{i:03}"),
        active: Some(100.0 * number(i, v)),
        placebo: Some(100.0 * number(i, v + 5)),
    };
    let panel = |v: usize| slopes::Panel {
        label: visits[v].into(),
        pairs: (0..n).map(|i| pair(i, v)).collect(),
        active: mean(n, 45.0),
        placebo: mean(n, 47.0),
        note: String::new(),
    };
    let slope = slopes::PairedSlopes {
        heading: heading(),
        panels: (0..3).map(panel).collect(),
        limits: Some((0.0, 100.0)),
        value_label: "VAS pain (mm)".into(),
        better_label: String::new(),
    };
    let difference = differences::Differences {
        heading: heading(),
        rows: visits
            .map(|v| differences::Row { label: v.into(), differences: values(n), quartiles: None, mean: mean(n, -3.0) })
            .into(),
        mcid: Some(19.9),
        better: Better::Lower,
        decimals: 1,
        labels: differences::Labels::english("VAS pain (mm)", "EV", "saline"),
    };
    let block = |e: usize| forest::Block {
        label: format!("Endpoint {e}"),
        rows: rows.clone(),
        mcid: Some(10.0),
        better: Better::Lower,
        decimals: 1,
    };
    let labels = forest::Labels::english("EV", "saline");
    let trees = forest::Forest { heading: heading(), blocks: (0..6).map(block).collect(), labels: labels.clone() };
    let sensitivity = sensitivity_forest::SensitivityForest {
        heading: heading(),
        label: "VAS pain".into(),
        rows,
        mcid: Some(19.9),
        better: Better::Lower,
        decimals: 1,
        labels,
    };
    let count = flow::Count { patients: n, knees: 2 * n };
    let step = flow::Step {
        label: "Randomised".into(),
        count,
        by_arm: Some([n, n]),
        leaving_label: String::new(),
        leaving: vec![],
    };
    let stream = flow::Flow { heading: heading(), steps: vec![step; 4], labels: flow::Labels::english() };
    let point = |(i, (patient, difference))| bland_altman::Point { patient, mean: 100.0 * number(i, 9), difference };
    let agreement = bland_altman::BlandAltman {
        heading: heading(),
        points: values(n).into_iter().enumerate().map(point).collect(),
        bias: mean(n, -3.0),
        lower: mean(n, -30.0),
        upper: mean(n, 24.0),
        decimals: 1,
        labels: bland_altman::Labels::english("VAS pain (mm)", "EV", "saline"),
    };
    let curve = responder::Curve { n, steps: (0..60).map(|i| (f64::from(i), 100.0 - f64::from(i) * 1.6)).collect() };
    let response = responder::CumulativeResponder {
        heading: heading(),
        active: curve.clone(),
        placebo: curve,
        thresholds: vec![responder::Threshold { at: 19.9, label: "MCID".into() }],
        labels: responder::Labels::english("VAS pain (mm)"),
    };
    let fall = waterfall::Waterfall {
        heading: heading(),
        differences: values(n),
        mcid: Some(19.9),
        better: Better::Lower,
        labels: waterfall::Labels::english("VAS pain (mm)", "EV", "saline", n),
    };
    let bar = |arm| shift_bars::Bar { arm, label: "Month 6".into(), counts: vec![6, 14, 8, 1], note: String::new() };
    let finding = shift_bars::Finding {
        label: "Effusion-synovitis".into(),
        grades: ["0", "1", "2", "3"].map(String::from).into(),
        bars: vec![bar(Arm::Active), bar(Arm::Placebo)],
    };
    let shift =
        shift_bars::ShiftBars { heading: heading(), findings: vec![finding; 4], labels: shift_bars::Labels::english() };
    let cell = |i: usize| if i.is_multiple_of(17) { missingness::Cell::Missing } else { missingness::Cell::Observed };
    let map = missingness::Missingness {
        heading: heading(),
        visits: visits.map(String::from).into(),
        patients: (0..n)
            .map(|i| missingness::Patient {
                label: format!("EV-{i:03}"),
                visits: (0..3).map(|v| [cell(i + 3 * v), cell(i + 5 * v)]).collect(),
            })
            .collect(),
        labels: missingness::Labels::english(),
    };
    let residual = |i: usize| residuals::Residual {
        label: String::new(),
        quantile: 4.0 * number(i, 1) - 2.0,
        fitted: 100.0 * number(i, 2),
        residual: 4.0 * number(i, 1) - 2.1,
    };
    let residual = residuals::Residuals {
        heading: heading(),
        residuals: (0..4 * n).map(residual).collect(),
        labels: residuals::Labels::english("VAS pain (mm)"),
    };
    let event = |i: usize| events::Event {
        patient: format!("EV-{i:03}"),
        term: "Local heat".into(),
        site: events::Site::Knee(Arm::Active),
        serious: false,
        start: 180.0 * number(i, 3),
        end: Some(180.0 * number(i, 3) + 3.0),
    };
    let timeline = events::AdverseEventTimeline {
        heading: heading(),
        events: (0..20).map(event).collect(),
        visits: vec![],
        last_day: 190.0,
        labels: events::Labels::english(),
    };
    vec![
        ("profiles", Box::new(move |s: &Style| profiles::draw(&profile, s)) as Drawing),
        ("paired_slopes", Box::new(move |s: &Style| slopes::draw(&slope, s))),
        ("differences", Box::new(move |s: &Style| differences::draw(&difference, s))),
        ("forest", Box::new(move |s: &Style| forest::draw(&trees, s))),
        ("sensitivity_forest", Box::new(move |s: &Style| sensitivity_forest::draw(&sensitivity, s))),
        ("flow", Box::new(move |s: &Style| flow::draw(&stream, s))),
        ("bland_altman", Box::new(move |s: &Style| bland_altman::draw(&agreement, s))),
        ("cumulative_responder", Box::new(move |s: &Style| responder::draw(&response, s))),
        ("waterfall", Box::new(move |s: &Style| waterfall::draw(&fall, s))),
        ("shift_bars", Box::new(move |s: &Style| shift_bars::draw(&shift, s))),
        ("missingness", Box::new(move |s: &Style| missingness::draw(&map, s))),
        ("residuals", Box::new(move |s: &Style| residuals::draw(&residual, s))),
        ("adverse_event_timeline", Box::new(move |s: &Style| events::draw(&timeline, s))),
    ]
}

fn bench(c: &mut Criterion) {
    let style = Style::new(Default::default(), "EV", "Saline");
    for n in [31, 400] {
        let mut group = c.benchmark_group(format!("figure/svg/{n}"));
        for (name, draw) in figures(n) {
            group.bench_function(name, |b| b.iter(|| draw(black_box(&style))));
        }
        group.finish();
        let mut group = c.benchmark_group(format!("figure/png/{n}"));
        group.sample_size(10);
        for (name, draw) in figures(n) {
            let Ok(figure) = draw(&style) else { continue };
            group.bench_function(name, |b| b.iter(|| png(black_box(&figure.svg), 300.0)));
        }
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
