//! One simulated trial: every trial has its own stream of a counter-based generator, so that any can be made again alone.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::scenario::{Cell, Scenario};

/// Seed of the study.
const SEED: u64 = 20_260_711;

/// A value of one knee at one visit after baseline.
#[derive(Debug, Clone, Copy)]
pub struct Value {
    pub patient: usize,
    /// 0 placebo, 1 active.
    pub arm: usize,
    /// 1 … V.
    pub visit: usize,
    pub y: f64,
    pub base: f64,
}

/// What was observed.
#[derive(Debug, Clone)]
pub struct Trial {
    pub patients: usize,
    pub values: Vec<Value>,
}

struct Draws(ChaCha8Rng);

impl Draws {
    fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.uniform(), self.uniform());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
}

/// The lower Cholesky factor of the correlation over times 0 … V.
fn factor(part: (f64, f64), times: usize) -> Vec<Vec<f64>> {
    let mut l = vec![vec![0.0; times]; times];
    for i in 0..times {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| l[i][k] * l[j][k]).sum();
            let rest = Scenario::over_time(part, i - j) - known;
            l[i][j] = if i == j { rest.max(0.0).sqrt() } else { rest / l[j][j] };
        }
    }
    l
}

/// Draws trials of a cell.
pub struct Simulator {
    cell: Cell,
    shared: Vec<Vec<f64>>,
    own: Vec<Vec<f64>>,
}

impl Simulator {
    pub fn new(cell: Cell) -> Self {
        let (scenario, times) = (cell.scenario(), cell.visits + 1);
        Self { cell, shared: factor(scenario.shared, times), own: factor(scenario.own, times) }
    }

    /// Trial `number` of the cell, without a treatment effect.
    pub fn draw(&self, number: u64) -> Trial {
        let mut rng = ChaCha8Rng::seed_from_u64(SEED ^ self.cell.stream());
        rng.set_stream(number);
        let mut draws = Draws(rng);
        let (scenario, visits) = (self.cell.scenario(), self.cell.visits);
        let mut values = Vec::with_capacity(2 * visits * self.cell.patients);
        for patient in 0..self.cell.patients {
            self.patient(scenario, patient, &mut draws, &mut values);
        }
        Trial { patients: self.cell.patients, values }
    }

    fn patient(&self, scenario: &Scenario, patient: usize, draws: &mut Draws, values: &mut Vec<Value>) {
        let visits = self.cell.visits;
        let times = visits + 1;
        let path = |l: &Vec<Vec<f64>>, draws: &mut Draws| -> Vec<f64> {
            let z: Vec<f64> = (0..times).map(|_| draws.normal()).collect();
            l.iter().map(|row| row.iter().zip(&z).map(|(a, b)| a * b).sum()).collect()
        };
        let shared = path(&self.shared, draws);
        let own = [path(&self.own, draws), path(&self.own, draws)];
        let own_effect = scenario.own_effect * draws.normal();
        let weight = scenario.rho.abs();
        let score = |arm: usize, t: usize| {
            let sign = if scenario.rho < 0.0 && arm == 1 { -1.0 } else { 1.0 };
            let z = sign * weight.sqrt() * shared[t] + (1.0 - weight).sqrt() * own[arm][t];
            let ratio = if arm == 1 && t > 0 { scenario.active_sd } else { 1.0 };
            let sd = ratio * scenario.sd_at(t, visits);
            // exp(s z) with s for a coefficient of variation of 0.5: mean 0, standard deviation 1.
            let s: f64 = 0.4724;
            let z = if scenario.skewed { ((s * z - 0.5 * s * s).exp() - 1.0) / (s * s).exp_m1().sqrt() } else { z };
            let at = t as f64 / visits as f64;
            let mean = scenario.means.0 + (scenario.means.1 - scenario.means.0) * at;
            let y = mean + sd * z + if arm == 1 { own_effect * at } else { 0.0 };
            if scenario.rounding > 0.0 {
                ((y / scenario.rounding).round() * scenario.rounding).clamp(0.0, 100.0)
            } else {
                y
            }
        };
        // From which visit on a knee is lost, and from which the patient.
        let (lost, lost_arm) = (draws.uniform() < scenario.knee_loss, usize::from(draws.uniform() < 0.5));
        let lost_from = 1 + (draws.uniform() * visits as f64) as usize;
        let mut gone = false;
        for t in 1..times {
            // Worse than the mean before: likelier to leave. The mean share over the visits is `dropout`.
            if scenario.dropout > 0.0 && !gone {
                let mean = scenario.means.0 + (scenario.means.1 - scenario.means.0) * (t - 1) as f64 / visits as f64;
                let sd = scenario.sd_at(t - 1, visits);
                let worse = (0.5 * (score(0, t - 1) + score(1, t - 1)) - mean) / sd;
                let per_visit = 1.0 - (1.0 - scenario.dropout).powf(1.0 / visits as f64);
                let likelihood = (2.0 * per_visit / (1.0 + (-1.5 * worse).exp())).min(1.0);
                gone = draws.uniform() < likelihood;
            }
            if gone {
                break;
            }
            for arm in 0..2 {
                if !(lost && arm == lost_arm && t >= lost_from) {
                    values.push(Value { patient, arm, visit: t, y: score(arm, t), base: score(arm, 0) });
                }
            }
        }
    }
}
