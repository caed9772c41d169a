//! Which direction of a score is good for the patient.

use crate::math::decimal;

/// Which direction of a score, or of an ordinal grade, is good for the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Smaller values are better (pain, MRI grades).
    Lower,
    /// Larger values are better (cartilage volume).
    Higher,
}

impl Better {
    /// How much better `value` is than `reference`: positive when it is better; exact on the decimal grid of both
    /// ([`decimal::subtract`]).
    pub fn improvement(self, reference: f64, value: f64) -> f64 {
        match self {
            Self::Lower => decimal::subtract(reference, value),
            Self::Higher => decimal::subtract(value, reference),
        }
    }
}
