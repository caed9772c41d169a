//! The roles that the plan gives the columns of its files.

use super::super::estimand::{Estimand, EventsPlan, Level, is_arthroplasty};
use super::super::file::{DataPlan, ReplicatesPlan, Shape};
use super::super::named::Named;
use super::super::options::{CovariateKind, CovariatePlan};
use super::super::{Plan, Subgroup};
use super::reshaped::{ARM, SIDE, condition, kept, levels_of, sides_of_codes};
use crate::trial::codes::{Code, Codes};
use crate::trial::columns::{self, ColumnKind, Declared};
use crate::trial::replicates::Replicates;
use crate::trial::sources::{
    Allocation, AllocationForm, Disposition, Events, Handled, Intercurrent, Layout, Observations, Roles, SetDefinition,
    Source, Sources, VisitWindow,
};
use crate::trial::{Design, adam_names};
use std::collections::BTreeSet;

/// The column that the visit of all rows of a file stands in.
const VISIT: &str = "(visit)";

/// A file of observations with the roles that its table of the plan gives its columns.
pub(super) fn observations(plan: &Plan, table: &DataPlan, mut source: Source) -> Observations {
    let columns = &table.columns;
    let filter = condition(&table.rows);
    // Rows that `where` leaves out are gone before anything else is looked at. Where no row is kept, or a column is missing,
    // the condition stays, to be reported.
    let filter = filter.filter(|filter| {
        let complete = filter.columns().into_iter().all(|name| source.table.has_column(name))
            && filter.in_order(&|name| levels_of(&source.table, name)).is_ok();
        let kept = complete.then(|| kept(&table.rows, &source.table)).flatten();
        match kept {
            Some(kept) if kept.height() > 0 => {
                source.table = kept;
                false
            }
            _ => true,
        }
    });
    let mut visit = columns.visit.clone();
    if let Some(label) = &table.visit {
        source.table.set_constant(VISIT, label);
        visit = Some(VISIT.to_owned());
    }
    let mut knee = columns.knee.clone();
    if let (Shape::Bds, Some(pattern)) = (table.shape, &table.pattern) {
        sides_of_codes(plan, table, pattern, &mut source.table);
        knee = Some(SIDE.to_owned());
    }
    Observations {
        source,
        layout: match table.shape {
            Shape::Long => Layout::Long,
            Shape::Wide => Layout::Wide { pattern: table.pattern.clone().unwrap_or_default() },
            Shape::Bds => Layout::Bds { parameter: table.parameter.clone(), value: table.value.clone() },
        },
        roles: Roles {
            patient: columns.patient.clone(),
            knee,
            arm: columns.arm.clone(),
            visit,
            month: columns.month.clone(),
            date: columns.date.clone(),
        },
        filter,
    }
}

pub(super) fn assemble(
    plan: &Plan,
    observations: Observations,
    patients: Option<Source>,
    allocation: Option<Source>,
    events: Option<Source>,
    disposition: Option<Source>,
) -> Sources {
    let data = &plan.data;
    let columns = &data.columns;
    let design = plan.design();
    let listed = &data.allocation_columns;
    let event = &data.event_columns;
    Sources {
        parameter_codes: parameter_codes(plan),
        observations: observations.source,
        layout: observations.layout,
        roles: observations.roles,
        filter: observations.filter,
        further: Vec::new(),
        codes: Codes::default(),
        emptied: BTreeSet::new(),
        patients,
        allocation: allocation.map(|source| Allocation {
            source,
            patient: listed.patient.clone().unwrap_or_else(|| columns.patient.clone()),
            form: match &listed.active_knee {
                Some(column) => AllocationForm::ActiveKnee { column: column.clone() },
                None if listed.left.is_some() && listed.right.is_some() => {
                    AllocationForm::PerKnee { knee: Some(SIDE.to_owned()), arm: ARM.to_owned() }
                }
                None => AllocationForm::PerKnee {
                    knee: listed.knee.clone().or_else(|| columns.knee.clone()),
                    arm: listed.arm.clone().or_else(|| columns.arm.clone()).unwrap_or_else(|| "arm".to_owned()),
                },
            },
            order: listed.order.clone(),
            date: listed.date.clone(),
        }),
        events: events.map(|source| Events {
            source,
            knee: event.knee.clone(),
            term: event.term.clone(),
            severity: event.severity.clone(),
            serious: event.serious.clone(),
            related: event.related.clone(),
            start_day: event.start_day.clone(),
            end_day: event.end_day.clone(),
            first_day: event.first_day,
            emergent: event.emergent.clone(),
            organ_class: event.organ_class.clone(),
            listed: [&event.start_date, &event.end_date, &event.action, &event.outcome].map(Clone::clone),
            set: plan.safety.set.clone(),
            severities: plan.safety.severities.iter().map(ToString::to_string).collect(),
        }),
        intercurrent: None,
        deviations: None,
        disposition: disposition.map(|source| Disposition {
            source,
            status: data.disposition_columns.status.clone(),
            reason: data.disposition_columns.reason.clone(),
            last_visit: data.disposition_columns.last_visit.clone(),
        }),
        patient_column: data.patient_column.clone().unwrap_or_else(|| columns.patient.clone()),
        sets: plan
            .analysis_sets
            .iter()
            .map(|set| SetDefinition {
                name: set.name.clone(),
                label: set.label.clone().unwrap_or_else(|| set.name.clone()),
                condition: condition(&set.condition),
            })
            .collect(),
        patient_columns: patient_columns(plan),
        declared: declared(plan),
        randomisation_date: data.randomisation_date.clone(),
        injected_first: plan.analysis.injected_first.clone(),
        windows: windows(plan, &design),
        scores: Vec::new(),
        replicates: plan
            .endpoints
            .iter()
            .map(|endpoint| match endpoint.replicates {
                ReplicatesPlan::Refuse => Replicates::Refuse,
                ReplicatesPlan::Mean => Replicates::Mean,
                ReplicatesPlan::Median => Replicates::Median,
                ReplicatesPlan::First => Replicates::First,
            })
            .collect(),
        said: Vec::new(),
        sums: plan.endpoints.iter().map(|endpoint| endpoint.sum_of.clone()).collect(),
        exposures: design.exposures(),
    }
}

/// The parameter codes that an export gives the endpoints, and behind them the exposures.
pub(in crate::plan) fn parameter_codes(plan: &Plan) -> Vec<String> {
    let design = plan.design();
    let exposures = design.exposures();
    let ids: Vec<&str> = design.endpoints.iter().map(|endpoint| endpoint.id.as_str()).collect();
    let ids: Vec<&str> = ids.into_iter().chain(exposures.iter().map(String::as_str)).collect();
    let written: Vec<Option<String>> = plan.endpoints.iter().map(|endpoint| endpoint.paramcd.clone()).collect();
    adam_names::parameter_codes(&ids, &written)
}

/// The columns of the intercurrent events: as the plan names them, else as in the observations, else by their usual names.
pub(super) fn intercurrent_columns(plan: &Plan, written: &EventsPlan, source: Source, patient: &str) -> Intercurrent {
    let columns = &plan.data.columns;
    let found = |as_in_data: &Option<String>, usual: &[&str]| -> Option<String> {
        let candidates = as_in_data.iter().map(String::as_str).chain(usual.iter().copied());
        let names = source.table.column_names();
        let mut there = candidates.filter_map(|name| names.iter().find(|known| known.eq_ignore_ascii_case(name)));
        there.next().cloned()
    };
    let knee = written.knee.clone().or_else(|| found(&columns.knee, &["knee", "laterality", "lat", "side"]));
    let event = written.event.clone().or_else(|| found(&None, &["event", "term"]));
    let (mut visit, mut date) = (written.visit.clone(), written.date.clone());
    if visit.is_none() && date.is_none() {
        visit = found(&columns.visit, &["first_affected_visit", "visit"]);
        date = found(&columns.date, &["date"]);
    }
    Intercurrent {
        patient: patient.to_owned(),
        knee: knee.unwrap_or_else(|| "knee".to_owned()),
        visit,
        date,
        event: event.unwrap_or_else(|| "event".to_owned()),
        handled: handled(plan),
        source,
    }
}

/// The events that the estimands handle, once each, with whether any of them takes it as one of the whole patient.
fn handled(plan: &Plan) -> Vec<Handled> {
    let mut found: Vec<Handled> = Vec::new();
    for event in plan.estimands.iter().flat_map(|estimand| &estimand.intercurrent_events) {
        if !found.iter().any(|known| known.event.eq_ignore_ascii_case(&event.event)) {
            found.push(Handled {
                event: event.event.clone(),
                of_patient: event.level == Level::Patient,
                arthroplasty: is_arthroplasty(&event.event),
            });
        }
    }
    found
}

/// What the plan says of patient-level columns.
fn declared(plan: &Plan) -> Vec<Declared> {
    let kind = |written: CovariateKind| match written {
        CovariateKind::Number => ColumnKind::Number,
        CovariateKind::Factor => ColumnKind::Factor,
    };
    let level = |(place, level): (usize, &Named), labels: &[String]| match level.codes.is_empty() {
        true => {
            let label = labels.get(place).cloned().unwrap_or_else(|| level.label.clone());
            Code { codes: vec![level.label.clone()], label }
        }
        false => level.code(),
    };
    let of = |column: &CovariatePlan| Declared {
        name: column.name.clone(),
        label: column.label.clone(),
        kind: kind(column.kind),
        levels: column.levels.iter().enumerate().map(|named| level(named, &column.labels)).collect(),
    };
    plan.covariates.iter().map(of).collect()
}

/// Patient-level columns the plan uses outside analysis sets.
fn patient_columns(plan: &Plan) -> Vec<(&'static str, String)> {
    let modelled = &plan.analysis.covariates;
    let estimated = |estimand: &&Estimand| estimand.missing.is_some() || plan.events.is_some();
    let imputation: BTreeSet<&String> = plan
        .estimands
        .iter()
        .filter(estimated)
        .flat_map(|estimand| {
            estimand.missing.as_ref().map_or(&**modelled, |missing| missing.covariates(&plan.analysis))
        })
        .collect();
    let of = |column: &String| if imputation.contains(column) { columns::BOTH } else { columns::COVARIATE };
    let covariates = modelled.iter().map(|column| (of(column), column.clone()));
    let alone = imputation.iter().filter(|column| !modelled.contains(column));
    let alone = alone.map(|column| (columns::IMPUTATION, (*column).clone()));
    let purpose = |subgroup: &Subgroup| if subgroup.cuts.is_empty() { columns::SUBGROUP } else { columns::CUT };
    let subgroups = plan.subgroups.iter().map(|subgroup| (purpose(subgroup), subgroup.column.clone()));
    let declared = plan.covariates.iter().map(|column| ("[[covariate]]", column.name.clone()));
    let table = plan.report.demographics.iter().flatten().map(|column| (columns::TABLE, column.clone()));
    let date = plan.data.randomisation_date.iter().map(|column| ("date of randomisation", column.clone()));
    let first = plan.analysis.injected_first.iter().map(|column| ("knee injected first", column.clone()));
    let scheme = plan.randomisation.iter().flat_map(|scheme| std::iter::once(&scheme.block).chain(&scheme.stratum));
    let scheme = scheme.map(|column| (columns::SCHEME, column.clone()));
    covariates
        .chain(alone)
        .chain(subgroups)
        .chain(declared)
        .chain(table)
        .chain(date)
        .chain(first)
        .chain(scheme)
        .collect()
}

fn windows(plan: &Plan, design: &Design) -> Vec<VisitWindow> {
    let declared = plan.visits.iter().flat_map(|visits| &visits.windows);
    declared
        .filter_map(|window| {
            let visit = design.visits.iter().position(|visit| visit.label == window.visit)?;
            Some(VisitWindow { visit, from_day: window.from_day, to_day: window.to_day })
        })
        .collect()
}
