//! Kenward & Roger's (1997) adjustment: the bracket Λ that inflates the covariance of the coefficients, and the degrees of
//! freedom and scaling of the F test of several rows.

use super::likelihood::{Evaluation, Problem};
use crate::math::linalg::{dot, multiply, transpose};

impl Problem {
    /// `Σ_hj W_hj (Q̃_hj − ¼ R̃_hj) − Σ_hj W_hj P̃_h P̃_j` in the coordinates of F: Kenward & Roger's bracket (their Λ),
    /// `second_order` says whether R is in it.
    pub fn kenward_roger_bracket(
        &self,
        theta: &[f64],
        at: &Evaluation,
        covariance: &[f64],
        second_order: bool,
    ) -> Option<Vec<f64>> {
        let (p, w, k) = (self.p, self.p + 1, self.k);
        let first = self.first(theta);
        let mut curvature: Vec<Vec<f64>> = self.patterns.iter().map(|q| vec![0.0; q.size * q.size]).collect();
        if second_order {
            self.each_second(theta, |pattern, a, b, r, s, v| {
                let m = self.patterns[pattern].size;
                let weight = if a == b { covariance[a * k + a] } else { 2.0 * covariance[a * k + b] };
                curvature[pattern][r as usize * m + s as usize] += weight * v;
                if r != s {
                    curvature[pattern][s as usize * m + r as usize] += weight * v;
                }
            });
        }
        let mut out = vec![0.0; p * p];
        for (index, entries) in first.iter().enumerate() {
            let m = self.patterns[index].size;
            let (state, z) = self.state(index, theta, at)?;
            // D = Σ_h V_h B U_h with U_h = Σ_j W_hj V_j.
            let mut d: Vec<f64> = curvature[index].iter().map(|c| -0.25 * c).collect();
            let mut u = vec![0.0; m * m];
            for h in 0..k {
                let list = entries.of(h);
                if list.is_empty() {
                    continue;
                }
                u.fill(0.0);
                for j in 0..k {
                    let x = covariance[h * k + j];
                    if x == 0.0 {
                        continue;
                    }
                    for &(r, s, v) in entries.of(j) {
                        u[r as usize * m + s as usize] += x * v;
                        if r != s {
                            u[s as usize * m + r as usize] += x * v;
                        }
                    }
                }
                let mut bu: Vec<Option<Vec<f64>>> = vec![None; m];
                let mut row_of = |i: usize, target: &mut [f64], v: f64| {
                    let row = bu[i].get_or_insert_with(|| multiply(&state.b[i * m..(i + 1) * m], &u, 1, m, m));
                    target.iter_mut().zip(row.iter()).for_each(|(t, x)| *t += v * x);
                };
                for &(r, s, v) in list {
                    let (r, s) = (r as usize, s as usize);
                    row_of(s, &mut d[r * m..(r + 1) * m], v);
                    if r != s {
                        row_of(r, &mut d[s * m..(s + 1) * m], v);
                    }
                }
            }
            for unit in z.chunks_exact(m * w) {
                for i in 0..m {
                    let mut line = vec![0.0; p];
                    for j in 0..m {
                        let x = d[i * m + j];
                        line.iter_mut().zip(&unit[j * w..j * w + p]).for_each(|(l, z)| *l += x * z);
                    }
                    for (a, &x) in unit[i * w..i * w + p].iter().enumerate() {
                        out[a * p..(a + 1) * p].iter_mut().zip(&line).for_each(|(o, l)| *o += x * l);
                    }
                }
            }
        }
        let size = p * p;
        for h in 0..k {
            let mut sum = vec![0.0; size];
            for j in 0..k {
                let x = covariance[h * k + j];
                if x != 0.0 {
                    sum.iter_mut().zip(&at.p_tilde[j * size..(j + 1) * size]).for_each(|(s, v)| *s += x * v);
                }
            }
            let product = multiply(&at.p_tilde[h * size..(h + 1) * size], &sum, p, p, p);
            out.iter_mut().zip(&product).for_each(|(o, v)| *o -= v);
        }
        let flipped = transpose(&out, p, p);
        out.iter_mut().zip(&flipped).for_each(|(a, b)| *a = 0.5 * (*a + b));
        Some(out)
    }
}

/// Denominator degrees of freedom and the scaling λ of the F statistic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moments {
    pub df: f64,
    pub scaling: f64,
}

/// How close to 2 the degrees of freedom make λ numerically 0/0 (pbkrtest's tolerance).
const NEAR_TWO: f64 = 0.01;

/// Below this 1/E* and 1 − c₂B are zero but for rounding and the accuracy of the optimum.
const BOTH_VANISH: f64 = 1e-6;

/// For `q` rows that are orthonormal in the metric of Φ; `derivatives` holds ∂(LΦL')/∂θ_h, `w` the covariance of θ̂.
///
/// With LΦL' = I the traces of the paper are tr(Θ ΦP_hΦ) = −tr(D_h) and tr(ΘΦP_hΦ ΘΦP_jΦ) = tr(D_h D_j).
///
/// One row is exact: Satterthwaite's df and λ = 1. At df = 2 both 1/E* and 1 − c₂B of balanced data vanish, and λ = 0/0:
/// their ratio is taken as 1, and λ as 1 within [`NEAR_TWO`] of 2, as pbkrtest does.
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
    if q == 1 {
        let df = 2.0 / a2;
        return (df.is_finite() && df > 0.0).then_some(Moments { df, scaling: 1.0 });
    }
    let b = (a1 + 6.0 * a2) / (2.0 * l);
    let g = ((l + 1.0) * a1 - (l + 4.0) * a2) / ((l + 2.0) * a2);
    let denominator = 3.0 * l + 2.0 * (1.0 - g);
    let (c1, c2, c3) = (g / denominator, (l - g) / denominator, (l + 2.0 - g) / denominator);
    // 1/E*, and the factor of V* that vanishes with it.
    let (inverse_mean, factor) = (1.0 - a2 / l, 1.0 - c2 * b);
    let vanish = inverse_mean.abs() < BOTH_VANISH && factor.abs() < BOTH_VANISH;
    let ratio = if vanish { 1.0 } else { inverse_mean / factor };
    let rho = ratio * ratio * (1.0 + c1 * b) / (l * (1.0 - c3 * b));
    let df = 4.0 + (l + 2.0) / (l * rho - 1.0);
    let scaling = if (df - 2.0).abs() < NEAR_TWO { 1.0 } else { df * inverse_mean / (df - 2.0) };
    (df.is_finite() && df > 0.0 && scaling.is_finite() && scaling > 0.0).then_some(Moments { df, scaling })
}
