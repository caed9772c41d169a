//! Any bytes as CSV.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| splitknee_fuzz::table(bytes, splitknee::data::Format::Csv));
