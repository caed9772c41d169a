//! The data files a plan names, read and handed to [`crate::trial::build`] with the roles of their columns.

use super::Plan;
use super::Subgroup;
use super::data_file::FilePlan;
use super::estimand::{EventsPlan, Level, is_arthroplasty};
use super::file::{Codes as Words, DataPlan, ReplicatesPlan, Shape};
use super::missing_in;
use super::named::Named;
use super::options::{CovariateKind, CovariatePlan};
use super::position::{Positions, location};
use crate::data::{DataError, ReadOptions, Table, read_bytes};
use crate::instrument::{Instrument, Scale};
use crate::trial::adam_names;
use crate::trial::coded::Coded;
use crate::trial::codes::{self, Code, Codes};
use crate::trial::columns::{self, ColumnKind, Declared};
use crate::trial::compute::Computed;
use crate::trial::expr::Condition;
use crate::trial::left_out;
use crate::trial::replicates::Replicates;
use crate::trial::sources::{
    Allocation, AllocationForm, Deviations, Disposition, Events, Handled, Intercurrent, Layout, Observations, Roles,
    Scoring, SetDefinition, Source, Sources, VisitWindow,
};
use crate::trial::{Design, Finding, Location, Severity};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

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

/// What may be meant by the name of a file that is not there: one that differs in case or blanks, an address, a home.
fn beside(folder: &Path, name: &str) -> String {
    if name.contains("://") {
        return "; this is an address on the web: download the file, and name the copy".to_owned();
    }
    if name.starts_with('~') {
        return "; `~` is not the home folder here: write the path out".to_owned();
    }
    if name.contains(['*', '?']) {
        return "; name the one file: a pattern is not looked up".to_owned();
    }
    let full = folder.join(name);
    let (Some(parent), Some(wanted)) = (full.parent(), full.file_name()) else { return String::new() };
    let folded = |name: &str| name.trim().to_lowercase();
    let wanted = folded(&wanted.to_string_lossy());
    let near = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let names =
        near.filter(|entry| entry.path().is_file()).map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut found: Vec<String> = names.filter(|name| folded(name) == wanted).collect();
    found.sort();
    found.first().map(|name| format!("; there is `{name}`, which differs in capitals or blanks")).unwrap_or_default()
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

/// How the file of a table of observations is read.
pub(super) fn options(data: &DataPlan) -> ReadOptions {
    ReadOptions {
        format: data.format,
        delimiter: data.delimiter,
        decimal_comma: data.decimal_comma,
        encoding: data.encoding.clone(),
        sheet: data.sheet.clone(),
        header_row: data.header_row,
        missing: with_empty(&data.missing),
        missing_in: data.missing_in.clone(),
        identifiers: vec![data.columns.patient.clone()],
        coded: None,
        fill_down: data.fill_down.clone(),
        allow_no_rows: false,
    }
}

/// How a file beside the observations is read: as it says itself, else as the observations, but for what belongs to one
/// file (format, sheet, header row).
fn options_beside(data: &DataPlan, file: &FilePlan, patient: &str) -> ReadOptions {
    let of_observations = options(data);
    ReadOptions {
        format: file.format,
        delimiter: file.delimiter.or(of_observations.delimiter),
        decimal_comma: file.decimal_comma.or(of_observations.decimal_comma),
        encoding: file.encoding.clone().or(of_observations.encoding),
        sheet: file.sheet.clone(),
        header_row: file.header_row.unwrap_or(1),
        missing: file.missing.as_ref().map_or(of_observations.missing, |codes| with_empty(codes)),
        missing_in: of_observations.missing_in,
        identifiers: vec![patient.to_owned()],
        coded: None,
        fill_down: file.fill_down.clone(),
        allow_no_rows: false,
    }
}

/// The missing codes; the empty cell is always one.
fn with_empty(codes: &[String]) -> Vec<String> {
    let mut codes = codes.to_vec();
    if !codes.iter().any(String::is_empty) {
        codes.push(String::new());
    }
    codes
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
    let table = if key == "file" { "[events]" } else { "[data]" };
    let start = plan.text.find(table).unwrap_or(0);
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
        DataError::Encoding { row, .. } | DataError::Improbable { row, .. } => ("SK023", Some(*row), None),
        DataError::UnknownEncoding { .. } => ("SK023", None, None),
        DataError::Nul { row, .. }
        | DataError::OpenQuote { row, .. }
        | DataError::AfterQuote { row, .. }
        | DataError::TooManyColumns { row, .. } => ("SK024", Some(*row), None),
        DataError::SwallowedRows { opens, .. } => ("SK024", Some(*opens), None),
        DataError::Ragged { rows, .. } => ("SK024", rows.first().map(|row| row.row), None),
        DataError::DuplicateColumn { name, .. } => ("SK024", Some(1), Some(name.clone())),
        DataError::NoSuchColumn { name, .. } => ("SK025", Some(1), Some(name.clone())),
        DataError::TooLarge { row, .. } => ("SK024", *row, None),
        _ => ("SK024", None, None),
    };
    // A blank at the end hides the extension.
    let blank = name.trim() != name;
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
            let steered = match name.contains(char::is_control) {
                true => "; a backslash in a quoted text begins a code (`\\t` is a tab): write paths with `/`",
                false => "",
            };
            format!("{remedy}, which is relative to the plan (the plan names it in line {line}){steered}")
        }
        _ if blank => format!("take the blank at the end of the path out of the plan; {remedy}"),
        _ => remedy,
    };
    let location = Location { file: name.to_owned(), row, column };
    Finding { rule, severity: Severity::Error, location, message, remedy }
}

/// The column that the visit of all rows of a file stands in.
const VISIT: &str = "(visit)";

/// The column that the side of a parameter code stands in.
const SIDE: &str = "(side)";

/// A file of observations with the roles that its table of the plan gives its columns.
fn observations(plan: &Plan, table: &DataPlan, mut source: Source) -> Observations {
    let columns = &table.columns;
    let filter = condition(&table.rows);
    // Rows that `where` leaves out are gone before anything else is looked at. Where no row is kept, or a column is missing,
    // the condition stays, to be reported.
    let filter = filter.filter(|filter| {
        let complete = filter.columns().into_iter().all(|name| source.table.has_column(name))
            && filter.in_order(&|name| levels_of(&source.table, name)).is_ok();
        let kept = complete.then(|| kept(&table.rows, &source.table)).flatten();
        match kept {
            Some(kept) if kept.height() > 0 => {
                source.table = kept;
                false
            }
            _ => true,
        }
    });
    let mut visit = columns.visit.clone();
    if let Some(label) = &table.visit {
        source.table.set_constant(VISIT, label);
        visit = Some(VISIT.to_owned());
    }
    let mut knee = columns.knee.clone();
    if let (Shape::Bds, Some(pattern)) = (table.shape, &table.pattern) {
        sides_of_codes(plan, table, pattern, &mut source.table);
        knee = Some(SIDE.to_owned());
    }
    Observations {
        source,
        layout: match table.shape {
            Shape::Long => Layout::Long,
            Shape::Wide => Layout::Wide { pattern: table.pattern.clone().unwrap_or_default() },
            Shape::Bds => Layout::Bds { parameter: table.parameter.clone(), value: table.value.clone() },
        },
        roles: Roles {
            patient: columns.patient.clone(),
            knee,
            arm: columns.arm.clone(),
            visit,
            month: columns.month.clone(),
            date: columns.date.clone(),
        },
        filter,
    }
}

/// Adds the columns of endpoints that are computed from others, where the file has these.
fn compute(plan: &Plan, source: &mut Source, findings: &mut Vec<Finding>) {
    let at =
        |row: Option<usize>, column: &str| Location { file: source.file.clone(), row, column: Some(column.to_owned()) };
    let mut made: Vec<(String, Vec<Option<f64>>)> = Vec::new();
    for endpoint in &plan.endpoints {
        let Some(Ok(computed)) = endpoint.compute.as_deref().map(Computed::parse) else { continue };
        let names = computed.columns();
        let missing: Vec<&str> = names.iter().copied().filter(|name| !source.table.has_column(name)).collect();
        if missing.len() == names.len() && plan.data.observations().count() > 1 {
            continue;
        }
        if let Some(first) = missing.first() {
            let known = source.table.column_names();
            let near = crate::trial::finding::nearest(first, known.iter().map(String::as_str));
            let remedy = match near.is_empty() {
                true => format!("the file has: {}", known.join(", ")),
                false => format!("did you mean `{}`?", near.join("` or `")),
            };
            let message = format!("there is no column `{first}`, from which {} is computed", endpoint.name);
            findings.push(Positions::error("SK025", at(Some(1), first), message, remedy));
            continue;
        }
        if source.table.has_column(&endpoint.column) {
            let message =
                format!("the file has a column `{}`, and {} is to be computed", endpoint.column, endpoint.name);
            let remedy = "leave `compute` out to read the column, or give `column` a new name".to_owned();
            findings.push(Positions::error("SK009", at(Some(1), &endpoint.column), message, remedy));
            continue;
        }
        match computed.of_table(&source.table) {
            Err(cells) => findings.extend(cells.into_iter().map(|cell| {
                let message = format!("`{}` is no number, and {} is computed from it", cell.found, endpoint.name);
                let remedy = "correct the cell, or empty it".to_owned();
                Positions::error("SK201", at(Some(cell.row), &cell.column), message, remedy)
            })),
            Ok((values, undefined)) => {
                let text = endpoint.compute.as_deref().unwrap_or_default();
                findings.extend(undefined.iter().map(|row| {
                    let message = format!("`{text}` is no number in this row: {} cannot be computed", endpoint.name);
                    let remedy =
                        "correct the cells (a division by 0, a logarithm of 0), or empty one of them".to_owned();
                    Positions::error("SK201", at(Some(source.table.file_row(*row)), names[0]), message, remedy)
                }));
                made.push((endpoint.column.clone(), values));
            }
        }
    }
    for (name, values) in made {
        source.table.set_numbers(&name, values);
    }
}

/// By parameter code that names the side, such as `VASL`, the endpoint's column and the side; `pattern` has `{knee}` in it.
pub(super) fn sides_in(plan: &Plan, pattern: &str, codes: &[String]) -> Vec<Option<(String, String)>> {
    let sides = codes_of(plan).sides;
    let parts = |code: &String| {
        let columns =
            plan.endpoints.iter().flat_map(|endpoint| std::iter::once(&endpoint.column).chain(&endpoint.exposure));
        columns.into_iter().find_map(|column| {
            let expected = pattern.replace("{endpoint}", column);
            let (before, after) = expected.split_once("{knee}")?;
            let side = code.strip_prefix(before)?.strip_suffix(after)?;
            let known = crate::trial::side::side(side).is_some() || codes::find(&sides, side).is_some();
            known.then(|| (column.clone(), side.to_owned()))
        })
    };
    codes.iter().map(parts).collect()
}

/// Takes parameter codes apart that name the side, such as `VASL`: the code becomes the endpoint's, the side a column.
fn sides_of_codes(plan: &Plan, data: &DataPlan, pattern: &str, table: &mut Table) {
    let Some(codes) = Coded::read(table, &data.parameter) else { return };
    let meaning = sides_in(plan, pattern, &codes.levels);
    let of_row = |row: usize| codes.level(row).and_then(|level| meaning.get(level).cloned().flatten());
    let endpoint = |row: usize| of_row(row).map_or_else(|| codes.get(row).map(str::to_owned), |(code, _)| Some(code));
    let sides = (0..table.height()).map(|row| of_row(row).map(|(_, side)| side)).collect();
    let endpoints = (0..table.height()).map(endpoint).collect();
    table.set_text(&data.parameter, endpoints);
    table.set_text(SIDE, sides);
}

/// The different filled cells of a column.
fn levels_of(table: &Table, name: &str) -> Vec<String> {
    Coded::read(table, name).map(|column| column.levels).unwrap_or_default()
}

/// The rows that a condition keeps.
fn kept(rows: &Option<String>, table: &Table) -> Option<Table> {
    let filter = condition(rows)?;
    let filter = filter.in_order(&|name| levels_of(table, name)).unwrap_or(filter);
    let columns: BTreeMap<&str, Coded> =
        filter.columns().into_iter().filter_map(|name| Some((name, left_out::coded(table, name)?))).collect();
    let code = |name: &str, label: &str| table.code_of_label(name, label);
    let holds = |row: &usize| filter.holds_with(&|name| columns.get(name).and_then(|column| column.get(*row)), &code);
    let rows: Vec<usize> = (0..table.height()).filter(holds).collect();
    let read = table.provenance.rows;
    let mut table = table.keep(&rows);
    // The file keeps its number of rows; what was left out is said.
    table.provenance.rows = read;
    table.provenance.notes.push(format!("`where` keeps {} of {read} rows", rows.len()));
    Some(table)
}

/// Of REDCap's flat export, which has a row per event and per repeat of an instrument, one row per patient: of every
/// column what all its filled cells of the patient say; a column that says several things of one patient is left empty.
fn one_row_of_redcap(table: Table, patient: &str) -> Table {
    let flat = ["redcap_event_name", "redcap_repeat_instrument"];
    let Some(ids) = Coded::read(&table, patient).filter(|_| flat.iter().any(|column| table.has_column(column))) else {
        return table;
    };
    let mut rows: Vec<usize> = Vec::new();
    for (level, row) in ids.first_rows().into_iter().enumerate() {
        debug_assert!(ids.level(row) == Some(level));
        rows.push(row);
    }
    let mut one = table.keep(&rows);
    // Columns that contradict themselves, with the patients and the first.
    let mut several: Vec<(String, Vec<usize>)> = Vec::new();
    for name in table.column_names().into_iter().filter(|name| name != patient) {
        let Some(cells) = Coded::read(&table, &name) else { continue };
        let mut found: Vec<Option<Option<usize>>> = vec![None; rows.len()];
        for row in 0..table.height() {
            let (Some(id), Some(level)) = (ids.level(row), cells.level(row)) else { continue };
            if let Some(place) = found.get_mut(id) {
                *place = match *place {
                    None => Some(Some(level)),
                    Some(Some(before)) if before == level => Some(Some(level)),
                    Some(_) => Some(None),
                };
            }
        }
        // What events and repeats are called differs by row.
        let of_rows = name.starts_with("redcap_") || name.ends_with("_complete");
        let contradicted: Vec<usize> =
            found.iter().enumerate().filter(|(_, level)| **level == Some(None)).map(|(id, _)| id).collect();
        if !contradicted.is_empty() && !of_rows {
            several.push((name.clone(), contradicted));
        }
        let text = |level: Option<Option<usize>>| cells.levels.get(level.flatten()?).cloned();
        one.set_text(&name, found.into_iter().map(text).collect());
    }
    // A measurement of every event differs in most patients; what differs in few was meant to be one.
    for (name, patients) in several.into_iter().filter(|(_, patients)| 2 * patients.len() <= rows.len()) {
        let named =
            patients.iter().take(10).filter_map(|id| ids.levels.get(*id)).cloned().collect::<Vec<_>>().join(", ");
        let more = if patients.len() > 10 { format!(" and {} more", patients.len() - 10) } else { String::new() };
        let text = format!(
            "events and repeats of {} patient{} do not agree on `{name}`, which was left empty there: {named}{more}",
            patients.len(),
            if patients.len() == 1 { "" } else { "s" }
        );
        let row = patients.first().and_then(|id| rows.get(*id)).map(|row| table.file_row(*row));
        let remark =
            crate::data::Remark::new(text, "correct the cell, or leave it in one event only").of(&name).doubtful();
        one.remarks.push(row.map_or(remark.clone(), |row| remark.at(row)));
    }
    one.provenance.notes.push(
        "REDCap's flat export: of every patient the cells that all events and repeats agree on were taken".to_owned(),
    );
    one
}

/// A list with a column per side as one with a row per knee.
fn by_side(plan: &Plan, source: Source, patient: &str, findings: &mut Vec<Finding>) -> Source {
    let columns = &plan.data.allocation_columns;
    let (Some(left), Some(right)) = (&columns.left, &columns.right) else { return source };
    let table = &source.table;
    for name in [left, right, &patient.to_owned()] {
        if let Err(error) = table.text(name) {
            findings.push(file_finding(plan, &source.file, "allocation", &error));
        }
    }
    if !findings.is_empty() {
        return source;
    }
    let rows: Vec<usize> = (0..table.height()).flat_map(|row| [row, row]).collect();
    let mut list = table.keep(&rows);
    let side = |row: usize| if row.is_multiple_of(2) { "left" } else { "right" };
    let of = |name: &str| table.text(name).unwrap_or_default();
    let (lefts, rights) = (of(left), of(right));
    let arm =
        |row: usize| if row.is_multiple_of(2) { lefts.get(row / 2) } else { rights.get(row / 2) }.cloned().flatten();
    list.set_text(SIDE, (0..rows.len()).map(|row| Some(side(row).to_owned())).collect());
    list.set_text(ARM, (0..rows.len()).map(arm).collect());
    Source { file: source.file, table: list }
}

/// The column that the treatment stands in, where the list has one column per side.
const ARM: &str = "(left, right)";

/// A condition, parsed already when the plan was checked.
fn condition(text: &Option<String>) -> Option<Condition> {
    text.as_deref().and_then(|text| Condition::parse(text).ok())
}

/// The parameter codes that an export gives the endpoints, and behind them the exposures.
pub(super) fn parameter_codes(plan: &Plan) -> Vec<String> {
    let design = plan.design();
    let exposures = design.exposures();
    let ids: Vec<&str> = design.endpoints.iter().map(|endpoint| endpoint.id.as_str()).collect();
    let ids: Vec<&str> = ids.into_iter().chain(exposures.iter().map(String::as_str)).collect();
    let written: Vec<Option<String>> = plan.endpoints.iter().map(|endpoint| endpoint.paramcd.clone()).collect();
    adam_names::parameter_codes(&ids, &written)
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
        parameter_codes: parameter_codes(plan),
        observations: observations.source,
        layout: observations.layout,
        roles: observations.roles,
        filter: observations.filter,
        further: Vec::new(),
        codes: Codes::default(),
        emptied: BTreeSet::new(),
        patients,
        allocation: allocation.map(|source| Allocation {
            source,
            patient: listed.patient.clone().unwrap_or_else(|| columns.patient.clone()),
            form: match &listed.active_knee {
                Some(column) => AllocationForm::ActiveKnee { column: column.clone() },
                None if listed.left.is_some() && listed.right.is_some() => {
                    AllocationForm::PerKnee { knee: Some(SIDE.to_owned()), arm: ARM.to_owned() }
                }
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
            organ_class: event.organ_class.clone(),
            listed: [&event.start_date, &event.end_date, &event.action, &event.outcome].map(Clone::clone),
            set: plan.safety.set.clone(),
            severities: plan.safety.severities.iter().map(ToString::to_string).collect(),
        }),
        intercurrent: None,
        deviations: None,
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
        replicates: plan
            .endpoints
            .iter()
            .map(|endpoint| match endpoint.replicates {
                ReplicatesPlan::Refuse => Replicates::Refuse,
                ReplicatesPlan::Mean => Replicates::Mean,
                ReplicatesPlan::Median => Replicates::Median,
                ReplicatesPlan::First => Replicates::First,
            })
            .collect(),
        said: Vec::new(),
        sums: plan.endpoints.iter().map(|endpoint| endpoint.sum_of.clone()).collect(),
        exposures: design.exposures(),
    }
}

/// The columns of the intercurrent events: as the plan names them, else as in the observations, else by their usual names.
fn intercurrent_columns(plan: &Plan, written: &EventsPlan, source: Source, patient: &str) -> Intercurrent {
    let columns = &plan.data.columns;
    let found = |as_in_data: &Option<String>, usual: &[&str]| -> Option<String> {
        let candidates = as_in_data.iter().map(String::as_str).chain(usual.iter().copied());
        let names = source.table.column_names();
        let mut there = candidates.filter_map(|name| names.iter().find(|known| known.eq_ignore_ascii_case(name)));
        there.next().cloned()
    };
    let knee = written.knee.clone().or_else(|| found(&columns.knee, &["knee", "laterality", "lat", "side"]));
    let event = written.event.clone().or_else(|| found(&None, &["event", "term"]));
    let (mut visit, mut date) = (written.visit.clone(), written.date.clone());
    if visit.is_none() && date.is_none() {
        visit = found(&columns.visit, &["first_affected_visit", "visit"]);
        date = found(&columns.date, &["date"]);
    }
    Intercurrent {
        patient: patient.to_owned(),
        knee: knee.unwrap_or_else(|| "knee".to_owned()),
        visit,
        date,
        event: event.unwrap_or_else(|| "event".to_owned()),
        handled: handled(plan),
        source,
    }
}

/// The events that the estimands handle, once each, with whether any of them takes it as one of the whole patient.
fn handled(plan: &Plan) -> Vec<Handled> {
    let mut found: Vec<Handled> = Vec::new();
    for event in plan.estimands.iter().flat_map(|estimand| &estimand.intercurrent_events) {
        if !found.iter().any(|known| known.event.eq_ignore_ascii_case(&event.event)) {
            found.push(Handled {
                event: event.event.clone(),
                of_patient: event.level == Level::Patient,
                arthroplasty: is_arthroplasty(&event.event),
            });
        }
    }
    found
}

/// What the plan says of patient-level columns.
fn declared(plan: &Plan) -> Vec<Declared> {
    let kind = |written: CovariateKind| match written {
        CovariateKind::Number => ColumnKind::Number,
        CovariateKind::Factor => ColumnKind::Factor,
    };
    let level = |(place, level): (usize, &Named), labels: &[String]| match level.codes.is_empty() {
        true => {
            let label = labels.get(place).cloned().unwrap_or_else(|| level.label.clone());
            Code { codes: vec![level.label.clone()], label }
        }
        false => level.code(),
    };
    let of = |column: &CovariatePlan| Declared {
        name: column.name.clone(),
        label: column.label.clone(),
        kind: kind(column.kind),
        levels: column.levels.iter().enumerate().map(|named| level(named, &column.labels)).collect(),
    };
    plan.covariates.iter().map(of).collect()
}

/// Patient-level columns the plan uses outside analysis sets.
fn patient_columns(plan: &Plan) -> Vec<(&'static str, String)> {
    let covariates = plan.analysis.covariates.iter().map(|column| (columns::COVARIATE, column.clone()));
    let purpose = |subgroup: &Subgroup| if subgroup.cuts.is_empty() { columns::SUBGROUP } else { columns::CUT };
    let subgroups = plan.subgroups.iter().map(|subgroup| (purpose(subgroup), subgroup.column.clone()));
    let declared = plan.covariates.iter().map(|column| ("[[covariate]]", column.name.clone()));
    let table = plan.report.demographics.iter().flatten().map(|column| (columns::TABLE, column.clone()));
    let date = plan.data.randomisation_date.iter().map(|column| ("date of randomisation", column.clone()));
    let first = plan.analysis.injected_first.iter().map(|column| ("knee injected first", column.clone()));
    let scheme = plan.randomisation.iter().flat_map(|scheme| std::iter::once(&scheme.block).chain(&scheme.stratum));
    let scheme = scheme.map(|column| (columns::SCHEME, column.clone()));
    covariates.chain(subgroups).chain(declared).chain(table).chain(date).chain(first).chain(scheme).collect()
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
