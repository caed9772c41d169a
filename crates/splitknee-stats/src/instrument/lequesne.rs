//! Lequesne index of severity for osteoarthritis of the knee: 11 items, 0 (best) to 24.
//!
//! | item | answers | |
//! |---|---|---|
//! | 1 | 0, 1, 2 | pain at night |
//! | 2 | 0, 1, 2 | morning stiffness: none, under 15 minutes, 15 minutes or more |
//! | 3 | 0, 1 | standing for 30 minutes |
//! | 4 | 0, 1, 2 | walking |
//! | 5 | 0, 1 | rising without arms |
//! | 6 | 0, 1, …, 6 | maximum distance |
//! | 7 | 0, 1, 2 | walking aids: none, one, two |
//! | 8–11 | 0, 0.5, 1, 1.5, 2 | four activities |
//!
//! The index is the sum. Its source gives no rule for missing items, so any missing item leaves the index undefined
//! (our decision). The bands are published for whole numbers; a half point between two bands belongs to the lower one
//! (our decision): 4.5 is still mild.

use super::{Score, ScoreError, check};

/// Where the scoring comes from.
pub const SOURCE: &str = "Lequesne MG, Mery C, Samson M, Gerard P. Scand J Rheumatol Suppl 1987;65:85-89; \
     Lequesne MG. J Rheumatol 1997;24:779-781";

/// The worst index.
pub const MAXIMUM: f64 = 24.0;

/// Worst answer and step of each item.
pub const ITEMS: [(f64, f64); 11] = [
    (2.0, 1.0),
    (2.0, 1.0),
    (1.0, 1.0),
    (2.0, 1.0),
    (1.0, 1.0),
    (6.0, 1.0),
    (2.0, 1.0),
    (2.0, 0.5),
    (2.0, 0.5),
    (2.0, 0.5),
    (2.0, 0.5),
];

/// Severity of the handicap by the published bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Band {
    /// Below 5: mild or none.
    Mild,
    /// 5 to 7.
    Moderate,
    /// 8 to 10.
    Severe,
    /// 11 to 13.
    VerySevere,
    /// 14 and more.
    ExtremelySevere,
}

/// Scores the 11 items.
///
/// # Errors
/// [`ScoreError::Answers`] with every answer that its item does not offer.
pub fn score(items: &[Option<f64>]) -> Result<Score, ScoreError> {
    check(items, |index, answer| {
        let (worst, step) = ITEMS.get(index).copied().unwrap_or((2.0, 1.0));
        let offered = (0.0..=worst).contains(&answer) && (answer / step).fract() == 0.0;
        if offered { Ok(()) } else { Err(format!("0 to {worst} in steps of {step}")) }
    })?;
    let missing = items.iter().filter(|answer| answer.is_none()).count();
    if missing > 0 {
        let reason = format!("{missing} of {} items missing, and the index has no rule for that", items.len());
        return Ok(Score { reason: Some(reason), ..Score::default() });
    }
    Ok(Score { value: Some(items.iter().flatten().sum()), ..Score::default() })
}

/// The band of an index from 0 to 24.
pub fn band(index: f64) -> Band {
    match index {
        index if index < 5.0 => Band::Mild,
        index if index < 8.0 => Band::Moderate,
        index if index < 11.0 => Band::Severe,
        index if index < 14.0 => Band::VerySevere,
        _ => Band::ExtremelySevere,
    }
}
