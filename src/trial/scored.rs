//! Endpoints that are scored from questionnaire items: the items stand in the observations, or in a file of their own
//! with the same columns for patient, knee (or arm) and visit.

use super::coded::Coded;
use super::design::{Design, Endpoint};
use super::findings::{Findings, place};
use super::number_cells::numbers;
use super::rows::{Rows, has_column};
use super::side::{Side, side};
use super::sources::{Scoring, Source, Sources};
use crate::instrument::ScoreError;
use std::collections::{BTreeMap, HashMap};

/// The scores of `endpoint` for the rows; `None` where a column is missing.
pub fn scores(
    design: &Design,
    sources: &Sources,
    endpoint: usize,
    scoring: &Scoring,
    rows: &Rows,
    findings: &mut Findings,
) -> Option<Vec<Option<f64>>> {
    let endpoint = design.endpoints.get(endpoint)?;
    let source = scoring.source.as_ref().unwrap_or(&sources.observations);
    let mut complete = true;
    for column in &scoring.items {
        complete &= has_column(&source.file, &source.table, column, "item", findings);
    }
    if !complete {
        return None;
    }
    let items: Vec<Vec<Option<f64>>> =
        scoring.items.iter().map(|column| numbers(&source.file, &source.table, column, findings)).collect();
    if let Some(highest) = coded_from_one(source, scoring, &items) {
        findings.add(
            "SK219",
            place(&source.file, None, scoring.items.first().map(String::as_str)),
            format!(
                "{}: the answers run from 1 to {highest}, where those of {} begin at 0: the items are coded from 1",
                endpoint.name,
                scoring.instrument.name()
            ),
            format!(
                "take 1 from every answer in the file; do not list {highest} as missing, by which all scores would be too high"
            ),
        );
        return Some(vec![None; rows.len()]);
    }
    let places = match &scoring.source {
        None => rows.table_row.iter().copied().map(Some).collect(),
        Some(own) => matched(sources, own, endpoint, rows, findings)?,
    };
    let mut values = Vec::with_capacity(rows.len());
    let (mut replaced, mut invalid) = (0, 0);
    for place_of in places {
        let answers = |row: usize| -> Vec<Option<f64>> {
            items.iter().map(|column| column.get(row).copied().flatten()).collect()
        };
        let answers = place_of.map(|row| (row, answers(row)));
        let Some((row, answers)) = answers.filter(|(_, answers)| answers.iter().any(Option::is_some)) else {
            values.push(None);
            continue;
        };
        match scoring.instrument.score(scoring.scale, &answers) {
            Ok(score) => {
                replaced += usize::from(!score.replaced.is_empty());
                invalid += usize::from(score.value.is_none());
                values.push(if scoring.normalised { score.normalised } else { score.value });
            }
            Err(error) => {
                refused(source, scoring, row, &error, findings);
                values.push(None);
            }
        }
    }
    if replaced + invalid > 0 {
        findings.add(
            "SK220",
            place(&source.file, None, Some(&endpoint.column)),
            format!(
                "{}: items missing; {replaced} scores with items replaced by the mean, {invalid} without a value",
                endpoint.name
            ),
            "nothing, if it is known: the instrument's rule for missing items was followed",
        );
    }
    compare_with_recorded(sources, endpoint, rows, &values, findings);
    Some(values)
}

/// Fewest answers, and answers that are not offered, by which the coding of items is told.
const ENOUGH: usize = 10;
const NOT_OFFERED: usize = 2;

/// The highest answer, where the items are coded from 1: no answer is 0, some are not offered, and all are when 1 is taken from
/// each. Answers that the plan lists as missing count as well.
fn coded_from_one(source: &Source, scoring: &Scoring, items: &[Vec<Option<f64>>]) -> Option<f64> {
    let offered = |item: usize, answer: f64| {
        let mut answers = vec![None; items.len()];
        if let Some(place) = answers.get_mut(item) {
            *place = Some(answer);
        }
        !matches!(scoring.instrument.score(scoring.scale, &answers), Err(ScoreError::Answers { .. }))
    };
    let (mut all, mut not_offered) = (0, 0);
    let (mut lowest, mut highest) = (f64::INFINITY, f64::NEG_INFINITY);
    for (item, column) in items.iter().enumerate() {
        let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
        for answer in column.iter().flatten() {
            *counts.entry(answer.to_bits()).or_default() += 1;
        }
        let name = scoring.items.get(item).map(String::as_str).unwrap_or_default();
        let emptied = &source.table.emptied;
        for (code, rows) in emptied.everywhere.get(name).into_iter().chain(emptied.by_column.get(name)).flatten() {
            if let Some(answer) = code.parse::<f64>().ok().filter(|code| offered(item, code - 1.0)) {
                *counts.entry(answer.to_bits()).or_default() += rows.len();
            }
        }
        for (answer, count) in counts {
            let answer = f64::from_bits(answer);
            if !offered(item, answer - 1.0) {
                return None;
            }
            all += count;
            not_offered += if offered(item, answer) { 0 } else { count };
            (lowest, highest) = (lowest.min(answer), highest.max(answer));
        }
    }
    (all >= ENOUGH && not_offered >= NOT_OFFERED && lowest == 1.0).then_some(highest)
}

fn refused(source: &Source, scoring: &Scoring, row: usize, error: &ScoreError, findings: &mut Findings) {
    let file_row = Some(source.table.file_row(row));
    match error {
        ScoreError::Answers { answers } => {
            for answer in answers {
                let column = scoring.items.get(answer.item.wrapping_sub(1)).map(String::as_str);
                let message = format!("{} is not among the answers ({})", answer.found, answer.allowed);
                let declared =
                    super::rules::declared_missing::by_column(column.unwrap_or_default(), &answer.found.to_string());
                let remedy = format!("correct it; if it means missing, declare it for this column: {declared}");
                findings.add("SK219", place(&source.file, file_row, column), message, remedy);
            }
        }
        other => {
            findings.add("SK219", place(&source.file, file_row, None), other.to_string(), "correct the plan's `score`")
        }
    }
}

/// Recorded scores, where the observations have them too, against those of the items.
fn compare_with_recorded(
    sources: &Sources,
    endpoint: &Endpoint,
    rows: &Rows,
    scored: &[Option<f64>],
    findings: &mut Findings,
) {
    let source = &sources.observations;
    let Ok(recorded) = source.table.numbers(&endpoint.column) else { return };
    for (number, row) in rows.table_row.iter().enumerate() {
        if let (Some(Some(recorded)), Some(Some(scored))) = (recorded.get(*row), scored.get(number))
            && (recorded - scored).abs() > 1e-9 * scored.abs().max(1.0)
        {
            findings.add(
                "SK218",
                place(&source.file, rows.file_row.get(number).copied(), Some(&endpoint.column)),
                format!("{} is recorded as {recorded}, but its items give {scored}, which is used", endpoint.name),
                "correct the score or its items",
            );
        }
    }
}

/// The row of the item file for every row of the observations.
fn matched(
    sources: &Sources,
    own: &Source,
    endpoint: &Endpoint,
    rows: &Rows,
    findings: &mut Findings,
) -> Option<Vec<Option<usize>>> {
    let roles = &sources.roles;
    let keys = [Some(&roles.patient), roles.knee.as_ref().or(roles.arm.as_ref()), roles.visit.as_ref()];
    let mut complete = true;
    for column in keys.into_iter().flatten() {
        complete &= has_column(&own.file, &own.table, column, "key of the items", findings);
    }
    if !complete {
        return None;
    }
    let read = |source: &Source| -> Vec<Coded> {
        keys.into_iter().flatten().filter_map(|column| Coded::read(&source.table, column)).collect()
    };
    let (items, observed) = (read(own), read(&sources.observations));
    let key = |columns: &[Coded], row: usize| -> Vec<String> {
        columns.iter().enumerate().map(|(position, column)| label(column.get(row), position == 1)).collect()
    };
    let mut place_of: HashMap<Vec<String>, usize> = HashMap::new();
    for row in 0..own.table.height() {
        if let Some(before) = place_of.insert(key(&items, row), row) {
            findings.add(
                "SK101",
                place(&own.file, Some(own.table.file_row(row)), None),
                format!("the items of a knee at a visit stand here and in row {}", own.table.file_row(before)),
                "delete one of the rows, or correct its patient, side or visit",
            );
        }
    }
    let mut used = vec![false; own.table.height()];
    let places: Vec<Option<usize>> = rows
        .table_row
        .iter()
        .map(|row| {
            let found = place_of.get(&key(&observed, *row)).copied();
            if let Some(used) = found.and_then(|found| used.get_mut(found)) {
                *used = true;
            }
            found
        })
        .collect();
    for (row, _) in used.iter().enumerate().filter(|(_, used)| !**used) {
        findings.add(
            "SK221",
            place(&own.file, Some(own.table.file_row(row)), None),
            format!(
                "no row of {} has this patient, knee and visit; {} is not scored from here",
                rows.file, endpoint.name
            ),
            "correct the keys, or add the row to the observations",
        );
    }
    Some(places)
}

fn label(cell: Option<&str>, is_side: bool) -> String {
    let cell = cell.unwrap_or_default();
    match side(cell).filter(|_| is_side) {
        Some(Side::Left) => "left".to_owned(),
        Some(Side::Right) => "right".to_owned(),
        None => cell.to_owned(),
    }
}
