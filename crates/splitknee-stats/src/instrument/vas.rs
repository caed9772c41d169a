//! One visual analogue scale: a line of 100 mm, 0 best, read in millimetres (0–100) or centimetres (0–10).
//!
//! The unit is declared, never guessed from the values; scores are in millimetres.

use super::{Score, ScoreError, check};

/// Where the scale comes from.
pub const SOURCE: &str = "Huskisson EC. Measurement of pain. Lancet 1974;304:1127-1131";

/// The worst score, in millimetres.
pub const MAXIMUM_MM: f64 = 100.0;

/// The unit in which the line was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// 0–100.
    Millimetre,
    /// 0–10.
    Centimetre,
}

impl Unit {
    /// The length of the line.
    pub fn maximum(self) -> f64 {
        match self {
            Unit::Millimetre => MAXIMUM_MM,
            Unit::Centimetre => 10.0,
        }
    }
}

/// `value` read in `from`, in the unit `to`.
pub fn convert(value: f64, from: Unit, to: Unit) -> f64 {
    match (from, to) {
        (Unit::Centimetre, Unit::Millimetre) => value * 10.0,
        (Unit::Millimetre, Unit::Centimetre) => value / 10.0,
        _ => value,
    }
}

/// The score in millimetres of one reading.
///
/// # Errors
/// [`ScoreError::Answers`] where the reading is not on the line.
pub fn score(unit: Unit, reading: Option<f64>) -> Result<Score, ScoreError> {
    let on_line = |_, value: f64| {
        if (0.0..=unit.maximum()).contains(&value) { Ok(()) } else { Err(format!("0 to {}", unit.maximum())) }
    };
    check(&[reading], on_line)?;
    let value = reading.map(|value| convert(value, unit, Unit::Millimetre));
    let reason = reading.is_none().then(|| "not answered".to_string());
    Ok(Score { value, reason, ..Score::default() })
}
