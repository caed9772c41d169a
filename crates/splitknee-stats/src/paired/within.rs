//! One patient, one row: repeated measurements laid out by within-patient factors (arm, visit), complete patients only.

use super::Refusal;
use crate::note;
use std::collections::{BTreeMap, BTreeSet};

/// A within-patient factor with its levels in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    /// Name, as it appears in the terms of the result.
    pub name: String,
    /// Levels in order.
    pub levels: Vec<String>,
}

/// Complete patients × cells; cells run over all combinations of the factors' levels, the last factor fastest.
#[derive(Debug, Clone, PartialEq)]
pub struct WithinTable {
    /// The factors that make up the cells.
    pub factors: Vec<Factor>,
    /// Identifiers of the complete patients, sorted.
    pub ids: Vec<String>,
    /// One row per complete patient, one value per cell.
    pub rows: Vec<Vec<f64>>,
    /// Patients left out because a cell is missing.
    pub n_dropped: usize,
}

impl WithinTable {
    /// Lays out long data: `ids[i]`, `values[i]` and, for every factor, the level of row `i`.
    ///
    /// Levels that are not declared (an empty list) are taken in order of first appearance. Rows whose level is not
    /// among declared levels are ignored, so that a visit can be left out. A missing value leaves its cell empty.
    ///
    /// # Errors
    /// When columns differ in length, a patient has two values in one cell, a value is infinite, or no factor is given.
    pub fn from_long(
        ids: &[String],
        values: &[Option<f64>],
        factors: &[(Factor, Vec<String>)],
    ) -> Result<Self, Refusal> {
        if factors.is_empty() {
            return Err(Refusal(note!(within_factor)));
        }
        if ids.len() != values.len() || factors.iter().any(|(_, column)| column.len() != ids.len()) {
            return Err(Refusal(note!(within_columns)));
        }
        let factors: Vec<(Factor, &[String])> = factors
            .iter()
            .map(|(factor, column)| {
                let mut factor = factor.clone();
                if factor.levels.is_empty() {
                    for level in column {
                        if !factor.levels.contains(level) {
                            factor.levels.push(level.clone());
                        }
                    }
                }
                (factor, column.as_slice())
            })
            .collect();
        let cells: usize = factors.iter().map(|(factor, _)| factor.levels.len()).product();
        let mut patients: BTreeMap<&str, Vec<Option<f64>>> = BTreeMap::new();
        let mut filled: BTreeSet<(&str, usize)> = BTreeSet::new();
        for (row, (id, value)) in ids.iter().zip(values).enumerate() {
            let cell = factors.iter().try_fold(0, |cell, (factor, column)| {
                let level = factor.levels.iter().position(|level| Some(level) == column.get(row))?;
                Some(cell * factor.levels.len() + level)
            });
            let Some(cell) = cell else { continue };
            let cells_of_patient = patients.entry(id).or_insert_with(|| vec![None; cells]);
            if !filled.insert((id, cell)) {
                return Err(Refusal(note!(within_twice, patient = id)));
            }
            match value {
                Some(number) if number.is_infinite() => {
                    return Err(Refusal(note!(within_infinite, patient = id)));
                }
                Some(number) if !number.is_nan() => cells_of_patient[cell] = Some(*number),
                _ => {}
            }
        }
        let mut table = Self {
            factors: factors.into_iter().map(|(factor, _)| factor).collect(),
            ids: Vec::new(),
            rows: Vec::new(),
            n_dropped: 0,
        };
        for (id, cells) in patients {
            match cells.into_iter().collect::<Option<Vec<f64>>>() {
                Some(row) => {
                    table.ids.push(id.to_string());
                    table.rows.push(row);
                }
                None => table.n_dropped += 1,
            }
        }
        Ok(table)
    }
}
