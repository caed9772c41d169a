//! Quantiles by inverting a tail on the logarithmic scale.

use crate::math::roots::brent;

/// The `x > 0` at which the monotone `tail(x)` equals `p`, with relative accuracy, for `0 < p < 1`.
///
/// Works on `ln x` and `ln tail`, so that quantiles of 1e-200 and tails of 1e-200 are found as well as ordinary ones.
/// `start > 0` is a guess; `rising` says whether the tail grows with `x`. NaN where the tail never reaches `p`.
pub fn positive_root(tail: impl Fn(f64) -> f64, p: f64, rising: bool, start: f64) -> f64 {
    let target = p.ln();
    let gap = |u: f64| {
        let value = tail(u.exp());
        let excess = if value > 0.0 { value.ln() - target } else { -1e4 };
        if rising { excess } else { -excess }
    };
    let limit = 708.0;
    let centre = if start > 0.0 && start.is_finite() { start.ln().clamp(-limit, limit) } else { 0.0 };
    let (mut low, mut high, mut step) = (centre, centre, 0.25);
    while gap(low) > 0.0 {
        if low <= -limit {
            return 0.0;
        }
        high = low;
        low = (low - step).max(-limit);
        step *= 2.0;
    }
    step = 0.25;
    while gap(high) < 0.0 {
        if high >= limit {
            return f64::INFINITY;
        }
        low = high;
        high = (high + step).min(limit);
        step *= 2.0;
    }
    brent(gap, low, high, 1e-15).map_or(f64::NAN, f64::exp)
}
