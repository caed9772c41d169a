//! Mixed models for split-knee trials.

mod data;
mod design;
mod error;
pub mod formula;

pub use data::{Column, Columns};
pub use design::{Design, GridValue, Grouping, Input, ModelFrame};
pub use error::ModelError;
pub use formula::Formula;
