//! When the trial ran, as far as its files have dates: CONSORT 2025 item 23a and its within-person extension (item 14a) ask
//! for the dates that define recruitment and follow-up.

use super::rules::Context;
use crate::data::date::Date;
use serde::{Deserialize, Serialize};

/// From a first to a last day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// First day, ISO 8601.
    pub first: String,
    /// Last day.
    pub last: String,
    /// Patients who have a date.
    pub patients: usize,
}

/// The days of a trial; what the files do not say is absent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Dates {
    /// Days of randomisation.
    pub randomised: Option<Span>,
    /// Days of visits, of every visit of the plan.
    pub visits: Option<Span>,
}

impl Dates {
    /// The days that the files of a trial give.
    pub fn of(context: &Context<'_>) -> Self {
        let patients = &context.trial.patients;
        let randomised = patients.iter().filter_map(|patient| context.randomised_on(patient)).map(|date| (date, date));
        let dates = context.rows.date.as_deref().unwrap_or_default();
        let mut of_patient: Vec<Option<(Date, Date)>> = vec![None; context.knees.patients.len()];
        let owner = owners(context);
        for (row, date) in dates.iter().enumerate() {
            let (Some(date), Some(patient)) = (*date, context.knees.of_row(row).and_then(|knee| owner[knee])) else {
                continue;
            };
            let known = of_patient[patient].get_or_insert((date, date));
            *known = (known.0.min(date), known.1.max(date));
        }
        Self { randomised: span(randomised), visits: span(of_patient.into_iter().flatten()) }
    }
}

/// The patient of each knee, by place in [`super::knees::Knees::patients`].
fn owners(context: &Context<'_>) -> Vec<Option<usize>> {
    let mut owner = vec![None; context.knees.len()];
    for (patient, (_, knees)) in context.knees.patients.iter().enumerate() {
        for knee in knees {
            owner[*knee] = Some(patient);
        }
    }
    owner
}

/// The first and the last day of what each patient has, first and last.
fn span(days: impl Iterator<Item = (Date, Date)>) -> Option<Span> {
    let (mut ends, mut patients): (Option<(Date, Date)>, usize) = (None, 0);
    for (first, last) in days {
        let known = ends.get_or_insert((first, last));
        *known = (known.0.min(first), known.1.max(last));
        patients += 1;
    }
    ends.map(|(first, last)| Span { first: first.to_string(), last: last.to_string(), patients })
}
