//! Any text as a plan.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| splitknee_fuzz::plan(bytes));
