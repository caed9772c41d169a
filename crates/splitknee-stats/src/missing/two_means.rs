//! Two free means, no imputation: δ_a = mean of the unobserved knees of arm a less the mean of its observed knees.
//!
//! θ = ȳ_A − ȳ_P + p_A δ_A − p_P δ_P with ȳ over observed knees and p the shares unobserved; the variance from the
//! patients' influence values, both knees of a patient together, divisor n(n − 1). Torres, Levin, Rubin, Koh et al. 2025
//! (doi 10.1002/pst.70002) report two such parameters from reviews of the FDA; carried here to pairs.

use super::delta::Surface;
use crate::note;
use crate::paired::Refusal;

/// θ and its variance over the two free means, from both knees' values at one visit (active, placebo).
///
/// # Errors
/// Fewer than two patients; an arm without an observed knee.
pub fn two_means(values: &[[Option<f64>; 2]]) -> Result<Surface, Refusal> {
    let n = values.len() as f64;
    if values.len() < 2 {
        return Err(Refusal(note!(mi_no_patient)));
    }
    let mut mean = [0.0; 2];
    let mut observed = [0.0; 2];
    for arm in 0..2 {
        observed[arm] = values.iter().filter(|v| v[arm].is_some()).count() as f64;
        if observed[arm] == 0.0 {
            return Err(Refusal(note!(mi_arm_unseen, arm = super::word(["active", "placebo"][arm]))));
        }
        mean[arm] = values.iter().filter_map(|v| v[arm]).sum::<f64>() / observed[arm];
    }
    let share = [1.0 - observed[0] / n, 1.0 - observed[1] / n];
    let mut q = [0.0; 9];
    for v in values {
        let part = |arm: usize| v[arm].map_or(0.0, |y| n / observed[arm] * (y - mean[arm]));
        let gone = |arm: usize| f64::from(u8::from(v[arm].is_none())) - share[arm];
        let influence = [part(0) - part(1), gone(0), -gone(1)];
        for i in 0..9 {
            q[i] += influence[i / 3] * influence[i % 3] / (n * (n - 1.0));
        }
    }
    Ok(Surface { estimate: mean[0] - mean[1], weights: [share[0], -share[1]], q })
}
