//! The OMERACT–OARSI set of responder criteria for osteoarthritis trials.
//!
//! Pham T et al. (2004), *OMERACT-OARSI Initiative: Osteoarthritis Research Society International set of responder
//! criteria for osteoarthritis clinical trials revisited*, Osteoarthritis Cartilage 12:389–399. Every domain is on 0–100,
//! lower better. A knee responds when
//!
//! - **high improvement**: pain *or* function improves by ≥ 50 % of baseline *and* by ≥ 20 points; or
//! - **improvement in two**: at least two of pain, function and the patient's global assessment improve by ≥ 20 % of
//!   baseline *and* by ≥ 10 points.
//!
//! The global assessment belongs to the patient. In a split-knee trial it can be used only where it was asked for each
//! knee; without it the second criterion needs both pain and function, and the answer says so.

use super::Refusal;
use super::responder::reaches;
use crate::math::decimal::{self, TOLERANCE};
use crate::note;
use crate::note::Note;

/// Improvement in pain or function that suffices by itself: share of baseline, points on 0–100.
pub const HIGH_IMPROVEMENT: (f64, f64) = (0.50, 20.0);
/// Improvement that is needed in two domains: share of baseline, points on 0–100.
pub const IMPROVEMENT_IN_TWO: (f64, f64) = (0.20, 10.0);

/// A domain of one knee on 0–100 (0 best): its value at baseline and at the visit, where observed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Domain {
    /// Value at baseline.
    pub baseline: Option<f64>,
    /// Value at the visit.
    pub visit: Option<f64>,
}

impl Domain {
    /// A domain observed at both times.
    pub fn new(baseline: f64, visit: f64) -> Self {
        Self { baseline: Some(baseline), visit: Some(visit) }
    }

    /// Whether it improves by the share of baseline and the points of `criterion`; `None` where a missing value decides.
    fn improves(&self, (share, points): (f64, f64)) -> Option<bool> {
        let improves = |before: f64, after: f64| {
            let improvement = decimal::subtract(before, after);
            reaches(improvement, points) && reaches(improvement, share * before)
        };
        match (self.baseline, self.visit) {
            (Some(before), Some(after)) => Some(improves(before, after)),
            // Most can be gained from the worst baseline, 100, to the best visit, 0.
            (before, after) if !improves(before.unwrap_or(100.0), after.unwrap_or(0.0)) => Some(false),
            _ => None,
        }
    }
}

/// One knee at one visit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct KneeDomains {
    /// Pain (WOMAC pain or VAS), rescaled to 0–100.
    pub pain: Domain,
    /// Function (WOMAC function), rescaled to 0–100.
    pub function: Domain,
    /// Patient's global assessment of *this knee*, 0–100; `None` where the trial did not ask for it per knee.
    pub global: Option<Domain>,
}

/// The verdict on one knee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Responds by high improvement in pain or function.
    HighImprovement,
    /// Responds by improvement in two domains.
    ImprovementInTwo,
    /// Does not respond, whatever the missing values were.
    NonResponder,
    /// The missing values could decide either way.
    Undetermined,
}

impl Verdict {
    /// Whether the knee responds; `None` where that is undetermined.
    pub fn responds(self) -> Option<bool> {
        match self {
            Self::HighImprovement | Self::ImprovementInTwo => Some(true),
            Self::NonResponder => Some(false),
            Self::Undetermined => None,
        }
    }
}

/// Applies the criteria to one knee.
///
/// A missing domain is neither an improvement nor its absence: a knee that meets the criteria on what was observed
/// responds, one that could not meet them with any value of what is missing does not, the rest is undetermined.
///
/// # Errors
/// When a value lies outside 0–100: the thresholds are points on that scale.
///
/// ```
/// use splitknee_stats::paired::omeract_oarsi::{Domain, KneeDomains, Verdict, verdict};
/// let knee = KneeDomains { pain: Domain::new(60.0, 30.0), function: Domain::new(50.0, 48.0), global: None };
/// assert_eq!(verdict(&knee).unwrap(), Verdict::HighImprovement);
/// ```
pub fn verdict(knee: &KneeDomains) -> Result<Verdict, Refusal> {
    let domains = [Some(knee.pain), Some(knee.function), knee.global];
    let observed = domains.iter().flatten().flat_map(|domain| [domain.baseline, domain.visit]).flatten();
    // A score carried to 0–100 may miss its end by rounding.
    let inside = |value: f64| value >= -TOLERANCE && decimal::at_least(100.0, value);
    if let Some(value) = observed.into_iter().find(|value| !inside(*value)) {
        return Err(Refusal(note!(omeract_scale, value = value)));
    }
    let high = [knee.pain, knee.function].map(|domain| domain.improves(HIGH_IMPROVEMENT));
    if high.contains(&Some(true)) {
        return Ok(Verdict::HighImprovement);
    }
    let moderate: Vec<Option<bool>> =
        domains.iter().flatten().map(|domain| domain.improves(IMPROVEMENT_IN_TWO)).collect();
    let improved = moderate.iter().filter(|answer| **answer == Some(true)).count();
    let open = moderate.iter().filter(|answer| answer.is_none()).count();
    Ok(if improved >= 2 {
        Verdict::ImprovementInTwo
    } else if high.contains(&None) || improved + open >= 2 {
        Verdict::Undetermined
    } else {
        Verdict::NonResponder
    })
}

/// What the criteria were applied to, for the methods section: three domains, or two where the global assessment was
/// not asked for each knee.
pub fn domains_used(global_per_knee: bool) -> Note {
    if global_per_knee { note!(domains_three) } else { note!(domains_two) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knee(pain: (f64, f64), function: (f64, f64), global: Option<(f64, f64)>) -> Verdict {
        verdict(&KneeDomains {
            pain: Domain::new(pain.0, pain.1),
            function: Domain::new(function.0, function.1),
            global: global.map(|(before, after)| Domain::new(before, after)),
        })
        .expect("values on 0 to 100")
    }

    #[test]
    fn thresholds_are_met_at_their_value_and_not_below() {
        let same = (50.0, 50.0);
        // Exactly 50 % and 20 points.
        assert_eq!(knee((40.0, 20.0), same, None), Verdict::HighImprovement);
        assert_eq!(knee((40.0, 20.001), same, None), Verdict::NonResponder);
        // 50 % but fewer than 20 points; 20 points but less than 50 %.
        assert_eq!(knee((30.0, 15.0), same, None), Verdict::NonResponder);
        assert_eq!(knee((80.0, 50.0), same, None), Verdict::NonResponder);
        // Two domains by exactly 20 % and 10 points.
        assert_eq!(knee((50.0, 40.0), (50.0, 40.0), None), Verdict::ImprovementInTwo);
        assert_eq!(knee((50.0, 40.0), same, Some((50.0, 40.0))), Verdict::ImprovementInTwo);
        assert_eq!(knee((50.0, 40.0), (50.0, 40.001), None), Verdict::NonResponder);
        assert_eq!(knee((45.0, 36.0), (45.0, 36.0), None), Verdict::NonResponder);
        // The global assessment never suffices by itself, nor does it count as high improvement.
        assert_eq!(knee(same, same, Some((100.0, 0.0))), Verdict::NonResponder);
    }

    #[test]
    fn rescaled_scores_at_the_threshold_count() {
        // WOMAC function 0–68 rescaled, halved: a response exactly where half of it is at least 20 points of 100.
        let rescale = |value: f64| value / 68.0 * 100.0;
        for before in 1..=68 {
            let before = f64::from(before);
            let verdict = knee((rescale(before), rescale(before) * 0.5), (50.0, 50.0), None);
            assert_eq!(verdict == Verdict::HighImprovement, before / 68.0 * 50.0 >= 20.0, "{before}");
        }
    }

    #[test]
    fn missing_domains_decide_only_what_they_can() {
        let missing = Domain { baseline: Some(50.0), visit: None };
        let of = |pain, function| verdict(&KneeDomains { pain, function, global: None }).expect("values on 0 to 100");
        assert_eq!(of(Domain::new(60.0, 20.0), missing), Verdict::HighImprovement);
        assert_eq!(of(Domain::new(60.0, 60.0), missing), Verdict::Undetermined);
        assert_eq!(of(missing, missing).responds(), None);
        // Pain and function known and unchanged: one missing global cannot make two.
        let global = Some(missing);
        // From a baseline of 15 no visit is 20 points better, from one of 9 none is 10; to a visit of 85 no baseline
        // falls by half or by 20 % of itself, to one of 75 it may fall by 25 points of 100, but not by half.
        let from = |baseline| Domain { baseline: Some(baseline), visit: None };
        let to = |visit| Domain { baseline: None, visit: Some(visit) };
        let flat = Domain::new(50.0, 50.0);
        let better = Domain::new(50.0, 35.0);
        assert_eq!(of(from(15.0), flat), Verdict::NonResponder);
        assert_eq!(of(from(20.0), flat), Verdict::Undetermined);
        assert_eq!(of(from(15.0), better), Verdict::Undetermined);
        assert_eq!(of(from(9.0), better), Verdict::NonResponder);
        assert_eq!(of(flat, to(85.0)), Verdict::NonResponder);
        assert_eq!(of(better, to(85.0)), Verdict::NonResponder);
        assert_eq!(of(flat, to(75.0)), Verdict::NonResponder);
        assert_eq!(of(better, to(75.0)), Verdict::Undetermined);
        assert_eq!(of(flat, to(50.0)), Verdict::Undetermined);
        let unchanged = Domain::new(50.0, 50.0);
        let knee = KneeDomains { pain: unchanged, function: unchanged, global };
        assert_eq!(verdict(&knee).expect("values on 0 to 100"), Verdict::NonResponder);
        assert!(verdict(&KneeDomains { pain: Domain::new(101.0, 5.0), function: unchanged, global }).is_err());
    }
}
