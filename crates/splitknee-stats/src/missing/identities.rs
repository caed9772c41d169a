//! Identities that hold whatever the data: simulated trials of several sizes.

use super::analysis::Analysis;
use super::condmean::Imputation;
use super::delta::DeltaCells;
use super::mean_model::MeanModel;
use super::run::{Answer, Inference, Method, Request, run};
use super::strategy::{Covariance, Strategy};
use super::trial::{Event, FitValues, Patient, Trial};
use crate::math::random::Stream;
use crate::model::cells::CellStructure;
use crate::paired::{Options, paired_t::paired_t};

/// A trial of `n` patients; a share of knees is lost from some visit on, and a share of patients has an event.
pub(super) fn trial(seed: u64, n: usize, visits: usize, missing: f64, strategy: Option<Strategy>) -> Trial {
    let mut stream = Stream::new(seed, 0);
    let patients = (0..n)
        .map(|i| {
            let person = 8.0 * stream.normal();
            let baseline = [0, 1].map(|_| 60.0 + 0.5 * person + 9.0 * stream.normal());
            let mut values = Vec::new();
            for (arm, baseline) in baseline.iter().enumerate() {
                let knee = 6.0 * stream.normal();
                let lost = if stream.uniform() < missing { stream.below(visits) } else { visits };
                for v in 0..visits {
                    let effect = if arm == 0 { -8.0 - 2.0 * v as f64 } else { -3.0 };
                    let y = effect - 0.4 * (baseline - 60.0) + person + knee + 7.0 * stream.normal();
                    values.push((v < lost).then_some(y));
                }
            }
            let mut events = [None, None];
            if let Some(strategy) = strategy.filter(|_| stream.uniform() < 0.25) {
                let visit = (usize::from(strategy == Strategy::LastMean) + stream.below(visits)).min(visits - 1);
                events[0] = Some(Event { visit, strategy });
            }
            Patient { label: format!("P{i:03}"), baseline, values, events, covariates: Vec::new() }
        })
        .collect();
    let visits = (1..=visits).map(|v| format!("M{v}")).collect();
    Trial {
        visits,
        patients,
        has_baseline: true,
        covariates: Vec::new(),
        fit_values: FitValues::default(),
        discard: false,
    }
}

const SEEDS: [u64; 3] = [1, 2, 3];

pub(super) fn strategies() -> [Strategy; 9] {
    use Strategy as S;
    [
        S::TreatmentPolicy,
        S::Hypothetical,
        S::JumpToReference,
        S::CopyIncrements,
        S::CopyReference,
        S::LastMean,
        S::ReturnToBaseline,
        S::ReturnToBaselineMean,
        S::Causal(0.4),
    ]
}

pub(super) fn at_last(trial: &Trial) -> Request {
    Request { at: trial.n_visits() - 1, ..Request::default() }
}

pub(super) fn close(a: f64, b: f64, tolerance: f64, what: &str) {
    assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{what}: {a} against {b}");
}

#[test]
fn without_missing_values_every_strategy_is_the_paired_t_test() {
    for seed in SEEDS {
        for strategy in strategies().into_iter().filter(|s| *s != Strategy::Hypothetical) {
            let mut trial = trial(seed, 24, 3, 0.0, Some(strategy));
            // Few values stay before the events: fit what was observed.
            trial.fit_values = FitValues::Observed;
            let found = run(trial.clone(), &at_last(&trial)).unwrap();
            let column = |cell: usize| -> Vec<f64> { trial.patients.iter().map(|p| p.values[cell].unwrap()).collect() };
            let t = paired_t(&column(2), &column(5), &Options::default()).unwrap();
            close(found.estimate, t.estimate.unwrap(), 1e-12, &strategy.name());
            close(found.std_error, t.std_error.unwrap(), 1e-10, &strategy.name());
            close(found.p_value, t.p_value.unwrap(), 1e-9, &strategy.name());
            assert!(found.imputed.is_empty() && found.weights.active == 0.0);
        }
    }
}

pub(super) fn imputation(trial: Trial) -> Imputation {
    Imputation::new(trial.in_canonical_order(), CellStructure::Us, Covariance::Shared).unwrap()
}

pub(super) fn full(imputation: &Imputation, mar: bool) -> f64 {
    let n = imputation.trial.patients.len();
    let regressions = imputation.regressions(&imputation.fit.sigma);
    let completed = imputation.complete(&imputation.fit.beta, &regressions, &vec![true; n], mar, None).unwrap();
    let at = imputation.trial.n_visits() - 1;
    completed.iter().map(|c| imputation.difference(c, at)).sum::<f64>() / n as f64
}

#[test]
fn missing_at_random_is_the_mixed_model_and_its_slope_times_the_imbalance() {
    for seed in SEEDS {
        let imputation = imputation(trial(seed, 40, 3, 0.2, None));
        let beta = &imputation.fit.beta;
        let n = imputation.trial.patients.len() as f64;
        let imbalance: f64 = imputation.trial.patients.iter().map(|p| p.baseline[0] - p.baseline[1]).sum::<f64>() / n;
        close(full(&imputation, false), beta[2] - beta[5] + beta[8] * imbalance, 1e-10, "MMRM");
    }
}

#[test]
fn with_both_baselines_in_every_cell_the_ancova_of_completed_differences_is_the_mixed_model() {
    for seed in SEEDS {
        let trial = trial(seed, 40, 2, 0.2, None).in_canonical_order();
        let means = MeanModel::both_baselines(&trial);
        let imputation = Imputation::with_means(trial, means, CellStructure::Us, Covariance::Shared).unwrap();
        let jackknife = imputation.jackknife(Analysis::Ancova, 1, DeltaCells::All).unwrap();
        // The ANCOVA's intercept is at the mean pair-mean and a baseline difference of 0.
        let beta = &imputation.fit.beta;
        let n = imputation.trial.patients.len() as f64;
        let mean = |arm: usize| imputation.trial.patients.iter().map(|p| p.baseline[arm]).sum::<f64>() / n;
        let half = 0.5 * (mean(0) - mean(1));
        let (a, p) = (beta[4 + 2] - beta[4 + 6], beta[4 + 3] - beta[4 + 7]);
        close(jackknife.full.estimate, beta[1] - beta[3] - half * a + half * p, 1e-9, "ANCOVA");
    }
}

#[test]
fn what_a_strategy_moves_is_the_shift_of_its_mean() {
    for seed in SEEDS {
        for strategy in [Strategy::JumpToReference, Strategy::CopyIncrements, Strategy::CopyReference] {
            let mut trial = trial(seed, 40, 3, 0.2, Some(strategy));
            trial.discard = strategy != Strategy::CopyReference;
            let imputation = imputation(trial);
            let moved = full(&imputation, false) - full(&imputation, true);
            let beta = &imputation.fit.beta;
            let effect = |v: usize| beta[v] - beta[3 + v];
            let n = imputation.trial.patients.len() as f64;
            let formula: f64 = imputation
                .trial
                .patients
                .iter()
                .zip(&imputation.condition)
                .map(|(p, condition)| match (p.events[0], strategy) {
                    (Some(_), Strategy::JumpToReference) => -effect(2),
                    (Some(e), Strategy::CopyIncrements) => {
                        let before = if e.visit == 0 { 0.0 } else { effect(e.visit - 1) };
                        before - effect(2)
                    }
                    (Some(_), _) => {
                        let shift: Vec<f64> = (0..6).map(|c| if c < 3 { -effect(c) } else { 0.0 }).collect();
                        let seen: Vec<bool> = condition.iter().map(Option::is_some).collect();
                        let regression = super::conditional::Conditional::new(&imputation.fit.sigma, &seen).unwrap();
                        // s_u − Σ_uo Σ_oo⁻¹ s_o: the conditional mean of zeros observed under the mean s.
                        let zeros: Vec<Option<f64>> = seen.iter().map(|s| s.then_some(0.0)).collect();
                        let moved: Vec<(usize, f64)> = regression.mean(&shift, &zeros).collect();
                        let at = |cell: usize| moved.iter().find(|m| m.0 == cell).map_or(0.0, |m| m.1);
                        at(2) - at(5)
                    }
                    (None, _) => 0.0,
                })
                .sum::<f64>()
                / n;
            close(moved, formula, 1e-9, &strategy.name());
            assert!(moved.abs() > 0.1);
        }
    }
}

fn answer(seed: u64, strategy: Strategy, inference: Inference) -> Answer {
    let trial = trial(seed, 48, 3, 0.2, Some(strategy));
    let request = Request { method: Method::ConditionalMean(inference), ..at_last(&trial) };
    run(trial, &request).unwrap()
}

#[test]
fn causal_ends_are_jump_to_reference_and_copy_increments() {
    for seed in SEEDS {
        for (k, strategy) in [(0.0, Strategy::JumpToReference), (1.0, Strategy::CopyIncrements)] {
            let (a, b) = (
                answer(seed, Strategy::Causal(k), Inference::JackknifeT),
                answer(seed, strategy, Inference::JackknifeT),
            );
            close(a.estimate, b.estimate, 1e-12, "causal");
            close(a.std_error, b.std_error, 1e-10, "causal SE");
        }
    }
}

#[test]
fn delta_is_linear_and_at_a_root_the_p_value_is_five_per_cent() {
    for inference in [Inference::JackknifeT, Inference::JackknifeNormal, Inference::InformationAnchored] {
        let trial = trial(4, 48, 3, 0.25, Some(Strategy::JumpToReference));
        let request = Request { method: Method::ConditionalMean(inference), tipping: true, ..at_last(&trial) };
        let base = run(trial.clone(), &request).unwrap();
        let tipping = base.tipping.clone().unwrap();
        let at = |delta: [f64; 2]| run(trial.clone(), &Request { delta, ..request }).unwrap();
        let moved = at([3.0, -2.0]);
        close(moved.estimate, base.estimate + 3.0 * base.weights.active - 2.0 * base.weights.placebo, 1e-12, "linear");
        let mut checked = 0;
        for (roots, direction) in [
            (&tipping.delta_active, [1.0, 0.0]),
            (&tipping.delta_placebo, [0.0, 1.0]),
            (&tipping.equal, [1.0, 1.0]),
            (&tipping.opposite, [1.0, -1.0]),
        ] {
            for s in roots {
                close(at([s * direction[0], s * direction[1]]).p_value, 0.05, 1e-7, "p at the root");
                checked += 1;
            }
        }
        assert!(checked >= 2);
    }
}

#[test]
fn a_root_of_pooled_draws_has_p_five_per_cent() {
    let trial = trial(4, 48, 3, 0.25, Some(Strategy::JumpToReference));
    let request =
        Request { method: Method::Bayes(super::bayes::Prior::Jeffreys), m: Some(60), tipping: true, ..at_last(&trial) };
    let tipping = run(trial.clone(), &request).unwrap().tipping.unwrap();
    assert!(!tipping.delta_active.is_empty());
    for s in &tipping.delta_active {
        let at = run(trial.clone(), &Request { delta: [*s, 0.0], ..request }).unwrap();
        close(at.p_value, 0.05, 1e-7, "pooled root");
    }
}

#[test]
fn the_order_of_patients_and_their_labels_do_not_reach_the_last_digit() {
    for method in [Method::ConditionalMean(Inference::JackknifeT), Method::ApproximateBayes] {
        let first = trial(5, 48, 3, 0.2, Some(Strategy::CopyIncrements));
        let mut other = first.clone();
        other.patients.reverse();
        other.patients.iter_mut().for_each(|p| p.label = format!("X{}", p.label));
        let request = Request { method, m: Some(20), ..at_last(&first) };
        let (a, b) = (run(first, &request).unwrap(), run(other, &request).unwrap());
        assert_eq!(a.estimate.to_bits(), b.estimate.to_bits());
        assert_eq!(a.std_error.to_bits(), b.std_error.to_bits());
        assert_eq!(a.imputed.len(), b.imputed.len());
        assert!(a.imputed.iter().zip(&b.imputed).all(|(x, y)| x.value.to_bits() == y.value.to_bits()));
    }
}

/// The answer has the same bytes at any number of threads.
#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let trial = trial(10, 36, 3, 0.2, Some(Strategy::JumpToReference));
    for (method, analysis) in [
        (Method::ConditionalMean(Inference::JackknifeT), Analysis::Ancova),
        (Method::ConditionalMean(Inference::InformationAnchored), Analysis::MeanDifference),
        (Method::Bayes(super::bayes::Prior::Jeffreys), Analysis::MeanDifference),
        (Method::ApproximateBayes, Analysis::MeanDifference),
        (Method::ApproximateBayes, Analysis::Mixed),
    ] {
        let request = Request { method, analysis, m: Some(20), tipping: analysis.is_linear(), ..at_last(&trial) };
        let of = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            // A number is printed with the digits that tell it from every other.
            pool.install(|| format!("{:?}", run(trial.clone(), &request).unwrap()))
        };
        let one = of(1);
        assert!([2, 3, 8].into_iter().all(|threads| of(threads) == one), "{method:?} {analysis:?}");
    }
}

#[test]
fn units_and_swapped_arms() {
    let first = trial(6, 36, 3, 0.2, None);
    let base = run(first.clone(), &at_last(&first)).unwrap();
    let mut times_ten = first.clone();
    let mut swapped = first.clone();
    for p in &mut times_ten.patients {
        p.baseline.iter_mut().for_each(|b| *b *= 10.0);
        p.values.iter_mut().flatten().for_each(|v| *v *= 10.0);
    }
    for p in &mut swapped.patients {
        p.baseline.swap(0, 1);
        p.values.rotate_left(3);
    }
    let ten = run(times_ten, &at_last(&first)).unwrap();
    close(ten.estimate, 10.0 * base.estimate, 1e-10, "unit");
    close(ten.std_error, 10.0 * base.std_error, 1e-8, "unit SE");
    close(ten.p_value, base.p_value, 1e-7, "unit p");
    let other = run(swapped, &at_last(&first)).unwrap();
    close(other.estimate, -base.estimate, 1e-10, "swap");
    close(other.std_error, base.std_error, 1e-8, "swap SE");
}

#[test]
fn every_cell_is_counted_once() {
    for strategy in strategies() {
        let found = answer(7, strategy, Inference::JackknifeT);
        for set in &found.sets {
            assert_eq!(set.condition + set.target, found.n_patients, "{}", strategy.name());
            assert!(set.fit <= found.n_patients);
        }
        let targets: usize = found.sets.iter().map(|s| s.target).sum();
        assert_eq!(targets, found.imputed.len());
    }
}

#[test]
fn what_cannot_be_answered_is_refused_with_the_reason() {
    let refused = |trial: Trial, request: Request| run(trial, &request).unwrap_err().to_string();
    let base = trial(8, 20, 3, 0.1, None);
    let request = at_last(&base);
    let mut one = base.clone();
    one.patients.truncate(1);
    assert!(refused(one, request).contains("is the only one"));
    let mut no_visit = base.clone();
    no_visit.patients.iter_mut().for_each(|p| {
        p.values[1] = None;
    });
    let text = refused(no_visit, request);
    assert!(text.contains("no patient has a value of the active knee at visit M2"), "{text}");
    let mut last_mean = base.clone();
    last_mean.patients[3].events[0] = Some(Event { visit: 0, strategy: Strategy::LastMean });
    let text = refused(last_mean, request);
    assert!(text.contains("P003") && text.contains("no earlier mean"), "{text}");
    let mut baseline = base.clone();
    baseline.patients[4].baseline[1] = f64::NAN;
    let text = refused(baseline, request);
    assert!(text.contains("P004") && text.contains("placebo"), "{text}");
    let mut few = base.clone();
    few.patients.truncate(6);
    assert!(refused(few, request).contains("kron-us-us"));
    // One patient alone shows the covariance of the last two active cells: without that patient there is none.
    let mut pair = trial(8, 30, 2, 0.0, None);
    for (i, p) in pair.patients.iter_mut().enumerate().skip(1) {
        p.values[i % 2] = None;
    }
    let us = Request { structure: CellStructure::Us, ..at_last(&pair) };
    let refusal = run(pair, &us).unwrap_err();
    assert!(["mi_jackknife_failed", "mi_us_fails"].contains(&refusal.0.code()), "{refusal}");
    // The slope of the baseline rests on one patient: without that patient there is no fit, and no jackknife without it.
    let mut flat = trial(8, 20, 1, 0.1, None);
    flat.patients.iter_mut().skip(1).for_each(|p| p.baseline = [60.0, 60.0]);
    let refusal = run(flat.clone(), &at_last(&flat)).unwrap_err();
    assert_eq!(refusal.0.code(), "mi_jackknife_failed");
    assert!(refusal.to_string().contains("P000"), "{refusal}");
    let kron =
        Request { structure: CellStructure::KronUsUs, method: Method::Bayes(super::bayes::Prior::Jeffreys), ..request };
    assert!(refused(base, kron).contains("unstructured"));
}

#[test]
#[ignore = "timing, printed: cargo test -p splitknee-stats --lib timing -- --ignored --nocapture"]
fn timing() {
    let mut small = trial(9, 31, 4, 0.1, Some(Strategy::JumpToReference));
    small.fit_values = FitValues::Observed;
    let clock = std::time::Instant::now();
    let request = Request { tipping: true, ..at_last(&small) };
    run(small.clone(), &request).unwrap();
    println!("31 patients, 4 visits, conditional mean, jackknife, tipping: {:?}", clock.elapsed());
    let clock = std::time::Instant::now();
    let bayes = Request { method: Method::Bayes(super::bayes::Prior::Jeffreys), m: Some(1000), ..request };
    run(small, &bayes).unwrap();
    println!("Bayes, M = 1000: {:?}", clock.elapsed());
    let mut large = trial(9, 200, 6, 0.1, Some(Strategy::JumpToReference));
    large.fit_values = FitValues::Observed;
    let clock = std::time::Instant::now();
    run(large.clone(), &at_last(&large)).unwrap();
    println!("200 patients, 6 visits, jackknife: {:?}", clock.elapsed());
}

/// A composite strategy changes the values it sets and nothing else: the fit is that of the trial without them, and no δ
/// reaches them.
#[test]
fn a_composite_value_is_neither_fitted_nor_imputed_nor_moved() {
    for seed in SEEDS {
        let composite = trial(seed, 24, 2, 0.2, Some(Strategy::Composite(5.0)));
        let mut without = composite.clone();
        for patient in &mut without.patients {
            if let Some(event) = patient.events[0].take() {
                patient.values[event.visit..2].fill(None);
            }
        }
        let request = at_last(&composite);
        let (set, missing) = (run(composite.clone(), &request).unwrap(), run(without, &request).unwrap());
        close(set.log_lik, missing.log_lik, 1e-12, "log-likelihood");
        let events = composite.patients.iter().filter(|p| p.events[0].is_some());
        let imputed: Vec<f64> = events
            .map(|p| {
                let here = |v: &&super::run::ImputedValue| v.patient == p.label && v.arm == "active" && v.visit == "M2";
                missing.imputed.iter().find(here).unwrap().value
            })
            .collect();
        assert!(!imputed.is_empty());
        let moved = imputed.iter().map(|value| 5.0 - value).sum::<f64>() / 24.0;
        close(set.estimate, missing.estimate + moved, 1e-10, "estimate");
        close(set.weights.active, missing.weights.active - imputed.len() as f64 / 24.0, 1e-12, "weight");
        let sets = set.sets.iter().map(|s| s.condition + s.target + s.fixed);
        assert!(sets.clone().all(|n| n == 24));
    }
}

/// Where one covariance gives no answer the next one is used, and the answer says which failed and why; without another one
/// the refusal is that of the first.
#[test]
fn a_covariance_without_an_answer_gives_way_to_the_next_and_says_so() {
    let small = trial(1, 6, 3, 0.0, None);
    let request = at_last(&small);
    let refused = super::run_with(&small, &request, &[]).unwrap_err();
    assert!(refused.0.code().starts_with("mi_"), "{refused}");
    let found = super::run_with(&small, &request, &[CellStructure::Us, CellStructure::KronCsUs]).unwrap();
    assert_eq!(found.structure, "kron-cs-us");
    let said = found.notes.iter().find(|note| note.code() == "mi_fallback").unwrap();
    assert!(said.text().contains(&refused.to_string()), "{said}");
}

/// Without covariates the saturated pair model of a completed set gives the mean difference of the visit with the standard
/// error of the paired t-test: every draw, and so all that is pooled, is the same by both.
#[test]
fn the_mixed_model_without_baseline_is_the_mean_difference_in_every_draw() {
    for (seed, visits) in [(1, 1), (2, 3)] {
        let mut trial = trial(seed, 24, visits, 0.25, None);
        trial.has_baseline = false;
        let method = Method::Bayes(super::bayes::Prior::Jeffreys);
        let request = Request { method, m: Some(20), delta: [3.0, -1.0], ..at_last(&trial) };
        let by_mean = run(trial.clone(), &request).unwrap();
        let by_model = run(trial.clone(), &Request { analysis: Analysis::Mixed, ..request }).unwrap();
        assert!(by_mean.n_imputed_active > 0);
        close(by_model.estimate, by_mean.estimate, 1e-9, "estimate");
        close(by_model.within.unwrap(), by_mean.within.unwrap(), 1e-6, "within");
        close(by_model.between.unwrap(), by_mean.between.unwrap(), 1e-6, "between");
        close(by_model.df.unwrap(), by_mean.df.unwrap(), 1e-4, "df");
        close(by_model.p_value, by_mean.p_value, 1e-6, "p");
    }
}

/// With baselines it is the primary model, near the ANCOVA of the differences on the same draws; what is not linear in the
/// values comes from draws only.
#[test]
fn the_mixed_model_of_completed_sets_adjusts_for_baseline() {
    let trial = trial(3, 40, 3, 0.2, None);
    let request = Request { method: Method::ApproximateBayes, m: Some(40), ..at_last(&trial) };
    let of = |analysis| run(trial.clone(), &Request { analysis, ..request }).unwrap();
    let (ancova, mixed) = (of(Analysis::Ancova), of(Analysis::Mixed));
    assert!(
        (mixed.estimate - ancova.estimate).abs() < 0.5 * ancova.std_error,
        "{} {}",
        mixed.estimate,
        ancova.estimate
    );
    assert!((mixed.std_error / ancova.std_error - 1.0).abs() < 0.1, "{} {}", mixed.std_error, ancova.std_error);
    for refused in [
        Request { analysis: Analysis::Mixed, tipping: true, ..request },
        Request { analysis: Analysis::Mixed, ..at_last(&trial) },
    ] {
        assert!(run(trial.clone(), &refused).is_err());
    }
}
