//! The regularised incomplete beta function, both tails computed directly.
//!
//! Behind the saddle-point front factor stands, below the mean, one of two positive forms: the continued fraction of
//! DiDonato & Morris (1992, ACM TOMS 708, `BFRAC`) for shapes of ordinary size, and for large or small ones, where the
//! fraction converges too slowly, the integral itself by the double-exponential rule (Takahasi & Mori 1974).

use super::saddle_point::beta_front;

/// Shapes up to which the continued fraction converges in a few dozen terms.
const FRACTION_TO: f64 = 60.0;

/// `(I_x(a, b), 1 − I_x(a, b))`, each accurate in its own right, for `a, b > 0` and `x + y = 1`.
///
/// `y` is an argument because the caller often knows it without cancellation (for t: `y = t²/(df + t²)`).
pub fn both_tails(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    if !(a > 0.0 && b > 0.0) || x.is_nan() || y.is_nan() {
        return (f64::NAN, f64::NAN);
    }
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if y <= 0.0 {
        return (1.0, 0.0);
    }
    if x * (a + b) <= a {
        let lower = fraction(a, b, x, y).clamp(0.0, 1.0);
        (lower, 1.0 - lower)
    } else {
        let upper = fraction(b, a, y, x).clamp(0.0, 1.0);
        (1.0 - upper, upper)
    }
}

/// `I_x(a, b)` for `x` at or below the mean `a/(a + b)`.
fn fraction(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let front = beta_front(a, b, x, y);
    if front == 0.0 {
        return 0.0;
    }
    if b < 0.5 || a.max(b) > FRACTION_TO {
        return front * integral(a, b, x, y);
    }
    // TOMS 708, BFRAC: the even part of the classical fraction.
    let lambda = a - (a + b) * x;
    let c = 1.0 + lambda;
    let c0 = b / a;
    let c1 = 1.0 + 1.0 / a;
    let yp1 = y + 1.0;
    let (mut n, mut p, mut s) = (0.0, 1.0, a + 1.0);
    let (mut an, mut bn, mut anp1, mut bnp1) = (0.0, 1.0, 1.0, c / c1);
    let mut r = c1 / c;
    for _ in 0..1_000_000 {
        n += 1.0;
        let t = n / a;
        let w = n * (b - n) * x;
        let mut e = a / s;
        let alpha = (p * (p + c0) * e * e) * (w * x);
        e = (1.0 + t) / (c1 + t + t);
        let beta = n + w / s + e * (c + n * yp1);
        p = 1.0 + t;
        s += 2.0;
        let next = alpha * an + beta * anp1;
        an = anp1;
        anp1 = next;
        let next = alpha * bn + beta * bnp1;
        bn = bnp1;
        bnp1 = next;
        let before = r;
        r = anp1 / bnp1;
        if (r - before).abs() <= 4e-16 * r {
            break;
        }
        an /= bnp1;
        bn /= bnp1;
        anp1 = r;
        bnp1 = 1.0;
    }
    front * r
}

/// `I_x(a, b)` over the front factor, as `∫₀^∞ e^(−v) (1 + (x/y)(1 − e^(−v/a)))^(b−1) dv / (a y)` (from `u = x e^(−v/a)`).
///
/// With `v = exp(τ − e^(−τ))` the integrand falls double-exponentially on both sides of τ, and the trapezoidal rule
/// converges geometrically, whatever the scale of `v`.
fn integral(a: f64, b: f64, x: f64, y: f64) -> f64 {
    const STEP: f64 = 1.0 / 32.0;
    let ratio = x / y;
    let term = |tau: f64| {
        let fall = (-tau).exp();
        let v = (tau - fall).exp();
        let growth = (b - 1.0) * (ratio * -(-v / a).exp_m1()).ln_1p();
        (growth - v).exp() * v * (1.0 + fall)
    };
    let mut sum = term(0.0);
    for direction in [-STEP, STEP] {
        let mut largest = sum;
        for k in 1..4000 {
            let value = term(f64::from(k) * direction);
            sum += value;
            largest = largest.max(value);
            if value < 1e-18 * largest && k > 64 {
                break;
            }
        }
    }
    sum * STEP / (a * y)
}
