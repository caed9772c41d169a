//! Estimands by imputation: what each asks, its estimate, and its sensitivity analyses, as records that never claim.
//!
//! Read in this order: [`question`] (which endpoint, visit, patients), [`covariates`] (what the imputation model has beside the
//! baseline), [`cells`] (values and events of the trial as
//! [`crate::missing`] takes them, and where every cell comes from), [`answer`] (the request and its record), [`tipping`] (how
//! far the imputed values could move before the conclusion changes).
//!
//! The estimate of an estimand stands beside the analysis that decides its endpoint; it is a sensitivity result in the sense
//! of the verdicts: it is described and never claimed, whatever its interval.

pub mod answer;
pub mod cells;
pub mod covariates;
pub mod question;
pub mod tipping;

pub use cells::{Cells, EventCount, Fate};
pub use question::Question;
pub use tipping::{Plane, Side};

use super::Context;
use super::record::Record;
use crate::model::diagnostics::qq_points;
use crate::paired::Field;
use rayon::prelude::*;

/// Every estimand that is estimated by imputation: its main analysis, then its sensitivity analyses.
pub fn analyse(context: &Context) -> Vec<Record> {
    let questions = questions(context);
    let found: Vec<Vec<Record>> = questions.par_iter().map(|question| answer::records(context, question)).collect();
    let mut records: Vec<Record> = found.into_iter().flatten().collect();
    // Two analyses that differ in what an identifier does not say are numbered.
    for at in 1..records.len() {
        let id = records[at].id.clone();
        let before = records[..at].iter().filter(|record| record.id == id).count();
        if before > 0 {
            records[at].id = format!("{id}.{}", before + 1);
        }
    }
    records
}

/// The estimands of the plan that are estimated by imputation.
pub fn questions<'a>(context: &Context<'a>) -> Vec<Question<'a>> {
    let plan = context.plan;
    let estimands = plan.estimands.iter().enumerate();
    estimands
        .filter(|(_, estimand)| estimand.missing.is_some() || plan.events.is_some())
        .filter_map(|(position, estimand)| Question::of(context, position, estimand))
        .collect()
}

/// The residuals of the imputation model of a main analysis, ascending, each with its normal quantile.
pub fn residuals(record: &Record) -> Vec<(f64, f64)> {
    match record.result.field("innovations") {
        Some(Field::Numbers(values)) => {
            let values: Vec<f64> = values.iter().copied().flatten().collect();
            qq_points(&values).iter().map(|point| (point.theoretical, point.sample)).collect()
        }
        _ => Vec::new(),
    }
}
