//! Intervals for the difference of two paired proportions, treated − control.
//!
//! Formulas and names as in Fagerland MW, Lydersen S, Laake P (2014), *Recommended tests and confidence intervals for
//! paired binomial proportions*, Statistics in Medicine 33:2850–2875. Every function takes a table with at least one
//! pair and the tails to leave out, and returns (lower, upper); an unbounded tail gives −1 or 1.

use super::pair_table::PairTable;
use super::proportion::{Tails, wilson};
use crate::math::roots::brent;

/// Newcombe's square-and-add interval (1998, method 10) with Wilson limits and the continuity-adjusted φ, as
/// Fagerland, Lydersen and Laake print it. `None` for an empty table.
pub fn newcombe(table: &PairTable, tails: Tails) -> Option<(f64, f64)> {
    square_and_add(table, tails, phi(table, true))
}

/// Newcombe's square-and-add interval with φ not adjusted for continuity (his method 8 form). `None` for an empty table.
pub fn newcombe_unadjusted(table: &PairTable, tails: Tails) -> Option<(f64, f64)> {
    square_and_add(table, tails, phi(table, false))
}

/// φ correlation of the two knees' answers; with `adjusted`, its numerator is reduced by n/2 (not below 0) when positive.
/// 0 when a margin is empty.
pub fn phi(table: &PairTable, adjusted: bool) -> f64 {
    let [a, b, c, d] = [table.a, table.b, table.c, table.d].map(|count| count as f64);
    let margins = (a + b) * (c + d) * (a + c) * (b + d);
    if margins == 0.0 {
        return 0.0;
    }
    let product = a * d - b * c;
    let numerator = if adjusted && product > 0.0 { (product - (a + b + c + d) / 2.0).max(0.0) } else { product };
    numerator / margins.sqrt()
}

/// The two Wilson intervals combined with correlation `phi`.
fn square_and_add(table: &PairTable, tails: Tails, phi: f64) -> Option<(f64, f64)> {
    let estimate = table.risk_difference()?;
    let n = table.n() as f64;
    let (treated, control) = ((table.a + table.b) as f64, (table.a + table.c) as f64);
    let (z_below, z_above) = tails.deviates();
    let width = |x: f64, y: f64| (x * x + y * y - 2.0 * phi * x * y).max(0.0).sqrt();
    let (p1, p2) = (treated / n, control / n);
    let low = {
        let (l1, u2) = (wilson(treated, n, z_below).0, wilson(control, n, z_below).1);
        if z_below.is_infinite() { -1.0 } else { estimate - width(p1 - l1, u2 - p2) }
    };
    let high = {
        let (u1, l2) = (wilson(treated, n, z_above).1, wilson(control, n, z_above).0);
        if z_above.is_infinite() { 1.0 } else { estimate + width(p2 - l2, u1 - p1) }
    };
    Some((low, high))
}

/// Tango's asymptotic score interval (1998): the differences that the score test does not reject. `None` for an empty
/// table.
pub fn tango(table: &PairTable, tails: Tails) -> Option<(f64, f64)> {
    let estimate = table.risk_difference()?;
    let score = |delta: f64| score(table.b as f64, table.c as f64, table.n() as f64, delta).0;
    let (z_below, z_above) = tails.deviates();
    let low = if z_below.is_infinite() || estimate <= -1.0 {
        -1.0
    } else {
        brent(|delta| capped(score(delta)) - z_below, -1.0, estimate, 0.0)?
    };
    let high = if z_above.is_infinite() || estimate >= 1.0 {
        1.0
    } else {
        brent(|delta| capped(score(delta)) + z_above, estimate, 1.0, 0.0)?
    };
    Some((low, high))
}

/// Tango's score statistic at difference `delta` with `b` and `c` discordant pairs of `n`, and the maximum-likelihood
/// probability of the `c` cell given `delta`, from which its variance is.
pub(super) fn score(b: f64, c: f64, n: f64, delta: f64) -> (f64, f64) {
    let middle = (2.0 * n - b + c) * delta - b - c;
    let last = -c * delta * (1.0 - delta);
    let discriminant = (middle * middle - 8.0 * n * last).max(0.0).sqrt();
    let p21 = if middle > 0.0 { -2.0 * last / (discriminant + middle) } else { (discriminant - middle) / (4.0 * n) };
    let variance = n * (2.0 * p21 + delta * (1.0 - delta));
    let numerator = b - c - n * delta;
    (if numerator == 0.0 { 0.0 } else { numerator / variance.max(0.0).sqrt() }, p21)
}

/// An infinite score (the variance is 0 at ±1) as a large number, so that the bracket stays finite.
fn capped(score: f64) -> f64 {
    score.clamp(-1e8, 1e8)
}

/// Wald interval: estimate ± z·√(b + c − (b − c)²/n)/n. `None` for an empty table or where its variance is 0.
pub fn wald(table: &PairTable, tails: Tails) -> Option<(f64, f64)> {
    let (b, c, n) = (table.b as f64, table.c as f64, table.n() as f64);
    around(table.risk_difference()?, b + c - (b - c).powi(2) / n, n, tails)
}

/// Wald interval with Edwards' continuity correction: (|b − c| − 1)² in place of (b − c)². `None` as for [`wald`].
pub fn wald_corrected(table: &PairTable, tails: Tails) -> Option<(f64, f64)> {
    let (b, c, n) = (table.b as f64, table.c as f64, table.n() as f64);
    around(table.risk_difference()?, b + c - ((b - c).abs() - 1.0).powi(2) / n, n, tails)
}

/// Agresti and Min (2005): Wald after adding ½ to every cell, around its own centre. `None` for an empty table.
pub fn agresti_min(table: &PairTable, tails: Tails) -> Option<(f64, f64)> {
    table.risk_difference()?;
    let (b, c, n) = (table.b as f64 + 0.5, table.c as f64 + 0.5, table.n() as f64 + 2.0);
    around((b - c) / n, b + c - (b - c).powi(2) / n, n, tails)
}

/// Bonett and Price (2012): Wald with Laplace estimates (b + 1)/(n + 2) and (c + 1)/(n + 2). `None` for an empty table.
pub fn bonett_price(table: &PairTable, tails: Tails) -> Option<(f64, f64)> {
    table.risk_difference()?;
    let (b, c, n) = (table.b as f64 + 1.0, table.c as f64 + 1.0, table.n() as f64 + 2.0);
    around((b - c) / n, b + c - (b - c).powi(2) / n, n, tails)
}

/// `centre` ± z·√`squares`/n, cut to [−1, 1].
fn around(centre: f64, squares: f64, n: f64, tails: Tails) -> Option<(f64, f64)> {
    let error = squares.sqrt() / n;
    let (below, above) = tails.deviates();
    (error > 0.0).then(|| ((centre - below * error).max(-1.0), (centre + above * error).min(1.0)))
}
