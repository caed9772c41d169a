//! Which method compares counts per exposure? Type I error and power of the candidates at 10 to 60 pairs.
//!
//! `cargo run -p splitknee-stats --example study-counts > studies/counts/results.csv` (half an hour; the seed is in the code).
//! With a number it goes on from the setting of that number, counted from 0, and prints no head.
//! A cell is `TRIALS` trials; its Monte Carlo standard error at 5 % is 0.34 points. `share` is the share of trials with
//! p ≤ 0.05, `no-answer` the share without a p-value (these count as not rejected). Settings end in the true rate ratio.
//!
//! The count of a knee is Poisson with mean rate × exposure × patient × knee, the last two gamma with mean 1: the variance
//! of the patients is 0.5, so that the knees of a pair are correlated; that of the knees is 0 (Poisson within the patient),
//! 0.5 or 1 (negative binomial with θ of 2 or 1). Exposures are 28 days, or 7, 14, 21 or 28 on placebo and 21 or 28 on
//! active: knees on placebo are observed for a shorter time, and more counts are then no higher rate.

use rayon::prelude::*;
use splitknee_stats::math::random::Stream;
use splitknee_stats::model::gee::{GeeCovariance, GeeFamily, GeeOptions};
use splitknee_stats::model::gee_report::{GeeComparisons, gee};
use splitknee_stats::model::generalised::Family;
use splitknee_stats::model::generalised_report::{GeneralisedOptions, fit_generalised};
use splitknee_stats::model::offset::Offset;
use splitknee_stats::model::{Columns, Formula};
use splitknee_stats::paired::counts::{CountedPairs, PValue, counts};
use splitknee_stats::paired::paired_t::paired_t;
use splitknee_stats::paired::{Field, Options};

const TRIALS: u64 = 4000;
const PAIRS: [usize; 4] = [10, 20, 30, 60];
const SEED: u64 = 20_261_129;

/// One way in which trials are drawn.
#[derive(Debug, Clone, Copy)]
struct Setting {
    /// Mean count in 28 days on placebo.
    mean: f64,
    /// Shape of the gamma between the knees of a patient; `None`: none.
    knees: Option<u32>,
    equal: bool,
    visits: usize,
    ratio: f64,
}

impl Setting {
    fn name(self) -> String {
        let spread = self.knees.map_or("poisson".to_owned(), |shape| format!("nb{shape}"));
        let exposure = if self.equal { "equal" } else { "unequal" };
        let visits = if self.visits > 1 { "/3-visits-baseline" } else { "" };
        format!("{spread}/mean={}/{exposure}{visits}/ratio={}", self.mean, self.ratio)
    }

    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for ratio in [1.0, 0.6] {
            for knees in [None, Some(2), Some(1)] {
                for mean in [1.0, 3.0] {
                    for equal in [true, false] {
                        if ratio == 1.0 || mean == 3.0 && knees == Some(2) {
                            all.push(Self { mean, knees, equal, visits: 1, ratio });
                        }
                    }
                }
            }
        }
        all.extend([None, Some(1)].map(|knees| Self { mean: 3.0, knees, equal: false, visits: 3, ratio: 1.0 }));
        all
    }
}

/// Gamma with mean 1 and a whole-numbered shape: a mean of exponentials.
fn gamma(stream: &mut Stream, shape: u32) -> f64 {
    -(0..shape).map(|_| stream.uniform().ln()).sum::<f64>() / f64::from(shape)
}

/// Poisson by inversion.
fn poisson(stream: &mut Stream, mean: f64) -> f64 {
    let (u, mut k) = (stream.uniform(), 0.0);
    let mut p = (-mean).exp();
    let mut below = p;
    while u > below && k < 10_000.0 {
        k += 1.0;
        p *= mean / k;
        below += p;
    }
    k
}

/// One knee at one visit.
struct Row {
    patient: usize,
    active: bool,
    visit: usize,
    count: f64,
    days: f64,
    baseline: f64,
}

fn draw(setting: Setting, n: usize, replicate: u64) -> Vec<Row> {
    let mut stream = Stream::new(SEED + n as u64, replicate);
    let mut rows = Vec::new();
    for patient in 0..n {
        let of_patient = gamma(&mut stream, 2);
        for active in [true, false] {
            let of_knee = setting.knees.map_or(1.0, |shape| gamma(&mut stream, shape));
            let level = setting.mean * of_patient * of_knee;
            let before = if setting.visits > 1 { poisson(&mut stream, level) } else { 0.0 };
            let baseline = ((before + 0.5) / 28.0).ln();
            for visit in 0..setting.visits {
                let u = stream.uniform();
                let weeks = if active { 3.0 + (2.0 * u).floor() } else { 1.0 + (4.0 * u).floor() };
                let days = if setting.equal { 28.0 } else { 7.0 * weeks };
                let ratio = if active { setting.ratio } else { 1.0 };
                let count = poisson(&mut stream, level * ratio * days / 28.0);
                rows.push(Row { patient, active, visit, count, days, baseline });
            }
        }
    }
    rows
}

fn columns(rows: &[Row]) -> Columns {
    let mut table = Columns::new();
    let mut numeric = |name: &str, values: Vec<f64>| table.add_numeric(name, values).expect("a new column");
    numeric("count", rows.iter().map(|row| row.count).collect());
    numeric("days", rows.iter().map(|row| row.days).collect());
    numeric("baseline", rows.iter().map(|row| row.baseline).collect());
    let mut factor = |name: &str, values: Vec<String>| {
        table.add_categorical(name, values.iter().map(|value| Some(value.as_str()))).expect("a new column");
    };
    factor("patient", rows.iter().map(|row| row.patient.to_string()).collect());
    factor("visit", rows.iter().map(|row| row.visit.to_string()).collect());
    factor("arm", rows.iter().map(|row| if row.active { "1" } else { "0" }.to_owned()).collect());
    table.set_levels("arm", &["0", "1"]).expect("the arms");
    if rows.iter().any(|row| row.visit > 0) {
        // The last visit is the reference: its difference is the coefficient of the arm.
        table.set_levels("visit", &["2", "1", "0"]).expect("the visits");
    }
    table
}

/// p-values of the candidates; `None` where there is no answer.
fn p_values(setting: Setting, rows: &[Row]) -> Vec<(&'static str, Option<f64>)> {
    let mut found = Vec::new();
    let options = Options::default();
    let last = setting.visits - 1;
    let side = |active: bool, of: fn(&Row) -> f64| -> Vec<f64> {
        rows.iter().filter(|row| row.active == active && row.visit == last).map(of).collect()
    };
    let (treated, control) = (side(true, |row| row.count), side(false, |row| row.count));
    let (of_treated, of_control) = (side(true, |row| row.days), side(false, |row| row.days));
    let t = |a: &[f64], b: &[f64]| paired_t(a, b, &options).ok().and_then(|result| result.p_value);
    found.push(("paired-t", t(&treated, &control)));
    let rates = |counts: &[f64], days: &[f64]| -> Vec<f64> { counts.iter().zip(days).map(|(c, d)| c / d).collect() };
    found.push(("paired-t-of-rates", t(&rates(&treated, &of_treated), &rates(&control, &of_control))));
    let exact = CountedPairs::new(&treated, &control, Some((&of_treated, &of_control)))
        .and_then(|pairs| counts(&pairs, PValue::Central, &options))
        .ok();
    found.push(("counts", exact.as_ref().and_then(|result| result.p_value)));
    // Where the counts vary more than Poisson, its claim is withheld.
    let over = exact.as_ref().and_then(|result| match result.field("overdispersion") {
        Some(Field::Json(json)) => json["p_value"].as_f64(),
        _ => None,
    });
    let held = |p: f64| if over.is_some_and(|over| over < 0.05) { 1.0 } else { p };
    found.push(("counts-unless-overdispersed", exact.and_then(|result| result.p_value).map(held)));
    marginal(setting, rows, found)
}

/// Adds the p-values of the estimating equations.
fn marginal(
    setting: Setting,
    rows: &[Row],
    mut found: Vec<(&'static str, Option<f64>)>,
) -> Vec<(&'static str, Option<f64>)> {
    let table = columns(rows);
    let several = if setting.visits > 1 { " * visit + baseline" } else { "" };
    let formula = format!("count ~ arm{several}");
    let offset = Offset::parse("log(days)").ok();
    for (name, family, covariance, by_t) in [
        ("gee-poisson, classical, normal", GeeFamily::Poisson, GeeCovariance::Classical, false),
        ("gee-poisson, Mancl-DeRouen, normal", GeeFamily::Poisson, GeeCovariance::ManclDeRouen, false),
        ("gee-poisson", GeeFamily::Poisson, GeeCovariance::ManclDeRouen, true),
        ("gee-negative-binomial", GeeFamily::NegativeBinomial, GeeCovariance::ManclDeRouen, true),
    ] {
        let gee_options = GeeOptions { covariance, ..GeeOptions::new(family) };
        let comparisons = GeeComparisons { offset: offset.clone(), ..GeeComparisons::default() };
        let report = Formula::parse(&formula)
            .and_then(|formula| gee(&table, &formula, "patient", &gee_options, &comparisons))
            .ok();
        let arm = report.and_then(|report| report.coefficients.into_iter().find(|found| found.term == "arm1"));
        found.push((name, arm.and_then(|arm| if by_t { arm.p_value_t } else { arm.p_value })));
    }
    found
}

/// p-values of the mixed models of one visit, by the normal distribution; the intercept of the knee is what its counts vary
/// more than Poisson.
fn by_mixed_models(rows: &[Row]) -> Vec<(&'static str, Option<f64>)> {
    let table = columns(rows);
    let of = |(name, family, random, quadrature): (&'static str, Family, &str, usize)| {
        let offset = Offset::parse("log(days)").ok();
        let options = GeneralisedOptions { quadrature, offset, ..GeneralisedOptions::new(family) };
        let report = Formula::parse(&format!("count ~ arm + {random}"))
            .and_then(|formula| fit_generalised(&table, &formula, &options)?.report())
            .ok();
        let arm = report.and_then(|report| report.coefficients.into_iter().find(|found| found.term == "arm1"));
        (name, arm.and_then(|arm| arm.p_value))
    };
    [
        ("poisson-mixed, patient alone", Family::Poisson, "(1|patient)", 7),
        ("poisson-mixed, patient and knee", Family::Poisson, "(1|patient) + (1|patient:arm)", 1),
        ("negative-binomial-mixed", Family::NegativeBinomial, "(1|patient)", 7),
    ]
    .map(of)
    .to_vec()
}

fn main() {
    let first = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
    if first == 0 {
        println!("pairs,trials,setting,method,figure,value");
    }
    for setting in Setting::all().into_iter().skip(first) {
        for n in PAIRS {
            cell(setting, n, TRIALS, false);
        }
    }
    // The mixed models take a hundred times as long: where exposures are unequal, and fewer trials (0.7 points).
    for setting in Setting::all().into_iter().filter(|s| s.mean == 3.0 && !s.equal && s.visits == 1 && s.ratio == 1.0) {
        for n in [10, 30] {
            cell(setting, n, 1000, true);
        }
    }
}

/// The candidates, or the mixed models, in `count` trials of one setting.
fn cell(setting: Setting, n: usize, count: u64, mixed: bool) {
    let trials: Vec<Vec<(&str, Option<f64>)>> = (0..count)
        .into_par_iter()
        .map(|replicate| {
            let rows = draw(setting, n, replicate);
            if mixed { by_mixed_models(&rows) } else { p_values(setting, &rows) }
        })
        .collect();
    let Some(first) = trials.first() else { return };
    for (at, (method, _)) in first.iter().enumerate() {
        let share = |holds: fn(Option<f64>) -> bool| {
            trials.iter().filter(|trial| holds(trial[at].1)).count() as f64 / count as f64
        };
        let line = |figure: &str, value: f64| {
            println!("{n},{count},{},\"{method}\",{figure},{value:.4}", setting.name());
        };
        line("share", share(|p| p.is_some_and(|p| p <= 0.05)));
        line("no-answer", share(|p| p.is_none()));
    }
}
