//! Shift tables: from which grade to which grade did the knees move?
//!
//! One table per arm (rows the baseline grade, columns the grade at the visit), a knee counted once, and the counts of
//! knees that improved, stayed and worsened. Knees without one of the two grades are counted, never guessed.

use super::{Better, Refusal};
use crate::note;

/// Knees of one arm by grade at baseline (rows) and at the visit (columns).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShiftTable {
    /// Counts, baseline grade by grade at the visit, both in the order of the levels.
    pub counts: Vec<Vec<u64>>,
    /// Knees with a baseline grade but none at the visit, by baseline grade.
    pub missing_at_visit: Vec<u64>,
    /// Knees with a grade at the visit but none at baseline, by grade at the visit.
    pub missing_at_baseline: Vec<u64>,
    /// Knees with neither.
    pub missing_both: u64,
    /// Knees whose grade at the visit is better than at baseline.
    pub improved: u64,
    /// Knees whose grade did not change.
    pub unchanged: u64,
    /// Knees whose grade is worse.
    pub worsened: u64,
}

/// Counts the shifts of the knees of one arm from `baseline[i]` to `visit[i]` over the ordered `levels`.
///
/// # Errors
/// When the columns differ in length or a grade is not among the levels.
pub fn shift_table(
    baseline: &[Option<f64>],
    visit: &[Option<f64>],
    levels: &[f64],
    better: Better,
) -> Result<ShiftTable, Refusal> {
    if baseline.len() != visit.len() {
        return Err(Refusal(note!(unequal_baseline, visit = visit.len(), baseline = baseline.len())));
    }
    let position = |grade: f64| {
        levels
            .iter()
            .position(|&level| level == grade)
            .ok_or_else(|| Refusal(note!(grade_unknown, grade = grade, levels = format!("{:?}", levels))))
    };
    let mut table = ShiftTable {
        counts: vec![vec![0; levels.len()]; levels.len()],
        missing_at_visit: vec![0; levels.len()],
        missing_at_baseline: vec![0; levels.len()],
        missing_both: 0,
        improved: 0,
        unchanged: 0,
        worsened: 0,
    };
    for (&before, &after) in baseline.iter().zip(visit) {
        match (before, after) {
            (Some(before), Some(after)) => {
                table.counts[position(before)?][position(after)?] += 1;
                let improvement = better.improvement(before, after);
                if improvement > 0.0 {
                    table.improved += 1;
                } else if improvement < 0.0 {
                    table.worsened += 1;
                } else {
                    table.unchanged += 1;
                }
            }
            (Some(before), None) => table.missing_at_visit[position(before)?] += 1,
            (None, Some(after)) => table.missing_at_baseline[position(after)?] += 1,
            (None, None) => table.missing_both += 1,
        }
    }
    Ok(table)
}
