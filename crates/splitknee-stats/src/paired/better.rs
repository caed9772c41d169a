//! How much better one value is than another.

use crate::math::decimal;
use crate::terms::Better;

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
