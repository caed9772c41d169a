//! Codes for missing that the plan declares for one column or endpoint (`data.missing_in`), where no column is called so.

use super::Plan;
use super::file::{DataPlan, Shape};
use super::position::{Positions, location};
use super::sources;
use crate::data::Table;
use crate::trial::Finding;
use crate::trial::coded::Coded;
use crate::trial::codes::Codes;
use crate::trial::sources::{Source, Sources};
use crate::trial::{bds, wide};
use std::collections::BTreeSet;

/// Empties the codes for missing that the plan declares for an endpoint by its `column`, where no column is called so: in the
/// columns that follow the pattern of wide data, or in the rows of its parameter. Adds to `used` the names that were found.
pub(super) fn by_endpoint(
    plan: &Plan,
    table: &DataPlan,
    source: &mut Source,
    codes: &Codes,
    used: &mut BTreeSet<String>,
) {
    let how = sources::options(table);
    let design = plan.design();
    let names = source.table.column_names();
    let parameters = if table.shape == Shape::Bds { of_parameters(plan, table, &source.table) } else { None };
    if table.shape == Shape::Bds && table.missing_in.contains_key(&table.value) {
        source.table.emptied.hold_everywhere(&table.value);
    }
    for (name, missing) in table.missing_in.iter().filter(|(name, _)| !names.contains(name)) {
        let Some(endpoint) = design.endpoints.iter().position(|endpoint| endpoint.column == *name) else { continue };
        match table.shape {
            Shape::Long => {}
            Shape::Wide => {
                let pattern = table.pattern.as_deref().unwrap_or_default();
                for column in &names {
                    if wide::endpoint_of(&design, codes, pattern, column) == Some(endpoint) {
                        source.table.empty_codes(column, missing, &how, &|_| true);
                        used.insert(name.clone());
                    }
                }
            }
            Shape::Bds => {
                let Some((parameters, endpoints)) = &parameters else { continue };
                let of_level = |level: usize| endpoints.get(level) == Some(&Some(endpoint));
                if (0..endpoints.len()).any(of_level) {
                    used.insert(name.clone());
                }
                let of = |row: usize| parameters.level(row).is_some_and(of_level);
                source.table.empty_codes(&table.value, missing, &how, &of);
            }
        }
    }
}

/// The parameter codes of a table of observations, and by code the number of its endpoint.
fn of_parameters(plan: &Plan, data: &DataPlan, table: &Table) -> Option<(Coded, Vec<Option<usize>>)> {
    let codes = Coded::read(table, &data.parameter)?;
    let meaning = sources::sides_in(plan, data.pattern.as_deref().unwrap_or_default(), &codes.levels);
    let named = |(code, meant): (&String, &Option<(String, String)>)| match meant {
        Some((column, _)) => column.clone(),
        None => code.clone(),
    };
    let names: Vec<String> = codes.levels.iter().zip(&meaning).map(named).collect();
    let mut distinct: Vec<String> = Vec::new();
    for name in &names {
        if !distinct.contains(name) {
            distinct.push(name.clone());
        }
    }
    let levels = bds::levels(&plan.design(), &sources::parameter_codes(plan), &distinct);
    let endpoint = |name: &String| {
        let level = distinct.iter().position(|other| other == name);
        levels.iter().position(|found| found.is_some() && *found == level)
    };
    let endpoints = names.iter().map(endpoint).collect();
    Some((codes, endpoints))
}

/// SK025 of a column of `missing_in` that no file has, and of an endpoint (`used` lists those found) that no file has a column
/// of.
pub(super) fn columns(plan: &Plan, sources: &Sources, used: &BTreeSet<String>) -> Result<(), Vec<Finding>> {
    let tables = sources.tables();
    let names: BTreeSet<String> = tables.iter().flat_map(|(_, table)| table.column_names()).collect();
    let endpoint = |name: &String| plan.endpoints.iter().find(|endpoint| endpoint.column == *name);
    let made = |name: &String| endpoint(name).is_some_and(|it| it.compute.is_some() || it.score.is_some());
    let known: Vec<&str> = names.iter().chain(used).map(String::as_str).collect();
    let named = plan.data.observations().flat_map(|table| table.missing_in.keys());
    // An endpoint without a column is said where the columns are looked up.
    let lost = |name: &&String| {
        let computed = endpoint(name).is_some_and(|endpoint| endpoint.compute.is_some());
        computed || (!known.contains(&name.as_str()) && (endpoint(name).is_none() || made(name)))
    };
    let unknown: BTreeSet<&String> = named.filter(lost).collect();
    let offset = plan.text.find("missing_in").unwrap_or_default();
    let finding = |name: &&String| {
        let near = crate::trial::finding::nearest(name, known.iter().copied());
        let (why, remedy) = match () {
            _ if made(name) => (
                ": the endpoint is made from other columns",
                "declare the codes for the columns that it is made from".to_owned(),
            ),
            _ if near.is_empty() => ("", "name a column as its file does".to_owned()),
            _ => ("", format!("did you mean `{}`?", near.join("` or `"))),
        };
        let message = format!("no file has a column `{name}`, for which `missing_in` declares codes{why}");
        Positions::error("SK025", location(&plan.file_name, &plan.text, offset), message, remedy)
    };
    let findings: Vec<Finding> = unknown.iter().map(finding).collect();
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}
