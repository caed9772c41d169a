//! The programs that recompute the results with other software, and the data they read.
//!
//! The R programs are fixed; what they compute is listed in `expected.csv` with our values. `verify.R` is the one to run:
//! it reads the exported data, recomputes with the functions of the other files, and prints each comparison with
//! PASS or FAIL. `verify.sas` is written for the plan's own analyses.

mod csv;
mod data;
mod expected;
mod imputation;
mod sas;

use super::exhibits::Material;

pub use sas::{Model, literal, model_in_sas, models};

/// The files by name, relative to the folder `verify`.
pub fn files(material: &Material) -> Vec<(String, String)> {
    let named = |name: &str, text: String| (name.to_owned(), text);
    vec![
        named("data.csv", data::knees(material)),
        named("patients.csv", data::patients(material)),
        named("events.csv", data::events(material)),
        named("plan.csv", data::plan(material)),
        named("expected.csv", expected::expected(material)),
        named("imputation.csv", imputation::cells(material)),
        named("verify.R", include_str!("verify.R").to_owned()),
        named("paired.R", include_str!("paired.R").to_owned()),
        named("models.R", include_str!("models.R").to_owned()),
        named("generalised.R", include_str!("generalised.R").to_owned()),
        named("imputation.R", include_str!("imputation.R").to_owned()),
        named("survival.R", include_str!("survival.R").to_owned()),
        named("trial.R", include_str!("trial.R").to_owned()),
        named("verify.sas", sas::program(material)),
    ]
}
