//! Any bytes as text in some encoding.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| splitknee_fuzz::encoding(bytes));
