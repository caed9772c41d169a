//! The fixed-sequence (hierarchical) procedure: hypotheses are tested in a declared order, each at the full level, until
//! one is not rejected. Maurer W, Hothorn LA, Lehmacher W (1995); Westfall PH, Krishen A (2001), J Stat Plan Inf 99:25–40.

use super::{MultiplicityError, check_level, check_p_values};
use serde::Serialize;

/// What became of one hypothesis of the sequence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SequenceDecision {
    /// Unadjusted p-value.
    pub p_value: f64,
    /// Largest p-value up to here: rejected when at most α.
    pub p_adjusted: f64,
    /// Whether the procedure still tested this hypothesis (all before it were rejected).
    pub tested: bool,
    /// Whether it is rejected.
    pub rejected: bool,
}

/// Decisions in the declared order.
///
/// # Errors
/// When the list is empty, a value is not a probability, or `alpha` is not strictly between 0 and 1.
pub fn fixed_sequence(p_values: &[f64], alpha: f64) -> Result<Vec<SequenceDecision>, MultiplicityError> {
    check_p_values(p_values)?;
    check_level(alpha)?;
    let mut p_adjusted = 0.0_f64;
    Ok(p_values
        .iter()
        .map(|&p_value| {
            let tested = p_adjusted <= alpha;
            p_adjusted = p_adjusted.max(p_value);
            SequenceDecision { p_value, p_adjusted, tested, rejected: p_adjusted <= alpha }
        })
        .collect())
}
