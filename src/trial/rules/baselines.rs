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
use crate::trial::wide::{Computed, ComputedColumn, computed};
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
            Layout::Wide { pattern } => wide(context, (source, roles), pattern, findings),
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
    // Of a file with a row per knee and visit, a row is the baseline of all its endpoints.
    if let Some(flag) = column(source, &["ABLFL".to_owned(), "baseline_flag".to_owned(), "blfl".to_owned()])
        && let Some(rows) = Rows::of(context, file)
    {
        flagged(context, source, &rows, &|_| Some(0), &flag, findings);
    }
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

/// The computed columns of wide data, which has a row per patient.
fn wide(context: &Context<'_>, (source, roles): (&Source, &Roles), pattern: &str, findings: &mut Findings) {
    let trial = context.trial;
    let design = &trial.design;
    let columns: Vec<(String, ComputedColumn)> = source
        .table
        .column_names()
        .into_iter()
        .filter_map(|name| Some((name.clone(), computed(design, &context.sources.codes, pattern, &name)?)))
        .collect();
    if columns.is_empty() {
        return;
    }
    let Some(ids) = Coded::read(&source.table, &roles.patient) else { return };
    let patients: HashMap<&str, &Patient> =
        trial.patients.iter().map(|patient| (patient.id.as_str(), patient)).collect();
    let read = |name: &Option<String>| name.as_ref().and_then(|name| Coded::read(&source.table, name));
    let (sides, arms) = (read(&roles.knee), read(&roles.arm));
    for (name, column) in columns {
        let Ok(numbers) = source.table.numbers(&name) else { continue };
        for (row, written) in numbers.iter().enumerate() {
            let Some(patient) = ids.get(row).and_then(|id| patients.get(id)) else { continue };
            let side = column.knee.as_deref().or_else(|| sides.as_ref()?.get(row));
            let arm = column.arm.or_else(|| design.arms.index(arms.as_ref()?.get(row)?));
            let knee = match (side, arm) {
                (Some(side), _) => patient.knees().iter().find(|knee| same(&knee.side, side)),
                (None, Some(arm)) => patient.knee(arm),
                (None, None) => None,
            };
            let (Some(knee), Some(written)) = (knee, *written) else { continue };
            let compared = Compared { context, source, row, patient, knee, endpoint: column.endpoint };
            match (column.what, column.visit) {
                (Computed::Base, _) => {
                    compared.base(&name, written, findings);
                }
                (Computed::Change, Some(visit)) => {
                    let value = value_at(knee, column.endpoint, visit);
                    compared.change(&name, written, visit, value, findings);
                }
                (Computed::Change, None) => {}
            }
        }
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
    let Some(visit) = context.trial.design.baseline else { return };
    let numbers = |name: Option<&str>| name.and_then(|name| source.table.numbers(name).ok());
    let (bases, changes, values) = (numbers(base), numbers(change), numbers(value));
    let cell = |cells: &Option<Vec<Option<f64>>>, row: usize| {
        cells.as_ref().and_then(|cells| cells.get(row).copied().flatten())
    };
    for (row, of) in rows.of.iter().enumerate() {
        let (Some((patient, knee, at)), Some(endpoint)) = (of, endpoint_of(row)) else { continue };
        let compared = Compared { context, source, row, patient, knee, endpoint };
        // Rows before baseline may be without one.
        let written = cell(&bases, row).filter(|_| *at >= visit);
        let wrong = written.is_some_and(|written| compared.base(base.unwrap_or_default(), written, findings));
        if let (Some(written), false) = (cell(&changes, row), wrong) {
            compared.change(change.unwrap_or_default(), written, *at, cell(&values, row), findings);
        }
    }
}

/// A baseline or change as a file gives it, of one knee.
struct Compared<'c> {
    context: &'c Context<'c>,
    source: &'c Source,
    row: usize,
    patient: &'c Patient,
    knee: &'c Knee,
    endpoint: usize,
}

impl Compared<'_> {
    fn say(&self, column: &str, message: String, findings: &mut Findings) {
        let at = place(&self.source.file, Some(self.source.table.file_row(self.row)), Some(column));
        findings.add("SK230", at, message, REMEDY);
    }

    fn who(&self) -> String {
        format!("patient {} {}", self.patient.id, self.knee.side)
    }

    /// The endpoint, the label of the baseline visit, and the value there.
    fn baseline(&self) -> Option<(&Endpoint, usize, &str, Option<f64>)> {
        let design = &self.context.trial.design;
        let visit = design.baseline?;
        let label = design.visits.get(visit)?.label.as_str();
        Some((design.endpoints.get(self.endpoint)?, visit, label, value_at(self.knee, self.endpoint, visit)))
    }

    /// Whether the baseline `written` is another than the value.
    fn base(&self, column: &str, written: f64, findings: &mut Findings) -> bool {
        let Some((endpoint, _, label, found)) = self.baseline() else { return false };
        let who = self.who();
        let message = match found {
            Some(found) if differs(written, found, endpoint) => {
                format!(
                    "{column} of {who} is {written} here, and {} at `{label}` is {found}, which is used",
                    endpoint.name
                )
            }
            None => format!(
                "{column} of {who} is {written} here, and there is no {} at `{label}`: the knee counts as without baseline",
                endpoint.name
            ),
            Some(_) => return false,
        };
        self.say(column, message, findings);
        true
    }

    /// Whether the change `written` at a visit after baseline is another than that of the values.
    fn change(&self, column: &str, written: f64, at: usize, value: Option<f64>, findings: &mut Findings) {
        let Some((endpoint, visit, label, Some(found))) = self.baseline() else { return };
        let Some(value) = value.filter(|_| at > visit) else { return };
        let expected = decimal::subtract(value, found);
        if differs(written, expected, endpoint) {
            let message = format!(
                "{column} of {} is {written} here, and {value} less {found} at `{label}` is {expected}, which is used",
                self.who()
            );
            self.say(column, message, findings);
        }
    }
}

fn differs(a: f64, b: f64, endpoint: &Endpoint) -> bool {
    (a - b).abs() > 0.5 * 10_f64.powi(-exponent(endpoint)) + 1e-9 * a.abs()
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
