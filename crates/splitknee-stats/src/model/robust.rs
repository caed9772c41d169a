//! Cluster-robust covariance of the coefficients of a linear mixed model, with the patient as cluster.
//!
//! With M = (ΣX_i'V_i⁻¹X_i)⁻¹ and residuals r_i,
//!
//! > V^CR = M (Σ X_i'V_i⁻¹A_i r_i r_i'A_i'V_i⁻¹X_i) M,
//!
//! - CR0: A_i = I (Liang & Zeger 1986);
//! - CR2: A_i = D_i'B_i^{+½}D_i with V_i = D_i'D_i and B_i = D_i(V_i − X_iMX_i')D_i', unbiased if V_i is right (Bell & McCaffrey
//!   2002; Pustejovsky & Tipton 2018);
//! - CR3: A_i = (I − X_iMX_i'V_i⁻¹)⁻¹, close to the leave-one-patient-out jackknife.
//!
//! Degrees of freedom of one contrast are Satterthwaite's under the working model (Pustejovsky & Tipton 2018, eq. 11), as
//! `clubSandwich::coef_test(test = "Satterthwaite")` gives them.

use super::dense::without_leverage;
use super::error::ModelError;
use super::inference::{Reference, TTest, check_conf_level};
use super::patient_blocks::{PatientBlock, model_covariance};
use crate::note;
use nalgebra::{DMatrix, DVector, SymmetricEigen};
use serde::Serialize;

/// The small-sample correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RobustKind {
    /// No correction.
    Cr0,
    /// Bell & McCaffrey.
    #[default]
    Cr2,
    /// Jackknife-like.
    Cr3,
}

impl RobustKind {
    /// The name on the command line: `cr0`, `cr2`, `cr3`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cr0 => "cr0",
            Self::Cr2 => "cr2",
            Self::Cr3 => "cr3",
        }
    }

    /// The kind called `name`, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Cr0, Self::Cr2, Self::Cr3].into_iter().find(|kind| kind.name() == name)
    }
}

/// What one patient contributes: the adjusted weights A_i'V_i⁻¹X_iM, and V_i, X_i for the degrees of freedom.
#[derive(Debug)]
struct Contribution {
    /// `V_i^{½}'`-image of the weights, so that `a'V_i a = |D a|²`: rows × coefficients.
    spread: DMatrix<f64>,
    /// `X_i'` times the weights, coefficients × coefficients.
    moment: DMatrix<f64>,
}

/// A robust covariance matrix of the coefficients.
#[derive(Debug)]
pub struct RobustCovariance {
    kind: RobustKind,
    vcov: DMatrix<f64>,
    model: DMatrix<f64>,
    contributions: Vec<Contribution>,
}

/// The robust covariance of the coefficients of a fit given patient by patient ([`super::Fit::patient_blocks`]).
///
/// ```
/// use splitknee_stats::model::robust::{RobustKind, robust_covariance};
/// use splitknee_stats::model::{Columns, FitOptions, Formula, fit};
/// let mut table = Columns::new();
/// table.add_numeric("change", vec![-9.0, -2.5, -7.0, -3.0, -12.5, -6.0, -4.0, 1.5]).unwrap();
/// table.add_categorical("arm", ["EV", "PLACEBO"].repeat(4).into_iter().map(Some)).unwrap();
/// table.add_categorical("id", ["1", "1", "2", "2", "3", "3", "4", "4"].map(Some)).unwrap();
/// table.set_levels("arm", &["PLACEBO", "EV"]).unwrap();
/// let model = fit(&table, &Formula::parse("change ~ arm + (1|id)").unwrap(), &FitOptions::default()).unwrap();
/// let robust = robust_covariance(&model.patient_blocks().unwrap(), RobustKind::Cr2).unwrap();
/// let difference = robust.contrast(&[0.0, 1.0], model.coefficient_estimates(), 0.95).unwrap();
/// assert!((difference.df.unwrap() - 3.0).abs() < 1e-9); // complete pairs: the paired t-test
/// ```
///
/// # Errors
/// No patients, a singular design, or (CR3) a patient who alone determines a coefficient.
pub fn robust_covariance(blocks: &[PatientBlock], kind: RobustKind) -> Result<RobustCovariance, ModelError> {
    let name = || kind.name().to_uppercase();
    let model = model_covariance(blocks)
        .ok_or_else(|| ModelError::Unsupported { reason: note!(robust_rank, kind = name()) })?;
    let p = model.nrows();
    let mut meat = DMatrix::zeros(p, p);
    let mut contributions = Vec::with_capacity(blocks.len());
    for block in blocks {
        let weights = &block.v_inverse * &block.x;
        let lower = block
            .v
            .clone()
            .cholesky()
            .ok_or_else(|| ModelError::Unsupported { reason: note!(robust_positive, kind = name()) })?
            .l();
        let adjusted = match kind {
            RobustKind::Cr0 => weights,
            RobustKind::Cr2 => {
                // D = L': D'D = V.
                let rest = &block.v - &block.x * &model * block.x.transpose();
                let root = inverse_root(&(lower.transpose() * rest * &lower));
                &lower * root * lower.transpose() * weights
            }
            RobustKind::Cr3 => {
                let leverage = &weights * &model * block.x.transpose();
                without_leverage(leverage, &weights)
                    .ok_or_else(|| ModelError::Unsupported { reason: note!(robust_one, kind = name()) })?
            }
        };
        let score: DVector<f64> = adjusted.transpose() * &block.residual;
        meat += &score * score.transpose();
        let scaled = adjusted * &model;
        contributions.push(Contribution { spread: lower.transpose() * &scaled, moment: block.x.transpose() * scaled });
    }
    Ok(RobustCovariance { kind, vcov: &model * meat * &model, model, contributions })
}

/// The symmetric Moore–Penrose inverse square root; eigenvalues below 1e-12 of the largest count as zero.
fn inverse_root(matrix: &DMatrix<f64>) -> DMatrix<f64> {
    let symmetric = 0.5 * (matrix + matrix.transpose());
    let eigen = SymmetricEigen::new(symmetric);
    let tolerance = 1e-12 * eigen.eigenvalues.amax();
    let roots = eigen.eigenvalues.map(|value| if value > tolerance { value.sqrt().recip() } else { 0.0 });
    &eigen.eigenvectors * DMatrix::from_diagonal(&roots) * eigen.eigenvectors.transpose()
}

impl RobustCovariance {
    /// Which correction.
    pub fn kind(&self) -> RobustKind {
        self.kind
    }

    /// The covariance matrix, row by row.
    pub fn vcov(&self) -> Vec<Vec<f64>> {
        self.vcov.row_iter().map(|row| row.iter().copied().collect()).collect()
    }

    /// Satterthwaite's degrees of freedom of the contrast `weights` under the working model; `None` for a contrast without
    /// variance or of the wrong length.
    pub fn satterthwaite_df(&self, weights: &[f64]) -> Option<f64> {
        if weights.len() != self.model.nrows() {
            return None;
        }
        let c = DVector::from_column_slice(weights);
        // P_ij = δ_ij a_i'V_i a_i − u_i'M u_j with a_i = A_i'V_i⁻¹X_iMc, u_i = X_i'a_i: trace and sum of squares.
        let p = self.model.nrows();
        let (mut trace, mut squares) = (0.0, 0.0);
        let mut outer = DMatrix::zeros(p, p);
        for contribution in &self.contributions {
            let own = (&contribution.spread * &c).norm_squared();
            let u = &contribution.moment * &c;
            let shared = u.dot(&(&self.model * &u));
            trace += own - shared;
            squares += own * own - 2.0 * own * shared;
            outer += &u * u.transpose();
        }
        let product = &self.model * outer;
        squares += (&product * &product).trace();
        let df = trace * trace / squares;
        (trace > 0.0 && df.is_finite()).then_some(df)
    }

    /// The t test and interval of the contrast `weights` of the coefficients `estimates`; `None` for weights of the
    /// wrong length and a confidence level not between 0 and 1. Statistic and interval are absent where the contrast has no variance.
    pub fn contrast(&self, weights: &[f64], estimates: &[f64], conf_level: f64) -> Option<TTest> {
        check_conf_level(conf_level).ok()?;
        if weights.len() != self.model.nrows() || estimates.len() != weights.len() {
            return None;
        }
        let reference = self.satterthwaite_df(weights).map_or(Reference::Unknown, Reference::T);
        let c = DVector::from_column_slice(weights);
        let estimate = c.dot(&DVector::from_column_slice(estimates));
        Some(TTest::new(estimate, self.std_error(weights)?, reference, 0.0, conf_level))
    }

    /// The standard error of the contrast `weights`; `None` for weights of the wrong length.
    pub fn std_error(&self, weights: &[f64]) -> Option<f64> {
        let c = DVector::from_column_slice(weights);
        (weights.len() == self.model.nrows()).then(|| c.dot(&(&self.vcov * &c)).max(0.0).sqrt())
    }
}
