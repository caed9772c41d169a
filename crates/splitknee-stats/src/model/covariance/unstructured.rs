//! `us`: every variance and covariance its own parameter. Working parameters: the Cholesky factor L, Σ = L L'.
//!
//! θ_ab = Σ_{c ≤ b} L_ac L_bc (a ≥ b), so that ∂θ_ab/∂L_ac = L_bc, ∂θ_ab/∂L_bc = L_ac and the second derivatives are 0, 1
//! or 2. A singular Σ is an interior point of L-space: there L_cc = 0 and the objective is stationary in it.

use super::{CellCovariance, First, Role, Second, Unit};
use crate::math::linalg::cholesky;

/// An unstructured covariance; also the covariance of correlated random effects.
#[derive(Debug, Clone)]
pub(crate) struct Unstructured {
    cells: usize,
}

impl Unstructured {
    pub(crate) fn new(cells: usize) -> Self {
        Self { cells }
    }

    /// Position of (a, b), a ≥ b, in the row-wise lower triangle: SAS's order UN(1,1), UN(2,1), UN(2,2), …
    pub(crate) fn index(a: usize, b: usize) -> usize {
        a * (a + 1) / 2 + b
    }

    /// The places of the lower triangle, row after row.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let cells = self.cells;
        (0..cells).flat_map(|a| (0..=a).map(move |b| (a, b)))
    }
}

impl CellCovariance for Unstructured {
    fn n_cells(&self) -> usize {
        self.cells
    }

    fn units(&self) -> Vec<Unit> {
        vec![Unit::Variance; self.cells * (self.cells + 1) / 2]
    }

    fn roles(&self) -> Vec<Role> {
        self.pairs().map(|(a, b)| if a == b { Role::Variance(Some(a)) } else { Role::Covariance(b, a) }).collect()
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn matrix(&self, theta: &[f64], out: &mut [f64]) {
        for ((a, b), v) in self.pairs().zip(theta) {
            out[a * self.cells + b] = *v;
            out[b * self.cells + a] = *v;
        }
    }

    fn first(&self, _: &[f64], out: &mut Vec<First>) {
        out.extend(self.pairs().enumerate().map(|(parameter, (a, b))| First {
            parameter,
            row: b,
            column: a,
            value: 1.0,
        }));
    }

    fn second(&self, _: &[f64], _: &mut Vec<Second>) {}

    fn start(&self, moments: &[f64]) -> Vec<f64> {
        let n = self.cells;
        let mut l = moments.to_vec();
        if !cholesky(&mut l, n) {
            l = vec![0.0; n * n];
            (0..n).for_each(|i| l[i * n + i] = moments[i * n + i].abs().max(1e-4).sqrt());
        }
        self.pairs().map(|(a, b)| l[a * n + b]).collect()
    }

    fn natural(&self, psi: &[f64]) -> Vec<f64> {
        self.pairs().map(|(a, b)| (0..=b).map(|c| psi[Self::index(a, c)] * psi[Self::index(b, c)]).sum()).collect()
    }

    fn jacobian(&self, psi: &[f64]) -> Vec<f64> {
        let k = psi.len();
        let mut out = vec![0.0; k * k];
        for (row, (a, b)) in self.pairs().enumerate() {
            for c in 0..=b {
                let (i, j) = (Self::index(a, c), Self::index(b, c));
                out[row * k + i] += psi[j];
                out[row * k + j] += psi[i];
            }
        }
        out
    }

    fn curvature(&self, psi: &[f64], weights: &[f64]) -> Vec<f64> {
        let k = psi.len();
        let mut out = vec![0.0; k * k];
        for ((a, b), w) in self.pairs().zip(weights) {
            for c in 0..=b {
                let (i, j) = (Self::index(a, c), Self::index(b, c));
                out[i * k + j] += w;
                out[j * k + i] += w;
            }
        }
        out
    }

    fn boundary(&self) -> Vec<usize> {
        (0..self.cells).map(|a| Self::index(a, a)).collect()
    }
}
