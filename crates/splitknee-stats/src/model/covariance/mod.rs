//! Covariance matrices over a few cells, as functions of their parameters.
//!
//! A [`CellCovariance`] gives Σ(θ) with its first and second derivatives in θ, the parameters SAS prints (variances and
//! covariances for `us`, `cs`, `toep`; variances and correlations for the others). The optimiser moves in working
//! parameters ψ that cannot leave the admissible set easily (a Cholesky factor for `us` and for random effects, log
//! variances elsewhere); θ(ψ) comes with its Jacobian and curvature.

mod continuous;
mod correlation;
mod kronecker;
mod linear;
mod pair;
mod unstructured;

use super::formula::StructureKind;

pub(crate) use continuous::Continuous;
pub(crate) use correlation::{Correlated, Correlation};
pub(crate) use kronecker::Kronecker;
pub(crate) use linear::{Bands, CompoundSymmetry, SingleVariance};
pub(crate) use pair::Pair;
pub(crate) use unstructured::Unstructured;

/// `∂Σ[row, column]/∂θ_parameter = value`, for `row ≤ column`; what is not listed is zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct First {
    pub parameter: usize,
    pub row: usize,
    pub column: usize,
    pub value: f64,
}

/// `∂²Σ[row, column]/∂θ_a∂θ_b = value`, for `row ≤ column` and `a ≤ b`; what is not listed is zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Second {
    pub a: usize,
    pub b: usize,
    pub row: usize,
    pub column: usize,
    pub value: f64,
}

/// How a parameter changes when the outcome is multiplied by s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A variance or covariance: by s².
    Variance,
    /// A correlation or ratio: not at all.
    Free,
}

/// What a parameter is, for the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role {
    /// The variance of a cell (or of every cell).
    Variance(Option<usize>),
    /// The covariance of two cells.
    Covariance(usize, usize),
    /// A covariance or correlation shared by several pairs.
    Shared(String),
}

/// Σ(θ) over `n_cells` cells. Matrices are row after row.
pub(crate) trait CellCovariance: std::fmt::Debug + Send + Sync {
    /// Number of cells.
    fn n_cells(&self) -> usize;
    /// Number of parameters.
    fn n_parameters(&self) -> usize {
        self.units().len()
    }
    /// How each parameter scales.
    fn units(&self) -> Vec<Unit>;
    /// What each parameter is.
    fn roles(&self) -> Vec<Role>;
    /// Whether Σ is linear in θ (first derivatives constant, second zero).
    fn is_linear(&self) -> bool;
    /// Whether the second derivatives in θ depend on the order of the cells (a parameter is fixed at the first of them).
    fn depends_on_order(&self) -> bool {
        false
    }
    /// Its times, where the cells are points in time: their number may be large, every subject has a few of them.
    fn by_time(&self) -> Option<&[f64]> {
        None
    }
    /// The first derivatives of one entry (`row ≤ column`), where the cells are points in time.
    fn first_at(&self, _: &[f64], _: usize, _: usize, _: &mut Vec<First>) {}
    /// The second derivatives of one entry.
    fn second_at(&self, _: &[f64], _: usize, _: usize, _: &mut Vec<Second>) {}
    /// Σ(θ) into `out`.
    fn matrix(&self, theta: &[f64], out: &mut [f64]);
    /// The first derivatives, appended to `out`.
    fn first(&self, theta: &[f64], out: &mut Vec<First>);
    /// The second derivatives, appended to `out`.
    fn second(&self, theta: &[f64], out: &mut Vec<Second>);
    /// Working parameters near the covariance `moments` (positive definite).
    fn start(&self, moments: &[f64]) -> Vec<f64>;
    /// θ(ψ).
    fn natural(&self, psi: &[f64]) -> Vec<f64>;
    /// ∂θ/∂ψ, `k × k`.
    fn jacobian(&self, psi: &[f64]) -> Vec<f64>;
    /// `Σ_h weights_h ∂²θ_h/∂ψ∂ψ'`, `k × k`.
    fn curvature(&self, psi: &[f64], weights: &[f64]) -> Vec<f64>;
    /// The positions of ψ that are standard deviations which may vanish (the diagonal of a Cholesky factor).
    fn boundary(&self) -> Vec<usize> {
        Vec::new()
    }
}

/// The structure called `kind` over `cells` cells (for `pair`, of each unit).
pub(crate) fn structure(kind: StructureKind, cells: usize) -> Box<dyn CellCovariance> {
    use StructureKind as K;
    if cells == 1 && kind != K::Pair {
        return Box::new(SingleVariance);
    }
    let correlated = |correlation, heterogeneous| Box::new(Correlated { correlation, heterogeneous, cells });
    match kind {
        K::Us => Box::new(Unstructured::new(cells)),
        K::Cs => Box::new(CompoundSymmetry { cells }),
        K::Toep => Box::new(Bands { cells }),
        K::Csh => correlated(Correlation::Exchangeable, true),
        K::Ar1 => correlated(Correlation::Autoregressive, false),
        K::Ar1h => correlated(Correlation::Autoregressive, true),
        K::Toeph => correlated(Correlation::Toeplitz, true),
        K::Ad => correlated(Correlation::Antedependence, false),
        K::Adh => correlated(Correlation::Antedependence, true),
        // Without times of their own the cells are one unit apart.
        K::Car1 | K::SpExp | K::SpExpNugget => {
            let times = (0..cells).map(|cell| cell as f64).collect();
            Box::new(Continuous { times, gap: 1.0, nugget: kind == K::SpExpNugget })
        }
        K::Pair => Box::new(Pair::new((1..=cells).map(|visit| visit.to_string()).collect())),
    }
}

/// A diagonal Jacobian or Hessian.
fn diagonal(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let values: Vec<f64> = values.collect();
    let k = values.len();
    let mut out = vec![0.0; k * k];
    values.into_iter().enumerate().for_each(|(i, v)| out[i * k + i] = v);
    out
}
