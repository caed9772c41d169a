//! Satterthwaite's degrees of freedom.
//!
//! One row: Satterthwaite (1946), df = 2 v² / (g'Wg) with v the variance of the contrast, g its gradient in θ and W the
//! covariance of θ̂. Several rows: Fai & Cornelius (1996) as in lmerTest (Kuznetsova et al. 2017).

use crate::math::linalg::{dot, eigen_symmetric};

/// Degrees of freedom of one contrast; `None` where the variance does not depend on estimated parameters.
pub(crate) fn t_test_df(variance: f64, gradient: &[f64], w: &[f64]) -> Option<f64> {
    let k = gradient.len();
    let spread: f64 = w.chunks_exact(k.max(1)).zip(gradient).map(|(row, g)| g * dot(row, gradient)).sum();
    let df = 2.0 * variance * variance / spread;
    (df.is_finite() && df > 0.0).then_some(df)
}

/// Fai & Cornelius: E = Σ d/(d − 2), df = 2E/(E − q). Equal dfs (1e-8) give their mean; if any d ≤ 2 the answer is 2, as in
/// lmerTest and mmrm (SAS leaves such d out of E instead).
pub(crate) fn combine(dfs: &[f64]) -> Option<f64> {
    let q = dfs.len() as f64;
    let (low, high) = dfs.iter().fold((f64::INFINITY, 0.0_f64), |(l, h), d| (l.min(*d), h.max(*d)));
    if high - low < 1e-8 {
        return Some(dfs.iter().sum::<f64>() / q);
    }
    if low <= 2.0 {
        return Some(2.0);
    }
    let e: f64 = dfs.iter().map(|d| d / (d - 2.0)).sum();
    (e > q).then(|| 2.0 * e / (e - q))
}

/// The eigenvectors of LΦL' (`q × q`), each a row of weights on the rows of L.
pub(crate) fn eigenbasis(covariance: &[f64], q: usize) -> Vec<Vec<f64>> {
    let (_, vectors) = eigen_symmetric(covariance, q);
    (0..q).map(|j| (0..q).map(|i| vectors[i * q + j]).collect()).collect()
}
