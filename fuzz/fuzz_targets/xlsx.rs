//! Any bytes as a workbook.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| splitknee_fuzz::table(bytes, splitknee::data::Format::Xlsx));
