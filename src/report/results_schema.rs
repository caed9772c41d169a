//! The JSON Schema of `results.json`.

/// The schema (`schema/results.schema.json`, JSON Schema draft 2020-12).
pub const SCHEMA: &str = include_str!("../../schema/results.schema.json");
