//! Baselines and changes that the data carry themselves (`BASE`, `CHG`, `ABLFL` of CDISC ADaM, `vas_base` of a wide sheet)
//! against the values: the program takes neither, it computes them from the values at the plan's baseline visit.

use super::Context;
use crate::math::decimal;
use crate::trial::allocated::same;
use crate::trial::coded::Coded;
use crate::trial::design::Endpoint;
use crate::trial::findings::{Findings, place};
use crate::trial::patients::{Knee, Patient};
use crate::trial::sources::{Layout, Roles, Source};
use std::collections::HashMap;

/// SK230 and SK231, in every file of observations.
pub fn check(context: &Context<'_>, findings: &mut Findings) {
    if context.trial.design.baseline.is_none() {
        return;
    }
    let layouts = std::iter::once(&context.sources.layout);
    let layouts = layouts.chain(context.sources.further.iter().map(|further| &further.layout));
    for ((source, roles), layout) in context.sources.observed().zip(layouts) {
        match layout {
            Layout::Bds { parameter, value } => bds(context, (source, roles), (parameter, value), findings),
            Layout::Long => long(context, (source, roles), findings),
            Layout::Wide { .. } => {}
        }
    }
}

/// The column called one of `names`, in any case.
fn column(source: &Source, names: &[String]) -> Option<String> {
    source.table.column_names().into_iter().find(|name| names.iter().any(|known| known.eq_ignore_ascii_case(name)))
}

fn bds(context: &Context<'_>, file: (&Source, &Roles), (parameter, value): (&str, &str), findings: &mut Findings) {
    let (source, _) = file;
    let design = &context.trial.design;
    let named = |name: &str| column(source, &[name.to_owned()]);
    let (base, change, flag) = (named("BASE"), named("CHG"), named("ABLFL"));
    if base.is_none() && change.is_none() && flag.is_none() {
        return;
    }
    let Some(codes) = Coded::read(&source.table, parameter) else { return };
    let levels = crate::trial::bds::levels(design, &context.sources.parameter_codes, &codes.levels);
    let endpoint_of =
        |row: usize| codes.level(row).and_then(|level| levels.iter().position(|found| *found == Some(level)));
    let Some(rows) = Rows::of(context, file) else { return };
    compare(context, source, &rows, &endpoint_of, [base.as_deref(), change.as_deref(), Some(value)], findings);
    if let Some(flag) = flag {
        flagged(context, source, &rows, &endpoint_of, &flag, findings);
    }
}

fn long(context: &Context<'_>, file: (&Source, &Roles), findings: &mut Findings) {
    let (source, _) = file;
    let only = context.trial.design.endpoints.len() == 1;
    for (number, endpoint) in context.trial.design.endpoints.iter().enumerate() {
        let own = |words: &[&str]| -> Vec<String> {
            let of = |word: &&str| [format!("{}_{word}", endpoint.column), format!("{word}_{}", endpoint.column)];
            let alone = words.iter().filter(|_| only).map(|word| (*word).to_owned());
            words.iter().flat_map(of).chain(alone).collect()
        };
        let free = |name: &String| !context.trial.design.endpoints.iter().any(|endpoint| endpoint.column == *name);
        let base = column(source, &own(&["base", "baseline", "bl"])).filter(free);
        let change = column(source, &own(&["chg", "change", "cfb"])).filter(free);
        if base.is_none() && change.is_none() {
            continue;
        }
        let Some(rows) = Rows::of(context, file) else { return };
        let columns = [base.as_deref(), change.as_deref(), Some(endpoint.column.as_str())];
        compare(context, source, &rows, &|_| Some(number), columns, findings);
    }
}

/// Which knee and visit every row of a file is of.
struct Rows<'t> {
    of: Vec<Option<(&'t Patient, &'t Knee, usize)>>,
}

impl<'t> Rows<'t> {
    fn of(context: &Context<'t>, (source, roles): (&Source, &Roles)) -> Option<Self> {
        let trial = context.trial;
        let read = |name: &Option<String>| name.as_ref().and_then(|name| Coded::read(&source.table, name));
        let ids = Coded::read(&source.table, &roles.patient)?;
        let (sides, arms, visits) = (read(&roles.knee), read(&roles.arm), read(&roles.visit)?);
        let patients: HashMap<&str, &Patient> =
            trial.patients.iter().map(|patient| (patient.id.as_str(), patient)).collect();
        let number = |label: &str| label.parse::<f64>().ok();
        let visit_of: Vec<Option<usize>> = visits
            .levels
            .iter()
            .map(|level| {
                let exact = trial.design.visits.iter().position(|visit| visit.label == *level);
                let same = |label: &str| number(label).is_some() && number(label) == number(level);
                exact.or_else(|| trial.design.visits.iter().position(|visit| same(&visit.label)))
            })
            .collect();
        let of = |row: usize| {
            let patient = *patients.get(ids.get(row)?)?;
            let visit = visit_of.get(visits.level(row)?).copied().flatten()?;
            let knee = match (&sides, &arms) {
                (Some(sides), _) => {
                    patient.knees().iter().find(|knee| sides.get(row).is_some_and(|side| same(&knee.side, side)))
                }
                (None, Some(arms)) => trial.design.arms.index(arms.get(row)?).and_then(|arm| patient.knee(arm)),
                (None, None) => None,
            }?;
            Some((patient, knee, visit))
        };
        Some(Self { of: (0..source.table.height()).map(of).collect() })
    }
}

fn value_at(knee: &Knee, endpoint: usize, visit: usize) -> Option<f64> {
    knee.values.get(endpoint)?.get(visit).copied().flatten()
}

/// SK230: a baseline other than the value at the baseline visit, a change other than the value less that baseline.
fn compare(
    context: &Context<'_>,
    source: &Source,
    rows: &Rows<'_>,
    endpoint_of: &dyn Fn(usize) -> Option<usize>,
    [base, change, value]: [Option<&str>; 3],
    findings: &mut Findings,
) {
    let design = &context.trial.design;
    let Some(visit) = design.baseline else { return };
    let numbers = |name: Option<&str>| name.and_then(|name| source.table.numbers(name).ok());
    let (bases, changes, values) = (numbers(base), numbers(change), numbers(value));
    let label = design.visits.get(visit).map(|visit| visit.label.as_str()).unwrap_or_default();
    let cell = |cells: &Option<Vec<Option<f64>>>, row: usize| {
        cells.as_ref().and_then(|cells| cells.get(row).copied().flatten())
    };
    let differs =
        |a: f64, b: f64, endpoint: &Endpoint| (a - b).abs() > 0.5 * 10_f64.powi(-exponent(endpoint)) + 1e-9 * a.abs();
    for (row, of) in rows.of.iter().enumerate() {
        let (Some((patient, knee, at)), Some(number)) = (of, endpoint_of(row)) else { continue };
        let Some(endpoint) = design.endpoints.get(number) else { continue };
        let place = |column: Option<&str>| place(&source.file, Some(source.table.file_row(row)), column);
        let who = || format!("patient {} {}", patient.id, knee.side);
        let found = value_at(knee, number, visit);
        let mut wrong_base = false;
        // Rows before baseline may be without one.
        if let Some(written) = cell(&bases, row).filter(|_| *at >= visit) {
            match found {
                Some(found) if differs(written, found, endpoint) => {
                    wrong_base = true;
                    let message = format!(
                        "{} of {} is {written} here, and {} at `{label}` is {found}, which is used",
                        base.unwrap_or_default(),
                        who(),
                        endpoint.name
                    );
                    findings.add("SK230", place(base), message, REMEDY);
                }
                None => {
                    wrong_base = true;
                    let message = format!(
                        "{} of {} is {written} here, and there is no {} at `{label}`: the knee counts as without baseline",
                        base.unwrap_or_default(),
                        who(),
                        endpoint.name
                    );
                    findings.add("SK230", place(base), message, REMEDY);
                }
                Some(_) => {}
            }
        }
        if let (Some(written), Some(found), Some(value)) = (cell(&changes, row), found, cell(&values, row))
            && !wrong_base
            && *at > visit
        {
            let expected = decimal::subtract(value, found);
            if differs(written, expected, endpoint) {
                let message = format!(
                    "{} of {} is {written} here, and {value} less {found} at `{label}` is {expected}, which is used",
                    change.unwrap_or_default(),
                    who()
                );
                findings.add("SK230", place(change), message, REMEDY);
            }
        }
    }
}

fn exponent(endpoint: &Endpoint) -> i32 {
    i32::try_from(endpoint.decimals).unwrap_or(0)
}

const REMEDY: &str = "find out which is right; the analyses compute baseline and change from the values, and take neither \
                      from the file";

/// SK231: a row flagged as baseline at another visit than the plan's.
fn flagged(
    context: &Context<'_>,
    source: &Source,
    rows: &Rows<'_>,
    endpoint_of: &dyn Fn(usize) -> Option<usize>,
    flag: &str,
    findings: &mut Findings,
) {
    let design = &context.trial.design;
    let Some(baseline) = design.baseline else { return };
    let label = |visit: usize| design.visits.get(visit).map(|visit| visit.label.as_str()).unwrap_or_default();
    let Some(cells) = Coded::read(&source.table, flag) else { return };
    for (row, of) in rows.of.iter().enumerate() {
        let (Some((patient, knee, visit)), Some(_)) = (of, endpoint_of(row)) else { continue };
        if cells.get(row) == Some("Y") && *visit != baseline {
            let message = format!(
                "{flag} of patient {} {} is Y at `{}`; the plan's baseline is `{}`",
                patient.id,
                knee.side,
                label(*visit),
                label(baseline)
            );
            let at = place(&source.file, Some(source.table.file_row(row)), Some(flag));
            let remedy = "find out which row is the baseline: carry its value to the baseline visit, or name the visit in \
                          `visits.baseline`";
            findings.add("SK231", at, message, remedy);
        }
    }
}
