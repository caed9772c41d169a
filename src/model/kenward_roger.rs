//! Kenward & Roger's (1997) scaled F: degrees of freedom and scaling of a test of several rows.

use crate::math::linalg::dot;

/// Denominator degrees of freedom and the scaling λ of the F statistic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moments {
    pub df: f64,
    pub scaling: f64,
}

/// For `q` rows that are orthonormal in the metric of Φ; `derivatives` holds ∂(LΦL')/∂θ_h, `w` the covariance of θ̂.
///
/// With LΦL' = I the traces of the paper are tr(Θ ΦP_hΦ) = −tr(D_h) and tr(ΘΦP_hΦ ΘΦP_jΦ) = tr(D_h D_j).
pub(crate) fn moments(q: usize, derivatives: &[Vec<f64>], w: &[f64]) -> Option<Moments> {
    let k = derivatives.len();
    let trace = |d: &Vec<f64>| (0..q).map(|i| d[i * q + i]).sum::<f64>();
    let traces: Vec<f64> = derivatives.iter().map(trace).collect();
    let (mut a1, mut a2) = (0.0, 0.0);
    for h in 0..k {
        for j in 0..k {
            a1 += w[h * k + j] * traces[h] * traces[j];
            a2 += w[h * k + j] * dot(&derivatives[h], &derivatives[j]);
        }
    }
    let l = q as f64;
    let b = (a1 + 6.0 * a2) / (2.0 * l);
    let g = ((l + 1.0) * a1 - (l + 4.0) * a2) / ((l + 2.0) * a2);
    let denominator = 3.0 * l + 2.0 * (1.0 - g);
    let (c1, c2, c3) = (g / denominator, (l - g) / denominator, (l + 2.0 - g) / denominator);
    let e = 1.0 / (1.0 - a2 / l);
    let v = (2.0 / l) * (1.0 + c1 * b) / ((1.0 - c2 * b).powi(2) * (1.0 - c3 * b));
    let rho = v / (2.0 * e * e);
    let df = 4.0 + (l + 2.0) / (l * rho - 1.0);
    let scaling = df / (e * (df - 2.0));
    (df.is_finite() && df > 0.0 && scaling.is_finite() && scaling > 0.0).then_some(Moments { df, scaling })
}
