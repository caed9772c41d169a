//! Wide data: a column per endpoint and knee, arm or visit, named by a pattern, turned into one row per knee and visit.

use super::build::index;
use super::coded::Coder;
use super::codes::{Code, Codes, find};
use super::design::Design;
use super::findings::{Findings, place};
use super::number_cells::values_of;
use super::rows::{Rows, keys, pick};
use super::side::side;
use super::sources::Sources;
use crate::data::Table;
use std::collections::{BTreeMap, BTreeSet};

/// Which knee, arm and visit a column belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Cell {
    knee: Option<String>,
    arm: Option<usize>,
    visit: Option<usize>,
}

/// The observations.
pub fn rows(
    design: &Design,
    sources: &Sources,
    pattern: &str,
    kept: &[usize],
    findings: &mut Findings,
) -> Option<Rows> {
    let source = &sources.observations;
    let mut cells: BTreeMap<Cell, Vec<Option<String>>> = BTreeMap::new();
    let mut complete = true;
    let mut unread = Vec::new();
    for name in source.table.column_names() {
        let Some((endpoint, cell)) = meaning(design, &sources.codes, pattern, &name) else {
            unread.push(name);
            continue;
        };
        // Two spellings of a side are one knee.
        let same = |known: &Cell| {
            let knees = known.knee.as_deref().zip(cell.knee.as_deref());
            known.arm == cell.arm
                && known.visit == cell.visit
                && knees.is_some_and(|(a, b)| super::allocated::same(a, b))
        };
        let mut before = cells.iter().filter(|(known, _)| **known == cell || same(known));
        let before = before.find_map(|(_, columns)| columns.get(endpoint).cloned().flatten());
        if let Some(before) = before {
            complete = false;
            findings.add(
                "SK009",
                place(&source.file, Some(1), Some(&name)),
                format!("`{before}` and `{name}` are one value under the pattern `{pattern}`: the same knee and visit"),
                "keep one of the two columns, or rename the other",
            );
            continue;
        }
        let columns = cells.entry(cell).or_insert_with(|| vec![None; design.endpoints.len()]);
        if let Some(place) = columns.get_mut(endpoint) {
            *place = Some(name);
        }
    }
    nearly_read(design, sources, pattern, &unread, findings);
    for (number, endpoint) in design.endpoints.iter().enumerate() {
        if !cells.values().any(|columns| columns.get(number).is_some_and(Option::is_some)) {
            complete = false;
            let expected = pattern.replace("{endpoint}", &endpoint.column);
            findings.add(
                "SK025",
                place(&source.file, Some(1), Some(&expected)),
                format!("no column follows the pattern `{expected}` for {}", endpoint.name),
                format!("the file has: {}", source.table.column_names().join(", ")),
            );
        }
    }
    if !complete {
        return None;
    }
    let key_rows = keys(design, sources, kept, findings)?;
    let mut sides = Coder::of(&key_rows.sides);
    let with_side = key_rows.side.is_some() || cells.keys().any(|cell| cell.knee.is_some());
    let with_arm = key_rows.arm.is_some() || cells.keys().any(|cell| cell.arm.is_some());
    let mut rows = Rows {
        file: key_rows.file.clone(),
        patients: key_rows.patients.clone(),
        side: with_side.then(Vec::new),
        arm: with_arm.then(Vec::new),
        month: key_rows.month.as_ref().map(|_| Vec::new()),
        date: key_rows.date.as_ref().map(|_| Vec::new()),
        values: vec![Vec::new(); design.endpoints.len()],
        ..Rows::default()
    };
    for (cell, columns) in &cells {
        let values: Vec<Option<Vec<Option<f64>>>> = columns
            .iter()
            .zip(&design.endpoints)
            .map(|(column, endpoint)| {
                let column = column.as_ref()?;
                Some(pick(&values_of(endpoint, &source.file, &source.table, column, findings), kept))
            })
            .collect();
        let knee = cell.knee.as_ref().map(|label| sides.code(label));
        for number in 0..kept.len() {
            let value = |endpoint: &Option<Vec<Option<f64>>>| {
                endpoint.as_ref().and_then(|values| values.get(number).copied().flatten())
            };
            // A patient without any value in these columns has no such knee or visit.
            if values.iter().all(|endpoint| value(endpoint).is_none()) {
                continue;
            }
            let at = |column: &Option<Vec<u32>>| column.as_ref().and_then(|codes| codes.get(number)).copied();
            let visit = match cell.visit {
                Some(visit) => u32::try_from(visit).ok(),
                None => key_rows.visit.get(number).copied(),
            };
            let (Some(patient), Some(visit)) = (key_rows.patient.get(number).copied(), visit) else { continue };
            if let (Some(column), Some(code)) = (&mut rows.side, knee.or_else(|| at(&key_rows.side))) {
                column.push(code);
            }
            let arm = cell.arm.and_then(|arm| u32::try_from(arm).ok());
            if let (Some(column), Some(code)) = (&mut rows.arm, arm.or_else(|| at(&key_rows.arm))) {
                column.push(code);
            }
            if let (Some(column), Some(from)) = (&mut rows.month, &key_rows.month) {
                column.push(from.get(number).copied().flatten());
            }
            if let (Some(column), Some(from)) = (&mut rows.date, &key_rows.date) {
                column.push(from.get(number).copied().flatten());
            }
            rows.patient.push(patient);
            rows.visit.push(visit);
            rows.file_row.push(key_rows.file_row.get(number).copied().unwrap_or_default());
            for (column, endpoint) in rows.values.iter_mut().zip(&values) {
                column.push(value(endpoint));
            }
        }
    }
    rows.sides = sides.levels;
    let with_values: BTreeSet<u32> = rows.patient.iter().copied().collect();
    for (patient, row) in
        key_rows.patient.iter().zip(&key_rows.file_row).filter(|(code, _)| !with_values.contains(*code))
    {
        let Some(id) = index(*patient).and_then(|patient| rows.patients.get(patient)) else { continue };
        findings.add(
            "SK113",
            place(&source.file, Some(*row), Some(&sources.roles.patient)),
            format!("patient {id} has no value in any column of the endpoints"),
            "see that the patient was never measured",
        );
    }
    Some(rows)
}

/// Whether a column is one of the values, or computed from them, and so describes no patient.
pub fn is_of_values(design: &Design, codes: &Codes, pattern: &str, name: &str) -> bool {
    meaning(design, codes, pattern, name).is_some() || computed(design, codes, pattern, name).is_some()
}

/// Names columns that have the shape of the pattern, with an endpoint and a side of the plan in any case of letters, but a
/// visit or arm that the plan does not have: they are not read.
fn nearly_read(design: &Design, sources: &Sources, pattern: &str, unread: &[String], findings: &mut Findings) {
    let folded = pattern.to_lowercase();
    let file = sources.observations.file.as_str();
    let roles = &sources.roles;
    let named = [Some(&roles.patient), roles.knee.as_ref(), roles.arm.as_ref(), roles.visit.as_ref()];
    let is_role = |name: &String| named.iter().flatten().any(|role| *role == name);
    let is_computed = |name: &String| computed(design, &sources.codes, pattern, name).is_some();
    for name in unread.iter().filter(|name| !is_role(name) && !is_computed(name)) {
        let is_near = |endpoint: &&super::design::Endpoint| {
            let shape = folded.replace("{endpoint}", &endpoint.column.to_lowercase());
            has_shape(&shape, &name.to_lowercase(), &sources.codes)
        };
        let Some(endpoint) = design.endpoints.iter().find(is_near) else { continue };
        let visits: Vec<&str> = design.visits.iter().map(|visit| visit.label.as_str()).collect();
        findings.add(
            "SK050",
            place(file, Some(1), Some(name)),
            format!("`{name}` looks like a column of {} and is not read: it does not follow `{pattern}`", endpoint.name),
            format!(
                "rename the column if it belongs to a visit of the plan ({}), or add its visit to `visits.order`; upper and \
                 lower case count",
                visits.join(", ")
            ),
        );
    }
}

/// Whether `name` has the shape of `pattern`: the same but for `{knee}`, which is a side, and `{visit}` and `{arm}`, which
/// are anything. Both in small letters.
fn has_shape(pattern: &str, name: &str, codes: &Codes) -> bool {
    let Some(open) = pattern.find('{') else { return pattern == name };
    let (before, rest) = pattern.split_at(open);
    let Some((placeholder, after)) = rest.split_once('}') else { return pattern == name };
    let Some(name) = name.strip_prefix(before) else { return false };
    let fits = |filled: &str| match placeholder {
        "{knee" => side(filled).is_some() || find(&codes.sides, filled).is_some(),
        _ => !filled.is_empty(),
    };
    let mut ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
    ends.any(|end| {
        let (filled, left) = name.split_at(end);
        fits(filled) && has_shape(after, left, codes)
    })
}

/// Whether some column of `table` holds the endpoint `number` under the pattern.
pub fn holds(design: &Design, codes: &Codes, pattern: &str, table: &Table, number: usize) -> bool {
    let names = table.column_names();
    names.iter().any(|name| meaning(design, codes, pattern, name).is_some_and(|(endpoint, _)| endpoint == number))
}

/// The endpoint that a column name belongs to under the pattern, if any.
pub fn endpoint_of(design: &Design, codes: &Codes, pattern: &str, name: &str) -> Option<usize> {
    meaning(design, codes, pattern, name).map(|(endpoint, _)| endpoint)
}

/// The endpoint and cell that a column name stands for under the pattern, if any. A visit is written as its label, its
/// identifier (`m6`), its label with `_` for blanks, or its code; an arm as its label or its code; a knee as any spelling of
/// left or right, or as its code.
fn meaning(design: &Design, codes: &Codes, pattern: &str, name: &str) -> Option<(usize, Cell)> {
    for (number, endpoint) in design.endpoints.iter().enumerate() {
        let with_endpoint = pattern.replace("{endpoint}", &endpoint.column);
        for (visit, with_visit) in expand_visits(design, codes, &with_endpoint) {
            for (arm, with_arm) in expand_arms(design, codes, &with_visit) {
                if let Some(knee) = knee_of(codes, &with_arm, name) {
                    return Some((number, Cell { knee, arm, visit }));
                }
            }
        }
    }
    None
}

/// The knee (`None` where the pattern has none) of a column whose name follows a pattern in which only `{knee}` is open.
fn knee_of(codes: &Codes, pattern: &str, name: &str) -> Option<Option<String>> {
    let Some((before, after)) = pattern.split_once("{knee}") else { return (pattern == name).then_some(None) };
    let label = name.strip_prefix(before)?.strip_suffix(after)?;
    let coded = find(&codes.sides, label).map(|code| code.label.clone());
    coded.or_else(|| side(label).map(|_| label.to_owned())).map(Some)
}

/// What a column of wide data holds that is computed from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Computed {
    /// A baseline.
    Base,
    /// A change from baseline.
    Change,
}

/// A computed column: of which endpoint, arm or knee, and visit (of a change).
#[derive(Debug, Clone)]
pub struct ComputedColumn {
    /// What it holds.
    pub what: Computed,
    /// Endpoint.
    pub endpoint: usize,
    /// Label of the side, where the pattern has sides.
    pub knee: Option<String>,
    /// Arm, where the pattern has arms.
    pub arm: Option<usize>,
    /// Visit of a change.
    pub visit: Option<usize>,
}

/// Words for a baseline and for a change in the name of a column.
const BASE: [&str; 3] = ["base", "baseline", "bl"];
const CHANGE: [&str; 4] = ["chg", "change", "cfb", "delta"];

/// The computed column that a name stands for which is no value under the pattern: `vas_L_base`, `vas_base_L`,
/// `vas_L_m6_chg`, `chg_vas_L_m6`.
pub fn computed(design: &Design, codes: &Codes, pattern: &str, name: &str) -> Option<ComputedColumn> {
    let name = name.to_lowercase();
    if !pattern.contains("{visit}") || meaning(design, codes, pattern, &name).is_some() {
        return None;
    }
    let of = |what, words: &[&str]| {
        design.endpoints.iter().enumerate().find_map(|(endpoint, about)| {
            words.iter().find_map(|word| {
                // Where a change or baseline of its own is an endpoint, its column is no copy.
                let column = &about.column;
                let named = [format!("{column}_{word}"), format!("{word}_{column}")];
                let within = named.iter().map(|named| pattern.replace("{endpoint}", named));
                let whole = pattern.replace("{endpoint}", column);
                let around = [format!("{whole}_{word}"), format!("{word}_{whole}")];
                let patterns: Vec<String> = match what {
                    Computed::Change => within.chain(around).collect(),
                    Computed::Base => {
                        let without = |pattern: String| {
                            pattern.replace("_{visit}", "").replace("{visit}_", "").replace("{visit}", "")
                        };
                        within.map(without).chain([whole.replace("{visit}", word)]).collect()
                    }
                };
                patterns.iter().find_map(|pattern| {
                    expand_visits(design, codes, pattern).into_iter().find_map(|(visit, with_visit)| {
                        expand_arms(design, codes, &with_visit).into_iter().find_map(|(arm, with_arm)| {
                            let open = with_arm.to_lowercase();
                            let knee = knee_of(codes, &open, &name)?;
                            Some(ComputedColumn { what, endpoint, knee, arm, visit })
                        })
                    })
                })
            })
        })
    };
    of(Computed::Change, &CHANGE).filter(|found| found.visit.is_some()).or_else(|| of(Computed::Base, &BASE))
}

fn expand_visits(design: &Design, codes: &Codes, pattern: &str) -> Vec<(Option<usize>, String)> {
    if !pattern.contains("{visit}") {
        return vec![(None, pattern.to_owned())];
    }
    let mut expanded = Vec::new();
    for (number, visit) in design.visits.iter().enumerate() {
        let usual =
            [visit.label.clone(), visit.id.clone(), visit.label.replace(' ', "_"), visit.label.replace(' ', "")];
        for spelling in usual.into_iter().chain(codes_of(&codes.visits, &visit.label)) {
            expanded.push((Some(number), pattern.replace("{visit}", &spelling)));
        }
    }
    expanded
}

fn expand_arms(design: &Design, codes: &Codes, pattern: &str) -> Vec<(Option<usize>, String)> {
    if !pattern.contains("{arm}") {
        return vec![(None, pattern.to_owned())];
    }
    let mut expanded = Vec::new();
    for (number, label) in design.arms.labels().into_iter().enumerate() {
        for spelling in std::iter::once(label.to_owned()).chain(codes_of(&codes.arms, label)) {
            expanded.push((Some(number), pattern.replace("{arm}", &spelling)));
        }
    }
    expanded
}

/// The codes of a label.
fn codes_of(codes: &[Code], label: &str) -> Vec<String> {
    codes.iter().filter(|code| code.label == label).flat_map(|code| code.codes.clone()).collect()
}
