//! Probability distributions: cumulative functions, upper tails and quantiles.
//!
//! One file per distribution, each with `cdf`, `sf` (upper tail, computed directly, not as `1 − cdf`) and `quantile`.
//! This folder is the only importer of `statrs` and `libm`; where their accuracy is not enough the file carries its own
//! function and says so.

pub mod beta;
pub mod binomial;
pub mod chi_squared;
pub mod fisher_f;
pub mod gamma;
pub mod noncentral_t;
pub mod normal;
pub mod student_t;
