//! Distribution of the studentised range (Tukey): the range of k independent standard normals over √(χ²_ν/ν).
//!
//! > P(Q ≤ q) = ∫ f_ν(s) W(qs) ds,  W(w) = k ∫ φ(z) [Φ(z) − Φ(z − w)]^{k−1} dz,
//!
//! f_ν the density of √(χ²_ν/ν), both by Gauss–Legendre panels. R's `ptukey` uses the same double integral (Copenhaver &
//! Holland 1988, J Statist Comput Simul 30:1).

use super::dist::saddle_point::ln_gamma;
use super::dist::{chi_squared, normal};
use super::legendre::panels;
use super::roots::brent;

/// P(range of `k` standard normals > w).
fn range_sf(w: f64, k: usize, nodes: &[(f64, f64)]) -> f64 {
    let power = i32::try_from(k.saturating_sub(1)).unwrap_or(i32::MAX);
    let below: f64 =
        nodes.iter().map(|(z, weight)| weight * (normal::cdf(*z) - normal::cdf(z - w)).max(0.0).powi(power)).sum();
    1.0 - k as f64 * below
}

/// P(Q > q) for `k` means with `df` degrees of freedom (`None`: infinite).
///
/// ```
/// use splitknee_stats::math::studentised_range;
/// // Two means: √2 times a t statistic.
/// let p = studentised_range::sf(2.0_f64.sqrt() * 2.1, 2, Some(11.0));
/// assert!((p - splitknee_stats::math::dist::student_t::two_sided(2.1, 11.0)).abs() < 1e-9);
/// ```
pub fn sf(q: f64, k: usize, df: Option<f64>) -> f64 {
    if q <= 0.0 {
        return 1.0;
    }
    let nodes: Vec<(f64, f64)> =
        panels(-8.5, 8.5, 8.5).into_iter().map(|(z, weight)| (z, weight * normal::pdf(z))).collect();
    let Some(df) = df else { return range_sf(q, k, &nodes).clamp(0.0, 1.0) };
    let constant = std::f64::consts::LN_2 + 0.5 * df * (0.5 * df).ln() - ln_gamma(0.5 * df);
    let density = |s: f64| (constant + (df - 1.0) * s.ln() - 0.5 * df * s * s).exp();
    let low = (chi_squared::quantile(1e-17, df) / df).sqrt();
    let high = (chi_squared::upper_quantile(1e-17, df) / df).sqrt();
    let outer = panels(low, high, high - low);
    outer.iter().map(|(s, weight)| weight * density(*s) * range_sf(q * s, k, &nodes)).sum::<f64>().clamp(0.0, 1.0)
}

/// The q with P(Q ≤ q) = `level`.
pub fn quantile(level: f64, k: usize, df: Option<f64>) -> Option<f64> {
    let alpha = 1.0 - level;
    let mut high = 4.0;
    while sf(high, k, df) > alpha && high < 1e6 {
        high *= 2.0;
    }
    brent(|q| sf(q, k, df) - alpha, 0.0, high, 1e-11)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R 4.2.2: `1 - ptukey(q, k, df)` and `qtukey(0.95, 4, 33)`.
    #[test]
    fn as_ptukey() {
        let cases = [
            (3.5, 3, Some(20.0), 0.055_891_849_082_059_4),
            (4.0, 6, Some(8.3), 0.146_591_078_719_467),
            (3.3, 4, None, 0.090_537_497_251_853_2),
            (2.2, 5, Some(3.7), 0.588_064_808_167_097),
        ];
        for (q, k, df, expected) in cases {
            assert!((sf(q, k, df) - expected).abs() < 1e-9, "{q} {k} {df:?}: {} {expected}", sf(q, k, df));
        }
        assert!((quantile(0.95, 4, Some(33.0)).unwrap() - 3.825_373_498_162_04).abs() < 1e-7);
    }
}
