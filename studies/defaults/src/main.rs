//! Which default primary analysis holds its level: type I error, power and failures of the candidates over shapes of
//! split-knee trials. What was concluded: `docs/defaults-study.md`.
//!
//! ```text
//! cargo run --release -p splitknee-defaults-study -- run 1000 10000     # all candidates, the rule; resumes results.csv
//! cargo run --release -p splitknee-defaults-study -- report             # tables and docs/pictures/defaults-study.svg
//! cargo run --release -p splitknee-defaults-study -- time               # milliseconds per trial and candidate
//! ```

mod figure;
mod methods;
mod report;
mod results;
mod scenario;
mod trial;

use std::path::{Path, PathBuf};
use std::time::Instant;

use methods::{Candidates, Method, rule};
use results::{RULE, Results, Tally, candidates, done, key};
use scenario::{Cell, cells};
use trial::Simulator;

/// Trials between two writings of the file.
const BATCH: u64 = 250;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize| arguments.get(i).and_then(|a| a.parse::<u64>().ok());
    // A long run may write elsewhere than where the results are kept.
    let path = std::env::var_os("DEFAULTS_RESULTS").map_or_else(|| folder().join("results.csv"), PathBuf::from);
    match arguments.first().map(String::as_str) {
        Some("run") => {
            let usage = "run needs two numbers: trials of every candidate, trials of the rule";
            let (all, of_rule) = (number(1).ok_or(usage)?, number(2).ok_or(usage)?);
            let chosen = arguments.get(3).map(String::as_str);
            run(&path, all, of_rule, chosen)
        }
        Some("time") => {
            time();
            Ok(())
        }
        Some("report") => report::write(&results::read(&path)?, &folder()),
        _ => Err("one of: run ALL RULE [V2,V3…], report, time".into()),
    }
}

/// Trials of every cell until each has as many as asked for: of the rule's parts, and of all candidates.
fn run(path: &Path, all: u64, of_rule: u64, chosen: Option<&str>) -> Result<(), String> {
    let mut results = results::read(path)?;
    let wanted = |cell: &Cell| chosen.is_none_or(|c| c.split(',').any(|v| v == format!("V{}", cell.visits)));
    let mut target = BATCH;
    // Rounds that double, so that every cell has something early.
    loop {
        let (round_all, round_rule) = (all.min(target), of_rule.min(2 * target));
        for cell in cells().into_iter().filter(wanted) {
            let before = (done(&results, &cell, Method::PairedValue.name()), done(&results, &cell, RULE));
            if before.0 >= round_all && before.1 >= round_rule {
                continue;
            }
            one(&mut results, &cell, round_all, round_rule);
            results::write(path, &results).map_err(|e| format!("{}: {e}", path.display()))?;
        }
        if target >= all && 2 * target >= of_rule {
            return Ok(());
        }
        target *= 2;
    }
}

/// Brings one cell up to `all` trials of every candidate and `of_rule` of the rule.
fn one(results: &mut Results, cell: &Cell, all: u64, of_rule: u64) {
    let simulator = Simulator::new(*cell);
    let models = Candidates::new(cell.visits);
    let parts = rule(cell.patients, cell.visits);
    let every = candidates(cell);
    let effect = cell.effect();
    let start = every.iter().map(|m| done(results, cell, m.name())).min().unwrap_or(0).min(done(results, cell, RULE));
    let mut tallies: Vec<Tally> =
        every.iter().map(|m| results.get(&key(cell, m.name())).copied().unwrap_or_default()).collect();
    let mut of_the_rule = results.get(&key(cell, RULE)).copied().unwrap_or_default();
    for number in start..all.max(of_rule) {
        let rule_wants = of_the_rule.trials <= number && number < of_rule;
        let wants = |i: usize, tallies: &[Tally]| tallies[i].trials <= number && number < all;
        if !rule_wants && !(0..every.len()).any(|i| wants(i, &tallies)) {
            continue;
        }
        let trial = simulator.draw(number);
        let mut answers: Vec<Option<Option<methods::Answer>>> = vec![None; every.len()];
        for (i, method) in every.iter().enumerate() {
            if wants(i, &tallies) {
                let answer = models.answer(*method, &trial);
                tallies[i].add(answer, effect);
                answers[i] = Some(answer);
            }
        }
        if rule_wants {
            let answer = parts.iter().find_map(|part| {
                let known = every.iter().position(|m| m == part).and_then(|i| answers[i]);
                known.unwrap_or_else(|| models.answer(*part, &trial))
            });
            of_the_rule.add(answer, effect);
        }
    }
    for (method, tally) in every.iter().zip(tallies) {
        results.insert(key(cell, method.name()), tally);
    }
    results.insert(key(cell, RULE), of_the_rule);
}

/// Milliseconds per trial of every candidate.
fn time() {
    for (patients, visits) in [(10, 1), (20, 2), (20, 3), (60, 3), (30, 5), (60, 5)] {
        let cell = cells()
            .into_iter()
            .find(|c| c.patients == patients && c.visits == visits && c.scenario().name == "worst-loss");
        let Some(cell) = cell else { continue };
        let (simulator, models) = (Simulator::new(cell), Candidates::new(visits));
        let trials: Vec<_> = (0..20).map(|number| simulator.draw(number)).collect();
        for method in candidates(&cell) {
            let clock = Instant::now();
            let answered = trials.iter().filter(|t| models.answer(method, t).is_some()).count();
            let each = clock.elapsed().as_secs_f64() * 1000.0 / trials.len() as f64;
            println!("n {patients:>2} V {visits} {:<24} {each:>7.2} ms, {answered} of {}", method.name(), trials.len());
        }
    }
}
