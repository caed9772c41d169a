//! When it was measured.

use super::values::row;
use super::{Context, Rule};
use crate::data::Date;
use crate::trial::finding::Severity::{Error, Note, Warning};
use crate::trial::findings::Findings;
use crate::trial::patients::{Knee, Patient};
use std::collections::{BTreeMap, BTreeSet};

/// The rules.
pub const RULES: &[Rule] = &[
    Rule {
        id: "SK301",
        severity: Error,
        title: "A date column holds dates of one order.",
        example: "`31/12/2024` and `12/31/2024` in one column.",
        remedy: "Write all dates as YYYY-MM-DD.",
    },
    Rule {
        id: "SK302",
        severity: Warning,
        title: "Visits follow each other in time.",
        example: "Month 2 dated before Baseline.",
        remedy: "Correct the date or the visit.",
    },
    Rule {
        id: "SK303",
        severity: Warning,
        title: "Visits lie in their windows.",
        example: "Month 6 on day 260, window 150 to 210.",
        remedy: "Check the date; per-protocol sets may exclude the visit.",
    },
    Rule {
        id: "SK304",
        severity: Warning,
        title: "Visits after baseline are not before randomisation.",
        example: "Month 2 on 2022-03-01, randomised on 2022-03-18.",
        remedy: "Correct one of the dates.",
    },
    Rule {
        id: "SK305",
        severity: Note,
        title: "Visits are near their nominal month.",
        example: "Month 6 held 9.5 months after baseline.",
        remedy: "See that the visit is the one meant.",
    },
    Rule {
        id: "SK306",
        severity: Warning,
        title: "A visit has one nominal month.",
        example: "Month 2 with 2 in one row and 3 in another.",
        remedy: "Give each visit one month.",
    },
    Rule {
        id: "SK307",
        severity: Note,
        title: "The two knees of a patient are seen on one day.",
        example: "Left on 3 May, right on 17 May.",
        remedy: "See that it is meant.",
    },
    Rule {
        id: "SK308",
        severity: Warning,
        title: "Dates lie in a plausible period.",
        example: "A visit in 1022.",
        remedy: "Correct the year.",
    },
    Rule {
        id: "SK309",
        severity: Warning,
        title: "The months of the data are those of the plan.",
        example: "`Month 6` with 24 in the month column: weeks?",
        remedy: "Correct the column, or declare `visits.months`.",
    },
    Rule {
        id: "SK310",
        severity: Error,
        title: "The visits of the plan stand in time order.",
        example: "`order = [\"Baseline\", \"Month 6\", \"Month 3\"]`; dates that say the same.",
        remedy: "Correct `visits.order`: models, figures and the primary visit follow it.",
    },
];

/// Days of a month of 365.25 / 12 days.
const DAYS_PER_MONTH: f64 = 365.25 / 12.0;

/// Looks at the dates of visits, where the data have them.
pub fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some(dates) = &context.rows.date else { return };
    let column = context.sources.roles.date.as_deref();
    // By row of the file.
    let mut by_row: Vec<Option<Date>> = vec![None; context.rows.file_row.iter().max().map_or(0, |last| last + 1)];
    for (row, date) in context.rows.file_row.iter().zip(dates) {
        if let Some(place) = by_row.get_mut(*row) {
            *place = *date;
        }
    }
    let on =
        |knee: &Knee, visit: usize| row(knee, visit).and_then(|row| Some((row, by_row.get(row).copied().flatten()?)));
    let at = |row: usize| context.rows.place(Some(row), column);
    let plausible = [(1950, 1, 1), (2100, 12, 31)].map(|(year, month, day)| Date::new(year, month, day));
    let usual = usual_date(dates);
    for (row, date) in context.rows.file_row.iter().zip(dates) {
        let Some(date) = *date else { continue };
        if Some(date) < plausible[0] || Some(date) > plausible[1] {
            findings.add("SK308", at(*row), format!("the visit is dated {}", date), "correct the year");
        } else if let Some(usual) = usual.filter(|usual| (usual.days - date.days).abs() > FAR) {
            let message = format!("the visit is dated {date}, and half of all visits are before or after {usual}");
            findings.add("SK308", at(*row), message, "correct the year");
        }
    }
    let visits = context.trial.design.visits.len();
    let label =
        |visit: usize| context.trial.design.visits.get(visit).map(|visit| visit.label.as_str()).unwrap_or_default();
    let reversed = reversed(context, &on);
    for (before, after, patients, of) in &reversed {
        findings.add(
            "SK310",
            context.rows.place(None, column),
            format!(
                "`{}` stands before `{}` in the plan, and its date is later in {patients} of {of} patients",
                label(*before),
                label(*after)
            ),
            "correct `visits.order`, or the dates",
        );
    }
    let known_reversed = |before: usize, after: usize| reversed.iter().any(|pair| (pair.0, pair.1) == (before, after));
    for patient in &context.trial.patients {
        for visit in 0..visits {
            let seen: Vec<(usize, Date)> = patient.knees().iter().filter_map(|knee| on(knee, visit)).collect();
            if let [(_, a), (second, b)] = seen.as_slice()
                && a != b
            {
                let days = (a.days - b.days).abs();
                let message =
                    format!("patient {}: the two knees were seen {days} days apart at `{}`", patient.id, label(visit));
                findings.add("SK307", at(*second), message, "see that it is meant");
            }
        }
        // Each knee by itself: a wrong date of one is not hidden by the other's. What both have is said once.
        let mut told: BTreeSet<(usize, Date, Date)> = BTreeSet::new();
        for knee in patient.knees() {
            let mut latest: Option<(usize, Date)> = None;
            for visit in 0..visits {
                let Some((first, date)) = on(knee, visit) else { continue };
                let before = latest.replace((visit, date));
                let Some((before, earlier)) =
                    before.filter(|(before, earlier)| date < *earlier && !known_reversed(*before, visit))
                else {
                    continue;
                };
                if !told.insert((visit, earlier, date)) {
                    continue;
                }
                let message = format!(
                    "patient {}: `{}` on {} is before `{}` on {}",
                    patient.id,
                    label(visit),
                    date,
                    label(before),
                    earlier
                );
                findings.add("SK302", at(first), message, "correct the date or the visit");
            }
        }
        against_baseline(context, patient, &on, findings);
        against_randomisation(context, patient, &on, findings);
    }
}

/// Days from the usual date beyond which a year is probably wrong.
const FAR: i32 = 3653;
/// Fewest dates that say what is usual.
const FEWEST: usize = 10;

/// The date in the middle of all.
fn usual_date(dates: &[Option<Date>]) -> Option<Date> {
    let mut known: Vec<Date> = dates.iter().flatten().copied().collect();
    let middle = known.len() / 2;
    (known.len() >= FEWEST).then(|| *known.select_nth_unstable(middle).1)
}

/// The row and date of a knee at a visit.
type Seen<'s> = dyn Fn(&Knee, usize) -> Option<(usize, Date)> + 's;

/// Neighbouring visits whose dates contradict the plan's order in more than half of the patients who have both: the two
/// visits, the patients, and of how many.
fn reversed(context: &Context<'_>, on: &Seen<'_>) -> Vec<(usize, usize, usize, usize)> {
    let mut counts: BTreeMap<(usize, usize), (usize, usize)> = BTreeMap::new();
    for patient in &context.trial.patients {
        let mut latest: Option<(usize, Date)> = None;
        for visit in 0..context.trial.design.visits.len() {
            let dates = patient.knees().iter().filter_map(|knee| on(knee, visit)).map(|(_, date)| date);
            let Some(date) = dates.min() else { continue };
            if let Some((before, earlier)) = latest {
                let count = counts.entry((before, visit)).or_default();
                count.0 += usize::from(date < earlier);
                count.1 += 1;
            }
            latest = Some((visit, date));
        }
    }
    let contradicted = counts.into_iter().filter(|(_, (wrong, of))| 2 * wrong > *of && *of > 1);
    contradicted.map(|((before, after), (wrong, of))| (before, after, wrong, of)).collect()
}

/// SK303 and SK305: windows, and distance from the nominal month where no window is declared.
fn against_baseline(context: &Context<'_>, patient: &Patient, on: &Seen<'_>, findings: &mut Findings) {
    let design = &context.trial.design;
    let Some(baseline) = design.baseline else { return };
    let first = |visit: usize| patient.knees().iter().filter_map(|knee| on(knee, visit)).min_by_key(|(_, date)| *date);
    let Some((_, start)) = first(baseline) else { return };
    for (visit, planned) in design.visits.iter().enumerate() {
        if visit == baseline {
            continue;
        }
        // Each day on which a knee was seen: one knee in its window does not hide the other.
        for (at, knee) in patient.knees().iter().enumerate() {
            let Some((row, date)) = on(knee, visit) else { continue };
            let before = patient.knees().iter().take(at);
            if before.filter_map(|other| on(other, visit)).any(|(_, other)| other == date) {
                continue;
            }
            let day = f64::from(date.days - start.days);
            let at = context.rows.place(Some(row), context.sources.roles.date.as_deref());
            if let Some(window) = context.sources.windows.iter().find(|window| window.visit == visit) {
                if !(window.from_day..=window.to_day).contains(&day) {
                    findings.add(
                        "SK303",
                        at,
                        format!(
                            "patient {}: `{}` on day {day} is outside its window, day {} to {}",
                            patient.id, planned.label, window.from_day, window.to_day
                        ),
                        "check the date; a per-protocol set may leave the visit out",
                    );
                }
                continue;
            }
            let Some(month) = planned.month else { continue };
            let others = design
                .visits
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != visit)
                .filter_map(|(_, other)| other.month);
            let spacing = others.map(|other| (other - month).abs()).fold(f64::INFINITY, f64::min);
            let actual = day / DAYS_PER_MONTH;
            if spacing.is_finite() && (actual - month).abs() > spacing / 2.0 {
                findings.add(
                    "SK305",
                    at,
                    format!("patient {}: `{}` was {actual:.1} months after baseline", patient.id, planned.label),
                    "see that the visit is the one meant, or declare `visits.window`",
                );
            }
        }
    }
}

/// SK304: visits after baseline that lie before randomisation.
fn against_randomisation(context: &Context<'_>, patient: &Patient, on: &Seen<'_>, findings: &mut Findings) {
    let Some(randomised) = context.randomised_on(patient) else { return };
    let design = &context.trial.design;
    for (visit, planned) in design.visits.iter().enumerate() {
        if !design.is_after_baseline(visit) {
            continue;
        }
        let earliest = patient.knees().iter().filter_map(|knee| on(knee, visit)).min_by_key(|(_, date)| *date);
        if let Some((row, date)) = earliest.filter(|(_, date)| *date < randomised) {
            findings.add(
                "SK304",
                context.rows.place(Some(row), context.sources.roles.date.as_deref()),
                format!(
                    "patient {}: `{}` on {} is before randomisation on {}",
                    patient.id, planned.label, date, randomised
                ),
                "correct one of the dates",
            );
        }
    }
}
