//! Rows to knees: which rows belong to which knee of which patient, on which arm; the identity rules of the design.

use super::allocated::Allocated;
use super::build::index;
use super::coded::EMPTY;
use super::design::Design;
use super::findings::{Findings, place};
use super::rows::Rows;
use super::rules::identity;
use super::sources::Sources;
use super::strangers;
use std::collections::HashMap;

/// What to do where a patient has several sites on one treatment.
const SEVERAL_ON_ONE: &str = "correct the site, the arm or the patient; several sites on one treatment are no design of a plan: \
                              leave `knee` out of `columns` and declare `replicates = \"mean\"`, so that a patient's sites \
                              on a treatment count as their mean, or use `splitknee model` with `(1|patient)`";

/// A knee before it has values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KneeKey {
    /// Label of the side; the arm's label where the data have none.
    pub side: String,
    /// Arm.
    pub arm: usize,
    /// First row in the data, if any.
    pub first_row: Option<usize>,
}

/// The knees of all patients.
#[derive(Debug, Clone, Default)]
pub struct Knees {
    /// All knees.
    pub list: Vec<KneeKey>,
    /// Identifier and knees of each patient, in order of appearance; patients only in the allocation list at the end.
    pub patients: Vec<(String, Vec<usize>)>,
    /// The allocation list, where the plan names one.
    pub allocated: Option<Allocated>,
    by_row: Vec<u32>,
}

impl Knees {
    /// Number of knees.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The knee that a row belongs to.
    pub fn of_row(&self, row: usize) -> Option<usize> {
        index(*self.by_row.get(row)?)
    }

    /// Groups the rows, reporting whatever breaks the design; `None` where nothing can be grouped.
    pub fn group(design: &Design, sources: &Sources, rows: &Rows, findings: &mut Findings) -> Option<Self> {
        let allocated = match &sources.allocation {
            Some(allocation) => Some(Allocated::read(design, allocation, &rows.sides, findings)?),
            None => None,
        };
        if let (Some(list), Some(allocation)) = (&allocated, &sources.allocation)
            && let Some((here, there)) = strangers::unlike(list.knees.keys(), rows.patients.iter())
        {
            findings.add(
                "SK107",
                place(&allocation.source.file, None, Some(&allocation.patient)),
                format!("no patient of the data is in the allocation list: there they are like `{here}`, in the data like `{there}`"),
                "write the identifiers alike in both files, or name the right column in `allocation_columns.patient`",
            );
            return None;
        }
        let arms = design.arms.labels();
        let mut knees = Self { by_row: vec![EMPTY; rows.len()], ..Self::default() };
        knees.patients = rows.patients.iter().map(|id| (id.clone(), Vec::new())).collect();
        // Where the data have no sides, the arm tells the knees of a patient apart.
        let marks = rows.side.as_ref().or(rows.arm.as_ref())?;
        let mut missing_allocation: Vec<bool> = vec![false; rows.patients.len()];
        let zeros = allocated.as_ref().map(|list| knees.leading_zeros(list)).unwrap_or_default();
        if let (Some((data, list)), Some(allocation)) = (zeros.first(), &sources.allocation) {
            for (patient, (id, _)) in knees.patients.iter().enumerate() {
                if let Some(reported) = missing_allocation.get_mut(patient) {
                    *reported = zeros.iter().any(|(data, _)| data == id);
                }
            }
            let many = if zeros.len() == 1 { "patient of the data stands" } else { "patients of the data stand" };
            findings.add(
                "SK107",
                place(&allocation.source.file, None, Some(&allocation.patient)),
                format!(
                    "{} {many} in the list with other leading zeros or another spelling: `{data}` in {} is `{list}` there",
                    zeros.len(),
                    rows.file
                ),
                "write the identifiers alike in both files; in a spreadsheet, format the column as text before filling it",
            );
        }
        for row in 0..rows.len() {
            let (Some(patient), Some(mark)) =
                (rows.patient.get(row).and_then(|code| index(*code)), marks.get(row).and_then(|code| index(*code)))
            else {
                continue;
            };
            let Some((id, members)) = knees.patients.get_mut(patient) else { continue };
            let label = match &rows.side {
                Some(_) => rows.sides.get(mark).map(String::as_str).unwrap_or_default(),
                None => arms.get(mark).copied().unwrap_or_default(),
            };
            let file_row = rows.file_row.get(row).copied();
            let known =
                members.iter().copied().find(|knee| knees.list.get(*knee).is_some_and(|knee| knee.side == label));
            let written = match &rows.arm {
                Some(arm) => match arm.get(row).and_then(|code| index(*code)) {
                    Some(arm) => Some(arm),
                    None if rows.without_arm.contains(&row) => None,
                    // An unknown arm is reported already.
                    None => continue,
                },
                None => None,
            };
            let knee = match known {
                Some(knee) => knee,
                None => {
                    let listed =
                        allocated.as_ref().filter(|_| rows.side.is_some()).and_then(|list| list.arm(id, label));
                    let Some(arm) = written.or(listed) else {
                        if let Some(reported) = missing_allocation.get_mut(patient)
                            && !*reported
                        {
                            *reported = true;
                            not_allocated(sources, rows, id, Some(label), file_row, findings);
                        }
                        continue;
                    };
                    if let (Some(written), Some(listed)) = (written, listed)
                        && written != listed
                    {
                        contradiction(
                            sources,
                            rows,
                            id,
                            label,
                            [written, listed].map(|arm| arms.get(arm).copied().unwrap_or_default()),
                            file_row,
                            findings,
                        );
                    }
                    knees.list.push(KneeKey { side: label.to_owned(), arm, first_row: file_row });
                    members.push(knees.list.len() - 1);
                    knees.list.len() - 1
                }
            };
            if let (Some(written), Some(first)) = (written, knees.list.get(knee))
                && written != first.arm
            {
                findings.add(
                    "SK104",
                    rows.place(file_row, sources.roles.arm.as_deref()),
                    format!(
                        "{label} of patient {id} is on {} here and on {} in {}",
                        arms.get(written).copied().unwrap_or_default(),
                        arms.get(first.arm).copied().unwrap_or_default(),
                        rows.named(first.first_row),
                    ),
                    "a knee keeps its treatment; correct the arm or the side",
                );
            }
            if let (Some(place), Ok(knee)) = (knees.by_row.get_mut(row), u32::try_from(knee)) {
                *place = knee;
            }
        }
        knees.check_pairs(design, sources, rows, findings);
        knees.check_duplicates(design, rows, findings);
        if let Some(allocated) = &allocated {
            knees.compare_with_allocation(sources, rows, allocated, &zeros, findings);
        }
        knees.allocated = allocated;
        Some(knees)
    }

    /// No patient has two knees on one arm, or more knees than there are treatments.
    fn check_pairs(&self, design: &Design, sources: &Sources, rows: &Rows, findings: &mut Findings) {
        let arms = design.arms.labels();
        for (id, members) in &self.patients {
            let own: Vec<&KneeKey> = members.iter().filter_map(|knee| self.list.get(*knee)).collect();
            let before = |at: usize, knee: &KneeKey| own.iter().take(at).find(|other| other.arm == knee.arm).copied();
            let twice = own.iter().enumerate().find_map(|(at, knee)| Some((before(at, knee)?, *knee)));
            let most = arms.len().max(2);
            match (own.as_slice(), twice) {
                (more, _) if more.len() > most => {
                    let sides: Vec<&str> = more.iter().map(|knee| knee.side.as_str()).collect();
                    let (message, remedy) = match arms.len() {
                        0..=2 => (
                            format!("patient {id} has {} knees: {}", more.len(), sides.join(", ")),
                            "a patient has two; correct the side, the arm or the patient; further treatments are named in \
                             `[arms] other`, one site each",
                        ),
                        n => (
                            format!(
                                "patient {id} has {} sites and the plan {n} treatments: {}",
                                more.len(),
                                sides.join(", ")
                            ),
                            SEVERAL_ON_ONE,
                        ),
                    };
                    let at = more.get(most).and_then(|knee| knee.first_row);
                    findings.add("SK105", rows.place(at, sources.roles.knee.as_deref()), message, remedy);
                }
                (more, Some((a, b))) => {
                    let arm = arms.get(a.arm).copied().unwrap_or_default();
                    let (first, second) = (rows.named(a.first_row), rows.named(b.first_row));
                    let on = format!("on {arm} ({}, {first}; {}, {second})", a.side, b.side);
                    let (message, remedy) = match more.len() {
                        2 => (
                            format!("patient {id} has both knees {on}, so there is no comparison within the patient"),
                            "correct the arm of one knee",
                        ),
                        _ => (format!("patient {id} has two sites {on}"), SEVERAL_ON_ONE),
                    };
                    findings.add("SK103", rows.place(b.first_row, sources.roles.arm.as_deref()), message, remedy);
                }
                ([only], None) => {
                    findings.add(
                        "SK106",
                        rows.place(only.first_row, None),
                        format!("patient {id} has one knee only ({})", only.side),
                        "mixed models use the knee; paired tests cannot: see that it is meant",
                    );
                }
                _ => {}
            }
        }
    }

    /// No knee has two rows at one visit.
    fn check_duplicates(&self, design: &Design, rows: &Rows, findings: &mut Findings) {
        let visits = design.visits.len();
        let mut first: Vec<u32> = vec![EMPTY; self.list.len() * visits];
        for row in 0..rows.len() {
            let (Some(knee), Some(visit)) = (self.of_row(row), rows.visit.get(row).and_then(|code| index(*code)))
            else {
                continue;
            };
            let Some(cell) = first.get_mut(knee * visits + visit) else { continue };
            match index(*cell) {
                None => *cell = u32::try_from(row).unwrap_or(EMPTY),
                Some(before) => {
                    let side = self.list.get(knee).map(|knee| knee.side.as_str()).unwrap_or_default();
                    let visit = design.visits.get(visit).map(|visit| visit.label.as_str()).unwrap_or_default();
                    findings.add(
                        "SK101",
                        rows.place(rows.file_row.get(row).copied(), None),
                        format!(
                            "patient {} {side} has a second row at `{visit}`; the first is {}",
                            rows.patient
                                .get(row)
                                .and_then(|code| rows.patients.get(index(*code)?))
                                .map(String::as_str)
                                .unwrap_or_default(),
                            rows.named_beside(rows.file_row.get(before).copied(), rows.file_row.get(row).copied())
                        ),
                        "delete one of the rows, or correct its patient, side or visit; if both are readings of one knee \
                         (teeth, repeated measurements), declare what they stand for: `replicates = \"mean\"` in the \
                         endpoint",
                    );
                }
            }
        }
    }

    /// Patients of the data that the list does not have, with one of the list that differs in leading zeros alone.
    fn leading_zeros(&self, allocated: &Allocated) -> Vec<(String, String)> {
        let known: std::collections::HashSet<&str> = self.patients.iter().map(|(id, _)| id.as_str()).collect();
        let unknown = allocated.knees.keys().filter(|id| !known.contains(id.as_str()));
        let listed: HashMap<String, &String> = unknown.map(|id| (super::rules::identity::folded(id), id)).collect();
        let absent = self.patients.iter().filter(|(id, _)| !allocated.knees.contains_key(id));
        absent
            .filter_map(|(id, _)| Some((id.clone(), (*listed.get(&super::rules::identity::folded(id))?).clone())))
            .collect()
    }

    /// Patients and knees of the allocation list that are not in the data; they join the trial without values.
    fn compare_with_allocation(
        &mut self,
        sources: &Sources,
        rows: &Rows,
        allocated: &Allocated,
        zeros: &[(String, String)],
        findings: &mut Findings,
    ) {
        let Some(allocation) = &sources.allocation else { return };
        let in_data: HashMap<String, usize> =
            self.patients.iter().enumerate().map(|(number, (id, _))| (id.clone(), number)).collect();
        let differs = |id: &str| zeros.iter().any(|(data, list)| data == id || list == id);
        if rows.arm.is_some() {
            for (id, members) in self.patients.iter().filter(|(id, _)| !differs(id)) {
                if !allocated.knees.contains_key(id) {
                    let row = members.first().and_then(|knee| self.list.get(*knee)).and_then(|knee| knee.first_row);
                    not_allocated(sources, rows, id, None, row, findings);
                }
            }
        }
        for (id, listed) in &allocated.knees {
            let number = match in_data.get(id) {
                Some(number) => *number,
                None if differs(id) => continue,
                None => {
                    findings.add(
                        "SK108",
                        place(&allocation.source.file, listed.first().map(|knee| knee.row), Some(&allocation.patient)),
                        format!("patient {id} was allocated but has no row in {}", rows.file),
                        "see that the patient was never measured; the patient counts as randomised",
                    );
                    self.patients.push((id.clone(), Vec::new()));
                    self.patients.len() - 1
                }
            };
            let Some((_, members)) = self.patients.get_mut(number) else { continue };
            for (label, arm) in listed.iter().map(|knee| (&knee.side, &knee.arm)) {
                let present = members.iter().filter_map(|knee| self.list.get(*knee)).any(|knee| knee.arm == *arm);
                if !present && members.len() < listed.len().max(2) {
                    let side = label.clone().unwrap_or_default();
                    self.list.push(KneeKey { side, arm: *arm, first_row: None });
                    members.push(self.list.len() - 1);
                }
            }
        }
    }
}

/// The identifier of the allocation list that is this one in letters and digits of the usual width and script.
fn in_other_letters(sources: &Sources, id: &str) -> Option<String> {
    let allocation = sources.allocation.as_ref().filter(|_| !id.is_ascii())?;
    let listed = allocation.source.table.text(&allocation.patient).ok()?;
    let folded = identity::folded(id);
    listed.into_iter().flatten().find(|other| other != id && identity::folded(other) == folded)
}

fn not_allocated(
    sources: &Sources,
    rows: &Rows,
    id: &str,
    label: Option<&str>,
    row: Option<usize>,
    findings: &mut Findings,
) {
    let what = label.map(|label| format!(" {label}")).unwrap_or_default();
    let at = rows.place(row, Some(&sources.roles.patient));
    if let Some(other) = in_other_letters(sources, id) {
        let message = format!(
            "patient `{id}` is `{other}` in the allocation list: they differ in {} only",
            identity::spelled(id, &other)
        );
        findings.add("SK114", at, message, identity::WRITE_ALIKE);
        return;
    }
    match &sources.allocation {
        Some(allocation) => findings.add(
            "SK107",
            at,
            format!("patient {id}{what} is not in the allocation list {}", allocation.source.file),
            "correct the identifier, or add the patient to the list",
        ),
        // The file that names the treatment spells the patient in another way, which is said already.
        None if findings.has("SK114") => {}
        // One of several files names the treatment, and not for this knee.
        None => findings.add(
            "SK604",
            at,
            format!("no file says which treatment patient {id}{what} had"),
            "add the knee to the file with the treatment, or correct its patient or side",
        ),
    }
}

fn contradiction(
    sources: &Sources,
    rows: &Rows,
    id: &str,
    label: &str,
    [written, listed]: [&str; 2],
    row: Option<usize>,
    findings: &mut Findings,
) {
    findings.add(
        "SK109",
        rows.place(row, sources.roles.arm.as_deref()),
        format!("{label} of patient {id} is on {written} here and on {listed} in the allocation list"),
        "find out which knee got which treatment; correct the data or the list",
    );
}
