//! What a split-knee trial is: patients, their two knees, arms, visits and endpoints, checked before any statistic.
//!
//! A [`Trial`] can only be built from data that keep the design ([`build`]): every observation belongs to a knee, every
//! knee to a patient, no patient has two knees on one arm. The only ways to take values out are per patient
//! ([`Trial::paired`], [`Trial::observations`]), so an analysis that treats knees as independent people cannot be
//! written by accident.
//!
//! Read in this order: [`design`] (what the plan declares), [`finding`] (what a check says), [`build`] (columns to
//! patients), [`differences`] and [`observations`] (what analyses see), [`patients`] and [`events`] (patient-level data).

pub mod adam_names;
pub mod allocated;
pub mod analysis_data;
pub mod attributes;
pub mod bds;
pub mod blinding;
pub mod build;
pub mod coded;
pub mod codes;
pub mod columns;
pub mod compute;
mod date_columns;
pub mod dates;
pub mod define_xml;
pub mod derived;
pub mod design;
pub mod deviations;
pub mod differences;
pub mod disposition;
mod empty_cells;
pub mod event_rows;
pub mod events;
pub mod exposures;
pub mod expr;
pub mod finding;
pub mod findings;
pub mod intercurrent;
pub mod joined;
mod knee_values;
pub mod knees;
pub mod labels;
pub mod left_out;
pub mod masking;
mod misfits;
mod number_cells;
pub mod observations;
mod offers;
pub mod patients;
pub mod pseudonym;
pub mod replicates;
pub mod rows;
pub mod rules;
pub mod scored;
pub mod side;
pub mod sources;
pub mod spelling;
mod strangers;
pub mod time_to_event;
mod totals;
pub mod transform;
mod unknown_labels;
pub mod wide;

pub use design::{Arms, Better, Design, Endpoint, Kind, Role, TimeToEvent, Visit};
pub use deviations::Deviation;
pub use differences::{Dropped, Measure, Pair, PairedDifferences};
pub use events::AdverseEvent;
pub use finding::{Finding, Location, Severity};
pub use intercurrent::IntercurrentEvent;
pub use knee_values::{KneeValues, Timed};
pub use observations::Observation;
pub use patients::{AnalysisSet, Knee, Patient, Trial};
pub use transform::Logarithm;
