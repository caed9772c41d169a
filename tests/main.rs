//! The integration tests: one file per area, built as one binary.

mod data_csv;
mod data_formats;
mod data_xlsx;
mod data_xpt;
mod distributions;
mod reference_cases;
