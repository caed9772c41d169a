//! Mixed models for split-knee trials.

mod data;
mod design;
mod error;
pub mod formula;

pub use data::{Column, Columns};
pub use design::{Design, GridValue, Grouping, Input, ModelFrame};
pub use error::ModelError;
pub use formula::Formula;

pub mod cumulative;
pub mod generalised;
pub mod generalised_report;
pub mod glm;
pub mod interval_outcome;
pub mod link;
pub mod maximise;
pub mod mixed_glm;
