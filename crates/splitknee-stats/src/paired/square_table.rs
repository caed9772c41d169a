//! Two grades per patient, one per knee, counted in a square table: rows the treated knee, columns the control knee.

use super::Refusal;
use crate::math::decimal;
use crate::note;

/// A k × k table of pairs; rows are the treated knee's grades, columns the control knee's, both in the same order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SquareTable {
    counts: Vec<Vec<u64>>,
}

impl SquareTable {
    /// The most grades that columns of measurements may have: beyond it they are no grades, and the table would not fit
    /// into memory.
    pub const MOST_CATEGORIES: usize = 500;

    /// A table from its counts, row by row.
    ///
    /// # Errors
    /// When there are fewer than two categories, a row's length differs from the number of rows, or no pair is counted.
    pub fn from_counts(counts: Vec<Vec<u64>>) -> Result<Self, Refusal> {
        let categories = counts.len();
        if categories < 2 {
            return Err(Refusal(note!(table_two)));
        }
        if let Some(row) = counts.iter().find(|row| row.len() != categories) {
            return Err(Refusal(note!(table_square, rows = categories, columns = row.len())));
        }
        if counts.iter().flatten().all(|&count| count == 0) {
            return Err(Refusal(note!(no_complete_pair)));
        }
        Ok(Self { counts })
    }

    /// Counts the pairs of grades `treated[i]`, `control[i]` over the ordered `levels`.
    ///
    /// # Errors
    /// When the two columns differ in length, a grade is not among the levels, a level is repeated, there are more levels
    /// than [`Self::MOST_CATEGORIES`], or there is no pair.
    pub fn from_grades(treated: &[f64], control: &[f64], levels: &[f64]) -> Result<Self, Refusal> {
        if treated.len() != control.len() {
            return Err(Refusal(note!(unequal_pair, treated = treated.len(), control = control.len())));
        }
        if levels.len() > Self::MOST_CATEGORIES {
            return Err(Refusal(note!(grades_many, n = levels.len(), most = Self::MOST_CATEGORIES)));
        }
        if let Some((_, level)) = levels.iter().enumerate().find(|(i, level)| levels[..*i].contains(level)) {
            return Err(Refusal(note!(level_twice, level = level)));
        }
        let position = |grade: f64| {
            levels
                .iter()
                .position(|&level| decimal::same(level, grade))
                .ok_or_else(|| Refusal(note!(grade_unknown, grade = grade, levels = format!("{:?}", levels))))
        };
        let mut counts = vec![vec![0; levels.len()]; levels.len()];
        for (&row, &column) in treated.iter().zip(control) {
            counts[position(row)?][position(column)?] += 1;
        }
        Self::from_counts(counts)
    }

    /// The levels that occur in either column, ascending: the default when none are declared.
    ///
    /// # Errors
    /// When a grade is not a finite number.
    pub fn observed_levels(treated: &[f64], control: &[f64]) -> Result<Vec<f64>, Refusal> {
        let mut levels: Vec<f64> = treated.iter().chain(control).copied().collect();
        if levels.iter().any(|grade| !grade.is_finite()) {
            return Err(Refusal(note!(value_finite)));
        }
        levels.sort_by(f64::total_cmp);
        levels.dedup();
        Ok(levels)
    }

    /// Number of categories, k.
    pub fn categories(&self) -> usize {
        self.counts.len()
    }

    /// Number of pairs.
    pub fn n(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// The counts, row by row.
    pub fn counts(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// Pairs with the treated knee in category `row` and the control knee in category `column`, as a real number.
    pub(super) fn count(&self, row: usize, column: usize) -> f64 {
        self.counts[row][column] as f64
    }

    /// How many treated knees fall in each category.
    pub fn row_totals(&self) -> Vec<f64> {
        self.counts.iter().map(|row| row.iter().sum::<u64>() as f64).collect()
    }

    /// How many control knees fall in each category.
    pub fn column_totals(&self) -> Vec<f64> {
        (0..self.categories()).map(|column| self.counts.iter().map(|row| row[column]).sum::<u64>() as f64).collect()
    }

    /// Every cell as (row, column, count), row by row.
    pub fn cells(&self) -> impl Iterator<Item = (usize, usize, f64)> + '_ {
        self.counts
            .iter()
            .enumerate()
            .flat_map(|(i, row)| row.iter().enumerate().map(move |(j, &count)| (i, j, count as f64)))
    }
}
