//! Listings: the patients, their treatments and values behind the tables. What is too long for a page to list stays in
//! `verify/data.csv`, one row per knee and visit.

use super::{Material, populations};
use crate::analysis::participants;
use crate::table::{Align, Cell, ResultTable};
use crate::trial::design::{ACTIVE, PLACEBO};
use crate::trial::disposition::Status;

/// Most rows of a listing in the report.
pub const LISTED: usize = 400;
/// Most columns of values beside the patient.
const COLUMNS: usize = 12;

/// Patients who left the trial early, with status, reason and last visit as the disposition has them.
pub fn discontinued(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let title = words.get("table.listing_discontinued");
    let mut table = ResultTable::new("l-16-2-1-discontinued", number, title, material.everyone());
    let headers = ["status", "reason", "last_visit"].map(|key| words.get(&format!("listing.{key}")));
    table.headers(words.get("table.patient"), headers);
    left(&mut table);
    let last_visit = &material.plan.data.disposition_columns.last_visit;
    for patient in &material.trial.patients {
        let status = participants::status(material.plan, patient);
        let reason = participants::reason(material.plan, patient);
        if participants::left(material.plan, patient) != Some(Status::Discontinued) {
            continue;
        }
        let text = |text: Option<&str>| text.map_or(Cell::Empty, |text| Cell::Text(text.to_owned()));
        let reason = reason.map_or_else(|| words.get("flow.no_reason"), str::to_owned);
        let last = patient.attributes.get(last_visit).map(String::as_str);
        table.row(patient.id.clone(), 0, vec![text(status), Cell::Text(reason), text(last)], Vec::new());
    }
    (!table.rows.is_empty() && table.rows.len() <= LISTED).then_some(table)
}

/// The protocol deviations, row by row. `None` where no file of them was given.
pub fn deviations(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let all = material.trial.deviations.as_ref().filter(|all| all.len() <= LISTED)?;
    let title = words.get("table.listing_deviations");
    let mut table = ResultTable::new("l-16-2-2-deviations", number, title, material.everyone());
    let flagged = all.iter().any(|deviation| deviation.important.is_some());
    let dated = all.iter().any(|deviation| !deviation.date.is_empty());
    let keys = ["site", "deviation"].into_iter().chain(dated.then_some("date")).chain(flagged.then_some("important"));
    table.headers(words.get("table.patient"), keys.map(|key| words.get(&format!("listing.{key}"))));
    left(&mut table);
    let arms = material.trial.design.arms.labels();
    for deviation in all {
        let site = match deviation.arm {
            Some(arm) => words.say("listing.knee", &[("arm", arms[arm])]),
            None => words.get("listing.whole_patient"),
        };
        let mut cells = vec![Cell::Text(site), Cell::Text(deviation.what.clone())];
        cells.extend(dated.then(|| Cell::Text(deviation.date.clone())));
        let important = deviation.important.map(|yes| words.get(if yes { "grade.yes" } else { "grade.no" }));
        cells.extend(flagged.then(|| important.map_or(Cell::Empty, Cell::Text)));
        table.row(material.trial.patients[deviation.patient].id.clone(), 0, cells, Vec::new());
    }
    (!table.rows.is_empty()).then_some(table)
}

/// Patients outside the primary analysis set, with the reason the disposition gives.
pub fn not_analysed(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let title = words.say("table.listing_not_analysed", &[("set", &material.set().label)]);
    let mut table = ResultTable::new("l-16-2-1-not-analysed", number, title, material.everyone());
    table.headers(words.get("table.patient"), [words.get("listing.reason")]);
    left(&mut table);
    for (patient, member) in material.trial.patients.iter().zip(&material.set().members) {
        if !member {
            let reason = participants::reason(material.plan, patient).map(str::to_owned);
            let reason = reason.unwrap_or_else(|| words.get("flow.no_reason"));
            table.row(patient.id.clone(), 0, vec![Cell::Text(reason)], Vec::new());
        }
    }
    (!table.rows.is_empty() && table.rows.len() <= LISTED).then_some(table)
}

/// Knees of the analysis set without a value of a primary endpoint, by visit.
pub fn not_observed(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let title = words.get("table.listing_not_observed");
    let mut table = ResultTable::new("l-16-2-2-not-observed", number, title, material.population());
    let headers = ["knee_head", "endpoint", "visit"].map(|key| words.get(&format!("listing.{key}")));
    table.headers(words.get("table.patient"), headers);
    left(&mut table);
    let arms = material.trial.design.arms.labels();
    for endpoint in material.primary_endpoints() {
        let about = material.endpoint(endpoint);
        for patient in material.members() {
            for knee in patient.knees() {
                let absent =
                    |visit: &&usize| knee.values[endpoint][**visit].is_none() && knee.values.timed(endpoint).is_none();
                for &visit in about.visits.iter().filter(absent) {
                    let arm = arms[knee.arm];
                    let site = if knee.side == arm { arm.to_owned() } else { format!("{} ({arm})", knee.side) };
                    let visit = if about.survival.is_some() { String::new() } else { material.visit(visit).to_owned() };
                    let cells = [site, about.name.clone(), visit].map(Cell::Text);
                    table.row(patient.id.clone(), 0, cells.to_vec(), Vec::new());
                }
            }
        }
    }
    (!table.rows.is_empty() && table.rows.len() <= LISTED).then_some(table)
}

/// The patient-level characteristics of the baseline table, one row per patient; `None` where there are none.
pub fn patients(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let columns: Vec<&str> = populations::characteristics(material).take(COLUMNS).collect();
    if columns.is_empty() || material.trial.patients.len() > LISTED {
        return None;
    }
    let title = words.get("table.listing_patients");
    let mut table = ResultTable::new("l-16-2-4-patients", number, title, material.everyone());
    table.headers(words.get("table.patient"), columns.iter().map(|column| populations::column_name(material, column)));
    left(&mut table);
    for patient in &material.trial.patients {
        let value = |column: &&str| patient.attributes.get(*column).cloned().map_or(Cell::Empty, Cell::Text);
        table.row(patient.id.clone(), 0, columns.iter().map(value).collect(), Vec::new());
    }
    Some(table)
}

/// The knee of every patient on each treatment, and the analysis sets the patient belongs to.
pub fn treatments(material: &Material, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let trial = material.trial;
    if trial.patients.len() > LISTED {
        return None;
    }
    let title = words.get("table.listing_treatments");
    let mut table = ResultTable::new("l-16-2-5-treatments", number, title, material.everyone());
    let arms = trial.design.arms.labels();
    let order: Vec<usize> = [ACTIVE, PLACEBO].into_iter().chain(2..arms.len()).collect();
    let headers = order.iter().map(|&arm| words.say("listing.knee", &[("arm", arms[arm])]));
    table.headers(words.get("table.patient"), headers.chain(trial.sets.iter().map(|set| set.label.clone())));
    left(&mut table);
    for (index, patient) in trial.patients.iter().enumerate() {
        let knee = |arm: &usize| patient.knee(*arm).map_or(Cell::Empty, |knee| Cell::Text(knee.side.clone()));
        let member = |yes: bool| Cell::Text(words.get(if yes { "grade.yes" } else { "grade.no" }));
        let sets = trial.sets.iter().map(|set| member(set.members.get(index).copied().unwrap_or(false)));
        table.row(patient.id.clone(), 0, order.iter().map(knee).chain(sets).collect(), Vec::new());
    }
    Some(table)
}

/// The values of `endpoint` in both knees at every visit, one row per patient of the analysis set. `None` where the page
/// has no room for them.
pub fn values(material: &Material, endpoint: usize, number: &str) -> Option<ResultTable> {
    let words = material.words;
    let about = material.endpoint(endpoint);
    let arms = material.trial.design.arms.labels();
    let order: Vec<usize> = [ACTIVE, PLACEBO].into_iter().chain(2..arms.len()).collect();
    if about.visits.len() * order.len() > COLUMNS || material.set().size() > LISTED {
        return None;
    }
    let title = words.say("table.listing_values", &[("endpoint", &material.name_with_unit(endpoint))]);
    let id = format!("l-16-2-6-{}", material.key(endpoint));
    let mut table = ResultTable::new(&id, number, title, material.population());
    let places: Vec<(usize, usize)> =
        about.visits.iter().flat_map(|&visit| order.iter().map(move |&arm| (visit, arm))).collect();
    let headers = places.iter().map(|&(visit, arm)| format!("{}, {}", material.visit(visit), arms[arm]));
    table.headers(words.get("table.patient"), headers);
    for patient in material.members() {
        let value = |&(visit, arm): &(usize, usize)| match patient.knee(arm) {
            Some(knee) => match knee.values[endpoint][visit] {
                Some(grade) if about.levels.iter().any(|level| !level.label.is_empty()) => {
                    Cell::Text(super::grades::label(material, about, grade))
                }
                value => Cell::Number(value, about.decimals),
            },
            None => Cell::Empty,
        };
        table.row(patient.id.clone(), 0, places.iter().map(value).collect(), Vec::new());
    }
    table.footnotes.push(words.get("footnote.listing_values"));
    (!table.rows.is_empty()).then_some(table)
}

fn left(table: &mut ResultTable) {
    for column in &mut table.columns {
        column.align = Align::Left;
    }
}
