//! Paired tests: one file per test, every test answering with the same [`TestResult`].
//!
//! A difference is always treated − control within the pair. All functions take plain slices, check them, and either
//! answer or return a [`Refusal`] that says why no number exists; nothing here panics, prints or reads files.

pub mod adverse_events;
pub mod ancova;
pub mod bayes;
mod better;
pub mod bland_altman;
pub mod blinding;
mod block_permutation;
pub mod bootstrap;
pub mod bowker;
pub mod brunner_munzel;
pub mod catalogue;
pub mod cochran_q;
pub mod conditional_odds_ratio;
pub mod correlation;
pub mod counts;
pub mod design;
pub mod design_permutation;
pub mod effect_size;
pub mod friedman;
pub mod icc;
pub mod implied;
pub mod kappa;
pub mod marginal_homogeneity;
pub mod mcid;
pub mod mcnemar;
pub mod median_difference;
pub mod method;
pub mod net_benefit;
pub mod omeract_oarsi;
pub mod pair_table;
pub mod paired_t;
pub mod pairs;
pub mod permutation;
pub mod pitman_morgan;
pub mod pool;
pub mod power;
pub mod proportion;
pub mod proportional_odds;
pub mod published;
pub mod rank_biserial;
mod rank_correlation;
pub mod rate_ratio;
pub mod responder;
pub(crate) mod result;
pub mod risk_difference;
pub mod risk_ratio;
pub mod rm_anova;
pub mod shapiro_wilk;
pub mod shift_table;
pub mod sign;
mod sign_sums;
pub mod signed_rank;
pub mod skillings_mack;
pub mod small_samples;
pub mod square_table;
mod subset_means;
pub mod tost;
pub mod trimmed_t;
mod walsh;
pub mod wilcoxon;
pub mod win_odds;
pub mod within;

pub use crate::terms::Better;
pub use method::Method;
pub use result::{Alternative, Field, Options, Refusal, TestResult};

/// The registry of the tests of two columns, in the order in which they are listed to people: one line per test.
pub const METHODS: [&Method; 29] = [
    &paired_t::METHOD,
    &wilcoxon::METHOD,
    &sign::METHOD,
    &permutation::METHOD,
    &trimmed_t::METHOD,
    &bootstrap::METHOD,
    &median_difference::METHOD,
    &tost::TOST,
    &tost::NON_INFERIORITY,
    &brunner_munzel::METHOD,
    &mcnemar::METHOD,
    &marginal_homogeneity::STUART_MAXWELL,
    &marginal_homogeneity::BHAPKAR,
    &bowker::METHOD,
    &marginal_homogeneity::MEAN_SCORES,
    &marginal_homogeneity::MEAN_RANKS,
    &proportional_odds::METHOD,
    &win_odds::METHOD,
    &rate_ratio::METHOD,
    &counts::METHOD,
    &shapiro_wilk::METHOD,
    &pitman_morgan::METHOD,
    &effect_size::METHOD,
    &rank_biserial::METHOD,
    &correlation::METHOD,
    &bland_altman::METHOD,
    &icc::ICC,
    &icc::CONCORDANCE,
    &kappa::METHOD,
];
