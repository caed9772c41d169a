//! The data files a plan names, read and handed to [`crate::trial::build`] with the roles of their columns.

use super::Plan;
use super::Subgroup;
use super::file::{DataPlan, Shape};
use super::options::{CovariateKind, CovariatePlan};
use super::position::location;
use crate::data::{DataError, ReadOptions, Table, read_bytes};
use crate::instrument::{Instrument, Scale};
use crate::trial::columns::{self, ColumnKind, Declared};
use crate::trial::expr::Condition;
use crate::trial::sources::{
    Allocation, AllocationForm, Disposition, Events, Layout, Observations, Roles, Scoring, SetDefinition, Source,
    Sources, VisitWindow,
};
use crate::trial::{Design, Finding, Location, Severity};
use std::collections::BTreeSet;
use std::path::{Component, Path};

/// Reads the files of `plan`, whose paths are relative to `folder`.
///
/// # Errors
/// Every file that cannot be read, with its rule.
pub fn read(plan: &Plan, folder: &Path) -> Result<Sources, Vec<Finding>> {
    gather(plan, &mut |name, options| {
        let full = folder.join(name);
        crate::data::read(&full, options)
    })
}

/// Reads the files of `plan` from `load`, which gives the bytes of a file by the name in the plan.
///
/// # Errors
/// Every file that cannot be read, with its rule.
pub fn read_with(
    plan: &Plan,
    mut load: impl FnMut(&str) -> Result<Vec<u8>, std::io::Error>,
) -> Result<Sources, Vec<Finding>> {
    gather(plan, &mut |name, options| match load(name) {
        Ok(bytes) => read_bytes(name, &bytes, options),
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => {
            Err(DataError::NotFound { path: name.to_owned() })
        }
        Err(source) => Err(DataError::Io { path: name.to_owned(), action: "read", source }),
    })
}

/// The names of all files the plan reads, observations first.
pub fn files(plan: &Plan) -> Vec<&str> {
    let data = &plan.data;
    let others = [&data.patients, &data.allocation, &data.adverse_events, &data.disposition];
    let items = plan.endpoints.iter().filter_map(|endpoint| endpoint.score.as_ref()?.file.as_deref());
    let mut names: Vec<&str> = Vec::new();
    let observed = data.observations().map(|table| table.path.as_str());
    for name in observed.chain(others.into_iter().flatten().map(String::as_str)).chain(items) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

type Reader<'r> = &'r mut dyn FnMut(&str, &ReadOptions) -> Result<Table, DataError>;

fn gather(plan: &Plan, reader: Reader<'_>) -> Result<Sources, Vec<Finding>> {
    let data = &plan.data;
    let mut findings = Vec::new();
    let mut take = |name: &str, key: &str, options: &ReadOptions| -> Option<Source> {
        if let Some(problem) = forbidden(plan, name) {
            findings.push(problem_in_plan(plan, key, name, problem));
            return None;
        }
        match reader(name, options) {
            Ok(table) => Some(Source { file: name.to_owned(), table }),
            Err(error) => {
                findings.push(file_finding(plan, name, key, &error));
                None
            }
        }
    };
    let side = ReadOptions { format: None, sheet: None, header_row: 1, ..options(data) };
    let mut observed = data
        .observations()
        .map(|table| Some(observations(table, take(&table.path, "path", &options(table))?)))
        .collect::<Vec<_>>()
        .into_iter();
    let first = observed.next().flatten();
    let further: Vec<Observations> = observed.flatten().collect();
    let patients = data.patients.as_ref().and_then(|name| take(name, "patients", &side));
    let allocation = data.allocation.as_ref().and_then(|name| take(name, "allocation", &side));
    let no_rows = ReadOptions { allow_no_rows: true, ..side.clone() };
    let events = data.adverse_events.as_ref().and_then(|name| take(name, "adverse_events", &no_rows));
    let disposition = data.disposition.as_ref().and_then(|name| take(name, "disposition", &side));
    let scored = plan.endpoints.iter().map(|endpoint| endpoint.score.as_ref());
    let scores: Vec<Option<Scoring>> = scored
        .map(|score| {
            let score = score?;
            Some(Scoring {
                instrument: Instrument::from_name(&score.instrument)?,
                scale: Scale::from_name(&score.scale)?,
                items: score.items.clone(),
                normalised: score.normalised,
                source: score.file.as_ref().and_then(|name| take(name, "score", &side)),
            })
        })
        .collect();
    match first {
        Some(first) if findings.is_empty() => {
            Ok(Sources { scores, further, ..assemble(plan, first, patients, allocation, events, disposition) })
        }
        _ => Err(findings),
    }
}

fn options(data: &DataPlan) -> ReadOptions {
    let mut missing = data.missing.clone();
    if !missing.iter().any(String::is_empty) {
        missing.push(String::new());
    }
    ReadOptions {
        format: data.format,
        delimiter: data.delimiter,
        decimal_comma: data.decimal_comma,
        encoding: data.encoding.clone(),
        sheet: data.sheet.clone(),
        header_row: data.header_row,
        missing,
        allow_no_rows: false,
    }
}

/// Why a plan may not name this file, if it may not.
fn forbidden(plan: &Plan, name: &str) -> Option<(String, &'static str)> {
    let path = Path::new(name);
    let parts = || path.components().filter(|part| *part != Component::CurDir);
    if parts().eq(Path::new(&plan.file_name).components()) {
        return Some((format!("`{name}` is the plan itself"), "name the data file"));
    }
    let outside =
        path.components().any(|part| matches!(part, Component::ParentDir | Component::RootDir | Component::Prefix(_)));
    if outside && !plan.data.outside {
        return Some((
            format!("`{name}` lies outside the plan's folder"),
            "keep the data beside the plan, or declare `outside = true` in [data]",
        ));
    }
    None
}

fn problem_in_plan(plan: &Plan, key: &str, name: &str, (message, remedy): (String, &str)) -> Finding {
    Finding {
        rule: "SK026",
        severity: Severity::Error,
        location: named_at(plan, key, name),
        message,
        remedy: remedy.to_owned(),
    }
}

/// Where the plan names a file: the line of `key = "name"` after `[data]`.
fn named_at(plan: &Plan, key: &str, name: &str) -> Location {
    let start = plan.text.find("[data]").unwrap_or(0);
    let rest = plan.text.get(start..).unwrap_or_default();
    let mut offset = start;
    for line in rest.split_inclusive('\n') {
        let value = line.trim_start().strip_prefix(key).and_then(|rest| rest.trim_start().strip_prefix('='));
        if value.is_some_and(|value| value.contains(name)) {
            return location(&plan.file_name, &plan.text, offset);
        }
        offset += line.len();
    }
    location(&plan.file_name, &plan.text, start)
}

fn file_finding(plan: &Plan, name: &str, key: &str, error: &DataError) -> Finding {
    let (rule, row, column) = match error {
        DataError::NotFound { .. } | DataError::NotAFile { .. } | DataError::Io { .. } => ("SK020", None, None),
        DataError::Empty { .. } => ("SK021", None, None),
        DataError::NoRows { .. } => ("SK022", Some(1), None),
        DataError::Encoding { row, .. } => ("SK023", Some(*row), None),
        DataError::UnknownEncoding { .. } => ("SK023", None, None),
        DataError::Nul { row, .. }
        | DataError::OpenQuote { row, .. }
        | DataError::AfterQuote { row, .. }
        | DataError::TooManyColumns { row, .. } => ("SK024", Some(*row), None),
        DataError::Ragged { rows, .. } => ("SK024", rows.first().map(|row| row.row), None),
        DataError::DuplicateColumn { name, .. } => ("SK024", Some(1), Some(name.clone())),
        DataError::NoSuchColumn { name, .. } => ("SK025", Some(1), Some(name.clone())),
        DataError::TooLarge { row, .. } => ("SK024", *row, None),
        _ => ("SK024", None, None),
    };
    // The message of a DataError is `path: what; remedy`.
    let text = error.to_string();
    let text = text.split_once(": ").map_or(text.as_str(), |(_, rest)| rest);
    let (message, remedy) = match text.rsplit_once("; ") {
        Some((message, remedy)) => (message.to_owned(), remedy.to_owned()),
        None => (text.to_owned(), "correct the file, and export it again".to_owned()),
    };
    let remedy = match rule {
        "SK020" => {
            let at = named_at(plan, key, name);
            let line = at.row.unwrap_or_default();
            format!("{remedy}, which is relative to the plan (the plan names it in line {line})")
        }
        _ => remedy,
    };
    let location = Location { file: name.to_owned(), row, column };
    Finding { rule, severity: Severity::Error, location, message, remedy }
}

/// A file of observations with the roles that its table of the plan gives its columns.
fn observations(table: &DataPlan, source: Source) -> Observations {
    let columns = &table.columns;
    Observations {
        source,
        layout: match table.shape {
            Shape::Long => Layout::Long,
            Shape::Wide => Layout::Wide { pattern: table.pattern.clone().unwrap_or_default() },
            Shape::Bds => Layout::Bds { parameter: table.parameter.clone(), value: table.value.clone() },
        },
        roles: Roles {
            patient: columns.patient.clone(),
            knee: columns.knee.clone(),
            arm: columns.arm.clone(),
            visit: columns.visit.clone(),
            month: columns.month.clone(),
            date: columns.date.clone(),
        },
        filter: condition(&table.rows),
    }
}

/// A condition, parsed already when the plan was checked.
fn condition(text: &Option<String>) -> Option<Condition> {
    text.as_deref().and_then(|text| Condition::parse(text).ok())
}

fn assemble(
    plan: &Plan,
    observations: Observations,
    patients: Option<Source>,
    allocation: Option<Source>,
    events: Option<Source>,
    disposition: Option<Source>,
) -> Sources {
    let data = &plan.data;
    let columns = &data.columns;
    let design = plan.design();
    let listed = &data.allocation_columns;
    let event = &data.event_columns;
    Sources {
        observations: observations.source,
        layout: observations.layout,
        roles: observations.roles,
        filter: observations.filter,
        further: Vec::new(),
        emptied: BTreeSet::new(),
        patients,
        allocation: allocation.map(|source| Allocation {
            source,
            patient: listed.patient.clone().unwrap_or_else(|| columns.patient.clone()),
            form: match &listed.active_knee {
                Some(column) => AllocationForm::ActiveKnee { column: column.clone() },
                None => AllocationForm::PerKnee {
                    knee: listed.knee.clone().or_else(|| columns.knee.clone()),
                    arm: listed.arm.clone().or_else(|| columns.arm.clone()).unwrap_or_else(|| "arm".to_owned()),
                },
            },
            order: listed.order.clone(),
            date: listed.date.clone(),
        }),
        events: events.map(|source| Events {
            source,
            knee: event.knee.clone(),
            term: event.term.clone(),
            severity: event.severity.clone(),
            serious: event.serious.clone(),
            related: event.related.clone(),
            start_day: event.start_day.clone(),
            end_day: event.end_day.clone(),
            emergent: event.emergent.clone(),
            set: plan.safety.set.clone(),
            severities: plan.safety.severities.clone(),
        }),
        disposition: disposition.map(|source| Disposition {
            source,
            status: data.disposition_columns.status.clone(),
            reason: data.disposition_columns.reason.clone(),
            last_visit: data.disposition_columns.last_visit.clone(),
        }),
        patient_column: data.patient_column.clone().unwrap_or_else(|| columns.patient.clone()),
        sets: plan
            .analysis_sets
            .iter()
            .map(|set| SetDefinition {
                name: set.name.clone(),
                label: set.label.clone().unwrap_or_else(|| set.name.clone()),
                condition: condition(&set.condition),
            })
            .collect(),
        patient_columns: patient_columns(plan),
        declared: declared(plan),
        randomisation_date: data.randomisation_date.clone(),
        injected_first: plan.analysis.injected_first.clone(),
        windows: windows(plan, &design),
        scores: Vec::new(),
        sums: plan.endpoints.iter().map(|endpoint| endpoint.sum_of.clone()).collect(),
    }
}

/// What the plan says of patient-level columns.
fn declared(plan: &Plan) -> Vec<Declared> {
    let kind = |written: CovariateKind| match written {
        CovariateKind::Number => ColumnKind::Number,
        CovariateKind::Factor => ColumnKind::Factor,
    };
    let of = |column: &CovariatePlan| Declared {
        name: column.name.clone(),
        label: column.label.clone(),
        kind: kind(column.kind),
        levels: column.levels.clone(),
        labels: column.labels.clone(),
    };
    plan.covariates.iter().map(of).collect()
}

/// Patient-level columns the plan uses outside analysis sets.
fn patient_columns(plan: &Plan) -> Vec<(&'static str, String)> {
    let covariates = plan.analysis.covariates.iter().map(|column| (columns::COVARIATE, column.clone()));
    let purpose = |subgroup: &Subgroup| if subgroup.cuts.is_empty() { "subgroup" } else { columns::CUT };
    let subgroups = plan.subgroups.iter().map(|subgroup| (purpose(subgroup), subgroup.column.clone()));
    let declared = plan.covariates.iter().map(|column| ("[[covariate]]", column.name.clone()));
    let table = plan.report.demographics.iter().flatten().map(|column| ("baseline table", column.clone()));
    let date = plan.data.randomisation_date.iter().map(|column| ("date of randomisation", column.clone()));
    let first = plan.analysis.injected_first.iter().map(|column| ("knee injected first", column.clone()));
    covariates.chain(subgroups).chain(declared).chain(table).chain(date).chain(first).collect()
}

fn windows(plan: &Plan, design: &Design) -> Vec<VisitWindow> {
    let declared = plan.visits.iter().flat_map(|visits| &visits.windows);
    declared
        .filter_map(|window| {
            let visit = design.visits.iter().position(|visit| visit.label == window.visit)?;
            Some(VisitWindow { visit, from_day: window.from_day, to_day: window.to_day })
        })
        .collect()
}
