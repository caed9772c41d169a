//! Any bytes as titles and style of a template.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| splitknee_fuzz::template(bytes));
