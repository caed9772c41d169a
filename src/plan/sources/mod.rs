//! The data files a plan names, read and handed to [`crate::trial::build`] with the roles of their columns.

mod files;
mod reshaped;
mod roles;

pub(super) use self::files::options;
use self::files::{beside, file_finding, forbidden, options_beside, problem_in_plan};
pub(super) use self::reshaped::sides_in;
use self::reshaped::{by_side, compute, condition, kept, levels_of, one_row_of_redcap};
pub(super) use self::roles::parameter_codes;
use self::roles::{assemble, intercurrent_columns, observations};
use super::Plan;
use super::data_file::FilePlan;
use super::file::{Codes as Words, DataPlan};
use super::missing_in;
use super::named::Named;
use super::position::Positions;
use crate::data::{DataError, ReadOptions, Table, read_bytes};
use crate::instrument::{Instrument, Scale};
use crate::trial::codes::{Code, Codes};
use crate::trial::sources::{Deviations, Observations, Scoring, Source, Sources};
use crate::trial::{Finding, Location, left_out};
use std::collections::BTreeSet;
use std::path::Path;

/// Reads the files of `plan`, whose paths are relative to `folder`.
///
/// # Errors
/// Every file that cannot be read, with its rule.
pub fn read(plan: &Plan, folder: &Path) -> Result<Sources, Vec<Finding>> {
    let read = gather(plan, &mut |name, options| {
        let full = folder.join(name);
        crate::data::read(&full, options)
    });
    read.map_err(|mut findings| {
        let lost = findings.iter_mut().filter(|finding| finding.rule == "SK020");
        lost.for_each(|finding| finding.remedy.push_str(&beside(folder, &finding.location.file)));
        findings
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
    let others = [&data.patients, &data.allocation, &data.adverse_events, &data.disposition, &data.deviations];
    let items = plan.endpoints.iter().filter_map(|endpoint| endpoint.score.as_ref()?.file.as_ref());
    let mut names: Vec<&str> = Vec::new();
    let observed = data.observations().map(|table| table.path.as_str());
    let events = plan.events.iter().map(|events| &events.file);
    for name in observed.chain(others.into_iter().flatten().chain(events).chain(items).map(|file| file.path.as_str())) {
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
    let tables: Vec<DataPlan> = data.observations().flat_map(DataPlan::by_sheet).collect();
    // Of several sheets of one workbook each is named with its sheet.
    let shared = |table: &DataPlan| tables.iter().filter(|other| other.path == table.path).count() > 1;
    let mut miscomputed: Vec<Finding> = Vec::new();
    let mut observed: Vec<Option<Source>> = tables
        .iter()
        .map(|table| {
            let mut source = take(&table.path, "path", &options(table))?;
            if let (true, Some(sheet)) = (shared(table), &table.sheet) {
                source.file = format!("{} [{sheet}]", table.path);
            }
            Some(source)
        })
        .collect::<Vec<_>>();
    let codes = codes_of(plan);
    let patient = data.patient_column.as_ref().unwrap_or(&data.columns.patient);
    let listed = data.allocation_columns.patient.as_ref().unwrap_or(&data.columns.patient);
    let mut misread: Vec<Finding> = Vec::new();
    let mut said: Vec<Finding> = Vec::new();
    let mut used = BTreeSet::new();
    for (table, source) in tables.iter().zip(observed.iter_mut()) {
        if let Some(source) = source {
            missing_in::by_endpoint(plan, table, source, &codes, &mut used);
            said.extend(left_out::by_condition(condition(&table.rows).as_ref(), source, "data.where"));
        }
    }
    let mut observed = tables.iter().zip(observed).map(|(table, source)| {
        let mut read = observations(plan, table, source?);
        compute(plan, &mut read.source, &mut miscomputed);
        Some(read)
    });
    let first = observed.next().flatten();
    let further: Vec<Observations> = observed.flatten().collect();
    let mut beside = |file: Option<&FilePlan>, key: &str, patient: &str, no_rows: bool, one_row: bool| {
        let file = file?;
        let options = ReadOptions { allow_no_rows: no_rows, ..options_beside(data, file, patient) };
        let source = take(&file.path, key, &options)?;
        if let Some(Err((message, remedy))) =
            condition(&file.rows).map(|filter| filter.in_order(&|name| levels_of(&source.table, name)))
        {
            let location = Location { file: source.file.clone(), row: None, column: None };
            misread.push(Positions::error("SK011", location, format!("{message} (`where` of `{key}`)"), remedy));
        }
        said.extend(left_out::by_condition(condition(&file.rows).as_ref(), &source, "where"));
        let table = kept(&file.rows, &source.table).unwrap_or(source.table);
        let table = if one_row { one_row_of_redcap(table, patient) } else { table };
        Some(Source { file: source.file, table })
    };
    let patients = beside(data.patients.as_ref(), "patients", patient, false, true);
    let allocation = beside(data.allocation.as_ref(), "allocation", listed, false, true);
    let events = beside(data.adverse_events.as_ref(), "adverse_events", patient, true, false);
    let disposition = beside(data.disposition.as_ref(), "disposition", patient, false, true);
    let deviations = beside(data.deviations.as_ref(), "deviations", patient, true, false);
    let intercurrent = plan.events.as_ref().and_then(|written| {
        let patient = written.patient.as_deref().unwrap_or(patient);
        let source = beside(Some(&written.file), "file", patient, true, false)?;
        Some(intercurrent_columns(plan, written, source, patient))
    });
    let scored = plan.endpoints.iter().map(|endpoint| endpoint.score.as_ref());
    let scores: Vec<Option<Scoring>> = scored
        .map(|score| {
            let score = score?;
            Some(Scoring {
                instrument: Instrument::from_name(&score.instrument)?,
                scale: Scale::from_name(&score.scale)?,
                items: score.items.clone(),
                normalised: score.normalised,
                source: beside(score.file.as_ref(), "score", &data.columns.patient, false, false),
            })
        })
        .collect();
    findings.append(&mut misread);
    findings.append(&mut miscomputed);
    let allocation = allocation.map(|source| by_side(plan, source, listed, &mut findings));
    match first {
        Some(first) if findings.is_empty() => {
            let assembled = assemble(plan, first, patients, allocation, events, disposition);
            let deviations = deviations.map(|source| Deviations {
                source,
                what: data.deviation_columns.deviation.clone(),
                knee: data.deviation_columns.knee.clone(),
                date: data.deviation_columns.date.clone(),
                important: data.deviation_columns.important.clone(),
            });
            let mut sources = Sources { scores, further, intercurrent, deviations, said, ..assembled };
            missing_in::columns(plan, &sources, &used)?;
            sources.write_labels(codes)?;
            Ok(sources)
        }
        _ => Err(findings),
    }
}

/// The codes of the plan.
fn codes_of(plan: &Plan) -> Codes {
    let arms = [&plan.arms.active, &plan.arms.placebo].into_iter().chain(&plan.arms.other);
    let words = |words: &Option<Words>, label: &str| {
        words.as_ref().map(|words| Code { codes: words.list(), label: label.to_owned() })
    };
    let mut sides = Vec::new();
    if let Some(written) = &plan.sides {
        sides.extend([written.left.code(), written.right.code()]);
        sides.extend(words(&written.both, "both"));
        sides.extend(words(&written.systemic, "systemic"));
    }
    Codes {
        arms: arms.map(Named::code).collect(),
        visits: plan.visits.iter().flat_map(|visits| &visits.order).map(Named::code).collect(),
        sides,
        severities: plan.safety.severities.iter().map(Named::code).collect(),
        flags: words(&plan.data.yes, "Y").into_iter().chain(words(&plan.data.no, "N")).collect(),
    }
}
