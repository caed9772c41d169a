//! Imputation in process against its targets, with rbmi timed on the same knees in the same run where R has it.
//!
//! `cargo bench -p splitknee-benches --bench missing`. Published times of rbmi to compare with: M = 500 took 26 s, a grid of tipping
//! points at M = 5 000 17.8 minutes. rbmi has one outcome per subject, so the peer takes every knee for a subject: less work
//! than both knees at once, and another standard error.

use splitknee::missing::bayes::Prior;
use splitknee::missing::trial::FitValues;
use splitknee::missing::{Answer, Event, Method, Patient, Request, Strategy, Trial, run};
use std::process::Command;
use std::time::Instant;

/// A trial of `patients`: a tenth of the knees is lost from some visit on, a quarter of the active knees has an event from
/// which on it jumps to reference.
fn trial(patients: usize, visits: usize) -> Trial {
    let mut state = 9_u64;
    let mut uniform = move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut normal = move |share: &mut f64| {
        *share = uniform();
        (0..12).map(|_| uniform()).sum::<f64>() - 6.0
    };
    let mut share = 0.0;
    let patients = (0..patients)
        .map(|i| {
            let person = 8.0 * normal(&mut share);
            let event = (share < 0.25).then_some(i % visits);
            let baseline = [0, 1].map(|_| 60.0 + 0.5 * person + 9.0 * normal(&mut share));
            let mut values = Vec::with_capacity(2 * visits);
            for (arm, own) in baseline.iter().enumerate() {
                let knee = 6.0 * normal(&mut share);
                let lost = if share < 0.1 { (i + arm) % visits } else { visits };
                for v in 0..visits {
                    let effect = if arm == 0 { -8.0 - 2.0 * v as f64 } else { -3.0 };
                    let y = effect - 0.4 * (own - 60.0) + person + knee + 7.0 * normal(&mut share);
                    values.push((v < lost).then_some(y));
                }
            }
            let events = [event.map(|visit| Event { visit, strategy: Strategy::JumpToReference }), None];
            Patient { label: format!("P{i:03}"), baseline, values, events, covariates: Vec::new() }
        })
        .collect();
    let visits = (1..=visits).map(|v| format!("M{v}")).collect();
    Trial {
        visits,
        patients,
        has_baseline: true,
        covariates: Vec::new(),
        fit_values: FitValues::Observed,
        discard: false,
    }
}

/// The best of some runs in seconds, and the answer.
fn best(times: usize, trial: &Trial, request: &Request) -> (f64, Answer) {
    let mut least = (f64::INFINITY, None);
    for _ in 0..times {
        let data = trial.clone();
        let start = Instant::now();
        let answer = run(data, request).unwrap_or_else(|refusal| panic!("{refusal}"));
        least = (least.0.min(start.elapsed().as_secs_f64()), Some(answer));
    }
    (least.0, least.1.expect("at least one run"))
}

/// The knees as rbmi takes them: knee, arm, visit, baseline, change (empty where missing), visit of the event (empty: none).
fn csv(trial: &Trial) -> String {
    let mut text = String::from("knee,arm,visit,baseline,change,event\n");
    for patient in &trial.patients {
        for (arm, name) in ["EV", "PLACEBO"].iter().enumerate() {
            for (v, visit) in trial.visits.iter().enumerate() {
                let value = patient.values[arm * trial.visits.len() + v].map_or(String::new(), |y| y.to_string());
                let event = patient.events[arm].map_or("", |event| trial.visits[event.visit].as_str());
                let baseline = patient.baseline[arm];
                text.push_str(&format!("{}{name},{name},{visit},{baseline},{value},{event}\n", patient.label));
            }
        }
    }
    text
}

/// Seconds of rbmi for `kind`, printed by the peer script; `None` where R or the package is missing.
fn peer(kind: &str, csv: &str) -> Option<f64> {
    let file = std::env::temp_dir().join(format!("splitknee-bench-missing-{}.csv", std::process::id()));
    std::fs::write(&file, csv).ok()?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/missing.R");
    let output = Command::new("Rscript").args(["--vanilla", script, kind]).arg(&file).output();
    let _ = std::fs::remove_file(&file);
    String::from_utf8(output.ok()?.stdout).ok()?.trim().parse().ok()
}

fn main() {
    if std::env::args().skip(1).any(|word| word == "--test" || word == "--list") {
        return;
    }
    let threads = rayon::current_num_threads();
    let line = |name: &str, seconds: f64, target: f64, peer: Option<f64>| {
        let peer = match peer {
            Some(r) => format!("; rbmi {:.2} s, {:.0} times", r, r / seconds),
            None => "; rbmi not installed".to_owned(),
        };
        println!("{name}: {:.1} ms on {threads} threads (target {:.0} ms){peer}", 1e3 * seconds, 1e3 * target);
    };
    let small = trial(31, 4);
    let text = csv(&small);
    let plain = Request { at: 3, ..Request::default() };
    let (without, answer) = best(20, &small, &plain);
    assert!(answer.n_imputed_active > 0, "nothing is imputed");
    line("31 patients, 4 visits, conditional mean and jackknife", without, 0.060, peer("condmean", &text));
    let (with, answer) = best(20, &small, &Request { tipping: true, ..plain });
    assert!(answer.tipping.is_some());
    println!(
        "its tipping points: {:.2} ms beyond it (target 10 ms; published for rbmi: 17.8 minutes)",
        1e3 * (with - without)
    );
    let bayes = Request { method: Method::Bayes(Prior::Jeffreys), m: Some(1000), ..plain };
    let (seconds, answer) = best(3, &small, &bayes);
    assert_eq!(answer.m, Some(1000));
    line("31 patients, 4 visits, Bayes, M = 1000", seconds, 2.0, peer("bayes", &text));
    let approximate = Request { method: Method::ApproximateBayes, m: Some(200), ..plain };
    let (seconds, _) = best(1, &small, &approximate);
    println!("31 patients, 4 visits, approximate Bayes, M = 200: {seconds:.2} s");
    let large = trial(200, 6);
    let (seconds, _) = best(2, &large, &Request { at: 5, ..Request::default() });
    line("200 patients, 6 visits, conditional mean and jackknife", seconds, 5.0, peer("condmean", &csv(&large)));
}
