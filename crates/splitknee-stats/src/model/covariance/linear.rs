//! Structures that are linear in their variances and covariances: one variance, `cs`, `toep`.
//!
//! Working parameters are θ itself: inadmissible values are recognised by a covariance that is not positive definite.

use super::{CellCovariance, First, Role, Second, Unit, diagonal};

/// A single variance (the residual of a random-effects model). Working parameter: its logarithm.
#[derive(Debug, Clone)]
pub(crate) struct SingleVariance;

impl CellCovariance for SingleVariance {
    fn n_cells(&self) -> usize {
        1
    }

    fn units(&self) -> Vec<Unit> {
        vec![Unit::Variance]
    }

    fn roles(&self) -> Vec<Role> {
        vec![Role::Variance(None)]
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn matrix(&self, theta: &[f64], out: &mut [f64]) {
        out[0] = theta[0];
    }

    fn first(&self, _: &[f64], out: &mut Vec<First>) {
        out.push(First { parameter: 0, row: 0, column: 0, value: 1.0 });
    }

    fn second(&self, _: &[f64], _: &mut Vec<Second>) {}

    fn start(&self, moments: &[f64]) -> Vec<f64> {
        vec![moments[0].max(1e-8).ln()]
    }

    fn natural(&self, psi: &[f64]) -> Vec<f64> {
        vec![psi[0].exp()]
    }

    fn jacobian(&self, psi: &[f64]) -> Vec<f64> {
        vec![psi[0].exp()]
    }

    fn curvature(&self, psi: &[f64], weights: &[f64]) -> Vec<f64> {
        vec![weights[0] * psi[0].exp()]
    }
}

/// `cs`: SAS's parameters, the common covariance σ₁ and the rest σ² of the variance: Σ = σ₁ J + σ² I.
#[derive(Debug, Clone)]
pub(crate) struct CompoundSymmetry {
    pub(crate) cells: usize,
}

impl CellCovariance for CompoundSymmetry {
    fn n_cells(&self) -> usize {
        self.cells
    }

    fn units(&self) -> Vec<Unit> {
        vec![Unit::Variance; 2]
    }

    fn roles(&self) -> Vec<Role> {
        vec![Role::Shared("covariance".into()), Role::Shared("residual".into())]
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn matrix(&self, theta: &[f64], out: &mut [f64]) {
        out.fill(theta[0]);
        (0..self.cells).for_each(|i| out[i * self.cells + i] += theta[1]);
    }

    fn first(&self, _: &[f64], out: &mut Vec<First>) {
        for column in 0..self.cells {
            out.extend((0..=column).map(|row| First { parameter: 0, row, column, value: 1.0 }));
        }
        out.extend((0..self.cells).map(|i| First { parameter: 1, row: i, column: i, value: 1.0 }));
    }

    fn second(&self, _: &[f64], _: &mut Vec<Second>) {}

    fn start(&self, moments: &[f64]) -> Vec<f64> {
        let n = self.cells;
        let variance = (0..n).map(|i| moments[i * n + i]).sum::<f64>() / n as f64;
        let all: f64 = moments.iter().sum();
        let covariance = (all - variance * n as f64) / (n * (n - 1)) as f64;
        let covariance = covariance.clamp(-0.5 * variance / (n - 1) as f64, 0.9 * variance);
        vec![covariance, variance - covariance]
    }

    fn natural(&self, psi: &[f64]) -> Vec<f64> {
        psi.to_vec()
    }

    fn jacobian(&self, psi: &[f64]) -> Vec<f64> {
        diagonal(psi.iter().map(|_| 1.0))
    }

    fn curvature(&self, psi: &[f64], _: &[f64]) -> Vec<f64> {
        vec![0.0; psi.len() * psi.len()]
    }
}

/// `toep`: one covariance per distance between cells; the first parameter is the variance.
#[derive(Debug, Clone)]
pub(crate) struct Bands {
    pub(crate) cells: usize,
}

impl CellCovariance for Bands {
    fn n_cells(&self) -> usize {
        self.cells
    }

    fn units(&self) -> Vec<Unit> {
        vec![Unit::Variance; self.cells]
    }

    fn roles(&self) -> Vec<Role> {
        let band = |d: usize| Role::Shared(format!("covariance at distance {d}"));
        std::iter::once(Role::Variance(None)).chain((1..self.cells).map(band)).collect()
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn matrix(&self, theta: &[f64], out: &mut [f64]) {
        for i in 0..self.cells {
            for j in 0..self.cells {
                out[i * self.cells + j] = theta[i.abs_diff(j)];
            }
        }
    }

    fn first(&self, _: &[f64], out: &mut Vec<First>) {
        for d in 0..self.cells {
            out.extend((0..self.cells - d).map(|row| First { parameter: d, row, column: row + d, value: 1.0 }));
        }
    }

    fn second(&self, _: &[f64], _: &mut Vec<Second>) {}

    fn start(&self, moments: &[f64]) -> Vec<f64> {
        let n = self.cells;
        let variance = (0..n).map(|i| moments[i * n + i]).sum::<f64>() / n as f64;
        // Half of the mean correlation is positive definite when it is not negative.
        let all: f64 = moments.iter().sum();
        let covariance = (all - variance * n as f64) / (n * (n - 1)) as f64;
        let shared = (0.5 * covariance).clamp(-0.4 * variance / (n - 1) as f64, 0.8 * variance);
        std::iter::once(variance).chain((1..n).map(|_| shared)).collect()
    }

    fn natural(&self, psi: &[f64]) -> Vec<f64> {
        psi.to_vec()
    }

    fn jacobian(&self, psi: &[f64]) -> Vec<f64> {
        diagonal(psi.iter().map(|_| 1.0))
    }

    fn curvature(&self, psi: &[f64], _: &[f64]) -> Vec<f64> {
        vec![0.0; psi.len() * psi.len()]
    }
}
