//! Any bytes as Csv: no panic, and what is read is written and read again.
#![no_main]

include!("../round_trip.rs");

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| round_trip(bytes, Format::Csv));
