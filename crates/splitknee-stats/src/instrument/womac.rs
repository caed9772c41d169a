//! WOMAC 3.1: pain (items 1–5), stiffness (6–7), physical function (8–24), and their sum.
//!
//! | | answers | pain | stiffness | function | total |
//! |---|---|---|---|---|---|
//! | LK | 0, 1, 2, 3, 4 | 0–20 | 0–8 | 0–68 | 0–96 |
//! | NRS | 0, 1, …, 10 | 0–50 | 0–20 | 0–170 | 0–240 |
//! | VA | 0–100 mm | 0–500 | 0–200 | 0–1700 | 0–2400 |
//!
//! 0 is best. Missing items (user guide): a subscale is invalid with 2 or more pain items, both stiffness items, or 4 or
//! more function items missing; otherwise each missing item is replaced by the mean of the answered items of its subscale.
//! The total is the sum of the three subscales and exists only where all three do; this last point is our decision.
//!
//! From KOOS: its pain items P5–P9 are WOMAC pain, its symptom items S6–S7 stiffness, its daily-living items A1–A17
//! function, with the same answers 0–4, so that [`from_koos`] only reorders. The rule for missing items is then WOMAC's,
//! not KOOS's (half of a subscale), and 0 stays best; KOOS prints 100 minus the normalised score.

use super::{Scale, Score, ScoreError, check};
use std::ops::Range;

/// Where the scoring comes from.
pub const SOURCE: &str = "Bellamy N. WOMAC Osteoarthritis Index User Guide, version 3.1";

/// Where the correspondence of KOOS and WOMAC items comes from.
pub const KOOS_SOURCE: &str = "Roos EM, Lohmander LS. Health Qual Life Outcomes 2003;1:64 (KOOS user guide: WOMAC from P5-P9, S6-S7, A1-A17); \
     Bellamy N. WOMAC Osteoarthritis Index User Guide, version 3.1";

/// A response format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// Five points, 0–4.
    Likert,
    /// Whole numbers from 0 to 10.
    Nrs,
    /// Millimetres from 0 to 100.
    Vas,
}

impl Answers {
    /// The worst answer to an item.
    pub fn maximum(self) -> f64 {
        match self {
            Answers::Likert => 4.0,
            Answers::Nrs => 10.0,
            Answers::Vas => 100.0,
        }
    }

    fn offers(self, answer: f64) -> Result<(), String> {
        let whole = self == Answers::Vas || answer.fract() == 0.0;
        if whole && (0.0..=self.maximum()).contains(&answer) {
            return Ok(());
        }
        Err(match self {
            Answers::Vas => "0 to 100".to_string(),
            _ => format!("whole numbers from 0 to {}", self.maximum()),
        })
    }
}

/// The three subscales, with the fewest answered items that make each valid.
const SUBSCALES: [(Scale, usize); 3] = [(Scale::Pain, 4), (Scale::Stiffness, 1), (Scale::Function, 14)];

/// The items of `scale` among the 24, counted from 0.
pub fn items(scale: Scale) -> Range<usize> {
    match scale {
        Scale::Pain => 0..5,
        Scale::Stiffness => 5..7,
        Scale::Function => 7..24,
        Scale::Total => 0..24,
    }
}

/// Scores the items of `scale`, as many as [`items`] says.
///
/// # Errors
/// [`ScoreError::Answers`] with every answer that the format does not offer.
pub fn score(answers: Answers, scale: Scale, given: &[Option<f64>]) -> Result<Score, ScoreError> {
    check(given, |_, answer| answers.offers(answer))?;
    let start = items(scale).start;
    let mut sum = 0.0;
    let mut replaced = Vec::new();
    let mut reasons = Vec::new();
    for (subscale, fewest) in SUBSCALES.into_iter().filter(|(subscale, _)| scale == Scale::Total || *subscale == scale)
    {
        let range = items(subscale);
        let part = given.get(range.start - start..range.end - start).unwrap_or_default();
        let answered: Vec<f64> = part.iter().flatten().copied().collect();
        if answered.len() < fewest {
            let missing = part.len() - answered.len();
            reasons.push(format!("{missing} of {} {} items missing", part.len(), subscale.name()));
            continue;
        }
        let missing = part.iter().enumerate().filter(|(_, answer)| answer.is_none());
        replaced.extend(missing.map(|(index, _)| range.start - start + index + 1));
        // Each missing item counts as the mean of those answered; dividing last keeps whole sums whole.
        sum += answered.iter().sum::<f64>() * part.len() as f64 / answered.len() as f64;
    }
    if reasons.is_empty() {
        Ok(Score { value: Some(sum), replaced, ..Score::default() })
    } else {
        Ok(Score { reason: Some(reasons.join(", ")), ..Score::default() })
    }
}

/// The 24 WOMAC items in WOMAC's order from the KOOS items: symptoms S1–S7, pain P1–P9, daily living A1–A17.
pub fn from_koos(symptoms: &[Option<f64>; 7], pain: &[Option<f64>; 9], daily: &[Option<f64>; 17]) -> [Option<f64>; 24] {
    let mut womac = [None; 24];
    let koos = pain.iter().skip(4).chain(symptoms.iter().skip(5)).chain(daily);
    womac.iter_mut().zip(koos).for_each(|(to, from)| *to = *from);
    womac
}
