//! Student's t distribution with `df > 0` degrees of freedom, which need not be whole and may be infinite.
//!
//! Up to 1e6 df the incomplete beta function of this folder; beyond, Hill's normal deviate (1970, CACM 13:617, Algorithm
//! 395), whose error falls with df⁻⁵. statrs 0.19 is off by 1e-10 to 1e-6 from 1e5 df on.

use super::incomplete_beta::both_tails;
use super::inversion::positive_root;
use super::{normal, saddle_point};

/// From here on Hill's expansion is exact to double precision, and faster than the continued fraction.
const HILL_FROM: f64 = 1e6;

/// Density at `x`.
pub fn pdf(x: f64, df: f64) -> f64 {
    if df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    if df.is_infinite() {
        return normal::pdf(x);
    }
    let log_kernel = -0.5 * (df + 1.0) * (x * x / df).ln_1p();
    // Γ(h + ½) / (Γ(h) √h) with h = df/2, by Stirling's errors: it tends to 1 and must not come from a difference of
    // large logarithms.
    let half = 0.5 * df;
    let log_ratio = half * (0.5 / half).ln_1p() - 0.5 + saddle_point::stirling_error(half + 0.5)
        - saddle_point::stirling_error(half);
    (log_kernel + log_ratio).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// `P(X ≤ x)`.
pub fn cdf(x: f64, df: f64) -> f64 {
    sf(-x, df)
}

/// `P(X > x)`.
pub fn sf(x: f64, df: f64) -> f64 {
    if df.is_nan() || df <= 0.0 || x.is_nan() {
        return f64::NAN;
    }
    let upper = upper_tail(x.abs(), df);
    if x >= 0.0 { upper } else { 1.0 - upper }
}

/// `P(|X| > |x|)`, the two-sided p-value.
pub fn two_sided(x: f64, df: f64) -> f64 {
    (2.0 * sf(x.abs(), df)).min(1.0)
}

/// The `x` with `cdf(x) = p`.
pub fn quantile(p: f64, df: f64) -> f64 {
    if p <= 0.5 { -upper_quantile(p, df) } else { upper_quantile(1.0 - p, df) }
}

/// The `x` with `sf(x) = p`, for upper tails too small for [`quantile`] of `1 − p`.
pub fn upper_quantile(p: f64, df: f64) -> f64 {
    if !(df > 0.0 && (0.0..=1.0).contains(&p)) {
        return f64::NAN;
    }
    if p == 0.0 {
        return f64::INFINITY;
    }
    if p > 0.5 {
        return -upper_quantile(1.0 - p, df);
    }
    if p == 0.5 {
        return 0.0;
    }
    if df.is_infinite() {
        return normal::upper_quantile(p);
    }
    let z = normal::upper_quantile(p).max(1e-300);
    newton(p, df, z).unwrap_or_else(|| positive_root(|x| upper_tail(x, df), p, false, z))
}

/// The quantile by Newton's method on the logarithm of the tail, from the Cornish–Fisher expansion of the normal deviate
/// `z`: three or four evaluations where [`positive_root`] takes forty. `None` where it does not settle.
fn newton(p: f64, df: f64, z: f64) -> Option<f64> {
    if df < 10.0 {
        return None;
    }
    let z2 = z * z;
    let mut x = z * (1.0 + (z2 + 1.0) / (4.0 * df) + ((5.0 * z2 + 16.0) * z2 + 3.0) / (96.0 * df * df));
    for _ in 0..12 {
        let (tail, density) = (upper_tail(x, df), pdf(x, df));
        if !(tail > 0.0 && density > 0.0) {
            return None;
        }
        let step = (tail / p).ln() * tail / density;
        x += step;
        if !(x > 0.0 && x.is_finite()) {
            return None;
        }
        if step.abs() <= 1e-9 * x {
            // Newton squares the error: the next step would be below rounding.
            return Some(x);
        }
    }
    None
}

/// `P(X > x)` for `x ≥ 0`.
fn upper_tail(x: f64, df: f64) -> f64 {
    if x.is_infinite() {
        return 0.0;
    }
    if df.is_infinite() {
        return normal::sf(x);
    }
    if df > HILL_FROM {
        return normal::sf(hill_deviate(x, df));
    }
    let ratio = x * (x / df);
    let (share, rest) = if ratio.is_infinite() {
        // t² overflows: I_x(df/2, ½) is still representable through x = df/t² = (√df/t)².
        let root = df.sqrt() / x;
        (root * root, 1.0)
    } else {
        (1.0 / (1.0 + ratio), ratio / (1.0 + ratio))
    };
    0.5 * both_tails(0.5 * df, 0.5, share, rest).0
}

/// Hill's normal deviate: `P(T > x) = P(Z > deviate)`.
fn hill_deviate(x: f64, df: f64) -> f64 {
    let a = df - 0.5;
    let b = 48.0 * a * a;
    let y = a * (x * (x / df)).ln_1p();
    (((((-0.4 * y - 3.3) * y - 24.0) * y - 85.5) / (0.8 * y * y + 100.0 + b) + y + 3.0) / b + 1.0) * y.sqrt()
}
