//! `verify.sas`, written for the plan's own analyses.

use crate::report::exhibits::Material;

/// The program.
pub fn program(_material: &Material) -> String {
    include_str!("verify.sas").to_owned()
}
