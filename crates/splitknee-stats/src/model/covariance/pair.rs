//! `pair(visit|id)`: two exchangeable units (knees) per subject, Σ = [[A, B], [B, A]] over unit × visit cells.
//!
//! A is the covariance of one unit's visits, B that between the two units; both are symmetric V × V and B may be
//! indefinite. Σ is positive definite exactly where the sum S = A + B and the difference D = A − B are: (y₁ + y₂)/√2 and
//! (y₁ − y₂)/√2 are independent with these covariances. θ = (lower triangle of A, lower triangle of B), in which Σ is
//! linear; the working parameters are the Cholesky factors of S and D. One visit gives `cs` over the two units with a
//! correlation in (−1, 1).

use super::{CellCovariance, First, Role, Second, Unit, Unstructured};

/// Two exchangeable units over the same visits; cell (unit u, visit v) stands at u·V + v.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    visits: Vec<String>,
    block: Unstructured,
}

impl Pair {
    /// `visits` are the names of the cells of one unit.
    pub(crate) fn new(visits: Vec<String>) -> Self {
        Self { block: Unstructured::new(visits.len()), visits }
    }

    fn n_visits(&self) -> usize {
        self.visits.len()
    }

    fn half(&self) -> usize {
        self.block.n_parameters()
    }

    /// (x + y)/2 and (x − y)/2 of the two halves: from S and D to A and B.
    fn halves(x: &[f64], y: &[f64]) -> Vec<f64> {
        let sum = x.iter().zip(y).map(|(s, d)| 0.5 * (s + d));
        sum.chain(x.iter().zip(y).map(|(s, d)| 0.5 * (s - d))).collect()
    }
}

impl CellCovariance for Pair {
    fn n_cells(&self) -> usize {
        2 * self.n_visits()
    }

    fn units(&self) -> Vec<Unit> {
        vec![Unit::Variance; 2 * self.half()]
    }

    fn roles(&self) -> Vec<Role> {
        let of = |c: usize| if self.visits[c].is_empty() { String::new() } else { format!(" of {}", self.visits[c]) };
        let both = |a: usize, b: usize| format!("of {} and {}", self.visits[b], self.visits[a]);
        let within = |(a, b): (usize, usize)| match a == b {
            true => format!("variance{}", of(a)),
            false => format!("covariance within a unit {}", both(a, b)),
        };
        let at = |c: usize| if self.visits[c].is_empty() { String::new() } else { format!(" at {}", self.visits[c]) };
        let between = |(a, b): (usize, usize)| match a == b {
            true => format!("covariance between the units{}", at(a)),
            false => format!("covariance between the units {}", both(a, b)),
        };
        self.block.pairs().map(within).chain(self.block.pairs().map(between)).map(Role::Shared).collect()
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn matrix(&self, theta: &[f64], out: &mut [f64]) {
        let (v, n) = (self.n_visits(), self.n_cells());
        let (within, between) = theta.split_at(self.half());
        for (i, (a, b)) in self.block.pairs().enumerate() {
            for (c, d) in [(a, b), (b, a)] {
                out[c * n + d] = within[i];
                out[(v + c) * n + v + d] = within[i];
                out[c * n + v + d] = between[i];
                out[(v + c) * n + d] = between[i];
            }
        }
    }

    fn first(&self, _: &[f64], out: &mut Vec<First>) {
        let (v, half) = (self.n_visits(), self.half());
        for (i, (a, b)) in self.block.pairs().enumerate() {
            let mut push = |parameter, row, column| out.push(First { parameter, row, column, value: 1.0 });
            push(i, b, a);
            push(i, v + b, v + a);
            push(half + i, b, v + a);
            if a != b {
                push(half + i, a, v + b);
            }
        }
    }

    fn second(&self, _: &[f64], _: &mut Vec<Second>) {}

    fn start(&self, moments: &[f64]) -> Vec<f64> {
        let (v, n) = (self.n_visits(), self.n_cells());
        let mean = |i: usize, j: usize, sign: f64| {
            let within = moments[i * n + j] + moments[(v + i) * n + v + j];
            let between = moments[i * n + v + j] + moments[(v + i) * n + j];
            0.5 * (within + sign * between)
        };
        let block = |sign: f64| -> Vec<f64> { (0..v * v).map(|k| mean(k / v, k % v, sign)).collect() };
        let mut psi = self.block.start(&block(1.0));
        psi.extend(self.block.start(&block(-1.0)));
        psi
    }

    fn natural(&self, psi: &[f64]) -> Vec<f64> {
        let (sum, difference) = psi.split_at(self.half());
        Self::halves(&self.block.natural(sum), &self.block.natural(difference))
    }

    fn jacobian(&self, psi: &[f64]) -> Vec<f64> {
        let h = self.half();
        let n = 2 * h;
        let (sum, difference) = psi.split_at(h);
        let (of_sum, of_difference) = (self.block.jacobian(sum), self.block.jacobian(difference));
        let mut out = vec![0.0; n * n];
        for i in 0..h {
            for j in 0..h {
                let (s, d) = (0.5 * of_sum[i * h + j], 0.5 * of_difference[i * h + j]);
                out[i * n + j] = s;
                out[i * n + h + j] = d;
                out[(h + i) * n + j] = s;
                out[(h + i) * n + h + j] = -d;
            }
        }
        out
    }

    fn curvature(&self, psi: &[f64], weights: &[f64]) -> Vec<f64> {
        let h = self.half();
        let n = 2 * h;
        let (sum, difference) = psi.split_at(h);
        let (within, between) = weights.split_at(h);
        let turned = Self::halves(within, between);
        let blocks = [self.block.curvature(sum, &turned[..h]), self.block.curvature(difference, &turned[h..])];
        let mut out = vec![0.0; n * n];
        for (part, block) in blocks.iter().enumerate() {
            for i in 0..h {
                let at = (part * h + i) * n + part * h;
                out[at..at + h].copy_from_slice(&block[i * h..(i + 1) * h]);
            }
        }
        out
    }
}
