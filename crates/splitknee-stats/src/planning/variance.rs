//! SD of the within-patient difference from what is known of one knee.
//!
//! - two arms with SDs of their own: `σ_d² = s₁² + s₂² − 2ρ s₁ s₂`;
//! - the change from a baseline measured in both knees: with visit correlation r within a knee and the product covariance
//!   (knee correlation × visit correlation) `Var(d) = Var(A) + Var(P) − 2 Cov(A, P)`, `A = y₁ − y₀` of the active knee,
//!   `Var(A) = s₁² + s₀² − 2r s₁ s₀`, `Cov(A, P) = ρ(s₁ s₂ − r s₀ s₁ − r s₀ s₂ + s₀²)`.

use super::{Refusal, check_sd, refuse};
use crate::note;

/// SD of `active − placebo` where the arms have the SDs `active` and `placebo` and the knees of a patient correlate by `rho`.
///
/// # Errors
/// An SD that is not positive, a correlation outside [−1, 1], or differences that do not vary.
pub fn of_difference(active: f64, placebo: f64, rho: f64) -> Result<f64, Refusal> {
    check_sd(note!(w_sd_active), active)?;
    check_sd(note!(w_sd_placebo), placebo)?;
    check_correlation(rho)?;
    positive(active * active + placebo * placebo - 2.0 * rho * active * placebo)
}

/// SD of the difference between the changes from baseline of the two knees.
///
/// # Errors
/// As [`of_difference`].
pub fn of_change(active: f64, placebo: f64, baseline: f64, rho: f64, rho_visit: f64) -> Result<f64, Refusal> {
    check_sd(note!(w_sd_active), active)?;
    check_sd(note!(w_sd_placebo), placebo)?;
    check_sd(note!(w_sd_baseline), baseline)?;
    check_correlation(rho)?;
    check_correlation(rho_visit)?;
    let of_knee = |sd: f64| sd * sd + baseline * baseline - 2.0 * rho_visit * sd * baseline;
    let shared = active * placebo + baseline * baseline - rho_visit * baseline * (active + placebo);
    positive(of_knee(active) + of_knee(placebo) - 2.0 * rho * shared)
}

fn check_correlation(rho: f64) -> Result<(), Refusal> {
    if (-1.0..=1.0).contains(&rho) {
        return Ok(());
    }
    refuse(note!(correlation_range, r = rho))
}

fn positive(variance: f64) -> Result<f64, Refusal> {
    if variance > 0.0 && variance.is_finite() {
        return Ok(variance.sqrt());
    }
    refuse(note!(differences_flat))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 2(1 − 0.55)(16² + 20² − 2 · 0.343 · 16 · 20) = 392.832.
    #[test]
    fn change_under_the_product_covariance() {
        let sd = of_change(20.0, 20.0, 16.0, 0.55, 0.343).unwrap_or(0.0);
        assert!((sd * sd - 392.832).abs() < 1e-9);
        assert!(of_difference(10.0, 10.0, 1.0).is_err());
        assert!(of_difference(10.0, 10.0, 1.2).is_err());
    }
}
