//! Boundary families of a group-sequential test: spending functions and constant shapes.
//!
//! The cumulative error spent at information fraction t, in each direction where the test is two-sided:
//! - Lan–DeMets, O'Brien–Fleming type: `2 − 2Φ(z_{1 − α/2}/√t)`; Pocock type: `α ln(1 + (e − 1)t)`;
//! - Hwang–Shih–DeCani(γ): `α(1 − e^{−γt})/(1 − e^{−γ})` (γ = 0: αt); Kim–DeMets(ρ): `α t^ρ`.
//!
//! Constant shapes: bounds `c/√t` (O'Brien–Fleming) or `c` (Pocock), c making the overall error α.

use super::{Refusal, refuse};
use crate::math::dist::normal;
use crate::note;
use std::f64::consts::E;

/// Where the bounds come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Boundary {
    /// Lan–DeMets spending of O'Brien–Fleming type.
    SpendingOBrienFleming,
    /// Lan–DeMets spending of Pocock type.
    SpendingPocock,
    /// Hwang–Shih–DeCani spending with this γ.
    HwangShihDeCani(f64),
    /// Kim–DeMets spending with this ρ > 0.
    KimDeMets(f64),
    /// Constant O'Brien–Fleming shape.
    ShapeOBrienFleming,
    /// Constant Pocock shape.
    ShapePocock,
}

impl Boundary {
    /// Refuses a parameter outside its domain.
    pub(super) fn check(self) -> Result<(), Refusal> {
        match self {
            Self::HwangShihDeCani(gamma) if !(gamma.is_finite() && gamma.abs() <= 100.0) => {
                refuse(note!(spending_gamma, value = gamma))
            }
            Self::KimDeMets(rho) if !(rho > 0.0 && rho <= 100.0) => refuse(note!(spending_rho, value = rho)),
            _ => Ok(()),
        }
    }

    /// Error spent up to fraction `t` of one direction's `alpha`; `None` for the constant shapes.
    pub fn spent(self, t: f64, alpha: f64) -> Option<f64> {
        let t = t.min(1.0);
        match self {
            Self::SpendingOBrienFleming => Some(2.0 * normal::sf(normal::upper_quantile(0.5 * alpha) / t.sqrt())),
            Self::SpendingPocock => Some(alpha * ((E - 1.0) * t).ln_1p()),
            Self::HwangShihDeCani(0.0) => Some(alpha * t),
            Self::HwangShihDeCani(gamma) => Some(alpha * (-gamma * t).exp_m1() / (-gamma).exp_m1()),
            Self::KimDeMets(rho) => Some(alpha * t.powf(rho)),
            Self::ShapeOBrienFleming | Self::ShapePocock => None,
        }
    }

    /// The bound of a constant shape with constant `c` at fraction `t`.
    pub(super) fn shaped(self, c: f64, t: f64) -> f64 {
        if self == Self::ShapeOBrienFleming { c / t.sqrt() } else { c }
    }
}
