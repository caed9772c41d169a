//! The analysis data set: what the analyses see, as a table in CDISC ADaM's basic data structure, for hand-over.
//!
//! One row per patient, knee, visit and endpoint that has a value; of a time to an event one row per knee, with `CNSR`. An
//! exposure of counts is a parameter of its own, and so is the logarithm on which an endpoint is analysed (`PARAMTYP` is
//! `DERIVED` there). The names are ADaM's where ADaM has one ([`super::adam_names`]); `LAT` is the side of the knee. Every knee keeps one treatment, which the rules have compared with
//! the allocation: planned and actual treatment are the same. `ADY` counts from the patient's baseline visit, which is
//! day 1; the day before is day −1.

use super::adam_names;
use super::design::Endpoint;
use super::patients::{Knee, Patient, Trial};
use super::transform::Logarithm;
use crate::data::options::Format;
use crate::data::table::{ColumnInfo, FileRows};
use crate::data::{DataError, Date, Provenance, Table};
use crate::math::decimal::subtract;
use polars::prelude::{Column, DataType, IntoColumn, NamedFrom, Series};
use std::collections::{BTreeSet, HashMap};

/// Name of the data set.
pub const NAME: &str = "ADQS";

/// Label of the data set.
pub const LABEL: &str = "Scores by Knee and Visit";

/// What the data set holds beside the trial's values.
#[derive(Debug, Clone, Default)]
pub struct Adam {
    /// Identifier of the study.
    pub study: String,
    /// Parameter codes by endpoint, where declared.
    pub codes: Vec<Option<String>>,
    /// Patient-level columns to carry over: covariates, subgroups, characteristics.
    pub covariates: Vec<String>,
    /// Dates of visits by row of the observations ([`super::rows::Rows::file_row`]).
    pub dates: HashMap<usize, Date>,
    /// Whether parameters and labels are to be in ASCII.
    pub ascii: bool,
}

/// How a column came about, for define.xml.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Name of the column.
    pub column: String,
    /// How it is derived; a collected or assigned value where `None`.
    pub method: Option<&'static str>,
}

/// The data set, how its columns came about, and the parameter codes by endpoint.
#[derive(Debug, Clone)]
pub struct AnalysisData {
    /// The data set.
    pub table: Table,
    /// In the order of its columns.
    pub origins: Vec<Origin>,
    /// Parameter codes.
    pub codes: Vec<String>,
}

/// One row: a value with where it belongs.
struct Record<'t> {
    patient: &'t Patient,
    /// Number of the patient.
    number: usize,
    knee: &'t Knee,
    endpoint: &'t Endpoint,
    /// Number of the parameter.
    place: usize,
    /// What of the endpoint it is.
    what: What<'t>,
    visit: usize,
    value: f64,
    base: Option<f64>,
    is_baseline: bool,
    /// Of a time to an event, whether the event happened.
    event: Option<bool>,
}

/// What of an endpoint a parameter is.
#[derive(Clone, Copy)]
enum What<'t> {
    /// The endpoint as collected.
    Collected,
    /// The exposure of a count, by its column.
    Exposure(&'t str),
    /// The logarithm on which it is analysed.
    Logarithm(Logarithm),
}

/// The analysis data set of `trial`.
///
/// # Errors
/// [`DataError`] where the columns make no table.
pub fn table(trial: &Trial, adam: &Adam) -> Result<AnalysisData, DataError> {
    let design = &trial.design;
    let arms = design.arms.labels();
    let records = records(trial);
    // Exposures come behind the endpoints, where reading looks for their codes; logarithms last, whose codes nobody reads.
    let exposures = design.exposures();
    let logs = design.endpoints.iter().filter(|endpoint| endpoint.logarithm.is_some());
    let logs: Vec<String> = logs.map(|endpoint| format!("L{}", endpoint.id)).collect();
    let ids: Vec<&str> = design.endpoints.iter().map(|endpoint| endpoint.id.as_str()).collect();
    let ids: Vec<&str> = ids.into_iter().chain(exposures.iter().chain(&logs).map(String::as_str)).collect();
    let codes = adam_names::parameter_codes(&ids, &adam.codes);
    let mut made = Columns { records: &records, columns: Vec::new(), ascii: adam.ascii };
    let plain = |text: String| if adam.ascii { adam_names::ascii(&text) } else { text };
    made.text("STUDYID", "Study Identifier", None, &|_| Some(adam.study.clone()));
    made.text("USUBJID", "Unique Subject Identifier", None, &|record| Some(record.patient.id.clone()));
    made.text("LAT", "Laterality", None, &|record| Some(record.knee.side.clone()));
    let arm = |record: &Record<'_>| arms.get(record.knee.arm).map(|arm| (*arm).to_owned());
    // A handful of arms, endpoints and visits: the numbers are exact.
    let arm_number = |record: &Record<'_>| Some(record.knee.arm as f64 + 1.0);
    made.text("TRTP", "Planned Treatment", None, &arm);
    made.number("TRTPN", "Planned Treatment (N)", None, &arm_number);
    made.text("TRTA", "Actual Treatment", None, &arm);
    made.number("TRTAN", "Actual Treatment (N)", None, &arm_number);
    made.text("PARAMCD", "Parameter Code", None, &|record| codes.get(record.place).cloned());
    made.text("PARAM", "Parameter", None, &|record| Some(plain(parameter(record))));
    made.number("PARAMN", "Parameter (N)", None, &|record| Some(record.place as f64 + 1.0));
    if !logs.is_empty() {
        let derived = |record: &Record<'_>| matches!(record.what, What::Logarithm(_)).then(|| "DERIVED".to_owned());
        made.text("PARAMTYP", "Parameter Type", Some("DERIVED for the logarithm of another parameter"), &derived);
    }
    made.text("AVISIT", "Analysis Visit", None, &|record| {
        // A time to an event belongs to no visit.
        design.visits.get(record.visit).filter(|_| record.event.is_none()).map(|visit| visit.label.clone())
    });
    let visit_number = |record: &Record<'_>| record.event.is_none().then_some(record.visit as f64);
    made.number("AVISITN", "Analysis Visit (N)", None, &visit_number);
    if !adam.dates.is_empty() {
        let date = |record: &Record<'_>| record.date(record.visit, adam).filter(|_| record.event.is_none());
        made.date("ADT", "Analysis Date", &date);
        let day = |record: &Record<'_>| {
            let first = design.baseline.and_then(|baseline| record.date_of_patient(baseline, adam))?;
            let days = date(record)?.days - first.days;
            Some(f64::from(if days >= 0 { days + 1 } else { days }))
        };
        made.number(
            "ADY",
            "Analysis Relative Day",
            Some("ADT minus the date of the patient's baseline visit, plus 1 from that day on"),
            &day,
        );
    }
    made.number("AVAL", "Analysis Value", None, &|record| Some(record.value));
    if design.endpoints.iter().any(|endpoint| endpoint.survival.is_some()) {
        let censored = |record: &Record<'_>| record.event.map(|event| f64::from(u8::from(!event)));
        made.number("CNSR", "Censor", Some("0 for an event at AVAL, 1 where observation ended without one"), &censored);
    }
    made.number("BASE", "Baseline Value", Some("AVAL of the same knee and parameter where ABLFL is Y"), &|record| {
        record.base
    });
    made.number("CHG", "Change from Baseline", Some("AVAL minus BASE after baseline"), &|record| {
        record.base.filter(|_| record.after_baseline(design.baseline)).map(|base| subtract(record.value, base))
    });
    made.text("ABLFL", "Baseline Record Flag", Some("Y at the baseline visit"), &|record| {
        record.is_baseline.then(|| "Y".to_owned())
    });
    made.text("ANL01FL", "Analysis Flag 01", Some("Y for every record that the analyses see"), &|_| {
        Some("Y".to_owned())
    });
    let mut taken: BTreeSet<String> = made.columns.iter().map(|(origin, ..)| origin.column.clone()).collect();
    for set in &trial.sets {
        let member = |record: &Record<'_>| set.members.get(record.number).copied().unwrap_or_default();
        let flag = |record: &Record<'_>| Some(if member(record) { "Y" } else { "N" }.to_owned());
        let name = adam_names::population_flag(&set.name, &mut taken);
        made.text(
            &name,
            &format!("{} Flag", set.label),
            Some("Y where the patient belongs to the analysis set"),
            &flag,
        );
    }
    for column in &adam.covariates {
        let cell = |record: &Record<'_>| record.patient.attributes.get(column).cloned();
        // A column that ADaM calls the same holds the same.
        let upper = column.to_uppercase();
        if made.columns.iter().any(|(origin, ..)| origin.column == upper) {
            continue;
        }
        let name = adam_names::free_name(column, "X", "", &mut taken);
        let mut cells = trial.patients.iter().filter_map(|patient| patient.attributes.get(column)).peekable();
        let numeric = cells.peek().is_some() && cells.all(|cell| crate::data::number::parse(cell, false).is_ok());
        match numeric {
            true => made.number(&name, column, None, &|record| crate::data::number::parse(&cell(record)?, false).ok()),
            false => made.text(&name, column, None, &cell),
        }
    }
    let (table, origins) = made.finish()?;
    Ok(AnalysisData { table, origins, codes })
}

/// The columns while they are made.
struct Columns<'r, 't> {
    records: &'r [Record<'t>],
    columns: Vec<(Origin, String, Column, Option<String>)>,
    ascii: bool,
}

impl<'t> Columns<'_, 't> {
    fn push(&mut self, name: &str, label: &str, method: Option<&'static str>, column: Column, format: Option<String>) {
        let label = if self.ascii { adam_names::ascii(label) } else { label.to_owned() };
        // A transport file of version 5 takes labels of 40 characters.
        let label = label.chars().take(40).collect();
        self.columns.push((Origin { column: name.to_owned(), method }, label, column, format));
    }

    fn text(
        &mut self,
        name: &str,
        label: &str,
        method: Option<&'static str>,
        cell: &dyn Fn(&Record<'t>) -> Option<String>,
    ) {
        let cells: Vec<Option<String>> = self.records.iter().map(cell).collect();
        self.push(name, label, method, Column::from(Series::new(name.into(), cells)), None);
    }

    fn number(
        &mut self,
        name: &str,
        label: &str,
        method: Option<&'static str>,
        cell: &dyn Fn(&Record<'t>) -> Option<f64>,
    ) {
        let cells: Vec<Option<f64>> = self.records.iter().map(cell).collect();
        self.push(name, label, method, Column::from(Series::new(name.into(), cells)), None);
    }

    fn date(&mut self, name: &str, label: &str, cell: &dyn Fn(&Record<'t>) -> Option<Date>) {
        let cells: Vec<Option<i32>> = self.records.iter().map(|record| cell(record).map(|date| date.days)).collect();
        let days = Series::new(name.into(), cells);
        let days = days.cast(&DataType::Date).unwrap_or(days);
        self.push(name, label, None, days.into_column(), Some("DATE9.".to_owned()));
    }

    fn finish(self) -> Result<(Table, Vec<Origin>), DataError> {
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
            worksheets: Vec::new(),
            notes: Vec::new(),
        };
        let cells = self.columns.iter().map(|(.., column, _)| column.clone()).collect();
        let mut table = Table::new(cells, FileRows::From(2), provenance)?;
        table.name = Some(NAME.to_owned());
        table.label = Some(LABEL.to_owned());
        let mut origins = Vec::with_capacity(self.columns.len());
        for (origin, label, _, format) in self.columns {
            table.set_info(&origin.column, ColumnInfo { label: Some(label), format, ..ColumnInfo::default() });
            origins.push(origin);
        }
        Ok((table, origins))
    }
}

impl Record<'_> {
    /// Whether the record is of a later visit than baseline.
    fn after_baseline(&self, baseline: Option<usize>) -> bool {
        baseline.is_some_and(|baseline| self.visit > baseline)
    }

    /// The date of a visit of the knee.
    fn date(&self, visit: usize, adam: &Adam) -> Option<Date> {
        adam.dates.get(&self.knee.rows.get(visit).copied().flatten()?).copied()
    }

    /// The first date of a visit over the knees of the patient.
    fn date_of_patient(&self, visit: usize, adam: &Adam) -> Option<Date> {
        let rows = self.patient.knees().iter().filter_map(|knee| knee.rows.get(visit).copied().flatten());
        rows.filter_map(|row| adam.dates.get(&row).copied()).min()
    }
}

fn records(trial: &Trial) -> Vec<Record<'_>> {
    let design = &trial.design;
    let exposures = design.exposures();
    let of_exposure =
        |column: &str| exposures.iter().position(|known| known == column).map(|number| design.endpoints.len() + number);
    let logs = |before: usize| {
        let before = design.endpoints.iter().take(before).filter(|endpoint| endpoint.logarithm.is_some());
        design.endpoints.len() + exposures.len() + before.count()
    };
    let mut records = Vec::new();
    for (number, patient) in trial.patients.iter().enumerate() {
        for knee in patient.knees() {
            for (place, endpoint) in design.endpoints.iter().enumerate() {
                let base = trial.collected_baseline(knee, place);
                let of = |visit, value, is_baseline, event| Record {
                    patient,
                    number,
                    knee,
                    endpoint,
                    place,
                    what: What::Collected,
                    visit,
                    value,
                    base,
                    is_baseline,
                    event,
                };
                let timed = knee.values.timed(place);
                records.extend(timed.map(|timed| of(design.primary, timed.time, false, Some(timed.event))));
                for &visit in &endpoint.visits {
                    let cell = knee.values.get(place).and_then(|visits| visits.get(visit)).copied().flatten();
                    records.extend(cell.map(|value| of(visit, value, design.baseline == Some(visit), None)));
                    let column = endpoint.exposure.as_deref();
                    let exposed = column.and_then(|column| Some((column, of_exposure(column)?)));
                    // Counts over one exposure share its rows.
                    let first = |column: &str| {
                        let mut before = design.endpoints.iter().take(place).enumerate();
                        let same = |other: &Endpoint| other.exposure.as_deref() == Some(column);
                        !before.any(|(number, other)| same(other) && knee.exposure(number, visit).is_some())
                    };
                    if let Some((column, number)) = exposed.filter(|(column, _)| first(column)) {
                        let exposure = knee.exposure(place, visit).map(|exposure| Record {
                            place: number,
                            what: What::Exposure(column),
                            base: None,
                            ..of(visit, exposure, false, None)
                        });
                        records.extend(exposure);
                    }
                    if let Some((logarithm, value)) = endpoint.logarithm.zip(cell) {
                        let log = logarithm.of(value).map(|value| Record {
                            place: logs(place),
                            what: What::Logarithm(logarithm),
                            base: base.and_then(|base| logarithm.of(base)),
                            ..of(visit, value, design.baseline == Some(visit), None)
                        });
                        records.extend(log);
                    }
                }
            }
        }
    }
    records
}

/// Name and unit, as ADaM writes parameters: `VAS pain (mm)`, `Log of CRP (mg/L)`.
fn parameter(record: &Record<'_>) -> String {
    let (name, unit) = (&record.endpoint.name, &record.endpoint.unit);
    let with_unit = if unit.is_empty() { name.clone() } else { format!("{name} ({unit})") };
    match record.what {
        What::Collected => with_unit,
        What::Exposure(column) => format!("Exposure ({column})"),
        What::Logarithm(logarithm) if logarithm.has_offset() => format!("Log of {with_unit} + {}", logarithm.offset),
        What::Logarithm(_) => format!("Log of {with_unit}"),
    }
}
