//! A patient's law after an event of the active knee: mean μ̃ and covariance Σ̃ over all 2V cells.
//!
//! For the active cells v ≥ t (t the first affected visit, from 0): J2R r_v; CIR μ_{t−1} + r_v − r_{t−1}; causal
//! r_v + k(μ_{t−1} − r_{t−1}); LMCF μ_{t−1}; CR r_v at all v; RTB in the mean μ_v − the average of μ_v over the patients.
//! With t = 0 nothing came before: CIR and causal are J2R. Placebo cells keep their own mean.

use super::strategy::{Covariance, Strategy};
use super::trial::Event;
use crate::math::linalg::{cholesky, invert_lower, multiply, transpose};

/// The mean after the strategy. `average` holds the mean of μ over the patients (for RTB in the mean).
pub fn mean(own: &[f64], reference: &[f64], average: &[f64], event: Option<Event>) -> Vec<f64> {
    let visits = own.len() / 2;
    let mut out = own.to_vec();
    let Some(Event { visit: t, strategy }) = event else { return out };
    let kept = |k: f64| if t == 0 { 0.0 } else { k * (own[t - 1] - reference[t - 1]) };
    for v in 0..visits {
        let after = v >= t;
        out[v] = match strategy {
            Strategy::JumpToReference if after => reference[v],
            Strategy::CopyIncrements if after => reference[v] + kept(1.0),
            Strategy::Causal(k) if after => reference[v] + kept(k),
            Strategy::CopyReference => reference[v],
            Strategy::LastMean if after && t > 0 => own[t - 1],
            Strategy::ReturnToBaselineMean if after => own[v] - average[v],
            _ => own[v],
        };
    }
    out
}

/// The covariance after the strategy: `None` where it is Σ itself.
///
/// Carpenter, Roger & Kenward's block for the active knee, C₁₁ = A₁₁, C₂₁ = P₂₁P₁₁⁻¹A₁₁,
/// C₂₂ = P₂₂ − P₂₁P₁₁⁻¹(P₁₁ − A₁₁)P₁₁⁻¹P₁₂ (1 = before the event), with the knee's innovations kept: Σ̃ = TΣT',
/// T = diag(L_C L_A⁻¹, I).
pub fn covariance(sigma: &[f64], kind: Covariance, event: Option<Event>) -> Option<Vec<f64>> {
    let Event { visit: t, strategy } = event?;
    let rebuilt = match strategy {
        Strategy::JumpToReference | Strategy::CopyIncrements | Strategy::Causal(_) => t,
        Strategy::CopyReference => 0,
        _ => return None,
    };
    if kind == Covariance::Shared {
        return None;
    }
    let q = (sigma.len() as f64).sqrt() as usize;
    let v = q / 2;
    let block = |shift: usize| -> Vec<f64> { (0..v * v).map(|i| sigma[(i / v + shift) * q + i % v + shift]).collect() };
    let (a, p) = (block(0), block(v));
    let c = rebuild(&a, &p, v, rebuilt)?;
    let (mut lower_c, mut lower_a) = (c, a);
    if !cholesky(&mut lower_c, v) || !cholesky(&mut lower_a, v) {
        return None;
    }
    clear_upper(&mut lower_c, v);
    let mut inverse = vec![0.0; v * v];
    invert_lower(&lower_a, v, &mut inverse);
    let corner = multiply(&lower_c, &inverse, v, v, v);
    let mut transform = vec![0.0; q * q];
    for i in 0..v {
        transform[i * q..i * q + v].copy_from_slice(&corner[i * v..(i + 1) * v]);
        transform[(v + i) * q + v + i] = 1.0;
    }
    let left = multiply(&transform, sigma, q, q, q);
    Some(multiply(&left, &transpose(&transform, q, q), q, q, q))
}

fn clear_upper(l: &mut [f64], n: usize) {
    for i in 0..n {
        l[i * n + i + 1..(i + 1) * n].fill(0.0);
    }
}

/// C from the arms' blocks; t = 0 gives the placebo block.
fn rebuild(a: &[f64], p: &[f64], v: usize, t: usize) -> Option<Vec<f64>> {
    if t == 0 {
        return Some(p.to_vec());
    }
    let after = v - t;
    let part = |m: &[f64], rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| -> Vec<f64> {
        rows.flat_map(|i| columns.clone().map(move |j| (i, j))).map(|(i, j)| m[i * v + j]).collect()
    };
    let (a11, p11) = (part(a, 0..t, 0..t), part(p, 0..t, 0..t));
    let (p21, p22) = (part(p, t..v, 0..t), part(p, t..v, t..v));
    let inverse = crate::math::linalg::inverse_spd(&p11, t)?;
    let slope = multiply(&p21, &inverse, after, t, t);
    let c21 = multiply(&slope, &a11, after, t, t);
    let gap: Vec<f64> = p11.iter().zip(&a11).map(|(x, y)| x - y).collect();
    let middle = multiply(&slope, &gap, after, t, t);
    let removed = multiply(&middle, &transpose(&slope, after, t), after, t, after);
    let mut c = vec![0.0; v * v];
    for i in 0..v {
        for j in 0..v {
            c[i * v + j] = match (i < t, j < t) {
                (true, true) => a11[i * t + j],
                (false, true) => c21[(i - t) * t + j],
                (true, false) => c21[(j - t) * t + i],
                (false, false) => p22[(i - t) * after + j - t] - removed[(i - t) * after + j - t],
            };
        }
    }
    Some(c)
}
