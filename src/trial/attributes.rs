//! Patient-level characteristics: from the file of patients, the disposition, and columns of the observations that are
//! the same in all rows of a patient.

use super::coded::Coded;
use super::findings::{Findings, place};
use super::patients::Trial;
use super::rows::has_column;
use super::rules::identity;
use super::sources::{Layout, Roles, Source, Sources};
use super::strangers;
use super::wide;
use crate::data::Table;
use std::collections::{BTreeSet, HashMap};

/// Fills in [`super::Patient::attributes`]. Where a column is in several files, the file of patients counts.
pub fn attach(trial: &mut Trial, sources: &Sources, findings: &mut Findings) {
    let number: HashMap<String, usize> =
        trial.patients.iter().enumerate().map(|(number, patient)| (patient.id.clone(), number)).collect();
    let sets = sources.sets.iter().flat_map(|set| set.condition.iter().flat_map(|condition| condition.columns()));
    let used: Vec<(&'static str, String)> =
        sources.patient_columns.iter().cloned().chain(sets.map(|column| ("analysis set", column.to_owned()))).collect();
    if let Some(source) = &sources.patients {
        let listed = per_patient(trial, source, &sources.patient_column, &number, &used, findings);
        // A file of strangers is one finding (SK609), not one of every patient.
        let strangers = strangers::all_of(trial, source, &sources.patient_column).is_some();
        for (patient, listed) in trial.patients.iter().zip(listed) {
            if !listed && !strangers {
                findings.add(
                    "SK111",
                    place(&source.file, None, Some(&sources.patient_column)),
                    format!("patient {} has no row in the file of patients", patient.id),
                    "add the row; the patient belongs to no analysis set defined by a condition",
                );
            }
        }
    }
    if let Some(disposition) = &sources.disposition {
        per_patient(trial, &disposition.source, &sources.patient_column, &number, &used, findings);
    }
    of_allocation(trial, sources, &number);
    constant_columns(trial, sources, &number, &used);
    randomisation_dates(trial, sources, &number, findings);
}

/// Writes the dates of randomisation as YYYY-MM-DD, whatever the order of their column; a cell that is no date is reported.
fn randomisation_dates(trial: &mut Trial, sources: &Sources, number: &HashMap<String, usize>, findings: &mut Findings) {
    let Some(column) = sources.randomisation_date.as_ref().filter(|column| !sources.emptied.contains(*column)) else {
        return;
    };
    let Some(source) = super::columns::source(sources, column) else { return };
    let observed = sources.observed().find(|(observed, _)| observed.file == source.file);
    let key = observed.map_or(sources.patient_column.as_str(), |(_, roles)| roles.patient.as_str());
    let Some(ids) = Coded::read(&source.table, key) else { return };
    let days = super::rows::dates(&source.file, &source.table, column, findings);
    for (row, day) in days.into_iter().enumerate() {
        let patient = ids.get(row).and_then(|id| number.get(id)).and_then(|patient| trial.patients.get_mut(*patient));
        if let (Some(cell), Some(day)) = (patient.and_then(|patient| patient.attributes.get_mut(column)), day) {
            *cell = day.to_string();
        }
    }
}

/// Adds the columns of the randomisation scheme (block, stratum) that stand in the allocation list.
fn of_allocation(trial: &mut Trial, sources: &Sources, number: &HashMap<String, usize>) {
    let Some(list) = &sources.allocation else { return };
    let table = &list.source.table;
    let Some(ids) = Coded::read(table, &list.patient) else { return };
    let patient_of: Vec<Option<usize>> = ids.levels.iter().map(|id| number.get(id).copied()).collect();
    let scheme = sources.patient_columns.iter().filter(|(purpose, _)| *purpose == super::columns::SCHEME);
    for (_, name) in scheme.filter(|(_, name)| table.has_column(name)) {
        let Some(cells) = constant(table, name, &ids, &patient_of, trial.patients.len()) else { continue };
        for (patient, cell) in trial.patients.iter_mut().zip(cells) {
            if let Some(cell) = cell {
                patient.attributes.entry(name.clone()).or_insert(cell);
            }
        }
    }
}

/// Adds the columns of a file with one row per patient; whether each patient is in it.
fn per_patient(
    trial: &mut Trial,
    source: &Source,
    key: &str,
    number: &HashMap<String, usize>,
    used: &[(&'static str, String)],
    findings: &mut Findings,
) -> Vec<bool> {
    let mut listed = vec![false; trial.patients.len()];
    if !has_column(&source.file, &source.table, key, "patient", findings) {
        return listed;
    }
    let ids = Coded::read(&source.table, key).unwrap_or_default();
    // Errors of a spreadsheet matter where the plan uses the column.
    for (purpose, column) in used {
        if source.table.has_column(column) {
            has_column(&source.file, &source.table, column, purpose, findings);
        }
    }
    let names: Vec<String> = source.table.column_names().into_iter().filter(|name| name != key).collect();
    let columns: Vec<(String, Vec<Option<String>>)> =
        names.into_iter().filter_map(|name| source.table.text(&name).ok().map(|cells| (name, cells))).collect();
    let spellings: HashMap<String, (&str, usize)> =
        number.iter().map(|(id, patient)| (identity::folded(id), (id.as_str(), *patient))).collect();
    let comma = source.table.provenance.decimal == ',';
    let strangers = strangers::all_of(trial, source, key).is_some();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for row in 0..source.table.height() {
        let location = place(&source.file, Some(source.table.file_row(row)), Some(key));
        let Some(id) = ids.get(row) else {
            super::rows::no_patient(&source.table, row, key, location, findings);
            continue;
        };
        if let Some(before) = seen.insert(id, row) {
            findings.add(
                "SK112",
                location,
                format!("patient {id} has a second row; the first is row {}", source.table.file_row(before)),
                "this file has one row per patient; delete one",
            );
            continue;
        }
        let alike = |id: &str| spellings.get(&identity::folded(id)).copied();
        if !number.contains_key(id)
            && let Some((other, patient)) = alike(id)
        {
            let message = format!(
                "patient `{id}` is `{other}` in the observations: they differ in {} only",
                identity::spelled(id, other)
            );
            findings.add("SK114", location, message, identity::WRITE_ALIKE);
            // Not reported again as a patient without a row.
            if let Some(listed) = listed.get_mut(patient) {
                *listed = true;
            }
            continue;
        }
        let Some(patient) = number.get(id) else {
            if strangers {
                continue;
            }
            findings.add(
                "SK113",
                location,
                format!("patient {id} has no observation and is in no analysis"),
                "see that the patient was never measured",
            );
            continue;
        };
        if let (Some(listed), Some(patient)) = (listed.get_mut(*patient), trial.patients.get_mut(*patient)) {
            *listed = true;
            for (name, cells) in &columns {
                let cell = cells.get(row).cloned().flatten();
                if let Some(cell) = cell.map(|cell| plain(&cell, comma)).filter(|cell| !cell.is_empty()) {
                    patient.attributes.entry(name.clone()).or_insert(cell);
                }
            }
        }
    }
    listed
}

/// A cell without surrounding blanks; a number with a decimal comma, where the file has them, with a point.
pub fn plain(cell: &str, comma: bool) -> String {
    let cell = cell.trim();
    if comma && cell.contains(',') && !cell.contains('.') {
        let point = cell.replacen(',', ".", 1);
        if point.parse::<f64>().is_ok() {
            return point;
        }
    }
    cell.to_owned()
}

/// Adds the columns of the observations that do not change within a patient, identifying and measured columns aside; of
/// several files the first counts.
fn constant_columns(
    trial: &mut Trial,
    sources: &Sources,
    number: &HashMap<String, usize>,
    used: &[(&'static str, String)],
) {
    let layouts = std::iter::once(&sources.layout).chain(sources.further.iter().map(|further| &further.layout));
    let design = trial.design.clone();
    for ((source, roles), layout) in sources.observed().zip(layouts) {
        let of_values = |name: &str| match layout {
            Layout::Wide { pattern } => wide::is_of_values(&design, &sources.codes, pattern, name),
            _ => false,
        };
        let standard = source.table.has_column("PARAMCD") || source.table.has_column("STUDYID");
        constant_columns_of(trial, &source.table, roles, number, &|name| {
            let technical = is_of_rows(name) || (standard && is_technical(name));
            !(technical || of_values(name)) || used.iter().any(|(_, column)| column == name)
        });
    }
}

fn constant_columns_of(
    trial: &mut Trial,
    table: &Table,
    roles: &Roles,
    number: &HashMap<String, usize>,
    describes: &dyn Fn(&str) -> bool,
) {
    let mut own: BTreeSet<&str> = trial.design.endpoints.iter().map(|endpoint| endpoint.column.as_str()).collect();
    own.insert(&roles.patient);
    own.extend(
        [&roles.knee, &roles.arm, &roles.visit, &roles.month, &roles.date].into_iter().flatten().map(String::as_str),
    );
    let further: Vec<String> = table
        .column_names()
        .into_iter()
        .filter(|name| !own.contains(name.as_str()))
        .filter(|name| describes(name))
        .collect();
    if further.is_empty() {
        return;
    }
    let Some(ids) = Coded::read(table, &roles.patient) else { return };
    let patient_of: Vec<Option<usize>> = ids.levels.iter().map(|id| number.get(id).copied()).collect();
    let mut found: Vec<(String, Vec<Option<String>>)> = Vec::new();
    for name in further {
        if let Some(cells) = constant(table, &name, &ids, &patient_of, trial.patients.len()) {
            found.push((name, cells));
        }
    }
    for (name, cells) in found {
        for (patient, cell) in trial.patients.iter_mut().zip(cells) {
            if let Some(cell) = cell {
                patient.attributes.entry(name.clone()).or_insert(cell);
            }
        }
    }
}

/// Whether CDISC ADaM says this of a row and not of its patient: flags of baseline and analysed rows, how a row came to be.
pub(in crate::trial) fn is_of_rows(name: &str) -> bool {
    let name = name.to_uppercase();
    matches!(name.as_str(), "ABLFL" | "DTYPE" | "BASETYPE" | "FILTER_$")
        || name.starts_with("ANL") && name.ends_with("FL")
}

/// Whether a column of CDISC ADaM identifies, names a parameter, a treatment, a time or a record, or is a population flag: no
/// characteristic of the patient, though it may be the same in all rows.
pub(in crate::trial) fn is_technical(name: &str) -> bool {
    let name = name.to_uppercase();
    let begins = [
        "PARAM", "PARCAT", "AVAL", "BASE", "CHG", "PCHG", "TRT", "TR0", "VISIT", "AVISIT", "ATPT", "SRC", "QS", "ADT",
        "ADY", "ATM",
    ];
    let ends = ["FL", "FN", "SEQ", "DT", "DTM", "DTC", "DY"];
    matches!(
        name.as_str(),
        "STUDYID"
            | "DOMAIN"
            | "SUBJID"
            | "USUBJID"
            | "DTYPE"
            | "EPOCH"
            | "LAT"
            | "LOC"
            | "ASEQ"
            | "CRIT1"
            | "UNIT"
            | "AVALU"
    ) || begins.iter().any(|begin| name.starts_with(begin))
        || ends.iter().any(|end| name.len() > end.len() && name.ends_with(end))
}

fn constant(
    table: &Table,
    name: &str,
    ids: &Coded,
    patient_of: &[Option<usize>],
    patients: usize,
) -> Option<Vec<Option<String>>> {
    let column = Coded::read(table, name)?;
    let mut cells: Vec<Option<usize>> = vec![None; patients];
    for row in 0..table.height() {
        let Some(patient) = ids.level(row).and_then(|level| patient_of.get(level).copied().flatten()) else { continue };
        let (Some(level), Some(cell)) = (column.level(row), cells.get_mut(patient)) else { continue };
        match *cell {
            None => *cell = Some(level),
            Some(before) if before != level => return None,
            Some(_) => {}
        }
    }
    let comma = table.provenance.decimal == ',';
    let text = |level: usize| column.levels.get(level).map(|cell| plain(cell, comma));
    Some(cells.into_iter().map(|level| level.and_then(text)).collect())
}
