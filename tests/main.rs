//! The integration tests: one file per area, built as one binary.

mod distributions;
mod reference_cases;
