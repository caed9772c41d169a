//! The statistics of within-person trials on plain vectors: paired tests, mixed models with Satterthwaite and
//! Kenward–Roger, multiplicity, questionnaire scores. No data frames, figures or files.
//!
//! - [`paired`] has one file per paired test; [`model`] fits linear, generalised and marginal mixed models.
//! - [`survival`] compares times to an event within and over patients; [`planning`] sizes the trial.
//! - [`missing`] imputes what is missing of two correlated knees and says how much the answer rests on it.
//! - [`multiplicity`] adjusts p-values and keeps families; [`instrument`] scores questionnaires.
//! - [`math`] is what they compute with: distributions, small matrices, optimisation, quadrature, random streams.
//!
//! ```
//! use splitknee_stats::paired::{Options, paired_t::paired_t};
//!
//! let (active, placebo) = ([1.9, 0.8, 1.1, 0.1, -0.1], [0.7, -1.6, -0.2, -1.2, -0.1]);
//! let test = paired_t(&active, &placebo, &Options::default()).expect("five pairs");
//! // R 4.2.2: t.test(active, placebo, paired = TRUE)$p.value
//! assert!((test.p_value.unwrap() - 0.0310544214870282).abs() < 1e-12);
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
pub mod terms;
