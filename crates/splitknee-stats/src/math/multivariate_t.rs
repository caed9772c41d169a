//! The largest of several correlated t statistics: P(max |Tᵢ| > c) and its quantile, T multivariate t with ν degrees of
//! freedom and a correlation matrix that may be singular (all pairwise differences of k means have rank k − 1).
//!
//! T = Z/√(χ²_ν/ν) with Z = ρ L u, u uniform on the sphere of the rank r of the correlation R = LL', ρ² ~ χ²_r and independent
//! of u. Hence, with m(u) = maxᵢ |lᵢ'u|,
//!
//! > P(max |Tᵢ| ≤ c) = E_u F(c²/(r m(u)²); r, ν),
//!
//! F the distribution function of Fisher's F (of χ²_r/r for ν = ∞). Only the distribution of the one number m(u) depends on R:
//! it is found once, condensed to a Gauss rule (Stieltjes' procedure; the integrand is analytic in m > 0), and serves every c
//! and every ν. Ranks 1 to 3 by quadrature on the sphere, broken where the largest statistic changes: exact to about 1e-9.
//! Higher ranks by a lattice of 2¹⁸ directions in eight shifts that are the same in every run, whose scatter gives the error.
//!
//! Sources: Genz A, Bretz F (2009), *Computation of Multivariate Normal and t Probabilities*, ch. 2 (radial form) and 4;
//! Hothorn T, Bretz F, Westfall P (2008), Biom J 50:346 (simultaneous inference from it).

use super::dist::{chi_squared, fisher_f, normal, student_t};
use super::legendre::gauss_legendre;
use super::linalg::{dot, eigen_symmetric};
use super::roots::brent;
use std::f64::consts::PI;

/// Nodes of a Gauss rule for the distribution of m(u).
const CONDENSED: usize = 24;
/// Directions per shift of the lattice, and shifts.
const LATTICE: usize = 1 << 15;
const SHIFTS: usize = 8;
/// Square roots of primes, whose multiples fill the cube evenly (Richtmyer's sequence).
const PRIMES: [f64; 24] = [
    2., 3., 5., 7., 11., 13., 17., 19., 23., 29., 31., 37., 41., 43., 47., 53., 59., 61., 67., 71., 73., 79., 83., 89.,
];

/// The distribution of max |Tᵢ| for one correlation matrix.
#[derive(Debug, Clone)]
pub struct LargestT {
    size: usize,
    rank: usize,
    /// Rules (m, weight), one for exact ranks, one per shift of the lattice else.
    rules: Vec<Vec<(f64, f64)>>,
}

impl LargestT {
    /// For the `size × size` correlation matrix `correlation`. `None` where it has an entry that is no number, or a rank
    /// beyond 24.
    pub fn new(correlation: &[f64], size: usize) -> Option<Self> {
        if size == 0 || correlation.len() != size * size || correlation.iter().any(|r| !r.is_finite()) {
            return None;
        }
        let (values, vectors) = eigen_symmetric(correlation, size);
        let largest = values.iter().fold(0.0_f64, |most, value| most.max(*value));
        let kept: Vec<usize> = (0..size).filter(|&e| values[e] > 1e-9 * largest).collect();
        let rank = kept.len();
        let row = |i: usize| -> Vec<f64> {
            let row: Vec<f64> = kept.iter().map(|&e| vectors[i * size + e] * values[e].sqrt()).collect();
            let length = dot(&row, &row).sqrt();
            row.iter().map(|x| x / length).collect()
        };
        let rows: Vec<Vec<f64>> = (0..size).map(row).collect();
        let rules = match rank {
            0 => return None,
            1 => vec![vec![(1.0, 1.0)]],
            2 => vec![condense(&circle(&rows))],
            3 => vec![condense(&sphere(&rows))],
            _ if rank <= PRIMES.len() => (0..SHIFTS).map(|shift| condense(&lattice(&rows, rank, shift))).collect(),
            _ => return None,
        };
        Some(Self { size, rank, rules })
    }

    /// The rank of the correlation matrix.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// Whether the probabilities are exact to about 1e-9, or from a lattice.
    pub fn is_exact(&self) -> bool {
        self.rank <= 3
    }

    fn by_rule(&self, rule: &[(f64, f64)], c: f64, df: Option<f64>) -> f64 {
        let r = self.rank as f64;
        let tail = |m: f64| match df {
            Some(df) => fisher_f::sf((c / m).powi(2) / r, r, df),
            None => chi_squared::sf((c / m).powi(2), r),
        };
        rule.iter().map(|(m, weight)| weight * tail(*m)).sum::<f64>()
    }

    /// P(max |Tᵢ| > c); `df` is `None` for the normal distribution.
    pub fn sf(&self, c: f64, df: Option<f64>) -> f64 {
        let sum: f64 = self.rules.iter().map(|rule| self.by_rule(rule, c.abs(), df)).sum();
        (sum / self.rules.len() as f64).clamp(0.0, 1.0)
    }

    /// The standard error of [`LargestT::sf`] over the shifts of the lattice; 0 where it is exact.
    pub fn sf_error(&self, c: f64, df: Option<f64>) -> f64 {
        let n = self.rules.len() as f64;
        if n < 2.0 {
            return 0.0;
        }
        let each: Vec<f64> = self.rules.iter().map(|rule| self.by_rule(rule, c.abs(), df)).collect();
        let mean = each.iter().sum::<f64>() / n;
        (each.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / (n * (n - 1.0))).sqrt()
    }

    /// The c with P(max |Tᵢ| ≤ c) = `level`: between the quantile of one t and Bonferroni's.
    pub fn quantile(&self, level: f64, df: Option<f64>) -> Option<f64> {
        let alpha = 1.0 - level;
        let single = |tail: f64| match df {
            Some(df) => student_t::upper_quantile(0.5 * tail, df),
            None => normal::upper_quantile(0.5 * tail),
        };
        let (low, high) = (single(alpha), single(alpha / self.size as f64));
        if self.rank == 1 {
            return Some(low);
        }
        brent(|c| self.sf(c, df) - alpha, low * (1.0 - 1e-9), high * (1.0 + 1e-3), 1e-12)
    }
}

/// maxᵢ |lᵢ'u|.
fn largest(rows: &[Vec<f64>], u: &[f64]) -> f64 {
    rows.iter().map(|row| dot(row, u).abs()).fold(0.0, f64::max)
}

/// The pieces between `breaks` within (low, high), none wider than `widest`.
fn pieces(mut breaks: Vec<f64>, low: f64, high: f64, widest: f64) -> Vec<(f64, f64)> {
    breaks.retain(|x| *x > low && *x < high);
    breaks.extend([low, high]);
    breaks.sort_by(f64::total_cmp);
    breaks.dedup_by(|a, b| (*a - *b).abs() < 1e-12);
    let mut out = Vec::new();
    for pair in breaks.windows(2) {
        let parts = ((pair[1] - pair[0]) / widest).ceil().max(1.0) as usize;
        let step = (pair[1] - pair[0]) / parts as f64;
        out.extend((0..parts).map(|k| (pair[0] + k as f64 * step, pair[0] + (k + 1) as f64 * step)));
    }
    out
}

/// Where a·sin φ + b·cos φ vanishes, in [0, π).
fn zero(a: f64, b: f64) -> f64 {
    (-b).atan2(a).rem_euclid(PI)
}

/// Rank 2: the half circle, broken where two statistics are equally large.
fn circle(rows: &[Vec<f64>]) -> Vec<(f64, f64)> {
    let at = |angle: f64| [angle.cos(), angle.sin()];
    let mut breaks = Vec::new();
    for (i, a) in rows.iter().enumerate() {
        for b in &rows[..i] {
            breaks.extend([-1.0, 1.0].map(|s| zero(a[1] + s * b[1], a[0] + s * b[0])));
        }
    }
    let rule = gauss_legendre(16);
    let mut out = Vec::new();
    for (from, to) in pieces(breaks, 0.0, PI, 0.4) {
        let half = 0.5 * (to - from);
        out.extend(rule.iter().map(|(x, w)| (largest(rows, &at(from + half * (1.0 + x))), w * half / PI)));
    }
    out
}

/// Rank 3: half the sphere by meridians; every meridian is broken where two statistics are equally large, the meridians where
/// three are.
fn sphere(rows: &[Vec<f64>]) -> Vec<(f64, f64)> {
    let cross =
        |a: &[f64], b: &[f64]| [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    let combined = |a: &[f64], b: &[f64], s: f64| [a[0] + s * b[0], a[1] + s * b[1], a[2] + s * b[2]];
    let mut breaks = Vec::new();
    for (i, a) in rows.iter().enumerate() {
        for (j, b) in rows[..i].iter().enumerate() {
            for c in &rows[..j] {
                for (s, t) in [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)] {
                    let u = cross(&combined(a, b, s), &combined(a, c, t));
                    let length = dot(&u, &u).sqrt();
                    if length > 1e-9 && dot(a, &u).abs() > (1.0 - 1e-9) * largest(rows, &u) {
                        breaks.push(u[1].atan2(u[0]).rem_euclid(PI));
                    }
                }
            }
        }
    }
    let rule = gauss_legendre(12);
    let mut out = Vec::new();
    for (from, to) in pieces(breaks, 0.0, PI, 0.25) {
        let half = 0.5 * (to - from);
        for (x, w) in &rule {
            let theta = from + half * (1.0 + x);
            meridian(rows, theta, w * half / (2.0 * PI), &rule, &mut out);
        }
    }
    out
}

/// The nodes on the meridian at `theta`, with weight `weight` · sin φ dφ.
fn meridian(rows: &[Vec<f64>], theta: f64, weight: f64, rule: &[(f64, f64)], out: &mut Vec<(f64, f64)>) {
    let waves: Vec<(f64, f64)> = rows.iter().map(|row| (row[0] * theta.cos() + row[1] * theta.sin(), row[2])).collect();
    let height = |phi: f64| {
        let (sin, cos) = phi.sin_cos();
        waves.iter().map(|(a, b)| (a * sin + b * cos).abs()).fold(0.0, f64::max)
    };
    let mut breaks = Vec::new();
    for (i, (a, b)) in waves.iter().enumerate() {
        for (c, d) in &waves[..i] {
            for s in [-1.0, 1.0] {
                let phi = zero(a + s * c, b + s * d);
                if (a * phi.sin() + b * phi.cos()).abs() > (1.0 - 1e-9) * height(phi) {
                    breaks.push(phi);
                }
            }
        }
    }
    for (from, to) in pieces(breaks, 0.0, PI, 0.8) {
        let half = 0.5 * (to - from);
        for (x, w) in rule {
            let phi = from + half * (1.0 + x);
            out.push((height(phi), weight * w * half * phi.sin()));
        }
    }
}

/// Higher ranks: a shifted lattice on the cube, carried to the sphere through normal quantiles.
fn lattice(rows: &[Vec<f64>], rank: usize, shift: usize) -> Vec<(f64, f64)> {
    let golden = 0.618_033_988_749_894_9;
    let weight = 1.0 / LATTICE as f64;
    let mut u = vec![0.0; rank];
    (0..LATTICE)
        .map(|k| {
            for (j, slot) in u.iter_mut().enumerate() {
                let moved = (1.0 + j as f64).sqrt() * golden * (1.0 + shift as f64);
                let place = ((k + 1) as f64 * PRIMES[j].sqrt() + moved).fract();
                *slot = normal::quantile(place.clamp(1e-12, 1.0 - 1e-12));
            }
            let length = dot(&u, &u).sqrt();
            (largest(rows, &u) / length, weight)
        })
        .collect()
}

/// The Gauss rule of a discrete distribution: Stieltjes' recurrence, then the eigenvalues of the Jacobi matrix.
fn condense(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let (low, high) = points.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), (m, _)| (low.min(*m), high.max(*m)));
    let total: f64 = points.iter().map(|(_, w)| w).sum();
    if high - low < 1e-9 {
        return vec![(high, 1.0)];
    }
    let (middle, half) = (0.5 * (low + high), 0.5 * (high - low));
    let x: Vec<f64> = points.iter().map(|(m, _)| (m - middle) / half).collect();
    let (mut before, mut now) = (vec![0.0; x.len()], vec![1.0 / total.sqrt(); x.len()]);
    let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
    let mut last = 0.0;
    for _ in 0..CONDENSED {
        let sum = |f: &dyn Fn(usize) -> f64| points.iter().enumerate().map(|(i, (_, w))| w * f(i)).sum::<f64>();
        let a = sum(&|i| x[i] * now[i] * now[i]);
        diagonal.push(a);
        let next: Vec<f64> = (0..x.len()).map(|i| (x[i] - a) * now[i] - last * before[i]).collect();
        let b = sum(&|i| next[i] * next[i]).sqrt();
        if b < 1e-13 {
            break;
        }
        beside.push(b);
        before = std::mem::replace(&mut now, next.iter().map(|v| v / b).collect());
        last = b;
    }
    let n = diagonal.len();
    let mut jacobi = vec![0.0; n * n];
    for i in 0..n {
        jacobi[i * n + i] = diagonal[i];
        if i + 1 < n {
            jacobi[i * n + i + 1] = beside[i];
            jacobi[(i + 1) * n + i] = beside[i];
        }
    }
    let (values, vectors) = eigen_symmetric(&jacobi, n);
    (0..n).map(|e| (middle + half * values[e], vectors[e].powi(2))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Independent statistics: P(max ≤ c) is a power of the normal probability, whatever the rank.
    #[test]
    fn independent_normals() {
        for n in 1..=3 {
            let identity: Vec<f64> = (0..n * n).map(|i| f64::from(u8::from(i % (n + 1) == 0))).collect();
            let found = LargestT::new(&identity, n).unwrap();
            for c in [0.5, 1.96, 3.3] {
                let exact = 1.0 - (1.0 - normal::two_sided(c)).powi(n as i32);
                assert!((found.sf(c, None) - exact).abs() < 1e-10, "{n} {c}: {} {exact}", found.sf(c, None));
            }
        }
        let identity: Vec<f64> = (0..25).map(|i| f64::from(u8::from(i % 6 == 0))).collect();
        let found = LargestT::new(&identity, 5).unwrap();
        let exact = 1.0 - (1.0 - normal::two_sided(2.5)).powi(5);
        let error = found.sf_error(2.5, None);
        assert!(error < 1e-4, "{error}");
        assert!((found.sf(2.5, None) - exact).abs() < 5.0 * error + 1e-6, "{} {exact} {error}", found.sf(2.5, None));
    }

    /// The quantile and the probability are inverse.
    #[test]
    fn quantile_inverts() {
        let found = LargestT::new(&[1.0, 0.5, 0.5, 0.5, 1.0, 0.5, 0.5, 0.5, 1.0], 3).unwrap();
        let c = found.quantile(0.95, Some(12.3)).unwrap();
        assert!((found.sf(c, Some(12.3)) - 0.05).abs() < 1e-10);
    }
}
