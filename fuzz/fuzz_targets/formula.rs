//! Any text as a model formula, and as a condition on columns.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| splitknee_fuzz::formula(bytes));
