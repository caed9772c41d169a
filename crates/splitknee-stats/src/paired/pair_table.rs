//! Yes or no in both knees of each patient, counted in the paired 2 × 2 table.

use super::Refusal;
use crate::note;

/// Pairs by the answer of the treated and of the control knee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PairTable {
    /// Both knees yes.
    pub a: u64,
    /// Treated knee yes, control knee no.
    pub b: u64,
    /// Treated knee no, control knee yes.
    pub c: u64,
    /// Neither knee.
    pub d: u64,
}

impl PairTable {
    /// Counts the pairs.
    ///
    /// # Errors
    /// When the two columns differ in length.
    pub fn from_pairs(treated: &[bool], control: &[bool]) -> Result<Self, Refusal> {
        if treated.len() != control.len() {
            return Err(Refusal(note!(unequal_pair, treated = treated.len(), control = control.len())));
        }
        let mut table = Self::default();
        for pair in treated.iter().zip(control) {
            match pair {
                (true, true) => table.a += 1,
                (true, false) => table.b += 1,
                (false, true) => table.c += 1,
                (false, false) => table.d += 1,
            }
        }
        Ok(table)
    }

    /// Counts the pairs of two columns that hold 0 (no) and 1 (yes).
    ///
    /// # Errors
    /// When the columns differ in length or hold anything but 0 and 1.
    pub fn from_codes(treated: &[f64], control: &[f64]) -> Result<Self, Refusal> {
        let answers = |column: &[f64]| -> Result<Vec<bool>, Refusal> {
            column
                .iter()
                .map(|&code| match code {
                    0.0 => Ok(false),
                    1.0 => Ok(true),
                    other => Err(Refusal(note!(binary_coding, value = other))),
                })
                .collect()
        };
        Self::from_pairs(&answers(treated)?, &answers(control)?)
    }

    /// Number of pairs.
    pub fn n(&self) -> u64 {
        self.a + self.b + self.c + self.d
    }

    /// Number of pairs whose knees differ.
    pub fn discordant(&self) -> u64 {
        self.b + self.c
    }

    /// Share of treated knees that answer yes, minus that of control knees: (b − c)/n; `None` for an empty table.
    pub fn risk_difference(&self) -> Option<f64> {
        (self.n() > 0).then(|| (self.b as f64 - self.c as f64) / self.n() as f64)
    }
}
