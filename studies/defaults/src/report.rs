//! The results as Markdown tables (`tables.md`) and as a figure (`docs/pictures/defaults-study.svg`).

use std::fmt::Write;
use std::path::Path;

use crate::figure;
use crate::methods::{Method, rule};
use crate::results::{RULE, Results, Tally, candidates, key};
use crate::scenario::{Cell, PATIENTS, VISITS, cells};

/// The candidates whose best power the rule is compared with.
const RIVALS: [Method; 5] = [Method::Pair, Method::Us, Method::UsLast, Method::Ancova, Method::PairedChange];

/// Writes both.
///
/// # Errors
/// A file cannot be written.
pub fn write(results: &Results, folder: &Path) -> Result<(), String> {
    let mut out = String::from(
        "# Results of the defaults study\n\nWritten by `splitknee-defaults-study report` from `results.csv`.\n",
    );
    bar(results, &mut out);
    of_the_rule(results, &mut out);
    of_candidates(results, &mut out);
    every_cell(results, &mut out);
    let save = |path: &Path, text: &str| std::fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()));
    save(&folder.join("tables.md"), &out)?;
    save(&folder.join("../../docs/pictures/defaults-study.svg"), &figure::draw(results))
}

fn tally(results: &Results, cell: &Cell, method: &str) -> Option<Tally> {
    results.get(&key(cell, method)).copied().filter(|t| t.trials > 0)
}

fn standard_error(p: f64, n: u64) -> f64 {
    (p * (1.0 - p) / n as f64).sqrt()
}

/// The bar that the issue sets, and which cells miss it.
fn bar(results: &Results, out: &mut String) {
    let (mut sum, mut n, mut short, mut missed) = (0.0, 0, 0, Vec::new());
    let (mut lowest, mut highest) = (f64::INFINITY, 0.0_f64);
    for cell in cells().into_iter().filter(|c| c.patients >= 10) {
        let Some(t) = tally(results, &cell, RULE) else { continue };
        short += u64::from(t.trials < 10_000);
        let (p, se) = (t.type_one(), standard_error(0.05, t.trials));
        sum += p;
        n += 1;
        lowest = lowest.min(p);
        highest = highest.max(p);
        let most = if cell.scenario().complete() { 0.05 } else { 0.055 };
        let mut reasons = Vec::new();
        if p > most + 2.0 * se {
            reasons.push(format!("type I error above {:.1} % + 2 SE", 100.0 * most));
        }
        if p < 0.04 {
            reasons.push("type I error below 4 %".to_owned());
        }
        if let Some(lost) = behind(results, &cell).filter(|lost| *lost > 0.03) {
            reasons.push(format!("power {:.1} points behind", 100.0 * lost));
        }
        if t.no_answer() > 0.005 {
            reasons.push(format!("no answer in {:.1} %", 100.0 * t.no_answer()));
        }
        if !reasons.is_empty() {
            missed.push(format!(
                "| {} | {} | {} | {:.2} ± {:.2} | {} |",
                cell.scenario().name,
                cell.patients,
                cell.visits,
                100.0 * p,
                100.0 * standard_error(p, t.trials),
                reasons.join("; ")
            ));
        }
    }
    let _ = writeln!(
        out,
        "\n## The rule against the bar\n\n{n} cells with n ≥ 10, {short} of them with fewer than 10 000 trials. Type I error: mean \
         {:.2} %, lowest {:.2} %, highest {:.2} %. Coverage is 100 % minus the type I error (every candidate shifts with an \
         added effect).\n\nCells that miss a line of the bar (with {n} cells, a 5 % + 2 SE line is crossed by chance in about one of \
         44 even at a true 5 %):\n\n| scenario | n | V | type I error, % ± SE | missed |\n|---|---|---|---|---|\n{}",
        100.0 * sum / f64::from(n),
        100.0 * lowest,
        100.0 * highest,
        missed.join("\n")
    );
}

/// By how much the rule's power is behind the best rival on the same number of trials.
fn behind(results: &Results, cell: &Cell) -> Option<f64> {
    // The rule's first part has run in the same trials as its rivals; the rule itself in more.
    let own = tally(results, cell, rule(cell.patients, cell.visits)[0].name())?;
    let best = RIVALS.iter().filter_map(|m| tally(results, cell, m.name())).map(|t| t.power()).fold(0.0, f64::max);
    Some(best - own.power())
}

/// Means over the scenarios, and the worst, by patients and visits.
fn of_the_rule(results: &Results, out: &mut String) {
    let _ = writeln!(
        out,
        "\n## The rule\n\nType I error in per cent, mean over the scenarios (lowest–highest).\n\n| V | n | analysis | complete | \
         losses | power behind the best, points (worst) | no answer, % (worst) |\n|---|---|---|---|---|---|---|"
    );
    for visits in VISITS {
        for patients in PATIENTS {
            let here: Vec<Cell> =
                cells().into_iter().filter(|c| (c.visits, c.patients) == (visits, patients)).collect();
            if here.is_empty() {
                continue;
            }
            let range = |complete: bool| {
                let of: Vec<f64> = here
                    .iter()
                    .filter(|c| c.scenario().complete() == complete)
                    .filter_map(|c| tally(results, c, RULE))
                    .map(|t| 100.0 * t.type_one())
                    .collect();
                spread(&of)
            };
            let lost: Vec<f64> = here.iter().filter_map(|c| behind(results, c)).map(|x| 100.0 * x).collect();
            let none: Vec<f64> =
                here.iter().filter_map(|c| tally(results, c, RULE)).map(|t| 100.0 * t.no_answer()).collect();
            let worst = |of: &[f64]| of.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let behind_best =
                if lost.is_empty() { "–".to_owned() } else { format!("{:.1} ({:.1})", mean(&lost), worst(&lost)) };
            let _ = writeln!(
                out,
                "| {visits} | {patients} | {} | {} | {} | {behind_best} | {:.2} ({:.2}) |",
                rule(patients, visits)[0].name(),
                range(true),
                range(false),
                mean(&none),
                worst(&none)
            );
        }
    }
}

fn mean(of: &[f64]) -> f64 {
    of.iter().sum::<f64>() / of.len() as f64
}

fn spread(of: &[f64]) -> String {
    if of.is_empty() {
        return "–".to_owned();
    }
    let low = of.iter().copied().fold(f64::INFINITY, f64::min);
    let high = of.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("{:.1} ({low:.1}–{high:.1})", mean(of))
}

/// Every candidate by patients and visits.
fn of_candidates(results: &Results, out: &mut String) {
    let _ = writeln!(
        out,
        "\n## The candidates\n\nType I error, mean over the scenarios (lowest–highest) / power, mean / no answer, mean, in per cent. A \
         trial without an answer counts as not rejected."
    );
    for visits in VISITS {
        let columns: Vec<usize> =
            PATIENTS.into_iter().filter(|n| cells().iter().any(|c| (c.visits, c.patients) == (visits, *n))).collect();
        let head: Vec<String> = columns.iter().map(|n| format!(" n {n} |")).collect();
        let _ = writeln!(
            out,
            "\n### {visits} visit(s)\n\n| candidate |{}\n|---|{}",
            head.concat(),
            "---|".repeat(columns.len())
        );
        let example = Cell { scenario: 0, patients: 10, visits };
        let names = std::iter::once(RULE).chain(candidates(&example).into_iter().map(Method::name));
        for name in names.collect::<Vec<_>>() {
            let mut line = format!("| {name} |");
            for &patients in &columns {
                let of: Vec<Tally> = cells()
                    .iter()
                    .filter(|c| (c.visits, c.patients) == (visits, patients))
                    .filter_map(|c| tally(results, c, name))
                    .collect();
                if of.is_empty() {
                    line.push_str(" – |");
                    continue;
                }
                let all = |f: fn(&Tally) -> f64| of.iter().map(|t| 100.0 * f(t)).collect::<Vec<f64>>();
                let (power, none) = (mean(&all(Tally::power)), mean(&all(Tally::no_answer)));
                let _ = write!(line, " {} / {power:.0} / {none:.1} |", spread(&all(Tally::type_one)));
            }
            let _ = writeln!(out, "{line}");
        }
    }
}

/// The rule in every cell.
fn every_cell(results: &Results, out: &mut String) {
    let _ = writeln!(
        out,
        "\n## The rule in every cell\n\nType I error, % ± SE / power, % (trials).\n\n| V | scenario |{}\n|---|---|{}",
        PATIENTS.map(|n| format!(" n {n} |")).concat(),
        "---|".repeat(PATIENTS.len())
    );
    for visits in VISITS {
        for scenario in 0..crate::scenario::SCENARIOS.len() {
            let mut line = format!("| {visits} | {} |", crate::scenario::SCENARIOS[scenario].name);
            let mut any = false;
            for patients in PATIENTS {
                match tally(results, &Cell { scenario, patients, visits }, RULE) {
                    Some(t) => {
                        any = true;
                        let (p, se) = (t.type_one(), standard_error(t.type_one(), t.trials));
                        let _ = write!(
                            line,
                            " {:.1} ± {:.2} / {:.0} ({}) |",
                            100.0 * p,
                            100.0 * se,
                            100.0 * t.power(),
                            t.trials
                        );
                    }
                    None => line.push_str(" – |"),
                }
            }
            if any {
                let _ = writeln!(out, "{line}");
            }
        }
    }
}
