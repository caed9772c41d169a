//! Gauss–Hermite quadrature, for integrals against `exp(−x²)` over the whole line, and Gauss–Legendre, for smooth ones over
//! a finite interval.

use std::f64::consts::PI;

/// The largest rule [`gauss_hermite`] gives; beyond it the weights underflow.
pub const MAX_HERMITE_POINTS: usize = 100;

/// One node of a Gauss–Hermite rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HermiteNode {
    /// Where the integrand is evaluated.
    pub x: f64,
    /// `log(w) + x²`: the weight for integrands that carry their own `exp(−x²)`, as in adaptive quadrature.
    pub log_weight: f64,
}

impl HermiteNode {
    /// The classical weight `w` of the rule `∫ exp(−x²) f(x) dx ≈ Σ w f(x)`.
    pub fn weight(&self) -> f64 {
        (self.log_weight - self.x * self.x).exp()
    }
}

/// The `points`-point Gauss–Hermite rule, nodes ascending; exact for polynomials of degree `2·points − 1`.
///
/// Newton's method on the orthonormal Hermite functions (which do not overflow), started from the asymptotic positions
/// of the largest zeros and extrapolated inwards, with already found zeros divided out. `points` is limited to
/// `1..=`[`MAX_HERMITE_POINTS`] and clamped into that range.
pub fn gauss_hermite(points: usize) -> Vec<HermiteNode> {
    let n = points.clamp(1, MAX_HERMITE_POINTS);
    let size = n as f64;
    let mut positive: Vec<HermiteNode> = Vec::with_capacity(n.div_ceil(2));
    let mut start = 0.0;
    for k in 0..n.div_ceil(2) {
        let found = |back: usize| positive.get(k.wrapping_sub(back)).map_or(0.0, |node: &HermiteNode| node.x);
        start = match k {
            0 => (2.0 * size + 1.0).sqrt() - 1.855_75 * (2.0 * size + 1.0).powf(-1.0 / 6.0),
            1 => start - 1.14 * size.powf(0.426) / start,
            2 => 1.86 * start - 0.86 * found(2),
            3 => 1.91 * start - 0.91 * found(2),
            _ => 2.0 * start - found(2),
        };
        if n % 2 == 1 && 2 * k + 1 == n {
            start = 0.0;
        }
        for _ in 0..100 {
            let (value, derivative) = orthonormal(n, start);
            // Deflation keeps Newton's method away from the zeros that are already known.
            let deflation: f64 = positive.iter().map(|node| 1.0 / (start - node.x) + 1.0 / (start + node.x)).sum();
            let step = value / (derivative - value * deflation);
            start -= step;
            if step.abs() <= 1e-15 * (1.0 + start.abs()) {
                break;
            }
        }
        if n % 2 == 1 && 2 * k + 1 == n {
            start = 0.0;
        }
        let (_, derivative) = orthonormal(n, start);
        // With the polynomials scaled by exp(−x²/2) the weight 2/p'² already carries exp(x²).
        positive.push(HermiteNode { x: start, log_weight: (2.0 / (derivative * derivative)).ln() });
    }
    let mut nodes: Vec<HermiteNode> =
        positive.iter().filter(|node| node.x > 0.0).map(|node| HermiteNode { x: -node.x, ..*node }).collect();
    nodes.extend(positive.iter().rev().copied());
    nodes
}

/// The orthonormal Hermite function of degree `n` times `exp(−x²/2)`, and its derivative but for the factor's own.
fn orthonormal(n: usize, x: f64) -> (f64, f64) {
    let mut previous = 0.0;
    let mut current = PI.powf(-0.25) * (-0.5 * x * x).exp();
    for j in 0..n {
        let degree = j as f64;
        let next = x * (2.0 / (degree + 1.0)).sqrt() * current - (degree / (degree + 1.0)).sqrt() * previous;
        previous = current;
        current = next;
    }
    (current, (2.0 * n as f64).sqrt() * previous)
}

/// The `points`-point Gauss–Legendre rule on (−1, 1): nodes ascending with their weights; exact for polynomials of degree
/// `2·points − 1`. Newton's method on the Legendre polynomial from Tricomi's start.
pub fn gauss_legendre(points: usize) -> Vec<(f64, f64)> {
    let n = points.max(1);
    let mut rule = vec![(0.0, 0.0); n];
    for k in 0..n.div_ceil(2) {
        let mut x = (PI * (k as f64 + 0.75) / (n as f64 + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..100 {
            let (value, derivative) = legendre(n, x);
            slope = derivative;
            let step = value / derivative;
            x -= step;
            if step.abs() <= 1e-16 {
                break;
            }
        }
        if n % 2 == 1 && 2 * k + 1 == n {
            x = 0.0;
            slope = legendre(n, x).1;
        }
        let weight = 2.0 / ((1.0 - x * x) * slope * slope);
        rule[k] = (-x, weight);
        rule[n - 1 - k] = (x, weight);
    }
    rule
}

/// The Legendre polynomial of degree `n` at `x` inside (−1, 1), and its derivative.
fn legendre(n: usize, x: f64) -> (f64, f64) {
    let (mut before, mut here) = (1.0, x);
    for k in 2..=n {
        let k = k as f64;
        (before, here) = (here, ((2.0 * k - 1.0) * x * here - (k - 1.0) * before) / k);
    }
    (here, n as f64 * (x * here - before) / (x * x - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Abramowitz & Stegun table 25.10 (15 digits) for 5 and 20 points.
    #[test]
    fn tabulated_rules() {
        let rule = gauss_hermite(5);
        let expected = [
            (0.0, 9.453_087_204_829e-1),
            (0.958_572_464_613_819, 3.936_193_231_522e-1),
            (2.020_182_870_456_086, 1.995_324_205_905e-2),
        ];
        for (node, (x, w)) in rule.iter().skip(2).zip(expected) {
            assert!((node.x - x).abs() < 1e-14, "{node:?}");
            assert!((node.weight() / w - 1.0).abs() < 1e-11, "{node:?}");
        }
        let last = gauss_hermite(20)[19];
        assert!((last.x - 5.387_480_890_011_233).abs() < 1e-13);
        assert!((last.weight() / 2.229_393_645_534e-13 - 1.0).abs() < 1e-11);
    }

    /// Moments of the normal distribution: a rule of n points is exact to degree 2n − 1.
    #[test]
    fn exact_for_polynomials() {
        for n in 1..=MAX_HERMITE_POINTS {
            let rule = gauss_hermite(n);
            assert_eq!(rule.len(), n);
            let total: f64 = rule.iter().map(HermiteNode::weight).sum();
            assert!((total / PI.sqrt() - 1.0).abs() < 1e-12, "n = {n}: {total}");
            if n >= 2 {
                let second: f64 = rule.iter().map(|node| node.weight() * node.x * node.x).sum();
                assert!((second / (0.5 * PI.sqrt()) - 1.0).abs() < 1e-12, "n = {n}");
            }
            if n >= 5 {
                let eighth: f64 = rule.iter().map(|node| node.weight() * node.x.powi(8)).sum();
                assert!((eighth / (105.0 / 16.0 * PI.sqrt()) - 1.0).abs() < 1e-11, "n = {n}");
            }
            assert!(rule.windows(2).all(|pair| pair[0].x < pair[1].x), "n = {n}");
        }
    }

    #[test]
    fn gauss_legendre_integrates_polynomials_and_an_exponential() {
        for points in [1, 2, 5, 12, 40] {
            let rule = gauss_legendre(points);
            let integral = |f: &dyn Fn(f64) -> f64| rule.iter().map(|(x, w)| w * f(*x)).sum::<f64>();
            let degree = 2 * points as i32 - 2;
            assert!((integral(&|x| x.powi(degree)) - 2.0 / f64::from(degree + 1)).abs() < 1e-14, "{points} points");
        }
        let rule = gauss_legendre(12);
        let exponential: f64 = rule.iter().map(|(x, w)| w * x.exp()).sum();
        assert!((exponential - 2.0 * 1.0_f64.sinh()).abs() < 1e-15);
    }
}
