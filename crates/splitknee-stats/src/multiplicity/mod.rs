//! Several hypotheses, one error rate: adjusted p-values and gatekeeping procedures.
//!
//! [`adjust`] holds the procedures that treat all hypotheses alike (R's `p.adjust`), [`fixed_sequence`] the hierarchical
//! test in a declared order, [`graphical`] the graphs of Bretz and Maurer that contain both and gatekeeping across
//! endpoints and visits. All work on p-values alone.

pub mod adjust;
pub mod epsilon;
pub mod fixed_sequence;
pub mod graphical;

use crate::note;
use crate::note::Note;

/// Why a procedure cannot be carried out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MultiplicityError {
    /// There is nothing to adjust.
    #[error("no p-value was given")]
    Empty,
    /// A p-value is not a probability.
    #[error("p-value {position} is {value}: a p-value lies between 0 and 1")]
    NotAProbability {
        /// Position in the list, from 1.
        position: usize,
        /// The value found.
        value: f64,
    },
    /// The significance level is not strictly between 0 and 1.
    #[error("the significance level must lie strictly between 0 and 1, not at {0}")]
    Level(f64),
    /// Lists that belong together differ in length.
    #[error("{what}: expected {expected}, found {found}")]
    Length {
        /// Which list.
        what: &'static str,
        /// Number of entries needed.
        expected: usize,
        /// Number of entries found.
        found: usize,
    },
    /// The graph breaks a rule of the procedure.
    #[error("{0}")]
    Graph(Note),
}

impl MultiplicityError {
    /// The error as a note, for results that say why a procedure was not carried out.
    pub fn note(&self) -> Note {
        match self {
            Self::Empty => note!(no_p_values),
            Self::NotAProbability { position, value } => note!(p_range, position = *position, value = value),
            Self::Level(alpha) => note!(alpha_range, alpha = alpha),
            Self::Length { what, expected, found } => {
                note!(lengths_differ, what = *what, expected = *expected, found = *found)
            }
            Self::Graph(reason) => reason.clone(),
        }
    }
}

/// Checks that every p-value is a probability and that there is at least one.
fn check_p_values(p_values: &[f64]) -> Result<(), MultiplicityError> {
    if p_values.is_empty() {
        return Err(MultiplicityError::Empty);
    }
    match p_values.iter().position(|p| !(0.0..=1.0).contains(p)) {
        Some(index) => Err(MultiplicityError::NotAProbability { position: index + 1, value: p_values[index] }),
        None => Ok(()),
    }
}

/// Checks that the significance level lies strictly between 0 and 1.
fn check_level(alpha: f64) -> Result<(), MultiplicityError> {
    if alpha > 0.0 && alpha < 1.0 { Ok(()) } else { Err(MultiplicityError::Level(alpha)) }
}
