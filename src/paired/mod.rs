//! Paired tests: one file per test, every test answering with the same [`TestResult`].
//!
//! A difference is always treated − control within the pair. All functions take plain slices, check them, and either
//! answer or return a [`Refusal`] that says why no number exists; nothing here panics, prints or reads files.

pub mod adverse_events;
mod better;
mod block_permutation;
pub mod bowker;
pub mod catalogue;
pub mod cochran_q;
pub mod conditional_odds_ratio;
pub mod design;
pub mod friedman;
pub mod kappa;
pub mod marginal_homogeneity;
pub mod mcid;
pub mod mcnemar;
pub mod omeract_oarsi;
pub mod pair_table;
pub mod pool;
pub mod proportion;
pub mod published;
pub mod responder;
pub mod risk_difference;
pub mod risk_ratio;
pub mod rm_anova;
pub mod shift_table;
pub mod square_table;
pub mod win_odds;
pub mod within;
pub mod ancova;
pub mod bland_altman;
pub mod bootstrap;
pub mod correlation;
pub mod effect_size;
pub mod icc;
pub mod paired_t;
pub mod pairs;
pub mod permutation;
pub mod pitman_morgan;
pub mod power;
pub mod shapiro_wilk;
pub mod sign;
pub mod signed_rank;
pub mod tost;
pub mod trimmed_t;
pub mod wilcoxon;
mod rank_correlation;
mod sign_sums;
mod subset_means;
mod walsh;
mod result;

pub use better::Better;
pub use result::{Alternative, Field, Options, Refusal, TestResult};
