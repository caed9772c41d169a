//! The trial of an estimand as the imputation takes it: both knees' changes by visit and the event that rules each knee.
//!
//! The earliest event of a knee rules; at the same visit composite and while on treatment go before a reference-based law,
//! that before hypothetical, that before treatment policy. A composite strategy sets the knee's values from the event on;
//! while on treatment sets both knees' to those of the last visit before the event at which both were observed, or to the
//! baseline (change 0) where there was none.

use super::covariates::Terms;
use super::question::{Question, law};
use crate::analysis::Context;
use crate::missing::trial::FitValues as Fitted;
use crate::missing::{Event, Patient, Strategy as Law, Trial};
use crate::note;
use crate::paired::Refusal;
use crate::plan::estimand::{
    CompositeValue, FitValues, ImputationBaseline, SensitivityPlan, Strategy, is_arthroplasty,
};
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::{Better, IntercurrentEvent, Measure};
use serde::Serialize;
use std::collections::BTreeMap;

/// What becomes of the cells of an arm at a visit; the counts add up to the patients.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fate {
    /// `active` or `placebo`.
    pub arm: &'static str,
    /// Label of the visit.
    pub visit: String,
    /// Observed, before any event of the knee.
    pub observed: usize,
    /// Observed after an event and kept.
    pub observed_after_event: usize,
    /// Imputed, by the law (`mar`, `j2r`, …).
    pub imputed: BTreeMap<String, usize>,
    /// Set by a composite or while-on-treatment strategy.
    pub set: usize,
    /// Of those imputed or set: observed, and discarded because of the event.
    pub discarded: usize,
    /// All patients.
    pub total: usize,
}

/// How often an event happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventCount {
    /// Its name.
    pub event: String,
    /// `knee` or `patient`.
    pub level: &'static str,
    /// The estimand's strategy, as the plan names it.
    pub strategy: &'static str,
    /// Label of the first affected visit; `null` where it came after the last one.
    pub visit: Option<String>,
    /// Patients.
    pub patients: usize,
    /// Active knees.
    pub active: usize,
    /// Placebo knees.
    pub placebo: usize,
    /// Values of active knees observed after it, from its visit on.
    pub observed_active: usize,
    /// Values of placebo knees observed after it.
    pub observed_placebo: usize,
}

/// The trial of an estimand.
#[derive(Debug, Clone)]
pub struct Cells {
    /// Values and events.
    pub trial: Trial,
    /// What becomes of every cell.
    pub fates: Vec<Fate>,
    /// The events of its patients.
    pub events: Vec<EventCount>,
    /// Knees with more than one event.
    pub overlaps: usize,
    /// Patients left out because a knee is on a further arm.
    pub other_arm: usize,
    /// Patients of the trial who are not in the analysis set.
    pub outside: usize,
    /// Both knees' baselines by patient, for values on the scale of the endpoint; 0 where the endpoint has none.
    pub baselines: BTreeMap<String, [f64; 2]>,
}

/// What rules a knee.
#[derive(Debug, Clone, Copy)]
struct Ruling {
    visit: usize,
    law: Law,
}

/// The measure of an estimand: the change from the same knee's baseline where there is one.
pub fn measure(context: &Context, endpoint: usize) -> Measure {
    let design = &context.trial.design;
    if design.has_baseline(&design.endpoints[endpoint]) { Measure::Change } else { Measure::Value }
}

impl Cells {
    /// The trial of `question`, under the main analysis or a sensitivity analysis.
    ///
    /// # Errors
    /// A value that an event stands for and that needs a baseline the knee does not have.
    pub fn of(context: &Context, question: &Question, other: Option<&SensitivityPlan>) -> Result<Self, Refusal> {
        let trial = context.trial;
        let measure = measure(context, question.endpoint);
        let width = question.visits.len();
        let terms = Terms::of(context, question);
        let labels: Vec<String> = question.visits.iter().map(|v| trial.design.visits[*v].label.clone()).collect();
        let mut cells = Self {
            trial: Trial {
                visits: labels.clone(),
                patients: Vec::new(),
                has_baseline: measure == Measure::Change && question.missing.baseline == ImputationBaseline::Own,
                covariates: terms.about(),
                fit_values: match question.missing.fit {
                    FitValues::ByStrategy => Fitted::ByStrategy,
                    FitValues::Observed => Fitted::Observed,
                    FitValues::PostEventExcluded => Fitted::PostEventExcluded,
                },
                discard: false,
            },
            fates: Vec::new(),
            events: Vec::new(),
            overlaps: 0,
            other_arm: 0,
            outside: question.set.members.iter().filter(|member| !**member).count(),
            baselines: BTreeMap::new(),
        };
        let empty = |arm| labels.iter().map(move |visit| Fate::none(arm, visit));
        cells.fates = empty("active").chain(empty("placebo")).collect();
        let mut counted: Vec<(usize, &IntercurrentEvent)> = Vec::new();
        for (index, patient) in trial.patients.iter().enumerate().filter(|(index, _)| question.set.members[*index]) {
            if patient.knees().iter().any(|knee| knee.arm != ACTIVE && knee.arm != PLACEBO) {
                cells.other_arm += 1;
                continue;
            }
            let knees = [patient.knee(ACTIVE), patient.knee(PLACEBO)];
            let observed: Vec<Option<f64>> = knees
                .iter()
                .flat_map(|knee| {
                    question.visits.iter().map(|visit| trial.measured((*knee)?, question.endpoint, *visit, measure))
                })
                .collect();
            let baseline = knees.map(|knee| {
                if measure == Measure::Value {
                    return 0.0;
                }
                knee.and_then(|knee| trial.baseline(knee, question.endpoint)).unwrap_or(f64::NAN)
            });
            let own: Vec<&IntercurrentEvent> =
                trial.intercurrent.iter().flatten().filter(|event| event.patient == index).collect();
            counted.extend(own.iter().map(|event| (cells.trial.patients.len(), *event)));
            let mut values = observed.clone();
            let mut ruling: [Option<Ruling>; 2] = [None, None];
            let mut events = [0, 0];
            for event in &own {
                let Some((planned, strategy)) = question.handling(&event.event, other) else { continue };
                let place = event.visit.and_then(|visit| question.visits.iter().position(|known| *known >= visit));
                let Some(visit) = place else { continue };
                let of_event: &[usize] = match event.arm {
                    Some(ACTIVE) => &[0],
                    Some(PLACEBO) => &[1],
                    _ => &[0, 1],
                };
                let reaches: &[usize] = if strategy == Strategy::WhileOnTreatment { &[0, 1] } else { of_event };
                let k = other.filter(|other| other.strategy.is_some()).map_or(planned.k, |other| other.k);
                for &arm in of_event {
                    events[arm] += 1;
                    if planned.discard.unwrap_or_else(|| is_arthroplasty(&planned.event)) {
                        values[arm * width + visit..(arm + 1) * width].fill(None);
                    }
                }
                for &arm in reaches {
                    let value = match strategy {
                        Strategy::Composite => {
                            composite(context, question, planned.value.as_ref(), baseline[arm], &patient.id, arm)?
                        }
                        Strategy::WhileOnTreatment => {
                            let both = |v: &usize| observed[*v].is_some() && observed[width + *v].is_some();
                            (0..visit).rev().find(both).and_then(|v| observed[arm * width + v]).unwrap_or(0.0)
                        }
                        _ => 0.0,
                    };
                    let next = Ruling { visit, law: law(strategy, k).unwrap_or(Law::Composite(value)) };
                    let before = |a: &Ruling, b: &Ruling| {
                        (a.visit, std::cmp::Reverse(a.law.precedence()))
                            < (b.visit, std::cmp::Reverse(b.law.precedence()))
                    };
                    if ruling[arm].as_ref().is_none_or(|first| before(&next, first)) {
                        ruling[arm] = Some(next);
                    }
                }
            }
            cells.overlaps += events.iter().filter(|n| **n > 1).count();
            let row = Patient {
                label: patient.id.clone(),
                baseline,
                values,
                events: ruling.map(|ruling| ruling.map(|r| Event { visit: r.visit, strategy: r.law })),
                covariates: terms.values(context, index),
            };
            cells.count(&row, &observed, &ruling);
            cells.baselines.insert(patient.id.clone(), baseline);
            cells.trial.patients.push(row);
        }
        cells.events = count_events(question, other, &labels, &counted, &cells.trial);
        Ok(cells)
    }

    /// Adds the cells of a patient to the fates.
    fn count(&mut self, patient: &Patient, observed: &[Option<f64>], ruling: &[Option<Ruling>; 2]) {
        let width = observed.len() / 2;
        for (cell, fate) in self.fates.iter_mut().enumerate() {
            fate.total += 1;
            let event = ruling[cell / width].filter(|ruling| cell % width >= ruling.visit);
            let kept = match event.map(|event| event.law) {
                Some(Law::Hypothetical | Law::Composite(_)) => None,
                _ => patient.values[cell],
            };
            match (event, kept) {
                (Some(Ruling { law: Law::Composite(_), .. }), _) => fate.set += 1,
                (Some(_), Some(_)) => fate.observed_after_event += 1,
                (None, Some(_)) => fate.observed += 1,
                (event, None) => {
                    // A placebo knee has its own law whatever the strategy.
                    let name = match event {
                        Some(event) if cell < width && event.law.is_reference_based() => event.law.name(),
                        _ => "mar".to_owned(),
                    };
                    *fate.imputed.entry(name).or_insert(0) += 1;
                }
            }
            if kept.is_none() && observed[cell].is_some() {
                fate.discarded += 1;
            }
        }
    }
}

impl Fate {
    fn none(arm: &'static str, visit: &str) -> Self {
        Self {
            arm,
            visit: visit.to_owned(),
            observed: 0,
            observed_after_event: 0,
            imputed: BTreeMap::new(),
            set: 0,
            discarded: 0,
            total: 0,
        }
    }
}

/// The value that an event stands for, on the scale that is analysed.
fn composite(
    context: &Context,
    question: &Question,
    value: Option<&CompositeValue>,
    baseline: f64,
    patient: &str,
    arm: usize,
) -> Result<f64, Refusal> {
    let about = &context.trial.design.endpoints[question.endpoint];
    let on_scale = match value {
        Some(CompositeValue::Number(value)) => *value,
        Some(CompositeValue::Word(word)) if word == "baseline" => return Ok(0.0),
        _ => about.range.map_or(f64::NAN, |(low, high)| if about.better == Better::Lower { high } else { low }),
    };
    if !baseline.is_finite() {
        let arm = if arm == 0 { note!(mi_active) } else { note!(mi_placebo) };
        return Err(Refusal(note!(mi_baseline_missing, patient = patient, arm = arm)));
    }
    Ok(on_scale - baseline)
}

/// The events by name and first affected visit, in the order of the plan.
fn count_events(
    question: &Question,
    other: Option<&SensitivityPlan>,
    labels: &[String],
    events: &[(usize, &IntercurrentEvent)],
    trial: &Trial,
) -> Vec<EventCount> {
    let mut counts: Vec<EventCount> = Vec::new();
    for planned in &question.estimand.intercurrent_events {
        let mut by_visit: BTreeMap<usize, EventCount> = BTreeMap::new();
        for (patient, event) in events.iter().filter(|(_, event)| event.event.eq_ignore_ascii_case(&planned.event)) {
            let place = event.visit.and_then(|visit| question.visits.iter().position(|known| *known >= visit));
            let count = by_visit.entry(place.unwrap_or(labels.len())).or_insert_with(|| EventCount {
                event: planned.event.clone(),
                level: if event.arm.is_none() { "patient" } else { "knee" },
                strategy: other.and_then(|other| other.strategy).unwrap_or(planned.strategy).name(),
                visit: place.map(|place| labels[place].clone()),
                patients: 0,
                active: 0,
                placebo: 0,
                observed_active: 0,
                observed_placebo: 0,
            });
            let after = |arm: usize| {
                let cells = place.unwrap_or(labels.len())..labels.len();
                cells.filter(|v| trial.patients[*patient].values[arm * labels.len() + v].is_some()).count()
            };
            count.patients += 1;
            if event.arm != Some(PLACEBO) {
                count.active += 1;
                count.observed_active += after(0);
            }
            if event.arm != Some(ACTIVE) {
                count.placebo += 1;
                count.observed_placebo += after(1);
            }
        }
        counts.extend(by_visit.into_values());
    }
    counts
}
