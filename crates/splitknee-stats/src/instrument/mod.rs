//! Questionnaires to scores: [`womac`] (three response formats, also from KOOS items), [`lequesne`], [`vas`].
//!
//! Items are known by their numbers only; wordings belong to the owners of the instruments. Every scale says where it
//! comes from, its range and its direction. An answer outside its range is an error by item, never clipped; a score that
//! the rule for missing items does not allow is `None` with the reason.
//!
//! ```
//! use splitknee_stats::instrument::{Instrument, Scale};
//! let pain = [Some(2.0), Some(1.0), None, Some(3.0), Some(2.0)];
//! let score = Instrument::WomacLikert.score(Scale::Pain, &pain).unwrap();
//! assert_eq!(score.value, Some(10.0));        // 8 from four items, and their mean for the missing one
//! assert_eq!(score.normalised, Some(50.0));
//! assert_eq!(score.replaced, [3]);
//! ```

pub mod lequesne;
pub mod vas;
pub mod womac;

use thiserror::Error;

/// An instrument this program scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Instrument {
    /// WOMAC LK 3.1: five-point answers, 0–4.
    WomacLikert,
    /// WOMAC NRS 3.1: numerical rating, 0–10.
    WomacNrs,
    /// WOMAC VA 3.1: visual analogue, 0–100 mm.
    WomacVas,
    /// WOMAC from the 24 items of the KOOS that are its items, 0–4.
    WomacFromKoos,
    /// Lequesne index of severity for the knee, 0–24.
    Lequesne,
    /// One visual analogue scale in millimetres, 0–100.
    VasMm,
    /// One visual analogue scale in centimetres, 0–10; the score is in millimetres.
    VasCm,
}

/// A scale of an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scale {
    /// WOMAC pain, 5 items.
    Pain,
    /// WOMAC stiffness, 2 items.
    Stiffness,
    /// WOMAC physical function, 17 items.
    Function,
    /// All items of the instrument.
    Total,
}

impl Scale {
    /// Every scale.
    pub const ALL: [Scale; 4] = [Scale::Pain, Scale::Stiffness, Scale::Function, Scale::Total];

    /// The name in plans and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Scale::Pain => "pain",
            Scale::Stiffness => "stiffness",
            Scale::Function => "function",
            Scale::Total => "total",
        }
    }

    /// The scale of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scale| scale.name() == name)
    }
}

/// A score of one knee at one visit.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Score {
    /// On the instrument's own range; `None` where too many items are missing.
    pub value: Option<f64>,
    /// The same on 0–100, in the same direction: 100 × value ÷ highest possible value.
    pub normalised: Option<f64>,
    /// Items, counted from 1 within the scale, that were missing and replaced by the mean of the answered items of their
    /// subscale.
    pub replaced: Vec<usize>,
    /// Why there is no value.
    pub reason: Option<String>,
}

/// Why items cannot be scored at all.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ScoreError {
    /// Not as many items as the scale has.
    #[error("{instrument} {scale} has {expected} items but {found} were given, in the instrument's order")]
    ItemCount {
        /// Name of the instrument.
        instrument: &'static str,
        /// Name of the scale.
        scale: &'static str,
        /// Items of the scale.
        expected: usize,
        /// Items given.
        found: usize,
    },
    /// The instrument has no such scale.
    #[error("{instrument} has no scale `{scale}`; it has: {}", scales.join(", "))]
    NoSuchScale {
        /// Name of the instrument.
        instrument: &'static str,
        /// Name of the scale.
        scale: &'static str,
        /// Scales there are.
        scales: Vec<&'static str>,
    },
    /// Answers that the item does not offer.
    #[error("{}", list(answers))]
    Answers {
        /// Every one of them.
        answers: Vec<AnswerError>,
    },
}

/// One answer that the item does not offer.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("item {item}: {found} is not among its answers ({allowed}); correct it or declare it missing")]
pub struct AnswerError {
    /// Item, counted from 1 within the scale.
    pub item: usize,
    /// The answer.
    pub found: f64,
    /// Answers the item offers.
    pub allowed: String,
}

fn list(answers: &[AnswerError]) -> String {
    answers.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Instrument {
    /// Every instrument.
    pub const ALL: [Instrument; 7] = [
        Instrument::WomacLikert,
        Instrument::WomacNrs,
        Instrument::WomacVas,
        Instrument::WomacFromKoos,
        Instrument::Lequesne,
        Instrument::VasMm,
        Instrument::VasCm,
    ];

    /// The name in plans and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Instrument::WomacLikert => "womac-lk",
            Instrument::WomacNrs => "womac-nrs",
            Instrument::WomacVas => "womac-vas",
            Instrument::WomacFromKoos => "womac-koos",
            Instrument::Lequesne => "lequesne",
            Instrument::VasMm => "vas-mm",
            Instrument::VasCm => "vas-cm",
        }
    }

    /// The instrument of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|instrument| instrument.name() == name)
    }

    /// Where the scoring comes from.
    pub fn source(self) -> &'static str {
        match self {
            Instrument::WomacLikert | Instrument::WomacNrs | Instrument::WomacVas => womac::SOURCE,
            Instrument::WomacFromKoos => womac::KOOS_SOURCE,
            Instrument::Lequesne => lequesne::SOURCE,
            Instrument::VasMm | Instrument::VasCm => vas::SOURCE,
        }
    }

    /// The scales of the instrument. On all of them 0 is best and the highest value worst.
    pub fn scales(self) -> &'static [Scale] {
        match self.womac() {
            Some(_) => &Scale::ALL,
            None => &[Scale::Total],
        }
    }

    /// The number of items of `scale`, `None` where the instrument does not have it.
    pub fn item_count(self, scale: Scale) -> Option<usize> {
        match (self, scale) {
            (Instrument::Lequesne, Scale::Total) => Some(lequesne::ITEMS.len()),
            (Instrument::VasMm | Instrument::VasCm, Scale::Total) => Some(1),
            _ => self.womac().map(|_| womac::items(scale).len()),
        }
    }

    /// The highest, worst, value of `scale`; the lowest is 0.
    pub fn maximum(self, scale: Scale) -> Option<f64> {
        match (self, scale) {
            (Instrument::Lequesne, Scale::Total) => Some(lequesne::MAXIMUM),
            (Instrument::VasMm | Instrument::VasCm, Scale::Total) => Some(vas::MAXIMUM_MM),
            _ => self.womac().map(|answers| answers.maximum() * womac::items(scale).len() as f64),
        }
    }

    /// Scores `items`, those of `scale` in the instrument's order; `None` is a missing answer.
    ///
    /// # Errors
    /// [`ScoreError`]: wrong scale, wrong number of items, or answers that are not offered (all of them).
    pub fn score(self, scale: Scale, items: &[Option<f64>]) -> Result<Score, ScoreError> {
        let Some(expected) = self.item_count(scale) else {
            let scales = self.scales().iter().map(|scale| scale.name()).collect();
            return Err(ScoreError::NoSuchScale { instrument: self.name(), scale: scale.name(), scales });
        };
        if items.len() != expected {
            let (instrument, scale) = (self.name(), scale.name());
            return Err(ScoreError::ItemCount { instrument, scale, expected, found: items.len() });
        }
        let score = match (self, self.womac()) {
            (_, Some(answers)) => womac::score(answers, scale, items)?,
            (Instrument::VasCm, _) => vas::score(vas::Unit::Centimetre, items.first().copied().flatten())?,
            (Instrument::VasMm, _) => vas::score(vas::Unit::Millimetre, items.first().copied().flatten())?,
            _ => lequesne::score(items)?,
        };
        let maximum = self.maximum(scale);
        let normalised = score.value.zip(maximum).map(|(value, maximum)| 100.0 * value / maximum);
        Ok(Score { normalised, ..score })
    }

    /// The response format, where the instrument is a WOMAC.
    fn womac(self) -> Option<womac::Answers> {
        match self {
            Instrument::WomacLikert | Instrument::WomacFromKoos => Some(womac::Answers::Likert),
            Instrument::WomacNrs => Some(womac::Answers::Nrs),
            Instrument::WomacVas => Some(womac::Answers::Vas),
            _ => None,
        }
    }
}

/// The answers that break `offered`, or nothing.
fn check(items: &[Option<f64>], offered: impl Fn(usize, f64) -> Result<(), String>) -> Result<(), ScoreError> {
    let refused = |(index, answer): (usize, &Option<f64>)| {
        let found = (*answer)?;
        let allowed = offered(index, found).err()?;
        Some(AnswerError { item: index + 1, found, allowed })
    };
    let answers: Vec<AnswerError> = items.iter().enumerate().filter_map(refused).collect();
    if answers.is_empty() { Ok(()) } else { Err(ScoreError::Answers { answers }) }
}
