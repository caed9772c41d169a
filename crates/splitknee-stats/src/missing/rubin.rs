//! Analyses of completed data sets pooled by Rubin's rules, as a function of δ, with what the number of imputations leaves open.
//!
//! θ_m(δ) = θ_m + w·δ is linear and U_m(δ) quadratic in δ, so one set of draws serves every δ. Degrees of freedom after
//! Barnard & Rubin 1999; the Monte Carlo error of the estimate is √(B/M), that of the p-value a jackknife over imputations.

use super::analysis::Linear;
use super::delta::Tipping;
use crate::math::dist::student_t;
use crate::math::roots::brent;
use crate::note;
use crate::paired::Refusal;

/// Estimates and variances of the imputations.
#[derive(Debug, Clone)]
pub struct Draws {
    /// θ_m at δ = 0.
    pub estimates: Vec<f64>,
    /// U_m as a quadratic form in (1, δ_active, δ_placebo).
    pub variances: Vec<[f64; 9]>,
    /// ∂θ/∂δ.
    pub weights: [f64; 2],
    /// Degrees of freedom of the complete-data analysis.
    pub df_complete: f64,
}

/// The pooled analysis at one δ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pooled {
    /// Mean of the estimates.
    pub estimate: f64,
    /// √T.
    pub std_error: f64,
    /// Barnard–Rubin degrees of freedom.
    pub df: f64,
    /// Two-sided p-value against `margin`.
    pub p_value: f64,
    /// Ū.
    pub within: f64,
    /// B.
    pub between: f64,
    /// (1 + 1/M) B / T.
    pub lambda: f64,
}

impl Draws {
    /// Analyses completed differences; `load` is what one unit of δ moves each difference by.
    pub fn of(linear: &Linear, load: &[[f64; 2]], differences: impl Iterator<Item = Vec<f64>>) -> Self {
        let column = |arm: usize| -> Vec<f64> { load.iter().map(|l| l[arm]).collect() };
        let (active, placebo) = (column(0), column(1));
        let weights = [linear.estimate(active.iter().copied()), linear.estimate(placebo.iter().copied())];
        // The quadratic form from its values: U(a + b) − U(a) − U(b) = 2 U(a, b).
        let sum = |x: &[f64], y: &[f64]| -> Vec<f64> { x.iter().zip(y).map(|(a, b)| a + b).collect() };
        let (uaa, upp) = (linear.variance(&active), linear.variance(&placebo));
        let uap = 0.5 * (linear.variance(&sum(&active, &placebo)) - uaa - upp);
        let (mut estimates, mut variances) = (Vec::new(), Vec::new());
        for d in differences {
            let u00 = linear.variance(&d);
            let u0a = 0.5 * (linear.variance(&sum(&d, &active)) - u00 - uaa);
            let u0p = 0.5 * (linear.variance(&sum(&d, &placebo)) - u00 - upp);
            estimates.push(linear.estimate(d.iter().copied()));
            variances.push([u00, u0a, u0p, u0a, uaa, uap, u0p, uap, upp]);
        }
        Self { estimates, variances, weights, df_complete: linear.df }
    }

    /// Pools at δ, tested against `margin`.
    ///
    /// # Errors
    /// Fewer than two imputations; no variance at all.
    pub fn pool(&self, delta: [f64; 2], margin: f64) -> Result<Pooled, Refusal> {
        let m = self.estimates.len() as f64;
        let mean = self.estimates.iter().sum::<f64>() / m;
        let between = self.estimates.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / (m - 1.0);
        let within = self.variances.iter().map(|u| quadratic(u, delta)).sum::<f64>() / m;
        if m < 2.0 {
            return Err(Refusal(note!(mi_two_draws)));
        }
        Ok(self.combine(mean, between, within, m, delta, margin))
    }

    fn combine(&self, mean: f64, between: f64, within: f64, m: f64, delta: [f64; 2], margin: f64) -> Pooled {
        let estimate = mean + self.weights[0] * delta[0] + self.weights[1] * delta[1];
        let inflated = (1.0 + 1.0 / m) * between;
        let total = within + inflated;
        let lambda = inflated / total;
        let complete = self.df_complete;
        let observed = (complete + 1.0) / (complete + 3.0) * complete * (1.0 - lambda);
        // Without variance between the imputations the observed-data degrees of freedom remain.
        let df = if lambda == 0.0 {
            observed
        } else {
            let old = (m - 1.0) / (lambda * lambda);
            old * observed / (old + observed)
        };
        let std_error = total.sqrt();
        let p_value = student_t::two_sided((estimate - margin) / std_error, df);
        Pooled { estimate, std_error, df, p_value, within, between, lambda }
    }

    /// Monte Carlo standard errors of the estimate and of its p-value.
    ///
    /// # Errors
    /// As [`Self::pool`].
    pub fn monte_carlo(&self, delta: [f64; 2], margin: f64) -> Result<(f64, f64), Refusal> {
        let m = self.estimates.len() as f64;
        let pooled = self.pool(delta, margin)?;
        let of_estimate = (pooled.between / m).sqrt();
        if m < 3.0 {
            return Ok((of_estimate, f64::NAN));
        }
        let mean = self.estimates.iter().sum::<f64>() / m;
        let squares = pooled.between * (m - 1.0);
        let left_out: Vec<f64> = self
            .estimates
            .iter()
            .zip(&self.variances)
            .map(|(e, u)| {
                let rest = (m * mean - e) / (m - 1.0);
                let between = (squares - (e - mean).powi(2) * m / (m - 1.0)).max(0.0) / (m - 2.0);
                let within = (m * pooled.within - quadratic(u, delta)) / (m - 1.0);
                self.combine(rest, between, within, m - 1.0, delta, margin).p_value
            })
            .collect();
        let centre = left_out.iter().sum::<f64>() / m;
        Ok((of_estimate, ((m - 1.0) / m * left_out.iter().map(|p| (p - centre).powi(2)).sum::<f64>()).sqrt()))
    }

    /// The δ at which p = α along the four lines, on the same draws. Degrees of freedom change with δ, so each root is
    /// bracketed on s = r·tan φ and refined.
    ///
    /// # Errors
    /// As [`Self::pool`].
    pub fn tipping(&self, margin: f64, alpha: f64) -> Result<Tipping, Refusal> {
        const STEPS: usize = 720;
        self.pool([0.0; 2], margin)?;
        let m = self.estimates.len() as f64;
        let mean = self.estimates.iter().sum::<f64>() / m;
        let between = self.estimates.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / (m - 1.0);
        let mut form = [0.0; 9];
        self.variances.iter().for_each(|u| (0..9).for_each(|i| form[i] += u[i] / m));
        let along = |direction: [f64; 2]| -> Vec<f64> {
            let slope = self.weights[0] * direction[0] + self.weights[1] * direction[1];
            if self.weights == [0.0; 2]
                || (direction[0] * self.weights[0]).abs() + (direction[1] * self.weights[1]).abs() == 0.0
            {
                return Vec::new();
            }
            let gap = |s: f64| {
                let delta = [s * direction[0], s * direction[1]];
                let pooled = self.combine(mean, between, quadratic(&form, delta), m, delta, margin);
                let c = student_t::upper_quantile(0.5 * alpha, pooled.df);
                (pooled.estimate - margin).abs() / pooled.std_error - c
            };
            let start = self.pool([0.0; 2], margin).map_or(1.0, |p| (p.estimate - margin).abs() + p.std_error);
            let unit = start / slope.abs().max(0.05 * (self.weights[0].abs() + self.weights[1].abs()));
            let place = |k: usize| {
                let angle = (k as f64 / STEPS as f64 - 0.5) * std::f64::consts::PI * 0.999;
                unit * angle.tan()
            };
            (0..STEPS).filter_map(|k| brent(gap, place(k), place(k + 1), 1e-12 * unit)).collect()
        };
        Ok(Tipping {
            delta_active: along([1.0, 0.0]),
            delta_placebo: along([0.0, 1.0]),
            equal: along([1.0, 1.0]),
            opposite: along([1.0, -1.0]),
        })
    }
}

fn quadratic(q: &[f64; 9], delta: [f64; 2]) -> f64 {
    let v = [1.0, delta[0], delta[1]];
    (0..9).map(|i| v[i / 3] * q[i] * v[i % 3]).sum()
}
