//! Intervals for the ratio of two paired proportions, treated / control.
//!
//! Formulas as in Fagerland, Lydersen and Laake (2014), Statistics in Medicine 33:2850–2875. `None` where the ratio
//! (no yes among the control knees) or the interval does not exist.

use super::pair_table::PairTable;
use super::proportion::{Tails, wilson};
use super::risk_difference::phi;
use crate::math::roots::brent;

/// The ratio itself, (a + b)/(a + c): infinite when only treated knees answer yes, `None` when no knee does.
pub fn risk_ratio(table: &PairTable) -> Option<f64> {
    let (treated, control) = (table.a + table.b, table.a + table.c);
    (treated + control > 0).then(|| treated as f64 / control as f64)
}

/// Wald interval on the log scale, variance (b + c)/((a + b)(a + c)).
pub fn wald(table: &PairTable, tails: Tails) -> Option<(f64, f64)> {
    let (treated, control) = ((table.a + table.b) as f64, (table.a + table.c) as f64);
    if treated == 0.0 || control == 0.0 {
        return None;
    }
    let error = (table.discordant() as f64 / (treated * control)).sqrt();
    let (below, above) = tails.deviates();
    let ratio = treated / control;
    // With no discordant pair the error is 0, and 0 · ∞ on an unbounded side must not arise.
    let factor = |deviate: f64| if deviate.is_infinite() { f64::INFINITY } else { (deviate * error).exp() };
    Some((ratio / factor(below), ratio * factor(above)))
}

/// Asymptotic score interval of Tang, Tang and Chan (2003), computed to full precision.
pub fn tang(table: &PairTable, tails: Tails) -> Option<(f64, f64)> {
    let n = table.n() as f64;
    let any = (table.a + table.b + table.c) as f64;
    let (treated, control) = ((table.a + table.b) as f64, (table.a + table.c) as f64);
    let c = table.c as f64;
    if treated == 0.0 || control == 0.0 {
        return None;
    }
    // Score statistic at `ratio`; p21 is its maximum-likelihood estimate given the ratio.
    let score = |ratio: f64| {
        let first = n * (1.0 + ratio);
        let middle = control * ratio * ratio - (any + c);
        let last = c * (1.0 - ratio) * any / n;
        let discriminant = (middle * middle - 4.0 * first * last).max(0.0).sqrt();
        let p21 =
            if middle > 0.0 { -2.0 * last / (discriminant + middle) } else { (discriminant - middle) / (2.0 * first) };
        let variance = n * (1.0 + ratio) * p21 + any * (ratio - 1.0);
        let numerator = treated - control * ratio;
        if numerator == 0.0 { 0.0 } else { (numerator / variance.max(0.0).sqrt()).clamp(-1e8, 1e8) }
    };
    let estimate = treated / control;
    let (z_below, z_above) = tails.deviates();
    let low = if z_below.is_infinite() { 0.0 } else { brent(|r| score(r) - z_below, 0.0, estimate, 0.0)? };
    let high = if z_above.is_infinite() {
        f64::INFINITY
    } else {
        let mut end = estimate.max(1.0) * 2.0;
        while score(end) + z_above > 0.0 && end < 1e12 {
            end *= 2.0;
        }
        brent(|r| score(r) + z_above, estimate, end, 0.0)?
    };
    Some((low, high))
}

/// Hybrid Wilson score interval of Bonett and Price (2006).
pub fn bonett_price(table: &PairTable, tails: Tails) -> Option<(f64, f64)> {
    let any = (table.a + table.b + table.c) as f64;
    let (treated, control) = ((table.a + table.b) as f64, (table.a + table.c) as f64);
    if treated == 0.0 || control == 0.0 {
        return None;
    }
    let (p1, p2) = ((treated + 1.0) / (any + 2.0), (control + 1.0) / (any + 2.0));
    let joint = ((table.discordant() as f64 + 2.0) / ((treated + 1.0) * (control + 1.0))).sqrt();
    let scale = joint / (((1.0 - p1) / (treated + 1.0)).sqrt() + ((1.0 - p2) / (control + 1.0)).sqrt());
    let (below, above) = tails.deviates();
    let low = wilson(treated, any, scale * below).0 / wilson(control, any, scale * below).1;
    let high = wilson(treated, any, scale * above).1 / wilson(control, any, scale * above).0;
    Some((low, high))
}

/// MOVER (method of variance estimates recovery) interval with Wilson limits and the unadjusted φ.
pub fn mover(table: &PairTable, tails: Tails) -> Option<(f64, f64)> {
    let n = table.n() as f64;
    let (treated, control) = ((table.a + table.b) as f64, (table.a + table.c) as f64);
    if treated == 0.0 || control == 0.0 {
        return None;
    }
    let (p1, p2) = (treated / n, control / n);
    let phi = phi(table, false);
    let (z_below, z_above) = tails.deviates();
    let limit = |own: f64, other: f64, sign: f64| {
        // own: limit of p1, other: opposite limit of p2.
        let cross = phi * (p1 - own) * (other - p2) - p1 * p2;
        let inside = (cross * cross - own * (2.0 * p1 - own) * other * (2.0 * p2 - other)).max(0.0);
        (cross + sign * inside.sqrt()) / (other * (other - 2.0 * p2))
    };
    let low = if z_below.is_infinite() {
        0.0
    } else {
        limit(wilson(treated, n, z_below).0, wilson(control, n, z_below).1, 1.0)
    };
    let high = if z_above.is_infinite() {
        f64::INFINITY
    } else {
        limit(wilson(treated, n, z_above).1, wilson(control, n, z_above).0, -1.0)
    };
    Some((low, high))
}
