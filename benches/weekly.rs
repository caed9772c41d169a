//! The analyses of every week at the size of a trial (60 patients, two knees, three visits), each within milliseconds.
//!
//! `cargo bench -p splitknee-benches --bench weekly`: criterion's times. Aims: 10 ms each, and 50 ms where six contrasts are adjusted
//! by the multivariate t. Counts with random intercepts integrate by quadrature and take a fraction of a second.

use criterion::Criterion;
use splitknee::model::adjust::Adjust;
use splitknee::model::gee::{GeeCovariance, GeeFamily, GeeOptions};
use splitknee::model::gee_report::{GeeComparisons, gee};
use splitknee::model::generalised::Family;
use splitknee::model::generalised_report::{GeneralisedOptions, fit_generalised};
use splitknee::model::offset::Offset;
use splitknee::model::{Columns, Ddf, FitOptions, Formula, LsMeansSpec, ReportOptions, fit};
use splitknee::paired::bayes::{BayesQuestion, Component, Likelihood, bayes};
use splitknee::paired::blinding::{Guess, GuessedKnee, blinding};
use splitknee::paired::brunner_munzel::{self, brunner_munzel};
use splitknee::paired::counts::{CountedPairs, PValue, counts};
use splitknee::paired::design_permutation::{AllocatedPair, Settings, design_permutation};
use splitknee::paired::rank_biserial::rank_biserial;
use splitknee::paired::rate_ratio::rate_ratio;
use splitknee::paired::skillings_mack::skillings_mack;
use splitknee::paired::{Better, Options};
use splitknee::survival::{Cohort, Subject, answers, kaplan_meier, rmst};
use std::hint::black_box;

const PATIENTS: usize = 60;

/// Evenly spread numbers in (0, 1) that repeat nothing.
struct Uniform(u64);

impl Uniform {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }

    /// A count with this mean.
    fn poisson(&mut self, mean: f64) -> f64 {
        let (limit, mut product, mut count) = ((-mean).exp(), self.next(), 0.0);
        while product > limit {
            product *= self.next();
            count += 1.0;
        }
        count
    }
}

/// Knees by visit: outcome, count, days and day of the visit.
fn knees() -> Columns {
    let mut draw = Uniform(11);
    let (mut ids, mut knees, mut arms, mut visits) = (vec![], vec![], vec![], vec![]);
    let mut numbers: [Vec<f64>; 4] = Default::default();
    for patient in 0..PATIENTS {
        let level = draw.normal();
        for arm in ["SALINE", "EV"] {
            let own = 0.5 * draw.normal();
            for visit in 0..3 {
                ids.push(format!("P{patient:02}"));
                knees.push(format!("P{patient:02}{arm}"));
                arms.push(arm);
                visits.push(["M1", "M3", "M6"][visit]);
                let days = 14.0 + (15.0 * draw.next()).floor();
                let row = [
                    50.0 + 8.0 * level + 4.0 * own + 6.0 * draw.normal(),
                    draw.poisson((0.5 * level + 0.4 * own - 1.6).exp() * days),
                    days,
                    [30.0, 90.0, 180.0][visit] + (11.0 * draw.next()).floor(),
                ];
                numbers.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
            }
        }
    }
    let mut table = Columns::new();
    for (name, values) in ["value", "count", "days", "day"].into_iter().zip(numbers) {
        table.add_numeric(name, values).expect("numbers");
    }
    table.add_categorical("patient", ids.iter().map(|id| Some(id.as_str()))).expect("patients");
    table.add_categorical("knee", knees.iter().map(|id| Some(id.as_str()))).expect("knees");
    table.add_categorical("arm", arms.into_iter().map(Some)).expect("arms");
    table.add_categorical("visit", visits.into_iter().map(Some)).expect("visits");
    table.set_levels("arm", &["SALINE", "EV"]).expect("levels");
    table
}

/// Persons with one site on each of `arms` treatments.
fn sites(arms: usize) -> Columns {
    let mut draw = Uniform(5);
    let (mut ids, mut labels, mut values) = (vec![], vec![], vec![]);
    for person in 0..PATIENTS {
        let level = draw.normal();
        for arm in ["A", "B", "C", "D"].into_iter().take(arms) {
            ids.push(format!("P{person:02}"));
            labels.push(arm);
            values.push(40.0 + 5.0 * level + 5.0 * draw.normal());
        }
    }
    let mut table = Columns::new();
    table.add_numeric("value", values).expect("numbers");
    table.add_categorical("id", ids.iter().map(|id| Some(id.as_str()))).expect("persons");
    table.add_categorical("arm", labels.into_iter().map(Some)).expect("arms");
    table
}

fn contrasts(table: &Columns, formula: &str, adjust: Adjust) -> f64 {
    let options = ReportOptions {
        ddf: Ddf::KenwardRoger,
        emmeans: vec![LsMeansSpec::parse("arm")],
        contrasts: vec![LsMeansSpec::parse("arm")],
        adjust: Some(adjust),
        ..ReportOptions::default()
    };
    let model = Formula::parse(formula).and_then(|formula| fit(table, &formula, &FitOptions::default()));
    model.and_then(|model| model.report(&options)).map_or_else(|error| panic!("{formula}: {error}"), |r| r.log_lik)
}

fn models(c: &mut Criterion) {
    let mut group = c.benchmark_group("weekly-models");
    group.sample_size(20);
    let knees = knees();
    let model = "value ~ arm + visit + (1|patient)";
    for (name, formula) in [
        ("car1", format!("{model} + car1(day|patient:knee)")),
        ("sp_exp_nugget", format!("{model} + sp_exp_nugget(day|patient:knee)")),
    ] {
        group.bench_function(name, |b| b.iter(|| contrasts(black_box(&knees), &formula, Adjust::None)));
    }
    let weighted = || {
        let mut formula = Formula::parse("value ~ arm + visit + (1|patient/knee)").expect("a formula");
        formula.prior_weights = Some("days".to_owned());
        fit(black_box(&knees), &formula, &FitOptions::default()).expect("a fit").coefficient_estimates().to_vec()
    };
    group.bench_function("prior-weights", |b| b.iter(weighted));
    for (name, arms, adjust) in [
        ("three-arms-tukey", 3, Adjust::Tukey),
        ("three-arms-mvt", 3, Adjust::MultivariateT),
        ("four-arms-mvt", 4, Adjust::MultivariateT),
    ] {
        let table = sites(arms);
        group.bench_function(name, |b| b.iter(|| contrasts(black_box(&table), "value ~ arm + cs(arm|id)", adjust)));
    }
    let offset = || Offset::parse("log(days)").expect("an offset");
    for (name, family) in [("gee-poisson", GeeFamily::Poisson), ("gee-negative-binomial", GeeFamily::NegativeBinomial)]
    {
        let options = GeeOptions { covariance: GeeCovariance::ManclDeRouen, ..GeeOptions::new(family) };
        let formula = Formula::parse("count ~ arm + visit").expect("a formula");
        let asked = GeeComparisons { offset: Some(offset()), by_t: true, ..GeeComparisons::default() };
        group.bench_function(name, |b| b.iter(|| gee(black_box(&knees), &formula, "patient", &options, &asked)));
    }
    for (name, family, random, quadrature) in [
        ("poisson-mixed", Family::Poisson, "(1|patient)", 25),
        ("poisson-mixed-nested", Family::Poisson, "(1|patient/knee)", 15),
        ("negative-binomial-mixed", Family::NegativeBinomial, "(1|patient)", 25),
    ] {
        let formula = Formula::parse(&format!("count ~ arm + visit + {random}")).expect("a formula");
        let options = GeneralisedOptions { offset: Some(offset()), quadrature, ..GeneralisedOptions::new(family) };
        group.bench_function(name, |b| b.iter(|| fit_generalised(black_box(&knees), &formula, &options)));
    }
    group.finish();
}

fn pairs(c: &mut Criterion) {
    let mut group = c.benchmark_group("weekly-pairs");
    let mut draw = Uniform(3);
    let a: Vec<f64> = (0..PATIENTS).map(|_| (40.0 + 12.0 * draw.normal()).round()).collect();
    let b: Vec<f64> = a.iter().map(|value| (value + 3.0 + 8.0 * draw.normal()).round()).collect();
    let options = Options::default();
    let d: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
    group.bench_function("rank-biserial", |bench| bench.iter(|| rank_biserial(black_box(&d), &options)));
    let settings = brunner_munzel::Settings::default();
    group.bench_function("brunner-munzel", |bench| {
        bench.iter(|| brunner_munzel(black_box(&a), &b, settings, &options));
    });
    let listed = |at: usize| AllocatedPair {
        block: (at / 4).to_string(),
        listed: 4,
        left_active: matches!(at % 4, 0 | 3),
        left: a[at],
        right: b[at],
    };
    let list: Vec<AllocatedPair> = (0..PATIENTS).map(listed).collect();
    let scheme = Settings { block_sizes: vec![4], samples: 20_000, seed: 1 };
    group.bench_function("design-permutation", |bench| {
        bench.iter(|| design_permutation(black_box(&list), &scheme, &options));
    });
    let blocks: Vec<Vec<Option<f64>>> =
        (0..PATIENTS).map(|at| vec![Some(a[at]), (at % 9 > 0).then(|| b[at]), Some(0.5 * (a[at] + b[at]))]).collect();
    group.bench_function("skillings-mack", |bench| bench.iter(|| skillings_mack(black_box(&blocks), &options)));
    let counted = |draw: &mut Uniform| (0..PATIENTS).map(|_| draw.poisson(4.0)).collect::<Vec<f64>>();
    let (treated, control) = (counted(&mut draw), counted(&mut draw));
    let days: Vec<f64> = (0..PATIENTS).map(|_| 14.0 + (15.0 * draw.next()).floor()).collect();
    let whole = CountedPairs::new(&treated, &control, Some((&days, &days))).expect("counts");
    group.bench_function("counts-exact", |bench| bench.iter(|| counts(black_box(&whole), PValue::Central, &options)));
    group.bench_function("rate-ratio", |bench| bench.iter(|| rate_ratio(black_box(&whole), &options)));
    let guesses = [Guess::Active, Guess::Placebo, Guess::DontKnow];
    let guessed: Vec<GuessedKnee> = (0..2 * PATIENTS)
        .map(|at| GuessedKnee { patient: at / 2, active: at % 2 == 0, guess: guesses[at % 3] })
        .collect();
    group.bench_function("blinding", |bench| {
        bench.iter(|| blinding(black_box(&guessed), ["EV", "SALINE"], 0.95));
    });
    let question = BayesQuestion {
        n: PATIENTS,
        mean: -6.2,
        sd: 17.5,
        prior: vec![Component { weight: 0.8, mean: 0.0, sd: 10.0 }, Component { weight: 0.2, mean: 0.0, sd: 30.0 }],
        likelihood: Likelihood::T,
        better: Better::Lower,
        mcid: Some(-10.0),
        level: 0.95,
    };
    group.bench_function("bayes", |bench| bench.iter(|| bayes(black_box(&question))));
    group.finish();
}

fn times(c: &mut Criterion) {
    let mut group = c.benchmark_group("weekly-times");
    let mut draw = Uniform(7);
    let mut subjects = Vec::new();
    for patient in 0..PATIENTS {
        let ends = 24.0 * (0.4 + 0.6 * draw.next());
        for active in [true, false] {
            let event = -14.0 * draw.next().ln();
            subjects.push(Subject { patient, active, time: event.min(ends), event: event <= ends });
        }
    }
    let cohort = Cohort::new(subjects).expect("times");
    let options = Options::default();
    let tau = rmst::reached_by_two(&cohort).expect("a horizon");
    group.bench_function("kaplan-meier", |b| {
        b.iter(|| kaplan_meier::kaplan_meier(black_box(&cohort.arm(true)), 0.95));
    });
    group.bench_function("first-event", |b| b.iter(|| answers::first_event(black_box(&cohort), &options)));
    group.bench_function("marginal-cox", |b| b.iter(|| answers::marginal_cox(black_box(&cohort), &options)));
    group.bench_function("rmst", |b| b.iter(|| answers::rmst(black_box(&cohort), tau, &options)));
    group.bench_function("survival-difference", |b| {
        b.iter(|| answers::survival_difference(black_box(&cohort), 6.0, &options));
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    models(&mut criterion);
    pairs(&mut criterion);
    times(&mut criterion);
    criterion.final_summary();
}
