//! SK222 where not whole patients are in another unit: a visit, single knees, single cells, and what a column of units says.

use super::Context;
use super::units::{TENFOLD, middle};
use super::values::{cell, row};
use crate::trial::coded::Coded;
use crate::trial::design::Endpoint;
use crate::trial::findings::{Findings, place};
use crate::trial::sources::Layout;
use std::collections::BTreeMap;

/// Values with their rows.
type Values = [(f64, Option<usize>)];

/// Fewest values that are compared with others.
const FEWEST: usize = 6;
/// Knees and cells that a finding names.
const NAMED: usize = 10;
/// How many times its own value the other knee of a patient has at least, where one of the two is in another unit.
const FAR: f64 = 3.0;
/// Values that tell what is usual.
const SAMPLE: usize = 10_000;
/// Most cells that are single ones.
const FEW: usize = 5;

/// Looks at the visits, knees and cells of an endpoint whose patients are in one unit. Short scales have points and no unit.
pub fn check(context: &Context<'_>, number: usize, endpoint: &Endpoint, values: &Values, findings: &mut Findings) {
    let lowest = values.iter().map(|(value, _)| *value).fold(f64::INFINITY, f64::min);
    if lowest < 0.0 || endpoint.range.is_some_and(|(low, high)| high - low < super::units::SHORT) {
        return;
    }
    if !visits(context, number, endpoint, findings) && !knees(context, number, endpoint, values, findings) {
        cells(context, endpoint, values, findings);
    }
}

/// The least and the greatest.
fn ends(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)))
}

/// Whether all of `low` lie below all of `high` and about a tenth of them.
fn is_tenth(low: &[f64], high: &[f64]) -> bool {
    let ratio = middle(high.to_vec()) / middle(low.to_vec());
    ends(low).1 > 0.0 && (TENFOLD.0..=TENFOLD.1).contains(&ratio)
}

/// A visit whose values are about a tenth of those of all others, or ten times as large; whether there is one.
fn visits(context: &Context<'_>, number: usize, endpoint: &Endpoint, findings: &mut Findings) -> bool {
    let design = &context.trial.design;
    let at = |visit: usize| context.knees_of_patients().filter_map(move |(_, knee)| cell(knee, number, visit));
    let range = |visit: usize| {
        at(visit).fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
    };
    let ranges: Vec<(f64, f64)> = (0..design.visits.len()).map(range).collect();
    for (visit, (low, high)) in ranges.iter().enumerate() {
        let others = || ranges.iter().enumerate().filter(|(other, _)| *other != visit);
        let from = others().map(|(_, (low, _))| *low).fold(f64::INFINITY, f64::min);
        let to = others().map(|(_, (_, high))| *high).fold(f64::NEG_INFINITY, f64::max);
        // Seldom two visits have no value in common: only then they are looked at.
        if !(high < &from || &to < low) {
            continue;
        }
        let own: Vec<f64> = at(visit).collect();
        let others: Vec<f64> = others().flat_map(|(other, _)| at(other)).collect();
        let tenth = if high < &from { is_tenth(&own, &others) } else { is_tenth(&others, &own) };
        if own.len() < FEWEST || others.len() < FEWEST || !tenth {
            continue;
        }
        let first = context.knees_of_patients().find_map(|(_, knee)| cell(knee, number, visit).and(row(knee, visit)));
        let label = design.visits.get(visit).map(|visit| visit.label.as_str()).unwrap_or_default();
        findings.add(
            "SK222",
            context.rows.place(first, Some(&endpoint.column)),
            format!(
                "{} lies between {low} and {high} at `{label}`, and between {from} and {to} at all other visits: is it another \
                 unit?",
                endpoint.name
            ),
            "convert the values of this visit, if they are in another unit",
        );
        return true;
    }
    false
}

/// Knees whose values are about a tenth of those of the patient's other knee at every visit, and below all other values.
fn knees(context: &Context<'_>, number: usize, endpoint: &Endpoint, values: &Values, findings: &mut Findings) -> bool {
    let visits = context.trial.design.visits.len();
    let mut found: Vec<(String, Option<usize>, Vec<f64>)> = Vec::new();
    for patient in &context.trial.patients {
        let [a, b] = patient.knees() else { continue };
        for (own, other) in [(a, b), (b, a)] {
            let pairs =
                || (0..visits).filter_map(|visit| Some((cell(own, number, visit)?, cell(other, number, visit)?)));
            let far = |(own, other): (f64, f64)| own > 0.0 && other > FAR * own;
            let ratio = || middle(pairs().map(|(own, other)| other / own).collect());
            if pairs().all(far) && pairs().count() >= 2 && (TENFOLD.0..=TENFOLD.1).contains(&ratio()) {
                let first = (0..visits).find_map(|visit| cell(own, number, visit).and(row(own, visit)));
                let name = format!("{} {}", patient.id, own.side);
                found.push((name, first, pairs().map(|(own, _)| own).collect()));
            }
        }
    }
    let low: Vec<f64> = found.iter().flat_map(|(_, _, values)| values).copied().collect();
    if low.is_empty() {
        return false;
    }
    let mut sorted: Vec<f64> = values.iter().map(|(value, _)| *value).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    // Not a knee that is well beside one that is not: nobody else has values as low.
    let rest = sorted.get(low.len()..).unwrap_or_default();
    if rest.len() < FEWEST || rest.first().is_none_or(|least| *least <= ends(&low).1) {
        return false;
    }
    let shown = found.iter().take(NAMED).map(|(name, _, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    let more = if found.len() > NAMED { format!(" and {} more", found.len() - NAMED) } else { String::new() };
    let ((from, to), (others_from, others_to)) = (ends(&low), ends(rest));
    findings.add(
        "SK222",
        context.rows.place(found.iter().filter_map(|(_, row, _)| *row).min(), Some(&endpoint.column)),
        format!(
            "{} lies between {from} and {to} in {} ({shown}{more}), about a tenth of the other knee at every visit, and \
             between {others_from} and {others_to} in all other knees: is it another unit?",
            endpoint.name,
            if found.len() == 1 { "one knee".to_owned() } else { format!("{} knees", found.len()) }
        ),
        "convert the values of these knees, if they are in another unit",
    );
    true
}

/// Single cells that fit the others when the decimal point is moved: 5.2 among 31 to 69, 2.345 among 2000 to 2400.
fn cells(context: &Context<'_>, endpoint: &Endpoint, values: &Values, findings: &mut Findings) {
    if values.len() < 20 {
        return;
    }
    // What is usual is told from some thousand values as well as from all.
    let step = values.len() / SAMPLE + 1;
    let mut all: Vec<f64> = values.iter().step_by(step).map(|(value, _)| *value).collect();
    let last = all.len() - 1;
    // The middle nine tenths.
    let mut at = |share: usize| *all.select_nth_unstable_by(last * share / 20, f64::total_cmp).1;
    let (usual_low, usual_high) = (at(1), at(19));
    let whole = values.iter().filter(|(value, _)| value.fract() == 0.0).count();
    let odd = |value: f64| {
        let moved = |by: f64| (usual_low..=usual_high).contains(&(value * by));
        let decimals = value.fract() != 0.0 && values.len() - whole <= FEW;
        // The only ones with decimals among whole numbers, and whole when the point is moved; or far outside.
        let tenth = decimals && [10.0, 100.0, 1000.0].iter().any(|by| moved(*by) && is_whole(value * by));
        // A scale with bounds has low values; of a measurement whose values are much alike one is ten times as large by a slip.
        let alike = endpoint.range.is_none() && usual_high <= 3.0 * usual_low;
        let far = alike
            && value > 0.0
            && (value * 3.0 < usual_low && [10.0, 100.0, 1000.0].iter().any(|by| moved(*by))
                || value > 3.0 * usual_high && [0.1, 0.01, 0.001].iter().any(|by| moved(*by)));
        usual_low > 0.0 && (far || (tenth && value < usual_low))
    };
    let found: Vec<(f64, Option<usize>)> = values.iter().filter(|(value, _)| odd(*value)).copied().collect();
    if found.is_empty() || found.len() > FEW {
        return;
    }
    let shown = found.iter().map(|(value, _)| value.to_string()).collect::<Vec<_>>().join(", ");
    findings.add(
        "SK222",
        context.rows.place(found.first().and_then(|(_, row)| *row), Some(&endpoint.column)),
        format!(
            "{} is {shown} in {}, where {usual_low} to {usual_high} is usual: is it another unit, or a decimal point that moved?",
            endpoint.name,
            if found.len() == 1 { "1 cell".to_owned() } else { format!("{} cells", found.len()) }
        ),
        "check the cell against the source, and convert it if it is in another unit",
    );
}

fn is_whole(value: f64) -> bool {
    (value - value.round()).abs() < 1e-9 * value.abs()
}

/// Exposures that are far from those of all other counts: months among days.
pub fn exposures(context: &Context<'_>, number: usize, endpoint: &Endpoint, findings: &mut Findings) {
    let visits = context.trial.design.visits.len();
    let mut all: Vec<(f64, Option<usize>)> = Vec::new();
    for (_, knee) in context.knees_of_patients() {
        let at = |visit: usize| knee.exposures.get(number)?.get(visit).copied().flatten();
        all.extend((0..visits).filter_map(|visit| Some((at(visit)?, row(knee, visit)))));
    }
    if all.len() < FEWEST {
        return;
    }
    let usual = middle(all.iter().map(|(exposure, _)| *exposure).collect());
    let far: Vec<(f64, Option<usize>)> = all
        .into_iter()
        .filter(|(exposure, _)| *exposure * FAR_EXPOSURE <= usual || *exposure >= FAR_EXPOSURE * usual)
        .collect();
    if let Some((exposure, first)) = far.first() {
        let column = endpoint.exposure.as_deref();
        findings.add(
            "SK222",
            context.rows.place(*first, column),
            format!(
                "the exposure of {} is {exposure} here, and {usual} is usual ({}): is it another unit?",
                endpoint.name,
                if far.len() == 1 { "1 such cell".to_owned() } else { format!("{} such cells", far.len()) }
            ),
            "convert these exposures, if they are in another unit: rates are counts by exposure",
        );
    }
}

/// How many times the usual exposure one must be to be in another unit.
const FAR_EXPOSURE: f64 = 10.0;

/// Columns that say the unit of a value (`AVALU` of CDISC ADaM, `vas_unit`), and say several of one endpoint.
pub fn declared(context: &Context<'_>, findings: &mut Findings) {
    let design = &context.trial.design;
    let sources = context.sources;
    let layouts = std::iter::once(&sources.layout).chain(sources.further.iter().map(|further| &further.layout));
    for ((source, _), layout) in sources.observed().zip(layouts) {
        let names = source.table.column_names();
        let named = |wanted: &str| names.iter().find(|name| name.eq_ignore_ascii_case(wanted)).cloned();
        let mut say = |column: &str, endpoint: &Endpoint, rows: &dyn Fn(usize) -> bool| {
            let Some(units) = Coded::read(&source.table, column) else { return };
            let mut found: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
            for at in (0..source.table.height()).filter(|at| rows(*at)) {
                found.entry(units.get(at).unwrap_or_default()).or_default().push(source.table.file_row(at));
            }
            let told = found.keys().filter(|unit| !unit.is_empty()).count();
            let Some((rare, of_rare)) =
                found.iter().filter(|(unit, _)| !unit.is_empty()).min_by_key(|(_, rows)| rows.len())
            else {
                return;
            };
            if told > 1 {
                let all: Vec<String> = found
                    .iter()
                    .map(|(unit, rows)| format!("{} in {}", if unit.is_empty() { "none" } else { unit }, rows.len()))
                    .collect();
                findings.add(
                    "SK222",
                    place(&source.file, of_rare.first().copied(), Some(column)),
                    format!(
                        "{} is in several units by `{column}` ({}): the values are taken as one",
                        endpoint.name,
                        all.join(", ")
                    ),
                    format!("convert the values in {rare}, or correct `{column}`"),
                );
            }
        };
        match layout {
            Layout::Bds { parameter, .. } => {
                let (Some(column), Some(codes)) = (named("AVALU"), Coded::read(&source.table, parameter)) else {
                    continue;
                };
                let levels = crate::trial::bds::levels(design, &sources.parameter_codes, &codes.levels);
                for (endpoint, level) in design.endpoints.iter().zip(levels).filter(|(_, level)| level.is_some()) {
                    say(&column, endpoint, &|at| codes.level(at) == level);
                }
            }
            Layout::Long => {
                for endpoint in &design.endpoints {
                    let column =
                        ["unit", "units", "u"].iter().find_map(|word| named(&format!("{}_{word}", endpoint.column)));
                    let Some(cells) = Coded::read(&source.table, &endpoint.column) else { continue };
                    if let Some(column) = column {
                        say(&column, endpoint, &|at| cells.level(at).is_some());
                    }
                }
            }
            Layout::Wide { .. } => {}
        }
    }
}
