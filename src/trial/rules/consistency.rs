//! Whether events and disposition fit the observations.

use super::{Context, Rule};
use crate::trial::coded::Coded;
use crate::trial::codes::write_labels;
use crate::trial::disposition::{self, Status};
use crate::trial::finding::Severity::{Error, Note, Warning};
use crate::trial::findings::{Findings, place};
use crate::trial::patients::Patient;
use crate::trial::rows::{did_you_mean, has_column, shorten};
use crate::trial::sources::Disposition;
use crate::trial::strangers;
use std::collections::{BTreeSet, HashMap};

/// The rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: "SK701",
        severity: Error,
        title: "An adverse event belongs to a patient of the trial.",
        example: "An event of patient 099.",
        remedy: "Correct the identifier.",
    },
    Rule {
        id: "SK702",
        severity: Error,
        title: "A local event is at a knee of the trial.",
        example: "An event at `LFET`.",
        remedy: "Correct the side; write BOTH for an event at both; leave it empty for an event of the whole patient.",
    },
    Rule {
        id: "SK703",
        severity: Error,
        title: "An event has a term.",
        example: "An empty term in row 3.",
        remedy: "Fill it in.",
    },
    Rule {
        id: "SK704",
        severity: Warning,
        title: "A severity is one of the plan's.",
        example: "`MODRATE`.",
        remedy: "Correct it, or list it in `safety.severities`.",
    },
    Rule {
        id: "SK705",
        severity: Error,
        title: "Serious and related are yes or no.",
        example: "`?` under serious.",
        remedy: "Write Y or N.",
    },
    Rule {
        id: "SK706",
        severity: Error,
        title: "An event ends after it begins.",
        example: "From day 5 to day 2.",
        remedy: "Exchange or correct the days.",
    },
    Rule {
        id: "SK707",
        severity: Warning,
        title: "An event is recorded once.",
        example: "Local pain, left knee of patient 007, day 2, twice.",
        remedy: "Delete one.",
    },
    Rule {
        id: "SK708",
        severity: Note,
        title: "A serious event is not mild.",
        example: "A serious event with severity MILD.",
        remedy: "See that both are meant: serious and severe are different.",
    },
    Rule {
        id: "SK709",
        severity: Warning,
        title: "A patient who completed has values at the last visit.",
        example: "Status COMPLETED, no row at Month 6.",
        remedy: "Correct the status, or find the visit.",
    },
    Rule {
        id: "SK710",
        severity: Warning,
        title: "A patient has no values after the last visit attended.",
        example: "Last visit Month 2, values at Month 6.",
        remedy: "Correct the disposition.",
    },
    Rule {
        id: "SK711",
        severity: Warning,
        title: "The last visit is one of the plan's.",
        example: "`Month 3`.",
        remedy: "Correct the label.",
    },
    Rule {
        id: "SK712",
        severity: Warning,
        title: "A patient in the data is in the disposition.",
        example: "Patient 007 without a row.",
        remedy: "Add the row.",
    },
    Rule {
        id: "SK713",
        severity: Warning,
        title: "A patient of the primary analysis set has values after baseline.",
        example: "Patient 031 in FAS with baseline values only.",
        remedy: "Check the set's definition.",
    },
    Rule {
        id: "SK714",
        severity: Warning,
        title: "The patient of an adverse event belongs to the safety analysis set.",
        example: "A serious event of patient 031, whose flag `saf` is empty.",
        remedy: "Correct the flag; the listings have the event all the same, no table counts it.",
    },
    Rule {
        id: "SK715",
        severity: Note,
        title: "An adverse event began on or after the injection.",
        example: "Knee pain from day −30 to day −20.",
        remedy: "Correct the day, or name `event_columns.emergent`; an event before treatment is listed and not counted.",
    },
    Rule {
        id: "SK716",
        severity: Note,
        title: "A term of adverse events has one spelling.",
        example: "`Pain`, `PAIN` and `pain`.",
        remedy: "Use one spelling; they are counted as one term.",
    },
    Rule {
        id: "SK717",
        severity: Warning,
        title: "A patient who left early has a reason.",
        example: "Status DISCONTINUED, no reason.",
        remedy: "Fill the reason in; the patient is counted under `Reason not recorded`.",
    },
    Rule {
        id: "SK718",
        severity: Warning,
        title: "A term of adverse events belongs to one system organ class.",
        example: "`Headache` under `Nervous system disorders` and under `General disorders`.",
        remedy: "Code the term to one class; its events are counted under the first that the file has.",
    },
    Rule {
        id: "SK719",
        severity: Error,
        title: "A protocol deviation belongs to a patient of the trial.",
        example: "A deviation of patient 099.",
        remedy: "Correct the identifier.",
    },
    Rule {
        id: "SK720",
        severity: Error,
        title: "A protocol deviation says what it was.",
        example: "An empty description in row 3.",
        remedy: "Fill it in.",
    },
    Rule {
        id: "SK721",
        severity: Error,
        title: "A protocol deviation is at a knee of the trial or of the whole patient, and important or not.",
        example: "`LFET`; `maybe` under important.",
        remedy: "Correct the side; write Y or N.",
    },
    Rule {
        id: "SK722",
        severity: Error,
        title: "A status of the disposition is a word that is known.",
        example: "`Y` under status: completed, or discontinued?",
        remedy: "Write COMPLETED, DISCONTINUED or ONGOING (or 完了, 中止, 継続中), or label the words with `[[covariate]]`.",
    },
    super::event_dates::RULES[0],
    super::event_dates::RULES[1],
];

/// Compares the disposition and the primary analysis set with the observations.
pub fn check(context: &Context<'_>, findings: &mut Findings) {
    if let Some(disposition) = &context.sources.disposition {
        against_disposition(context, disposition, findings);
    } else {
        statuses_of_adam(context, findings);
    }
    events(context, findings);
    super::event_dates::check(context, findings);
    primary_set(context, findings);
}

/// SK714 and SK715: events that are listed and counted in no table.
fn events(context: &Context<'_>, findings: &mut Findings) {
    let (Some(given), Some(events)) = (&context.sources.events, &context.trial.events) else { return };
    let sets = &context.trial.sets;
    let named = given.set.as_ref().and_then(|name| sets.iter().find(|set| set.name == *name));
    let Some(set) = named.or(sets.first()) else { return };
    let id =
        |patient: usize| context.trial.patients.get(patient).map(|patient| patient.id.as_str()).unwrap_or_default();
    // An event at both knees is one row of the file.
    let mut seen = BTreeSet::new();
    for event in events.iter().filter(|event| seen.insert(event.row)) {
        let at = |column: &str| place(&given.source.file, Some(event.row), Some(column));
        let kind = if event.serious { "the serious event" } else { "the event" };
        let named = format!("{kind} `{}` of patient {}", event.term, id(event.patient));
        if !set.members.get(event.patient).copied().unwrap_or(false) {
            findings.add(
                "SK714",
                at(&context.sources.patient_column),
                format!("{named}, who is not in the safety analysis set {}, is listed and not counted", set.name),
                "correct what defines the set, if the patient was treated",
            );
        }
        let undated = event.start_day.is_none() && event.end_day.is_none();
        if event.emergent && undated && given.emergent.is_none() && given.source.table.has_column(&given.start_day) {
            findings.add(
                "SK715",
                at(&given.start_day),
                format!("{named} has no day: it is counted as one that began after the injection"),
                "fill the day in, or name `event_columns.emergent`",
            );
        }
        if !event.emergent {
            let (column, when) = match (event.start_day, event.end_day) {
                (None, Some(day)) => (&given.end_day, format!("ended before treatment on day {day}")),
                (Some(day), _) => (&given.start_day, format!("began before treatment on day {day}")),
                (None, None) => (&given.start_day, "began before treatment".to_owned()),
            };
            findings.add(
                "SK715",
                at(column),
                format!("{named} {when}: it is listed and not counted"),
                "correct the day, if it began or became worse after the injection",
            );
        }
    }
}

/// The last visit at which a patient has any value.
fn last_measured(patient: &Patient) -> Option<usize> {
    let measured = |knee: &crate::trial::Knee| {
        (0..knee.rows.len())
            .filter(|visit| knee.values.iter().any(|by_visit| by_visit.get(*visit).is_some_and(Option::is_some)))
            .max()
    };
    patient.knees().iter().filter_map(measured).max()
}

fn against_disposition(context: &Context<'_>, disposition: &Disposition, findings: &mut Findings) {
    // A status may be a code that the plan explains as a factor.
    let mut labelled = disposition.source.table.clone();
    for declared in &context.sources.declared {
        write_labels(&mut labelled, &declared.name, &declared.levels);
    }
    let (file, table) = (disposition.source.file.as_str(), &labelled);
    let Some(ids) = Coded::read(table, &context.sources.patient_column) else { return };
    // ADaM has the status under a name of its own.
    let adam = table.column_names().into_iter().find(|name| is_eosstt(name));
    let named = match adam {
        Some(adam) if !table.has_column(&disposition.status) => adam,
        _ => disposition.status.clone(),
    };
    if !context.sources.emptied.contains(&named) {
        has_column(file, table, &named, "status of the disposition", findings);
    }
    let status = Coded::read(table, &named);
    let last = Coded::read(table, &disposition.last_visit);
    let reason = Coded::read(table, &disposition.reason);
    let rows: HashMap<&str, usize> = (0..table.height()).filter_map(|row| Some((ids.get(row)?, row))).collect();
    let labels: Vec<&str> = context.trial.design.visits.iter().map(|visit| visit.label.as_str()).collect();
    let column = &context.sources.patient_column;
    if let Some((message, remedy)) = strangers::all_of(context.trial, &disposition.source, column) {
        findings.add("SK712", place(file, None, Some(column)), message, remedy);
        return;
    }
    for patient in &context.trial.patients {
        let Some(&row) = rows.get(patient.id.as_str()) else {
            findings.add(
                "SK712",
                place(file, None, Some(&context.sources.patient_column)),
                format!("patient {} has no row in the disposition", patient.id),
                "add the row",
            );
            continue;
        };
        let at = |column: &str| place(file, Some(table.file_row(row)), Some(column));
        let measured = last_measured(patient);
        let word = status.as_ref().and_then(|status| status.get(row)).filter(|word| !word.trim().is_empty());
        let meant = word.and_then(disposition::status);
        if let (Some(word), None) = (word, meant) {
            findings.add("SK722", at(&named), unknown_status(&patient.id, word), disposition::remedy(&named, word));
        }
        let gives_reason = |reason: &Coded| reason.get(row).is_some_and(disposition::gives_reason);
        if meant == Some(Status::Discontinued) && reason.as_ref().is_some_and(|reason| !gives_reason(reason)) {
            let message = format!("patient {} left early, and no reason is recorded", patient.id);
            findings.add("SK717", at(&disposition.reason), message, "fill it in");
        }
        if meant == Some(Status::Completed)
            && let Some(written) =
                reason.as_ref().and_then(|reason| reason.get(row)).filter(|_| reason.as_ref().is_some_and(gives_reason))
            && disposition::status(written) != Some(Status::Completed)
        {
            let message =
                format!("patient {} completed, and a reason for leaving is given: `{}`", patient.id, shorten(written));
            findings.add("SK717", at(&disposition.reason), message, "correct the status, or empty the reason");
        }
        if meant == Some(Status::Completed) && measured != labels.len().checked_sub(1) {
            let seen =
                measured.and_then(|visit| labels.get(visit)).map_or("none".to_owned(), |label| format!("`{label}`"));
            findings.add(
                "SK709",
                at(&named),
                format!("patient {} completed, but the last visit with values is {seen}", patient.id),
                "correct the status, or find the visit",
            );
        }
        let Some(label) = last.as_ref().and_then(|last| last.get(row)) else { continue };
        match labels.iter().position(|known| *known == label) {
            None => {
                let message =
                    format!("the last visit of patient {} is `{label}`, which the plan does not have", patient.id);
                findings.add("SK711", at(&disposition.last_visit), message, did_you_mean(label, &labels));
            }
            Some(visit) if measured.is_some_and(|measured| measured > visit) => {
                let later = measured.and_then(|visit| labels.get(visit)).copied().unwrap_or_default();
                let message = format!("patient {} left after `{label}` but has values at `{later}`", patient.id);
                findings.add("SK710", at(&disposition.last_visit), message, "correct the disposition or the visit");
            }
            Some(_) => {}
        }
    }
}

/// Whether a column is the status of ADaM.
fn is_eosstt(name: &str) -> bool {
    name.eq_ignore_ascii_case("eosstt")
}

fn unknown_status(patient: &str, word: &str) -> String {
    format!("the status of patient {patient} is `{}`: completed, discontinued or ongoing?", shorten(word))
}

/// SK722 of the status that ADaM has among the characteristics of the patient.
fn statuses_of_adam(context: &Context<'_>, findings: &mut Findings) {
    for patient in &context.trial.patients {
        let status = patient.attributes.iter().find(|(name, _)| is_eosstt(name));
        if let Some((column, word)) = status.filter(|(_, word)| disposition::status(word).is_none()) {
            let file = context.sources.patients.as_ref().map_or(&context.rows.file, |source| &source.file);
            let at = place(file, None, Some(column));
            findings.add("SK722", at, unknown_status(&patient.id, word), disposition::remedy(column, word));
        }
    }
}

/// SK713: patients of the primary analysis set who have nothing to analyse after baseline.
fn primary_set(context: &Context<'_>, findings: &mut Findings) {
    let design = &context.trial.design;
    let Some(set) = context.trial.sets.first() else { return };
    for (patient, member) in context.trial.patients.iter().zip(&set.members) {
        let after_baseline =
            last_measured(patient).is_some_and(|visit| design.baseline.is_none_or(|baseline| visit > baseline));
        let timed = |endpoint: usize| patient.knees().iter().any(|knee| knee.values.timed(endpoint).is_some());
        if *member && !after_baseline && !(0..design.endpoints.len()).any(timed) {
            let row = patient.knees().iter().flat_map(|knee| knee.rows.iter().flatten()).min().copied();
            findings.add(
                "SK713",
                context.rows.place(row, None),
                format!("patient {} belongs to {} but has no value after baseline", patient.id, set.name),
                "check the definition of the set: the patient counts in N and contributes to no comparison",
            );
        }
    }
}
