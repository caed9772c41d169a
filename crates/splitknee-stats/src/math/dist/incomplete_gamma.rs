//! The regularised incomplete gamma function, both tails computed directly.
//!
//! Power series below the mean, Legendre's continued fraction above it (modified Lentz), both behind the saddle-point
//! front factor (Abramowitz & Stegun 6.5.29 and 6.5.31).

use super::saddle_point::gamma_front;

/// `(P(a, x), Q(a, x))`, each accurate in its own right, for `a > 0`.
pub fn both_tails(a: f64, x: f64) -> (f64, f64) {
    if a.is_nan() || a <= 0.0 || x.is_nan() {
        return (f64::NAN, f64::NAN);
    }
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if x.is_infinite() {
        return (1.0, 0.0);
    }
    let front = gamma_front(a, x);
    if x <= a + 1.0 {
        let (mut term, mut sum, mut at) = (1.0 / a, 1.0 / a, a);
        for _ in 0..1_000_000 {
            at += 1.0;
            term *= x / at;
            sum += term;
            if term < sum * 1e-17 {
                break;
            }
        }
        let lower = (front * sum).clamp(0.0, 1.0);
        // For small `a` the upper tail is the small one even here.
        let upper = if lower > 0.9 { (front * fraction(a, x)).clamp(0.0, 1.0) } else { 1.0 - lower };
        (lower, upper)
    } else {
        let upper = (front * fraction(a, x)).clamp(0.0, 1.0);
        (1.0 - upper, upper)
    }
}

/// `Γ(a, x) / (x^a e^{−x})` by Legendre's continued fraction.
fn fraction(a: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / if b.abs() < TINY { TINY } else { b };
    let mut h = d;
    for i in 1..1_000_000 {
        let i = f64::from(i);
        let numerator = -i * (i - a);
        b += 2.0;
        d = numerator * d + b;
        d = 1.0 / if d.abs() < TINY { TINY } else { d };
        c = b + numerator / c;
        if c.abs() < TINY {
            c = TINY;
        }
        let step = c * d;
        h *= step;
        if (step - 1.0).abs() < 4e-16 {
            break;
        }
    }
    h
}
