//! What a confidence interval allows to say, and no more.
//!
//! The interval alone decides ([`conclude`]), with three restrictions. Where the test's own p-value exceeds α although
//! the interval excludes 0, as an exact test beside a score interval can, superiority is not claimed ([`reconcile`]). An
//! interval on the log-odds scale is compared with 0
//! only: margin and MCID are in units of the endpoint. And where a result belongs to a family of hypotheses, superiority
//! is claimed only if the multiplicity procedure rejects its hypothesis ([`withhold`]): the 95 % interval is not adjusted
//! for the other hypotheses, so that it may exclude 0 where the adjusted p-value exceeds α. A result against active is
//! never withheld, because a sign of harm is not to be argued away by the number of endpoints.

use super::pairs;
use super::record::Record;
use crate::paired::Field;
use crate::trial::{Better, Endpoint};
use serde::Serialize;

/// The conclusion about active against placebo; the interval decides it, never the p-value alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// The interval excludes 0 in favour of active.
    Superior,
    /// The interval excludes 0 against active.
    Inferior,
    /// The interval includes 0 and lies inside ± the plan's margin.
    Equivalent,
    /// A difference was not demonstrated; the values of the interval remain compatible with the data.
    Inconclusive,
    /// The result makes no claim about the treatment.
    NotAssessed,
}

impl Conclusion {
    /// The name used in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Superior => "superior",
            Self::Inferior => "inferior",
            Self::Equivalent => "equivalent",
            Self::Inconclusive => "inconclusive",
            Self::NotAssessed => "not-assessed",
        }
    }
}

/// What the interval of a superior result says about the minimal clinically important difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Importance {
    /// The whole interval reaches the MCID or beyond.
    ClinicallyImportant,
    /// The interval reaches from below to above the MCID.
    Uncertain,
    /// The whole interval lies below the MCID.
    BelowMcid,
}

/// The conclusion for the interval `low` to `high` of active − placebo on `endpoint`.
///
/// An interval with a limit exactly at 0 includes 0; an equivalence claim needs both limits strictly inside the margin.
pub fn conclude(endpoint: &Endpoint, low: Option<f64>, high: Option<f64>) -> (Conclusion, Option<Importance>) {
    let (Some(low), Some(high)) = (low, high) else {
        return (Conclusion::NotAssessed, None);
    };
    let sign = endpoint.benefit_sign();
    // In the direction of benefit: positive favours active.
    let (worst, best) = if sign > 0.0 { (low, high) } else { (-high, -low) };
    if worst > 0.0 {
        let importance = endpoint.mcid.map(|mcid| {
            if worst >= mcid {
                Importance::ClinicallyImportant
            } else if best < mcid {
                Importance::BelowMcid
            } else {
                Importance::Uncertain
            }
        });
        return (Conclusion::Superior, importance);
    }
    if best < 0.0 {
        return (Conclusion::Inferior, None);
    }
    match endpoint.margin {
        Some(margin) if worst > -margin && best < margin => (Conclusion::Equivalent, None),
        _ => (Conclusion::Inconclusive, None),
    }
}

/// The conclusion of a record about active against placebo, by the scale of its estimate.
pub fn assess(endpoint: &Endpoint, record: &Record) -> (Conclusion, Option<Importance>) {
    let result = &record.result;
    match result.field("scale") {
        // Win odds are about benefit, whatever the direction of the score, and 1 favours neither knee.
        _ if result.method == "win-odds" => {
            let of_benefit = Endpoint { mcid: None, margin: None, better: Better::Higher, ..endpoint.clone() };
            conclude(&of_benefit, result.conf_low.map(|low| low - 1.0), result.conf_high.map(|high| high - 1.0))
        }
        Some(Field::Text(scale)) if scale == "log-odds" => {
            let sign_only = Endpoint { mcid: None, margin: None, ..endpoint.clone() };
            conclude(&sign_only, result.conf_low, result.conf_high)
        }
        Some(Field::Text(scale)) if scale == "difference" => conclude(endpoint, result.conf_low, result.conf_high),
        _ if pairs::is_difference(result.method) => conclude(endpoint, result.conf_low, result.conf_high),
        _ => (Conclusion::NotAssessed, None),
    }
}

/// Withholds superiority where the interval excludes 0 but the test's own p-value exceeds α, as an exact test beside a
/// score interval can (McNemar with Newcombe's limits): the stricter of the two decides.
pub fn reconcile(record: &mut Record, alpha: f64) {
    if let Some(p) = record.result.p_value.filter(|p| *p > alpha) {
        withhold(record, &format!("the p-value of the test, {p:.4}, exceeds {alpha}"));
    }
}

/// Withholds a claim of superiority that the multiplicity procedure does not support, and says so on the record.
///
/// `reason` completes "superiority is not claimed: ".
pub fn withhold(record: &mut Record, reason: &str) {
    match record.conclusion {
        Conclusion::Superior => {
            record.conclusion = Conclusion::Inconclusive;
            record.importance = None;
            record
                .result
                .notes
                .push(format!("the interval excludes 0 in favour of active, but superiority is not claimed: {reason}"));
        }
        Conclusion::Inferior => {
            record.result.notes.push(format!("the interval excludes 0 against active, not confirmed: {reason}"));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{Better, Kind, Role};

    fn endpoint(better: Better, mcid: Option<f64>, margin: Option<f64>) -> Endpoint {
        Endpoint {
            id: "vas".into(),
            name: "VAS pain".into(),
            column: "vas".into(),
            kind: Kind::Continuous,
            unit: "mm".into(),
            range: None,
            step: None,
            better,
            mcid,
            mcid_source: None,
            margin,
            role: Role::Primary,
            visits: vec![0],
            decimals: 0,
            tests: vec![],
        }
    }

    #[test]
    fn the_interval_decides_and_the_direction_of_benefit_counts() {
        let lower = endpoint(Better::Lower, Some(20.0), Some(10.0));
        let of = |low, high| conclude(&lower, Some(low), Some(high));
        assert_eq!(of(-30.0, -21.0), (Conclusion::Superior, Some(Importance::ClinicallyImportant)));
        assert_eq!(of(-30.0, -5.0), (Conclusion::Superior, Some(Importance::Uncertain)));
        assert_eq!(of(-9.0, -5.0), (Conclusion::Superior, Some(Importance::BelowMcid)));
        assert_eq!(of(1.0, 5.0), (Conclusion::Inferior, None));
        assert_eq!(of(-5.0, 5.0), (Conclusion::Equivalent, None));
        assert_eq!(of(-10.0, 5.0), (Conclusion::Inconclusive, None));
        assert_eq!(of(-5.0, 0.0), (Conclusion::Equivalent, None));
        let higher = endpoint(Better::Higher, None, None);
        assert_eq!(conclude(&higher, Some(1.0), Some(5.0)), (Conclusion::Superior, None));
        assert_eq!(conclude(&higher, Some(-1.0), Some(5.0)), (Conclusion::Inconclusive, None));
        assert_eq!(conclude(&higher, None, Some(5.0)), (Conclusion::NotAssessed, None));
    }

    #[test]
    fn an_interval_that_disagrees_with_its_own_test_claims_nothing() {
        // Bentur et al. 2009: McNemar exact p 0.0703, Newcombe −0.5069 to −0.0256 (Fagerland, Lydersen & Laake 2013).
        let table = crate::paired::pair_table::PairTable { a: 1, b: 1, c: 7, d: 12 };
        let options = crate::paired::Options::default();
        let method = crate::paired::mcnemar::McNemarOptions::default();
        let result = crate::paired::mcnemar::mcnemar(&table, &options, &method).unwrap();
        let (conclusion, importance) =
            conclude(&endpoint(Better::Lower, None, None), result.conf_low, result.conf_high);
        assert_eq!(conclusion, Conclusion::Superior);
        let mut record = Record {
            id: "acl.m6.secondary.mcnemar".into(),
            endpoint: Some(0),
            endpoint_name: None,
            visit: Some(0),
            visit_label: None,
            arm: None,
            analysis_set: "FAS".into(),
            measure: crate::trial::Measure::Value,
            role: Role::Secondary,
            result,
            p_adjusted: None,
            conclusion,
            importance,
            reference: "",
            rows: super::super::Rows::default(),
        };
        reconcile(&mut record, 0.05);
        assert_eq!(record.conclusion, Conclusion::Inconclusive);
        assert!(record.result.notes.iter().any(|note| note.contains("0.0703")));
    }
}
