//! Covariance by actual distance in time: `car1` (continuous-time AR(1)), `sp_exp` (spatial exponential), `sp_exp_nugget`.
//!
//! The cells are the distinct times of the data. Σ_cd = σ² exp(−|t_c − t_d|/ρ), plus a nugget τ² (measurement error) on the
//! diagonal; `car1` is the same law, spoken of by φ = exp(−1/ρ), the correlation of values one unit of time apart (nlme's
//! `corCAR1`, SAS `sp(pow)`, glmmTMB's `ou`). Parameters θ: σ², the range ρ, and τ². Working parameters: log σ², log ρ and τ
//! itself, which may vanish.
//!
//! The search starts at a correlation of one half over the median gap between neighbouring times of a subject: nlme starts at
//! φ = 0.2 per unit whatever the unit, and with days never leaves it.

use super::{CellCovariance, First, Role, Second, Unit, diagonal};

/// Exponential decay over time.
#[derive(Debug, Clone)]
pub(crate) struct Continuous {
    /// The distinct times, ascending.
    pub(crate) times: Vec<f64>,
    /// The median gap between neighbouring times of a subject.
    pub(crate) gap: f64,
    /// Whether there is measurement error beside the process.
    pub(crate) nugget: bool,
}

impl Continuous {
    fn distance(&self, c: usize, d: usize) -> f64 {
        (self.times[c] - self.times[d]).abs()
    }
}

impl CellCovariance for Continuous {
    fn n_cells(&self) -> usize {
        self.times.len()
    }

    fn units(&self) -> Vec<Unit> {
        let mut units = vec![Unit::Variance, Unit::Free];
        units.extend(self.nugget.then_some(Unit::Variance));
        units
    }

    fn roles(&self) -> Vec<Role> {
        let mut roles = vec![Role::Variance(None), Role::Shared("range".into())];
        roles.extend(self.nugget.then(|| Role::Shared("nugget".into())));
        roles
    }

    fn is_linear(&self) -> bool {
        false
    }

    fn by_time(&self) -> Option<&[f64]> {
        Some(&self.times)
    }

    fn matrix(&self, theta: &[f64], out: &mut [f64]) {
        let n = self.times.len();
        for c in 0..n {
            out[c * n + c] = theta[0] + if self.nugget { theta[2] } else { 0.0 };
            for d in c + 1..n {
                let value = theta[0] * (-self.distance(c, d) / theta[1]).exp();
                out[c * n + d] = value;
                out[d * n + c] = value;
            }
        }
    }

    fn first(&self, theta: &[f64], out: &mut Vec<First>) {
        let n = self.times.len();
        (0..n).for_each(|c| (c..n).for_each(|d| self.first_at(theta, c, d, out)));
    }

    fn second(&self, theta: &[f64], out: &mut Vec<Second>) {
        let n = self.times.len();
        (0..n).for_each(|c| (c..n).for_each(|d| self.second_at(theta, c, d, out)));
    }

    fn first_at(&self, theta: &[f64], row: usize, column: usize, out: &mut Vec<First>) {
        if row == column {
            out.push(First { parameter: 0, row, column, value: 1.0 });
            out.extend(self.nugget.then_some(First { parameter: 2, row, column, value: 1.0 }));
            return;
        }
        let (d, range) = (self.distance(row, column), theta[1]);
        let decay = (-d / range).exp();
        out.push(First { parameter: 0, row, column, value: decay });
        out.push(First { parameter: 1, row, column, value: theta[0] * decay * d / (range * range) });
    }

    fn second_at(&self, theta: &[f64], row: usize, column: usize, out: &mut Vec<Second>) {
        if row == column {
            return;
        }
        let (d, range) = (self.distance(row, column), theta[1]);
        let (decay, slope) = ((-d / range).exp(), d / (range * range));
        out.push(Second { a: 0, b: 1, row, column, value: decay * slope });
        let bend = theta[0] * decay * slope * (slope - 2.0 / range);
        out.push(Second { a: 1, b: 1, row, column, value: bend });
    }

    /// `moments` holds the mean variance only.
    fn start(&self, moments: &[f64]) -> Vec<f64> {
        let variance = moments.first().copied().unwrap_or(1.0).max(1e-8);
        let range = (self.gap / std::f64::consts::LN_2).ln();
        match self.nugget {
            true => vec![(0.7 * variance).ln(), range, (0.3 * variance).sqrt()],
            false => vec![variance.ln(), range],
        }
    }

    fn natural(&self, psi: &[f64]) -> Vec<f64> {
        psi.iter().enumerate().map(|(i, x)| if i < 2 { x.exp() } else { x * x }).collect()
    }

    fn jacobian(&self, psi: &[f64]) -> Vec<f64> {
        diagonal(psi.iter().enumerate().map(|(i, x)| if i < 2 { x.exp() } else { 2.0 * x }))
    }

    fn curvature(&self, psi: &[f64], weights: &[f64]) -> Vec<f64> {
        diagonal(psi.iter().zip(weights).enumerate().map(|(i, (x, w))| w * if i < 2 { x.exp() } else { 2.0 }))
    }
}
