//! Gauss–Legendre quadrature: nodes and weights for integrals over a bounded interval, and composite rules on panels.

use std::f64::consts::PI;
use std::sync::OnceLock;

/// Nodes of one panel of the composite rule.
pub const PANEL_NODES: usize = 40;

/// The `points`-point rule on (−1, 1) as (node, weight), nodes ascending; exact for polynomials of degree `2·points − 1`.
///
/// Newton's method on the Legendre polynomials from Tricomi's starting values.
pub fn gauss_legendre(points: usize) -> Vec<(f64, f64)> {
    let n = points.max(1);
    let mut rule = vec![(0.0, 0.0); n];
    for i in 0..n.div_ceil(2) {
        let mut x = (PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..100 {
            let (mut before, mut value) = (1.0, x);
            for degree in 2..=n {
                let k = degree as f64;
                let next = ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k;
                before = value;
                value = next;
            }
            slope = n as f64 * (x * value - before) / (x * x - 1.0);
            let step = value / slope;
            x -= step;
            if step.abs() <= 1e-15 {
                break;
            }
        }
        if n % 2 == 1 && i == n / 2 {
            x = 0.0;
        }
        let weight = 2.0 / ((1.0 - x * x) * slope * slope);
        rule[i] = (-x, weight);
        rule[n - 1 - i] = (x, weight);
    }
    rule
}

/// The composite rule of [`PANEL_NODES`] nodes on each of the panels of at most `width` that (`low`, `high`) is cut into;
/// empty where the interval is.
pub fn panels(low: f64, high: f64, width: f64) -> Vec<(f64, f64)> {
    static RULE: OnceLock<Vec<(f64, f64)>> = OnceLock::new();
    let rule = RULE.get_or_init(|| gauss_legendre(PANEL_NODES));
    if high.partial_cmp(&low) != Some(std::cmp::Ordering::Greater) {
        return Vec::new();
    }
    let count = ((high - low) / width).ceil().max(1.0);
    let half = 0.5 * (high - low) / count;
    (0..count as usize)
        .flat_map(|panel| {
            let middle = low + half * (2.0 * panel as f64 + 1.0);
            rule.iter().map(move |&(x, weight)| (middle + half * x, half * weight))
        })
        .collect()
}

/// `∫ f` from `low` to `high` by the composite rule.
pub fn integrate(f: impl Fn(f64) -> f64, low: f64, high: f64, width: f64) -> f64 {
    panels(low, high, width).into_iter().map(|(x, weight)| weight * f(x)).sum()
}

#[cfg(test)]
mod tests {
    use super::{gauss_legendre, integrate};

    /// A rule of n points integrates x^(2n − 2) exactly: 2/(2n − 1).
    #[test]
    fn exact_for_polynomials() {
        for n in 1..=60 {
            let rule = gauss_legendre(n);
            let degree = 2 * n as i32 - 2;
            let sum: f64 = rule.iter().map(|(x, weight)| weight * x.powi(degree)).sum();
            assert!((sum * f64::from(degree + 1) / 2.0 - 1.0).abs() < 1e-12, "n = {n}: {sum}");
            assert!(rule.windows(2).all(|pair| pair[0].0 < pair[1].0), "n = {n}");
        }
    }

    #[test]
    fn known_integrals() {
        assert!((integrate(f64::exp, 0.0, 3.0, 2.0) - (3.0_f64.exp() - 1.0)).abs() < 1e-12);
        assert_eq!(integrate(f64::exp, 1.0, 1.0, 2.0), 0.0);
    }
}
