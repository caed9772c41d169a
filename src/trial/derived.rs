//! Endpoints derived from the values of another column over the visits: area under the curve, mean, worst or best of the
//! visits, percent change from the knee's baseline, and a baseline that is the mean of several visits.
//!
//! - `auc`: trapezoid over the nominal months divided by their length, so that it reads on the scale of the outcome.
//! - `mean`, `worst`, `best`: of the visits named; worst and best by the endpoint's direction of benefit.
//! - `percent-change`: 100 (value − baseline)/baseline at every visit after baseline.
//! - `baseline-mean`: at the baseline visit the mean of the visits up to it (screening and baseline); other visits stay.
//!
//! What is done about missing visits is named in the plan, because each rule leaves other patients in:
//!
//! | rule | `auc` | `mean`, `worst`, `best`, `baseline-mean` |
//! |---|---|---|
//! | `complete` | every visit observed | every visit observed |
//! | `interpolate` | a missing visit between two observed ones is bridged; the first and last are needed | – |
//! | `interpolate-carry` | as above, and the last value is carried to the end; the first and one more are needed | – |
//! | `observed-span` | over the observed visits, divided by their span; the first and one more are needed | – |
//! | `available` | – | the observed visits, one at least |
//!
//! A derived value is filed at the last of its visits; the knee's baseline stays its baseline. Percent changes are less
//! efficient than analysis of covariance and not symmetric: Vickers 2001 (BMC Med Res Methodol 1:6). Matthews et al. 1990
//! (BMJ 300:230) on summary measures.

use super::design::{Better, Design};
use super::knee_values::KneeValues;
use serde::Serialize;

/// What is derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Summary {
    /// Area under the curve, divided by its length.
    Auc,
    /// Mean of the visits.
    Mean,
    /// Worst of the visits.
    Worst,
    /// Best of the visits.
    Best,
    /// Percent change from the knee's baseline, at every visit.
    PercentChange,
    /// Mean of the visits up to the baseline visit, as the baseline.
    BaselineMean,
}

/// What is done about missing visits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gaps {
    /// A knee without every visit has no value.
    Complete,
    /// Visits in between are bridged.
    Interpolate,
    /// The last value is carried to the end, too.
    InterpolateCarry,
    /// Only the observed span counts.
    ObservedSpan,
    /// What was observed counts.
    Available,
}

/// How an endpoint is derived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Derived {
    /// What is derived.
    pub summary: Summary,
    /// The rule for missing visits; `None` for percent changes.
    pub gaps: Option<Gaps>,
    /// The visits that it reads, in order.
    pub from: Vec<usize>,
}

impl Summary {
    /// The name in the plan.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auc => "auc",
            Self::Mean => "mean",
            Self::Worst => "worst",
            Self::Best => "best",
            Self::PercentChange => "percent-change",
            Self::BaselineMean => "baseline-mean",
        }
    }

    /// The rules for missing visits that it may have.
    pub fn rules(self) -> &'static [Gaps] {
        match self {
            Self::Auc => &[Gaps::Complete, Gaps::Interpolate, Gaps::InterpolateCarry, Gaps::ObservedSpan],
            Self::Mean | Self::Worst | Self::Best | Self::BaselineMean => &[Gaps::Complete, Gaps::Available],
            Self::PercentChange => &[],
        }
    }
}

impl Gaps {
    /// The name in the plan.
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Interpolate => "interpolate",
            Self::InterpolateCarry => "interpolate-carry",
            Self::ObservedSpan => "observed-span",
            Self::Available => "available",
        }
    }
}

/// The area under the curve of `points` (month and value, in order) divided by its length; `None` where the rule has none.
fn area(points: &[(f64, Option<f64>)], gaps: Gaps) -> Option<f64> {
    let mut known: Vec<(f64, f64)> = points.iter().filter_map(|(month, value)| Some((*month, (*value)?))).collect();
    let (start, end) = (points.first()?.0, points.last()?.0);
    if known.len() < 2 || known.first()?.0 != start {
        return None;
    }
    let last = *known.last()?;
    match gaps {
        Gaps::Complete if known.len() < points.len() => return None,
        Gaps::Interpolate | Gaps::Complete if last.0 != end => return None,
        Gaps::InterpolateCarry if last.0 != end => known.push((end, last.1)),
        _ => {}
    }
    let length = known.last()?.0 - start;
    let sum: f64 = known.windows(2).map(|two| 0.5 * (two[1].0 - two[0].0) * (two[0].1 + two[1].1)).sum();
    (length > 0.0).then(|| sum / length)
}

/// The derived value of one knee from its `points`.
fn value(summary: Summary, gaps: Gaps, better: Better, points: &[(f64, Option<f64>)]) -> Option<f64> {
    if summary == Summary::Auc {
        return area(points, gaps);
    }
    let known: Vec<f64> = points.iter().filter_map(|(_, value)| *value).collect();
    if known.is_empty() || (gaps == Gaps::Complete && known.len() < points.len()) {
        return None;
    }
    let largest = (summary == Summary::Worst) == (better == Better::Lower);
    Some(match summary {
        Summary::Mean | Summary::BaselineMean => known.iter().sum::<f64>() / known.len() as f64,
        _ if largest => known.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        _ => known.iter().copied().fold(f64::INFINITY, f64::min),
    })
}

/// Replaces the values as collected of the derived endpoints by what is derived from them, in one knee.
pub fn derive(design: &Design, values: &mut KneeValues) {
    for (number, endpoint) in design.endpoints.iter().enumerate() {
        let (Some(derived), Some(cells)) = (&endpoint.derived, values.get_mut(number)) else { continue };
        let collected = cells.to_vec();
        let at = |visit: usize| collected.get(visit).copied().flatten();
        let baseline = design.baseline.and_then(at);
        match derived.gaps {
            None => {
                for &visit in &endpoint.visits {
                    let share = |(value, base): (f64, f64)| 100.0 * (value - base) / base;
                    if let Some(cell) = cells.get_mut(visit) {
                        *cell = at(visit).zip(baseline.filter(|base| *base > 0.0)).map(share);
                    }
                }
            }
            Some(gaps) => {
                let month = |visit: usize| design.visits.get(visit).and_then(|visit| visit.month).unwrap_or(f64::NAN);
                let points: Vec<_> = derived.from.iter().map(|&visit| (month(visit), at(visit))).collect();
                let found = value(derived.summary, gaps, endpoint.better, &points);
                let last = derived.from.last().copied();
                for (visit, cell) in cells.iter_mut().enumerate() {
                    let kept = derived.summary == Summary::BaselineMean
                        || Some(visit) == design.baseline && endpoint.visits.contains(&visit);
                    if Some(visit) == last {
                        *cell = found;
                    } else if !kept {
                        *cell = None;
                    }
                }
            }
        }
        // The baseline of a percent change is 0 by construction, and no covariate.
        if derived.summary == Summary::PercentChange
            && let Some(cell) = design.baseline.and_then(|baseline| cells.get_mut(baseline))
        {
            *cell = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Gaps, area};

    /// By hand: months 0, 1, 3, 6.
    #[test]
    fn areas_and_their_gaps() {
        let all = [(0.0, Some(60.0)), (1.0, Some(40.0)), (3.0, Some(30.0)), (6.0, Some(20.0))];
        let whole = (50.0 + 70.0 + 75.0) / 6.0;
        for gaps in [Gaps::Complete, Gaps::Interpolate, Gaps::InterpolateCarry, Gaps::ObservedSpan] {
            assert_eq!(area(&all, gaps), Some(whole), "{gaps:?}");
        }
        let mut bridged = all;
        bridged[1].1 = None;
        assert_eq!(area(&bridged, Gaps::Complete), None);
        assert_eq!(area(&bridged, Gaps::Interpolate), Some((135.0 + 75.0) / 6.0));
        let mut left = all;
        left[3].1 = None;
        assert_eq!(area(&left, Gaps::Interpolate), None);
        assert_eq!(area(&left, Gaps::InterpolateCarry), Some((50.0 + 70.0 + 90.0) / 6.0));
        assert_eq!(area(&left, Gaps::ObservedSpan), Some((50.0 + 70.0) / 3.0));
        let mut late = all;
        late[0].1 = None;
        assert!(
            [Gaps::Interpolate, Gaps::InterpolateCarry, Gaps::ObservedSpan].iter().all(|g| area(&late, *g).is_none())
        );
    }
}
