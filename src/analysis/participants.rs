//! Who took part, counted: the flow of patients and knees, analysis sets, how patients left, exposure, sides, and the
//! characteristics of knees that the data give by side.

use super::Context;
use super::counted::{self, Place, by_arm, distinct, of_knees};
use super::record::Record;
use super::safety::safety_set;
use crate::paired::Field;
use crate::plan::Plan;
use crate::trial::disposition::{self, Status};
use crate::trial::side::{Side, side};
use crate::trial::{Deviation, Knee, Patient, Role};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Patients and knees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Count {
    /// Patients.
    pub patients: usize,
    /// Their knees.
    pub knees: usize,
}

/// Patients (or single knees) who leave at a step of the flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leaving {
    /// The reason as the disposition gives it.
    pub reason: Option<String>,
    /// What is known where the disposition gives none: `no_reason`, `not_in_data`, `no_value`, `one_knee`, `other_reasons`.
    pub kind: String,
    /// How many.
    pub count: Count,
}

/// A step of the flow: `assessed` (of which only patients are known), `randomised`, `treated`, `set`, `observed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Which step.
    pub item: String,
    /// Patients and knees at this step.
    pub count: Count,
    /// Knees of the active and of the placebo arm, where these are all arms and known.
    pub by_arm: Option<[usize; 2]>,
    /// Who leaves before the next step.
    pub leaving: Vec<Leaving>,
}

/// The identifier of the record of the flow.
pub const FLOW: &str = "counts.flow";

/// The identifier of the record of the trial's days.
pub const DATES: &str = "counts.dates";

/// Every count of patients and knees; `characteristics` are the records of patient-level columns.
pub fn count(context: &Context, characteristics: &[Record]) -> Vec<Record> {
    let mut records = vec![flow(context)];
    records.extend(dates(context));
    records.extend(disposition(context));
    records.extend(deviations(context));
    records.extend(exposure(&Context { set: safety_set(context), ..*context }));
    records.extend(sides(context));
    records.extend(knee_characteristics(context, characteristics));
    distinct(records)
}

/// The days of recruitment and follow-up, where the files have dates.
fn dates(context: &Context) -> Option<Record> {
    let (trial, dates) = (context.trial, &context.trial.dates);
    let spans = [("randomised_on", &dates.randomised), ("visited_on", &dates.visits)];
    if spans.iter().all(|(_, span)| span.is_none()) {
        return None;
    }
    let of_arm = |arm| trial.patients.iter().filter(|patient| patient.knee(arm).is_some()).count();
    let place = Place { table: "dates", item: "dates", value: None };
    let mut record = counted::record(context, place, trial.patients.len(), by_arm(context, &of_arm, None));
    DATES.clone_into(&mut record.id);
    for (name, span) in spans {
        let span = span.as_ref().map(|span| (name, Field::Json(serde_json::to_value(span).unwrap_or_default())));
        record.result.extra.extend(span);
    }
    Some(record)
}

fn members<'a>(context: &Context<'a>) -> Vec<&'a Patient> {
    let trial = context.trial;
    context.members().map(|patient| &trial.patients[patient]).collect()
}

/// Assessed (where the plan says how many) → randomised → treated (where the plan names a safety set around the analysis
/// set) → analysis set → observed at the deciding visit of the first primary endpoint.
fn flow(context: &Context) -> Record {
    let (trial, set) = (context.trial, context.set);
    let arms = |patients: &[&Patient], has: &dyn Fn(&Knee) -> bool| {
        let count = |arm| patients.iter().filter_map(|patient| patient.knee(arm)).filter(|knee| has(knee)).count();
        trial
            .design
            .arms
            .other
            .is_empty()
            .then(|| [count(crate::trial::design::ACTIVE), count(crate::trial::design::PLACEBO)])
    };
    let everyone: Vec<&Patient> = trial.patients.iter().collect();
    let absent = trial.randomised.saturating_sub(everyone.len());
    // Nobody knows the knees of a patient who is not in the data: as many as the others have.
    let of_absent = absent * sites_per_patient(&everyone);
    let (inside, outside): (Vec<_>, Vec<_>) = trial.patients.iter().zip(&set.members).partition(|(_, member)| **member);
    let inside: Vec<&Patient> = inside.into_iter().map(|(patient, _)| patient).collect();
    let outside: Vec<&Patient> = outside.into_iter().map(|(patient, _)| patient).collect();
    let knees_of = |patients: &[&Patient]| patients.iter().map(|patient| patient.knees().len()).sum();
    let treated = treated(context);
    let (untreated, not_in_set): (Vec<&Patient>, Vec<&Patient>) = match &treated {
        Some(members) => outside.iter().partition(|patient| !members.contains(&patient.id.as_str())),
        None => (outside, Vec::new()),
    };
    let mut leaving = by_reason(context.plan, &untreated, "no_reason");
    if absent > 0 {
        let count = Count { patients: absent, knees: of_absent };
        leaving.push(Leaving { reason: None, kind: "not_in_data".to_owned(), count });
    }
    let mut steps = vec![
        Step {
            item: "randomised".to_owned(),
            count: Count { patients: everyone.len() + absent, knees: trial.knees() + of_absent },
            by_arm: (absent == 0).then(|| arms(&everyone, &|_| true)).flatten(),
            leaving,
        },
        Step {
            item: "set".to_owned(),
            count: Count { patients: inside.len(), knees: knees_of(&inside) },
            by_arm: arms(&inside, &|_| true),
            leaving: Vec::new(),
        },
    ];
    if let Some(members) = &treated {
        let patients: Vec<&Patient> =
            everyone.iter().copied().filter(|patient| members.contains(&patient.id.as_str())).collect();
        let step = Step {
            item: "treated".to_owned(),
            count: Count { patients: patients.len(), knees: knees_of(&patients) },
            by_arm: arms(&patients, &|_| true),
            leaving: by_reason(context.plan, &not_in_set, "no_reason"),
        };
        steps.insert(1, step);
    }
    steps.splice(0..0, assessed(context.plan, everyone.len() + absent));
    let endpoints = &trial.design.endpoints;
    let endpoint = endpoints.iter().position(|about| about.role == Role::Primary).unwrap_or(0);
    if !endpoints.is_empty() {
        let visit = context.deciding_visit(endpoint).unwrap_or(trial.design.primary);
        let observed = |knee: &Knee| knee.values[endpoint][visit].is_some() || knee.values.timed(endpoint).is_some();
        let (with, without): (Vec<&Patient>, Vec<&Patient>) =
            inside.iter().partition(|patient| patient.knees().iter().any(observed));
        let knees: usize = with.iter().flat_map(|patient| patient.knees()).filter(|knee| observed(knee)).count();
        let lost = with.iter().map(|patient| patient.knees().len()).sum::<usize>() - knees;
        let mut leaving = by_reason(context.plan, &without, "no_value");
        if lost > 0 {
            let count = Count { patients: 0, knees: lost };
            leaving.push(Leaving { reason: None, kind: "one_knee".to_owned(), count });
        }
        if let Some(step) = steps.last_mut() {
            step.leaving = leaving;
        }
        let count = Count { patients: with.len(), knees };
        let by_arm = arms(&with, &observed);
        steps.push(Step { item: "observed".to_owned(), count, by_arm, leaving: Vec::new() });
    }
    let knees = by_arm(context, &|arm| everyone.iter().filter(|patient| patient.knee(arm).is_some()).count(), None);
    let place = Place { table: "flow", item: "flow", value: None };
    let mut record = counted::record(context, place, everyone.len() + absent, knees);
    FLOW.clone_into(&mut record.id);
    record.result.extra.push(("steps", Field::Json(serde_json::to_value(steps).unwrap_or_default())));
    record
}

/// The knees that a patient has at most; two where the trial has nobody with more.
fn sites_per_patient(patients: &[&Patient]) -> usize {
    patients.iter().map(|patient| patient.knees().len()).max().unwrap_or_default().max(2)
}

/// The identifiers of the treated patients: those of the safety set, where the plan names one of its own that holds the
/// analysis set.
fn treated<'p>(context: &Context<'p>) -> Option<Vec<&'p str>> {
    let (trial, set) = (context.trial, context.set);
    let safety = trial.sets.iter().find(|known| Some(&known.name) == context.plan.safety.set.as_ref())?;
    let holds = set.members.iter().zip(&safety.members).all(|(member, treated)| *treated || !*member);
    let of = trial.patients.iter().zip(&safety.members).filter(|(_, member)| **member);
    (holds && safety.name != set.name).then(|| of.map(|(patient, _)| patient.id.as_str()).collect())
}

/// Who was assessed for eligibility, and why some were not randomised, as the plan says. Only patients are known of them.
fn assessed(plan: &Plan, randomised: usize) -> Option<Step> {
    let patients = |n: u64| Count { patients: usize::try_from(n).unwrap_or(usize::MAX), knees: 0 };
    let count = patients(plan.conduct.assessed?);
    let given = &plan.conduct.not_randomised;
    let reason = |left: &crate::plan::conduct::NotRandomised| Leaving {
        reason: Some(left.reason.clone()),
        kind: "reason".to_owned(),
        count: patients(left.patients),
    };
    let mut leaving: Vec<Leaving> = given.iter().map(reason).collect();
    let told = leaving.iter().fold(randomised, |sum, left| sum.saturating_add(left.count.patients));
    if let Some(rest) = count.patients.checked_sub(told).filter(|rest| *rest > 0) {
        let count = Count { patients: rest, knees: 0 };
        leaving.push(Leaving { reason: None, kind: "no_reason".to_owned(), count });
    }
    Some(Step { item: "assessed".to_owned(), count, by_arm: None, leaving })
}

/// Patients who left, by the reason the disposition gives; a long tail of single reasons is one entry.
fn by_reason(plan: &Plan, patients: &[&Patient], otherwise: &str) -> Vec<Leaving> {
    let mut reasons: Vec<Leaving> = Vec::new();
    for patient in patients {
        let reason = reason(plan, patient);
        let knees = patient.knees().len();
        match reasons.iter_mut().find(|known| known.reason.as_deref() == reason) {
            Some(known) => {
                known.count.patients += 1;
                known.count.knees += knees;
            }
            None => reasons.push(Leaving {
                reason: reason.map(str::to_owned),
                kind: if reason.is_some() { "reason" } else { otherwise }.to_owned(),
                count: Count { patients: 1, knees },
            }),
        }
    }
    if reasons.len() > 6 {
        let count = reasons.split_off(5).iter().fold(Count::default(), |sum, leaving| Count {
            patients: sum.patients + leaving.count.patients,
            knees: sum.knees + leaving.count.knees,
        });
        reasons.push(Leaving { reason: None, kind: "other_reasons".to_owned(), count });
    }
    reasons
}

/// Why a patient left, in the words of the disposition: the column the plan names, else a CDISC one. A patient who did not
/// leave early has no reason, whatever stands there.
pub fn reason<'p>(plan: &Plan, patient: &'p Patient) -> Option<&'p str> {
    if matches!(left(plan, patient), Some(Status::Completed | Status::Ongoing)) {
        return None;
    }
    noted_reason(plan, patient).filter(|reason| disposition::gives_reason(reason))
}

fn noted_reason<'p>(plan: &Plan, patient: &'p Patient) -> Option<&'p str> {
    let named = patient.attributes.get(&plan.data.disposition_columns.reason);
    let names = ["dcsreas", "dsdecod", "eosreas", "eotreas"];
    let known = || patient.attributes.iter().find(|(name, _)| names.contains(&name.to_lowercase().as_str()));
    named.or_else(|| known().map(|(_, value)| value)).map(String::as_str)
}

/// How the patient left the trial, in the words of the disposition: the column the plan names, else `EOSSTT` of ADaM.
pub(crate) fn status<'p>(plan: &Plan, patient: &'p Patient) -> Option<&'p str> {
    let named = patient.attributes.get(&plan.data.disposition_columns.status);
    let known = || patient.attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case("eosstt"));
    named.or_else(|| known().map(|(_, value)| value)).map(String::as_str)
}

/// How the patient left the trial, by the status; where the data have no status at all, by the word that the reason has
/// (`COMPLETED` in `DSDECOD`), any other reason being one to leave.
pub(crate) fn left(plan: &Plan, patient: &Patient) -> Option<Status> {
    match status(plan, patient) {
        Some(word) => disposition::status(word),
        None if plan.data.disposition.is_some() && !plan.data.disposition_columns.status.is_empty() => None,
        None => {
            let reason = noted_reason(plan, patient).filter(|reason| disposition::gives_reason(reason))?;
            Some(disposition::status(reason).unwrap_or(Status::Discontinued))
        }
    }
}

/// Randomised, every analysis set, completed, ongoing, left, left by reason, and those of whom nothing is recorded.
fn disposition(context: &Context) -> Vec<Record> {
    let trial = context.trial;
    let everyone: Vec<&Patient> = trial.patients.iter().collect();
    let at = |item, value| Place { table: "disposition", item, value };
    let row = |item, value, patients: &[&Patient]| of_knees(context, at(item, value), patients, &|_| true);
    let knees = by_arm(context, &|arm| everyone.iter().filter(|patient| patient.knee(arm).is_some()).count(), None);
    let randomised = trial.randomised.max(everyone.len());
    let mut records = vec![counted::record(context, at("randomised", None), randomised, knees)];
    for set in &trial.sets {
        let inside: Vec<&Patient> = trial
            .patients
            .iter()
            .zip(&set.members)
            .filter(|(_, member)| **member)
            .map(|(patient, _)| patient)
            .collect();
        let mut record = row("set", Some(&set.name), &inside);
        record.analysis_set.clone_from(&set.name);
        records.push(record);
    }
    let of = |wanted: Option<Status>| -> Vec<&Patient> {
        trial.patients.iter().filter(|patient| left(context.plan, patient) == wanted).collect()
    };
    let (completed, ongoing) = (of(Some(Status::Completed)), of(Some(Status::Ongoing)));
    let (left_early, unknown) = (of(Some(Status::Discontinued)), of(None));
    // Data without any status say nothing of who completed.
    let told = context.plan.data.disposition.is_some()
        || [&completed, &ongoing].iter().any(|patients| !patients.is_empty())
        || left_early.iter().any(|patient| status(context.plan, patient).is_some());
    if told {
        records.push(row("completed", None, &completed));
    }
    if !ongoing.is_empty() {
        records.push(row("ongoing", None, &ongoing));
    }
    if !left_early.is_empty() {
        records.push(row("left", None, &left_early));
        let mut by_reason: BTreeMap<Option<&str>, Vec<&Patient>> = BTreeMap::new();
        for patient in left_early {
            by_reason.entry(reason(context.plan, patient)).or_default().push(patient);
        }
        records.extend(by_reason.into_iter().map(|(reason, patients)| match reason {
            Some(reason) => row("reason", Some(reason), &patients),
            None => row("no_reason", None, &patients),
        }));
    }
    if told && !unknown.is_empty() {
        records.push(row("not_recorded", None, &unknown));
    }
    records
}

/// Protocol deviations: any, important ones, and by what they were, in patients and in the knees concerned. A deviation of
/// the whole patient concerns both knees.
fn deviations(context: &Context) -> Vec<Record> {
    let trial = context.trial;
    let Some(all) = &trial.deviations else { return Vec::new() };
    let everyone: Vec<&Patient> = trial.patients.iter().collect();
    let number: BTreeMap<&str, usize> =
        trial.patients.iter().enumerate().map(|(number, patient)| (patient.id.as_str(), number)).collect();
    let row = |item, value: Option<&str>, chosen: &dyn Fn(&Deviation) -> bool| {
        let concerned: Vec<&Deviation> = all.iter().filter(|deviation| chosen(deviation)).collect();
        let of = |arm: usize| {
            let concerns = |patient: &&Patient| {
                let here = |deviation: &&Deviation| {
                    number.get(patient.id.as_str()) == Some(&deviation.patient)
                        && deviation.arm.is_none_or(|known| known == arm)
                };
                patient.knee(arm).is_some() && concerned.iter().any(here)
            };
            everyone.iter().filter(|patient| concerns(patient)).count()
        };
        let patients: std::collections::BTreeSet<usize> = concerned.iter().map(|d| d.patient).collect();
        let place = Place { table: "deviations", item, value };
        counted::record(context, place, patients.len(), by_arm(context, &of, None))
    };
    let mut records = vec![row("any_deviation", None, &|_| true)];
    if all.iter().any(|deviation| deviation.important.is_some()) {
        records.push(row("important_deviation", None, &|deviation| deviation.important == Some(true)));
    }
    let kinds: std::collections::BTreeSet<&str> = all.iter().map(|deviation| deviation.what.as_str()).collect();
    records.extend(kinds.into_iter().map(|kind| row("deviation", Some(kind), &|deviation| deviation.what == kind)));
    records
}

/// Which knees received which treatment, on which side, and the last visit with a value, in the safety set.
fn exposure(context: &Context) -> Vec<Record> {
    let trial = context.trial;
    let members = members(context);
    let at = |item, value| Place { table: "exposure", item, value };
    let with = |knees: usize| -> Vec<&Patient> {
        members.iter().copied().filter(|patient| patient.knees().len() == knees).collect()
    };
    let mut records = vec![of_knees(context, at("treated", None), &members, &|_| true)];
    match sites_per_patient(&members) {
        2 => records.push(of_knees(context, at("both_treated", None), &with(2), &|_| true)),
        most => records.extend((2..=most).rev().map(|sites| {
            let value = sites.to_string();
            let place = Place { table: "exposure", item: "sites_treated", value: Some(&value) };
            of_knees(context, place, &with(sites), &|_| true)
        })),
    }
    records.push(of_knees(context, at("one_treated", None), &with(1), &|_| true));
    let labels = side_labels(&members);
    let arms = trial.design.arms.labels();
    // Without a side column the arm stands for the side.
    if labels.iter().all(|label| !arms.contains(label)) {
        for label in labels {
            records.push(of_knees(context, at("treated_side", Some(label)), &members, &|knee| knee.side == label));
        }
    }
    // Of a knee its own last value counts, of a patient the later of the two.
    let last_of = |patient: &Patient| patient.knees().iter().filter_map(last_visit).max();
    let visits = trial.design.visits.iter().enumerate().map(|(visit, about)| (Some(visit), Some(about.label.as_str())));
    // Times to an event belong to no visit.
    let measured = trial.design.endpoints.iter().any(|about| about.survival.is_none());
    for (visit, label) in visits.chain([(None, None)]).filter(|_| measured) {
        let patients = members.iter().filter(|patient| last_of(patient) == visit).count();
        let knees = |arm: usize| members.iter().filter_map(|p| p.knee(arm)).filter(|k| last_visit(k) == visit).count();
        let item = if label.is_some() { "last_visit" } else { "no_visit" };
        if label.is_some() || (0..arms.len()).any(|arm| knees(arm) > 0) {
            records.push(counted::record(context, at(item, label), patients, by_arm(context, &knees, None)));
        }
    }
    records
}

/// The last visit at which the knee has a value of any endpoint.
fn last_visit(knee: &Knee) -> Option<usize> {
    let visits = knee.values.iter().map(|values| values.len()).max().unwrap_or(0);
    (0..visits).rev().find(|visit| knee.values.iter().any(|values| values[*visit].is_some()))
}

fn side_labels<'p>(patients: &[&'p Patient]) -> Vec<&'p str> {
    let mut labels: Vec<&str> =
        patients.iter().flat_map(|patient| patient.knees()).map(|knee| knee.side.as_str()).collect();
    labels.sort_unstable();
    labels.dedup();
    labels
}

/// Which side was on which arm, where the data name two sides.
fn sides(context: &Context) -> Vec<Record> {
    let members = members(context);
    let labels = side_labels(&members);
    let arms = context.trial.design.arms.labels();
    if labels.len() != 2 || labels.iter().any(|label| arms.contains(label)) {
        return Vec::new();
    }
    let of = |arm: usize| members.iter().filter(|patient| patient.knee(arm).is_some()).count();
    let row = |label: &str| {
        let on_side = |arm: usize| members.iter().filter_map(|p| p.knee(arm)).filter(|k| k.side == label).count();
        let patients = members.iter().filter(|patient| patient.knees().iter().any(|knee| knee.side == label)).count();
        let place = Place { table: "sides", item: "side", value: Some(label) };
        counted::record(context, place, patients, by_arm(context, &on_side, Some(&of)))
    };
    labels.into_iter().map(row).collect()
}

/// Characteristics of the knee that the data give by side, as a pair of columns such as `kl_left` and `kl_right`: the name
/// they share, and the columns of the left and of the right knee. Only those with few categories.
pub fn columns_by_knee(characteristics: &[Record]) -> Vec<(String, [&str; 2])> {
    let columns: Vec<&str> = characteristics
        .iter()
        .filter(|record| record.result.field("categories").is_some())
        .filter_map(|record| record.endpoint_name.as_deref())
        .collect();
    let base = |column: &str, ending: &str| {
        let lower = column.to_lowercase();
        lower.strip_suffix(ending).filter(|base| !base.is_empty()).map(str::to_owned)
    };
    columns
        .iter()
        .filter_map(|&left| {
            let shared = base(left, "_left")?;
            let right = columns.iter().find(|column| base(column, "_right").as_ref() == Some(&shared))?;
            Some((shared, [left, *right]))
        })
        .collect()
}

/// Those characteristics by arm: the column of a knee is that of its side.
fn knee_characteristics(context: &Context, characteristics: &[Record]) -> Vec<Record> {
    let members = members(context);
    let mut records = Vec::new();
    for (name, columns) in columns_by_knee(characteristics) {
        let known = |arm: usize| -> Vec<&str> {
            let column = |patient: &Patient| {
                Some(match side(&patient.knee(arm)?.side)? {
                    Side::Left => columns[0],
                    Side::Right => columns[1],
                })
            };
            let cells = members.iter().filter_map(|patient| patient.attributes.get(column(patient)?));
            cells.map(String::as_str).filter(|value| !value.is_empty()).collect()
        };
        let arms: Vec<Vec<&str>> = (0..context.trial.design.arms.labels().len()).map(known).collect();
        let mut categories: Vec<&str> = arms.iter().flatten().copied().collect();
        categories.sort_unstable();
        categories.dedup();
        for category in categories {
            let count = |arm: usize| arms[arm].iter().filter(|known| **known == category).count();
            let of = |arm: usize| arms[arm].len();
            let with =
                |patient: &&&Patient| columns.iter().any(|c| patient.attributes.get(*c).is_some_and(|v| v == category));
            let patients = members.iter().filter(with).count();
            let place = Place { table: "knee_characteristic", item: "category", value: Some(category) };
            let mut record = counted::record(context, place, patients, by_arm(context, &count, Some(&of)));
            record.id = format!("counts.knee.{}.{}", super::slug(&name), super::slug(category));
            record.result.extra.push(("column", Field::Text(name.clone())));
            records.push(record);
        }
    }
    records
}
