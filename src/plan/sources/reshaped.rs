//! What the plan asks of a table before its columns have roles: rows left out, codes emptied, sides taken out of names,
//! columns computed.

use super::super::Plan;
use super::super::file::DataPlan;
use super::super::position::Positions;
use super::codes_of;
use super::files::file_finding;
use crate::data::Table;
use crate::trial::coded::Coded;
use crate::trial::codes;
use crate::trial::compute::Computed;
use crate::trial::expr::Condition;
use crate::trial::sources::Source;
use crate::trial::{Finding, Location, left_out};
use std::collections::BTreeMap;

/// The column that the side of a parameter code stands in.
pub(super) const SIDE: &str = "(side)";

/// The column that the treatment stands in, where the list has one column per side.
pub(super) const ARM: &str = "(left, right)";

/// A condition, parsed already when the plan was checked.
pub(super) fn condition(text: &Option<String>) -> Option<Condition> {
    text.as_deref().and_then(|text| Condition::parse(text).ok())
}

/// The rows that a condition keeps.
pub(super) fn kept(rows: &Option<String>, table: &Table) -> Option<Table> {
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

/// The different filled cells of a column.
pub(super) fn levels_of(table: &Table, name: &str) -> Vec<String> {
    Coded::read(table, name).map(|column| column.levels).unwrap_or_default()
}

/// Of REDCap's flat export, which has a row per event and per repeat of an instrument, one row per patient: of every
/// column what all its filled cells of the patient say; a column that says several things of one patient is left empty.
pub(super) fn one_row_of_redcap(table: Table, patient: &str) -> Table {
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

/// Adds the columns of endpoints that are computed from others, where the file has these.
pub(super) fn compute(plan: &Plan, source: &mut Source, findings: &mut Vec<Finding>) {
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
pub(in crate::plan) fn sides_in(plan: &Plan, pattern: &str, codes: &[String]) -> Vec<Option<(String, String)>> {
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
pub(super) fn sides_of_codes(plan: &Plan, data: &DataPlan, pattern: &str, table: &mut Table) {
    let Some(codes) = Coded::read(table, &data.parameter) else { return };
    let meaning = sides_in(plan, pattern, &codes.levels);
    let of_row = |row: usize| codes.level(row).and_then(|level| meaning.get(level).cloned().flatten());
    let endpoint = |row: usize| of_row(row).map_or_else(|| codes.get(row).map(str::to_owned), |(code, _)| Some(code));
    let sides = (0..table.height()).map(|row| of_row(row).map(|(_, side)| side)).collect();
    let endpoints = (0..table.height()).map(endpoint).collect();
    table.set_text(&data.parameter, endpoints);
    table.set_text(SIDE, sides);
}

/// A list with a column per side as one with a row per knee.
pub(super) fn by_side(plan: &Plan, source: Source, patient: &str, findings: &mut Vec<Finding>) -> Source {
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
