//! Analyses of a completed data set at one visit; the first two are linear in the differences, θ = Σ h_i d_i:
//!
//! - mean difference: h = 1/n, standard error s/√n, n − 1 degrees of freedom (the paired t test).
//! - ANCOVA: the intercept of `d ~ (pair-mean baseline − its mean over the patients) + baseline difference`, n − 3;
//! - the mixed model of all visits ([`super::completed_model`]), the share of responders and grades ([`super::graded`]): from
//!   draws only.

use crate::math::linalg::{dot, inverse_spd};
use crate::note;
use crate::paired::Refusal;

/// How completed differences are analysed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Analysis {
    /// The mean of the differences.
    #[default]
    MeanDifference,
    /// The difference adjusted for both knees' baselines.
    Ancova,
    /// The pair model over all visits; its covariance is estimated, so from draws only.
    Mixed,
    /// The difference of the shares of knees that respond; not linear, so from draws only.
    Responder(Response),
    /// The marginal log odds of a higher grade; not linear, so from draws only.
    Grades(Grades),
}

/// Most cut points of grades.
pub const MOST_CUTS: usize = 8;

/// A score in grades: the grade of a value is the number of cut points that it reaches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grades([f64; MOST_CUTS]);

impl Grades {
    /// Cut points in ascending order; `None` where there is none, too many, or they do not ascend.
    pub fn new(cuts: &[f64]) -> Option<Self> {
        let ascend = cuts.windows(2).all(|pair| pair[0] < pair[1]);
        if cuts.is_empty() || cuts.len() > MOST_CUTS || !ascend || cuts.iter().any(|cut| !cut.is_finite()) {
            return None;
        }
        let mut all = [f64::INFINITY; MOST_CUTS];
        all[..cuts.len()].copy_from_slice(cuts);
        Some(Self(all))
    }

    /// Number of cut points.
    pub fn n_cuts(self) -> usize {
        self.0.iter().filter(|cut| cut.is_finite()).count()
    }

    /// The grade of a value, from 0.
    pub fn of(self, value: f64) -> usize {
        self.0.iter().filter(|cut| value >= **cut - 1e-9 * cut.abs()).count()
    }
}

/// When a knee responds: its value has moved by `threshold` towards benefit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Response {
    /// The improvement that counts, positive.
    pub threshold: f64,
    /// Whether lower values are better.
    pub lower_is_better: bool,
}

impl Response {
    /// Whether a change is a response.
    pub fn of(self, change: f64) -> bool {
        let improvement = if self.lower_is_better { -change } else { change };
        improvement >= self.threshold - 1e-9 * self.threshold.abs()
    }
}

impl Analysis {
    /// The name in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::MeanDifference => "mean-difference",
            Self::Ancova => "ancova",
            Self::Mixed => "mixed",
            Self::Responder(_) => "responder",
            Self::Grades(_) => "grades",
        }
    }

    /// Whether it is a weighted sum of the differences.
    pub fn is_linear(self) -> bool {
        matches!(self, Self::MeanDifference | Self::Ancova)
    }

    fn n_coefficients(self) -> usize {
        if self == Self::Ancova { 3 } else { 1 }
    }
}

/// The analysis prepared for a set of patients: h, and what the standard error needs.
#[derive(Debug, Clone)]
pub struct Linear {
    /// θ = Σ h_i d_i.
    pub weights: Vec<f64>,
    /// Design rows and (Z'Z)⁻¹.
    z: Vec<f64>,
    inverse: Vec<f64>,
    /// Residual degrees of freedom.
    pub df: f64,
}

impl Linear {
    /// For patients with these baselines (active, placebo).
    ///
    /// # Errors
    /// Too few patients; baselines that do not vary.
    pub fn new(analysis: Analysis, baselines: &[[f64; 2]]) -> Result<Self, Refusal> {
        let (n, k) = (baselines.len(), analysis.n_coefficients());
        if n <= k {
            return Err(Refusal(note!(mi_few_patients, n = n, analysis = analysis.name())));
        }
        let centre = baselines.iter().map(|b| 0.5 * (b[0] + b[1])).sum::<f64>() / n as f64;
        let z: Vec<f64> = baselines
            .iter()
            .flat_map(|b| match analysis {
                Analysis::MeanDifference | Analysis::Mixed | Analysis::Responder(_) | Analysis::Grades(_) => {
                    vec![1.0]
                }
                Analysis::Ancova => vec![1.0, 0.5 * (b[0] + b[1]) - centre, b[0] - b[1]],
            })
            .collect();
        let mut gram = vec![0.0; k * k];
        for row in z.chunks_exact(k) {
            for a in 0..k {
                for b in 0..k {
                    gram[a * k + b] += row[a] * row[b];
                }
            }
        }
        let root: Vec<f64> = (0..k).map(|a| gram[a * k + a].sqrt()).collect();
        let scaled: Vec<f64> = (0..k * k).map(|i| gram[i] / (root[i / k] * root[i % k])).collect();
        let inverse = inverse_spd(&scaled, k)
            .filter(|m| m.iter().all(|v| v.is_finite()) && (0..k).all(|a| m[a * k + a] < 1e10))
            .ok_or_else(|| Refusal(note!(mi_ancova_flat)))?;
        let inverse: Vec<f64> = (0..k * k).map(|i| inverse[i] / (root[i / k] * root[i % k])).collect();
        let weights = z.chunks_exact(k).map(|row| dot(&inverse[..k], row)).collect();
        Ok(Self { weights, z, inverse, df: (n - k) as f64 })
    }

    /// θ of completed differences.
    pub fn estimate(&self, differences: impl Iterator<Item = f64>) -> f64 {
        self.weights.iter().zip(differences).map(|(h, d)| h * d).sum()
    }

    /// The squared standard error of the completed-data analysis.
    pub fn variance(&self, differences: &[f64]) -> f64 {
        let k = self.inverse.len().isqrt();
        let mut zd = vec![0.0; k];
        for (row, d) in self.z.chunks_exact(k).zip(differences) {
            zd.iter_mut().zip(row).for_each(|(s, z)| *s += z * d);
        }
        let beta: Vec<f64> = (0..k).map(|a| dot(&self.inverse[a * k..(a + 1) * k], &zd)).collect();
        let rss: f64 = self.z.chunks_exact(k).zip(differences).map(|(row, d)| (d - dot(row, &beta)).powi(2)).sum();
        rss / self.df * self.inverse[0]
    }
}
