//! The analysis data set: what the analyses see, as a table in CDISC ADaM's basic data structure, for hand-over.
//!
//! One row per patient, knee, visit and endpoint that has a value. The names are ADaM's where ADaM has one; `LAT` is the
//! side of the knee, and `<SET>FL` says who belongs to an analysis set.

use super::design::Endpoint;
use super::patients::{Knee, Patient, Trial};
use crate::data::options::Format;
use crate::data::table::{ColumnInfo, FileRows};
use crate::data::{DataError, Provenance, Table};
use polars::prelude::{Column, NamedFrom, Series};

/// Name of the data set.
pub const NAME: &str = "ADQS";

/// One row: a value with where it belongs.
struct Record<'t> {
    patient: &'t Patient,
    /// Number of the patient.
    number: usize,
    knee: &'t Knee,
    endpoint: &'t Endpoint,
    visit: usize,
    value: f64,
    base: Option<f64>,
    is_baseline: bool,
}

/// The analysis data set of `trial`; `study` identifies the trial.
///
/// # Errors
/// [`DataError::DuplicateColumn`] where an analysis set has the name of another column.
pub fn table(trial: &Trial, study: &str) -> Result<Table, DataError> {
    let design = &trial.design;
    let arms = design.arms.labels();
    let records = records(trial);
    let mut columns: Vec<(String, String, Column)> = Vec::new();
    let mut text = |name: &str, label: &str, cell: &dyn Fn(&Record<'_>) -> Option<String>| {
        let cells: Vec<Option<String>> = records.iter().map(cell).collect();
        columns.push((name.to_owned(), label.to_owned(), Column::from(Series::new(name.into(), cells))));
    };
    text("STUDYID", "Study Identifier", &|_| Some(study.to_owned()));
    text("USUBJID", "Unique Subject Identifier", &|record| Some(record.patient.id.clone()));
    text("LAT", "Laterality", &|record| Some(record.knee.side.clone()));
    text("TRTA", "Actual Treatment", &|record| arms.get(record.knee.arm).map(|arm| (*arm).to_owned()));
    text("PARAMCD", "Parameter Code", &|record| Some(record.endpoint.id.clone()));
    text("PARAM", "Parameter", &|record| Some(parameter(record.endpoint)));
    text("AVISIT", "Analysis Visit", &|record| design.visits.get(record.visit).map(|visit| visit.label.clone()));
    text("ABLFL", "Baseline Record Flag", &|record| record.is_baseline.then(|| "Y".to_owned()));
    for set in &trial.sets {
        let member = |record: &Record<'_>| set.members.get(record.number).copied().unwrap_or_default();
        let flag = |record: &Record<'_>| Some(if member(record) { "Y" } else { "N" }.to_owned());
        text(&format!("{}FL", set.name), &format!("{} Flag", set.label), &flag);
    }
    let mut value = |name: &str, label: &str, cell: &dyn Fn(&Record<'_>) -> Option<f64>| {
        let cells: Vec<Option<f64>> = records.iter().map(cell).collect();
        columns.push((name.to_owned(), label.to_owned(), Column::from(Series::new(name.into(), cells))));
    };
    // A handful of visits: the number is exact.
    value("AVISITN", "Analysis Visit (N)", &|record| Some(record.visit as f64));
    value("AVAL", "Analysis Value", &|record| Some(record.value));
    value("BASE", "Baseline Value", &|record| record.base);
    value("CHG", "Change from Baseline", &|record| {
        record.base.filter(|_| !record.is_baseline).map(|base| record.value - base)
    });
    assemble(columns)
}

fn assemble(columns: Vec<(String, String, Column)>) -> Result<Table, DataError> {
    let provenance = Provenance {
        path: NAME.to_owned(),
        sha256: String::new(),
        format: Format::Csv,
        rows: 0,
        columns: 0,
        encoding: None,
        delimiter: None,
        decimal: '.',
        sheet: None,
        notes: Vec::new(),
    };
    let cells = columns.iter().map(|(_, _, column)| column.clone()).collect();
    let mut table = Table::new(cells, FileRows::From(2), provenance)?;
    table.name = Some(NAME.to_owned());
    table.label = Some("Scores by Knee and Visit".to_owned());
    for (name, label, _) in columns {
        table.set_info(&name, ColumnInfo { label: Some(label), ..ColumnInfo::default() });
    }
    Ok(table)
}

fn records(trial: &Trial) -> Vec<Record<'_>> {
    let design = &trial.design;
    let mut records = Vec::new();
    for (number, patient) in trial.patients.iter().enumerate() {
        for knee in patient.knees() {
            for (place, endpoint) in design.endpoints.iter().enumerate() {
                let base = trial.baseline(knee, place);
                for &visit in &endpoint.visits {
                    let cell = knee.values.get(place).and_then(|visits| visits.get(visit)).copied().flatten();
                    let Some(value) = cell else { continue };
                    let is_baseline = design.baseline == Some(visit);
                    records.push(Record { patient, number, knee, endpoint, visit, value, base, is_baseline });
                }
            }
        }
    }
    records
}

/// Name and unit, as ADaM writes parameters: `VAS pain (mm)`.
fn parameter(endpoint: &Endpoint) -> String {
    if endpoint.unit.is_empty() { endpoint.name.clone() } else { format!("{} ({})", endpoint.name, endpoint.unit) }
}
