//! Time to an event: a time and a status, once per knee.
//!
//! The two columns stand in the observations, in any layout and in any of several files; where a knee has rows at several
//! visits they may stand in one of them or be repeated, and then agree. The status is read as a column of its own beside
//! the endpoints ([`with_statuses`]), so that whatever reads endpoints reads it too; afterwards both are filed with the knee
//! and belong to no visit.

use super::design::{Design, Endpoint, Kind};
use super::findings::Findings;
use super::knee_values::{KneeValues, Timed};
use super::knees::Knees;
use super::rows::Rows;

/// The design as the columns are read: after the endpoints, one for the status of every time to an event.
pub fn with_statuses(design: &Design) -> Design {
    let mut reading = design.clone();
    for (_, endpoint) in endpoints(design) {
        let Some(survival) = &endpoint.survival else { continue };
        reading.endpoints.push(Endpoint {
            id: format!("{}_status", endpoint.id),
            name: format!("{} (status)", endpoint.name),
            column: survival.status.clone(),
            kind: Kind::Binary,
            levels: survival.levels.clone(),
            survival: None,
            ..endpoint.clone()
        });
    }
    reading
}

/// Takes the statuses, which [`with_statuses`] has put after the values of the endpoints, to their own place in `rows`.
pub fn take_statuses(design: &Design, rows: &mut Rows) {
    let read = rows.values.split_off(design.endpoints.len().min(rows.values.len()));
    rows.statuses = endpoints(design).map(|(number, _)| number).zip(read).collect();
}

fn endpoints(design: &Design) -> impl Iterator<Item = (usize, &Endpoint)> {
    design.endpoints.iter().enumerate().filter(|(_, endpoint)| endpoint.kind == Kind::Survival)
}

/// SK203, SK240 and SK241: times are positive, statuses 0 or 1, and no row has one of the two only.
pub fn permitted(design: &Design, rows: &Rows, findings: &mut Findings) {
    for (number, endpoint) in endpoints(design) {
        let (Some(survival), Some(statuses)) = (&endpoint.survival, rows.statuses.get(&number)) else { continue };
        let Some(times) = rows.values.get(number) else { continue };
        if one_and_two(endpoint, &survival.status, statuses, rows, findings) {
            continue;
        }
        for ((time, status), row) in times.iter().zip(statuses).zip(&rows.file_row) {
            let at = |column: &str| rows.place(Some(*row), Some(column));
            if let Some(time) = time.filter(|time| !(*time > 0.0 && time.is_finite())) {
                let message = format!("{} is {time}, but a time to an event is positive", endpoint.name);
                let remedy = "correct the time; a knee with its event at the start is not at risk: leave its cells empty, or \
                              count the time from an earlier day";
                findings.add("SK240", at(&endpoint.column), message, remedy);
            }
            match (time, status) {
                (_, Some(status)) if *status != 0.0 && *status != 1.0 => {
                    let message = format!(
                        "the status of {} is {status}, but it is 1 for an event and 0 where observation ended without one",
                        endpoint.name
                    );
                    findings.add("SK203", at(&survival.status), message, CODES);
                }
                (None, Some(status)) => {
                    let message = format!("the status of {} is {status} without a time", endpoint.name);
                    findings.add("SK241", at(&endpoint.column), message, "fill the time in, or empty the status");
                }
                (Some(time), None) => {
                    let message = format!("{} is {time} without a status", endpoint.name);
                    let remedy =
                        "fill the status in: 1 for an event at that time, 0 where observation ended without one";
                    findings.add("SK241", at(&survival.status), message, remedy);
                }
                _ => {}
            }
        }
    }
}

/// How other codes than 0 and 1 are declared.
const CODES: &str = "correct it, or say what the codes mean, censored before event: `levels = [{ code = \"0\", label = \"censored\" \
                     }, { code = \"1\", label = \"event\" }]`";

/// SK203, once for a status that is coded 1 and 2: which of them is the event nobody can tell.
fn one_and_two(
    endpoint: &Endpoint,
    column: &str,
    statuses: &[Option<f64>],
    rows: &Rows,
    findings: &mut Findings,
) -> bool {
    let mut seen = statuses.iter().flatten();
    if !(statuses.iter().flatten().any(|status| *status == 2.0) && seen.all(|status| *status == 1.0 || *status == 2.0))
    {
        return false;
    }
    let first = statuses.iter().position(Option::is_some).and_then(|row| rows.file_row.get(row)).copied();
    let message =
        format!("the status of {} is coded 1 and 2, and which of them is the event is not said", endpoint.name);
    let remedy = "declare it in the endpoint, censored before event: `levels = [{ code = \"1\", label = \"censored\" }, \
                  { code = \"2\", label = \"event\" }]`";
    findings.add("SK203", rows.place(first, Some(column)), message, remedy);
    true
}

/// Files time and status with each knee; SK242 where its rows disagree.
pub fn file(design: &Design, rows: &Rows, knees: &Knees, values: &mut [KneeValues], findings: &mut Findings) {
    for (number, endpoint) in endpoints(design) {
        let (Some(times), Some(statuses)) = (rows.values.get(number), rows.statuses.get(&number)) else { continue };
        let mut first: Vec<Option<usize>> = vec![None; values.len()];
        for (row, (time, status)) in times.iter().zip(statuses).enumerate() {
            let (Some(time), Some(status), Some(knee)) = (*time, *status, knees.of_row(row)) else { continue };
            let timed = Timed { time, event: status == 1.0 };
            let (Some(of_knee), Some(before)) = (values.get_mut(knee), first.get_mut(knee)) else { continue };
            match of_knee.timed(number) {
                None => {
                    of_knee.set_timed(number, Some(timed));
                    *before = rows.file_row.get(row).copied();
                }
                Some(known) if known != timed => {
                    let said =
                        |timed: Timed| format!("{} ({})", timed.time, if timed.event { "event" } else { "censored" });
                    let key = knees.list.get(knee);
                    let patient = knees.patients.iter().find(|(_, members)| members.contains(&knee));
                    let message = format!(
                        "{} of patient {} {} is {} here and {} in {}",
                        endpoint.name,
                        patient.map(|(id, _)| id.as_str()).unwrap_or_default(),
                        key.map(|key| key.side.as_str()).unwrap_or_default(),
                        said(timed),
                        said(known),
                        rows.named(*before)
                    );
                    let at = rows.place(rows.file_row.get(row).copied(), Some(&endpoint.column));
                    let remedy =
                        "a knee has one time and one status: repeat the same at every visit, or leave the others empty";
                    findings.add("SK242", at, message, remedy);
                }
                Some(_) => {}
            }
        }
    }
}
