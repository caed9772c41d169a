//! From a standard normal to a value: margin, rounding, limits; and the mean of what comes out, by quadrature.

use super::scenario::MarginKind;
use crate::math::dist::{normal, student_t};
use crate::math::legendre;

/// Reach of the standard normal, in SDs.
const REACH: f64 = 8.5;

/// A rising function of a standard normal with mean 0 and SD 1.
#[derive(Debug, Clone, PartialEq)]
pub enum Margin {
    /// The normal itself.
    Normal,
    /// `(exp(τz) − exp(τ²/2))/√(exp(2τ²) − exp(τ²))`.
    Lognormal(f64),
    /// Student's t over its SD.
    T(f64),
    /// A table of (z, value), for laws without a closed quantile.
    Table(Vec<(f64, f64)>),
}

impl Margin {
    /// Of the scenario's words.
    ///
    /// # Errors
    /// A parameter outside its domain.
    pub fn new(kind: &MarginKind) -> Result<Self, String> {
        match kind {
            MarginKind::Normal => Ok(Self::Normal),
            MarginKind::Lognormal { tau } if *tau > 0.0 && *tau <= 3.0 => Ok(Self::Lognormal(*tau)),
            MarginKind::Lognormal { tau } => Err(format!("tau = {tau}: above 0, at most 3")),
            MarginKind::T { df } if *df > 2.0 => Ok(Self::T(*df)),
            MarginKind::T { df } => Err(format!("df = {df}: a t law has an SD above 2 degrees of freedom only")),
            MarginKind::SkewNormal { alpha } if alpha.abs() <= 50.0 => Ok(Self::Table(skew_normal(*alpha))),
            MarginKind::SkewNormal { alpha } => Err(format!("alpha = {alpha}: between −50 and 50")),
        }
    }

    /// The value at `z`.
    pub fn at(&self, z: f64) -> f64 {
        match self {
            Self::Normal => z,
            Self::Lognormal(tau) => {
                let square = tau * tau;
                ((tau * z).exp() - (0.5 * square).exp()) / ((2.0 * square).exp() - square.exp()).sqrt()
            }
            Self::T(df) => student_t::quantile(normal::cdf(z), *df) * ((df - 2.0) / df).sqrt(),
            Self::Table(table) => {
                let last = table.len() - 1;
                let upper = table.partition_point(|(known, _)| *known < z).clamp(1, last);
                let ((z0, x0), (z1, x1)) = (table[upper - 1], table[upper]);
                x0 + (x1 - x0) * (z - z0) / (z1 - z0)
            }
        }
    }
}

/// Azzalini's law: density 2φ(x)Φ(αx), tabulated by Simpson's rule and standardised.
fn skew_normal(alpha: f64) -> Vec<(f64, f64)> {
    let delta = alpha / (1.0 + alpha * alpha).sqrt();
    let mean = delta * (2.0 / std::f64::consts::PI).sqrt();
    let sd = (1.0 - mean * mean).sqrt();
    let density = |x: f64| 2.0 * normal::pdf(x) * normal::cdf(alpha * x);
    let step = 0.002;
    let mut below = 0.0;
    let mut table = Vec::new();
    let mut x = -9.0;
    while x < 9.0 {
        below += step / 6.0 * (density(x) + 4.0 * density(x + 0.5 * step) + density(x + step));
        x += step;
        let z = normal::quantile(below.clamp(1e-16, 1.0 - 1e-16));
        if z.is_finite() && table.last().is_none_or(|(last, _)| z > last + 1e-9) {
            table.push((z, (x - mean) / sd));
        }
    }
    table
}

/// One knee's value at one visit as a function of its standard normal.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Mean before rounding and limits.
    pub mean: f64,
    /// SD before rounding and limits.
    pub sd: f64,
    /// Law.
    pub margin: Margin,
    /// Multiples it is rounded to.
    pub round: Option<f64>,
    /// Limits it is cut off at.
    pub limits: Option<[f64; 2]>,
}

impl Cell {
    /// The value as it is written down.
    pub fn value(&self, z: f64) -> f64 {
        let raw = self.mean + self.sd * self.margin.at(z);
        let rounded = match self.round {
            Some(step) => {
                let scaled = (raw / step).round() * step;
                // Without the noise of the multiplication: 12.3, not 12.299999999999999.
                (scaled * 1e9).round() / 1e9
            }
            None => raw,
        };
        self.limits.map_or(rounded, |[low, high]| rounded.clamp(low, high))
    }

    /// The mean of what is written down: by panels of Gauss–Legendre between the places where the value jumps or is cut off.
    pub fn expectation(&self) -> f64 {
        if self.round.is_none() && self.limits.is_none() {
            return self.mean;
        }
        let mut total = 0.0;
        match self.round {
            None => {
                let [low, high] = self.limits.unwrap_or([f64::MIN, f64::MAX]);
                let (from, to) = (self.reaches(low), self.reaches(high));
                total += low * normal::cdf(from) + high * normal::sf(to);
                total +=
                    legendre::integrate(|z| normal::pdf(z) * (self.mean + self.sd * self.margin.at(z)), from, to, 0.5);
            }
            Some(step) => {
                let ends = [self.value(-REACH), self.value(REACH)];
                let steps = ((ends[1] - ends[0]) / step).round().max(0.0) as usize;
                let mut before = 0.0;
                for k in 0..=steps {
                    let value = ends[0] + k as f64 * step;
                    let below = if k == steps { 1.0 } else { normal::cdf(self.reaches(value + 0.5 * step)) };
                    total += value * (below - before);
                    before = below;
                }
            }
        }
        total
    }

    /// The standard normal at which the raw value reaches `x`, within the reach.
    fn reaches(&self, x: f64) -> f64 {
        let raw = |z: f64| self.mean + self.sd * self.margin.at(z);
        let (mut low, mut high) = (-REACH, REACH);
        if raw(low) >= x {
            return low;
        }
        if raw(high) <= x {
            return high;
        }
        for _ in 0..80 {
            let middle = 0.5 * (low + high);
            if raw(middle) < x { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    }
}

/// `P(Z₁ < a, Z₂ < b)` of standard normals with correlation `rho`, by quadrature.
pub fn both_below(a: f64, b: f64, rho: f64) -> f64 {
    let spread = (1.0 - rho * rho).sqrt();
    legendre::integrate(|z| normal::pdf(z) * normal::cdf((b - rho * z) / spread), -REACH, a.min(REACH), 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// simulation_bounded: whole numbers from 0 to 100 about 12 and 22 with SD 20 (R, sum over the 101 values).
    #[test]
    fn mean_of_a_bounded_scale() {
        let cell =
            |mean: f64| Cell { mean, sd: 20.0, margin: Margin::Normal, round: Some(1.0), limits: Some([0.0, 100.0]) };
        assert!((cell(12.0).expectation() - 15.372_737_900_844_406).abs() < 1e-9, "{}", cell(12.0).expectation());
        assert!((cell(22.0).expectation() - 23.371_715_166_926_794).abs() < 1e-9);
    }

    #[test]
    fn margins_have_mean_0_and_sd_1() {
        let kinds = [
            MarginKind::Normal,
            MarginKind::Lognormal { tau: 0.8 },
            MarginKind::T { df: 5.0 },
            MarginKind::SkewNormal { alpha: 4.0 },
        ];
        for kind in kinds {
            let margin = Margin::new(&kind).unwrap();
            let moment =
                |power: i32| legendre::integrate(|z| normal::pdf(z) * margin.at(z).powi(power), -8.0, 8.0, 0.1);
            assert!(moment(1).abs() < 2e-5, "{kind:?}: {}", moment(1));
            assert!((moment(2) - 1.0).abs() < 2e-3, "{kind:?}: {}", moment(2));
        }
    }

    /// simulation_binary: p11 of shares 0.6 and 0.35 at latent correlation 0.5.
    #[test]
    fn orthant() {
        let found = both_below(normal::quantile(0.6), normal::quantile(0.35), 0.5);
        assert!((found - 0.282_035_954_938_739_6).abs() < 1e-9, "{found}");
    }
}
