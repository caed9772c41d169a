//! The sections of the report, one file each, in the order in which a reviewer reads them.

pub mod abstracts;
pub mod allocation;
pub mod checklist;
pub mod data_rules;
pub mod departures;
pub mod design;
pub mod endpoint;
pub mod estimands;
pub mod limitations;
pub mod listings;
pub mod methods;
pub mod missing;
pub mod overview;
pub mod patients;
pub mod recompute;
pub mod safety;
pub mod secondary;
pub mod summary;
