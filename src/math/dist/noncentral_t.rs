//! The noncentral t distribution.

use super::{beta, normal};

/// `P(T ≤ t)` with `df` degrees of freedom and noncentrality `ncp` (Lenth 1989, Algorithm AS 243).
pub fn cdf(t: f64, df: f64, ncp: f64) -> f64 {
    if t < 0.0 {
        return 1.0 - cdf(-t, df, -ncp);
    }
    let x = t * t / (t * t + df);
    let mut total = normal::cdf(-ncp);
    if x > 0.0 {
        let half = 0.5 * ncp * ncp;
        let (mut p, mut q) = (0.5 * (-half).exp(), ncp * (0.5_f64 / std::f64::consts::PI).sqrt() * (-half).exp());
        let mut rest = 0.5 - p;
        for j in 0..10_000 {
            let jf = f64::from(j);
            total += p * beta::cdf(x, jf + 0.5, 0.5 * df) + q * beta::cdf(x, jf + 1.0, 0.5 * df);
            rest -= p;
            if rest < 1e-17 && jf > half {
                break;
            }
            p *= half / (jf + 1.0);
            q *= half / (jf + 1.5);
        }
    }
    total.clamp(0.0, 1.0)
}
