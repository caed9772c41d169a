//! Which method decides the time to an event? Type I error of the candidates at 10 to 60 patients.
//!
//! `cargo run -p splitknee-stats --example study-survival > studies/survival/results.csv` (some minutes; the seed is below). No
//! effect: both sides of a patient have the same hazard, a frailty times a Weibull hazard. The Monte Carlo standard error of
//! 5 % is 0.4 points with 10 and 20 patients (3000 trials), 0.5 with 30 (2000) and 0.9 with 60 (600).
//!
//! Settings: `mild` (censored 30 %) and `heavy` (70 %) censor both sides of a patient together; `alone` censors each side by
//! itself; `visits` finds events at two-monthly visits only, so that many are tied; `frail` has a strong frailty.

use splitknee_stats::math::dist::student_t;
use splitknee_stats::math::random::Stream;
use splitknee_stats::paired::Options;
use splitknee_stats::survival::within_pairs::{Firsts, exact};
use splitknee_stats::survival::{Cohort, Subject, answers, rmst};

const SEED: u64 = 20_261_129;
/// Patients and trials.
const SIZES: [(usize, u64); 4] = [(10, 3000), (20, 3000), (30, 2000), (60, 600)];
const SETTINGS: [&str; 5] = ["mild", "heavy", "alone", "visits", "frail"];
const METHODS: [&str; 9] = [
    "first-event",
    "first-event mid-p",
    "stratified-log-rank",
    "stratified-cox",
    "marginal-cox",
    "rmst jackknife",
    "rmst normal",
    "survival at 6 jackknife",
    "survival at 6 normal",
];

fn main() {
    println!("setting,patients,method,rejects,no_answer");
    for (number, setting) in SETTINGS.into_iter().enumerate() {
        for (n, trials) in SIZES {
            let mut rejects = [0_u64; METHODS.len()];
            let mut none = [0_u64; METHODS.len()];
            for trial in 0..trials {
                let mut stream = Stream::new(SEED, (number as u64) << 40 | (n as u64) << 20 | trial);
                let p = p_values(&drawn(setting, n, &mut stream));
                for (method, p) in p.into_iter().enumerate() {
                    rejects[method] += u64::from(p.is_some_and(|p| p <= 0.05));
                    none[method] += u64::from(p.is_none());
                }
            }
            for (at, method) in METHODS.into_iter().enumerate() {
                let share = |count: u64| count as f64 / trials as f64;
                println!("{setting},{n},{method},{:.4},{:.4}", share(rejects[at]), share(none[at]));
            }
        }
    }
}

/// A trial without effect.
fn drawn(setting: &str, n: usize, stream: &mut Stream) -> Cohort {
    let sd = if setting == "frail" { 2.0 } else { 0.7 };
    let mut subjects = Vec::with_capacity(2 * n);
    for patient in 0..n {
        let frailty = (sd * stream.normal()).exp();
        // Months; Weibull with shape 1.3.
        let mut event = || (-stream.uniform().ln() / (0.02 * frailty)).powf(1.0 / 1.3);
        let events = [event(), event()];
        let follow_up = if setting == "heavy" { 9.0 } else { 36.0 };
        let mut leaves = || follow_up * (0.4 + 0.6 * stream.uniform());
        let both = leaves();
        let ends = if setting == "alone" { [both, leaves()] } else { [both, both] };
        for (side, active) in [true, false].into_iter().enumerate() {
            let (mut time, happened) = (events[side].min(ends[side]), events[side] <= ends[side]);
            if setting == "visits" {
                time = 2.0 * (time / 2.0).ceil();
            }
            subjects.push(Subject { patient, active, time, event: happened });
        }
    }
    Cohort::new(subjects).expect("times are positive")
}

fn p_values(cohort: &Cohort) -> [Option<f64>; METHODS.len()] {
    let options = Options::default();
    let tau = rmst::reached_by_two(cohort);
    let means = tau.and_then(|tau| rmst::rmst(cohort, tau, false, 0.95).ok());
    // What `answers::rmst` reports, without computing the jackknife twice.
    let jackknife = means.as_ref().and_then(|found| {
        let error = found.std_error_jackknife.filter(|error| *error > 0.0)?;
        Some(student_t::two_sided(found.estimate / error, cohort.patients() as f64 - 1.0))
    });
    [
        answers::first_event(cohort, &options).ok().and_then(|found| found.p_value),
        exact(&Firsts::of(cohort), 0.95).p_value_mid_p,
        answers::stratified_log_rank(cohort, &options).p_value,
        answers::stratified_cox(cohort, &options).p_value,
        answers::marginal_cox(cohort, &options).p_value,
        jackknife,
        means.and_then(|found| found.p_value),
        rmst::survival_difference(cohort, 6.0, true, 0.95).p_value,
        rmst::survival_difference(cohort, 6.0, false, 0.95).p_value,
    ]
}
