//! Missing values and intercurrent events of two correlated knees.
//!
//! The cells of a patient are the visits of the active knee, then those of the placebo knee. All 2V cells have one joint
//! law, y_i ~ N(X_i β, Σ), fitted by REML to the values that the estimand allows; after an event the active knee's mean is
//! moved by the estimand's strategy ([`law`]) and every missing cell is imputed given **everything observed of both
//! knees** ([`conditional`]). Events of one knee and of the patient, and the strategies, are [`trial`] and [`strategy`].
//!
//! - [`mean_model`], [`covariates`]: what the means depend on.
//! - [`condmean`]: conditional means and the jackknife over patients (the default; deterministic).
//! - [`bayes`], [`approximate`]: multiple imputation, pooled by Rubin's rules in [`rubin`].
//! - [`analysis`]: what is computed of a completed set; [`completed_model`]: the mixed model of it; [`graded`]: responders and
//!   grades.
//! - [`delta`]: how much worse the imputed values could be before the conclusion changes, as an exact conic.
//! - [`diagnostics`]: imputed beside observed values, residuals of the imputation model, the chain.
//! - [`two_means`]: the same question without imputation. [`single`]: LOCF and its kin, for plans that ask.
//! - [`mod@run`]: one request, one answer.
//!
//! Carpenter, Roger & Kenward 2013 (doi 10.1080/10543406.2013.834911), White, Joseph & Best 2020
//! (10.1080/10543406.2019.1684308), Wolbers et al. 2022 (10.1002/pst.2234), Cro et al. 2020 (10.1002/sim.8569). What is new
//! is the second knee: rbmi and the SAS macros know one outcome per subject.

pub mod analysis;
pub mod approximate;
pub mod bayes;
pub mod completed_model;
pub mod conditional;
pub mod condmean;
pub mod covariates;
pub mod delta;
pub mod diagnostics;
pub mod graded;
pub mod law;
pub mod mean_model;
pub mod rubin;
pub mod run;
pub mod single;
pub mod strategy;
pub mod trial;
pub mod two_means;

#[cfg(test)]
mod covariate_identities;
#[cfg(test)]
mod identities;

pub use covariates::Covariate;
pub use run::{Answer, Method, Request, run, run_with};
pub use strategy::{Covariance, Strategy};
pub use trial::{Event, Patient, Trial};

/// The word for an arm in messages.
fn word(arm: &str) -> crate::note::Note {
    if arm == "placebo" { crate::note!(mi_placebo) } else { crate::note!(mi_active) }
}
