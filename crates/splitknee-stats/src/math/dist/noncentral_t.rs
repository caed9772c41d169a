//! The noncentral t distribution: `T = (Z + ncp) / √(χ²_df / df)`.
//!
//! Both tails by integrating over the scale: with `s = √(χ²_df/df)`, `P(T ≤ t) = E Φ(t s − ncp)` and
//! `P(T > t) = E Φ(ncp − t s)`. Every term is positive, so both tails keep their relative accuracy, where Lenth's series
//! (AS 243, used by R) has an absolute error of 1e-12 only. In `v = ln s` the integrand is smooth, unimodal and decays
//! at least exponentially on both sides; the trapezoidal rule then converges geometrically (Trefethen & Weideman 2014).

use super::{normal, saddle_point, student_t};
use crate::math::roots::brent;

/// Beyond this many degrees of freedom the scale is 1 and T is normal around `ncp`.
const NORMAL_FROM: f64 = 1e15;

/// `P(T ≤ t)` with `df` degrees of freedom and noncentrality `ncp`.
pub fn cdf(t: f64, df: f64, ncp: f64) -> f64 {
    sf(-t, df, -ncp)
}

/// `P(T > t)` with `df` degrees of freedom and noncentrality `ncp`.
pub fn sf(t: f64, df: f64, ncp: f64) -> f64 {
    if df.is_nan() || df <= 0.0 || t.is_nan() || ncp.is_nan() {
        return f64::NAN;
    }
    if ncp == 0.0 {
        return student_t::sf(t, df);
    }
    if t == 0.0 {
        return normal::cdf(ncp);
    }
    if t.is_infinite() {
        return if t > 0.0 { 0.0 } else { 1.0 };
    }
    if df > NORMAL_FROM {
        return normal::sf(t - ncp);
    }
    // The tail that is the smaller one is integrated, the other is its complement.
    if t < ncp { 1.0 - upper_tail(-t, df, -ncp) } else { upper_tail(t, df, ncp) }
}

/// `E Φ(ncp − t s)` by the trapezoidal rule in `ln s`.
fn upper_tail(t: f64, df: f64, ncp: f64) -> f64 {
    let log_term = |v: f64| df * (v - 0.5 * (2.0 * v).exp_m1()) + normal::ln_sf(t * v.exp() - ncp);
    // The integrand is about as wide as this or wider; its peak is needed to a part of that only.
    let narrow = 1.0 / (1.0 + df.sqrt() + t.abs());
    let peak = maximum(&log_term, 0.1 * narrow);
    let top = log_term(peak);
    let left = reach(&log_term, peak, top, -narrow);
    let right = reach(&log_term, peak, top, narrow);
    let width = right - left;
    let mut cells = 64_u32;
    let term = |v: f64| (log_term(v) - top).exp();
    let mut sum = (0..=cells).map(|i| term(left + width * f64::from(i) / f64::from(cells))).sum::<f64>();
    let mut area = sum * width / f64::from(cells);
    while cells < 1 << 16 {
        let middles = (0..cells).map(|i| term(left + width * (f64::from(i) + 0.5) / f64::from(cells))).sum::<f64>();
        sum += middles;
        cells *= 2;
        let finer = sum * width / f64::from(cells);
        let settled = (finer - area).abs() <= 1e-14 * finer;
        area = finer;
        if settled {
            break;
        }
    }
    // Density of v = ln s at 0: 2 (df/2)^(df/2) e^(−df/2) / Γ(df/2).
    let half = 0.5 * df;
    let log_constant = 2_f64.ln() + 0.5 * (half / std::f64::consts::TAU).ln() - saddle_point::stirling_error(half);
    (area.ln() + top + log_constant).exp().clamp(0.0, 1.0)
}

/// Where the unimodal `f` is largest, to about `tolerance` (golden section after bracketing).
fn maximum(f: &impl Fn(f64) -> f64, tolerance: f64) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let (mut low, mut high) = (-2.0, 1.0);
    while low > -700.0 && f(low) < f(low - 1.0) {
        low = 2.0 * low - 1.0;
    }
    if low < -2.0 {
        low = 2.0 * low - 1.0;
    }
    while high < 16.0 && f(high) > f(high - 0.5) {
        high *= 2.0;
    }
    let (mut a, mut b) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
    let (mut fa, mut fb) = (f(a), f(b));
    for _ in 0..100 {
        if high - low < tolerance.max(4.0 * f64::EPSILON * low.abs()) {
            break;
        }
        if fa > fb {
            high = b;
            b = a;
            fb = fa;
            a = high - GOLDEN * (high - low);
            fa = f(a);
        } else {
            low = a;
            a = b;
            fa = fb;
            b = low + GOLDEN * (high - low);
            fb = f(b);
        }
    }
    0.5 * (low + high)
}

/// How far from `peak` the log integrand stays within 1e-18 of its top, in the direction of `first` and from that far on.
fn reach(f: &impl Fn(f64) -> f64, peak: f64, top: f64, first: f64) -> f64 {
    let sign = first.signum();
    let below = |step: f64| f(peak + sign * step) < top - 41.5;
    let mut far = first.abs();
    while !below(far) && far < 1e6 {
        far *= 2.0;
    }
    let mut near = 0.5 * far;
    for _ in 0..8 {
        let middle = 0.5 * (near + far);
        if below(middle) {
            far = middle;
        } else {
            near = middle;
        }
    }
    peak + sign * far
}

/// The noncentrality at which `P(T ≤ t) = p`, for confidence limits of a noncentrality and for power.
///
/// `None` for `p` outside (0, 1) or `df` not positive.
pub fn noncentrality(t: f64, df: f64, p: f64) -> Option<f64> {
    if !(df > 0.0 && p > 0.0 && p < 1.0 && t.is_finite()) {
        return None;
    }
    // Falls from 1 to 0 as the noncentrality grows; compared on the side of the smaller tail.
    let gap = |ncp: f64| {
        if p <= 0.5 {
            cdf(t, df, ncp).max(1e-300).ln() - p.ln()
        } else {
            (1.0 - p).ln() - sf(t, df, ncp).max(1e-300).ln()
        }
    };
    // T is near normal: ncp − t s has about mean ncp − t(1 − 1/(4 df)) and variance 1 + t²/(2 df).
    let spread = t.hypot((2.0 * df).sqrt()) / (2.0 * df).sqrt();
    let guess = t * (1.0 - 0.25 / df.max(1.0)) - normal::quantile(p) * spread;
    let first = 0.1 * spread;
    let mut step = first;
    let (mut low, mut high) = (guess - step, guess + step);
    while gap(low) < 0.0 {
        high = low;
        step *= 2.0;
        low -= step;
        if step > 1e300 {
            return None;
        }
    }
    step = first;
    while gap(high) > 0.0 {
        low = high;
        step *= 2.0;
        high += step;
        if step > 1e300 {
            return None;
        }
    }
    brent(gap, low, high, 1e-15 * (1.0 + t.abs()))
}
