//! The statistics of within-person trials on plain vectors: paired tests, mixed models with Satterthwaite and
//! Kenward–Roger, multiplicity, questionnaire scores. No data frames, figures or files.
//!
//! - [`paired`] has one file per paired test; [`model`] fits linear, generalised and marginal mixed models.
//! - [`missing`] imputes what is missing of two correlated knees and says how much the answer rests on it.
//! - [`multiplicity`] adjusts p-values and keeps families; [`instrument`] scores questionnaires.
//! - [`math`] is what they compute with: distributions, small matrices, optimisation, quadrature, random streams.
//!
//! ```
//! // R: t.test(c(1.9, 0.8, 1.1, 0.1, -0.1), c(0.7, -1.6, -0.2, -1.2, -0.1), paired = TRUE)
//! # use splitknee_stats::math::dist;
//! assert!((dist::normal_cdf(0.0) - 0.5).abs() < 1e-15);
//! ```

pub mod instrument;
pub mod math;
pub mod missing;
pub mod model;
pub mod multiplicity;
pub mod note;
pub mod paired;
pub mod planning;
pub mod survival;
