//! `results.csv`: one line per cell and candidate, with counts and sums that further trials add to.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use crate::methods::{Answer, Method};
use crate::scenario::{Cell, SCENARIOS, cells};

/// Name of the rule among the candidates.
pub const RULE: &str = "rule";

const HEADER: &str = "scenario,patients,visits,method,trials,answered,rejected,rejected_with_effect,sum_estimate,sum_squared_estimate,sum_std_error,sum_variance";

/// Counts and sums of a candidate in a cell.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    pub trials: u64,
    pub answered: u64,
    pub rejected: u64,
    pub rejected_with_effect: u64,
    pub sum_estimate: f64,
    pub sum_squared_estimate: f64,
    pub sum_std_error: f64,
    pub sum_variance: f64,
}

impl Tally {
    /// Adds a trial; one without an answer counts as not rejected.
    pub fn add(&mut self, answer: Option<Answer>, effect: f64) {
        self.trials += 1;
        let Some(answer) = answer else { return };
        self.answered += 1;
        self.rejected += u64::from(answer.rejects(0.0));
        self.rejected_with_effect += u64::from(answer.rejects(effect));
        self.sum_estimate += answer.estimate;
        self.sum_squared_estimate += answer.estimate * answer.estimate;
        self.sum_std_error += answer.std_error;
        self.sum_variance += answer.std_error * answer.std_error;
    }

    pub fn type_one(&self) -> f64 {
        self.rejected as f64 / self.trials as f64
    }

    pub fn power(&self) -> f64 {
        self.rejected_with_effect as f64 / self.trials as f64
    }

    pub fn no_answer(&self) -> f64 {
        1.0 - self.answered as f64 / self.trials as f64
    }
}

/// Key: scenario, patients, visits, candidate.
pub type Results = BTreeMap<(usize, usize, usize, String), Tally>;

/// The place of a candidate of a cell in the results.
pub fn key(cell: &Cell, method: &str) -> (usize, usize, usize, String) {
    (cell.visits, cell.scenario, cell.patients, method.to_owned())
}

/// Reads the file; empty where there is none. Lines of cells that the grid no longer has are left out.
pub fn read(path: &Path) -> Result<Results, String> {
    let mut results = Results::new();
    let Ok(text) = std::fs::read_to_string(path) else { return Ok(results) };
    let known = cells();
    for (number, line) in text.lines().enumerate().skip(1) {
        let bad = || format!("{}: line {} is not a line of results", path.display(), number + 1);
        let parts: Vec<&str> = line.split(',').collect();
        let [scenario, patients, visits, method, counts @ ..] = parts.as_slice() else { return Err(bad()) };
        let count = |i: usize| counts.get(i).and_then(|c| c.parse::<u64>().ok()).ok_or_else(bad);
        let sum = |i: usize| counts.get(i).and_then(|c| c.parse::<f64>().ok()).ok_or_else(bad);
        let tally = Tally {
            trials: count(0)?,
            answered: count(1)?,
            rejected: count(2)?,
            rejected_with_effect: count(3)?,
            sum_estimate: sum(4)?,
            sum_squared_estimate: sum(5)?,
            sum_std_error: sum(6)?,
            sum_variance: sum(7)?,
        };
        let number = |text: &str| text.parse::<usize>().map_err(|_| bad());
        let (patients, visits) = (number(patients)?, number(visits)?);
        let at = SCENARIOS.iter().position(|s| s.name == *scenario);
        let Some(cell) = at.map(|scenario| Cell { scenario, patients, visits }).filter(|c| known.contains(c)) else {
            continue;
        };
        results.insert(key(&cell, method), tally);
    }
    Ok(results)
}

/// Writes the file anew, whole or not at all.
pub fn write(path: &Path, results: &Results) -> std::io::Result<()> {
    let part = path.with_extension("csv.part");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&part)?);
    writeln!(file, "{HEADER}")?;
    for ((visits, scenario, patients, method), t) in results.iter().filter(|(_, t)| t.trials > 0) {
        writeln!(
            file,
            "{},{patients},{visits},{method},{},{},{},{},{:.6},{:.6},{:.6},{:.6}",
            SCENARIOS[*scenario].name,
            t.trials,
            t.answered,
            t.rejected,
            t.rejected_with_effect,
            t.sum_estimate,
            t.sum_squared_estimate,
            t.sum_std_error,
            t.sum_variance
        )?;
    }
    file.flush()?;
    drop(file);
    std::fs::rename(&part, path)
}

/// How many trials of `method` a cell has.
pub fn done(results: &Results, cell: &Cell, method: &str) -> u64 {
    results.get(&key(cell, method)).map_or(0, |t| t.trials)
}

/// The candidates of a cell.
pub fn candidates(cell: &Cell) -> Vec<Method> {
    Method::ALL.into_iter().filter(|m| m.applies(cell.visits)).collect()
}
