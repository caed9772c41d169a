//! Kaplan–Meier curve of one arm (Kaplan & Meier 1958), Greenwood's standard error, log-log limits.
//!
//! S(t) = ∏_{s ≤ t} (1 − d/n); SE = S √Σ d/(n(n − d)); limits S^{exp(±z σ / log S)} with σ² the sum under the root
//! (Kalbfleisch & Prentice 1980), which do not exist at S = 1 and S = 0. Quantiles as R `survival::quantile.survfit`: the
//! first time with S ≤ 1 − p, the middle of the flat stretch where S equals it. Each arm stands alone: pairing does not
//! enter.

use super::{Subject, risk_table};
use crate::math::dist::normal;
use serde::Serialize;

/// One step of the curve.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// The time.
    pub time: f64,
    /// Knees at risk just before it.
    pub n_risk: usize,
    /// Events at it.
    pub n_event: usize,
    /// Share without event after it.
    pub surv: f64,
    /// Greenwood's standard error.
    pub std_error: f64,
    /// Lower log-log limit; absent at 0 and 1.
    pub conf_low: Option<f64>,
    /// Upper log-log limit; absent at 0 and 1.
    pub conf_high: Option<f64>,
}

/// A quantile of the time to event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quantile {
    /// Share with event.
    pub p: f64,
    /// Time by which that share has had the event; absent where the curve does not come so low.
    pub time: Option<f64>,
    /// Lower limit.
    pub conf_low: Option<f64>,
    /// Upper limit.
    pub conf_high: Option<f64>,
}

/// The curve of one arm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curve {
    /// Knees.
    pub n: usize,
    /// Events.
    pub n_events: usize,
    /// One step per distinct time, also where only censoring happens.
    pub curve: Vec<Step>,
    /// Quartiles.
    pub quantiles: Vec<Quantile>,
}

/// The Kaplan–Meier curve of `subjects` at the confidence level `level`.
pub fn kaplan_meier(subjects: &[Subject], level: f64) -> Curve {
    let z = normal::upper_quantile(0.5 * (1.0 - level));
    let (mut surv, mut sum) = (1.0, 0.0);
    let step = |row: super::RiskRow| {
        let (n, d) = (row.at_risk as f64, row.events as f64);
        surv *= (n - d) / n;
        sum += if row.events < row.at_risk { d / (n * (n - d)) } else { 0.0 };
        let inside = surv > 0.0 && surv < 1.0;
        let limit = |sign: f64| inside.then(|| surv.powf((sign * z * sum.sqrt() / f64::ln(surv)).exp()));
        Step {
            time: row.time,
            n_risk: row.at_risk,
            n_event: row.events,
            surv,
            std_error: surv * sum.sqrt(),
            conf_low: limit(-1.0),
            conf_high: limit(1.0),
        }
    };
    let curve: Vec<Step> = risk_table(subjects).into_iter().map(step).collect();
    let quantile = |p: f64| {
        let of = |value: &dyn Fn(&Step) -> Option<f64>| first_below(&curve, p, value);
        let (time, conf_low, conf_high) = (of(&|s| Some(s.surv)), of(&|s| s.conf_low), of(&|s| s.conf_high));
        Quantile { p, time, conf_low, conf_high }
    };
    let quantiles = [0.25, 0.5, 0.75].map(quantile).to_vec();
    Curve { n: subjects.len(), n_events: subjects.iter().filter(|s| s.event).count(), curve, quantiles }
}

/// The share without event at `time`, where the curve still says it: before the last time, or after it when the curve has
/// reached 0.
pub fn survival_at(curve: &[Step], time: f64) -> Option<f64> {
    let last = curve.last()?;
    if time > last.time && last.surv > 0.0 {
        return None;
    }
    Some(curve.iter().take_while(|step| step.time <= time).last().map_or(1.0, |step| step.surv))
}

/// The first time at which the curve `value` is at most 1 − p; the middle of the flat stretch where it equals it.
fn first_below(curve: &[Step], p: f64, value: &dyn Fn(&Step) -> Option<f64>) -> Option<f64> {
    /// How near to 1 − p counts as equal, as R.
    const EQUAL: f64 = 1.490_116_119_384_765_6e-8;
    let steps: Vec<(f64, f64)> = curve.iter().filter_map(|step| Some((step.time, value(step)?))).collect();
    let first = steps.iter().position(|(_, surv)| *surv <= 1.0 - p + EQUAL)?;
    let (time, surv) = steps[first];
    if surv < 1.0 - p - EQUAL {
        return Some(time);
    }
    let beyond = steps[first..].iter().find(|(_, later)| *later < 1.0 - p - EQUAL);
    let end = beyond.map_or(curve.last()?.time, |(time, _)| *time);
    Some(0.5 * (time + end))
}
