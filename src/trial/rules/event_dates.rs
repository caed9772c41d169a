//! Dates that are listed and not analysed: those of adverse events and of protocol deviations. They must be days, and agree
//! with the days that are analysed.

use super::{Context, Rule};
use crate::data::date::{Date, DateOrder};
use crate::trial::coded::Coded;
use crate::trial::finding::Severity::Warning;
use crate::trial::findings::{Findings, place};
use crate::trial::rows::shorten;
use crate::trial::sources::Source;
use std::collections::{BTreeMap, HashMap};

/// The rules.
pub const RULES: [Rule; 2] = [
    Rule {
        id: "SK723",
        severity: Warning,
        title: "Dates of events and deviations are days of one order.",
        example: "`19.03.2022` among dates such as 2022-03-19; `2022-03-32`; `3 Oct`.",
        remedy: "Write all dates as YYYY-MM-DD; a year, or a year and a month, may stand alone.",
    },
    Rule {
        id: "SK724",
        severity: Warning,
        title: "The day and the date of an event agree.",
        example: "Day 20 with the date of day 2, where the days of all other events count from baseline.",
        remedy: "Correct the day or the date.",
    },
];

/// Words that stand for a date that is not there yet, or not known.
const NO_DATE: [&str; 12] =
    ["ongoing", "continuing", "unknown", "unk", "nk", "n/k", "nd", "n/a", "na", "継続中", "不明", "未回復"];

/// Serial numbers of the days from 1954 to 2118 in Excel.
const SERIALS: std::ops::Range<f64> = 20_000.0..80_000.0;

/// Days by which a day and a date may differ from those of the other events: with and without a day 0.
const APART: i32 = 1;

/// Fewest events, and share of them (in halves), whose days and dates agree before another is one that does not.
const FEWEST: usize = 3;

/// SK706 of dates, SK723, SK724.
pub fn check(context: &Context<'_>, findings: &mut Findings) {
    if let Some(given) = &context.sources.deviations
        && let Some(column) = &given.date
    {
        dates(&given.source, column, findings);
    }
    let Some(given) = &context.sources.events else { return };
    let [start, end, ..] = &given.listed;
    let read = |column: &Option<String>, findings: &mut Findings| {
        column.as_ref().map(|column| dates(&given.source, column, findings)).unwrap_or_default()
    };
    let (starts, ends) = (read(start, findings), read(end, findings));
    let file = given.source.file.as_str();
    for event in context.trial.events.iter().flatten() {
        let Some(day) = event.start_day.filter(|day| SERIALS.contains(day)) else { continue };
        let message = format!(
            "day {day} is more than 50 years from the start, and looks like the serial number of a day in Excel"
        );
        let remedy = "write the day of the trial, or name the column of dates in `event_columns`";
        findings.add("SK723", place(file, Some(event.row), Some(&given.start_day)), message, remedy);
    }
    for (row, ended) in &ends {
        if let Some(started) = starts.get(row).filter(|started| *started > ended) {
            let message = format!("the event ends on {ended} before it begins on {started}");
            findings.add("SK706", place(file, Some(*row), end.as_deref()), message, "exchange or correct the dates");
        }
    }
    against_days(context, (file, start.as_deref()), &starts, findings);
}

/// The days of a column by row of the file; cells that are none are reported (SK723).
fn dates(source: &Source, column: &str, findings: &mut Findings) -> BTreeMap<usize, Date> {
    let Some(cells) = Coded::read(&source.table, column) else { return BTreeMap::new() };
    let partial = |cell: &str| {
        let digits = |text: &str, length: usize| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
        match cell.split_once('-') {
            None => digits(cell, 4),
            Some((year, month)) => digits(year, 4) && digits(month, 2) && ("01"..="12").contains(&month),
        }
    };
    let says = |cell: &str| !NO_DATE.contains(&cell.to_lowercase().as_str()) && !partial(cell);
    let wanted: Vec<&String> = cells.levels.iter().filter(|cell| says(cell)).collect();
    let count = |order: &DateOrder| wanted.iter().filter(|cell| Date::parse(cell, *order).is_some()).count();
    // The first order that reads the most cells.
    let Some(order) = DateOrder::ALL.into_iter().rev().max_by_key(count) else { return BTreeMap::new() };
    // Another order that reads the same cells, and other days.
    let also = |other: &DateOrder| {
        let both = |cell: &&String| (Date::parse(cell, *other), Date::parse(cell, order));
        let same_cells = wanted.iter().map(both).all(|(other, own)| other.is_some() == own.is_some());
        same_cells && wanted.iter().map(both).any(|(other, own)| other != own)
    };
    let ambiguous = count(&order) > 0 && DateOrder::ALL.iter().any(also);
    let mut found = BTreeMap::new();
    for row in 0..source.table.height() {
        let Some(cell) = cells.get(row).filter(|cell| says(cell)) else { continue };
        let file_row = source.table.file_row(row);
        match Date::parse(cell, order).filter(|_| !ambiguous) {
            Some(day) => {
                found.insert(file_row, day);
            }
            None => {
                let message = match ambiguous {
                    true => format!(
                        "`{}` is another day as day/month than as month/day, and no cell tells which",
                        shorten(cell)
                    ),
                    false => format!("`{}` is not a date, or not in the order of the other dates", shorten(cell)),
                };
                let remedy = "write all dates as YYYY-MM-DD; it is listed as it stands";
                findings.add("SK723", place(&source.file, Some(file_row), Some(column)), message, remedy);
            }
        }
    }
    found
}

/// SK724: events whose day and date lie further apart than those of nearly all others.
fn against_days(
    context: &Context<'_>,
    (file, column): (&str, Option<&str>),
    starts: &BTreeMap<usize, Date>,
    findings: &mut Findings,
) {
    let Some(events) = &context.trial.events else { return };
    let baselines = baselines(context);
    // How far the date lies behind baseline, less the day.
    let mut apart: BTreeMap<usize, (i32, f64, Date)> = BTreeMap::new();
    for event in events {
        let (Some(day), Some(date)) = (event.start_day, starts.get(&event.row)) else { continue };
        let patient = context.trial.patients.get(event.patient);
        let Some(baseline) = patient
            .and_then(|patient| baselines.get(&event.patient).copied().or_else(|| context.randomised_on(patient)))
        else {
            continue;
        };
        if day.fract() == 0.0 && day.abs() < 1e6 {
            // A day of a trial is far within an i32.
            apart.insert(event.row, (date.days - baseline.days - day as i32, day, *date));
        }
    }
    let mut counts: HashMap<i32, usize> = HashMap::new();
    for (difference, ..) in apart.values() {
        *counts.entry(*difference).or_default() += 1;
    }
    let near = |usual: i32| apart.values().filter(|(difference, ..)| (difference - usual).abs() <= APART).count();
    let mut candidates: Vec<i32> = counts.keys().copied().collect();
    candidates.sort_by_key(|difference| (std::cmp::Reverse(counts.get(difference).copied()), difference.abs()));
    let Some(usual) = candidates.first().copied() else { return };
    if near(usual) < FEWEST || 3 * near(usual) < 2 * apart.len() {
        return;
    }
    for (row, (difference, day, date)) in apart {
        if (difference - usual).abs() > APART {
            let expected = f64::from(difference - usual) + day;
            findings.add(
                "SK724",
                place(file, Some(row), column),
                format!("the event began on {date}, which is day {expected} as the other events count, and on day {day} by the file"),
                "correct the day or the date: the day decides whether the event is one of treatment",
            );
        }
    }
}

/// The day of the baseline visit, by patient.
fn baselines(context: &Context<'_>) -> HashMap<usize, Date> {
    let mut found = HashMap::new();
    let (Some(baseline), Some(dates)) = (context.trial.design.baseline, &context.rows.date) else { return found };
    let by_row: HashMap<usize, Date> =
        context.rows.file_row.iter().zip(dates).filter_map(|(row, date)| Some((*row, (*date)?))).collect();
    for (number, patient) in context.trial.patients.iter().enumerate() {
        let rows = patient.knees().iter().filter_map(|knee| knee.rows.get(baseline).copied().flatten());
        if let Some(day) = rows.filter_map(|row| by_row.get(&row).copied()).min() {
            found.insert(number, day);
        }
    }
    found
}
