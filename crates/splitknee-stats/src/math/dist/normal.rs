//! The standard normal distribution, by the complementary error function of `libm` (statrs' own is off by up to 1e-10).

use std::f64::consts::{FRAC_1_SQRT_2, PI, TAU};

/// Density at `x`.
pub fn pdf(x: f64) -> f64 {
    (-0.5 * x * x).exp() / (2.0 * PI).sqrt()
}

/// `P(Z ≤ x)`.
pub fn cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// `P(Z > x)`, accurate in the far tail.
pub fn sf(x: f64) -> f64 {
    0.5 * libm::erfc(x * FRAC_1_SQRT_2)
}

/// `P(|Z| > |x|)`, the two-sided p-value.
pub fn two_sided(x: f64) -> f64 {
    libm::erfc(x.abs() * FRAC_1_SQRT_2)
}

/// `ln P(Z > x)`, also where the tail itself underflows.
pub fn ln_sf(x: f64) -> f64 {
    if x < -1.0 {
        return (-cdf(x)).ln_1p();
    }
    if x < 20.0 {
        return sf(x).ln();
    }
    // Asymptotic series (Abramowitz & Stegun 26.2.12); at 20 its seventh term is below 1e-13.
    let square = 1.0 / (x * x);
    let series = 1.0
        - square
            * (1.0
                - 3.0
                    * square
                    * (1.0 - 5.0 * square * (1.0 - 7.0 * square * (1.0 - 9.0 * square * (1.0 - 11.0 * square)))));
    -0.5 * x * x - x.ln() - 0.5 * TAU.ln() + series.ln()
}

/// The `x` with `cdf(x) = p`.
pub fn quantile(p: f64) -> f64 {
    if p <= 0.5 { -upper_quantile(p) } else { upper_quantile(1.0 - p) }
}

/// The `x` with `sf(x) = p`, for upper tails too small for [`quantile`] of `1 − p`.
///
/// statrs' inverse error function, polished by Newton steps on the logarithm of the tail.
pub fn upper_quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p == 0.0 {
        return f64::INFINITY;
    }
    if p > 0.5 {
        return -upper_quantile(1.0 - p);
    }
    if p == 0.5 {
        return 0.0;
    }
    let mut x = std::f64::consts::SQRT_2 * statrs::function::erf::erfc_inv(2.0 * p);
    let target = p.ln();
    for _ in 0..3 {
        let log_tail = ln_sf(x);
        // d ln sf / dx = −pdf/sf.
        let slope = (-0.5 * x * x - 0.5 * TAU.ln() - log_tail).exp();
        let step = (log_tail - target) / slope;
        if !step.is_finite() {
            break;
        }
        x += step;
        if step.abs() < 1e-16 * x.abs() {
            break;
        }
    }
    x
}
