//! The cells of the study: shapes of trials × patients × visits.

/// What a trial looks like. Standard deviations are in millimetres of a 0–100 scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scenario {
    /// Name in the results.
    pub name: &'static str,
    /// What is unusual about it.
    pub about: &'static str,
    /// Standard deviation at the first and at the last visit after baseline; 12 at baseline.
    pub sd: (f64, f64),
    /// The active arm's standard deviation after baseline is this many times the placebo arm's.
    pub active_sd: f64,
    /// Standard deviation of the patients' own effects at the last visit, mean zero.
    pub own_effect: f64,
    /// Correlation between the knees.
    pub rho: f64,
    /// Correlation over time of what the knees share: constant part, and what falls with every visit.
    pub shared: (f64, f64),
    /// The same of what each knee has alone.
    pub own: (f64, f64),
    /// Share of patients who lose one knee, at random, from a random visit on.
    pub knee_loss: f64,
    /// Share of patients who drop out, the worse the last value the likelier (missing at random).
    pub dropout: f64,
    /// Values are rounded to multiples of this and cut at 0 and 100; 0 for no rounding.
    pub rounding: f64,
    /// Exponentiated errors (skewness about 1.7 at a standard deviation of 17).
    pub skewed: bool,
    /// Mean at baseline, and at the last visit.
    pub means: (f64, f64),
}

const PLAIN: Scenario = Scenario {
    name: "equal",
    about: "equal variances",
    sd: (12.0, 12.0),
    active_sd: 1.0,
    own_effect: 0.0,
    rho: 0.5,
    shared: (0.5, 0.6),
    own: (0.5, 0.6),
    knee_loss: 0.0,
    dropout: 0.0,
    rounding: 0.0,
    skewed: false,
    means: (60.0, 45.0),
};

const GROWING: Scenario = Scenario { name: "growing", about: "SD grows 7 to 17", sd: (7.0, 17.0), ..PLAIN };
const SHRINKING: Scenario = Scenario { name: "shrinking", about: "SD shrinks 17 to 7", sd: (17.0, 7.0), ..PLAIN };
const LOSS: (f64, f64) = (0.1, 0.2);

/// Every shape, the complete ones first.
pub const SCENARIOS: [Scenario; 19] = [
    PLAIN,
    GROWING,
    SHRINKING,
    Scenario { name: "arm-ratio", about: "SD grows, active SD 1.5 times placebo's", active_sd: 1.5, ..GROWING },
    Scenario { name: "own-effect", about: "patients' own effects, SD 8", own_effect: 8.0, ..PLAIN },
    Scenario { name: "rho-negative", about: "knees correlated −0.3, SD grows", rho: -0.3, ..GROWING },
    Scenario { name: "rho-zero", about: "knees uncorrelated, SD grows", rho: 0.0, ..GROWING },
    Scenario { name: "rho-high", about: "knees correlated 0.8, SD grows", rho: 0.8, ..GROWING },
    Scenario {
        name: "kron-false",
        about: "shared part steady, own part of short memory",
        shared: (0.9, 0.9),
        own: (0.0, 0.3),
        ..PLAIN
    },
    Scenario {
        name: "low-baseline",
        about: "values correlate little over time",
        shared: (0.1, 0.4),
        own: (0.1, 0.4),
        ..GROWING
    },
    Scenario { name: "floor", about: "whole numbers, floor at 0", rounding: 1.0, means: (45.0, 15.0), ..GROWING },
    Scenario { name: "five-mm", about: "rounded to 5 mm", rounding: 5.0, ..PLAIN },
    Scenario { name: "skewed", about: "skewed errors", skewed: true, ..GROWING },
    Scenario { name: "equal-loss", about: "equal variances; losses", knee_loss: LOSS.0, dropout: LOSS.1, ..PLAIN },
    Scenario { name: "growing-loss", about: "SD grows; losses", knee_loss: LOSS.0, dropout: LOSS.1, ..GROWING },
    Scenario { name: "shrinking-loss", about: "SD shrinks; losses", knee_loss: LOSS.0, dropout: LOSS.1, ..SHRINKING },
    Scenario {
        name: "worst-loss",
        about: "SD grows, active SD 1.5 times, own effects SD 8, uncorrelated knees; losses",
        active_sd: 1.5,
        own_effect: 8.0,
        rho: 0.0,
        knee_loss: LOSS.0,
        dropout: LOSS.1,
        ..GROWING
    },
    Scenario {
        name: "kron-false-loss",
        about: "shared part steady, own part of short memory; losses",
        shared: (0.9, 0.9),
        own: (0.0, 0.3),
        knee_loss: LOSS.0,
        dropout: LOSS.1,
        ..PLAIN
    },
    Scenario {
        name: "knees-loss",
        about: "SD grows, whole numbers, floor at 0; a quarter loses one knee",
        rounding: 1.0,
        means: (45.0, 15.0),
        knee_loss: 0.25,
        ..GROWING
    },
];

impl Scenario {
    /// Whether nothing is missing.
    pub fn complete(&self) -> bool {
        self.knee_loss == 0.0 && self.dropout == 0.0
    }

    /// Standard deviation of the placebo arm at visit `v` (0 is baseline) of `visits`.
    pub fn sd_at(&self, v: usize, visits: usize) -> f64 {
        match (v, visits) {
            (0, _) => 12.0,
            (_, 1) => self.sd.1,
            _ => self.sd.0 + (self.sd.1 - self.sd.0) * (v - 1) as f64 / (visits - 1) as f64,
        }
    }

    /// Correlation over `lag` visits of a part.
    pub fn over_time((constant, falling): (f64, f64), lag: usize) -> f64 {
        if lag == 0 { 1.0 } else { constant + (1.0 - constant) * falling.powi(lag as i32) }
    }

    /// The standard deviation of the difference between the knees in the change from baseline at the last visit.
    pub fn sd_of_change_difference(&self, visits: usize) -> f64 {
        let (p, t, base) = (self.sd_at(visits, visits), self.active_sd, 12.0);
        let a = p * t;
        let lag = |part| Self::over_time(part, visits);
        let (w, rho) = (self.rho.abs(), self.rho);
        // One knee over time, and the two knees over time.
        let within = w * lag(self.shared) + (1.0 - w) * lag(self.own);
        let between = rho * lag(self.shared);
        let last = a * a + p * p - 2.0 * rho * a * p;
        let first = 2.0 * base * base * (1.0 - rho);
        let cross = base * (within * (a + p) - between * (a + p));
        (last + first - 2.0 * cross + self.own_effect * self.own_effect).sqrt()
    }
}

/// One cell of the study.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    pub scenario: usize,
    pub patients: usize,
    pub visits: usize,
}

impl Cell {
    pub fn scenario(&self) -> &'static Scenario {
        &SCENARIOS[self.scenario]
    }

    /// The number of the cell's random streams: fixed by its content, not by its place in a list.
    pub fn stream(&self) -> u64 {
        (self.scenario as u64) << 20 | (self.patients as u64) << 8 | self.visits as u64
    }

    /// The effect at the last visit that power is computed for: 2.3 standard errors of the paired difference of changes.
    pub fn effect(&self) -> f64 {
        2.3 * self.scenario().sd_of_change_difference(self.visits) / (self.patients as f64).sqrt()
    }
}

/// Patients and visits of the grid.
pub const PATIENTS: [usize; 7] = [6, 10, 12, 15, 20, 30, 60];
pub const VISITS: [usize; 4] = [1, 2, 3, 5];

/// Every cell; the one-visit trial has no shapes that need several.
pub fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for visits in VISITS {
        for (scenario, about) in SCENARIOS.iter().enumerate() {
            for patients in PATIENTS {
                if visits == 5 && matches!(patients, 6 | 12) || visits == 1 && about.name.starts_with("kron") {
                    continue;
                }
                cells.push(Cell { scenario, patients, visits });
            }
        }
    }
    cells
}
