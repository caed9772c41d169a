//! Bayesian multiple imputation by data augmentation.
//!
//! β | Σ, y ~ N(β̂_GLS, Φ), Σ | β, y ~ IW(n + ν₀, S₀ + Σ e e'), missing | rest, on the values of the fit and the patients
//! who have one; then one draw from each patient's law on the values conditioned on. Flat prior on β and, for Σ, Jeffreys'
//! |Σ|^−(q+1)/2 (ν₀ = 0; SAS PROC MI, NORM, RefBasedMI) or an inverse Wishart with q + 2 degrees of freedom centred at the
//! REML estimate (rbmi, the five macros). The chain starts at REML; 200 warm-up steps; thinned until the estimate's
//! autocorrelation is below 0.1.

use super::condmean::Imputation;
use crate::math::linalg::{
    cholesky, inverse_spd, invert_lower, multiply, solve_cholesky, solve_lower_transposed, transpose,
};
use crate::math::random::Stream;
use crate::note;
use crate::paired::Refusal;

/// Prior of Σ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prior {
    /// |Σ|^−(q+1)/2.
    #[default]
    Jeffreys,
    /// Inverse Wishart with q + 2 degrees of freedom and the REML estimate as mean.
    Reml,
}

impl Prior {
    /// The name in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jeffreys => "jeffreys",
            Self::Reml => "reml",
        }
    }
}

/// Steps before the first draw that counts.
pub const WARM_UP: usize = 200;

/// The chain: parameters and the completed data they go with.
pub struct Chain<'a> {
    imputation: &'a Imputation,
    /// Patients in the fit.
    patients: Vec<usize>,
    cells: usize,
    p: usize,
    prior: Prior,
    stream: Stream,
    observed: Vec<Vec<Option<f64>>>,
    /// Missing cells and patients by pattern of the fit.
    patterns: Vec<(Vec<usize>, Vec<usize>)>,
    /// Completed values.
    y: Vec<Vec<f64>>,
    /// Σ_i x_ia x_ib' for cells a ≤ b.
    cross: Vec<Vec<f64>>,
    /// Current coefficients.
    pub beta: Vec<f64>,
    /// Current covariance.
    pub sigma: Vec<f64>,
}

impl<'a> Chain<'a> {
    /// Starts at the REML estimate with conditional means.
    ///
    /// # Errors
    /// Fewer patients with values than cells: the posterior of Σ is not proper.
    pub fn new(imputation: &'a Imputation, prior: Prior, seed: u64) -> Result<Self, Refusal> {
        let (cells, p) = (imputation.means.cells, imputation.means.p);
        let patients: Vec<usize> =
            (0..imputation.trial.patients.len()).filter(|&i| imputation.model.has_values(i)).collect();
        let added = if prior == Prior::Reml { cells + 2 } else { 0 };
        if patients.len() + added <= cells + p / cells.max(1) {
            return Err(Refusal(note!(mi_bayes_few, cells = cells, n = patients.len())));
        }
        let fit = imputation.trial.fit();
        let observed: Vec<Vec<Option<f64>>> = patients.iter().map(|&i| fit[i].clone()).collect();
        let mut patterns: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
        for (row, values) in observed.iter().enumerate() {
            let missing: Vec<usize> = (0..cells).filter(|&c| values[c].is_none()).collect();
            match patterns.iter_mut().find(|p| p.0 == missing) {
                Some(pattern) => pattern.1.push(row),
                None => patterns.push((missing, vec![row])),
            }
        }
        let mut cross = vec![vec![0.0; p * p]; cells * cells];
        for &i in &patients {
            let x = &imputation.means.x[i];
            for a in 0..cells {
                for b in a..cells {
                    let target = &mut cross[a * cells + b];
                    for (r, u) in x[a * p..(a + 1) * p].iter().enumerate().filter(|(_, u)| **u != 0.0) {
                        for (s, v) in x[b * p..(b + 1) * p].iter().enumerate().filter(|(_, v)| **v != 0.0) {
                            target[r * p + s] += u * v;
                        }
                    }
                }
            }
        }
        let (beta, sigma) = (imputation.fit.beta.clone(), imputation.fit.sigma.clone());
        let y = observed.iter().map(|v| v.iter().map(|x| x.unwrap_or(0.0)).collect()).collect();
        let stream = Stream::new(seed, 0);
        let mut chain =
            Self { imputation, patients, cells, p, prior, stream, observed, patterns, y, cross, beta, sigma };
        chain.augment()?;
        for _ in 0..WARM_UP {
            chain.step()?;
        }
        Ok(chain)
    }

    /// One cycle: β, Σ, missing values.
    ///
    /// # Errors
    /// A draw whose covariance is singular to working precision.
    pub fn step(&mut self) -> Result<(), Refusal> {
        self.draw_beta()?;
        self.draw_sigma()?;
        self.augment()
    }

    fn draw_beta(&mut self) -> Result<(), Refusal> {
        let (q, p) = (self.cells, self.p);
        let w = inverse_spd(&self.sigma, q).ok_or_else(singular)?;
        let mut information = vec![0.0; p * p];
        for a in 0..q {
            for b in a..q {
                let weight = w[a * q + b];
                let block = &self.cross[a * q + b];
                for r in 0..p {
                    for s in 0..p {
                        let twice = if a == b { block[r * p + s] } else { block[r * p + s] + block[s * p + r] };
                        information[r * p + s] += weight * twice;
                    }
                }
            }
        }
        let mut right = vec![0.0; p];
        for (&i, y) in self.patients.iter().zip(&self.y) {
            let x = &self.imputation.means.x[i];
            for a in 0..q {
                let weighted: f64 = (0..q).map(|b| w[a * q + b] * y[b]).sum();
                right.iter_mut().zip(&x[a * p..(a + 1) * p]).for_each(|(t, v)| *t += v * weighted);
            }
        }
        if !cholesky(&mut information, p) {
            return Err(singular());
        }
        solve_cholesky(&information, p, &mut right);
        let mut z: Vec<f64> = (0..p).map(|_| self.stream.normal()).collect();
        solve_lower_transposed(&information, p, &mut z);
        self.beta = right.iter().zip(z).map(|(m, z)| m + z).collect();
        Ok(())
    }

    fn draw_sigma(&mut self) -> Result<(), Refusal> {
        let q = self.cells;
        let mut scale = match self.prior {
            Prior::Jeffreys => vec![0.0; q * q],
            Prior::Reml => self.imputation.fit.sigma.clone(),
        };
        for (&i, y) in self.patients.iter().zip(&self.y) {
            let mean = self.imputation.means.mean(i, &self.beta);
            let e: Vec<f64> = y.iter().zip(mean).map(|(y, m)| y - m).collect();
            for a in 0..q {
                for b in 0..q {
                    scale[a * q + b] += e[a] * e[b];
                }
            }
        }
        let df = self.patients.len() + if self.prior == Prior::Reml { q + 2 } else { 0 };
        self.sigma = inverse_wishart(&mut self.stream, df as f64, &scale, q).ok_or_else(singular)?;
        Ok(())
    }

    /// Draws the missing values of the fit: with W = Σ⁻¹, y_u | y_o ~ N(μ_u − W_uu⁻¹ W_uo (y_o − μ_o), W_uu⁻¹).
    fn augment(&mut self) -> Result<(), Refusal> {
        let q = self.cells;
        let w = inverse_spd(&self.sigma, q).ok_or_else(singular)?;
        for (missing, rows) in &self.patterns {
            let u = missing.len();
            if u == 0 {
                continue;
            }
            let mut l: Vec<f64> =
                missing.iter().flat_map(|&a| missing.iter().map(move |&b| (a, b))).map(|(a, b)| w[a * q + b]).collect();
            if !cholesky(&mut l, u) {
                return Err(singular());
            }
            for &row in rows {
                let mean = self.imputation.means.mean(self.patients[row], &self.beta);
                let gap: Vec<f64> =
                    self.observed[row].iter().zip(&mean).map(|(y, m)| y.map_or(0.0, |y| y - m)).collect();
                let mut shift: Vec<f64> =
                    missing.iter().map(|&a| -(0..q).map(|b| w[a * q + b] * gap[b]).sum::<f64>()).collect();
                solve_cholesky(&l, u, &mut shift);
                let mut z: Vec<f64> = (0..u).map(|_| self.stream.normal()).collect();
                solve_lower_transposed(&l, u, &mut z);
                for (k, &cell) in missing.iter().enumerate() {
                    self.y[row][cell] = mean[cell] + shift[k] + z[k];
                }
            }
        }
        Ok(())
    }

    /// One completed data set of all patients at the current parameters, each by its own law.
    ///
    /// # Errors
    /// A covariance that is singular to working precision.
    pub fn imputed(&mut self) -> Result<Vec<Vec<f64>>, Refusal> {
        let regressions = self.imputation.regressions(&self.sigma);
        let factors = self.imputation.factors(&regressions);
        let all = vec![true; self.imputation.trial.patients.len()];
        self.imputation.complete(&self.beta, &regressions, &all, false, Some((&mut self.stream, &factors)))
    }

    /// Steps between draws so that the lag-one autocorrelation of `estimate` falls below 0.1, from a pilot of 400 steps.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub fn thinning(&mut self, estimate: impl Fn(&[Vec<f64>]) -> f64) -> Result<usize, Refusal> {
        const PILOT: usize = 400;
        let mut series = Vec::with_capacity(PILOT);
        let all = vec![true; self.imputation.trial.patients.len()];
        for _ in 0..PILOT {
            self.step()?;
            let regressions = self.imputation.regressions(&self.sigma);
            series.push(estimate(&self.imputation.complete(&self.beta, &regressions, &all, false, None)?));
        }
        let mean = series.iter().sum::<f64>() / PILOT as f64;
        let variance: f64 = series.iter().map(|v| (v - mean).powi(2)).sum();
        let lagged = |lag: usize| -> f64 {
            series.iter().zip(&series[lag..]).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>()
        };
        Ok((1..=25).find(|&lag| variance == 0.0 || lagged(lag) < 0.1 * variance).unwrap_or(25))
    }
}

fn singular() -> Refusal {
    Refusal(note!(mi_draw_singular))
}

/// Σ ~ IW(df, S): with S = L L' and Bartlett's factor A of a standard Wishart, Σ = L A⁻ᵀ A⁻¹ L'.
fn inverse_wishart(stream: &mut Stream, df: f64, scale: &[f64], q: usize) -> Option<Vec<f64>> {
    let mut l = scale.to_vec();
    if !cholesky(&mut l, q) {
        return None;
    }
    (0..q).for_each(|i| l[i * q + i + 1..(i + 1) * q].fill(0.0));
    let mut a = vec![0.0; q * q];
    for i in 0..q {
        for j in 0..i {
            a[i * q + j] = stream.normal();
        }
        a[i * q + i] = (2.0 * gamma(stream, 0.5 * (df - i as f64))).sqrt();
    }
    let mut inverse = vec![0.0; q * q];
    invert_lower(&a, q, &mut inverse);
    // L A⁻ᵀ is the factor.
    let factor = multiply(&l, &transpose(&inverse, q, q), q, q, q);
    Some(multiply(&factor, &transpose(&factor, q, q), q, q, q))
}

/// Gamma with unit scale (Marsaglia & Tsang 2000).
fn gamma(stream: &mut Stream, shape: f64) -> f64 {
    if shape < 1.0 {
        let boost = stream.uniform().powf(1.0 / shape);
        return gamma(stream, shape + 1.0) * boost;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = stream.normal();
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && stream.uniform().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::inverse_wishart;
    use crate::math::random::Stream;

    #[test]
    fn the_mean_of_an_inverse_wishart() {
        // E Σ = S / (df − q − 1).
        let scale = [4.0, 1.5, 1.5, 2.0];
        let (mut stream, mut mean, draws) = (Stream::new(3, 0), [0.0; 4], 20_000);
        for _ in 0..draws {
            let sigma = inverse_wishart(&mut stream, 15.0, &scale, 2).unwrap();
            mean.iter_mut().zip(sigma).for_each(|(m, v)| *m += v / f64::from(draws));
        }
        for (m, s) in mean.iter().zip(scale) {
            // Standard error of a mean about 0.4 % of the value.
            assert!((m - s / 12.0).abs() < 0.02 * s / 12.0, "{m} {}", s / 12.0);
        }
    }
}
