//! Which test decides a graded endpoint? Type I error, coverage and power of the candidates at 6 to 60 patients.
//!
//! `cargo run -p splitknee-stats --example study-grades > studies/grades/results.csv` (about a minute; seed in
//! the code). Parts A and B are exact: every table of better, worse and equal pairs is enumerated with its trinomial
//! probability. Part C draws grades and counts; its Monte Carlo standard error is at most 0.8 points.
//!
//! Part A, `size`: probability of p ≤ 0.05 where better and worse are equally likely, by share of pairs that differ.
//! Part B, `coverage`: probability that the 95 % interval of the net benefit holds the true one (smallest, mean).
//! Part C, `rejects`, `claims`, `apart`: share of trials with p ≤ 0.05; whose interval excludes the null value; in which
//! the two disagree.

use splitknee_stats::math::dist::normal;
use splitknee_stats::math::random::Stream;
use splitknee_stats::paired::pair_table::PairTable;
use splitknee_stats::paired::proportion::Tails;
use splitknee_stats::paired::square_table::SquareTable;
use splitknee_stats::paired::{
    Alternative, Options, mcnemar, net_benefit, proportional_odds, risk_difference, wilcoxon,
};

const PATIENTS: [u64; 6] = [6, 10, 15, 20, 30, 60];
const TRIALS: u64 = 4000;

fn main() {
    println!("part,method,patients,setting,figure,value");
    for n in PATIENTS {
        sizes(n);
        coverage(n);
        drawn(n);
    }
}

fn row(part: &str, method: &str, n: u64, setting: &str, figure: &str, value: f64) {
    println!("{part},{method},{n},{setting},{figure},{value:.4}");
}

/// Every table of `n` pairs.
fn tables(n: u64) -> Vec<PairTable> {
    (0..=n).flat_map(|b| (0..=n - b).map(move |c| PairTable { a: 0, b, c, d: n - b - c })).collect()
}

/// The trinomial probability of a table.
fn probability(table: &PairTable, better: f64, worse: f64) -> f64 {
    let log_factorial = |k: u64| (2..=k).map(|i| (i as f64).ln()).sum::<f64>();
    let times = |count: u64, p: f64| if count == 0 { 0.0 } else { count as f64 * p.ln() };
    let equal = (1.0 - better - worse).max(0.0);
    (log_factorial(table.n()) - log_factorial(table.b) - log_factorial(table.c) - log_factorial(table.d)
        + times(table.b, better)
        + times(table.c, worse)
        + times(table.d, equal))
    .exp()
}

/// Part A.
fn sizes(n: u64) {
    type Test = (&'static str, fn(&PairTable) -> f64);
    let tests: [Test; 4] = [
        ("sign-exact", |table| mcnemar::exact_p(table, Alternative::TwoSided)),
        ("sign-mid-p", |table| mcnemar::mid_p(table, Alternative::TwoSided)),
        ("score-asymptotic", |table| {
            let (b, c) = (table.b as f64, table.c as f64);
            if b + c == 0.0 { 1.0 } else { normal::two_sided((b - c) / (b + c).sqrt()) }
        }),
        ("score-enumerated", |table| net_benefit::p_value(table, Alternative::TwoSided)),
    ];
    let tables = tables(n);
    for (name, test) in tests {
        let rejected: Vec<&PairTable> = tables.iter().filter(|table| test(table) <= 0.05).collect();
        for tenths in 1..=10 {
            let share = f64::from(tenths) / 10.0;
            let size: f64 = rejected.iter().map(|table| probability(table, 0.5 * share, 0.5 * share)).sum();
            row("A", name, n, &format!("differ={share}"), "size", size);
        }
    }
}

/// Part B.
fn coverage(n: u64) {
    let tables = tables(n);
    let tails = Tails::two_sided(0.95).expect("a level between 0 and 1");
    let enumerated: Vec<(f64, f64)> =
        tables.iter().map(|table| net_benefit::limits(table, tails).expect("pairs")).collect();
    let tango: Vec<(f64, f64)> =
        tables.iter().map(|table| risk_difference::tango(table, tails).expect("pairs")).collect();
    for (name, limits) in [("score-asymptotic", &tango), ("score-enumerated", &enumerated)] {
        let (mut least, mut sum, mut count) = (1.0_f64, 0.0, 0.0);
        for delta in [0.0, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9] {
            for differ in [0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1.0] {
                if differ < delta {
                    continue;
                }
                let (better, worse) = (0.5 * (differ + delta), 0.5 * (differ - delta));
                let covered: f64 = tables
                    .iter()
                    .zip(limits)
                    .filter(|(_, (low, high))| *low <= delta + 1e-9 && delta - 1e-9 <= *high)
                    .map(|(table, _)| probability(table, better, worse))
                    .sum();
                (least, sum, count) = (least.min(covered), sum + covered, count + 1.0);
            }
        }
        row("B", name, n, "all", "smallest-coverage", least);
        row("B", name, n, "all", "mean-coverage", sum / count);
    }
}

/// Part C: grades 0 to 3 from two correlated normal numbers, cut so that 50, 25, 15 and 10 % of the control knees fall in
/// them; the treated knee's number lies `shift` lower.
fn drawn(n: u64) {
    let cuts = [0.0, normal::quantile(0.75), normal::quantile(0.90)];
    let options = Options::default();
    let tails = Tails::two_sided(0.95).expect("a level between 0 and 1");
    for (setting, shift) in [("null", 0.0), ("shift=0.5", 0.5), ("shift=1.0", 1.0)] {
        // Per method: trials with p ≤ 0.05, with limits off the null value, with one but not the other.
        let mut counts = [[0.0_f64; 3]; 3];
        for trial in 0..TRIALS {
            let mut stream = Stream::new(20_260_801 + n, trial);
            let mut normals = || normal::quantile(stream.uniform());
            let (mut treated, mut control) = (Vec::new(), Vec::new());
            for _ in 0..n {
                let (shared, first, second) = (normals(), normals(), normals());
                let grade = |own: f64, shift: f64| {
                    let latent = 0.5_f64.sqrt() * (shared + own) - shift;
                    cuts.iter().filter(|cut| latent > **cut).count() as f64
                };
                treated.push(grade(first, shift));
                control.push(grade(second, 0.0));
            }
            let differences: Vec<f64> = treated.iter().zip(&control).map(|(t, c)| t - c).collect();
            let table = PairTable {
                a: 0,
                b: differences.iter().filter(|d| **d < 0.0).count() as u64,
                c: differences.iter().filter(|d| **d > 0.0).count() as u64,
                d: differences.iter().filter(|d| **d == 0.0).count() as u64,
            };
            let pratt = wilcoxon::Settings { zeros: wilcoxon::Zeros::Pratt, ..wilcoxon::Settings::default() };
            let wilcoxon = wilcoxon::wilcoxon(&differences, pratt, &options).ok();
            let levels = SquareTable::observed_levels(&treated, &control).expect("grades");
            let odds = SquareTable::from_grades(&treated, &control, &levels)
                .and_then(|square| proportional_odds::proportional_odds(&square, &options))
                .ok();
            let off = |low: Option<f64>, high: Option<f64>, null: f64| {
                low.is_some_and(|low| low > null) || high.is_some_and(|high| high < null)
            };
            let (low, high) = net_benefit::limits(&table, tails).expect("pairs");
            let found = [
                (
                    wilcoxon.as_ref().and_then(|w| w.p_value).is_some_and(|p| p <= 0.05),
                    wilcoxon.as_ref().is_some_and(|w| off(w.conf_low, w.conf_high, 0.0)),
                ),
                (net_benefit::p_value(&table, Alternative::TwoSided) <= 0.05, off(Some(low), Some(high), 0.0)),
                (
                    odds.as_ref().and_then(|o| o.p_value).is_some_and(|p| p <= 0.05),
                    odds.as_ref().is_some_and(|o| off(o.conf_low, o.conf_high, 0.0)),
                ),
            ];
            for (count, (rejects, claims)) in counts.iter_mut().zip(found) {
                for (sum, yes) in count.iter_mut().zip([rejects, claims, rejects != claims]) {
                    *sum += f64::from(u8::from(yes));
                }
            }
        }
        for (method, count) in ["wilcoxon-pratt", "score-enumerated", "proportional-odds"].into_iter().zip(counts) {
            for (figure, sum) in ["rejects", "claims", "apart"].into_iter().zip(count) {
                row("C", method, n, setting, figure, sum / TRIALS as f64);
            }
        }
    }
}
