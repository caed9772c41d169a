//! Probability distributions: cumulative functions, upper tails and quantiles.
//!
//! One file per distribution, each with `cdf`, `sf` (upper tail, computed directly, not as `1 − cdf`) and `quantile`;
//! `upper_quantile` inverts `sf` where `1 − p` would lose the tail. An argument outside the domain gives NaN.
//! This folder is the only importer of `statrs` and `libm`; where their accuracy is not enough the file carries its own
//! function and says so. Every function is pinned by a table of 40-digit values in `tests/reference/distributions`.

pub mod beta;
pub mod binomial;
pub mod chi_squared;
pub mod fisher_f;
pub mod gamma;
mod incomplete_beta;
mod incomplete_gamma;
mod inversion;
pub mod noncentral_t;
pub mod normal;
pub(crate) mod saddle_point;
pub mod student_t;

pub use saddle_point::ln_gamma;
