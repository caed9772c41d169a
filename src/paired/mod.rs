//! Paired tests: one file per test, every test answering with the same [`TestResult`].
//!
//! A difference is always treated − control within the pair. All functions take plain slices, check them, and either
//! answer or return a [`Refusal`] that says why no number exists; nothing here panics, prints or reads files.

mod result;

pub use result::{Alternative, Field, Options, Refusal, TestResult};
