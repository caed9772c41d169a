//! SK620: a column of the observations that says one thing of every patient but a few, and columns of two files that say
//! different things of one patient. Of such a column nothing is described, or one file's word is taken.

use super::Context;
use crate::data::Table;
use crate::trial::coded::Coded;
use crate::trial::findings::{Findings, place};
use crate::trial::rows::shorten;
use crate::trial::side::yes_or_no;
use crate::trial::sources::{Layout, Roles, Source, Sources};
use crate::trial::{attributes, wide};
use std::collections::{BTreeSet, HashMap};

/// Fewest patients of whom a column must say one thing each.
const FEWEST: usize = 5;
/// Patients whom a finding names.
const NAMED: usize = 10;

/// A patient of whom a column says two things.
struct Contradiction {
    patient: usize,
    first: (usize, usize),
    second: (usize, usize),
}

/// By patient (level of `ids`) the level of the first filled cell of a column, and its row.
type First = Vec<Option<(usize, usize)>>;

/// The patients of whom `column` says several things, and what it says first of each; `None` where they are more than `most`.
fn contradictions(table: &Table, ids: &Coded, column: &Coded, most: usize) -> Option<(Vec<Contradiction>, First)> {
    let mut known: First = vec![None; ids.levels.len()];
    let mut told = vec![false; ids.levels.len()];
    let mut found = Vec::new();
    for row in 0..table.height() {
        let (Some(id), Some(level)) = (ids.level(row), column.level(row)) else { continue };
        match known.get(id).copied().flatten() {
            None => {
                if let Some(place) = known.get_mut(id) {
                    *place = Some((level, row));
                }
            }
            Some((before, first)) if before != level && told.get(id) == Some(&false) => {
                if let Some(told) = told.get_mut(id) {
                    *told = true;
                }
                found.push(Contradiction { patient: id, first: (before, first), second: (level, row) });
                if found.len() > most {
                    return None;
                }
            }
            Some(_) => {}
        }
    }
    Some((found, known))
}

/// Why a column of the observations is none of the patients: the first two cells that disagree.
pub fn of_column(sources: &Sources, name: &str) -> Option<String> {
    let (source, roles) = sources.observed().find(|(source, _)| source.table.has_column(name))?;
    let (ids, column) = (Coded::read(&source.table, &roles.patient)?, Coded::read(&source.table, name)?);
    let (all, _) = contradictions(&source.table, &ids, &column, usize::MAX)?;
    let first = all.first()?;
    let cell = |(level, row): (usize, usize)| {
        let text = column.levels.get(level).map(|cell| shorten(cell)).unwrap_or_default();
        format!("{text} in row {}", source.table.file_row(row))
    };
    Some(format!(
        "in {} it is {} and {} of patient {}, so that it says nothing of the patient",
        source.file,
        cell(first.first),
        cell(first.second),
        ids.levels.get(first.patient).map(String::as_str).unwrap_or_default()
    ))
}

/// Looks at the files of observations.
pub fn check(context: &Context<'_>, findings: &mut Findings) {
    let layouts = std::iter::once(&context.sources.layout);
    let layouts = layouts.chain(context.sources.further.iter().map(|further| &further.layout));
    for ((source, roles), layout) in context.sources.observed().zip(layouts) {
        of_file(context, source, roles, layout, findings);
    }
}

fn of_file(context: &Context<'_>, source: &Source, roles: &Roles, layout: &Layout, findings: &mut Findings) {
    let (design, sources) = (&context.trial.design, context.sources);
    let mut own: BTreeSet<&str> = design.endpoints.iter().map(|endpoint| endpoint.column.as_str()).collect();
    own.insert(&roles.patient);
    own.extend(sources.exposures.iter().map(String::as_str));
    let named = [&roles.knee, &roles.arm, &roles.visit, &roles.month, &roles.date];
    own.extend(named.into_iter().flatten().map(String::as_str));
    if let Layout::Bds { parameter, value } = layout {
        own.extend([parameter.as_str(), value.as_str()]);
    }
    let of_values = |name: &str| match layout {
        Layout::Wide { pattern } => wide::is_of_values(design, &sources.codes, pattern, name),
        _ => false,
    };
    let standard = source.table.has_column("PARAMCD") || source.table.has_column("STUDYID");
    let names: Vec<String> = source
        .table
        .column_names()
        .into_iter()
        .filter(|name| !own.contains(name.as_str()) && !sources.emptied.contains(name))
        .filter(|name| !(attributes::is_of_rows(name) || of_values(name) || standard && attributes::is_technical(name)))
        .collect();
    let Some(ids) =
        Coded::read(&source.table, &roles.patient).filter(|ids| ids.levels.len() >= FEWEST && !names.is_empty())
    else {
        return;
    };
    for name in names {
        let Some(column) = Coded::read(&source.table, &name) else { continue };
        // What happens at a visit is answered by yes or no; so are the boxes of REDCap (`ae___1`).
        let answers = column.levels.iter().all(|level| yes_or_no(level).is_some());
        if answers || name.contains("___") {
            continue;
        }
        let mut cells = vec![0_usize; ids.levels.len()];
        for row in 0..source.table.height() {
            if let (Some(id), Some(_)) = (ids.level(row), column.level(row))
                && let Some(count) = cells.get_mut(id)
            {
                *count += 1;
            }
        }
        let several = cells.into_iter().filter(|cells| *cells > 1).count();
        let at = |row: usize| place(&source.file, Some(source.table.file_row(row)), Some(&name));
        let text = |level: usize| column.levels.get(level).map(|cell| shorten(cell)).unwrap_or_default();
        let id = |patient: usize| ids.levels.get(patient).map(String::as_str).unwrap_or_default();
        let most = several / 10 + usize::from(several < 20);
        if let Some((found, known)) = contradictions(&source.table, &ids, &column, most) {
            for contradiction in found.iter().filter(|_| several >= FEWEST) {
                findings.add(
                    "SK620",
                    at(contradiction.second.1),
                    format!(
                        "`{name}` of patient {} is {} here and {} in row {}, and one thing of every other patient: it is described \
                         nowhere",
                        id(contradiction.patient),
                        text(contradiction.second.0),
                        text(contradiction.first.0),
                        source.table.file_row(contradiction.first.1)
                    ),
                    "correct the cell, or waive the rule with the reason if the column is measured at every visit",
                );
            }
            if found.is_empty() {
                beside(context, source, (&ids, &known), (&name, &column), findings);
            }
        }
    }
}

/// What the file of patients says otherwise.
fn beside(
    context: &Context<'_>,
    source: &Source,
    (ids, known): (&Coded, &First),
    (name, column): (&str, &Coded),
    findings: &mut Findings,
) {
    let Some(patients) = context.sources.patients.as_ref().filter(|patients| patients.table.has_column(name)) else {
        return;
    };
    let key = &context.sources.patient_column;
    let (Some(listed), Some(cells)) = (Coded::read(&patients.table, key), Coded::read(&patients.table, name)) else {
        return;
    };
    let row_of: HashMap<&str, usize> = listed.levels.iter().map(String::as_str).zip(listed.first_rows()).collect();
    let same =
        |a: &str, b: &str| a == b || a.parse::<f64>().ok().zip(b.parse::<f64>().ok()).is_some_and(|(a, b)| a == b);
    let mut apart = Vec::new();
    for (id, first) in ids.levels.iter().zip(known) {
        let here = first.and_then(|(level, row)| Some((row, column.levels.get(level)?)));
        let there = row_of.get(id.as_str()).and_then(|row| cells.get(*row));
        if let (Some((row, here)), Some(there)) = (here, there)
            && !same(here, there)
        {
            apart.push((id.as_str(), row, here.as_str(), there));
        }
    }
    if let Some((id, row, here, there)) = apart.first() {
        let others: Vec<&str> = apart.iter().skip(1).take(NAMED - 1).map(|(id, ..)| *id).collect();
        let more = apart.len().saturating_sub(NAMED);
        let also = match (others.is_empty(), more) {
            (true, _) => String::new(),
            (false, 0) => format!(" (likewise {})", others.join(", ")),
            (false, more) => format!(" (likewise {} and {more} more)", others.join(", ")),
        };
        findings.add(
            "SK620",
            place(&source.file, Some(source.table.file_row(*row)), Some(name)),
            format!(
                "`{name}` of patient {id} is {} here and {} in {}, which is taken{also}",
                shorten(here),
                shorten(there),
                patients.file
            ),
            "find out which is right, and correct or remove the other",
        );
    }
}
