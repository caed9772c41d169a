//! The ADaM basic data structure: one row per knee, visit and parameter, turned into one row per knee and visit.

use super::build::index;
use super::coded::Coded;
use super::design::{Design, Endpoint, Kind};
use super::finding::nearest;
use super::findings::{Findings, place};
use super::number_cells::values_of;
use super::replicates::Replicates;
use super::rows::{Rows, keys};
use super::sources::{Source, Sources};
use super::spelling;
use std::collections::HashMap;

/// Whether a code is that of an endpoint with its number.
type Way<'a> = dyn Fn(usize, &Endpoint, &str) -> bool + 'a;

/// By endpoint, the place of its parameter code among `codes`: the code that the plan names as its column; else the code that
/// an export gives it (`own`, declared or made from the identifier); else its column or identifier in another case. A code is
/// one endpoint's, and where several would do, none is taken.
pub fn levels(design: &Design, own: &[String], codes: &[String]) -> Vec<Option<usize>> {
    let ways: [&Way; 3] = [
        &|_, endpoint, code| endpoint.column == code,
        &|number, _, code| own.get(number).is_some_and(|own| own == code),
        &|_, endpoint, code| endpoint.column.eq_ignore_ascii_case(code) || endpoint.id.eq_ignore_ascii_case(code),
    ];
    let mut levels = vec![None; design.endpoints.len()];
    for is_its in ways {
        for (number, endpoint) in design.endpoints.iter().enumerate() {
            let free = |level: &usize| !levels.contains(&Some(*level));
            let fitting: Vec<usize> = codes
                .iter()
                .enumerate()
                .filter(|(level, code)| free(level) && is_its(number, endpoint, code))
                .map(|(level, _)| level)
                .collect();
            if let ([only], Some(level @ None)) = (fitting.as_slice(), levels.get_mut(number)) {
                *level = Some(*only);
            }
        }
    }
    levels
}

/// The observations; `columns` are those of the parameter code and of the value.
pub fn rows(
    design: &Design,
    sources: &Sources,
    (parameter, value): (&str, &str),
    kept: &[usize],
    findings: &mut Findings,
) -> Option<Rows> {
    let source = &sources.observations;
    let codes = Coded::read(&source.table, parameter)?;
    let levels = levels(design, &sources.parameter_codes, &codes.levels);
    let endpoint_of: Vec<Option<usize>> =
        (0..codes.levels.len()).map(|level| levels.iter().position(|found| *found == Some(level))).collect();
    let mut complete = true;
    for (endpoint, _) in design.endpoints.iter().zip(&levels).filter(|(_, level)| level.is_none()) {
        complete = false;
        let near = nearest(&endpoint.column, codes.levels.iter().map(String::as_str));
        let remedy = if near.is_empty() { codes.levels.join(", ") } else { near.join("` or `") };
        findings.add(
            "SK025",
            place(&source.file, None, Some(parameter)),
            format!("no row has the parameter code `{}` of {}", endpoint.column, endpoint.name),
            format!("did you mean `{remedy}`?"),
        );
    }
    if !complete {
        return None;
    }
    // Rows of parameters that the plan does not use are passed over.
    let used: Vec<usize> = kept
        .iter()
        .copied()
        .filter(|row| codes.level(*row).and_then(|level| endpoint_of.get(level).copied().flatten()).is_some())
        .collect();
    near_codes(design, source, &codes, (parameter, value), &endpoint_of, findings);
    derived_or_unflagged(sources, &used, findings);
    let all = keys(design, sources, &used, findings)?;
    let values = values(
        design,
        sources,
        value,
        &used,
        &|row| codes.level(row).and_then(|level| endpoint_of.get(level).copied().flatten()),
        findings,
    );
    let mut rows = Rows {
        file: all.file.clone(),
        patients: all.patients.clone(),
        sides: all.sides.clone(),
        side: all.side.as_ref().map(|_| Vec::new()),
        arm: all.arm.as_ref().map(|_| Vec::new()),
        month: all.month.as_ref().map(|_| Vec::new()),
        date: all.date.as_ref().map(|_| Vec::new()),
        values: vec![Vec::new(); design.endpoints.len()],
        ..Rows::default()
    };
    let code = |column: &Option<Vec<u32>>, row: usize| column.as_ref().and_then(|codes| codes.get(row)).copied();
    let mut place_of: HashMap<(u32, Option<u32>, Option<u32>, u32), usize> = HashMap::new();
    for (number, original) in used.iter().enumerate() {
        let Some(endpoint) = codes.level(*original).and_then(|level| endpoint_of.get(level).copied().flatten()) else {
            continue;
        };
        let (Some(patient), Some(visit)) = (all.patient.get(number).copied(), all.visit.get(number).copied()) else {
            continue;
        };
        let key = (patient, code(&all.side, number), code(&all.arm, number), visit);
        let several = sources.replicates.get(endpoint).is_some_and(|rule| *rule != Replicates::Refuse);
        let filled =
            |row: &usize| rows.values.get(endpoint).and_then(|column| column.get(*row)).is_some_and(Option::is_some);
        // A further reading is a row of its own, to be taken together with the first.
        if several && place_of.get(&key).is_some_and(filled) {
            place_of.remove(&key);
        }
        let row = *place_of.entry(key).or_insert_with(|| {
            rows.patient.push(patient);
            rows.visit.push(visit);
            rows.file_row.push(all.file_row.get(number).copied().unwrap_or_default());
            if let (Some(column), Some(code)) = (&mut rows.side, key.1) {
                column.push(code);
            }
            if let (Some(column), Some(code)) = (&mut rows.arm, key.2) {
                column.push(code);
            }
            if let (Some(column), Some(from)) = (&mut rows.month, &all.month) {
                column.push(from.get(number).copied().flatten());
            }
            if let (Some(column), Some(from)) = (&mut rows.date, &all.date) {
                column.push(from.get(number).copied().flatten());
            }
            for column in &mut rows.values {
                column.push(None);
            }
            rows.patient.len() - 1
        });
        let Some(cell) = rows.values.get_mut(endpoint).and_then(|column| column.get_mut(row)) else { continue };
        if cell.is_some() {
            findings.add(
                "SK101",
                place(&source.file, all.file_row.get(number).copied(), Some(parameter)),
                format!(
                    "patient {} has a second value of `{}` at one visit of one knee",
                    index(patient)
                        .and_then(|patient| all.patients.get(patient))
                        .map(String::as_str)
                        .unwrap_or_default(),
                    codes.get(*original).unwrap_or_default()
                ),
                "keep one record per visit with `data.where`, for instance `ANL01FL == \"Y\"`",
            );
        }
        *cell = values.get(number).copied().flatten();
    }
    Some(rows)
}

/// SK050: parameter codes that are another spelling of an endpoint's, whose rows are passed over.
fn near_codes(
    design: &Design,
    source: &Source,
    codes: &Coded,
    (parameter, value): (&str, &str),
    endpoint_of: &[Option<usize>],
    findings: &mut Findings,
) {
    let (counts, first) = (codes.counts(), codes.first_rows());
    for (level, code) in codes.levels.iter().enumerate().filter(|(level, _)| endpoint_of.get(*level) == Some(&None)) {
        let rows = counts.get(level).copied().unwrap_or_default();
        let like = endpoint_of.iter().enumerate().find_map(|(other, endpoint)| {
            let (endpoint, known) = (design.endpoints.get((*endpoint)?)?, codes.levels.get(other)?);
            let same = spelling::bare(code) == spelling::bare(known);
            // A slip of the pen is rare; another parameter is as frequent as the first.
            let slip = rows * 10 <= counts.get(other).copied().unwrap_or_default() && spelling::is_slip(code, known);
            (same || slip).then_some((endpoint, known))
        });
        let Some((endpoint, known)) = like else { continue };
        findings.add(
            "SK050",
            place(&source.file, first.get(level).map(|row| source.table.file_row(*row)), Some(parameter)),
            format!(
                "the parameter code `{code}` in {} looks like `{known}`, and its `{value}` is not read as {}",
                if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") },
                endpoint.name
            ),
            format!("write `{known}`, or waive the rule with the reason if it is another parameter"),
        );
    }
}

/// Says how many of the rows in `used` are derived (`DTYPE` is filled), and how many lack the flag of the analysis
/// (`ANL01FL`) beside flagged ones. Rows that the plan's `where` leaves out are gone before.
fn derived_or_unflagged(sources: &Sources, used: &[usize], findings: &mut Findings) {
    let source = &sources.observations;
    let read = |wanted: &str| {
        let names = source.table.column_names();
        let name = names.into_iter().find(|name| name.eq_ignore_ascii_case(wanted))?;
        Some((name.clone(), Coded::read(&source.table, &name)?))
    };
    let mut say = |name: &str, rows: &[usize], what: &str, condition: &str| {
        let Some(first) = rows.first() else { return };
        let filtered = source.table.provenance.notes.iter().any(|note| note.starts_with("`where` keeps"));
        let already = if filtered { ", joined with `and` to the condition that is there" } else { "" };
        findings.add(
            "SK049",
            place(&source.file, Some(source.table.file_row(*first)), Some(name)),
            format!("{} of {} rows {what}, and are analysed like any other", rows.len(), used.len()),
            format!("to leave them out write `where = '{condition}'` into [data]{already}"),
        );
    };
    if let Some((name, column)) = read("DTYPE") {
        let derived: Vec<usize> = used.iter().copied().filter(|row| column.get(*row).is_some()).collect();
        let mut kinds: Vec<&str> = derived.iter().filter_map(|row| column.get(*row)).collect();
        kinds.sort_unstable();
        kinds.dedup();
        say(&name, &derived, &format!("are derived ({})", kinds.join(", ")), &format!("{name} == \"\""));
    }
    if let Some((name, column)) = read("ANL01FL") {
        let flagged = used.iter().any(|row| column.get(*row) == Some("Y"));
        let others: Vec<usize> = used.iter().copied().filter(|row| column.get(*row) != Some("Y")).collect();
        if flagged {
            say(&name, &others, "are not flagged for the analysis", &format!("{name} == \"Y\""));
        }
    }
}

/// The values of the rows in `used`, each read as the endpoint of its row says: cells of other parameters are not looked at.
fn values(
    design: &Design,
    sources: &Sources,
    column: &str,
    used: &[usize],
    endpoint_of: &dyn Fn(usize) -> Option<usize>,
    findings: &mut Findings,
) -> Vec<Option<f64>> {
    let source = &sources.observations;
    let alike = |endpoint: &Endpoint| endpoint.levels.is_empty() && endpoint.kind != Kind::Binary;
    let mut values = vec![None; used.len()];
    let mut read = |endpoint: &Endpoint, places: Vec<usize>| {
        let rows: Vec<usize> = places.iter().filter_map(|place| used.get(*place)).copied().collect();
        let table = if rows.len() == source.table.height() { None } else { Some(source.table.keep(&rows)) };
        let table = table.as_ref().unwrap_or(&source.table);
        for (place, value) in places.into_iter().zip(values_of(endpoint, &source.file, table, column, findings)) {
            if let Some(cell) = values.get_mut(place) {
                *cell = value;
            }
        }
    };
    let of = |wanted: &dyn Fn(usize) -> bool| -> Vec<usize> {
        let fits = |(_, row): &(usize, &usize)| endpoint_of(**row).is_some_and(wanted);
        used.iter().enumerate().filter(fits).map(|(place, _)| place).collect()
    };
    let is_alike = |number: usize| design.endpoints.get(number).is_some_and(alike);
    if let Some(endpoint) = design.endpoints.iter().find(|endpoint| alike(endpoint)) {
        read(endpoint, of(&is_alike));
    }
    for (number, endpoint) in design.endpoints.iter().enumerate().filter(|(_, endpoint)| !alike(endpoint)) {
        read(endpoint, of(&|other| other == number));
    }
    values
}
