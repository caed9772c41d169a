//! Any bytes as Parquet.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| splitknee_fuzz::table(bytes, splitknee::data::Format::Parquet));
