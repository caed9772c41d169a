//! Mixed models for split-knee trials: `lmer`, `gls`, `mmrm` and `PROC MIXED` out of one engine.
//!
//! Patients i = 1 … N are independent,
//!
//! > y_i ~ N(X_i β, V_i(θ)),  V_i(θ) = Z_i G(θ) Z_i' + R_i(θ).
//!
//! Random intercepts and slopes, structured covariances over knee × visit cells and Kronecker products are all ways to
//! write V_i. θ̂ maximises the restricted likelihood
//!
//! > −2ℓ(θ) = (n − p) log 2π + Σ log|V_i| + log|Σ X_i'V_i⁻¹X_i| + Σ r_i'V_i⁻¹r_i,  r_i = y_i − X_i β̂(θ),
//!
//! (R's constant: `lme4`, `nlme`, `mmrm` and SAS agree on it), or the full likelihood without the third term. First and
//! second derivatives are analytic ([`fit`] describes the search, `likelihood.rs` the formulas); patients with the same
//! V_i(θ) share its factorisation and their data enter through sums of products only (`layout.rs`).
//!
//! Reading order: [`formula`] → `data` → `design` → `covariance/` → `layout` → `likelihood` → `start` → `fit` →
//! `certificate` → `inference` (`satterthwaite`, `kenward_roger`, `between_within`) → `ls_means`, `anova` → `report`.
//! After the fit: [`robust`], [`diagnostics`], [`influence`], [`r_squared`]. Outcomes that are not normal: [`generalised_report`]
//! (logistic and cumulative-link models, with random patients and knees) and [`gee_report`] (marginal models).
//!
//! ```
//! use splitknee_stats::model::{Columns, Ddf, FitOptions, Formula, Information, LsMeansSpec, fit};
//! let mut table = Columns::new();
//! table.add_numeric("change", vec![-9.0, -2.5, -7.0, -3.0, -12.5, -6.0, -4.0, 1.5]).unwrap();
//! table.add_categorical("treatment", ["EV", "PLACEBO"].repeat(4).into_iter().map(Some)).unwrap();
//! table.add_categorical("usubjid", ["1", "1", "2", "2", "3", "3", "4", "4"].map(Some)).unwrap();
//! table.set_levels("treatment", &["PLACEBO", "EV"]).unwrap();
//! let formula = Formula::parse("change ~ treatment + (1|usubjid)").unwrap();
//! let model = fit(&table, &formula, &FitOptions::default()).unwrap();
//! let inference = model.inference(Ddf::KenwardRoger, Information::Observed, 0.95).unwrap();
//! let difference = &inference.ls_differences(&LsMeansSpec::parse("treatment")).unwrap()[0];
//! assert_eq!(difference.contrast, "EV - PLACEBO");
//! // One comparison on complete pairs is the paired t-test: three degrees of freedom.
//! assert!((difference.test.unwrap().df.unwrap() - 3.0).abs() < 1e-6);
//! ```

pub mod adjust;
mod anova;
#[cfg(test)]
mod basins_tests;
mod between_within;
pub mod cells;
mod certificate;
mod covariance;
mod data;
pub(crate) mod design;
mod error;
mod fit;
pub mod formula;
mod inference;
mod kenward_roger;
mod layout;
mod likelihood;
mod likelihood_ratio;
#[cfg(test)]
mod likelihood_tests;
mod linear_combination;
mod ls_means;
mod overparametrised;
mod pair_units;
mod profile;
mod profile_chart;
mod report;
mod satterthwaite;
mod search;
mod start;

pub use anova::{AnovaRow, AnovaType};
pub use certificate::{Certificate, PathStep};
pub use data::{Column, Columns};
pub use design::{Design, GridValue, Grouping, Input, ModelFrame};
pub use error::ModelError;
pub use fit::{Fit, FitOptions, Method, fit};
pub use formula::Formula;
pub use inference::{Ddf, FTest, Inference, Information, TTest};
pub use likelihood_ratio::{LikelihoodRatio, ModelComparison, compare, likelihood_ratio};
pub use linear_combination::{LinearCombination, LinearHypothesis, LinearRecord};
pub use ls_means::{Levels, LsDifference, LsMean, LsMeansSpec, Weights};
pub use profile::{Profile, ProfileInterval};
pub use report::{
    AnovaRecord, CoefficientRecord, ContrastRecord, CovarianceParameter, GeometricMean, LsMeanRecord, ModelReport,
    NamedMatrix, Ratio, ReportOptions, VarianceComponent,
};

// Generalised models: `link` → `interval_outcome` → `maximise` → `glm`, `cumulative`, `counts` → `random_intercepts` → `mixed_glm` →
// `generalised_report`; marginal models: `gee` → `gee_report`.
pub mod counts;
pub mod cumulative;
mod dense;
pub mod gee;
pub mod gee_report;
pub mod generalised;
pub mod generalised_report;
pub mod glm;
mod interval_outcome;
pub mod link;
mod maximise;
pub mod mixed_glm;
pub mod offset;
mod random_intercepts;
pub mod reference_grid;

// After a linear fit, all on `patient_blocks`.
pub mod diagnostics;
pub mod diagnostics_report;
pub mod influence;
pub mod patient_blocks;
pub mod r_squared;
pub mod robust;
pub mod second_route;
