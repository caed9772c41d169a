//! The integration tests: one file per area, built as one binary.

mod data_csv;
mod data_formats;
mod data_xlsx;
mod data_xpt;
mod distributions;
mod fuzz_corpus;
mod multiplicity;
mod paired_categorical;
mod paired_continuous_edges;
mod paired_continuous;
mod paired_categorical_edges;
mod instrument;
mod reference_cases;
mod repeated_measures;
mod model_references;
mod gee;
mod model_generalised;
mod model_post_fit;
mod bad_input;
mod plan;
mod rules;
mod small_trial;
mod trial;
mod model_identities;
mod datasets;
mod architecture;
