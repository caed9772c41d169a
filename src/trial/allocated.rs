//! The randomisation list: which knee of which patient was allocated to which arm.

use super::build::index;
use super::coded::Coded;
use super::design::{ACTIVE, Design, PLACEBO};
use super::findings::{Findings, place};
use super::rows::{Place, dates, has_column, known_levels};
use super::side::{Side, side};
use super::sources::{Allocation, AllocationForm};
use crate::data::{Date, Table};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// One knee of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllocatedKnee {
    /// Label of the side, where the list has sides; in the spelling of the data.
    pub side: Option<String>,
    /// Arm.
    pub arm: usize,
    /// Row in the file.
    pub row: usize,
}

/// The randomisation list by patient identifier.
#[derive(Debug, Clone, Default)]
pub struct Allocated {
    /// The knees of each patient.
    pub knees: BTreeMap<String, Vec<AllocatedKnee>>,
    /// The date of randomisation of each patient, where the list has dates.
    pub dates: BTreeMap<String, Date>,
}

impl Allocated {
    /// Reads the list; `sides` are the labels of the data. `None` where a column is missing.
    pub fn read(design: &Design, list: &Allocation, sides: &[String], findings: &mut Findings) -> Option<Self> {
        let (file, table) = (list.source.file.as_str(), &list.source.table);
        let mut columns = vec![("patient", list.patient.as_str())];
        match &list.form {
            AllocationForm::PerKnee { knee, arm } => {
                columns.push(("arm", arm));
                columns.extend(knee.iter().map(|column| ("knee", column.as_str())));
            }
            AllocationForm::ActiveKnee { column } => columns.push(("active knee", column)),
        }
        columns.extend(list.order.iter().map(|column| ("order", column.as_str())));
        columns.extend(list.date.iter().map(|column| ("date", column.as_str())));
        if let AllocationForm::PerKnee { arm, .. } = &list.form
            && !table.has_column(arm)
            && let Some((left, right)) = columns_by_side(table)
        {
            findings.add(
                "SK025",
                place(file, Some(1), Some(arm)),
                format!("there is no column `{arm}` (arm); the list has a column per side, `{left}` and `{right}`"),
                format!(
                    "if they hold the treatment of each side, declare `allocation_columns = {{ left = \"{left}\", right = \
                     \"{right}\" }}` in [data]"
                ),
            );
            return None;
        }
        let mut complete = true;
        for (role, column) in columns {
            complete &= has_column(file, table, column, role, findings);
        }
        if !complete {
            return None;
        }
        let patients = Coded::read(table, &list.patient)?;
        let mut allocated = Self::default();
        if let Some(column) = &list.date {
            for (row, date) in dates(file, table, column, findings).into_iter().enumerate() {
                let (Some(id), Some(date)) = (patients.get(row), date) else { continue };
                match allocated.dates.entry(id.to_owned()) {
                    Entry::Vacant(entry) => {
                        entry.insert(date);
                    }
                    Entry::Occupied(known) if *known.get() != date => findings.add(
                        "SK407",
                        place(file, Some(table.file_row(row)), Some(column)),
                        format!("patient {id} was randomised on {date} by this row and on {} by an earlier one, which is used", known.get()),
                        "correct the list: a patient is randomised once",
                    ),
                    Entry::Occupied(_) => {}
                }
            }
        }
        match &list.form {
            AllocationForm::PerKnee { knee, arm } => {
                let labels = knee.as_ref().and_then(|column| Coded::read(table, column));
                let kept: Vec<usize> = (0..table.height()).collect();
                let at = Place { file, column: arm, table, kept: &kept, codes: &[] };
                let known = design.arms.labels();
                let arms = known_levels(&Coded::read(table, arm)?, &known, "arm", "SK601", &at, findings);
                for (row, arm) in arms.into_iter().enumerate() {
                    let (Some(id), Some(arm)) = (patients.get(row), index(arm)) else { continue };
                    let label =
                        labels.as_ref().and_then(|labels| labels.get(row)).map(|label| as_in_data(label, sides));
                    allocated.add(
                        design,
                        list,
                        id,
                        AllocatedKnee { side: label, arm, row: table.file_row(row) },
                        findings,
                    );
                }
            }
            AllocationForm::ActiveKnee { column } => {
                let labels = Coded::read(table, column)?;
                for row in 0..table.height() {
                    let Some(id) = patients.get(row) else { continue };
                    let file_row = table.file_row(row);
                    let Some((active, placebo)) = labels.get(row).and_then(|label| both_sides(label, sides)) else {
                        findings.add(
                            "SK604",
                            place(file, Some(file_row), Some(column)),
                            format!("`{}` is not a side of patient {id}", labels.get(row).unwrap_or_default()),
                            match labels.get(row) {
                                None => "write the side of the active knee as in the data".to_owned(),
                                Some(_) => {
                                    "write the side of the active knee as in the data; if these are codes, declare \
                                            them: `[sides] left = { code = \"…\", label = \"left\" }`, likewise `right`"
                                        .to_owned()
                                }
                            },
                        );
                        continue;
                    };
                    for (side, arm) in [(active, ACTIVE), (placebo, PLACEBO)] {
                        allocated.add(
                            design,
                            list,
                            id,
                            AllocatedKnee { side: Some(side), arm, row: file_row },
                            findings,
                        );
                    }
                }
            }
        }
        Some(allocated)
    }

    fn add(&mut self, design: &Design, list: &Allocation, id: &str, knee: AllocatedKnee, findings: &mut Findings) {
        let listed = self.knees.entry(id.to_owned()).or_default();
        if listed.iter().any(|other| other.arm == knee.arm) {
            findings.add(
                "SK110",
                place(&list.source.file, Some(knee.row), Some(&list.patient)),
                format!(
                    "patient {id} is allocated to {} twice",
                    design.arms.labels().get(knee.arm).copied().unwrap_or_default()
                ),
                "each knee of a patient has its own treatment; correct the list",
            );
            return;
        }
        listed.push(knee);
    }

    /// The arm of the knee with this side label.
    pub fn arm(&self, id: &str, label: &str) -> Option<usize> {
        self.knees
            .get(id)?
            .iter()
            .find(|knee| knee.side.as_deref().is_some_and(|listed| same(listed, label)))
            .map(|knee| knee.arm)
    }
}

/// The columns of a list that are named for the two sides.
fn columns_by_side(table: &Table) -> Option<(String, String)> {
    let names = table.column_names();
    let of = |wanted: Side| names.iter().find(|name| side(name) == Some(wanted)).cloned();
    of(Side::Left).zip(of(Side::Right))
}

/// Whether two labels name one side.
pub fn same(a: &str, b: &str) -> bool {
    a == b || (side(a).is_some() && side(a) == side(b))
}

fn as_in_data(label: &str, sides: &[String]) -> String {
    sides.iter().find(|known| same(known, label)).cloned().unwrap_or_else(|| label.to_owned())
}

/// The labelled side and the other one, in the spelling of the data.
fn both_sides(label: &str, sides: &[String]) -> Option<(String, String)> {
    let this = sides.iter().find(|known| same(known, label))?;
    let other = match side(this) {
        Some(which) => sides.iter().find(|known| side(known).is_some_and(|known| known != which))?,
        None if sides.len() == 2 => sides.iter().find(|known| *known != this)?,
        None => return None,
    };
    Some((this.clone(), other.clone()))
}
