//! Loader's saddle-point forms of the binomial and Poisson terms.
//!
//! The factor in front of every incomplete beta or gamma function is such a term. Written with gamma functions it loses
//! as many digits as its logarithm is large; written as a deviance plus Stirling errors it keeps them all.
//! Source: Loader C (2000), *Fast and accurate computation of binomial probabilities*.

use std::f64::consts::{PI, TAU};

/// `ln Γ(a + 1) − [(a + ½) ln a − a + ½ ln 2π]`, the error of Stirling's formula, for real `a > 0`.
pub fn stirling_error(a: f64) -> f64 {
    let mut total = 0.0;
    let mut at = a;
    // Climb to where the series converges at once: error(a) − error(a + 1) = (a + ½) ln(1 + 1/a) − 1.
    while at < 12.0 {
        total += (at + 0.5) * (1.0 / at).ln_1p() - 1.0;
        at += 1.0;
    }
    let inverse = 1.0 / at;
    let square = inverse * inverse;
    let series = inverse
        * (1.0 / 12.0
            - square
                * (1.0 / 360.0
                    - square
                        * (1.0 / 1260.0
                            - square
                                * (1.0 / 1680.0
                                    - square
                                        * (1.0 / 1188.0 - square * (691.0 / 360_360.0 - square * (1.0 / 156.0)))))));
    total + series
}

/// `x ln(x/m) + m − x ≥ 0`, without cancellation where `x` is close to `m`.
pub fn deviance(x: f64, m: f64) -> f64 {
    let difference = x - m;
    if difference.abs() < 0.1 * (x + m) {
        let v = difference / (x + m);
        let square = v * v;
        let mut sum = difference * v;
        let mut power = 2.0 * x * v;
        for j in 1..1000 {
            power *= square;
            let next = sum + power / f64::from(2 * j + 1);
            if next == sum {
                break;
            }
            sum = next;
        }
        sum
    } else if x == 0.0 {
        m
    } else {
        x * (x / m).ln() + m - x
    }
}

/// `ln Γ(a)` for `a > 0`.
pub fn ln_gamma(a: f64) -> f64 {
    if a < 1e-300 {
        return -a.ln();
    }
    // Near the zeros at 1 and 2 Stirling's form cancels; libm is accurate there.
    if a < 3.0 {
        return libm::lgamma(a);
    }
    (a - 0.5) * a.ln() - a + 0.5 * TAU.ln() + stirling_error(a)
}

/// `x^a y^b / B(a, b)` with `y = 1 − x` supplied by the caller, who knows it without cancellation.
pub fn beta_front(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 || y <= 0.0 {
        return 0.0;
    }
    let n = a + b;
    let exponent = stirling_error(n) - stirling_error(a) - stirling_error(b) - deviance(a, n * x) - deviance(b, n * y);
    exponent.exp() * (a * (b / n) / TAU).sqrt()
}

/// `x^a e^{−x} / Γ(a)`.
pub fn gamma_front(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    (-stirling_error(a) - deviance(a, x)).exp() * (a / (2.0 * PI)).sqrt()
}

/// The binomial term `C(n, k) p^k q^(n − k)` with `q = 1 − p` supplied by the caller.
pub fn binomial_term(k: f64, n: f64, p: f64, q: f64) -> f64 {
    let m = n - k;
    if p == 0.0 {
        return if k == 0.0 { 1.0 } else { 0.0 };
    }
    if q == 0.0 {
        return if m == 0.0 { 1.0 } else { 0.0 };
    }
    if k == 0.0 {
        return if p < 0.5 { (n * (-p).ln_1p()).exp() } else { (n * q.ln()).exp() };
    }
    if m == 0.0 {
        return if q < 0.5 { (n * (-q).ln_1p()).exp() } else { (n * p.ln()).exp() };
    }
    let exponent = stirling_error(n) - stirling_error(k) - stirling_error(m) - deviance(k, n * p) - deviance(m, n * q);
    exponent.exp() * (n / (TAU * k * m)).sqrt()
}
