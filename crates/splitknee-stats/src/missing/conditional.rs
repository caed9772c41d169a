//! The missing cells given the observed ones: E = μ_u + Σ_uo Σ_oo⁻¹ (y_o − μ_o), Var = Σ_uu − Σ_uo Σ_oo⁻¹ Σ_ou.

use crate::math::linalg::{cholesky, solve_cholesky};
use crate::math::random::Stream;

/// Regression of the missing cells of one pattern on its observed cells.
#[derive(Debug, Clone)]
pub struct Conditional {
    /// Observed cells.
    pub observed: Vec<usize>,
    /// Missing cells.
    pub missing: Vec<usize>,
    /// Σ_uo Σ_oo⁻¹, missing × observed.
    pub slope: Vec<f64>,
    /// Conditional covariance, missing × missing.
    pub covariance: Vec<f64>,
}

impl Conditional {
    /// `None` where Σ_oo is not positive definite.
    pub fn new(sigma: &[f64], seen: &[bool]) -> Option<Self> {
        let q = seen.len();
        let observed: Vec<usize> = (0..q).filter(|&c| seen[c]).collect();
        let missing: Vec<usize> = (0..q).filter(|&c| !seen[c]).collect();
        let (o, u) = (observed.len(), missing.len());
        let mut l: Vec<f64> = observed.iter().flat_map(|&a| observed.iter().map(move |&b| sigma[a * q + b])).collect();
        if !cholesky(&mut l, o) {
            return None;
        }
        let mut slope = vec![0.0; u * o];
        for (row, &m) in slope.chunks_exact_mut(o.max(1)).zip(&missing) {
            row.iter_mut().zip(&observed).for_each(|(x, &c)| *x = sigma[m * q + c]);
            solve_cholesky(&l, o, row);
        }
        let mut covariance = vec![0.0; u * u];
        for (i, &a) in missing.iter().enumerate() {
            for (j, &b) in missing.iter().enumerate() {
                let explained: f64 = (0..o).map(|k| slope[i * o + k] * sigma[observed[k] * q + b]).sum();
                covariance[i * u + j] = sigma[a * q + b] - explained;
            }
        }
        Some(Self { observed, missing, slope, covariance })
    }

    /// The conditional means of the missing cells, in their order.
    pub fn mean<'a>(&'a self, mean: &'a [f64], values: &'a [Option<f64>]) -> impl Iterator<Item = (usize, f64)> + 'a {
        let o = self.observed.len();
        self.missing.iter().enumerate().map(move |(i, &m)| {
            let shift: f64 = (0..o)
                .map(|k| {
                    let c = self.observed[k];
                    self.slope[i * o + k] * (values[c].unwrap_or(mean[c]) - mean[c])
                })
                .sum();
            (m, mean[m] + shift)
        })
    }

    /// A draw of the conditional residuals, in the order of the missing cells.
    pub fn residual(&self, factor: &[f64], stream: &mut Stream) -> Vec<f64> {
        let u = self.missing.len();
        let z: Vec<f64> = (0..u).map(|_| stream.normal()).collect();
        (0..u).map(|i| (0..=i).map(|j| factor[i * u + j] * z[j]).sum()).collect()
    }

    /// The Cholesky factor of the conditional covariance; zero rows where it is singular to rounding.
    pub fn factor(&self) -> Vec<f64> {
        let mut l = self.covariance.clone();
        let u = self.missing.len();
        if !cholesky(&mut l, u) {
            l = self.covariance.clone();
            (0..u).for_each(|i| l[i * u + i] = l[i * u + i].abs() * (1.0 + 1e-9) + 1e-300);
            if !cholesky(&mut l, u) {
                l = vec![0.0; u * u];
            }
        }
        l
    }
}
