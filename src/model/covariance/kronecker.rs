//! `kron(A(knee), B(visit)|id)`: Σ = A ⊗ B, cell (a, b) at position a·n_B + b.
//!
//! A product determines its factors up to one scale; the first diagonal element of A is 1 (`us`: the other elements free,
//! `cs`: A is a correlation matrix, one parameter), B carries the scale. θ = (parameters of A, parameters of B).

use super::{CellCovariance, First, Role, Second, Unit};
use crate::math::linalg::cholesky;

/// A product of two covariances, the first with its leading diagonal element fixed at 1.
#[derive(Debug)]
pub(crate) struct Kronecker {
    /// The first factor; its first parameter is the variance of the first cell and is held at 1.
    first: Box<dyn CellCovariance>,
    /// The second factor.
    second: Box<dyn CellCovariance>,
}

impl Kronecker {
    /// `first` must have the variance of its first cell (or its common variance) as first parameter, and its working
    /// parameter must reach 1 at `one_psi`.
    pub(crate) fn new(first: Box<dyn CellCovariance>, second: Box<dyn CellCovariance>) -> Self {
        Self { first, second }
    }

    fn n_first(&self) -> usize {
        self.first.n_parameters() - 1
    }

    fn full(fixed: f64, rest: &[f64]) -> Vec<f64> {
        std::iter::once(fixed).chain(rest.iter().copied()).collect()
    }

    /// The working value at which the fixed parameter is 1: L₁₁ = 1 for a Cholesky factor, log 1 = 0 for a log variance.
    fn fixed_psi(&self) -> f64 {
        if self.first.boundary().is_empty() { 0.0 } else { 1.0 }
    }

    fn factors(&self, theta: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (a, b) = theta.split_at(self.n_first());
        let (m, n) = (self.first.n_cells(), self.second.n_cells());
        let (mut left, mut right) = (vec![0.0; m * m], vec![0.0; n * n]);
        self.first.matrix(&Self::full(1.0, a), &mut left);
        self.second.matrix(b, &mut right);
        (left, right)
    }

    /// Calls `visit` with the upper-triangle places of A-element (r, c) times B-element (s, d) in Σ.
    fn places(&self, (r, c): (usize, usize), (s, d): (usize, usize), mut visit: impl FnMut(usize, usize)) {
        let n = self.second.n_cells();
        let mut put = |i: usize, j: usize| visit(i.min(j), i.max(j));
        put(r * n + s, c * n + d);
        if r != c && s != d {
            put(r * n + d, c * n + s);
        }
    }
}

impl CellCovariance for Kronecker {
    fn n_cells(&self) -> usize {
        self.first.n_cells() * self.second.n_cells()
    }

    fn units(&self) -> Vec<Unit> {
        let mut units = vec![Unit::Free; self.n_first()];
        units.extend(self.second.units());
        units
    }

    fn roles(&self) -> Vec<Role> {
        let word = |side: &str, role: Role| match role {
            Role::Variance(None) => Role::Shared(format!("{side} factor: variance")),
            Role::Variance(Some(c)) => Role::Shared(format!("{side} factor: variance {}", c + 1)),
            Role::Covariance(a, b) => Role::Shared(format!("{side} factor: covariance {}, {}", a + 1, b + 1)),
            Role::Shared(name) => Role::Shared(format!("{side} factor: {name}")),
        };
        let left = self.first.roles().into_iter().skip(1).map(|r| word("first", r));
        left.chain(self.second.roles().into_iter().map(|r| word("second", r))).collect()
    }

    fn is_linear(&self) -> bool {
        false
    }

    fn matrix(&self, theta: &[f64], out: &mut [f64]) {
        let (left, right) = self.factors(theta);
        let (m, n) = (self.first.n_cells(), self.second.n_cells());
        for i in 0..m * n {
            for j in 0..m * n {
                out[i * m * n + j] = left[(i / n) * m + j / n] * right[(i % n) * n + j % n];
            }
        }
    }

    fn first(&self, theta: &[f64], out: &mut Vec<First>) {
        let (a, b) = theta.split_at(self.n_first());
        let (left, right) = self.factors(theta);
        let (m, n) = (self.first.n_cells(), self.second.n_cells());
        let (mut da, mut db) = (Vec::new(), Vec::new());
        self.first.first(&Self::full(1.0, a), &mut da);
        self.second.first(b, &mut db);
        for f in da.iter().filter(|f| f.parameter > 0) {
            for s in 0..n {
                for d in s..n {
                    let value = f.value * right[s * n + d];
                    self.places((f.row, f.column), (s, d), |row, column| {
                        out.push(First { parameter: f.parameter - 1, row, column, value });
                    });
                }
            }
        }
        for f in &db {
            for r in 0..m {
                for c in r..m {
                    let value = f.value * left[r * m + c];
                    self.places((r, c), (f.row, f.column), |row, column| {
                        out.push(First { parameter: self.n_first() + f.parameter, row, column, value });
                    });
                }
            }
        }
    }

    fn second(&self, theta: &[f64], out: &mut Vec<Second>) {
        let (a, b) = theta.split_at(self.n_first());
        let (left, right) = self.factors(theta);
        let (m, n) = (self.first.n_cells(), self.second.n_cells());
        let k = self.n_first();
        let a = Self::full(1.0, a);
        let (mut da, mut db, mut dda, mut ddb) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        self.first.first(&a, &mut da);
        self.second.first(b, &mut db);
        self.first.second(&a, &mut dda);
        self.second.second(b, &mut ddb);
        for f in da.iter().filter(|f| f.parameter > 0) {
            for g in &db {
                let (a, b, value) = (f.parameter - 1, k + g.parameter, f.value * g.value);
                self.places((f.row, f.column), (g.row, g.column), |row, column| {
                    out.push(Second { a, b, row, column, value });
                });
            }
        }
        for f in dda.iter().filter(|f| f.a > 0) {
            for s in 0..n {
                for d in s..n {
                    let value = f.value * right[s * n + d];
                    self.places((f.row, f.column), (s, d), |row, column| {
                        out.push(Second { a: f.a - 1, b: f.b - 1, row, column, value });
                    });
                }
            }
        }
        for f in &ddb {
            for r in 0..m {
                for c in r..m {
                    let value = f.value * left[r * m + c];
                    self.places((r, c), (f.row, f.column), |row, column| {
                        out.push(Second { a: k + f.a, b: k + f.b, row, column, value });
                    });
                }
            }
        }
    }

    /// Averages the moments over the other factor.
    fn start(&self, moments: &[f64]) -> Vec<f64> {
        let (m, n) = (self.first.n_cells(), self.second.n_cells());
        let size = m * n;
        let (mut left, mut right) = (vec![0.0; m * m], vec![0.0; n * n]);
        for i in 0..m {
            for j in 0..m {
                left[i * m + j] = (0..n).map(|v| moments[(i * n + v) * size + j * n + v]).sum::<f64>() / n as f64;
            }
        }
        for i in 0..n {
            for j in 0..n {
                right[i * n + j] = (0..m).map(|v| moments[(v * n + i) * size + v * n + j]).sum::<f64>() / m as f64;
            }
        }
        let lead = left[0].max(1e-8);
        left.iter_mut().for_each(|v| *v /= lead);
        let mut check = left.clone();
        if !cholesky(&mut check, m) {
            (0..m * m).filter(|i| i % (m + 1) != 0).for_each(|i| left[i] *= 0.5);
        }
        // B is the average covariance of the visits; dividing by A's mean variance gives it the scale of cell one.
        let mean = (0..m).map(|i| left[i * m + i]).sum::<f64>() / m as f64;
        right.iter_mut().for_each(|v| *v /= mean);
        let mut psi: Vec<f64> = self.first.start(&left).into_iter().skip(1).collect();
        psi.extend(self.second.start(&right));
        psi
    }

    fn natural(&self, psi: &[f64]) -> Vec<f64> {
        let (a, b) = psi.split_at(self.n_first());
        let mut theta: Vec<f64> = self.first.natural(&Self::full(self.fixed_psi(), a)).into_iter().skip(1).collect();
        theta.extend(self.second.natural(b));
        theta
    }

    fn jacobian(&self, psi: &[f64]) -> Vec<f64> {
        let (a, b) = psi.split_at(self.n_first());
        let left = self.first.jacobian(&Self::full(self.fixed_psi(), a));
        join(&left, a.len(), &self.second.jacobian(b), b.len())
    }

    fn curvature(&self, psi: &[f64], weights: &[f64]) -> Vec<f64> {
        let k = self.n_first();
        let (a, b) = psi.split_at(k);
        let left = self.first.curvature(&Self::full(self.fixed_psi(), a), &Self::full(0.0, &weights[..k]));
        join(&left, k, &self.second.curvature(b, &weights[k..]), b.len())
    }
}

/// Block-diagonal of the first matrix without its first row and column (`k + 1` square) and the second (`l` square).
fn join(left: &[f64], k: usize, right: &[f64], l: usize) -> Vec<f64> {
    let n = k + l;
    let mut out = vec![0.0; n * n];
    for i in 0..k {
        for j in 0..k {
            out[i * n + j] = left[(i + 1) * (k + 1) + j + 1];
        }
    }
    for i in 0..l {
        for j in 0..l {
            out[(k + i) * n + k + j] = right[i * l + j];
        }
    }
    out
}
