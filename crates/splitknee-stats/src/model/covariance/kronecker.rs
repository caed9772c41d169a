//! `kron(A(knee), B(visit)|id)`: Σ = A ⊗ B, cell (a, b) at position a·n_B + b.
//!
//! A product determines its factors up to one scale. As in SAS's `TYPE=UN@AR(1)`, `UN@CS` and `UN@UN`, the first factor
//! carries it and the leading variance of the second is 1: `ar1` and `cs` are correlation matrices there, `us` has its
//! other elements free. θ = (parameters of A, parameters of B without the first).

use super::{CellCovariance, First, Role, Second, Unit};
use crate::math::linalg::cholesky;

/// A product of two covariances, the second with its leading diagonal element fixed at 1.
#[derive(Debug)]
pub(crate) struct Kronecker {
    first: Box<dyn CellCovariance>,
    /// Its first parameter is the variance of the first cell (or of all) and is held at 1.
    second: Box<dyn CellCovariance>,
}

impl Kronecker {
    /// `second` must have the variance of its first cell, or the common variance, as first parameter, with a Cholesky
    /// factor or a log variance as working parameter.
    pub(crate) fn new(first: Box<dyn CellCovariance>, second: Box<dyn CellCovariance>) -> Self {
        Self { first, second }
    }

    fn n_first(&self) -> usize {
        self.first.n_parameters()
    }

    fn full(fixed: f64, rest: &[f64]) -> Vec<f64> {
        std::iter::once(fixed).chain(rest.iter().copied()).collect()
    }

    /// The working value at which the fixed parameter is 1: L₁₁ = 1 for a Cholesky factor, log 1 = 0 for a log variance.
    fn fixed_psi(&self) -> f64 {
        if self.second.boundary().is_empty() { 0.0 } else { 1.0 }
    }

    fn factors(&self, theta: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (a, b) = theta.split_at(self.n_first());
        let (m, n) = (self.first.n_cells(), self.second.n_cells());
        let (mut left, mut right) = (vec![0.0; m * m], vec![0.0; n * n]);
        self.first.matrix(a, &mut left);
        self.second.matrix(&Self::full(1.0, b), &mut right);
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
        let mut units = self.first.units();
        units.resize(units.len() + self.second.n_parameters() - 1, Unit::Free);
        units
    }

    fn roles(&self) -> Vec<Role> {
        let word = |side: &str, role: Role| match role {
            Role::Variance(None) => Role::Shared(format!("{side} factor: variance")),
            Role::Variance(Some(c)) => Role::Shared(format!("{side} factor: variance {}", c + 1)),
            Role::Covariance(a, b) => Role::Shared(format!("{side} factor: covariance {}, {}", a + 1, b + 1)),
            Role::Shared(name) => Role::Shared(format!("{side} factor: {name}")),
        };
        let left = self.first.roles().into_iter().map(|r| word("first", r));
        left.chain(self.second.roles().into_iter().skip(1).map(|r| word("second", r))).collect()
    }

    fn is_linear(&self) -> bool {
        false
    }

    /// An unstructured second factor is scaled by its first cell.
    fn depends_on_order(&self) -> bool {
        !self.second.boundary().is_empty() && self.second.n_cells() > 1
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
        self.first.first(a, &mut da);
        self.second.first(&Self::full(1.0, b), &mut db);
        for f in &da {
            for s in 0..n {
                for d in s..n {
                    let value = f.value * right[s * n + d];
                    self.places((f.row, f.column), (s, d), |row, column| {
                        out.push(First { parameter: f.parameter, row, column, value });
                    });
                }
            }
        }
        for f in db.iter().filter(|f| f.parameter > 0) {
            for r in 0..m {
                for c in r..m {
                    let value = f.value * left[r * m + c];
                    self.places((r, c), (f.row, f.column), |row, column| {
                        out.push(First { parameter: self.n_first() + f.parameter - 1, row, column, value });
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
        let b = Self::full(1.0, b);
        let (mut da, mut db, mut dda, mut ddb) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        self.first.first(a, &mut da);
        self.second.first(&b, &mut db);
        self.first.second(a, &mut dda);
        self.second.second(&b, &mut ddb);
        for f in &da {
            for g in db.iter().filter(|g| g.parameter > 0) {
                let (a, b, value) = (f.parameter, k + g.parameter - 1, f.value * g.value);
                self.places((f.row, f.column), (g.row, g.column), |row, column| {
                    out.push(Second { a, b, row, column, value });
                });
            }
        }
        for f in &dda {
            for s in 0..n {
                for d in s..n {
                    let value = f.value * right[s * n + d];
                    self.places((f.row, f.column), (s, d), |row, column| {
                        out.push(Second { a: f.a, b: f.b, row, column, value });
                    });
                }
            }
        }
        for f in ddb.iter().filter(|f| f.a > 0) {
            for r in 0..m {
                for c in r..m {
                    let value = f.value * left[r * m + c];
                    self.places((r, c), (f.row, f.column), |row, column| {
                        out.push(Second { a: k + f.a - 1, b: k + f.b - 1, row, column, value });
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
        let lead = right[0].max(1e-8);
        right.iter_mut().for_each(|v| *v /= lead);
        for (matrix, size) in [(&mut left, m), (&mut right, n)] {
            let mut check = matrix.clone();
            if !cholesky(&mut check, size) {
                (0..size * size).filter(|i| i % (size + 1) != 0).for_each(|i| matrix[i] *= 0.5);
            }
        }
        // A is the covariance of the knees averaged over visits; dividing by B's mean variance refers it to visit one.
        let mean = (0..n).map(|i| right[i * n + i]).sum::<f64>() / n as f64;
        left.iter_mut().for_each(|v| *v /= mean);
        let mut psi = self.first.start(&left);
        psi.extend(self.second.start(&right).into_iter().skip(1));
        psi
    }

    fn natural(&self, psi: &[f64]) -> Vec<f64> {
        let (a, b) = psi.split_at(self.n_first());
        let mut theta = self.first.natural(a);
        theta.extend(self.second.natural(&Self::full(self.fixed_psi(), b)).into_iter().skip(1));
        theta
    }

    fn jacobian(&self, psi: &[f64]) -> Vec<f64> {
        let (a, b) = psi.split_at(self.n_first());
        let right = self.second.jacobian(&Self::full(self.fixed_psi(), b));
        join(&self.first.jacobian(a), a.len(), &right, b.len())
    }

    fn curvature(&self, psi: &[f64], weights: &[f64]) -> Vec<f64> {
        let (a, b) = psi.split_at(self.n_first());
        let (left, right) = weights.split_at(a.len());
        let right = self.second.curvature(&Self::full(self.fixed_psi(), b), &Self::full(0.0, right));
        join(&self.first.curvature(a, left), a.len(), &right, b.len())
    }
}

/// Block-diagonal of the first matrix (`k` square) and the second without its first row and column (`l + 1` square).
fn join(left: &[f64], k: usize, right: &[f64], l: usize) -> Vec<f64> {
    let n = k + l;
    let mut out = vec![0.0; n * n];
    for i in 0..k {
        out[i * n..i * n + k].copy_from_slice(&left[i * k..(i + 1) * k]);
    }
    for i in 0..l {
        for j in 0..l {
            out[(k + i) * n + k + j] = right[(i + 1) * (l + 1) + j + 1];
        }
    }
    out
}
